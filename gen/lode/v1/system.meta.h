/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/system.proto; do not edit, see gen/README.md. */
#pragma once

#include "lode/v1/system.pb-c.h"
#include "pb/meta.h"

extern const struct pb_enum_meta lode__v1__size_format__meta;
extern const struct pb_message_meta lode__v1__health_request__meta;
extern const struct pb_message_meta lode__v1__health_response__meta;
extern const struct pb_message_meta lode__v1__version_request__meta;
extern const struct pb_message_meta lode__v1__version_response__meta;
extern const struct pb_message_meta lode__v1__stats_request__meta;
extern const struct pb_message_meta lode__v1__index_stats_request__meta;
extern const struct pb_message_meta lode__v1__size__meta;
extern const struct pb_message_meta lode__v1__stats_response__meta;
extern const struct pb_message_meta lode__v1__stats_response__indexes_entry__meta;
extern const struct pb_message_meta lode__v1__index_stats__meta;
extern const struct pb_message_meta lode__v1__index_stats__field_distribution_entry__meta;
extern const struct pb_message_meta lode__v1__get_experimental_features_request__meta;
extern const struct pb_message_meta lode__v1__experimental_features__meta;
extern const struct pb_message_meta lode__v1__update_experimental_features_request__meta;
extern const struct pb_message_meta lode__v1__internal_sizes__meta;
extern const struct pb_message_meta lode__v1__internal_sizes__entries_entry__meta;
extern const struct pb_file lode_v1_system_proto__file;
