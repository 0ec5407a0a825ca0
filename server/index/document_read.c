/* SPDX-License-Identifier: MIT */
/*
 * document_read.c -- documents out of a view.
 *
 * One document costs a look-up of its id in the store, a search in the
 * directory in memory, and a copy out of the cache; only a block that was not
 * read lately is fetched and inflated. Documents in order are read block by
 * block; those that were replaced lie elsewhere and are read one by one.
 */
#include "index/block_walk.h"
#include "index/row_docs.h"

#include "base/mem.h"
#include "store/store.h"

#include <stdlib.h>

static enum rc damaged(const struct index_state *s, const char *what, struct err *err)
{
    return err_set(err, RC_CORRUPT, NULL, "index `%s` is damaged: %s", s->uid, what);
}

static struct block_key key_of(const struct index_state *s, size_t i)
{
    return (struct block_key){s->blocks, s->dir.at[i].first, s->dir.at[i].version};
}

enum rc view__entry(struct catalog_view *view, uint32_t body, struct bytes id,
                    struct document_entry *ret_entry, struct err *err)
{
    struct bytes value;
    struct key key;
    enum rc rc;

    if (!document_id_valid(id))
        return RC_NOT_FOUND;
    rc = store_view_get(view->store_view, key_named(&key, KEY_DOCUMENT_ID, body, id), &value, err);
    return rc == RC_OK ? document_entry__read(value, ret_entry, err) : rc;
}

/* Inflates the i-th block into codec->docs, from the cache if it is there. */
static enum rc read_block(struct catalog_view *view, const struct index_state *s, size_t i,
                          bool keep, struct codec *codec, struct err *err)
{
    struct block_cache *cache = view->catalog->cache;
    struct bytes value;
    struct key key;
    enum rc rc;

    if (block_cache__copy(cache, key_of(s, i), &codec->copy, &codec->docs))
        return RC_OK;
    rc = store_view_get(view->store_view,
                        key_numbered(&key, KEY_BLOCK, s->blocks, s->dir.at[i].first), &value, err);
    if (rc == RC_NOT_FOUND)
        return damaged(s, "a block is missing", err);
    if (rc != RC_OK)
        return rc;
    rc = block__inflate(codec->decoder, value, s->dir.at[i].first, s->dir.at[i].count, &codec->docs,
                        err);
    if (rc == RC_OK && keep)
        block_cache__put(cache, key_of(s, i), &codec->docs);
    return rc;
}

static struct bytes json_at(const struct block_docs *docs, size_t i)
{
    return bytes_of(docs->content.p + docs->spans[i].at, docs->spans[i].n);
}

enum rc view__version(struct catalog_view *view, const struct index_state *s, uint32_t row,
                      struct buf *out, struct err *err)
{
    size_t i = directory__find(&s->dir, row), place;
    struct codec *codec;
    enum rc rc;

    if (i == s->dir.n)
        return damaged(s, "a document has no block", err);
    switch (block_cache__get(view->catalog->cache, key_of(s, i), row, out)) {
    case CACHE_HIT:
        return buf_ok(out) ? RC_OK : err_set(err, RC_TOO_LARGE, NULL, "a document is too large");
    case CACHE_ABSENT:
        return damaged(s, "a document is not in its block", err);
    case CACHE_MISS:
        break;
    }
    codec = codec__take(view->catalog);
    rc = read_block(view, s, i, true, codec, err);
    if (rc == RC_OK) {
        place = block__place(codec->docs.ids, codec->docs.n, row);
        buf_clear(out);
        if (place == codec->docs.n)
            rc = damaged(s, "a document is not in its block", err);
        else if (!buf_bytes(out, json_at(&codec->docs, place)))
            rc = err_set(err, RC_TOO_LARGE, NULL, "a document is too large");
    }
    codec__give(view->catalog, codec);
    return rc;
}

enum rc view__document(struct catalog_view *view, const struct index_state *s, uint32_t doc,
                       struct buf *out, struct err *err)
{
    if (!rows__has_doc(s->search->rows, doc))
        return damaged(s, "a number that is no document's", err);
    return view__version(view, s, rows__row_of(s->search->rows, doc), out, err);
}

enum rc document_get(struct catalog_view *view, uint32_t index_id, struct bytes id, struct buf *out,
                     struct err *err)
{
    struct document_entry entry = {0};
    struct index_state *s = NULL;
    enum rc rc;

    rc = view__state(view, index_id, &s, err);
    if (rc != RC_OK)
        return rc;
    rc = view__entry(view, s->body, id, &entry, err);
    if (rc == RC_NOT_FOUND)
        return err_set(err, RC_NOT_FOUND, "document_not_found", "Document `%.*s` not found.",
                       BYTES_ARG(id));
    if (rc != RC_OK)
        return rc;
    return view__document(view, s, entry.doc, out, err);
}

/* A walk over documents in order. */
struct listing {
    struct catalog_view *view;
    const struct index_state *s;
    struct codec *codec; /* owned: the block where the last one was at home */
    size_t block;        /* its place in the directory, or dir.n */
    bool keep;
    struct buf moved; /* the JSON of one that lies elsewhere */
};

static enum rc list_one(struct listing *l, uint32_t doc, struct bytes *ret_json, struct err *err)
{
    const struct index_state *s = l->s;
    uint32_t row = rows__row_of(s->search->rows, doc);
    size_t i = directory__find(&s->dir, row), place;
    enum rc rc;

    if (row != doc && i != l->block) {
        rc = view__version(l->view, s, row, &l->moved, err);
        *ret_json = buf_view(&l->moved);
        return rc;
    }
    if (i == s->dir.n)
        return damaged(s, "a document has no block", err);
    if (i != l->block) {
        l->block = s->dir.n;
        rc = read_block(l->view, s, i, l->keep, l->codec, err);
        if (rc != RC_OK)
            return rc;
        l->block = i;
    }
    place = block__place(l->codec->docs.ids, l->codec->docs.n, row);
    if (place == l->codec->docs.n)
        return damaged(s, "a document is not in its block", err);
    *ret_json = json_at(&l->codec->docs, place);
    return RC_OK;
}

enum rc document_each(struct catalog_view *view, uint32_t index_id, uint64_t offset, uint64_t limit,
                      document_each_fn *each, void *arg, struct err *err)
{
    enum { PAGE = 1000 }; /* longer walks would only push hot blocks out of the cache */
    struct listing l = {.view = view, .keep = limit <= PAGE};
    struct bytes json = {0};
    struct index_state *s;
    struct doc_iter it;
    uint32_t doc;
    enum rc rc;

    rc = view__state(view, index_id, &s, err);
    if (rc != RC_OK)
        return rc;
    l.s = s;
    l.block = s->dir.n;
    l.codec = codec__take(view->catalog);
    buf_init(&l.moved, BUF_NO_LIMIT);
    doc_iter__init(&it, s->search->rows, 0);
    doc_iter__skip(&it, offset);
    for (; limit > 0 && rc == RC_OK && doc_iter__next(&it, &doc); limit--) {
        rc = list_one(&l, doc, &json, err);
        if (rc == RC_OK)
            rc = each(arg, json, err);
    }
    buf_done(&l.moved);
    codec__give(view->catalog, l.codec);
    return rc;
}

static int by_number(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Sorts the doc ids and drops those that come again; returns how many are left. */
static size_t sort_docs(uint32_t *docs, size_t n)
{
    size_t i, kept = 0;

    qsort(docs, n, sizeof *docs, by_number);
    for (i = 0; i < n; i++)
        if (i == 0 || docs[i] != docs[i - 1])
            docs[kept++] = docs[i];
    return kept;
}

enum rc document_each_of(struct catalog_view *view, uint32_t index_id, const struct bytes *ids,
                         size_t n_ids, uint64_t offset, uint64_t limit, document_each_fn *each,
                         void *arg, uint64_t *ret_total, struct err *err)
{
    uint32_t *docs = xmalloc((n_ids ? n_ids : 1) * sizeof *docs);
    struct document_entry entry = {0};
    struct index_state *s;
    struct buf json;
    size_t n = 0, i;
    enum rc rc;

    buf_init(&json, BUF_NO_LIMIT);
    rc = view__state(view, index_id, &s, err);
    if (rc != RC_OK)
        goto out;
    for (i = 0; i < n_ids; i++) {
        rc = view__entry(view, s->body, ids[i], &entry, err);
        if (rc == RC_OK)
            docs[n++] = entry.doc;
        else if (rc != RC_NOT_FOUND)
            goto out;
    }
    n = sort_docs(docs, n);
    *ret_total = n;
    rc = RC_OK;
    for (i = offset < n ? (size_t)offset : n; i < n && limit > 0 && rc == RC_OK; i++, limit--) {
        rc = view__document(view, s, docs[i], &json, err);
        if (rc == RC_OK)
            rc = each(arg, buf_view(&json), err);
    }

out:
    buf_done(&json);
    xfree(docs);
    return rc;
}

struct handing_on {
    block_each_fn *each;
    void *arg;
};

static enum rc hand_on(void *arg, const struct walked_block *b, struct err *err)
{
    const struct handing_on *h = arg;

    return h->each(h->arg, b->frame, b->entry.count, err);
}

enum rc block_each(struct catalog_view *view, uint32_t index_id, block_each_fn *each, void *arg,
                   struct err *err)
{
    struct handing_on h = {each, arg};
    struct index_state *s;
    enum rc rc;

    rc = view__state(view, index_id, &s, err);
    if (rc != RC_OK)
        return rc;
    return block_walk__run(view, s, hand_on, &h, err);
}
