/* SPDX-License-Identifier: MIT */
/*
 * column_part.c -- the values of up to 4,096 rows of a column, as bytes.
 *
 * Key    'c' column(4) first row(4)
 * Value  varints: numbers, texts, bytes that the texts take, places
 *        sets (column_bits.c): rows that have the member, rows with null, with
 *        an empty value, with values; the guess for the last is: those that have
 *        the member, but neither null nor empty
 *        a byte: bits of a packed count; for each row with values its places,
 *        less one, packed
 *        the places, packed in as many bits as the last value's place needs
 *        the numbers, the texts (column_values.c), if there are any
 *
 * (1) A row's places rise strictly: a value counts once however often it stands
 *     in an array.
 * (2) Rows with null, with an empty value and with values have the member.
 * (3) Nothing is left behind the texts.
 *
 * A filter or a sort asks for few of the rows, and for a value or two, so all is
 * packed in a way that a single one is found in place; opening a part finds out
 * where things are and where the places of each 64th row begin, and decodes nothing.
 *
 * A price costs its share of a dictionary of rising numbers, two bytes or less,
 * and 12 bits; three of twenty genres cost 17 bits. No compression on top: it
 * finds little in this, and costs more time than the decoding itself.
 */
#include "index/column_int.h"

#include "base/bits.h"
#include "base/mem.h"

/* ---- writing ----------------------------------------------------------------------------- */

/* Rows that most likely have values. */
static void guess_valued(const uint64_t *exists, const uint64_t *is_null, const uint64_t *is_empty,
                         uint64_t *ret)
{
    size_t i;

    for (i = 0; i < PART_WORDS; i++)
        ret[i] = exists[i] & ~(is_null[i] | is_empty[i]);
}

static void put_counts(const struct column_content *c, struct buf *out)
{
    uint64_t guess[PART_WORDS], valued[PART_WORDS] = {0};
    struct packer counts = {.out = out};
    uint32_t row, most = 0;

    for (row = column__next(c->exists, 0); row < PART_ROWS;
         row = column__next(c->exists, row + 1)) {
        uint32_t have = c->starts[row + 1] - c->starts[row];

        if (have == 0)
            continue;
        column__set(valued, row);
        most = have - 1 > most ? have - 1 : most;
    }
    guess_valued(c->exists, c->is_null, c->is_empty, guess);
    column__put_set(valued, guess, out);
    counts.width = column__width(most);
    (void)buf_byte(out, (uint8_t)counts.width);
    for (row = column__next(valued, 0); row < PART_ROWS; row = column__next(valued, row + 1))
        packer__add(&counts, c->starts[row + 1] - c->starts[row] - 1);
    packer__done(&counts);
}

static unsigned place_width(uint32_t n_values)
{
    return column__width(n_values ? n_values - 1 : 0);
}

void column_part__encode(const struct column_content *c, struct buf *out)
{
    uint32_t n_numbers = 0, n_places = c->starts[PART_ROWS], i;
    struct packer places = {.out = out, .width = place_width(c->n_values)};
    const struct column_value *texts;

    while (n_numbers < c->n_values && c->values[n_numbers].is_number)
        n_numbers++;
    texts = c->values + n_numbers;
    (void)buf_varint(out, n_numbers);
    (void)buf_varint(out, c->n_values - n_numbers);
    (void)buf_varint(out, column__text_bytes(texts, c->n_values - n_numbers));
    (void)buf_varint(out, n_places);
    column__put_set(c->exists, NULL, out);
    column__put_set(c->is_null, NULL, out);
    column__put_set(c->is_empty, NULL, out);
    put_counts(c, out);
    for (i = 0; i < n_places; i++)
        packer__add(&places, c->places[i]);
    packer__done(&places);
    column__put_numbers(c->values, n_numbers, out);
    column__put_texts(texts, c->n_values - n_numbers, out);
}

/* ---- opening ----------------------------------------------------------------------------- */

/* The one allocation of an open part. */
struct open_part {
    struct column_part part;
    struct column_starts starts;
    uint8_t value[]; /* and the eight bytes that are read behind packed numbers */
};

void column_part__close(struct column_part *p)
{
    if (!p)
        return;
    xfree(p->values);
    xfree(p);
}

static struct open_part *make_room(size_t n_value, struct column_room *room)
{
    size_t n = sizeof(struct open_part) + n_value + sizeof(uint64_t);
    struct column_part *p = room->part;

    if (n > room->n) {
        column_part__close(p);
        p = xmalloc(n);
        *room = (struct column_room){p, n};
    } else {
        xfree(p->values);
    }
    p->values = NULL;
    return (struct open_part *)(void *)p;
}

/* Sizes that the rest of the value can be right for: memory follows them. */
static bool take_sizes(struct bytes *v, struct column_part *p)
{
    uint64_t numbers, texts, text_bytes, places;

    if (!column__take(v, v->n, &numbers) || !column__take(v, v->n, &texts) ||
        numbers + texts > v->n || numbers + texts > UINT32_MAX ||
        !column__take(v, texts * COLUMN_TEXT_MAX * 2, &text_bytes) ||
        !column__take(v, UINT32_MAX, &places))
        return false;
    p->n_numbers = (uint32_t)numbers;
    p->n_values = (uint32_t)(numbers + texts);
    p->n_places = (uint32_t)places;
    p->text_bytes = (size_t)text_bytes;
    return p->n_values || p->n_places == 0;
}

static bool is_within(const uint64_t *set, const uint64_t *whole)
{
    uint64_t outside = 0;
    size_t i;

    for (i = 0; i < PART_WORDS; i++)
        outside |= set[i] & ~whole[i];
    return outside == 0;
}

/* Whether it is the first n rows. */
static bool is_first(const uint64_t *set, uint32_t n)
{
    uint64_t wrong = 0;
    uint32_t i;

    for (i = 0; i < PART_WORDS; i++) {
        uint32_t left = n > i * 64 ? n - i * 64 : 0;

        wrong |= set[i] ^ (left >= 64 ? UINT64_MAX : (UINT64_C(1) << left) - 1);
    }
    return wrong == 0;
}

/* The starts of 64 rows that all have values; n: of those before. */
static void add_dense(struct packed counts, uint32_t n, uint32_t *starts)
{
    uint64_t mask = (UINT64_C(1) << counts.width) - 1;
    uint32_t at_once = counts.width ? PACKED_WIDTH_MAX / counts.width : 64, row = 0;
    uint32_t sum = starts[0];

    while (row < 64) {
        size_t bit = (size_t)(n + row) * counts.width;
        uint64_t word = get_u64le(counts.at + bit / 8) >> bit % 8;
        uint32_t end = row + at_once < 64 ? row + at_once : 64;

        for (; row < end; row++, word >>= counts.width) {
            starts[row] = sum;
            sum += (uint32_t)(word & mask) + 1;
        }
    }
}

void column_starts_add(struct column_starts *s, uint32_t word)
{
    uint32_t *at = s->at + (size_t)word * 64, n = s->before[word], sum = at[0], row;
    uint64_t valued = s->valued[word];

    s->known |= UINT64_C(1) << word;
    if (valued == UINT64_MAX) {
        add_dense(s->counts, n, at);
        return;
    }
    for (row = 0; row < 64; row++) { /* no branches: what comes is random */
        uint32_t has = valued >> row & 1;

        at[row] = sum;
        sum += ((uint32_t)packed_at(s->counts, n) + 1) & (0 - has);
        n += has;
    }
}

/* The sum of the numbers in a word; what is behind them is 0. */
static uint64_t sum_of_word(uint64_t word, unsigned width)
{
    uint64_t mask = (UINT64_C(1) << width) - 1, sum = 0;

    if (width == 3 || width > 4) {
        for (; word; word >>= width)
            sum += word & mask;
        return sum;
    }
    if (width == 1) /* neighbours, until there is one number a byte */
        word -= word >> 1 & 0x5555555555555555u;
    if (width <= 2)
        word = (word & 0x3333333333333333u) + (word >> 2 & 0x3333333333333333u);
    word = (word & 0x0f0f0f0f0f0f0f0fu) + (word >> 4 & 0x0f0f0f0f0f0f0f0fu);
    return word * 0x0101010101010101u >> 56; /* 14 numbers up to 15 are less than 256 */
}

/* The sum of n packed numbers from the i-th on. */
static uint64_t sum_of(struct packed p, size_t i, uint32_t n)
{
    uint32_t at_once = p.width ? PACKED_WIDTH_MAX / p.width : 0, some;
    uint64_t sum = 0;

    for (; at_once && n; i += some, n -= some) {
        some = n < at_once ? n : at_once;
        sum += sum_of_word(get_u64le(p.at + i * p.width / 8) >> i * p.width % 8 &
                               ((UINT64_C(1) << some * p.width) - 1),
                           p.width);
    }
    return sum;
}

/* Where the places of each 64th row begin; returns where the last one's end. */
static uint64_t add_up(struct column_starts *s)
{
    uint64_t sum = 0;
    uint32_t n = 0;
    size_t w;

    s->known = 0;
    for (w = 0; w < PART_WORDS; w++) {
        uint32_t have = (uint32_t)bits_count_word(s->valued[w]);

        s->at[w * 64] = (uint32_t)sum;
        s->before[w] = (uint16_t)n;
        sum += have + sum_of(s->counts, n, have);
        n += have;
    }
    s->at[PART_ROWS] = (uint32_t)sum;
    return sum;
}

/* Which rows have what, and how many values. */
static bool take_rows(struct bytes *v, struct column_part *p, struct column_starts *starts)
{
    uint64_t guess[PART_WORDS], *valued = starts->valued;
    unsigned width;
    uint32_t n;

    if (!column__take_set(v, NULL, p->exists) || !column__take_set(v, NULL, p->is_null) ||
        !column__take_set(v, NULL, p->is_empty))
        return false;
    guess_valued(p->exists, p->is_null, p->is_empty, guess);
    if (!column__take_set(v, guess, valued) || v->n == 0 || v->p[0] > 32)
        return false;
    if (!is_within(valued, p->exists) || !is_within(p->is_null, p->exists) ||
        !is_within(p->is_empty, p->exists))
        return false; /* (2) */
    width = v->p[0];
    *v = bytes_of(v->p + 1, v->n - 1);
    p->starts = NULL;
    if (width == 0 && p->n_places <= PART_ROWS && is_first(valued, p->n_places))
        return true;
    n = (uint32_t)bits_count(valued, PART_WORDS);
    if (!column__take_packed(v, n, width, &starts->counts))
        return false;
    p->starts = starts;
    return add_up(starts) == p->n_places;
}

enum rc column_part__open(struct bytes value, uint32_t first_row, struct column_room *room,
                          struct err *err)
{
    struct open_part *o = make_room(value.n, room);
    struct column_part *p = &o->part;
    struct bytes v = bytes_of(o->value, value.n);

    memcpy(o->value, value.p, value.n);
    memset(o->value + value.n, 0, sizeof(uint64_t));
    p->first = first_row;
    if (take_sizes(&v, p) && take_rows(&v, p, &o->starts) &&
        column__take_packed(&v, p->n_places, place_width(p->n_values), &p->places) &&
        column__take_numbers(&v, p) && column__take_texts(&v, p))
        return RC_OK;
    return column_part__damaged(p, err);
}

enum rc column_part__damaged(const struct column_part *p, struct err *err)
{
    return err_set(err, RC_CORRUPT, NULL, "the values of rows %u to %u of a column are damaged",
                   p->first, p->first + PART_ROWS - 1);
}

uint32_t column_part__rows(struct bytes value)
{
    struct column_part sizes;
    uint64_t exists[PART_WORDS];

    if (!take_sizes(&value, &sizes) || !column__take_set(&value, NULL, exists))
        return 0;
    return (uint32_t)bits_count(exists, PART_WORDS);
}

bool column_one_each(const struct column_part *p, uint32_t row)
{
    uint32_t wrong = 0, i;

    if (!p->starts)
        return row + 64 <= p->n_places;
    if (column_start(p, row + 64) - column_start(p, row) != 64)
        return false;
    for (i = 0; i < 64; i++)
        wrong |= column_start(p, row + i) ^ (column_start(p, row) + i);
    return wrong == 0;
}

void column_places(const struct column_part *p, uint32_t first, uint32_t n, uint32_t *ret)
{
    uint32_t i;

    column__unpack(p->places, first, n, ret);
    for (i = 0; i < n; i++)
        ret[i] = ret[i] < p->n_values ? ret[i] : p->n_values - 1;
}

enum rc column_part__check(struct column_part *p, struct err *err)
{
    const struct column_value *values;
    uint32_t row, i;
    enum rc rc = column_values(p, &values, err);

    if (rc != RC_OK)
        return rc;
    for (row = column__next(p->exists, 0); row < PART_ROWS; row = column__next(p->exists, row + 1))
        for (i = column_start(p, row); i < column_start(p, row + 1); i++)
            if (packed_at(p->places, i) >= p->n_values ||
                (i > column_start(p, row) &&
                 packed_at(p->places, i) <= packed_at(p->places, i - 1)))
                return column_part__damaged(p, err); /* (1) */
    return RC_OK;
}
