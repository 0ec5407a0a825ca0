/* SPDX-License-Identifier: MIT */
/*
 * bits.h -- are there bits, and how many.
 *
 * __builtin_popcountll() is a call where the machine may lack the instruction.
 * Of sets that are arrays of words the compiler counts several at a time, byte by
 * byte side by side.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many bits each byte of w has. */
static inline uint64_t bits__by_byte(uint64_t w)
{
    w -= w >> 1 & 0x5555555555555555u;
    w = (w & 0x3333333333333333u) + (w >> 2 & 0x3333333333333333u);
    return (w + (w >> 4)) & 0x0f0f0f0f0f0f0f0fu;
}

/* How many bits are set in w. */
static inline unsigned bits_count_word(uint64_t w)
{
    return (unsigned)(bits__by_byte(w) * 0x0101010101010101u >> 56);
}

enum { BITS_RUN = 16 };

/* How many bits are set in n words; n is a multiple of BITS_RUN. Quicker where few are. */
static inline size_t bits_count(const uint64_t *words, size_t n)
{
    size_t total = 0;

    for (size_t i = 0; i < n / BITS_RUN; i++) {
        uint64_t bytes = 0; /* each has room for the bits of 31 words */
        uint64_t any = 0;

        for (size_t j = 0; j < BITS_RUN; j++)
            any |= words[i * BITS_RUN + j];
        if (!any)
            continue;
        for (size_t j = 0; j < BITS_RUN; j++)
            bytes += bits__by_byte(words[i * BITS_RUN + j]);
        bytes = (bytes & 0x00ff00ff00ff00ffu) + (bytes >> 8 & 0x00ff00ff00ff00ffu);
        total += (size_t)(bytes * 0x0001000100010001u >> 48);
    }
    return total;
}

static inline bool bits_any(const uint64_t *words, size_t n)
{
    uint64_t any = 0;

    for (size_t i = 0; i < n; i++)
        any |= words[i];
    return any != 0;
}
