/* SPDX-License-Identifier: MIT */
/*
 * pb_from_json.c -- messages from JSON values, by descriptor and table.
 *
 * (1) Members are read in the order sent and the first wrong one ends it; what
 *     is missing is only looked for behind the last one.
 * (2) A member sent twice counts the last time.
 * (3) null means absent for a member that may be absent; it is refused for one
 *     with a default, and gathered in `reset` where the table says so.
 * (4) The error word comes from the field, or from the nearest message around
 *     it that has one.
 *
 * The recursion is as deep as the schema nests, which the plugin's lint bounds.
 */
#include "pb_int.h"

#include "base/assert.h"
#include "json/json.h"

#include <stdlib.h>

#define NOT_MEMBERS (PB_FIELD_HIDDEN | PB_FIELD_QUERY_ONLY)

static enum rc read_message(const struct pb__place *at, const struct pb_message_meta *meta,
                            struct json_value v, ProtobufCMessage *msg);

/* ---- one field ----------------------------------------------------------------------- */

/* A value of the right kind for one element; slot is empty. */
static enum rc read_element(const struct pb__place *at, const ProtobufCFieldDescriptor *f,
                            const struct pb_field_meta *fm, struct json_value v, void *slot)
{
    uint32_t kinds = pb__element_kinds(f, fm);
    struct pb__place here = *at;
    ProtobufCMessage *inner;
    enum rc rc;

    if (!(kinds & pb__kind_of(v)))
        return pb__refuse_type(at, kinds, v);
    if (f->type != PROTOBUF_C_TYPE_MESSAGE)
        return pb__read_scalar(at, f, fm, v, slot);
    inner = pb_new(at->r->arena, fm->message->desc);
    if (!inner)
        return pb__out_of_room(at->r->arena, at->r->err);
    *(ProtobufCMessage **)slot = inner;
    if (fm->message->shape == PB_SHAPE_TIMESTAMP || fm->message->shape == PB_SHAPE_DURATION) {
        int64_t ns;

        rc = pb__read_time(at, fm->message->shape, fm->flags, v, &ns);
        if (rc == RC_OK)
            pb__time_set(inner, ns);
        return rc;
    }
    rc = pb_apply_defaults(at->r->arena, fm->message, inner, at->r->err);
    if (rc != RC_OK)
        return rc;
    if (!fm->error && fm->message->error)
        here.word = fm->message->error;
    return read_message(&here, fm->message, v, inner);
}

static enum rc read_array(const struct pb__place *at, const ProtobufCFieldDescriptor *f,
                          const struct pb_field_meta *fm, struct json_value v,
                          ProtobufCMessage *msg)
{
    char *array = pb__new_elements(at->r->arena, msg, f, json_count(v));
    struct pb__place here = {.r = at->r, .word = at->word, .up = at};
    struct json_iter it;

    if (!array)
        return pb__out_of_room(at->r->arena, at->r->err);
    for (json_iter_init(&it, v); json_iter_next(&it);) {
        enum rc rc;

        here.index = it.index;
        rc = read_element(&here, f, fm, it.value, array + it.index * pb__element_size(f));
        if (rc != RC_OK) {
            pb__clear(msg, f); /* no half-filled array is left to be looked at */
            return rc;
        }
    }
    return RC_OK;
}

struct keyed {
    struct bytes key;
    ProtobufCMessage *entry;
    size_t index;
};

static int compare_keyed(const void *a, const void *b)
{
    const struct keyed *x = a;
    const struct keyed *y = b;
    int c = bytes_cmp(x->key, y->key);

    return c ? c : (x->index > y->index) - (x->index < y->index);
}

/* One map entry from one member. */
static enum rc read_entry(const struct pb__place *at, const struct pb_message_meta *em,
                          const struct json_iter *it, ProtobufCMessage **ret_entry)
{
    const ProtobufCFieldDescriptor *fields = em->desc->fields;
    struct pb__place here = {.r = at->r, .word = at->word, .up = at, .key = it->key};
    ProtobufCMessage *entry = pb_new(at->r->arena, em->desc);
    union pb__slot slot = {0};
    enum rc rc;

    if (!entry)
        return pb__out_of_room(at->r->arena, at->r->err);
    rc = pb__read_scalar(&here, &fields[0], &em->fields[0], it->key_at, &slot);
    if (rc != RC_OK)
        return rc;
    pb__set(entry, &fields[0], &slot);
    *ret_entry = entry;
    if (json_type(it->value) == JSON_NULL && em->fields[1].message &&
        em->fields[1].message->nullable)
        return RC_OK;
    memset(&slot, 0, sizeof(slot));
    rc = read_element(&here, &fields[1], &em->fields[1], it->value, &slot);
    if (rc != RC_OK)
        return rc;
    pb__set(entry, &fields[1], &slot);
    return RC_OK;
}

/* Entries come out sorted by key, and each key once. */
static enum rc read_map(const struct pb__place *at, const ProtobufCFieldDescriptor *f,
                        const struct pb_field_meta *fm, struct json_value v, ProtobufCMessage *msg)
{
    size_t n = json_count(v);
    ProtobufCMessage **array = NULL;
    struct keyed *all =
        n < SIZE_MAX / sizeof(*all) - 1 ? arena_alloc(at->r->arena, (n + 1) * sizeof(*all)) : NULL;
    struct json_iter it;
    size_t kept = 0;
    size_t i = 0;

    if (!all)
        return pb__out_of_room(at->r->arena, at->r->err);
    for (json_iter_init(&it, v); json_iter_next(&it); i++) {
        enum rc rc = read_entry(at, fm->message, &it, &all[i].entry);

        if (rc != RC_OK)
            return rc;
        all[i].key = it.key;
        all[i].index = i;
    }
    qsort(all, n, sizeof(*all), compare_keyed);
    for (i = 0; i < n; i++)
        if (i + 1 == n || !bytes_eq(all[i].key, all[i + 1].key))
            all[kept++] = all[i];
    array = pb__new_elements(at->r->arena, msg, f, kept);
    if (!array)
        return pb__out_of_room(at->r->arena, at->r->err);
    for (i = 0; i < kept; i++)
        array[i] = all[i].entry;
    return RC_OK;
}

/* The value of a whole field, of any kind but null (unless null is its value). */
static enum rc read_field(const struct pb__place *at, const struct pb_message_meta *meta,
                          unsigned i, struct json_value v, ProtobufCMessage *msg)
{
    const ProtobufCFieldDescriptor *f = &meta->desc->fields[i];
    const struct pb_field_meta *fm = &meta->fields[i];
    uint32_t kinds = pb__field_kinds(f, fm);
    struct pb__place here = *at;
    union pb__slot slot;
    enum rc rc;

    if (fm->error)
        here.word = fm->error;
    if (!(kinds & pb__kind_of(v)))
        return pb__refuse_type(&here, kinds, v);
    if (fm->flags & PB_FIELD_MAP)
        return read_map(&here, f, fm, v, msg);
    if (f->label == PROTOBUF_C_LABEL_REPEATED)
        return read_array(&here, f, fm, v, msg);
    memset(&slot, 0, sizeof(slot));
    rc = read_element(&here, f, fm, v, &slot);
    if (rc == RC_OK)
        pb__set(msg, f, &slot);
    return rc;
}

/* ---- objects ------------------------------------------------------------------------- */

/* How an object of the body is read; only the top has taken fields and may skip unknown ones. */
struct object {
    const struct pb__place *at;
    const struct pb_message_meta *meta;
    const char *const *taken;
    bool ignore_unknown;
    bool *seen; /* by field */
};

static enum rc refuse_unknown(const struct object *o, struct bytes name)
{
    struct bytes quoted = pb__quotable(name);
    struct buf where;
    struct buf list;

    buf_init(&where, ERR_MSG_MAX);
    buf_init(&list, ERR_MSG_MAX);
    pb__put_place(&where, o->at, " inside ");
    pb__list_members(&list, o->meta, NOT_MEMBERS | PB_FIELD_IMMUTABLE, o->taken, name, true);
    (void)err_set(o->at->r->err, RC_INVALID, o->at->word, "Unknown field `%.*s`%s: %s",
                  BYTES_ARG(quoted), buf_cstr(&where), buf_cstr(&list));
    buf_done(&list);
    buf_done(&where);
    return RC_INVALID;
}

static enum rc refuse_immutable(const struct object *o, unsigned i)
{
    const struct pb_field_meta *fm = &o->meta->fields[i];
    struct buf list;

    buf_init(&list, ERR_MSG_MAX);
    pb__list_members(&list, o->meta, NOT_MEMBERS | PB_FIELD_IMMUTABLE, o->taken,
                     bytes_str(fm->json_name), false);
    (void)err_set(o->at->r->err, RC_INVALID, fm->error ? fm->error : o->at->word,
                  "Immutable field `%s`: %s", fm->json_name, buf_cstr(&list));
    buf_done(&list);
    return RC_INVALID;
}

static enum rc refuse_missing(const struct object *o, unsigned i)
{
    const struct pb_field_meta *fm = &o->meta->fields[i];
    struct buf where;

    buf_init(&where, ERR_MSG_MAX);
    pb__put_place(&where, o->at, " inside ");
    (void)err_set(o->at->r->err, RC_INVALID, fm->missing ? fm->missing : o->at->word,
                  "Missing field `%s`%s", fm->json_name, buf_cstr(&where));
    buf_done(&where);
    return RC_INVALID;
}

/* The message's `reset` list: takes name out of it, and puts it at the end if `add`. */
static enum rc note_reset(const struct object *o, const char *name, bool add, ProtobufCMessage *msg)
{
    int i = pb__find(o->meta, "reset");
    const ProtobufCFieldDescriptor *f;
    const char ***names;
    size_t *n;
    size_t k = 0;

    ASSERT(i >= 0); /* the plugin's lint saw to it */
    f = &o->meta->desc->fields[i];
    n = pb__at(msg, f->quantifier_offset);
    names = pb__at(msg, f->offset);
    if (*n == 0 && add) {
        /* Room for every member at once: each stands in the list at most once. */
        *names = arena_alloc(o->at->r->arena, (o->meta->desc->n_fields + 1) * sizeof(**names));
        if (!*names)
            return pb__out_of_room(o->at->r->arena, o->at->r->err);
    }
    while (k < *n && strcmp((*names)[k], name) != 0)
        k++;
    if (k < *n) {
        memmove(*names + k, *names + k + 1, (*n - k - 1) * sizeof(**names));
        (*n)--;
    }
    if (add)
        (*names)[(*n)++] = name;
    return RC_OK;
}

/* May null stand for the absence of this member? */
static bool null_is_absent(const ProtobufCFieldDescriptor *f, const struct pb_field_meta *fm)
{
    if (fm->default_value)
        return false;
    if (fm->flags & PB_FIELD_RAW_JSON && !pb__has_presence(f) &&
        f->label != PROTOBUF_C_LABEL_REPEATED)
        return false; /* null is a value like any other */
    return !(fm->flags & PB_FIELD_REQUIRED) || pb__has_presence(f);
}

static enum rc read_member(const struct object *o, const struct json_iter *it,
                           ProtobufCMessage *msg)
{
    int i = pb__find_json(o->meta, it->key);
    struct pb__place here = {.r = o->at->r, .word = o->at->word, .up = o->at, .key = it->key};
    const ProtobufCFieldDescriptor *f;
    const struct pb_field_meta *fm;
    enum rc rc = RC_OK;

    if (i < 0 || !pb__is_member(o->meta, (size_t)i, NOT_MEMBERS, o->taken))
        return o->ignore_unknown ? RC_OK : refuse_unknown(o, it->key);
    f = &o->meta->desc->fields[i];
    fm = &o->meta->fields[i];
    if (fm->flags & PB_FIELD_IMMUTABLE)
        return refuse_immutable(o, (unsigned)i);
    o->seen[i] = true;
    if (json_type(it->value) == JSON_NULL && fm->flags & PB_FIELD_NULL_RESETS) {
        pb__clear(msg, f);
        return note_reset(o, fm->json_name, true, msg);
    }
    if (fm->flags & PB_FIELD_NULL_RESETS)
        rc = note_reset(o, fm->json_name, false, msg);
    if (rc != RC_OK)
        return rc;
    if (json_type(it->value) == JSON_NULL && null_is_absent(f, fm)) {
        pb__clear(msg, f);
        return RC_OK;
    }
    return read_field(&here, o->meta, (unsigned)i, it->value, msg);
}

static enum rc read_object(struct object *o, struct json_value v, ProtobufCMessage *msg)
{
    struct json_iter it;
    enum rc rc;
    unsigned i;

    o->seen = arena_zalloc(o->at->r->arena, o->meta->desc->n_fields + 1);
    if (!o->seen)
        return pb__out_of_room(o->at->r->arena, o->at->r->err);
    for (json_iter_init(&it, v); json_iter_next(&it);) {
        rc = read_member(o, &it, msg);
        if (rc != RC_OK)
            return rc;
    }
    for (i = 0; i < o->meta->desc->n_fields; i++)
        if (o->meta->fields[i].flags & PB_FIELD_REQUIRED && !o->seen[i] &&
            !pb__is_listed(o->taken, o->meta->desc->fields[i].name))
            return refuse_missing(o, i);
    return RC_OK;
}

/* The first member that takes values of this kind. */
static enum rc read_union(const struct pb__place *at, const struct pb_message_meta *meta,
                          struct json_value v, ProtobufCMessage *msg)
{
    uint32_t kind = pb__kind_of(v);
    unsigned i;

    for (i = 0; i < meta->desc->n_fields; i++) {
        if (pb__field_kinds(&meta->desc->fields[i], &meta->fields[i]) & kind)
            return read_field(at, meta, i, v, msg);
    }
    return pb__refuse_type(at, pb__message_kinds(meta), v);
}

static enum rc read_raw(const struct pb__place *at, const struct pb_message_meta *meta,
                        struct json_value v, ProtobufCMessage *msg)
{
    const ProtobufCFieldDescriptor *f = &meta->desc->fields[0];
    void *slot = pb__new_elements(at->r->arena, msg, f, 1);

    if (!slot)
        return pb__out_of_room(at->r->arena, at->r->err);
    return pb__read_scalar(at, f, &meta->fields[0], v, slot);
}

static enum rc read_message(const struct pb__place *at, const struct pb_message_meta *meta,
                            struct json_value v, ProtobufCMessage *msg)
{
    struct object o = {.at = at, .meta = meta};

    switch (meta->shape) {
    case PB_SHAPE_OBJECT:
        return read_object(&o, v, msg);
    case PB_SHAPE_LIST:
    case PB_SHAPE_MAP:
        return read_field(at, meta, 0, v, msg);
    case PB_SHAPE_UNION:
        return read_union(at, meta, v, msg);
    case PB_SHAPE_RAW:
        return read_raw(at, meta, v, msg);
    case PB_SHAPE_TIMESTAMP:
    case PB_SHAPE_DURATION: {
        int64_t ns;
        enum rc rc = pb__read_time(at, meta->shape, 0, v, &ns);

        if (rc == RC_OK)
            pb__time_set(msg, ns);
        return rc;
    }
    }
    NEVER("a message of no shape");
}

/* ---- doors --------------------------------------------------------------------------- */

enum rc pb_from_json(struct arena *arena, const struct pb_message_meta *meta,
                     const struct json_value *value, const struct pb_json_opts *opts,
                     ProtobufCMessage *msg, struct err *err)
{
    static const struct pb_json_opts none = {0};
    struct pb__reader r = {.arena = arena, .err = err, .at = opts && opts->at ? opts->at : ""};
    struct pb__place top = {.r = &r, .word = meta->error ? meta->error : "bad_request"};
    struct object o = {.at = &top, .meta = meta};
    uint32_t kinds = pb__message_kinds(meta);

    ASSERT(msg->descriptor == meta->desc);
    if (!opts)
        opts = &none;
    if (opts->error_word)
        top.word = opts->error_word;
    if (!(kinds & pb__kind_of(*value)))
        return pb__refuse_type(&top, kinds, *value);
    if (meta->shape != PB_SHAPE_OBJECT)
        return read_message(&top, meta, *value, msg);
    o.taken = opts->taken;
    o.ignore_unknown = opts->ignore_unknown;
    return read_object(&o, *value, msg);
}

enum rc pb_field_from_json(struct arena *arena, const struct pb_message_meta *meta,
                           const char *field, const struct json_value *value,
                           const struct pb_json_opts *opts, ProtobufCMessage *msg, struct err *err)
{
    struct pb__reader r = {.arena = arena, .err = err, .at = opts && opts->at ? opts->at : ""};
    struct pb__place top = {.r = &r, .word = "bad_request"};
    int i = pb__find(meta, field);

    ASSERT(msg->descriptor == meta->desc && i >= 0);
    if (opts && opts->error_word)
        top.word = opts->error_word;
    return read_field(&top, meta, (unsigned)i, *value, msg);
}
