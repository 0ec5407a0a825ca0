/* SPDX-License-Identifier: MIT */
/*
 * client_message.c -- a message to a gRPC frame and back.
 *
 *   frame   flag(1: 0 plain, 1 compressed) length(4, big-endian) message
 *
 * An opened message lives in an arena of its own. The root is a copy with the
 * arena's address in front of it, so that lode_message_free() needs nothing
 * but the message; copying a root is safe because no part of a protobuf-c
 * message points to it.
 */
#include "client_int.h"

#include "base/arena.h"
#include "base/assert.h"
#include "base/mem.h"
#include "pb/pb.h"

#include <zlib.h>

struct message_head {
    struct arena *arena;
    uint64_t magic;
};

enum { MESSAGE_MAGIC = 0x4c4f4445 };

_Static_assert(sizeof(struct message_head) % 16 == 0, "the message behind it stays aligned");

void lode_message_free(void *message)
{
    struct message_head *head;

    if (!message)
        return;
    head = (struct message_head *)message - 1;
    ASSERT(head->magic == MESSAGE_MAGIC); /* not an answer of this library, or freed twice */
    head->magic = 0;
    arena_free(head->arena);
}

void client__pieces_push(struct client_pieces *q, struct client_piece *piece)
{
    piece->next = NULL;
    if (q->last)
        q->last->next = piece;
    else
        q->first = piece;
    q->last = piece;
    q->n++;
    q->bytes += piece->n - piece->off;
}

struct client_piece *client__pieces_pop(struct client_pieces *q)
{
    struct client_piece *piece = q->first;

    if (!piece)
        return NULL;
    q->first = piece->next;
    if (!q->first)
        q->last = NULL;
    q->n--;
    q->bytes -= piece->n - piece->off;
    piece->next = NULL;
    return piece;
}

void client__pieces_clear(struct client_pieces *q)
{
    struct client_piece *piece;

    while ((piece = client__pieces_pop(q)) != NULL)
        xfree(piece);
}

enum client_coding client__coding_of(struct bytes name)
{
    if (name.n == 0 || bytes_eq(name, B("identity")))
        return CLIENT_IDENTITY;
    if (bytes_eq(name, B("gzip")))
        return CLIENT_GZIP;
    return bytes_eq(name, B("deflate")) ? CLIENT_DEFLATE : CLIENT_UNKNOWN_CODING;
}

/* Gzip of n bytes at from into at most cap bytes at to; 0: not smaller. */
static size_t gzip(const uint8_t *from, size_t n, uint8_t *to, size_t cap)
{
    z_stream z = {0};
    size_t made = 0;

    if (n > UINT32_MAX || deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return 0;
    z.next_in = (uint8_t *)(uintptr_t)from; /* zlib's interface has no const */
    z.avail_in = (uInt)n;
    z.next_out = to;
    z.avail_out = (uInt)cap;
    if (deflate(&z, Z_FINISH) == Z_STREAM_END)
        made = cap - z.avail_out;
    deflateEnd(&z);
    return made;
}

static struct client_piece *piece_new(size_t cap)
{
    struct client_piece *piece = xmalloc(sizeof(*piece) + cap);

    *piece = (struct client_piece){.cap = cap};
    return piece;
}

struct client_piece *client__message_frame(const ProtobufCMessage *message, bool compress,
                                           struct lode_error *error)
{
    size_t n = protobuf_c_message_get_packed_size(message);
    struct client_piece *piece;
    size_t made;

    if (n > UINT32_MAX) {
        client__error(error, LODE_RESOURCE_EXHAUSTED, "a message of %zu bytes cannot be sent", n);
        return NULL;
    }
    piece = piece_new(n + 5);
    made = protobuf_c_message_pack(message, piece->p + 5);
    ASSERT(made == n);
    piece->p[0] = 0;
    if (compress && n >= CLIENT_COMPRESS_MIN) {
        struct client_piece *small = piece_new(n + 5);

        made = gzip(piece->p + 5, n, small->p + 5, n - 1);
        if (made) {
            xfree(piece);
            piece = small;
            piece->p[0] = 1;
            n = made;
        } else {
            xfree(small);
        }
    }
    put_u32be(piece->p + 1, (uint32_t)n);
    piece->n = n + 5;
    return piece;
}

/* Inflates exactly one stream that fills `in`, at most max bytes of output. */
static enum lode_status inflate_all(struct bytes in, enum client_coding coding, size_t max,
                                    struct buf *out, struct lode_error *error)
{
    enum lode_status status = LODE_OK;
    z_stream z = {0};
    int code = Z_OK;

    if (in.n > UINT32_MAX || inflateInit2(&z, coding == CLIENT_GZIP ? 15 + 16 : 15) != Z_OK)
        return client__error(error, LODE_INTERNAL, "a compressed message cannot be read");
    z.next_in = (uint8_t *)(uintptr_t)in.p; /* zlib's interface has no const */
    z.avail_in = (uInt)in.n;
    while (code == Z_OK) {
        uint8_t step[16384];

        z.next_out = step;
        z.avail_out = sizeof(step);
        code = inflate(&z, Z_NO_FLUSH);
        if (out->n + (sizeof(step) - z.avail_out) > max) {
            status = client__error(error, LODE_RESOURCE_EXHAUSTED,
                                   "a message inflates to more than %zu bytes", max);
            break;
        }
        buf_append(out, step, sizeof(step) - z.avail_out);
    }
    if (status == LODE_OK && (code != Z_STREAM_END || z.avail_in != 0))
        status = client__error(error, LODE_INTERNAL, "a compressed message is damaged");
    inflateEnd(&z);
    return status;
}

/* Unpacks into a new arena and puts the head in front of the root. */
static enum lode_status unpack(struct bytes wire, const ProtobufCMessageDescriptor *desc,
                               ProtobufCMessage **ret_message, struct lode_error *error)
{
    struct arena *arena = arena_new(pb_arena_limit(wire.n) + sizeof(struct message_head) +
                                    desc->sizeof_message + 256);
    struct message_head *head;
    ProtobufCMessage *root = NULL;
    struct err err;
    enum rc rc;

    rc = pb_unpack(arena, desc, wire, &root, &err);
    if (rc != RC_OK) {
        arena_free(arena);
        return client__error(
            error,
            rc == RC_TOO_LARGE || rc == RC_TOO_MANY ? LODE_RESOURCE_EXHAUSTED : LODE_INTERNAL,
            "a %s from the server cannot be read: %.600s", desc->short_name, err.msg);
    }
    head = arena_alloc(arena, sizeof(*head) + desc->sizeof_message);
    if (!head) {
        arena_free(arena);
        return client__error(error, LODE_RESOURCE_EXHAUSTED, "a %s from the server is too large",
                             desc->short_name);
    }
    head->arena = arena;
    head->magic = MESSAGE_MAGIC;
    memcpy(head + 1, root, desc->sizeof_message);
    *ret_message = (ProtobufCMessage *)(head + 1);
    return LODE_OK;
}

enum lode_status client__message_open(const struct client_piece *piece, enum client_coding coding,
                                      size_t max_message, const ProtobufCMessageDescriptor *desc,
                                      ProtobufCMessage **ret_message, struct lode_error *error)
{
    struct bytes wire = bytes_of(piece->p, piece->n);
    enum lode_status status;
    struct buf plain;

    if (!piece->compressed)
        return unpack(wire, desc, ret_message, error);
    if (coding == CLIENT_IDENTITY || coding == CLIENT_UNKNOWN_CODING)
        return client__error(error, LODE_INTERNAL, "a message is compressed in a coding %s",
                             coding == CLIENT_IDENTITY ? "that the server did not declare"
                                                       : "unknown here");
    buf_init(&plain, max_message);
    status = inflate_all(wire, coding, max_message, &plain, error);
    if (status == LODE_OK)
        status = unpack(buf_view(&plain), desc, ret_message, error);
    buf_done(&plain);
    return status;
}
