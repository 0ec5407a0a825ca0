/* SPDX-License-Identifier: MIT */
/*
 * document_id.c -- which document this is, by its primary key.
 *
 * A primary key with dots names a member inside objects, or a member whose
 * name has the dots in it, or any mixture: "a.b.c" is found as {"a.b":{"c":1}}
 * too. It must be found exactly once. Arrays are not looked into.
 *
 * An id is text: the integer's digits, or the string. So 1 and "1" are the same
 * document, whichever of the two its stored member says.
 */
#include "index/index_int.h"

#include "base/mem.h"

#include <stdlib.h>

const struct json_limits index__json_limits = {.max_depth = JSON_DEPTH_MAX};

static bool id_byte(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_';
}

static bool all_id_bytes(struct bytes b)
{
    size_t i;

    for (i = 0; i < b.n; i++)
        if (!id_byte(b.p[i]))
            return false;
    return true;
}

bool document_id_valid(struct bytes id)
{
    return id.n >= 1 && id.n <= DOCUMENT_ID_MAX && all_id_bytes(id);
}

enum rc index_uid_check(struct bytes uid, struct err *err)
{
    if (uid.n >= 1 && uid.n <= INDEX_UID_MAX && all_id_bytes(uid))
        return RC_OK;
    /* The public text says 512; the limit that holds is 400. */
    return err_set(err, RC_INVALID, "invalid_index_uid",
                   "`%.*s` is not a valid index uid. Index uid can be an integer or a string "
                   "containing only alphanumeric characters, hyphens (-) and underscores (_), and "
                   "can not be more than 512 bytes.",
                   BYTES_ARG(uid));
}

enum rc index__not_found(struct bytes uid, struct err *err)
{
    return err_set(err, RC_NOT_FOUND, "index_not_found", "Index `%.*s` not found.", BYTES_ARG(uid));
}

/* What of v was found under path, which begins inside the object v. */
static void find_path(struct json_value v, struct bytes path, size_t *n_found,
                      struct json_value *ret_value)
{
    struct json_iter it;

    for (json_iter_init(&it, v); json_iter_next(&it);) {
        if (bytes_eq(it.key, path)) {
            ++*n_found;
            *ret_value = it.value;
        } else if (it.key.n < path.n && path.p[it.key.n] == '.' && bytes_starts(path, it.key) &&
                   json_type(it.value) == JSON_OBJECT) {
            find_path(it.value, bytes_of(path.p + it.key.n + 1, path.n - it.key.n - 1), n_found,
                      ret_value);
        }
    }
}

/* The compact text of v, as far as a message can show it; buf_done() it. */
static struct buf quoted(struct json_value v)
{
    struct buf text;

    buf_init(&text, BUF_NO_LIMIT);
    json_compact_value(v, &text);
    if (text.n > ERR_MSG_MAX) /* a precision is an int, and the message is cut before that */
        text.n = ERR_MSG_MAX;
    return text;
}

static enum rc invalid_id(struct json_value v, struct err *err)
{
    struct buf text = quoted(v);
    enum rc rc;

    rc = err_set(err, RC_INVALID, "invalid_document_id",
                 "Document identifier `%.*s` is invalid. A document identifier can be of type "
                 "integer or string, only composed of alphanumeric characters (a-z A-Z 0-9), "
                 "hyphens (-) and underscores (_), and can not be more than 511 bytes.",
                 BYTES_ARG(buf_view(&text)));
    buf_done(&text);
    return rc;
}

static enum rc id_of_value(struct json_value v, struct bytes *ret_id, struct err *err)
{
    struct bytes id;
    int64_t i;
    uint64_t u;

    if (json_type(v) == JSON_NUMBER && (json_as_i64(v, &i) || json_as_u64(v, &u))) {
        /* JSON allows no leading zeros or plus signs: its digits are the canonical text. */
        *ret_id = json_raw(v);
        return RC_OK;
    }
    if (json_type(v) == JSON_STRING) {
        id = json_string(v);
        if (document_id_valid(id)) {
            *ret_id = id;
            return RC_OK;
        }
    }
    return invalid_id(v, err);
}

enum rc document__id(struct json_value document, struct bytes primary_key, struct bytes *ret_id,
                     struct err *err)
{
    struct json_value v = {0};
    size_t n_found = 0;
    struct buf text;
    enum rc rc;

    if (!memchr(primary_key.p, '.', primary_key.n))
        n_found = json_get(document, primary_key, &v) ? 1 : 0;
    else
        find_path(document, primary_key, &n_found, &v);
    if (n_found == 1)
        return id_of_value(v, ret_id, err);
    text = quoted(document);
    rc = err_set(err, RC_INVALID, n_found ? "invalid_document_id" : "missing_document_id",
                 "Document %s `%.*s` attribute: `%.*s`.",
                 n_found ? "have too many matching" : "doesn't have a", BYTES_ARG(primary_key),
                 BYTES_ARG(buf_view(&text)));
    buf_done(&text);
    return rc;
}

static bool ends_with_id(struct bytes name)
{
    return name.n >= 2 && (name.p[name.n - 2] | 0x20) == 'i' && (name.p[name.n - 1] | 0x20) == 'd';
}

enum rc document__no_key(struct err *err)
{
    return err_set(err, RC_INVALID, "index_primary_key_no_candidate_found",
                   "The primary key inference failed as the engine did not find any field ending "
                   "with `id` in its name. Please specify the primary key manually using the "
                   "`primaryKey` query parameter.");
}

enum rc document__infer_key(struct json_value document, struct bytes *ret_name, struct err *err)
{
    struct bytes first = {0}, second = {0};
    struct json_iter it;
    size_t n = 0;

    for (json_iter_init(&it, document); json_iter_next(&it);) {
        if (!ends_with_id(it.key))
            continue;
        if (n == 0 || bytes_cmp(it.key, first) < 0) {
            second = first;
            first = it.key;
        } else if (n == 1 || bytes_cmp(it.key, second) < 0) {
            second = it.key;
        }
        n++;
    }
    if (n == 0)
        return document__no_key(err);
    if (n > 1)
        return err_set(err, RC_INVALID, "index_primary_key_multiple_candidates_found",
                       "The primary key inference failed as the engine found %zu fields ending "
                       "with `id` in their names: '%.*s' and '%.*s'. Please specify the primary "
                       "key manually using the `primaryKey` query parameter.",
                       n, BYTES_ARG(first), BYTES_ARG(second));
    *ret_name = first;
    return RC_OK;
}

enum rc document_id_of(struct json_parser *parser, struct bytes json, struct bytes primary_key,
                       struct buf *out, struct err *err)
{
    struct json_value document;
    struct bytes id = {0};
    enum rc rc;

    buf_clear(out);
    if (json_parse(parser, json, &index__json_limits, &document, NULL) != RC_OK)
        return err_set(err, RC_CORRUPT, NULL, "a stored document is no JSON");
    rc = document__id(document, primary_key, &id, err);
    if (rc == RC_OK)
        buf_bytes(out, id);
    return rc;
}
