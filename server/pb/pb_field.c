/* SPDX-License-Identifier: MIT */
/*
 * pb_field.c -- the fields of a message by its descriptor.
 *
 * protobuf-c keeps a field at an offset, and what says whether it is there at
 * another: the number of the set member for a oneof, a count for a repeated
 * field, a flag for proto2's optional scalars, the pointer for messages.
 */
#include "pb_int.h"

#include "base/assert.h"

/* The type-dependent facts of a slot, in one place. */
size_t pb__element_size(const ProtobufCFieldDescriptor *f)
{
    switch (f->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_ENUM:
        return 4;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    }
    NEVER("a field of a type that protobuf-c does not have");
}

static bool has_flag(const ProtobufCFieldDescriptor *f)
{
    return f->label == PROTOBUF_C_LABEL_OPTIONAL && !pb__in_oneof(f) &&
           f->type != PROTOBUF_C_TYPE_STRING && f->type != PROTOBUF_C_TYPE_MESSAGE;
}

bool pb__has_presence(const ProtobufCFieldDescriptor *f)
{
    if (f->label == PROTOBUF_C_LABEL_REPEATED)
        return false;
    return pb__in_oneof(f) || f->type == PROTOBUF_C_TYPE_MESSAGE || has_flag(f);
}

bool pb__is_set(const ProtobufCMessage *msg, const ProtobufCFieldDescriptor *f)
{
    if (f->label == PROTOBUF_C_LABEL_REPEATED)
        return true;
    if (pb__in_oneof(f)) {
        const uint32_t *which = pb__peek(msg, f->quantifier_offset);

        if (*which != f->id)
            return false;
    } else if (has_flag(f)) {
        const protobuf_c_boolean *has = pb__peek(msg, f->quantifier_offset);

        return *has != 0;
    }
    if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
        const ProtobufCMessage *const *inner = pb__peek(msg, f->offset);

        return *inner != NULL;
    }
    return true;
}

void pb__set(ProtobufCMessage *msg, const ProtobufCFieldDescriptor *f, const union pb__slot *slot)
{
    memcpy(pb__at(msg, f->offset), slot, pb__element_size(f));
    if (pb__in_oneof(f))
        *(uint32_t *)pb__at(msg, f->quantifier_offset) = f->id;
    else if (has_flag(f))
        *(protobuf_c_boolean *)pb__at(msg, f->quantifier_offset) = 1;
}

void pb__set_data(ProtobufCBinaryData *data, struct bytes b)
{
    data->len = b.n;
    memcpy(&data->data, &b.p, sizeof(b.p)); /* drops a const that C cannot cast away politely */
}

void pb__clear(ProtobufCMessage *msg, const ProtobufCFieldDescriptor *f)
{
    if (pb__in_oneof(f)) {
        uint32_t *which = pb__at(msg, f->quantifier_offset);

        if (*which != f->id)
            return; /* the room belongs to another member */
        *which = 0;
    } else if (has_flag(f)) {
        *(protobuf_c_boolean *)pb__at(msg, f->quantifier_offset) = 0;
    }
    if (f->label == PROTOBUF_C_LABEL_REPEATED) {
        *(size_t *)pb__at(msg, f->quantifier_offset) = 0;
        *(void **)pb__at(msg, f->offset) = NULL;
        return;
    }
    memset(pb__at(msg, f->offset), 0, pb__element_size(f));
    if (f->type == PROTOBUF_C_TYPE_STRING && !pb__in_oneof(f))
        *(const char **)pb__at(msg, f->offset) = protobuf_c_empty_string;
}

size_t pb__count(const ProtobufCMessage *msg, const ProtobufCFieldDescriptor *f)
{
    return *(const size_t *)pb__peek(msg, f->quantifier_offset);
}

const void *pb__element(const ProtobufCMessage *msg, const ProtobufCFieldDescriptor *f, size_t i)
{
    const char *const *array = pb__peek(msg, f->offset);

    return *array + i * pb__element_size(f);
}

void *pb__new_elements(struct arena *arena, ProtobufCMessage *msg,
                       const ProtobufCFieldDescriptor *f, size_t n)
{
    size_t size = pb__element_size(f);
    void *array;

    if (n > SIZE_MAX / size - 1)
        return NULL;
    array = arena_zalloc(arena, (n + 1) * size);
    if (!array)
        return NULL;
    *(size_t *)pb__at(msg, f->quantifier_offset) = n;
    *(void **)pb__at(msg, f->offset) = n > 0 ? array : NULL;
    return array;
}

void pb_copy_fields(const ProtobufCMessage *from, ProtobufCMessage *to)
{
    unsigned i;

    for (i = 0; i < from->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &from->descriptor->fields[i];
        const ProtobufCFieldDescriptor *g =
            protobuf_c_message_descriptor_get_field_by_name(to->descriptor, f->name);

        if (!g || g->type != f->type || g->label != f->label || !pb__is_set(from, f))
            continue;
        if (f->label == PROTOBUF_C_LABEL_REPEATED) {
            *(size_t *)pb__at(to, g->quantifier_offset) = pb__count(from, f);
            memcpy(pb__at(to, g->offset), pb__peek(from, f->offset), sizeof(void *));
        } else {
            union pb__slot slot = {0};

            memcpy(&slot, pb__peek(from, f->offset), pb__element_size(f));
            pb__set(to, g, &slot);
        }
    }
}

int pb__find(const struct pb_message_meta *meta, const char *name)
{
    const ProtobufCFieldDescriptor *f =
        protobuf_c_message_descriptor_get_field_by_name(meta->desc, name);

    return f ? (int)(f - meta->desc->fields) : -1;
}

int pb__find_json(const struct pb_message_meta *meta, struct bytes json_name)
{
    unsigned i;

    for (i = 0; i < meta->desc->n_fields; i++)
        if (bytes_eq(bytes_str(meta->fields[i].json_name), json_name))
            return (int)i;
    return -1;
}

int pb__enum_by_number(const struct pb_enum_meta *e, int number)
{
    unsigned i;

    for (i = 0; i < e->desc->n_values; i++)
        if (e->desc->values[i].value == number)
            return (int)i;
    return -1;
}

static uint8_t fold(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static bool eq_folded(struct bytes a, struct bytes b)
{
    size_t i;

    if (a.n != b.n)
        return false;
    for (i = 0; i < a.n; i++)
        if (fold(a.p[i]) != fold(b.p[i]))
            return false;
    return true;
}

int pb__enum_by_name(const struct pb_enum_meta *e, struct bytes name, bool fold_case)
{
    unsigned i;

    for (i = 0; i < e->desc->n_values; i++) {
        struct bytes candidate = bytes_str(e->json_names[i]);

        if (!e->json_names[i] || (e->output_only && e->output_only[i]))
            continue;
        if (bytes_eq(candidate, name) || (fold_case && eq_folded(candidate, name)))
            return (int)i;
    }
    return -1;
}

bool pb__is_listed(const char *const *names, const char *name)
{
    for (; names && *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

bool pb__is_member(const struct pb_message_meta *meta, size_t i, uint32_t not_flags,
                   const char *const *taken)
{
    return !(meta->fields[i].flags & not_flags) &&
           !pb__is_listed(taken, meta->desc->fields[i].name);
}
