/* SPDX-License-Identifier: MIT */
/*
 * test_search_state.c -- what can be found does not depend on how an index came to be.
 *
 * Every test ends with the same question: is the digest of what searches find
 * that of an index made in one go from the same documents and settings?
 */
#include "fixture.h"

#include "base/mem.h"
#include "base/rng.h"
#include "index/reader_int.h"
#include "support/tempdir.h"

#include <stdlib.h>

static struct rng rng;

static void setup(void)
{
    fixture_setup();
    rng_init(&rng, suite_seed());
}

/* ---- documents ------------------------------------------------------------------------- */

static void words(struct buf *out, size_t n)
{
    static const char *const all[] = {"red",        "green", "Blue", "apple", "Éclair",
                                      "it",         "the",   "x1",   "1999",  "o'clock",
                                      "tree-house", "zebra", "are"};

    while (n--)
        (void)buf_printf(out, "%s%s", all[rng_below(&rng, sizeof all / sizeof *all)],
                         n ? rng_below(&rng, 5) ? " " : ". " : "");
}

static void make_document(struct buf *out, int id)
{
    buf_clear(out);
    (void)buf_printf(out, "{\"id\":%d", id);
    if (rng_below(&rng, 4)) {
        (void)buf_str(out, ",\"title\":\"");
        words(out, rng_below(&rng, 6));
        (void)buf_str(out, "\"");
    }
    if (rng_below(&rng, 3)) {
        (void)buf_str(out, ",\"body\":{\"text\":\"");
        words(out, rng_below(&rng, 60));
        (void)buf_printf(out, "\",\"n\":%d}", (int)rng_below(&rng, 5));
    }
    if (rng_below(&rng, 3))
        (void)buf_printf(out, ",\"price\":%d.5", (int)rng_below(&rng, 30));
    if (rng_below(&rng, 3)) {
        (void)buf_str(out, ",\"tags\":[\"");
        words(out, 1);
        (void)buf_str(out, rng_below(&rng, 2) ? "\",null,7]" : "\",\"b\"]");
    }
    if (rng_below(&rng, 5) == 0)
        (void)buf_printf(out, ",\"extra%d\":%s", (int)rng_below(&rng, 9),
                         rng_below(&rng, 2) ? "\"\"" : "true");
    if (rng_below(&rng, 5) == 0)
        (void)buf_str(out, ",\"_geo\":{\"lat\":1.5,\"lng\":-3}");
    (void)buf_byte(out, '}');
}

static void add_some(const char *uid, int ids, int n, bool replace)
{
    struct change *c = fixture_begin();
    struct index_info info;
    struct buf json;

    buf_init(&json, BUF_NO_LIMIT);
    OK(change_find(c, bytes_str(uid), &info, &fx.err));
    while (n--) {
        make_document(&json, (int)rng_below(&rng, (uint64_t)ids));
        fixture_add_one(c, info.id, buf_cstr(&json), replace);
    }
    fixture_commit(c);
    buf_done(&json);
}

static void delete_some(const char *uid, int ids, int n)
{
    struct change *c = fixture_begin();
    struct index_info info;
    bool deleted;
    char id[16];

    OK(change_find(c, bytes_str(uid), &info, &fx.err));
    while (n--) {
        (void)snprintf(id, sizeof id, "%d", (int)rng_below(&rng, (uint64_t)ids));
        OK(change_delete_document(c, info.id, bytes_str(id), 400, &deleted, &fx.err));
    }
    fixture_commit(c);
}

struct copying {
    struct change *change;
    uint32_t id;
};

static enum rc copy_document(void *arg, struct bytes json, struct err *err)
{
    const struct document_opts opts = {.replace = true};
    struct copying *copying = arg;

    return change_document(copying->change, copying->id, json, &opts, err);
}

/* Makes index `to` of the documents and settings of `from` in one change. */
static void copy_index(const char *from, const char *to)
{
    const struct document_opts opts = {.replace = true};
    struct copying copying = {.change = fixture_begin()};
    struct catalog_view *view = NULL;
    struct index_info info;

    OK(catalog_view_open(fx.catalog, &view, &fx.err));
    OK(catalog_view_find(view, bytes_str(from), &info, &fx.err));
    OK(change_create_index(copying.change, bytes_str(to), B("id"), 1, &copying.id, &fx.err));
    OK(change_settings(copying.change, copying.id, catalog_view_settings(view, info.id), 1,
                       &fx.err));
    OK(change_documents_begin(copying.change, copying.id, &opts, B("{\"id\":1}"), 1, &fx.err));
    OK(document_each(view, info.id, 0, UINT64_MAX, copy_document, &copying, &fx.err));
    fixture_commit(copying.change);
    catalog_view_close(view);
}

static void delete_index(const char *uid)
{
    struct change *c = fixture_begin();
    uint64_t n;

    OK(change_delete_index(c, bytes_str(uid), &n, &fx.err));
    fixture_commit(c);
}

static bool equal_to_one_go(const char *uid)
{
    uint8_t a[32], b[32];

    fixture_search_digest(uid, a);
    copy_index(uid, "one-go");
    fixture_search_digest("one-go", b);
    delete_index("one-go");
    return memcmp(a, b, sizeof a) == 0;
}

/* ---- settings -------------------------------------------------------------------------- */

static const char *const patches[] = {
    "{\"searchableAttributes\":[\"title\",\"body\"]}",
    "{\"searchableAttributes\":[\"body.text\"]}",
    "{\"searchableAttributes\":null}",
    "{\"stopWords\":[\"the\",\"it\"]}",
    "{\"stopWords\":null}",
    "{\"separatorTokens\":[\"z\"],\"nonSeparatorTokens\":[\"-\"]}",
    "{\"separatorTokens\":null,\"nonSeparatorTokens\":null}",
    "{\"filterableAttributes\":[\"price\",\"tags\"]}",
    "{\"filterableAttributes\":[\"*\"]}",
    "{\"filterableAttributes\":[\"body\",\"_geo\"],\"sortableAttributes\":[\"price\"]}",
    "{\"filterableAttributes\":null}",
    "{\"sortableAttributes\":[\"title\",\"body.n\"]}",
    "{\"sortableAttributes\":null}",
    "{\"distinctAttribute\":\"tags\"}",
    "{\"distinctAttribute\":null}",
    "{\"rankingRules\":[\"words\",\"price:desc\",\"extra1:asc\"]}",
    "{\"rankingRules\":null}",
    "{\"synonyms\":{\"red\":[\"green\"]}}",
};

static const char *any_patch(void)
{
    return patches[rng_below(&rng, sizeof patches / sizeof *patches)];
}

/* ---- the model test -------------------------------------------------------------------- */

static void random_step(void)
{
    uint64_t n;
    struct change *c;
    struct index_info info;

    switch (rng_below(&rng, 12)) {
    case 0:
        fixture_settings("docs", any_patch());
        break;
    case 1:
        delete_some("docs", 300, (int)rng_below(&rng, 60));
        break;
    case 2:
        c = fixture_begin();
        OK(change_swap(c, B("docs"), B("other"), false, &fx.err));
        fixture_commit(c);
        break;
    case 3:
        fixture_reopen();
        break;
    case 4:
        if (rng_below(&rng, 4))
            break;
        c = fixture_begin();
        OK(change_find(c, B("docs"), &info, &fx.err));
        OK(change_delete_all(c, info.id, 5, &n, &fx.err));
        if (rng_below(&rng, 2))
            fixture_add_one(c, info.id, "{\"id\":7,\"title\":\"seven after all\"}", true);
        fixture_commit(c);
        break;
    case 5: /* settings and documents at once */
        c = fixture_begin();
        OK(change_find(c, B("docs"), &info, &fx.err));
        fixture_add_one(c, info.id, "{\"id\":9,\"title\":\"nine of them\"}", true);
        OK(change_settings(c, info.id, bytes_str(any_patch()), 8, &fx.err));
        fixture_add_one(c, info.id, "{\"id\":9,\"price\":12}", false);
        fixture_commit(c);
        break;
    default:
        add_some("docs", 300, 1 + (int)rng_below(&rng, rng_below(&rng, 3) ? 5 : 150),
                 rng_below(&rng, 2));
        break;
    }
}

static void any_history_finds_what_one_go_finds(void)
{
    int i, n = 300 / (int)suite_step(5);

    fixture_create("docs", "id");
    fixture_create("other", "id");
    add_some("other", 300, 50, true);
    for (i = 0; i < n; i++) {
        random_step();
        if (i % 30 != 29)
            continue;
        CU_ASSERT_FATAL(equal_to_one_go("docs"));
        CU_ASSERT_FATAL(equal_to_one_go("other"));
        fixture_check();
    }
}

/* ---- single promises --------------------------------------------------------------------- */

static void a_reopened_store_finds_the_same(void)
{
    uint8_t a[32], b[32];

    fixture_create("docs", "id");
    fixture_settings("docs", "{\"filterableAttributes\":[\"*\"]}");
    add_some("docs", 500, 800, true);
    add_some("docs", 500, 300, false);
    delete_some("docs", 500, 100);
    fixture_search_digest("docs", a);
    fixture_reopen();
    fixture_search_digest("docs", b);
    CU_ASSERT_EQUAL(memcmp(a, b, sizeof a), 0);
}

/* A digest that could not tell would make every test here pass. */
static void what_is_found_is_told_apart(void)
{
    static const char *const changes[] = {"{\"searchableAttributes\":[\"b\"]}",
                                          "{\"searchableAttributes\":null,\"stopWords\":[\"y\"]}",
                                          "{\"stopWords\":null,\"filterableAttributes\":[\"a\"]}",
                                          "{\"filterableAttributes\":[\"a\",\"b\"]}",
                                          "{\"filterableAttributes\":[\"b\"]}"};
    static const char *const documents[] = {"{\"id\":1,\"a\":\"x y\",\"b\":\"z\"}", NULL};
    uint8_t digests[6][32];
    size_t i, k;

    fixture_create("docs", "id");
    fixture_add("docs", documents, true);
    fixture_search_digest("docs", digests[0]);
    for (i = 1; i < 6; i++) {
        fixture_settings("docs", changes[i - 1]);
        fixture_search_digest("docs", digests[i]);
        for (k = 0; k < i; k++)
            CU_ASSERT_NOT_EQUAL(memcmp(digests[k], digests[i], 32), 0);
    }
}

static void an_old_view_finds_what_it_found(void)
{
    struct catalog_view *view = NULL;
    struct reader *r = NULL;
    struct index_info info;
    uint8_t a[32], b[32];

    fixture_create("docs", "id");
    add_some("docs", 200, 300, true);
    fixture_search_digest("docs", a);
    OK(catalog_view_open(fx.catalog, &view, &fx.err));
    OK(catalog_view_find(view, B("docs"), &info, &fx.err));
    add_some("docs", 200, 300, true);
    fixture_settings("docs", "{\"searchableAttributes\":[\"title\"]}");
    delete_index("docs");
    OK(reader_open(view, info.id, &r, &fx.err));
    OK(reader_digest(r, b, &fx.err));
    reader_close(r);
    catalog_view_close(view);
    CU_ASSERT_EQUAL(memcmp(a, b, sizeof a), 0);
}

static const struct search_state *search_of(const char *uid)
{
    return snapshot__find(fx.catalog->current, bytes_str(uid))->search;
}

static void columns_are_kept_of_what_is_asked_for(void)
{
    uint32_t words;

    fixture_create("docs", "id");
    add_some("docs", 300, 300, true);
    CU_ASSERT_EQUAL(search_of("docs")->n_columns, 0);
    words = search_of("docs")->words;
    fixture_settings("docs",
                     "{\"filterableAttributes\":[\"price\"],\"sortableAttributes\":[\"tags\"]}");
    CU_ASSERT_EQUAL_FATAL(search_of("docs")->n_columns, 2);
    CU_ASSERT(bytes_eq(search_of("docs")->columns[0].name, B("price")));
    CU_ASSERT(bytes_eq(search_of("docs")->columns[1].name, B("tags")));
    CU_ASSERT(fixture_info("docs").search_bytes > search_of("docs")->bytes);
    fixture_settings("docs", "{\"filterableAttributes\":[]}");
    CU_ASSERT_EQUAL(search_of("docs")->n_columns, 1);
    CU_ASSERT_EQUAL(search_of("docs")->words, words); /* they stayed as they were */
    fixture_settings("docs", "{\"stopWords\":[\"the\"]}");
    CU_ASSERT_NOT_EQUAL(search_of("docs")->words, words);
    CU_ASSERT_EQUAL(search_of("docs")->n_columns, 1);
    CU_ASSERT(equal_to_one_go("docs"));
}

/* Commits nothing new until all that was given up is swept. */
static void sweep_all(void)
{
    int i;

    for (i = 0; i < 100 && fixture_keys(KEY_TRASH); i++)
        fixture_commit(fixture_begin());
    CU_ASSERT_EQUAL(fixture_keys(KEY_TRASH), 0);
}

static size_t search_keys(void)
{
    static const uint8_t kinds[] = {KEY_SEARCH,         KEY_WORD,           KEY_POSTING,
                                    KEY_POSTING_PREFIX, KEY_POSTING_LENGTH, KEY_COLUMN,
                                    KEY_ROW_DEAD,       KEY_ROW_DOC};
    size_t n = 0, i;

    for (i = 0; i < sizeof kinds; i++)
        n += fixture_keys(kinds[i]);
    return n;
}

static void what_is_given_up_is_swept(void)
{
    size_t before;

    fixture_create("docs", "id");
    fixture_settings("docs", "{\"filterableAttributes\":[\"*\"]}");
    add_some("docs", 300, 500, true);
    before = search_keys();
    copy_index("docs", "copy");
    CU_ASSERT(search_keys() > before);
    delete_index("copy");
    sweep_all();
    CU_ASSERT_EQUAL(search_keys(), before);
    fixture_settings("docs", "{\"searchableAttributes\":[\"title\"],\"filterableAttributes\":[]}");
    sweep_all();
    CU_ASSERT(search_keys() < before);
    CU_ASSERT_EQUAL(fixture_keys(KEY_COLUMN), 0);
    delete_index("docs");
    sweep_all();
    CU_ASSERT_EQUAL(search_keys(), 0);
}

/* ---- builds that do not end -------------------------------------------------------------- */

static int steps_left;

static enum rc failing_commit(void *arg, const struct store_batch *batch, struct err *err)
{
    (void)arg;
    if (steps_left-- <= 0)
        return err_set(err, RC_NO_SPACE, NULL, "no space for a step");
    return store_commit(fx.store, batch, err);
}

static enum rc try_settings(const char *uid, const char *patch, const struct change_steps *steps)
{
    struct store_batch *batch = store_batch_new();
    struct change *c = fixture_begin();
    struct index_info info;
    enum rc rc;

    change_set_steps(c, steps);
    OK(change_find(c, bytes_str(uid), &info, &fx.err));
    OK(change_settings(c, info.id, bytes_str(patch), 300, &fx.err));
    rc = change_finish(c, batch, &fx.err);
    if (rc == RC_OK) {
        OK(store_commit(fx.store, batch, &fx.err));
        change_committed(c);
    } else {
        change_abandon(c);
    }
    store_batch_free(batch);
    return rc;
}

static void a_build_that_fails_anywhere_leaves_what_was(void)
{
    const struct change_steps steps = {.commit = failing_commit};
    const char *patch = "{\"searchableAttributes\":[\"title\"],\"filterableAttributes\":[\"*\"]}";
    uint8_t a[32], b[32];
    size_t before;
    enum rc rc = RC_NO_SPACE;
    int n;

    fixture_create("docs", "id");
    add_some("docs", 300, 400, true);
    sweep_all();
    fixture_search_digest("docs", a);
    before = search_keys();
    for (n = 0; rc != RC_OK; n++) {
        steps_left = n;
        rc = try_settings("docs", patch, &steps);
        if (rc == RC_OK)
            break;
        CU_ASSERT_EQUAL_FATAL(rc, RC_NO_SPACE);
        if (n % 2)
            fixture_reopen();
        fixture_search_digest("docs", b);
        CU_ASSERT_EQUAL(memcmp(a, b, sizeof a), 0);
        sweep_all();
        CU_ASSERT_EQUAL(search_keys(), before);
    }
    CU_ASSERT(n >= 3); /* a mark, words and parts at least */
    CU_ASSERT(equal_to_one_go("docs"));
}

static enum rc stop_at_once(void *arg, struct err *err)
{
    (void)arg;
    return err_set(err, RC_CANCELLED, NULL, "stop");
}

static void a_build_can_be_stopped(void)
{
    const struct change_steps steps = {.check = stop_at_once};
    uint8_t a[32], b[32];

    fixture_create("docs", "id");
    add_some("docs", 300, 400, true);
    fixture_search_digest("docs", a);
    CU_ASSERT_EQUAL(try_settings("docs", "{\"stopWords\":[\"red\"]}", &steps), RC_CANCELLED);
    fixture_search_digest("docs", b);
    CU_ASSERT_EQUAL(memcmp(a, b, sizeof a), 0);
    fixture_settings("docs", "{\"stopWords\":[\"red\"]}");
    CU_ASSERT(equal_to_one_go("docs"));
}

/* ---- many dead rows ------------------------------------------------------------------------ */

static void add_range(int from, int to, int value)
{
    struct change *c = fixture_begin();
    struct index_info info;
    char json[64];

    OK(change_find(c, B("docs"), &info, &fx.err));
    for (; from < to; from++) {
        (void)snprintf(json, sizeof json, "{\"id\":%d,\"t\":\"w%d\",\"n\":%d}", from, from % 7,
                       value);
        fixture_add_one(c, info.id, json, true);
    }
    fixture_commit(c);
}

static void many_dead_rows_are_cleaned_up(void)
{
    uint32_t next;

    fixture_create("docs", "id");
    fixture_settings("docs", "{\"sortableAttributes\":[\"n\"]}");
    add_range(0, 11000, 1);
    add_range(500, 11000, 2);
    CU_ASSERT_EQUAL(rows__n_dead(search_of("docs")->rows), 10500);
    next = rows__next(search_of("docs")->rows);
    add_range(0, 10, 3); /* cleans up first */
    CU_ASSERT_EQUAL(rows__n_dead(search_of("docs")->rows), 10);
    CU_ASSERT(rows__next(search_of("docs")->rows) < next);
    CU_ASSERT_EQUAL(search_of("docs")->dead_built, 0);
    CU_ASSERT(equal_to_one_go("docs"));
    add_range(10990, 11010, 4); /* numbers go on behind the clean-up */
    CU_ASSERT(equal_to_one_go("docs"));
    fixture_reopen();
    CU_ASSERT(equal_to_one_go("docs"));
}

/* ---- damage ---------------------------------------------------------------------------- */

static void a_damaged_entry_is_refused(void)
{
    struct store_batch *batch = store_batch_new();
    struct key key;
    struct buf value;
    size_t n;

    fixture_create("docs", "id");
    fixture_settings("docs", "{\"filterableAttributes\":[\"*\"]}");
    add_some("docs", 30, 30, true);
    buf_init(&value, BUF_NO_LIMIT);
    search_state__encode(search_of("docs"), &value);
    key_head(&key, KEY_SEARCH, fixture_info("docs").id);
    for (n = 0; n <= value.n; n++) {
        struct catalog *other = NULL;

        store_batch_clear(batch);
        store_batch_put(batch, key_bytes(&key), bytes_of(value.p, n));
        OK(store_commit(fx.store, batch, &fx.err));
        CU_ASSERT_EQUAL(catalog_open(fx.store, NULL, &other, &fx.err),
                        n == value.n ? RC_OK : RC_CORRUPT);
        if (n == value.n)
            catalog_close(other);
    }
    store_batch_clear(batch);
    store_batch_del(batch, key_bytes(&key));
    OK(store_commit(fx.store, batch, &fx.err));
    CU_ASSERT_EQUAL(catalog_reload(fx.catalog, &fx.err), RC_CORRUPT);
    store_batch_free(batch);
    buf_done(&value);
}

/* ---- formats ----------------------------------------------------------------------------- */

/* Makes the index what the version before lists of beginnings would have left. */
static void make_old(const char *uid)
{
    struct store_batch *batch = store_batch_new();
    uint32_t words = search_of(uid)->words;
    struct store_view *view = NULL;
    struct store_cursor *c = NULL;
    struct buf value;
    struct key key;

    OK(store_view_open(fx.store, &view, &fx.err));
    OK(store_cursor_open(view, key_head(&key, KEY_POSTING_PREFIX, words), false, &c, &fx.err));
    for (store_cursor_first(c); store_cursor_valid(c); store_cursor_next(c))
        store_batch_del(batch, store_cursor_key(c));
    store_cursor_close(c);
    store_view_close(view);
    buf_init(&value, BUF_NO_LIMIT);
    search_state__encode(search_of(uid), &value);
    CU_ASSERT_EQUAL(value.p[0], 2);
    value.p[0] = 1;
    store_batch_put(batch, key_head(&key, KEY_SEARCH, fixture_info(uid).id), buf_view(&value));
    OK(store_commit(fx.store, batch, &fx.err));
    buf_done(&value);
    store_batch_free(batch);
}

static void what_an_earlier_version_indexed_is_indexed_anew(void)
{
    uint32_t old, other;
    uint8_t a[32], b[32];

    fixture_create("docs", "id");
    fixture_create("other", "id");
    fixture_create("empty", "id");
    add_some("docs", 300, 400, true);
    add_some("other", 30, 40, true);
    fixture_search_digest("docs", a);
    old = search_of("docs")->words;
    other = search_of("other")->words;
    make_old("docs");
    fixture_reopen();
    CU_ASSERT(search_of("docs")->words != old);
    CU_ASSERT_FALSE(search_of("docs")->old_words);
    CU_ASSERT_EQUAL(search_of("other")->words, other);
    fixture_search_digest("docs", b);
    CU_ASSERT_EQUAL(memcmp(a, b, sizeof a), 0);
    old = search_of("docs")->words;
    fixture_reopen(); /* once is enough */
    CU_ASSERT_EQUAL(search_of("docs")->words, old);
    CU_ASSERT(equal_to_one_go("docs"));
}

SUITE(search_state, setup, fixture_teardown, TEST(any_history_finds_what_one_go_finds),
      TEST(what_is_found_is_told_apart), TEST(a_reopened_store_finds_the_same),
      TEST(an_old_view_finds_what_it_found), TEST(columns_are_kept_of_what_is_asked_for),
      TEST(what_is_given_up_is_swept), TEST(a_build_that_fails_anywhere_leaves_what_was),
      TEST(a_build_can_be_stopped), TEST(many_dead_rows_are_cleaned_up),
      TEST(a_damaged_entry_is_refused), TEST(what_an_earlier_version_indexed_is_indexed_anew));
