/* SPDX-License-Identifier: MIT */
/*
 * column_bits.c -- sets of rows and packed numbers, as bytes of a column's part.
 *
 * Set     a byte, then:
 *         0 nothing: no row          1 varint n: the first n + 1 rows
 *         2 varint n - 1, varint first row, n - 1 varints: gaps to the next, less one
 *         3 PART_ROWS bits, the lowest first       4 nothing: the guess
 * Packed  numbers of one width one behind the other, the lowest bit first, and
 *         zeros up to the next byte
 */
#include "index/column_int.h"

#include "base/bits.h"

enum { SET_NONE, SET_FIRST, SET_LIST, SET_BITS, SET_GUESS };
enum { SET_BYTES = PART_ROWS / 8 };

bool column__take(struct bytes *v, uint64_t max, uint64_t *ret)
{
    size_t n = get_varint(*v, ret);

    if (n == 0 || *ret > max)
        return false;
    *v = bytes_of(v->p + n, v->n - n);
    return true;
}

/* ---- sets -------------------------------------------------------------------------------- */

static bool is_first(const uint64_t *set, uint32_t n)
{
    return column__next(set, 0) == 0 && column__has(set, n - 1) &&
           (uint32_t)bits_count(set, PART_WORDS) == n &&
           (n == PART_ROWS || column__next(set, n) == PART_ROWS);
}

static void put_list(const uint64_t *set, uint32_t n, struct buf *out)
{
    uint32_t row, from = 0;

    (void)buf_byte(out, SET_LIST);
    (void)buf_varint(out, n - 1);
    for (row = column__next(set, 0); row < PART_ROWS; row = column__next(set, row + 1)) {
        (void)buf_varint(out, row - from);
        from = row + 1;
    }
}

void column__put_set(const uint64_t *set, const uint64_t *guess, struct buf *out)
{
    uint32_t n = (uint32_t)bits_count(set, PART_WORDS);
    size_t at = out->n, i;
    uint8_t word[8];

    if (guess && memcmp(set, guess, SET_BYTES) == 0) {
        (void)buf_byte(out, SET_GUESS);
        return;
    }
    if (n == 0) {
        (void)buf_byte(out, SET_NONE);
        return;
    }
    if (is_first(set, n)) {
        (void)buf_byte(out, SET_FIRST);
        (void)buf_varint(out, n - 1);
        return;
    }
    put_list(set, n, out);
    if (out->n - at <= SET_BYTES)
        return;
    buf_cut(out, at);
    (void)buf_byte(out, SET_BITS);
    for (i = 0; i < PART_WORDS; i++) {
        put_u64le(word, set[i]);
        (void)buf_append(out, word, sizeof word);
    }
}

static bool take_list(struct bytes *v, uint64_t *set)
{
    uint64_t n, gap, row = 0;

    if (!column__take(v, PART_ROWS - 1, &n))
        return false;
    for (n++; n; n--, row++) {
        if (row >= PART_ROWS || !column__take(v, PART_ROWS - 1 - row, &gap))
            return false;
        row += gap;
        column__set(set, (uint32_t)row);
    }
    return true;
}

bool column__take_set(struct bytes *v, const uint64_t *guess, uint64_t *set)
{
    uint64_t n;
    uint8_t kind;
    size_t i;

    memset(set, 0, SET_BYTES);
    if (v->n == 0)
        return false;
    kind = v->p[0];
    *v = bytes_of(v->p + 1, v->n - 1);
    switch (kind) {
    case SET_NONE:
        return true;
    case SET_FIRST:
        if (!column__take(v, PART_ROWS - 1, &n))
            return false;
        memset(set, 0xFF, (size_t)(n + 1) / 64 * 8);
        if ((n + 1) % 64)
            set[(n + 1) / 64] = (UINT64_C(1) << (n + 1) % 64) - 1;
        return true;
    case SET_LIST:
        return take_list(v, set);
    case SET_BITS:
        if (v->n < SET_BYTES)
            return false;
        for (i = 0; i < PART_WORDS; i++)
            set[i] = get_u64le(v->p + i * 8);
        *v = bytes_of(v->p + SET_BYTES, v->n - SET_BYTES);
        return true;
    case SET_GUESS:
        if (guess)
            memcpy(set, guess, SET_BYTES);
        return guess != NULL;
    default:
        return false;
    }
}

/* ---- packed numbers ---------------------------------------------------------------------- */

unsigned column__width(uint64_t max)
{
    return max ? 64 - (unsigned)__builtin_clzll(max) : 0;
}

void packer__add(struct packer *p, uint64_t number)
{
    p->bits |= number << p->n_bits; /* up to 7 bits are left: widths go up to 57 */
    for (p->n_bits += p->width; p->n_bits >= 8; p->n_bits -= 8) {
        (void)buf_byte(p->out, (uint8_t)p->bits);
        p->bits >>= 8;
    }
}

void packer__done(struct packer *p)
{
    if (p->n_bits)
        (void)buf_byte(p->out, (uint8_t)p->bits);
}

bool column__take_packed(struct bytes *v, size_t n, unsigned width, struct packed *ret)
{
    size_t n_bits = n * width, n_bytes = (n_bits + 7) / 8;

    if (width > PACKED_WIDTH_MAX || n > SIZE_MAX / 64 || n_bytes > v->n)
        return false;
    *ret = (struct packed){v->p, width};
    *v = bytes_of(v->p + n_bytes, v->n - n_bytes);
    return n_bits % 8 == 0 || ret->at[n_bytes - 1] >> n_bits % 8 == 0;
}

void column__unpack(struct packed p, size_t first, size_t n, uint32_t *ret)
{
    uint64_t mask = (UINT64_C(1) << p.width) - 1, word;
    size_t i, j, at_once = p.width ? 57 / p.width : 1; /* as many as eight bytes hold for certain */

    if (p.width == 0) {
        memset(ret, 0, n * sizeof *ret);
        return;
    }
    for (i = 0; i + at_once <= n; i += at_once) {
        word = get_u64le(p.at + (first + i) * p.width / 8) >> (first + i) * p.width % 8;
        for (j = 0; j < at_once; j++, word >>= p.width)
            ret[i + j] = (uint32_t)(word & mask);
    }
    for (; i < n; i++)
        ret[i] = (uint32_t)packed_at(p, first + i);
}
