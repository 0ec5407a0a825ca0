/* SPDX-License-Identifier: MIT */
/* test_column_tail.c -- small commits of a column: what is read is what one large one writes. */
#include "column_given.h"

#include "base/mem.h"
#include "base/rng.h"
#include "index/reader_int.h"

enum { NUMBER = 5, ROWS = 2 * PART_ROWS + 700 };

static int64_t n_bytes;

static uint32_t part_of(uint32_t row)
{
    return row / PART_ROWS * PART_ROWS;
}

static void add_row(uint32_t row)
{
    struct buf json;

    buf_init(&json, BUF_NO_LIMIT);
    (void)buf_printf(&json, row % 3 ? "{\"a\":[%u,\"text %u\"]}" : "{\"a\":null}", row % 50,
                     row % 301);
    given_add(row, buf_view(&json));
    buf_done(&json);
}

/* A commit of the rows [from, to); some commits have none of the column. */
static void commit(uint32_t from, uint32_t to, bool none)
{
    struct store_batch *batch = store_batch_new();
    struct store_view *view = NULL;
    struct column_put put = {.batch = batch, .last = part_of(to - 1), .bytes = &n_bytes};
    bool was_touched = false;
    uint32_t row;
    size_t i;

    given_forget();
    for (row = from; row < to && !none; row++)
        add_row(row);
    given_flush();
    OK(store_view_open(fx.store, &view, &fx.err));
    put.view = view;
    for (i = 0; i < n_given; i++) {
        was_touched = was_touched || (from && given[i].first == part_of(from - 1));
        OK(column_tail__put(&put, NUMBER, given[i].first, given[i].part, &fx.err));
    }
    if (from && !was_touched && part_of(from - 1) < put.last)
        OK(column_tail__put(&put, NUMBER, part_of(from - 1), (struct bytes){0}, &fx.err));
    store_view_close(view);
    OK(store_commit(fx.store, batch, &fx.err));
    store_batch_free(batch);
}

/* Keys and bytes that are stored, and whether a part but the last has a tail. */
static void check_stored(uint32_t n_rows, size_t most_keys)
{
    struct store_cursor *c = NULL;
    struct store_view *view = NULL;
    int64_t bytes = 0;
    struct key key;
    size_t n = 0;

    OK(store_view_open(fx.store, &view, &fx.err));
    OK(store_cursor_open(view, key_head(&key, KEY_COLUMN, NUMBER), false, &c, &fx.err));
    for (store_cursor_first(c); store_cursor_valid(c); store_cursor_next(c), n++) {
        uint32_t row = get_u32be(store_cursor_key(c).p + KEY_HEAD);

        CU_ASSERT(row % PART_ROWS == 0 || row == part_of(n_rows - 1) + 1);
        bytes += (int64_t)store_cursor_value(c).n;
    }
    OK(store_cursor_end(c, &fx.err));
    store_cursor_close(c);
    store_view_close(view);
    CU_ASSERT(n <= most_keys);
    CU_ASSERT_EQUAL(bytes, n_bytes);
}

/* The part from `first` on, as a reader of so many rows has it. */
static void read_part(struct store_view *view, uint32_t n_rows, uint32_t first, struct buf *value)
{
    struct bytes stored;
    struct key key;

    buf_clear(value);
    if (first == part_of(n_rows - 1)) {
        OK(column_tail__read(view, NUMBER, first, value, &fx.err));
        return;
    }
    OK(store_view_get(view, key_numbered(&key, KEY_COLUMN, NUMBER, first), &stored, &fx.err));
    (void)buf_bytes(value, stored);
}

static bool in_gap(uint32_t row, uint32_t gap)
{
    return row >= gap && row < gap + 40;
}

/* What a view has is to the byte what is built of the rows in one go, but those of the gap. */
static void check_read(struct store_view *view, uint32_t n_rows, uint32_t gap)
{
    struct buf value;
    uint32_t row;
    size_t i;

    for (row = 0; row < n_rows; row++)
        if (!in_gap(row, gap))
            add_row(row);
    given_flush();
    buf_init(&value, BUF_NO_LIMIT);
    for (i = 0; i < n_given; i++) {
        read_part(view, n_rows, given[i].first, &value);
        CU_ASSERT(bytes_eq(buf_view(&value), given[i].part));
    }
    buf_done(&value);
}

static void commits_of_any_size_read_as_one(void)
{
    struct store_view *view = NULL, *early = NULL;
    uint32_t from, to, gap = 3 * PART_ROWS, n_early = 0;
    struct rng r;

    rng_init(&r, suite_seed());
    n_bytes = 0;
    for (from = 0; from < ROWS; from = to) {
        bool none = from > PART_ROWS + 90 && gap >= 3 * PART_ROWS;

        to = from + 1 + (uint32_t)rng_below(&r, rng_below(&r, 4) ? 30 : 900);
        if (none) {
            gap = from;
            to = from + 40;
        }
        commit(from, to, none);
        check_stored(to, to / PART_ROWS + 2);
        if (from < 300 || rng_below(&r, 20) == 0) {
            OK(store_view_open(fx.store, &view, &fx.err));
            check_read(view, to, gap);
            store_view_close(view);
        }
        if (!early && to > 1000) { /* it goes on to see what it saw, tails and all */
            OK(store_view_open(fx.store, &early, &fx.err));
            n_early = to;
        }
    }
    check_read(early, n_early, gap);
    store_view_close(early);
    OK(store_view_open(fx.store, &view, &fx.err));
    check_read(view, from, gap);
    store_view_close(view);
}

static void a_commit_without_the_column_ends_its_tail(void)
{
    n_bytes = 0;
    commit(0, 10, false);
    check_stored(10, 1);
    CU_ASSERT_EQUAL(fixture_keys(KEY_COLUMN), 1);
    commit(10, PART_ROWS + 1, true);
    check_stored(PART_ROWS + 1, 1); /* the whole part, and nothing of the next */
    CU_ASSERT_EQUAL(fixture_keys(KEY_COLUMN), 1);
}

static void small_commits_write_little(void)
{
    int64_t before, grown;

    n_bytes = 0;
    commit(0, 4000, false);
    before = n_bytes;
    commit(4000, 4001, false);
    grown = n_bytes - before;
    CU_ASSERT(grown > 0 && grown < 100); /* a tail, while the part stays as it is */
    CU_ASSERT_EQUAL(fixture_keys(KEY_COLUMN), 2);
}

static void damage_is_told(void)
{
    struct store_batch *batch = store_batch_new();
    struct column_put put = {.batch = batch, .last = 0, .bytes = &n_bytes};
    struct store_view *view = NULL;
    struct buf value;
    struct key key;

    commit(0, 10, false);
    store_batch_put(batch, key_numbered(&key, KEY_COLUMN, NUMBER, 1), B("\x01"));
    OK(store_commit(fx.store, batch, &fx.err));
    store_batch_clear(batch);
    OK(store_view_open(fx.store, &view, &fx.err));
    put.view = view;
    buf_init(&value, BUF_NO_LIMIT);
    add_row(10);
    given_flush();
    CU_ASSERT_EQUAL(column_tail__put(&put, NUMBER, 0, given[0].part, &fx.err), RC_CORRUPT);
    buf_done(&value);
    store_view_close(view);
    store_batch_free(batch);
}

SUITE(column_tail, given_setup, given_teardown, TEST(commits_of_any_size_read_as_one),
      TEST(a_commit_without_the_column_ends_its_tail), TEST(small_commits_write_little),
      TEST(damage_is_told));
