/* SPDX-License-Identifier: MIT */
/* test_document_cache.c -- what was read lately: bounded, never another document, never an old one.
 */
#include "fixture.h"

#include "base/mem.h"
#include "base/rng.h"

enum { MAX = 1 << 20, DOC = 500 };

static struct document_cache *cache;
static struct buf out;

static void setup(void)
{
    cache = document_cache__new(MAX);
    buf_init(&out, MAX);
}

static void teardown(void)
{
    document_cache__free(cache);
    buf_done(&out);
}

/* What stands under a key, in these tests: its bytes follow from the key alone. */
static struct bytes content_of(uint32_t blocks, uint32_t row, size_t n)
{
    static uint8_t bytes[MAX];
    struct rng rng;

    rng_init(&rng, (uint64_t)blocks << 32 | row);
    rng_fill(&rng, bytes, n);
    return bytes_of(bytes, n);
}

static void put(uint32_t blocks, uint32_t row, size_t n)
{
    document_cache__put(cache, blocks, row, content_of(blocks, row, n));
}

/* Whether it is there; if so it must be right. */
static bool has(uint32_t blocks, uint32_t row, size_t n)
{
    if (!document_cache__get(cache, blocks, row, &out))
        return false;
    CU_ASSERT(bytes_eq(buf_view(&out), content_of(blocks, row, n)));
    return true;
}

static void what_was_put_is_found_under_its_key_only(void)
{
    (void)buf_str(&out, "from before");
    put(1, 7, 100);
    put(1, 8, 0);
    put(2, 7, 33);
    CU_ASSERT(has(1, 7, 100) && has(1, 8, 0) && has(2, 7, 33));
    CU_ASSERT_FALSE(has(1, 9, 0) || has(3, 7, 0) || has(7, 1, 0));
    document_cache__put(cache, 1, 7, B("what another view read at the same time"));
    CU_ASSERT(has(1, 7, 100));
    document_cache__clear(cache);
    CU_ASSERT_EQUAL(document_cache__bytes(cache), 0);
    CU_ASSERT_FALSE(has(1, 7, 100) || has(1, 8, 0) || has(2, 7, 33));
}

static void an_answer_over_the_readers_limit_is_said(void)
{
    struct buf small;

    buf_init(&small, 99);
    put(1, 7, 100);
    CU_ASSERT(document_cache__get(cache, 1, 7, &small));
    CU_ASSERT_FALSE(buf_ok(&small));
    buf_done(&small);
}

static void the_oldest_goes_when_room_is_needed(void)
{
    uint32_t row, n = 4 * MAX / DOC, here = 0;

    for (row = 0; row < n; row++) {
        put(1, row, DOC);
        CU_ASSERT(document_cache__bytes(cache) <= MAX);
    }
    for (row = 0; row < n; row++)
        here += has(1, row, DOC) ? 1 : 0;
    CU_ASSERT(here * (DOC + 40) < MAX); /* what there is beside the bytes is counted */
    CU_ASSERT(here * DOC > MAX / 5 * 4);
    for (row = 0; row < n / 2; row++)
        CU_ASSERT_FALSE(has(1, row, DOC));
    for (row = n - MAX / DOC / 2; row < n; row++)
        CU_ASSERT(has(1, row, DOC));
}

/* Hundreds of times as many documents pass by as there is room for. */
static void what_is_asked_for_again_outlives_what_is_not(void)
{
    enum { HOT = 200 };
    uint32_t row, i, lost = 0;

    for (row = 0; row < HOT; row++)
        put(1, row, DOC);
    for (i = 0; i < 1000; i++) {
        for (row = 0; row < HOT; row++)
            lost += has(1, row, DOC) ? 0 : 1;
        for (row = 0; row < MAX / DOC / 2; row++)
            put(2, i * (MAX / DOC) + row, DOC);
    }
    CU_ASSERT_EQUAL(lost, 0);
    CU_ASSERT_FALSE(has(2, 0, DOC));
}

static void chances_come_to_an_end(void)
{
    enum { ALL = MAX / DOC / 2 };
    uint32_t row, i, here = 0;

    for (row = 0; row < ALL; row++)
        put(1, row, DOC);
    for (i = 0; i < 50; i++)
        for (row = 0; row < ALL; row++)
            CU_ASSERT(has(1, row, DOC));
    for (row = 0; row < 8 * MAX / DOC; row++)
        put(2, row, DOC);
    for (row = 0; row < ALL; row++)
        here += has(1, row, DOC) ? 1 : 0;
    CU_ASSERT_EQUAL(here, 0);
}

static void one_that_would_push_out_all_others_is_not_kept(void)
{
    put(1, 1, 100);
    put(1, 2, MAX / 8 / 4);
    put(1, 3, MAX);
    CU_ASSERT(has(1, 1, 100));
    CU_ASSERT_FALSE(has(1, 2, MAX / 8 / 4) || has(1, 3, MAX));
    put(1, 4, MAX / 8 / 5);
    CU_ASSERT(has(1, 4, MAX / 8 / 5));
}

/* All sizes and orders: whatever is found is right, and nothing is written where it must not. */
static void nothing_but_the_truth_at_random(void)
{
    size_t sizes[3000];
    uint32_t i, found = 0;
    struct rng rng;

    rng_init(&rng, suite_seed());
    for (i = 0; i < ARRAY_LEN(sizes); i++)
        sizes[i] = rng_below(&rng, 16) ? rng_below(&rng, 2000) : rng_below(&rng, MAX / 8 / 3);
    for (i = 0; i < 200000; i++) {
        uint32_t row = (uint32_t)rng_below(&rng, 1 + rng_below(&rng, ARRAY_LEN(sizes)));

        if (has(row % 3, row, sizes[row]))
            found++;
        else
            put(row % 3, row, sizes[row]);
        if (i % 64 == 0)
            CU_ASSERT(document_cache__bytes(cache) <= MAX);
        if (i == 150000)
            document_cache__clear(cache);
    }
    CU_ASSERT(found > 20000 && found < 199000);
}

static void a_cache_without_room_keeps_nothing(void)
{
    struct document_cache *none = document_cache__new(100);

    document_cache__put(none, 1, 1, B("x"));
    CU_ASSERT_FALSE(document_cache__get(none, 1, 1, &out));
    document_cache__free(none);
    document_cache__free(NULL);
}

SUITE(document_cache, setup, teardown, TEST(what_was_put_is_found_under_its_key_only),
      TEST(an_answer_over_the_readers_limit_is_said), TEST(the_oldest_goes_when_room_is_needed),
      TEST(what_is_asked_for_again_outlives_what_is_not), TEST(chances_come_to_an_end),
      TEST(one_that_would_push_out_all_others_is_not_kept), TEST(nothing_but_the_truth_at_random),
      TEST(a_cache_without_room_keeps_nothing));
