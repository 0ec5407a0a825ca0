/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from grpc/reflection/v1alpha/reflection.proto; do not edit, see gen/README.md. */
#pragma once

#include "grpc/reflection/v1alpha/reflection.pb-c.h"
#include "pb/meta.h"

extern const struct pb_message_meta grpc__reflection__v1alpha__server_reflection_request__meta;
extern const struct pb_message_meta grpc__reflection__v1alpha__extension_request__meta;
extern const struct pb_message_meta grpc__reflection__v1alpha__server_reflection_response__meta;
extern const struct pb_message_meta grpc__reflection__v1alpha__file_descriptor_response__meta;
extern const struct pb_message_meta grpc__reflection__v1alpha__extension_number_response__meta;
extern const struct pb_message_meta grpc__reflection__v1alpha__list_service_response__meta;
extern const struct pb_message_meta grpc__reflection__v1alpha__service_response__meta;
extern const struct pb_message_meta grpc__reflection__v1alpha__error_response__meta;
extern const struct pb_file grpc_reflection_v1alpha_reflection_proto__file;
