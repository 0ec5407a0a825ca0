/* SPDX-License-Identifier: MIT */
/*
 * change_finish.c -- all that was kept, into one batch, and the snapshot that it brings.
 */
#include "index/change_int.h"
#include "index/reader_int.h"

#include "base/assert.h"
#include "base/mem.h"
#include "store/store.h"

static void copy_documents(struct index_state *next, const struct index_state *stored)
{
    if (!stored)
        return;
    next->blocks = stored->blocks;
    next->n_versions = stored->n_versions;
    next->n_documents = stored->n_documents;
    next->document_bytes = stored->document_bytes;
    next->stored_bytes = stored->stored_bytes;
}

static void put_search(const struct index_state *s, const struct index_state *base,
                       struct store_batch *batch)
{
    struct key key;
    struct buf value;

    if (base && base->search == s->search)
        return;
    key_head(&key, KEY_SEARCH, s->id);
    if (!s->search->words) {
        store_batch_del(batch, key_bytes(&key));
        return;
    }
    buf_init(&value, BUF_NO_LIMIT);
    search_state__encode(s->search, &value);
    store_batch_put(batch, key_bytes(&key), buf_view(&value));
    buf_done(&value);
}

static void put_entry(const struct index_state *s, bool settings, struct store_batch *batch)
{
    struct key key;
    struct buf value;

    buf_init(&value, BUF_NO_LIMIT);
    index_state__encode(s, &value);
    store_batch_put(batch, key_head(&key, KEY_INDEX, s->id), buf_view(&value));
    buf_done(&value);
    if (settings)
        store_batch_put(batch, key_head(&key, KEY_SETTINGS, s->id), s->settings);
}

/* The draft's state behind the commit, as a share. */
static enum rc write_draft(struct change *c, struct draft *d, uint32_t version,
                           struct store_batch *batch, struct index_state **ret_state,
                           struct err *err)
{
    const struct index_state *stored = d->renewed ? d->renewed : change__stored(d);
    struct index_state *s;
    enum rc rc = RC_OK;

    s = index_state__new();
    s->id = d->id;
    s->body = d->m.body;
    s->uid = xstrdup(d->m.uid);
    s->primary_key = d->m.primary_key ? xstrdup(d->m.primary_key) : NULL;
    s->created_ns = d->m.created_ns;
    s->updated_ns = d->m.updated_ns;
    s->settings_text = xmemdup(d->m.settings.p, d->m.settings.n);
    s->settings = bytes_of(s->settings_text, d->m.settings.n);
    copy_documents(s, stored);
    s->search = d->search;
    d->search = NULL;
    s->next_doc = rows__next(s->search->rows); /* less than stored behind a clean-up */
    if (d->m.docs && d->m.docs->n_ops) {
        rc = change__write_documents(c, d, s, version, batch, err);
    } else {
        if (stored)
            directory__push_all(&s->dir, &stored->dir, 0, stored->dir.n);
        index_state__set_fields(s, stored ? stored->fields : NULL, stored ? stored->n_fields : 0);
    }
    if (rc != RC_OK) {
        index_state__unref(s);
        return rc;
    }
    put_search(s, d->base, batch);
    put_entry(s, !d->base || !bytes_eq(d->base->settings, s->settings), batch);
    *ret_state = s;
    return RC_OK;
}

/* Which of the committed indexes are still there. */
static bool *find_kept(const struct change *c)
{
    size_t n = c->view->snapshot->n, i;
    bool *kept = xcalloc(n ? n : 1, sizeof *kept);

    for (i = 0; i < c->n_table; i++)
        if (c->table[i]->base)
            kept[c->table[i] - c->base_drafts] = true;
    return kept;
}

/* Forgets deleted indexes and marks the bodies that nobody names any more. */
static bool write_deleted(struct change *c, struct snapshot *next, struct store_batch *batch)
{
    const struct snapshot *now = c->view->snapshot;
    bool *kept = find_kept(c), some = false;
    size_t cap = 0, i;
    struct key key;

    next->trash = index__grow(NULL, sizeof *next->trash, now->n_trash + 1, &cap);
    if (now->n_trash)
        memcpy(next->trash, now->trash, now->n_trash * sizeof *next->trash);
    next->n_trash = now->n_trash;
    for (i = 0; i < now->n; i++) {
        const struct draft *d = &c->base_drafts[i];

        if (!kept[i] || d->m.body != d->base->body) {
            some = true;
            next->trash = index__grow(next->trash, sizeof *next->trash, next->n_trash + 1, &cap);
            next->trash[next->n_trash++] = d->base->body;
            store_batch_put(batch, key_head(&key, KEY_TRASH, d->base->body), (struct bytes){0});
        }
        if (change__give_up(next, d->base, kept[i] ? snapshot__get(next, d->id) : NULL, batch,
                            &cap))
            some = true;
        if (kept[i])
            continue;
        store_batch_del(batch, key_head(&key, KEY_INDEX, d->id));
        store_batch_del(batch, key_head(&key, KEY_SETTINGS, d->id));
        store_batch_del(batch, key_head(&key, KEY_SEARCH, d->id));
    }
    change__keep_reserved(c, next, batch);
    xfree(kept);
    return some || next->n_trash;
}

/* The states of all indexes behind the commit, as shares; *ret_n of them also on failure. */
static enum rc write_drafts(struct change *c, struct store_batch *batch,
                            struct index_state **states, size_t *ret_n, struct err *err)
{
    uint32_t version = (uint32_t)c->view->snapshot->seq + 1;
    size_t i;

    for (i = 0; i < c->n_table; i++) {
        struct draft *d = c->table[i];
        enum rc rc = RC_OK;

        if (d->m.changed)
            rc = write_draft(c, d, version, batch, &states[i], err);
        else
            states[i] = index_state__ref(d->base);
        *ret_n = i;
        if (rc != RC_OK)
            return rc;
    }
    *ret_n = i;
    return RC_OK;
}

static bool any_changed(const struct change *c)
{
    size_t i;

    for (i = 0; i < c->n_table; i++)
        if (c->table[i]->m.changed)
            return true;
    return false;
}

/* What takes commits of its own comes first; c->view is newer then. */
static enum rc begin_searches(struct change *c, struct store_batch *batch, struct err *err)
{
    enum rc rc = RC_OK;
    size_t i;

    for (i = 0; rc == RC_OK && i < c->n_table; i++)
        if (c->table[i]->m.changed)
            rc = change__search_begin(c, c->table[i], batch, err);
    return rc;
}

void change__put_meta(const struct snapshot *next, struct store_batch *batch)
{
    const uint8_t kind = KEY_META;
    struct buf value;

    buf_init(&value, BUF_NO_LIMIT);
    meta__encode(next, &value);
    store_batch_put(batch, bytes_of(&kind, 1), buf_view(&value));
    buf_done(&value);
}

enum rc change_finish(struct change *c, struct store_batch *batch, struct err *err)
{
    struct index_state **states;
    struct snapshot *next = NULL;
    bool some = any_changed(c);
    size_t n = 0, i;
    enum rc rc;

    ASSERT(!c->marked && !c->next);
    states = xmalloc((c->n_table ? c->n_table : 1) * sizeof(struct index_state *));
    rc = begin_searches(c, batch, err);
    if (rc == RC_OK)
        rc = write_drafts(c, batch, states, &n, err);
    if (rc != RC_OK) {
        for (i = 0; i < n; i++)
            index_state__unref(states[i]);
        goto out;
    }
    next = snapshot__new(states, n);
    next->seq = c->view->snapshot->seq + 1;
    next->next_index = c->next_index;
    next->next_body = c->next_body;
    some = write_deleted(c, next, batch) || some;
    rc = change__sweep(c, next, batch, err);
    if (rc != RC_OK || !some)
        goto out;
    change__put_meta(next, batch);
    c->next = next;
    c->staged = true;
    catalog__stage(c->catalog, next);
    next = NULL;

out:
    snapshot__unref(next);
    xfree(states);
    /* A store that must reopen after a failed commit waits for all views: this one is done. */
    store_view_close(c->view->store_view);
    c->view->store_view = NULL;
    return rc;
}
