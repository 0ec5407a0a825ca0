/* SPDX-License-Identifier: MIT */
/* test_pb_from_query.c -- query strings to messages, and single values from text. */
#include "pb_fixture.h"

#include "base/clock.h"

#include <stdio.h>

#define TASKS(query) pb_read_query(&lode__v1__list_tasks_request__meta, query, NULL)
#define SELECT(query) pb_read_query(&lode__v1__select_tasks_request__meta, query, NULL)

static const char *const index_taken[] = {"index_uid", NULL};

static const Lode__V1__ListTasksRequest *tasks(void)
{
    return (const Lode__V1__ListTasksRequest *)fx.msg;
}

static const Lode__V1__SelectTasksRequest *chosen(void)
{
    return (const Lode__V1__SelectTasksRequest *)fx.msg;
}

static void parameters_fill_the_fields_they_name(void)
{
    CU_ASSERT_EQUAL_FATAL(TASKS("limit=3&from=0&reverse=true&uids=1,18446744073709551615&"
                                "indexUids=movies"),
                          RC_OK);
    CU_ASSERT_EQUAL(tasks()->limit, 3);
    CU_ASSERT_EQUAL(tasks()->start_case, LODE__V1__LIST_TASKS_REQUEST__START_FROM);
    CU_ASSERT(tasks()->reverse);
    CU_ASSERT_EQUAL_FATAL(tasks()->n_uids, 2);
    CU_ASSERT_EQUAL(tasks()->uids[1], UINT64_MAX);
    ASSERT_TEXT(tasks()->index_uids[0], "movies");
}

static void absent_parameters_have_their_defaults(void)
{
    CU_ASSERT_EQUAL_FATAL(TASKS(""), RC_OK);
    CU_ASSERT_EQUAL(tasks()->limit, 20);
    CU_ASSERT_EQUAL(tasks()->start_case, 0);
    CU_ASSERT_EQUAL(tasks()->n_uids, 0);
}

static void what_a_body_or_path_has_filled_is_left_alone(void)
{
    static const char *const taken[] = {"index_uid", "limit", NULL};
    Lode__V1__ListDocumentsRequest r = LODE__V1__LIST_DOCUMENTS_REQUEST__INIT;
    const struct pb_param limit = {B("limit"), B("3")};

    r.limit = 77;
    CU_ASSERT_EQUAL(pb_from_query(fx.arena, &lode__v1__list_documents_request__meta, NULL, 0, taken,
                                  &r.base, &fx.err),
                    RC_OK);
    CU_ASSERT_EQUAL(r.limit, 77);
    CU_ASSERT_EQUAL(pb_from_query(fx.arena, &lode__v1__list_documents_request__meta, &limit, 1,
                                  taken, &r.base, &fx.err),
                    RC_INVALID);
}

static void the_last_of_a_repeated_parameter_counts(void)
{
    CU_ASSERT_EQUAL_FATAL(TASKS("limit=3&uids=1,2&limit=4&uids=9"), RC_OK);
    CU_ASSERT_EQUAL(tasks()->limit, 4);
    CU_ASSERT_EQUAL_FATAL(tasks()->n_uids, 1);
    CU_ASSERT_EQUAL(tasks()->uids[0], 9);
}

static void enum_names_in_lists_are_taken_in_any_case(void)
{
    CU_ASSERT_EQUAL_FATAL(TASKS("types=INDEXcreation,dumpCreation&statuses=Failed"), RC_OK);
    CU_ASSERT_EQUAL_FATAL(tasks()->n_types, 2);
    CU_ASSERT_EQUAL(tasks()->types[0], LODE__V1__TASK_TYPE__TASK_TYPE_INDEX_CREATION);
    CU_ASSERT_EQUAL(tasks()->statuses[0], LODE__V1__TASK_STATUS__TASK_STATUS_FAILED);
}

static void a_star_alone_is_no_restriction(void)
{
    CU_ASSERT_EQUAL_FATAL(SELECT("uids=*"), RC_OK);
    CU_ASSERT(chosen()->any);
    CU_ASSERT_EQUAL(chosen()->n_uids, 0);
    CU_ASSERT_EQUAL_FATAL(SELECT("beforeEnqueuedAt=*"), RC_OK);
    CU_ASSERT(chosen()->any);
    CU_ASSERT_PTR_NULL(chosen()->before_enqueued_at);
    CU_ASSERT_EQUAL_FATAL(SELECT("types=exPort"), RC_OK);
    CU_ASSERT_FALSE(chosen()->any);
    CU_ASSERT_EQUAL_FATAL(TASKS("statuses=*"), RC_OK);
    CU_ASSERT_EQUAL(tasks()->n_statuses, 0);
    CU_ASSERT_EQUAL(SELECT("uids=1,*"), RC_INVALID);
    CU_ASSERT_EQUAL_FATAL(
        pb_read_query(&lode__v1__list_documents_request__meta, "fields=*", index_taken), RC_OK);
    CU_ASSERT_EQUAL(((const Lode__V1__ListDocumentsRequest *)fx.msg)->n_fields, 0);
}

static void a_star_stays_a_star_where_it_means_something(void)
{
    const Lode__V1__SearchRequest *r;

    CU_ASSERT_EQUAL_FATAL(pb_read_query(&lode__v1__search_request__meta,
                                        "facets=*&attributesToRetrieve=*", index_taken),
                          RC_OK);
    r = (const Lode__V1__SearchRequest *)fx.msg;
    CU_ASSERT_EQUAL_FATAL(r->n_facets, 1);
    ASSERT_TEXT(r->facets[0], "*");
    ASSERT_TEXT(r->attributes_to_retrieve->values[0], "*");
}

static void commas_in_parentheses_do_not_separate(void)
{
    const Lode__V1__SearchRequest *r;

    CU_ASSERT_EQUAL_FATAL(pb_read_query(&lode__v1__search_request__meta,
                                        "sort=_geoPoint(1,2):asc,b:desc,c(,d", index_taken),
                          RC_OK);
    r = (const Lode__V1__SearchRequest *)fx.msg;
    CU_ASSERT_EQUAL_FATAL(r->n_sort, 4);
    ASSERT_TEXT(r->sort[0], "_geoPoint(1,2):asc");
    ASSERT_TEXT(r->sort[2], "c(");
}

static void a_filter_is_json_or_the_string_it_spells(void)
{
    const Lode__V1__SearchRequest *r;

    CU_ASSERT_EQUAL_FATAL(
        pb_read_query(&lode__v1__search_request__meta, "filter=[\"a\"]", index_taken), RC_OK);
    r = (const Lode__V1__SearchRequest *)fx.msg;
    CU_ASSERT_EQUAL(memcmp(r->filter.data, "[\"a\"]", r->filter.len), 0);
    CU_ASSERT_EQUAL_FATAL(
        pb_read_query(&lode__v1__search_request__meta, "filter=a = \"b\"", index_taken), RC_OK);
    r = (const Lode__V1__SearchRequest *)fx.msg;
    CU_ASSERT_EQUAL_FATAL(r->filter.len, 11);
    CU_ASSERT_EQUAL(memcmp(r->filter.data, "\"a = \\\"b\\\"\"", r->filter.len), 0);
}

static int64_t seconds(const Google__Protobuf__Timestamp *t)
{
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    CU_ASSERT_EQUAL(t->nanos, 0);
    return t->seconds;
}

static void a_day_ends_before_after_it_begins(void)
{
    CU_ASSERT_EQUAL_FATAL(TASKS("beforeEnqueuedAt=2024-02-29&afterEnqueuedAt=2024-02-29&"
                                "afterStartedAt=2024-02-29T01:00:00+01:00"),
                          RC_OK);
    CU_ASSERT_EQUAL(seconds(tasks()->before_enqueued_at), 1709164800);
    CU_ASSERT_EQUAL(seconds(tasks()->after_enqueued_at), 1709164800 + 86400);
    CU_ASSERT_EQUAL(seconds(tasks()->after_started_at), 1709164800);
}

static void wrong_values_are_refused_in_the_words_of_query_strings(void)
{
    static const char *const cases[][3] = {
        {"limit=doggo", "invalid_task_limit",
         "Invalid value in parameter `limit`: could not parse `doggo` as a positive integer"},
        {"limit=-1", "invalid_task_limit",
         "Invalid value in parameter `limit`: could not parse `-1` as a positive integer"},
        {"limit=", "invalid_task_limit",
         "Invalid value in parameter `limit`: could not parse `` as a positive integer"},
        {"limit=4294967296", "invalid_task_limit",
         "Invalid value in parameter `limit`: could not parse `4294967296` as a positive integer"},
        {"uids=18446744073709551616", "invalid_task_uids",
         "Invalid value in parameter `uids`: could not parse `18446744073709551616` as a positive "
         "integer"},
        {"reverse=True", "invalid_task_reverse",
         "Invalid value in parameter `reverse`: could not parse `True` as a boolean, expected "
         "either `true` or `false`"},
        {"uids=cat", "invalid_task_uids",
         "Invalid value in parameter `uids`: could not parse `cat` as a positive integer"},
        {"uids=1,,3", "invalid_task_uids",
         "Invalid value in parameter `uids[1]`: could not parse `` as a positive integer"},
        {"uids=1,dogo", "invalid_task_uids",
         "Invalid value in parameter `uids[1]`: could not parse `dogo` as a positive integer"},
        {"statuses=finished", "invalid_task_statuses",
         "Invalid value in parameter `statuses`: `finished` is not a valid task status. Available "
         "statuses are `enqueued`, `processing`, `succeeded`, `failed`, `canceled`."},
        {"statuses=in_progress", "invalid_task_statuses",
         "Invalid value in parameter `statuses`: `in_progress` is not a valid task status. "
         "Available statuses are `enqueued`, `processing`, `succeeded`, `failed`, `canceled`."},
        {"types=doggo", "invalid_task_types",
         "Invalid value in parameter `types`: `doggo` is not a valid task type. Available types "
         "are `documentAdditionOrUpdate`, `documentEdition`, `documentDeletion`, "
         "`settingsUpdate`, `indexCreation`, `indexDeletion`, `indexUpdate`, `indexSwap`, "
         "`taskCancelation`, `taskDeletion`, `dumpCreation`, `snapshotCreation`, `export`, "
         "`upgradeDatabase`, `indexCompaction`, `networkTopologyChange`, `dsrUpdate`, "
         "`dsrClear`."},
        {"afterEnqueuedAt=2024-02-30", "invalid_task_after_enqueued_at",
         "Invalid value in parameter `afterEnqueuedAt`: `2024-02-30` is an invalid date-time. It "
         "should follow the YYYY-MM-DD or RFC 3339 date-time format."},
        {"beforeFinishedAt=pied", "invalid_task_before_finished_at",
         "Invalid value in parameter `beforeFinishedAt`: `pied` is an invalid date-time. It should "
         "follow the YYYY-MM-DD or RFC 3339 date-time format."},
        {"indexUids=a\xff", "invalid_index_uid",
         "Invalid value in parameter `indexUids`: expected UTF-8 text without NUL"},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++)
        ASSERT_REFUSED(TASKS(cases[i][0]), cases[i][1], cases[i][2]);
}

static void single_enums_are_exact_and_hinted(void)
{
    ASSERT_REFUSED(
        pb_read_query(&lode__v1__search_request__meta, "matchingStrategy=ALL", index_taken),
        "invalid_search_matching_strategy",
        "Unknown value `ALL` for parameter `matchingStrategy`: expected one of `last`, "
        "`all`, `frequency`");
    ASSERT_REFUSED(
        pb_read_query(&lode__v1__search_request__meta, "matchingStrategy=lost", index_taken),
        "invalid_search_matching_strategy",
        "Unknown value `lost` for parameter `matchingStrategy`: did you mean `last`? expected one "
        "of `last`, `all`, `frequency`");
}

static void numbers_with_a_fraction_are_read(void)
{
    CU_ASSERT_EQUAL_FATAL(
        pb_read_query(&lode__v1__search_request__meta, "rankingScoreThreshold=0.25", index_taken),
        RC_OK);
    CU_ASSERT_DOUBLE_EQUAL(((const Lode__V1__SearchRequest *)fx.msg)->ranking_score_threshold, 0.25,
                           0);
    ASSERT_REFUSED(
        pb_read_query(&lode__v1__search_request__meta, "rankingScoreThreshold=a", index_taken),
        "invalid_search_ranking_score_threshold",
        "Invalid value in parameter `rankingScoreThreshold`: could not parse `a` as a number");
}

static void unknown_parameters_are_listed_with_a_hint(void)
{
    ASSERT_REFUSED(pb_read_query(&lode__v1__list_indexes_request__meta, "doggo=1", NULL),
                   "bad_request", "Unknown parameter `doggo`: expected one of `offset`, `limit`");
    ASSERT_REFUSED(pb_read_query(&lode__v1__list_indexes_request__meta, "offet=1", NULL),
                   "bad_request",
                   "Unknown parameter `offet`: did you mean `offset`? expected one of `offset`, "
                   "`limit`");
    /* hidden and taken ones are none */
    CU_ASSERT_EQUAL(SELECT("originalFilter=a"), RC_INVALID);
    CU_ASSERT_EQUAL(pb_read_query(&lode__v1__search_request__meta, "indexUid=a", index_taken),
                    RC_INVALID);
}

static void required_parameters_are_missed(void)
{
    ASSERT_REFUSED(pb_read_query(&lode__v1__create_index_request__meta, "primaryKey=a", NULL),
                   "missing_index_uid", "Missing parameter `uid`");
}

static void single_fields_are_set_from_text(void)
{
    Lode__V1__GetSettingRequest one = LODE__V1__GET_SETTING_REQUEST__INIT;
    Lode__V1__CreateDumpRequest dump = LODE__V1__CREATE_DUMP_REQUEST__INIT;

    CU_ASSERT_EQUAL(pb_set_text(fx.arena, &lode__v1__get_setting_request__meta, "name",
                                B("stopWords"), &one.base, &fx.err),
                    RC_OK);
    ASSERT_TEXT(one.name, "stopWords");
    CU_ASSERT_EQUAL(pb_set_text(fx.arena, &lode__v1__create_dump_request__meta, "recompress_level",
                                B("19"), &dump.base, &fx.err),
                    RC_OK);
    CU_ASSERT_EQUAL(dump.recompress_level, 19);
    ASSERT_REFUSED(pb_set_text(fx.arena, &lode__v1__create_dump_request__meta, "recompress_level",
                               B("20"), &dump.base, &fx.err),
                   "bad_request",
                   "Invalid value in parameter `recompressLevel`: value: `20` is too large to be "
                   "deserialized, maximum value authorized is `19`");
    CU_ASSERT_EQUAL(dump.recompress_level, 19);
}

static void every_refusal_of_memory_is_a_clean_answer(void)
{
    const struct pb_param params[] = {{B("uids"), B("1,2,3")}, {B("indexUids"), B("a,b")}};
    enum rc rc = RC_TOO_LARGE;
    size_t limit;

    for (limit = 0; rc == RC_TOO_LARGE; limit += 16) {
        struct arena *small = arena_new(limit);
        ProtobufCMessage *msg = pb_new(fx.arena, lode__v1__list_tasks_request__meta.desc);

        rc = pb_from_query(small, &lode__v1__list_tasks_request__meta, params, 2, NULL, msg,
                           &fx.err);
        arena_free(small);
        CU_ASSERT_FATAL(limit < 65536);
    }
    CU_ASSERT_EQUAL(rc, RC_OK);
}

SUITE(pb_from_query, pb_setup, pb_teardown, TEST(parameters_fill_the_fields_they_name),
      TEST(absent_parameters_have_their_defaults),
      TEST(what_a_body_or_path_has_filled_is_left_alone),
      TEST(the_last_of_a_repeated_parameter_counts),
      TEST(enum_names_in_lists_are_taken_in_any_case), TEST(a_star_alone_is_no_restriction),
      TEST(a_star_stays_a_star_where_it_means_something),
      TEST(commas_in_parentheses_do_not_separate), TEST(a_filter_is_json_or_the_string_it_spells),
      TEST(a_day_ends_before_after_it_begins),
      TEST(wrong_values_are_refused_in_the_words_of_query_strings),
      TEST(single_enums_are_exact_and_hinted), TEST(numbers_with_a_fraction_are_read),
      TEST(unknown_parameters_are_listed_with_a_hint), TEST(required_parameters_are_missed),
      TEST(single_fields_are_set_from_text), TEST(every_refusal_of_memory_is_a_clean_answer));
