/* SPDX-License-Identifier: MIT */
/*
 * json.h -- JSON text to values: a strict reader, and the compact form.
 *
 * RFC 8259 to the letter: no comments, no trailing commas, no BOM, valid UTF-8,
 * surrogates only in pairs. Numbers stay text until they are asked for, strings
 * without escapes are borrowed from the text, and every value knows its own
 * source bytes, because documents travel as raw JSON. Errors say what serde_json
 * says, at the line and column it would give: clients compare the words.
 *
 * Other doors: json/json_write.h (writing, numbers), json/json_stream.h
 * (documents out of an upload as it arrives), json/csv.h.
 *
 * Ownership  json_parser_new() .. json_parser_free(). A value borrows from its
 *            parser and from the text: good until the parser's next json_parse()
 *            or the end of the text.
 * Threads    One at a time parses; reading the values then changes nothing, so
 *            several threads may read one parsed text.
 * Errors     RC_INVALID, RC_TOO_LARGE; *err is filled on failure only, and may
 *            be NULL. Asking a value for what it is not is our own mistake and
 *            is asserted, where a function does not say otherwise.
 * Units      Bytes. Texts are under 4 GiB.
 */
#pragma once

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"

struct json_parser;

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* What went wrong; json_code_text() has the words. */
enum json_code {
    JSON_OK = 0,
    JSON_EOF_LIST,
    JSON_EOF_OBJECT,
    JSON_EOF_STRING,
    JSON_EOF_VALUE,
    JSON_EXPECTED_COLON,
    JSON_EXPECTED_LIST_COMMA,
    JSON_EXPECTED_OBJECT_COMMA,
    JSON_EXPECTED_IDENT,
    JSON_EXPECTED_VALUE,
    JSON_INVALID_ESCAPE,
    JSON_INVALID_NUMBER,
    JSON_INVALID_UNICODE,
    JSON_CONTROL_CHARACTER,
    JSON_KEY_NOT_STRING,
    JSON_LONE_SURROGATE,
    JSON_HEX_ESCAPE_END,
    JSON_TRAILING_COMMA,
    JSON_TRAILING_CHARACTERS,
    JSON_TOO_DEEP,
    JSON_TOO_LARGE,  /* the text, or one document of a stream, is over max_bytes */
    JSON_TOO_MANY,   /* more values than max_values */
    JSON_NOT_OBJECT, /* streams: a document is valid JSON, but not an object */
    JSON_STOPPED,    /* streams: the callback said so */
};

struct json_error {
    enum json_code code;
    uint64_t offset; /* bytes before the place, over the whole stream for streams */
    uint64_t line;   /* from 1 */
    uint64_t column; /* bytes from the last newline up to and with the bad one */
};

/* Zero means the default. */
struct json_limits {
    unsigned max_depth; /* containers inside each other; default 64, at most 512 */
    size_t max_bytes;   /* default: 4 GiB less one; for streams of one document, 64 MiB */
    size_t max_values;  /* keys and values of one text; a parsed one takes 16 bytes */
};

enum { JSON_DEPTH_DEFAULT = 64, JSON_DEPTH_MAX = 512, JSON_ERROR_TEXT_MAX = 128 };

/* A value inside a parsed text. Copy it freely. */
struct json_value {
    const struct json_parser *parser;
    uint32_t node;
};

struct json_parser *json_parser_new(void);
void json_parser_free(struct json_parser *parser);

/* Parses text, which holds exactly one value; limits may be NULL for the defaults. */
enum rc json_parse(struct json_parser *parser, struct bytes text, const struct json_limits *limits,
                   struct json_value *ret_root, struct json_error *err) MUST_CHECK;

enum json_type json_type(struct json_value v);
bool json_bool(struct json_value v);
/* Unescaped UTF-8 of a string; may hold NUL. */
struct bytes json_string(struct json_value v);
/* The bytes of the value as they stand in the text (a string with its quotes). */
struct bytes json_raw(struct json_value v);
/* Where json_raw() begins in the text. */
size_t json_offset(struct json_value v);

/*
 * A number's value. False when v is no number, or when the value does not fit:
 * u64 and i64 want an integer without fraction and exponent ("1.0" and "-0" are
 * doubles); double wants a finite result, and is the nearest one.
 */
bool json_as_u64(struct json_value v, uint64_t *ret);
bool json_as_i64(struct json_value v, int64_t *ret);
bool json_as_double(struct json_value v, double *ret);

/* Elements of an array; members of an object, duplicates counted. */
size_t json_count(struct json_value v);

/*
 * Walks an array or an object:
 *     for (json_iter_init(&it, v); json_iter_next(&it);) use(it.key, it.value);
 */
struct json_iter {
    struct json_value value;
    struct bytes key;         /* unescaped; objects only */
    struct json_value key_at; /* the key as a value, for its raw bytes and offset */
    size_t index;             /* of value, from 0 */
    uint32_t next, end;       /* nodes; private */
    bool object;
};
void json_iter_init(struct json_iter *it, struct json_value container);
bool json_iter_next(struct json_iter *it);

/* The member named key; of several the last. False when v is no object or has no such member. */
bool json_get(struct json_value v, struct bytes key, struct json_value *ret_value);

/*
 * Appends v without the whitespace between tokens, else byte for byte as it
 * stood. In every object of it a member that comes again takes the first one's
 * place with the last one's value. Look at buf_ok(out) afterwards.
 */
void json_compact_value(struct json_value v, struct buf *out);

/* Parses text and appends its compact form; nothing is appended on failure. */
enum rc json_compact(struct json_parser *parser, struct bytes text,
                     const struct json_limits *limits, struct buf *out,
                     struct json_error *err) MUST_CHECK;

/* "expected value"; for errors of the text a constant sentence without its place. */
const char *json_code_text(enum json_code code);
/* "expected value at line 1 column 7". Returns dst. */
char *json_error_text(char dst[JSON_ERROR_TEXT_MAX], const struct json_error *err);
/* Line and column as errors count them, for the byte at offset. */
void json_position(struct bytes text, size_t offset, uint64_t *ret_line, uint64_t *ret_column);
