/* SPDX-License-Identifier: MIT */
/*
 * grpc_frame.h -- messages out of the bytes of a stream: five bytes of prefix, then
 * the message; where the pieces are cut means nothing.
 *
 * Ownership  grpc_frame_init() .. grpc_frame_done(). A frame's body is borrowed:
 *            from the input, or from the parser until its next call.
 * Threads    One at a time.
 * Errors     RC_CORRUPT: a flag that is neither 0 nor 1. RC_TOO_LARGE: a length
 *            over the limit, told at the prefix, before any memory is taken.
 * Units      Bytes.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

enum { GRPC_PREFIX = 5 };

struct grpc_frame {
    bool compressed;
    struct bytes body;
};

struct grpc_frame_parser {
    struct buf body; /* what came of the message so far */
    size_t max;
    uint32_t length; /* of the message, once the prefix is whole */
    uint8_t prefix[GRPC_PREFIX];
    uint8_t n_prefix;
    bool always_copy; /* bodies never point into the input, so they outlive it */
};

void grpc_frame_init(struct grpc_frame_parser *p, size_t max);
void grpc_frame_done(struct grpc_frame_parser *p);

/*
 * Takes bytes from the front of *in until a message is whole or the input is
 * used up; *ret_whole says which. After a failure the parser is of no more use.
 */
enum rc grpc_frame_next(struct grpc_frame_parser *p, struct bytes *in, struct grpc_frame *ret_frame,
                        bool *ret_whole, struct err *err) MUST_CHECK;

/* Has a message begun that is not whole? Then the end of input would cut it. */
bool grpc_frame_is_open(const struct grpc_frame_parser *p);

/* Writes the prefix of a message of n bytes. */
void grpc_frame_put_prefix(uint8_t dst[GRPC_PREFIX], bool compressed, uint32_t n);
