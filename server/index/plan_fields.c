/* SPDX-License-Identifier: MIT */
/* plan_fields.c -- which fields a plan filters, sorts, ranks and tells apart by. */
#include "index/plan_int.h"

#include "base/mem.h"

static bool flag(struct json_value object, const char *name, bool otherwise)
{
    struct json_value v;

    if (!plan__has_value(object, name, &v) || json_type(v) != JSON_BOOL)
        return otherwise;
    return json_bool(v);
}

/* An entry with features: one of ours for each of its patterns. */
static enum rc read_filter_rule(struct plan_reading *x, struct json_value rule, unsigned place,
                                struct plan_filterable **at)
{
    struct plan_filterable f = {.equality = true, .rule = place};
    struct json_value patterns, features, filter;
    const struct bytes *names;
    size_t i, n;
    enum rc rc;

    if (!json_get(rule, B("attributePatterns"), &patterns))
        return plan__bad(x, "filterableAttributes");
    rc = plan__strings(x, patterns, "filterableAttributes", &names, &n);
    if (rc != RC_OK)
        return rc;
    if (plan__has_value(rule, "features", &features)) {
        f.facet_search = flag(features, "facetSearch", false);
        if (plan__has_value(features, "filter", &filter)) {
            f.equality = flag(filter, "equality", true);
            f.comparison = flag(filter, "comparison", false);
        }
    }
    for (i = 0; i < n; i++) {
        f.pattern = names[i];
        *(*at)++ = f;
    }
    return RC_OK;
}

static size_t count_patterns(struct json_value list)
{
    struct json_value patterns;
    struct json_iter it;
    size_t n = 0;

    for (json_iter_init(&it, list); json_iter_next(&it);) {
        n++;
        if (json_get(it.value, B("attributePatterns"), &patterns) &&
            json_type(patterns) == JSON_ARRAY)
            n += json_count(patterns);
    }
    return n;
}

static enum rc read_filterable(struct plan_reading *x)
{
    struct json_value list = plan__member(x, "filterableAttributes");
    struct plan_filterable *out, *at;
    struct json_iter it;
    enum rc rc = RC_OK;

    if (json_type(list) != JSON_ARRAY)
        return plan__bad(x, "filterableAttributes");
    out = at = plan__alloc(x->own, sizeof *out, count_patterns(list));
    for (json_iter_init(&it, list); rc == RC_OK && json_iter_next(&it);) {
        struct bytes name;

        if (json_type(it.value) != JSON_STRING) {
            rc = read_filter_rule(x, it.value, (unsigned)it.index, &at);
            continue;
        }
        /* A star at an end of a plain name is taken for the pattern it looks like. */
        name = plan__keep(x->own, json_string(it.value));
        at->pattern = name;
        at->plain = name.n == 0 || (name.p[0] != '*' && name.p[name.n - 1] != '*');
        at->facet_search = at->equality = at->comparison = true;
        at->rule = (unsigned)it.index;
        at++;
    }
    x->own->plan.filterable = out;
    x->own->plan.n_filterable = (size_t)(at - out);
    return rc;
}

static bool ends_with(struct bytes b, struct bytes end)
{
    return b.n >= end.n && memcmp(b.p + b.n - end.n, end.p, end.n) == 0;
}

static bool read_rule(struct bytes text, struct plan_rule *ret)
{
    static const struct {
        const char *name;
        enum rule_kind kind;
    } known[] = {
        {"words", RULE_WORDS},
        {"typo", RULE_TYPO},
        {"proximity", RULE_PROXIMITY},
        {"attribute", RULE_ATTRIBUTE},
        {"attributeRank", RULE_ATTRIBUTE_RANK},
        {"wordPosition", RULE_WORD_POSITION},
        {"sort", RULE_SORT},
        {"exactness", RULE_EXACTNESS},
    };
    size_t i;

    *ret = (struct plan_rule){0};
    for (i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (bytes_eq(text, bytes_str(known[i].name))) {
            ret->kind = known[i].kind;
            return true;
        }
    }
    if (ends_with(text, B(":asc"))) {
        *ret = (struct plan_rule){RULE_ASC, bytes_of(text.p, text.n - 4)};
        return true;
    }
    *ret = (struct plan_rule){RULE_DESC, bytes_of(text.p, text.n - (text.n < 5 ? text.n : 5))};
    return ends_with(text, B(":desc"));
}

/* A field that is sorted by once is in order: the other direction changes nothing either. */
static bool repeats(const struct plan_rule *rules, size_t n, const struct plan_rule *r)
{
    bool custom = r->kind == RULE_ASC || r->kind == RULE_DESC;
    size_t i;

    for (i = 0; i < n; i++) {
        if (rules[i].kind == r->kind && !custom)
            return true;
        if (custom && (rules[i].kind == RULE_ASC || rules[i].kind == RULE_DESC) &&
            bytes_eq(rules[i].field, r->field))
            return true;
    }
    return false;
}

static enum rc read_rules(struct plan_reading *x)
{
    const struct bytes *texts;
    struct plan_rule *rules, rule;
    size_t i, n, kept = 0;
    enum rc rc;

    rc = plan__named_strings(x, "rankingRules", &texts, &n);
    if (rc != RC_OK)
        return rc;
    rules = plan__alloc(x->own, sizeof *rules, n);
    for (i = 0; i < n; i++) {
        if (!read_rule(texts[i], &rule))
            return plan__bad(x, "rankingRules");
        if (!repeats(rules, kept, &rule))
            rules[kept++] = rule;
    }
    x->own->plan.rules = rules;
    x->own->plan.n_rules = kept;
    return RC_OK;
}

static enum rc read_distinct(struct plan_reading *x)
{
    struct json_value v = plan__member(x, "distinctAttribute");

    if (json_type(v) == JSON_NULL)
        return RC_OK;
    if (json_type(v) != JSON_STRING)
        return plan__bad(x, "distinctAttribute");
    x->own->plan.distinct = plan__keep(x->own, json_string(v));
    return RC_OK;
}

enum rc plan__read_fields(struct plan_reading *x)
{
    struct plan *p = &x->own->plan;
    enum rc rc = read_filterable(x);

    if (rc == RC_OK)
        rc = plan__named_strings(x, "sortableAttributes", &p->sortable, &p->n_sortable);
    if (rc == RC_OK)
        rc = read_rules(x);
    return rc == RC_OK ? read_distinct(x) : rc;
}
