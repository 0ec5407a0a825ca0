/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/settings_service.proto; do not edit, see gen/README.md. */
#include "lode/v1/settings_service.client.h"

#include <stdio.h>
#include <stdlib.h>

static inline void *closure_new(size_t n)
{
    void *c = malloc(n);

    if (!c)
        abort();
    return c;
}

static const struct lode_method lode_v1_settings_service_get__method = {
    .path = "/lode.v1.SettingsService/Get",
    .in = &lode__v1__get_settings_request__descriptor,
    .out = &lode__v1__settings__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_settings_service_get(struct lode_client *client,
    const Lode__V1__GetSettingsRequest *request,
    const struct lode_call_opts *opts, Lode__V1__Settings **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_settings_service_get__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__Settings *)answer;
    return status;
}

struct lode_v1_settings_service_get__closure {
    lode_v1_settings_service_get_fn *done;
    void *arg;
};

static void lode_v1_settings_service_get__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_settings_service_get__closure *c = arg;

    c->done(c->arg, (Lode__V1__Settings *)message, error);
    free(c);
}

void lode_v1_settings_service_get_async(struct lode_client *client,
    const Lode__V1__GetSettingsRequest *request,
    const struct lode_call_opts *opts, lode_v1_settings_service_get_fn *done, void *arg)
{
    struct lode_v1_settings_service_get__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_settings_service_get__method, &request->base, opts,
        lode_v1_settings_service_get__done, c);
}

static const struct lode_method lode_v1_settings_service_update__method = {
    .path = "/lode.v1.SettingsService/Update",
    .in = &lode__v1__update_settings_request__descriptor,
    .out = &lode__v1__task_summary__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_settings_service_update(struct lode_client *client,
    const Lode__V1__UpdateSettingsRequest *request,
    const struct lode_call_opts *opts, Lode__V1__TaskSummary **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_settings_service_update__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__TaskSummary *)answer;
    return status;
}

struct lode_v1_settings_service_update__closure {
    lode_v1_settings_service_update_fn *done;
    void *arg;
};

static void lode_v1_settings_service_update__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_settings_service_update__closure *c = arg;

    c->done(c->arg, (Lode__V1__TaskSummary *)message, error);
    free(c);
}

void lode_v1_settings_service_update_async(struct lode_client *client,
    const Lode__V1__UpdateSettingsRequest *request,
    const struct lode_call_opts *opts, lode_v1_settings_service_update_fn *done, void *arg)
{
    struct lode_v1_settings_service_update__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_settings_service_update__method, &request->base, opts,
        lode_v1_settings_service_update__done, c);
}

static const struct lode_method lode_v1_settings_service_reset__method = {
    .path = "/lode.v1.SettingsService/Reset",
    .in = &lode__v1__reset_settings_request__descriptor,
    .out = &lode__v1__task_summary__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_settings_service_reset(struct lode_client *client,
    const Lode__V1__ResetSettingsRequest *request,
    const struct lode_call_opts *opts, Lode__V1__TaskSummary **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_settings_service_reset__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__TaskSummary *)answer;
    return status;
}

struct lode_v1_settings_service_reset__closure {
    lode_v1_settings_service_reset_fn *done;
    void *arg;
};

static void lode_v1_settings_service_reset__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_settings_service_reset__closure *c = arg;

    c->done(c->arg, (Lode__V1__TaskSummary *)message, error);
    free(c);
}

void lode_v1_settings_service_reset_async(struct lode_client *client,
    const Lode__V1__ResetSettingsRequest *request,
    const struct lode_call_opts *opts, lode_v1_settings_service_reset_fn *done, void *arg)
{
    struct lode_v1_settings_service_reset__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_settings_service_reset__method, &request->base, opts,
        lode_v1_settings_service_reset__done, c);
}

static const struct lode_method lode_v1_settings_service_get_one__method = {
    .path = "/lode.v1.SettingsService/GetOne",
    .in = &lode__v1__get_setting_request__descriptor,
    .out = &lode__v1__get_setting_response__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_settings_service_get_one(struct lode_client *client,
    const Lode__V1__GetSettingRequest *request,
    const struct lode_call_opts *opts, Lode__V1__GetSettingResponse **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_settings_service_get_one__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__GetSettingResponse *)answer;
    return status;
}

struct lode_v1_settings_service_get_one__closure {
    lode_v1_settings_service_get_one_fn *done;
    void *arg;
};

static void lode_v1_settings_service_get_one__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_settings_service_get_one__closure *c = arg;

    c->done(c->arg, (Lode__V1__GetSettingResponse *)message, error);
    free(c);
}

void lode_v1_settings_service_get_one_async(struct lode_client *client,
    const Lode__V1__GetSettingRequest *request,
    const struct lode_call_opts *opts, lode_v1_settings_service_get_one_fn *done, void *arg)
{
    struct lode_v1_settings_service_get_one__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_settings_service_get_one__method, &request->base, opts,
        lode_v1_settings_service_get_one__done, c);
}

static const struct lode_method lode_v1_settings_service_update_one__method = {
    .path = "/lode.v1.SettingsService/UpdateOne",
    .in = &lode__v1__update_setting_request__descriptor,
    .out = &lode__v1__task_summary__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_settings_service_update_one(struct lode_client *client,
    const Lode__V1__UpdateSettingRequest *request,
    const struct lode_call_opts *opts, Lode__V1__TaskSummary **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_settings_service_update_one__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__TaskSummary *)answer;
    return status;
}

struct lode_v1_settings_service_update_one__closure {
    lode_v1_settings_service_update_one_fn *done;
    void *arg;
};

static void lode_v1_settings_service_update_one__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_settings_service_update_one__closure *c = arg;

    c->done(c->arg, (Lode__V1__TaskSummary *)message, error);
    free(c);
}

void lode_v1_settings_service_update_one_async(struct lode_client *client,
    const Lode__V1__UpdateSettingRequest *request,
    const struct lode_call_opts *opts, lode_v1_settings_service_update_one_fn *done, void *arg)
{
    struct lode_v1_settings_service_update_one__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_settings_service_update_one__method, &request->base, opts,
        lode_v1_settings_service_update_one__done, c);
}

static const struct lode_method lode_v1_settings_service_reset_one__method = {
    .path = "/lode.v1.SettingsService/ResetOne",
    .in = &lode__v1__reset_setting_request__descriptor,
    .out = &lode__v1__task_summary__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_settings_service_reset_one(struct lode_client *client,
    const Lode__V1__ResetSettingRequest *request,
    const struct lode_call_opts *opts, Lode__V1__TaskSummary **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_settings_service_reset_one__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__TaskSummary *)answer;
    return status;
}

struct lode_v1_settings_service_reset_one__closure {
    lode_v1_settings_service_reset_one_fn *done;
    void *arg;
};

static void lode_v1_settings_service_reset_one__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_settings_service_reset_one__closure *c = arg;

    c->done(c->arg, (Lode__V1__TaskSummary *)message, error);
    free(c);
}

void lode_v1_settings_service_reset_one_async(struct lode_client *client,
    const Lode__V1__ResetSettingRequest *request,
    const struct lode_call_opts *opts, lode_v1_settings_service_reset_one_fn *done, void *arg)
{
    struct lode_v1_settings_service_reset_one__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_settings_service_reset_one__method, &request->base, opts,
        lode_v1_settings_service_reset_one__done, c);
}
