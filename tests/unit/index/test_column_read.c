/* SPDX-License-Identifier: MIT */
/* test_column_read.c -- columns of a reader: by name, by part, for good and in passing. */
#include "column_given.h"

#include "base/mem.h"
#include "base/rng.h"
#include "index/reader_int.h"

#include <stdio.h>

/* A reader over columns "a" (number 5) and "n" (number 9), whose parts are in the store. */
struct read_fixture {
    struct catalog_view view;
    struct search_state *state;
    struct reader reader;
};

static void read_open(struct read_fixture *f, uint32_t n_rows)
{
    const struct column_ref columns[] = {{B("a"), 5}, {B("n"), 9}};
    struct store_batch *batch = store_batch_new();
    struct rows_edit *e;
    struct key k;
    size_t i;

    *f = (struct read_fixture){.state = search_state__new(given_plan)};
    for (i = 0; i < n_given; i++)
        store_batch_put(
            batch, key_numbered(&k, KEY_COLUMN, given[i].field.p[0] == 'a' ? 5 : 9, given[i].first),
            given[i].part);
    e = rows_edit__new(f->state->rows);
    rows_edit__reach(e, n_rows);
    rows__unref(f->state->rows);
    f->state->rows = rows_edit__finish(e, 1, batch);
    rows_edit__free(e);
    search_state__set_names(f->state, columns, 2, NULL, 0);
    OK(store_commit(fx.store, batch, &fx.err));
    store_batch_free(batch);
    f->view.snapshot = NULL;
    OK(store_view_open(fx.store, &f->view.store_view, &fx.err));
    f->reader = (struct reader){.view = &f->view, .search = f->state};
}

static void read_close(struct read_fixture *f)
{
    reader__close_columns(&f->reader);
    store_view_close(f->view.store_view);
    search_state__unref(f->state);
}

static void columns_are_found_by_name_and_read_by_part(void)
{
    struct column_part *p = NULL, *again = NULL;
    const struct column_value *values, *others;
    struct column *c = NULL, *c2 = NULL;
    struct read_fixture f;

    given_add(1, B("{\"a\":\"x\"}"));
    given_add(2 * PART_ROWS + 7, B("{\"a\":\"y\",\"n\":3}"));
    given_flush();
    read_open(&f, 2 * PART_ROWS + 8);
    CU_ASSERT_EQUAL(reader_n_columns(&f.reader), 2);
    CU_ASSERT(bytes_eq(reader_column_name(&f.reader, 1), B("n")));
    CU_ASSERT_EQUAL(reader_column(&f.reader, B("b"), &c, &fx.err), RC_NOT_FOUND);
    OK(reader_column(&f.reader, B("a"), &c, &fx.err));
    OK(reader_column(&f.reader, B("a"), &c2, &fx.err));
    CU_ASSERT_PTR_EQUAL(c, c2);
    OK(column_part_of(c, 2 * PART_ROWS, &p, &fx.err));
    CU_ASSERT_FATAL(p != NULL);
    CU_ASSERT_EQUAL(p->first, 2 * PART_ROWS);
    OK(column_values(p, &values, &fx.err));
    CU_ASSERT(column__has(p->exists, 7) && bytes_eq(values[0].text, B("y")));
    OK(column_part_of(c, 0, &again, &fx.err));
    CU_ASSERT_FATAL(again != NULL);
    OK(column_values(again, &others, &fx.err));
    CU_ASSERT(bytes_eq(others[0].text, B("x")));
    OK(column_part_of(c, 2 * PART_ROWS + 9, &again, &fx.err));
    CU_ASSERT_PTR_EQUAL(again, p); /* what was read stays */
    OK(column_part_of(c, PART_ROWS, &p, &fx.err));
    CU_ASSERT_PTR_NULL(p);
    OK(column_part_of(c, UINT32_MAX, &p, &fx.err));
    CU_ASSERT_PTR_NULL(p);
    read_close(&f);
}

static void a_damaged_part_is_told_each_time(void)
{
    struct column_part *p = NULL;
    struct column *c = NULL;
    struct read_fixture f;

    given_keep(B("n"), 0, B("\x01\x01"));
    read_open(&f, 10);
    OK(reader_column(&f.reader, B("n"), &c, &fx.err));
    CU_ASSERT_EQUAL(column_part_of(c, 3, &p, &fx.err), RC_CORRUPT);
    CU_ASSERT_EQUAL(column_part_of(c, 3, &p, &fx.err), RC_CORRUPT);
    read_close(&f);
}

/* "x" of the first row in the tile's first part. */
static struct bytes text_at(struct column_part *p)
{
    const struct column_value *values = NULL;

    CU_ASSERT_FATAL(p != NULL);
    OK(column_values(p, &values, &fx.err));
    return values[0].text;
}

static void parts_in_passing_share_the_memory_of_a_tile(void)
{
    struct column_part *first = NULL, *second = NULL, *again = NULL, *kept = NULL;
    struct column *c = NULL;
    struct read_fixture f;

    given_add(1, B("{\"a\":\"one\"}"));
    given_add(PART_ROWS, B("{\"a\":\"two\"}"));
    given_add(TILE_ROWS + 5, B("{\"a\":\"three\"}"));
    given_flush();
    read_open(&f, 2 * TILE_ROWS);
    OK(reader_column(&f.reader, B("a"), &c, &fx.err));
    OK(column_part_now(c, 1, &first, &fx.err));
    CU_ASSERT(bytes_eq(text_at(first), B("one")));
    OK(column_part_now(c, PART_ROWS + 9, &second, &fx.err));
    CU_ASSERT(bytes_eq(text_at(second), B("two")));
    OK(column_part_now(c, 7, &again, &fx.err));
    CU_ASSERT_PTR_EQUAL(again, first); /* parts of one tile are there side by side */
    CU_ASSERT(bytes_eq(text_at(first), B("one")));
    OK(column_part_now(c, TILE_ROWS, &again, &fx.err));
    CU_ASSERT(bytes_eq(text_at(again), B("three")));
    CU_ASSERT_EQUAL(again->first, TILE_ROWS);
    OK(column_part_now(c, TILE_ROWS + PART_ROWS, &again, &fx.err));
    CU_ASSERT_PTR_NULL(again); /* nothing is there; second's memory waits */
    OK(column_part_now(c, PART_ROWS, &again, &fx.err));
    CU_ASSERT(bytes_eq(text_at(again), B("two")));
    OK(column_part_of(c, 0, &kept, &fx.err));
    OK(column_part_now(c, 0, &again, &fx.err));
    CU_ASSERT_PTR_EQUAL(again, kept); /* what stays is not read twice */
    OK(column_part_now(c, UINT32_MAX, &again, &fx.err));
    CU_ASSERT_PTR_NULL(again);
    read_close(&f);
}

static void add_number(uint32_t row, unsigned n)
{
    char json[32];

    (void)snprintf(json, sizeof json, "{\"n\":%u}", n);
    given_add(row, bytes_str(json));
}

/* Some parts are not there; asked for in turn, over and over, forwards and backwards. */
static void parts_in_passing_are_the_same_in_any_order(void)
{
    enum { PARTS = 40, ASKED = 2000 };
    bool there[PARTS] = {false};
    struct column_part *p = NULL;
    struct column *c = NULL;
    struct read_fixture f;
    unsigned i, n = 0;
    struct rng r;

    rng_init(&r, suite_seed());
    for (i = 0; i < PARTS; i++) {
        there[i] = i + 1 == PARTS || rng_below(&r, 2);
        if (there[i])
            add_number(i * PART_ROWS, i);
    }
    given_flush();
    read_open(&f, PARTS * PART_ROWS);
    OK(reader_column(&f.reader, B("n"), &c, &fx.err));
    for (i = 0; n < ASKED; n++, i = rng_below(&r, 8) ? i + 1 : (unsigned)rng_below(&r, PARTS)) {
        double value = 0;

        i %= PARTS;
        OK(column_part_now(c, i * PART_ROWS, &p, &fx.err));
        CU_ASSERT_EQUAL_FATAL(p != NULL, there[i]);
        if (p)
            CU_ASSERT(column_first_number(p, 0, &value) && (unsigned)value == i);
    }
    read_close(&f);
}

static void a_part_that_fails_in_passing_is_asked_for_again(void)
{
    struct column_part *p = NULL;
    struct column *c = NULL;
    struct read_fixture f;

    given_add(3, B("{\"n\":4}"));
    given_flush();
    given_keep(B("n"), TILE_ROWS, B("\x01\x01"));
    read_open(&f, 2 * TILE_ROWS);
    OK(reader_column(&f.reader, B("n"), &c, &fx.err));
    OK(column_part_now(c, 3, &p, &fx.err));
    CU_ASSERT_EQUAL(column_part_now(c, TILE_ROWS, &p, &fx.err), RC_CORRUPT);
    CU_ASSERT_EQUAL(column_part_now(c, TILE_ROWS, &p, &fx.err), RC_CORRUPT);
    CU_ASSERT_PTR_NULL(p);
    OK(column_part_now(c, 3, &p, &fx.err));
    CU_ASSERT_FATAL(p != NULL);
    CU_ASSERT_EQUAL(column_number(p, 0), 4);
    read_close(&f);
}

SUITE(column_read, given_setup, given_teardown, TEST(columns_are_found_by_name_and_read_by_part),
      TEST(a_damaged_part_is_told_each_time), TEST(parts_in_passing_share_the_memory_of_a_tile),
      TEST(parts_in_passing_are_the_same_in_any_order),
      TEST(a_part_that_fails_in_passing_is_asked_for_again));
