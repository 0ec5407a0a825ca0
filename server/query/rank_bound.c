/* SPDX-License-Identifier: MIT */
/*
 * rank_bound.c -- rows that cannot get in whatever their places are.
 *
 * Once the list is full of rows that are as good as a row can be, only older
 * documents matter. If all that could be better is a field that is the whole
 * query, only rows with a field of so many words do: sets that are read in no
 * time, and of common words leave few rows or none.
 */
#include "query/rank_int.h"

enum rc rank_bound__rows(struct rank *r, uint32_t tile, uint64_t cost, struct tile *rows,
                         struct err *err)
{
    uint64_t not_whole = cost + rank__cost(&r->rules, COST_EXACT_ATTRIBUTE, 1);
    struct tile older;
    enum rc rc;

    if (rank_top__is_out(&r->top, cost)) {
        memset(rows, 0, sizeof(*rows));
        return RC_OK;
    }
    if (rank_top__is_tie(&r->top, cost)) {
        reader_keep_older(r->search->reader, tile, r->top.at[0].doc, rows);
        return RC_OK;
    }
    if (not_whole == cost || rank__cost_of(&r->rules, COST_EXACT_ATTRIBUTE, cost) > 0)
        return RC_OK;
    if (rank_top__is_out(&r->top, not_whole))
        return rank_exact__keep_whole(r->exact, tile, rows, err);
    if (!rank_top__is_tie(&r->top, not_whole))
        return RC_OK;
    older = *rows;
    reader_keep_older(r->search->reader, tile, r->top.at[0].doc, &older);
    rc = rank_exact__keep_whole(r->exact, tile, rows, err);
    if (rc == RC_OK)
        tile__or(rows, &older);
    return rc;
}
