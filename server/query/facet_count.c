/* SPDX-License-Identifier: MIT */
/*
 * facet_count.c -- how often each value is among the candidates.
 *
 * A part is counted on its own dictionary, in an array of counters. The lists of
 * parts are sorted, and merged two and two as they get as long as each other, so
 * that every entry is touched a few times only. When just the smallest values are
 * asked for, lists are cut on the way: a value behind so many others stays there.
 */
#include "query/facet_int.h"

#include "base/assert.h"
#include "base/bits.h"
#include "base/mem.h"

#include <stdlib.h>

enum { LISTS_MAX = 32 }; /* each twice as many parts as the one above it */

struct counting {
    const struct facet_opts *opts;
    struct facet_list lists[LISTS_MAX];
    unsigned n_parts[LISTS_MAX]; /* that went into each; falling powers of two */
    size_t n_lists;
    uint32_t *counts; /* owned; two counters a value, see count_dense() */
    size_t room;
    struct facet_counted *ret;
};

void facet_list__done(struct facet_list *l)
{
    xfree(l->at);
    *l = (struct facet_list){0};
}

/* ---- one part ------------------------------------------------------------------------------ */

/*
 * All values of 64 rows. Neighbours often have the same one; two counters in
 * turns keep an addition from waiting for the one before it.
 */
static void count_all(const struct column_part *p, uint32_t at, uint32_t end, uint32_t *even,
                      uint32_t *odd)
{
    uint32_t places[64], n, i;

    for (; at < end; at += n) {
        n = end - at < 64 ? end - at : 64;
        column_places(p, at, n, places);
        for (i = 0; i + 2 <= n; i += 2) {
            even[places[i]]++;
            odd[places[i + 1]]++;
        }
        if (i < n)
            even[places[i]]++;
    }
}

static void count_rows(const struct column_part *p, const uint64_t *rows, uint32_t *even,
                       uint32_t *odd)
{
    uint32_t row, at, end;

    for (row = 0; row < PART_ROWS; row += 64) {
        uint64_t left = rows[row / 64];

        if (left == UINT64_MAX) {
            count_all(p, column_start(p, row), column_start(p, row + 64), even, odd);
            continue;
        }
        for (; left; left &= left - 1) {
            uint32_t i = row + (uint32_t)__builtin_ctzll(left);

            end = column_start(p, i + 1);
            for (at = column_start(p, i); at < end; at++)
                even[column_place(p, at)]++;
        }
    }
}

static void note_number(struct facet_counted *c, double v)
{
    if (!c->has_numbers || v < c->min)
        c->min = v;
    if (!c->has_numbers || v > c->max)
        c->max = v;
    c->has_numbers = true;
}

/* The part's values with a count, as far as they are wanted. */
static struct facet_list take_part(struct counting *x, const struct column_part *p,
                                   const struct column_value *values)
{
    struct facet_list list = {.at = xmalloc(((size_t)p->n_values + 1) * sizeof *list.at)};
    size_t n_numbers = 0, n_texts = 0;
    uint32_t i;

    for (i = 0; i < p->n_values; i++) {
        const struct column_value *v = &values[i];
        uint64_t count = (uint64_t)x->counts[i] + x->counts[p->n_values + i];

        if (count == 0)
            continue;
        if (v->is_number) {
            note_number(x->ret, v->number);
            if (x->opts->no_numbers ||
                (x->opts->keep_numbers && n_numbers == x->opts->keep_numbers))
                continue;
            n_numbers++;
        } else {
            if (x->opts->keep_texts && n_texts == x->opts->keep_texts)
                break; /* texts are last */
            n_texts++;
        }
        list.at[list.n++] = (struct facet_entry){v, count};
    }
    return list;
}

/* ---- lists of parts ------------------------------------------------------------------------ */

/* Frees both. Of a value in both, a's spelling stays: its rows came first. */
static struct facet_list merge(const struct facet_opts *opts, struct facet_list *a,
                               struct facet_list *b)
{
    struct facet_list out = {.at = xmalloc((a->n + b->n + 1) * sizeof *out.at)};
    size_t i = 0, j = 0, n_numbers = 0, n_texts = 0;

    while (i < a->n || j < b->n) {
        int order = i == a->n ? 1 : j == b->n ? -1 : column_compare(a->at[i].value, b->at[j].value);
        struct facet_entry e = order <= 0 ? a->at[i] : b->at[j];

        if (order == 0)
            e.count += b->at[j].count;
        i += order <= 0;
        j += order >= 0;
        if (e.value->is_number ? opts->keep_numbers && n_numbers == opts->keep_numbers
                               : opts->keep_texts && n_texts == opts->keep_texts)
            continue;
        n_numbers += e.value->is_number;
        n_texts += !e.value->is_number;
        out.at[out.n++] = e;
    }
    facet_list__done(a);
    facet_list__done(b);
    return out;
}

static void join_last(struct counting *x)
{
    size_t last = x->n_lists - 1;

    x->lists[last - 1] = merge(x->opts, &x->lists[last - 1], &x->lists[last]);
    x->n_parts[last - 1] += x->n_parts[last];
    x->n_lists--;
}

static void add_list(struct counting *x, struct facet_list list)
{
    ASSERT(x->n_lists < LISTS_MAX);
    x->lists[x->n_lists] = list;
    x->n_parts[x->n_lists++] = 1;
    while (x->n_lists > 1 && x->n_parts[x->n_lists - 2] == x->n_parts[x->n_lists - 1])
        join_last(x);
}

static enum rc count_part(struct counting *x, struct column *column, uint32_t first_row,
                          const uint64_t *rows, struct err *err)
{
    const struct column_value *values;
    struct column_part *part;
    size_t need;
    enum rc rc;

    rc = column_part_of(column, first_row, &part, err);
    if (rc != RC_OK || !part || part->n_values == 0)
        return rc;
    need = 2 * (size_t)part->n_values;
    if (need > x->room) {
        xfree(x->counts);
        x->counts = xmalloc(need * sizeof *x->counts);
        x->room = need;
    }
    memset(x->counts, 0, need * sizeof *x->counts);
    count_rows(part, rows, x->counts, x->counts + part->n_values);
    rc = column_values(part, &values, err);
    if (rc == RC_OK)
        add_list(x, take_part(x, part, values));
    return rc;
}

enum rc facet__count(const struct search *s, struct column *column, struct tile *const *candidates,
                     const struct facet_opts *opts, struct facet_counted *ret, struct err *err)
{
    struct counting x = {.opts = opts, .ret = ret};
    uint32_t tile, at, n_tiles = reader_n_tiles(s->reader);
    enum rc rc = RC_OK;

    *ret = (struct facet_counted){0};
    for (tile = 0; tile < n_tiles && rc == RC_OK; tile++) {
        if (!candidates[tile])
            continue;
        rc = search__stopped(s, err);
        for (at = 0; at < TILE_ROWS && rc == RC_OK; at += PART_ROWS) {
            const uint64_t *rows = candidates[tile]->bits + at / 64;

            if (bits_any(rows, PART_WORDS))
                rc = count_part(&x, column, tile * TILE_ROWS + at, rows, err);
        }
    }
    while (x.n_lists > 1)
        join_last(&x);
    if (rc == RC_OK)
        ret->list = x.lists[0];
    else
        facet_list__done(&x.lists[0]);
    xfree(x.counts);
    return rc;
}

static int by_count(const void *a, const void *b)
{
    const struct facet_entry *x = a, *y = b;

    if (x->value->is_number != y->value->is_number)
        return x->value->is_number ? -1 : 1;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return column_compare(x->value, y->value);
}

void facet_list__sort_by_count(struct facet_list *l)
{
    if (l->n)
        qsort(l->at, l->n, sizeof *l->at, by_count);
}
