/* SPDX-License-Identifier: MIT */
/* serve_tasks.c -- lode.v1.Tasks: the queue of changes, its history, its batches. */
#include "api/api_int.h"

#include "base/mem.h"
#include "index/index.h"
#include "rpc/server.h"

#include <lode/v1/tasks_service.rpc.h>
#include <stdatomic.h>
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

static bool index_uids_ok(struct rpc_call *call, char *const *uids, size_t n)
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

static enum rc work_list(struct api_job *job, struct err *err)
{
    const Lode__V1__ListTasksRequest *request = (const void *)job->request;
    Lode__Dump__V1__TaskFilter filter = LODE__DUMP__V1__TASK_FILTER__INIT;
    struct task_list_opts opts = {
        .filter = &filter, .limit = request->limit, .reverse = request->reverse};
    struct arena *arena = job->arena;
    Lode__V1__ListTasksResponse *answer;
    struct task_list found;
    size_t i;
    enum rc rc;

    FILL_FILTER(&filter, request);
    opts.has_from = request->start_case == LODE__V1__LIST_TASKS_REQUEST__START_FROM;
    opts.from = opts.has_from ? request->from : 0;
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
static bool read_uid(struct rpc_call *call, const char *text, const char *noun, const char *word,
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

static uint64_t known_uid(const char *digits)
{
    return strtoull(digits, NULL, 10);
}

static enum rc fetch_task(struct api *api, struct arena *arena, uint64_t uid,
                          Lode__V1__Task **ret_task, struct err *err)
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

    rc = fetch_task(job->api, job->arena, known_uid(request->task_uid), &task, err);
    if (rc == RC_OK)
        job->answer = &task->base;
    return rc;
}

static void list(struct rpc_call *call, const Lode__V1__ListTasksRequest *request, void *arg)
{
    if (index_uids_ok(call, request->index_uids, request->n_index_uids))
        api_defer(arg, call, &request->base, work_list);
}

static void get(struct rpc_call *call, const Lode__V1__GetTaskRequest *request, void *arg)
{
    uint64_t uid;

    if (read_uid(call, request->task_uid, "Task", "invalid_task_uids", &uid))
        api_defer(arg, call, &request->base, work_get);
}

/* ---- watching
 * -------------------------------------------------------------------------------------- */

/*
 * Changes are announced by the queue's threads, many a second; each is fetched
 * on a worker, one at a time, and only the latest state is sent.
 */
struct watcher {
    struct api *api;
    struct rpc_call *call;
    struct rpc_ticket *ticket;
    struct task_watch *watch;
    struct arena *arena; /* of one fetch */
    uint64_t uid;
    bool fetching, again, over;
    Lode__V1__Task *task;
    enum rc rc;
    struct err err;
    atomic_bool announced; /* a post is under way: one is enough */
};

static void watch_fetch(struct watcher *w);

static void watch_end(struct watcher *w)
{
    struct rpc_ticket *ticket = w->ticket;

    w->over = true;
    if (w->fetching || !ticket)
        return;
    task_watch_free(w->watch);
    w->watch = NULL;
    w->ticket = NULL;
    rpc_ticket_drop(ticket);
}

static void watch_fetched(struct rpc_call *call, void *arg)
{
    struct watcher *w = arg;

    w->fetching = false;
    if (!w->over && w->rc != RC_OK) {
        rpc_call_fail(call, &w->err);
        w->over = true;
    } else if (!w->over) {
        (void)rpc_call_send(call, &w->task->base);
        if (w->task->finished_at) {
            rpc_call_finish(call);
            w->over = true;
        }
    }
    arena_free(w->arena);
    w->arena = NULL;
    if (w->over)
        watch_end(w);
    else if (w->again)
        watch_fetch(w);
}

static void watch_work(void *arg) /* on a worker */
{
    struct watcher *w = arg;

    w->arena = arena_new(API_ANSWER_MAX);
    w->rc = fetch_task(w->api, w->arena, w->uid, &w->task, &w->err);
}

static void watch_fetch(struct watcher *w)
{
    w->fetching = true;
    w->again = false;
    rpc_call_defer(w->call, watch_work, watch_fetched, w);
}

static void watch_changed(struct rpc_call *call, void *arg)
{
    struct watcher *w = arg;

    (void)call;
    atomic_store(&w->announced, false);
    if (w->over)
        return;
    /* A peer that does not read gets the state of when it reads again. */
    if (w->fetching || rpc_call_send_queued(w->call) > RPC_SEND_HIGH)
        w->again = true;
    else
        watch_fetch(w);
}

static void watch_announce(void *arg, uint64_t task_uid) /* on the queue's threads */
{
    struct watcher *w = arg;

    (void)task_uid;
    if (!atomic_exchange(&w->announced, true))
        rpc_ticket_post(w->ticket, watch_changed, w);
}

static void watch_cancelled(struct rpc_call *call, void *arg)
{
    (void)call;
    watch_end(arg);
}

static void watch_writable(struct rpc_call *call, void *arg)
{
    struct watcher *w = arg;

    (void)call;
    if (w->again && !w->fetching && !w->over)
        watch_fetch(w);
}

static void watch(struct rpc_call *call, const Lode__V1__GetTaskRequest *request, void *arg)
{
    static const struct rpc_call_ops ops = {.on_cancel = watch_cancelled,
                                            .on_writable = watch_writable};
    struct api *api = arg;
    struct watcher *w;
    uint64_t uid;

    if (!read_uid(call, request->task_uid, "Task", "invalid_task_uids", &uid))
        return;
    arena_set_limit(rpc_call_arena(call), API_ANSWER_MAX);
    w = api_alloc(rpc_call_arena(call), sizeof *w);
    memset(w, 0, sizeof *w);
    w->api = api;
    w->call = call;
    w->uid = uid;
    w->ticket = rpc_ticket_new(call);
    rpc_call_set_ops(call, &ops, w);
    w->watch = task_watch_new(api->opts.tasks, uid, watch_announce, w);
    watch_fetch(w);
}

/* ---- cancel and delete
 * ------------------------------------------------------------------------------- */

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
    if (!index_uids_ok(call, request->index_uids, request->n_index_uids))
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

/* ---- batches
 * -------------------------------------------------------------------------------------------- */

/* How many tasks of a batch have each of a few names. */
struct tally {
    const char **names;
    uint64_t *counts;
    size_t n;
};

static struct tally new_tally(struct arena *arena, size_t max)
{
    struct tally t = {api_alloc(arena, (max + 1) * sizeof(char *)),
                      api_alloc(arena, (max + 1) * sizeof(uint64_t)), 0};

    return t;
}

static void count_name(struct tally *t, const char *name)
{
    size_t i;

    for (i = 0; i < t->n && strcmp(t->names[i], name) != 0; i++)
        ;
    if (i == t->n) {
        t->names[t->n] = name;
        t->counts[t->n++] = 0;
    }
    t->counts[i]++;
}

/* Map entries are types of their own in protobuf-c, of one shape: {key, value}. */
#define PUT_TALLY(arena, stats, field, tally, Entry, prefix)                                       \
    do {                                                                                           \
        size_t k_;                                                                                 \
                                                                                                   \
        (stats)->n_##field = (tally).n;                                                            \
        (stats)->field = api_alloc(arena, ((tally).n + 1) * sizeof(*(stats)->field));              \
        for (k_ = 0; k_ < (tally).n; k_++) {                                                       \
            Entry *entry_ = API_NEW(arena, Entry, prefix);                                         \
                                                                                                   \
            entry_->key = arena_strdup(arena, (tally).names[k_]);                                  \
            entry_->value = (tally).counts[k_];                                                    \
            (stats)->field[k_] = entry_;                                                           \
        }                                                                                          \
    } while (0)

/* Adds one task's numbers to those of its batch; other details are the first task's. */
static void add_details(Lode__V1__TaskDetails *sum, const Lode__V1__TaskDetails *one)
{
    if (!sum || !one || sum->kind_case != one->kind_case)
        return;
    if (sum->kind_case == LODE__V1__TASK_DETAILS__KIND_DOCUMENT_ADDITION) {
        sum->document_addition->received_documents += one->document_addition->received_documents;
        sum->document_addition->indexed_documents += one->document_addition->indexed_documents;
    } else if (sum->kind_case == LODE__V1__TASK_DETAILS__KIND_DOCUMENT_DELETION) {
        sum->document_deletion->provided_ids += one->document_deletion->provided_ids;
        sum->document_deletion->deleted_documents += one->document_deletion->deleted_documents;
    }
}

static Lode__V1__BatchStats *make_batch_stats(struct arena *arena, task_record *const *tasks,
                                              size_t n)
{
    Lode__V1__BatchStats *stats = API_NEW(arena, Lode__V1__BatchStats, lode__v1__batch_stats);
    struct tally status = new_tally(arena, n), types = new_tally(arena, n),
                 uids = new_tally(arena, n);
    size_t i;

    for (i = 0; i < n; i++) {
        count_name(&status, api_enum_name(&lode__v1__task_status__meta, (int)tasks[i]->status));
        count_name(&types, api_enum_name(&lode__v1__task_type__meta, (int)tasks[i]->type));
        if (tasks[i]->index_uid[0])
            count_name(&uids, tasks[i]->index_uid);
    }
    stats->total_nb_tasks = n;
    PUT_TALLY(arena, stats, status, status, Lode__V1__BatchStats__StatusEntry,
              lode__v1__batch_stats__status_entry);
    PUT_TALLY(arena, stats, types, types, Lode__V1__BatchStats__TypesEntry,
              lode__v1__batch_stats__types_entry);
    PUT_TALLY(arena, stats, index_uids, uids, Lode__V1__BatchStats__IndexUidsEntry,
              lode__v1__batch_stats__index_uids_entry);
    return stats;
}

static Lode__V1__Batch *make_batch(struct arena *arena, task_record *const *tasks, size_t n)
{
    Lode__V1__Batch *batch = API_NEW(arena, Lode__V1__Batch, lode__v1__batch);
    size_t i;

    batch->uid = tasks[0]->batch_uid;
    batch->stats = make_batch_stats(arena, tasks, n);
    batch->batch_strategy = arena_strdup(arena, "consecutive compatible tasks of one index");
    batch->details = api_task_details(arena, tasks[0]);
    for (i = 1; i < n; i++)
        add_details(batch->details, api_task_details(arena, tasks[i]));
    batch->started_at = api_timestamp(arena, tasks[0]->started_unix_ns);
    if (tasks[0]->finished_unix_ns) {
        batch->finished_at = api_timestamp(arena, tasks[0]->finished_unix_ns);
        batch->duration =
            api_duration(arena, tasks[0]->finished_unix_ns - tasks[0]->started_unix_ns);
    }
    return batch;
}

/* How many tasks from tasks[i] on are of the same batch. */
static size_t run_of_batch(const struct task_list *found, size_t i)
{
    size_t n = 1;

    while (i + n < found->n_tasks && found->tasks[i + n]->batch_uid == found->tasks[i]->batch_uid)
        n++;
    return n;
}

static enum rc work_list_batches(struct api_job *job, struct err *err)
{
    const Lode__V1__ListTasksRequest *request = (const void *)job->request;
    Lode__Dump__V1__TaskFilter filter = LODE__DUMP__V1__TASK_FILTER__INIT;
    struct task_list_opts opts = {
        .filter = &filter, .limit = request->limit, .reverse = request->reverse};
    struct arena *arena = job->arena;
    Lode__V1__ListBatchesResponse *answer;
    struct task_list found;
    size_t i, n;
    enum rc rc;

    FILL_FILTER(&filter, request);
    opts.has_from = request->start_case == LODE__V1__LIST_TASKS_REQUEST__START_FROM;
    opts.from = opts.has_from ? request->from : 0;
    rc = task_list_batches(job->api->opts.tasks, &opts, arena, &found, err);
    if (rc != RC_OK)
        return rc;
    arena_set_limit(arena, BUF_NO_LIMIT); /* bounded by what was found */
    answer = API_NEW(arena, Lode__V1__ListBatchesResponse, lode__v1__list_batches_response);
    answer->limit = request->limit;
    answer->total = found.total;
    answer->results = api_alloc(arena, (found.n_tasks + 1) * sizeof(*answer->results));
    for (i = 0; i < found.n_tasks; i += n) {
        n = run_of_batch(&found, i);
        answer->results[answer->n_results++] = make_batch(arena, found.tasks + i, n);
    }
    if (answer->n_results) {
        answer->first_case = LODE__V1__LIST_BATCHES_RESPONSE__FIRST_FROM;
        answer->from = answer->results[0]->uid;
    }
    if (found.has_next) {
        answer->following_case = LODE__V1__LIST_BATCHES_RESPONSE__FOLLOWING_NEXT;
        answer->next = found.next;
    }
    job->answer = &answer->base;
    return RC_OK;
}

static enum rc work_get_batch(struct api_job *job, struct err *err)
{
    const Lode__V1__GetBatchRequest *request = (const void *)job->request;
    Lode__Dump__V1__TaskFilter filter = LODE__DUMP__V1__TASK_FILTER__INIT;
    uint64_t uid = known_uid(request->batch_uid);
    struct task_list_opts opts = {.filter = &filter, .limit = 1};
    struct task_list found;
    enum rc rc;

    filter.n_batch_uids = 1;
    filter.batch_uids = &uid;
    rc = task_list_batches(job->api->opts.tasks, &opts, job->arena, &found, err);
    if (rc != RC_OK)
        return rc;
    if (found.n_tasks == 0)
        return err_set(err, RC_NOT_FOUND, "batch_not_found", "Batch `%llu` not found.",
                       (unsigned long long)uid);
    arena_set_limit(job->arena, BUF_NO_LIMIT); /* bounded by what was found */
    job->answer = &make_batch(job->arena, found.tasks, found.n_tasks)->base;
    return RC_OK;
}

static void list_batches(struct rpc_call *call, const Lode__V1__ListTasksRequest *request,
                         void *arg)
{
    if (index_uids_ok(call, request->index_uids, request->n_index_uids))
        api_defer(arg, call, &request->base, work_list_batches);
}

static void get_batch(struct rpc_call *call, const Lode__V1__GetBatchRequest *request, void *arg)
{
    uint64_t uid;

    if (read_uid(call, request->batch_uid, "Batch", "invalid_batch_uids", &uid))
        api_defer(arg, call, &request->base, work_get_batch);
}

void serve_tasks_register(struct api *api, struct rpc_server *server)
{
    static const struct lode__v1__tasks__handlers handlers = {
        .list = list,
        .get = get,
        .watch = watch,
        .cancel = cancel,
        .delete = delete_tasks,
        .list_batches = list_batches,
        .get_batch = get_batch,
    };

    rpc_server_add(server, &lode__v1__tasks__service, &handlers, api);
}
