/* SPDX-License-Identifier: MIT */
/*
 * document_geo.c -- whether the place that a document says it is at is one.
 *
 * Looked at only in an index whose settings make _geo filterable or sortable;
 * elsewhere _geo is a member like any other. Null means: no place. Numbers may
 * be written as strings.
 */
#include "index/index_int.h"

#include "json/json_write.h"

struct place {
    struct json_parser *parser; /* for numbers inside strings */
    struct bytes id;
    struct err *err;
};

static enum rc refuse(const struct place *p, const char *before, const char *after,
                      struct bytes first, struct bytes second)
{
    struct buf id;
    enum rc rc;

    buf_init(&id, BUF_NO_LIMIT);
    json_quote(&id, p->id);
    rc = err_set(p->err, RC_INVALID, "invalid_document_geo_field",
                 "%s the document with the id: `%.*s`%s%.*s%s%.*s%s", before,
                 BYTES_ARG(buf_view(&id)), after, BYTES_ARG(first), second.n ? "` and `" : "",
                 BYTES_ARG(second), first.n ? "`." : "");
    buf_done(&id);
    return rc;
}

static bool is_finite_number(const struct place *p, struct json_value v)
{
    struct json_value inside;
    struct json_error at;
    double d;

    if (json_type(v) == JSON_NUMBER)
        return json_as_double(v, &d);
    return json_type(v) == JSON_STRING &&
           json_parse(p->parser, json_string(v), NULL, &inside, &at) == RC_OK &&
           json_type(inside) == JSON_NUMBER && json_as_double(inside, &d);
}

/* The members besides the two, as an object; false: there are none. */
static bool others(struct json_value geo, struct buf *out)
{
    struct json_writer w;
    struct json_iter it;
    bool some = false;

    json_writer_init(&w, out);
    json_begin_object(&w);
    for (json_iter_init(&it, geo); json_iter_next(&it);) {
        if (bytes_eq(it.key, B("lat")) || bytes_eq(it.key, B("lng")))
            continue;
        some = true;
        json_put_key(&w, it.key);
        json_put_raw(&w, json_raw(it.value));
    }
    json_end_object(&w);
    return some;
}

static enum rc check_numbers(const struct place *p, struct json_value lat, struct json_value lng)
{
    bool lat_fine = is_finite_number(p, lat), lng_fine = is_finite_number(p, lng);

    if (lat_fine && lng_fine)
        return RC_OK;
    if (!lat_fine && !lng_fine)
        return refuse(p, "Could not parse latitude nor longitude in",
                      ". Was expecting finite numbers but instead got `", json_raw(lat),
                      json_raw(lng));
    return refuse(p, lat_fine ? "Could not parse longitude in" : "Could not parse latitude in",
                  ". Was expecting a finite number but instead got `",
                  json_raw(lat_fine ? lng : lat), (struct bytes){0});
}

static enum rc check_object(const struct place *p, struct json_value geo)
{
    struct json_value lat, lng;
    bool has_lat = json_get(geo, B("lat"), &lat), has_lng = json_get(geo, B("lng"), &lng);
    const struct bytes none = {0};
    struct buf more;
    enum rc rc;

    if (!has_lat && !has_lng)
        return refuse(p, "Could not find latitude nor longitude in",
                      ". Was expecting `_geo.lat` and `_geo.lng` fields.", none, none);
    if (!has_lat)
        return refuse(p, "Could not find latitude in", ". Was expecting a `_geo.lat` field.", none,
                      none);
    if (!has_lng)
        return refuse(p, "Could not find longitude in", ". Was expecting a `_geo.lng` field.", none,
                      none);
    buf_init(&more, BUF_NO_LIMIT);
    if (others(geo, &more)) {
        if (more.n > ERR_MSG_MAX) /* a precision is an int, and the message is cut before that */
            more.n = ERR_MSG_MAX;
        rc = refuse(p, "The `_geo` field in", " contains the following unexpected fields: `",
                    buf_view(&more), none);
    } else {
        rc = check_numbers(p, lat, lng);
    }
    buf_done(&more);
    return rc;
}

enum rc document__check_geo(struct json_value document, struct bytes id, struct json_parser *parser,
                            struct err *err)
{
    const struct place p = {parser, id, err};
    struct json_value geo;
    struct buf text;
    enum rc rc;

    if (!json_get(document, B("_geo"), &geo) || json_type(geo) == JSON_NULL)
        return RC_OK;
    if (json_type(geo) == JSON_OBJECT)
        return check_object(&p, geo);
    buf_init(&text, BUF_NO_LIMIT);
    json_compact_value(geo, &text);
    if (text.n > ERR_MSG_MAX)
        text.n = ERR_MSG_MAX;
    rc = refuse(&p, "The `_geo` field in",
                " is not an object. Was expecting an object with the `_geo.lat` and `_geo.lng` "
                "fields but instead got `",
                buf_view(&text), (struct bytes){0});
    buf_done(&text);
    return rc;
}

/* "_geo" itself, or a pattern with a star at an end that it matches. */
static bool covers_geo(struct json_value v)
{
    struct bytes s, geo = B("_geo");

    if (json_type(v) != JSON_STRING)
        return false;
    s = json_string(v);
    if (s.n && s.p[s.n - 1] == '*')
        return bytes_starts(geo, bytes_of(s.p, s.n - 1));
    if (s.n && s.p[0] == '*')
        return s.n - 1 <= geo.n && memcmp(geo.p + geo.n - (s.n - 1), s.p + 1, s.n - 1) == 0;
    return bytes_eq(s, geo);
}

static bool any_covers_geo(struct json_value list)
{
    struct json_value patterns;
    struct json_iter it;

    for (json_iter_init(&it, list); json_iter_next(&it);) {
        if (covers_geo(it.value))
            return true;
        if (json_get(it.value, B("attributePatterns"), &patterns) && any_covers_geo(patterns))
            return true;
    }
    return false;
}

bool settings__use_geo(struct bytes settings)
{
    struct json_parser *parser = json_parser_new();
    struct json_value root, list;
    struct json_error at;
    bool use = false;

    if (json_parse(parser, settings, &index__json_limits, &root, &at) == RC_OK) {
        use = json_get(root, B("sortableAttributes"), &list) && any_covers_geo(list);
        use = use || (json_get(root, B("filterableAttributes"), &list) && any_covers_geo(list));
    }
    json_parser_free(parser);
    return use;
}
