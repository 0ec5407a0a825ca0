/* SPDX-License-Identifier: MIT */
/*
 * kind_tasks.c -- changes of the queue itself: canceling, deleting, and ending a
 * dump that a restart has cut off.
 *
 * What a cancelation or deletion is about stands in its record as a list of uids
 * (task_submit.c, 3); here only what may be done to each of them is asked.
 */
#include "base/clock.h"
#include "task/task_int.h"

/* Those of the wanted that are in a state to be canceled (else: deleted). */
static size_t select_uids(struct task__run *run, const task_record *task, bool unfinished,
                          uint64_t *dst)
{
    struct task_queue *q = run->q;
    size_t i, n = 0;

    mutex_lock(&q->lock);
    for (i = 0; task->filter && i < task->filter->n_uids; i++) {
        const struct task__fact *fact = task__table_find(&q->table, task->filter->uids[i]);

        if (!fact || fact->uid == task->uid || fact->status == TASK__DELETED)
            continue;
        /* A dump ends itself; it cannot be canceled. */
        if (task__fact_unfinished(fact) != unfinished ||
            (unfinished && fact->type == TASK_DUMP_CREATION))
            continue;
        dst[n++] = fact->uid;
    }
    mutex_unlock(&q->lock);
    return n;
}

static uint64_t *uid_space(struct task__run *run, const task_record *task, struct err *err)
{
    size_t n = task->filter ? task->filter->n_uids : 0;
    uint64_t *uids = arena_alloc(run->arena, (n + 1) * sizeof *uids);

    if (!uids)
        (void)err_set(err, RC_TOO_LARGE, NULL, "too many tasks at once");
    return uids;
}

static enum rc cancel_one(struct task__run *run, uint64_t uid, const struct task__stamp *stamp,
                          struct arena *scratch, struct err *err)
{
    struct task__end *end;
    task_record *task = NULL;
    enum rc rc;

    arena_reset(scratch);
    rc = task__read_unfinished(run->q, uid, scratch, &task, err);
    if (rc != RC_OK)
        return rc;
    task->status = TASK_CANCELED;
    task->was_canceled = true;
    task->canceled_by = stamp->canceled_by;
    task->has_batch = true;
    task->batch_uid = stamp->batch_uid;
    task->started_unix_ns = stamp->started_ns;
    task->finished_unix_ns = stamp->finished_ns;
    task->done_documents = task->done_tasks = 0;
    rc = task__put_ended(run->batch, task, err);
    end = task__run_end(run, uid, TASK__CANCELS);
    end->stamp = stamp;
    task__end_spool(end, task);
    return rc;
}

enum rc task__run_task_cancelation(struct task__run *run, task_record *task, struct err *err)
{
    uint64_t *uids = uid_space(run, task, err);
    struct task__stamp *stamp = arena_alloc(run->arena, sizeof *stamp);
    struct arena *scratch;
    enum rc rc = RC_OK;
    size_t i, n;

    if (!uids || !stamp)
        return RC_TOO_LARGE;
    *stamp = (struct task__stamp){task->uid, run->batch_uid, run->now_ns, clock_wall_ns()};
    if (stamp->finished_ns < stamp->started_ns)
        stamp->finished_ns = stamp->started_ns;
    run->finished_ns = stamp->finished_ns; /* the canceled have it in their records already */
    n = select_uids(run, task, true, uids);
    scratch = task__record_arena();
    for (i = 0; rc == RC_OK && i < n; i++)
        rc = cancel_one(run, uids[i], stamp, scratch, err);
    arena_free(scratch);
    task->done_tasks = n;
    return task__machine(rc, err);
}

enum rc task__run_task_deletion(struct task__run *run, task_record *task, struct err *err)
{
    uint64_t *uids = uid_space(run, task, err);
    size_t i, n;

    if (!uids)
        return RC_TOO_LARGE;
    n = select_uids(run, task, false, uids);
    for (i = 0; i < n; i++)
        (void)task__run_end(run, uids[i], TASK__GOES);
    task->done_tasks = n;
    return RC_OK;
}

enum rc task__run_dump(struct task__run *run, task_record *task, struct err *err)
{
    (void)run;
    return err_set(err, RC_INVALID, "dump_process_failed",
                   "The creation of the dump `%s` failed due to `a stop of the server, or of its "
                   "disk`.",
                   task->dump_uid);
}
