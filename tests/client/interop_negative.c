/* SPDX-License-Identifier: MIT */
/* interop_negative.c -- what the client makes of servers that misbehave; raw_server.py plays them.
 */
#include "interop.h"

#include "base/thread.h"
#include "client_int.h"

#include <string.h>

/* One unary call in which the server does `name` with `arg`. */
static enum lode_status play(struct interop *t, const char *name, const char *arg, size_t *ret_n)
{
    const struct lode_metadata metadata[] = {{"x-case", name, strlen(name)},
                                             {"x-arg", arg, arg ? strlen(arg) : 0}};
    const struct lode_call_opts opts = {
        .metadata = metadata, .n_metadata = arg ? 2 : 1, .timeout_ms = 20000};

    return unary(t, 1, &opts, ret_n);
}

static bool goaway(struct interop *t)
{
    size_t n = 0;

    CHECK(play(t, "goaway", NULL, &n) == LODE_OK && n == 1);
    CHECK(play(t, "good", NULL, &n) == LODE_OK && n == 2); /* on a second connection */
    return true;
}

static bool goaway_refuses(struct interop *t)
{
    size_t n = 0;

    CHECK(play(t, "goaway_refuse", NULL, &n) == LODE_OK && n == 2);
    return true;
}

static bool refused_stream(struct interop *t)
{
    size_t n = 0;

    CHECK(play(t, "refuse_once", NULL, &n) == LODE_OK && n == 1);
    CHECK(play(t, "refuse_always", NULL, NULL) == LODE_UNAVAILABLE);
    return true;
}

static bool resets(struct interop *t)
{
    static const struct {
        const char *code;
        enum lode_status status;
    } rows[] = {{"1", LODE_INTERNAL},
                {"2", LODE_INTERNAL},
                {"3", LODE_INTERNAL},
                {"8", LODE_CANCELLED},
                {"11", LODE_RESOURCE_EXHAUSTED},
                {"12", LODE_PERMISSION_DENIED},
                {"13", LODE_INTERNAL}};
    size_t i;

    CHECK(play(t, "rst_after_header", NULL, NULL) == LODE_INTERNAL);
    CHECK(play(t, "rst_during_data", NULL, NULL) == LODE_INTERNAL);
    CHECK(play(t, "rst_after_data", NULL, NULL) == LODE_INTERNAL);
    for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        CHECK(play(t, "rst_code", rows[i].code, NULL) == rows[i].status);
    return true;
}

static bool ping(struct interop *t)
{
    size_t n = 0;

    CHECK(play(t, "ping", NULL, &n) == LODE_OK && n == 20);
    return true;
}

struct together {
    struct mutex lock;
    struct cond changed;
    int n_done, n_one;
};

static void count(void *arg, simple_response *answer, const struct lode_error *error)
{
    struct together *g = arg;

    mutex_lock(&g->lock);
    g->n_done++;
    g->n_one += error->status == LODE_OK && answer->payload->body.len == 1;
    cond_signal(&g->changed);
    mutex_unlock(&g->lock);
    lode_message_free(answer);
}

static bool max_streams(struct interop *t)
{
    const struct lode_metadata metadata[] = {{"x-case", "one_stream", 10}};
    const struct lode_call_opts opts = {.metadata = metadata, .n_metadata = 1};
    const struct lode_call_opts hasty = {.metadata = metadata, .n_metadata = 1, .timeout_ms = 1};
    simple_request request = GRPC__TESTING__SIMPLE_REQUEST__INIT;
    struct together g = {0};
    int i;

    mutex_init(&g.lock);
    cond_init(&g.changed);
    CHECK(play(t, "max_streams", NULL, NULL) == LODE_OK);
    CHECK(play(t, "good", NULL, NULL) == LODE_OK); /* the new setting is surely here */
    for (i = 0; i < 10; i++)
        grpc_testing_test_service_unary_call_async(t->client, &request, &opts, count, &g);
    CHECK(unary(t, 1, &hasty, NULL) == LODE_DEADLINE_EXCEEDED); /* while it waits for its turn */
    mutex_lock(&g.lock);
    while (g.n_done < 10)
        cond_wait(&g.changed, &g.lock);
    mutex_unlock(&g.lock);
    cond_done(&g.changed);
    mutex_done(&g.lock);
    CHECK(g.n_one == 10);
    return true;
}

static bool foreign_answers(struct interop *t)
{
    static const struct {
        const char *http;
        enum lode_status status;
    } rows[] = {{"400", LODE_INTERNAL},          {"401", LODE_UNAUTHENTICATED},
                {"403", LODE_PERMISSION_DENIED}, {"404", LODE_UNIMPLEMENTED},
                {"429", LODE_UNAVAILABLE},       {"503", LODE_UNAVAILABLE},
                {"500", LODE_UNKNOWN},           {"200", LODE_UNKNOWN}};
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        CHECK(play(t, "http", rows[i].http, NULL) == rows[i].status);
        CHECK(strstr(t->error.message, "no gRPC here") != NULL);
    }
    return true;
}

static bool strange_ends(struct interop *t)
{
    CHECK(play(t, "no_trailers", NULL, NULL) == LODE_INTERNAL);
    CHECK(play(t, "trailers", "x-other=1", NULL) == LODE_UNKNOWN);
    CHECK(play(t, "trailers", "grpc-status=99", NULL) == LODE_UNKNOWN);
    CHECK(strstr(t->error.message, "99") != NULL);
    CHECK(play(t, "trailers", "grpc-status=5", NULL) == LODE_NOT_FOUND);
    CHECK(play(t, "trailers", "grpc-status=0", NULL) == LODE_OK);
    CHECK(play(t, "middle", NULL, NULL) == LODE_INTERNAL);
    CHECK(play(t, "early_hints", NULL, NULL) == LODE_OK);
    return true;
}

static bool broken_bodies(struct interop *t)
{
    CHECK(play(t, "body", "flag", NULL) == LODE_INTERNAL);
    CHECK(play(t, "body", "huge", NULL) == LODE_RESOURCE_EXHAUSTED);
    CHECK(play(t, "body", "cut", NULL) == LODE_INTERNAL);
    CHECK(play(t, "body", "cut_prefix", NULL) == LODE_INTERNAL);
    CHECK(play(t, "body", "two", NULL) == LODE_INTERNAL);
    CHECK(play(t, "body", "none", NULL) == LODE_INTERNAL);
    CHECK(play(t, "body", "protobuf", NULL) == LODE_INTERNAL);
    CHECK(play(t, "good", NULL, NULL) == LODE_OK); /* the connection took no harm */
    return true;
}

static bool every_byte_alone(struct interop *t)
{
    size_t n = 0;

    CHECK(play(t, "bytes", NULL, &n) == LODE_OK && n == 300);
    return true;
}

static bool big_headers(struct interop *t)
{
    CHECK(play(t, "headers", "58", NULL) == LODE_OK); /* 60 KB in CONTINUATIONs */
    CHECK(play(t, "headers", "90", NULL) == LODE_RESOURCE_EXHAUSTED);
    CHECK(play(t, "good", NULL, NULL) == LODE_OK);
    return true;
}

static bool codings(struct interop *t)
{
    size_t n = 0;

    CHECK(play(t, "coded", "good", &n) == LODE_OK && n == 5000);
    CHECK(play(t, "coded", "plain", &n) == LODE_OK && n == 5000);
    CHECK(play(t, "coded", "corrupt", NULL) == LODE_INTERNAL);
    CHECK(play(t, "coded", "cut", NULL) == LODE_INTERNAL);
    CHECK(play(t, "coded", "behind", NULL) == LODE_INTERNAL);
    CHECK(play(t, "coded", "unknown", NULL) == LODE_INTERNAL);
    CHECK(play(t, "coded", "undeclared", NULL) == LODE_INTERNAL);
    CHECK(play(t, "coded", "bomb", NULL) == LODE_RESOURCE_EXHAUSTED);
    return true;
}

static bool request_on_the_wire(struct interop *t)
{
    const struct lode_client_opts client_opts = {.api_key = "k-e-y", .user_agent = "tester/1"};
    const struct lode_metadata metadata[] = {{"x-case", "request", 7},
                                             {"x-a-bin", "\x00\xff\xfe", 3}};
    const struct lode_metadata coded[] = {{"x-case", "is_compressed", 13}};
    const struct lode_call_opts opts = {.metadata = metadata, .n_metadata = 2, .timeout_ms = 20000};
    const struct lode_call_opts compress = {.metadata = coded, .n_metadata = 1, .compress = true};
    size_t n = 0;

    lode_client_close(t->client);
    t->client = NULL;
    CHECK(lode_client_open(t->target, &client_opts, &t->client, &t->error) == LODE_OK);
    CHECK(unary(t, 1, &opts, &n) == LODE_OK && n == 1);
    CHECK(unary(t, 1, &compress, &n) == LODE_OK && n == 1);
    return true;
}

static bool binary_metadata(struct interop *t)
{
    static const struct {
        const char *arg;
        enum lode_status status;
    } rows[] = {{"padded", LODE_OK}, {"odd", LODE_OK},          {"unpadded", LODE_OK},
                {"list", LODE_OK},   {"broken", LODE_INTERNAL}, {"one", LODE_INTERNAL}};
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        CHECK(play(t, "bin", rows[i].arg, NULL) == rows[i].status);
    return true;
}

static bool server_sends_first(struct interop *t)
{
    const struct lode_metadata metadata[] = {{"x-case", "server_first", 12}};
    const struct lode_call_opts opts = {.metadata = metadata, .n_metadata = 1};
    size_t n = 0;

    CHECK(grpc_testing_test_service_full_duplex_call_open(t->client, &opts, &t->stream,
                                                          &t->error) == LODE_OK);
    CHECK(duplex_receive(t, &n) == LODE_OK && n == 77);
    CHECK(lode_stream_send_end(t->stream, &t->error) == LODE_OK);
    CHECK(duplex_receive(t, &n) == LODE_END);
    return true;
}

static bool lost_connection(struct interop *t)
{
    CHECK(play(t, "drop", NULL, NULL) == LODE_UNAVAILABLE);
    CHECK(play(t, "good", NULL, NULL) == LODE_OK);
    CHECK(play(t, "break", NULL, NULL) == LODE_UNAVAILABLE);
    CHECK(play(t, "good", NULL, NULL) == LODE_OK);
    return true;
}

static bool keepalive(struct interop *t)
{
    const struct client_tuning tuning = {.backoff_first_ms = 10,
                                         .backoff_max_ms = 50,
                                         .keepalive_min_ms = 20,
                                         .keepalive_timeout_ms = 100};
    const struct lode_client_opts opts = {.keepalive_ms = 50};

    lode_client_close(t->client);
    t->client = NULL;
    CHECK(client__open(t->target, &opts, &tuning, true, &t->client, &t->error) == LODE_OK);
    CHECK(play(t, "silent", NULL, NULL) == LODE_UNAVAILABLE);
    CHECK(strstr(t->error.message, "ping") != NULL);
    CHECK(play(t, "good", NULL, NULL) == LODE_OK);
    return true;
}

static bool http1_server(struct interop *t)
{
    CHECK(unary(t, 1, NULL, NULL) == LODE_UNAVAILABLE);
    return true;
}

static bool mute_server(struct interop *t)
{
    const struct lode_client_opts opts = {.connect_ms = 150};

    lode_client_close(t->client);
    t->client = NULL;
    CHECK(lode_client_open(t->target, &opts, &t->client, &t->error) == LODE_OK);
    CHECK(unary(t, 1, NULL, NULL) == LODE_UNAVAILABLE);
    CHECK(strstr(t->error.message, "no answer within 150 ms") != NULL);
    return true;
}

/* Servers that take connections and end them must not make the client spin. */
static bool backs_off(struct interop *t)
{
    const struct lode_call_opts patient = {.wait_for_ready = true, .timeout_ms = 300};

    CHECK(unary(t, 1, NULL, NULL) == LODE_UNAVAILABLE);
    CHECK(unary(t, 1, &patient, NULL) == LODE_DEADLINE_EXCEEDED);
    CHECK(t->client->backoff_ms >= 1000 * 1.6);
    return true;
}

const struct interop_case interop_negative[] = {
    {"goaway", goaway},
    {"goaway_refuses", goaway_refuses},
    {"refused_stream", refused_stream},
    {"resets", resets},
    {"ping", ping},
    {"max_streams", max_streams},
    {"foreign_answers", foreign_answers},
    {"strange_ends", strange_ends},
    {"broken_bodies", broken_bodies},
    {"every_byte_alone", every_byte_alone},
    {"big_headers", big_headers},
    {"codings", codings},
    {"request_on_the_wire", request_on_the_wire},
    {"binary_metadata", binary_metadata},
    {"server_sends_first", server_sends_first},
    {"lost_connection", lost_connection},
    {"keepalive", keepalive},
    {"http1_server", http1_server},
    {"mute_server", mute_server},
    {"closing_server", backs_off},
    {"goaway_server", backs_off},
    {0},
};
