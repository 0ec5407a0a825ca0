/* SPDX-License-Identifier: MIT */
/* test_rows.c -- live rows and their documents, against arrays that say the same. */
#include "fixture.h"

#include "base/mem.h"
#include "base/rng.h"
#include "index/rows_int.h"

enum { MODEL_MAX = 3 * TILE_ROWS, NUMBER = 7 };

/* What must be so: by row its document, by document its row. */
struct model {
    bool live[MODEL_MAX];
    uint32_t doc_of[MODEL_MAX], row_of[MODEL_MAX];
    uint32_t next;
    uint64_t n_live;
};

static struct model *model;
static struct rows *rows;
static struct store_view *view;

static void setup(void)
{
    fixture_setup();
    model = xcalloc(1, sizeof *model);
    rows = rows__new();
    view = NULL;
}

static void teardown(void)
{
    store_view_close(view);
    rows__unref(rows);
    xfree(model);
    fixture_teardown();
}

/* ---- changes to both -------------------------------------------------------------------- */

static void add(struct rows_edit *e, uint32_t skip, uint32_t n)
{
    uint32_t i, row;

    for (i = 0; i < n; i++) {
        row = model->next + (i ? 0 : skip);
        CU_ASSERT_FATAL(row < MODEL_MAX);
        rows_edit__add(e, row, row);
        model->live[row] = true;
        model->doc_of[row] = model->row_of[row] = row;
        model->next = row + 1;
        model->n_live++;
    }
}

static void kill_row(struct rows_edit *e, uint32_t row)
{
    rows_edit__kill(e, row);
    model->live[row] = false;
    model->n_live--;
}

static void replace(struct rows_edit *e, uint32_t row)
{
    uint32_t doc = model->doc_of[row], to = model->next;

    kill_row(e, row);
    CU_ASSERT_FATAL(to < MODEL_MAX);
    rows_edit__add(e, to, doc);
    model->live[to] = true;
    model->doc_of[to] = doc;
    model->row_of[doc] = to;
    model->next = to + 1;
    model->n_live++;
}

/* A live row, or MODEL_MAX. */
static uint32_t any_row(struct rng *r)
{
    uint32_t row, i;

    if (model->n_live == 0)
        return MODEL_MAX;
    row = (uint32_t)rng_below(r, model->next);
    for (i = 0; i < model->next && !model->live[row]; i++)
        row = (row + 1) % model->next;
    return row;
}

static void land(struct rows_edit *e)
{
    struct store_batch *batch = store_batch_new();
    struct rows *next = rows_edit__finish(e, NUMBER, batch);

    rows_edit__free(e);
    OK(store_commit(fx.store, batch, &fx.err));
    store_batch_free(batch);
    rows__unref(rows);
    rows = next;
}

/* ---- both are the same ------------------------------------------------------------------- */

static void check(const struct rows *r)
{
    struct tile tile;
    uint32_t i, n_wrong = 0;

    CU_ASSERT_EQUAL_FATAL(rows__next(r), model->next);
    CU_ASSERT_EQUAL(rows__n_live(r), model->n_live);
    CU_ASSERT_EQUAL(rows__n_dead(r), model->next - model->n_live);
    for (i = 0; i < model->next; i++) {
        if (i % TILE_ROWS == 0)
            rows__live(r, i / TILE_ROWS, &tile);
        n_wrong += rows__is_live(r, i) != model->live[i];
        n_wrong += (tile.bits[i % TILE_ROWS / 64] >> i % 64 & 1) != model->live[i];
        if (!model->live[i])
            continue;
        n_wrong += rows__doc_of(r, i) != model->doc_of[i];
        n_wrong += rows__row_of(r, model->doc_of[i]) != i;
    }
    CU_ASSERT_EQUAL_FATAL(n_wrong, 0);
    CU_ASSERT(!rows__is_live(r, model->next));
    rows__live(r, model->next / TILE_ROWS + 1, &tile);
    for (i = 0; i < TILE_WORDS; i++)
        n_wrong += tile.bits[i] != 0;
    CU_ASSERT_EQUAL(n_wrong, 0);
}

/* Asks every tile for what is before `doc`, of all rows that are live. */
static void check_older(const struct rows *r, uint32_t doc)
{
    struct tile older;
    uint32_t row, n_wrong = 0;

    for (row = 0; row < model->next; row++) {
        if (row % TILE_ROWS == 0) {
            rows__live(r, row / TILE_ROWS, &older);
            rows__keep_older(r, row / TILE_ROWS, doc, &older);
        }
        n_wrong += (older.bits[row % TILE_ROWS / 64] >> row % 64 & 1) !=
                   (model->live[row] && model->doc_of[row] < doc);
    }
    CU_ASSERT_EQUAL_FATAL(n_wrong, 0);
}

static enum rc load(uint32_t next, struct rows **ret)
{
    enum rc rc;

    OK(store_view_open(fx.store, &view, &fx.err));
    rc = rows__load(view, NUMBER, next, ret, &fx.err);
    store_view_close(view);
    view = NULL;
    return rc;
}

static void check_loaded(void)
{
    struct rows *loaded = NULL;

    OK(load(model->next, &loaded));
    check(loaded);
    rows__unref(loaded);
}

static void none_at_first(void)
{
    check(rows);
    check_loaded();
    CU_ASSERT_EQUAL(rows__doc_of(rows, 12), 12);
}

static void random_changes_are_kept_and_loaded(void)
{
    struct rng r;
    int round;

    rng_init(&r, suite_seed());
    for (round = 0; round < 60; round++) {
        struct rows_edit *e = rows_edit__new(rows);
        uint32_t n = (uint32_t)rng_below(&r, round % 7 ? 50 : 9000) + (round % 7 ? 0 : 9000), i,
                 row;

        add(e, rng_below(&r, 4) ? 0 : (uint32_t)rng_below(&r, 100), n);
        for (i = (uint32_t)rng_below(&r, round % 5 ? 20 : 800); i > 0; i--) {
            row = any_row(&r);
            if (row == MODEL_MAX)
                break;
            if (rng_below(&r, 2))
                replace(e, row);
            else
                kill_row(e, row);
        }
        land(e);
        if (round % 10 == 9) {
            check(rows);
            check_loaded();
            check_older(rows, (uint32_t)rng_below(&r, model->next + 1));
        }
    }
    CU_ASSERT(model->next > TILE_ROWS); /* more than one tile was in play */
}

static void a_set_never_sees_later_edits(void)
{
    struct rows_edit *e = rows_edit__new(rows);
    struct rows *old;
    struct model *was = xmalloc(sizeof *was);

    add(e, 0, 10000);
    replace(e, 5000);
    land(e);
    old = rows__ref(rows);
    memcpy(was, model, sizeof *was);
    e = rows_edit__new(rows);
    replace(e, 5001);
    kill_row(e, 7);
    add(e, 3, 10);
    land(e);
    check(rows);
    memcpy(model, was, sizeof *was);
    check(old);
    rows__unref(old);
    xfree(was);
}

static void an_edit_given_up_changes_nothing(void)
{
    struct rows_edit *e = rows_edit__new(rows);

    add(e, 0, 100);
    land(e);
    e = rows_edit__new(rows);
    rows_edit__kill(e, 3);
    rows_edit__add(e, 100, 3);
    rows_edit__free(e);
    check(rows);
    check_loaded();
}

static void numbers_without_a_row_are_dead(void)
{
    struct rows_edit *e = rows_edit__new(rows);

    add(e, 0, 3);
    rows_edit__reach(e, TILE_ROWS + 5);
    model->next = TILE_ROWS + 5;
    land(e);
    check(rows);
    check_loaded();
    e = rows_edit__new(rows);
    rows_edit__reach(e, 2); /* was reached long ago */
    add(e, 0, 1);
    land(e);
    check(rows);
    check_loaded();
}

/* Every other row dead: runs would be longer than bits. */
static void scattered_dead_rows_are_kept_as_bits(void)
{
    struct rows_edit *e = rows_edit__new(rows);
    struct bytes value;
    struct key k;
    uint32_t i;

    add(e, 0, TILE_ROWS);
    for (i = 0; i < TILE_ROWS; i += 2)
        kill_row(e, i);
    land(e);
    check_loaded();
    OK(store_view_open(fx.store, &view, &fx.err));
    OK(store_view_get(view, key_numbered(&k, KEY_ROW_DEAD, NUMBER, 0), &value, &fx.err));
    CU_ASSERT_EQUAL(value.n, 1 + TILE_ROWS / 8);
}

/* ---- damage ------------------------------------------------------------------------------ */

static void put(enum key_kind kind, uint32_t number, struct bytes value)
{
    struct store_batch *batch = store_batch_new();
    struct key k;

    store_batch_put(batch, key_numbered(&k, kind, NUMBER, number), value);
    OK(store_commit(fx.store, batch, &fx.err));
    store_batch_free(batch);
}

static void remove_key(enum key_kind kind, uint32_t number)
{
    struct store_batch *batch = store_batch_new();
    struct key k;

    store_batch_del(batch, key_numbered(&k, kind, NUMBER, number));
    OK(store_commit(fx.store, batch, &fx.err));
    store_batch_free(batch);
}

static void refused(enum key_kind kind, uint32_t number, struct bytes value)
{
    struct rows *loaded = NULL;
    enum rc rc;

    put(kind, number, value);
    rc = load(100, &loaded);
    CU_ASSERT_EQUAL(rc, RC_CORRUPT);
    CU_ASSERT_PTR_NULL(loaded);
    remove_key(kind, number);
}

static void damaged_values_are_refused(void)
{
    struct rows *loaded = NULL;

    refused(KEY_ROW_DEAD, 0, B(""));                     /* no kind */
    refused(KEY_ROW_DEAD, 0, B("\x02"));                 /* an unknown one */
    refused(KEY_ROW_DEAD, 0, B("\x00\x05"));             /* half a run */
    refused(KEY_ROW_DEAD, 0, B("\x00\x60\x04"));         /* rows 96 to 100 of 100 */
    refused(KEY_ROW_DEAD, 0, B("\x00\x65\x00"));         /* behind the end */
    refused(KEY_ROW_DEAD, 0, B("\x00\x01\x00\x00\x00")); /* runs that touch */
    refused(KEY_ROW_DEAD, 0, B("\x01xyz"));              /* bits cut short */
    refused(KEY_ROW_DEAD, 1, B("\x00\x00\x00"));         /* a tile without rows */
    refused(KEY_ROW_DOC, 50, B("\x00\x00\x00"));         /* no number */
    refused(KEY_ROW_DOC, 50, B("\x00\x00\x00\x32"));     /* has not moved */
    refused(KEY_ROW_DOC, 100, B("\x00\x00\x00\x01"));    /* behind the end */
    refused(KEY_ROW_DOC, 50, B("\x00\x00\x00\x01"));     /* row 1 is live too */
    put(KEY_ROW_DEAD, 0, B("\x00\x01\x00"));
    put(KEY_ROW_DOC, 50, B("\x00\x00\x00\x01"));
    OK(load(100, &loaded));
    CU_ASSERT_EQUAL(rows__row_of(loaded, 1), 50);
    rows__unref(loaded);
    loaded = NULL;
    refused(KEY_ROW_DOC, 60, B("\x00\x00\x00\x01")); /* a second live row of document 1 */
}

SUITE(rows, setup, teardown, TEST(none_at_first), TEST(random_changes_are_kept_and_loaded),
      TEST(a_set_never_sees_later_edits), TEST(an_edit_given_up_changes_nothing),
      TEST(numbers_without_a_row_are_dead), TEST(scattered_dead_rows_are_kept_as_bits),
      TEST(damaged_values_are_refused));
