/* SPDX-License-Identifier: MIT */
/*
 * interop_client.c -- the client library against any gRPC server.
 *
 *   interop_client TARGET CASE...     runs the cases, a line each
 *   interop_client --list SET         names of standard, behaviour or negative
 *
 * Exits with 1 when a case failed. The servers are beside it in Python;
 * tests/door's own server understands the standard set too.
 */
#include "interop.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

int64_t now_ms(void)
{
    return clock_mono_ns() / NS_PER_MS;
}

bool check_failed(const char *file, int line, const char *what, const struct interop *t)
{
    printf("  %s:%d: not so: %s\n  last error: %s [%s] %s\n", file, line, what,
           lode_status_name(t->error.status), t->error.code, t->error.message);
    return false;
}

Grpc__Testing__Payload payload_of(size_t n)
{
    static uint8_t zeros[16 << 20];
    Grpc__Testing__Payload payload = GRPC__TESTING__PAYLOAD__INIT;

    payload.body = (ProtobufCBinaryData){n, zeros};
    return payload;
}

enum lode_status unary(struct interop *t, int32_t n, const struct lode_call_opts *opts,
                       size_t *ret_n)
{
    simple_request request = GRPC__TESTING__SIMPLE_REQUEST__INIT;
    Grpc__Testing__Payload payload = payload_of(271828);
    simple_response *answer = NULL;
    enum lode_status status;

    request.response_size = n;
    request.payload = &payload;
    status = grpc_testing_test_service_unary_call(t->client, &request, opts, &answer, &t->error);
    if (status == LODE_OK && ret_n)
        *ret_n = answer->payload ? answer->payload->body.len : 0;
    if (status == LODE_OK)
        lode_message_free(answer);
    return status;
}

enum lode_status duplex_send(struct interop *t, int32_t ask, size_t send)
{
    output_request request = GRPC__TESTING__STREAMING_OUTPUT_CALL_REQUEST__INIT;
    Grpc__Testing__ResponseParameters parameters = GRPC__TESTING__RESPONSE_PARAMETERS__INIT;
    Grpc__Testing__ResponseParameters *list[] = {&parameters};
    Grpc__Testing__Payload payload = payload_of(send);

    parameters.size = ask;
    request.response_parameters = list;
    request.n_response_parameters = ask >= 0;
    request.payload = &payload;
    return grpc_testing_test_service_full_duplex_call_send(t->stream, &request, &t->error);
}

enum lode_status duplex_receive(struct interop *t, size_t *ret_n)
{
    output_response *message = NULL;
    enum lode_status status;

    status = grpc_testing_test_service_full_duplex_call_receive(t->stream, &message, &t->error);
    if (status == LODE_OK)
        *ret_n = message->payload ? message->payload->body.len : 0;
    if (status == LODE_OK)
        lode_message_free(message);
    return status;
}

enum lode_status drain(struct lode_stream *stream, size_t *ret_messages, struct lode_error *error)
{
    ProtobufCMessage *message = NULL;
    enum lode_status status;

    *ret_messages = 0;
    while ((status = lode_stream_receive(stream, &message, error)) == LODE_OK) {
        lode_message_free(message);
        ++*ret_messages;
    }
    return status;
}

static const struct interop_case *const sets[] = {interop_standard, interop_behaviour,
                                                  interop_negative};
static const char *const set_names[] = {"standard", "behaviour", "negative"};

static const struct interop_case *find(const char *name)
{
    const struct interop_case *c;
    size_t i;

    for (i = 0; i < sizeof(sets) / sizeof(*sets); i++)
        for (c = sets[i]; c->name; c++)
            if (strcmp(c->name, name) == 0)
                return c;
    return NULL;
}

static int list(const char *set)
{
    const struct interop_case *c;
    size_t i;

    for (i = 0; i < sizeof(sets) / sizeof(*sets); i++)
        if (strcmp(set, set_names[i]) == 0)
            for (c = sets[i]; c->name; c++)
                puts(c->name);
    return 0;
}

static bool run(const char *target, const char *name)
{
    const struct interop_case *c = find(name);
    struct interop t = {.target = target};
    bool ok;

    if (!c) {
        printf("FAILED %s: no such case\n", name);
        return false;
    }
    ok = lode_client_open(target, NULL, &t.client, &t.error) == LODE_OK && c->run(&t);
    lode_stream_close(t.stream);
    lode_client_close(t.client);
    printf("%s %s\n", ok ? "ok" : "FAILED", name);
    fflush(stdout);
    return ok;
}

int main(int argc, char **argv)
{
    int n_failed = 0;
    int i;

    if (argc == 3 && strcmp(argv[1], "--list") == 0)
        return list(argv[2]);
    for (i = 2; i < argc; i++)
        n_failed += !run(argv[1], argv[i]);
    return n_failed != 0;
}
