/* SPDX-License-Identifier: MIT */
#include "corpus.h"

#include <stdio.h>

#include "base/mem.h"
#include "support/tempdir.h"

#define OK(call) must_be_ok(call)
#define ALWAYS (INT64_C(3600) * 1000000000)

struct corpus corpus;

static void must_be_ok(enum rc rc)
{
    if (rc != RC_OK)
        printf("%s: %s\n", rc_name(rc), corpus.err.msg);
    CU_ASSERT_EQUAL_FATAL(rc, RC_OK);
}

void corpus_setup(void)
{
    const struct store_opts opts = {.write_buffer = 1 << 20};

    corpus = (struct corpus){.dir = tempdir_make()};
    OK(store_open(corpus.dir, &opts, &corpus.store, &corpus.err));
    OK(catalog_open(corpus.store, NULL, &corpus.catalog, &corpus.err));
}

static void close_search(void)
{
    search__close(&corpus.run);
    corpus.ranking = (struct ranking){0};
    catalog_view_close(corpus.view);
    corpus.view = NULL;
    arena_free(corpus.arena);
    corpus.arena = NULL;
}

void corpus_teardown(void)
{
    close_search();
    catalog_close(corpus.catalog);
    store_close(corpus.store);
    tempdir_remove(corpus.dir);
    CU_ASSERT_EQUAL(arena_live_count(), 0);
}

static void commit(struct change *c)
{
    struct store_batch *batch = store_batch_new();

    OK(change_finish(c, batch, &corpus.err));
    if (store_batch_count(batch) > 0)
        OK(store_commit(corpus.store, batch, &corpus.err));
    change_committed(c);
    store_batch_free(batch);
}

void corpus_add(const char *const *documents)
{
    const struct document_opts opts = {.replace = true, .primary_key = B("id")};
    struct change *c = NULL;

    if (!documents[0])
        return;
    OK(change_begin(corpus.catalog, &c, &corpus.err));
    OK(change_documents_begin(c, corpus.index_id, &opts, bytes_str(documents[0]), 200,
                              &corpus.err));
    for (; *documents; documents++)
        OK(change_document(c, corpus.index_id, bytes_str(*documents), &opts, &corpus.err));
    commit(c);
}

void corpus_make(const char *settings, const char *const *documents)
{
    struct change *c = NULL;
    uint64_t gone;

    close_search();
    OK(change_begin(corpus.catalog, &c, &corpus.err));
    if (corpus.made)
        OK(change_delete_index(c, B("corpus"), &gone, &corpus.err));
    OK(change_create_index(c, B("corpus"), B("id"), 100, &corpus.index_id, &corpus.err));
    OK(settings_check(bytes_str(settings), false, &corpus.err));
    OK(change_settings(c, corpus.index_id, bytes_str(settings), 150, &corpus.err));
    corpus.made = true;
    commit(c);
    corpus_add(documents);
}

enum rc corpus_open(const struct query_spec *spec)
{
    enum rc rc;

    close_search();
    corpus.arena = arena_new((size_t)64 << 20);
    OK(catalog_view_open(corpus.catalog, &corpus.view, &corpus.err));
    rc = search__open(corpus.view, corpus.index_id, spec, corpus.stop, corpus.arena, &corpus.run,
                      &corpus.err);
    corpus.run.search.budget_ns += ALWAYS;
    return rc;
}

void corpus_search_with(const struct query_spec *spec, const struct rank_opts *opts)
{
    OK(corpus_open(spec));
    OK(rank__run(&corpus.run.search, &corpus.run.graph, corpus.run.filter, opts, &corpus.ranking,
                 &corpus.err));
}

void corpus_search(const struct query_spec *spec)
{
    const struct rank_opts opts = {.limit = spec->limit, .keep_candidates = true};

    corpus_search_with(spec, &opts);
}

void corpus_ask(const char *q)
{
    struct query_spec spec;

    query_spec_init(&spec);
    spec.q = bytes_str(q);
    corpus_search(&spec);
}

const char *corpus_order(void)
{
    static char text[4096];
    size_t n = 0;

    text[0] = 0;
    for (size_t i = 0; i < corpus.ranking.n && n + 16 < sizeof(text); i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%u", i > 0 ? " " : "",
                              corpus.ranking.at[i].doc);
    return text;
}

const struct score_part *corpus_part(size_t i, enum rule_kind kind)
{
    if (i >= corpus.ranking.n)
        return NULL;
    for (size_t j = 0; j < corpus.ranking.at[i].n_parts; j++) {
        if (corpus.ranking.at[i].parts[j].kind == kind)
            return &corpus.ranking.at[i].parts[j];
    }
    return NULL;
}
