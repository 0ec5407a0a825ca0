/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/indexes_service.proto; do not edit, see gen/README.md. */
#include "lode/v1/indexes_service.client.h"

#include <stdio.h>
#include <stdlib.h>

static inline void *closure_new(size_t n)
{
    void *c = malloc(n);

    if (!c)
        abort();
    return c;
}

static const struct lode_method lode_v1_indexes_list__method = {
    .path = "/lode.v1.Indexes/List",
    .in = &lode__v1__list_indexes_request__descriptor,
    .out = &lode__v1__list_indexes_response__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_indexes_list(struct lode_client *client,
    const Lode__V1__ListIndexesRequest *request,
    const struct lode_call_opts *opts, Lode__V1__ListIndexesResponse **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_indexes_list__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__ListIndexesResponse *)answer;
    return status;
}

struct lode_v1_indexes_list__closure {
    lode_v1_indexes_list_fn *done;
    void *arg;
};

static void lode_v1_indexes_list__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_indexes_list__closure *c = arg;

    c->done(c->arg, (Lode__V1__ListIndexesResponse *)message, error);
    free(c);
}

void lode_v1_indexes_list_async(struct lode_client *client,
    const Lode__V1__ListIndexesRequest *request,
    const struct lode_call_opts *opts, lode_v1_indexes_list_fn *done, void *arg)
{
    struct lode_v1_indexes_list__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_indexes_list__method, &request->base, opts,
        lode_v1_indexes_list__done, c);
}

static const struct lode_method lode_v1_indexes_create__method = {
    .path = "/lode.v1.Indexes/Create",
    .in = &lode__v1__create_index_request__descriptor,
    .out = &lode__v1__task_summary__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_indexes_create(struct lode_client *client,
    const Lode__V1__CreateIndexRequest *request,
    const struct lode_call_opts *opts, Lode__V1__TaskSummary **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_indexes_create__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__TaskSummary *)answer;
    return status;
}

struct lode_v1_indexes_create__closure {
    lode_v1_indexes_create_fn *done;
    void *arg;
};

static void lode_v1_indexes_create__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_indexes_create__closure *c = arg;

    c->done(c->arg, (Lode__V1__TaskSummary *)message, error);
    free(c);
}

void lode_v1_indexes_create_async(struct lode_client *client,
    const Lode__V1__CreateIndexRequest *request,
    const struct lode_call_opts *opts, lode_v1_indexes_create_fn *done, void *arg)
{
    struct lode_v1_indexes_create__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_indexes_create__method, &request->base, opts,
        lode_v1_indexes_create__done, c);
}

static const struct lode_method lode_v1_indexes_get__method = {
    .path = "/lode.v1.Indexes/Get",
    .in = &lode__v1__get_index_request__descriptor,
    .out = &lode__v1__index__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_indexes_get(struct lode_client *client,
    const Lode__V1__GetIndexRequest *request,
    const struct lode_call_opts *opts, Lode__V1__Index **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_indexes_get__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__Index *)answer;
    return status;
}

struct lode_v1_indexes_get__closure {
    lode_v1_indexes_get_fn *done;
    void *arg;
};

static void lode_v1_indexes_get__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_indexes_get__closure *c = arg;

    c->done(c->arg, (Lode__V1__Index *)message, error);
    free(c);
}

void lode_v1_indexes_get_async(struct lode_client *client,
    const Lode__V1__GetIndexRequest *request,
    const struct lode_call_opts *opts, lode_v1_indexes_get_fn *done, void *arg)
{
    struct lode_v1_indexes_get__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_indexes_get__method, &request->base, opts,
        lode_v1_indexes_get__done, c);
}

static const struct lode_method lode_v1_indexes_update__method = {
    .path = "/lode.v1.Indexes/Update",
    .in = &lode__v1__update_index_request__descriptor,
    .out = &lode__v1__task_summary__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_indexes_update(struct lode_client *client,
    const Lode__V1__UpdateIndexRequest *request,
    const struct lode_call_opts *opts, Lode__V1__TaskSummary **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_indexes_update__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__TaskSummary *)answer;
    return status;
}

struct lode_v1_indexes_update__closure {
    lode_v1_indexes_update_fn *done;
    void *arg;
};

static void lode_v1_indexes_update__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_indexes_update__closure *c = arg;

    c->done(c->arg, (Lode__V1__TaskSummary *)message, error);
    free(c);
}

void lode_v1_indexes_update_async(struct lode_client *client,
    const Lode__V1__UpdateIndexRequest *request,
    const struct lode_call_opts *opts, lode_v1_indexes_update_fn *done, void *arg)
{
    struct lode_v1_indexes_update__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_indexes_update__method, &request->base, opts,
        lode_v1_indexes_update__done, c);
}

static const struct lode_method lode_v1_indexes_delete__method = {
    .path = "/lode.v1.Indexes/Delete",
    .in = &lode__v1__delete_index_request__descriptor,
    .out = &lode__v1__task_summary__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_indexes_delete(struct lode_client *client,
    const Lode__V1__DeleteIndexRequest *request,
    const struct lode_call_opts *opts, Lode__V1__TaskSummary **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_indexes_delete__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__TaskSummary *)answer;
    return status;
}

struct lode_v1_indexes_delete__closure {
    lode_v1_indexes_delete_fn *done;
    void *arg;
};

static void lode_v1_indexes_delete__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_indexes_delete__closure *c = arg;

    c->done(c->arg, (Lode__V1__TaskSummary *)message, error);
    free(c);
}

void lode_v1_indexes_delete_async(struct lode_client *client,
    const Lode__V1__DeleteIndexRequest *request,
    const struct lode_call_opts *opts, lode_v1_indexes_delete_fn *done, void *arg)
{
    struct lode_v1_indexes_delete__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_indexes_delete__method, &request->base, opts,
        lode_v1_indexes_delete__done, c);
}

static const struct lode_method lode_v1_indexes_list_fields__method = {
    .path = "/lode.v1.Indexes/ListFields",
    .in = &lode__v1__list_fields_request__descriptor,
    .out = &lode__v1__list_fields_response__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_indexes_list_fields(struct lode_client *client,
    const Lode__V1__ListFieldsRequest *request,
    const struct lode_call_opts *opts, Lode__V1__ListFieldsResponse **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_indexes_list_fields__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__ListFieldsResponse *)answer;
    return status;
}

struct lode_v1_indexes_list_fields__closure {
    lode_v1_indexes_list_fields_fn *done;
    void *arg;
};

static void lode_v1_indexes_list_fields__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_indexes_list_fields__closure *c = arg;

    c->done(c->arg, (Lode__V1__ListFieldsResponse *)message, error);
    free(c);
}

void lode_v1_indexes_list_fields_async(struct lode_client *client,
    const Lode__V1__ListFieldsRequest *request,
    const struct lode_call_opts *opts, lode_v1_indexes_list_fields_fn *done, void *arg)
{
    struct lode_v1_indexes_list_fields__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_indexes_list_fields__method, &request->base, opts,
        lode_v1_indexes_list_fields__done, c);
}

static const struct lode_method lode_v1_indexes_swap__method = {
    .path = "/lode.v1.Indexes/Swap",
    .in = &lode__v1__swap_indexes_request__descriptor,
    .out = &lode__v1__task_summary__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_indexes_swap(struct lode_client *client,
    const Lode__V1__SwapIndexesRequest *request,
    const struct lode_call_opts *opts, Lode__V1__TaskSummary **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_indexes_swap__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__TaskSummary *)answer;
    return status;
}

struct lode_v1_indexes_swap__closure {
    lode_v1_indexes_swap_fn *done;
    void *arg;
};

static void lode_v1_indexes_swap__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_indexes_swap__closure *c = arg;

    c->done(c->arg, (Lode__V1__TaskSummary *)message, error);
    free(c);
}

void lode_v1_indexes_swap_async(struct lode_client *client,
    const Lode__V1__SwapIndexesRequest *request,
    const struct lode_call_opts *opts, lode_v1_indexes_swap_fn *done, void *arg)
{
    struct lode_v1_indexes_swap__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_indexes_swap__method, &request->base, opts,
        lode_v1_indexes_swap__done, c);
}
