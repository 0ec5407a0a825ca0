/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/indexes_service.proto; do not edit, see gen/README.md. */
#pragma once

#include "lode/v1/common.meta.h"
#include "lode/v1/indexes.meta.h"
#include "rpc/method.h"

/* lode.v1.Indexes: a slot a method; arg is the service's own. */
struct lode__v1__indexes__handlers {
    void (*list)(struct rpc_call *call, const Lode__V1__ListIndexesRequest *request, void *arg);
    void (*create)(struct rpc_call *call, const Lode__V1__CreateIndexRequest *request, void *arg);
    void (*get)(struct rpc_call *call, const Lode__V1__GetIndexRequest *request, void *arg);
    void (*update)(struct rpc_call *call, const Lode__V1__UpdateIndexRequest *request, void *arg);
    void (*delete)(struct rpc_call *call, const Lode__V1__DeleteIndexRequest *request, void *arg);
    void (*list_fields)(struct rpc_call *call, const Lode__V1__ListFieldsRequest *request, void *arg);
    void (*swap)(struct rpc_call *call, const Lode__V1__SwapIndexesRequest *request, void *arg);
};

/* Places in the service's methods. */
enum {
    LODE__V1__INDEXES__LIST = 0,
    LODE__V1__INDEXES__CREATE = 1,
    LODE__V1__INDEXES__GET = 2,
    LODE__V1__INDEXES__UPDATE = 3,
    LODE__V1__INDEXES__DELETE = 4,
    LODE__V1__INDEXES__LIST_FIELDS = 5,
    LODE__V1__INDEXES__SWAP = 6,
};

extern const struct rpc_service lode__v1__indexes__service;

extern const struct pb_file lode_v1_indexes_service_proto__file;
