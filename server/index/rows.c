/* SPDX-License-Identifier: MIT */
/*
 * rows.c -- which rows are live, and which documents they are, at one moment.
 *
 * A set of rows is an array of tiles. A tile has the bits of its live rows, and
 * for every piece of 4,096 numbers two tables that are there only if one of the
 * numbers has moved: from a row to its document, and from a document to its
 * row. Tiles and pieces are shared by reference: a commit copies what it
 * touches, some 8 KiB for a death and 16 KiB more for a move.
 *
 * (1) Whoever holds the only share of a tile or a piece may change it: nobody
 *     else can get at it. All others copy it first.
 * (2) A piece says the number itself for what has not moved.
 * (3) Of the rows of one document at most one is live, the largest.
 *
 * Sets are immutable and may be used by any thread; an edit by one at a time.
 * Reading and writing of the keys is rows_store.c.
 */
#include "index/rows_int.h"

#include "base/assert.h"
#include "base/mem.h"

/* ---- shares ------------------------------------------------------------------------------ */

static void piece_unref(struct rows_piece *p)
{
    if (p && atomic_fetch_sub(&p->refs, 1) == 1)
        xfree(p);
}

static void tile_unref(struct rows_tile *t)
{
    size_t i;

    if (!t || atomic_fetch_sub(&t->refs, 1) > 1)
        return;
    for (i = 0; i < TILE_PIECES; i++) {
        piece_unref(t->docs[i]);
        piece_unref(t->rows[i]);
    }
    xfree(t);
}

static struct rows_tile *tile_copy(const struct rows_tile *from)
{
    struct rows_tile *t = xmalloc(sizeof *t);
    size_t i;

    memcpy(t->live, from->live, sizeof t->live);
    t->n_live = from->n_live;
    for (i = 0; i < TILE_PIECES; i++) {
        t->docs[i] = from->docs[i];
        t->rows[i] = from->rows[i];
        if (t->docs[i])
            atomic_fetch_add(&t->docs[i]->refs, 1);
        if (t->rows[i])
            atomic_fetch_add(&t->rows[i]->refs, 1);
    }
    atomic_init(&t->refs, 1);
    return t;
}

/* The tile for writing: there, and held by nobody else (1). */
struct rows_tile *rows__own_tile(struct rows *r, uint32_t tile)
{
    struct rows_tile *t;

    if (tile >= r->n_tiles) {
        r->tiles = index__grow(r->tiles, sizeof(struct rows_tile *), (size_t)tile + 1, &r->cap);
        memset(r->tiles + r->n_tiles, 0, (tile + 1 - r->n_tiles) * sizeof(struct rows_tile *));
        r->n_tiles = tile + 1;
    }
    t = r->tiles[tile];
    if (!t) {
        t = xcalloc(1, sizeof *t);
        atomic_init(&t->refs, 1);
    } else if (atomic_load(&t->refs) > 1) {
        struct rows_tile *copy = tile_copy(t);

        tile_unref(t);
        t = copy;
    }
    r->tiles[tile] = t;
    return t;
}

static uint32_t look_up(const struct rows *r, uint32_t number, bool doc)
{
    uint32_t tile = number / TILE_ROWS;
    const struct rows_piece *p;

    if (tile >= r->n_tiles || !r->tiles[tile])
        return number;
    p = (doc ? r->tiles[tile]->docs : r->tiles[tile]->rows)[number % TILE_ROWS / PART_ROWS];
    return p ? p->to[number % PART_ROWS] : number; /* (2) */
}

static void point(struct rows *r, uint32_t number, uint32_t to, bool doc)
{
    struct rows_tile *t = rows__own_tile(r, number / TILE_ROWS);
    struct rows_piece **at = (doc ? t->docs : t->rows) + number % TILE_ROWS / PART_ROWS, *p = *at;
    uint32_t i;

    if (!p || atomic_load(&p->refs) > 1) {
        p = xmalloc(sizeof *p);
        atomic_init(&p->refs, 1);
        for (i = 0; i < PART_ROWS; i++)
            p->to[i] = *at ? (*at)->to[i] : number - number % PART_ROWS + i;
        piece_unref(*at);
        *at = p;
    }
    p->to[number % PART_ROWS] = to;
}

void rows__move(struct rows *r, uint32_t row, uint32_t doc, bool live)
{
    point(r, row, doc, true);
    if (live)
        point(r, doc, row, false);
}

/* ---- a set ------------------------------------------------------------------------------- */

struct rows *rows__new(void)
{
    struct rows *r = xcalloc(1, sizeof *r);

    atomic_init(&r->refs, 1);
    return r;
}

struct rows *rows__ref(struct rows *r)
{
    atomic_fetch_add(&r->refs, 1);
    return r;
}

void rows__unref(struct rows *r)
{
    uint32_t i;

    if (!r || atomic_fetch_sub(&r->refs, 1) > 1)
        return;
    for (i = 0; i < r->n_tiles; i++)
        tile_unref(r->tiles[i]);
    xfree(r->tiles);
    xfree(r);
}

uint32_t rows__next(const struct rows *r)
{
    return r->next;
}

uint64_t rows__n_live(const struct rows *r)
{
    return r->n_live;
}

uint64_t rows__n_dead(const struct rows *r)
{
    return r->next - r->n_live;
}

bool rows__is_live(const struct rows *r, uint32_t row)
{
    const struct rows_tile *t = row < r->next ? r->tiles[row / TILE_ROWS] : NULL;

    return t && (t->live[row % TILE_ROWS / 64] >> row % 64 & 1);
}

void rows__live(const struct rows *r, uint32_t tile, struct tile *out)
{
    if (tile < r->n_tiles && r->tiles[tile])
        memcpy(out->bits, r->tiles[tile]->live, sizeof out->bits);
    else
        memset(out->bits, 0, sizeof out->bits);
}

uint32_t rows__doc_of(const struct rows *r, uint32_t row)
{
    return look_up(r, row, true);
}

/* Rows of a piece without moves are their own documents: those from `doc` on go. */
static void keep_first(uint64_t *rows, uint32_t first, uint32_t doc)
{
    uint32_t i;

    for (i = 0; i < PART_WORDS; i++, first += 64) {
        if (first >= doc)
            rows[i] = 0;
        else if (doc - first < 64)
            rows[i] &= (UINT64_C(1) << (doc - first)) - 1;
    }
}

void rows__keep_older(const struct rows *r, uint32_t tile, uint32_t doc, struct tile *rows)
{
    const struct rows_tile *t = tile < r->n_tiles ? r->tiles[tile] : NULL;
    uint32_t i, j;

    for (i = 0; i < TILE_PIECES; i++) {
        const struct rows_piece *p = t ? t->docs[i] : NULL;
        uint64_t *bits = rows->bits + (size_t)i * PART_WORDS, w;

        if (!p) {
            keep_first(bits, tile * TILE_ROWS + i * PART_ROWS, doc);
            continue;
        }
        for (j = 0; j < PART_WORDS; j++)
            for (w = bits[j]; w; w &= w - 1)
                if (p->to[64 * j + (uint32_t)__builtin_ctzll(w)] >= doc)
                    bits[j] &= ~(w & -w);
    }
}

uint32_t rows__row_of(const struct rows *r, uint32_t doc)
{
    return look_up(r, doc, false);
}

/* ---- an edit ----------------------------------------------------------------------------- */

struct rows_edit *rows_edit__new(const struct rows *base)
{
    struct rows_edit *e = xcalloc(1, sizeof *e);
    struct rows *r = rows__new();
    uint32_t i;

    r->next = base->next;
    r->n_live = base->n_live;
    r->n_tiles = base->n_tiles;
    r->cap = base->n_tiles;
    r->tiles = xmalloc((r->cap ? r->cap : 1) * sizeof(struct rows_tile *));
    for (i = 0; i < r->n_tiles; i++) {
        r->tiles[i] = base->tiles[i];
        if (r->tiles[i])
            atomic_fetch_add(&r->tiles[i]->refs, 1);
    }
    e->rows = r;
    return e;
}

void rows_edit__free(struct rows_edit *e)
{
    if (!e)
        return;
    rows__unref(e->rows);
    xfree(e->touched);
    xfree(e->moved);
    xfree(e);
}

/* The tile's dead rows are to be written. */
static void touch(struct rows_edit *e, uint32_t tile)
{
    size_t old = e->touched_cap;

    e->touched = index__grow(e->touched, sizeof *e->touched, (size_t)tile + 1, &e->touched_cap);
    if (e->touched_cap > old)
        memset(e->touched + old, 0, (e->touched_cap - old) * sizeof *e->touched);
    e->touched[tile] = true;
}

void rows_edit__kill(struct rows_edit *e, uint32_t row)
{
    struct rows_tile *t;

    ASSERT(rows__is_live(e->rows, row));
    t = rows__own_tile(e->rows, row / TILE_ROWS);
    t->live[row % TILE_ROWS / 64] &= ~(UINT64_C(1) << row % 64);
    t->n_live--;
    e->rows->n_live--;
    touch(e, row / TILE_ROWS);
}

void rows_edit__reach(struct rows_edit *e, uint32_t next)
{
    while (e->rows->next < next) {
        uint32_t tile = e->rows->next / TILE_ROWS;
        uint64_t end = ((uint64_t)tile + 1) * TILE_ROWS;

        (void)rows__own_tile(e->rows, tile);
        touch(e, tile);
        e->rows->next = end < next ? (uint32_t)end : next;
    }
}

void rows_edit__add(struct rows_edit *e, uint32_t row, uint32_t doc)
{
    struct rows_tile *t;

    ASSERT(row >= e->rows->next && doc <= row && row < UINT32_MAX);
    rows_edit__reach(e, row);
    t = rows__own_tile(e->rows, row / TILE_ROWS);
    t->live[row % TILE_ROWS / 64] |= UINT64_C(1) << row % 64;
    t->n_live++;
    e->rows->n_live++;
    e->rows->next = row + 1;
    if (doc == row)
        return;
    ASSERT(!rows__is_live(e->rows, rows__row_of(e->rows, doc))); /* (3) */
    rows__move(e->rows, row, doc, true);
    e->moved = index__grow(e->moved, sizeof *e->moved, e->n_moved + 1, &e->moved_cap);
    e->moved[e->n_moved++] = row;
}
