/* SPDX-License-Identifier: MIT */
/*
 * test_fs_draft.c -- a file under its final name is whole, whatever failed.
 *
 * Each test runs three ways: O_TMPFILE, a named temp with RENAME_NOREPLACE,
 * and a named temp with link and unlink.
 */
#include "base/attr.h"
#include "base/base_int.h"
#include "base/fault.h"
#include "base/fs.h"
#include "base/mem.h"
#include "support/suite.h"
#include "support/tempdir.h"
#include "syscalls.h"

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAYS = 3 };

static char *tmp;
static struct fs_dir *dir;
static struct fs_draft *draft;
static struct err err;

static void setup(void)
{
    tmp = tempdir_make();
    CU_ASSERT_EQUAL_FATAL(fs_dir_open(tmp, false, &dir, &err), RC_OK);
}

static void teardown(void)
{
    fault_clear();
    fs_draft_close(draft);
    draft = NULL;
    syscalls_mood = (struct syscalls_mood){0};
    fs_dir_close(dir);
    dir = NULL;
    tempdir_remove(tmp);
    tmp = NULL;
}

static void choose_way(int way)
{
    syscalls_mood.no_tmpfile = way > 0;
    syscalls_mood.no_noreplace = way > 1;
}

static enum rc count_entry(void *arg, const char *name, struct err *e)
{
    (void)name;
    (void)e;
    ++*(int *)arg;
    return RC_OK;
}

static int count_entries(void)
{
    int n = 0;

    CU_ASSERT_EQUAL(fs_dir_each(dir, count_entry, &n, &err), RC_OK);
    return n;
}

static bool holds(const char *name, struct bytes want)
{
    uint8_t *p = NULL;
    size_t n = 0;
    bool same;

    if (fs_read_all(dir, name, 1 << 20, &p, &n, &err) != RC_OK)
        return false;
    same = bytes_eq(bytes_of(p, n), want);
    xfree(p);
    return same;
}

static void begin(void)
{
    fs_draft_close(draft);
    draft = NULL;
    CU_ASSERT_EQUAL_FATAL(fs_draft_open(dir, &draft, &err), RC_OK);
    CU_ASSERT_EQUAL(fs_write(fs_draft_fd(draft), B("content"), &err), RC_OK);
}

static void end(void)
{
    fs_draft_close(draft);
    draft = NULL;
}

static void a_published_draft_stands_alone_under_its_name(void)
{
    struct stat st;
    char name[16];
    int way;

    for (way = 0; way < WAYS; way++) {
        choose_way(way);
        (void)snprintf(name, sizeof name, "d%d", way);
        begin();
        CU_ASSERT_FALSE(fs_exists(dir, name));
        CU_ASSERT_EQUAL(fs_draft_publish(draft, name, &err), RC_OK);
        CU_ASSERT_EQUAL(fstat(fs_draft_fd(draft), &st), 0);
        CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
        CU_ASSERT_EQUAL(st.st_nlink, 1);
        end();
        CU_ASSERT(holds(name, B("content")));
        CU_ASSERT_EQUAL(count_entries(), way + 1);
    }
}

static void without_tmpfile_a_part_stands_until_the_end(void)
{
    choose_way(0);
    begin();
    CU_ASSERT_EQUAL(count_entries(), 0);
    choose_way(1);
    begin();
    CU_ASSERT_EQUAL(count_entries(), 1);
    end();
    CU_ASSERT_EQUAL(count_entries(), 0);
}

static void a_taken_name_is_not_replaced(void)
{
    int way;

    CU_ASSERT_EQUAL(fs_replace(dir, "taken", B("other"), &err), RC_OK);
    for (way = 0; way < WAYS; way++) {
        choose_way(way);
        begin();
        CU_ASSERT_EQUAL(fs_draft_publish(draft, "taken", &err), RC_EXISTS);
        CU_ASSERT(holds("taken", B("other")));
        CU_ASSERT_EQUAL(fs_draft_publish(draft, "free", &err), RC_OK); /* may be tried again */
        end();
        CU_ASSERT(holds("free", B("content")));
        CU_ASSERT_EQUAL(fs_unlink(dir, "free", &err), RC_OK);
        CU_ASSERT_EQUAL(count_entries(), 1);
    }
}

static void a_closed_draft_leaves_nothing(void)
{
    int way;

    for (way = 0; way < WAYS; way++) {
        choose_way(way);
        begin();
        end();
        CU_ASSERT_EQUAL(count_entries(), 0);
    }
    fs_draft_close(NULL);
}

static void a_name_with_a_slash_is_refused(void)
{
    begin();
    CU_ASSERT_EQUAL(fs_draft_publish(draft, "../escape", &err), RC_INVALID);
    CU_ASSERT_EQUAL(fs_draft_publish(draft, "", &err), RC_INVALID);
    end();
    CU_ASSERT_EQUAL(count_entries(), 0);
}

/* Each call from open to the last sync fails, with each error: nothing is ever visible. */
static void whatever_fails_nothing_is_visible(void)
{
    static const char *const points[] = {"fs_open",   "fs_write", "fs_sync",
                                         "fs_rename", "fs_link",  "fs_sync_dir"};
    static const char *const actions[] = {"eio", "enospc"};
    size_t i, k;
    int way, n_failed = 0;

    for (way = 0; way < WAYS; way++) {
        choose_way(way);
        for (i = 0; i < ARRAY_LEN(points); i++) {
            for (k = 0; k < ARRAY_LEN(actions); k++) {
                enum rc rc;
                char spec[64];

                (void)snprintf(spec, sizeof spec, "%s=%s", points[i], actions[k]);
                CU_ASSERT_EQUAL(fault_set(spec, &err), RC_OK);
                rc = fs_draft_open(dir, &draft, &err);
                if (rc == RC_OK)
                    rc = fs_write(fs_draft_fd(draft), B("content"), &err);
                if (rc == RC_OK)
                    rc = fs_draft_publish(draft, "final", &err);
                fault_clear();
                end();
                if (rc == RC_OK) { /* this way does not pass that point */
                    CU_ASSERT(holds("final", B("content")));
                    CU_ASSERT_EQUAL(fs_unlink(dir, "final", &err), RC_OK);
                    continue;
                }
                n_failed++;
                CU_ASSERT_EQUAL(rc, k ? RC_NO_SPACE : RC_IO);
                CU_ASSERT_FALSE(fs_exists(dir, "final"));
                CU_ASSERT_EQUAL(count_entries(), 0);
            }
        }
    }
    CU_ASSERT_EQUAL(n_failed, 2 * (5 + 5 + 6)); /* each way has its own calls */
}

static void interrupted_calls_are_gone_on_with(void)
{
    static const char *const points[] = {"fs_open",   "fs_write", "fs_sync",
                                         "fs_rename", "fs_link",  "fs_sync_dir"};
    size_t i;
    int way;

    for (way = 0; way < WAYS; way++) {
        choose_way(way);
        for (i = 0; i < ARRAY_LEN(points); i++) {
            char spec[64];

            (void)snprintf(spec, sizeof spec, "%s=eintr", points[i]);
            CU_ASSERT_EQUAL(fault_set(spec, &err), RC_OK);
            begin();
            CU_ASSERT_EQUAL(fs_draft_publish(draft, "final", &err), RC_OK);
            fault_clear();
            end();
            CU_ASSERT(holds("final", B("content")));
            CU_ASSERT_EQUAL(fs_unlink(dir, "final", &err), RC_OK);
        }
    }
}

static void after_a_failed_sync_a_draft_is_never_published(void)
{
    int way;

    for (way = 0; way < WAYS; way++) {
        choose_way(way);
        begin();
        CU_ASSERT_EQUAL(fault_set("fs_sync=eio", &err), RC_OK);
        CU_ASSERT_EQUAL(fs_draft_publish(draft, "final", &err), RC_IO);
        CU_ASSERT_EQUAL(fs_draft_publish(draft, "final", &err), RC_IO); /* the fault is over */
        end();
        CU_ASSERT_EQUAL(count_entries(), 0);
    }
}

static void a_sweep_takes_only_what_the_dead_left(void)
{
    struct fs_draft *alive;
    char name[FS__TEMP_NAME];
    int fd = -1, status = 0;
    pid_t pid;

    choose_way(1);
    pid = fork();
    if (pid == 0) { /* dies in the middle of a draft */
        if (fs_draft_open(dir, &alive, NULL) == RC_OK)
            (void)kill(getpid(), SIGKILL);
        _exit(1);
    }
    CU_ASSERT_FATAL(pid > 0);
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT(WIFSIGNALED(status));
    CU_ASSERT_EQUAL(count_entries(), 1);
    begin(); /* ours, alive */
    CU_ASSERT_EQUAL(fs_replace(dir, "20200929-114144097.dump", B("x"), &err), RC_OK);
    CU_ASSERT_EQUAL(fs_replace(dir, ".notes.part", B("x"), &err), RC_OK);
    CU_ASSERT_EQUAL(fs_replace(dir, "0123456789abcdef.part", B("x"), &err), RC_OK);
    CU_ASSERT_EQUAL(count_entries(), 5);
    CU_ASSERT_EQUAL(fs_draft_sweep(dir, &err), RC_OK);
    CU_ASSERT_EQUAL(count_entries(), 4);
    CU_ASSERT_EQUAL(fs_draft_publish(draft, "mine", &err), RC_OK);
    CU_ASSERT(holds("mine", B("content")));
    CU_ASSERT_EQUAL(fs__temp_open(dir, name, &fd, &err), RC_OK);
    fs_close(fd); /* as after a kill: the lock is gone */
    CU_ASSERT_EQUAL(fault_set("fs_unlink=eio", &err), RC_OK);
    CU_ASSERT_EQUAL(fs_draft_sweep(dir, &err), RC_IO);
    CU_ASSERT_EQUAL(fs_draft_sweep(dir, &err), RC_OK);
    CU_ASSERT_FALSE(fs_exists(dir, name));
}

/* A kill between link and unlink leaves both names of one file; the sweep leaves the good one. */
static void a_sweep_leaves_the_final_name_of_a_linked_part(void)
{
    char from[4300], to[4300], name[FS__TEMP_NAME];
    int fd = -1;

    CU_ASSERT_EQUAL_FATAL(fs__temp_open(dir, name, &fd, &err), RC_OK);
    CU_ASSERT_EQUAL(fs_write(fd, B("content"), &err), RC_OK);
    fs_close(fd);
    (void)snprintf(from, sizeof from, "%s/%s", tmp, name);
    (void)snprintf(to, sizeof to, "%s/final", tmp);
    CU_ASSERT_EQUAL_FATAL(link(from, to), 0);
    CU_ASSERT_EQUAL(fs_draft_sweep(dir, &err), RC_OK);
    CU_ASSERT_EQUAL(count_entries(), 1);
    CU_ASSERT(holds("final", B("content")));
}

SUITE(fs_draft, setup, teardown, TEST(a_published_draft_stands_alone_under_its_name),
      TEST(without_tmpfile_a_part_stands_until_the_end), TEST(a_taken_name_is_not_replaced),
      TEST(a_closed_draft_leaves_nothing), TEST(a_name_with_a_slash_is_refused),
      TEST(whatever_fails_nothing_is_visible), TEST(interrupted_calls_are_gone_on_with),
      TEST(after_a_failed_sync_a_draft_is_never_published),
      TEST(a_sweep_takes_only_what_the_dead_left),
      TEST(a_sweep_leaves_the_final_name_of_a_linked_part));
