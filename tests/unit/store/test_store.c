/* SPDX-License-Identifier: MIT */
/* test_store.c -- opening, committing, bulk building, closing. */
#include "base/fs.h"
#include "base/mem.h"
#include "base/thread.h"
#include "store_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void what_was_committed_is_there_after_reopening(void)
{
    CU_ASSERT_EQUAL(fixture_put("a", "1"), RC_OK);
    CU_ASSERT_EQUAL(fixture_put("b", "2"), RC_OK);
    CU_ASSERT_EQUAL(fixture_del("a"), RC_OK);
    fixture_close();
    fixture_reopen();
    CU_ASSERT_STRING_EQUAL(fixture_get("a"), "");
    CU_ASSERT_STRING_EQUAL(fixture_get("b"), "2");
    CU_ASSERT_EQUAL(fixture_epoch(), 0);
}

static void a_batch_is_applied_in_order(void)
{
    store_batch_put(fx.batch, B("k"), B("first"));
    store_batch_del(fx.batch, B("k"));
    store_batch_put(fx.batch, B("k"), B("last"));
    CU_ASSERT_EQUAL(store_batch_count(fx.batch), 3);
    CU_ASSERT_EQUAL(store_batch_bytes(fx.batch), 1 + 5 + 1 + 1 + 4);
    CU_ASSERT_EQUAL(store_commit(fx.store, fx.batch, &fx.err), RC_OK);
    CU_ASSERT_STRING_EQUAL(fixture_get("k"), "last");
    store_batch_clear(fx.batch);
    CU_ASSERT_EQUAL(store_batch_count(fx.batch) + store_batch_bytes(fx.batch), 0);
    CU_ASSERT_EQUAL(store_commit(fx.store, fx.batch, &fx.err), RC_OK);
}

static void deleted_keys_leave_no_room_behind_a_merge(void)
{
    char key[16], value[4096];
    unsigned i;

    memset(value, 'v', sizeof value);
    for (i = 0; i < 512; i++) {
        (void)snprintf(key, sizeof key, "m%03u", i);
        store_batch_put(fx.batch, bytes_str(key), bytes_of(value, sizeof value));
    }
    store_batch_put(fx.batch, B("l"), B("before"));
    store_batch_put(fx.batch, B("n"), B("behind"));
    CU_ASSERT_EQUAL_FATAL(store_commit(fx.store, fx.batch, &fx.err), RC_OK);
    fixture_compact("", "");
    CU_ASSERT(store_disk_bytes(fx.store) > sizeof value * 512);
    store_batch_clear(fx.batch);
    for (i = 0; i < 511; i++) {
        (void)snprintf(key, sizeof key, "m%03u", i);
        store_batch_del(fx.batch, bytes_str(key));
    }
    CU_ASSERT_EQUAL_FATAL(store_commit(fx.store, fx.batch, &fx.err), RC_OK);
    store_merge(fx.store, B("m000"), B("m510"));
    CU_ASSERT(store_disk_bytes(fx.store) < sizeof value * 64);
    CU_ASSERT_STRING_EQUAL(fixture_get("l"), "before");
    CU_ASSERT_STRING_EQUAL(fixture_get("m510"), "");
    CU_ASSERT_EQUAL(strlen(fixture_get("m511")), sizeof value);
    CU_ASSERT_STRING_EQUAL(fixture_get("n"), "behind");
    CU_ASSERT_EQUAL(fixture_epoch(), 0);
}

static void keys_and_values_are_any_bytes(void)
{
    static const uint8_t key[] = {0, 0xff, 0, 1}, value[] = {0, 0, 0xff};
    struct bytes got = {0};

    store_batch_put(fx.batch, bytes_of(key, sizeof key), bytes_of(value, sizeof value));
    store_batch_put(fx.batch, B("empty"), B(""));
    CU_ASSERT_EQUAL_FATAL(store_commit(fx.store, fx.batch, &fx.err), RC_OK);
    fixture_view();
    CU_ASSERT_EQUAL(store_view_get(fx.view, bytes_of(key, sizeof key), &got, &fx.err), RC_OK);
    CU_ASSERT(bytes_eq(got, bytes_of(value, sizeof value)));
    CU_ASSERT_EQUAL(store_view_get(fx.view, bytes_of(key, 2), &got, &fx.err), RC_NOT_FOUND);
    CU_ASSERT_EQUAL(store_view_get(fx.view, B("empty"), &got, &fx.err), RC_OK);
    CU_ASSERT_EQUAL(got.n, 0);
}

static void a_second_opener_is_told_that_it_is_busy(void)
{
    struct store *second = NULL;

    CU_ASSERT_EQUAL(store_open(fx.path, &fx.opts, &second, &fx.err), RC_BUSY);
    CU_ASSERT_PTR_NULL(second);
    CU_ASSERT_EQUAL(fixture_put("still", "works"), RC_OK);
}

static void a_directory_that_cannot_be_opened_is_an_error(void)
{
    struct store *store = NULL;
    char path[512];
    int fd;

    (void)snprintf(path, sizeof path, "%s/file", fx.dir);
    fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    CU_ASSERT_FATAL(fd >= 0);
    (void)close(fd);
    CU_ASSERT_EQUAL(store_open(path, NULL, &store, &fx.err), RC_IO);
    CU_ASSERT_EQUAL(fault_set("store_open=eio", &fx.err), RC_OK);
    fixture_close();
    CU_ASSERT_EQUAL(store_open(fx.path, &fx.opts, &fx.store, &fx.err), RC_IO);
    CU_ASSERT_PTR_NULL(fx.store);
    CU_ASSERT_EQUAL(fault_set("fs_sync_dir=eio", &fx.err), RC_OK);
    CU_ASSERT_EQUAL(store_open(fx.path, &fx.opts, &fx.store, &fx.err), RC_IO);
    CU_ASSERT_PTR_NULL(fx.store);
    fixture_reopen();
}

/* Nobody's files may lie open for others to read. */
static void the_directory_is_private(void)
{
    struct stat st;

    CU_ASSERT_EQUAL_FATAL(stat(fx.path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0077, 0);
}

static void below_the_floor_of_free_space_nothing_is_written(void)
{
    fixture_close();
    fx.opts.free_floor = UINT64_MAX / 2;
    fixture_reopen();
    CU_ASSERT_EQUAL(fixture_put("a", "1"), RC_NO_SPACE);
    CU_ASSERT_STRING_EQUAL(fx.err.word, "no_space_left_on_device");
    CU_ASSERT_STRING_EQUAL(fx.err.msg,
                           "There is no more space left on the device. Consider increasing the "
                           "size of the disk/partition.");
    CU_ASSERT_STRING_EQUAL(fixture_get("a"), "");
    store_batch_clear(fx.batch);
    store_batch_put(fx.batch, B("a"), B("1"));
    store_batch_makes_room(fx.batch);
    CU_ASSERT_EQUAL(store_commit(fx.store, fx.batch, &fx.err), RC_OK);
    fixture_close();
    fx.opts.free_floor = 1;
    fixture_reopen();
    CU_ASSERT_EQUAL(fixture_put("b", "1"), RC_OK);
}

enum { N_WRITERS = 8, N_COMMITS = 40 };

struct writer {
    struct thread thread;
    unsigned id;
    unsigned n_ok;
};

static void write_some(void *arg)
{
    struct writer *w = arg;
    struct store_batch *batch = store_batch_new();
    struct err err;
    unsigned i;

    for (i = 0; i < N_COMMITS; i++) {
        char key[32];
        int n = snprintf(key, sizeof key, "%u/%03u", w->id, i);

        store_batch_clear(batch);
        store_batch_put(batch, bytes_of(key, (size_t)n), B("x"));
        store_batch_put(batch, B("shared"), bytes_of(key, (size_t)n));
        if (store_commit(fx.store, batch, &err) == RC_OK)
            w->n_ok++;
    }
    store_batch_free(batch);
}

static void many_threads_commit_at_once_and_nothing_is_lost(void)
{
    struct writer writers[N_WRITERS];
    unsigned i, n = 0;

    for (i = 0; i < N_WRITERS; i++) {
        writers[i] = (struct writer){.id = i};
        thread_start(&writers[i].thread, "writer", write_some, &writers[i]);
    }
    for (i = 0; i < N_WRITERS; i++) {
        thread_join(&writers[i].thread);
        CU_ASSERT_EQUAL(writers[i].n_ok, N_COMMITS);
    }
    fixture_cursor("");
    for (store_cursor_first(fx.cursor); store_cursor_valid(fx.cursor); store_cursor_next(fx.cursor))
        n++;
    CU_ASSERT_EQUAL(store_cursor_end(fx.cursor, &fx.err), RC_OK);
    CU_ASSERT_EQUAL(n, N_WRITERS * N_COMMITS + 1);
}

static void compaction_keeps_what_is_there_and_gives_space_back(void)
{
    uint8_t *value = xcalloc(1, 4096);
    struct bytes got = {0};
    uint64_t before;
    unsigned i;

    for (i = 0; i < 4096; i++)
        value[i] = (uint8_t)(i * 2654435761U >> 13);
    for (i = 0; i < 500; i++) {
        char key[16];

        (void)snprintf(key, sizeof key, "k%04u", i);
        store_batch_clear(fx.batch);
        store_batch_put(fx.batch, bytes_str(key), bytes_of(value, 4096));
        CU_ASSERT_EQUAL_FATAL(store_commit(fx.store, fx.batch, &fx.err), RC_OK);
    }
    before = store_disk_bytes(fx.store);
    CU_ASSERT(before > 500 * 4096);
    for (i = 0; i < 499; i++) {
        char key[16];

        (void)snprintf(key, sizeof key, "k%04u", i);
        CU_ASSERT_EQUAL_FATAL(fixture_del(key), RC_OK);
    }
    fixture_compact("k", "l");
    fixture_compact("", "");
    CU_ASSERT(store_disk_bytes(fx.store) < before / 4);
    fixture_view();
    CU_ASSERT_EQUAL(store_view_get(fx.view, B("k0499"), &got, &fx.err), RC_OK);
    CU_ASSERT(bytes_eq(got, bytes_of(value, 4096)));
    xfree(value);
}

static void a_bulk_store_is_synced_at_the_end_and_opens_normally(void)
{
    fixture_close();
    fx.opts.bulk = true;
    (void)snprintf(fx.path, strlen(fx.path) + 1, "%s/bulk", fx.dir);
    fixture_reopen();
    CU_ASSERT_EQUAL(fault_set("fs_sync=eio+", &fx.err), RC_OK); /* nothing is synced before */
    CU_ASSERT_EQUAL(fixture_put("a", "1"), RC_OK);
    fault_clear();
    CU_ASSERT_EQUAL(store_finish_bulk(fx.store, &fx.err), RC_OK);
    fixture_close();
    fx.opts.bulk = false;
    fixture_reopen();
    CU_ASSERT_STRING_EQUAL(fixture_get("a"), "1");
}

static void a_bulk_store_that_cannot_be_synced_says_so(void)
{
    fixture_close();
    fx.opts.bulk = true;
    (void)snprintf(fx.path, strlen(fx.path) + 1, "%s/bulk", fx.dir);
    fixture_reopen();
    CU_ASSERT_EQUAL(fixture_put("a", "1"), RC_OK);
    CU_ASSERT_EQUAL(fault_set("fs_sync=eio@2", &fx.err), RC_OK);
    CU_ASSERT_EQUAL(store_finish_bulk(fx.store, &fx.err), RC_IO);
}

static void a_bulk_store_is_given_up_after_a_failed_commit(void)
{
    fixture_close();
    fx.opts.bulk = true;
    (void)snprintf(fx.path, strlen(fx.path) + 1, "%s/bulk", fx.dir);
    fixture_reopen();
    CU_ASSERT_EQUAL(fault_set("store_commit=enospc", &fx.err), RC_OK);
    CU_ASSERT_EQUAL(fixture_put("a", "1"), RC_IO);
    CU_ASSERT_STRING_EQUAL(fx.err.word, "no_space_left_on_device");
    CU_ASSERT_EQUAL(fixture_put("b", "1"), RC_IO);
    CU_ASSERT_EQUAL(store_finish_bulk(fx.store, &fx.err), RC_IO);
}

SUITE(store, fixture_setup, fixture_teardown, TEST(what_was_committed_is_there_after_reopening),
      TEST(a_batch_is_applied_in_order), TEST(deleted_keys_leave_no_room_behind_a_merge),
      TEST(keys_and_values_are_any_bytes), TEST(a_second_opener_is_told_that_it_is_busy),
      TEST(a_directory_that_cannot_be_opened_is_an_error), TEST(the_directory_is_private),
      TEST(below_the_floor_of_free_space_nothing_is_written),
      TEST(many_threads_commit_at_once_and_nothing_is_lost),
      TEST(compaction_keeps_what_is_there_and_gives_space_back),
      TEST(a_bulk_store_is_synced_at_the_end_and_opens_normally),
      TEST(a_bulk_store_that_cannot_be_synced_says_so),
      TEST(a_bulk_store_is_given_up_after_a_failed_commit));
