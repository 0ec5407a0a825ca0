/* SPDX-License-Identifier: MIT */
/*
 * block.c -- the documents of a block, and where they are in it.
 *
 *   key    'b' blocks(4) row of the first document(4)
 *   value  varint  documents * 2 + (1 if the rows have gaps)
 *          with gaps: per further document a varint, its distance to the one before, less one
 *          one zstd frame of document records, as it goes into a dump
 *
 * (1) A block is never empty and its rows rise strictly.
 * (2) The blocks of an index do not overlap: every row of one is below the first
 *     row of the next.
 * (3) How many documents a block has, and how long its content is, is said a
 *     second time in the directory ('d'), so that documents can be counted off
 *     and neighbours judged without reading frames; the two must agree.
 * (4) A document lies under its row. Documents that were deleted or replaced
 *     stay where they are until half of a block is dead, or more; which ones
 *     that is only rows say. Who hands blocks on looks there (block_walk.c).
 */
#include "index/index_int.h"

#include "base/mem.h"
#include "store/store.h"

void block__head_put_dense(struct buf *out, size_t n)
{
    (void)buf_varint(out, (uint64_t)n * 2);
}

void block__head_put(struct buf *out, const uint32_t *ids, size_t n)
{
    bool gaps = ids[n - 1] - ids[0] != n - 1;
    size_t i;

    (void)buf_varint(out, (uint64_t)n * 2 + (gaps ? 1 : 0));
    for (i = 1; gaps && i < n; i++)
        (void)buf_varint(out, ids[i] - ids[i - 1] - 1);
}

static enum rc corrupt(struct err *err, const char *what)
{
    return err_set(err, RC_CORRUPT, NULL, "a document block is damaged: %s", what);
}

static struct bytes rest_after(struct bytes b, size_t n)
{
    return bytes_of(b.p + n, b.n - n);
}

enum rc block__head_read(struct bytes value, struct block_head *ret_head, struct err *err)
{
    struct bytes rest;
    uint64_t v, gap, i;
    size_t n = get_varint(value, &v);

    if (n == 0 || v / 2 == 0 || v / 2 > UINT32_MAX)
        return corrupt(err, "no count");
    ret_head->count = (uint32_t)(v / 2);
    rest = rest_after(value, n);
    ret_head->gaps = bytes_of(rest.p, 0);
    for (i = 1; (v & 1) && i < v / 2; i++) {
        n = get_varint(rest, &gap);
        if (n == 0)
            return corrupt(err, "ids are cut off");
        rest = rest_after(rest, n);
    }
    ret_head->gaps.n = (size_t)(rest.p - ret_head->gaps.p);
    ret_head->frame = rest;
    return RC_OK;
}

static enum rc read_ids(const struct block_head *head, uint32_t first, struct block_docs *docs,
                        struct err *err)
{
    struct bytes rest = head->gaps;
    uint64_t id = first, gap;
    size_t i, n;

    docs->ids = index__grow(docs->ids, sizeof *docs->ids, head->count, &docs->ids_cap);
    for (i = 0; i < head->count; i++) {
        docs->ids[i] = (uint32_t)id;
        gap = 0;
        if (rest.n) {
            n = get_varint(rest, &gap);
            rest = rest_after(rest, n);
        }
        if (gap > UINT32_MAX || (id += gap + 1) > (uint64_t)UINT32_MAX + 1)
            return corrupt(err, "ids are out of range");
    }
    return RC_OK;
}

enum rc block__spans(struct bytes content, struct block_docs *docs, struct err *err)
{
    struct bytes rest = content;
    struct record record;
    enum rc rc = RC_OK;

    docs->n = 0;
    docs->content = content;
    while (record_next(&rest, &record, &rc, err)) {
        if (record.kind != LODE__DUMP__V1__RECORD__KIND_DOCUMENT)
            return corrupt(err, "a record that is no document");
        docs->spans = index__grow(docs->spans, sizeof *docs->spans, docs->n + 1, &docs->spans_cap);
        docs->spans[docs->n++] =
            (struct block_span){(uint32_t)(record.document.n ? record.document.p - content.p : 0),
                                (uint32_t)record.document.n};
    }
    return rc;
}

enum rc block__inflate(struct frame_decoder *decoder, struct bytes value, uint32_t first,
                       uint32_t count, struct block_docs *docs, struct err *err)
{
    struct block_head head = {0};
    enum rc rc;

    docs->n = 0;
    rc = block__head_read(value, &head, err);
    if (rc != RC_OK)
        return rc;
    if (head.count != count)
        return corrupt(err, "its count is not the directory's");
    rc = read_ids(&head, first, docs, err);
    if (rc != RC_OK)
        return rc;
    docs->inflated.limit = RECORD_FRAME_MAX;
    buf_clear(&docs->inflated);
    rc = frame_decode_to(decoder, head.frame, RECORD_FRAME_MAX, &docs->inflated, err);
    if (rc != RC_OK)
        return rc;
    rc = block__spans(buf_view(&docs->inflated), docs, err);
    if (rc != RC_OK)
        return rc;
    return docs->n == count ? RC_OK : corrupt(err, "its count is not its content's");
}

enum rc block__read(struct store_view *view, const struct index_state *s, size_t i,
                    struct frame_decoder *decoder, struct block_docs *docs, struct err *err)
{
    const struct dir_entry *entry = &s->dir.at[i];
    struct bytes value;
    struct key key;
    enum rc rc;

    docs->n = 0;
    rc = store_view_get(view, key_numbered(&key, KEY_BLOCK, s->blocks, entry->first), &value, err);
    if (rc == RC_NOT_FOUND)
        return index_state__damaged(s, "a block is missing", err);
    if (rc == RC_OK)
        rc = block__inflate(decoder, value, entry->first, entry->count, docs, err);
    if (rc != RC_OK)
        docs->n = 0;
    return rc;
}

enum rc block_docs__row(const struct index_state *s, const struct block_docs *docs, uint32_t row,
                        struct bytes *ret_json, struct err *err)
{
    size_t place = block__place(docs->ids, docs->n, row);

    if (place == docs->n)
        return index_state__damaged(s, "a document is not in its block", err);
    *ret_json = block_docs__json(docs, place);
    return RC_OK;
}

void block_docs__done(struct block_docs *docs)
{
    buf_done(&docs->inflated);
    xfree(docs->spans);
    xfree(docs->ids);
    *docs = (struct block_docs){0};
}

size_t block__place(const uint32_t *ids, size_t n, uint32_t doc)
{
    size_t lo = 0, hi = n;

    /* Without gaps, which is nearly always, the place follows from the id. */
    if (n && doc >= ids[0] && doc - ids[0] < n && ids[doc - ids[0]] == doc)
        return doc - ids[0];
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;

        if (ids[mid] < doc)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < n && ids[lo] == doc ? lo : n;
}

void directory__push(struct directory *d, struct dir_entry e)
{
    d->at = index__grow(d->at, sizeof *d->at, d->n + 1, &d->cap);
    d->at[d->n++] = e;
    if (d->largest < e.bytes)
        d->largest = e.bytes;
}

void directory__push_all(struct directory *d, const struct directory *from, size_t lo, size_t hi)
{
    if (lo >= hi)
        return;
    d->at = index__grow(d->at, sizeof *d->at, d->n + (hi - lo), &d->cap);
    memcpy(d->at + d->n, from->at + lo, (hi - lo) * sizeof *d->at);
    d->n += hi - lo;
    if (d->largest < from->largest)
        d->largest = from->largest;
}

void directory__span(const struct directory *d, size_t i, uint64_t *ret_from, uint64_t *ret_to)
{
    *ret_from = i ? d->at[i].first : 0;
    *ret_to = i + 1 < d->n ? d->at[i + 1].first : (uint64_t)UINT32_MAX + 1;
}

size_t directory__find(const struct directory *d, uint32_t row)
{
    size_t lo = 0, hi = d->n;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;

        if (d->at[mid].first <= row)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo ? lo - 1 : d->n;
}
