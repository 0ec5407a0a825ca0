/* SPDX-License-Identifier: MIT */
/*
 * lint.h -- what Lode's .proto files may not do.
 *
 * Protects C (names that do not survive protoc-gen-c), the server (messages
 * that could nest without end) and the gateway (rules that name nothing).
 */
#pragma once

#include "base/buf.h"
#include "model.h"

/* Appends one line for each fault of the files to generate; nothing if all is well. */
void lint_model(const struct model *model, struct buf *out);
