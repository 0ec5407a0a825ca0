/* SPDX-License-Identifier: MIT */
/*
 * pb.h -- protobuf messages to bytes and to JSON, and back, with limits.
 *
 * Every unpack in Lode goes through pb_unpack(): protobuf-c alone has no depth
 * limit, checks no UTF-8, cuts strings at NUL and turns 4 MiB of empty
 * submessages into 400 MiB of heap.
 *
 * Ownership  Messages live in the caller's arena and are never freed singly
 *            (do not call protobuf-c's free_unpacked on them).
 * Threads    Pure functions; an arena belongs to one thread at a time.
 * Errors     RC_INVALID for input that is wrong, RC_TOO_LARGE / RC_TOO_MANY
 *            for input over a limit; words as the metas say.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "pb/meta.h"

enum {
    PB_MAX_DEPTH = 64,                /* nested messages */
    PB_MAX_MESSAGE = 4 * 1024 * 1024, /* default limit of one message, bytes */
};

/*
 * Unpacks wire bytes into the arena after a pre-scan (depth, group tags, UTF-8
 * and NUL in string fields) and within the arena's limit (callers give
 * min(64 MiB, 32 x wire + 64 KiB), see pb_arena_limit()).
 */
enum rc pb_unpack(struct arena *arena, const ProtobufCMessageDescriptor *desc, struct bytes wire,
                  ProtobufCMessage **ret_msg, struct err *err) MUST_CHECK;
size_t pb_arena_limit(size_t wire_bytes);

/* The pre-scan alone. */
enum rc pb_check(const ProtobufCMessageDescriptor *desc, struct bytes wire,
                 struct err *err) MUST_CHECK;

/* Appends the packed message; RC_TOO_LARGE when out's limit is passed. */
enum rc pb_pack(const ProtobufCMessage *msg, struct buf *out, struct err *err) MUST_CHECK;

/* A zeroed, initialised message of the given type in the arena; NULL past its limit. */
ProtobufCMessage *pb_new(struct arena *arena, const ProtobufCMessageDescriptor *desc);

/*
 * What is set in `from` becomes what is set in `to`, field by field of the same name and
 * type; others stay. Both then share what the fields point to.
 */
void pb_copy_fields(const ProtobufCMessage *from, ProtobufCMessage *to);

/* JSON of the message, compact, as http-api shapes it. */
enum rc pb_to_json(const ProtobufCMessage *msg, const struct pb_message_meta *meta, struct buf *out,
                   struct err *err) MUST_CHECK;
/*
 * JSON of a change: only the members that are set, and null for those named in
 * the `reset` field of their message (what reading null leaves there). RC_INVALID
 * for a name there that is no member; an enum's number without a name stays a number.
 */
enum rc pb_change_to_json(const ProtobufCMessage *msg, const struct pb_message_meta *meta,
                          struct buf *out, struct err *err) MUST_CHECK;
/* JSON of one field's value (an HTTP rule's response_body). */
enum rc pb_field_to_json(const ProtobufCMessage *msg, const struct pb_message_meta *meta,
                         const char *field, struct buf *out, struct err *err) MUST_CHECK;

struct json_value;

struct pb_json_opts {
    const char *error_word; /* for the top level and unknown members; NULL: "bad_request" */
    bool ignore_unknown;
    const char *const *taken; /* proto names of fields filled from elsewhere (path): not members;
                                 ends with NULL; may be NULL */
    const char *at; /* path of the value in the body for texts, "" at the top: ".settings" is never
                       shown, so usually "" */
};

/*
 * Fills an initialised message from a JSON value. Errors follow the wordings
 * of Meilisearch ("Invalid value type at `.limit`: expected a positive integer,
 * but found a string: `"doggo"`"); members are visited in the order sent,
 * missing ones are reported last.
 */
enum rc pb_from_json(struct arena *arena, const struct pb_message_meta *meta,
                     const struct json_value *value, const struct pb_json_opts *opts,
                     ProtobufCMessage *msg, struct err *err) MUST_CHECK;

/* Fills one field from a JSON value (an HTTP rule whose body is a field). */
enum rc pb_field_from_json(struct arena *arena, const struct pb_message_meta *meta,
                           const char *field, const struct json_value *value,
                           const struct pb_json_opts *opts, ProtobufCMessage *msg,
                           struct err *err) MUST_CHECK;

struct pb_param {
    struct bytes name;  /* percent-decoded */
    struct bytes value; /* percent-decoded */
};

/* Fills the message from query parameters; `taken` as in pb_json_opts. Absent ones get their
 * defaults. */
enum rc pb_from_query(struct arena *arena, const struct pb_message_meta *meta,
                      const struct pb_param *params, size_t n_params, const char *const *taken,
                      ProtobufCMessage *msg, struct err *err) MUST_CHECK;

/* Sets one scalar field (proto name) from text: path variables and "field=value" constants. */
enum rc pb_set_text(struct arena *arena, const struct pb_message_meta *meta, const char *field,
                    struct bytes text, ProtobufCMessage *msg, struct err *err) MUST_CHECK;

/* Gives every field with a default_value that value; call before filling from JSON. */
enum rc pb_apply_defaults(struct arena *arena, const struct pb_message_meta *meta,
                          ProtobufCMessage *msg, struct err *err) MUST_CHECK;

/* "did you mean" rule of http-errors.md 3.1: the candidate to propose, or NULL. */
const char *pb_did_you_mean(struct bytes got, const char *const *candidates, size_t n);
