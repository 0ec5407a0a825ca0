/* SPDX-License-Identifier: MIT */
/* serve_documents.c -- lode.v1.Documents: deletions; serve_documents_read.c, serve_upload.c. */
#include "api/serve_search.h"

#include "index/index.h"
#include "rpc/server.h"

#include <lode/v1/documents_service.rpc.h>
#include <stdio.h>

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

static void delete_by_filter(struct rpc_call *call, const Lode__V1__DeleteByFilterRequest *request,
                             void *arg)
{
    struct arena *arena = rpc_call_arena(call);
    task_record task = LODE__DUMP__V1__TASK__INIT;
    Lode__Dump__V1__TaskFilter *filter;
    struct bytes json = {0};
    struct err err;
    enum rc rc;

    if (!api_uid_ok(call, request->index_uid, ""))
        return;
    arena_set_limit(arena, API_ANSWER_MAX);
    rc = search_read_filter(arena, bytes_of(request->filter.data, request->filter.len),
                            "invalid_document_filter", &json, &err);
    if (rc == RC_OK)
        rc = query_check_filter(json, api_has_feature(arg, FEATURE_CONTAINS_FILTER),
                                "invalid_document_filter", &err);
    if (rc != RC_OK) {
        rpc_call_fail(call, &err);
        return;
    }
    filter = api_alloc(arena, sizeof *filter);
    lode__dump__v1__task_filter__init(filter);
    filter->original = arena_strndup(arena, json.p, json.n);
    task.type = TASK_DOCUMENT_DELETION;
    task.index_uid = request->index_uid;
    task.filter = filter;
    task.has_metadata =
        request->metadata_case == LODE__V1__DELETE_BY_FILTER_REQUEST__METADATA_CUSTOM_METADATA;
    if (task.has_metadata)
        task.custom_metadata = request->custom_metadata;
    api_submit(arg, call, &task, NULL);
}

void serve_documents_register(struct api *api, struct rpc_server *server)
{
    static const struct lode__v1__documents__handlers handlers = {
        .get = documents_get,
        .list = documents_list,
        .fetch = documents_fetch,
        .add = add,
        .update = update,
        .delete = delete_one,
        .delete_batch = delete_batch,
        .delete_by_filter = delete_by_filter,
        .delete_all = delete_all,
    };

    rpc_server_add(server, &lode__v1__documents__service, &handlers, api);
}
