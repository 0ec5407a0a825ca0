/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/search.proto; do not edit, see gen/README.md. */
#pragma once

#include "lode/v1/search.pb-c.h"
#include "pb/meta.h"

extern const struct pb_enum_meta lode__v1__matching_strategy__meta;
extern const struct pb_message_meta lode__v1__search_request__meta;
extern const struct pb_message_meta lode__v1__search_response__meta;
extern const struct pb_message_meta lode__v1__search_metadata__meta;
extern const struct pb_message_meta lode__v1__multi_search_request__meta;
extern const struct pb_message_meta lode__v1__multi_search_query__meta;
extern const struct pb_message_meta lode__v1__federation_options__meta;
extern const struct pb_message_meta lode__v1__federation__meta;
extern const struct pb_message_meta lode__v1__federation__facets_by_index_entry__meta;
extern const struct pb_message_meta lode__v1__facet_names__meta;
extern const struct pb_message_meta lode__v1__merge_facets__meta;
extern const struct pb_message_meta lode__v1__multi_search_response__meta;
extern const struct pb_message_meta lode__v1__multi_search_results__meta;
extern const struct pb_message_meta lode__v1__federated_response__meta;
extern const struct pb_message_meta lode__v1__facet_search_request__meta;
extern const struct pb_message_meta lode__v1__facet_hit__meta;
extern const struct pb_message_meta lode__v1__facet_search_response__meta;
extern const struct pb_file lode_v1_search_proto__file;
