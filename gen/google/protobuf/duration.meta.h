/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from google/protobuf/duration.proto; do not edit, see gen/README.md. */
#pragma once

#include "google/protobuf/duration.pb-c.h"
#include "pb/meta.h"

extern const struct pb_message_meta google__protobuf__duration__meta;
extern const struct pb_file google_protobuf_duration_proto__file;
