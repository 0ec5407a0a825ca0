/* SPDX-License-Identifier: MIT */
/*
 * names.h -- how proto names become C names, as protoc-gen-c 1.4 does it.
 *
 * Ownership  Results live in the arena.
 */
#pragma once

#include "base/arena.h"

/* "ListBatches" -> "list_batches": an underscore before an upper case letter that follows another
 * kind. */
char *name_snake(struct arena *arena, const char *camel);
/* "lode.v1.TaskSummary" -> "lode__v1__task_summary" */
char *name_lower(struct arena *arena, const char *full_name);
/* "lode.v1.TaskSummary" -> "Lode__V1__TaskSummary" */
char *name_type(struct arena *arena, const char *full_name);
/* Every byte that is no letter or digit becomes '_'. */
char *name_ident(struct arena *arena, const char *text);
char *name_upper(struct arena *arena, const char *text);
/* "DOCUMENT_EDITION" -> "documentEdition" */
char *name_lower_camel(struct arena *arena, const char *upper_snake);

bool name_is_keyword(const char *name); /* of C or C++ */
bool name_is_c_keyword(const char *name);
bool name_is_upper_camel(const char *name); /* no underscores, no two capitals in a row */
bool name_is_lower_snake(const char *name);
bool name_is_upper_snake(const char *name);
