/* SPDX-License-Identifier: MIT */
/*
 * hit_fields.c -- which members of a document are shown.
 *
 * A field is a path: "a" stands for all in it, "a.b" for the member b of the
 * object a, of every object in an array a, or a member spelt "a.b". What is left
 * empty on the way to a field is left out; order is that of the document.
 */
#include "query/format_int.h"

enum field_cover field_set__covers(const struct field_set *f, struct bytes path)
{
    enum field_cover best = FIELD_NONE;
    size_t i;

    if (f->all)
        return FIELD_ALL;
    for (i = 0; i < f->n; i++) {
        if (plan_covers(f->names[i], path))
            return FIELD_ALL;
        if (plan_covers(path, f->names[i]))
            best = FIELD_INSIDE;
    }
    return best;
}

static enum rc no_memory(struct err *err)
{
    return err_set(err, RC_TOO_LARGE, NULL, "the search takes too much memory");
}

/* Both lists name fields; the narrower one of each pair is in both. */
static enum rc intersect(const struct names *a, const struct bytes *b, size_t n_b,
                         struct arena *arena, struct field_set *ret_set, struct err *err)
{
    struct bytes *names;
    size_t i, j, n = 0, cap;

    if (__builtin_mul_overflow(a->n, n_b, &cap) || cap > (1U << 24))
        return no_memory(err);
    names = arena_alloc(arena, (cap + 1) * sizeof *names);
    if (!names)
        return no_memory(err);
    for (i = 0; i < a->n; i++)
        for (j = 0; j < n_b; j++)
            if (plan_covers(b[j], a->at[i]))
                names[n++] = a->at[i];
            else if (plan_covers(a->at[i], b[j]))
                names[n++] = b[j];
    *ret_set = (struct field_set){.names = names, .n = n};
    return RC_OK;
}

static enum rc copy(const struct bytes *names, size_t n, struct arena *arena,
                    struct field_set *ret_set, struct err *err)
{
    struct bytes *at = arena_alloc(arena, (n + 1) * sizeof *at);

    if (!at)
        return no_memory(err);
    if (n > 0)
        memcpy(at, names, n * sizeof *at);
    *ret_set = (struct field_set){.names = at, .n = n};
    return RC_OK;
}

enum rc field_set__shown(const struct plan *plan, const struct names *names, struct arena *arena,
                         struct field_set *ret_set, struct err *err)
{
    if (names->given && !plan_has_star(names->at, names->n)) {
        if (plan->displayed_all)
            return copy(names->at, names->n, arena, ret_set, err);
        return intersect(names, plan->displayed, plan->n_displayed, arena, ret_set, err);
    }
    if (!plan->displayed_all)
        return copy(plan->displayed, plan->n_displayed, arena, ret_set, err);
    *ret_set = (struct field_set){.all = true};
    return RC_OK;
}

enum rc field_set__join(struct field_set *f, const struct field_set *other, struct arena *arena,
                        struct err *err)
{
    struct bytes *names;
    size_t i, n = f->n;

    f->all = f->all || other->all;
    if (f->all || other->n == 0)
        return RC_OK;
    names = arena_alloc(arena, (f->n + other->n) * sizeof *names);
    if (!names)
        return no_memory(err);
    if (n > 0)
        memcpy(names, f->names, n * sizeof *names);
    for (i = 0; i < other->n; i++)
        if (field_set__covers(f, other->names[i]) != FIELD_ALL)
            names[n++] = other->names[i];
    f->names = names;
    f->n = n;
    return RC_OK;
}

/* ---- walking ------------------------------------------------------------------------------------
 */

/* Writes v; inside: only what the set has of it. False, and nothing written, if that is nothing. */
static bool write_value(struct field_writer *w, struct json_value v, bool inside);

static bool write_member(struct field_writer *w, const struct json_iter *it, bool inside,
                         bool comma)
{
    enum field_cover cover = inside ? field_set__covers(w->fields, buf_view(w->path)) : FIELD_ALL;
    size_t before = w->out->n;

    if (cover == FIELD_NONE)
        return false;
    if (comma)
        (void)buf_byte(w->out, ',');
    (void)buf_bytes(w->out, json_raw(it->key_at));
    (void)buf_byte(w->out, ':');
    if (write_value(w, it->value, cover == FIELD_INSIDE))
        return true;
    buf_cut(w->out, before);
    return false;
}

static bool write_object(struct field_writer *w, struct json_value v, bool inside)
{
    size_t path_n = w->path->n, start = w->out->n;
    struct json_iter it;
    bool some = false;

    (void)buf_byte(w->out, '{');
    for (json_iter_init(&it, v); json_iter_next(&it);) {
        if (path_n > 0)
            (void)buf_byte(w->path, '.');
        (void)buf_bytes(w->path, it.key);
        if (path_n > 0 || w->vectors || !bytes_eq(it.key, B("_vectors")))
            some = write_member(w, &it, inside, some) || some;
        buf_cut(w->path, path_n);
    }
    (void)buf_byte(w->out, '}');
    if (inside && !some)
        buf_cut(w->out, start);
    return !inside || some;
}

static bool write_array(struct field_writer *w, struct json_value v, bool inside)
{
    size_t start = w->out->n, before;
    struct json_iter it;
    bool some = false;

    (void)buf_byte(w->out, '[');
    for (json_iter_init(&it, v); json_iter_next(&it);) {
        before = w->out->n;
        if (some)
            (void)buf_byte(w->out, ',');
        if (write_value(w, it.value, inside))
            some = true;
        else
            buf_cut(w->out, before);
    }
    (void)buf_byte(w->out, ']');
    if (inside && !some)
        buf_cut(w->out, start);
    return !inside || some;
}

static bool write_value(struct field_writer *w, struct json_value v, bool inside)
{
    if (!inside && !w->leaf) {
        (void)buf_bytes(w->out, json_raw(v));
        return true;
    }
    switch (json_type(v)) {
    case JSON_OBJECT:
        return write_object(w, v, inside);
    case JSON_ARRAY:
        return write_array(w, v, inside);
    case JSON_NULL:
    case JSON_BOOL:
    case JSON_NUMBER:
    case JSON_STRING:
        break;
    }
    if (inside) /* the field is inside of what is not there */
        return false;
    w->leaf(w->arg, buf_view(w->path), v, w->out);
    return true;
}

void field_writer__object(struct field_writer *w, struct json_value document)
{
    size_t start = w->out->n;

    buf_clear(w->path);
    if (!write_object(w, document, true)) {
        buf_cut(w->out, start);
        (void)buf_str(w->out, "{}");
    }
}

enum rc query_pick_members(struct bytes document, const struct bytes *names, size_t n,
                           struct buf *out, struct err *err)
{
    const struct field_set fields = {.all = plan_has_star(names, n), .names = names, .n = n};
    struct json_parser *parser = json_parser_new();
    struct json_value root;
    struct buf path;
    struct field_writer w = {.fields = &fields, .vectors = true, .path = &path, .out = out};
    enum rc rc;

    buf_init(&path, BUF_NO_LIMIT);
    rc = json_parse(parser, document, &(struct json_limits){.max_depth = JSON_DEPTH_MAX}, &root,
                    NULL);
    if (rc == RC_OK && json_type(root) == JSON_OBJECT)
        field_writer__object(&w, root);
    else
        rc = err_set(err, RC_CORRUPT, NULL, "a stored document is not a JSON object");
    buf_done(&path);
    json_parser_free(parser);
    return rc;
}
