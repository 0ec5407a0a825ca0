/* SPDX-License-Identifier: MIT */
/*
 * distinct.c -- one row of each value, going through rows best first.
 *
 * A row goes if it shares any value with a row that was kept; rows without a
 * value are all kept. Values are those of the field's column, borrowed from it
 * as long as the reader.
 */
#include "base/hash.h"
#include "base/mem.h"
#include "query/rank_int.h"

struct distinct {
    const struct column_value **at; /* owned: a table, NULL where free */
    size_t n, cap;                  /* cap: a power of two, or 0 */
};

struct bytes distinct__field(const struct search *s)
{
    return s->spec->distinct.n > 0 ? s->spec->distinct : s->plan->distinct;
}

struct distinct *distinct__new(void)
{
    return xcalloc(1, sizeof(struct distinct));
}

enum rc distinct__column(struct reader *r, struct bytes field, struct column **ret_column,
                         struct err *err)
{
    enum rc rc = reader_column(r, field, ret_column, err);

    if (rc != RC_NOT_FOUND)
        return rc;
    *ret_column = NULL;
    return RC_OK;
}

void distinct__free(struct distinct *d)
{
    if (!d)
        return;
    xfree(d->at);
    xfree(d);
}

void distinct__clear(struct distinct *d)
{
    if (d->cap > 0)
        memset(d->at, 0, d->cap * sizeof(*d->at));
    d->n = 0;
}

static bool same(const struct column_value *a, const struct column_value *b)
{
    if (a->is_number != b->is_number)
        return false;
    if (a->is_number)
        return !(a->number < b->number) && !(a->number > b->number);
    return bytes_eq(a->text, b->text);
}

/* Where the value is, or would be. */
static size_t place_of(const struct distinct *d, const struct column_value *v)
{
    double number = v->number + 0.0; /* -0 is 0 */
    uint64_t hash =
        v->is_number ? hash64(bytes_of(&number, sizeof(number)), 1) : hash64(v->text, 2);
    size_t i = hash & (d->cap - 1);

    while (d->at[i] && !same(d->at[i], v))
        i = (i + 1) & (d->cap - 1);
    return i;
}

static void grow(struct distinct *d)
{
    const struct column_value **old = d->at;
    size_t old_cap = d->cap;

    if (d->n * 2 < d->cap)
        return;
    d->cap = d->cap ? d->cap * 2 : 64;
    d->at = xcalloc(d->cap, sizeof(*d->at));
    for (size_t i = 0; i < old_cap; i++) {
        if (old[i])
            d->at[place_of(d, old[i])] = old[i];
    }
    xfree(old);
}

enum rc distinct__keep(struct distinct *d, struct column *column, uint32_t row, bool *ret_keep,
                       struct err *err)
{
    const struct column_value *values;
    struct column_part *part = NULL;
    uint32_t from, to, i;
    enum rc rc = RC_OK;

    *ret_keep = true;
    if (column)
        rc = column_part_of(column, row, &part, err);
    if (rc == RC_OK && part)
        rc = column_values(part, &values, err);
    if (rc != RC_OK || !part)
        return rc;
    from = column_start(part, row % PART_ROWS);
    to = column_start(part, row % PART_ROWS + 1);
    for (i = from; d->cap > 0 && i < to; i++) {
        if (d->at[place_of(d, &values[column_place(part, i)])])
            *ret_keep = false;
    }
    for (i = from; *ret_keep && i < to; i++) {
        const struct column_value *v = &values[column_place(part, i)];
        size_t place;

        grow(d);
        place = place_of(d, v);
        if (!d->at[place]) {
            d->at[place] = v;
            d->n++;
        }
    }
    return RC_OK;
}
