/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from testing_service.proto; do not edit, see gen/README.md. */
#include "testing_service.client.h"

#include <stdio.h>
#include <stdlib.h>

static inline void *closure_new(size_t n)
{
    void *c = malloc(n);

    if (!c)
        abort();
    return c;
}

static const struct lode_method grpc_testing_test_service_empty_call__method = {
    .path = "/grpc.testing.TestService/EmptyCall",
    .in = &grpc__testing__empty__descriptor,
    .out = &grpc__testing__empty__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status grpc_testing_test_service_empty_call(struct lode_client *client,
    const Grpc__Testing__Empty *request,
    const struct lode_call_opts *opts, Grpc__Testing__Empty **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &grpc_testing_test_service_empty_call__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Grpc__Testing__Empty *)answer;
    return status;
}

struct grpc_testing_test_service_empty_call__closure {
    grpc_testing_test_service_empty_call_fn *done;
    void *arg;
};

static void grpc_testing_test_service_empty_call__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct grpc_testing_test_service_empty_call__closure *c = arg;

    c->done(c->arg, (Grpc__Testing__Empty *)message, error);
    free(c);
}

void grpc_testing_test_service_empty_call_async(struct lode_client *client,
    const Grpc__Testing__Empty *request,
    const struct lode_call_opts *opts, grpc_testing_test_service_empty_call_fn *done, void *arg)
{
    struct grpc_testing_test_service_empty_call__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &grpc_testing_test_service_empty_call__method, &request->base, opts,
        grpc_testing_test_service_empty_call__done, c);
}

static const struct lode_method grpc_testing_test_service_unary_call__method = {
    .path = "/grpc.testing.TestService/UnaryCall",
    .in = &grpc__testing__simple_request__descriptor,
    .out = &grpc__testing__simple_response__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status grpc_testing_test_service_unary_call(struct lode_client *client,
    const Grpc__Testing__SimpleRequest *request,
    const struct lode_call_opts *opts, Grpc__Testing__SimpleResponse **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &grpc_testing_test_service_unary_call__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Grpc__Testing__SimpleResponse *)answer;
    return status;
}

struct grpc_testing_test_service_unary_call__closure {
    grpc_testing_test_service_unary_call_fn *done;
    void *arg;
};

static void grpc_testing_test_service_unary_call__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct grpc_testing_test_service_unary_call__closure *c = arg;

    c->done(c->arg, (Grpc__Testing__SimpleResponse *)message, error);
    free(c);
}

void grpc_testing_test_service_unary_call_async(struct lode_client *client,
    const Grpc__Testing__SimpleRequest *request,
    const struct lode_call_opts *opts, grpc_testing_test_service_unary_call_fn *done, void *arg)
{
    struct grpc_testing_test_service_unary_call__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &grpc_testing_test_service_unary_call__method, &request->base, opts,
        grpc_testing_test_service_unary_call__done, c);
}

static const struct lode_method grpc_testing_test_service_streaming_output_call__method = {
    .path = "/grpc.testing.TestService/StreamingOutputCall",
    .in = &grpc__testing__streaming_output_call_request__descriptor,
    .out = &grpc__testing__streaming_output_call_response__descriptor,
    .client_streams = false,
    .server_streams = true,
};

enum lode_status grpc_testing_test_service_streaming_output_call_open(struct lode_client *client,
    const Grpc__Testing__StreamingOutputCallRequest *request,
    const struct lode_call_opts *opts, struct lode_stream **ret_stream,
    struct lode_error *error)
{
    return lode_stream_open(client, &grpc_testing_test_service_streaming_output_call__method, &request->base, opts,
        ret_stream, error);
}

struct grpc_testing_test_service_streaming_output_call__closure {
    struct grpc_testing_test_service_streaming_output_call_callbacks callbacks;
    void *arg;
};

static void grpc_testing_test_service_streaming_output_call__on_message(void *arg, struct lode_stream *stream,
    ProtobufCMessage *message)
{
    struct grpc_testing_test_service_streaming_output_call__closure *c = arg;

    c->callbacks.on_message(c->arg, stream, (Grpc__Testing__StreamingOutputCallResponse *)message);
}

static void grpc_testing_test_service_streaming_output_call__on_writable(void *arg, struct lode_stream *stream)
{
    struct grpc_testing_test_service_streaming_output_call__closure *c = arg;

    if (c->callbacks.on_writable)
        c->callbacks.on_writable(c->arg, stream);
}

static void grpc_testing_test_service_streaming_output_call__on_end(void *arg, struct lode_stream *stream,
    const struct lode_error *error)
{
    struct grpc_testing_test_service_streaming_output_call__closure *c = arg;

    c->callbacks.on_end(c->arg, stream, error);
    free(c);
}

struct lode_stream *grpc_testing_test_service_streaming_output_call_open_async(struct lode_client *client,
    const Grpc__Testing__StreamingOutputCallRequest *request,
    const struct lode_call_opts *opts,
    const struct grpc_testing_test_service_streaming_output_call_callbacks *callbacks, void *arg)
{
    static const struct lode_stream_callbacks thunks = {
        .on_message = grpc_testing_test_service_streaming_output_call__on_message,
        .on_writable = grpc_testing_test_service_streaming_output_call__on_writable,
        .on_end = grpc_testing_test_service_streaming_output_call__on_end,
    };
    struct grpc_testing_test_service_streaming_output_call__closure *c = closure_new(sizeof(*c));

    c->callbacks = *callbacks;
    c->arg = arg;
    return lode_stream_open_async(client, &grpc_testing_test_service_streaming_output_call__method, &request->base, opts,
        &thunks, c);
}

static const struct lode_method grpc_testing_test_service_streaming_input_call__method = {
    .path = "/grpc.testing.TestService/StreamingInputCall",
    .in = &grpc__testing__streaming_input_call_request__descriptor,
    .out = &grpc__testing__streaming_input_call_response__descriptor,
    .client_streams = true,
    .server_streams = false,
};

enum lode_status grpc_testing_test_service_streaming_input_call_open(struct lode_client *client,
    const struct lode_call_opts *opts, struct lode_stream **ret_stream,
    struct lode_error *error)
{
    return lode_stream_open(client, &grpc_testing_test_service_streaming_input_call__method, NULL, opts,
        ret_stream, error);
}

struct grpc_testing_test_service_streaming_input_call__closure {
    struct grpc_testing_test_service_streaming_input_call_callbacks callbacks;
    void *arg;
};

static void grpc_testing_test_service_streaming_input_call__on_message(void *arg, struct lode_stream *stream,
    ProtobufCMessage *message)
{
    struct grpc_testing_test_service_streaming_input_call__closure *c = arg;

    c->callbacks.on_message(c->arg, stream, (Grpc__Testing__StreamingInputCallResponse *)message);
}

static void grpc_testing_test_service_streaming_input_call__on_writable(void *arg, struct lode_stream *stream)
{
    struct grpc_testing_test_service_streaming_input_call__closure *c = arg;

    if (c->callbacks.on_writable)
        c->callbacks.on_writable(c->arg, stream);
}

static void grpc_testing_test_service_streaming_input_call__on_end(void *arg, struct lode_stream *stream,
    const struct lode_error *error)
{
    struct grpc_testing_test_service_streaming_input_call__closure *c = arg;

    c->callbacks.on_end(c->arg, stream, error);
    free(c);
}

struct lode_stream *grpc_testing_test_service_streaming_input_call_open_async(struct lode_client *client,
    const struct lode_call_opts *opts,
    const struct grpc_testing_test_service_streaming_input_call_callbacks *callbacks, void *arg)
{
    static const struct lode_stream_callbacks thunks = {
        .on_message = grpc_testing_test_service_streaming_input_call__on_message,
        .on_writable = grpc_testing_test_service_streaming_input_call__on_writable,
        .on_end = grpc_testing_test_service_streaming_input_call__on_end,
    };
    struct grpc_testing_test_service_streaming_input_call__closure *c = closure_new(sizeof(*c));

    c->callbacks = *callbacks;
    c->arg = arg;
    return lode_stream_open_async(client, &grpc_testing_test_service_streaming_input_call__method, NULL, opts,
        &thunks, c);
}

enum lode_status grpc_testing_test_service_streaming_input_call_finish(struct lode_stream *stream,
    Grpc__Testing__StreamingInputCallResponse **ret_answer, struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    ProtobufCMessage *more = NULL;
    enum lode_status status;

    status = lode_stream_send_end(stream, error);
    if (status != LODE_OK && status != LODE_END)
        return status;
    status = lode_stream_receive(stream, &answer, error);
    if (status == LODE_OK)
        status = lode_stream_receive(stream, &more, error);
    lode_message_free(more);
    if (status == LODE_END && answer) {
        *ret_answer = (Grpc__Testing__StreamingInputCallResponse *)answer;
        return LODE_OK;
    }
    lode_message_free(answer);
    if (status == LODE_OK || status == LODE_END) {
        if (error) {
            *error = (struct lode_error){.status = LODE_INTERNAL};
            snprintf(error->message, sizeof(error->message),
                "the server sent %s", more ? "more than one answer" : "no answer");
        }
        return LODE_INTERNAL;
    }
    return status;
}

static const struct lode_method grpc_testing_test_service_full_duplex_call__method = {
    .path = "/grpc.testing.TestService/FullDuplexCall",
    .in = &grpc__testing__streaming_output_call_request__descriptor,
    .out = &grpc__testing__streaming_output_call_response__descriptor,
    .client_streams = true,
    .server_streams = true,
};

enum lode_status grpc_testing_test_service_full_duplex_call_open(struct lode_client *client,
    const struct lode_call_opts *opts, struct lode_stream **ret_stream,
    struct lode_error *error)
{
    return lode_stream_open(client, &grpc_testing_test_service_full_duplex_call__method, NULL, opts,
        ret_stream, error);
}

struct grpc_testing_test_service_full_duplex_call__closure {
    struct grpc_testing_test_service_full_duplex_call_callbacks callbacks;
    void *arg;
};

static void grpc_testing_test_service_full_duplex_call__on_message(void *arg, struct lode_stream *stream,
    ProtobufCMessage *message)
{
    struct grpc_testing_test_service_full_duplex_call__closure *c = arg;

    c->callbacks.on_message(c->arg, stream, (Grpc__Testing__StreamingOutputCallResponse *)message);
}

static void grpc_testing_test_service_full_duplex_call__on_writable(void *arg, struct lode_stream *stream)
{
    struct grpc_testing_test_service_full_duplex_call__closure *c = arg;

    if (c->callbacks.on_writable)
        c->callbacks.on_writable(c->arg, stream);
}

static void grpc_testing_test_service_full_duplex_call__on_end(void *arg, struct lode_stream *stream,
    const struct lode_error *error)
{
    struct grpc_testing_test_service_full_duplex_call__closure *c = arg;

    c->callbacks.on_end(c->arg, stream, error);
    free(c);
}

struct lode_stream *grpc_testing_test_service_full_duplex_call_open_async(struct lode_client *client,
    const struct lode_call_opts *opts,
    const struct grpc_testing_test_service_full_duplex_call_callbacks *callbacks, void *arg)
{
    static const struct lode_stream_callbacks thunks = {
        .on_message = grpc_testing_test_service_full_duplex_call__on_message,
        .on_writable = grpc_testing_test_service_full_duplex_call__on_writable,
        .on_end = grpc_testing_test_service_full_duplex_call__on_end,
    };
    struct grpc_testing_test_service_full_duplex_call__closure *c = closure_new(sizeof(*c));

    c->callbacks = *callbacks;
    c->arg = arg;
    return lode_stream_open_async(client, &grpc_testing_test_service_full_duplex_call__method, NULL, opts,
        &thunks, c);
}

static const struct lode_method grpc_testing_test_service_half_duplex_call__method = {
    .path = "/grpc.testing.TestService/HalfDuplexCall",
    .in = &grpc__testing__streaming_output_call_request__descriptor,
    .out = &grpc__testing__streaming_output_call_response__descriptor,
    .client_streams = true,
    .server_streams = true,
};

enum lode_status grpc_testing_test_service_half_duplex_call_open(struct lode_client *client,
    const struct lode_call_opts *opts, struct lode_stream **ret_stream,
    struct lode_error *error)
{
    return lode_stream_open(client, &grpc_testing_test_service_half_duplex_call__method, NULL, opts,
        ret_stream, error);
}

struct grpc_testing_test_service_half_duplex_call__closure {
    struct grpc_testing_test_service_half_duplex_call_callbacks callbacks;
    void *arg;
};

static void grpc_testing_test_service_half_duplex_call__on_message(void *arg, struct lode_stream *stream,
    ProtobufCMessage *message)
{
    struct grpc_testing_test_service_half_duplex_call__closure *c = arg;

    c->callbacks.on_message(c->arg, stream, (Grpc__Testing__StreamingOutputCallResponse *)message);
}

static void grpc_testing_test_service_half_duplex_call__on_writable(void *arg, struct lode_stream *stream)
{
    struct grpc_testing_test_service_half_duplex_call__closure *c = arg;

    if (c->callbacks.on_writable)
        c->callbacks.on_writable(c->arg, stream);
}

static void grpc_testing_test_service_half_duplex_call__on_end(void *arg, struct lode_stream *stream,
    const struct lode_error *error)
{
    struct grpc_testing_test_service_half_duplex_call__closure *c = arg;

    c->callbacks.on_end(c->arg, stream, error);
    free(c);
}

struct lode_stream *grpc_testing_test_service_half_duplex_call_open_async(struct lode_client *client,
    const struct lode_call_opts *opts,
    const struct grpc_testing_test_service_half_duplex_call_callbacks *callbacks, void *arg)
{
    static const struct lode_stream_callbacks thunks = {
        .on_message = grpc_testing_test_service_half_duplex_call__on_message,
        .on_writable = grpc_testing_test_service_half_duplex_call__on_writable,
        .on_end = grpc_testing_test_service_half_duplex_call__on_end,
    };
    struct grpc_testing_test_service_half_duplex_call__closure *c = closure_new(sizeof(*c));

    c->callbacks = *callbacks;
    c->arg = arg;
    return lode_stream_open_async(client, &grpc_testing_test_service_half_duplex_call__method, NULL, opts,
        &thunks, c);
}

static const struct lode_method grpc_testing_test_service_unimplemented_call__method = {
    .path = "/grpc.testing.TestService/UnimplementedCall",
    .in = &grpc__testing__empty__descriptor,
    .out = &grpc__testing__empty__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status grpc_testing_test_service_unimplemented_call(struct lode_client *client,
    const Grpc__Testing__Empty *request,
    const struct lode_call_opts *opts, Grpc__Testing__Empty **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &grpc_testing_test_service_unimplemented_call__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Grpc__Testing__Empty *)answer;
    return status;
}

struct grpc_testing_test_service_unimplemented_call__closure {
    grpc_testing_test_service_unimplemented_call_fn *done;
    void *arg;
};

static void grpc_testing_test_service_unimplemented_call__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct grpc_testing_test_service_unimplemented_call__closure *c = arg;

    c->done(c->arg, (Grpc__Testing__Empty *)message, error);
    free(c);
}

void grpc_testing_test_service_unimplemented_call_async(struct lode_client *client,
    const Grpc__Testing__Empty *request,
    const struct lode_call_opts *opts, grpc_testing_test_service_unimplemented_call_fn *done, void *arg)
{
    struct grpc_testing_test_service_unimplemented_call__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &grpc_testing_test_service_unimplemented_call__method, &request->base, opts,
        grpc_testing_test_service_unimplemented_call__done, c);
}
