/* SPDX-License-Identifier: MIT */
/*
 * store.h -- the door of the store room: sorted bytes on disk.
 *
 * A store is one directory of ordered keys with atomic batches and frozen
 * views. It knows bytes only; what a key means is server/index/keys.h.
 *
 * After the first failed commit a store is poisoned: LevelDB 1.23 loses
 * acknowledged writes after one failed log append, so nothing more is written
 * through that handle. The failed commit and all that wait behind it answer
 * RC_IO (outcome unknown); then the store closes and reopens its LevelDB (when
 * no view is open any more, waiting for those that are) and goes on with what
 * really is on disk. Until then
 * commits wait, at most reopen_wait_ms (RC_BUSY); views open on the old handle,
 * which shows what was acknowledged, so who has got RC_IO waits with
 * store_settle(), holding no view, before reading back. While the disk has no
 * room for the reopening, commits answer RC_NO_SPACE and reads go on.
 *
 * A commit is refused (RC_NO_SPACE) unless room on the disk can be kept for what
 * LevelDB must write when it opens the next time; so a store opens on a disk that
 * is full. How: store_room.c.
 *
 * Ownership  store_open() gives a store to store_close(), after every view of
 *            it is closed. Bytes passed in are copied before a call returns.
 * Threads    A store may be used from any thread at once. Batches, views and
 *            cursors belong to one thread at a time.
 * Errors     RC_IO, RC_CORRUPT, RC_NO_SPACE, plus those a function names.
 * Units      Lengths in bytes.
 */
#pragma once

#include "base/bytes.h"
#include "base/err.h"

struct store;
struct store_batch;
struct store_view;
struct store_cursor;

struct store_opts {
    size_t write_buffer; /* memtable bytes; 0: 16 MiB */
    size_t block_cache;  /* bytes; 0: 32 MiB */
    uint64_t free_floor; /* commits that do not make room are refused (RC_NO_SPACE) below this many
                            free bytes, or below what LevelDB may want to work, if that is more */
    bool bulk;           /* building a new database (import): commits are not synced one by one;
                            store_finish_bulk() makes all durable */
    uint32_t reopen_wait_ms; /* longest wait of a commit for a reopening; 0: 5000 */
};

/* Opens dir, creating it if absent. RC_BUSY: another process holds it. */
enum rc store_open(const char *dir, const struct store_opts *opts, struct store **ret_store,
                   struct err *err) MUST_CHECK;

/* Waits for background work, then frees. NULL is allowed. */
void store_close(struct store *store);

/* Bulk only: closes LevelDB and fsyncs every file and the directory. The store can only be closed
 * after. */
enum rc store_finish_bulk(struct store *store, struct err *err) MUST_CHECK;

struct store_batch *store_batch_new(void);
void store_batch_free(struct store_batch *batch);
void store_batch_put(struct store_batch *batch, struct bytes key, struct bytes value);
void store_batch_del(struct store_batch *batch, struct bytes key);
size_t store_batch_bytes(const struct store_batch *batch); /* keys and values so far */
size_t store_batch_count(const struct store_batch *batch);
/* It deletes, or is needed for deleting: it may use room that is kept back from others. */
void store_batch_makes_room(struct store_batch *batch);
void store_batch_clear(struct store_batch *batch);

/*
 * Applies the batch whole or not at all, and returns when it is durable.
 * RC_IO: the outcome is unknown, read it back after the reopening (a full disk
 * met on the way has the word no_space_left_on_device). RC_NO_SPACE, RC_BUSY,
 * RC_CORRUPT: nothing of it was written. An empty batch is RC_OK.
 */
enum rc store_commit(struct store *store, const struct store_batch *batch,
                     struct err *err) MUST_CHECK;

/*
 * Waits for the reopening after a failed commit; at once RC_OK when there was
 * none. The caller must hold no view. RC_BUSY: views of others are still open.
 */
enum rc store_settle(struct store *store, struct err *err) MUST_CHECK;

/* Freezes the store as it is now; later commits stay invisible to the view. Every view is
 * short-lived. */
enum rc store_view_open(struct store *store, struct store_view **ret_view,
                        struct err *err) MUST_CHECK;
void store_view_close(struct store_view *view); /* NULL is fine */

/*
 * Looks up key, checksums verified. RC_NOT_FOUND is a normal answer: *err is
 * not touched then. *ret_val is borrowed: good until the next call on this view.
 */
enum rc store_view_get(struct store_view *view, struct bytes key, struct bytes *ret_val,
                       struct err *err) MUST_CHECK;

/*
 * Walks the keys that start with prefix, in order. After the loop the caller
 * must ask store_cursor_end(), because LevelDB passes over damaged blocks in
 * silence:
 *
 *     for (store_cursor_seek(c, start); store_cursor_valid(c); store_cursor_next(c)) ...
 *     rc = store_cursor_end(c, err);
 *
 * sequential: reads ahead for a long walk and keeps the block cache clean.
 */
enum rc store_cursor_open(struct store_view *view, struct bytes prefix, bool sequential,
                          struct store_cursor **ret_cursor, struct err *err) MUST_CHECK;
void store_cursor_close(struct store_cursor *c);
void store_cursor_first(struct store_cursor *c);
void store_cursor_seek(struct store_cursor *c, struct bytes key); /* first key >= key */
void store_cursor_next(struct store_cursor *c);
bool store_cursor_valid(const struct store_cursor *c); /* on a key within the prefix */
struct bytes
store_cursor_key(const struct store_cursor *c); /* whole key; good until the cursor moves */
struct bytes store_cursor_value(const struct store_cursor *c);
enum rc store_cursor_end(struct store_cursor *c,
                         struct err *err) MUST_CHECK; /* RC_OK: nothing was passed over */

/* Whether the last commit has found little room on the disk, or none. */
bool store_is_tight(struct store *store);
/*
 * Merges what lies from first to last, so that keys deleted there cost neither
 * room nor, above all, time: LevelDB steps over each of them, whoever seeks
 * what is not there, until it comes to write that table anew by itself. What an
 * open view may still see stays. Slow: the tables in between are written anew, so ask
 * for tens of megabytes at a time. Nothing on a disk that is tight. The caller holds no view.
 */
void store_merge(struct store *store, struct bytes first, struct bytes last);
/*
 * When the disk is tight: makes LevelDB give back the room of what was deleted.
 * Slow: all tables are written anew. The caller holds no view.
 */
void store_reclaim(struct store *store);

uint64_t store_disk_bytes(struct store *store); /* all files, but for room that is only kept */
size_t store_views_open(struct store *store);   /* asserted 0 at the end of suites */
