/* SPDX-License-Identifier: MIT */
/*
 * document_shown.c -- the members asked for, with or without "_vectors".
 *
 * "_vectors" is hidden unless asked for, and then always there, whatever the list of
 * fields says.
 */
#include "api/document_shown.h"

#include "index/index.h"
#include "query/query.h"
#include "json/json.h"
#include "json/json_write.h"

#define VECTORS B("_vectors")

void document_shown_init(struct shown *s, struct arena *arena, char *const *names, size_t n,
                         bool vectors)
{
    size_t i;

    *s = (struct shown){.vectors = vectors, .parser = json_parser_new()};
    buf_init(&s->part, RECORD_DOCUMENT_MAX);
    buf_init(&s->whole, 2 * RECORD_DOCUMENT_MAX);
    for (i = 0; i < n; i++)
        if (strcmp(names[i], "*") == 0)
            return;
    if (n == 0)
        return;
    s->fields = api_alloc(arena, (n + 1) * sizeof *s->fields);
    for (i = 0; i < n; i++)
        s->fields[s->n_fields++] = bytes_str(names[i]);
    if (vectors)
        s->fields[s->n_fields++] = VECTORS;
}

void document_shown_done(struct shown *s)
{
    buf_done(&s->whole);
    buf_done(&s->part);
    json_parser_free(s->parser);
}

/* Can a member be spelt "_vectors" in this text, as it is or with escapes? */
static bool may_have_vectors(struct bytes json)
{
    return memmem(json.p, json.n, "_vectors", 8) || memmem(json.p, json.n, "\\u", 2);
}

/* Copies the members; "_vectors" goes, or is added where it is missing. */
static enum rc set_vectors(struct shown *s, struct bytes json, struct err *err)
{
    struct json_value root;
    struct json_writer w;
    struct json_iter it;
    bool there = false;

    if (json_parse(s->parser, json, &(struct json_limits){.max_depth = JSON_DEPTH_MAX}, &root,
                   NULL) != RC_OK ||
        json_type(root) != JSON_OBJECT)
        return err_set(err, RC_CORRUPT, NULL, "a stored document is not a JSON object");
    buf_clear(&s->whole);
    json_writer_init(&w, &s->whole);
    json_begin_object(&w);
    for (json_iter_init(&it, root); json_iter_next(&it);) {
        bool vectors = bytes_eq(it.key, VECTORS);

        there = there || vectors;
        if (vectors && !s->vectors)
            continue;
        json_put_key(&w, it.key);
        json_put_raw(&w, json_raw(it.value));
    }
    if (s->vectors && !there) {
        json_put_key(&w, VECTORS);
        json_put_raw(&w, B("{}"));
    }
    json_end_object(&w);
    return buf_ok(&s->whole) ? RC_OK
                             : err_set(err, RC_TOO_LARGE, NULL, "a document is too large to show");
}

enum rc document_shown(struct shown *s, struct bytes json, struct bytes *ret_json, struct err *err)
{
    enum rc rc = RC_OK;

    *ret_json = json;
    if (s->n_fields > 0) {
        buf_clear(&s->part);
        rc = query_pick_members(json, s->fields, s->n_fields, &s->part, err);
        *ret_json = buf_view(&s->part);
    }
    if (rc == RC_OK && (s->vectors || may_have_vectors(*ret_json))) {
        rc = set_vectors(s, *ret_json, err);
        *ret_json = buf_view(&s->whole);
    }
    return rc;
}
