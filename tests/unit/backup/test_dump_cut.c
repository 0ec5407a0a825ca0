/* SPDX-License-Identifier: MIT */
/* test_dump_cut.c -- where a dump cuts the queue, and what a reader of it must know. */
#include "backup_fixture.h"

#include "base/fault.h"
#include "base/mem.h"
#include "dump/dump.h"
#include "support/suite.h"

#include <stdio.h>

static struct backup_fixture fx; /* fresh per test */
static char path[8192];

static void setup(void)
{
    backup_fixture_make(&fx);
    CU_ASSERT_EQUAL_FATAL(backup_fixture_open(&fx, false), RC_OK); /* no writer: all stays queued */
}

static void teardown(void)
{
    fault_clear();
    backup_fixture_wipe(&fx);
}

static char *constant(const char *s) /* messages have plain char pointers */
{
    return (char *)(uintptr_t)s;
}

static uint64_t delete_by_filter(const char *filter_text)
{
    Lode__Dump__V1__TaskFilter filter = LODE__DUMP__V1__TASK_FILTER__INIT;
    task_record task = LODE__DUMP__V1__TASK__INIT;
    uint64_t uid = UINT64_MAX;

    filter.original = constant(filter_text);
    task.type = TASK_DOCUMENT_DELETION;
    task.index_uid = constant("m");
    task.filter = &filter;
    CU_ASSERT_EQUAL(task_submit_wait(fx.q, &task, NULL, &uid, &fx.err), RC_OK);
    return uid;
}

static uint64_t features_of(const char *file)
{
    struct dump_reader *r = NULL;
    uint64_t features;

    CU_ASSERT_EQUAL_FATAL(dump_reader_open(file, &r, &fx.err), RC_OK);
    features = dump_reader_info(r)->required_features;
    dump_reader_close(r);
    return features;
}

static void a_queued_deletion_by_filter_must_be_known(void)
{
    enum import_result result;
    uint64_t uid;

    (void)backup_fixture_add(&fx, "m", "[{\"id\":1},{\"id\":2}]");
    uid = delete_by_filter("\"id = 1\"");
    (void)backup_fixture_dump(&fx, path);
    CU_ASSERT_EQUAL(features_of(path), DUMP_NEEDS_FILTERED_DELETIONS);
    backup_fixture_close(&fx);
    (void)snprintf(fx.db, sizeof fx.db, "%s/copy", fx.root);
    CU_ASSERT_EQUAL_FATAL(backup_fixture_import(&fx, path, fx.db, &result), RC_OK);
    CU_ASSERT_EQUAL_FATAL(backup_fixture_open(&fx, false), RC_OK);
    CU_ASSERT_EQUAL(backup_fixture_task(&fx, uid)->status, TASK_ENQUEUED);
    CU_ASSERT_STRING_EQUAL(backup_fixture_task(&fx, uid)->filter->original, "\"id = 1\"");
}

static void other_dumps_need_nothing_new(void)
{
    uint64_t uid;

    (void)backup_fixture_add(&fx, "m", "[{\"id\":1}]");
    (void)backup_fixture_dump(&fx, path);
    CU_ASSERT_EQUAL(features_of(path), 0);
    uid = delete_by_filter("\"id = 1\"");
    task_queue_start(fx.q);
    (void)backup_fixture_wait(&fx, uid);
    (void)backup_fixture_dump(&fx, path); /* it has ended: nobody will run it again */
    CU_ASSERT_EQUAL(features_of(path), 0);
}

/* It comes after the dump was begun, and before the header is written. */
static void a_deletion_that_comes_late_is_in_with_its_bit(void)
{
    struct backup_status status;

    CU_ASSERT_EQUAL_FATAL(fault_set("dump_before_read=pause", &fx.err), RC_OK);
    CU_ASSERT_EQUAL_FATAL(backup_create(fx.backup, 0, &status, &fx.err), RC_OK);
    fault_wait_paused(FAULT_DUMP_BEFORE_READ);
    (void)delete_by_filter("\"id = 1\"");
    fault_release(FAULT_DUMP_BEFORE_READ);
    status = backup_fixture_wait_dump(&fx, status.uid);
    CU_ASSERT_EQUAL(status.state, BACKUP_DONE);
    (void)snprintf(path, sizeof path, "%s/%s.dump", fx.dumps, status.uid);
    CU_ASSERT_EQUAL(features_of(path), DUMP_NEEDS_FILTERED_DELETIONS);
}

struct seen {
    uint64_t uids[8];
    size_t n;
};

static enum rc see(void *arg, const task_record *task, struct err *err)
{
    struct seen *seen = arg;

    (void)err;
    CU_ASSERT_FATAL(seen->n < 8);
    seen->uids[seen->n++] = task->uid;
    return RC_OK;
}

static enum rc see_payload(void *arg, struct bytes frame, uint32_t n_documents, struct err *err)
{
    (void)arg;
    (void)frame;
    (void)n_documents;
    (void)err;
    return RC_OK;
}

/* Tasks go on being accepted while the dump is written: the header knows nothing of these. */
static void what_comes_behind_the_cut_is_left_out(void)
{
    struct catalog_view *view = NULL;
    struct seen seen = {.n = 0};
    struct task_export to = {see, see_payload, &seen};
    struct task_cut cut, later;

    (void)backup_fixture_add(&fx, "m", "[{\"id\":1}]");
    (void)backup_fixture_add(&fx, "m", "[{\"id\":2}]");
    CU_ASSERT_EQUAL_FATAL(barrier_raise(fx.barrier, 1000000000, &fx.err), RC_OK);
    CU_ASSERT_EQUAL_FATAL(catalog_view_open(fx.catalog, &view, &fx.err), RC_OK);
    task_cut_now(fx.q, UINT64_MAX, &cut);
    CU_ASSERT_EQUAL(delete_by_filter("\"id = 1\""), 2);
    CU_ASSERT_EQUAL(task_export_all(fx.q, view, &cut, &to, &fx.err), RC_OK);
    CU_ASSERT_EQUAL(cut.next_task_uid, 2);
    CU_ASSERT_FALSE(cut.has_filtered_deletion);
    CU_ASSERT(seen.n == 2 && seen.uids[0] == 0 && seen.uids[1] == 1);
    task_cut_now(fx.q, UINT64_MAX, &later);
    CU_ASSERT_EQUAL(later.next_task_uid, 3);
    CU_ASSERT_TRUE(later.has_filtered_deletion);
    catalog_view_close(view);
    barrier_lower(fx.barrier);
}

SUITE(dump_cut, setup, teardown, TEST(a_queued_deletion_by_filter_must_be_known),
      TEST(other_dumps_need_nothing_new), TEST(a_deletion_that_comes_late_is_in_with_its_bit),
      TEST(what_comes_behind_the_cut_is_left_out));
