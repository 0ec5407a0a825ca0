/* SPDX-License-Identifier: MIT */
/*
 * json_write.h -- values to compact JSON text, and numbers to text and back.
 *
 * Ownership  A writer lives on the caller's stack and borrows the buffer.
 * Threads    One at a time.
 * Errors     None of its own: ask buf_ok(out) once, at the end. That begins and
 *            ends match, and that keys stand in objects, is the caller's care.
 */
#pragma once

#include "base/buf.h"
#include "base/bytes.h"

struct json_writer {
    struct buf *out; /* borrowed */
    bool comma;      /* the next key or element needs one in front */
};

void json_writer_init(struct json_writer *w, struct buf *out);

void json_begin_object(struct json_writer *w);
void json_end_object(struct json_writer *w);
void json_begin_array(struct json_writer *w);
void json_end_array(struct json_writer *w);
void json_put_key(struct json_writer *w, struct bytes key);
/* Valid UTF-8; escapes only what must be: quote, backslash, control characters. */
void json_put_string(struct json_writer *w, struct bytes s);
void json_put_raw(struct json_writer *w, struct bytes json); /* one complete value */
void json_put_u64(struct json_writer *w, uint64_t v);
void json_put_i64(struct json_writer *w, int64_t v);
void json_put_double(struct json_writer *w, double v); /* not a number, infinity: null */
void json_put_bool(struct json_writer *w, bool v);
void json_put_null(struct json_writer *w);

/* The same with NUL-terminated names and texts. */
void json_key(struct json_writer *w, const char *key);
void json_str(struct json_writer *w, const char *s); /* NULL: null */

/* Appends s in quotes, escaped: for text that is built without a writer. */
void json_quote(struct buf *out, struct bytes s);

enum { JSON_DOUBLE_MAX = 48 };

/*
 * The shortest text that reads back as exactly v, as serde_json prints it:
 * "1.0", "0.1", "1e21", "1.5e-7". v is finite. Returns dst.
 */
char *json_format_double(char dst[JSON_DOUBLE_MAX], double v);

/* JSON number text (the grammar is not checked again) to the nearest double. False: too large. */
bool json_parse_double(struct bytes text, double *ret);
/* Decimal digits with an optional '-', nothing else. False: no such text, or out of range. */
bool json_parse_i64(struct bytes text, int64_t *ret);
bool json_parse_u64(struct bytes text, uint64_t *ret);
