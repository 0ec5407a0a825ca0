/* SPDX-License-Identifier: MIT */
/*
 * backup.h -- the dump manager: the whole server out to one file, and back in.
 *
 * One dump at a time, on a thread of its own: raise the barrier, freeze a view,
 * stream it, decode what was written, name the file, commit the task, lower
 * the barrier, say `done`. Status lives in memory only.
 *
 * Ownership  backup_open() .. backup_close() (cancels a running dump, which
 *            leaves nothing behind but its status).
 * Threads    Any. Watch callbacks run on the dump thread and must not block.
 * Errors     RC_EXISTS dump_already_processing; RC_NOT_FOUND dump_not_found.
 */
#pragma once

#include "base/err.h"
#include "base/fs.h"

struct backup;
struct catalog;
struct barrier;
struct features;
struct task_queue;
struct pool;

enum { DUMP_UID_MAX = 24 };

enum backup_state { BACKUP_IN_PROGRESS = 1, BACKUP_DONE = 2, BACKUP_FAILED = 3 };

struct backup_opts {
    struct catalog *catalog;
    struct task_queue *tasks;
    struct barrier *barrier;
    struct features *features;
    const char *dumps_dir; /* made when missing, at start and again at each dump */
    const char *instance_uid;
    int64_t barrier_timeout_ns; /* 0: 60 s */
    bool lower_after_read;      /* --dump-barrier=read */
};

struct backup_status {
    char uid[DUMP_UID_MAX];
    enum backup_state state;
    char error[512]; /* of a failed one */
    int64_t started_ns;
    int64_t finished_ns; /* 0 while in progress */
    uint64_t task_uid;
    int64_t enqueued_ns;
    uint64_t documents, total_documents;
    uint64_t written_bytes, verified_bytes;
    uint64_t barrier_wait_ns, barrier_held_ns;
};

/* Opens the dumps directory (made when missing) and sweeps stale drafts of this instance. */
enum rc backup_open(const struct backup_opts *opts, struct backup **ret_backup,
                    struct err *err) MUST_CHECK;
void backup_close(struct backup *b);

/* Starts a dump; *ret_status is its first status. Blocks for the task's commit: not for the loop.
 */
enum rc backup_create(struct backup *b, int recompress_level, struct backup_status *ret_status,
                      struct err *err) MUST_CHECK;
enum rc backup_status(struct backup *b, const char *uid, struct backup_status *ret_status,
                      struct err *err) MUST_CHECK;

typedef void backup_watch_fn(void *arg, const struct backup_status *status);
struct backup_watch;
/* fn is called at once, on progress (at most some times a second) and at the end. */
enum rc backup_watch_new(struct backup *b, const char *uid, backup_watch_fn *fn, void *arg,
                         struct backup_watch **ret_watch, struct err *err) MUST_CHECK;
void backup_watch_free(struct backup_watch *w);

/* Opens the finished dump `uid` (checked as a uid first, never followed as a link); fd goes to
 * fs_close(). */
enum rc backup_open_file(struct backup *b, const char *uid, int *ret_fd, uint64_t *ret_bytes,
                         struct err *err) MUST_CHECK;

/* ---- import ------------------------------------------------------------------------------ */

struct import_progress {
    uint64_t documents, total_documents;
    uint64_t bytes, total_bytes; /* of the dump */
    uint64_t indexed;            /* documents whose words and columns are made */
    bool ended;
};

struct import_opts {
    const char *dump_path;
    const char *db_path;
    bool ignore_missing_dump; /* no such file: go on without */
    bool ignore_dump_if_db_exists;
    /* Called some times a second and at the end, never twice at once; may be NULL. */
    void (*progress)(void *arg, const struct import_progress *progress);
    void *progress_arg;
};

enum import_result {
    IMPORT_DONE,
    IMPORT_SKIPPED_MISSING,   /* ignore_missing_dump */
    IMPORT_SKIPPED_DB_EXISTS, /* ignore_dump_if_db_exists */
    IMPORT_ALREADY_DONE,      /* this very dump made the database that is there */
};

/*
 * All or nothing: builds a database beside db_path while verifying, syncs it,
 * renames it into place once. On failure or kill the target is untouched.
 * RC_EXISTS: db_path holds another database. Nobody may have db_path open.
 */
enum rc import_run(const struct import_opts *opts, enum import_result *ret_result,
                   struct err *err) MUST_CHECK;

/* Removes what a killed import left beside db_path. Called at every start. */
enum rc import_sweep(const char *db_path, struct err *err) MUST_CHECK;
