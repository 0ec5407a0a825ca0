/* SPDX-License-Identifier: MIT */
/*
 * pb_json_value.c -- single values out of JSON, and what is said of wrong ones.
 *
 * "Invalid value type at `.limit`: expected a positive integer, but found a
 * string: `"doggo"`". Which words, and in which order, is http-errors 3.1.
 */
#include "pb_int.h"

#include "base/assert.h"
#include "json/json.h"

#include <stdarg.h>
#include <stdio.h>

enum { MAX_TEXT = 2 * ERR_MSG_MAX, MAX_FOUND = 1000, MAX_RAW = 4000 };

/* ---- kinds --------------------------------------------------------------------------- */

uint32_t pb__element_kinds(const ProtobufCFieldDescriptor *f, const struct pb_field_meta *fm)
{
    int64_t low;
    uint64_t high;

    if (pb__int_range(f, fm, &low, &high))
        return low < 0 ? PB__UNSIGNED | PB__NEGATIVE : PB__UNSIGNED;
    switch ((int)f->type) {
    case PROTOBUF_C_TYPE_BOOL:
        return PB__BOOL;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        return PB__UNSIGNED | PB__NEGATIVE | PB__FLOAT;
    case PROTOBUF_C_TYPE_STRING:
        if (fm->flags & PB_FIELD_NUMBER_AS_STRING)
            return PB__STRING | PB__UNSIGNED | PB__NEGATIVE | PB__FLOAT;
        return PB__STRING;
    case PROTOBUF_C_TYPE_BYTES:
        return fm->flags & PB_FIELD_RAW_JSON ? PB__ANY : PB__STRING;
    case PROTOBUF_C_TYPE_MESSAGE:
        return pb__message_kinds(fm->message);
    default:
        return PB__STRING; /* enums */
    }
}

uint32_t pb__field_kinds(const ProtobufCFieldDescriptor *f, const struct pb_field_meta *fm)
{
    if (fm->flags & PB_FIELD_MAP)
        return PB__OBJECT;
    if (f->label == PROTOBUF_C_LABEL_REPEATED)
        return PB__ARRAY;
    return pb__element_kinds(f, fm);
}

uint32_t pb__message_kinds(const struct pb_message_meta *meta)
{
    uint32_t kinds = 0;
    unsigned i;

    switch (meta->shape) {
    case PB_SHAPE_OBJECT:
    case PB_SHAPE_MAP:
        return PB__OBJECT;
    case PB_SHAPE_LIST:
        return PB__ARRAY;
    case PB_SHAPE_RAW:
        return PB__ANY;
    case PB_SHAPE_TIMESTAMP:
    case PB_SHAPE_DURATION:
        return PB__STRING;
    case PB_SHAPE_UNION:
        for (i = 0; i < meta->desc->n_fields; i++)
            kinds |= pb__field_kinds(&meta->desc->fields[i], &meta->fields[i]);
        return kinds;
    }
    NEVER("a message of no shape");
}

uint32_t pb__kind_of(struct json_value v)
{
    uint64_t u;
    int64_t i;

    switch (json_type(v)) {
    case JSON_NULL:
        return PB__NULL;
    case JSON_BOOL:
        return PB__BOOL;
    case JSON_STRING:
        return PB__STRING;
    case JSON_ARRAY:
        return PB__ARRAY;
    case JSON_OBJECT:
        return PB__OBJECT;
    case JSON_NUMBER:
        if (json_as_u64(v, &u))
            return PB__UNSIGNED;
        return json_as_i64(v, &i) ? PB__NEGATIVE : PB__FLOAT;
    }
    NEVER("a JSON value of no type");
}

/* Texts of the kinds, in the order that lists have. Returns how many. */
static size_t name_kinds(uint32_t kinds, const char *names[8])
{
    size_t n = 0;

    if (kinds & PB__NULL)
        names[n++] = "null";
    if (kinds & PB__BOOL)
        names[n++] = "a boolean";
    if (kinds & PB__FLOAT)
        names[n++] = "a number";
    else if ((kinds & PB__UNSIGNED) && (kinds & PB__NEGATIVE))
        names[n++] = "an integer";
    else if (kinds & PB__UNSIGNED)
        names[n++] = "a positive integer";
    else if (kinds & PB__NEGATIVE)
        names[n++] = "a negative integer";
    if (kinds & PB__STRING)
        names[n++] = "a string";
    if (kinds & PB__ARRAY)
        names[n++] = "an array";
    if (kinds & PB__OBJECT)
        names[n++] = "an object";
    return n;
}

/* ---- refusals ------------------------------------------------------------------------ */

static void put_steps(struct buf *out, const struct pb__place *at)
{
    if (!at->up)
        return;
    put_steps(out, at->up); /* as deep as the proto schema nests */
    if (at->key.p) {
        buf_byte(out, '.');
        buf_bytes(out, pb__quotable(at->key));
    } else {
        buf_printf(out, "[%zu]", at->index);
    }
}

void pb__put_place(struct buf *out, const struct pb__place *at, const char *lead)
{
    if (!at->up && !*at->r->at)
        return;
    buf_str(out, lead);
    buf_byte(out, '`');
    buf_str(out, at->r->at);
    put_steps(out, at);
    buf_byte(out, '`');
}

/* The value as compact JSON, cut when it is long. */
static void put_found(struct buf *out, struct json_value v)
{
    struct bytes raw = json_raw(v);
    struct buf text;

    buf_init(&text, MAX_FOUND);
    if (raw.n <= MAX_RAW)
        json_compact_value(v, &text);
    if (raw.n <= MAX_RAW && buf_ok(&text)) {
        buf_bytes(out, buf_view(&text));
    } else {
        buf_bytes(out, pb__quotable(raw));
        buf_str(out, "…");
    }
    buf_done(&text);
}

enum rc pb__refuse_type(const struct pb__place *at, uint32_t kinds, struct json_value v)
{
    const char *names[8] = {0};
    size_t n = name_kinds(kinds, names);
    struct buf text;
    size_t i;

    buf_init(&text, MAX_TEXT);
    buf_str(&text, "Invalid value type");
    pb__put_place(&text, at, " at ");
    buf_str(&text, ": expected ");
    for (i = 0; i < n; i++) {
        if (i > 0)
            buf_str(&text, i + 1 < n ? ", " : n > 2 ? ", or " : " or ");
        buf_str(&text, names[i]);
    }
    (void)name_kinds(pb__kind_of(v), names);
    buf_printf(&text, ", but found %s", names[0]);
    if (json_type(v) != JSON_NULL) {
        buf_str(&text, ": `");
        put_found(&text, v);
        buf_byte(&text, '`');
    }
    (void)err_set(at->r->err, RC_INVALID, at->word, "%s", buf_cstr(&text));
    buf_done(&text);
    return RC_INVALID;
}

/* "Invalid value at `.x`: " and the reason. */
static enum rc refuse_value(const struct pb__place *at, const char *fmt, ...) PRINTF_LIKE(2, 3);

static enum rc refuse_value(const struct pb__place *at, const char *fmt, ...)
{
    char reason[ERR_MSG_MAX];
    struct buf text;
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(reason, sizeof(reason), fmt, args);
    va_end(args);
    buf_init(&text, MAX_TEXT);
    buf_str(&text, "Invalid value");
    pb__put_place(&text, at, " at ");
    buf_str(&text, ": ");
    (void)err_set(at->r->err, RC_INVALID, at->word, "%s%s", buf_cstr(&text), reason);
    buf_done(&text);
    return RC_INVALID;
}

static enum rc refuse_enum(const struct pb__place *at, const struct pb_field_meta *fm,
                           struct bytes got)
{
    struct bytes quoted = pb__quotable(got);
    enum rc rc = RC_INVALID;
    struct buf list;
    struct buf where;

    buf_init(&list, ERR_MSG_MAX);
    buf_init(&where, ERR_MSG_MAX);
    if (fm->enum_error) {
        pb__fill_enum_error(&list, fm->enum_error, fm->enumeration, got);
        rc = refuse_value(at, "%s", buf_cstr(&list));
    } else {
        pb__list_values(&list, fm->enumeration, got, true);
        pb__put_place(&where, at, " at ");
        (void)err_set(at->r->err, RC_INVALID, at->word, "Unknown value `%.*s`%s: %s",
                      BYTES_ARG(quoted), buf_cstr(&where), buf_cstr(&list));
    }
    buf_done(&where);
    buf_done(&list);
    return rc;
}

/* ---- reading ------------------------------------------------------------------------- */

static enum rc read_int(const struct pb__place *at, const ProtobufCFieldDescriptor *f,
                        const struct pb_field_meta *fm, struct json_value v, void *slot)
{
    int64_t low = 0;
    uint64_t high = 0;
    uint64_t u;
    int64_t i;

    pb__int_range(f, fm, &low, &high);
    if (json_as_u64(v, &u)) {
        if (u > high)
            return refuse_value(at,
                                "value: `%llu` is too large to be deserialized, maximum value "
                                "authorized is `%llu`",
                                (unsigned long long)u, (unsigned long long)high);
        pb__store_int(f, slot, u);
        return RC_OK;
    }
    if (!json_as_i64(v, &i) || low >= 0)
        NEVER("an integer of another kind");
    if (i < low)
        return refuse_value(at,
                            "value: `%lld` is too small to be deserialized, minimum value "
                            "authorized is `%lld`",
                            (long long)i, (long long)low);
    pb__store_int(f, slot, (uint64_t)i);
    return RC_OK;
}

static enum rc read_string(const struct pb__place *at, struct json_value v, void *slot)
{
    struct bytes text = json_type(v) == JSON_STRING ? json_string(v) : json_raw(v);
    char *copy;

    if (text.n > 0 && memchr(text.p, 0, text.n))
        return refuse_value(at, "text may not hold the character U+0000");
    copy = arena_strndup(at->r->arena, text.p, text.n);
    if (!copy)
        return pb__out_of_room(at->r->arena, at->r->err);
    *(char **)slot = copy;
    return RC_OK;
}

static enum rc read_bytes(const struct pb__place *at, const struct pb_field_meta *fm,
                          struct json_value v, void *slot)
{
    struct bytes data;

    if (fm->flags & PB_FIELD_RAW_JSON)
        data = arena_dup(at->r->arena, json_raw(v)); /* never empty */
    else if (!pb__base64_get(at->r->arena, json_string(v), &data))
        return refuse_value(at, "expected base64");
    if (!data.p)
        return pb__out_of_room(at->r->arena, at->r->err);
    pb__set_data(slot, data);
    return RC_OK;
}

enum rc pb__read_scalar(const struct pb__place *at, const ProtobufCFieldDescriptor *f,
                        const struct pb_field_meta *fm, struct json_value v, void *slot)
{
    double d;
    int i;

    switch ((int)f->type) {
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)slot = json_bool(v);
        return RC_OK;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        if (!json_as_double(v, &d))
            return refuse_value(at, "number out of range");
        pb__store_double(f, slot, d);
        return RC_OK;
    case PROTOBUF_C_TYPE_ENUM:
        i = pb__enum_by_name(fm->enumeration, json_string(v), false);
        if (i < 0)
            return refuse_enum(at, fm, json_string(v));
        *(int *)slot = fm->enumeration->desc->values[i].value;
        return RC_OK;
    case PROTOBUF_C_TYPE_STRING:
        return read_string(at, v, slot);
    case PROTOBUF_C_TYPE_BYTES:
        return read_bytes(at, fm, v, slot);
    case PROTOBUF_C_TYPE_MESSAGE:
        NEVER("a message is no scalar");
    default:
        return read_int(at, f, fm, v, slot);
    }
}

enum rc pb__read_time(const struct pb__place *at, enum pb_shape shape, uint32_t flags,
                      struct json_value v, int64_t *ret_ns)
{
    struct bytes text = json_string(v);
    struct bytes quoted = pb__quotable(text);

    if (shape == PB_SHAPE_DURATION) {
        if (pb__parse_duration(text, ret_ns))
            return RC_OK;
        return refuse_value(at, "`%.*s` is an invalid duration", BYTES_ARG(quoted));
    }
    if (pb__parse_time(text, flags, ret_ns))
        return RC_OK;
    return refuse_value(at,
                        "`%.*s` is an invalid date-time. It should follow the %sRFC 3339 "
                        "date-time format.",
                        BYTES_ARG(quoted),
                        flags & (PB_FIELD_DATE_BEFORE | PB_FIELD_DATE_AFTER) ? "YYYY-MM-DD or "
                                                                             : "");
}
