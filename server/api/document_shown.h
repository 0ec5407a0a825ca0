/* SPDX-License-Identifier: MIT */
/* document_shown.h -- a stored document as the documents routes show it. */
#pragma once

#include "api/api_int.h"

struct shown {
    struct bytes *fields; /* to keep; none: all */
    size_t n_fields;
    bool vectors; /* show "_vectors", which is otherwise hidden */
    struct json_parser *parser;
    struct buf part, whole; /* what is not shown as it is stored */
};

/* "*" among the names keeps all. Names are borrowed. */
void document_shown_init(struct shown *s, struct arena *arena, char *const *names, size_t n,
                         bool vectors);
void document_shown_done(struct shown *s);

/* *ret_json is valid until the next call, and as long as json. */
enum rc document_shown(struct shown *s, struct bytes json, struct bytes *ret_json,
                       struct err *err) MUST_CHECK;
