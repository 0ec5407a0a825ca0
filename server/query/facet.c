/* SPDX-License-Identifier: MIT */
/*
 * facet.c -- facetDistribution and facetStats of a search.
 *
 * A facet that was asked for may be a pattern; every column whose field it
 * matches and that may be filtered is counted, in the order of names. A field
 * without values among the candidates is there with nothing in it.
 */
#include "query/facet_int.h"

#include "query/geo_int.h"
#include "query/tile_set.h"
#include "json/json_write.h"

#include <stdlib.h>

enum {
    TEXTUAL_NUMBERS_MAX = 3000, /* up to so many candidates numbers are in the order of their text:
                                   what clients have seen for years */
};

static bool is_pattern(struct bytes name)
{
    return name.n && (name.p[0] == '*' || name.p[name.n - 1] == '*');
}

static bool is_filterable(const struct plan *plan, struct bytes field)
{
    const struct plan_filterable *rule = plan_filterable_of(plan, field);

    return rule && (rule->equality || rule->comparison);
}

/* ---- what was asked for -------------------------------------------------------------------- */

static bool may_match(const struct search *s, struct bytes pattern)
{
    size_t i;

    if (bytes_eq(pattern, B("*")))
        return true;
    for (i = 0; i < s->plan->n_filterable; i++)
        if (bytes_eq(s->plan->filterable[i].pattern, pattern) ||
            plan_pattern_matches(pattern, s->plan->filterable[i].pattern) ||
            plan_pattern_matches(s->plan->filterable[i].pattern, pattern))
            return true;
    for (i = 0; i < reader_n_columns(s->reader); i++)
        if (plan_pattern_matches(pattern, reader_column_name(s->reader, i)) &&
            is_filterable(s->plan, reader_column_name(s->reader, i)))
            return true;
    return false;
}

static int by_text(const void *a, const void *b)
{
    return bytes_cmp(*(const struct bytes *)a, *(const struct bytes *)b);
}

static enum rc not_filterable(const struct search *s, struct bytes facet, struct err *err)
{
    struct bytes *names = arena_alloc(s->arena, (s->plan->n_filterable + 1) * sizeof *names);
    struct buf list;
    size_t n = 0, i;

    if (!names || s->plan->n_filterable == 0)
        return err_set(err, RC_INVALID, "invalid_search_facets",
                       "Invalid facet distribution: Pattern `%.*s` is not filterable. This index "
                       "does not have configured filterable attributes.",
                       BYTES_ARG(facet));
    for (i = 0; i < s->plan->n_filterable; i++)
        names[n++] = s->plan->filterable[i].pattern;
    qsort(names, n, sizeof *names, by_text);
    buf_init(&list, ERR_MSG_MAX);
    for (i = 0; i < n; i++)
        if (i == 0 || !bytes_eq(names[i], names[i - 1]))
            buf_printf(&list, "%s%.*s", i ? ", " : "", BYTES_ARG(names[i]));
    (void)err_set(err, RC_INVALID, "invalid_search_facets",
                  "Invalid facet distribution: Pattern `%.*s` is not filterable. Available "
                  "filterable attributes patterns are: `%s`.",
                  BYTES_ARG(facet), buf_cstr(&list));
    buf_done(&list);
    return RC_INVALID;
}

static enum rc check(const struct search *s, struct bytes facet, struct err *err)
{
    const struct plan_filterable *rule;

    if (is_pattern(facet))
        return may_match(s, facet) ? RC_OK : not_filterable(s, facet, err);
    rule = plan_filterable_of(s->plan, facet);
    if (!rule)
        return not_filterable(s, facet, err);
    if (rule->equality || rule->comparison)
        return RC_OK;
    return err_set(err, RC_INVALID, "invalid_search_facets",
                   "Invalid facet distribution: Attribute `%.*s` matched rule #%u in "
                   "filterableAttributes, but this rule does not enable filtering.\n"
                   "Hint: enable filtering in rule #%u by modifying the features.filter object\n"
                   "Hint: prepend another rule matching `%.*s` with appropriate filter features "
                   "before rule #%u",
                   BYTES_ARG(facet), rule->rule, rule->rule, BYTES_ARG(facet), rule->rule);
}

static bool is_asked(const struct search *s, struct bytes field)
{
    size_t i;

    if (!is_filterable(s->plan, field) || plan_covers(B("_geo"), field))
        return false;
    for (i = 0; i < s->spec->facets.n; i++)
        if (plan_pattern_matches(s->spec->facets.at[i], field))
            return true;
    return false;
}

/* ---- one field ----------------------------------------------------------------------------- */

static int by_number_text(const void *a, const void *b)
{
    const struct facet_entry *x = a, *y = b;
    char text_x[NUMBER_TEXT_MAX], text_y[NUMBER_TEXT_MAX];

    (void)number__text(text_x, x->value->number);
    (void)number__text(text_y, y->value->number);
    return strcmp(text_x, text_y);
}

static void sort_numbers_as_texts(struct facet_list *l)
{
    size_t n = 0;

    while (n < l->n && l->at[n].value->is_number)
        n++;
    if (n)
        qsort(l->at, n, sizeof *l->at, by_number_text);
}

static void write_values(struct json_writer *w, const struct facet_list *l, size_t max)
{
    size_t i;

    json_begin_object(w);
    for (i = 0; i < l->n && i < max; i++) {
        const struct column_value *v = l->at[i].value;
        char number[NUMBER_TEXT_MAX];

        if (v->is_number)
            json_put_key(w, bytes_of(number, number__text(number, v->number)));
        else
            json_put_key(w, v->original);
        json_put_u64(w, l->at[i].count);
    }
    json_end_object(w);
}

static void write_stats(struct json_writer *w, struct bytes field, const struct facet_counted *c)
{
    if (!c->has_numbers)
        return;
    json_put_key(w, field);
    json_begin_object(w);
    json_key(w, "min");
    json_put_double(w, c->min);
    json_key(w, "max");
    json_put_double(w, c->max);
    json_end_object(w);
}

struct facet_writing {
    const struct search *s;
    struct tile *const *candidates;
    bool textual; /* numbers in the order of their text */
    struct json_writer values, stats;
};

static enum rc count_field(struct facet_writing *x, struct bytes field, struct err *err)
{
    size_t max = x->s->plan->max_facet_values;
    bool by_count = plan_facet_by_count(x->s->plan, field);
    struct facet_opts opts = {.keep_numbers = by_count || x->textual ? 0 : max,
                              .keep_texts = by_count ? 0 : max};
    struct facet_counted counted;
    struct column *column;
    enum rc rc;

    rc = reader_column(x->s->reader, field, &column, err);
    if (rc == RC_OK)
        rc = facet__count(x->s, column, x->candidates, &opts, &counted, err);
    if (rc != RC_OK)
        return rc;
    if (by_count)
        facet_list__sort_by_count(&counted.list);
    else if (x->textual)
        sort_numbers_as_texts(&counted.list);
    json_put_key(&x->values, field);
    write_values(&x->values, &counted.list, max);
    write_stats(&x->stats, field, &counted);
    facet_list__done(&counted.list);
    return RC_OK;
}

static uint64_t count_candidates(const struct search *s, struct tile *const *candidates)
{
    uint64_t n = 0;
    uint32_t tile;

    for (tile = 0; tile < reader_n_tiles(s->reader); tile++)
        n += candidates[tile] ? tile__count(candidates[tile]) : 0;
    return n;
}

static enum rc check_all(const struct search *s, struct err *err)
{
    enum rc rc = RC_OK;
    size_t i;

    for (i = 0; i < s->spec->facets.n && rc == RC_OK; i++)
        rc = check(s, s->spec->facets.at[i], err);
    return rc;
}

enum rc query_check_facets(struct catalog_view *view, uint32_t index_id, struct names facets,
                           struct arena *arena, struct err *err)
{
    struct query_spec spec;
    struct search s = {.spec = &spec, .arena = arena};
    enum rc rc;

    query_spec_init(&spec);
    spec.facets = facets;
    rc = reader_open(view, index_id, &s.reader, err);
    if (rc != RC_OK)
        return rc;
    s.plan = reader_plan(s.reader);
    rc = check_all(&s, err);
    reader_close(s.reader);
    return rc;
}

enum rc facets__count(const struct search *s, struct tile *const *candidates,
                      struct bytes *ret_distribution, struct bytes *ret_stats, struct err *err)
{
    struct facet_writing x = {.s = s, .candidates = candidates};
    struct buf values, stats;
    enum rc rc = check_all(s, err);
    size_t i;

    if (rc != RC_OK)
        return rc;
    x.textual = count_candidates(s, candidates) <= TEXTUAL_NUMBERS_MAX;
    buf_init(&values, BUF_NO_LIMIT); /* maxValuesPerFacet values of at most 468 bytes a field */
    buf_init(&stats, BUF_NO_LIMIT);
    json_writer_init(&x.values, &values);
    json_writer_init(&x.stats, &stats);
    json_begin_object(&x.values);
    json_begin_object(&x.stats);
    for (i = 0; i < reader_n_columns(s->reader) && rc == RC_OK; i++)
        if (is_asked(s, reader_column_name(s->reader, i)))
            rc = count_field(&x, reader_column_name(s->reader, i), err);
    json_end_object(&x.values);
    json_end_object(&x.stats);
    if (rc == RC_OK) {
        *ret_distribution = arena_dup(s->arena, buf_view(&values));
        *ret_stats = arena_dup(s->arena, buf_view(&stats));
        if (!ret_distribution->p || !ret_stats->p)
            rc = err_set(err, RC_TOO_LARGE, NULL, "the facets take too much memory");
    }
    buf_done(&values);
    buf_done(&stats);
    return rc;
}
