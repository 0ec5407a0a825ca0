/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/tasks_service.proto; do not edit, see gen/README.md. */
#pragma once

#include "lode/v1/common.meta.h"
#include "lode/v1/tasks.meta.h"
#include "rpc/method.h"

/* lode.v1.Tasks: a slot a method; arg is the service's own. */
struct lode__v1__tasks__handlers {
    void (*list)(struct rpc_call *call, const Lode__V1__ListTasksRequest *request, void *arg);
    void (*get)(struct rpc_call *call, const Lode__V1__GetTaskRequest *request, void *arg);
    void (*watch)(struct rpc_call *call, const Lode__V1__GetTaskRequest *request, void *arg); /* messages out */
    void (*cancel)(struct rpc_call *call, const Lode__V1__SelectTasksRequest *request, void *arg);
    void (*delete)(struct rpc_call *call, const Lode__V1__SelectTasksRequest *request, void *arg);
    void (*list_batches)(struct rpc_call *call, const Lode__V1__ListTasksRequest *request, void *arg);
    void (*get_batch)(struct rpc_call *call, const Lode__V1__GetBatchRequest *request, void *arg);
};

/* Places in the service's methods. */
enum {
    LODE__V1__TASKS__LIST = 0,
    LODE__V1__TASKS__GET = 1,
    LODE__V1__TASKS__WATCH = 2,
    LODE__V1__TASKS__CANCEL = 3,
    LODE__V1__TASKS__DELETE = 4,
    LODE__V1__TASKS__LIST_BATCHES = 5,
    LODE__V1__TASKS__GET_BATCH = 6,
};

extern const struct rpc_service lode__v1__tasks__service;

extern const struct pb_file lode_v1_tasks_service_proto__file;
