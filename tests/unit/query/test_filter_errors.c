/* SPDX-License-Identifier: MIT */
/* test_filter_errors.c -- what a wrong filter is told, to the letter and the column. */
#include "filter_asking.h"

#include "base/attr.h"

#include <stdio.h>

#define OPERATION                                                                                  \
    "Was expecting an operation `=`, `!=`, `>=`, `>`, `<=`, `<`, `IN`, `NOT IN`, `TO`, "           \
    "`EXISTS`, `NOT EXISTS`, `IS NULL`, `IS NOT NULL`, `IS EMPTY`, `IS NOT EMPTY`, `CONTAINS`, "   \
    "`NOT CONTAINS`, `STARTS WITH`, `NOT STARTS WITH`, `_geoRadius`, `_geoBoundingBox` or "        \
    "`_geoPolygon` "
#define RESERVED(word)                                                                             \
    "`" word "` is a reserved keyword and thus can't be used as a filter expression. Use the "     \
    "`_geoRadius(latitude, longitude, distance)` or `_geoBoundingBox([latitude, longitude], "      \
    "[latitude, longitude])` built-in rules to filter on `_geo` coordinates.\n"
#define KEYWORD(word)                                                                              \
    "Was expecting a value but instead got `" word "`, which is a reserved keyword. To use `" word \
    "` as a field name or a value, surround it by quotes.\n"
#define RADIUS                                                                                     \
    "The `_geoRadius` filter must be in the form: `_geoRadius(latitude, longitude, radius, "       \
    "optionalResolution)`.\n"
#define BOX                                                                                        \
    "The `_geoBoundingBox` filter expects two pairs of arguments: `_geoBoundingBox([latitude, "    \
    "longitude], [latitude, longitude])`.\n"
#define UNEXPECTED(rest)                                                                           \
    "Found unexpected characters at the end of the filter: `" rest                                 \
    "`. You probably forgot an `OR` or an `AND` rule.\n"
#define BEAR "\xF0\x9F\x90\xBB"

struct mistake {
    const char *filter, *want;
};

static void tell_all(const struct mistake *m, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        const char *got = asked(m[i].filter);

        if (strcmp(got, m[i].want) != 0)
            printf("\n    %s\n    got  %s\n    want %s", m[i].filter, got, m[i].want);
        CU_ASSERT_STRING_EQUAL(got, m[i].want);
    }
}

static void setup(void)
{
    static const char *const documents[] = {"{\"id\":1,\"a\":1}", NULL};

    corpus_setup();
    asking_contains(false);
    corpus_make("{\"filterableAttributes\":[\"b.c\",\"a\",\"_geo\"]}", documents);
}

static void conditions_that_are_none_are_shown_whole(void)
{
    static const struct mistake table[] = {
        {"'OR'", OPERATION "at `\\'OR\\'`.\n1:5 'OR'"},
        {"channel Ponce", OPERATION "at `channel Ponce`.\n1:14 channel Ponce"},
        {"channel = Ponce OR", OPERATION "but instead got nothing.\n19:19 channel = Ponce OR"},
        {"colour NOT EXIST", OPERATION "at `colour NOT EXIST`.\n1:17 colour NOT EXIST"},
        {"subscribers 100 TO1000",
         OPERATION "at `subscribers 100 TO1000`.\n1:23 subscribers 100 TO1000"},
        {"value IS NOT EXISTS", OPERATION "at `value IS NOT EXISTS`.\n1:20 value IS NOT EXISTS"},
        {"value NULL", OPERATION "at `value NULL`.\n1:11 value NULL"},
        {BEAR " = 1", OPERATION "at `" BEAR " = 1`.\n1:6 " BEAR " = 1"},
        {"a = 1 AND\nx", OPERATION "at `x`.\n11:12 a = 1 AND\nx"},
        {"a = 1 AND x\ny", OPERATION "at `x\\ny`.\n11:14 a = 1 AND x\ny"},
    };

    tell_all(table, ARRAY_LEN(table));
}

static void missing_values_are_told_where_they_should_stand(void)
{
    static const struct mistake table[] = {
        {"channel =    ", "Was expecting a value but instead got nothing.\n14:14 channel =    "},
        {"channel = " BEAR,
         "Was expecting a value but instead got `" BEAR "`.\n11:12 channel = " BEAR},
        {"channel = " BEAR " AND followers < 100",
         "Was expecting a value but instead got `" BEAR "`.\n11:12 channel = " BEAR
         " AND followers < 100"},
        {"x = EXISTS", KEYWORD("EXISTS") "5:11 x = EXISTS"},
        {"AND = 8", KEYWORD("AND") "1:4 AND = 8"},
        {"OR", KEYWORD("OR") "1:3 OR"},
        {"NOT OR EXISTS AND EXISTS NOT EXISTS",
         KEYWORD("OR") "5:7 NOT OR EXISTS AND EXISTS NOT EXISTS"},
        {"channel = 'ponce",
         "Expression `\\'ponce` is missing the following closing delimiter: `'`.\n"
         "11:17 channel = 'ponce"},
        {"channel = \"ponce",
         "Expression `\\\"ponce` is missing the following closing delimiter: `\"`.\n"
         "11:17 channel = \"ponce"},
        {"a = '\\q'", "Malformed value: `\\\\q`.\n6:8 a = '\\q'"},
        {"channel = mv OR (followers >= 1000",
         "Expression `(followers >= 1000` is missing the following closing delimiter: `)`.\n"
         "17:35 channel = mv OR (followers >= 1000"},
        {"channel = mv OR followers >= 1000)",
         UNEXPECTED(")") "34:35 channel = mv OR followers >= 1000)"},
        {"channel = Ponce = 12", UNEXPECTED("= 12") "17:21 channel = Ponce = 12"},
        {"channel = ponce ORdog != 'x y'",
         UNEXPECTED("ORdog != \\'x y\\'") "17:31 channel = ponce ORdog != 'x y'"},
    };

    tell_all(table, ARRAY_LEN(table));
}

static void lists_tell_where_they_break(void)
{
    static const struct mistake table[] = {
        {"colour IN blue, green]",
         "Expected `[` after `IN` keyword.\n11:23 colour IN blue, green]"},
        {"colour IN [blue, green, 'blue' > 2]",
         "Expected only comma-separated field names inside `IN[..]` but instead found `> 2]`.\n"
         "32:36 colour IN [blue, green, 'blue' > 2]"},
        {"colour IN [blue, green, AND]",
         "Expected only comma-separated field names inside `IN[..]` but instead found `AND]`.\n"
         "25:29 colour IN [blue, green, AND]"},
        {"colour IN [blue, green",
         "Expected matching `]` after the list of field names given to `IN[`\n"
         "23:23 colour IN [blue, green"},
        {"colour IN ['blue, green",
         "Expression `\\'blue, green` is missing the following closing delimiter: `'`.\n"
         "12:24 colour IN ['blue, green"},
    };

    tell_all(table, ARRAY_LEN(table));
}

static void geo_rules_are_told_their_form(void)
{
    static const struct mistake table[] = {
        {"_geoRadius", RADIUS "1:11 _geoRadius"},
        {"_geoRadius = 12", RADIUS "1:16 _geoRadius = 12"},
        {"_geoRadius(1, 2)",
         "Was expecting 3 or 4 arguments for `_geoRadius`, but instead found 2.\n"
         "1:17 _geoRadius(1, 2)"},
        {"_geoBoundingBox", BOX "1:16 _geoBoundingBox"},
        {"_geoBoundingBox(1.0, 1.0)", BOX "1:26 _geoBoundingBox(1.0, 1.0)"},
        {"_geoPoint(12, 13, 14)", RESERVED("_geoPoint") "1:22 _geoPoint(12, 13, 14)"},
        {"p <= _geoPoint(12, 13, 14)", RESERVED("_geoPoint") "6:27 p <= _geoPoint(12, 13, 14)"},
        {"_geoDistance(1)", RESERVED("_geoDistance") "1:16 _geoDistance(1)"},
        {"_geo = 1", RESERVED("_geo") "1:9 _geo = 1"},
        {"position <= _geoRadius(12, 13, 14)",
         "The `_geoRadius` filter is an operation and can't be used as a value.\n"
         "13:35 position <= _geoRadius(12, 13, 14)"},
        {"_geoRadius(91, 0, 1)",
         "Index `corpus`: Bad latitude `91`. Latitude must be contained between -90 and 90 "
         "degrees.\n12:14 _geoRadius(91, 0, 1)"},
        {"_geoRadius(1, 180.5, 1)",
         "Index `corpus`: Bad longitude `180.5`. Longitude must be contained between -180 and 180 "
         "degrees. Hint: try using `-179.5` instead.\n15:20 _geoRadius(1, 180.5, 1)"},
        {"_geoRadius(1, 2, inf)",
         "Index `corpus`: Non finite floats are not supported\n18:21 _geoRadius(1, 2, inf)"},
        {"_geoRadius(1, 2, far)",
         "Index `corpus`: invalid float literal\n18:21 _geoRadius(1, 2, far)"},
        {"_geoBoundingBox([1, 2], [3, 4])",
         "Index `corpus`: The top latitude `1` is below the bottom latitude `3`.\n"
         "29:30 _geoBoundingBox([1, 2], [3, 4])"},
        {"_geoPolygon([1, 2], [3, 4], [5, 6])",
         "Index `corpus`: Attribute `_geojson` is not filterable. Available filterable attribute "
         "patterns are: `_geo`, `a`, `b.c`.\n14:15 _geoPolygon([1, 2], [3, 4], [5, 6])"},
    };

    tell_all(table, ARRAY_LEN(table));
}

static void depth_has_a_limit(void)
{
    static const char too_deep[] = "The filter exceeded the maximum depth limit. Try rewriting the "
                                   "filter so that it contains fewer nested conditions.\n";
    char filter[2048];
    const char *got;
    size_t n = 0;

    for (int i = 0; i < 150; i++)
        filter[n++] = '(';
    n += (size_t)snprintf(filter + n, 16, "a = 1");
    for (int i = 0; i < 150; i++)
        filter[n++] = ')';
    filter[n] = 0;
    CU_ASSERT_STRING_EQUAL(asked(filter), "0");
    memmove(filter + 1, filter, n + 1);
    filter[n + 1] = ')';
    filter[n + 2] = 0;
    got = asked(filter);
    CU_ASSERT(strncmp(got, too_deep, strlen(too_deep)) == 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "\n152:308 ((("));
    for (n = 0; n < 4 * 200; n += 4)
        memcpy(filter + n, "NOT ", 4);
    memcpy(filter + n, "a = 1", 6);
    CU_ASSERT(strncmp(asked(filter), too_deep, strlen(too_deep)) == 0);
    memcpy(filter + 4 * 150, "a = 1", 6);
    CU_ASSERT_STRING_EQUAL(asked(filter), "0");
}

static void fields_must_be_filterable_everywhere(void)
{
    static const char *const documents[] = {"{\"id\":1,\"a\":1}", NULL};
    static const struct mistake some[] = {
        {"a = 1 OR x = 2",
         "Index `corpus`: Attribute `x` is not filterable. Available filterable attribute patterns "
         "are: `_geo`, `a`, `b.c`.\n10:11 a = 1 OR x = 2"},
        {"b = 1", "Index `corpus`: Attribute `b` is not filterable. Available filterable attribute "
                  "patterns are: `_geo`, `a`, `b.c`.\n1:2 b = 1"},
        {"a CONTAINS 1",
         "Using `CONTAINS` in a filter requires enabling the `contains filter` experimental "
         "feature. See https://github.com/orgs/meilisearch/discussions/763\n3:11 a CONTAINS 1"},
    };
    static const struct mistake none[] = {
        {"'id' = 1", "Index `corpus`: Attribute `id` is not filterable. This index does not have "
                     "configured filterable attributes.\n2:4 'id' = 1"},
        {"_geoRadius(1, 2, 3)",
         "Index `corpus`: Attribute `_geo/_geojson` is not filterable. This index does not have "
         "configured filterable attributes.\n12:13 _geoRadius(1, 2, 3)"},
    };

    tell_all(some, ARRAY_LEN(some));
    CU_ASSERT_STRING_EQUAL(corpus.err.word, "feature_not_enabled");
    corpus_make("{}", documents);
    tell_all(none, ARRAY_LEN(none));
    CU_ASSERT_STRING_EQUAL(corpus.err.word, "invalid_search_filter");
}

static void rules_may_forbid_operators(void)
{
    static const char *const documents[] = {"{\"id\":1,\"a\":1,\"b\":2}", NULL};
    static const struct mistake table[] = {
        {"a > 1",
         "Index `corpus`: Filter operator `>` is not allowed for the attribute `a`.\n"
         "  - Note: allowed operators: OR, AND, NOT, =, !=, IN, IS EMPTY, IS NULL, EXISTS.\n"
         "  - Note: field `a` matched rule #1 in `filterableAttributes`\n"
         "  - Hint: enable comparison in rule #1 by modifying the features.filter object\n"
         "  - Hint: prepend another rule matching `a` with appropriate filter features before rule "
         "#1\n1:2 a > 1"},
        {"b IN [1]",
         "Index `corpus`: Filter operator `IN` is not allowed for the attribute `b`.\n"
         "  - Note: allowed operators: OR, AND, NOT, <, >, <=, >=, TO, IS EMPTY, IS NULL, EXISTS.\n"
         "  - Note: field `b` matched rule #2 in `filterableAttributes`\n"
         "  - Hint: enable equality in rule #2 by modifying the features.filter object\n"
         "  - Hint: prepend another rule matching `b` with appropriate filter features before rule "
         "#2\n1:2 b IN [1]"},
        {"c = 1", "Index `corpus`: Attribute `c` is not filterable. Available filterable attribute "
                  "patterns are: `a`, `b`, `x`, `y`.\n1:2 c = 1"},
        {"a = 1", "0"},
        {"a EXISTS AND b >= 2", "0"},
    };

    corpus_make(
        "{\"filterableAttributes\":[{\"attributePatterns\":[\"x\",\"y\"]},"
        "{\"attributePatterns\":[\"a\"]},{\"attributePatterns\":[\"b\"],\"features\":{\"filter\":{"
        "\"equality\":false,\"comparison\":true}}},{\"attributePatterns\":[\"c\"],\"features\":{"
        "\"filter\":{\"equality\":false,\"comparison\":false}}}]}",
        documents);
    tell_all(table, ARRAY_LEN(table));
}

static void json_of_other_kinds_is_refused(void)
{
    static const struct mistake table[] = {
        {"12", "Invalid syntax for the filter parameter: `expected String, Array, found: 12`."},
        {"{\"a\": 1}",
         "Invalid syntax for the filter parameter: `expected String, Array, found: {\"a\":1}`."},
        {"[\"a=1\", 3]",
         "Invalid syntax for the filter parameter: `expected String, [String], found: 3`."},
        {"[[[\"a=1\"]]]",
         "Invalid syntax for the filter parameter: `expected String, found: [\"a=1\"]`."},
        {"[\"a=1\",[\"a=\"]]", "Was expecting a value but instead got nothing.\n3:3 a="},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(table); i++)
        CU_ASSERT_STRING_EQUAL(asked_json(table[i].filter), table[i].want);
}

static void a_filter_is_checked_before_a_task_is_made(void)
{
    struct err err;

    CU_ASSERT_EQUAL(query_check_filter(B("\"x = 1\""), false, "invalid_document_filter", &err),
                    RC_OK);
    CU_ASSERT_EQUAL(query_check_filter(B("\" \""), false, "invalid_document_filter", &err),
                    RC_INVALID);
    CU_ASSERT_STRING_EQUAL(err.msg, "Sending an empty filter is forbidden.");
    CU_ASSERT_EQUAL(query_check_filter(B("[\"x ==\"]"), false, "invalid_document_filter", &err),
                    RC_INVALID);
    CU_ASSERT_STRING_EQUAL(err.word, "invalid_document_filter");
    CU_ASSERT_STRING_EQUAL(err.msg, "Was expecting a value but instead got nothing.\n4:4 x ==");
    CU_ASSERT_EQUAL(query_check_filter(B("[\"x = 1\",\"NOT (y CONTAINS z)\"]"), false,
                                       "invalid_document_filter", &err),
                    RC_INVALID);
    CU_ASSERT_STRING_EQUAL(err.word, "feature_not_enabled");
    CU_ASSERT_STRING_EQUAL(err.msg, "Using `CONTAINS` in a filter requires enabling the `contains "
                                    "filter` experimental feature. See "
                                    "https://github.com/orgs/meilisearch/discussions/763\n"
                                    "8:16 NOT (y CONTAINS z)");
    CU_ASSERT_EQUAL(
        query_check_filter(B("\"y CONTAINS z\""), true, "invalid_document_filter", &err), RC_OK);
}

SUITE(filter_errors, setup, corpus_teardown, TEST(conditions_that_are_none_are_shown_whole),
      TEST(missing_values_are_told_where_they_should_stand), TEST(lists_tell_where_they_break),
      TEST(geo_rules_are_told_their_form), TEST(depth_has_a_limit),
      TEST(fields_must_be_filterable_everywhere), TEST(rules_may_forbid_operators),
      TEST(json_of_other_kinds_is_refused), TEST(a_filter_is_checked_before_a_task_is_made));
