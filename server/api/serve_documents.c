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

/* What is to be deleted is in the task; metadata NULL: none was given. */
static void submit_deletion(struct rpc_call *call, struct api *api, task_record *task,
                            char *index_uid, char *metadata)
{
    task->type = TASK_DOCUMENT_DELETION;
    task->index_uid = index_uid;
    if (metadata) {
        task->has_metadata = true;
        task->custom_metadata = metadata;
    }
    api_submit(api, call, task, NULL);
}

/* The four requests have the same members, in types of their own. */
#define METADATA_OF(request, REQUEST)                                                              \
    ((request)->metadata_case == LODE__V1__##REQUEST##__METADATA_CUSTOM_METADATA                   \
         ? (request)->custom_metadata                                                              \
         : NULL)

static void delete_one(struct rpc_call *call, const Lode__V1__DeleteDocumentRequest *request,
                       void *arg)
{
    task_record task = LODE__DUMP__V1__TASK__INIT;

    if (!api_uid_ok(call, request->index_uid, ""))
        return;
    arena_set_limit(rpc_call_arena(call), API_ANSWER_MAX);
    task.n_ids = 1;
    task.ids = api_alloc(rpc_call_arena(call), sizeof *task.ids);
    task.ids[0] = request->document_id;
    submit_deletion(call, arg, &task, request->index_uid,
                    METADATA_OF(request, DELETE_DOCUMENT_REQUEST));
}

static void delete_batch(struct rpc_call *call, const Lode__V1__DeleteDocumentsRequest *request,
                         void *arg)
{
    task_record task = LODE__DUMP__V1__TASK__INIT;

    if (!api_uid_ok(call, request->index_uid, ""))
        return;
    task.n_ids = request->n_ids;
    task.ids = request->ids;
    submit_deletion(call, arg, &task, request->index_uid,
                    METADATA_OF(request, DELETE_DOCUMENTS_REQUEST));
}

static void delete_all(struct rpc_call *call, const Lode__V1__DeleteAllDocumentsRequest *request,
                       void *arg)
{
    task_record task = LODE__DUMP__V1__TASK__INIT;

    if (!api_uid_ok(call, request->index_uid, ""))
        return;
    task.all_documents = true;
    submit_deletion(call, arg, &task, request->index_uid,
                    METADATA_OF(request, DELETE_ALL_DOCUMENTS_REQUEST));
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
    task.filter = filter;
    submit_deletion(call, arg, &task, request->index_uid,
                    METADATA_OF(request, DELETE_BY_FILTER_REQUEST));
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
