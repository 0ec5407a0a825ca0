/* SPDX-License-Identifier: MIT */
/*
 * hit.c -- a row to the JSON of a hit: the document's members that are shown, then Lode's own.
 *
 * A document is parsed once for all of it. Members come in the order of the
 * stored document, byte for byte as they stand there.
 */
#include "query/format_int.h"

#include "base/mem.h"

#include <math.h>

struct hit_maker {
    const struct search *search;
    struct field_set shown;
    struct formatter *formatter; /* NULL: nothing is formatted */
    struct json_parser *parser;
    struct buf document, path;
    bool geo; /* sorted by distance from here: */
    double lat, lng;
};

/* The first point that is sorted by gives the distance. */
static void find_point(struct hit_maker *m)
{
    const struct names *sort = &m->search->spec->sort;
    size_t i, n;

    for (i = 0; i < sort->n && !m->geo; i++) {
        struct bytes rule = sort->at[i];

        for (n = rule.n; n > 0 && rule.p[n - 1] != ':';)
            n--;
        if (n > 0)
            m->geo = geo__parse_point(bytes_of(rule.p, n - 1), &m->lat, &m->lng);
    }
}

/* Fields that are neither searched nor in columns are known as documents have them. */
static void tell_fields(struct hit_maker *m)
{
    struct reader *r = m->search->reader;
    size_t i;

    for (i = 0; i < reader_n_fields(r); i++)
        formatter__know(m->formatter, reader_field_name(r, (uint32_t)i));
    for (i = 0; i < reader_n_columns(r); i++)
        formatter__know(m->formatter, reader_column_name(r, i));
}

enum rc hit_maker__new(const struct search *s, const struct graph *g, struct hit_maker **ret_maker,
                       struct err *err)
{
    const struct query_spec *spec = s->spec;
    struct hit_maker *m = xcalloc(1, sizeof *m);
    enum rc rc;

    m->search = s;
    m->parser = json_parser_new();
    buf_init(&m->document, BUF_NO_LIMIT); /* one document */
    buf_init(&m->path, BUF_NO_LIMIT);
    find_point(m);
    rc = field_set__shown(s->plan, &spec->retrieve, s->arena, &m->shown, err);
    if (rc == RC_OK && (spec->highlight.n > 0 || spec->crop.n > 0 || spec->show_matches))
        rc = formatter__new(s, g, &m->shown, &m->formatter, err);
    if (m->formatter)
        tell_fields(m);
    if (rc == RC_OK)
        *ret_maker = m;
    else
        hit_maker__free(m);
    return rc;
}

void hit_maker__free(struct hit_maker *m)
{
    if (!m)
        return;
    formatter__free(m->formatter);
    json_parser_free(m->parser);
    buf_done(&m->document);
    buf_done(&m->path);
    xfree(m);
}

/* Coordinates may be numbers or texts of numbers. */
static bool coordinate(struct json_value geo, struct bytes name, double *ret)
{
    struct json_value v;

    if (!json_get(geo, name, &v))
        return false;
    if (json_type(v) == JSON_STRING)
        return json_parse_double(json_string(v), ret);
    return json_as_double(v, ret);
}

static void put_distance(const struct hit_maker *m, struct json_value root, struct json_writer *w)
{
    struct json_value geo;
    double lat, lng;

    if (!m->geo || !json_get(root, B("_geo"), &geo) || json_type(geo) != JSON_OBJECT ||
        !coordinate(geo, B("lat"), &lat) || !coordinate(geo, B("lng"), &lng))
        return;
    json_key(w, "_geoDistance");
    json_put_u64(w, (uint64_t)llround(geo__distance(m->lat, m->lng, lat, lng)));
}

/* Whether the document has room for members behind its own: the last byte is its brace. */
static void reopen(struct buf *out, size_t start, struct json_writer *w)
{
    json_writer_init(w, out);
    buf_cut(out, out->n - 1);
    w->comma = out->n > start + 1;
}

enum rc hit_maker__hit(struct hit_maker *m, const struct ranked *r, struct bytes more,
                       struct buf *out, struct err *err)
{
    const struct query_spec *spec = m->search->spec;
    struct field_writer fields = {
        .fields = &m->shown, .vectors = spec->retrieve_vectors, .path = &m->path, .out = out};
    size_t start = out->n;
    struct json_value root;
    struct json_writer w;
    enum rc rc;

    rc = reader_document(m->search->reader, r->row, &m->document, err);
    if (rc != RC_OK)
        return rc;
    rc = json_parse(m->parser, buf_view(&m->document),
                    &(struct json_limits){.max_depth = JSON_DEPTH_MAX}, &root, NULL);
    if (rc != RC_OK || json_type(root) != JSON_OBJECT)
        return err_set(err, RC_CORRUPT, NULL, "a stored document is not a JSON object");
    field_writer__object(&fields, root);
    if (!buf_ok(out))
        return err_set(err, RC_TOO_LARGE, NULL, "the hits take too much memory");
    reopen(out, start, &w);
    put_distance(m, root, &w);
    if (m->formatter)
        formatter__members(m->formatter, root, &w);
    if (spec->show_score) {
        json_key(&w, "_rankingScore");
        json_put_double(&w, r->score);
    }
    if (spec->show_details)
        hit_score__details(m->search->plan, r, &w);
    if (more.n > 0) {
        if (w.comma)
            (void)buf_byte(out, ',');
        (void)buf_bytes(out, more);
    }
    (void)buf_byte(out, '}');
    return buf_ok(out) ? RC_OK : err_set(err, RC_TOO_LARGE, NULL, "the hits take too much memory");
}
