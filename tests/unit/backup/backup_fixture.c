/* SPDX-License-Identifier: MIT */
/* backup_fixture.c -- see backup_fixture.h. */
#include "backup_fixture.h"

#include "base/buf.h"
#include "base/fault.h"
#include "base/thread.h"
#include "support/suite.h"
#include "support/tempdir.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void must(struct backup_fixture *fx, enum rc rc)
{
    if (rc == RC_OK)
        return;
    (void)fprintf(stderr, "%s: %s\n", rc_name(rc), fx->err.msg);
    if (!CU_get_current_test()) /* in a child */
        _exit(9);
    CU_FAIL_FATAL("the fixture");
}

void backup_fixture_make(struct backup_fixture *fx)
{
    *fx = (struct backup_fixture){0};
    fx->root = tempdir_make();
    fx->arena = arena_new(256 << 20);
    (void)snprintf(fx->db, sizeof fx->db, "%s/db", fx->root);
    (void)snprintf(fx->dumps, sizeof fx->dumps, "%s/dumps", fx->root);
}

void backup_fixture_wipe(struct backup_fixture *fx)
{
    backup_fixture_close(fx);
    arena_free(fx->arena);
    tempdir_remove(fx->root);
}

enum rc backup_fixture_open(struct backup_fixture *fx, bool start)
{
    struct store_opts store_opts = {.write_buffer = 1 << 20};
    enum rc rc;

    fx->barrier = barrier_new();
    rc = home_open(fx->db, &fx->home, &fx->err);
    if (rc == RC_OK)
        rc = features_open(fx->home, &fx->features, &fx->err);
    if (rc == RC_OK)
        rc = store_open(home_store_path(fx->home), &store_opts, &fx->store, &fx->err);
    if (rc == RC_OK)
        rc = catalog_open(fx->store, NULL, &fx->catalog, &fx->err);
    if (rc != RC_OK)
        return rc;
    fx->task_opts.store = fx->store;
    fx->task_opts.catalog = fx->catalog;
    fx->task_opts.barrier = fx->barrier;
    fx->task_opts.dir = home_dir(fx->home);
    rc = task_queue_open(&fx->task_opts, &fx->q, &fx->err);
    if (rc != RC_OK)
        return rc;
    if (start)
        task_queue_start(fx->q);
    fx->opts.catalog = fx->catalog;
    fx->opts.tasks = fx->q;
    fx->opts.barrier = fx->barrier;
    fx->opts.features = fx->features;
    fx->opts.dumps_dir = fx->dumps;
    fx->opts.instance_uid = home_instance_uid(fx->home);
    return backup_open(&fx->opts, &fx->backup, &fx->err);
}

void backup_fixture_close(struct backup_fixture *fx)
{
    backup_close(fx->backup);
    task_queue_close(fx->q);
    catalog_close(fx->catalog);
    if (fx->store && store_views_open(fx->store) != 0)
        CU_FAIL("a view is open");
    store_close(fx->store);
    barrier_free(fx->barrier);
    features_close(fx->features);
    home_close(fx->home);
    fx->backup = NULL;
    fx->q = NULL;
    fx->catalog = NULL;
    fx->store = NULL;
    fx->barrier = NULL;
    fx->features = NULL;
    fx->home = NULL;
}

uint64_t backup_fixture_add(struct backup_fixture *fx, const char *index_uid, const char *json)
{
    struct payload *p = payload_new(fx->q, PAYLOAD_JSON, ',', 100000000);
    task_record task = LODE__DUMP__V1__TASK__INIT;
    uint64_t uid = UINT64_MAX, n;
    struct err err;

    task.type = TASK_DOCUMENT_ADDITION;
    task.index_uid = (char *)(uintptr_t)index_uid;
    task.replace = true;
    if (payload_feed(p, bytes_str(json), &err) != RC_OK || payload_end(p, &n, &err) != RC_OK) {
        payload_free(p);
        return UINT64_MAX;
    }
    if (task_submit_wait(fx->q, &task, p, &uid, &err) != RC_OK)
        return UINT64_MAX;
    return uid;
}

/* ---- waiting ------------------------------------------------------------------------- */

struct waiter {
    struct mutex lock;
    struct cond changed;
    unsigned n;
};

static void wake(struct waiter *w)
{
    mutex_lock(&w->lock);
    w->n++;
    cond_signal(&w->changed);
    mutex_unlock(&w->lock);
}

static void wake_task(void *arg, uint64_t uid)
{
    (void)uid;
    wake(arg);
}

static unsigned seen(struct waiter *w)
{
    unsigned n;

    mutex_lock(&w->lock);
    n = w->n;
    mutex_unlock(&w->lock);
    return n;
}

static void wait_for_more(struct waiter *w, unsigned n)
{
    mutex_lock(&w->lock);
    while (w->n == n)
        cond_wait(&w->changed, &w->lock);
    mutex_unlock(&w->lock);
}

static void waiter_init(struct waiter *w)
{
    *w = (struct waiter){0};
    mutex_init(&w->lock);
    cond_init(&w->changed);
}

static void waiter_done(struct waiter *w)
{
    cond_done(&w->changed);
    mutex_done(&w->lock);
}

uint32_t backup_fixture_wait(struct backup_fixture *fx, uint64_t uid)
{
    struct arena *arena = arena_new(64 << 20);
    struct task_watch *watch;
    struct waiter w;
    uint32_t status = 0;
    struct err err;

    waiter_init(&w);
    watch = task_watch_new(fx->q, uid, wake_task, &w);
    for (;;) {
        task_record *task = NULL;
        unsigned n = seen(&w);
        enum rc rc = task_get(fx->q, uid, arena, &task, NULL, &err);

        if (rc == RC_IO)
            continue; /* a fault that struck us */
        status = rc == RC_OK ? task->status : 0;
        if (status != TASK_ENQUEUED && status != TASK_PROCESSING)
            break;
        wait_for_more(&w, n);
    }
    task_watch_free(watch);
    waiter_done(&w);
    arena_free(arena);
    return status;
}

void backup_fixture_drain(struct backup_fixture *fx)
{
    uint32_t unfinished[] = {TASK_ENQUEUED, TASK_PROCESSING};
    Lode__Dump__V1__TaskFilter filter = LODE__DUMP__V1__TASK_FILTER__INIT;
    struct task_list_opts opts = {.filter = &filter, .limit = 1};
    struct task_list list;

    filter.statuses = unfinished;
    filter.n_statuses = 2;
    do {
        if (task_list(fx->q, &opts, fx->arena, &list, &fx->err) != RC_OK)
            list.total = 1;
        else if (list.n_tasks > 0)
            (void)backup_fixture_wait(fx, list.tasks[0]->uid);
    } while (list.total > 0);
}

task_record *backup_fixture_task(struct backup_fixture *fx, uint64_t uid)
{
    task_record *task = NULL;

    return task_get(fx->q, uid, fx->arena, &task, NULL, &fx->err) == RC_OK ? task : NULL;
}

/* ---- looking ------------------------------------------------------------------------- */

uint64_t backup_fixture_count(struct backup_fixture *fx, const char *index_uid)
{
    struct catalog_view *view = NULL;
    struct index_info info = {0};
    enum rc rc;

    must(fx, catalog_view_open(fx->catalog, &view, &fx->err));
    rc = catalog_view_find(view, bytes_str(index_uid), &info, &fx->err);
    catalog_view_close(view);
    return rc == RC_OK ? info.n_documents : UINT64_MAX;
}

bool backup_fixture_has(struct backup_fixture *fx, const char *index_uid, const char *id)
{
    struct catalog_view *view = NULL;
    struct index_info info;
    struct buf out;
    enum rc rc;

    must(fx, catalog_view_open(fx->catalog, &view, &fx->err));
    buf_init(&out, 64 << 20);
    rc = catalog_view_find(view, bytes_str(index_uid), &info, &fx->err);
    if (rc == RC_OK)
        rc = document_get(view, info.id, bytes_str(id), &out, &fx->err);
    buf_done(&out);
    catalog_view_close(view);
    return rc == RC_OK;
}

void backup_fixture_digest(struct backup_fixture *fx, uint8_t digest[32])
{
    struct catalog_view *view = NULL;

    must(fx, catalog_view_open(fx->catalog, &view, &fx->err));
    must(fx, catalog_view_digest(view, digest, &fx->err));
    catalog_view_close(view);
}

/* ---- dumps --------------------------------------------------------------------------- */

static void wake_dump(void *arg, const struct backup_status *status)
{
    (void)status;
    wake(arg);
}

struct backup_status backup_fixture_wait_dump(struct backup_fixture *fx, const char *uid)
{
    struct backup_watch *watch = NULL;
    struct backup_status status;
    struct waiter w;

    waiter_init(&w);
    must(fx, backup_watch_new(fx->backup, uid, wake_dump, &w, &watch, &fx->err));
    for (;;) {
        unsigned n = seen(&w);

        must(fx, backup_status(fx->backup, uid, &status, &fx->err));
        if (status.state != BACKUP_IN_PROGRESS)
            break;
        wait_for_more(&w, n);
    }
    backup_watch_free(watch);
    waiter_done(&w);
    return status;
}

struct backup_status backup_fixture_dump(struct backup_fixture *fx, char *path)
{
    struct backup_status status = {0};

    must(fx, backup_create(fx->backup, 0, &status, &fx->err));
    status = backup_fixture_wait_dump(fx, status.uid);
    if (status.state != BACKUP_DONE)
        (void)fprintf(stderr, "dump failed: %s\n", status.error);
    CU_ASSERT_EQUAL(status.state, BACKUP_DONE);
    (void)snprintf(path, 8192, "%s/%s.dump", fx->dumps, status.uid);
    return status;
}

struct files {
    unsigned dumps, others;
};

static enum rc count_file(void *arg, const char *name, struct err *err)
{
    struct files *files = arg;
    size_t n = strlen(name);

    (void)err;
    if (n > 5 && strcmp(name + n - 5, ".dump") == 0)
        files->dumps++;
    else
        files->others++;
    return RC_OK;
}

void backup_fixture_files(struct backup_fixture *fx, unsigned *ret_dumps, unsigned *ret_others)
{
    struct files files = {0};
    struct fs_dir *dir = NULL;

    if (fs_dir_open(fx->dumps, false, &dir, &fx->err) == RC_OK)
        must(fx, fs_dir_each(dir, count_file, &files, &fx->err));
    fs_dir_close(dir);
    *ret_dumps = files.dumps;
    *ret_others = files.others;
}

enum rc backup_fixture_import(struct backup_fixture *fx, const char *dump, const char *db,
                              enum import_result *ret_result)
{
    struct import_opts opts = {.dump_path = dump, .db_path = db};

    return import_run(&opts, ret_result, &fx->err);
}

/* ---- children ---------------------------------------------------------------------------------
 */

static void take(char *dst, size_t n, const char *name)
{
    const char *value = getenv(name);

    (void)snprintf(dst, n, "%s", value ? value : "");
}

bool backup_fixture_is_child(const char *role, char db[4096], char dumps[4096], char dump[8192])
{
    const char *mine = getenv("LODE_CHILD_ROLE"), *fault = getenv("LODE_CHILD_FAULT");
    struct err err;

    if (!mine || strcmp(mine, role) != 0)
        return false;
    take(db, 4096, "LODE_CHILD_DB");
    take(dumps, 4096, "LODE_CHILD_DUMPS");
    take(dump, 8192, "LODE_CHILD_DUMP");
    if (!fault || fault_set(fault, &err) != RC_OK)
        _exit(4);
    return true;
}

bool backup_fixture_run_child(const char *role, const char *fault, const char *db,
                              const char *dumps, const char *dump)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        (void)setenv("LODE_CHILD_ROLE", role, 1);
        (void)setenv("LODE_CHILD_FAULT", fault, 1);
        (void)setenv("LODE_CHILD_DB", db, 1);
        (void)setenv("LODE_CHILD_DUMPS", dumps, 1);
        (void)setenv("LODE_CHILD_DUMP", dump, 1);
        (void)execl("/proc/self/exe", "child", (char *)NULL);
        _exit(3);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}
