/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/search_service.proto; do not edit, see gen/README.md. */
#include "lode/v1/search_service.client.h"

#include <stdio.h>
#include <stdlib.h>

static inline void *closure_new(size_t n)
{
    void *c = malloc(n);

    if (!c)
        abort();
    return c;
}

static const struct lode_method lode_v1_search_find__method = {
    .path = "/lode.v1.Search/Find",
    .in = &lode__v1__search_request__descriptor,
    .out = &lode__v1__search_response__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_search_find(struct lode_client *client,
    const Lode__V1__SearchRequest *request,
    const struct lode_call_opts *opts, Lode__V1__SearchResponse **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_search_find__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__SearchResponse *)answer;
    return status;
}

struct lode_v1_search_find__closure {
    lode_v1_search_find_fn *done;
    void *arg;
};

static void lode_v1_search_find__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_search_find__closure *c = arg;

    c->done(c->arg, (Lode__V1__SearchResponse *)message, error);
    free(c);
}

void lode_v1_search_find_async(struct lode_client *client,
    const Lode__V1__SearchRequest *request,
    const struct lode_call_opts *opts, lode_v1_search_find_fn *done, void *arg)
{
    struct lode_v1_search_find__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_search_find__method, &request->base, opts,
        lode_v1_search_find__done, c);
}

static const struct lode_method lode_v1_search_find_many__method = {
    .path = "/lode.v1.Search/FindMany",
    .in = &lode__v1__multi_search_request__descriptor,
    .out = &lode__v1__multi_search_response__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_search_find_many(struct lode_client *client,
    const Lode__V1__MultiSearchRequest *request,
    const struct lode_call_opts *opts, Lode__V1__MultiSearchResponse **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_search_find_many__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__MultiSearchResponse *)answer;
    return status;
}

struct lode_v1_search_find_many__closure {
    lode_v1_search_find_many_fn *done;
    void *arg;
};

static void lode_v1_search_find_many__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_search_find_many__closure *c = arg;

    c->done(c->arg, (Lode__V1__MultiSearchResponse *)message, error);
    free(c);
}

void lode_v1_search_find_many_async(struct lode_client *client,
    const Lode__V1__MultiSearchRequest *request,
    const struct lode_call_opts *opts, lode_v1_search_find_many_fn *done, void *arg)
{
    struct lode_v1_search_find_many__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_search_find_many__method, &request->base, opts,
        lode_v1_search_find_many__done, c);
}

static const struct lode_method lode_v1_search_find_facets__method = {
    .path = "/lode.v1.Search/FindFacets",
    .in = &lode__v1__facet_search_request__descriptor,
    .out = &lode__v1__facet_search_response__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_search_find_facets(struct lode_client *client,
    const Lode__V1__FacetSearchRequest *request,
    const struct lode_call_opts *opts, Lode__V1__FacetSearchResponse **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_search_find_facets__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__FacetSearchResponse *)answer;
    return status;
}

struct lode_v1_search_find_facets__closure {
    lode_v1_search_find_facets_fn *done;
    void *arg;
};

static void lode_v1_search_find_facets__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_search_find_facets__closure *c = arg;

    c->done(c->arg, (Lode__V1__FacetSearchResponse *)message, error);
    free(c);
}

void lode_v1_search_find_facets_async(struct lode_client *client,
    const Lode__V1__FacetSearchRequest *request,
    const struct lode_call_opts *opts, lode_v1_search_find_facets_fn *done, void *arg)
{
    struct lode_v1_search_find_facets__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_search_find_facets__method, &request->base, opts,
        lode_v1_search_find_facets__done, c);
}
