/* SPDX-License-Identifier: MIT */
/*
 * store_commit.c -- batches, and the queue in front of LevelDB's log.
 *
 * LevelDB groups concurrent writers itself, but those queued inside it go on
 * appending after an append of the first has failed, before we could stop them,
 * and theirs may answer OK and be lost. So commits queue here: the head takes
 * what waits behind it, up to GROUP_BYTES, as one batch through one sync, and a
 * failure fails all that wait. A commit stays whole: one group is one record of
 * the log.
 */
#include "base/assert.h"
#include "base/fault.h"
#include "base/mem.h"
#include "store/store_int.h"

enum { GROUP_BYTES = 1 << 20 }; /* beyond it copying costs more than a sync */

struct store_commit {
    struct store_commit *next;
    const struct store_batch *batch;
    uint64_t log_bytes;
    struct err *err;  /* the caller's; may be NULL */
    struct cond turn; /* done, or head */
    enum rc rc;
    bool done;
};

struct store_batch *store_batch_new(void)
{
    struct store_batch *batch = xcalloc(1, sizeof *batch);

    batch->wb = leveldb_writebatch_create();
    return batch;
}

void store_batch_free(struct store_batch *batch)
{
    if (!batch)
        return;
    leveldb_writebatch_destroy(batch->wb);
    xfree(batch);
}

void store_batch_put(struct store_batch *batch, struct bytes key, struct bytes value)
{
    leveldb_writebatch_put(batch->wb, (const char *)key.p, key.n, (const char *)value.p, value.n);
    batch->n_bytes += key.n + value.n;
    batch->n_changes++;
}

void store_batch_del(struct store_batch *batch, struct bytes key)
{
    leveldb_writebatch_delete(batch->wb, (const char *)key.p, key.n);
    batch->n_bytes += key.n;
    batch->n_changes++;
}

size_t store_batch_bytes(const struct store_batch *batch)
{
    return batch->n_bytes;
}

size_t store_batch_count(const struct store_batch *batch)
{
    return batch->n_changes;
}

void store_batch_clear(struct store_batch *batch)
{
    leveldb_writebatch_clear(batch->wb);
    batch->n_bytes = 0;
    batch->n_changes = 0;
    batch->makes_room = false;
}

void store_batch_makes_room(struct store_batch *batch)
{
    batch->makes_room = true;
}

/* ---- the queue; store->lock is held except where it says not ---------------------------- */

static void push(struct store *store, struct store_commit *c)
{
    if (store->tail)
        store->tail->next = c;
    else
        store->head = c;
    store->tail = c;
    store->n_waiting++;
    c->log_bytes = store__log_bytes(c->batch);
    store->pending += c->log_bytes;
    store->logged += c->log_bytes;
}

/* Takes the head off the queue and ends its wait. */
static void finish_head(struct store *store, enum rc rc, const struct err *why)
{
    struct store_commit *c = store->head;

    store->head = c->next;
    if (!store->head)
        store->tail = NULL;
    store->n_waiting--;
    store->pending -= c->log_bytes;
    c->rc = rc;
    if (rc != RC_OK && c->err)
        *c->err = *why;
    c->done = true;
    cond_signal(&c->turn);
}

/* The head's batch, or a group that begins with it; *ret_n commits are in it. */
static leveldb_writebatch_t *gather(struct store *store, size_t *ret_n)
{
    const struct store_commit *c = store->head;
    size_t n = 1, n_bytes = c->batch->n_bytes;

    if (!c->next || n_bytes + c->next->batch->n_bytes > GROUP_BYTES) {
        *ret_n = 1;
        return c->batch->wb;
    }
    leveldb_writebatch_clear(store->group);
    leveldb_writebatch_append(store->group, c->batch->wb);
    while (c->next && n_bytes + c->next->batch->n_bytes <= GROUP_BYTES) {
        c = c->next;
        leveldb_writebatch_append(store->group, c->batch->wb);
        n_bytes += c->batch->n_bytes;
        n++;
    }
    *ret_n = n;
    return store->group;
}

/* The lock is not held. NULL, or LevelDB's text. */
static char *write_one(struct store *store, leveldb_writebatch_t *wb)
{
    char *text = NULL;
    int e = FAULT(STORE_COMMIT);

    if (e)
        return store__fault_text(e);
    leveldb_write(store->db, store->write_options, wb, &text);
    e = FAULT(STORE_AFTER_COMMIT);
    if (e && !text)
        return store__fault_text(e);
    return text;
}

/*
 * What the caller of a failed commit is told: RC_IO, for the batch may be found
 * after the reopening, even when the disk was full (the word says that).
 * RC_CORRUPT only when LevelDB refused before it wrote.
 */
static enum rc describe(struct err *why, char *text)
{
    bool full = store__text_is_no_space(text);
    enum rc rc;

    rc = store__fail(why, text, "cannot write to the database");
    if (rc == RC_CORRUPT)
        return rc;
    why->rc = RC_IO;
    why->word = full ? "no_space_left_on_device" : NULL;
    return RC_IO;
}

/* The head's group, through the lock. NULL, or LevelDB's text. */
static char *write_group(struct store *store, size_t *ret_n)
{
    leveldb_writebatch_t *wb = gather(store, ret_n);
    char *text;

    store->writing = true;
    mutex_unlock(&store->lock);
    text = write_one(store, wb);
    mutex_lock(&store->lock);
    store->writing = false;
    return text;
}

/*
 * LevelDB refuses all writes after a compaction that found no room, before it
 * touches its log, and begins the same compaction again when it is reopened. So a
 * write that was refused for that goes on at once behind the reopening.
 */
static bool get_past_compaction(struct store *store, const char *text)
{
    struct err why;

    if (!store__text_is_no_space(text) || !store__text_is_table(text))
        return false;
    store->tight = true;
    (void)store__no_space(&why);
    store__poison(store, &why);
    store__try_reopen(store);
    return store->state == STORE_READY;
}

/* Commits for the head and those grouped with it. */
static void lead(struct store *store)
{
    struct err why = {0};
    enum rc rc = RC_OK;
    char *text;
    size_t n;

    text = write_group(store, &n);
    if (text && get_past_compaction(store, text)) {
        leveldb_free(text);
        text = write_group(store, &n);
    }
    if (text)
        rc = describe(&why, text);
    if (rc == RC_OK) {
        for (; n > 0; n--)
            finish_head(store, RC_OK, NULL);
        if (store->head)
            cond_signal(&store->head->turn);
        return;
    }
    store__poison(store, &why);
    while (store->head)
        finish_head(store, rc, &why);
    store__try_reopen(store);
}

enum rc store_commit(struct store *store, const struct store_batch *batch, struct err *err)
{
    struct store_commit c = {.batch = batch, .err = err};
    enum rc rc;

    if (batch->n_changes == 0)
        return RC_OK;
    cond_init(&c.turn);
    mutex_lock(&store->lock);
    rc = store__wait_ready(store, err);
    if (rc == RC_OK)
        rc = store__admit(store, batch, err);
    if (rc == RC_NO_SPACE && store__reopen_for_room(store))
        rc = store__admit(store, batch, err);
    if (rc != RC_OK)
        goto out;
    push(store, &c);
    while (!c.done && store->head != &c)
        cond_wait(&c.turn, &store->lock);
    if (!c.done)
        lead(store);
    rc = c.rc;

out:
    mutex_unlock(&store->lock);
    cond_done(&c.turn);
    return rc;
}
