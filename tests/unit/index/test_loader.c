/* SPDX-License-Identifier: MIT */
/* test_loader.c -- an import leaves what adding the same documents would, and refuses nonsense. */
#include "fixture.h"

#include "base/mem.h"
#include "base/rng.h"
#include "index/loader_int.h"
#include "support/tempdir.h"

static struct loader *loader;
static struct store *target;
static char *target_dir;

static void setup(void)
{
    const struct store_opts opts = {.bulk = true};

    fixture_setup();
    target_dir = tempdir_make();
    OK(store_open(target_dir, &opts, &target, &fx.err));
    OK(loader_open(target, &loader, &fx.err));
}

static void teardown(void)
{
    loader_close(loader);
    store_close(target);
    tempdir_remove(target_dir);
    loader = NULL;
    target = NULL;
    fixture_teardown();
}

static void add_random(const char *uid, int n, size_t longest)
{
    const struct document_opts opts = {.replace = true};
    struct change *c = fixture_begin();
    struct index_info info;
    struct buf json;
    struct rng rng;
    int i;

    rng_init(&rng, suite_seed());
    buf_init(&json, BUF_NO_LIMIT);
    OK(change_find(c, bytes_str(uid), &info, &fx.err));
    OK(change_documents_begin(c, info.id, &opts, B("{\"id\":0}"), 1, &fx.err));
    for (i = 0; i < n; i++) {
        size_t k = rng_below(&rng, longest);

        buf_clear(&json);
        (void)buf_printf(&json, "{\"id\":\"%llx-%d\",\"f%d\":{\"x\":%d},\"text\":\"",
                         (unsigned long long)rng_next(&rng), i, (int)rng_below(&rng, 5), i);
        while (k--)
            (void)buf_byte(&json, (uint8_t)('a' + rng_below(&rng, 4)));
        (void)buf_str(&json, "\"}");
        OK(change_document(c, info.id, buf_view(&json), &opts, &fx.err));
    }
    fixture_commit(c);
    buf_done(&json);
}

/* Gathers the content of several blocks into one frame, as a dump with large frames has it. */
struct gather {
    struct frame_decoder *decoder;
    struct frame_encoder *encoder;
    struct buf content;
    size_t at_least;
    enum rc rc;
};

static void flush(struct gather *g)
{
    struct buf frame;

    if (!g->content.n)
        return;
    buf_init(&frame, BUF_NO_LIMIT);
    OK(frame_encode(g->encoder, buf_view(&g->content), &frame, &fx.err));
    OK(loader_block(loader, buf_view(&frame), buf_view(&g->content), &fx.err));
    buf_clear(&g->content);
    buf_done(&frame);
}

static enum rc pass_block(void *arg, struct bytes frame, uint32_t n, struct err *err)
{
    struct gather *g = arg;
    struct bytes content;

    (void)n;
    OK(frame_decode(g->decoder, frame, RECORD_FRAME_MAX, &content, err));
    if (!g->at_least) {
        OK(loader_block(loader, frame, content, err));
        return RC_OK;
    }
    (void)buf_bytes(&g->content, content);
    if (g->content.n >= g->at_least)
        flush(g);
    return RC_OK;
}

/* Everything of the catalog into the loader, as an import does it. */
static void load_all(size_t frame_bytes)
{
    struct gather g = {.decoder = frame_decoder_new(),
                       .encoder = frame_encoder_new(RECORD_FRAME_LEVEL),
                       .at_least = frame_bytes};
    struct catalog_view *view = NULL;
    size_t i;

    buf_init(&g.content, BUF_NO_LIMIT);
    OK(catalog_view_open(fx.catalog, &view, &fx.err));
    for (i = 0; i < catalog_view_count(view); i++) {
        struct index_info info = catalog_view_at(view, i);
        uint64_t n = 0;

        OK(loader_index(loader, bytes_str(info.uid), bytes_str(info.primary_key), info.created_ns,
                        info.updated_ns, catalog_view_settings(view, info.id), &fx.err));
        OK(block_each(view, info.id, pass_block, &g, &fx.err));
        flush(&g);
        OK(loader_index_end(loader, &n, &fx.err));
        CU_ASSERT_EQUAL(n, info.n_documents);
    }
    OK(loader_end(loader, &fx.err));
    catalog_view_close(view);
    buf_done(&g.content);
    frame_decoder_free(g.decoder);
    frame_encoder_free(g.encoder);
}

/* From here on the fixture is the loaded database. */
static void switch_over(void)
{
    char *dir = fx.dir;

    loader_close(loader);
    loader = NULL;
    OK(store_finish_bulk(target, &fx.err));
    store_close(target);
    target = NULL;
    fixture_close();
    fx.dir = target_dir;
    target_dir = dir;
    fixture_open();
}

static void compare_loaded(size_t frame_bytes)
{
    static const char *const more[] = {"{\"id\":\"new\"}", NULL};
    uint8_t before[32], after[32], found_before[32], found[32];
    struct index_info info;
    char *fields, *fields_one, *digest_of;
    struct change *c;

    fixture_create("empty", "");
    fixture_create("one", "id");
    fixture_create("many", "id");
    add_random("one", 1, 10);
    add_random("many", 5000, 300);
    c = fixture_begin();
    OK(change_settings(c, fixture_info("many").id,
                       B("{\"stopWords\":[\"a\"],\"filterableAttributes\":[\"*\"]}"), 77, &fx.err));
    fixture_commit(c);
    info = fixture_info("many");
    fixture_digest(before);
    fixture_search_digest("many", found_before);
    fields = xstrdup(fixture_fields("many"));
    fields_one = xstrdup(fixture_fields("one"));
    load_all(frame_bytes);
    switch_over();
    fixture_digest(after);
    CU_ASSERT_EQUAL(memcmp(before, after, sizeof before), 0);
    fixture_search_digest("many", found);
    CU_ASSERT_EQUAL(memcmp(found_before, found, sizeof found), 0);
    CU_ASSERT_STRING_EQUAL(fixture_fields("many"), fields);
    CU_ASSERT_STRING_EQUAL(fixture_fields("one"), fields_one);
    CU_ASSERT_EQUAL(fixture_info("many").created_ns, info.created_ns);
    CU_ASSERT_EQUAL(fixture_info("many").updated_ns, 77);
    CU_ASSERT_EQUAL(fixture_info("many").document_bytes, info.document_bytes);
    if (!frame_bytes)
        CU_ASSERT_EQUAL(fixture_info("many").stored_bytes, info.stored_bytes);
    fixture_check();

    /* And it goes on like any other. */
    digest_of = xstrdup(fixture_all("many"));
    fixture_add("many", more, true);
    CU_ASSERT_EQUAL(strncmp(fixture_all("many"), digest_of, strlen(digest_of)), 0);
    CU_ASSERT_EQUAL(fixture_info("many").n_documents, 5001);
    CU_ASSERT_STRING_EQUAL(fixture_get("many", "new"), "{\"id\":\"new\"}");
    fixture_check();
    fixture_reopen();
    fixture_check();
    xfree(fields);
    xfree(fields_one);
    xfree(digest_of);
}

static void what_is_loaded_is_what_was_added(void)
{
    compare_loaded(0);
}

static void large_frames_are_split_into_blocks(void)
{
    compare_loaded(200000);
}

/* As with so many ids that they do not fit into memory at once. */
static void ids_can_be_merged_in_several_goes(void)
{
    loader->run_max = 500;
    loader->runs_max = 5000;
    compare_loaded(0);
}

/* ---- what a file may hold ------------------------------------------------------------ */

static enum rc load_content(const char *const *documents)
{
    struct frame_encoder *encoder = frame_encoder_new(1);
    struct buf content, frame;
    uint64_t n;
    enum rc rc;

    buf_init(&content, 1 << 20);
    buf_init(&frame, 1 << 20);
    for (; *documents; documents++)
        (void)record_put_document(&content, bytes_str(*documents), false);
    OK(frame_encode(encoder, buf_view(&content), &frame, &fx.err));
    rc = loader_block(loader, buf_view(&frame), buf_view(&content), &fx.err);
    if (rc == RC_OK)
        rc = loader_index_end(loader, &n, &fx.err);
    frame_encoder_free(encoder);
    buf_done(&content);
    buf_done(&frame);
    return rc;
}

static void begin(const char *primary_key)
{
    OK(loader_index(loader, B("x"), bytes_str(primary_key), 1, 1, B("{}"), &fx.err));
}

static void an_id_that_comes_twice_is_refused(void)
{
    static const char *const docs[] = {"{\"id\":1}", "{\"id\":2}", "{\"id\":\"1\"}", NULL};

    begin("id");
    FAILS(load_content(docs), RC_CORRUPT, "", "index `x`: document id `1` comes twice");
}

/* Far apart, so that the two ids are never in memory at the same time. */
static void an_id_that_comes_twice_far_apart_is_refused(void)
{
    struct frame_encoder *encoder = frame_encoder_new(1);
    struct buf content, frame;
    uint64_t n;
    int i;
    enum rc rc = RC_OK;

    loader->run_max = 100;
    loader->runs_max = 1000;
    begin("id");
    buf_init(&content, 1 << 20);
    buf_init(&frame, 1 << 20);
    for (i = 0; i < 2000; i++) {
        char json[32];

        buf_clear(&content);
        buf_clear(&frame);
        (void)snprintf(json, sizeof json, "{\"id\":%d}", i == 1999 ? 3 : i);
        (void)record_put_document(&content, bytes_str(json), false);
        OK(frame_encode(encoder, buf_view(&content), &frame, &fx.err));
        OK(loader_block(loader, buf_view(&frame), buf_view(&content), &fx.err));
    }
    rc = loader_index_end(loader, &n, &fx.err);
    CU_ASSERT(loader->ids_flushed);
    CU_ASSERT_EQUAL(rc, RC_CORRUPT);
    CU_ASSERT_STRING_EQUAL(fx.err.msg, "index `x`: 1 document ids come twice");
    frame_encoder_free(encoder);
    buf_done(&content);
    buf_done(&frame);
}

static void a_document_without_id_is_refused(void)
{
    static const char *const docs[] = {"{\"id\":1}", "{\"key\":2}", NULL};

    begin("id");
    FAILS(load_content(docs), RC_CORRUPT, "",
          "index `x`: Document doesn't have a `id` attribute: `{\"key\":2}`.");
}

static void what_is_not_json_is_refused(void)
{
    static const char *const docs[] = {"{\"id\":1}", "{\"id\":2", NULL};

    begin("id");
    FAILS(load_content(docs), RC_CORRUPT, "", "index `x`: document 1 is not a JSON object");
}

static void documents_need_a_primary_key(void)
{
    static const char *const docs[] = {"{\"id\":1}", NULL};

    begin("");
    FAILS(load_content(docs), RC_CORRUPT, "", "index `x` has documents but no primary key");
}

static void foreign_records_are_refused(void)
{
    begin("id");
    FAILS(loader_block(loader, B("frame"), B("\x02\x0a\x00"), &fx.err), RC_CORRUPT, "",
          "a document block is damaged: a record that is no document");
}

static void bad_names_and_settings_are_refused(void)
{
    uint64_t n;

    OK(loader_index(loader, B("a"), B(""), 1, 1, B("{\"stopWords\":[\"b\",\"a\"]}"), &fx.err));
    OK(loader_index_end(loader, &n, &fx.err));
    FAILS(loader_index(loader, B("a"), B(""), 1, 1, B("{}"), &fx.err), RC_CORRUPT, "",
          "index uid `a` is invalid or comes twice");
    FAILS(loader_index(loader, B("a b"), B(""), 1, 1, B("{}"), &fx.err), RC_CORRUPT, "",
          "index uid `a b` is invalid or comes twice");
    FAILS(loader_index(loader, B("b"), B(""), 1, 1, B("{\"stopWords\":1}"), &fx.err), RC_CORRUPT,
          "",
          "settings of index `b`: Invalid value type at `.stopWords`: expected an array, but found "
          "a positive integer: `1`");
}

static void a_store_that_is_not_empty_is_refused(void)
{
    struct loader *other = NULL;

    fixture_create("a", "");
    FAILS(loader_open(fx.store, &other, &fx.err), RC_EXISTS, "",
          "the store to load into is not empty");
}

static void a_load_can_be_given_up_at_any_time(void)
{
    static const char *const docs[] = {"{\"id\":1}", NULL};
    uint64_t n;

    begin("id");
    OK(load_content(docs));
    OK(loader_index(loader, B("y"), B("id"), 1, 1, B("{}"), &fx.err));
    OK(loader_index_end(loader, &n, &fx.err));
    OK(loader_index(loader, B("z"), B("id"), 1, 1, B("{}"), &fx.err));
    /* teardown closes it in the middle of an index */
}

static void ids_of_several_merges_are_counted(void)
{
    struct store_batch *batch = store_batch_new();
    int round, i;

    for (round = 0; round < 2; round++) {
        struct id_run *a = id_run__new(), *b = id_run__new();
        char id[16];

        for (i = 0; i < 3000; i++) {
            (void)snprintf(id, sizeof id, "%d", i * 2 + round);
            id_run__add(i % 2 ? a : b, bytes_str(id), &(struct document_entry){.doc = (uint32_t)i});
        }
        id_run__sort(a);
        id_run__sort(b);
        a->next = b;
        OK(id_run__write_all(a, target, batch, 5, &fx.err));
        id_run__free_all(a);
    }
    OK(store_commit(target, batch, &fx.err));
    OK(id_run__check_count(target, 5, 6000, &fx.err));
    FAILS(id_run__check_count(target, 5, 6001, &fx.err), RC_CORRUPT, "",
          "1 document ids come twice");
    store_batch_free(batch);
}

SUITE(loader, setup, teardown, TEST(what_is_loaded_is_what_was_added),
      TEST(large_frames_are_split_into_blocks), TEST(ids_can_be_merged_in_several_goes),
      TEST(an_id_that_comes_twice_is_refused), TEST(an_id_that_comes_twice_far_apart_is_refused),
      TEST(a_document_without_id_is_refused), TEST(what_is_not_json_is_refused),
      TEST(documents_need_a_primary_key), TEST(foreign_records_are_refused),
      TEST(bad_names_and_settings_are_refused), TEST(a_store_that_is_not_empty_is_refused),
      TEST(a_load_can_be_given_up_at_any_time), TEST(ids_of_several_merges_are_counted));
