/* SPDX-License-Identifier: MIT */
/*
 * open_blocks.c -- blocks that were inflated lately, handed out to one reader at a time.
 *
 * Who reads documents that are neighbours, of a page or in one request after the
 * other, inflates their block once. A reader has a block for himself while he
 * looks into it, so nothing is copied and nothing counted; a second one that
 * wants it meanwhile inflates his own. Blocks that come back stand in the order
 * of their coming. The oldest gives its memory to the next that is inflated.
 *
 * A block's key has its version, which changes whenever it is written again.
 *
 * (1) The limit holds for those that nobody has; the others are as many as there
 *     are readers.
 */
#include "index/index_int.h"

#include "base/mem.h"

enum { PLACES = 128 /* looked through from the newest on: a microsecond's worth */ };

struct place {
    struct block_key key;
    struct open_block *block;
};

struct open_blocks {
    size_t max_bytes;
    struct mutex lock; /* guards what follows */
    size_t bytes, n;
    struct place at[PLACES]; /* owned blocks, oldest first */
};

struct open_blocks *open_blocks__new(size_t max_bytes)
{
    struct open_blocks *o = xcalloc(1, sizeof *o);

    o->max_bytes = max_bytes;
    mutex_init(&o->lock);
    return o;
}

static void block_free(struct open_block *b)
{
    block_docs__done(&b->docs);
    xfree(b);
}

static size_t bytes_of_block(const struct open_block *b)
{
    return sizeof *b + b->docs.inflated.cap + b->docs.spans_cap * sizeof *b->docs.spans +
           b->docs.ids_cap * sizeof *b->docs.ids;
}

/* Takes the i-th out of its place. Lock held. */
static struct open_block *pick(struct open_blocks *o, size_t i)
{
    struct open_block *b = o->at[i].block;

    o->bytes -= bytes_of_block(b);
    memmove(o->at + i, o->at + i + 1, (--o->n - i) * sizeof *o->at);
    return b;
}

void open_blocks__clear(struct open_blocks *o)
{
    mutex_lock(&o->lock);
    while (o->n)
        block_free(pick(o, o->n - 1));
    mutex_unlock(&o->lock);
}

void open_blocks__free(struct open_blocks *o)
{
    if (!o)
        return;
    open_blocks__clear(o);
    mutex_done(&o->lock);
    xfree(o);
}

size_t open_blocks__bytes(struct open_blocks *o)
{
    size_t n;

    mutex_lock(&o->lock);
    n = o->bytes;
    mutex_unlock(&o->lock);
    return n;
}

static bool same(struct block_key a, struct block_key b)
{
    return a.first == b.first && a.blocks == b.blocks && a.version == b.version;
}

struct open_block *open_blocks__take(struct open_blocks *o, struct block_key key)
{
    struct open_block *b = NULL;
    size_t i;

    mutex_lock(&o->lock);
    for (i = o->n; i > 0 && !same(o->at[i - 1].key, key);)
        i--;
    if (i > 0)
        b = pick(o, i - 1);
    else if (o->n == PLACES || (o->n > 0 && o->bytes > o->max_bytes - o->max_bytes / 16))
        b = pick(o, 0);
    mutex_unlock(&o->lock);
    if (!b)
        b = xcalloc(1, sizeof *b);
    if (!same(b->key, key))
        b->docs.n = 0;
    b->key = key;
    return b;
}

void open_blocks__give(struct open_blocks *o, struct open_block *b)
{
    struct open_block *old[PLACES];
    size_t n_old = 0;

    if (!b)
        return;
    if (b->docs.n == 0 || bytes_of_block(b) > o->max_bytes / 4) {
        block_free(b);
        return;
    }
    mutex_lock(&o->lock);
    while (o->n == PLACES || (o->n > 0 && o->bytes + bytes_of_block(b) > o->max_bytes))
        old[n_old++] = pick(o, 0);
    o->at[o->n++] = (struct place){b->key, b};
    o->bytes += bytes_of_block(b);
    mutex_unlock(&o->lock);
    while (n_old)
        block_free(old[--n_old]);
}

/* ---- documents out of them ----------------------------------------------------------------- */

enum rc open_blocks__row(struct open_blocks *o, struct catalog_view *view,
                         const struct index_state *s, uint32_t row, struct open_block **held,
                         struct bytes *ret_json, struct err *err)
{
    size_t i = directory__find(&s->dir, row);
    struct open_block *b = *held;
    struct block_key key;

    if (i == s->dir.n)
        return index_state__damaged(s, "a document has no block", err);
    key = (struct block_key){s->blocks, s->dir.at[i].first, s->dir.at[i].version};
    if (!b || !same(b->key, key)) {
        open_blocks__give(o, b);
        b = *held = open_blocks__take(o, key);
    }
    if (b->docs.n == 0) {
        struct codec *codec = codec__take(view->catalog);
        enum rc rc = block__read(view->store_view, s, i, codec->decoder, &b->docs, err);

        codec__give(view->catalog, codec);
        if (rc != RC_OK)
            return rc;
    }
    return block_docs__row(s, &b->docs, row, ret_json, err);
}
