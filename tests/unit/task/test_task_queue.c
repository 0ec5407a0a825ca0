/* SPDX-License-Identifier: MIT */
/* test_task_queue.c -- what a task does, alone and in a batch, and what it leaves. */
#include "base/fault.h"
#include "base/fs.h"
#include "support/suite.h"
#include "task/task_int.h"
#include "task_fixture.h"

#include <stdio.h>
#include <string.h>

static struct task_fixture fx; /* fresh per test */

static void setup(void)
{
    task_fixture_make(&fx);
}

static void teardown(void)
{
    fault_clear();
    task_fixture_wipe(&fx);
}

static bool ended(uint64_t uid, enum task_status status, uint64_t done)
{
    const task_record *task = task_fixture_wait(&fx, uid);

    if (task && task->status != status)
        (void)fprintf(stderr, "task %llu: status %u, %s: %s\n", (unsigned long long)uid,
                      task->status, task->error_word, task->error_message);
    return task && task->status == status && task->done_documents == done &&
           task->finished_unix_ns >= task->started_unix_ns &&
           task->started_unix_ns >= task->enqueued_unix_ns && task->has_batch;
}

static bool failed_with(uint64_t uid, const char *word, const char *message)
{
    const task_record *task = task_fixture_wait(&fx, uid);

    return task && task->status == TASK_FAILED && strcmp(task->error_word, word) == 0 &&
           (!message || strcmp(task->error_message, message) == 0) && task->done_documents == 0;
}

static void documents_are_added_and_the_index_is_made(void)
{
    uint64_t uid = task_fixture_add(&fx, "movies", "[{\"id\":1,\"t\":\"a\"},{\"id\":2}]");

    CU_ASSERT_EQUAL(uid, 0);
    CU_ASSERT_EQUAL(task_fixture_get(&fx, 0)->status, TASK_ENQUEUED);
    CU_ASSERT_EQUAL(task_fixture_get(&fx, 0)->received_documents, 2);
    CU_ASSERT_EQUAL(task_fixture_count(&fx, "movies"), UINT64_MAX);
    task_queue_start(fx.q);
    CU_ASSERT(ended(0, TASK_SUCCEEDED, 2));
    CU_ASSERT_EQUAL(task_fixture_count(&fx, "movies"), 2);
    CU_ASSERT_STRING_EQUAL(task_fixture_document(&fx, "movies", "1"), "{\"id\":1,\"t\":\"a\"}");
}

static void deleting_from_what_is_not_there_fails(void)
{
    uint64_t a = task_fixture_delete(&fx, "ghost", "1");
    uint64_t b = task_fixture_simple(&fx, TASK_INDEX_DELETION, "ghost");

    task_queue_start(fx.q);
    CU_ASSERT(failed_with(a, "index_not_found", "Index `ghost` not found."));
    CU_ASSERT(failed_with(b, "index_not_found", "Index `ghost` not found."));
    CU_ASSERT_EQUAL(task_fixture_count(&fx, "ghost"), UINT64_MAX);
    CU_ASSERT_EQUAL(task_fixture_get(&fx, a)->received_documents, 1);
    CU_ASSERT_EQUAL(task_fixture_get(&fx, a)->n_ids, 0); /* not kept */
}

/* Four tasks of one index in one batch, the second of which is bad. */
static void a_bad_task_in_a_batch_fails_alone(void)
{
    uint64_t a = task_fixture_add(&fx, "m", "[{\"id\":1},{\"id\":2}]");
    uint64_t b = task_fixture_add(&fx, "m", "[{\"id\":3},{\"id\":\"not an id\"},{\"id\":4}]");
    uint64_t c = task_fixture_add(&fx, "m", "[{\"id\":5}]");
    uint64_t d = task_fixture_delete(&fx, "m", "1");

    task_queue_start(fx.q);
    CU_ASSERT(ended(a, TASK_SUCCEEDED, 2));
    CU_ASSERT(failed_with(b, "invalid_document_id", NULL));
    CU_ASSERT(ended(c, TASK_SUCCEEDED, 1));
    CU_ASSERT(ended(d, TASK_SUCCEEDED, 1));
    CU_ASSERT_EQUAL(task_fixture_count(&fx, "m"), 2);
    CU_ASSERT_PTR_NULL(task_fixture_document(&fx, "m", "3"));
    CU_ASSERT_PTR_NULL(task_fixture_document(&fx, "m", "1"));
    CU_ASSERT_EQUAL(task_fixture_get(&fx, a)->batch_uid, task_fixture_get(&fx, d)->batch_uid);
    CU_ASSERT_EQUAL(task_fixture_get(&fx, b)->batch_uid, task_fixture_get(&fx, d)->batch_uid);
}

static void a_failed_first_addition_leaves_no_index(void)
{
    uint64_t a = task_fixture_add(&fx, "m", "[{\"name\":1}]");

    task_queue_start(fx.q);
    CU_ASSERT(failed_with(a, "index_primary_key_no_candidate_found", NULL));
    CU_ASSERT_EQUAL(task_fixture_count(&fx, "m"), UINT64_MAX);
}

static void an_empty_list_still_needs_a_primary_key(void)
{
    uint64_t a = task_fixture_add(&fx, "m", "[]"), b, c;

    task_queue_start(fx.q);
    CU_ASSERT(failed_with(a, "index_primary_key_no_candidate_found", NULL));
    b = task_fixture_add(&fx, "m", "[{\"id\":1}]");
    c = task_fixture_add(&fx, "m", "[]");
    CU_ASSERT(ended(b, TASK_SUCCEEDED, 1));
    CU_ASSERT(ended(c, TASK_SUCCEEDED, 0));
}

/* The writer's own steps, so that the order is sure: taken, accepted, taken too. */
static void a_task_accepted_while_its_batch_runs_begins_behind_that(void)
{
    struct task__run run = {.q = fx.q, .index = TASK__NO_NAME};
    uint64_t a = task_fixture_add(&fx, "m", "[{\"id\":1}]"), b;
    uint8_t type = 0;

    CU_ASSERT_FATAL(task__pick(fx.q, &run, &type));
    CU_ASSERT_FALSE(task__pick_mate(fx.q, &run, &type));
    b = task_fixture_add(&fx, "m", "[{\"id\":2}]");
    CU_ASSERT_FATAL(task__pick_mate(fx.q, &run, &type));
    CU_ASSERT_EQUAL(run.uid, b);
    CU_ASSERT_EQUAL(task_fixture_get(&fx, a)->batch_uid, task_fixture_get(&fx, b)->batch_uid);
    CU_ASSERT(task_fixture_get(&fx, b)->started_unix_ns >=
              task_fixture_get(&fx, b)->enqueued_unix_ns);
    CU_ASSERT(task_fixture_get(&fx, b)->started_unix_ns >
              task_fixture_get(&fx, a)->started_unix_ns);
    task__put_back(fx.q, &run);
    task_queue_start(fx.q);
    CU_ASSERT(ended(a, TASK_SUCCEEDED, 1));
    CU_ASSERT(ended(b, TASK_SUCCEEDED, 1));
}

/* Batches of other indexes are apart, a change of settings goes alone. */
static void batches_hold_consecutive_tasks_of_one_index(void)
{
    uint64_t a0 = task_fixture_add(&fx, "a", "[{\"id\":1}]");
    uint64_t b0 = task_fixture_add(&fx, "b", "[{\"id\":1}]");
    uint64_t a1 = task_fixture_add(&fx, "a", "[{\"id\":2}]");
    uint64_t s = task_fixture_settings(&fx, "a", "{\"stopWords\":[\"the\"]}");
    uint64_t a2 = task_fixture_add(&fx, "a", "[{\"id\":3}]");

    task_queue_start(fx.q);
    CU_ASSERT(ended(a2, TASK_SUCCEEDED, 1));
    CU_ASSERT(ended(b0, TASK_SUCCEEDED, 1));
    CU_ASSERT_EQUAL(task_fixture_get(&fx, a0)->batch_uid, task_fixture_get(&fx, a1)->batch_uid);
    CU_ASSERT_NOT_EQUAL(task_fixture_get(&fx, a0)->batch_uid, task_fixture_get(&fx, b0)->batch_uid);
    CU_ASSERT_NOT_EQUAL(task_fixture_get(&fx, a0)->batch_uid, task_fixture_get(&fx, s)->batch_uid);
    CU_ASSERT_NOT_EQUAL(task_fixture_get(&fx, a2)->batch_uid, task_fixture_get(&fx, a0)->batch_uid);
    CU_ASSERT(ended(s, TASK_SUCCEEDED, 0));
}

static void indexes_are_made_renamed_and_deleted(void)
{
    task_record task = LODE__DUMP__V1__TASK__INIT;
    uint64_t a, b, c, d;

    task.type = TASK_INDEX_CREATION;
    task.index_uid = (char *)(uintptr_t) "a";
    task.has_primary_key = true;
    task.primary_key = (char *)(uintptr_t) "key";
    a = task_fixture_submit(&fx, &task, NULL);
    b = task_fixture_submit(&fx, &task, NULL);
    task.type = TASK_INDEX_UPDATE;
    task.has_primary_key = false;
    task.new_uid = (char *)(uintptr_t) "z";
    c = task_fixture_submit(&fx, &task, NULL);
    task_queue_start(fx.q);
    CU_ASSERT(ended(a, TASK_SUCCEEDED, 0));
    CU_ASSERT(failed_with(b, "index_already_exists", "Index `a` already exists."));
    CU_ASSERT(ended(c, TASK_SUCCEEDED, 0));
    CU_ASSERT_EQUAL(task_fixture_count(&fx, "z"), 0);
    CU_ASSERT_EQUAL(task_fixture_count(&fx, "a"), UINT64_MAX);
    CU_ASSERT(ended(task_fixture_add(&fx, "z", "[{\"key\":1},{\"key\":2}]"), TASK_SUCCEEDED, 2));
    d = task_fixture_simple(&fx, TASK_INDEX_DELETION, "z");
    CU_ASSERT(ended(d, TASK_SUCCEEDED, 2));
    CU_ASSERT_EQUAL(task_fixture_count(&fx, "z"), UINT64_MAX);
}

static uint64_t swap(const char *a, const char *b, bool rename)
{
    task_record task = LODE__DUMP__V1__TASK__INIT;
    char *as[] = {(char *)(uintptr_t)a}, *bs[] = {(char *)(uintptr_t)b};
    protobuf_c_boolean renames[] = {rename};

    task.type = TASK_INDEX_SWAP;
    task.n_swap_a = task.n_swap_b = task.n_swap_rename = 1;
    task.swap_a = as;
    task.swap_b = bs;
    task.swap_rename = renames;
    return task_fixture_submit(&fx, &task, NULL);
}

static void a_swap_moves_documents_and_history(void)
{
    uint64_t a = task_fixture_add(&fx, "a", "[{\"id\":1}]");
    uint64_t b = task_fixture_add(&fx, "b", "[{\"id\":2},{\"id\":3}]");
    uint64_t s = swap("a", "b", false);
    uint64_t later = task_fixture_add(&fx, "a", "[{\"id\":4}]");
    int round;

    task_queue_start(fx.q);
    CU_ASSERT(ended(later, TASK_SUCCEEDED, 1));
    CU_ASSERT(ended(s, TASK_SUCCEEDED, 0));
    for (round = 0; round < 2; round++) { /* in memory, then as it is stored */
        CU_ASSERT_EQUAL(task_fixture_count(&fx, "a"), 3);
        CU_ASSERT_EQUAL(task_fixture_count(&fx, "b"), 1);
        CU_ASSERT_STRING_EQUAL(task_fixture_get(&fx, a)->index_uid, "b");
        CU_ASSERT_STRING_EQUAL(task_fixture_get(&fx, b)->index_uid, "a");
        CU_ASSERT_STRING_EQUAL(task_fixture_get(&fx, later)->index_uid, "a");
        task_fixture_reopen(&fx);
    }
    task_queue_start(fx.q);
    s = swap("a", "c", true);
    CU_ASSERT(ended(s, TASK_SUCCEEDED, 0));
    CU_ASSERT_EQUAL(task_fixture_count(&fx, "c"), 3);
    CU_ASSERT_STRING_EQUAL(task_fixture_get(&fx, b)->index_uid, "c");
}

static void a_swap_that_cannot_be_changes_nothing(void)
{
    uint64_t a = task_fixture_add(&fx, "a", "[{\"id\":1}]"), b, one, two, taken;

    b = task_fixture_add(&fx, "b", "[{\"id\":1}]");
    one = swap("a", "ghost", false);
    two = swap("wraith", "ghost", false);
    taken = swap("a", "b", true);
    task_queue_start(fx.q);
    CU_ASSERT(failed_with(one, "index_not_found", "Index `ghost` not found."));
    CU_ASSERT(failed_with(two, "index_not_found", "Indexes `ghost`, `wraith` not found."));
    CU_ASSERT(failed_with(taken, "index_already_exists", NULL));
    CU_ASSERT(ended(a, TASK_SUCCEEDED, 1) && ended(b, TASK_SUCCEEDED, 1));
}

/* ---- canceling and deleting ---------------------------------------------------------- */

static void enqueued_tasks_can_be_canceled(void)
{
    uint64_t a = task_fixture_add(&fx, "m", "[{\"id\":1}]");
    uint64_t b = task_fixture_add(&fx, "m", "[{\"id\":2}]");
    uint64_t uids[] = {b, 77};
    uint64_t c = task_fixture_select(&fx, TASK_TASK_CANCELATION, uids, 2);
    const task_record *task;

    CU_ASSERT_EQUAL(task_fixture_get(&fx, c)->matched_tasks, 1);
    task_queue_start(fx.q);
    CU_ASSERT(ended(a, TASK_SUCCEEDED, 1));
    CU_ASSERT(ended(b, TASK_CANCELED, 0));
    task = task_fixture_get(&fx, b);
    CU_ASSERT(task->was_canceled);
    CU_ASSERT_EQUAL(task->canceled_by, c);
    CU_ASSERT_EQUAL(task->batch_uid, task_fixture_get(&fx, c)->batch_uid);
    CU_ASSERT_STRING_EQUAL(task->error_word, "");
    CU_ASSERT_EQUAL(task->received_documents, 1);
    task = task_fixture_get(&fx, c);
    CU_ASSERT_EQUAL(task->status, TASK_SUCCEEDED);
    CU_ASSERT_EQUAL(task->matched_tasks, 1);
    CU_ASSERT_EQUAL(task->done_tasks, 1);
    CU_ASSERT_EQUAL(task->started_unix_ns, task_fixture_get(&fx, b)->started_unix_ns);
    CU_ASSERT_EQUAL(task->finished_unix_ns, task_fixture_get(&fx, b)->finished_unix_ns);
    CU_ASSERT_STRING_EQUAL(task->filter->original, "?uids=...");
    CU_ASSERT_EQUAL(task_fixture_count(&fx, "m"), 1);
}

/* The barrier holds a batch back just before its commit; a cancelation stops it there. */
static void a_processing_batch_is_stopped(void)
{
    uint64_t a, b, c;

    CU_ASSERT_EQUAL_FATAL(barrier_raise(fx.barrier, 1000000000, &fx.err), RC_OK);
    a = task_fixture_add(&fx, "m", "[{\"id\":1}]");
    b = task_fixture_add(&fx, "m", "[{\"id\":2}]");
    task_queue_start(fx.q);
    while (task_fixture_get(&fx, b)->status != TASK_PROCESSING)
        ;
    CU_ASSERT(task_index_busy(fx.q, "m"));
    c = task_fixture_select(&fx, TASK_TASK_CANCELATION, &b, 1);
    barrier_lower(fx.barrier);
    CU_ASSERT(ended(b, TASK_CANCELED, 0));
    CU_ASSERT_EQUAL(task_fixture_get(&fx, b)->canceled_by, c);
    CU_ASSERT(ended(a, TASK_SUCCEEDED, 1)); /* begun again without its mate */
    CU_ASSERT_EQUAL(task_fixture_count(&fx, "m"), 1);
    CU_ASSERT_FALSE(task_index_busy(fx.q, "m"));
}

static void what_ended_is_not_canceled(void)
{
    uint64_t a = task_fixture_add(&fx, "m", "[{\"id\":1}]"), c;

    task_queue_start(fx.q);
    CU_ASSERT(ended(a, TASK_SUCCEEDED, 1));
    c = task_fixture_select(&fx, TASK_TASK_CANCELATION, &a, 1);
    CU_ASSERT_EQUAL(task_fixture_wait(&fx, c)->matched_tasks, 1);
    CU_ASSERT_EQUAL(task_fixture_get(&fx, c)->done_tasks, 0);
    CU_ASSERT(ended(a, TASK_SUCCEEDED, 1));
}

static void ended_tasks_can_be_deleted_and_stay_away(void)
{
    uint64_t a = task_fixture_add(&fx, "m", "[{\"id\":1}]"), d;
    uint64_t uids[] = {a, 1};

    task_queue_start(fx.q);
    CU_ASSERT(ended(a, TASK_SUCCEEDED, 1));
    d = task_fixture_select(&fx, TASK_TASK_DELETION, uids, 1);
    CU_ASSERT_EQUAL(task_fixture_wait(&fx, d)->done_tasks, 1);
    CU_ASSERT_PTR_NULL(task_fixture_get(&fx, a));
    CU_ASSERT_STRING_EQUAL(fx.err.word, "task_not_found");
    CU_ASSERT_STRING_EQUAL(fx.err.msg, "Task `0` not found.");
    task_fixture_reopen(&fx);
    CU_ASSERT_PTR_NULL(task_fixture_get(&fx, a));
    CU_ASSERT_EQUAL(task_fixture_add(&fx, "m", "[{\"id\":1}]"), 2);
}

/* ---- around the barrier, and limits -------------------------------------------------------------
 */

static void tasks_are_accepted_while_the_barrier_is_up(void)
{
    uint64_t a, i;

    task_queue_start(fx.q);
    CU_ASSERT(ended(task_fixture_add(&fx, "m", "[{\"id\":0}]"), TASK_SUCCEEDED, 1));
    CU_ASSERT_EQUAL_FATAL(barrier_raise(fx.barrier, 1000000000, &fx.err), RC_OK);
    for (i = 1; i <= 20; i++) {
        char json[64];

        (void)snprintf(json, sizeof json, "[{\"id\":%llu}]", (unsigned long long)i);
        a = task_fixture_add(&fx, "m", json);
        CU_ASSERT_EQUAL(a, i);
    }
    CU_ASSERT_EQUAL(task_fixture_count(&fx, "m"), 1);
    barrier_lower(fx.barrier);
    CU_ASSERT(ended(20, TASK_SUCCEEDED, 1));
    CU_ASSERT_EQUAL(task_fixture_count(&fx, "m"), 21);
}

static void a_full_queue_takes_only_what_makes_room(void)
{
    uint64_t a, b;

    fx.opts.max_queued = 2;
    task_fixture_reopen(&fx);
    a = task_fixture_add(&fx, "m", "[{\"id\":1}]");
    b = task_fixture_add(&fx, "m", "[{\"id\":2}]");
    CU_ASSERT_EQUAL(task_fixture_add(&fx, "m", "[{\"id\":3}]"), UINT64_MAX);
    CU_ASSERT_EQUAL(fx.err.rc, RC_NO_SPACE);
    CU_ASSERT_STRING_EQUAL(fx.err.word, "no_space_left_on_device");
    CU_ASSERT_EQUAL(task_fixture_select(&fx, TASK_TASK_CANCELATION, &b, 1), 2);
    task_queue_start(fx.q);
    CU_ASSERT(ended(a, TASK_SUCCEEDED, 1));
    CU_ASSERT(ended(b, TASK_CANCELED, 0));
    CU_ASSERT_EQUAL(task_fixture_add(&fx, "m", "[{\"id\":3}]"), 3);
}

static void below_the_free_floor_nothing_is_taken(void)
{
    fx.opts.free_floor = UINT64_MAX;
    task_fixture_reopen(&fx);
    CU_ASSERT_EQUAL(task_fixture_add(&fx, "m", "[{\"id\":1}]"), UINT64_MAX);
    CU_ASSERT_EQUAL(fx.err.rc, RC_NO_SPACE);
    CU_ASSERT_STRING_EQUAL(fx.err.msg, "There is no more space left on the device. Consider "
                                       "increasing the size of the disk/partition.");
    fx.opts.free_floor = 0;
    task_fixture_reopen(&fx);
    CU_ASSERT_NOT_EQUAL(task_fixture_add(&fx, "m", "[{\"id\":1}]"), UINT64_MAX);
}

/* A disk that has room for nothing but deletions. */
static void without_room_a_task_fails_and_those_behind_it_run(void)
{
    uint64_t a, b, c;

    task_queue_start(fx.q);
    CU_ASSERT(ended(task_fixture_add(&fx, "m", "[{\"id\":0}]"), TASK_SUCCEEDED, 1));
    fx.store_floor = UINT64_MAX / 2;
    task_fixture_reopen(&fx);
    a = task_fixture_add(&fx, "m", "[{\"id\":1}]");
    b = task_fixture_add(&fx, "m", "[{\"id\":2}]");
    c = task_fixture_simple(&fx, TASK_INDEX_DELETION, "m");
    task_queue_start(fx.q);
    CU_ASSERT(failed_with(a, "no_space_left_on_device",
                          "There is no more space left on the device. Consider increasing the "
                          "size of the disk/partition."));
    CU_ASSERT_EQUAL(task_fixture_wait(&fx, b)->status, TASK_FAILED);
    CU_ASSERT_EQUAL(task_fixture_wait(&fx, c)->status, TASK_SUCCEEDED);
    CU_ASSERT_EQUAL(task_fixture_count(&fx, "m"), UINT64_MAX);
    fx.store_floor = 0;
    task_fixture_reopen(&fx);
    task_queue_start(fx.q);
    CU_ASSERT(ended(task_fixture_add(&fx, "m", "[{\"id\":1}]"), TASK_SUCCEEDED, 1));
}

static void old_history_goes_beyond_its_limit(void)
{
    uint64_t i, uid = 0;

    fx.opts.max_ended = 32;
    task_fixture_reopen(&fx);
    task_queue_start(fx.q);
    for (i = 0; i < 50; i++) {
        uid = task_fixture_settings(&fx, "m", "{}");
        (void)task_fixture_wait(&fx, uid);
    }
    CU_ASSERT_PTR_NULL(task_fixture_get(&fx, 0));
    CU_ASSERT_PTR_NOT_NULL(task_fixture_get(&fx, uid));
    CU_ASSERT_PTR_NOT_NULL(task_fixture_get(&fx, uid - 30));
    task_fixture_reopen(&fx);
    CU_ASSERT_PTR_NULL(task_fixture_get(&fx, 0));
}

SUITE(task_queue, setup, teardown, TEST(documents_are_added_and_the_index_is_made),
      TEST(deleting_from_what_is_not_there_fails), TEST(a_bad_task_in_a_batch_fails_alone),
      TEST(a_failed_first_addition_leaves_no_index), TEST(an_empty_list_still_needs_a_primary_key),
      TEST(a_task_accepted_while_its_batch_runs_begins_behind_that),
      TEST(batches_hold_consecutive_tasks_of_one_index), TEST(indexes_are_made_renamed_and_deleted),
      TEST(a_swap_moves_documents_and_history), TEST(a_swap_that_cannot_be_changes_nothing),
      TEST(enqueued_tasks_can_be_canceled), TEST(a_processing_batch_is_stopped),
      TEST(what_ended_is_not_canceled), TEST(ended_tasks_can_be_deleted_and_stay_away),
      TEST(tasks_are_accepted_while_the_barrier_is_up),
      TEST(a_full_queue_takes_only_what_makes_room), TEST(below_the_free_floor_nothing_is_taken),
      TEST(without_room_a_task_fails_and_those_behind_it_run),
      TEST(old_history_goes_beyond_its_limit));
