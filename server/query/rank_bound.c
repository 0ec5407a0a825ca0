/* SPDX-License-Identifier: MIT */
/*
 * rank_bound.c -- rows that cannot get in whatever their places are.
 *
 * Once the list is full of rows that are as good as a row can be, only older
 * documents matter. If all that could be better is a field that is the whole
 * query, only rows with a field of so many words do: sets that are read in no
 * time, and of common words leave few rows or none. And only rows that have all
 * terms as typed can be exact: of a query that ends in the beginning of a word
 * these are few or none, and the best of the others is told in advance.
 */
#include "query/rank_int.h"

/* The edge of a term alone. */
static const struct match_edge *edge_of(const struct match *m, unsigned term)
{
    for (size_t i = 0; i < m->graph->n_edges; i++) {
        if (m->edges[i].n_terms == 1 && m->edges[i].edge->from == term)
            return &m->edges[i];
    }
    NEVER("every term has an edge of its own");
}

/* What rows cost at least of which `missing` terms are not there as typed. */
static uint64_t inexact(const struct rank *r, uint64_t cost, unsigned missing)
{
    if (missing == 0)
        return cost;
    if (rank__cost_of(&r->rules, COST_EXACT_ATTRIBUTE, cost) == 0)
        cost += rank__cost(&r->rules, COST_EXACT_ATTRIBUTE, 2);
    return cost + rank__cost(&r->rules, COST_EXACT_WORDS, missing);
}

static bool is_anywhere(const struct match_edge *e)
{
    for (size_t i = 0; i < e->n_sources; i++) {
        if (e->sources[i].class == CLASS_EXACT && !e->sources[i].gone)
            return true;
    }
    return false;
}

uint64_t rank_bound__least(const struct rank *r)
{
    unsigned missing = 0;

    for (unsigned i = 0; i < r->graph->n_terms; i++)
        missing += !is_anywhere(edge_of(r->match, i));
    return inexact(r, 0, missing);
}

/* Keeps the rows that have all terms of the level as typed. */
static void keep_exact(const struct rank *r, unsigned level, struct tile *rows)
{
    for (unsigned i = 0; i < r->graph->n_terms; i++) {
        const struct match_edge *e = edge_of(r->match, i);

        if (match__free(r->match, level, i, i + 1))
            continue;
        if (!e->any_of[CLASS_EXACT]) {
            memset(rows, 0, sizeof(*rows));
            return;
        }
        tile__and(rows, &e->rows[CLASS_EXACT]);
    }
}

/* Terms of the level that no row has as typed; each row lacks one of them at least. */
static unsigned count_missing(const struct rank *r, unsigned level, const struct tile *rows)
{
    unsigned missing = 0;

    for (unsigned i = 0; i < r->graph->n_terms; i++) {
        const struct match_edge *e = edge_of(r->match, i);

        missing += !match__free(r->match, level, i, i + 1) &&
                   !(e->any_of[CLASS_EXACT] && tile__meets(&e->rows[CLASS_EXACT], rows));
    }
    return missing > 0 ? missing : 1;
}

enum rc rank_bound__group(struct rank *r, const struct rank_group *group, struct err *err)
{
    struct rank_group part = *group;
    struct tile rows = *group->rows;
    enum rc rc = RC_OK;

    part.rows = &rows;
    keep_exact(r, group->level, &rows);
    if (tile__any(&rows)) {
        tile__and_not(group->rows, &rows);
        rc = rank_path__group(r, &part, err);
        if (r->degraded)
            tile__or(group->rows, &rows);
    }
    if (rc != RC_OK || r->degraded || !tile__any(group->rows))
        return rc;
    part.rows = group->rows;
    part.cost = inexact(r, group->cost, count_missing(r, group->level, group->rows));
    return rank_path__group(r, &part, err);
}

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
