/* SPDX-License-Identifier: MIT */
/*
 * fuzz_filter.c -- any bytes as a filter of a small index.
 *
 * The first byte says whether the rest is a filter string or JSON. A refusal must
 * have a word and a text. What is taken is asked of a tile: it finds live rows
 * only, NOT of it finds all the others, and asked about some rows it says the same
 * of them as asked about all.
 */
#include "mutate.h"

#include "base/assert.h"
#include "base/rng.h"
#include "index/index.h"
#include "query/filter_int.h"
#include "query/search_run.h"
#include "store/store.h"
#include "support/tempdir.h"
#include "json/json_write.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed)
{
    static const char *const pieces[] = {
        " AND ",
        " AND b IN [1, 2, x]",
        " OR ",
        "NOT ",
        "(",
        ")",
        "a = 1",
        "b != x",
        "c > 0.5",
        "a <= z",
        "b 1 TO 5",
        "a IN [",
        "1, ",
        "x]",
        " EXISTS",
        " IS NULL",
        " IS EMPTY",
        " CONTAINS x",
        "c STARTS WITH x",
        " IS NOT ",
        "'q\\'s'",
        "\"\\u0041\"",
        "_geoRadius(1, 2, 3000000)",
        "_geoBoundingBox([10, -170], [-10, 170])",
        "[\"a=1\",[\"b=2\",\"c=3\"]]",
        "\xC3\xA9",
        "-1e3",
    };

    return mutate_with(pieces, ARRAY_LEN(pieces), data, n, max, seed);
}

static struct {
    char *dir;
    struct store *store;
    struct catalog *catalog;
    struct catalog_view *view;
    uint32_t index_id;
} world;

static void close_world(void)
{
    catalog_view_close(world.view);
    catalog_close(world.catalog);
    store_close(world.store);
    tempdir_remove(world.dir);
}

static void must(enum rc rc)
{
    ASSERT(rc == RC_OK);
}

static void open_world(void)
{
    static const char *const documents[] = {
        "{\"id\":0,\"a\":1,\"b\":\"x\",\"c\":[0.5,\"X1\"]}",
        "{\"id\":1,\"a\":null,\"b\":\"\",\"c\":{}}",
        "{\"id\":2,\"a\":[],\"b\":5,\"_geo\":{\"lat\":1,\"lng\":179}}",
        "{\"id\":3,\"b\":[1,2,\"q's\"],\"c\":\"A\"}",
        "{\"id\":4,\"a\":-1000,\"c\":\"\xC3\xA9t\xC3\xA9\"}",
    };
    const struct store_opts opts = {.write_buffer = 1 << 20};
    const struct document_opts how = {.replace = true, .primary_key = B("id")};
    struct store_batch *batch = store_batch_new();
    struct change *c;
    struct err err;

    world.dir = tempdir_make();
    must(store_open(world.dir, &opts, &world.store, &err));
    must(catalog_open(world.store, NULL, &world.catalog, &err));
    must(change_begin(world.catalog, &c, &err));
    must(change_create_index(c, B("f"), B("id"), 1, &world.index_id, &err));
    must(change_settings(c, world.index_id,
                         B("{\"filterableAttributes\":[\"a\",\"b\",\"c\",\"d\",\"_geo\"]}"), 1,
                         &err));
    must(change_documents_begin(c, world.index_id, &how, bytes_str(documents[0]), 1, &err));
    for (size_t i = 0; i < ARRAY_LEN(documents); i++)
        must(change_document(c, world.index_id, bytes_str(documents[i]), &how, &err));
    must(change_finish(c, batch, &err));
    must(store_commit(world.store, batch, &err));
    change_committed(c);
    store_batch_free(batch);
    must(catalog_view_open(world.catalog, &world.view, &err));
    (void)atexit(close_world);
}

static void ask(struct filter *f, const struct tile *live)
{
    struct filter_node contrary = {.op = FILTER_NOT, .child = f->root};
    struct filter other = {.search = f->search, .root = &contrary};
    struct tile found, others, few = *live;
    struct err err;

    must(filter__tile(f, 0, live, &found, &err));
    must(filter__tile(&other, 0, live, &others, &err));
    for (size_t i = 0; i < TILE_WORDS; i++) {
        ASSERT((found.bits[i] & others.bits[i]) == 0);
        ASSERT((found.bits[i] | others.bits[i]) == live->bits[i]);
        few.bits[i] &= 0x5555555555555555U;
    }
    must(filter__tile(f, 0, &few, &few, &err)); /* in place, as AND does */
    for (size_t i = 0; i < TILE_WORDS; i++)
        ASSERT(few.bits[i] == (found.bits[i] & 0x5555555555555555U));
#ifdef LODE_PLANTED_BUG
    if (f->root->op == FILTER_AND && f->root->child->next->op == FILTER_IN &&
        f->root->child->next->n_values > 2)
        NEVER("planted bug");
#endif
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const word = "invalid_search_filter";
    struct arena *arena = arena_new((size_t)64 << 20);
    struct query_spec spec;
    struct search s = {.spec = &spec, .arena = arena};
    struct filter *f = NULL;
    struct tile live;
    struct buf json;
    struct err err = {0};
    enum rc rc;

    if (!world.store)
        open_world();
    query_spec_init(&spec);
    spec.contains_filter = true;
    buf_init(&json, BUF_NO_LIMIT);
    if (n && data[0] & 1)
        buf_append(&json, data + 1, n - 1);
    else if (n)
        json_quote(&json, bytes_of(data + 1, n - 1));
    must(reader_open(world.view, world.index_id, &s.reader, &err));
    s.plan = reader_plan(s.reader);
    rc = filter__new(&s, buf_view(&json), word, &f, &err);
    if (rc != RC_OK) {
        ASSERT(rc == RC_INVALID && err.word == word && err.msg[0]);
    } else if (f) {
        (void)reader_live(s.reader, 0, &live);
        ask(f, &live);
    }
    reader_close(s.reader);
    buf_done(&json);
    arena_free(arena);
    return 0;
}
