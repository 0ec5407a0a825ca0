/* SPDX-License-Identifier: MIT */
/*
 * posting_flush.c -- a builder's log into chunks: one stable counting sort for each kind of list.
 *
 * The log is sorted by row, field and position already, and a counting sort
 * keeps that order within every list. Kinds come in the order of their keys.
 */
#include "index/posting_int.h"

#include "base/assert.h"
#include "base/mem.h"

struct flushing {
    struct posting_builder *b;
    uint32_t tile_row; /* first row of the tile */
    size_t *starts;    /* by list: where its places begin; behind the sort, where they end */
    struct place *places;
    struct buf chunk;
    chunk_put_fn *put;
    void *arg;
};

static enum rc put_list(struct flushing *x, enum posting_kind kind, struct bytes key, size_t from,
                        size_t to, struct err *err)
{
    const struct place *places = x->places + from;

    buf_clear(&x->chunk);
    posting_chunk__encode(places, to - from, kind != POSTING_LENGTH, &x->chunk);
    return x->put(x->arg, kind, key, x->tile_row + places[0].row, buf_view(&x->chunk), err);
}

/* Counts in starts[list + 1] become the places where lists begin, in the order of `order`. */
static void place_lists(size_t *counts, const uint32_t *order, size_t n)
{
    size_t i, at = 0, count;

    for (i = 0; i < n; i++) {
        count = counts[order[i]];
        counts[order[i]] = at;
        at += count;
    }
}

/* The list of a log entry, or NO_BEGINNING. */
static inline uint32_t list_of(const struct posting_builder *b, uint64_t entry, bool by_beginning)
{
    uint32_t word = (uint32_t)entry;

    return by_beginning ? b->words.at[word].beginning : word;
}

static void sort_log(struct flushing *x, const uint32_t *order, size_t n_lists, bool by_beginning)
{
    const struct posting_builder *b = x->b;
    size_t i, at = 0;

    memset(x->starts, 0, n_lists * sizeof *x->starts);
    for (i = 0; i < b->n_log; i++) {
        uint32_t list = list_of(b, b->log[i], by_beginning);

        if (list != NO_BEGINNING)
            x->starts[list]++;
    }
    place_lists(x->starts, order, n_lists);
    for (i = 0; i < b->n_rows; i++) {
        uint16_t row = (uint16_t)(b->rows[i].row - x->tile_row);

        for (; at < b->rows[i].end; at++) {
            uint64_t e = b->log[at];
            uint32_t list = list_of(b, e, by_beginning);

            if (list != NO_BEGINNING)
                x->places[x->starts[list]++] =
                    (struct place){row, (uint16_t)(e >> 48), (uint16_t)(e >> 32)};
        }
    }
}

/* The lists of words, or of their beginnings. */
static enum rc flush_log(struct flushing *x, enum posting_kind kind,
                         const struct posting_words *lists, const uint32_t *order, struct err *err)
{
    size_t i, from = 0;
    enum rc rc = RC_OK;

    sort_log(x, order, lists->n, kind == POSTING_PREFIX);
    for (i = 0; i < lists->n && rc == RC_OK; i++) {
        const struct posting_word *w = &lists->at[order[i]];

        rc = put_list(x, kind, bytes_of(w->p, w->n), from, x->starts[order[i]], err);
        from = x->starts[order[i]];
    }
    return rc;
}

static enum rc flush_lengths(struct flushing *x, struct err *err)
{
    const struct posting_builder *b = x->b;
    uint32_t n_lists = 0;
    size_t i, from, at, *ends;
    uint8_t key[3];
    enum rc rc = RC_OK;

    for (i = 0; i < b->n_lengths; i++)
        if (b->lengths[i].list >= n_lists)
            n_lists = b->lengths[i].list + 1;
    ends = xcalloc((size_t)n_lists + 1, sizeof *ends);
    for (i = 0; i < b->n_lengths; i++)
        ends[b->lengths[i].list]++;
    for (i = 0, at = 0; i < n_lists; i++) {
        from = ends[i];
        ends[i] = at;
        at += from;
    }
    for (i = 0; i < b->n_lengths; i++)
        x->places[ends[b->lengths[i].list]++] = (struct place){b->lengths[i].row, 0, 0};
    for (i = 0, from = 0; i < n_lists && rc == RC_OK; from = ends[i++])
        if (ends[i] > from)
            rc = put_list(x, POSTING_LENGTH,
                          posting_length_key(key, (uint32_t)i / FIELD_WORDS_MAX,
                                             (uint32_t)i % FIELD_WORDS_MAX + 1),
                          from, ends[i], err);
    xfree(ends);
    return rc;
}

/* Lends the words in order. */
static void lend_words(struct posting_builder *b, const uint32_t *order,
                       const struct bytes **ret_words, size_t *ret_n)
{
    size_t i;

    b->sorted = xmalloc((b->words.n + 1) * sizeof *b->sorted);
    for (i = 0; i < b->words.n; i++)
        b->sorted[i] = bytes_of(b->words.at[order[i]].p, b->words.at[order[i]].n);
    *ret_words = b->sorted;
    *ret_n = b->words.n;
}

enum rc posting_builder__flush(struct posting_builder *b, chunk_put_fn *put, void *arg,
                               const struct bytes **ret_words, size_t *ret_n_words, struct err *err)
{
    struct flushing x = {.b = b, .put = put, .arg = arg};
    uint32_t *beginnings, *words;
    enum rc rc;

    posting_builder__renew(b);
    beginnings = posting_words__sorted(&b->beginnings);
    words = posting_words__sorted(&b->words);
    if (b->n_rows)
        x.tile_row = b->rows[0].row / TILE_ROWS * TILE_ROWS;
    x.starts = xmalloc((b->words.n + 1) * sizeof *x.starts); /* there are fewer beginnings */
    x.places =
        xmalloc(((b->n_log > b->n_lengths ? b->n_log : b->n_lengths) + 1) * sizeof *x.places);
    buf_init(&x.chunk, BUF_NO_LIMIT);
    rc = flush_lengths(&x, err);
    if (rc == RC_OK)
        rc = flush_log(&x, POSTING_PREFIX, &b->beginnings, beginnings, err);
    if (rc == RC_OK)
        rc = flush_log(&x, POSTING_WORD, &b->words, words, err);
    if (rc == RC_OK)
        lend_words(b, words, ret_words, ret_n_words);
    b->flushed = true;
    buf_done(&x.chunk);
    xfree(x.places);
    xfree(x.starts);
    xfree(beginnings);
    xfree(words);
    return rc;
}
