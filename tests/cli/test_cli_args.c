/* SPDX-License-Identifier: MIT */
/* test_cli_args.c -- words, options and amounts out of a command line. */
#include "support/suite.h"

#include "cli.h"

#include <string.h>

static const struct cli_option global[] = {
    {"json", 'j', NULL, ""}, {"server", 's', "HOST", ""}, {0}};
static const struct cli_option own[] = {{"limit", 'l', "N", ""}, {"reverse", 0, NULL, ""}, {0}};
static struct cli_args args;
static struct buf why;

static void setup(void)
{
    args = (struct cli_args){0};
    buf_init(&why, 1024);
}

static void teardown(void)
{
    cli_args_done(&args);
    buf_done(&why);
}

/* Reads a whole line; false when a piece was bad. */
static bool read_line(int argc, const char *const *argv)
{
    struct cli_parser p;
    enum cli_token token;

    cli_args_done(&args);
    buf_clear(&why);
    cli_parser_init(&p, argc, (char **)(uintptr_t)argv);
    do {
        token = cli_parser_next(&p, global, own, &args, &why);
    } while (token != CLI_TOKEN_END && token != CLI_TOKEN_BAD);
    return token == CLI_TOKEN_END;
}

#define READ(...)                                                                                  \
    read_line((int)ARRAY_LEN(((const char *[]){"lode", __VA_ARGS__})),                             \
              (const char *[]){"lode", __VA_ARGS__})

static void options_stand_anywhere_and_in_every_form(void)
{
    CU_ASSERT_TRUE_FATAL(READ("a", "--limit", "3", "b", "--server=x:1", "-j", "-"));
    CU_ASSERT_EQUAL(args.n_words, 3);
    CU_ASSERT_STRING_EQUAL(args.words[0], "a");
    CU_ASSERT_STRING_EQUAL(args.words[2], "-");
    CU_ASSERT_STRING_EQUAL(cli_args_get(&args, "limit"), "3");
    CU_ASSERT_STRING_EQUAL(cli_args_get(&args, "server"), "x:1");
    CU_ASSERT_TRUE(cli_args_has(&args, "json"));
    CU_ASSERT_FALSE(cli_args_has(&args, "reverse"));

    CU_ASSERT_TRUE_FATAL(READ("-l5", "-s", "y", "--limit=6"));
    CU_ASSERT_STRING_EQUAL(cli_args_get(&args, "limit"), "6"); /* the last one counts */
    CU_ASSERT_STRING_EQUAL(cli_args_get(&args, "server"), "y");
}

static void a_value_may_look_like_an_option_or_be_empty(void)
{
    CU_ASSERT_TRUE_FATAL(READ("--limit", "--json"));
    CU_ASSERT_STRING_EQUAL(cli_args_get(&args, "limit"), "--json");
    CU_ASSERT_TRUE_FATAL(READ("--limit="));
    CU_ASSERT_STRING_EQUAL(cli_args_get(&args, "limit"), "");
}

static void behind_two_dashes_all_are_words(void)
{
    CU_ASSERT_TRUE_FATAL(READ("--", "--limit", "-x", "--", "--help"));
    CU_ASSERT_EQUAL(args.n_words, 4);
    CU_ASSERT_STRING_EQUAL(args.words[0], "--limit");
    CU_ASSERT_FALSE(args.help);
}

static void bad_options_are_named_with_the_nearest_good_one(void)
{
    CU_ASSERT_FALSE(READ("--limt", "3"));
    CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&why), "\"--limt\": did you mean \"--limit\"?"));
    CU_ASSERT_FALSE(READ("--servr=x"));
    CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&why), "\"--servr\": did you mean \"--server\"?"));
    CU_ASSERT_FALSE(READ("--completely-else"));
    CU_ASSERT_PTR_NULL(strstr(buf_cstr(&why), "did you mean"));
    CU_ASSERT_FALSE(READ("-z"));
    CU_ASSERT_FALSE(READ("--limit"));
    CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&why), "needs a value (N)"));
    CU_ASSERT_FALSE(READ("--json=yes"));
    CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&why), "takes no value"));
}

static void help_is_seen_in_both_forms(void)
{
    CU_ASSERT_TRUE(READ("x", "-h"));
    CU_ASSERT_TRUE(args.help);
    CU_ASSERT_TRUE(READ("--help"));
    CU_ASSERT_TRUE(args.help);
}

static void numbers_are_whole_and_within_bounds(void)
{
    uint64_t v = 7;

    CU_ASSERT_TRUE(READ("--limit", "12"));
    CU_ASSERT_TRUE(cli_args_number(&args, "limit", 1, 20, &v, &why) && v == 12);
    CU_ASSERT_TRUE(cli_args_number(&args, "server", 1, 20, &v, &why) &&
                   v == 12); /* not given: stays */
    CU_ASSERT_FALSE(cli_args_number(&args, "limit", 13, 20, &v, &why));
    CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&why), "from 13 to 20"));
    CU_ASSERT_FALSE(cli_parse_number("", 0, 9, &v));
    CU_ASSERT_FALSE(cli_parse_number("1x", 0, 9, &v));
    CU_ASSERT_FALSE(cli_parse_number("-1", 0, 9, &v));
    CU_ASSERT_FALSE(cli_parse_number("18446744073709551616", 0, UINT64_MAX, &v));
    CU_ASSERT_TRUE(cli_parse_number("18446744073709551615", 0, UINT64_MAX, &v) && v == UINT64_MAX);
}

static void times_and_sizes_have_units(void)
{
    static const struct {
        const char *text;
        int64_t ms;
    } times[] = {{"30", 30000},   {"1.5", 1500}, {"500ms", 500}, {"2m", 120000},
                 {"1h", 3600000}, {"0", 0},      {"0.0001s", 1}};
    static const struct {
        const char *text;
        uint64_t bytes;
    } sizes[] = {{"1000", 1000}, {"64MiB", 64 << 20}, {"64m", 64 << 20},
                 {"1.5k", 1536}, {"2MB", 2000000},    {"1G", 1 << 30}};
    static const char *const bad[] = {"",   "s",  "-1",  "1.2.3", "1.",
                                      ".5", "1x", "1 s", "1e3",   "9999999999999999999999"};
    uint64_t bytes;
    int64_t ms;
    size_t i;

    for (i = 0; i < ARRAY_LEN(times); i++)
        CU_ASSERT_TRUE(cli_parse_duration(times[i].text, &ms) && ms == times[i].ms);
    for (i = 0; i < ARRAY_LEN(sizes); i++)
        CU_ASSERT_TRUE(cli_parse_bytes(sizes[i].text, &bytes) && bytes == sizes[i].bytes);
    for (i = 0; i < ARRAY_LEN(bad); i++) {
        CU_ASSERT_FALSE(cli_parse_duration(bad[i], &ms));
        CU_ASSERT_FALSE(cli_parse_bytes(bad[i], &bytes));
    }
}

static void lists_are_cut_at_commas_outside_brackets(void)
{
    struct arena *arena = arena_new(1 << 12);
    size_t n = 0;
    char **v = cli_split(arena, "price:asc,_geoPoint(48.8, 2.3):asc,,id", &n);

    CU_ASSERT_EQUAL_FATAL(n, 4);
    CU_ASSERT_STRING_EQUAL(v[0], "price:asc");
    CU_ASSERT_STRING_EQUAL(v[1], "_geoPoint(48.8, 2.3):asc");
    CU_ASSERT_STRING_EQUAL(v[2], "");
    CU_ASSERT_STRING_EQUAL(v[3], "id");
    arena_free(arena);
}

static void too_many_options_are_refused(void)
{
    const char *argv[CLI_GIVEN_MAX + 2] = {"lode"};
    int i;

    for (i = 1; i < CLI_GIVEN_MAX + 2; i++)
        argv[i] = "--json";
    CU_ASSERT_TRUE(read_line(CLI_GIVEN_MAX + 1, argv));
    CU_ASSERT_FALSE(read_line(CLI_GIVEN_MAX + 2, argv));
}

SUITE(args, setup, teardown, TEST(options_stand_anywhere_and_in_every_form),
      TEST(a_value_may_look_like_an_option_or_be_empty), TEST(behind_two_dashes_all_are_words),
      TEST(bad_options_are_named_with_the_nearest_good_one), TEST(help_is_seen_in_both_forms),
      TEST(numbers_are_whole_and_within_bounds), TEST(times_and_sizes_have_units),
      TEST(lists_are_cut_at_commas_outside_brackets), TEST(too_many_options_are_refused));
