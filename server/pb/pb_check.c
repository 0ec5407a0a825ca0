/* SPDX-License-Identifier: MIT */
/*
 * pb_check.c -- is this safe to hand to protobuf-c?
 *
 * One pass over the wire bytes, guided by the descriptor, without allocating
 * and without recursion. What it guarantees behind it:
 *
 * (1) messages nest at most PB_MAX_DEPTH deep (protobuf-c recurses);
 * (2) every tag, varint and length is whole and inside its message;
 * (3) every known string is valid UTF-8 without NUL (protobuf-c's strings end
 *     at the first NUL, and it looks at no text).
 *
 * Groups are refused: protobuf-c cannot read them and proto3 cannot write them.
 */
#include "pb_int.h"

struct level {
    const ProtobufCMessageDescriptor *desc;
    const uint8_t *end;
};

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

/* Length of the UTF-8 sequence at p, 0 if it is not one. Table 3-7 of the Unicode standard. */
static size_t utf8_sequence(const uint8_t *p, size_t room)
{
    uint8_t low = 0x80;
    uint8_t high = 0xbf;
    size_t n;
    size_t i;

    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (room < n)
        return 0;
    if (p[0] == 0xe0)
        low = 0xa0;
    else if (p[0] == 0xed)
        high = 0x9f; /* surrogates */
    else if (p[0] == 0xf0)
        low = 0x90;
    else if (p[0] == 0xf4)
        high = 0x8f;
    if (p[1] < low || p[1] > high)
        return 0;
    for (i = 2; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

bool pb__text_ok(struct bytes text)
{
    size_t i = 0;

    if (text.n && memchr(text.p, 0, text.n))
        return false;
    while (i < text.n) {
        uint64_t word;
        size_t n;

        if (text.n - i >= sizeof(word)) {
            memcpy(&word, text.p + i, sizeof(word));
            if (!(word & 0x8080808080808080u)) {
                i += sizeof(word);
                continue;
            }
        }
        n = utf8_sequence(text.p + i, text.n - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

static enum rc refuse(struct err *err, const char *type, const char *why)
{
    return err_set(err, RC_INVALID, "bad_request", "The %s message is malformed: %s", type, why);
}

static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *desc,
                                                  uint64_t number)
{
    return number <= INT32_MAX ? protobuf_c_message_descriptor_get_field(desc, (unsigned)number)
                               : NULL;
}

/* Reads tag and, for lengths, the length; *p ends behind them. NULL if all is well, else why not.
 */
static const char *read_tag(const uint8_t **p, const uint8_t *end, uint64_t *ret_number,
                            unsigned *ret_wire, uint64_t *ret_length)
{
    uint64_t tag;
    size_t n = get_varint(bytes_of(*p, (size_t)(end - *p)), &tag);
    uint64_t skipped;

    if (n == 0 || n > 5 || tag > UINT32_MAX || tag >> 3 == 0)
        return "bad tag";
    *p += n;
    *ret_number = tag >> 3;
    *ret_wire = (unsigned)(tag & 7);
    switch (*ret_wire) {
    case WIRE_VARINT:
        *ret_length = get_varint(bytes_of(*p, (size_t)(end - *p)), &skipped);
        if (*ret_length == 0)
            return "bad varint";
        break;
    case WIRE_64:
        *ret_length = 8;
        break;
    case WIRE_32:
        *ret_length = 4;
        break;
    case WIRE_BYTES:
        n = get_varint(bytes_of(*p, (size_t)(end - *p)), ret_length);
        if (n == 0)
            return "bad length";
        *p += n;
        break;
    default:
        return "groups are not supported";
    }
    return *ret_length <= (uint64_t)(end - *p) ? NULL : "cut short";
}

enum rc pb_check(const ProtobufCMessageDescriptor *desc, struct bytes wire, struct err *err)
{
    struct level stack[PB_MAX_DEPTH];
    const uint8_t *p = wire.p;
    size_t depth = 0;

    if (wire.n == 0)
        return RC_OK;
    stack[0] = (struct level){desc, wire.p + wire.n};
    for (;;) {
        const struct level *top = &stack[depth];
        const ProtobufCFieldDescriptor *field;
        const char *why;
        uint64_t number;
        uint64_t length;
        unsigned wire_type;

        if (p == top->end) {
            if (depth == 0)
                return RC_OK;
            depth--;
            continue;
        }
        why = read_tag(&p, top->end, &number, &wire_type, &length);
        if (why)
            return refuse(err, top->desc->name, why);
        field = wire_type == WIRE_BYTES ? find_field(top->desc, number) : NULL;
        if (field && field->type == PROTOBUF_C_TYPE_MESSAGE) {
            if (depth + 1 == PB_MAX_DEPTH)
                return refuse(err, desc->name, "messages nest too deep");
            stack[++depth] = (struct level){field->descriptor, p + length};
            continue;
        }
        if (field && field->type == PROTOBUF_C_TYPE_STRING &&
            !pb__text_ok(bytes_of(p, (size_t)length)))
            return err_set(err, RC_INVALID, "bad_request",
                           "The %s message is malformed: field `%s` is not UTF-8 text without NUL",
                           top->desc->name, field->name);
        p += length;
    }
}
