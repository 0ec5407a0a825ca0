/* SPDX-License-Identifier: MIT */
/*
 * import.c -- a database made from a dump: all of it or nothing.
 *
 *   look .. build "<db-path>.importing-<random>" beside the target while the dump
 *   is verified .. ledger .. close the store .. fsync every file and directory ..
 *   one rename that never replaces .. fsync the parent
 *
 * (1) Until the rename the target is not touched, but that an empty directory in
 *     its place is removed just before. After it the database is complete.
 * (2) The ledger (which dump this database came from) is inside what is renamed,
 *     so no crash can part the two, and the same flag at the next start does
 *     nothing.
 * (3) What a walk showed counts only if the walk ended well, so nothing of a
 *     damaged dump survives, however late the damage.
 * (4) The directory that is being built is a home, and locked as one: a sweep
 *     removes only what nobody holds.
 */
#include "backup/backup_int.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rng.h"
#include "home/features.h"
#include "index/index.h"
#include "store/store.h"
#include "task/task.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define TELL_NS (200 * NS_PER_MS)

enum { SUFFIX_HEX = 16 };

static const char suffix[] = ".importing-";

/* Where the target stands. */
struct target {
    char *path;            /* owned, links resolved */
    struct fs_dir *parent; /* owned */
    char *name;            /* owned, below parent */
};

struct import {
    const struct import_opts *opts;
    struct target target;
    char *draft; /* owned: name below parent */
    struct dump_reader *reader;
    struct home *home;
    struct store *store;
    struct loader *loader;
    struct task_import *tasks;
    struct import__pipe *pipe;
    struct dump_progress progress;
    uint64_t total_documents, total_bytes;
    struct mutex telling; /* the walk and the loading thread tell */
    int64_t told_ns;
    _Atomic uint64_t indexed;
    bool has_instance, ended;
    uint64_t next_task_uid, next_batch_uid;
    feature_set features;
};

/* ---- the target --------------------------------------------------------------------------------
 */

static enum rc target_open(const char *db_path, bool make, struct target *t, struct err *err)
{
    char resolved[PATH_MAX], *slash;
    size_t n;
    enum rc rc;

    t->path = xstrdup(realpath(db_path, resolved) ? resolved : db_path);
    n = strlen(t->path);
    while (n > 1 && t->path[n - 1] == '/')
        t->path[--n] = '\0';
    slash = strrchr(t->path, '/');
    t->name = xstrdup(slash ? slash + 1 : t->path);
    if (!*t->name || strcmp(t->name, ".") == 0 || strcmp(t->name, "..") == 0)
        return err_set(err, RC_INVALID, NULL, "'%s' cannot be the path of a database", db_path);
    if (!slash)
        return fs_dir_open(".", false, &t->parent, err);
    *slash = '\0';
    rc = fs_dir_open(slash == t->path ? "/" : t->path, make, &t->parent, err);
    *slash = '/';
    return rc;
}

static void target_done(struct target *t)
{
    fs_dir_close(t->parent);
    xfree(t->path);
    xfree(t->name);
}

static char *beside(const struct target *t, const char *name)
{
    const char *dir = fs_dir_path(t->parent);
    size_t n = strlen(dir) + strlen(name) + 2;
    char *path = xmalloc(n);

    (void)snprintf(path, n, "%s/%s", dir, name);
    return path;
}

/* ---- sweeping ------------------------------------------------------------------------ */

static bool is_draft_of(const struct target *t, const char *name)
{
    size_t n = strlen(t->name);

    if (strncmp(name, t->name, n) != 0 || strncmp(name + n, suffix, strlen(suffix)) != 0)
        return false;
    name += n + strlen(suffix);
    return strlen(name) == SUFFIX_HEX && strspn(name, "0123456789abcdef") == SUFFIX_HEX;
}

/* A live import holds the lock of the home it builds. */
static bool is_live(const struct target *t, const char *name)
{
    char *path = beside(t, name);
    struct fs_dir *dir = NULL;
    bool live = false;
    int fd = -1;

    if (fs_dir_open(path, false, &dir, NULL) == RC_OK)
        live = fs_dir_lock(dir, "lock", &fd, NULL) == RC_BUSY;
    fs_close(fd);
    fs_dir_close(dir);
    xfree(path);
    return live;
}

static enum rc sweep_entry(void *arg, const char *name, struct err *err)
{
    const struct target *t = arg;

    if (!is_draft_of(t, name) || is_live(t, name))
        return RC_OK;
    log_event(LOG_INFO, "backup", "removing what a killed import left", "name=%s", name);
    return fs_remove_tree(t->parent, name, err);
}

static enum rc sweep(struct target *t, struct err *err)
{
    return fs_dir_each(t->parent, sweep_entry, t, err);
}

enum rc import_sweep(const char *db_path, struct err *err)
{
    struct target t = {0};
    enum rc rc = target_open(db_path, false, &t, err);

    if (rc == RC_NOT_FOUND) { /* no parent, no leftovers */
        rc = RC_OK;
        goto out;
    }
    if (rc == RC_OK)
        rc = sweep(&t, err);
    if (rc == RC_OK) /* a killed import may have renamed without having synced */
        rc = fs_dir_sync(t.parent, err);

out:
    target_done(&t);
    return rc;
}

/* ---- what the walk shows ------------------------------------------------------------- */

static void tell(struct import *im, bool force)
{
    struct import_progress p = {.documents = atomic_load(&im->progress.documents),
                                .total_documents = im->total_documents,
                                .bytes = atomic_load(&im->progress.bytes),
                                .total_bytes = im->total_bytes,
                                .indexed = atomic_load(&im->indexed),
                                .ended = im->ended};
    int64_t now = clock_mono_ns();

    if (!im->opts->progress)
        return;
    mutex_lock(&im->telling);
    if (force || now - im->told_ns >= TELL_NS) {
        im->told_ns = now;
        im->opts->progress(im->opts->progress_arg, &p);
    }
    mutex_unlock(&im->telling);
}

static void on_indexed(void *arg, uint64_t n_indexed)
{
    struct import *im = arg;

    atomic_store(&im->indexed, n_indexed);
    tell(im, false);
}

static enum rc on_index(void *arg, const Lode__Dump__V1__Index *index, struct bytes settings,
                        struct err *err)
{
    struct import *im = arg;

    return import__pipe_index(im->pipe, index, settings, err);
}

static enum rc on_block(void *arg, struct bytes frame, struct bytes content, uint32_t n_documents,
                        struct err *err)
{
    struct import *im = arg;

    (void)n_documents;
    tell(im, false);
    return import__pipe_block(im->pipe, frame, content, err);
}

static enum rc on_index_end(void *arg, struct err *err)
{
    struct import *im = arg;

    return import__pipe_index_end(im->pipe, err);
}

static enum rc on_task(void *arg, const Lode__Dump__V1__Task *task, struct err *err)
{
    struct import *im = arg;

    tell(im, false);
    return task_import_task(im->tasks, task, err);
}

static enum rc on_payload(void *arg, struct bytes frame, struct bytes content, uint32_t n_documents,
                          struct err *err)
{
    struct import *im = arg;

    (void)content;
    return task_import_payload(im->tasks, frame, n_documents, err);
}

static enum rc on_instance(void *arg, const Lode__Dump__V1__Instance *instance, struct err *err)
{
    struct import *im = arg;

    char quoted[128];
    size_t i;

    (void)err;
    for (i = 0; i < instance->n_features; i++) {
        enum feature f;

        if (feature_by_name(instance->features[i], &f))
            im->features |= feature_bit(f);
        else
            log_event(LOG_WARN, "backup", "an experimental feature of the dump is not known",
                      "name=%s", log_quote(quoted, sizeof quoted, instance->features[i]));
    }
    im->has_instance = true;
    im->next_task_uid = instance->next_task_uid;
    im->next_batch_uid = instance->next_batch_uid;
    return RC_OK;
}

/* Walks the dump into the pipe and waits until all is loaded. */
static enum rc walk(struct import *im, struct err *err)
{
    struct dump_visitor visitor = {.index = on_index,
                                   .block = on_block,
                                   .index_end = on_index_end,
                                   .task = on_task,
                                   .task_payload = on_payload,
                                   .instance = on_instance,
                                   .arg = im,
                                   .progress = &im->progress};
    struct err loading;
    enum rc rc, loaded;

    im->pipe = import__pipe_new(im->loader);
    rc = dump_reader_walk(im->reader, &visitor, err);
    loaded = import__pipe_end(im->pipe, rc != RC_OK, &loading);
    im->pipe = NULL;
    if (loaded != RC_OK && (rc == RC_OK || rc == RC_CANCELLED)) {
        *err = loading; /* the walk was stopped by it */
        rc = loaded;
    }
    return rc;
}

/* ---- building ------------------------------------------------------------------------ */

static enum rc load_all(struct import *im, struct err *err)
{
    enum rc rc;

    rc = loader_open(im->store, &im->loader, err);
    if (rc == RC_OK) {
        loader_on_progress(im->loader, on_indexed, im);
        rc = task_import_open(home_dir(im->home), im->store, &im->tasks, err);
    }
    if (rc == RC_OK)
        rc = walk(im, err);
    if (rc == RC_OK && !im->has_instance)
        rc = err_set(err, RC_CORRUPT, NULL, "the dump has no record of its instance");
    if (rc == RC_OK)
        rc = loader_end(im->loader, err);
    if (rc == RC_OK)
        rc = task_import_end(im->tasks, im->next_task_uid, im->next_batch_uid, err);
    task_import_close(im->tasks);
    loader_close(im->loader);
    return rc;
}

/* The whole database, durable, under the draft's name. */
static enum rc build(struct import *im, struct err *err)
{
    struct store_opts opts = {.bulk = true};
    char *path = beside(&im->target, im->draft), sha[SHA256_HEX];
    enum rc rc;

    rc = home_open(path, &im->home, err);
    xfree(path);
    if (rc != RC_OK)
        return rc;
    rc = store_open(home_store_path(im->home), &opts, &im->store, err);
    if (rc != RC_OK)
        return rc;
    rc = load_all(im, err);
    if (rc != RC_OK)
        return rc;
    if (im->features)
        rc = features_write(im->home, im->features, err);
    if (rc == RC_OK)
        rc =
            home_ledger_write(im->home, sha256_hex(sha, dump_reader_info(im->reader)->sha256), err);
    if (rc == RC_OK)
        rc = store_finish_bulk(im->store, err);
    store_close(im->store);
    im->store = NULL;
    if (rc == RC_OK)
        rc = fs_sync_tree(im->target.parent, im->draft, err);
    return rc;
}

/* Gives the draft its name. */
static enum rc put_in_place(struct import *im, struct err *err)
{
    struct target *t = &im->target;
    enum home_state state;
    enum rc rc;

    rc = fault_rc(FAULT(IMPORT_BEFORE_RENAME), err);
    if (rc == RC_OK)
        rc = home_look(t->path, &state, err);
    if (rc == RC_OK && state == HOME_EMPTY)
        rc = fs_remove_tree(t->parent, t->name, err);
    if (rc != RC_OK)
        return rc;
    rc = fs_rename_new(t->parent, im->draft, t->parent, t->name, err);
    if (rc != RC_OK)
        return err_prefix(err, "cannot put the imported database in place (it must not be a mount "
                               "point): ");
    xfree(im->draft);
    im->draft = NULL; /* from here on it is the database */
    rc = fs_dir_sync(t->parent, err);
    if (rc == RC_OK)
        rc = fault_rc(FAULT(IMPORT_AFTER_RENAME), err);
    return rc;
}

static char *draft_name(const struct target *t)
{
    size_t n = strlen(t->name) + strlen(suffix) + SUFFIX_HEX + 1;
    char *name = xmalloc(n);
    uint64_t id;

    rng_secret(&id, sizeof id);
    (void)snprintf(name, n, "%s%s%016llx", t->name, suffix, (unsigned long long)id);
    return name;
}

static enum rc import(struct import *im, struct err *err)
{
    const struct dump_info *info = dump_reader_info(im->reader);
    struct err sweeping;
    enum rc rc;

    im->total_documents = info->manifest->documents;
    im->total_bytes = info->file_bytes;
    im->draft = draft_name(&im->target);
    mutex_init(&im->telling);
    tell(im, true);
    rc = build(im, err);
    store_close(im->store);
    if (rc == RC_OK)
        rc = put_in_place(im, err);
    if (im->draft && fs_remove_tree(im->target.parent, im->draft, &sweeping) != RC_OK)
        log_event(LOG_WARN, "backup", "cannot remove a failed import; the next start will",
                  "name=%s", im->draft);
    home_close(im->home); /* locked to the end, so that no sweep meddles */
    xfree(im->draft);
    im->ended = rc == RC_OK;
    if (rc == RC_OK)
        tell(im, true);
    mutex_done(&im->telling);
    return rc;
}

/* ---- may it be? ---------------------------------------------------------------------- */

/* There is a database already. */
static enum rc judge_existing(struct import *im, enum import_result *ret_result, struct err *err)
{
    char sha[SHA256_HEX], ledger[SHA256_HEX];
    enum rc rc = home_ledger_read(im->target.path, ledger, err);

    if (rc != RC_OK)
        return rc;
    (void)sha256_hex(sha, dump_reader_info(im->reader)->sha256);
    if (strcmp(sha, ledger) == 0) {
        log_event(LOG_INFO, "backup", "this dump was imported before: nothing to do", "sha256=%s",
                  sha);
        *ret_result = IMPORT_ALREADY_DONE;
        return RC_OK;
    }
    if (im->opts->ignore_dump_if_db_exists) {
        *ret_result = IMPORT_SKIPPED_DB_EXISTS;
        return RC_OK;
    }
    return err_set(err, RC_EXISTS, NULL,
                   "'%s' holds a database that was not made from '%s'. Remove it, give another "
                   "--db-path, or start with --ignore-dump-if-db-exists to keep it.",
                   im->target.path, im->opts->dump_path);
}

static enum rc judge(struct import *im, enum import_result *ret_result, struct err *err)
{
    enum home_state state = HOME_ABSENT;
    enum rc rc = home_look(im->target.path, &state, err);

    if (rc != RC_OK)
        return rc;
    if (state == HOME_OURS)
        return judge_existing(im, ret_result, err);
    if (state == HOME_FOREIGN)
        return err_set(err, RC_EXISTS, NULL,
                       "'%s' is not empty and not a database of Lode: nothing is imported there",
                       im->target.path);
    rc = sweep(&im->target, err);
    if (rc == RC_OK)
        rc = import(im, err);
    if (rc == RC_OK)
        *ret_result = IMPORT_DONE;
    return rc;
}

/* The database is there and is to be kept: whatever became of the dump does not matter. */
static bool is_kept(const struct import_opts *opts)
{
    enum home_state state;

    return opts->ignore_dump_if_db_exists && home_look(opts->db_path, &state, NULL) == RC_OK &&
           state == HOME_OURS;
}

enum rc import_run(const struct import_opts *opts, enum import_result *ret_result, struct err *err)
{
    struct import im = {.opts = opts};
    enum rc rc;

    rc = dump_reader_open(opts->dump_path, &im.reader, err);
    if (rc != RC_OK && is_kept(opts)) {
        *ret_result = IMPORT_SKIPPED_DB_EXISTS;
        return RC_OK;
    }
    if (rc == RC_NOT_FOUND && opts->ignore_missing_dump) {
        *ret_result = IMPORT_SKIPPED_MISSING;
        return RC_OK;
    }
    if (rc == RC_NOT_FOUND)
        (void)err_prefix(err, "there is no dump to import (--ignore-missing-dump goes on "
                              "without): ");
    if (rc == RC_OK)
        rc = target_open(opts->db_path, true, &im.target, err);
    if (rc == RC_OK)
        rc = judge(&im, ret_result, err);
    target_done(&im.target);
    dump_reader_close(im.reader);
    return rc;
}
