/* SPDX-License-Identifier: MIT */
/*
 * rank.c -- tile by tile to the best rows.
 *
 * (1) Sets first. Rows of a tile are split by the number of dropped terms, and
 *     if the typo rule comes next, by typos; groups that cannot get in are only
 *     counted. Places are read of the others.
 * (2) A group's cost is a bound from below, never the cost itself.
 * (3) The filter is asked about rows that have the words: sets of rows cost little,
 *     values of rows much.
 * (4) Of candidates no more are counted than are shown. From then on, rows that
 *     cannot get in are left out before their words are even read.
 * (5) Once the time budget is over, rows get in by their level alone, as long as
 *     there is room, and the rest of the tiles is left alone.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "query/rank_int.h"

enum rc search__stopped(const struct search *s, struct err *err)
{
    if (s->stop && s->stop->cancelled && s->stop->cancelled(s->stop->arg))
        return err_set(err, RC_CANCELLED, NULL, "the search was cancelled");
    return RC_OK;
}

enum rc rank__go_on(struct rank *r, bool *ret_go_on, struct err *err)
{
    enum rc rc = search__stopped(r->search, err);

    if (!r->degraded && clock_mono_ns() > r->search->budget_ns)
        r->degraded = true;
    *ret_go_on = !r->degraded;
    return rc;
}

static bool is_full(const struct rank *r)
{
    return r->top.n >= r->top.limit;
}

/* Rows without a cost: of a placeholder search, or after the budget. */
static enum rc offer_all(struct rank *r, uint32_t tile, struct tile *rows, uint64_t cost,
                         struct err *err)
{
    bool sieved = false;
    uint32_t n = 0;

    for (uint32_t i = tile__next(rows, 0); i < TILE_ROWS; i = tile__next(rows, i + 1)) {
        enum rc rc = RC_OK;
        bool go_on;

        if (!sieved && is_full(r) && !r->degraded) {
            sieved = true;
            rc = rank_top__sieve(&r->top, tile, rows, err);
            if (rc == RC_OK && !tile__has(rows, i))
                continue;
        }
        if (rc == RC_OK)
            rc = rank_top__offer(&r->top, tile * TILE_ROWS + i, cost, r->degraded, err);
        if (rc == RC_OK && ++n % RANK_BATCH == 0)
            rc = rank__go_on(r, &go_on, err);
        if (rc != RC_OK)
            return rc;
        if (r->degraded && is_full(r))
            return RC_OK;
    }
    return RC_OK;
}

/* The rest of a group that the budget cut, while there is room. */
static enum rc offer_rest(struct rank *r, const struct rank_group *group, struct err *err)
{
    uint64_t cost = rank__cost_unknown(&r->rules, group->level);

    for (uint32_t i = tile__next(group->rows, 0); i < TILE_ROWS && !is_full(r);
         i = tile__next(group->rows, i + 1)) {
        enum rc rc = rank_top__offer(&r->top, group->tile * TILE_ROWS + i, cost, true, err);

        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}

static enum rc rank_group(struct rank *r, const struct rank_group *group, struct err *err)
{
    enum rc rc;

    if (!r->degraded && !rank_top__is_out(&r->top, group->cost)) {
        rc = rank_top__sieve(&r->top, group->tile, group->rows, err);
        if (rc == RC_OK && tile__any(group->rows))
            rc = rank_bound__group(r, group, err);
        if (rc != RC_OK)
            return rc;
    }
    return r->degraded ? offer_rest(r, group, err) : RC_OK;
}

/* Typos come right behind the words rule, so that sets of rows by typos are groups in order. */
static bool splits_by_typos(const struct rank_rules *rules)
{
    size_t i = rules->has[COST_WORDS] ? 1 : 0;

    return rules->n_order > i && rules->order[i] == COST_TYPO && rules->n_steps > 0 &&
           (rules->steps[0].mask & rank__cost(rules, COST_TYPO, 1)) != 0;
}

/*
 * The least that rows of a level cost which have `typos` by the cheapest way.
 * What is not there as typed, or not all there, is no field that is the query.
 */
static uint64_t least_cost(const struct rank *r, unsigned level, unsigned typos)
{
    return rank__cost(&r->rules, COST_WORDS, level) + rank__cost(&r->rules, COST_TYPO, typos) +
           rank__cost(&r->rules, COST_EXACT_ATTRIBUTE, level > 0 || typos > 0 ? 2 : 0);
}

static enum rc rank_level(struct rank *r, uint32_t tile, unsigned level, struct tile *rows,
                          struct err *err)
{
    struct rank_group group = {.tile = tile, .level = level};
    struct tile some;
    unsigned typos = 0;

    for (; splits_by_typos(&r->rules) && typos < MATCH_TYPO_SETS; typos++) {
        enum rc rc;

        group.rows = &some;
        group.typos = typos;
        group.cost = least_cost(r, level, typos);
        if (!r->degraded && rank_top__is_out(&r->top, group.cost))
            return RC_OK;
        match__reach_typos(r->match, level, typos, &some);
        if (!tile__narrow(&some, rows))
            continue;
        tile__and_not(rows, &some);
        rc = rank_group(r, &group, err);
        if (rc != RC_OK)
            return rc;
        if (!tile__any(rows))
            return RC_OK;
    }
    group.rows = rows;
    group.typos = ANY_TYPOS;
    group.cost = least_cost(r, level, typos);
    return rank_group(r, &group, err);
}

static void note_ngrams(struct rank *r, unsigned level, const struct tile *rows)
{
    for (size_t i = 0; i < r->graph->n_edges; i++) {
        const struct match_edge *e = &r->match->edges[i];

        if (e->n_terms > 1 && e->any && !(r->ngrams_used[level] >> i & 1) &&
            tile__meets(&e->all, rows))
            r->ngrams_used[level] |= (uint32_t)1 << i;
    }
}

static enum rc rank_levels(struct rank *r, uint32_t tile, const struct tile *all, struct err *err)
{
    struct tile left = *all, rows;

    for (unsigned level = 0; level <= r->match->max_level; level++) {
        uint64_t cost = rank__cost(&r->rules, COST_WORDS, level);
        enum rc rc;

        if (rank_top__is_out(&r->top, cost))
            return RC_OK;
        if (level < r->match->max_level)
            match__reach(r->match, level, &rows);
        else
            rows = left; /* it reaches all of them */
        if (!tile__narrow(&rows, &left))
            continue;
        tile__and_not(&left, &rows);
        note_ngrams(r, level, &rows);
        rc = rank_level(r, tile, level, &rows, err);
        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}

static void count(struct rank *r, uint32_t tile, const struct tile *rows)
{
    size_t n = tile__count(rows);

    r->n_candidates += n;
    if (!r->candidates || n == 0)
        return;
    r->candidates[tile] = arena_alloc(r->search->arena, sizeof(struct tile));
    if (r->candidates[tile])
        *r->candidates[tile] = *rows;
}

/* (4) */
static bool may_skip(const struct rank *r)
{
    return r->opts->count_max > 0 && r->n_candidates >= r->opts->count_max && !r->candidates &&
           !r->distinct && !r->search->spec->has_threshold && r->graph->n_terms > 0;
}

static enum rc filter_rows(struct rank *r, uint32_t tile, struct tile *all, struct err *err)
{
    struct tile asked;

    if (!r->filter || !tile__any(all))
        return RC_OK;
    asked = *all;
    return filter__tile(r->filter, tile, &asked, all, err);
}

static enum rc rank_tile(struct rank *r, uint32_t tile, struct err *err)
{
    struct tile live, all;
    enum rc rc = RC_OK;

    if (!reader_live(r->search->reader, tile, &live))
        return RC_OK;
    if (may_skip(r)) {
        rc = rank_bound__rows(r, tile, r->least, &live, err);
        if (rc != RC_OK || !tile__any(&live))
            return rc;
    }
    rc = match__tile(r->match, tile, &live, err);
    if (rc != RC_OK || (r->graph->n_terms > 0 && !r->match->any))
        return rc;
    if (r->graph->n_terms > 0)
        match__reach(r->match, r->match->max_level, &all);
    else
        all = r->match->base;
    rc = filter_rows(r, tile, &all, err);
    if (rc != RC_OK)
        return rc;
    count(r, tile, &all);
    if (r->candidates && !r->candidates[tile] && tile__any(&all))
        return err_set(err, RC_TOO_LARGE, NULL, "the search takes too much memory");
    return r->graph->n_terms > 0 ? rank_levels(r, tile, &all, err)
                                 : offer_all(r, tile, &all, 0, err);
}

/* Keeps the best `limit` rows of all tiles. Postings only go forward, so they are opened anew. */
static enum rc scan(struct rank *r, size_t limit, struct err *err)
{
    enum rc rc;

    rank_top__done(&r->top);
    rank_top__init(&r->top, &r->rules, r->search->reader, limit);
    rank_exact__free(r->exact);
    r->exact = NULL;
    match__close(r->match);
    r->match = NULL;
    r->n_candidates = 0;
    memset(r->ngrams_used, 0, sizeof(r->ngrams_used));
    rc = match__open(r->search, r->graph, &r->match, err);
    if (rc != RC_OK)
        return rc;
    r->exact = rank_exact__new(r->match);
    r->least = rank_bound__least(r);
    for (uint32_t tile = 0; tile < r->n_tiles; tile++) {
        bool go_on;

        rc = rank__go_on(r, &go_on, err);
        if (rc == RC_OK && !go_on && is_full(r))
            break;
        if (rc == RC_OK)
            rc = rank_tile(r, tile, err);
        if (rc != RC_OK)
            return rc;
    }
    rank_top__sort(&r->top);
    return RC_OK;
}

static void forget(struct rank *r, const struct rank_entry *e)
{
    r->n_candidates--;
    if (r->candidates && r->candidates[e->row / TILE_ROWS])
        tile__unset(r->candidates[e->row / TILE_ROWS], e->row);
}

/* Takes out what is below the threshold, and what has a value of a better row. */
static enum rc thin_out(struct rank *r, struct err *err)
{
    const struct query_spec *spec = r->search->spec;
    size_t kept = 0;

    for (size_t i = 0; i < r->top.n; i++) {
        const struct rank_entry *e = &r->top.at[i];
        bool keep = !spec->has_threshold || rank__score(r, e) >= spec->threshold;

        if (keep && r->distinct) {
            enum rc rc = distinct__keep(r->distinct, r->distinct_column, e->row, &keep, err);

            if (rc != RC_OK)
                return rc;
        }
        if (keep)
            r->top.at[kept++] = *e;
        else
            forget(r, e);
    }
    r->top.n = kept;
    return RC_OK;
}

/*
 * Rows that are taken out make room for rows that had none: then more are asked
 * for, and all of them if the number of what stays must be exact.
 */
static enum rc scan_enough(struct rank *r, struct err *err)
{
    size_t window = (size_t)(r->opts->offset + r->opts->limit);
    size_t limit = window;

    if (r->search->spec->has_threshold || (r->distinct && r->opts->exact_total))
        limit = SIZE_MAX;
    else if (r->distinct)
        limit = window * 2 + 16;
    for (;;) {
        size_t found;
        enum rc rc = scan(r, limit, err);

        if (rc != RC_OK)
            return rc;
        found = r->top.n;
        rc = thin_out(r, err);
        if (rc != RC_OK || r->top.n >= window || found < limit || r->degraded)
            return rc;
        distinct__clear(r->distinct); /* without one nothing was taken out of `limit` rows */
        limit = limit > SIZE_MAX / 16 ? SIZE_MAX : limit * 8;
    }
}

static enum rc hand_over(struct rank *r, struct ranking *ret_ranking, struct err *err)
{
    uint64_t end = r->opts->offset + r->opts->limit;
    size_t first = r->opts->offset < r->top.n ? (size_t)r->opts->offset : r->top.n;
    size_t last = end < r->top.n ? (size_t)end : r->top.n;
    struct ranked *at = arena_zalloc(r->search->arena, (last - first + 1) * sizeof(*at));

    if (!at)
        return err_set(err, RC_TOO_LARGE, NULL, "the search takes too much memory");
    for (size_t i = first; i < last; i++) {
        enum rc rc = rank__parts(r, &r->top.at[i], &at[i - first], err);

        if (rc != RC_OK)
            return rc;
    }
    *ret_ranking = (struct ranking){.at = at,
                                    .n = last - first,
                                    .n_candidates = r->n_candidates,
                                    .candidates = r->candidates,
                                    .degraded = r->degraded};
    return RC_OK;
}

static enum rc prepare(struct rank *r, struct err *err)
{
    struct bytes field = distinct__field(r->search);
    enum rc rc = rank_rules__make(r->search, r->graph->n_terms == 0, &r->rules, err);

    if (rc != RC_OK)
        return rc;
    r->n_tiles = reader_n_tiles(r->search->reader);
    if (r->opts->keep_candidates) {
        r->candidates =
            arena_zalloc(r->search->arena, ((size_t)r->n_tiles + 1) * sizeof(*r->candidates));
        if (!r->candidates)
            return err_set(err, RC_TOO_LARGE, NULL, "the search takes too much memory");
    }
    if (field.n == 0)
        return RC_OK;
    r->distinct = distinct__new();
    return distinct__column(r->search->reader, field, &r->distinct_column, err);
}

enum rc rank__run(const struct search *s, const struct graph *g, struct filter *f,
                  const struct rank_opts *opts, struct ranking *ret_ranking, struct err *err)
{
    struct rank *r = xcalloc(1, sizeof(*r));
    enum rc rc;

    r->search = s;
    r->graph = g;
    r->filter = f;
    r->opts = opts;
    rc = prepare(r, err);
    if (rc == RC_OK)
        rc = scan_enough(r, err);
    if (rc == RC_OK)
        rc = hand_over(r, ret_ranking, err);
    distinct__free(r->distinct);
    rank_exact__free(r->exact);
    match__close(r->match);
    xfree(r->batch);
    rank_one__free(r->one);
    rank_path__free(r->paths);
    rank_top__done(&r->top);
    xfree(r);
    return rc;
}
