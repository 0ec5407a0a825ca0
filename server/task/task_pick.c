/* SPDX-License-Identifier: MIT */
/*
 * task_pick.c -- which task the writer works on next.
 *
 *   pick    newest cancelation, then oldest task deletion, then the first queued
 *   mates   consecutive document tasks of one index go into one batch; all else goes
 *           alone, and so does a deletion by filter, which searches what is committed
 *
 * Tasks of one index are applied in the order of their uids. Those of other indexes
 * may be passed over while a batch gathers, but never one that renames or swaps
 * indexes.
 */
#include "base/clock.h"
#include "task/task_int.h"

enum { LOOK_AHEAD = 4096 }; /* facts looked at for one more task of the batch */

/* ---- choosing; under the lock ------------------------------------------------------------ */

static struct task__fact *newest(struct task_queue *q, uint8_t type)
{
    size_t i;

    for (i = q->table.n; i > 0; i--)
        if (q->table.facts[i - 1].type == type && q->table.facts[i - 1].status == TASK_ENQUEUED)
            return &q->table.facts[i - 1];
    return NULL;
}

/* The first queued one; of this type, or of any if type is 0. */
static struct task__fact *oldest(struct task_queue *q, uint8_t type)
{
    size_t i = task__table_seek(&q->table, q->floor);

    for (; i < q->table.n; i++)
        if (q->table.facts[i].status == TASK_ENQUEUED &&
            (type == 0 || q->table.facts[i].type == type))
            return &q->table.facts[i];
    return NULL;
}

static bool urgent(const struct task_queue *q)
{
    return q->table.n_enqueued[TASK_TASK_CANCELATION] > 0 ||
           q->table.n_enqueued[TASK_TASK_DELETION] > 0;
}

static struct task__fact *choose(struct task_queue *q)
{
    if (q->table.n_enqueued[TASK_TASK_CANCELATION] > 0)
        return newest(q, TASK_TASK_CANCELATION);
    if (q->table.n_enqueued[TASK_TASK_DELETION] > 0)
        return oldest(q, TASK_TASK_DELETION);
    return q->table.n_status[TASK_ENQUEUED] > 0 ? oldest(q, 0) : NULL;
}

bool task__mergeable(uint8_t type)
{
    return type == TASK_DOCUMENT_ADDITION || type == TASK_DOCUMENT_DELETION;
}

/* The next task of the batch's index that may be merged into it. */
static struct task__fact *find_mate(struct task_queue *q, const struct task__run *run)
{
    size_t i = task__table_seek(&q->table, run->last_uid + 1), end;

    if (run->alone || run->n_tasks >= TASK__BATCH_TASKS_MAX || urgent(q))
        return NULL;
    end = q->table.n - i > LOOK_AHEAD ? i + LOOK_AHEAD : q->table.n;
    for (; i < end; i++) {
        struct task__fact *fact = &q->table.facts[i];

        if (fact->status != TASK_ENQUEUED)
            continue;
        if (fact->type == TASK_INDEX_UPDATE || fact->type == TASK_INDEX_SWAP)
            return NULL;
        if (fact->index == run->index)
            return task__mergeable(fact->type) && !fact->alone ? fact : NULL;
    }
    return NULL;
}

static void begin_task(struct task_queue *q, struct task__run *run, struct task__fact *fact)
{
    task__fact_status(&q->table, fact, TASK_PROCESSING);
    /* What was accepted meanwhile begins then; so does all if the clock was set back. */
    fact->started_ns = run->now_ns > fact->enqueued_ns ? run->now_ns : fact->enqueued_ns;
    fact->has_batch = true;
    fact->batch_uid = run->batch_uid;
    run->last_uid = run->uid = fact->uid;
    run->n_tasks++;
}

/* ---- taking and putting back ------------------------------------------------------------- */

bool task__pick(struct task_queue *q, struct task__run *run, uint8_t *ret_type)
{
    struct task__fact *fact = NULL;

    mutex_lock(&q->lock);
    while (!q->closing && !(fact = choose(q)))
        cond_wait(&q->writer_wake, &q->lock);
    if (!q->closing) {
        atomic_store(&q->stop, false); /* who asked for it is chosen now */
        run->now_ns = clock_wall_ns();
        if (run->now_ns < fact->enqueued_ns) /* the clock was set back */
            run->now_ns = fact->enqueued_ns;
        run->batch_uid = q->next_batch_uid++;
        run->index = fact->index;
        run->alone = fact->alone;
        run->first_uid = fact->uid;
        q->running_index = fact->index;
        begin_task(q, run, fact);
        *ret_type = fact->type;
    } else {
        fact = NULL;
    }
    mutex_unlock(&q->lock);
    return fact != NULL;
}

bool task__pick_mate(struct task_queue *q, struct task__run *run, uint8_t *ret_type)
{
    struct task__fact *fact;

    mutex_lock(&q->lock);
    fact = q->closing ? NULL : find_mate(q, run);
    if (fact) {
        begin_task(q, run, fact);
        *ret_type = fact->type;
    }
    mutex_unlock(&q->lock);
    return fact != NULL;
}

void task__put_back(struct task_queue *q, const struct task__run *run)
{
    size_t i;

    mutex_lock(&q->lock);
    for (i = task__table_seek(&q->table, run->first_uid);
         i < q->table.n && q->table.facts[i].uid <= run->last_uid; i++) {
        struct task__fact *fact = &q->table.facts[i];

        if (fact->status != TASK_PROCESSING || fact->batch_uid != run->batch_uid)
            continue;
        task__fact_status(&q->table, fact, TASK_ENQUEUED);
        fact->started_ns = 0;
        fact->has_batch = false;
        fact->batch_uid = 0;
    }
    q->running_index = TASK__NO_NAME;
    mutex_unlock(&q->lock);
}
