/* SPDX-License-Identifier: MIT */
/* test_column_bits.c -- sets of rows and packed numbers as bytes. */
#include "index/column_int.h"
#include "support/suite.h"

#include "base/rng.h"

static struct buf out;

static void setup(void)
{
    buf_init(&out, BUF_NO_LIMIT);
}

static void teardown(void)
{
    buf_done(&out);
}

static void check_set(const uint64_t *set, const uint64_t *guess, size_t most)
{
    uint64_t got[PART_WORDS];
    struct bytes v;

    buf_clear(&out);
    column__put_set(set, guess, &out);
    CU_ASSERT(out.n <= most);
    (void)buf_byte(&out, 0x77);
    v = buf_view(&out);
    CU_ASSERT_FATAL(column__take_set(&v, guess, got));
    CU_ASSERT_EQUAL(memcmp(got, set, sizeof got), 0);
    CU_ASSERT(v.n == 1 && v.p[0] == 0x77);
}

static void sets_come_back_and_are_small(void)
{
    uint64_t set[PART_WORDS] = {0}, guess[PART_WORDS] = {0};
    struct rng r;
    uint32_t i, n;

    rng_init(&r, suite_seed());
    check_set(set, NULL, 1);
    for (n = 0; n < PART_ROWS; n++) {
        column__set(set, n);
        check_set(set, NULL, 3);
    }
    check_set(set, set, 1);
    for (n = 0; n < 300; n++) {
        memset(set, 0, sizeof set);
        memset(guess, 0xFF, sizeof guess);
        for (i = (uint32_t)rng_below(&r, n % 2 ? 20 : 3000); i > 0; i--)
            column__set(set, (uint32_t)rng_below(&r, PART_ROWS));
        check_set(set, NULL, n % 2 ? 43 : 1 + PART_ROWS / 8);
        check_set(set, guess, 1 + PART_ROWS / 8);
    }
}

static void damaged_sets_are_refused(void)
{
    static const struct {
        const char *p;
        size_t n;
    } bad[] = {
        {"", 0},
        {"\x01", 1},                 /* no number */
        {"\x01\x80\x20", 3},         /* 4,097 rows */
        {"\x02\x00", 2},             /* a list that is cut short */
        {"\x02\x00\x80\x20", 4},     /* row 4,096 */
        {"\x02\x01\xff\x1f\x00", 5}, /* a row behind 4,095 */
        {"\x03\xff", 2},             /* bits cut short */
        {"\x04", 1},                 /* no guess is there */
        {"\x05", 1},
    };
    uint64_t set[PART_WORDS];
    size_t i;

    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct bytes v = bytes_of(bad[i].p, bad[i].n);

        CU_ASSERT(!column__take_set(&v, NULL, set));
    }
}

/* Appends the eight bytes that may be read behind packed numbers, and views what is before them. */
static struct bytes with_slack(struct buf *b)
{
    struct bytes v = bytes_of(NULL, b->n);

    (void)buf_append(b, "\0\0\0\0\0\0\0", 8);
    v.p = b->p;
    return v;
}

static void packed_numbers_come_back(void)
{
    uint64_t numbers[300];
    uint32_t got[300];
    struct packed packed;
    struct rng r;
    unsigned width;
    size_t n, i, first;

    rng_init(&r, suite_seed());
    for (width = 0; width <= PACKED_WIDTH_MAX; width++) {
        for (n = 0; n <= 300; n += 1 + n / 3) {
            struct packer packer = {.out = &out, .width = width};
            struct bytes v, less, whole;

            buf_clear(&out);
            for (i = 0; i < n; i++) {
                numbers[i] = width ? rng_next(&r) >> (64 - width) : 0;
                packer__add(&packer, numbers[i]);
            }
            packer__done(&packer);
            CU_ASSERT_EQUAL(out.n, (n * width + 7) / 8);
            v = less = whole = with_slack(&out);
            CU_ASSERT_FATAL(column__take_packed(&v, n, width, &packed));
            CU_ASSERT_EQUAL(v.n, 0);
            for (i = 0; i < n; i++)
                CU_ASSERT_EQUAL(packed_at(packed, i), numbers[i]);
            first = n ? (size_t)rng_below(&r, n) : 0;
            for (column__unpack(packed, first, n - first, got), i = first; i < n; i++)
                CU_ASSERT_EQUAL(got[i - first], (uint32_t)numbers[i]);
            if (less.n) {
                less.n--;
                CU_ASSERT(!column__take_packed(&less, n, width, &packed));
            }
            if (n * width % 8) { /* what pads must be zero */
                out.p[whole.n - 1] |= 0x80;
                CU_ASSERT(!column__take_packed(&whole, n, width, &packed));
            }
        }
    }
    CU_ASSERT(!column__take_packed(&(struct bytes){out.p, 0}, 0, PACKED_WIDTH_MAX + 1, &packed));
    CU_ASSERT(column__width(0) == 0 && column__width(1) == 1 && column__width(255) == 8 &&
              column__width(256) == 9 && column__width(UINT32_MAX) == 32);
}

SUITE(column_bits, setup, teardown, TEST(sets_come_back_and_are_small),
      TEST(damaged_sets_are_refused), TEST(packed_numbers_come_back));
