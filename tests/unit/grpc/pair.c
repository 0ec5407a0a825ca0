/* SPDX-License-Identifier: MIT */
/* pair.c -- see pair.h. */
#include "pair.h"

#include "base/clock.h"
#include "base/mem.h"
#include "pb/pb.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

struct pair pair;

static const int64_t start_ns = 1700000000LL * NS_PER_S;

/* ---- handlers ---------------------------------------------------------------------- */

static void on_cancel(struct rpc_call *call, void *arg)
{
    (void)call;
    (void)arg;
    pair.n_cancelled++;
    pair.held = NULL;
}

static void on_writable(struct rpc_call *call, void *arg)
{
    (void)call;
    (void)arg;
    pair.n_writable++;
}

static const struct rpc_call_ops call_ops = {.on_cancel = on_cancel, .on_writable = on_writable};

static void fail(struct rpc_call *call, size_t n_text)
{
    char text[ERR_MSG_MAX];
    struct err err;

    memset(text, 'x', n_text);
    text[n_text] = '\0';
    (void)err_set(&err, RC_NOT_FOUND, "index_not_found", "%s",
                  n_text ? text : "Index `m` not found.");
    rpc_call_fail(call, &err);
}

static void big_trailers(struct rpc_call *call)
{
    char name[32], value[201];
    struct err err;
    int i;

    memset(value, 'v', 200);
    value[200] = '\0';
    for (i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof name, "x-%d", i);
        CU_ASSERT_EQUAL(rpc_call_add_trailing(call, name, bytes_str(value), &err), RC_OK);
    }
}

static void unary_call(struct rpc_call *call, const Grpc__Testing__SimpleRequest *request,
                       void *arg)
{
    static uint8_t zeros[1 << 20];
    Grpc__Testing__SimpleResponse answer;
    Grpc__Testing__Payload payload;

    (void)arg;
    pair.n_got++;
    rpc_call_set_ops(call, &call_ops, NULL);
    if (request->response_size == PAIR_FAIL || request->response_size == PAIR_FAIL_LONG) {
        fail(call, request->response_size == PAIR_FAIL ? 0 : 2000);
        return;
    }
    if (request->response_size == PAIR_HOLD) {
        pair.held = call;
        return;
    }
    if (request->response_size == PAIR_BIG_TRAILERS)
        big_trailers(call);
    grpc__testing__simple_response__init(&answer);
    grpc__testing__payload__init(&payload);
    payload.body.data = zeros;
    payload.body.len = request->response_size > 0 ? (size_t)request->response_size : 0;
    answer.payload = &payload;
    rpc_call_reply(call, &answer.base);
}

static bool input_message(struct rpc_call *call, const ProtobufCMessage *msg, void *arg)
{
    (void)call;
    (void)msg;
    (void)arg;
    pair.n_got++;
    return !pair.take_later;
}

static void input_end(struct rpc_call *call, void *arg)
{
    Grpc__Testing__StreamingInputCallResponse answer;

    (void)arg;
    grpc__testing__streaming_input_call_response__init(&answer);
    rpc_call_reply(call, &answer.base);
}

static void input_call(struct rpc_call *call,
                       const Grpc__Testing__StreamingInputCallRequest *request, void *arg)
{
    static const struct rpc_stream_ops ops = {.on_message = input_message, .on_end = input_end};

    (void)request;
    (void)arg;
    pair.held = call;
    rpc_call_set_ops(call, &call_ops, NULL);
    rpc_call_set_stream(call, &ops, NULL);
}

static void output_call(struct rpc_call *call,
                        const Grpc__Testing__StreamingOutputCallRequest *request, void *arg)
{
    (void)request;
    (void)arg;
    pair.held = call;
    rpc_call_set_ops(call, &call_ops, NULL);
}

static const struct grpc__testing__test_service__handlers handlers = {
    .unary_call = unary_call,
    .streaming_input_call = input_call,
    .streaming_output_call = output_call};

/* ---- the server's socket -------------------------------------------------------------- */

static void io_write(void *arg, struct bytes b)
{
    (void)arg;
    CU_ASSERT(buf_bytes(&pair.wire, b));
}

static size_t io_queued(void *arg)
{
    (void)arg;
    return pair.wire.n + pair.stuck;
}

static void io_want_flush(void *arg)
{
    (void)arg;
    pair.flush_wanted = true;
}

static void io_pause(void *arg, bool on)
{
    (void)arg;
    pair.paused = on;
}

static void io_close(void *arg)
{
    (void)arg;
    pair.closed = true;
}

static void io_abort(void *arg)
{
    (void)arg;
    pair.aborted = true;
}

static const struct grpc__io io = {.write = io_write,
                                   .queued = io_queued,
                                   .want_flush = io_want_flush,
                                   .pause = io_pause,
                                   .close = io_close,
                                   .abort = io_abort};

/* ---- the client ------------------------------------------------------------------------ */

static int client_header(nghttp2_session *h2, const nghttp2_frame *frame, const uint8_t *name,
                         size_t n_name, const uint8_t *value, size_t n_value, uint8_t flags,
                         void *user)
{
    (void)h2;
    (void)flags;
    (void)user;
    buf_printf(&pair_answer(frame->hd.stream_id)->headers, "%.*s: %.*s\n", (int)n_name,
               (const char *)name, (int)n_value, (const char *)value);
    return 0;
}

static int client_data(nghttp2_session *h2, uint8_t flags, int32_t id, const uint8_t *data,
                       size_t n, void *user)
{
    (void)h2;
    (void)flags;
    (void)user;
    buf_append(&pair_answer(id)->data, data, n);
    return 0;
}

static int client_close(nghttp2_session *h2, int32_t id, uint32_t code, void *user)
{
    (void)h2;
    (void)user;
    pair_answer(id)->closed = true;
    pair_answer(id)->code = code;
    xfree(nghttp2_session_get_stream_user_data(h2, id));
    return 0;
}

static int client_frame(nghttp2_session *h2, const nghttp2_frame *frame, void *user)
{
    (void)h2;
    (void)user;
    if (frame->hd.type == NGHTTP2_PING && !(frame->hd.flags & NGHTTP2_FLAG_ACK))
        pair.n_pings++;
    if (frame->hd.type == NGHTTP2_GOAWAY) {
        pair.n_goaways++;
        pair.goaway_code = frame->goaway.error_code;
        (void)snprintf(pair.goaway_text, sizeof pair.goaway_text, "%.*s",
                       (int)frame->goaway.opaque_data_len, (const char *)frame->goaway.opaque_data);
    }
    return 0;
}

struct body { /* of a request, while nghttp2 sends it */
    struct buf bytes;
    size_t at;
    bool end;
};

static ssize_t client_read(nghttp2_session *h2, int32_t id, uint8_t *dst, size_t length,
                           uint32_t *flags, nghttp2_data_source *source, void *user)
{
    struct body *body = source->ptr;
    size_t n = body->bytes.n - body->at;

    (void)h2;
    (void)id;
    (void)user;
    if (n > length)
        n = length;
    if (n)
        memcpy(dst, body->bytes.p + body->at, n);
    body->at += n;
    if (body->at < body->bytes.n)
        return (ssize_t)n;
    if (body->end)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    else if (n == 0)
        return NGHTTP2_ERR_DEFERRED;
    return (ssize_t)n;
}

static void client_new(int32_t window)
{
    nghttp2_settings_entry setting = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, (uint32_t)window};
    nghttp2_session_callbacks *cb;
    nghttp2_option *option;

    CU_ASSERT_EQUAL_FATAL(nghttp2_session_callbacks_new(&cb), 0);
    nghttp2_session_callbacks_set_on_header_callback(cb, client_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, client_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(cb, client_close);
    nghttp2_session_callbacks_set_on_frame_recv_callback(cb, client_frame);
    CU_ASSERT_EQUAL_FATAL(nghttp2_option_new(&option), 0);
    nghttp2_option_set_no_auto_window_update(option, window >= 0);
    CU_ASSERT_EQUAL_FATAL(nghttp2_session_client_new2(&pair.client, cb, NULL, option), 0);
    nghttp2_session_callbacks_del(cb);
    nghttp2_option_del(option);
    CU_ASSERT_EQUAL(nghttp2_submit_settings(pair.client, 0, &setting, window >= 0), 0);
}

/* ---- the pair --------------------------------------------------------------------------- */

void pair_setup_with(const struct grpc_server_opts *opts, int32_t window)
{
    struct rpc_server_opts rpc_opts = {.max_message = 4 * 1024 * 1024};
    size_t i;

    memset(&pair, 0, sizeof pair);
    clock_fake_set(start_ns);
    fake_executor_init(&pair.ex);
    rpc_opts.executor = fake_executor_ops(&pair.ex);
    pair.rpc = rpc_server_new(&rpc_opts);
    rpc_server_add(pair.rpc, &grpc__testing__test_service__service, &handlers, NULL);
    pair.grpc = grpc_server_new(pair.rpc, opts);
    pair.ss = grpc__session_new(pair.grpc, &io, NULL, "127.0.0.1:1");
    buf_init(&pair.wire, 1 << 26);
    for (i = 0; i < PAIR_STREAMS; i++) {
        buf_init(&pair.answers[i].headers, 1 << 20);
        buf_init(&pair.answers[i].data, 1 << 26);
    }
    client_new(window);
    pair_run();
}

void pair_setup(void)
{
    pair_setup_with(NULL, -1);
}

void pair_teardown(void)
{
    size_t i;

    grpc__session_free(pair.ss);
    for (i = 0; i < PAIR_STREAMS; i++) { /* bodies of streams that did not close */
        if (!pair.answers[i].closed)
            xfree(nghttp2_session_get_stream_user_data(pair.client, (int32_t)(2 * i + 1)));
        buf_done(&pair.answers[i].headers);
        buf_done(&pair.answers[i].data);
    }
    nghttp2_session_del(pair.client);
    buf_done(&pair.wire);
    CU_ASSERT_EQUAL(rpc_server_live_calls(pair.rpc), 0);
    grpc_server_free(pair.grpc);
    rpc_server_free(pair.rpc);
    fake_executor_done(&pair.ex);
    clock_fake_off();
    CU_ASSERT_EQUAL(arena_live_count(), 0);
}

static bool move_to_server(void)
{
    const uint8_t *p;
    ssize_t n = nghttp2_session_mem_send(pair.client, &p);

    CU_ASSERT_FATAL(n >= 0);
    if (n <= 0)
        return false;
    if (!pair.closed)
        grpc__session_receive(pair.ss, bytes_of(p, (size_t)n));
    pair.flush_wanted = true;
    return true;
}

static bool move_to_client(void)
{
    if (pair.deaf || !pair.wire.n)
        return false;
    CU_ASSERT(nghttp2_session_mem_recv(pair.client, pair.wire.p, pair.wire.n) >= 0);
    buf_clear(&pair.wire);
    pair.flush_wanted = true; /* as on_drained does */
    return true;
}

void pair_run(void)
{
    bool moved;

    do {
        moved = move_to_server();
        if (pair.flush_wanted) {
            pair.flush_wanted = false;
            grpc__session_flush(pair.ss);
        }
        moved |= move_to_client();
    } while (moved || (pair.flush_wanted && !pair.closed));
}

void pair_tick(int64_t ms)
{
    clock_fake_advance(ms * NS_PER_MS);
    (void)fake_executor_timers(&pair.ex);
    grpc__session_tick(pair.ss, clock_mono_ns());
    pair_run();
}

static nghttp2_nv nv(const char *name, const char *value)
{
    return (nghttp2_nv){.name = (uint8_t *)(uintptr_t)name,
                        .value = (uint8_t *)(uintptr_t)value,
                        .namelen = strlen(name),
                        .valuelen = strlen(value)};
}

int32_t pair_open(const char *method, struct bytes body, bool end)
{
    struct body *b = xcalloc(1, sizeof *b + body.n);
    nghttp2_data_provider provider = {.source.ptr = b, .read_callback = client_read};
    char path[100];
    nghttp2_nv fields[6];
    int32_t id;

    (void)snprintf(path, sizeof path, "/grpc.testing.TestService/%s", method);
    fields[0] = nv(":method", "POST");
    fields[1] = nv(":scheme", "http");
    fields[2] = nv(":path", path);
    fields[3] = nv(":authority", "pair");
    fields[4] = nv("te", "trailers");
    fields[5] = nv("content-type", "application/grpc");
    b->bytes = (struct buf){.p = (uint8_t *)(b + 1), .n = body.n, .cap = body.n, .limit = body.n};
    if (body.n)
        memcpy(b->bytes.p, body.p, body.n);
    b->end = end;
    id = nghttp2_submit_request(pair.client, NULL, fields, 6, &provider, b);
    CU_ASSERT_FATAL(id > 0 && id / 2 < PAIR_STREAMS);
    pair_run();
    return id;
}

void pair_more(int32_t id, struct bytes body, bool end)
{
    struct body *b = nghttp2_session_get_stream_user_data(pair.client, id);

    CU_ASSERT_FATAL(b && body.n <= b->bytes.cap && b->at == b->bytes.n);
    b->at = 0;
    b->bytes.n = body.n;
    if (body.n)
        memcpy(b->bytes.p, body.p, body.n);
    b->end = end;
    (void)nghttp2_session_resume_data(pair.client, id);
    pair_run();
}

void pair_reset(int32_t id)
{
    CU_ASSERT_EQUAL(nghttp2_submit_rst_stream(pair.client, 0, id, NGHTTP2_CANCEL), 0);
    pair_run();
}

struct pair_answer *pair_answer(int32_t id)
{
    return &pair.answers[id / 2];
}

const char *pair_field(int32_t id, const char *name)
{
    static char value[16384];
    const char *line = buf_cstr(&pair_answer(id)->headers);
    size_t n = strlen(name);

    for (; *line; line = strchr(line, '\n') + 1) {
        if (strncmp(line, name, n) != 0 || line[n] != ':')
            continue;
        (void)snprintf(value, sizeof value, "%.*s", (int)strcspn(line + n + 2, "\n"), line + n + 2);
        return value;
    }
    return NULL;
}

struct bytes pair_request(int32_t response_size)
{
    static uint8_t bytes[64];
    Grpc__Testing__SimpleRequest request;
    size_t n;

    grpc__testing__simple_request__init(&request);
    request.response_size = response_size;
    n = grpc__testing__simple_request__pack(&request, bytes + GRPC_PREFIX);
    grpc_frame_put_prefix(bytes, false, (uint32_t)n);
    return bytes_of(bytes, n + GRPC_PREFIX);
}
