/* SPDX-License-Identifier: MIT */
/* interop_standard.c -- the rows of gRPC's interop description that have a meaning here. */
#include "interop.h"

#include <string.h>

static bool empty_unary(struct interop *t)
{
    Grpc__Testing__Empty request = GRPC__TESTING__EMPTY__INIT;
    Grpc__Testing__Empty *answer = NULL;

    CHECK(grpc_testing_test_service_empty_call(t->client, &request, NULL, &answer, &t->error) ==
          LODE_OK);
    CHECK(protobuf_c_message_get_packed_size(&answer->base) == 0);
    lode_message_free(answer);
    return true;
}

static bool large_unary(struct interop *t)
{
    size_t n = 0;

    CHECK(unary(t, 314159, NULL, &n) == LODE_OK);
    CHECK(n == 314159);
    return true;
}

static bool client_streaming(struct interop *t)
{
    static const size_t sizes[] = {27182, 8, 1828, 45904};
    Grpc__Testing__StreamingInputCallResponse *answer = NULL;
    size_t i;

    CHECK(grpc_testing_test_service_streaming_input_call_open(t->client, NULL, &t->stream,
                                                              &t->error) == LODE_OK);
    for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        Grpc__Testing__StreamingInputCallRequest request =
            GRPC__TESTING__STREAMING_INPUT_CALL_REQUEST__INIT;
        Grpc__Testing__Payload payload = payload_of(sizes[i]);

        request.payload = &payload;
        CHECK(grpc_testing_test_service_streaming_input_call_send(t->stream, &request, &t->error) ==
              LODE_OK);
    }
    CHECK(grpc_testing_test_service_streaming_input_call_finish(t->stream, &answer, &t->error) ==
          LODE_OK);
    CHECK(answer->aggregated_payload_size == 74922);
    lode_message_free(answer);
    return true;
}

static bool server_stream(struct interop *t, const int32_t *sizes, size_t n, bool compressed_first)
{
    output_request request = GRPC__TESTING__STREAMING_OUTPUT_CALL_REQUEST__INIT;
    Grpc__Testing__ResponseParameters parameters[4];
    Grpc__Testing__ResponseParameters *list[4];
    Grpc__Testing__BoolValue yes = GRPC__TESTING__BOOL_VALUE__INIT;
    output_response *message = NULL;
    size_t i;

    yes.value = 1;
    for (i = 0; i < n; i++) {
        grpc__testing__response_parameters__init(&parameters[i]);
        parameters[i].size = sizes[i];
        parameters[i].compressed = compressed_first && i == 0 ? &yes : NULL;
        list[i] = &parameters[i];
    }
    request.response_parameters = list;
    request.n_response_parameters = n;
    CHECK(grpc_testing_test_service_streaming_output_call_open(t->client, &request, NULL,
                                                               &t->stream, &t->error) == LODE_OK);
    for (i = 0; i < n; i++) {
        CHECK(grpc_testing_test_service_streaming_output_call_receive(t->stream, &message,
                                                                      &t->error) == LODE_OK);
        CHECK(message->payload->body.len == (size_t)sizes[i]);
        lode_message_free(message);
    }
    CHECK(grpc_testing_test_service_streaming_output_call_receive(t->stream, &message, &t->error) ==
          LODE_END);
    CHECK(grpc_testing_test_service_streaming_output_call_receive(t->stream, &message, &t->error) ==
          LODE_END);
    return true;
}

static bool server_streaming(struct interop *t)
{
    static const int32_t sizes[] = {31415, 9, 2653, 58979};

    return server_stream(t, sizes, 4, false);
}

static bool server_compressed_streaming(struct interop *t)
{
    static const int32_t sizes[] = {31415, 92653};

    return server_stream(t, sizes, 2, true);
}

static bool server_compressed_unary(struct interop *t)
{
    simple_request request = GRPC__TESTING__SIMPLE_REQUEST__INIT;
    Grpc__Testing__BoolValue compressed = GRPC__TESTING__BOOL_VALUE__INIT;
    int i;

    for (i = 1; i >= 0; i--) {
        simple_response *answer = NULL;

        compressed.value = i;
        request.response_compressed = &compressed;
        request.response_size = 314159;
        CHECK(grpc_testing_test_service_unary_call(t->client, &request, NULL, &answer, &t->error) ==
              LODE_OK);
        CHECK(answer->payload->body.len == 314159);
        lode_message_free(answer);
    }
    return true;
}

static bool ping_pong(struct interop *t)
{
    static const struct {
        int32_t ask;
        size_t send;
    } turns[] = {{31415, 27182}, {9, 8}, {2653, 1828}, {58979, 45904}};
    size_t i;
    size_t n;

    CHECK(grpc_testing_test_service_full_duplex_call_open(t->client, NULL, &t->stream, &t->error) ==
          LODE_OK);
    for (i = 0; i < sizeof(turns) / sizeof(*turns); i++) {
        CHECK(duplex_send(t, turns[i].ask, turns[i].send) == LODE_OK);
        CHECK(duplex_receive(t, &n) == LODE_OK);
        CHECK(n == (size_t)turns[i].ask);
    }
    CHECK(lode_stream_send_end(t->stream, &t->error) == LODE_OK);
    CHECK(duplex_receive(t, &n) == LODE_END);
    return true;
}

static bool empty_stream(struct interop *t)
{
    size_t n;

    CHECK(grpc_testing_test_service_full_duplex_call_open(t->client, NULL, &t->stream, &t->error) ==
          LODE_OK);
    CHECK(lode_stream_send_end(t->stream, &t->error) == LODE_OK);
    CHECK(duplex_receive(t, &n) == LODE_END);
    return true;
}

static const char initial_key[] = "x-grpc-test-echo-initial";
static const char trailing_key[] = "x-grpc-test-echo-trailing-bin";

static bool metadata_echoed(struct interop *t)
{
    const void *value;
    size_t n = 0;

    value = lode_stream_initial_metadata(t->stream, initial_key, &n);
    CHECK(value && n == 27 && memcmp(value, "test_initial_metadata_value", n) == 0);
    value = lode_stream_trailing_metadata(t->stream, trailing_key, &n);
    CHECK(value && n == 3 && memcmp(value, "\xab\xab\xab", n) == 0);
    CHECK(!lode_stream_initial_metadata(t->stream, "x-nobody-sent-this", &n));
    return true;
}

static bool custom_metadata(struct interop *t)
{
    static const struct lode_method unary_method = {
        .path = "/grpc.testing.TestService/UnaryCall",
        .in = &grpc__testing__simple_request__descriptor,
        .out = &grpc__testing__simple_response__descriptor,
    };
    const struct lode_metadata metadata[] = {
        {initial_key, "test_initial_metadata_value", 27},
        {trailing_key, "\xab\xab\xab", 3},
    };
    const struct lode_call_opts opts = {.metadata = metadata, .n_metadata = 2};
    simple_request request = GRPC__TESTING__SIMPLE_REQUEST__INIT;
    size_t n;

    CHECK(lode_stream_open(t->client, &unary_method, &request.base, &opts, &t->stream, &t->error) ==
          LODE_OK);
    CHECK(drain(t->stream, &n, &t->error) == LODE_END && n == 1);
    if (!metadata_echoed(t))
        return false;
    lode_stream_close(t->stream);
    t->stream = NULL;

    CHECK(grpc_testing_test_service_full_duplex_call_open(t->client, &opts, &t->stream,
                                                          &t->error) == LODE_OK);
    CHECK(duplex_send(t, 10, 10) == LODE_OK);
    CHECK(lode_stream_send_end(t->stream, &t->error) == LODE_OK);
    CHECK(drain(t->stream, &n, &t->error) == LODE_END && n == 1);
    return metadata_echoed(t);
}

static bool status_is(struct interop *t, int32_t code, const char *message)
{
    simple_request request = GRPC__TESTING__SIMPLE_REQUEST__INIT;
    output_request duplex = GRPC__TESTING__STREAMING_OUTPUT_CALL_REQUEST__INIT;
    Grpc__Testing__EchoStatus status = GRPC__TESTING__ECHO_STATUS__INIT;
    simple_response *answer = NULL;
    char text[256];
    size_t n;

    strncpy(text, message, sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    status.code = code;
    status.message = text;
    request.response_status = &status;
    CHECK(grpc_testing_test_service_unary_call(t->client, &request, NULL, &answer, &t->error) ==
          (enum lode_status)code);
    CHECK(strcmp(t->error.message, message) == 0);
    CHECK(!answer);

    duplex.response_status = &status;
    CHECK(grpc_testing_test_service_full_duplex_call_open(t->client, NULL, &t->stream, &t->error) ==
          LODE_OK);
    CHECK(grpc_testing_test_service_full_duplex_call_send(t->stream, &duplex, &t->error) ==
          LODE_OK);
    CHECK(duplex_receive(t, &n) == (enum lode_status)code);
    CHECK(strcmp(t->error.message, message) == 0);
    return true;
}

static bool status_code_and_message(struct interop *t)
{
    return status_is(t, 2, "test status message");
}

static bool special_status_message(struct interop *t)
{
    return status_is(t, 2,
                     "\t\ntest with whitespace\r\nand Unicode BMP \xe2\x98\xba and non-BMP "
                     "\xf0\x9f\x98\x88\t\n");
}

static bool unimplemented_method(struct interop *t)
{
    Grpc__Testing__Empty request = GRPC__TESTING__EMPTY__INIT;
    Grpc__Testing__Empty *answer = NULL;

    CHECK(grpc_testing_test_service_unimplemented_call(t->client, &request, NULL, &answer,
                                                       &t->error) == LODE_UNIMPLEMENTED);
    return true;
}

static bool unimplemented_service(struct interop *t)
{
    static const struct lode_method method = {
        .path = "/grpc.testing.UnimplementedService/UnimplementedCall",
        .in = &grpc__testing__empty__descriptor,
        .out = &grpc__testing__empty__descriptor,
    };
    Grpc__Testing__Empty request = GRPC__TESTING__EMPTY__INIT;
    ProtobufCMessage *answer = NULL;

    CHECK(lode_call_unary(t->client, &method, &request.base, NULL, &answer, &t->error) ==
          LODE_UNIMPLEMENTED);
    return true;
}

static bool cancel_after_begin(struct interop *t)
{
    Grpc__Testing__StreamingInputCallResponse *answer = NULL;

    CHECK(grpc_testing_test_service_streaming_input_call_open(t->client, NULL, &t->stream,
                                                              &t->error) == LODE_OK);
    lode_stream_cancel(t->stream);
    CHECK(grpc_testing_test_service_streaming_input_call_receive(t->stream, &answer, &t->error) ==
          LODE_CANCELLED);
    return true;
}

static bool cancel_after_first_response(struct interop *t)
{
    size_t n;

    CHECK(grpc_testing_test_service_full_duplex_call_open(t->client, NULL, &t->stream, &t->error) ==
          LODE_OK);
    CHECK(duplex_send(t, 31415, 27182) == LODE_OK);
    CHECK(duplex_receive(t, &n) == LODE_OK && n == 31415);
    lode_stream_cancel(t->stream);
    CHECK(duplex_receive(t, &n) == LODE_CANCELLED);
    CHECK(duplex_send(t, 1, 1) == LODE_END);
    return true;
}

static bool timeout_on_sleeping_server(struct interop *t)
{
    const struct lode_call_opts opts = {.timeout_ms = 1};
    size_t n;

    CHECK(grpc_testing_test_service_full_duplex_call_open(t->client, &opts, &t->stream,
                                                          &t->error) == LODE_OK);
    (void)duplex_send(t, -1, 27182); /* may be too late already */
    CHECK(duplex_receive(t, &n) == LODE_DEADLINE_EXCEEDED);
    return true;
}

const struct interop_case interop_standard[] = {
    {"empty_unary", empty_unary},
    {"large_unary", large_unary},
    {"client_streaming", client_streaming},
    {"server_streaming", server_streaming},
    {"server_compressed_unary", server_compressed_unary},
    {"server_compressed_streaming", server_compressed_streaming},
    {"ping_pong", ping_pong},
    {"empty_stream", empty_stream},
    {"custom_metadata", custom_metadata},
    {"status_code_and_message", status_code_and_message},
    {"special_status_message", special_status_message},
    {"unimplemented_method", unimplemented_method},
    {"unimplemented_service", unimplemented_service},
    {"cancel_after_begin", cancel_after_begin},
    {"cancel_after_first_response", cancel_after_first_response},
    {"timeout_on_sleeping_server", timeout_on_sleeping_server},
    {0},
};
