/* SPDX-License-Identifier: MIT */
/* test_sort.c -- sort rules, custom rules, distinct, and what a request may not ask for. */
#include "corpus.h"

#include "base/mem.h"
#include "base/rng.h"

#define ORDER(want) CU_ASSERT_STRING_EQUAL(corpus_order(), want)

static const char *const mixed[] = {"{\"id\":0,\"v\":\"b\"}",
                                    "{\"id\":1,\"v\":2}",
                                    "{\"id\":2}",
                                    "{\"id\":3,\"v\":[10,\"a\"]}",
                                    "{\"id\":4,\"v\":null}",
                                    "{\"id\":5,\"v\":\"\"}",
                                    "{\"id\":6,\"v\":[\"A\",\"c\"]}",
                                    "{\"id\":7,\"v\":{\"x\":1}}",
                                    "{\"id\":8,\"v\":true}",
                                    "{\"id\":9,\"v\":[1,5]}",
                                    NULL};

static void ask_sorted(const char *q, const struct bytes *sort, size_t n)
{
    struct query_spec spec;

    query_spec_init(&spec);
    spec.q = bytes_str(q);
    spec.sort = (struct names){sort, n, true};
    corpus_search(&spec);
}

static void numbers_texts_and_nothing_in_both_directions(void)
{
    const struct bytes up[] = {B("v:asc")}, down[] = {B("v:desc")};

    corpus_make("{\"sortableAttributes\":[\"v\"]}", mixed);
    ask_sorted("", up, 1);
    ORDER("9 1 3 6 0 8 2 4 5 7"); /* 1 2 10 | a b true | - */
    ask_sorted("", down, 1);
    ORDER("3 9 1 8 6 0 2 4 5 7"); /* 10 5 2 | true c b | - */
    CU_ASSERT_EQUAL(corpus.ranking.at[0].score, 1.0);
    CU_ASSERT_EQUAL(corpus_part(0, RULE_SORT)->max, 0);
    CU_ASSERT(bytes_eq(corpus_part(0, RULE_SORT)->value, B("10.0")));
    CU_ASSERT(bytes_eq(corpus_part(4, RULE_SORT)->value, B("\"c\"")));
    CU_ASSERT(bytes_eq(corpus_part(9, RULE_SORT)->value, B("null")));
    CU_ASSERT(bytes_eq(corpus_part(0, RULE_SORT)->field, B("v:desc")));
}

static void windows_of_sorted_lists_agree(void)
{
    const struct bytes down[] = {B("v:desc")};
    struct query_spec spec;

    corpus_make("{\"sortableAttributes\":[\"v\"]}", mixed);
    query_spec_init(&spec);
    spec.sort = (struct names){down, 1, true};
    for (uint64_t limit = 1; limit < 10; limit++) {
        struct rank_opts opts = {.limit = limit};
        static const uint32_t want[] = {3, 9, 1, 8, 6, 0, 2, 4, 5, 7};

        corpus_search_with(&spec, &opts);
        CU_ASSERT_EQUAL_FATAL(corpus.ranking.n, limit);
        for (size_t i = 0; i < limit; i++)
            CU_ASSERT_EQUAL(corpus.ranking.at[i].doc, want[i]);
    }
}

static void sort_stands_where_its_rule_stands(void)
{
    static const char *const documents[] = {"{\"id\":0,\"t\":\"red blue\",\"p\":3}",
                                            "{\"id\":1,\"t\":\"red\",\"p\":1}",
                                            "{\"id\":2,\"t\":\"red blue\",\"p\":2}", NULL};
    const struct bytes up[] = {B("p:asc")};

    corpus_make("{\"sortableAttributes\":[\"p\"]}", documents);
    ask_sorted("red blue", up, 1);
    ORDER("2 0 1");
    corpus_make("{\"sortableAttributes\":[\"p\"],\"rankingRules\":[\"sort\",\"words\"]}",
                documents);
    ask_sorted("red blue", up, 1);
    ORDER("1 2 0");
    corpus_make("{\"rankingRules\":[\"p:desc\",\"p:asc\",\"words\"]}", documents);
    ask_sorted("red blue", NULL, 0);
    ORDER("0 2 1");
    CU_ASSERT_EQUAL(corpus.ranking.at[0].n_parts, 2); /* the same field again is left out */
}

static void points_are_sorted_by_distance(void)
{
    static const char *const documents[] = {
        "{\"id\":0}", "{\"id\":1,\"_geo\":{\"lat\":48.9,\"lng\":2.3}}",
        "{\"id\":2,\"_geo\":{\"lat\":48.8,\"lng\":2.3}}",
        "{\"id\":3,\"_geo\":{\"lat\":48.800001,\"lng\":2.3}}", NULL};
    const struct bytes near[] = {B("_geoPoint(48.8, 2.3):asc")};
    const struct bytes far[] = {B("_geoPoint(48.8,2.3):desc")};

    corpus_make("{\"sortableAttributes\":[\"_geo\"]}", documents);
    ask_sorted("", near, 1);
    ORDER("2 3 1 0"); /* 2 and 3 are within a metre */
    CU_ASSERT(corpus_part(0, RULE_SORT)->distance < 1);
    CU_ASSERT(corpus_part(2, RULE_SORT)->distance > 11000);
    CU_ASSERT(corpus_part(3, RULE_SORT)->distance < 0);
    CU_ASSERT(bytes_eq(corpus_part(0, RULE_SORT)->value, B("{\"lat\":48.8,\"lng\":2.3}")));
    ask_sorted("", far, 1);
    ORDER("1 2 3 0");
}

enum { MANY = PART_ROWS + 900 };

/* "d" has a number in each, "v" anything in most of them, "g" points in some. */
static void make_many(struct rng *r)
{
    static const char *const some[] = {"7",  "\"b\"", "[3,\"a\"]", "null", "[\"c\",\"B\"]",
                                       "[]", "[9,2]"};
    const char **documents = xcalloc(MANY + 1, sizeof *documents);
    struct buf text;
    size_t *at = xcalloc(MANY, sizeof *at), i;

    buf_init(&text, BUF_NO_LIMIT);
    for (i = 0; i < MANY; i++) {
        at[i] = text.n;
        (void)buf_printf(&text, "{\"id\":%zu,\"d\":%u", i, (unsigned)rng_below(r, 500));
        if (i < PART_ROWS ? rng_below(r, 9) : i % 64 == 0)
            (void)buf_printf(&text, ",\"v\":%s", some[rng_below(r, ARRAY_LEN(some))]);
        if (rng_below(r, 3) == 0)
            (void)buf_printf(&text, ",\"_geo\":{\"lat\":%u,\"lng\":2}", (unsigned)rng_below(r, 90));
        (void)buf_append(&text, "}", 2);
    }
    for (i = 0; i < MANY; i++)
        documents[i] = (const char *)text.p + at[i];
    corpus_make("{\"sortableAttributes\":[\"d\",\"v\",\"none\",\"_geo\"]}", documents);
    buf_done(&text);
    xfree(at);
    xfree(documents);
}

/* What sort__keep() leaves of any rows is what is no worse, row by row. */
static void check_kept(struct rng *r, struct sort_rule *rule)
{
    struct sort_key *keys = xcalloc(MANY, sizeof *keys);
    unsigned wrong = 0, round;
    uint32_t row;

    CU_ASSERT_EQUAL_FATAL(sort__open(corpus.run.search.reader, rule, &corpus.err), RC_OK);
    for (row = 0; row < MANY; row++)
        CU_ASSERT_EQUAL_FATAL(sort__key(rule, row, &keys[row], &corpus.err), RC_OK);
    for (round = 0; round < 40; round++) {
        const struct sort_key *worst = &keys[rng_below(r, MANY)];
        struct tile rows = {{0}}, asked;
        uint64_t share = 1 + rng_below(r, 4);

        for (row = 0; row < MANY; row++)
            if (rng_below(r, share) == 0)
                tile__set(&rows, row);
        asked = rows;
        CU_ASSERT_EQUAL_FATAL(sort__keep(rule, 0, worst, &rows, &corpus.err), RC_OK);
        for (row = 0; row < MANY; row++)
            wrong += tile__has(&rows, row) !=
                     (tile__has(&asked, row) && sort__compare(rule, &keys[row], worst) <= 0);
    }
    CU_ASSERT_EQUAL(wrong, 0);
    xfree(keys);
}

static void rows_are_kept_as_they_compare(void)
{
    static const char *const fields[] = {"d", "v", "none", "_geo"};
    struct query_spec spec;
    struct rng r;
    size_t i;

    rng_init(&r, suite_seed());
    make_many(&r);
    query_spec_init(&spec);
    CU_ASSERT_EQUAL_FATAL(corpus_open(&spec), RC_OK);
    for (i = 0; i < 2 * ARRAY_LEN(fields); i++) {
        struct sort_rule rule = {.field = bytes_str(fields[i / 2]),
                                 .descending = i % 2,
                                 .geo = i / 2 == 3,
                                 .lat = 40,
                                 .lng = 2};

        check_kept(&r, &rule);
    }
}

static void distinct_keeps_the_best_of_each_value(void)
{
    static const char *const documents[] = {"{\"id\":0,\"t\":\"a red\",\"g\":\"X\"}",
                                            "{\"id\":1,\"t\":\"red\",\"g\":\"x\"}",
                                            "{\"id\":2,\"t\":\"red\"}",
                                            "{\"id\":3,\"t\":\"b red\",\"g\":[\"y\",\"x\"]}",
                                            "{\"id\":4,\"t\":\"c d red\",\"g\":\"y\"}",
                                            "{\"id\":5,\"t\":\"red\"}",
                                            NULL};
    struct rank_opts exact = {.limit = 2, .exact_total = true, .keep_candidates = true};
    struct query_spec spec;

    corpus_make("{\"distinctAttribute\":\"g\"}", documents);
    corpus_ask("red");
    ORDER("1 2 5 4"); /* 3 shares x with 1, so it does not take y from 4 */
    query_spec_init(&spec);
    spec.q = B("red");
    corpus_search_with(&spec, &exact);
    ORDER("1 2");
    CU_ASSERT_EQUAL(corpus.ranking.n_candidates, 4);
    CU_ASSERT_EQUAL(tile__count(corpus.ranking.candidates[0]), 4);
}

static void distinct_looks_further_until_the_window_is_full(void)
{
    static const char *documents[401];
    static char text[400][64];
    struct query_spec spec;
    struct rank_opts opts = {.limit = 3};

    for (unsigned i = 0; i < 400; i++) {
        snprintf(text[i], sizeof(text[i]), "{\"id\":%u,\"t\":\"red\",\"g\":%u}", i, i / 150);
        documents[i] = text[i];
    }
    corpus_make("{\"distinctAttribute\":\"g\"}", documents);
    query_spec_init(&spec);
    spec.q = B("red");
    corpus_search_with(&spec, &opts);
    ORDER("0 150 300");
}

static void refused(const char *settings, struct bytes sort, const char *want)
{
    static const char *const none[] = {NULL};
    struct query_spec spec;

    corpus_make(settings, none);
    query_spec_init(&spec);
    spec.sort = (struct names){&sort, 1, true};
    CU_ASSERT_EQUAL(corpus_open(&spec), RC_INVALID);
    CU_ASSERT_STRING_EQUAL(corpus.err.word, "invalid_search_sort");
    CU_ASSERT_STRING_EQUAL(corpus.err.msg, want);
}

static void sorts_that_make_no_sense_are_refused(void)
{
    refused("{}", B("price"),
            "Invalid syntax for the sort parameter: expected expression ending by `:asc` or "
            "`:desc`, found `price`.");
    refused("{}", B("price:asc"),
            "Index `corpus`: Attribute `price` is not sortable. This index does not have "
            "configured sortable attributes.");
    refused("{\"sortableAttributes\":[\"b\",\"a\",\"c\"],\"displayedAttributes\":[\"a\",\"b\"]}",
            B("price:asc"),
            "Index `corpus`: Attribute `price` is not sortable. Available sortable attributes "
            "are: `a, b, <..hidden-attributes>`.");
    refused("{\"sortableAttributes\":[\"price\"],\"rankingRules\":[\"words\"]}", B("price:asc"),
            "Index `corpus`: You must specify where `sort` is listed in the rankingRules setting "
            "to use the sort parameter at search time.");
    refused("{}", B("_geoDistance:asc"),
            "`_geoDistance` is a reserved keyword and thus can't be used as a sort expression.");
    refused("{}", B("_geoPoint(1):asc"),
            "Invalid syntax for the geo parameter: expected expression formated like "
            "`_geoPoint(latitude, longitude)` and ending by `:asc` or `:desc`, found "
            "`_geoPoint(1):asc`.");
    refused("{}", B("_geoPoint(91,2):asc"),
            "Bad latitude `91`. Latitude must be contained between -90 and 90 degrees.");
    refused("{}", B("_geoPoint(9,190):asc"),
            "Bad longitude `190`. Longitude must be contained between -180 and 180 degrees. "
            "Hint: try using `-170` instead.");
}

static void distinct_and_search_on_are_checked(void)
{
    static const char *const none[] = {NULL};
    const struct bytes on[] = {B("body")};
    struct query_spec spec;

    corpus_make("{\"searchableAttributes\":[\"title\"],\"filterableAttributes\":[\"a\"]}", none);
    query_spec_init(&spec);
    spec.distinct = B("b");
    CU_ASSERT_EQUAL(corpus_open(&spec), RC_INVALID);
    CU_ASSERT_STRING_EQUAL(corpus.err.word, "invalid_search_distinct");
    CU_ASSERT_STRING_EQUAL(corpus.err.msg,
                           "Index `corpus`: Attribute `b` is not filterable and thus, cannot be "
                           "used as distinct attribute. Available filterable attributes patterns "
                           "are: `a`.");
    spec.distinct = B("a");
    spec.search_on = (struct names){on, 1, true};
    CU_ASSERT_EQUAL(corpus_open(&spec), RC_INVALID);
    CU_ASSERT_STRING_EQUAL(corpus.err.word, "invalid_search_attributes_to_search_on");
    CU_ASSERT_STRING_EQUAL(corpus.err.msg,
                           "Index `corpus`: Attribute `body` is not searchable. Available "
                           "searchable attributes are: `title`.");
}

static void windows_are_cut_at_the_most_hits(void)
{
    struct query_spec spec;
    struct rank_opts opts;

    query_spec_init(&spec);
    spec.offset = 990;
    search__window(&spec, 1000, &opts);
    CU_ASSERT(opts.offset == 990 && opts.limit == 10 && !opts.exact_total);
    spec.offset = UINT64_MAX;
    spec.limit = UINT64_MAX;
    search__window(&spec, 1000, &opts);
    CU_ASSERT(opts.offset == 1000 && opts.limit == 0);
    spec.by_page = true;
    spec.page = 3;
    spec.hits_per_page = 7;
    search__window(&spec, 1000, &opts);
    CU_ASSERT(opts.offset == 14 && opts.limit == 7 && opts.exact_total);
    spec.page = UINT64_MAX;
    search__window(&spec, 1000, &opts);
    CU_ASSERT(opts.offset == 1000 && opts.limit == 0);
    spec.page = 0;
    search__window(&spec, 1000, &opts);
    CU_ASSERT(opts.offset == 0 && opts.limit == 0);
}

SUITE(sort, corpus_setup, corpus_teardown, TEST(numbers_texts_and_nothing_in_both_directions),
      TEST(windows_of_sorted_lists_agree), TEST(rows_are_kept_as_they_compare),
      TEST(sort_stands_where_its_rule_stands), TEST(points_are_sorted_by_distance),
      TEST(distinct_keeps_the_best_of_each_value),
      TEST(distinct_looks_further_until_the_window_is_full),
      TEST(sorts_that_make_no_sense_are_refused), TEST(distinct_and_search_on_are_checked),
      TEST(windows_are_cut_at_the_most_hits));
