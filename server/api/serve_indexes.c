/* SPDX-License-Identifier: MIT */
/* serve_indexes.c -- lode.v1.Indexes: named collections of documents. */
#include "api/api_int.h"

#include "index/index.h"
#include "rpc/server.h"

#include <lode/v1/indexes_service.rpc.h>
#include <stdlib.h>

static Lode__V1__Index *make_index(struct arena *arena, const struct index_info *info)
{
    Lode__V1__Index *index = API_NEW(arena, Lode__V1__Index, lode__v1__index);

    index->uid = arena_strdup(arena, info->uid);
    index->created_at = api_timestamp(arena, info->created_ns);
    index->updated_at = api_timestamp(arena, info->updated_ns);
    if (info->primary_key) {
        index->key_case = LODE__V1__INDEX__KEY_PRIMARY_KEY;
        index->primary_key = arena_strdup(arena, info->primary_key);
    }
    return index;
}

static enum rc work_list(struct api_job *job, struct err *err)
{
    const Lode__V1__ListIndexesRequest *request = (const void *)job->request;
    Lode__V1__ListIndexesResponse *answer;
    struct catalog_view *view = NULL;
    size_t total, i;
    enum rc rc;

    rc = catalog_view_open(job->api->opts.catalog, &view, err);
    if (rc != RC_OK)
        return rc;
    arena_set_limit(job->arena, BUF_NO_LIMIT); /* bounded by the catalog */
    total = catalog_view_count(view);
    answer = API_NEW(job->arena, Lode__V1__ListIndexesResponse, lode__v1__list_indexes_response);
    answer->offset = request->offset;
    answer->limit = request->limit;
    answer->total = (uint32_t)total;
    answer->results = api_alloc(job->arena, (total + 1) * sizeof(*answer->results));
    for (i = request->offset; i < total && answer->n_results < request->limit; i++) {
        struct index_info info = catalog_view_at(view, i);

        answer->results[answer->n_results++] = make_index(job->arena, &info);
    }
    catalog_view_close(view);
    job->answer = &answer->base;
    return RC_OK;
}

static enum rc work_get(struct api_job *job, struct err *err)
{
    const Lode__V1__GetIndexRequest *request = (const void *)job->request;
    struct catalog_view *view = NULL;
    struct index_info info;
    enum rc rc;

    rc = catalog_view_open(job->api->opts.catalog, &view, err);
    if (rc != RC_OK)
        return rc;
    rc = catalog_view_find(view, bytes_str(request->index_uid), &info, err);
    if (rc == RC_OK)
        job->answer = &make_index(job->arena, &info)->base;
    catalog_view_close(view);
    return rc;
}

static void list(struct rpc_call *call, const Lode__V1__ListIndexesRequest *request, void *arg)
{
    api_defer(arg, call, &request->base, work_list);
}

static void get(struct rpc_call *call, const Lode__V1__GetIndexRequest *request, void *arg)
{
    if (api_uid_ok(call, request->index_uid, ""))
        api_defer(arg, call, &request->base, work_get);
}

static void create(struct rpc_call *call, const Lode__V1__CreateIndexRequest *request, void *arg)
{
    task_record task = LODE__DUMP__V1__TASK__INIT;

    if (!api_uid_ok(call, request->uid, "Invalid value at `.uid`: "))
        return;
    task.type = TASK_INDEX_CREATION;
    task.index_uid = request->uid;
    if (request->key_case == LODE__V1__CREATE_INDEX_REQUEST__KEY_PRIMARY_KEY) {
        task.has_primary_key = true;
        task.primary_key = request->primary_key;
    }
    api_submit(arg, call, &task, NULL);
}

static void update(struct rpc_call *call, const Lode__V1__UpdateIndexRequest *request, void *arg)
{
    task_record task = LODE__DUMP__V1__TASK__INIT;

    if (!api_uid_ok(call, request->index_uid, ""))
        return;
    if (request->created_at[0] || request->updated_at[0]) { /* through gRPC; JSON never gets here */
        const char *name = request->created_at[0] ? "createdAt" : "updatedAt";

        api_refuse(call,
                   request->created_at[0] ? "immutable_index_created_at"
                                          : "immutable_index_updated_at",
                   "Immutable field `%s`: expected one of `primaryKey`, `uid`", name);
        return;
    }
    task.type = TASK_INDEX_UPDATE;
    task.index_uid = request->index_uid;
    if (request->key_case == LODE__V1__UPDATE_INDEX_REQUEST__KEY_PRIMARY_KEY) {
        task.has_primary_key = true;
        task.primary_key = request->primary_key;
    }
    if (request->new_name_case == LODE__V1__UPDATE_INDEX_REQUEST__NEW_NAME_UID) {
        if (!api_uid_ok(call, request->uid, "Invalid value at `.uid`: "))
            return;
        task.new_uid = request->uid;
    }
    api_submit(arg, call, &task, NULL);
}

static void delete_index(struct rpc_call *call, const Lode__V1__DeleteIndexRequest *request,
                         void *arg)
{
    task_record task = LODE__DUMP__V1__TASK__INIT;

    if (!api_uid_ok(call, request->index_uid, ""))
        return;
    task.type = TASK_INDEX_DELETION;
    task.index_uid = request->index_uid;
    api_submit(arg, call, &task, NULL);
}

/* ---- swap ---------------------------------------------------------------------------- */

static void append_quoted_list(struct buf *out, char **names, size_t n, const char *quote)
{
    size_t i;

    for (i = 0; i < n; i++)
        buf_printf(out, "%s%s%s%s", i ? ", " : "", quote, names[i], quote);
}

/* Every name of the whole list, sorted: those that come twice are the error. */
static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool refuse_repeated(struct rpc_call *call, char **names, size_t n)
{
    struct buf text;
    size_t i, n_repeated = 0;

    qsort(names, n, sizeof *names, by_name);
    buf_init(&text, 1 << 16);
    for (i = 1; i < n; i++)
        if (strcmp(names[i], names[i - 1]) == 0 && (i < 2 || strcmp(names[i], names[i - 2]) != 0))
            buf_printf(&text, "%s`%s`", n_repeated++ ? ", " : "", names[i]);
    if (n_repeated)
        api_refuse(
            call, "invalid_swap_duplicate_index_found",
            "Indexes must be declared only once during a swap. %s %s specified several times.",
            buf_cstr(&text), n_repeated > 1 ? "were" : "was");
    buf_done(&text);
    return n_repeated > 0;
}

static bool swap_uids_ok(struct rpc_call *call, const Lode__V1__IndexSwap *swap, size_t i)
{
    struct err err;
    size_t k;

    for (k = 0; k < swap->n_indexes; k++) {
        if (index_uid_check(bytes_str(swap->indexes[k]), &err) == RC_OK)
            continue;
        err.word = "invalid_swap_indexes";
        (void)err_prefix(&err, "Invalid value at `[%zu].indexes[%zu]`: ", i, k);
        rpc_call_fail(call, &err);
        return false;
    }
    return true;
}

static bool swap_is_of_two(struct rpc_call *call, const Lode__V1__IndexSwap *swap)
{
    struct buf text;

    if (swap->n_indexes != 2) {
        buf_init(&text, 1 << 16);
        append_quoted_list(&text, swap->indexes, swap->n_indexes, "\"");
        api_refuse(call, "invalid_swap_indexes",
                   "Two indexes must be given for each swap. The list `[%s]` contains %zu indexes.",
                   buf_cstr(&text), swap->n_indexes);
        buf_done(&text);
        return false;
    }
    return true;
}

static void swap(struct rpc_call *call, const Lode__V1__SwapIndexesRequest *request, void *arg)
{
    struct arena *arena = rpc_call_arena(call);
    task_record task = LODE__DUMP__V1__TASK__INIT;
    size_t n = request->n_swaps, i;
    char **names;

    for (i = 0; i < n; i++) /* what each says first, then what all mean */
        if (!swap_uids_ok(call, request->swaps[i], i))
            return;
    for (i = 0; i < n; i++)
        if (!swap_is_of_two(call, request->swaps[i]))
            return;
    arena_set_limit(arena, API_ANSWER_MAX);
    names = api_alloc(arena, (2 * n + 1) * sizeof *names);
    task.swap_a = api_alloc(arena, (n + 1) * sizeof *task.swap_a);
    task.swap_b = api_alloc(arena, (n + 1) * sizeof *task.swap_b);
    task.swap_rename = api_alloc(arena, (n + 1) * sizeof *task.swap_rename);
    task.n_swap_a = task.n_swap_b = task.n_swap_rename = n;
    for (i = 0; i < n; i++) {
        names[2 * i] = task.swap_a[i] = request->swaps[i]->indexes[0];
        names[2 * i + 1] = task.swap_b[i] = request->swaps[i]->indexes[1];
        task.swap_rename[i] = request->swaps[i]->rename;
    }
    if (refuse_repeated(call, names, 2 * n))
        return;
    task.type = TASK_INDEX_SWAP;
    api_submit(arg, call, &task, NULL);
}

void serve_indexes_register(struct api *api, struct rpc_server *server)
{
    static const struct lode__v1__indexes__handlers handlers = {
        .list = list,
        .create = create,
        .get = get,
        .update = update,
        .delete = delete_index,
        .swap = swap,
        .list_fields = fields_list,
    };

    rpc_server_add(server, &lode__v1__indexes__service, &handlers, api);
}
