/* SPDX-License-Identifier: MIT */
/*
 * store.c -- one LevelDB handle: opening, poisoning, reopening, closing.
 *
 * The states and invariants are in store_int.h. Two facts of LevelDB 1.23 shape
 * this file:
 *
 *   - After a failed log append its writer believes in bytes that are not in the
 *     file; later records land at wrong offsets and are dropped at the next
 *     recovery, although their writes answered OK. So the first failure ends
 *     the handle's life as a writer.
 *   - A directory can be open once in a process, so the old handle must be
 *     closed before the new one opens, and views hold the old handle. Reads
 *     through it stay right (it shows what was acknowledged), hence views that
 *     cannot wait any longer are still served by it.
 *
 * Who lets the last user go, or asks for a commit, does the reopening; there is
 * no thread for it.
 */
#include "store/store.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/store_int.h"

enum {
    DEFAULT_WRITE_BUFFER = 16 << 20,
    DEFAULT_BLOCK_CACHE = 32 << 20,
    DEFAULT_REOPEN_WAIT_MS = 5000,
    DRAIN_MS = 100,
    BLOCK_SIZE = 8 << 10, /* a posting or a block of documents is mostly one to a block */
    TABLE_SIZE = 8 << 20, /* a quarter of the files that 2 MiB would make */
    OPEN_FILES = 1000,    /* tables kept open: 8 GB before LevelDB closes some */
    BLOOM_BITS = 10,      /* about 1 % of absent keys cost a read */
};

static void make_options(struct store *store)
{
    leveldb_options_t *o = leveldb_options_create();

    store->cache = leveldb_cache_create_lru(store->opts.block_cache);
    store->filter = leveldb_filterpolicy_create_bloom(BLOOM_BITS);
    leveldb_options_set_create_if_missing(o, 1);
    leveldb_options_set_paranoid_checks(o,
                                        1); /* without it a damaged log loses its tail silently */
    leveldb_options_set_cache(o, store->cache);
    leveldb_options_set_filter_policy(o, store->filter);
    leveldb_options_set_write_buffer_size(o, store->opts.write_buffer);
    leveldb_options_set_block_size(o, BLOCK_SIZE);
    leveldb_options_set_max_file_size(o, TABLE_SIZE);
    leveldb_options_set_max_open_files(o, OPEN_FILES);
    leveldb_options_set_compression(o, leveldb_no_compression); /* what is big comes compressed */
    store->options = o;
    store->write_options = leveldb_writeoptions_create();
    leveldb_writeoptions_set_sync(store->write_options, !store->opts.bulk);
}

/* NULL, or LevelDB's text. */
static char *try_open(struct store *store, leveldb_t **ret_db)
{
    char *text = NULL;
    int e = FAULT(STORE_OPEN);

    if (e)
        return store__fault_text(e);
    *ret_db = leveldb_open(store->options, store->path, &text);
    return text;
}

/* Opens the LevelDB and makes its CURRENT durable, which LevelDB renames without a directory sync.
 */
static enum rc open_db(struct store *store, leveldb_t **ret_db, struct err *err)
{
    leveldb_t *db = NULL;
    char *text = try_open(store, &db);
    enum rc rc;

    if (text && store__text_is_no_space(text) && store__drop_reserve(store)) {
        leveldb_free(text);
        log_event(LOG_WARN, "store", "no room to open the database: the reserve is given back",
                  "path=%s", store->path);
        text = try_open(store, &db);
    }
    if (text)
        return store__fail(err, text, "cannot open the database");
    rc = fs_dir_sync(store->dir, err);
    if (rc != RC_OK) {
        leveldb_close(db);
        return rc;
    }
    if (!store->opts.bulk)
        store__begin_reserve(store);
    *ret_db = db;
    return RC_OK;
}

enum rc store_open(const char *dir, const struct store_opts *opts, struct store **ret_store,
                   struct err *err)
{
    struct store *store = xcalloc(1, sizeof *store);
    enum rc rc;

    store__check_crc();
    if (opts)
        store->opts = *opts;
    if (store->opts.write_buffer == 0)
        store->opts.write_buffer = DEFAULT_WRITE_BUFFER;
    if (store->opts.block_cache == 0)
        store->opts.block_cache = DEFAULT_BLOCK_CACHE;
    if (store->opts.reopen_wait_ms == 0)
        store->opts.reopen_wait_ms = DEFAULT_REOPEN_WAIT_MS;
    mutex_init(&store->lock);
    cond_init(&store->changed);
    store->group = leveldb_writebatch_create();
    make_options(store);
    store->state = STORE_DOWN;
    store->reserve_fd = -1;
    rc = fs_dir_open(dir, true, &store->dir, err);
    if (rc != RC_OK)
        goto out;
    store->path = xstrdup(fs_dir_path(store->dir));
    rc = open_db(store, &store->db, err);
    if (rc != RC_OK)
        goto out;
    store->state = STORE_READY;
    *ret_store = store;
    store = NULL;

out:
    store_close(store);
    return rc;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    ASSERT(store->n_views == 0); /* LevelDB would crash later, elsewhere */
    ASSERT(store->n_users == 0 && !store->head);
    if (store->db)
        leveldb_close(store->db);
    leveldb_writebatch_destroy(store->group);
    leveldb_writeoptions_destroy(store->write_options);
    leveldb_options_destroy(store->options);
    leveldb_filterpolicy_destroy(store->filter);
    leveldb_cache_destroy(store->cache);
    fs_close(store->reserve_fd);
    fs_dir_close(store->dir);
    cond_done(&store->changed);
    mutex_done(&store->lock);
    xfree(store->path);
    xfree(store);
}

/* ---- after a failed commit ------------------------------------------------------------- */

static void set_drain(struct store *store)
{
    int64_t ms = store->opts.reopen_wait_ms < DRAIN_MS ? store->opts.reopen_wait_ms : DRAIN_MS;

    store->drain_until_ns = clock_mono_ns() + ms * NS_PER_MS;
}

void store__poison(struct store *store, const struct err *why)
{
    store->state = STORE_POISONED;
    store->trouble = *why;
    set_drain(store);
    cond_broadcast(&store->changed);
}

void store__try_reopen(struct store *store)
{
    leveldb_t *db = store->db;
    struct err err = {0};
    enum rc rc;

    if (store->state != STORE_POISONED && store->state != STORE_DOWN)
        return;
    if (store->n_users > 0 || store->writing || store->opts.bulk)
        return;
    if (store->state == STORE_POISONED && !store__room_to_reopen(store)) {
        (void)store__no_space(&store->trouble); /* the old handle can still serve reads */
        return;
    }
    store->state = STORE_REOPENING;
    store->db = NULL;
    mutex_unlock(&store->lock);
    if (db)
        leveldb_close(db);
    db = NULL;
    rc = open_db(store, &db, &err);
    mutex_lock(&store->lock);
    store->db = db;
    store->state = rc == RC_OK ? STORE_READY : STORE_DOWN;
    if (rc == RC_OK)
        store->epoch++;
    else
        store->trouble = err;
    cond_broadcast(&store->changed);
}

/* Nothing can change by waiting: the last try to reopen failed, or must not be made. */
static bool is_stuck(const struct store *store)
{
    return store->opts.bulk || (store->n_users == 0 && !store->writing);
}

enum rc store__wait_ready(struct store *store, struct err *err)
{
    int64_t deadline = clock_mono_ns() + (int64_t)store->opts.reopen_wait_ms * NS_PER_MS;

    for (;;) {
        ASSERT(store->state != STORE_FINISHED);
        store__try_reopen(store);
        if (store->state == STORE_READY)
            return RC_OK;
        if (store->state == STORE_REOPENING) {
            cond_wait(&store->changed, &store->lock);
            continue;
        }
        if (is_stuck(store)) {
            if (err)
                *err = store->trouble;
            return store->trouble.rc;
        }
        set_drain(store);
        if (!cond_wait_until(&store->changed, &store->lock, deadline))
            return err_set(err, RC_BUSY, NULL,
                           "the database reopens after a failed write when %zu readers are done",
                           store->n_users);
    }
}

enum rc store_settle(struct store *store, struct err *err)
{
    enum rc rc;

    mutex_lock(&store->lock);
    rc = store__wait_ready(store, err);
    mutex_unlock(&store->lock);
    return rc;
}

/* ---- users of the handle ---------------------------------------------------------------- */

enum rc store__enter(struct store *store, struct err *err)
{
    for (;;) {
        ASSERT(store->state != STORE_FINISHED);
        store__try_reopen(store);
        if (store->state == STORE_READY)
            break;
        if (store->state == STORE_DOWN) {
            if (err)
                *err = store->trouble;
            return store->trouble.rc;
        }
        if (store->state == STORE_REOPENING) {
            cond_wait(&store->changed, &store->lock);
            continue;
        }
        if (is_stuck(store) || clock_mono_ns() >= store->drain_until_ns)
            break; /* the old handle is good for reading */
        (void)cond_wait_until(&store->changed, &store->lock, store->drain_until_ns);
    }
    store->n_users++;
    return RC_OK;
}

void store__leave(struct store *store)
{
    store->n_users--;
    if (store->state == STORE_READY)
        return;
    cond_broadcast(&store->changed);
    store__try_reopen(store);
}

size_t store_views_open(struct store *store)
{
    size_t n;

    mutex_lock(&store->lock);
    n = store->n_views;
    mutex_unlock(&store->lock);
    return n;
}

/* ---- bulk ---------------------------------------------------------------------------- */

static enum rc sync_all(const char *path, struct err *err)
{
    const char *slash = strrchr(path, '/');
    char *parent = !slash          ? xstrdup(".")
                   : slash == path ? xstrdup("/")
                                   : xstrndup(path, (size_t)(slash - path));
    struct fs_dir *dir = NULL;
    enum rc rc;

    rc = fs_dir_open(parent, false, &dir, err);
    if (rc == RC_OK)
        rc = fs_sync_tree(dir, slash ? slash + 1 : path, err);
    fs_dir_close(dir);
    xfree(parent);
    return rc;
}

enum rc store_finish_bulk(struct store *store, struct err *err)
{
    ASSERT(store->opts.bulk);
    ASSERT(store->n_users == 0 && !store->head);
    if (store->state != STORE_READY) {
        if (err)
            *err = store->trouble;
        return store->trouble.rc;
    }
    leveldb_close(store->db); /* does not sync its log, nor the logs before it */
    store->db = NULL;
    store->state = STORE_FINISHED;
    return sync_all(store->path, err);
}
