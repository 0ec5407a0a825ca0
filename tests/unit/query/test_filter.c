/* SPDX-License-Identifier: MIT */
/* test_filter.c -- which documents a filter lets through: every operator, every kind of value. */
#include "filter_asking.h"

#include "base/attr.h"

#include <stdio.h>

static const char *const settings = "{\"filterableAttributes\":[\"color\",\"n\",\"tags\",\"o\","
                                    "\"b\",\"dogs\",\"unseen\",\"_geo\"]}";

static const char *const documents[] = {
    "{\"id\":0,\"color\":\"Red\",\"n\":5,\"tags\":[\"a\",\"B\"],\"o\":{\"x\":1}}",
    "{\"id\":1,\"color\":\"r\xC3\xA9"
    "d\",\"n\":\"5\",\"tags\":[]}",
    "{\"id\":2,\"color\":null,\"n\":10.5}",
    "{\"id\":3,\"color\":\"\",\"n\":[1,7],\"o\":{}}",
    "{\"id\":4,\"b\":true,\"n\":\"abc\",\"_geo\":{\"lat\":-17.5,\"lng\":179.5}}",
    "{\"id\":5,\"dogs\":[{\"name\":\"Rex\"},{\"name\":\"Bob\"}],\"color\":\"blue sky\","
    "\"_geo\":{\"lat\":48.8566,\"lng\":2.3522}}",
    NULL,
};

struct question {
    const char *filter, *want;
};

static void setup(void)
{
    corpus_setup();
    corpus_make(settings, documents);
    asking_contains(true);
}

static void ask_all(const struct question *q, size_t n, const char *(*ask)(const char *filter))
{
    size_t i;

    for (i = 0; i < n; i++) {
        const char *got = ask(q[i].filter);

        if (strcmp(got, q[i].want) != 0)
            printf("\n    %s: %s, not %s", q[i].filter, got, q[i].want);
        CU_ASSERT_STRING_EQUAL(got, q[i].want);
    }
}

static void every_operator_matches_as_it_says(void)
{
    static const struct question table[] = {
        {"n = 5", "0 1"},
        {"n = 5.0", "0"},
        {"n = '+5'", "0"},
        {"n = 50e-1", "0"},
        {"n = abc", "4"},
        {"n != 5", "2 3 4 5"},
        {"n > 5", "2 3 4"},
        {"n >= 5", "0 1 2 3 4"},
        {"n < 5", "3"},
        {"n <= 5", "0 1 3"},
        {"n > b", ""},
        {"n < b", "1 4"},
        {"n 5 TO 8", "0 1 3"},
        {"n 8 TO 5", ""},
        {"n 6 TO b", "4"},
        {"n IN [1, 'ABC', 99]", "3 4"},
        {"n IN []", ""},
        {"n NOT IN [1, abc,]", "0 1 2 5"},
        {"color EXISTS", "0 1 2 3 5"},
        {"color NOT EXISTS", "4"},
        {"color IS NULL", "2"},
        {"color IS NOT NULL", "0 1 3 4 5"},
        {"color IS EMPTY", "3"},
        {"tags IS EMPTY", "1"},
        {"o IS EMPTY", "3"},
        {"tags IS NOT EMPTY", "0 2 3 4 5"},
        {"color CONTAINS 'E S'", "5"},
        {"color CONTAINS e", "0 1 5"}, /* a letter and its accent are two */
        {"color NOT CONTAINS e", "2 3 4"},
        {"color STARTS WITH BLUE", "5"},
        {"color STARTS WITH r", "0 1"},
        {"color STARTS WITH ''", "0 1 2 3 5"},
        {"color NOT STARTS WITH r", "2 3 4 5"},
    };

    ask_all(table, ARRAY_LEN(table), asked);
}

static void values_match_by_their_kind(void)
{
    static const struct question table[] = {
        {"color = red", "0"},
        {"color = ' RED '", "0"},
        {"color = r\xC3\xA9"
         "d",
         "1"},
        {"color = 're\xCC\x81"
         "d'",
         "1"},
        {"b = true", "4"},
        {"b = TRUE", "4"},
        {"tags = b", "0"},
        {"tags != b", "1 2 3 4 5"},
        {"dogs.name = rex", "5"},
        {"dogs.name = bob", "5"},
        {"o.x = 1", "0"},
        {"o EXISTS", "0 3"},
        {"n = 1 AND n = 7", "3"},
        {"n = inf", ""},
    };

    ask_all(table, ARRAY_LEN(table), asked);
}

static void a_field_that_nobody_has_matches_by_its_form(void)
{
    static const struct question table[] = {
        {"unseen = 1", ""},
        {"unseen != 1", ""},
        {"unseen > 1", ""},
        {"unseen EXISTS", ""},
        {"NOT unseen = 1", "0 1 2 3 4 5"},
        {"NOT unseen != 1", "0 1 2 3 4 5"},
        {"unseen NOT IN [1]", "0 1 2 3 4 5"},
        {"unseen NOT EXISTS", "0 1 2 3 4 5"},
        {"unseen IS NOT NULL", "0 1 2 3 4 5"},
        {"unseen IS NOT EMPTY", "0 1 2 3 4 5"},
    };

    ask_all(table, ARRAY_LEN(table), asked);
}

static void and_binds_more_than_or_and_not_more_than_both(void)
{
    static const struct question table[] = {
        {"n = 5 OR n = abc AND b = false", "0 1"},
        {"(n = 5 OR n = abc) AND b = true", "4"},
        {"NOT n = 5 AND color EXISTS", "2 3 5"},
        {"NOT (n = 5 AND color = red)", "1 2 3 4 5"},
        {"NOT NOT n = 5", "0 1"},
        {"NOT n NOT IN [5]", "0 1"},
        {"NOT(n=5)AND(color=red OR n=abc)", "4"},
        {"  ( ( n=5 ) )  ", "0 1"},
        {"n=5 OR n=10.5 OR n=7 OR n=abc", "0 1 2 3 4"},
        {"", "0 1 2 3 4 5"},
        {" \n\t ", "0 1 2 3 4 5"},
    };

    ask_all(table, ARRAY_LEN(table), asked);
}

static void arrays_are_ands_of_ors(void)
{
    static const struct question table[] = {
        {"[\"n=5\",\"color=red\"]", "0"},
        {"[[\"n=5\",\"n=abc\"],\"color=red\"]", "0"},
        {"[[\"n=5\",\"n=abc\"]]", "0 1 4"},
        {"[[\"n=5 AND color=red\",\"n=abc\"],\"b EXISTS OR tags EXISTS\"]", "0 4"},
        {"[]", "0 1 2 3 4 5"},
        {"[[],\"n=5\",\" \"]", "0 1"},
        {"[[\"\",\"n=abc\"]]", "4"},
        {"null", "0 1 2 3 4 5"},
        {"\"n=5\"", "0 1"},
    };

    ask_all(table, ARRAY_LEN(table), asked_json);
}

static void places_are_found_around_the_earth(void)
{
    static const struct question table[] = {
        {"_geoRadius(48.85, 2.35, 2000)", "5"},
        {"_geoRadius(48.85, 2.35, 500)", ""},
        {"_geoRadius(48.85, 2.35, 2000, 10)", "5"},
        {"_geoRadius(-17.5, -179.5, 110000)", "4"},
        {"_geoRadius(-17.5, -179.5, 100000)", ""},
        {"_geoRadius(0, 0, 30000000)", "4 5"},
        {"NOT _geoRadius(48.85, 2.35, 2000)", "0 1 2 3 4"},
        {"_geoBoundingBox([50, 3], [48, 2])", "5"},
        {"_geoBoundingBox([50, 2], [48, 3])", ""},
        {"_geoBoundingBox([0, -170], [-20, 170])", "4"},
        {"_geoBoundingBox([90, 180], [-90, -180])", "4 5"},
    };

    ask_all(table, ARRAY_LEN(table), asked);
}

static void quotes_and_escapes_say_what_they_mean(void)
{
    static const char *const odd[] = {
        "{\"id\":0,\"color\":\"a'b\\\"c\\\\d\"}", "{\"id\":1,\"color\":\"AND\"}",
        "{\"id\":2,\"color\":\"x\\ny\"}", "{\"id\":3,\"strange name\":1}", NULL};
    static const struct question table[] = {
        {"color = 'a\\'b\"c\\\\d'", "0"}, {"color = \"a'b\\\"c\\\\d\"", "0"},
        {"color = 'AND'", "1"},           {"color = \"x\\ny\"", "2"},
        {"color = 'x\\u000ay'", "2"},     {"color = 'x\\x0ay'", "2"},
        {"color = 'x\\u{a}y'", "2"},      {"'strange name' = 1", "3"},
        {"\"strange name\" EXISTS", "3"},
    };

    corpus_make("{\"filterableAttributes\":[\"color\",\"strange name\"]}", odd);
    ask_all(table, ARRAY_LEN(table), asked);
}

static void replaced_documents_match_as_they_are_now(void)
{
    static const char *const newer[] = {"{\"id\":0,\"n\":99}", "{\"id\":9,\"n\":5}", NULL};

    corpus_add(newer);
    CU_ASSERT_STRING_EQUAL(asked("n = 5"), "1 7");
    CU_ASSERT_STRING_EQUAL(asked("n = 99"), "0");
    CU_ASSERT_STRING_EQUAL(asked("tags EXISTS"), "1");
    CU_ASSERT_STRING_EQUAL(asked("NOT n = 5"), "2 3 4 5 0");
}

static void long_values_are_compared_by_their_first_bytes(void)
{
    static char document[1200], filter[1200];
    const char *const list[] = {document, NULL};

    (void)snprintf(document, sizeof document, "{\"id\":1,\"color\":\"%0600d\"}", 1);
    corpus_make(settings, list);
    (void)snprintf(filter, sizeof filter, "color = '%0700d'", 0);
    CU_ASSERT_STRING_EQUAL(asked(filter), "0"); /* the same 468 zeros */
    (void)snprintf(filter, sizeof filter, "color = '%0400d'", 0);
    CU_ASSERT_STRING_EQUAL(asked(filter), "");
}

static unsigned n_asks;

static bool at_the_third_time(void *arg)
{
    (void)arg;
    return ++n_asks == 3;
}

static void a_caller_that_left_ends_a_filter_between_conditions(void)
{
    const struct query_stop stop = {.cancelled = at_the_third_time};
    struct query_spec spec;
    struct tile rows;

    query_spec_init(&spec);
    spec.filter = B("\"n = 1 OR n = 2 OR n = 3 OR n = 4\"");
    CU_ASSERT_EQUAL_FATAL(corpus_open(&spec), RC_OK);
    corpus.run.search.stop = &stop;
    n_asks = 0;
    (void)reader_live(corpus.run.search.reader, 0, &rows);
    CU_ASSERT_EQUAL(filter__tile(corpus.run.filter, 0, &rows, &rows, &corpus.err), RC_CANCELLED);
    CU_ASSERT_EQUAL(n_asks, 3);
}

SUITE(filter, setup, corpus_teardown, TEST(every_operator_matches_as_it_says),
      TEST(values_match_by_their_kind), TEST(a_field_that_nobody_has_matches_by_its_form),
      TEST(and_binds_more_than_or_and_not_more_than_both), TEST(arrays_are_ands_of_ors),
      TEST(places_are_found_around_the_earth), TEST(quotes_and_escapes_say_what_they_mean),
      TEST(replaced_documents_match_as_they_are_now),
      TEST(long_values_are_compared_by_their_first_bytes),
      TEST(a_caller_that_left_ends_a_filter_between_conditions));
