/* SPDX-License-Identifier: MIT */
/* test_call_budget.c -- the searches of one call rank for CALL_CUTOFFS cut-offs in all. */
#include "base/clock.h"
#include "corpus.h"

enum { CUTOFF_MS = 1000 };

static const char *const documents[] = {"{\"id\":1,\"t\":\"red\"}", "{\"id\":2,\"t\":\"red blue\"}",
                                        NULL};

/* What corpus_open() adds to each budget, so that slow machines rank to the end. */
static int64_t always_ns(void)
{
    struct query_spec spec;

    query_spec_init(&spec);
    CU_ASSERT_EQUAL_FATAL(corpus_open(&spec), RC_OK);
    return corpus.run.search.budget_ns - clock_mono_ns() - CUTOFF_MS * NS_PER_MS;
}

/* A search that begins this long after its call: how long it may rank. */
static int64_t budget_ms(int64_t after_ms)
{
    struct rank_opts opts = {.limit = 10};
    struct query_spec spec;
    int64_t left_ns, more_ns;

    clock_fake_set(1000 * NS_PER_S);
    more_ns = always_ns();
    query_spec_init(&spec);
    spec.q = B("red blue");
    spec.call_begun_ns = clock_mono_ns() - after_ms * NS_PER_MS;
    CU_ASSERT_EQUAL_FATAL(corpus_open(&spec), RC_OK);
    corpus.run.search.budget_ns -= more_ns;
    left_ns = corpus.run.search.budget_ns - clock_mono_ns();
    CU_ASSERT_EQUAL_FATAL(
        rank__run(&corpus.run.search, &corpus.run.graph, NULL, &opts, &corpus.ranking, &corpus.err),
        RC_OK);
    clock_fake_off();
    return left_ns / NS_PER_MS;
}

static void a_search_has_its_own_cutoff_while_the_call_has_time(void)
{
    corpus_make("{\"searchCutoffMs\":1000}", documents);
    CU_ASSERT_EQUAL(budget_ms(0), CUTOFF_MS);
    CU_ASSERT_EQUAL(budget_ms((CALL_CUTOFFS - 1) * CUTOFF_MS), CUTOFF_MS);
}

static void late_in_its_call_a_search_has_less(void)
{
    corpus_make("{\"searchCutoffMs\":1000}", documents);
    CU_ASSERT_EQUAL(budget_ms((CALL_CUTOFFS - 1) * CUTOFF_MS + 700), 300);
    CU_ASSERT_FALSE(corpus.ranking.degraded);
}

static void behind_the_calls_time_it_finds_without_refining(void)
{
    corpus_make("{\"searchCutoffMs\":1000}", documents);
    CU_ASSERT(budget_ms(CALL_CUTOFFS * CUTOFF_MS + 1) < 0);
    CU_ASSERT(corpus.ranking.degraded);
    CU_ASSERT_STRING_EQUAL(corpus_order(), "1 0");
}

static void teardown(void)
{
    clock_fake_off();
    corpus_teardown();
}

SUITE(call_budget, corpus_setup, teardown,
      TEST(a_search_has_its_own_cutoff_while_the_call_has_time),
      TEST(late_in_its_call_a_search_has_less),
      TEST(behind_the_calls_time_it_finds_without_refining));
