/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from google/protobuf/timestamp.proto; do not edit, see gen/README.md. */
#pragma once

#include "google/protobuf/timestamp.pb-c.h"
#include "pb/meta.h"

extern const struct pb_message_meta google__protobuf__timestamp__meta;
extern const struct pb_file google_protobuf_timestamp_proto__file;
