/* SPDX-License-Identifier: MIT */
/* serve_documents.c -- lode.v1.Documents, except additions (serve_upload.c). */
#include "api/api_int.h"

#include "index/index.h"
#include "rpc/server.h"

#include <lode/v1/documents_service.rpc.h>
#include <stdio.h>

/* ---- reading -------------------------------------------------------------------------- */

/* NULL-terminated field names to spans; none or "*" means all. */
struct picked {
    struct bytes *fields;
    size_t n;
};

static struct picked picked_fields(struct arena *arena, char *const *names, size_t n)
{
    struct picked picked = {NULL, 0};
    size_t i;

    for (i = 0; i < n; i++)
        if (strcmp(names[i], "*") == 0)
            return picked;
    picked.fields = api_alloc(arena, (n + 1) * sizeof *picked.fields);
    picked.n = n;
    for (i = 0; i < n; i++)
        picked.fields[i] = bytes_str(names[i]);
    return picked;
}

static enum rc work_get(struct api_job *job, struct err *err)
{
    const Lode__V1__GetDocumentRequest *request = (const void *)job->request;
    struct picked picked = picked_fields(job->arena, request->fields, request->n_fields);
    struct catalog_view *view = NULL;
    Lode__V1__GetDocumentResponse *answer;
    struct index_info info;
    struct buf json, part;
    struct bytes copy;
    enum rc rc;

    buf_init(&json, RECORD_DOCUMENT_MAX);
    buf_init(&part, RECORD_DOCUMENT_MAX);
    rc = catalog_view_open(job->api->opts.catalog, &view, err);
    if (rc == RC_OK)
        rc = catalog_view_find(view, bytes_str(request->index_uid), &info, err);
    if (rc == RC_OK)
        rc = document_get(view, info.id, bytes_str(request->document_id), &json, err);
    catalog_view_close(view);
    if (rc == RC_OK && picked.n)
        rc = document_pick(buf_view(&json), picked.fields, picked.n, &part, err);
    if (rc == RC_OK) {
        answer =
            API_NEW(job->arena, Lode__V1__GetDocumentResponse, lode__v1__get_document_response);
        copy = arena_dup(job->arena, picked.n ? buf_view(&part) : buf_view(&json));
        answer->document.data = (uint8_t *)(uintptr_t)copy.p; /* the arena's own */
        answer->document.len = copy.n;
        job->answer = &answer->base;
    }
    buf_done(&part);
    buf_done(&json);
    return rc;
}

/* Documents of one answer, gathered under API_ANSWER_MAX. */
struct gather {
    struct api_job *job;
    struct picked picked;
    Lode__V1__ListDocumentsResponse *answer;
    size_t cap;
    size_t bytes;
    struct buf part;
};

static enum rc gather_document(void *arg, struct bytes json, struct err *err)
{
    struct gather *g = arg;
    Lode__V1__ListDocumentsResponse *answer = g->answer;
    struct bytes copy = json;
    enum rc rc;

    if (rpc_call_cancelled(g->job->call))
        return err_set(err, RC_CANCELLED, NULL, "The call was cancelled.");
    if (g->picked.n) {
        buf_clear(&g->part);
        rc = document_pick(json, g->picked.fields, g->picked.n, &g->part, err);
        if (rc != RC_OK)
            return rc;
        copy = buf_view(&g->part);
    }
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
    bool by_ids;
    char *const *ids;
    size_t n_ids;
    uint32_t offset, limit;
};

static enum rc list_documents(struct api_job *job, const struct list_wish *wish, struct err *err)
{
    struct gather g = {.job = job};
    struct catalog_view *view = NULL;
    struct index_info info;
    struct bytes *ids;
    uint64_t total = 0;
    size_t i;
    enum rc rc;

    arena_set_limit(job->arena, BUF_NO_LIMIT); /* gather_document() counts */
    g.picked = picked_fields(job->arena, wish->fields, wish->n_fields);
    g.answer =
        API_NEW(job->arena, Lode__V1__ListDocumentsResponse, lode__v1__list_documents_response);
    buf_init(&g.part, RECORD_DOCUMENT_MAX);
    ids = api_alloc(job->arena, (wish->n_ids + 1) * sizeof *ids);
    for (i = 0; i < wish->n_ids; i++)
        ids[i] = bytes_str(wish->ids[i]);
    rc = catalog_view_open(job->api->opts.catalog, &view, err);
    if (rc == RC_OK)
        rc = catalog_view_find(view, bytes_str(wish->index_uid), &info, err);
    if (rc == RC_OK && wish->by_ids) {
        rc = document_each_of(view, info.id, ids, wish->n_ids, wish->offset, wish->limit,
                              gather_document, &g, &total, err);
    } else if (rc == RC_OK) {
        total = info.n_documents;
        rc = document_each(view, info.id, wish->offset, wish->limit, gather_document, &g, err);
    }
    catalog_view_close(view);
    buf_done(&g.part);
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
    struct list_wish wish = {request->index_uid, request->fields, request->n_fields,
                             request->n_ids > 0, request->ids,    request->n_ids,
                             request->offset,    request->limit};

    return list_documents(job, &wish, err);
}

static enum rc work_fetch(struct api_job *job, struct err *err)
{
    const Lode__V1__FetchDocumentsRequest *request = (const void *)job->request;
    struct list_wish wish = {
        .index_uid = request->index_uid, .offset = request->offset, .limit = request->limit};

    if (request->fields_given_case == LODE__V1__FETCH_DOCUMENTS_REQUEST__FIELDS_GIVEN_FIELDS) {
        wish.fields = request->fields->values;
        wish.n_fields = request->fields->n_values;
    }
    if (request->ids_given_case == LODE__V1__FETCH_DOCUMENTS_REQUEST__IDS_GIVEN_IDS) {
        wish.by_ids = true;
        wish.ids = request->ids->values;
        wish.n_ids = request->ids->n_values;
    }
    return list_documents(job, &wish, err);
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

/* Filters and sorts need attributes declared for them, which search will bring. */
static bool no_filter_or_sort(struct rpc_call *call, bool filter, bool sort)
{
    if (filter)
        api_refuse(call, "invalid_document_filter",
                   "This version of Lode does not filter documents yet; leave `filter` out.");
    else if (sort)
        api_refuse(call, "invalid_document_sort",
                   "This version of Lode does not sort documents yet; leave `sort` out.");
    return !filter && !sort;
}

static void get(struct rpc_call *call, const Lode__V1__GetDocumentRequest *request, void *arg)
{
    if (api_uid_ok(call, request->index_uid, ""))
        api_defer(arg, call, &request->base, work_get);
}

static void list(struct rpc_call *call, const Lode__V1__ListDocumentsRequest *request, void *arg)
{
    bool filter = request->filter_text_case == LODE__V1__LIST_DOCUMENTS_REQUEST__FILTER_TEXT_FILTER;

    if (api_uid_ok(call, request->index_uid, "") &&
        no_filter_or_sort(call, filter, request->n_sort > 0) &&
        ids_ok(call, request->ids, request->n_ids))
        api_defer(arg, call, &request->base, work_list);
}

static void fetch(struct rpc_call *call, const Lode__V1__FetchDocumentsRequest *request, void *arg)
{
    bool filter =
        request->filter_json_case == LODE__V1__FETCH_DOCUMENTS_REQUEST__FILTER_JSON_FILTER;
    bool sort = request->sort_given_case == LODE__V1__FETCH_DOCUMENTS_REQUEST__SORT_GIVEN_SORT;
    bool ids = request->ids_given_case == LODE__V1__FETCH_DOCUMENTS_REQUEST__IDS_GIVEN_IDS;

    if (api_uid_ok(call, request->index_uid, "") && no_filter_or_sort(call, filter, sort) &&
        (!ids || ids_ok(call, request->ids->values, request->ids->n_values)))
        api_defer(arg, call, &request->base, work_fetch);
}

/* ---- writing ---------------------------------------------------------------------------- */

static void add(struct rpc_call *call, const Lode__V1__AddDocumentsRequest *request, void *arg)
{
    (void)request; /* comes message by message */
    upload_start(arg, call, true);
}

static void update(struct rpc_call *call, const Lode__V1__AddDocumentsRequest *request, void *arg)
{
    (void)request;
    upload_start(arg, call, false);
}

static void delete_one(struct rpc_call *call, const Lode__V1__DeleteDocumentRequest *request,
                       void *arg)
{
    task_record task = LODE__DUMP__V1__TASK__INIT;
    char **ids;

    if (!api_uid_ok(call, request->index_uid, ""))
        return;
    arena_set_limit(rpc_call_arena(call), API_ANSWER_MAX);
    ids = api_alloc(rpc_call_arena(call), sizeof *ids);
    ids[0] = request->document_id;
    task.type = TASK_DOCUMENT_DELETION;
    task.index_uid = request->index_uid;
    task.n_ids = 1;
    task.ids = ids;
    task.has_metadata =
        request->metadata_case == LODE__V1__DELETE_DOCUMENT_REQUEST__METADATA_CUSTOM_METADATA;
    if (task.has_metadata)
        task.custom_metadata = request->custom_metadata;
    api_submit(arg, call, &task, NULL);
}

static void delete_batch(struct rpc_call *call, const Lode__V1__DeleteDocumentsRequest *request,
                         void *arg)
{
    task_record task = LODE__DUMP__V1__TASK__INIT;

    if (!api_uid_ok(call, request->index_uid, ""))
        return;
    task.type = TASK_DOCUMENT_DELETION;
    task.index_uid = request->index_uid;
    task.n_ids = request->n_ids;
    task.ids = request->ids;
    task.has_metadata =
        request->metadata_case == LODE__V1__DELETE_DOCUMENTS_REQUEST__METADATA_CUSTOM_METADATA;
    if (task.has_metadata)
        task.custom_metadata = request->custom_metadata;
    api_submit(arg, call, &task, NULL);
}

static void delete_all(struct rpc_call *call, const Lode__V1__DeleteAllDocumentsRequest *request,
                       void *arg)
{
    task_record task = LODE__DUMP__V1__TASK__INIT;

    if (!api_uid_ok(call, request->index_uid, ""))
        return;
    task.type = TASK_DOCUMENT_DELETION;
    task.index_uid = request->index_uid;
    task.all_documents = true;
    task.has_metadata =
        request->metadata_case == LODE__V1__DELETE_ALL_DOCUMENTS_REQUEST__METADATA_CUSTOM_METADATA;
    if (task.has_metadata)
        task.custom_metadata = request->custom_metadata;
    api_submit(arg, call, &task, NULL);
}

void serve_documents_register(struct api *api, struct rpc_server *server)
{
    static const struct lode__v1__documents__handlers handlers = {
        .get = get,
        .list = list,
        .fetch = fetch,
        .add = add,
        .update = update,
        .delete = delete_one,
        .delete_batch = delete_batch,
        .delete_all = delete_all,
    };

    rpc_server_add(server, &lode__v1__documents__service, &handlers, api);
}
