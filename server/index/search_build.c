/* SPDX-License-Identifier: MIT */
/*
 * search_build.c -- all documents of an index into words and columns, on all cores.
 *
 *   workers   take a unit (a piece of a tile), read its documents through a view
 *             of their own, build, and hand over what is to be stored
 *   caller    takes what is handed over, gives names and words their numbers and
 *             keys, and commits (search_build_write.c)
 *
 * (1) Units end where parts of columns end and never cross a tile, so no two
 *     workers have chunks of the same rows, or the same part.
 * (2) What waits between the two is bounded in bytes; a worker that is ahead
 *     waits. The caller may be held up for long (a dump is read): so are they.
 * (3) The first failure of anybody ends all; a view lives as long as its worker.
 */
#include "index/posting_int.h"
#include "index/search_build_int.h"

#include "base/mem.h"
#include "base/spare.h"
#include "store/store.h"

enum {
    UNIT_ROWS = TILE_ROWS / 2,
    HAND_OVER = 2 << 20, /* bytes of chunks or parts that are given to the caller at once */
    WAITING_MAX = 24 << 20,
    BUILDER_MAX = 40 << 20, /* a builder over this is emptied early */
};

/* ---- handing over ------------------------------------------------------------------------ */

static struct built *built_new(enum built_kind kind)
{
    struct built *b = xcalloc(1, sizeof *b);

    b->kind = kind;
    b->batch = kind == BUILT_CHUNKS ? store_batch_new() : NULL;
    buf_init(&b->data, BUF_NO_LIMIT);
    return b;
}

void built__free(struct built *b)
{
    if (!b)
        return;
    store_batch_free(b->batch);
    buf_done(&b->data);
    xfree(b);
}

static size_t built_bytes(const struct built *b)
{
    return b->batch ? store_batch_bytes(b->batch) : b->data.n;
}

/* Takes b. RC_CANCELLED: somebody has failed. */
static enum rc hand_over(struct build_run *r, struct built *b, struct err *err)
{
    size_t bytes = built_bytes(b);
    bool stopped;

    mutex_lock(&r->lock);
    while (!r->stop && r->waiting > 0 && r->waiting + bytes > WAITING_MAX)
        cond_wait(&r->changed, &r->lock);
    stopped = r->stop;
    if (!stopped) {
        b->bytes = bytes;
        r->waiting += bytes;
        *r->last = b;
        r->last = &b->next;
        cond_broadcast(&r->changed);
    }
    mutex_unlock(&r->lock);
    if (!stopped)
        return RC_OK;
    built__free(b);
    return err_set(err, RC_CANCELLED, NULL, "the build was stopped");
}

/* Hands over *b once it is large, or at the end. */
static enum rc hand_over_if(struct build_run *r, struct built **b, size_t over, struct err *err)
{
    struct built *full = *b;

    if (!full || built_bytes(full) <= over)
        return RC_OK;
    *b = NULL;
    return hand_over(r, full, err);
}

static enum rc put_chunk(void *arg, enum posting_kind kind, struct bytes name, uint32_t first_row,
                         struct bytes chunk, struct err *err)
{
    struct build_worker *w = arg;
    struct key key;
    size_t n = posting_key__list(&key, kind, w->run->words, name).n;

    if (!w->chunks)
        w->chunks = built_new(BUILT_CHUNKS);
    store_batch_put(w->chunks->batch, posting_key__row(&key, n, first_row), chunk);
    return hand_over_if(w->run, &w->chunks, HAND_OVER, err);
}

static enum rc put_part(void *arg, struct bytes field, uint32_t first_row, struct bytes part,
                        struct err *err)
{
    struct build_worker *w = arg;
    struct buf *data;
    uint32_t number;
    uint8_t row[4];

    /* Made by a build only for what is missing: r->build->next is not changed while workers run. */
    if (search_state__column(w->run->build->next, field, &number))
        return RC_OK;
    if (!w->parts)
        w->parts = built_new(BUILT_PARTS);
    data = &w->parts->data;
    put_u32be(row, first_row);
    (void)buf_varint(data, field.n);
    (void)buf_bytes(data, field);
    (void)buf_append(data, row, sizeof row);
    (void)buf_varint(data, part.n);
    (void)buf_bytes(data, part);
    return hand_over_if(w->run, &w->parts, HAND_OVER, err);
}

static enum rc flush_words(struct build_worker *w, struct err *err)
{
    const struct bytes *words = NULL;
    struct built *b;
    size_t n = 0, i;
    enum rc rc;

    rc = posting_builder__flush(w->words, put_chunk, w, &words, &n, err);
    if (rc == RC_OK)
        rc = hand_over_if(w->run, &w->chunks, 0, err);
    if (rc != RC_OK || n == 0)
        return rc;
    b = built_new(BUILT_WORDS);
    for (i = 0; i < n; i++) {
        (void)buf_varint(&b->data, words[i].n);
        (void)buf_bytes(&b->data, words[i]);
    }
    return hand_over(w->run, b, err);
}

static enum rc flush_columns(struct build_worker *w, struct err *err)
{
    enum rc rc = column_builder__flush(w->columns, put_part, w, err);

    return rc == RC_OK ? hand_over_if(w->run, &w->parts, 0, err) : rc;
}

/* ---- documents ------------------------------------------------------------------------- */

/* Inflates the block that holds row, unless it was the last one. */
static enum rc load_block(struct build_worker *w, uint32_t row, struct err *err)
{
    const struct index_state *s = w->run->build->state;
    size_t i = directory__find(&s->dir, row);
    enum rc rc;

    if (i == s->dir.n)
        return index_state__damaged(s, "a document has no block", err);
    if (w->has_block && w->block == i)
        return RC_OK;
    rc = block__read(w->view, s, i, w->decoder, &w->docs, err);
    w->block = i;
    w->has_block = rc == RC_OK;
    return rc;
}

static enum rc add_row(struct build_worker *w, uint32_t row, struct err *err)
{
    struct json_value document;
    struct json_error at;
    struct bytes json = {0};
    enum rc rc;

    rc = load_block(w, row, err);
    if (rc == RC_OK)
        rc = block_docs__row(w->run->build->state, &w->docs, row, &json, err);
    if (rc != RC_OK)
        return rc;
    if (json_parse(w->json, json, &index__json_limits, &document, &at) != RC_OK ||
        json_type(document) != JSON_OBJECT)
        return err_set(err, RC_CORRUPT, NULL, "a stored document is not a JSON object");
    if (w->words)
        posting_builder__add(w->words, row, document);
    if (w->columns)
        column_builder__add(w->columns, row, document);
    w->n_added++;
    return RC_OK;
}

/* Behind some rows: tells of them, and empties builders that have become large. */
static enum rc pause_at(struct build_worker *w, uint32_t next_row, struct err *err)
{
    enum rc rc = RC_OK;

    atomic_fetch_add_explicit(&w->run->done, w->n_added, memory_order_relaxed);
    w->n_added = 0;
    if (w->words && posting_builder__bytes(w->words) > BUILDER_MAX)
        rc = flush_words(w, err);
    if (rc == RC_OK && w->columns && next_row % PART_ROWS == 0 &&
        column_builder__bytes(w->columns) > BUILDER_MAX)
        rc = flush_columns(w, err);
    return rc;
}

static enum rc build_unit(struct build_worker *w, uint32_t from, uint32_t to, struct err *err)
{
    enum { STEP = 64 };
    uint32_t tile = from / TILE_ROWS, row;
    enum rc rc = RC_OK;

    rows__live(w->run->build->rows, tile, w->live);
    for (row = from; rc == RC_OK && row < to; row++) {
        uint32_t bit = row % TILE_ROWS;

        spare_pause();
        if (w->live->bits[bit / 64] >> bit % 64 & 1)
            rc = add_row(w, row, err);
        if (rc == RC_OK && (row + 1) % STEP == 0)
            rc = pause_at(w, row + 1, err);
    }
    if (rc == RC_OK && w->words)
        rc = flush_words(w, err);
    if (rc == RC_OK && w->columns)
        rc = flush_columns(w, err);
    if (rc == RC_OK)
        rc = pause_at(w, to, err);
    return rc;
}

/* ---- workers --------------------------------------------------------------------------- */

void build__fail(struct build_run *r, enum rc rc, const struct err *err)
{
    mutex_lock(&r->lock);
    if (r->rc == RC_OK && !r->stop) {
        r->rc = rc;
        r->err = *err;
    }
    r->stop = true;
    cond_broadcast(&r->changed);
    mutex_unlock(&r->lock);
}

static bool take_unit(struct build_run *r, uint32_t *ret_from, uint32_t *ret_to)
{
    uint64_t behind;
    bool some;

    mutex_lock(&r->lock);
    some = !r->stop && r->next_row < r->n_rows;
    if (some) {
        *ret_from = r->next_row;
        behind = (uint64_t)r->next_row + r->unit_rows;
        if (behind > (uint64_t)(r->next_row / TILE_ROWS + 1) * TILE_ROWS)
            behind = (uint64_t)(r->next_row / TILE_ROWS + 1) * TILE_ROWS;
        if (behind > r->n_rows)
            behind = r->n_rows;
        *ret_to = r->next_row = (uint32_t)behind;
    }
    mutex_unlock(&r->lock);
    return some;
}

static void work(void *arg)
{
    struct build_worker *w = arg;
    struct build_run *r = w->run;
    uint32_t from, to;
    struct err err;
    enum rc rc;

    spare_begin();
    rc = store_view_open(r->build->store, &w->view, &err);
    while (rc == RC_OK && take_unit(r, &from, &to))
        rc = build_unit(w, from, to, &err);
    store_view_close(w->view);
    spare_end();
    if (rc != RC_OK)
        build__fail(r, rc, &err);
    mutex_lock(&r->lock);
    r->n_working--;
    cond_broadcast(&r->changed);
    mutex_unlock(&r->lock);
}

void build__start(struct build_run *r)
{
    const struct search_build *b = r->build;
    unsigned n = b->n_threads ? b->n_threads : thread_cpu_count(), i;
    uint32_t share;

    if (n > BUILD_WORKERS_MAX)
        n = BUILD_WORKERS_MAX;
    r->n_rows = rows__next(b->rows);
    share = (uint32_t)(((uint64_t)r->n_rows / n + PART_ROWS) / PART_ROWS * PART_ROWS);
    r->unit_rows = share < UNIT_ROWS ? share : UNIT_ROWS;
    r->n_working = r->n_workers = n;
    for (i = 0; i < n; i++) {
        struct build_worker *w = &r->workers[i];

        w->run = r;
        w->decoder = frame_decoder_new();
        w->json = json_parser_new();
        w->live = xmalloc(sizeof *w->live);
        w->words = b->words ? posting_builder__new(b->next->plan, r->fields) : NULL;
        w->columns = b->columns ? column_builder__new(b->next->plan, NULL, 0) : NULL;
        thread_start(&w->thread, "index", work, w);
    }
}

void build__join(struct build_run *r)
{
    unsigned i;

    for (i = 0; i < r->n_workers; i++) {
        struct build_worker *w = &r->workers[i];

        thread_join(&w->thread);
        frame_decoder_free(w->decoder);
        json_parser_free(w->json);
        block_docs__done(&w->docs);
        posting_builder__free(w->words);
        column_builder__free(w->columns);
        built__free(w->chunks);
        built__free(w->parts);
        xfree(w->live);
    }
}
