/* SPDX-License-Identifier: MIT */
/*
 * response.c -- what a call sends, as frames.
 *
 *   nothing --headers--> submitted --messages--> ... --end--> trailers behind the queue
 *      \--end without headers--> one block with END_STREAM (Trailers-Only)
 *
 * Messages wait in st->out, framed. nghttp2 asks for them when the peer's window
 * allows (grpc__response_read), and they go from there to the socket's queue
 * without another copy. The call is let go at its end: what is still to be sent
 * needs no call.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "grpc/grpc_int.h"
#include "pb/pb.h"

enum {
    OUT_COMPACT = 64 * 1024,        /* sent bytes in front that are worth moving the rest for */
    WARN_MESSAGE = 4 * 1024 * 1024, /* stock clients refuse more */
    OUT_LIMIT = 1 << 30,            /* bytes of one answer message, and of what waits */
};

/* nghttp2 takes pointers to what it does not write. */
static uint8_t *unconst(const char *s)
{
    return (uint8_t *)(uintptr_t)s;
}

static nghttp2_nv constant_nv(const char *name, const char *value)
{
    return (nghttp2_nv){
        .name = unconst(name),
        .value = unconst(value),
        .namelen = strlen(name),
        .valuelen = strlen(value),
        .flags = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE,
    };
}

static const char *content_type(const struct grpc__stream *st)
{
    return st->head.suffix ? "application/grpc+proto" : "application/grpc";
}

static void log_left_out(const struct grpc__stream *st, size_t n)
{
    if (n)
        log_event(LOG_WARN, "grpc", "metadata left out", "method=%s fields=%zu limit=%d",
                  st->head.method ? st->head.method->path : "-", n, GRPC_TRAILER_LIMIT);
}

/* ---- blocks ------------------------------------------------------------------------ */

static void submit_block(struct grpc__stream *st, const nghttp2_nv *nv, size_t n, bool has_body)
{
    nghttp2_data_provider provider = {.source.ptr = st, .read_callback = grpc__response_read};
    int rv;

    st->submitted = true;
    rv = nghttp2_submit_response(st->session->h2, st->id, nv, n, has_body ? &provider : NULL);
    if (rv != 0)
        grpc__stream_reset(st, NGHTTP2_INTERNAL_ERROR);
    grpc__session_want_flush(st->session);
}

static void send_headers(struct grpc__stream *st)
{
    nghttp2_nv nv[GRPC_FIELDS_MAX + 4];
    struct grpc__fields *f = &st->session->server->fields;
    const struct rpc_metadata *items;
    size_t n = 0, n_items = 0;

    nv[n++] = constant_nv(":status", "200");
    nv[n++] = constant_nv("content-type", content_type(st));
    if (st->call && rpc_call_may_compress(st->call) && st->head.accept >> 1) {
        st->out_coding = st->head.accept & 1U << GRPC_GZIP ? GRPC_GZIP : GRPC_DEFLATE;
        nv[n++] = constant_nv("grpc-encoding", grpc_coding_name(st->out_coding));
    }
    nv[n++] = constant_nv("grpc-accept-encoding", GRPC_ACCEPT_ENCODING);
    items = st->call ? rpc_call_initial_metadata(st->call, &n_items) : NULL;
    if (n_items) {
        grpc__fields_clear(f);
        log_left_out(st, grpc__fields_add_metadata(f, items, n_items));
        n += grpc__fields_nv(f, nv + n, GRPC_FIELDS_MAX);
    }
    submit_block(st, nv, n, true);
}

static void send_trailers_only(struct grpc__stream *st)
{
    nghttp2_nv nv[GRPC_FIELDS_MAX + 4];
    size_t n = 0;

    nv[n++] = constant_nv(":status", "200");
    nv[n++] = constant_nv("content-type", content_type(st));
    nv[n++] = constant_nv("grpc-accept-encoding", GRPC_ACCEPT_ENCODING);
    if (st->trailers.n)
        n += grpc__fields_nv(&st->trailers, nv + n, GRPC_FIELDS_MAX);
    else
        nv[n++] = constant_nv("grpc-status", "0");
    submit_block(st, nv, n, false);
}

static int submit_trailers(struct grpc__stream *st)
{
    nghttp2_nv nv[GRPC_FIELDS_MAX];
    size_t n = 0;

    if (st->trailers.n)
        n = grpc__fields_nv(&st->trailers, nv, GRPC_FIELDS_MAX);
    else
        nv[n++] = constant_nv("grpc-status", "0");
    return nghttp2_submit_trailer(st->session->h2, st->id, nv, n);
}

void grpc__response_plain(struct grpc__stream *st, const char *http_status)
{
    nghttp2_nv nv[2];
    size_t n = 0;

    st->ended = true;
    nv[n++] = constant_nv(":status", http_status);
    if (strcmp(http_status, "405") == 0)
        nv[n++] = constant_nv("allow", "POST");
    submit_block(st, nv, n, false);
}

void grpc__response_bad_request(struct grpc__stream *st, const char *text)
{
    nghttp2_nv nv[GRPC_FIELDS_MAX + 2];
    size_t n = 0;

    st->ended = true;
    grpc__fields_status(&st->trailers, 13, bytes_str(text), NULL);
    nv[n++] = constant_nv(":status", "400");
    nv[n++] = constant_nv("content-type", content_type(st));
    n += grpc__fields_nv(&st->trailers, nv + n, GRPC_FIELDS_MAX);
    submit_block(st, nv, n, false);
}

/* ---- the end ------------------------------------------------------------------------ */

static void wake_provider(struct grpc__stream *st)
{
    if (st->deferred) {
        st->deferred = false;
        (void)nghttp2_session_resume_data(st->session->h2, st->id);
    }
    grpc__session_want_flush(st->session);
}

/* st->trailers is filled. */
static void send_end(struct grpc__stream *st)
{
    st->ended = true;
    st->progress_ns = clock_mono_ns();
    if (!st->submitted)
        send_trailers_only(st);
    else
        wake_provider(st);
}

void grpc__stream_let_go(struct grpc__stream *st)
{
    struct rpc_call *call = st->call;

    st->call = NULL;
    if (call)
        rpc_call_door_gone(call);
}

void grpc__stream_fail(struct grpc__stream *st, int grpc_status, const char *text)
{
    if (!st->ended) {
        grpc__fields_status(&st->trailers, grpc_status, bytes_str(text), NULL);
        send_end(st);
    }
    grpc__stream_let_go(st);
}

static void op_finish(void *door, const struct rpc_status *status)
{
    struct grpc__stream *st = door;
    const struct rpc_metadata *items;
    size_t n;

    items = rpc_call_trailing_metadata(st->call, &n);
    if (status->err.rc != RC_OK || n > 0) {
        grpc__fields_status(&st->trailers, status->grpc_status, bytes_str(status->err.msg), status);
        log_left_out(st, grpc__fields_add_metadata(&st->trailers, items, n));
    }
    /*
     * Past the deadline nobody waits for what is queued, and trailers behind it may wait for a
     * window that never opens.
     */
    if (status->err.rc == RC_DEADLINE && grpc__stream_queued(st) > 0)
        grpc__stream_reset(st, NGHTTP2_CANCEL);
    send_end(st);
    grpc__stream_let_go(st);
}

/* ---- messages ----------------------------------------------------------------------- */

static void op_send_initial(void *door)
{
    struct grpc__stream *st = door;

    if (!st->submitted)
        send_headers(st);
}

static bool append_plain(struct grpc__stream *st, const ProtobufCMessage *msg, struct err *err)
{
    static const uint8_t blank[GRPC_PREFIX];
    size_t at = st->out.n;

    if (!buf_append(&st->out, blank, sizeof blank)) {
        (void)err_set(err, RC_TOO_LARGE, NULL, "Too much waits to be sent.");
        return false;
    }
    if (pb_pack(msg, &st->out, err) != RC_OK)
        return false;
    grpc_frame_put_prefix(st->out.p + at, false, (uint32_t)(st->out.n - at - GRPC_PREFIX));
    return true;
}

static bool append_compressed(struct grpc__stream *st, const ProtobufCMessage *msg, struct err *err)
{
    struct grpc_server *server = st->session->server;
    static const uint8_t blank[GRPC_PREFIX];
    size_t at = st->out.n;
    bool worth;

    buf_clear(&server->packed);
    if (pb_pack(msg, &server->packed, err) != RC_OK || !buf_append(&st->out, blank, sizeof blank))
        return false;
    worth = server->packed.n >= server->opts.compress_min;
    if (!worth)
        buf_bytes(&st->out, buf_view(&server->packed));
    else if (grpc_codec_deflate(server->codec, st->out_coding, buf_view(&server->packed), &st->out,
                                err) != RC_OK)
        return false;
    grpc_frame_put_prefix(st->out.p + at, worth, (uint32_t)(st->out.n - at - GRPC_PREFIX));
    if (server->packed.cap > GRPC_SCRATCH_KEEP) {
        buf_done(&server->packed);
        buf_init(&server->packed, OUT_LIMIT);
    }
    return true;
}

static void op_send_message(void *door, const ProtobufCMessage *msg, bool compress)
{
    struct grpc__stream *st = door;
    size_t before = st->out.n;
    struct err err = {0};
    bool good;

    if (st->ended)
        return;
    if (grpc__stream_queued(st) == 0)
        st->progress_ns = clock_mono_ns();
    good = compress && st->out_coding != GRPC_IDENTITY ? append_compressed(st, msg, &err)
                                                       : append_plain(st, msg, &err);
    if (!good) {
        st->out.full = false;
        buf_cut(&st->out, before);
        log_event(LOG_ERROR, "grpc", "answer not packed", "method=%s", st->head.method->path);
        grpc__stream_fail(st, 13, "The answer could not be packed.");
        return;
    }
    if (st->out.n - before > WARN_MESSAGE)
        log_event(LOG_WARN, "grpc", "large answer", "method=%s bytes=%zu", st->head.method->path,
                  st->out.n - before);
    st->was_high |= grpc__stream_queued(st) >= RPC_SEND_HIGH;
    wake_provider(st);
}

static size_t op_queued(void *door)
{
    return grpc__stream_queued(door);
}

/*
 * The handler took messages: their bytes go back to the stream's window. Bytes
 * are shared evenly among the messages that wait, which needs no list of sizes
 * and is exact when the last one is taken.
 */
static void op_consumed(void *door, size_t n_messages)
{
    struct grpc__stream *st = door;
    size_t bytes = st->unconsumed_bytes;

    if (n_messages < st->n_unconsumed)
        bytes = bytes / st->n_unconsumed * n_messages;
    else
        n_messages = st->n_unconsumed;
    st->n_unconsumed -= n_messages;
    st->unconsumed_bytes -= bytes;
    grpc__request_consume(st, bytes);
}

const struct rpc_door_ops grpc__door_ops = {
    .send_initial = op_send_initial,
    .send_message = op_send_message,
    .queued = op_queued,
    .consumed = op_consumed,
    .finish = op_finish,
};

/* ---- towards the socket --------------------------------------------------------------- */

ssize_t grpc__response_read(nghttp2_session *h2, int32_t id, uint8_t *dst, size_t length,
                            uint32_t *flags, nghttp2_data_source *source, void *user)
{
    struct grpc__stream *st = source->ptr;
    size_t n = grpc__stream_queued(st);

    (void)h2;
    (void)id;
    (void)dst;
    (void)user;
    if (n == 0 && !st->ended) {
        st->deferred = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    if (n > length) {
        n = length;
    } else if (st->ended) {
        *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
        if (submit_trailers(st) != 0)
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* RST_STREAM(INTERNAL_ERROR) */
    }
    if (n)
        *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    return (ssize_t)n;
}

void grpc__response_sent(struct grpc__stream *st, size_t n)
{
    struct grpc__session *ss = st->session;

    st->out_at += n;
    st->progress_ns = ss->sent_ns = clock_mono_ns();
    if (st->out_at == st->out.n) {
        buf_clear(&st->out);
        st->out_at = 0;
    } else if (st->out_at > OUT_COMPACT && st->out_at > st->out.n / 2) {
        buf_drop(&st->out, st->out_at);
        st->out_at = 0;
    }
    if (st->was_high && grpc__stream_queued(st) < RPC_SEND_LOW) {
        st->was_high = false;
        if (!st->writable_listed) {
            st->writable_listed = true;
            st->next_writable = ss->writable;
            ss->writable = st;
        }
    }
}

void grpc__response_writable(struct grpc__stream *st)
{
    if (st->call)
        rpc_call_writable(st->call);
}
