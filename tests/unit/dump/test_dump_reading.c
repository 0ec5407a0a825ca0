/* SPDX-License-Identifier: MIT */
/* test_dump_reading.c -- readers whose file shrinks, whose reads fail, whose visitor refuses. */
#include "dump_fixture.h"

#include <stdio.h>

/* The file is cut by somebody while it is read. */
static enum rc cut_the_file(void *arg, const Lode__Dump__V1__Index *index UNUSED,
                            struct bytes settings UNUSED, struct err *err)
{
    return fs_truncate(*(int *)arg, 100, err);
}

static void a_file_that_shrinks_while_it_is_read_is_refused(void)
{
    struct sample sample = {.n_indexes = 1, .n_documents = 20, .big = 3 << 20};
    int fd;
    struct dump_visitor v = {.index = cut_the_file, .arg = &fd};
    struct dump_reader *r = NULL;

    fixture_make(&sample);
    fd = fixture_file(buf_view(&fx.file));
    CU_ASSERT_EQUAL_FATAL(dump__reader_open_fd(fd, "x.dump", &r, &fx.err), RC_OK);
    CU_ASSERT_EQUAL(dump_reader_walk(r, &v, &fx.err), RC_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(fx.err.msg, "became shorter"));
    dump_reader_close(r);
    fs_close(fd);
}

/* Reading fails at the n-th call, n = 1, 2 ... until none is left. */
static void every_failing_read_is_reported(void)
{
    struct sample sample = {.n_indexes = 2, .n_documents = 100, .n_tasks = 3, .big = 2 << 20};
    unsigned n, n_failed = 0;
    uint64_t hits;
    int fd, way;

    fixture_make(&sample);
    fd = fixture_file(buf_view(&fx.file));
    for (way = 0; way < 2; way++) {
        for (n = 1; n < 100; n++) {
            struct dump_reader *r = NULL;
            char spec[32];
            enum rc rc;

            hits = fault_hits();
            (void)snprintf(spec, sizeof spec, "fs_read=eio@%u", n);
            CU_ASSERT_EQUAL_FATAL(fault_set(spec, &fx.err), RC_OK);
            rc = dump__reader_open_fd(fd, "x.dump", &r, &fx.err);
            if (rc == RC_OK)
                rc = way ? dump_reader_verify(r, 2, NULL, &fx.err)
                         : dump_reader_walk(r, &(struct dump_visitor){0}, &fx.err);
            dump_reader_close(r);
            fault_clear();
            CU_ASSERT_EQUAL(rc, fault_hits() == hits ? RC_OK : RC_IO);
            n_failed += rc != RC_OK;
            if (fault_hits() == hits)
                break;
        }
        CU_ASSERT(n < 100);
    }
    CU_ASSERT(n_failed > 10);
    fs_close(fd);
}

static enum rc stop_at_key(void *arg UNUSED, const Lode__Dump__V1__Key *key UNUSED, struct err *err)
{
    return err_set(err, RC_CANCELLED, "a_word", "the visitor has had enough");
}

static void a_visitor_that_refuses_ends_the_walk_with_its_own_words(void)
{
    struct sample sample = {.n_indexes = 1, .n_documents = 3, .n_keys = 1, .n_tasks = 2};
    struct dump_visitor v = {.key = stop_at_key};
    struct dump_reader *r = NULL;
    int fd;

    fixture_make(&sample);
    fd = fixture_file(buf_view(&fx.file));
    CU_ASSERT_EQUAL_FATAL(dump__reader_open_fd(fd, "x.dump", &r, &fx.err), RC_OK);
    CU_ASSERT_EQUAL(dump_reader_walk(r, &v, &fx.err), RC_CANCELLED);
    CU_ASSERT_STRING_EQUAL(fx.err.msg, "the visitor has had enough");
    CU_ASSERT_STRING_EQUAL(fx.err.word, "a_word");
    dump_reader_close(r);
    fs_close(fd);
}

SUITE(dump_reading, fixture_setup, fixture_teardown,
      TEST(a_file_that_shrinks_while_it_is_read_is_refused), TEST(every_failing_read_is_reported),
      TEST(a_visitor_that_refuses_ends_the_walk_with_its_own_words));
