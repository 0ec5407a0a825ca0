/* SPDX-License-Identifier: MIT */
/* interop_behaviour.c -- back-pressure, callbacks, limits, many calls, details of errors. */
#include "interop.h"

#include "base/mem.h"
#include "base/thread.h"

#include <stdio.h>
#include <string.h>

enum { MANY = 1000, BIG = 3 << 20 };

static bool big_messages(struct interop *t)
{
    size_t n = 0;

    /* Larger than a stream's window both ways: only a window given back while a message arrives
     * lets it through. */
    CHECK(unary(t, BIG, NULL, &n) == LODE_OK && n == BIG);
    CHECK(grpc_testing_test_service_full_duplex_call_open(t->client, NULL, &t->stream, &t->error) ==
          LODE_OK);
    CHECK(duplex_send(t, BIG, BIG) == LODE_OK);
    CHECK(duplex_send(t, BIG, BIG) == LODE_OK);
    CHECK(duplex_receive(t, &n) == LODE_OK && n == BIG);
    CHECK(duplex_receive(t, &n) == LODE_OK && n == BIG);
    return true;
}

static bool message_limit(struct interop *t)
{
    const struct lode_client_opts opts = {.max_message = 100000};
    size_t n = 0;

    CHECK(unary(t, 5 << 20, NULL, &n) == LODE_RESOURCE_EXHAUSTED); /* the default: 4 MiB */
    CHECK(unary(t, 10, NULL, &n) == LODE_OK);
    lode_client_close(t->client);
    t->client = NULL;
    CHECK(lode_client_open(t->target, &opts, &t->client, &t->error) == LODE_OK);
    CHECK(unary(t, 100001, NULL, &n) == LODE_RESOURCE_EXHAUSTED);
    CHECK(strstr(t->error.message, "100000") != NULL);
    CHECK(unary(t, 99000, NULL, &n) == LODE_OK && n == 99000);
    return true;
}

static bool compressed_request(struct interop *t)
{
    const struct lode_call_opts opts = {.compress = true};
    size_t n = 0;

    CHECK(unary(t, 314159, &opts, &n) == LODE_OK && n == 314159);
    return true;
}

/* A reader that takes nothing stops the server within the windows, and then gets all of it. */
static bool slow_reader(struct interop *t)
{
    output_request request = GRPC__TESTING__STREAMING_OUTPUT_CALL_REQUEST__INIT;
    Grpc__Testing__ResponseParameters parameters[400];
    Grpc__Testing__ResponseParameters *list[400];
    size_t other = 0;
    size_t n = 0;
    size_t i;

    for (i = 0; i < 400; i++) {
        grpc__testing__response_parameters__init(&parameters[i]);
        parameters[i].size = 50000;
        list[i] = &parameters[i];
    }
    request.response_parameters = list;
    request.n_response_parameters = 400;
    CHECK(grpc_testing_test_service_streaming_output_call_open(t->client, &request, NULL,
                                                               &t->stream, &t->error) == LODE_OK);
    /* Another call on the same connection goes on meanwhile, and its bytes count on the same
     * window. */
    for (i = 0; i < 20; i++)
        CHECK(unary(t, 1000000, NULL, &other) == LODE_OK && other == 1000000);
    CHECK(drain(t->stream, &n, &t->error) == LODE_END);
    CHECK(n == 400);
    return true;
}

/* The server reads nothing for a while: sends wait, and all arrives. */
static bool slow_server(struct interop *t)
{
    const struct lode_metadata metadata[] = {{"x-sleep-ms", "300", 3}};
    const struct lode_call_opts opts = {.metadata = metadata, .n_metadata = 1};
    Grpc__Testing__StreamingInputCallRequest request =
        GRPC__TESTING__STREAMING_INPUT_CALL_REQUEST__INIT;
    Grpc__Testing__StreamingInputCallResponse *answer = NULL;
    Grpc__Testing__Payload payload = payload_of(60000);
    size_t i;

    request.payload = &payload;
    CHECK(grpc_testing_test_service_streaming_input_call_open(t->client, &opts, &t->stream,
                                                              &t->error) == LODE_OK);
    for (i = 0; i < 500; i++)
        CHECK(grpc_testing_test_service_streaming_input_call_send(t->stream, &request, &t->error) ==
              LODE_OK);
    CHECK(grpc_testing_test_service_streaming_input_call_finish(t->stream, &answer, &t->error) ==
          LODE_OK);
    CHECK(answer->aggregated_payload_size == 500 * 60000);
    lode_message_free(answer);
    return true;
}

/* The server ends the call while the client is still sending: send says END, receive says why. */
static bool early_status(struct interop *t)
{
    const struct lode_metadata metadata[] = {{"x-refuse", "1", 1}};
    const struct lode_call_opts opts = {.metadata = metadata, .n_metadata = 1};
    Grpc__Testing__StreamingInputCallRequest request =
        GRPC__TESTING__STREAMING_INPUT_CALL_REQUEST__INIT;
    Grpc__Testing__StreamingInputCallResponse *answer = NULL;
    Grpc__Testing__Payload payload = payload_of(60000);
    enum lode_status status = LODE_OK;
    size_t i;

    request.payload = &payload;
    CHECK(grpc_testing_test_service_streaming_input_call_open(t->client, &opts, &t->stream,
                                                              &t->error) == LODE_OK);
    for (i = 0; i < 10000 && status == LODE_OK; i++)
        status =
            grpc_testing_test_service_streaming_input_call_send(t->stream, &request, &t->error);
    CHECK(status == LODE_END);
    CHECK(grpc_testing_test_service_streaming_input_call_receive(t->stream, &answer, &t->error) ==
          LODE_PERMISSION_DENIED);
    CHECK(strcmp(t->error.message, "not today") == 0);
    return true;
}

static bool error_details(struct interop *t)
{
    const struct lode_metadata metadata[] = {{"x-lode-error", "1", 1}};
    const struct lode_call_opts opts = {.metadata = metadata, .n_metadata = 1};

    CHECK(unary(t, 1, &opts, NULL) == LODE_NOT_FOUND);
    CHECK(strcmp(t->error.code, "index_not_found") == 0);
    CHECK(strcmp(t->error.message, "Index `movies` not found.") == 0);
    return true;
}

static bool bad_metadata(struct interop *t)
{
    static const char *const names[] = {"Upper", "grpc-x", ":path", "", "te", "a b"};
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        const struct lode_metadata metadata[] = {{names[i], "v", 1}};
        const struct lode_call_opts opts = {.metadata = metadata, .n_metadata = 1};

        CHECK(unary(t, 1, &opts, NULL) == LODE_INVALID_ARGUMENT);
    }
    {
        const struct lode_metadata metadata[] = {{"x-ok", "line\nbreak", 10}};
        const struct lode_call_opts opts = {.metadata = metadata, .n_metadata = 1};

        CHECK(unary(t, 1, &opts, NULL) == LODE_INVALID_ARGUMENT);
    }
    CHECK(unary(t, 1, NULL, NULL) == LODE_OK);
    return true;
}

static bool deadline(struct interop *t)
{
    const struct lode_metadata metadata[] = {{"x-sleep-ms", "5000", 4}};
    const struct lode_call_opts opts = {.metadata = metadata, .n_metadata = 1, .timeout_ms = 150};
    const struct lode_call_opts past = {.timeout_ms = -1};
    int64_t before = now_ms();

    CHECK(unary(t, 1, &opts, NULL) == LODE_DEADLINE_EXCEEDED);
    CHECK(now_ms() - before >= 150 && now_ms() - before < 4000);
    CHECK(unary(t, 1, &past, NULL) == LODE_DEADLINE_EXCEEDED);
    CHECK(unary(t, 1, NULL, NULL) == LODE_OK); /* the connection is none the worse */
    return true;
}

/* ---- callbacks ----------------------------------------------------------------------- */

struct gathering {
    struct mutex lock;
    struct cond changed;
    int n_ok, n_failed, n_messages, n_writable, n_sent;
    size_t bytes;
    bool ended;
    enum lode_status status;
    enum lode_status blocking;
    struct lode_client *client;
};

static void gathering_init(struct gathering *g)
{
    memset(g, 0, sizeof(*g));
    mutex_init(&g->lock);
    cond_init(&g->changed);
}

static void gathering_done(struct gathering *g)
{
    cond_done(&g->changed);
    mutex_done(&g->lock);
}

static void gather_unary(void *arg, simple_response *answer, const struct lode_error *error)
{
    struct gathering *g = arg;

    mutex_lock(&g->lock);
    if (error->status == LODE_OK && answer && answer->payload->body.len == 100)
        g->n_ok++;
    else
        g->n_failed++;
    cond_signal(&g->changed);
    mutex_unlock(&g->lock);
    lode_message_free(answer);
}

static bool concurrent_unary(struct interop *t)
{
    simple_request request = GRPC__TESTING__SIMPLE_REQUEST__INIT;
    struct gathering g;
    int i;

    gathering_init(&g);
    request.response_size = 100;
    for (i = 0; i < MANY; i++)
        grpc_testing_test_service_unary_call_async(t->client, &request, NULL, gather_unary, &g);
    mutex_lock(&g.lock);
    while (g.n_ok + g.n_failed < MANY)
        cond_wait(&g.changed, &g.lock);
    mutex_unlock(&g.lock);
    gathering_done(&g);
    CHECK(g.n_ok == MANY);
    return true;
}

static void duplex_message(void *arg, struct lode_stream *stream, output_response *message)
{
    struct gathering *g = arg;
    ProtobufCMessage *ignored = NULL;
    struct lode_error error;

    g->n_messages++;
    g->bytes += message->payload->body.len;
    g->blocking = lode_stream_receive(stream, &ignored, &error); /* must refuse, not hang */
    lode_message_free(message);
}

/* Sends until told to wait, then goes on from on_writable. */
static void duplex_more(void *arg, struct lode_stream *stream)
{
    output_request request = GRPC__TESTING__STREAMING_OUTPUT_CALL_REQUEST__INIT;
    Grpc__Testing__ResponseParameters parameters = GRPC__TESTING__RESPONSE_PARAMETERS__INIT;
    Grpc__Testing__ResponseParameters *list[] = {&parameters};
    Grpc__Testing__Payload payload = payload_of(20000);
    struct gathering *g = arg;

    g->n_writable++;
    parameters.size = 30000;
    request.response_parameters = list;
    request.n_response_parameters = 1;
    request.payload = &payload;
    while (g->n_sent < 200) {
        g->n_sent++;
        if (!grpc_testing_test_service_full_duplex_call_send_async(stream, &request))
            return;
    }
    if (g->n_sent++ == 200)
        grpc_testing_test_service_full_duplex_call_send_end_async(stream);
}

static void duplex_end(void *arg, struct lode_stream *stream, const struct lode_error *error)
{
    struct gathering *g = arg;

    (void)stream;
    mutex_lock(&g->lock);
    g->ended = true;
    g->status = error->status;
    cond_signal(&g->changed);
    mutex_unlock(&g->lock);
}

static void gathering_wait(struct gathering *g)
{
    mutex_lock(&g->lock);
    while (!g->ended)
        cond_wait(&g->changed, &g->lock);
    mutex_unlock(&g->lock);
}

static bool callback_duplex(struct interop *t)
{
    static const struct grpc_testing_test_service_full_duplex_call_callbacks callbacks = {
        .on_message = duplex_message, .on_writable = duplex_more, .on_end = duplex_end};
    struct lode_stream *stream;
    struct gathering g;

    gathering_init(&g);
    stream = grpc_testing_test_service_full_duplex_call_open_async(t->client, NULL, &callbacks, &g);
    duplex_more(&g, stream);
    gathering_wait(&g);
    gathering_done(&g);
    CHECK(g.status == LODE_OK);
    CHECK(g.n_messages == 200 && g.bytes == 200 * 30000);
    CHECK(g.n_writable > 2);
    CHECK(g.blocking == LODE_FAILED_PRECONDITION);
    return true;
}

/* Closing a client ends what runs, each callback exactly once. */
static bool close_cancels(struct interop *t)
{
    const struct lode_metadata metadata[] = {{"x-sleep-ms", "3000", 4}};
    const struct lode_call_opts opts = {.metadata = metadata, .n_metadata = 1};
    simple_request request = GRPC__TESTING__SIMPLE_REQUEST__INIT;
    struct gathering g;
    int64_t before = now_ms();
    int i;

    gathering_init(&g);
    for (i = 0; i < 10; i++)
        grpc_testing_test_service_unary_call_async(t->client, &request, &opts, gather_unary, &g);
    CHECK(grpc_testing_test_service_full_duplex_call_open(t->client, NULL, &t->stream, &t->error) ==
          LODE_OK);
    lode_client_close(t->client);
    t->client = NULL;
    gathering_done(&g);
    CHECK(g.n_failed == 10 && g.n_ok == 0);
    CHECK(now_ms() - before < 2500);
    CHECK(duplex_send(t, 1, 1) == LODE_END); /* a stream outlives its client */
    CHECK(duplex_receive(t, &(size_t){0}) == LODE_CANCELLED);
    return true;
}

static void receive_in_thread(void *arg)
{
    struct interop *t = arg;
    size_t n;

    while (duplex_receive(t, &n) == LODE_OK)
        continue;
}

/* One thread sends, another receives, on one stream. */
static bool two_threads(struct interop *t)
{
    struct thread thread;
    struct interop receiver;
    int i;

    CHECK(grpc_testing_test_service_full_duplex_call_open(t->client, NULL, &t->stream, &t->error) ==
          LODE_OK);
    receiver = *t;
    thread_start(&thread, "receiver", receive_in_thread, &receiver);
    for (i = 0; i < 500; i++)
        CHECK(duplex_send(t, 20000, 20000) == LODE_OK);
    CHECK(lode_stream_send_end(t->stream, &t->error) == LODE_OK);
    thread_join(&thread);
    CHECK(receiver.error.status == LODE_OK);
    return true;
}

struct caller {
    struct interop *t;
    int n_ok;
};

static void call_in_thread(void *arg)
{
    struct caller *c = arg;
    struct interop t = {.client = c->t->client};
    size_t n = 0;
    int i;

    for (i = 0; i < 50; i++)
        c->n_ok += unary(&t, 1000 + i, NULL, &n) == LODE_OK && n == (size_t)(1000 + i);
}

static bool many_threads(struct interop *t)
{
    struct thread threads[8];
    struct caller callers[8];
    int total = 0;
    int i;

    for (i = 0; i < 8; i++) {
        callers[i] = (struct caller){.t = t};
        thread_start(&threads[i], "caller", call_in_thread, &callers[i]);
    }
    for (i = 0; i < 8; i++) {
        thread_join(&threads[i]);
        total += callers[i].n_ok;
    }
    CHECK(total == 8 * 50);
    return true;
}

static bool wrong_types(struct interop *t)
{
    static const struct lode_method unary_method = {
        .path = "/grpc.testing.TestService/UnaryCall",
        .in = &grpc__testing__simple_request__descriptor,
        .out = &grpc__testing__simple_response__descriptor,
    };
    Grpc__Testing__Empty wrong = GRPC__TESTING__EMPTY__INIT;
    ProtobufCMessage *answer = NULL;

    CHECK(lode_call_unary(t->client, &unary_method, &wrong.base, NULL, &answer, &t->error) ==
          LODE_INVALID_ARGUMENT);
    CHECK(lode_call_unary(t->client, &unary_method, NULL, NULL, &answer, &t->error) ==
          LODE_INVALID_ARGUMENT);
    return true;
}

static bool unreachable(struct interop *t)
{
    const struct lode_call_opts patient = {.wait_for_ready = true, .timeout_ms = 300};
    struct lode_client *client = NULL;
    struct interop other = *t;

    CHECK(lode_client_open("127.0.0.1:1", NULL, &client, &t->error) == LODE_OK);
    other.client = client;
    CHECK(unary(&other, 1, NULL, NULL) == LODE_UNAVAILABLE);
    CHECK(strstr(other.error.message, "127.0.0.1:1") && strstr(other.error.message, "refused"));
    CHECK(unary(&other, 1, &patient, NULL) == LODE_DEADLINE_EXCEEDED);
    lode_client_close(client);
    CHECK(lode_client_open("unix:/nonexistent/socket", NULL, &client, &t->error) == LODE_OK);
    other.client = client;
    CHECK(unary(&other, 1, NULL, NULL) == LODE_UNAVAILABLE);
    lode_client_close(client);
    CHECK(lode_client_open("http://x:1", NULL, &client, &t->error) == LODE_INVALID_ARGUMENT);
    CHECK(lode_client_open("host:99999", NULL, &client, &t->error) == LODE_INVALID_ARGUMENT);
    CHECK(lode_client_open("", NULL, &client, &t->error) == LODE_INVALID_ARGUMENT);
    return true;
}

static bool by_name(struct interop *t)
{
    char target[64];
    size_t n = 0;

    lode_client_close(t->client);
    t->client = NULL;
    snprintf(target, sizeof(target), "dns:///localhost%s", strrchr(t->target, ':'));
    CHECK(lode_client_open(target, NULL, &t->client, &t->error) == LODE_OK);
    CHECK(unary(t, 10, NULL, &n) == LODE_OK && n == 10);
    return true;
}

const struct interop_case interop_behaviour[] = {
    {"big_messages", big_messages},
    {"message_limit", message_limit},
    {"compressed_request", compressed_request},
    {"slow_reader", slow_reader},
    {"slow_server", slow_server},
    {"early_status", early_status},
    {"error_details", error_details},
    {"bad_metadata", bad_metadata},
    {"deadline", deadline},
    {"concurrent_unary", concurrent_unary},
    {"callback_duplex", callback_duplex},
    {"close_cancels", close_cancels},
    {"two_threads", two_threads},
    {"many_threads", many_threads},
    {"wrong_types", wrong_types},
    {"unreachable", unreachable},
    {"by_name", by_name},
    {0},
};
