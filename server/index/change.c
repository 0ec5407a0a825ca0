/* SPDX-License-Identifier: MIT */
/*
 * change.c -- the writer's transaction: marks, rollbacks, and its end.
 *
 * (1) A draft is touched before it changes; the first touch behind a mark
 *     keeps what it was, and a rollback brings that back. So is the table.
 * (2) change_finish() is the last thing that can fail for a reason of its own:
 *     what users may do wrong was refused before, task by task.
 * (3) The change stands on one view of the store; no commit comes between its
 *     begin and its end, because there is one writer.
 */
#include "index/change_int.h"
#include "index/reader_int.h"

#include "base/assert.h"
#include "base/mem.h"
#include "store/store.h"

#include <stdlib.h>

static int by_uid(const void *a, const void *b)
{
    struct draft *const *x = a, *const *y = b;

    return strcmp((*x)->m.uid, (*y)->m.uid);
}

void change__sort_table(struct change *c)
{
    qsort(c->table, c->n_table, sizeof(struct draft *), by_uid);
}

struct draft *change__find(const struct change *c, struct bytes uid)
{
    size_t lo = 0, hi = c->n_table;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int order = bytes_cmp(bytes_str(c->table[mid]->m.uid), uid);

        if (order == 0)
            return c->table[mid];
        if (order < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

struct draft *change__get(struct change *c, uint32_t index_id)
{
    size_t i;

    if (c->recent && c->recent->id == index_id)
        return c->recent;
    for (i = 0; i < c->n_table; i++)
        if (c->table[i]->id == index_id)
            return c->recent = c->table[i];
    return NULL;
}

enum rc change_begin(struct catalog *catalog, struct change **ret_change, struct err *err)
{
    struct change *c;
    const struct snapshot *s;
    size_t i;
    enum rc rc;

    rc = catalog__settle(catalog, err);
    if (rc != RC_OK)
        return rc;
    c = xcalloc(1, sizeof *c);
    rc = catalog_view_open(catalog, &c->view, err);
    if (rc != RC_OK) {
        xfree(c);
        return rc;
    }
    s = c->view->snapshot;
    c->catalog = catalog;
    c->arena = arena_new(BUF_NO_LIMIT);
    c->json = json_parser_new();
    c->json_two = json_parser_new();
    buf_init(&c->merged, BUF_NO_LIMIT);
    c->next_index = s->next_index;
    c->next_body = s->next_body;
    c->base_drafts = xcalloc(s->n ? s->n : 1, sizeof *c->base_drafts);
    c->table = index__grow(NULL, sizeof(struct draft *), s->n + 1, &c->table_cap);
    for (i = 0; i < s->n; i++) {
        struct index_state *base = s->by_uid[i];

        c->base_drafts[i] = (struct draft){.id = base->id,
                                           .base = base,
                                           .m = {.uid = base->uid,
                                                 .primary_key = base->primary_key,
                                                 .settings = base->settings,
                                                 .created_ns = base->created_ns,
                                                 .updated_ns = base->updated_ns,
                                                 .body = base->body}};
        c->table[c->n_table++] = &c->base_drafts[i];
    }
    *ret_change = c;
    return RC_OK;
}

void change__touch(struct change *c, struct draft *d)
{
    d->m.changed = d->m.changed || !c->marked;
    if (!c->marked || d->touched == c->mark)
        return;
    d->touched = c->mark;
    c->undos = index__grow(c->undos, sizeof *c->undos, c->n_undos + 1, &c->undos_cap);
    c->undos[c->n_undos++] =
        (struct undo){.draft = d,
                      .m = d->m,
                      .docs = d->m.docs ? pending__mark(d->m.docs) : (struct pending_mark){0}};
    d->m.changed = true;
}

void change__touch_table(struct change *c)
{
    c->recent = NULL;
    if (!c->marked || c->saved_table)
        return;
    c->saved_table = xmemdup(c->table, c->n_table * sizeof(struct draft *));
    c->n_saved = c->n_table;
}

const struct index_state *change__stored(const struct draft *d)
{
    return d->base && d->base->body == d->m.body ? d->base : NULL;
}

struct pending *change__docs(struct draft *d)
{
    if (!d->m.docs)
        d->m.docs = pending__new(change__stored(d));
    return d->m.docs;
}

void change__new_body(struct change *c, struct draft *d)
{
    struct pending *fresh;

    d->m.body = c->next_body++;
    fresh = pending__new(NULL);
    fresh->below = d->m.docs;
    d->m.docs = fresh;
}

void change_mark(struct change *c)
{
    ASSERT(!c->marked);
    c->marked = true;
    c->mark++;
}

/* Frees what lies below the newest pending documents: it cannot come back. */
static void forget_below(struct draft *d)
{
    if (!d->m.docs)
        return;
    pending__free(d->m.docs->below);
    d->m.docs->below = NULL;
}

void change_keep(struct change *c)
{
    size_t i;

    ASSERT(c->marked);
    c->marked = false;
    for (i = 0; i < c->n_undos; i++)
        forget_below(c->undos[i].draft);
    c->n_undos = 0;
    xfree(c->saved_table);
    c->saved_table = NULL;
}

static void undo(const struct undo *u)
{
    struct draft *d = u->draft;

    while (d->m.docs != u->m.docs) {
        struct pending *below = d->m.docs->below;

        d->m.docs->below = NULL;
        pending__free(d->m.docs);
        d->m.docs = below;
    }
    if (d->m.docs)
        pending__rollback(d->m.docs, &u->docs);
    d->m = u->m;
    d->touched = 0;
}

void change_rollback(struct change *c)
{
    ASSERT(c->marked);
    c->marked = false;
    c->recent = NULL;
    while (c->n_undos > 0)
        undo(&c->undos[--c->n_undos]);
    if (!c->saved_table)
        return;
    xfree(c->table);
    c->table = c->saved_table;
    c->n_table = c->table_cap = c->n_saved;
    c->saved_table = NULL;
}

size_t change_bytes(const struct change *c)
{
    size_t n = arena_used(c->arena), i;

    for (i = 0; i < c->n_table; i++)
        n += pending__bytes(c->table[i]->m.docs);
    return n;
}

void change_abandon(struct change *c)
{
    size_t i;

    if (!c)
        return;
    for (i = 0; i < c->view->snapshot->n; i++) {
        pending__free(c->base_drafts[i].m.docs);
        search_state__unref(c->base_drafts[i].search);
        index_state__unref(c->base_drafts[i].renewed);
    }
    for (i = 0; i < c->n_made; i++) {
        pending__free(c->made[i]->m.docs);
        search_state__unref(c->made[i]->search);
        xfree(c->made[i]);
    }
    /* A staged snapshot stays with the catalog, which will find out what became of it. */
    if (!c->staged)
        snapshot__unref(c->next);
    xfree(c->made);
    xfree(c->base_drafts);
    xfree(c->table);
    xfree(c->saved_table);
    xfree(c->undos);
    xfree(c->reserved);
    buf_done(&c->merged);
    json_parser_free(c->json);
    json_parser_free(c->json_two);
    arena_free(c->arena);
    catalog_view_close(c->view);
    xfree(c);
}

void change_committed(struct change *c)
{
    if (c->staged)
        catalog__landed(c->catalog);
    change_abandon(c);
}
