/* SPDX-License-Identifier: MIT */
/*
 * fuzz_column.c -- foreign bytes as a part of a column.
 *
 * Held: what opens can be asked all there is, harmlessly; what passes the check
 * keeps the promises of struct column_part, and merged with itself has the same
 * rows and opens again.
 */
#include "base/assert.h"
#include "base/mem.h"
#include "index/column_int.h"

enum { PART_BYTES_MAX = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Any part that opens. */
static void ask_all(struct column_part *p)
{
    uint32_t row, i, place, at, places[64];
    double number = 0;
    struct err err;
    enum rc rc;

    for (row = column__next(p->exists, 0); row < PART_ROWS;
         row = column__next(p->exists, row + 1)) {
        (void)column_first_number(p, row, &number);
        ASSERT(column_start(p, row) <= column_start(p, row + 1));
        for (i = column_start(p, row); i < column_start(p, row + 1); i++) {
            place = column_place(p, i);
            ASSERT(place < p->n_values);
            if (place < p->n_numbers)
                number = column_number(p, place);
        }
    }
    if (p->n_places)
        column_places(p, 0, p->n_places < 64 ? p->n_places : 64, places);
    ASSERT(column_seek_number(p, number, true) <= p->n_numbers);
    rc = column_seek_text(p, B("m"), SEEK_BEHIND_PREFIX, &at, &err);
    ASSERT(rc == RC_OK ? at >= p->n_numbers && at <= p->n_values : rc == RC_CORRUPT);
}

static void check_places(const struct column_part *p)
{
    uint32_t row, i, n = 0;

    for (row = column__next(p->exists, 0); row < PART_ROWS;
         row = column__next(p->exists, row + 1)) {
        ASSERT(column_start(p, row) == n); /* rows that do not exist have no places */
        n = column_start(p, row + 1);
        for (i = column_start(p, row) + 1; i < n; i++)
            ASSERT(column_place(p, i - 1) < column_place(p, i));
    }
    ASSERT(n == p->n_places);
    for (i = 0; i < PART_WORDS; i++)
        ASSERT(((p->is_null[i] | p->is_empty[i]) & ~p->exists[i]) == 0);
}

static void check_values(struct column_part *p)
{
    const struct column_value *values;
    struct err err;
    uint32_t i;
    enum rc rc = column_values(p, &values, &err);

    ASSERT(rc == RC_OK); /* the check had them */
    for (i = 0; i < p->n_values; i++) {
        const struct column_value *v = &values[i];

        ASSERT(i == 0 || column_compare(&values[i - 1], v) < 0);
        ASSERT(v->is_number == (i < p->n_numbers));
        ASSERT(!v->is_number || v->number - v->number == 0);
        ASSERT(v->is_number || (v->text.n && v->text.n <= COLUMN_TEXT_MAX && v->original.n &&
                                v->original.n <= COLUMN_TEXT_MAX));
#ifdef LODE_PLANTED_BUG
        /* A number of 40 and more beside texts, in a part that is right to its last bit. */
        if (v->is_number && v->number >= 40 && p->n_numbers < p->n_values)
            NEVER("planted bug");
#endif
    }
}

/* Whether it opens and passes the check. */
static bool take(struct bytes value, struct column_room *room)
{
    struct err err;
    enum rc rc = column_part__open(value, 0, room, &err);

    if (rc == RC_OK) {
        ask_all(room->part);
        rc = column_part__check(room->part, &err);
    }
    ASSERT(rc == RC_OK || rc == RC_CORRUPT);
    return rc == RC_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct column_room room = {0}, again = {0};
    struct buf merged;
    struct err err;
    uint32_t row;

    if (n > PART_BYTES_MAX)
        return 0;
    buf_init(&merged, BUF_NO_LIMIT);
    if (take(bytes_of(data, n), &room)) {
        check_places(room.part);
        check_values(room.part);
        ASSERT(column_part__merge(bytes_of(data, n), bytes_of(data, n), &merged, &err) == RC_OK);
        ASSERT(take(buf_view(&merged), &again));
        for (row = 0; row <= PART_ROWS; row++)
            ASSERT(column_start(again.part, row) == column_start(room.part, row));
    }
    column_part__close(room.part);
    column_part__close(again.part);
    buf_done(&merged);
    return 0;
}
