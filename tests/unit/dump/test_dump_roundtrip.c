/* SPDX-License-Identifier: MIT */
/* test_dump_roundtrip.c -- what goes into a dump comes out of it. */
#include "dump_fixture.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static void check(const struct sample *sample)
{
    uint64_t digest = 0;

    fixture_make(sample);
    CU_ASSERT_EQUAL(fixture_read(buf_view(&fx.file), &digest), RC_OK);
    CU_ASSERT_EQUAL(digest, fixture_expected(sample));
    CU_ASSERT_EQUAL(fixture_verify(buf_view(&fx.file), 2), RC_OK);
}

static void samples_of_all_shapes_come_back(void)
{
    check(&(struct sample){0});
    check(&(struct sample){.n_indexes = 1});
    check(&(struct sample){.n_indexes = 1, .n_documents = 1});
    check(&(struct sample){.n_indexes = 3, .n_documents = 40, .n_keys = 2, .n_tasks = 7});
    check(&(struct sample){.n_indexes = 300, .n_documents = 2, .n_keys = 1});
    check(&(struct sample){.n_keys = 5000});
    check(&(struct sample){.n_tasks = 10000});
    check(&(struct sample){.n_indexes = 2, .n_documents = 20000, .block = 30000});
}

static void one_huge_document_comes_back(void)
{
    check(&(struct sample){.n_indexes = 2, .n_documents = 10, .big = 9 << 20});
}

static void the_largest_document_comes_back(void)
{
    check(&(struct sample){.n_indexes = 1, .n_documents = 10, .big = RECORD_DOCUMENT_MAX});
}

static void recompressing_keeps_the_content(void)
{
    struct sample sample = {.n_indexes = 2, .n_documents = 40000, .block = 8000, .n_tasks = 4};
    size_t plain;

    check(&sample);
    plain = fx.file.n;
    fx.opts.recompress_level = 3;
    check(&sample);
    CU_ASSERT(fx.file.n < plain - plain / 20);
    sample.big = 5 << 20; /* more than a gathered frame takes */
    check(&sample);
}

static void info_says_what_the_file_says(void)
{
    struct dump_reader *r = NULL;
    const struct dump_info *info;
    uint8_t digest[SHA256_SIZE];
    char path[600];
    struct stat st;

    CU_ASSERT_EQUAL_FATAL(
        fixture_dump(&(struct sample){.n_indexes = 2, .n_documents = 5, .n_tasks = 3}, "a.dump"),
        RC_OK);
    (void)snprintf(path, sizeof path, "%s/a.dump", fx.path);
    CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
    CU_ASSERT_EQUAL_FATAL(dump_reader_open(path, &r, &fx.err), RC_OK);
    info = dump_reader_info(r);
    CU_ASSERT_EQUAL(info->format_version, 1);
    CU_ASSERT_STRING_EQUAL(info->dump_uid, "20200929-114144097");
    CU_ASSERT_STRING_EQUAL(info->writer_version, "lode " LODE_VERSION);
    CU_ASSERT_EQUAL(info->created_ns, 1601379704097000000);
    CU_ASSERT_EQUAL(info->file_bytes, (uint64_t)st.st_size);
    CU_ASSERT_EQUAL(info->manifest->documents, 10);
    CU_ASSERT_EQUAL(info->manifest->indexes, 2);
    CU_ASSERT_EQUAL(info->manifest->tasks, 3);
    CU_ASSERT_EQUAL(info->manifest->queued_tasks, 1);
    fixture_make(&(struct sample){.n_indexes = 2, .n_documents = 5, .n_tasks = 3});
    sha256_once(bytes_of(fx.file.p, fx.file.n - DUMP_TRAILER_SIZE), digest);
    CU_ASSERT_EQUAL(memcmp(digest, info->sha256, sizeof digest), 0);
    dump_reader_close(r);
}

static void read_with_progress(bool verify)
{
    struct dump_progress progress = {0};
    struct dump_visitor v = {.progress = &progress};
    struct dump_reader *r = NULL;
    int fd = fixture_file(buf_view(&fx.file));

    CU_ASSERT_EQUAL_FATAL(dump__reader_open_fd(fd, "x.dump", &r, &fx.err), RC_OK);
    if (verify)
        CU_ASSERT_EQUAL(dump_reader_verify(r, 1, &progress, &fx.err), RC_OK);
    if (!verify)
        CU_ASSERT_EQUAL(dump_reader_walk(r, &v, &fx.err), RC_OK);
    CU_ASSERT_EQUAL(atomic_load(&progress.bytes), fx.file.n);
    CU_ASSERT_EQUAL(atomic_load(&progress.documents), 10);
    dump_reader_close(r);
    fs_close(fd);
}

static void progress_counts_documents_and_bytes(void)
{
    struct dump_progress progress = {0};

    fx.opts.progress = &progress;
    fixture_make(&(struct sample){.n_indexes = 2, .n_documents = 5});
    CU_ASSERT_EQUAL(atomic_load(&progress.documents), 10);
    CU_ASSERT_EQUAL(atomic_load(&progress.bytes), fx.file.n);
    CU_ASSERT(atomic_load(&progress.verified) > 0);
    CU_ASSERT(atomic_load(&progress.verified) < fx.file.n);
    read_with_progress(false);
    read_with_progress(true);
}

/* A person with zstd and any protobuf tool can read a dump; zstd here is the program. */
static void zstd_itself_accepts_the_file(void)
{
    char command[700];

    if (system("zstd --version >/dev/null 2>&1") != 0) {
        suite_skip("the zstd program is not installed");
        return;
    }
    CU_ASSERT_EQUAL_FATAL(
        fixture_dump(&(struct sample){.n_indexes = 2, .n_documents = 500, .n_tasks = 3}, "a.dump"),
        RC_OK);
    (void)snprintf(command, sizeof command, "zstd -q -t <'%s/a.dump'", fx.path);
    CU_ASSERT_EQUAL(system(command), 0);
    (void)snprintf(command, sizeof command, "zstd -q -d -c <'%s/a.dump' | grep -aq '\"id\":499'",
                   fx.path);
    CU_ASSERT_EQUAL(system(command), 0);
}

SUITE(dump_roundtrip, fixture_setup, fixture_teardown, TEST(samples_of_all_shapes_come_back),
      TEST(one_huge_document_comes_back), TEST(the_largest_document_comes_back),
      TEST(recompressing_keeps_the_content), TEST(info_says_what_the_file_says),
      TEST(progress_counts_documents_and_bytes), TEST(zstd_itself_accepts_the_file));
