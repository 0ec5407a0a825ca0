/* SPDX-License-Identifier: MIT */
/*
 * task_ended.c -- ended tasks in the database, and the one commit that ends them.
 *
 *   't' uid(8, big-endian)   packed Task, without payload, ids and resolved filter;
 *                            empty: deleted, but not yet below the floor
 *   'T' "queue"              next uid(8) next batch uid(8) floor(8), big-endian
 *
 * (1) A task's effects and its end are in one batch: it is applied exactly once.
 * (2) All uids below the floor have ended. A log entry is queued again only if its
 *     uid is not below the floor and has no key. So the key of a deleted task above
 *     the floor must stay (empty) until the floor has passed it.
 * (3) The floor is computed and committed under commit_lock, so it never goes back.
 * (4) The table changes before the barrier is left: with the barrier up, table and
 *     database agree.
 */
#include "base/assert.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "index/index.h"
#include "pb/pb.h"
#include "task/task_int.h"

enum { META_SIZE = 24, RECORD_ARENA = 1 << 30 };

#define META_KEY B("Tqueue")

static struct bytes task_key(uint8_t dst[TASK__KEY_SIZE], uint64_t uid)
{
    dst[0] = 't';
    put_u64be(dst + 1, uid);
    return bytes_of(dst, TASK__KEY_SIZE);
}

/* Records are bounded when they are taken (TASK__RECORD_MAX); this bounds their amplification. */
struct arena *task__record_arena(void)
{
    return arena_new(RECORD_ARENA);
}

enum rc task__unpack(struct arena *arena, struct bytes wire, task_record **ret_task,
                     struct err *err)
{
    ProtobufCMessage *msg = NULL;
    enum rc rc = pb_unpack(arena, &lode__dump__v1__task__descriptor, wire, &msg, err);

    if (rc == RC_INVALID)
        return err_set(err, RC_CORRUPT, NULL, "a stored task cannot be read");
    if (rc == RC_OK)
        *ret_task = (task_record *)msg;
    return rc;
}

static void strip_payload(task_record *task)
{
    task->payload = (ProtobufCBinaryData){0};
}

enum rc task__copy(struct arena *arena, const task_record *task, task_record **ret_copy,
                   struct err *err)
{
    task_record shallow = *task;
    struct buf wire;
    enum rc rc;

    strip_payload(&shallow);
    buf_init(&wire, TASK__RECORD_MAX);
    rc = pb_pack(&shallow.base, &wire, err);
    if (rc == RC_OK)
        rc = task__unpack(arena, buf_view(&wire), ret_copy, err);
    buf_done(&wire);
    return rc;
}

enum rc task__put_ended(struct store_batch *batch, const task_record *task, struct err *err)
{
    Lode__Dump__V1__TaskFilter filter = LODE__DUMP__V1__TASK_FILTER__INIT;
    task_record kept = *task;
    uint8_t key[TASK__KEY_SIZE];
    struct buf wire;
    enum rc rc;

    strip_payload(&kept);
    kept.spool = task__borrow(protobuf_c_empty_string);
    kept.payload_bytes = 0;
    kept.n_ids = 0;
    if (task->filter) {
        filter.original = task->filter->original;
        kept.filter = &filter;
    }
    buf_init(&wire, BUF_NO_LIMIT); /* no larger than what was taken, and an error's text */
    rc = pb_pack(&kept.base, &wire, err);
    if (rc == RC_OK)
        store_batch_put(batch, task_key(key, task->uid), buf_view(&wire));
    buf_done(&wire);
    return rc;
}

void task__put_meta(struct store_batch *batch, const struct task__meta *meta)
{
    uint8_t value[META_SIZE];

    put_u64be(value, meta->next_uid);
    put_u64be(value + 8, meta->next_batch_uid);
    put_u64be(value + 16, meta->floor);
    store_batch_put(batch, META_KEY, bytes_of(value, sizeof value));
}

enum rc task__get_meta(struct store_view *view, struct task__meta *ret_meta, struct err *err)
{
    struct bytes value = {0};
    enum rc rc = store_view_get(view, META_KEY, &value, err);

    if (rc == RC_NOT_FOUND) {
        *ret_meta = (struct task__meta){0};
        return RC_OK;
    }
    if (rc != RC_OK)
        return rc;
    if (value.n != META_SIZE)
        return err_set(err, RC_CORRUPT, NULL, "the task queue's counters have %zu bytes, not %d",
                       value.n, META_SIZE);
    *ret_meta =
        (struct task__meta){get_u64be(value.p), get_u64be(value.p + 8), get_u64be(value.p + 16)};
    return RC_OK;
}

enum rc task__get_ended(struct store_view *view, uint64_t uid, struct arena *arena,
                        task_record **ret_task, struct err *err)
{
    uint8_t key[TASK__KEY_SIZE];
    struct bytes value = {0};
    enum rc rc = store_view_get(view, task_key(key, uid), &value, err);

    if (rc != RC_OK)
        return rc;
    if (value.n == 0)
        return RC_NOT_FOUND;
    return task__unpack(arena, value, ret_task, err);
}

/* ---- committing -------------------------------------------------------------------------- */

static struct task__fact *fact_of(struct task_queue *q, const struct task__end *end)
{
    struct task__fact *fact = task__table_find(&q->table, end->uid);

    ASSERT(fact);
    return fact;
}

/* The lowest uid that is neither ended nor ending. */
static uint64_t next_floor(const struct task_queue *q)
{
    size_t i = task__table_seek(&q->table, q->floor);

    for (; i < q->table.n; i++)
        if (task__fact_unfinished(&q->table.facts[i]) && !q->table.facts[i].ending)
            return q->table.facts[i].uid;
    return q->published_uid;
}

/* Marks what ends, and adds to the batch what the new floor lets go. */
static void prepare(struct task_queue *q, struct store_batch *batch, const struct task__end *ends,
                    size_t n_ends, struct task__meta *ret_meta)
{
    uint8_t key[TASK__KEY_SIZE];
    size_t i;

    mutex_lock(&q->lock);
    for (i = 0; i < n_ends; i++)
        fact_of(q, &ends[i])->ending = true;
    *ret_meta = (struct task__meta){q->published_uid, q->next_batch_uid, next_floor(q)};
    for (i = 0; i < n_ends; i++)
        if (ends[i].fate == TASK__GOES && ends[i].uid >= ret_meta->floor)
            store_batch_put(batch, task_key(key, ends[i].uid), bytes_of(key, 0));
        else if (ends[i].fate == TASK__GOES)
            store_batch_del(batch, task_key(key, ends[i].uid));
    if (q->table.n_status[TASK__DELETED] > 0)
        for (i = 0; i < q->table.n && q->table.facts[i].uid < ret_meta->floor; i++)
            if (q->table.facts[i].status == TASK__DELETED)
                store_batch_del(batch, task_key(key, q->table.facts[i].uid));
    mutex_unlock(&q->lock);
    task__put_meta(batch, ret_meta);
}

static void unmark(struct task_queue *q, const struct task__end *ends, size_t n_ends)
{
    size_t i;

    mutex_lock(&q->lock);
    for (i = 0; i < n_ends; i++)
        fact_of(q, &ends[i])->ending = false;
    mutex_unlock(&q->lock);
}

static void rename_fact(struct task_queue *q, struct task__fact *fact, const char *index_uid)
{
    uint32_t name = task__names_take(&q->table.names, index_uid);

    task__names_drop(&q->table.names, fact->index);
    fact->index = name;
}

static void end_fact(struct task_queue *q, const struct task__end *end)
{
    struct task__fact *fact = fact_of(q, end);
    const task_record *task = end->task;

    fact->ending = false;
    switch (end->fate) {
    case TASK__ENDS:
        fact->started_ns = task->started_unix_ns;
        fact->finished_ns = task->finished_unix_ns;
        fact->has_batch = task->has_batch;
        fact->batch_uid = task->batch_uid;
        task__fact_status(&q->table, fact, (uint8_t)task->status);
        break;
    case TASK__CANCELS:
        fact->started_ns = end->stamp->started_ns;
        fact->finished_ns = end->stamp->finished_ns;
        fact->has_batch = fact->was_canceled = true;
        fact->batch_uid = end->stamp->batch_uid;
        fact->canceled_by = end->stamp->canceled_by;
        task__fact_status(&q->table, fact, TASK_CANCELED);
        break;
    case TASK__MOVES:
        rename_fact(q, fact, end->index_uid);
        break;
    case TASK__GOES: /* its key is there until the floor is above it: (2) */
        task__fact_status(&q->table, fact, TASK__DELETED);
        break;
    }
    fact->place = (struct task__place){0};
}

/* The database holds it: let the table say so. */
static void apply(struct task_queue *q, const struct task__end *ends, size_t n_ends, uint64_t floor)
{
    bool dropped = false;
    size_t i;

    mutex_lock(&q->lock);
    for (i = 0; i < n_ends; i++)
        end_fact(q, &ends[i]);
    if (floor > q->floor)
        q->floor = floor;
    if (q->table.n_status[TASK__DELETED] > 0)
        for (i = 0; i < q->table.n && q->table.facts[i].uid < q->floor; i++)
            if (q->table.facts[i].status == TASK__DELETED)
                dropped = q->table.facts[i].drop = true;
    if (dropped)
        task__table_sweep(&q->table);
    mutex_unlock(&q->lock);
}

enum rc task__commit(struct task_queue *q, struct store_batch *batch, const struct task__end *ends,
                     size_t n_ends, struct err *err)
{
    struct task__meta meta;
    enum rc rc = RC_OK;
    size_t i;
    int e;

    for (i = 0; rc == RC_OK && i < n_ends; i++)
        if (ends[i].fate == TASK__ENDS)
            rc = task__put_ended(batch, ends[i].task, err);
    if (rc != RC_OK)
        return rc;
    mutex_lock(&q->commit_lock);
    prepare(q, batch, ends, n_ends, &meta);
    e = FAULT(TASK_BEFORE_COMMIT);
    rc = e ? err_set_sys(err, e, "before the commit") : store_commit(q->opts.store, batch, err);
    if (rc == RC_OK) {
        e = FAULT(TASK_AFTER_COMMIT);
        if (e)
            rc = err_set_sys(err, e, "after the commit");
    }
    if (rc == RC_OK)
        apply(q, ends, n_ends, meta.floor);
    else
        unmark(q, ends, n_ends);
    mutex_unlock(&q->commit_lock);
    return rc;
}

bool task__pause_closing(struct task_queue *q, int64_t ns)
{
    int64_t until = clock_mono_ns() + ns;
    bool closing;

    mutex_lock(&q->lock);
    while (!q->closing && cond_wait_until(&q->writer_wake, &q->lock, until))
        ;
    closing = q->closing;
    mutex_unlock(&q->lock);
    return closing;
}

/* Does the database, as it is now, hold this end? And the floor it says. */
static enum rc look_up(struct task_queue *q, const struct task__end *end, bool *ret_there,
                       uint64_t *ret_floor, struct err *err)
{
    struct store_view *view = NULL;
    struct task__meta meta = {0};
    uint8_t key[TASK__KEY_SIZE];
    struct bytes value = {0};
    enum rc rc;

    rc = store_view_open(q->opts.store, &view, err);
    if (rc == RC_OK)
        rc = task__get_meta(view, &meta, err);
    if (rc == RC_OK) {
        rc = store_view_get(view, task_key(key, end->uid), &value, err);
        if (rc == RC_OK || rc == RC_NOT_FOUND) {
            *ret_there = rc == RC_OK;
            *ret_floor = meta.floor;
            rc = RC_OK;
        }
    }
    store_view_close(view);
    return rc;
}

/* An end that tells whether the commit is there: a task of ours that was unfinished before. */
static const struct task__end *telling(struct task_queue *q, const struct task__end *ends,
                                       size_t n_ends)
{
    const struct task__end *found = NULL;
    size_t i;

    mutex_lock(&q->lock);
    for (i = 0; !found && i < n_ends; i++)
        if (ends[i].fate == TASK__ENDS && task__fact_unfinished(fact_of(q, &ends[i])))
            found = &ends[i];
    mutex_unlock(&q->lock);
    ASSERT(found); /* each commit ends at least the task it was made for */
    return found;
}

enum rc task__settle(struct task_queue *q, const struct task__end *ends, size_t n_ends, bool reload,
                     bool *ret_there, struct err *err)
{
    const struct task__end *end = telling(q, ends, n_ends);
    int64_t pause = 10 * NS_PER_MS;
    uint64_t floor = 0;
    enum rc rc;

    for (;;) {
        rc = store_settle(q->opts.store, err);
        if (rc == RC_OK && reload)
            rc = catalog_reload(q->opts.catalog, err);
        if (rc == RC_OK)
            rc = look_up(q, end, ret_there, &floor, err);
        if (rc == RC_OK)
            break;
        log_event(LOG_ERROR, "task", "cannot read the database after a failed commit", "rc=%s",
                  rc_name(rc));
        if (!reload)
            return rc;
        if (task__pause_closing(q, pause))
            return RC_CANCELLED;
        pause = pause < NS_PER_S ? 2 * pause : NS_PER_S;
    }
    if (*ret_there) {
        mutex_lock(&q->commit_lock);
        apply(q, ends, n_ends, floor);
        mutex_unlock(&q->commit_lock);
    }
    return RC_OK;
}

void task__clean(struct task_queue *q, const struct task__end *ends, size_t n_ends)
{
    uint64_t floor;
    size_t i;

    for (i = 0; i < n_ends; i++) {
        char name[TASK__SPOOL_NAME];

        if (!ends[i].has_spool)
            continue;
        task__spool_name(name, ends[i].spool);
        task__remove_file(q->dir, name); /* else the next start's sweep does */
    }
    mutex_lock(&q->lock);
    floor = q->floor;
    mutex_unlock(&q->lock);
    task__log_drop_ended(q->log, floor);
}
