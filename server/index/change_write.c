/* SPDX-License-Identifier: MIT */
/*
 * change_write.c -- pending documents into ids, field counts and blocks.
 *
 * By now it is decided per slot what becomes of the stored document (nothing,
 * replaced, laid over, gone) and whether a new one is born. New documents get
 * their numbers in the order of their births, behind the rows of those that are
 * replaced.
 */
#include "index/change_int.h"
#include "index/row_docs.h"
#include "index/search_build.h"

#include "base/mem.h"
#include "store/store.h"

#include <stdlib.h>

struct writing {
    struct pending *p;
    const struct index_state *base; /* or NULL */
    struct rows *rows;              /* share: of the base */
    struct edit *edits;             /* owned, as all below */
    size_t n_edits;
    uint32_t *new_ops;
    size_t n_new;
    uint32_t *outcome; /* per slot: its edit, or n_edits and its birth, or NO_OP */
    int64_t *field_delta;
};

static int by_row(const void *a, const void *b)
{
    const struct edit *x = a, *y = b;

    return (x->row > y->row) - (x->row < y->row);
}

static struct edit edit_of(const struct writing *w, uint32_t slot)
{
    const struct pending *p = w->p;
    const struct slot *s = &p->slots[slot];
    const struct op *last = &p->ops[s->last];
    struct edit e = {
        .row = rows__row_of(w->rows, s->entry.doc), .doc = s->entry.doc, .op = NO_OP, .slot = slot};

    if (last->fresh || last->kind == OP_DELETE)
        return e;
    e.op = s->last;
    e.n = last->n;
    if (last->kind == OP_PUT)
        e.mark = document_mark(p->shapes[last->shape].hash, op_json(last));
    return e;
}

static enum rc plan_edits(struct writing *w, struct err *err)
{
    const struct pending *p = w->p;
    uint32_t i;

    w->edits = xmalloc((p->n_slots ? p->n_slots : 1) * sizeof *w->edits);
    w->outcome = xmalloc((p->n_slots ? p->n_slots : 1) * sizeof *w->outcome);
    memset(w->outcome, 0xFF, p->n_slots * sizeof *w->outcome);
    for (i = 0; i < p->n_slots; i++) {
        const struct slot *s = &p->slots[i];

        if (s->last == NO_OP || s->base != BASE_PRESENT)
            continue;
        if (!rows__has_doc(w->rows, s->entry.doc))
            return err_set(err, RC_CORRUPT, NULL, "the id `%.*s` leads to no document",
                           BYTES_ARG(slot_id(s)));
        w->edits[w->n_edits++] = edit_of(w, i);
    }
    qsort(w->edits, w->n_edits, sizeof *w->edits, by_row);
    for (i = 0; i < w->n_edits; i++)
        w->outcome[w->edits[i].slot] = i;
    return RC_OK;
}

static void plan_births(struct writing *w)
{
    const struct pending *p = w->p;
    size_t i;

    w->new_ops = xmalloc((p->n_ops ? p->n_ops : 1) * sizeof *w->new_ops);
    for (i = 0; i < p->n_ops; i++) {
        const struct slot *s = &p->slots[p->ops[i].slot];
        const struct op *last = &p->ops[s->last];

        if (last->kind == OP_DELETE || last->birth != i ||
            (s->base == BASE_PRESENT && !last->fresh))
            continue;
        w->outcome[p->ops[i].slot] = (uint32_t)(w->n_edits + w->n_new);
        w->new_ops[w->n_new++] = s->last;
    }
}

/* Counts the fields of all new documents; blocks know those of stored ones. */
static void count_fields(struct writing *w)
{
    const struct pending *p = w->p;
    uint64_t *shapes = xcalloc(p->n_shapes ? p->n_shapes : 1, sizeof *shapes);
    size_t i, f;

    w->field_delta = xcalloc(p->fields.n ? p->fields.n : 1, sizeof *w->field_delta);
    for (i = 0; i < w->n_new; i++)
        shapes[p->ops[w->new_ops[i]].shape]++;
    for (i = 0; i < p->n_shapes; i++)
        for (f = 0; shapes[i] && f < p->shapes[i].n; f++)
            w->field_delta[p->shape_ids[p->shapes[i].at + f]] += (int64_t)shapes[i];
    xfree(shapes);
}

/* first_born: the number of the first new document. */
static struct document_entry entry_of(const struct writing *w, uint32_t outcome,
                                      uint32_t first_born)
{
    const struct op *o;

    if (outcome < w->n_edits) {
        const struct edit *e = &w->edits[outcome];

        return (struct document_entry){e->doc, e->n, e->mark};
    }
    outcome -= (uint32_t)w->n_edits;
    o = &w->p->ops[w->new_ops[outcome]];
    return (struct document_entry){first_born + outcome, o->n,
                                   document_mark(w->p->shapes[o->shape].hash, op_json(o))};
}

static void write_ids(const struct writing *w, uint32_t body, uint32_t first_born,
                      struct store_batch *batch)
{
    size_t n, i;
    uint32_t *slots = change__sorted_slots(w->p, 0, &n);
    uint8_t value[DOCUMENT_ENTRY_MAX];
    struct key key;

    for (i = 0; i < n; i++) {
        uint32_t outcome = w->outcome[slots[i]];
        const struct edit *e = outcome < w->n_edits ? &w->edits[outcome] : NULL;
        struct document_entry entry;

        if (outcome == NO_OP || (e && e->same))
            continue;
        key_named(&key, KEY_DOCUMENT_ID, body, slot_id(&w->p->slots[slots[i]]));
        if (e && e->op == NO_OP) {
            store_batch_del(batch, key_bytes(&key));
            continue;
        }
        entry = entry_of(w, outcome, first_born);
        store_batch_put(batch, key_bytes(&key), document_entry__put(value, &entry));
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
                              .rows = w->rows,
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
    write_ids(w, next->body, next->next_doc - (uint32_t)w->n_new, batch);
    write_fields(w, next, batch);
    next->n_documents = (uint64_t)((int64_t)next->n_documents + w->p->n_more);
    return RC_OK;
}

static enum rc write_planned(struct writing *w, struct change *c, struct index_state *next,
                             uint32_t version, struct store_batch *batch, struct err *err)
{
    enum rc rc = plan_edits(w, err);

    if (rc != RC_OK)
        return rc;
    plan_births(w);
    count_fields(w);
    if (next->next_doc + (uint64_t)w->n_edits + w->n_new >= UINT32_MAX)
        return err_set(err, RC_TOO_MANY, NULL, "Index `%s` has no document numbers left.",
                       next->uid);
    return write_all(w, c, next, version, batch, err);
}

enum rc change__write_documents(struct change *c, const struct draft *d, struct index_state *next,
                                uint32_t version, struct store_batch *batch, struct err *err)
{
    struct writing w = {.p = d->m.docs, .base = d->renewed ? d->renewed : change__stored(d)};
    enum rc rc;

    rc = change__resolve(c, d->m.docs, err);
    if (rc != RC_OK)
        return rc;
    if (!next->blocks)
        next->blocks = c->next_body++;
    w.rows = rows__ref(next->search->rows);
    rc = write_planned(&w, c, next, version, batch, err);
    rows__unref(w.rows);
    xfree(w.edits);
    xfree(w.new_ops);
    xfree(w.outcome);
    xfree(w.field_delta);
    return rc;
}
