/* SPDX-License-Identifier: MIT */
/*
 * column_merge.c -- two parts of the same rows to one.
 *
 * (1) A row that `more` has is taken from there as a whole, all others from
 *     `base`. Rows are never written again, so mostly the two have none in common.
 * (2) The original spelling of a value is that of the lowest row that has it:
 *     what is merged in any steps is, to the byte, what is built in one go.
 */
#include "index/column_int.h"

#include "base/mem.h"

/* One of the two sides. */
struct side {
    struct column_room room;
    struct column_part *part;          /* in room */
    const struct column_value *values; /* its own */
    uint32_t *first;                   /* owned; by value: the first row that is taken and has it */
    uint32_t *to;                      /* owned; by value: its place in the merged part */
};

static void side_done(struct side *s)
{
    column_part__close(s->room.part);
    xfree(s->first);
    xfree(s->to);
}

static enum rc side_init(struct side *s, struct bytes value, struct err *err)
{
    uint32_t i, n;
    enum rc rc;

    rc = column_part__open(value, 0, &s->room, err);
    s->part = s->room.part;
    if (rc == RC_OK)
        rc = column_part__check(s->part, err);
    if (rc == RC_OK)
        rc = column_values(s->part, &s->values, err);
    if (rc != RC_OK)
        return rc;
    n = s->part->n_values ? s->part->n_values : 1;
    s->first = xmalloc(n * sizeof *s->first);
    s->to = xmalloc(n * sizeof *s->to);
    for (i = 0; i < n; i++)
        s->first[i] = PART_ROWS;
    return RC_OK;
}

static void find_first(struct side *s, const struct side *over)
{
    struct column_part *p = s->part;
    uint32_t row, i;

    for (row = column__next(p->exists, 0); row < PART_ROWS;
         row = column__next(p->exists, row + 1)) {
        if (over && column__has(over->part->exists, row))
            continue;
        for (i = column_start(p, row); i < column_start(p, row + 1); i++)
            if (s->first[column_place(p, i)] == PART_ROWS)
                s->first[column_place(p, i)] = row;
    }
}

/* Values that a taken row has, each once; fills `to` of both. */
static uint32_t join_values(struct side *base, struct side *more, struct column_value *out)
{
    uint32_t b = 0, m = 0, n = 0;

    for (;;) {
        int order;

        while (b < base->part->n_values && base->first[b] == PART_ROWS)
            b++;
        while (m < more->part->n_values && more->first[m] == PART_ROWS)
            m++;
        if (b == base->part->n_values && m == more->part->n_values)
            return n;
        order = b == base->part->n_values   ? 1
                : m == more->part->n_values ? -1
                                            : column_compare(&base->values[b], &more->values[m]);
        if (order < 0 || (order == 0 && base->first[b] < more->first[m])) /* (2) */
            out[n] = base->values[b];
        else
            out[n] = more->values[m];
        if (order <= 0)
            base->to[b++] = n;
        if (order >= 0)
            more->to[m++] = n;
        n++;
    }
}

static void join_rows(const struct side *base, const struct side *more, struct column_content *out,
                      uint32_t *starts, uint32_t *places)
{
    uint32_t row, i, n = 0, begun = 0; /* rows whose start is known */

    for (i = 0; i < PART_WORDS; i++) {
        uint64_t old = ~more->part->exists[i];

        out->exists[i] = more->part->exists[i] | base->part->exists[i];
        out->is_null[i] = more->part->is_null[i] | (base->part->is_null[i] & old);
        out->is_empty[i] = more->part->is_empty[i] | (base->part->is_empty[i] & old);
    }
    for (row = column__next(out->exists, 0); row < PART_ROWS;
         row = column__next(out->exists, row + 1)) {
        const struct side *s = column__has(more->part->exists, row) ? more : base; /* (1) */

        while (begun <= row)
            starts[begun++] = n;
        for (i = column_start(s->part, row); i < column_start(s->part, row + 1); i++)
            places[n++] = s->to[column_place(s->part, i)];
    }
    while (begun <= PART_ROWS)
        starts[begun++] = n;
}

static void join(struct side *base, struct side *more, struct buf *out)
{
    size_t n_values = (size_t)base->part->n_values + more->part->n_values;
    size_t n_places = (size_t)base->part->n_places + more->part->n_places;
    struct column_value *values = xmalloc((n_values + 1) * sizeof *values);
    uint32_t *places = xmalloc((n_places + 1) * sizeof *places);
    uint32_t starts[PART_ROWS + 1];
    struct column_content joined = {.values = values, .starts = starts, .places = places};

    find_first(base, more);
    find_first(more, NULL);
    joined.n_values = join_values(base, more, values);
    join_rows(base, more, &joined, starts, places);
    column_part__encode(&joined, out);
    xfree(values);
    xfree(places);
}

enum rc column_part__merge(struct bytes base, struct bytes more, struct buf *out, struct err *err)
{
    struct side b = {0}, m = {0};
    enum rc rc;

    rc = side_init(&b, base, err);
    if (rc == RC_OK)
        rc = side_init(&m, more, err);
    if (rc == RC_OK)
        join(&b, &m, out);
    side_done(&b);
    side_done(&m);
    return rc;
}
