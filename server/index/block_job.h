/* SPDX-License-Identifier: MIT */
/* block_job.h -- one piece of writing blocks; what the writer and the pool share. */
#pragma once

#include "index/change_int.h"

/*
 * An old block that is looked into, and perhaps written again without what is
 * dead; or (lo == hi) a new one.
 */
struct block_job {
    size_t lo, hi;  /* old blocks it takes the place of */
    struct buf old; /* value of the old block, as stored; empty if nobody must look at it */
    size_t old_frame;
    size_t edit, n_edits; /* of the plan's edits */
    uint32_t n_live;      /* documents of the old block that are live, before the edits */
    bool look;            /* the old documents must be seen, or written again */
    bool rewrite;         /* known only behind block_job__look() */
    bool reopen;          /* rewritten whatever is dead: new documents follow in the same block */
    struct buf content;   /* of what is to be written: records, */
    uint32_t *ids;        /* owned: their rows, */
    size_t n, ids_cap;    /* and how many */
    struct buf laid;      /* documents of OP_MERGE as they are now; edits say where */
    struct buf value;     /* as it will be stored */
    size_t frame;         /* bytes of it that are the frame */
    enum rc rc;
    struct err err;
};

/* Whether a block is worth being written again: half of it is dead. */
bool block_job__is_worn(uint32_t count, uint32_t n_live);
/* A document goes behind those that the job has. */
void block_job__add(struct block_job *job, uint32_t row, struct bytes json);
/*
 * On any thread, as the next: sees what the edits do to the old documents, and
 * gathers those that live on if the block is to be written again. The outcome
 * is in job->rc and job->err.
 */
void block_job__look(struct block_plan *plan, struct block_job *job);
/* Compresses what the job has. */
void block_job__encode(struct block_plan *plan, struct block_job *job);
/* The same, with the old blocks they are from; job is empty then. */
void block_job__join(struct block_job *prev, struct block_job *job);
void block_job__done(struct block_job *job);
