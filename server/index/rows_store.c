/* SPDX-License-Identifier: MIT */
/*
 * rows_store.c -- rows as keys of the store.
 *
 * Key    'D' rows(4) tile(4)   dead rows of the tile; absent: none
 * Value  0, then for each run of dead rows two varints: live rows since the run
 *        before, and how many are dead less one; or
 *        1, then TILE_ROWS bits, the lowest first, where the runs would be longer
 *
 * Key    'R' rows(4) row(4)    value: the document's number, big-endian
 *
 * (1) What is dead stays dead, and a row moves once, when it is made: a value is
 *     only ever replaced by one with more dead rows. Nothing is deleted but with
 *     the number as a whole.
 * (2) Runs do not touch and do not end behind the tile; bits at and behind the
 *     number of rows are zero.
 */
#include "index/rows_int.h"

#include "base/assert.h"
#include "base/mem.h"
#include "store/store.h"

enum { DEAD_RUNS = 0, DEAD_BITS = 1, DEAD_BITS_BYTES = TILE_ROWS / 8 };

static enum rc damaged(struct err *err, const char *what, uint32_t number)
{
    return err_set(err, RC_CORRUPT, NULL, "rows are damaged: %s %u", what, number);
}

/* ---- dead rows --------------------------------------------------------------------------- */

/* Rows of the tile that are below next. */
static uint32_t rows_in(uint32_t tile, uint32_t next)
{
    uint64_t first = (uint64_t)tile * TILE_ROWS;

    if (next <= first)
        return 0;
    return next - first < TILE_ROWS ? (uint32_t)(next - first) : TILE_ROWS;
}

static bool is_live(const struct rows_tile *t, uint32_t i)
{
    return t->live[i / 64] >> i % 64 & 1;
}

static void encode_bits(const struct rows_tile *t, uint32_t n, struct buf *out)
{
    uint8_t word[8];
    uint32_t i;

    buf_clear(out);
    (void)buf_byte(out, DEAD_BITS);
    for (i = 0; i < TILE_WORDS; i++) {
        uint64_t below = i * 64 + 64 <= n ? UINT64_MAX
                         : i * 64 >= n    ? 0
                                          : (UINT64_C(1) << n % 64) - 1;

        put_u64le(word, ~t->live[i] & below);
        (void)buf_append(out, word, sizeof word);
    }
}

static void encode_dead(const struct rows_tile *t, uint32_t n, struct buf *out)
{
    uint32_t i = 0, end = 0;

    buf_clear(out);
    (void)buf_byte(out, DEAD_RUNS);
    while (i < n && out->n <= DEAD_BITS_BYTES) {
        uint32_t from;

        if (i % 64 == 0 && t->live[i / 64] == UINT64_MAX) {
            i += 64;
            continue;
        }
        if (is_live(t, i)) {
            i++;
            continue;
        }
        for (from = i; i < n && !is_live(t, i); i++)
            ;
        (void)buf_varint(out, from - end);
        (void)buf_varint(out, i - from - 1);
        end = i;
    }
    if (out->n > DEAD_BITS_BYTES)
        encode_bits(t, n, out);
}

static bool decode_bits(struct bytes v, uint64_t *live)
{
    uint32_t i;

    if (v.n != DEAD_BITS_BYTES)
        return false;
    for (i = 0; i < TILE_WORDS; i++) {
        uint64_t dead = get_u64le(v.p + (size_t)i * 8);

        if (dead & ~live[i])
            return false; /* (2) */
        live[i] &= ~dead;
    }
    return true;
}

static bool decode_runs(struct bytes v, uint32_t n, uint64_t *live)
{
    uint64_t at = 0, gap, more;
    size_t used;
    bool first = true;

    for (; v.n; first = false) {
        used = get_varint(v, &gap);
        if (used == 0 || gap > n - at || (gap == 0 && !first))
            return false; /* (2) */
        v = bytes_of(v.p + used, v.n - used);
        used = get_varint(v, &more);
        at += gap;
        if (used == 0 || more >= n - at)
            return false;
        v = bytes_of(v.p + used, v.n - used);
        for (more += at + 1; at < more; at++)
            live[at / 64] &= ~(UINT64_C(1) << at % 64);
    }
    return true;
}

/* live has the bits of all n rows. */
static bool decode_dead(struct bytes v, uint32_t n, uint64_t *live)
{
    struct bytes rest;

    if (v.n == 0)
        return false;
    rest = bytes_of(v.p + 1, v.n - 1);
    if (v.p[0] == DEAD_BITS)
        return decode_bits(rest, live);
    return v.p[0] == DEAD_RUNS && decode_runs(rest, n, live);
}

/* ---- writing ----------------------------------------------------------------------------- */

struct rows *rows_edit__finish(struct rows_edit *e, uint32_t rows, struct store_batch *batch)
{
    struct rows *r = e->rows;
    uint8_t doc[4];
    struct key k;
    struct buf out;
    uint32_t tile;
    size_t i;

    buf_init(&out, BUF_NO_LIMIT);
    for (tile = 0; tile < r->n_tiles && tile < e->touched_cap; tile++) {
        if (!e->touched[tile])
            continue;
        encode_dead(r->tiles[tile], rows_in(tile, r->next), &out);
        store_batch_put(batch, key_numbered(&k, KEY_ROW_DEAD, rows, tile), buf_view(&out));
    }
    buf_done(&out);
    for (i = 0; i < e->n_moved; i++) {
        put_u32be(doc, rows__doc_of(r, e->moved[i]));
        store_batch_put(batch, key_numbered(&k, KEY_ROW_DOC, rows, e->moved[i]),
                        bytes_of(doc, sizeof doc));
    }
    e->rows = NULL;
    return r;
}

/* ---- reading ----------------------------------------------------------------------------- */

static void fill(struct rows *r, uint32_t next)
{
    uint32_t tile, i;

    for (tile = 0; rows_in(tile, next); tile++) {
        uint32_t n = rows_in(tile, next);
        struct rows_tile *t = rows__own_tile(r, tile);

        for (i = 0; i < n / 64; i++)
            t->live[i] = UINT64_MAX;
        if (n % 64)
            t->live[i] = (UINT64_C(1) << n % 64) - 1;
        t->n_live = n;
    }
    r->next = next;
    r->n_live = next;
}

static enum rc take_dead(struct rows *r, uint32_t tile, struct bytes value, struct err *err)
{
    struct rows_tile *t;
    uint32_t i, n_live = 0;

    if (rows_in(tile, r->next) == 0)
        return damaged(err, "dead ones behind the last row, in tile", tile);
    t = rows__own_tile(r, tile);
    if (!decode_dead(value, rows_in(tile, r->next), t->live))
        return damaged(err, "dead ones of tile", tile);
    for (i = 0; i < TILE_WORDS; i++)
        n_live += (uint32_t)__builtin_popcountll(t->live[i]);
    r->n_live -= t->n_live - n_live;
    t->n_live = n_live;
    return RC_OK;
}

/* Rows come rising, so of two live rows of one document the second is found out. */
static enum rc take_move(struct rows *r, uint32_t row, struct bytes value, struct err *err)
{
    uint32_t doc = value.n == 4 ? get_u32be(value.p) : UINT32_MAX;
    bool live;

    if (row >= r->next || doc >= row)
        return damaged(err, "document of row", row);
    live = rows__is_live(r, row);
    if (live && rows__is_live(r, rows__row_of(r, doc)))
        return damaged(err, "two live rows of document", doc);
    rows__move(r, row, doc, live);
    return RC_OK;
}

typedef enum rc take_fn(struct rows *r, uint32_t number, struct bytes value, struct err *err);

static enum rc load_kind(struct store_view *view, enum key_kind kind, uint32_t rows, struct rows *r,
                         take_fn *take, struct err *err)
{
    struct store_cursor *c = NULL;
    struct key k;
    enum rc rc;

    rc = store_cursor_open(view, key_head(&k, kind, rows), true, &c, err);
    if (rc != RC_OK)
        return rc;
    for (store_cursor_first(c); rc == RC_OK && store_cursor_valid(c); store_cursor_next(c)) {
        struct bytes key = store_cursor_key(c);

        if (key.n != KEY_NUMBERED)
            rc = damaged(err, "a key of", rows);
        else
            rc = take(r, get_u32be(key.p + KEY_HEAD), store_cursor_value(c), err);
    }
    if (rc == RC_OK)
        rc = store_cursor_end(c, err);
    store_cursor_close(c);
    return rc;
}

enum rc rows__load(struct store_view *view, uint32_t rows, uint32_t next_row,
                   struct rows **ret_rows, struct err *err)
{
    struct rows *r = rows__new();
    enum rc rc;

    fill(r, next_row);
    rc = load_kind(view, KEY_ROW_DEAD, rows, r, take_dead, err);
    if (rc == RC_OK)
        rc = load_kind(view, KEY_ROW_DOC, rows, r, take_move, err);
    if (rc == RC_OK)
        *ret_rows = r;
    else
        rows__unref(r);
    return rc;
}
