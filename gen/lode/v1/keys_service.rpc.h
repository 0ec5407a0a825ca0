/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/keys_service.proto; do not edit, see gen/README.md. */
#pragma once

#include "lode/v1/common.meta.h"
#include "lode/v1/keys.meta.h"
#include "rpc/method.h"

/* lode.v1.Keys: a slot a method; arg is the service's own. */
struct lode__v1__keys__handlers {
    void (*list)(struct rpc_call *call, const Lode__V1__ListKeysRequest *request, void *arg);
    void (*get)(struct rpc_call *call, const Lode__V1__GetKeyRequest *request, void *arg);
    void (*create)(struct rpc_call *call, const Lode__V1__CreateKeyRequest *request, void *arg);
    void (*update)(struct rpc_call *call, const Lode__V1__UpdateKeyRequest *request, void *arg);
    void (*delete)(struct rpc_call *call, const Lode__V1__DeleteKeyRequest *request, void *arg);
};

/* Places in the service's methods. */
enum {
    LODE__V1__KEYS__LIST = 0,
    LODE__V1__KEYS__GET = 1,
    LODE__V1__KEYS__CREATE = 2,
    LODE__V1__KEYS__UPDATE = 3,
    LODE__V1__KEYS__DELETE = 4,
};

extern const struct rpc_service lode__v1__keys__service;

extern const struct pb_file lode_v1_keys_service_proto__file;
