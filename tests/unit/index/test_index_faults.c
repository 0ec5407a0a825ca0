/* SPDX-License-Identifier: MIT */
/* test_index_faults.c -- the n-th read or write of the store fails, for every n: nothing is half
 * done. */
#include "fixture.h"

#include "base/fault.h"
#include "base/mem.h"
#include "index/change_int.h"
#include "support/tempdir.h"

static const struct document_opts put = {.replace = true};
static const struct document_opts lay = {.replace = false};

enum { DOCS = 300, ROUNDS_MAX = 20000 };

static void setup(void)
{
    struct change *c;
    uint32_t index;
    char json[400];
    int i;

    fixture_setup();
    index = fixture_create("a", "id");
    c = fixture_begin();
    OK(change_documents_begin(c, index, &put, B("{\"id\":1}"), 1, &fx.err));
    for (i = 0; i < DOCS; i++) {
        (void)snprintf(json, sizeof json, "{\"id\":%d,\"pad\":\"%0300d\"}", i, i);
        OK(change_document(c, index, bytes_str(json), &put, &fx.err));
    }
    fixture_commit(c);
}

static void teardown(void)
{
    fault_clear();
    fixture_teardown();
}

static void fail_from(const char *point, int n, const char *more)
{
    char spec[64];

    (void)snprintf(spec, sizeof spec, "%s=eio@%d%s", point, n, more);
    OK(fault_set(spec, &fx.err));
}

/* A change that looks up, lays over, replaces, deletes, joins blocks and appends. */
static enum rc change_much(struct store_batch *batch, struct change **ret_change)
{
    struct change *c = NULL;
    struct index_info info;
    bool deleted;
    char json[64];
    enum rc rc;
    int i;

    rc = change_begin(fx.catalog, &c, &fx.err);
    *ret_change = c;
    if (rc == RC_OK)
        rc = change_find(c, B("a"), &info, &fx.err);
    if (rc == RC_OK)
        change_mark(c);
    for (i = 0; rc == RC_OK && i < 90; i++) {
        (void)snprintf(json, sizeof json, "%d", i);
        rc = change_delete_document(c, info.id, bytes_str(json), 2, &deleted, &fx.err);
    }
    for (i = 0; rc == RC_OK && i < 40; i++) {
        (void)snprintf(json, sizeof json, "{\"id\":%d,\"new\":%d}", i * 10, i);
        rc = change_document(c, info.id, bytes_str(json), i % 2 ? &put : &lay, &fx.err);
    }
    if (c && rc == RC_OK)
        change_keep(c);
    if (rc == RC_OK)
        rc = change_find(c, B("a"), &info, &fx.err);
    return rc == RC_OK ? change_finish(c, batch, &fx.err) : rc;
}

static void a_change_whose_read_fails_leaves_nothing(void)
{
    uint8_t before[32], after[32];
    enum rc rc = RC_IO;
    int n;

    fixture_digest(before);
    for (n = 1; rc != RC_OK && n < ROUNDS_MAX; n++) {
        struct store_batch *batch = store_batch_new();
        struct change *c = NULL;

        /* Every later read, too: a change must not go on where it failed. */
        fail_from("store_read", n, n % 2 ? "" : "+");
        rc = change_much(batch, &c);
        CU_ASSERT(rc == RC_OK || rc == RC_IO);
        if (rc != RC_OK && c && c->marked)
            change_rollback(c);
        change_abandon(c);
        fault_clear();
        store_batch_free(batch);
        if (n % 16 == 0 || rc == RC_OK) {
            fixture_digest(after);
            CU_ASSERT_EQUAL(memcmp(before, after, sizeof before), 0);
        }
        CU_ASSERT_EQUAL(store_views_open(fx.store), 0);
    }
    CU_ASSERT(n > 50);
    CU_ASSERT_EQUAL(rc, RC_OK);
}

static enum rc count_document(void *arg, struct bytes json, struct err *err)
{
    (void)json;
    (void)err;
    ++*(int *)arg;
    return RC_OK;
}

static enum rc count_block(void *arg, struct bytes frame, uint32_t n, struct err *err)
{
    (void)frame;
    (void)err;
    *(int *)arg += (int)n;
    return RC_OK;
}

static enum rc read_much(int *n_documents)
{
    const struct bytes ids[] = {B("7"), B("299"), B("150")};
    struct catalog_view *view = NULL;
    struct index_info info;
    uint8_t digest[32];
    uint64_t total;
    struct buf out;
    enum rc rc;

    buf_init(&out, 1 << 20);
    document_cache__clear(fx.catalog->documents);
    open_blocks__clear(fx.catalog->blocks);
    rc = catalog_view_open(fx.catalog, &view, &fx.err);
    if (rc == RC_OK)
        rc = catalog_view_find(view, B("a"), &info, &fx.err);
    if (rc == RC_OK)
        rc = document_get(view, info.id, B("200"), &out, &fx.err);
    if (rc == RC_OK)
        rc = document_each_of(view, info.id, ids, ARRAY_LEN(ids), 0, 9, count_document, n_documents,
                              &total, &fx.err);
    if (rc == RC_OK)
        rc = document_each(view, info.id, 0, DOCS, count_document, n_documents, &fx.err);
    if (rc == RC_OK)
        rc = block_each(view, info.id, count_block, n_documents, &fx.err);
    if (rc == RC_OK)
        rc = catalog_view_digest(view, digest, &fx.err);
    catalog_view_close(view);
    buf_done(&out);
    return rc;
}

static void a_read_that_fails_is_never_a_short_answer(void)
{
    enum rc rc = RC_IO;
    int n;

    for (n = 1; rc != RC_OK && n < ROUNDS_MAX; n++) {
        int seen = 0;

        fail_from("store_read", n, "");
        rc = read_much(&seen);
        fault_clear();
        CU_ASSERT(rc == RC_IO || (rc == RC_OK && seen == 3 + 2 * DOCS));
        CU_ASSERT_EQUAL(store_views_open(fx.store), 0);
    }
    CU_ASSERT(n > 8);
    CU_ASSERT_EQUAL(rc, RC_OK);
}

static void a_catalog_whose_reading_fails_is_not_opened(void)
{
    enum rc rc = RC_IO;
    int n;

    for (n = 1; rc != RC_OK && n < ROUNDS_MAX; n++) {
        struct catalog *other = NULL;

        fail_from("store_read", n, "");
        rc = catalog_open(fx.store, NULL, &other, &fx.err);
        CU_ASSERT(rc == RC_OK || rc == RC_IO);
        fault_clear();
        catalog_close(other);
    }
    CU_ASSERT(n > 8);
    CU_ASSERT_EQUAL(rc, RC_OK);
}

static void commit_fails(const char *point, bool landed)
{
    static const char *const more[] = {"{\"id\":\"more\"}", NULL};
    struct store_batch *batch = store_batch_new();
    struct change *c = NULL;

    OK(change_much(batch, &c));
    fail_from(point, 1, "");
    CU_ASSERT_EQUAL(store_commit(fx.store, batch, &fx.err), RC_IO);
    fault_clear();
    change_abandon(c); /* outcome unknown: the store knows it */
    CU_ASSERT_EQUAL(fixture_info("a").n_documents, landed ? DOCS - 90 + 19 : DOCS);
    fixture_check();
    fixture_add("a", more, true);
    CU_ASSERT_EQUAL(fixture_info("a").n_documents, (landed ? DOCS - 90 + 19 : DOCS) + 1);
    fixture_check();
    OK(catalog_reload(fx.catalog, &fx.err));
    fixture_check();
    fixture_reopen();
    CU_ASSERT_EQUAL(fixture_info("a").n_documents, (landed ? DOCS - 90 + 19 : DOCS) + 1);
    fixture_check();
    store_batch_free(batch);
}

static void a_failed_commit_that_did_not_land_is_forgotten(void)
{
    commit_fails("store_commit", false);
}

static void a_failed_commit_that_landed_is_taken_over(void)
{
    commit_fails("store_after_commit", true);
}

/* An import whose n-th write or read fails says so; what it left is thrown away. */
static void a_load_whose_store_fails_says_so(void)
{
    enum rc rc = RC_IO;
    int n;

    for (n = 1; rc != RC_OK && n < 100; n++) {
        const struct store_opts opts = {.bulk = true};
        struct frame_encoder *encoder = frame_encoder_new(1);
        char *dir = tempdir_make();
        struct store *store = NULL;
        struct loader *l = NULL;
        struct buf content, frame;
        uint64_t documents;

        buf_init(&content, 1 << 20);
        buf_init(&frame, 1 << 20);
        (void)record_put_document(&content, B("{\"id\":1}"), false);
        OK(frame_encode(encoder, buf_view(&content), &frame, &fx.err));
        OK(store_open(dir, &opts, &store, &fx.err));
        fail_from(n % 2 ? "store_commit" : "store_read", (n + 1) / 2, "");
        rc = loader_open(store, &l, &fx.err);
        if (rc == RC_OK)
            rc = loader_index(l, B("x"), B("id"), 1, 1, B("{}"), &fx.err);
        if (rc == RC_OK)
            rc = loader_block(l, buf_view(&frame), buf_view(&content), &fx.err);
        if (rc == RC_OK)
            rc = loader_index_end(l, &documents, &fx.err);
        if (rc == RC_OK)
            rc = loader_end(l, &fx.err);
        CU_ASSERT(rc == RC_OK || rc == RC_IO);
        fault_clear();
        loader_close(l);
        store_close(store);
        tempdir_remove(dir);
        frame_encoder_free(encoder);
        buf_done(&content);
        buf_done(&frame);
    }
    CU_ASSERT(n > 3);
    CU_ASSERT_EQUAL(rc, RC_OK);
}

SUITE(index_faults, setup, teardown, TEST(a_change_whose_read_fails_leaves_nothing),
      TEST(a_read_that_fails_is_never_a_short_answer),
      TEST(a_catalog_whose_reading_fails_is_not_opened),
      TEST(a_failed_commit_that_did_not_land_is_forgotten),
      TEST(a_failed_commit_that_landed_is_taken_over), TEST(a_load_whose_store_fails_says_so));
