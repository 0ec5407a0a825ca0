/* SPDX-License-Identifier: MIT */
/*
 * change_write.c -- pending documents into ids, field counts and blocks.
 *
 * By now it is decided per slot what becomes of the stored document (nothing,
 * replaced, laid over, gone) and whether a new one is born. New documents get
 * their doc ids in the order of their births.
 */
#include "index/change_int.h"
#include "index/search_build.h"

#include "base/mem.h"
#include "store/store.h"

#include <stdlib.h>

struct writing {
    struct pending *p;
    const struct index_state *base; /* or NULL */
    struct edit *edits;             /* owned, as all below */
    size_t n_edits;
    uint32_t *new_ops;
    size_t n_new;
    uint32_t *doc_of; /* per slot: its new doc id, or NO_OP */
    int64_t *field_delta;
};

static int by_doc(const void *a, const void *b)
{
    const struct edit *x = a, *y = b;

    return (x->doc > y->doc) - (x->doc < y->doc);
}

/* What takes the place of a stored document gets a row of its own: the next ones. */
static void plan_edits(struct writing *w, uint32_t *next_row)
{
    const struct pending *p = w->p;
    size_t i;

    w->edits = xmalloc((p->n_slots ? p->n_slots : 1) * sizeof *w->edits);
    for (i = 0; i < p->n_slots; i++) {
        const struct slot *s = &p->slots[i];
        const struct op *last;

        if (s->last == NO_OP || s->base != BASE_PRESENT)
            continue;
        last = &p->ops[s->last];
        w->edits[w->n_edits++] =
            (struct edit){s->base_doc, last->fresh || last->kind == OP_DELETE ? NO_OP : s->last, 0};
    }
    qsort(w->edits, w->n_edits, sizeof *w->edits, by_doc);
    for (i = 0; i < w->n_edits; i++)
        if (w->edits[i].op != NO_OP)
            w->edits[i].row = (*next_row)++;
}

static void plan_births(struct writing *w, uint32_t next_doc)
{
    const struct pending *p = w->p;
    size_t i;

    w->new_ops = xmalloc((p->n_ops ? p->n_ops : 1) * sizeof *w->new_ops);
    w->doc_of = xmalloc((p->n_slots ? p->n_slots : 1) * sizeof *w->doc_of);
    memset(w->doc_of, 0xFF, p->n_slots * sizeof *w->doc_of);
    for (i = 0; i < p->n_ops; i++) {
        const struct slot *s = &p->slots[p->ops[i].slot];
        const struct op *last = &p->ops[s->last];

        if (last->kind == OP_DELETE || last->birth != i ||
            (s->base == BASE_PRESENT && !last->fresh))
            continue;
        w->doc_of[p->ops[i].slot] = next_doc + (uint32_t)w->n_new;
        w->new_ops[w->n_new++] = s->last;
    }
}

/* Counts the fields of all documents that come whole; blocks know those that go. */
static void count_fields(struct writing *w)
{
    const struct pending *p = w->p;
    uint64_t *shapes = xcalloc(p->n_shapes ? p->n_shapes : 1, sizeof *shapes);
    size_t i, f;

    w->field_delta = xcalloc(p->fields.n ? p->fields.n : 1, sizeof *w->field_delta);
    for (i = 0; i < w->n_new; i++)
        shapes[p->ops[w->new_ops[i]].shape]++;
    for (i = 0; i < w->n_edits; i++)
        if (w->edits[i].op != NO_OP && p->ops[w->edits[i].op].kind == OP_PUT)
            shapes[p->ops[w->edits[i].op].shape]++;
    for (i = 0; i < p->n_shapes; i++)
        for (f = 0; shapes[i] && f < p->shapes[i].n; f++)
            w->field_delta[p->shape_ids[p->shapes[i].at + f]] += (int64_t)shapes[i];
    xfree(shapes);
}

static void write_ids(const struct writing *w, uint32_t body, struct store_batch *batch)
{
    size_t n, i;
    uint32_t *slots = change__sorted_slots(w->p, 0, &n);
    struct key key;

    for (i = 0; i < n; i++) {
        const struct slot *s = &w->p->slots[slots[i]];
        uint8_t value[4];

        if (s->last == NO_OP)
            continue;
        if (w->doc_of[slots[i]] != NO_OP) {
            put_u32be(value, w->doc_of[slots[i]]);
            store_batch_put(batch, key_named(&key, KEY_DOCUMENT_ID, body, slot_id(s)),
                            bytes_of(value, sizeof value));
        } else if (s->base == BASE_PRESENT && w->p->ops[s->last].kind == OP_DELETE) {
            store_batch_del(batch, key_named(&key, KEY_DOCUMENT_ID, body, slot_id(s)));
        }
    }
    xfree(slots);
}

static void write_fields(const struct writing *w, struct index_state *next,
                         struct store_batch *batch)
{
    size_t n = w->p->fields.n, n_base = w->base ? w->base->n_fields : 0, i;
    struct field_count *counts = xmalloc((n ? n : 1) * sizeof *counts);
    uint8_t value[VARINT_MAX];
    struct key key;

    for (i = 0; i < n; i++) {
        uint64_t old = i < n_base ? w->base->fields[i].count : 0;
        int64_t now = (int64_t)old + w->field_delta[i];

        counts[i].name = w->p->fields.names[i];
        counts[i].count = now > 0 ? (uint64_t)now : 0;
        if (counts[i].count == old)
            continue;
        key_named(&key, KEY_FIELD, next->body, counts[i].name);
        if (counts[i].count)
            store_batch_put(batch, key_bytes(&key),
                            bytes_of(value, put_varint(value, counts[i].count)));
        else
            store_batch_del(batch, key_bytes(&key));
    }
    index_state__set_fields(next, counts, n);
    xfree(counts);
}

static enum rc write_all(struct writing *w, struct change *c, struct index_state *next,
                         uint32_t version, struct store_batch *batch, struct err *err)
{
    static const struct directory none;
    struct block_plan plan = {.change = c,
                              .docs = w->p,
                              .next = next,
                              .old = w->base ? &w->base->dir : &none,
                              .version = version,
                              .batch = batch,
                              .edits = w->edits,
                              .n_edits = w->n_edits,
                              .new_ops = w->new_ops,
                              .n_new = w->n_new,
                              .field_delta = w->field_delta};
    const struct search_feed_opts feed = {.pool = c->catalog->pool,
                                          .crumbs = c->catalog->crumbs,
                                          .view = c->view->store_view,
                                          .batch = batch,
                                          .next_number = &c->next_body,
                                          .next = next->search};
    enum rc rc;

    plan.feed = search_feed__new(&feed);
    rc = change__write_blocks(&plan, err);
    if (rc == RC_OK)
        rc = search_feed__finish(plan.feed, err);
    search_feed__free(plan.feed);
    if (rc != RC_OK)
        return rc;
    write_ids(w, next->body, batch);
    write_fields(w, next, batch);
    next->next_doc += (uint32_t)w->n_new;
    next->n_documents = (uint64_t)((int64_t)next->n_documents + w->p->n_more);
    return RC_OK;
}

enum rc change__write_documents(struct change *c, const struct draft *d, struct index_state *next,
                                uint32_t version, struct store_batch *batch, struct err *err)
{
    struct writing w = {.p = d->m.docs, .base = change__stored(d)};
    enum rc rc;

    rc = change__resolve(c, d->m.docs, err);
    if (rc != RC_OK)
        return rc;
    plan_edits(&w, &next->next_doc);
    plan_births(&w, next->next_doc);
    count_fields(&w);
    rc = write_all(&w, c, next, version, batch, err);
    xfree(w.edits);
    xfree(w.new_ops);
    xfree(w.doc_of);
    xfree(w.field_delta);
    return rc;
}
