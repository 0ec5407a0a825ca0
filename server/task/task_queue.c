/* SPDX-License-Identifier: MIT */
/*
 * task_queue.c -- opening, recovering and closing the queue.
 *
 * Recovery: ended tasks come from the database; entries of the log that are
 * neither below the floor nor in the database are queued again, as if they had
 * just come. A task whose end was committed is therefore never applied twice,
 * and one that was accepted is never forgotten. A dump that was cut off is queued
 * too: the writer ends it as failed.
 */
#include "base/assert.h"
#include "base/log.h"
#include "base/mem.h"
#include "task/task_int.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_QUEUED = 1000000, MAX_ENDED = 1000000, BATCH_BYTES = 64 << 20 };

struct recovery {
    struct task_queue *q;
    size_t n_stored;  /* facts that came from the database, sorted */
    uint64_t *spools; /* owned: numbers named by queued tasks */
    size_t n_spools, cap_spools;
    uint64_t spool_end;
    uint64_t uid_end, batch_end;
};

/* ---- recovery ------------------------------------------------------------------------ */

static void note_uids(struct recovery *r, const task_record *task)
{
    if (task->uid >= r->uid_end)
        r->uid_end = task->uid + 1;
    if (task->has_batch && task->batch_uid >= r->batch_end)
        r->batch_end = task->batch_uid + 1;
}

static enum rc load_one(struct recovery *r, struct bytes key, struct bytes value,
                        struct arena *arena, struct err *err)
{
    task_record deleted = LODE__DUMP__V1__TASK__INIT, *task = &deleted;
    enum rc rc = RC_OK;

    if (key.n != TASK__KEY_SIZE)
        return err_set(err, RC_CORRUPT, NULL, "a task's key in the database has %zu bytes", key.n);
    deleted.uid = get_u64be(key.p + 1);
    if (value.n > 0)
        rc = task__unpack(arena, value, &task, err);
    if (rc != RC_OK)
        return rc;
    if (task->uid != deleted.uid || task->type > TASK__LAST_TYPE ||
        (value.n > 0 && (task->status < TASK_SUCCEEDED || task->status > TASK_CANCELED)))
        return err_set(err, RC_CORRUPT, NULL, "task %llu in the database makes no sense",
                       (unsigned long long)deleted.uid);
    note_uids(r, task);
    (void)task__table_add(&r->q->table, task, (struct task__place){0});
    return RC_OK;
}

static enum rc load_ended(struct recovery *r, struct err *err)
{
    struct task_queue *q = r->q;
    struct arena *arena = task__record_arena();
    struct store_cursor *c = NULL;
    struct store_view *view = NULL;
    struct task__meta meta;
    enum rc rc;

    rc = store_view_open(q->opts.store, &view, err);
    if (rc == RC_OK)
        rc = task__get_meta(view, &meta, err);
    if (rc == RC_OK)
        rc = store_cursor_open(view, B("t"), true, &c, err);
    if (rc != RC_OK)
        goto out;
    q->floor = meta.floor;
    r->uid_end = meta.next_uid;
    r->batch_end = meta.next_batch_uid;
    for (store_cursor_first(c); rc == RC_OK && store_cursor_valid(c); store_cursor_next(c)) {
        arena_reset(arena);
        rc = load_one(r, store_cursor_key(c), store_cursor_value(c), arena, err);
    }
    if (rc == RC_OK)
        rc = store_cursor_end(c, err);
    r->n_stored = q->table.n;

out:
    store_cursor_close(c);
    store_view_close(view);
    arena_free(arena);
    return rc;
}

static bool is_stored(const struct recovery *r, uint64_t uid)
{
    struct task__table stored = {.facts = r->q->table.facts, .n = r->n_stored};

    return task__table_find(&stored, uid) != NULL;
}

static enum rc note_entry(void *arg, const task_record *entry, struct task__place place,
                          struct err *err)
{
    struct recovery *r = arg;
    task_record task = *entry;
    uint64_t number;

    (void)err;
    note_uids(r, entry);
    if (entry->uid < r->q->floor || is_stored(r, entry->uid))
        return RC_OK;
    task.status = TASK_ENQUEUED;
    task.has_batch = false;
    task.started_unix_ns = 0;
    (void)task__table_add(&r->q->table, &task, place);
    if (!task__spool_number(entry->spool, &number))
        return RC_OK;
    if (r->n_spools == r->cap_spools) {
        r->cap_spools = r->cap_spools ? 2 * r->cap_spools : 16;
        r->spools = xrealloc(r->spools, r->cap_spools * sizeof *r->spools);
    }
    r->spools[r->n_spools++] = number;
    return RC_OK;
}

static enum rc sweep_entry(void *arg, const char *name, struct err *err)
{
    struct recovery *r = arg;
    uint64_t number;

    if (!task__spool_number(name, &number))
        return RC_OK;
    if (number >= r->spool_end)
        r->spool_end = number + 1;
    if (r->n_spools > 0 && bsearch(&number, r->spools, r->n_spools, sizeof number, task__cmp_u64))
        return RC_OK;
    return fs_unlink(r->q->dir, name, err);
}

static enum rc recover(struct task_queue *q, struct err *err)
{
    struct recovery r = {.q = q};
    enum rc rc;

    rc = load_ended(&r, err);
    if (rc == RC_OK)
        rc = task__log_open(q->dir, note_entry, &r, &q->log, err);
    if (rc != RC_OK)
        goto out;
    task__table_sort(&q->table);
    q->next_uid = r.uid_end > task__log_next_uid(q->log) ? r.uid_end : task__log_next_uid(q->log);
    q->published_uid = q->next_uid;
    q->next_batch_uid =
        r.batch_end > task__log_next_batch(q->log) ? r.batch_end : task__log_next_batch(q->log);
    if (r.n_spools > 0)
        qsort(r.spools, r.n_spools, sizeof *r.spools, task__cmp_u64);
    rc = fs_dir_each(q->dir, sweep_entry, &r, err);
    if (rc != RC_OK)
        goto out;
    atomic_store(&q->next_spool, r.spool_end);
    task__clean(q, NULL, 0);
    log_event(LOG_DEBUG, "task", "queue open", "ended=%zu queued=%zu next=%llu",
              task__table_ended(&q->table), task__table_unfinished(&q->table),
              (unsigned long long)q->next_uid);

out:
    xfree(r.spools);
    return rc;
}

/* ---- opening and closing ------------------------------------------------------------- */

enum rc task__queue_dir(struct fs_dir *home, struct fs_dir **ret_dir, struct err *err)
{
    const char *path = fs_dir_path(home);
    size_t n = strlen(path) + sizeof "/queue";
    char *full = xmalloc(n);
    enum rc rc;

    (void)snprintf(full, n, "%s/queue", path);
    rc = fs_dir_open(full, true, ret_dir, err);
    xfree(full);
    return rc;
}

static void queue_free(struct task_queue *q)
{
    task__log_close(q->log);
    task__watches_done(&q->watches);
    task__table_done(&q->table);
    fs_dir_close(q->dir);
    cond_done(&q->log_wake);
    cond_done(&q->writer_wake);
    mutex_done(&q->commit_lock);
    mutex_done(&q->lock);
    xfree(q);
}

enum rc task_queue_open(const struct task_queue_opts *opts, struct task_queue **ret_queue,
                        struct err *err)
{
    struct task_queue *q = xcalloc(1, sizeof *q);
    enum rc rc;

    q->opts = *opts;
    if (q->opts.max_queued == 0)
        q->opts.max_queued = MAX_QUEUED;
    if (q->opts.max_ended == 0)
        q->opts.max_ended = MAX_ENDED;
    if (q->opts.batch_bytes == 0)
        q->opts.batch_bytes = BATCH_BYTES;
    q->last = &q->first;
    q->running_index = TASK__NO_NAME;
    mutex_init(&q->lock);
    mutex_init(&q->commit_lock);
    cond_init(&q->log_wake);
    cond_init(&q->writer_wake);
    task__table_init(&q->table);
    task__watches_init(&q->watches);
    rc = task__queue_dir(opts->dir, &q->dir, err);
    if (rc == RC_OK)
        rc = recover(q, err);
    if (rc != RC_OK) {
        queue_free(q);
        return rc;
    }
    thread_start(&q->log_thread, "task-log", task__log_run, q);
    *ret_queue = q;
    return RC_OK;
}

void task_queue_start(struct task_queue *q)
{
    ASSERT(!q->started);
    q->started = true;
    thread_start(&q->writer_thread, "writer", task__writer_run, q);
}

void task_queue_close(struct task_queue *q)
{
    if (!q)
        return;
    mutex_lock(&q->lock);
    q->closing = true;
    cond_broadcast(&q->writer_wake);
    mutex_unlock(&q->lock);
    if (q->started)
        thread_join(&q->writer_thread);
    mutex_lock(&q->lock);
    q->log_ends = true; /* after what waits is written */
    cond_broadcast(&q->log_wake);
    mutex_unlock(&q->lock);
    thread_join(&q->log_thread);
    queue_free(q);
}

void task__tell(struct task_queue *q, uint64_t uid)
{
    task__watches_tell(&q->watches, uid);
}
