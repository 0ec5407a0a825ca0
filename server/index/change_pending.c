/* SPDX-License-Identifier: MIT */
/*
 * change_pending.c -- what a change would do to the documents of one index.
 *
 * (1) ops[slot.last] is the newest operation of its slot; prev leads to the
 *     older ones. A rollback takes operations back newest first, and leaves
 *     slots, fields and shapes as they were at the mark.
 * (2) A document's place in the order is that of the operation since which it
 *     is there without a break (birth): replacing keeps it, deleting and
 *     adding again gives a new one. Whether a first OP_PUT is a birth or a
 *     replacement is known only when the slot's base is.
 * (3) n_more counts over the slots whose base is known: live now, less stored.
 */
#include "index/change_int.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/mem.h"

struct pending *pending__new(const struct index_state *base)
{
    struct pending *p = xcalloc(1, sizeof *p);
    size_t i;

    p->base = base;
    for (i = 0; base && i < base->n_fields; i++)
        (void)fields__add(&p->fields, base->fields[i].name);
    return p;
}

void pending__free(struct pending *p)
{
    while (p) {
        struct pending *below = p->below;

        xfree(p->slots);
        xfree(p->table);
        xfree(p->ops);
        xfree(p->shapes);
        xfree(p->shape_ids);
        xfree(p->shape_table);
        slab__done(&p->slab);
        fields__done(&p->fields);
        field_walk__done(&p->walk);
        xfree(p);
        p = below;
    }
}

size_t pending__bytes(const struct pending *p)
{
    size_t n = 0;

    for (; p; p = p->below)
        n += p->slab.bytes + p->n_ops * sizeof *p->ops + p->n_slots * sizeof *p->slots;
    return n;
}

static size_t cell_of(const struct pending *p, struct bytes id, uint32_t hash)
{
    size_t mask = p->table_cap - 1, i = hash & mask;

    for (; p->table[i]; i = (i + 1) & mask) {
        const struct slot *s = &p->slots[p->table[i] - 1];

        if (s->hash == hash && bytes_eq(slot_id(s), id))
            break;
    }
    return i;
}

static void grow_table(struct pending *p)
{
    size_t i;

    p->table_cap = p->table_cap ? p->table_cap * 2 : 256;
    xfree(p->table);
    p->table = xcalloc(p->table_cap, sizeof *p->table);
    for (i = 0; i < p->n_slots; i++)
        p->table[cell_of(p, slot_id(&p->slots[i]), p->slots[i].hash)] = (uint32_t)i + 1;
}

uint32_t pending__slot(struct pending *p, struct bytes id)
{
    uint32_t hash = (uint32_t)hash64(id, 0);
    struct slot *s;
    size_t cell;

    if (p->n_slots * 2 >= p->table_cap)
        grow_table(p);
    cell = cell_of(p, id, hash);
    if (p->table[cell])
        return p->table[cell] - 1;
    p->slots = index__grow(p->slots, sizeof *p->slots, p->n_slots + 1, &p->slots_cap);
    s = &p->slots[p->n_slots];
    *s = (struct slot){.id = slab__dup(&p->slab, id).p,
                       .n_id = (uint32_t)id.n,
                       .hash = hash,
                       .last = NO_OP,
                       .base = p->base && p->base->n_documents ? BASE_UNKNOWN : BASE_ABSENT};
    p->table[cell] = (uint32_t)++p->n_slots;
    return (uint32_t)p->n_slots - 1;
}

bool pending__live(const struct pending *p, const struct slot *s)
{
    return s->last == NO_OP ? s->base == BASE_PRESENT : p->ops[s->last].kind != OP_DELETE;
}

/* The slot's share of n_more; 0 while its base is not known. */
static int more_of(const struct pending *p, const struct slot *s)
{
    if (s->base == BASE_UNKNOWN)
        return 0;
    return (pending__live(p, s) ? 1 : 0) - (s->base == BASE_PRESENT ? 1 : 0);
}

void pending__set_base(struct pending *p, uint32_t slot, const struct document_entry *entry)
{
    struct slot *s = &p->slots[slot];

    ASSERT(s->base == BASE_UNKNOWN);
    s->base = entry ? BASE_PRESENT : BASE_ABSENT;
    if (entry)
        s->entry = *entry;
    p->n_more += more_of(p, s);
}

void pending__push(struct pending *p, uint32_t slot, enum op_kind kind, struct bytes json,
                   uint32_t shape)
{
    struct slot *s = &p->slots[slot];
    const struct op *before = s->last == NO_OP ? NULL : &p->ops[s->last];
    uint32_t number = (uint32_t)p->n_ops;
    struct op o = {.json = slab__dup(&p->slab, json).p,
                   .n = (uint32_t)json.n,
                   .slot = slot,
                   .prev = s->last,
                   .birth = before && before->kind != OP_DELETE ? before->birth : number,
                   .shape = shape,
                   .kind = kind,
                   .fresh = before && (before->fresh || before->kind == OP_DELETE)};

    p->n_more -= more_of(p, s);
    p->ops = index__grow(p->ops, sizeof *p->ops, p->n_ops + 1, &p->ops_cap);
    p->ops[p->n_ops++] = o;
    s->last = number;
    p->n_more += more_of(p, s);
}

static void pop_op(struct pending *p)
{
    const struct op *o = &p->ops[--p->n_ops];
    struct slot *s = &p->slots[o->slot];

    p->n_more -= more_of(p, s);
    s->last = o->prev;
    p->n_more += more_of(p, s);
}

static size_t shape_cell(const struct pending *p, const uint32_t *ids, size_t n)
{
    size_t mask = p->shape_table_cap - 1;
    size_t i = (size_t)hash64(bytes_of(ids, n * sizeof *ids), 1) & mask;

    for (; p->shape_table[i]; i = (i + 1) & mask) {
        const struct shape *s = &p->shapes[p->shape_table[i] - 1];

        if (s->n == n && (n == 0 || memcmp(p->shape_ids + s->at, ids, n * sizeof *ids) == 0))
            break;
    }
    return i;
}

static const uint32_t *ids_of(const struct pending *p, size_t shape)
{
    return p->shape_ids ? p->shape_ids + p->shapes[shape].at : NULL;
}

static void grow_shape_table(struct pending *p)
{
    size_t i;

    p->shape_table_cap = p->shape_table_cap ? p->shape_table_cap * 2 : 64;
    xfree(p->shape_table);
    p->shape_table = xcalloc(p->shape_table_cap, sizeof *p->shape_table);
    for (i = 0; i < p->n_shapes; i++)
        p->shape_table[shape_cell(p, ids_of(p, i), p->shapes[i].n)] = (uint32_t)i + 1;
}

uint32_t pending__shape(struct pending *p)
{
    const uint32_t *ids = p->walk.ids;
    size_t n = p->walk.n, cell;

    if (p->n_shapes * 2 >= p->shape_table_cap)
        grow_shape_table(p);
    cell = shape_cell(p, ids, n);
    if (p->shape_table[cell])
        return p->shape_table[cell] - 1;
    p->shape_ids =
        index__grow(p->shape_ids, sizeof *p->shape_ids, p->n_shape_ids + n, &p->shape_ids_cap);
    if (n)
        memcpy(p->shape_ids + p->n_shape_ids, ids, n * sizeof *ids);
    p->shapes = index__grow(p->shapes, sizeof *p->shapes, p->n_shapes + 1, &p->shapes_cap);
    p->shapes[p->n_shapes] =
        (struct shape){(uint32_t)p->n_shape_ids, (uint32_t)n, fields__hash(&p->fields, ids, n)};
    p->n_shape_ids += n;
    p->shape_table[cell] = (uint32_t)++p->n_shapes;
    return (uint32_t)p->n_shapes - 1;
}

struct pending_mark pending__mark(const struct pending *p)
{
    return (struct pending_mark){p->n_slots,
                                 p->n_ops,
                                 p->fields.n,
                                 p->n_shapes,
                                 p->n_shape_ids,
                                 slab__mark(&p->slab),
                                 slab__mark(&p->fields.text)};
}

void pending__rollback(struct pending *p, const struct pending_mark *mark)
{
    while (p->n_ops > mark->n_ops)
        pop_op(p);
    while (p->n_slots > mark->n_slots) {
        struct slot *s = &p->slots[p->n_slots - 1];

        ASSERT(s->last == NO_OP);
        /* As in field_names.c: nobody who is still there came later and probed past this cell. */
        p->table[cell_of(p, slot_id(s), s->hash)] = 0;
        p->n_slots--;
    }
    if (p->n_resolved > p->n_slots)
        p->n_resolved = p->n_slots;
    while (p->n_shapes > mark->n_shapes) {
        size_t last = p->n_shapes - 1;

        p->shape_table[shape_cell(p, ids_of(p, last), p->shapes[last].n)] = 0;
        p->n_shapes--;
    }
    p->n_shape_ids = mark->n_shape_ids;
    fields__cut(&p->fields, mark->n_fields, mark->field_text);
    slab__rewind(&p->slab, mark->slab);
}
