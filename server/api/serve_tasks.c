/* SPDX-License-Identifier: MIT */
/*
 * serve_tasks.c -- lode.v1.Tasks: the queue of changes and its history.
 *
 * Not here: watching one (serve_task_watch.c), batches (serve_batches.c).
 */
#include "api/api_int.h"

#include "base/mem.h"
#include "index/index.h"
#include "rpc/server.h"

#include <lode/v1/tasks_service.rpc.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- filters ----------------------------------------------------------------------------------
 */

#define FILTER_NAMES                                                                               \
    "`uids`, `indexUids`, `statuses`, `types`, `canceledBy`, `beforeEnqueuedAt`, "                 \
    "`afterEnqueuedAt`, `beforeStartedAt`, `afterStartedAt`, `beforeFinishedAt`, "                 \
    "`afterFinishedAt`"

/* The two request types share these members by name; one filter is made from either. */
#define FILL_FILTER(f, request)                                                                    \
    do {                                                                                           \
        (f)->n_uids = (request)->n_uids;                                                           \
        (f)->uids = (request)->uids;                                                               \
        (f)->n_batch_uids = (request)->n_batch_uids;                                               \
        (f)->batch_uids = (request)->batch_uids;                                                   \
        (f)->n_canceled_by = (request)->n_canceled_by;                                             \
        (f)->canceled_by = (request)->canceled_by;                                                 \
        (f)->n_types = (request)->n_types;                                                         \
        (f)->types = copy_enums(arena, (const int *)(const void *)(request)->types, (f)->n_types); \
        (f)->n_statuses = (request)->n_statuses;                                                   \
        (f)->statuses =                                                                            \
            copy_enums(arena, (const int *)(const void *)(request)->statuses, (f)->n_statuses);    \
        (f)->n_index_uids = (request)->n_index_uids;                                               \
        (f)->index_uids = (request)->index_uids;                                                   \
        (f)->after_enqueued_ns = api_timestamp_ns((request)->after_enqueued_at);                   \
        (f)->before_enqueued_ns = api_timestamp_ns((request)->before_enqueued_at);                 \
        (f)->after_started_ns = api_timestamp_ns((request)->after_started_at);                     \
        (f)->before_started_ns = api_timestamp_ns((request)->before_started_at);                   \
        (f)->after_finished_ns = api_timestamp_ns((request)->after_finished_at);                   \
        (f)->before_finished_ns = api_timestamp_ns((request)->before_finished_at);                 \
    } while (0)

static uint32_t *copy_enums(struct arena *arena, const int *values, size_t n)
{
    uint32_t *copy = api_alloc(arena, (n + 1) * sizeof *copy);
    size_t i;

    for (i = 0; i < n; i++)
        copy[i] = (uint32_t)values[i];
    return copy;
}

bool api_index_uids_ok(struct rpc_call *call, char *const *uids, size_t n)
{
    char prefix[64];
    size_t i;

    for (i = 0; i < n; i++) {
        if (n > 1)
            (void)snprintf(prefix, sizeof prefix,
                           "Invalid value in parameter `indexUids[%zu]`: ", i);
        else
            (void)snprintf(prefix, sizeof prefix, "Invalid value in parameter `indexUids`: ");
        if (!api_uid_ok(call, uids[i], prefix))
            return false;
    }
    return true;
}

/* ---- reading ------------------------------------------------------------------------------------
 */

struct task_list_opts tasks_list_opts(struct arena *arena,
                                      const Lode__V1__ListTasksRequest *request)
{
    Lode__Dump__V1__TaskFilter *filter =
        API_NEW(arena, Lode__Dump__V1__TaskFilter, lode__dump__v1__task_filter);
    struct task_list_opts opts = {
        .filter = filter, .limit = request->limit, .reverse = request->reverse};

    FILL_FILTER(filter, request);
    opts.has_from = request->start_case == LODE__V1__LIST_TASKS_REQUEST__START_FROM;
    opts.from = opts.has_from ? request->from : 0;
    return opts;
}

static enum rc work_list(struct api_job *job, struct err *err)
{
    const Lode__V1__ListTasksRequest *request = (const void *)job->request;
    struct task_list_opts opts = tasks_list_opts(job->arena, request);
    struct arena *arena = job->arena;
    Lode__V1__ListTasksResponse *answer;
    struct task_list found;
    size_t i;
    enum rc rc;

    rc = task_list(job->api->opts.tasks, &opts, arena, &found, err);
    if (rc != RC_OK)
        return rc;
    arena_set_limit(arena, BUF_NO_LIMIT); /* bounded by what was found */
    answer = API_NEW(arena, Lode__V1__ListTasksResponse, lode__v1__list_tasks_response);
    answer->limit = request->limit;
    answer->total = found.total;
    answer->results = api_alloc(arena, (found.n_tasks + 1) * sizeof(*answer->results));
    for (i = 0; i < found.n_tasks; i++)
        answer->results[answer->n_results++] = api_task(arena, found.tasks[i], NULL);
    if (found.n_tasks) {
        answer->first_case = LODE__V1__LIST_TASKS_RESPONSE__FIRST_FROM;
        answer->from = found.tasks[0]->uid;
    }
    if (found.has_next) {
        answer->following_case = LODE__V1__LIST_TASKS_RESPONSE__FOLLOWING_NEXT;
        answer->next = found.next;
    }
    job->answer = &answer->base;
    return RC_OK;
}

/* Digits only; the call has failed with word and noun otherwise. */
bool api_read_uid(struct rpc_call *call, const char *text, const char *noun, const char *word,
                  uint64_t *ret_uid)
{
    const char *p;
    uint64_t v = 0;

    for (p = text; *p >= '0' && *p <= '9' && v <= (UINT64_MAX - 9) / 10; p++)
        v = v * 10 + (uint64_t)(*p - '0');
    if (p == text || *p) {
        api_refuse(call, word, "%s uid `%s` is invalid. It should only contain numeric characters.",
                   noun, text);
        return false;
    }
    *ret_uid = v;
    return true;
}

uint64_t api_known_uid(const char *digits)
{
    return strtoull(digits, NULL, 10);
}

enum rc tasks_fetch(struct api *api, struct arena *arena, uint64_t uid, Lode__V1__Task **ret_task,
                    struct err *err)
{
    struct task_progress progress = {0};
    task_record *task = NULL;
    enum rc rc;

    rc = task_get(api->opts.tasks, uid, arena, &task, &progress, err);
    if (rc != RC_OK)
        return rc;
    arena_set_limit(arena, BUF_NO_LIMIT); /* bounded by the record */
    *ret_task = api_task(arena, task, &progress);
    return RC_OK;
}

static enum rc work_get(struct api_job *job, struct err *err)
{
    const Lode__V1__GetTaskRequest *request = (const void *)job->request;
    Lode__V1__Task *task = NULL;
    enum rc rc;

    rc = tasks_fetch(job->api, job->arena, api_known_uid(request->task_uid), &task, err);
    if (rc == RC_OK)
        job->answer = &task->base;
    return rc;
}

static void list(struct rpc_call *call, const Lode__V1__ListTasksRequest *request, void *arg)
{
    if (api_index_uids_ok(call, request->index_uids, request->n_index_uids))
        api_defer(arg, call, &request->base, work_list);
}

static void get(struct rpc_call *call, const Lode__V1__GetTaskRequest *request, void *arg)
{
    uint64_t uid;

    if (api_read_uid(call, request->task_uid, "Task", "invalid_task_uids", &uid))
        api_defer(arg, call, &request->base, work_get);
}

/* ---- cancel and delete --------------------------------------------------------------- */

static void append_numbers(struct buf *out, const uint64_t *v, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        buf_printf(out, "%s%llu", i ? "," : "", (unsigned long long)v[i]);
}

/* What a gRPC caller asked for, spelt as the query string of the same wish. */
static char *spell_filter(struct arena *arena, const Lode__V1__SelectTasksRequest *request)
{
    struct {
        const char *name;
        const uint64_t *v;
        size_t n;
    } lists[] = {{"uids", request->uids, request->n_uids},
                 {"batchUids", request->batch_uids, request->n_batch_uids},
                 {"canceledBy", request->canceled_by, request->n_canceled_by}};
    struct buf text;
    char *copy;
    size_t i;

    buf_init(&text, 1 << 20);
    for (i = 0; i < ARRAY_LEN(lists); i++) {
        if (lists[i].n == 0)
            continue;
        buf_printf(&text, "%s%s=", text.n ? "&" : "?", lists[i].name);
        append_numbers(&text, lists[i].v, lists[i].n);
    }
    if (request->n_types)
        buf_printf(&text, "%stypes=", text.n ? "&" : "?");
    for (i = 0; i < request->n_types; i++)
        buf_printf(&text, "%s%s", i ? "," : "",
                   api_enum_name(&lode__v1__task_type__meta, (int)request->types[i]));
    if (request->n_statuses)
        buf_printf(&text, "%sstatuses=", text.n ? "&" : "?");
    for (i = 0; i < request->n_statuses; i++)
        buf_printf(&text, "%s%s", i ? "," : "",
                   api_enum_name(&lode__v1__task_status__meta, (int)request->statuses[i]));
    if (request->n_index_uids)
        buf_printf(&text, "%sindexUids=", text.n ? "&" : "?");
    for (i = 0; i < request->n_index_uids; i++)
        buf_printf(&text, "%s%s", i ? "," : "", request->index_uids[i]);
    if (text.n == 0)
        buf_str(&text, "?uids=*");
    copy = arena_strndup(arena, text.p, text.n);
    buf_done(&text);
    return copy;
}

static bool any_filter(const Lode__V1__SelectTasksRequest *r)
{
    return r->any || r->n_uids || r->n_batch_uids || r->n_canceled_by || r->n_types ||
           r->n_statuses || r->n_index_uids || r->after_enqueued_at || r->before_enqueued_at ||
           r->after_started_at || r->before_started_at || r->after_finished_at ||
           r->before_finished_at;
}

static void select_tasks(struct api *api, struct rpc_call *call,
                         const Lode__V1__SelectTasksRequest *request, enum task_type type)
{
    struct arena *arena = rpc_call_arena(call);
    Lode__Dump__V1__TaskFilter *filter;
    task_record task = LODE__DUMP__V1__TASK__INIT;
    const char *query = rpc_call_query_string(call);

    if (!any_filter(request)) {
        api_refuse(call, "missing_task_filters",
                   "Query parameters to filter the tasks to %s are missing. Available query "
                   "parameters are: " FILTER_NAMES ".",
                   type == TASK_TASK_CANCELATION ? "cancel" : "delete");
        return;
    }
    if (!api_index_uids_ok(call, request->index_uids, request->n_index_uids))
        return;
    arena_set_limit(arena, API_ANSWER_MAX);
    filter = API_NEW(arena, Lode__Dump__V1__TaskFilter, lode__dump__v1__task_filter);
    FILL_FILTER(filter, request);
    filter->original = query[0] ? arena_printf(arena, "?%s", query) : spell_filter(arena, request);
    task.type = type;
    task.filter = filter;
    api_submit(api, call, &task, NULL);
}

static void cancel(struct rpc_call *call, const Lode__V1__SelectTasksRequest *request, void *arg)
{
    select_tasks(arg, call, request, TASK_TASK_CANCELATION);
}

static void delete_tasks(struct rpc_call *call, const Lode__V1__SelectTasksRequest *request,
                         void *arg)
{
    select_tasks(arg, call, request, TASK_TASK_DELETION);
}

void serve_tasks_register(struct api *api, struct rpc_server *server)
{
    static const struct lode__v1__tasks__handlers handlers = {
        .list = list,
        .get = get,
        .watch = tasks_watch,
        .cancel = cancel,
        .delete = delete_tasks,
        .list_batches = batches_list,
        .get_batch = batches_get,
    };

    rpc_server_add(server, &lode__v1__tasks__service, &handlers, api);
}
