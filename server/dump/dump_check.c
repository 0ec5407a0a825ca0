/* SPDX-License-Identifier: MIT */
/*
 * dump_check.c -- decodes pieces of a dump on threads, while others are written or read.
 *
 * A piece is read from the file, not handed over in memory: for the writer that
 * is the kernel's copy, which goes to the disk, so a bit that fell over in any
 * buffer on the way is met here before the file gets its name. (Measured: the
 * reading is a twentieth of the decoding.)
 *
 * (1) A piece is in the ring or being checked, never both; n_busy counts the latter.
 * (2) After a failure pieces behind the bad one are dropped unread, pieces
 *     before it are still checked: what is reported does not depend on who
 *     was faster.
 */
#include "base/assert.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/spare.h"
#include "dump/dump_int.h"

enum {
    RING = 256, /* pieces that wait: their bytes are in the page cache, not here */
    THREADS_MAX = 16,
    ASK_MS = 100, /* how often `stop` is asked */
};

struct dump__checker {
    int fd;                         /* borrowed */
    struct dump_progress *progress; /* borrowed; may be NULL */
    struct mutex lock;              /* guards what follows */
    struct cond changed;
    struct dump__piece ring[RING];
    size_t head, n_waiting;
    unsigned n_busy;
    bool quit;
    enum rc rc;
    struct err err;         /* of bad */
    struct dump__piece bad; /* the failed piece that comes first in the file */
    unsigned n_threads;
    struct thread threads[THREADS_MAX];
};

/* What one thread works with. */
struct bench {
    struct buf bytes;
    struct frame_decoder *decoder;
};

static enum rc check_records(const struct dump__piece *p, struct bytes content, uint64_t *n_records,
                             struct err *err)
{
    uint64_t n = 0;
    struct record r;
    enum rc rc;

    for (; record_next(&content, &r, &rc, err); n++)
        if (!dump__kind_fits(p->kind, r.kind))
            return err_set(err, RC_CORRUPT, NULL, "a record of kind %u does not belong here",
                           r.kind);
    if (rc == RC_OK && n == 0)
        return err_set(err, RC_CORRUPT, NULL, "a frame holds no record");
    *n_records += n;
    return rc;
}

static enum rc check_frames(const struct dump__piece *p, struct bytes bytes, struct bench *b,
                            uint64_t *ret_records, struct err *err)
{
    uint64_t frames = 0, content = 0, records = 0;

    while (bytes.n > 0) {
        struct bytes inside;
        uint64_t declared;
        size_t n = 0;
        enum rc rc;

        rc = frame_measure(bytes, &n, &declared, err);
        if (rc == RC_NOT_FOUND)
            rc = err_set(err, RC_CORRUPT, NULL, "a frame is cut");
        if (rc == RC_OK)
            rc = frame_decode(b->decoder, bytes_of(bytes.p, n), RECORD_FRAME_MAX, &inside, err);
        if (rc == RC_OK)
            rc = check_records(p, inside, &records, err);
        if (rc != RC_OK)
            return rc;
        spare_pause();
        frames++;
        content += inside.n;
        bytes = bytes_of(bytes.p + n, bytes.n - n);
    }
    if (!p->count && records != p->records)
        return err_set(err, RC_CORRUPT, NULL, "%llu records were found instead of %llu",
                       (unsigned long long)records, (unsigned long long)p->records);
    if (frames != p->frames || content != p->content)
        return err_set(err, RC_CORRUPT, NULL, "%llu frames were found instead of %llu",
                       (unsigned long long)frames, (unsigned long long)p->frames);
    *ret_records = records;
    return RC_OK;
}

static enum rc check_piece(struct dump__checker *c, const struct dump__piece *p, struct bench *b,
                           struct err *err)
{
    uint64_t records = 0;
    size_t got = 0;
    enum rc rc;

    if (b->bytes.cap > 4 * DUMP__PIECE) { /* a rare big frame was here */
        buf_done(&b->bytes);
        buf_init(&b->bytes, DUMP__FRAME_BYTES_MAX + DUMP__PIECE);
    }
    if (!buf_reserve(&b->bytes, p->n))
        return err_set(err, RC_TOO_LARGE, NULL, "a frame of %zu bytes is over the limit", p->n);
    rc = fs_pread(c->fd, b->bytes.p, p->n, p->offset, &got, err);
    if (rc != RC_OK)
        return rc;
    if (got != p->n)
        return err_set(err, RC_CORRUPT, NULL, "the file ends inside of it");
    if (crc32c(p->crc_before, bytes_of(b->bytes.p, got)) != p->crc_after)
        return err_set(err, RC_CORRUPT, NULL, "the bytes read are not the bytes written");
    rc = check_frames(p, bytes_of(b->bytes.p, got), b, &records, err);
    if (rc != RC_OK)
        return rc;
    if (c->progress)
        atomic_fetch_add(&c->progress->verified, p->n);
    if (!p->count)
        return RC_OK;
    atomic_fetch_add(p->count, records);
    if (c->progress) /* nobody else has counted them */
        atomic_fetch_add(&c->progress->documents, records);
    return RC_OK;
}

/* The lock is held. */
static bool is_moot(const struct dump__checker *c, const struct dump__piece *p)
{
    return c->rc != RC_OK && p->offset > c->bad.offset;
}

static void run(void *arg)
{
    struct dump__checker *c = arg;
    struct bench b = {.decoder = frame_decoder_new()};

    buf_init(&b.bytes, DUMP__FRAME_BYTES_MAX + DUMP__PIECE);
    spare_begin();
    mutex_lock(&c->lock);
    for (;;) {
        struct dump__piece p;
        struct err err;
        enum rc rc = RC_OK;

        while (c->n_waiting == 0 && !c->quit)
            cond_wait(&c->changed, &c->lock);
        if (c->quit)
            break;
        p = c->ring[c->head];
        c->head = (c->head + 1) % RING;
        c->n_waiting--;
        c->n_busy++;
        if (!is_moot(c, &p)) {
            mutex_unlock(&c->lock);
            rc = check_piece(c, &p, &b, &err);
            mutex_lock(&c->lock);
        }
        if (rc != RC_OK && !is_moot(c, &p)) {
            c->rc = rc;
            c->err = err;
            c->bad = p;
        }
        c->n_busy--;
        cond_broadcast(&c->changed);
    }
    mutex_unlock(&c->lock);
    spare_end();
    buf_done(&b.bytes);
    frame_decoder_free(b.decoder);
}

struct dump__checker *dump__checker_new(int fd, unsigned n_threads, struct dump_progress *progress)
{
    struct dump__checker *c = xcalloc(1, sizeof *c);
    unsigned i;

    c->fd = fd;
    c->progress = progress;
    c->n_threads = n_threads > THREADS_MAX ? THREADS_MAX : n_threads;
    ASSERT(c->n_threads > 0);
    mutex_init(&c->lock);
    cond_init(&c->changed);
    for (i = 0; i < c->n_threads; i++)
        thread_start(&c->threads[i], "dump-check", run, c);
    return c;
}

void dump__checker_free(struct dump__checker *c)
{
    unsigned i;

    if (!c)
        return;
    mutex_lock(&c->lock);
    c->quit = true;
    cond_broadcast(&c->changed);
    mutex_unlock(&c->lock);
    for (i = 0; i < c->n_threads; i++)
        thread_join(&c->threads[i]);
    cond_done(&c->changed);
    mutex_done(&c->lock);
    xfree(c);
}

bool dump__checker_add(struct dump__checker *c, const struct dump__piece *piece)
{
    bool ok;

    mutex_lock(&c->lock);
    while (c->n_waiting == RING && c->rc == RC_OK)
        cond_wait(&c->changed, &c->lock);
    ok = c->rc == RC_OK;
    if (ok) {
        c->ring[(c->head + c->n_waiting) % RING] = *piece;
        c->n_waiting++;
        cond_broadcast(&c->changed);
    }
    mutex_unlock(&c->lock);
    return ok;
}

enum rc dump__checker_wait(struct dump__checker *c, dump__stop_fn *stop, void *arg,
                           struct dump__piece *ret_piece, struct err *err)
{
    enum rc rc = RC_OK;

    mutex_lock(&c->lock);
    while (c->n_waiting > 0 || c->n_busy > 0) {
        if (!stop) {
            cond_wait(&c->changed, &c->lock);
            continue;
        }
        mutex_unlock(&c->lock);
        if (stop(arg))
            return err_set(err, RC_CANCELLED, NULL, "the dump was stopped");
        mutex_lock(&c->lock);
        if (c->n_waiting > 0 || c->n_busy > 0)
            (void)cond_wait_until(&c->changed, &c->lock, clock_mono_ns() + ASK_MS * NS_PER_MS);
    }
    rc = c->rc;
    if (rc != RC_OK) {
        *ret_piece = c->bad;
        if (err)
            *err = c->err;
    }
    mutex_unlock(&c->lock);
    return rc;
}
