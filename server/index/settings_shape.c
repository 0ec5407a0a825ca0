/* SPDX-License-Identifier: MIT */
/*
 * settings_shape.c -- shapes of JSON values, and the words that clients know for wrong ones.
 *
 * The HTTP door says the same of its messages; what comes by gRPC as raw JSON,
 * or out of a dump, meets these.
 */
#include "index/settings_shape.h"

#include "base/assert.h"
#include "pb/pb.h"

struct bytes shape__at(struct checking *x, struct buf *tmp)
{
    if (x->at.n)
        (void)buf_printf(tmp, " at `%.*s`", BYTES_ARG(buf_view(&x->at)));
    return buf_view(tmp);
}

static const char *kind_of(struct json_value v)
{
    int64_t i;
    uint64_t u;

    switch (json_type(v)) {
    case JSON_NULL:
        return "null";
    case JSON_BOOL:
        return "a boolean";
    case JSON_NUMBER:
        if (json_as_u64(v, &u))
            return "a positive integer";
        return json_as_i64(v, &i) ? "a negative integer" : "a number";
    case JSON_STRING:
        return "a string";
    case JSON_ARRAY:
        return "an array";
    case JSON_OBJECT:
        return "an object";
    }
    return "";
}

enum rc shape__wrong_type(struct checking *x, struct json_value v, const char *expected)
{
    struct bytes place;
    struct buf at, found;
    enum rc rc;

    buf_init(&at, BUF_NO_LIMIT);
    buf_init(&found, BUF_NO_LIMIT);
    place = shape__at(x, &at);
    (void)buf_str(&found, kind_of(v));
    if (json_type(v) != JSON_NULL) {
        (void)buf_str(&found, ": `");
        json_compact_value(v, &found);
        (void)buf_byte(&found, '`');
    }
    if (found.n > ERR_MSG_MAX) /* cut there anyway; precisions are ints */
        found.n = ERR_MSG_MAX;
    rc = err_set(x->err, RC_INVALID, x->word, "Invalid value type%.*s: expected %s, but found %.*s",
                 BYTES_ARG(place), expected, BYTES_ARG(buf_view(&found)));
    buf_done(&at);
    buf_done(&found);
    return rc;
}

enum rc shape__wrong_value(struct checking *x, const char *before, struct bytes value,
                           const char *after)
{
    struct bytes place;
    struct buf at;
    enum rc rc;

    buf_init(&at, BUF_NO_LIMIT);
    place = shape__at(x, &at);
    rc = err_set(x->err, RC_INVALID, x->word, "Invalid value%.*s: %s%.*s%s", BYTES_ARG(place),
                 before, BYTES_ARG(value), after);
    buf_done(&at);
    return rc;
}

/* "Unknown value `v` at `...`: did you mean `b`? expected one of `a`, `b`" */
enum rc shape__unknown(struct checking *x, struct bytes got, const struct shape_names *l)
{
    const char *hint = pb_did_you_mean(got, l->names, l->n);
    struct buf place, list;
    size_t i;
    enum rc rc;

    buf_init(&place, BUF_NO_LIMIT);
    buf_init(&list, BUF_NO_LIMIT);
    if (x->at.n)
        (void)buf_printf(&place, " %s `%.*s`", l->where, BYTES_ARG(buf_view(&x->at)));
    if (hint)
        (void)buf_printf(&list, "did you mean `%s`? ", hint);
    (void)buf_str(&list, "expected one of ");
    for (i = 0; i < l->n; i++)
        (void)buf_printf(&list, "%s`%s`", i ? ", " : "", l->names[i]);
    rc = err_set(x->err, RC_INVALID, x->word, "Unknown %s `%.*s`%.*s: %.*s", l->what,
                 BYTES_ARG(got), BYTES_ARG(buf_view(&place)), BYTES_ARG(buf_view(&list)));
    buf_done(&place);
    buf_done(&list);
    return rc;
}

/* ---- going inside -------------------------------------------------------------------- */

static enum rc check_item(struct checking *x, size_t i, struct json_value v, check_fn *check)
{
    size_t n = x->at.n;
    enum rc rc;

    (void)buf_printf(&x->at, "[%zu]", i);
    rc = check(x, v);
    buf_cut(&x->at, n);
    return rc;
}

enum rc shape__list(struct checking *x, struct json_value v, check_fn *check)
{
    struct json_iter it;
    enum rc rc = RC_OK;

    if (json_type(v) != JSON_ARRAY)
        return shape__wrong_type(x, v, "an array");
    for (json_iter_init(&it, v); rc == RC_OK && json_iter_next(&it);)
        rc = check_item(x, it.index, it.value, check);
    return rc;
}

static enum rc check_member(struct checking *x, const struct rule *rules, size_t n,
                            const struct json_iter *it)
{
    const char *names[SHAPE_MEMBERS_MAX];
    size_t i, at = x->at.n;
    enum rc rc;

    for (i = 0; i < n; i++) {
        names[i] = rules[i].name;
        if (!bytes_eq(it->key, bytes_str(rules[i].name)))
            continue;
        if (rules[i].null_is_fine && json_type(it->value) == JSON_NULL)
            return RC_OK;
        (void)buf_printf(&x->at, ".%s", rules[i].name);
        rc = rules[i].check(x, it->value);
        buf_cut(&x->at, at);
        return rc;
    }
    return shape__unknown(x, it->key, &(struct shape_names){"field", "inside", names, n});
}

enum rc shape__object(struct checking *x, struct json_value v, const struct rule *rules, size_t n)
{
    struct json_iter it;
    struct json_value member;
    size_t i;
    enum rc rc = RC_OK;

    if (json_type(v) != JSON_OBJECT)
        return shape__wrong_type(x, v, "an object");
    for (json_iter_init(&it, v); rc == RC_OK && json_iter_next(&it);)
        rc = check_member(x, rules, n, &it);
    for (i = 0; rc == RC_OK && i < n; i++) {
        if (!rules[i].required || json_get(v, bytes_str(rules[i].name), &member))
            continue;
        rc = err_set(x->err, RC_INVALID, x->word, "Missing field `%s`%s%.*s%s", rules[i].name,
                     x->at.n ? " inside `" : "", BYTES_ARG(buf_view(&x->at)), x->at.n ? "`" : "");
    }
    return rc;
}

/* Members of any name. */
enum rc shape__map(struct checking *x, struct json_value v, check_fn *check)
{
    struct json_iter it;
    size_t at = x->at.n;
    enum rc rc = RC_OK;

    if (json_type(v) != JSON_OBJECT)
        return shape__wrong_type(x, v, "an object");
    for (json_iter_init(&it, v); rc == RC_OK && json_iter_next(&it);) {
        (void)buf_printf(&x->at, ".%.*s", BYTES_ARG(it.key));
        rc = check(x, it.value);
        buf_cut(&x->at, at);
    }
    return rc;
}

/* ---- leaves -------------------------------------------------------------------------- */

enum rc shape__string(struct checking *x, struct json_value v)
{
    return json_type(v) == JSON_STRING ? RC_OK : shape__wrong_type(x, v, "a string");
}

enum rc shape__strings(struct checking *x, struct json_value v)
{
    return shape__list(x, v, shape__string);
}

enum rc shape__bool(struct checking *x, struct json_value v)
{
    return json_type(v) == JSON_BOOL ? RC_OK : shape__wrong_type(x, v, "a boolean");
}

enum rc shape__unsigned(struct checking *x, struct json_value v)
{
    uint64_t n;

    return json_as_u64(v, &n) ? RC_OK : shape__wrong_type(x, v, "a positive integer");
}

enum rc shape__one_of(struct checking *x, struct json_value v, const char *const *names, size_t n)
{
    size_t i;

    if (json_type(v) != JSON_STRING)
        return shape__wrong_type(x, v, "a string");
    for (i = 0; i < n; i++)
        if (bytes_eq(json_string(v), bytes_str(names[i])))
            return RC_OK;
    return shape__unknown(x, json_string(v), &(struct shape_names){"value", "at", names, n});
}
