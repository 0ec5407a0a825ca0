/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/options.proto; do not edit, see gen/README.md. */
#pragma once

#include "lode/options.pb-c.h"
#include "pb/meta.h"

extern const struct pb_enum_meta lode__field_rule__date_rule__meta;
extern const struct pb_message_meta lode__http_rule__meta;
extern const struct pb_message_meta lode__method_rule__meta;
extern const struct pb_message_meta lode__field_rule__meta;
extern const struct pb_message_meta lode__message_rule__meta;
extern const struct pb_message_meta lode__enum_value_rule__meta;
extern const struct pb_file lode_options_proto__file;
