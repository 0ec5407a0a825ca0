/* SPDX-License-Identifier: MIT */
/* test_store_poison.c -- after a failed commit: nothing more through that handle, then a new one.
 */
#include "base/fs.h"
#include "base/mem.h"
#include "base/thread.h"
#include "store/store_int.h"
#include "store_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static void a_failed_commit_reopens_when_nobody_reads(void)
{
    CU_ASSERT_EQUAL(fixture_put("a", "1"), RC_OK);
    CU_ASSERT_EQUAL(fault_set("store_commit=eio", &fx.err), RC_OK);
    CU_ASSERT_EQUAL(fixture_put("b", "2"), RC_IO);
    CU_ASSERT_EQUAL(fixture_epoch(), 1);
    CU_ASSERT_EQUAL(store_settle(fx.store, &fx.err), RC_OK);
    CU_ASSERT_STRING_EQUAL(fixture_get("a"), "1");
    CU_ASSERT_STRING_EQUAL(fixture_get("b"), "");
    CU_ASSERT_EQUAL(fixture_put("c", "3"), RC_OK);
    CU_ASSERT_EQUAL(fixture_epoch(), 1);
}

/* The other outcome that RC_IO may have. */
static void a_failed_commit_may_be_there_afterwards(void)
{
    CU_ASSERT_EQUAL(fault_set("store_after_commit=eio", &fx.err), RC_OK);
    CU_ASSERT_EQUAL(fixture_put("b", "2"), RC_IO);
    CU_ASSERT_EQUAL(fixture_epoch(), 1);
    CU_ASSERT_STRING_EQUAL(fixture_get("b"), "2");
}

static void views_keep_the_old_handle_until_they_close(void)
{
    struct bytes val = {0};

    CU_ASSERT_EQUAL(fixture_put("a", "1"), RC_OK);
    fixture_view();
    CU_ASSERT_EQUAL(fault_set("store_commit=eio", &fx.err), RC_OK);
    CU_ASSERT_EQUAL(fixture_put("b", "2"), RC_IO);
    CU_ASSERT_EQUAL(fixture_epoch(), 0);
    CU_ASSERT_EQUAL(store_view_get(fx.view, B("a"), &val, &fx.err), RC_OK);
    CU_ASSERT_EQUAL(store_settle(fx.store, &fx.err), RC_BUSY);
    CU_ASSERT_EQUAL(fixture_put("c", "3"), RC_BUSY); /* after reopen_wait_ms; not written */
    CU_ASSERT_STRING_EQUAL(fixture_get("a"), "1");   /* new readers are served meanwhile */
    CU_ASSERT_EQUAL(fixture_epoch(), 0);
    store_view_close(fx.view);
    fx.view = NULL;
    CU_ASSERT_EQUAL(fixture_epoch(), 1);
    CU_ASSERT_STRING_EQUAL(fixture_get("c"), "");
    CU_ASSERT_EQUAL(fixture_put("c", "3"), RC_OK);
}

struct late {
    struct thread thread;
    enum rc rc;
};

static void commit_late(void *arg)
{
    struct late *late = arg;
    struct store_batch *batch = store_batch_new();
    struct err err;

    store_batch_put(batch, B("late"), B("came"));
    late->rc = store_commit(fx.store, batch, &err);
    store_batch_free(batch);
}

static void a_commit_waits_for_the_reopening(void)
{
    struct late late = {.rc = RC_INTERNAL};

    fixture_close();
    fx.opts.reopen_wait_ms = 60000;
    fixture_reopen();
    fixture_view();
    CU_ASSERT_EQUAL(fault_set("store_commit=eio", &fx.err), RC_OK);
    CU_ASSERT_EQUAL(fixture_put("b", "2"), RC_IO);
    thread_start(&late.thread, "late", commit_late, &late);
    store_view_close(fx.view);
    fx.view = NULL;
    thread_join(&late.thread);
    CU_ASSERT_EQUAL(late.rc, RC_OK);
    CU_ASSERT_EQUAL(fixture_epoch(), 1);
    CU_ASSERT_STRING_EQUAL(fixture_get("late"), "came");
}

static size_t n_waiting(void)
{
    size_t n;

    mutex_lock(&fx.store->lock);
    n = fx.store->n_waiting;
    mutex_unlock(&fx.store->lock);
    return n;
}

/* The first stands in the write, the others behind it: one failure fails them all. */
static void all_that_wait_behind_a_failed_commit_fail_with_it(void)
{
    enum { N = 4 };
    struct late late[1 + N];
    unsigned i;

    CU_ASSERT_EQUAL(fault_set("store_commit=pause", &fx.err), RC_OK);
    for (i = 0; i <= N; i++) {
        late[i].rc = RC_OK;
        thread_start(&late[i].thread, "late", commit_late, &late[i]);
        if (i == 0)
            fault_wait_paused(FAULT_STORE_COMMIT);
    }
    while (n_waiting() < 1 + N)
        (void)sched_yield();
    CU_ASSERT_EQUAL(fault_set("store_after_commit=eio", &fx.err), RC_OK);
    fault_release(FAULT_STORE_COMMIT);
    for (i = 0; i <= N; i++) {
        thread_join(&late[i].thread);
        CU_ASSERT_EQUAL(late[i].rc, RC_IO);
    }
    CU_ASSERT_EQUAL(fixture_epoch(), 1);
    CU_ASSERT_EQUAL(n_waiting(), 0);
}

static void a_reopening_that_fails_is_tried_again(void)
{
    struct store_view *view = NULL;

    CU_ASSERT_EQUAL(fixture_put("a", "1"), RC_OK);
    CU_ASSERT_EQUAL(fault_set("store_commit=eio", &fx.err), RC_OK);
    CU_ASSERT_EQUAL(fault_set("store_open=eio+", &fx.err), RC_OK);
    CU_ASSERT_EQUAL(fixture_put("b", "2"), RC_IO);
    CU_ASSERT_EQUAL(fixture_epoch(), 0);
    CU_ASSERT_EQUAL(store_view_open(fx.store, &view, &fx.err), RC_IO);
    CU_ASSERT_EQUAL(fixture_put("c", "3"), RC_IO);
    CU_ASSERT_EQUAL(store_settle(fx.store, &fx.err), RC_IO);
    fault_clear();
    CU_ASSERT_EQUAL(fixture_put("c", "3"), RC_OK);
    CU_ASSERT_EQUAL(fixture_epoch(), 1);
    CU_ASSERT_STRING_EQUAL(fixture_get("a"), "1");
}

/* ---- a disk that is really full ------------------------------------------------------ */

enum { DISK_BYTES = 8 << 20, BALLAST_BYTES = 5 << 20 };

static char disk[512]; /* where it is mounted; "" when not */
static char ballast[600];

static int mount_small_disk(void)
{
    char size[32];

    (void)snprintf(disk, sizeof disk, "%s/disk", fx.dir);
    (void)snprintf(size, sizeof size, "size=%d", DISK_BYTES);
    if (mkdir(disk, 0700) != 0 || mount("tmpfs", disk, "tmpfs", 0, size) != 0) {
        disk[0] = '\0';
        return -1;
    }
    return 0;
}

static void unmount(void)
{
    fixture_close();
    if (disk[0])
        CU_ASSERT_EQUAL(umount(disk), 0);
    disk[0] = '\0';
}

static void put_ballast(const char *path)
{
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(posix_fallocate(fd, 0, BALLAST_BYTES), 0);
    (void)close(fd);
}

static enum rc put_numbered(unsigned i)
{
    char key[16];
    uint8_t value[2000];

    memset(value, (int)(i & 0xff), sizeof value);
    (void)snprintf(key, sizeof key, "n%06u", i);
    store_batch_clear(fx.batch);
    store_batch_put(fx.batch, bytes_str(key), bytes_of(value, sizeof value));
    return store_commit(fx.store, fx.batch, &fx.err);
}

static bool has_numbered(unsigned i)
{
    char key[16];

    (void)snprintf(key, sizeof key, "n%06u", i);
    return fixture_get(key)[0] != '\0' || (i & 0xff) == 0;
}

/* The store moves to a small disk, most of which is taken; false: it cannot be had here. */
static bool move_to_small_disk(void)
{
    if (mount_small_disk() != 0) {
        suite_skip("a small tmpfs cannot be mounted here (not root?)");
        return false;
    }
    fixture_close();
    (void)snprintf(ballast, sizeof ballast, "%s/ballast", disk);
    put_ballast(ballast);
    xfree(fx.path);
    fx.path = xmalloc(600);
    (void)snprintf(fx.path, 600, "%s/store", disk);
    fixture_reopen();
    return true;
}

/* Numbers from `from` on, until one is refused: that one. */
static unsigned put_until_refused(unsigned from)
{
    enum rc rc = RC_OK;

    while (rc == RC_OK && from < 100000) {
        rc = put_numbered(from);
        from += rc == RC_OK;
    }
    CU_ASSERT_EQUAL(rc, RC_NO_SPACE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(fx.err.word);
    CU_ASSERT_STRING_EQUAL(fx.err.word, "no_space_left_on_device");
    return from;
}

/*
 * The trial that loses acknowledged writes on a bare LevelDB: full once, room
 * again, writes go on, then the process dies.
 */
static void a_full_disk_loses_nothing_that_was_acknowledged(void)
{
    unsigned n_before, n_after, i;

    if (!move_to_small_disk())
        return;
    n_before = put_until_refused(1);
    CU_ASSERT(n_before > 100);
    CU_ASSERT_EQUAL(put_numbered(n_before), RC_NO_SPACE);
    CU_ASSERT(has_numbered(1)); /* reads go on */
    CU_ASSERT_EQUAL(unlink(ballast), 0);
    for (i = n_before, n_after = i; n_after < i + 300; n_after++)
        CU_ASSERT_EQUAL_FATAL(put_numbered(n_after), RC_OK);
    fixture_close();
    fixture_reopen();
    for (i = 1; i < n_after; i++)
        CU_ASSERT_FATAL(has_numbered(i));
    unmount();
}

/* Takes what is left, to the last page. */
static void fill_disk(void)
{
    char path[600];
    uint8_t page[4096] = {1};
    int fd;

    (void)snprintf(path, sizeof path, "%s/more", disk);
    fd = open(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    CU_ASSERT_FATAL(fd >= 0);
    while (write(fd, page, sizeof page) > 0)
        ;
    CU_ASSERT_EQUAL(errno, ENOSPC);
    (void)close(fd);
}

/*
 * Somebody else takes the rest of the disk, and the store starts again on it.
 * Closing leaves the files as a kill would: LevelDB writes nothing when it closes.
 * At any fill of the log, also at those where its memtable is about to be written.
 */
static void a_store_that_was_stopped_on_a_full_disk_opens(void)
{
    unsigned n = 1, n_was, i, k;

    if (!move_to_small_disk())
        return;
    for (k = 0; k < 40; k++) {
        n_was = n;
        for (i = 0; i < 5 + k; i++)
            n += put_numbered(n) == RC_OK;
        fill_disk();
        fixture_close();
        fixture_reopen();
        for (i = 1; i < n; i++)
            CU_ASSERT_FATAL(has_numbered(i));
        (void)snprintf(fx.path + strlen(disk), 8, "/more");
        CU_ASSERT_EQUAL(unlink(fx.path), 0);
        (void)snprintf(fx.path + strlen(disk), 8, "/store");
        if (n == n_was) /* what is left of the disk is kept for opening */
            break;
    }
    CU_ASSERT(n > 100);
    CU_ASSERT_EQUAL(unlink(ballast), 0);
    CU_ASSERT_EQUAL(put_numbered(n), RC_OK);
    unmount();
}

/* Deletions pass when nothing else does, and give the room back. */
static void a_full_disk_takes_deletions_and_has_room_again(void)
{
    unsigned n, i;
    char key[16];

    if (!move_to_small_disk())
        return;
    fixture_close();
    fx.opts.free_floor = 512 << 10;
    fixture_reopen();
    n = put_until_refused(1);
    CU_ASSERT(store_is_tight(fx.store));
    for (i = 1; i < n; i++) {
        (void)snprintf(key, sizeof key, "n%06u", i);
        store_batch_clear(fx.batch);
        store_batch_del(fx.batch, bytes_str(key));
        store_batch_makes_room(fx.batch);
        CU_ASSERT_EQUAL_FATAL(store_commit(fx.store, fx.batch, &fx.err), RC_OK);
    }
    store_reclaim(fx.store);
    CU_ASSERT_EQUAL(put_numbered(n), RC_OK);
    CU_ASSERT_FALSE(store_is_tight(fx.store));
    CU_ASSERT_FALSE(has_numbered(1));
    CU_ASSERT(put_until_refused(n + 1) > n + n / 2);
    unmount();
}

/* An append that finds no room after all: the outcome is unknown, and what there is goes on. */
static void a_failed_append_on_a_small_disk_reopens(void)
{
    unsigned i;

    if (!move_to_small_disk())
        return;
    for (i = 1; i <= 100; i++)
        CU_ASSERT_EQUAL_FATAL(put_numbered(i), RC_OK);
    CU_ASSERT_EQUAL(fault_set("store_commit=enospc", &fx.err), RC_OK);
    CU_ASSERT_EQUAL(put_numbered(101), RC_IO);
    CU_ASSERT_STRING_EQUAL(fx.err.word, "no_space_left_on_device");
    CU_ASSERT_EQUAL(put_numbered(102), RC_OK);
    CU_ASSERT_EQUAL(fixture_epoch(), 1);
    for (i = 1; i <= 100; i++)
        CU_ASSERT_FATAL(has_numbered(i));
    unmount();
}

static void teardown(void)
{
    fault_clear();
    unmount();
    fixture_teardown();
}

SUITE(store_poison, fixture_setup, teardown, TEST(a_failed_commit_reopens_when_nobody_reads),
      TEST(a_failed_commit_may_be_there_afterwards),
      TEST(views_keep_the_old_handle_until_they_close), TEST(a_commit_waits_for_the_reopening),
      TEST(all_that_wait_behind_a_failed_commit_fail_with_it),
      TEST(a_reopening_that_fails_is_tried_again),
      TEST(a_full_disk_loses_nothing_that_was_acknowledged),
      TEST(a_store_that_was_stopped_on_a_full_disk_opens),
      TEST(a_full_disk_takes_deletions_and_has_room_again),
      TEST(a_failed_append_on_a_small_disk_reopens));
