/* SPDX-License-Identifier: MIT */
/*
 * column_gather.h -- one field's values, row after row, until a part is full.
 *
 * Ownership  gather_new() .. gather_free().
 * Threads    One at a time.
 */
#pragma once

#include "index/column_int.h"

struct gather;

struct gather *gather_new(struct bytes name);
void gather_free(struct gather *g);
struct bytes gather_name(const struct gather *g);
/* The row has the member, which is v. Rows rise; the parts before are done then. */
void gather_member(struct gather *g, uint32_t row, struct json_value v);
/* Of the row that gather_member() was told of last. Texts are folded here; -0 is fine. */
void gather_number(struct gather *g, double number);
void gather_text(struct gather *g, struct bytes original);
size_t gather_bytes(const struct gather *g);
/* The i-th part so far, rising; false: there are no more. The last one is finished by this. */
bool gather_part(struct gather *g, size_t i, uint32_t *ret_first, struct bytes *ret_part);
void gather_clear(struct gather *g);
