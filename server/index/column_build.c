/* SPDX-License-Identifier: MIT */
/*
 * column_build.c -- documents into the columns that settings ask for.
 *
 * Paths get numbers as they are met, and for each number it is found out once
 * whether it has a column. Of _geo the two numbers are taken even where they
 * are written as strings, as document_geo.c allows.
 */
#include "index/column_gather.h"

#include "base/mem.h"
#include "json/json_write.h"

struct column_builder {
    const struct plan *plan; /* borrowed */
    struct fields paths;     /* all that were met */
    struct gather **gathers; /* owned; by number of path: NULL: has no column */
    size_t n_gathers, gathers_cap;
    struct fields only; /* names to gather, if some_only */
    bool some_only;
    struct buf path;
    struct json_parser *parser; /* owned, made when it is needed */
    uint32_t row;
    uint32_t last; /* number of the path met last: values follow their member */
};

struct column_builder *column_builder__new(const struct plan *plan, const struct bytes *only,
                                           size_t n_only)
{
    struct column_builder *b = xcalloc(1, sizeof *b);
    size_t i;

    b->plan = plan;
    b->last = FIELD_NONE;
    b->some_only = only != NULL;
    buf_init(&b->path, BUF_NO_LIMIT);
    for (i = 0; i < n_only; i++)
        (void)fields__add(&b->only, only[i]);
    return b;
}

void column_builder__free(struct column_builder *b)
{
    size_t i;

    if (!b)
        return;
    for (i = 0; i < b->n_gathers; i++)
        gather_free(b->gathers[i]);
    xfree(b->gathers);
    fields__done(&b->paths);
    fields__done(&b->only);
    buf_done(&b->path);
    json_parser_free(b->parser);
    xfree(b);
}

static struct gather *gather_of(struct column_builder *b, struct bytes path)
{
    uint32_t id = b->last;
    bool wants;

    if (id == FIELD_NONE || !bytes_eq(b->paths.names[id], path))
        id = fields__add(&b->paths, path);
    b->last = id;
    if (id < b->n_gathers)
        return b->gathers[id];
    wants = b->some_only ? fields__find(&b->only, path) != FIELD_NONE
                         : plan_wants_column(b->plan, path);
    b->gathers = index__grow(b->gathers, sizeof(struct gather *), (size_t)id + 1, &b->gathers_cap);
    b->gathers[id] = wants ? gather_new(path) : NULL;
    b->n_gathers = (size_t)id + 1;
    return b->gathers[id];
}

static void see_member(void *arg, struct bytes path, struct json_value v)
{
    struct column_builder *b = arg;
    struct gather *g = gather_of(b, path);

    if (g)
        gather_member(g, b->row, v);
}

/* A number in quotes. */
static bool number_inside(struct column_builder *b, struct bytes text, double *ret)
{
    struct json_value inside;
    struct json_error at;

    if (!b->parser)
        b->parser = json_parser_new();
    return json_parse(b->parser, text, NULL, &inside, &at) == RC_OK && json_as_double(inside, ret);
}

static bool is_geo(struct bytes path)
{
    return bytes_eq(path, B("_geo.lat")) || bytes_eq(path, B("_geo.lng"));
}

static void see_value(void *arg, struct bytes path, struct json_value v)
{
    struct column_builder *b = arg;
    struct gather *g = gather_of(b, path);
    double number;

    if (!g)
        return;
    switch (json_type(v)) {
    case JSON_NUMBER:
        if (json_as_double(v, &number))
            gather_number(g, number);
        return;
    case JSON_STRING:
        if (is_geo(path) && number_inside(b, json_string(v), &number))
            gather_number(g, number);
        else
            gather_text(g, json_string(v));
        return;
    case JSON_BOOL:
        gather_text(g, json_bool(v) ? B("true") : B("false"));
        return;
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        return;
    }
}

void column_builder__add(struct column_builder *b, uint32_t row, struct json_value document)
{
    const struct leaf_visitor visitor = {b, see_value, see_member};

    b->row = row;
    leaves__walk(document, &b->path, &visitor);
}

size_t column_builder__bytes(const struct column_builder *b)
{
    size_t i, n = 0;

    for (i = 0; i < b->n_gathers; i++)
        if (b->gathers[i])
            n += gather_bytes(b->gathers[i]);
    return n;
}

enum rc column_builder__flush(struct column_builder *b, part_put_fn *put, void *arg,
                              struct err *err)
{
    struct bytes part;
    uint32_t first;
    size_t i, j;
    enum rc rc = RC_OK;

    for (i = 0; i < b->n_gathers; i++) {
        struct gather *g = b->gathers[i];

        if (!g)
            continue;
        for (j = 0; rc == RC_OK && gather_part(g, j, &first, &part); j++)
            rc = put(arg, gather_name(g), first, part, err);
        gather_clear(g);
    }
    return rc;
}
