/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/system_service.proto; do not edit, see gen/README.md. */
#include "lode/v1/system_service.client.h"

#include <stdio.h>
#include <stdlib.h>

static inline void *closure_new(size_t n)
{
    void *c = malloc(n);

    if (!c)
        abort();
    return c;
}

static const struct lode_method lode_v1_system_health__method = {
    .path = "/lode.v1.System/Health",
    .in = &lode__v1__health_request__descriptor,
    .out = &lode__v1__health_response__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_system_health(struct lode_client *client,
    const Lode__V1__HealthRequest *request,
    const struct lode_call_opts *opts, Lode__V1__HealthResponse **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_system_health__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__HealthResponse *)answer;
    return status;
}

struct lode_v1_system_health__closure {
    lode_v1_system_health_fn *done;
    void *arg;
};

static void lode_v1_system_health__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_system_health__closure *c = arg;

    c->done(c->arg, (Lode__V1__HealthResponse *)message, error);
    free(c);
}

void lode_v1_system_health_async(struct lode_client *client,
    const Lode__V1__HealthRequest *request,
    const struct lode_call_opts *opts, lode_v1_system_health_fn *done, void *arg)
{
    struct lode_v1_system_health__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_system_health__method, &request->base, opts,
        lode_v1_system_health__done, c);
}

static const struct lode_method lode_v1_system_version__method = {
    .path = "/lode.v1.System/Version",
    .in = &lode__v1__version_request__descriptor,
    .out = &lode__v1__version_response__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_system_version(struct lode_client *client,
    const Lode__V1__VersionRequest *request,
    const struct lode_call_opts *opts, Lode__V1__VersionResponse **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_system_version__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__VersionResponse *)answer;
    return status;
}

struct lode_v1_system_version__closure {
    lode_v1_system_version_fn *done;
    void *arg;
};

static void lode_v1_system_version__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_system_version__closure *c = arg;

    c->done(c->arg, (Lode__V1__VersionResponse *)message, error);
    free(c);
}

void lode_v1_system_version_async(struct lode_client *client,
    const Lode__V1__VersionRequest *request,
    const struct lode_call_opts *opts, lode_v1_system_version_fn *done, void *arg)
{
    struct lode_v1_system_version__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_system_version__method, &request->base, opts,
        lode_v1_system_version__done, c);
}

static const struct lode_method lode_v1_system_stats__method = {
    .path = "/lode.v1.System/Stats",
    .in = &lode__v1__stats_request__descriptor,
    .out = &lode__v1__stats_response__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_system_stats(struct lode_client *client,
    const Lode__V1__StatsRequest *request,
    const struct lode_call_opts *opts, Lode__V1__StatsResponse **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_system_stats__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__StatsResponse *)answer;
    return status;
}

struct lode_v1_system_stats__closure {
    lode_v1_system_stats_fn *done;
    void *arg;
};

static void lode_v1_system_stats__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_system_stats__closure *c = arg;

    c->done(c->arg, (Lode__V1__StatsResponse *)message, error);
    free(c);
}

void lode_v1_system_stats_async(struct lode_client *client,
    const Lode__V1__StatsRequest *request,
    const struct lode_call_opts *opts, lode_v1_system_stats_fn *done, void *arg)
{
    struct lode_v1_system_stats__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_system_stats__method, &request->base, opts,
        lode_v1_system_stats__done, c);
}

static const struct lode_method lode_v1_system_index_stats__method = {
    .path = "/lode.v1.System/IndexStats",
    .in = &lode__v1__index_stats_request__descriptor,
    .out = &lode__v1__index_stats__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_system_index_stats(struct lode_client *client,
    const Lode__V1__IndexStatsRequest *request,
    const struct lode_call_opts *opts, Lode__V1__IndexStats **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_system_index_stats__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__IndexStats *)answer;
    return status;
}

struct lode_v1_system_index_stats__closure {
    lode_v1_system_index_stats_fn *done;
    void *arg;
};

static void lode_v1_system_index_stats__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_system_index_stats__closure *c = arg;

    c->done(c->arg, (Lode__V1__IndexStats *)message, error);
    free(c);
}

void lode_v1_system_index_stats_async(struct lode_client *client,
    const Lode__V1__IndexStatsRequest *request,
    const struct lode_call_opts *opts, lode_v1_system_index_stats_fn *done, void *arg)
{
    struct lode_v1_system_index_stats__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_system_index_stats__method, &request->base, opts,
        lode_v1_system_index_stats__done, c);
}

static const struct lode_method lode_v1_system_get_experimental_features__method = {
    .path = "/lode.v1.System/GetExperimentalFeatures",
    .in = &lode__v1__get_experimental_features_request__descriptor,
    .out = &lode__v1__experimental_features__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_system_get_experimental_features(struct lode_client *client,
    const Lode__V1__GetExperimentalFeaturesRequest *request,
    const struct lode_call_opts *opts, Lode__V1__ExperimentalFeatures **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_system_get_experimental_features__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__ExperimentalFeatures *)answer;
    return status;
}

struct lode_v1_system_get_experimental_features__closure {
    lode_v1_system_get_experimental_features_fn *done;
    void *arg;
};

static void lode_v1_system_get_experimental_features__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_system_get_experimental_features__closure *c = arg;

    c->done(c->arg, (Lode__V1__ExperimentalFeatures *)message, error);
    free(c);
}

void lode_v1_system_get_experimental_features_async(struct lode_client *client,
    const Lode__V1__GetExperimentalFeaturesRequest *request,
    const struct lode_call_opts *opts, lode_v1_system_get_experimental_features_fn *done, void *arg)
{
    struct lode_v1_system_get_experimental_features__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_system_get_experimental_features__method, &request->base, opts,
        lode_v1_system_get_experimental_features__done, c);
}

static const struct lode_method lode_v1_system_update_experimental_features__method = {
    .path = "/lode.v1.System/UpdateExperimentalFeatures",
    .in = &lode__v1__update_experimental_features_request__descriptor,
    .out = &lode__v1__experimental_features__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_system_update_experimental_features(struct lode_client *client,
    const Lode__V1__UpdateExperimentalFeaturesRequest *request,
    const struct lode_call_opts *opts, Lode__V1__ExperimentalFeatures **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_system_update_experimental_features__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__ExperimentalFeatures *)answer;
    return status;
}

struct lode_v1_system_update_experimental_features__closure {
    lode_v1_system_update_experimental_features_fn *done;
    void *arg;
};

static void lode_v1_system_update_experimental_features__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_system_update_experimental_features__closure *c = arg;

    c->done(c->arg, (Lode__V1__ExperimentalFeatures *)message, error);
    free(c);
}

void lode_v1_system_update_experimental_features_async(struct lode_client *client,
    const Lode__V1__UpdateExperimentalFeaturesRequest *request,
    const struct lode_call_opts *opts, lode_v1_system_update_experimental_features_fn *done, void *arg)
{
    struct lode_v1_system_update_experimental_features__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_system_update_experimental_features__method, &request->base, opts,
        lode_v1_system_update_experimental_features__done, c);
}
