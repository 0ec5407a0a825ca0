/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/indexes.proto; do not edit, see gen/README.md. */
#pragma once

#include "lode/v1/indexes.pb-c.h"
#include "pb/meta.h"

extern const struct pb_message_meta lode__v1__index__meta;
extern const struct pb_message_meta lode__v1__list_indexes_request__meta;
extern const struct pb_message_meta lode__v1__list_indexes_response__meta;
extern const struct pb_message_meta lode__v1__create_index_request__meta;
extern const struct pb_message_meta lode__v1__get_index_request__meta;
extern const struct pb_message_meta lode__v1__update_index_request__meta;
extern const struct pb_message_meta lode__v1__delete_index_request__meta;
extern const struct pb_message_meta lode__v1__index_swap__meta;
extern const struct pb_message_meta lode__v1__swap_indexes_request__meta;
extern const struct pb_message_meta lode__v1__list_fields_request__meta;
extern const struct pb_message_meta lode__v1__fields_filter__meta;
extern const struct pb_message_meta lode__v1__list_fields_response__meta;
extern const struct pb_message_meta lode__v1__field__meta;
extern const struct pb_message_meta lode__v1__field_use__meta;
extern const struct pb_message_meta lode__v1__field_ranking_rule__meta;
extern const struct pb_message_meta lode__v1__field_filterable__meta;
extern const struct pb_message_meta lode__v1__field_localized__meta;
extern const struct pb_file lode_v1_indexes_proto__file;
