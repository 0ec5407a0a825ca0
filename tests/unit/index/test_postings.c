/* SPDX-License-Identifier: MIT */
/* test_postings.c -- what is a word of a document and what is not; single promises of its lists. */
#include "posting_world.h"

#include "text/text.h"

#include <stdio.h>

/* Rows of a list as "1 5 9", of tile 0. */
static const char *rows_text(enum posting_kind kind, struct bytes key)
{
    static char text[256];
    struct tile rows = {{0}};
    struct postings *p = NULL;
    size_t n = 0;
    uint32_t i;

    text[0] = 0;
    if (postings_open(pw.reader, kind, key, &p, &fx.err) == RC_NOT_FOUND)
        return "none";
    OK(postings_rows(p, 0, &rows, &fx.err));
    for (i = 0; i < TILE_ROWS; i++)
        if (rows.bits[i / 64] >> i % 64 & 1)
            n += (size_t)snprintf(text + n, sizeof text - n, n ? " %u" : "%u", i);
    postings_close(p);
    return text;
}

static const char *word_text(const char *word)
{
    return rows_text(POSTING_WORD, bytes_str(word));
}

static const char *prefix_text(const char *beginning)
{
    return rows_text(POSTING_PREFIX, bytes_str(beginning));
}

static void numbers_booleans_and_nested_values_are_words(void)
{
    world_add(1, "{\"n\":32.5,\"b\":true,\"z\":null,\"o\":{\"p\":[{\"q\":\"Deep\"},{\"q\":7}]}}");
    world_add(2, "{\"n\":[32,1e3],\"b\":[false,true],\"_vectors\":{\"x\":\"hidden\"}}");
    world_flush();
    world_look();
    CU_ASSERT_STRING_EQUAL(word_text("32"), "1 2");
    CU_ASSERT_STRING_EQUAL(word_text("5"), "1");
    CU_ASSERT_STRING_EQUAL(word_text("1e3"), "2");
    CU_ASSERT_STRING_EQUAL(word_text("true"), "1 2");
    CU_ASSERT_STRING_EQUAL(word_text("false"), "2");
    CU_ASSERT_STRING_EQUAL(word_text("null"), "none");
    CU_ASSERT_STRING_EQUAL(word_text("deep"), "1");
    CU_ASSERT_STRING_EQUAL(word_text("Deep"), "none");
    CU_ASSERT_STRING_EQUAL(word_text("7"), "1");
    CU_ASSERT_STRING_EQUAL(word_text("hidden"), "none");
    CU_ASSERT_STRING_EQUAL(prefix_text("3"), "1 2");
    CU_ASSERT_STRING_EQUAL(prefix_text("x"), "none");
}

static void beginnings_stand_for_longer_words(void)
{
    world_add(1, "{\"t\":\"c co cow cows\"}");
    world_add(2, "{\"t\":\"Crow\"}");
    world_add(3, "{\"t\":\"c\"}");
    world_add(4, "{\"t\":\"co\"}");
    world_add(5, "{\"t\":\"cow\"}");
    world_add(6, "{\"t\":\"\xD0\xBF\xD1\x80\xD0\xB8 \xD0\xBF\"}");    /* three letters and one */
    world_add(7, "{\"t\":\"\xD0\xBF\xD0\xBE\"}");                     /* two */
    world_add(8, "{\"t\":\"\xE6\x9D\xB1\xE4\xBA\xAC\xE9\x83\xBD\"}"); /* of pairs */
    world_add(9, "{\"t\":\"\xE6\x9D\xB1\"}");
    world_flush();
    world_look();
    CU_ASSERT_STRING_EQUAL(prefix_text("c"), "1 2 4 5");
    CU_ASSERT_STRING_EQUAL(prefix_text("co"), "1 5");
    CU_ASSERT_STRING_EQUAL(prefix_text("cow"), "1");
    CU_ASSERT_STRING_EQUAL(prefix_text("cows"), "none");
    CU_ASSERT_STRING_EQUAL(prefix_text("cr"), "2");
    CU_ASSERT_STRING_EQUAL(prefix_text("d"), "none");
    CU_ASSERT_STRING_EQUAL(prefix_text("\xD0\xBF"), "6 7");
    CU_ASSERT_STRING_EQUAL(prefix_text("\xD0\xBF\xD1\x80"), "6");
    CU_ASSERT_STRING_EQUAL(prefix_text("\xE6\x9D\xB1"), "8");
    CU_ASSERT_STRING_EQUAL(prefix_text("\xE6\x9D\xB1\xE4\xBA\xAC"), "none");
    /* co, cr and the two that have three letters or more in two, and the pairs' first ones */
    CU_ASSERT_EQUAL(fixture_keys(KEY_POSTING_PREFIX), 5);
}

static void of_very_many_words_the_first_are_looked_at(void)
{
    struct buf json;
    uint32_t i;

    buf_init(&json, BUF_NO_LIMIT);
    (void)buf_str(&json, "{\"t\":\"");
    for (i = 0; i < PREFIX_WORDS_MAX; i++)
        (void)buf_printf(&json, "abc%04u ", i);
    (void)buf_str(&json, "\"}");
    world_add(1, "{\"t\":\"abc5000\"}");
    world_add(2, buf_cstr(&json));
    world_add(3, "{\"t\":\"abc4999\"}");
    buf_done(&json);
    world_flush();
    world_look();
    CU_ASSERT_STRING_EQUAL(prefix_text("abc"), "2 3");
    CU_ASSERT_STRING_EQUAL(prefix_text("abc5"), "1");
    CU_ASSERT_STRING_EQUAL(prefix_text("ab"), "1 2 3"); /* a list knows no limit */
    CU_ASSERT_STRING_EQUAL(prefix_text("a"), "1 2 3");
}

static void only_searched_fields_have_words(void)
{
    world_settings("{\"searchableAttributes\":[\"a\"]}");
    world_add(3, "{\"a\":{\"b\":\"inside\"},\"ab\":\"beside\"}");
    world_flush();
    world_look();
    CU_ASSERT_STRING_EQUAL(word_text("inside"), "3");
    CU_ASSERT_STRING_EQUAL(word_text("beside"), "none");
}

static void positions_end_where_the_limit_is(void)
{
    struct buf json;
    size_t i;

    buf_init(&json, BUF_NO_LIMIT);
    (void)buf_str(&json, "{\"title\":[\"");
    for (i = 0; i < TEXT_POSITION_MAX; i++)
        (void)buf_str(&json, "a ");
    (void)buf_str(&json, "last over\",\"behind\"],\"note\":\"other\"}");
    world_add(9, buf_cstr(&json));
    buf_done(&json);
    world_flush();
    world_look();
    CU_ASSERT_STRING_EQUAL(word_text("last"), "9");
    CU_ASSERT_STRING_EQUAL(word_text("over"), "none");
    CU_ASSERT_STRING_EQUAL(word_text("behind"), "none");
    CU_ASSERT_STRING_EQUAL(word_text("other"), "9");
}

static void damage_in_the_store_is_reported(void)
{
    static struct tile all;
    const struct posting *found;
    struct postings *p = NULL;
    struct key k;
    struct bytes list;
    size_t n;

    memset(&all, 0xff, sizeof all);
    list = posting_key__list(&k, POSTING_WORD, WORDS_NUMBER, B("aa"));
    store_batch_put(pw.batch, posting_key__row(&k, list.n, 3), B("\x01\x05"));
    list = posting_key__list(&k, POSTING_WORD, WORDS_NUMBER, B("bb"));
    /* one row, one occurrence, in field 4 of 4 */
    store_batch_put(pw.batch, posting_key__row(&k, list.n, 3), B("\x23\x80"));
    list = posting_key__list(&k, POSTING_WORD, WORDS_NUMBER, B("cc"));
    /* two chunks with the same row */
    store_batch_put(pw.batch, posting_key__row(&k, list.n, 3), B("\x01\x02\x00\x80\x80"));
    store_batch_put(pw.batch, posting_key__row(&k, list.n, 4), B("\x03\x80"));
    OK(store_commit(fx.store, pw.batch, &fx.err));
    world_look();
    OK(postings_open(pw.reader, POSTING_WORD, B("aa"), &p, &fx.err));
    FAILS(postings_rows(p, 0, &all, &fx.err), RC_CORRUPT, "", "a chunk of postings is damaged");
    postings_close(p);
    OK(postings_open(pw.reader, POSTING_WORD, B("bb"), &p, &fx.err));
    OK(postings_rows(p, 0, &all, &fx.err));
    CU_ASSERT_EQUAL(postings_of(p, 0, &all, &found, &n, &fx.err), RC_CORRUPT);
    postings_close(p);
    OK(postings_open(pw.reader, POSTING_WORD, B("cc"), &p, &fx.err));
    CU_ASSERT_EQUAL(postings_of(p, 0, &all, &found, &n, &fx.err), RC_CORRUPT);
    postings_close(p);
}

static void fields_keep_their_numbers(void)
{
    CU_ASSERT_EQUAL(search_fields__number(pw.fields, B("note")), 3);
    CU_ASSERT_EQUAL(search_fields__number(pw.fields, B("new")), 4);
    CU_ASSERT_EQUAL(search_fields__number(pw.fields, B("new")), 4);
    CU_ASSERT_EQUAL(search_fields__count(pw.fields), 5);
    CU_ASSERT(bytes_eq(search_fields__name(pw.fields, 2), B("deep.name")));
}

SUITE(postings, world_setup, world_teardown, TEST(numbers_booleans_and_nested_values_are_words),
      TEST(beginnings_stand_for_longer_words), TEST(of_very_many_words_the_first_are_looked_at),
      TEST(only_searched_fields_have_words), TEST(positions_end_where_the_limit_is),
      TEST(damage_in_the_store_is_reported), TEST(fields_keep_their_numbers));
