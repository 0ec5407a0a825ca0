/* SPDX-License-Identifier: MIT */
/* sort_parse.c -- "price:asc", "_geoPoint(48.8, 2.3):desc": what may be sorted by. */
#include "query/geo_int.h"
#include "query/rank_int.h"
#include "query/search_check.h"

static bool strip(struct bytes *text, struct bytes end)
{
    if (text->n < end.n || memcmp(text->p + text->n - end.n, end.p, end.n) != 0)
        return false;
    text->n -= end.n;
    return true;
}

static enum rc parse_point(struct bytes text, const char *word, struct sort_rule *rule,
                           struct err *err)
{
    char wrong[GEO_WRONG_MAX];

    if (!geo__parse_point(rule->field, &rule->lat, &rule->lng))
        return err_set(err, RC_INVALID, word,
                       "Invalid syntax for the geo parameter: expected expression formated like "
                       "`_geoPoint(latitude, longitude)` and ending by `:asc` or `:desc`, found "
                       "`%.*s`.",
                       BYTES_ARG(text));
    rule->geo = true;
    if (geo__wrong_latitude(rule->lat, wrong) || geo__wrong_longitude(rule->lng, wrong))
        return err_set(err, RC_INVALID, word, "%s", wrong);
    return RC_OK;
}

static enum rc check_name(struct bytes text, struct bytes field, const char *word, struct err *err)
{
    static const char *const reserved[] = {"_geoDistance", "_geoRadius", "_geoBoundingBox",
                                           "_geoPolygon"};

    if (bytes_eq(field, B("_geo")))
        return err_set(err, RC_INVALID, word,
                       "`_geo` is a reserved keyword and thus can't be used as a sort expression. "
                       "Use the _geoPoint(latitude, longitude) built-in rule to sort on _geo "
                       "field coordinates.");
    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        struct bytes name = bytes_str(reserved[i]);

        if (bytes_eq(field, name) ||
            (bytes_starts(field, name) && field.n > name.n && field.p[name.n] == '('))
            return err_set(err, RC_INVALID, word,
                           "`%s` is a reserved keyword and thus can't be used as a sort "
                           "expression.",
                           reserved[i]);
    }
    if (field.n == 0)
        return err_set(err, RC_INVALID, word,
                       "Invalid syntax for the sort parameter: expected expression ending by "
                       "`:asc` or `:desc`, found `%.*s`.",
                       BYTES_ARG(text));
    return RC_OK;
}

enum rc sort__parse(struct bytes text, const char *word, struct sort_rule *ret_rule,
                    struct err *err)
{
    struct sort_rule rule = {.kind = RULE_SORT, .field = text, .text = text};
    enum rc rc;

    if (strip(&rule.field, B(":desc")))
        rule.descending = true;
    else if (!strip(&rule.field, B(":asc")))
        return err_set(err, RC_INVALID, word,
                       "Invalid syntax for the sort parameter: expected expression ending by "
                       "`:asc` or `:desc`, found `%.*s`.",
                       BYTES_ARG(text));
    if (bytes_starts(rule.field, B("_geoPoint")))
        rc = parse_point(text, word, &rule, err);
    else
        rc = check_name(text, rule.field, word, err);
    if (rc == RC_OK)
        *ret_rule = rule;
    return rc;
}

static bool has_sort_rule(const struct plan *plan)
{
    for (size_t i = 0; i < plan->n_rules; i++) {
        if (plan->rules[i].kind == RULE_SORT)
            return true;
    }
    return false;
}

static enum rc check_sortable(const struct search *s, const struct sort_rule *rule,
                              const char *word, struct err *err)
{
    struct bytes field = rule->geo ? B("_geo") : rule->field;
    const char *list;

    if (plan_is_sortable(s->plan, field))
        return RC_OK;
    if (s->plan->n_sortable == 0)
        return err_set(err, RC_INVALID, word,
                       "Attribute `%.*s` is not sortable. This index does not have configured "
                       "sortable attributes.",
                       BYTES_ARG(field));
    list = search_check__names(s, s->plan->sortable, s->plan->n_sortable);
    return err_set(err, RC_INVALID, word,
                   "Attribute `%.*s` is not sortable. Available sortable attributes are: `%s`.",
                   BYTES_ARG(field), list);
}

enum rc sort__check(const struct search *s, const char *word, bool *ret_syntax, struct err *err)
{
    const struct names *sort = &s->spec->sort;

    *ret_syntax = true;
    for (size_t i = 0; i < sort->n; i++) {
        struct sort_rule rule;
        enum rc rc = sort__parse(sort->at[i], word, &rule, err);

        if (rc != RC_OK)
            return rc;
    }
    *ret_syntax = false;
    if (sort->n > 0 && !has_sort_rule(s->plan))
        return err_set(err, RC_INVALID, word,
                       "You must specify where `sort` is listed in the rankingRules setting to "
                       "use the sort parameter at search time.");
    for (size_t i = 0; i < sort->n; i++) {
        struct sort_rule rule;
        enum rc rc = sort__parse(sort->at[i], word, &rule, err);

        if (rc == RC_OK)
            rc = check_sortable(s, &rule, word, err);
        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}
