/* SPDX-License-Identifier: MIT */
/*
 * test_dump_hostile.c -- dumps whose checksums are right and whose content is not.
 *
 * Every case starts from the same good dump (the first test shows that it is
 * accepted) and changes one thing.
 */
#include "dump_fixture.h"
#include "support/dump_forge.h"

#include <stdio.h>
#include <sys/resource.h>

#define KIND(name) LODE__DUMP__V1__SECTION_KIND__SECTION_KIND_##name
#define RECORD(name) LODE__DUMP__V1__RECORD__KIND_##name

static struct forge f;
static struct buf content;

static void setup(void)
{
    fixture_setup();
    forge_begin(&f);
    buf_init(&content, BUF_NO_LIMIT);
}

static void teardown(void)
{
    buf_done(&content);
    forge_done(&f);
    fixture_teardown();
}

static void add(Lode__Dump__V1__Record *record, int kind)
{
    record->kind_case = (Lode__Dump__V1__Record__KindCase)kind;
    CU_ASSERT_EQUAL_FATAL(record_put(&content, record, &fx.err), RC_OK);
}

static void add_index(const char *uid, uint64_t documents)
{
    Lode__Dump__V1__Record record = LODE__DUMP__V1__RECORD__INIT;
    Lode__Dump__V1__Index index;
    char copy[1024];

    lode__dump__v1__index__init(&index);
    (void)snprintf(copy, sizeof copy, "%s", uid);
    index.uid = copy;
    index.documents = documents;
    record.index = &index;
    add(&record, RECORD(INDEX));
}

static void add_settings(void)
{
    Lode__Dump__V1__Record record = LODE__DUMP__V1__RECORD__INIT;
    Lode__Dump__V1__Settings settings = LODE__DUMP__V1__SETTINGS__INIT;

    record.settings = &settings;
    add(&record, RECORD(SETTINGS));
}

static void add_key(void)
{
    Lode__Dump__V1__Record record = LODE__DUMP__V1__RECORD__INIT;
    Lode__Dump__V1__Key key;

    lode__dump__v1__key__init(&key);
    record.key = &key;
    add(&record, RECORD(KEY));
}

static void add_task(uint32_t status)
{
    Lode__Dump__V1__Record record = LODE__DUMP__V1__RECORD__INIT;
    Lode__Dump__V1__Task task;

    lode__dump__v1__task__init(&task);
    task.status = status;
    record.task = &task;
    add(&record, RECORD(TASK));
}

static void add_instance(void)
{
    Lode__Dump__V1__Record record = LODE__DUMP__V1__RECORD__INIT;
    Lode__Dump__V1__Instance instance = LODE__DUMP__V1__INSTANCE__INIT;

    record.instance = &instance;
    add(&record, RECORD(INSTANCE));
}

static void add_documents(unsigned n, bool of_task)
{
    while (n-- > 0)
        CU_ASSERT(record_put_document(&content, B("{\"id\":1}"), of_task));
}

/* What was added, as one frame. */
static void frame(void)
{
    forge_frame(&f, buf_view(&content));
    buf_clear(&content);
}

static void index_of(const char *uid, uint64_t documents)
{
    forge_section(&f, KIND(INDEX), uid);
    add_index(uid, documents);
    add_settings();
    frame();
}

static void documents_of(const char *uid, unsigned n)
{
    forge_section(&f, KIND(DOCUMENTS), uid);
    add_documents(n, false);
    frame();
}

static void header(void)
{
    forge_header(&f, 1, 0, "lode 0.1.0");
}

static enum rc finish(void)
{
    enum rc rc, verified;

    forge_finish(&f);
    rc = fixture_read(buf_view(&f.file), NULL);
    verified = fixture_verify(buf_view(&f.file), 2);
    CU_ASSERT_EQUAL(rc, verified);
    return rc;
}

/* The whole of a good dump but its totals. */
static void good(void)
{
    header();
    index_of("a", 3);
    documents_of("a", 3);
    index_of("b", 0);
    forge_section(&f, KIND(KEYS), "");
    add_key();
    frame();
    forge_section(&f, KIND(TASKS), "");
    add_task(3);
    add_task(1);
    frame();
    add_documents(2, true);
    frame();
    add_instance();
    frame();
}

#define CHECK_REFUSED(rc_wanted, text)                                                             \
    do {                                                                                           \
        CU_ASSERT_EQUAL(finish(), rc_wanted);                                                      \
        if (!strstr(fx.err.msg, text))                                                             \
            printf("wanted '%s' in: %s\n", text, fx.err.msg);                                      \
        CU_ASSERT_PTR_NOT_NULL(strstr(fx.err.msg, text));                                          \
        forge_done(&f);                                                                            \
        forge_begin(&f);                                                                           \
    } while (0)

static void the_good_one_is_accepted(void)
{
    good();
    forge_totals(&f);
    CU_ASSERT_EQUAL(f.m.queued_tasks, 1);
    CU_ASSERT_EQUAL(finish(), RC_OK);
}

static void a_newer_format_is_refused_by_name(void)
{
    good();
    forge_totals(&f);
    f.trailer.version = 2;
    CHECK_REFUSED(RC_INVALID, "format version 2; lode " LODE_VERSION " reads versions up to 1");
    CU_ASSERT_STRING_EQUAL(fx.err.word, "dump_version");
    forge_header(&f, 7, 0, "lode 9.9.9");
    forge_totals(&f);
    CHECK_REFUSED(RC_INVALID, "format version 7, written by lode 9.9.9");
    forge_header(&f, 0, 0, "lode 0.0.1");
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "version is 0");
}

static void unknown_required_features_are_refused_by_name(void)
{
    forge_header(&f, 1, 1ULL << 5, "lode 0.2.0");
    forge_totals(&f);
    CHECK_REFUSED(RC_INVALID, "requires feature bit 5, which lode " LODE_VERSION
                              " does not know; it was written by lode 0.2.0");
    CU_ASSERT_STRING_EQUAL(fx.err.word, "dump_version");
}

static void sections_out_of_order_are_refused(void)
{
    index_of("a", 0);
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "section 0 (index of 'a'), offset 0: the manifest says that it "
                              "stands where it must not");
    header();
    documents_of("a", 1);
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "stands where it must not");
    header();
    header();
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "stands where it must not");
    header();
    index_of("a", 1);
    documents_of("b", 1);
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "of another index");
    header();
    index_of("a", 0);
    index_of("a", 0);
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "the index 'a' is in the dump twice");
    header();
    forge_section(&f, 77, "");
    add_key();
    frame();
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "section 1 (unknown)");
}

static void a_manifest_that_does_not_fit_the_file_is_refused(void)
{
    good();
    forge_totals(&f);
    f.sections[2].offset++;
    CHECK_REFUSED(RC_CORRUPT, "does not begin where the one before it ends");
    good();
    forge_totals(&f);
    f.sections[f.m.n_sections - 1].compressed_bytes++;
    CHECK_REFUSED(RC_CORRUPT, "passes the manifest");
    good();
    forge_totals(&f);
    f.sections[f.m.n_sections - 1].compressed_bytes--;
    CHECK_REFUSED(RC_CORRUPT, "sections end at offset");
    good();
    forge_totals(&f);
    f.sections[1].compressed_bytes = UINT64_MAX;
    CHECK_REFUSED(RC_CORRUPT, "passes the manifest");
    good();
    forge_totals(&f);
    f.sections[2].records = UINT64_MAX;
    CHECK_REFUSED(RC_CORRUPT, "so many records");
    good();
    forge_totals(&f);
    f.sections[2].frames = UINT64_MAX;
    CHECK_REFUSED(RC_CORRUPT, "so many frames");
    good();
    forge_totals(&f);
    f.sections[2].content_bytes = UINT64_MAX;
    CHECK_REFUSED(RC_CORRUPT, "so much content");
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "sections end at offset 0");
}

/* Each count, one too many, with all checksums right. */
static void counts_that_do_not_match_are_refused(void)
{
    static const size_t totals[] = {
        offsetof(Lode__Dump__V1__Manifest, indexes),
        offsetof(Lode__Dump__V1__Manifest, documents),
        offsetof(Lode__Dump__V1__Manifest, keys),
        offsetof(Lode__Dump__V1__Manifest, tasks),
        offsetof(Lode__Dump__V1__Manifest, queued_tasks),
        offsetof(Lode__Dump__V1__Manifest, records),
        offsetof(Lode__Dump__V1__Manifest, frames),
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(totals); i++) {
        good();
        forge_totals(&f);
        ++*(uint64_t *)(void *)((char *)&f.m + totals[i]);
        CHECK_REFUSED(RC_CORRUPT, i == 3 || i == 4 ? "tasks" : "totals");
    }
    good();
    f.sections[2].records++;
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "section 2 (documents of 'a')");
    good();
    f.sections[2].content_bytes++;
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "records in");
    good();
    f.sections[2].frames++;
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "frames");
    good();
    f.sections[2].crc32c++;
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "section 2 (documents of 'a')");
}

static void an_index_with_other_documents_than_it_says_is_refused(void)
{
    header();
    index_of("a", 4);
    documents_of("a", 3);
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "should have 4 documents, not 3");
    header();
    index_of("a", 4);
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "should have 4 documents, not 0");
    header();
    forge_section(&f, KIND(INDEX), "a");
    add_index("other", 0);
    add_settings();
    frame();
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "this is the index 'other'");
    header();
    forge_section(&f, KIND(INDEX), "a");
    add_settings();
    add_index("a", 0);
    frame();
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "not an index and its settings");
}

static void records_in_the_wrong_section_are_refused(void)
{
    header();
    index_of("a", 1);
    forge_section(&f, KIND(DOCUMENTS), "a");
    add_key();
    frame();
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "offset");
    header();
    forge_section(&f, KIND(KEYS), "");
    add_documents(1, false);
    frame();
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "kind 4 does not belong here");
    header();
    forge_section(&f, KIND(TASKS), "");
    add_documents(1, true);
    frame();
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "before any task");
    header();
    forge_section(&f, KIND(TASKS), "");
    add_task(1);
    add_documents(1, true);
    frame();
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "kind 7 does not belong here");
    header();
    forge_section(&f, KIND(TASKS), "");
    add_task(1);
    frame();
    add_documents(1, true);
    add_task(1);
    frame();
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "among documents");
    header();
    forge_section(&f, KIND(TASKS), "");
    add_instance();
    add_instance();
    frame();
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "second instance");
}

static void frames_that_are_none_are_refused(void)
{
    header();
    index_of("a", 1);
    forge_section(&f, KIND(DOCUMENTS), "a");
    forge_raw(&f, B("\x50\x2a\x4d\x18\x08\0\0\0abcdefgh"));
    f.sections[2].records = 1;
    f.sections[2].content_bytes = 10;
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "skippable");
    header();
    index_of("a", 1);
    forge_section(&f, KIND(DOCUMENTS), "a");
    forge_frame(&f, B("\x09\x22\x07truncat"));
    f.sections[2].records = 1;
    forge_totals(&f);
    CU_ASSERT_EQUAL(finish(), RC_OK); /* the JSON is not the dump's business */
    forge_done(&f);
    forge_begin(&f);
    header();
    index_of("a", 1);
    forge_section(&f, KIND(DOCUMENTS), "a");
    forge_frame(&f, B("\x0a\x22\x07truncat"));
    f.sections[2].records = 1;
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "cut short");
}

static void sections_of_the_wrong_size_are_refused(void)
{
    header();
    forge_frame(&f, B("\x02\x22\x00"));
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "a header is one record");
    header();
    index_of("a", 0);
    forge_frame(&f, B("\x02\x22\x00"));
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "an index is two records in one frame");
    header();
    index_of("", 0);
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "index uid is missing");
    header();
    forge_section(&f, KIND(KEYS), "a");
    add_key();
    frame();
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "out of place");
    header();
    forge_section(&f, KIND(INDEX), "a");
    add_index("a", 0);
    frame();
    f.sections[1].records = 2;
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "record is missing");
}

/* Frames without a record in them, which the counts of the section make up for. */
static void empty_frames_are_refused(void)
{
    static const int kinds[] = {KIND(DOCUMENTS), KIND(KEYS), KIND(TASKS)};
    size_t i;

    for (i = 0; i < ARRAY_LEN(kinds); i++) {
        header();
        index_of("a", 5);
        if (kinds[i] != KIND(DOCUMENTS))
            documents_of("a", 5);
        forge_section(&f, (uint32_t)kinds[i], kinds[i] == KIND(DOCUMENTS) ? "a" : "");
        forge_frame(&f, B(""));
        if (kinds[i] == KIND(DOCUMENTS))
            add_documents(5, false);
        else
            add_key();
        frame();
        f.sections[f.m.n_sections - 1].records++;
        f.sections[f.m.n_sections - 1].content_bytes += 2;
        forge_totals(&f);
        CU_ASSERT_EQUAL(finish(), RC_CORRUPT);
        forge_done(&f);
        forge_begin(&f);
    }
}

/* Index, section and totals agree on a number that the blocks do not hold. */
static void documents_that_all_counts_invent_are_refused(void)
{
    header();
    index_of("a", 4);
    documents_of("a", 3);
    f.sections[2].records = 4;
    forge_totals(&f);
    CHECK_REFUSED(RC_CORRUPT, "section 2 (documents of 'a')");
    CU_ASSERT_PTR_NOT_NULL(strstr(fx.err.msg, "3 records"));
}

static void a_wrong_sha_is_refused_at_the_end(void)
{
    good();
    forge_totals(&f);
    forge_finish(&f);
    buf_cut(&f.file, f.file.n - DUMP_TRAILER_SIZE);
    f.trailer.sha256[7] ^= 1;
    CU_ASSERT_FATAL(buf_reserve(&f.file, DUMP_TRAILER_SIZE));
    dump__trailer_encode(&f.trailer, f.file.p + f.file.n);
    f.file.n += DUMP_TRAILER_SIZE;
    CU_ASSERT_EQUAL(fixture_read(buf_view(&f.file), NULL), RC_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(fx.err.msg, "SHA-256"));
    CU_ASSERT_EQUAL(fixture_verify(buf_view(&f.file), 1), RC_CORRUPT);
}

static void unused_bytes_of_the_trailer_must_be_zero(void)
{
    uint8_t *t;

    good();
    forge_totals(&f);
    forge_finish(&f);
    t = f.file.p + f.file.n - DUMP_TRAILER_SIZE;
    t[100] = 1;
    put_u32le(t + 124, crc32c(0, bytes_of(t, 124)));
    CU_ASSERT_EQUAL(fixture_read(buf_view(&f.file), NULL), RC_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(fx.err.msg, "unused bytes"));
}

static size_t peak_kib(void)
{
    struct rusage usage;

    CU_ASSERT_EQUAL(getrusage(RUSAGE_SELF, &usage), 0);
    return (size_t)usage.ru_maxrss;
}

/* A gigabyte of zeros in a few frames: refused by the frame's limit or decoded piece by piece. */
static void bombs_do_not_fill_the_memory(void)
{
    struct buf bomb, frame_bytes;
    size_t before = peak_kib();
    int i;

    buf_init(&bomb, BUF_NO_LIMIT);
    buf_init(&frame_bytes, BUF_NO_LIMIT);
    CU_ASSERT_FATAL(buf_reserve(&bomb, 60 << 20));
    memset(bomb.p, 0, 60 << 20);
    bomb.n = 60 << 20; /* records of length 0: the first is refused */
    header();
    index_of("a", 16);
    forge_section(&f, KIND(DOCUMENTS), "a");
    fixture_frame(buf_view(&bomb), &frame_bytes);
    for (i = 0; i < 16; i++)
        forge_raw(&f, buf_view(&frame_bytes));
    f.sections[2].records = 16;
    f.sections[2].content_bytes = 16ULL * (60 << 20);
    forge_totals(&f);
    buf_done(&bomb);
    buf_done(&frame_bytes);
    CHECK_REFUSED(RC_CORRUPT, "a record");
    CU_ASSERT(peak_kib() - before < 400 * 1024);
}

static void a_manifest_bomb_is_refused(void)
{
    struct buf bomb;

    buf_init(&bomb, BUF_NO_LIMIT);
    CU_ASSERT_FATAL(buf_reserve(&bomb, RECORD_FRAME_MAX));
    memset(bomb.p, 0, RECORD_FRAME_MAX);
    bomb.n = RECORD_FRAME_MAX;
    header();
    forge_manifest(&f, buf_view(&bomb));
    forge_trailer(&f);
    CU_ASSERT_EQUAL(fixture_read(buf_view(&f.file), NULL), RC_TOO_LARGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(fx.err.msg, "manifest, offset"));
    buf_done(&bomb);
}

static void a_trailer_that_points_anywhere_is_refused(void)
{
    static const uint64_t numbers[] = {
        0, 1, 127, 4096, 1ULL << 32, 1ULL << 63, UINT64_MAX - 127, UINT64_MAX};
    size_t i, j;

    good();
    forge_totals(&f);
    forge_finish(&f);
    for (i = 0; i < ARRAY_LEN(numbers); i++) {
        for (j = 0; j < ARRAY_LEN(numbers); j++) {
            buf_cut(&f.file, f.file.n - DUMP_TRAILER_SIZE);
            f.trailer.manifest_offset = numbers[i];
            f.trailer.manifest_bytes = numbers[j];
            forge_trailer(&f);
            CU_ASSERT_NOT_EQUAL(fixture_read(buf_view(&f.file), NULL), RC_OK);
        }
    }
}

SUITE(dump_hostile, setup, teardown, TEST(the_good_one_is_accepted),
      TEST(a_newer_format_is_refused_by_name), TEST(unknown_required_features_are_refused_by_name),
      TEST(sections_out_of_order_are_refused),
      TEST(a_manifest_that_does_not_fit_the_file_is_refused),
      TEST(counts_that_do_not_match_are_refused),
      TEST(an_index_with_other_documents_than_it_says_is_refused),
      TEST(records_in_the_wrong_section_are_refused), TEST(frames_that_are_none_are_refused),
      TEST(sections_of_the_wrong_size_are_refused), TEST(empty_frames_are_refused),
      TEST(documents_that_all_counts_invent_are_refused), TEST(a_wrong_sha_is_refused_at_the_end),
      TEST(unused_bytes_of_the_trailer_must_be_zero), TEST(bombs_do_not_fill_the_memory),
      TEST(a_manifest_bomb_is_refused), TEST(a_trailer_that_points_anywhere_is_refused));
