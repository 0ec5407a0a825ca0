/* SPDX-License-Identifier: MIT */
/* test_bits.c -- bits are counted as one by one, in sets of any density. */
#include "base/bits.h"
#include "base/rng.h"
#include "support/suite.h"

enum { WORDS = 8 * BITS_RUN };

static unsigned one_by_one(uint64_t w)
{
    unsigned n = 0;

    for (; w; w >>= 1)
        n += w & 1;
    return n;
}

static void a_word_has_as_many_as_it_has(void)
{
    struct rng rng;
    unsigned i;

    rng_init(&rng, suite_seed());
    CU_ASSERT_EQUAL(bits_count_word(0), 0);
    CU_ASSERT_EQUAL(bits_count_word(UINT64_MAX), 64);
    for (i = 0; i < 64; i++) {
        uint64_t w = rng_next(&rng) & rng_next(&rng);

        CU_ASSERT_EQUAL(bits_count_word((uint64_t)1 << i), 1);
        CU_ASSERT_EQUAL(bits_count_word(w), one_by_one(w));
    }
}

/* Full ones too: no sum within outgrows its bits. */
static void a_set_has_as_many_as_its_words(void)
{
    uint64_t words[WORDS];
    struct rng rng;
    unsigned round;

    rng_init(&rng, suite_seed());
    for (round = 0; round < 100; round++) {
        unsigned density = round % 5;
        size_t i, n = 0;

        for (i = 0; i < WORDS; i++) {
            words[i] = density == 0   ? 0
                       : density == 1 ? UINT64_MAX
                       : density == 2 ? rng_next(&rng)
                                      : (uint64_t)(rng_below(&rng, density * 10) == 0) << i % 64;
            n += one_by_one(words[i]);
        }
        CU_ASSERT_EQUAL(bits_count(words, WORDS), n);
        CU_ASSERT_EQUAL(bits_count(words, 0), 0);
        CU_ASSERT_EQUAL(bits_any(words, WORDS), n > 0);
    }
}

SUITE(bits, NULL, NULL, TEST(a_word_has_as_many_as_it_has), TEST(a_set_has_as_many_as_its_words));
