/* SPDX-License-Identifier: MIT */
/*
 * rng.h -- random numbers: seeded ones for tests and jitter, secret ones for ids.
 *
 * The seeded generator is xoshiro256** (Blackman and Vigna, 2018), seeded
 * through splitmix64: small, fast, and the same on every machine.
 *
 * Threads    A struct rng belongs to one thread; rng_secret() any.
 */
#pragma once

#include "base/bytes.h"

struct rng {
    uint64_t s[4];
};

void rng_init(struct rng *r, uint64_t seed);
uint64_t rng_next(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t n); /* 0..n-1 without bias; n > 0 */
double rng_unit(struct rng *r);                /* [0, 1) */
void rng_fill(struct rng *r, void *p, size_t n);

void rng_secret(void *p, size_t n); /* from the kernel */

enum { UUID_TEXT = 37 };
/* Lower-case hyphenated text with its NUL. Return dst. */
char *rng_uuid4(char dst[UUID_TEXT]);
char *rng_uuid7(char dst[UUID_TEXT]); /* sorts by wall time */
