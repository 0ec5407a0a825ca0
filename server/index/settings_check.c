/* SPDX-License-Identifier: MIT */
/*
 * settings_check.c -- whether a change of settings makes sense, in the words clients know.
 *
 * Members are looked at in the order they were sent, the first that is wrong is
 * reported. Shapes are checked too, though the HTTP door checked most of them:
 * what comes by gRPC or out of a dump file passes here as well.
 */
#include "index/settings_int.h"
#include "index/settings_shape.h"

#include <stdio.h>

static enum rc check_size(struct checking *x, struct json_value v)
{
    uint64_t n;

    if (!json_as_u64(v, &n))
        return shape__wrong_type(x, v, "a positive integer");
    if (n <= TYPO_SIZE_MAX)
        return RC_OK;
    return shape__wrong_value(
        x, "value: `", json_raw(v),
        "` is too large to be deserialized, maximum value authorized is `255`");
}

static enum rc check_hits(struct checking *x, struct json_value v)
{
    uint64_t n;

    if (!json_as_u64(v, &n))
        return shape__wrong_type(x, v, "a positive integer");
    if (n > 0)
        return RC_OK;
    return shape__wrong_value(
        x,
        "a non-zero integer value lower than `18446744073709551615` was expected, "
        "but found a zero",
        (struct bytes){0}, "");
}

static enum rc check_order(struct checking *x, struct json_value v)
{
    static const char *const names[] = {"alpha", "count"};

    return shape__one_of(x, v, names, ARRAY_LEN(names));
}

static enum rc check_precision(struct checking *x, struct json_value v)
{
    static const char *const names[] = {"byWord", "byAttribute"};

    return shape__one_of(x, v, names, ARRAY_LEN(names));
}

static enum rc check_prefix(struct checking *x, struct json_value v)
{
    static const char *const names[] = {"indexingTime", "disabled"};

    return shape__one_of(x, v, names, ARRAY_LEN(names));
}

/* ISO-639-1 or -3: which languages there are is the tokenizer's affair. */
static enum rc check_locale(struct checking *x, struct json_value v)
{
    struct bytes s;
    size_t i;

    if (json_type(v) != JSON_STRING)
        return shape__wrong_type(x, v, "a string");
    s = json_string(v);
    for (i = 0; i < s.n && s.p[i] >= 'a' && s.p[i] <= 'z'; i++)
        ;
    if (i == s.n && (s.n == 2 || s.n == 3))
        return RC_OK;
    return shape__wrong_value(x, "`", s, "` is not an ISO-639-1 or ISO-639-3 language code");
}

static enum rc check_locales(struct checking *x, struct json_value v)
{
    return shape__list(x, v, check_locale);
}

/* ---- settings ------------------------------------------------------------------------ */

static enum rc check_filter(struct checking *x, struct json_value v)
{
    static const struct rule rules[] = {
        {"equality", shape__bool, true, false},
        {"comparison", shape__bool, true, false},
    };

    return shape__object(x, v, rules, ARRAY_LEN(rules));
}

static enum rc check_features(struct checking *x, struct json_value v)
{
    static const struct rule rules[] = {
        {"facetSearch", shape__bool, true, false},
        {"filter", check_filter, true, false},
    };

    return shape__object(x, v, rules, ARRAY_LEN(rules));
}

static enum rc check_filterable(struct checking *x, struct json_value v)
{
    static const struct rule rules[] = {
        {"attributePatterns", shape__strings, false, true},
        {"features", check_features, true, false},
    };

    if (json_type(v) == JSON_STRING)
        return RC_OK;
    if (json_type(v) != JSON_OBJECT)
        return shape__wrong_type(x, v, "a string or an object");
    return shape__object(x, v, rules, ARRAY_LEN(rules));
}

static enum rc check_localized(struct checking *x, struct json_value v)
{
    static const struct rule rules[] = {
        {"attributePatterns", shape__strings, false, true},
        {"locales", check_locales, false, true},
    };

    return shape__object(x, v, rules, ARRAY_LEN(rules));
}

/* A rule of the user's own: a field and a direction. */
static enum rc check_custom_rule(struct checking *x, struct bytes text)
{
    static const struct {
        const char *name, *use; /* NULL: for nothing */
    } reserved[] = {
        {"_geoPoint", "sorting"},     {"_geoRadius", "filtering"}, {"_geoBoundingBox", "filtering"},
        {"_geoPolygon", "filtering"}, {"_geoDistance", NULL},      {"_geo", NULL},
    };
    size_t i, n = text.n;
    char why[192];

    if (n > 4 && memcmp(text.p + n - 4, ":asc", 4) == 0)
        n -= 4;
    else if (n > 5 && memcmp(text.p + n - 5, ":desc", 5) == 0)
        n -= 5;
    else
        return shape__wrong_value(
            x, "`", text,
            "` ranking rule is invalid. Valid ranking rules are words, typo, sort, "
            "proximity, attribute, exactness and custom ranking rules.");
    for (i = 0; i < ARRAY_LEN(reserved); i++) {
        struct bytes name = bytes_str(reserved[i].name);
        struct bytes field = bytes_of(text.p, n);

        if (!bytes_starts(field, name) || (field.n > name.n && field.p[name.n] != '('))
            continue;
        (void)snprintf(why, sizeof why,
                       "` is a reserved keyword and thus can't be used as a ranking rule%s%s%s%s%s",
                       reserved[i].use ? ". `" : "", reserved[i].use ? reserved[i].name : "",
                       reserved[i].use ? "` can only be used for " : "",
                       reserved[i].use ? reserved[i].use : "",
                       reserved[i].use ? " at search time" : "");
        return shape__wrong_value(x, "`", name, why);
    }
    return RC_OK;
}

static bool is_text(struct json_value v, const char *text)
{
    return json_type(v) == JSON_STRING && bytes_eq(json_string(v), bytes_str(text));
}

static enum rc check_rule(struct checking *x, struct json_value v)
{
    static const char *const known[] = {"words",         "typo", "proximity",    "attribute",
                                        "attributeRank", "sort", "wordPosition", "exactness"};
    size_t i;

    if (json_type(v) != JSON_STRING)
        return shape__wrong_type(x, v, "a string");
    for (i = 0; i < ARRAY_LEN(known); i++)
        if (is_text(v, known[i]))
            return RC_OK;
    return check_custom_rule(x, json_string(v));
}

static enum rc check_rules(struct checking *x, struct json_value v)
{
    struct json_iter it;
    bool whole = false, split = false;
    enum rc rc;

    rc = shape__list(x, v, check_rule);
    if (rc != RC_OK)
        return rc;
    for (json_iter_init(&it, v); json_iter_next(&it);) {
        whole = whole || is_text(it.value, "attribute");
        split = split || is_text(it.value, "attributeRank") || is_text(it.value, "wordPosition");
    }
    if (!whole || !split)
        return RC_OK;
    return err_set(x->err, RC_INVALID, x->word,
                   "Mixed usage of the attribute, attributeRank, and wordPosition ranking rules. "
                   "You must either use the attribute ranking rule alone or the attributeRank and "
                   "wordPosition ranking rules.");
}

static enum rc check_sizes(struct checking *x, struct json_value v)
{
    static const struct rule rules[] = {
        {"oneTypo", check_size, true, false},
        {"twoTypos", check_size, true, false},
    };
    struct json_value one, two;
    uint64_t a, b;
    struct buf at;
    enum rc rc;

    rc = shape__object(x, v, rules, ARRAY_LEN(rules));
    if (rc != RC_OK || !json_get(v, B("oneTypo"), &one) || !json_get(v, B("twoTypos"), &two) ||
        !json_as_u64(one, &a) || !json_as_u64(two, &b) || a <= b)
        return rc;
    buf_init(&at, BUF_NO_LIMIT);
    (void)shape__at(x, &at);
    rc = settings__typo_clash(a, b, buf_cstr(&at), x->err);
    buf_done(&at);
    return rc;
}

static enum rc check_typo(struct checking *x, struct json_value v)
{
    static const struct rule rules[] = {
        {"enabled", shape__bool, true, false},
        {"minWordSizeForTypos", check_sizes, true, false},
        {"disableOnWords", shape__strings, true, false},
        {"disableOnAttributes", shape__strings, true, false},
        {"disableOnNumbers", shape__bool, true, false},
    };

    return shape__object(x, v, rules, ARRAY_LEN(rules));
}

static enum rc check_orders(struct checking *x, struct json_value v)
{
    return shape__map(x, v, check_order);
}

static enum rc check_faceting(struct checking *x, struct json_value v)
{
    static const struct rule rules[] = {
        {"maxValuesPerFacet", shape__unsigned, true, false},
        {"sortFacetValuesBy", check_orders, true, false},
    };

    return shape__object(x, v, rules, ARRAY_LEN(rules));
}

static enum rc check_pagination(struct checking *x, struct json_value v)
{
    static const struct rule rules[] = {{"maxTotalHits", check_hits, true, false}};

    return shape__object(x, v, rules, ARRAY_LEN(rules));
}

static enum rc check_embedders(struct checking *x, struct json_value v)
{
    if (json_type(v) != JSON_OBJECT)
        return shape__wrong_type(x, v, "an object");
    if (json_count(v) == 0)
        return RC_OK;
    return shape__wrong_value(x, "this server has no embedders, so only an empty object can be set",
                              (struct bytes){0}, "");
}

static enum rc check_setting(struct checking *x, const struct setting *s, struct json_value v)
{
    if (json_type(v) == JSON_NULL)
        return RC_OK;
    switch (s->kind) {
    case SETTING_LIST_OR_STAR:
    case SETTING_SET:
        return shape__strings(x, v);
    case SETTING_FILTERABLE:
        return shape__list(x, v, check_filterable);
    case SETTING_RULES:
        return check_rules(x, v);
    case SETTING_SYNONYMS:
        return shape__map(x, v, shape__strings);
    case SETTING_NAME:
        return shape__string(x, v);
    case SETTING_PRECISION:
        return check_precision(x, v);
    case SETTING_TYPO:
        return check_typo(x, v);
    case SETTING_FACETING:
        return check_faceting(x, v);
    case SETTING_PAGINATION:
        return check_pagination(x, v);
    case SETTING_EMBEDDERS:
        return check_embedders(x, v);
    case SETTING_CUTOFF:
        return shape__unsigned(x, v);
    case SETTING_LOCALIZED:
        return shape__list(x, v, check_localized);
    case SETTING_BOOL:
        return shape__bool(x, v);
    case SETTING_PREFIX:
        return check_prefix(x, v);
    }
    return RC_OK;
}

static enum rc check_named(struct checking *x, bool sub_route, const struct json_iter *it)
{
    const char *names[SETTINGS_COUNT];
    size_t i;

    buf_clear(&x->at);
    for (i = 0; i < SETTINGS_COUNT; i++) {
        names[i] = settings__table[i].name;
        if (!bytes_eq(it->key, bytes_str(names[i])))
            continue;
        x->word = settings__table[i].word;
        if (!sub_route)
            (void)buf_printf(&x->at, ".%s", names[i]);
        return check_setting(x, &settings__table[i], it->value);
    }
    x->word = "bad_request";
    return shape__unknown(x, it->key,
                          &(struct shape_names){"field", "inside", names, SETTINGS_COUNT});
}

enum rc settings_check(struct bytes patch, bool sub_route, struct err *err)
{
    struct checking x = {.word = "bad_request", .err = err};
    struct json_parser *parser = json_parser_new();
    char text[JSON_ERROR_TEXT_MAX];
    struct json_value root;
    struct json_error at;
    struct json_iter it;
    enum rc rc;

    buf_init(&x.at, BUF_NO_LIMIT);
    rc = json_parse(parser, patch, &index__json_limits, &root, &at);
    if (rc != RC_OK)
        rc = err_set(err, RC_INVALID, "malformed_payload",
                     "The json payload provided is malformed. `%s`.", json_error_text(text, &at));
    else if (json_type(root) != JSON_OBJECT)
        rc = shape__wrong_type(&x, root, "an object");
    else
        for (json_iter_init(&it, root); rc == RC_OK && json_iter_next(&it);)
            rc = check_named(&x, sub_route, &it);
    buf_done(&x.at);
    json_parser_free(parser);
    return rc;
}
