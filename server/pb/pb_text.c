/* SPDX-License-Identifier: MIT */
/*
 * pb_text.c -- one value from text: query parameters, path variables, defaults.
 *
 * The refusals are those of query strings ("Invalid value in parameter `limit`:
 * could not parse `doggo` as a positive integer").
 */
#include "pb_int.h"

#include "base/assert.h"
#include "json/json.h"
#include "json/json_write.h"

bool pb__int_range(const ProtobufCFieldDescriptor *f, const struct pb_field_meta *meta,
                   int64_t *ret_min, uint64_t *ret_max)
{
    if (f->type == PROTOBUF_C_TYPE_INT32 || f->type == PROTOBUF_C_TYPE_SINT32 ||
        f->type == PROTOBUF_C_TYPE_SFIXED32) {
        *ret_min = INT32_MIN;
        *ret_max = INT32_MAX;
    } else if (f->type == PROTOBUF_C_TYPE_INT64 || f->type == PROTOBUF_C_TYPE_SINT64 ||
               f->type == PROTOBUF_C_TYPE_SFIXED64) {
        *ret_min = INT64_MIN;
        *ret_max = INT64_MAX;
    } else if (f->type == PROTOBUF_C_TYPE_UINT32 || f->type == PROTOBUF_C_TYPE_FIXED32) {
        *ret_min = 0;
        *ret_max = UINT32_MAX;
    } else if (f->type == PROTOBUF_C_TYPE_UINT64 || f->type == PROTOBUF_C_TYPE_FIXED64) {
        *ret_min = 0;
        *ret_max = UINT64_MAX;
    } else {
        return false;
    }
    if (meta->max && meta->max < *ret_max) {
        *ret_max = meta->max;
        *ret_min = 0;
    }
    return true;
}

void pb__store_int(const ProtobufCFieldDescriptor *f, void *slot, uint64_t v)
{
    if (pb__element_size(f) == 4)
        *(uint32_t *)slot = (uint32_t)v;
    else
        *(uint64_t *)slot = v;
}

void pb__store_double(const ProtobufCFieldDescriptor *f, void *slot, double v)
{
    if (f->type == PROTOBUF_C_TYPE_FLOAT)
        *(float *)slot = (float)v;
    else
        *(double *)slot = v;
}

static enum rc refuse(const struct pb__text *t, struct bytes text, const char *as)
{
    text = pb__quotable(text);
    return err_set(t->err, RC_INVALID, t->word,
                   "Invalid value in parameter `%s`: could not parse `%.*s` as %s", t->name,
                   BYTES_ARG(text), as);
}

static enum rc parse_int(const struct pb__text *t, const ProtobufCFieldDescriptor *f,
                         const struct pb_field_meta *meta, struct bytes text, void *slot)
{
    int64_t low = 0;
    uint64_t high = 0;
    int64_t neg;
    uint64_t v;

    pb__int_range(f, meta, &low, &high);
    if (text.n > 0 && text.p[0] != '-' && json_parse_u64(text, &v)) {
        if (v <= high) {
            pb__store_int(f, slot, v);
            return RC_OK;
        }
        if (meta->max)
            return err_set(t->err, RC_INVALID, t->word,
                           "Invalid value in parameter `%s`: value: `%llu` is too large to be "
                           "deserialized, maximum value authorized is `%llu`",
                           t->name, (unsigned long long)v, (unsigned long long)high);
    } else if (low < 0 && json_parse_i64(text, &neg) && neg >= low) {
        pb__store_int(f, slot, (uint64_t)neg);
        return RC_OK;
    }
    return refuse(t, text, low < 0 ? "an integer" : "a positive integer");
}

static enum rc parse_enum(const struct pb__text *t, const struct pb_field_meta *meta,
                          struct bytes text, void *slot)
{
    int i = pb__enum_by_name(meta->enumeration, text, t->fold_case);
    struct bytes quoted = pb__quotable(text);
    struct buf out;

    if (i >= 0) {
        *(int *)slot = meta->enumeration->desc->values[i].value;
        return RC_OK;
    }
    buf_init(&out, ERR_MSG_MAX);
    if (meta->enum_error) {
        pb__fill_enum_error(&out, meta->enum_error, meta->enumeration, text);
        (void)err_set(t->err, RC_INVALID, t->word, "Invalid value in parameter `%s`: %s", t->name,
                      buf_cstr(&out));
    } else {
        pb__list_values(&out, meta->enumeration, text, true);
        (void)err_set(t->err, RC_INVALID, t->word, "Unknown value `%.*s` for parameter `%s`: %s",
                      BYTES_ARG(quoted), t->name, buf_cstr(&out));
    }
    buf_done(&out);
    return RC_INVALID;
}

static enum rc parse_string(const struct pb__text *t, struct bytes text, void *slot)
{
    char *copy;

    if (!pb__text_ok(text))
        return err_set(t->err, RC_INVALID, t->word,
                       "Invalid value in parameter `%s`: expected UTF-8 text without NUL", t->name);
    copy = arena_strndup(t->arena, text.p, text.n);
    if (!copy)
        return pb__out_of_room(t->arena, t->err);
    *(char **)slot = copy;
    return RC_OK;
}

/* JSON text stays as it is; anything else is taken for the string it spells. */
static enum rc parse_raw_json(const struct pb__text *t, struct bytes text, void *slot)
{
    struct json_parser *parser = json_parser_new();
    ProtobufCBinaryData *data = slot;
    struct json_value root;
    struct bytes copy;
    struct buf quoted;
    bool is_json = json_parse(parser, text, NULL, &root, NULL) == RC_OK;

    json_parser_free(parser);
    if (!pb__text_ok(text))
        return err_set(t->err, RC_INVALID, t->word,
                       "Invalid value in parameter `%s`: expected UTF-8 text without NUL", t->name);
    buf_init(&quoted, 6 * text.n + 2);
    if (!is_json)
        json_quote(&quoted, text);
    copy = arena_dup(t->arena, is_json ? text : buf_view(&quoted)); /* never empty */
    buf_done(&quoted);
    if (!copy.p)
        return pb__out_of_room(t->arena, t->err);
    pb__set_data(data, copy);
    return RC_OK;
}

static enum rc parse_bytes(const struct pb__text *t, struct bytes text, void *slot)
{
    ProtobufCBinaryData *data = slot;
    struct bytes decoded;

    if (!pb__base64_get(t->arena, text, &decoded))
        return refuse(t, text, "base64");
    if (!decoded.p)
        return pb__out_of_room(t->arena, t->err);
    pb__set_data(data, decoded);
    return RC_OK;
}

static enum rc parse_message(const struct pb__text *t, const struct pb_field_meta *meta,
                             struct bytes text, void *slot)
{
    ProtobufCMessage *msg;
    int64_t ns;

    if (meta->message->shape == PB_SHAPE_TIMESTAMP) {
        struct bytes quoted = pb__quotable(text);

        if (!pb__parse_time(text, meta->flags, &ns))
            return err_set(t->err, RC_INVALID, t->word,
                           "Invalid value in parameter `%s`: `%.*s` is an invalid date-time. It "
                           "should follow the YYYY-MM-DD or RFC 3339 date-time format.",
                           t->name, BYTES_ARG(quoted));
    } else if (meta->message->shape == PB_SHAPE_DURATION) {
        if (!pb__parse_duration(text, &ns))
            return refuse(t, text, "a duration");
    } else {
        return err_set(t->err, RC_INVALID, t->word,
                       "Invalid value in parameter `%s`: it cannot be given as text", t->name);
    }
    msg = pb__time_new(t->arena, meta->message->desc, ns);
    if (!msg)
        return pb__out_of_room(t->arena, t->err);
    *(ProtobufCMessage **)slot = msg;
    return RC_OK;
}

enum rc pb__parse_text(const struct pb__text *t, const ProtobufCFieldDescriptor *f,
                       const struct pb_field_meta *meta, struct bytes text, void *slot)
{
    double v;

    switch (f->type) {
    case PROTOBUF_C_TYPE_BOOL:
        if (!bytes_eq(text, B("true")) && !bytes_eq(text, B("false")))
            return refuse(t, text, "a boolean, expected either `true` or `false`");
        *(protobuf_c_boolean *)slot = text.n == 4;
        return RC_OK;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE: {
        struct json_parser *parser = json_parser_new();
        struct json_value root;
        bool ok = json_parse(parser, text, NULL, &root, NULL) == RC_OK &&
                  json_type(root) == JSON_NUMBER && json_as_double(root, &v);

        json_parser_free(parser);
        if (!ok)
            return refuse(t, text, "a number");
        pb__store_double(f, slot, v);
        return RC_OK;
    }
    case PROTOBUF_C_TYPE_ENUM:
        return parse_enum(t, meta, text, slot);
    case PROTOBUF_C_TYPE_STRING:
        return parse_string(t, text, slot);
    case PROTOBUF_C_TYPE_BYTES:
        return meta->flags & PB_FIELD_RAW_JSON ? parse_raw_json(t, text, slot)
                                               : parse_bytes(t, text, slot);
    case PROTOBUF_C_TYPE_MESSAGE:
        return parse_message(t, meta, text, slot);
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return parse_int(t, f, meta, text, slot);
    }
    NEVER("a field of a type that protobuf-c does not have");
}
