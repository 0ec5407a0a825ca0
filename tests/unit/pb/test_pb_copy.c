/* SPDX-License-Identifier: MIT */
/* test_pb_copy.c -- fields of one message to the fields of the same name of another. */
#include "pb_fixture.h"

static Lode__V1__MultiSearchQuery query;
static Lode__V1__SearchRequest search;

static char *text(const char *s)
{
    return arena_strdup(fx.arena, s);
}

static void setup(void)
{
    pb_setup();
    lode__v1__multi_search_query__init(&query);
    lode__v1__search_request__init(&search);
}

static void every_kind_of_field_is_copied(void)
{
    Lode__V1__StringList list = LODE__V1__STRING_LIST__INIT;
    char *sort[] = {text("a:asc"), text("b:desc")};

    query.index_uid = text("films"); /* a plain text */
    query.query_case = LODE__V1__MULTI_SEARCH_QUERY__QUERY_Q;
    query.q = text("knight"); /* a text, a number and bytes with presence */
    query.limit_given_case = LODE__V1__MULTI_SEARCH_QUERY__LIMIT_GIVEN_LIMIT;
    query.limit = UINT64_MAX;
    query.filter_given_case = LODE__V1__MULTI_SEARCH_QUERY__FILTER_GIVEN_FILTER;
    query.filter = (ProtobufCBinaryData){3, (uint8_t *)text("a=1")};
    query.threshold_case = LODE__V1__MULTI_SEARCH_QUERY__THRESHOLD_RANKING_SCORE_THRESHOLD;
    query.ranking_score_threshold = 0.25;
    query.attributes_to_crop = &list; /* a message */
    query.sort = sort;                /* a list */
    query.n_sort = 2;
    query.matching_strategy = LODE__V1__MATCHING_STRATEGY__MATCHING_STRATEGY_ALL;
    query.show_ranking_score = true;
    pb_copy_fields(&query.base, &search.base);
    ASSERT_TEXT(search.index_uid, "films");
    CU_ASSERT_EQUAL(search.query_case, LODE__V1__SEARCH_REQUEST__QUERY_Q);
    ASSERT_TEXT(search.q, "knight");
    CU_ASSERT_EQUAL(search.limit_given_case, LODE__V1__SEARCH_REQUEST__LIMIT_GIVEN_LIMIT);
    CU_ASSERT_EQUAL(search.limit, UINT64_MAX);
    CU_ASSERT_EQUAL(search.filter_given_case, LODE__V1__SEARCH_REQUEST__FILTER_GIVEN_FILTER);
    CU_ASSERT(bytes_eq(bytes_of(search.filter.data, search.filter.len), B("a=1")));
    CU_ASSERT_EQUAL(search.threshold_case,
                    LODE__V1__SEARCH_REQUEST__THRESHOLD_RANKING_SCORE_THRESHOLD);
    CU_ASSERT_EQUAL(search.ranking_score_threshold, 0.25);
    CU_ASSERT_PTR_EQUAL(search.attributes_to_crop, &list);
    CU_ASSERT_EQUAL_FATAL(search.n_sort, 2);
    ASSERT_TEXT(search.sort[1], "b:desc");
    CU_ASSERT_EQUAL(search.matching_strategy, query.matching_strategy);
    CU_ASSERT(search.show_ranking_score);
}

/* The numbers of fields differ between the two: their names count. */
static void a_field_goes_by_its_name_and_not_its_number(void)
{
    query.show_performance_details = true;
    pb_copy_fields(&query.base, &search.base);
    CU_ASSERT(search.show_performance_details);
    CU_ASSERT(!search.show_ranking_score);
    CU_ASSERT_EQUAL(search.use_network_given_case, 0);
}

static void what_is_absent_leaves_the_other_alone(void)
{
    search.query_case = LODE__V1__SEARCH_REQUEST__QUERY_Q;
    search.q = text("stays");
    search.page_given_case = LODE__V1__SEARCH_REQUEST__PAGE_GIVEN_PAGE;
    search.page = 7;
    pb_copy_fields(&query.base, &search.base);
    ASSERT_TEXT(search.q, "stays");
    CU_ASSERT_EQUAL(search.page_given_case, LODE__V1__SEARCH_REQUEST__PAGE_GIVEN_PAGE);
    CU_ASSERT_EQUAL(search.page, 7);
    CU_ASSERT_PTR_NULL(search.attributes_to_crop);
}

static void a_field_of_another_type_or_of_no_counterpart_is_left(void)
{
    Lode__V1__FederationOptions options = LODE__V1__FEDERATION_OPTIONS__INIT;
    Lode__V1__FacetHit hit = LODE__V1__FACET_HIT__INIT;
    Lode__V1__FacetSearchRequest facets = LODE__V1__FACET_SEARCH_REQUEST__INIT;
    Lode__V1__FetchDocumentsRequest fetch = LODE__V1__FETCH_DOCUMENTS_REQUEST__INIT;

    query.federation_options = &options; /* a search has none */
    pb_copy_fields(&query.base, &search.base);
    ASSERT_TEXT(search.index_uid, "");
    hit.count = 3;
    pb_copy_fields(&hit.base, &facets.base);
    ASSERT_TEXT(facets.facet_name, "");
    query.limit_given_case = LODE__V1__MULTI_SEARCH_QUERY__LIMIT_GIVEN_LIMIT;
    query.limit = 3; /* 64 bits here, 32 there */
    pb_copy_fields(&query.base, &fetch.base);
    CU_ASSERT_EQUAL(fetch.limit_given_case, 0);
    CU_ASSERT_EQUAL(fetch.limit, 0);
}

SUITE(pb_copy, setup, pb_teardown, TEST(every_kind_of_field_is_copied),
      TEST(a_field_goes_by_its_name_and_not_its_number),
      TEST(what_is_absent_leaves_the_other_alone),
      TEST(a_field_of_another_type_or_of_no_counterpart_is_left));
