/* SPDX-License-Identifier: MIT */
/*
 * client_call.c -- one call, from open to status.
 *
 *   WAITING --submit--> RUNNING --status, reset, deadline, cancel--> ENDED
 *      ^                   |
 *      +---- retry --------+   only while the server cannot have acted on it
 *
 * (1) A call ends once; what it ended with never changes.
 * (2) in_ready, waiting, conn and the timer are the client's only ways to a
 *     call; ending it leaves them all but in_ready, so a call that has ended,
 *     is not in_ready and is let go by the application can be freed.
 * (3) Every byte of DATA is in `owed` until given back to the stream's
 *     window: when its reader took the message, or at once when no whole
 *     message waits (a message larger than the window must get through).
 *     At most a window and one message are held for a slow reader.
 *
 * The client's lock is held everywhere here.
 */
#include "client_int.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>

static void on_deadline(void *arg)
{
    struct lode_stream *call = arg;

    MAGIC_CHECK(call, CALL_MAGIC);
    client__call_end(call, LODE_DEADLINE_EXCEEDED, "%s took longer than %lld ms",
                     call->method->path, (long long)call->timeout_ms);
}

struct client_piece *client__call_frame(const struct lode_method *method,
                                        const ProtobufCMessage *request,
                                        const struct lode_call_opts *opts, struct lode_error *error)
{
    client__error_clear(error);
    if (!method->client_streams != (request != NULL) ||
        (request && request->descriptor != method->in)) {
        client__error(error, LODE_INVALID_ARGUMENT, "%s %s", method->path,
                      method->client_streams ? "takes its messages through send"
                                             : "takes one message of its own type");
        return NULL;
    }
    return request ? client__message_frame(request, opts && opts->compress, error) : NULL;
}

/* What can be refused before anything is sent. */
static void check(struct lode_stream *call, const struct lode_call_opts *opts,
                  const struct lode_error *frame_error)
{
    struct lode_error error;

    if (call->client->shutdown)
        client__call_end(call, LODE_CANCELLED, "the client is closed");
    else if (frame_error->status != LODE_OK)
        client__call_end_with(call, frame_error);
    else if (opts && client__fields_send(&call->metadata, opts->metadata, opts->n_metadata,
                                         &error) != LODE_OK)
        client__call_end_with(call, &error);
}

struct lode_stream *client__call_new(struct lode_client *client, const struct lode_method *method,
                                     const struct lode_call_opts *opts,
                                     struct client_piece *request,
                                     const struct lode_error *frame_error)
{
    struct lode_stream *call = xcalloc(1, sizeof(*call));

    call->magic = CALL_MAGIC;
    call->client = client;
    call->method = method;
    call->state = CALL_WAITING;
    call->held_by_app = true;
    call->deadline = INT64_MAX;
    call->timer = (struct client_timer){.fire = on_deadline, .arg = call};
    cond_init(&call->changed);
    buf_init(&call->in.details, CLIENT_HEADERS_MAX);
    buf_init(&call->in.body, CLIENT_BODY_TEXT);
    if (opts) {
        call->wait_for_ready = opts->wait_for_ready;
        call->compress = opts->compress;
        call->timeout_ms = opts->timeout_ms;
    }
    if (call->timeout_ms != 0) {
        int64_t now = clock_mono_ns();
        int64_t left = call->timeout_ms > 0 ? call->timeout_ms : 0;

        call->deadline = left < (INT64_MAX - now) / NS_PER_MS ? now + left * NS_PER_MS : INT64_MAX;
    }
    call->next = client->calls;
    if (call->next)
        call->next->prev = call;
    client->calls = call;
    client->n_refs++;
    if (request) {
        client__pieces_push(&call->out, request);
        call->end_wanted = true;
    }
    check(call, opts, frame_error);
    return call;
}

void client__call_start(struct lode_stream *call)
{
    if (call->state == CALL_ENDED)
        return;
    client__timer_start(&call->client->timers, &call->timer, call->deadline);
    client__waiting_add(call);
    client__wake(call->client);
}

static void call_free(struct lode_stream *call)
{
    struct lode_client *client = call->client;

    if (call->prev)
        call->prev->next = call->next;
    else
        client->calls = call->next;
    if (call->next)
        call->next->prev = call->prev;
    client__pieces_clear(&call->queue);
    client__response_done(&call->in);
    client__fields_done(&call->metadata);
    client__fields_done(&call->initial);
    client__fields_done(&call->trailing);
    cond_done(&call->changed);
    call->magic = 0;
    xfree(call);
    client->n_refs--;
}

void client__call_free_if_done(struct lode_stream *call)
{
    if (call->state == CALL_ENDED && !call->held_by_app && !call->in_ready)
        call_free(call);
}

void client__call_let_go(struct lode_stream *call)
{
    client__call_end(call, LODE_CANCELLED, "%s was closed before its end", call->method->path);
    call->held_by_app = false;
    client__call_free_if_done(call);
}

void client__call_changed(struct lode_stream *call)
{
    struct lode_client *client = call->client;

    if (!call->async) {
        cond_broadcast(&call->changed);
        return;
    }
    if (call->in_ready)
        return;
    call->in_ready = true;
    call->next_ready = NULL;
    if (client->ready_last)
        client->ready_last->next_ready = call;
    else
        client->ready = call;
    client->ready_last = call;
    client__wake(client);
}

/* Takes the call off its connection; the stream is reset unless it is over. */
static void detach(struct lode_stream *call, bool reset)
{
    struct client_conn *conn = call->conn;

    if (!conn)
        return;
    client__session_forget(conn, call->stream_id);
    if (reset)
        client__session_reset(conn, call->stream_id, !call->in.trailers);
    call->conn = NULL;
    client__wake(call->client);
}

/* A stream's reader still gets what arrived before a failure, unless this side gave up. */
static bool unwanted(const struct lode_stream *call)
{
    enum lode_status status = call->error.status;

    if (status == LODE_OK)
        return false;
    return !call->method->server_streams ||
           (!call->in.trailers && (status == LODE_CANCELLED || status == LODE_DEADLINE_EXCEEDED));
}

void client__call_end_with(struct lode_stream *call, const struct lode_error *error)
{
    if (call->state == CALL_ENDED)
        return;
    if (call->state == CALL_WAITING)
        client__waiting_remove(call);
    call->state = CALL_ENDED;
    call->error = *error;
    if (error->status == LODE_CANCELLED && clock_mono_ns() >= call->deadline)
        client__error(&call->error, LODE_DEADLINE_EXCEEDED, "%s took longer than %lld ms",
                      call->method->path, (long long)call->timeout_ms);
    client__timer_stop(&call->client->timers, &call->timer);
    detach(call, !call->in.trailers || !call->sent_end);
    client__pieces_clear(&call->out);
    client__pieces_clear(&call->replay);
    if (unwanted(call))
        client__pieces_clear(&call->queue);
    client__call_changed(call);
}

void client__call_end(struct lode_stream *call, enum lode_status status, const char *fmt, ...)
{
    struct lode_error error;
    char text[sizeof(error.message)];
    va_list args;

    if (call->state == CALL_ENDED)
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    client__error(&error, status, "%s", text);
    client__call_end_with(call, &error);
}

void client__call_commit(struct lode_stream *call)
{
    call->committed = true;
    client__pieces_clear(&call->replay);
}

void client__call_retry_or_end(struct lode_stream *call, bool refused, const char *why)
{
    struct client_piece *piece;

    if (call->state == CALL_ENDED)
        return;
    if (call->on_wire && (!refused || call->committed || call->retries > 0)) {
        client__call_end(call, LODE_UNAVAILABLE, "%s: %s", call->method->path, why);
        return;
    }
    call->retries += call->on_wire;
    detach(call, false);
    if (call->out.first) {
        call->out.bytes += call->out.first->off;
        call->out.first->off = 0;
    }
    while ((piece = client__pieces_pop(&call->out)) != NULL)
        client__pieces_push(&call->replay, piece);
    call->out = call->replay;
    call->replay = (struct client_pieces){0};
    client__response_reset(&call->in);
    call->owed = 0;
    call->on_wire = call->deferred = call->sent_end = false;
    call->state = CALL_WAITING;
    client__waiting_add(call);
    client__wake(call->client);
}

/* ---- towards the server -------------------------------------------------------------- */

bool client__call_send_ready(const struct lode_stream *call)
{
    return call->out.bytes < CLIENT_SEND_HIGH;
}

void client__call_send(struct lode_stream *call, struct client_piece *piece)
{
    client__pieces_push(&call->out, piece);
    if (call->deferred)
        client__session_resume(call->conn, call->stream_id);
    call->deferred = false;
}

void client__call_send_end(struct lode_stream *call)
{
    call->end_wanted = true;
    if (call->deferred)
        client__session_resume(call->conn, call->stream_id);
    call->deferred = false;
}

/* A message is on its way: kept for a retry while that stays cheap. */
static void sent(struct lode_stream *call, struct client_piece *piece)
{
    bool lone = call->replay.n == 0 && call->out.n == 0 && call->end_wanted;

    if (call->committed) {
        xfree(piece);
        return;
    }
    piece->off = 0;
    client__pieces_push(&call->replay, piece);
    if (call->replay.bytes > CLIENT_REPLAY_MAX && !lone)
        client__call_commit(call);
}

size_t client__call_fill(struct lode_stream *call, uint8_t *p, size_t n, bool *ret_end)
{
    bool was_ready = call->out.bytes <= CLIENT_SEND_LOW;
    size_t done = 0;

    while (done < n && call->out.first) {
        struct client_piece *piece = call->out.first;
        size_t take = piece->n - piece->off < n - done ? piece->n - piece->off : n - done;

        memcpy(p + done, piece->p + piece->off, take);
        piece->off += take;
        call->out.bytes -= take;
        done += take;
        if (piece->off == piece->n)
            sent(call, client__pieces_pop(&call->out));
    }
    *ret_end = call->end_wanted && !call->out.first;
    call->sent_end = *ret_end;
    call->deferred = done == 0 && !*ret_end;
    if (!was_ready && call->out.bytes <= CLIENT_SEND_LOW)
        client__call_changed(call);
    return done;
}

/* ---- from the server ----------------------------------------------------------------- */

void client__call_give_back(struct lode_stream *call)
{
    size_t n = call->queue.n == 0 ? call->owed : call->give_back;

    if (n > call->owed)
        n = call->owed;
    call->owed -= n;
    call->give_back = 0;
    if (call->conn && n)
        client__session_consume(call->conn, call->stream_id, n);
}

struct client_piece *client__call_take(struct lode_stream *call)
{
    struct client_piece *piece;

    /* One answer counts only with a good status behind it. */
    if (!call->method->server_streams &&
        (call->state != CALL_ENDED || call->error.status != LODE_OK))
        return NULL;
    piece = client__pieces_pop(&call->queue);
    if (!piece)
        return NULL;
    call->give_back += piece->wire;
    if (call->queue.n == 0 || call->give_back >= CLIENT_GIVE_BACK)
        client__call_give_back(call);
    return piece;
}
