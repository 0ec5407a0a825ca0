/* SPDX-License-Identifier: MIT */
/* gateway_world.c -- see gateway_world.h. */
#include "gateway_world.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/mem.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct gateway_world gw;

/* ---- handlers ---------------------------------------------------------------- */

static void on_cancel(struct rpc_call *call, void *arg)
{
    (void)call;
    (void)arg;
    gw.n_cancelled++;
}

static const struct rpc_call_ops call_ops = {.on_cancel = on_cancel};

/* True: the test answers later. */
static bool hold(struct rpc_call *call)
{
    gw.n_calls++;
    if (!gw.hold)
        return false;
    rpc_call_set_ops(call, &call_ops, NULL);
    gw.held = call;
    return true;
}

static void summary(struct rpc_call *call)
{
    Lode__V1__TaskSummary s = LODE__V1__TASK_SUMMARY__INIT;

    s.task_uid = 7;
    s.status = LODE__V1__TASK_STATUS__TASK_STATUS_ENQUEUED;
    rpc_call_reply(call, &s.base);
}

static void documents_get(struct rpc_call *call, const Lode__V1__GetDocumentRequest *r, void *arg)
{
    Lode__V1__GetDocumentResponse answer = LODE__V1__GET_DOCUMENT_RESPONSE__INIT;
    struct err err;

    (void)arg;
    buf_printf(&gw.log, "get(%s,%s,%zu) ", r->index_uid, r->document_id, r->n_fields);
    if (hold(call))
        return;
    if (!gw.document) {
        (void)err_set(&err, RC_NOT_FOUND, "document_not_found", "Document `%s` not found.",
                      r->document_id);
        rpc_call_fail(call, &err);
        return;
    }
    answer.document.data = (uint8_t *)(uintptr_t)gw.document;
    answer.document.len = gw.document_n ? gw.document_n : strlen(gw.document);
    rpc_call_reply(call, &answer.base);
}

static bool add_message(struct rpc_call *call, const ProtobufCMessage *msg, void *arg)
{
    const Lode__V1__AddDocumentsRequest *r = (const Lode__V1__AddDocumentsRequest *)msg;
    struct err err;

    (void)arg;
    if (*r->index_uid) {
        buf_printf(&gw.log, "first(%s,%s,%s) ", r->index_uid, r->content_type,
                   r->key_case ? r->primary_key : "-");
        if (gw.reject_first) {
            (void)err_set(&err, RC_INVALID, "invalid_index_uid", "No.");
            rpc_call_fail(call, &err);
        }
        return true;
    }
    buf_append(&gw.uploaded, r->chunk.data, r->chunk.len);
    gw.n_chunks++;
    gw.n_owed += gw.slow;
    return !gw.slow;
}

static void add_end(struct rpc_call *call, void *arg)
{
    struct err err;

    (void)arg;
    gw.ended = true;
    if (gw.uploaded.n == 0) {
        (void)err_set(&err, RC_INVALID, "missing_payload", "A json payload is missing.");
        rpc_call_fail(call, &err);
        return;
    }
    if (!gw.hold)
        summary(call);
}

static const struct rpc_stream_ops add_ops = {.on_message = add_message, .on_end = add_end};

static void documents_add(struct rpc_call *call, const Lode__V1__AddDocumentsRequest *r, void *arg)
{
    (void)r;
    (void)arg;
    gw.n_calls++;
    rpc_call_set_ops(call, &call_ops, NULL);
    rpc_call_set_stream(call, &add_ops, NULL);
    gw.held = call;
}

static void documents_delete_batch(struct rpc_call *call, const Lode__V1__DeleteDocumentsRequest *r,
                                   void *arg)
{
    size_t i;

    (void)arg;
    buf_printf(&gw.log, "delete(%s", r->index_uid);
    for (i = 0; i < r->n_ids; i++)
        buf_printf(&gw.log, ",%s", r->ids[i]);
    buf_printf(&gw.log, "%s%s) ", r->metadata_case ? ";" : "",
               r->metadata_case ? r->custom_metadata : "");
    if (!hold(call))
        summary(call);
}

static void indexes_list(struct rpc_call *call, const Lode__V1__ListIndexesRequest *r, void *arg)
{
    Lode__V1__ListIndexesResponse answer = LODE__V1__LIST_INDEXES_RESPONSE__INIT;

    (void)arg;
    answer.offset = r->offset;
    answer.limit = r->limit;
    if (!hold(call))
        rpc_call_reply(call, &answer.base);
}

static void indexes_create(struct rpc_call *call, const Lode__V1__CreateIndexRequest *r, void *arg)
{
    (void)arg;
    buf_printf(&gw.log, "create(%s,%s) ", r->uid, r->key_case ? r->primary_key : "-");
    if (!hold(call))
        summary(call);
}

static void keys_delete(struct rpc_call *call, const Lode__V1__DeleteKeyRequest *r, void *arg)
{
    Lode__V1__Empty empty = LODE__V1__EMPTY__INIT;

    (void)r;
    (void)arg;
    rpc_call_reply(call, &empty.base);
}

static void tasks_cancel(struct rpc_call *call, const Lode__V1__SelectTasksRequest *r, void *arg)
{
    (void)r;
    (void)arg;
    buf_printf(&gw.log, "cancel(%s) ", rpc_call_query_string(call));
    if (!hold(call))
        summary(call);
}

static void system_health(struct rpc_call *call, const Lode__V1__HealthRequest *r, void *arg)
{
    Lode__V1__HealthResponse answer;
    char available[] = "available";
    struct err err;

    (void)r;
    (void)arg;
    CU_ASSERT_EQUAL(rpc_call_add_initial(call, "x-extra", B("yes"), &err), RC_OK);
    lode__v1__health_response__init(&answer); /* its macro casts const away */
    answer.status = available;
    if (!hold(call))
        rpc_call_reply(call, &answer.base);
}

static void system_stats(struct rpc_call *call, const Lode__V1__StatsRequest *r, void *arg)
{
    struct err err;

    (void)r;
    (void)arg;
    (void)err_set(&err, RC_BUSY, NULL, "Later.");
    rpc_call_fail(call, &err);
}

static const struct lode__v1__documents__handlers documents = {
    .get = documents_get, .add = documents_add, .delete_batch = documents_delete_batch};
static const struct lode__v1__indexes__handlers indexes = {.list = indexes_list,
                                                           .create = indexes_create};
static const struct lode__v1__keys__handlers keys = {.delete = keys_delete};
static const struct lode__v1__settings_service__handlers settings = {0};
static const struct lode__v1__tasks__handlers tasks = {.cancel = tasks_cancel};
static const struct lode__v1__system__handlers system_handlers = {.health = system_health,
                                                                  .stats = system_stats};

static enum rc access_check(void *arg, struct rpc_call *call, const ProtobufCMessage *request,
                            struct err *err)
{
    struct bytes got = rpc_call_metadata(call, "authorization");

    (void)arg;
    gw.n_access++;
    gw.seen_index[0] = '\0';
    if (request && request->descriptor == &lode__v1__add_documents_request__descriptor)
        (void)snprintf(gw.seen_index, sizeof(gw.seen_index), "%s",
                       ((const Lode__V1__AddDocumentsRequest *)request)->index_uid);
    if (!gw.needed_key || bytes_eq(got, bytes_str(gw.needed_key)))
        return RC_OK;
    return err_set(err, RC_DENIED, "invalid_api_key", "The provided API key is invalid.");
}

/* ---- the executor ------------------------------------------------------------ */

static void run_now(void *arg, void (*fn)(void *), void *job)
{
    (void)arg;
    fn(job);
}

static void post(void *arg, void (*fn)(void *), void *job)
{
    net_post(arg, fn, job);
}

static void *timer(void *arg, int64_t mono_ns, void (*fn)(void *), void *job)
{
    return net_timer_start(arg, mono_ns, fn, job);
}

static void cancel_timer(void *arg, void *t)
{
    net_timer_cancel(arg, t);
}

/* ---- start and end ----------------------------------------------------------- */

static void start(const struct http_opts *opts)
{
    struct rpc_server_opts so = {.access = access_check};
    struct net_protocol protocol;
    struct net_listener_opts lo = {.addr = "127.0.0.1:0", .n_protocols = 1, .protocols = &protocol};
    size_t i;

    gw = (struct gateway_world){.loop = net_loop_new(), .document = "{\"id\":1}"};
    so.executor = (struct rpc_executor){run_now, post, timer, cancel_timer, gw.loop};
    gw.server = rpc_server_new(&so);
    rpc_server_add(gw.server, &lode__v1__documents__service, &documents, NULL);
    rpc_server_add(gw.server, &lode__v1__indexes__service, &indexes, NULL);
    rpc_server_add(gw.server, &lode__v1__keys__service, &keys, NULL);
    rpc_server_add(gw.server, &lode__v1__settings_service__service, &settings, NULL);
    rpc_server_add(gw.server, &lode__v1__tasks__service, &tasks, NULL);
    rpc_server_add(gw.server, &lode__v1__system__service, &system_handlers, NULL);
    gw.gateway = http_gateway_new(gw.server, opts);
    protocol = http_gateway_protocol(gw.gateway);
    CU_ASSERT_EQUAL_FATAL(net_listen(gw.loop, &lo, &gw.listener, &gw.err), RC_OK);
    buf_init(&gw.log, 1 << 20);
    buf_init(&gw.uploaded, 1 << 30);
    buf_init(&gw.answer.body, 1 << 28);
    for (i = 0; i < ARRAY_LEN(gw.fds); i++)
        gw.fds[i] = -1;
}

static void stop(void)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(gw.fds); i++)
        if (gw.fds[i] >= 0)
            close(gw.fds[i]);
    net_listener_close(gw.listener);
    net_loop_free(gw.loop);
    CU_ASSERT_EQUAL(rpc_server_live_calls(gw.server), 0);
    CU_ASSERT_EQUAL(http_gateway_n_requests(gw.gateway), 0);
    http_gateway_free(gw.gateway);
    rpc_server_free(gw.server);
    buf_done(&gw.log);
    buf_done(&gw.uploaded);
    buf_done(&gw.answer.body);
}

void gateway_setup(void)
{
    start(NULL);
}

void gateway_teardown(void)
{
    stop();
    clock_fake_off();
}

void gateway_restart(const struct http_opts *opts)
{
    stop();
    start(opts);
}

/* ---- the client -------------------------------------------------------------- */

int gateway_client(void)
{
    struct net_addr to;
    int fd;

    CU_ASSERT_EQUAL_FATAL(net__addr_parse(net_listener_addr(gw.listener), &to, &gw.err), RC_OK);
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_FATAL(fd >= 0 && gw.n_fds < ARRAY_LEN(gw.fds));
    gw.fds[gw.n_fds] = fd;
    gw.n_fds++;
    CU_ASSERT_EQUAL_FATAL(connect(fd, &to.u.sa, to.n), 0);
    return fd;
}

void gateway_hang_up(int fd)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(gw.fds); i++)
        if (gw.fds[i] == fd)
            gw.fds[i] = -1;
    close(fd);
}

void gateway_turn(unsigned passes)
{
    while (passes-- > 0)
        net__loop_pass(gw.loop, false);
}

void gateway_say(int fd, const char *text)
{
    gateway_say_bytes(fd, bytes_str(text));
}

void gateway_say_bytes(int fd, struct bytes b)
{
    int idle = 0;

    while (b.n > 0 && idle < 200) {
        ssize_t n = send(fd, b.p, b.n, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n > 0) {
            b = bytes_of(b.p + n, b.n - (size_t)n);
            idle = 0;
        } else if (errno != EAGAIN) {
            break; /* the server does not want the rest */
        } else {
            gateway_turn(2);
            idle++;
        }
    }
    gateway_turn(3);
}

/* One byte, turning the loop until it comes; -1 at the end, -2 when none comes. */
static int hear_byte(int fd, int patience)
{
    int i;

    for (i = 0; i < patience; i++) {
        unsigned char c;
        ssize_t n = recv(fd, &c, 1, MSG_DONTWAIT);

        if (n == 1)
            return c;
        if (n == 0 || errno != EAGAIN)
            return -1;
        gateway_turn(1);
        if (i > 20)
            poll(NULL, 0, 1); /* another CPU still carries the bytes over */
    }
    return -2;
}

enum { PATIENT = 2000, IMPATIENT = 60 };

static bool hear_head(int fd)
{
    struct answer *a = &gw.answer;
    size_t n = 0;

    while (n + 1 < sizeof(a->head)) {
        int c = hear_byte(fd, PATIENT);

        if (c < 0)
            return false;
        a->head[n] = (char)c;
        n++;
        a->head[n] = '\0';
        if (n >= 4 && memcmp(a->head + n - 4, "\r\n\r\n", 4) == 0)
            return true;
    }
    return false;
}

int gateway_hear(int fd, bool no_body)
{
    struct answer *a = &gw.answer;
    const char *length;
    size_t n;

    a->status = -1;
    a->head[0] = '\0';
    buf_clear(&a->body);
    if (!hear_head(fd) || strncmp(a->head, "HTTP/1.1 ", 9) != 0)
        return -1;
    a->status = (int)strtol(a->head + 9, NULL, 10);
    length = strstr(a->head, "\r\nContent-Length: ");
    n = length ? strtoul(length + 18, NULL, 10) : 0;
    while (!no_body && a->body.n < n) {
        int c = hear_byte(fd, PATIENT);

        if (c < 0)
            return -1;
        buf_byte(&a->body, (uint8_t)c);
    }
    return a->status;
}

bool gateway_ended(int fd)
{
    return hear_byte(fd, PATIENT) == -1;
}

void gateway_consume_all(void)
{
    int i;

    for (i = 0; i < 20000 && !gw.ended; i++) {
        if (gw.n_owed > 0) {
            rpc_call_consumed(gw.held, gw.n_owed);
            gw.n_owed = 0;
        }
        gateway_turn(1);
    }
}

bool gateway_log_is(const char *want)
{
    return bytes_eq(buf_view(&gw.log), bytes_str(want));
}

bool gateway_silent(int fd)
{
    return hear_byte(fd, IMPATIENT) == -2;
}

bool answer_has(const char *header_line)
{
    char line[512];

    (void)snprintf(line, sizeof(line), "\r\n%s\r\n", header_line);
    return strstr(gw.answer.head, line) != NULL;
}

bool answer_body_has(const char *want)
{
    bool there = strstr(buf_cstr(&gw.answer.body), want) != NULL;

    if (!there)
        printf("got: %s\n", buf_cstr(&gw.answer.body));
    return there;
}
