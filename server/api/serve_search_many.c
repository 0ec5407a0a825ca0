/* SPDX-License-Identifier: MIT */
/*
 * serve_search_many.c -- lode.v1.Search.FindMany: several searches in one call.
 *
 * Without `federation` each query has its own answer, and the first that fails
 * fails the call. With it all hits come as one list, and what a query may then not
 * say (a window, facets) is refused before any work. Every query of a call sees the
 * same moment of the catalog. A call may have QUERIES_MAX queries, and all of them
 * together rank for CALL_CUTOFFS (query.h) cut-offs: those that come later give what
 * can be found without refining, as a single search does behind its cut-off.
 */
#include "api/serve_search.h"

#include "base/clock.h"
#include "index/index.h"

#include <stdio.h>
#include <stdlib.h>

enum { QUERIES_MAX = 1000 };

/* ---- what queries may say ------------------------------------------------------------- */

static void refuse_query(struct rpc_call *call, size_t i, const char *word, const char *text)
{
    api_refuse(call, word, "Inside `.queries[%zu]`: %s", i, text);
}

/* Shapes, in the order of the queries, before what they mean. */
static bool queries_ok(struct rpc_call *call, const Lode__V1__MultiSearchRequest *request)
{
    size_t i;

    if (request->n_queries > QUERIES_MAX) {
        api_refuse(call, "bad_request",
                   "Invalid value at `.queries`: expected at most %d queries in one call, but got "
                   "%zu. Please send the others in calls of their own.",
                   QUERIES_MAX, request->n_queries);
        return false;
    }
    for (i = 0; i < request->n_queries; i++) {
        const Lode__V1__MultiSearchQuery *q = request->queries[i];
        const Lode__V1__FederationOptions *o = q->federation_options;
        char prefix[64];

        (void)snprintf(prefix, sizeof prefix, "Invalid value at `.queries[%zu].indexUid`: ", i);
        if (!api_uid_ok(call, q->index_uid, prefix))
            return false;
        if (o && o->weight_given_case == LODE__V1__FEDERATION_OPTIONS__WEIGHT_GIVEN_WEIGHT &&
            !(o->weight >= 0 && o->weight < 1e300)) {
            api_refuse(call, "invalid_multi_search_weight",
                       "Invalid value at `.queries[%zu].federationOptions.weight`: the value of "
                       "`weight` is invalid, expected a positive float (>= 0.0).",
                       i);
            return false;
        }
        (void)snprintf(prefix, sizeof prefix, ".queries[%zu]", i);
        if (!search_values_ok(call, prefix, &q->base))
            return false;
        if (o && (o->remote_given_case || o->position_given_case)) {
            struct err err;

            (void)search_refuse_lack(o->remote_given_case ? "remote" : "queryPosition",
                                     "feature_not_enabled", SEARCH_NO_NETWORK, &err);
            refuse_query(call, i, err.word, err.msg);
            return false;
        }
    }
    return true;
}

static bool apart_ok(struct rpc_call *call, const Lode__V1__MultiSearchRequest *request)
{
    size_t i;

    for (i = 0; i < request->n_queries; i++) {
        if (!request->queries[i]->federation_options)
            continue;
        refuse_query(call, i, "invalid_multi_search_federation_options",
                     "Using `federationOptions` is not allowed in a non-federated search.\n"
                     " - Hint: remove `federationOptions` from the query or add `federation` to "
                     "the request.");
        return false;
    }
    return true;
}

/* The first of the window's members that the query has; NULL: none. */
static const char *window_member(const Lode__V1__MultiSearchQuery *q)
{
    if (q->offset_given_case)
        return "offset";
    if (q->limit_given_case)
        return "limit";
    if (q->page_given_case)
        return "page";
    return q->hits_given_case ? "hitsPerPage" : NULL;
}

static void refuse_window(struct rpc_call *call, size_t i, const char *member)
{
    api_refuse(call, "invalid_multi_search_query_pagination",
               "Inside `.queries[%zu]`: Using pagination options is not allowed in federated "
               "queries.\n - Hint: remove `%s` from the query or remove `federation` from the "
               "request\n - Hint: pass `federation.limit` and `federation.offset` for pagination "
               "in federated search",
               i, member);
}

static void refuse_facets(struct rpc_call *call, size_t i, const Lode__V1__MultiSearchQuery *q)
{
    struct buf list;
    size_t k;

    buf_init(&list, ERR_MSG_MAX);
    for (k = 0; k < q->n_facets; k++)
        buf_printf(&list, "%s\"%s\"", k ? ", " : "", q->facets[k]);
    api_refuse(call, "invalid_multi_search_query_facets",
               "Inside `.queries[%zu]`: Using facet options is not allowed in federated queries.\n"
               " - Hint: remove `facets` from the query or remove `federation` from the request\n"
               " - Hint: pass `federation.facetsByIndex.%s: [%s]` for facets in federated search",
               i, q->index_uid, buf_cstr(&list));
    buf_done(&list);
}

static bool merged_ok(struct rpc_call *call, const Lode__V1__MultiSearchRequest *request)
{
    size_t i;

    if (request->federation->personalize_given_case) {
        struct err err;

        (void)search_refuse_lack("personalize", "feature_not_enabled", SEARCH_NOT_PERSONAL, &err);
        api_refuse(call, err.word, "Inside `.federation`: %s", err.msg);
        return false;
    }
    for (i = 0; i < request->n_queries; i++) {
        const Lode__V1__MultiSearchQuery *q = request->queries[i];

        if (window_member(q)) {
            refuse_window(call, i, window_member(q));
            return false;
        }
        if (q->n_facets) {
            refuse_facets(call, i, q);
            return false;
        }
        if (q->show_performance_details) {
            refuse_query(call, i, "invalid_multi_search_query_show_performance_details",
                         "Using `.showPerformanceDetails` is not allowed in federated queries.\n"
                         " - Hint: remove `showPerformanceDetails` from the query or remove "
                         "`federation` from the request");
            return false;
        }
        if (q->distinct_given_case && request->federation->distinct_given_case) {
            refuse_query(call, i, "invalid_multi_search_distinct",
                         "Using `distinct` options is not allowed in federated queries when it "
                         "also appears in `.federation.distinct`.\n - Hint: remove `distinct` from "
                         "the query or remove `federation` from the request\n  - Note: `distinct` "
                         "at the query level is discouraged in federated search.");
            return false;
        }
    }
    return true;
}

/* ---- apart ------------------------------------------------------------------------------ */

static const Lode__V1__SearchRequest *as_search(struct arena *arena,
                                                const Lode__V1__MultiSearchQuery *query)
{
    Lode__V1__SearchRequest *search =
        API_NEW(arena, Lode__V1__SearchRequest, lode__v1__search_request);

    pb_copy_fields(&query->base, &search->base);
    return search;
}

/* What is named inside of a request and missing is a wrong request, not a missing resource. */
static enum rc inside_query(enum rc rc, size_t i, struct err *err)
{
    if (rc == RC_INVALID || rc == RC_NOT_FOUND) {
        err->rc = RC_INVALID;
        return err_prefix(err, "Inside `.queries[%zu]`: ", i);
    }
    return rc;
}

static enum rc find_apart(struct api_job *job, struct catalog_view *view,
                          Lode__V1__MultiSearchResponse *answer, struct err *err)
{
    const Lode__V1__MultiSearchRequest *request = (const void *)job->request;
    Lode__V1__MultiSearchResults *list =
        API_NEW(job->arena, Lode__V1__MultiSearchResults, lode__v1__multi_search_results);
    size_t i;

    list->results = api_alloc(job->arena, (request->n_queries + 1) * sizeof(*list->results));
    for (i = 0; i < request->n_queries; i++) {
        const Lode__V1__SearchRequest *search = as_search(job->arena, request->queries[i]);
        Lode__V1__SearchResponse *one = NULL;
        enum rc rc = search_answer(job, view, search, &one, err);

        if (rc != RC_OK)
            return inside_query(rc, i, err);
        one->index_case = LODE__V1__SEARCH_RESPONSE__INDEX_INDEX_UID;
        one->index_uid = search->index_uid;
        list->results[list->n_results++] = one;
    }
    answer->kind_case = LODE__V1__MULTI_SEARCH_RESPONSE__KIND_LIST;
    answer->list = list;
    return RC_OK;
}

/* ---- as one list ---------------------------------------------------------------------- */

static bool is_queried(const Lode__V1__MultiSearchRequest *request, const char *uid)
{
    size_t i;

    for (i = 0; i < request->n_queries; i++)
        if (strcmp(request->queries[i]->index_uid, uid) == 0)
            return true;
    return false;
}

/* The index is there, and its facets may be counted, though no query uses it. */
static enum rc check_unused(struct api_job *job, struct catalog_view *view, const char *uid,
                            struct names facets, struct err *err)
{
    struct index_info info;
    struct err why;
    enum rc rc = catalog_view_find(view, bytes_str(uid), &info, err);

    if (rc == RC_OK)
        rc = query_check_facets(view, info.id, facets, job->arena, err);
    if (rc != RC_NOT_FOUND && rc != RC_INVALID)
        return rc;
    why = *err;
    return err_set(err, RC_INVALID, why.word,
                   "Inside `.federation.facetsByIndex.%s`: %s\n - Note: index `%s` is not used in "
                   "queries",
                   uid, why.msg, uid);
}

static int by_key(const void *a, const void *b)
{
    const Lode__V1__Federation__FacetsByIndexEntry *const *x = a, *const *y = b;

    return strcmp((*x)->key, (*y)->key);
}

/*
 * Those of facetsByIndex that a query uses; the others are only checked. By uid: members of an
 * object have no order, and what comes over gRPC is in any.
 */
static enum rc read_facets(struct api_job *job, struct catalog_view *view,
                           const Lode__V1__MultiSearchRequest *request, struct federation *f,
                           struct err *err)
{
    const Lode__V1__Federation *federation = request->federation;
    size_t n = federation->n_facets_by_index, i, k;
    struct bytes *uids = api_alloc(job->arena, (n + 1) * sizeof *uids);
    struct names *facets = api_alloc(job->arena, (n + 1) * sizeof *facets);
    const Lode__V1__Federation__FacetsByIndexEntry **entries =
        api_alloc(job->arena, (n + 1) * sizeof *entries);

    for (i = 0; i < n; i++)
        entries[i] = federation->facets_by_index[i];
    qsort(entries, n, sizeof *entries, by_key);
    for (i = 0; i < n; i++) {
        const Lode__V1__Federation__FacetsByIndexEntry *entry = entries[i];
        size_t n_values = entry->value ? entry->value->n_values : 0;
        struct bytes *at = api_alloc(job->arena, (n_values + 1) * sizeof *at);
        struct names names = {at, n_values, true};
        enum rc rc = RC_OK;

        for (k = 0; k < n_values; k++)
            at[k] = bytes_str(entry->value->values[k]);
        if (!is_queried(request, entry->key))
            rc = check_unused(job, view, entry->key, names, err);
        if (rc != RC_OK)
            return rc;
        if (!is_queried(request, entry->key) || !entry->value)
            continue; /* one that is queried and missing is the query's error */
        uids[f->n_facet_indexes] = bytes_str(entry->key);
        facets[f->n_facet_indexes++] = names;
    }
    f->facet_indexes = uids;
    f->facets = facets;
    return RC_OK;
}

static void read_federation(const Lode__V1__Federation *m, struct federation *f)
{
    struct query_spec window;

    query_spec_init(&window);
    search_read_window(m->page_given_case == LODE__V1__FEDERATION__PAGE_GIVEN_PAGE, m->page,
                       m->hits_given_case == LODE__V1__FEDERATION__HITS_GIVEN_HITS_PER_PAGE,
                       m->hits_per_page, &window);
    *f = (struct federation){.offset = window.offset, .limit = window.limit};
    if (m->offset_given_case == LODE__V1__FEDERATION__OFFSET_GIVEN_OFFSET)
        f->offset = m->offset < UINT32_MAX ? m->offset : UINT32_MAX;
    if (m->limit_given_case == LODE__V1__FEDERATION__LIMIT_GIVEN_LIMIT)
        f->limit = m->limit < UINT32_MAX ? m->limit : UINT32_MAX;
    f->by_page = window.by_page;
    f->page = window.page;
    f->hits_per_page = window.hits_per_page;
    f->merge_facets = m->merge_facets != NULL;
    if (m->merge_facets &&
        m->merge_facets->max_given_case == LODE__V1__MERGE_FACETS__MAX_GIVEN_MAX_VALUES_PER_FACET)
        f->max_values_per_facet = m->merge_facets->max_values_per_facet < UINT32_MAX
                                      ? (uint32_t)m->merge_facets->max_values_per_facet
                                      : UINT32_MAX;
    if (m->distinct_given_case == LODE__V1__FEDERATION__DISTINCT_GIVEN_DISTINCT)
        f->distinct = bytes_str(m->distinct);
}

static enum rc read_queries(struct api_job *job, struct catalog_view *view,
                            const Lode__V1__MultiSearchRequest *request,
                            struct federated_query **ret_queries, struct err *err)
{
    struct federated_query *queries =
        api_alloc(job->arena, (request->n_queries + 1) * sizeof *queries);
    size_t i;

    for (i = 0; i < request->n_queries; i++) {
        const Lode__V1__MultiSearchQuery *q = request->queries[i];
        const Lode__V1__FederationOptions *o = q->federation_options;
        struct federated_query *to = &queries[i];
        struct index_info info;
        enum rc rc;

        *to = (struct federated_query){.weight = 1, .position = i};
        if (o && o->weight_given_case == LODE__V1__FEDERATION_OPTIONS__WEIGHT_GIVEN_WEIGHT)
            to->weight = o->weight;
        rc = search_read_spec(job, as_search(job->arena, q), &to->spec, err);
        if (rc == RC_OK)
            rc = catalog_view_find(view, bytes_str(q->index_uid), &info, err);
        if (rc != RC_OK)
            return inside_query(rc, i, err);
        to->index_id = info.id;
        to->index_uid = bytes_str(q->index_uid);
    }
    *ret_queries = queries;
    return RC_OK;
}

static void put_window(const Lode__V1__Federation *m, const struct federation *f, uint64_t total,
                       Lode__V1__FederatedResponse *a)
{
    if (f->by_page) {
        a->hits_given_case = LODE__V1__FEDERATED_RESPONSE__HITS_GIVEN_HITS_PER_PAGE;
        a->hits_per_page = m->hits_given_case ? m->hits_per_page : f->hits_per_page;
        a->page_given_case = LODE__V1__FEDERATED_RESPONSE__PAGE_GIVEN_PAGE;
        a->page = m->page_given_case ? m->page : f->page;
        a->pages_case = LODE__V1__FEDERATED_RESPONSE__PAGES_TOTAL_PAGES;
        a->total_pages = search_pages(total, a->hits_per_page);
        a->total_case = LODE__V1__FEDERATED_RESPONSE__TOTAL_TOTAL_HITS;
        a->total_hits = total;
    } else {
        a->limit_given_case = LODE__V1__FEDERATED_RESPONSE__LIMIT_GIVEN_LIMIT;
        a->limit = m->limit_given_case ? m->limit : f->limit;
        a->offset_given_case = LODE__V1__FEDERATED_RESPONSE__OFFSET_GIVEN_OFFSET;
        a->offset = m->offset_given_case ? m->offset : f->offset;
        a->estimate_case = LODE__V1__FEDERATED_RESPONSE__ESTIMATE_ESTIMATED_TOTAL_HITS;
        a->estimated_total_hits = total;
    }
}

static void put_facets(const struct federated_result *result, Lode__V1__FederatedResponse *a)
{
    if (result->merged.facets.n) {
        a->distribution_case = LODE__V1__FEDERATED_RESPONSE__DISTRIBUTION_FACET_DISTRIBUTION;
        a->facet_distribution = search_bytes(result->merged.facets);
    }
    if (result->merged.stats.n) {
        a->stats_case = LODE__V1__FEDERATED_RESPONSE__STATS_FACET_STATS;
        a->facet_stats = search_bytes(result->merged.stats);
    }
    if (result->facets_by_index.n) {
        a->by_index_case = LODE__V1__FEDERATED_RESPONSE__BY_INDEX_FACETS_BY_INDEX;
        a->facets_by_index = search_bytes(result->facets_by_index);
    }
}

static enum rc find_merged(struct api_job *job, struct catalog_view *view,
                           Lode__V1__MultiSearchResponse *answer, struct err *err)
{
    const Lode__V1__MultiSearchRequest *request = (const void *)job->request;
    struct query_stop stop = search_stop(job->call);
    int64_t begun_ns = clock_mono_ns(), work_ns;
    struct federated_query *queries = NULL;
    struct federated_result result = {0};
    Lode__V1__FederatedResponse *a;
    struct federation f;
    enum rc rc;

    read_federation(request->federation, &f);
    rc = read_queries(job, view, request, &queries, err);
    if (rc == RC_OK)
        rc = read_facets(job, view, request, &f, err);
    if (rc == RC_OK)
        rc =
            query_federated(view, queries, request->n_queries, &f, &stop, job->arena, &result, err);
    if (rc != RC_OK)
        return rc;
    a = API_NEW(job->arena, Lode__V1__FederatedResponse, lode__v1__federated_response);
    a->n_hits = result.merged.n_hits;
    a->hits = search_hits(job->arena, &result.merged);
    put_window(request->federation, &f, result.merged.total, a);
    put_facets(&result, a);
    a->request_uid = search_uid(job->arena);
    work_ns = clock_mono_ns() - begun_ns;
    a->processing_time_ms = (uint64_t)(work_ns / NS_PER_MS);
    if (request->federation->show_performance_details) {
        a->performance_case = LODE__V1__FEDERATED_RESPONSE__PERFORMANCE_PERFORMANCE_DETAILS;
        a->performance_details =
            search_bytes(search_performance(job->arena, begun_ns - job->begun_ns, work_ns));
    }
    answer->kind_case = LODE__V1__MULTI_SEARCH_RESPONSE__KIND_FEDERATED;
    answer->federated = a;
    return RC_OK;
}

/* ---- door ------------------------------------------------------------------------------ */

static enum rc work_find_many(struct api_job *job, struct err *err)
{
    const Lode__V1__MultiSearchRequest *request = (const void *)job->request;
    Lode__V1__MultiSearchResponse *answer =
        API_NEW(job->arena, Lode__V1__MultiSearchResponse, lode__v1__multi_search_response);
    struct catalog_view *view = NULL;
    enum rc rc;

    rc = catalog_view_open(job->api->opts.catalog, &view, err);
    if (rc == RC_OK)
        rc = request->federation ? find_merged(job, view, answer, err)
                                 : find_apart(job, view, answer, err);
    catalog_view_close(view);
    if (rc == RC_OK)
        job->answer = &answer->base;
    return rc;
}

void search_find_many(struct rpc_call *call, const Lode__V1__MultiSearchRequest *request, void *arg)
{
    bool ok = queries_ok(call, request);

    if (ok)
        ok = request->federation ? merged_ok(call, request) : apart_ok(call, request);
    if (ok && search_enter(arg, call))
        search_defer(arg, call, &request->base, work_find_many);
}
