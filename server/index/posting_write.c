/* SPDX-License-Identifier: MIT */
/*
 * posting_write.c -- a commit's chunks into a batch, and crumbs swept together.
 *
 * A commit only appends: one chunk for each list it touches. Small commits would
 * leave a common word thousands of chunks, so appends are counted in memory, and
 * after CRUMBS_MAX of them to one list and tile what the tile has is looked at:
 * from the newest back, chunks are joined as long as the next is at most twice as
 * large as those together. So a row is written again a logarithmic number of
 * times, and a tile of a list has a few large chunks and at most CRUMBS_MAX or so
 * small ones.
 *
 * (1) Only committed chunks are joined, never the one of this commit: a commit
 *     may flush a tile in several pieces, and the pieces do not see each other.
 *     All rows of this commit are behind them.
 *
 * Counters sit in a table of fixed size; a list whose cell is taken wears the
 * other's counter down first. What is forgotten is counted anew.
 */
#include "index/posting_int.h"

#include "base/hash.h"
#include "base/mem.h"
#include "index/keys.h"
#include "store/store.h"

enum { CRUMBS_MAX = 16, CRUMB_CELLS = 1 << 16 };

struct crumb {
    uint32_t tag; /* of the list and tile */
    uint32_t count;
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

/* Counts an append; true: it is time to sweep. */
static bool count_crumb(struct crumbs *crumbs, struct bytes list, uint32_t tile)
{
    uint64_t hash = hash64(list, tile);
    struct crumb *c = &crumbs->cells[hash % CRUMB_CELLS];
    uint32_t tag = (uint32_t)(hash >> 32);

    if (c->tag != tag) {
        if (c->count > 0 && --c->count > 0)
            return false;
        *c = (struct crumb){tag, 0};
    }
    if (++c->count < CRUMBS_MAX)
        return false;
    c->count = 0;
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

static enum rc sweep_read(struct store_cursor *cursor, struct key *k, size_t n_list, uint32_t tile,
                          struct swept *s, struct err *err)
{
    const uint8_t *at;
    size_t i;
    enum rc rc;

    store_cursor_seek(cursor, posting_key__row(k, n_list, tile * TILE_ROWS));
    for (; store_cursor_valid(cursor); store_cursor_next(cursor)) {
        struct bytes key = store_cursor_key(cursor), chunk = store_cursor_value(cursor);
        uint32_t row;

        if (key.n != n_list + 4 || memcmp(key.p, k->p, n_list) != 0)
            break;
        row = get_u32be(key.p + n_list);
        if (row / TILE_ROWS != tile)
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

/* The first of those that are joined; n - 1: none are. */
static size_t first_to_join(const struct swept *s)
{
    size_t i = s->n - 1;
    uint64_t rows = posting_chunk__count(s->chunks[i]), count;

    for (; i > 0; i--) {
        count = posting_chunk__count(s->chunks[i - 1]);
        if (count > 2 * rows)
            break;
        rows += count;
    }
    return i;
}

static enum rc sweep(struct store_cursor *cursor, struct key *k, size_t n_list, uint32_t tile,
                     struct store_batch *batch, struct err *err)
{
    struct swept s = {0};
    struct buf joined;
    size_t i, first;
    enum rc rc;

    buf_init(&s.text, BUF_NO_LIMIT);
    buf_init(&joined, BUF_NO_LIMIT);
    rc = sweep_read(cursor, k, n_list, tile, &s, err);
    if (rc != RC_OK || s.n < 2)
        goto out;
    first = first_to_join(&s);
    if (first == s.n - 1)
        goto out;
    rc = posting_chunk__join(s.chunks + first, s.rows + first, s.n - first, &joined, err);
    if (rc != RC_OK)
        goto out;
    for (i = first + 1; i < s.n; i++)
        store_batch_del(batch, posting_key__row(k, n_list, s.rows[i]));
    store_batch_put(batch, posting_key__row(k, n_list, s.rows[first]), buf_view(&joined));

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
    enum rc rc;

    list = posting_key__list(&k, kind, x->words, key);
    store_batch_put(x->batch, posting_key__row(&k, list.n, first_row), chunk);
    if (!x->crumbs || !count_crumb(x->crumbs, list, first_row / TILE_ROWS))
        return RC_OK;
    if (!x->cursors[kind]) {
        rc = store_cursor_open(x->view, bytes_of(list.p, KEY_HEAD), false, &x->cursors[kind], err);
        if (rc != RC_OK)
            return rc;
    }
    return sweep(x->cursors[kind], &k, list.n, first_row / TILE_ROWS, x->batch, err);
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
