/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/search_service.proto; do not edit, see gen/README.md. */
#pragma once

#include "lode/v1/search.meta.h"
#include "rpc/method.h"

/* lode.v1.Search: a slot a method; arg is the service's own. */
struct lode__v1__search__handlers {
    void (*find)(struct rpc_call *call, const Lode__V1__SearchRequest *request, void *arg);
    void (*find_many)(struct rpc_call *call, const Lode__V1__MultiSearchRequest *request, void *arg);
    void (*find_facets)(struct rpc_call *call, const Lode__V1__FacetSearchRequest *request, void *arg);
};

/* Places in the service's methods. */
enum {
    LODE__V1__SEARCH__FIND = 0,
    LODE__V1__SEARCH__FIND_MANY = 1,
    LODE__V1__SEARCH__FIND_FACETS = 2,
};

extern const struct rpc_service lode__v1__search__service;

extern const struct pb_file lode_v1_search_service_proto__file;
