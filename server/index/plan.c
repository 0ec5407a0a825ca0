/* SPDX-License-Identifier: MIT */
/*
 * plan.c -- a plan's life, and what it says of a field.
 *
 * _geo and _vectors are never searched, whatever the settings name: their
 * numbers are no words.
 */
#include "index/plan_int.h"

#include "base/assert.h"
#include "base/mem.h"
#include "index/index_int.h"

enum rc plan_new(struct bytes settings, struct plan **ret_plan, struct err *err)
{
    struct json_parser *parser = json_parser_new(), *initial = json_parser_new();
    struct plan_own *own = xcalloc(1, sizeof *own);
    struct plan_reading x = {.own = own, .err = err};
    struct json_error at;
    enum rc rc;

    atomic_init(&own->refs, 1);
    own->memory = arena_new(SIZE_MAX);
    rc = json_parse(initial, settings_defaults(), &index__json_limits, &x.defaults, &at);
    ASSERT(rc == RC_OK);
    rc = json_parse(parser, settings, &index__json_limits, &x.root, &at);
    if (rc != RC_OK || json_type(x.root) != JSON_OBJECT)
        rc = err_set(err, RC_CORRUPT, NULL, "stored settings are not a JSON object");
    else
        rc = plan__read(&x);
    if (rc == RC_OK)
        *ret_plan = &own->plan;
    else
        plan_unref(&own->plan);
    json_parser_free(parser);
    json_parser_free(initial);
    return rc;
}

static struct plan_own *own_of(const struct plan *p)
{
    return (struct plan_own *)(uintptr_t)p; /* every plan is the head of one */
}

struct plan *plan_ref(struct plan *p)
{
    atomic_fetch_add(&own_of(p)->refs, 1);
    return p;
}

void plan_unref(struct plan *p)
{
    struct plan_own *own;

    if (!p)
        return;
    own = own_of(p);
    if (atomic_fetch_sub(&own->refs, 1) > 1)
        return;
    text_rules_free(own->plan.text);
    arena_free(own->memory);
    xfree(own);
}

/* ---- one field ------------------------------------------------------------------------- */

bool plan_has_star(const struct bytes *names, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (bytes_eq(names[i], B("*")))
            return true;
    return false;
}

bool plan_covers(struct bytes entry, struct bytes field)
{
    return bytes_starts(field, entry) && (field.n == entry.n || field.p[entry.n] == '.');
}

static bool contains(struct bytes text, struct bytes part)
{
    size_t i;

    for (i = 0; i + part.n <= text.n; i++)
        if (part.n == 0 || memcmp(text.p + i, part.p, part.n) == 0)
            return true;
    return false;
}

bool plan_pattern_matches(struct bytes pattern, struct bytes field)
{
    bool front = pattern.n && pattern.p[0] == '*';
    bool back = pattern.n && pattern.p[pattern.n - 1] == '*';
    struct bytes rest;

    if (!front && !back)
        return bytes_eq(pattern, field);
    if (pattern.n == 1)
        return true;
    rest = bytes_of(pattern.p + front, pattern.n - (size_t)front - (size_t)back);
    if (front && back)
        return contains(field, rest);
    if (back)
        return bytes_starts(field, rest);
    return field.n >= rest.n && bytes_eq(bytes_of(field.p + field.n - rest.n, rest.n), rest);
}

static bool any_covers(const struct bytes *entries, size_t n, struct bytes field)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (plan_covers(entries[i], field))
            return true;
    return false;
}

int plan_field_rank(const struct plan *p, struct bytes field)
{
    size_t i;

    if (plan_covers(B("_geo"), field) || plan_covers(B("_vectors"), field))
        return -1;
    if (p->searchable_all)
        return 0;
    for (i = 0; i < p->n_searchable; i++)
        if (plan_covers(p->searchable[i], field))
            return (int)i;
    return -1;
}

const struct plan_filterable *plan_filterable_of(const struct plan *p, struct bytes field)
{
    size_t i;

    for (i = 0; i < p->n_filterable; i++) {
        const struct plan_filterable *f = &p->filterable[i];

        if (f->plain ? plan_covers(f->pattern, field) : plan_pattern_matches(f->pattern, field))
            return f;
    }
    return NULL;
}

bool plan_is_sortable(const struct plan *p, struct bytes field)
{
    return any_covers(p->sortable, p->n_sortable, field);
}

bool plan_is_displayed(const struct plan *p, struct bytes field)
{
    return p->displayed_all || any_covers(p->displayed, p->n_displayed, field);
}

bool plan_facet_by_count(const struct plan *p, struct bytes field)
{
    bool otherwise = false;
    size_t i;

    for (i = 0; i < p->n_facet_sort; i++) {
        if (bytes_eq(p->facet_sort[i].field, field))
            return p->facet_sort[i].by_count;
        if (bytes_eq(p->facet_sort[i].field, B("*")))
            otherwise = p->facet_sort[i].by_count;
    }
    return otherwise;
}

/* What is filtered or sorted by distance needs both numbers, and nothing else of _geo. */
static bool wants_geo(const struct plan *p, struct bytes field)
{
    return (bytes_eq(field, B("_geo.lat")) || bytes_eq(field, B("_geo.lng"))) &&
           (plan_filterable_of(p, B("_geo")) || plan_is_sortable(p, B("_geo")));
}

bool plan_wants_column(const struct plan *p, struct bytes field)
{
    size_t i;

    if (plan_covers(B("_vectors"), field))
        return false;
    if (plan_filterable_of(p, field) || plan_is_sortable(p, field) || wants_geo(p, field))
        return true;
    if (p->distinct.n && plan_covers(p->distinct, field))
        return true;
    for (i = 0; i < p->n_rules; i++)
        if ((p->rules[i].kind == RULE_ASC || p->rules[i].kind == RULE_DESC) &&
            plan_covers(p->rules[i].field, field))
            return true;
    return false;
}

/* ---- two plans --------------------------------------------------------------------------- */

static bool same_lists(const struct bytes *a, size_t n_a, const struct bytes *b, size_t n_b)
{
    size_t i;

    if (n_a != n_b)
        return false;
    for (i = 0; i < n_a; i++)
        if (!bytes_eq(a[i], b[i]))
            return false;
    return true;
}

/* Sets of names are stored sorted, so that equal ones are equal lists. */
static bool same_cuts(const struct text_opts *a, const struct text_opts *b)
{
    return same_lists(a->separators, a->n_separators, b->separators, b->n_separators) &&
           same_lists(a->non_separators, a->n_non_separators, b->non_separators,
                      b->n_non_separators) &&
           same_lists(a->dictionary, a->n_dictionary, b->dictionary, b->n_dictionary) &&
           same_lists(a->stop_words, a->n_stop_words, b->stop_words, b->n_stop_words);
}

/* Whether every field that a searches, b searches too. */
static bool searches_all_of(const struct plan *a, const struct plan *b)
{
    size_t i;

    if (b->searchable_all)
        return true;
    if (a->searchable_all)
        return false;
    for (i = 0; i < a->n_searchable; i++)
        if (!any_covers(b->searchable, b->n_searchable, a->searchable[i]))
            return false;
    return true;
}

bool plan_same_words(const struct plan *a, const struct plan *b)
{
    return searches_all_of(a, b) && searches_all_of(b, a) &&
           same_cuts(&own_of(a)->cuts, &own_of(b)->cuts);
}
