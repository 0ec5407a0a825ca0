/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/system_service.proto; do not edit, see gen/README.md. */
#pragma once

#include "lode/v1/system.meta.h"
#include "rpc/method.h"

/* lode.v1.System: a slot a method; arg is the service's own. */
struct lode__v1__system__handlers {
    void (*health)(struct rpc_call *call, const Lode__V1__HealthRequest *request, void *arg);
    void (*version)(struct rpc_call *call, const Lode__V1__VersionRequest *request, void *arg);
    void (*stats)(struct rpc_call *call, const Lode__V1__StatsRequest *request, void *arg);
    void (*index_stats)(struct rpc_call *call, const Lode__V1__IndexStatsRequest *request, void *arg);
    void (*get_experimental_features)(struct rpc_call *call, const Lode__V1__GetExperimentalFeaturesRequest *request, void *arg);
    void (*update_experimental_features)(struct rpc_call *call, const Lode__V1__UpdateExperimentalFeaturesRequest *request, void *arg);
};

/* Places in the service's methods. */
enum {
    LODE__V1__SYSTEM__HEALTH = 0,
    LODE__V1__SYSTEM__VERSION = 1,
    LODE__V1__SYSTEM__STATS = 2,
    LODE__V1__SYSTEM__INDEX_STATS = 3,
    LODE__V1__SYSTEM__GET_EXPERIMENTAL_FEATURES = 4,
    LODE__V1__SYSTEM__UPDATE_EXPERIMENTAL_FEATURES = 5,
};

extern const struct rpc_service lode__v1__system__service;

extern const struct pb_file lode_v1_system_service_proto__file;
