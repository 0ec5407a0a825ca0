/* SPDX-License-Identifier: MIT */
/*
 * main.c -- protoc-gen-lode: a CodeGeneratorRequest in, a response out.
 *
 * Parameter: descriptor_set=PATH (repeatable, comma-separated) also prints the
 * serialized FileDescriptorSet of that file.
 */
#include "emit.h"
#include "lint.h"

#include "base/assert.h"
#include "base/mem.h"

#include <stdio.h>

enum {
    MAX_REQUEST = 256 * 1024 * 1024,
    MAX_ARENA = 1024 * 1024 * 1024,
    FILES_PER_PROTO = 6,
};

struct answer {
    struct arena *arena;
    Google__Protobuf__Compiler__CodeGeneratorResponse response;
    size_t room;
};

static bool read_all(struct buf *in)
{
    char piece[65536];
    size_t n;

    for (;;) {
        n = fread(piece, 1, sizeof(piece), stdin);
        if (n == 0)
            return !ferror(stdin) && buf_ok(in);
        buf_append(in, piece, n);
    }
}

/* Moves what is in `text` into a file of the answer. */
static void add_file(struct answer *a, const struct model_file *file, const char *suffix,
                     struct buf *text)
{
    Google__Protobuf__Compiler__CodeGeneratorResponse__File *f;

    ASSERT(a->response.n_file < a->room && buf_ok(text));
    f = arena_alloc(a->arena, sizeof(*f));
    google__protobuf__compiler__code_generator_response__file__init(f);
    f->name = arena_printf(a->arena, "%s%s", file->stem, suffix);
    f->content = arena_strndup(a->arena, text->p, text->n);
    a->response.file[a->response.n_file++] = f;
    buf_clear(text);
}

static bool wants_descriptor_set(const struct model *model, const struct model_file *file)
{
    const char *p = model->request->parameter ? model->request->parameter : "";
    size_t n_path = strlen(file->path);

    while (*p) {
        size_t n = strcspn(p, ",");

        if (strncmp(p, "descriptor_set=", 15) == 0 && n == 15 + n_path &&
            strncmp(p + 15, file->path, n_path) == 0)
            return true;
        p += n;
        p += *p == ',';
    }
    return false;
}

static void generate_file(struct answer *a, const struct model *model,
                          const struct model_file *file, struct buf *text)
{
    if (file->n_services) {
        emit_rpc_h(file, text);
        add_file(a, file, ".rpc.h", text);
        emit_rpc_c(model, file, text);
        add_file(a, file, ".rpc.c", text);
        emit_client_h(file, text);
        add_file(a, file, ".client.h", text);
        emit_client_c(file, text);
        add_file(a, file, ".client.c", text);
    } else {
        emit_meta_h(file, text);
        add_file(a, file, ".meta.h", text);
        emit_meta_c(model, file, text);
        add_file(a, file, ".meta.c", text);
    }
    if (wants_descriptor_set(model, file)) {
        emit_descriptor_set_h(file, text);
        add_file(a, file, "_descriptor_set.h", text);
        emit_descriptor_set_c(model, file, text);
        add_file(a, file, "_descriptor_set.c", text);
    }
}

static void generate(struct answer *a, const struct model *model)
{
    struct buf text;
    size_t i;

    buf_init(&text, BUF_NO_LIMIT);
    lint_model(model, &text);
    if (text.n > 0) {
        a->response.error = arena_strndup(a->arena, text.p, text.n);
    } else {
        a->room = FILES_PER_PROTO * model->n_files;
        a->response.file = arena_alloc(a->arena, a->room * sizeof(*a->response.file));
        for (i = 0; i < model->n_files; i++)
            if (model->files[i].generate)
                generate_file(a, model, &model->files[i], &text);
    }
    buf_done(&text);
}

static int write_answer(const struct answer *a)
{
    size_t n = google__protobuf__compiler__code_generator_response__get_packed_size(&a->response);
    uint8_t *out = xmalloc(n + 1);
    bool ok;

    google__protobuf__compiler__code_generator_response__pack(&a->response, out);
    ok = fwrite(out, 1, n, stdout) == n && fflush(stdout) == 0;
    xfree(out);
    return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct answer a = {
        .response = GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__INIT,
    };
    struct model *model = NULL;
    struct err err = {0};
    struct buf in;
    int status = 1;

    if (argc > 1) {
        (void)fprintf(stderr, "%s: a protoc plugin (--lode_out); version " PLUGIN_VERSION "\n",
                      argv[0]);
        return 2;
    }
    a.arena = arena_new(MAX_ARENA);
    buf_init(&in, MAX_REQUEST);
    if (!read_all(&in)) {
        (void)fprintf(stderr, "protoc-gen-lode: cannot read the request\n");
        goto out;
    }
    /* proto3 optional is claimed so that lint.c, not protoc, says why it is refused. */
    a.response.has_supported_features = 1;
    a.response.supported_features =
        GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__FEATURE__FEATURE_PROTO3_OPTIONAL;
    if (model_load(a.arena, buf_view(&in), &model, &err) == RC_OK)
        generate(&a, model);
    else
        a.response.error = err.msg;
    status = write_answer(&a);

out:
    buf_done(&in);
    arena_free(a.arena);
    return status;
}
