/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/search_service.proto; do not edit, see gen/README.md. */
#pragma once

#include <lode/client.h>

#include "lode/v1/search.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* lode.v1.Search/Find: one request, one answer. */
LODE_API enum lode_status lode_v1_search_find(struct lode_client *client,
    const Lode__V1__SearchRequest *request,
    const struct lode_call_opts *opts, Lode__V1__SearchResponse **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_search_find_fn(void *arg, Lode__V1__SearchResponse *answer,
    const struct lode_error *error);
LODE_API void lode_v1_search_find_async(struct lode_client *client,
    const Lode__V1__SearchRequest *request,
    const struct lode_call_opts *opts, lode_v1_search_find_fn *done, void *arg);

/* lode.v1.Search/FindMany: one request, one answer. */
LODE_API enum lode_status lode_v1_search_find_many(struct lode_client *client,
    const Lode__V1__MultiSearchRequest *request,
    const struct lode_call_opts *opts, Lode__V1__MultiSearchResponse **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_search_find_many_fn(void *arg, Lode__V1__MultiSearchResponse *answer,
    const struct lode_error *error);
LODE_API void lode_v1_search_find_many_async(struct lode_client *client,
    const Lode__V1__MultiSearchRequest *request,
    const struct lode_call_opts *opts, lode_v1_search_find_many_fn *done, void *arg);

/* lode.v1.Search/FindFacets: one request, one answer. */
LODE_API enum lode_status lode_v1_search_find_facets(struct lode_client *client,
    const Lode__V1__FacetSearchRequest *request,
    const struct lode_call_opts *opts, Lode__V1__FacetSearchResponse **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_search_find_facets_fn(void *arg, Lode__V1__FacetSearchResponse *answer,
    const struct lode_error *error);
LODE_API void lode_v1_search_find_facets_async(struct lode_client *client,
    const Lode__V1__FacetSearchRequest *request,
    const struct lode_call_opts *opts, lode_v1_search_find_facets_fn *done, void *arg);

#ifdef __cplusplus
}
#endif
