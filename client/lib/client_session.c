/* SPDX-License-Identifier: MIT */
/*
 * client_session.c -- HTTP/2 on one connection; the only file that knows nghttp2.
 *
 * (1) A stream's user data is its call while the call wants to hear from it,
 *     NULL afterwards; no call pointer is kept anywhere else in the session.
 * (2) The connection's window is given back on arrival, the stream's by
 *     client_call.c: one slow reader never stops the others.
 * (3) Callbacks submit, but never receive, send or delete.
 */
#include "client_int.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/mem.h"

#include <nghttp2/nghttp2.h>
#include <stdio.h>

enum {
    OUT_HIGH = 256 * 1024,   /* bytes for the socket at which the session is not asked for more */
    MAX_STREAM_ID = 1 << 30, /* a connection is retired before ids run out */
    FRAME_MAX = 64 * 1024,
};

static struct lode_stream *call_of(nghttp2_session *session, int32_t stream_id)
{
    struct lode_stream *call = nghttp2_session_get_stream_user_data(session, stream_id);

    if (call)
        MAGIC_CHECK(call, CALL_MAGIC);
    return call;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t n_name, const uint8_t *value, size_t n_value, uint8_t flags, void *arg)
{
    struct lode_stream *call = call_of(session, frame->hd.stream_id);

    (void)flags;
    (void)arg;
    if (call)
        client__response_field(call, bytes_of(name, n_name), bytes_of(value, n_value));
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *p,
                   size_t n, void *arg)
{
    struct lode_stream *call = call_of(session, stream_id);

    (void)flags;
    (void)arg;
    nghttp2_session_consume_connection(session, n);
    if (call)
        client__response_data(call, bytes_of(p, n));
    return 0;
}

static int on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    struct client_conn *conn = arg;
    bool end_stream = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
    struct lode_stream *call;

    switch (frame->hd.type) {
    case NGHTTP2_SETTINGS:
        if (!(frame->hd.flags & NGHTTP2_FLAG_ACK) && conn->state == CONN_SETTINGS)
            client__channel_ready(conn);
        break;
    case NGHTTP2_GOAWAY:
        conn->too_many_pings =
            frame->goaway.error_code == NGHTTP2_ENHANCE_YOUR_CALM &&
            bytes_eq(bytes_of(frame->goaway.opaque_data, frame->goaway.opaque_data_len),
                     B("too_many_pings"));
        client__channel_goaway(conn);
        break;
    case NGHTTP2_HEADERS:
        call = call_of(session, frame->hd.stream_id);
        if (call)
            client__response_block_end(call, end_stream);
        break;
    case NGHTTP2_DATA:
        call = call_of(session, frame->hd.stream_id);
        if (call && end_stream)
            client__response_end(call);
        break;
    default:
        break;
    }
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream_id, uint32_t code, void *arg)
{
    struct lode_stream *call = call_of(session, stream_id);
    struct client_conn *conn = arg;

    ASSERT(conn->n_streams > 0);
    conn->n_streams--;
    if (!call)
        return 0;
    call->conn = NULL; /* the stream is gone: nothing is left to reset */
    if (code == NGHTTP2_REFUSED_STREAM)
        client__call_retry_or_end(call, true, "the server refused the stream");
    else
        client__call_end(call, client__status_of_reset(code),
                         "%s: the stream was reset (HTTP/2 %s)", call->method->path,
                         nghttp2_http2_strerror(code));
    return 0;
}

static int on_frame_send(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    struct lode_stream *call;

    (void)arg;
    if (frame->hd.type != NGHTTP2_HEADERS)
        return 0;
    call = call_of(session, frame->hd.stream_id);
    if (call)
        call->on_wire = true;
    return 0;
}

/* A request that could not go out: after GOAWAY, or cancelled before its turn. */
static int on_frame_not_send(nghttp2_session *session, const nghttp2_frame *frame, int code,
                             void *arg)
{
    struct client_conn *conn = arg;
    struct lode_stream *call;

    if (frame->hd.type != NGHTTP2_HEADERS)
        return 0;
    if (!nghttp2_session_find_stream(session,
                                     frame->hd.stream_id)) { /* else on_stream_close counts it */
        ASSERT(conn->n_streams > 0);
        conn->n_streams--;
    }
    for (call = conn->client->calls; call; call = call->next)
        if (call->conn == conn && call->stream_id == frame->hd.stream_id)
            break;
    if (!call)
        return 0;
    if (code == NGHTTP2_ERR_START_STREAM_NOT_ALLOWED || code == NGHTTP2_ERR_SESSION_CLOSING ||
        code == NGHTTP2_ERR_STREAM_CLOSING)
        client__call_retry_or_end(call, false, "the connection is closing");
    else
        client__call_end(call, LODE_INTERNAL, "%s: %s", call->method->path, nghttp2_strerror(code));
    return 0;
}

static ssize_t read_length(nghttp2_session *session, uint8_t type, int32_t stream_id,
                           int32_t session_window, int32_t stream_window, uint32_t peer_max,
                           void *arg)
{
    ssize_t n = FRAME_MAX;

    (void)session;
    (void)type;
    (void)stream_id;
    (void)arg;
    n = n < session_window ? n : session_window;
    n = n < stream_window ? n : stream_window;
    return n < (ssize_t)peer_max ? n : (ssize_t)peer_max;
}

static ssize_t read_request(nghttp2_session *session, int32_t stream_id, uint8_t *p, size_t n,
                            uint32_t *flags, nghttp2_data_source *source, void *arg)
{
    struct lode_stream *call = call_of(session, stream_id);
    size_t done;
    bool end;

    (void)source;
    (void)arg;
    if (!call)
        return NGHTTP2_ERR_DEFERRED; /* its RST_STREAM is on the way */
    done = client__call_fill(call, p, n, &end);
    if (end)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return done || end ? (ssize_t)done : NGHTTP2_ERR_DEFERRED;
}

static nghttp2_session_callbacks *callbacks_new(void)
{
    nghttp2_session_callbacks *cb;

    if (nghttp2_session_callbacks_new(&cb) != 0)
        NEVER("nghttp2 has no memory");
    nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame_recv);
    nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_stream_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(cb, on_frame_send);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(cb, on_frame_not_send);
    nghttp2_session_callbacks_set_data_source_read_length_callback(cb, read_length);
    return cb;
}

bool client__session_open(struct client_conn *conn)
{
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, CLIENT_STREAM_WINDOW},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, CLIENT_HEADERS_MAX},
    };
    nghttp2_session_callbacks *cb = callbacks_new();
    nghttp2_option *option;
    int code;

    if (nghttp2_option_new(&option) != 0)
        NEVER("nghttp2 has no memory");
    nghttp2_option_set_no_auto_window_update(option, 1);
    code = nghttp2_session_client_new2(&conn->session, cb, conn, option);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(cb);
    if (code != 0)
        return false;
    conn->flush = true;
    return nghttp2_submit_settings(conn->session, NGHTTP2_FLAG_NONE, settings,
                                   sizeof(settings) / sizeof(*settings)) == 0 &&
           nghttp2_session_set_local_window_size(conn->session, NGHTTP2_FLAG_NONE, 0,
                                                 CLIENT_CONN_WINDOW) == 0;
}

void client__session_close(struct client_conn *conn)
{
    nghttp2_session_del(conn->session);
    conn->session = NULL;
}

bool client__session_receive(struct client_conn *conn, struct bytes data)
{
    ssize_t n = nghttp2_session_mem_recv(conn->session, data.p, data.n);

    conn->flush = true;
    return n == (ssize_t)data.n;
}

bool client__session_produce(struct client_conn *conn)
{
    conn->flush = false;
    while (conn->out.n - conn->out_off < OUT_HIGH) {
        const uint8_t *p;
        ssize_t n = nghttp2_session_mem_send(conn->session, &p);

        if (n < 0)
            return false;
        if (n == 0)
            return true;
        buf_append(&conn->out, p, (size_t)n);
    }
    conn->flush = true; /* more may wait */
    return true;
}

bool client__session_has_room(const struct client_conn *conn)
{
    uint32_t max =
        nghttp2_session_get_remote_settings(conn->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);

    return conn->state == CONN_OPEN && conn->n_streams < max;
}

/* ---- requests ------------------------------------------------------------------------ */

enum { FIXED_FIELDS = 11 };

static nghttp2_nv nv(const char *name, const char *value, size_t n_value, uint8_t flags)
{
    /* nghttp2 copies names and values at submit; its interface has no const. */
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name),
                        n_value, flags};
}

static size_t add_field(nghttp2_nv *v, size_t n, const char *name, const char *value, uint8_t flags)
{
    v[n] = nv(name, value, strlen(value), flags);
    return n + 1;
}

bool client__session_submit(struct client_conn *conn, struct lode_stream *call)
{
    struct lode_client *client = call->client;
    nghttp2_nv *v = xmalloc((FIXED_FIELDS + call->metadata.n) * sizeof(*v));
    nghttp2_data_provider provider = {.read_callback = read_request};
    char timeout[16];
    size_t n = 0;
    size_t i;
    int32_t id;

    n = add_field(v, n, ":method", "POST", 0);
    n = add_field(v, n, ":scheme", "http", 0);
    n = add_field(v, n, ":path", call->method->path, 0);
    n = add_field(v, n, ":authority", client->target.authority, 0);
    n = add_field(v, n, "te", "trailers", 0);
    if (call->deadline != INT64_MAX) {
        client__timeout_format(timeout, call->deadline - clock_mono_ns());
        n = add_field(v, n, "grpc-timeout", timeout, NGHTTP2_NV_FLAG_NO_INDEX);
    }
    n = add_field(v, n, "content-type", "application/grpc", 0);
    n = add_field(v, n, "user-agent", client->user_agent, 0);
    n = add_field(v, n, "grpc-accept-encoding", "identity,deflate,gzip", 0);
    if (call->compress)
        n = add_field(v, n, "grpc-encoding", "gzip", 0);
    if (client->api_key && !client__fields_get(&call->metadata, "authorization"))
        n = add_field(v, n, "authorization", client->api_key, NGHTTP2_NV_FLAG_NO_INDEX);
    ASSERT(n <= FIXED_FIELDS);
    for (i = 0; i < call->metadata.n; i++)
        v[n++] = nv(
            call->metadata.v[i].name, (const char *)call->metadata.v[i].value,
            call->metadata.v[i].n,
            strcmp(call->metadata.v[i].name, "authorization") == 0 ? NGHTTP2_NV_FLAG_NO_INDEX : 0);
    id = nghttp2_submit_request(conn->session, NULL, v, n, &provider, call);
    xfree(v);
    if (id < 0)
        return false;
    call->conn = conn;
    call->stream_id = id;
    call->state = CALL_RUNNING;
    conn->n_streams++;
    conn->used = true;
    conn->flush = true;
    if (id >= MAX_STREAM_ID)
        client__channel_goaway(conn);
    return true;
}

bool client__session_finished(const struct client_conn *conn)
{
    if (conn->state == CONN_DRAINING && conn->n_streams == 0)
        return true;
    return !nghttp2_session_want_read(conn->session) && !nghttp2_session_want_write(conn->session);
}

void client__session_reset(struct client_conn *conn, int32_t stream_id, bool cancel)
{
    if (!conn->session)
        return;
    nghttp2_submit_rst_stream(conn->session, NGHTTP2_FLAG_NONE, stream_id,
                              cancel ? NGHTTP2_CANCEL : NGHTTP2_NO_ERROR);
    conn->flush = true;
}

void client__session_forget(struct client_conn *conn, int32_t stream_id)
{
    if (conn->session)
        nghttp2_session_set_stream_user_data(conn->session, stream_id, NULL);
}

void client__session_resume(struct client_conn *conn, int32_t stream_id)
{
    if (!conn || !conn->session)
        return;
    nghttp2_session_resume_data(conn->session, stream_id);
    conn->flush = true;
    client__wake(conn->client);
}

void client__session_consume(struct client_conn *conn, int32_t stream_id, size_t n)
{
    if (!conn->session)
        return;
    nghttp2_session_consume_stream(conn->session, stream_id, n);
    if (!conn->flush && nghttp2_session_want_write(conn->session)) {
        conn->flush = true;
        client__wake(conn->client);
    }
}

void client__session_ping(struct client_conn *conn)
{
    nghttp2_submit_ping(conn->session, NGHTTP2_FLAG_NONE, NULL);
    conn->flush = true;
}
