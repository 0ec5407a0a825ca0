/* SPDX-License-Identifier: MIT */
/*
 * json_stream.h -- documents out of JSON text that arrives in pieces.
 *
 * The pieces may end anywhere: documents, errors and places are the same for
 * every split. A document in hand is the only thing kept, so memory is bounded
 * by the largest one.
 *
 * Ownership  json_stream_new() .. json_stream_free(). The bytes a callback gets
 *            are good until it returns.
 * Threads    One at a time.
 * Errors     RC_INVALID, RC_TOO_LARGE (a document over limits.max_bytes),
 *            RC_CANCELLED (the callback returned false, JSON_STOPPED). After a
 *            failure every later call fails in the same way.
 */
#pragma once

#include "json/json.h"

struct json_stream;

enum json_stream_mode {
    JSON_STREAM_ARRAY, /* one object, or an array of objects */
    JSON_STREAM_LINES, /* NDJSON: objects with any whitespace, or none, between them */
};

enum { JSON_DOCUMENT_DEFAULT = 64 * 1024 * 1024 };

/* One document, as json_compact() writes it. False ends the stream with JSON_STOPPED. */
typedef bool json_stream_fn(void *arg, struct bytes document);

/* limits (NULL: defaults) hold for one document. */
struct json_stream *json_stream_new(enum json_stream_mode mode, const struct json_limits *limits,
                                    json_stream_fn *fn, void *arg);
void json_stream_free(struct json_stream *s);
enum rc json_stream_feed(struct json_stream *s, struct bytes piece,
                         struct json_error *err) MUST_CHECK;
/* Says that no more will come: reports what is cut off. */
enum rc json_stream_end(struct json_stream *s, struct json_error *err) MUST_CHECK;
