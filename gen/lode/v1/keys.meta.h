/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/keys.proto; do not edit, see gen/README.md. */
#pragma once

#include "lode/v1/keys.pb-c.h"
#include "pb/meta.h"

extern const struct pb_message_meta lode__v1__key__meta;
extern const struct pb_message_meta lode__v1__list_keys_request__meta;
extern const struct pb_message_meta lode__v1__list_keys_response__meta;
extern const struct pb_message_meta lode__v1__get_key_request__meta;
extern const struct pb_message_meta lode__v1__create_key_request__meta;
extern const struct pb_message_meta lode__v1__update_key_request__meta;
extern const struct pb_message_meta lode__v1__delete_key_request__meta;
extern const struct pb_file lode_v1_keys_proto__file;
