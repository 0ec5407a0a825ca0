/* SPDX-License-Identifier: MIT */
/*
 * client_async.c -- the callback functions.
 *
 * Calls that have something to tell stand in client->ready; the loop tells it
 * with the lock let go. A call in the middle of a callback stays whole: the
 * application's hold ends only after on_end.
 */
#include "client_int.h"

#include "base/assert.h"
#include "base/mem.h"

static void tell_message(struct lode_stream *call, struct client_piece *piece)
{
    struct lode_client *client = call->client;
    enum client_coding coding = call->in.coding;
    ProtobufCMessage *message = NULL;
    struct lode_error broken;
    enum lode_status status;

    mutex_unlock(&client->lock);
    status = client__message_open(piece, coding, client->max_message, call->method->out, &message,
                                  &broken);
    xfree(piece);
    if (status == LODE_OK)
        call->callbacks.on_message(call->arg, call, message);
    mutex_lock(&client->lock);
    if (status == LODE_OK)
        return;
    client__pieces_clear(&call->queue);
    if (call->state == CALL_ENDED)
        call->error = broken; /* the server's OK came with a message nobody can read */
    else
        client__call_end_with(call, &broken);
}

static void tell(struct lode_stream *call)
{
    struct lode_client *client = call->client;
    struct client_piece *piece;

    while ((piece = client__call_take(call)) != NULL)
        tell_message(call, piece);
    if (call->want_writable && call->state != CALL_ENDED && call->out.bytes <= CLIENT_SEND_LOW) {
        call->want_writable = false;
        mutex_unlock(&client->lock);
        if (call->callbacks.on_writable)
            call->callbacks.on_writable(call->arg, call);
        mutex_lock(&client->lock);
    }
    if (call->state == CALL_ENDED && !call->told_end && call->queue.n == 0) {
        struct lode_error error = call->error;

        call->told_end = true;
        mutex_unlock(&client->lock);
        call->callbacks.on_end(call->arg, call, &error);
        mutex_lock(&client->lock);
        call->held_by_app = false;
    }
}

void client__callbacks_run(struct lode_client *client)
{
    while (client->ready) {
        struct lode_stream *call = client->ready;

        client->ready = call->next_ready;
        if (!client->ready)
            client->ready_last = NULL;
        call->in_ready = false;
        tell(call);
        client__call_free_if_done(call);
    }
}

struct lode_stream *lode_stream_open_async(struct lode_client *client,
                                           const struct lode_method *method,
                                           const ProtobufCMessage *request,
                                           const struct lode_call_opts *opts,
                                           const struct lode_stream_callbacks *callbacks, void *arg)
{
    struct lode_error frame_error;
    struct client_piece *piece = client__call_frame(method, request, opts, &frame_error);
    struct lode_stream *call;

    mutex_lock(&client->lock);
    call = client__call_new(client, method, opts, piece, &frame_error);
    call->async = true;
    call->callbacks = *callbacks;
    call->arg = arg;
    if (call->state == CALL_ENDED)
        client__call_changed(call);
    else
        client__call_start(call);
    mutex_unlock(&client->lock);
    return call;
}

bool lode_stream_send_async(struct lode_stream *call, const ProtobufCMessage *message)
{
    struct lode_client *client = call->client;
    struct client_piece *piece = NULL;
    struct lode_error error;
    bool go_on;

    MAGIC_CHECK(call, CALL_MAGIC);
    client__error_clear(&error);
    if (!call->method->client_streams || message->descriptor != call->method->in)
        client__error(&error, LODE_INVALID_ARGUMENT, "%s does not take this message",
                      call->method->path);
    else
        piece = client__message_frame(message, call->compress, &error);
    mutex_lock(&client->lock);
    if (!piece) {
        client__call_end_with(call, &error);
    } else if (call->state != CALL_ENDED && !call->end_wanted) {
        client__call_send(call, piece);
        piece = NULL;
    }
    go_on = call->state == CALL_ENDED || client__call_send_ready(call);
    call->want_writable |= !go_on;
    mutex_unlock(&client->lock);
    xfree(piece);
    return go_on;
}

void lode_stream_send_end_async(struct lode_stream *call)
{
    MAGIC_CHECK(call, CALL_MAGIC);
    mutex_lock(&call->client->lock);
    if (call->state != CALL_ENDED)
        client__call_send_end(call);
    mutex_unlock(&call->client->lock);
}

/* ---- one message each way ------------------------------------------------------------ */

struct unary {
    lode_unary_fn *done;
    void *arg;
    ProtobufCMessage *answer; /* owned until handed on */
};

static void unary_message(void *arg, struct lode_stream *call, ProtobufCMessage *message)
{
    struct unary *unary = arg;

    (void)call;
    ASSERT(!unary->answer);
    unary->answer = message;
}

static void unary_end(void *arg, struct lode_stream *call, const struct lode_error *error)
{
    struct unary *unary = arg;

    (void)call;
    if (error->status != LODE_OK) {
        lode_message_free(unary->answer);
        unary->answer = NULL;
    }
    unary->done(unary->arg, unary->answer, error);
    xfree(unary);
}

void lode_call_unary_async(struct lode_client *client, const struct lode_method *method,
                           const ProtobufCMessage *request, const struct lode_call_opts *opts,
                           lode_unary_fn *done, void *arg)
{
    static const struct lode_stream_callbacks callbacks = {.on_message = unary_message,
                                                           .on_end = unary_end};
    struct unary *unary = xmalloc(sizeof(*unary));

    *unary = (struct unary){.done = done, .arg = arg};
    (void)lode_stream_open_async(client, method, request, opts, &callbacks, unary);
}
