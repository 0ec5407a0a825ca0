/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/dumps_service.proto; do not edit, see gen/README.md. */
#pragma once

#include "lode/v1/dumps.meta.h"
#include "rpc/method.h"

/* lode.v1.Dumps: a slot a method; arg is the service's own. */
struct lode__v1__dumps__handlers {
    void (*create)(struct rpc_call *call, const Lode__V1__CreateDumpRequest *request, void *arg);
    void (*get_status)(struct rpc_call *call, const Lode__V1__GetDumpStatusRequest *request, void *arg);
    void (*watch)(struct rpc_call *call, const Lode__V1__GetDumpStatusRequest *request, void *arg); /* messages out */
    void (*download)(struct rpc_call *call, const Lode__V1__DownloadDumpRequest *request, void *arg); /* messages out */
};

/* Places in the service's methods. */
enum {
    LODE__V1__DUMPS__CREATE = 0,
    LODE__V1__DUMPS__GET_STATUS = 1,
    LODE__V1__DUMPS__WATCH = 2,
    LODE__V1__DUMPS__DOWNLOAD = 3,
};

extern const struct rpc_service lode__v1__dumps__service;

extern const struct pb_file lode_v1_dumps_service_proto__file;
