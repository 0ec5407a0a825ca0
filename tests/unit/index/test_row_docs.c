/* SPDX-License-Identifier: MIT */
/* test_row_docs.c -- documents in their order, against a plain table of who is where. */
#include "fixture.h"

#include "index/row_docs.h"

#include "base/mem.h"
#include "base/rng.h"

enum { NUMBERS = 3 * PART_ROWS + 100, NOWHERE = -1 };

/* By document number: its row, or NOWHERE. By row: the document, or NOWHERE if it is dead. */
struct world {
    struct rng rng;
    int row_of[NUMBERS], doc_at[NUMBERS];
    int next;
    struct rows *rows;
};

static struct world w;

static void setup(void)
{
    rng_init(&w.rng, suite_seed());
    memset(w.row_of, 0xFF, sizeof w.row_of);
    memset(w.doc_at, 0xFF, sizeof w.doc_at);
    w.next = 0;
    w.rows = rows__new();
}

static void teardown(void)
{
    rows__unref(w.rows);
}

static void step(int n, unsigned replace, unsigned drop)
{
    struct rows_edit *edit = rows_edit__new(w.rows);
    struct store_batch *batch = store_batch_new();
    struct rows *old = w.rows;

    for (; n > 0 && (drop == 100 || w.next < NUMBERS); n--) {
        int doc = w.next ? (int)rng_below(&w.rng, (uint64_t)w.next) : 0;
        bool there = w.next && w.row_of[doc] != NOWHERE, kill = rng_below(&w.rng, 100) < drop;
        bool move = !kill && rng_below(&w.rng, 100) < replace;

        if (there && (kill || move)) {
            rows_edit__kill(edit, (uint32_t)w.row_of[doc]);
            w.doc_at[w.row_of[doc]] = NOWHERE;
            w.row_of[doc] = NOWHERE;
        }
        if (kill)
            continue;
        if (!there || !move)
            doc = w.next;
        rows_edit__add(edit, (uint32_t)w.next, (uint32_t)doc);
        w.row_of[doc] = w.next;
        w.doc_at[w.next++] = doc;
    }
    w.rows = rows_edit__finish(edit, 1, batch);
    rows_edit__free(edit);
    rows__unref(old);
    store_batch_free(batch);
}

static void check_order(void)
{
    int from = (int)rng_below(&w.rng, (uint64_t)w.next + 1), doc, end = 0;
    struct doc_iter it, skipping;
    uint32_t got = 0;
    uint64_t seen = 0;

    for (doc = 0; doc < NUMBERS; doc++)
        end = w.row_of[doc] == NOWHERE ? end : doc + 1;
    CU_ASSERT_EQUAL(rows__docs_end(w.rows), (uint32_t)end);
    doc_iter__init(&it, w.rows, (uint32_t)from);
    for (doc = from; doc < NUMBERS; doc++) {
        CU_ASSERT_EQUAL(rows__has_doc(w.rows, (uint32_t)doc), w.row_of[doc] != NOWHERE);
        if (w.row_of[doc] == NOWHERE)
            continue;
        CU_ASSERT_FATAL(doc_iter__next(&it, &got));
        CU_ASSERT_EQUAL(got, (uint32_t)doc);
        if (rng_below(&w.rng, 50) == 0) {
            doc_iter__init(&skipping, w.rows, (uint32_t)from);
            doc_iter__skip(&skipping, seen);
            CU_ASSERT_FATAL(doc_iter__next(&skipping, &got));
            CU_ASSERT_EQUAL(got, (uint32_t)doc);
        }
        seen++;
    }
    CU_ASSERT_FALSE(doc_iter__next(&it, &got));
    doc_iter__init(&skipping, w.rows, (uint32_t)from);
    doc_iter__skip(&skipping, seen);
    CU_ASSERT_FALSE(doc_iter__next(&skipping, &got));
}

static void check_ranges(void)
{
    int i;

    for (i = 0; i < 200; i++) {
        int from = (int)rng_below(&w.rng, NUMBERS), n = (int)rng_below(&w.rng, 200), at, live = 0;
        int to = rng_below(&w.rng, 9) ? from + n : NUMBERS;
        bool unmoved = true;

        for (at = from; at < to && at < NUMBERS; at++) {
            live += w.doc_at[at] != NOWHERE;
            unmoved = unmoved && (w.doc_at[at] == NOWHERE || w.doc_at[at] == at) &&
                      (w.row_of[at] == NOWHERE || w.row_of[at] == at);
        }
        CU_ASSERT_EQUAL(rows__live_between(w.rows, (uint64_t)from, (uint64_t)to), (uint32_t)live);
        CU_ASSERT_EQUAL(rows__unmoved(w.rows, (uint64_t)from, (uint64_t)to), unmoved);
    }
}

static void check(void)
{
    check_order();
    check_ranges();
}

static void without_rows_there_are_no_documents(void)
{
    struct doc_iter it;
    uint32_t doc;

    doc_iter__init(&it, w.rows, 0);
    CU_ASSERT_FALSE(doc_iter__next(&it, &doc));
    CU_ASSERT_EQUAL(rows__docs_end(w.rows), 0);
    CU_ASSERT_EQUAL(rows__live_between(w.rows, 0, UINT32_MAX), 0);
    CU_ASSERT_FALSE(rows__has_doc(w.rows, 0));
    check();
}

static void documents_come_in_their_order_wherever_they_are(void)
{
    step(5000, 0, 0);
    check();
    CU_ASSERT(rows__unmoved(w.rows, 0, UINT32_MAX));
    step(1000, 0, 50);
    check();
    step(50, 50, 0);
    check();
    CU_ASSERT_FALSE(rows__unmoved(w.rows, 0, UINT32_MAX));
    while (w.next < NUMBERS) {
        step(2000, 60, 20);
        check();
    }
    step(100000, 0, 100);
    check();
    CU_ASSERT(rows__n_live(w.rows) < 10);
}

SUITE(row_docs, setup, teardown, TEST(without_rows_there_are_no_documents),
      TEST(documents_come_in_their_order_wherever_they_are));
