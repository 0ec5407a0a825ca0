/* SPDX-License-Identifier: MIT */
/*
 * suite.h -- how a unit test file shows its tests to the program of its room.
 *
 * tests/unit/<room>/test_<file>.c ends with
 *
 *     SUITE(<file>, setup, teardown,
 *           TEST(a_promise_as_a_sentence),
 *           TEST(another_one));
 *
 * setup and teardown run around every test (NULL for none). A _FATAL assert
 * leaves by longjmp: what must be closed belongs to teardown.
 */
#pragma once

#include <CUnit/CUnit.h>

struct test_case {
    const char *name;
    void (*fn)(void);
};

struct test_suite {
    const char *name;
    void (*setup)(void);
    void (*teardown)(void);
    const struct test_case *cases; /* ends with a NULL name */
};

#define TEST(fn)                                                                                   \
    {                                                                                              \
#fn, fn                                                                                    \
    }

#define SUITE(id, setup_fn, teardown_fn, ...)                                                      \
    static const struct test_case cases_##id[] = {__VA_ARGS__, {0}};                               \
    extern const struct test_suite suite_##id;                                                     \
    const struct test_suite suite_##id = {#id, setup_fn, teardown_fn, cases_##id}

/* Runs all, or those whose "suite" or "suite/test" is named; returns the exit status. */
int suite_main(int argc, char **argv, const struct test_suite *const *suites);

/* The seed of this run: from LODE_SEED or the clock; printed by suite_main(). */
unsigned long long suite_seed(void);

/*
 * The step of a loop over everything: 1, but `thin` under ThreadSanitizer, said
 * aloud. For loops of one thread, where it finds no more in more of the same; a
 * prime lets every bit of a byte have its turn.
 */
unsigned suite_step(unsigned thin);

/* Marks the running test as skipped, loudly; the test should return then. */
void suite_skip(const char *reason);
