/* SPDX-License-Identifier: MIT */
/* test_search_build.c -- words and columns made anew: failed, stopped, worn. */
#include "history.h"

#include "index/reader_int.h"

/* ---- builds that do not end -------------------------------------------------------------- */

static int steps_left;

static enum rc failing_commit(void *arg, const struct store_batch *batch, struct err *err)
{
    (void)arg;
    if (steps_left-- <= 0)
        return err_set(err, RC_NO_SPACE, NULL, "no space for a step");
    return store_commit(fx.store, batch, err);
}

static enum rc try_settings(const char *uid, const char *patch, const struct change_steps *steps)
{
    struct store_batch *batch = store_batch_new();
    struct change *c = fixture_begin();
    struct index_info info;
    enum rc rc;

    change_set_steps(c, steps);
    OK(change_find(c, bytes_str(uid), &info, &fx.err));
    OK(change_settings(c, info.id, bytes_str(patch), 300, &fx.err));
    rc = change_finish(c, batch, &fx.err);
    if (rc == RC_OK) {
        OK(store_commit(fx.store, batch, &fx.err));
        change_committed(c);
    } else {
        change_abandon(c);
    }
    store_batch_free(batch);
    return rc;
}

static void a_build_that_fails_anywhere_leaves_what_was(void)
{
    const struct change_steps steps = {.commit = failing_commit};
    const char *patch = "{\"searchableAttributes\":[\"title\"],\"filterableAttributes\":[\"*\"]}";
    uint8_t a[32], b[32];
    size_t before;
    enum rc rc = RC_NO_SPACE;
    int n;

    fixture_create("docs", "id");
    history_add("docs", 300, 400, true);
    history_sweep();
    fixture_search_digest("docs", a);
    before = history_keys();
    for (n = 0; rc != RC_OK; n++) {
        steps_left = n;
        rc = try_settings("docs", patch, &steps);
        if (rc == RC_OK)
            break;
        CU_ASSERT_EQUAL_FATAL(rc, RC_NO_SPACE);
        if (n % 2)
            fixture_reopen();
        fixture_search_digest("docs", b);
        CU_ASSERT_EQUAL(memcmp(a, b, sizeof a), 0);
        history_sweep();
        CU_ASSERT_EQUAL(history_keys(), before);
    }
    CU_ASSERT(n >= 3); /* a mark, words and parts at least */
    CU_ASSERT(history_is_one_go("docs"));
}

static enum rc stop_at_once(void *arg, struct err *err)
{
    (void)arg;
    return err_set(err, RC_CANCELLED, NULL, "stop");
}

static void a_build_can_be_stopped(void)
{
    const struct change_steps steps = {.check = stop_at_once};
    uint8_t a[32], b[32];

    fixture_create("docs", "id");
    history_add("docs", 300, 400, true);
    fixture_search_digest("docs", a);
    CU_ASSERT_EQUAL(try_settings("docs", "{\"stopWords\":[\"red\"]}", &steps), RC_CANCELLED);
    fixture_search_digest("docs", b);
    CU_ASSERT_EQUAL(memcmp(a, b, sizeof a), 0);
    fixture_settings("docs", "{\"stopWords\":[\"red\"]}");
    CU_ASSERT(history_is_one_go("docs"));
}

/* ---- many dead rows ------------------------------------------------------------------------ */

static void add_range(int from, int to, int value)
{
    struct change *c = fixture_begin();
    struct index_info info;
    char json[64];

    OK(change_find(c, B("docs"), &info, &fx.err));
    for (; from < to; from++) {
        (void)snprintf(json, sizeof json, "{\"id\":%d,\"t\":\"w%d\",\"n\":%d}", from, from % 7,
                       value);
        fixture_add_one(c, info.id, json, true);
    }
    fixture_commit(c);
}

static void many_dead_rows_are_cleaned_up(void)
{
    uint32_t next;

    fixture_create("docs", "id");
    fixture_settings("docs", "{\"sortableAttributes\":[\"n\"]}");
    add_range(0, 11000, 1);
    add_range(500, 11000, 2);
    CU_ASSERT_EQUAL(rows__n_dead(history_search("docs")->rows), 10500);
    next = rows__next(history_search("docs")->rows);
    add_range(0, 10, 3); /* cleans up first */
    CU_ASSERT_EQUAL(rows__n_dead(history_search("docs")->rows), 10);
    CU_ASSERT(rows__next(history_search("docs")->rows) < next);
    CU_ASSERT_EQUAL(history_search("docs")->dead_built, 0);
    CU_ASSERT(history_is_one_go("docs"));
    add_range(10990, 11010, 4); /* numbers go on behind the clean-up */
    CU_ASSERT(history_is_one_go("docs"));
    fixture_reopen();
    CU_ASSERT(history_is_one_go("docs"));
}

SUITE(search_build, history_setup, fixture_teardown,
      TEST(a_build_that_fails_anywhere_leaves_what_was), TEST(a_build_can_be_stopped),
      TEST(many_dead_rows_are_cleaned_up));
