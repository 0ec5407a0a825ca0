/* SPDX-License-Identifier: MIT */
/*
 * posting_list.c -- the chunks of one list out of the store, as searches come to its tiles.
 *
 * Reading goes through a cursor that all lists of the reader share, and which
 * steps rather than seeks when the next list is near: queries open many rare
 * words that are neighbours. A list that takes at most HEAD_BYTES is in memory
 * then. A larger one keeps what was read, in whole tiles, and reads on through a
 * cursor of its own when tiles beyond are asked for; memory holds one tile of it.
 */
#include "index/posting_list.h"

#include "base/assert.h"
#include "base/mem.h"
#include "index/keys.h"
#include "store/store.h"

enum {
    HEAD_BYTES = 16384,
    STEPS_MAX = 8, /* keys that are stepped over rather than sought: a seek costs so many */
};

void reader__close_lists(struct reader *r)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(r->lists); i++)
        store_cursor_close(r->lists[i]);
    xfree(r->chunk_rows);
}

enum rc posting_list__cursor(struct reader *r, enum posting_kind kind,
                             struct store_cursor **ret_cursor, struct err *err)
{
    struct key k;
    struct bytes list;
    enum rc rc = RC_OK;

    if (!r->lists[kind]) {
        list = posting_key__list(&k, kind, r->search->words, B("-"));
        rc = store_cursor_open(reader__store(r), bytes_of(list.p, KEY_HEAD), false, &r->lists[kind],
                               err);
    }
    *ret_cursor = r->lists[kind];
    return rc;
}

void posting_list__init(struct posting_list *l)
{
    memset(l, 0, sizeof *l);
    buf_init(&l->text, BUF_NO_LIMIT);
}

void posting_list__done(struct posting_list *l)
{
    store_cursor_close(l->cursor);
    buf_done(&l->text);
    xfree(l->chunks);
}

void posting_list__move(struct store_cursor *c, struct bytes key)
{
    int i, order = -1;

    for (i = 0; order < 0 && i < STEPS_MAX && store_cursor_valid(c); i++) {
        order = bytes_cmp(store_cursor_key(c), key);
        if (order == 0 || (order > 0 && i > 0)) /* came from before it */
            return;
        if (order < 0)
            store_cursor_next(c);
    }
    store_cursor_seek(c, key);
}

/* The row of the list's chunk that the cursor is on; false: it is behind the list. */
static bool on_list(const struct posting_list *l, struct store_cursor *c, uint32_t *ret_row)
{
    struct bytes key;

    if (!store_cursor_valid(c))
        return false;
    key = store_cursor_key(c);
    if (key.n != l->n_key + 4 || memcmp(key.p, l->key.p, l->n_key) != 0)
        return false;
    *ret_row = get_u32be(key.p + l->n_key);
    return true;
}

static void keep_chunk(struct posting_list *l, uint32_t row, uint32_t list, struct bytes chunk)
{
    l->chunks = index__grow(l->chunks, sizeof *l->chunks, l->n + 1, &l->cap);
    l->chunks[l->n++] = (struct chunk_ref){l->text.n, (uint32_t)chunk.n, row, list};
    (void)buf_bytes(&l->text, chunk);
}

/* Drops the tile of `row` from the end: only whole tiles are kept. */
static void drop_tile(struct posting_list *l, uint32_t row)
{
    while (l->n && l->chunks[l->n - 1].row / TILE_ROWS == row / TILE_ROWS) {
        l->n--;
        l->resume = l->chunks[l->n].row;
        buf_cut(&l->text, l->chunks[l->n].at);
    }
}

enum rc posting_list__read(struct posting_list *l, struct store_cursor *c, struct err *err)
{
    uint32_t row;

    for (; on_list(l, c, &row); store_cursor_next(c)) {
        struct bytes chunk = store_cursor_value(c);

        if (l->text.n + chunk.n > HEAD_BYTES) {
            l->more = true;
            l->resume = row;
            drop_tile(l, row);
            break;
        }
        keep_chunk(l, row, 0, chunk);
    }
    return store_cursor_end(c, err);
}

enum rc posting_list__find(struct posting_list *l, struct store_cursor *c, struct err *err)
{
    posting_list__move(c, posting_key__row(&l->key, l->n_key, 0));
    return posting_list__read(l, c, err);
}

/* Replaces the chunks by those of the tile, from the store. */
static enum rc read_tile(struct posting_list *l, struct reader *r, uint32_t tile, struct err *err)
{
    uint32_t row = 0;
    enum rc rc;

    l->n = 0;
    l->next = 0;
    buf_clear(&l->text);
    if (l->resume / TILE_ROWS > tile)
        return RC_OK;
    if (!l->cursor) {
        rc = store_cursor_open(reader__store(r), bytes_of(l->key.p, l->n_key), false, &l->cursor,
                               err);
        if (rc != RC_OK)
            return rc;
    }
    if (l->resume / TILE_ROWS < tile)
        l->resume = tile * TILE_ROWS;
    posting_list__move(l->cursor, posting_key__row(&l->key, l->n_key, l->resume));
    for (; on_list(l, l->cursor, &row); store_cursor_next(l->cursor)) {
        if (row / TILE_ROWS > tile)
            break;
        keep_chunk(l, row, 0, store_cursor_value(l->cursor));
    }
    l->more = store_cursor_valid(l->cursor);
    l->resume = row;
    return store_cursor_end(l->cursor, err);
}

enum rc posting_list__come_to(struct posting_list *l, struct reader *r, uint32_t tile,
                              struct err *err)
{
    while (l->next < l->n && l->chunks[l->next].row / TILE_ROWS < tile)
        l->next++;
    return l->next < l->n || !l->more ? RC_OK : read_tile(l, r, tile, err);
}

/* ---- several small ones in one ----------------------------------------------------------- */

void posting_list__gather(struct posting_list *l, const struct posting_list *small, uint32_t list)
{
    size_t i;

    for (i = 0; i < small->n; i++) {
        const struct chunk_ref *c = &small->chunks[i];

        keep_chunk(l, c->row, list, bytes_of(small->text.p + c->at, c->n));
    }
}

void posting_list__settle(struct posting_list *l)
{
    size_t i, n_tiles = 1, at = 0, count, *starts;
    struct chunk_ref *sorted;

    for (i = 0; i < l->n; i++)
        if (l->chunks[i].row / TILE_ROWS >= n_tiles)
            n_tiles = l->chunks[i].row / TILE_ROWS + 1;
    if (n_tiles == 1)
        return;
    starts = xcalloc(n_tiles, sizeof *starts);
    sorted = xmalloc(l->n * sizeof *sorted);
    for (i = 0; i < l->n; i++)
        starts[l->chunks[i].row / TILE_ROWS]++;
    for (i = 0; i < n_tiles; i++, at += count) {
        count = starts[i];
        starts[i] = at;
    }
    for (i = 0; i < l->n; i++)
        sorted[starts[l->chunks[i].row / TILE_ROWS]++] = l->chunks[i];
    xfree(starts);
    xfree(l->chunks);
    l->chunks = sorted;
    l->cap = l->n;
}
