/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from grpc/health/v1/health_service.proto; do not edit, see gen/README.md. */
#pragma once

#include <lode/client.h>

#include "grpc/health/v1/health.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* grpc.health.v1.Health/Check: one request, one answer. */
LODE_API enum lode_status grpc_health_v1_health_check(struct lode_client *client,
    const Grpc__Health__V1__HealthCheckRequest *request,
    const struct lode_call_opts *opts, Grpc__Health__V1__HealthCheckResponse **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void grpc_health_v1_health_check_fn(void *arg, Grpc__Health__V1__HealthCheckResponse *answer,
    const struct lode_error *error);
LODE_API void grpc_health_v1_health_check_async(struct lode_client *client,
    const Grpc__Health__V1__HealthCheckRequest *request,
    const struct lode_call_opts *opts, grpc_health_v1_health_check_fn *done, void *arg);

/* grpc.health.v1.Health/List: one request, one answer. */
LODE_API enum lode_status grpc_health_v1_health_list(struct lode_client *client,
    const Grpc__Health__V1__HealthListRequest *request,
    const struct lode_call_opts *opts, Grpc__Health__V1__HealthListResponse **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void grpc_health_v1_health_list_fn(void *arg, Grpc__Health__V1__HealthListResponse *answer,
    const struct lode_error *error);
LODE_API void grpc_health_v1_health_list_async(struct lode_client *client,
    const Grpc__Health__V1__HealthListRequest *request,
    const struct lode_call_opts *opts, grpc_health_v1_health_list_fn *done, void *arg);

/* grpc.health.v1.Health/Watch: messages out. */
LODE_API enum lode_status grpc_health_v1_health_watch_open(struct lode_client *client,
    const Grpc__Health__V1__HealthCheckRequest *request,
    const struct lode_call_opts *opts, struct lode_stream **ret_stream,
    struct lode_error *error);
static inline enum lode_status grpc_health_v1_health_watch_receive(struct lode_stream *stream,
    Grpc__Health__V1__HealthCheckResponse **ret_message, struct lode_error *error)
{
    ProtobufCMessage *message = NULL;
    enum lode_status status = lode_stream_receive(stream, &message, error);

    if (status == LODE_OK)
        *ret_message = (Grpc__Health__V1__HealthCheckResponse *)message;
    return status;
}
/* As struct lode_stream_callbacks. */
struct grpc_health_v1_health_watch_callbacks {
    void (*on_message)(void *arg, struct lode_stream *stream,
        Grpc__Health__V1__HealthCheckResponse *message);
    void (*on_writable)(void *arg, struct lode_stream *stream); /* may be NULL */
    void (*on_end)(void *arg, struct lode_stream *stream,
        const struct lode_error *error);
};
LODE_API struct lode_stream *grpc_health_v1_health_watch_open_async(struct lode_client *client,
    const Grpc__Health__V1__HealthCheckRequest *request,
    const struct lode_call_opts *opts,
    const struct grpc_health_v1_health_watch_callbacks *callbacks, void *arg);

#ifdef __cplusplus
}
#endif
