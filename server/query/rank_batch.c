/* SPDX-License-Identifier: MIT */
/*
 * rank_batch.c -- the rows of a group, some at a time.
 *
 * What a batch of rows brings into the list tells how good the others must be,
 * so that most need no look. Hence promising rows come first, and batches are
 * small before they are large.
 */
#include "base/mem.h"
#include "query/rank_int.h"

enum {
    BATCH_FIRST = 1024,
    BATCH_GROWTH = 2,
    BATCH_REST = 2, /* times as many rows are looked at with the others, if they are the last */
};

/*
 * Moves the first rows into the batch, about `max`. Few that would be left go with
 * them: passing over all that the tile's lists have costs more than to look at them.
 */
static void fill(struct rank_batch *batch, struct tile *rows, size_t max)
{
    size_t n = 0;

    if (max <= RANK_BATCH / BATCH_REST && tile__count(rows) <= max * BATCH_REST)
        max *= BATCH_REST;
    memset(&batch->rows, 0, sizeof(batch->rows));
    for (uint32_t i = tile__next(rows, 0); i < TILE_ROWS && n < max; i = tile__next(rows, i + 1)) {
        tile__set(&batch->rows, i);
        batch->index[i] = (uint16_t)n;
        batch->list[n++] = (uint16_t)i;
    }
    batch->n = n;
    tile__and_not(rows, &batch->rows);
}

static enum rc each(struct rank *r, const struct rank_group *group, struct tile *rows,
                    rank_look_fn *look, const struct match_edge *edge, struct err *err)
{
    uint64_t worst = UINT64_MAX;
    size_t max = BATCH_FIRST;

    for (;; max = max < RANK_BATCH ? max * BATCH_GROWTH : RANK_BATCH) {
        bool go_on;
        enum rc rc = rank__go_on(r, &go_on, err);

        if (rc != RC_OK || !go_on)
            return rc;
        rc = rank_bound__rows(r, group->tile, group->cost, rows, err);
        if (rc == RC_OK)
            rc = rank_sieve__rows(r, group, &worst, rows, err);
        if (rc != RC_OK)
            return rc;
        fill(r->batch, rows, max);
        if (r->batch->n == 0)
            return RC_OK;
        rc = look(r, group, edge, err);
        if (rc != RC_OK)
            return rc;
        tile__and_not(group->rows, &r->batch->rows);
    }
}

enum rc rank_batch__each(struct rank *r, const struct rank_group *group, struct tile *rows,
                         rank_look_fn *look, const struct match_edge *edge, struct err *err)
{
    struct tile first;
    enum rc rc;

    if (!r->batch)
        r->batch = xmalloc(sizeof(*r->batch));
    rc = rank_sieve__promising(r, group, rows, &first, err);
    if (rc == RC_OK && tile__any(&first)) {
        tile__and_not(rows, &first);
        rc = each(r, group, &first, look, edge, err);
    }
    return rc == RC_OK ? each(r, group, rows, look, edge, err) : rc;
}
