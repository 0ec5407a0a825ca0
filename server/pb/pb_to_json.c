/* SPDX-License-Identifier: MIT */
/*
 * pb_to_json.c -- messages as compact JSON, in the shapes clients expect.
 *
 * Members stand in the order of field numbers. Absent is left out, or null for
 * fields that say so; scalars without presence and lists are always written.
 * Hidden, query-only and immutable fields are not members. A value that JSON
 * has no name for (an enum number of a newer peer, an unset union) counts as
 * absent, and as null where something must stand.
 */
#include "pb_int.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/mem.h"
#include "json/json_write.h"

#include <stdlib.h>

#define NOT_MEMBERS (PB_FIELD_HIDDEN | PB_FIELD_QUERY_ONLY | PB_FIELD_IMMUTABLE)

/* A change shows only what it changes: members that are set, and null for those to be reset. */
struct printer {
    struct json_writer w;
    bool change;
    const char *bad_reset; /* the first name to be reset that is none, or NULL */
};

static void put_message(struct printer *p, const ProtobufCMessage *msg,
                        const struct pb_message_meta *meta);

static void put_bytes(struct printer *p, const struct pb_field_meta *fm,
                      const ProtobufCBinaryData *data)
{
    struct bytes view = bytes_of(data->data, data->len);
    struct buf text;

    if (fm->flags & PB_FIELD_RAW_JSON) {
        if (view.n > 0)
            json_put_raw(&p->w, view);
        else
            json_put_null(&p->w);
        return;
    }
    buf_init(&text, view.n / 3 * 4 + 4);
    pb__base64_put(&text, view);
    json_put_string(&p->w, buf_view(&text));
    buf_done(&text);
}

/* NULL: no name. */
static const char *enum_name(const struct pb_enum_meta *e, int number)
{
    int i = pb__enum_by_number(e, number);

    return i >= 0 ? e->json_names[i] : NULL;
}

/* A number without a name stands in a change as it is, so that whoever checks it can say so. */
static void put_enum(struct printer *p, const struct pb_enum_meta *e, int number)
{
    const char *name = enum_name(e, number);

    if (!name && p->change && number != 0)
        json_put_i64(&p->w, number);
    else
        json_str(&p->w, name);
}

static void put_value(struct printer *p, const ProtobufCFieldDescriptor *f,
                      const struct pb_field_meta *fm, const void *slot)
{
    switch (f->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        json_put_i64(&p->w, *(const int32_t *)slot);
        return;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        json_put_i64(&p->w, *(const int64_t *)slot);
        return;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        json_put_u64(&p->w, *(const uint32_t *)slot);
        return;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        json_put_u64(&p->w, *(const uint64_t *)slot);
        return;
    case PROTOBUF_C_TYPE_FLOAT:
        json_put_double(&p->w, (double)*(const float *)slot);
        return;
    case PROTOBUF_C_TYPE_DOUBLE:
        json_put_double(&p->w, *(const double *)slot);
        return;
    case PROTOBUF_C_TYPE_BOOL:
        json_put_bool(&p->w, *(const protobuf_c_boolean *)slot != 0);
        return;
    case PROTOBUF_C_TYPE_ENUM:
        put_enum(p, fm->enumeration, *(const int *)slot);
        return;
    case PROTOBUF_C_TYPE_STRING: {
        const char *text = *(const char *const *)slot;

        json_put_string(&p->w, bytes_str(text ? text : ""));
        return;
    }
    case PROTOBUF_C_TYPE_BYTES:
        put_bytes(p, fm, slot);
        return;
    case PROTOBUF_C_TYPE_MESSAGE:
        put_message(p, *(const ProtobufCMessage *const *)slot, fm->message);
        return;
    }
    NEVER("a field of a type that protobuf-c does not have");
}

static void put_list(struct printer *p, const ProtobufCMessage *msg,
                     const ProtobufCFieldDescriptor *f, const struct pb_field_meta *fm)
{
    size_t n = pb__count(msg, f);
    size_t i;

    json_begin_array(&p->w);
    for (i = 0; i < n; i++)
        put_value(p, f, fm, pb__element(msg, f, i));
    json_end_array(&p->w);
}

struct entry {
    const char *key;
    size_t index;
    const ProtobufCMessage *msg;
};

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;
    int c = strcmp(x->key, y->key);

    return c ? c : (x->index > y->index) - (x->index < y->index);
}

/* Sorted by key. The wire may repeat a key, and then the last one holds. */
static void put_map(struct printer *p, const ProtobufCMessage *msg,
                    const ProtobufCFieldDescriptor *f, const struct pb_field_meta *fm)
{
    const struct pb_message_meta *em = fm->message;
    const ProtobufCFieldDescriptor *key = &em->desc->fields[0];
    const ProtobufCFieldDescriptor *value = &em->desc->fields[1];
    size_t n = pb__count(msg, f);
    struct entry *entries = xcalloc(n + 1, sizeof(*entries)); /* n messages are there already */
    size_t i;

    for (i = 0; i < n; i++) {
        entries[i].msg = *(const ProtobufCMessage *const *)pb__element(msg, f, i);
        entries[i].key = *(const char *const *)pb__peek(entries[i].msg, key->offset);
        entries[i].index = i;
    }
    qsort(entries, n, sizeof(*entries), compare_entries);
    json_begin_object(&p->w);
    for (i = 0; i < n; i++) {
        if (i + 1 < n && strcmp(entries[i].key, entries[i + 1].key) == 0)
            continue;
        json_key(&p->w, entries[i].key);
        if (pb__is_set(entries[i].msg, value))
            put_value(p, value, &em->fields[1], pb__peek(entries[i].msg, value->offset));
        else
            json_put_null(&p->w);
    }
    json_end_object(&p->w);
    xfree(entries);
}

static bool is_absent(const struct printer *p, const ProtobufCMessage *msg,
                      const ProtobufCFieldDescriptor *f, const struct pb_field_meta *fm)
{
    int number;

    if (!pb__is_set(msg, f))
        return true;
    if (f->type != PROTOBUF_C_TYPE_ENUM || f->label == PROTOBUF_C_LABEL_REPEATED)
        return false;
    number = *(const int *)pb__peek(msg, f->offset);
    return p->change ? number == 0 : !enum_name(fm->enumeration, number);
}

/* The value of a field that is not absent. */
static void put_field(struct printer *p, const ProtobufCMessage *msg,
                      const ProtobufCFieldDescriptor *f, const struct pb_field_meta *fm)
{
    if (fm->flags & PB_FIELD_MAP)
        put_map(p, msg, f, fm);
    else if (f->label == PROTOBUF_C_LABEL_REPEATED)
        put_list(p, msg, f, fm);
    else
        put_value(p, f, fm, pb__peek(msg, f->offset));
}

/* Is the member named in the message's own `reset` list? */
static bool is_reset(const ProtobufCMessage *msg, const struct pb_message_meta *meta,
                     const char *json_name)
{
    int r = pb__find(meta, "reset");
    size_t i;

    for (i = 0; r >= 0 && i < pb__count(msg, &meta->desc->fields[r]); i++)
        if (strcmp(*(const char *const *)pb__element(msg, &meta->desc->fields[r], i), json_name) ==
            0)
            return true;
    return false;
}

static bool can_be_reset(const struct pb_message_meta *meta, const char *json_name)
{
    unsigned i;

    for (i = 0; i < meta->desc->n_fields; i++)
        if (meta->fields[i].flags & PB_FIELD_NULL_RESETS &&
            strcmp(meta->fields[i].json_name, json_name) == 0)
            return true;
    return false;
}

/* JSON cannot name a member that is none, gRPC can. */
static void check_resets(struct printer *p, const ProtobufCMessage *msg,
                         const struct pb_message_meta *meta)
{
    int r = pb__find(meta, "reset");
    size_t i;

    for (i = 0; r >= 0 && i < pb__count(msg, &meta->desc->fields[r]); i++) {
        const char *name = *(const char *const *)pb__element(msg, &meta->desc->fields[r], i);

        if (!p->bad_reset && !can_be_reset(meta, name))
            p->bad_reset = name;
    }
}

/* Does an absent field stand as null? */
static bool shows_null(const struct printer *p, const ProtobufCMessage *msg,
                       const struct pb_message_meta *meta, const struct pb_field_meta *fm)
{
    if (p->change)
        return (fm->flags & PB_FIELD_NULL_RESETS) && is_reset(msg, meta, fm->json_name);
    return (fm->flags & PB_FIELD_NULL_IF_ABSENT) != 0;
}

static void put_object(struct printer *p, const ProtobufCMessage *msg,
                       const struct pb_message_meta *meta)
{
    unsigned i;

    if (p->change)
        check_resets(p, msg, meta);
    json_begin_object(&p->w);
    for (i = 0; i < meta->desc->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &meta->desc->fields[i];
        const struct pb_field_meta *fm = &meta->fields[i];
        bool absent;

        if (fm->flags & NOT_MEMBERS)
            continue;
        absent = is_absent(p, msg, f, fm);
        if (absent && !shows_null(p, msg, meta, fm))
            continue;
        json_key(&p->w, fm->json_name);
        if (absent)
            json_put_null(&p->w);
        else
            put_field(p, msg, f, fm);
    }
    json_end_object(&p->w);
}

static void put_union(struct printer *p, const ProtobufCMessage *msg,
                      const struct pb_message_meta *meta)
{
    unsigned i;

    for (i = 0; i < meta->desc->n_fields; i++) {
        if (is_absent(p, msg, &meta->desc->fields[i], &meta->fields[i]))
            continue;
        put_field(p, msg, &meta->desc->fields[i], &meta->fields[i]);
        return;
    }
    json_put_null(&p->w);
}

static void put_raw(struct printer *p, const ProtobufCMessage *msg,
                    const struct pb_message_meta *meta)
{
    const ProtobufCFieldDescriptor *f = &meta->desc->fields[0];
    size_t n = pb__count(msg, f);

    if (n == 0)
        json_put_null(&p->w);
    else if (n == 1)
        put_value(p, f, &meta->fields[0], pb__element(msg, f, 0));
    else
        put_list(p, msg, f, &meta->fields[0]);
}

static void put_time(struct printer *p, const ProtobufCMessage *msg)
{
    char text[CLOCK_RFC3339_MAX];

    json_str(&p->w, clock_format_rfc3339(text, pb__time_ns(msg)));
}

static void put_duration(struct printer *p, const ProtobufCMessage *msg)
{
    char text[CLOCK_ISO_DURATION_MAX];
    int64_t ns = pb__time_ns(msg);

    json_str(&p->w, ns < 0 ? NULL : clock_format_iso_duration(text, ns));
}

static void put_message(struct printer *p, const ProtobufCMessage *msg,
                        const struct pb_message_meta *meta)
{
    switch (meta->shape) {
    case PB_SHAPE_OBJECT:
        put_object(p, msg, meta);
        return;
    case PB_SHAPE_LIST:
        put_list(p, msg, &meta->desc->fields[0], &meta->fields[0]);
        return;
    case PB_SHAPE_MAP:
        put_map(p, msg, &meta->desc->fields[0], &meta->fields[0]);
        return;
    case PB_SHAPE_UNION:
        put_union(p, msg, meta);
        return;
    case PB_SHAPE_RAW:
        put_raw(p, msg, meta);
        return;
    case PB_SHAPE_TIMESTAMP:
        put_time(p, msg);
        return;
    case PB_SHAPE_DURATION:
        put_duration(p, msg);
        return;
    }
    NEVER("a message of no shape");
}

static enum rc finish(const struct buf *out, struct err *err)
{
    if (buf_ok(out))
        return RC_OK;
    return err_set(err, RC_TOO_LARGE, "payload_too_large",
                   "The answer is over the limit of %zu bytes", out->limit);
}

enum rc pb_to_json(const ProtobufCMessage *msg, const struct pb_message_meta *meta, struct buf *out,
                   struct err *err)
{
    struct printer p = {.change = false};

    ASSERT(msg->descriptor == meta->desc);
    json_writer_init(&p.w, out);
    put_message(&p, msg, meta);
    return finish(out, err);
}

enum rc pb_change_to_json(const ProtobufCMessage *msg, const struct pb_message_meta *meta,
                          struct buf *out, struct err *err)
{
    struct printer p = {.change = true};

    ASSERT(msg->descriptor == meta->desc);
    json_writer_init(&p.w, out);
    put_message(&p, msg, meta);
    if (p.bad_reset)
        return err_set(err, RC_INVALID, "bad_request", "There is no member `%s` to be reset.",
                       p.bad_reset);
    return finish(out, err);
}

enum rc pb_field_to_json(const ProtobufCMessage *msg, const struct pb_message_meta *meta,
                         const char *field, struct buf *out, struct err *err)
{
    int i = pb__find(meta, field);
    struct printer p = {.change = false};

    ASSERT(msg->descriptor == meta->desc && i >= 0);
    json_writer_init(&p.w, out);
    if (is_absent(&p, msg, &meta->desc->fields[i], &meta->fields[i]))
        json_put_null(&p.w);
    else
        put_field(&p, msg, &meta->desc->fields[i], &meta->fields[i]);
    return finish(out, err);
}
