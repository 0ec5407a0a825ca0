/* SPDX-License-Identifier: MIT */
/*
 * test_json_stream.c -- documents out of pieces: the same for every split.
 *
 * check() runs a text whole, byte by byte, and cut in two at every place; the
 * answer is the documents, one a line, and the error's words with its place.
 */
#include "base/attr.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/rng.h"
#include "support/suite.h"
#include "json/json_stream.h"

#include <stdio.h>

static struct json_limits limits;
static struct buf answer;

static void setup(void)
{
    limits = (struct json_limits){0};
    buf_init(&answer, BUF_NO_LIMIT);
}

static void teardown(void)
{
    buf_done(&answer);
}

static bool take(void *arg, struct bytes document)
{
    (void)buf_bytes(arg, document);
    (void)buf_byte(arg, '\n');
    return true;
}

/* One piece, in a heap block of its own size. */
static enum rc feed(struct json_stream *s, const char *p, size_t n, struct json_error *err)
{
    uint8_t *copy = xmemdup(p, n);
    enum rc rc = json_stream_feed(s, bytes_of(copy, n), err);

    xfree(copy);
    return rc;
}

/* Fills `answer` with what text gives when it is cut at a, and then every `step` bytes. */
static void run(enum json_stream_mode mode, struct bytes text, size_t a, size_t step)
{
    struct json_stream *s = json_stream_new(mode, &limits, take, &answer);
    const char *p = (const char *)text.p;
    struct json_error err = {0}, again = {0};
    enum rc rc;
    size_t at = a;

    buf_clear(&answer);
    rc = feed(s, p, a, &err);
    while (rc == RC_OK && at < text.n) {
        size_t n = text.n - at < step ? text.n - at : step;

        rc = feed(s, p + at, n, &err);
        at += n;
    }
    if (rc == RC_OK)
        rc = json_stream_end(s, &err);
    if (rc != RC_OK) {
        char reason[JSON_ERROR_TEXT_MAX];

        (void)buf_str(&answer, json_error_text(reason, &err));
        CU_ASSERT_EQUAL(json_stream_feed(s, B("{}"), &again), rc); /* it stays failed */
        CU_ASSERT_EQUAL(again.offset, err.offset);
    }
    json_stream_free(s);
}

static void check_bytes(enum json_stream_mode mode, struct bytes text, const char *want)
{
    size_t a;
    int wrong = 0;

    for (a = 0; a <= text.n && wrong < 3; a++) {
        run(mode, text, a, text.n + 1);
        if (!bytes_eq(buf_view(&answer), bytes_str(want))) {
            wrong++;
            CU_FAIL("wrong answer");
            printf("'%.*s' cut at %zu: '%.*s', not '%s'\n", BYTES_ARG(text), a,
                   BYTES_ARG(buf_view(&answer)), want);
        }
    }
    run(mode, text, 0, 1);
    CU_ASSERT(bytes_eq(buf_view(&answer), bytes_str(want)));
    run(mode, text, 0, 3);
    CU_ASSERT(bytes_eq(buf_view(&answer), bytes_str(want)));
}

static void check(enum json_stream_mode mode, const char *text, const char *want)
{
    check_bytes(mode, bytes_str(text), want);
}

static void an_array_gives_its_objects(void)
{
    check(JSON_STREAM_ARRAY, "[]", "");
    check(JSON_STREAM_ARRAY, " [ ] ", "");
    check(JSON_STREAM_ARRAY, "[{}]", "{}\n");
    check(JSON_STREAM_ARRAY, "[{\"a\":1},{\"b\":[2,{\"c\":\"]}\\\"\"}]}]",
          "{\"a\":1}\n{\"b\":[2,{\"c\":\"]}\\\"\"}]}\n");
    check(JSON_STREAM_ARRAY, "\n[ {\"a\" : 1} ,\n{ \"b\":\"x y\\u00e9\xC3\xA9\" }\n]\n",
          "{\"a\":1}\n{\"b\":\"x y\\u00e9\xC3\xA9\"}\n");
    check(JSON_STREAM_ARRAY, "[{\"a\":1,\"b\":2,\"a\":3}]", "{\"a\":3,\"b\":2}\n");
    check(JSON_STREAM_ARRAY, "[{\"a\":\"\\\\\"},{\"a\":\"\\\\\\\"\"}]",
          "{\"a\":\"\\\\\"}\n{\"a\":\"\\\\\\\"\"}\n");
}

static void a_single_object_is_one_document(void)
{
    check(JSON_STREAM_ARRAY, " { \"a\" : [ 1 ] } ", "{\"a\":[1]}\n");
    check(JSON_STREAM_ARRAY, "{}", "{}\n");
    check(JSON_STREAM_ARRAY, "{} {}", "{}\ntrailing characters at line 1 column 4");
}

static void lines_may_be_any_whitespace(void)
{
    check(JSON_STREAM_LINES, "", "");
    check(JSON_STREAM_LINES, "\n \r\n", "");
    check(JSON_STREAM_LINES, "{\"a\":1}\n{\"a\":2}\n", "{\"a\":1}\n{\"a\":2}\n");
    check(JSON_STREAM_LINES, "{\"a\":1}{\"a\":2} {\n\"a\"\n:\n3}\t",
          "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n");
    check(JSON_STREAM_LINES, "{\"a\":1}", "{\"a\":1}\n");
}

static void what_is_no_object_is_named_as_such(void)
{
#define NOT_OBJECT "data are neither an object nor a list of objects at line "
    check(JSON_STREAM_ARRAY, "1", NOT_OBJECT "1 column 1");
    check(JSON_STREAM_ARRAY, " \"hello\" ", NOT_OBJECT "1 column 2");
    check(JSON_STREAM_ARRAY, "null", NOT_OBJECT "1 column 1");
    check(JSON_STREAM_ARRAY, "-1.5e3 ", NOT_OBJECT "1 column 1");
    check(JSON_STREAM_ARRAY, "[1]", NOT_OBJECT "1 column 2");
    check(JSON_STREAM_ARRAY, "[{},\n[{}]]", "{}\n" NOT_OBJECT "2 column 1");
    check(JSON_STREAM_ARRAY, "[{}, true ]", "{}\n" NOT_OBJECT "1 column 6");
    check(JSON_STREAM_ARRAY, "[\"a\"]", NOT_OBJECT "1 column 2");
    check(JSON_STREAM_LINES, "{}\n[{}]", "{}\n" NOT_OBJECT "2 column 1");
    check(JSON_STREAM_LINES, "{}\n17", "{}\n" NOT_OBJECT "2 column 1");
}

static void errors_have_their_place_in_the_whole_stream(void)
{
    check(JSON_STREAM_ARRAY, "", "EOF while parsing a value at line 1 column 0");
    check(JSON_STREAM_ARRAY, " \n ", "EOF while parsing a value at line 2 column 1");
    check(JSON_STREAM_ARRAY, "[", "EOF while parsing a list at line 1 column 1");
    check(JSON_STREAM_ARRAY, "[{}", "{}\nEOF while parsing a list at line 1 column 3");
    check(JSON_STREAM_ARRAY, "[{},", "{}\nEOF while parsing a value at line 1 column 4");
    check(JSON_STREAM_ARRAY, "[{},]", "{}\ntrailing comma at line 1 column 5");
    check(JSON_STREAM_ARRAY, "[,{}]", "expected value at line 1 column 2");
    check(JSON_STREAM_ARRAY, "[{}{}]", "{}\nexpected `,` or `]` at line 1 column 4");
    check(JSON_STREAM_ARRAY, "[{}}", "{}\nexpected `,` or `]` at line 1 column 4");
    check(JSON_STREAM_ARRAY, "[}", "expected value at line 1 column 2");
    check(JSON_STREAM_ARRAY, "]", "expected value at line 1 column 1");
    check(JSON_STREAM_ARRAY, "[]x", "trailing characters at line 1 column 3");
    check(JSON_STREAM_ARRAY, "[] []", "trailing characters at line 1 column 4");
    check(JSON_STREAM_ARRAY, "[{\"a\":1},\n {\"b\" 2}]",
          "{\"a\":1}\nexpected `:` at line 2 column 7");
    check(JSON_STREAM_ARRAY, "[{\"a\":1},\n\n{\"b\":\n2",
          "{\"a\":1}\nEOF while parsing an object "
          "at line 4 column 1");
    check(JSON_STREAM_ARRAY, "{\"id\": 1, \"title\": \"x\"",
          "EOF while parsing an object at line 1 column 22");
    check(JSON_STREAM_ARRAY, "[{\"a\":tru},{}]", "expected ident at line 1 column 10");
    check(JSON_STREAM_ARRAY, "[tru,{}]", "expected ident at line 1 column 5");
    check(JSON_STREAM_ARRAY, "[tru", "EOF while parsing a value at line 1 column 4");
    check(JSON_STREAM_ARRAY, "[1.,2]", "invalid number at line 1 column 4");
    check(JSON_STREAM_ARRAY, "[{\"a\":]", "expected value at line 1 column 7");
    check(JSON_STREAM_ARRAY, "[{\"a\":1]", "expected `,` or `}` at line 1 column 8");
    check(JSON_STREAM_ARRAY, "{\"a\":\"x\ny\"}",
          "control character (\\u0000-\\u001F) found while parsing a string at line 2 column 0");
    check(JSON_STREAM_ARRAY, "{\"a\":\"\\ud800\"}",
          "unexpected end of hex escape at line 1 column 13");
    /* Found by fuzz_json: a control character among the four digits. */
    check(JSON_STREAM_ARRAY,
          "{\"a\":\"\\ud\x02\x02"
          "0\"}",
          "invalid escape at line 1 column 12");
    check(JSON_STREAM_LINES, "{\"a\":\"\\u12\"}\n{\"b\":\"x\"}",
          "invalid escape at line 1 column 12");
    check(JSON_STREAM_LINES, "{\"a\":\"x}\n{\"b\":\"y\"}",
          "control character (\\u0000-\\u001F) found while parsing a string at line 2 column 0");
    check(JSON_STREAM_ARRAY, "{\"a\":\"\xC3\"}", "invalid unicode code point at line 1 column 8");
    check(JSON_STREAM_ARRAY, "\xEF\xBB\xBF[]", "expected value at line 1 column 1");
    check(JSON_STREAM_LINES, "{}\n{]\n{}", "{}\nkey must be a string at line 2 column 2");
    check(JSON_STREAM_LINES, "{}\n{\"a\"", "{}\nEOF while parsing an object at line 2 column 4");
    check(JSON_STREAM_LINES, "{},{}", "{}\nexpected value at line 1 column 3");
    check(JSON_STREAM_LINES, "{\"a\":\"", "EOF while parsing a string at line 1 column 6");
    check(JSON_STREAM_LINES, "{\"a\":\"\\", "EOF while parsing a string at line 1 column 7");
    check_bytes(JSON_STREAM_ARRAY, B("[{}\0]"), "{}\nexpected `,` or `]` at line 1 column 4");
}

static void one_document_is_limited_not_the_stream(void)
{
    limits.max_bytes = 9;
    check(JSON_STREAM_ARRAY, "[{\"a\":\"x\"},{\"a\":\"y\"},{\"a\":\"z\"}]",
          "{\"a\":\"x\"}\n{\"a\":\"y\"}\n{\"a\":\"z\"}\n");
    check(JSON_STREAM_ARRAY, "[{\"a\":1},\n{\"a\":\"xy\"},{}]",
          "{\"a\":1}\ndocument too large at line 2 column 0");
    /* Too large goes before broken, whatever of it is seen first. */
    check(JSON_STREAM_ARRAY, "[{\"a\" 1, \"b\": \"cdefghijk\"}]",
          "document too large at line 1 column 1");
    check(JSON_STREAM_LINES, "{\"a\":\"xxxxxxxxxxxxxxxxxxxxx",
          "document too large at line 1 column 0");
    check(JSON_STREAM_LINES, "12345678901234", "document too large at line 1 column 0");
    check(JSON_STREAM_LINES, "123456789 ", NOT_OBJECT "1 column 1");
}

static void depth_is_limited_for_each_document(void)
{
    limits.max_depth = 2;
    check(JSON_STREAM_ARRAY, "[{\"a\":{}},{\"a\":[]}]", "{\"a\":{}}\n{\"a\":[]}\n");
    check(JSON_STREAM_ARRAY, "[{\"a\":[[]]}]", "recursion limit exceeded at line 1 column 8");
    check(JSON_STREAM_ARRAY, "[{\"a\":[[", "recursion limit exceeded at line 1 column 8");
    check(JSON_STREAM_LINES, "[[[[[[[[[[[[[", "recursion limit exceeded at line 1 column 3");
}

static bool stop_at_second(void *arg, struct bytes document)
{
    (void)document;
    return ++*(int *)arg < 2;
}

static void the_callback_can_stop_it(void)
{
    int n = 0;
    struct json_error err;
    struct json_stream *s = json_stream_new(JSON_STREAM_LINES, NULL, stop_at_second, &n);

    CU_ASSERT_EQUAL(json_stream_feed(s, B("{}{} {}"), &err), RC_CANCELLED);
    CU_ASSERT_EQUAL(err.code, JSON_STOPPED);
    CU_ASSERT_EQUAL(n, 2);
    CU_ASSERT_EQUAL(json_stream_end(s, &err), RC_CANCELLED);
    CU_ASSERT_EQUAL(n, 2);
    json_stream_free(s);
    json_stream_free(NULL);
}

static void a_large_document_may_come_in_small_pieces(void)
{
    struct json_stream *s;
    struct json_error err;
    struct rng r;
    struct buf text;
    size_t i, at;

    buf_init(&text, BUF_NO_LIMIT);
    rng_init(&r, suite_seed());
    (void)buf_str(&text, "[{\"list\": [0");
    for (i = 1; i < 50000; i++)
        (void)buf_printf(&text, i % 7 ? ",%zu" : ", \"\\\"%zu]\"", i);
    (void)buf_str(&text, "]},{\"b\":1}]");
    s = json_stream_new(JSON_STREAM_ARRAY, NULL, take, &answer);
    for (at = 0; at < text.n;) {
        size_t n = (size_t)rng_below(&r, 2000) + 1;

        n = n > text.n - at ? text.n - at : n;
        CU_ASSERT_EQUAL_FATAL(json_stream_feed(s, bytes_of(text.p + at, n), &err), RC_OK);
        at += n;
    }
    CU_ASSERT_EQUAL(json_stream_end(s, &err), RC_OK);
    json_stream_free(s);
    CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&answer), "49999]}\n{\"b\":1}\n"));
    buf_done(&text);
}

/* Any damage gives the same answer for every split. */
static void broken_streams_do_not_depend_on_the_split(void)
{
    static const char sample[] =
        "[{\"a\":\"x\\u00e9\xC3\xA9\",\"b\":[1,true]},\n{\"c\":{\"d\":null}}]";
    struct rng r;
    int i;

    limits.max_bytes = 40;
    rng_init(&r, suite_seed());
    for (i = 0; i < 3000; i++) {
        char text[sizeof sample];
        struct bytes b = {(const uint8_t *)text, sizeof sample - 1};
        static const char odd[] = "{}[]\",:\\tf1 \n\x01\xFF";
        struct buf whole;
        size_t k;

        memcpy(text, sample, sizeof sample);
        for (k = 0; k < 1 + (size_t)i % 3; k++)
            text[rng_below(&r, b.n)] = odd[rng_below(&r, sizeof odd - 1)];
        run(i % 5 ? JSON_STREAM_ARRAY : JSON_STREAM_LINES, b, 0, b.n);
        buf_init(&whole, BUF_NO_LIMIT);
        (void)buf_bytes(&whole, buf_view(&answer));
        for (k = 1; k < 12; k++) {
            run(i % 5 ? JSON_STREAM_ARRAY : JSON_STREAM_LINES, b, rng_below(&r, b.n), k);
            if (bytes_eq(buf_view(&answer), buf_view(&whole)))
                continue;
            CU_FAIL("depends on the split");
            printf("%.*s\n: %.*s\n: %.*s\n", BYTES_ARG(b), BYTES_ARG(buf_view(&whole)),
                   BYTES_ARG(buf_view(&answer)));
        }
        buf_done(&whole);
    }
}

SUITE(json_stream, setup, teardown, TEST(an_array_gives_its_objects),
      TEST(a_single_object_is_one_document), TEST(lines_may_be_any_whitespace),
      TEST(what_is_no_object_is_named_as_such), TEST(errors_have_their_place_in_the_whole_stream),
      TEST(one_document_is_limited_not_the_stream), TEST(depth_is_limited_for_each_document),
      TEST(the_callback_can_stop_it), TEST(a_large_document_may_come_in_small_pieces),
      TEST(broken_streams_do_not_depend_on_the_split));
