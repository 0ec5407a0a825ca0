/* SPDX-License-Identifier: MIT */
/*
 * client_response.c -- an answer as it arrives: header blocks, messages, end.
 *
 *   Response-Headers  messages...  Trailers        or  Trailers-Only
 *
 * Whatever else comes (a proxy's error page, no status, a cut message) still
 * gives a status: grpc-wire.md 8. The client's lock is held; all functions
 * run inside nghttp2's receive callbacks.
 */
#include "client_int.h"

#include "base/mem.h"

#include <stdio.h>

void client__response_reset(struct client_response *in)
{
    struct buf details = in->details;
    struct buf body = in->body;

    client__fields_done(&in->block);
    xfree(in->partial);
    buf_clear(&details);
    buf_clear(&body);
    *in = (struct client_response){.details = details, .body = body};
}

void client__response_done(struct client_response *in)
{
    client__response_reset(in);
    buf_done(&in->details);
    buf_done(&in->body);
}

static bool is_grpc(struct bytes type)
{
    static const char name[] = "application/grpc";

    if (!bytes_starts(type, bytes_str(name)))
        return false;
    return type.n == sizeof(name) - 1 || type.p[sizeof(name) - 1] == '+' ||
           type.p[sizeof(name) - 1] == ';';
}

static bool is_hidden(struct bytes name)
{
    return bytes_starts(name, B(":")) || bytes_starts(name, B("grpc-")) ||
           bytes_eq(name, B("te")) || bytes_eq(name, B("content-length"));
}

static int http_status_of(struct bytes v)
{
    if (v.n != 3 || v.p[0] < '1' || v.p[0] > '9' || v.p[1] < '0' || v.p[1] > '9' || v.p[2] < '0' ||
        v.p[2] > '9')
        return 0;
    return (v.p[0] - '0') * 100 + (v.p[1] - '0') * 10 + (v.p[2] - '0');
}

static void read_status(struct client_response *in, struct bytes value)
{
    in->has_status = true;
    in->status = client__status_parse(value);
    if (in->status == LODE_UNKNOWN && !bytes_eq(value, B("2")) && in->message[0] == '\0')
        snprintf(in->message, sizeof(in->message), "the server sent the status \"%.*s\"",
                 value.n > 20 ? 20 : (int)value.n, (const char *)value.p);
}

bool client__response_field(struct lode_stream *call, struct bytes name, struct bytes value)
{
    struct client_response *in = &call->in;

    in->block_bytes += name.n + value.n + 32;
    in->block_fields++;
    if (in->block_bytes > CLIENT_HEADERS_MAX || in->block_fields > CLIENT_FIELDS_MAX) {
        client__call_end(call, LODE_RESOURCE_EXHAUSTED,
                         "the server's metadata is over %d bytes or %d fields", CLIENT_HEADERS_MAX,
                         CLIENT_FIELDS_MAX);
        return false;
    }
    if (bytes_eq(name, B(":status"))) {
        in->http_status = http_status_of(value);
    } else if (bytes_eq(name, B("content-type"))) {
        in->grpc = is_grpc(value);
        client__text_copy(in->content_type, sizeof(in->content_type), value);
    } else if (bytes_eq(name, B("grpc-status"))) {
        read_status(in, value);
    } else if (bytes_eq(name, B("grpc-message"))) {
        client__percent_decode(value, in->message, sizeof(in->message));
    } else if (bytes_eq(name, B("grpc-status-details-bin"))) {
        buf_clear(&in->details);
        if (!client__base64_decode(value, &in->details))
            buf_clear(&in->details); /* details are a courtesy: the status stands without them */
    } else if (bytes_eq(name, B("grpc-encoding"))) {
        in->coding = client__coding_of(value);
    } else if (!is_hidden(name) && !client__fields_receive(&in->block, name, value)) {
        in->block_broken = true;
    }
    return true;
}

void client__response_block_end(struct lode_stream *call, bool end_stream)
{
    struct client_response *in = &call->in;
    struct client_fields block = in->block;
    bool informational = in->http_status >= 100 && in->http_status < 200;

    in->block = (struct client_fields){0};
    in->block_bytes = in->block_fields = 0;
    if (informational && !end_stream && !in->headers) {
        in->http_status = 0;
        client__fields_done(&block);
        return;
    }
    if (in->block_broken || (in->headers && !end_stream)) {
        client__fields_done(&block);
        client__call_end(call, LODE_INTERNAL, "%s: %s", call->method->path,
                         in->block_broken ? "the server sent metadata that is no base64"
                                          : "the server sent headers in the middle of the answer");
        return;
    }
    client__call_commit(call);
    call->conn->answered = true;
    call->client->fruitless = 0;
    if (!end_stream) {
        in->headers = true;
        in->has_status = false; /* it counts in trailers only */
        call->initial = block;
        client__call_changed(call);
        return;
    }
    in->headers = in->trailers = true;
    call->trailing = block;
    client__response_end(call);
}

/* ---- messages ------------------------------------------------------------------------ */

/* Appends to the partial message, growing with what arrives: a prefix alone reserves nothing. */
static void partial_append(struct client_response *in, struct bytes data)
{
    struct client_piece *piece = in->partial;
    size_t n = (piece ? piece->n : 0) + data.n;

    if (!piece || n > piece->cap) {
        size_t cap = piece ? piece->cap * 2 : data.n;

        if (cap < n)
            cap = n;
        if (cap > in->want)
            cap = in->want;
        piece = xrealloc(piece, sizeof(*piece) + cap);
        if (!in->partial)
            *piece = (struct client_piece){0};
        piece->cap = cap;
        in->partial = piece;
    }
    if (data.n)
        memcpy(piece->p + piece->n, data.p, data.n);
    piece->n += data.n;
}

static void message_done(struct lode_stream *call)
{
    struct client_response *in = &call->in;
    struct client_piece *piece = in->partial;

    in->partial = NULL;
    in->n_prefix = 0;
    piece->compressed = in->prefix[0] == 1;
    piece->wire = piece->n + sizeof(in->prefix);
    client__pieces_push(&call->queue, piece);
    call->n_received++;
    if (!call->method->server_streams && call->n_received > 1)
        client__call_end(call, LODE_INTERNAL, "%s: the server sent more than one answer",
                         call->method->path);
    else if (call->method->server_streams)
        client__call_changed(call);
}

/* The five bytes are here: false when the call had to end. */
static bool prefix_done(struct lode_stream *call)
{
    struct client_response *in = &call->in;

    in->want = get_u32be(in->prefix + 1);
    if (in->prefix[0] > 1) {
        client__call_end(call, LODE_INTERNAL, "%s: the answer's framing is broken (flag %u)",
                         call->method->path, in->prefix[0]);
        return false;
    }
    if (in->want > call->client->max_message) {
        client__call_end(call, LODE_RESOURCE_EXHAUSTED,
                         "%s: the server sends a message of %zu bytes, the limit is %zu",
                         call->method->path, in->want, call->client->max_message);
        return false;
    }
    return true;
}

static void parse(struct lode_stream *call, struct bytes data)
{
    struct client_response *in = &call->in;

    while (data.n && call->state != CALL_ENDED) {
        size_t n;

        if (in->n_prefix < sizeof(in->prefix)) {
            in->prefix[in->n_prefix++] = *data.p;
            data = bytes_of(data.p + 1, data.n - 1);
            if (in->n_prefix < sizeof(in->prefix))
                continue;
            if (!prefix_done(call))
                return;
            partial_append(in, bytes_of(NULL, 0));
        } else {
            n = in->want - in->partial->n < data.n ? in->want - in->partial->n : data.n;
            partial_append(in, bytes_of(data.p, n));
            data = bytes_of(data.p + n, data.n - n);
        }
        if (in->partial->n == in->want)
            message_done(call);
    }
}

void client__response_data(struct lode_stream *call, struct bytes data)
{
    struct client_response *in = &call->in;

    call->owed += data.n;
    if (in->http_status == 200 && in->grpc) {
        parse(call, data);
    } else {
        size_t room = CLIENT_BODY_TEXT - in->body.n;

        buf_append(&in->body, data.p, data.n < room ? data.n : room);
    }
    if (call->state != CALL_ENDED && call->queue.n == 0)
        client__call_give_back(call);
}

/* ---- the end ------------------------------------------------------------------------- */

static void end_without_status(struct lode_stream *call)
{
    struct client_response *in = &call->in;
    const char *path = call->method->path;
    char body[CLIENT_BODY_TEXT / 2];

    client__text_copy(body, sizeof(body), buf_view(&in->body));
    if (in->http_status != 200)
        client__call_end(call, client__status_of_http(in->http_status),
                         "%s: the server answered with HTTP status %d%s%s", path, in->http_status,
                         body[0] ? ": " : "", body);
    else if (!in->grpc)
        client__call_end(call, LODE_UNKNOWN, "%s: the answer is \"%s\", not gRPC%s%s", path,
                         in->content_type, body[0] ? ": " : "", body);
    else
        client__call_end(call, in->trailers ? LODE_UNKNOWN : LODE_INTERNAL,
                         "%s: the server closed the stream without a status", path);
}

void client__response_end(struct lode_stream *call)
{
    struct client_response *in = &call->in;
    struct lode_error error;

    if (!in->has_status) {
        end_without_status(call);
        return;
    }
    if (in->status == LODE_OK && (in->n_prefix || in->partial)) {
        client__call_end(call, LODE_INTERNAL, "%s: the answer ends within a message",
                         call->method->path);
        return;
    }
    if (in->status == LODE_OK && !call->method->server_streams && call->n_received != 1) {
        client__call_end(call, LODE_INTERNAL, "%s: the server said OK without an answer",
                         call->method->path);
        return;
    }
    client__error_clear(&error);
    error.status = in->status;
    if (in->status != LODE_OK) {
        client__text_copy(error.message, sizeof(error.message), bytes_str(in->message));
        client__details_read(buf_view(&in->details), &error);
        if (error.message[0] == '\0')
            snprintf(error.message, sizeof(error.message), "%s failed with %s", call->method->path,
                     lode_status_name(in->status));
    }
    client__call_end_with(call, &error);
}
