/* SPDX-License-Identifier: MIT */
/*
 * backup_int.h -- what the files of the backup room share.
 *
 *   backup.c       the manager: one dump at a time, statuses, watches, files
 *   backup_run.c   one dump, from the barrier up to its name
 *   import.c       a database made from a dump; import_pipe.c: its two threads
 */
#pragma once

#include "backup/backup.h"
#include "base/thread.h"
#include "dump/dump.h"

#include <stdatomic.h>

struct backup {
    struct backup_opts opts; /* strings owned: the two below */
    char *dumps_dir;         /* owned */
    char *instance_uid;      /* owned */

    struct mutex lock;              /* guards all up to `dir` */
    struct cond changed;            /* closing */
    struct backup_status *statuses; /* owned, oldest first */
    size_t n_statuses, cap_statuses;
    bool busy;     /* a dump is being begun or running: its status is the last one */
    bool joinable; /* the thread of the last one is not joined yet */
    bool closing;
    struct fs_dir *dir; /* owned; opened again when it has been removed */

    struct thread thread;
    atomic_bool stop;
    struct dump_progress progress; /* of the running one */
    atomic_uint_fast64_t total_documents;
    int recompress_level;

    struct mutex watch_lock; /* held while callbacks run; taken before `lock` */
    struct backup_watch *watches;
    int64_t told_ns; /* the dump thread's */
};

/* One dump. Runs on its own thread; arg: the manager. */
void backup__run(void *arg);

/* Tells watchers of progress, at most some times a second; or of an end: `final`. */
void backup__tell(struct backup *b, const struct backup_status *final);

enum { BACKUP__FILE_NAME = DUMP_UID_MAX + 8 };
void backup__file_name(char dst[BACKUP__FILE_NAME], const char *uid);
/* The dumps directory, made again if somebody has removed it. Borrowed until the next call. */
enum rc backup__dir(struct backup *b, struct fs_dir **ret_dir, struct err *err) MUST_CHECK;

/* ---- import_pipe.c ------------------------------------------------------------------- */

struct loader;
struct import__pipe;

/*
 * Pieces of indexes on their way from the thread that reads and decodes to the
 * one that loads. At most some MiB wait. After the loading thread has failed,
 * each push fails with RC_CANCELLED, and import__pipe_end() has the reason.
 */
struct import__pipe *import__pipe_new(struct loader *loader);
enum rc import__pipe_index(struct import__pipe *p, const Lode__Dump__V1__Index *index,
                           struct bytes settings, struct err *err) MUST_CHECK;
enum rc import__pipe_block(struct import__pipe *p, struct bytes frame, struct bytes content,
                           struct err *err) MUST_CHECK;
enum rc import__pipe_index_end(struct import__pipe *p, struct err *err) MUST_CHECK;
/* Waits until all is loaded, and frees the pipe. abandon: without loading what waits. */
enum rc import__pipe_end(struct import__pipe *p, bool abandon, struct err *err) MUST_CHECK;
