/* SPDX-License-Identifier: MIT */
/* loader_int.h -- what the two halves of the loader share: sorted runs of ids. */
#pragma once

#include "index/index_int.h"

struct store_batch;

/* An id and where it leads; the first bytes of the id decide most comparisons. */
struct id_entry {
    uint64_t head;
    uint32_t at, doc;
    uint16_t n;
};

struct id_run {
    struct id_run *next;
    struct buf text;
    struct id_entry *entries; /* owned */
    size_t n, cap;
    size_t taken; /* merging: entries already written */
};

enum {
    ID_RUN_BYTES = 4 << 20,   /* a run is sorted at this size, */
    ID_RUNS_BYTES = 64 << 20, /* and all runs are merged into the store at that one */
    LOAD_BATCH_BYTES = 1 << 20,
};

struct id_run *id_run__new(void);
void id_run__free_all(struct id_run *runs);
void id_run__add(struct id_run *run, struct bytes id, uint32_t doc);
size_t id_run__bytes(const struct id_run *run);
void id_run__sort(struct id_run *run);
/*
 * Writes the ids of all runs (sorted each) in order. RC_CORRUPT names an id
 * that two of them have. The runs are used up.
 */
enum rc id_run__write_all(struct id_run *runs, struct store *store, struct store_batch *batch,
                          uint32_t body, struct err *err) MUST_CHECK;
/* RC_CORRUPT unless the body has n ids. */
enum rc id_run__check_count(struct store *store, uint32_t body, uint64_t n,
                            struct err *err) MUST_CHECK;
