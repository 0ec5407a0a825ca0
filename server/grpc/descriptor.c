/* SPDX-License-Identifier: MIT */
/*
 * descriptor.c -- see descriptor.h.
 *
 * Field numbers of google/protobuf/descriptor.proto that matter here:
 *
 *   file      2 package  4 message  5 enum  6 service  7 extension
 *   message   1 name  2 field  3 message  4 enum  6 extension  8 oneof
 *   enum      1 name  2 value            service  1 name  2 method
 *   field     1 name  2 extendee  3 number
 *   value, oneof, method: 1 name
 */
#include "grpc/descriptor.h"

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5, NAME = 1 };

struct field {
    unsigned number;
    struct bytes value;
    uint64_t varint;
};

static bool skip(struct bytes *in, size_t n)
{
    if (n > in->n)
        return false;
    in->p += n;
    in->n -= n;
    return true;
}

/* The next field of a message; false at its end. */
static bool next(struct bytes *in, struct field *f)
{
    uint64_t tag, v;
    size_t n = get_varint(*in, &tag);

    *f = (struct field){0};
    if (!n || !skip(in, n))
        return false;
    f->number = (unsigned)(tag >> 3);
    switch (tag & 7) {
    case WIRE_VARINT:
        n = get_varint(*in, &f->varint);
        return n && skip(in, n);
    case WIRE_BYTES:
        n = get_varint(*in, &v);
        if (!n || !skip(in, n) || v > in->n)
            return false;
        f->value = bytes_of(in->p, (size_t)v);
        return skip(in, (size_t)v);
    case WIRE_64:
        return skip(in, 8);
    case WIRE_32:
        return skip(in, 4);
    default:
        return false;
    }
}

static struct field get(struct bytes in, unsigned number)
{
    struct field f;

    while (next(&in, &f))
        if (f.number == number)
            return f;
    return (struct field){0};
}

static struct bytes name_of(struct bytes in)
{
    return get(in, NAME).value;
}

/* name is "head" itself, or "head.rest": then *ret_rest is rest, else empty. */
static bool begins(struct bytes name, struct bytes head, struct bytes *ret_rest)
{
    if (!bytes_starts(name, head) || !head.n)
        return false;
    *ret_rest = bytes_of(name.p + head.n, name.n - head.n);
    if (!ret_rest->n)
        return true;
    if (ret_rest->p[0] != '.')
        return false;
    return skip(ret_rest, 1) && ret_rest->n;
}

/* A name in the bodies of enums and services: only one level deep. */
static bool has_member(struct bytes in, unsigned number, struct bytes name)
{
    struct field f;

    while (next(&in, &f))
        if (f.number == number && bytes_eq(name_of(f.value), name))
            return true;
    return false;
}

/* Values of an enum stand beside it; "Enum.VALUE" is taken too. */
static bool enum_declares(struct bytes in, struct bytes name)
{
    struct bytes rest;

    if (has_member(in, 2, name))
        return true;
    return begins(name, name_of(in), &rest) && (!rest.n || has_member(in, 2, rest));
}

static bool service_declares(struct bytes in, struct bytes name)
{
    struct bytes rest;

    return begins(name, name_of(in), &rest) && (!rest.n || has_member(in, 2, rest));
}

/* As deep as our own protos nest their messages. */
static bool message_declares(struct bytes in, struct bytes name)
{
    struct bytes rest;
    struct field f;

    if (!begins(name, name_of(in), &rest))
        return false;
    if (!rest.n)
        return true;
    while (next(&in, &f)) {
        bool found = false;

        if (f.number == 3)
            found = message_declares(f.value, rest);
        else if (f.number == 4)
            found = enum_declares(f.value, rest);
        else if (f.number == 2 || f.number == 6 || f.number == 8)
            found = bytes_eq(name_of(f.value), rest);
        if (found)
            return true;
    }
    return false;
}

bool grpc__descriptor_declares(const struct pb_file *file, struct bytes name)
{
    struct bytes in = bytes_of(file->descriptor, file->n_descriptor);
    struct bytes package = get(in, 2).value;
    struct bytes rest = name;
    struct field f;

    if (package.n && (!begins(name, package, &rest) || !rest.n))
        return false;
    while (next(&in, &f)) {
        bool found = false;

        if (f.number == 4)
            found = message_declares(f.value, rest);
        else if (f.number == 5)
            found = enum_declares(f.value, rest);
        else if (f.number == 6)
            found = service_declares(f.value, rest);
        else if (f.number == 7)
            found = bytes_eq(name_of(f.value), rest);
        if (found)
            return true;
    }
    return false;
}

/* Counts *nth down over a message's extensions; `number` is their field in it. */
static bool find_extension(struct bytes in, bool is_file, size_t *nth, struct bytes *ret_field)
{
    unsigned extension = is_file ? 7 : 6, message = is_file ? 4 : 3;
    struct field f;

    while (next(&in, &f)) {
        if (f.number == extension && (*nth)-- == 0) {
            *ret_field = f.value;
            return true;
        }
        if (f.number == message && find_extension(f.value, false, nth, ret_field))
            return true;
    }
    return false;
}

bool grpc__descriptor_extension(const struct pb_file *file, size_t nth, struct bytes *ret_extendee,
                                int32_t *ret_number)
{
    struct bytes in = bytes_of(file->descriptor, file->n_descriptor);
    struct bytes field, extendee;

    if (!find_extension(in, true, &nth, &field))
        return false;
    extendee = get(field, 2).value;
    if (extendee.n && extendee.p[0] == '.')
        (void)skip(&extendee, 1);
    *ret_extendee = extendee;
    *ret_number = (int32_t)get(field, 3).varint;
    return true;
}
