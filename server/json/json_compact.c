/* SPDX-License-Identifier: MIT */
/*
 * json_compact.c -- a value without whitespace between tokens and without
 * members that a later one of the same name replaces.
 *
 * Most documents have neither, and are one memcpy. The others are written token
 * by token into room reserved once: the compact form is never longer. The walk
 * recurses, over what json__parse() has held to JSON_DEPTH_MAX.
 */
#include "json/json.h"

#include "base/mem.h"
#include "json/json_int.h"

#include <stdlib.h>

enum { FEW = 16 }; /* members up to which comparing all pairs is quickest */

struct member {
    struct bytes key;
    uint32_t key_node, value_node;
    uint32_t order; /* among the members */
};

static int by_key_then_order(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    int c = bytes_cmp(x->key, y->key);

    return c ? c : (x->order > y->order) - (x->order < y->order);
}

static int by_order(const void *a, const void *b)
{
    const struct member *x = a, *y = b;

    return (x->order > y->order) - (x->order < y->order);
}

/* The members of v in their order; count of them, and heap memory of the caller's. */
static struct member *list_members(struct json_value v, size_t *ret_n)
{
    size_t n = json_count(v);
    struct member *m = xmalloc(n * sizeof *m);
    struct json_iter it;

    for (json_iter_init(&it, v); json_iter_next(&it);)
        m[it.index] = (struct member){it.key, it.key_at.node, it.value.node, (uint32_t)it.index};
    *ret_n = n;
    return m;
}

static bool few_repeat(struct json_value v)
{
    struct bytes keys[FEW];
    struct json_iter it;
    size_t i;

    for (json_iter_init(&it, v); json_iter_next(&it);) {
        for (i = 0; i < it.index; i++)
            if (keys[i].n == it.key.n && bytes_eq(keys[i], it.key))
                return true;
        keys[it.index] = it.key;
    }
    return false;
}

/* Sorting bounds the work also for keys that were chosen to be awkward. */
static bool many_repeat(struct json_value v)
{
    size_t n, i;
    struct member *m = list_members(v, &n);
    bool found = false;

    qsort(m, n, sizeof *m, by_key_then_order);
    for (i = 1; i < n && !found; i++)
        found = bytes_eq(m[i - 1].key, m[i].key);
    xfree(m);
    return found;
}

static bool object_repeats(struct json_value v)
{
    return json_count(v) <= FEW ? few_repeat(v) : many_repeat(v);
}

bool json__has_duplicates(struct json_value v)
{
    const struct json_parser *parser = v.parser;
    uint32_t end = json_type(v) >= JSON_ARRAY ? parser->nodes[v.node].a : v.node + 1;

    for (; v.node < end; v.node++)
        if (parser->text.p[parser->nodes[v.node].start] == '{' && object_repeats(v))
            return true;
    return false;
}

static uint8_t *put_bytes(uint8_t *to, struct bytes b)
{
    memcpy(to, b.p, b.n);
    return to + b.n;
}

static uint8_t *put_value(uint8_t *to, struct json_value v);

/* First places, last values: the members that stay move to the front of m, in their order. */
static size_t drop_replaced(struct member *m, size_t n)
{
    size_t i, kept = 0;

    qsort(m, n, sizeof *m, by_key_then_order);
    for (i = 0; i < n; i++) {
        if (kept && bytes_eq(m[kept - 1].key, m[i].key))
            m[kept - 1].value_node = m[i].value_node;
        else
            m[kept++] = m[i];
    }
    qsort(m, kept, sizeof *m, by_order);
    return kept;
}

static uint8_t *put_repeating_object(uint8_t *to, struct json_value v)
{
    const struct json_parser *parser = v.parser;
    size_t n, i;
    struct member *m = list_members(v, &n);

    n = drop_replaced(m, n);
    for (i = 0; i < n; i++) {
        *to++ = i ? ',' : '{';
        to = put_bytes(to, json_raw((struct json_value){parser, m[i].key_node}));
        *to++ = ':';
        to = put_value(to, (struct json_value){parser, m[i].value_node});
    }
    *to++ = '}';
    xfree(m);
    return to;
}

static uint8_t *put_container(uint8_t *to, struct json_value v, bool object)
{
    struct json_iter it;

    *to++ = object ? '{' : '[';
    for (json_iter_init(&it, v); json_iter_next(&it);) {
        if (it.index)
            *to++ = ',';
        if (object) {
            to = put_bytes(to, json_raw(it.key_at));
            *to++ = ':';
        }
        to = put_value(to, it.value);
    }
    *to++ = object ? '}' : ']';
    return to;
}

static uint8_t *put_value(uint8_t *to, struct json_value v)
{
    enum json_type type = json_type(v);

    if (type < JSON_ARRAY)
        return put_bytes(to, json_raw(v));
    if (type == JSON_OBJECT && object_repeats(v))
        return put_repeating_object(to, v);
    return put_container(to, v, type == JSON_OBJECT);
}

void json_compact_value(struct json_value v, struct buf *out)
{
    struct bytes raw = json_raw(v);

    if (!v.parser->spaced && !json__has_duplicates(v)) {
        (void)buf_bytes(out, raw);
        return;
    }
    /* A limit of the buffer between the compact and the raw length must not refuse it. */
    if (raw.n > out->limit - out->n) {
        uint8_t *room = xmalloc(raw.n);

        (void)buf_append(out, room, (size_t)(put_value(room, v) - room));
        xfree(room);
        return;
    }
    if (buf_reserve(out, raw.n))
        out->n = (size_t)(put_value(out->p + out->n, v) - out->p);
}

enum rc json_compact(struct json_parser *parser, struct bytes text,
                     const struct json_limits *limits, struct buf *out, struct json_error *err)
{
    struct json_value root;
    enum rc rc;

    rc = json_parse(parser, text, limits, &root, err);
    if (rc == RC_OK)
        json_compact_value(root, out);
    return rc;
}
