/* SPDX-License-Identifier: MIT */
/* csv_value.h -- the text of cells to values. Private to the json room. */
#pragma once

#include "base/buf.h"
#include "base/bytes.h"

/* Without the white space, as Unicode knows it, at both ends. */
struct bytes csv__trim(struct bytes b);
bool csv__parse_integer(struct bytes b, int64_t *ret);
bool csv__parse_float(struct bytes b, double *ret); /* may be NaN: JSON's null */
/* Appends b in quotes with escapes, for the sentence of a failure. */
void csv__quote_debug(struct buf *out, struct bytes b);
