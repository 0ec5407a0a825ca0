/* SPDX-License-Identifier: MIT */
/* block_job.h -- one piece of writing blocks again; what the writer and the pool share. */
#pragma once

#include "index/change_int.h"

/* A block as it will be stored. */
struct block_piece {
    struct buf value;
    struct dir_entry entry;
    size_t frame; /* bytes of it that are the frame */
};

struct block_job {
    size_t lo, hi;  /* old blocks it takes the place of; lo == hi: none */
    struct buf old; /* value of the old block, as stored */
    size_t old_frame;
    size_t edit, n_edits; /* of the plan's edits */
    size_t born, n_born;  /* of the plan's new documents */
    uint32_t born_doc;    /* doc id of the first of them */
    struct buf content;   /* rebuilt: records, */
    uint32_t *ids, *ends; /* and where each ends */
    size_t n, ids_cap, ends_cap;
    struct buf laid;   /* documents of OP_MERGE as they are now, one behind the other, */
    size_t *laid_ends; /* and where each ends */
    size_t n_laid, laid_cap;
    bool small; /* shrank so far that it looks for a neighbour */
    int64_t json_delta;
    struct block_piece *pieces;
    size_t n_pieces, pieces_cap;
    bool built, coded;
    enum rc rc;
    struct err err;
};

/*
 * On any thread: rebuilds the documents of the job from its old block, the edits
 * and the new documents, and encodes them, unless it became too small: then it
 * is encoded by the next call. The outcome is in job->rc and job->err.
 */
void block_job__run(struct block_plan *plan, struct block_job *job);
enum rc block_job__rebuild(struct block_plan *plan, struct block_job *job,
                           struct codec *codec) MUST_CHECK;
/* The documents of job go behind those of prev; job is empty then. */
void block_job__join(struct block_job *prev, struct block_job *job);
/* The old blocks of an emptied job go with those of its neighbour. */
void block_job__absorb(struct block_job *job, struct block_job *empty);
void block_job__done(struct block_job *job);
