/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/keys_service.proto; do not edit, see gen/README.md. */
#pragma once

#include <lode/client.h>

#include "lode/v1/common.pb-c.h"
#include "lode/v1/keys.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* lode.v1.Keys/List: one request, one answer. */
LODE_API enum lode_status lode_v1_keys_list(struct lode_client *client,
    const Lode__V1__ListKeysRequest *request,
    const struct lode_call_opts *opts, Lode__V1__ListKeysResponse **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_keys_list_fn(void *arg, Lode__V1__ListKeysResponse *answer,
    const struct lode_error *error);
LODE_API void lode_v1_keys_list_async(struct lode_client *client,
    const Lode__V1__ListKeysRequest *request,
    const struct lode_call_opts *opts, lode_v1_keys_list_fn *done, void *arg);

/* lode.v1.Keys/Get: one request, one answer. */
LODE_API enum lode_status lode_v1_keys_get(struct lode_client *client,
    const Lode__V1__GetKeyRequest *request,
    const struct lode_call_opts *opts, Lode__V1__Key **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_keys_get_fn(void *arg, Lode__V1__Key *answer,
    const struct lode_error *error);
LODE_API void lode_v1_keys_get_async(struct lode_client *client,
    const Lode__V1__GetKeyRequest *request,
    const struct lode_call_opts *opts, lode_v1_keys_get_fn *done, void *arg);

/* lode.v1.Keys/Create: one request, one answer. */
LODE_API enum lode_status lode_v1_keys_create(struct lode_client *client,
    const Lode__V1__CreateKeyRequest *request,
    const struct lode_call_opts *opts, Lode__V1__Key **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_keys_create_fn(void *arg, Lode__V1__Key *answer,
    const struct lode_error *error);
LODE_API void lode_v1_keys_create_async(struct lode_client *client,
    const Lode__V1__CreateKeyRequest *request,
    const struct lode_call_opts *opts, lode_v1_keys_create_fn *done, void *arg);

/* lode.v1.Keys/Update: one request, one answer. */
LODE_API enum lode_status lode_v1_keys_update(struct lode_client *client,
    const Lode__V1__UpdateKeyRequest *request,
    const struct lode_call_opts *opts, Lode__V1__Key **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_keys_update_fn(void *arg, Lode__V1__Key *answer,
    const struct lode_error *error);
LODE_API void lode_v1_keys_update_async(struct lode_client *client,
    const Lode__V1__UpdateKeyRequest *request,
    const struct lode_call_opts *opts, lode_v1_keys_update_fn *done, void *arg);

/* lode.v1.Keys/Delete: one request, one answer. */
LODE_API enum lode_status lode_v1_keys_delete(struct lode_client *client,
    const Lode__V1__DeleteKeyRequest *request,
    const struct lode_call_opts *opts, Lode__V1__Empty **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_keys_delete_fn(void *arg, Lode__V1__Empty *answer,
    const struct lode_error *error);
LODE_API void lode_v1_keys_delete_async(struct lode_client *client,
    const Lode__V1__DeleteKeyRequest *request,
    const struct lode_call_opts *opts, lode_v1_keys_delete_fn *done, void *arg);

#ifdef __cplusplus
}
#endif
