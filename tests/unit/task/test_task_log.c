/* SPDX-License-Identifier: MIT */
/* test_task_log.c -- what is left of the log after cuts, flips and failed calls. */
#include "base/fault.h"
#include "base/mem.h"
#include "pb/pb.h"
#include "support/suite.h"
#include "support/tempdir.h"
#include "task/task_log_int.h"

#include <stdio.h>

enum { GROUPS = 4, PER_GROUP = 3, TASKS = GROUPS * PER_GROUP };

static char *root; /* wiped by teardown */
static struct fs_dir *dir;
static struct task__log *log_;
static struct err err;
static struct task__place places[64]; /* of the entries written */

/* What opening showed. */
static uint64_t seen[256];
static size_t n_seen;
static bool wrong; /* an entry that is not what was written */

static void fill(task_record *task, uint64_t uid, char text[64])
{
    lode__dump__v1__task__init(task);
    (void)snprintf(text, 64, "index-of-%llu", (unsigned long long)uid);
    task->uid = uid;
    task->type = TASK_INDEX_CREATION;
    task->status = TASK_ENQUEUED;
    task->index_uid = text;
    task->enqueued_unix_ns = (int64_t)(1000 + uid);
}

static enum rc see(void *arg, const task_record *task, struct task__place place, struct err *e)
{
    task_record want;
    char text[64];

    (void)arg;
    (void)e;
    fill(&want, task->uid, text);
    wrong = wrong || strcmp(task->index_uid, text) != 0 || !place.segment || place.length == 0 ||
            task->enqueued_unix_ns != want.enqueued_unix_ns;
    if (n_seen < ARRAY_LEN(seen))
        seen[n_seen++] = task->uid;
    return RC_OK;
}

static enum rc open_log(struct fs_dir *in)
{
    n_seen = 0;
    wrong = false;
    return task__log_open(in, see, NULL, &log_, &err);
}

static void close_log(void)
{
    task__log_close(log_);
    log_ = NULL;
}

static enum rc write_group(uint64_t first, size_t n, bool *ret_certain)
{
    struct buf wire;
    size_t i;
    enum rc rc;

    *ret_certain = true;
    rc = task__log_begin(log_, first, 7, &err);
    if (rc != RC_OK)
        return rc;
    buf_init(&wire, 4096);
    for (i = 0; i < n; i++) {
        task_record task, head = LODE__DUMP__V1__TASK__INIT;
        struct buf halves;
        char text[64];

        buf_clear(&wire);
        buf_init(&halves, 4096);
        fill(&task, first + i, text);
        head.uid = task.uid;
        task.uid = 0;
        CU_ASSERT_EQUAL(pb_pack(&head.base, &halves, &err), RC_OK);
        CU_ASSERT_EQUAL(pb_pack(&task.base, &wire, &err), RC_OK);
        task__log_put(log_, first + i, buf_view(&halves), buf_view(&wire), &places[first + i]);
        buf_done(&halves);
    }
    buf_done(&wire);
    return task__log_commit(log_, ret_certain, &err);
}

static void write_groups(size_t n)
{
    bool certain;
    size_t i;

    for (i = 0; i < n; i++)
        CU_ASSERT_EQUAL_FATAL(write_group(i * PER_GROUP, PER_GROUP, &certain), RC_OK);
}

static void setup(void)
{
    root = tempdir_make();
    log_ = NULL;
    CU_ASSERT_EQUAL_FATAL(fs_dir_open(root, false, &dir, &err), RC_OK);
    CU_ASSERT_EQUAL_FATAL(open_log(dir), RC_OK);
}

static void teardown(void)
{
    fault_clear();
    close_log();
    fs_dir_close(dir);
    tempdir_remove(root);
}

/* The uids seen are 0 .. n-1, and what they say is right. */
static bool saw(size_t n)
{
    size_t i;

    for (i = 0; i < n_seen; i++)
        if (seen[i] != i)
            return false;
    return n_seen == n && !wrong;
}

static void all_groups_are_found_again(void)
{
    CU_ASSERT(saw(0));
    write_groups(GROUPS);
    close_log();
    CU_ASSERT_EQUAL_FATAL(open_log(dir), RC_OK);
    CU_ASSERT(saw(TASKS));
    CU_ASSERT_EQUAL(task__log_next_uid(log_), TASKS);
    CU_ASSERT_EQUAL(task__log_next_batch(log_), 7);
}

static void a_record_is_read_where_it_was_put(void)
{
    struct arena *arena = task__record_arena();
    task_record *task = NULL;
    size_t i;

    write_groups(GROUPS);
    for (i = 0; i < TASKS; i++) {
        char text[64];

        (void)snprintf(text, sizeof text, "index-of-%zu", i);
        CU_ASSERT_EQUAL_FATAL(task__log_read(places[i], arena, &task, &err), RC_OK);
        CU_ASSERT_EQUAL(task->uid, i);
        CU_ASSERT_STRING_EQUAL(task->index_uid, text);
    }
    arena_free(arena);
}

/* Writes bytes as the only segment of a fresh directory and opens that. */
static enum rc open_copy(const uint8_t *p, size_t n)
{
    struct fs_dir *copy = NULL;
    char path[4096];
    enum rc rc;

    (void)snprintf(path, sizeof path, "%s/copy", root);
    CU_ASSERT_EQUAL_FATAL(fs_remove_tree(dir, "copy", &err), RC_OK);
    CU_ASSERT_EQUAL_FATAL(fs_dir_open(path, true, &copy, &err), RC_OK);
    CU_ASSERT_EQUAL_FATAL(fs_replace(copy, "log-000001", bytes_of(p, n), &err), RC_OK);
    rc = open_log(copy);
    close_log();
    fs_dir_close(copy);
    return rc;
}

static uint8_t *take_bytes(size_t *ret_n)
{
    uint8_t *p = NULL;

    write_groups(GROUPS);
    close_log();
    CU_ASSERT_EQUAL_FATAL(fs_read_all(dir, "log-000001", 1 << 20, &p, ret_n, &err), RC_OK);
    return p;
}

static size_t entries_below(size_t n)
{
    size_t i = 0;

    while (i < TASKS && places[i].offset + places[i].length <= n)
        i++;
    return i;
}

/* Cut anywhere, nothing is an error, and all entries that are whole are there. */
static void a_cut_at_every_byte_drops_only_the_torn_tail(void)
{
    size_t n = 0, cut, bad = 0;
    uint8_t *p = take_bytes(&n);

    for (cut = 0; cut <= n; cut++)
        bad += open_copy(p, cut) != RC_OK || !saw(entries_below(cut));
    CU_ASSERT_EQUAL(bad, 0);
    xfree(p);
}

/* The tail may also be there but unwritten: zeros, as some filesystems leave them. */
static void a_tail_of_zeros_is_a_torn_tail(void)
{
    size_t n = 0, cut, bad = 0;
    uint8_t *p = take_bytes(&n), *zeros;

    for (cut = TASK__LOG_HEAD; cut <= n; cut++) {
        zeros = xcalloc(1, n + 512);
        memcpy(zeros, p, cut);
        bad += open_copy(zeros, n + 512) != RC_OK || !saw(entries_below(cut));
        xfree(zeros);
    }
    CU_ASSERT(bad <= 8); /* where the first bytes cut off were zeros anyway */
    xfree(p);
}

/*
 * One bit anywhere. In the head, and in all groups but the last, it is found and
 * named; in the last group it may pass for a torn tail, but never for content.
 */
static void a_flipped_bit_is_never_read_as_content(void)
{
    size_t n = 0, at, last, missed = 0, wrongly = 0, unnamed = 0;
    uint8_t *p = take_bytes(&n);

    last = places[TASKS - PER_GROUP].offset;
    for (at = 0; at < n; at++) {
        enum rc rc;

        p[at] ^= (uint8_t)(1u << at % 8);
        rc = open_copy(p, n);
        if (at < last) {
            missed += rc != RC_CORRUPT;
            unnamed += !strstr(err.msg, "log-000001") || !strstr(err.msg, "offset");
        } else {
            wrongly += rc != RC_OK || wrong || n_seen >= TASKS || n_seen < TASKS - PER_GROUP;
        }
        p[at] ^= (uint8_t)(1u << at % 8);
    }
    CU_ASSERT_EQUAL(missed, 0);
    CU_ASSERT_EQUAL(unnamed, 0);
    CU_ASSERT_EQUAL(wrongly, 0);
    xfree(p);
}

/* After a failed sync: what failed does not come back, what follows is kept. */
static void a_failed_group_opens_a_new_segment(void)
{
    bool certain = true;

    write_groups(1);
    CU_ASSERT_EQUAL_FATAL(fault_set("fs_sync=eio", &err), RC_OK);
    CU_ASSERT_EQUAL(write_group(3, 3, &certain), RC_IO);
    CU_ASSERT_FALSE(certain);
    fault_clear();
    CU_ASSERT_EQUAL(write_group(6, 3, &certain), RC_OK);
    CU_ASSERT(fs_exists(dir, "log-000002"));
    close_log();
    CU_ASSERT_EQUAL_FATAL(open_log(dir), RC_OK);
    CU_ASSERT_EQUAL(n_seen, 6);
    CU_ASSERT(seen[2] == 2 && seen[3] == 6 && seen[5] == 8);
    CU_ASSERT_EQUAL(task__log_next_uid(log_), 9);
}

/* Its head is there and it holds nothing: no reason to call the log damaged, nor to keep it. */
static void a_segment_that_could_not_be_removed_is_passed_over(void)
{
    bool certain = true;
    int round;

    write_groups(1);
    close_log();
    for (round = 0; round < 2; round++) {
        CU_ASSERT_EQUAL_FATAL(open_log(dir), RC_OK);
        CU_ASSERT_EQUAL_FATAL(fault_set("fs_sync_dir=eio@1+", &err), RC_OK);
        CU_ASSERT_EQUAL_FATAL(fault_set("fs_unlink=eio@1+", &err), RC_OK);
        CU_ASSERT_EQUAL(write_group(3, 3, &certain), RC_IO);
        CU_ASSERT_EQUAL(write_group(3, 3, &certain), RC_IO);
        fault_clear();
        CU_ASSERT(fs_exists(dir, round == 0 ? "log-000002" : "log-000004"));
        if (round == 1)
            CU_ASSERT_EQUAL(write_group(6, 3, &certain), RC_OK);
        close_log();
    }
    CU_ASSERT_EQUAL_FATAL(open_log(dir), RC_OK);
    CU_ASSERT_EQUAL(n_seen, 6);
    CU_ASSERT(seen[2] == 2 && seen[3] == 6 && seen[5] == 8);
    CU_ASSERT_FALSE(fs_exists(dir, "log-000002") || fs_exists(dir, "log-000004"));
}

static void a_full_disk_is_certain_to_have_kept_nothing(void)
{
    bool certain = false;

    write_groups(1);
    CU_ASSERT_EQUAL_FATAL(fault_set("fs_write=enospc", &err), RC_OK);
    CU_ASSERT_EQUAL(write_group(3, 3, &certain), RC_NO_SPACE);
    CU_ASSERT(certain);
    fault_clear();
    close_log();
    CU_ASSERT_EQUAL_FATAL(open_log(dir), RC_OK);
    CU_ASSERT(saw(3));
}

/* Each call of a group fails once: later groups go on, and nothing that worked is lost. */
static void any_failed_call_loses_nothing_that_worked(void)
{
    static const char *const points[] = {"fs_open", "fs_write", "fs_sync", "fs_sync_dir"};
    bool worked[64] = {0}, certain;
    uint64_t uid = 0, i;
    size_t k, lost = 0, extra = 0;
    unsigned n;

    for (k = 0; k < ARRAY_LEN(points); k++) {
        for (n = 1; n <= 2; n++) {
            char spec[64];

            (void)snprintf(spec, sizeof spec, "%s=eio@%u", points[k], n);
            CU_ASSERT_EQUAL_FATAL(fault_set(spec, &err), RC_OK);
            worked[uid] = write_group(uid, 1, &certain) == RC_OK;
            uid++;
            worked[uid] = write_group(uid, 1, &certain) == RC_OK;
            uid++;
            fault_clear();
            worked[uid] = write_group(uid, 1, &certain) == RC_OK;
            CU_ASSERT(worked[uid]);
            uid++;
        }
    }
    close_log();
    CU_ASSERT_EQUAL_FATAL(open_log(dir), RC_OK);
    for (i = 0, k = 0; i < uid; i++) {
        bool there = k < n_seen && seen[k] == i;

        k += there;
        lost += worked[i] && !there;
        extra += !worked[i] && there;
    }
    CU_ASSERT_EQUAL(lost, 0);
    CU_ASSERT_EQUAL(extra, 0);
}

/* Three segments, of which the first two are closed by failures. */
static void make_three(void)
{
    bool certain;
    unsigned i;

    for (i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL_FATAL(write_group(i * 6, 3, &certain), RC_OK);
        if (i == 2)
            break;
        CU_ASSERT_EQUAL_FATAL(fault_set("fs_sync=eio", &err), RC_OK);
        CU_ASSERT_EQUAL(write_group(i * 6 + 3, 3, &certain), RC_IO);
        fault_clear();
    }
}

static void a_missing_segment_is_damage(void)
{
    make_three();
    close_log();
    CU_ASSERT_EQUAL(fs_unlink(dir, "log-000002", &err), RC_OK);
    CU_ASSERT_EQUAL(open_log(dir), RC_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "log-000003"));
}

/* In a segment that is not the last, what was good must be good to the last byte. */
static void a_closed_segment_must_be_whole(void)
{
    uint8_t *p = NULL;
    size_t n = 0, at, good, missed = 0;

    make_three();
    good = places[8].offset + places[8].length;
    close_log();
    CU_ASSERT_EQUAL_FATAL(fs_read_all(dir, "log-000002", 1 << 20, &p, &n, &err), RC_OK);
    for (at = 0; at < good; at += 3) {
        p[at] ^= 0x10;
        CU_ASSERT_EQUAL_FATAL(fs_replace(dir, "log-000002", bytes_of(p, n), &err), RC_OK);
        missed += open_log(dir) != RC_CORRUPT || !strstr(err.msg, "log-000002");
        p[at] ^= 0x10;
    }
    CU_ASSERT_EQUAL_FATAL(fs_replace(dir, "log-000002", bytes_of(p, good - 1), &err), RC_OK);
    missed += open_log(dir) != RC_CORRUPT;
    CU_ASSERT_EQUAL(missed, 0);
    xfree(p);
}

static void ended_segments_go_from_the_oldest_on(void)
{
    make_three();
    task__log_drop_ended(log_, 2);
    CU_ASSERT(fs_exists(dir, "log-000001"));
    task__log_drop_ended(log_, 9);
    CU_ASSERT_FALSE(fs_exists(dir, "log-000001"));
    task__log_drop_ended(log_, 100); /* the youngest stays */
    CU_ASSERT_FALSE(fs_exists(dir, "log-000002"));
    CU_ASSERT(fs_exists(dir, "log-000003"));
    close_log();
    CU_ASSERT_EQUAL_FATAL(open_log(dir), RC_OK);
    CU_ASSERT(n_seen == 3 && seen[0] == 12);
    CU_ASSERT_EQUAL(task__log_next_uid(log_), 15);
}

/* A hole in the chain would be damage at the next start. */
static void none_goes_before_one_that_cannot_go(void)
{
    static const char *const faults[] = {"fs_unlink=eio", "fs_sync_dir=eio"};
    size_t i;

    make_three();
    for (i = 0; i < ARRAY_LEN(faults); i++) {
        CU_ASSERT_EQUAL_FATAL(fault_set(faults[i], &err), RC_OK);
        task__log_drop_ended(log_, 100);
        CU_ASSERT(fs_exists(dir, "log-000002"));
        fault_clear();
    }
    task__log_drop_ended(log_, 100);
    CU_ASSERT_FALSE(fs_exists(dir, "log-000001") || fs_exists(dir, "log-000002"));
    close_log();
    CU_ASSERT_EQUAL_FATAL(open_log(dir), RC_OK);
    CU_ASSERT(n_seen == 3 && seen[0] == 12);
}

SUITE(task_log, setup, teardown, TEST(all_groups_are_found_again),
      TEST(a_record_is_read_where_it_was_put), TEST(a_cut_at_every_byte_drops_only_the_torn_tail),
      TEST(a_tail_of_zeros_is_a_torn_tail), TEST(a_flipped_bit_is_never_read_as_content),
      TEST(a_failed_group_opens_a_new_segment),
      TEST(a_segment_that_could_not_be_removed_is_passed_over),
      TEST(a_full_disk_is_certain_to_have_kept_nothing),
      TEST(any_failed_call_loses_nothing_that_worked), TEST(a_missing_segment_is_damage),
      TEST(a_closed_segment_must_be_whole), TEST(ended_segments_go_from_the_oldest_on),
      TEST(none_goes_before_one_that_cannot_go));
