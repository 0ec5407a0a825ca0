/* SPDX-License-Identifier: MIT */
/* cmd_doc.h -- what the two files of `lode doc` share. */
#pragma once

#include "cli.h"

int cli_doc_add(struct cli *cli, const struct cli_args *args);

/*
 * Where the task being filled should end. sent: bytes it has; piece: what
 * comes next. Returns how many bytes of piece still belong to it, and whether
 * it ends there: at a line's end, once `batch` bytes are reached; a line is
 * never cut, however long.
 */
size_t cli_cut(struct bytes piece, uint64_t sent, uint64_t batch, bool *ret_end);
/* "application/json" and so on by name or by the file's ending; NULL if unknown. */
const char *cli_content_type(const char *format, const char *file);
