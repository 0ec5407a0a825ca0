/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/dump/v1/dump.proto; do not edit, see gen/README.md. */
#pragma once

#include "lode/dump/v1/dump.pb-c.h"
#include "pb/meta.h"

extern const struct pb_enum_meta lode__dump__v1__section_kind__meta;
extern const struct pb_message_meta lode__dump__v1__record__meta;
extern const struct pb_message_meta lode__dump__v1__header__meta;
extern const struct pb_message_meta lode__dump__v1__index__meta;
extern const struct pb_message_meta lode__dump__v1__settings__meta;
extern const struct pb_message_meta lode__dump__v1__key__meta;
extern const struct pb_message_meta lode__dump__v1__task__meta;
extern const struct pb_message_meta lode__dump__v1__task_filter__meta;
extern const struct pb_message_meta lode__dump__v1__instance__meta;
extern const struct pb_message_meta lode__dump__v1__section__meta;
extern const struct pb_message_meta lode__dump__v1__manifest__meta;
extern const struct pb_file lode_dump_v1_dump_proto__file;
