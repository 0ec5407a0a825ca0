/* SPDX-License-Identifier: MIT */
/* serve_search_facets.c -- lode.v1.Search.FindFacets: values of a facet that begin like a text. */
#include "api/serve_search.h"

#include "base/clock.h"
#include "index/index.h"
#include "json/json.h"

static enum rc out_of_shape(struct err *err)
{
    return err_set(err, RC_INTERNAL, NULL, "facet values came as no list of values and counts");
}

/* The query room's JSON to messages. */
static enum rc read_hits(struct arena *arena, struct bytes json,
                         Lode__V1__FacetSearchResponse *answer, struct err *err)
{
    struct json_parser *parser = json_parser_new();
    struct json_value root, value, count;
    struct json_iter it;
    enum rc rc = RC_OK;

    if (json_parse(parser, json, NULL, &root, NULL) != RC_OK || json_type(root) != JSON_ARRAY) {
        rc = out_of_shape(err);
        goto out;
    }
    answer->facet_hits = api_alloc(arena, (json_count(root) + 1) * sizeof(*answer->facet_hits));
    for (json_iter_init(&it, root); json_iter_next(&it);) {
        Lode__V1__FacetHit *hit = API_NEW(arena, Lode__V1__FacetHit, lode__v1__facet_hit);
        struct bytes text;

        if (!json_get(it.value, B("value"), &value) || json_type(value) != JSON_STRING ||
            !json_get(it.value, B("count"), &count) || !json_as_u64(count, &hit->count)) {
            rc = out_of_shape(err);
            goto out;
        }
        text = json_string(value);
        hit->value = arena_strndup(arena, text.p, text.n);
        answer->facet_hits[answer->n_facet_hits++] = hit;
    }

out:
    json_parser_free(parser);
    return rc;
}

/* The parts that narrow the candidates are those of a search. */
static enum rc read_query(struct api_job *job, const Lode__V1__FacetSearchRequest *request,
                          struct facet_query *query, struct err *err)
{
    Lode__V1__SearchRequest *search =
        API_NEW(job->arena, Lode__V1__SearchRequest, lode__v1__search_request);

    pb_copy_fields(&request->base, &search->base);
    *query = (struct facet_query){.facet = bytes_str(request->facet_name)};
    query->has_query = request->facet_query_given_case ==
                       LODE__V1__FACET_SEARCH_REQUEST__FACET_QUERY_GIVEN_FACET_QUERY;
    if (query->has_query)
        query->query = bytes_str(request->facet_query);
    query->exhaustive_count =
        request->exhaustive_case ==
            LODE__V1__FACET_SEARCH_REQUEST__EXHAUSTIVE_EXHAUSTIVE_FACET_COUNT &&
        request->exhaustive_facet_count;
    return search_read_spec(job, search, &query->spec, err);
}

static enum rc work_find_facets(struct api_job *job, struct err *err)
{
    const Lode__V1__FacetSearchRequest *request = (const void *)job->request;
    struct query_stop stop = search_stop(job->call);
    int64_t begun_ns = clock_mono_ns();
    Lode__V1__FacetSearchResponse *answer;
    struct catalog_view *view = NULL;
    struct facet_query query;
    struct index_info info;
    struct bytes hits = {0};
    enum rc rc;

    rc = read_query(job, request, &query, err);
    if (rc == RC_OK)
        rc = catalog_view_open(job->api->opts.catalog, &view, err);
    if (rc == RC_OK)
        rc = catalog_view_find(view, bytes_str(request->index_uid), &info, err);
    if (rc == RC_OK)
        rc = query_facets(view, info.id, &query, &stop, job->arena, &hits, err);
    catalog_view_close(view);
    if (rc != RC_OK)
        return rc;
    answer = API_NEW(job->arena, Lode__V1__FacetSearchResponse, lode__v1__facet_search_response);
    rc = read_hits(job->arena, hits, answer, err);
    if (rc != RC_OK)
        return rc;
    if (query.has_query) {
        answer->query_case = LODE__V1__FACET_SEARCH_RESPONSE__QUERY_FACET_QUERY;
        answer->facet_query = request->facet_query;
    }
    answer->processing_time_ms = (uint64_t)((clock_mono_ns() - begun_ns) / NS_PER_MS);
    job->answer = &answer->base;
    return RC_OK;
}

void search_find_facets(struct rpc_call *call, const Lode__V1__FacetSearchRequest *request,
                        void *arg)
{
    if (!search_values_ok(call, "", &request->base) || !api_uid_ok(call, request->index_uid, ""))
        return;
    if (!request->facet_name[0]) { /* through gRPC; JSON never gets here without one */
        api_refuse(call, "missing_facet_search_facet_name", "Missing field `facetName`");
        return;
    }
    if (search_enter(arg, call))
        search_defer(arg, call, &request->base, work_find_facets);
}
