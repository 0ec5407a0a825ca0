/* SPDX-License-Identifier: MIT */
/*
 * lint.c -- what Lode's .proto files may not do: files, names, types.
 *
 * google.protobuf is not ours and is let through. lode/options.proto may use
 * "delete" as a field name, as HTTP does; its C struct is only for the plugin.
 */
#include "lint.h"

#include "lint_rules.h"
#include "names.h"

enum { WHITE, GREY, BLACK };

static void lint_file_kind(const struct model_file *file, struct buf *out)
{
    size_t n = strlen(file->stem);
    bool service_name = n > 8 && strcmp(file->stem + n - 8, "_service") == 0;

    if (service_name && (file->n_messages || file->n_enums))
        buf_printf(out, "%s: a *_service.proto holds services only; put messages beside it\n",
                   file->path);
    if (!service_name && file->n_services)
        buf_printf(out, "%s: services belong in a file named *_service.proto\n", file->path);
    if (service_name && !file->n_services)
        buf_printf(out, "%s: named *_service.proto but holds no service\n", file->path);
    if (!file->proto->syntax || strcmp(file->proto->syntax, "proto3") != 0)
        buf_printf(out, "%s: syntax must be proto3\n", file->path);
    if (!file->proto->package || !*file->proto->package)
        buf_printf(out, "%s: a package is needed\n", file->path);
    if (file->proto->n_public_dependency)
        buf_printf(out, "%s: import public is not supported\n", file->path);
}

static void lint_enum(const struct model_enum *e, struct buf *out)
{
    size_t i;

    if (!name_is_upper_camel(e->proto->name))
        buf_printf(out, "%s: enum %s must be UpperCamel without acronyms\n", e->file->path,
                   e->full_name);
    for (i = 0; i < e->n_values; i++) {
        if (!name_is_upper_snake(e->values[i].name))
            buf_printf(out, "%s: value %s of %s must be UPPER_SNAKE\n", e->file->path,
                       e->values[i].name, e->full_name);
        if (i > 0 && e->values[i].number == e->values[i - 1].number)
            buf_printf(out, "%s: %s has two names for %d\n", e->file->path, e->full_name,
                       (int)e->values[i].number);
    }
}

static void lint_field_name(const struct model_message *m, const char *what, const char *name,
                            struct buf *out)
{
    const char *path = m->file->path;
    bool is_options = strcmp(path, "lode/options.proto") == 0;

    if (!name_is_lower_snake(name))
        buf_printf(out, "%s: %s %s.%s must be lower_snake\n", path, what, m->full_name, name);
    if (name_is_keyword(name) && !is_options)
        buf_printf(out, "%s: %s %s.%s is a keyword of C or C++\n", path, what, m->full_name, name);
    if (strcmp(name, "base") == 0)
        buf_printf(out, "%s: %s %s.base collides with protobuf-c's first member\n", path, what,
                   m->full_name);
}

/* "n_x" beside a repeated x, and "x_case" beside a oneof x, would be declared twice in C. */
static void lint_collisions(const struct model_message *m, struct buf *out)
{
    size_t i;
    size_t j;

    for (i = 0; i < m->n_fields; i++) {
        const char *name = m->fields[i].proto->name;
        size_t n = strlen(name);
        const struct model_field *list =
            strncmp(name, "n_", 2) == 0 ? model_find_field(m, name + 2) : NULL;

        if (list && list->repeated)
            buf_printf(out, "%s: field %s.%s collides with the count of %s\n", m->file->path,
                       m->full_name, name, name + 2);
        for (j = 0; j < m->proto->n_oneof_decl; j++) {
            const char *oneof = m->proto->oneof_decl[j]->name;
            size_t n_oneof = strlen(oneof);

            if (n == n_oneof + 5 && strncmp(name, oneof, n_oneof) == 0 &&
                strcmp(name + n_oneof, "_case") == 0)
                buf_printf(out, "%s: field %s.%s collides with the case of oneof %s\n",
                           m->file->path, m->full_name, name, oneof);
        }
        for (j = i + 1; j < m->n_fields; j++)
            if (strcmp(m->fields[i].json_name, m->fields[j].json_name) == 0)
                buf_printf(out, "%s: fields %s and %s of %s are both `%s` in JSON\n", m->file->path,
                           name, m->fields[j].proto->name, m->full_name, m->fields[i].json_name);
    }
}

static void lint_message(const struct model_message *m, struct buf *out)
{
    size_t i;

    if (m->is_map_entry)
        return; /* protoc made it; its own checks have run */
    if (!name_is_upper_camel(m->proto->name))
        buf_printf(out, "%s: message %s must be UpperCamel without acronyms\n", m->file->path,
                   m->full_name);
    for (i = 0; i < m->proto->n_oneof_decl; i++)
        if (m->proto->oneof_decl[i]->name[0] != '_') /* protoc's own for proto3 optional */
            lint_field_name(m, "oneof", m->proto->oneof_decl[i]->name, out);
    for (i = 0; i < m->n_fields; i++) {
        lint_field_name(m, "field", m->fields[i].proto->name, out);
        if (m->fields[i].proto->proto3_optional)
            buf_printf(out,
                       "%s: field %s.%s is proto3 optional, which protobuf-c 1.4 does not know; "
                       "use a oneof with one member\n",
                       m->file->path, m->full_name, m->fields[i].proto->name);
        lint_field_rule(m, &m->fields[i], out);
    }
    lint_collisions(m, out);
    lint_message_rule(m, out);
}

/*
 * A message that can hold itself, at any distance, has no depth limit in
 * protobuf-c's unpack: a few kilobytes from a client would end the stack.
 */
static void lint_recursion(struct model_message *m, struct buf *out)
{
    size_t i;

    m->lint_color = GREY;
    for (i = 0; i < m->n_fields; i++) {
        struct model_message *next;

        if (!m->fields[i].message)
            continue;
        next = &m->fields[i].message->file->messages[m->fields[i].message -
                                                     m->fields[i].message->file->messages];
        if (next->lint_color == GREY)
            buf_printf(out, "%s: message %s can hold itself through field %s\n", m->file->path,
                       next->full_name, m->fields[i].proto->name);
        else if (next->lint_color == WHITE)
            lint_recursion(next, out);
    }
    m->lint_color = BLACK;
}

static void lint_service(const struct model_service *s, struct buf *out)
{
    size_t i;

    if (!name_is_upper_camel(s->proto->name))
        buf_printf(out, "%s: service %s must be UpperCamel without acronyms\n", s->file->path,
                   s->full_name);
    for (i = 0; i < s->n_methods; i++) {
        const struct model_method *m = &s->methods[i];

        if (!name_is_upper_camel(m->proto->name))
            buf_printf(out, "%s: method %s.%s must be UpperCamel without acronyms\n", s->file->path,
                       s->full_name, m->proto->name);
        if (name_is_c_keyword(m->c_name))
            buf_printf(out, "%s: method %s.%s would be a keyword of C\n", s->file->path,
                       s->full_name, m->proto->name);
        lint_method_rule(m, out);
    }
}

void lint_model(const struct model *model, struct buf *out)
{
    size_t i;
    size_t j;

    for (i = 0; i < model->n_files; i++) {
        struct model_file *file = &model->files[i];

        if (!file->generate || file->foreign)
            continue;
        lint_file_kind(file, out);
        for (j = 0; j < file->n_enums; j++)
            lint_enum(&file->enums[j], out);
        for (j = 0; j < file->n_messages; j++) {
            lint_message(&file->messages[j], out);
            if (file->messages[j].lint_color == WHITE)
                lint_recursion(&file->messages[j], out);
        }
        for (j = 0; j < file->n_services; j++)
            lint_service(&file->services[j], out);
    }
}
