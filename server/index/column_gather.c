/* SPDX-License-Identifier: MIT */
/*
 * column_gather.c -- one field's values, row after row, until a part is full.
 *
 * Values get numbers as they come, found by two tables: by their original, which
 * saves the folding of what came before, and by what they are compared by. When
 * a row of the next part comes, the part is encoded: only its bytes are kept.
 *
 * (1) A value keeps the original that came first, and rows rise: see
 *     column_merge.c (2).
 * (2) Texts stand in a buffer that moves as it grows, so values say where.
 */
#include "index/column_gather.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/mem.h"
#include "text/text.h"

#include <stdlib.h>

struct span {
    size_t at, n; /* in gather.text */
};

struct gathered {
    bool is_number;
    double number;
    struct span text, original;
    uint64_t hash, original_hash;
};

struct pair {
    uint32_t row, value;
};

/* Open addressing; numbers of values + 1. */
struct table {
    uint32_t *cells; /* owned */
    size_t cap;
};

struct done_part {
    uint32_t first;
    size_t at, n; /* in gather.done */
};

struct gather {
    struct bytes name;         /* owned */
    struct column_content now; /* its bits, of the part that is being gathered */
    uint32_t first;            /* row of that part */
    uint32_t row;              /* the last one, within the part */
    bool some;                 /* the part has a row */
    struct gathered *values;
    size_t n_values, values_cap;
    struct buf text, folded;
    struct table by_value, by_original;
    struct pair *pairs; /* rows rise */
    size_t n_pairs, pairs_cap;
    struct buf done;
    struct done_part *parts;
    size_t n_parts, parts_cap;
};

struct gather *gather_new(struct bytes name)
{
    struct gather *g = xcalloc(1, sizeof *g);

    g->name = bytes_of(xmemdup(name.n ? name.p : (const uint8_t *)"", name.n), name.n);
    buf_init(&g->text, BUF_NO_LIMIT);
    buf_init(&g->folded, BUF_NO_LIMIT);
    buf_init(&g->done, BUF_NO_LIMIT);
    return g;
}

void gather_free(struct gather *g)
{
    if (!g)
        return;
    xfree((void *)(uintptr_t)g->name.p);
    xfree(g->values);
    buf_done(&g->text);
    buf_done(&g->folded);
    xfree(g->by_value.cells);
    xfree(g->by_original.cells);
    xfree(g->pairs);
    buf_done(&g->done);
    xfree(g->parts);
    xfree(g);
}

struct bytes gather_name(const struct gather *g)
{
    return g->name;
}

size_t gather_bytes(const struct gather *g)
{
    return g->done.n + g->text.n + g->n_values * sizeof *g->values + g->n_pairs * sizeof *g->pairs +
           (g->by_value.cap + g->by_original.cap) * sizeof(uint32_t);
}

/* ---- values ------------------------------------------------------------------------------ */

static struct bytes text_at(const struct gather *g, struct span s)
{
    return s.n ? bytes_of(g->text.p + s.at, s.n) : B(""); /* with numbers only there is no text */
}

static struct span keep(struct gather *g, struct bytes b)
{
    struct span s = {g->text.n, b.n};

    (void)buf_bytes(&g->text, b);
    return s;
}

static void enter(const struct gather *g, struct table *t, uint32_t value, bool by_original)
{
    const struct gathered *v = &g->values[value];
    size_t cell = (size_t)(by_original ? v->original_hash : v->hash) & (t->cap - 1);

    if (by_original && v->is_number)
        return;
    while (t->cells[cell])
        cell = (cell + 1) & (t->cap - 1);
    t->cells[cell] = value + 1;
}

/* Puts all values into a table of twice the size. */
static void grow(const struct gather *g, struct table *t, bool by_original)
{
    uint32_t i;

    xfree(t->cells);
    t->cap = t->cap ? t->cap * 2 : 64;
    t->cells = xcalloc(t->cap, sizeof *t->cells);
    for (i = 0; i < g->n_values; i++)
        enter(g, t, i, by_original);
}

static void note(struct gather *g, uint32_t value)
{
    g->pairs = index__grow(g->pairs, sizeof *g->pairs, g->n_pairs + 1, &g->pairs_cap);
    g->pairs[g->n_pairs++] = (struct pair){g->row, value};
}

static uint32_t add_value(struct gather *g, struct gathered v)
{
    uint32_t value = (uint32_t)g->n_values;

    if ((g->n_values + 1) * 2 > g->by_value.cap) {
        grow(g, &g->by_value, false);
        grow(g, &g->by_original, true);
    }
    g->values = index__grow(g->values, sizeof *g->values, g->n_values + 1, &g->values_cap);
    g->values[g->n_values++] = v;
    enter(g, &g->by_value, value, false);
    enter(g, &g->by_original, value, true);
    return value;
}

void gather_number(struct gather *g, double number)
{
    struct gathered v = {.is_number = true, .number = number == 0 ? 0 : number};
    size_t mask = g->by_value.cap - 1, cell;

    v.hash = hash64(bytes_of(&v.number, sizeof v.number), 0);
    for (cell = (size_t)v.hash & mask; g->by_value.cap && g->by_value.cells[cell];
         cell = (cell + 1) & mask) {
        const struct gathered *is = &g->values[g->by_value.cells[cell] - 1];

        if (is->is_number && memcmp(&is->number, &v.number, sizeof v.number) == 0) {
            note(g, g->by_value.cells[cell] - 1);
            return;
        }
    }
    note(g, add_value(g, v));
}

/* The number + 1 of the text with that hash, or 0. */
static uint32_t find_text(const struct gather *g, const struct table *t, struct bytes text,
                          uint64_t hash, bool by_original)
{
    size_t mask = t->cap - 1, cell;

    for (cell = (size_t)hash & mask; t->cap && t->cells[cell]; cell = (cell + 1) & mask) {
        const struct gathered *v = &g->values[t->cells[cell] - 1];

        if (!v->is_number && (by_original ? v->original_hash : v->hash) == hash &&
            bytes_eq(text_at(g, by_original ? v->original : v->text), text))
            return t->cells[cell];
    }
    return 0;
}

void gather_text(struct gather *g, struct bytes original)
{
    /* One that is cut is not known by its original: others may begin so and fold longer. */
    bool whole = original.n <= COLUMN_TEXT_MAX;
    struct gathered v = {.is_number = false};
    struct bytes folded;
    uint32_t found;

    v.original_hash = hash64(column_cut(original), whole ? 0 : 1);
    found = whole ? find_text(g, &g->by_original, original, v.original_hash, true) : 0;
    if (found) {
        note(g, found - 1);
        return;
    }
    buf_clear(&g->folded);
    text_facet_fold(original, &g->folded);
    folded = column_cut(buf_view(&g->folded));
    if (folded.n == 0)
        return;
    v.hash = hash64(folded, 0);
    found = find_text(g, &g->by_value, folded, v.hash, false);
    if (found) {
        note(g, found - 1);
        return;
    }
    v.text = keep(g, folded);
    v.original =
        bytes_eq(folded, column_cut(original)) ? v.text : keep(g, column_cut(original)); /* (1) */
    note(g, add_value(g, v));
}

/* ---- parts ------------------------------------------------------------------------------- */

/* A value on its way into order. */
struct sorting {
    struct column_value value;
    uint32_t number;
};

static int by_order(const void *a, const void *b)
{
    const struct sorting *x = a, *y = b;

    return column_compare(&x->value, &y->value);
}

/* The values in order, xfree() them; ret_places says where each number went. */
static struct column_value *sort_values(const struct gather *g, uint32_t *ret_places)
{
    struct column_value *values = xmalloc((g->n_values + 1) * sizeof *values);
    struct sorting *all = xmalloc((g->n_values + 1) * sizeof *all);
    size_t i;

    for (i = 0; i < g->n_values; i++) {
        const struct gathered *v = &g->values[i];

        all[i] = (struct sorting){
            {v->is_number, v->number, text_at(g, v->text), text_at(g, v->original)}, (uint32_t)i};
    }
    qsort(all, g->n_values, sizeof *all, by_order);
    for (i = 0; i < g->n_values; i++) {
        values[i] = all[i].value;
        ret_places[all[i].number] = (uint32_t)i;
    }
    xfree(all);
    return values;
}

static int by_number(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Sorts a row's places, each once; returns how many. */
static uint32_t tidy(uint32_t *places, uint32_t n)
{
    uint32_t i, kept = 0;

    if (n > 1)
        qsort(places, n, sizeof *places, by_number);
    for (i = 0; i < n; i++)
        if (i == 0 || places[i] != places[kept - 1])
            places[kept++] = places[i];
    return kept;
}

/* Encodes the part and is ready for the next. */
static void seal(struct gather *g)
{
    uint32_t *to = xmalloc((g->n_values + 1) * sizeof *to);
    uint32_t *places = xmalloc((g->n_pairs + 1) * sizeof *places);
    struct column_value *values = sort_values(g, to);
    uint32_t starts[PART_ROWS + 1], row, n = 0;
    size_t i = 0, at = g->done.n;

    for (row = 0; row < PART_ROWS; row++) {
        uint32_t have = 0;

        starts[row] = n;
        for (; i < g->n_pairs && g->pairs[i].row == row; i++)
            places[n + have++] = to[g->pairs[i].value];
        n += tidy(places + n, have);
    }
    starts[row] = n;
    ASSERT(i == g->n_pairs);
    g->now.n_values = (uint32_t)g->n_values;
    g->now.values = values;
    g->now.starts = starts;
    g->now.places = places;
    column_part__encode(&g->now, &g->done);
    g->parts = index__grow(g->parts, sizeof *g->parts, g->n_parts + 1, &g->parts_cap);
    g->parts[g->n_parts++] = (struct done_part){g->first, at, g->done.n - at};
    xfree(to);
    xfree(places);
    xfree(values);
    g->now = (struct column_content){0};
    g->some = false;
    g->n_values = g->n_pairs = 0;
    buf_clear(&g->text);
    if (g->by_value.cap) {
        memset(g->by_value.cells, 0, g->by_value.cap * sizeof *g->by_value.cells);
        memset(g->by_original.cells, 0, g->by_original.cap * sizeof *g->by_original.cells);
    }
}

void gather_member(struct gather *g, uint32_t row, struct json_value v)
{
    enum json_type type = json_type(v);

    if (g->some && g->first != row - row % PART_ROWS)
        seal(g);
    ASSERT(!g->some || row % PART_ROWS > g->row);
    ASSERT(g->some || g->n_parts == 0 || g->parts[g->n_parts - 1].first < row - row % PART_ROWS);
    g->some = true;
    g->first = row - row % PART_ROWS;
    g->row = row % PART_ROWS;
    column__set(g->now.exists, g->row);
    if (type == JSON_NULL)
        column__set(g->now.is_null, g->row);
    else if (type == JSON_STRING
                 ? json_string(v).n == 0
                 : (type == JSON_ARRAY || type == JSON_OBJECT) && json_count(v) == 0)
        column__set(g->now.is_empty, g->row);
}

bool gather_part(struct gather *g, size_t i, uint32_t *ret_first, struct bytes *ret_part)
{
    if (g->some)
        seal(g);
    if (i >= g->n_parts)
        return false;
    *ret_first = g->parts[i].first;
    *ret_part = bytes_of(g->done.p + g->parts[i].at, g->parts[i].n);
    return true;
}

void gather_clear(struct gather *g)
{
    if (g->some)
        seal(g);
    g->n_parts = 0;
    buf_clear(&g->done);
}
