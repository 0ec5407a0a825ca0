/* SPDX-License-Identifier: MIT */
/* test_pb_from_json.c -- bodies to messages: what is taken, and how the rest is refused. */
#include "pb_fixture.h"

#include <stdio.h>

static const char *const index_taken[] = {"index_uid", NULL};
static const struct pb_json_opts by_path = {.taken = index_taken};

#define SEARCH(json) pb_read(&lode__v1__search_request__meta, json, &by_path)
#define SETTINGS(json) pb_read_field(&lode__v1__update_settings_request__meta, "settings", json)

static const Lode__V1__SearchRequest *search(void)
{
    return (const Lode__V1__SearchRequest *)fx.msg;
}

static const Lode__V1__Settings *settings(void)
{
    return ((const Lode__V1__UpdateSettingsRequest *)fx.msg)->settings;
}

/* ---- what is taken ------------------------------------------------------------------- */

static void members_fill_the_fields_they_name(void)
{
    CU_ASSERT_EQUAL_FATAL(
        SEARCH("{\"q\":\"pr\\u00e9c\\n\",\"limit\":7,\"page\":0,\"showRankingScore\":true,"
               "\"sort\":[\"a:asc\",\"b:desc\"],\"rankingScoreThreshold\":0.5,"
               "\"attributesToRetrieve\":[\"*\"],\"matchingStrategy\":\"all\"}"),
        RC_OK);
    ASSERT_TEXT(search()->q, "pr\xc3\xa9"
                             "c\n");
    CU_ASSERT_EQUAL(search()->limit, 7);
    CU_ASSERT_EQUAL(search()->page_given_case, LODE__V1__SEARCH_REQUEST__PAGE_GIVEN_PAGE);
    CU_ASSERT_EQUAL(search()->page, 0);
    CU_ASSERT_EQUAL(search()->hits_given_case, 0);
    CU_ASSERT(search()->show_ranking_score);
    CU_ASSERT_EQUAL_FATAL(search()->n_sort, 2);
    ASSERT_TEXT(search()->sort[1], "b:desc");
    CU_ASSERT_DOUBLE_EQUAL(search()->ranking_score_threshold, 0.5, 0);
    CU_ASSERT_EQUAL_FATAL(search()->attributes_to_retrieve->n_values, 1);
    CU_ASSERT_EQUAL(search()->matching_strategy,
                    LODE__V1__MATCHING_STRATEGY__MATCHING_STRATEGY_ALL);
}

static void defaults_stand_where_nothing_was_sent(void)
{
    CU_ASSERT_EQUAL_FATAL(SEARCH("{}"), RC_OK);
    CU_ASSERT_EQUAL(search()->limit, 20);
    CU_ASSERT_EQUAL(search()->crop_length, 10);
    ASSERT_TEXT(search()->crop_marker, "…");
    ASSERT_TEXT(search()->highlight_pre_tag, "<em>");
    CU_ASSERT_EQUAL(search()->matching_strategy,
                    LODE__V1__MATCHING_STRATEGY__MATCHING_STRATEGY_LAST);
    CU_ASSERT_EQUAL(search()->query_case, 0);
    CU_ASSERT_PTR_NULL(search()->attributes_to_crop);
}

static void null_means_absent_for_optional_members(void)
{
    CU_ASSERT_EQUAL_FATAL(SEARCH("{\"q\":null,\"sort\":null,\"filter\":null,\"page\":null,"
                                 "\"attributesToCrop\":null}"),
                          RC_OK);
    CU_ASSERT_EQUAL(search()->query_case, 0);
    CU_ASSERT_EQUAL(search()->filter_given_case, 0);
    CU_ASSERT_EQUAL(search()->page_given_case, 0);
    CU_ASSERT_PTR_NULL(search()->attributes_to_crop);
    CU_ASSERT_EQUAL_FATAL(SEARCH("{\"q\":\"a\",\"q\":null}"), RC_OK);
    CU_ASSERT_EQUAL(search()->query_case, 0);
}

static void null_is_refused_where_there_is_a_default(void)
{
    ASSERT_REFUSED(SEARCH("{\"limit\":null}"), "invalid_search_limit",
                   "Invalid value type at `.limit`: expected a positive integer, but found null");
    ASSERT_REFUSED(SEARCH("{\"showMatchesPosition\":null}"), "invalid_search_show_matches_position",
                   "Invalid value type at `.showMatchesPosition`: expected a boolean, but found "
                   "null");
}

static void a_member_sent_twice_counts_the_last_time(void)
{
    CU_ASSERT_EQUAL_FATAL(SEARCH("{\"limit\":1,\"sort\":[\"a\",\"b\"],\"limit\":2,\"sort\":[]}"),
                          RC_OK);
    CU_ASSERT_EQUAL(search()->limit, 2);
    CU_ASSERT_EQUAL(search()->n_sort, 0);
}

static void raw_json_keeps_its_bytes(void)
{
    CU_ASSERT_EQUAL_FATAL(SEARCH("{\"filter\": [ \"a = 1.0\" , [] ] }"), RC_OK);
    CU_ASSERT_EQUAL_FATAL(search()->filter.len, 18);
    CU_ASSERT_EQUAL(memcmp(search()->filter.data, "[ \"a = 1.0\" , [] ]", 18), 0);
}

static void null_is_a_value_of_required_optionals_and_of_bare_json(void)
{
    const Lode__V1__CreateKeyRequest *key;
    const Lode__V1__UpdateSettingRequest *one;

    CU_ASSERT_EQUAL_FATAL(pb_read(&lode__v1__create_key_request__meta,
                                  "{\"actions\":[\"*\"],\"indexes\":[],\"expiresAt\":null}", NULL),
                          RC_OK);
    key = (const Lode__V1__CreateKeyRequest *)fx.msg;
    CU_ASSERT_EQUAL(key->expiry_case, 0);
    ASSERT_REFUSED(pb_read(&lode__v1__create_key_request__meta, "{\"actions\":null}", NULL),
                   "invalid_api_key_actions",
                   "Invalid value type at `.actions`: expected an array, but found null");
    CU_ASSERT_EQUAL_FATAL(pb_read_field(&lode__v1__update_setting_request__meta, "value", " null "),
                          RC_OK);
    one = (const Lode__V1__UpdateSettingRequest *)fx.msg;
    CU_ASSERT_EQUAL_FATAL(one->value.len, 4);
    CU_ASSERT_EQUAL(memcmp(one->value.data, "null", 4), 0);
}

static void ids_may_be_numbers_and_keep_their_digits(void)
{
    const Lode__V1__DeleteDocumentsRequest *r;

    CU_ASSERT_EQUAL_FATAL(pb_read_field(&lode__v1__delete_documents_request__meta, "ids",
                                        "[\"a\",12345678901234567890123,-1]"),
                          RC_OK);
    r = (const Lode__V1__DeleteDocumentsRequest *)fx.msg;
    CU_ASSERT_EQUAL_FATAL(r->n_ids, 3);
    ASSERT_TEXT(r->ids[1], "12345678901234567890123");
    ASSERT_TEXT(r->ids[2], "-1");
    ASSERT_REFUSED(
        pb_read_field(&lode__v1__delete_documents_request__meta, "ids", "[true]"), "bad_request",
        "Invalid value type at `[0]`: expected a number or a string, but found a boolean: `true`");
}

static void a_union_takes_the_member_that_fits(void)
{
    const Lode__V1__FilterableAttributes *f;

    CU_ASSERT_EQUAL_FATAL(
        SETTINGS("{\"filterableAttributes\":[\"a\",{\"attributePatterns\":[\"b*\"],"
                 "\"features\":{\"facetSearch\":false,\"filter\":{\"equality\":true}}}]}"),
        RC_OK);
    f = settings()->filterable_attributes;
    CU_ASSERT_EQUAL_FATAL(f->n_values, 2);
    CU_ASSERT_EQUAL(f->values[0]->kind_case, LODE__V1__FILTERABLE_ATTRIBUTE__KIND_NAME);
    CU_ASSERT_EQUAL(f->values[1]->kind_case, LODE__V1__FILTERABLE_ATTRIBUTE__KIND_RULE);
    CU_ASSERT(f->values[1]->rule->features->filter->equality);
    ASSERT_REFUSED(SETTINGS("{\"filterableAttributes\":[\"a\",7]}"),
                   "invalid_settings_filterable_attributes",
                   "Invalid value type at `.filterableAttributes[1]`: expected a string or an "
                   "object, but found a positive integer: `7`");
}

static void map_entries_are_sorted_and_each_key_stands_once(void)
{
    const Lode__V1__Synonyms *s;

    CU_ASSERT_EQUAL_FATAL(
        SETTINGS("{\"synonyms\":{\"b\":[\"1\"],\"a\":[],\"b\":[\"2\",\"3\"],\"\":[]}}"), RC_OK);
    s = settings()->synonyms;
    CU_ASSERT_EQUAL_FATAL(s->n_entries, 3);
    ASSERT_TEXT(s->entries[0]->key, "");
    ASSERT_TEXT(s->entries[2]->key, "b");
    CU_ASSERT_EQUAL(s->entries[2]->value->n_values, 2);
    ASSERT_REFUSED(SETTINGS("{\"synonyms\":{\"b\":[1]}}"), "invalid_settings_synonyms",
                   "Invalid value type at `.synonyms.b[0]`: expected a string, but found a "
                   "positive integer: `1`");
}

static void nulls_are_gathered_for_reset(void)
{
    CU_ASSERT_EQUAL_FATAL(SETTINGS("{\"stopWords\":null,\"synonyms\":{},\"distinctAttribute\":null,"
                                   "\"typoTolerance\":{\"enabled\":null,\"minWordSizeForTypos\":"
                                   "{\"oneTypo\":null,\"twoTypos\":9}}}"),
                          RC_OK);
    CU_ASSERT_EQUAL_FATAL(settings()->n_reset, 2);
    ASSERT_TEXT(settings()->reset[0], "stopWords");
    ASSERT_TEXT(settings()->reset[1], "distinctAttribute");
    CU_ASSERT_PTR_NULL(settings()->stop_words);
    CU_ASSERT_EQUAL_FATAL(settings()->typo_tolerance->n_reset, 1);
    ASSERT_TEXT(settings()->typo_tolerance->reset[0], "enabled");
    ASSERT_TEXT(settings()->typo_tolerance->min_word_size_for_typos->reset[0], "oneTypo");
}

static void a_reset_and_a_value_of_one_member_exclude_each_other(void)
{
    CU_ASSERT_EQUAL_FATAL(SETTINGS("{\"stopWords\":null,\"dictionary\":null,\"stopWords\":[],"
                                   "\"dictionary\":null}"),
                          RC_OK);
    CU_ASSERT_EQUAL_FATAL(settings()->n_reset, 1);
    ASSERT_TEXT(settings()->reset[0], "dictionary");
    CU_ASSERT_PTR_NOT_NULL(settings()->stop_words);
    CU_ASSERT_EQUAL_FATAL(SETTINGS("{\"stopWords\":[],\"stopWords\":null}"), RC_OK);
    CU_ASSERT_EQUAL(settings()->n_reset, 1);
    CU_ASSERT_PTR_NULL(settings()->stop_words);
}

static void a_body_can_be_a_list(void)
{
    const Lode__V1__SwapIndexesRequest *r;

    CU_ASSERT_EQUAL_FATAL(pb_read(&lode__v1__swap_indexes_request__meta,
                                  "[{\"indexes\":[\"a\",\"b\"]},{\"indexes\":[],\"rename\":true}]",
                                  NULL),
                          RC_OK);
    r = (const Lode__V1__SwapIndexesRequest *)fx.msg;
    CU_ASSERT_EQUAL_FATAL(r->n_swaps, 2);
    CU_ASSERT(r->swaps[1]->rename);
}

static void all_of_a_message_survives_json_and_back(void)
{
    static const char json[] =
        "{\"uid\":3,\"batchUid\":2,\"indexUid\":\"movies\",\"status\":\"succeeded\","
        "\"type\":\"settingsUpdate\",\"canceledBy\":null,\"details\":{\"receivedDocuments\":7,"
        "\"indexedDocuments\":6},\"error\":null,\"duration\":\"P1DT3.500S\","
        "\"enqueuedAt\":\"2024-08-08T17:05:55.791772Z\",\"startedAt\":\"1969-12-31T23:59:59.5Z\","
        "\"finishedAt\":null}";

    CU_ASSERT_EQUAL_FATAL(pb_read(&lode__v1__task__meta, json, NULL), RC_OK);
    ASSERT_TEXT(pb_json(fx.msg, &lode__v1__task__meta), json);
}

/* ---- what is refused ----------------------------------------------------------------- */

static void wrong_types_are_named_with_the_value_found(void)
{
    static const char *const cases[][3] = {
        {"{\"limit\":\"doggo\"}", "invalid_search_limit",
         "Invalid value type at `.limit`: expected a positive integer, but found a string: "
         "`\"doggo\"`"},
        {"{\"limit\":-1}", "invalid_search_limit",
         "Invalid value type at `.limit`: expected a positive integer, but found a negative "
         "integer: `-1`"},
        {"{\"limit\":1.5}", "invalid_search_limit",
         "Invalid value type at `.limit`: expected a positive integer, but found a number: `1.5`"},
        {"{\"q\":[\"doggo\"]}", "invalid_search_q",
         "Invalid value type at `.q`: expected a string, but found an array: `[\"doggo\"]`"},
        {"{\"q\": { \"name\" : \"x\" } }", "invalid_search_q",
         "Invalid value type at `.q`: expected a string, but found an object: `{\"name\":\"x\"}`"},
        {"{\"showMatchesPosition\":\"true\"}", "invalid_search_show_matches_position",
         "Invalid value type at `.showMatchesPosition`: expected a boolean, but found a string: "
         "`\"true\"`"},
        {"{\"attributesToCrop\":\"doggo\"}", "invalid_search_attributes_to_crop",
         "Invalid value type at `.attributesToCrop`: expected an array, but found a string: "
         "`\"doggo\"`"},
        {"{\"attributesToCrop\":[\"a\",null]}", "invalid_search_attributes_to_crop",
         "Invalid value type at `.attributesToCrop[1]`: expected a string, but found null"},
        {"{\"rankingScoreThreshold\":\"0.5\"}", "invalid_search_ranking_score_threshold",
         "Invalid value type at `.rankingScoreThreshold`: expected a number, but found a string: "
         "`\"0.5\"`"},
        {"[]", "bad_request", "Invalid value type: expected an object, but found an array: `[]`"},
        {"null", "bad_request", "Invalid value type: expected an object, but found null"},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++)
        ASSERT_REFUSED(SEARCH(cases[i][0]), cases[i][1], cases[i][2]);
    ASSERT_REFUSED(pb_read(&lode__v1__create_dump_request__meta, "{\"recompressLevel\":0.5}", NULL),
                   "bad_request",
                   "Invalid value type at `.recompressLevel`: expected a positive integer, but "
                   "found a number: `0.5`");
    ASSERT_REFUSED(pb_read(&lode__v1__swap_indexes_request__meta, "\"doggo\"", NULL), "bad_request",
                   "Invalid value type: expected an array, but found a string: `\"doggo\"`");
}

static void numbers_past_their_range_are_refused(void)
{
    CU_ASSERT_EQUAL(SEARCH("{\"limit\":4294967296}"), RC_OK);
    ASSERT_REFUSED(
        pb_read(&lode__v1__fetch_documents_request__meta, "{\"limit\":4294967296}", NULL),
        "invalid_document_limit",
        "Invalid value at `.limit`: value: `4294967296` is too large to be "
        "deserialized, maximum value authorized is `4294967295`");
    ASSERT_REFUSED(SETTINGS("{\"typoTolerance\":{\"minWordSizeForTypos\":{\"oneTypo\":256}}}"),
                   "invalid_settings_typo_tolerance",
                   "Invalid value at `.typoTolerance.minWordSizeForTypos.oneTypo`: value: `256` is "
                   "too large to be deserialized, maximum value authorized is `255`");
    CU_ASSERT_EQUAL(SETTINGS("{\"typoTolerance\":{\"minWordSizeForTypos\":{\"oneTypo\":255}}}"),
                    RC_OK);
    ASSERT_REFUSED(SEARCH("{\"rankingScoreThreshold\":1e999}"),
                   "invalid_search_ranking_score_threshold",
                   "Invalid value at `.rankingScoreThreshold`: number out of range");
    ASSERT_REFUSED(SETTINGS("{\"searchCutoffMs\":18446744073709551616}"),
                   "invalid_settings_search_cutoff_ms",
                   "Invalid value type at `.searchCutoffMs`: expected a positive integer, but "
                   "found a number: `18446744073709551616`");
}

static void null_is_a_map_value_only_where_it_may_be(void)
{
    const Lode__V1__MultiSearchRequest *request;

    CU_ASSERT_EQUAL_FATAL(
        pb_read(&lode__v1__multi_search_request__meta,
                "{\"queries\":[],\"federation\":{\"facetsByIndex\":{\"b\":null,\"a\":[\"x\"]}}}",
                NULL),
        RC_OK);
    request = (const void *)fx.msg;
    CU_ASSERT_EQUAL_FATAL(request->federation->n_facets_by_index, 2);
    CU_ASSERT_EQUAL(request->federation->facets_by_index[0]->value->n_values, 1);
    CU_ASSERT_STRING_EQUAL(request->federation->facets_by_index[1]->key, "b");
    CU_ASSERT_PTR_NULL(request->federation->facets_by_index[1]->value);
    ASSERT_REFUSED(SETTINGS("{\"synonyms\":{\"a\":null}}"), "invalid_settings_synonyms",
                   "Invalid value type at `.synonyms.a`: expected an array, but found null");
}

static void unknown_members_are_listed_with_a_hint(void)
{
    static const char list[] =
        "`q`, `offset`, `limit`, `page`, `hitsPerPage`, `attributesToRetrieve`, "
        "`attributesToCrop`, `cropLength`, `cropMarker`, `attributesToHighlight`, "
        "`highlightPreTag`, `highlightPostTag`, `showMatchesPosition`, `filter`, `sort`, "
        "`distinct`, `facets`, `matchingStrategy`, `attributesToSearchOn`, "
        "`rankingScoreThreshold`, `locales`, `hybrid`, `vector`, `retrieveVectors`, `media`, "
        "`personalize`, `useNetwork`, `showRankingScore`, "
        "`showRankingScoreDetails`, `showPerformanceDetails`";
    char want[ERR_MSG_MAX];

    (void)snprintf(want, sizeof(want), "Unknown field `marin`: expected one of %s", list);
    ASSERT_REFUSED(SEARCH("{\"marin\":\"hello\"}"), "bad_request", want);
    (void)snprintf(want, sizeof(want),
                   "Unknown field `limits`: did you mean `limit`? expected one of %s", list);
    ASSERT_REFUSED(SEARCH("{\"limits\":1}"), "bad_request", want);
    /* taken from the path, so it is no member of the body */
    (void)snprintf(want, sizeof(want), "Unknown field `indexUid`: expected one of %s", list);
    ASSERT_REFUSED(SEARCH("{\"indexUid\":\"a\"}"), "bad_request", want);
    ASSERT_REFUSED(SETTINGS("{\"typoTolerance\":{\"disableOnWord\":[]}}"),
                   "invalid_settings_typo_tolerance",
                   "Unknown field `disableOnWord` inside `.typoTolerance`: did you mean "
                   "`disableOnWords`? expected one of `enabled`, `minWordSizeForTypos`, "
                   "`disableOnWords`, `disableOnAttributes`, `disableOnNumbers`");
    ASSERT_REFUSED(SETTINGS("{\"embedders\":{\"default\":{}}}"), "invalid_settings_embedders",
                   "Unknown field `default` inside `.embedders`: none is expected here");
}

static void hidden_and_query_only_fields_are_no_members(void)
{
    ASSERT_REFUSED(
        pb_read(&lode__v1__update_key_request__meta, "{\"reset\":[\"name\"]}",
                &(struct pb_json_opts){.taken = (const char *const[]){"key_or_uid", NULL}}),
        "bad_request", "Unknown field `reset`: expected one of `description`, `name`");
    ASSERT_REFUSED(
        pb_read(&lode__v1__delete_documents_request__meta, "{\"customMetadata\":\"a\"}", &by_path),
        "bad_request", "Unknown field `customMetadata`: expected one of `ids`");
}

static void unknown_members_can_be_ignored_at_the_top(void)
{
    const struct pb_json_opts opts = {.taken = index_taken, .ignore_unknown = true};

    CU_ASSERT_EQUAL(pb_read(&lode__v1__search_request__meta, "{\"marin\":[{}],\"limit\":3}", &opts),
                    RC_OK);
    CU_ASSERT_EQUAL(search()->limit, 3);
}

static void missing_members_are_told_last(void)
{
    ASSERT_REFUSED(pb_read(&lode__v1__create_index_request__meta, "{\"primaryKey\":\"id\"}", NULL),
                   "missing_index_uid", "Missing field `uid`");
    ASSERT_REFUSED(pb_read(&lode__v1__create_index_request__meta, "{\"primaryKey\":1}", NULL),
                   "invalid_index_primary_key",
                   "Invalid value type at `.primaryKey`: expected a string, but found a positive "
                   "integer: `1`");
    ASSERT_REFUSED(pb_read(&lode__v1__swap_indexes_request__meta, "[{\"indexes\":[]},{}]", NULL),
                   "missing_swap_indexes", "Missing field `indexes` inside `[1]`");
    ASSERT_REFUSED(pb_read(&lode__v1__create_key_request__meta, "{\"indexes\":[]}", NULL),
                   "missing_api_key_actions", "Missing field `actions`");
    /* without a word of its own, the setting's */
    ASSERT_REFUSED(SETTINGS("{\"localizedAttributes\":[{\"locales\":[]}]}"),
                   "invalid_settings_localized_attributes",
                   "Missing field `attributePatterns` inside `.localizedAttributes[0]`");
}

static void members_that_may_not_change_say_so(void)
{
    ASSERT_REFUSED(pb_read(&lode__v1__update_index_request__meta, "{\"createdAt\":3}", &by_path),
                   "immutable_index_created_at",
                   "Immutable field `createdAt`: expected one of `primaryKey`, `uid`");
    ASSERT_REFUSED(pb_read(&lode__v1__update_index_request__meta, "{\"doggo\":3}", &by_path),
                   "bad_request", "Unknown field `doggo`: expected one of `primaryKey`, `uid`");
}

static void names_outside_an_enumeration_are_listed(void)
{
    ASSERT_REFUSED(SEARCH("{\"matchingStrategy\":\"doggo\"}"), "invalid_search_matching_strategy",
                   "Unknown value `doggo` at `.matchingStrategy`: expected one of `last`, `all`, "
                   "`frequency`");
    ASSERT_REFUSED(SEARCH("{\"matchingStrategy\":\"Last\"}"), "invalid_search_matching_strategy",
                   "Unknown value `Last` at `.matchingStrategy`: did you mean `last`? expected one "
                   "of `last`, `all`, `frequency`");
    ASSERT_REFUSED(SETTINGS("{\"faceting\":{\"sortFacetValuesBy\":{\"genre\":\"unspecified\"}}}"),
                   "invalid_settings_faceting",
                   "Unknown value `unspecified` at `.faceting.sortFacetValuesBy.genre`: expected "
                   "one of `alpha`, `count`");
}

static void the_word_comes_from_the_caller_where_nothing_nearer_has_one(void)
{
    const struct pb_json_opts opts = {.error_word = "invalid_settings_faceting", .at = ".x"};

    ASSERT_REFUSED(pb_read(&lode__v1__faceting__meta, "{\"maxValuesPerFacet\":\"a\"}", &opts),
                   "invalid_settings_faceting",
                   "Invalid value type at `.x.maxValuesPerFacet`: expected a positive integer, "
                   "but found a string: `\"a\"`");
    ASSERT_REFUSED(pb_read(&lode__v1__faceting__meta, "[]", &opts), "invalid_settings_faceting",
                   "Invalid value type at `.x`: expected an object, but found an array: `[]`");
}

static void text_with_nul_is_refused(void)
{
    ASSERT_REFUSED(SEARCH("{\"q\":\"a\\u0000b\"}"), "invalid_search_q",
                   "Invalid value at `.q`: text may not hold the character U+0000");
    CU_ASSERT_EQUAL(SETTINGS("{\"synonyms\":{\"a\\u0000\":[]}}"), RC_INVALID);
}

static void bad_dates_are_refused(void)
{
    ASSERT_REFUSED(
        pb_read(&lode__v1__index__meta, "{\"createdAt\":\"2024-13-01T00:00:00Z\"}", NULL),
        "bad_request",
        "Invalid value at `.createdAt`: `2024-13-01T00:00:00Z` is an invalid date-time. "
        "It should follow the RFC 3339 date-time format.");
    CU_ASSERT_EQUAL(pb_read(&lode__v1__task__meta, "{\"duration\":\"PT\"}", NULL), RC_INVALID);
    CU_ASSERT_EQUAL(pb_read(&lode__v1__task__meta, "{\"duration\":\"PT1.S\"}", NULL), RC_INVALID);
    CU_ASSERT_EQUAL(pb_read(&lode__v1__task__meta, "{\"duration\":\"P99999999999DT1S\"}", NULL),
                    RC_INVALID);
}

static void long_values_are_cut_in_the_sentence(void)
{
    static char json[100000];

    memset(json, 'x', sizeof(json));
    memcpy(json, "{\"limit\":\"", 10);
    memcpy(json + sizeof(json) - 3, "\"}", 3);
    CU_ASSERT_EQUAL(SEARCH(json), RC_INVALID);
    CU_ASSERT(strlen(fx.err.msg) < ERR_MSG_MAX);
    CU_ASSERT_PTR_NOT_NULL(strstr(fx.err.msg, "xxx…`"));
    memcpy(json, "{\"xxxxxxxx", 10);
    memcpy(json + sizeof(json) - 5, "\":1}", 5);
    CU_ASSERT_EQUAL(SEARCH(json), RC_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(fx.err.msg, "`: expected one of `q`"));
}

static void every_refusal_of_memory_is_a_clean_answer(void)
{
    static const char json[] =
        "{\"synonyms\":{\"a\":[\"b\"],\"c\":[\"d\",\"e\"]},\"stopWords\":null,"
        "\"typoTolerance\":{\"enabled\":true},\"distinctAttribute\":\"x\"}";
    struct json_value root;
    enum rc rc = RC_TOO_LARGE;
    size_t limit;

    CU_ASSERT_EQUAL_FATAL(json_parse(fx.parser, bytes_str(json), NULL, &root, NULL), RC_OK);
    for (limit = 0; rc == RC_TOO_LARGE; limit += 16) {
        struct arena *small = arena_new(limit);
        ProtobufCMessage *msg = pb_new(fx.arena, lode__v1__settings__meta.desc);

        rc = pb_from_json(small, &lode__v1__settings__meta, &root, NULL, msg, &fx.err);
        arena_free(small);
        CU_ASSERT_FATAL(limit < 65536);
    }
    CU_ASSERT_EQUAL(rc, RC_OK);
}

SUITE(pb_from_json, pb_setup, pb_teardown, TEST(members_fill_the_fields_they_name),
      TEST(defaults_stand_where_nothing_was_sent), TEST(null_means_absent_for_optional_members),
      TEST(null_is_refused_where_there_is_a_default),
      TEST(a_member_sent_twice_counts_the_last_time), TEST(raw_json_keeps_its_bytes),
      TEST(null_is_a_value_of_required_optionals_and_of_bare_json),
      TEST(ids_may_be_numbers_and_keep_their_digits), TEST(a_union_takes_the_member_that_fits),
      TEST(map_entries_are_sorted_and_each_key_stands_once), TEST(nulls_are_gathered_for_reset),
      TEST(a_reset_and_a_value_of_one_member_exclude_each_other), TEST(a_body_can_be_a_list),
      TEST(all_of_a_message_survives_json_and_back),
      TEST(wrong_types_are_named_with_the_value_found), TEST(numbers_past_their_range_are_refused),
      TEST(null_is_a_map_value_only_where_it_may_be), TEST(unknown_members_are_listed_with_a_hint),
      TEST(hidden_and_query_only_fields_are_no_members),
      TEST(unknown_members_can_be_ignored_at_the_top), TEST(missing_members_are_told_last),
      TEST(members_that_may_not_change_say_so), TEST(names_outside_an_enumeration_are_listed),
      TEST(the_word_comes_from_the_caller_where_nothing_nearer_has_one),
      TEST(text_with_nul_is_refused), TEST(bad_dates_are_refused),
      TEST(long_values_are_cut_in_the_sentence), TEST(every_refusal_of_memory_is_a_clean_answer));
