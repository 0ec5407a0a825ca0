/* SPDX-License-Identifier: MIT */
/* column_int.h -- the pieces that parts of columns are written in and read from. */
#pragma once

#include "index/search_int.h"

struct store_batch;
struct store_view;

/* ---- column_bits.c ----------------------------------------------------------------------- */

static inline bool column__has(const uint64_t *set, uint32_t i)
{
    return set[i / 64] >> i % 64 & 1;
}

static inline void column__set(uint64_t *set, uint32_t i)
{
    set[i / 64] |= UINT64_C(1) << i % 64;
}

/* The first row of the set from i on, or PART_ROWS. */
static inline uint32_t column__next(const uint64_t *set, uint32_t i)
{
    size_t word = i / 64;
    uint64_t bits;

    if (i >= PART_ROWS)
        return PART_ROWS;
    bits = set[word] >> i % 64 << i % 64;
    while (bits == 0 && ++word < PART_WORDS)
        bits = set[word];
    return bits ? (uint32_t)(word * 64) + (uint32_t)__builtin_ctzll(bits) : PART_ROWS;
}

/* Takes a varint of at most max from the front of *v; false: it is none, or more. */
bool column__take(struct bytes *v, uint64_t max, uint64_t *ret);
/* A set of rows of a part. guess: a set that it may well be, for which a byte will do. */
void column__put_set(const uint64_t *set, const uint64_t *guess, struct buf *out);
bool column__take_set(struct bytes *v, const uint64_t *guess, uint64_t *set);
/* Bits that are needed for numbers up to max; 0 for 0. */
unsigned column__width(uint64_t max);
/* Writes numbers of a width side by side, padded with zeros to whole bytes by done(). */
struct packer {
    struct buf *out;
    uint64_t bits;
    unsigned n_bits, width;
};
void packer__add(struct packer *p, uint64_t number);
void packer__done(struct packer *p);
/* Takes n numbers of that width; eight bytes behind *v must be there. */
bool column__take_packed(struct bytes *v, size_t n, unsigned width, struct packed *ret);
/* Decodes n of them, of up to 32 bits. */
void column__unpack(struct packed p, size_t first, size_t n, uint32_t *ret);

/* ---- column_values.c: the dictionary ----------------------------------------------------- */

/* n numbers, rising. */
void column__put_numbers(const struct column_value *values, size_t n, struct buf *out);
/* Bytes that decoded texts take: folded ones, and originals that differ from them. */
size_t column__text_bytes(const struct column_value *values, size_t n);
/* n texts, rising. */
void column__put_texts(const struct column_value *values, size_t n, struct buf *out);
/* What p->n_values, n_numbers and text_bytes tell of is taken from the front of *v. */
bool column__take_numbers(struct bytes *v, struct column_part *p);
bool column__take_texts(struct bytes *v, struct column_part *p);

/* ---- column_part.c ----------------------------------------------------------------------- */

/* A part to be encoded. */
struct column_content {
    uint32_t n_values;
    const struct column_value *values; /* distinct; numbers rising, then texts bytewise */
    const uint32_t *starts;            /* PART_ROWS + 1: where a row's places begin */
    const uint32_t *places;            /* into values, rising within a row */
    uint64_t exists[PART_WORDS], is_null[PART_WORDS], is_empty[PART_WORDS];
};
void column_part__encode(const struct column_content *c, struct buf *out);
/* Values, and places that rise: what column_part__open() leaves open. RC_CORRUPT. */
enum rc column_part__check(struct column_part *p, struct err *err) MUST_CHECK;
/* RC_CORRUPT, in words. */
enum rc column_part__damaged(const struct column_part *p, struct err *err);
/* Rows that have the member; 0 if the part is damaged. */
uint32_t column_part__rows(struct bytes value);

/* ---- column_tail.c: the newest rows, beside the last part --------------------------------- */

/*
 * Replaces *value with the part from `first` on, which is the last one, and its
 * tail. RC_NOT_FOUND: there is neither.
 */
enum rc column_tail__read(struct store_view *view, uint32_t number, uint32_t first,
                          struct buf *value, struct err *err) MUST_CHECK;

/* A commit that writes columns. */
struct column_put {
    struct store_view *view; /* the committed state */
    struct store_batch *batch;
    uint32_t last;  /* first row of the part that the index's last row is in by then */
    int64_t *bytes; /* what columns take: a running sum */
};
/*
 * Adds the encoded rows `more` (of that part alone; empty: none) to the part from
 * `first` on, once a part and commit. Afterwards it has a tail only if it is the last.
 */
enum rc column_tail__put(const struct column_put *put, uint32_t number, uint32_t first,
                         struct bytes more, struct err *err) MUST_CHECK;
