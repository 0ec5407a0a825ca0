/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/documents_service.proto; do not edit, see gen/README.md. */
#include "lode/v1/documents_service.client.h"

#include <stdio.h>
#include <stdlib.h>

static inline void *closure_new(size_t n)
{
    void *c = malloc(n);

    if (!c)
        abort();
    return c;
}

static const struct lode_method lode_v1_documents_get__method = {
    .path = "/lode.v1.Documents/Get",
    .in = &lode__v1__get_document_request__descriptor,
    .out = &lode__v1__get_document_response__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_documents_get(struct lode_client *client,
    const Lode__V1__GetDocumentRequest *request,
    const struct lode_call_opts *opts, Lode__V1__GetDocumentResponse **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_documents_get__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__GetDocumentResponse *)answer;
    return status;
}

struct lode_v1_documents_get__closure {
    lode_v1_documents_get_fn *done;
    void *arg;
};

static void lode_v1_documents_get__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_documents_get__closure *c = arg;

    c->done(c->arg, (Lode__V1__GetDocumentResponse *)message, error);
    free(c);
}

void lode_v1_documents_get_async(struct lode_client *client,
    const Lode__V1__GetDocumentRequest *request,
    const struct lode_call_opts *opts, lode_v1_documents_get_fn *done, void *arg)
{
    struct lode_v1_documents_get__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_documents_get__method, &request->base, opts,
        lode_v1_documents_get__done, c);
}

static const struct lode_method lode_v1_documents_list__method = {
    .path = "/lode.v1.Documents/List",
    .in = &lode__v1__list_documents_request__descriptor,
    .out = &lode__v1__list_documents_response__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_documents_list(struct lode_client *client,
    const Lode__V1__ListDocumentsRequest *request,
    const struct lode_call_opts *opts, Lode__V1__ListDocumentsResponse **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_documents_list__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__ListDocumentsResponse *)answer;
    return status;
}

struct lode_v1_documents_list__closure {
    lode_v1_documents_list_fn *done;
    void *arg;
};

static void lode_v1_documents_list__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_documents_list__closure *c = arg;

    c->done(c->arg, (Lode__V1__ListDocumentsResponse *)message, error);
    free(c);
}

void lode_v1_documents_list_async(struct lode_client *client,
    const Lode__V1__ListDocumentsRequest *request,
    const struct lode_call_opts *opts, lode_v1_documents_list_fn *done, void *arg)
{
    struct lode_v1_documents_list__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_documents_list__method, &request->base, opts,
        lode_v1_documents_list__done, c);
}

static const struct lode_method lode_v1_documents_fetch__method = {
    .path = "/lode.v1.Documents/Fetch",
    .in = &lode__v1__fetch_documents_request__descriptor,
    .out = &lode__v1__list_documents_response__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_documents_fetch(struct lode_client *client,
    const Lode__V1__FetchDocumentsRequest *request,
    const struct lode_call_opts *opts, Lode__V1__ListDocumentsResponse **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_documents_fetch__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__ListDocumentsResponse *)answer;
    return status;
}

struct lode_v1_documents_fetch__closure {
    lode_v1_documents_fetch_fn *done;
    void *arg;
};

static void lode_v1_documents_fetch__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_documents_fetch__closure *c = arg;

    c->done(c->arg, (Lode__V1__ListDocumentsResponse *)message, error);
    free(c);
}

void lode_v1_documents_fetch_async(struct lode_client *client,
    const Lode__V1__FetchDocumentsRequest *request,
    const struct lode_call_opts *opts, lode_v1_documents_fetch_fn *done, void *arg)
{
    struct lode_v1_documents_fetch__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_documents_fetch__method, &request->base, opts,
        lode_v1_documents_fetch__done, c);
}

static const struct lode_method lode_v1_documents_add__method = {
    .path = "/lode.v1.Documents/Add",
    .in = &lode__v1__add_documents_request__descriptor,
    .out = &lode__v1__task_summary__descriptor,
    .client_streams = true,
    .server_streams = false,
};

enum lode_status lode_v1_documents_add_open(struct lode_client *client,
    const struct lode_call_opts *opts, struct lode_stream **ret_stream,
    struct lode_error *error)
{
    return lode_stream_open(client, &lode_v1_documents_add__method, NULL, opts,
        ret_stream, error);
}

struct lode_v1_documents_add__closure {
    struct lode_v1_documents_add_callbacks callbacks;
    void *arg;
};

static void lode_v1_documents_add__on_message(void *arg, struct lode_stream *stream,
    ProtobufCMessage *message)
{
    struct lode_v1_documents_add__closure *c = arg;

    c->callbacks.on_message(c->arg, stream, (Lode__V1__TaskSummary *)message);
}

static void lode_v1_documents_add__on_writable(void *arg, struct lode_stream *stream)
{
    struct lode_v1_documents_add__closure *c = arg;

    if (c->callbacks.on_writable)
        c->callbacks.on_writable(c->arg, stream);
}

static void lode_v1_documents_add__on_end(void *arg, struct lode_stream *stream,
    const struct lode_error *error)
{
    struct lode_v1_documents_add__closure *c = arg;

    c->callbacks.on_end(c->arg, stream, error);
    free(c);
}

struct lode_stream *lode_v1_documents_add_open_async(struct lode_client *client,
    const struct lode_call_opts *opts,
    const struct lode_v1_documents_add_callbacks *callbacks, void *arg)
{
    static const struct lode_stream_callbacks thunks = {
        .on_message = lode_v1_documents_add__on_message,
        .on_writable = lode_v1_documents_add__on_writable,
        .on_end = lode_v1_documents_add__on_end,
    };
    struct lode_v1_documents_add__closure *c = closure_new(sizeof(*c));

    c->callbacks = *callbacks;
    c->arg = arg;
    return lode_stream_open_async(client, &lode_v1_documents_add__method, NULL, opts,
        &thunks, c);
}

enum lode_status lode_v1_documents_add_finish(struct lode_stream *stream,
    Lode__V1__TaskSummary **ret_answer, struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    ProtobufCMessage *more = NULL;
    enum lode_status status;

    status = lode_stream_send_end(stream, error);
    if (status != LODE_OK && status != LODE_END)
        return status;
    status = lode_stream_receive(stream, &answer, error);
    if (status == LODE_OK)
        status = lode_stream_receive(stream, &more, error);
    lode_message_free(more);
    if (status == LODE_END && answer) {
        *ret_answer = (Lode__V1__TaskSummary *)answer;
        return LODE_OK;
    }
    lode_message_free(answer);
    if (status == LODE_OK || status == LODE_END) {
        if (error) {
            *error = (struct lode_error){.status = LODE_INTERNAL};
            snprintf(error->message, sizeof(error->message),
                "the server sent %s", more ? "more than one answer" : "no answer");
        }
        return LODE_INTERNAL;
    }
    return status;
}

static const struct lode_method lode_v1_documents_update__method = {
    .path = "/lode.v1.Documents/Update",
    .in = &lode__v1__add_documents_request__descriptor,
    .out = &lode__v1__task_summary__descriptor,
    .client_streams = true,
    .server_streams = false,
};

enum lode_status lode_v1_documents_update_open(struct lode_client *client,
    const struct lode_call_opts *opts, struct lode_stream **ret_stream,
    struct lode_error *error)
{
    return lode_stream_open(client, &lode_v1_documents_update__method, NULL, opts,
        ret_stream, error);
}

struct lode_v1_documents_update__closure {
    struct lode_v1_documents_update_callbacks callbacks;
    void *arg;
};

static void lode_v1_documents_update__on_message(void *arg, struct lode_stream *stream,
    ProtobufCMessage *message)
{
    struct lode_v1_documents_update__closure *c = arg;

    c->callbacks.on_message(c->arg, stream, (Lode__V1__TaskSummary *)message);
}

static void lode_v1_documents_update__on_writable(void *arg, struct lode_stream *stream)
{
    struct lode_v1_documents_update__closure *c = arg;

    if (c->callbacks.on_writable)
        c->callbacks.on_writable(c->arg, stream);
}

static void lode_v1_documents_update__on_end(void *arg, struct lode_stream *stream,
    const struct lode_error *error)
{
    struct lode_v1_documents_update__closure *c = arg;

    c->callbacks.on_end(c->arg, stream, error);
    free(c);
}

struct lode_stream *lode_v1_documents_update_open_async(struct lode_client *client,
    const struct lode_call_opts *opts,
    const struct lode_v1_documents_update_callbacks *callbacks, void *arg)
{
    static const struct lode_stream_callbacks thunks = {
        .on_message = lode_v1_documents_update__on_message,
        .on_writable = lode_v1_documents_update__on_writable,
        .on_end = lode_v1_documents_update__on_end,
    };
    struct lode_v1_documents_update__closure *c = closure_new(sizeof(*c));

    c->callbacks = *callbacks;
    c->arg = arg;
    return lode_stream_open_async(client, &lode_v1_documents_update__method, NULL, opts,
        &thunks, c);
}

enum lode_status lode_v1_documents_update_finish(struct lode_stream *stream,
    Lode__V1__TaskSummary **ret_answer, struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    ProtobufCMessage *more = NULL;
    enum lode_status status;

    status = lode_stream_send_end(stream, error);
    if (status != LODE_OK && status != LODE_END)
        return status;
    status = lode_stream_receive(stream, &answer, error);
    if (status == LODE_OK)
        status = lode_stream_receive(stream, &more, error);
    lode_message_free(more);
    if (status == LODE_END && answer) {
        *ret_answer = (Lode__V1__TaskSummary *)answer;
        return LODE_OK;
    }
    lode_message_free(answer);
    if (status == LODE_OK || status == LODE_END) {
        if (error) {
            *error = (struct lode_error){.status = LODE_INTERNAL};
            snprintf(error->message, sizeof(error->message),
                "the server sent %s", more ? "more than one answer" : "no answer");
        }
        return LODE_INTERNAL;
    }
    return status;
}

static const struct lode_method lode_v1_documents_delete__method = {
    .path = "/lode.v1.Documents/Delete",
    .in = &lode__v1__delete_document_request__descriptor,
    .out = &lode__v1__task_summary__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_documents_delete(struct lode_client *client,
    const Lode__V1__DeleteDocumentRequest *request,
    const struct lode_call_opts *opts, Lode__V1__TaskSummary **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_documents_delete__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__TaskSummary *)answer;
    return status;
}

struct lode_v1_documents_delete__closure {
    lode_v1_documents_delete_fn *done;
    void *arg;
};

static void lode_v1_documents_delete__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_documents_delete__closure *c = arg;

    c->done(c->arg, (Lode__V1__TaskSummary *)message, error);
    free(c);
}

void lode_v1_documents_delete_async(struct lode_client *client,
    const Lode__V1__DeleteDocumentRequest *request,
    const struct lode_call_opts *opts, lode_v1_documents_delete_fn *done, void *arg)
{
    struct lode_v1_documents_delete__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_documents_delete__method, &request->base, opts,
        lode_v1_documents_delete__done, c);
}

static const struct lode_method lode_v1_documents_delete_batch__method = {
    .path = "/lode.v1.Documents/DeleteBatch",
    .in = &lode__v1__delete_documents_request__descriptor,
    .out = &lode__v1__task_summary__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_documents_delete_batch(struct lode_client *client,
    const Lode__V1__DeleteDocumentsRequest *request,
    const struct lode_call_opts *opts, Lode__V1__TaskSummary **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_documents_delete_batch__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__TaskSummary *)answer;
    return status;
}

struct lode_v1_documents_delete_batch__closure {
    lode_v1_documents_delete_batch_fn *done;
    void *arg;
};

static void lode_v1_documents_delete_batch__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_documents_delete_batch__closure *c = arg;

    c->done(c->arg, (Lode__V1__TaskSummary *)message, error);
    free(c);
}

void lode_v1_documents_delete_batch_async(struct lode_client *client,
    const Lode__V1__DeleteDocumentsRequest *request,
    const struct lode_call_opts *opts, lode_v1_documents_delete_batch_fn *done, void *arg)
{
    struct lode_v1_documents_delete_batch__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_documents_delete_batch__method, &request->base, opts,
        lode_v1_documents_delete_batch__done, c);
}

static const struct lode_method lode_v1_documents_delete_by_filter__method = {
    .path = "/lode.v1.Documents/DeleteByFilter",
    .in = &lode__v1__delete_by_filter_request__descriptor,
    .out = &lode__v1__task_summary__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_documents_delete_by_filter(struct lode_client *client,
    const Lode__V1__DeleteByFilterRequest *request,
    const struct lode_call_opts *opts, Lode__V1__TaskSummary **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_documents_delete_by_filter__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__TaskSummary *)answer;
    return status;
}

struct lode_v1_documents_delete_by_filter__closure {
    lode_v1_documents_delete_by_filter_fn *done;
    void *arg;
};

static void lode_v1_documents_delete_by_filter__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_documents_delete_by_filter__closure *c = arg;

    c->done(c->arg, (Lode__V1__TaskSummary *)message, error);
    free(c);
}

void lode_v1_documents_delete_by_filter_async(struct lode_client *client,
    const Lode__V1__DeleteByFilterRequest *request,
    const struct lode_call_opts *opts, lode_v1_documents_delete_by_filter_fn *done, void *arg)
{
    struct lode_v1_documents_delete_by_filter__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_documents_delete_by_filter__method, &request->base, opts,
        lode_v1_documents_delete_by_filter__done, c);
}

static const struct lode_method lode_v1_documents_delete_all__method = {
    .path = "/lode.v1.Documents/DeleteAll",
    .in = &lode__v1__delete_all_documents_request__descriptor,
    .out = &lode__v1__task_summary__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_documents_delete_all(struct lode_client *client,
    const Lode__V1__DeleteAllDocumentsRequest *request,
    const struct lode_call_opts *opts, Lode__V1__TaskSummary **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_documents_delete_all__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__TaskSummary *)answer;
    return status;
}

struct lode_v1_documents_delete_all__closure {
    lode_v1_documents_delete_all_fn *done;
    void *arg;
};

static void lode_v1_documents_delete_all__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_documents_delete_all__closure *c = arg;

    c->done(c->arg, (Lode__V1__TaskSummary *)message, error);
    free(c);
}

void lode_v1_documents_delete_all_async(struct lode_client *client,
    const Lode__V1__DeleteAllDocumentsRequest *request,
    const struct lode_call_opts *opts, lode_v1_documents_delete_all_fn *done, void *arg)
{
    struct lode_v1_documents_delete_all__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_documents_delete_all__method, &request->base, opts,
        lode_v1_documents_delete_all__done, c);
}
