/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from grpc/reflection/v1/reflection.proto; do not edit, see gen/README.md. */
#pragma once

#include "grpc/reflection/v1/reflection.pb-c.h"
#include "pb/meta.h"

extern const struct pb_message_meta grpc__reflection__v1__server_reflection_request__meta;
extern const struct pb_message_meta grpc__reflection__v1__extension_request__meta;
extern const struct pb_message_meta grpc__reflection__v1__server_reflection_response__meta;
extern const struct pb_message_meta grpc__reflection__v1__file_descriptor_response__meta;
extern const struct pb_message_meta grpc__reflection__v1__extension_number_response__meta;
extern const struct pb_message_meta grpc__reflection__v1__list_service_response__meta;
extern const struct pb_message_meta grpc__reflection__v1__service_response__meta;
extern const struct pb_message_meta grpc__reflection__v1__error_response__meta;
extern const struct pb_file grpc_reflection_v1_reflection_proto__file;
