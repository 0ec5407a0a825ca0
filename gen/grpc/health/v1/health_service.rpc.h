/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from grpc/health/v1/health_service.proto; do not edit, see gen/README.md. */
#pragma once

#include "grpc/health/v1/health.meta.h"
#include "rpc/method.h"

/* grpc.health.v1.Health: a slot a method; arg is the service's own. */
struct grpc__health__v1__health__handlers {
    void (*check)(struct rpc_call *call, const Grpc__Health__V1__HealthCheckRequest *request, void *arg);
    void (*list)(struct rpc_call *call, const Grpc__Health__V1__HealthListRequest *request, void *arg);
    void (*watch)(struct rpc_call *call, const Grpc__Health__V1__HealthCheckRequest *request, void *arg); /* messages out */
};

/* Places in the service's methods. */
enum {
    GRPC__HEALTH__V1__HEALTH__CHECK = 0,
    GRPC__HEALTH__V1__HEALTH__LIST = 1,
    GRPC__HEALTH__V1__HEALTH__WATCH = 2,
};

extern const struct rpc_service grpc__health__v1__health__service;

extern const struct pb_file grpc_health_v1_health_service_proto__file;
