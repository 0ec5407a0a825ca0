/* SPDX-License-Identifier: MIT */
/*
 * catalog.c -- the newest state of all indexes, and how it moves on.
 *
 * A change stages the snapshot that its commit will bring, then its caller
 * commits, then says what came of it. In between, a view that is opened may or
 * may not see the commit in the store. It reads the sequence number there and
 * takes the snapshot that fits, so that nobody waits for an fsync and nobody
 * ever sees a store and a snapshot of different moments.
 *
 * (1) At most one snapshot is staged; its sequence is that of current plus one.
 * (2) A staged snapshot is dropped only when the store was read and does not
 *     hold it (catalog__settle), or when it surely never will.
 */
#include "index/change_int.h"
#include "index/search_int.h"

#include "base/assert.h"
#include "base/mem.h"
#include "store/store.h"

enum rc catalog_open(struct store *store, struct pool *pool, struct catalog **ret_catalog,
                     struct err *err)
{
    struct catalog *catalog = xcalloc(1, sizeof *catalog);
    enum rc rc;

    catalog->store = store;
    catalog->pool = pool;
    catalog->worn_rows = CATALOG_WORN_ROWS;
    catalog->documents = document_cache__new(CATALOG_DOCUMENTS_BYTES);
    catalog->blocks = open_blocks__new(CATALOG_BLOCKS_BYTES);
    catalog->crumbs = crumbs__new();
    mutex_init(&catalog->lock);
    rc = catalog_reload(catalog, err);
    if (rc != RC_OK) {
        catalog_close(catalog);
        return rc;
    }
    *ret_catalog = catalog;
    return RC_OK;
}

static void codec_free(struct codec *c)
{
    frame_decoder_free(c->decoder);
    frame_encoder_free(c->encoder);
    frame_encoder_free(c->quick);
    json_parser_free(c->json);
    json_parser_free(c->json_two);
    field_walk__done(&c->walk);
    block_docs__done(&c->docs);
    buf_done(&c->merged);
    xfree(c);
}

void catalog_close(struct catalog *catalog)
{
    if (!catalog)
        return;
    while (catalog->codecs) {
        struct codec *next = catalog->codecs->next;

        codec_free(catalog->codecs);
        catalog->codecs = next;
    }
    snapshot__unref(catalog->current);
    snapshot__unref(catalog->staged);
    document_cache__free(catalog->documents);
    open_blocks__free(catalog->blocks);
    crumbs__free(catalog->crumbs);
    xfree(catalog->swept);
    mutex_done(&catalog->lock);
    xfree(catalog);
}

struct codec *codec__take(struct catalog *catalog)
{
    struct codec *c;

    mutex_lock(&catalog->lock);
    c = catalog->codecs;
    if (c) {
        catalog->codecs = c->next;
        catalog->n_codecs--;
    }
    mutex_unlock(&catalog->lock);
    if (c)
        return c;
    c = xcalloc(1, sizeof *c);
    c->decoder = frame_decoder_new();
    c->encoder = frame_encoder_new(RECORD_FRAME_LEVEL);
    c->quick = frame_encoder_new(RECORD_QUICK_LEVEL);
    c->json = json_parser_new();
    c->json_two = json_parser_new();
    buf_init(&c->merged, BUF_NO_LIMIT);
    return c;
}

void codec__give(struct catalog *catalog, struct codec *c)
{
    if (!c)
        return;
    mutex_lock(&catalog->lock);
    if (catalog->n_codecs < CATALOG_CODECS_KEPT && c->docs.inflated.cap <= CODEC_KEPT_BYTES &&
        c->merged.cap <= CODEC_KEPT_BYTES) {
        c->next = catalog->codecs;
        catalog->codecs = c;
        catalog->n_codecs++;
        c = NULL;
    }
    mutex_unlock(&catalog->lock);
    if (c)
        codec_free(c);
}

/* Makes s (a share) the current one; nothing is staged any more. */
static void set_current(struct catalog *catalog, struct snapshot *s)
{
    struct snapshot *old, *staged;

    mutex_lock(&catalog->lock);
    catalog->turn++;
    old = catalog->current;
    staged = catalog->staged;
    catalog->current = s;
    catalog->staged = NULL;
    mutex_unlock(&catalog->lock);
    snapshot__unref(old);
    snapshot__unref(staged);
}

enum rc catalog_reload(struct catalog *catalog, struct err *err)
{
    struct store_view *view = NULL;
    struct snapshot *s;
    enum rc rc;

    rc = store_view_open(catalog->store, &view, err);
    if (rc != RC_OK)
        return rc;
    rc = snapshot__load(view, &s, err);
    store_view_close(view);
    if (rc != RC_OK)
        return rc;
    set_current(catalog, s);
    document_cache__clear(catalog->documents);
    open_blocks__clear(catalog->blocks);
    return RC_OK;
}

bool catalog_has_trash(struct catalog *catalog)
{
    bool some;

    mutex_lock(&catalog->lock);
    some = catalog->current->n_trash > 0;
    mutex_unlock(&catalog->lock);
    return some;
}

void catalog__stage(struct catalog *catalog, struct snapshot *s)
{
    mutex_lock(&catalog->lock);
    ASSERT(!catalog->staged && s->seq == catalog->current->seq + 1);
    catalog->turn++;
    catalog->staged = s;
    mutex_unlock(&catalog->lock);
}

void catalog__landed(struct catalog *catalog)
{
    struct snapshot *old;

    mutex_lock(&catalog->lock);
    ASSERT(catalog->staged);
    catalog->turn++;
    old = catalog->current;
    catalog->current = catalog->staged;
    catalog->staged = NULL;
    mutex_unlock(&catalog->lock);
    snapshot__unref(old);
}

enum rc catalog__settle(struct catalog *catalog, struct err *err)
{
    struct store_view *view = NULL;
    struct snapshot *staged;
    uint64_t seq;
    enum rc rc;

    mutex_lock(&catalog->lock);
    staged = catalog->staged;
    mutex_unlock(&catalog->lock);
    if (!staged)
        return RC_OK;
    rc = store_view_open(catalog->store, &view, err);
    if (rc != RC_OK)
        return rc;
    rc = snapshot__stored_seq(view, &seq, err);
    store_view_close(view);
    if (rc != RC_OK)
        return rc;
    mutex_lock(&catalog->lock);
    if (catalog->staged == staged && seq == staged->seq) {
        struct snapshot *old = catalog->current;

        catalog->current = staged;
        staged = old;
    }
    catalog->staged = NULL;
    catalog->turn++;
    mutex_unlock(&catalog->lock);
    snapshot__unref(staged);
    return RC_OK;
}
