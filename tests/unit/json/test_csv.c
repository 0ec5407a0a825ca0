/* SPDX-License-Identifier: MIT */
/* test_csv.c -- rows to documents: the same for every split, refusals in the reference's words. */
#include "base/attr.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/rng.h"
#include "support/suite.h"
#include "json/csv.h"
#include "json/json.h"

#include <stdio.h>

static struct csv_opts opts;
static struct buf answer;

static void setup(void)
{
    opts = (struct csv_opts){0};
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

static enum rc feed(struct csv *csv, const uint8_t *p, size_t n, struct err *err)
{
    uint8_t *copy = xmemdup(p, n);
    enum rc rc = csv_feed(csv, bytes_of(copy, n), err);

    xfree(copy);
    return rc;
}

static enum rc run(struct bytes text, size_t a, size_t step)
{
    struct csv *csv = csv_new(&opts, take, &answer);
    struct err err = {0}, again;
    enum rc rc;
    size_t at = a;

    buf_clear(&answer);
    rc = feed(csv, text.p, a, &err);
    while (rc == RC_OK && at < text.n) {
        size_t n = text.n - at < step ? text.n - at : step;

        rc = feed(csv, text.p + at, n, &err);
        at += n;
    }
    if (rc == RC_OK)
        rc = csv_end(csv, &err);
    if (rc != RC_OK) {
        (void)buf_str(&answer, err.msg);
        CU_ASSERT_EQUAL(csv_feed(csv, B("x"), &again), rc);
        CU_ASSERT_STRING_EQUAL(again.msg, err.msg);
    }
    csv_free(csv);
    return rc;
}

static void check_bytes(struct bytes text, const char *want)
{
    size_t a;
    int wrong = 0;

    for (a = 0; a <= text.n && wrong < 3; a++) {
        (void)run(text, a, a % 3 ? text.n + 1 : 1);
        if (bytes_eq(buf_view(&answer), bytes_str(want)))
            continue;
        wrong++;
        CU_FAIL("wrong answer");
        printf("'%.*s' cut at %zu: '%.*s', not '%s'\n", BYTES_ARG(text), a,
               BYTES_ARG(buf_view(&answer)), want);
    }
}

static void check(const char *text, const char *want)
{
    check_bytes(bytes_str(text), want);
}

static void rows_become_documents(void)
{
    check("", "");
    check("id,title\n", "");
    check("id,title", "");
    check("id,title\n1,Carol\n2,Wonder\n",
          "{\"id\":\"1\",\"title\":\"Carol\"}\n{\"id\":\"2\",\"title\":\"Wonder\"}\n");
    check("id,title\n1,Carol", "{\"id\":\"1\",\"title\":\"Carol\"}\n");
    check("a\nx\n\n\n y \n", "{\"a\":\"x\"}\n{\"a\":\" y \"}\n");
    check("a,b\r\n1,2\r\n\r\n3,4\r\n", "{\"a\":\"1\",\"b\":\"2\"}\n{\"a\":\"3\",\"b\":\"4\"}\n");
    check("a,b\r1,2\r3,4", "{\"a\":\"1\",\"b\":\"2\"}\n{\"a\":\"3\",\"b\":\"4\"}\n");
    check("a\n\xC3\xA9\\\t\x01\n", "{\"a\":\"\xC3\xA9\\\\\\t\\u0001\"}\n");
    check("\"a\"\"b\"\n1\n", "{\"a\\\"b\":\"1\"}\n");
}

static void empty_cells_are_null(void)
{
    check("a,b,c\n,,\n", "{\"a\":null,\"b\":null,\"c\":null}\n");
    check("a,b:number,c:boolean\n,,\n\"\", , \n",
          "{\"a\":null,\"b\":null,\"c\":null}\n{\"a\":null,\"b\":null,\"c\":null}\n");
    check("a\n\"\"\n", "{\"a\":null}\n");
    check(",\n1,\n", "{\"\":null}\n"); /* found by fuzz_csv: no text at all in the first row */
}

static void quoting_is_rfc_4180_and_lenient(void)
{
    check("a,b\n\"x,y\",\"say \"\"hi\"\"\"\n", "{\"a\":\"x,y\",\"b\":\"say \\\"hi\\\"\"}\n");
    check("a,b\n\"two\nlines\",\"cr\r\nlf\"\n", "{\"a\":\"two\\nlines\",\"b\":\"cr\\r\\nlf\"}\n");
    check("a\nmid\"dle\n", "{\"a\":\"mid\\\"dle\"}\n");
    check("a\n\"x\"tail\n", "{\"a\":\"xtail\"}\n");
    check("a\n\"x\" \"y\"\n", "{\"a\":\"x \\\"y\\\"\"}\n");
    check("a\n\"open at the end", "{\"a\":\"open at the end\"}\n");
    check("a,b\n\"\"\"\",\"\"\"\"\"\"\n", "{\"a\":\"\\\"\",\"b\":\"\\\"\\\"\"}\n");
}

static void types_stand_behind_the_last_colon(void)
{
    check("n:number,b:boolean,s:string\n1,true,1\n", "{\"n\":1,\"b\":true,\"s\":\"1\"}\n");
    check("a:b:number,c:d,e:Number,:number\n1,2,3,4\n",
          "{\"a:b\":1,\"c:d\":\"2\",\"e:Number\":\"3\",\"\":4}\n");
    check("number\n1\n", "{\"number\":\"1\"}\n");
}

static void numbers_are_integers_where_they_can_be(void)
{
    check("n:number\n"
          "0\n-5\n+7\n007\n 12 \n9223372036854775807\n-9223372036854775808\n-0\n",
          "{\"n\":0}\n{\"n\":-5}\n{\"n\":7}\n{\"n\":7}\n{\"n\":12}\n{\"n\":9223372036854775807}\n"
          "{\"n\":-9223372036854775808}\n{\"n\":0}\n");
    check("n:number\n9223372036854775808\n1.0\n1.5\n1e3\n.5\n5.\n1E-7\n+1.25\n\xC2\xA0"
          "3\xE2\x80\x83\n",
          "{\"n\":9.223372036854776e18}\n{\"n\":1.0}\n{\"n\":1.5}\n{\"n\":1000.0}\n{\"n\":0.5}\n"
          "{\"n\":5.0}\n{\"n\":1e-7}\n{\"n\":1.25}\n{\"n\":3}\n");
    check("n:number\ninf\n-Infinity\nNaN\n1e999\n",
          "{\"n\":null}\n{\"n\":null}\n{\"n\":null}\n{\"n\":null}\n");
}

static void wrong_numbers_are_named(void)
{
    static const char *const bad[] = {"doggo", "1,5",  "1 2",   "--1", "1e",   "e5",      ".",
                                      "+",     "0x10", "1_000", "in",  "nanx", "\xC3\xA9"};
    size_t i;

    check("id:number\ndoggo\n", "Error parsing number \"doggo\" at line 1: invalid float literal");
    check("id:number,t\n1,a\n2,b\n x\"\\,c\n",
          "{\"id\":1,\"t\":\"a\"}\n{\"id\":2,\"t\":\"b\"}\n"
          "Error parsing number \" x\\\"\\\\\" at line 3: invalid float literal");
    for (i = 0; i < ARRAY_LEN(bad); i++) {
        struct buf text;

        buf_init(&text, BUF_NO_LIMIT);
        (void)buf_printf(&text, "n:number\n\"%s\"\n", bad[i]);
        CU_ASSERT_EQUAL(run(buf_view(&text), 0, 100), RC_INVALID);
        buf_done(&text);
    }
}

static void booleans_are_exactly_two_words(void)
{
    check("b:boolean\ntrue\nfalse\n true \n", "{\"b\":true}\n{\"b\":false}\n{\"b\":true}\n");
    check("b:boolean\ndoggo\n",
          "Error parsing boolean \"doggo\" at line 1: provided string was not `true` or `false`");
    check("b:boolean\ntrue\nTrue\n", "{\"b\":true}\nError parsing boolean \"True\" at line 2: "
                                     "provided string was not `true` or `false`");
}

static void a_wrong_width_is_named_with_its_place(void)
{
    check("id,title\n1,2,3\n", "CSV error: record 1 (line: 2, byte: 9): found record with 3 "
                               "fields, but the previous record has 2 fields");
    check("id,titles\r\n1,2\r\n3\r\n",
          "{\"id\":\"1\",\"titles\":\"2\"}\nCSV error: record 2 (line: 3, byte: 16): found record "
          "with 1 fields, but the previous record has 2 fields");
    check("a,b\n\"x\ny\",2\n\n3\n",
          "{\"a\":\"x\\ny\",\"b\":\"2\"}\nCSV error: record 2 (line: 5, byte: 13): found record "
          "with 1 fields, but the previous record has 2 fields");
}

static void other_delimiters_are_taken(void)
{
    opts.delimiter = ';';
    check("a;b,c\n1,5;2\n", "{\"a\":\"1,5\",\"b,c\":\"2\"}\n");
    opts.delimiter = '\t';
    check("a\tb\n1\t\n", "{\"a\":\"1\",\"b\":null}\n");
}

static void a_byte_order_mark_is_passed_over(void)
{
    check("\xEF\xBB\xBF"
          "a\n1\n",
          "{\"a\":\"1\"}\n");
    check("\xEF\xAC\x81"
          "a\n1\n",
          "{\"\xEF\xAC\x81"
          "a\":\"1\"}\n");
    check("\xEF\xBB\xBF", "");
    check("\xEF\xBB",
          "CSV parse error: record 0 (line 1, field: 0, byte: 0): invalid utf-8: invalid UTF-8 in "
          "field 0 near byte index 0");
    check("\xEF\xBB\xBF\xEF\xBB\xBF\n1\n", "{\"\xEF\xBB\xBF\":\"1\"}\n"); /* only the first */
}

static void what_is_not_utf8_is_refused(void)
{
    check("a,b\n1,ok\xFF\n", "CSV parse error: record 1 (line 2, field: 1, byte: 4): invalid "
                             "utf-8: invalid UTF-8 in field 1 near byte index 2");
    check("a\n\xED\xA0\x80\n", "CSV parse error: record 1 (line 2, field: 0, byte: 2): invalid "
                               "utf-8: invalid UTF-8 in field 0 near byte index 0");
}

static void a_name_that_comes_twice_is_one_member(void)
{
    check("a,b,a:number,c\n1,2,3,4\n", "{\"a\":3,\"b\":\"2\",\"c\":\"4\"}\n");
    check("a,a,a\n1,2,3\n", "{\"a\":\"3\"}\n");
}

static void rows_and_documents_are_limited(void)
{
    struct buf text;
    int i;

    opts.max_row_bytes = 20;
    check("a\n0123456789\n", "{\"a\":\"0123456789\"}\n");
    check("a\n01234567890123456789x\n",
          "CSV error: record 1 (line: 2, byte: 2): the record is too large");
    check("a\n\"0123\n567\n9012345678901234567890",
          "CSV error: record 1 (line: 2, byte: 2): the record is too large");
    check("a\n\x01\x01\x01\n", "CSV error: record 1 makes a document over 20 bytes");
    opts.max_row_bytes = 0;
    buf_init(&text, BUF_NO_LIMIT);
    for (i = 0; i < 70000; i++)
        (void)buf_byte(&text, ',');
    (void)buf_byte(&text, '\n');
    CU_ASSERT_EQUAL(run(buf_view(&text), 0, 1000), RC_TOO_LARGE);
    buf_clear(&text);
    (void)buf_str(&text, "a,b\n");
    for (i = 0; i < 70000; i++)
        (void)buf_byte(&text, ',');
    CU_ASSERT_EQUAL(run(buf_view(&text), 0, 1000), RC_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&answer), "found record with 70001 fields"));
    buf_done(&text);
}

static bool stop_at_second(void *arg, struct bytes document)
{
    (void)document;
    return ++*(int *)arg < 2;
}

static void the_callback_can_stop_it(void)
{
    struct err err;
    int n = 0;
    struct csv *csv = csv_new(NULL, stop_at_second, &n);

    CU_ASSERT_EQUAL(csv_feed(csv, B("a\n1\n2\n3\n"), &err), RC_CANCELLED);
    CU_ASSERT_EQUAL(csv_end(csv, &err), RC_CANCELLED);
    CU_ASSERT_EQUAL(n, 2);
    csv_free(csv);
    csv_free(NULL);
}

/* Random cells, quoted where they must be, come back as they were. */
static void any_text_survives_quoting(void)
{
    static const char alphabet[] = "ab,\"\n\r ;\\\t";
    struct json_parser *parser = json_parser_new();
    struct rng r;
    int round;

    rng_init(&r, suite_seed());
    for (round = 0; round < 300; round++) {
        struct buf cell, text;
        struct json_value v, member;
        size_t i, n = 1 + (size_t)rng_below(&r, 30);

        buf_init(&cell, BUF_NO_LIMIT);
        buf_init(&text, BUF_NO_LIMIT);
        (void)buf_str(&text, "a,b\n\"");
        for (i = 0; i < n; i++) {
            uint8_t c = (uint8_t)alphabet[rng_below(&r, sizeof alphabet - 1)];

            (void)buf_byte(&cell, c);
            (void)buf_byte(&text, c);
            if (c == '"')
                (void)buf_byte(&text, c);
        }
        (void)buf_str(&text, "\",z\n");
        CU_ASSERT_EQUAL(run(buf_view(&text), rng_below(&r, text.n), 1 + rng_below(&r, 9)), RC_OK);
        CU_ASSERT_EQUAL_FATAL(json_parse(parser, buf_view(&answer), NULL, &v, NULL), RC_OK);
        CU_ASSERT(json_get(v, B("a"), &member) && bytes_eq(json_string(member), buf_view(&cell)));
        buf_done(&cell);
        buf_done(&text);
    }
    json_parser_free(parser);
}

SUITE(csv, setup, teardown, TEST(rows_become_documents), TEST(empty_cells_are_null),
      TEST(quoting_is_rfc_4180_and_lenient), TEST(types_stand_behind_the_last_colon),
      TEST(numbers_are_integers_where_they_can_be), TEST(wrong_numbers_are_named),
      TEST(booleans_are_exactly_two_words), TEST(a_wrong_width_is_named_with_its_place),
      TEST(other_delimiters_are_taken), TEST(a_byte_order_mark_is_passed_over),
      TEST(what_is_not_utf8_is_refused), TEST(a_name_that_comes_twice_is_one_member),
      TEST(rows_and_documents_are_limited), TEST(the_callback_can_stop_it),
      TEST(any_text_survives_quoting));
