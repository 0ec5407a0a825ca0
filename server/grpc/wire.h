/* SPDX-License-Identifier: MIT */
/*
 * wire.h -- the small texts of gRPC over HTTP/2: timeouts, status texts, binary
 * metadata, codings, content types.
 *
 * Both ends use it: the server's door and the client library.
 *
 * Threads    Pure functions.
 * Errors     Parsers answer false and touch no ret_ argument. The percent
 *            decoder cannot fail.
 * Units      Nanoseconds; bytes.
 */
#pragma once

#include "base/buf.h"
#include "base/bytes.h"

enum {
    GRPC_TIMEOUT_TEXT = 11, /* digits, unit, NUL, and room for an int64 */
    GRPC_STATUS_TEXT_MAX =
        1024, /* bytes of grpc-message on the wire: more and C-core drops the block */
};

/* 1 to 8 digits and one of H M S m u n; values past INT64_MAX ns become that. */
bool grpc_timeout_parse(struct bytes text, int64_t *ret_ns);
/* The finest unit whose rounded-up value has 8 digits; never "0". Returns dst. */
char *grpc_timeout_format(char dst[GRPC_TIMEOUT_TEXT], int64_t ns);

/* Appends text for grpc-message, at most max bytes, cut at a whole character; broken UTF-8 becomes
 * U+FFFD. */
void grpc_percent_encode(struct buf *out, struct bytes text, size_t max);
/* Appends the text of a grpc-message; broken %-sequences stay as they are. */
void grpc_percent_decode(struct buf *out, struct bytes text);

/* Room that decoding n characters may need. */
#define GRPC_BASE64_ROOM(n) ((n) / 4 * 3 + 3)

/* Without padding, as gRPC sends it. */
void grpc_base64_encode(struct buf *out, struct bytes b);
/* With or without padding. dst has GRPC_BASE64_ROOM(text.n) bytes. */
bool grpc_base64_decode(struct bytes text, uint8_t *dst, size_t *ret_n);

/* "-bin": the value is base64. */
bool grpc_is_binary_name(struct bytes name);

enum grpc_coding {
    GRPC_IDENTITY,
    GRPC_GZIP,
    GRPC_DEFLATE, /* zlib's format, not raw deflate */
    GRPC_CODING_UNKNOWN,
};

#define GRPC_ACCEPT_ENCODING "identity,deflate,gzip"

enum grpc_coding grpc_coding_of(struct bytes name);
const char *grpc_coding_name(enum grpc_coding coding);
/* Bits 1 << coding of a comma list with optional blanks; identity is always in. */
unsigned grpc_accept_parse(struct bytes list);

/*
 * "application/grpc", alone or with "+proto", with or without ";...". *ret_suffix:
 * "+proto" was there, to be echoed. Anything else (also grpc-web) is false.
 */
bool grpc_content_type(struct bytes value, bool *ret_suffix);
