/* SPDX-License-Identifier: MIT */
/*
 * loader.c -- fills an empty store from the blocks of a dump.
 *
 * The caller decodes frames, one after another; workers look into the documents
 * for their ids and fields; the caller takes finished blocks off the ring in
 * order and writes them as they came. Blocks, directory, ids and counts of an
 * index are written in the order of their keys, so that LevelDB moves files
 * down instead of writing them again.
 *
 *   ring   [tail, next): taken by workers or done   [next, head): waiting
 *
 * (1) Doc ids are given when a block comes, so all that is stored is the same
 *     whatever the workers' speed.
 * (2) The first error, of any block, is the error of the load; nothing that was
 *     stored counts then (the caller throws the store away).
 * (3) A frame too large for reading one document out of it (a dump can be
 *     written with large frames) is split into ordinary blocks here.
 */
#include "index/loader_int.h"

#include "base/assert.h"
#include "base/mem.h"
#include "store/store.h"

static enum rc failed(struct loader *l, struct err *err)
{
    enum rc rc;

    mutex_lock(&l->lock);
    rc = l->rc;
    if (rc != RC_OK && err)
        *err = l->err;
    mutex_unlock(&l->lock);
    return rc;
}

static enum rc commit_over(struct loader *l, size_t bytes, struct err *err)
{
    enum rc rc;

    if (store_batch_bytes(l->batch) <= bytes)
        return RC_OK;
    rc = store_commit(l->store, l->batch, err);
    store_batch_clear(l->batch);
    return rc;
}

static void put_block(struct loader *l, struct bytes value, size_t frame, struct dir_entry entry)
{
    struct key key;

    entry.version = 0;
    store_batch_put(l->batch, key_numbered(&key, KEY_BLOCK, l->state->blocks, entry.first), value);
    directory__push(&l->state->dir, entry);
    l->state->stored_bytes += frame;
}

/* Takes the oldest block off the ring, which is done. */
static enum rc retire(struct loader *l, struct err *err)
{
    struct load_job *j = &l->ring[l->tail % RING];
    size_t i, at = 0;

    if (j->n_at == 0) {
        buf_clear(&l->value);
        block__head_put_dense(&l->value, j->docs.n);
        (void)buf_bytes(&l->value, buf_view(&j->frame));
        put_block(l, buf_view(&l->value), j->frame.n,
                  (struct dir_entry){.first = j->first,
                                     .count = (uint32_t)j->docs.n,
                                     .bytes = (uint32_t)j->content.n});
    }
    for (i = 0; i < j->n_at; i++) {
        struct bytes value = bytes_of(j->values.p + at, j->at[i].version);
        struct block_head head;
        enum rc rc = block__head_read(value, &head, err);

        if (rc != RC_OK)
            return rc;
        put_block(l, value, head.frame.n, j->at[i]);
        at += value.n;
    }
    return commit_over(l, BLOCKS_BATCH_BYTES, err);
}

/* Retires until at most `keep` blocks are in the ring. */
static enum rc drain(struct loader *l, size_t keep, struct err *err)
{
    for (;;) {
        enum rc rc;

        mutex_lock(&l->lock);
        while (l->rc == RC_OK && l->head - l->tail > keep && !l->ring[l->tail % RING].done)
            cond_wait(&l->changed, &l->lock);
        mutex_unlock(&l->lock);
        rc = failed(l, err);
        if (rc != RC_OK || l->head == l->tail || (l->head - l->tail <= keep))
            return rc;
        rc = retire(l, err);
        if (rc != RC_OK)
            return rc;
        l->tail++;
    }
}

static enum rc write_ids(struct loader *l, struct err *err)
{
    struct id_run *runs;
    enum rc rc;

    mutex_lock(&l->lock);
    runs = l->runs;
    l->runs = NULL;
    l->runs_bytes = 0;
    mutex_unlock(&l->lock);
    rc = id_run__write_all(runs, l->store, l->batch, l->state->body, err);
    id_run__free_all(runs);
    return rc;
}

enum rc loader_block(struct loader *l, struct bytes frame, struct bytes content, struct err *err)
{
    struct load_job *j;
    bool many_ids;
    enum rc rc;

    ASSERT(l->state);
    rc = drain(l, RING - 1, err);
    if (rc != RC_OK)
        return rc;
    j = &l->ring[l->head % RING];
    buf_clear(&j->frame);
    buf_clear(&j->content);
    buf_clear(&j->values);
    j->n_at = 0;
    j->done = false;
    (void)buf_bytes(&j->frame, frame);
    (void)buf_bytes(&j->content, content);
    rc = block__spans(buf_view(&j->content), &j->docs, err);
    if (rc != RC_OK || j->docs.n == 0)
        return rc;
    if (!l->state->primary_key)
        return err_set(err, RC_CORRUPT, NULL, "index `%s` has documents but no primary key",
                       l->state->uid);
    if (j->docs.n > UINT32_MAX - 1 - l->state->next_doc)
        return err_set(err, RC_CORRUPT, NULL, "index `%s` has too many documents", l->state->uid);
    j->first = l->state->next_doc;
    l->state->next_doc += (uint32_t)j->docs.n;
    mutex_lock(&l->lock);
    l->head++;
    many_ids = l->runs_bytes >= l->runs_max;
    cond_broadcast(&l->changed);
    mutex_unlock(&l->lock);
    if (!many_ids)
        return RC_OK;
    l->ids_flushed = true;
    return write_ids(l, err);
}

static enum rc complete_settings(struct loader *l, struct bytes settings, struct err *err)
{
    struct buf out;
    size_t n;
    enum rc rc;

    buf_init(&out, BUF_NO_LIMIT);
    rc = settings__apply(settings_defaults(), settings, &out, err);
    if (rc == RC_OK) {
        l->state->settings_text = buf_take(&out, &n);
        l->state->settings = bytes_of(l->state->settings_text, n);
    } else {
        rc = RC_CORRUPT;
        if (err) {
            (void)err_prefix(err, "settings of index `%s`: ", l->state->uid);
            err->rc = rc;
            err->word = NULL;
        }
    }
    buf_done(&out);
    return rc;
}

enum rc loader_index(struct loader *l, struct bytes uid, struct bytes primary_key,
                     int64_t created_ns, int64_t updated_ns, struct bytes settings, struct err *err)
{
    ASSERT(!l->state);
    if (index_uid_check(uid, err) != RC_OK || fields__find(&l->uids, uid) != FIELD_NONE)
        return err_set(err, RC_CORRUPT, NULL, "index uid `%.*s` is invalid or comes twice",
                       BYTES_ARG(uid));
    (void)fields__add(&l->uids, uid);
    l->state = index_state__new();
    l->state->id = l->n_indexes++;
    l->state->body = l->next_number++;
    l->state->blocks = l->next_number++;
    l->state->uid = xstrndup(uid.p, uid.n);
    l->state->primary_key = primary_key.n ? xstrndup(primary_key.p, primary_key.n) : NULL;
    l->state->created_ns = created_ns;
    l->state->updated_ns = updated_ns;
    l->ids_flushed = false;
    return complete_settings(l, settings, err);
}

static enum rc write_directory(struct loader *l, struct err *err)
{
    const struct directory *dir = &l->state->dir;
    enum rc rc = RC_OK;
    size_t i;

    for (i = 0; rc == RC_OK && i < dir->n; i++) {
        uint8_t counts[2 * VARINT_MAX];
        size_t n = put_varint(counts, dir->at[i].count);
        struct key key;

        n += put_varint(counts + n, dir->at[i].bytes);
        store_batch_put(l->batch,
                        key_numbered(&key, KEY_DIRECTORY, l->state->blocks, dir->at[i].first),
                        bytes_of(counts, n));
        rc = commit_over(l, LOAD_BATCH_BYTES, err);
    }
    return rc;
}

/* Adds up what the workers counted, and writes it. All of them are idle. */
static enum rc write_fields(struct loader *l, struct err *err)
{
    struct fields all = {0};
    uint64_t *counts = NULL;
    size_t cap = 0, i, k;
    enum rc rc = RC_OK;

    for (i = 0; i < l->n_workers; i++) {
        struct load_worker *w = &l->workers[i];

        for (k = 0; k < w->fields.n; k++) {
            size_t id = fields__add(&all, w->fields.names[k]), old = cap;

            counts = index__grow(counts, sizeof *counts, id + 1, &cap);
            memset(counts + old, 0, (cap - old) * sizeof *counts);
            counts[id] += w->counts[k];
        }
        fields__done(&w->fields);
        if (w->counts_cap)
            memset(w->counts, 0, w->counts_cap * sizeof *w->counts);
    }
    for (i = 0; rc == RC_OK && i < all.n; i++) {
        uint8_t value[VARINT_MAX];
        struct key key;

        store_batch_put(l->batch, key_named(&key, KEY_FIELD, l->state->body, all.names[i]),
                        bytes_of(value, put_varint(value, counts[i])));
        rc = commit_over(l, LOAD_BATCH_BYTES, err);
    }
    fields__done(&all);
    xfree(counts);
    return rc;
}

static enum rc write_all_ids(struct loader *l, struct err *err)
{
    unsigned i;
    enum rc rc;

    for (i = 0; i < l->n_workers; i++)
        load_worker__give_run(&l->workers[i]);
    rc = write_ids(l, err);
    if (rc == RC_OK)
        rc = commit_over(l, 0, err);
    if (rc == RC_OK && l->ids_flushed)
        rc = id_run__check_count(l->store, l->state->body, l->state->next_doc, err);
    return rc;
}

enum rc loader_index_end(struct loader *l, uint64_t *ret_documents, struct err *err)
{
    struct index_state *s = l->state;
    struct key key;
    enum rc rc;

    ASSERT(s);
    rc = drain(l, 0, err);
    if (rc == RC_OK)
        rc = write_directory(l, err);
    if (rc == RC_OK)
        rc = write_all_ids(l, err);
    if (rc == RC_OK)
        rc = write_fields(l, err);
    if (rc == RC_OK)
        rc = commit_over(l, 0, err); /* builders see what is committed */
    if (rc == RC_OK)
        rc = loader__search(l, err);
    if (rc != RC_OK && err)
        (void)err_prefix(err, "index `%s`: ", s->uid);
    if (rc != RC_OK)
        return rc;
    s->n_documents = s->n_versions = s->next_doc;
    s->document_bytes = l->document_bytes;
    l->document_bytes = 0;
    buf_clear(&l->value);
    index_state__encode(s, &l->value);
    store_batch_put(l->batch, key_head(&key, KEY_INDEX, s->id), buf_view(&l->value));
    store_batch_put(l->batch, key_head(&key, KEY_SETTINGS, s->id), s->settings);
    *ret_documents = s->n_documents;
    index_state__unref(s);
    l->state = NULL;
    return RC_OK;
}

enum rc loader_end(struct loader *l, struct err *err)
{
    const struct snapshot meta = {
        .seq = 1, .next_index = l->n_indexes, .next_body = l->next_number};
    const uint8_t kind = KEY_META;

    ASSERT(!l->state);
    buf_clear(&l->value);
    meta__encode(&meta, &l->value);
    store_batch_put(l->batch, bytes_of(&kind, 1), buf_view(&l->value));
    return commit_over(l, 0, err);
}

static enum rc check_empty(struct store *store, struct err *err)
{
    struct store_view *view = NULL;
    uint64_t seq = 0;
    enum rc rc;

    rc = store_view_open(store, &view, err);
    if (rc == RC_OK)
        rc = snapshot__stored_seq(view, &seq, err);
    store_view_close(view);
    if (rc == RC_OK && seq)
        rc = err_set(err, RC_EXISTS, NULL, "the store to load into is not empty");
    return rc;
}

enum rc loader_open(struct store *store, struct loader **ret_loader, struct err *err)
{
    unsigned n = thread_cpu_count(), i;
    struct loader *l;
    enum rc rc;

    rc = check_empty(store, err);
    if (rc != RC_OK)
        return rc;
    l = xcalloc(1, sizeof *l);
    l->store = store;
    l->batch = store_batch_new();
    l->run_max = ID_RUN_BYTES;
    l->runs_max = ID_RUNS_BYTES;
    mutex_init(&l->lock);
    cond_init(&l->changed);
    buf_init(&l->value, BUF_NO_LIMIT);
    for (i = 0; i < RING; i++) {
        buf_init(&l->ring[i].frame, BUF_NO_LIMIT);
        buf_init(&l->ring[i].content, BUF_NO_LIMIT);
        buf_init(&l->ring[i].values, BUF_NO_LIMIT);
    }
    /* One core is the caller's, who decodes. */
    l->n_workers = n < 2 ? 1 : n - 1 > WORKERS_MAX ? WORKERS_MAX : n - 1;
    for (i = 0; i < l->n_workers; i++)
        load_worker__start(l, &l->workers[i]);
    *ret_loader = l;
    return RC_OK;
}

void loader_close(struct loader *l)
{
    unsigned i;

    if (!l)
        return;
    mutex_lock(&l->lock);
    l->stop = true;
    cond_broadcast(&l->changed);
    mutex_unlock(&l->lock);
    for (i = 0; i < l->n_workers; i++)
        load_worker__join(&l->workers[i]);
    for (i = 0; i < RING; i++) {
        buf_done(&l->ring[i].frame);
        buf_done(&l->ring[i].content);
        buf_done(&l->ring[i].values);
        block_docs__done(&l->ring[i].docs);
        xfree(l->ring[i].at);
    }
    id_run__free_all(l->runs);
    index_state__unref(l->state);
    fields__done(&l->uids);
    buf_done(&l->value);
    store_batch_free(l->batch);
    cond_done(&l->changed);
    mutex_done(&l->lock);
    xfree(l);
}
