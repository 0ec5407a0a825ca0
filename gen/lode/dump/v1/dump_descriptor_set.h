/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/dump/v1/dump.proto; do not edit, see gen/README.md. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* A serialized FileDescriptorSet: lode/dump/v1/dump.proto and all it imports. */
extern const uint8_t lode_dump_v1_dump_proto__descriptor_set[];
extern const size_t lode_dump_v1_dump_proto__descriptor_set_size;
