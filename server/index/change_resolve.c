/* SPDX-License-Identifier: MIT */
/*
 * change_resolve.c -- which of the ids a change speaks of are stored.
 *
 * Asked late and for many ids at once, in their order: one cursor then walks
 * the ids of the index beside them. A batch of new ids behind all stored ones,
 * the usual load, costs a single look.
 */
#include "index/change_int.h"

#include "base/mem.h"
#include "store/store.h"

#include <stdlib.h>

/* The first bytes of an id decide nearly every comparison without touching the id. */
struct sort_key {
    uint64_t head;
    uint32_t slot;
};

static uint64_t head_of(struct bytes id)
{
    uint8_t p[8] = {0};

    memcpy(p, id.p, id.n < sizeof p ? id.n : sizeof p);
    return get_u64be(p);
}

static int by_id(const void *a, const void *b, void *arg)
{
    const struct sort_key *x = a, *y = b;
    const struct pending *p = arg;

    if (x->head != y->head)
        return x->head < y->head ? -1 : 1;
    return bytes_cmp(slot_id(&p->slots[x->slot]), slot_id(&p->slots[y->slot]));
}

uint32_t *change__sorted_slots(struct pending *p, size_t from, size_t *ret_n)
{
    size_t n = p->n_slots - from, i;
    struct sort_key *keys = xmalloc((n ? n : 1) * sizeof *keys);
    uint32_t *slots = xmalloc((n ? n : 1) * sizeof *slots);
    bool sorted = true;

    for (i = 0; i < n; i++) {
        keys[i].slot = (uint32_t)(from + i);
        keys[i].head = head_of(slot_id(&p->slots[from + i]));
        sorted = sorted && (i == 0 || by_id(&keys[i - 1], &keys[i], p) < 0);
    }
    if (!sorted)
        qsort_r(keys, n, sizeof *keys, by_id, p);
    for (i = 0; i < n; i++)
        slots[i] = keys[i].slot;
    xfree(keys);
    *ret_n = n;
    return slots;
}

enum rc change__resolve_one(struct change *c, struct pending *p, uint32_t slot, struct err *err)
{
    struct document_entry entry = {0};
    enum rc rc;

    if (p->slots[slot].base != BASE_UNKNOWN)
        return RC_OK;
    rc = view__entry(c->view, p->base->body, slot_id(&p->slots[slot]), &entry, err);
    if (rc == RC_OK || rc == RC_NOT_FOUND)
        pending__set_base(p, slot, rc == RC_OK ? &entry : NULL);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* Moves the cursor to the first key >= key: near ones by steps, far ones by a seek. */
static void move_to(struct store_cursor *cursor, struct bytes key)
{
    enum { STEPS = 4 };
    int i;

    for (i = 0; i < STEPS; i++) {
        if (!store_cursor_valid(cursor) || bytes_cmp(store_cursor_key(cursor), key) >= 0)
            return;
        store_cursor_next(cursor);
    }
    if (store_cursor_valid(cursor) && bytes_cmp(store_cursor_key(cursor), key) < 0)
        store_cursor_seek(cursor, key);
}

static enum rc look_up(struct pending *p, struct store_cursor *cursor, const uint32_t *slots,
                       size_t n, struct err *err)
{
    struct document_entry entry = {0};
    bool placed = false;
    struct key key;
    size_t i;

    for (i = 0; i < n; i++) {
        struct bytes k;
        enum rc rc;

        if (p->slots[slots[i]].base != BASE_UNKNOWN)
            continue;
        k = key_named(&key, KEY_DOCUMENT_ID, p->base->body, slot_id(&p->slots[slots[i]]));
        if (!placed)
            store_cursor_seek(cursor, k);
        else
            move_to(cursor, k);
        placed = true;
        if (!store_cursor_valid(cursor) || !bytes_eq(store_cursor_key(cursor), k)) {
            pending__set_base(p, slots[i], NULL);
            continue;
        }
        rc = document_entry__read(store_cursor_value(cursor), &entry, err);
        if (rc != RC_OK)
            return rc;
        pending__set_base(p, slots[i], &entry);
    }
    return RC_OK;
}

enum rc change__resolve(struct change *c, struct pending *p, struct err *err)
{
    enum { FEW = 8 };
    struct store_cursor *cursor = NULL;
    uint32_t *slots = NULL;
    struct key prefix;
    size_t n;
    enum rc rc = RC_OK;

    if (!p->base || !p->base->n_documents)
        p->n_resolved = p->n_slots;
    if (p->n_slots - p->n_resolved <= FEW) { /* a cursor costs more than a few gets */
        for (; rc == RC_OK && p->n_resolved < p->n_slots; p->n_resolved++)
            rc = change__resolve_one(c, p, (uint32_t)p->n_resolved, err);
        return rc;
    }
    slots = change__sorted_slots(p, p->n_resolved, &n);
    rc = store_cursor_open(c->view->store_view, key_head(&prefix, KEY_DOCUMENT_ID, p->base->body),
                           false, &cursor, err);
    if (rc != RC_OK)
        goto out;
    rc = look_up(p, cursor, slots, n, err);
    if (rc != RC_OK)
        goto out;
    rc = store_cursor_end(cursor, err);
    if (rc == RC_OK)
        p->n_resolved = p->n_slots;

out:
    store_cursor_close(cursor);
    xfree(slots);
    return rc;
}

enum rc change__count(struct change *c, struct draft *d, uint64_t *ret_n, struct err *err)
{
    const struct index_state *stored = change__stored(d);
    uint64_t n = stored ? stored->n_documents : 0;
    enum rc rc;

    if (d->m.docs) {
        rc = change__resolve(c, d->m.docs, err);
        if (rc != RC_OK)
            return rc;
        n = (uint64_t)((int64_t)n + d->m.docs->n_more);
    }
    *ret_n = n;
    return RC_OK;
}
