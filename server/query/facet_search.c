/* SPDX-License-Identifier: MIT */
/*
 * facet_search.c -- values of a field that begin like what is typed.
 *
 * Texts only. What is typed is folded as words are and compared with the
 * beginning of the whole value, folded the same, with as many typos as a word of
 * so many bytes may have.
 */
#include "query/facet_int.h"

#include "query/search_run.h"
#include "text/text.h"
#include "json/json_write.h"

#include <stdlib.h>

static const char *const facet_word = "invalid_facet_search_facet_name";

/* ---- may it be asked? ---------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    return bytes_cmp(*(const struct bytes *)a, *(const struct bytes *)b);
}

static enum rc not_searchable(const struct search *s, struct bytes field, struct err *err)
{
    const struct plan *plan = s->plan;
    struct bytes *names = arena_alloc(s->arena, (plan->n_filterable + 1) * sizeof *names);
    bool hidden = false;
    struct buf list;
    size_t n = 0, i;

    for (i = 0; names && i < plan->n_filterable; i++) {
        if (!plan->filterable[i].facet_search)
            continue;
        if (plan_is_displayed(plan, plan->filterable[i].pattern))
            names[n++] = plan->filterable[i].pattern;
        else
            hidden = true;
    }
    if (n == 0 && !hidden)
        return err_set(err, RC_INVALID, facet_word,
                       "Attribute `%.*s` is not facet-searchable. This index does not have "
                       "configured facet-searchable attributes. To make it facet-searchable add "
                       "it to the `filterableAttributes` index settings.",
                       BYTES_ARG(field));
    if (n)
        qsort(names, n, sizeof *names, by_text);
    buf_init(&list, ERR_MSG_MAX);
    for (i = 0; i < n; i++)
        if (i == 0 || !bytes_eq(names[i], names[i - 1]))
            buf_printf(&list, "%s%.*s", i ? ", " : "", BYTES_ARG(names[i]));
    if (hidden)
        buf_printf(&list, "%s<..hidden-attributes>", n ? ", " : "");
    (void)err_set(err, RC_INVALID, facet_word,
                  "Attribute `%.*s` is not facet-searchable. Available facet-searchable "
                  "attributes patterns are: `%s`. To make it facet-searchable add it to the "
                  "`filterableAttributes` index settings.",
                  BYTES_ARG(field), buf_cstr(&list));
    buf_done(&list);
    return RC_INVALID;
}

static enum rc check(const struct search *s, struct bytes field, struct err *err)
{
    const struct plan_filterable *rule = plan_filterable_of(s->plan, field);

    if (!s->plan->facet_search)
        return err_set(err, RC_INVALID, "facet_search_disabled",
                       "The facet search is disabled for this index");
    if (!rule)
        return not_searchable(s, field, err);
    if (rule->facet_search)
        return RC_OK;
    return err_set(err, RC_INVALID, facet_word,
                   "Attribute `%.*s` is not facet-searchable. Note: this attribute matches rule "
                   "#%u in filterableAttributes, but this rule does not enable facetSearch.\n"
                   "Hint: enable facetSearch in rule #%u by adding `\"facetSearch\": true` to the "
                   "rule.\nHint: prepend another rule matching %.*s with facetSearch: true before "
                   "rule #%u",
                   BYTES_ARG(field), rule->rule, rule->rule, BYTES_ARG(field), rule->rule);
}

/* ---- does it begin like that? -------------------------------------------------------------- */

struct beginning {
    struct buf typed; /* folded */
    struct buf value; /* scratch */
    struct near *near;
    unsigned typos;
};

static bool is_among(const struct bytes *list, size_t n, struct bytes what)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (bytes_eq(list[i], what))
            return true;
    return false;
}

static unsigned typos_of(const struct plan *plan, struct bytes field, struct bytes typed)
{
    size_t i;

    if (!plan->typo_enabled || is_among(plan->typo_words, plan->n_typo_words, typed))
        return 0;
    for (i = 0; i < plan->n_typo_fields; i++)
        if (plan_covers(plan->typo_fields[i], field))
            return 0;
    return typed.n < plan->one_typo ? 0 : typed.n < plan->two_typos ? 1 : 2;
}

static void begin(struct beginning *b, const struct plan *plan, struct bytes field,
                  struct bytes query)
{
    *b = (struct beginning){0};
    buf_init(&b->typed, BUF_NO_LIMIT); /* a few times the query's own bytes */
    buf_init(&b->value, BUF_NO_LIMIT); /* of a value, which columns cut */
    text_fold(query, &b->typed);
    b->typos = typos_of(plan, field, buf_view(&b->typed));
    if (b->typos)
        b->near = near_new(buf_view(&b->typed), b->typos);
}

static void end(struct beginning *b)
{
    near_free(b->near);
    buf_done(&b->typed);
    buf_done(&b->value);
}

/* Columns keep marks; texts of ASCII have none, and are folded already. */
static struct bytes without_marks(struct beginning *b, struct bytes text)
{
    size_t i;

    for (i = 0; i < text.n && text.p[i] < 0x80; i++)
        continue;
    if (i == text.n)
        return text;
    buf_clear(&b->value);
    text_fold(text, &b->value);
    return buf_view(&b->value);
}

static bool matches(struct beginning *b, struct bytes text)
{
    struct bytes value = without_marks(b, text);
    size_t at = 0;

    if (bytes_starts(value, buf_view(&b->typed)))
        return true;
    if (!b->near)
        return false;
    near_cut(b->near, 0);
    while (at < value.n) {
        struct bytes rest = bytes_of(value.p + at, value.n - at);
        size_t n = text_chars_bytes(rest, 1), i;
        uint32_t c = rest.p[0];

        if (n > 1) {
            c &= 0x7fU >> n;
            for (i = 1; i < n; i++)
                c = c << 6 | (rest.p[i] & 0x3f);
        }
        if (!near_push(b->near, c))
            break;
        if (near_prefix_distance(b->near) <= b->typos)
            return true;
        at += n;
    }
    return near_prefix_distance(b->near) <= b->typos;
}

/* ---- answer -------------------------------------------------------------------------------- */

static enum rc write_hits(const struct search *s, const struct facet_query *q,
                          const struct facet_list *list, struct bytes *ret_hits, struct err *err)
{
    size_t max = s->plan->max_facet_values, n = 0, i;
    struct json_writer w;
    struct buf out;

    buf_init(&out, BUF_NO_LIMIT);
    json_writer_init(&w, &out);
    json_begin_array(&w);
    for (i = 0; i < list->n && n < max; i++, n++) {
        json_begin_object(&w);
        json_key(&w, "value");
        json_put_string(&w, list->at[i].value->original);
        json_key(&w, "count");
        json_put_u64(&w, list->at[i].count);
        json_end_object(&w);
    }
    json_end_array(&w);
    *ret_hits = arena_dup(s->arena, buf_view(&out));
    buf_done(&out);
    (void)q;
    return ret_hits->p ? RC_OK : err_set(err, RC_TOO_LARGE, NULL, "too many facet values");
}

static enum rc find_values(const struct search *s, const struct facet_query *q,
                           struct tile *const *candidates, struct bytes *ret_hits, struct err *err)
{
    bool by_count = plan_facet_by_count(s->plan, q->facet);
    bool all = !q->has_query || q->query.n == 0;
    struct facet_opts opts = {.no_numbers = true,
                              .keep_texts = all && !by_count ? s->plan->max_facet_values : 0};
    struct facet_counted counted = {0};
    struct column *column;
    enum rc rc;

    rc = reader_column(s->reader, q->facet, &column, err);
    if (rc == RC_OK)
        rc = facet__count(s, column, candidates, &opts, &counted, err);
    if (rc == RC_NOT_FOUND)
        rc = RC_OK;
    if (rc == RC_OK && !all) {
        struct beginning b;
        size_t i, n = 0;

        begin(&b, s->plan, q->facet, q->query);
        for (i = 0; i < counted.list.n; i++)
            if (matches(&b, counted.list.at[i].value->text))
                counted.list.at[n++] = counted.list.at[i];
        counted.list.n = n;
        end(&b);
    }
    if (rc == RC_OK && by_count)
        facet_list__sort_by_count(&counted.list);
    if (rc == RC_OK)
        rc = write_hits(s, q, &counted.list, ret_hits, err);
    facet_list__done(&counted.list);
    return rc;
}

enum rc query_facets(struct catalog_view *view, uint32_t index_id, const struct facet_query *facet,
                     const struct query_stop *stop, struct arena *arena, struct bytes *ret_hits,
                     struct err *err)
{
    const struct rank_opts opts = {.exact_total = true, .keep_candidates = true};
    struct query_spec spec = facet->spec;
    struct ranking ranking = {0};
    struct search_run run = {0};
    enum rc rc;

    spec.sort = spec.facets = (struct names){0}; /* they change no candidate */
    rc = search__open(view, index_id, &spec, stop, arena, &run, err);
    if (rc == RC_OK)
        rc = check(&run.search, facet->facet, err);
    if (rc == RC_OK)
        rc = rank__run(&run.search, &run.graph, run.filter, &opts, &ranking, err);
    if (rc == RC_OK)
        rc = find_values(&run.search, facet, ranking.candidates, ret_hits, err);
    search__close(&run);
    return rc;
}
