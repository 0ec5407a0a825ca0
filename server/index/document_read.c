/* SPDX-License-Identifier: MIT */
/*
 * document_read.c -- documents out of a view.
 *
 * One document costs a look-up of its id in the store, a search in the
 * directory in memory, and a copy out of the cache; only a block that was not
 * read lately is fetched and inflated.
 */
#include "index/index_int.h"

#include "base/mem.h"
#include "store/store.h"

#include <stdlib.h>

static enum rc damaged(const struct index_state *s, const char *what, struct err *err)
{
    return err_set(err, RC_CORRUPT, NULL, "index `%s` is damaged: %s", s->uid, what);
}

static struct block_key key_of(const struct index_state *s, size_t i)
{
    return (struct block_key){s->body, s->dir.at[i].first, s->dir.at[i].version};
}

enum rc view__doc_of(struct catalog_view *view, uint32_t body, struct bytes id, uint32_t *ret_doc,
                     struct err *err)
{
    struct bytes value;
    struct key key;
    enum rc rc;

    if (!document_id_valid(id))
        return RC_NOT_FOUND;
    rc = store_view_get(view->store_view, key_named(&key, KEY_DOCUMENT_ID, body, id), &value, err);
    if (rc != RC_OK)
        return rc;
    if (value.n != 4)
        return err_set(err, RC_CORRUPT, NULL, "the entry of document id `%.*s` is malformed",
                       BYTES_ARG(id));
    *ret_doc = get_u32be(value.p);
    return RC_OK;
}

enum rc view__block(struct catalog_view *view, const struct index_state *s, size_t i, bool keep,
                    struct codec *codec, struct err *err)
{
    struct block_cache *cache = view->catalog->cache;
    struct bytes value;
    struct key key;
    enum rc rc;

    if (block_cache__copy(cache, key_of(s, i), &codec->copy, &codec->docs))
        return RC_OK;
    rc = store_view_get(view->store_view,
                        key_numbered(&key, KEY_BLOCK, s->body, s->dir.at[i].first), &value, err);
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

enum rc view__document(struct catalog_view *view, const struct index_state *s, uint32_t doc,
                       struct buf *out, struct err *err)
{
    size_t i = directory__find(&s->dir, doc), place;
    struct codec *codec;
    enum rc rc;

    if (i == s->dir.n)
        return damaged(s, "a document has no block", err);
    switch (block_cache__get(view->catalog->cache, key_of(s, i), doc, out)) {
    case CACHE_HIT:
        return buf_ok(out) ? RC_OK : err_set(err, RC_TOO_LARGE, NULL, "a document is too large");
    case CACHE_ABSENT:
        return damaged(s, "a document is not in its block", err);
    case CACHE_MISS:
        break;
    }
    codec = codec__take(view->catalog);
    rc = view__block(view, s, i, true, codec, err);
    if (rc == RC_OK) {
        place = block__place(codec->docs.ids, codec->docs.n, doc);
        buf_clear(out);
        if (place == codec->docs.n)
            rc = damaged(s, "a document is not in its block", err);
        else if (!buf_bytes(out, json_at(&codec->docs, place)))
            rc = err_set(err, RC_TOO_LARGE, NULL, "a document is too large");
    }
    codec__give(view->catalog, codec);
    return rc;
}

enum rc document_get(struct catalog_view *view, uint32_t index_id, struct bytes id, struct buf *out,
                     struct err *err)
{
    struct index_state *s = NULL;
    uint32_t doc = 0;
    enum rc rc;

    rc = view__state(view, index_id, &s, err);
    if (rc != RC_OK)
        return rc;
    rc = view__doc_of(view, s->body, id, &doc, err);
    if (rc == RC_NOT_FOUND)
        return err_set(err, RC_NOT_FOUND, "document_not_found", "Document `%.*s` not found.",
                       BYTES_ARG(id));
    if (rc != RC_OK)
        return rc;
    return view__document(view, s, doc, out, err);
}

enum rc document_each(struct catalog_view *view, uint32_t index_id, uint64_t offset, uint64_t limit,
                      document_each_fn *each, void *arg, struct err *err)
{
    enum { PAGE = 1000 }; /* longer walks would only push hot blocks out of the cache */
    struct index_state *s;
    struct codec *codec;
    bool keep = limit <= PAGE;
    size_t i, d;
    enum rc rc;

    rc = view__state(view, index_id, &s, err);
    if (rc != RC_OK)
        return rc;
    for (i = 0; i < s->dir.n && offset >= s->dir.at[i].count; i++)
        offset -= s->dir.at[i].count;
    codec = codec__take(view->catalog);
    for (; i < s->dir.n && limit > 0 && rc == RC_OK; i++) {
        rc = view__block(view, s, i, keep, codec, err);
        for (d = (size_t)offset; rc == RC_OK && d < codec->docs.n && limit > 0; d++, limit--)
            rc = each(arg, json_at(&codec->docs, d), err);
        offset = 0;
    }
    codec__give(view->catalog, codec);
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
    struct index_state *s;
    struct buf json;
    size_t n = 0, i;
    enum rc rc;

    buf_init(&json, BUF_NO_LIMIT);
    rc = view__state(view, index_id, &s, err);
    if (rc != RC_OK)
        goto out;
    for (i = 0; i < n_ids; i++) {
        rc = view__doc_of(view, s->body, ids[i], &docs[n], err);
        if (rc == RC_OK)
            n++;
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

/* One block against its directory entry; RC_OK: *ret_frame is whole. */
static enum rc frame_of(const struct index_state *s, size_t i, struct bytes key, struct bytes value,
                        struct bytes *ret_frame, struct err *err)
{
    struct block_head head;
    enum rc rc;

    if (i >= s->dir.n || key.n != KEY_NUMBERED || get_u32be(key.p + KEY_HEAD) != s->dir.at[i].first)
        return damaged(s, "its blocks are not those of its directory", err);
    rc = block__head_read(value, &head, err);
    if (rc != RC_OK)
        return rc;
    if (head.count != s->dir.at[i].count)
        return damaged(s, "a block's count is not its directory's", err);
    *ret_frame = head.frame;
    return RC_OK;
}

enum rc block_each(struct catalog_view *view, uint32_t index_id, block_each_fn *each, void *arg,
                   struct err *err)
{
    struct store_cursor *c = NULL;
    struct bytes frame = {0};
    struct index_state *s;
    struct key prefix;
    size_t i = 0;
    enum rc rc;

    rc = view__state(view, index_id, &s, err);
    if (rc != RC_OK)
        return rc;
    rc = store_cursor_open(view->store_view, key_head(&prefix, KEY_BLOCK, s->body), true, &c, err);
    if (rc != RC_OK)
        return rc;
    for (store_cursor_first(c); store_cursor_valid(c); store_cursor_next(c), i++) {
        rc = frame_of(s, i, store_cursor_key(c), store_cursor_value(c), &frame, err);
        if (rc == RC_OK)
            rc = each(arg, frame, s->dir.at[i].count, err);
        if (rc != RC_OK)
            goto out;
    }
    rc = store_cursor_end(c, err);
    if (rc == RC_OK && i != s->dir.n)
        rc = damaged(s, "blocks are missing", err);

out:
    store_cursor_close(c);
    return rc;
}
