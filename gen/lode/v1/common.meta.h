/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/common.proto; do not edit, see gen/README.md. */
#pragma once

#include "lode/v1/common.pb-c.h"
#include "pb/meta.h"

extern const struct pb_enum_meta lode__v1__task_status__meta;
extern const struct pb_enum_meta lode__v1__task_type__meta;
extern const struct pb_message_meta lode__v1__empty__meta;
extern const struct pb_message_meta lode__v1__string_list__meta;
extern const struct pb_message_meta lode__v1__task_summary__meta;
extern const struct pb_message_meta lode__v1__error_info__meta;
extern const struct pb_file lode_v1_common_proto__file;
