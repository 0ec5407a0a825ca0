/* SPDX-License-Identifier: MIT */
/* loader_int.h -- what the parts of the loader share: the ring of blocks, runs of ids. */
#pragma once

#include "base/thread.h"
#include "index/index_int.h"

struct store_batch;

/* An id and where it leads; the first bytes of the id decide most comparisons. */
struct id_entry {
    uint64_t head;
    uint32_t at, n;
    struct document_entry to;
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
void id_run__add(struct id_run *run, struct bytes id, const struct document_entry *to);
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

/* ---- the ring: blocks that came, on their way through the workers ---------------------- */

enum { RING = 32, WORKERS_MAX = 8, BLOCKS_BATCH_BYTES = 4 << 20 };

struct load_job {
    struct buf frame, content; /* copies */
    struct block_docs docs;
    uint32_t first;
    bool done;
    struct buf values;    /* of a split frame: block values, one behind the other */
    struct dir_entry *at; /* owned: their entries, version = length of the value */
    size_t n_at, at_cap;
};

struct load_worker {
    struct loader *loader;
    struct thread thread;
    struct json_parser *json;
    struct frame_encoder *encoder;
    struct field_walk walk;
    struct fields fields;
    uint64_t *counts; /* owned; by number in fields */
    size_t counts_cap;
    struct id_run *run; /* owned; not sorted yet */
};

struct loader {
    struct store *store; /* borrowed */
    struct store_batch *batch;
    struct fields uids;   /* of the indexes so far */
    uint32_t n_indexes;   /* also the next index id */
    uint32_t next_number; /* of bodies, words, columns and rows */
    uint64_t n_indexed;   /* documents of the indexes that have their words */
    loader_progress_fn *progress;
    void *progress_arg;
    struct index_state *state; /* the index being loaded, or NULL */
    struct buf value;
    bool ids_flushed; /* ids of this index were written before its end */
    struct load_worker workers[WORKERS_MAX];
    unsigned n_workers;
    struct mutex lock; /* guards what follows */
    struct cond changed;
    struct load_job ring[RING];
    size_t head, next, tail;
    struct id_run *runs; /* owned; sorted */
    size_t runs_bytes;
    uint64_t document_bytes;
    size_t run_max, runs_max; /* ID_RUN_BYTES, ID_RUNS_BYTES; tests lower them */
    bool stop;
    enum rc rc; /* of the first failure */
    struct err err;
};

/* loader_search.c: builds words and columns of the index, whose documents are stored. */
enum rc loader__search(struct loader *l, struct err *err) MUST_CHECK;

/* loader_work.c */
void load_worker__start(struct loader *l, struct load_worker *w);
void load_worker__join(struct load_worker *w); /* after l->stop was set */
/* Hands the worker's ids so far over to be merged; only while it does nothing, or by itself. */
void load_worker__give_run(struct load_worker *w);
