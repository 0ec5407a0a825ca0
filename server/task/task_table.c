/* SPDX-License-Identifier: MIT */
/*
 * task_table.c -- facts: the little that is known in memory of every task.
 *
 * One array in uid order serves lists, filters, counts, cancelations and the
 * choice of the next work without reading a record: a pass over a million facts
 * takes milliseconds. What was asked and what came of it stays in the log (not
 * ended) or the database (ended). Under the queue's lock.
 */
#include "base/assert.h"
#include "base/mem.h"
#include "task/task_int.h"

#include <stdlib.h>

void task__table_init(struct task__table *t)
{
    *t = (struct task__table){0};
    task__names_init(&t->names);
}

void task__table_done(struct task__table *t)
{
    task__names_done(&t->names);
    xfree(t->facts);
}

static void count(struct task__table *t, const struct task__fact *fact, size_t step)
{
    t->n_status[fact->status] += step;
    if (fact->status == TASK_ENQUEUED)
        t->n_enqueued[fact->type] += step;
}

struct task__fact *task__table_add(struct task__table *t, const task_record *task,
                                   struct task__place place)
{
    struct task__fact *fact;

    ASSERT(task->type <= TASK__LAST_TYPE && task->status <= TASK_CANCELED);
    if (t->n == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 64;
        t->facts = xrealloc(t->facts, t->cap * sizeof *t->facts);
    }
    fact = &t->facts[t->n++];
    *fact = (struct task__fact){
        .uid = task->uid,
        .batch_uid = task->batch_uid,
        .canceled_by = task->canceled_by,
        .enqueued_ns = task->enqueued_unix_ns,
        .started_ns = task->started_unix_ns,
        .finished_ns = task->finished_unix_ns,
        .place = place,
        .index = task__names_take(&t->names, task->index_uid),
        .type = (uint8_t)task->type,
        .status = (uint8_t)task->status,
        .has_batch = task->has_batch,
        .was_canceled = task->was_canceled,
        .alone = task->type == TASK_DOCUMENT_DELETION && task->filter,
    };
    count(t, fact, 1);
    return fact;
}

size_t task__table_seek(const struct task__table *t, uint64_t uid)
{
    size_t low = 0, high = t->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (t->facts[mid].uid < uid)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

struct task__fact *task__table_find(struct task__table *t, uint64_t uid)
{
    size_t i = task__table_seek(t, uid);

    return i < t->n && t->facts[i].uid == uid ? &t->facts[i] : NULL;
}

void task__fact_status(struct task__table *t, struct task__fact *fact, uint8_t status)
{
    count(t, fact, (size_t)-1);
    fact->status = status;
    count(t, fact, 1);
}

void task__table_sweep(struct task__table *t)
{
    size_t i, n = 0;

    for (i = 0; i < t->n; i++) {
        if (t->facts[i].drop) {
            count(t, &t->facts[i], (size_t)-1);
            task__names_drop(&t->names, t->facts[i].index);
        } else {
            if (n != i)
                t->facts[n] = t->facts[i];
            n++;
        }
    }
    t->n = n;
}

static int by_uid(const void *a, const void *b)
{
    const struct task__fact *x = a, *y = b;

    return (x->uid > y->uid) - (x->uid < y->uid);
}

void task__table_sort(struct task__table *t)
{
    if (t->n)
        qsort(t->facts, t->n, sizeof *t->facts, by_uid);
}

size_t task__table_unfinished(const struct task__table *t)
{
    return t->n_status[TASK_ENQUEUED] + t->n_status[TASK_PROCESSING];
}

size_t task__table_ended(const struct task__table *t)
{
    return t->n_status[TASK_SUCCEEDED] + t->n_status[TASK_FAILED] + t->n_status[TASK_CANCELED];
}

bool task__fact_unfinished(const struct task__fact *fact)
{
    return fact->status == TASK_ENQUEUED || fact->status == TASK_PROCESSING;
}
