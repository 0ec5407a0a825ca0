/* SPDX-License-Identifier: MIT */
/*
 * test_dump_damage.c -- every damage to a dump is refused, whole.
 *
 * Each trial goes through the ordinary way in (open, then walk) on a file that
 * differs from a good dump; it is refused, or it was not different.
 */
#include "dump_fixture.h"

#include "base/mem.h"
#include "base/rng.h"

#include <stdio.h>

static const struct sample small = {.n_indexes = 2, .n_documents = 60, .n_keys = 2, .n_tasks = 4};

static struct buf work;

static void setup(void)
{
    fixture_setup();
    buf_init(&work, BUF_NO_LIMIT);
}

static void teardown(void)
{
    buf_done(&work);
    fixture_teardown();
}

static void work_is(struct bytes b)
{
    buf_clear(&work);
    (void)buf_bytes(&work, b);
}

/* The trial; true when it was refused as it should be. */
static bool is_refused(struct bytes bytes)
{
    enum rc rc = fixture_read(bytes, NULL);

    return rc == RC_CORRUPT || rc == RC_TOO_LARGE || rc == RC_INVALID;
}

/* Makes a dump of at least 16 KiB, but not much more: exhaustive means all of it. */
static void make_16k(void)
{
    struct sample sample = small;

    while (fixture_make(&sample), fx.file.n < 16384)
        sample.n_documents += 60;
    CU_ASSERT_EQUAL_FATAL(fixture_read(buf_view(&fx.file), NULL), RC_OK);
}

/* One file, in which a bit is turned and turned back. */
static unsigned count_bits_accepted(void)
{
    int fd = fixture_file(buf_view(&fx.file));
    unsigned n = 0, step = suite_step(61);
    size_t bit;

    for (bit = 0; bit < 8 * fx.file.n; bit += step) {
        uint8_t good = fx.file.p[bit / 8], bad = good ^ (uint8_t)(1U << bit % 8);

        CU_ASSERT_EQUAL_FATAL(fs_pwrite(fd, bytes_of(&bad, 1), bit / 8, &fx.err), RC_OK);
        if (fixture_read_file(fd, NULL) == RC_OK) {
            n++;
            printf("bit %zu of byte %zu is not noticed\n", bit % 8, bit / 8);
        }
        CU_ASSERT_EQUAL_FATAL(fs_pwrite(fd, bytes_of(&good, 1), bit / 8, &fx.err), RC_OK);
    }
    CU_ASSERT_EQUAL(fixture_read_file(fd, NULL), RC_OK);
    fs_close(fd);
    return n;
}

static void every_flipped_bit_is_refused(void)
{
    make_16k();
    CU_ASSERT_EQUAL(count_bits_accepted(), 0);
}

static void every_truncation_is_refused(void)
{
    size_t n;

    make_16k();
    for (n = 0; n < fx.file.n; n++)
        if (!is_refused(bytes_of(fx.file.p, n)))
            break;
    CU_ASSERT_EQUAL(n, fx.file.n);
}

static void a_cut_file_is_refused_by_its_missing_trailer(void)
{
    fixture_make(&small);
    CU_ASSERT_EQUAL(fixture_read(bytes_of(fx.file.p, fx.file.n - 1), NULL), RC_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(fx.err.msg, "x.dump"));
    CU_ASSERT_PTR_NOT_NULL(strstr(fx.err.msg, "trailer is missing"));
    CU_ASSERT_PTR_NOT_NULL(strstr(fx.err.msg, "cut after"));
}

static bool append_is_refused(struct bytes more)
{
    work_is(buf_view(&fx.file));
    (void)buf_bytes(&work, more);
    return is_refused(buf_view(&work));
}

static void everything_appended_is_refused(void)
{
    static const uint8_t zeros[4096];
    uint8_t skippable[136] = {0x50, 0x2a, 0x4d, 0x18, 128};
    struct buf frame;

    fixture_make(&small);
    CU_ASSERT(append_is_refused(B("x")));
    CU_ASSERT(append_is_refused(B("\n")));
    CU_ASSERT(append_is_refused(bytes_of(zeros, 1)));
    CU_ASSERT(append_is_refused(bytes_of(zeros, sizeof zeros)));
    CU_ASSERT(append_is_refused(bytes_of(skippable, sizeof skippable)));
    CU_ASSERT(append_is_refused(buf_view(&fx.file))); /* a second valid dump */
    CU_ASSERT(append_is_refused(bytes_of(fx.file.p + fx.file.n - DUMP_TRAILER_SIZE,
                                         DUMP_TRAILER_SIZE))); /* its trailer again */
    buf_init(&frame, BUF_NO_LIMIT);
    fixture_frame(B("\x02\x22\x00"), &frame);
    CU_ASSERT(append_is_refused(buf_view(&frame)));
    buf_done(&frame);
}

/* ---- whole blocks of the disk -------------------------------------------------------- */

static unsigned n_accepted; /* trials that got through although the bytes differ */

static void try_work(void)
{
    if (!bytes_eq(buf_view(&work), buf_view(&fx.file)) && !is_refused(buf_view(&work)))
        n_accepted++;
}

static void damage_block(size_t i, size_t block)
{
    size_t at = i * block, n = fx.file.n - at < block ? fx.file.n - at : block, j;

    work_is(buf_view(&fx.file));
    memset(work.p + at, 0, n);
    try_work();
    work_is(bytes_of(fx.file.p, at)); /* dropped */
    (void)buf_append(&work, fx.file.p + at + n, fx.file.n - at - n);
    try_work();
    work_is(bytes_of(fx.file.p, at + n)); /* twice */
    (void)buf_append(&work, fx.file.p + at, fx.file.n - at);
    try_work();
    for (j = i + 1; (j + 1) * block <= fx.file.n; j++) { /* swapped with each behind it */
        work_is(buf_view(&fx.file));
        memcpy(work.p + at, fx.file.p + j * block, block);
        memcpy(work.p + j * block, fx.file.p + at, block);
        try_work();
    }
}

static void lost_doubled_and_swapped_blocks_are_refused(void)
{
    static const size_t blocks[] = {512, 4096};
    size_t b, i;

    make_16k();
    n_accepted = 0;
    for (b = 0; b < ARRAY_LEN(blocks); b++)
        for (i = 0; i * blocks[b] < fx.file.n; i++)
            damage_block(i, blocks[b]);
    CU_ASSERT_EQUAL(n_accepted, 0);
}

/* ---- two dumps mixed ---------------------------------------------------------------------------
 */

static void parts_of_two_dumps_do_not_mix(void)
{
    struct sample other = small;
    struct buf a;
    size_t at, n;

    fixture_make(&small);
    buf_init(&a, BUF_NO_LIMIT);
    (void)buf_bytes(&a, buf_view(&fx.file));
    other.salt = "y"; /* the same shape, other content */
    fixture_make(&other);
    n = fx.file.n < a.n ? fx.file.n : a.n;
    for (at = 16; at < n; at += 16) { /* the head of one, the tail of the other */
        work_is(bytes_of(a.p, a.n - at));
        (void)buf_append(&work, fx.file.p + fx.file.n - at, at);
        if (!bytes_eq(buf_view(&work), buf_view(&a)) &&
            !bytes_eq(buf_view(&work), buf_view(&fx.file)))
            CU_ASSERT(is_refused(buf_view(&work)));
    }
    work_is(bytes_of(a.p, a.n - DUMP_TRAILER_SIZE)); /* the trailer of B on A */
    (void)buf_append(&work, fx.file.p + fx.file.n - DUMP_TRAILER_SIZE, DUMP_TRAILER_SIZE);
    CU_ASSERT(is_refused(buf_view(&work)));
    buf_done(&a);
}

/* ---- other files --------------------------------------------------------------------- */

static void foreign_files_are_called_what_they_are(void)
{
    static uint8_t noise[5000];
    struct rng rng;
    unsigned i;

    CU_ASSERT_EQUAL(fixture_read(B(""), NULL), RC_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(fx.err.msg, "empty"));
    CU_ASSERT_EQUAL(fixture_read(B("\x1f\x8b\x08\x00"), NULL), RC_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(fx.err.msg, "gzip"));
    CU_ASSERT_EQUAL(fixture_read(B("{\"id\":1}\n"), NULL), RC_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(fx.err.msg, "not a Lode dump"));
    rng_init(&rng, suite_seed());
    for (i = 0; i < 200; i++) {
        rng_fill(&rng, noise, sizeof noise);
        CU_ASSERT(is_refused(bytes_of(noise, (size_t)rng_below(&rng, sizeof noise))));
    }
}

static void a_file_that_is_not_there_or_no_file_is_an_error(void)
{
    struct dump_reader *r = NULL;

    CU_ASSERT_EQUAL(dump_reader_open("/nonexistent/x.dump", &r, &fx.err), RC_NOT_FOUND);
    CU_ASSERT_EQUAL(dump_reader_open(fx.path, &r, &fx.err), RC_INVALID);
    CU_ASSERT_PTR_NULL(r);
}

/* Damage in the documents says which section, where, and what. */
static void errors_name_section_and_offset(void)
{
    const Lode__Dump__V1__Section *s;
    struct dump_reader *r = NULL;
    char want[128];
    uint64_t at;
    int fd;

    CU_ASSERT_EQUAL_FATAL(fixture_dump(&small, "a.dump"), RC_OK);
    CU_ASSERT_EQUAL_FATAL(fs_open_read(fx.dir, "a.dump", &fd, &fx.err), RC_OK);
    CU_ASSERT_EQUAL_FATAL(dump__reader_open_fd(fd, "a.dump", &r, &fx.err), RC_OK);
    s = dump_reader_info(r)->manifest->sections[4];
    CU_ASSERT_EQUAL(s->kind, LODE__DUMP__V1__SECTION_KIND__SECTION_KIND_DOCUMENTS);
    at = s->offset;
    dump_reader_close(r);
    fs_close(fd);
    fixture_make(&small);
    fx.file.p[at + 30] ^= 0x10;
    CU_ASSERT_EQUAL(fixture_read(buf_view(&fx.file), NULL), RC_CORRUPT);
    (void)snprintf(want, sizeof want, "'x.dump': section 4 (documents of 'index1'), offset %llu: ",
                   (unsigned long long)at);
    CU_ASSERT_NSTRING_EQUAL(fx.err.msg, want, strlen(want));
    CU_ASSERT_EQUAL(fixture_verify(buf_view(&fx.file), 3), RC_CORRUPT);
    CU_ASSERT_NSTRING_EQUAL(fx.err.msg, want, strlen(want));
}

SUITE(dump_damage, setup, teardown, TEST(every_flipped_bit_is_refused),
      TEST(every_truncation_is_refused), TEST(a_cut_file_is_refused_by_its_missing_trailer),
      TEST(everything_appended_is_refused), TEST(lost_doubled_and_swapped_blocks_are_refused),
      TEST(parts_of_two_dumps_do_not_mix), TEST(foreign_files_are_called_what_they_are),
      TEST(a_file_that_is_not_there_or_no_file_is_an_error), TEST(errors_name_section_and_offset));
