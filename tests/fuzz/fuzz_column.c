/* SPDX-License-Identifier: MIT */
/*
 * fuzz_column.c -- foreign bytes as a part of a column.
 *
 * Held: what decodes keeps the promises of struct column_part, encodes again to
 * what decodes the same, and merged with itself has the same rows.
 */
#include "base/assert.h"
#include "base/mem.h"
#include "index/column_int.h"

enum { PART_BYTES_MAX = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_places(const struct column_part *p)
{
    uint32_t row, i;

    ASSERT(p->starts[0] == 0);
    for (row = 0; row < PART_ROWS; row++) {
        ASSERT(p->starts[row] <= p->starts[row + 1]);
        ASSERT(p->starts[row] == p->starts[row + 1] || column__has(p->exists, row));
        for (i = p->starts[row]; i < p->starts[row + 1]; i++) {
            ASSERT(p->places[i] < p->n_values);
            ASSERT(i == p->starts[row] || p->places[i - 1] < p->places[i]);
        }
    }
    for (i = 0; i < PART_WORDS; i++)
        ASSERT(((p->is_null[i] | p->is_empty[i]) & ~p->exists[i]) == 0);
}

static void check_values(const struct column_part *p)
{
    uint32_t i;

    for (i = 0; i < p->n_values; i++) {
        const struct column_value *v = &p->values[i];

        ASSERT(i == 0 || column__compare(&p->values[i - 1], v) < 0);
        ASSERT(!v->is_number || v->number - v->number == 0);
        ASSERT(v->is_number || (v->text.n && v->text.n <= COLUMN_TEXT_MAX && v->original.n &&
                                v->original.n <= COLUMN_TEXT_MAX));
#ifdef LODE_PLANTED_BUG
        /* A number of 40 and more beside texts, in a part that is right to its last bit. */
        if (v->is_number && v->number >= 40 && !p->values[p->n_values - 1].is_number)
            NEVER("planted bug");
#endif
    }
}

static struct column_part *decode(struct bytes value)
{
    struct column_part *p = NULL;
    struct err err;
    enum rc rc = column_part__decode(value, 0, &p, &err);

    ASSERT(rc == RC_OK || rc == RC_CORRUPT);
    return rc == RC_OK ? p : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct column_part *p, *again;
    struct buf out, merged;
    struct err err;
    enum rc rc;

    if (n > PART_BYTES_MAX)
        return 0;
    p = decode(bytes_of(data, n));
    if (!p)
        return 0;
    check_places(p);
    check_values(p);
    buf_init(&out, BUF_NO_LIMIT);
    buf_init(&merged, BUF_NO_LIMIT);
    column_part__encode(p, &out);
    again = decode(buf_view(&out));
    ASSERT(again && again->n_values == p->n_values);
    ASSERT(memcmp(again->starts, p->starts, (PART_ROWS + 1) * sizeof *p->starts) == 0);
    rc = column_part__merge(buf_view(&out), buf_view(&out), &merged, &err);
    ASSERT(rc == RC_OK);
    xfree(again);
    again = decode(buf_view(&merged));
    ASSERT(again && again->starts[PART_ROWS] == p->starts[PART_ROWS]);
    xfree(again);
    xfree(p);
    buf_done(&out);
    buf_done(&merged);
    return 0;
}
