/* SPDX-License-Identifier: MIT */
/* json_int.h -- what files of the json room share with each other. */
#pragma once

#include "json/json.h"

/*
 * One value, in the order of the text; a container's values follow it, an
 * object's as key, value, key, value. Its type is told by text[start].
 */
struct json_node {
    uint32_t start, end; /* of the raw bytes in the text */
    uint32_t a;          /* container: the node behind its last; string: see JSON__IN_TEXT */
    uint32_t b;          /* container: elements or members; string: unescaped length */
};

/* A string's bytes stand in the text behind start; otherwise a is their place in the scratch. */
#define JSON__IN_TEXT UINT32_MAX

struct json_parser {
    struct bytes text;       /* borrowed */
    struct json_node *nodes; /* owned */
    uint32_t n_nodes, cap_nodes;
    uint8_t *scratch; /* owned; unescaped strings */
    size_t n_scratch, cap_scratch;
    bool spaced; /* there is whitespace between, before or behind tokens */
};

/* How json__parse() ends: one value and nothing else, or one value and whatever. */
enum json_end { JSON_END_TEXT, JSON_END_VALUE };

/* json_parse() without a place: on failure *ret_at is serde_json's index, bytes behind the place.
 */
enum json_code json__parse(struct json_parser *parser, struct bytes text,
                           const struct json_limits *limits, enum json_end end, size_t *ret_at);

/* The kind of failure that code is. */
enum rc json__rc(enum json_code code);

/*
 * The escaped rest of a string, from the first backslash (or control character)
 * on, to its unescaped bytes. A failure leaves serde_json's index in `at`.
 */
struct json_unescape {
    const uint8_t *from; /* behind the opening quote; then behind the closing one */
    const uint8_t *p;    /* the first byte that is not plain */
    const uint8_t *end;  /* of the text */
    uint8_t *to;         /* room for end - from bytes; then behind the last one written */
    bool bad;            /* what was passed over was not UTF-8 */
    const uint8_t *at;
};
enum json_code json__unescape(struct json_unescape *u);

/* Whether any object in v, at any depth, has a member twice. */
bool json__has_duplicates(struct json_value v);
