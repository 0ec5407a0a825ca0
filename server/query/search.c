/* SPDX-License-Identifier: MIT */
/*
 * search.c -- a request to hits: check, read the query, rank, count facets, write hits.
 *
 * Errors that an index raises while it searches begin with its name; those of
 * syntax stand alone.
 */
#include "base/clock.h"
#include "query/rank_int.h"
#include "query/search_check.h"
#include "query/search_run.h"

void search__window(const struct query_spec *spec, uint32_t max_total, struct rank_opts *ret_opts)
{
    uint64_t offset = spec->offset, limit = spec->limit, end;

    if (spec->by_page) {
        limit = spec->page == 0 ? 0 : spec->hits_per_page;
        if (spec->page <= 1)
            offset = 0;
        else if (__builtin_mul_overflow(spec->page - 1, spec->hits_per_page, &offset))
            offset = UINT64_MAX;
    }
    offset = offset < max_total ? offset : max_total;
    if (__builtin_add_overflow(offset, limit, &end) || end > max_total)
        end = max_total;
    *ret_opts = (struct rank_opts){.offset = offset,
                                   .limit = end - offset,
                                   .count_max = max_total,
                                   .exact_total = spec->by_page,
                                   .details = spec->show_details};
}

/* Empty: there is none. */
static struct bytes uid_of(struct catalog_view *view, uint32_t index_id)
{
    for (size_t i = 0; i < catalog_view_count(view); i++) {
        struct index_info info = catalog_view_at(view, i);

        if (info.id == index_id)
            return bytes_str(info.uid);
    }
    return (struct bytes){0};
}

/* Puts the index's name in front of the message; returns err->rc. */
static enum rc name_index(struct catalog_view *view, uint32_t index_id, struct err *err)
{
    struct bytes uid = uid_of(view, index_id);

    return uid.n > 0 ? err_prefix(err, "Index `%.*s`: ", BYTES_ARG(uid)) : err->rc;
}

static void set_budget(struct search *s)
{
    int64_t cutoff = (int64_t)s->plan->cutoff_ms * NS_PER_MS, call_end;

    s->budget_ns = clock_mono_ns() + cutoff;
    call_end = s->spec->call_begun_ns + CALL_CUTOFFS * cutoff;
    if (s->spec->call_begun_ns && s->budget_ns > call_end)
        s->budget_ns = call_end;
}

enum rc search__open(struct catalog_view *view, uint32_t index_id, const struct query_spec *spec,
                     const struct query_stop *stop, struct arena *arena, struct search_run *run,
                     struct err *err)
{
    struct search *s = &run->search;
    bool plain = false;
    enum rc rc;

    *run = (struct search_run){.search = {.spec = spec, .stop = stop, .arena = arena}};
    rc = search__stopped(s, err); /* a call may have many searches */
    if (rc == RC_OK)
        rc = reader_open(view, index_id, &s->reader, err);
    if (rc != RC_OK)
        return rc;
    s->plan = reader_plan(s->reader);
    s->index_uid = uid_of(view, index_id);
    set_budget(s);
    rc = search_check__spec(s, &plain, err);
    if (rc == RC_INVALID && !plain)
        return name_index(view, index_id, err);
    if (rc == RC_OK)
        rc = filter__new(s, spec->filter, "invalid_search_filter", &run->filter, err);
    if (rc == RC_OK)
        rc = graph__make(s, &run->graph, err);
    return rc;
}

void search__close(struct search_run *run)
{
    reader_close(run->search.reader);
    *run = (struct search_run){0};
}

static enum rc write_hits(struct search_run *run, const struct ranking *ranking,
                          struct query_result *ret_result, struct err *err)
{
    const struct search *s = &run->search;
    struct hit_maker *maker = NULL;
    struct bytes *hits = arena_zalloc(s->arena, (ranking->n + 1) * sizeof(*hits));
    struct buf json;
    enum rc rc;

    buf_init(&json, BUF_NO_LIMIT);
    rc = hit_maker__new(s, &run->graph, &maker, err);
    for (size_t i = 0; rc == RC_OK && i < ranking->n; i++) {
        buf_clear(&json);
        rc = search__stopped(s, err);
        if (rc == RC_OK)
            rc = hit_maker__hit(maker, &ranking->at[i], (struct bytes){0}, &json, err);
        if (rc != RC_OK)
            break;
        if (hits)
            hits[i] = arena_dup(s->arena, buf_view(&json));
        if (!hits || !hits[i].p)
            rc = err_set(err, RC_TOO_LARGE, NULL, "the hits take too much memory");
    }
    ret_result->hits = hits;
    ret_result->n_hits = ranking->n;
    hit_maker__free(maker);
    buf_done(&json);
    return rc;
}

static enum rc run_search(struct search_run *run, struct query_result *ret_result, struct err *err)
{
    const struct search *s = &run->search;
    const struct query_spec *spec = s->spec;
    bool facets = spec->facets.given && spec->facets.n > 0;
    struct query_result result = {0};
    struct ranking ranking = {0};
    struct rank_opts opts;
    enum rc rc;

    search__window(spec, s->plan->max_total_hits, &opts);
    opts.keep_candidates = facets;
    rc = rank__run(s, &run->graph, run->filter, &opts, &ranking, err);
    if (rc == RC_OK && facets)
        rc = facets__count(s, ranking.candidates, &result.facets, &result.stats, err);
    if (rc == RC_OK)
        rc = write_hits(run, &ranking, &result, err);
    if (rc != RC_OK)
        return rc;
    result.total = ranking.n_candidates < s->plan->max_total_hits ? ranking.n_candidates
                                                                  : s->plan->max_total_hits;
    result.degraded = ranking.degraded;
    *ret_result = result;
    return RC_OK;
}

enum rc query_search(struct catalog_view *view, uint32_t index_id, const struct query_spec *spec,
                     const struct query_stop *stop, struct arena *arena,
                     struct query_result *ret_result, struct err *err)
{
    struct search_run run;
    enum rc rc = search__open(view, index_id, spec, stop, arena, &run, err);

    if (rc == RC_OK)
        rc = run_search(&run, ret_result, err);
    search__close(&run);
    return rc;
}
