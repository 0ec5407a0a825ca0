/* SPDX-License-Identifier: MIT */
/* test_store_damage.c -- flipped bytes in the files of the database are reported, never passed
 * over. */
#include "base/fs.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"
#include "store_fixture.h"

#include <stdio.h>
#include <unistd.h>

enum { N_KEYS = 3000 };

static void key_of(char key[16], unsigned i)
{
    (void)snprintf(key, 16, "k%06u", i);
}

static void value_of(uint8_t value[64], unsigned i)
{
    unsigned at;

    for (at = 0; at < 64; at++)
        value[at] = (uint8_t)(hash64(bytes_of(&i, sizeof i), at) & 0xff);
}

/* N_KEYS keys, in the log or (compacted) in tables; the store is closed then. */
static void fill(bool compacted)
{
    unsigned i;

    for (i = 0; i < N_KEYS; i++) {
        uint8_t value[64];
        char key[16];

        key_of(key, i);
        value_of(value, i);
        store_batch_put(fx.batch, bytes_str(key), bytes_of(value, sizeof value));
        if (i % 300 == 299) {
            CU_ASSERT_EQUAL_FATAL(store_commit(fx.store, fx.batch, &fx.err), RC_OK);
            store_batch_clear(fx.batch);
        }
    }
    if (compacted)
        fixture_compact("", "");
    fixture_close();
}

struct find {
    const char *suffix;
    char name[64];
    uint64_t size;
    struct fs_dir *dir;
};

static enum rc find_largest(void *arg, const char *name, struct err *err)
{
    struct find *find = arg;
    size_t n = strlen(name), m = strlen(find->suffix);
    uint64_t size = 0;
    int fd;
    enum rc rc;

    if (n < m || strcmp(name + n - m, find->suffix) != 0)
        return RC_OK;
    rc = fs_open_read(find->dir, name, &fd, err);
    if (rc != RC_OK)
        return rc;
    rc = fs_size(fd, &size, err);
    fs_close(fd);
    if (size > find->size) {
        find->size = size;
        (void)snprintf(find->name, sizeof find->name, "%s", name);
    }
    return rc;
}

/* The largest file whose name ends so, read whole; its path to ret_path. */
static uint8_t *largest(const char *suffix, char ret_path[600], size_t *ret_n)
{
    struct find find = {.suffix = suffix};
    uint8_t *p = NULL;

    CU_ASSERT_EQUAL_FATAL(fs_dir_open(fx.path, false, &find.dir, &fx.err), RC_OK);
    CU_ASSERT_EQUAL_FATAL(fs_dir_each(find.dir, find_largest, &find, &fx.err), RC_OK);
    CU_ASSERT_FATAL(find.size > 0);
    CU_ASSERT_EQUAL_FATAL(fs_read_all(find.dir, find.name, 64 << 20, &p, ret_n, &fx.err), RC_OK);
    (void)snprintf(ret_path, 600, "%s/%s", fx.path, find.name);
    fs_dir_close(find.dir);
    return p;
}

static void write_file(const char *path, struct bytes b)
{
    FILE *f = fopen(path, "wb");

    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    CU_ASSERT_EQUAL(fwrite(b.p, 1, b.n, f), b.n);
    CU_ASSERT_EQUAL(fclose(f), 0);
}

struct walked {
    unsigned n_right, n_wrong;
    enum rc rc;
};

/* Walks all keys: how many are as they were written, and what the end says. */
static struct walked walk_all(void)
{
    struct walked w = {0};

    fixture_cursor("");
    for (store_cursor_first(fx.cursor); store_cursor_valid(fx.cursor);
         store_cursor_next(fx.cursor)) {
        struct bytes key = store_cursor_key(fx.cursor);
        uint8_t value[64];
        char want[16];
        unsigned i = 0;

        if (key.n == 7 && sscanf((const char *)key.p + 1, "%6u", &i) == 1)
            key_of(want, i);
        else
            want[0] = '\0';
        value_of(value, i);
        if (bytes_eq(key, bytes_str(want)) &&
            bytes_eq(store_cursor_value(fx.cursor), bytes_of(value, sizeof value)))
            w.n_right++;
        else
            w.n_wrong++;
    }
    w.rc = store_cursor_end(fx.cursor, &fx.err);
    return w;
}

struct asked {
    unsigned n_lies, n_corrupt;
};

/* Every key by itself: right, or an error; absent would be a lie. */
static struct asked ask_all(void)
{
    struct asked a = {0};
    unsigned i;

    for (i = 0; i < N_KEYS; i++) {
        struct bytes got = {0};
        uint8_t value[64];
        char key[16];
        enum rc rc;

        key_of(key, i);
        value_of(value, i);
        rc = store_view_get(fx.view, bytes_str(key), &got, &fx.err);
        if (rc == RC_OK ? !bytes_eq(got, bytes_of(value, sizeof value)) : rc == RC_NOT_FOUND)
            a.n_lies++;
        if (rc == RC_CORRUPT)
            a.n_corrupt++;
    }
    return a;
}

/* The silence of LevelDB: the loop ends normally, some keys short. */
static void a_damaged_table_block_ends_the_walk_as_corrupt(void)
{
    char path[600];
    struct walked w;
    uint8_t *p;
    size_t n;

    fill(true);
    p = largest(".ldb", path, &n);
    memset(p + n / 2, 0x5a, 4);
    write_file(path, bytes_of(p, n));
    xfree(p);
    fixture_reopen();
    w = walk_all();
    CU_ASSERT_EQUAL(w.rc, RC_CORRUPT);
    CU_ASSERT_EQUAL(w.n_wrong, 0);
    CU_ASSERT(w.n_right < N_KEYS);
    CU_ASSERT(w.n_right > N_KEYS / 2); /* it did go on behind the damage */
    CU_ASSERT_EQUAL(ask_all().n_lies, 0);
}

/* What was read well before is checked again: disks change under what is open. */
static void damage_below_an_open_store_is_met_by_the_next_read(void)
{
    struct asked asked;
    char path[600];
    uint8_t *p;
    size_t n;

    fill(true);
    fixture_reopen();
    CU_ASSERT_EQUAL(walk_all().n_right, N_KEYS);
    CU_ASSERT_EQUAL(ask_all().n_corrupt, 0);
    p = largest(".ldb", path, &n);
    p[n / 2] ^= 0x01;
    write_file(path, bytes_of(p, n));
    asked = ask_all();
    CU_ASSERT_EQUAL(asked.n_lies, 0);
    CU_ASSERT(asked.n_corrupt > 0);
    CU_ASSERT_EQUAL(walk_all().rc, RC_CORRUPT);
    xfree(p);
}

/* Wherever a table is hit: all is there, or somebody says so. */
static void no_flipped_byte_of_a_table_is_passed_over(void)
{
    unsigned i, n_corrupt = 0;
    struct rng rng;
    char path[600];
    uint8_t *p;
    size_t n;

    rng_init(&rng, suite_seed());
    fill(true);
    p = largest(".ldb", path, &n);
    for (i = 0; i < 60; i++) {
        size_t at = i < 48 ? n - 1 - i : (size_t)rng_below(&rng, n); /* the footer, and anywhere */
        struct walked w = {.rc = RC_CORRUPT};
        enum rc rc;

        p[at] ^= 0x21;
        write_file(path, bytes_of(p, n));
        rc = store_open(fx.path, &fx.opts, &fx.store, &fx.err);
        if (rc == RC_OK)
            w = walk_all();
        if (rc != RC_OK || w.rc != RC_OK)
            n_corrupt++;
        CU_ASSERT(rc == RC_OK || rc == RC_CORRUPT || rc == RC_IO); /* IO: a place past the end */
        CU_ASSERT_EQUAL(w.n_wrong, 0);
        CU_ASSERT(w.rc != RC_OK || w.n_right == N_KEYS);
        if (rc == RC_OK)
            CU_ASSERT_EQUAL(ask_all().n_lies, 0);
        fixture_close();
        p[at] ^= 0x21;
    }
    CU_ASSERT(n_corrupt > 12);
    write_file(path, bytes_of(p, n));
    xfree(p);
}

/* Without paranoid checks the rest of the log would be dropped in silence. */
static void a_damaged_log_does_not_open(void)
{
    char path[600];
    uint8_t *p;
    size_t n;

    fixture_close();
    fx.opts.write_buffer = 4 << 20; /* all of it stays in the log */
    fixture_reopen();
    fill(false);
    p = largest(".log", path, &n);
    p[n / 2] ^= 0x10;
    write_file(path, bytes_of(p, n));
    CU_ASSERT_EQUAL(store_open(fx.path, &fx.opts, &fx.store, &fx.err), RC_CORRUPT);
    p[n / 2] ^= 0x10;
    write_file(path, bytes_of(p, n));
    xfree(p);
    fixture_reopen();
    CU_ASSERT_EQUAL(walk_all().n_right, N_KEYS);
}

/* What a crash leaves: the last commit was never acknowledged, all before it are there. */
static void a_torn_log_tail_loses_only_the_last_commit(void)
{
    char path[600];
    struct walked w;
    uint8_t *p;
    size_t n;

    fixture_close();
    fx.opts.write_buffer = 4 << 20;
    fixture_reopen();
    fill(false);
    p = largest(".log", path, &n);
    write_file(path, bytes_of(p, n - 100));
    xfree(p);
    fixture_reopen();
    w = walk_all();
    CU_ASSERT_EQUAL(w.rc, RC_OK);
    CU_ASSERT_EQUAL(w.n_right, N_KEYS - 300);
    CU_ASSERT_EQUAL(w.n_wrong, 0);
}

static void a_missing_table_does_not_open(void)
{
    char path[600];
    uint8_t *p;
    size_t n;

    fill(true);
    p = largest(".ldb", path, &n);
    CU_ASSERT_EQUAL(unlink(path), 0);
    CU_ASSERT_EQUAL(store_open(fx.path, &fx.opts, &fx.store, &fx.err), RC_CORRUPT);
    write_file(path, bytes_of(p, n));
    xfree(p);
    fixture_reopen();
}

SUITE(store_damage, fixture_setup, fixture_teardown,
      TEST(a_damaged_table_block_ends_the_walk_as_corrupt),
      TEST(damage_below_an_open_store_is_met_by_the_next_read),
      TEST(no_flipped_byte_of_a_table_is_passed_over), TEST(a_damaged_log_does_not_open),
      TEST(a_torn_log_tail_loses_only_the_last_commit), TEST(a_missing_table_does_not_open));
