/* SPDX-License-Identifier: MIT */
/* test_home.c -- what the server's directory promises. */
#include "home/home.h"

#include "base/fault.h"
#include "base/mem.h"
#include "support/suite.h"
#include "support/tempdir.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static char *root; /* wiped by teardown */
static char path[4096];
static struct home *home;
static struct err err;

static void setup(void)
{
    root = tempdir_make();
    (void)snprintf(path, sizeof path, "%s/db", root);
    home = NULL;
}

static void teardown(void)
{
    fault_clear();
    home_close(home);
    tempdir_remove(root);
}

static void put(const char *name, const char *text)
{
    struct fs_dir *dir = NULL;

    CU_ASSERT_EQUAL_FATAL(fs_dir_open(path, true, &dir, &err), RC_OK);
    CU_ASSERT_EQUAL(fs_replace(dir, name, bytes_str(text), &err), RC_OK);
    fs_dir_close(dir);
}

static bool there(const char *name)
{
    struct fs_dir *dir = NULL;
    bool is;

    if (fs_dir_open(path, false, &dir, NULL) != RC_OK)
        return false;
    is = fs_exists(dir, name);
    fs_dir_close(dir);
    return is;
}

static enum home_state look(void)
{
    enum home_state state = HOME_FOREIGN;

    CU_ASSERT_EQUAL(home_look(path, &state, &err), RC_OK);
    return state;
}

static void looking_creates_nothing(void)
{
    CU_ASSERT_EQUAL(look(), HOME_ABSENT);
    CU_ASSERT_FALSE(there("."));
}

static void a_home_keeps_its_uid(void)
{
    char uid[64];

    CU_ASSERT_EQUAL_FATAL(home_open(path, &home, &err), RC_OK);
    (void)snprintf(uid, sizeof uid, "%s", home_instance_uid(home));
    CU_ASSERT_EQUAL(strlen(uid), 36);
    CU_ASSERT_EQUAL(look(), HOME_OURS);
    CU_ASSERT(there("store") && there("queue"));
    home_close(home);
    home = NULL;
    CU_ASSERT_EQUAL_FATAL(home_open(path, &home, &err), RC_OK);
    CU_ASSERT_STRING_EQUAL(home_instance_uid(home), uid);
    CU_ASSERT_STRING_EQUAL(strrchr(home_store_path(home), '/'), "/store");
}

static void only_one_may_have_it_open(void)
{
    struct home *second = NULL;

    CU_ASSERT_EQUAL_FATAL(home_open(path, &home, &err), RC_OK);
    CU_ASSERT_EQUAL(home_open(path, &second, &err), RC_BUSY);
    CU_ASSERT_PTR_NULL(second);
    home_close(home);
    home = NULL;
    CU_ASSERT_EQUAL(home_open(path, &home, &err), RC_OK);
}

static void a_newer_layout_is_refused_by_name(void)
{
    put("FORMAT", "lode-db 4\n");
    CU_ASSERT_EQUAL(look(), HOME_OURS);
    CU_ASSERT_EQUAL(home_open(path, &home, &err), RC_INVALID);
    CU_ASSERT_STRING_EQUAL(err.word, "db_version");
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "newer Lode"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "lode-db 4"));
}

static void an_older_layout_is_refused_and_told_the_way_out(void)
{
    put("FORMAT", "lode-db 1\n");
    CU_ASSERT_EQUAL(look(), HOME_OURS);
    CU_ASSERT_EQUAL(home_open(path, &home, &err), RC_INVALID);
    CU_ASSERT_STRING_EQUAL(err.word, "db_version");
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "older Lode"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "--import-dump"));
}

static void a_foreign_directory_is_refused_untouched(void)
{
    put("thesis.txt", "mine");
    CU_ASSERT_EQUAL(look(), HOME_FOREIGN);
    CU_ASSERT_EQUAL(home_open(path, &home, &err), RC_INVALID);
    CU_ASSERT_STRING_EQUAL(err.word, "db_version");
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "thesis.txt"));
    CU_ASSERT_FALSE(there("lock") || there("FORMAT") || there("store"));
}

static void a_format_of_others_is_foreign(void)
{
    put("FORMAT", "another program\n");
    CU_ASSERT_EQUAL(look(), HOME_FOREIGN);
    CU_ASSERT_EQUAL(home_open(path, &home, &err), RC_INVALID);
}

static void a_lost_part_is_damage_not_a_new_beginning(void)
{
    struct fs_dir *dir = NULL;

    CU_ASSERT_EQUAL_FATAL(home_open(path, &home, &err), RC_OK);
    CU_ASSERT_EQUAL(fs_remove_tree(home_dir(home), "store", &err), RC_OK);
    home_close(home);
    home = NULL;
    CU_ASSERT_EQUAL(home_open(path, &home, &err), RC_CORRUPT);
    CU_ASSERT_EQUAL_FATAL(fs_dir_open(path, false, &dir, &err), RC_OK);
    CU_ASSERT_EQUAL(fs_mkdir(dir, "store", &err), RC_OK);
    fs_dir_close(dir);
    put("INSTANCE", "0123\n");
    CU_ASSERT_EQUAL(home_open(path, &home, &err), RC_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "INSTANCE"));
}

/* Store data without FORMAT is not a half-made home. */
static void a_full_store_without_format_is_foreign(void)
{
    CU_ASSERT_EQUAL_FATAL(home_open(path, &home, &err), RC_OK);
    CU_ASSERT_EQUAL(fs_unlink(home_dir(home), "FORMAT", &err), RC_OK);
    home_close(home);
    home = NULL;
    CU_ASSERT_EQUAL(look(), HOME_EMPTY);
    (void)snprintf(path, sizeof path, "%s/db/store", root);
    put("CURRENT", "MANIFEST-000001\n");
    (void)snprintf(path, sizeof path, "%s/db", root);
    CU_ASSERT_EQUAL(look(), HOME_FOREIGN);
    CU_ASSERT_EQUAL(home_open(path, &home, &err), RC_INVALID);
}

static const char *const points[] = {"fs_open", "fs_write",  "fs_sync", "fs_sync_dir",
                                     "fs_link", "fs_rename", "fs_mkdir"};

/* Every call fails once, and each time the next opening makes it whole. */
static void a_failed_creation_is_made_again(void)
{
    size_t i;
    unsigned n;

    for (i = 0; i < ARRAY_LEN(points); i++) {
        for (n = 1; n < 100; n++) {
            char spec[64];
            enum rc rc;

            (void)snprintf(path, sizeof path, "%s/%s-%u", root, points[i], n);
            (void)snprintf(spec, sizeof spec, "%s=eio@%u", points[i], n);
            CU_ASSERT_EQUAL_FATAL(fault_set(spec, &err), RC_OK);
            rc = home_open(path, &home, &err);
            fault_clear();
            if (rc == RC_OK)
                break;
            CU_ASSERT_EQUAL(rc, RC_IO);
            CU_ASSERT_NOT_EQUAL(look(), HOME_FOREIGN);
            CU_ASSERT_EQUAL_FATAL(home_open(path, &home, &err), RC_OK);
            home_close(home);
            home = NULL;
        }
        CU_ASSERT(n < 100);
        home_close(home);
        home = NULL;
    }
}

static void a_killed_creation_is_made_again(void)
{
    size_t i;
    unsigned n;

    for (i = 0; i < ARRAY_LEN(points); i++) {
        for (n = 1; n < 100; n++) {
            char spec[64];
            int status = 0;
            pid_t pid;

            (void)snprintf(path, sizeof path, "%s/%s-%u", root, points[i], n);
            (void)snprintf(spec, sizeof spec, "%s=abort@%u", points[i], n);
            pid = fork();
            if (pid == 0) {
                _exit(fault_set(spec, &err) != RC_OK || home_open(path, &home, &err) != RC_OK);
            }
            CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
            CU_ASSERT_NOT_EQUAL(look(), HOME_FOREIGN);
            CU_ASSERT_EQUAL_FATAL(home_open(path, &home, &err), RC_OK);
            home_close(home);
            home = NULL;
            if (!WIFSIGNALED(status))
                break;
            CU_ASSERT_EQUAL(WTERMSIG(status), SIGKILL);
        }
        CU_ASSERT(n < 100);
    }
}

static void the_ledger_remembers_a_dump(void)
{
    static const char sha[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    char got[65];

    CU_ASSERT_EQUAL(home_ledger_read(path, got, &err), RC_OK);
    CU_ASSERT_STRING_EQUAL(got, "");
    CU_ASSERT_EQUAL_FATAL(home_open(path, &home, &err), RC_OK);
    CU_ASSERT_EQUAL(home_ledger_read(path, got, &err), RC_OK);
    CU_ASSERT_STRING_EQUAL(got, "");
    CU_ASSERT_EQUAL(home_ledger_write(home, sha, &err), RC_OK);
    CU_ASSERT_EQUAL(home_ledger_read(path, got, &err), RC_OK);
    CU_ASSERT_STRING_EQUAL(got, sha);
    put("IMPORTED", "0123\n");
    CU_ASSERT_EQUAL(home_ledger_read(path, got, &err), RC_CORRUPT);
}

SUITE(home, setup, teardown, TEST(looking_creates_nothing), TEST(a_home_keeps_its_uid),
      TEST(only_one_may_have_it_open), TEST(a_newer_layout_is_refused_by_name),
      TEST(an_older_layout_is_refused_and_told_the_way_out),
      TEST(a_foreign_directory_is_refused_untouched), TEST(a_format_of_others_is_foreign),
      TEST(a_lost_part_is_damage_not_a_new_beginning), TEST(a_full_store_without_format_is_foreign),
      TEST(a_failed_creation_is_made_again), TEST(a_killed_creation_is_made_again),
      TEST(the_ledger_remembers_a_dump));
