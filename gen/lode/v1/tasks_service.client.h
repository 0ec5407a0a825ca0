/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/tasks_service.proto; do not edit, see gen/README.md. */
#pragma once

#include <lode/client.h>

#include "lode/v1/common.pb-c.h"
#include "lode/v1/tasks.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* lode.v1.Tasks/List: one request, one answer. */
LODE_API enum lode_status lode_v1_tasks_list(struct lode_client *client,
    const Lode__V1__ListTasksRequest *request,
    const struct lode_call_opts *opts, Lode__V1__ListTasksResponse **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_tasks_list_fn(void *arg, Lode__V1__ListTasksResponse *answer,
    const struct lode_error *error);
LODE_API void lode_v1_tasks_list_async(struct lode_client *client,
    const Lode__V1__ListTasksRequest *request,
    const struct lode_call_opts *opts, lode_v1_tasks_list_fn *done, void *arg);

/* lode.v1.Tasks/Get: one request, one answer. */
LODE_API enum lode_status lode_v1_tasks_get(struct lode_client *client,
    const Lode__V1__GetTaskRequest *request,
    const struct lode_call_opts *opts, Lode__V1__Task **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_tasks_get_fn(void *arg, Lode__V1__Task *answer,
    const struct lode_error *error);
LODE_API void lode_v1_tasks_get_async(struct lode_client *client,
    const Lode__V1__GetTaskRequest *request,
    const struct lode_call_opts *opts, lode_v1_tasks_get_fn *done, void *arg);

/* lode.v1.Tasks/Watch: messages out. */
LODE_API enum lode_status lode_v1_tasks_watch_open(struct lode_client *client,
    const Lode__V1__GetTaskRequest *request,
    const struct lode_call_opts *opts, struct lode_stream **ret_stream,
    struct lode_error *error);
static inline enum lode_status lode_v1_tasks_watch_receive(struct lode_stream *stream,
    Lode__V1__Task **ret_message, struct lode_error *error)
{
    ProtobufCMessage *message = NULL;
    enum lode_status status = lode_stream_receive(stream, &message, error);

    if (status == LODE_OK)
        *ret_message = (Lode__V1__Task *)message;
    return status;
}
/* As struct lode_stream_callbacks. */
struct lode_v1_tasks_watch_callbacks {
    void (*on_message)(void *arg, struct lode_stream *stream,
        Lode__V1__Task *message);
    void (*on_writable)(void *arg, struct lode_stream *stream); /* may be NULL */
    void (*on_end)(void *arg, struct lode_stream *stream,
        const struct lode_error *error);
};
LODE_API struct lode_stream *lode_v1_tasks_watch_open_async(struct lode_client *client,
    const Lode__V1__GetTaskRequest *request,
    const struct lode_call_opts *opts,
    const struct lode_v1_tasks_watch_callbacks *callbacks, void *arg);

/* lode.v1.Tasks/Cancel: one request, one answer. */
LODE_API enum lode_status lode_v1_tasks_cancel(struct lode_client *client,
    const Lode__V1__SelectTasksRequest *request,
    const struct lode_call_opts *opts, Lode__V1__TaskSummary **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_tasks_cancel_fn(void *arg, Lode__V1__TaskSummary *answer,
    const struct lode_error *error);
LODE_API void lode_v1_tasks_cancel_async(struct lode_client *client,
    const Lode__V1__SelectTasksRequest *request,
    const struct lode_call_opts *opts, lode_v1_tasks_cancel_fn *done, void *arg);

/* lode.v1.Tasks/Delete: one request, one answer. */
LODE_API enum lode_status lode_v1_tasks_delete(struct lode_client *client,
    const Lode__V1__SelectTasksRequest *request,
    const struct lode_call_opts *opts, Lode__V1__TaskSummary **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_tasks_delete_fn(void *arg, Lode__V1__TaskSummary *answer,
    const struct lode_error *error);
LODE_API void lode_v1_tasks_delete_async(struct lode_client *client,
    const Lode__V1__SelectTasksRequest *request,
    const struct lode_call_opts *opts, lode_v1_tasks_delete_fn *done, void *arg);

/* lode.v1.Tasks/ListBatches: one request, one answer. */
LODE_API enum lode_status lode_v1_tasks_list_batches(struct lode_client *client,
    const Lode__V1__ListTasksRequest *request,
    const struct lode_call_opts *opts, Lode__V1__ListBatchesResponse **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_tasks_list_batches_fn(void *arg, Lode__V1__ListBatchesResponse *answer,
    const struct lode_error *error);
LODE_API void lode_v1_tasks_list_batches_async(struct lode_client *client,
    const Lode__V1__ListTasksRequest *request,
    const struct lode_call_opts *opts, lode_v1_tasks_list_batches_fn *done, void *arg);

/* lode.v1.Tasks/GetBatch: one request, one answer. */
LODE_API enum lode_status lode_v1_tasks_get_batch(struct lode_client *client,
    const Lode__V1__GetBatchRequest *request,
    const struct lode_call_opts *opts, Lode__V1__Batch **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_tasks_get_batch_fn(void *arg, Lode__V1__Batch *answer,
    const struct lode_error *error);
LODE_API void lode_v1_tasks_get_batch_async(struct lode_client *client,
    const Lode__V1__GetBatchRequest *request,
    const struct lode_call_opts *opts, lode_v1_tasks_get_batch_fn *done, void *arg);

#ifdef __cplusplus
}
#endif
