/* SPDX-License-Identifier: MIT */
/*
 * task_writer.c -- the one thread that applies tasks.
 *
 *   pick    newest cancelation, then oldest task deletion, then the first queued
 *   batch   consecutive document tasks of one index go into one change, each
 *           between a mark and keep or rollback; all else goes alone, and so does
 *           a deletion by filter, which searches what is committed
 *   commit  through the barrier: effects and ends of the whole batch at once
 *
 * (1) Tasks of one index are applied in the order of their uids. Those of other
 *     indexes may be passed over while a batch gathers, but never one that
 *     renames or swaps indexes.
 * (2) A commit whose outcome is unknown is looked up after the store has reopened:
 *     the batch is there whole, or is run again.
 * (3) What is the machine's fault (a disk error while reading) begins the batch
 *     again, first task alone; after ATTEMPTS it fails that task, so that one
 *     unreadable payload cannot hold up the queue for ever. A full disk is waited
 *     for as long as it takes, with batches that need as little room as can be.
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
    DISK_TO_BATCH = 16, /* of what is free; a commit is some times its documents */
    LOOK_AHEAD = 4096,  /* facts looked at for one more task of the batch */
};

#define TELL_NS (100 * NS_PER_MS)

struct writer {
    struct task_queue *q;
    /* Of the task whose batch failed for the machine's reasons. */
    uint64_t trouble_uid;
    unsigned attempts;
    struct err why;
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

/* ---- picking; under the lock --------------------------------------------------------- */

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

static bool mergeable(uint8_t type)
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
            return mergeable(fact->type) && !fact->alone ? fact : NULL;
    }
    return NULL;
}

static void begin_task(struct task_queue *q, struct task__run *run, struct task__fact *fact)
{
    task__fact_status(&q->table, fact, TASK_PROCESSING);
    fact->started_ns = run->now_ns;
    fact->has_batch = true;
    fact->batch_uid = run->batch_uid;
    run->last_uid = run->uid = fact->uid;
    run->n_tasks++;
}

/* Waits for work; false: closing. */
static bool pick(struct task_queue *q, struct task__run *run, uint8_t *ret_type)
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

static bool pick_mate(struct task_queue *q, struct task__run *run, uint8_t *ret_type)
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

/* Nothing of the batch has happened. */
static void put_back(struct task_queue *q, const struct task__run *run)
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

/* ---- one task -----------------------------------------------------------------------------------
 */

bool task__is_fault(enum rc rc)
{
    return rc == RC_INVALID || rc == RC_NOT_FOUND || rc == RC_EXISTS || rc == RC_DENIED ||
           rc == RC_TOO_LARGE || rc == RC_TOO_MANY || rc == RC_UNIMPLEMENTED;
}

enum rc task__machine(enum rc rc, struct err *err)
{
    if (!task__is_fault(rc))
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
        } else {
            change_rollback(run->change);
            if (!task__is_fault(rc))
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

    if (finished_ns < run->now_ns)
        finished_ns = run->now_ns;
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
    bool alone = !mergeable(type) || w->attempts > 0;
    size_t limit = batch_limit(run->q);
    enum rc rc;

    reset_progress(run->q);
    rc = change_begin(run->q->opts.catalog, &run->change, err);
    if (rc != RC_OK)
        return rc;
    change_set_steps(run->change, &(struct change_steps){run, commit_step, check_step, tell_step});
    do
        rc = run_task(w, run, type, err);
    while (rc == RC_OK && !alone && change_bytes(run->change) < limit &&
           pick_mate(run->q, run, &type));
    if (rc != RC_OK)
        return rc;
    trim_history(run);
    return commit(run, err);
}

/* ---- with nothing to do ------------------------------------------------------------------ */

static bool is_idle(struct task_queue *q)
{
    bool idle;

    mutex_lock(&q->lock);
    idle = !q->closing && q->table.n_status[TASK_ENQUEUED] == 0;
    mutex_unlock(&q->lock);
    return idle;
}

/* A commit that takes away a piece of what deleted indexes and old words left. */
static enum rc sweep_piece(struct task__run *run, struct err *err)
{
    enum rc rc;

    rc = change_begin(run->q->opts.catalog, &run->change, err);
    if (rc == RC_OK)
        rc = change_finish(run->change, run->batch, err);
    if (rc == RC_OK)
        rc = commit_step(run, run->batch, err);
    if (rc == RC_OK) {
        change_committed(run->change);
        run->change = NULL;
    }
    return rc;
}

/* Sweeps while there is nothing else to do; what fails is left to the next changes. */
static void sweep_idly(struct task_queue *q)
{
    enum rc rc = RC_OK;

    while (rc == RC_OK && is_idle(q) && catalog_has_trash(q->opts.catalog)) {
        struct task__run run = {.q = q, .index = TASK__NO_NAME, .batch = store_batch_new()};
        struct err err;

        rc = sweep_piece(&run, &err);
        change_abandon(run.change);
        if (run.step_failed)
            settle_step(&run);
        if (rc != RC_OK && rc != RC_CANCELLED)
            log_event(LOG_WARN, "task", "cannot sweep what was deleted", "rc=%s", rc_name(rc));
        store_batch_free(run.batch);
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
    log_event(LOG_WARN, "task", "a batch begins again", "rc=%s task=%llu", rc_name(rc),
              (unsigned long long)run->uid);
    if (rc == RC_NO_SPACE || rc == RC_BUSY) {
        rest(w->q, rc == RC_NO_SPACE ? NS_PER_S : 10 * NS_PER_MS);
        return;
    }
    if (w->attempts == 0 || w->trouble_uid != run->first_uid)
        w->attempts = 0;
    w->trouble_uid = run->first_uid;
    w->attempts++;
    w->why = *why;
    rest(w->q, (int64_t)w->attempts * 10 * NS_PER_MS);
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

        sweep_idly(q);
        if (!pick(q, &run, &type))
            break;
        run.arena = task__record_arena();
        run.batch = store_batch_new();
        rc = run_batch(w, &run, type, &err);
        change_abandon(run.change);
        if (run.step_failed)
            settle_step(&run);
        if (rc == RC_OK) {
            w->attempts = 0;
            wind_up(&run);
        } else {
            put_back(q, &run);
            if (rc != RC_CANCELLED)
                note_trouble(w, &run, rc, &err);
        }
        store_batch_free(run.batch);
        arena_free(run.arena);
        xfree(run.ends);
    }
    xfree(w);
}
