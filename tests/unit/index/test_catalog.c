/* SPDX-License-Identifier: MIT */
/* test_catalog.c -- indexes: making, naming, swapping, deleting; views of moments. */
#include "fixture.h"

#include "base/mem.h"
#include "base/thread.h"

static const char *const THREE[] = {"{\"id\":1,\"a\":1}", "{\"id\":2,\"b\":{\"c\":1}}",
                                    "{\"id\":3,\"a\":2}", NULL};

static void uids_are_short_and_plain(void)
{
    char uid[INDEX_UID_MAX + 2];

    memset(uid, 'a', sizeof uid);
    OK(index_uid_check(bytes_of(uid, INDEX_UID_MAX), &fx.err));
    CU_ASSERT_EQUAL(index_uid_check(bytes_of(uid, INDEX_UID_MAX + 1), &fx.err), RC_INVALID);
    CU_ASSERT_EQUAL(index_uid_check(B(""), &fx.err), RC_INVALID);
    OK(index_uid_check(B("aZ09-_"), &fx.err));
    FAILS(index_uid_check(B("a.b"), &fx.err), RC_INVALID, "invalid_index_uid",
          "`a.b` is not a valid index uid. Index uid can be an integer or a string containing only "
          "alphanumeric characters, hyphens (-) and underscores (_), and can not be more than 512 "
          "bytes.");
}

static void a_new_index_is_empty_and_has_the_defaults(void)
{
    struct catalog_view *view = NULL;
    struct index_info info;

    fixture_create("movies", "");
    OK(catalog_view_open(fx.catalog, &view, &fx.err));
    CU_ASSERT_EQUAL(catalog_view_count(view), 1);
    info = catalog_view_at(view, 0);
    CU_ASSERT_STRING_EQUAL(info.uid, "movies");
    CU_ASSERT_PTR_NULL(info.primary_key);
    CU_ASSERT_EQUAL(info.created_ns, 100);
    CU_ASSERT_EQUAL(info.n_documents + info.document_bytes + info.stored_bytes, 0);
    CU_ASSERT(bytes_eq(catalog_view_settings(view, info.id), settings_defaults()));
    FAILS(catalog_view_find(view, B("nope"), &info, &fx.err), RC_NOT_FOUND, "index_not_found",
          "Index `nope` not found.");
    catalog_view_close(view);
}

static void names_that_are_taken_or_absent_are_refused(void)
{
    struct change *c;
    struct index_info info;
    uint64_t n;
    uint32_t id;

    fixture_create("a", "id");
    fixture_create("b", "");
    fixture_add("a", THREE, true);
    c = fixture_begin();
    FAILS(change_create_index(c, B("a"), B(""), 1, &id, &fx.err), RC_EXISTS, "index_already_exists",
          "Index `a` already exists.");
    FAILS(change_delete_index(c, B("x"), &n, &fx.err), RC_NOT_FOUND, "index_not_found",
          "Index `x` not found.");
    FAILS(change_update_index(c, B("x"), B("y"), B(""), 1, &fx.err), RC_NOT_FOUND,
          "index_not_found", "Index `x` not found.");
    FAILS(change_update_index(c, B("a"), B("b"), B(""), 1, &fx.err), RC_EXISTS,
          "index_already_exists",
          "Cannot rename `a` to `b` as the index already exists. Hint: You can remove `b` first "
          "and then do your remove.");
    FAILS(change_update_index(c, B("a"), B(""), B("other"), 1, &fx.err), RC_INVALID,
          "index_primary_key_already_exists", "Index `a`: Index already has a primary key: `id`.");
    OK(change_update_index(c, B("a"), B(""), B("id"), 1, &fx.err));
    OK(change_update_index(c, B("b"), B(""), B("other"), 1, &fx.err));
    OK(change_update_index(c, B("b"), B(""), B("third"), 1, &fx.err)); /* no documents yet */
    FAILS(change_swap(c, B("x"), B("y"), false, &fx.err), RC_NOT_FOUND, "index_not_found",
          "Indexes `x`, `y` not found.");
    FAILS(change_swap(c, B("a"), B("y"), false, &fx.err), RC_NOT_FOUND, "index_not_found",
          "Index `y` not found.");
    FAILS(change_swap(c, B("x"), B("a"), false, &fx.err), RC_NOT_FOUND, "index_not_found",
          "Index `x` not found.");
    FAILS(change_swap(c, B("a"), B("b"), true, &fx.err), RC_EXISTS, "index_already_exists",
          "The following indexes are being renamed but cannot because their new name conflicts "
          "with an already existing index: `b`. Renaming doesn't overwrite the other index name.");
    FAILS(change_swap(c, B("x"), B("y"), true, &fx.err), RC_NOT_FOUND, "index_not_found",
          "Index `x` not found.");
    OK(change_find(c, B("b"), &info, &fx.err));
    CU_ASSERT_STRING_EQUAL(info.primary_key, "third");
    change_abandon(c);
}

static void a_renamed_index_keeps_everything(void)
{
    struct change *c;
    uint32_t id = fixture_create("a", "id");

    fixture_add("a", THREE, true);
    c = fixture_begin();
    OK(change_update_index(c, B("a"), B("z"), B(""), 300, &fx.err));
    fixture_commit(c);
    fixture_reopen();
    CU_ASSERT_EQUAL(fixture_info("z").id, id);
    CU_ASSERT_EQUAL(fixture_info("z").created_ns, 100);
    CU_ASSERT_EQUAL(fixture_info("z").updated_ns, 300);
    CU_ASSERT_STRING_EQUAL(fixture_get("z", "2"), "{\"id\":2,\"b\":{\"c\":1}}");
}

static void swapped_indexes_change_names_only(void)
{
    static const char *const other[] = {"{\"id\":9}", NULL};
    struct change *c;

    fixture_create("a", "id");
    fixture_create("b", "id");
    fixture_add("a", THREE, true);
    fixture_add("b", other, true);
    c = fixture_begin();
    OK(change_swap(c, B("a"), B("b"), false, &fx.err));
    OK(change_swap(c, B("a"), B("c"), true, &fx.err));
    fixture_commit(c);
    CU_ASSERT_STRING_EQUAL(fixture_all("c"), "{\"id\":9}\n");
    CU_ASSERT_EQUAL(fixture_info("b").n_documents, 3);
    fixture_reopen();
    CU_ASSERT_STRING_EQUAL(fixture_all("c"), "{\"id\":9}\n");
}

static void a_deleted_index_leaves_no_key(void)
{
    struct change *c;
    uint64_t n;

    fixture_create("a", "id");
    fixture_add("a", THREE, true);
    c = fixture_begin();
    OK(change_delete_index(c, B("a"), &n, &fx.err));
    CU_ASSERT_EQUAL(n, 3);
    fixture_commit(c);
    CU_ASSERT_EQUAL(fixture_keys(KEY_BLOCK) + fixture_keys(KEY_DIRECTORY), 0);
    CU_ASSERT_EQUAL(fixture_keys(KEY_DOCUMENT_ID) + fixture_keys(KEY_FIELD), 0);
    CU_ASSERT_EQUAL(fixture_keys(KEY_INDEX) + fixture_keys(KEY_SETTINGS), 0);
    CU_ASSERT_EQUAL(fixture_keys(KEY_TRASH), 0);
    CU_ASSERT_EQUAL(fixture_keys(KEY_META), 1);
}

/* More ids than one commit sweeps: the rest goes with later commits, even over a restart. */
static void a_large_index_is_swept_by_later_commits(void)
{
    enum { MANY = 110000 };
    const struct document_opts opts = {.replace = true};
    struct change *c;
    char json[32];
    uint64_t n, full;
    uint32_t id = fixture_create("a", "id");
    size_t left;
    int i;

    c = fixture_begin();
    OK(change_documents_begin(c, id, &opts, B("{\"id\":0}"), 1, &fx.err));
    for (i = 0; i < MANY; i++) {
        (void)snprintf(json, sizeof json, "{\"id\":%d}", i);
        OK(change_document(c, id, bytes_str(json), &opts, &fx.err));
    }
    fixture_commit(c);
    CU_ASSERT_EQUAL(fixture_keys(KEY_DOCUMENT_ID), MANY);
    full = store_disk_bytes(fx.store);
    c = fixture_begin();
    OK(change_delete_all(c, id, 2, &n, &fx.err));
    CU_ASSERT_EQUAL(n, MANY);
    fixture_commit(c);
    left = fixture_keys(KEY_DOCUMENT_ID);
    CU_ASSERT(left > 0 && left < MANY);
    CU_ASSERT(fixture_keys(KEY_TRASH) >= 1);
    CU_ASSERT_STRING_EQUAL(fixture_get("a", "5"), "");
    CU_ASSERT_EQUAL(fixture_info("a").n_documents, 0);
    fixture_commit(fixture_begin());
    CU_ASSERT(fixture_keys(KEY_DOCUMENT_ID) < left);
    CU_ASSERT(fixture_keys(KEY_TRASH) >= 1);
    fixture_reopen();
    for (i = 0; i < 20 && fixture_keys(KEY_TRASH); i++) /* its words take some more */
        fixture_commit(fixture_begin());
    CU_ASSERT(i > 1);
    CU_ASSERT_EQUAL(fixture_keys(KEY_POSTING) + fixture_keys(KEY_WORD), 0);
    CU_ASSERT_EQUAL(fixture_keys(KEY_DOCUMENT_ID) + fixture_keys(KEY_BLOCK), 0);
    CU_ASSERT_EQUAL(fixture_keys(KEY_TRASH), 0);
    while (catalog_merge_swept(fx.catalog))
        ;
    CU_ASSERT(store_disk_bytes(fx.store) < full / 2);
    fixture_check();
}

static void a_change_of_nothing_writes_nothing(void)
{
    struct store_batch *batch = store_batch_new();
    struct change *c = fixture_begin();

    OK(change_finish(c, batch, &fx.err));
    CU_ASSERT_EQUAL(store_batch_count(batch), 0);
    change_committed(c);
    store_batch_free(batch);
}

static void a_view_never_sees_later_commits(void)
{
    static const char *const more[] = {"{\"id\":1,\"a\":5}", "{\"id\":4}", NULL};
    struct catalog_view *old = NULL;
    struct index_info info;
    struct buf out;

    fixture_create("a", "id");
    fixture_add("a", THREE, true);
    OK(catalog_view_open(fx.catalog, &old, &fx.err));
    fixture_add("a", more, true);
    fixture_create("b", "");
    buf_init(&out, 1 << 20);
    CU_ASSERT_EQUAL(catalog_view_count(old), 1);
    OK(catalog_view_find(old, B("a"), &info, &fx.err));
    CU_ASSERT_EQUAL(info.n_documents, 3);
    OK(document_get(old, info.id, B("1"), &out, &fx.err));
    CU_ASSERT_STRING_EQUAL(buf_cstr(&out), "{\"id\":1,\"a\":1}");
    FAILS(document_get(old, info.id, B("4"), &out, &fx.err), RC_NOT_FOUND, "document_not_found",
          "Document `4` not found.");
    CU_ASSERT_STRING_EQUAL(fixture_get("a", "1"), "{\"id\":1,\"a\":5}");
    buf_done(&out);
    catalog_view_close(old);
}

/* Between the store's commit and change_committed(), a view goes by what the store holds. */
static void a_view_fits_the_store_while_a_commit_is_under_way(void)
{
    struct store_batch *batch = store_batch_new();
    struct change *c;
    uint32_t id = fixture_create("a", "id");

    c = fixture_begin();
    fixture_add_one(c, id, "{\"id\":1}", true);
    OK(change_finish(c, batch, &fx.err));
    CU_ASSERT_STRING_EQUAL(fixture_all("a"), "");
    OK(store_commit(fx.store, batch, &fx.err));
    CU_ASSERT_STRING_EQUAL(fixture_all("a"), "{\"id\":1}\n");
    change_committed(c);
    CU_ASSERT_STRING_EQUAL(fixture_all("a"), "{\"id\":1}\n");
    store_batch_free(batch);
}

/* The caller was told that the commit failed, but it may have reached the disk. */
static void an_abandoned_commit_is_judged_by_the_store(void)
{
    struct store_batch *batch = store_batch_new();
    uint32_t id = fixture_create("a", "id");
    struct change *c;

    c = fixture_begin();
    fixture_add_one(c, id, "{\"id\":1}", true);
    OK(change_finish(c, batch, &fx.err));
    OK(store_commit(fx.store, batch, &fx.err));
    change_abandon(c); /* "outcome unknown" */
    CU_ASSERT_STRING_EQUAL(fixture_all("a"), "{\"id\":1}\n");

    store_batch_clear(batch);
    c = fixture_begin();
    fixture_add_one(c, id, "{\"id\":2}", true);
    OK(change_finish(c, batch, &fx.err));
    change_abandon(c); /* never committed */
    CU_ASSERT_STRING_EQUAL(fixture_all("a"), "{\"id\":1}\n");
    fixture_add("a", THREE, true);
    CU_ASSERT_EQUAL(fixture_info("a").n_documents, 3);
    OK(catalog_reload(fx.catalog, &fx.err));
    CU_ASSERT_EQUAL(fixture_info("a").n_documents, 3);
    store_batch_free(batch);
}

/* Everything users put in is in the digest; times and numbers are not. */
static void the_digest_tells_contents_apart(void)
{
    static const char *const one[] = {"{\"id\":1}", "{\"id\":2}", NULL};
    static const char *const swapped[] = {"{\"id\":2}", "{\"id\":1}", NULL};
    uint8_t digest[8][32];
    struct change *c;
    uint64_t n;
    uint32_t id;
    size_t i, k;

    fixture_digest(digest[0]);
    id = fixture_create("a", "");
    fixture_digest(digest[1]);
    c = fixture_begin();
    OK(change_update_index(c, B("a"), B(""), B("id"), 1, &fx.err));
    fixture_commit(c);
    fixture_digest(digest[2]);
    fixture_add("a", one, true);
    fixture_digest(digest[3]);
    c = fixture_begin();
    OK(change_settings(c, id, B("{\"stopWords\":[\"x\"]}"), 5, &fx.err));
    fixture_commit(c);
    fixture_digest(digest[4]);
    c = fixture_begin();
    OK(change_update_index(c, B("a"), B("b"), B(""), 1, &fx.err));
    fixture_commit(c);
    fixture_digest(digest[5]);
    c = fixture_begin();
    OK(change_delete_all(c, id, 6, &n, &fx.err));
    fixture_commit(c);
    fixture_add("b", swapped, true);
    fixture_digest(digest[6]);
    for (i = 0; i < 7; i++)
        for (k = 0; k < i; k++)
            CU_ASSERT_NOT_EQUAL(memcmp(digest[i], digest[k], 32), 0);

    c = fixture_begin();
    OK(change_delete_all(c, id, 7, &n, &fx.err));
    fixture_commit(c);
    fixture_add("b", one, true);
    fixture_digest(digest[7]);
    CU_ASSERT_EQUAL(memcmp(digest[7], digest[5], 32), 0);
}

/* ---- many readers, one writer -------------------------------------------------------- */

struct reader {
    struct thread thread;
    atomic_bool *stop;
    size_t n_views, n_wrong;
};

/* In every moment all documents of the index say the same number. */
static enum rc same_number(void *arg, struct bytes json, struct err *err)
{
    struct bytes *first = arg;
    const char *at = memchr(json.p, 'v', json.n);
    struct bytes tail = bytes_of(at, (size_t)((const char *)json.p + json.n - at));

    (void)err;
    if (!first->p)
        *first = bytes_of(xmemdup(tail.p, tail.n), tail.n);
    return bytes_eq(*first, tail) ? RC_OK : RC_INVALID;
}

static void read_on(void *arg)
{
    struct reader *r = arg;

    while (!atomic_load(r->stop)) {
        struct catalog_view *view = NULL;
        struct bytes first = {0};
        struct index_info info;
        struct err err;

        if (catalog_view_open(fx.catalog, &view, &err) != RC_OK ||
            catalog_view_find(view, B("a"), &info, &err) != RC_OK ||
            document_each(view, info.id, 0, UINT64_MAX, same_number, &first, &err) != RC_OK)
            r->n_wrong++;
        catalog_view_close(view);
        xfree((uint8_t *)(uintptr_t)first.p);
        r->n_views++;
    }
}

static void readers_see_whole_commits_while_the_writer_works(void)
{
    enum { READERS = 3, ROUNDS = 60, DOCS = 200 };
    struct reader readers[READERS];
    atomic_bool stop;
    uint32_t id = fixture_create("a", "id");
    char json[96];
    int i, round;

    atomic_init(&stop, false);
    for (round = 0; round < ROUNDS; round++) {
        struct change *c = fixture_begin();

        for (i = 0; i < DOCS; i++) {
            (void)snprintf(json, sizeof json, "{\"id\":%d,\"v\":%d}", i, round);
            fixture_add_one(c, id, json, true);
        }
        fixture_commit(c);
        for (i = 0; round == 0 && i < READERS; i++) {
            readers[i] = (struct reader){.stop = &stop};
            thread_start(&readers[i].thread, "reader", read_on, &readers[i]);
        }
    }
    atomic_store(&stop, true);
    for (i = 0; i < READERS; i++) {
        thread_join(&readers[i].thread);
        CU_ASSERT_EQUAL(readers[i].n_wrong, 0);
    }
}

SUITE(catalog, fixture_setup, fixture_teardown, TEST(uids_are_short_and_plain),
      TEST(a_new_index_is_empty_and_has_the_defaults),
      TEST(names_that_are_taken_or_absent_are_refused), TEST(a_renamed_index_keeps_everything),
      TEST(swapped_indexes_change_names_only), TEST(a_deleted_index_leaves_no_key),
      TEST(a_large_index_is_swept_by_later_commits), TEST(a_change_of_nothing_writes_nothing),
      TEST(a_view_never_sees_later_commits),
      TEST(a_view_fits_the_store_while_a_commit_is_under_way),
      TEST(an_abandoned_commit_is_judged_by_the_store), TEST(the_digest_tells_contents_apart),
      TEST(readers_see_whole_commits_while_the_writer_works));
