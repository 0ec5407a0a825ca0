/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/system_service.proto; do not edit, see gen/README.md. */
#pragma once

#include <lode/client.h>

#include "lode/v1/system.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* lode.v1.System/Health: one request, one answer. */
LODE_API enum lode_status lode_v1_system_health(struct lode_client *client,
    const Lode__V1__HealthRequest *request,
    const struct lode_call_opts *opts, Lode__V1__HealthResponse **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_system_health_fn(void *arg, Lode__V1__HealthResponse *answer,
    const struct lode_error *error);
LODE_API void lode_v1_system_health_async(struct lode_client *client,
    const Lode__V1__HealthRequest *request,
    const struct lode_call_opts *opts, lode_v1_system_health_fn *done, void *arg);

/* lode.v1.System/Version: one request, one answer. */
LODE_API enum lode_status lode_v1_system_version(struct lode_client *client,
    const Lode__V1__VersionRequest *request,
    const struct lode_call_opts *opts, Lode__V1__VersionResponse **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_system_version_fn(void *arg, Lode__V1__VersionResponse *answer,
    const struct lode_error *error);
LODE_API void lode_v1_system_version_async(struct lode_client *client,
    const Lode__V1__VersionRequest *request,
    const struct lode_call_opts *opts, lode_v1_system_version_fn *done, void *arg);

/* lode.v1.System/Stats: one request, one answer. */
LODE_API enum lode_status lode_v1_system_stats(struct lode_client *client,
    const Lode__V1__StatsRequest *request,
    const struct lode_call_opts *opts, Lode__V1__StatsResponse **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_system_stats_fn(void *arg, Lode__V1__StatsResponse *answer,
    const struct lode_error *error);
LODE_API void lode_v1_system_stats_async(struct lode_client *client,
    const Lode__V1__StatsRequest *request,
    const struct lode_call_opts *opts, lode_v1_system_stats_fn *done, void *arg);

/* lode.v1.System/IndexStats: one request, one answer. */
LODE_API enum lode_status lode_v1_system_index_stats(struct lode_client *client,
    const Lode__V1__IndexStatsRequest *request,
    const struct lode_call_opts *opts, Lode__V1__IndexStats **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_system_index_stats_fn(void *arg, Lode__V1__IndexStats *answer,
    const struct lode_error *error);
LODE_API void lode_v1_system_index_stats_async(struct lode_client *client,
    const Lode__V1__IndexStatsRequest *request,
    const struct lode_call_opts *opts, lode_v1_system_index_stats_fn *done, void *arg);

/* lode.v1.System/GetExperimentalFeatures: one request, one answer. */
LODE_API enum lode_status lode_v1_system_get_experimental_features(struct lode_client *client,
    const Lode__V1__GetExperimentalFeaturesRequest *request,
    const struct lode_call_opts *opts, Lode__V1__ExperimentalFeatures **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_system_get_experimental_features_fn(void *arg, Lode__V1__ExperimentalFeatures *answer,
    const struct lode_error *error);
LODE_API void lode_v1_system_get_experimental_features_async(struct lode_client *client,
    const Lode__V1__GetExperimentalFeaturesRequest *request,
    const struct lode_call_opts *opts, lode_v1_system_get_experimental_features_fn *done, void *arg);

/* lode.v1.System/UpdateExperimentalFeatures: one request, one answer. */
LODE_API enum lode_status lode_v1_system_update_experimental_features(struct lode_client *client,
    const Lode__V1__UpdateExperimentalFeaturesRequest *request,
    const struct lode_call_opts *opts, Lode__V1__ExperimentalFeatures **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_system_update_experimental_features_fn(void *arg, Lode__V1__ExperimentalFeatures *answer,
    const struct lode_error *error);
LODE_API void lode_v1_system_update_experimental_features_async(struct lode_client *client,
    const Lode__V1__UpdateExperimentalFeaturesRequest *request,
    const struct lode_call_opts *opts, lode_v1_system_update_experimental_features_fn *done, void *arg);

#ifdef __cplusplus
}
#endif
