/* SPDX-License-Identifier: MIT */
/*
 * test_search_state.c -- what can be found does not depend on how an index came to be.
 *
 * Every test ends with the same question: is the digest of what searches find
 * that of an index made in one go from the same documents and settings?
 */
#include "history.h"

#include "base/mem.h"
#include "index/reader_int.h"
#include "support/tempdir.h"

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
    return patches[rng_below(&history_rng, sizeof patches / sizeof *patches)];
}

/* ---- the model test -------------------------------------------------------------------- */

static void random_step(void)
{
    uint64_t n;
    struct change *c;
    struct index_info info;

    switch (rng_below(&history_rng, 12)) {
    case 0:
        fixture_settings("docs", any_patch());
        break;
    case 1:
        history_delete("docs", 300, (int)rng_below(&history_rng, 60));
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
        if (rng_below(&history_rng, 4))
            break;
        c = fixture_begin();
        OK(change_find(c, B("docs"), &info, &fx.err));
        OK(change_delete_all(c, info.id, 5, &n, &fx.err));
        if (rng_below(&history_rng, 2))
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
        history_add("docs", 300,
                    1 + (int)rng_below(&history_rng, rng_below(&history_rng, 3) ? 5 : 150),
                    rng_below(&history_rng, 2));
        break;
    }
}

static void any_history_finds_what_one_go_finds(void)
{
    int i, n = 300 / (int)suite_step(10);

    fixture_create("docs", "id");
    fixture_create("other", "id");
    history_add("other", 300, 50, true);
    for (i = 0; i < n; i++) {
        random_step();
        if (i % 30 != 29)
            continue;
        CU_ASSERT_FATAL(history_is_one_go("docs"));
        CU_ASSERT_FATAL(history_is_one_go("other"));
        fixture_check();
    }
}

/* ---- single promises --------------------------------------------------------------------- */

static void a_reopened_store_finds_the_same(void)
{
    uint8_t a[32], b[32];

    fixture_create("docs", "id");
    fixture_settings("docs", "{\"filterableAttributes\":[\"*\"]}");
    history_add("docs", 500, 800, true);
    history_add("docs", 500, 300, false);
    history_delete("docs", 500, 100);
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
    history_add("docs", 200, 300, true);
    fixture_search_digest("docs", a);
    OK(catalog_view_open(fx.catalog, &view, &fx.err));
    OK(catalog_view_find(view, B("docs"), &info, &fx.err));
    history_add("docs", 200, 300, true);
    fixture_settings("docs", "{\"searchableAttributes\":[\"title\"]}");
    history_drop("docs");
    OK(reader_open(view, info.id, &r, &fx.err));
    OK(reader_digest(r, b, &fx.err));
    reader_close(r);
    catalog_view_close(view);
    CU_ASSERT_EQUAL(memcmp(a, b, sizeof a), 0);
}

static void columns_are_kept_of_what_is_asked_for(void)
{
    uint32_t words;

    fixture_create("docs", "id");
    history_add("docs", 300, 300, true);
    CU_ASSERT_EQUAL(history_search("docs")->n_columns, 0);
    words = history_search("docs")->words;
    fixture_settings("docs",
                     "{\"filterableAttributes\":[\"price\"],\"sortableAttributes\":[\"tags\"]}");
    CU_ASSERT_EQUAL_FATAL(history_search("docs")->n_columns, 2);
    CU_ASSERT(bytes_eq(history_search("docs")->columns[0].name, B("price")));
    CU_ASSERT(bytes_eq(history_search("docs")->columns[1].name, B("tags")));
    CU_ASSERT(fixture_info("docs").search_bytes > history_search("docs")->bytes);
    fixture_settings("docs", "{\"filterableAttributes\":[]}");
    CU_ASSERT_EQUAL(history_search("docs")->n_columns, 1);
    CU_ASSERT_EQUAL(history_search("docs")->words, words); /* they stayed as they were */
    fixture_settings("docs", "{\"stopWords\":[\"the\"]}");
    CU_ASSERT_NOT_EQUAL(history_search("docs")->words, words);
    CU_ASSERT_EQUAL(history_search("docs")->n_columns, 1);
    CU_ASSERT(history_is_one_go("docs"));
}

static void what_is_given_up_is_swept(void)
{
    size_t before;

    fixture_create("docs", "id");
    fixture_settings("docs", "{\"filterableAttributes\":[\"*\"]}");
    history_add("docs", 300, 500, true);
    before = history_keys();
    history_copy("docs", "copy");
    CU_ASSERT(history_keys() > before);
    history_drop("copy");
    history_sweep();
    CU_ASSERT_EQUAL(history_keys(), before);
    fixture_settings("docs", "{\"searchableAttributes\":[\"title\"],\"filterableAttributes\":[]}");
    history_sweep();
    CU_ASSERT(history_keys() < before);
    CU_ASSERT_EQUAL(fixture_keys(KEY_COLUMN), 0);
    history_drop("docs");
    history_sweep();
    CU_ASSERT_EQUAL(history_keys(), 0);
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
    history_add("docs", 30, 30, true);
    buf_init(&value, BUF_NO_LIMIT);
    search_state__encode(history_search("docs"), &value);
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

SUITE(search_state, history_setup, fixture_teardown, TEST(any_history_finds_what_one_go_finds),
      TEST(what_is_found_is_told_apart), TEST(a_reopened_store_finds_the_same),
      TEST(an_old_view_finds_what_it_found), TEST(columns_are_kept_of_what_is_asked_for),
      TEST(what_is_given_up_is_swept), TEST(a_damaged_entry_is_refused));
