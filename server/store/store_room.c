/* SPDX-License-Identifier: MIT */
/*
 * store_room.c -- room on the disk: for a commit, and for the recovery behind it.
 *
 * LevelDB opens by writing what its logs hold into tables, and only then removes
 * the logs, and whatever a compaction left that found no room. On a disk that is
 * full to the last byte a server that was killed would not start again. So
 *
 * (1) At any time the file RESERVE holds at least the bytes that recovery would
 *     write, which no compaction, no dump and no other program can take. A commit
 *     that would break this makes the file larger first, or is refused whole.
 *     An opening that finds no room removes the file and tries once more.
 *     Killed in the middle, it does the same work under the same file names.
 * (2) Commits that do not make room leave as much free as free_floor says and as
 *     the largest compaction may want: one that finds no room stops all writes, and
 *     deletions give nothing back without one. They also leave KEEP in the reserve
 *     for commits that do make room.
 * (3) What is refused may still fit when logs have become tables and leftovers are
 *     gone. Reopening does both, and is what the reserve is for.
 *
 * recovery_bytes() is a bound: an entry of the log is its key and value and 2
 * bytes or more; in a table it has, beside these, 11 bytes, less what it shares with
 * the key before it, and 2 of index and filter. Keys have 5 bytes or more.
 */
#include "base/clock.h"
#include "base/log.h"
#include "store/store_int.h"

#include <string.h>

#define RESERVE "reserve"

enum {
    CHANGE_BYTES = 12,      /* of a change in the log beside key and value, at most */
    COMMIT_BYTES = 64,      /* of a commit beside its changes */
    FIXED = 256 << 10,      /* manifest, head of a log, the rounding of blocks */
    KEEP = 4 << 20,         /* at most; less on a small disk */
    COMPACTION = 256 << 20, /* 25 tables, or a dozen memtables and all of level 1 */
    SLACK = 16 << 10,       /* what a filesystem takes to make a file longer */
    LOGS_WORTH = 64 << 10,  /* of smaller logs tables would make no room */
    REOPEN_AGAIN_MS = 1000, /* a compaction that finds no room leaves its files again */
};

enum rc store__no_space(struct err *err)
{
    return err_set(err, RC_NO_SPACE, "no_space_left_on_device",
                   "There is no more space left on the device. Consider increasing the size of the "
                   "disk/partition.");
}

/* ---- what there is, and what it takes; under the lock ------------------------------------ */

struct log_bytes {
    struct fs_dir *dir;
    uint64_t n;
};

static enum rc add_log(void *arg, const char *name, struct err *err)
{
    struct log_bytes *logs = arg;
    size_t n = strlen(name);
    uint64_t size = 0;
    int fd = -1;

    if (n < 4 || strcmp(name + n - 4, ".log") != 0)
        return RC_OK;
    /* LevelDB may remove a log at any time: then it is none any more. */
    if (fs_open_read(logs->dir, name, &fd, err) == RC_OK && fs_size(fd, &size, err) == RC_OK)
        logs->n += size;
    fs_close(fd);
    return RC_OK;
}

/* `logged` only rises by what is written; here it hears what became tables. */
static void recount(struct store *store)
{
    struct log_bytes logs = {.dir = store->dir};
    struct err err;

    if (fs_dir_each(store->dir, add_log, &logs, &err) == RC_OK &&
        logs.n + store->pending < store->logged)
        store->logged = logs.n + store->pending;
}

static uint64_t recovery_bytes(uint64_t logged)
{
    return 2 * logged + FIXED;
}

static uint64_t disk_bytes(const struct store *store)
{
    uint64_t all = fs_tree_bytes(store->path);

    return all > store->reserve ? all - store->reserve : 0;
}

/* A compaction writes anew what it reads, at most all there is; a memtable may become a table
 * before.
 */
static uint64_t free_floor(const struct store *store, uint64_t have)
{
    uint64_t most = COMPACTION + store->logged, want = most;

    if (have < 2 * most)
        want = disk_bytes(store) + store->logged;
    want = want < most ? want : most;
    return want > store->opts.free_floor ? want : store->opts.free_floor;
}

/* ---- the reserve ------------------------------------------------------------------------- */

bool store__drop_reserve(struct store *store)
{
    struct err err;

    fs_close(store->reserve_fd);
    store->reserve_fd = -1;
    store->reserve = 0;
    return fs_exists(store->dir, RESERVE) && fs_unlink(store->dir, RESERVE, &err) == RC_OK;
}

/* RC_NO_SPACE: not so large. Where it cannot be had for other reasons we do without. */
static enum rc set_reserve(struct store *store, uint64_t size)
{
    enum rc rc = RC_OK;
    struct err err;

    if (store->reserve_fd < 0) {
        (void)store__drop_reserve(store); /* of a run before */
        rc = fs_open_new(store->dir, RESERVE, &store->reserve_fd, &err);
    }
    if (rc == RC_OK && size > store->reserve)
        rc = fs_allocate(store->reserve_fd, size, &err);
    else if (rc == RC_OK)
        rc = fs_truncate(store->reserve_fd, size, &err);
    if (rc == RC_OK) {
        store->reserve = size;
        return RC_OK;
    }
    /* What an allocation got that found no room in the end may belong to the file. */
    if (rc != RC_NO_SPACE || store->reserve == 0 ||
        fs_truncate(store->reserve_fd, store->reserve, &err) != RC_OK)
        (void)store__drop_reserve(store);
    return rc == RC_NO_SPACE ? rc : RC_OK;
}

void store__begin_reserve(struct store *store)
{
    store->logged = store->pending;
    (void)set_reserve(store, recovery_bytes(store->logged));
}

/* ---- a commit ---------------------------------------------------------------------------- */

struct need {
    uint64_t have;  /* on the disk, with the reserve */
    uint64_t more;  /* the commit makes the logs longer by, at most */
    uint64_t want;  /* the reserve behind it */
    uint64_t total; /* of both, and what is to be left */
    bool tight;     /* there is little more than a commit needs that makes no room */
};

static enum rc look(struct store *store, const struct store_batch *batch, struct need *ret_need,
                    struct err *err)
{
    struct need need = {.more = store__log_bytes(batch)};
    uint64_t leave, keep, have = 0;
    enum rc rc;

    rc = fs_dir_free_bytes(store->dir, &have, err);
    if (rc != RC_OK)
        return rc;
    leave = free_floor(store, have);
    keep = leave < KEEP ? leave : KEEP;
    need.have = have + store->reserve;
    need.want = recovery_bytes(store->logged + need.more);
    need.total = need.want + need.more + SLACK;
    need.tight = need.have < need.total + keep + leave + keep / 4;
    if (!batch->makes_room) {
        need.want += keep;
        need.total += keep + leave;
    }
    *ret_need = need;
    return RC_OK;
}

/* Makes the reserve as large as it must be, or a little larger, or smaller for the log's sake. */
static enum rc adjust(struct store *store, const struct need *need)
{
    uint64_t size = need->want + need->want / 4;
    uint64_t have = need->have - store->reserve;

    if (store->reserve >= need->want) {
        if (have >= need->more + SLACK)
            return RC_OK;
        return set_reserve(store, need->have - need->more - SLACK);
    }
    return set_reserve(store, need->tight ? need->want : size);
}

uint64_t store__log_bytes(const struct store_batch *batch)
{
    uint64_t n = batch->n_bytes + (uint64_t)CHANGE_BYTES * batch->n_changes + COMMIT_BYTES;

    return n + n / 4096; /* the log has a head in front of each piece of 32 KiB */
}

enum rc store__admit(struct store *store, const struct store_batch *batch, struct err *err)
{
    struct need need;
    enum rc rc;

    if (store->opts.bulk) /* what does not end well is thrown away */
        return RC_OK;
    rc = look(store, batch, &need, err);
    if (rc == RC_OK && (store->reserve < need.want || need.have < need.total)) {
        recount(store);
        rc = look(store, batch, &need, err);
    }
    if (rc != RC_OK)
        return rc;
    store->tight = need.tight;
    if (need.have >= need.total && adjust(store, &need) == RC_OK)
        return RC_OK;
    store->tight = true;
    return store__no_space(err);
}

uint64_t store_disk_bytes(struct store *store)
{
    uint64_t all = fs_tree_bytes(store->path), reserve; /* a walk: commits need not wait for it */

    mutex_lock(&store->lock);
    reserve = store->reserve;
    mutex_unlock(&store->lock);
    return all > reserve ? all - reserve : 0;
}

bool store_is_tight(struct store *store)
{
    bool tight;

    mutex_lock(&store->lock);
    tight = store->tight;
    mutex_unlock(&store->lock);
    return tight;
}

/* ---- making room ------------------------------------------------------------------------- */

/* By (1) there is; a filesystem that promises nothing, or an error of the disk's, may differ. */
bool store__room_to_reopen(struct store *store)
{
    uint64_t have = 0;
    struct err err;

    recount(store);
    if (fs_dir_free_bytes(store->dir, &have, &err) != RC_OK)
        return true; /* who cannot say how full it is must not block us */
    return have + store->reserve >= recovery_bytes(store->logged);
}

bool store__reopen_for_room(struct store *store)
{
    int64_t now = clock_mono_ns();
    struct err why;

    if (store->state != STORE_READY || store->head || store->writing)
        return false;
    if (store->logged < LOGS_WORTH && now < store->reopen_again_ns)
        return false;
    if (!store__room_to_reopen(store))
        return false;
    store->reopen_again_ns = now + REOPEN_AGAIN_MS * NS_PER_MS;
    log_event(LOG_INFO, "store", "reopens the database to make room on the disk", "logs=%llu",
              (unsigned long long)store->logged);
    (void)store__no_space(&why);
    store__poison(store, &why);
    return store__wait_ready(store, NULL) == RC_OK;
}

/* Has LevelDB merge the tables between two keys, both in them (without bytes: all). Lock held. */
static void merge(struct store *store, struct bytes first, struct bytes last)
{
    leveldb_t *db = store->db;

    store->n_users++;
    mutex_unlock(&store->lock);
    leveldb_compact_range(db, (const char *)first.p, first.n, (const char *)last.p, last.n);
    mutex_lock(&store->lock);
    store__leave(store);
}

void store_merge(struct store *store, struct bytes first, struct bytes last)
{
    mutex_lock(&store->lock);
    if (!store->tight && store->state == STORE_READY)
        merge(store, first, last);
    mutex_unlock(&store->lock);
}

void store_reclaim(struct store *store)
{
    mutex_lock(&store->lock);
    if (!store->tight || store->opts.bulk || store->state != STORE_READY)
        goto out;
    recount(store);
    if (store->logged >= LOGS_WORTH)
        (void)store__reopen_for_room(store);
    if (store->state != STORE_READY || store->head || store->writing)
        goto out;
    /* Tables are written before those they replace can go: the rest of the reserve is for that. */
    if (store->reserve > recovery_bytes(store->logged))
        (void)set_reserve(store, recovery_bytes(store->logged));
    merge(store, (struct bytes){0}, (struct bytes){0});

out:
    mutex_unlock(&store->lock);
}
