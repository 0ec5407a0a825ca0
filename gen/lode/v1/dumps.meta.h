/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/dumps.proto; do not edit, see gen/README.md. */
#pragma once

#include "lode/v1/dumps.pb-c.h"
#include "pb/meta.h"

extern const struct pb_enum_meta lode__v1__dump_state__meta;
extern const struct pb_message_meta lode__v1__create_dump_request__meta;
extern const struct pb_message_meta lode__v1__create_dump_response__meta;
extern const struct pb_message_meta lode__v1__dump_status__meta;
extern const struct pb_message_meta lode__v1__get_dump_status_request__meta;
extern const struct pb_message_meta lode__v1__dump_progress__meta;
extern const struct pb_message_meta lode__v1__download_dump_request__meta;
extern const struct pb_message_meta lode__v1__download_dump_response__meta;
extern const struct pb_file lode_v1_dumps_proto__file;
