/* SPDX-License-Identifier: MIT */
/*
 * http_reader.h -- HTTP/1.1 requests out of bytes, strictly, as they arrive.
 *
 * Pure: bytes in, events out, no sockets and no clocks. What a lenient reader
 * would guess at (RFC 9112, sections 3, 5.1, 6, 7.1) is HTTP_EV_BAD here, because
 * two programs that guess differently let one request hide inside another.
 *
 *   HEAD -> BODY* -> END      or BAD at any place, MORE when the bytes are used up
 *
 * Ownership  http_reader_init() .. http_reader_done(). Slices of the head are
 *            borrowed until http_reader_restart(); pieces of a body are
 *            slices of the caller's bytes.
 * Threads    One at a time.
 * Errors     HTTP_EV_BAD with status and why; it stays: the connection is lost.
 * Units      Bytes.
 */
#pragma once

#include "base/buf.h"
#include "base/bytes.h"

enum {
    HTTP_MAX_HEAD = 16 * 1024, /* request line and headers, with their line ends */
    HTTP_MAX_TARGET = 8 * 1024,
    HTTP_MAX_METHOD = 32,
    HTTP_MAX_HEADERS = 100,
    HTTP_MAX_CHUNK_DIGITS = 8,
    HTTP_MAX_CHUNK_EXT = 256, /* bytes behind one chunk size */
    HTTP_MAX_TRAILER = 16 * 1024,
};

enum http_event {
    HTTP_EV_MORE, /* all bytes are used; give more */
    HTTP_EV_HEAD, /* method, target and headers may be looked at */
    HTTP_EV_BODY, /* a piece of the body, never empty */
    HTTP_EV_END,  /* the request is over; see http_reader_restart() */
    HTTP_EV_BAD,
};

/* Headers that the gateway or the reader itself looks at, found without a search. */
enum http_known {
    HTTP_HOST,
    HTTP_CONTENT_LENGTH,
    HTTP_TRANSFER_ENCODING,
    HTTP_EXPECT,
    HTTP_AUTHORIZATION,
    HTTP_CONTENT_TYPE,
    HTTP_CONTENT_ENCODING,
    HTTP_ACCEPT_ENCODING,
    HTTP_ORIGIN,
    HTTP_ACRM, /* access-control-request-method */
    HTTP_ACRH, /* access-control-request-headers */
    HTTP_TRACEPARENT,
    HTTP_KNOWN_COUNT,
};

struct http_slice {
    uint16_t at; /* in the head's bytes */
    uint16_t n;
};

struct http_reader {
    struct buf head; /* owned: the request line and headers as sent, names lower-cased */
    size_t line_at;  /* where the unfinished line begins */
    struct http_slice method;
    struct http_slice target; /* origin form; a NUL stands behind it */
    struct http_slice names[HTTP_MAX_HEADERS];
    struct http_slice values[HTTP_MAX_HEADERS];
    int8_t known[HTTP_KNOWN_COUNT]; /* index of the header, -1: not there */
    uint8_t n_headers;
    uint8_t minor; /* HTTP/1.0 or HTTP/1.1 */
    uint8_t state;
    uint8_t n_digits;
    bool skipped_line;
    bool wants_close;
    bool wants_keep;
    bool absolute; /* the target named a host itself */
    bool chunked;
    bool has_length;
    uint64_t length; /* as the header says */
    uint64_t left;   /* of the body or of the chunk */
    size_t n_extra;  /* bytes of the chunk extension or the trailer */
    int status;      /* of HTTP_EV_BAD: 400, 414, 417, 431, 505 */
    const char *why; /* of HTTP_EV_BAD: a sentence */
};

void http_reader_init(struct http_reader *r);
void http_reader_done(struct http_reader *r);
/* Takes from the front of *in what the next event needs. *ret_piece is set by HTTP_EV_BODY only. */
enum http_event http_reader_next(struct http_reader *r, struct bytes *in, struct bytes *ret_piece);
/* Forgets the request, in whatever state it is, and keeps the memory. */
void http_reader_restart(struct http_reader *r);
/* The last n bytes of the last piece were not wanted yet; the caller shows them again. */
void http_reader_unread(struct http_reader *r, size_t n);
/* Has a request begun that is not over? */
bool http_reader_inside(const struct http_reader *r);

/* From HTTP_EV_HEAD on. */
struct bytes http_reader_method(const struct http_reader *r);
struct bytes http_reader_target(const struct http_reader *r); /* path and query, NUL-terminated */
struct bytes http_reader_name(const struct http_reader *r, size_t i);
struct bytes http_reader_value(const struct http_reader *r, size_t i);
struct bytes http_reader_known(const struct http_reader *r,
                               enum http_known which); /* .p NULL: absent */
bool http_reader_has_body(const struct http_reader *r);
/* Does the sender want to go on with this connection? */
bool http_reader_keep_alive(const struct http_reader *r);
bool http_reader_expects_continue(const struct http_reader *r);
