/* SPDX-License-Identifier: MIT */
/*
 * query_documents.c -- documents by filter and sort, for the routes and tasks of documents.
 *
 * Without a sort the order is that of first insertion. Rows nearly have it:
 * only replaced documents have moved. With one, ranking does it, told that
 * `sort` is all there is to rank by.
 */
#include "base/mem.h"
#include "query/rank_int.h"
#include "query/search_run.h"

#include <stdlib.h>

static const char *const filter_word = "invalid_document_filter";
static const char *const sort_word = "invalid_document_sort";

enum { MEMORY_MAX = 256 << 20 }; /* of what a filter and a sorted window take */

/* What matched: (document << 32 | row), in the order of documents. */
struct matched {
    uint64_t *at; /* owned */
    size_t n, room;
    bool sorted;
};

static void add(struct matched *m, uint32_t document, uint32_t row)
{
    uint64_t both = (uint64_t)document << 32 | row;

    if (m->n == m->room) {
        m->room = m->room ? 2 * m->room : 1024;
        m->at = xrealloc(m->at, m->room * sizeof *m->at);
    }
    m->sorted = m->sorted && (m->n == 0 || m->at[m->n - 1] < both);
    m->at[m->n++] = both;
}

static int by_document(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static enum rc collect(const struct search *s, struct filter *filter, struct matched *m,
                       struct err *err)
{
    uint32_t tile, n_tiles = reader_n_tiles(s->reader);
    struct tile rows;
    enum rc rc;
    size_t w;

    m->sorted = true;
    for (tile = 0; tile < n_tiles; tile++) {
        if (!reader_live(s->reader, tile, &rows))
            continue;
        rc = filter__tile(filter, tile, &rows, &rows, err);
        if (rc != RC_OK)
            return rc;
        for (w = 0; w < TILE_WORDS; w++) {
            uint64_t left = rows.bits[w];

            for (; left; left &= left - 1) {
                uint32_t row =
                    tile * TILE_ROWS + (uint32_t)(w * 64 + (size_t)__builtin_ctzll(left));

                add(m, reader_doc_of(s->reader, row), row);
            }
        }
    }
    if (!m->sorted)
        qsort(m->at, m->n, sizeof *m->at, by_document);
    return RC_OK;
}

static enum rc give(const struct search *s, uint32_t row, struct buf *scratch,
                    document_each_fn *each, void *arg, struct err *err)
{
    enum rc rc = reader_document(s->reader, row, scratch, err);

    return rc == RC_OK ? each(arg, buf_view(scratch), err) : rc;
}

static enum rc give_filtered(const struct search *s, struct filter *filter, uint64_t offset,
                             uint64_t limit, document_each_fn *each, void *arg, uint64_t *ret_total,
                             struct err *err)
{
    struct matched m = {0};
    struct buf document;
    uint64_t i;
    enum rc rc;

    buf_init(&document, BUF_NO_LIMIT); /* one that was stored */
    rc = collect(s, filter, &m, err);
    for (i = offset; rc == RC_OK && i < m.n && i - offset < limit; i++)
        rc = give(s, (uint32_t)m.at[i], &document, each, arg, err);
    if (rc == RC_OK)
        *ret_total = m.n;
    buf_done(&document);
    xfree(m.at);
    return rc;
}

static enum rc give_sorted(const struct search *s, struct filter *filter, uint64_t offset,
                           uint64_t limit, document_each_fn *each, void *arg, uint64_t *ret_total,
                           struct err *err)
{
    const struct graph placeholder = {0};
    uint64_t n_live = reader_n_live(s->reader);
    struct ranking ranking = {0};
    struct rank_opts opts = {.exact_total = true};
    struct buf document;
    enum rc rc;
    size_t i;

    opts.offset = offset < n_live ? offset : n_live;
    opts.limit = limit < n_live - opts.offset ? limit : n_live - opts.offset;
    rc = rank__run(s, &placeholder, filter, &opts, &ranking, err);
    if (rc != RC_OK)
        return rc;
    buf_init(&document, BUF_NO_LIMIT);
    for (i = 0; rc == RC_OK && i < ranking.n; i++)
        rc = give(s, ranking.at[i].row, &document, each, arg, err);
    if (rc == RC_OK)
        *ret_total = ranking.n_candidates;
    buf_done(&document);
    return rc;
}

enum rc query_documents(struct catalog_view *view, uint32_t index_id,
                        const struct documents_query *query, document_each_fn *each, void *arg,
                        uint64_t *ret_total, struct err *err)
{
    static const struct plan_rule only_sort = {.kind = RULE_SORT};
    struct arena *arena = arena_new(MEMORY_MAX);
    struct query_spec spec;
    struct search s = {.spec = &spec, .arena = arena, .stop = query->stop, .budget_ns = INT64_MAX};
    struct filter *f = NULL;
    struct plan plan;
    bool syntax;
    enum rc rc;

    query_spec_init(&spec);
    spec.sort = query->sort;
    spec.contains_filter = query->contains_filter;
    rc = reader_open(view, index_id, &s.reader, err);
    if (rc != RC_OK)
        goto out;
    plan = *reader_plan(s.reader);
    plan.rules = &only_sort;
    plan.n_rules = 1;
    plan.distinct = (struct bytes){0};
    s.plan = &plan;
    rc = filter__new(&s, query->filter, filter_word, &f, err);
    if (rc == RC_OK)
        rc = sort__check(&s, sort_word, &syntax, err);
    if (rc != RC_OK)
        goto out;
    if (spec.sort.n) {
        rc = give_sorted(&s, f, query->offset, query->limit, each, arg, ret_total, err);
    } else if (f) {
        rc = give_filtered(&s, f, query->offset, query->limit, each, arg, ret_total, err);
    } else {
        rc = document_each(view, index_id, query->offset, query->limit, each, arg, err);
        if (rc == RC_OK)
            *ret_total = reader_n_live(s.reader);
    }

out:
    reader_close(s.reader);
    arena_free(arena);
    return rc;
}
