/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/settings_service.proto; do not edit, see gen/README.md. */
#pragma once

#include "lode/v1/common.meta.h"
#include "lode/v1/settings.meta.h"
#include "rpc/method.h"

/* lode.v1.SettingsService: a slot a method; arg is the service's own. */
struct lode__v1__settings_service__handlers {
    void (*get)(struct rpc_call *call, const Lode__V1__GetSettingsRequest *request, void *arg);
    void (*update)(struct rpc_call *call, const Lode__V1__UpdateSettingsRequest *request, void *arg);
    void (*reset)(struct rpc_call *call, const Lode__V1__ResetSettingsRequest *request, void *arg);
    void (*get_one)(struct rpc_call *call, const Lode__V1__GetSettingRequest *request, void *arg);
    void (*update_one)(struct rpc_call *call, const Lode__V1__UpdateSettingRequest *request, void *arg);
    void (*reset_one)(struct rpc_call *call, const Lode__V1__ResetSettingRequest *request, void *arg);
};

/* Places in the service's methods. */
enum {
    LODE__V1__SETTINGS_SERVICE__GET = 0,
    LODE__V1__SETTINGS_SERVICE__UPDATE = 1,
    LODE__V1__SETTINGS_SERVICE__RESET = 2,
    LODE__V1__SETTINGS_SERVICE__GET_ONE = 3,
    LODE__V1__SETTINGS_SERVICE__UPDATE_ONE = 4,
    LODE__V1__SETTINGS_SERVICE__RESET_ONE = 5,
};

extern const struct rpc_service lode__v1__settings_service__service;

extern const struct pb_file lode_v1_settings_service_proto__file;
