/* SPDX-License-Identifier: MIT */
/*
 * http_route.h -- from a verb and a path to the method that serves it.
 *
 * Ownership  http_router_new() .. http_router_free(). Services are borrowed.
 * Threads    Read-only once made.
 */
#pragma once

#include "base/bytes.h"
#include "http/http_text.h"
#include "rpc/method.h"

enum http_verb {
    HTTP_GET,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_N_VERBS, /* those above may have routes */
    HTTP_HEAD = HTTP_N_VERBS,
    HTTP_OPTIONS,
    HTTP_OTHER,
};

enum http_verb http_verb_of(struct bytes method);

struct http_constant {
    const char *field;
    struct bytes value;
};

/* A route with what the gateway needs of it, worked out once. */
struct http_route {
    const struct rpc_method *method;
    const struct rpc_route *rule;
    const char *const *vars; /* proto fields of the path's variables, in order */
    size_t n_vars;
    const struct http_constant *constants;
    size_t n_constants;
    bool takes_query;                 /* some field may come from the query string */
    bool body_is_list;                /* the body is one plain repeated field */
    const char *const *taken_by_path; /* proto fields no body may fill; ends with NULL */
    const char *const *taken;         /* proto fields no query may fill; ends with NULL */
    int stream_field;                 /* index of body_stream in the request's fields, or -1 */
    int content_type_field;
};

struct http_match {
    const struct http_route *route; /* NULL: no such path, or not with this verb */
    struct bytes vars[HTTP_MAX_SEGMENTS];
    unsigned allow; /* bit per verb that the path has; 0: no such path */
};

struct http_router;
struct http_router *http_router_new(void);
void http_router_free(struct http_router *router);
/* Adds every route of the service. Two routes of one verb and pattern are a broken table: asserted.
 */
void http_router_add(struct http_router *router, const struct rpc_service *service);
/* HTTP_HEAD is looked up as HTTP_GET. Literal segments win over variables, segment by segment. */
void http_router_find(const struct http_router *router, enum http_verb verb,
                      const struct bytes *segments, size_t n_segments,
                      struct http_match *ret_match);
