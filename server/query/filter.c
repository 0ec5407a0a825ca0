/* SPDX-License-Identifier: MIT */
/*
 * filter.c -- the filter of a request: a string, or an array of strings and arrays.
 *
 * An array means that all of its elements hold, an array in it that one of its
 * does. Blank strings and empty arrays say nothing.
 */
#include "query/filter_int.h"

#include "json/json.h"

/* The tree of `list` (linked by next), of which all or one must hold; NULL: an empty list. */
static enum rc join(struct arena *arena, enum filter_op op, struct filter_node *list,
                    const char *word, struct filter_node **ret, struct err *err)
{
    *ret = list;
    if (!list || !list->next)
        return RC_OK;
    *ret = arena_zalloc(arena, sizeof **ret);
    if (!*ret)
        return filter__too_large(word, err);
    (*ret)->op = op;
    (*ret)->child = list;
    return RC_OK;
}

/* json_string() without escapes is borrowed from the request, with them from its parser. */
static enum rc read_string(struct arena *arena, struct json_value v, const char *word,
                           struct filter_node **ret, struct err *err)
{
    struct bytes text = arena_dup(arena, json_string(v));

    if (!text.p && json_string(v).n)
        return filter__too_large(word, err);
    return filter__parse(arena, text, word, ret, err);
}

static enum rc bad_type(struct json_value v, const char *expected, const char *word,
                        struct err *err)
{
    struct buf text;

    buf_init(&text, ERR_MSG_MAX);
    json_compact_value(v, &text);
    (void)err_set(err, RC_INVALID, word,
                  "Invalid syntax for the filter parameter: `expected %s, found: %s`.", expected,
                  buf_cstr(&text));
    buf_done(&text);
    return RC_INVALID;
}

static enum rc read_any_of(struct arena *arena, struct json_value list, const char *word,
                           struct filter_node **ret, struct err *err)
{
    struct filter_node *first = NULL, **tail = &first;
    struct json_iter it;
    enum rc rc;

    for (json_iter_init(&it, list); json_iter_next(&it);) {
        if (json_type(it.value) != JSON_STRING)
            return bad_type(it.value, "String", word, err);
        rc = read_string(arena, it.value, word, tail, err);
        if (rc != RC_OK)
            return rc;
        if (*tail)
            tail = &(*tail)->next;
    }
    return join(arena, FILTER_OR, first, word, ret, err);
}

static enum rc read_all_of(struct arena *arena, struct json_value list, const char *word,
                           struct filter_node **ret, struct err *err)
{
    struct filter_node *first = NULL, **tail = &first;
    struct json_iter it;
    enum rc rc;

    for (json_iter_init(&it, list); json_iter_next(&it);) {
        if (json_type(it.value) == JSON_STRING)
            rc = read_string(arena, it.value, word, tail, err);
        else if (json_type(it.value) == JSON_ARRAY)
            rc = read_any_of(arena, it.value, word, tail, err);
        else
            return bad_type(it.value, "String, [String]", word, err);
        if (rc != RC_OK)
            return rc;
        if (*tail)
            tail = &(*tail)->next;
    }
    return join(arena, FILTER_AND, first, word, ret, err);
}

/* Reads the JSON of a request; *ret_root NULL: no filter. */
static enum rc read_filter(struct arena *arena, struct bytes json, const char *word,
                           struct filter_node **ret_root, struct err *err)
{
    struct json_parser *parser;
    struct json_value root;
    struct json_error at;
    enum rc rc;

    *ret_root = NULL;
    if (json.n == 0)
        return RC_OK;
    parser = json_parser_new();
    rc = json_parse(parser, json, NULL, &root, &at);
    if (rc != RC_OK) {
        char text[JSON_ERROR_TEXT_MAX];

        rc = err_set(err, RC_INVALID, word, "Invalid syntax for the filter parameter: `%s`.",
                     json_error_text(text, &at));
    } else if (json_type(root) == JSON_STRING) {
        rc = read_string(arena, root, word, ret_root, err);
    } else if (json_type(root) == JSON_ARRAY) {
        rc = read_all_of(arena, root, word, ret_root, err);
    } else if (json_type(root) != JSON_NULL) {
        rc = bad_type(root, "String, Array", word, err);
    }
    json_parser_free(parser);
    return rc;
}

enum rc filter__new(const struct search *s, struct bytes json, const char *word,
                    struct filter **ret_filter, struct err *err)
{
    struct filter_node *root;
    struct filter *f;
    enum rc rc;

    rc = read_filter(s->arena, json, word, &root, err);
    if (rc != RC_OK)
        return rc;
    *ret_filter = NULL;
    if (!root)
        return RC_OK;
    rc = filter__check(s, root, word, err);
    if (rc == RC_OK)
        rc = filter__bind(s, root, word, err);
    if (rc != RC_OK)
        return rc;
    f = arena_zalloc(s->arena, sizeof *f);
    if (!f)
        return filter__too_large(word, err);
    f->search = s;
    f->root = root;
    *ret_filter = f;
    return RC_OK;
}

enum { CHECK_BYTES = 64 << 20 }; /* what checking one filter may take */

enum rc query_check_filter(struct bytes filter, bool contains_filter, const char *word,
                           struct err *err)
{
    struct arena *arena = arena_new(CHECK_BYTES);
    struct filter_node *root;
    enum rc rc;

    rc = read_filter(arena, filter, word, &root, err);
    if (rc == RC_OK && !root)
        rc = err_set(err, RC_INVALID, word, "Sending an empty filter is forbidden.");
    if (rc == RC_OK && !contains_filter)
        rc = filter__check_contains(root, err);
    arena_free(arena);
    return rc;
}
