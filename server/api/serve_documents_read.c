/* SPDX-License-Identifier: MIT */
/* serve_documents_read.c -- lode.v1.Documents: getting and listing. */
#include "api/document_shown.h"
#include "api/serve_search.h"

#include "index/index.h"
#include "json/json.h"

#include <lode/v1/documents_service.rpc.h>
#include <stdlib.h>

enum { DEFAULT_LIMIT = 20 };

/* ---- reading -------------------------------------------------------------------------- */

static enum rc work_get(struct api_job *job, struct err *err)
{
    const Lode__V1__GetDocumentRequest *request = (const void *)job->request;
    struct shown shown;
    struct catalog_view *view = NULL;
    Lode__V1__GetDocumentResponse *answer;
    struct index_info info;
    struct bytes copy = {0};
    struct buf json;
    enum rc rc;

    document_shown_init(&shown, job->arena, request->fields, request->n_fields,
                        request->retrieve_vectors);
    buf_init(&json, RECORD_DOCUMENT_MAX);
    rc = catalog_view_open(job->api->opts.catalog, &view, err);
    if (rc == RC_OK)
        rc = catalog_view_find(view, bytes_str(request->index_uid), &info, err);
    if (rc == RC_OK)
        rc = document_get(view, info.id, bytes_str(request->document_id), &json, err);
    catalog_view_close(view);
    if (rc == RC_OK)
        rc = document_shown(&shown, buf_view(&json), &copy, err);
    if (rc == RC_OK) {
        answer =
            API_NEW(job->arena, Lode__V1__GetDocumentResponse, lode__v1__get_document_response);
        copy = arena_dup(job->arena, copy);
        answer->document.data = (uint8_t *)(uintptr_t)copy.p; /* the arena's own */
        answer->document.len = copy.n;
        job->answer = &answer->base;
    }
    document_shown_done(&shown);
    buf_done(&json);
    return rc;
}

/* Documents of one answer, gathered under API_ANSWER_MAX. */
struct gather {
    struct api_job *job;
    struct query_stop stop; /* when the caller is gone */
    struct shown shown;
    Lode__V1__ListDocumentsResponse *answer;
    size_t cap;
    size_t bytes;
};

static enum rc gather_document(void *arg, struct bytes json, struct err *err)
{
    struct gather *g = arg;
    Lode__V1__ListDocumentsResponse *answer = g->answer;
    struct bytes copy;
    enum rc rc;

    if (rpc_call_cancelled(g->job->call))
        return err_set(err, RC_CANCELLED, NULL, "The call was cancelled.");
    rc = document_shown(&g->shown, json, &copy, err);
    if (rc != RC_OK)
        return rc;
    g->bytes += copy.n + 64;
    if (g->bytes > API_ANSWER_MAX)
        return err_set(
            err, RC_TOO_LARGE, "payload_too_large",
            "The answer would be larger than %d MiB. Ask for fewer documents with `limit`.",
            API_ANSWER_MAX >> 20);
    if (answer->n_results == g->cap) {
        ProtobufCBinaryData *grown;

        g->cap = g->cap ? 2 * g->cap : 32;
        grown = api_alloc(g->job->arena, g->cap * sizeof *grown);
        if (answer->n_results)
            memcpy(grown, answer->results, answer->n_results * sizeof *grown);
        answer->results = grown;
    }
    copy = arena_dup(g->job->arena, copy);
    answer->results[answer->n_results].data = (uint8_t *)(uintptr_t)copy.p;
    answer->results[answer->n_results].len = copy.n;
    answer->n_results++;
    return RC_OK;
}

struct list_wish {
    const char *index_uid;
    char *const *fields;
    size_t n_fields;
    bool retrieve_vectors;
    bool by_ids;
    char *const *ids;
    size_t n_ids;
    uint32_t offset, limit;
    struct bytes filter; /* JSON; empty: none */
    struct names sort;
};

static struct names sort_of(struct arena *arena, char *const *values, size_t n)
{
    struct bytes *at = api_alloc(arena, (n + 1) * sizeof *at);
    size_t i;

    for (i = 0; i < n; i++)
        at[i] = bytes_str(values[i]);
    return (struct names){at, n, n > 0};
}

static struct documents_query query_of(const struct gather *g, const struct list_wish *wish)
{
    return (struct documents_query){
        .filter = wish->filter,
        .sort = wish->sort,
        .offset = wish->offset,
        .limit = wish->limit,
        .contains_filter = api_has_feature(g->job->api, FEATURE_CONTAINS_FILTER),
        .stop = &g->stop,
    };
}

/* ---- those that match, of which only some ids are wanted ------------------------------- */

static int by_bytes(const void *a, const void *b)
{
    return bytes_cmp(*(const struct bytes *)a, *(const struct bytes *)b);
}

struct sieve {
    struct gather *gather;
    struct json_parser *parser;
    struct bytes primary_key;
    struct bytes *ids; /* sorted */
    size_t n_ids;
    uint64_t offset, limit, total;
    struct buf id;
};

static enum rc sieve_document(void *arg, struct bytes json, struct err *err)
{
    struct sieve *s = arg;
    struct bytes id;
    enum rc rc = document_id_of(s->parser, json, s->primary_key, &s->id, err);

    if (rc != RC_OK)
        return rc;
    id = buf_view(&s->id);
    if (!s->n_ids || !bsearch(&id, s->ids, s->n_ids, sizeof id, by_bytes))
        return rpc_call_cancelled(s->gather->job->call)
                   ? err_set(err, RC_CANCELLED, NULL, "The call was cancelled.")
                   : RC_OK;
    if (s->total++ < s->offset || s->total > s->offset + s->limit)
        return RC_OK;
    return gather_document(s->gather, json, err);
}

/* Filter, sort and ids at once: what matches is asked for its id. */
static enum rc list_sieved(struct gather *g, struct catalog_view *view,
                           const struct index_info *info, const struct list_wish *wish,
                           struct bytes *ids, uint64_t *ret_total, struct err *err)
{
    struct sieve s = {.gather = g,
                      .parser = json_parser_new(),
                      .primary_key = bytes_str(info->primary_key ? info->primary_key : ""),
                      .ids = ids,
                      .n_ids = wish->n_ids,
                      .offset = wish->offset,
                      .limit = wish->limit};
    struct documents_query query = query_of(g, wish);
    uint64_t all = 0;
    enum rc rc;

    buf_init(&s.id, DOCUMENT_ID_MAX + 1);
    if (s.n_ids)
        qsort(ids, s.n_ids, sizeof *ids, by_bytes);
    query.limit = UINT64_MAX;
    rc = query_documents(view, info->id, &query, sieve_document, &s, &all, err);
    *ret_total = s.total;
    buf_done(&s.id);
    json_parser_free(s.parser);
    return rc;
}

/* ---- all ways to list -------------------------------------------------------------------- */

static enum rc list_from(struct gather *g, struct catalog_view *view, const struct index_info *info,
                         const struct list_wish *wish, uint64_t *ret_total, struct err *err)
{
    struct bytes *ids = api_alloc(g->job->arena, (wish->n_ids + 1) * sizeof *ids);
    struct documents_query asked = query_of(g, wish);
    bool query = wish->filter.n > 0 || wish->sort.given;
    size_t i;

    for (i = 0; i < wish->n_ids; i++)
        ids[i] = bytes_str(wish->ids[i]);
    if (query && wish->by_ids)
        return list_sieved(g, view, info, wish, ids, ret_total, err);
    if (query)
        return query_documents(view, info->id, &asked, gather_document, g, ret_total, err);
    if (wish->by_ids)
        return document_each_of(view, info->id, ids, wish->n_ids, wish->offset, wish->limit,
                                gather_document, g, ret_total, err);
    *ret_total = info->n_documents;
    return document_each(view, info->id, wish->offset, wish->limit, gather_document, g, err);
}

static enum rc list_documents(struct api_job *job, const struct list_wish *wish, struct err *err)
{
    struct gather g = {.job = job, .stop = search_stop(job->call)};
    struct catalog_view *view = NULL;
    struct index_info info;
    uint64_t total = 0;
    enum rc rc;

    arena_set_limit(job->arena, BUF_NO_LIMIT); /* gather_document() counts */
    g.answer =
        API_NEW(job->arena, Lode__V1__ListDocumentsResponse, lode__v1__list_documents_response);
    document_shown_init(&g.shown, job->arena, wish->fields, wish->n_fields, wish->retrieve_vectors);
    rc = catalog_view_open(job->api->opts.catalog, &view, err);
    if (rc == RC_OK)
        rc = catalog_view_find(view, bytes_str(wish->index_uid), &info, err);
    if (rc == RC_OK)
        rc = list_from(&g, view, &info, wish, &total, err);
    catalog_view_close(view);
    document_shown_done(&g.shown);
    if (rc != RC_OK)
        return rc;
    g.answer->offset = wish->offset;
    g.answer->limit = wish->limit;
    g.answer->total = (uint32_t)total;
    job->answer = &g.answer->base;
    return RC_OK;
}

static enum rc work_list(struct api_job *job, struct err *err)
{
    const Lode__V1__ListDocumentsRequest *request = (const void *)job->request;
    struct list_wish wish = {.index_uid = request->index_uid,
                             .fields = request->fields,
                             .n_fields = request->n_fields,
                             .by_ids = request->n_ids > 0,
                             .ids = request->ids,
                             .n_ids = request->n_ids,
                             .retrieve_vectors = request->retrieve_vectors,
                             .offset = request->offset,
                             .limit = DEFAULT_LIMIT};
    enum rc rc = RC_OK;

    if (request->limit_given_case == LODE__V1__LIST_DOCUMENTS_REQUEST__LIMIT_GIVEN_LIMIT)
        wish.limit = request->limit;
    wish.sort = sort_of(job->arena, request->sort, request->n_sort);
    if (request->filter_text_case == LODE__V1__LIST_DOCUMENTS_REQUEST__FILTER_TEXT_FILTER)
        rc = search_read_filter(job->arena, bytes_str(request->filter), "invalid_document_filter",
                                &wish.filter, err);
    return rc == RC_OK ? list_documents(job, &wish, err) : rc;
}

static enum rc work_fetch(struct api_job *job, struct err *err)
{
    const Lode__V1__FetchDocumentsRequest *request = (const void *)job->request;
    struct list_wish wish = {.index_uid = request->index_uid,
                             .retrieve_vectors = request->retrieve_vectors,
                             .offset = request->offset,
                             .limit = DEFAULT_LIMIT};
    enum rc rc = RC_OK;

    if (request->limit_given_case == LODE__V1__FETCH_DOCUMENTS_REQUEST__LIMIT_GIVEN_LIMIT)
        wish.limit = request->limit;
    if (request->fields_given_case == LODE__V1__FETCH_DOCUMENTS_REQUEST__FIELDS_GIVEN_FIELDS) {
        wish.fields = request->fields->values;
        wish.n_fields = request->fields->n_values;
    }
    if (request->ids_given_case == LODE__V1__FETCH_DOCUMENTS_REQUEST__IDS_GIVEN_IDS) {
        wish.by_ids = true;
        wish.ids = request->ids->values;
        wish.n_ids = request->ids->n_values;
    }
    if (request->sort_given_case == LODE__V1__FETCH_DOCUMENTS_REQUEST__SORT_GIVEN_SORT)
        wish.sort = sort_of(job->arena, request->sort->values, request->sort->n_values);
    if (request->filter_json_case == LODE__V1__FETCH_DOCUMENTS_REQUEST__FILTER_JSON_FILTER)
        rc = search_read_filter(job->arena, bytes_of(request->filter.data, request->filter.len),
                                "invalid_document_filter", &wish.filter, err);
    return rc == RC_OK ? list_documents(job, &wish, err) : rc;
}

/* There is one server; false is what it does anyway. */
static bool network_ok(struct rpc_call *call, bool use_network)
{
    struct err err;

    if (!use_network)
        return true;
    (void)search_refuse_lack("useNetwork", "feature_not_enabled", SEARCH_NO_NETWORK, &err);
    rpc_call_fail(call, &err);
    return false;
}

/* Every id must be one a document can have: "In `.ids[1]`: ...". */
static bool ids_ok(struct rpc_call *call, char *const *ids, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (document_id_valid(bytes_str(ids[i])))
            continue;
        api_refuse(call, "invalid_document_ids",
                   "In `.ids[%zu]`: Document identifier `\"%s\"` is invalid. A document identifier "
                   "can be of type "
                   "integer or string, only composed of alphanumeric characters (a-z A-Z 0-9), "
                   "hyphens (-) and "
                   "underscores (_), and can not be more than 511 bytes.",
                   i, ids[i]);
        return false;
    }
    return true;
}

void documents_get(struct rpc_call *call, const Lode__V1__GetDocumentRequest *request, void *arg)
{
    if (api_uid_ok(call, request->index_uid, ""))
        api_defer(arg, call, &request->base, work_get);
}

void documents_list(struct rpc_call *call, const Lode__V1__ListDocumentsRequest *request, void *arg)
{
    if (api_uid_ok(call, request->index_uid, "") &&
        network_ok(call, request->use_network_given_case && request->use_network) &&
        ids_ok(call, request->ids, request->n_ids))
        api_defer(arg, call, &request->base, work_list);
}

void documents_fetch(struct rpc_call *call, const Lode__V1__FetchDocumentsRequest *request,
                     void *arg)
{
    bool ids = request->ids_given_case == LODE__V1__FETCH_DOCUMENTS_REQUEST__IDS_GIVEN_IDS;

    if (api_uid_ok(call, request->index_uid, "") &&
        network_ok(call, request->use_network_given_case && request->use_network) &&
        (!ids || ids_ok(call, request->ids->values, request->ids->n_values)))
        api_defer(arg, call, &request->base, work_fetch);
}
