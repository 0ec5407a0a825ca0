/* SPDX-License-Identifier: MIT */
/* test_documents.c -- order, merging, rollback, and every way of reading. */
#include "fixture.h"

#include "base/mem.h"
#include "index/change_int.h"

#include <stdlib.h>

static const struct document_opts lay = {.replace = false};
static const struct document_opts put = {.replace = true};

static struct change *begin_on(const char *uid, uint32_t *index)
{
    struct change *c = fixture_begin();
    struct index_info info;

    OK(change_find(c, bytes_str(uid), &info, &fx.err));
    *index = info.id;
    return c;
}

static bool delete_one(struct change *c, uint32_t index, const char *id)
{
    bool deleted = false;

    OK(change_delete_document(c, index, bytes_str(id), 9, &deleted, &fx.err));
    return deleted;
}

static void replaced_documents_keep_their_place(void)
{
    static const char *const three[] = {"{\"id\":1}", "{\"id\":2}", "{\"id\":3}", NULL};
    static const char *const again[] = {"{\"id\":2,\"a\":1}", "{\"id\":1,\"a\":1}", NULL};

    fixture_create("a", "id");
    fixture_add("a", three, true);
    fixture_add("a", again, true);
    CU_ASSERT_STRING_EQUAL(fixture_all("a"),
                           "{\"id\":1,\"a\":1}\n{\"id\":2,\"a\":1}\n{\"id\":3}\n");
}

static void deleted_and_added_again_goes_to_the_end(void)
{
    static const char *const three[] = {"{\"id\":1}", "{\"id\":2}", "{\"id\":3}", NULL};
    struct change *c;
    uint32_t index;

    fixture_create("a", "id");
    fixture_add("a", three, true);
    c = begin_on("a", &index);
    CU_ASSERT(delete_one(c, index, "1"));
    CU_ASSERT_FALSE(delete_one(c, index, "1"));
    OK(change_document(c, index, B("{\"id\":4}"), &put, &fx.err));
    OK(change_document(c, index, B("{\"id\":1,\"new\":true}"), &put, &fx.err));
    OK(change_document(c, index, B("{\"id\":1,\"new\":1}"), &put, &fx.err));
    CU_ASSERT(delete_one(c, index, "4"));
    CU_ASSERT_FALSE(delete_one(c, index, "not an id"));
    fixture_commit(c);
    CU_ASSERT_STRING_EQUAL(fixture_all("a"), "{\"id\":2}\n{\"id\":3}\n{\"id\":1,\"new\":1}\n");
    CU_ASSERT_STRING_EQUAL(fixture_fields("a"), "id=3 new=1");
    fixture_reopen();
    CU_ASSERT_STRING_EQUAL(fixture_get("a", "1"), "{\"id\":1,\"new\":1}");
    CU_ASSERT_STRING_EQUAL(fixture_get("a", "4"), "");
}

static void the_last_of_one_batch_wins(void)
{
    static const char *const docs[] = {"{\"id\":1,\"v\":1}", "{\"id\":2}", "{\"id\":1,\"v\":2}",
                                       NULL};

    fixture_create("a", "id");
    fixture_add("a", docs, true);
    CU_ASSERT_STRING_EQUAL(fixture_all("a"), "{\"id\":1,\"v\":2}\n{\"id\":2}\n");
}

static void members_are_laid_over_and_others_stay(void)
{
    static const char *const first[] = {"{\"id\":1,\"a\":{\"x\":1,\"y\":2},\"b\":2}", NULL};
    static const char *const laid[] = {"{\"c\":3,\"a\":{\"z\":1},\"id\":\"1\"}",
                                       "{\"id\":2,\"a\":null}", "{\"id\":1,\"d\":[],\"c\":4}",
                                       NULL};

    fixture_create("a", "id");
    fixture_add("a", first, true);
    CU_ASSERT_STRING_EQUAL(fixture_fields("a"), "a=1 a.x=1 a.y=1 b=1 id=1");
    fixture_add("a", laid, false);
    CU_ASSERT_STRING_EQUAL(
        fixture_all("a"),
        "{\"id\":1,\"a\":{\"z\":1},\"b\":2,\"c\":4,\"d\":[]}\n{\"id\":2,\"a\":null}\n");
    CU_ASSERT_STRING_EQUAL(fixture_fields("a"), "a=2 a.z=1 b=1 c=1 d=1 id=2");
}

static void laying_over_follows_deletes_and_puts_of_the_same_change(void)
{
    static const char *const first[] = {"{\"id\":1,\"a\":1}", "{\"id\":2,\"a\":2}", NULL};
    struct change *c;
    uint32_t index;

    fixture_create("a", "id");
    fixture_add("a", first, true);
    c = begin_on("a", &index);
    CU_ASSERT(delete_one(c, index, "1"));
    OK(change_document(c, index, B("{\"id\":1,\"b\":1}"), &lay, &fx.err));
    OK(change_document(c, index, B("{\"id\":2,\"b\":2}"), &lay, &fx.err));
    OK(change_document(c, index, B("{\"id\":2,\"c\":2}"), &put, &fx.err));
    OK(change_document(c, index, B("{\"id\":2,\"d\":2}"), &lay, &fx.err));
    fixture_commit(c);
    CU_ASSERT_STRING_EQUAL(fixture_all("a"), "{\"id\":2,\"c\":2,\"d\":2}\n{\"id\":1,\"b\":1}\n");
    CU_ASSERT_STRING_EQUAL(fixture_fields("a"), "b=1 c=1 d=1 id=2");
}

/* Documents so large that their size must be judged at once. */
static char *large(const char *member, size_t n)
{
    struct buf b;
    size_t taken;

    buf_init(&b, BUF_NO_LIMIT);
    (void)buf_printf(&b, "{\"id\":1,\"%s\":\"", member);
    (void)buf_reserve(&b, n + 3);
    memset(b.p + b.n, 'x', n);
    b.n += n;
    (void)buf_str(&b, "\"}");
    (void)buf_byte(&b, 0);
    return (char *)buf_take(&b, &taken);
}

static void a_merge_that_is_too_large_fails_its_task_alone(void)
{
    enum { MB = 1 << 20 };
    char *half = large("a", 40 * MB), *other = large("b", 30 * MB), *small = large("c", 2 * MB);
    const char *docs[] = {half, NULL};
    struct change *c;
    uint32_t index;

    fixture_create("a", "id");
    fixture_add("a", docs, true);
    c = begin_on("a", &index);
    change_mark(c);
    FAILS(change_document(c, index, bytes_str(other), &lay, &fx.err), RC_TOO_LARGE,
          "payload_too_large",
          "A document is larger than 64 MiB, which is the most that one may be.");
    change_rollback(c);
    change_mark(c);
    OK(change_document(c, index, bytes_str(small), &lay, &fx.err));
    OK(change_document(c, index, B("{\"id\":1,\"a\":0}"), &lay, &fx.err));
    change_keep(c);
    fixture_commit(c);
    CU_ASSERT_EQUAL(strlen(fixture_get("a", "1")), strlen("{'id':1,'a':0,'c':''}") + 2 * MB);
    fixture_check();
    c = begin_on("a", &index);
    OK(change_document(c, index, B("{\"id\":1,\"z\":1}"), &lay, &fx.err));
    OK(change_document(c, index, bytes_str(small), &lay, &fx.err));
    fixture_commit(c);
    CU_ASSERT_STRING_EQUAL(fixture_fields("a"), "a=1 c=1 id=1 z=1");
    xfree(half);
    xfree(other);
    xfree(small);
}

static void creation_can_be_skipped(void)
{
    static const struct document_opts only = {.replace = true, .skip_creation = true};
    static const char *const first[] = {"{\"id\":1}", NULL};
    struct change *c;
    uint32_t index;

    fixture_create("a", "id");
    fixture_add("a", first, true);
    c = begin_on("a", &index);
    OK(change_document(c, index, B("{\"id\":1,\"x\":1}"), &only, &fx.err));
    OK(change_document(c, index, B("{\"id\":2,\"x\":1}"), &only, &fx.err));
    OK(change_document(c, index, B("{\"id\":3}"), &put, &fx.err));
    OK(change_document(c, index, B("{\"id\":3,\"x\":1}"), &only, &fx.err));
    fixture_commit(c);
    CU_ASSERT_STRING_EQUAL(fixture_all("a"), "{\"id\":1,\"x\":1}\n{\"id\":3,\"x\":1}\n");
}

static void a_task_rolled_back_leaves_nothing(void)
{
    static const char *const first[] = {"{\"id\":1}", NULL};
    struct index_info info;
    struct change *c;
    uint32_t index, id;
    uint64_t n;
    size_t bytes;

    fixture_create("a", "");
    c = begin_on("a", &index);
    bytes = change_bytes(c);
    change_mark(c);
    OK(change_create_index(c, B("b"), B("id"), 1, &id, &fx.err));
    OK(change_documents_begin(c, index, &put, B("{\"key_id\":5}"), 50, &fx.err));
    OK(change_document(c, index, B("{\"key_id\":5,\"text\":\"........................\"}"), &put,
                       &fx.err));
    OK(change_settings(c, index, B("{\"stopWords\":[\"x\"]}"), 60, &fx.err));
    OK(change_update_index(c, B("a"), B("renamed"), B(""), 70, &fx.err));
    OK(change_delete_all(c, index, 80, &n, &fx.err));
    CU_ASSERT_EQUAL(n, 1);
    OK(change_delete_index(c, B("renamed"), &n, &fx.err));
    change_rollback(c);
    OK(change_find(c, B("a"), &info, &fx.err));
    CU_ASSERT_PTR_NULL(info.primary_key);
    CU_ASSERT_EQUAL(info.updated_ns, 100);
    CU_ASSERT_EQUAL(info.n_documents, 0);
    CU_ASSERT_EQUAL(change_find(c, B("b"), &info, &fx.err), RC_NOT_FOUND);
    CU_ASSERT(change_bytes(c) < bytes + 2000); /* strings of the arena, no documents */
    fixture_commit(c);
    CU_ASSERT_EQUAL(fixture_info("a").updated_ns, 100);
    CU_ASSERT_EQUAL(fixture_keys(KEY_DOCUMENT_ID), 0);
    fixture_create("c", "id");
    fixture_add("c", first, true);
    fixture_check();
}

static void memory_of_what_was_taken_back_is_given_back(void)
{
    char *text = large("a", 3 << 20);
    struct change *c;
    uint32_t index;
    uint64_t n;
    size_t bytes;

    fixture_create("a", "id");
    c = begin_on("a", &index);
    OK(change_documents_begin(c, index, &put, B("{\"id\":1}"), 1, &fx.err));
    bytes = change_bytes(c);
    change_mark(c);
    OK(change_document(c, index, bytes_str(text), &put, &fx.err));
    CU_ASSERT(change_bytes(c) > bytes + (3 << 20));
    change_rollback(c);
    CU_ASSERT(change_bytes(c) < bytes + 4096);
    change_mark(c);
    OK(change_document(c, index, bytes_str(text), &put, &fx.err));
    change_keep(c);
    change_mark(c);
    OK(change_delete_all(c, index, 2, &n, &fx.err));
    change_keep(c);
    CU_ASSERT(change_bytes(c) < bytes + 4096);
    fixture_commit(c);
    xfree(text);
}

/* A failed task may have asked how many documents there are, which looks its ids up. */
static void a_later_task_looks_up_again_what_a_failed_one_did(void)
{
    static const char *const first[] = {"{\"id\":1}", "{\"id\":2}", NULL};
    struct index_info info;
    struct change *c;
    uint32_t index;

    fixture_create("a", "id");
    fixture_add("a", first, true);
    c = begin_on("a", &index);
    change_mark(c);
    OK(change_document(c, index, B("{\"id\":3}"), &put, &fx.err));
    OK(change_document(c, index, B("{\"id\":4}"), &put, &fx.err));
    OK(change_find(c, B("a"), &info, &fx.err));
    CU_ASSERT_EQUAL(info.n_documents, 4);
    change_rollback(c);
    change_mark(c);
    OK(change_document(c, index, B("{\"id\":2,\"a\":1}"), &put, &fx.err));
    change_keep(c);
    fixture_commit(c);
    CU_ASSERT_STRING_EQUAL(fixture_all("a"), "{\"id\":1}\n{\"id\":2,\"a\":1}\n");
    fixture_check();
}

static void an_index_taken_back_is_gone(void)
{
    struct change *c = fixture_begin();
    uint32_t index;

    change_mark(c);
    OK(change_create_index(c, B("a"), B("id"), 1, &index, &fx.err));
    OK(change_document(c, index, B("{\"id\":1}"), &put, &fx.err));
    change_rollback(c);
    CU_ASSERT_EQUAL(change_document(c, index, B("{\"id\":1}"), &put, &fx.err), RC_INTERNAL);
    fixture_commit(c);
    CU_ASSERT_EQUAL(fixture_keys(KEY_INDEX) + fixture_keys(KEY_DOCUMENT_ID), 0);
}

static void deleting_all_is_one_step_and_can_be_taken_back(void)
{
    static const char *const first[] = {"{\"id\":1,\"a\":1}", "{\"id\":2}", NULL};
    struct change *c;
    uint32_t index;
    uint64_t n;

    fixture_create("a", "id");
    fixture_add("a", first, true);
    c = begin_on("a", &index);
    change_mark(c);
    OK(change_document(c, index, B("{\"id\":3}"), &put, &fx.err));
    change_keep(c);
    change_mark(c);
    OK(change_delete_all(c, index, 5, &n, &fx.err));
    CU_ASSERT_EQUAL(n, 3);
    OK(change_document(c, index, B("{\"id\":1,\"b\":1}"), &lay, &fx.err));
    OK(change_delete_all(c, index, 6, &n, &fx.err));
    CU_ASSERT_EQUAL(n, 1);
    change_rollback(c);
    change_mark(c);
    OK(change_document(c, index, B("{\"id\":4}"), &put, &fx.err));
    change_keep(c);
    fixture_commit(c);
    CU_ASSERT_STRING_EQUAL(fixture_all("a"),
                           "{\"id\":1,\"a\":1}\n{\"id\":2}\n{\"id\":3}\n{\"id\":4}\n");
    c = begin_on("a", &index);
    OK(change_delete_all(c, index, 7, &n, &fx.err));
    OK(change_document(c, index, B("{\"id\":2,\"b\":1}"), &lay, &fx.err));
    fixture_commit(c);
    CU_ASSERT_STRING_EQUAL(fixture_all("a"), "{\"id\":2,\"b\":1}\n");
    CU_ASSERT_STRING_EQUAL(fixture_fields("a"), "b=1 id=1");
    CU_ASSERT_EQUAL(fixture_info("a").updated_ns, 7);
    fixture_check();
}

static void an_index_deleted_and_made_again_in_one_change_is_new(void)
{
    static const char *const first[] = {"{\"id\":1,\"a\":1}", NULL};
    struct change *c;
    uint32_t old = fixture_create("a", "id"), index;
    uint64_t n;

    fixture_add("a", first, true);
    c = begin_on("a", &index);
    OK(change_document(c, index, B("{\"id\":2}"), &put, &fx.err));
    OK(change_delete_index(c, B("a"), &n, &fx.err));
    CU_ASSERT_EQUAL(n, 2);
    OK(change_create_index(c, B("a"), B(""), 7, &index, &fx.err));
    CU_ASSERT_NOT_EQUAL(index, old);
    fixture_add_one(c, index, "{\"uid\":7}", true);
    fixture_commit(c);
    CU_ASSERT_STRING_EQUAL(fixture_all("a"), "{\"uid\":7}\n");
    CU_ASSERT_STRING_EQUAL(fixture_fields("a"), "uid=1");
    CU_ASSERT_EQUAL(fixture_keys(KEY_DOCUMENT_ID), 1);
    fixture_reopen();
    CU_ASSERT_STRING_EQUAL(fixture_all("a"), "{\"uid\":7}\n");
}

static void fields_are_counted_by_their_dotted_names(void)
{
    static const char *const docs[] = {
        "{\"id\":1,\"a\":{\"b\":{\"c\":1},\"d\":[{\"e\":1},{\"e\":2,\"f\":[[{\"g\":1}]]}]}}",
        "{\"id\":2,\"a.b\":1,\"a\":{\"b\":2},\"\":{\"\":0}}", "{\"id\":3,\"a\":[1,2]}", NULL};

    fixture_create("a", "id");
    fixture_add("a", docs, true);
    CU_ASSERT_STRING_EQUAL(fixture_fields("a"), "=1 .=1 a=3 a.b=2 a.b.c=1 a.d=1 a.d.e=1 a.d.f=1 "
                                                "a.d.f.g=1 id=3");
}

static void names_that_are_too_long_are_not_counted(void)
{
    char name[KEY_NAME_MAX + 8];
    struct buf json;
    const char *docs[2] = {NULL, NULL};

    memset(name, 'n', sizeof name);
    buf_init(&json, BUF_NO_LIMIT);
    (void)buf_printf(&json, "{\"id\":1,\"%.*s\":{\"in\":1},\"%.*s\":{\"in\":1}}", KEY_NAME_MAX + 1,
                     name, KEY_NAME_MAX, name);
    docs[0] = buf_cstr(&json);
    fixture_create("a", "id");
    fixture_add("a", docs, true);
    CU_ASSERT_EQUAL(strlen(fixture_fields("a")), strlen("id=1 ") + KEY_NAME_MAX + 2);
    CU_ASSERT_STRING_EQUAL(fixture_get("a", "1"), docs[0]);
    fixture_reopen();
    buf_done(&json);
}

/* ---- reading ------------------------------------------------------------------------- */

struct seen {
    struct buf text;
    int stop_at;
};

static enum rc see(void *arg, struct bytes json, struct err *err)
{
    struct seen *s = arg;

    if (s->stop_at && --s->stop_at == 0)
        return err_set(err, RC_CANCELLED, NULL, "enough");
    (void)buf_printf(&s->text, "%.*s ", BYTES_ARG(json));
    return RC_OK;
}

static void make_numbers(uint32_t *index, int n)
{
    struct change *c;
    char json[400];
    int i;

    *index = fixture_create("n", "id");
    c = fixture_begin();
    OK(change_documents_begin(c, *index, &put, B("{\"id\":1}"), 1, &fx.err));
    for (i = 0; i < n; i++) {
        (void)snprintf(json, sizeof json, "{\"id\":%d,\"pad\":\"%0300d\"}", i, i);
        OK(change_document(c, *index, bytes_str(json), &put, &fx.err));
    }
    fixture_commit(c);
}

static enum rc first_id(void *arg, struct bytes json, struct err *err)
{
    int *got = arg; /* how many, then they */

    (void)err;
    got[++got[0]] = (int)strtol((const char *)json.p + strlen("{'id':"), NULL, 10);
    return RC_OK;
}

static void any_page_can_be_read(void)
{
    enum { N = 1000 };
    struct catalog_view *view = NULL;
    uint32_t index;
    uint64_t from, limit;

    make_numbers(&index, N);
    OK(catalog_view_open(fx.catalog, &view, &fx.err));
    for (from = 0; from < N + 20; from += 13) {
        for (limit = 0; limit < 250; limit += 83) {
            int got[300] = {0}, i,
                want = from >= N ? 0 : (int)(from + limit > N ? N - from : limit);

            OK(document_each(view, index, from, limit, first_id, got, &fx.err));
            CU_ASSERT_EQUAL_FATAL(got[0], want);
            for (i = 0; i < want; i++)
                CU_ASSERT_EQUAL(got[i + 1], (int)from + i);
        }
    }
    catalog_view_close(view);
}

static void a_walk_stops_where_it_is_told(void)
{
    struct seen s = {.stop_at = 3};
    struct catalog_view *view = NULL;
    uint32_t index;

    make_numbers(&index, 5);
    buf_init(&s.text, 1 << 20);
    OK(catalog_view_open(fx.catalog, &view, &fx.err));
    CU_ASSERT_EQUAL(document_each(view, index, 0, 5, see, &s, &fx.err), RC_CANCELLED);
    CU_ASSERT_EQUAL(s.text.n, 2 * (strlen("{'id':0,'pad':''} ") + 300));
    catalog_view_close(view);
    buf_done(&s.text);
}

static void some_documents_come_in_their_order(void)
{
    static const char *const docs[] = {"{\"id\":3}", "{\"id\":1}", "{\"id\":2}", NULL};
    const struct bytes ids[] = {B("1"), B("nope"), B("3"), B("a b"), B("2"), B("1")};
    struct seen s = {0};
    struct catalog_view *view = NULL;
    uint32_t index = fixture_create("a", "id");
    uint64_t total = 0;

    fixture_add("a", docs, true);
    buf_init(&s.text, 1 << 20);
    OK(catalog_view_open(fx.catalog, &view, &fx.err));
    OK(document_each_of(view, index, ids, ARRAY_LEN(ids), 0, 20, see, &s, &total, &fx.err));
    CU_ASSERT_EQUAL(total, 3);
    CU_ASSERT_STRING_EQUAL(buf_cstr(&s.text), "{\"id\":3} {\"id\":1} {\"id\":2} ");
    buf_clear(&s.text);
    OK(document_each_of(view, index, ids, ARRAY_LEN(ids), 1, 1, see, &s, &total, &fx.err));
    CU_ASSERT_EQUAL(total, 3);
    CU_ASSERT_STRING_EQUAL(buf_cstr(&s.text), "{\"id\":1} ");
    buf_clear(&s.text);
    OK(document_each_of(view, index, NULL, 0, 0, 20, see, &s, &total, &fx.err));
    OK(document_each_of(view, index, ids, ARRAY_LEN(ids), 3, 20, see, &s, &total, &fx.err));
    CU_ASSERT_EQUAL(s.text.n, 0);
    catalog_view_close(view);
    buf_done(&s.text);
}

SUITE(documents, fixture_setup, fixture_teardown, TEST(replaced_documents_keep_their_place),
      TEST(deleted_and_added_again_goes_to_the_end), TEST(the_last_of_one_batch_wins),
      TEST(members_are_laid_over_and_others_stay),
      TEST(laying_over_follows_deletes_and_puts_of_the_same_change),
      TEST(a_merge_that_is_too_large_fails_its_task_alone), TEST(creation_can_be_skipped),
      TEST(a_task_rolled_back_leaves_nothing), TEST(memory_of_what_was_taken_back_is_given_back),
      TEST(a_later_task_looks_up_again_what_a_failed_one_did), TEST(an_index_taken_back_is_gone),
      TEST(deleting_all_is_one_step_and_can_be_taken_back),
      TEST(an_index_deleted_and_made_again_in_one_change_is_new),
      TEST(fields_are_counted_by_their_dotted_names), TEST(names_that_are_too_long_are_not_counted),
      TEST(any_page_can_be_read), TEST(a_walk_stops_where_it_is_told),
      TEST(some_documents_come_in_their_order));
