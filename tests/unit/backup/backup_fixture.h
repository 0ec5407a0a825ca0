/* SPDX-License-Identifier: MIT */
/* backup_fixture.h -- a whole home with queue and dump manager in a temporary directory. */
#pragma once

#include "backup/backup.h"
#include "base/arena.h"
#include "home/features.h"
#include "index/index.h"
#include "store/store.h"
#include "task/barrier.h"
#include "task/task.h"

struct backup_fixture {
    char *root;    /* owned: holds db/ and dumps/, and what tests put there */
    char db[4096]; /* path of the home */
    char dumps[4096];
    struct home *home;
    struct features *features;
    struct store *store;
    struct catalog *catalog;
    struct barrier *barrier;
    struct task_queue *q;
    struct backup *backup;
    struct backup_opts opts; /* taken over at opening */
    struct task_queue_opts task_opts;
    struct arena *arena;
    struct err err;
};

void backup_fixture_make(struct backup_fixture *fx); /* nothing is opened yet */
void backup_fixture_wipe(struct backup_fixture *fx);
/* Opens the home at fx->db and all that belongs to it; the writer is started if `start`. */
enum rc backup_fixture_open(struct backup_fixture *fx, bool start);
void backup_fixture_close(struct backup_fixture *fx);

/* Submits an addition; its uid, or UINT64_MAX. */
uint64_t backup_fixture_add(struct backup_fixture *fx, const char *index_uid, const char *json);
/* Waits until the task has ended; its status, or 0 if there is none. */
uint32_t backup_fixture_wait(struct backup_fixture *fx, uint64_t uid);
void backup_fixture_drain(struct backup_fixture *fx);
uint64_t backup_fixture_count(struct backup_fixture *fx, const char *index_uid);
bool backup_fixture_has(struct backup_fixture *fx, const char *index_uid, const char *id);
void backup_fixture_digest(struct backup_fixture *fx, uint8_t digest[32]);
task_record *backup_fixture_task(struct backup_fixture *fx, uint64_t uid);

/* Waits for the end of a dump. */
struct backup_status backup_fixture_wait_dump(struct backup_fixture *fx, const char *uid);
/* Makes one and waits: its path in path[8192], its status. */
struct backup_status backup_fixture_dump(struct backup_fixture *fx, char *path);
/* Files in the dumps directory: those with a name, and all others. */
void backup_fixture_files(struct backup_fixture *fx, unsigned *ret_dumps, unsigned *ret_others);
enum rc backup_fixture_import(struct backup_fixture *fx, const char *dump, const char *db,
                              enum import_result *ret_result);

/*
 * A process of its own, for tests that kill: this program again, where a
 * constructor finds the role and does it instead of running tests. It is not a
 * bare fork, because LevelDB's background thread would be missing in that.
 */
/* In the constructor: is this a child in this role? Then `fault` is set, and so is the rest. */
bool backup_fixture_is_child(const char *role, char db[4096], char dumps[4096], char dump[8192]);
/* Runs it to its end; true if it was killed, else it must have ended well. */
bool backup_fixture_run_child(const char *role, const char *fault, const char *db,
                              const char *dumps, const char *dump);
