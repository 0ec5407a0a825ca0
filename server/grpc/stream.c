/* SPDX-License-Identifier: MIT */
/*
 * stream.c -- the memory of streams, and their place in a session.
 *
 * Closed streams are kept for the next ones with their small buffers, so that a
 * unary call allocates nothing here; not in sanitizer builds, where a closed
 * stream must look freed.
 */
#include "base/assert.h"
#include "base/clock.h"
#include "base/mem.h"
#include "grpc/grpc_int.h"

enum { SPARE_MAX = 1024 };

static bool may_keep(const struct grpc_server *server)
{
#ifdef LODE_SANITIZED
    (void)server;
    return false;
#else
    return server->n_spare < SPARE_MAX;
#endif
}

static void trim(struct buf *b)
{
    size_t limit = b->limit;

    if (b->cap > GRPC_STREAM_KEEP) {
        buf_done(b);
        buf_init(b, limit);
    } else {
        buf_clear(b);
    }
}

static void destroy_stream(struct grpc__stream *st)
{
    buf_done(&st->head.text);
    xfree(st->head.items);
    grpc_frame_done(&st->parser);
    buf_done(&st->out);
    grpc__fields_done(&st->trailers);
    xfree(st);
}

void grpc__stream_free_spares(struct grpc_server *server)
{
    while (server->spare) {
        struct grpc__stream *st = server->spare;

        server->spare = st->next;
        destroy_stream(st);
    }
    server->n_spare = 0;
}

static struct grpc__stream *take_spare(struct grpc_server *server)
{
    struct grpc__stream *st = server->spare;
    struct grpc__stream fresh = {0};

    if (!st) {
        st = xcalloc(1, sizeof *st);
        grpc_frame_init(&st->parser, rpc_server_opts(server->rpc)->max_message);
        buf_init(&st->out, (size_t)1 << 30);
        grpc__fields_init(&st->trailers);
    } else {
        server->spare = st->next;
        server->n_spare--;
        fresh.head = st->head; /* their memory serves again */
        fresh.parser = st->parser;
        fresh.out = st->out;
        fresh.trailers = st->trailers;
        *st = fresh;
    }
    grpc__head_clear(&st->head);
    st->magic = GRPC_STREAM_MAGIC;
    return st;
}

struct grpc__stream *grpc__stream_open(struct grpc__session *ss, int32_t id)
{
    struct grpc__stream *st = take_spare(ss->server);

    st->id = id;
    st->session = ss;
    st->opened_ns = clock_mono_ns();
    st->progress_ns = st->opened_ns;
    st->next = ss->streams;
    if (st->next)
        st->next->prev = st;
    ss->streams = st;
    ss->n_streams++;
    return st;
}

static void unlist_writable(struct grpc__stream *st)
{
    struct grpc__stream **at = &st->session->writable;

    while (*at != st)
        at = &(*at)->next_writable;
    *at = st->next_writable;
    st->writable_listed = false;
}

void grpc__stream_close(struct grpc__stream *st)
{
    struct grpc__session *ss = st->session;
    struct grpc_server *server = ss->server;

    MAGIC_CHECK(st, GRPC_STREAM_MAGIC);
    st->ended = true; /* what the call still says is dropped */
    grpc__stream_let_go(st);
    grpc__request_release(st);
    if (st->writable_listed)
        unlist_writable(st);
    if (st->prev)
        st->prev->next = st->next;
    else
        ss->streams = st->next;
    if (st->next)
        st->next->prev = st->prev;
    ss->n_streams--;
    ss->n_background -= st->counted_background;
    if (ss->n_streams == 0)
        ss->idle_since_ns = clock_mono_ns();
    st->magic = 0;
    if (!may_keep(server)) {
        destroy_stream(st);
        return;
    }
    trim(&st->head.text);
    trim(&st->out);
    grpc__fields_clear(&st->trailers);
    st->next = server->spare;
    server->spare = st;
    server->n_spare++;
}

void grpc__stream_reset(struct grpc__stream *st, uint32_t code)
{
    if (st->reset)
        return;
    st->reset = true;
    (void)nghttp2_submit_rst_stream(st->session->h2, NGHTTP2_FLAG_NONE, st->id, code);
    grpc__session_want_flush(st->session);
}
