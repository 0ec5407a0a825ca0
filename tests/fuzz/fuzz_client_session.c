/* SPDX-License-Identifier: MIT */
/*
 * fuzz_client_session.c -- a server's bytes, as the client library reads them.
 *
 * One connection without a socket or a thread; three calls wait on it (unary,
 * server stream, bidi) and have streams 1, 3 and 5: the server's SETTINGS are
 * here. The input is all it says then, shown in pieces whose sizes its first
 * byte chooses. Every call must be told its end exactly once, and nothing may
 * be left behind.
 *
 * Planted bug: a message whose body is "BU" and a byte that the corpus does not
 * have there; only good HTTP/2, headers, gRPC framing and protobuf bring it.
 */
#include "base/arena.h"
#include "base/assert.h"
#include "client_int.h"

#include <stdio.h>
#include <stdlib.h>

#include "testing_service.client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct count {
    int n_ends, n_messages;
};

static void message(void *arg, struct lode_stream *stream,
                    Grpc__Testing__StreamingOutputCallResponse *m)
{
    Grpc__Testing__StreamingOutputCallRequest request =
        GRPC__TESTING__STREAMING_OUTPUT_CALL_REQUEST__INIT;
    struct count *count = arg;
    struct bytes body = {0};

    count->n_messages++;
    if (m->payload)
        body = bytes_of(m->payload->body.data, m->payload->body.len);
#ifdef LODE_PLANTED_BUG
    if (body.n == 3 && bytes_starts(body, B("BU")) && body.p[2] != 'F') {
        fprintf(stderr, "planted bug\n");
        abort();
    }
#endif
    if (body.n == 4)
        lode_stream_cancel(stream);
    (void)grpc_testing_test_service_full_duplex_call_send_async(
        stream, &request); /* refused on the others */
    lode_message_free(m);
}

static void end(void *arg, struct lode_stream *stream, const struct lode_error *error)
{
    struct count *count = arg;
    size_t n = 0;

    (void)lode_stream_trailing_metadata(stream, "x", &n);
    (void)lode_stream_initial_metadata(stream, "x-bin", &n);
    ASSERT(error->status >= LODE_OK && error->status <= LODE_UNAUTHENTICATED);
    count->n_ends++;
}

static void unary_end(void *arg, Grpc__Testing__SimpleResponse *answer,
                      const struct lode_error *error)
{
    struct count *count = arg;

    ASSERT((answer != NULL) == (error->status == LODE_OK));
    count->n_ends++;
    lode_message_free(answer);
}

static void start_calls(struct lode_client *client, struct count *count)
{
    static const struct grpc_testing_test_service_streaming_output_call_callbacks out_callbacks = {
        .on_message = message, .on_end = end};
    static const struct grpc_testing_test_service_full_duplex_call_callbacks duplex_callbacks = {
        .on_message = message, .on_end = end};
    Grpc__Testing__SimpleRequest unary = GRPC__TESTING__SIMPLE_REQUEST__INIT;
    Grpc__Testing__StreamingOutputCallRequest output =
        GRPC__TESTING__STREAMING_OUTPUT_CALL_REQUEST__INIT;

    grpc_testing_test_service_unary_call_async(client, &unary, NULL, unary_end, count);
    (void)grpc_testing_test_service_streaming_output_call_open_async(client, &output, NULL,
                                                                     &out_callbacks, count);
    (void)grpc_testing_test_service_full_duplex_call_open_async(client, NULL, &duplex_callbacks,
                                                                count);
}

/* A pass of the loop without poll: what client_loop.c does. */
static void pass(struct lode_client *client)
{
    struct client_conn *conn;

    client__channel_step(client);
    for (conn = client->conns; conn; conn = conn->next)
        client__conn_flush(conn);
    client__callbacks_run(client);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t settings[] = {0, 0, 0, 4, 0, 0, 0, 0, 0};
    struct bytes rest = bytes_of(data, size);
    struct lode_client *client = NULL;
    struct client_conn *conn;
    struct count count = {0};
    size_t piece;

    if (size == 0)
        return 0;
    piece = data[0] % 4 == 0 ? 1 : data[0] % 4 == 1 ? 7 : data[0] % 4 == 2 ? 100 : SIZE_MAX;
    rest = bytes_of(rest.p + 1, rest.n - 1);
    /* A socket that is not there: a second connection fails at once. */
    if (client__open("unix:/nonexistent/fuzz", NULL, &client__default_tuning, false, &client,
                     NULL) != LODE_OK)
        abort();
    mutex_lock(&client->lock);
    client->state = CHANNEL_CONNECTING;
    conn = client__conn_new(client, -1);
    conn->state = CONN_SETTINGS;
    client->conn = conn;
    if (!client__session_open(conn))
        abort();
    mutex_unlock(&client->lock);
    start_calls(client, &count);
    mutex_lock(&client->lock);
    client__conn_receive(conn,
                         bytes_of(settings, sizeof(settings))); /* the calls get their streams */
    pass(client);
    while (rest.n && conn->state != CONN_CLOSED) {
        size_t n = rest.n < piece ? rest.n : piece;

        client__conn_receive(conn, bytes_of(rest.p, n));
        rest = bytes_of(rest.p + n, rest.n - n);
        pass(client);
        pass(client); /* callbacks may have asked for more */
    }
    mutex_unlock(&client->lock);
    lode_client_close(client);
    ASSERT(count.n_ends == 3);
    ASSERT(arena_live_count() == 0);
    return 0;
}
