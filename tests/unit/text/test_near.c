/* SPDX-License-Identifier: MIT */
/* test_near.c -- the banded distance against the whole table, and walks over sorted words. */
#include "base/attr.h"
#include "base/rng.h"
#include "support/suite.h"
#include "text/text.h"

#include <stdlib.h>

enum { WORD_MAX = 24 };

/* Optimal string alignment by its definition. */
static unsigned brute(const uint8_t *a, size_t n, const uint8_t *b, size_t m)
{
    unsigned d[WORD_MAX + 1][WORD_MAX + 1];
    size_t i, j;

    for (i = 0; i <= n; i++)
        for (j = 0; j <= m; j++) {
            unsigned best = (unsigned)(i + j);

            if (i && d[i - 1][j] + 1 < best)
                best = d[i - 1][j] + 1;
            if (j && d[i][j - 1] + 1 < best)
                best = d[i][j - 1] + 1;
            if (i && j && d[i - 1][j - 1] + (a[i - 1] != b[j - 1]) < best)
                best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                d[i - 2][j - 2] + 1 < best)
                best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    return d[n][m];
}

static unsigned capped(unsigned d, unsigned max)
{
    return d > max ? max + 1 : d;
}

static unsigned distance(const char *word, const char *other, unsigned max)
{
    struct near *n = near_new(bytes_str(word), max);
    unsigned d;

    for (; *other; other++)
        (void)near_push(n, (uint8_t)*other);
    d = near_distance(n);
    near_free(n);
    return d;
}

static void each_kind_of_slip_counts_one(void)
{
    CU_ASSERT_EQUAL(distance("batman", "batman", 2), 0);
    CU_ASSERT_EQUAL(distance("batman", "badman", 2), 1);
    CU_ASSERT_EQUAL(distance("batman", "batmn", 2), 1);
    CU_ASSERT_EQUAL(distance("batman", "baatman", 2), 1);
    CU_ASSERT_EQUAL(distance("batman", "abtman", 2), 1);
    CU_ASSERT_EQUAL(distance("batman", "abtmna", 2), 2);
    CU_ASSERT_EQUAL(distance("ca", "abc", 2), 3); /* a swap is not edited again */
    CU_ASSERT_EQUAL(distance("", "", 2), 0);
    CU_ASSERT_EQUAL(distance("", "ab", 2), 2);
    CU_ASSERT_EQUAL(distance("ab", "", 1), 2);
    CU_ASSERT_EQUAL(distance("a", "a", 0), 0);
    CU_ASSERT_EQUAL(distance("a", "b", 0), 1);
}

static void characters_count_not_bytes(void)
{
    struct near *n = near_new(B("жук"), 1);

    CU_ASSERT_TRUE(near_push(n, 0x43B));
    CU_ASSERT_TRUE(near_push(n, 0x443));
    CU_ASSERT_TRUE(near_push(n, 0x43A));
    CU_ASSERT_EQUAL(near_distance(n), 1);
    near_free(n);
}

static size_t random_word(struct rng *r, uint8_t *p)
{
    size_t n = rng_below(r, WORD_MAX + 1), i;

    for (i = 0; i < n; i++)
        p[i] = (uint8_t)('a' + rng_below(r, 3));
    return n;
}

/* A word and one made of it by some slips, so that near ones are not rare. */
static size_t slip(struct rng *r, const uint8_t *a, size_t n, uint8_t *b)
{
    unsigned slips = (unsigned)rng_below(r, 4);

    memcpy(b, a, n);
    for (; slips > 0 && n > 1; slips--) {
        size_t at = rng_below(r, n - 1);
        uint8_t c = b[at];

        switch (rng_below(r, 3)) {
        case 0:
            b[at] = (uint8_t)('a' + rng_below(r, 3));
            break;
        case 1:
            memmove(b + at, b + at + 1, n - at - 1);
            n--;
            break;
        default:
            b[at] = b[at + 1];
            b[at + 1] = c;
            break;
        }
    }
    return n;
}

/* Checks every prefix of b: distance, prefix distance, and that `false` is never a lie. */
static void check_pair(const uint8_t *a, size_t n, const uint8_t *b, size_t m, unsigned max)
{
    struct near *near = near_new(bytes_of(a, n), max);
    unsigned best = capped((unsigned)n, max);
    bool possible = true;
    size_t i;

    for (i = 1; i <= m; i++) {
        unsigned want = capped(brute(a, n, b, i), max);

        possible = near_push(near, b[i - 1]) && possible;
        if (want < best)
            best = want;
        if (near_distance(near) != want || near_prefix_distance(near) != best ||
            (!possible && want <= max))
            CU_FAIL_FATAL("differs from the whole table");
    }
    near_free(near);
}

static void agrees_with_the_whole_table(void)
{
    uint8_t a[WORD_MAX], b[WORD_MAX];
    struct rng r;
    unsigned round;

    rng_init(&r, suite_seed());
    for (round = 0; round < 20000; round++) {
        size_t n = random_word(&r, a);
        size_t m = round % 2 ? random_word(&r, b) : slip(&r, a, n, b);

        check_pair(a, n, b, m, (unsigned)rng_below(&r, 3));
    }
    CU_PASS("");
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* A walk that keeps what sorted words share finds what one by one finds. */
static void a_sorted_walk_with_cuts_finds_the_same(void)
{
    static char words[400][WORD_MAX + 1];
    struct near *n = near_new(B("abcabcabc"), 2);
    struct rng r;
    size_t i, k, shared;

    rng_init(&r, suite_seed());
    for (i = 0; i < ARRAY_LEN(words); i++)
        words[i][random_word(&r, (uint8_t *)words[i])] = 0;
    qsort(words, ARRAY_LEN(words), sizeof words[0], compare);
    for (i = 0; i < ARRAY_LEN(words); i++) {
        for (shared = 0; i && words[i][shared] && words[i][shared] == words[i - 1][shared];)
            shared++;
        near_cut(n, shared);
        for (k = shared; words[i][k]; k++)
            (void)near_push(n, (uint8_t)words[i][k]);
        CU_ASSERT_EQUAL(near_distance(n), distance("abcabcabc", words[i], 2));
    }
    near_free(n);
}

static void the_longest_words_work(void)
{
    char word[TEXT_WORD_MAX + 1];
    struct near *n;
    size_t i;

    memset(word, 'x', TEXT_WORD_MAX);
    word[TEXT_WORD_MAX] = 0;
    n = near_new(bytes_str(word), 2);
    for (i = 0; i < TEXT_WORD_MAX + 2; i++)
        CU_ASSERT_TRUE(near_push(n, 'x'));
    CU_ASSERT_EQUAL(near_distance(n), 2);
    for (i = 0; i < 1000; i++)
        CU_ASSERT_FALSE(near_push(n, 'x'));
    CU_ASSERT_EQUAL(near_distance(n), 3);
    CU_ASSERT_EQUAL(near_prefix_distance(n), 0);
    near_cut(n, TEXT_WORD_MAX);
    CU_ASSERT_EQUAL(near_distance(n), 0);
    near_free(n);
}

SUITE(near, NULL, NULL, TEST(each_kind_of_slip_counts_one), TEST(characters_count_not_bytes),
      TEST(agrees_with_the_whole_table), TEST(a_sorted_walk_with_cuts_finds_the_same),
      TEST(the_longest_words_work));
