/* SPDX-License-Identifier: MIT */
/*
 * emit_meta.c -- the tables of pb/meta.h for one file of messages.
 *
 * Field tables are printed in the order of numbers and enum tables in the order
 * of values, because that is how protobuf-c sorts the descriptors they are
 * parallel to.
 */
#include "emit.h"

void emit_meta_h(const struct model_file *file, struct buf *out)
{
    size_t i;

    emit_head(file, out);
    buf_printf(out, "#pragma once\n\n#include \"%s.pb-c.h\"\n#include \"pb/meta.h\"\n\n",
               file->stem);
    for (i = 0; i < file->n_enums; i++)
        buf_printf(out, "extern const struct pb_enum_meta %s__meta;\n", file->enums[i].c_lower);
    for (i = 0; i < file->n_messages; i++)
        buf_printf(out, "extern const struct pb_message_meta %s__meta;\n",
                   file->messages[i].c_lower);
    buf_printf(out, "extern const struct pb_file %s__file;\n", file->ident);
}

/* protobuf-c keeps one value a number; so must the tables beside it. */
static bool is_alias(const struct model_enum *e, size_t i)
{
    return i > 0 && e->values[i].number == e->values[i - 1].number;
}

static void emit_output_only(const struct model_enum *e, struct buf *out)
{
    size_t i;

    buf_printf(out, "};\n\nstatic const bool %s__output_only[] = {\n", e->c_lower);
    for (i = 0; i < e->n_values; i++)
        if (!is_alias(e, i))
            buf_printf(out, "    %s,\n", e->values[i].output_only ? "true" : "false");
}

static void emit_enum(const struct model_enum *e, struct buf *out)
{
    size_t i;

    buf_printf(out, "\nstatic const char *const %s__names[] = {\n", e->c_lower);
    for (i = 0; i < e->n_values; i++) {
        if (is_alias(e, i))
            continue;
        buf_str(out, "    ");
        if (e->values[i].json_name)
            emit_string(out, e->values[i].json_name);
        else
            buf_byte(out, '0');
        buf_printf(out, ", /* %s */\n", e->values[i].name);
    }
    if (e->any_output_only)
        emit_output_only(e, out);
    buf_printf(out, "};\n\nconst struct pb_enum_meta %s__meta = {\n", e->c_lower);
    buf_printf(out, "    .desc = &%s__descriptor,\n    .json_names = %s__names,\n", e->c_lower,
               e->c_lower);
    if (e->any_output_only)
        buf_printf(out, "    .output_only = %s__output_only,\n", e->c_lower);
    buf_str(out, "};\n");
}

static void emit_flag(struct buf *out, bool on, const char *name, const char **sep)
{
    if (!on)
        return;
    buf_printf(out, "%s%s", *sep, name);
    *sep = " | ";
}

static void emit_flags(const struct model_field *f, struct buf *out)
{
    const Lode__FieldRule *r = f->rule;
    const char *sep = ", .flags = ";

    emit_flag(out, r->required, "PB_FIELD_REQUIRED", &sep);
    emit_flag(out, r->raw_json, "PB_FIELD_RAW_JSON", &sep);
    emit_flag(out, r->null_if_absent, "PB_FIELD_NULL_IF_ABSENT", &sep);
    emit_flag(out, r->immutable, "PB_FIELD_IMMUTABLE", &sep);
    emit_flag(out, r->hidden, "PB_FIELD_HIDDEN", &sep);
    emit_flag(out, r->query_only, "PB_FIELD_QUERY_ONLY", &sep);
    emit_flag(out, r->comma_list, "PB_FIELD_COMMA_LIST", &sep);
    emit_flag(out, r->number_as_string, "PB_FIELD_NUMBER_AS_STRING", &sep);
    emit_flag(out, r->date == LODE__FIELD_RULE__DATE_RULE__BEFORE, "PB_FIELD_DATE_BEFORE", &sep);
    emit_flag(out, r->date == LODE__FIELD_RULE__DATE_RULE__AFTER, "PB_FIELD_DATE_AFTER", &sep);
    emit_flag(out, r->null_resets, "PB_FIELD_NULL_RESETS", &sep);
    emit_flag(out, f->is_map, "PB_FIELD_MAP", &sep);
    emit_flag(out, r->keep_star, "PB_FIELD_KEEP_STAR", &sep);
    emit_flag(out, r->body_only, "PB_FIELD_BODY_ONLY", &sep);
}

static void emit_text(struct buf *out, const char *member, const char *text)
{
    if (!*text)
        return;
    buf_printf(out, ", .%s = ", member);
    emit_string(out, text);
}

static void emit_field(const struct model_field *f, struct buf *out)
{
    buf_str(out, "    {.json_name = ");
    emit_string(out, f->json_name);
    emit_text(out, "error", f->rule->error);
    emit_text(out, "missing", f->rule->missing);
    emit_text(out, "default_value", f->rule->default_value);
    emit_text(out, "enum_error", f->rule->enum_error);
    if (f->rule->max)
        buf_printf(out, ", .max = %lluULL", (unsigned long long)f->rule->max);
    emit_flags(f, out);
    if (f->message)
        buf_printf(out, ", .message = &%s__meta", f->message->c_lower);
    if (f->enumeration)
        buf_printf(out, ", .enumeration = &%s__meta", f->enumeration->c_lower);
    buf_str(out, "},\n");
}

static const char *shape_of(const struct model_message *m)
{
    if (strcmp(m->full_name, "google.protobuf.Timestamp") == 0)
        return "PB_SHAPE_TIMESTAMP";
    if (strcmp(m->full_name, "google.protobuf.Duration") == 0)
        return "PB_SHAPE_DURATION";
    if (!m->rule->transparent)
        return "PB_SHAPE_OBJECT";
    if (m->n_fields == 1 && m->fields[0].is_map)
        return "PB_SHAPE_MAP";
    if (m->n_fields == 1 && m->fields[0].repeated && m->fields[0].rule->raw_json)
        return "PB_SHAPE_RAW";
    if (m->n_fields == 1 && m->fields[0].repeated)
        return "PB_SHAPE_LIST";
    return "PB_SHAPE_UNION";
}

static void emit_message(const struct model_message *m, struct buf *out)
{
    size_t i;

    if (m->n_fields > 0) {
        buf_printf(out, "\nstatic const struct pb_field_meta %s__fields[] = {\n", m->c_lower);
        for (i = 0; i < m->n_fields; i++)
            emit_field(&m->fields[i], out);
        buf_str(out, "};\n");
    }
    buf_printf(out, "\nconst struct pb_message_meta %s__meta = {\n", m->c_lower);
    buf_printf(out, "    .desc = &%s__descriptor,\n", m->c_lower);
    if (m->n_fields > 0)
        buf_printf(out, "    .fields = %s__fields,\n", m->c_lower);
    buf_printf(out, "    .shape = %s,\n", shape_of(m));
    if (*m->rule->error) {
        buf_str(out, "    .error = ");
        emit_string(out, m->rule->error);
        buf_str(out, ",\n");
    }
    if (m->rule->nullable)
        buf_str(out, "    .nullable = true,\n");
    buf_str(out, "};\n");
}

void emit_meta_c(const struct model *model, const struct model_file *file, struct buf *out)
{
    size_t i;

    emit_head(file, out);
    buf_printf(out, "#include \"%s.meta.h\"\n\n", file->stem);
    for (i = 0; i < file->n_imports; i++)
        buf_printf(out, "#include \"%s%s\"\n", file->imports[i]->stem,
                   emit_header_suffix(file->imports[i]));
    for (i = 0; i < file->n_enums; i++)
        emit_enum(&file->enums[i], out);
    for (i = 0; i < file->n_messages; i++)
        emit_message(&file->messages[i], out);
    emit_file_object(model, file, out);
}
