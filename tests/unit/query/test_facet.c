/* SPDX-License-Identifier: MIT */
/* test_facet.c -- facets of a search, facet search, and documents by filter and sort. */
#include "filter_asking.h"

#include "base/attr.h"
#include "base/mem.h"

#include <stdio.h>

static const char *const settings =
    "{\"filterableAttributes\":[\"genre\",\"year\",\"b\",\"o\",\"unseen\","
    "{\"attributePatterns\":[\"eq\"]},{\"attributePatterns\":[\"no\"],\"features\":{"
    "\"facetSearch\":true,\"filter\":{\"equality\":false}}}],\"sortableAttributes\":[\"year\"]}";

static const char *const documents[] = {
    "{\"id\":0,\"genre\":\"Drama\",\"year\":9,\"o\":{\"k\":\"v\"}}",
    "{\"id\":1,\"genre\":[\"drama\",\"Action\"],\"year\":10,\"eq\":\"x\"}",
    "{\"id\":2,\"genre\":\"\xC3\x89tude\",\"year\":1.5,\"b\":true}",
    "{\"id\":3,\"genre\":null,\"year\":\"10\"}",
    "{\"id\":4,\"genre\":\"\",\"year\":[10,9]}",
    "{\"id\":5,\"genre\":[],\"b\":false}",
    "{\"id\":6,\"genre\":\"fantasy\",\"eq\":\"y\",\"no\":1}",
    NULL,
};

static void setup(void)
{
    corpus_setup();
    asking_contains(false);
    corpus_make(settings, documents);
}

/* "{distribution} {stats}", or what is wrong. */
static const char *counted(const char *facet, const char *filter)
{
    static char text[4096];
    struct bytes name = bytes_str(facet), values, stats;
    struct query_spec spec;

    query_spec_init(&spec);
    spec.facets = (struct names){.at = &name, .n = 1, .given = true};
    spec.filter = bytes_str(filter);
    corpus_search(&spec);
    if (facets__count(&corpus.run.search, corpus.ranking.candidates, &values, &stats,
                      &corpus.err) != RC_OK)
        (void)snprintf(text, sizeof text, "%s", corpus.err.msg);
    else
        (void)snprintf(text, sizeof text, "%.*s %.*s", BYTES_ARG(values), BYTES_ARG(stats));
    return text;
}

static void values_are_counted_in_order(void)
{
    CU_ASSERT_STRING_EQUAL(counted("genre", ""),
                           "{\"genre\":{\"Action\":1,\"Drama\":2,\"\xC3\x89tude\":1,\"fantasy\":1}}"
                           " {}");
    CU_ASSERT_STRING_EQUAL(counted("year", ""), "{\"year\":{\"1.5\":1,\"10\":2,\"9\":2,\"10\":1}} "
                                                "{\"year\":{\"min\":1.5,\"max\":10.0}}");
    CU_ASSERT_STRING_EQUAL(counted("b", ""), "{\"b\":{\"false\":1,\"true\":1}} {}");
    CU_ASSERT_STRING_EQUAL(counted("genre", "\"year = 9\""), "{\"genre\":{\"Drama\":1}} {}");
    CU_ASSERT_STRING_EQUAL(counted("year", "\"genre = fantasy\""), "{\"year\":{}} {}");
}

static void patterns_choose_fields(void)
{
    CU_ASSERT_STRING_EQUAL(counted("*re", "\"year = 9\""), "{\"genre\":{\"Drama\":1}} {}");
    CU_ASSERT_STRING_EQUAL(counted("o.*", ""), "{\"o.k\":{\"v\":1}} {}");
    CU_ASSERT_STRING_EQUAL(counted("o.k", ""), "{\"o.k\":{\"v\":1}} {}");
    CU_ASSERT_STRING_EQUAL(counted("unseen", ""), "{} {}");
    CU_ASSERT_STRING_EQUAL(counted("*", "\"year = 9 AND o EXISTS\""),
                           "{\"b\":{},\"eq\":{},\"genre\":{\"Drama\":1},\"o\":{},\"o.k\":{\"v\":1},"
                           "\"year\":{\"9\":1}} {\"year\":{\"min\":9.0,\"max\":9.0}}");
}

static void other_fields_are_refused(void)
{
    CU_ASSERT_STRING_EQUAL(counted("id", ""),
                           "Invalid facet distribution: Pattern `id` is not filterable. Available "
                           "filterable attributes patterns are: `b, eq, genre, no, o, unseen, "
                           "year`.");
    CU_ASSERT_STRING_EQUAL(corpus.err.word, "invalid_search_facets");
    CU_ASSERT_STRING_EQUAL(
        counted("no", ""),
        "Invalid facet distribution: Attribute `no` matched rule #6 in filterableAttributes, but "
        "this rule does not enable filtering.\nHint: enable filtering in rule #6 by modifying the "
        "features.filter object\nHint: prepend another rule matching `no` with appropriate filter "
        "features before rule #6");
    corpus_make("{}", documents);
    CU_ASSERT_STRING_EQUAL(counted("genre", ""),
                           "Invalid facet distribution: Pattern `genre` is not filterable. This "
                           "index does not have configured filterable attributes.");
    CU_ASSERT_STRING_EQUAL(counted("*", ""), "{} {}");
}

static void counts_and_cuts_follow_the_settings(void)
{
    corpus_make("{\"filterableAttributes\":[\"genre\",\"year\"],\"faceting\":{"
                "\"maxValuesPerFacet\":2,\"sortFacetValuesBy\":{\"year\":\"count\"}}}",
                documents);
    CU_ASSERT_STRING_EQUAL(counted("genre", ""), "{\"genre\":{\"Action\":1,\"Drama\":2}} {}");
    CU_ASSERT_STRING_EQUAL(counted("year", ""), "{\"year\":{\"9\":2,\"10\":2}} "
                                                "{\"year\":{\"min\":1.5,\"max\":10.0}}");
}

/* Many parts, many values: cut lists must hold the true counts of the smallest. */
static void cut_lists_count_like_whole_ones(void)
{
    enum { N = 20000, VALUES = 997, KEPT = 3 };
    char **many = xcalloc(N + 1, sizeof *many), numbers[256], texts[256];
    size_t counts[VALUES] = {0}, i, n = 0, at = 0, at_text = 0, last = 0;

    for (i = 0; i < N; i++) {
        size_t v = i * i * 31 % VALUES;

        counts[v]++;
        many[i] = xmalloc(64);
        (void)snprintf(many[i], 64, "{\"id\":%zu,\"n\":%zu,\"t\":\"%04zu\"}", i, v, v);
    }
    for (i = 0; i < VALUES; i++) {
        last = counts[i] ? i : last;
        if (counts[i] == 0 || n++ >= KEPT)
            continue;
        at += (size_t)snprintf(numbers + at, sizeof numbers - at, "%s\"%zu\":%zu",
                               n > 1 ? "," : "{\"n\":{", i, counts[i]);
        at_text += (size_t)snprintf(texts + at_text, sizeof texts - at_text, "%s\"%04zu\":%zu",
                                    n > 1 ? "," : "{\"t\":{", i, counts[i]);
    }
    (void)snprintf(numbers + at, sizeof numbers - at, "}} {\"n\":{\"min\":0.0,\"max\":%zu.0}}",
                   last);
    (void)snprintf(texts + at_text, sizeof texts - at_text, "}} {}");
    corpus_make("{\"filterableAttributes\":[\"n\",\"t\"],\"faceting\":{\"maxValuesPerFacet\":3}}",
                (const char *const *)many);
    CU_ASSERT_STRING_EQUAL(counted("n", ""), numbers);
    CU_ASSERT_STRING_EQUAL(counted("t", ""), texts);
    for (i = 0; i < N; i++)
        xfree(many[i]);
    xfree(many);
}

/* ---- facet search ---------------------------------------------------------------------------- */

static const char *found(const char *facet, const char *query)
{
    static char text[2048];
    struct facet_query q = {.facet = bytes_str(facet), .query = bytes_str(query)};
    struct catalog_view *view = NULL;
    struct arena *arena = arena_new((size_t)16 << 20);
    struct bytes hits;

    q.has_query = query != NULL;
    query_spec_init(&q.spec);
    CU_ASSERT_EQUAL_FATAL(catalog_view_open(corpus.catalog, &view, &corpus.err), RC_OK);
    if (query_facets(view, corpus.index_id, &q, NULL, arena, &hits, &corpus.err) != RC_OK)
        (void)snprintf(text, sizeof text, "%s", corpus.err.msg);
    else
        (void)snprintf(text, sizeof text, "%.*s", BYTES_ARG(hits));
    catalog_view_close(view);
    arena_free(arena);
    return text;
}

static void facet_values_are_found_by_their_beginning(void)
{
    CU_ASSERT_STRING_EQUAL(found("genre", "DR"), "[{\"value\":\"Drama\",\"count\":2}]");
    CU_ASSERT_STRING_EQUAL(found("genre", "etud"), "[{\"value\":\"\xC3\x89tude\",\"count\":1}]");
    CU_ASSERT_STRING_EQUAL(found("genre", "ama"), "[]");
    CU_ASSERT_STRING_EQUAL(found("genre", "fantsay"), "[{\"value\":\"fantasy\",\"count\":1}]");
    CU_ASSERT_STRING_EQUAL(found("genre", "pantasy"), "[{\"value\":\"fantasy\",\"count\":1}]");
    CU_ASSERT_STRING_EQUAL(found("genre", "fnat"), "[]");
    CU_ASSERT_STRING_EQUAL(found("year", NULL), "[{\"value\":\"10\",\"count\":1}]");
    CU_ASSERT_STRING_EQUAL(found("unseen", "x"), "[]");
    CU_ASSERT_STRING_EQUAL(found("genre", ""),
                           "[{\"value\":\"Action\",\"count\":1},{\"value\":\"Drama\",\"count\":2},"
                           "{\"value\":\"\xC3\x89tude\",\"count\":1},{\"value\":\"fantasy\","
                           "\"count\":1}]");
}

static void facet_search_may_be_off(void)
{
    CU_ASSERT_STRING_EQUAL(
        found("id", "x"),
        "Attribute `id` is not facet-searchable. Available facet-searchable attributes patterns "
        "are: `b, genre, no, o, unseen, year`. To make it facet-searchable add it to the "
        "`filterableAttributes` index settings.");
    CU_ASSERT_STRING_EQUAL(
        found("eq", "x"),
        "Attribute `eq` is not facet-searchable. Note: this attribute matches rule #5 in "
        "filterableAttributes, but this rule does not enable facetSearch.\nHint: enable "
        "facetSearch in rule #5 by adding `\"facetSearch\": true` to the rule.\nHint: prepend "
        "another rule matching eq with facetSearch: true before rule #5");
    corpus_make("{\"filterableAttributes\":[\"genre\"],\"facetSearch\":false}", documents);
    CU_ASSERT_STRING_EQUAL(found("genre", "x"), "The facet search is disabled for this index");
    CU_ASSERT_STRING_EQUAL(corpus.err.word, "facet_search_disabled");
    corpus_make("{\"filterableAttributes\":[\"genre\"],\"typoTolerance\":{\"enabled\":false}}",
                documents);
    CU_ASSERT_STRING_EQUAL(found("genre", "fantsay"), "[]");
}

/* ---- documents ------------------------------------------------------------------------------- */

static enum rc note_id(void *arg, struct bytes json, struct err *err)
{
    (void)err;
    buf_printf(arg, "%c ", json.p[6]); /* {"id":N */
    return RC_OK;
}

/* "0 4 /2": ids given, of so many in all; or what is wrong. */
static const char *given(const char *filter, const char *sort, uint64_t offset, uint64_t limit)
{
    static char text[2048];
    struct bytes rule = bytes_str(sort);
    const struct documents_query query = {
        .filter = bytes_str(filter),
        .sort = {.at = &rule, .n = sort != NULL, .given = true},
        .offset = offset,
        .limit = limit,
    };
    struct catalog_view *view = NULL;
    uint64_t total = 0;
    struct buf ids;

    buf_init(&ids, BUF_NO_LIMIT);
    CU_ASSERT_EQUAL_FATAL(catalog_view_open(corpus.catalog, &view, &corpus.err), RC_OK);
    if (query_documents(view, corpus.index_id, &query, note_id, &ids, &total, &corpus.err) == RC_OK)
        buf_printf(&ids, "/%llu", (unsigned long long)total);
    else
        buf_str(&ids, corpus.err.msg);
    (void)snprintf(text, sizeof text, "%s", buf_cstr(&ids));
    catalog_view_close(view);
    buf_done(&ids);
    return text;
}

static void documents_come_in_the_order_asked_for(void)
{
    static const char *const newer[] = {"{\"id\":1,\"year\":9}", NULL};

    CU_ASSERT_STRING_EQUAL(given("", NULL, 2, 3), "2 3 4 /7");
    CU_ASSERT_STRING_EQUAL(given("\"year = 9\"", NULL, 0, 20), "0 4 /2");
    corpus_add(newer); /* its row moves, its place does not */
    CU_ASSERT_STRING_EQUAL(given("\"year = 9\"", NULL, 0, 20), "0 1 4 /3");
    CU_ASSERT_STRING_EQUAL(given("\"year = 9\"", NULL, 1, 1), "1 /3");
    CU_ASSERT_STRING_EQUAL(given("\"year = 9\"", NULL, 5, UINT64_MAX), "/3");
    CU_ASSERT_STRING_EQUAL(given("\"year EXISTS\"", "year:desc", 0, 20), "4 0 1 2 3 /5");
    CU_ASSERT_STRING_EQUAL(given("", "year:asc", 0, 3), "2 0 1 /7");
    CU_ASSERT_STRING_EQUAL(given("", "year:asc", 3, UINT64_MAX), "4 3 5 6 /7");
}

static void documents_have_words_of_their_own_for_errors(void)
{
    CU_ASSERT_STRING_EQUAL(given("\"id = 1\"", NULL, 0, 1),
                           "Attribute `id` is not filterable. Available filterable attribute "
                           "patterns are: `b`, `eq`, `genre`, `o`, `unseen`, `year`.\n1:3 id = 1");
    CU_ASSERT_STRING_EQUAL(corpus.err.word, "invalid_document_filter");
    CU_ASSERT_STRING_EQUAL(given("", "id:asc", 0, 1),
                           "Attribute `id` is not sortable. Available sortable attributes are: "
                           "`year`.");
    CU_ASSERT_STRING_EQUAL(corpus.err.word, "invalid_document_sort");
}

SUITE(facet, setup, corpus_teardown, TEST(values_are_counted_in_order),
      TEST(patterns_choose_fields), TEST(other_fields_are_refused),
      TEST(counts_and_cuts_follow_the_settings), TEST(cut_lists_count_like_whole_ones),
      TEST(facet_values_are_found_by_their_beginning), TEST(facet_search_may_be_off),
      TEST(documents_come_in_the_order_asked_for),
      TEST(documents_have_words_of_their_own_for_errors));
