/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "index/block_job.h"
#include "index/row_docs.h"

#include "base/arena.h"
#include "base/mem.h"
#include "support/tempdir.h"

struct fixture fx;

static struct buf text;
static bool text_ready;

void fixture_open(void)
{
    const struct store_opts opts = {.write_buffer = 1 << 20};

    OK(store_open(fx.dir, &opts, &fx.store, &fx.err));
    OK(catalog_open(fx.store, fx.pool, &fx.catalog, &fx.err));
}

void fixture_close(void)
{
    catalog_close(fx.catalog);
    fx.catalog = NULL;
    if (fx.store)
        CU_ASSERT_EQUAL(store_views_open(fx.store), 0);
    store_close(fx.store);
    fx.store = NULL;
}

void fixture_reopen(void)
{
    fixture_close();
    fixture_open();
}

void fixture_setup(void)
{
    fx = (struct fixture){.dir = tempdir_make(), .pool = pool_new("test", 2)};
    if (!text_ready)
        buf_init(&text, BUF_NO_LIMIT);
    text_ready = true;
    fixture_open();
}

void fixture_teardown(void)
{
    fixture_close();
    pool_free(fx.pool);
    tempdir_remove(fx.dir);
    buf_done(&text);
    text_ready = false;
    CU_ASSERT_EQUAL(arena_live_count(), 0);
}

struct change *fixture_begin(void)
{
    struct change *c = NULL;

    OK(change_begin(fx.catalog, &c, &fx.err));
    return c;
}

void fixture_commit(struct change *c)
{
    struct store_batch *batch = store_batch_new();
    enum rc rc = change_finish(c, batch, &fx.err);

    if (rc != RC_OK)
        printf("change_finish: %s\n", fx.err.msg);
    OK(rc);
    if (store_batch_count(batch))
        OK(store_commit(fx.store, batch, &fx.err));
    change_committed(c);
    store_batch_free(batch);
}

uint32_t fixture_create(const char *uid, const char *primary_key)
{
    struct change *c = fixture_begin();
    uint32_t id = 0;

    OK(change_create_index(c, bytes_str(uid), bytes_str(primary_key), 100, &id, &fx.err));
    fixture_commit(c);
    return id;
}

void fixture_add_one(struct change *c, uint32_t index_id, const char *json, bool replace)
{
    const struct document_opts opts = {.replace = replace};

    OK(change_documents_begin(c, index_id, &opts, bytes_str(json), 200, &fx.err));
    OK(change_document(c, index_id, bytes_str(json), &opts, &fx.err));
}

void fixture_add(const char *uid, const char *const *documents, bool replace)
{
    struct change *c = fixture_begin();
    struct index_info info;

    OK(change_find(c, bytes_str(uid), &info, &fx.err));
    for (; *documents; documents++)
        fixture_add_one(c, info.id, *documents, replace);
    fixture_commit(c);
}

static struct catalog_view *view_of(const char *uid, struct index_info *info)
{
    struct catalog_view *view = NULL;

    OK(catalog_view_open(fx.catalog, &view, &fx.err));
    OK(catalog_view_find(view, bytes_str(uid), info, &fx.err));
    return view;
}

const char *fixture_get(const char *uid, const char *id)
{
    struct index_info info;
    struct catalog_view *view = view_of(uid, &info);
    enum rc rc;

    buf_clear(&text);
    rc = document_get(view, info.id, bytes_str(id), &text, &fx.err);
    CU_ASSERT(rc == RC_OK || rc == RC_NOT_FOUND);
    catalog_view_close(view);
    return rc == RC_OK ? buf_cstr(&text) : "";
}

static enum rc append_line(void *arg, struct bytes json, struct err *err)
{
    (void)err;
    (void)buf_bytes(arg, json);
    (void)buf_byte(arg, '\n');
    return RC_OK;
}

const char *fixture_all(const char *uid)
{
    struct index_info info;
    struct catalog_view *view = view_of(uid, &info);

    buf_clear(&text);
    OK(document_each(view, info.id, 0, UINT64_MAX, append_line, &text, &fx.err));
    catalog_view_close(view);
    return buf_cstr(&text);
}

static void append_field(void *arg, struct bytes name, uint64_t count)
{
    (void)buf_printf(arg, "%s%.*s=%llu", ((struct buf *)arg)->n ? " " : "", BYTES_ARG(name),
                     (unsigned long long)count);
}

const char *fixture_fields(const char *uid)
{
    struct index_info info;
    struct catalog_view *view = view_of(uid, &info);

    buf_clear(&text);
    OK(catalog_view_field_counts(view, info.id, append_field, &text, &fx.err));
    catalog_view_close(view);
    return buf_cstr(&text);
}

struct index_info fixture_info(const char *uid)
{
    struct index_info info;

    catalog_view_close(view_of(uid, &info));
    info.uid = info.primary_key = NULL; /* gone with the view */
    return info;
}

void fixture_digest(uint8_t digest[32])
{
    struct catalog_view *view = NULL;

    OK(catalog_view_open(fx.catalog, &view, &fx.err));
    OK(catalog_view_digest(view, digest, &fx.err));
    catalog_view_close(view);
}

size_t fixture_keys(uint8_t kind)
{
    struct store_view *view = NULL;
    struct store_cursor *c = NULL;
    size_t n = 0;

    OK(store_view_open(fx.store, &view, &fx.err));
    OK(store_cursor_open(view, bytes_of(&kind, 1), true, &c, &fx.err));
    for (store_cursor_first(c); store_cursor_valid(c); store_cursor_next(c))
        n++;
    OK(store_cursor_end(c, &fx.err));
    store_cursor_close(c);
    store_view_close(view);
    return n;
}

struct sums {
    struct frame_decoder *decoder;
    struct block_docs docs;
    uint64_t n, json, stored, versions;
    size_t blocks;
};

static enum rc add_block(void *arg, struct bytes frame, uint32_t n_documents, struct err *err)
{
    struct sums *s = arg;
    struct bytes content;
    size_t i;

    OK(frame_decode(s->decoder, frame, RECORD_FRAME_MAX, &content, err));
    OK(block__spans(content, &s->docs, err));
    CU_ASSERT_EQUAL(s->docs.n, n_documents);
    CU_ASSERT(n_documents > 0);
    CU_ASSERT(content.n <= BLOCK_SPLIT || n_documents == 1);
    for (i = 0; i < s->docs.n; i++)
        s->json += s->docs.spans[i].n;
    s->n += n_documents;
    s->stored += frame.n;
    s->blocks++;
    return RC_OK;
}

static void check_index(struct catalog_view *view, size_t i)
{
    struct index_info info = catalog_view_at(view, i);
    struct sums s = {.decoder = frame_decoder_new()};
    struct index_state *state = snapshot__get(view->snapshot, info.id);
    size_t b;

    OK(block_each(view, info.id, add_block, &s, &fx.err));
    CU_ASSERT_EQUAL(s.n, info.n_documents);
    CU_ASSERT_EQUAL(s.json, info.document_bytes);
    for (b = 0; b < state->dir.n; b++) {
        const struct dir_entry *e = &state->dir.at[b];
        uint64_t from, to;

        s.versions += e->count;
        directory__span(&state->dir, b, &from, &to);
        CU_ASSERT((uint64_t)e->first + e->count <= to);
        CU_ASSERT_FALSE(
            block_job__is_worn(e->count, rows__live_between(state->search->rows, from, to)));
    }
    CU_ASSERT_EQUAL(s.versions, state->n_versions);
    if (s.versions == s.n && rows__unmoved(state->search->rows, 0, UINT32_MAX)) {
        /* Nothing is dead: what is handed on is what is stored. */
        CU_ASSERT_EQUAL(s.stored, info.stored_bytes);
        CU_ASSERT_EQUAL(s.blocks, state->dir.n);
    }
    frame_decoder_free(s.decoder);
    block_docs__done(&s.docs);
}

void fixture_check(void)
{
    struct catalog_view *view = NULL;
    size_t i;

    OK(catalog_view_open(fx.catalog, &view, &fx.err));
    for (i = 0; i < catalog_view_count(view); i++)
        check_index(view, i);
    catalog_view_close(view);
}

void fixture_search_digest(const char *uid, uint8_t digest[32])
{
    struct index_info info;
    struct catalog_view *view = view_of(uid, &info);
    struct reader *r = NULL;
    enum rc rc;

    OK(reader_open(view, info.id, &r, &fx.err));
    CU_ASSERT_EQUAL(reader_n_live(r), info.n_documents);
    rc = reader_digest(r, digest, &fx.err);
    if (rc != RC_OK)
        printf("reader_digest: %s\n", fx.err.msg);
    CU_ASSERT_EQUAL(rc, RC_OK);
    reader_close(r);
    catalog_view_close(view);
}

void fixture_settings(const char *uid, const char *patch)
{
    struct change *c = fixture_begin();
    struct index_info info;

    OK(change_find(c, bytes_str(uid), &info, &fx.err));
    OK(settings_check(bytes_str(patch), false, &fx.err));
    OK(change_settings(c, info.id, bytes_str(patch), 300, &fx.err));
    fixture_commit(c);
}
