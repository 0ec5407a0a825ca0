/* SPDX-License-Identifier: MIT */
/*
 * http_reply.c -- what rpc answers, as JSON, and how an answer is written.
 *
 * A message is turned into JSON when it is sent (it lives no longer); head and body
 * are queued together when the request's turn comes, so an answer is one send.
 */
#include "http/http_int.h"

#include "base/log.h"
#include "base/mem.h"
#include "pb/pb.h"

/* ---- ops of the door --------------------------------------------------------- */

static void door_send_initial(void *door)
{
    (void)door; /* headers leave with the answer */
}

static void door_send_message(void *door, const ProtobufCMessage *msg, bool compress)
{
    struct http_request *req = door;
    const struct http_route *route = req->match.route;
    struct err err;
    enum rc rc;

    (void)compress; /* the client's Accept-Encoding decides */
    if (req->answered)
        return;
    buf_clear(&req->reply);
    if (*route->rule->response_body)
        rc = pb_field_to_json(msg, route->method->out, route->rule->response_body, &req->reply,
                              &err);
    else
        rc = pb_to_json(msg, route->method->out, &req->reply, &err);
    if (rc != RC_OK)
        http__fail(req, &err);
}

static size_t door_queued(void *door)
{
    const struct http_request *req = door;

    return req->reply.n;
}

static void door_consumed(void *door, size_t n_messages)
{
    struct http_request *req = door;

    /* The first message of a stream, which carries no chunk, is owed by nobody. */
    req->n_owed -= n_messages < req->n_owed ? n_messages : req->n_owed;
    http__conn_wake(req->conn);
}

static void door_finish(void *door, const struct rpc_status *status)
{
    struct http_request *req = door;

    if (req->answered)
        return;
    if (status->err.rc != RC_OK) {
        http__answer_status(req, status);
        return;
    }
    req->status = req->match.route->rule->status;
    req->content_type = "application/json";
    req->answered = true;
    http__conn_wake(req->conn);
}

const struct rpc_door_ops http__door_ops = {
    .send_initial = door_send_initial,
    .send_message = door_send_message,
    .queued = door_queued,
    .consumed = door_consumed,
    .finish = door_finish,
};

/* ---- the head ---------------------------------------------------------------- */

static const char *reason_of(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 201:
        return "Created";
    case 202:
        return "Accepted";
    case 204:
        return "No Content";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 409:
        return "Conflict";
    case 413:
        return "Content Too Large";
    case 414:
        return "URI Too Long";
    case 415:
        return "Unsupported Media Type";
    case 417:
        return "Expectation Failed";
    case 422:
        return "Unprocessable Content";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 501:
        return "Not Implemented";
    case 503:
        return "Service Unavailable";
    case 504:
        return "Gateway Timeout";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Unknown";
    }
}

static void put_u64(struct buf *out, uint64_t v)
{
    char digits[20];
    size_t n = sizeof(digits);

    do {
        n--;
        digits[n] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    buf_append(out, digits + n, sizeof(digits) - n);
}

static void put_header(struct buf *out, struct bytes name, struct bytes value)
{
    buf_bytes(out, name);
    buf_bytes(out, B(": "));
    buf_bytes(out, value);
    buf_bytes(out, B("\r\n"));
}

static void put_status_line(struct buf *out, int status)
{
    buf_bytes(out, B("HTTP/1.1 "));
    put_u64(out, (uint64_t)status);
    buf_byte(out, ' ');
    buf_str(out, reason_of(status));
    buf_bytes(out, B("\r\n"));
}

static void put_allow(struct buf *out, unsigned allow)
{
    static const char *const names[HTTP_N_VERBS] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    const char *between = "Allow: ";
    unsigned i;

    for (i = 0; i < HTTP_N_VERBS; i++) {
        if (!(allow & 1U << i))
            continue;
        buf_str(out, between);
        buf_str(out, names[i]);
        if (i == HTTP_GET)
            buf_bytes(out, B(", HEAD"));
        between = ", ";
    }
    buf_bytes(out, B("\r\n"));
}

/* Browsers: any origin, method and header (the request's own list: `*` would not cover
 * Authorization). */
static void put_cors(struct buf *out, const struct http_request *req)
{
    struct bytes headers = http_reader_known(&req->reader, HTTP_ACRH);

    if (!http_reader_known(&req->reader, HTTP_ORIGIN).p)
        return;
    buf_bytes(out, B("Access-Control-Allow-Origin: *\r\n"));
    if (!req->preflight)
        return;
    buf_bytes(out,
              B("Access-Control-Allow-Methods: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"
                "Access-Control-Max-Age: 86400\r\n"));
    if (headers.p)
        put_header(out, B("Access-Control-Allow-Headers"), headers);
}

static void put_metadata(struct buf *out, const struct rpc_call *call)
{
    const struct rpc_metadata *list;
    size_t n;
    size_t i;

    put_header(out, B("Trace-Id"), bytes_str(rpc_call_trace(call)));
    list = rpc_call_initial_metadata(call, &n);
    for (i = 0; i < n; i++)
        if (list[i].name.n < 4 || memcmp(list[i].name.p + list[i].name.n - 4, "-bin", 4) != 0)
            put_header(out, list[i].name, list[i].value);
}

/* ---- the whole --------------------------------------------------------------- */

static enum http_coding choose_coding(const struct http_request *req)
{
    size_t n = req->reply.n;

    if (n < HTTP_COMPRESS_MIN || n > HTTP_COMPRESS_MAX || req->verb == HTTP_HEAD)
        return HTTP_IDENTITY;
    return http_accept_coding(http_reader_known(&req->reader, HTTP_ACCEPT_ENCODING));
}

static void put_head(struct http_request *req, enum http_coding coding, size_t n_body, bool keep)
{
    struct http_gateway *gw = req->conn->gateway;
    struct buf *out = &gw->head;

    buf_clear(out);
    put_status_line(out, req->status);
    if (req->content_type && req->status != 204)
        put_header(out, B("Content-Type"), bytes_str(req->content_type));
    if (req->status != 204) {
        buf_bytes(out, B("Content-Length: "));
        put_u64(out, n_body);
        buf_bytes(out, B("\r\n"));
    }
    if (coding != HTTP_IDENTITY)
        put_header(out, B("Content-Encoding"), coding == HTTP_ZSTD ? B("zstd") : B("gzip"));
    if (req->reply.n >= HTTP_COMPRESS_MIN)
        buf_bytes(out, B("Vary: Accept-Encoding\r\n"));
    put_header(out, B("Date"), bytes_str(http__date(gw)));
    if (!keep)
        buf_bytes(out, B("Connection: close\r\n"));
    else if (req->reader.minor == 0)
        buf_bytes(out, B("Connection: keep-alive\r\n"));
    if (req->status == 503)
        buf_bytes(out, B("Retry-After: 10\r\n"));
    if (req->status == 405)
        put_allow(out, req->match.allow);
    put_cors(out, req);
    if (req->call)
        put_metadata(out, req->call);
    buf_bytes(out, B("\r\n"));
}

/* The buffer's memory goes with the bytes; the request gets a new one. */
static void write_body(struct http_request *req, struct buf *body)
{
    struct net_conn *net = req->conn->net;
    uint8_t *p;
    size_t n;

    if (body->n <= HTTP_COPY_MAX) {
        net_conn_write(net, buf_view(body));
        return;
    }
    p = buf_take(body, &n);
    net_conn_write_ref(net, bytes_of(p, n), xfree, p);
}

void http__reply_write(struct http_request *req, bool keep_alive)
{
    struct http_gateway *gw = req->conn->gateway;
    enum http_coding coding = choose_coding(req);
    struct buf *body = &req->reply;

    if (coding != HTTP_IDENTITY) {
        buf_clear(&gw->encoded);
        if (http_encode(gw->encoder, coding, buf_view(body), &gw->encoded))
            body = &gw->encoded;
        else
            coding = HTTP_IDENTITY;
    }
    put_head(req, coding, body->n, keep_alive);
    net_conn_write(req->conn->net, buf_view(&gw->head));
    if (req->verb != HTTP_HEAD && req->status != 204)
        write_body(req, body);
}
