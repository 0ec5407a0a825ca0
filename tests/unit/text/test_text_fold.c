/* SPDX-License-Identifier: MIT */
/* test_text_fold.c -- whole texts folded: words, facets, numbers, characters. */
#include "support/suite.h"
#include "text/text.h"

static struct buf out;

static void setup(void)
{
    buf_init(&out, BUF_NO_LIMIT);
}

static void teardown(void)
{
    buf_done(&out);
}

static const char *word(const char *text)
{
    buf_clear(&out);
    text_fold(bytes_str(text), &out);
    return buf_cstr(&out);
}

static const char *facet(const char *text)
{
    buf_clear(&out);
    text_facet_fold(bytes_str(text), &out);
    return buf_cstr(&out);
}

static void words_lose_case_and_marks(void)
{
    CU_ASSERT_STRING_EQUAL(word("Crème Brûlée"), "creme brulee");
    CU_ASSERT_STRING_EQUAL(word("ÆŒ ﬂ"), "aeoe fl");
    CU_ASSERT_STRING_EQUAL(word(""), "");
    CU_ASSERT_STRING_EQUAL(word("a\xFFz"), "a\xEF\xBF\xBDz");
}

static void folding_appends(void)
{
    text_fold(B("Ab"), &out);
    text_fold(B("\xCC\x81É"), &out);
    CU_ASSERT_STRING_EQUAL(buf_cstr(&out), "abe");
}

static void facets_keep_marks_and_are_trimmed(void)
{
    CU_ASSERT_STRING_EQUAL(facet("  \t\xC2\xA0 Crème\xE3\x80\x80\n"), "cre\xCC\x80me");
    CU_ASSERT_STRING_EQUAL(facet("É"), "e\xCC\x81");
    CU_ASSERT_STRING_EQUAL(facet("a  B"), "a  b");
    CU_ASSERT_STRING_EQUAL(facet("Æ ’"), "æ ’");
    CU_ASSERT_STRING_EQUAL(facet(" \n "), "");
    CU_ASSERT_STRING_EQUAL(facet("\xA0"), "\xEF\xBF\xBD"); /* half a space is none */
    CU_ASSERT_STRING_EQUAL(facet("q\xCC\x87\xCC\xA3"), "q\xCC\xA3\xCC\x87");
}

static void a_text_of_marks_alone_is_folded_in_linear_time(void)
{
    size_t i;
    struct buf marks;

    buf_init(&marks, BUF_NO_LIMIT);
    for (i = 0; i < 200000; i++)
        (void)buf_str(&marks, i % 2 ? "\xCC\xA3" : "\xCC\x87");
    text_facet_fold(buf_view(&marks), &out);
    CU_ASSERT_EQUAL(out.n, marks.n);
    buf_done(&marks);
}

static void a_full_buffer_is_no_trouble(void)
{
    struct buf small;

    buf_init(&small, 4);
    text_fold(B("ééé and more"), &small);
    CU_ASSERT_FALSE(buf_ok(&small));
    buf_done(&small);
}

static void numbers_are_told_from_words(void)
{
    CU_ASSERT_TRUE(text_is_numeric(B("2024")));
    CU_ASSERT_TRUE(text_is_numeric(B("$1=2")));
    CU_ASSERT_TRUE(text_is_numeric(B("٣½")));
    CU_ASSERT_FALSE(text_is_numeric(B("2nd")));
    CU_ASSERT_FALSE(text_is_numeric(B("1é")));
    CU_ASSERT_FALSE(text_is_numeric(B("1 2")));
    CU_ASSERT_FALSE(text_is_numeric(B("1\xFF")));
    CU_ASSERT_FALSE(text_is_numeric(B("")));
}

static void characters_are_counted_not_bytes(void)
{
    CU_ASSERT_EQUAL(text_chars(B("aé東😀")), 4);
    CU_ASSERT_EQUAL(text_chars_bytes(B("aé東😀"), 0), 0);
    CU_ASSERT_EQUAL(text_chars_bytes(B("aé東😀"), 2), 3);
    CU_ASSERT_EQUAL(text_chars_bytes(B("aé東😀"), 9), 10);
}

SUITE(text_fold, setup, teardown, TEST(words_lose_case_and_marks), TEST(folding_appends),
      TEST(facets_keep_marks_and_are_trimmed), TEST(a_text_of_marks_alone_is_folded_in_linear_time),
      TEST(a_full_buffer_is_no_trouble), TEST(numbers_are_told_from_words),
      TEST(characters_are_counted_not_bytes));
