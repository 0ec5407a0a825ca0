/* SPDX-License-Identifier: MIT */
/* client_stream.c -- the blocking functions: any thread but the loop's. */
#include "client_int.h"

#include "base/assert.h"
#include "base/mem.h"

/* Locks the client, unless the caller is its loop thread, which would wait for itself. */
static enum lode_status enter(struct lode_client *client, struct lode_error *error)
{
    client__error_clear(error);
    mutex_lock(&client->lock);
    if (!client__on_loop(client))
        return LODE_OK;
    mutex_unlock(&client->lock);
    return client__error(error, LODE_FAILED_PRECONDITION,
                         "a blocking function was called from a callback");
}

static enum lode_status ended(const struct lode_stream *call, struct lode_error *error)
{
    if (error)
        *error = call->error;
    return call->error.status;
}

enum lode_status lode_stream_open(struct lode_client *client, const struct lode_method *method,
                                  const ProtobufCMessage *request,
                                  const struct lode_call_opts *opts,
                                  struct lode_stream **ret_stream, struct lode_error *error)
{
    struct lode_error frame_error;
    struct client_piece *piece = client__call_frame(method, request, opts, &frame_error);
    struct lode_stream *call;
    enum lode_status status = enter(client, error);

    if (status != LODE_OK) {
        xfree(piece);
        return status;
    }
    call = client__call_new(client, method, opts, piece, &frame_error);
    if (call->state == CALL_ENDED) { /* refused before it began */
        status = ended(call, error);
        client__call_let_go(call);
    } else {
        client__call_start(call);
        *ret_stream = call;
    }
    mutex_unlock(&client->lock);
    return status;
}

enum lode_status lode_stream_send(struct lode_stream *call, const ProtobufCMessage *message,
                                  struct lode_error *error)
{
    struct lode_client *client = call->client;
    struct client_piece *piece;
    enum lode_status status;

    MAGIC_CHECK(call, CALL_MAGIC);
    client__error_clear(error);
    if (!call->method->client_streams || message->descriptor != call->method->in)
        return client__error(error, LODE_INVALID_ARGUMENT, "%s does not take this message",
                             call->method->path);
    piece = client__message_frame(message, call->compress, error);
    if (!piece)
        return LODE_RESOURCE_EXHAUSTED;
    status = enter(client, error);
    if (status != LODE_OK) {
        xfree(piece);
        return status;
    }
    while (call->state != CALL_ENDED && !call->end_wanted && !client__call_send_ready(call))
        cond_wait(&call->changed, &client->lock);
    if (call->state == CALL_ENDED) {
        status = LODE_END;
    } else if (call->end_wanted) {
        status = client__error(error, LODE_FAILED_PRECONDITION, "%s: a message behind the last one",
                               call->method->path);
    } else {
        client__call_send(call, piece);
        piece = NULL;
    }
    mutex_unlock(&client->lock);
    xfree(piece);
    return status;
}

enum lode_status lode_stream_send_end(struct lode_stream *call, struct lode_error *error)
{
    enum lode_status status;

    MAGIC_CHECK(call, CALL_MAGIC);
    status = enter(call->client, error);
    if (status != LODE_OK)
        return status;
    if (call->state == CALL_ENDED)
        status = LODE_END;
    else
        client__call_send_end(call);
    mutex_unlock(&call->client->lock);
    return status;
}

enum lode_status lode_stream_receive(struct lode_stream *call, ProtobufCMessage **ret_message,
                                     struct lode_error *error)
{
    struct lode_client *client = call->client;
    struct client_piece *piece;
    enum client_coding coding;
    enum lode_status status;
    struct lode_error broken;

    MAGIC_CHECK(call, CALL_MAGIC);
    status = enter(client, error);
    if (status != LODE_OK)
        return status;
    for (;;) {
        piece = client__call_take(call);
        if (piece || call->state == CALL_ENDED)
            break;
        cond_wait(&call->changed, &client->lock);
    }
    coding = call->in.coding;
    if (!piece)
        status = ended(call, error);
    mutex_unlock(&client->lock);
    if (!piece)
        return status == LODE_OK ? LODE_END : status;

    status = client__message_open(piece, coding, client->max_message, call->method->out,
                                  ret_message, &broken);
    xfree(piece);
    if (status == LODE_OK)
        return LODE_OK;
    mutex_lock(&client->lock);
    client__call_end_with(call, &broken);
    mutex_unlock(&client->lock);
    if (error)
        *error = broken;
    return status;
}

void lode_stream_cancel(struct lode_stream *call)
{
    struct lode_client *client = call->client;

    MAGIC_CHECK(call, CALL_MAGIC);
    mutex_lock(&client->lock);
    client__call_end(call, LODE_CANCELLED, "%s was cancelled", call->method->path);
    mutex_unlock(&client->lock);
}

void lode_stream_close(struct lode_stream *call)
{
    struct lode_client *client;

    if (!call)
        return;
    MAGIC_CHECK(call, CALL_MAGIC);
    client = call->client;
    mutex_lock(&client->lock);
    if (call->async) /* it is freed after on_end */
        client__call_end(call, LODE_CANCELLED, "%s was cancelled", call->method->path);
    else
        client__call_let_go(call);
    client__unref(client);
}

static const void *metadata_get(struct lode_stream *call, bool trailing, const char *name,
                                size_t *ret_length)
{
    const struct client_field *field = NULL;
    struct lode_client *client = call->client;

    MAGIC_CHECK(call, CALL_MAGIC);
    mutex_lock(&client->lock);
    if (trailing ? call->in.trailers : call->in.headers)
        field = client__fields_get(trailing ? &call->trailing : &call->initial, name);
    mutex_unlock(&client->lock);
    if (!field)
        return NULL;
    if (ret_length)
        *ret_length = field->n;
    return field->value;
}

const void *lode_stream_initial_metadata(struct lode_stream *call, const char *name,
                                         size_t *ret_length)
{
    return metadata_get(call, false, name, ret_length);
}

const void *lode_stream_trailing_metadata(struct lode_stream *call, const char *name,
                                          size_t *ret_length)
{
    return metadata_get(call, true, name, ret_length);
}

enum lode_status lode_call_unary(struct lode_client *client, const struct lode_method *method,
                                 const ProtobufCMessage *request, const struct lode_call_opts *opts,
                                 ProtobufCMessage **ret_answer, struct lode_error *error)
{
    struct lode_stream *call = NULL;
    enum lode_status status;

    status = lode_stream_open(client, method, request, opts, &call, error);
    if (status != LODE_OK)
        return status;
    status = lode_stream_receive(call, ret_answer, error);
    ASSERT(status != LODE_END); /* OK without an answer was made INTERNAL */
    lode_stream_close(call);
    return status;
}
