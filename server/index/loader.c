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

enum { RING = 32, WORKERS_MAX = 8, BLOCKS_BATCH_BYTES = 4 << 20 };

struct load_job {
    struct buf frame, content; /* copies */
    struct block_docs docs;
    uint32_t first;
    bool done;
    struct buf values;    /* of a split frame: block values, one behind the other */
    struct dir_entry *at; /* owned: their entries, version = length of the value */
    size_t n_at, at_cap;
};

struct load_worker {
    struct loader *loader;
    struct thread thread;
    struct json_parser *json;
    struct frame_encoder *encoder;
    struct field_walk walk;
    struct fields fields;
    uint64_t *counts; /* owned; by number in fields */
    size_t counts_cap;
    struct id_run *run; /* owned; not sorted yet */
};

struct loader {
    struct store *store; /* borrowed */
    struct store_batch *batch;
    struct fields uids;        /* of the indexes so far */
    uint32_t n_indexes;        /* also the next index id and body */
    struct index_state *state; /* the index being loaded, or NULL */
    struct buf value;
    bool ids_flushed; /* ids of this index were written before its end */
    struct load_worker workers[WORKERS_MAX];
    unsigned n_workers;
    struct mutex lock; /* guards what follows */
    struct cond changed;
    struct load_job ring[RING];
    size_t head, next, tail;
    struct id_run *runs; /* owned; sorted */
    size_t runs_bytes;
    uint64_t document_bytes;
    bool stop;
    enum rc rc; /* of the first failure */
    struct err err;
};

/* ---- workers ------------------------------------------------------------------------- */

static enum rc load_document(struct load_worker *w, struct bytes json, uint32_t doc,
                             struct err *err)
{
    struct bytes id, key = bytes_str(w->loader->state->primary_key);
    struct json_value root;
    struct json_error at;
    size_t i, old = w->counts_cap;

    if (json_parse(w->json, json, &index__json_limits, &root, &at) != RC_OK ||
        json_type(root) != JSON_OBJECT)
        return err_set(err, RC_CORRUPT, NULL, "document %u is not a JSON object", doc);
    if (document__id(root, key, &id, err) != RC_OK) {
        err->word = NULL; /* not a client's mistake here */
        return err->rc = RC_CORRUPT;
    }
    id_run__add(w->run, id, doc);
    fields__walk(&w->fields, true, root, &w->walk);
    w->counts = index__grow(w->counts, sizeof *w->counts, w->fields.n, &w->counts_cap);
    if (w->counts_cap > old)
        memset(w->counts + old, 0, (w->counts_cap - old) * sizeof *w->counts);
    for (i = 0; i < w->walk.n; i++)
        w->counts[w->walk.ids[i]]++;
    return RC_OK;
}

static enum rc split_block(struct load_worker *w, struct load_job *j, struct err *err)
{
    const struct block_docs *docs = &j->docs;
    size_t from, to, start = 0, end;
    enum rc rc = RC_OK;

    for (from = 0; rc == RC_OK && from < docs->n; from = to, start = end) {
        size_t at = j->values.n;

        end = docs->spans[from].at + docs->spans[from].n;
        for (to = from + 1; to < docs->n; to++) {
            size_t behind = docs->spans[to].at + docs->spans[to].n;

            if (behind - start > RECORD_BLOCK_TARGET)
                break;
            end = behind;
        }
        block__head_put_dense(&j->values, to - from);
        rc = frame_encode(w->encoder, bytes_of(docs->content.p + start, end - start), &j->values,
                          err);
        j->at = index__grow(j->at, sizeof *j->at, j->n_at + 1, &j->at_cap);
        j->at[j->n_at++] = (struct dir_entry){.first = j->first + (uint32_t)from,
                                              .version = (uint32_t)(j->values.n - at),
                                              .count = (uint32_t)(to - from),
                                              .bytes = (uint32_t)(end - start)};
    }
    return rc;
}

/* Hands a full run over to be merged. */
static void give_run(struct load_worker *w)
{
    struct loader *l = w->loader;

    id_run__sort(w->run);
    mutex_lock(&l->lock);
    w->run->next = l->runs;
    l->runs = w->run;
    l->runs_bytes += id_run__bytes(w->run);
    mutex_unlock(&l->lock);
    w->run = id_run__new();
}

static enum rc run_job(struct load_worker *w, struct load_job *j, uint64_t *ret_bytes,
                       struct err *err)
{
    enum rc rc = RC_OK;
    size_t i;

    for (i = 0; rc == RC_OK && i < j->docs.n; i++) {
        struct bytes json = bytes_of(j->docs.content.p + j->docs.spans[i].at, j->docs.spans[i].n);

        *ret_bytes += json.n;
        rc = load_document(w, json, j->first + (uint32_t)i, err);
    }
    if (rc == RC_OK && j->content.n > BLOCK_SPLIT && j->docs.n > 1)
        rc = split_block(w, j, err);
    if (id_run__bytes(w->run) >= ID_RUN_BYTES)
        give_run(w);
    return rc;
}

static void fail(struct loader *l, enum rc rc, const struct err *err)
{
    if (l->rc != RC_OK)
        return;
    l->rc = rc;
    l->err = *err;
}

static void work(void *arg)
{
    struct load_worker *w = arg;
    struct loader *l = w->loader;

    mutex_lock(&l->lock);
    for (;;) {
        struct load_job *j;
        uint64_t bytes = 0;
        struct err err;
        enum rc rc;

        while (!l->stop && l->next == l->head)
            cond_wait(&l->changed, &l->lock);
        if (l->stop)
            break;
        j = &l->ring[l->next++ % RING];
        mutex_unlock(&l->lock);
        rc = run_job(w, j, &bytes, &err);
        mutex_lock(&l->lock);
        if (rc != RC_OK)
            fail(l, rc, &err);
        l->document_bytes += bytes;
        j->done = true;
        cond_broadcast(&l->changed);
    }
    mutex_unlock(&l->lock);
}

/* ---- the caller ---------------------------------------------------------------------- */

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
    store_batch_put(l->batch, key_numbered(&key, KEY_BLOCK, l->state->body, entry.first), value);
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
    many_ids = l->runs_bytes >= ID_RUNS_BYTES;
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
        l->state->settings.p = buf_take(&out, &n);
        l->state->settings.n = n;
    } else {
        (void)err_prefix(err, "settings of index `%s`: ", l->state->uid);
        rc = RC_CORRUPT;
        if (err) {
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
    l->state->id = l->state->body = l->n_indexes++;
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
                        key_numbered(&key, KEY_DIRECTORY, l->state->body, dir->at[i].first),
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
        give_run(&l->workers[i]);
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
    if (rc != RC_OK) {
        (void)err_prefix(err, "index `%s`: ", s->uid);
        return rc;
    }
    s->n_documents = s->next_doc;
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
    const struct snapshot meta = {.seq = 1, .next_index = l->n_indexes, .next_body = l->n_indexes};
    const uint8_t kind = KEY_META;

    ASSERT(!l->state);
    buf_clear(&l->value);
    meta__encode(&meta, &l->value);
    store_batch_put(l->batch, bytes_of(&kind, 1), buf_view(&l->value));
    return commit_over(l, 0, err);
}

static void worker_start(struct loader *l, struct load_worker *w)
{
    w->loader = l;
    w->json = json_parser_new();
    w->encoder = frame_encoder_new(RECORD_FRAME_LEVEL);
    w->run = id_run__new();
    thread_start(&w->thread, "load", work, w);
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
        worker_start(l, &l->workers[i]);
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
    for (i = 0; i < l->n_workers; i++) {
        struct load_worker *w = &l->workers[i];

        thread_join(&w->thread);
        json_parser_free(w->json);
        frame_encoder_free(w->encoder);
        field_walk__done(&w->walk);
        fields__done(&w->fields);
        xfree(w->counts);
        id_run__free_all(w->run);
    }
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
