/* SPDX-License-Identifier: MIT */
/* test_payload.c -- documents on their way in: counted, kept, refused in the public words. */
#include "base/buf.h"
#include "base/fault.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/rng.h"
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

/* Feeds text in pieces of n bytes; what it ended with. */
static enum rc feed(enum payload_format format, const char *text, size_t n, size_t max,
                    uint64_t *ret_documents)
{
    struct payload *p = payload_new(fx.q, format, ',', max);
    size_t at = 0, all = strlen(text);
    enum rc rc = RC_OK;

    *ret_documents = 0;
    for (; rc == RC_OK && at < all; at += n)
        rc = payload_feed(p, bytes_of(text + at, n < all - at ? n : all - at), &fx.err);
    if (rc == RC_OK)
        rc = payload_end(p, ret_documents, &fx.err);
    payload_free(p);
    return rc;
}

static bool refused(enum payload_format format, const char *text, enum rc rc, const char *word,
                    const char *message)
{
    uint64_t n;
    size_t piece;

    for (piece = 1; piece < 40; piece += 13) {
        if (feed(format, text, piece, 100000000, &n) != rc || fx.err.rc != rc ||
            strcmp(fx.err.word, word) != 0 || strcmp(fx.err.msg, message) != 0) {
            (void)fprintf(stderr, "got %s: %s\n", fx.err.word, fx.err.msg);
            return false;
        }
    }
    return true;
}

static void documents_are_counted_in_every_format(void)
{
    uint64_t n;

    CU_ASSERT_EQUAL(feed(PAYLOAD_JSON, "[{\"a\":1},{\"a\":2}]", 3, 1000, &n), RC_OK);
    CU_ASSERT_EQUAL(n, 2);
    CU_ASSERT_EQUAL(feed(PAYLOAD_JSON, "{\"a\":1}", 3, 1000, &n), RC_OK);
    CU_ASSERT_EQUAL(n, 1);
    CU_ASSERT_EQUAL(feed(PAYLOAD_JSON, "[]", 3, 1000, &n), RC_OK);
    CU_ASSERT_EQUAL(n, 0);
    CU_ASSERT_EQUAL(feed(PAYLOAD_NDJSON, "{\"a\":1}\n{\"a\":2}\n{\"a\":3}", 3, 1000, &n), RC_OK);
    CU_ASSERT_EQUAL(n, 3);
    CU_ASSERT_EQUAL(feed(PAYLOAD_CSV, "a,b\n1,2\n3,4\n", 3, 1000, &n), RC_OK);
    CU_ASSERT_EQUAL(n, 2);
}

static void nothing_at_all_is_missing(void)
{
    CU_ASSERT(
        refused(PAYLOAD_JSON, "", RC_INVALID, "missing_payload", "A json payload is missing."));
    CU_ASSERT(
        refused(PAYLOAD_NDJSON, "", RC_INVALID, "missing_payload", "A ndjson payload is missing."));
    CU_ASSERT(refused(PAYLOAD_CSV, "", RC_INVALID, "missing_payload", "A csv payload is missing."));
}

static void syntax_errors_say_where(void)
{
    CU_ASSERT(refused(PAYLOAD_JSON, "[{\"a\":1},{\"b\" 2}]", RC_INVALID, "malformed_payload",
                      "The `json` payload provided is malformed. `Couldn't serialize document "
                      "value: expected `:` at line 1 column 15`."));
    CU_ASSERT(refused(PAYLOAD_NDJSON, "{\"a\":1}\n{\"a\":", RC_INVALID, "malformed_payload",
                      "The `ndjson` payload provided is malformed. `Couldn't serialize document "
                      "value: EOF while parsing a value at line 2 column 5`."));
    CU_ASSERT(refused(PAYLOAD_JSON, "[1,2]", RC_INVALID, "malformed_payload",
                      "The `json` payload provided is malformed. `Couldn't serialize document "
                      "value: data are neither an object nor a list of objects`."));
    CU_ASSERT(refused(PAYLOAD_JSON, "\"doggo\"", RC_INVALID, "malformed_payload",
                      "The `json` payload provided is malformed. `Couldn't serialize document "
                      "value: data are neither an object nor a list of objects`."));
    CU_ASSERT(refused(PAYLOAD_CSV, "a,b\n1,2,3\n", RC_INVALID, "malformed_payload",
                      "The `csv` payload provided is malformed: `CSV error: record 1 (line: 2, "
                      "byte: 4): found record with 3 fields, but the previous record has 2 "
                      "fields`."));
    CU_ASSERT(refused(PAYLOAD_CSV, "a:number\ndoggo\n", RC_INVALID, "malformed_payload",
                      "The `csv` payload provided is malformed: `Error parsing number \"doggo\" at "
                      "line 1: invalid float literal`."));
}

static void the_limit_counts_input_bytes(void)
{
    uint64_t n;

    CU_ASSERT_EQUAL(feed(PAYLOAD_JSON, "[{\"a\":1}]", 2, 9, &n), RC_OK);
    CU_ASSERT_EQUAL(feed(PAYLOAD_JSON, "[{\"a\":1}]", 2, 8, &n), RC_TOO_LARGE);
    CU_ASSERT_STRING_EQUAL(fx.err.word, "payload_too_large");
    CU_ASSERT_STRING_EQUAL(fx.err.msg, "The provided payload reached the size limit. The maximum "
                                       "accepted payload size is 8 B.");
}

static void sizes_are_said_in_fitting_units(void)
{
    static const struct {
        size_t limit;
        const char *text;
    } cases[] = {{10 << 20, " 10 MiB."}, {100000000, " 100 MB."}, {1500, " 1.50 KB."},
                 {1536, " 1.54 KB."},    {2048, " 2 KiB."},       {3000000, " 3 MB."}};
    char *text;
    uint64_t n;
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        text = xmalloc(cases[i].limit + 2);
        memset(text, ' ', cases[i].limit + 1);
        text[cases[i].limit + 1] = '\0';
        CU_ASSERT_EQUAL(feed(PAYLOAD_JSON, text, cases[i].limit, cases[i].limit, &n), RC_TOO_LARGE);
        CU_ASSERT_PTR_NOT_NULL(strstr(fx.err.msg, cases[i].text));
        xfree(text);
    }
}

/* ---- spool files -------------------------------------------------------------------------------
 */

static enum rc count_spool(void *arg, const char *name, struct err *err)
{
    (void)err;
    *(unsigned *)arg += strncmp(name, "spool-", 6) == 0;
    return RC_OK;
}

static unsigned spools(void)
{
    struct fs_dir *dir = NULL;
    char path[4096];
    unsigned n = 0;

    (void)snprintf(path, sizeof path, "%s/queue", fx.root);
    CU_ASSERT_EQUAL_FATAL(fs_dir_open(path, false, &dir, &fx.err), RC_OK);
    CU_ASSERT_EQUAL(fs_dir_each(dir, count_spool, &n, &fx.err), RC_OK);
    fs_dir_close(dir);
    return n;
}

/* A list of n documents that zstd cannot make small, about `size` bytes each. */
static char *big_list(unsigned n, unsigned size)
{
    struct rng rng;
    struct buf out;
    char *text;
    unsigned i, k;

    rng_init(&rng, 7);
    buf_init(&out, BUF_NO_LIMIT);
    for (i = 0; i < n; i++) {
        (void)buf_printf(&out, "%s{\"id\":%u,\"x\":\"", i ? "," : "[", i);
        for (k = 0; k < size; k++)
            (void)buf_byte(&out, (uint8_t)('0' + rng_below(&rng, 70) % 42 + (k % 2 ? 0 : 20)));
        (void)buf_str(&out, "\"}");
    }
    (void)buf_byte(&out, ']');
    for (k = 0; k < out.n; k++)
        if (out.p[k] == '\\')
            out.p[k] = 'b';
    text = xstrdup(buf_cstr(&out));
    buf_done(&out);
    return text;
}

static void a_large_payload_is_spooled_and_applied(void)
{
    char *text = big_list(500, 2000);
    uint64_t uid;

    CU_ASSERT_EQUAL(spools(), 0);
    uid = task_fixture_add(&fx, "m", text);
    CU_ASSERT_EQUAL(spools(), 1);
    task_fixture_reopen(&fx); /* it is named, so it stays */
    CU_ASSERT_EQUAL(spools(), 1);
    task_queue_start(fx.q);
    CU_ASSERT_EQUAL(task_fixture_wait(&fx, uid)->status, TASK_SUCCEEDED);
    CU_ASSERT_EQUAL(task_fixture_get(&fx, uid)->done_documents, 500);
    CU_ASSERT_EQUAL(task_fixture_count(&fx, "m"), 500);
    task_fixture_reopen(&fx);
    CU_ASSERT_EQUAL(spools(), 0);
    xfree(text);
}

static void what_is_not_submitted_leaves_no_file(void)
{
    char *text = big_list(500, 2000);
    struct payload *p = payload_new(fx.q, PAYLOAD_JSON, ',', 100000000);

    CU_ASSERT_EQUAL(payload_feed(p, bytes_str(text), &fx.err), RC_OK);
    CU_ASSERT_EQUAL(spools(), 1);
    payload_free(p);
    CU_ASSERT_EQUAL(spools(), 0);
    xfree(text);
}

static void a_refused_task_leaves_no_file(void)
{
    char *text = big_list(500, 2000);
    struct payload *p = task_fixture_payload(&fx, text);
    task_record task = LODE__DUMP__V1__TASK__INIT;

    task.type = TASK_DOCUMENT_ADDITION;
    task.index_uid = (char *)(uintptr_t) "m";
    CU_ASSERT_EQUAL_FATAL(fault_set("fs_write=enospc", &fx.err), RC_OK);
    CU_ASSERT_EQUAL(task_fixture_submit(&fx, &task, p), UINT64_MAX);
    fault_clear();
    CU_ASSERT_EQUAL(fx.err.rc, RC_NO_SPACE);
    CU_ASSERT_STRING_EQUAL(fx.err.word, "no_space_left_on_device");
    CU_ASSERT_EQUAL(spools(), 0);
    xfree(text);
}

static void unnamed_spool_files_are_swept(void)
{
    struct fs_dir *dir = NULL;
    char path[4096];

    (void)snprintf(path, sizeof path, "%s/queue", fx.root);
    CU_ASSERT_EQUAL_FATAL(fs_dir_open(path, false, &dir, &fx.err), RC_OK);
    CU_ASSERT_EQUAL(fs_replace(dir, "spool-41", B("left by a kill"), &fx.err), RC_OK);
    CU_ASSERT_EQUAL(fs_replace(dir, "spool-x", B("not ours"), &fx.err), RC_OK);
    fs_dir_close(dir);
    task_fixture_reopen(&fx);
    CU_ASSERT_EQUAL(spools(), 1);
}

/* A payload that cannot be read fails its task after some attempts, and the queue goes on. */
static void a_damaged_spool_fails_its_task_alone(void)
{
    char *text = big_list(500, 2000), path[4096];
    struct fs_dir *dir = NULL;
    uint64_t a, b, at;
    uint8_t *p = NULL;
    size_t n = 0;

    for (at = 0; at < 3; at++) {
        a = task_fixture_add(&fx, "m", text);
        b = task_fixture_add(&fx, "m", "[{\"id\":\"fine\"}]");
        (void)snprintf(path, sizeof path, "%s/queue", fx.root);
        CU_ASSERT_EQUAL_FATAL(fs_dir_open(path, false, &dir, &fx.err), RC_OK);
        (void)snprintf(path, sizeof path, "spool-%llu", (unsigned long long)at);
        CU_ASSERT_EQUAL_FATAL(fs_read_all(dir, path, 4 << 20, &p, &n, &fx.err), RC_OK);
        if (at == 0)
            p[n / 2] ^= 1; /* within a frame */
        else if (at == 1)
            p[3] ^= 0x40; /* a length */
        else
            n -= 100; /* cut */
        CU_ASSERT_EQUAL(fs_replace(dir, path, bytes_of(p, n), &fx.err), RC_OK);
        xfree(p);
        fs_dir_close(dir);
        task_queue_start(fx.q);
        CU_ASSERT_EQUAL(task_fixture_wait(&fx, b)->status, TASK_SUCCEEDED);
        CU_ASSERT_EQUAL(task_fixture_wait(&fx, a)->status, TASK_FAILED);
        CU_ASSERT_STRING_EQUAL(task_fixture_get(&fx, a)->error_word, "internal");
        CU_ASSERT_EQUAL(task_fixture_get(&fx, a)->done_documents, 0);
        CU_ASSERT_EQUAL(task_fixture_count(&fx, "m"), 1);
        task_fixture_reopen(&fx);
        /* the number goes on from 0 when no file is left: name the next one */
        CU_ASSERT_EQUAL(spools(), 0);
        atomic_store(&fx.q->next_spool, at + 1);
    }
    xfree(text);
}

SUITE(payload, setup, teardown, TEST(documents_are_counted_in_every_format),
      TEST(nothing_at_all_is_missing), TEST(syntax_errors_say_where),
      TEST(the_limit_counts_input_bytes), TEST(sizes_are_said_in_fitting_units),
      TEST(a_large_payload_is_spooled_and_applied), TEST(what_is_not_submitted_leaves_no_file),
      TEST(a_refused_task_leaves_no_file), TEST(unnamed_spool_files_are_swept),
      TEST(a_damaged_spool_fails_its_task_alone));
