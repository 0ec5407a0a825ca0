/* SPDX-License-Identifier: MIT */
/*
 * federate_facets.c -- facets of a federated search: by index, or those of all indexes merged.
 *
 * Merging works on the JSON that each index gives: equal values add up, smallest
 * and greatest numbers are those of all. Values stand as each index would order
 * them, which must be the same way everywhere.
 */
#include "base/mem.h"
#include "query/federate_int.h"
#include "json/json.h"
#include "json/json_write.h"

enum { MERGED_VALUES_DEFAULT = 100 };

/* One index's counts. */
struct counted {
    struct bytes uid;
    const struct plan *plan;
    struct bytes distribution, stats;
};

/* A value or, in stats, a facet. Texts are borrowed from a parser. */
struct value {
    struct bytes text;
    uint64_t count;
    double min, max;
};
struct values {
    struct value *at; /* owned */
    size_t n, cap;
};

enum rc federate__candidates(const struct federate *f, struct bytes uid,
                             const struct federated_list **ret_list,
                             struct tile *const **ret_candidates, uint64_t *ret_n, struct err *err)
{
    const struct federated_list *first = NULL;
    struct tile **all = NULL;
    uint32_t n_tiles = 0;
    uint64_t n = 0;

    for (size_t i = 0; i < f->n_lists; i++) {
        const struct federated_list *list = &f->lists[i];

        if (!bytes_eq(list->query->index_uid, uid))
            continue;
        if (!first) {
            first = list;
            n_tiles = reader_n_tiles(list->run.search.reader);
            all = arena_zalloc(f->arena, ((size_t)n_tiles + 1) * sizeof(*all));
        }
        for (uint32_t t = 0; all && t < n_tiles; t++) {
            const struct tile *more = list->ranking.candidates[t];

            if (!more)
                continue;
            if (!all[t])
                all[t] = arena_zalloc(f->arena, sizeof(struct tile));
            if (!all[t])
                return err_set(err, RC_TOO_LARGE, NULL, "the search takes too much memory");
            tile__or(all[t], more);
        }
    }
    for (uint32_t t = 0; all && t < n_tiles; t++)
        n += all[t] ? tile__count(all[t]) : 0;
    *ret_list = first;
    *ret_candidates = all;
    *ret_n = n;
    return RC_OK;
}

static enum rc count_index(const struct federate *f, size_t i, struct counted *ret, struct err *err)
{
    struct bytes uid = f->federation->facet_indexes[i];
    const struct federated_list *list;
    struct tile *const *candidates;
    struct query_spec spec;
    struct search s;
    uint64_t n;
    enum rc rc = federate__candidates(f, uid, &list, &candidates, &n, err);

    if (rc != RC_OK || !list)
        return rc;
    s = list->run.search;
    spec = list->spec;
    spec.facets = f->federation->facets[i];
    s.spec = &spec;
    ret->uid = uid;
    ret->plan = s.plan;
    if (!spec.facets.given || spec.facets.n == 0)
        return RC_OK;
    rc = facets__count(&s, candidates, &ret->distribution, &ret->stats, err);
    if (rc == RC_INVALID)
        return err_prefix(err, "Inside `.federation.facetsByIndex.%.*s`: ", BYTES_ARG(uid));
    return rc;
}

static enum rc give(const struct federate *f, const struct buf *json, struct bytes *ret,
                    struct err *err)
{
    *ret = arena_dup(f->arena, buf_view(json));
    if (!ret->p)
        return err_set(err, RC_TOO_LARGE, NULL, "the facets take too much memory");
    return RC_OK;
}

static enum rc write_by_index(const struct federate *f, const struct counted *counted, size_t n,
                              struct bytes *ret, struct err *err)
{
    struct json_writer w;
    struct buf json;
    enum rc rc;

    buf_init(&json, BUF_NO_LIMIT);
    json_writer_init(&w, &json);
    json_begin_object(&w);
    for (size_t i = 0; i < n; i++) {
        if (counted[i].distribution.n == 0)
            continue;
        json_put_key(&w, counted[i].uid);
        json_begin_object(&w);
        json_key(&w, "distribution");
        json_put_raw(&w, counted[i].distribution);
        json_key(&w, "stats");
        json_put_raw(&w, counted[i].stats);
        json_end_object(&w);
    }
    json_end_object(&w);
    rc = give(f, &json, ret, err);
    buf_done(&json);
    return rc;
}

static struct value *value_named(struct values *v, struct bytes text)
{
    for (size_t i = 0; i < v->n; i++) {
        if (bytes_eq(v->at[i].text, text))
            return &v->at[i];
    }
    if (v->n == v->cap) {
        v->cap = v->cap ? v->cap * 2 : 64;
        v->at = xrealloc(v->at, v->cap * sizeof(*v->at));
    }
    v->at[v->n] = (struct value){.text = text};
    return &v->at[v->n++];
}

/* Insertion sort: at most a few hundred values, which come nearly in order. */
static void sort_values(struct values *v, bool by_count)
{
    for (size_t i = 1; i < v->n; i++) {
        struct value moving = v->at[i];
        size_t j = i;

        for (; j > 0; j--) {
            const struct value *before = &v->at[j - 1];
            bool later =
                by_count ? before->count < moving.count : bytes_cmp(before->text, moving.text) > 0;

            if (by_count && before->count == moving.count)
                later = bytes_cmp(before->text, moving.text) > 0;
            if (!later)
                break;
            v->at[j] = *before;
        }
        v->at[j] = moving;
    }
}

/* The values of one facet in all indexes; false order: two indexes disagree. */
static enum rc merge_facet(const struct federate *f, const struct counted *counted, size_t n,
                           const struct json_value *roots, struct bytes facet,
                           struct json_writer *w, struct err *err)
{
    size_t max = f->federation->max_values_per_facet ? f->federation->max_values_per_facet
                                                     : MERGED_VALUES_DEFAULT;
    const struct counted *first = NULL;
    struct values values = {0};
    bool by_count = false;

    for (size_t i = 0; i < n; i++) {
        struct json_value object;
        struct json_iter it;

        if (counted[i].distribution.n == 0 || !json_get(roots[i], facet, &object))
            continue;
        if (first && plan_facet_by_count(counted[i].plan, facet) != by_count) {
            xfree(values.at);
            return err_set(err, RC_INVALID, "invalid_multi_search_facet_order",
                           "Inconsistent order for values in facet `%.*s`: index `%.*s` orders "
                           "%s, but index `%.*s` orders %s.\n - Hint: Remove "
                           "`federation.mergeFacets` or change `faceting.sortFacetValuesBy` to be "
                           "consistent in settings.",
                           BYTES_ARG(facet), BYTES_ARG(first->uid),
                           by_count ? "by count" : "alphabetically", BYTES_ARG(counted[i].uid),
                           by_count ? "alphabetically" : "by count");
        }
        first = first ? first : &counted[i];
        by_count = plan_facet_by_count(counted[i].plan, facet);
        for (json_iter_init(&it, object); json_iter_next(&it);) {
            uint64_t count = 0;

            (void)json_as_u64(it.value, &count);
            value_named(&values, it.key)->count += count;
        }
    }
    sort_values(&values, by_count);
    json_put_key(w, facet);
    json_begin_object(w);
    for (size_t i = 0; i < values.n && i < max; i++) {
        json_put_key(w, values.at[i].text);
        json_put_u64(w, values.at[i].count);
    }
    json_end_object(w);
    xfree(values.at);
    return RC_OK;
}

static enum rc merge_distributions(const struct federate *f, const struct counted *counted,
                                   size_t n, const struct json_value *roots, struct bytes *ret,
                                   struct err *err)
{
    struct values facets = {0};
    struct json_writer w;
    struct buf json;
    enum rc rc = RC_OK;

    for (size_t i = 0; i < n; i++) {
        struct json_iter it;

        if (counted[i].distribution.n == 0)
            continue;
        for (json_iter_init(&it, roots[i]); json_iter_next(&it);)
            (void)value_named(&facets, it.key);
    }
    sort_values(&facets, false);
    buf_init(&json, BUF_NO_LIMIT);
    json_writer_init(&w, &json);
    json_begin_object(&w);
    for (size_t i = 0; rc == RC_OK && i < facets.n; i++)
        rc = merge_facet(f, counted, n, roots, facets.at[i].text, &w, err);
    json_end_object(&w);
    if (rc == RC_OK)
        rc = give(f, &json, ret, err);
    buf_done(&json);
    xfree(facets.at);
    return rc;
}

static double number_at(struct json_value object, struct bytes key)
{
    struct json_value v;
    double number = 0;

    if (json_get(object, key, &v))
        (void)json_as_double(v, &number);
    return number;
}

static enum rc merge_stats(const struct federate *f, const struct counted *counted, size_t n,
                           const struct json_value *roots, struct bytes *ret, struct err *err)
{
    struct values facets = {0};
    struct json_writer w;
    struct buf json;
    enum rc rc;

    for (size_t i = 0; i < n; i++) {
        struct json_iter it;

        if (counted[i].stats.n == 0)
            continue;
        for (json_iter_init(&it, roots[i]); json_iter_next(&it);) {
            struct value *v = value_named(&facets, it.key);
            double min = number_at(it.value, B("min")), max = number_at(it.value, B("max"));

            v->min = v->count == 0 || min < v->min ? min : v->min;
            v->max = v->count == 0 || max > v->max ? max : v->max;
            v->count = 1;
        }
    }
    sort_values(&facets, false);
    buf_init(&json, BUF_NO_LIMIT);
    json_writer_init(&w, &json);
    json_begin_object(&w);
    for (size_t i = 0; i < facets.n; i++) {
        json_put_key(&w, facets.at[i].text);
        json_begin_object(&w);
        json_key(&w, "min");
        json_put_double(&w, facets.at[i].min);
        json_key(&w, "max");
        json_put_double(&w, facets.at[i].max);
        json_end_object(&w);
    }
    json_end_object(&w);
    rc = give(f, &json, ret, err);
    buf_done(&json);
    xfree(facets.at);
    return rc;
}

/* Parses our own JSON again: one text per index, as borrowed by `merge`. */
static enum rc merge_all(const struct federate *f, const struct counted *counted, size_t n,
                         struct query_result *ret, struct err *err)
{
    struct json_parser **parsers = xcalloc(2 * n + 1, sizeof(struct json_parser *));
    struct json_value *roots = xcalloc(2 * n + 1, sizeof(*roots));
    enum rc rc = RC_OK;

    for (size_t i = 0; rc == RC_OK && i < 2 * n; i++) {
        struct bytes text = i < n ? counted[i].distribution : counted[i - n].stats;

        if (text.n == 0)
            continue;
        parsers[i] = json_parser_new();
        if (json_parse(parsers[i], text, NULL, &roots[i], NULL) != RC_OK)
            rc = err_set(err, RC_INTERNAL, NULL, "facets are no JSON");
    }
    if (rc == RC_OK)
        rc = merge_distributions(f, counted, n, roots, &ret->facets, err);
    if (rc == RC_OK)
        rc = merge_stats(f, counted, n, roots + n, &ret->stats, err);
    for (size_t i = 0; i < 2 * n; i++)
        json_parser_free(parsers[i]);
    xfree(parsers);
    xfree(roots);
    return rc;
}

enum rc federate__facets(const struct federate *f, struct federated_result *ret_result,
                         struct err *err)
{
    size_t n = f->federation->n_facet_indexes;
    struct counted *counted = xcalloc(n + 1, sizeof(*counted));
    enum rc rc = RC_OK;

    for (size_t i = 0; rc == RC_OK && i < n; i++)
        rc = count_index(f, i, &counted[i], err);
    if (rc == RC_OK && n > 0 && f->federation->merge_facets)
        rc = merge_all(f, counted, n, &ret_result->merged, err);
    else if (rc == RC_OK && n > 0)
        rc = write_by_index(f, counted, n, &ret_result->facets_by_index, err);
    xfree(counted);
    return rc;
}
