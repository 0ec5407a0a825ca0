/* SPDX-License-Identifier: MIT */
/*
 * rank_sieve.c -- rows told apart by a first look at one word's places.
 *
 * Once the list is full, its worst row says in which field a word must be, and how
 * near to where the query has it; nothing can make up for a word that is not. Of
 * common words that leaves few rows to be looked at in earnest. Before it is full,
 * a guess does the same: rows that pass are only looked at first, so that the list
 * is soon full of good ones. (1) is why it is safe:
 *
 * (1) The cheapest paths of all rows of the group lead through one of the edge's
 *     sources: neither is its term dropped, nor does an n-gram stand for it.
 * (2) A row's best field and best place may be of two occurrences: both are asked
 *     for, but not of the same one.
 */
#include "query/rank_int.h"

enum {
    ROWS_MIN = 512,    /* fewer rows are cheaper to look at at once */
    GUESS_MIN = 2048,  /* so are fewer than these, while the list is not full */
    GUESS_BEHIND = 15, /* positions behind the one in the query */
};

/* Where a word must be at the latest. */
struct limits {
    uint32_t field, position;
};

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

/* The best of the fields, not far from the beginning. */
static struct limits guess(const struct rank *r, uint8_t need, const struct edge *e)
{
    const struct match_fields *fields = &r->match->fields;
    uint32_t best = UINT32_MAX, last = 0;

    for (uint32_t i = 0; i < fields->n; i++) {
        if ((fields->flags[i] & need) != need || fields->rank[i] > best)
            continue;
        best = fields->rank[i];
        last = i;
    }
    return (struct limits){last, e->position + GUESS_BEHIND};
}

static struct limits limits_of(const struct rank *r, const struct rank_group *group,
                               const struct edge *e, const struct match_source *src)
{
    uint64_t floor = floor_of(r, group, src);

    if (r->top.n < r->top.limit)
        return guess(r, src->need, e);
    return (struct limits){last_field(r, src->need, floor), last_position(r, e, floor)};
}

/* No row can get in by the source. */
static bool is_out(const struct rank *r, const struct rank_group *group, const struct match_edge *e,
                   const struct match_source *src)
{
    return src->gone || !rank_group__takes(group, e, src->class) ||
           rank_top__is_out(&r->top, floor_of(r, group, src));
}

/* Some source lets any row in, or cannot be asked. */
static bool is_useless(const struct rank *r, const struct rank_group *group,
                       const struct match_edge *e)
{
    for (size_t i = 0; i < e->n_sources; i++) {
        const struct match_source *src = &e->sources[i];
        struct limits last;

        if (is_out(r, group, e, src))
            continue;
        if (src->d->n_words > 1 || src->lead > 0)
            return true;
        last = limits_of(r, group, e->edge, src);
        if (last.field + 1 >= r->match->fields.n && last.position == UINT32_MAX)
            return true;
    }
    return false;
}

static enum rc keep_of(struct rank *r, const struct rank_group *group, const struct match_edge *e,
                       const struct tile *rows, struct tile *keep, struct err *err)
{
    for (size_t i = 0; i < e->n_sources; i++) {
        const struct match_source *src = &e->sources[i];
        struct limits last;
        enum rc rc;

        if (is_out(r, group, e, src))
            continue;
        last = limits_of(r, group, e->edge, src);
        rc = postings_sieve(src->lists[0], group->tile, rows, last.field, last.position, keep, err);
        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}

/* (1) */
static void keep_ngrams(const struct rank *r, const struct rank_group *group,
                        const struct match_edge *e, struct tile *keep)
{
    for (size_t i = 0; i < r->graph->n_edges; i++) {
        const struct match_edge *other = &r->match->edges[i];

        if (other->n_terms == 1 || !other->any || other->edge->from > e->edge->from ||
            other->edge->to < e->edge->to)
            continue;
        for (unsigned c = 0; c < MATCH_CLASSES; c++) {
            if (rank_group__takes(group, other, c))
                tile__or(keep, &other->rows[c]);
        }
    }
}

static enum rc sieve_by(struct rank *r, const struct rank_group *group, const struct match_edge *e,
                        struct tile *rows, struct err *err)
{
    struct tile keep = {{0}};
    enum rc rc;

    if (is_useless(r, group, e))
        return RC_OK;
    keep_ngrams(r, group, e, &keep);
    rc = keep_of(r, group, e, rows, &keep, err);
    if (rc == RC_OK)
        tile__and(rows, &keep);
    return rc;
}

static bool may_ask(const struct rank *r, const struct rank_group *group,
                    const struct match_edge *e)
{
    return e->any && e->n_terms == 1 && !e->edge->phrase &&
           match__usable(r->match, group->level, e);
}

/* Asks one edge after the other, that with the fewest rows first, until few rows are left. */
static enum rc ask_edges(struct rank *r, const struct rank_group *group, struct tile *rows,
                         struct err *err)
{
    size_t n = r->graph->n_edges, first = 0, fewest = SIZE_MAX;

    for (size_t i = 0; i < n; i++) {
        const struct match_edge *e = &r->match->edges[i];
        size_t count = may_ask(r, group, e) ? tile__count(&e->all) : SIZE_MAX;

        if (count < fewest) {
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

enum rc rank_sieve__rows(struct rank *r, const struct rank_group *group, uint64_t *worst,
                         struct tile *rows, struct err *err)
{
    uint64_t now;

    if (r->top.n < r->top.limit || r->top.limit == 0)
        return RC_OK;
    now = r->top.at[0].cost >> r->rules.shift[COST_POSITION]; /* exactness is not asked about */
    if (now == *worst)
        return RC_OK;
    *worst = now;
    return tile__count(rows) < ROWS_MIN ? RC_OK : ask_edges(r, group, rows, err);
}

enum rc rank_sieve__promising(struct rank *r, const struct rank_group *group,
                              const struct tile *rows, struct tile *ret_some, struct err *err)
{
    *ret_some = *rows;
    if (r->top.n < r->top.limit && tile__count(rows) >= GUESS_MIN)
        return ask_edges(r, group, ret_some, err);
    memset(ret_some, 0, sizeof(*ret_some));
    return RC_OK;
}
