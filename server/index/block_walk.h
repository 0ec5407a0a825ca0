/* SPDX-License-Identifier: MIT */
/*
 * block_walk.h -- all documents of an index in their order, as finished blocks.
 *
 * For a dump, and for writing the blocks anew. A block whose documents are all
 * live and first versions is handed on as it is stored; the others are made
 * again on the way, without what is dead, with what replaced it in its place.
 */
#pragma once

#include "index/index_int.h"

/* Good for the call it is given to. */
struct walked_block {
    struct dir_entry entry; /* by document numbers; version is 0 */
    struct bytes value;     /* as a block is stored: head and frame */
    struct bytes frame;
};
typedef enum rc walked_block_fn(void *arg, const struct walked_block *block, struct err *err);

/*
 * The same blocks for the same stored state, whatever the number of cores. quick:
 * those that are made again are for no database, and may be a little larger.
 */
enum rc block_walk__run(struct catalog_view *view, const struct index_state *s, bool quick,
                        walked_block_fn *each, void *arg, struct err *err) MUST_CHECK;
