/* SPDX-License-Identifier: MIT */
/*
 * net_out.c -- what waits to be sent on one connection.
 *
 * A queue of chunks. Copied bytes fill the last chunk while they fit, so the
 * pieces of one answer leave in one send; references stand in chunks of their
 * own. Chunks of copies are of one size and go back to the loop's spares: a
 * connection without output holds no memory here.
 */
#include "net/net_int.h"

#include "base/assert.h"
#include "base/mem.h"

static const size_t chunk_room = NET_CHUNK_SIZE - sizeof(struct net_chunk);

static struct net_chunk *chunk_new(struct net_spare *spare)
{
    struct net_chunk *c = spare->head;

    if (c) {
        spare->head = c->next;
        spare->n--;
    } else {
        c = xmalloc(NET_CHUNK_SIZE);
    }
    *c = (struct net_chunk){.p = c->bytes, .room = chunk_room};
    return c;
}

static void chunk_free(struct net_chunk *c, struct net_spare *spare)
{
    if (c->done) {
        c->done(c->arg);
        xfree(c);
        return;
    }
    if (spare->n == NET_SPARE_CHUNKS) {
        xfree(c);
        return;
    }
    c->next = spare->head;
    spare->head = c;
    spare->n++;
}

static void chunk_push(struct net_out *out, struct net_chunk *c)
{
    if (out->tail)
        out->tail->next = c;
    else
        out->head = c;
    out->tail = c;
}

void net__out_copy(struct net_out *out, struct net_spare *spare, struct bytes b)
{
    while (b.n > 0) {
        struct net_chunk *c = out->tail;
        size_t n;

        if (!c || c->room == 0) {
            c = chunk_new(spare);
            chunk_push(out, c);
        }
        n = b.n < c->room ? b.n : c->room;
        memcpy(c->bytes + (chunk_room - c->room), b.p, n);
        c->room -= n;
        c->n += n;
        out->queued += n;
        b.p += n;
        b.n -= n;
    }
}

static void no_done(void *arg)
{
    (void)arg;
}

void net__out_ref(struct net_out *out, struct bytes b, void (*done)(void *), void *arg)
{
    struct net_chunk *c;

    if (b.n == 0) { /* an empty chunk would never be passed by net__out_sent() */
        if (done)
            done(arg);
        return;
    }
    c = xmalloc(sizeof(*c));
    *c = (struct net_chunk){.p = b.p, .n = b.n, .done = done ? done : no_done, .arg = arg};
    chunk_push(out, c);
    out->queued += b.n;
}

size_t net__out_iov(const struct net_out *out, struct iovec *iov, size_t max, size_t *ret_bytes)
{
    const struct net_chunk *c;
    size_t n = 0;

    *ret_bytes = 0;
    for (c = out->head; c && n < max; c = c->next) {
        /* sendmsg() only reads, but its iovec is shared with recvmsg(). */
        iov[n].iov_base = (void *)(uintptr_t)c->p;
        iov[n].iov_len = c->n;
        *ret_bytes += c->n;
        n++;
    }
    return n;
}

static void pop(struct net_out *out, struct net_spare *spare)
{
    struct net_chunk *c = out->head;

    out->queued -= c->n;
    out->head = c->next;
    if (!out->head)
        out->tail = NULL;
    chunk_free(c, spare);
}

void net__out_sent(struct net_out *out, struct net_spare *spare, size_t n)
{
    ASSERT(n <= out->queued);
    while (out->head && n >= out->head->n) {
        n -= out->head->n;
        pop(out, spare);
    }
    if (n > 0) {
        ASSERT(out->head); /* since n <= queued */
        out->head->p += n;
        out->head->n -= n;
        out->queued -= n;
    }
}

void net__out_drop(struct net_out *out, struct net_spare *spare)
{
    while (out->head)
        pop(out, spare);
}

void net__spare_free(struct net_spare *spare)
{
    while (spare->head) {
        struct net_chunk *c = spare->head;

        spare->head = c->next;
        xfree(c);
    }
    spare->n = 0;
}
