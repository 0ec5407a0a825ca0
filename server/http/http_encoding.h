/* SPDX-License-Identifier: MIT */
/*
 * http_encoding.h -- content codings: undoing those of requests, choosing those of answers.
 *
 * Ownership  http_decoder_new() .. http_decoder_free(); http_encoder_new() .. http_encoder_free().
 * Threads    One at a time per object.
 * Errors     RC_INVALID (bad_request): the bytes are damaged or not of this coding;
 *            RC_TOO_LARGE (payload_too_large): they grow more than a payload may.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

enum http_coding { HTTP_IDENTITY, HTTP_GZIP, HTTP_DEFLATE, HTTP_ZSTD };

/* Of a Content-Encoding header: one coding by name. RC_INVALID for any other. */
enum rc http_coding_parse(struct bytes value, enum http_coding *ret_coding,
                          struct err *err) MUST_CHECK;

enum {
    HTTP_RATIO_MAX = 100,          /* decoded bytes for an encoded one ... */
    HTTP_RATIO_FREE = 1024 * 1024, /* ... asked for behind this many */
    HTTP_WINDOW_LOG_MAX = 23,      /* of a zstd frame: 8 MiB */
};

struct http_decoder;
struct http_decoder *http_decoder_new(enum http_coding coding); /* not HTTP_IDENTITY */
void http_decoder_free(struct http_decoder *d);
/*
 * Decodes from the front of *in into out. *ret_n < cap: it needs more input (which is
 * used up); *ret_n == cap: there may be more to come, even from an empty *in.
 */
enum rc http_decoder_run(struct http_decoder *d, struct bytes *in, uint8_t *out, size_t cap,
                         size_t *ret_n, struct err *err) MUST_CHECK;
/* The input is over: was it whole? */
enum rc http_decoder_end(struct http_decoder *d, struct err *err) MUST_CHECK;

/* What an Accept-Encoding header likes best of zstd, gzip and identity; absent: identity. */
enum http_coding http_accept_coding(struct bytes accept);

struct http_encoder;
struct http_encoder *http_encoder_new(void);
void http_encoder_free(struct http_encoder *e);
/* Appends body encoded. False: it does not get smaller; out is as before. */
bool http_encode(struct http_encoder *e, enum http_coding coding, struct bytes body,
                 struct buf *out);
