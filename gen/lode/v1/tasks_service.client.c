/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/tasks_service.proto; do not edit, see gen/README.md. */
#include "lode/v1/tasks_service.client.h"

#include <stdio.h>
#include <stdlib.h>

static inline void *closure_new(size_t n)
{
    void *c = malloc(n);

    if (!c)
        abort();
    return c;
}

static const struct lode_method lode_v1_tasks_list__method = {
    .path = "/lode.v1.Tasks/List",
    .in = &lode__v1__list_tasks_request__descriptor,
    .out = &lode__v1__list_tasks_response__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_tasks_list(struct lode_client *client,
    const Lode__V1__ListTasksRequest *request,
    const struct lode_call_opts *opts, Lode__V1__ListTasksResponse **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_tasks_list__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__ListTasksResponse *)answer;
    return status;
}

struct lode_v1_tasks_list__closure {
    lode_v1_tasks_list_fn *done;
    void *arg;
};

static void lode_v1_tasks_list__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_tasks_list__closure *c = arg;

    c->done(c->arg, (Lode__V1__ListTasksResponse *)message, error);
    free(c);
}

void lode_v1_tasks_list_async(struct lode_client *client,
    const Lode__V1__ListTasksRequest *request,
    const struct lode_call_opts *opts, lode_v1_tasks_list_fn *done, void *arg)
{
    struct lode_v1_tasks_list__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_tasks_list__method, &request->base, opts,
        lode_v1_tasks_list__done, c);
}

static const struct lode_method lode_v1_tasks_get__method = {
    .path = "/lode.v1.Tasks/Get",
    .in = &lode__v1__get_task_request__descriptor,
    .out = &lode__v1__task__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_tasks_get(struct lode_client *client,
    const Lode__V1__GetTaskRequest *request,
    const struct lode_call_opts *opts, Lode__V1__Task **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_tasks_get__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__Task *)answer;
    return status;
}

struct lode_v1_tasks_get__closure {
    lode_v1_tasks_get_fn *done;
    void *arg;
};

static void lode_v1_tasks_get__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_tasks_get__closure *c = arg;

    c->done(c->arg, (Lode__V1__Task *)message, error);
    free(c);
}

void lode_v1_tasks_get_async(struct lode_client *client,
    const Lode__V1__GetTaskRequest *request,
    const struct lode_call_opts *opts, lode_v1_tasks_get_fn *done, void *arg)
{
    struct lode_v1_tasks_get__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_tasks_get__method, &request->base, opts,
        lode_v1_tasks_get__done, c);
}

static const struct lode_method lode_v1_tasks_watch__method = {
    .path = "/lode.v1.Tasks/Watch",
    .in = &lode__v1__get_task_request__descriptor,
    .out = &lode__v1__task__descriptor,
    .client_streams = false,
    .server_streams = true,
};

enum lode_status lode_v1_tasks_watch_open(struct lode_client *client,
    const Lode__V1__GetTaskRequest *request,
    const struct lode_call_opts *opts, struct lode_stream **ret_stream,
    struct lode_error *error)
{
    return lode_stream_open(client, &lode_v1_tasks_watch__method, &request->base, opts,
        ret_stream, error);
}

struct lode_v1_tasks_watch__closure {
    struct lode_v1_tasks_watch_callbacks callbacks;
    void *arg;
};

static void lode_v1_tasks_watch__on_message(void *arg, struct lode_stream *stream,
    ProtobufCMessage *message)
{
    struct lode_v1_tasks_watch__closure *c = arg;

    c->callbacks.on_message(c->arg, stream, (Lode__V1__Task *)message);
}

static void lode_v1_tasks_watch__on_writable(void *arg, struct lode_stream *stream)
{
    struct lode_v1_tasks_watch__closure *c = arg;

    if (c->callbacks.on_writable)
        c->callbacks.on_writable(c->arg, stream);
}

static void lode_v1_tasks_watch__on_end(void *arg, struct lode_stream *stream,
    const struct lode_error *error)
{
    struct lode_v1_tasks_watch__closure *c = arg;

    c->callbacks.on_end(c->arg, stream, error);
    free(c);
}

struct lode_stream *lode_v1_tasks_watch_open_async(struct lode_client *client,
    const Lode__V1__GetTaskRequest *request,
    const struct lode_call_opts *opts,
    const struct lode_v1_tasks_watch_callbacks *callbacks, void *arg)
{
    static const struct lode_stream_callbacks thunks = {
        .on_message = lode_v1_tasks_watch__on_message,
        .on_writable = lode_v1_tasks_watch__on_writable,
        .on_end = lode_v1_tasks_watch__on_end,
    };
    struct lode_v1_tasks_watch__closure *c = closure_new(sizeof(*c));

    c->callbacks = *callbacks;
    c->arg = arg;
    return lode_stream_open_async(client, &lode_v1_tasks_watch__method, &request->base, opts,
        &thunks, c);
}

static const struct lode_method lode_v1_tasks_cancel__method = {
    .path = "/lode.v1.Tasks/Cancel",
    .in = &lode__v1__select_tasks_request__descriptor,
    .out = &lode__v1__task_summary__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_tasks_cancel(struct lode_client *client,
    const Lode__V1__SelectTasksRequest *request,
    const struct lode_call_opts *opts, Lode__V1__TaskSummary **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_tasks_cancel__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__TaskSummary *)answer;
    return status;
}

struct lode_v1_tasks_cancel__closure {
    lode_v1_tasks_cancel_fn *done;
    void *arg;
};

static void lode_v1_tasks_cancel__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_tasks_cancel__closure *c = arg;

    c->done(c->arg, (Lode__V1__TaskSummary *)message, error);
    free(c);
}

void lode_v1_tasks_cancel_async(struct lode_client *client,
    const Lode__V1__SelectTasksRequest *request,
    const struct lode_call_opts *opts, lode_v1_tasks_cancel_fn *done, void *arg)
{
    struct lode_v1_tasks_cancel__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_tasks_cancel__method, &request->base, opts,
        lode_v1_tasks_cancel__done, c);
}

static const struct lode_method lode_v1_tasks_delete__method = {
    .path = "/lode.v1.Tasks/Delete",
    .in = &lode__v1__select_tasks_request__descriptor,
    .out = &lode__v1__task_summary__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_tasks_delete(struct lode_client *client,
    const Lode__V1__SelectTasksRequest *request,
    const struct lode_call_opts *opts, Lode__V1__TaskSummary **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_tasks_delete__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__TaskSummary *)answer;
    return status;
}

struct lode_v1_tasks_delete__closure {
    lode_v1_tasks_delete_fn *done;
    void *arg;
};

static void lode_v1_tasks_delete__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_tasks_delete__closure *c = arg;

    c->done(c->arg, (Lode__V1__TaskSummary *)message, error);
    free(c);
}

void lode_v1_tasks_delete_async(struct lode_client *client,
    const Lode__V1__SelectTasksRequest *request,
    const struct lode_call_opts *opts, lode_v1_tasks_delete_fn *done, void *arg)
{
    struct lode_v1_tasks_delete__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_tasks_delete__method, &request->base, opts,
        lode_v1_tasks_delete__done, c);
}

static const struct lode_method lode_v1_tasks_list_batches__method = {
    .path = "/lode.v1.Tasks/ListBatches",
    .in = &lode__v1__list_tasks_request__descriptor,
    .out = &lode__v1__list_batches_response__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_tasks_list_batches(struct lode_client *client,
    const Lode__V1__ListTasksRequest *request,
    const struct lode_call_opts *opts, Lode__V1__ListBatchesResponse **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_tasks_list_batches__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__ListBatchesResponse *)answer;
    return status;
}

struct lode_v1_tasks_list_batches__closure {
    lode_v1_tasks_list_batches_fn *done;
    void *arg;
};

static void lode_v1_tasks_list_batches__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_tasks_list_batches__closure *c = arg;

    c->done(c->arg, (Lode__V1__ListBatchesResponse *)message, error);
    free(c);
}

void lode_v1_tasks_list_batches_async(struct lode_client *client,
    const Lode__V1__ListTasksRequest *request,
    const struct lode_call_opts *opts, lode_v1_tasks_list_batches_fn *done, void *arg)
{
    struct lode_v1_tasks_list_batches__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_tasks_list_batches__method, &request->base, opts,
        lode_v1_tasks_list_batches__done, c);
}

static const struct lode_method lode_v1_tasks_get_batch__method = {
    .path = "/lode.v1.Tasks/GetBatch",
    .in = &lode__v1__get_batch_request__descriptor,
    .out = &lode__v1__batch__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_tasks_get_batch(struct lode_client *client,
    const Lode__V1__GetBatchRequest *request,
    const struct lode_call_opts *opts, Lode__V1__Batch **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_tasks_get_batch__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__Batch *)answer;
    return status;
}

struct lode_v1_tasks_get_batch__closure {
    lode_v1_tasks_get_batch_fn *done;
    void *arg;
};

static void lode_v1_tasks_get_batch__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_tasks_get_batch__closure *c = arg;

    c->done(c->arg, (Lode__V1__Batch *)message, error);
    free(c);
}

void lode_v1_tasks_get_batch_async(struct lode_client *client,
    const Lode__V1__GetBatchRequest *request,
    const struct lode_call_opts *opts, lode_v1_tasks_get_batch_fn *done, void *arg)
{
    struct lode_v1_tasks_get_batch__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_tasks_get_batch__method, &request->base, opts,
        lode_v1_tasks_get_batch__done, c);
}
