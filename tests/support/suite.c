/* SPDX-License-Identifier: MIT */
/* suite.c -- runs the suites of one room through CUnit and tells the truth in the exit status. */
#include "support/suite.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static unsigned long long seed;
static unsigned n_skipped;

unsigned long long suite_seed(void)
{
    return seed;
}

void suite_skip(const char *reason)
{
    n_skipped++;
    printf("SKIPPED: %s\n", reason);
}

unsigned suite_step(unsigned thin)
{
#ifdef __SANITIZE_THREAD__
    printf("every %uth, for ThreadSanitizer ... ", thin);
    return thin;
#else
    (void)thin;
    return 1;
#endif
}

static int wanted(int argc, char **argv, const char *suite, const char *test)
{
    char full[256];
    int i;

    if (argc < 2)
        return 1;
    (void)snprintf(full, sizeof full, "%s/%s", suite, test);
    for (i = 1; i < argc; i++)
        if (strcmp(argv[i], suite) == 0 || strcmp(argv[i], full) == 0)
            return 1;
    return 0;
}

static int add_suite(int argc, char **argv, const struct test_suite *suite)
{
    const struct test_case *c;
    CU_pSuite cu;

    cu = CU_add_suite_with_setup_and_teardown(suite->name, NULL, NULL, suite->setup,
                                              suite->teardown);
    if (!cu)
        return 0;
    for (c = suite->cases; c->name; c++)
        if (wanted(argc, argv, suite->name, c->name) && !CU_add_test(cu, c->name, c->fn))
            return 0;
    return 1;
}

int suite_main(int argc, char **argv, const struct test_suite *const *suites)
{
    const char *text = getenv("LODE_SEED");
    unsigned failed, run;

    seed = text ? strtoull(text, NULL, 10) : (unsigned long long)time(NULL);
    printf("seed: LODE_SEED=%llu\n", seed);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 2;
    for (; *suites; suites++)
        if (!add_suite(argc, argv, *suites))
            return 2;
    CU_basic_set_mode(CU_BRM_VERBOSE);
    (void)CU_basic_run_tests();
    /* CUnit's runner returns 0 even when tests fail: ask for the counts. */
    failed = CU_get_number_of_tests_failed() + CU_get_number_of_suites_failed();
    run = CU_get_number_of_tests_run();
    CU_cleanup_registry();
    printf("tests: %u passed, %u failed, %u skipped\n", run - failed - n_skipped, failed,
           n_skipped);
    return failed || run == 0 ? 1 : 0;
}
