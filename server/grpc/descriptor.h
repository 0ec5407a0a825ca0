/* SPDX-License-Identifier: MIT */
/*
 * descriptor.h -- what reflection asks of a serialized FileDescriptorProto.
 *
 * The bytes are those protoc gave the plugin: trusted, so walked without copies
 * and without a schema.
 *
 * Threads    Pure functions.
 */
#pragma once

#include "pb/meta.h"

#include "base/bytes.h"

/* Is full name (no leading dot) declared in the file: message, field, enum, value, service, ...? */
bool grpc__descriptor_declares(const struct pb_file *file, struct bytes name);

/*
 * The nth extension declared in the file (anywhere in it): the full name of what
 * it extends, without the leading dot, and its number. False: there are not so many.
 */
bool grpc__descriptor_extension(const struct pb_file *file, size_t nth, struct bytes *ret_extendee,
                                int32_t *ret_number);
