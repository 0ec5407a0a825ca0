/* SPDX-License-Identifier: MIT */
/* task_fixture.c -- see task_fixture.h. */
#include "task_fixture.h"

#include "base/assert.h"
#include "base/buf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/thread.h"
#include "support/suite.h"
#include "support/tempdir.h"

#include <stdio.h>
#include <string.h>

static void must(struct task_fixture *fx, enum rc rc)
{
    if (rc != RC_OK)
        (void)fprintf(stderr, "%s: %s\n", rc_name(rc), fx->err.msg);
    CU_ASSERT_EQUAL_FATAL(rc, RC_OK);
}

enum rc task_fixture_open(struct task_fixture *fx)
{
    struct store_opts store_opts = {.write_buffer = 1 << 20, .free_floor = fx->store_floor};
    char path[4096];
    enum rc rc;

    (void)snprintf(path, sizeof path, "%s/store", fx->root);
    fx->barrier = barrier_new();
    rc = fs_dir_open(fx->root, true, &fx->dir, &fx->err);
    if (rc == RC_OK)
        rc = store_open(path, &store_opts, &fx->store, &fx->err);
    if (rc == RC_OK)
        rc = catalog_open(fx->store, NULL, &fx->catalog, &fx->err);
    if (rc != RC_OK)
        return rc;
    fx->opts.store = fx->store;
    fx->opts.catalog = fx->catalog;
    fx->opts.barrier = fx->barrier;
    fx->opts.dir = fx->dir;
    return task_queue_open(&fx->opts, &fx->q, &fx->err);
}

void task_fixture_make(struct task_fixture *fx)
{
    *fx = (struct task_fixture){0};
    fx->root = tempdir_make();
    fx->arena = arena_new(256 << 20);
    must(fx, task_fixture_open(fx));
}

void task_fixture_close(struct task_fixture *fx)
{
    task_queue_close(fx->q);
    catalog_close(fx->catalog);
    if (fx->store)
        CU_ASSERT_EQUAL(store_views_open(fx->store), 0);
    store_close(fx->store);
    barrier_free(fx->barrier);
    fs_dir_close(fx->dir);
    fx->q = NULL;
    fx->catalog = NULL;
    fx->store = NULL;
    fx->barrier = NULL;
    fx->dir = NULL;
}

void task_fixture_wipe(struct task_fixture *fx)
{
    task_fixture_close(fx);
    arena_free(fx->arena);
    tempdir_remove(fx->root);
    CU_ASSERT_EQUAL(arena_live_count(), 0);
}

void task_fixture_reopen(struct task_fixture *fx)
{
    task_fixture_close(fx);
    must(fx, task_fixture_open(fx));
}

uint64_t task_fixture_submit(struct task_fixture *fx, const task_record *task, struct payload *p)
{
    uint64_t uid = UINT64_MAX;

    if (task_submit_wait(fx->q, task, p, &uid, &fx->err) != RC_OK)
        return UINT64_MAX;
    return uid;
}

struct payload *task_fixture_payload(struct task_fixture *fx, const char *json)
{
    struct payload *p = payload_new(fx->q, PAYLOAD_JSON, ',', 100000000);
    uint64_t n;

    must(fx, payload_feed(p, bytes_str(json), &fx->err));
    must(fx, payload_end(p, &n, &fx->err));
    return p;
}

uint64_t task_fixture_add(struct task_fixture *fx, const char *index_uid, const char *json)
{
    task_record task = LODE__DUMP__V1__TASK__INIT;

    task.type = TASK_DOCUMENT_ADDITION;
    task.index_uid = (char *)(uintptr_t)index_uid;
    task.replace = true;
    return task_fixture_submit(fx, &task, task_fixture_payload(fx, json));
}

uint64_t task_fixture_delete(struct task_fixture *fx, const char *index_uid, const char *id)
{
    task_record task = LODE__DUMP__V1__TASK__INIT;
    char *ids[1] = {(char *)(uintptr_t)id};

    task.type = TASK_DOCUMENT_DELETION;
    task.index_uid = (char *)(uintptr_t)index_uid;
    task.n_ids = 1;
    task.ids = ids;
    return task_fixture_submit(fx, &task, NULL);
}

uint64_t task_fixture_settings(struct task_fixture *fx, const char *index_uid, const char *json)
{
    task_record task = LODE__DUMP__V1__TASK__INIT;

    task.type = TASK_SETTINGS_UPDATE;
    task.index_uid = (char *)(uintptr_t)index_uid;
    task.settings_change.data = (uint8_t *)(uintptr_t)json;
    task.settings_change.len = strlen(json);
    return task_fixture_submit(fx, &task, NULL);
}

uint64_t task_fixture_simple(struct task_fixture *fx, enum task_type type, const char *index_uid)
{
    task_record task = LODE__DUMP__V1__TASK__INIT;

    task.type = type;
    task.index_uid = (char *)(uintptr_t)index_uid;
    return task_fixture_submit(fx, &task, NULL);
}

uint64_t task_fixture_select(struct task_fixture *fx, enum task_type type, const uint64_t *uids,
                             size_t n)
{
    Lode__Dump__V1__TaskFilter filter = LODE__DUMP__V1__TASK_FILTER__INIT;
    task_record task = LODE__DUMP__V1__TASK__INIT;

    filter.uids = (uint64_t *)(uintptr_t)uids;
    filter.n_uids = n;
    filter.original = (char *)(uintptr_t) "?uids=...";
    task.type = type;
    task.filter = &filter;
    return task_fixture_submit(fx, &task, NULL);
}

task_record *task_fixture_get(struct task_fixture *fx, uint64_t uid)
{
    task_record *task = NULL;

    return task_get(fx->q, uid, fx->arena, &task, NULL, &fx->err) == RC_OK ? task : NULL;
}

struct waiter {
    struct mutex lock;
    struct cond changed;
    uint64_t n;
};

static void wake(void *arg, uint64_t uid)
{
    struct waiter *w = arg;

    (void)uid;
    mutex_lock(&w->lock);
    w->n++;
    cond_signal(&w->changed);
    mutex_unlock(&w->lock);
}

task_record *task_fixture_wait(struct task_fixture *fx, uint64_t uid)
{
    struct waiter w = {0};
    struct task_watch *watch;
    task_record *task;
    uint64_t n;

    mutex_init(&w.lock);
    cond_init(&w.changed);
    watch = task_watch_new(fx->q, uid, wake, &w);
    for (;;) {
        mutex_lock(&w.lock);
        n = w.n;
        mutex_unlock(&w.lock);
        task = task_fixture_get(fx, uid);
        if (!task || (task->status != TASK_ENQUEUED && task->status != TASK_PROCESSING))
            break;
        mutex_lock(&w.lock);
        while (w.n == n)
            cond_wait(&w.changed, &w.lock);
        mutex_unlock(&w.lock);
    }
    task_watch_free(watch);
    cond_done(&w.changed);
    mutex_done(&w.lock);
    return task;
}

void task_fixture_drain(struct task_fixture *fx)
{
    uint32_t unfinished[] = {TASK_ENQUEUED, TASK_PROCESSING};
    Lode__Dump__V1__TaskFilter filter = LODE__DUMP__V1__TASK_FILTER__INIT;
    struct task_list_opts opts = {.filter = &filter, .limit = 1};

    filter.statuses = unfinished;
    filter.n_statuses = 2;
    for (;;) {
        struct task_list list;

        enum rc rc = task_list(fx->q, &opts, fx->arena, &list, &fx->err);

        if (rc == RC_IO)
            continue; /* a fault that struck us */
        must(fx, rc);
        if (list.n_tasks == 0 && list.total == 0)
            break;
        if (list.n_tasks > 0)
            (void)task_fixture_wait(fx, list.tasks[0]->uid);
    }
}

const char *task_fixture_document(struct task_fixture *fx, const char *index_uid, const char *id)
{
    struct catalog_view *view = NULL;
    struct index_info info;
    const char *found = NULL;
    struct buf out;
    enum rc rc;

    must(fx, catalog_view_open(fx->catalog, &view, &fx->err));
    buf_init(&out, 64 << 20);
    rc = catalog_view_find(view, bytes_str(index_uid), &info, &fx->err);
    if (rc == RC_OK)
        rc = document_get(view, info.id, bytes_str(id), &out, &fx->err);
    if (rc == RC_OK)
        found = arena_strdup(fx->arena, buf_cstr(&out));
    buf_done(&out);
    catalog_view_close(view);
    return found;
}

uint64_t task_fixture_count(struct task_fixture *fx, const char *index_uid)
{
    struct catalog_view *view = NULL;
    struct index_info info = {0};
    enum rc rc;

    must(fx, catalog_view_open(fx->catalog, &view, &fx->err));
    rc = catalog_view_find(view, bytes_str(index_uid), &info, &fx->err);
    catalog_view_close(view);
    return rc == RC_OK ? info.n_documents : UINT64_MAX;
}

void task_fixture_digest(struct task_fixture *fx, uint8_t digest[32])
{
    struct catalog_view *view = NULL;

    must(fx, catalog_view_open(fx->catalog, &view, &fx->err));
    must(fx, catalog_view_digest(view, digest, &fx->err));
    catalog_view_close(view);
}
