/* SPDX-License-Identifier: MIT */
/*
 * column_part.c -- the values of up to 4,096 rows of a column, as bytes.
 *
 * Key    'c' column(4) first row(4)
 * Value  varints: numbers, texts, bytes that the texts take, places
 *        the numbers, the texts (column_values.c), if there are any
 *        sets (column_bits.c): rows that have the member, rows with null, with
 *        an empty value, with values; the guess for the last is: those that have
 *        the member, but neither null nor empty
 *        a byte: bits of a packed count; for each row with values its places,
 *        less one, packed
 *        the places, packed in as many bits as the last value's place needs
 *
 * (1) A row's places rise strictly: a value counts once however often it stands
 *     in an array.
 * (2) Rows with null, with an empty value and with values have the member.
 * (3) Nothing is left behind the places.
 *
 * So a price costs its share of a dictionary of rising numbers, about a byte,
 * and 12 bits; three of twenty genres cost 17 bits. No compression on top: it
 * finds little in this, and costs more time than the decoding itself.
 */
#include "index/column_int.h"

#include "base/assert.h"
#include "base/mem.h"

/* ---- writing ----------------------------------------------------------------------------- */

/* Rows that most likely have values. */
static void guess_valued(const struct column_part *p, uint64_t *ret)
{
    size_t i;

    for (i = 0; i < PART_WORDS; i++)
        ret[i] = p->exists[i] & ~(p->is_null[i] | p->is_empty[i]);
}

static void put_counts(const struct column_part *p, struct buf *out)
{
    uint64_t guess[PART_WORDS], valued[PART_WORDS] = {0};
    uint32_t counts[PART_ROWS], row, n = 0, most = 0;
    unsigned width;

    for (row = 0; row < PART_ROWS; row++) {
        uint32_t have = p->starts[row + 1] - p->starts[row];

        if (have == 0)
            continue;
        column__set(valued, row);
        counts[n++] = have - 1;
        most = have - 1 > most ? have - 1 : most;
    }
    guess_valued(p, guess);
    column__put_set(valued, guess, out);
    width = column__width(most);
    (void)buf_byte(out, (uint8_t)width);
    column__pack(counts, n, width, out);
}

void column_part__encode(const struct column_part *p, struct buf *out)
{
    uint32_t n_numbers = 0, n_places = p->starts[PART_ROWS];
    const struct column_value *texts;

    while (n_numbers < p->n_values && p->values[n_numbers].is_number)
        n_numbers++;
    texts = p->values + n_numbers;
    (void)buf_varint(out, n_numbers);
    (void)buf_varint(out, p->n_values - n_numbers);
    (void)buf_varint(out, column__text_bytes(texts, p->n_values - n_numbers));
    (void)buf_varint(out, n_places);
    if (n_numbers)
        column__put_numbers(p->values, n_numbers, out);
    column__put_texts(texts, p->n_values - n_numbers, out);
    column__put_set(p->exists, NULL, out);
    column__put_set(p->is_null, NULL, out);
    column__put_set(p->is_empty, NULL, out);
    put_counts(p, out);
    column__pack(p->places, n_places, column__width(p->n_values ? p->n_values - 1 : 0), out);
}

/* ---- reading ----------------------------------------------------------------------------- */

/* The one allocation of a decoded part. */
struct whole_part {
    struct column_part part;
    uint32_t starts[PART_ROWS + 1];
    struct column_value values[]; /* then the places, then the bytes of texts */
};

struct sizes {
    uint64_t numbers, texts, text_bytes, places;
};

/* Sizes that the rest of the value can be right for: memory follows them. */
static bool take_sizes(struct bytes *v, struct sizes *s)
{
    unsigned width;

    if (!column__take(v, v->n, &s->numbers) || !column__take(v, v->n, &s->texts) ||
        s->numbers + s->texts > v->n ||
        !column__take(v, s->texts * COLUMN_TEXT_MAX * 2, &s->text_bytes) ||
        !column__take(v, UINT32_MAX, &s->places) || s->numbers + s->texts > UINT32_MAX)
        return false;
    if (s->numbers + s->texts == 0)
        return s->places == 0;
    width = column__width((uint32_t)(s->numbers + s->texts - 1));
    return width ? s->places <= (uint64_t)v->n * 8 / width : s->places <= PART_ROWS;
}

static struct whole_part *make_room(const struct sizes *s, struct column_room *room,
                                    uint32_t **ret_places, uint8_t **ret_text)
{
    size_t n_values = (size_t)(s->numbers + s->texts);
    size_t places_at = sizeof(struct whole_part) + n_values * sizeof(struct column_value);
    size_t text_at = places_at + (size_t)s->places * sizeof(uint32_t);
    size_t n = text_at + (size_t)s->text_bytes;
    struct whole_part *w;
    uint8_t *p;

    if (n > room->n) {
        xfree(room->p);
        room->p = xmalloc(n);
        room->n = n;
    }
    p = room->p;
    w = room->p;
    *ret_places = (uint32_t *)(void *)(p + places_at);
    *ret_text = p + text_at;
    w->part.n_values = (uint32_t)n_values;
    w->part.values = w->values;
    w->part.starts = w->starts;
    w->part.places = *ret_places;
    return w;
}

static bool is_within(const uint64_t *set, const uint64_t *whole)
{
    uint64_t outside = 0;
    size_t i;

    for (i = 0; i < PART_WORDS; i++)
        outside |= set[i] & ~whole[i];
    return outside == 0;
}

/* Which rows have what, and how many values. */
static bool take_rows(struct bytes *v, struct whole_part *w, uint64_t n_places, bool *ret_single)
{
    struct column_part *p = &w->part;
    uint64_t guess[PART_WORDS], valued[PART_WORDS], sum = 0;
    uint32_t counts[PART_ROWS + 1], row, n = 0; /* one more: read, but not counted */
    size_t i;

    if (!column__take_set(v, NULL, p->exists) || !column__take_set(v, NULL, p->is_null) ||
        !column__take_set(v, NULL, p->is_empty))
        return false;
    guess_valued(p, guess);
    if (!column__take_set(v, guess, valued) || v->n == 0 || v->p[0] > 32)
        return false;
    if (!is_within(valued, p->exists) || !is_within(p->is_null, p->exists) ||
        !is_within(p->is_empty, p->exists))
        return false; /* (2) */
    for (i = 0; i < PART_WORDS; i++)
        n += (uint32_t)__builtin_popcountll(valued[i]);
    i = v->p[0];
    *v = bytes_of(v->p + 1, v->n - 1);
    if (!column__unpack(v, n, (unsigned)i, counts))
        return false;
    counts[n] = 0;
    for (row = 0, n = 0; row < PART_ROWS; row++) { /* no branches: what comes is random */
        uint64_t has = column__has(valued, row);

        w->starts[row] = (uint32_t)sum;
        sum += ((uint64_t)counts[n] + 1) & (0 - has);
        n += (uint32_t)has;
    }
    w->starts[row] = (uint32_t)sum;
    *ret_single = n == sum;
    return sum == n_places;
}

/*
 * (1), and no place is behind the last value. Places may fall from one to the
 * next only where a row begins, so both kinds of falls are counted: that is
 * quicker than a loop for every row. single: no row has two.
 */
static bool places_are_right(const struct column_part *p, bool single)
{
    uint32_t n = p->starts[PART_ROWS], i, row, falls = 0, behind = 0;

    for (i = 0; i < n; i++)
        behind |= p->places[i] >= p->n_values;
    if (single)
        return behind == 0;
    for (i = 1; i < n; i++)
        falls += p->places[i] <= p->places[i - 1];
    for (row = 1; row < PART_ROWS && n; row++) {
        uint32_t at = p->starts[row], has = p->starts[row + 1] > at;

        falls -= has & (at > 0) & (p->places[has ? at : 0] <= p->places[at > 0 ? at - 1 : 0]);
    }
    return falls == 0 && behind == 0;
}

enum rc column_part__decode_into(struct bytes value, uint32_t first_row, struct column_room *room,
                                 struct column_part **ret_part, struct err *err)
{
    struct bytes v = value;
    struct whole_part *w = NULL;
    uint32_t *places;
    struct sizes s;
    uint8_t *text;
    bool right, single = false;

    right = take_sizes(&v, &s);
    if (right) {
        w = make_room(&s, room, &places, &text);
        w->part.first = first_row;
        right =
            (s.numbers == 0 || column__take_numbers(&v, w->values, (size_t)s.numbers)) &&
            column__take_texts(&v, w->values + s.numbers, (size_t)s.texts, text,
                               (size_t)s.text_bytes) &&
            take_rows(&v, w, s.places, &single) &&
            column__unpack(&v, (size_t)s.places,
                           column__width(w->part.n_values ? w->part.n_values - 1 : 0), places) &&
            v.n == 0 && places_are_right(&w->part, single); /* (3) */
    }
    if (!right)
        return err_set(err, RC_CORRUPT, NULL, "the values of rows %u to %u of a column are damaged",
                       first_row, first_row + PART_ROWS - 1);
    *ret_part = &w->part;
    return RC_OK;
}

enum rc column_part__decode(struct bytes value, uint32_t first_row, struct column_part **ret_part,
                            struct err *err)
{
    struct column_room room = {0};
    enum rc rc = column_part__decode_into(value, first_row, &room, ret_part, err);

    if (rc != RC_OK)
        xfree(room.p);
    return rc;
}
