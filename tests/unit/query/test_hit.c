/* SPDX-License-Identifier: MIT */
/* test_hit.c -- which members a hit has, in which order, and what is put behind them. */
#include "corpus.h"
#include "query/format_int.h"

static struct query_spec spec;
static struct buf out;

static const char *const documents[] = {
    "{\"id\":1,\"z\":\"one\",\"a\":{\"b\":[{\"c\":1,\"d\":2},{\"d\":3}],\"e\":1.50},"
    "\"_geo\":{\"lat\":48.8,\"lng\":2.3}}",
    NULL};

static void setup(void)
{
    corpus_setup();
    buf_init(&out, BUF_NO_LIMIT);
    query_spec_init(&spec);
}

static void teardown(void)
{
    buf_done(&out);
    corpus_teardown();
}

static const char *hit(const char *settings, const char *more)
{
    struct hit_maker *m = NULL;

    corpus_make(settings, documents);
    corpus_search_with(&spec, &(struct rank_opts){.limit = 1, .details = true});
    CU_ASSERT_EQUAL_FATAL(corpus.ranking.n, 1);
    CU_ASSERT_EQUAL_FATAL(hit_maker__new(&corpus.run.search, &corpus.run.graph, &m, &corpus.err),
                          RC_OK);
    buf_clear(&out);
    CU_ASSERT_EQUAL(hit_maker__hit(m, &corpus.ranking.at[0], bytes_str(more), &out, &corpus.err),
                    RC_OK);
    hit_maker__free(m);
    return buf_cstr(&out);
}

static void members_keep_their_order_and_bytes(void)
{
    CU_ASSERT_STRING_EQUAL(hit("{}", ""), documents[0]);
}

static void dotted_names_keep_the_nesting(void)
{
    struct bytes names[] = {B("a.b.c"), B("a.e"), B("none"), B("id.x")};

    spec.retrieve = (struct names){names, 4, true};
    CU_ASSERT_STRING_EQUAL(hit("{}", ""), "{\"a\":{\"b\":[{\"c\":1}],\"e\":1.50}}");
    CU_ASSERT_STRING_EQUAL(hit("{\"displayedAttributes\":[\"a.b\",\"z\"]}", ""),
                           "{\"a\":{\"b\":[{\"c\":1}]}}");
}

static void no_names_leave_an_empty_object(void)
{
    spec.retrieve = (struct names){NULL, 0, true};
    CU_ASSERT_STRING_EQUAL(hit("{}", ""), "{}");
    CU_ASSERT_STRING_EQUAL(hit("{}", "\"_federation\":{}"), "{\"_federation\":{}}");
    spec.show_score = true;
    CU_ASSERT_STRING_EQUAL(hit("{}", "\"m\":1"), "{\"_rankingScore\":1.0,\"m\":1}");
}

static void sorting_by_a_point_gives_whole_metres(void)
{
    struct bytes sort[] = {B("_geoPoint(48.8,2.3):asc")}, names[] = {B("id")};

    spec.sort = (struct names){sort, 1, true};
    spec.retrieve = (struct names){names, 1, true};
    CU_ASSERT_STRING_EQUAL(hit("{\"sortableAttributes\":[\"_geo\"]}", ""),
                           "{\"id\":1,\"_geoDistance\":0}");
}

static void details_name_the_rules_in_order(void)
{
    struct bytes names[] = {B("id")};

    spec.q = B("one");
    spec.retrieve = (struct names){names, 1, true};
    spec.show_details = true;
    CU_ASSERT_PTR_NOT_NULL(
        strstr(hit("{}", ""),
               "{\"id\":1,\"_rankingScoreDetails\":{\"words\":{\"order\":0,\"matchingWords\":1,"
               "\"maxMatchingWords\":1,\"score\":1.0},\"typo\":{\"order\":1,"));
    CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&out), "\"matchType\":\"exactMatch\",\"score\":1.0}}}"));
}

static void members_can_be_picked_without_a_search(void)
{
    static const struct {
        const char *json, *fields[4], *want;
    } cases[] = {
        {"{\"b\":1,\"a\":2,\"c\":3}", {"a", "b"}, "{\"b\":1,\"a\":2}"},
        {"{\"b\":1}", {"x"}, "{}"},
        {"{\"b\":1}", {0}, "{}"},
        {"{\"b\":1,\"a\":[2]}", {"*"}, "{\"b\":1,\"a\":[2]}"},
        {"{\"a\":{\"b\":1,\"c\":{\"d\":2,\"e\":3}},\"z\":1}",
         {"a.c.d"},
         "{\"a\":{\"c\":{\"d\":2}}}"},
        {"{\"a\":{\"b\":1,\"c\":2}}", {"a"}, "{\"a\":{\"b\":1,\"c\":2}}"},
        {"{\"a\":{\"b\":1},\"q\":2}", {"a.x", "q"}, "{\"q\":2}"},
        {"{\"a\":[{\"b\":1,\"c\":2},3,{\"c\":4},{\"b\":5}]}",
         {"a.b"},
         "{\"a\":[{\"b\":1},{\"b\":5}]}"},
        {"{\"a.b\":1,\"a\":{\"b\":2,\"c\":3}}", {"a.b"}, "{\"a.b\":1,\"a\":{\"b\":2}}"},
        {"{\"ab\":1,\"a\":2}", {"a.b"}, "{}"},
        {"{\"a.b\":1,\"ab\":2}", {"a"}, "{\"a.b\":1}"},
        {"{\"_vectors\":{\"x\":1},\"b\":2}", {"_vectors"}, "{\"_vectors\":{\"x\":1}}"},
        {"{\"\\u00e9\\\"\":1.50e+3,\"b\":0}", {"\xc3\xa9\""}, "{\"\\u00e9\\\"\":1.50e+3}"},
    };
    size_t i, n;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bytes fields[4];
        struct buf text;

        for (n = 0; n < 4 && cases[i].fields[n]; n++)
            fields[n] = bytes_str(cases[i].fields[n]);
        buf_init(&text, 1 << 16);
        CU_ASSERT_EQUAL(query_pick_members(bytes_str(cases[i].json), fields, n, &text, &corpus.err),
                        RC_OK);
        CU_ASSERT_STRING_EQUAL(buf_cstr(&text), cases[i].want);
        buf_done(&text);
    }
}

static void what_is_no_document_has_no_members(void)
{
    const struct bytes name = B("a");
    struct buf text;

    buf_init(&text, 1 << 16);
    CU_ASSERT_EQUAL(query_pick_members(B("[1]"), &name, 1, &text, &corpus.err), RC_CORRUPT);
    CU_ASSERT_EQUAL(query_pick_members(B("{\"a\":"), &name, 1, &text, &corpus.err), RC_CORRUPT);
    CU_ASSERT_EQUAL(text.n, 0);
    buf_done(&text);
}

SUITE(hit, setup, teardown, TEST(members_keep_their_order_and_bytes),
      TEST(dotted_names_keep_the_nesting), TEST(no_names_leave_an_empty_object),
      TEST(sorting_by_a_point_gives_whole_metres), TEST(details_name_the_rules_in_order),
      TEST(members_can_be_picked_without_a_search), TEST(what_is_no_document_has_no_members));
