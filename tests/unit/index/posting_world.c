/* SPDX-License-Identifier: MIT */
/* posting_world.c -- see posting_world.h. */
#include "posting_world.h"

#include "base/mem.h"

struct posting_world pw;

const char *const world_fields[WORLD_FIELDS] = {"title", "body", "deep.name", "note"};

static struct plan *plan;
static struct posting_builder *builder;
static struct crumbs *crumbs;
static struct vocab *vocab;
static struct json_parser *parser;
static struct store_view *view;
static struct search_state search;
static struct catalog_view catalog_view;

static void open_view(void)
{
    reader_close(pw.reader);
    pw.reader = NULL;
    store_view_close(view);
    view = NULL;
    OK(store_view_open(fx.store, &view, &fx.err));
}

void world_look(void)
{
    open_view();
    catalog_view.store_view = view;
    search.words = WORDS_NUMBER;
    search.vocab = vocab;
    search.n_fields = search_fields__count(pw.fields);
    pw.reader = xcalloc(1, sizeof *pw.reader);
    pw.reader->view = &catalog_view;
    pw.reader->search = &search;
}

void world_setup(void)
{
    size_t i;

    fixture_setup();
    OK(plan_new(settings_defaults(), &plan, &fx.err));
    pw.fields = search_fields__new(NULL, 0);
    for (i = 0; i < WORLD_FIELDS; i++)
        (void)search_fields__number(pw.fields, bytes_str(world_fields[i]));
    builder = posting_builder__new(plan, pw.fields);
    crumbs = crumbs__new();
    vocab = vocab__new();
    parser = json_parser_new();
    pw.batch = store_batch_new();
}

void world_teardown(void)
{
    reader_close(pw.reader);
    pw.reader = NULL;
    store_view_close(view);
    view = NULL;
    store_batch_free(pw.batch);
    json_parser_free(parser);
    vocab__unref(vocab);
    crumbs__free(crumbs);
    posting_builder__free(builder);
    search_fields__free(pw.fields);
    plan_unref(plan);
    fixture_teardown();
}

void world_settings(const char *json)
{
    struct buf settings;

    buf_init(&settings, BUF_NO_LIMIT);
    OK(settings__apply(settings_defaults(), bytes_str(json), &settings, &fx.err));
    plan_unref(plan);
    plan = NULL;
    OK(plan_new(buf_view(&settings), &plan, &fx.err));
    buf_done(&settings);
    posting_builder__free(builder);
    builder = posting_builder__new(plan, pw.fields);
}

void world_add(uint32_t row, const char *json)
{
    struct json_value v;
    struct json_error at;

    CU_ASSERT_EQUAL_FATAL(json_parse(parser, bytes_str(json), NULL, &v, &at), RC_OK);
    posting_builder__add(builder, row, v);
}

void world_flush(void)
{
    struct vocab *next = NULL;

    open_view();
    OK(posting_write__batch(builder, WORDS_NUMBER, vocab, crumbs, view, pw.batch, &next, &fx.err));
    vocab__unref(vocab);
    vocab = next;
    OK(store_commit(fx.store, pw.batch, &fx.err));
    store_batch_clear(pw.batch);
}
