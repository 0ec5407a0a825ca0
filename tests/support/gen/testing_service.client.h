/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from testing_service.proto; do not edit, see gen/README.md. */
#pragma once

#include <lode/client.h>

#include "testing.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* grpc.testing.TestService/EmptyCall: one request, one answer. */
LODE_API enum lode_status grpc_testing_test_service_empty_call(struct lode_client *client,
    const Grpc__Testing__Empty *request,
    const struct lode_call_opts *opts, Grpc__Testing__Empty **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void grpc_testing_test_service_empty_call_fn(void *arg, Grpc__Testing__Empty *answer,
    const struct lode_error *error);
LODE_API void grpc_testing_test_service_empty_call_async(struct lode_client *client,
    const Grpc__Testing__Empty *request,
    const struct lode_call_opts *opts, grpc_testing_test_service_empty_call_fn *done, void *arg);

/* grpc.testing.TestService/UnaryCall: one request, one answer. */
LODE_API enum lode_status grpc_testing_test_service_unary_call(struct lode_client *client,
    const Grpc__Testing__SimpleRequest *request,
    const struct lode_call_opts *opts, Grpc__Testing__SimpleResponse **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void grpc_testing_test_service_unary_call_fn(void *arg, Grpc__Testing__SimpleResponse *answer,
    const struct lode_error *error);
LODE_API void grpc_testing_test_service_unary_call_async(struct lode_client *client,
    const Grpc__Testing__SimpleRequest *request,
    const struct lode_call_opts *opts, grpc_testing_test_service_unary_call_fn *done, void *arg);

/* grpc.testing.TestService/StreamingOutputCall: messages out. */
LODE_API enum lode_status grpc_testing_test_service_streaming_output_call_open(struct lode_client *client,
    const Grpc__Testing__StreamingOutputCallRequest *request,
    const struct lode_call_opts *opts, struct lode_stream **ret_stream,
    struct lode_error *error);
static inline enum lode_status grpc_testing_test_service_streaming_output_call_receive(struct lode_stream *stream,
    Grpc__Testing__StreamingOutputCallResponse **ret_message, struct lode_error *error)
{
    ProtobufCMessage *message = NULL;
    enum lode_status status = lode_stream_receive(stream, &message, error);

    if (status == LODE_OK)
        *ret_message = (Grpc__Testing__StreamingOutputCallResponse *)message;
    return status;
}
/* As struct lode_stream_callbacks. */
struct grpc_testing_test_service_streaming_output_call_callbacks {
    void (*on_message)(void *arg, struct lode_stream *stream,
        Grpc__Testing__StreamingOutputCallResponse *message);
    void (*on_writable)(void *arg, struct lode_stream *stream); /* may be NULL */
    void (*on_end)(void *arg, struct lode_stream *stream,
        const struct lode_error *error);
};
LODE_API struct lode_stream *grpc_testing_test_service_streaming_output_call_open_async(struct lode_client *client,
    const Grpc__Testing__StreamingOutputCallRequest *request,
    const struct lode_call_opts *opts,
    const struct grpc_testing_test_service_streaming_output_call_callbacks *callbacks, void *arg);

/* grpc.testing.TestService/StreamingInputCall: messages in, one answer. */
LODE_API enum lode_status grpc_testing_test_service_streaming_input_call_open(struct lode_client *client,
    const struct lode_call_opts *opts, struct lode_stream **ret_stream,
    struct lode_error *error);
static inline enum lode_status grpc_testing_test_service_streaming_input_call_receive(struct lode_stream *stream,
    Grpc__Testing__StreamingInputCallResponse **ret_message, struct lode_error *error)
{
    ProtobufCMessage *message = NULL;
    enum lode_status status = lode_stream_receive(stream, &message, error);

    if (status == LODE_OK)
        *ret_message = (Grpc__Testing__StreamingInputCallResponse *)message;
    return status;
}
/* As struct lode_stream_callbacks. */
struct grpc_testing_test_service_streaming_input_call_callbacks {
    void (*on_message)(void *arg, struct lode_stream *stream,
        Grpc__Testing__StreamingInputCallResponse *message);
    void (*on_writable)(void *arg, struct lode_stream *stream); /* may be NULL */
    void (*on_end)(void *arg, struct lode_stream *stream,
        const struct lode_error *error);
};
LODE_API struct lode_stream *grpc_testing_test_service_streaming_input_call_open_async(struct lode_client *client,
    const struct lode_call_opts *opts,
    const struct grpc_testing_test_service_streaming_input_call_callbacks *callbacks, void *arg);
static inline enum lode_status grpc_testing_test_service_streaming_input_call_send(struct lode_stream *stream,
    const Grpc__Testing__StreamingInputCallRequest *message, struct lode_error *error)
{
    return lode_stream_send(stream, &message->base, error);
}
static inline enum lode_status grpc_testing_test_service_streaming_input_call_send_end(struct lode_stream *stream,
    struct lode_error *error)
{
    return lode_stream_send_end(stream, error);
}
static inline bool grpc_testing_test_service_streaming_input_call_send_async(struct lode_stream *stream,
    const Grpc__Testing__StreamingInputCallRequest *message)
{
    return lode_stream_send_async(stream, &message->base);
}
static inline void grpc_testing_test_service_streaming_input_call_send_end_async(struct lode_stream *stream)
{
    lode_stream_send_end_async(stream);
}
/* Ends the sending, waits for the answer and for the call to end well. */
LODE_API enum lode_status grpc_testing_test_service_streaming_input_call_finish(struct lode_stream *stream,
    Grpc__Testing__StreamingInputCallResponse **ret_answer, struct lode_error *error);

/* grpc.testing.TestService/FullDuplexCall: messages both ways. */
LODE_API enum lode_status grpc_testing_test_service_full_duplex_call_open(struct lode_client *client,
    const struct lode_call_opts *opts, struct lode_stream **ret_stream,
    struct lode_error *error);
static inline enum lode_status grpc_testing_test_service_full_duplex_call_receive(struct lode_stream *stream,
    Grpc__Testing__StreamingOutputCallResponse **ret_message, struct lode_error *error)
{
    ProtobufCMessage *message = NULL;
    enum lode_status status = lode_stream_receive(stream, &message, error);

    if (status == LODE_OK)
        *ret_message = (Grpc__Testing__StreamingOutputCallResponse *)message;
    return status;
}
/* As struct lode_stream_callbacks. */
struct grpc_testing_test_service_full_duplex_call_callbacks {
    void (*on_message)(void *arg, struct lode_stream *stream,
        Grpc__Testing__StreamingOutputCallResponse *message);
    void (*on_writable)(void *arg, struct lode_stream *stream); /* may be NULL */
    void (*on_end)(void *arg, struct lode_stream *stream,
        const struct lode_error *error);
};
LODE_API struct lode_stream *grpc_testing_test_service_full_duplex_call_open_async(struct lode_client *client,
    const struct lode_call_opts *opts,
    const struct grpc_testing_test_service_full_duplex_call_callbacks *callbacks, void *arg);
static inline enum lode_status grpc_testing_test_service_full_duplex_call_send(struct lode_stream *stream,
    const Grpc__Testing__StreamingOutputCallRequest *message, struct lode_error *error)
{
    return lode_stream_send(stream, &message->base, error);
}
static inline enum lode_status grpc_testing_test_service_full_duplex_call_send_end(struct lode_stream *stream,
    struct lode_error *error)
{
    return lode_stream_send_end(stream, error);
}
static inline bool grpc_testing_test_service_full_duplex_call_send_async(struct lode_stream *stream,
    const Grpc__Testing__StreamingOutputCallRequest *message)
{
    return lode_stream_send_async(stream, &message->base);
}
static inline void grpc_testing_test_service_full_duplex_call_send_end_async(struct lode_stream *stream)
{
    lode_stream_send_end_async(stream);
}

/* grpc.testing.TestService/HalfDuplexCall: messages both ways. */
LODE_API enum lode_status grpc_testing_test_service_half_duplex_call_open(struct lode_client *client,
    const struct lode_call_opts *opts, struct lode_stream **ret_stream,
    struct lode_error *error);
static inline enum lode_status grpc_testing_test_service_half_duplex_call_receive(struct lode_stream *stream,
    Grpc__Testing__StreamingOutputCallResponse **ret_message, struct lode_error *error)
{
    ProtobufCMessage *message = NULL;
    enum lode_status status = lode_stream_receive(stream, &message, error);

    if (status == LODE_OK)
        *ret_message = (Grpc__Testing__StreamingOutputCallResponse *)message;
    return status;
}
/* As struct lode_stream_callbacks. */
struct grpc_testing_test_service_half_duplex_call_callbacks {
    void (*on_message)(void *arg, struct lode_stream *stream,
        Grpc__Testing__StreamingOutputCallResponse *message);
    void (*on_writable)(void *arg, struct lode_stream *stream); /* may be NULL */
    void (*on_end)(void *arg, struct lode_stream *stream,
        const struct lode_error *error);
};
LODE_API struct lode_stream *grpc_testing_test_service_half_duplex_call_open_async(struct lode_client *client,
    const struct lode_call_opts *opts,
    const struct grpc_testing_test_service_half_duplex_call_callbacks *callbacks, void *arg);
static inline enum lode_status grpc_testing_test_service_half_duplex_call_send(struct lode_stream *stream,
    const Grpc__Testing__StreamingOutputCallRequest *message, struct lode_error *error)
{
    return lode_stream_send(stream, &message->base, error);
}
static inline enum lode_status grpc_testing_test_service_half_duplex_call_send_end(struct lode_stream *stream,
    struct lode_error *error)
{
    return lode_stream_send_end(stream, error);
}
static inline bool grpc_testing_test_service_half_duplex_call_send_async(struct lode_stream *stream,
    const Grpc__Testing__StreamingOutputCallRequest *message)
{
    return lode_stream_send_async(stream, &message->base);
}
static inline void grpc_testing_test_service_half_duplex_call_send_end_async(struct lode_stream *stream)
{
    lode_stream_send_end_async(stream);
}

/* grpc.testing.TestService/UnimplementedCall: one request, one answer. */
LODE_API enum lode_status grpc_testing_test_service_unimplemented_call(struct lode_client *client,
    const Grpc__Testing__Empty *request,
    const struct lode_call_opts *opts, Grpc__Testing__Empty **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void grpc_testing_test_service_unimplemented_call_fn(void *arg, Grpc__Testing__Empty *answer,
    const struct lode_error *error);
LODE_API void grpc_testing_test_service_unimplemented_call_async(struct lode_client *client,
    const Grpc__Testing__Empty *request,
    const struct lode_call_opts *opts, grpc_testing_test_service_unimplemented_call_fn *done, void *arg);

#ifdef __cplusplus
}
#endif
