/* SPDX-License-Identifier: MIT */
/* test_dump_writer.c -- a visible dump is whole; a failed one leaves nothing. */
#include "dump_fixture.h"

#include "base/spare.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct sample small = {.n_indexes = 3, .n_documents = 40, .n_keys = 2, .n_tasks = 5};

/* What stands in the directory under the name: nothing, or a dump that verifies. */
static bool is_absent_or_whole(void)
{
    struct dump_reader *r = NULL;
    char path[600];
    enum rc rc;

    if (!fs_exists(fx.dir, "a.dump"))
        return true;
    (void)snprintf(path, sizeof path, "%s/a.dump", fx.path);
    rc = dump_reader_open(path, &r, &fx.err);
    if (rc == RC_OK)
        rc = dump_reader_verify(r, 1, NULL, &fx.err);
    dump_reader_close(r);
    return rc == RC_OK;
}

/* The n-th I/O call fails, n = 1, 2, 3 ... until none is left that could. */
static void fail_each_call(const char *how)
{
    unsigned n, n_failed = 0;
    uint64_t hits;

    for (n = 1; n < 1000; n++) {
        char spec[64];
        enum rc rc;

        hits = fault_hits();
        (void)snprintf(spec, sizeof spec, "any_io=%s@%u%s", how, n,
                       strcmp(how, "eintr") ? "+" : "");
        CU_ASSERT_EQUAL_FATAL(fault_set(spec, &fx.err), RC_OK);
        rc = fixture_dump(&small, "a.dump");
        fault_clear();
        CU_ASSERT(is_absent_or_whole());
        if (rc == RC_OK) {
            CU_ASSERT(fs_exists(fx.dir, "a.dump"));
            CU_ASSERT_EQUAL(fs_unlink(fx.dir, "a.dump", &fx.err), RC_OK);
        } else {
            n_failed++;
            CU_ASSERT(rc == RC_IO || rc == RC_NO_SPACE);
            CU_ASSERT_EQUAL(fixture_n_files(), 0);
        }
        if (fault_hits() == hits)
            break;
    }
    CU_ASSERT(n < 1000);
    CU_ASSERT(strcmp(how, "eintr") == 0 ? n_failed == 0 : n_failed > 10);
}

static void every_failing_call_fails_the_dump_and_leaves_nothing(void)
{
    fail_each_call("eio");
}

static void a_disk_that_fills_at_any_call_leaves_nothing(void)
{
    fail_each_call("enospc");
}

static void an_interrupted_call_changes_nothing(void)
{
    fail_each_call("eintr");
}

/* Its threads take turns then, and what ends them must not wait for one that stands still. */
static void a_dump_ends_under_searches_that_never_do(void)
{
    static const struct sample big = {.n_indexes = 2, .n_documents = 5000, .big = 6 << 20};
    unsigned i, n = thread_cpu_count();

    for (i = 0; i < n; i++)
        spare_search_begin();
    spare_begin();
    fx.opts.recompress_level = 0;
    CU_ASSERT_EQUAL(fixture_dump(&big, "a.dump"), RC_OK);
    fx.opts.recompress_level = 3;
    CU_ASSERT_EQUAL(fixture_dump(&big, "b.dump"), RC_OK);
    CU_ASSERT(is_absent_or_whole());
    CU_ASSERT_EQUAL(fault_set("fs_write=eio@3", &fx.err), RC_OK);
    CU_ASSERT_EQUAL(fixture_dump(&big, "c.dump"), RC_IO);
    fault_clear();
    spare_end();
    for (i = 0; i < n; i++)
        spare_search_end();
}

/* The one call that fails alone; after it the disk is fine again. */
static void a_single_failed_sync_is_never_tried_again(void)
{
    CU_ASSERT_EQUAL(fault_set("fs_sync=eio@1", &fx.err), RC_OK);
    CU_ASSERT_EQUAL(fixture_dump(&small, "a.dump"), RC_IO);
    CU_ASSERT_EQUAL(fixture_n_files(), 0);
    CU_ASSERT_EQUAL(fault_set("fs_sync_dir=eio@1", &fx.err), RC_OK);
    CU_ASSERT_EQUAL(fixture_dump(&small, "a.dump"), RC_IO);
    CU_ASSERT_EQUAL(fixture_n_files(), 0);
}

static void failing_around_the_name_leaves_nothing(void)
{
    CU_ASSERT_EQUAL(fault_set("dump_before_name=eio", &fx.err), RC_OK);
    CU_ASSERT_EQUAL(fixture_dump(&small, "a.dump"), RC_IO);
    CU_ASSERT_EQUAL(fixture_n_files(), 0);
    CU_ASSERT_EQUAL(fault_set("dump_after_name=enospc", &fx.err), RC_OK);
    CU_ASSERT_EQUAL(fixture_dump(&small, "a.dump"), RC_NO_SPACE);
    CU_ASSERT_EQUAL(fixture_n_files(), 0);
}

/* Killed at every pass of every file call: what is visible is whole. */
static void a_kill_at_any_call_leaves_nothing_or_all(void)
{
    static const char *const points[] = {"fs_open",          "fs_write",       "fs_read",
                                         "fs_sync",          "fs_link",        "fs_sync_dir",
                                         "dump_before_name", "dump_after_name"};
    unsigned n_killed = 0, n_whole = 0;
    size_t i;

    for (i = 0; i < ARRAY_LEN(points); i++) {
        unsigned n;
        int status = 1;

        for (n = 1; n < 100 && status != 0; n++) {
            char spec[64];
            pid_t child;

            (void)snprintf(spec, sizeof spec, "%s=abort@%u", points[i], n);
            child = fork(); /* no threads are alive here */
            CU_ASSERT_FATAL(child >= 0);
            if (child == 0) {
                if (fault_set(spec, NULL) != RC_OK)
                    _exit(3);
                _exit(fixture_dump(&small, "a.dump") == RC_OK ? 0 : 2);
            }
            CU_ASSERT_EQUAL_FATAL(waitpid(child, &status, 0), child);
            CU_ASSERT(WIFSIGNALED(status) ? WTERMSIG(status) == 9 : WEXITSTATUS(status) == 0);
            n_killed += WIFSIGNALED(status) != 0;
            CU_ASSERT(is_absent_or_whole());
            if (fs_exists(fx.dir, "a.dump")) {
                n_whole++;
                CU_ASSERT_EQUAL(fs_unlink(fx.dir, "a.dump", &fx.err), RC_OK);
            }
            CU_ASSERT_EQUAL(fs_draft_sweep(fx.dir, &fx.err), RC_OK);
            CU_ASSERT_EQUAL(fixture_n_files(), 0);
        }
    }
    CU_ASSERT(n_killed > 15);
    CU_ASSERT(n_whole >=
              ARRAY_LEN(points)); /* the run that no kill met, and those after the name */
}

static void a_name_that_is_taken_is_not_replaced(void)
{
    struct sample other = small;

    CU_ASSERT_EQUAL_FATAL(fixture_dump(&small, "a.dump"), RC_OK);
    other.n_documents = 3;
    CU_ASSERT_EQUAL(fixture_dump(&other, "a.dump"), RC_EXISTS);
    CU_ASSERT_EQUAL(fixture_n_files(), 1);
    CU_ASSERT(is_absent_or_whole());
}

static void closing_an_unfinished_writer_leaves_nothing(void)
{
    CU_ASSERT_EQUAL(fixture_pour(&small), RC_OK);
    dump_writer_close(fx.writer);
    fx.writer = NULL;
    CU_ASSERT_EQUAL(fixture_n_files(), 0);
    CU_ASSERT_EQUAL(dump_writer_open(fx.dir, &fx.opts, &fx.writer, &fx.err), RC_OK);
    dump_writer_close(fx.writer);
    fx.writer = NULL;
    dump_writer_close(NULL);
}

/* ---- what the database gave us -----------------------------------------------------------------
 */

static void begin_index(uint64_t documents)
{
    Lode__Dump__V1__Index index;
    char uid[] = "movies";

    lode__dump__v1__index__init(&index);
    index.uid = uid;
    index.documents = documents;
    CU_ASSERT_EQUAL_FATAL(dump_writer_open(fx.dir, &fx.opts, &fx.writer, &fx.err), RC_OK);
    CU_ASSERT_EQUAL_FATAL(dump_writer_index(fx.writer, &index, B("{}"), &fx.err), RC_OK);
}

/* LevelDB passes over damaged blocks in silence: the count tells. */
static void fewer_documents_than_the_index_has_fail_the_dump(void)
{
    struct buf content, frame;

    buf_init(&content, BUF_NO_LIMIT);
    buf_init(&frame, BUF_NO_LIMIT);
    CU_ASSERT(record_put_document(&content, B("{}"), false));
    fixture_frame(buf_view(&content), &frame);
    begin_index(2);
    CU_ASSERT_EQUAL(dump_writer_block(fx.writer, buf_view(&frame), 1, &fx.err), RC_OK);
    CU_ASSERT_EQUAL(dump_writer_publish(fx.writer, "a.dump", &fx.err), RC_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(fx.err.msg, "'movies' should hold 2 documents, but 1 came"));
    CU_ASSERT_EQUAL(fixture_n_files(), 0);
    buf_done(&content);
    buf_done(&frame);
}

/* Writes one block with byte `at` changed; the publication's answer. */
static enum rc publish_damaged(size_t at, uint32_t n_documents, int level)
{
    struct buf content, frame;
    unsigned i;
    enum rc rc;

    buf_init(&content, BUF_NO_LIMIT);
    buf_init(&frame, BUF_NO_LIMIT);
    for (i = 0; i < 20; i++) { /* nothing comes twice: every byte counts */
        uint64_t noise = hash64(bytes_of(&i, sizeof i), 7);

        CU_ASSERT(record_put_document(&content, bytes_of(&noise, sizeof noise), false));
    }
    fixture_frame(buf_view(&content), &frame);
    if (at < frame.n)
        frame.p[at] ^= 0x40;
    fx.opts.recompress_level = level;
    begin_index(n_documents);
    rc = dump_writer_block(fx.writer, buf_view(&frame), n_documents, &fx.err);
    if (rc == RC_OK)
        rc = dump_writer_publish(fx.writer, "a.dump", &fx.err);
    dump_writer_close(fx.writer);
    fx.writer = NULL;
    CU_ASSERT_EQUAL(fixture_n_files(), rc == RC_OK);
    if (rc == RC_OK)
        CU_ASSERT_EQUAL(fs_unlink(fx.dir, "a.dump", &fx.err), RC_OK);
    buf_done(&content);
    buf_done(&frame);
    return rc;
}

/* Damage older than the database's own checksum: only decoding finds it. */
static void a_damaged_block_fails_the_dump(void)
{
    size_t at;

    CU_ASSERT_EQUAL(publish_damaged(SIZE_MAX, 20, 0), RC_OK);
    for (at = 0; at < 40; at++)
        CU_ASSERT_EQUAL(publish_damaged(at, 20, 0), RC_CORRUPT);
    for (at = 0; at < 40; at++)
        CU_ASSERT_EQUAL(publish_damaged(at, 20, 3), RC_CORRUPT);
    CU_ASSERT_EQUAL(publish_damaged(20, 20, 0), RC_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(fx.err.msg, "section 2 (documents of 'movies'), offset"));
    CU_ASSERT_EQUAL(publish_damaged(SIZE_MAX, 19, 0), RC_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(fx.err.msg, "20 records were found instead of 19"));
}

static void a_frame_that_is_none_fails_the_dump(void)
{
    Lode__Dump__V1__Task task;
    struct buf frame;

    lode__dump__v1__task__init(&task);
    buf_init(&frame, BUF_NO_LIMIT);
    fixture_frame(B("\x02\x3a\x00"), &frame);
    begin_index(1);
    CU_ASSERT_EQUAL(dump_writer_block(fx.writer, bytes_of(frame.p, frame.n - 1), 1, &fx.err),
                    RC_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(fx.err.msg, "a stored block of 'movies' is damaged: a frame is cut"));
    dump_writer_close(fx.writer);
    begin_index(0);
    CU_ASSERT_EQUAL_FATAL(dump_writer_task(fx.writer, &task, &fx.err), RC_OK);
    CU_ASSERT_EQUAL(dump_writer_task_payload(fx.writer, buf_view(&frame), 1, &fx.err), RC_OK);
    (void)buf_byte(&frame, 0);
    CU_ASSERT_EQUAL(dump_writer_task_payload(fx.writer, buf_view(&frame), 1, &fx.err), RC_CORRUPT);
    dump_writer_close(fx.writer);
    begin_index(1);
    CU_ASSERT_EQUAL(dump_writer_block(fx.writer, buf_view(&frame), 1, &fx.err), RC_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(fx.err.msg, "bytes stand behind"));
    buf_done(&frame);
}

/* The file is read back: bytes that turn on the way to it are not published. */
static void bytes_that_change_in_the_file_fail_the_dump(void)
{
    static const off_t where[] = {5, 3000, 9000};
    size_t i;

    for (i = 0; i < ARRAY_LEN(where); i++) {
        struct sample sample = {.n_indexes = 1, .n_documents = 300, .big = 3 << 20};
        char path[64];
        int fd;

        CU_ASSERT_EQUAL_FATAL(fault_set("fs_read=pause+", &fx.err), RC_OK); /* all readers */
        CU_ASSERT_EQUAL_FATAL(fixture_pour(&sample), RC_OK);
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d",
                       fs_draft_fd(dump__writer_draft(fx.writer)));
        fd = open(path, O_WRONLY | O_CLOEXEC);
        CU_ASSERT_FATAL(fd >= 0);
        CU_ASSERT_EQUAL(pwrite(fd, "\x01", 1, where[i]), 1);
        (void)close(fd);
        fault_release(FAULT_FS_READ);
        CU_ASSERT_EQUAL(dump_writer_publish(fx.writer, "a.dump", &fx.err), RC_CORRUPT);
        CU_ASSERT_PTR_NOT_NULL(strstr(fx.err.msg, "what was written cannot be read"));
        dump_writer_close(fx.writer);
        fx.writer = NULL;
        CU_ASSERT_EQUAL(fixture_n_files(), 0);
    }
}

/* ---- stopping ------------------------------------------------------------------------ */

static bool stop_after(void *arg)
{
    unsigned *left = arg;

    if (*left == 0)
        return true;
    --*left;
    return false;
}

static void a_dump_can_be_stopped_at_any_question(void)
{
    struct sample sample = {.n_indexes = 2, .n_documents = 40000, .block = 30000};
    unsigned n, left;
    enum rc rc = RC_CANCELLED;

    fx.opts.stop = stop_after;
    fx.opts.stop_arg = &left;
    for (n = 0; rc == RC_CANCELLED && n < 1000; n++) {
        left = n;
        rc = fixture_dump(&sample, "a.dump");
        CU_ASSERT_EQUAL(fixture_n_files(), rc == RC_OK);
    }
    CU_ASSERT_EQUAL(rc, RC_OK);
    CU_ASSERT(n > 2);
}

static void the_first_failure_sticks(void)
{
    Lode__Dump__V1__Key key;

    lode__dump__v1__key__init(&key);
    begin_index(7);
    CU_ASSERT_EQUAL(dump_writer_key(fx.writer, &key, &fx.err), RC_CORRUPT);
    fx.err.msg[0] = '\0';
    CU_ASSERT_EQUAL(dump_writer_key(fx.writer, &key, &fx.err), RC_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(fx.err.msg, "7 documents"));
    CU_ASSERT_EQUAL(dump_writer_publish(fx.writer, "a.dump", &fx.err), RC_CORRUPT);
    CU_ASSERT_EQUAL(fixture_n_files(), 0);
}

SUITE(dump_writer, fixture_setup, fixture_teardown,
      TEST(every_failing_call_fails_the_dump_and_leaves_nothing),
      TEST(a_disk_that_fills_at_any_call_leaves_nothing), TEST(an_interrupted_call_changes_nothing),
      TEST(a_dump_ends_under_searches_that_never_do),
      TEST(a_single_failed_sync_is_never_tried_again), TEST(failing_around_the_name_leaves_nothing),
      TEST(a_kill_at_any_call_leaves_nothing_or_all), TEST(a_name_that_is_taken_is_not_replaced),
      TEST(closing_an_unfinished_writer_leaves_nothing),
      TEST(fewer_documents_than_the_index_has_fail_the_dump), TEST(a_damaged_block_fails_the_dump),
      TEST(a_frame_that_is_none_fails_the_dump), TEST(bytes_that_change_in_the_file_fail_the_dump),
      TEST(a_dump_can_be_stopped_at_any_question), TEST(the_first_failure_sticks));
