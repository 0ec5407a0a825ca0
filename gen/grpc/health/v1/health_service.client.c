/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from grpc/health/v1/health_service.proto; do not edit, see gen/README.md. */
#include "grpc/health/v1/health_service.client.h"

#include <stdio.h>
#include <stdlib.h>

static inline void *closure_new(size_t n)
{
    void *c = malloc(n);

    if (!c)
        abort();
    return c;
}

static const struct lode_method grpc_health_v1_health_check__method = {
    .path = "/grpc.health.v1.Health/Check",
    .in = &grpc__health__v1__health_check_request__descriptor,
    .out = &grpc__health__v1__health_check_response__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status grpc_health_v1_health_check(struct lode_client *client,
    const Grpc__Health__V1__HealthCheckRequest *request,
    const struct lode_call_opts *opts, Grpc__Health__V1__HealthCheckResponse **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &grpc_health_v1_health_check__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Grpc__Health__V1__HealthCheckResponse *)answer;
    return status;
}

struct grpc_health_v1_health_check__closure {
    grpc_health_v1_health_check_fn *done;
    void *arg;
};

static void grpc_health_v1_health_check__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct grpc_health_v1_health_check__closure *c = arg;

    c->done(c->arg, (Grpc__Health__V1__HealthCheckResponse *)message, error);
    free(c);
}

void grpc_health_v1_health_check_async(struct lode_client *client,
    const Grpc__Health__V1__HealthCheckRequest *request,
    const struct lode_call_opts *opts, grpc_health_v1_health_check_fn *done, void *arg)
{
    struct grpc_health_v1_health_check__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &grpc_health_v1_health_check__method, &request->base, opts,
        grpc_health_v1_health_check__done, c);
}

static const struct lode_method grpc_health_v1_health_list__method = {
    .path = "/grpc.health.v1.Health/List",
    .in = &grpc__health__v1__health_list_request__descriptor,
    .out = &grpc__health__v1__health_list_response__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status grpc_health_v1_health_list(struct lode_client *client,
    const Grpc__Health__V1__HealthListRequest *request,
    const struct lode_call_opts *opts, Grpc__Health__V1__HealthListResponse **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &grpc_health_v1_health_list__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Grpc__Health__V1__HealthListResponse *)answer;
    return status;
}

struct grpc_health_v1_health_list__closure {
    grpc_health_v1_health_list_fn *done;
    void *arg;
};

static void grpc_health_v1_health_list__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct grpc_health_v1_health_list__closure *c = arg;

    c->done(c->arg, (Grpc__Health__V1__HealthListResponse *)message, error);
    free(c);
}

void grpc_health_v1_health_list_async(struct lode_client *client,
    const Grpc__Health__V1__HealthListRequest *request,
    const struct lode_call_opts *opts, grpc_health_v1_health_list_fn *done, void *arg)
{
    struct grpc_health_v1_health_list__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &grpc_health_v1_health_list__method, &request->base, opts,
        grpc_health_v1_health_list__done, c);
}

static const struct lode_method grpc_health_v1_health_watch__method = {
    .path = "/grpc.health.v1.Health/Watch",
    .in = &grpc__health__v1__health_check_request__descriptor,
    .out = &grpc__health__v1__health_check_response__descriptor,
    .client_streams = false,
    .server_streams = true,
};

enum lode_status grpc_health_v1_health_watch_open(struct lode_client *client,
    const Grpc__Health__V1__HealthCheckRequest *request,
    const struct lode_call_opts *opts, struct lode_stream **ret_stream,
    struct lode_error *error)
{
    return lode_stream_open(client, &grpc_health_v1_health_watch__method, &request->base, opts,
        ret_stream, error);
}

struct grpc_health_v1_health_watch__closure {
    struct grpc_health_v1_health_watch_callbacks callbacks;
    void *arg;
};

static void grpc_health_v1_health_watch__on_message(void *arg, struct lode_stream *stream,
    ProtobufCMessage *message)
{
    struct grpc_health_v1_health_watch__closure *c = arg;

    c->callbacks.on_message(c->arg, stream, (Grpc__Health__V1__HealthCheckResponse *)message);
}

static void grpc_health_v1_health_watch__on_writable(void *arg, struct lode_stream *stream)
{
    struct grpc_health_v1_health_watch__closure *c = arg;

    if (c->callbacks.on_writable)
        c->callbacks.on_writable(c->arg, stream);
}

static void grpc_health_v1_health_watch__on_end(void *arg, struct lode_stream *stream,
    const struct lode_error *error)
{
    struct grpc_health_v1_health_watch__closure *c = arg;

    c->callbacks.on_end(c->arg, stream, error);
    free(c);
}

struct lode_stream *grpc_health_v1_health_watch_open_async(struct lode_client *client,
    const Grpc__Health__V1__HealthCheckRequest *request,
    const struct lode_call_opts *opts,
    const struct grpc_health_v1_health_watch_callbacks *callbacks, void *arg)
{
    static const struct lode_stream_callbacks thunks = {
        .on_message = grpc_health_v1_health_watch__on_message,
        .on_writable = grpc_health_v1_health_watch__on_writable,
        .on_end = grpc_health_v1_health_watch__on_end,
    };
    struct grpc_health_v1_health_watch__closure *c = closure_new(sizeof(*c));

    c->callbacks = *callbacks;
    c->arg = arg;
    return lode_stream_open_async(client, &grpc_health_v1_health_watch__method, &request->base, opts,
        &thunks, c);
}
