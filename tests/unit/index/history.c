/* SPDX-License-Identifier: MIT */
/* history.c -- see history.h. */
#include "history.h"

#include "index/reader_int.h"

struct rng history_rng;

void history_setup(void)
{
    fixture_setup();
    rng_init(&history_rng, suite_seed());
}

/* ---- documents ------------------------------------------------------------------------- */

static void words(struct buf *out, size_t n)
{
    static const char *const all[] = {"red",        "green", "Blue", "apple", "Éclair",
                                      "it",         "the",   "x1",   "1999",  "o'clock",
                                      "tree-house", "zebra", "are"};

    while (n--)
        (void)buf_printf(out, "%s%s", all[rng_below(&history_rng, sizeof all / sizeof *all)],
                         n ? rng_below(&history_rng, 5) ? " " : ". " : "");
}

static void make_document(struct buf *out, int id)
{
    buf_clear(out);
    (void)buf_printf(out, "{\"id\":%d", id);
    if (rng_below(&history_rng, 4)) {
        (void)buf_str(out, ",\"title\":\"");
        words(out, rng_below(&history_rng, 6));
        (void)buf_str(out, "\"");
    }
    if (rng_below(&history_rng, 3)) {
        (void)buf_str(out, ",\"body\":{\"text\":\"");
        words(out, rng_below(&history_rng, 60));
        (void)buf_printf(out, "\",\"n\":%d}", (int)rng_below(&history_rng, 5));
    }
    if (rng_below(&history_rng, 3))
        (void)buf_printf(out, ",\"price\":%d.5", (int)rng_below(&history_rng, 30));
    if (rng_below(&history_rng, 3)) {
        (void)buf_str(out, ",\"tags\":[\"");
        words(out, 1);
        (void)buf_str(out, rng_below(&history_rng, 2) ? "\",null,7]" : "\",\"b\"]");
    }
    if (rng_below(&history_rng, 5) == 0)
        (void)buf_printf(out, ",\"extra%d\":%s", (int)rng_below(&history_rng, 9),
                         rng_below(&history_rng, 2) ? "\"\"" : "true");
    if (rng_below(&history_rng, 5) == 0)
        (void)buf_str(out, ",\"_geo\":{\"lat\":1.5,\"lng\":-3}");
    (void)buf_byte(out, '}');
}

void history_add(const char *uid, int ids, int n, bool replace)
{
    struct change *c = fixture_begin();
    struct index_info info;
    struct buf json;

    buf_init(&json, BUF_NO_LIMIT);
    OK(change_find(c, bytes_str(uid), &info, &fx.err));
    while (n--) {
        make_document(&json, (int)rng_below(&history_rng, (uint64_t)ids));
        fixture_add_one(c, info.id, buf_cstr(&json), replace);
    }
    fixture_commit(c);
    buf_done(&json);
}

void history_delete(const char *uid, int ids, int n)
{
    struct change *c = fixture_begin();
    struct index_info info;
    bool deleted;
    char id[16];

    OK(change_find(c, bytes_str(uid), &info, &fx.err));
    while (n--) {
        (void)snprintf(id, sizeof id, "%d", (int)rng_below(&history_rng, (uint64_t)ids));
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
void history_copy(const char *from, const char *to)
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

void history_drop(const char *uid)
{
    struct change *c = fixture_begin();
    uint64_t n;

    OK(change_delete_index(c, bytes_str(uid), &n, &fx.err));
    fixture_commit(c);
}

bool history_is_one_go(const char *uid)
{
    uint8_t a[32], b[32];

    fixture_search_digest(uid, a);
    history_copy(uid, "one-go");
    fixture_search_digest("one-go", b);
    history_drop("one-go");
    return memcmp(a, b, sizeof a) == 0;
}

const struct search_state *history_search(const char *uid)
{
    return snapshot__find(fx.catalog->current, bytes_str(uid))->search;
}

/* Commits nothing new until all that was given up is swept. */
void history_sweep(void)
{
    int i;

    for (i = 0; i < 100 && fixture_keys(KEY_TRASH); i++)
        fixture_commit(fixture_begin());
    CU_ASSERT_EQUAL(fixture_keys(KEY_TRASH), 0);
}

size_t history_keys(void)
{
    static const uint8_t kinds[] = {KEY_SEARCH,         KEY_WORD,           KEY_POSTING,
                                    KEY_POSTING_PREFIX, KEY_POSTING_LENGTH, KEY_COLUMN,
                                    KEY_ROW_DEAD,       KEY_ROW_DOC};
    size_t n = 0, i;

    for (i = 0; i < sizeof kinds; i++)
        n += fixture_keys(kinds[i]);
    return n;
}
