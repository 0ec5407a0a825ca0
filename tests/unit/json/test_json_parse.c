/* SPDX-License-Identifier: MIT */
/* test_json_parse.c -- what the reader takes, what it refuses, and where it says so. */
#include "base/attr.h"
#include "base/buf.h"
#include "base/mem.h"
#include "support/suite.h"
#include "json/json.h"

#include <stdio.h>

static struct json_parser *parser;
static struct json_value root;
static struct json_error err;

static void setup(void)
{
    parser = json_parser_new();
}

static void teardown(void)
{
    json_parser_free(parser);
    parser = NULL;
}

/* A copy that ends where the heap block ends, so that the sanitizer sees a byte read too far. */
static bool takes(struct bytes text)
{
    uint8_t *copy = xmemdup(text.p, text.n);
    enum rc rc = json_parse(parser, bytes_of(copy, text.n), NULL, &root, &err);

    xfree(copy);
    return rc == RC_OK;
}

static void accepts_what_rfc_8259_allows(void)
{
    static const char *const good[] = {
        "0",
        "-0",
        "1",
        "-1",
        "12",
        "1.5",
        "-0.0",
        "0.0000001",
        "1e5",
        "1E5",
        "1e+5",
        "1e-5",
        "1.25E-10",
        "0e0",
        "0E+00",
        "1e999999",
        "-1e-999999",
        "123456789012345678901234567890",
        "true",
        "false",
        "null",
        "\"\"",
        "\"a\"",
        "[]",
        "{}",
        "[ ]",
        "{ }",
        "[[]]",
        "[{}]",
        " \t\r\n1 \t\r\n",
        "[1,2]",
        "[1 , 2]",
        "{\"a\":1}",
        "{\"a\" : 1 , \"b\":2}",
        "{\"a\":{\"b\":[{}]}}",
        "{\"\":0}",
        "{\"a\":1,\"a\":2}",
        "{\"\\u0000\":1}",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
        "\"\\u0000\"",
        "\"\\u00e9\\uD83D\\uDE00\"",
        "\"\\uD800\\uDC00\"",
        "\"\\uDBFF\\uDFFF\"",
        "\"\\uFFFF\"",
        "\"\x7F\"",
        "\"\xC2\x80\"",
        "\"\xDF\xBF\"",
        "\"\xE0\xA0\x80\"",
        "\"\xED\x9F\xBF\"",
        "\"\xEE\x80\x80\"",
        "\"\xEF\xBF\xBF\"",
        "\"\xF0\x90\x80\x80\"",
        "\"\xF4\x8F\xBF\xBF\"",
        "\"\xE2\x80\xA8\xE2\x80\xA9\"",
        "[1,\n2\n]",
        "[0,0.1,-0.1e1]",
        "[\"a\",null,true,{}]",
        "\"0123456789abcdef0123456789abcdef\"",
        "\"0123456789abcde\xC3\xA9 0123456789abcdef\"",
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(good); i++) {
        if (takes(bytes_str(good[i])))
            continue;
        CU_FAIL("refused");
        printf("refused: %s (%s)\n", good[i], json_code_text(err.code));
    }
}

struct reject {
    struct bytes text;
    enum json_code code;
    unsigned column, line;
};

static void check_rejects(const struct reject *cases, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        const struct reject *c = &cases[i];
        memset(&err, 0, sizeof err);
        if (!takes(c->text) && err.code == c->code && err.column == c->column &&
            err.line == c->line)
            continue;
        CU_FAIL("wrong answer");
        printf("%.*s: got %s at %llu:%llu\n", BYTES_ARG(c->text), json_code_text(err.code),
               (unsigned long long)err.line, (unsigned long long)err.column);
    }
}

#define R_LINE(text, code, column, line)                                                           \
    {                                                                                              \
        {(const uint8_t *)(text), sizeof(text) - 1}, code, column, line                            \
    }
#define R(text, code, column) R_LINE(text, code, column, 1)

/* Codes and columns were worked out from serde_json's rules, see json_parse.c (3). */
static void refuses_broken_structure_in_serde_words(void)
{
    static const struct reject cases[] = {
        R("", JSON_EOF_VALUE, 0),
        R("  ", JSON_EOF_VALUE, 2),
        R("[", JSON_EOF_LIST, 1),
        R("[1", JSON_EOF_LIST, 2),
        R("[1,", JSON_EOF_VALUE, 3),
        R("[1, ", JSON_EOF_VALUE, 4),
        R("[1,]", JSON_TRAILING_COMMA, 4),
        R("[,1]", JSON_EXPECTED_VALUE, 2),
        R("[1 2]", JSON_EXPECTED_LIST_COMMA, 4),
        R("[1}", JSON_EXPECTED_LIST_COMMA, 3),
        R("[1:2]", JSON_EXPECTED_LIST_COMMA, 3),
        R("]", JSON_EXPECTED_VALUE, 1),
        R("}", JSON_EXPECTED_VALUE, 1),
        R("{", JSON_EOF_OBJECT, 1),
        R("{\"a\"", JSON_EOF_OBJECT, 4),
        R("{\"a\":", JSON_EOF_VALUE, 5),
        R("{\"a\":1", JSON_EOF_OBJECT, 6),
        R("{\"a\":1,", JSON_EOF_VALUE, 7),
        R("{\"a\":1,}", JSON_TRAILING_COMMA, 8),
        R("{\"a\":1 \"b\":2}", JSON_EXPECTED_OBJECT_COMMA, 8),
        R("{\"a\":1]", JSON_EXPECTED_OBJECT_COMMA, 7),
        R("{\"a\" 1}", JSON_EXPECTED_COLON, 6),
        R("{\"a\",1}", JSON_EXPECTED_COLON, 5),
        R("{\"a\":}", JSON_EXPECTED_VALUE, 6),
        R("{1:2}", JSON_KEY_NOT_STRING, 2),
        R("{a:1}", JSON_KEY_NOT_STRING, 2),
        R("{'a':1}", JSON_KEY_NOT_STRING, 2),
        R("{,}", JSON_KEY_NOT_STRING, 2),
        R("{\"a\":1,,}", JSON_KEY_NOT_STRING, 8),
        R("{\"a\":1,2:3}", JSON_KEY_NOT_STRING, 8),
        R("{]", JSON_KEY_NOT_STRING, 2),
        R("{\"id\":1,\"name\":\"x\"   ", JSON_EOF_OBJECT, 21),
        R("1 2", JSON_TRAILING_CHARACTERS, 3),
        R("{} x", JSON_TRAILING_CHARACTERS, 4),
        R("[]]", JSON_TRAILING_CHARACTERS, 3),
        R("\"a\"b", JSON_TRAILING_CHARACTERS, 4),
        R("// comment\n1", JSON_EXPECTED_VALUE, 1),
        R("[1 /* c */]", JSON_EXPECTED_LIST_COMMA, 4),
        R("\xEF\xBB\xBF{}", JSON_EXPECTED_VALUE, 1), /* BOM */
        R("\302\2401", JSON_EXPECTED_VALUE, 1),      /* no white space of JSON's */
        R("\0141", JSON_EXPECTED_VALUE, 1),
        R("\0", JSON_EXPECTED_VALUE, 1),
        R("[1]\0", JSON_TRAILING_CHARACTERS, 4),
        R("'a'", JSON_EXPECTED_VALUE, 1),
        R("undefined", JSON_EXPECTED_VALUE, 1),
    };

    check_rejects(cases, ARRAY_LEN(cases));
}

static void refuses_broken_words_and_numbers(void)
{
    static const struct reject cases[] = {
        R("t", JSON_EOF_VALUE, 1),
        R("tru", JSON_EOF_VALUE, 3),
        R("trux", JSON_EXPECTED_IDENT, 4),
        R("nul]", JSON_EXPECTED_IDENT, 4),
        R("[nul", JSON_EOF_VALUE, 4),
        R("falsy", JSON_EXPECTED_IDENT, 5),
        R("nulll", JSON_TRAILING_CHARACTERS, 5),
        R("True", JSON_EXPECTED_VALUE, 1),
        R("NaN", JSON_EXPECTED_VALUE, 1),
        R("Infinity", JSON_EXPECTED_VALUE, 1),
        R("-Infinity", JSON_INVALID_NUMBER, 2),
        R("-", JSON_EOF_VALUE, 1),
        R("-x", JSON_INVALID_NUMBER, 2),
        R("--1", JSON_INVALID_NUMBER, 2),
        R("+1", JSON_EXPECTED_VALUE, 1),
        R(".5", JSON_EXPECTED_VALUE, 1),
        R("01", JSON_INVALID_NUMBER, 2),
        R("-01", JSON_INVALID_NUMBER, 3),
        R("00", JSON_INVALID_NUMBER, 2),
        R("1.", JSON_EOF_VALUE, 2),
        R("1.]", JSON_INVALID_NUMBER, 3),
        R("1.e5", JSON_INVALID_NUMBER, 3),
        R("1e", JSON_EOF_VALUE, 2),
        R("1e+", JSON_EOF_VALUE, 3),
        R("1e+x", JSON_INVALID_NUMBER, 4),
        R("1ee5", JSON_INVALID_NUMBER, 3),
        R("1e5.5", JSON_TRAILING_CHARACTERS, 4),
        R("1.2.3", JSON_TRAILING_CHARACTERS, 4),
        R("0x10", JSON_TRAILING_CHARACTERS, 2),
        R("1_000", JSON_TRAILING_CHARACTERS, 2),
        R("[1,2,3a]", JSON_EXPECTED_LIST_COMMA, 7),
    };

    check_rejects(cases, ARRAY_LEN(cases));
}

static void refuses_broken_strings(void)
{
    static const struct reject cases[] = {
        R("\"", JSON_EOF_STRING, 1),
        R("\"abc", JSON_EOF_STRING, 4),
        R("\"abc\\", JSON_EOF_STRING, 5),
        R("\"\\\"", JSON_EOF_STRING, 3),
        R("\"\\u12", JSON_EOF_STRING, 5),
        R("\"\\u12\"", JSON_EOF_STRING, 6), /* fewer than four bytes are left */
        R("\"\\u12\"   ", JSON_INVALID_ESCAPE, 7),
        R("\"\\u12G4\"", JSON_INVALID_ESCAPE, 7),
        R("\"\\x41\"", JSON_INVALID_ESCAPE, 3),
        R("\"\\U0041\"", JSON_INVALID_ESCAPE, 3),
        R("\"\\a\"", JSON_INVALID_ESCAPE, 3),
        R_LINE("\"\\\n\"", JSON_INVALID_ESCAPE, 0, 2),
        R_LINE("\"a\nb\"", JSON_CONTROL_CHARACTER, 0, 2),
        R("\"a\tb\"", JSON_CONTROL_CHARACTER, 3),
        R("\"a\0b\"", JSON_CONTROL_CHARACTER, 3),
        R("\"\x1F\"", JSON_CONTROL_CHARACTER, 2),
        R("\"\\n\x01\"", JSON_CONTROL_CHARACTER, 4),
        R("\"0123456789abcdef0123456789abcdef\x02\"", JSON_CONTROL_CHARACTER, 34),
        R("\"\\uDC00\"", JSON_LONE_SURROGATE, 7),
        R("\"\\uD800\"", JSON_HEX_ESCAPE_END, 8),
        R("\"\\uD800x\"", JSON_HEX_ESCAPE_END, 8),
        R("\"\\uD800\\n\"", JSON_HEX_ESCAPE_END, 9),
        R("\"\\uD800\\u0041\"", JSON_LONE_SURROGATE, 13),
        R("\"\\uD800\\uD800\"", JSON_LONE_SURROGATE, 13),
        R("\"\\uD800", JSON_EOF_STRING, 7),
        R("\"\\uD800\\", JSON_EOF_STRING, 8),
        R("\"\\uD800\\u", JSON_EOF_STRING, 9),
        R("\"\\uD800\\uDC0", JSON_EOF_STRING, 12),
        R("{\"\\uDEAD\":1}", JSON_LONE_SURROGATE, 8),
        /* Not UTF-8: said at the closing quote, after what is wrong before it. */
        R("\"\x80\"", JSON_INVALID_UNICODE, 3),
        R("\"\xFF\"", JSON_INVALID_UNICODE, 3),
        R("\"\xC0\x80\"", JSON_INVALID_UNICODE, 4),
        R("\"\xC1\xBF\"", JSON_INVALID_UNICODE, 4),
        R("\"\xE0\x9F\xBF\"", JSON_INVALID_UNICODE, 5),
        R("\"\xED\xA0\x80\"", JSON_INVALID_UNICODE, 5), /* a surrogate, coded */
        R("\"\xED\xBF\xBF\"", JSON_INVALID_UNICODE, 5),
        R("\"\xF0\x8F\xBF\xBF\"", JSON_INVALID_UNICODE, 6),
        R("\"\xF4\x90\x80\x80\"", JSON_INVALID_UNICODE, 6),
        R("\"\xF5\x80\x80\x80\"", JSON_INVALID_UNICODE, 6),
        R("\"\xF8\x88\x80\x80\x80\"", JSON_INVALID_UNICODE, 7),
        R("\"\xC3\"", JSON_INVALID_UNICODE, 3),
        R("\"\xE2\x82\"", JSON_INVALID_UNICODE, 4),
        R("\"\xF0\x9F\x98\"", JSON_INVALID_UNICODE, 5),
        R("\"\xC3\xC3\xA9 and more text behind\"", JSON_INVALID_UNICODE, 26),
        R("\"\\n\xC3\"", JSON_INVALID_UNICODE, 5),
        R("\"\xC3\\n\"", JSON_INVALID_UNICODE, 5),
        R("\"\xFF\x01\"", JSON_CONTROL_CHARACTER, 3),
        R("\"\xFF\\q\"", JSON_INVALID_ESCAPE, 4),
        R("\"\xFF", JSON_EOF_STRING, 2),
        R("{\"\xFF\":1}", JSON_INVALID_UNICODE, 4),
        R("\xFF", JSON_EXPECTED_VALUE, 1),
    };

    check_rejects(cases, ARRAY_LEN(cases));
}

static void lines_and_columns_are_counted_as_serde_counts_them(void)
{
    static const struct reject cases[] = {
        R_LINE("{\n  \"a\": 1,\n  \"b\" 2\n}", JSON_EXPECTED_COLON, 7, 3),
        R_LINE("[1,\n2,\n", JSON_EOF_VALUE, 0, 3),
        R_LINE("[1,\r\n2 3]", JSON_EXPECTED_LIST_COMMA, 3, 2),
        R_LINE("[\n\n\n]x", JSON_TRAILING_CHARACTERS, 2, 4),
        R("{\"a\":\"\xC3\xA9\xC3\xA9\"x}", JSON_EXPECTED_OBJECT_COMMA, 12), /* bytes */
        R_LINE("\n\n", JSON_EOF_VALUE, 0, 3),
    };
    char text[JSON_ERROR_TEXT_MAX];
    uint64_t line, column;

    check_rejects(cases, ARRAY_LEN(cases));
    CU_ASSERT_FALSE(takes(B("{\"id\": 1, \"title\": \"x\"")));
    CU_ASSERT_STRING_EQUAL(json_error_text(text, &err),
                           "EOF while parsing an object at line 1 column 22");
    CU_ASSERT_EQUAL(err.offset, 22);
    json_position(B("ab\ncd"), 3, &line, &column);
    CU_ASSERT_EQUAL(line, 2);
    CU_ASSERT_EQUAL(column, 1);
    json_position(B("ab\ncd"), 99, &line, &column);
    CU_ASSERT_EQUAL(column, 2);
}

static void every_word_is_serde_s(void)
{
    int code;

    for (code = JSON_OK; code <= JSON_STOPPED; code++)
        CU_ASSERT_PTR_NOT_NULL(json_code_text((enum json_code)code));
    CU_ASSERT_STRING_EQUAL(json_code_text(JSON_CONTROL_CHARACTER),
                           "control character (\\u0000-\\u001F) found while parsing a string");
    CU_ASSERT_STRING_EQUAL(json_code_text(JSON_EXPECTED_OBJECT_COMMA), "expected `,` or `}`");
    CU_ASSERT_STRING_EQUAL(json_code_text(JSON_TOO_DEEP), "recursion limit exceeded");
    CU_ASSERT_STRING_EQUAL(json_code_text(JSON_INVALID_UNICODE), "invalid unicode code point");
}

/* A sample with every kind of token; no proper beginning of it is JSON. */
static void every_truncation_is_refused(void)
{
    static const char sample[] =
        "{\"id\": 17, \"title\": \"caf\xC3\xA9 \\u00e9 \\uD83D\\uDE00 \xF0\x9F\x98\x80\",\n"
        " \"tags\": [\"a\", \"b\\n\", [], {}, [[1]]], \"price\": -12.5e-3, \"ok\": true,\n"
        " \"no\": false, \"nothing\": null, \"deep\": {\"a\": {\"b\": [1, 2, {\"c\": \"d\"}]}}}";
    size_t n;

    for (n = 0; n < sizeof sample - 1; n++) {
        CU_ASSERT_FALSE(takes(bytes_of(sample, n)));
        CU_ASSERT(err.code >= JSON_EOF_LIST && err.code <= JSON_EOF_VALUE);
        CU_ASSERT_EQUAL(err.offset, n);
    }
    CU_ASSERT(takes(bytes_of(sample, n)));
}

/* Whatever one byte becomes, the answer is an answer: the sanitizers are the witnesses. */
static void any_byte_may_change_without_harm(void)
{
    static const char sample[] = "{\"a\":[1,-2.5e3,\"x\\u00e9\\n\xC3\xA9\",true,null],\"b\":{}}";
    uint8_t text[sizeof sample];
    unsigned taken = 0, refused = 0;
    size_t i, k;

    for (i = 0; i < sizeof sample - 1; i++) {
        for (k = 0; k < 256; k++) {
            memcpy(text, sample, sizeof sample);
            text[i] = (uint8_t)k;
            if (takes(bytes_of(text, sizeof sample - 1)))
                taken++;
            else
                refused++;
        }
    }
    CU_ASSERT(taken > 500);
    CU_ASSERT(refused > 5000);
}

static void depth_is_limited_where_told(void)
{
    struct json_limits limits = {0};
    struct buf b;
    unsigned depth;

    buf_init(&b, BUF_NO_LIMIT);
    for (depth = 1; depth <= 520; depth++) {
        size_t i;

        buf_clear(&b);
        for (i = 0; i < depth; i++)
            (void)buf_str(&b, i % 2 ? "[" : "{\"k\":");
        (void)buf_str(&b, "1");
        for (i = depth; i-- > 0;)
            (void)buf_str(&b, i % 2 ? "]" : "}");
        CU_ASSERT_EQUAL(json_parse(parser, buf_view(&b), NULL, &root, &err) == RC_OK, depth <= 64);
        limits.max_depth = 512;
        CU_ASSERT_EQUAL(json_parse(parser, buf_view(&b), &limits, &root, &err) == RC_OK,
                        depth <= 512);
        limits.max_depth = 1;
        CU_ASSERT_EQUAL(json_parse(parser, buf_view(&b), &limits, &root, &err) == RC_OK,
                        depth <= 1);
    }
    CU_ASSERT_EQUAL(err.code, JSON_TOO_DEEP);
    CU_ASSERT_EQUAL(err.column, 6); /* the second container */
    buf_clear(&b);
    for (depth = 0; depth < 100000; depth++)
        (void)buf_byte(&b, '[');
    CU_ASSERT_FALSE(takes(buf_view(&b)));
    CU_ASSERT_EQUAL(err.code, JSON_TOO_DEEP);
    CU_ASSERT_EQUAL(err.column, 65);
    buf_done(&b);
}

static void sizes_and_counts_are_limited(void)
{
    struct json_limits limits = {.max_bytes = 4};

    CU_ASSERT_EQUAL(json_parse(parser, B("[1]"), &limits, &root, &err), RC_OK);
    CU_ASSERT_EQUAL(json_parse(parser, B("[12]"), &limits, &root, &err), RC_OK);
    CU_ASSERT_EQUAL(json_parse(parser, B("[123]"), &limits, &root, &err), RC_TOO_LARGE);
    CU_ASSERT_EQUAL(err.code, JSON_TOO_LARGE);
    limits = (struct json_limits){.max_values = 4};
    CU_ASSERT_EQUAL(json_parse(parser, B("[1,2,3]"), &limits, &root, &err), RC_OK);
    CU_ASSERT_EQUAL(json_parse(parser, B("[1,2,3,4]"), &limits, &root, &err), RC_TOO_LARGE);
    CU_ASSERT_EQUAL(err.code, JSON_TOO_MANY);
    CU_ASSERT_EQUAL(json_parse(parser, B("{\"a\":1,\"b\":2}"), &limits, &root, &err), RC_TOO_LARGE);
    CU_ASSERT_EQUAL(json_parse(parser, B("[1,2,3"), NULL, &root, NULL), RC_INVALID);
}

static void a_parser_is_good_for_many_texts(void)
{
    struct buf big;
    size_t i;

    buf_init(&big, BUF_NO_LIMIT);
    (void)buf_byte(&big, '[');
    for (i = 0; i < 200000; i++)
        (void)buf_str(&big, i ? ",\"\\u0041x\"" : "0");
    (void)buf_byte(&big, ']');
    for (i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(json_parse(parser, buf_view(&big), NULL, &root, &err), RC_OK);
        CU_ASSERT_EQUAL(json_count(root), 200000);
        CU_ASSERT_FALSE(takes(B("[1,")));
        CU_ASSERT_EQUAL(json_parse(parser, B("[\"\\u0041\",7]"), NULL, &root, &err), RC_OK);
        CU_ASSERT_EQUAL(json_count(root), 2);
    }
    buf_done(&big);
}

SUITE(json_parse, setup, teardown, TEST(accepts_what_rfc_8259_allows),
      TEST(refuses_broken_structure_in_serde_words), TEST(refuses_broken_words_and_numbers),
      TEST(refuses_broken_strings), TEST(lines_and_columns_are_counted_as_serde_counts_them),
      TEST(every_word_is_serde_s), TEST(every_truncation_is_refused),
      TEST(any_byte_may_change_without_harm), TEST(depth_is_limited_where_told),
      TEST(sizes_and_counts_are_limited), TEST(a_parser_is_good_for_many_texts));
