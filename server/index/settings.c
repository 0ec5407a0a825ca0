/* SPDX-License-Identifier: MIT */
/*
 * settings.c -- the settings of an index: defaults, and changes laid over them.
 *
 * Kept as one JSON object with every member, in the order of the table, compact,
 * sets sorted: equal settings are equal bytes.
 */
#include "index/settings_int.h"

#include "base/assert.h"
#include "base/mem.h"
#include "json/json_write.h"

#include <stdlib.h>

#define RULES                                                                                      \
    "[\"words\",\"typo\",\"proximity\",\"attributeRank\",\"sort\",\"wordPosition\",\"exactness\"]"
#define SIZES "{\"oneTypo\":5,\"twoTypos\":9}"
#define TYPO                                                                                       \
    "{\"enabled\":true,\"minWordSizeForTypos\":" SIZES                                             \
    ",\"disableOnWords\":[],\"disableOnAttributes\":[],\"disableOnNumbers\":false}"
#define FACETING "{\"maxValuesPerFacet\":100,\"sortFacetValuesBy\":{\"*\":\"alpha\"}}"
#define PAGINATION "{\"maxTotalHits\":1000}"

/* X(name, word behind "invalid_settings_", kind, initial value) */
#define SETTINGS_FIRST(X) X(displayedAttributes, displayed_attributes, LIST_OR_STAR, "[\"*\"]")
#define SETTINGS_REST(X)                                                                           \
    X(searchableAttributes, searchable_attributes, LIST_OR_STAR, "[\"*\"]")                        \
    X(filterableAttributes, filterable_attributes, FILTERABLE, "[]")                               \
    X(sortableAttributes, sortable_attributes, SET, "[]")                                          \
    X(rankingRules, ranking_rules, RULES, RULES)                                                   \
    X(stopWords, stop_words, SET, "[]")                                                            \
    X(nonSeparatorTokens, non_separator_tokens, SET, "[]")                                         \
    X(separatorTokens, separator_tokens, SET, "[]")                                                \
    X(dictionary, dictionary, SET, "[]")                                                           \
    X(synonyms, synonyms, SYNONYMS, "{}")                                                          \
    X(distinctAttribute, distinct_attribute, NAME, "null")                                         \
    X(proximityPrecision, proximity_precision, PRECISION, "\"byWord\"")                            \
    X(typoTolerance, typo_tolerance, TYPO, TYPO)                                                   \
    X(faceting, faceting, FACETING, FACETING)                                                      \
    X(pagination, pagination, PAGINATION, PAGINATION)                                              \
    X(embedders, embedders, EMBEDDERS, "{}")                                                       \
    X(searchCutoffMs, search_cutoff_ms, CUTOFF, "null")                                            \
    X(localizedAttributes, localized_attributes, LOCALIZED, "null")                                \
    X(facetSearch, facet_search, BOOL, "true")                                                     \
    X(prefixSearch, prefix_search, PREFIX, "\"indexingTime\"")

#define ROW(name, word, kind, initial) {#name, "invalid_settings_" #word, SETTING_##kind, initial},
const struct setting settings__table[SETTINGS_COUNT] = {SETTINGS_FIRST(ROW) SETTINGS_REST(ROW)};
#undef ROW

#define MEMBER(name, word, kind, initial) "\"" #name "\":" initial
#define NEXT_MEMBER(name, word, kind, initial) "," MEMBER(name, word, kind, initial)
struct bytes settings_defaults(void)
{
    return B("{" SETTINGS_FIRST(MEMBER) SETTINGS_REST(NEXT_MEMBER) "}");
}
#undef NEXT_MEMBER
#undef MEMBER

enum rc settings_member(struct bytes settings, const char *name, struct bytes *ret_value,
                        struct err *err)
{
    struct json_parser *parser = json_parser_new();
    struct json_value root, value;
    struct json_error at;
    enum rc rc;

    rc = json_parse(parser, settings, &index__json_limits, &root, &at);
    if (rc != RC_OK)
        rc = err_set(err, RC_CORRUPT, NULL, "stored settings are not JSON");
    else if (!json_get(root, bytes_str(name), &value))
        rc = err_set(err, RC_NOT_FOUND, NULL, "there is no setting `%s`", name);
    else
        *ret_value = json_raw(value); /* points into settings, not into the parser */
    json_parser_free(parser);
    return rc;
}

/* ---- sorted names -------------------------------------------------------------------- */

static int by_bytes(const void *a, const void *b)
{
    return bytes_cmp(*(const struct bytes *)a, *(const struct bytes *)b);
}

static void put_strings(struct json_writer *w, struct json_value list)
{
    struct json_iter it;

    json_begin_array(w);
    for (json_iter_init(&it, list); json_iter_next(&it);)
        json_put_string(w, json_string(it.value));
    json_end_array(w);
}

/* Sorted, each once. */
static void put_set(struct json_writer *w, struct json_value list)
{
    size_t n = json_count(list), i = 0;
    struct bytes *names = xmalloc((n ? n : 1) * sizeof *names);
    struct json_iter it;

    for (json_iter_init(&it, list); json_iter_next(&it);)
        names[i++] = json_string(it.value);
    qsort(names, n, sizeof *names, by_bytes);
    json_begin_array(w);
    for (i = 0; i < n; i++)
        if (i == 0 || !bytes_eq(names[i], names[i - 1]))
            json_put_string(w, names[i]);
    json_end_array(w);
    xfree(names);
}

static bool has_star(struct json_value list)
{
    struct json_iter it;

    for (json_iter_init(&it, list); json_iter_next(&it);)
        if (bytes_eq(json_string(it.value), B("*")))
            return true;
    return false;
}

struct named {
    struct bytes name;
    struct json_value value;
    size_t place;
};

/* By name; of equal names the last one sent comes first. */
static int by_name(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    int c = bytes_cmp(x->name, y->name);

    return c ? c : (x->place < y->place) - (x->place > y->place);
}

/* The members of an object, sorted, each name once; xfree() them. */
static struct named *sorted_members(struct json_value object, size_t *ret_n)
{
    size_t n = json_count(object), i = 0, kept = 0;
    struct named *all = xmalloc((n ? n : 1) * sizeof *all);
    struct json_iter it;

    for (json_iter_init(&it, object); json_iter_next(&it); i++)
        all[i] = (struct named){it.key, it.value, i};
    qsort(all, n, sizeof *all, by_name);
    for (i = 0; i < n; i++)
        if (i == 0 || !bytes_eq(all[i].name, all[kept - 1].name))
            all[kept++] = all[i];
    *ret_n = kept;
    return all;
}

/* ---- one setting --------------------------------------------------------------------- */

/* The member name of patch unless it is absent (then of base) or null (then the default's). */
struct laid {
    struct json_value base, patch, initial;
};

static struct json_value member(struct json_value object, const char *name)
{
    struct json_value v;
    bool found = json_get(object, bytes_str(name), &v);

    ASSERT(found); /* base and defaults are complete, required members were checked */
    return v;
}

static struct json_value choose(const struct laid *l, const char *name)
{
    struct json_value v;

    if (!json_get(l->patch, bytes_str(name), &v))
        return member(l->base, name);
    return json_type(v) == JSON_NULL ? member(l->initial, name) : v;
}

static bool true_member(struct json_value object, const char *name, bool otherwise)
{
    struct json_value v;

    if (!json_get(object, bytes_str(name), &v) || json_type(v) != JSON_BOOL)
        return otherwise;
    return json_bool(v);
}

static void put_rule(struct json_writer *w, struct json_value rule)
{
    struct json_value features, filter, none = {0};

    if (!json_get(rule, B("features"), &features))
        features = none;
    if (!features.parser || !json_get(features, B("filter"), &filter))
        filter = none;
    json_begin_object(w);
    json_key(w, "attributePatterns");
    put_strings(w, member(rule, "attributePatterns"));
    json_key(w, "features");
    json_begin_object(w);
    json_key(w, "facetSearch");
    json_put_bool(w, features.parser && true_member(features, "facetSearch", false));
    json_key(w, "filter");
    json_begin_object(w);
    json_key(w, "equality");
    json_put_bool(w, !filter.parser || true_member(filter, "equality", true));
    json_key(w, "comparison");
    json_put_bool(w, filter.parser && true_member(filter, "comparison", false));
    json_end_object(w);
    json_end_object(w);
    json_end_object(w);
}

static void put_filterable(struct json_writer *w, struct json_value list)
{
    struct json_iter it;

    json_begin_array(w);
    for (json_iter_init(&it, list); json_iter_next(&it);) {
        if (json_type(it.value) == JSON_STRING)
            json_put_string(w, json_string(it.value));
        else
            put_rule(w, it.value);
    }
    json_end_array(w);
}

static void put_synonyms(struct json_writer *w, struct json_value object)
{
    size_t n, i;
    struct named *all = sorted_members(object, &n);

    json_begin_object(w);
    for (i = 0; i < n; i++) {
        json_put_key(w, all[i].name);
        put_strings(w, all[i].value);
    }
    json_end_object(w);
    xfree(all);
}

static void put_localized(struct json_writer *w, struct json_value list)
{
    struct json_iter it;

    json_begin_array(w);
    for (json_iter_init(&it, list); json_iter_next(&it);) {
        json_begin_object(w);
        json_key(w, "attributePatterns");
        put_strings(w, member(it.value, "attributePatterns"));
        json_key(w, "locales");
        put_strings(w, member(it.value, "locales"));
        json_end_object(w);
    }
    json_end_array(w);
}

enum rc settings__typo_clash(uint64_t one, uint64_t two, const char *at, struct err *err)
{
    /* The unbalanced backquote is in the text that clients know. */
    return err_set(err, RC_INVALID, "invalid_settings_typo_tolerance",
                   "%s%s%s`minWordSizeForTypos` setting is invalid. `oneTypo` and `twoTypos` "
                   "fields should be between `0` and `255`, and `twoTypos` should be greater or "
                   "equals to `oneTypo` but found `oneTypo: %llu` and twoTypos: %llu`.",
                   at ? "Invalid value" : "", at ? at : "", at ? ": " : "", (unsigned long long)one,
                   (unsigned long long)two);
}

static uint64_t number(struct json_value v)
{
    uint64_t n = 0;

    (void)json_as_u64(v, &n);
    return n;
}

static struct laid inside(const struct laid *l, const char *name)
{
    struct laid in = {member(l->base, name), {0}, member(l->initial, name)};

    if (!json_get(l->patch, bytes_str(name), &in.patch)) {
        in.patch = in.base; /* nothing sent: all of base again */
    } else if (json_type(in.patch) == JSON_NULL) {
        in.base = in.initial;
        in.patch = in.initial;
    }
    return in;
}

static enum rc put_typo(struct json_writer *w, const struct laid *l, struct err *err)
{
    struct laid sizes = inside(l, "minWordSizeForTypos");
    uint64_t one = number(choose(&sizes, "oneTypo")), two = number(choose(&sizes, "twoTypos"));

    if (one > two)
        return settings__typo_clash(one, two, NULL, err);
    json_begin_object(w);
    json_key(w, "enabled");
    json_put_bool(w, json_bool(choose(l, "enabled")));
    json_key(w, "minWordSizeForTypos");
    json_begin_object(w);
    json_key(w, "oneTypo");
    json_put_u64(w, one);
    json_key(w, "twoTypos");
    json_put_u64(w, two);
    json_end_object(w);
    json_key(w, "disableOnWords");
    put_set(w, choose(l, "disableOnWords"));
    json_key(w, "disableOnAttributes");
    put_set(w, choose(l, "disableOnAttributes"));
    json_key(w, "disableOnNumbers");
    json_put_bool(w, json_bool(choose(l, "disableOnNumbers")));
    json_end_object(w);
    return RC_OK;
}

static void put_faceting(struct json_writer *w, const struct laid *l)
{
    size_t n, i;
    struct named *orders = sorted_members(choose(l, "sortFacetValuesBy"), &n);
    bool star = false;

    json_begin_object(w);
    json_key(w, "maxValuesPerFacet");
    json_put_u64(w, number(choose(l, "maxValuesPerFacet")));
    json_key(w, "sortFacetValuesBy");
    json_begin_object(w);
    for (i = 0; i <= n; i++) {
        /* Whoever leaves "*" out gets it back, at its place in the order. */
        if (!star && (i == n || bytes_cmp(orders[i].name, B("*")) >= 0)) {
            star = true;
            if (i == n || !bytes_eq(orders[i].name, B("*"))) {
                json_key(w, "*");
                json_str(w, "alpha");
            }
        }
        if (i < n) {
            json_put_key(w, orders[i].name);
            json_put_string(w, json_string(orders[i].value));
        }
    }
    json_end_object(w);
    json_end_object(w);
    xfree(orders);
}

static enum rc put_object(struct json_writer *w, enum setting_kind kind, const struct laid *l,
                          struct err *err)
{
    if (kind == SETTING_TYPO)
        return put_typo(w, l, err);
    if (kind == SETTING_FACETING) {
        put_faceting(w, l);
    } else {
        json_begin_object(w);
        json_key(w, "maxTotalHits");
        json_put_u64(w, number(choose(l, "maxTotalHits")));
        json_end_object(w);
    }
    return RC_OK;
}

static void put_value(struct json_writer *w, const struct setting *s, struct json_value v)
{
    switch (s->kind) {
    case SETTING_LIST_OR_STAR:
        if (has_star(v))
            json_put_raw(w, bytes_str(s->initial));
        else
            put_strings(w, v);
        break;
    case SETTING_RULES:
        put_strings(w, v);
        break;
    case SETTING_SET:
        put_set(w, v);
        break;
    case SETTING_FILTERABLE:
        put_filterable(w, v);
        break;
    case SETTING_SYNONYMS:
        put_synonyms(w, v);
        break;
    case SETTING_LOCALIZED:
        put_localized(w, v);
        break;
    case SETTING_CUTOFF:
        json_put_u64(w, number(v));
        break;
    case SETTING_BOOL:
        json_put_bool(w, json_bool(v));
        break;
    case SETTING_EMBEDDERS: /* settings_check() lets only {} pass */
        json_put_raw(w, bytes_str(s->initial));
        break;
    case SETTING_NAME:
    case SETTING_PRECISION:
    case SETTING_PREFIX:
        json_put_string(w, json_string(v));
        break;
    case SETTING_TYPO:
    case SETTING_FACETING:
    case SETTING_PAGINATION:
        NEVER("these are laid over member by member");
    }
}

static enum rc put_setting(struct json_writer *w, const struct setting *s, const struct laid *all,
                           struct err *err)
{
    struct json_value v;
    struct laid l;

    json_key(w, s->name);
    if (!json_get(all->patch, bytes_str(s->name), &v)) {
        json_put_raw(w, json_raw(member(all->base, s->name)));
        return RC_OK;
    }
    if (json_type(v) == JSON_NULL) {
        json_put_raw(w, bytes_str(s->initial));
        return RC_OK;
    }
    if (s->kind != SETTING_TYPO && s->kind != SETTING_FACETING && s->kind != SETTING_PAGINATION) {
        put_value(w, s, v);
        return RC_OK;
    }
    l = inside(all, s->name);
    return put_object(w, s->kind, &l, err);
}

static bool complete(struct json_value object)
{
    struct json_value v;
    size_t i;

    for (i = 0; i < SETTINGS_COUNT; i++)
        if (!json_get(object, bytes_str(settings__table[i].name), &v))
            return false;
    return true;
}

enum rc settings__apply(struct bytes base, struct bytes patch, struct buf *out, struct err *err)
{
    struct json_parser *parsers[3] = {json_parser_new(), json_parser_new(), json_parser_new()};
    struct json_error at;
    struct json_writer w;
    struct laid l;
    size_t i, start = out->n;
    enum rc rc;

    rc = settings_check(patch, false, err);
    if (rc != RC_OK)
        goto out;
    if (json_parse(parsers[0], base, &index__json_limits, &l.base, &at) != RC_OK ||
        json_parse(parsers[1], patch, &index__json_limits, &l.patch, &at) != RC_OK ||
        json_parse(parsers[2], settings_defaults(), NULL, &l.initial, &at) != RC_OK ||
        !complete(l.base)) {
        rc = err_set(err, RC_CORRUPT, NULL, "stored settings are damaged");
        goto out;
    }
    json_writer_init(&w, out);
    json_begin_object(&w);
    for (i = 0; i < SETTINGS_COUNT && rc == RC_OK; i++)
        rc = put_setting(&w, &settings__table[i], &l, err);
    json_end_object(&w);
    if (rc != RC_OK)
        buf_cut(out, start);

out:
    for (i = 0; i < ARRAY_LEN(parsers); i++)
        json_parser_free(parsers[i]);
    return rc;
}
