/* SPDX-License-Identifier: MIT */
/* http_reader_int.h -- between the head and the body half of the reader. */
#pragma once

#include "http/http_reader.h"

enum {
    READ_HEAD,
    READ_LENGTH,     /* a body of known length, or none */
    READ_CHUNK_SIZE, /* its digits */
    READ_CHUNK_EXT,
    READ_CHUNK_LF, /* behind the size line */
    READ_CHUNK_DATA,
    READ_DATA_CR, /* behind the data */
    READ_DATA_LF,
    READ_TRAILER, /* at the beginning of a line */
    READ_TRAILER_NAME,
    READ_TRAILER_VALUE,
    READ_TRAILER_LF,
    READ_LAST_LF,
    READ_END,
    READ_BAD,
};

bool http__is_token(uint8_t c);
bool http__is_value(uint8_t c);
enum http_event http__reader_bad(struct http_reader *r, int status, const char *why);
enum http_event http__read_head(struct http_reader *r, struct bytes *in);
