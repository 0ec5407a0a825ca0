/* SPDX-License-Identifier: MIT */
/* search_check.h -- what a request may ask of an index, checked before anything is searched. */
#pragma once

#include "query/query_int.h"

/* "a, b, <..hidden-attributes>": sorted, without those that may not be shown. In the arena. */
const char *search_check__names(const struct search *s, const struct bytes *names, size_t n);
/*
 * Sort, distinct, attributesToSearchOn. *ret_plain: the message stands alone, not
 * behind the index's name.
 */
enum rc search_check__spec(const struct search *s, bool *ret_plain, struct err *err) MUST_CHECK;
