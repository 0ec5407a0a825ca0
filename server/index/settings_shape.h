/* SPDX-License-Identifier: MIT */
/* settings_shape.h -- shapes of JSON values, and the texts when they are others. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "json/json.h"

struct checking {
    struct buf at; /* where we are: ".rankingRules[0]" */
    const char *word;
    struct err *err;
};

/* Looks at one value; *x says where it is. */
typedef enum rc check_fn(struct checking *x, struct json_value v);

/* A member that an object may have. */
struct rule {
    const char *name;
    check_fn *check;
    bool null_is_fine, required;
};

enum { SHAPE_MEMBERS_MAX = 8 };

/* " at `.a[0]`", or nothing at the top; in *tmp. */
struct bytes shape__at(struct checking *x, struct buf *tmp);
enum rc shape__wrong_type(struct checking *x, struct json_value v, const char *expected);
/* "Invalid value at `...`: " and the three pieces. */
enum rc shape__wrong_value(struct checking *x, const char *before, struct bytes value,
                           const char *after);
/* A name that is none of those listed; what: "field", "value"; where: "inside", "at". */
struct shape_names {
    const char *what, *where;
    const char *const *names;
    size_t n;
};
enum rc shape__unknown(struct checking *x, struct bytes got, const struct shape_names *list);

enum rc shape__list(struct checking *x, struct json_value v, check_fn *check) MUST_CHECK;
enum rc shape__object(struct checking *x, struct json_value v, const struct rule *rules,
                      size_t n) MUST_CHECK;
/* Members of any name. */
enum rc shape__map(struct checking *x, struct json_value v, check_fn *check) MUST_CHECK;
enum rc shape__string(struct checking *x, struct json_value v) MUST_CHECK;
enum rc shape__strings(struct checking *x, struct json_value v) MUST_CHECK;
enum rc shape__bool(struct checking *x, struct json_value v) MUST_CHECK;
enum rc shape__unsigned(struct checking *x, struct json_value v) MUST_CHECK;
enum rc shape__one_of(struct checking *x, struct json_value v, const char *const *names,
                      size_t n) MUST_CHECK;
