/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/indexes_service.proto; do not edit, see gen/README.md. */
#pragma once

#include <lode/client.h>

#include "lode/v1/common.pb-c.h"
#include "lode/v1/indexes.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* lode.v1.Indexes/List: one request, one answer. */
LODE_API enum lode_status lode_v1_indexes_list(struct lode_client *client,
    const Lode__V1__ListIndexesRequest *request,
    const struct lode_call_opts *opts, Lode__V1__ListIndexesResponse **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_indexes_list_fn(void *arg, Lode__V1__ListIndexesResponse *answer,
    const struct lode_error *error);
LODE_API void lode_v1_indexes_list_async(struct lode_client *client,
    const Lode__V1__ListIndexesRequest *request,
    const struct lode_call_opts *opts, lode_v1_indexes_list_fn *done, void *arg);

/* lode.v1.Indexes/Create: one request, one answer. */
LODE_API enum lode_status lode_v1_indexes_create(struct lode_client *client,
    const Lode__V1__CreateIndexRequest *request,
    const struct lode_call_opts *opts, Lode__V1__TaskSummary **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_indexes_create_fn(void *arg, Lode__V1__TaskSummary *answer,
    const struct lode_error *error);
LODE_API void lode_v1_indexes_create_async(struct lode_client *client,
    const Lode__V1__CreateIndexRequest *request,
    const struct lode_call_opts *opts, lode_v1_indexes_create_fn *done, void *arg);

/* lode.v1.Indexes/Get: one request, one answer. */
LODE_API enum lode_status lode_v1_indexes_get(struct lode_client *client,
    const Lode__V1__GetIndexRequest *request,
    const struct lode_call_opts *opts, Lode__V1__Index **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_indexes_get_fn(void *arg, Lode__V1__Index *answer,
    const struct lode_error *error);
LODE_API void lode_v1_indexes_get_async(struct lode_client *client,
    const Lode__V1__GetIndexRequest *request,
    const struct lode_call_opts *opts, lode_v1_indexes_get_fn *done, void *arg);

/* lode.v1.Indexes/Update: one request, one answer. */
LODE_API enum lode_status lode_v1_indexes_update(struct lode_client *client,
    const Lode__V1__UpdateIndexRequest *request,
    const struct lode_call_opts *opts, Lode__V1__TaskSummary **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_indexes_update_fn(void *arg, Lode__V1__TaskSummary *answer,
    const struct lode_error *error);
LODE_API void lode_v1_indexes_update_async(struct lode_client *client,
    const Lode__V1__UpdateIndexRequest *request,
    const struct lode_call_opts *opts, lode_v1_indexes_update_fn *done, void *arg);

/* lode.v1.Indexes/Delete: one request, one answer. */
LODE_API enum lode_status lode_v1_indexes_delete(struct lode_client *client,
    const Lode__V1__DeleteIndexRequest *request,
    const struct lode_call_opts *opts, Lode__V1__TaskSummary **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_indexes_delete_fn(void *arg, Lode__V1__TaskSummary *answer,
    const struct lode_error *error);
LODE_API void lode_v1_indexes_delete_async(struct lode_client *client,
    const Lode__V1__DeleteIndexRequest *request,
    const struct lode_call_opts *opts, lode_v1_indexes_delete_fn *done, void *arg);

/* lode.v1.Indexes/ListFields: one request, one answer. */
LODE_API enum lode_status lode_v1_indexes_list_fields(struct lode_client *client,
    const Lode__V1__ListFieldsRequest *request,
    const struct lode_call_opts *opts, Lode__V1__ListFieldsResponse **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_indexes_list_fields_fn(void *arg, Lode__V1__ListFieldsResponse *answer,
    const struct lode_error *error);
LODE_API void lode_v1_indexes_list_fields_async(struct lode_client *client,
    const Lode__V1__ListFieldsRequest *request,
    const struct lode_call_opts *opts, lode_v1_indexes_list_fields_fn *done, void *arg);

/* lode.v1.Indexes/Swap: one request, one answer. */
LODE_API enum lode_status lode_v1_indexes_swap(struct lode_client *client,
    const Lode__V1__SwapIndexesRequest *request,
    const struct lode_call_opts *opts, Lode__V1__TaskSummary **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_indexes_swap_fn(void *arg, Lode__V1__TaskSummary *answer,
    const struct lode_error *error);
LODE_API void lode_v1_indexes_swap_async(struct lode_client *client,
    const Lode__V1__SwapIndexesRequest *request,
    const struct lode_call_opts *opts, lode_v1_indexes_swap_fn *done, void *arg);

#ifdef __cplusplus
}
#endif
