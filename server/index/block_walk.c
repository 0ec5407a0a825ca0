/* SPDX-License-Identifier: MIT */
/*
 * block_walk.c -- see block_walk.h.
 *
 * A cursor passes over the blocks. The documents whose numbers belong to a
 * block are those of its span (directory__span). If none of them has moved and
 * the block holds no other, it goes on untouched. Otherwise the span's
 * documents are gathered: from the block itself, or, replaced ones, from where
 * their last version lies. Gathered content is cut into pieces of the usual
 * size, which the pool compresses; until they are, whole blocks behind them
 * wait in the same queue.
 *
 * (1) Whatever came before in order is handed on before.
 * (2) Commits give rows to replaced documents in the order in which the old
 *     versions lay, so the blocks that moved ones are read from are visited in
 *     order too, once a commit: as long as they stay open each is inflated once.
 */
#include "index/block_walk.h"

#include "index/row_docs.h"

#include "base/mem.h"
#include "base/pool.h"
#include "store/store.h"

enum {
    QUEUE = 64,            /* blocks that wait for compression, or behind such */
    QUEUE_BYTES = 8 << 20, /* of content or values in the queue */
    MOVED_BYTES = 8 << 20, /* of inflated blocks that moved documents are in */
};

struct queued {
    bool made;          /* to be compressed */
    struct buf content; /* of made: records */
    struct buf value;
    size_t head; /* bytes of it before the frame */
    struct dir_entry entry;
    enum rc rc;
    struct err err;
};

struct block_walk {
    struct catalog_view *view;
    const struct index_state *s;
    walked_block_fn *each;
    void *arg;
    bool quick;
    struct codec *codec;        /* owned: the block that the cursor is on, if it was inflated */
    struct open_blocks *blocks; /* owned, or NULL: where moved documents are */
    struct open_block *moved;   /* owned, or NULL: where the last one was */
    uint32_t *ids;              /* owned: of the piece being gathered */
    size_t n_ids, ids_cap;
    struct queued queue[QUEUE]; /* owned */
    size_t n;                   /* queued */
    size_t bytes;
    bool gathering; /* queue[n] is open */
};

/* ---- the queue ------------------------------------------------------------------------- */

static enum rc hand_on(struct block_walk *w, struct dir_entry entry, struct bytes value,
                       struct bytes frame, struct err *err)
{
    const struct walked_block block = {entry, value, frame};

    return w->each(w->arg, &block, err);
}

static void compress(void *arg, size_t i)
{
    struct block_walk *w = arg;
    struct queued *q = &w->queue[i];
    struct codec *codec;

    q->rc = RC_OK;
    if (!q->made)
        return;
    codec = codec__take(w->view->catalog);
    q->rc = frame_encode(w->quick ? codec->quick : codec->encoder, buf_view(&q->content), &q->value,
                         &q->err);
    codec__give(w->view->catalog, codec);
}

/* Closes the piece being gathered. */
static void close_piece(struct block_walk *w)
{
    struct queued *q = &w->queue[w->n];

    if (!w->gathering)
        return;
    w->gathering = false;
    q->made = true;
    q->entry = (struct dir_entry){
        .first = w->ids[0], .count = (uint32_t)w->n_ids, .bytes = (uint32_t)q->content.n};
    buf_clear(&q->value);
    block__head_put(&q->value, w->ids, w->n_ids);
    q->head = q->value.n;
    w->bytes += q->content.n;
    w->n_ids = 0;
    w->n++;
}

static enum rc empty_queue(struct block_walk *w, struct err *err)
{
    struct pool *pool = w->view->catalog->pool;
    enum rc rc = RC_OK;
    size_t i;

    if (pool)
        pool_each(pool, w->n, compress, w);
    for (i = 0; i < w->n && rc == RC_OK; i++) {
        struct queued *q = &w->queue[i];

        if (!pool)
            compress(w, i);
        rc = q->rc;
        if (rc != RC_OK && err)
            *err = q->err;
        if (rc == RC_OK)
            rc = hand_on(w, q->entry, buf_view(&q->value),
                         bytes_of(q->value.p + q->head, q->value.n - q->head), err);
    }
    w->n = w->bytes = 0;
    return rc;
}

/* A place in the queue, empty; *ret_rc is that of handing on what was in the way. */
static struct queued *take_place(struct block_walk *w, enum rc *ret_rc, struct err *err)
{
    struct queued *q;

    *ret_rc = w->n == QUEUE || w->bytes >= QUEUE_BYTES ? empty_queue(w, err) : RC_OK;
    q = &w->queue[w->n];
    q->value.limit = q->content.limit = BUF_NO_LIMIT;
    buf_clear(&q->value);
    buf_clear(&q->content);
    return q;
}

static enum rc pass_whole(struct block_walk *w, struct dir_entry entry, struct bytes value,
                          struct bytes frame, struct err *err)
{
    struct queued *q;
    enum rc rc;

    close_piece(w);
    entry.version = 0;
    if (w->n == 0)
        return hand_on(w, entry, value, frame, err);
    q = take_place(w, &rc, err);
    if (rc != RC_OK)
        return rc;
    if (w->n == 0)
        return hand_on(w, entry, value, frame, err);
    q->made = false;
    q->entry = entry;
    (void)buf_bytes(&q->value, value);
    q->head = (size_t)(frame.p - value.p);
    w->bytes += value.n;
    w->n++;
    return RC_OK;
}

static enum rc gather(struct block_walk *w, uint32_t doc, struct bytes json, struct err *err)
{
    struct queued *q = &w->queue[w->n];
    enum rc rc = RC_OK;

    if (w->gathering && q->content.n + record_document_size(json.n) > RECORD_BLOCK_TARGET)
        close_piece(w);
    if (!w->gathering)
        q = take_place(w, &rc, err);
    if (rc != RC_OK)
        return rc;
    w->gathering = true;
    (void)record_put_document(&q->content, json, false);
    w->ids = index__grow(w->ids, sizeof *w->ids, w->n_ids + 1, &w->ids_cap);
    w->ids[w->n_ids++] = doc;
    return RC_OK;
}

/* ---- documents --------------------------------------------------------------------------- */

/* The last version of a document that was replaced. */
static enum rc read_moved(struct block_walk *w, uint32_t row, struct bytes *ret_json,
                          struct err *err)
{
    if (!w->blocks)
        w->blocks = open_blocks__new(MOVED_BYTES);
    return open_blocks__row(w->blocks, w->view, w->s, row, &w->moved, ret_json, err);
}

/* Gathers the documents of the i-th block's span; value is the block. */
static enum rc remake(struct block_walk *w, size_t i, struct bytes value, struct err *err)
{
    const struct rows *rows = w->s->search->rows;
    const struct dir_entry *entry = &w->s->dir.at[i];
    struct block_docs *docs = &w->codec->docs;
    struct doc_iter it;
    bool inflated = false;
    uint64_t from, to;
    uint32_t doc;
    enum rc rc = RC_OK;

    directory__span(&w->s->dir, i, &from, &to);
    doc_iter__init(&it, rows, (uint32_t)from);
    while (rc == RC_OK && doc_iter__next(&it, &doc) && doc < to) {
        uint32_t row = rows__row_of(rows, doc);
        struct bytes json = {0};
        size_t at;

        if (row != doc) {
            rc = read_moved(w, row, &json, err);
        } else {
            if (!inflated)
                rc =
                    block__inflate(w->codec->decoder, value, entry->first, entry->count, docs, err);
            if (rc != RC_OK)
                return rc;
            inflated = true;
            at = block__place(docs->ids, docs->n, row);
            if (at == docs->n)
                return index_state__damaged(w->s, "a document is not in its block", err);
            json = block_docs__json(docs, at);
        }
        if (rc == RC_OK)
            rc = gather(w, doc, json, err);
    }
    return rc;
}

static enum rc pass_block(struct block_walk *w, size_t i, struct bytes key, struct bytes value,
                          struct err *err)
{
    const struct index_state *s = w->s;
    struct block_head head;
    uint64_t from, to;
    enum rc rc;

    if (i >= s->dir.n || key.n != KEY_NUMBERED || get_u32be(key.p + KEY_HEAD) != s->dir.at[i].first)
        return index_state__damaged(w->s, "its blocks are not those of its directory", err);
    rc = block__head_read(value, &head, err);
    if (rc != RC_OK)
        return rc;
    if (head.count != s->dir.at[i].count)
        return index_state__damaged(w->s, "a block's count is not its directory's", err);
    directory__span(&s->dir, i, &from, &to);
    if (rows__live_between(s->search->rows, from, to) == head.count &&
        rows__unmoved(s->search->rows, from, to))
        return pass_whole(w, s->dir.at[i], value, head.frame, err);
    return remake(w, i, value, err);
}

static void walk_done(struct block_walk *w)
{
    size_t i;

    for (i = 0; i < QUEUE; i++) {
        buf_done(&w->queue[i].content);
        buf_done(&w->queue[i].value);
    }
    open_blocks__give(w->blocks, w->moved);
    open_blocks__free(w->blocks);
    xfree(w->ids);
    codec__give(w->view->catalog, w->codec);
    xfree(w);
}

enum rc block_walk__run(struct catalog_view *view, const struct index_state *s, bool quick,
                        walked_block_fn *each, void *arg, struct err *err)
{
    struct block_walk *w = xcalloc(1, sizeof *w);
    struct store_cursor *c = NULL;
    struct key prefix;
    size_t i = 0;
    enum rc rc;

    w->view = view;
    w->s = s;
    w->each = each;
    w->arg = arg;
    w->quick = quick;
    w->codec = codec__take(view->catalog);
    rc =
        store_cursor_open(view->store_view, key_head(&prefix, KEY_BLOCK, s->blocks), true, &c, err);
    if (rc != RC_OK)
        goto out;
    for (store_cursor_first(c); rc == RC_OK && store_cursor_valid(c); store_cursor_next(c), i++)
        rc = pass_block(w, i, store_cursor_key(c), store_cursor_value(c), err);
    if (rc == RC_OK)
        rc = store_cursor_end(c, err);
    if (rc == RC_OK && i != s->dir.n)
        rc = index_state__damaged(w->s, "blocks are missing", err);
    close_piece(w);
    if (rc == RC_OK)
        rc = empty_queue(w, err);

out:
    store_cursor_close(c);
    walk_done(w);
    return rc;
}
