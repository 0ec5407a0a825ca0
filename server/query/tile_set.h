/* SPDX-License-Identifier: MIT */
/*
 * tile_set.h -- sets of rows of one tile.
 *
 * Plain loops over all words, which the compiler turns into wide instructions: a
 * set is 8 KiB, and most are in the nearest cache.
 */
#pragma once

#include "base/bits.h"
#include "index/reader.h"

static inline void tile__and(struct tile *a, const struct tile *b)
{
    for (size_t i = 0; i < TILE_WORDS; i++)
        a->bits[i] &= b->bits[i];
}

/* Whether any row stays. */
static inline bool tile__narrow(struct tile *a, const struct tile *b)
{
    uint64_t any = 0;

    for (size_t i = 0; i < TILE_WORDS; i++) {
        a->bits[i] &= b->bits[i];
        any |= a->bits[i];
    }
    return any != 0;
}

static inline void tile__and_not(struct tile *a, const struct tile *b)
{
    for (size_t i = 0; i < TILE_WORDS; i++)
        a->bits[i] &= ~b->bits[i];
}

static inline void tile__or(struct tile *a, const struct tile *b)
{
    for (size_t i = 0; i < TILE_WORDS; i++)
        a->bits[i] |= b->bits[i];
}

static inline void tile__or_and(struct tile *a, const struct tile *b, const struct tile *c)
{
    for (size_t i = 0; i < TILE_WORDS; i++)
        a->bits[i] |= b->bits[i] & c->bits[i];
}

static inline bool tile__any(const struct tile *a)
{
    uint64_t any = 0;

    for (size_t i = 0; i < TILE_WORDS; i++)
        any |= a->bits[i];
    return any != 0;
}

static inline bool tile__meets(const struct tile *a, const struct tile *b)
{
    uint64_t any = 0;

    for (size_t i = 0; i < TILE_WORDS; i++)
        any |= a->bits[i] & b->bits[i];
    return any != 0;
}

static inline size_t tile__count(const struct tile *a)
{
    return bits_count(a->bits, TILE_WORDS);
}

static inline bool tile__has(const struct tile *a, uint32_t row)
{
    return a->bits[row % TILE_ROWS / 64] >> (row % 64) & 1;
}

static inline void tile__set(struct tile *a, uint32_t row)
{
    a->bits[row % TILE_ROWS / 64] |= (uint64_t)1 << (row % 64);
}

static inline void tile__unset(struct tile *a, uint32_t row)
{
    a->bits[row % TILE_ROWS / 64] &= ~((uint64_t)1 << (row % 64));
}

/* Walks the rows of a tile: for (i = tile__next(t, 0); i < TILE_ROWS; i = tile__next(t, i + 1)). */
static inline uint32_t tile__next(const struct tile *a, uint32_t from)
{
    uint32_t word = from / 64;
    uint64_t bits;

    if (from >= TILE_ROWS)
        return TILE_ROWS;
    bits = a->bits[word] & (UINT64_MAX << (from % 64));
    while (bits == 0) {
        if (++word == TILE_WORDS)
            return TILE_ROWS;
        bits = a->bits[word];
    }
    return word * 64 + (uint32_t)__builtin_ctzll(bits);
}
