/* SPDX-License-Identifier: MIT */
/*
 * arena.h -- memory of one call: many small pieces, freed together.
 *
 * Nothing in it is freed singly. A sanitizer build makes one malloc a piece,
 * so that overruns are seen.
 *
 * Ownership  arena_new() .. arena_free(). Pieces live until arena_free() or
 *            arena_reset().
 * Threads    One at a time; a call hands its arena over with its work.
 * Errors     arena_alloc() gives NULL past the byte limit. The arena_*dup and
 *            arena_printf helpers do the same.
 * Units      Bytes; pieces are aligned to 16.
 */
#pragma once

#include "base/attr.h"
#include "base/bytes.h"

struct arena;

struct arena *arena_new(size_t limit);
void arena_free(struct arena *a);
void arena_reset(struct arena *a);            /* frees the pieces, keeps the first chunk */
void *arena_alloc(struct arena *a, size_t n); /* not zeroed */
void *arena_zalloc(struct arena *a, size_t n);
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const void *p, size_t n);
struct bytes arena_dup(struct arena *a, struct bytes b);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
size_t arena_used(const struct arena *a);
size_t arena_limit(const struct arena *a);
/* Changes the limit; never below what is used. */
void arena_set_limit(struct arena *a, size_t limit);
/* Arenas alive in the process; a suite ends by asserting zero. */
size_t arena_live_count(void);
