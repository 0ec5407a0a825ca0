/* SPDX-License-Identifier: MIT */
/*
 * task_dump.c -- what a dump needs of the queue: the end of its own task, and all
 * the others.
 *
 * With the barrier up nobody commits but task_dump_end(), so table and view agree:
 * each task is either ended in the view, or unfinished in the table.
 */
#include "base/assert.h"
#include "base/clock.h"
#include "base/mem.h"
#include "index/index.h"
#include "task/task_int.h"

/* ---- the dump's own task ------------------------------------------------------------- */

static enum rc fill_end(struct task_queue *q, uint64_t uid, const struct err *failure,
                        struct arena *arena, task_record **ret_task, struct err *err)
{
    task_record *task = NULL;
    enum rc rc = task__read_unfinished(q, uid, arena, &task, err);

    if (rc != RC_OK)
        return rc;
    ASSERT(task->type == TASK_DUMP_CREATION);
    task->status = failure ? TASK_FAILED : TASK_SUCCEEDED;
    task->finished_unix_ns = clock_wall_ns();
    if (task->finished_unix_ns < task->started_unix_ns)
        task->finished_unix_ns = task->started_unix_ns;
    if (failure) {
        task->error_word = task__borrow(failure->word ? failure->word : "internal");
        task->error_message = task__borrow(failure->msg);
    }
    *ret_task = task;
    return RC_OK;
}

static bool has_ended(struct task_queue *q, uint64_t uid)
{
    const struct task__fact *fact;
    bool ended;

    mutex_lock(&q->lock);
    fact = task__table_find(&q->table, uid);
    ended = !fact || !task__fact_unfinished(fact);
    mutex_unlock(&q->lock);
    return ended;
}

enum rc task_dump_end(struct task_queue *q, uint64_t uid, const struct err *failure,
                      uint64_t barrier_wait_ns, uint64_t barrier_held_ns, struct err *err)
{
    struct task__end end = {.uid = uid, .fate = TASK__ENDS};
    struct arena *arena = task__record_arena();
    struct store_batch *batch = store_batch_new();
    bool there = false;
    enum rc rc;

    if (has_ended(q, uid)) {
        rc = RC_OK;
        goto out;
    }
    rc = fill_end(q, uid, failure, arena, &end.task, err);
    if (rc != RC_OK)
        goto out;
    end.task->barrier_wait_ns = barrier_wait_ns;
    end.task->barrier_held_ns = barrier_held_ns;
    if (q->dump_unknown) { /* an earlier try of this one may have worked */
        rc = task__settle(q, &end, 1, false, &there, err);
        if (rc != RC_OK)
            goto out;
        q->dump_unknown = false;
    }
    store_batch_makes_room(batch);
    if (!there || failure) /* what is there may call a dump good that has been taken back */
        rc = task__commit(q, batch, &end, 1, err);
    q->dump_unknown = rc == RC_IO;
    if (rc == RC_OK) {
        task__tell(q, uid);
        task__clean(q, &end, 1);
        mutex_lock(&q->lock); /* the writer may have waited for nothing else */
        cond_broadcast(&q->writer_wake);
        mutex_unlock(&q->lock);
    }

out:
    store_batch_free(batch);
    arena_free(arena);
    return rc;
}

void task_dump_leave(struct task_queue *q, uint64_t uid)
{
    struct task__fact *fact;

    mutex_lock(&q->lock);
    fact = task__table_find(&q->table, uid);
    if (fact && fact->status == TASK_PROCESSING) {
        task__fact_status(&q->table, fact, TASK_ENQUEUED);
        fact->started_ns = 0;
        fact->has_batch = false;
        fact->batch_uid = 0;
        cond_broadcast(&q->writer_wake);
    }
    q->dump_unknown = false;
    mutex_unlock(&q->lock);
}

/* ---- all others ---------------------------------------------------------------------- */

struct export
{
    struct task_queue *q;
    const struct task_export *to;
    struct task__found waiting; /* unfinished ones, by uid */
    size_t next;                /* of them */
    struct arena *arena;
};

static enum rc export_payload(struct export *e, const task_record *task, struct err *err)
{
    struct task__payload_reader *reader = NULL;
    struct bytes frame = {0};
    uint32_t n_documents = 0;
    bool more = false;
    enum rc rc;

    rc = task__payload_open(e->q->dir, task, &reader, err);
    while (rc == RC_OK) {
        rc = task__payload_next(reader, &frame, &n_documents, &more, err);
        if (rc != RC_OK || !more)
            break;
        rc = e->to->payload(e->to->arg, frame, n_documents, err);
    }
    task__payload_close(reader);
    return rc;
}

/* As it was when it was accepted; where its payload lies here means nothing elsewhere. */
static enum rc export_waiting(struct export *e, const struct task__fact *fact, struct err *err)
{
    task_record *task = NULL, shown;
    enum rc rc;

    arena_reset(e->arena);
    rc = task__log_read(fact->place, e->arena, &task, err);
    if (rc != RC_OK)
        return rc;
    shown = *task;
    shown.status = TASK_ENQUEUED;
    shown.has_batch = false;
    shown.batch_uid = 0;
    shown.started_unix_ns = 0;
    shown.payload = (ProtobufCBinaryData){0};
    shown.spool = task__borrow(protobuf_c_empty_string);
    rc = e->to->task(e->to->arg, &shown, err);
    if (rc == RC_OK && task->type == TASK_DOCUMENT_ADDITION)
        rc = export_payload(e, task, err);
    return rc;
}

/* The waiting ones below `before`. */
static enum rc export_waiting_below(struct export *e, uint64_t before, struct err *err)
{
    enum rc rc = RC_OK;

    while (rc == RC_OK && e->next < e->waiting.n && e->waiting.facts[e->next].uid < before)
        rc = export_waiting(e, &e->waiting.facts[e->next++], err);
    return rc;
}

static enum rc export_stored(struct export *e, struct bytes key, struct bytes value,
                             struct err *err)
{
    task_record *task = NULL;
    enum rc rc;

    if (key.n != TASK__KEY_SIZE)
        return err_set(err, RC_CORRUPT, NULL, "a task's key in the database has %zu bytes", key.n);
    rc = export_waiting_below(e, get_u64be(key.p + 1), err);
    if (rc != RC_OK || value.n == 0)
        return rc;
    arena_reset(e->arena);
    rc = task__unpack(e->arena, value, &task, err);
    if (rc == RC_OK)
        rc = e->to->task(e->to->arg, task, err);
    return rc;
}

static enum rc walk_stored(struct export *e, struct store_view *view, struct err *err)
{
    struct store_cursor *c = NULL;
    enum rc rc = store_cursor_open(view, B("t"), true, &c, err);

    if (rc != RC_OK)
        return rc;
    for (store_cursor_first(c); rc == RC_OK && store_cursor_valid(c); store_cursor_next(c))
        rc = export_stored(e, store_cursor_key(c), store_cursor_value(c), err);
    if (rc == RC_OK)
        rc = store_cursor_end(c, err);
    store_cursor_close(c);
    return rc;
}

static bool is_cut_off(const struct task__fact *fact, const struct task_cut *cut)
{
    return !task__fact_unfinished(fact) || fact->uid == cut->self ||
           fact->uid >= cut->next_task_uid;
}

void task_cut_now(struct task_queue *q, uint64_t self, struct task_cut *ret_cut)
{
    struct task_cut cut = {.self = self};
    size_t i;

    mutex_lock(&q->lock);
    cut.next_task_uid = q->published_uid;
    cut.next_batch_uid = q->next_batch_uid;
    for (i = task__table_seek(&q->table, q->floor); i < q->table.n; i++)
        if (!is_cut_off(&q->table.facts[i], &cut))
            cut.has_filtered_deletion |= q->table.facts[i].alone;
    mutex_unlock(&q->lock);
    *ret_cut = cut;
}

enum rc task_export_all(struct task_queue *q, struct catalog_view *view, const struct task_cut *cut,
                        const struct task_export *to, struct err *err)
{
    struct export e = {.q = q, .to = to};
    enum rc rc;
    size_t i;

    mutex_lock(&q->lock);
    for (i = task__table_seek(&q->table, q->floor); i < q->table.n; i++)
        if (!is_cut_off(&q->table.facts[i], cut))
            task__found_add(&e.waiting, &q->table.facts[i]);
    mutex_unlock(&q->lock);
    e.arena = task__record_arena();
    rc = walk_stored(&e, catalog_view_store(view), err);
    if (rc == RC_OK)
        rc = export_waiting_below(&e, UINT64_MAX, err);
    task__found_done(&e.waiting);
    arena_free(e.arena);
    return rc;
}
