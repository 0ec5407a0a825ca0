/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/settings_service.proto; do not edit, see gen/README.md. */
#pragma once

#include <lode/client.h>

#include "lode/v1/common.pb-c.h"
#include "lode/v1/settings.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* lode.v1.SettingsService/Get: one request, one answer. */
LODE_API enum lode_status lode_v1_settings_service_get(struct lode_client *client,
    const Lode__V1__GetSettingsRequest *request,
    const struct lode_call_opts *opts, Lode__V1__Settings **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_settings_service_get_fn(void *arg, Lode__V1__Settings *answer,
    const struct lode_error *error);
LODE_API void lode_v1_settings_service_get_async(struct lode_client *client,
    const Lode__V1__GetSettingsRequest *request,
    const struct lode_call_opts *opts, lode_v1_settings_service_get_fn *done, void *arg);

/* lode.v1.SettingsService/Update: one request, one answer. */
LODE_API enum lode_status lode_v1_settings_service_update(struct lode_client *client,
    const Lode__V1__UpdateSettingsRequest *request,
    const struct lode_call_opts *opts, Lode__V1__TaskSummary **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_settings_service_update_fn(void *arg, Lode__V1__TaskSummary *answer,
    const struct lode_error *error);
LODE_API void lode_v1_settings_service_update_async(struct lode_client *client,
    const Lode__V1__UpdateSettingsRequest *request,
    const struct lode_call_opts *opts, lode_v1_settings_service_update_fn *done, void *arg);

/* lode.v1.SettingsService/Reset: one request, one answer. */
LODE_API enum lode_status lode_v1_settings_service_reset(struct lode_client *client,
    const Lode__V1__ResetSettingsRequest *request,
    const struct lode_call_opts *opts, Lode__V1__TaskSummary **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_settings_service_reset_fn(void *arg, Lode__V1__TaskSummary *answer,
    const struct lode_error *error);
LODE_API void lode_v1_settings_service_reset_async(struct lode_client *client,
    const Lode__V1__ResetSettingsRequest *request,
    const struct lode_call_opts *opts, lode_v1_settings_service_reset_fn *done, void *arg);

/* lode.v1.SettingsService/GetOne: one request, one answer. */
LODE_API enum lode_status lode_v1_settings_service_get_one(struct lode_client *client,
    const Lode__V1__GetSettingRequest *request,
    const struct lode_call_opts *opts, Lode__V1__GetSettingResponse **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_settings_service_get_one_fn(void *arg, Lode__V1__GetSettingResponse *answer,
    const struct lode_error *error);
LODE_API void lode_v1_settings_service_get_one_async(struct lode_client *client,
    const Lode__V1__GetSettingRequest *request,
    const struct lode_call_opts *opts, lode_v1_settings_service_get_one_fn *done, void *arg);

/* lode.v1.SettingsService/UpdateOne: one request, one answer. */
LODE_API enum lode_status lode_v1_settings_service_update_one(struct lode_client *client,
    const Lode__V1__UpdateSettingRequest *request,
    const struct lode_call_opts *opts, Lode__V1__TaskSummary **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_settings_service_update_one_fn(void *arg, Lode__V1__TaskSummary *answer,
    const struct lode_error *error);
LODE_API void lode_v1_settings_service_update_one_async(struct lode_client *client,
    const Lode__V1__UpdateSettingRequest *request,
    const struct lode_call_opts *opts, lode_v1_settings_service_update_one_fn *done, void *arg);

/* lode.v1.SettingsService/ResetOne: one request, one answer. */
LODE_API enum lode_status lode_v1_settings_service_reset_one(struct lode_client *client,
    const Lode__V1__ResetSettingRequest *request,
    const struct lode_call_opts *opts, Lode__V1__TaskSummary **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_settings_service_reset_one_fn(void *arg, Lode__V1__TaskSummary *answer,
    const struct lode_error *error);
LODE_API void lode_v1_settings_service_reset_one_async(struct lode_client *client,
    const Lode__V1__ResetSettingRequest *request,
    const struct lode_call_opts *opts, lode_v1_settings_service_reset_one_fn *done, void *arg);

#ifdef __cplusplus
}
#endif
