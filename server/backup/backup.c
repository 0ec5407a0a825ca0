/* SPDX-License-Identifier: MIT */
/*
 * backup.c -- the dump manager: who may begin, what became of it, who is told.
 *
 * (1) `busy` is set before anything else is done and cleared in one step with the
 *     final status: there is never a second dump, nor a queue of them.
 * (2) A dump's thread is joined by the next dump, or by closing.
 * (3) Statuses are memory only, and bounded; the oldest is forgotten first.
 */
#include "backup/backup_int.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/mem.h"
#include "task/task.h"

#include <stdio.h>

enum { STATUSES_MAX = 1024 };

#define TELL_NS (150 * NS_PER_MS)
#define TIMEOUT_NS (60 * NS_PER_S)

struct backup_watch {
    struct backup *b;
    struct backup_watch *next;
    struct backup_watch **at; /* what points to this one */
    char uid[DUMP_UID_MAX];
    backup_watch_fn *fn;
    void *arg;
};

void backup__file_name(char dst[BACKUP__FILE_NAME], const char *uid)
{
    (void)snprintf(dst, BACKUP__FILE_NAME, "%s.dump", uid);
}

/* YYYYMMDD-HHMMSSmmm: 18 bytes, so it can never be a path. */
static bool is_uid(const char *s)
{
    return strlen(s) == 18 && strspn(s, "0123456789") == 8 && s[8] == '-' &&
           strspn(s + 9, "0123456789") == 9;
}

/* ---- opening ------------------------------------------------------------------------- */

enum rc backup_open(const struct backup_opts *opts, struct backup **ret_backup, struct err *err)
{
    struct backup *b;
    struct fs_dir *dir = NULL;
    enum rc rc;

    rc = fs_dir_open(opts->dumps_dir, true, &dir, err);
    if (rc == RC_OK)
        rc = fs_draft_sweep(dir, err);
    if (rc == RC_OK) /* a dump may have got its name just before a kill: visible is durable */
        rc = fs_dir_sync(dir, err);
    if (rc != RC_OK) {
        fs_dir_close(dir);
        return rc;
    }
    b = xcalloc(1, sizeof *b);
    b->opts = *opts;
    b->opts.dumps_dir = b->dumps_dir = xstrdup(opts->dumps_dir);
    b->opts.instance_uid = b->instance_uid = xstrdup(opts->instance_uid);
    if (b->opts.barrier_timeout_ns == 0)
        b->opts.barrier_timeout_ns = TIMEOUT_NS;
    b->dir = dir;
    mutex_init(&b->lock);
    mutex_init(&b->watch_lock);
    cond_init(&b->changed);
    *ret_backup = b;
    return RC_OK;
}

void backup_close(struct backup *b)
{
    if (!b)
        return;
    atomic_store(&b->stop, true);
    mutex_lock(&b->lock);
    b->closing = true;
    cond_broadcast(&b->changed);
    mutex_unlock(&b->lock);
    if (b->joinable)
        thread_join(&b->thread);
    ASSERT(!b->busy && !b->watches);
    fs_dir_close(b->dir);
    cond_done(&b->changed);
    mutex_done(&b->watch_lock);
    mutex_done(&b->lock);
    xfree(b->statuses);
    xfree(b->dumps_dir);
    xfree(b->instance_uid);
    xfree(b);
}

enum rc backup__dir(struct backup *b, struct fs_dir **ret_dir, struct err *err)
{
    struct fs_dir *dir = NULL, *old;
    enum rc rc;

    if (!fs_dir_still_there(b->dir)) {
        rc = fs_dir_open(b->dumps_dir, true, &dir, err);
        if (rc != RC_OK)
            return rc;
        mutex_lock(&b->lock);
        old = b->dir;
        b->dir = dir;
        mutex_unlock(&b->lock);
        fs_dir_close(old);
    }
    *ret_dir = b->dir;
    return RC_OK;
}

/* ---- statuses; under the lock ------------------------------------------------------------------
 */

static struct backup_status *find(struct backup *b, const char *uid)
{
    size_t i;

    for (i = b->n_statuses; i > 0; i--)
        if (strcmp(b->statuses[i - 1].uid, uid) == 0)
            return &b->statuses[i - 1];
    return NULL;
}

static struct backup_status *add_status(struct backup *b)
{
    if (b->n_statuses == STATUSES_MAX) {
        memmove(b->statuses, b->statuses + 1, (STATUSES_MAX - 1) * sizeof *b->statuses);
        b->n_statuses--;
    }
    if (b->n_statuses == b->cap_statuses) {
        b->cap_statuses = b->cap_statuses ? 2 * b->cap_statuses : 8;
        b->statuses = xrealloc(b->statuses, b->cap_statuses * sizeof *b->statuses);
    }
    b->statuses[b->n_statuses] = (struct backup_status){0};
    return &b->statuses[b->n_statuses++];
}

static struct backup_status fill(struct backup *b, const struct backup_status *status)
{
    struct backup_status s = *status;

    if (s.state == BACKUP_IN_PROGRESS) {
        s.documents = atomic_load(&b->progress.documents);
        s.total_documents = atomic_load(&b->total_documents);
        s.written_bytes = atomic_load(&b->progress.bytes);
        s.verified_bytes = atomic_load(&b->progress.verified);
    }
    return s;
}

static enum rc not_found(const char *uid, struct err *err)
{
    return err_set(err, RC_NOT_FOUND, "dump_not_found", "Dump `%s` not found.", uid);
}

enum rc backup_status(struct backup *b, const char *uid, struct backup_status *ret_status,
                      struct err *err)
{
    const struct backup_status *status;

    mutex_lock(&b->lock);
    status = find(b, uid);
    if (status)
        *ret_status = fill(b, status);
    mutex_unlock(&b->lock);
    return status ? RC_OK : not_found(uid, err);
}

/* ---- beginning ----------------------------------------------------------------------- */

/* The first free millisecond from now on: neither a status nor a file has its uid. */
static int64_t choose_uid(struct backup *b, struct fs_dir *dir, char uid[DUMP_UID_MAX])
{
    int64_t ns = clock_wall_ns();
    char file[BACKUP__FILE_NAME];
    bool taken;

    for (;; ns += NS_PER_MS) {
        (void)clock_format_uid(uid, ns);
        backup__file_name(file, uid);
        mutex_lock(&b->lock);
        taken = find(b, uid) != NULL;
        mutex_unlock(&b->lock);
        if (!taken && !fs_exists(dir, file))
            return ns;
    }
}

static enum rc begin(struct backup *b, struct backup_status *ret_status, struct err *err)
{
    struct backup_status s = {.state = BACKUP_IN_PROGRESS};
    struct fs_dir *dir = NULL;
    enum rc rc;

    rc = backup__dir(b, &dir, err);
    if (rc != RC_OK)
        return rc;
    s.started_ns = choose_uid(b, dir, s.uid);
    rc = task_dump_begin(b->opts.tasks, s.uid, &s.task_uid, &s.enqueued_ns, err);
    if (rc != RC_OK)
        return rc;
    atomic_store(&b->progress.documents, 0);
    atomic_store(&b->progress.bytes, 0);
    atomic_store(&b->progress.verified, 0);
    atomic_store(&b->total_documents, 0);
    mutex_lock(&b->lock);
    *add_status(b) = s;
    b->joinable = true;
    mutex_unlock(&b->lock);
    *ret_status = s;
    return RC_OK;
}

enum rc backup_create(struct backup *b, int recompress_level, struct backup_status *ret_status,
                      struct err *err)
{
    bool refused, closing, join;
    enum rc rc;

    _Static_assert(sizeof(b->statuses->uid) >= CLOCK_UID_MAX, "a dump's uid is a time");
    mutex_lock(&b->lock);
    closing = b->closing;
    refused = b->busy || closing;
    join = !refused && b->joinable;
    if (!refused) {
        b->busy = true;
        b->joinable = false;
    }
    mutex_unlock(&b->lock);
    if (closing)
        return err_set(err, RC_BUSY, NULL, "the server is shutting down");
    if (refused)
        return err_set(err, RC_EXISTS, "dump_already_processing",
                       "A dump is already processing. You must wait until the current process is "
                       "finished before requesting another dump.");
    if (join)
        thread_join(&b->thread);
    b->recompress_level = recompress_level;
    rc = begin(b, ret_status, err);
    if (rc != RC_OK) {
        mutex_lock(&b->lock);
        b->busy = false;
        mutex_unlock(&b->lock);
        return rc;
    }
    thread_start(&b->thread, "dump", backup__run, b);
    return RC_OK;
}

/* ---- watching ------------------------------------------------------------------------ */

void backup__tell(struct backup *b, const struct backup_status *final)
{
    int64_t now = clock_mono_ns();
    struct backup_status status;
    struct backup_watch *w;

    if (!final && now - b->told_ns < TELL_NS)
        return;
    b->told_ns = now;
    mutex_lock(&b->watch_lock);
    if (final) {
        status = *final;
    } else {
        mutex_lock(&b->lock);
        status = fill(b, &b->statuses[b->n_statuses - 1]);
        mutex_unlock(&b->lock);
    }
    for (w = b->watches; w; w = w->next)
        if (strcmp(w->uid, status.uid) == 0)
            w->fn(w->arg, &status);
    mutex_unlock(&b->watch_lock);
}

enum rc backup_watch_new(struct backup *b, const char *uid, backup_watch_fn *fn, void *arg,
                         struct backup_watch **ret_watch, struct err *err)
{
    struct backup_status status;
    struct backup_watch *w;
    enum rc rc;

    mutex_lock(
        &b->watch_lock); /* so that the first call and those of the thread keep their order */
    rc = backup_status(b, uid, &status, err);
    if (rc == RC_OK) {
        w = xcalloc(1, sizeof *w);
        w->b = b;
        w->fn = fn;
        w->arg = arg;
        memcpy(w->uid, status.uid, sizeof w->uid);
        w->at = &b->watches;
        w->next = b->watches;
        if (w->next)
            w->next->at = &w->next;
        b->watches = w;
        *ret_watch = w;
        fn(arg, &status);
    }
    mutex_unlock(&b->watch_lock);
    return rc;
}

void backup_watch_free(struct backup_watch *w)
{
    struct backup *b;

    if (!w)
        return;
    b = w->b;
    mutex_lock(&b->watch_lock);
    *w->at = w->next;
    if (w->next)
        w->next->at = w->at;
    mutex_unlock(&b->watch_lock);
    xfree(w);
}

/* ---- files --------------------------------------------------------------------------- */

enum rc backup_open_file(struct backup *b, const char *uid, int *ret_fd, uint64_t *ret_bytes,
                         struct err *err)
{
    struct fs_dir *dir = NULL;
    char file[BACKUP__FILE_NAME];
    int fd = -1;
    enum rc rc;

    if (!is_uid(uid))
        return not_found(uid, err);
    backup__file_name(file, uid);
    rc = fs_dir_open(b->dumps_dir, false, &dir, err); /* our own: the dump thread may swap b->dir */
    if (rc == RC_OK)
        rc = fs_open_read(dir, file, &fd, err);
    fs_dir_close(dir);
    if (rc == RC_NOT_FOUND)
        return not_found(uid, err);
    if (rc == RC_OK)
        rc = fs_size(fd, ret_bytes, err);
    if (rc == RC_OK)
        *ret_fd = fd;
    else
        fs_close(fd);
    return rc;
}
