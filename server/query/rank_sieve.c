/* SPDX-License-Identifier: MIT */
/*
 * rank_sieve.c -- rows that cannot get in, told by a first look at one word's places.
 *
 * Once the list is full, its worst row says in which field a word must be, and how
 * near to where the query has it; nothing can make up for a word that is not. Of
 * common words that leaves few rows to be looked at in earnest. (1) is why it is safe:
 *
 * (1) All rows of the group have the term by one of the edge's sources: neither is
 *     it dropped, nor does an n-gram stand for it.
 * (2) A row's best field and best place may be of two occurrences: both are asked
 *     for, but not of the same one.
 */
#include "query/rank_int.h"

enum { ROWS_MIN = 512 }; /* fewer rows are cheaper to look at at once */

static uint32_t last_field(const struct rank *r, uint8_t need, uint64_t floor)
{
    const struct match_fields *fields = &r->match->fields;
    uint32_t last = 0;

    for (uint32_t i = 0; i < fields->n; i++) {
        uint64_t cost = floor + rank__cost(&r->rules, COST_ATTRIBUTE, fields->rank[i]);

        if ((fields->flags[i] & need) == need && !rank_top__is_out(&r->top, cost))
            last = i;
    }
    return last;
}

static uint32_t last_position(const struct rank *r, const struct edge *e, uint64_t floor)
{
    unsigned step = STEP_MAX;
    uint32_t d = 0;

    while (step > 0 &&
           rank_top__is_out(&r->top, floor + rank__cost(&r->rules, COST_POSITION, step)))
        step--;
    if (step == STEP_MAX)
        return UINT32_MAX;
    while (rank__step(d + 1, 0) <= step)
        d++;
    return e->position + d;
}

/* The least that a path through a source of the group can cost. */
static uint64_t floor_of(const struct rank *r, const struct rank_group *group,
                         const struct match_source *src)
{
    uint64_t floor = rank__cost(&r->rules, COST_WORDS, group->level) +
                     rank__cost(&r->rules, COST_TYPO, match__class_typos(src->class));

    return floor > group->cost ? floor : group->cost;
}

/* No row can get in by the source. */
static bool is_out(const struct rank *r, const struct rank_group *group, const struct match_edge *e,
                   const struct match_source *src)
{
    return src->gone || !e->any_of[src->class] ||
           rank_top__is_out(&r->top, floor_of(r, group, src));
}

/* Some source lets any row in, or cannot be asked. */
static bool is_useless(const struct rank *r, const struct rank_group *group,
                       const struct match_edge *e)
{
    for (size_t i = 0; i < e->n_sources; i++) {
        const struct match_source *src = &e->sources[i];
        uint64_t floor = floor_of(r, group, src);

        if (is_out(r, group, e, src))
            continue;
        if (src->d->n_words > 1 || src->lead > 0)
            return true;
        if (last_field(r, src->need, floor) + 1 >= r->match->fields.n &&
            last_position(r, e->edge, floor) == UINT32_MAX)
            return true;
    }
    return false;
}

static enum rc keep_of(struct rank *r, const struct rank_group *group, const struct match_edge *e,
                       const struct tile *rows, struct tile *keep, struct err *err)
{
    for (size_t i = 0; i < e->n_sources; i++) {
        const struct match_source *src = &e->sources[i];
        uint64_t floor = floor_of(r, group, src);
        enum rc rc;

        if (is_out(r, group, e, src))
            continue;
        rc = postings_sieve(src->lists[0], group->tile, rows, last_field(r, src->need, floor),
                            last_position(r, e->edge, floor), keep, err);
        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}

static enum rc sieve_by(struct rank *r, const struct rank_group *group, const struct match_edge *e,
                        struct tile *rows, struct err *err)
{
    struct tile keep = {{0}};
    enum rc rc;

    if (is_useless(r, group, e))
        return RC_OK;
    for (size_t i = 0; i < r->graph->n_edges; i++) {
        const struct match_edge *other = &r->match->edges[i];

        if (other->n_terms > 1 && other->any && other->edge->from <= e->edge->from &&
            other->edge->to >= e->edge->to)
            tile__or(&keep, &other->all); /* (1) */
    }
    rc = keep_of(r, group, e, rows, &keep, err);
    if (rc == RC_OK)
        tile__and(rows, &keep);
    return rc;
}

static bool may_ask(const struct rank *r, const struct rank_group *group,
                    const struct match_edge *e)
{
    return e->n_terms == 1 && !e->edge->phrase && match__usable(r->match, group->level, e);
}

enum rc rank_sieve__rows(struct rank *r, const struct rank_group *group, uint64_t *worst,
                         struct tile *rows, struct err *err)
{
    size_t n = r->graph->n_edges, first = 0, fewest = SIZE_MAX;
    uint64_t now;

    if (r->top.n < r->top.limit || r->top.limit == 0)
        return RC_OK;
    now = r->top.at[0].cost >> r->rules.shift[COST_POSITION]; /* exactness is not asked about */
    if (now == *worst)
        return RC_OK;
    *worst = now;
    if (tile__count(rows) < ROWS_MIN)
        return RC_OK;
    for (size_t i = 0; i < n; i++) {
        size_t count = tile__count(&r->match->edges[i].all);

        if (may_ask(r, group, &r->match->edges[i]) && count < fewest) {
            fewest = count;
            first = i;
        }
    }
    for (size_t i = 0; i < n; i++) {
        const struct match_edge *e = &r->match->edges[(first + i) % n];
        enum rc rc;

        if (!may_ask(r, group, e))
            continue;
        rc = sieve_by(r, group, e, rows, err);
        if (rc != RC_OK || tile__count(rows) < ROWS_MIN)
            return rc;
    }
    return RC_OK;
}
