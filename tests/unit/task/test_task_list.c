/* SPDX-License-Identifier: MIT */
/* test_task_list.c -- looking at tasks and batches, and being told of changes. */
#include "base/clock.h"
#include "support/suite.h"
#include "task_fixture.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static struct task_fixture fx; /* fresh per test */
static Lode__Dump__V1__TaskFilter filter;

static void setup(void)
{
    task_fixture_make(&fx);
    lode__dump__v1__task_filter__init(&filter);
}

static void teardown(void)
{
    clock_fake_off();
    task_fixture_wipe(&fx);
}

/* n additions to a and b in turn, all ended; every third one bad. */
static void run_tasks(unsigned n)
{
    unsigned i;

    for (i = 0; i < n; i++)
        (void)task_fixture_add(&fx, i % 2 ? "b" : "a", i % 3 ? "[{\"id\":1}]" : "[{\"id\":1.5}]");
    task_queue_start(fx.q);
    task_fixture_drain(&fx);
}

static struct task_list list_of(uint32_t limit, bool has_from, uint64_t from, bool reverse)
{
    struct task_list_opts opts = {&filter, limit, has_from, from, reverse};
    struct task_list list = {0};

    CU_ASSERT_EQUAL_FATAL(task_list(fx.q, &opts, fx.arena, &list, &fx.err), RC_OK);
    return list;
}

static void lists_are_newest_first_and_can_be_paged(void)
{
    struct task_list list;
    uint64_t expect = 9, from = 0;
    bool has_from = false;
    size_t i, pages = 0;

    run_tasks(10);
    do {
        list = list_of(4, has_from, from, false);
        CU_ASSERT_EQUAL(list.total, 10);
        for (i = 0; i < list.n_tasks; i++)
            CU_ASSERT_EQUAL(list.tasks[i]->uid, expect--);
        from = list.next;
        has_from = true;
        pages++;
    } while (list.has_next);
    CU_ASSERT_EQUAL(pages, 3);
    CU_ASSERT_EQUAL(list.n_tasks, 2);
    list = list_of(3, true, 7, true);
    CU_ASSERT(list.n_tasks == 3 && list.tasks[0]->uid == 7 && list.tasks[2]->uid == 9);
    CU_ASSERT_FALSE(list.has_next);
    list = list_of(0, false, 0, false);
    CU_ASSERT(list.n_tasks == 0 && list.total == 10 && list.has_next && list.next == 9);
    list = list_of(5, true, 100, false); /* beyond all: from the newest */
    CU_ASSERT(list.n_tasks == 5 && list.tasks[0]->uid == 9);
}

static void filters_combine(void)
{
    char *a[] = {(char *)(uintptr_t) "a"}, *pattern[] = {(char *)(uintptr_t) "b*"};
    uint32_t failed[] = {TASK_FAILED}, dumps[] = {TASK_DUMP_CREATION, TASK_INDEX_SWAP};
    uint64_t uids[] = {1, 3, 4, 99};
    struct task_list list;

    run_tasks(10);
    filter.index_uids = a;
    filter.n_index_uids = 1;
    CU_ASSERT_EQUAL(list_of(20, false, 0, false).total, 5);
    filter.statuses = failed;
    filter.n_statuses = 1;
    list = list_of(1, false, 0, false);
    CU_ASSERT(list.total == 2 && list.n_tasks == 1 && list.tasks[0]->uid == 6 && list.next == 0);
    filter.n_statuses = 0;
    filter.index_uids = pattern;
    CU_ASSERT_EQUAL(list_of(20, false, 0, false).total, 5);
    filter.uids = uids;
    filter.n_uids = 4;
    CU_ASSERT_EQUAL(list_of(20, false, 0, false).total, 2);
    filter.n_index_uids = 0;
    CU_ASSERT_EQUAL(list_of(20, false, 0, false).total, 3);
    filter.types = dumps;
    filter.n_types = 2;
    CU_ASSERT_EQUAL(list_of(20, false, 0, false).total, 0);
}

/* after and before are strict, and a task without the date does not match. */
static void dates_are_strict(void)
{
    int64_t t0 = 1700000000LL * NS_PER_S;
    struct task_list list;

    clock_fake_set(t0);
    (void)task_fixture_add(&fx, "m", "[{\"id\":1}]");
    clock_fake_advance(NS_PER_S);
    (void)task_fixture_add(&fx, "m", "[{\"id\":1}]");
    clock_fake_advance(NS_PER_S);
    (void)task_fixture_add(&fx, "m", "[{\"id\":1}]");
    filter.after_enqueued_ns = t0;
    list = list_of(20, false, 0, false);
    CU_ASSERT(list.total == 2 && list.tasks[1]->uid == 1);
    filter.before_enqueued_ns = t0 + 2 * NS_PER_S;
    list = list_of(20, false, 0, false);
    CU_ASSERT(list.total == 1 && list.tasks[0]->uid == 1);
    filter.before_enqueued_ns = t0 + NS_PER_S;
    CU_ASSERT_EQUAL(list_of(20, false, 0, false).total, 0);
    filter.after_enqueued_ns = filter.before_enqueued_ns = 0;
    filter.before_started_ns = INT64_MAX;
    CU_ASSERT_EQUAL(list_of(20, false, 0, false).total, 0);
    filter.before_started_ns = 0;
    filter.after_finished_ns = 1;
    CU_ASSERT_EQUAL(list_of(20, false, 0, false).total, 0);
}

static void payloads_are_left_out_of_lists(void)
{
    struct task_list list;

    (void)task_fixture_add(&fx, "m", "[{\"id\":1}]");
    list = list_of(1, false, 0, false);
    CU_ASSERT_EQUAL_FATAL(list.n_tasks, 1);
    CU_ASSERT_EQUAL(list.tasks[0]->payload.len, 0);
    CU_ASSERT_EQUAL(list.tasks[0]->received_documents, 1);
    CU_ASSERT_EQUAL(list.tasks[0]->payload_bytes, strlen("{\"id\":1}"));
}

static void batches_come_whole(void)
{
    struct task_list_opts opts = {&filter, 1, false, 0, false};
    uint32_t failed[] = {TASK_FAILED};
    struct task_list list;
    unsigned i;

    for (i = 0; i < 6; i++)
        (void)task_fixture_add(&fx, "a", i == 4 ? "[{\"id\":1.5}]" : "[{\"id\":1}]");
    (void)task_fixture_add(&fx, "b", "[{\"id\":1}]");
    task_queue_start(fx.q);
    task_fixture_drain(&fx);
    CU_ASSERT_EQUAL_FATAL(task_list_batches(fx.q, &opts, fx.arena, &list, &fx.err), RC_OK);
    CU_ASSERT(list.total == 2 && list.n_tasks == 1 && list.tasks[0]->uid == 6);
    CU_ASSERT(list.has_next && list.next == 0);
    opts.has_from = true;
    opts.from = list.next;
    CU_ASSERT_EQUAL_FATAL(task_list_batches(fx.q, &opts, fx.arena, &list, &fx.err), RC_OK);
    CU_ASSERT(list.n_tasks == 6 && list.tasks[0]->uid == 0 && list.tasks[5]->uid == 5);
    CU_ASSERT_FALSE(list.has_next);
    opts.has_from = false;
    opts.limit = 20;
    filter.statuses = failed; /* one of its tasks matches: it is shown with all of them */
    filter.n_statuses = 1;
    CU_ASSERT_EQUAL_FATAL(task_list_batches(fx.q, &opts, fx.arena, &list, &fx.err), RC_OK);
    CU_ASSERT(list.total == 1 && list.n_tasks == 6);
    filter.n_statuses = 0;
    opts.reverse = true;
    CU_ASSERT_EQUAL_FATAL(task_list_batches(fx.q, &opts, fx.arena, &list, &fx.err), RC_OK);
    CU_ASSERT(list.n_tasks == 7 && list.tasks[0]->batch_uid == 0 && list.tasks[6]->batch_uid == 1);
}

struct heard {
    atomic_uint n;
    atomic_bool foreign;
    uint64_t uid;
};

static void hear(void *arg, uint64_t uid)
{
    struct heard *h = arg;

    atomic_fetch_add(&h->n, 1);
    if (uid != h->uid)
        atomic_store(&h->foreign, true);
}

static void a_watch_hears_of_its_task_only(void)
{
    struct heard one = {.uid = 0}, other = {.uid = 64}; /* the same bucket */
    struct task_watch *a = task_watch_new(fx.q, 0, hear, &one);
    struct task_watch *b = task_watch_new(fx.q, 64, hear, &other);

    (void)task_fixture_add(&fx, "m", "[{\"id\":1}]");
    task_queue_start(fx.q);
    task_fixture_drain(&fx);
    task_watch_free(a);
    task_watch_free(b);
    CU_ASSERT(atomic_load(&one.n) >= 2);
    CU_ASSERT_EQUAL(atomic_load(&other.n), 0);
    CU_ASSERT_FALSE(atomic_load(&one.foreign));
}

static void a_freed_watch_hears_nothing(void)
{
    struct heard h = {.uid = 0};
    struct task_watch *w = task_watch_new(fx.q, 0, hear, &h);
    unsigned n;

    (void)task_fixture_add(&fx, "m", "[{\"id\":1}]");
    task_watch_free(w);
    n = atomic_load(&h.n);
    task_queue_start(fx.q);
    task_fixture_drain(&fx);
    CU_ASSERT_EQUAL(atomic_load(&h.n), n);
}

SUITE(task_list, setup, teardown, TEST(lists_are_newest_first_and_can_be_paged),
      TEST(filters_combine), TEST(dates_are_strict), TEST(payloads_are_left_out_of_lists),
      TEST(batches_come_whole), TEST(a_watch_hears_of_its_task_only),
      TEST(a_freed_watch_hears_nothing));
