/* SPDX-License-Identifier: MIT */
/* test_import.c -- all or nothing, and safe to leave in a start script for ever. */
#include "backup_fixture.h"

#include "base/fault.h"
#include "base/mem.h"
#include "base/rng.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct backup_fixture fx; /* the source; fresh per test */
static char dump[8192];          /* a dump of it */
static char target[8192];        /* where it is imported to */
static uint8_t want[32];         /* the digest of its content */
static struct fs_dir *root;
static unsigned n_progress;
static uint64_t last_documents, last_indexed;

static const feature_set features = 1u << FEATURE_CONTAINS_FILTER | 1u << FEATURE_RENDER_ROUTE;

static void make_dump(unsigned n)
{
    feature_set on;
    char json[128];
    unsigned i;

    CU_ASSERT_EQUAL_FATAL(backup_fixture_open(&fx, true), RC_OK);
    for (i = 0; i < n; i++) {
        (void)snprintf(json, sizeof json, "[{\"id\":%u,\"text\":\"some words for %u\"}]", i, i);
        (void)backup_fixture_add(&fx, i % 3 ? "movies" : "books", json);
    }
    backup_fixture_drain(&fx);
    backup_fixture_digest(&fx, want);
    CU_ASSERT_EQUAL(features_change(fx.features, features, features, &on, &fx.err), RC_OK);
    (void)backup_fixture_dump(&fx, dump);
    backup_fixture_close(&fx);
}

static void setup(void)
{
    backup_fixture_make(&fx);
    (void)snprintf(target, sizeof target, "%s/target", fx.root);
    make_dump(30);
    CU_ASSERT_EQUAL_FATAL(fs_dir_open(fx.root, false, &root, &fx.err), RC_OK);
}

static void teardown(void)
{
    fault_clear();
    fs_dir_close(root);
    backup_fixture_wipe(&fx);
    CU_ASSERT_EQUAL(arena_live_count(), 0);
}

static enum rc import_with(bool ignore_missing, bool ignore_existing,
                           enum import_result *ret_result)
{
    struct import_opts opts = {.dump_path = dump,
                               .db_path = target,
                               .ignore_missing_dump = ignore_missing,
                               .ignore_dump_if_db_exists = ignore_existing};

    return import_run(&opts, ret_result, &fx.err);
}

static enum rc import_plain(enum import_result *ret_result)
{
    return import_with(false, false, ret_result);
}

/* The target opens and holds what was dumped. */
static bool target_is_right(void)
{
    struct backup_fixture copy;
    uint8_t got[32] = {0};
    bool right;

    backup_fixture_make(&copy);
    (void)snprintf(copy.db, sizeof copy.db, "%.4000s", target);
    right = backup_fixture_open(&copy, true) == RC_OK;
    if (right) {
        backup_fixture_digest(&copy, got);
        right = memcmp(got, want, 32) == 0 && features_on(copy.features) == features &&
                backup_fixture_task(&copy, 29) != NULL;
        right = right && backup_fixture_add(&copy, "movies", "[{\"id\":1000}]") != UINT64_MAX;
        backup_fixture_drain(&copy);
        right = right && backup_fixture_has(&copy, "movies", "1000");
    }
    backup_fixture_wipe(&copy);
    return right;
}

static enum rc count_leftover(void *arg, const char *name, struct err *err)
{
    (void)err;
    *(unsigned *)arg += strstr(name, ".importing-") != NULL;
    return RC_OK;
}

static unsigned leftovers(void)
{
    unsigned n = 0;

    CU_ASSERT_EQUAL(fs_dir_each(root, count_leftover, &n, &fx.err), RC_OK);
    return n;
}

static bool target_there(void)
{
    return fs_exists(root, "target");
}

/* ---- flags --------------------------------------------------------------------------------------
 */

static void the_same_flag_for_ever_imports_once(void)
{
    enum import_result result = IMPORT_SKIPPED_MISSING;
    int i;

    CU_ASSERT_EQUAL_FATAL(import_plain(&result), RC_OK);
    CU_ASSERT_EQUAL(result, IMPORT_DONE);
    CU_ASSERT(target_is_right()); /* and writes into it */
    for (i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(import_plain(&result), RC_OK);
        CU_ASSERT_EQUAL(result, IMPORT_ALREADY_DONE);
    }
    CU_ASSERT_EQUAL(leftovers(), 0);
}

static void a_missing_dump_is_an_error_but_with_the_flag(void)
{
    enum import_result result = IMPORT_DONE;

    CU_ASSERT_EQUAL(unlink(dump), 0);
    CU_ASSERT_EQUAL(import_plain(&result), RC_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(fx.err.msg, "--ignore-missing-dump"));
    CU_ASSERT_EQUAL(import_with(true, false, &result), RC_OK);
    CU_ASSERT_EQUAL(result, IMPORT_SKIPPED_MISSING);
    CU_ASSERT_FALSE(target_there());
}

static void another_database_is_an_error_but_with_the_flag(void)
{
    enum import_result result = IMPORT_DONE;
    struct home *home = NULL;
    char uid[64];

    CU_ASSERT_EQUAL_FATAL(home_open(target, &home, &fx.err), RC_OK);
    (void)snprintf(uid, sizeof uid, "%s", home_instance_uid(home));
    home_close(home);
    CU_ASSERT_EQUAL(import_plain(&result), RC_EXISTS);
    CU_ASSERT_PTR_NOT_NULL(strstr(fx.err.msg, "--ignore-dump-if-db-exists"));
    CU_ASSERT_EQUAL(import_with(false, true, &result), RC_OK);
    CU_ASSERT_EQUAL(result, IMPORT_SKIPPED_DB_EXISTS);
    CU_ASSERT_EQUAL_FATAL(home_open(target, &home, &fx.err), RC_OK);
    CU_ASSERT_STRING_EQUAL(home_instance_uid(home), uid); /* untouched */
    home_close(home);
}

static void another_dump_than_that_of_the_database_is_an_error(void)
{
    enum import_result result = IMPORT_DONE;

    CU_ASSERT_EQUAL(import_plain(&result), RC_OK);
    CU_ASSERT_EQUAL_FATAL(backup_fixture_open(&fx, true), RC_OK);
    (void)backup_fixture_add(&fx, "movies", "[{\"id\":2000}]");
    backup_fixture_drain(&fx);
    (void)backup_fixture_dump(&fx, dump);
    backup_fixture_close(&fx);
    CU_ASSERT_EQUAL(import_plain(&result), RC_EXISTS);
}

/* ---- targets and sources ------------------------------------------------------------- */

static void an_empty_directory_is_a_target(void)
{
    enum import_result result = IMPORT_ALREADY_DONE;

    CU_ASSERT_EQUAL(fs_mkdir(root, "target", &fx.err), RC_OK);
    CU_ASSERT_EQUAL(import_plain(&result), RC_OK);
    CU_ASSERT_EQUAL(result, IMPORT_DONE);
    CU_ASSERT(target_is_right());
}

static void missing_parents_are_made(void)
{
    enum import_result result = IMPORT_ALREADY_DONE;

    (void)snprintf(target, sizeof target, "%s/a/b/target/", fx.root);
    CU_ASSERT_EQUAL(import_plain(&result), RC_OK);
    CU_ASSERT(target_is_right());
}

static void a_foreign_directory_is_refused_unchanged(void)
{
    enum import_result result = IMPORT_DONE;
    struct fs_dir *dir = NULL;

    CU_ASSERT_EQUAL_FATAL(fs_dir_open(target, true, &dir, &fx.err), RC_OK);
    CU_ASSERT_EQUAL(fs_replace(dir, "thesis", B("mine"), &fx.err), RC_OK);
    CU_ASSERT_EQUAL(import_plain(&result), RC_EXISTS);
    CU_ASSERT_EQUAL(import_with(true, true, &result), RC_EXISTS);
    CU_ASSERT(fs_exists(dir, "thesis") && !fs_exists(dir, "FORMAT"));
    fs_dir_close(dir);
    CU_ASSERT_EQUAL(leftovers(), 0);
}

static void only_regular_files_are_dumps(void)
{
    enum import_result result = IMPORT_DONE;

    (void)snprintf(dump, sizeof dump, "%s/dumps", fx.root);
    CU_ASSERT_EQUAL(import_plain(&result), RC_INVALID);
    (void)snprintf(dump, sizeof dump, "%s/fifo", fx.root);
    CU_ASSERT_EQUAL(mkfifo(dump, 0600), 0);
    CU_ASSERT_EQUAL(import_plain(&result), RC_INVALID); /* and does not wait for a writer */
    CU_ASSERT_FALSE(target_there());
    CU_ASSERT_EQUAL(leftovers(), 0);
}

/* ---- damage -------------------------------------------------------------------------- */

static uint8_t *read_dump(size_t *ret_n)
{
    struct fs_dir *dir = NULL;
    uint8_t *p = NULL;

    CU_ASSERT_EQUAL_FATAL(fs_dir_open(fx.dumps, false, &dir, &fx.err), RC_OK);
    CU_ASSERT_EQUAL_FATAL(fs_read_all(dir, strrchr(dump, '/') + 1, 1 << 20, &p, ret_n, &fx.err),
                          RC_OK);
    fs_dir_close(dir);
    return p;
}

static void a_damaged_dump_leaves_nothing(void)
{
    enum import_result result = IMPORT_DONE;
    unsigned accepted = 0, left = 0;
    struct rng rng;
    size_t n = 0, i;
    uint8_t *p = read_dump(&n);

    rng_init(&rng, suite_seed());
    (void)snprintf(dump, sizeof dump, "%s/damaged", fx.root);
    for (i = 0; i < 120; i++) {
        size_t at = (size_t)rng_below(&rng, n), cut = n;
        uint8_t bit = (uint8_t)(1u << rng_below(&rng, 8));

        if (i % 4 == 3)
            cut = at;
        else
            p[at] ^= bit;
        CU_ASSERT_EQUAL_FATAL(fs_replace(root, "damaged", bytes_of(p, cut), &fx.err), RC_OK);
        accepted += import_plain(&result) == RC_OK;
        left += target_there() || leftovers() > 0;
        if (i % 4 != 3)
            p[at] ^= bit;
    }
    xfree(p);
    CU_ASSERT_EQUAL(accepted, 0);
    CU_ASSERT_EQUAL(left, 0);
}

/* ---- killed, and failing ------------------------------------------------------------- */

__attribute__((constructor)) static void be_importing_child(void)
{
    enum import_result result;
    char unused[4096];

    if (!backup_fixture_is_child("import", target, unused, dump))
        return;
    _exit(import_plain(&result) != RC_OK);
}

/* Dies before each call: then the same start succeeds, and the third does nothing. */
static void a_killed_import_is_begun_again(void)
{
    static const char *const points[] = {"fs_open",
                                         "fs_write",
                                         "fs_sync",
                                         "fs_sync_dir",
                                         "fs_rename",
                                         "fs_mkdir",
                                         "fs_link",
                                         "store_open",
                                         "store_commit",
                                         "import_before_rename",
                                         "import_after_rename"};
    enum import_result result = IMPORT_DONE;
    unsigned deaths = 0, before = 0, after = 0, n;
    bool there;
    size_t i;

    for (i = 0; i < ARRAY_LEN(points); i++) {
        for (n = 1; n < 60; n += 1 + n / 8) {
            char fault[64];

            (void)snprintf(fault, sizeof fault, "%s=abort@%u", points[i], n);
            if (!backup_fixture_run_child("import", fault, target, "", dump))
                n = 1000;
            else
                deaths++;
            there = target_there();
            after += there;
            before += !there;
            if (there)
                CU_ASSERT(target_is_right());
            CU_ASSERT_EQUAL(import_sweep(target, &fx.err), RC_OK);
            CU_ASSERT_EQUAL(leftovers(), 0);
            CU_ASSERT_EQUAL(import_plain(&result), RC_OK);
            CU_ASSERT_EQUAL(result, there ? IMPORT_ALREADY_DONE : IMPORT_DONE);
            CU_ASSERT_EQUAL(import_plain(&result), RC_OK);
            CU_ASSERT_EQUAL(result, IMPORT_ALREADY_DONE);
            CU_ASSERT_EQUAL(fs_remove_tree(root, "target", &fx.err), RC_OK);
        }
    }
    printf("%u deaths ... ", deaths);
    CU_ASSERT(deaths > 30 && before > 0 && after > 0);
}

static void any_failed_call_leaves_all_or_nothing(void)
{
    enum import_result result = IMPORT_DONE;
    unsigned n, failed = 0;
    uint64_t hits;
    bool more = true;

    for (n = 1; more && n < 3000; n += 1 + n / 30) {
        char spec[32];
        enum rc rc;

        hits = fault_hits();
        (void)snprintf(spec, sizeof spec, "any_io=eio@%u", n);
        CU_ASSERT_EQUAL_FATAL(fault_set(spec, &fx.err), RC_OK);
        rc = import_plain(&result);
        more = fault_hits() != hits;
        fault_clear();
        failed += rc != RC_OK;
        if (rc == RC_OK)
            CU_ASSERT(target_is_right());
        if (!target_there())
            CU_ASSERT_NOT_EQUAL(rc, RC_OK);
        CU_ASSERT_EQUAL(import_sweep(target, &fx.err), RC_OK);
        CU_ASSERT_EQUAL(leftovers(), 0);
        CU_ASSERT_EQUAL(import_plain(&result), RC_OK);
        CU_ASSERT_EQUAL(fs_remove_tree(root, "target", &fx.err), RC_OK);
    }
    printf("%u failed ... ", failed);
    CU_ASSERT(failed > 10 && !more);
}

/* ---- sweeping ------------------------------------------------------------------------ */

static void a_live_import_is_not_swept(void)
{
    struct home *live = NULL;
    char path[8192];

    (void)snprintf(path, sizeof path, "%s/target.importing-0123456789abcdef", fx.root);
    CU_ASSERT_EQUAL_FATAL(home_open(path, &live, &fx.err), RC_OK);
    CU_ASSERT_EQUAL(fs_mkdir(root, "target.importing-00000000deadbeef", &fx.err), RC_OK);
    CU_ASSERT_EQUAL(fs_mkdir(root, "target.importing-mine", &fx.err), RC_OK); /* not our form */
    CU_ASSERT_EQUAL(fs_mkdir(root, "other.importing-00000000deadbeef", &fx.err), RC_OK);
    CU_ASSERT_EQUAL(import_sweep(target, &fx.err), RC_OK);
    CU_ASSERT(fs_exists(root, "target.importing-0123456789abcdef"));
    CU_ASSERT_FALSE(fs_exists(root, "target.importing-00000000deadbeef"));
    CU_ASSERT(fs_exists(root, "target.importing-mine"));
    CU_ASSERT(fs_exists(root, "other.importing-00000000deadbeef"));
    home_close(live);
    CU_ASSERT_EQUAL(import_sweep(target, &fx.err), RC_OK);
    CU_ASSERT_FALSE(fs_exists(root, "target.importing-0123456789abcdef"));
}

static void see_progress(void *arg, const struct import_progress *p)
{
    (void)arg;
    n_progress++;
    if (p->documents > p->total_documents || p->bytes > p->total_bytes ||
        p->indexed > p->total_documents || p->documents < last_documents ||
        p->indexed < last_indexed)
        n_progress += 1000000;
    last_documents = p->documents;
    last_indexed = p->indexed;
}

static void progress_is_told_to_the_end(void)
{
    struct import_opts opts = {.dump_path = dump, .db_path = target, .progress = see_progress};
    enum import_result result;

    n_progress = 0;
    last_documents = last_indexed = 0;
    CU_ASSERT_EQUAL(import_run(&opts, &result, &fx.err), RC_OK);
    CU_ASSERT(n_progress >= 2 && n_progress < 1000000);
    CU_ASSERT_EQUAL(last_documents, 30);
    CU_ASSERT_EQUAL(last_indexed, 30);
}

SUITE(import, setup, teardown, TEST(the_same_flag_for_ever_imports_once),
      TEST(a_missing_dump_is_an_error_but_with_the_flag),
      TEST(another_database_is_an_error_but_with_the_flag),
      TEST(another_dump_than_that_of_the_database_is_an_error),
      TEST(an_empty_directory_is_a_target), TEST(missing_parents_are_made),
      TEST(a_foreign_directory_is_refused_unchanged), TEST(only_regular_files_are_dumps),
      TEST(a_damaged_dump_leaves_nothing), TEST(a_killed_import_is_begun_again),
      TEST(any_failed_call_leaves_all_or_nothing), TEST(a_live_import_is_not_swept),
      TEST(progress_is_told_to_the_end));
