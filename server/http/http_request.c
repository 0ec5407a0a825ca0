/* SPDX-License-Identifier: MIT */
/*
 * http_request.c -- from a request's head, and its JSON body, to a message.
 *
 * The checks come in the order clients know (the first that fails answers): the
 * route, the caller's right, the query string, the content type, an empty body,
 * JSON syntax, JSON shape. rpc asks for the right itself when it gets the message;
 * here it is asked first where a body has to be read for that, and before another
 * error is told to somebody who has no right to it.
 */
#include "http/http_int.h"

#include "base/assert.h"
#include "pb/pb.h"

/* ---- answers with an error ---------------------------------------------------- */

void http__answer_status(struct http_request *req, const struct rpc_status *status)
{
    buf_clear(&req->reply);
    rpc_status_to_json(status, &req->reply);
    req->status = status->http_status;
    req->content_type = "application/json";
    req->answered = true;
    http__conn_wake(req->conn);
}

void http__fail(struct http_request *req, const struct err *err)
{
    struct rpc_status status;

    if (req->answered)
        return;
    rpc_status_from_err(req->call ? rpc_call_arena(req->call) : NULL, err, &status);
    http__answer_status(req, &status);
}

void http__fail_status(struct http_request *req, int http_status, const char *why)
{
    struct rpc_status status;
    struct err err;

    if (req->answered)
        return;
    (void)err_set(&err, RC_INVALID, "bad_request", "%s", why);
    rpc_status_from_err(NULL, &err, &status);
    status.http_status = http_status;
    http__answer_status(req, &status);
}

static void answer_empty(struct http_request *req, int http_status)
{
    req->status = http_status;
    req->content_type = NULL;
    req->answered = true;
}

static void answer_root(struct http_request *req)
{
    if (req->verb == HTTP_GET || req->verb == HTTP_HEAD) {
        buf_str(&req->reply, "{\"status\":\"Lode is running\"}");
        answer_empty(req, 200);
        req->content_type = "application/json";
        return;
    }
    req->match.allow = 1U << HTTP_GET;
    answer_empty(req, 405);
}

/* ---- the call ---------------------------------------------------------------- */

static void begin_call(struct http_request *req, const char *query)
{
    const struct http_reader *r = &req->reader;
    struct rpc_metadata metadata[HTTP_MAX_HEADERS];
    struct rpc_call_start start = {
        .method = req->match.route->method,
        .door_ops = &http__door_ops,
        .door = req,
        .peer = net_conn_peer(req->conn->net),
        .query_string = query,
        .traceparent = http_reader_known(r, HTTP_TRACEPARENT),
        .deadline_mono_ns = INT64_MAX,
        .metadata = metadata,
        .n_metadata = r->n_headers,
        .ret_call = &req->call,
    };
    size_t i;

    for (i = 0; i < r->n_headers; i++)
        metadata[i] = (struct rpc_metadata){http_reader_name(r, i), http_reader_value(r, i)};
    if (!rpc_call_new(req->conn->gateway->server, &start))
        req->call = NULL;
}

/* Does the path alone name the index that the right is asked for? */
static bool path_names_index(const struct http_route *route)
{
    size_t i;

    for (i = 0; i < route->n_vars; i++)
        if (strcmp(route->vars[i], route->method->index_field) == 0)
            return true;
    return false;
}

/* False: the caller may not, and that is the answer. */
static bool ask_access(struct http_request *req)
{
    const struct rpc_server_opts *opts = rpc_server_opts(req->conn->gateway->server);
    bool index_known = path_names_index(req->match.route);
    struct err err;

    if (!opts->access || req->access_known)
        return true;
    if (opts->access(opts->access_arg, req->call, index_known ? req->msg : NULL, &err) != RC_OK) {
        http__fail(req, &err);
        return false;
    }
    req->access_known = true;
    return true;
}

static void fail_if_allowed(struct http_request *req, const struct err *err)
{
    if (ask_access(req))
        http__fail(req, err);
}

/* ---- the message ------------------------------------------------------------- */

static enum rc fill_from_path(struct http_request *req, struct err *err)
{
    const struct http_route *route = req->match.route;
    struct arena *arena = rpc_call_arena(req->call);
    const struct pb_message_meta *in = route->method->in;
    enum rc rc = RC_OK;
    size_t i;

    req->msg = pb_new(arena, in->desc);
    if (!req->msg)
        return err_set(err, RC_TOO_LARGE, NULL, "The request holds too much.");
    if (!route->takes_query || *route->rule->body)
        rc = pb_apply_defaults(arena, in, req->msg, err);
    for (i = 0; i < route->n_constants && rc == RC_OK; i++)
        rc = pb_set_text(arena, in, route->constants[i].field, route->constants[i].value, req->msg,
                         err);
    for (i = 0; i < route->n_vars && rc == RC_OK; i++)
        rc = pb_set_text(arena, in, route->vars[i], req->match.vars[i], req->msg, err);
    return rc;
}

static enum rc fill_from_query(struct http_request *req, struct bytes query, struct err *err)
{
    const struct http_route *route = req->match.route;
    struct arena *arena = rpc_call_arena(req->call);
    struct pb_param *params = NULL;
    size_t n = 0;
    enum rc rc;

    if (!route->takes_query)
        return RC_OK;
    rc = http_query_parse(arena, query, &params, &n, err);
    if (rc != RC_OK)
        return rc;
    return pb_from_query(arena, route->method->in, params, n, route->taken, req->msg, err);
}

/* "`a`, `b`" */
static const char *list_types(const char *const *types, struct buf *out)
{
    size_t i;

    for (i = 0; types[i]; i++)
        buf_printf(out, "%s`%s`", i ? ", " : "", types[i]);
    return buf_cstr(out);
}

/* The route's own list, or JSON in any of its spellings. */
static bool is_accepted(const struct http_request *req, const char *media, const char *const *types)
{
    size_t i;

    if (req->use == BODY_JSON)
        return http_media_is_json(media);
    for (i = 0; types[i]; i++)
        if (strcmp(types[i], media) == 0)
            return true;
    return false;
}

static enum rc check_content_type(struct http_request *req, struct err *err)
{
    static const char *const json_only[] = {"application/json", NULL};
    const struct http_route *route = req->match.route;
    const char *const *types = req->use == BODY_JSON ? json_only : route->rule->content_types;
    struct bytes value = http_reader_known(&req->reader, HTTP_CONTENT_TYPE);
    char media[HTTP_MEDIA_MAX];
    struct buf list;

    if (value.p && http_media_type(value, media) && is_accepted(req, media, types)) {
        if (route->content_type_field < 0)
            return RC_OK;
        return pb_set_text(rpc_call_arena(req->call), route->method->in,
                           route->rule->content_type_field, bytes_str(media), req->msg, err);
    }
    buf_init(&list, ERR_MSG_MAX);
    list_types(types, &list);
    if (!value.p)
        (void)err_set(err, RC_INVALID, "missing_content_type",
                      "A Content-Type header is missing. Accepted values for the Content-Type "
                      "header are: %s",
                      buf_cstr(&list));
    else
        (void)err_set(err, RC_INVALID, "invalid_content_type",
                      "The Content-Type `%.*s` is invalid. Accepted values for the Content-Type "
                      "header are: %s",
                      BYTES_ARG(value), buf_cstr(&list));
    buf_done(&list);
    return RC_INVALID;
}

static enum http_body_use body_use(const struct rpc_route *rule)
{
    if (*rule->body_stream)
        return BODY_STREAM;
    return *rule->body ? BODY_JSON : BODY_DROP;
}

/* All that can be said before the body. */
static void check_head(struct http_request *req, struct bytes query)
{
    bool has_body = http_reader_has_body(&req->reader);
    struct err err;

    req->use = body_use(req->match.route->rule);
    if (fill_from_path(req, &err) != RC_OK) {
        req->msg = NULL; /* half filled: not for the access check */
        fail_if_allowed(req, &err);
        return;
    }
    if ((req->use == BODY_JSON || has_body) && !ask_access(req))
        return;
    if (fill_from_query(req, query, &err) != RC_OK ||
        (req->use != BODY_DROP && check_content_type(req, &err) != RC_OK)) {
        fail_if_allowed(req, &err);
        return;
    }
    http__body_begin(req);
    if (!req->answered && req->use == BODY_STREAM)
        rpc_call_message(req->call, req->msg);
}

void http__request_begin(struct http_request *req)
{
    struct http_reader *r = &req->reader;
    struct bytes target = http_reader_target(r);
    const uint8_t *mark = memchr(target.p, '?', target.n);
    size_t n_path = mark ? (size_t)(mark - target.p) : target.n;
    struct bytes query = {0};
    struct bytes segments[HTTP_MAX_SEGMENTS];
    size_t n_segments;
    struct err err;

    if (mark)
        query = bytes_of(mark + 1, target.n - n_path - 1); /* a NUL stands behind it */
    req->verb = http_verb_of(http_reader_method(r));
    if (req->verb == HTTP_OPTIONS && http_reader_known(r, HTTP_ORIGIN).p &&
        http_reader_known(r, HTTP_ACRM).p) {
        req->preflight = true;
        answer_empty(req, 200);
        return;
    }
    if (target.p[0] == '*') {
        answer_empty(req, req->verb == HTTP_OPTIONS ? 200 : 400);
        return;
    }
    /* Decoded where it stands: nobody looks at the path again. */
    if (http_path_split(r->head.p + r->target.at, n_path, segments, &n_segments, &err) != RC_OK) {
        http__fail(req, &err);
        return;
    }
    if (n_segments == 0) {
        answer_root(req);
        return;
    }
    http_router_find(req->conn->gateway->router, req->verb, segments, n_segments, &req->match);
    if (!req->match.route) {
        answer_empty(req, req->match.allow ? 405 : 404);
        return;
    }
    begin_call(req, mark ? (const char *)query.p : "");
    if (!req->answered)
        check_head(req, query);
}

/* ---- the body's JSON --------------------------------------------------------- */

/* What serde_json calls a value where a sequence is wanted. */
static void name_unexpected(struct json_value v, struct buf *out)
{
    struct bytes raw = json_raw(v);

    switch (json_type(v)) {
    case JSON_NULL:
        buf_str(out, "null");
        return;
    case JSON_BOOL:
        buf_printf(out, "boolean `%.*s`", BYTES_ARG(raw));
        return;
    case JSON_NUMBER:
        buf_printf(out, "%s `%.*s`",
                   memchr(raw.p, '.', raw.n) || memchr(raw.p, 'e', raw.n) ||
                           memchr(raw.p, 'E', raw.n)
                       ? "floating point"
                       : "integer",
                   BYTES_ARG(raw));
        return;
    case JSON_STRING:
        buf_printf(out, "string %.*s", BYTES_ARG(raw));
        return;
    case JSON_OBJECT:
    case JSON_ARRAY:
        buf_str(out, "map");
        return;
    }
}

/* The one route whose body is a bare list words its refusal as the plain JSON library would. */
static enum rc refuse_list(struct bytes text, struct json_value v, struct err *err)
{
    /* serde_json points behind a value it has read, and in front of a map it has not entered. */
    size_t end = json_offset(v) + (json_type(v) == JSON_OBJECT ? 0 : json_raw(v).n);
    uint64_t line = 1, column = end;
    struct buf what;

    if (end > 0)
        json_position(text, end - 1, &line, &column);
    buf_init(&what, ERR_MSG_MAX / 2);
    name_unexpected(v, &what);
    (void)err_set(err, RC_INVALID, "bad_request",
                  "Json deserialize error: invalid type: %s, expected a sequence at line %llu "
                  "column %llu",
                  buf_cstr(&what), (unsigned long long)line, (unsigned long long)column);
    buf_done(&what);
    return RC_INVALID;
}

static enum rc parse_body(struct http_request *req, struct json_value *ret_root, struct err *err)
{
    const struct json_limits limits = {.max_values = HTTP_JSON_MAX_VALUES};
    struct json_error bad;
    char text[JSON_ERROR_TEXT_MAX];

    if (req->body.n == 0)
        return err_set(err, RC_INVALID, "missing_payload", "A json payload is missing.");
    if (json_parse(req->conn->gateway->parser, buf_view(&req->body), &limits, ret_root, &bad) ==
        RC_OK)
        return RC_OK;
    if (bad.code == JSON_TOO_MANY || bad.code == JSON_TOO_LARGE)
        return err_set(err, RC_TOO_LARGE, "payload_too_large",
                       "The provided payload has more than %d JSON values.", HTTP_JSON_MAX_VALUES);
    return err_set(err, RC_INVALID, "malformed_payload",
                   "The json payload provided is malformed. `%s`.", json_error_text(text, &bad));
}

static enum rc fill_from_body(struct http_request *req, struct err *err)
{
    const struct http_route *route = req->match.route;
    const struct rpc_route *rule = route->rule;
    struct arena *arena = rpc_call_arena(req->call);
    const struct pb_json_opts opts = {
        .error_word = *rule->body_error ? rule->body_error : NULL,
        .ignore_unknown = rule->ignore_unknown,
        .taken = route->taken_by_path,
        .at = "",
    };
    struct json_value root = {0};
    enum rc rc;

    rc = parse_body(req, &root, err);
    if (rc != RC_OK)
        return rc;
    if (strcmp(rule->body, "*") == 0)
        return pb_from_json(arena, route->method->in, &root, &opts, req->msg, err);
    if (route->body_is_list && json_type(root) != JSON_ARRAY)
        return refuse_list(buf_view(&req->body), root, err);
    return pb_field_from_json(arena, route->method->in, rule->body, &root, &opts, req->msg, err);
}

/* The tape of a very large text would stay for ever. */
static void renew_parser(struct http_gateway *gw)
{
    json_parser_free(gw->parser);
    gw->parser = json_parser_new();
}

void http__request_run(struct http_request *req)
{
    struct err err;

    if (req->use == BODY_STREAM) {
        rpc_call_end(req->call);
        return;
    }
    if (req->use == BODY_JSON) {
        enum rc rc = fill_from_body(req, &err);

        if (req->body.n > HTTP_JSON_KEEP)
            renew_parser(req->conn->gateway);
        if (rc != RC_OK) {
            http__fail(req, &err);
            return;
        }
    }
    rpc_call_message(req->call, req->msg);
}
