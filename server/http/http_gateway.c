/* SPDX-License-Identifier: MIT */
/*
 * http_gateway.c -- what all connections of the gateway share.
 *
 * Requests are kept for reuse with their buffers: a connection between requests
 * holds none of them, and a request of a busy one costs no allocation.
 */
#include "http/http_int.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/mem.h"

static const struct http_opts defaults = {
    .payload_limit = 100000000,
    .head_ms = 10000,
    .idle_ms = 75000,
    .body_rate = 512,
};

struct http_gateway *http_gateway_new(struct rpc_server *server, const struct http_opts *opts)
{
    struct http_gateway *gw = xcalloc(1, sizeof(*gw));
    size_t i;

    gw->server = server;
    gw->opts = opts ? *opts : defaults;
    if (!gw->opts.payload_limit)
        gw->opts.payload_limit = defaults.payload_limit;
    if (!gw->opts.head_ms)
        gw->opts.head_ms = defaults.head_ms;
    if (!gw->opts.idle_ms)
        gw->opts.idle_ms = defaults.idle_ms;
    if (!gw->opts.body_rate)
        gw->opts.body_rate = defaults.body_rate;
    gw->router = http_router_new();
    for (i = 0; i < rpc_server_n_services(server); i++)
        http_router_add(gw->router, rpc_server_service(server, i));
    gw->parser = json_parser_new();
    gw->encoder = http_encoder_new();
    gw->decoded = xmalloc(HTTP_DECODE_SIZE);
    buf_init(&gw->head, BUF_NO_LIMIT);
    buf_init(&gw->encoded, BUF_NO_LIMIT);
    gw->date_second = INT64_MIN;
    return gw;
}

static void request_free(struct http_request *req)
{
    http_reader_done(&req->reader);
    buf_done(&req->body);
    buf_done(&req->reply);
    xfree(req);
}

void http_gateway_free(struct http_gateway *gateway)
{
    struct http_gateway *gw = gateway;

    if (!gw)
        return;
    ASSERT(gw->n_requests == 0);
    while (gw->spare) {
        struct http_request *req = gw->spare;

        gw->spare = req->next_spare;
        request_free(req);
    }
    http_router_free(gw->router);
    json_parser_free(gw->parser);
    http_encoder_free(gw->encoder);
    buf_done(&gw->head);
    buf_done(&gw->encoded);
    xfree(gw->decoded);
    xfree(gw);
}

struct net_protocol http_gateway_protocol(struct http_gateway *gateway)
{
    struct net_protocol p = http__protocol;

    p.protocol_arg = gateway;
    return p;
}

size_t http_gateway_n_requests(const struct http_gateway *gateway)
{
    return gateway->n_requests;
}

struct http_request *http__request_take(struct http_gateway *gw, struct http_conn *conn)
{
    struct http_request *req = gw->spare;

    if (req) {
        gw->spare = req->next_spare;
        gw->n_spare--;
    } else {
        req = xcalloc(1, sizeof(*req));
        http_reader_init(&req->reader);
        buf_init(&req->reply, BUF_NO_LIMIT);
        buf_init(&req->body, (size_t)gw->opts.payload_limit);
    }
    req->conn = conn;
    gw->n_requests++;
    return req;
}

static void clear_buf(struct buf *b)
{
    size_t limit = b->limit;

    buf_clear(b);
    if (b->cap <= HTTP_SPARE_BUF)
        return;
    buf_done(b);
    buf_init(b, limit);
}

void http__request_give(struct http_gateway *gw, struct http_request *req)
{
    struct http_request fresh = {.reader = req->reader, .body = req->body, .reply = req->reply};

    ASSERT(!req->call);
    http_decoder_free(req->decoder);
    gw->n_requests--;
    *req = fresh;
    http_reader_restart(&req->reader);
    clear_buf(&req->body);
    clear_buf(&req->reply);
    if (gw->n_spare == HTTP_SPARE_REQUESTS) {
        request_free(req);
        return;
    }
    req->next_spare = gw->spare;
    gw->spare = req;
    gw->n_spare++;
}

const char *http__date(struct http_gateway *gw)
{
    int64_t now = clock_wall_ns();

    if (now / NS_PER_S != gw->date_second) {
        gw->date_second = now / NS_PER_S;
        http_date_text(gw->date, now);
    }
    return gw->date;
}
