/* SPDX-License-Identifier: MIT */
/* test_posting_chunk.c -- chunks come back as they went in, and damaged ones are refused. */
#include "base/mem.h"
#include "base/rng.h"
#include "index/posting_int.h"
#include "support/suite.h"
#include "text/text.h"

static struct rng rng;
static struct buf chunk, other;
static struct place *places;
static size_t n_places, places_cap;
static struct err err;

static void setup(void)
{
    rng_init(&rng, suite_seed());
    buf_init(&chunk, BUF_NO_LIMIT);
    buf_init(&other, BUF_NO_LIMIT);
    n_places = 0;
}

static void teardown(void)
{
    buf_done(&chunk);
    buf_done(&other);
    xfree(places);
    places = NULL;
    places_cap = 0;
}

static void push(uint32_t row, uint32_t field, uint32_t position)
{
    places = index__grow(places, sizeof *places, n_places + 1, &places_cap);
    places[n_places++] = (struct place){(uint16_t)row, (uint16_t)field, (uint16_t)position};
}

/* A number below one of several limits, so that all lengths of codes come. */
static uint32_t skewed(uint32_t max)
{
    static const uint32_t limits[] = {2, 34, 42, 200, 1000, 20000, 65536};
    uint32_t limit = limits[rng_below(&rng, sizeof limits / sizeof *limits)];

    return (uint32_t)rng_below(&rng, limit < max ? limit : max);
}

/* Rows from `row`, about one in `gap`, up to the end of the tile or n of them. */
static void fill(uint32_t row, uint32_t gap, size_t n, bool occurs)
{
    n_places = 0;
    for (; n && row < TILE_ROWS; n--, row += 1 + (uint32_t)rng_below(&rng, gap)) {
        uint32_t field = skewed(SEARCH_FIELDS_MAX), position = skewed(TEXT_POSITION_MAX + 1);
        size_t k = 1 + rng_below(&rng, 4);

        if (!occurs) {
            push(row, 0, 0);
            continue;
        }
        for (; k; k--) {
            push(row, field, position);
            if (rng_below(&rng, 3) == 0) {
                field += 1 + skewed(200);
                position = skewed(TEXT_POSITION_MAX + 1);
            } else {
                position += 1 + skewed(3000);
            }
            if (field >= SEARCH_FIELDS_MAX || position > TEXT_POSITION_MAX)
                break;
        }
    }
}

/* Reads the chunk back; false: it is damaged. Compares with places if told to. */
static bool read_back(struct bytes bytes, uint32_t first_row, bool compare)
{
    struct tile tile = {{0}};
    struct chunk_view c;
    uint32_t last = 0, row;
    const uint8_t *at;
    bool same = true;
    size_t i = 0;

    if (posting_chunk__open(bytes, first_row, &c, &err) != RC_OK) {
        CU_ASSERT_EQUAL(err.rc, RC_CORRUPT);
        return false;
    }
    at = posting_chunk__rows(&c, &tile, &last);
    for (row = c.first; at && row <= last; row++) {
        struct posting p = {(uint16_t)row, (uint16_t)c.base, at};
        struct occurrence_iter it;
        struct occurrence o = {0, 0};

        if (!(tile.bits[row / 64] >> row % 64 & 1))
            continue;
        if (!c.occurs) {
            same = same && (!compare || places[i].row == row);
            i++;
            continue;
        }
        at = posting_chunk__check_row(at, c.end, c.base, SEARCH_FIELDS_MAX);
        if (!at)
            return false;
        for (occurrences_of(&p, &it); occurrences_next(&it, &o); i++)
            same = same &&
                   (!compare || (i < n_places && places[i].row == row &&
                                 places[i].field == o.field && places[i].position == o.position));
        same = same && it.at == at;
    }
    CU_ASSERT(same);
    if (compare)
        CU_ASSERT(i == n_places);
    return at == c.end;
}

static void what_goes_in_comes_out(void)
{
    static const uint32_t gaps[] = {1, 2, 9, 100, 300, 20000};
    struct chunk_view c;
    size_t round, count;

    for (round = 0; round < 120; round++) {
        bool occurs = rng_below(&rng, 5) > 0;

        fill(skewed(TILE_ROWS), gaps[round % 6], 1 + skewed(round % 10 ? 300 : 30000), occurs);
        buf_clear(&chunk);
        posting_chunk__encode(places, n_places, occurs, &chunk);
        CU_ASSERT_FATAL(read_back(buf_view(&chunk), 3 * TILE_ROWS + places[0].row, true));
        for (count = 1; n_places > 1; n_places--)
            count += places[n_places - 1].row != places[n_places - 2].row;
        CU_ASSERT_EQUAL_FATAL(posting_chunk__open(buf_view(&chunk), places[0].row, &c, &err),
                              RC_OK);
        CU_ASSERT_EQUAL(c.count, count);
    }
}

static void rows_as_numbers_are_rows_as_bits(void)
{
    static uint16_t list[DENSE_ROWS];
    struct tile bits, again;
    struct chunk_view c;
    const uint8_t *behind;
    uint32_t last = 0;
    size_t round, i;

    for (round = 0; round < 60; round++) {
        fill(skewed(TILE_ROWS), round % 2 ? 3 : 2000, 1 + skewed(DENSE_ROWS - 1), round % 3 > 0);
        buf_clear(&chunk);
        posting_chunk__encode(places, n_places, round % 3 > 0, &chunk);
        CU_ASSERT_EQUAL_FATAL(posting_chunk__open(buf_view(&chunk), places[0].row, &c, &err),
                              RC_OK);
        CU_ASSERT_FATAL(!c.dense);
        memset(&bits, 0, sizeof bits);
        memset(&again, 0, sizeof again);
        behind = posting_chunk__rows(&c, &bits, &last);
        CU_ASSERT_PTR_EQUAL_FATAL(posting_chunk__list(&c, list), behind);
        for (i = 0; i < c.count; i++) {
            CU_ASSERT_FATAL(i == 0 || list[i - 1] < list[i]);
            again.bits[list[i] / 64] |= 1ull << list[i] % 64;
        }
        CU_ASSERT_EQUAL(list[c.count - 1], last);
        CU_ASSERT_EQUAL(memcmp(&bits, &again, sizeof bits), 0);
    }
}

/* A distance behind the tile's end, and one that ends with the chunk. */
static void rows_that_leave_the_tile_are_damage(void)
{
    static const uint8_t far[] = {0, 2, 0xFF, 0xFF, 3}, cut[] = {0, 2, 0xFF};
    static uint16_t list[2];
    struct tile bits = {{0}};
    struct chunk_view c;
    uint32_t last;

    CU_ASSERT_EQUAL_FATAL(posting_chunk__open(bytes_of(far, sizeof far), 9, &c, &err), RC_OK);
    CU_ASSERT_PTR_NULL(posting_chunk__list(&c, list));
    CU_ASSERT_PTR_NULL(posting_chunk__rows(&c, &bits, &last));
    CU_ASSERT_EQUAL_FATAL(posting_chunk__open(bytes_of(cut, sizeof cut), 9, &c, &err), RC_OK);
    CU_ASSERT_PTR_NULL(posting_chunk__list(&c, list));
}

static void a_full_tile_and_a_single_row_have_their_forms(void)
{
    uint32_t row;

    for (row = 0; row < TILE_ROWS; row++)
        push(row, 0, 0);
    posting_chunk__encode(places, n_places, true, &chunk);
    CU_ASSERT(chunk.n < DENSE_BYTES + 8 + TILE_ROWS);
    CU_ASSERT(read_back(buf_view(&chunk), 0, true));
    buf_clear(&chunk);
    n_places = 0;
    push(TILE_ROWS - 1, 7, 5);
    posting_chunk__encode(places, n_places, true, &chunk);
    CU_ASSERT_EQUAL(chunk.n, 2);
    CU_ASSERT(read_back(buf_view(&chunk), TILE_ROWS - 1, true));
}

static void the_same_place_twice_counts_once(void)
{
    push(1, 2, 3);
    push(1, 2, 3);
    push(1, 2, 4);
    posting_chunk__encode(places, n_places, true, &chunk);
    places[1] = places[2];
    n_places = 2;
    CU_ASSERT(read_back(buf_view(&chunk), 1, true));
}

static void rows_are_passed_over_by_their_last_bytes(void)
{
    struct tile tile = {{0}};
    struct chunk_view c;
    const uint8_t *at, *walk;
    uint32_t last;
    size_t n;

    fill(0, 3, 500, true);
    posting_chunk__encode(places, n_places, true, &chunk);
    CU_ASSERT_EQUAL_FATAL(posting_chunk__open(buf_view(&chunk), 0, &c, &err), RC_OK);
    at = walk = posting_chunk__rows(&c, &tile, &last);
    for (n = 0; n < c.count; n++) {
        CU_ASSERT_PTR_EQUAL(posting_chunk__skip(at, c.end, n), walk);
        walk = posting_chunk__check_row(walk, c.end, c.base, SEARCH_FIELDS_MAX);
    }
    CU_ASSERT_PTR_EQUAL(posting_chunk__skip(at, c.end, c.count), c.end);
    CU_ASSERT_PTR_NULL(posting_chunk__skip(at, c.end, c.count + 1));
}

static void a_join_is_what_one_chunk_would_have_been(void)
{
    struct bytes parts[8];
    uint32_t firsts[8];
    size_t round, i, from, at, ends[8];

    for (round = 0; round < 60; round++) {
        bool occurs = round % 4 > 0;
        size_t n = 0, to;

        fill(skewed(100), round % 7 ? 30 : 2, 2 + skewed(round % 7 ? 500 : 20000), occurs);
        buf_clear(&chunk);
        for (from = 0; from < n_places; from = to) {
            to = n == 7 ? n_places : from + 1 + rng_below(&rng, n_places - from);
            while (to < n_places && places[to].row == places[to - 1].row)
                to++;
            firsts[n] = 5 * TILE_ROWS + places[from].row;
            posting_chunk__encode(places + from, to - from, occurs, &chunk);
            ends[n++] = chunk.n;
        }
        for (i = 0, at = 0; i < n; at = ends[i++])
            parts[i] = bytes_of(chunk.p + at, ends[i] - at);
        buf_clear(&other);
        CU_ASSERT_EQUAL_FATAL(posting_chunk__join(parts, firsts, n, &other, &err), RC_OK);
        CU_ASSERT(read_back(buf_view(&other), firsts[0], true));
        buf_clear(&chunk);
        posting_chunk__encode(places, n_places, occurs, &chunk);
        CU_ASSERT(bytes_eq(buf_view(&chunk), buf_view(&other)));
    }
}

static void chunks_that_overlap_or_differ_are_not_joined(void)
{
    struct bytes parts[2];
    const uint32_t same[] = {4, 4}, apart[] = {4, TILE_ROWS + 4}, good[] = {4, 9};
    size_t n;

    push(4, 0, 0);
    push(8, 0, 0);
    posting_chunk__encode(places, 2, true, &chunk);
    n = chunk.n;
    posting_chunk__encode(places, 2, false, &chunk);
    parts[0] = parts[1] = bytes_of(chunk.p, n);
    CU_ASSERT_EQUAL(posting_chunk__join(parts, same, 2, &other, &err), RC_CORRUPT);
    CU_ASSERT_EQUAL(posting_chunk__join(parts, apart, 2, &other, &err), RC_CORRUPT);
    CU_ASSERT_EQUAL(posting_chunk__join(parts, good, 2, &other, &err), RC_OK);
    parts[1] = bytes_of(chunk.p + n, chunk.n - n);
    CU_ASSERT_EQUAL(posting_chunk__join(parts, good, 2, &other, &err), RC_CORRUPT);
}

/* Joins and reads a copy that ends where memory does, so that an overrun is seen. */
static enum rc judge(const uint8_t *p, size_t n)
{
    uint8_t *copy = xmalloc(n ? n : 1);
    struct bytes bytes = bytes_of(copy, n);
    const uint32_t first = places[0].row;
    enum rc rc;

    if (n)
        memcpy(copy, p, n);
    buf_clear(&other);
    rc = posting_chunk__join(&bytes, &first, 1, &other, &err);
    CU_ASSERT(rc == RC_OK || rc == RC_CORRUPT);
    CU_ASSERT_EQUAL(read_back(bytes, first, false), rc == RC_OK);
    if (rc == RC_OK) /* damage that still means something means the same once more */
        CU_ASSERT(read_back(buf_view(&other), first, false));
    xfree(copy);
    return rc;
}

static void any_damage_is_refused_or_means_something(void)
{
    size_t round, i, refused = 0;
    unsigned bit, step = suite_step(7);

    for (round = 0; round < 4; round++) {
        bool dense = round == 3;

        fill(skewed(50), dense ? 1 : 200, dense ? DENSE_ROWS : 60, round > 0);
        buf_clear(&chunk);
        posting_chunk__encode(places, n_places, round > 0, &chunk);
        for (i = 0; i < chunk.n; i += dense ? 997 * step : step) {
            CU_ASSERT_EQUAL(judge(chunk.p, i), RC_CORRUPT);
            for (bit = 0; bit < 8; bit++) {
                chunk.p[i] ^= (uint8_t)(1u << bit);
                refused += judge(chunk.p, chunk.n) == RC_CORRUPT;
                chunk.p[i] ^= (uint8_t)(1u << bit);
            }
        }
        (void)buf_byte(&chunk, 0);
        CU_ASSERT_EQUAL(judge(chunk.p, chunk.n), RC_CORRUPT);
    }
    CU_ASSERT(refused > 0);
}

SUITE(posting_chunk, setup, teardown, TEST(what_goes_in_comes_out),
      TEST(rows_as_numbers_are_rows_as_bits), TEST(rows_that_leave_the_tile_are_damage),
      TEST(a_full_tile_and_a_single_row_have_their_forms), TEST(the_same_place_twice_counts_once),
      TEST(rows_are_passed_over_by_their_last_bytes),
      TEST(a_join_is_what_one_chunk_would_have_been),
      TEST(chunks_that_overlap_or_differ_are_not_joined),
      TEST(any_damage_is_refused_or_means_something));
