/* SPDX-License-Identifier: MIT */
/*
 * serve_search.c -- lode.v1.Search: one search, and what all searches share.
 *
 * Searches are counted while they wait and run, and over a limit the next one is
 * turned away at once: a queue that only grows helps nobody.
 *
 * Threads  Handlers and counts on the loop; `work_*` and what they call on a worker.
 */
#include "api/serve_search.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/rng.h"
#include "base/spare.h"
#include "index/index.h"
#include "rpc/server.h"

#include <lode/v1/search_service.rpc.h>
#include <stdio.h>

/* ---- running ------------------------------------------------------------------------- */

bool search_enter(struct api *api, struct rpc_call *call)
{
    struct err err;

    if (api->n_searches < api->opts.max_searches) {
        api->n_searches++;
        return true;
    }
    (void)err_set(&err, RC_BUSY, "too_many_search_requests",
                  "Too many search requests running at the same time: %zu. Retry after 10s.",
                  api->n_searches);
    rpc_call_fail(call, &err);
    return false;
}

static void leave(struct api_job *job)
{
    job->api->n_searches--;
    spare_search_end();
}

void search_defer(struct api *api, struct rpc_call *call, const ProtobufCMessage *request,
                  api_work_fn *work)
{
    spare_search_begin();
    api_defer_then(api, call, request, work, leave);
}

static bool caller_is_gone(void *arg)
{
    (void)FAULT(SEARCH_UNDER_WAY);
    return rpc_call_cancelled(arg);
}

struct query_stop search_stop(struct rpc_call *call)
{
    return (struct query_stop){.cancelled = caller_is_gone, .arg = call};
}

/* ---- pieces of answers ------------------------------------------------------------------ */

ProtobufCBinaryData search_bytes(struct bytes b)
{
    return (ProtobufCBinaryData){.len = b.n, .data = (uint8_t *)(uintptr_t)b.p};
}

ProtobufCBinaryData *search_hits(struct arena *arena, const struct query_result *result)
{
    ProtobufCBinaryData *hits = api_alloc(arena, (result->n_hits + 1) * sizeof *hits);
    size_t i;

    for (i = 0; i < result->n_hits; i++)
        hits[i] = search_bytes(result->hits[i]);
    return hits;
}

uint64_t search_pages(uint64_t total, uint64_t hits_per_page)
{
    return hits_per_page ? total / hits_per_page + (total % hits_per_page != 0) : 0;
}

char *search_uid(struct arena *arena)
{
    return rng_uuid7(api_alloc(arena, UUID_TEXT));
}

struct bytes search_performance(struct arena *arena, int64_t wait_ns, int64_t work_ns)
{
    char text[128];

    (void)snprintf(text, sizeof text, "{\"wait for a worker\":\"%.2fms\",\"search\":\"%.2fms\"}",
                   (double)wait_ns / NS_PER_MS, (double)work_ns / NS_PER_MS);
    return bytes_str(arena_strdup(arena, text));
}

static bool wants_metadata(const struct rpc_call *call)
{
    struct bytes wish = rpc_call_metadata(call, "meili-include-metadata");

    return bytes_eq(wish, B("true")) || bytes_eq(wish, B("1"));
}

static Lode__V1__SearchMetadata *make_metadata(struct arena *arena, const struct index_info *info,
                                               const Lode__V1__SearchRequest *request)
{
    Lode__V1__SearchMetadata *m =
        API_NEW(arena, Lode__V1__SearchMetadata, lode__v1__search_metadata);

    if (request->query_case == LODE__V1__SEARCH_REQUEST__QUERY_Q) {
        m->text_case = LODE__V1__SEARCH_METADATA__TEXT_QUERY;
        m->query = request->q;
    }
    m->query_uid = search_uid(arena);
    m->index_uid = arena_strdup(arena, info->uid);
    if (info->primary_key) {
        m->key_case = LODE__V1__SEARCH_METADATA__KEY_PRIMARY_KEY;
        m->primary_key = arena_strdup(arena, info->primary_key);
    }
    return m;
}

/* The window echoes what was asked for, whatever it was cut to. */
static void put_window(const Lode__V1__SearchRequest *r, const struct query_spec *spec,
                       uint64_t total, Lode__V1__SearchResponse *a)
{
    if (spec->by_page) {
        a->hits_given_case = LODE__V1__SEARCH_RESPONSE__HITS_GIVEN_HITS_PER_PAGE;
        a->hits_per_page = r->hits_given_case ? r->hits_per_page : spec->hits_per_page;
        a->page_given_case = LODE__V1__SEARCH_RESPONSE__PAGE_GIVEN_PAGE;
        a->page = r->page_given_case ? r->page : spec->page;
        a->pages_case = LODE__V1__SEARCH_RESPONSE__PAGES_TOTAL_PAGES;
        a->total_pages = search_pages(total, a->hits_per_page);
        a->total_case = LODE__V1__SEARCH_RESPONSE__TOTAL_TOTAL_HITS;
        a->total_hits = total;
    } else {
        a->limit_given_case = LODE__V1__SEARCH_RESPONSE__LIMIT_GIVEN_LIMIT;
        a->limit = r->limit_given_case ? r->limit : spec->limit;
        a->offset_given_case = LODE__V1__SEARCH_RESPONSE__OFFSET_GIVEN_OFFSET;
        a->offset = r->offset_given_case ? r->offset : spec->offset;
        a->estimate_case = LODE__V1__SEARCH_RESPONSE__ESTIMATE_ESTIMATED_TOTAL_HITS;
        a->estimated_total_hits = total;
    }
}

static void put_facets(const struct query_result *result, Lode__V1__SearchResponse *a)
{
    if (result->facets.n) {
        a->distribution_case = LODE__V1__SEARCH_RESPONSE__DISTRIBUTION_FACET_DISTRIBUTION;
        a->facet_distribution = search_bytes(result->facets);
    }
    if (result->stats.n) {
        a->stats_case = LODE__V1__SEARCH_RESPONSE__STATS_FACET_STATS;
        a->facet_stats = search_bytes(result->stats);
    }
}

enum rc search_answer(struct api_job *job, struct catalog_view *view,
                      const Lode__V1__SearchRequest *request, Lode__V1__SearchResponse **ret_answer,
                      struct err *err)
{
    struct query_stop stop = search_stop(job->call);
    int64_t begun_ns = clock_mono_ns(), work_ns;
    struct query_result result = {0};
    Lode__V1__SearchResponse *a;
    struct query_spec spec;
    struct index_info info;
    enum rc rc;

    rc = search_read_spec(job, request, &spec, err);
    if (rc == RC_OK)
        rc = catalog_view_find(view, bytes_str(request->index_uid), &info, err);
    if (rc == RC_OK)
        rc = query_search(view, info.id, &spec, &stop, job->arena, &result, err);
    if (rc != RC_OK)
        return rc;
    a = API_NEW(job->arena, Lode__V1__SearchResponse, lode__v1__search_response);
    a->n_hits = result.n_hits;
    a->hits = search_hits(job->arena, &result);
    if (request->query_case == LODE__V1__SEARCH_REQUEST__QUERY_Q)
        a->query = request->q;
    put_window(request, &spec, result.total, a);
    put_facets(&result, a);
    a->request_uid = search_uid(job->arena);
    if (wants_metadata(job->call))
        a->metadata = make_metadata(job->arena, &info, request);
    work_ns = clock_mono_ns() - begun_ns;
    a->processing_time_ms = (uint64_t)(work_ns / NS_PER_MS);
    if (request->show_performance_details) {
        a->performance_case = LODE__V1__SEARCH_RESPONSE__PERFORMANCE_PERFORMANCE_DETAILS;
        a->performance_details =
            search_bytes(search_performance(job->arena, begun_ns - job->begun_ns, work_ns));
    }
    *ret_answer = a;
    return RC_OK;
}

/* ---- one search -------------------------------------------------------------------------- */

static enum rc work_find(struct api_job *job, struct err *err)
{
    const Lode__V1__SearchRequest *request = (const void *)job->request;
    Lode__V1__SearchResponse *answer = NULL;
    struct catalog_view *view = NULL;
    enum rc rc;

    rc = catalog_view_open(job->api->opts.catalog, &view, err);
    if (rc == RC_OK)
        rc = search_answer(job, view, request, &answer, err);
    catalog_view_close(view);
    if (rc == RC_OK)
        job->answer = &answer->base;
    return rc;
}

static void find(struct rpc_call *call, const Lode__V1__SearchRequest *request, void *arg)
{
    if (search_values_ok(call, "", &request->base) && api_uid_ok(call, request->index_uid, "") &&
        search_enter(arg, call))
        search_defer(arg, call, &request->base, work_find);
}

void serve_search_register(struct api *api, struct rpc_server *server)
{
    static const struct lode__v1__search__handlers handlers = {
        .find = find,
        .find_many = search_find_many,
        .find_facets = search_find_facets,
    };

    rpc_server_add(server, &lode__v1__search__service, &handlers, api);
}
