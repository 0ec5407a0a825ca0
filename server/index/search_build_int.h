/* SPDX-License-Identifier: MIT */
/* search_build_int.h -- what the workers of a build share with the thread that commits. */
#pragma once

#include "base/thread.h"
#include "index/search_build.h"

enum { BUILD_WORKERS_MAX = 16 };

enum built_kind {
    BUILT_CHUNKS, /* finished keys and values */
    BUILT_WORDS,  /* varint length and bytes of each word, sorted */
    BUILT_PARTS,  /* varint length and field, u32be first row, varint length and part of each */
};

/* A piece on its way to the thread that commits. */
struct built {
    struct built *next;
    enum built_kind kind;
    struct store_batch *batch;
    struct buf data;
    size_t bytes;
};

struct build_worker {
    struct build_run *run;
    struct thread thread;
    struct store_view *view;
    struct frame_decoder *decoder; /* owned, as the next ones */
    struct json_parser *json;
    struct block_docs docs;
    struct posting_builder *words;  /* or NULL */
    struct column_builder *columns; /* or NULL */
    struct tile *live;
    struct built *chunks, *parts; /* being filled */
    size_t block;                 /* in docs, if has_block */
    bool has_block;
    uint64_t n_added;
};

struct build_run {
    const struct search_build *build;
    uint32_t words; /* the number under which words are written */
    struct search_fields *fields;
    atomic_uint_fast64_t done; /* documents */
    uint32_t n_rows, unit_rows;
    struct build_worker workers[BUILD_WORKERS_MAX];
    unsigned n_workers;
    struct mutex lock; /* guards what follows */
    struct cond changed;
    uint32_t next_row;
    struct built *first, **last;
    size_t waiting; /* bytes from first to last */
    unsigned n_working;
    bool stop;
    enum rc rc; /* of the first failure */
    struct err err;
};

void built__free(struct built *b);
void build__start(struct build_run *r);
void build__join(struct build_run *r);
/* Ends all with this failure, unless there was one. */
void build__fail(struct build_run *r, enum rc rc, const struct err *err);
