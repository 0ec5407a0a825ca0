/* SPDX-License-Identifier: MIT */
/*
 * task_list.c -- looking at tasks: one, and lists; batches: task_batches.c.
 *
 * Under the lock the wanted facts are copied, and the log segments of unfinished
 * ones held; records are read after it, from the log or from a view that is
 * opened then. A fact says "ended" only after its commit, so such a view has the
 * record, unless the task was deleted in between: it is left out then.
 */
#include "base/assert.h"
#include "base/mem.h"
#include "task/task_int.h"

#include <stdlib.h>

void task__found_add(struct task__found *found, const struct task__fact *fact)
{
    if (found->n == found->cap) {
        found->cap = found->cap ? 2 * found->cap : 32;
        found->facts = xrealloc(found->facts, found->cap * sizeof *found->facts);
    }
    found->facts[found->n++] = *fact;
    if (task__fact_unfinished(fact))
        task__segment_ref(fact->place.segment);
}

void task__found_done(struct task__found *found)
{
    size_t i;

    for (i = 0; i < found->n; i++)
        if (task__fact_unfinished(&found->facts[i]))
            task__segment_unref(found->facts[i].place.segment);
    xfree(found->facts);
}

static void overlay(const struct task__fact *fact, task_record *task)
{
    task->status = fact->status;
    task->has_batch = fact->has_batch;
    task->batch_uid = fact->batch_uid;
    task->started_unix_ns = fact->started_ns;
}

/* The record of one copied fact; NULL: it was deleted meanwhile. */
static enum rc read_one(struct store_view *view, const struct task__fact *fact,
                        struct arena *scratch, struct arena *arena, task_record **ret_task,
                        struct err *err)
{
    task_record *task = NULL;
    enum rc rc;

    *ret_task = NULL;
    if (!task__fact_unfinished(fact)) {
        rc = task__get_ended(view, fact->uid, arena, ret_task, err);
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    }
    arena_reset(scratch);
    rc = task__log_read(fact->place, scratch, &task, err);
    if (rc == RC_OK)
        rc = task__copy(arena, task, ret_task, err);
    if (rc == RC_OK)
        overlay(fact, *ret_task);
    return rc;
}

enum rc task__found_read(struct task_queue *q, const struct task__found *found, struct arena *arena,
                         struct task_list *list, struct err *err)
{
    struct store_view *view = NULL;
    struct arena *scratch;
    enum rc rc;
    size_t i;

    list->n_tasks = 0;
    list->tasks = arena_alloc(arena, (found->n + 1) * sizeof(void *));
    if (!list->tasks) {
        (void)err_set(err, RC_TOO_LARGE, NULL, "the list of tasks is too long");
        return RC_TOO_LARGE;
    }
    scratch = task__record_arena();
    rc = store_view_open(q->opts.store, &view, err);
    for (i = 0; rc == RC_OK && i < found->n; i++) {
        task_record *task = NULL;

        rc = read_one(view, &found->facts[i], scratch, arena, &task, err);
        if (rc == RC_OK && task)
            list->tasks[list->n_tasks++] = task;
    }
    store_view_close(view);
    arena_free(scratch);
    return rc;
}

/* ---- one ----------------------------------------------------------------------------- */

/* Nothing unless the writer is at work on it; a dump, which is processing too, is not the writer's.
 */
static bool get_progress(struct task_queue *q, const struct task__fact *fact,
                         struct task_progress *ret_progress)
{
    *ret_progress = (struct task_progress){0};
    if (fact->status != TASK_PROCESSING || fact->type == TASK_DUMP_CREATION)
        return false;
    ret_progress->documents = atomic_load(&q->documents);
    ret_progress->total_documents = atomic_load(&q->total_documents);
    ret_progress->bytes = atomic_load(&q->bytes);
    ret_progress->total_bytes = atomic_load(&q->total_bytes);
    ret_progress->indexed = atomic_load(&q->indexed);
    ret_progress->total_to_index = atomic_load(&q->total_to_index);
    return true;
}

bool task_running(struct task_queue *q, uint64_t uid, struct task_progress *ret_progress)
{
    const struct task__fact *fact;
    bool running;

    mutex_lock(&q->lock);
    fact = task__table_find(&q->table, uid);
    running = fact && get_progress(q, fact, ret_progress);
    mutex_unlock(&q->lock);
    return running;
}

static enum rc not_found(uint64_t uid, struct err *err)
{
    return err_set(err, RC_NOT_FOUND, "task_not_found", "Task `%llu` not found.",
                   (unsigned long long)uid);
}

enum rc task_get(struct task_queue *q, uint64_t uid, struct arena *arena, task_record **ret_task,
                 struct task_progress *ret_progress, struct err *err)
{
    struct task__found found = {0};
    struct task_list list = {0};
    struct task__fact *fact;
    enum rc rc = RC_OK;

    mutex_lock(&q->lock);
    fact = task__table_find(&q->table, uid);
    if (fact && fact->status != TASK__DELETED)
        task__found_add(&found, fact);
    mutex_unlock(&q->lock);
    if (found.n > 0)
        rc = task__found_read(q, &found, arena, &list, err);
    if (rc == RC_OK && list.n_tasks == 0)
        rc = not_found(uid, err);
    if (rc == RC_OK) {
        ASSERT(list.tasks);
        *ret_task = list.tasks[0];
        if (ret_progress)
            (void)get_progress(q, &found.facts[0], ret_progress);
    }
    task__found_done(&found);
    return rc;
}

enum rc task__read_unfinished(struct task_queue *q, uint64_t uid, struct arena *arena,
                              task_record **ret_task, struct err *err)
{
    struct task__segment *segment = NULL;
    struct task__fact *fact, copy;
    enum rc rc;

    mutex_lock(&q->lock);
    fact = task__table_find(&q->table, uid);
    if (fact && task__fact_unfinished(fact)) {
        segment = fact->place.segment;
        task__segment_ref(segment);
        copy = *fact;
    }
    mutex_unlock(&q->lock);
    if (!segment)
        return not_found(uid, err);
    rc = task__log_read(copy.place, arena, ret_task, err);
    if (rc == RC_OK)
        overlay(&copy, *ret_task);
    task__segment_unref(segment);
    return rc;
}

bool task_index_busy(struct task_queue *q, const char *index_uid)
{
    bool busy;

    mutex_lock(&q->lock);
    busy = q->running_index != TASK__NO_NAME &&
           strcmp(task__names_text(&q->table.names, q->running_index), index_uid) == 0;
    mutex_unlock(&q->lock);
    return busy;
}

/* ---- lists --------------------------------------------------------------------------------------
 */

/* Under the lock. */
static void gather(struct task_queue *q, const struct task_list_opts *opts,
                   struct task__found *found, struct task_list *list)
{
    const struct task__table *t = &q->table;
    struct task__filter *f = task__filter_new(t, opts->filter);
    size_t k;

    if (task__filter_all(f))
        list->total = t->n - t->n_status[TASK__DELETED];
    for (k = 0; k < t->n; k++) {
        const struct task__fact *fact = &t->facts[opts->reverse ? k : t->n - 1 - k];

        if (!task__filter_match(f, fact))
            continue;
        if (!task__filter_all(f))
            list->total++;
        if (opts->has_from && (opts->reverse ? fact->uid < opts->from : fact->uid > opts->from))
            continue;
        if (found->n < opts->limit) {
            task__found_add(found, fact);
        } else if (!list->has_next) {
            list->has_next = true;
            list->next = fact->uid;
            if (task__filter_all(f))
                break;
        }
    }
    task__filter_free(f);
}

enum rc task_list(struct task_queue *q, const struct task_list_opts *opts, struct arena *arena,
                  struct task_list *ret_list, struct err *err)
{
    struct task_list list = {0};
    struct task__found found = {0};
    enum rc rc;

    mutex_lock(&q->lock);
    gather(q, opts, &found, &list);
    mutex_unlock(&q->lock);
    rc = task__found_read(q, &found, arena, &list, err);
    if (rc == RC_OK)
        *ret_list = list;
    task__found_done(&found);
    return rc;
}
