/* SPDX-License-Identifier: MIT */
/*
 * emit_file.c -- the parts every generated file shares, and struct pb_file.
 *
 * A file's descriptor is embedded as bytes for reflection and for the header of
 * a dump. Source positions are dropped: they would change with every comment.
 */
#include "emit.h"

#include "base/assert.h"

#include <stdlib.h>

void emit_head(const struct model_file *file, struct buf *out)
{
    buf_str(out, "/* SPDX-License-Identifier: MIT */\n");
    buf_printf(out, "/* Made by protoc-gen-lode %s from %s; do not edit, see gen/README.md. */\n",
               PLUGIN_VERSION, file->path);
}

void emit_string(struct buf *out, const char *text)
{
    const unsigned char *p;

    buf_byte(out, '"');
    for (p = (const unsigned char *)text; *p; p++) {
        if (*p == '"' || *p == '\\')
            buf_printf(out, "\\%c", *p);
        else if (*p < 0x20 || *p >= 0x7f || *p == '?')
            buf_printf(out, "\\%03o",
                       *p); /* octal cannot swallow what follows; '?' could be a trigraph */
        else
            buf_byte(out, *p);
    }
    buf_byte(out, '"');
}

static void emit_bytes(struct buf *out, struct bytes data)
{
    size_t i;

    for (i = 0; i < data.n; i++)
        buf_printf(out, "%s0x%02x,", i % 16 ? " " : i ? "\n    " : "    ", data.p[i]);
    buf_byte(out, '\n');
}

/* The serialized FileDescriptorProto, without source positions. */
static struct bytes pack_descriptor(const struct model *model, const struct model_file *file)
{
    Google__Protobuf__FileDescriptorProto copy = *file->proto;
    uint8_t *data;
    size_t n;

    copy.source_code_info = NULL;
    n = google__protobuf__file_descriptor_proto__get_packed_size(&copy);
    data = arena_alloc(model->arena, n + 1);
    google__protobuf__file_descriptor_proto__pack(&copy, data);
    return bytes_of(data, n);
}

struct symbols {
    struct arena *arena;
    const char **names;
    size_t n;
    size_t room;
};

static void add_symbol(struct symbols *s, const char *scope, const char *name)
{
    ASSERT(s->n < s->room);
    s->names[s->n++] = *scope ? arena_printf(s->arena, "%s.%s", scope, name) : name;
}

/* The scope of "a.b.C" is "a.b": where proto puts the values of enum C. */
static const char *scope_of(struct arena *arena, const char *full_name)
{
    const char *dot = strrchr(full_name, '.');

    return dot ? arena_strndup(arena, full_name, (size_t)(dot - full_name)) : "";
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t count_symbols(const struct model_file *file)
{
    size_t n = file->n_messages + file->n_services + file->proto->n_extension;
    size_t i;

    for (i = 0; i < file->n_enums; i++)
        n += 1 + file->enums[i].n_values;
    for (i = 0; i < file->n_services; i++)
        n += file->services[i].n_methods;
    return n;
}

static void gather_symbols(const struct model_file *file, struct symbols *s)
{
    const char *package = file->proto->package ? file->proto->package : "";
    size_t i;
    size_t j;

    for (i = 0; i < file->n_messages; i++)
        add_symbol(s, "", file->messages[i].full_name);
    for (i = 0; i < file->n_enums; i++) {
        const char *scope = scope_of(s->arena, file->enums[i].full_name);

        add_symbol(s, "", file->enums[i].full_name);
        for (j = 0; j < file->enums[i].n_values; j++)
            add_symbol(s, scope, file->enums[i].values[j].name);
    }
    for (i = 0; i < file->proto->n_extension; i++)
        add_symbol(s, package, file->proto->extension[i]->name);
    for (i = 0; i < file->n_services; i++) {
        add_symbol(s, "", file->services[i].full_name);
        for (j = 0; j < file->services[i].n_methods; j++)
            add_symbol(s, file->services[i].full_name, file->services[i].methods[j].proto->name);
    }
    qsort(s->names, s->n, sizeof(*s->names), compare_names);
}

void emit_file_object(const struct model *model, const struct model_file *file, struct buf *out)
{
    struct symbols s = {model->arena, NULL, 0, count_symbols(file)};
    size_t i;

    s.names = arena_alloc(model->arena, (s.room + 1) * sizeof(*s.names));
    gather_symbols(file, &s);
    buf_str(out, "\nstatic const uint8_t file_descriptor[] = {\n");
    emit_bytes(out, pack_descriptor(model, file));
    buf_str(out, "};\n\nstatic const struct pb_file *const file_imports[] = {\n");
    for (i = 0; i < file->n_imports; i++)
        buf_printf(out, "    &%s__file,\n", file->imports[i]->ident);
    buf_str(out, "    0,\n};\n\nstatic const char *const file_symbols[] = {\n");
    for (i = 0; i < s.n; i++)
        buf_printf(out, "    \"%s\",\n", s.names[i]);
    buf_printf(out, "    0,\n};\n\nconst struct pb_file %s__file = {\n", file->ident);
    buf_printf(out, "    .name = \"%s\",\n", file->path);
    buf_str(out, "    .descriptor = file_descriptor,\n"
                 "    .n_descriptor = sizeof(file_descriptor),\n"
                 "    .imports = file_imports,\n"
                 "    .symbols = file_symbols,\n"
                 "};\n");
}

const char *emit_header_suffix(const struct model_file *file)
{
    return file->n_services ? ".rpc.h" : ".meta.h";
}

void emit_message_includes(const struct model_file *file, const char *suffix, struct buf *out)
{
    size_t i;
    size_t j;
    size_t k;

    for (i = 0; i < file->n_imports; i++) {
        bool used = false;

        for (j = 0; j < file->n_services; j++)
            for (k = 0; k < file->services[j].n_methods; k++)
                used = used || file->services[j].methods[k].in->file == file->imports[i] ||
                       file->services[j].methods[k].out->file == file->imports[i];
        if (used)
            buf_printf(out, "#include \"%s%s\"\n", file->imports[i]->stem, suffix);
    }
}

/* ---- descriptor sets ---------------------------------------------------------------- */

void emit_descriptor_set_h(const struct model_file *file, struct buf *out)
{
    emit_head(file, out);
    buf_str(out, "#pragma once\n\n#include <stddef.h>\n#include <stdint.h>\n\n");
    buf_printf(out, "/* A serialized FileDescriptorSet: %s and all it imports. */\n", file->path);
    buf_printf(out, "extern const uint8_t %s__descriptor_set[];\n", file->ident);
    buf_printf(out, "extern const size_t %s__descriptor_set_size;\n", file->ident);
}

/* Imports first, each once. `done` is parallel to model->files. */
static void append_set(const struct model *model, const struct model_file *file, bool *done,
                       struct buf *set)
{
    struct bytes data;
    size_t i;

    if (done[file - model->files])
        return;
    done[file - model->files] = true;
    for (i = 0; i < file->n_imports; i++)
        append_set(model, file->imports[i], done, set);
    data = pack_descriptor(model, file);
    buf_byte(set, 0x0a); /* FileDescriptorSet.file */
    buf_varint(set, data.n);
    buf_bytes(set, data);
}

void emit_descriptor_set_c(const struct model *model, const struct model_file *file,
                           struct buf *out)
{
    bool *done = arena_zalloc(model->arena, model->n_files * sizeof(*done));
    struct buf set;

    buf_init(&set, BUF_NO_LIMIT);
    append_set(model, file, done, &set);
    emit_head(file, out);
    buf_printf(out, "#include \"%s_descriptor_set.h\"\n\n", file->stem);
    buf_printf(out, "const uint8_t %s__descriptor_set[] = {\n", file->ident);
    emit_bytes(out, buf_view(&set));
    buf_str(out, "};\n");
    buf_printf(out, "const size_t %s__descriptor_set_size = sizeof(%s__descriptor_set);\n",
               file->ident, file->ident);
    buf_done(&set);
}
