/* SPDX-License-Identifier: MIT */
/* test_fault.c -- fault points act when told and not before; a broken promise ends the program. */
#include "base/assert.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/thread.h"
#include "support/suite.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct err err;

static void teardown(void)
{
    fault_clear();
}

static void nothing_set_costs_and_does_nothing(void)
{
    CU_ASSERT_EQUAL(FAULT(FS_WRITE), 0); /* the program's first pass looks at LODE_FAIL_AT */
    CU_ASSERT_FALSE(atomic_load(&fault_any));
}

static void any_io_counts_all_points_of_files_and_the_store(void)
{
    uint64_t hits = fault_hits();

    CU_ASSERT_EQUAL(fault_set("any_io=enospc@3", &err), RC_OK);
    CU_ASSERT_EQUAL(FAULT(FS_WRITE), 0);
    CU_ASSERT_EQUAL(FAULT(STORE_COMMIT), 0);
    CU_ASSERT_EQUAL(FAULT(DUMP_BEFORE_NAME), 0);
    CU_ASSERT_EQUAL(fault_hits(), hits);
    CU_ASSERT_EQUAL(FAULT(FS_SYNC_DIR), ENOSPC);
    CU_ASSERT_EQUAL(FAULT(FS_WRITE), 0);
    CU_ASSERT_EQUAL(fault_hits(), hits + 1);
}

static void a_fault_acts_on_the_pass_it_names(void)
{
    CU_ASSERT_EQUAL(fault_set("fs_write=enospc@3", &err), RC_OK);
    CU_ASSERT_EQUAL(FAULT(FS_READ), 0);
    CU_ASSERT_EQUAL(FAULT(FS_WRITE), 0);
    CU_ASSERT_EQUAL(FAULT(FS_WRITE), 0);
    CU_ASSERT_EQUAL(FAULT(FS_WRITE), ENOSPC);
    CU_ASSERT_EQUAL(FAULT(FS_WRITE), 0);
}

static void a_fault_where_no_call_stands_is_a_failure_of_its_own(void)
{
    CU_ASSERT_EQUAL(fault_set("dump_before_name=enospc", &err), RC_OK);
    CU_ASSERT_EQUAL(fault_rc(FAULT(DUMP_BEFORE_NAME), &err), RC_NO_SPACE);
    CU_ASSERT_EQUAL(err.rc, RC_NO_SPACE);
    CU_ASSERT_EQUAL(fault_rc(FAULT(DUMP_BEFORE_NAME), NULL), RC_OK);
}

static void a_sticky_fault_goes_on(void)
{
    CU_ASSERT_EQUAL(fault_set("FS_SYNC=eio@2+", &err), RC_OK);
    CU_ASSERT_EQUAL(FAULT(FS_SYNC), 0);
    CU_ASSERT_EQUAL(FAULT(FS_SYNC), EIO);
    CU_ASSERT_EQUAL(FAULT(FS_SYNC), EIO);
    CU_ASSERT_EQUAL(fault_set("fs_read=eintr", &err), RC_OK);
    CU_ASSERT_EQUAL(FAULT(FS_READ), EINTR);
    CU_ASSERT_EQUAL(FAULT(FS_READ), 0);
    fault_clear();
    CU_ASSERT_EQUAL(FAULT(FS_SYNC), 0);
}

static void wrong_specs_are_refused_by_name(void)
{
    static const char *const bad[] = {"",
                                      "fs_write",
                                      "fs_write=",
                                      "fs_writ=eio",
                                      "fs_writes=eio",
                                      "fs_write=explode",
                                      "fs_write=eio@",
                                      "fs_write=eio@0",
                                      "fs_write=eio@99999999999999999999",
                                      "fs_write=eio+x",
                                      "fs_write=delay:",
                                      "fs_write=eintr+"};
    size_t i;

    for (i = 0; i < ARRAY_LEN(bad); i++)
        CU_ASSERT_EQUAL(fault_set(bad[i], &err), RC_INVALID);
    CU_ASSERT_EQUAL(fault_set("no_such=eio", &err), RC_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "'no_such'"));
    CU_ASSERT_FALSE(atomic_load(&fault_any));
}

static void pass_barrier(void *arg)
{
    *(int *)arg = FAULT(BARRIER_RAISED) == 0 ? 1 : 2;
}

static void a_pause_holds_until_released(void)
{
    struct thread t;
    int passed = 0;

    CU_ASSERT_EQUAL(fault_set("barrier_raised=pause", &err), RC_OK);
    thread_start(&t, "paused", pass_barrier, &passed);
    fault_wait_paused(FAULT_BARRIER_RAISED);
    CU_ASSERT_EQUAL(passed, 0);
    fault_release(FAULT_BARRIER_RAISED);
    thread_join(&t);
    CU_ASSERT_EQUAL(passed, 1);
    CU_ASSERT_EQUAL(FAULT(BARRIER_RAISED), 0); /* released for good */
}

static void a_delay_takes_its_time(void)
{
    int64_t before = clock_mono_ns();

    CU_ASSERT_EQUAL(fault_set("fs_open=delay:2", &err), RC_OK);
    CU_ASSERT_EQUAL(FAULT(FS_OPEN), 0);
    CU_ASSERT(clock_mono_ns() - before >= 2 * NS_PER_MS);
}

/* Runs fn in a child whose stderr is closed, and tells the signal that ended it. */
static int signal_of(void (*fn)(void))
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        (void)close(2);
        (void)signal(SIGABRT, SIG_DFL);
        fn();
        _exit(0);
    }
    CU_ASSERT_FATAL(pid > 0);
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void pass_abort(void)
{
    if (fault_set("dump_before_name=abort@2", NULL) != RC_OK || FAULT(DUMP_BEFORE_NAME) != 0)
        _exit(1);
    (void)FAULT(DUMP_BEFORE_NAME);
}

static void break_promise(void)
{
    volatile int one = 1;

    ASSERT(one == 2);
}

static void abort_kills_the_process_at_its_pass(void)
{
    CU_ASSERT_EQUAL(signal_of(pass_abort), SIGKILL);
}

static void a_broken_promise_aborts(void)
{
    CU_ASSERT_EQUAL(signal_of(break_promise), SIGABRT);
}

static void count_name(const char *name, void *arg)
{
    CU_ASSERT(strlen(name) > 3);
    ++*(int *)arg;
}

static void every_point_is_listed(void)
{
    int n = 0;

    fault_list(count_name, &n);
    CU_ASSERT_EQUAL(n, FAULT_COUNT);
}

SUITE(fault, NULL, teardown, TEST(nothing_set_costs_and_does_nothing),
      TEST(a_fault_acts_on_the_pass_it_names),
      TEST(any_io_counts_all_points_of_files_and_the_store),
      TEST(a_fault_where_no_call_stands_is_a_failure_of_its_own), TEST(a_sticky_fault_goes_on),
      TEST(wrong_specs_are_refused_by_name), TEST(a_pause_holds_until_released),
      TEST(a_delay_takes_its_time), TEST(abort_kills_the_process_at_its_pass),
      TEST(a_broken_promise_aborts), TEST(every_point_is_listed));
