/* SPDX-License-Identifier: MIT */
/*
 * task_import.c -- tasks of a dump into a new database that nobody serves yet.
 *
 * Ended tasks go into the store, unfinished ones into a new log with their
 * payloads, so that the queue simply opens on what it finds. Nothing is synced
 * here: who builds the directory syncs all of it before it gets its name.
 *
 * A dump comes from outside, even with right checksums: uids must rise, numbers
 * must be known ones, names must be names, and counts must be what was counted.
 */
#include "base/mem.h"
#include "index/index.h"
#include "pb/pb.h"
#include "task/task_log_int.h"

enum { COMMIT_BYTES = 4 << 20 };

struct task_import {
    struct fs_dir *dir; /* queue/, owned */
    struct store *store;
    struct store_batch *batch;
    uint64_t uid_end, batch_end;
    struct task__log *log; /* owned */
    uint64_t floor;        /* of the first unfinished one; UINT64_MAX: none so far */

    /* The unfinished task in hand. */
    struct arena *arena;
    task_record *waiting; /* in the arena; NULL: none */
    struct buf held;      /* its payload so far, or what is not spooled yet */
    uint64_t n_documents;
    int spool_fd; /* owned */
    uint64_t next_spool;
    char spool[TASK__SPOOL_NAME];
};

static enum rc no_entry(void *arg, const task_record *task, struct task__place place,
                        struct err *err)
{
    (void)arg;
    (void)task;
    (void)place;
    return err_set(err, RC_EXISTS, NULL, "the new queue is not empty");
}

enum rc task_import_open(struct fs_dir *dir, struct store *store, struct task_import **ret,
                         struct err *err)
{
    struct task_import *t = xcalloc(1, sizeof *t);
    enum rc rc;

    t->store = store;
    t->spool_fd = -1;
    t->floor = UINT64_MAX;
    t->arena = task__record_arena();
    t->batch = store_batch_new();
    buf_init(&t->held, BUF_NO_LIMIT); /* one frame more than TASK__INLINE_MAX */
    rc = task__queue_dir(dir, &t->dir, err);
    if (rc == RC_OK)
        rc = task__log_open(t->dir, no_entry, NULL, &t->log, err);
    if (rc != RC_OK) {
        task_import_close(t);
        return rc;
    }
    t->log->bulk = true;
    *ret = t;
    return RC_OK;
}

void task_import_close(struct task_import *t)
{
    if (!t)
        return;
    fs_close(t->spool_fd);
    task__log_close(t->log);
    store_batch_free(t->batch);
    fs_dir_close(t->dir);
    buf_done(&t->held);
    arena_free(t->arena);
    xfree(t);
}

/* ---- checking -----------------------------------------------------------------------------------
 */

static enum rc bad(const task_record *task, const char *what, struct err *err)
{
    return err_set(err, RC_CORRUPT, NULL, "task %llu of the dump %s", (unsigned long long)task->uid,
                   what);
}

static enum rc check_name(const task_record *task, const char *name, struct err *err)
{
    if (*name && index_uid_check(bytes_str(name), NULL) != RC_OK)
        return bad(task, "names an index that cannot be", err);
    return RC_OK;
}

static bool known_type(uint32_t type)
{
    return type == TASK_DOCUMENT_ADDITION ||
           (type >= TASK_DOCUMENT_DELETION && type <= TASK__LAST_TYPE);
}

static bool is_for_one_index(uint32_t type)
{
    return type <= TASK_INDEX_UPDATE;
}

static enum rc check(const struct task_import *t, const task_record *task, struct err *err)
{
    enum rc rc;
    size_t i;

    if (task->uid < t->uid_end || task->uid == UINT64_MAX)
        return bad(task, "is out of order", err);
    if (!known_type(task->type))
        return bad(task, "is of a type that this server does not know", err);
    if (task->status < TASK_ENQUEUED || task->status > TASK_CANCELED)
        return bad(task, "has a status that this server does not know", err);
    if (is_for_one_index(task->type) != (task->index_uid[0] != '\0'))
        return bad(task, "should name an index, or should not", err);
    if (task->n_swap_a != task->n_swap_b)
        return bad(task, "swaps something with nothing", err);
    rc = check_name(task, task->index_uid, err);
    if (rc == RC_OK)
        rc = check_name(task, task->new_uid, err);
    for (i = 0; rc == RC_OK && i < task->n_swap_a; i++) {
        rc = check_name(task, task->swap_a[i], err);
        if (rc == RC_OK)
            rc = check_name(task, task->swap_b[i], err);
    }
    return rc;
}

/* A queued change of settings is carried out later, when nobody can refuse it any more. */
static enum rc check_settings(const task_record *task, struct err *err)
{
    if (task->type != TASK_SETTINGS_UPDATE)
        return RC_OK;
    if (settings_check(bytes_of(task->settings_change.data, task->settings_change.len), false,
                       NULL) != RC_OK)
        return bad(task, "asks for settings that cannot be", err);
    return RC_OK;
}

/* ---- unfinished ones ----------------------------------------------------------------- */

static enum rc spool_out(struct task_import *t, struct err *err)
{
    enum rc rc = RC_OK;

    if (t->spool_fd < 0) {
        task__spool_name(t->spool, t->next_spool++);
        rc = fs_open_new(t->dir, t->spool, &t->spool_fd, err);
    }
    if (rc == RC_OK)
        rc = fs_write(t->spool_fd, buf_view(&t->held), err);
    buf_clear(&t->held);
    return rc;
}

/* Puts the task in hand into the log, now that its payload is complete. */
static enum rc write_waiting(struct task_import *t, struct err *err)
{
    task_record *task = t->waiting;
    struct task__place place;
    struct buf wire;
    bool certain;
    enum rc rc;

    if (!task)
        return RC_OK;
    if (task->type == TASK_DOCUMENT_ADDITION && t->n_documents != task->received_documents)
        return bad(task, "does not have the documents that it says", err);
    if (t->spool_fd >= 0) {
        rc = spool_out(t, err);
        if (rc == RC_OK)
            rc = fs_close_checked(t->spool_fd, err);
        t->spool_fd = -1;
        if (rc != RC_OK)
            return rc;
        task->spool = t->spool;
    } else {
        task->payload = (ProtobufCBinaryData){t->held.n, t->held.p};
    }
    buf_init(&wire, TASK__RECORD_MAX);
    rc = pb_pack(&task->base, &wire, err);
    if (rc == RC_OK)
        rc = task__log_begin(t->log, task->uid, 0, err);
    if (rc == RC_OK) {
        task__log_put(t->log, task->uid, buf_view(&wire), (struct bytes){0}, &place);
        rc = task__log_commit(t->log, &certain, err);
    }
    buf_done(&wire);
    buf_clear(&t->held);
    t->waiting = NULL;
    return rc;
}

static enum rc take_waiting(struct task_import *t, const task_record *task, struct err *err)
{
    enum rc rc = check_settings(task, err);

    if (rc != RC_OK)
        return rc;
    arena_reset(t->arena);
    rc = task__copy(t->arena, task, &t->waiting, err);
    if (rc != RC_OK)
        return rc;
    t->waiting->status = TASK_ENQUEUED;
    t->waiting->has_batch = t->waiting->was_canceled = false;
    t->waiting->started_unix_ns = t->waiting->finished_unix_ns = 0;
    t->waiting->spool = task__borrow(protobuf_c_empty_string);
    t->n_documents = 0;
    if (t->floor == UINT64_MAX)
        t->floor = task->uid;
    return RC_OK;
}

/* ---- the door ------------------------------------------------------------------------ */

static enum rc commit(struct task_import *t, struct err *err)
{
    enum rc rc = store_commit(t->store, t->batch, err);

    store_batch_clear(t->batch);
    return rc;
}

enum rc task_import_task(struct task_import *t, const task_record *task, struct err *err)
{
    enum rc rc = write_waiting(t, err);

    if (rc == RC_OK)
        rc = check(t, task, err);
    if (rc != RC_OK)
        return rc;
    t->uid_end = task->uid + 1;
    if (task->has_batch && task->batch_uid < UINT64_MAX && task->batch_uid >= t->batch_end)
        t->batch_end = task->batch_uid + 1;
    if (task->status == TASK_ENQUEUED || task->status == TASK_PROCESSING)
        return take_waiting(t, task, err);
    rc = task__put_ended(t->batch, task, err);
    if (rc == RC_OK && store_batch_bytes(t->batch) >= COMMIT_BYTES)
        rc = commit(t, err);
    return rc;
}

enum rc task_import_payload(struct task_import *t, struct bytes frame, uint32_t n_documents,
                            struct err *err)
{
    if (!t->waiting || t->waiting->type != TASK_DOCUMENT_ADDITION)
        return err_set(err, RC_CORRUPT, NULL,
                       "the dump has documents of a queued task where there is none");
    task__piece_head(&t->held, frame.n, n_documents);
    (void)buf_bytes(&t->held, frame);
    t->n_documents += n_documents;
    if (t->spool_fd >= 0 || t->held.n > TASK__INLINE_MAX)
        return spool_out(t, err);
    return RC_OK;
}

enum rc task_import_end(struct task_import *t, uint64_t next_task_uid, uint64_t next_batch_uid,
                        struct err *err)
{
    struct task__meta meta;
    enum rc rc = write_waiting(t, err);

    if (rc != RC_OK)
        return rc;
    if (next_task_uid < t->uid_end || next_batch_uid < t->batch_end)
        return err_set(err, RC_CORRUPT, NULL,
                       "the dump says that task %llu and batch %llu come next, but holds higher "
                       "ones",
                       (unsigned long long)next_task_uid, (unsigned long long)next_batch_uid);
    meta = (struct task__meta){next_task_uid, next_batch_uid,
                               t->floor < next_task_uid ? t->floor : next_task_uid};
    task__put_meta(t->batch, &meta);
    return commit(t, err);
}
