/* SPDX-License-Identifier: MIT */
/* test_pb_hint.c -- which name is proposed for a wrong one. */
#include "pb_fixture.h"

static const char *hint(const char *got, const char *a, const char *b)
{
    const char *const candidates[] = {a, b};
    const char *found = pb_did_you_mean(bytes_str(got), candidates, 2);

    return found ? found : "";
}

static void the_budget_grows_with_the_length_of_what_was_sent(void)
{
    static const struct {
        const char *got;
        const char *candidate;
        bool near;
    } cases[] = {
        {"lim", "limi", false},  /* three bytes: never */
        {"limt", "limit", true}, /* 4: one */
        {"lmt", "limit", false},
        {"limits", "limit", true},
        {"lmits", "limit", false},                                      /* 5: two away */
        {"cropLnth", "cropLength", true},                               /* 8: two */
        {"cropLth", "cropLength", false},                               /* 7: three away */
        {"cropLngthXXX", "cropLength", false},                          /* 12: four away */
        {"highlightPreTXXX", "highlightPreTag", true},                  /* 16: three */
        {"attributesToRetriXX", "attributesToRetrieve", true},          /* 19: three of four */
        {"showRankingScoreDetaXXXXX", "showRankingScoreDetails", true}, /* 25: five */
        {"showRankingScoreDetXXXXXX", "showRankingScoreDetails", false},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++)
        ASSERT_TEXT(hint(cases[i].got, cases[i].candidate, "zzzzzzzzzzzzzzzzzzz"),
                    cases[i].near ? cases[i].candidate : "");
}

static void swapped_letters_are_one_step(void)
{
    ASSERT_TEXT(hint("limti", "limit", "zzz"), "limit");
    ASSERT_TEXT(hint("ilmit", "limit", "zzz"), "limit");
    /* unrestricted: a letter may come between the swapped ones; "ca" to "abc" is two */
    ASSERT_TEXT(hint("xxxxxxca", "xxxxxxabc", "zzz"), "xxxxxxabc");
}

static void the_nearest_wins_and_the_first_of_equals(void)
{
    ASSERT_TEXT(hint("limitxyz", "limitx", "limitxy"), "limitxy");
    ASSERT_TEXT(hint("abcd", "abce", "abcf"), "abce");
    ASSERT_TEXT(hint("abcd", "abcf", "abce"), "abcf");
}

static void letters_are_counted_not_bytes(void)
{
    /* one letter of two bytes away, budget one at five bytes */
    ASSERT_TEXT(hint("limü", "limu", "zzz"), "limu");
}

static void very_long_names_get_no_hint(void)
{
    static char got[100001];

    memset(got, 'l', sizeof(got) - 1);
    ASSERT_TEXT(hint(got, "limit", "l"), "");
    ASSERT_TEXT(hint("\xff\xff\xff\xff\xff", "limit", "l"), "");
}

SUITE(pb_hint, pb_setup, pb_teardown, TEST(the_budget_grows_with_the_length_of_what_was_sent),
      TEST(swapped_letters_are_one_step), TEST(the_nearest_wins_and_the_first_of_equals),
      TEST(letters_are_counted_not_bytes), TEST(very_long_names_get_no_hint));
