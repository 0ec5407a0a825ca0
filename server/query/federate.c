/* SPDX-License-Identifier: MIT */
/*
 * federate.c -- several searches, one list.
 *
 * Every search gives its own best hits; the list is made by taking the better of
 * their first ones again and again. A document of one index is in it once. Each
 * search is asked for twice the window: of its hits at most as many are dropped,
 * because another search had them, as there are hits in the window.
 */
#include "base/mem.h"
#include "query/federate_int.h"
#include "json/json_write.h"

/* A hit that was taken. */
struct taken {
    struct federated_list *list;
    const struct ranked *hit;
};
struct merged {
    struct taken *at; /* owned */
    size_t n, limit;
    uint64_t dropped; /* by distinct */
    struct distinct *distinct;
};

static enum rc open_list(struct federate *f, const struct query_stop *stop,
                         struct federated_list *list, struct err *err)
{
    enum rc rc;

    list->spec = list->query->spec;
    if (f->federation->distinct.n > 0)
        list->spec.distinct = f->federation->distinct;
    rc = search__open(f->view, list->query->index_id, &list->spec, stop, f->arena, &list->run, err);
    if (rc == RC_OK && f->federation->distinct.n > 0)
        rc = distinct__column(list->run.search.reader, f->federation->distinct, &list->distinct,
                              err);
    return rc;
}

static enum rc run_list(struct federated_list *list, uint64_t window, bool exact, struct err *err)
{
    struct rank_opts opts = {.limit = window,
                             .exact_total = exact,
                             .keep_candidates = true,
                             .details = list->spec.show_details};
    enum rc rc = rank__run(&list->run.search, &list->run.graph, list->run.filter, &opts,
                           &list->ranking, err);

    if (rc != RC_OK)
        return rc;
    return hit_maker__new(&list->run.search, &list->run.graph, &list->maker, err);
}

static bool is_taken(const struct merged *m, const struct federated_list *list, uint32_t row)
{
    for (size_t i = 0; i < m->n; i++) {
        if (m->at[i].hit->row == row && m->at[i].list->query->index_id == list->query->index_id)
            return true;
    }
    return false;
}

/* The list whose next hit comes first; NULL: all are at their end. */
static struct federated_list *choose(struct federate *f)
{
    struct federated_list *best = NULL;

    for (size_t i = 0; i < f->n_lists; i++) {
        struct federated_list *list = &f->lists[i];

        if (list->next >= list->ranking.n)
            continue;
        if (!best || federate__compare(&list->ranking.at[list->next], list->query->weight,
                                       &best->ranking.at[best->next], best->query->weight) < 0)
            best = list;
    }
    return best;
}

static enum rc merge(struct federate *f, struct merged *m, struct err *err)
{
    struct federated_list *list;

    while (m->n < m->limit && (list = choose(f)) != NULL) {
        const struct ranked *hit = &list->ranking.at[list->next++];
        bool keep = !is_taken(m, list, hit->row);

        if (keep && m->distinct) {
            enum rc rc = distinct__keep(m->distinct, list->distinct, hit->row, &keep, err);

            if (rc != RC_OK)
                return rc;
            m->dropped += keep ? 0 : 1;
        }
        if (keep)
            m->at[m->n++] = (struct taken){list, hit};
    }
    return RC_OK;
}

static enum rc write_hit(struct federate *f, const struct taken *t, struct buf *more,
                         struct buf *json, struct bytes *ret_hit, struct err *err)
{
    struct json_writer w;
    enum rc rc;

    buf_clear(json);
    buf_clear(more);
    json_writer_init(&w, more);
    json_put_key(&w, B("_federation"));
    json_begin_object(&w);
    json_key(&w, "indexUid");
    json_put_string(&w, t->list->query->index_uid);
    json_key(&w, "queriesPosition");
    json_put_u64(&w, t->list->query->position);
    json_key(&w, "weightedRankingScore");
    json_put_double(&w, t->hit->score * t->list->query->weight);
    json_end_object(&w);
    rc = hit_maker__hit(t->list->maker, t->hit, buf_view(more), json, err);
    if (rc != RC_OK)
        return rc;
    *ret_hit = arena_dup(f->arena, buf_view(json));
    if (!ret_hit->p)
        return err_set(err, RC_TOO_LARGE, NULL, "the hits take too much memory");
    return RC_OK;
}

static enum rc write_hits(struct federate *f, const struct merged *m, uint64_t offset,
                          struct query_result *ret_result, struct err *err)
{
    size_t first = offset < m->n ? (size_t)offset : m->n;
    struct bytes *hits = arena_zalloc(f->arena, (m->n - first + 1) * sizeof(*hits));
    struct buf more, json;
    enum rc rc = RC_OK;

    if (!hits)
        return err_set(err, RC_TOO_LARGE, NULL, "the hits take too much memory");
    buf_init(&more, BUF_NO_LIMIT);
    buf_init(&json, BUF_NO_LIMIT);
    for (size_t i = first; rc == RC_OK && i < m->n; i++)
        rc = write_hit(f, &m->at[i], &more, &json, &hits[i - first], err);
    ret_result->hits = hits;
    ret_result->n_hits = m->n - first;
    buf_done(&json);
    buf_done(&more);
    return rc;
}

static bool is_first_of_index(const struct federate *f, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (f->lists[j].query->index_id == f->lists[i].query->index_id)
            return false;
    }
    return true;
}

/* Documents of all indexes, each counted once. */
static enum rc count_all(const struct federate *f, uint64_t *ret_total, struct err *err)
{
    *ret_total = 0;
    for (size_t i = 0; i < f->n_lists; i++) {
        const struct federated_list *list;
        struct tile *const *candidates;
        uint64_t n;
        enum rc rc;

        if (!is_first_of_index(f, i))
            continue;
        rc = federate__candidates(f, f->lists[i].query->index_uid, &list, &candidates, &n, err);
        if (rc != RC_OK)
            return rc;
        *ret_total += n;
    }
    return RC_OK;
}

static enum rc run_all(struct federate *f, const struct rank_opts *window, struct merged *m,
                       struct err *err)
{
    enum rc rc = federate__check_order(f, err);

    for (size_t i = 0; rc == RC_OK && i < f->n_lists; i++)
        rc = run_list(&f->lists[i], (window->offset + window->limit) * 2, window->exact_total, err);
    m->limit = (size_t)(window->offset + window->limit);
    m->at = xcalloc(m->limit + 1, sizeof(*m->at));
    if (f->federation->distinct.n > 0)
        m->distinct = distinct__new();
    if (rc == RC_OK)
        rc = merge(f, m, err);
    return rc;
}

static enum rc answer(struct federate *f, struct federated_result *ret_result, struct err *err)
{
    const struct federation *fed = f->federation;
    struct query_spec spec = {.by_page = fed->by_page,
                              .offset = fed->offset,
                              .limit = fed->limit,
                              .page = fed->page,
                              .hits_per_page = fed->hits_per_page};
    struct federated_result result = {0};
    struct rank_opts window;
    struct merged m = {0};
    uint32_t max_total = 0;
    enum rc rc;

    for (size_t i = 0; i < f->n_lists; i++) {
        uint32_t max = f->lists[i].run.search.plan->max_total_hits;

        max_total = max > max_total ? max : max_total;
    }
    search__window(&spec, max_total, &window);
    rc = run_all(f, &window, &m, err);
    if (rc == RC_OK)
        rc = count_all(f, &result.merged.total, err);
    if (rc == RC_OK)
        rc = federate__facets(f, &result, err);
    if (rc == RC_OK)
        rc = write_hits(f, &m, window.offset, &result.merged, err);
    result.merged.total -= m.dropped < result.merged.total ? m.dropped : result.merged.total;
    for (size_t i = 0; i < f->n_lists; i++)
        result.merged.degraded |= f->lists[i].ranking.degraded;
    if (rc == RC_OK)
        *ret_result = result;
    distinct__free(m.distinct);
    xfree(m.at);
    return rc;
}

enum rc query_federated(struct catalog_view *view, const struct federated_query *queries, size_t n,
                        const struct federation *federation, const struct query_stop *stop,
                        struct arena *arena, struct federated_result *ret_result, struct err *err)
{
    struct federate f = {.view = view, .federation = federation, .arena = arena};
    enum rc rc = RC_OK;

    f.lists = xcalloc(n + 1, sizeof(*f.lists));
    for (size_t i = 0; rc == RC_OK && i < n; i++) {
        f.lists[i].query = &queries[i];
        f.n_lists = i + 1;
        rc = open_list(&f, stop, &f.lists[i], err);
        if (rc == RC_INVALID)
            rc = err_prefix(err, "Inside `.queries[%zu]`: ", queries[i].position);
    }
    if (rc == RC_OK)
        rc = answer(&f, ret_result, err);
    for (size_t i = 0; i < f.n_lists; i++) {
        hit_maker__free(f.lists[i].maker);
        search__close(&f.lists[i].run);
    }
    xfree(f.lists);
    return rc;
}
