/* SPDX-License-Identifier: MIT */
/*
 * coding.h -- one message compressed or decompressed; nothing is kept between
 * messages but the memory of zlib.
 *
 * Ownership  grpc_codec_new() .. grpc_codec_free().
 * Threads    One at a time.
 * Errors     RC_CORRUPT: not such data, cut short, or bytes behind its end.
 *            RC_TOO_LARGE: more than out's limit; found at the first byte too
 *            many, whatever the input promises.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "grpc/wire.h"

struct grpc_codec;

struct grpc_codec *grpc_codec_new(void);
void grpc_codec_free(struct grpc_codec *codec);

/* coding is GRPC_GZIP or GRPC_DEFLATE. Appends to out. */
enum rc grpc_codec_inflate(struct grpc_codec *codec, enum grpc_coding coding, struct bytes in,
                           struct buf *out, struct err *err) MUST_CHECK;
enum rc grpc_codec_deflate(struct grpc_codec *codec, enum grpc_coding coding, struct bytes in,
                           struct buf *out, struct err *err) MUST_CHECK;
