/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/search.proto; do not edit, see gen/README.md. */
#pragma once

#include "lode/v1/search.pb-c.h"
#include "pb/meta.h"

extern const struct pb_enum_meta lode__v1__matching_strategy__meta;
extern const struct pb_message_meta lode__v1__search_request__meta;
extern const struct pb_message_meta lode__v1__search_response__meta;
extern const struct pb_file lode_v1_search_proto__file;
