/* SPDX-License-Identifier: MIT */
/*
 * header_value.h -- words of a header's value, as RFC 9110 5.6 has them: commas between them,
 * blanks and tabs around them.
 *
 * Ownership  All bytes are borrowed from the value.
 * Threads    Pure functions.
 */
#pragma once

#include "base/bytes.h"

/* Without blanks and tabs around it. */
struct bytes rpc_header_trim(struct bytes value);

/* The same word; the case of ASCII letters does not count. `lower` is in lower case. */
bool rpc_header_is(struct bytes word, const char *lower);

/* Takes the next word of a list off *list, trimmed, maybe empty. False: there is none. */
bool rpc_header_next(struct bytes *list, struct bytes *ret_word);
