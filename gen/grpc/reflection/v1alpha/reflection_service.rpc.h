/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from grpc/reflection/v1alpha/reflection_service.proto; do not edit, see gen/README.md. */
#pragma once

#include "grpc/reflection/v1alpha/reflection.meta.h"
#include "rpc/method.h"

/* grpc.reflection.v1alpha.ServerReflection: a slot a method; arg is the service's own. */
struct grpc__reflection__v1alpha__server_reflection__handlers {
    void (*server_reflection_info)(struct rpc_call *call, const Grpc__Reflection__V1alpha__ServerReflectionRequest *request, void *arg); /* messages both ways; request is NULL */
};

/* Places in the service's methods. */
enum {
    GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION__SERVER_REFLECTION_INFO = 0,
};

extern const struct rpc_service grpc__reflection__v1alpha__server_reflection__service;

extern const struct pb_file grpc_reflection_v1alpha_reflection_service_proto__file;
