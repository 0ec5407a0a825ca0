/* SPDX-License-Identifier: MIT */
/* test_backup.c -- what the dump manager promises. */
#include "backup_fixture.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/mem.h"
#include "base/thread.h"
#include "dump/dump.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct backup_fixture fx; /* fresh per test */
static char path[8192];

static void setup(void)
{
    backup_fixture_make(&fx);
}

static void teardown(void)
{
    fault_clear();
    clock_fake_off();
    backup_fixture_wipe(&fx);
    CU_ASSERT_EQUAL(arena_live_count(), 0);
}

static void open_all(void)
{
    CU_ASSERT_EQUAL_FATAL(backup_fixture_open(&fx, true), RC_OK);
}

static void add_some(const char *index_uid, unsigned from, unsigned n)
{
    char json[160];
    unsigned i;

    for (i = from; i < from + n; i++) {
        (void)snprintf(json, sizeof json, "[{\"id\":%u,\"text\":\"document %u of some length\"}]",
                       i, i);
        (void)backup_fixture_add(&fx, index_uid, json);
    }
}

static bool verifies(const char *file)
{
    struct dump_reader *r = NULL;
    bool ok;

    ok = dump_reader_open(file, &r, &fx.err) == RC_OK &&
         dump_reader_verify(r, 1, NULL, &fx.err) == RC_OK;
    dump_reader_close(r);
    return ok;
}

static void start_dump(struct backup_status *ret_status)
{
    CU_ASSERT_EQUAL_FATAL(backup_create(fx.backup, 0, ret_status, &fx.err), RC_OK);
    CU_ASSERT_EQUAL(ret_status->state, BACKUP_IN_PROGRESS);
}

/* ---- a round trip -------------------------------------------------------------------- */

/* The same catalog, the same tasks, the same next uids. */
static void a_dump_holds_everything(void)
{
    uint8_t before[32], after[32];
    enum import_result result;
    struct backup_status status;
    task_record *then, *now;
    uint64_t i;

    open_all();
    add_some("movies", 0, 300);
    add_some("books", 0, 20);
    (void)backup_fixture_add(&fx, "books", "[{\"id\":\"not valid!\"}]");
    backup_fixture_drain(&fx);
    backup_fixture_digest(&fx, before);
    status = backup_fixture_dump(&fx, path);
    CU_ASSERT_EQUAL(status.documents, 320);
    CU_ASSERT_EQUAL(status.total_documents, 320);
    CU_ASSERT(status.verified_bytes > 0 && status.verified_bytes <= status.written_bytes);
    CU_ASSERT(verifies(path));
    then = backup_fixture_task(&fx, 320);
    backup_fixture_close(&fx);

    (void)snprintf(fx.db, sizeof fx.db, "%s/copy", fx.root);
    CU_ASSERT_EQUAL_FATAL(backup_fixture_import(&fx, path, fx.db, &result), RC_OK);
    CU_ASSERT_EQUAL(result, IMPORT_DONE);
    open_all();
    backup_fixture_digest(&fx, after);
    CU_ASSERT_EQUAL(memcmp(before, after, 32), 0);
    for (i = 0; i < 321; i++)
        CU_ASSERT_PTR_NOT_NULL_FATAL(backup_fixture_task(&fx, i));
    CU_ASSERT_PTR_NULL(backup_fixture_task(&fx, status.task_uid)); /* the dump itself */
    now = backup_fixture_task(&fx, 320);
    CU_ASSERT_EQUAL(now->status, TASK_FAILED);
    CU_ASSERT_STRING_EQUAL(now->error_message, then->error_message);
    CU_ASSERT_EQUAL(now->finished_unix_ns, then->finished_unix_ns);
    CU_ASSERT_EQUAL(backup_fixture_add(&fx, "movies", "[{\"id\":1000}]"), status.task_uid + 1);
    CU_ASSERT_EQUAL(backup_fixture_wait(&fx, status.task_uid + 1), TASK_SUCCEEDED);
    CU_ASSERT_EQUAL(backup_fixture_count(&fx, "movies"), 301);
}

/* Queued tasks travel with their payloads, the small and the spooled ones, in order. */
static void queued_tasks_travel_with_their_documents(void)
{
    enum import_result result;
    size_t i, n = 300000;
    uint64_t big, small;
    char *text = xmalloc(n + 100);

    CU_ASSERT_EQUAL_FATAL(backup_fixture_open(&fx, false), RC_OK); /* no writer: all stays queued */
    (void)snprintf(text, n, "[{\"id\":\"big\",\"x\":\"");
    for (i = strlen(text); i < n; i++)
        text[i] = (char)('a' + (i * 2654435761u >> 7) % 26);
    (void)snprintf(text + n, 100, "\"},{\"id\":\"big2\"}]");
    big = backup_fixture_add(&fx, "m", text);
    small = backup_fixture_add(&fx, "m", "[{\"id\":\"small\"}]");
    xfree(text);
    (void)backup_fixture_dump(&fx, path);
    CU_ASSERT(verifies(path));
    backup_fixture_close(&fx);
    (void)snprintf(fx.db, sizeof fx.db, "%s/copy", fx.root);
    CU_ASSERT_EQUAL_FATAL(backup_fixture_import(&fx, path, fx.db, &result), RC_OK);
    CU_ASSERT_EQUAL_FATAL(backup_fixture_open(&fx, false), RC_OK);
    CU_ASSERT_EQUAL(backup_fixture_task(&fx, big)->status, TASK_ENQUEUED);
    CU_ASSERT_EQUAL(backup_fixture_task(&fx, big)->received_documents, 2);
    task_queue_start(fx.q);
    CU_ASSERT_EQUAL(backup_fixture_wait(&fx, big), TASK_SUCCEEDED);
    CU_ASSERT_EQUAL(backup_fixture_wait(&fx, small), TASK_SUCCEEDED);
    CU_ASSERT_EQUAL(backup_fixture_count(&fx, "m"), 3);
}

static void a_recompressed_dump_holds_the_same(void)
{
    uint8_t before[32], after[32];
    enum import_result result;
    struct backup_status status;

    open_all();
    add_some("movies", 0, 500);
    backup_fixture_drain(&fx);
    backup_fixture_digest(&fx, before);
    CU_ASSERT_EQUAL_FATAL(backup_create(fx.backup, 12, &status, &fx.err), RC_OK);
    status = backup_fixture_wait_dump(&fx, status.uid);
    CU_ASSERT_EQUAL_FATAL(status.state, BACKUP_DONE);
    (void)snprintf(path, sizeof path, "%s/%s.dump", fx.dumps, status.uid);
    backup_fixture_close(&fx);
    (void)snprintf(fx.db, sizeof fx.db, "%s/copy", fx.root);
    CU_ASSERT_EQUAL_FATAL(backup_fixture_import(&fx, path, fx.db, &result), RC_OK);
    open_all();
    backup_fixture_digest(&fx, after);
    CU_ASSERT_EQUAL(memcmp(before, after, 32), 0);
}

/* ---- while it runs ------------------------------------------------------------------- */

static void a_second_dump_is_refused_meanwhile(void)
{
    struct backup_status one, two, now;

    open_all();
    CU_ASSERT_EQUAL_FATAL(fault_set("dump_before_read=pause", &fx.err), RC_OK);
    start_dump(&one);
    fault_wait_paused(FAULT_DUMP_BEFORE_READ);
    CU_ASSERT(barrier_is_up(fx.barrier));
    CU_ASSERT_EQUAL(backup_create(fx.backup, 0, &two, &fx.err), RC_EXISTS);
    CU_ASSERT_STRING_EQUAL(fx.err.word, "dump_already_processing");
    CU_ASSERT_EQUAL(backup_status(fx.backup, one.uid, &now, &fx.err), RC_OK);
    CU_ASSERT_EQUAL(now.state, BACKUP_IN_PROGRESS);
    CU_ASSERT_EQUAL(backup_fixture_task(&fx, one.task_uid)->status, TASK_PROCESSING);
    fault_release(FAULT_DUMP_BEFORE_READ);
    now = backup_fixture_wait_dump(&fx, one.uid);
    CU_ASSERT_EQUAL(now.state, BACKUP_DONE);
    CU_ASSERT_FALSE(barrier_is_up(fx.barrier));
    CU_ASSERT_EQUAL(backup_fixture_task(&fx, one.task_uid)->status, TASK_SUCCEEDED);
    CU_ASSERT_STRING_EQUAL(backup_fixture_task(&fx, one.task_uid)->dump_uid, one.uid);
    CU_ASSERT_EQUAL(backup_create(fx.backup, 0, &two, &fx.err), RC_OK); /* at once */
    CU_ASSERT_EQUAL(backup_fixture_wait_dump(&fx, two.uid).state, BACKUP_DONE);
}

/* Tasks are accepted and wait, nothing is written, reading goes on, then all is applied. */
static void the_queue_is_paused_and_nothing_is_lost(void)
{
    enum import_result result;
    struct backup_status one;
    uint64_t uid, next;

    open_all();
    add_some("m", 0, 10);
    backup_fixture_drain(&fx);
    CU_ASSERT_EQUAL_FATAL(fault_set("dump_before_name=pause", &fx.err), RC_OK);
    start_dump(&one);
    fault_wait_paused(FAULT_DUMP_BEFORE_NAME);
    add_some("m", 10, 30);
    uid = backup_fixture_add(&fx, "m", "[{\"id\":\"later\"}]");
    CU_ASSERT_NOT_EQUAL(uid, UINT64_MAX);
    CU_ASSERT_EQUAL(backup_fixture_count(&fx, "m"), 10);
    CU_ASSERT(backup_fixture_has(&fx, "m", "3"));
    CU_ASSERT(barrier_is_up(fx.barrier)); /* as long as the status is in_progress */
    fault_release(FAULT_DUMP_BEFORE_NAME);
    CU_ASSERT_EQUAL(backup_fixture_wait_dump(&fx, one.uid).state, BACKUP_DONE);
    CU_ASSERT_EQUAL(backup_fixture_wait(&fx, uid), TASK_SUCCEEDED);
    CU_ASSERT_EQUAL(backup_fixture_count(&fx, "m"), 41);
    backup_fixture_close(&fx);

    (void)snprintf(path, sizeof path, "%s/%s.dump", fx.dumps, one.uid);
    (void)snprintf(fx.db, sizeof fx.db, "%s/copy", fx.root);
    CU_ASSERT_EQUAL_FATAL(backup_fixture_import(&fx, path, fx.db, &result), RC_OK);
    open_all();
    CU_ASSERT_EQUAL(backup_fixture_count(&fx, "m"), 10); /* what was committed before it */
    next = backup_fixture_add(&fx, "m", "[{\"id\":\"new\"}]");
    CU_ASSERT_EQUAL(next, one.task_uid + 1); /* later uids were not the dump's business */
}

static void the_barrier_may_go_down_after_reading(void)
{
    struct backup_status one;
    uint64_t uid;

    fx.opts.lower_after_read = true;
    open_all();
    add_some("m", 0, 10);
    backup_fixture_drain(&fx);
    CU_ASSERT_EQUAL_FATAL(fault_set("dump_before_name=pause", &fx.err), RC_OK);
    start_dump(&one);
    fault_wait_paused(FAULT_DUMP_BEFORE_NAME);
    CU_ASSERT_FALSE(barrier_is_up(fx.barrier));
    uid = backup_fixture_add(&fx, "m", "[{\"id\":\"meanwhile\"}]");
    CU_ASSERT_EQUAL(backup_fixture_wait(&fx, uid), TASK_SUCCEEDED);
    CU_ASSERT_EQUAL(backup_fixture_count(&fx, "m"), 11);
    fault_release(FAULT_DUMP_BEFORE_NAME);
    CU_ASSERT_EQUAL(backup_fixture_wait_dump(&fx, one.uid).state, BACKUP_DONE);
}

enum { WRITERS = 8, EACH = 12, DUMPS = 3 };

struct client {
    struct thread thread;
    unsigned number;
    unsigned n_failed;
};

static void submit_many(void *arg)
{
    struct client *c = arg;
    char json[64];
    unsigned i;

    for (i = 0; i < EACH; i++) {
        (void)snprintf(json, sizeof json, "[{\"id\":\"%u-%u\"}]", c->number, i);
        c->n_failed += backup_fixture_add(&fx, "m", json) == UINT64_MAX;
    }
}

/* Imports a dump made under load: ended tasks are a prefix, all before it are there. */
static void check_cut(const char *file, const struct backup_status *status)
{
    struct backup_fixture copy;
    enum import_result result;
    uint64_t uid, queued = 0, ended = 0, missing = 0;

    backup_fixture_make(&copy);
    CU_ASSERT_EQUAL_FATAL(backup_fixture_import(&copy, file, copy.db, &result), RC_OK);
    CU_ASSERT_EQUAL_FATAL(backup_fixture_open(&copy, false), RC_OK);
    for (uid = 0; uid < WRITERS * EACH + DUMPS; uid++) {
        const task_record *task = backup_fixture_task(&copy, uid);

        missing += !task && uid < status->task_uid;
        if (!task || task->type != TASK_DOCUMENT_ADDITION)
            continue;
        if (task->status == TASK_SUCCEEDED) {
            CU_ASSERT_EQUAL(queued, 0); /* nothing queued before something ended */
            ended++;
        } else {
            queued++;
        }
    }
    CU_ASSERT_EQUAL(missing, 0);
    CU_ASSERT_EQUAL(backup_fixture_count(&copy, "m"), ended > 0 ? ended : UINT64_MAX);
    task_queue_start(copy.q);
    backup_fixture_drain(&copy);
    if (ended + queued > 0)
        CU_ASSERT_EQUAL(backup_fixture_count(&copy, "m"), ended + queued);
    backup_fixture_wipe(&copy);
}

static void a_dump_under_load_is_a_prefix_of_the_commits(void)
{
    struct client clients[WRITERS] = {0};
    struct backup_status statuses[DUMPS];
    char files[DUMPS][8192];
    unsigned i, failed = 0;

    fx.task_opts.batch_bytes = 200; /* many commits */
    open_all();
    for (i = 0; i < WRITERS; i++) {
        clients[i].number = i;
        thread_start(&clients[i].thread, "client", submit_many, &clients[i]);
    }
    for (i = 0; i < DUMPS; i++)
        statuses[i] = backup_fixture_dump(&fx, files[i]);
    for (i = 0; i < WRITERS; i++) {
        thread_join(&clients[i].thread);
        failed += clients[i].n_failed;
    }
    backup_fixture_drain(&fx);
    CU_ASSERT_EQUAL(failed, 0);
    CU_ASSERT_EQUAL(backup_fixture_count(&fx, "m"), WRITERS * EACH); /* nothing lost or doubled */
    for (i = 0; i < DUMPS; i++)
        check_cut(files[i], &statuses[i]);
}

/* ---- failing ------------------------------------------------------------------------- */

static void expect_failed(const struct backup_status *one, const char *reason)
{
    struct backup_status now = backup_fixture_wait_dump(&fx, one->uid);
    unsigned dumps, others;
    const task_record *task;
    char text[256];

    CU_ASSERT_EQUAL(now.state, BACKUP_FAILED);
    CU_ASSERT_PTR_NOT_NULL(strstr(now.error, reason));
    (void)snprintf(text, sizeof text, "The creation of the dump `%s` failed due to `", one->uid);
    CU_ASSERT_EQUAL(strncmp(now.error, text, strlen(text)), 0);
    CU_ASSERT(now.finished_ns >= now.started_ns);
    task = backup_fixture_task(&fx, one->task_uid);
    CU_ASSERT_EQUAL(task->status, TASK_FAILED);
    CU_ASSERT_STRING_EQUAL(task->error_word, "dump_process_failed");
    CU_ASSERT_FALSE(barrier_is_up(fx.barrier));
    backup_fixture_files(&fx, &dumps, &others);
    CU_ASSERT_EQUAL(dumps + others, 0);
}

static void a_commit_that_does_not_end_fails_the_dump(void)
{
    struct backup_status one;

    fx.opts.barrier_timeout_ns = 5 * NS_PER_MS;
    open_all();
    barrier_enter(fx.barrier);
    start_dump(&one);
    expect_failed(&one, "5 ms");
    barrier_leave(fx.barrier);
    (void)backup_fixture_dump(&fx, path);
}

static void a_removed_directory_fails_the_dump_and_is_made_again(void)
{
    struct fs_dir *root = NULL;
    struct backup_status one;

    open_all();
    add_some("m", 0, 5);
    CU_ASSERT_EQUAL_FATAL(fault_set("dump_after_read=pause", &fx.err), RC_OK);
    start_dump(&one);
    fault_wait_paused(FAULT_DUMP_AFTER_READ);
    CU_ASSERT_EQUAL_FATAL(fs_dir_open(fx.root, false, &root, &fx.err), RC_OK);
    CU_ASSERT_EQUAL(fs_remove_tree(root, "dumps", &fx.err), RC_OK);
    fs_dir_close(root);
    fault_release(FAULT_DUMP_AFTER_READ);
    expect_failed(&one, "was removed");
    (void)backup_fixture_dump(&fx, path);
    CU_ASSERT(verifies(path));
}

/* The n-th call to the disk fails, for every n of a whole dump. */
static void any_failed_call_fails_it_cleanly_or_not_at_all(void)
{
    unsigned n, failed = 0, done = 0, dumps, others;
    struct backup_status one, now = {0};
    uint64_t hits;
    bool more = true;

    for (n = 1; more && n < 500; n++) {
        char spec[32];
        enum rc rc;

        open_all();
        add_some("m", 0, 3);
        backup_fixture_drain(&fx);
        hits = fault_hits();
        (void)snprintf(spec, sizeof spec, "any_io=eio@%u", n);
        CU_ASSERT_EQUAL_FATAL(fault_set(spec, &fx.err), RC_OK);
        rc = backup_create(fx.backup, 0, &one, &fx.err);
        if (rc == RC_OK)
            now = backup_fixture_wait_dump(&fx, one.uid);
        more = fault_hits() != hits;
        fault_clear();
        CU_ASSERT_FALSE(barrier_is_up(fx.barrier));
        backup_fixture_files(&fx, &dumps, &others);
        CU_ASSERT_EQUAL(others, 0);
        if (rc != RC_OK) {
            CU_ASSERT(rc == RC_IO && dumps == 0);
        } else if (now.state == BACKUP_DONE) {
            done++;
            (void)snprintf(path, sizeof path, "%s/%s.dump", fx.dumps, one.uid);
            CU_ASSERT(dumps == 1 && verifies(path));
            CU_ASSERT_EQUAL(backup_fixture_wait(&fx, one.task_uid), TASK_SUCCEEDED);
        } else {
            failed++;
            CU_ASSERT_EQUAL(dumps, 0);
            CU_ASSERT_EQUAL(backup_fixture_wait(&fx, one.task_uid), TASK_FAILED);
        }
        add_some("m", 3, 1);
        backup_fixture_drain(&fx);
        CU_ASSERT_EQUAL(backup_fixture_count(&fx, "m"), 4);
        backup_fixture_wipe(&fx);
        backup_fixture_make(&fx);
    }
    printf("%u failed, %u done nevertheless ... ", failed, done);
    CU_ASSERT(n < 500 && failed > 5 && done > 0);
}

static void closing_ends_a_running_dump(void)
{
    struct backup_status one;
    unsigned dumps, others;

    open_all();
    add_some("m", 0, 20);
    backup_fixture_drain(&fx);
    CU_ASSERT_EQUAL_FATAL(fault_set("dump_after_read=delay:30", &fx.err), RC_OK);
    start_dump(&one);
    backup_fixture_close(&fx);
    fault_clear();
    backup_fixture_files(&fx, &dumps, &others);
    CU_ASSERT_EQUAL(dumps + others, 0);
    open_all();
    CU_ASSERT_EQUAL(backup_fixture_wait(&fx, one.task_uid), TASK_FAILED);
    CU_ASSERT_EQUAL(backup_status(fx.backup, one.uid, &one, &fx.err), RC_NOT_FOUND); /* memory */
    CU_ASSERT_STRING_EQUAL(fx.err.word, "dump_not_found");
}

/* ---- killed -------------------------------------------------------------------------- */

/* The child: a dump of a small database, with the fault armed as long as it runs. */
__attribute__((constructor)) static void be_dumping_child(void)
{
    const char *fault = getenv("LODE_CHILD_FAULT");
    struct backup_status one;

    if (!backup_fixture_is_child("dump", fx.db, fx.dumps, path))
        return;
    fault_clear();
    fx.arena = arena_new(256 << 20);
    if (backup_fixture_open(&fx, true) != RC_OK)
        _exit(5);
    add_some("m", 0, 5);
    backup_fixture_drain(&fx);
    if (fault_set(fault, &fx.err) != RC_OK || backup_create(fx.backup, 0, &one, &fx.err) != RC_OK)
        _exit(6);
    (void)backup_fixture_wait_dump(&fx, one.uid);
    fault_clear();
    backup_fixture_close(&fx);
    _exit(0);
}

static enum rc verify_one(void *arg, const char *name, struct err *err)
{
    unsigned *bad = arg;
    char file[8192];

    (void)err;
    (void)snprintf(file, sizeof file, "%s/%s", fx.dumps, name);
    *bad += strcmp(name + strlen(name) - 5, ".dump") != 0 || !verifies(file);
    return RC_OK;
}

/* Dies before every call of a dump: what is visible is whole, what is not is swept. */
static void a_killed_dump_leaves_only_whole_files(void)
{
    static const char *const points[] = {
        "fs_open",         "fs_write",         "fs_sync",         "fs_sync_dir",
        "fs_link",         "store_commit",     "barrier_raised",  "dump_before_read",
        "dump_after_read", "dump_before_name", "dump_after_name", "task_after_commit"};
    unsigned deaths = 0, bad = 0, n;
    struct fs_dir *dir = NULL;
    size_t i;

    for (i = 0; i < ARRAY_LEN(points); i++) {
        for (n = 1; n < 40; n++) {
            char fault[64];

            (void)snprintf(fault, sizeof fault, "%s=abort@%u", points[i], n);
            if (!backup_fixture_run_child("dump", fault, fx.db, fx.dumps, ""))
                break;
            deaths++;
            CU_ASSERT_EQUAL_FATAL(backup_fixture_open(&fx, true), RC_OK); /* sweeps */
            backup_fixture_drain(&fx);
            CU_ASSERT_EQUAL(backup_fixture_count(&fx, "m"), 5);
            CU_ASSERT_EQUAL_FATAL(fs_dir_open(fx.dumps, false, &dir, &fx.err), RC_OK);
            CU_ASSERT_EQUAL(fs_dir_each(dir, verify_one, &bad, &fx.err), RC_OK);
            fs_dir_close(dir);
            backup_fixture_close(&fx);
        }
        arena_reset(fx.arena);
    }
    CU_ASSERT_EQUAL(bad, 0);
    printf("%u deaths ... ", deaths);
    CU_ASSERT(deaths >= 12);
}

/* ---- small promises ------------------------------------------------------------------ */

static void two_dumps_of_one_millisecond_have_two_uids(void)
{
    struct backup_status one, two;
    char other[8192];

    open_all();
    clock_fake_set(1601379704397LL * NS_PER_MS);
    one = backup_fixture_dump(&fx, path);
    two = backup_fixture_dump(&fx, other);
    CU_ASSERT_STRING_EQUAL(one.uid, "20200929-114144397");
    CU_ASSERT_STRING_EQUAL(two.uid, "20200929-114144398");
    CU_ASSERT(verifies(path) && verifies(other));
}

static void only_finished_dumps_can_be_opened(void)
{
    static const char *const bad[] = {"",
                                      "../db/FORMAT",
                                      "20200929-114144097",
                                      "20200929-11414409",
                                      "20200929x114144097",
                                      "20200929-114144097.dump",
                                      "/etc/passwd"};
    struct backup_status one;
    uint64_t n = 0;
    int fd = -1;
    size_t i;

    open_all();
    for (i = 0; i < ARRAY_LEN(bad); i++) {
        CU_ASSERT_EQUAL(backup_open_file(fx.backup, bad[i], &fd, &n, &fx.err), RC_NOT_FOUND);
        CU_ASSERT_STRING_EQUAL(fx.err.word, "dump_not_found");
    }
    one = backup_fixture_dump(&fx, path);
    CU_ASSERT_EQUAL(backup_open_file(fx.backup, one.uid, &fd, &n, &fx.err), RC_OK);
    CU_ASSERT_EQUAL(n, one.written_bytes);
    fs_close(fd);
    (void)snprintf(path, sizeof path, "%s/20200929-114144097.dump", fx.dumps);
    CU_ASSERT_EQUAL(symlink("/etc/passwd", path), 0);
    CU_ASSERT_NOT_EQUAL(backup_open_file(fx.backup, "20200929-114144097", &fd, &n, &fx.err), RC_OK);
}

struct heard {
    unsigned n;
    enum backup_state first, last;
};

static void hear(void *arg, const struct backup_status *status)
{
    struct heard *h = arg;

    if (h->n++ == 0)
        h->first = status->state;
    h->last = status->state;
}

static void a_watch_is_told_at_once_and_at_the_end(void)
{
    struct backup_watch *w = NULL;
    struct heard h = {0};
    struct backup_status one;

    open_all();
    CU_ASSERT_EQUAL_FATAL(fault_set("dump_before_read=pause", &fx.err), RC_OK);
    start_dump(&one);
    CU_ASSERT_EQUAL(backup_watch_new(fx.backup, "20200929-114144097", hear, &h, &w, &fx.err),
                    RC_NOT_FOUND);
    CU_ASSERT_EQUAL_FATAL(backup_watch_new(fx.backup, one.uid, hear, &h, &w, &fx.err), RC_OK);
    CU_ASSERT(h.n == 1 && h.first == BACKUP_IN_PROGRESS);
    fault_wait_paused(FAULT_DUMP_BEFORE_READ);
    fault_release(FAULT_DUMP_BEFORE_READ);
    (void)backup_fixture_wait_dump(&fx, one.uid);
    (void)backup_fixture_dump(&fx, path); /* joins the first one's thread: its end was told */
    backup_watch_free(w);
    CU_ASSERT(h.n >= 2 && h.last == BACKUP_DONE);
}

SUITE(backup, setup, teardown, TEST(a_dump_holds_everything),
      TEST(queued_tasks_travel_with_their_documents), TEST(a_recompressed_dump_holds_the_same),
      TEST(a_second_dump_is_refused_meanwhile), TEST(the_queue_is_paused_and_nothing_is_lost),
      TEST(the_barrier_may_go_down_after_reading),
      TEST(a_dump_under_load_is_a_prefix_of_the_commits),
      TEST(a_commit_that_does_not_end_fails_the_dump),
      TEST(a_removed_directory_fails_the_dump_and_is_made_again),
      TEST(any_failed_call_fails_it_cleanly_or_not_at_all), TEST(closing_ends_a_running_dump),
      TEST(a_killed_dump_leaves_only_whole_files), TEST(two_dumps_of_one_millisecond_have_two_uids),
      TEST(only_finished_dumps_can_be_opened), TEST(a_watch_is_told_at_once_and_at_the_end));
