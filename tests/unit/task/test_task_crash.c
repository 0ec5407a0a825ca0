/* SPDX-License-Identifier: MIT */
/*
 * test_task_crash.c -- accepted tasks survive: processes that kill themselves at
 * every point, are killed after any acknowledgement, or meet a failing disk.
 *
 * A child submits tasks 0, 1, 2, ... and writes down each acknowledgement. Three
 * of four add a document of their own and overwrite the document "last"; each
 * fourth deletes the one of the task before it. So a lost task is a hole, one
 * applied twice deletes nothing the second time, one out of order leaves a wrong
 * "last".
 */
#include "base/assert.h"
#include "base/fault.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/thread.h"
#include "support/suite.h"
#include "support/tempdir.h"
#include "task_fixture.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TASKS = 40 };

static struct task_fixture fx;

static void setup(void)
{
    fx = (struct task_fixture){0};
    fx.root = tempdir_make();
    fx.arena = arena_new(256 << 20);
}

static void teardown(void)
{
    fault_clear();
    task_fixture_wipe(&fx);
}

/* ---- the child ----------------------------------------------------------------------------------
 */

struct ack {
    uint64_t uid, k;
};

static int ack_fd;
static atomic_uint n_answered;

static void write_ack(void *arg, enum rc rc, const task_record *task, const struct err *err)
{
    struct ack ack = {rc == RC_OK ? task->uid : UINT64_MAX, (uint64_t)(uintptr_t)arg};

    (void)err;
    if (write(ack_fd, &ack, sizeof ack) != (ssize_t)sizeof ack)
        _exit(3);
    atomic_fetch_add(&n_answered, 1);
}

static bool deletes(uint64_t k)
{
    return k % 4 == 3;
}

static void submit(uint64_t k)
{
    task_record task = LODE__DUMP__V1__TASK__INIT;
    char json[128], id[32], *ids[1] = {id};
    struct payload *p = NULL;

    task.index_uid = (char *)(uintptr_t) "m";
    if (deletes(k)) {
        (void)snprintf(id, sizeof id, "d%llu", (unsigned long long)(k - 1));
        task.type = TASK_DOCUMENT_DELETION;
        task.n_ids = 1;
        task.ids = ids;
    } else {
        (void)snprintf(json, sizeof json, "[{\"id\":\"d%llu\"},{\"id\":\"last\",\"k\":%llu}]",
                       (unsigned long long)k, (unsigned long long)k);
        task.type = TASK_DOCUMENT_ADDITION;
        task.replace = true;
        p = task_fixture_payload(&fx, json);
    }
    task_submit(fx.q, &task, p, write_ack, (void *)(uintptr_t)k);
}

/* Opens, works with the fault set, and ends; n_tasks 0: recovery alone. */
static void be_child(const char *fault, uint64_t n_tasks)
{
    uint64_t k;

    if (fault && fault_set(fault, &fx.err) != RC_OK)
        _exit(4);
    if (task_fixture_open(&fx) != RC_OK)
        _exit(5);
    task_queue_start(fx.q);
    for (k = 0; k < n_tasks; k++) {
        submit(k);
        while (k % 3 == 0 && atomic_load(&n_answered) <= k) /* groups of one and of several */
            ;
    }
    while (atomic_load(&n_answered) < n_tasks)
        ;
    task_fixture_drain(&fx);
    _exit(0);
}

/* Runs a child; kills it after that many acknowledgements. True if it did not end by itself. */
static bool run_child(const char *fault, uint64_t n_tasks, unsigned kill_after, struct ack *acks,
                      unsigned *ret_n)
{
    int fds[2], status = 0;
    unsigned n = 0;
    pid_t pid;

    CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
    pid = fork();
    if (pid == 0) {
        (void)close(fds[0]);
        ack_fd = fds[1];
        be_child(fault, n_tasks);
    }
    (void)close(fds[1]);
    while (n < TASKS && read(fds[0], &acks[n], sizeof acks[n]) == (ssize_t)sizeof acks[n]) {
        n++;
        if (n == kill_after)
            (void)kill(pid, SIGKILL);
    }
    (void)close(fds[0]);
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
    *ret_n = n;
    return WIFSIGNALED(status);
}

/* ---- the model ----------------------------------------------------------------------- */

/* All tasks there are have ended well, the documents are those of tasks 0 .. n-1. */
static void check_model(uint64_t n)
{
    uint64_t k, expect = 0, bad = 0, last = UINT64_MAX;
    char want[64];

    for (k = 0; k < n; k++) {
        const task_record *task = task_fixture_get(&fx, k);
        char id[32];
        bool there;

        bad +=
            !task || task->status != TASK_SUCCEEDED || task->done_documents != (deletes(k) ? 1 : 2);
        (void)snprintf(id, sizeof id, "d%llu", (unsigned long long)k);
        there = task_fixture_document(&fx, "m", id) != NULL;
        if (deletes(k))
            expect--;
        else
            expect++;
        bad += there != (!deletes(k) && (k + 1 >= n || !deletes(k + 1)));
        if (!deletes(k))
            last = k;
    }
    CU_ASSERT_EQUAL(bad, 0);
    CU_ASSERT_PTR_NULL(task_fixture_get(&fx, n));
    if (n == 0)
        return;
    CU_ASSERT_EQUAL(task_fixture_count(&fx, "m"), expect + 1);
    (void)snprintf(want, sizeof want, "{\"id\":\"last\",\"k\":%llu}", (unsigned long long)last);
    CU_ASSERT_STRING_EQUAL(task_fixture_document(&fx, "m", "last"), want);
}

/* Opens what the child left, lets it finish, and compares with what was acknowledged. */
static void check_after(const struct ack *acks, unsigned n_acks)
{
    struct task_list_opts opts = {.limit = 0};
    struct task_list list;
    unsigned i, bad = 0;

    CU_ASSERT_EQUAL_FATAL(task_fixture_open(&fx), RC_OK);
    task_queue_start(fx.q);
    task_fixture_drain(&fx);
    CU_ASSERT_EQUAL_FATAL(task_list(fx.q, &opts, fx.arena, &list, &fx.err), RC_OK);
    for (i = 0; i < n_acks; i++)
        bad += acks[i].uid != acks[i].k || acks[i].uid != i;
    CU_ASSERT_EQUAL(bad, 0);
    CU_ASSERT(list.total >= n_acks && list.total <= TASKS);
    check_model(list.total);
    arena_reset(fx.arena);
}

static void start_over(void)
{
    task_fixture_close(&fx);
    tempdir_remove(fx.root);
    fx.root = tempdir_make();
}

/* ---- promises ------------------------------------------------------------------------ */

/* The process dies at the n-th pass of each point, and again while it recovers. */
static void dying_at_any_point_loses_and_doubles_nothing(void)
{
    static const char *const points[] = {"fs_open",
                                         "fs_write",
                                         "fs_sync",
                                         "fs_sync_dir",
                                         "fs_unlink",
                                         "store_commit",
                                         "store_after_commit",
                                         "task_before_commit",
                                         "task_after_commit"};
    static const unsigned passes[] = {1, 2, 3, 5, 8};
    unsigned died = 0, n_acks, n_more;
    struct ack acks[TASKS], more[TASKS];
    size_t i, j;

    for (i = 0; i < ARRAY_LEN(points); i++) {
        for (j = 0; j < ARRAY_LEN(passes); j++) {
            char fault[64];

            fx.opts.batch_bytes = j % 2; /* 1: each task its own commit */
            (void)snprintf(fault, sizeof fault, "%s=abort@%u", points[i], passes[j]);
            died += run_child(fault, TASKS, 0, acks, &n_acks);
            (void)snprintf(fault, sizeof fault, "%s=abort@%u", points[(i + j) % ARRAY_LEN(points)],
                           1 + (unsigned)j % 3);
            died += run_child(fault, 0, 0, more, &n_more);
            check_after(acks, n_acks);
            start_over();
        }
    }
    printf("%u deaths ... ", died);
    CU_ASSERT(died >= 30); /* the test does what it says */
}

static void being_killed_at_any_time_loses_and_doubles_nothing(void)
{
    struct ack acks[TASKS];
    unsigned n_acks, round;
    struct rng rng;

    rng_init(&rng, suite_seed());
    for (round = 0; round < 20; round++) {
        (void)run_child(NULL, TASKS, 1 + (unsigned)rng_below(&rng, TASKS), acks, &n_acks);
        check_after(acks, n_acks);
        start_over();
    }
}

/*
 * A canceled task is deleted while an older one waits, then the process dies: the
 * deleted one's log entry must not bring it back.
 */
static void a_deleted_task_above_the_floor_is_not_revived(void)
{
    uint64_t a, b, c, d;
    int status = 0, round;
    pid_t pid = fork();

    if (pid == 0) {
        if (task_fixture_open(&fx) != RC_OK || barrier_raise(fx.barrier, 1000000000, NULL) != RC_OK)
            _exit(5);
        a = task_fixture_add(&fx, "m", "[{\"id\":7}]");
        b = task_fixture_add(&fx, "m", "[{\"id\":8}]");
        c = task_fixture_select(&fx, TASK_TASK_CANCELATION, &b, 1);
        if (a != 0 || fault_set("task_before_commit=abort@3", &fx.err) != RC_OK)
            _exit(6);
        task_queue_start(fx.q);
        while (task_fixture_get(&fx, c)->status != TASK_PROCESSING)
            ;
        d = task_fixture_select(&fx, TASK_TASK_DELETION, &b, 1);
        barrier_lower(fx.barrier); /* commits c, then d, and dies before the commit of a */
        (void)task_fixture_wait(&fx, a);
        _exit(d == 3 ? 7 : 8);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    for (round = 0; round < 2; round++) {
        CU_ASSERT_EQUAL_FATAL(task_fixture_open(&fx), RC_OK);
        CU_ASSERT_PTR_NULL(task_fixture_get(&fx, 1));
        CU_ASSERT_PTR_NOT_NULL(task_fixture_get(&fx, 3));
        task_queue_start(fx.q);
        task_fixture_drain(&fx);
        CU_ASSERT_EQUAL(task_fixture_count(&fx, "m"), 1);
        CU_ASSERT_PTR_NOT_NULL(task_fixture_document(&fx, "m", "7"));
        task_fixture_close(&fx);
    }
}

/* A failed commit, before or after it took place: looked up, run again or not, once. */
static void a_commit_of_unknown_outcome_is_settled(void)
{
    static const char *const faults[] = {"task_before_commit=eio",    "task_after_commit=eio",
                                         "store_commit=eio",          "store_after_commit=eio",
                                         "task_before_commit=enospc", "store_commit=enospc@2"};
    size_t i;
    uint64_t k;

    for (i = 0; i < ARRAY_LEN(faults); i++) {
        CU_ASSERT_EQUAL_FATAL(task_fixture_open(&fx), RC_OK);
        for (k = 0; k < 4; k++) {
            ack_fd = -1;
            CU_ASSERT_EQUAL(task_fixture_add(&fx, "m", "[{\"id\":\"x\"}]"), 2 * k);
            CU_ASSERT_EQUAL(task_fixture_delete(&fx, "m", "x"), 2 * k + 1);
        }
        CU_ASSERT_EQUAL_FATAL(fault_set(faults[i], &fx.err), RC_OK);
        task_queue_start(fx.q);
        task_fixture_drain(&fx);
        fault_clear();
        for (k = 0; k < 8; k++)
            CU_ASSERT_EQUAL(task_fixture_get(&fx, k)->done_documents, 1);
        CU_ASSERT_EQUAL(task_fixture_count(&fx, "m"), 0);
        task_fixture_reopen(&fx);
        for (k = 0; k < 8; k++)
            CU_ASSERT_EQUAL(task_fixture_get(&fx, k)->status, TASK_SUCCEEDED);
        start_over();
    }
}

/* The n-th call to the disk fails, for every n: what was acknowledged is there, once. */
static void a_failing_disk_loses_nothing_that_was_acknowledged(void)
{
    enum { ADDS = 10 };
    uint64_t hits, acked[ADDS], k, lost = 0, doubled = 0, foreign = 0;
    unsigned n, never_opened = 0;

    for (n = 1; n < 2000; n++) {
        enum rc results[ADDS] = {RC_OK};
        char spec[32], json[64];

        hits = fault_hits();
        (void)snprintf(spec, sizeof spec, "any_io=eio@%u", n);
        CU_ASSERT_EQUAL_FATAL(fault_set(spec, &fx.err), RC_OK);
        if (task_fixture_open(&fx) != RC_OK) {
            never_opened++;
            fault_clear();
            start_over();
            continue;
        }
        task_queue_start(fx.q);
        for (k = 0; k < ADDS; k++) {
            (void)snprintf(json, sizeof json, "[{\"id\":%llu}]", (unsigned long long)k);
            acked[k] = task_fixture_add(&fx, "m", json);
            results[k] = acked[k] == UINT64_MAX ? fx.err.rc : RC_OK;
        }
        task_fixture_drain(&fx);
        fault_clear();
        task_fixture_reopen(&fx);
        task_queue_start(fx.q);
        task_fixture_drain(&fx);
        for (k = 0; k < ADDS; k++) {
            char id[32];
            bool there;

            (void)snprintf(id, sizeof id, "%llu", (unsigned long long)k);
            there = task_fixture_document(&fx, "m", id) != NULL;
            lost += results[k] == RC_OK &&
                    (!there || task_fixture_get(&fx, acked[k])->status != TASK_SUCCEEDED);
            foreign += results[k] != RC_OK && results[k] != RC_IO;
            doubled +=
                k > 0 && results[k] == RC_OK && results[k - 1] == RC_OK && acked[k] <= acked[k - 1];
        }
        arena_reset(fx.arena);
        start_over();
        if (fault_hits() == hits)
            break;
    }
    printf("%u calls failed in turn, %u while opening ... ", n - 1, never_opened);
    CU_ASSERT(n > 50 && n < 2000);
    CU_ASSERT_EQUAL(lost, 0);
    CU_ASSERT_EQUAL(doubled, 0);
    CU_ASSERT_EQUAL(foreign, 0);
}

SUITE(task_crash, setup, teardown, TEST(dying_at_any_point_loses_and_doubles_nothing),
      TEST(being_killed_at_any_time_loses_and_doubles_nothing),
      TEST(a_deleted_task_above_the_floor_is_not_revived),
      TEST(a_commit_of_unknown_outcome_is_settled),
      TEST(a_failing_disk_loses_nothing_that_was_acknowledged));
