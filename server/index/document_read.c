/* SPDX-License-Identifier: MIT */
/*
 * document_read.c -- documents out of a view.
 *
 * One document costs a look-up of its id in the store and a copy out of the
 * cache; only for one that was not read lately its block is fetched and inflated.
 * Documents in order are read out of open blocks and leave the cache alone, so a
 * listing of everything pushes nothing out of it.
 */
#include "index/block_walk.h"
#include "index/row_docs.h"

#include "base/mem.h"
#include "store/store.h"

#include <stdlib.h>

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

enum rc view__version(struct catalog_view *view, const struct index_state *s, uint32_t row,
                      struct buf *out, struct err *err)
{
    struct catalog *catalog = view->catalog;
    struct open_block *block = NULL;
    struct bytes json = {0};
    enum rc rc = RC_OK;

    if (!document_cache__get(catalog->documents, s->blocks, row, out)) {
        rc = open_blocks__row(catalog->blocks, view, s, row, &block, &json, err);
        if (rc == RC_OK) {
            buf_clear(out);
            (void)buf_bytes(out, json);
            document_cache__put(catalog->documents, s->blocks, row, json);
        }
        open_blocks__give(catalog->blocks, block);
    }
    if (rc == RC_OK && !buf_ok(out))
        return err_set(err, RC_TOO_LARGE, NULL, "a document is too large");
    return rc;
}

enum rc view__document(struct catalog_view *view, const struct index_state *s, uint32_t doc,
                       struct buf *out, struct err *err)
{
    if (!rows__has_doc(s->search->rows, doc))
        return index_state__damaged(s, "a number that is no document's", err);
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

enum rc document_each(struct catalog_view *view, uint32_t index_id, uint64_t offset, uint64_t limit,
                      document_each_fn *each, void *arg, struct err *err)
{
    struct open_blocks *blocks = view->catalog->blocks;
    /* Where the last ones were at home, and the last replaced ones, which lie elsewhere. */
    struct open_block *home = NULL, *elsewhere = NULL;
    struct bytes json = {0};
    struct index_state *s;
    struct doc_iter it;
    uint32_t doc;
    enum rc rc;

    rc = view__state(view, index_id, &s, err);
    if (rc != RC_OK)
        return rc;
    doc_iter__init(&it, s->search->rows, 0);
    doc_iter__skip(&it, offset);
    for (; limit > 0 && rc == RC_OK && doc_iter__next(&it, &doc); limit--) {
        uint32_t row = rows__row_of(s->search->rows, doc);

        rc = open_blocks__row(blocks, view, s, row, row == doc ? &home : &elsewhere, &json, err);
        if (rc == RC_OK)
            rc = each(arg, json, err);
    }
    open_blocks__give(blocks, home);
    open_blocks__give(blocks, elsewhere);
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
    return block_walk__run(view, s, true, hand_on, &h, err);
}
