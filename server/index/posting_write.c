/* SPDX-License-Identifier: MIT */
/*
 * posting_write.c -- a commit's chunks into a batch, and crumbs swept together.
 *
 * A commit only appends: one chunk for each list it touches. Small commits would
 * leave a common word thousands of chunks, so appends are counted in memory, per
 * list and tile: every SWEEP of them are joined into one chunk, every SWEEP of
 * those again, and so on up to all that the tile has. A row is written again
 * SWEEP_LEVELS times at most, and nothing large is read for joining something
 * small: where the latest chunks begin is remembered.
 *
 * (1) Only committed chunks are joined, never the one of this commit: a commit
 *     may flush a tile in several pieces, and the pieces do not see each other.
 *     All rows of this commit are behind them.
 *
 * Counters sit in a table of fixed size; a list whose cell is taken wears the
 * other's counter down first. What is forgotten is counted anew, and what it
 * left is joined when a sweep goes back to the tile's beginning.
 */
#include "index/posting_int.h"

#include "base/hash.h"
#include "base/mem.h"
#include "index/keys.h"
#include "store/store.h"

enum {
    SWEEP = 32,
    SWEEP_LEVELS = 3, /* SWEEP, SWEEP^2, and the whole tile */
    CRUMB_CELLS = 1 << 16,
};

struct crumb {
    uint32_t tag; /* of the list and tile */
    uint32_t count;
    uint32_t from[SWEEP_LEVELS - 1]; /* row behind what was joined on that level, or a higher one */
};

struct crumbs {
    struct crumb cells[CRUMB_CELLS];
};

struct crumbs *crumbs__new(void)
{
    return xcalloc(1, sizeof(struct crumbs));
}

void crumbs__free(struct crumbs *c)
{
    xfree(c);
}

/* Counts an append; true: all from *ret_from on is to be joined, up to this one. */
static bool count_crumb(struct crumbs *crumbs, struct bytes list, uint32_t row, uint32_t *ret_from)
{
    uint32_t tile = row / TILE_ROWS, i, k, every = SWEEP;
    uint64_t hash = hash64(list, tile);
    struct crumb *c = &crumbs->cells[hash % CRUMB_CELLS];
    uint32_t tag = (uint32_t)(hash >> 32);

    if (c->tag != tag || c->count == 0) {
        if (c->count > 0 && --c->count > 0)
            return false;
        *c = (struct crumb){tag, 1, {row, row}};
        return false;
    }
    if (c->count++ % SWEEP)
        return false;
    /* count - 1 chunks are committed: a multiple of SWEEP. */
    for (i = 0; i < SWEEP_LEVELS - 1 && (c->count - 1) % (every * SWEEP) == 0; i++)
        every *= SWEEP;
    *ret_from = i < SWEEP_LEVELS - 1 ? c->from[i] : tile * TILE_ROWS;
    for (k = 0; k <= i && k < SWEEP_LEVELS - 1; k++)
        c->from[k] = row;
    return true;
}

/* ---- sweeping -------------------------------------------------------------------------- */

/* The committed chunks of one list in one tile. */
struct swept {
    struct buf text;
    struct bytes *chunks; /* point into text when all are there */
    uint32_t *rows;
    size_t n, chunks_cap, rows_cap;
};

static void swept_done(struct swept *s)
{
    buf_done(&s->text);
    xfree(s->chunks);
    xfree(s->rows);
}

static enum rc sweep_read(struct store_cursor *cursor, struct key *k, size_t n_list, uint32_t from,
                          struct swept *s, struct err *err)
{
    const uint8_t *at;
    size_t i;
    enum rc rc;

    store_cursor_seek(cursor, posting_key__row(k, n_list, from));
    for (; store_cursor_valid(cursor); store_cursor_next(cursor)) {
        struct bytes key = store_cursor_key(cursor), chunk = store_cursor_value(cursor);
        uint32_t row;

        if (key.n != n_list + 4 || memcmp(key.p, k->p, n_list) != 0)
            break;
        row = get_u32be(key.p + n_list);
        if (row / TILE_ROWS != from / TILE_ROWS)
            break;
        s->chunks = index__grow(s->chunks, sizeof *s->chunks, s->n + 1, &s->chunks_cap);
        s->rows = index__grow(s->rows, sizeof *s->rows, s->n + 1, &s->rows_cap);
        s->rows[s->n] = row;
        s->chunks[s->n++] = bytes_of(NULL, chunk.n);
        (void)buf_bytes(&s->text, chunk);
    }
    rc = store_cursor_end(cursor, err);
    for (i = 0, at = s->text.p; i < s->n; at += s->chunks[i++].n)
        s->chunks[i].p = at;
    return rc;
}

static enum rc sweep(struct store_cursor *cursor, struct key *k, size_t n_list, uint32_t from,
                     struct store_batch *batch, struct err *err)
{
    struct swept s = {0};
    struct buf joined;
    size_t i;
    enum rc rc;

    buf_init(&s.text, BUF_NO_LIMIT);
    buf_init(&joined, BUF_NO_LIMIT);
    rc = sweep_read(cursor, k, n_list, from, &s, err);
    if (rc != RC_OK || s.n < 2)
        goto out;
    rc = posting_chunk__join(s.chunks, s.rows, s.n, &joined, err);
    if (rc != RC_OK)
        goto out;
    for (i = 1; i < s.n; i++)
        store_batch_del(batch, posting_key__row(k, n_list, s.rows[i]));
    store_batch_put(batch, posting_key__row(k, n_list, s.rows[0]), buf_view(&joined));

out:
    buf_done(&joined);
    swept_done(&s);
    return rc;
}

/* ---- a commit -------------------------------------------------------------------------- */

struct writing {
    uint32_t words;
    struct crumbs *crumbs;
    struct store_view *view;
    struct store_batch *batch;
    struct store_cursor *cursors[3]; /* owned; by kind, opened when first wanted */
};

static enum rc put_chunk(void *arg, enum posting_kind kind, struct bytes key, uint32_t first_row,
                         struct bytes chunk, struct err *err)
{
    struct writing *x = arg;
    struct bytes list;
    struct key k;
    uint32_t from;
    enum rc rc;

    list = posting_key__list(&k, kind, x->words, key);
    store_batch_put(x->batch, posting_key__row(&k, list.n, first_row), chunk);
    if (!x->crumbs || !count_crumb(x->crumbs, list, first_row, &from))
        return RC_OK;
    if (!x->cursors[kind]) {
        rc = store_cursor_open(x->view, bytes_of(list.p, KEY_HEAD), false, &x->cursors[kind], err);
        if (rc != RC_OK)
            return rc;
    }
    return sweep(x->cursors[kind], &k, list.n, from, x->batch, err);
}

static void put_words(struct store_batch *batch, uint32_t words, const struct bytes *all,
                      const uint32_t *fresh, size_t n_fresh)
{
    struct key k;
    size_t i;

    for (i = 0; i < n_fresh; i++)
        store_batch_put(batch, key_named(&k, KEY_WORD, words, all[fresh[i]]), B(""));
}

enum rc posting_write__batch(struct posting_builder *b, uint32_t words, const struct vocab *vocab,
                             struct crumbs *crumbs, struct store_view *view,
                             struct store_batch *batch, struct vocab **ret_vocab, struct err *err)
{
    struct writing x = {.words = words, .crumbs = crumbs, .view = view, .batch = batch};
    const struct bytes *all;
    uint32_t *fresh;
    size_t i, n_all, n_fresh;
    enum rc rc;

    rc = posting_builder__flush(b, put_chunk, &x, &all, &n_all, err);
    for (i = 0; i < ARRAY_LEN(x.cursors); i++)
        store_cursor_close(x.cursors[i]);
    if (rc != RC_OK)
        return rc;
    *ret_vocab = vocab__add(vocab, all, n_all, &fresh, &n_fresh);
    put_words(batch, words, all, fresh, n_fresh);
    xfree(fresh);
    return RC_OK;
}
