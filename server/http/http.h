/* SPDX-License-Identifier: MIT */
/*
 * http.h -- the HTTP/1.1 JSON gateway: a net protocol in front of an rpc server.
 *
 * Every method with a route in proto/ is served: requests become messages by
 * descriptor, answers JSON. No route is written here by hand but "GET /".
 *
 * Ownership  http_gateway_new() .. http_gateway_free(), after the connections that
 *            use it have ended (net_loop_free()). The rpc server is borrowed and
 *            must have all its services before http_gateway_new().
 * Threads    Loop thread.
 * Units      Bytes; milliseconds.
 */
#pragma once

#include "net/net.h"
#include "rpc/server.h"

struct http_gateway;

/* Zero means the default. */
struct http_opts {
    uint64_t payload_limit; /* of a decoded body; 100,000,000 */
    unsigned head_ms;       /* a head must be complete within; 10,000 */
    unsigned idle_ms;       /* between two requests; 75,000 */
    unsigned body_rate;     /* least bytes a second of a body, over ten seconds; 512 */
};

struct http_gateway *http_gateway_new(struct rpc_server *server, const struct http_opts *opts);
void http_gateway_free(struct http_gateway *gateway);
/* What a listener takes; it matches any first bytes, so it stands last. */
struct net_protocol http_gateway_protocol(struct http_gateway *gateway);
/* Requests that are being read or answered. */
size_t http_gateway_n_requests(const struct http_gateway *gateway);
