/* SPDX-License-Identifier: MIT */
/* mutate.h -- for targets whose input has a grammar: tokens of it are put in. */
#pragma once

#include "base/rng.h"

#include <string.h>

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed);
/* libFuzzer's own; absent where the corpus is only replayed. */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t n, size_t max);

/*
 * Bytes changed at random seldom make sense; every other time a token is put in
 * instead, behind the first byte, and so what is behind the grammar is reached too.
 */
static inline size_t mutate_with(const char *const *tokens, size_t n_tokens, uint8_t *data,
                                 size_t n, size_t max, unsigned seed)
{
    const char *token;
    struct rng r;
    size_t k, at;

    rng_init(&r, seed);
    token = tokens[rng_below(&r, n_tokens)];
    k = strlen(token);
    if (n == 0 || n + k > max || rng_below(&r, 2))
        return LLVMFuzzerMutate(data, n, max);
    at = 1 + (size_t)rng_below(&r, n);
    memmove(data + at + k, data + at, n - at);
    memcpy(data + at, token, k);
    return n + k;
}
