/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from grpc/reflection/v1alpha/reflection_service.proto; do not edit, see gen/README.md. */
#include "grpc/reflection/v1alpha/reflection_service.client.h"

#include <stdio.h>
#include <stdlib.h>

static inline void *closure_new(size_t n)
{
    void *c = malloc(n);

    if (!c)
        abort();
    return c;
}

static const struct lode_method grpc_reflection_v1alpha_server_reflection_server_reflection_info__method = {
    .path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    .in = &grpc__reflection__v1alpha__server_reflection_request__descriptor,
    .out = &grpc__reflection__v1alpha__server_reflection_response__descriptor,
    .client_streams = true,
    .server_streams = true,
};

enum lode_status grpc_reflection_v1alpha_server_reflection_server_reflection_info_open(struct lode_client *client,
    const struct lode_call_opts *opts, struct lode_stream **ret_stream,
    struct lode_error *error)
{
    return lode_stream_open(client, &grpc_reflection_v1alpha_server_reflection_server_reflection_info__method, NULL, opts,
        ret_stream, error);
}

struct grpc_reflection_v1alpha_server_reflection_server_reflection_info__closure {
    struct grpc_reflection_v1alpha_server_reflection_server_reflection_info_callbacks callbacks;
    void *arg;
};

static void grpc_reflection_v1alpha_server_reflection_server_reflection_info__on_message(void *arg, struct lode_stream *stream,
    ProtobufCMessage *message)
{
    struct grpc_reflection_v1alpha_server_reflection_server_reflection_info__closure *c = arg;

    c->callbacks.on_message(c->arg, stream, (Grpc__Reflection__V1alpha__ServerReflectionResponse *)message);
}

static void grpc_reflection_v1alpha_server_reflection_server_reflection_info__on_writable(void *arg, struct lode_stream *stream)
{
    struct grpc_reflection_v1alpha_server_reflection_server_reflection_info__closure *c = arg;

    if (c->callbacks.on_writable)
        c->callbacks.on_writable(c->arg, stream);
}

static void grpc_reflection_v1alpha_server_reflection_server_reflection_info__on_end(void *arg, struct lode_stream *stream,
    const struct lode_error *error)
{
    struct grpc_reflection_v1alpha_server_reflection_server_reflection_info__closure *c = arg;

    c->callbacks.on_end(c->arg, stream, error);
    free(c);
}

struct lode_stream *grpc_reflection_v1alpha_server_reflection_server_reflection_info_open_async(struct lode_client *client,
    const struct lode_call_opts *opts,
    const struct grpc_reflection_v1alpha_server_reflection_server_reflection_info_callbacks *callbacks, void *arg)
{
    static const struct lode_stream_callbacks thunks = {
        .on_message = grpc_reflection_v1alpha_server_reflection_server_reflection_info__on_message,
        .on_writable = grpc_reflection_v1alpha_server_reflection_server_reflection_info__on_writable,
        .on_end = grpc_reflection_v1alpha_server_reflection_server_reflection_info__on_end,
    };
    struct grpc_reflection_v1alpha_server_reflection_server_reflection_info__closure *c = closure_new(sizeof(*c));

    c->callbacks = *callbacks;
    c->arg = arg;
    return lode_stream_open_async(client, &grpc_reflection_v1alpha_server_reflection_server_reflection_info__method, NULL, opts,
        &thunks, c);
}
