/* SPDX-License-Identifier: MIT */
/*
 * lint_rules.h -- whether the options of lode/options.proto name what exists
 * and ask for what can be done. Each appends a line for each fault.
 */
#pragma once

#include "base/buf.h"
#include "model.h"

void lint_field_rule(const struct model_message *m, const struct model_field *f, struct buf *out);
void lint_message_rule(const struct model_message *m, struct buf *out);
void lint_method_rule(const struct model_method *m, struct buf *out);
