/* SPDX-License-Identifier: MIT */
/*
 * http_body.c -- the bytes of a body: decoded, counted, gathered or handed on.
 *
 * Nothing is buffered but what a route needs whole. A streamed body reaches its
 * handler in the pieces it arrived in, borrowed from the read buffer; while the
 * handler owes HTTP_WINDOW of them, no more is read and what is there goes back to
 * the reader.
 */
#include "http/http_int.h"

#include "base/assert.h"
#include "pb/pb.h"

static enum rc too_large(const struct http_request *req, struct err *err)
{
    char size[HTTP_SIZE_TEXT_MAX];

    return err_set(err, RC_TOO_LARGE, "payload_too_large",
                   "The provided payload reached the size limit. The maximum accepted payload "
                   "size is %s.",
                   http_size_text(size, req->conn->gateway->opts.payload_limit));
}

void http__body_begin(struct http_request *req)
{
    const struct http_reader *r = &req->reader;
    struct bytes encoding = http_reader_known(r, HTTP_CONTENT_ENCODING);
    enum http_coding coding = HTTP_IDENTITY;
    struct err err;

    if (req->use != BODY_DROP && encoding.p &&
        http_coding_parse(encoding, &coding, &err) != RC_OK) {
        http__fail(req, &err);
        return;
    }
    if (coding == HTTP_IDENTITY && r->length > req->conn->gateway->opts.payload_limit) {
        (void)too_large(req, &err);
        http__fail(req, &err);
        return;
    }
    if (coding != HTTP_IDENTITY)
        req->decoder = http_decoder_new(coding);
}

bool http__body_is_blocked(const struct http_request *req)
{
    return req->use == BODY_STREAM && req->n_owed >= HTTP_WINDOW;
}

/* One message that holds nothing but a chunk, which is only borrowed. */
static void hand_on(struct http_request *req, struct bytes chunk)
{
    const struct http_route *route = req->match.route;
    const ProtobufCMessageDescriptor *desc = route->method->in->desc;
    ProtobufCMessage *msg = pb_new(rpc_call_scratch(req->call), desc);
    ProtobufCBinaryData *field;

    ASSERT(msg); /* the scratch arena was emptied after the last one */
    field = (ProtobufCBinaryData *)(void *)((char *)msg + desc->fields[route->stream_field].offset);
    field->len = chunk.n;
    field->data = (uint8_t *)(uintptr_t)chunk.p; /* protobuf-c knows no const; handlers only read */
    req->n_owed++;                               /* before: the handler may consume it at once */
    rpc_call_message(req->call, msg);
}

/* Decoded bytes. */
static void take_bytes(struct http_request *req, struct bytes b)
{
    struct err err;

    req->n_body += b.n;
    if (req->n_body > req->conn->gateway->opts.payload_limit) {
        (void)too_large(req, &err);
        http__fail(req, &err);
        return;
    }
    if (req->use == BODY_JSON)
        buf_bytes(&req->body, b);
    else if (req->use == BODY_STREAM && b.n > 0)
        hand_on(req, b);
}

/* Decodes one buffer full out of *piece. */
static void decode_some(struct http_request *req, struct bytes *piece)
{
    uint8_t *out = req->conn->gateway->decoded;
    struct err err;
    size_t n = 0;

    if (http_decoder_run(req->decoder, piece, out, HTTP_DECODE_SIZE, &n, &err) != RC_OK) {
        req->must_close = true; /* what follows is no use, and could be much */
        http__fail(req, &err);
        return;
    }
    req->decoder_full = n == HTTP_DECODE_SIZE;
    take_bytes(req, bytes_of(out, n));
}

static void take_piece(struct http_request *req, struct bytes *in, struct bytes piece)
{
    if (!req->decoder) {
        take_bytes(req, piece);
        return;
    }
    while (piece.n > 0 && !req->answered && !http__body_is_blocked(req))
        decode_some(req, &piece);
    if (req->answered)
        return;
    http_reader_unread(&req->reader, piece.n); /* they are the last bytes taken from *in */
    *in = bytes_of(in->p - piece.n, in->n + piece.n);
}

static void finish_body(struct http_request *req)
{
    struct err err;

    req->phase = REQ_RUNNING;
    if (req->decoder && http_decoder_end(req->decoder, &err) != RC_OK) {
        http__fail(req, &err);
        return;
    }
    http__request_run(req);
}

bool http__body_step(struct http_request *req, struct bytes *in)
{
    struct bytes piece = {0};

    if (http__body_is_blocked(req))
        return false;
    if (req->decoder_full) {
        decode_some(req, &piece);
        return true;
    }
    switch (http_reader_next(&req->reader, in, &piece)) {
    case HTTP_EV_BODY:
        take_piece(req, in, piece);
        return true;
    case HTTP_EV_END:
        finish_body(req);
        return true;
    case HTTP_EV_MORE:
        return false;
    case HTTP_EV_BAD:
        req->must_close = true;
        http__fail_status(req, req->reader.status, req->reader.why);
        return true;
    case HTTP_EV_HEAD:
        break;
    }
    NEVER("a second head in one request");
}
