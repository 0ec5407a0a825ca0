/* SPDX-License-Identifier: MIT */
/*
 * meta.h -- what protobuf-c's descriptors do not say about a message.
 *
 * Constant tables, printed by Lode's protoc plugin next to the messages: JSON
 * names and the options of proto/lode/options.proto. Plain data.
 */
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

enum pb_shape {
    PB_SHAPE_OBJECT,    /* a JSON object, a member a field */
    PB_SHAPE_LIST,      /* transparent, one repeated field: a JSON array */
    PB_SHAPE_MAP,       /* transparent, one map field: a JSON object */
    PB_SHAPE_UNION,     /* transparent, one oneof: the member that is set */
    PB_SHAPE_RAW,       /* transparent, one repeated raw_json field: its one element as it is;
                           none is null, several are an array; any JSON in is one element */
    PB_SHAPE_TIMESTAMP, /* google.protobuf.Timestamp: RFC 3339 text */
    PB_SHAPE_DURATION,  /* google.protobuf.Duration: ISO 8601 text */
};

enum pb_field_flag {
    PB_FIELD_REQUIRED = 1 << 0,
    PB_FIELD_RAW_JSON = 1 << 1,
    PB_FIELD_NULL_IF_ABSENT = 1 << 2,
    PB_FIELD_IMMUTABLE = 1 << 3,
    PB_FIELD_HIDDEN = 1 << 4,
    PB_FIELD_QUERY_ONLY = 1 << 5,
    PB_FIELD_COMMA_LIST = 1 << 6,
    PB_FIELD_NUMBER_AS_STRING = 1 << 7,
    PB_FIELD_DATE_BEFORE = 1 << 8,
    PB_FIELD_DATE_AFTER = 1 << 9,
    PB_FIELD_NULL_RESETS = 1 << 10,
    PB_FIELD_MAP = 1 << 11, /* repeated map entries: a JSON object */
    PB_FIELD_KEEP_STAR = 1 << 12,
    PB_FIELD_BODY_ONLY = 1 << 13,
};

struct pb_enum_meta {
    const ProtobufCEnumDescriptor *desc;
    const char *const
        *json_names;         /* parallel to desc->values; NULL for the zero "unspecified" value */
    const bool *output_only; /* parallel to desc->values, or NULL: none is */
};

struct pb_field_meta {
    const char *json_name;
    const char *error;         /* error word, or NULL */
    const char *missing;       /* error word when required and absent, or NULL */
    const char *default_value; /* text, or NULL */
    const char *enum_error;    /* template, or NULL */
    uint64_t max;              /* 0: the type's own */
    uint32_t flags;
    const struct pb_message_meta
        *message; /* of a message field (map fields: of the entry), or NULL */
    const struct pb_enum_meta *enumeration; /* of an enum field, or NULL */
};

/*
 * fields is parallel to desc->fields (protobuf-c sorts them by number; that is
 * also the declared order that error texts list, so protos number their fields
 * in that order).
 */
struct pb_message_meta {
    const ProtobufCMessageDescriptor *desc;
    const struct pb_field_meta *fields;
    enum pb_shape shape;
    const char *error; /* error word of the message's inside, or NULL */
    bool nullable;     /* as a map's value it may be null: an entry without one */
};

/* One .proto file, for reflection: bytes as protoc gave them, without source positions. */
struct pb_file {
    const char *name;          /* "lode/v1/tasks.proto" */
    const uint8_t *descriptor; /* serialized FileDescriptorProto */
    size_t n_descriptor;
    const struct pb_file *const *imports; /* ends with NULL */
    const char *const *symbols;           /* full names declared in it, sorted, ends with NULL */
};
