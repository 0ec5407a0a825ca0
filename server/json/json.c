/* SPDX-License-Identifier: MIT */
/* json.c -- the door of the room: parsers, values, errors. The grammar is in json_parse.c. */
#include "json/json.h"

#include "base/assert.h"
#include "base/mem.h"
#include "json/json_int.h"
#include "json/json_write.h"

#include <stdio.h>

struct json_parser *json_parser_new(void)
{
    return xcalloc(1, sizeof(struct json_parser));
}

void json_parser_free(struct json_parser *parser)
{
    if (!parser)
        return;
    xfree(parser->nodes);
    xfree(parser->scratch);
    xfree(parser);
}

/* As serde_json counts: what matters are the bytes before index, so a newline there counts. */
static void place_index(struct bytes text, size_t index, uint64_t *ret_line, uint64_t *ret_column)
{
    const uint8_t *from = text.p, *end;
    uint64_t line = 1;

    for (end = index ? text.p + index : text.p; from < end;) {
        const uint8_t *newline = memchr(from, '\n', (size_t)(end - from));

        if (!newline)
            break;
        from = newline + 1;
        line++;
    }
    *ret_line = line;
    *ret_column = (uint64_t)(end - from);
}

void json_position(struct bytes text, size_t offset, uint64_t *ret_line, uint64_t *ret_column)
{
    place_index(text, offset < text.n ? offset + 1 : text.n, ret_line, ret_column);
}

enum rc json__rc(enum json_code code)
{
    switch (code) {
    case JSON_OK:
        return RC_OK;
    case JSON_TOO_LARGE:
    case JSON_TOO_MANY:
        return RC_TOO_LARGE;
    case JSON_STOPPED:
        return RC_CANCELLED;
    case JSON_EOF_LIST:
    case JSON_EOF_OBJECT:
    case JSON_EOF_STRING:
    case JSON_EOF_VALUE:
    case JSON_EXPECTED_COLON:
    case JSON_EXPECTED_LIST_COMMA:
    case JSON_EXPECTED_OBJECT_COMMA:
    case JSON_EXPECTED_IDENT:
    case JSON_EXPECTED_VALUE:
    case JSON_INVALID_ESCAPE:
    case JSON_INVALID_NUMBER:
    case JSON_INVALID_UNICODE:
    case JSON_CONTROL_CHARACTER:
    case JSON_KEY_NOT_STRING:
    case JSON_LONE_SURROGATE:
    case JSON_HEX_ESCAPE_END:
    case JSON_TRAILING_COMMA:
    case JSON_TRAILING_CHARACTERS:
    case JSON_TOO_DEEP:
    case JSON_NOT_OBJECT:
        break;
    }
    return RC_INVALID;
}

enum rc json_parse(struct json_parser *parser, struct bytes text, const struct json_limits *limits,
                   struct json_value *ret_root, struct json_error *err)
{
    enum json_code code;
    size_t at;

    code = json__parse(parser, text, limits, JSON_END_TEXT, &at);
    if (code == JSON_OK) {
        *ret_root = (struct json_value){parser, 0};
        return RC_OK;
    }
    if (err) {
        err->code = code;
        err->offset = at;
        place_index(text, at, &err->line, &err->column);
    }
    return json__rc(code);
}

static const struct json_node *node_of(struct json_value v)
{
    ASSERT_SLOW(v.parser && v.node < v.parser->n_nodes);
    return &v.parser->nodes[v.node];
}

static enum json_type type_of(const struct json_parser *parser, const struct json_node *node)
{
    switch (parser->text.p[node->start]) {
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_ARRAY;
    case '"':
        return JSON_STRING;
    case 't':
    case 'f':
        return JSON_BOOL;
    case 'n':
        return JSON_NULL;
    default:
        return JSON_NUMBER;
    }
}

enum json_type json_type(struct json_value v)
{
    return type_of(v.parser, node_of(v));
}

bool json_bool(struct json_value v)
{
    uint8_t first = v.parser->text.p[node_of(v)->start];

    ASSERT(first == 't' || first == 'f');
    return first == 't';
}

static struct bytes string_of(const struct json_parser *parser, const struct json_node *node)
{
    if (node->a == JSON__IN_TEXT)
        return bytes_of(parser->text.p + node->start + 1, node->b);
    return bytes_of(parser->scratch + node->a, node->b);
}

struct bytes json_string(struct json_value v)
{
    ASSERT(json_type(v) == JSON_STRING);
    return string_of(v.parser, node_of(v));
}

struct bytes json_raw(struct json_value v)
{
    const struct json_node *node = node_of(v);

    return bytes_of(v.parser->text.p + node->start, node->end - node->start);
}

size_t json_offset(struct json_value v)
{
    return node_of(v)->start;
}

bool json_as_u64(struct json_value v, uint64_t *ret)
{
    return json_type(v) == JSON_NUMBER && json_parse_u64(json_raw(v), ret);
}

bool json_as_i64(struct json_value v, int64_t *ret)
{
    return json_type(v) == JSON_NUMBER && json_parse_i64(json_raw(v), ret);
}

bool json_as_double(struct json_value v, double *ret)
{
    return json_type(v) == JSON_NUMBER && json_parse_double(json_raw(v), ret);
}

size_t json_count(struct json_value v)
{
    ASSERT(json_type(v) >= JSON_ARRAY);
    return node_of(v)->b;
}

void json_iter_init(struct json_iter *it, struct json_value container)
{
    const struct json_node *node = node_of(container);
    enum json_type type = type_of(container.parser, node);

    ASSERT(type >= JSON_ARRAY);
    *it = (struct json_iter){.value = {.parser = container.parser},
                             .key_at = {.parser = container.parser},
                             .index = SIZE_MAX,
                             .next = container.node + 1,
                             .end = node->a,
                             .object = type == JSON_OBJECT};
}

bool json_iter_next(struct json_iter *it)
{
    const struct json_parser *parser = it->value.parser;
    const struct json_node *node;

    if (it->next >= it->end)
        return false;
    if (it->object) {
        it->key_at.node = it->next;
        it->key = string_of(parser, &parser->nodes[it->next]);
        it->next++;
    }
    it->value.node = it->next;
    node = &parser->nodes[it->next];
    it->next = type_of(parser, node) >= JSON_ARRAY ? node->a : it->next + 1;
    it->index++;
    return true;
}

bool json_get(struct json_value v, struct bytes key, struct json_value *ret_value)
{
    struct json_iter it;
    bool found = false;

    if (json_type(v) != JSON_OBJECT)
        return false;
    for (json_iter_init(&it, v); json_iter_next(&it);) {
        if (bytes_eq(it.key, key)) {
            *ret_value = it.value;
            found = true;
        }
    }
    return found;
}

const char *json_code_text(enum json_code code)
{
    static const char *const texts[] = {
        [JSON_OK] = "no error",
        [JSON_EOF_LIST] = "EOF while parsing a list",
        [JSON_EOF_OBJECT] = "EOF while parsing an object",
        [JSON_EOF_STRING] = "EOF while parsing a string",
        [JSON_EOF_VALUE] = "EOF while parsing a value",
        [JSON_EXPECTED_COLON] = "expected `:`",
        [JSON_EXPECTED_LIST_COMMA] = "expected `,` or `]`",
        [JSON_EXPECTED_OBJECT_COMMA] = "expected `,` or `}`",
        [JSON_EXPECTED_IDENT] = "expected ident",
        [JSON_EXPECTED_VALUE] = "expected value",
        [JSON_INVALID_ESCAPE] = "invalid escape",
        [JSON_INVALID_NUMBER] = "invalid number",
        [JSON_INVALID_UNICODE] = "invalid unicode code point",
        [JSON_CONTROL_CHARACTER] =
            "control character (\\u0000-\\u001F) found while parsing a string",
        [JSON_KEY_NOT_STRING] = "key must be a string",
        [JSON_LONE_SURROGATE] = "lone leading surrogate in hex escape",
        [JSON_HEX_ESCAPE_END] = "unexpected end of hex escape",
        [JSON_TRAILING_COMMA] = "trailing comma",
        [JSON_TRAILING_CHARACTERS] = "trailing characters",
        [JSON_TOO_DEEP] = "recursion limit exceeded",
        [JSON_TOO_LARGE] = "document too large",
        [JSON_TOO_MANY] = "too many values",
        [JSON_NOT_OBJECT] = "data are neither an object nor a list of objects",
        [JSON_STOPPED] = "stopped",
    };

    return texts[code];
}

char *json_error_text(char dst[JSON_ERROR_TEXT_MAX], const struct json_error *err)
{
    (void)snprintf(dst, JSON_ERROR_TEXT_MAX, "%s at line %llu column %llu",
                   json_code_text(err->code), (unsigned long long)err->line,
                   (unsigned long long)err->column);
    return dst;
}
