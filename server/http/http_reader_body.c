/* SPDX-License-Identifier: MIT */
/*
 * http_reader_body.c -- bodies: of known length, or in chunks.
 *
 *   chunk    = 1*8HEX [";" extension] CR LF  data  CR LF
 *   last     = 1*8"0" [";" extension] CR LF  *(trailer line CR LF)  CR LF
 *
 * Around the data everything is read a byte at a time by one state machine; the
 * data itself is handed on in the pieces it came in. Extensions and trailers are
 * checked for bytes that could hide a line end, counted, and thrown away.
 */
#include "http/http_reader.h"

#include "base/assert.h"
#include "http/http_reader_int.h"

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static enum http_event bad_chunk(struct http_reader *r)
{
    return http__reader_bad(r, 400, "A chunk of the body is malformed.");
}

static enum http_event bad_trailer(struct http_reader *r)
{
    return http__reader_bad(r, 400, "The trailer behind the body is malformed.");
}

static enum http_event go(struct http_reader *r, uint8_t state)
{
    r->state = state;
    return HTTP_EV_MORE;
}

static enum http_event take_size_byte(struct http_reader *r, uint8_t c)
{
    int digit = hex_digit(c);

    if (digit >= 0) {
        if (r->n_digits == HTTP_MAX_CHUNK_DIGITS)
            return http__reader_bad(r, 400, "A chunk size has more than 8 digits.");
        r->left = r->left << 4 | (uint64_t)digit;
        r->n_digits++;
        return HTTP_EV_MORE;
    }
    if (r->n_digits == 0 || (c != ';' && c != '\r'))
        return bad_chunk(r);
    r->n_extra = 0;
    return go(r, c == ';' ? READ_CHUNK_EXT : READ_CHUNK_LF);
}

static enum http_event take_ext_byte(struct http_reader *r, uint8_t c)
{
    if (c == '\r')
        return go(r, READ_CHUNK_LF);
    r->n_extra++;
    if (!http__is_value(c) || r->n_extra > HTTP_MAX_CHUNK_EXT)
        return bad_chunk(r);
    return HTTP_EV_MORE;
}

/* A trailer is thrown away, but it must be one: its bytes decide where the next request begins. */
static enum http_event take_trailer_byte(struct http_reader *r, uint8_t c)
{
    r->n_extra++;
    if (r->n_extra > HTTP_MAX_TRAILER)
        return http__reader_bad(r, 431, "The trailer behind the body is larger than 16384 bytes.");
    if (r->state == READ_TRAILER) {
        if (c == '\r')
            return go(r, READ_LAST_LF);
        return http__is_token(c) ? go(r, READ_TRAILER_NAME) : bad_trailer(r);
    }
    if (r->state == READ_TRAILER_NAME) {
        if (c == ':')
            return go(r, READ_TRAILER_VALUE);
        return http__is_token(c) ? HTTP_EV_MORE : bad_trailer(r);
    }
    if (c == '\r')
        return go(r, READ_TRAILER_LF);
    return http__is_value(c) ? HTTP_EV_MORE : bad_trailer(r);
}

static enum http_event take_byte(struct http_reader *r, uint8_t c)
{
    switch (r->state) {
    case READ_CHUNK_SIZE:
        return take_size_byte(r, c);
    case READ_CHUNK_EXT:
        return take_ext_byte(r, c);
    case READ_CHUNK_LF:
        if (c != '\n')
            return bad_chunk(r);
        r->n_extra = 0; /* from here on of the trailer */
        return go(r, r->left ? READ_CHUNK_DATA : READ_TRAILER);
    case READ_DATA_CR:
        return c == '\r' ? go(r, READ_DATA_LF) : bad_chunk(r);
    case READ_DATA_LF:
        r->n_digits = 0;
        return c == '\n' ? go(r, READ_CHUNK_SIZE) : bad_chunk(r);
    case READ_TRAILER:
    case READ_TRAILER_NAME:
    case READ_TRAILER_VALUE:
        return take_trailer_byte(r, c);
    case READ_TRAILER_LF:
        return c == '\n' ? go(r, READ_TRAILER) : bad_trailer(r);
    case READ_LAST_LF:
        if (c != '\n')
            return bad_trailer(r);
        r->state = READ_END;
        return HTTP_EV_END;
    default:
        NEVER("a byte in a state that reads none");
    }
}

static enum http_event take_piece(struct http_reader *r, struct bytes *in, struct bytes *ret_piece)
{
    size_t n = r->left < in->n ? (size_t)r->left : in->n;

    *ret_piece = bytes_of(in->p, n);
    *in = bytes_of(in->p + n, in->n - n);
    r->left -= n;
    return HTTP_EV_BODY;
}

/* The step behind the last byte of data is taken only here, so that unread() has one thing to undo.
 */
enum http_event http_reader_next(struct http_reader *r, struct bytes *in, struct bytes *ret_piece)
{
    if (r->state == READ_BAD)
        return HTTP_EV_BAD;
    if (r->state == READ_HEAD)
        return http__read_head(r, in);
    if (r->state == READ_LENGTH && r->left == 0)
        r->state = READ_END;
    if (r->state == READ_END)
        return HTTP_EV_END;
    for (;;) {
        enum http_event ev;

        if (r->state == READ_CHUNK_DATA && r->left == 0)
            r->state = READ_DATA_CR;
        if (in->n == 0)
            return HTTP_EV_MORE;
        if (r->state == READ_LENGTH || r->state == READ_CHUNK_DATA)
            return take_piece(r, in, ret_piece);
        ev = take_byte(r, in->p[0]);
        *in = bytes_of(in->p + 1, in->n - 1);
        if (ev != HTTP_EV_MORE)
            return ev;
    }
}

void http_reader_unread(struct http_reader *r, size_t n)
{
    ASSERT(n == 0 || r->state == READ_LENGTH || r->state == READ_CHUNK_DATA);
    r->left += n;
}
