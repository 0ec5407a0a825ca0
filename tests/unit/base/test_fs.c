/* SPDX-License-Identifier: MIT */
/* test_fs.c -- files and directories: what is promised, and what each failing call leaves behind.
 */
#include "base/attr.h"
#include "base/fault.h"
#include "base/fs.h"
#include "base/mem.h"
#include "support/suite.h"
#include "support/tempdir.h"
#include "syscalls.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char *tmp;
static struct fs_dir *dir;
static struct err err;
static int fd = -1;

static void setup(void)
{
    tmp = tempdir_make();
    CU_ASSERT_EQUAL_FATAL(fs_dir_open(tmp, false, &dir, &err), RC_OK);
}

static void teardown(void)
{
    fault_clear();
    syscalls_mood = (struct syscalls_mood){0};
    fs_close(fd);
    fd = -1;
    fs_dir_close(dir);
    dir = NULL;
    tempdir_remove(tmp);
    tmp = NULL;
}

static void put(const char *name, struct bytes b)
{
    CU_ASSERT_EQUAL_FATAL(fs_replace(dir, name, b, &err), RC_OK);
}

/* Whether file name holds exactly want. */
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

static void a_missing_directory_is_made_with_its_parents(void)
{
    char path[4200];
    struct fs_dir *deep = NULL;
    struct stat st;

    (void)snprintf(path, sizeof path, "%s//a/b///c/", tmp);
    CU_ASSERT_EQUAL(fs_dir_open(path, false, &deep, &err), RC_NOT_FOUND);
    CU_ASSERT_PTR_NULL(deep);
    CU_ASSERT_EQUAL_FATAL(fs_dir_open(path, true, &deep, &err), RC_OK);
    CU_ASSERT_EQUAL(stat(path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0700);
    CU_ASSERT_PTR_NOT_NULL(strstr(fs_dir_path(deep), "/a/b/c"));
    fs_dir_close(deep);
    CU_ASSERT_EQUAL(fs_dir_open(path, true, &deep, &err), RC_OK); /* again is fine */
    fs_dir_close(deep);
    put("file", B("x"));
    (void)snprintf(path, sizeof path, "%s/file/sub", tmp);
    CU_ASSERT_EQUAL(fs_dir_open(path, true, &deep, &err), RC_IO);
    CU_ASSERT_EQUAL(fs_dir_open("", true, &deep, &err), RC_NOT_FOUND);
}

static void a_relative_path_is_made_too(void)
{
    char before[4096];
    struct fs_dir *deep = NULL;

    CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(before, sizeof before));
    CU_ASSERT_EQUAL_FATAL(chdir(tmp), 0);
    CU_ASSERT_EQUAL(fs_dir_open("x/y", true, &deep, &err), RC_OK);
    CU_ASSERT_EQUAL_FATAL(chdir(before), 0);
    fs_dir_close(deep);
    CU_ASSERT(fs_exists(dir, "x"));
}

static void a_removed_directory_is_noticed(void)
{
    struct fs_dir *sub = NULL;
    char path[4200];

    (void)snprintf(path, sizeof path, "%s/sub", tmp);
    CU_ASSERT_EQUAL_FATAL(fs_dir_open(path, true, &sub, &err), RC_OK);
    CU_ASSERT(fs_dir_still_there(sub));
    CU_ASSERT_EQUAL(fs_remove_tree(dir, "sub", &err), RC_OK);
    CU_ASSERT_FALSE(fs_dir_still_there(sub));
    CU_ASSERT_EQUAL(fs_mkdir(dir, "sub", &err), RC_OK); /* another one of the same name */
    CU_ASSERT_FALSE(fs_dir_still_there(sub) && fs_exists(sub, ".."));
    fs_dir_close(sub);
}

static void names_stay_inside_their_directory(void)
{
    static const char *const bad[] = {"", ".", "..", "a/b", "/etc/passwd", "../x"};
    size_t i;

    for (i = 0; i < ARRAY_LEN(bad); i++) {
        CU_ASSERT_EQUAL(fs_open_read(dir, bad[i], &fd, &err), RC_INVALID);
        CU_ASSERT_EQUAL(fs_open_new(dir, bad[i], &fd, &err), RC_INVALID);
        CU_ASSERT_EQUAL(fs_replace(dir, bad[i], B("x"), &err), RC_INVALID);
        CU_ASSERT_EQUAL(fs_unlink(dir, bad[i], &err), RC_INVALID);
        CU_ASSERT_EQUAL(fs_mkdir(dir, bad[i], &err), RC_INVALID);
        CU_ASSERT_EQUAL(fs_remove_tree(dir, bad[i], &err), RC_INVALID);
        CU_ASSERT_EQUAL(fs_rename_new(dir, "x", dir, bad[i], &err), RC_INVALID);
    }
    CU_ASSERT_EQUAL(fd, -1);
}

static void links_fifos_and_directories_are_not_files(void)
{
    char path[4200];

    put("real", B("x"));
    (void)snprintf(path, sizeof path, "%s/link", tmp);
    CU_ASSERT_EQUAL_FATAL(symlink("real", path), 0);
    CU_ASSERT_EQUAL(fs_open_read(dir, "link", &fd, &err), RC_IO);
    CU_ASSERT_EQUAL(fs_open_new(dir, "link", &fd, &err), RC_EXISTS);
    (void)snprintf(path, sizeof path, "%s/fifo", tmp);
    CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
    CU_ASSERT_EQUAL(fs_open_read(dir, "fifo", &fd, &err), RC_INVALID);
    CU_ASSERT_EQUAL(fs_open_path(path, &fd, &err), RC_INVALID);
    CU_ASSERT_EQUAL(fs_open_path(tmp, &fd, &err), RC_INVALID);
    CU_ASSERT_EQUAL(fs_open_path("/dev/null", &fd, &err), RC_INVALID);
    CU_ASSERT_EQUAL(fs_open_path("/nowhere/at/all", &fd, &err), RC_NOT_FOUND);
    CU_ASSERT_EQUAL(fd, -1);
}

static void a_new_file_is_private_and_never_replaces(void)
{
    struct stat st;

    CU_ASSERT_EQUAL_FATAL(fs_open_new(dir, "f", &fd, &err), RC_OK);
    CU_ASSERT_EQUAL(fstat(fd, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
    fs_close(fd);
    CU_ASSERT_EQUAL(fs_open_new(dir, "f", &fd, &err), RC_EXISTS);
    fd = -1;
}

static void short_writes_and_reads_are_gone_on_with(void)
{
    uint8_t big[10000], back[10000];
    uint64_t size = 0;
    size_t i, n = 0;

    for (i = 0; i < sizeof big; i++)
        big[i] = (uint8_t)(i * 7);
    CU_ASSERT_EQUAL_FATAL(fs_open_new(dir, "f", &fd, &err), RC_OK);
    syscalls_mood.max_part = 997;
    CU_ASSERT_EQUAL(fault_set("fs_write=eintr@4", &err), RC_OK);
    CU_ASSERT_EQUAL(fs_write(fd, bytes_of(big, sizeof big), &err), RC_OK);
    CU_ASSERT(syscalls_mood.n_parts >= 11); /* it was really in parts */
    CU_ASSERT_EQUAL(fs_pwrite(fd, bytes_of(big, sizeof big), sizeof big, &err), RC_OK);
    CU_ASSERT_EQUAL(fs_size(fd, &size, &err), RC_OK);
    CU_ASSERT_EQUAL(size, 2 * sizeof big);
    CU_ASSERT_EQUAL(fault_set("fs_read=eintr@2", &err), RC_OK);
    CU_ASSERT_EQUAL(fs_pread(fd, back, sizeof back, 0, &n, &err), RC_OK);
    CU_ASSERT(n == sizeof back && memcmp(big, back, n) == 0);
    CU_ASSERT_EQUAL(fs_read(fd, back, sizeof back, &n, &err), RC_OK); /* behind the fs_write */
    CU_ASSERT(n == sizeof back && memcmp(big, back, n) == 0);
    CU_ASSERT_EQUAL(fs_read(fd, back, 1, &n, &err), RC_OK);
    CU_ASSERT_EQUAL(n, 0);
    CU_ASSERT_EQUAL(fs_pread(fd, back, 100, 2 * sizeof big - 3, &n, &err), RC_OK);
    CU_ASSERT_EQUAL(n, 3);
    CU_ASSERT_EQUAL(fs_pread(fd, back, 100, UINT64_MAX, &n, &err), RC_OK);
    CU_ASSERT_EQUAL(n, 0);
    CU_ASSERT_EQUAL(fs_truncate(fd, 5, &err), RC_OK);
    CU_ASSERT_EQUAL(fs_size(fd, &size, &err), RC_OK);
    CU_ASSERT_EQUAL(size, 5);
    fs_start_writeback(fd, 0, 5);
    CU_ASSERT_EQUAL(fs_sync_data(fd, &err), RC_OK);
    CU_ASSERT_EQUAL(fs_close_checked(fd, &err), RC_OK);
    fd = -1;
}

static void a_bad_descriptor_is_an_error_not_a_crash(void)
{
    size_t n;

    CU_ASSERT_EQUAL(fs_write(-1, B("x"), &err), RC_IO);
    CU_ASSERT_EQUAL(fs_read(-1, &n, 1, &n, &err), RC_IO);
    CU_ASSERT_EQUAL(fs_sync(-1, &err), RC_IO);
    CU_ASSERT_EQUAL(fs_close_checked(-1, &err), RC_IO);
    fs_close(-1);
    fs_dir_close(NULL);
}

static void reading_a_whole_file_keeps_its_limit(void)
{
    uint8_t *p = NULL;
    size_t n = 0;

    put("f", B("12345"));
    CU_ASSERT_EQUAL(fs_read_all(dir, "f", 4, &p, &n, &err), RC_TOO_LARGE);
    CU_ASSERT_PTR_NULL(p);
    CU_ASSERT_EQUAL(fs_read_all(dir, "f", 5, &p, &n, &err), RC_OK);
    CU_ASSERT_EQUAL(n, 5);
    xfree(p);
    p = NULL;
    CU_ASSERT_EQUAL(fs_read_all(dir, "none", 5, &p, &n, &err), RC_NOT_FOUND);
    put("f", B(""));
    CU_ASSERT(holds("f", B("")));
}

static void rename_never_replaces(void)
{
    int way;

    for (way = 0; way < 2; way++) { /* with and without RENAME_NOREPLACE */
        syscalls_mood.no_noreplace = way == 1;
        put("a", B("a"));
        put("b", B("b"));
        CU_ASSERT_EQUAL(fs_rename_new(dir, "a", dir, "b", &err), RC_EXISTS);
        CU_ASSERT(holds("a", B("a")));
        CU_ASSERT(holds("b", B("b")));
        CU_ASSERT_EQUAL(fs_rename_new(dir, "a", dir, "c", &err), RC_OK);
        CU_ASSERT_FALSE(fs_exists(dir, "a"));
        CU_ASSERT(holds("c", B("a")));
        CU_ASSERT_EQUAL(fs_rename_new(dir, "none", dir, "d", &err), RC_NOT_FOUND);
        CU_ASSERT_EQUAL(fs_mkdir(dir, "sub", &err), RC_OK);
        CU_ASSERT_EQUAL(fs_rename_new(dir, "sub", dir, "b", &err), RC_EXISTS);
        CU_ASSERT_EQUAL(fs_rename_new(dir, "sub", dir, "sub2", &err), RC_OK);
        CU_ASSERT(fs_exists(dir, "sub2"));
        CU_ASSERT_EQUAL(fs_remove_tree(dir, "sub2", &err), RC_OK);
        CU_ASSERT_EQUAL(fs_unlink(dir, "b", &err), RC_OK);
        CU_ASSERT_EQUAL(fs_unlink(dir, "c", &err), RC_OK);
        CU_ASSERT_EQUAL(count_entries(), 0);
    }
    CU_ASSERT_EQUAL(fs_unlink(dir, "c", &err), RC_NOT_FOUND);
}

static void trees_are_counted_synced_and_removed_without_following_links(void)
{
    char path[4300], outside[4300];
    struct fs_dir *sub = NULL;
    int i;

    put("outside", B("keep me"));
    (void)snprintf(path, sizeof path, "%s/t/u/v", tmp);
    CU_ASSERT_EQUAL_FATAL(fs_dir_open(path, true, &sub, &err), RC_OK);
    for (i = 0; i < 300; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "f%d", i);
        CU_ASSERT_EQUAL_FATAL(fs_open_new(sub, name, &fd, &err), RC_OK);
        CU_ASSERT_EQUAL(fs_write(fd, B("0123456789"), &err), RC_OK);
        fs_close(fd);
        fd = -1;
    }
    fs_dir_close(sub);
    (void)snprintf(path, sizeof path, "%s/t/link", tmp);
    (void)snprintf(outside, sizeof outside, "%s/outside", tmp);
    CU_ASSERT_EQUAL_FATAL(symlink(outside, path), 0);
    (void)snprintf(path, sizeof path, "%s/t/dirlink", tmp);
    CU_ASSERT_EQUAL_FATAL(symlink(tmp, path), 0);
    (void)snprintf(path, sizeof path, "%s/t", tmp);
    CU_ASSERT_EQUAL(fs_tree_bytes(path), 3000);
    CU_ASSERT_EQUAL(fs_tree_bytes("/nowhere/at/all"), 0);
    CU_ASSERT_EQUAL(fs_sync_tree(dir, "t", &err), RC_OK);
    CU_ASSERT_EQUAL(fs_sync_tree(dir, "none", &err), RC_NOT_FOUND);
    CU_ASSERT_EQUAL(fault_set("fs_sync=eio@7", &err), RC_OK);
    CU_ASSERT_EQUAL(fs_sync_tree(dir, "t", &err), RC_IO);
    CU_ASSERT_EQUAL(fault_set("fs_sync_dir=enospc@2", &err), RC_OK);
    CU_ASSERT_EQUAL(fs_sync_tree(dir, "t", &err), RC_NO_SPACE);
    fault_clear();
    CU_ASSERT_EQUAL(fs_remove_tree(dir, "t", &err), RC_OK);
    CU_ASSERT_EQUAL(fs_remove_tree(dir, "t", &err), RC_OK); /* absent is fine */
    CU_ASSERT_FALSE(fs_exists(dir, "t"));
    CU_ASSERT(holds("outside", B("keep me")));
}

static void a_lock_is_held_by_one(void)
{
    int second = -1;

    CU_ASSERT_EQUAL_FATAL(fs_dir_lock(dir, "LOCK", &fd, &err), RC_OK);
    CU_ASSERT_EQUAL(fs_dir_lock(dir, "LOCK", &second, &err), RC_BUSY);
    fs_close(fd);
    fd = -1;
    CU_ASSERT_EQUAL(fs_dir_lock(dir, "LOCK", &fd, &err), RC_OK);
}

static enum rc stop_at_first(void *arg, const char *name, struct err *e)
{
    (void)name;
    ++*(int *)arg;
    return err_set(e, RC_CANCELLED, NULL, "enough");
}

static void listing_stops_when_told_and_free_space_is_known(void)
{
    uint64_t bytes = 0;
    int n = 0;

    put("a", B("1"));
    put("b", B("1"));
    CU_ASSERT_EQUAL(fs_dir_each(dir, stop_at_first, &n, &err), RC_CANCELLED);
    CU_ASSERT_EQUAL(n, 1);
    CU_ASSERT_EQUAL(fs_dir_free_bytes(dir, &bytes, &err), RC_OK);
    CU_ASSERT(bytes > 0);
}

/* Every call of fs_replace() fails once: the old content stays, and no leftovers. */
static void a_failed_replace_leaves_the_old_file(void)
{
    static const char *const points[] = {"fs_open", "fs_write", "fs_sync", "fs_rename"};
    static const char *const actions[] = {"eio", "enospc"};
    size_t i, k;

    put("f", B("old"));
    for (i = 0; i < ARRAY_LEN(points); i++) {
        for (k = 0; k < ARRAY_LEN(actions); k++) {
            char spec[64];

            (void)snprintf(spec, sizeof spec, "%s=%s", points[i], actions[k]);
            CU_ASSERT_EQUAL(fault_set(spec, &err), RC_OK);
            CU_ASSERT_EQUAL(fs_replace(dir, "f", B("new"), &err), k ? RC_NO_SPACE : RC_IO);
            fault_clear();
            CU_ASSERT(holds("f", B("old")));
            CU_ASSERT_EQUAL(count_entries(), 1);
        }
    }
    CU_ASSERT_EQUAL(fault_set("fs_sync_dir=eio", &err), RC_OK);
    CU_ASSERT_EQUAL(fs_replace(dir, "f", B("new"), &err), RC_IO);
    fault_clear();
    CU_ASSERT_EQUAL(count_entries(), 1);
    CU_ASSERT(holds("f", B("new")) || holds("f", B("old"))); /* whole, whichever it is */
}

/* Every other call reports its fault with the right kind. */
static void faults_reach_the_caller(void)
{
    struct fs_dir *sub = NULL;
    uint8_t *p = NULL;
    char path[4200];
    size_t n;

    put("f", B("x"));
    (void)snprintf(path, sizeof path, "%s/made", tmp);
    CU_ASSERT_EQUAL(fault_set("fs_mkdir=enospc+", &err), RC_OK);
    CU_ASSERT_EQUAL(fs_mkdir(dir, "m", &err), RC_NO_SPACE);
    CU_ASSERT_EQUAL(fs_dir_open(path, true, &sub, &err), RC_NO_SPACE);
    fault_clear();
    CU_ASSERT_EQUAL(fault_set("fs_open=eio+", &err), RC_OK);
    CU_ASSERT_EQUAL(fs_open_read(dir, "f", &fd, &err), RC_IO);
    CU_ASSERT_EQUAL(fs_dir_lock(dir, "l", &fd, &err), RC_IO);
    CU_ASSERT_EQUAL(fs_dir_each(dir, count_entry, &n, &err), RC_IO);
    fault_clear();
    CU_ASSERT_EQUAL(fault_set("fs_read=eio", &err), RC_OK);
    CU_ASSERT_EQUAL(fs_read_all(dir, "f", 10, &p, &n, &err), RC_IO);
    CU_ASSERT_EQUAL(fault_set("fs_unlink=eio+", &err), RC_OK);
    CU_ASSERT_EQUAL(fs_unlink(dir, "f", &err), RC_IO);
    CU_ASSERT_EQUAL(fs_remove_tree(dir, "f", &err), RC_IO);
    CU_ASSERT_EQUAL(fault_set("fs_rename=eio", &err), RC_OK);
    CU_ASSERT_EQUAL(fs_rename_new(dir, "f", dir, "g", &err), RC_IO);
    CU_ASSERT_EQUAL(fault_set("fs_sync_dir=eio", &err), RC_OK);
    CU_ASSERT_EQUAL(fs_dir_sync(dir, &err), RC_IO);
    CU_ASSERT(holds("f", B("x")));
    CU_ASSERT_EQUAL(count_entries(), 1);
}

SUITE(fs, setup, teardown, TEST(a_missing_directory_is_made_with_its_parents),
      TEST(a_relative_path_is_made_too), TEST(a_removed_directory_is_noticed),
      TEST(names_stay_inside_their_directory), TEST(links_fifos_and_directories_are_not_files),
      TEST(a_new_file_is_private_and_never_replaces), TEST(short_writes_and_reads_are_gone_on_with),
      TEST(a_bad_descriptor_is_an_error_not_a_crash), TEST(reading_a_whole_file_keeps_its_limit),
      TEST(rename_never_replaces),
      TEST(trees_are_counted_synced_and_removed_without_following_links),
      TEST(a_lock_is_held_by_one), TEST(listing_stops_when_told_and_free_space_is_known),
      TEST(a_failed_replace_leaves_the_old_file), TEST(faults_reach_the_caller));
