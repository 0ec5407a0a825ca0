/* SPDX-License-Identifier: MIT */
/* column_int.h -- the pieces that parts of columns are written in and read from. */
#pragma once

#include "index/search_int.h"

/* ---- column_bits.c ----------------------------------------------------------------------- */

static inline bool column__has(const uint64_t *set, uint32_t i)
{
    return set[i / 64] >> i % 64 & 1;
}

static inline void column__set(uint64_t *set, uint32_t i)
{
    set[i / 64] |= UINT64_C(1) << i % 64;
}

/* Takes a varint of at most max from the front of *v; false: it is none, or more. */
bool column__take(struct bytes *v, uint64_t max, uint64_t *ret);
/* A set of rows of a part. guess: a set that it may well be, for which a byte will do. */
void column__put_set(const uint64_t *set, const uint64_t *guess, struct buf *out);
bool column__take_set(struct bytes *v, const uint64_t *guess, uint64_t *set);
/* Bits that are needed for numbers up to max; 0 for 0. */
unsigned column__width(uint32_t max);
/* n numbers of width bits each, padded with zeros to whole bytes. */
void column__pack(const uint32_t *numbers, size_t n, unsigned width, struct buf *out);
bool column__unpack(struct bytes *v, size_t n, unsigned width, uint32_t *ret);

/* ---- column_values.c: the dictionary ----------------------------------------------------- */

/* Order of values: numbers, then texts bytewise. */
int column__compare(const struct column_value *a, const struct column_value *b);
/* n >= 1 numbers, rising. */
void column__put_numbers(const struct column_value *values, size_t n, struct buf *out);
bool column__take_numbers(struct bytes *v, struct column_value *values, size_t n);
/* Bytes that decoded texts take: folded ones, and originals that differ from them. */
size_t column__text_bytes(const struct column_value *values, size_t n);
/* n texts, rising. */
void column__put_texts(const struct column_value *values, size_t n, struct buf *out);
/* Fills exactly n_room bytes of room. */
bool column__take_texts(struct bytes *v, struct column_value *values, size_t n, uint8_t *room,
                        size_t n_room);

/* ---- column_part.c ----------------------------------------------------------------------- */

void column_part__encode(const struct column_part *p, struct buf *out);
