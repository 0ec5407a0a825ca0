/* SPDX-License-Identifier: MIT */
/*
 * task_submit.c -- taking tasks in: submissions, and the log thread.
 *
 * The log thread takes all submissions that wait, gives them uids in the order
 * they came, writes them as one group and answers; while it syncs, the next
 * group gathers (group commit). Nothing here writes to the database, so tasks
 * are accepted while a dump holds the barrier.
 *
 * (1) A uid is given once. Those of a group that failed are never given again,
 *     because their entries may turn up after a crash.
 * (2) A task enters the table after its entry is durable, before its client hears.
 * (3) What a cancelation or deletion matches is settled when it is submitted, and
 *     stands in its record as a list of uids: later changes of state do not count.
 */
#include "base/assert.h"
#include "base/clock.h"
#include "base/mem.h"
#include "pb/pb.h"
#include "task/task_int.h"

enum { GROUP_BYTES = 8 << 20 };

struct task__submission {
    bool alone; /* as in its fact */
    struct task__submission *next;
    task_accepted_fn *done;
    void *arg;
    task_record brief;       /* what the answer and the table need; strings owned */
    struct buf rest;         /* the packed record without what is in `brief` only */
    struct payload *payload; /* owned */
    uint64_t *uids;          /* owned: what a cancelation matched, sorted */
    size_t n_uids;
    struct task__place place;
    enum rc rc;
    struct err *err; /* owned; why it was refused */
};

static void submission_free(struct task__submission *s)
{
    xfree(s->brief.index_uid);
    xfree(s->brief.custom_metadata);
    xfree(s->brief.dump_uid);
    buf_done(&s->rest);
    payload_free(s->payload);
    xfree(s->uids);
    xfree(s->err);
    xfree(s);
}

static bool resolves(uint32_t type)
{
    return type == TASK_TASK_CANCELATION || type == TASK_TASK_DELETION;
}

bool task__makes_room(uint32_t type)
{
    return resolves(type) || type == TASK_INDEX_DELETION || type == TASK_DOCUMENT_DELETION ||
           type == TASK_DUMP_CREATION; /* what is on a full disk should be carried off */
}

/* Under the lock: the uids that the filter matches now. */
static void resolve(struct task_queue *q, const Lode__Dump__V1__TaskFilter *filter,
                    struct task__submission *s)
{
    struct task__filter *f = task__filter_new(&q->table, filter);
    size_t i, n = 0, cap = 0;

    for (i = 0; i < q->table.n; i++) {
        if (!task__filter_match(f, &q->table.facts[i]))
            continue;
        if (n == cap) {
            cap = cap ? 2 * cap : 64;
            s->uids = xrealloc(s->uids, cap * sizeof *s->uids);
        }
        s->uids[n++] = q->table.facts[i].uid;
    }
    s->n_uids = n;
    task__filter_free(f);
}

/* Under the lock. */
static enum rc admit(struct task_queue *q, uint32_t type, struct err *err)
{
    if (q->closing)
        return err_set(err, RC_BUSY, NULL, "the server is shutting down");
    if (!task__makes_room(type) &&
        task__table_unfinished(&q->table) + q->n_waiting >= q->opts.max_queued)
        return err_set(err, RC_NO_SPACE, "no_space_left_on_device",
                       "Lode cannot receive write operations because the limit of the task queue "
                       "(%zu tasks) has been reached. Please cancel tasks, or wait for their end, "
                       "to continue performing write operations.",
                       q->opts.max_queued);
    return RC_OK;
}

/* Packs what was asked; what comes of it, and what the log thread sets, is left out. */
static enum rc pack(struct task__submission *s, const task_record *task, struct err *err)
{
    Lode__Dump__V1__TaskFilter filter = LODE__DUMP__V1__TASK_FILTER__INIT;
    task_record t = *task;
    struct task__payload_place place;

    if (s->payload) {
        place = task__payload_place(s->payload);
        t.payload =
            (ProtobufCBinaryData){place.inline_bytes.n, (uint8_t *)(uintptr_t)place.inline_bytes.p};
        t.spool = place.spool;
        t.payload_bytes = place.bytes;
        t.received_documents = place.n_documents;
    } else if (t.type == TASK_DOCUMENT_DELETION) {
        t.received_documents = t.n_ids;
    }
    if (resolves(t.type)) {
        filter.n_uids = s->n_uids;
        filter.uids = s->uids;
        if (t.filter)
            filter.original = t.filter->original;
        t.filter = &filter;
        t.matched_tasks = s->n_uids;
    }
    t.uid = t.batch_uid = 0;
    t.status = 0;
    t.has_batch = t.was_canceled = false;
    t.enqueued_unix_ns = t.started_unix_ns = t.finished_unix_ns = 0;
    t.done_documents = t.done_tasks = 0;
    if (pb_pack(&t.base, &s->rest, err) != RC_OK)
        return err_set(err, RC_TOO_LARGE, "payload_too_large",
                       "The task reached the size limit. The maximum accepted size of a task "
                       "without its documents is %d MiB.",
                       TASK__RECORD_MAX >> 20);
    return RC_OK;
}

static struct task__submission *submission_new(const task_record *task, struct payload *payload,
                                               task_accepted_fn *done, void *arg)
{
    struct task__submission *s = xcalloc(1, sizeof *s);

    lode__dump__v1__task__init(&s->brief);
    s->done = done;
    s->arg = arg;
    s->payload = payload;
    s->alone = task->type == TASK_DOCUMENT_DELETION && task->filter;
    s->brief.type = task->type;
    s->brief.status = task->type == TASK_DUMP_CREATION ? TASK_PROCESSING : TASK_ENQUEUED;
    s->brief.index_uid = xstrdup(task->index_uid);
    s->brief.dump_uid = xstrdup(task->dump_uid);
    s->brief.custom_metadata = xstrdup(task->custom_metadata);
    s->brief.has_metadata = task->has_metadata;
    buf_init(&s->rest, TASK__RECORD_MAX);
    return s;
}

void task_submit(struct task_queue *q, const task_record *task, struct payload *payload,
                 task_accepted_fn *done, void *arg)
{
    struct task__submission *s = submission_new(task, payload, done, arg);
    struct err err;

    ASSERT(task->type <= TASK__LAST_TYPE);
    if (resolves(task->type)) {
        mutex_lock(&q->lock);
        resolve(q, task->filter, s);
        mutex_unlock(&q->lock);
    }
    s->rc = pack(s, task, &err);
    mutex_lock(&q->lock);
    if (s->rc == RC_OK)
        s->rc = admit(q, task->type, &err);
    if (s->rc != RC_OK)
        s->err = xmemdup(&err, sizeof err);
    s->brief.enqueued_unix_ns = clock_wall_ns();
    *q->last = s;
    q->last = &s->next;
    q->n_waiting++;
    cond_signal(&q->log_wake);
    mutex_unlock(&q->lock);
}

/* ---- the log thread ------------------------------------------------------------------ */

/* The next group; NULL: closing, and none is left. */
static struct task__submission *take_group(struct task_queue *q)
{
    struct task__submission *group, *s;
    size_t bytes = 0;

    mutex_lock(&q->lock);
    while (!q->first && !q->log_ends)
        cond_wait(&q->log_wake, &q->lock);
    group = q->first;
    for (s = group; s; s = s->next) {
        bytes += s->rest.n;
        q->n_waiting--;
        if (s->rc == RC_OK) {
            s->brief.uid = q->next_uid++;
            if (s->brief.type == TASK_DUMP_CREATION) {
                s->brief.has_batch = true;
                s->brief.batch_uid = q->next_batch_uid++;
                s->brief.started_unix_ns = s->brief.enqueued_unix_ns;
            }
        }
        if (bytes > GROUP_BYTES)
            break;
    }
    q->first = s ? s->next : NULL;
    if (s)
        s->next = NULL;
    if (!q->first)
        q->last = &q->first;
    mutex_unlock(&q->lock);
    return group;
}

static void refuse(struct task__submission *s, enum rc rc, const struct err *err)
{
    s->rc = rc;
    s->err = xmemdup(err, sizeof *err);
}

bool task__has_room(struct task_queue *q)
{
    uint64_t have = 0;

    return q->opts.free_floor == 0 || fs_dir_free_bytes(q->dir, &have, NULL) != RC_OK ||
           have >= q->opts.free_floor;
}

/* Below the floor only what makes room goes on. */
static void check_space(struct task_queue *q, struct task__submission *group)
{
    struct task__submission *s;
    struct err err;
    enum rc rc;

    if (task__has_room(q))
        return;
    rc = err_set(&err, RC_NO_SPACE, "no_space_left_on_device",
                 "There is no more space left on the device. Consider increasing the size of the "
                 "disk/partition.");
    for (s = group; s; s = s->next)
        if (s->rc == RC_OK && !task__makes_room(s->brief.type))
            refuse(s, rc, &err);
}

/* The uid, status and times of a submission, packed: the other half of its record. */
static enum rc pack_head(const struct task__submission *s, struct buf *head, struct err *err)
{
    task_record t = LODE__DUMP__V1__TASK__INIT;

    t.uid = s->brief.uid;
    t.status = s->brief.status;
    t.enqueued_unix_ns = s->brief.enqueued_unix_ns;
    t.started_unix_ns = s->brief.started_unix_ns;
    t.has_batch = s->brief.has_batch;
    t.batch_uid = s->brief.batch_uid;
    buf_clear(head);
    return pb_pack(&t.base, head, err);
}

static enum rc write_group(struct task_queue *q, struct task__submission *group, uint64_t first_uid,
                           bool *ret_certain, struct err *err)
{
    struct task__submission *s;
    uint64_t next_batch;
    struct buf head;
    enum rc rc;

    mutex_lock(&q->lock);
    next_batch = q->next_batch_uid;
    mutex_unlock(&q->lock);
    *ret_certain = true;
    rc = task__log_begin(q->log, first_uid, next_batch, err);
    if (rc != RC_OK)
        return rc;
    buf_init(&head, 256);
    for (s = group; s && rc == RC_OK; s = s->next) {
        if (s->rc != RC_OK)
            continue;
        rc = pack_head(s, &head, err);
        if (rc == RC_OK)
            task__log_put(q->log, s->brief.uid, buf_view(&head), buf_view(&s->rest), &s->place);
    }
    buf_done(&head);
    if (rc == RC_OK)
        rc = task__log_commit(q->log, ret_certain, err);
    return rc;
}

/* A cancelation of something that is being worked on: the running batch shall end. */
static bool hits_running(struct task_queue *q, const struct task__submission *s)
{
    size_t i;

    if (s->brief.type != TASK_TASK_CANCELATION || q->table.n_status[TASK_PROCESSING] == 0)
        return false;
    for (i = 0; i < s->n_uids; i++) {
        const struct task__fact *fact = task__table_find(&q->table, s->uids[i]);

        if (fact && fact->status == TASK_PROCESSING && fact->type != TASK_DUMP_CREATION)
            return true;
    }
    return false;
}

static void publish(struct task_queue *q, struct task__submission *group)
{
    struct task__submission *s;

    mutex_lock(&q->lock);
    for (s = group; s; s = s->next) {
        if (s->rc != RC_OK)
            continue;
        task__table_add(&q->table, &s->brief, s->place)->alone = s->alone;
        q->published_uid = s->brief.uid + 1;
        if (s->payload)
            task__payload_keep(s->payload);
        if (hits_running(q, s))
            atomic_store(&q->stop, true);
    }
    cond_broadcast(&q->writer_wake);
    mutex_unlock(&q->lock);
}

static void answer(struct task_queue *q, struct task__submission *group)
{
    struct task__submission *s, *next;

    for (s = group; s; s = next) {
        next = s->next;
        if (s->rc == RC_OK)
            task__tell(q, s->brief.uid);
        payload_free(s->payload); /* who hears of a refusal finds no file of it any more */
        s->payload = NULL;
        if (s->done)
            s->done(s->arg, s->rc, s->rc == RC_OK ? &s->brief : NULL, s->err);
        submission_free(s);
    }
}

static void do_group(struct task_queue *q, struct task__submission *group)
{
    struct task__submission *s;
    uint64_t first_uid = 0;
    bool any = false, certain = true;
    struct err err;
    enum rc rc = RC_OK;

    check_space(q, group);
    for (s = group; s; s = s->next) {
        if (s->rc == RC_OK && !any) {
            any = true;
            first_uid = s->brief.uid;
        }
    }
    if (any)
        rc = write_group(q, group, first_uid, &certain, &err);
    if (rc == RC_NO_SPACE && certain) {
        rc = err_set(&err, RC_NO_SPACE, "no_space_left_on_device",
                     "There is no more space left on the device. Consider increasing the size of "
                     "the disk/partition.");
    } else if (rc != RC_OK && !certain) {
        err.rc = rc = RC_IO;
        (void)err_prefix(&err, "It is not known whether the task was accepted: ");
    }
    for (s = group; s && rc != RC_OK; s = s->next)
        if (s->rc == RC_OK)
            refuse(s, rc, &err);
    publish(q, group);
    answer(q, group);
}

void task__log_run(void *arg)
{
    struct task_queue *q = arg;
    struct task__submission *group;

    while ((group = take_group(q)))
        do_group(q, group);
}

/* ---- waiting ------------------------------------------------------------------------- */

struct wait {
    struct mutex lock;
    struct cond over;
    bool done;
    enum rc rc;
    struct err *err;
    uint64_t uid;
    int64_t enqueued_ns;
};

static void end_wait(void *arg, enum rc rc, const task_record *task, const struct err *err)
{
    struct wait *w = arg;

    mutex_lock(&w->lock);
    w->rc = rc;
    if (rc == RC_OK) {
        w->uid = task->uid;
        w->enqueued_ns = task->enqueued_unix_ns;
    } else if (w->err) {
        *w->err = *err;
    }
    w->done = true;
    cond_signal(&w->over);
    mutex_unlock(&w->lock);
}

static enum rc submit_wait(struct task_queue *q, const task_record *task, struct payload *payload,
                           uint64_t *ret_uid, int64_t *ret_enqueued_ns, struct err *err)
{
    struct wait w = {.err = err};

    mutex_init(&w.lock);
    cond_init(&w.over);
    task_submit(q, task, payload, end_wait, &w);
    mutex_lock(&w.lock);
    while (!w.done)
        cond_wait(&w.over, &w.lock);
    mutex_unlock(&w.lock);
    cond_done(&w.over);
    mutex_done(&w.lock);
    if (w.rc == RC_OK) {
        *ret_uid = w.uid;
        *ret_enqueued_ns = w.enqueued_ns;
    }
    return w.rc;
}

enum rc task_submit_wait(struct task_queue *q, const task_record *task, struct payload *payload,
                         uint64_t *ret_uid, struct err *err)
{
    int64_t enqueued_ns;

    return submit_wait(q, task, payload, ret_uid, &enqueued_ns, err);
}

enum rc task_dump_begin(struct task_queue *q, const char *dump_uid, uint64_t *ret_uid,
                        int64_t *ret_enqueued_ns, struct err *err)
{
    task_record task = LODE__DUMP__V1__TASK__INIT;

    task.type = TASK_DUMP_CREATION;
    task.dump_uid = task__borrow(dump_uid);
    return submit_wait(q, &task, NULL, ret_uid, ret_enqueued_ns, err);
}
