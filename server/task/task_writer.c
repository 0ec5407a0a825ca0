/* SPDX-License-Identifier: MIT */
/*
 * task_writer.c -- the one thread that applies tasks.
 *
 *   pick    see task_pick.c
 *   batch   the tasks that were picked, in one change, each between a mark and keep
 *           or rollback
 *   commit  through the barrier: effects and ends of the whole batch at once
 *
 * (1) A commit whose outcome is unknown is looked up after the store has reopened:
 *     the batch is there whole, or is run again.
 * (2) What is the machine's fault (a disk error while reading) begins the batch
 *     again, first task alone; after ATTEMPTS it fails that task, so that one
 *     unreadable payload cannot hold up the queue for ever. On a full disk a task
 *     that finds no room when it is alone, a moment later, fails, so that deletions
 *     behind it can make room. That the task has failed is written into room that
 *     is kept back (store_batch_makes_room()).
 * (3) On a disk that is nearly full what was deleted is swept before the next task,
 *     and the database gives the room of it back.
 * (4) Nothing of a batch is visible anywhere before its commit, so stopping one
 *     (a cancelation of a task in it) is to forget the change.
 */
#include "base/assert.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "index/index.h"
#include "task/barrier.h"
#include "task/task_int.h"

enum {
    ATTEMPTS = 3,
    ATTEMPTS_FULL = 2, /* without room on the disk: with others, then alone */
    SMALL_BATCHES = 64,
    DISK_TO_BATCH = 16, /* of what is free; a commit is some times its documents */
};

#define TELL_NS (100 * NS_PER_MS)
#define FULL_NS (10 * NS_PER_S)

struct writer {
    struct task_queue *q;
    /* Of the task whose batch failed for the machine's reasons. */
    uint64_t trouble_uid;
    unsigned attempts;
    struct err why;
    int64_t full_ns;  /* when a full disk was last waited for */
    unsigned n_small; /* batches of one task to come: a larger one had no room on the disk */
    bool deleted;     /* something, and its room has not been given back */
};

static task__kind_fn *const kinds[TASK__LAST_TYPE + 1] = {
    [TASK_DOCUMENT_ADDITION] = task__run_addition,
    [TASK_DOCUMENT_DELETION] = task__run_deletion,
    [TASK_SETTINGS_UPDATE] = task__run_settings,
    [TASK_INDEX_CREATION] = task__run_index_creation,
    [TASK_INDEX_DELETION] = task__run_index_deletion,
    [TASK_INDEX_UPDATE] = task__run_index_update,
    [TASK_INDEX_SWAP] = task__run_index_swap,
    [TASK_TASK_CANCELATION] = task__run_task_cancelation,
    [TASK_TASK_DELETION] = task__run_task_deletion,
    [TASK_DUMP_CREATION] = task__run_dump,
};

/* ---- one task -----------------------------------------------------------------------------------
 */

static bool is_fault(enum rc rc)
{
    return rc == RC_INVALID || rc == RC_NOT_FOUND || rc == RC_EXISTS || rc == RC_DENIED ||
           rc == RC_TOO_LARGE || rc == RC_TOO_MANY || rc == RC_UNIMPLEMENTED;
}

enum rc task__machine(enum rc rc, struct err *err)
{
    if (!is_fault(rc))
        return rc;
    err->word = NULL;
    err->rc = RC_CORRUPT;
    return RC_CORRUPT;
}

struct task__end *task__run_end(struct task__run *run, uint64_t uid, enum task__fate fate)
{
    struct task__end *end;

    if (run->n_ends == run->cap_ends) {
        run->cap_ends = run->cap_ends ? 2 * run->cap_ends : 16;
        run->ends = xrealloc(run->ends, run->cap_ends * sizeof *run->ends);
    }
    end = &run->ends[run->n_ends++];
    *end = (struct task__end){.uid = uid, .fate = fate};
    return end;
}

void task__end_spool(struct task__end *end, const task_record *task)
{
    end->has_spool = task__spool_number(task->spool, &end->spool);
}

enum rc task__run_step(struct task__run *run, size_t bytes, struct err *err)
{
    struct task_queue *q = run->q;
    uint64_t n = atomic_fetch_add_explicit(&q->documents, 1, memory_order_relaxed);
    int64_t now;

    atomic_fetch_add_explicit(&q->bytes, bytes, memory_order_relaxed);
    if (atomic_load_explicit(&q->stop, memory_order_relaxed))
        return err_set(err, RC_CANCELLED, NULL, "the batch was asked to stop");
    if (n % 256 != 0)
        return RC_OK;
    now = clock_mono_ns();
    if (now - run->told_ns >= TELL_NS) {
        run->told_ns = now;
        task__tell(q, run->uid);
    }
    return RC_OK;
}

static void fail_task(struct task__run *run, task_record *task, const struct err *why)
{
    char *msg = arena_strdup(run->arena, why->msg);

    ASSERT(msg);
    task->status = TASK_FAILED;
    task->error_word = task__borrow(why->word ? why->word : "internal");
    task->error_message = msg;
    task->done_documents = task->done_tasks = 0;
}

/* Runs one; a fault of its own is no failure here. */
static enum rc run_task(struct writer *w, struct task__run *run, uint8_t type, struct err *err)
{
    struct task_queue *q = run->q;
    task_record *task = NULL;
    enum rc rc;

    task__tell(q, run->uid);
    rc = task__read_unfinished(q, run->uid, run->arena, &task, err);
    if (rc != RC_OK)
        return rc;
    atomic_fetch_add(&q->total_documents, task->received_documents);
    atomic_fetch_add(&q->total_bytes, task->payload_bytes);
    if (w->trouble_uid == run->uid && w->attempts >= ATTEMPTS) {
        fail_task(run, task, &w->why);
    } else {
        change_mark(run->change);
        rc = kinds[type](run, task, err);
        if (rc == RC_OK) {
            change_keep(run->change);
            task->status = TASK_SUCCEEDED;
            run->needs_room |= !task__makes_room(type);
        } else {
            change_rollback(run->change);
            if (!is_fault(rc))
                return rc;
            fail_task(run, task, err);
        }
    }
    task__run_end(run, run->uid, TASK__ENDS)->task = task;
    task__end_spool(&run->ends[run->n_ends - 1], task);
    return RC_OK;
}

/* ---- one batch ----------------------------------------------------------------------- */

/* Notes the oldest ended tasks beyond those that are kept, some at a time. */
static void trim_history(struct task__run *run)
{
    struct task_queue *q = run->q;
    size_t n, i;

    mutex_lock(&q->lock);
    n = task__table_ended(&q->table);
    n = n > q->opts.max_ended + q->opts.max_ended / 16 ? n - q->opts.max_ended : 0;
    for (i = 0; n > 0 && i < q->table.n; i++) {
        const struct task__fact *fact = &q->table.facts[i];

        if (task__fact_unfinished(fact) || fact->status == TASK__DELETED)
            continue;
        (void)task__run_end(run, fact->uid, TASK__GOES);
        n--;
    }
    mutex_unlock(&q->lock);
}

static void stamp_ends(struct task__run *run)
{
    int64_t finished_ns = run->finished_ns ? run->finished_ns : clock_wall_ns();
    size_t i;

    for (i = 0; i < run->n_ends; i++) /* all at once: when the last that began could have ended */
        if (run->ends[i].fate == TASK__ENDS && finished_ns < run->ends[i].task->started_unix_ns)
            finished_ns = run->ends[i].task->started_unix_ns;
    for (i = 0; i < run->n_ends; i++)
        if (run->ends[i].fate == TASK__ENDS)
            run->ends[i].task->finished_unix_ns = finished_ns;
}

/* ---- commits before the last one --------------------------------------------------------- */

/* Fails if the batch is to stop, or the server is. */
static enum rc check_step(void *arg, struct err *err)
{
    struct task__run *run = arg;
    struct task_queue *q = run->q;
    bool closing;

    mutex_lock(&q->lock);
    closing = q->closing;
    mutex_unlock(&q->lock);
    if (!closing && !atomic_load(&q->stop))
        return RC_OK;
    return err_set(err, RC_CANCELLED, NULL, "the batch was asked to stop");
}

/* How far the index is built anew. */
static void tell_step(void *arg, uint64_t n_done, uint64_t n_documents)
{
    struct task__run *run = arg;
    struct task_queue *q = run->q;

    atomic_store(&q->indexed, n_done);
    atomic_store(&q->total_to_index, n_documents);
    task__tell(q, run->uid);
}

/* One of the commits by which an index is built anew; nobody sees what it brings. */
static enum rc commit_step(void *arg, const struct store_batch *batch, struct err *err)
{
    struct task__run *run = arg;
    enum rc rc;

    barrier_enter(run->q->opts.barrier);
    rc = check_step(run, err);
    if (rc == RC_OK)
        rc = store_commit(run->q->opts.store, batch, err);
    barrier_leave(run->q->opts.barrier);
    run->step_failed = rc == RC_IO;
    run->no_room = rc == RC_NO_SPACE;
    return rc;
}

/* Behind a step whose outcome is unknown: goes on with what the store really holds. */
static void settle_step(struct task__run *run)
{
    struct task_queue *q = run->q;
    struct err err;
    enum rc rc;

    do {
        rc = store_settle(q->opts.store, &err);
        if (rc == RC_OK)
            rc = catalog_reload(q->opts.catalog, &err);
        if (rc != RC_OK)
            log_event(LOG_ERROR, "task", "cannot read the database after a failed commit", "rc=%s",
                      rc_name(rc));
    } while (rc != RC_OK && !task__pause_closing(q, NS_PER_S));
}

/* Marks it done in the watchers' eyes, and tidies up. */
static void wind_up(struct task__run *run)
{
    struct task_queue *q = run->q;
    size_t i;

    mutex_lock(&q->lock);
    q->running_index = TASK__NO_NAME;
    mutex_unlock(&q->lock);
    for (i = 0; i < run->n_ends; i++)
        task__tell(q, run->ends[i].uid);
    task__clean(q, run->ends, run->n_ends);
}

/* RC_OK: committed. Takes the change in any case. */
static enum rc commit(struct task__run *run, struct err *err)
{
    struct task_queue *q = run->q;
    bool there = false;
    enum rc rc;

    rc = change_finish(run->change, run->batch, err);
    if (rc != RC_OK)
        return rc;
    if (!run->needs_room)
        store_batch_makes_room(run->batch);
    stamp_ends(run);
    barrier_enter(q->opts.barrier);
    if (atomic_load(&q->stop))
        rc = err_set(err, RC_CANCELLED, NULL, "the batch was asked to stop");
    else
        rc = task__commit(q, run->batch, run->ends, run->n_ends, err);
    if (rc == RC_OK) {
        change_committed(run->change);
        run->change = NULL;
    }
    barrier_leave(q->opts.barrier);
    run->no_room = rc == RC_NO_SPACE;
    if (rc != RC_IO)
        return rc;
    log_event(LOG_ERROR, "task", "a commit has failed, its outcome is unknown", "batch=%llu",
              (unsigned long long)run->batch_uid);
    change_abandon(run->change); /* its view keeps the store from reopening */
    run->change = NULL;
    rc = task__settle(q, run->ends, run->n_ends, true, &there, err);
    if (rc == RC_OK && !there)
        rc = err_set(err, RC_BUSY, NULL, "the commit did not take place");
    return rc;
}

/* Bytes of documents at which a batch is full: a nearly full disk takes only small commits. */
static size_t batch_limit(const struct task_queue *q)
{
    uint64_t have;

    if (fs_dir_free_bytes(q->dir, &have, NULL) != RC_OK ||
        have / DISK_TO_BATCH >= q->opts.batch_bytes)
        return q->opts.batch_bytes;
    return (size_t)(have / DISK_TO_BATCH);
}

static void reset_progress(struct task_queue *q)
{
    atomic_store(&q->documents, 0);
    atomic_store(&q->total_documents, 0);
    atomic_store(&q->bytes, 0);
    atomic_store(&q->total_bytes, 0);
    atomic_store(&q->indexed, 0);
    atomic_store(&q->total_to_index, 0);
}

static enum rc run_batch(struct writer *w, struct task__run *run, uint8_t type, struct err *err)
{
    bool alone = !task__mergeable(type) || w->attempts > 0 || w->n_small > 0;
    size_t limit = batch_limit(run->q);
    enum rc rc;

    reset_progress(run->q);
    rc = change_begin(run->q->opts.catalog, &run->change, err);
    if (rc != RC_OK)
        return rc;
    run->began = true;
    change_set_steps(run->change, &(struct change_steps){run, commit_step, check_step, tell_step});
    do
        rc = run_task(w, run, type, err);
    while (rc == RC_OK && !alone && change_bytes(run->change) < limit &&
           task__pick_mate(run->q, run, &type));
    if (rc != RC_OK)
        return rc;
    trim_history(run);
    return commit(run, err);
}

/* ---- what was deleted ---------------------------------------------------------------- */

/* There is nothing else to do, or room on the disk is what is wanted first. */
static bool may_sweep(struct task_queue *q)
{
    bool tight = store_is_tight(q->opts.store), may;

    mutex_lock(&q->lock);
    may = !q->closing && (tight || q->table.n_status[TASK_ENQUEUED] == 0);
    mutex_unlock(&q->lock);
    return may;
}

/* A commit that takes away a piece of what deleted indexes and old words left. */
static enum rc sweep_piece(struct task__run *run, struct err *err)
{
    enum rc rc;

    rc = change_begin(run->q->opts.catalog, &run->change, err);
    if (rc == RC_OK)
        rc = change_finish(run->change, run->batch, err);
    store_batch_makes_room(run->batch);
    if (rc == RC_OK)
        rc = commit_step(run, run->batch, err);
    if (rc == RC_OK) {
        change_committed(run->change);
        run->change = NULL;
    }
    return rc;
}

/* Sweeps while it may; what fails is left to the next changes. */
static void sweep(struct writer *w)
{
    struct task_queue *q = w->q;
    enum rc rc = RC_OK;

    while (rc == RC_OK && catalog_has_trash(q->opts.catalog) && may_sweep(q)) {
        struct task__run run = {.q = q, .index = TASK__NO_NAME, .batch = store_batch_new()};
        struct err err;

        rc = sweep_piece(&run, &err);
        change_abandon(run.change);
        if (run.step_failed)
            settle_step(&run);
        if (rc != RC_OK && rc != RC_CANCELLED)
            log_event(LOG_WARN, "task", "cannot sweep what was deleted", "rc=%s", rc_name(rc));
        store_batch_free(run.batch);
        w->deleted = true;
    }
    while (rc == RC_OK && may_sweep(q) && catalog_merge_swept(q->opts.catalog))
        ;
    if (w->deleted && (rc == RC_NO_SPACE || !catalog_has_trash(q->opts.catalog))) {
        store_reclaim(q->opts.store);
        w->deleted = false;
    }
}

static void rest(struct task_queue *q, int64_t ns)
{
    int64_t until = clock_mono_ns() + ns;

    mutex_lock(&q->lock);
    while (!q->closing && cond_wait_until(&q->writer_wake, &q->lock, until))
        ;
    mutex_unlock(&q->lock);
}

/* Remembers who was at fault, so that it is tried alone and not for ever. */
static void note_trouble(struct writer *w, const struct task__run *run, enum rc rc,
                         const struct err *why)
{
    int64_t now = clock_mono_ns();

    log_event(LOG_WARN, "task", "a batch begins again", "rc=%s task=%llu", rc_name(rc),
              (unsigned long long)run->uid);
    if (rc == RC_BUSY || !run->began || (rc == RC_NO_SPACE && !run->no_room)) {
        rest(w->q, rc == RC_BUSY ? 10 * NS_PER_MS : NS_PER_S / 5); /* no task is at fault */
        return;
    }
    if (w->attempts == 0 || w->trouble_uid != run->first_uid)
        w->attempts = 0;
    w->trouble_uid = run->first_uid;
    w->attempts++;
    w->why = *why;
    if (rc != RC_NO_SPACE) {
        rest(w->q, (int64_t)w->attempts * 10 * NS_PER_MS);
        return;
    }
    w->n_small = SMALL_BATCHES;
    if (w->attempts > ATTEMPTS || now - w->full_ns > FULL_NS) { /* room may come back by itself */
        rest(w->q, NS_PER_S);
        w->full_ns = now;
    }
    if (w->attempts >= ATTEMPTS_FULL)
        w->attempts = ATTEMPTS;
}

void task__writer_run(void *arg)
{
    struct writer *w = xcalloc(1, sizeof *w);
    struct task_queue *q = arg;

    w->q = q;
    for (;;) {
        struct task__run run = {.q = q, .index = TASK__NO_NAME};
        struct err err;
        uint8_t type = 0;
        enum rc rc;

        sweep(w);
        if (!task__pick(q, &run, &type))
            break;
        run.arena = task__record_arena();
        run.batch = store_batch_new();
        rc = run_batch(w, &run, type, &err);
        change_abandon(run.change);
        if (run.step_failed)
            settle_step(&run);
        if (rc == RC_OK) {
            w->attempts = 0;
            w->n_small -= w->n_small > 0;
            w->deleted |= !run.needs_room;
            wind_up(&run);
        } else {
            task__put_back(q, &run);
            if (rc != RC_CANCELLED)
                note_trouble(w, &run, rc, &err);
        }
        store_batch_free(run.batch);
        arena_free(run.arena);
        xfree(run.ends);
    }
    xfree(w);
}
