/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from grpc/reflection/v1/reflection_service.proto; do not edit, see gen/README.md. */
#pragma once

#include <lode/client.h>

#include "grpc/reflection/v1/reflection.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* grpc.reflection.v1.ServerReflection/ServerReflectionInfo: messages both ways. */
LODE_API enum lode_status grpc_reflection_v1_server_reflection_server_reflection_info_open(struct lode_client *client,
    const struct lode_call_opts *opts, struct lode_stream **ret_stream,
    struct lode_error *error);
static inline enum lode_status grpc_reflection_v1_server_reflection_server_reflection_info_receive(struct lode_stream *stream,
    Grpc__Reflection__V1__ServerReflectionResponse **ret_message, struct lode_error *error)
{
    ProtobufCMessage *message = NULL;
    enum lode_status status = lode_stream_receive(stream, &message, error);

    if (status == LODE_OK)
        *ret_message = (Grpc__Reflection__V1__ServerReflectionResponse *)message;
    return status;
}
/* As struct lode_stream_callbacks. */
struct grpc_reflection_v1_server_reflection_server_reflection_info_callbacks {
    void (*on_message)(void *arg, struct lode_stream *stream,
        Grpc__Reflection__V1__ServerReflectionResponse *message);
    void (*on_writable)(void *arg, struct lode_stream *stream); /* may be NULL */
    void (*on_end)(void *arg, struct lode_stream *stream,
        const struct lode_error *error);
};
LODE_API struct lode_stream *grpc_reflection_v1_server_reflection_server_reflection_info_open_async(struct lode_client *client,
    const struct lode_call_opts *opts,
    const struct grpc_reflection_v1_server_reflection_server_reflection_info_callbacks *callbacks, void *arg);
static inline enum lode_status grpc_reflection_v1_server_reflection_server_reflection_info_send(struct lode_stream *stream,
    const Grpc__Reflection__V1__ServerReflectionRequest *message, struct lode_error *error)
{
    return lode_stream_send(stream, &message->base, error);
}
static inline enum lode_status grpc_reflection_v1_server_reflection_server_reflection_info_send_end(struct lode_stream *stream,
    struct lode_error *error)
{
    return lode_stream_send_end(stream, error);
}
static inline bool grpc_reflection_v1_server_reflection_server_reflection_info_send_async(struct lode_stream *stream,
    const Grpc__Reflection__V1__ServerReflectionRequest *message)
{
    return lode_stream_send_async(stream, &message->base);
}
static inline void grpc_reflection_v1_server_reflection_server_reflection_info_send_end_async(struct lode_stream *stream)
{
    lode_stream_send_end_async(stream);
}

#ifdef __cplusplus
}
#endif
