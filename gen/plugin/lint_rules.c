/* SPDX-License-Identifier: MIT */
/*
 * lint_rules.c -- whether options name what exists.
 *
 * Everything that the gateway would otherwise find out while serving (a path
 * variable without a field, a default that is no number) stops the generator
 * instead.
 */
#include "lint_rules.h"

#include <stdlib.h>

#define TYPE(name) GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_##name

static bool is_integer(const struct model_field *f)
{
    switch ((int)f->proto->type) {
    case TYPE(INT64):
    case TYPE(UINT64):
    case TYPE(INT32):
    case TYPE(FIXED64):
    case TYPE(FIXED32):
    case TYPE(UINT32):
    case TYPE(SFIXED32):
    case TYPE(SFIXED64):
    case TYPE(SINT32):
    case TYPE(SINT64):
        return true;
    default:
        return false;
    }
}

static bool enum_has(const struct model_enum *e, const char *json_name)
{
    size_t i;

    for (i = 0; i < e->n_values; i++)
        if (e->values[i].json_name && strcmp(e->values[i].json_name, json_name) == 0)
            return true;
    return false;
}

static bool default_fits(const struct model_field *f, const char *text)
{
    char *end;

    if (f->repeated || f->message)
        return false;
    if (f->proto->type == TYPE(STRING))
        return true;
    if (f->proto->type == TYPE(BOOL))
        return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
    if (f->enumeration)
        return enum_has(f->enumeration, text);
    if (f->proto->type == TYPE(DOUBLE) || f->proto->type == TYPE(FLOAT)) {
        (void)strtod(text, &end);
        return *end == '\0';
    }
    if (!is_integer(f))
        return false;
    (void)strtoll(text, &end, 10);
    return *end == '\0';
}

static void fault(const struct model_message *m, const struct model_field *f, const char *what,
                  struct buf *out)
{
    buf_printf(out, "%s: field %s.%s: %s\n", m->file->path, m->full_name, f->proto->name, what);
}

/* Options that ask for a type of field. */
static void lint_rule_types(const struct model_message *m, const struct model_field *f,
                            struct buf *out)
{
    const Lode__FieldRule *r = f->rule;
    bool is_date = f->message && strcmp(f->message->full_name, "google.protobuf.Timestamp") == 0;

    if (r->raw_json && f->proto->type != TYPE(BYTES))
        fault(m, f, "raw_json is for bytes", out);
    if (r->number_as_string && f->proto->type != TYPE(STRING))
        fault(m, f, "number_as_string is for strings", out);
    if (r->comma_list && !f->repeated)
        fault(m, f, "comma_list is for repeated fields", out);
    if (f->message && f->is_map && f->message->fields[0].proto->type != TYPE(STRING))
        fault(m, f, "keys of maps are strings, as JSON has them", out);
    if (r->date && !is_date)
        fault(m, f, "date is for google.protobuf.Timestamp", out);
    if (r->max && !is_integer(f))
        fault(m, f, "max is for integers", out);
    if (*r->enum_error && !f->enumeration)
        fault(m, f, "enum_error is for enums", out);
    if (*r->default_value && !default_fits(f, r->default_value))
        fault(m, f, "default_value does not fit the type", out);
    if (r->null_if_absent && (f->repeated || (!f->message && !f->proto->has_oneof_index)))
        fault(m, f, "null_if_absent is for messages and members of a oneof", out);
}

void lint_field_rule(const struct model_message *m, const struct model_field *f, struct buf *out)
{
    const Lode__FieldRule *r = f->rule;
    const struct model_field *reset = model_find_field(m, "reset");

    lint_rule_types(m, f, out);
    if (r->keep_star && !r->comma_list)
        fault(m, f, "keep_star is for comma lists", out);
    if (r->body_only && r->query_only)
        fault(m, f, "body_only and query_only leave no way in", out);
    if (*r->missing && !r->required)
        fault(m, f, "missing is for required fields", out);
    if (*r->default_value && r->required)
        fault(m, f, "a required field has no use for a default_value", out);
    if (r->null_resets &&
        (!reset || !reset->repeated || reset->proto->type != TYPE(STRING) || !reset->rule->hidden))
        fault(m, f, "null_resets needs a hidden field `repeated string reset`", out);
}

void lint_message_rule(const struct model_message *m, struct buf *out)
{
    size_t i;

    if (!m->rule->transparent)
        return;
    if (m->n_fields == 1 && m->fields[0].repeated)
        return;
    for (i = 0; i < m->n_fields; i++)
        if (!m->fields[i].proto->has_oneof_index || m->fields[i].proto->oneof_index != 0)
            break;
    if (i < m->n_fields || m->n_fields == 0)
        buf_printf(out, "%s: transparent message %s needs one repeated field, or one oneof\n",
                   m->file->path, m->full_name);
}

static const struct model_field *need_field(const struct model_method *m, const char *what,
                                            const struct model_message *message, const char *name,
                                            struct buf *out)
{
    const struct model_field *f = model_find_field(message, name);

    if (!f)
        buf_printf(out, "%s: %s.%s: %s names field `%s`, which %s does not have\n",
                   m->service->file->path, m->service->full_name, m->proto->name, what, name,
                   message->full_name);
    return f;
}

static void route_fault(const struct model_method *m, const char *what, struct buf *out)
{
    buf_printf(out, "%s: %s.%s: %s\n", m->service->file->path, m->service->full_name,
               m->proto->name, what);
}

/* Segments are literal text or {field}, nothing in between. */
static void lint_pattern(const struct model_method *m, const char *pattern, struct buf *out)
{
    const char *p = pattern;
    char name[128];

    if (*p != '/') {
        route_fault(m, "a path starts with a slash", out);
        return;
    }
    while (*p == '/') {
        size_t n = strcspn(++p, "/");

        if (n == 0 || n >= sizeof(name))
            route_fault(m, "a path has an empty or overlong segment", out);
        else if (p[0] == '{' && p[n - 1] == '}') {
            const struct model_field *f;

            memcpy(name, p + 1, n - 2);
            name[n - 2] = '\0';
            f = need_field(m, "the path", m->in, name, out);
            if (f && (f->repeated || f->message))
                route_fault(m, "a path variable is a scalar", out);
        } else if (memchr(p, '{', n) || memchr(p, '}', n))
            route_fault(m, "a {variable} is a whole path segment", out);
        p += n;
    }
}

static void lint_stream_body(const struct model_method *m, const Lode__HttpRule *r, struct buf *out)
{
    const struct model_field *f;

    if (!m->proto->client_streaming) {
        route_fault(m, "body_stream is for methods whose client streams", out);
        return;
    }
    f = need_field(m, "body_stream", m->in, r->body_stream, out);
    if (f && (f->repeated || f->proto->type != TYPE(BYTES)))
        route_fault(m, "body_stream is a bytes field", out);
    if (*r->body)
        route_fault(m, "body and body_stream exclude each other", out);
}

static void lint_route(const struct model_method *m, const Lode__HttpRule *r, struct buf *out)
{
    const char *pattern = "/";
    size_t i;

    if (!model_route_verb(r, &pattern))
        route_fault(m, "exactly one of get, put, post, delete, patch is needed", out);
    else
        lint_pattern(m, pattern, out);
    if (m->proto->server_streaming)
        route_fault(m, "streams of answers have no HTTP form", out);
    if (*r->body && strcmp(r->body, "*") != 0)
        need_field(m, "body", m->in, r->body, out);
    if (*r->response_body)
        need_field(m, "response_body", m->out, r->response_body, out);
    if (*r->content_type_field)
        need_field(m, "content_type_field", m->in, r->content_type_field, out);
    if (*r->body_stream)
        lint_stream_body(m, r, out);
    else if (m->proto->client_streaming)
        route_fault(m, "a client stream over HTTP needs body_stream", out);
    for (i = 0; i < r->n_set; i++) {
        const char *equals = strchr(r->set[i], '=');
        char name[128];

        if (!equals || (size_t)(equals - r->set[i]) >= sizeof(name)) {
            route_fault(m, "set reads field=value", out);
            continue;
        }
        memcpy(name, r->set[i], (size_t)(equals - r->set[i]));
        name[equals - r->set[i]] = '\0';
        need_field(m, "set", m->in, name, out);
    }
}

void lint_method_rule(const struct model_method *m, struct buf *out)
{
    size_t i;

    for (i = 0; i < m->n_routes; i++)
        lint_route(m, m->routes[i], out);
    if (*m->rule->index_field)
        need_field(m, "index_field", m->in, m->rule->index_field, out);
}
