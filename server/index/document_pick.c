/* SPDX-License-Identifier: MIT */
/*
 * document_pick.c -- a document with only some of its members.
 *
 * A field "a" means the member a with all in it; "a.b" the member b of the
 * object a, of every object in an array a, or a member spelt "a.b". What is
 * left empty on the way is left out.
 */
#include "index/index_int.h"

struct wanted {
    const struct bytes *fields;
    size_t n;
    struct buf *path; /* of the object being looked at, with a dot behind it */
    struct buf *out;
};

enum match { MATCH_NONE, MATCH_INSIDE, MATCH_ALL };

static enum match match(const struct wanted *w)
{
    struct bytes path = buf_view(w->path);
    enum match best = MATCH_NONE;
    size_t i;

    for (i = 0; i < w->n; i++) {
        struct bytes f = w->fields[i];

        if (bytes_eq(f, path) || bytes_eq(f, B("*")))
            return MATCH_ALL;
        if (f.n > path.n && f.p[path.n] == '.' && bytes_starts(f, path))
            best = MATCH_INSIDE;
    }
    return best;
}

static bool pick_value(struct wanted *w, struct json_value v);

/* Appends the members wanted; false (and nothing appended) when there are none. */
static bool pick_object(struct wanted *w, struct json_value v)
{
    size_t path_n = w->path->n, start = w->out->n, before;
    struct json_iter it;
    bool some = false;

    (void)buf_byte(w->out, '{');
    for (json_iter_init(&it, v); json_iter_next(&it);) {
        enum match m;

        (void)buf_bytes(w->path, it.key);
        m = match(w);
        before = w->out->n;
        if (m != MATCH_NONE) {
            bool kept;

            if (some)
                (void)buf_byte(w->out, ',');
            (void)buf_bytes(w->out, json_raw(it.key_at));
            (void)buf_byte(w->out, ':');
            if (m == MATCH_ALL) {
                (void)buf_bytes(w->out, json_raw(it.value));
                kept = true;
            } else {
                (void)buf_byte(w->path, '.');
                kept = pick_value(w, it.value);
            }
            some = some || kept;
            if (!kept)
                buf_cut(w->out, before);
        }
        buf_cut(w->path, path_n);
    }
    (void)buf_byte(w->out, '}');
    if (!some)
        buf_cut(w->out, start);
    return some;
}

static bool pick_array(struct wanted *w, struct json_value v)
{
    size_t start = w->out->n, before;
    struct json_iter it;
    bool some = false;

    (void)buf_byte(w->out, '[');
    for (json_iter_init(&it, v); json_iter_next(&it);) {
        before = w->out->n;
        if (some)
            (void)buf_byte(w->out, ',');
        if (pick_value(w, it.value))
            some = true;
        else
            buf_cut(w->out, before);
    }
    (void)buf_byte(w->out, ']');
    if (!some)
        buf_cut(w->out, start);
    return some;
}

static bool pick_value(struct wanted *w, struct json_value v)
{
    if (json_type(v) == JSON_OBJECT)
        return pick_object(w, v);
    return json_type(v) == JSON_ARRAY && pick_array(w, v);
}

enum rc document_pick(struct bytes json, const struct bytes *fields, size_t n_fields,
                      struct buf *out, struct err *err)
{
    struct json_parser *parser = json_parser_new();
    struct json_error at;
    struct json_value root;
    struct buf path;
    enum rc rc;

    buf_init(&path, BUF_NO_LIMIT);
    rc = json_parse(parser, json, &index__json_limits, &root, &at);
    if (rc != RC_OK || json_type(root) != JSON_OBJECT) {
        rc = err_set(err, RC_CORRUPT, NULL, "a stored document is not a JSON object");
        goto out;
    }
    if (!pick_object(&(struct wanted){fields, n_fields, &path, out}, root))
        (void)buf_str(out, "{}");

out:
    buf_done(&path);
    json_parser_free(parser);
    return rc;
}
