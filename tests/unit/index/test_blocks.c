/* SPDX-License-Identifier: MIT */
/* test_blocks.c -- how documents lie in blocks, and what damage to them does. */
#include "fixture.h"

#include "base/mem.h"
#include "base/rng.h"

static const struct document_opts put = {.replace = true};

/* Of a document, if a block is to hold 107: its record takes so much more. */
enum { DOC_BYTES = RECORD_BLOCK_TARGET / 107 - 6 };

/* A document of about n bytes. */
static void make(struct buf *out, int id, size_t n, char fill)
{
    buf_clear(out);
    (void)buf_printf(out, "{\"id\":%d,\"text\":\"", id);
    while (out->n + 2 < n)
        (void)buf_byte(out, (uint8_t)fill);
    (void)buf_str(out, "\"}");
}

static void add_many(uint32_t index, int from, int to, size_t n, int step)
{
    struct change *c = fixture_begin();
    struct buf json;

    buf_init(&json, BUF_NO_LIMIT);
    OK(change_documents_begin(c, index, &put, B("{\"id\":1}"), 1, &fx.err));
    for (; from < to; from += step) {
        make(&json, from, n, (char)('a' + from % 26));
        OK(change_document(c, index, buf_view(&json), &put, &fx.err));
    }
    fixture_commit(c);
    buf_done(&json);
}

static void delete_many(uint32_t index, int from, int to, int step)
{
    struct change *c = fixture_begin();

    for (; from < to; from += step) {
        char id[16];
        bool deleted;

        (void)snprintf(id, sizeof id, "%d", from);
        OK(change_delete_document(c, index, bytes_str(id), 1, &deleted, &fx.err));
        CU_ASSERT(deleted);
    }
    fixture_commit(c);
}

struct shape_of_blocks {
    size_t n, small, most, least;
};

static struct shape_of_blocks blocks_of(const char *uid)
{
    struct catalog_view *view = NULL;
    struct shape_of_blocks r = {.least = SIZE_MAX};
    const struct directory *dir;
    size_t i;

    OK(catalog_view_open(fx.catalog, &view, &fx.err));
    dir = &snapshot__find(view->snapshot, bytes_str(uid))->dir;
    r.n = dir->n;
    for (i = 0; i < dir->n; i++) {
        size_t n = dir->at[i].bytes;

        r.most = n > r.most ? n : r.most;
        r.least = n < r.least ? n : r.least;
        r.small += n < BLOCK_SMALL;
    }
    catalog_view_close(view);
    return r;
}

static void small_commits_fill_the_last_block(void)
{
    uint32_t index = fixture_create("a", "id");
    struct shape_of_blocks r;
    int i;

    for (i = 0; i < 300; i++)
        add_many(index, i, i + 1, 500, 1);
    r = blocks_of("a");
    /* All full but the last, which are each half as large as the one before. */
    CU_ASSERT(r.n <= 300 * 510 / RECORD_BLOCK_TARGET + 7);
    CU_ASSERT(r.most <= RECORD_BLOCK_TARGET);
    CU_ASSERT(r.small <= 6);
    fixture_check();
}

static void many_commits_leave_hardly_more_blocks_than_one(void)
{
    uint32_t a = fixture_create("a", "id"), b = fixture_create("b", "id");
    struct shape_of_blocks x, y;
    int i;

    for (i = 0; i < 1000; i += 50)
        add_many(a, i, i + 50, DOC_BYTES, 1);
    add_many(b, 0, 1000, DOC_BYTES, 1);
    x = blocks_of("a");
    y = blocks_of("b");
    CU_ASSERT(x.n <= y.n + 1);
    CU_ASSERT(x.most <= RECORD_BLOCK_TARGET);
    CU_ASSERT(x.small <= 1);
}

static void a_document_larger_than_a_block_gets_its_own(void)
{
    uint32_t index = fixture_create("a", "id");
    struct buf json;

    add_many(index, 0, 3, 200, 1);
    add_many(index, 3, 4, 3 * RECORD_BLOCK_TARGET, 1);
    add_many(index, 4, 6, 200, 1);
    CU_ASSERT_EQUAL(blocks_of("a").n, 3);
    buf_init(&json, BUF_NO_LIMIT);
    make(&json, 3, 3 * RECORD_BLOCK_TARGET, 'd');
    CU_ASSERT_STRING_EQUAL(fixture_get("a", "3"), buf_cstr(&json));
    CU_ASSERT_STRING_EQUAL(fixture_get("a", "3"), buf_cstr(&json));
    buf_done(&json);
    fixture_check();
}

static void a_block_that_grows_past_twice_the_target_is_split(void)
{
    uint32_t index = fixture_create("a", "id");
    struct shape_of_blocks r;

    add_many(index, 0, 100, DOC_BYTES, 1);
    CU_ASSERT_EQUAL(blocks_of("a").n, 1);
    add_many(index, 0, 60, 2000, 1); /* the same documents, larger */
    r = blocks_of("a");
    CU_ASSERT(r.n >= 4);
    CU_ASSERT(r.most <= RECORD_BLOCK_TARGET);
    fixture_check();
}

static void blocks_that_shrink_join_their_neighbours(void)
{
    enum { DOCS = 4000 };
    uint32_t index = fixture_create("a", "id");
    struct shape_of_blocks before, r;

    add_many(index, 0, DOCS, DOC_BYTES, 1);
    before = blocks_of("a");
    CU_ASSERT(before.n > 30);
    delete_many(index, 1, DOCS, 2);
    delete_many(index, 0, DOCS, 8);
    delete_many(index, 4, DOCS, 8);
    r = blocks_of("a");
    /* A quarter is left: in about a quarter of the blocks, not in as many small ones. */
    CU_ASSERT(r.n <= before.n / 2);
    CU_ASSERT(r.small <= r.n / 8 + 1);
    CU_ASSERT_EQUAL(fixture_info("a").n_documents, DOCS / 4);
    fixture_check();
    fixture_reopen();
    fixture_check();
}

static void one_small_block_joins_an_untouched_neighbour(void)
{
    uint32_t index = fixture_create("a", "id");

    add_many(index, 0, 400, DOC_BYTES, 1); /* three full blocks of 107, and the rest */
    CU_ASSERT_EQUAL(blocks_of("a").n, 4);
    delete_many(index, 0, 95, 1); /* the first is small now, but its neighbour is full */
    CU_ASSERT_EQUAL(blocks_of("a").n, 4);
    delete_many(index, 110, 208, 1); /* the second becomes small, and joins the first */
    CU_ASSERT_EQUAL(blocks_of("a").n, 3);
    fixture_check();
}

static void deleting_everything_one_by_one_leaves_no_block(void)
{
    uint32_t index = fixture_create("a", "id");

    add_many(index, 0, 500, DOC_BYTES, 1);
    delete_many(index, 0, 500, 1);
    CU_ASSERT_EQUAL(fixture_keys(KEY_BLOCK) + fixture_keys(KEY_DIRECTORY), 0);
    CU_ASSERT_EQUAL(fixture_keys(KEY_DOCUMENT_ID) + fixture_keys(KEY_FIELD), 0);
    CU_ASSERT_EQUAL(fixture_info("a").stored_bytes, 0);
    add_many(index, 7, 8, DOC_BYTES, 1);
    CU_ASSERT_EQUAL(fixture_info("a").n_documents, 1);
    fixture_check();
}

static enum rc find_text(void *arg, struct bytes frame, uint32_t n, struct err *err)
{
    struct frame_decoder *d = frame_decoder_new();
    struct bytes content;

    (void)n;
    OK(frame_decode(d, frame, RECORD_FRAME_MAX, &content, err));
    if (memmem(content.p, content.n, "SECRET", 6))
        ++*(int *)arg;
    frame_decoder_free(d);
    return RC_OK;
}

/* A dump copies blocks: what was deleted or replaced must be in none. */
static void blocks_hold_no_deleted_or_replaced_document(void)
{
    static const char *const docs[] = {"{\"id\":1,\"a\":\"SECRET\"}", "{\"id\":2,\"a\":\"SECRET\"}",
                                       "{\"id\":3}", NULL};
    static const char *const again[] = {"{\"id\":1,\"a\":\"public\"}", NULL};
    struct catalog_view *view = NULL;
    uint32_t index = fixture_create("a", "id");
    int found = 0;

    fixture_add("a", docs, true);
    fixture_add("a", again, true);
    delete_many(index, 2, 3, 1);
    OK(catalog_view_open(fx.catalog, &view, &fx.err));
    OK(block_each(view, index, find_text, &found, &fx.err));
    CU_ASSERT_EQUAL(found, 0);
    catalog_view_close(view);
}

/* ---- damage -------------------------------------------------------------------------- */

static void damage(uint8_t kind, size_t nth, bool remove, size_t flip)
{
    struct store_batch *batch = store_batch_new();
    struct store_view *view = NULL;
    struct store_cursor *c = NULL;
    struct bytes key, value;
    uint8_t *copy;

    OK(store_view_open(fx.store, &view, &fx.err));
    OK(store_cursor_open(view, bytes_of(&kind, 1), true, &c, &fx.err));
    for (store_cursor_first(c); nth--; store_cursor_next(c))
        ;
    CU_ASSERT_FATAL(store_cursor_valid(c));
    key = store_cursor_key(c);
    value = store_cursor_value(c);
    copy = xmemdup(value.p, value.n);
    if (remove) {
        store_batch_del(batch, key);
    } else {
        copy[flip % value.n] ^= 0x55;
        store_batch_put(batch, key, bytes_of(copy, value.n));
    }
    store_cursor_close(c);
    store_view_close(view);
    OK(store_commit(fx.store, batch, &fx.err));
    store_batch_free(batch);
    xfree(copy);
}

static enum rc ignore(void *arg, struct bytes b, struct err *err)
{
    (void)arg;
    (void)b;
    (void)err;
    return RC_OK;
}

static enum rc ignore_block(void *arg, struct bytes b, uint32_t n, struct err *err)
{
    (void)n;
    return ignore(arg, b, err);
}

static void a_damaged_block_is_never_served(void)
{
    uint32_t index = fixture_create("a", "id");
    struct catalog_view *view = NULL;
    struct buf out;
    size_t flip;

    add_many(index, 0, 300, DOC_BYTES, 1);
    damage(KEY_BLOCK, 1, true, 0);
    buf_init(&out, 1 << 20);
    OK(catalog_view_open(fx.catalog, &view, &fx.err));
    OK(document_get(view, index, B("0"), &out, &fx.err));
    CU_ASSERT_EQUAL(document_get(view, index, B("150"), &out, &fx.err), RC_CORRUPT);
    CU_ASSERT_EQUAL(document_each(view, index, 0, 1000, ignore, NULL, &fx.err), RC_CORRUPT);
    CU_ASSERT_EQUAL(block_each(view, index, ignore_block, NULL, &fx.err), RC_CORRUPT);
    catalog_view_close(view);
    view = NULL;

    for (flip = 0; flip < 400; flip += 7) {
        damage(KEY_BLOCK, 1, false, flip); /* block 2 of what is left: documents 208.. */
        OK(catalog_view_open(fx.catalog, &view, &fx.err));
        CU_ASSERT_EQUAL(document_get(view, index, B("250"), &out, &fx.err), RC_CORRUPT);
        catalog_view_close(view);
        damage(KEY_BLOCK, 1, false, flip);
    }
    buf_done(&out);
}

static void a_dump_notices_that_the_last_block_is_missing(void)
{
    uint32_t index = fixture_create("a", "id");
    struct catalog_view *view = NULL;

    add_many(index, 0, 300, DOC_BYTES, 1);
    damage(KEY_BLOCK, 2, true, 0);
    OK(catalog_view_open(fx.catalog, &view, &fx.err));
    CU_ASSERT_EQUAL(block_each(view, index, ignore_block, NULL, &fx.err), RC_CORRUPT);
    CU_ASSERT_STRING_EQUAL(fx.err.msg, "index `a` is damaged: blocks are missing");
    catalog_view_close(view);
}

static void a_damaged_directory_stops_the_opening(void)
{
    uint32_t index = fixture_create("a", "id");

    add_many(index, 0, 300, DOC_BYTES, 1);
    damage(KEY_DIRECTORY, 1, true, 0);
    CU_ASSERT_EQUAL(catalog_reload(fx.catalog, &fx.err), RC_CORRUPT);
    CU_ASSERT_STRING_EQUAL(
        fx.err.msg,
        "index `a` is damaged: its blocks hold another number of documents than it says");
    CU_ASSERT_EQUAL(fixture_info("a").n_documents, 300); /* what was there goes on */
}

static void a_damaged_entry_stops_the_opening(void)
{
    static const uint8_t kinds[] = {KEY_INDEX, KEY_META, KEY_SETTINGS};
    size_t i;

    fixture_create("a", "id");
    for (i = 0; i < ARRAY_LEN(kinds); i++) {
        if (kinds[i] == KEY_SETTINGS)
            damage(kinds[i], 0, true, 0);
        else
            damage(kinds[i], 0, false, 0);
        CU_ASSERT_EQUAL(catalog_reload(fx.catalog, &fx.err), RC_CORRUPT);
        if (kinds[i] != KEY_SETTINGS)
            damage(kinds[i], 0, false, 0);
    }
}

static void a_change_over_a_damaged_block_fails_whole(void)
{
    struct store_batch *batch = store_batch_new();
    uint32_t index = fixture_create("a", "id");
    struct change *c;

    add_many(index, 0, 300, DOC_BYTES, 1);
    damage(KEY_BLOCK, 1, false, 100);
    c = fixture_begin();
    fixture_add_one(c, index, "{\"id\":150}", true);
    CU_ASSERT_EQUAL(change_finish(c, batch, &fx.err), RC_CORRUPT);
    change_abandon(c);
    CU_ASSERT_EQUAL(fixture_info("a").n_documents, 300);
    store_batch_free(batch);
}

/* An id that leads to a number between the documents: nobody guesses which was meant. */
static void an_id_that_leads_nowhere_is_damage(void)
{
    uint8_t value[DOCUMENT_ENTRY_MAX];
    struct store_batch *batch = store_batch_new();
    uint32_t index = fixture_create("a", "id");
    struct catalog_view *view = NULL;
    struct change *c;
    struct buf out;

    add_many(index, 0, 300, DOC_BYTES, 1);
    delete_many(index, 150, 151, 1);
    OK(catalog_view_open(fx.catalog, &view, &fx.err));
    store_batch_put(batch,
                    key_named(&(struct key){0}, KEY_DOCUMENT_ID,
                              snapshot__get(view->snapshot, index)->body, B("149")),
                    document_entry__put(value, &(struct document_entry){.doc = 150, .n = 300}));
    catalog_view_close(view);
    OK(store_commit(fx.store, batch, &fx.err));
    store_batch_clear(batch);

    buf_init(&out, 1 << 20);
    OK(catalog_view_open(fx.catalog, &view, &fx.err));
    CU_ASSERT_EQUAL(document_get(view, index, B("149"), &out, &fx.err), RC_CORRUPT);
    CU_ASSERT_EQUAL(document_get(view, index, B("149"), &out, &fx.err), RC_CORRUPT); /* cached */
    catalog_view_close(view);
    c = fixture_begin();
    fixture_add_one(c, index, "{\"id\":149}", true);
    CU_ASSERT_EQUAL(change_finish(c, batch, &fx.err), RC_CORRUPT);
    change_abandon(c);
    buf_done(&out);
    store_batch_free(batch);
}

/* Two documents whose numbers say more than there are numbers, in a frame that is fine. */
static void numbers_past_the_last_are_damage(void)
{
    static const struct {
        uint64_t gap;
        uint32_t first;
        enum rc want;
    } cases[] = {{0, 5, RC_OK},
                 {UINT32_MAX - 6, 5, RC_OK},
                 {UINT32_MAX - 5, 5, RC_CORRUPT},
                 {UINT32_MAX, 0, RC_CORRUPT},
                 {UINT64_MAX - 3, 9, RC_CORRUPT},
                 {0, UINT32_MAX, RC_CORRUPT}};
    struct frame_encoder *encoder = frame_encoder_new(1);
    struct frame_decoder *decoder = frame_decoder_new();
    struct block_docs docs = {0};
    struct buf content, value;
    size_t i;

    buf_init(&content, 1 << 10);
    buf_init(&value, 1 << 10);
    (void)record_put_document(&content, B("{}"), false);
    (void)record_put_document(&content, B("{}"), false);
    for (i = 0; i < ARRAY_LEN(cases); i++) {
        buf_clear(&value);
        (void)buf_varint(&value, 2 * 2 + 1);
        (void)buf_varint(&value, cases[i].gap);
        OK(frame_encode(encoder, buf_view(&content), &value, &fx.err));
        CU_ASSERT_EQUAL(
            block__inflate(decoder, buf_view(&value), cases[i].first, 2, &docs, &fx.err),
            cases[i].want);
    }
    block_docs__done(&docs);
    frame_encoder_free(encoder);
    frame_decoder_free(decoder);
    buf_done(&content);
    buf_done(&value);
}

/* Any bytes at all as a block's value: an error or a block, never anything else. */
static void random_bytes_are_no_block(void)
{
    struct frame_decoder *decoder = frame_decoder_new();
    struct block_docs docs = {0};
    struct rng rng;
    int i;

    rng_init(&rng, suite_seed());
    for (i = 0; i < 20000; i++) {
        uint8_t value[64];
        size_t n = rng_below(&rng, sizeof value);

        rng_fill(&rng, value, n);
        CU_ASSERT_EQUAL(block__inflate(decoder, bytes_of(value, n), (uint32_t)rng_next(&rng),
                                       value[0] / 2, &docs, &fx.err),
                        RC_CORRUPT);
    }
    block_docs__done(&docs);
    frame_decoder_free(decoder);
}

SUITE(blocks, fixture_setup, fixture_teardown, TEST(small_commits_fill_the_last_block),
      TEST(many_commits_leave_hardly_more_blocks_than_one),
      TEST(a_document_larger_than_a_block_gets_its_own),
      TEST(a_block_that_grows_past_twice_the_target_is_split),
      TEST(blocks_that_shrink_join_their_neighbours),
      TEST(one_small_block_joins_an_untouched_neighbour),
      TEST(deleting_everything_one_by_one_leaves_no_block),
      TEST(blocks_hold_no_deleted_or_replaced_document), TEST(a_damaged_block_is_never_served),
      TEST(a_dump_notices_that_the_last_block_is_missing),
      TEST(a_damaged_directory_stops_the_opening), TEST(a_damaged_entry_stops_the_opening),
      TEST(a_change_over_a_damaged_block_fails_whole), TEST(an_id_that_leads_nowhere_is_damage),
      TEST(numbers_past_the_last_are_damage), TEST(random_bytes_are_no_block));
