/* SPDX-License-Identifier: MIT */
/*
 * emit.h -- prints C from the model.
 *
 * Each function appends one whole generated file to out. What they print
 * depends on the model alone: no dates, no paths, no hash order.
 */
#pragma once

#include "base/buf.h"
#include "model.h"

#define PLUGIN_VERSION "1"

void emit_meta_h(const struct model_file *file, struct buf *out);
void emit_meta_c(const struct model *model, const struct model_file *file, struct buf *out);
void emit_rpc_h(const struct model_file *file, struct buf *out);
void emit_rpc_c(const struct model *model, const struct model_file *file, struct buf *out);
void emit_client_h(const struct model_file *file, struct buf *out);
void emit_client_c(const struct model_file *file, struct buf *out);
void emit_descriptor_set_h(const struct model_file *file, struct buf *out);
void emit_descriptor_set_c(const struct model *model, const struct model_file *file,
                           struct buf *out);

/* Shared between the printers (emit_file.c). */
void emit_head(const struct model_file *file, struct buf *out);
/* A C string literal with its quotes; every byte survives. */
void emit_string(struct buf *out, const char *text);
/* The definition of <ident>__file, with its bytes, imports and symbols. */
void emit_file_object(const struct model *model, const struct model_file *file, struct buf *out);
/* #include lines of the files that define the messages of the services, ending in `suffix`. */
void emit_message_includes(const struct model_file *file, const char *suffix, struct buf *out);
/* The header that declares <ident>__file of a file. */
const char *emit_header_suffix(const struct model_file *file);
