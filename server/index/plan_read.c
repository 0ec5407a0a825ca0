/* SPDX-License-Identifier: MIT */
/*
 * plan_read.c -- settings as JSON to a plan.
 *
 * Stored settings are complete and were checked (settings_check.c), so a wrong
 * shape is damage. A member that is absent or null stands for its default.
 */
#include "index/plan_int.h"

#include "base/assert.h"
#include "base/mem.h"

#include <stdlib.h>

enum { CUTOFF_DEFAULT_MS = 1500 };

void *plan__alloc(struct plan_own *own, size_t item, size_t n)
{
    void *p = arena_zalloc(own->memory, item * (n ? n : 1));

    ASSERT(p); /* settings are bounded where they come in */
    return p;
}

struct bytes plan__keep(struct plan_own *own, struct bytes b)
{
    uint8_t *p = plan__alloc(own, 1, b.n);

    if (b.n)
        memcpy(p, b.p, b.n);
    return bytes_of(p, b.n);
}

enum rc plan__bad(const struct plan_reading *x, const char *name)
{
    return err_set(x->err, RC_CORRUPT, NULL, "stored settings are damaged: `%s`", name);
}

bool plan__has_value(struct json_value object, const char *name, struct json_value *ret)
{
    return json_get(object, bytes_str(name), ret) && json_type(*ret) != JSON_NULL;
}

struct json_value plan__member(const struct plan_reading *x, const char *name)
{
    struct json_value v;
    bool found;

    if (plan__has_value(x->root, name, &v))
        return v;
    found = json_get(x->defaults, bytes_str(name), &v);
    ASSERT(found);
    return v;
}

enum rc plan__strings(const struct plan_reading *x, struct json_value list, const char *name,
                      const struct bytes **ret, size_t *ret_n)
{
    struct bytes *out;
    struct json_iter it;
    size_t n = 0;

    if (json_type(list) != JSON_ARRAY)
        return plan__bad(x, name);
    out = plan__alloc(x->own, sizeof *out, json_count(list));
    for (json_iter_init(&it, list); json_iter_next(&it);) {
        if (json_type(it.value) != JSON_STRING)
            return plan__bad(x, name);
        out[n++] = plan__keep(x->own, json_string(it.value));
    }
    *ret = out;
    *ret_n = n;
    return RC_OK;
}

enum rc plan__named_strings(const struct plan_reading *x, const char *name,
                            const struct bytes **ret, size_t *ret_n)
{
    return plan__strings(x, plan__member(x, name), name, ret, ret_n);
}

/* A number that was checked to be one; what is over 32 bits is as good as that. */
static enum rc read_u32(const struct plan_reading *x, struct json_value v, const char *name,
                        uint32_t *ret)
{
    uint64_t n;

    if (!json_as_u64(v, &n))
        return plan__bad(x, name);
    *ret = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
    return RC_OK;
}

static enum rc read_bool(const struct plan_reading *x, struct json_value v, const char *name,
                         bool *ret)
{
    if (json_type(v) != JSON_BOOL)
        return plan__bad(x, name);
    *ret = json_bool(v);
    return RC_OK;
}

/* A member of one of the settings that are objects, or of that setting's default. */
static struct json_value inner(const struct plan_reading *x, const char *outer, const char *name)
{
    struct json_value v = {0};
    bool found;

    if (plan__has_value(plan__member(x, outer), name, &v))
        return v;
    found = json_get(x->defaults, bytes_str(outer), &v) && json_get(v, bytes_str(name), &v);
    ASSERT(found);
    return v;
}

/* ---- words ------------------------------------------------------------------------------- */

static enum rc read_text(struct plan_reading *x)
{
    struct plan *p = &x->own->plan;
    struct text_opts *o = &x->own->cuts;
    enum rc rc;

    rc = plan__named_strings(x, "searchableAttributes", &p->searchable, &p->n_searchable);
    if (rc == RC_OK)
        rc = plan__named_strings(x, "displayedAttributes", &p->displayed, &p->n_displayed);
    if (rc == RC_OK)
        rc = plan__named_strings(x, "stopWords", &o->stop_words, &o->n_stop_words);
    if (rc == RC_OK)
        rc = plan__named_strings(x, "separatorTokens", &o->separators, &o->n_separators);
    if (rc == RC_OK)
        rc = plan__named_strings(x, "nonSeparatorTokens", &o->non_separators, &o->n_non_separators);
    if (rc == RC_OK)
        rc = plan__named_strings(x, "dictionary", &o->dictionary, &o->n_dictionary);
    if (rc != RC_OK)
        return rc;
    p->searchable_all = plan_has_star(p->searchable, p->n_searchable);
    p->displayed_all = plan_has_star(p->displayed, p->n_displayed);
    p->text = text_rules_new(o);
    return RC_OK;
}

static int by_bytes(const void *a, const void *b)
{
    return bytes_cmp(*(const struct bytes *)a, *(const struct bytes *)b);
}

static enum rc read_typo_words(struct plan_reading *x)
{
    static const char name[] = "typoTolerance.disableOnWords";
    struct json_value list = inner(x, "typoTolerance", "disableOnWords");
    const struct bytes *raw;
    struct bytes *folded;
    struct buf word;
    size_t i, n;
    enum rc rc;

    rc = plan__strings(x, list, name, &raw, &n);
    if (rc != RC_OK)
        return rc;
    folded = plan__alloc(x->own, sizeof *folded, n);
    buf_init(&word, BUF_NO_LIMIT);
    for (i = 0; i < n; i++) {
        buf_clear(&word);
        text_fold(raw[i], &word);
        folded[i] = plan__keep(x->own, buf_view(&word));
    }
    buf_done(&word);
    qsort(folded, n, sizeof *folded, by_bytes);
    x->own->plan.typo_words = folded;
    x->own->plan.n_typo_words = n;
    return RC_OK;
}

static enum rc read_typo(struct plan_reading *x)
{
    struct plan *p = &x->own->plan;
    struct json_value sizes, one, two;
    bool no_numbers = false;
    uint32_t least_one = 0, least_two = 0;
    enum rc rc;

    rc = read_bool(x, inner(x, "typoTolerance", "enabled"), "typoTolerance.enabled",
                   &p->typo_enabled);
    if (rc == RC_OK)
        rc = read_bool(x, inner(x, "typoTolerance", "disableOnNumbers"),
                       "typoTolerance.disableOnNumbers", &no_numbers);
    if (rc == RC_OK)
        rc = plan__strings(x, inner(x, "typoTolerance", "disableOnAttributes"),
                           "typoTolerance.disableOnAttributes", &p->typo_fields, &p->n_typo_fields);
    if (rc == RC_OK)
        rc = read_typo_words(x);
    if (rc != RC_OK)
        return rc;
    p->typo_numbers = !no_numbers;
    sizes = inner(x, "typoTolerance", "minWordSizeForTypos");
    if (!plan__has_value(sizes, "oneTypo", &one) || !plan__has_value(sizes, "twoTypos", &two))
        return plan__bad(x, "typoTolerance.minWordSizeForTypos");
    rc = read_u32(x, one, "typoTolerance.minWordSizeForTypos.oneTypo", &least_one);
    if (rc == RC_OK)
        rc = read_u32(x, two, "typoTolerance.minWordSizeForTypos.twoTypos", &least_two);
    p->one_typo = least_one;
    p->two_typos = least_two;
    return rc;
}

/* ---- the rest ---------------------------------------------------------------------------- */

static enum rc read_choice(struct plan_reading *x, const char *name, const char *yes,
                           const char *no, bool *ret)
{
    struct json_value v = plan__member(x, name);

    if (json_type(v) != JSON_STRING)
        return plan__bad(x, name);
    *ret = bytes_eq(json_string(v), bytes_str(yes));
    return *ret || bytes_eq(json_string(v), bytes_str(no)) ? RC_OK : plan__bad(x, name);
}

static enum rc read_facet_sort(struct plan_reading *x)
{
    struct json_value map = inner(x, "faceting", "sortFacetValuesBy");
    struct plan_facet_sort *out;
    struct json_iter it;
    size_t n = 0;

    if (json_type(map) != JSON_OBJECT)
        return plan__bad(x, "faceting.sortFacetValuesBy");
    out = plan__alloc(x->own, sizeof *out, json_count(map));
    for (json_iter_init(&it, map); json_iter_next(&it);) {
        if (json_type(it.value) != JSON_STRING)
            return plan__bad(x, "faceting.sortFacetValuesBy");
        out[n].field = plan__keep(x->own, it.key);
        out[n++].by_count = bytes_eq(json_string(it.value), B("count"));
    }
    x->own->plan.facet_sort = out;
    x->own->plan.n_facet_sort = n;
    return RC_OK;
}

static enum rc read_sizes(struct plan_reading *x)
{
    struct plan *p = &x->own->plan;
    struct json_value cutoff = plan__member(x, "searchCutoffMs");
    enum rc rc;

    rc = read_u32(x, inner(x, "faceting", "maxValuesPerFacet"), "faceting.maxValuesPerFacet",
                  &p->max_facet_values);
    if (rc == RC_OK)
        rc = read_u32(x, inner(x, "pagination", "maxTotalHits"), "pagination.maxTotalHits",
                      &p->max_total_hits);
    p->cutoff_ms = CUTOFF_DEFAULT_MS;
    if (rc == RC_OK && json_type(cutoff) != JSON_NULL)
        rc = read_u32(x, cutoff, "searchCutoffMs", &p->cutoff_ms);
    return rc;
}

/* So that inner() never takes a default for something that is there, but damaged. */
static enum rc check_objects(const struct plan_reading *x)
{
    static const char *const names[] = {"typoTolerance", "faceting", "pagination"};
    size_t i;

    for (i = 0; i < sizeof names / sizeof names[0]; i++)
        if (json_type(plan__member(x, names[i])) != JSON_OBJECT)
            return plan__bad(x, names[i]);
    return RC_OK;
}

enum rc plan__read(struct plan_reading *x)
{
    struct plan *p = &x->own->plan;
    enum rc rc;

    rc = check_objects(x);
    if (rc == RC_OK)
        rc = read_text(x);
    if (rc == RC_OK)
        rc = read_typo(x);
    if (rc == RC_OK)
        rc = plan__read_fields(x);
    if (rc == RC_OK)
        rc = plan__read_synonyms(x);
    if (rc == RC_OK)
        rc = read_facet_sort(x);
    if (rc == RC_OK)
        rc = read_sizes(x);
    if (rc == RC_OK)
        rc = read_bool(x, plan__member(x, "facetSearch"), "facetSearch", &p->facet_search);
    if (rc == RC_OK)
        rc = read_choice(x, "prefixSearch", "indexingTime", "disabled", &p->prefix_search);
    if (rc == RC_OK)
        rc = read_choice(x, "proximityPrecision", "byAttribute", "byWord", &p->by_attribute);
    return rc;
}
