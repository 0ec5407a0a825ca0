/* SPDX-License-Identifier: MIT */
/*
 * vocab_int.h -- runs of sorted words, of which a vocabulary has two.
 *
 * A run is entries one behind the other, each a word as what it shares with the
 * one before: a byte of two halves, shared (0..14) and suffix length (1..15), or
 * the upper half 15, then one byte each; then the suffix. Now and then an entry
 * shares nothing: it begins a group, where reading may begin.
 */
#pragma once

#include "index/search_int.h"
#include "text/text.h"

#include <stdatomic.h>

enum { RUN_GROUP = 16 }; /* words of a group, about */

/* Immutable and shared by vocabularies. */
struct run {
    atomic_uint refs;
    uint8_t *data; /* owned */
    size_t n;
    uint32_t *groups; /* owned: where they begin in data */
    size_t n_groups;
    size_t count; /* words */
};

struct vocab {
    atomic_uint refs;
    struct run *base;  /* share: nearly all words */
    struct run *delta; /* share: those added of late, none of them in base */
};

/* A place in a run; word is in text. */
struct run_cursor {
    const struct run *run;
    size_t next; /* of the entry behind the one it is on, in data */
    uint8_t *text;
    size_t n; /* bytes of the word it is on; 0: at the end, or before the first */
};

/* Writes a run; words rise. */
struct run_writer {
    struct buf data;
    uint32_t *groups;
    size_t n_groups, groups_cap, count;
    size_t in_group;
    uint8_t last[256];
    size_t n_last;
};

struct run *run__ref(struct run *r);
void run__unref(struct run *r);
void run_writer__init(struct run_writer *w);
void run_writer__done(struct run_writer *w);
void run_writer__add(struct run_writer *w, struct bytes word);
struct run *run_writer__finish(struct run_writer *w); /* and done */
/* The words of r and n others, sorted, none of them in r. */
struct run *run__merge(const struct run *r, const struct bytes *words, size_t n);

/* Decodes the entry at `next`; false at the end. */
bool run_cursor__next(struct run_cursor *c);
/* From a word to the first one that does not begin with its first n bytes; false: there is none. */
bool run_cursor__pass(struct run_cursor *c, size_t n);
/* To the first word >= word; false: there is none. */
bool run_cursor__seek(struct run_cursor *c, struct bytes word);
/*
 * Whether the run has word; c came here by this function alone, with words that
 * rose, from c->n == 0 and *group == 0. Costs little when they are dense.
 */
bool run_cursor__meet(struct run_cursor *c, size_t *group, struct bytes word);
