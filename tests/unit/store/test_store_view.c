/* SPDX-License-Identifier: MIT */
/* test_store_view.c -- what views and cursors promise. */
#include "store_fixture.h"

static void put_all(const char *const *keys)
{
    store_batch_clear(fx.batch);
    for (; *keys; keys++)
        store_batch_put(fx.batch, bytes_str(*keys), B("v"));
    CU_ASSERT_EQUAL_FATAL(store_commit(fx.store, fx.batch, &fx.err), RC_OK);
}

static void a_view_never_sees_later_writes(void)
{
    struct bytes val = {0};

    CU_ASSERT_EQUAL(fixture_put("k", "old"), RC_OK);
    fixture_view();
    CU_ASSERT_EQUAL(fixture_put("k", "new"), RC_OK);
    CU_ASSERT_EQUAL(fixture_put("l", "later"), RC_OK);
    CU_ASSERT_EQUAL(store_view_get(fx.view, B("k"), &val, &fx.err), RC_OK);
    CU_ASSERT(bytes_eq(val, B("old")));
    CU_ASSERT_EQUAL(store_view_get(fx.view, B("l"), &val, &fx.err), RC_NOT_FOUND);
    fixture_cursor("");
    store_cursor_first(fx.cursor);
    CU_ASSERT_STRING_EQUAL(fixture_rest(), "k");
    CU_ASSERT_STRING_EQUAL(fixture_get("k"), "new");
}

static void a_view_outlives_deletion_and_compaction(void)
{
    struct bytes val = {0};

    CU_ASSERT_EQUAL(fixture_put("k", "old"), RC_OK);
    fixture_view();
    CU_ASSERT_EQUAL(fixture_del("k"), RC_OK);
    fixture_compact("a", "z");
    CU_ASSERT_EQUAL(store_view_get(fx.view, B("k"), &val, &fx.err), RC_OK);
    CU_ASSERT(bytes_eq(val, B("old")));
}

static void open_views_are_counted(void)
{
    CU_ASSERT_EQUAL(store_views_open(fx.store), 0);
    fixture_view();
    CU_ASSERT_EQUAL(store_views_open(fx.store), 1);
    store_view_close(fx.view);
    fx.view = NULL;
    store_view_close(NULL);
    CU_ASSERT_EQUAL(store_views_open(fx.store), 0);
}

static void not_found_does_not_touch_the_error(void)
{
    struct bytes val = {0};

    fixture_view();
    fx.err.rc = RC_BUSY;
    CU_ASSERT_EQUAL(store_view_get(fx.view, B("k"), &val, &fx.err), RC_NOT_FOUND);
    CU_ASSERT_EQUAL(fx.err.rc, RC_BUSY);
    CU_ASSERT_PTR_NULL(val.p);
}

static const char *const some[] = {"a", "b1",       "b3",           "b5", "b\xff",
                                   "c", "\xff\xff", "\xff\xff\x01", NULL};

static void a_cursor_stays_within_its_prefix(void)
{
    put_all(some);
    fixture_cursor("b");
    store_cursor_first(fx.cursor);
    CU_ASSERT_STRING_EQUAL(fixture_rest(), "b1 b3 b5 b\xff");
    store_cursor_seek(fx.cursor, B("b3"));
    CU_ASSERT_STRING_EQUAL(fixture_rest(), "b3 b5 b\xff");
    store_cursor_seek(fx.cursor, B("b4"));
    CU_ASSERT_STRING_EQUAL(fixture_rest(), "b5 b\xff");
    store_cursor_seek(fx.cursor, B("a"));
    CU_ASSERT_STRING_EQUAL(fixture_rest(), "b1 b3 b5 b\xff");
    store_cursor_seek(fx.cursor, B("c"));
    CU_ASSERT_STRING_EQUAL(fixture_rest(), "");
}

static void a_prefix_of_all_ones_has_no_successor_and_still_ends(void)
{
    put_all(some);
    fixture_cursor("\xff\xff");
    store_cursor_first(fx.cursor);
    CU_ASSERT_STRING_EQUAL(fixture_rest(), "\xff\xff \xff\xff\x01");
    fixture_cursor("b\xff");
    store_cursor_first(fx.cursor);
    CU_ASSERT_STRING_EQUAL(fixture_rest(), "b\xff");
}

static void an_empty_store_has_nothing_to_stand_on(void)
{
    fixture_cursor("");
    CU_ASSERT_FALSE(store_cursor_valid(fx.cursor));
    store_cursor_first(fx.cursor);
    CU_ASSERT_FALSE(store_cursor_valid(fx.cursor));
    store_cursor_seek(fx.cursor, B("x"));
    CU_ASSERT_FALSE(store_cursor_valid(fx.cursor));
    CU_ASSERT_EQUAL(store_cursor_end(fx.cursor, &fx.err), RC_OK);
}

static void a_sequential_cursor_gives_the_same(void)
{
    struct bytes v;

    put_all(some);
    fixture_view();
    CU_ASSERT_EQUAL_FATAL(store_cursor_open(fx.view, B("b"), true, &fx.cursor, &fx.err), RC_OK);
    store_cursor_first(fx.cursor);
    v = store_cursor_value(fx.cursor);
    CU_ASSERT(bytes_eq(v, B("v")));
    CU_ASSERT_STRING_EQUAL(fixture_rest(), "b1 b3 b5 b\xff");
}

static void a_failed_read_is_reported(void)
{
    struct store_view *view = NULL;
    struct store_cursor *cursor = NULL;
    struct bytes val = {0};

    put_all(some);
    CU_ASSERT_EQUAL(fault_set("store_read=eio", &fx.err), RC_OK);
    CU_ASSERT_EQUAL(store_view_open(fx.store, &view, &fx.err), RC_IO);
    fixture_view();
    CU_ASSERT_EQUAL(fault_set("store_read=eio", &fx.err), RC_OK);
    CU_ASSERT_EQUAL(store_view_get(fx.view, B("a"), &val, &fx.err), RC_IO);
    CU_ASSERT_EQUAL(store_view_get(fx.view, B("a"), &val, &fx.err), RC_OK);
    CU_ASSERT_EQUAL(fault_set("store_read=eio", &fx.err), RC_OK);
    CU_ASSERT_EQUAL(store_cursor_open(fx.view, B("b"), false, &cursor, &fx.err), RC_IO);
    CU_ASSERT_PTR_NULL(cursor);
}

/* However far the walk got, the loop ends quietly and only the end tells. */
static void a_walk_that_fails_anywhere_is_not_taken_for_whole(void)
{
    unsigned n;

    put_all(some);
    for (n = 1; n <= 9; n++) {
        unsigned seen = 0;
        char spec[32];

        fixture_cursor("");
        (void)snprintf(spec, sizeof spec, "store_read=eio@%u", n);
        CU_ASSERT_EQUAL_FATAL(fault_set(spec, &fx.err), RC_OK);
        for (store_cursor_first(fx.cursor); store_cursor_valid(fx.cursor);
             store_cursor_next(fx.cursor))
            seen++;
        CU_ASSERT_EQUAL(seen, n - 1);
        CU_ASSERT_EQUAL(store_cursor_end(fx.cursor, &fx.err), RC_IO);
        store_cursor_first(fx.cursor);
        CU_ASSERT_FALSE(store_cursor_valid(fx.cursor)); /* sticky */
        fault_clear();
    }
}

SUITE(store_view, fixture_setup, fixture_teardown, TEST(a_view_never_sees_later_writes),
      TEST(a_view_outlives_deletion_and_compaction), TEST(open_views_are_counted),
      TEST(not_found_does_not_touch_the_error), TEST(a_cursor_stays_within_its_prefix),
      TEST(a_prefix_of_all_ones_has_no_successor_and_still_ends),
      TEST(an_empty_store_has_nothing_to_stand_on), TEST(a_sequential_cursor_gives_the_same),
      TEST(a_failed_read_is_reported), TEST(a_walk_that_fails_anywhere_is_not_taken_for_whole));
