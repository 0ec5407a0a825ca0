/* SPDX-License-Identifier: MIT */
/*
 * task.h -- the durable queue of changes, and the one writer that applies them.
 *
 * The queue is an ordered log of its own beside the database (so that what
 * clients send while a dump holds the barrier is accepted without writing to
 * the database): append, read from an offset, mark applied. Tasks of one batch
 * are applied in one commit together with their new status, kept in the
 * database. A task is in the log from its acceptance until its end is
 * committed; uids rise from 0 and are never used twice.
 *
 * Ownership  task_queue_open() .. task_queue_close().
 * Threads    Any, except where said. Callbacks run on the queue's own threads
 *            and must not block.
 * Errors     Words are the public ones. An append that failed on the disk is
 *            RC_IO: outcome unknown.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "record/record.h"

struct barrier;
struct catalog;
struct fs_dir;
struct pool;
struct store;
struct store_batch;
struct task_queue;

typedef Lode__Dump__V1__Task task_record; /* how a task is stored, and dumped */

/* lode.v1.TaskStatus and TaskType by number; api's test compares. */
enum task_status {
    TASK_ENQUEUED = 1,
    TASK_PROCESSING = 2,
    TASK_SUCCEEDED = 3,
    TASK_FAILED = 4,
    TASK_CANCELED = 5,
};

enum task_type {
    TASK_DOCUMENT_ADDITION = 1,
    TASK_DOCUMENT_DELETION = 3,
    TASK_SETTINGS_UPDATE = 4,
    TASK_INDEX_CREATION = 5,
    TASK_INDEX_DELETION = 6,
    TASK_INDEX_UPDATE = 7,
    TASK_INDEX_SWAP = 8,
    TASK_TASK_CANCELATION = 9,
    TASK_TASK_DELETION = 10,
    TASK_DUMP_CREATION = 11,
};

struct task_queue_opts {
    struct store *store;
    struct catalog *catalog;
    struct barrier *barrier;
    struct fs_dir *dir; /* the db-path directory: "queue/" below it holds log and spool */
    struct pool *pool;  /* may be NULL; unused so far: decoding is a small part of applying */
    size_t max_queued;  /* unfinished tasks; 0: 1,000,000; beyond RC_NO_SPACE,
                           no_space_left_on_device */
    size_t max_ended; /* ended tasks kept; 0: 1,000,000; beyond, the oldest go with later commits */
    size_t batch_bytes;  /* payload bytes merged into one batch; 0: 64 MiB */
    uint64_t free_floor; /* below this many free bytes only what makes room is taken; 0: none */
};

/* Opens and recovers: unfinished tasks are queued again, unnamed spool files are swept. */
enum rc task_queue_open(const struct task_queue_opts *opts, struct task_queue **ret_queue,
                        struct err *err) MUST_CHECK;
/* Starts the writer thread (import and tests may look first). */
void task_queue_start(struct task_queue *q);
/* Ends after the running batch; queued tasks stay in the log. */
void task_queue_close(struct task_queue *q);

/* ---- payloads of document additions ---------------------------------------------------- */

/*
 * Takes a payload as it arrives, in any pieces: checks its syntax, counts its
 * documents and keeps them as frames, in memory while small, else in a spool
 * file. One thread at a time; blocking work, not for the loop.
 */
enum payload_format { PAYLOAD_JSON, PAYLOAD_NDJSON, PAYLOAD_CSV };
struct payload;
struct payload *payload_new(struct task_queue *q, enum payload_format format, char csv_delimiter,
                            size_t max_bytes);
enum rc payload_feed(struct payload *p, struct bytes piece, struct err *err) MUST_CHECK;
/* Errors: malformed_payload, missing_payload, payload_too_large with the public texts. */
enum rc payload_end(struct payload *p, uint64_t *ret_documents, struct err *err) MUST_CHECK;
void payload_free(struct payload *p); /* drops the spool file unless submitted; NULL is fine */

/* ---- appending ------------------------------------------------------------------------- */

/*
 * rc RC_OK: durable, *task is a record with uid, type, status, times, index_uid,
 * dump_uid and metadata; borrowed for the call.
 */
typedef void task_accepted_fn(void *arg, enum rc rc, const task_record *task,
                              const struct err *err);
/*
 * Appends a task (type, index_uid and what was asked; uid, status and times are
 * set here). Group commit: returns at once, done comes from the log thread when
 * the record is durable. payload: finished, or NULL; the queue takes it.
 *
 * What cancelations and deletions of tasks match is settled here. Records of
 * ended tasks keep neither payload nor ids nor that list; received_documents says
 * how many documents, or ids to delete, there were; payload_bytes counts JSON.
 */
void task_submit(struct task_queue *q, const task_record *task, struct payload *payload,
                 task_accepted_fn *done, void *arg);
/* The same, waiting (tests, import of queued tasks). */
enum rc task_submit_wait(struct task_queue *q, const task_record *task, struct payload *payload,
                         uint64_t *ret_uid, struct err *err) MUST_CHECK;

/* ---- looking ----------------------------------------------------------------------------- */

struct task_progress {
    uint64_t documents, total_documents;
    uint64_t bytes, total_bytes;
    uint64_t indexed, total_to_index; /* made anew, as a change of settings wants */
};

/* A task as it is now, in the arena. RC_NOT_FOUND, task_not_found. *ret_progress only while
 * processing. */
enum rc task_get(struct task_queue *q, uint64_t uid, struct arena *arena, task_record **ret_task,
                 struct task_progress *ret_progress, struct err *err) MUST_CHECK;

/* How far the batch of this task is; false: the writer is not at work on it. */
bool task_running(struct task_queue *q, uint64_t uid, struct task_progress *ret_progress);

/* An index uid in a filter that ends in '*' stands for all that begin so. */
struct task_list_opts {
    const Lode__Dump__V1__TaskFilter *filter; /* NULL: all */
    uint32_t limit;
    bool has_from;
    uint64_t from;
    bool reverse;
};
struct task_list {
    task_record **tasks; /* in the arena, payloads left out */
    size_t n_tasks;
    uint64_t total; /* matches, whatever limit and from */
    bool has_next;
    uint64_t next;
};
enum rc task_list(struct task_queue *q, const struct task_list_opts *opts, struct arena *arena,
                  struct task_list *ret_list, struct err *err) MUST_CHECK;
/* The same, by batch: fills tasks with those of up to limit batches, whole; next is a batch uid. */
enum rc task_list_batches(struct task_queue *q, const struct task_list_opts *opts,
                          struct arena *arena, struct task_list *ret_list,
                          struct err *err) MUST_CHECK;
bool task_index_busy(struct task_queue *q,
                     const char *index_uid); /* one of its tasks is processing */

/* Called (log or writer thread) at every change of state or progress; returns a handle. */
typedef void task_watch_fn(void *arg, uint64_t task_uid);
struct task_watch *task_watch_new(struct task_queue *q, uint64_t uid, task_watch_fn *fn, void *arg);
/* After it returned fn is not running and not called any more. */
void task_watch_free(struct task_watch *w);

/* ---- for dumps (the dump thread, with the barrier up) -------------------------------- */

/*
 * A dump is a task that the writer does not run: it is appended, marked
 * processing at once, and ended by task_dump_end(), which commits its record
 * (and, since the dump thread holds the barrier, does not wait for it).
 */
enum rc task_dump_begin(struct task_queue *q, const char *dump_uid, uint64_t *ret_uid,
                        int64_t *ret_enqueued_ns, struct err *err) MUST_CHECK;
enum rc task_dump_end(struct task_queue *q, uint64_t uid, const struct err *failure /* NULL: ok */,
                      uint64_t barrier_wait_ns, uint64_t barrier_held_ns,
                      struct err *err) MUST_CHECK;
/* The end could not be committed: the dump has failed, and the writer says so when it can. */
void task_dump_leave(struct task_queue *q, uint64_t uid);

/*
 * Where a dump cuts the queue, with the barrier up: it holds every finished task of
 * the view and every unfinished one below next_task_uid, in uid order, except
 * `self`. payload frames follow their task.
 */
struct catalog_view;
struct task_cut {
    uint64_t self; /* the dump's own task */
    uint64_t next_task_uid, next_batch_uid;
    bool has_filtered_deletion; /* one that is unfinished */
};
void task_cut_now(struct task_queue *q, uint64_t self, struct task_cut *ret_cut);
struct task_export {
    enum rc (*task)(void *arg, const task_record *task, struct err *err);
    enum rc (*payload)(void *arg, struct bytes frame, uint32_t n_documents, struct err *err);
    void *arg;
};
enum rc task_export_all(struct task_queue *q, struct catalog_view *view, const struct task_cut *cut,
                        const struct task_export *to, struct err *err) MUST_CHECK;

/* ---- for import ---------------------------------------------------------------------- */

/* Writes tasks and queued payloads of a dump into a new database directory that nobody serves yet.
 */
struct task_import;
enum rc task_import_open(struct fs_dir *dir, struct store *store, struct task_import **ret,
                         struct err *err) MUST_CHECK;
enum rc task_import_task(struct task_import *t, const task_record *task,
                         struct err *err) MUST_CHECK;
enum rc task_import_payload(struct task_import *t, struct bytes frame, uint32_t n_documents,
                            struct err *err) MUST_CHECK;
enum rc task_import_end(struct task_import *t, uint64_t next_task_uid, uint64_t next_batch_uid,
                        struct err *err) MUST_CHECK;
void task_import_close(struct task_import *t);
