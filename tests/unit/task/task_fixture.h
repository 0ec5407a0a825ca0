/* SPDX-License-Identifier: MIT */
/* task_fixture.h -- a whole queue over a real store in a temporary directory. */
#pragma once

#include "base/arena.h"
#include "index/index.h"
#include "store/store.h"
#include "task/barrier.h"
#include "task/task.h"

struct task_fixture {
    char *root; /* owned: the home's directory */
    struct fs_dir *dir;
    struct store *store;
    struct catalog *catalog;
    struct barrier *barrier;
    struct task_queue *q;
    struct task_queue_opts opts;
    uint64_t store_floor; /* the store's free_floor from the next opening on */
    struct arena *arena;  /* of what the helpers return */
    struct err err;
};

/* Makes a fresh directory and opens all, the writer not started. */
void task_fixture_make(struct task_fixture *fx);
void task_fixture_wipe(struct task_fixture *fx);
/* Opens on fx->root; closes without removing. */
enum rc task_fixture_open(struct task_fixture *fx);
void task_fixture_close(struct task_fixture *fx);
void task_fixture_reopen(struct task_fixture *fx); /* close, open */

/* Submits and waits until accepted; the uid, or UINT64_MAX with fx->err. */
uint64_t task_fixture_submit(struct task_fixture *fx, const task_record *task, struct payload *p);
uint64_t task_fixture_add(struct task_fixture *fx, const char *index_uid, const char *json);
uint64_t task_fixture_delete(struct task_fixture *fx, const char *index_uid, const char *id);
uint64_t task_fixture_settings(struct task_fixture *fx, const char *index_uid, const char *json);
uint64_t task_fixture_simple(struct task_fixture *fx, enum task_type type, const char *index_uid);
/* A cancelation or deletion of these uids. */
uint64_t task_fixture_select(struct task_fixture *fx, enum task_type type, const uint64_t *uids,
                             size_t n);
struct payload *task_fixture_payload(struct task_fixture *fx, const char *json);

/* Waits for the end of a task; its record (fx->arena), or NULL if there is none. */
task_record *task_fixture_wait(struct task_fixture *fx, uint64_t uid);
task_record *task_fixture_get(struct task_fixture *fx, uint64_t uid); /* as it is now */
/* Waits until no task is unfinished. */
void task_fixture_drain(struct task_fixture *fx);
/* The document's JSON (fx->arena), or NULL. */
const char *task_fixture_document(struct task_fixture *fx, const char *index_uid, const char *id);
uint64_t task_fixture_count(struct task_fixture *fx,
                            const char *index_uid); /* UINT64_MAX: no index */
void task_fixture_digest(struct task_fixture *fx, uint8_t digest[32]);
