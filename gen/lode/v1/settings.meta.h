/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/settings.proto; do not edit, see gen/README.md. */
#pragma once

#include "lode/v1/settings.pb-c.h"
#include "pb/meta.h"

extern const struct pb_enum_meta lode__v1__proximity_precision__meta;
extern const struct pb_enum_meta lode__v1__prefix_search__meta;
extern const struct pb_enum_meta lode__v1__facet_order__meta;
extern const struct pb_message_meta lode__v1__settings__meta;
extern const struct pb_message_meta lode__v1__filterable_attributes__meta;
extern const struct pb_message_meta lode__v1__filterable_attribute__meta;
extern const struct pb_message_meta lode__v1__filterable_rule__meta;
extern const struct pb_message_meta lode__v1__filterable_features__meta;
extern const struct pb_message_meta lode__v1__filter_features__meta;
extern const struct pb_message_meta lode__v1__synonyms__meta;
extern const struct pb_message_meta lode__v1__synonyms__entries_entry__meta;
extern const struct pb_message_meta lode__v1__typo_tolerance__meta;
extern const struct pb_message_meta lode__v1__min_word_size_for_typos__meta;
extern const struct pb_message_meta lode__v1__faceting__meta;
extern const struct pb_message_meta lode__v1__facet_orders__meta;
extern const struct pb_message_meta lode__v1__facet_orders__entries_entry__meta;
extern const struct pb_message_meta lode__v1__pagination__meta;
extern const struct pb_message_meta lode__v1__embedders__meta;
extern const struct pb_message_meta lode__v1__localized_attributes__meta;
extern const struct pb_message_meta lode__v1__localized_rule__meta;
extern const struct pb_message_meta lode__v1__get_settings_request__meta;
extern const struct pb_message_meta lode__v1__update_settings_request__meta;
extern const struct pb_message_meta lode__v1__reset_settings_request__meta;
extern const struct pb_message_meta lode__v1__get_setting_request__meta;
extern const struct pb_message_meta lode__v1__get_setting_response__meta;
extern const struct pb_message_meta lode__v1__update_setting_request__meta;
extern const struct pb_message_meta lode__v1__reset_setting_request__meta;
extern const struct pb_file lode_v1_settings_proto__file;
