/* SPDX-License-Identifier: MIT */
/*
 * loader_work.c -- what the loader's workers do with a block: look into its documents.
 *
 * Each document is parsed once, for its id and its fields. What a worker
 * gathers is its own until the caller, at the end of an index when all workers
 * are idle, adds it up.
 */
#include "index/loader_int.h"

#include "base/mem.h"

static enum rc load_document(struct load_worker *w, struct bytes json, uint32_t doc,
                             struct err *err)
{
    struct bytes id, key = bytes_str(w->loader->state->primary_key);
    struct document_entry to;
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
    fields__walk(&w->fields, true, root, &w->walk);
    to = (struct document_entry){
        doc, (uint32_t)json.n,
        document_mark(fields__hash(&w->fields, w->walk.ids, w->walk.n), json)};
    id_run__add(w->run, id, &to);
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

void load_worker__give_run(struct load_worker *w)
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
    if (id_run__bytes(w->run) >= w->loader->run_max)
        load_worker__give_run(w);
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

void load_worker__start(struct loader *l, struct load_worker *w)
{
    w->loader = l;
    w->json = json_parser_new();
    w->encoder = frame_encoder_new(RECORD_FRAME_LEVEL);
    w->run = id_run__new();
    thread_start(&w->thread, "load", work, w);
}

void load_worker__join(struct load_worker *w)
{
    thread_join(&w->thread);
    json_parser_free(w->json);
    frame_encoder_free(w->encoder);
    field_walk__done(&w->walk);
    fields__done(&w->fields);
    xfree(w->counts);
    id_run__free_all(w->run);
}
