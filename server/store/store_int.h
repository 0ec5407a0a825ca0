/* SPDX-License-Identifier: MIT */
/*
 * store_int.h -- what the files of the store room share.
 *
 *              commit ok                       view_open, get, cursors
 *             +--------+                       are served in READY and
 *             v        |                       POISONED, wait in REOPENING
 *   open --> READY ----+
 *             |   commit failed
 *             v
 *          POISONED --(no users, room on the disk)--> REOPENING --ok--> READY
 *             ^                                          |           epoch + 1
 *             +-- no room: the old handle goes on        +--failed--> DOWN
 *                 serving reads                     DOWN is tried again by every call
 *
 * (1) leveldb_write() is called by one thread at a time, never in POISONED or
 *     later: LevelDB's own queue would append behind a failed append.
 * (2) db changes only in REOPENING, with n_users == 0 and nobody writing.
 * (3) What waits in the queue when a commit fails is failed with it.
 */
#pragma once

#include "base/fs.h"
#include "base/thread.h"
#include "store/store.h"

#include <leveldb/c.h>

enum store_state { STORE_READY, STORE_POISONED, STORE_REOPENING, STORE_DOWN, STORE_FINISHED };

struct store_commit; /* one waiting store_commit() call; store_commit.c */

struct store {
    char *path;         /* owned */
    struct fs_dir *dir; /* owned: the same directory, for its free space and syncing */
    struct store_opts opts;
    leveldb_options_t *options; /* owned, as the next three */
    leveldb_cache_t *cache;
    leveldb_filterpolicy_t *filter;
    leveldb_writeoptions_t *write_options;

    struct mutex lock;   /* guards all below */
    struct cond changed; /* state or n_users */
    enum store_state state;
    leveldb_t *db; /* owned; NULL in DOWN and FINISHED */
    uint64_t epoch;
    size_t n_users; /* views and compactions: they hold db */
    size_t n_views;
    int64_t drain_until_ns;           /* new views hold back until then, so that old ones run out */
    struct err trouble;               /* why not READY */
    struct store_commit *head, *tail; /* waiting commits; the head writes */
    size_t n_waiting;                 /* from head to tail */
    leveldb_writebatch_t *group;      /* owned; the batches of several commits */
    bool writing;
    int reserve_fd;          /* owned, or -1: the file that keeps room for recovery */
    uint64_t reserve;        /* its bytes */
    uint64_t logged;         /* in LevelDB's logs, at most; with what is pending */
    uint64_t pending;        /* of the commits that wait or write */
    bool tight;              /* the last commit has found little room, or none */
    int64_t reopen_again_ns; /* not before, only to get rid of leftovers */
};

struct store_batch {
    leveldb_writebatch_t *wb; /* owned */
    size_t n_bytes, n_changes;
    bool makes_room;
};

/* store_error.c: the only place that reads LevelDB's texts. */

/* What a LevelDB error text means. */
enum rc store__classify(const char *text);
bool store__text_is_no_space(const char *text);
bool store__text_is_table(const char *text);
/* Turns a LevelDB error (freed) into *err. */
enum rc store__fail(struct err *err, char *text, const char *doing);
/* An errno of a fault point, as the text LevelDB would have made of it. */
char *store__fault_text(int fault_errno);

/* store_crc.c */

/* leveldb::crc32c::Extend(): what follows the bytes that have the sum crc. */
uint32_t store__leveldb_crc(uint32_t crc, const char *p,
                            size_t n) __asm__("_ZN7leveldb6crc32c6ExtendEjPKcm");
/* Asserts that it gives the right sums: files written with others could not be read again. */
void store__check_crc(void);

/* store_room.c; the lock is held by the caller and held again at return. */

enum rc store__no_space(struct err *err);
/* The bytes that a commit of it makes LevelDB's log longer, at most. */
uint64_t store__log_bytes(const struct store_batch *batch);
/* Keeps room for a commit and the recovery behind it, or RC_NO_SPACE. */
enum rc store__admit(struct store *store, const struct store_batch *batch,
                     struct err *err) MUST_CHECK;
/* Whether recovery would find room now. */
bool store__room_to_reopen(struct store *store);
/* Reopens so that logs become tables and leftovers go: true if it did. */
bool store__reopen_for_room(struct store *store);
/* Gives back what was kept for recovery: true if there was any. */
bool store__drop_reserve(struct store *store);
/* A LevelDB has been opened: its logs are empty. By who opens; no lock is needed. */
void store__begin_reserve(struct store *store);

/* store.c; the lock is held by the caller and held again at return. */

/* Reopens a poisoned store if that can be done now. */
void store__try_reopen(struct store *store);
/* Waits until commits may be made; else says why not. */
enum rc store__wait_ready(struct store *store, struct err *err) MUST_CHECK;
/* Marks the store after a failed commit, which *why describes. */
void store__poison(struct store *store, const struct err *why);
/* One view or compaction less. */
void store__leave(struct store *store);
/* One more; RC_OK with store->db good until store__leave(). */
enum rc store__enter(struct store *store, struct err *err) MUST_CHECK;
