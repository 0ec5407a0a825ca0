/* SPDX-License-Identifier: MIT */
/*
 * pb_int.h -- what the files of the pb room share: fields by descriptor, and
 * the wordings of refusals.
 */
#pragma once

#include "pb/pb.h"

/* UTF-8 without NUL: what a protobuf-c string can hold. */
bool pb__text_ok(struct bytes text);

/* RC_TOO_LARGE: the arena's limit is reached. */
enum rc pb__out_of_room(const struct arena *arena, struct err *err);

/* ---- fields (pb_field.c) ------------------------------------------------------------ */

static inline void *pb__at(ProtobufCMessage *msg, size_t offset)
{
    return (char *)msg + offset;
}

static inline const void *pb__peek(const ProtobufCMessage *msg, size_t offset)
{
    return (const char *)msg + offset;
}

static inline bool pb__in_oneof(const ProtobufCFieldDescriptor *f)
{
    return (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

/* Can absence be told from the zero value? Repeated fields: no. */
bool pb__has_presence(const ProtobufCFieldDescriptor *f);
/* Is it set? Fields without presence always are. */
bool pb__is_set(const ProtobufCMessage *msg, const ProtobufCFieldDescriptor *f);
/* Back to the value of a fresh message. */
void pb__clear(ProtobufCMessage *msg, const ProtobufCFieldDescriptor *f);

size_t pb__element_size(const ProtobufCFieldDescriptor *f);
size_t pb__count(const ProtobufCMessage *msg, const ProtobufCFieldDescriptor *f);
/* The i-th element of a repeated field, as a pointer to its slot. */
const void *pb__element(const ProtobufCMessage *msg, const ProtobufCFieldDescriptor *f, size_t i);
/* A zeroed array of n elements for the repeated field; NULL past the arena's limit. n may be 0. */
void *pb__new_elements(struct arena *arena, ProtobufCMessage *msg,
                       const ProtobufCFieldDescriptor *f, size_t n);

/* Room for one element of any type, so that a field is only touched by a value that is good. */
union pb__slot {
    uint64_t number;
    double real;
    void *pointer;
    ProtobufCBinaryData data;
};
/* Makes the element the value of the singular field. */
void pb__set(ProtobufCMessage *msg, const ProtobufCFieldDescriptor *f, const union pb__slot *slot);
/* data borrows b: protobuf-c never writes through it. */
void pb__set_data(ProtobufCBinaryData *data, struct bytes b);

/* Index of the field by proto name, by JSON name; -1 if there is none. */
int pb__find(const struct pb_message_meta *meta, const char *name);
int pb__find_json(const struct pb_message_meta *meta, struct bytes json_name);

/* Index into values of the enum by number, by JSON name; -1 if none (or not for input). */
int pb__enum_by_number(const struct pb_enum_meta *e, int number);
int pb__enum_by_name(const struct pb_enum_meta *e, struct bytes name, bool fold_case);

bool pb__is_listed(const char *const *names, const char *name);

/* Are these the fields that a reader may name? flags: those that rule a field out. */
bool pb__is_member(const struct pb_message_meta *meta, size_t i, uint32_t not_flags,
                   const char *const *taken);

/* ---- wordings (pb_report.c) --------------------------------------------------------- */

/* text, cut at a whole character if it is too long to quote. */
struct bytes pb__quotable(struct bytes text);

/* "did you mean `b`? expected one of `a`, `b`", of JSON names of members. */
void pb__list_members(struct buf *out, const struct pb_message_meta *meta, uint32_t not_flags,
                      const char *const *taken, struct bytes got, bool hint);
void pb__list_values(struct buf *out, const struct pb_enum_meta *e, struct bytes got, bool hint);
/* A field's enum_error template filled in. */
void pb__fill_enum_error(struct buf *out, const char *pattern, const struct pb_enum_meta *e,
                         struct bytes got);

/* ---- scalars from text (pb_text.c) -------------------------------------------------- */

struct pb__text {
    struct arena *arena;
    const char *name; /* of the parameter, for texts */
    const char *word;
    bool fold_case; /* enum names in any case */
    struct err *err;
};

/* Parses text into the slot of one element of f. */
enum rc pb__parse_text(const struct pb__text *t, const ProtobufCFieldDescriptor *f,
                       const struct pb_field_meta *meta, struct bytes text, void *slot);

/* Range of the integer types; false when f is none. */
bool pb__int_range(const ProtobufCFieldDescriptor *f, const struct pb_field_meta *meta,
                   int64_t *ret_min, uint64_t *ret_max);
/* Stores a checked integer (two's complement for negative ones) in the slot. */
void pb__store_int(const ProtobufCFieldDescriptor *f, void *slot, uint64_t v);
void pb__store_double(const ProtobufCFieldDescriptor *f, void *slot, double v);

/* ---- values from JSON (pb_json_value.c) --------------------------------------------- */

struct json_value;

/* One reading of one body. */
struct pb__reader {
    struct arena *arena;
    struct err *err;
    const char *at; /* what stands in front of every place in texts; "" for nothing */
};

/* Where a value stands in the body, as error texts write it (`.a.b[2]`), and the word of its
 * errors. */
struct pb__place {
    const struct pb__reader *r;
    const char *word;
    const struct pb__place *up; /* NULL: the body itself */
    struct bytes key;           /* NULL .p: an element of an array */
    size_t index;
};

enum pb__kind {
    PB__NULL = 1 << 0,
    PB__BOOL = 1 << 1,
    PB__UNSIGNED = 1 << 2,
    PB__NEGATIVE = 1 << 3,
    PB__FLOAT = 1 << 4,
    PB__STRING = 1 << 5,
    PB__ARRAY = 1 << 6,
    PB__OBJECT = 1 << 7,
    PB__ANY = (1 << 8) - 1,
};

/* Kinds of JSON value that one element of the field, the field, or the message takes. */
uint32_t pb__element_kinds(const ProtobufCFieldDescriptor *f, const struct pb_field_meta *fm);
uint32_t pb__field_kinds(const ProtobufCFieldDescriptor *f, const struct pb_field_meta *fm);
uint32_t pb__message_kinds(const struct pb_message_meta *meta);
uint32_t pb__kind_of(struct json_value v);

enum rc pb__refuse_type(const struct pb__place *at, uint32_t kinds, struct json_value v);
/* Appends " at `.a.b[2]`" (lead " at "), or nothing for the body itself. */
void pb__put_place(struct buf *out, const struct pb__place *at, const char *lead);
/* Reads a value whose kind is right into a slot; not for messages. */
enum rc pb__read_scalar(const struct pb__place *at, const ProtobufCFieldDescriptor *f,
                        const struct pb_field_meta *fm, struct json_value v, void *slot);
/* Nanoseconds of a Timestamp or Duration; flags of the field that holds it. */
enum rc pb__read_time(const struct pb__place *at, enum pb_shape shape, uint32_t flags,
                      struct json_value v, int64_t *ret_ns);

/* ---- text forms (pb_base64.c, pb_time.c) -------------------------------------------- */

void pb__base64_put(struct buf *out, struct bytes data);
/* False when text is not base64 (padded). NULL .p past the arena's limit. */
bool pb__base64_get(struct arena *arena, struct bytes text, struct bytes *ret_data);

/* Timestamp and Duration messages, by their two fields. */
int64_t pb__time_ns(const ProtobufCMessage *msg);
void pb__time_set(ProtobufCMessage *msg, int64_t ns);
ProtobufCMessage *pb__time_new(struct arena *arena, const ProtobufCMessageDescriptor *desc,
                               int64_t ns);
/* "PT0.031245S", "P1DT3.500S": what clock_format_iso_duration() writes. */
bool pb__parse_duration(struct bytes text, int64_t *ret_ns);
/* RFC 3339, and for fields with a date rule YYYY-MM-DD. */
bool pb__parse_time(struct bytes text, uint32_t flags, int64_t *ret_ns);
