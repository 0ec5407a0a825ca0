/* SPDX-License-Identifier: MIT */
/*
 * request.c -- from a request's headers and bytes to a call and its messages.
 *
 * Window accounting. The connection's window gets bytes back as they arrive
 * (session.c), so that no stream can starve another. The stream's window gets
 * them back
 *
 *   (1) at once for methods that take one message: the message limit bounds it;
 *   (2) for streams in, when the handler took the message, but the front of a
 *       message larger than a quarter of the window at once: held back whole it
 *       could never be completed.
 *
 * A request of one message is delivered at the end of input, not before: only
 * then is it sure that there is no second one, and no work has begun for a
 * client that resets in between.
 */
#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "grpc/grpc_int.h"

enum { HARD_LIMIT_FACTOR = 4, TEXT_LIMIT = 256 * 1024 };

void grpc__head_clear(struct grpc__head *head)
{
    struct buf text = head->text;
    struct grpc__field_at *items = head->items;
    size_t cap = head->cap;

    buf_clear(&text);
    if (text.limit == 0)
        buf_init(&text, TEXT_LIMIT);
    *head = (struct grpc__head){
        .text = text, .items = items, .cap = cap, .timeout_ns = -1, .accept = 1U << GRPC_IDENTITY};
}

/* ---- header fields ----------------------------------------------------------------- */

static struct grpc__field_at *new_item(struct grpc__head *head, struct bytes name)
{
    struct grpc__field_at *item;

    if (head->n_items == GRPC_METADATA_MAX) {
        head->over_limit = true;
        return NULL;
    }
    if (head->n_items == head->cap) {
        head->cap = head->cap ? 2 * head->cap : 16;
        head->items = xrealloc(head->items, head->cap * sizeof *head->items);
    }
    item = &head->items[head->n_items++];
    item->name = (uint32_t)head->text.n;
    item->n_name = (uint32_t)name.n;
    buf_bytes(&head->text, name);
    item->value = (uint32_t)head->text.n;
    item->n_value = 0;
    return item;
}

/* A "-bin" field holds one or more values, joined by commas before they were joined into one. */
static void add_binary(struct grpc__head *head, struct bytes name, struct bytes value)
{
    for (;;) {
        const uint8_t *comma = value.n ? memchr(value.p, ',', value.n) : NULL;
        struct bytes one = bytes_of(value.p, comma ? (size_t)(comma - value.p) : value.n);
        struct grpc__field_at *item;
        size_t n;

        while (one.n && one.p[0] == ' ') {
            one.p++;
            one.n--;
        }
        item = new_item(head, name);
        if (!item || !buf_reserve(&head->text, GRPC_BASE64_ROOM(one.n)))
            return;
        if (!grpc_base64_decode(one, head->text.p + head->text.n, &n)) {
            head->fault = GRPC_HEAD_BAD_BINARY;
            return;
        }
        head->text.n += n;
        item->n_value = (uint32_t)n;
        if (!comma)
            return;
        value = bytes_of(comma + 1, value.n - one.n - 1);
    }
}

static void add_metadata(struct grpc__head *head, struct bytes name, struct bytes value)
{
    struct grpc__field_at *item;

    if (grpc_is_binary_name(name)) {
        add_binary(head, name, value);
        return;
    }
    item = new_item(head, name);
    if (!item)
        return;
    buf_bytes(&head->text, value);
    item->n_value = (uint32_t)value.n;
}

static void take_grpc_field(struct grpc__head *head, struct bytes name, struct bytes value)
{
    if (bytes_eq(name, B("grpc-timeout"))) {
        if (!grpc_timeout_parse(value, &head->timeout_ns))
            head->fault = GRPC_HEAD_BAD_TIMEOUT;
    } else if (bytes_eq(name, B("grpc-encoding"))) {
        size_t n = value.n < sizeof head->coding_name ? value.n : sizeof head->coding_name - 1;

        head->coding = grpc_coding_of(value);
        memcpy(head->coding_name, value.p, n);
        head->coding_name[n] = '\0';
    } else if (bytes_eq(name, B("grpc-accept-encoding"))) {
        head->accept = grpc_accept_parse(value);
    } else if (bytes_eq(name, B("grpc-trace-bin")) || bytes_eq(name, B("grpc-tags-bin")) ||
               bytes_eq(name, B("grpc-previous-rpc-attempts"))) {
        add_metadata(head, name, value);
    } /* other grpc-* names are reserved: ignored */
}

static void take_field(struct grpc__stream *st, struct bytes name, struct bytes value)
{
    struct grpc__head *head = &st->head;

    if (name.p[0] == ':') {
        if (bytes_eq(name, B(":path")))
            head->method = rpc_server_find(st->session->server->rpc, value);
        else if (bytes_eq(name, B(":method")))
            head->is_post = bytes_eq(value, B("POST"));
    } else if (bytes_starts(name, B("grpc-"))) {
        take_grpc_field(head, name, value);
    } else if (bytes_eq(name, B("content-type"))) {
        head->has_type = grpc_content_type(value, &head->suffix);
    } else if (bytes_eq(name, B("host"))) {
        if (head->has_host)
            head->fault = GRPC_HEAD_TWO_HOSTS;
        head->has_host = true;
    } else if (!bytes_eq(name, B("te")) && !bytes_eq(name, B("content-length"))) {
        add_metadata(head, name, value);
    }
}

/*
 * One field. Over the limit fields are only counted, and the request gets its 431;
 * far over it (a table entry referred to by the thousand) the block is given up.
 */
int grpc__request_field(struct grpc__stream *st, struct bytes name, struct bytes value)
{
    const struct grpc_server_opts *opts = &st->session->server->opts;
    struct grpc__head *head = &st->head;

    head->bytes += name.n + value.n + 32;
    head->n_fields++;
    if (head->bytes > opts->max_header_bytes || head->n_fields > opts->max_header_fields)
        head->over_limit = true;
    if (head->bytes > HARD_LIMIT_FACTOR * opts->max_header_bytes ||
        head->n_fields > HARD_LIMIT_FACTOR * opts->max_header_fields) {
        st->session->head_since_ns = 0;
        grpc__guard_head(st->session, HARD_LIMIT_FACTOR);
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    if (!head->over_limit && !st->head_done && name.n) /* not those behind the body */
        take_field(st, name, value);
    return 0;
}

/* ---- the call ----------------------------------------------------------------------- */

static bool takes_one_message(const struct grpc__stream *st)
{
    return st->head.method->shape == RPC_UNARY || st->head.method->shape == RPC_SERVER_STREAM;
}

static void begin_call(struct grpc__stream *st)
{
    struct grpc__session *ss = st->session;
    struct grpc__head *head = &st->head;
    struct rpc_metadata metadata[GRPC_METADATA_MAX];
    struct bytes traceparent = {0};
    int64_t deadline = INT64_MAX;
    size_t i;

    for (i = 0; i < head->n_items; i++) {
        const struct grpc__field_at *at = &head->items[i];

        metadata[i].name = bytes_of(head->text.p + at->name, at->n_name);
        metadata[i].value = bytes_of(head->text.p + at->value, at->n_value);
        if (bytes_eq(metadata[i].name, B("traceparent")))
            traceparent = metadata[i].value;
    }
    if (head->timeout_ns >= 0 && head->timeout_ns < INT64_MAX - st->opened_ns)
        deadline = st->opened_ns + head->timeout_ns;
    st->parser.always_copy = takes_one_message(st);
    st->counted_background = grpc__is_background(head->method);
    ss->n_background += st->counted_background;
    (void)rpc_call_new(ss->server->rpc, &(struct rpc_call_start){
                                            .method = head->method,
                                            .door_ops = &grpc__door_ops,
                                            .door = st,
                                            .peer = ss->peer,
                                            .query_string = "",
                                            .traceparent = traceparent,
                                            .deadline_mono_ns = deadline,
                                            .metadata = metadata,
                                            .n_metadata = head->n_items,
                                            .ret_call = &st->call,
                                        });
    /* Clients of streams wait for headers before they send: the handler has taken the call. */
    if (st->call && !takes_one_message(st))
        rpc_call_send_initial(st->call);
}

void grpc__request_begin(struct grpc__stream *st)
{
    struct grpc__head *head = &st->head;

    st->head_done = true;
    if (head->over_limit) {
        grpc__guard_head(st->session, 1);
        grpc__response_plain(st, "431");
    } else if (!head->is_post) {
        grpc__response_plain(st, "405");
    } else if (!head->has_type) {
        grpc__response_plain(st, "415");
    } else if (head->fault == GRPC_HEAD_TWO_HOSTS) {
        grpc__response_bad_request(st, "The host header was sent twice.");
    } else if (head->fault == GRPC_HEAD_BAD_TIMEOUT) {
        grpc__response_bad_request(st, "The grpc-timeout header is malformed.");
    } else if (!head->method) {
        grpc__stream_fail(st, 12, "This server does not know the method.");
    } else if (head->fault == GRPC_HEAD_BAD_BINARY) {
        grpc__stream_fail(st, 13, "A binary metadata value is not valid base64.");
    } else if (head->timeout_ns == 0) {
        grpc__stream_fail(st, 4, "The deadline of the call has passed.");
    } else {
        begin_call(st);
    }
}

/* ---- messages ----------------------------------------------------------------------- */

void grpc__request_consume(struct grpc__stream *st, size_t n_bytes)
{
    if (!n_bytes || st->remote_closed)
        return;
    (void)nghttp2_session_consume_stream(st->session->h2, st->id, n_bytes);
    grpc__session_want_flush(st->session);
}

static void count_held(struct grpc__stream *st)
{
    struct grpc__session *ss = st->session;
    size_t now = st->parser.body.n;

    ss->held_bytes += now - st->held_bytes; /* wraps back when it shrank */
    ss->server->held_bytes += now - st->held_bytes;
    st->held_bytes = now;
}

void grpc__request_release(struct grpc__stream *st)
{
    size_t max = st->parser.max;

    if (st->parser.body.cap > GRPC_STREAM_KEEP) {
        grpc_frame_done(&st->parser);
        grpc_frame_init(&st->parser, max);
    } else {
        buf_clear(&st->parser.body);
        st->parser.n_prefix = 0;
    }
    count_held(st);
}

/* The message's plain bytes; false: the stream has failed. */
static bool decompress(struct grpc__stream *st, struct bytes *body)
{
    struct grpc_server *server = st->session->server;
    struct grpc__head *head = &st->head;
    struct err err;
    enum rc rc;

    if (head->coding == GRPC_IDENTITY) {
        grpc__stream_fail(st, 13, "A message is compressed, but grpc-encoding names no coding.");
        return false;
    }
    if (head->coding == GRPC_CODING_UNKNOWN) {
        (void)err_set(&err, RC_UNIMPLEMENTED, NULL, "The coding `%s` is not known here.",
                      head->coding_name);
        grpc__stream_fail(st, 12, err.msg);
        return false;
    }
    buf_clear(&server->plain);
    rc = grpc_codec_inflate(server->codec, head->coding, *body, &server->plain, &err);
    if (rc != RC_OK) {
        grpc__stream_fail(st, rc == RC_TOO_LARGE ? 8 : 13, err.msg);
        return false;
    }
    *body = buf_view(&server->plain);
    return true;
}

static void deliver(struct grpc__stream *st, const struct grpc_frame *frame)
{
    struct grpc_server *server = st->session->server;
    struct bytes body = frame->body;

    if (frame->compressed && !decompress(st, &body))
        return;
    rpc_call_message_wire(st->call, body, frame->compressed);
    if (server->plain.cap > GRPC_SCRATCH_KEEP) {
        size_t limit = server->plain.limit;

        buf_done(&server->plain);
        buf_init(&server->plain, limit);
    }
}

/* Rule (2): n bytes of the open message have come. */
static void account_stream(struct grpc__stream *st, size_t n, bool whole)
{
    size_t hold = st->session->server->opts.stream_window / 4;
    size_t total, due;

    st->open_bytes += n;
    if (!whole && st->parser.n_prefix < GRPC_PREFIX)
        return;
    total = GRPC_PREFIX + (size_t)st->parser.length;
    due = total > hold ? total - hold : 0;
    if (due > st->open_bytes)
        due = st->open_bytes;
    grpc__request_consume(st, due - st->early_bytes);
    st->early_bytes = due;
    if (whole) {
        st->n_unconsumed++;
        st->unconsumed_bytes += total - due;
        st->open_bytes = st->early_bytes = 0;
    }
}

/* One step; false: wait for more input, or the stream has failed. */
static bool take_some(struct grpc__stream *st, struct bytes *data)
{
    struct grpc_frame frame;
    size_t before = data->n;
    struct err err;
    bool whole;
    enum rc rc;

    if (st->has_held) {
        grpc__stream_fail(st, 13, "The method takes one message, more were sent.");
        return false;
    }
    rc = grpc_frame_next(&st->parser, data, &frame, &whole, &err);
    if (rc != RC_OK) {
        grpc__stream_fail(st, rc == RC_TOO_LARGE ? 8 : 13, err.msg);
        return false;
    }
    if (takes_one_message(st)) {
        grpc__request_consume(st, before - data->n);
        if (whole) {
            st->has_held = true;
            st->held = frame;
        }
        return true;
    }
    account_stream(st, before - data->n, whole);
    if (whole)
        deliver(st, &frame);
    return true;
}

void grpc__request_data(struct grpc__stream *st, struct bytes data)
{
    struct grpc__session *ss = st->session;
    const struct grpc_server_opts *opts = &ss->server->opts;

    st->body_bytes += data.n;
    while (data.n && st->call)
        if (!take_some(st, &data))
            break;
    count_held(st);
    if (st->call && st->held_bytes &&
        (ss->held_bytes > opts->max_conn_input || ss->server->held_bytes > opts->max_input))
        grpc__stream_fail(st, 8, "Too many unfinished requests are held; try again later.");
    if (!st->call)
        grpc__request_release(st);
}

void grpc__request_end(struct grpc__stream *st)
{
    st->remote_closed = true;
    if (st->call && grpc_frame_is_open(&st->parser))
        grpc__stream_fail(st, 13, "The request ends inside a message.");
    if (st->call && st->has_held)
        deliver(st, &st->held);
    if (st->call)
        rpc_call_end(st->call);
    grpc__request_release(st);
}
