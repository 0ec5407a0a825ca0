/* SPDX-License-Identifier: MIT */
/*
 * dump_gather.c -- small frames repacked into big ones, when a dump must be small.
 *
 * The blocks of the database are small so that one document can be read; 4 MiB
 * frames of the same records are within 1 % of one long frame (bench_blocks).
 * A slot collects frames until they hold GATHER_BYTES of content; a thread
 * decodes them, joins the contents and encodes that; the caller's thread hands
 * finished slots out in the order in which they were filled.
 *
 * (1) Slots are filled, packed and emitted in ring order; `fill` is where the
 *     next frame goes, `emit` the oldest that was not handed out.
 * (2) A slot in PACKING belongs to one thread; in all other states to the caller.
 */
#include "base/assert.h"
#include "base/mem.h"
#include "base/spare.h"
#include "dump/dump_int.h"

enum {
    GATHER_BYTES = 4 << 20,
    THREADS_MAX = 16,
    SLOTS_MAX = THREADS_MAX + 2,
};

enum slot_state { SLOT_FILLING, SLOT_READY, SLOT_PACKING, SLOT_DONE };

struct slot {
    enum slot_state state;
    struct buf in;    /* frames, one behind the other */
    struct buf out;   /* the one frame they became */
    uint64_t content; /* of all that is in `in` */
    uint32_t n_documents;
    enum rc rc;
    struct err err;
};

struct dump__gather {
    int level;
    dump__emit_fn *emit_fn;
    void *arg;
    struct mutex lock; /* guards the states, take and quit */
    struct cond changed;
    size_t n_slots, fill, take, emit; /* positions in the ring */
    struct slot slots[SLOTS_MAX];
    bool quit;
    unsigned n_threads;
    struct thread threads[THREADS_MAX];
};

static enum rc join(struct slot *s, struct frame_decoder *decoder, struct buf *content,
                    struct err *err)
{
    struct bytes rest = buf_view(&s->in);

    buf_clear(content);
    while (rest.n > 0) {
        struct bytes inside;
        uint64_t declared;
        size_t n = 0;
        enum rc rc;

        rc = frame_measure(rest, &n, &declared, err);
        ASSERT(rc == RC_OK); /* dump_writer_block() measured it */
        rc = frame_decode(decoder, bytes_of(rest.p, n), RECORD_FRAME_MAX, &inside, err);
        if (rc != RC_OK)
            return rc;
        spare_pause();
        if (!buf_bytes(content, inside))
            return err_set(err, RC_TOO_LARGE, NULL, "gathered frames are over the limit");
        rest = bytes_of(rest.p + n, rest.n - n);
    }
    return RC_OK;
}

static void run(void *arg)
{
    struct dump__gather *g = arg;
    struct frame_encoder *encoder = frame_encoder_new(g->level);
    struct frame_decoder *decoder = frame_decoder_new();
    struct buf content;

    buf_init(&content, RECORD_FRAME_MAX);
    spare_begin();
    mutex_lock(&g->lock);
    while (!g->quit) {
        struct slot *s = &g->slots[g->take];

        if (s->state != SLOT_READY) {
            cond_wait(&g->changed, &g->lock);
            continue;
        }
        s->state = SLOT_PACKING;
        g->take = (g->take + 1) % g->n_slots;
        mutex_unlock(&g->lock);
        s->rc = join(s, decoder, &content, &s->err);
        if (s->rc == RC_OK)
            s->rc = frame_encode(encoder, buf_view(&content), &s->out, &s->err);
        mutex_lock(&g->lock);
        s->state = SLOT_DONE;
        cond_broadcast(&g->changed);
    }
    mutex_unlock(&g->lock);
    spare_end();
    buf_done(&content);
    frame_encoder_free(encoder);
    frame_decoder_free(decoder);
}

struct dump__gather *dump__gather_new(int level, unsigned n_threads, dump__emit_fn *emit, void *arg)
{
    struct dump__gather *g = xcalloc(1, sizeof *g);
    unsigned i;

    g->level = level;
    g->emit_fn = emit;
    g->arg = arg;
    g->n_threads = n_threads > THREADS_MAX ? THREADS_MAX : n_threads;
    ASSERT(g->n_threads > 0);
    g->n_slots = g->n_threads + 2;
    for (i = 0; i < g->n_slots; i++) {
        buf_init(&g->slots[i].in, 2 * (size_t)DUMP__FRAME_BYTES_MAX);
        buf_init(&g->slots[i].out, BUF_NO_LIMIT);
    }
    mutex_init(&g->lock);
    cond_init(&g->changed);
    for (i = 0; i < g->n_threads; i++)
        thread_start(&g->threads[i], "dump-pack", run, g);
    return g;
}

void dump__gather_free(struct dump__gather *g)
{
    unsigned i;

    if (!g)
        return;
    mutex_lock(&g->lock);
    g->quit = true;
    cond_broadcast(&g->changed);
    mutex_unlock(&g->lock);
    for (i = 0; i < g->n_threads; i++)
        thread_join(&g->threads[i]);
    for (i = 0; i < g->n_slots; i++) {
        buf_done(&g->slots[i].in);
        buf_done(&g->slots[i].out);
    }
    cond_done(&g->changed);
    mutex_done(&g->lock);
    xfree(g);
}

/* Waits for the oldest slot, hands its frame out and empties it. */
static enum rc emit_oldest(struct dump__gather *g, struct err *err)
{
    struct slot *s = &g->slots[g->emit];
    enum rc rc;

    mutex_lock(&g->lock);
    while (s->state != SLOT_DONE)
        cond_wait(&g->changed, &g->lock);
    mutex_unlock(&g->lock);
    rc = s->rc;
    if (rc == RC_OK)
        rc = g->emit_fn(g->arg, buf_view(&s->out), s->n_documents, err);
    else if (err)
        *err = s->err;
    buf_clear(&s->in);
    buf_clear(&s->out);
    s->content = 0;
    s->n_documents = 0;
    mutex_lock(&g->lock);
    s->state = SLOT_FILLING;
    mutex_unlock(&g->lock);
    g->emit = (g->emit + 1) % g->n_slots;
    return rc;
}

/* Gives the slot being filled to the threads. */
static enum rc submit(struct dump__gather *g, struct err *err)
{
    mutex_lock(&g->lock);
    g->slots[g->fill].state = SLOT_READY;
    cond_broadcast(&g->changed);
    mutex_unlock(&g->lock);
    g->fill = (g->fill + 1) % g->n_slots;
    return g->fill == g->emit ? emit_oldest(g, err) : RC_OK;
}

enum rc dump__gather_add(struct dump__gather *g, struct bytes frame, uint64_t content,
                         uint32_t n_documents, struct err *err)
{
    struct slot *s = &g->slots[g->fill];
    enum rc rc;

    if (s->content > 0 && s->content + content > GATHER_BYTES) {
        rc = submit(g, err);
        if (rc != RC_OK)
            return rc;
        s = &g->slots[g->fill];
    }
    if (!buf_bytes(&s->in, frame))
        return err_set(err, RC_TOO_LARGE, NULL, "a frame of %zu bytes is over the limit", frame.n);
    s->content += content;
    s->n_documents += n_documents;
    return RC_OK;
}

enum rc dump__gather_flush(struct dump__gather *g, struct err *err)
{
    enum rc rc = RC_OK;

    if (g->slots[g->fill].content > 0)
        rc = submit(g, err);
    while (rc == RC_OK && g->emit != g->fill)
        rc = emit_oldest(g, err);
    return rc;
}
