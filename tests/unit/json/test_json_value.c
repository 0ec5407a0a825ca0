/* SPDX-License-Identifier: MIT */
/* test_json_value.c -- what a parsed text gives back, and its compact form. */
#include "base/attr.h"
#include "base/buf.h"
#include "base/rng.h"
#include "support/suite.h"
#include "json/json.h"

#include <math.h>
#include <stdio.h>

static struct json_parser *parser;
static struct json_value root;
static struct json_error err;
static struct buf out;

static void setup(void)
{
    parser = json_parser_new();
    buf_init(&out, BUF_NO_LIMIT);
}

static void teardown(void)
{
    json_parser_free(parser);
    buf_done(&out);
}

/* text must live as long as the value. */
static struct json_value parse(const char *text)
{
    CU_ASSERT_EQUAL_FATAL(json_parse(parser, bytes_str(text), NULL, &root, &err), RC_OK);
    return root;
}

static void values_know_their_type_and_their_source(void)
{
    struct json_value v = parse(" [ null, true ,false,-1.50e3, \"a\\nb\" , [ 1 ] ,{ } ] ");
    static const struct {
        enum json_type type;
        const char *raw;
        size_t offset;
    } want[] = {{JSON_NULL, "null", 3},         {JSON_BOOL, "true", 9},
                {JSON_BOOL, "false", 15},       {JSON_NUMBER, "-1.50e3", 21},
                {JSON_STRING, "\"a\\nb\"", 30}, {JSON_ARRAY, "[ 1 ]", 39},
                {JSON_OBJECT, "{ }", 46}};
    struct json_iter it;
    size_t n = 0;

    CU_ASSERT_EQUAL(json_count(v), ARRAY_LEN(want));
    for (json_iter_init(&it, v); json_iter_next(&it); n++) {
        CU_ASSERT_EQUAL(it.index, n);
        CU_ASSERT_EQUAL(json_type(it.value), want[n].type);
        CU_ASSERT(bytes_eq(json_raw(it.value), bytes_str(want[n].raw)));
        CU_ASSERT_EQUAL(json_offset(it.value), want[n].offset);
    }
    CU_ASSERT_EQUAL(n, ARRAY_LEN(want));
    CU_ASSERT_FALSE(json_iter_next(&it));
}

static void strings_are_unescaped(void)
{
    struct json_value v =
        parse("[\"plain\",\"a\\\"\\\\\\/\\b\\f\\n\\r\\tz\",\"\\u0000\\u001f\","
              "\"\\u00e9\\u20AC\\uD83D\\uDE00\",\"\xC3\xA9\\u00e9\xC3\xA9\",\"\"]");
    static const struct bytes want[] = {
        {(const uint8_t *)"plain", 5},
        {(const uint8_t *)"a\"\\/\b\f\n\r\tz", 10},
        {(const uint8_t *)"\0\x1F", 2},
        {(const uint8_t *)"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", 9},
        {(const uint8_t *)"\xC3\xA9\xC3\xA9\xC3\xA9", 6},
        {(const uint8_t *)"", 0},
    };
    struct json_iter it;

    for (json_iter_init(&it, v); json_iter_next(&it);)
        CU_ASSERT(bytes_eq(json_string(it.value), want[it.index]));
    CU_ASSERT_EQUAL(it.index, ARRAY_LEN(want) - 1);
}

static void members_are_found_the_last_of_several(void)
{
    struct json_value v = parse("{\"a\":1,\"b\":{\"a\":2},\"\\u0061\":3,\"c\":[{\"d\":4}],\"\":5,"
                                "\"x\\u0000y\":6}");
    struct json_value m;
    struct json_iter it;
    int64_t n = 0;

    CU_ASSERT(json_get(v, B("a"), &m) && json_as_i64(m, &n) && n == 3);
    CU_ASSERT(json_get(v, B("b"), &m) && json_type(m) == JSON_OBJECT);
    CU_ASSERT(json_get(m, B("a"), &m) && json_as_i64(m, &n) && n == 2);
    CU_ASSERT(json_get(v, B(""), &m) && json_as_i64(m, &n) && n == 5);
    CU_ASSERT(json_get(v, B("x\0y"), &m) && json_as_i64(m, &n) && n == 6);
    CU_ASSERT_FALSE(json_get(v, B("d"), &m));
    CU_ASSERT_FALSE(json_get(v, B("A"), &m));
    CU_ASSERT_FALSE(json_get(parse("[1]"), B("a"), &m));
    v = parse("{\"k\\u0041\": 1 }");
    json_iter_init(&it, v);
    CU_ASSERT(json_iter_next(&it));
    CU_ASSERT(bytes_eq(it.key, B("kA")));
    CU_ASSERT(bytes_eq(json_raw(it.key_at), B("\"k\\u0041\"")));
}

static void integers_are_exact_or_refused(void)
{
    static const struct {
        const char *text;
        bool is_u64, is_i64;
        uint64_t u;
    } cases[] = {
        {"0", true, true, 0},
        {"18446744073709551615", true, false, UINT64_MAX},
        {"18446744073709551616", false, false, 0},
        {"9223372036854775807", true, true, INT64_MAX},
        {"9223372036854775808", true, false, (uint64_t)INT64_MAX + 1},
        {"-9223372036854775808", false, true, (uint64_t)INT64_MIN},
        {"-9223372036854775809", false, false, 0},
        {"-1", false, true, UINT64_MAX},
        {"-0", false, false, 0},
        {"1.0", false, false, 0},
        {"1e3", false, false, 0},
        {"99999999999999999999999999", false, false, 0},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        struct json_value v = parse(cases[i].text);
        uint64_t u = 77;
        int64_t s = 77;

        CU_ASSERT_EQUAL(json_as_u64(v, &u), cases[i].is_u64);
        CU_ASSERT_EQUAL(u, cases[i].is_u64 ? cases[i].u : 77);
        CU_ASSERT_EQUAL(json_as_i64(v, &s), cases[i].is_i64);
        CU_ASSERT_EQUAL(s, cases[i].is_i64 ? (int64_t)cases[i].u : 77);
    }
}

static void numbers_of_other_types_are_refused(void)
{
    struct json_value v = parse("\"1\"");
    uint64_t u;
    int64_t i;
    double d;

    CU_ASSERT_FALSE(json_as_u64(v, &u));
    CU_ASSERT_FALSE(json_as_i64(v, &i));
    CU_ASSERT_FALSE(json_as_double(v, &d));
    v = parse("1e999999");
    CU_ASSERT_FALSE(json_as_double(v, &d));
    CU_ASSERT(bytes_eq(json_raw(v), B("1e999999"))); /* but its digits travel on */
    CU_ASSERT_FALSE(json_as_double(parse("-1e309"), &d));
    CU_ASSERT(json_as_double(parse("1e-999999"), &d) && d == 0);
    CU_ASSERT(json_bool(parse("true")));
    CU_ASSERT_FALSE(json_bool(parse("false")));
}

static void check_compact(const char *text, const char *want)
{
    buf_clear(&out);
    CU_ASSERT_EQUAL(json_compact(parser, bytes_str(text), NULL, &out, &err), RC_OK);
    if (bytes_eq(buf_view(&out), bytes_str(want)))
        return;
    CU_FAIL("wrong compact form");
    printf("%s -> %.*s, not %s\n", text, BYTES_ARG(buf_view(&out)), want);
}

static void compact_drops_spaces_and_nothing_else(void)
{
    static const char already[] = "{\"a\":[1.50e+3,-0.0,\"\\u00E9\\/ x\"],\"b\":{\"c\":null}}";

    check_compact(already, already);
    check_compact(" { \"a\" :\t[ 1.50e+3 , -0.0,\r\n\"\\u00E9\\/ x\" ] ,\"b\": { \"c\" :null } } ",
                  already);
    check_compact(" [ ] ", "[]");
    check_compact("[{ }]", "[{}]");
    check_compact(" 1.000 ", "1.000");
    check_compact("\" a  b \"", "\" a  b \"");
    check_compact("[ [1 ] , [ 2] ]", "[[1],[2]]");
}

static void the_last_value_takes_the_first_place(void)
{
    check_compact("{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}");
    check_compact("{\"a\":1,\"\\u0061\":2}", "{\"a\":2}");
    check_compact("{\"\\u0061\":1,\"a\":2}", "{\"\\u0061\":2}");
    check_compact("{ \"a\": {\"x\":1,\"x\":[{\"y\":1,\"y\":2}]}, \"a\": {\"x\":1,\"x\":[{\"y\":1,"
                  "\"y\":2}]}}",
                  "{\"a\":{\"x\":[{\"y\":2}]}}");
    check_compact("[{\"a\":1,\"a\":2},{\"a\":1}]", "[{\"a\":2},{\"a\":1}]");
    check_compact("{\"\":1,\"\":2}", "{\"\":2}");
}

/* More members than are compared pair by pair. */
static void duplicates_are_found_among_many(void)
{
    enum { N = 1000 };
    struct buf text, want;
    int i;

    buf_init(&text, BUF_NO_LIMIT);
    buf_init(&want, BUF_NO_LIMIT);
    for (i = 0; i < N; i++)
        (void)buf_printf(&text, "%c\"k%d\":%d", i ? ',' : '{', i * 7919 % N, i);
    (void)buf_str(&text, ",\"k7\":\"new\"}");
    for (i = 0; i < N; i++) {
        (void)buf_printf(&want, "%c\"k%d\":", i ? ',' : '{', i * 7919 % N);
        (void)buf_printf(&want, i * 7919 % N == 7 ? "\"new\"" : "%d", i);
    }
    (void)buf_str(&want, "}");
    check_compact(buf_cstr(&text), buf_cstr(&want));
    buf_done(&text);
    buf_done(&want);
}

static void a_failed_compact_appends_nothing(void)
{
    (void)buf_str(&out, "before");
    CU_ASSERT_EQUAL(json_compact(parser, B("[1,]"), NULL, &out, &err), RC_INVALID);
    CU_ASSERT_EQUAL(err.code, JSON_TRAILING_COMMA);
    CU_ASSERT(bytes_eq(buf_view(&out), B("before")));
}

static void compact_fits_where_the_raw_text_does_not(void)
{
    struct buf small;

    buf_init(&small, 7);
    CU_ASSERT_EQUAL(json_compact(parser, B("[ 1 , 2 , 3 ]"), NULL, &small, &err), RC_OK);
    CU_ASSERT(buf_ok(&small));
    CU_ASSERT(bytes_eq(buf_view(&small), B("[1,2,3]")));
    CU_ASSERT_EQUAL(json_compact(parser, B("[ 1 ]"), NULL, &small, &err), RC_OK);
    CU_ASSERT_FALSE(buf_ok(&small));
    buf_done(&small);
}

SUITE(json_value, setup, teardown, TEST(values_know_their_type_and_their_source),
      TEST(strings_are_unescaped), TEST(members_are_found_the_last_of_several),
      TEST(integers_are_exact_or_refused), TEST(numbers_of_other_types_are_refused),
      TEST(compact_drops_spaces_and_nothing_else), TEST(the_last_value_takes_the_first_place),
      TEST(duplicates_are_found_among_many), TEST(a_failed_compact_appends_nothing),
      TEST(compact_fits_where_the_raw_text_does_not));
