/* SPDX-License-Identifier: MIT */
/*
 * import_pipe.c -- decoding and loading on two threads.
 *
 * One thread walks the dump: it reads, hashes and decodes. The other gives the
 * pieces to the loader, which parses documents for their ids and writes blocks.
 * What waits between them is bounded in bytes; a piece above the bound waits
 * until it is alone.
 */
#include "backup/backup_int.h"

#include "base/mem.h"
#include "index/index.h"

enum { WAITING_MAX = 16 << 20 };

enum piece_kind { PIECE_INDEX, PIECE_BLOCK, PIECE_INDEX_END };

struct piece {
    struct piece *next;
    enum piece_kind kind;
    struct bytes a, b; /* index: uid, primary key; block: frame, content */
    struct bytes settings;
    int64_t created_ns, updated_ns;
    uint64_t documents; /* index: what it says it has */
    size_t n_bytes;     /* of all that lies behind this struct */
    uint8_t data[];
};

struct import__pipe {
    struct loader *loader; /* borrowed */
    struct thread thread;
    struct mutex lock;
    struct cond changed;
    struct piece *first, **last;
    size_t waiting; /* bytes */
    bool ended, abandoned;
    enum rc rc; /* of the loading thread */
    struct err err;
    uint64_t documents; /* that the index in hand says it has; the loading thread's */
    char uid[INDEX_UID_MAX + 1];
};

static enum rc load(struct import__pipe *p, const struct piece *piece, struct err *err)
{
    uint64_t n = 0;
    enum rc rc;

    switch (piece->kind) {
    case PIECE_INDEX:
        p->documents = piece->documents;
        memcpy(p->uid, piece->a.p, piece->a.n < INDEX_UID_MAX ? piece->a.n : INDEX_UID_MAX);
        p->uid[piece->a.n < INDEX_UID_MAX ? piece->a.n : INDEX_UID_MAX] = '\0';
        return loader_index(p->loader, piece->a, piece->b, piece->created_ns, piece->updated_ns,
                            piece->settings, err);
    case PIECE_BLOCK:
        return loader_block(p->loader, piece->a, piece->b, err);
    case PIECE_INDEX_END:
        break;
    }
    rc = loader_index_end(p->loader, &n, err);
    if (rc == RC_OK && n != p->documents)
        rc = err_set(err, RC_CORRUPT, NULL, "index '%s' of the dump has %llu documents, not %llu",
                     p->uid, (unsigned long long)n, (unsigned long long)p->documents);
    return rc;
}

static struct piece *take(struct import__pipe *p)
{
    struct piece *piece;

    mutex_lock(&p->lock);
    while (!p->first && !p->ended)
        cond_wait(&p->changed, &p->lock);
    piece = p->abandoned ? NULL : p->first;
    if (piece) {
        p->first = piece->next;
        if (!p->first)
            p->last = &p->first;
    }
    mutex_unlock(&p->lock);
    return piece;
}

static void run(void *arg)
{
    struct import__pipe *p = arg;
    struct piece *piece;
    struct err err;
    enum rc rc = RC_OK;

    while (rc == RC_OK && (piece = take(p))) {
        rc = load(p, piece, &err);
        mutex_lock(&p->lock);
        p->waiting -= piece->n_bytes; /* only now: memory is what is bounded */
        cond_broadcast(&p->changed);
        mutex_unlock(&p->lock);
        xfree(piece);
    }
    if (rc == RC_OK)
        return;
    mutex_lock(&p->lock);
    p->rc = rc;
    p->err = err;
    cond_broadcast(&p->changed);
    mutex_unlock(&p->lock);
}

struct import__pipe *import__pipe_new(struct loader *loader)
{
    struct import__pipe *p = xcalloc(1, sizeof *p);

    p->loader = loader;
    p->last = &p->first;
    mutex_init(&p->lock);
    cond_init(&p->changed);
    thread_start(&p->thread, "import-load", run, p);
    return p;
}

static struct piece *piece_new(enum piece_kind kind, size_t n_bytes)
{
    struct piece *piece = xmalloc(sizeof *piece + n_bytes);

    *piece = (struct piece){.kind = kind, .n_bytes = n_bytes};
    return piece;
}

static struct bytes copy_to(uint8_t **at, struct bytes b)
{
    struct bytes copy = {*at, b.n};

    if (b.n)
        memcpy(*at, b.p, b.n);
    *at += b.n;
    return copy;
}

static enum rc push(struct import__pipe *p, struct piece *piece, struct err *err)
{
    enum rc rc;

    mutex_lock(&p->lock);
    while (p->rc == RC_OK && p->waiting > 0 && p->waiting + piece->n_bytes > WAITING_MAX)
        cond_wait(&p->changed, &p->lock);
    rc = p->rc;
    if (rc == RC_OK) {
        *p->last = piece;
        p->last = &piece->next;
        p->waiting += piece->n_bytes;
        cond_broadcast(&p->changed);
    }
    mutex_unlock(&p->lock);
    if (rc == RC_OK)
        return RC_OK;
    xfree(piece);
    return err_set(err, RC_CANCELLED, NULL, "loading has failed");
}

enum rc import__pipe_index(struct import__pipe *p, const Lode__Dump__V1__Index *index,
                           struct bytes settings, struct err *err)
{
    struct bytes uid = bytes_str(index->uid), key = bytes_str(index->primary_key);
    struct piece *piece = piece_new(PIECE_INDEX, uid.n + key.n + settings.n);
    uint8_t *at = piece->data;

    piece->a = copy_to(&at, uid);
    piece->b = copy_to(&at, key);
    piece->settings = copy_to(&at, settings);
    piece->created_ns = index->created_unix_ns;
    piece->updated_ns = index->updated_unix_ns;
    piece->documents = index->documents;
    return push(p, piece, err);
}

enum rc import__pipe_block(struct import__pipe *p, struct bytes frame, struct bytes content,
                           struct err *err)
{
    struct piece *piece = piece_new(PIECE_BLOCK, frame.n + content.n);
    uint8_t *at = piece->data;

    piece->a = copy_to(&at, frame);
    piece->b = copy_to(&at, content);
    return push(p, piece, err);
}

enum rc import__pipe_index_end(struct import__pipe *p, struct err *err)
{
    return push(p, piece_new(PIECE_INDEX_END, 0), err);
}

enum rc import__pipe_end(struct import__pipe *p, bool abandon, struct err *err)
{
    struct piece *piece, *next;
    enum rc rc;

    mutex_lock(&p->lock);
    p->ended = true;
    p->abandoned = abandon;
    cond_broadcast(&p->changed);
    mutex_unlock(&p->lock);
    thread_join(&p->thread);
    rc = p->rc;
    if (rc != RC_OK && err)
        *err = p->err;
    for (piece = p->first; piece; piece = next) {
        next = piece->next;
        xfree(piece);
    }
    cond_done(&p->changed);
    mutex_done(&p->lock);
    xfree(p);
    return rc;
}
