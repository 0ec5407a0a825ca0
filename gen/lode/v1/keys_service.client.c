/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/keys_service.proto; do not edit, see gen/README.md. */
#include "lode/v1/keys_service.client.h"

#include <stdio.h>
#include <stdlib.h>

static inline void *closure_new(size_t n)
{
    void *c = malloc(n);

    if (!c)
        abort();
    return c;
}

static const struct lode_method lode_v1_keys_list__method = {
    .path = "/lode.v1.Keys/List",
    .in = &lode__v1__list_keys_request__descriptor,
    .out = &lode__v1__list_keys_response__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_keys_list(struct lode_client *client,
    const Lode__V1__ListKeysRequest *request,
    const struct lode_call_opts *opts, Lode__V1__ListKeysResponse **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_keys_list__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__ListKeysResponse *)answer;
    return status;
}

struct lode_v1_keys_list__closure {
    lode_v1_keys_list_fn *done;
    void *arg;
};

static void lode_v1_keys_list__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_keys_list__closure *c = arg;

    c->done(c->arg, (Lode__V1__ListKeysResponse *)message, error);
    free(c);
}

void lode_v1_keys_list_async(struct lode_client *client,
    const Lode__V1__ListKeysRequest *request,
    const struct lode_call_opts *opts, lode_v1_keys_list_fn *done, void *arg)
{
    struct lode_v1_keys_list__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_keys_list__method, &request->base, opts,
        lode_v1_keys_list__done, c);
}

static const struct lode_method lode_v1_keys_get__method = {
    .path = "/lode.v1.Keys/Get",
    .in = &lode__v1__get_key_request__descriptor,
    .out = &lode__v1__key__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_keys_get(struct lode_client *client,
    const Lode__V1__GetKeyRequest *request,
    const struct lode_call_opts *opts, Lode__V1__Key **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_keys_get__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__Key *)answer;
    return status;
}

struct lode_v1_keys_get__closure {
    lode_v1_keys_get_fn *done;
    void *arg;
};

static void lode_v1_keys_get__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_keys_get__closure *c = arg;

    c->done(c->arg, (Lode__V1__Key *)message, error);
    free(c);
}

void lode_v1_keys_get_async(struct lode_client *client,
    const Lode__V1__GetKeyRequest *request,
    const struct lode_call_opts *opts, lode_v1_keys_get_fn *done, void *arg)
{
    struct lode_v1_keys_get__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_keys_get__method, &request->base, opts,
        lode_v1_keys_get__done, c);
}

static const struct lode_method lode_v1_keys_create__method = {
    .path = "/lode.v1.Keys/Create",
    .in = &lode__v1__create_key_request__descriptor,
    .out = &lode__v1__key__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_keys_create(struct lode_client *client,
    const Lode__V1__CreateKeyRequest *request,
    const struct lode_call_opts *opts, Lode__V1__Key **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_keys_create__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__Key *)answer;
    return status;
}

struct lode_v1_keys_create__closure {
    lode_v1_keys_create_fn *done;
    void *arg;
};

static void lode_v1_keys_create__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_keys_create__closure *c = arg;

    c->done(c->arg, (Lode__V1__Key *)message, error);
    free(c);
}

void lode_v1_keys_create_async(struct lode_client *client,
    const Lode__V1__CreateKeyRequest *request,
    const struct lode_call_opts *opts, lode_v1_keys_create_fn *done, void *arg)
{
    struct lode_v1_keys_create__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_keys_create__method, &request->base, opts,
        lode_v1_keys_create__done, c);
}

static const struct lode_method lode_v1_keys_update__method = {
    .path = "/lode.v1.Keys/Update",
    .in = &lode__v1__update_key_request__descriptor,
    .out = &lode__v1__key__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_keys_update(struct lode_client *client,
    const Lode__V1__UpdateKeyRequest *request,
    const struct lode_call_opts *opts, Lode__V1__Key **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_keys_update__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__Key *)answer;
    return status;
}

struct lode_v1_keys_update__closure {
    lode_v1_keys_update_fn *done;
    void *arg;
};

static void lode_v1_keys_update__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_keys_update__closure *c = arg;

    c->done(c->arg, (Lode__V1__Key *)message, error);
    free(c);
}

void lode_v1_keys_update_async(struct lode_client *client,
    const Lode__V1__UpdateKeyRequest *request,
    const struct lode_call_opts *opts, lode_v1_keys_update_fn *done, void *arg)
{
    struct lode_v1_keys_update__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_keys_update__method, &request->base, opts,
        lode_v1_keys_update__done, c);
}

static const struct lode_method lode_v1_keys_delete__method = {
    .path = "/lode.v1.Keys/Delete",
    .in = &lode__v1__delete_key_request__descriptor,
    .out = &lode__v1__empty__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_keys_delete(struct lode_client *client,
    const Lode__V1__DeleteKeyRequest *request,
    const struct lode_call_opts *opts, Lode__V1__Empty **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_keys_delete__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__Empty *)answer;
    return status;
}

struct lode_v1_keys_delete__closure {
    lode_v1_keys_delete_fn *done;
    void *arg;
};

static void lode_v1_keys_delete__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_keys_delete__closure *c = arg;

    c->done(c->arg, (Lode__V1__Empty *)message, error);
    free(c);
}

void lode_v1_keys_delete_async(struct lode_client *client,
    const Lode__V1__DeleteKeyRequest *request,
    const struct lode_call_opts *opts, lode_v1_keys_delete_fn *done, void *arg)
{
    struct lode_v1_keys_delete__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_keys_delete__method, &request->base, opts,
        lode_v1_keys_delete__done, c);
}
