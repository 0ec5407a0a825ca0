/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from grpc/health/v1/health.proto; do not edit, see gen/README.md. */
#pragma once

#include "grpc/health/v1/health.pb-c.h"
#include "pb/meta.h"

extern const struct pb_enum_meta grpc__health__v1__health_check_response__serving_status__meta;
extern const struct pb_message_meta grpc__health__v1__health_check_request__meta;
extern const struct pb_message_meta grpc__health__v1__health_check_response__meta;
extern const struct pb_message_meta grpc__health__v1__health_list_request__meta;
extern const struct pb_message_meta grpc__health__v1__health_list_response__meta;
extern const struct pb_message_meta grpc__health__v1__health_list_response__statuses_entry__meta;
extern const struct pb_file grpc_health_v1_health_proto__file;
