/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/documents_service.proto; do not edit, see gen/README.md. */
#pragma once

#include <lode/client.h>

#include "lode/v1/common.pb-c.h"
#include "lode/v1/documents.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* lode.v1.Documents/Get: one request, one answer. */
LODE_API enum lode_status lode_v1_documents_get(struct lode_client *client,
    const Lode__V1__GetDocumentRequest *request,
    const struct lode_call_opts *opts, Lode__V1__GetDocumentResponse **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_documents_get_fn(void *arg, Lode__V1__GetDocumentResponse *answer,
    const struct lode_error *error);
LODE_API void lode_v1_documents_get_async(struct lode_client *client,
    const Lode__V1__GetDocumentRequest *request,
    const struct lode_call_opts *opts, lode_v1_documents_get_fn *done, void *arg);

/* lode.v1.Documents/List: one request, one answer. */
LODE_API enum lode_status lode_v1_documents_list(struct lode_client *client,
    const Lode__V1__ListDocumentsRequest *request,
    const struct lode_call_opts *opts, Lode__V1__ListDocumentsResponse **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_documents_list_fn(void *arg, Lode__V1__ListDocumentsResponse *answer,
    const struct lode_error *error);
LODE_API void lode_v1_documents_list_async(struct lode_client *client,
    const Lode__V1__ListDocumentsRequest *request,
    const struct lode_call_opts *opts, lode_v1_documents_list_fn *done, void *arg);

/* lode.v1.Documents/Fetch: one request, one answer. */
LODE_API enum lode_status lode_v1_documents_fetch(struct lode_client *client,
    const Lode__V1__FetchDocumentsRequest *request,
    const struct lode_call_opts *opts, Lode__V1__ListDocumentsResponse **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_documents_fetch_fn(void *arg, Lode__V1__ListDocumentsResponse *answer,
    const struct lode_error *error);
LODE_API void lode_v1_documents_fetch_async(struct lode_client *client,
    const Lode__V1__FetchDocumentsRequest *request,
    const struct lode_call_opts *opts, lode_v1_documents_fetch_fn *done, void *arg);

/* lode.v1.Documents/Add: messages in, one answer. */
LODE_API enum lode_status lode_v1_documents_add_open(struct lode_client *client,
    const struct lode_call_opts *opts, struct lode_stream **ret_stream,
    struct lode_error *error);
static inline enum lode_status lode_v1_documents_add_receive(struct lode_stream *stream,
    Lode__V1__TaskSummary **ret_message, struct lode_error *error)
{
    ProtobufCMessage *message = NULL;
    enum lode_status status = lode_stream_receive(stream, &message, error);

    if (status == LODE_OK)
        *ret_message = (Lode__V1__TaskSummary *)message;
    return status;
}
/* As struct lode_stream_callbacks. */
struct lode_v1_documents_add_callbacks {
    void (*on_message)(void *arg, struct lode_stream *stream,
        Lode__V1__TaskSummary *message);
    void (*on_writable)(void *arg, struct lode_stream *stream); /* may be NULL */
    void (*on_end)(void *arg, struct lode_stream *stream,
        const struct lode_error *error);
};
LODE_API struct lode_stream *lode_v1_documents_add_open_async(struct lode_client *client,
    const struct lode_call_opts *opts,
    const struct lode_v1_documents_add_callbacks *callbacks, void *arg);
static inline enum lode_status lode_v1_documents_add_send(struct lode_stream *stream,
    const Lode__V1__AddDocumentsRequest *message, struct lode_error *error)
{
    return lode_stream_send(stream, &message->base, error);
}
static inline enum lode_status lode_v1_documents_add_send_end(struct lode_stream *stream,
    struct lode_error *error)
{
    return lode_stream_send_end(stream, error);
}
static inline bool lode_v1_documents_add_send_async(struct lode_stream *stream,
    const Lode__V1__AddDocumentsRequest *message)
{
    return lode_stream_send_async(stream, &message->base);
}
static inline void lode_v1_documents_add_send_end_async(struct lode_stream *stream)
{
    lode_stream_send_end_async(stream);
}
/* Ends the sending, waits for the answer and for the call to end well. */
LODE_API enum lode_status lode_v1_documents_add_finish(struct lode_stream *stream,
    Lode__V1__TaskSummary **ret_answer, struct lode_error *error);

/* lode.v1.Documents/Update: messages in, one answer. */
LODE_API enum lode_status lode_v1_documents_update_open(struct lode_client *client,
    const struct lode_call_opts *opts, struct lode_stream **ret_stream,
    struct lode_error *error);
static inline enum lode_status lode_v1_documents_update_receive(struct lode_stream *stream,
    Lode__V1__TaskSummary **ret_message, struct lode_error *error)
{
    ProtobufCMessage *message = NULL;
    enum lode_status status = lode_stream_receive(stream, &message, error);

    if (status == LODE_OK)
        *ret_message = (Lode__V1__TaskSummary *)message;
    return status;
}
/* As struct lode_stream_callbacks. */
struct lode_v1_documents_update_callbacks {
    void (*on_message)(void *arg, struct lode_stream *stream,
        Lode__V1__TaskSummary *message);
    void (*on_writable)(void *arg, struct lode_stream *stream); /* may be NULL */
    void (*on_end)(void *arg, struct lode_stream *stream,
        const struct lode_error *error);
};
LODE_API struct lode_stream *lode_v1_documents_update_open_async(struct lode_client *client,
    const struct lode_call_opts *opts,
    const struct lode_v1_documents_update_callbacks *callbacks, void *arg);
static inline enum lode_status lode_v1_documents_update_send(struct lode_stream *stream,
    const Lode__V1__AddDocumentsRequest *message, struct lode_error *error)
{
    return lode_stream_send(stream, &message->base, error);
}
static inline enum lode_status lode_v1_documents_update_send_end(struct lode_stream *stream,
    struct lode_error *error)
{
    return lode_stream_send_end(stream, error);
}
static inline bool lode_v1_documents_update_send_async(struct lode_stream *stream,
    const Lode__V1__AddDocumentsRequest *message)
{
    return lode_stream_send_async(stream, &message->base);
}
static inline void lode_v1_documents_update_send_end_async(struct lode_stream *stream)
{
    lode_stream_send_end_async(stream);
}
/* Ends the sending, waits for the answer and for the call to end well. */
LODE_API enum lode_status lode_v1_documents_update_finish(struct lode_stream *stream,
    Lode__V1__TaskSummary **ret_answer, struct lode_error *error);

/* lode.v1.Documents/Delete: one request, one answer. */
LODE_API enum lode_status lode_v1_documents_delete(struct lode_client *client,
    const Lode__V1__DeleteDocumentRequest *request,
    const struct lode_call_opts *opts, Lode__V1__TaskSummary **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_documents_delete_fn(void *arg, Lode__V1__TaskSummary *answer,
    const struct lode_error *error);
LODE_API void lode_v1_documents_delete_async(struct lode_client *client,
    const Lode__V1__DeleteDocumentRequest *request,
    const struct lode_call_opts *opts, lode_v1_documents_delete_fn *done, void *arg);

/* lode.v1.Documents/DeleteBatch: one request, one answer. */
LODE_API enum lode_status lode_v1_documents_delete_batch(struct lode_client *client,
    const Lode__V1__DeleteDocumentsRequest *request,
    const struct lode_call_opts *opts, Lode__V1__TaskSummary **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_documents_delete_batch_fn(void *arg, Lode__V1__TaskSummary *answer,
    const struct lode_error *error);
LODE_API void lode_v1_documents_delete_batch_async(struct lode_client *client,
    const Lode__V1__DeleteDocumentsRequest *request,
    const struct lode_call_opts *opts, lode_v1_documents_delete_batch_fn *done, void *arg);

/* lode.v1.Documents/DeleteByFilter: one request, one answer. */
LODE_API enum lode_status lode_v1_documents_delete_by_filter(struct lode_client *client,
    const Lode__V1__DeleteByFilterRequest *request,
    const struct lode_call_opts *opts, Lode__V1__TaskSummary **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_documents_delete_by_filter_fn(void *arg, Lode__V1__TaskSummary *answer,
    const struct lode_error *error);
LODE_API void lode_v1_documents_delete_by_filter_async(struct lode_client *client,
    const Lode__V1__DeleteByFilterRequest *request,
    const struct lode_call_opts *opts, lode_v1_documents_delete_by_filter_fn *done, void *arg);

/* lode.v1.Documents/DeleteAll: one request, one answer. */
LODE_API enum lode_status lode_v1_documents_delete_all(struct lode_client *client,
    const Lode__V1__DeleteAllDocumentsRequest *request,
    const struct lode_call_opts *opts, Lode__V1__TaskSummary **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_documents_delete_all_fn(void *arg, Lode__V1__TaskSummary *answer,
    const struct lode_error *error);
LODE_API void lode_v1_documents_delete_all_async(struct lode_client *client,
    const Lode__V1__DeleteAllDocumentsRequest *request,
    const struct lode_call_opts *opts, lode_v1_documents_delete_all_fn *done, void *arg);

#ifdef __cplusplus
}
#endif
