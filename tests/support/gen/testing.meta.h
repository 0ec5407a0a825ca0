/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from testing.proto; do not edit, see gen/README.md. */
#pragma once

#include "testing.pb-c.h"
#include "pb/meta.h"

extern const struct pb_enum_meta grpc__testing__payload_type__meta;
extern const struct pb_message_meta grpc__testing__empty__meta;
extern const struct pb_message_meta grpc__testing__bool_value__meta;
extern const struct pb_message_meta grpc__testing__payload__meta;
extern const struct pb_message_meta grpc__testing__echo_status__meta;
extern const struct pb_message_meta grpc__testing__simple_request__meta;
extern const struct pb_message_meta grpc__testing__simple_response__meta;
extern const struct pb_message_meta grpc__testing__streaming_input_call_request__meta;
extern const struct pb_message_meta grpc__testing__streaming_input_call_response__meta;
extern const struct pb_message_meta grpc__testing__response_parameters__meta;
extern const struct pb_message_meta grpc__testing__streaming_output_call_request__meta;
extern const struct pb_message_meta grpc__testing__streaming_output_call_response__meta;
extern const struct pb_file testing_proto__file;
