/* SPDX-License-Identifier: MIT */
/*
 * kind_index.c -- making, deleting, renaming and swapping indexes.
 *
 * A swap also moves the history: ended tasks with a lower uid follow their
 * documents to the other name. All is checked before anything is changed, because
 * what was put into the batch cannot be taken back (task_int.h, struct task__run).
 */
#include "base/buf.h"
#include "base/mem.h"
#include "index/index.h"
#include "task/task_int.h"

#include <stdlib.h>

enum rc task__run_index_creation(struct task__run *run, task_record *task, struct err *err)
{
    struct bytes key = {0};
    uint32_t id;

    if (task->has_primary_key)
        key = bytes_str(task->primary_key);
    return change_create_index(run->change, bytes_str(task->index_uid), key, run->now_ns, &id, err);
}

enum rc task__run_index_deletion(struct task__run *run, task_record *task, struct err *err)
{
    uint64_t n = 0;
    enum rc rc = change_delete_index(run->change, bytes_str(task->index_uid), &n, err);

    if (rc == RC_OK)
        task->done_documents = n;
    return rc;
}

enum rc task__run_index_update(struct task__run *run, task_record *task, struct err *err)
{
    struct bytes key = {0};

    if (task->has_primary_key)
        key = bytes_str(task->primary_key);
    return change_update_index(run->change, bytes_str(task->index_uid), bytes_str(task->new_uid),
                               key, run->now_ns, err);
}

/* ---- swapping ------------------------------------------------------------------------ */

static bool exists(struct task__run *run, const char *uid)
{
    struct index_info info;

    return change_find(run->change, bytes_str(uid), &info, NULL) == RC_OK;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "`a`, `b`" */
static void list_names(struct buf *out, const char **names, size_t n)
{
    size_t i;

    qsort(names, n, sizeof *names, by_text);
    for (i = 0; i < n; i++)
        (void)buf_printf(out, "%s`%s`", i ? ", " : "", names[i]);
}

static bool renames(const task_record *task, size_t i)
{
    return i < task->n_swap_rename && task->swap_rename[i];
}

static enum rc check_swaps(struct task__run *run, const task_record *task, struct err *err)
{
    const char **missing = xmalloc((2 * task->n_swap_a + 1) * sizeof *missing);
    const char **taken = xmalloc((task->n_swap_a + 1) * sizeof *taken);
    size_t i, n_missing = 0, n_taken = 0, clash = 0;
    struct buf names;
    enum rc rc = RC_OK;

    buf_init(&names, ERR_MSG_MAX);
    for (i = 0; i < task->n_swap_a; i++) {
        if (!exists(run, task->swap_a[i]))
            missing[n_missing++] = task->swap_a[i];
        if (!renames(task, i) && !exists(run, task->swap_b[i])) {
            missing[n_missing++] = task->swap_b[i];
        } else if (renames(task, i) && exists(run, task->swap_b[i])) {
            taken[n_taken++] = task->swap_b[i];
            clash = i;
        }
    }
    if (n_missing > 0) {
        list_names(&names, missing, n_missing);
        rc = err_set(err, RC_NOT_FOUND, "index_not_found", "%s %s not found.",
                     n_missing == 1 ? "Index" : "Indexes", buf_cstr(&names));
    } else if (n_taken == 1) {
        rc = err_set(err, RC_EXISTS, "index_already_exists",
                     "Cannot rename `%s` to `%s` as the index already exists. Hint: You can remove "
                     "`%s` first and then do your remove.",
                     task->swap_a[clash], task->swap_b[clash], task->swap_b[clash]);
    } else if (n_taken > 1) {
        list_names(&names, taken, n_taken);
        rc = err_set(err, RC_EXISTS, "index_already_exists",
                     "The following indexes are being renamed but cannot because their new name "
                     "conflicts with an already existing index: %s. Renaming doesn't overwrite the "
                     "other index name.",
                     buf_cstr(&names));
    }
    buf_done(&names);
    xfree(missing);
    xfree(taken);
    return rc;
}

/* The uids of ended tasks of this index below `before`, in *ret_uids (xfree()). */
static size_t history(struct task_queue *q, const char *index_uid, uint64_t before,
                      uint64_t **ret_uids)
{
    uint64_t *uids = NULL;
    size_t i, n = 0, cap = 0;
    uint32_t name;

    mutex_lock(&q->lock);
    name = task__names_find(&q->table.names, index_uid);
    for (i = 0; name != TASK__NO_NAME && i < q->table.n && q->table.facts[i].uid < before; i++) {
        const struct task__fact *fact = &q->table.facts[i];

        if (fact->index != name || task__fact_unfinished(fact) || fact->status == TASK__DELETED)
            continue;
        if (n == cap) {
            cap = cap ? 2 * cap : 64;
            uids = xrealloc(uids, cap * sizeof *uids);
        }
        uids[n++] = fact->uid;
    }
    mutex_unlock(&q->lock);
    *ret_uids = uids;
    return n;
}

/* Stores all of them again under the other name. */
static enum rc move_history(struct task__run *run, struct store_view *view, const char *from,
                            const char *to, uint64_t before, struct err *err)
{
    struct arena *scratch = task__record_arena();
    uint64_t *uids = NULL;
    size_t n = history(run->q, from, before, &uids), i;
    enum rc rc = RC_OK;

    for (i = 0; rc == RC_OK && i < n; i++) {
        task_record *task = NULL;

        arena_reset(scratch);
        rc = task__get_ended(view, uids[i], scratch, &task, err);
        if (rc == RC_NOT_FOUND)
            rc = err_set(err, RC_CORRUPT, NULL, "task %llu is gone from the database",
                         (unsigned long long)uids[i]);
        if (rc != RC_OK)
            break;
        task->index_uid = task__borrow(to);
        rc = task__put_ended(run->batch, task, err);
        task__run_end(run, uids[i], TASK__MOVES)->index_uid = to;
    }
    xfree(uids);
    arena_free(scratch);
    return rc;
}

enum rc task__run_index_swap(struct task__run *run, task_record *task, struct err *err)
{
    struct store_view *view = NULL;
    enum rc rc;
    size_t i;

    if (task->n_swap_a != task->n_swap_b)
        return err_set(err, RC_INVALID, NULL, "a swap has two sides");
    rc = check_swaps(run, task, err);
    for (i = 0; rc == RC_OK && i < task->n_swap_a; i++)
        rc = change_swap(run->change, bytes_str(task->swap_a[i]), bytes_str(task->swap_b[i]),
                         renames(task, i), err);
    if (rc != RC_OK)
        return rc;
    rc = store_view_open(run->q->opts.store, &view, err);
    for (i = 0; rc == RC_OK && i < task->n_swap_a; i++) {
        rc = move_history(run, view, task->swap_a[i], task->swap_b[i], task->uid, err);
        if (rc == RC_OK && !renames(task, i))
            rc = move_history(run, view, task->swap_b[i], task->swap_a[i], task->uid, err);
    }
    store_view_close(view);
    return task__machine(rc, err);
}
