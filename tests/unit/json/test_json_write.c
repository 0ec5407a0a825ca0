/* SPDX-License-Identifier: MIT */
/* test_json_write.c -- written text is what serde_json writes, and reads back as the same. */
#include "base/attr.h"
#include "base/rng.h"
#include "support/suite.h"
#include "json/json.h"
#include "json/json_write.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static struct buf out;
static struct json_writer w;

static void setup(void)
{
    buf_init(&out, BUF_NO_LIMIT);
    json_writer_init(&w, &out);
}

static void teardown(void)
{
    buf_done(&out);
}

static void commas_and_colons_come_by_themselves(void)
{
    json_begin_object(&w);
    json_key(&w, "a");
    json_put_u64(&w, UINT64_MAX);
    json_put_key(&w, B("b"));
    json_begin_array(&w);
    json_put_i64(&w, INT64_MIN);
    json_begin_array(&w);
    json_end_array(&w);
    json_begin_object(&w);
    json_end_object(&w);
    json_put_bool(&w, true);
    json_put_bool(&w, false);
    json_put_null(&w);
    json_put_u64(&w, 0);
    json_end_array(&w);
    json_key(&w, "c");
    json_put_raw(&w, B("{\"x\":1}"));
    json_key(&w, "d");
    json_str(&w, NULL);
    json_key(&w, "e");
    json_put_double(&w, 0.5);
    json_key(&w, "f");
    json_put_double(&w, (double)NAN);
    json_end_object(&w);
    CU_ASSERT_STRING_EQUAL(buf_cstr(&out),
                           "{\"a\":18446744073709551615,\"b\":[-9223372036854775808,[],{},true,"
                           "false,null,0],\"c\":{\"x\":1},\"d\":null,\"e\":0.5,\"f\":null}");
}

static void only_what_must_be_is_escaped(void)
{
    json_put_string(&w, bytes_of("\"\\/\b\f\n\r\t\0\x1F\x7F\xC3\xA9\xE2\x80\xA8", 16));
    CU_ASSERT_STRING_EQUAL(buf_cstr(&out),
                           "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7F\xC3\xA9\xE2\x80\xA8\"");
}

static void every_byte_of_a_string_comes_back(void)
{
    struct json_parser *parser = json_parser_new();
    uint8_t text[300];
    size_t n, i;

    for (n = 0; n < 140; n++) {
        struct json_value v;

        for (i = 0; i < n; i++)
            text[i] = (uint8_t)((i * 37 + n) % 128);
        buf_clear(&out);
        json_quote(&out, bytes_of(text, n));
        CU_ASSERT_EQUAL_FATAL(json_parse(parser, buf_view(&out), NULL, &v, NULL), RC_OK);
        CU_ASSERT(bytes_eq(json_string(v), bytes_of(text, n)));
    }
    json_parser_free(parser);
}

static void a_full_buffer_is_noticed_once_at_the_end(void)
{
    struct buf small;

    buf_init(&small, 10);
    json_writer_init(&w, &small);
    json_begin_array(&w);
    json_str(&w, "more than ten");
    json_end_array(&w);
    CU_ASSERT_FALSE(buf_ok(&small));
    buf_done(&small);
}

static void doubles_are_laid_out_as_serde_does(void)
{
    static const struct {
        double v;
        const char *want;
    } cases[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1.0, "1.0"},
        {-1.0, "-1.0"},
        {0.1, "0.1"},
        {0.3, "0.3"},
        {1.0 / 3, "0.3333333333333333"},
        {2.0 / 3, "0.6666666666666666"},
        {100.0, "100.0"},
        {123456789.0, "123456789.0"},
        {1e15, "1000000000000000.0"},
        {1e16, "1e16"},
        {1.5e16, "1.5e16"},
        {1234567890123456.0, "1234567890123456.0"},
        {12345678901234567.0, "1.2345678901234568e16"},
        {1e21, "1e21"},
        {1e22, "1e22"},
        {1e23, "1e23"},
        {0.001, "0.001"},
        {0.0001, "0.0001"},
        {0.00001, "0.00001"},
        {0.000001, "1e-6"},
        {0.00000123, "1.23e-6"},
        {1.5e-7, "1.5e-7"},
        {48.8566, "48.8566"},
        {-2.3522, "-2.3522"},
        {DBL_MAX, "1.7976931348623157e308"},
        {DBL_MIN, "2.2250738585072014e-308"},
        {5e-324, "5e-324"},
        {1e-323, "1e-323"},
        {9007199254740992.0, "9007199254740992.0"},
        {9007199254740993.0, "9007199254740992.0"},
        {9007199254740994.0, "9007199254740994.0"},
        {0x1p-44, "5.684341886080802e-14"},
        {0x1p-1022, "2.2250738585072014e-308"},
        {9.5, "9.5"},
        {999999999999999.9, "999999999999999.9"},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        char text[JSON_DOUBLE_MAX];

        CU_ASSERT_STRING_EQUAL(json_format_double(text, cases[i].v), cases[i].want);
        if (strcmp(text, cases[i].want) != 0)
            printf("%s, not %s\n", text, cases[i].want);
    }
}

static void check_round_trip(double v)
{
    char text[JSON_DOUBLE_MAX];
    double back = 0;

    (void)json_format_double(text, v);
    if (json_parse_double(bytes_str(text), &back) && memcmp(&back, &v, sizeof v) == 0)
        return;
    CU_FAIL("does not round-trip");
    printf("%a -> %s -> %a\n", v, text, back);
}

/* The double that many steps of the last bit away; v > 0. */
static double step_bits(double v, int64_t steps)
{
    uint64_t bits;

    memcpy(&bits, &v, sizeof bits);
    bits += (uint64_t)steps;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static void every_kind_of_double_comes_back(void)
{
    struct rng r;
    int i;

    rng_init(&r, suite_seed());
    for (i = 0; i < 20000; i++) {
        uint64_t bits = rng_next(&r);
        double v;

        memcpy(&v, &bits, sizeof v);
        if (isfinite(v))
            check_round_trip(v);
        check_round_trip((double)(int64_t)(bits >> 20) / 1e6);
    }
    for (i = -1074; i < 1024; i++) {
        check_round_trip(ldexp(1, i));
        check_round_trip(step_bits(ldexp(1, i), -1));
        check_round_trip(-step_bits(ldexp(1, i), 1));
    }
}

/* The quick way must never differ from strtod. */
static void reading_is_exact(void)
{
    static const char *const hard[] = {
        "9007199254740993",
        "9007199254740992.9999999999999999",
        "2.2250738585072011e-308",
        "1.7976931348623158e308",
        "4.9406564584124654e-324",
        "2.4703282292062327e-324",
        "0.000000000000000000000000000000000000000000000001",
        "123456789012345678901234567890",
        "1e22",
        "1e23",
        "-1e-22",
        "8.5e22",
        "9007199254740992e22",
        "1e-400",
        "0e999999",
        "-0.0",
        "10000000000000000000000e-22",
        "3.14159265358979323846264338327950288",
        "0.1e-5",
        "1E+2",
        "00000000000000000000000001",
        "0.30000000000000004",
        "6.02214076e23",
    };
    struct rng r;
    size_t i;

    for (i = 0; i < ARRAY_LEN(hard); i++) {
        double v = -7, want = strtod(hard[i], NULL);

        CU_ASSERT(json_parse_double(bytes_str(hard[i]), &v));
        CU_ASSERT(memcmp(&v, &want, sizeof v) == 0);
    }
    rng_init(&r, suite_seed());
    for (i = 0; i < 20000; i++) {
        char text[64];
        double v = 0, want;

        (void)snprintf(text, sizeof text, "%s%llu.%llue%d", i % 2 ? "-" : "",
                       (unsigned long long)rng_below(&r, i % 3 ? 1000 : UINT64_MAX),
                       (unsigned long long)rng_below(&r, 1000000), (int)rng_below(&r, 60) - 30);
        want = strtod(text, NULL);
        if (!json_parse_double(bytes_str(text), &v) || memcmp(&v, &want, sizeof v) != 0) {
            CU_FAIL("not the nearest double");
            printf("%s\n", text);
        }
    }
}

static void a_megabyte_of_digits_is_a_number_too(void)
{
    double v = 0;
    size_t i;

    (void)buf_str(&out, "0.");
    for (i = 0; i < 1000000; i++)
        (void)buf_byte(&out, '3');
    CU_ASSERT(json_parse_double(buf_view(&out), &v));
    CU_ASSERT(v > 0.3333 && v < 0.3334);
    out.p[1] = '3';
    CU_ASSERT_FALSE(json_parse_double(buf_view(&out), &v)); /* 10^1000000 */
}

SUITE(json_write, setup, teardown, TEST(commas_and_colons_come_by_themselves),
      TEST(only_what_must_be_is_escaped), TEST(every_byte_of_a_string_comes_back),
      TEST(a_full_buffer_is_noticed_once_at_the_end), TEST(doubles_are_laid_out_as_serde_does),
      TEST(every_kind_of_double_comes_back), TEST(reading_is_exact),
      TEST(a_megabyte_of_digits_is_a_number_too));
