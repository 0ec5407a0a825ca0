/* SPDX-License-Identifier: MIT */
/*
 * test_replacing.c -- documents that take the place of stored ones: what is read for it, what
 * is written, in which order they are afterwards, and that the room they take is bounded.
 */
#include "fixture.h"

#include "index/row_docs.h"

#include "base/hash.h"
#include "base/mem.h"

static const struct document_opts put = {.replace = true}, lay_over = {0};

/* Document i of a version: 300 bytes or so, and for odd versions one more member. */
static void make(struct buf *out, int id, int version)
{
    int i;

    buf_clear(out);
    (void)buf_printf(out, "{\"id\":%d,\"v\":%d,\"text\":\"", id, version);
    for (i = 0; i < 40; i++)
        (void)buf_printf(out, "%x ", (unsigned)(id * 31 + i * version) % 4096);
    (void)buf_str(out, version % 2 ? "\",\"odd\":true}" : "\"}");
}

static void write_range(uint32_t index, int from, int to, int step, int version)
{
    struct change *c = fixture_begin();
    struct buf json;

    buf_init(&json, BUF_NO_LIMIT);
    OK(change_documents_begin(c, index, &put, B("{\"id\":1}"), 1, &fx.err));
    for (; from < to; from += step) {
        make(&json, from, version);
        OK(change_document(c, index, buf_view(&json), &put, &fx.err));
    }
    fixture_commit(c);
    buf_done(&json);
}

struct moment {
    uint32_t next_doc;
    uint64_t n_versions, stored;
    size_t keys;
};

static struct moment moment_of(const char *uid)
{
    static const uint8_t kinds[] = {KEY_BLOCK,    KEY_DIRECTORY, KEY_DOCUMENT_ID,
                                    KEY_POSTING,  KEY_WORD,      KEY_POSTING_PREFIX,
                                    KEY_ROW_DEAD, KEY_ROW_DOC,   KEY_POSTING_LENGTH};
    struct catalog_view *view = NULL;
    const struct index_state *s;
    struct moment m = {0};
    size_t i;

    OK(catalog_view_open(fx.catalog, &view, &fx.err));
    s = snapshot__find(view->snapshot, bytes_str(uid));
    m.next_doc = s->next_doc;
    m.n_versions = s->n_versions;
    m.stored = s->stored_bytes;
    catalog_view_close(view);
    for (i = 0; i < ARRAY_LEN(kinds); i++)
        m.keys += fixture_keys(kinds[i]);
    return m;
}

static bool is_same(const struct moment *a, const struct moment *b)
{
    return a->next_doc == b->next_doc && a->n_versions == b->n_versions && a->stored == b->stored &&
           a->keys == b->keys;
}

static void all_is(int n, int step, int version, int others)
{
    struct buf want, json;
    int i;

    buf_init(&want, BUF_NO_LIMIT);
    buf_init(&json, BUF_NO_LIMIT);
    for (i = 0; i < n; i++) {
        make(&json, i, i % step == 0 ? version : others);
        (void)buf_printf(&want, "%s\n", buf_cstr(&json));
        if (i % 37 == 0) {
            char id[16];

            (void)snprintf(id, sizeof id, "%d", i);
            CU_ASSERT_STRING_EQUAL(fixture_get("a", id), buf_cstr(&json));
        }
    }
    CU_ASSERT_STRING_EQUAL(fixture_all("a"), buf_cstr(&want));
    buf_done(&want);
    buf_done(&json);
}

/* ---- order and room -------------------------------------------------------------------------- */

static void a_replaced_document_keeps_its_place(void)
{
    uint32_t index = fixture_create("a", "id");

    write_range(index, 0, 1000, 1, 2);
    write_range(index, 0, 1000, 7, 3);
    all_is(1000, 7, 3, 2);
    write_range(index, 0, 1000, 7, 4);
    all_is(1000, 7, 4, 2);
    CU_ASSERT_STRING_EQUAL(fixture_fields("a"), "id=1000 text=1000 v=1000");
    fixture_check();
    fixture_reopen();
    all_is(1000, 7, 4, 2);
    fixture_check();
}

static void the_room_of_what_is_replaced_again_and_again_is_bounded(void)
{
    enum { DOCS = 300, ROUNDS = 200 };
    uint32_t index = fixture_create("a", "id");
    struct moment first, most = {0};
    int i;

    fx.catalog->worn_rows = 400;
    write_range(index, 0, DOCS, 1, 2);
    first = moment_of("a");
    for (i = 0; i < ROUNDS; i++) {
        struct moment m;

        write_range(index, i % 3, DOCS, i % 2 ? 9 : 6, 3 + i);
        if (i % 10)
            continue;
        m = moment_of("a");
        most.n_versions = m.n_versions > most.n_versions ? m.n_versions : most.n_versions;
        most.stored = m.stored > most.stored ? m.stored : most.stored;
        most.keys = m.keys > most.keys ? m.keys : most.keys;
        most.next_doc = m.next_doc > most.next_doc ? m.next_doc : most.next_doc;
    }
    fixture_check();
    CU_ASSERT(most.n_versions <= 2 * DOCS);
    CU_ASSERT(most.stored <= 3 * first.stored);
    CU_ASSERT(most.next_doc <= 3 * DOCS); /* rows are given out again */
    CU_ASSERT(most.keys <= 40 * first.keys);
    CU_ASSERT_EQUAL(fixture_info("a").n_documents, DOCS);
}

static void one_document_replaced_for_ever_takes_the_room_of_one(void)
{
    uint32_t index = fixture_create("a", "id");
    int i;

    fx.catalog->worn_rows = 50;
    for (i = 0; i < 200; i++)
        write_range(index, 5, 6, 1, i + 2);
    CU_ASSERT(moment_of("a").n_versions <= 2);
    CU_ASSERT(moment_of("a").next_doc <= 60);
    CU_ASSERT_EQUAL(fixture_keys(KEY_BLOCK), 1);
    fixture_check();
}

/* ---- a dump ---------------------------------------------------------------------------------- */

static enum rc hash_frame(void *arg, struct bytes frame, uint32_t n, struct err *err)
{
    (void)n;
    (void)err;
    sha256_update(arg, frame);
    return RC_OK;
}

static void dump_hash(uint32_t index, uint8_t digest[SHA256_SIZE])
{
    struct catalog_view *view = NULL;
    struct sha256 *h = sha256_new();

    OK(catalog_view_open(fx.catalog, &view, &fx.err));
    OK(block_each(view, index, hash_frame, h, &fx.err));
    sha256_peek(h, digest);
    sha256_free(h);
    catalog_view_close(view);
}

static void blocks_made_on_the_way_are_the_same_on_any_cores(void)
{
    uint32_t index = fixture_create("a", "id");
    uint8_t one[SHA256_SIZE], two[SHA256_SIZE];
    struct pool *pool = fx.catalog->pool;

    write_range(index, 0, 5000, 1, 2);
    write_range(index, 0, 2500, 3, 3); /* whole blocks behind those that are made */
    CU_ASSERT_PTR_NOT_NULL(pool);
    dump_hash(index, one);
    fx.catalog->pool = NULL;
    dump_hash(index, two);
    fx.catalog->pool = pool;
    CU_ASSERT_EQUAL(memcmp(one, two, sizeof one), 0);
    fixture_check();
}

/* ---- what is there already ------------------------------------------------------------------- */

static void what_is_stored_already_is_not_written(void)
{
    uint32_t index = fixture_create("a", "id");
    struct moment before, after;
    struct change *c;

    write_range(index, 0, 500, 1, 2);
    before = moment_of("a");
    write_range(index, 0, 500, 1, 2);
    after = moment_of("a");
    CU_ASSERT(is_same(&before, &after));
    c = fixture_begin();
    OK(change_documents_begin(c, index, &lay_over, B("{\"id\":1}"), 1, &fx.err));
    OK(change_document(c, index, B("{\"id\":3,\"v\":2}"), &lay_over, &fx.err));
    fixture_commit(c);
    after = moment_of("a");
    CU_ASSERT(is_same(&before, &after));
    all_is(500, 1, 2, 2);

    /* Among others that are new: only those get rows. */
    c = fixture_begin();
    fixture_add_one(c, index, "{\"id\":3}", true);
    fixture_add_one(c, index, "{\"id\":3,\"v\":2}", false);
    fixture_add_one(c, index, "{\"id\":4,\"v\":2}", false);
    fixture_add_one(c, index, "{\"id\":700}", true);
    fixture_commit(c);
    CU_ASSERT_EQUAL(moment_of("a").next_doc, before.next_doc + 2);
    CU_ASSERT_STRING_EQUAL(fixture_get("a", "3"), "{\"id\":3,\"v\":2}");
    CU_ASSERT_STRING_EQUAL(fixture_fields("a"), "id=501 text=499 v=500");
    fixture_check();
}

static void deleted_and_added_alike_is_a_new_document(void)
{
    uint32_t index = fixture_create("a", "id");
    struct change *c;
    bool deleted;

    fixture_add("a", (const char *const[]){"{\"id\":1}", "{\"id\":2}", NULL}, true);
    c = fixture_begin();
    OK(change_delete_document(c, index, B("1"), 1, &deleted, &fx.err));
    fixture_add_one(c, index, "{\"id\":1}", true);
    fixture_commit(c);
    CU_ASSERT_STRING_EQUAL(fixture_all("a"), "{\"id\":2}\n{\"id\":1}\n");
    CU_ASSERT_STRING_EQUAL(fixture_fields("a"), "id=2");
    fixture_check();
}

static void damage_first(uint8_t kind, struct bytes value)
{
    struct store_batch *batch = store_batch_new();
    struct store_view *view = NULL;
    struct store_cursor *c = NULL;

    OK(store_view_open(fx.store, &view, &fx.err));
    OK(store_cursor_open(view, bytes_of(&kind, 1), true, &c, &fx.err));
    store_cursor_first(c);
    CU_ASSERT_FATAL(store_cursor_valid(c));
    store_batch_put(batch, store_cursor_key(c), value);
    store_cursor_close(c);
    store_view_close(view);
    OK(store_commit(fx.store, batch, &fx.err));
    store_batch_free(batch);
}

/* As if the checksums of two documents were equal: they are still two. */
static void an_equal_checksum_is_not_taken_for_equal(void)
{
    const struct bytes one = B("{\"id\":1,\"n\":1}"), other = B("{\"id\":1,\"n\":2}");
    struct document_entry entry = {.n = (uint32_t)other.n};
    uint8_t value[DOCUMENT_ENTRY_MAX];
    struct fields names = {0};
    const uint32_t ids[] = {fields__add(&names, B("n")), fields__add(&names, B("id"))};

    fixture_create("a", "id");
    fixture_add("a", (const char *const[]){(const char *)one.p, NULL}, true);
    entry.mark = document_mark(fields__hash(&names, ids, 2), other);
    damage_first(KEY_DOCUMENT_ID, document_entry__put(value, &entry));
    fixture_add("a", (const char *const[]){(const char *)other.p, NULL}, true);
    CU_ASSERT_STRING_EQUAL(fixture_get("a", "1"), (const char *)other.p);
    CU_ASSERT_EQUAL(moment_of("a").next_doc, 2);
    fields__done(&names);
    fixture_check();
}

/* ---- what is read for it --------------------------------------------------------------------- */

/* A block that cannot be read shows that nobody reads it. */
static void a_document_with_the_same_fields_is_replaced_unseen(void)
{
    struct store_batch *batch = store_batch_new();
    uint32_t index = fixture_create("a", "id");
    struct change *c;
    struct buf json;

    write_range(index, 0, 1000, 1, 2);
    damage_first(KEY_BLOCK, B("damage"));
    write_range(index, 3, 20, 5, 4);
    CU_ASSERT_STRING_EQUAL(fixture_fields("a"), "id=1000 text=1000 v=1000");
    CU_ASSERT_PTR_NOT_NULL(strstr(fixture_get("a", "3"), "\"v\":4,"));

    buf_init(&json, BUF_NO_LIMIT);
    make(&json, 4, 3); /* another field: what the old one had must be known */
    c = fixture_begin();
    fixture_add_one(c, index, buf_cstr(&json), true);
    CU_ASSERT_EQUAL(change_finish(c, batch, &fx.err), RC_CORRUPT);
    change_abandon(c);
    buf_done(&json);
    store_batch_free(batch);
}

static void a_damaged_entry_of_an_id_is_refused(void)
{
    static const char *const values[] = {"",
                                         "1234",
                                         "123456789012",
                                         "123456789012\x80",
                                         "123456789012\x01\x01",
                                         "123456789012\xFF\xFF\xFF\xFF\x7F"};
    struct document_entry entry;
    uint8_t value[DOCUMENT_ENTRY_MAX];
    size_t i;

    for (i = 0; i < ARRAY_LEN(values); i++)
        CU_ASSERT_EQUAL(document_entry__read(bytes_str(values[i]), &entry, &fx.err), RC_CORRUPT);
    entry = (struct document_entry){7, RECORD_DOCUMENT_MAX, UINT64_MAX - 5};
    OK(document_entry__read(document_entry__put(value, &entry), &entry, &fx.err));
    CU_ASSERT(entry.doc == 7 && entry.n == RECORD_DOCUMENT_MAX && entry.mark == UINT64_MAX - 5);

    fixture_create("a", "id");
    fixture_add("a", (const char *const[]){"{\"id\":1}", NULL}, true);
    damage_first(KEY_DOCUMENT_ID, B("1234"));
    {
        struct catalog_view *view = NULL;
        struct buf out;

        buf_init(&out, 1 << 10);
        OK(catalog_view_open(fx.catalog, &view, &fx.err));
        CU_ASSERT_EQUAL(document_get(view, 0, B("1"), &out, &fx.err), RC_CORRUPT);
        catalog_view_close(view);
        buf_done(&out);
    }
}

SUITE(replacing, fixture_setup, fixture_teardown, TEST(a_replaced_document_keeps_its_place),
      TEST(the_room_of_what_is_replaced_again_and_again_is_bounded),
      TEST(one_document_replaced_for_ever_takes_the_room_of_one),
      TEST(blocks_made_on_the_way_are_the_same_on_any_cores),
      TEST(what_is_stored_already_is_not_written), TEST(deleted_and_added_alike_is_a_new_document),
      TEST(an_equal_checksum_is_not_taken_for_equal),
      TEST(a_document_with_the_same_fields_is_replaced_unseen),
      TEST(a_damaged_entry_of_an_id_is_refused));
