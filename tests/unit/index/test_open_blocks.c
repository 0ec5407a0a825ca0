/* SPDX-License-Identifier: MIT */
/* test_open_blocks.c -- blocks are inflated once, caches are bounded and never of another moment.
 */
#include "fixture.h"

#include "base/mem.h"

enum { N = 1000, PAD = 300 };

static void setup(void)
{
    struct change *c;
    char json[PAD + 40];
    uint32_t id;
    int i;

    fixture_setup();
    id = fixture_create("a", "id");
    c = fixture_begin();
    for (i = 0; i < N; i++) {
        (void)snprintf(json, sizeof json, "{\"id\":%d,\"pad\":\"%0*d\"}", i, PAD, i);
        fixture_add_one(c, id, json, true);
    }
    fixture_commit(c);
}

static enum rc get(struct catalog_view *view, uint32_t index, const char *id, struct buf *out)
{
    return document_get(view, index, bytes_str(id), out, &fx.err);
}

/* Nobody can read a block of the index any more who has not read it before. */
static void spoil_blocks(const char *uid)
{
    struct store_batch *batch = store_batch_new();
    struct index_state *s = NULL;
    struct catalog_view *view = NULL;
    struct key key;
    size_t i;

    OK(catalog_view_open(fx.catalog, &view, &fx.err));
    OK(view__state(view, fixture_info(uid).id, &s, &fx.err));
    for (i = 0; i < s->dir.n; i++)
        store_batch_put(batch, key_numbered(&key, KEY_BLOCK, s->blocks, s->dir.at[i].first),
                        B("spoiled"));
    catalog_view_close(view);
    OK(store_commit(fx.store, batch, &fx.err));
    store_batch_free(batch);
}

static void neighbours_are_read_out_of_one_block(void)
{
    struct catalog_view *view = NULL;
    uint32_t index = fixture_info("a").id;
    struct buf out;

    buf_init(&out, 1 << 20);
    CU_ASSERT_STRING_NOT_EQUAL(fixture_get("a", "3"), "");
    spoil_blocks("a");
    CU_ASSERT_STRING_NOT_EQUAL(fixture_get("a", "4"), ""); /* the block is open */
    OK(catalog_view_open(fx.catalog, &view, &fx.err));
    CU_ASSERT_EQUAL(get(view, index, "900", &out), RC_CORRUPT);
    CU_ASSERT_EQUAL(get(view, index, "900", &out), RC_CORRUPT); /* no failure is kept */
    open_blocks__clear(fx.catalog->blocks);
    CU_ASSERT_EQUAL(get(view, index, "4", &out), RC_OK); /* a document that was read */
    CU_ASSERT_EQUAL(get(view, index, "5", &out), RC_CORRUPT);
    document_cache__clear(fx.catalog->documents);
    CU_ASSERT_EQUAL(get(view, index, "4", &out), RC_CORRUPT);
    catalog_view_close(view);
    buf_done(&out);
}

static enum rc nothing(void *arg, struct bytes json, struct err *err)
{
    (void)json;
    (void)err;
    ++*(int *)arg;
    return RC_OK;
}

static void a_listing_leaves_the_documents_of_others_alone(void)
{
    struct catalog_view *view = NULL;
    uint32_t index = fixture_info("a").id;
    struct change *c = fixture_begin();
    size_t before;
    int i, n = 0;

    for (i = 0; i < N; i += 10) { /* a listing meets replaced ones elsewhere */
        char json[PAD + 40];

        (void)snprintf(json, sizeof json, "{\"id\":%d,\"new\":\"%0*d\"}", i, PAD, i);
        fixture_add_one(c, index, json, true);
    }
    fixture_commit(c);
    CU_ASSERT_STRING_NOT_EQUAL(fixture_get("a", "3"), "");
    before = document_cache__bytes(fx.catalog->documents);
    CU_ASSERT(before > PAD);
    OK(catalog_view_open(fx.catalog, &view, &fx.err));
    OK(document_each(view, index, 0, UINT64_MAX, nothing, &n, &fx.err));
    catalog_view_close(view);
    CU_ASSERT_EQUAL(n, N);
    CU_ASSERT_EQUAL(document_cache__bytes(fx.catalog->documents), before);
    CU_ASSERT(open_blocks__bytes(fx.catalog->blocks) > 0);
    CU_ASSERT(open_blocks__bytes(fx.catalog->blocks) <= CATALOG_BLOCKS_BYTES);
}

/* Lays a content of n bytes into a block, as inflating it would. */
static void fill(struct open_block *b, size_t n)
{
    static uint8_t bytes[1 << 16];

    b->docs.inflated.limit = BUF_NO_LIMIT;
    buf_clear(&b->docs.inflated);
    (void)buf_append(&b->docs.inflated, bytes, n);
    b->docs.n = 1;
}

static void memory_of_blocks_is_bounded(void)
{
    enum { MOST = 1 << 20 };
    struct open_blocks *o = open_blocks__new(MOST);
    struct open_block *b;
    uint32_t i;

    for (i = 0; i < 500; i++) {
        b = open_blocks__take(o, (struct block_key){1, i, 0});
        CU_ASSERT_EQUAL(b->docs.n, 0);
        fill(b, i < 200 ? 30000 : i < 400 ? 100 : 60000);
        open_blocks__give(o, b);
        CU_ASSERT(open_blocks__bytes(o) <= MOST);
        b = open_blocks__take(o, (struct block_key){1, i, 0});
        CU_ASSERT_EQUAL(b->docs.n, 1);
        open_blocks__give(o, b);
    }
    CU_ASSERT(open_blocks__bytes(o) > MOST / 2);
    b = open_blocks__take(o, (struct block_key){1, 400, 0}); /* long gone */
    CU_ASSERT_EQUAL(b->docs.n, 0);
    open_blocks__give(o, b); /* nothing came into it */
    b = open_blocks__take(o, (struct block_key){1, 499, 0});
    CU_ASSERT_EQUAL(b->docs.n, 1);
    (void)buf_reserve(&b->docs.inflated, MOST);
    open_blocks__give(o, b); /* too large to be kept */
    CU_ASSERT(open_blocks__bytes(o) <= MOST);
    b = open_blocks__take(o, (struct block_key){1, 499, 0});
    CU_ASSERT_EQUAL(b->docs.n, 0);
    open_blocks__give(o, b);
    open_blocks__clear(o);
    CU_ASSERT_EQUAL(open_blocks__bytes(o), 0);
    open_blocks__free(o);
    open_blocks__free(NULL);
}

static void a_block_is_one_readers_and_of_one_version(void)
{
    const struct block_key key = {1, 7, 1};
    struct open_blocks *o = open_blocks__new(1 << 20);
    struct open_block *b = open_blocks__take(o, key), *other;

    fill(b, 100);
    other = open_blocks__take(o, key);
    CU_ASSERT_PTR_NOT_EQUAL(b, other);
    CU_ASSERT_EQUAL(other->docs.n, 0);
    fill(other, 100);
    open_blocks__give(o, b);
    open_blocks__give(o, other);
    b = open_blocks__take(o, (struct block_key){1, 7, 2});
    CU_ASSERT_EQUAL(b->docs.n, 0);
    open_blocks__give(o, b);
    b = open_blocks__take(o, (struct block_key){2, 7, 1});
    CU_ASSERT_EQUAL(b->docs.n, 0);
    open_blocks__give(o, b);
    open_blocks__give(o, NULL);
    open_blocks__free(o);
}

static void check(struct catalog_view *view, uint32_t index, const char *id, const char *want)
{
    struct buf out;
    int i;

    buf_init(&out, 1 << 20);
    for (i = 0; i < 2; i++) { /* out of a block, and out of the cache */
        enum rc rc = get(view, index, id, &out);

        CU_ASSERT_EQUAL(rc, want ? RC_OK : RC_NOT_FOUND);
        CU_ASSERT(!want || bytes_eq(buf_view(&out), bytes_str(want)));
    }
    buf_done(&out);
}

static struct catalog_view *view_now(void)
{
    struct catalog_view *view = NULL;

    OK(catalog_view_open(fx.catalog, &view, &fx.err));
    return view;
}

/* The number that the blocks of an index are stored under. */
static uint32_t blocks_of(struct catalog_view *view, uint32_t index)
{
    struct index_state *s = NULL;

    OK(view__state(view, index, &s, &fx.err));
    return s->blocks;
}

/* Views of seven moments ask in turns, with the caches warm of what the others asked. */
static void every_view_reads_its_own_moment(void)
{
    static const char *const
        one[] = {"{\"id\":1,\"v\":1}", "{\"id\":2,\"v\":1}", NULL},
        *const two[] = {"{\"id\":1,\"v\":2}", NULL}, *const three[] = {"{\"id\":1,\"v\":3}", NULL},
        *const four[] = {"{\"id\":1,\"v\":4}", NULL}, *const worn[] = {"{\"id\":1,\"v\":5}", NULL};
    struct catalog_view *views[7] = {0};
    uint64_t n;
    uint32_t index = fixture_create("b", "id"), again;
    struct change *c;
    int round, i;

    fixture_add("b", one, true);
    views[0] = view_now();
    check(views[0], index, "1", one[0]);
    fixture_add("b", two, true); /* replaced, in a block that is written again */
    views[1] = view_now();
    fx.catalog->worn_rows = 1;
    fixture_add("b", worn, true); /* rows are given anew */
    views[6] = view_now();
    CU_ASSERT_NOT_EQUAL(blocks_of(views[6], index), blocks_of(views[1], index));
    c = fixture_begin();
    OK(change_delete_all(c, index, 300, &n, &fx.err));
    fixture_commit(c);
    views[2] = view_now();
    fixture_add("b", three, true); /* rows begin anew, under another number */
    views[3] = view_now();
    c = fixture_begin();
    OK(change_delete_index(c, B("b"), &n, &fx.err));
    fixture_commit(c);
    views[4] = view_now();
    again = fixture_create("b", "id");
    fixture_add("b", four, true);
    views[5] = view_now();
    for (round = 0; round < 3; round++) {
        check(views[0], index, "1", one[0]);
        check(views[0], index, "2", one[1]);
        check(views[1], index, "1", two[0]);
        check(views[1], index, "2", one[1]);
        check(views[6], index, "1", worn[0]);
        check(views[6], index, "2", one[1]);
        check(views[2], index, "1", NULL);
        check(views[3], index, "1", three[0]);
        check(views[3], index, "2", NULL);
        check(views[5], again, "1", four[0]);
        check(views[5], again, "2", NULL);
    }
    for (i = 0; i < 7; i++)
        catalog_view_close(views[i]);
}

SUITE(open_blocks, setup, fixture_teardown, TEST(neighbours_are_read_out_of_one_block),
      TEST(a_listing_leaves_the_documents_of_others_alone), TEST(memory_of_blocks_is_bounded),
      TEST(a_block_is_one_readers_and_of_one_version), TEST(every_view_reads_its_own_moment));
