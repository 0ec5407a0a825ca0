/* SPDX-License-Identifier: MIT */
/* test_http_text.c -- paths, queries, media types, sizes and dates. */
#include "base/mem.h"
#include "http/http_text.h"
#include "support/suite.h"

static struct arena *arena;

static void setup(void)
{
    arena = arena_new(1 << 20);
}

static void teardown(void)
{
    arena_free(arena);
}

/* "a|b c|" for "/a/b%20c/"; "bad" when it is refused. */
static const char *split(const char *path)
{
    struct bytes segments[HTTP_MAX_SEGMENTS];
    struct err err;
    uint8_t *copy = xmemdup(path, strlen(path)); /* without a NUL: nothing may rely on one */
    char *out = arena_strdup(arena, "");
    size_t n = 0;
    size_t i;

    if (http_path_split(copy, strlen(path), segments, &n, &err) != RC_OK) {
        CU_ASSERT_STRING_EQUAL(err.word, "bad_request");
        out = arena_strdup(arena, "bad");
        n = 0;
    }
    for (i = 0; i < n && i < HTTP_MAX_SEGMENTS; i++)
        out = arena_printf(arena, "%s%.*s|", out, BYTES_ARG(segments[i]));
    xfree(copy);
    return out;
}

static void paths_are_split_then_decoded_once(void)
{
    CU_ASSERT_STRING_EQUAL(split("/"), "");
    CU_ASSERT_STRING_EQUAL(split("/a"), "a|");
    CU_ASSERT_STRING_EQUAL(split("/a/"), "a|");
    CU_ASSERT_STRING_EQUAL(split("/a//"), "a|");
    CU_ASSERT_STRING_EQUAL(split("/a//b"), "a||b|");
    CU_ASSERT_STRING_EQUAL(split("/a/b%20c/d"), "a|b c|d|");
    CU_ASSERT_STRING_EQUAL(split("/%2525"), "%25|");
    CU_ASSERT_STRING_EQUAL(split("/a+b"), "a+b|");
    CU_ASSERT_STRING_EQUAL(split("/%C3%a9"), "\xc3\xa9|");
    CU_ASSERT_STRING_EQUAL(split("/\xc3\xa9"), "\xc3\xa9|");
    CU_ASSERT_STRING_EQUAL(split("/.."), "..|"); /* a name as any other: no files here */
    CU_ASSERT_STRING_EQUAL(split("/%41%"), "bad");
}

static void paths_that_hide_something_are_refused(void)
{
    static const char *const bad[] = {
        "/%",     "/%4",      "/%4g",          "/%g4",       "/a%00b",     "/%2f",
        "/a%2Fb", "/%ff",     "/\xff",         "/%c0%80",    "/%ed%a0%80", "/%f4%90%80%80",
        "/%c3",   "/%c3/%a9", "/%f0%80%80%80", "/%e0%80%80", "/x%80",
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(bad); i++)
        CU_ASSERT_STRING_EQUAL(split(bad[i]), "bad");
}

static void too_deep_paths_are_counted_and_not_stored(void)
{
    struct bytes segments[HTTP_MAX_SEGMENTS];
    uint8_t path[256];
    struct err err;
    size_t n;

    memset(path, '/', sizeof(path));
    path[sizeof(path) - 1] = 'a';
    CU_ASSERT_EQUAL(http_path_split(path, sizeof(path), segments, &n, &err), RC_OK);
    CU_ASSERT_EQUAL(n, sizeof(path) - 1);
}

static const char *query(const char *text)
{
    struct pb_param *params;
    struct err err;
    char *out = arena_strdup(arena, "");
    size_t n;
    size_t i;

    if (http_query_parse(arena, bytes_str(text), &params, &n, &err) != RC_OK)
        return "bad";
    for (i = 0; i < n; i++)
        out = arena_printf(arena, "%s%.*s=%.*s|", out, BYTES_ARG(params[i].name),
                           BYTES_ARG(params[i].value));
    return out;
}

static void queries_are_decoded_once(void)
{
    CU_ASSERT_STRING_EQUAL(query(""), "");
    CU_ASSERT_STRING_EQUAL(query("a=1&b=x+y"), "a=1|b=x y|");
    CU_ASSERT_STRING_EQUAL(query("&&a&b=&=c"), "a=|b=|=c|");
    CU_ASSERT_STRING_EQUAL(query("a=b=c"), "a=b=c|");
    CU_ASSERT_STRING_EQUAL(query("%61=%2F%26%2B"), "a=/&+|");
    CU_ASSERT_STRING_EQUAL(query("a=%2525"), "a=%25|");
    CU_ASSERT_STRING_EQUAL(query("a=%00"), "bad");
    CU_ASSERT_STRING_EQUAL(query("a=%ff"), "bad");
    CU_ASSERT_STRING_EQUAL(query("a=%"), "bad");
    CU_ASSERT_STRING_EQUAL(query("%zz=1"), "bad");
}

static void a_query_over_the_arenas_limit_is_refused(void)
{
    struct arena *small = arena_new(64);
    struct pb_param *params;
    struct err err;
    size_t n;

    CU_ASSERT_EQUAL(http_query_parse(small, B("&&&&&&&&&&&&&&&&&&&&&&&&&&&&"), &params, &n, &err),
                    RC_TOO_LARGE);
    arena_free(small);
}

static void media_types_lose_case_and_parameters(void)
{
    static const struct {
        const char *in, *out; /* out NULL: refused */
        bool json;
    } cases[] = {
        {"application/json", "application/json", true},
        {"Application/JSON; charset=utf-8", "application/json", true},
        {"application/json;charset=utf-8", "application/json", true},
        {"application/json ;", "application/json", true},
        {"application/problem+json", "application/problem+json", true},
        {"text/json", "text/json", true},
        {"text/csv", "text/csv", false},
        {"application/x-ndjson", "application/x-ndjson", false},
        {"application/jsonp", "application/jsonp", false},
        {"application/+json", "application/+json", false},
        {"json/application", "json/application", false},
        {"json", NULL, false},
        {"application", NULL, false},
        {"application/", NULL, false},
        {"/json", NULL, false},
        {"a/b/json", NULL, false},
        {"application/ json", NULL, false},
        {"", NULL, false},
        {"a\x01/json", NULL, false},
    };
    char media[HTTP_MEDIA_MAX];
    char longer[200];
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        bool ok = http_media_type(bytes_str(cases[i].in), media);

        CU_ASSERT_EQUAL(ok, cases[i].out != NULL);
        if (!ok || !cases[i].out)
            continue;
        CU_ASSERT_STRING_EQUAL(media, cases[i].out);
        CU_ASSERT_EQUAL(http_media_is_json(media), cases[i].json);
    }
    memset(longer, 'a', sizeof(longer));
    longer[3] = '/';
    CU_ASSERT_FALSE(http_media_type(bytes_of(longer, sizeof(longer)), media));
}

static void sizes_print_as_people_write_them(void)
{
    static const struct {
        uint64_t n;
        const char *text;
    } cases[] = {
        {0, "0 B"},
        {1, "1 B"},
        {1000, "1 kB"},
        {1024, "1 KiB"},
        {1500, "1.50 kB"},
        {100000000, "100 MB"},
        {10485760, "10 MiB"},
        {1536 * 1024, "1.50 MiB"},
        {UINT64_MAX, "18.44 EB"},
        {1ULL << 63, "8 EiB"},
    };
    char text[HTTP_SIZE_TEXT_MAX];
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++)
        CU_ASSERT_STRING_EQUAL(http_size_text(text, cases[i].n), cases[i].text);
}

static void dates_are_in_the_form_of_http(void)
{
    char text[HTTP_DATE_MAX];

    CU_ASSERT_STRING_EQUAL(http_date_text(text, 0), "Thu, 01 Jan 1970 00:00:00 GMT");
    CU_ASSERT_STRING_EQUAL(http_date_text(text, 784111777LL * 1000000000 + 5),
                           "Sun, 06 Nov 1994 08:49:37 GMT");
    CU_ASSERT_STRING_EQUAL(http_date_text(text, 1709210096LL * 1000000000),
                           "Thu, 29 Feb 2024 12:34:56 GMT");
}

SUITE(http_text, setup, teardown, TEST(paths_are_split_then_decoded_once),
      TEST(paths_that_hide_something_are_refused), TEST(too_deep_paths_are_counted_and_not_stored),
      TEST(queries_are_decoded_once), TEST(a_query_over_the_arenas_limit_is_refused),
      TEST(media_types_lose_case_and_parameters), TEST(sizes_print_as_people_write_them),
      TEST(dates_are_in_the_form_of_http));
