/* SPDX-License-Identifier: MIT */
/* serve_batches.c -- the batches of lode.v1.Tasks: tasks that were committed together. */
#include "api/api_int.h"

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

/* ---- progress -------------------------------------------------------------------------- */

static void add_step(struct arena *arena, Lode__V1__BatchProgress *p, const char *name,
                     uint64_t finished, uint64_t total)
{
    Lode__V1__BatchStep *step = API_NEW(arena, Lode__V1__BatchStep, lode__v1__batch_step);
    double share = total ? 100.0 * (double)finished / (double)total : 0;

    step->current_step = arena_strdup(arena, name);
    step->finished = finished;
    step->total = total;
    p->steps[p->n_steps++] = step;
    p->percentage += share; /* the caller divides by the number of steps */
}

static Lode__V1__BatchProgress *make_progress(struct arena *arena,
                                              const struct task_progress *progress)
{
    Lode__V1__BatchProgress *p = API_NEW(arena, Lode__V1__BatchProgress, lode__v1__batch_progress);

    p->steps = api_alloc(arena, 2 * sizeof(*p->steps));
    if (progress->total_documents)
        add_step(arena, p, "processing documents", progress->documents, progress->total_documents);
    if (progress->total_to_index)
        add_step(arena, p, "indexing anew", progress->indexed, progress->total_to_index);
    if (p->n_steps)
        p->percentage /= (double)p->n_steps;
    return p;
}

static Lode__V1__Batch *make_batch(struct api_job *job, task_record *const *tasks, size_t n)
{
    struct arena *arena = job->arena;
    Lode__V1__Batch *batch = API_NEW(arena, Lode__V1__Batch, lode__v1__batch);
    struct task_progress progress;
    size_t i;

    batch->uid = tasks[0]->batch_uid;
    if (task_running(job->api->opts.tasks, tasks[0]->uid, &progress))
        batch->progress = make_progress(arena, &progress);
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
    struct task_list_opts opts = tasks_list_opts(job->arena, request);
    struct arena *arena = job->arena;
    Lode__V1__ListBatchesResponse *answer;
    struct task_list found;
    size_t i, n;
    enum rc rc;

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
        answer->results[answer->n_results++] = make_batch(job, found.tasks + i, n);
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
    uint64_t uid = api_known_uid(request->batch_uid);
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
    job->answer = &make_batch(job, found.tasks, found.n_tasks)->base;
    return RC_OK;
}

void batches_list(struct rpc_call *call, const Lode__V1__ListTasksRequest *request, void *arg)
{
    if (api_index_uids_ok(call, request->index_uids, request->n_index_uids))
        api_defer(arg, call, &request->base, work_list_batches);
}

void batches_get(struct rpc_call *call, const Lode__V1__GetBatchRequest *request, void *arg)
{
    uint64_t uid;

    if (api_read_uid(call, request->batch_uid, "Batch", "invalid_batch_uids", &uid))
        api_defer(arg, call, &request->base, work_get_batch);
}
