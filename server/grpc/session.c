/* SPDX-License-Identifier: MIT */
/*
 * session.c -- one HTTP/2 connection: nghttp2 between bytes and streams.
 *
 * (1) nghttp2 may call us only inside grpc__session_receive() and _flush(); what
 *     it calls may submit frames, but never receive, flush or free.
 * (2) A stream is in ss->streams from its first header byte until
 *     on_stream_close; only there is it freed.
 * (3) Every byte of DATA goes back to the connection's window on arrival,
 *     whatever becomes of its stream. So none can leak when streams die.
 * (4) Frames are made only while little waits for the socket, so the memory of a
 *     slow reader is its streams' queues, which handlers bound.
 *
 * The only file, with response.c, that knows which nghttp2 functions there are
 * (1.52: mem_recv and mem_send without the later "2" forms).
 */
#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "grpc/grpc_int.h"

#include <stdio.h>

enum {
    MAX_FRAME = 64 * 1024, /* more would keep other streams waiting */
    MAX_ACKS = 1000,
    MAX_SETTINGS = 32,
    MAX_CONTINUATIONS = 8,
};

static struct grpc__stream *stream_of(nghttp2_session *h2, int32_t id)
{
    return nghttp2_session_get_stream_user_data(h2, id);
}

/* ---- what nghttp2 reports: in --------------------------------------------------------- */

static int on_begin_headers(nghttp2_session *h2, const nghttp2_frame *frame, void *user)
{
    struct grpc__session *ss = user;

    ss->head_since_ns = clock_mono_ns();
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST || ss->closing)
        return 0;
    return nghttp2_session_set_stream_user_data(h2, frame->hd.stream_id,
                                                grpc__stream_open(ss, frame->hd.stream_id));
}

static int on_header(nghttp2_session *h2, const nghttp2_frame *frame, const uint8_t *name,
                     size_t n_name, const uint8_t *value, size_t n_value, uint8_t flags, void *user)
{
    struct grpc__stream *st = stream_of(h2, frame->hd.stream_id);

    (void)flags;
    (void)user;
    return st ? grpc__request_field(st, bytes_of(name, n_name), bytes_of(value, n_value)) : 0;
}

static void take_headers(struct grpc__session *ss, struct grpc__stream *st,
                         const nghttp2_frame *frame)
{
    ss->head_since_ns = 0;
    if (!st || ss->closing)
        return;
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST)
        grpc__request_begin(st);
    if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
        grpc__request_end(st);
}

static void take_data_frame(struct grpc__session *ss, struct grpc__stream *st,
                            const nghttp2_frame *frame)
{
    if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) {
        if (st && !ss->closing)
            grpc__request_end(st);
    } else if (frame->hd.length == frame->data.padlen) {
        grpc__guard_empty(ss);
    }
}

static int on_frame_recv(nghttp2_session *h2, const nghttp2_frame *frame, void *user)
{
    struct grpc__session *ss = user;

    if (frame->hd.type == NGHTTP2_HEADERS) {
        take_headers(ss, stream_of(h2, frame->hd.stream_id), frame);
    } else if (frame->hd.type == NGHTTP2_DATA) {
        take_data_frame(ss, stream_of(h2, frame->hd.stream_id), frame);
    } else if (frame->hd.type == NGHTTP2_PRIORITY) {
        grpc__guard_empty(ss);
    } else if (frame->hd.type == NGHTTP2_PING) {
        if (frame->hd.flags & NGHTTP2_FLAG_ACK)
            grpc__session_ping_ack(ss, frame->ping.opaque_data);
        else
            grpc__guard_ping(ss);
    }
    return 0;
}

static int on_invalid_frame_recv(nghttp2_session *h2, const nghttp2_frame *frame, int lib_error,
                                 void *user)
{
    struct grpc__session *ss = user;

    (void)h2;
    if (frame->hd.type == NGHTTP2_HEADERS)
        ss->head_since_ns = 0;
    if (log_enabled(LOG_DEBUG, "grpc"))
        log_event(LOG_DEBUG, "grpc", "invalid frame", "peer=%s type=%u stream=%d why=\"%s\"",
                  ss->peer, frame->hd.type, frame->hd.stream_id, nghttp2_strerror(lib_error));
    return 0;
}

static int on_data_chunk(nghttp2_session *h2, uint8_t flags, int32_t id, const uint8_t *data,
                         size_t n, void *user)
{
    struct grpc__session *ss = user;
    struct grpc__stream *st = stream_of(h2, id);

    (void)flags;
    ss->came_bytes += n;
    (void)nghttp2_session_consume_connection(h2, n); /* (3) */
    if (st && !ss->closing)
        grpc__request_data(st, bytes_of(data, n));
    return 0;
}

static int on_stream_close(nghttp2_session *h2, int32_t id, uint32_t code, void *user)
{
    struct grpc__stream *st = stream_of(h2, id);

    (void)code;
    (void)user;
    if (st)
        grpc__stream_close(st);
    return 0;
}

/* ---- what nghttp2 reports: out -------------------------------------------------------- */

static int on_frame_send(nghttp2_session *h2, const nghttp2_frame *frame, void *user)
{
    struct grpc__session *ss = user;
    struct grpc__stream *st;

    if (frame->hd.type == NGHTTP2_RST_STREAM) {
        grpc__guard_own_reset(ss, frame->rst_stream.error_code);
        return 0;
    }
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
        return 0;
    grpc__guard_sent(ss);
    if (!(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
        return 0;
    /*
     * The answer is whole and the request is not: tell the peer to stop. Only now; submitted
     * together with the trailers it would overtake and lose them.
     */
    st = stream_of(h2, frame->hd.stream_id);
    if (st && nghttp2_session_get_stream_remote_close(h2, frame->hd.stream_id) == 0)
        grpc__stream_reset(st, NGHTTP2_NO_ERROR);
    return 0;
}

static int on_frame_not_send(nghttp2_session *h2, const nghttp2_frame *frame, int lib_error,
                             void *user)
{
    struct grpc__session *ss = user;
    struct grpc__stream *st;

    if (frame->hd.type != NGHTTP2_HEADERS || lib_error == NGHTTP2_ERR_STREAM_CLOSED ||
        lib_error == NGHTTP2_ERR_STREAM_CLOSING)
        return 0;
    /* A block nghttp2 will not send: without a word the peer would wait to its deadline. */
    log_event(LOG_ERROR, "grpc", "header block not sent", "peer=%s stream=%d why=\"%s\"", ss->peer,
              frame->hd.stream_id, nghttp2_strerror(lib_error));
    st = stream_of(h2, frame->hd.stream_id);
    if (st)
        grpc__stream_reset(st, NGHTTP2_INTERNAL_ERROR);
    return 0;
}

static int send_data(nghttp2_session *h2, nghttp2_frame *frame, const uint8_t *head, size_t n,
                     nghttp2_data_source *source, void *user)
{
    struct grpc__session *ss = user;
    struct grpc__stream *st = source->ptr;

    (void)h2;
    ASSERT(frame->data.padlen == 0);
    if (ss->io->queued(ss->io_arg) >= GRPC_OUT_HIGH) { /* (4) */
        ss->blocked = true;
        return NGHTTP2_ERR_WOULDBLOCK;
    }
    ss->io->write(ss->io_arg, bytes_of(head, 9));
    ss->io->write(ss->io_arg, bytes_of(st->out.p + st->out_at, n));
    grpc__response_sent(st, n);
    return 0;
}

static ssize_t read_length(nghttp2_session *h2, uint8_t type, int32_t id, int32_t conn_window,
                           int32_t stream_window, uint32_t max_frame, void *user)
{
    int32_t n = (int32_t)(max_frame < MAX_FRAME ? max_frame : MAX_FRAME);

    (void)h2;
    (void)type;
    (void)id;
    (void)user;
    if (n > conn_window)
        n = conn_window;
    return n > stream_window ? stream_window : n;
}

void grpc__session_setup(struct grpc_server *server)
{
    const struct grpc_server_opts *opts = &server->opts;
    nghttp2_session_callbacks *cb;
    nghttp2_option *option;

    ASSERT(nghttp2_session_callbacks_new(&cb) == 0);
    nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame_recv);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(cb, on_invalid_frame_recv);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data_chunk);
    nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_stream_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(cb, on_frame_send);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(cb, on_frame_not_send);
    nghttp2_session_callbacks_set_send_data_callback(cb, send_data);
    nghttp2_session_callbacks_set_data_source_read_length_callback(cb, read_length);
    server->callbacks = cb;

    ASSERT(nghttp2_option_new(&option) == 0);
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_no_closed_streams(option, 1); /* nobody needs their priorities */
    nghttp2_option_set_max_outbound_ack(option, MAX_ACKS);
    nghttp2_option_set_max_settings(option, MAX_SETTINGS);
    nghttp2_option_set_max_continuations(option, MAX_CONTINUATIONS);
    nghttp2_option_set_stream_reset_rate_limit(option, opts->resets.burst, opts->resets.per_second);
    server->option = option;
}

/* ---- the session ---------------------------------------------------------------------- */

/* Clients wait for our SETTINGS before they call the connection usable. */
static void submit_settings(struct grpc__session *ss)
{
    const struct grpc_server_opts *opts = &ss->server->opts;
    nghttp2_settings_entry entries[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, opts->max_streams},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, opts->stream_window},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)opts->max_header_bytes},
    };

    ASSERT(nghttp2_submit_settings(ss->h2, NGHTTP2_FLAG_NONE, entries, ARRAY_LEN(entries)) == 0);
    ASSERT(nghttp2_session_set_local_window_size(ss->h2, NGHTTP2_FLAG_NONE, 0,
                                                 (int32_t)opts->conn_window) == 0);
}

struct grpc__session *grpc__session_new(struct grpc_server *server, const struct grpc__io *io,
                                        void *io_arg, const char *peer)
{
    struct grpc__session *ss = xcalloc(1, sizeof *ss);

    ss->magic = GRPC_SESSION_MAGIC;
    ss->server = server;
    ss->io = io;
    ss->io_arg = io_arg;
    (void)snprintf(ss->peer, sizeof ss->peer, "%s", peer);
    ss->opened_ns = ss->heard_ns = ss->idle_since_ns = clock_mono_ns();
    ss->sent_ns = ss->came_since_ns = ss->opened_ns;
    if (server->opts.max_age_ms) { /* not all in one moment: +-10 % */
        double share = 0.9 + 0.2 * rng_unit(&server->rng);

        ss->age_limit_ns = (int64_t)((double)server->opts.max_age_ms * share) * NS_PER_MS;
    }
    ASSERT(nghttp2_session_server_new2(&ss->h2, server->callbacks, ss, server->option) == 0);
    submit_settings(ss);
    ss->next = server->sessions;
    if (ss->next)
        ss->next->prev = ss;
    server->sessions = ss;
    server->n_sessions++;
    return ss;
}

void grpc__session_free(struct grpc__session *ss)
{
    struct grpc_server *server = ss->server;

    MAGIC_CHECK(ss, GRPC_SESSION_MAGIC);
    ss->closed = ss->closing = true;
    while (ss->streams)
        grpc__stream_close(ss->streams);
    nghttp2_session_del(ss->h2);
    if (ss->prev)
        ss->prev->next = ss->next;
    else
        server->sessions = ss->next;
    if (ss->next)
        ss->next->prev = ss->prev;
    server->n_sessions--;
    ss->magic = 0;
    xfree(ss);
}

void grpc__session_kick(struct grpc__session *ss, uint32_t code, const char *reason)
{
    if (ss->closing)
        return;
    ss->closing = true;
    log_event(LOG_WARN, "grpc", "connection refused further", "peer=%s reason=%s", ss->peer,
              reason);
    (void)nghttp2_submit_goaway(ss->h2, NGHTTP2_FLAG_NONE,
                                nghttp2_session_get_last_proc_stream_id(ss->h2), code,
                                (const uint8_t *)reason, strlen(reason));
    grpc__session_want_flush(ss);
}

void grpc__session_want_flush(struct grpc__session *ss)
{
    if (ss->flush_asked || ss->closed)
        return;
    ss->flush_asked = true;
    ss->io->want_flush(ss->io_arg);
}

void grpc__session_receive(struct grpc__session *ss, struct bytes data)
{
    ssize_t n;

    MAGIC_CHECK(ss, GRPC_SESSION_MAGIC);
    if (ss->closing)
        return;
    ss->heard_ns = clock_mono_ns();
    ss->ping_sent_ns = 0;
    n = nghttp2_session_mem_recv(ss->h2, data.p, data.n);
    if (n >= 0)
        return;
    log_event(LOG_WARN, "grpc", "connection broken", "peer=%s why=\"%s\"", ss->peer,
              nghttp2_strerror((int)n));
    ss->closing = true; /* flush sends the GOAWAY, if nghttp2 made one */
}

/* Frames to the socket's queue; false: enough waits there. */
static bool pump(struct grpc__session *ss)
{
    for (;;) {
        const uint8_t *p;
        ssize_t n;

        if (ss->io->queued(ss->io_arg) >= GRPC_OUT_HIGH) {
            ss->blocked = true;
            return false;
        }
        n = nghttp2_session_mem_send(ss->h2, &p);
        if (n < 0) {
            ss->closing = true;
            return false;
        }
        if (n == 0)
            return !ss->blocked;
        ss->io->write(ss->io_arg, bytes_of(p, (size_t)n));
    }
}

/* Handlers whose queue is low may go on; true: some did. */
static bool wake_writers(struct grpc__session *ss)
{
    bool any = false;

    while (ss->writable) {
        struct grpc__stream *st = ss->writable;

        ss->writable = st->next_writable;
        st->writable_listed = false;
        grpc__response_writable(st);
        any = true;
    }
    return any;
}

static void finish(struct grpc__session *ss)
{
    struct grpc__stream *st;

    ss->closing = ss->closed = true;
    for (st = ss->streams; st; st = st->next)
        grpc__stream_let_go(st); /* their calls need not wait for the socket */
    ss->io->close(ss->io_arg);
}

void grpc__session_flush(struct grpc__session *ss)
{
    bool was_blocked = ss->blocked;

    MAGIC_CHECK(ss, GRPC_SESSION_MAGIC);
    if (ss->closed)
        return;
    ss->blocked = false;
    ss->flush_asked = true; /* what asks in here is served in here */
    while (pump(ss) && wake_writers(ss))
        ;
    if (ss->drain == GRPC_DRAIN_FINAL && ss->n_streams == ss->n_background && !ss->closing) {
        grpc__session_drain_step(ss, clock_mono_ns());
        (void)pump(ss);
    }
    ss->flush_asked = false;
    /* A peer that does not read what it asked for may not ask for more. */
    if (ss->blocked != was_blocked)
        ss->io->pause(ss->io_arg, ss->blocked);
    if (ss->closing || (!nghttp2_session_want_read(ss->h2) && !nghttp2_session_want_write(ss->h2)))
        finish(ss);
}
