/* SPDX-License-Identifier: MIT */
/*
 * search_feed.c -- the documents of one commit into words, columns and rows.
 *
 * Documents are gathered until there are many, a tile ends, or copies of them
 * take too much memory; then they are cut into consecutive ranges, one a
 * thread. Words go into the batch at once, range by range, so that the chunks
 * of a word rise; parts of columns are kept until the end, because several
 * ranges, and the store, may have rows of one part.
 */
#include "index/column_int.h"
#include "index/search_build.h"

#include "base/mem.h"
#include "base/pool.h"
#include "store/store.h"

#include <stdlib.h>

enum {
    LANES_MAX = 8,
    LANE_ROWS = 64, /* fewer are not worth another thread */
    RUN_ROWS = 32768,
    RUN_BYTES = 32 << 20,
};

struct item {
    uint32_t row;
    struct bytes json;
};

/* What one thread makes of a range of the gathered documents. */
struct lane {
    struct json_parser *json;
    struct posting_builder *words;
    struct column_builder *columns;
    const struct item *items;
    size_t n_items;
    enum rc rc;
    struct err err;
};

struct part {
    struct bytes field; /* in names */
    uint32_t first;
    size_t order;
    struct buf value; /* owned */
};

struct search_feed {
    struct search_feed_opts opts;
    struct rows *base; /* share: rows before the commit */
    struct rows_edit *rows;
    struct search_fields *fields;
    struct lane lanes[LANES_MAX];
    size_t n_lanes;
    struct item *items; /* owned: gathered */
    size_t n_items, items_cap, json_bytes;
    struct slab copies;
    struct fields names; /* of columns */
    struct part *parts;  /* owned */
    size_t n_parts, parts_cap;
    int64_t bytes, column_bytes; /* more than before */
};

struct search_feed *search_feed__new(const struct search_feed_opts *opts)
{
    struct search_feed *f = xcalloc(1, sizeof *f);
    struct search_state *next = opts->next;

    f->opts = *opts;
    if (!next->words)
        next->words = (*opts->next_number)++;
    if (!next->rows_number)
        next->rows_number = (*opts->next_number)++;
    f->base = rows__ref(next->rows);
    f->rows = rows_edit__new(f->base);
    f->fields = search_fields__new(next->fields, next->n_fields);
    return f;
}

void search_feed__free(struct search_feed *f)
{
    size_t i;

    if (!f)
        return;
    for (i = 0; i < f->n_lanes; i++) {
        json_parser_free(f->lanes[i].json);
        posting_builder__free(f->lanes[i].words);
        column_builder__free(f->lanes[i].columns);
    }
    for (i = 0; i < f->n_parts; i++)
        buf_done(&f->parts[i].value);
    rows_edit__free(f->rows);
    rows__unref(f->base);
    search_fields__free(f->fields);
    slab__done(&f->copies);
    fields__done(&f->names);
    xfree(f->items);
    xfree(f->parts);
    xfree(f);
}

void search_feed__kill(struct search_feed *f, uint32_t doc)
{
    rows_edit__kill(f->rows, rows__row_of(f->base, doc));
}

/* ---- a range of documents, on any thread ----------------------------------------------- */

static void run_lane(void *arg, size_t i)
{
    struct search_feed *f = arg;
    struct lane *l = &f->lanes[i];
    struct json_value document;
    struct json_error at;
    size_t k;

    l->rc = RC_OK;
    for (k = 0; k < l->n_items; k++) {
        if (json_parse(l->json, l->items[k].json, &index__json_limits, &document, &at) != RC_OK) {
            l->rc = err_set(&l->err, RC_INTERNAL, NULL, "a document to index does not parse");
            return;
        }
        posting_builder__add(l->words, l->items[k].row, document);
        column_builder__add(l->columns, l->items[k].row, document);
    }
}

static size_t split(struct search_feed *f)
{
    const struct plan *plan = f->opts.next->plan;
    size_t most = f->opts.pool ? pool_threads(f->opts.pool) + 1u : 1, n = f->n_items / LANE_ROWS, i;

    if (most > LANES_MAX)
        most = LANES_MAX;
    n = n > most ? most : n ? n : 1;
    for (i = 0; i < n; i++) {
        struct lane *l = &f->lanes[i];
        size_t from = f->n_items * i / n, to = f->n_items * (i + 1) / n;

        if (i == f->n_lanes) {
            l->json = json_parser_new();
            l->words = posting_builder__new(plan, f->fields);
            l->columns = column_builder__new(plan, NULL, 0);
            f->n_lanes++;
        }
        l->items = f->items + from;
        l->n_items = to - from;
    }
    return n;
}

/* ---- what the ranges have, into the batch ------------------------------------------------ */

static enum rc keep_part(void *arg, struct bytes field, uint32_t first_row, struct bytes value,
                         struct err *err)
{
    struct search_feed *f = arg;
    uint32_t name = fields__add(&f->names, field);
    struct part *p;

    (void)err;
    f->parts = index__grow(f->parts, sizeof *f->parts, f->n_parts + 1, &f->parts_cap);
    p = &f->parts[f->n_parts];
    *p = (struct part){.field = f->names.names[name], .first = first_row, .order = f->n_parts};
    f->n_parts++;
    buf_init(&p->value, BUF_NO_LIMIT);
    (void)buf_bytes(&p->value, value);
    return RC_OK;
}

static enum rc write_lane(struct search_feed *f, struct lane *l, struct err *err)
{
    struct search_feed_opts *o = &f->opts;
    size_t before = store_batch_bytes(o->batch);
    struct vocab *vocab = NULL;
    enum rc rc;

    if (l->rc != RC_OK) {
        if (err)
            *err = l->err;
        return l->rc;
    }
    rc = posting_write__batch(l->words, o->next->words, o->next->vocab, o->crumbs, o->view,
                              o->batch, &vocab, err);
    if (rc != RC_OK)
        return rc;
    vocab__unref(o->next->vocab);
    o->next->vocab = vocab;
    f->bytes += (int64_t)(store_batch_bytes(o->batch) - before);
    return column_builder__flush(l->columns, keep_part, f, err);
}

static enum rc run(struct search_feed *f, struct err *err)
{
    size_t n, i;
    enum rc rc = RC_OK;

    if (!f->n_items)
        return RC_OK;
    n = split(f);
    if (n > 1)
        pool_each(f->opts.pool, n, run_lane, f);
    else
        run_lane(f, 0);
    for (i = 0; rc == RC_OK && i < n; i++)
        rc = write_lane(f, &f->lanes[i], err);
    f->n_items = f->json_bytes = 0;
    slab__done(&f->copies);
    return rc;
}

enum rc search_feed__add(struct search_feed *f, uint32_t row, uint32_t doc, struct bytes json,
                         bool copy, struct err *err)
{
    enum rc rc = RC_OK;

    if (f->n_items && (f->n_items >= RUN_ROWS || f->json_bytes >= RUN_BYTES ||
                       row / TILE_ROWS != f->items[0].row / TILE_ROWS))
        rc = run(f, err);
    if (rc != RC_OK)
        return rc;
    rows_edit__add(f->rows, row, doc);
    f->items = index__grow(f->items, sizeof *f->items, f->n_items + 1, &f->items_cap);
    f->items[f->n_items++] = (struct item){row, copy ? slab__dup(&f->copies, json) : json};
    f->json_bytes += json.n;
    return RC_OK;
}

/* ---- the end --------------------------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
    const struct part *x = a, *y = b;
    int order = bytes_cmp(x->field, y->field);

    if (order)
        return order;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

/* The parts [from, to) are of the same column and rows: the last one gets all. */
static enum rc join(struct search_feed *f, size_t from, size_t to, struct err *err)
{
    enum rc rc = RC_OK;
    size_t i;

    for (i = from + 1; rc == RC_OK && i < to; i++) {
        struct buf *value = &f->parts[i].value, merged;

        buf_init(&merged, BUF_NO_LIMIT);
        rc = column_part__merge(buf_view(&f->parts[i - 1].value), buf_view(value), &merged, err);
        buf_done(value);
        *value = merged;
    }
    return rc;
}

static uint32_t last_part(const struct rows *rows)
{
    uint32_t n = rows__next(rows);

    return n ? (n - 1) / PART_ROWS * PART_ROWS : 0;
}

static bool has_part(const struct search_feed *f, struct bytes field, uint32_t first)
{
    size_t lo = 0, hi = f->n_parts;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int order = bytes_cmp(f->parts[mid].field, field);

        if (order == 0 && f->parts[mid].first == first)
            return true;
        if (order < 0 || (order == 0 && f->parts[mid].first < first))
            lo = mid + 1;
        else
            hi = mid;
    }
    return false;
}

/* Tails of a part that is not the last any more, of columns that have no rows for it here. */
static enum rc end_tails(struct search_feed *f, const struct column_put *put, struct err *err)
{
    const struct search_state *next = f->opts.next;
    uint32_t was_last = last_part(f->base);
    enum rc rc = RC_OK;
    size_t i;

    for (i = 0; rc == RC_OK && was_last < put->last && i < next->n_columns; i++)
        if (!has_part(f, next->columns[i].name, was_last))
            rc = column_tail__put(put, next->columns[i].number, was_last, (struct bytes){0}, err);
    return rc;
}

/* next has its rows already. */
static enum rc put_parts(struct search_feed *f, struct err *err)
{
    struct search_state *next = f->opts.next;
    struct column_put put = {.view = f->opts.view,
                             .batch = f->opts.batch,
                             .last = last_part(next->rows),
                             .bytes = &f->column_bytes};
    struct column_ref *made = NULL;
    size_t n_made = 0, made_cap = 0, from, to;
    uint32_t number = 0;
    enum rc rc = RC_OK;

    if (f->n_parts)
        qsort(f->parts, f->n_parts, sizeof *f->parts, by_place);
    for (from = 0; rc == RC_OK && from < f->n_parts; from = to) {
        const struct part *p = &f->parts[from];

        for (to = from + 1; to < f->n_parts; to++)
            if (!bytes_eq(f->parts[to].field, p->field) || f->parts[to].first != p->first)
                break;
        if ((from == 0 || !bytes_eq(f->parts[from - 1].field, p->field)) &&
            !search_state__column(next, p->field, &number)) {
            number = (*f->opts.next_number)++;
            made = index__grow(made, sizeof *made, n_made + 1, &made_cap);
            made[n_made++] = (struct column_ref){p->field, number};
        }
        rc = join(f, from, to, err);
        if (rc == RC_OK)
            rc = column_tail__put(&put, number, p->first, buf_view(&f->parts[to - 1].value), err);
    }
    if (rc == RC_OK)
        rc = end_tails(f, &put, err);
    if (rc == RC_OK)
        search_state__add_columns(next, made, n_made);
    xfree(made);
    return rc;
}

static uint64_t more(uint64_t bytes, int64_t n)
{
    return n < 0 && bytes < (uint64_t)-n ? 0 : bytes + (uint64_t)n;
}

enum rc search_feed__finish(struct search_feed *f, struct err *err)
{
    struct search_state *next = f->opts.next;
    enum rc rc;

    rc = run(f, err);
    if (rc != RC_OK)
        return rc;
    rows__unref(next->rows);
    next->rows = rows_edit__finish(f->rows, next->rows_number, f->opts.batch);
    rc = put_parts(f, err);
    if (rc != RC_OK)
        return rc;
    search_state__set_fields(next, f->fields);
    next->bytes = more(next->bytes, f->bytes);
    next->column_bytes = more(next->column_bytes, f->column_bytes);
    return RC_OK;
}
