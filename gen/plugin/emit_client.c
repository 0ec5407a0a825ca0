/* SPDX-License-Identifier: MIT */
/*
 * emit_client.c -- typed client stubs on client/lib/lode/client.h.
 *
 * A stub casts and names; all work is in the library. Callbacks are typed too,
 * and no function is ever called through a pointer of another type: a small
 * closure, freed with the last callback, carries the typed one.
 *
 *   unary          f(), f_async()
 *   server stream  f_open(), f_receive(), f_open_async()
 *   client stream  f_open(), f_send(), f_send_end(), f_receive(), f_finish(),
 *                  f_open_async(), f_send_async(), f_send_end_async()
 *   bidi           as client stream, without f_finish()
 */
#include "emit.h"

static const char *shape_text(const struct model_method *m)
{
    if (m->proto->client_streaming)
        return m->proto->server_streaming ? "messages both ways" : "messages in, one answer";
    return m->proto->server_streaming ? "messages out" : "one request, one answer";
}

/* "const Lode__V1__X *request, " for shapes that start with one message. */
static void emit_request_parameter(const struct model_method *m, struct buf *out)
{
    if (!m->proto->client_streaming)
        buf_printf(out, "    const %s *request,\n", m->in->c_type);
}

static const char *request_argument(const struct model_method *m)
{
    return m->proto->client_streaming ? "NULL" : "&request->base";
}

/* ---- declarations ------------------------------------------------------------------- */

static void emit_unary_signature(const struct model_method *m, struct buf *out)
{
    buf_printf(out, "enum lode_status %s(struct lode_client *client,\n", m->c_client);
    emit_request_parameter(m, out);
    buf_printf(out,
               "    const struct lode_call_opts *opts, %s **ret_answer,\n"
               "    struct lode_error *error)",
               m->out->c_type);
}

static void emit_unary_async_signature(const struct model_method *m, struct buf *out)
{
    buf_printf(out, "void %s_async(struct lode_client *client,\n", m->c_client);
    emit_request_parameter(m, out);
    buf_printf(out, "    const struct lode_call_opts *opts, %s_fn *done, void *arg)", m->c_client);
}

static void emit_open_signature(const struct model_method *m, struct buf *out)
{
    buf_printf(out, "enum lode_status %s_open(struct lode_client *client,\n", m->c_client);
    emit_request_parameter(m, out);
    buf_str(out, "    const struct lode_call_opts *opts, struct lode_stream **ret_stream,\n"
                 "    struct lode_error *error)");
}

static void emit_open_async_signature(const struct model_method *m, struct buf *out)
{
    buf_printf(out, "struct lode_stream *%s_open_async(struct lode_client *client,\n", m->c_client);
    emit_request_parameter(m, out);
    buf_printf(out,
               "    const struct lode_call_opts *opts,\n"
               "    const struct %s_callbacks *callbacks, void *arg)",
               m->c_client);
}

static void emit_finish_signature(const struct model_method *m, struct buf *out)
{
    buf_printf(out,
               "enum lode_status %s_finish(struct lode_stream *stream,\n"
               "    %s **ret_answer, struct lode_error *error)",
               m->c_client, m->out->c_type);
}

static void declare_unary(const struct model_method *m, struct buf *out)
{
    buf_str(out, "LODE_API ");
    emit_unary_signature(m, out);
    buf_printf(
        out,
        ";\n/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */\n"
        "typedef void %s_fn(void *arg, %s *answer,\n    const struct lode_error *error);\n"
        "LODE_API ",
        m->c_client, m->out->c_type);
    emit_unary_async_signature(m, out);
    buf_str(out, ";\n");
}

static void emit_send_wrappers(const struct model_method *m, struct buf *out)
{
    buf_printf(out,
               "static inline enum lode_status %s_send(struct lode_stream *stream,\n"
               "    const %s *message, struct lode_error *error)\n{\n"
               "    return lode_stream_send(stream, &message->base, error);\n}\n",
               m->c_client, m->in->c_type);
    buf_printf(out,
               "static inline enum lode_status %s_send_end(struct lode_stream *stream,\n"
               "    struct lode_error *error)\n{\n"
               "    return lode_stream_send_end(stream, error);\n}\n",
               m->c_client);
    buf_printf(out,
               "static inline bool %s_send_async(struct lode_stream *stream,\n"
               "    const %s *message)\n{\n"
               "    return lode_stream_send_async(stream, &message->base);\n}\n",
               m->c_client, m->in->c_type);
    buf_printf(out,
               "static inline void %s_send_end_async(struct lode_stream *stream)\n{\n"
               "    lode_stream_send_end_async(stream);\n}\n",
               m->c_client);
}

static void declare_stream(const struct model_method *m, struct buf *out)
{
    buf_str(out, "LODE_API ");
    emit_open_signature(m, out);
    buf_printf(out,
               ";\nstatic inline enum lode_status %s_receive(struct lode_stream *stream,\n"
               "    %s **ret_message, struct lode_error *error)\n{\n"
               "    ProtobufCMessage *message = NULL;\n"
               "    enum lode_status status = lode_stream_receive(stream, &message, error);\n\n"
               "    if (status == LODE_OK)\n        *ret_message = (%s *)message;\n"
               "    return status;\n}\n",
               m->c_client, m->out->c_type, m->out->c_type);
    buf_printf(
        out,
        "/* As struct lode_stream_callbacks. */\nstruct %s_callbacks {\n"
        "    void (*on_message)(void *arg, struct lode_stream *stream,\n        %s *message);\n"
        "    void (*on_writable)(void *arg, struct lode_stream *stream); /* may be NULL */\n"
        "    void (*on_end)(void *arg, struct lode_stream *stream,\n"
        "        const struct lode_error *error);\n};\nLODE_API ",
        m->c_client, m->out->c_type);
    emit_open_async_signature(m, out);
    buf_str(out, ";\n");
    if (m->proto->client_streaming)
        emit_send_wrappers(m, out);
    if (m->proto->client_streaming && !m->proto->server_streaming) {
        buf_str(out, "/* Ends the sending, waits for the answer and for the call to end well. */\n"
                     "LODE_API ");
        emit_finish_signature(m, out);
        buf_str(out, ";\n");
    }
}

void emit_client_h(const struct model_file *file, struct buf *out)
{
    size_t i;
    size_t j;

    emit_head(file, out);
    buf_str(out, "#pragma once\n\n#include <lode/client.h>\n\n");
    emit_message_includes(file, ".pb-c.h", out);
    buf_str(out, "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
    for (i = 0; i < file->n_services; i++) {
        const struct model_service *s = &file->services[i];

        for (j = 0; j < s->n_methods; j++) {
            const struct model_method *m = &s->methods[j];

            buf_printf(out, "\n/* %s/%s: %s. */\n", s->full_name, m->proto->name, shape_text(m));
            if (m->proto->client_streaming || m->proto->server_streaming)
                declare_stream(m, out);
            else
                declare_unary(m, out);
        }
    }
    buf_str(out, "\n#ifdef __cplusplus\n}\n#endif\n");
}

/* ---- definitions -------------------------------------------------------------------- */

static void define_method(const struct model_method *m, struct buf *out)
{
    buf_printf(out, "\nstatic const struct lode_method %s__method = {\n", m->c_client);
    buf_printf(out, "    .path = \"/%s/%s\",\n", m->service->full_name, m->proto->name);
    buf_printf(out, "    .in = &%s__descriptor,\n", m->in->c_lower);
    buf_printf(out, "    .out = &%s__descriptor,\n", m->out->c_lower);
    buf_printf(out, "    .client_streams = %s,\n", m->proto->client_streaming ? "true" : "false");
    buf_printf(out, "    .server_streams = %s,\n};\n\n",
               m->proto->server_streaming ? "true" : "false");
}

static void define_unary(const struct model_method *m, struct buf *out)
{
    emit_unary_signature(m, out);
    buf_printf(out,
               "\n{\n    ProtobufCMessage *answer = NULL;\n    enum lode_status status;\n\n"
               "    status = lode_call_unary(client, &%s__method, &request->base, opts, &answer,\n"
               "        error);\n"
               "    if (status == LODE_OK)\n        *ret_answer = (%s *)answer;\n"
               "    return status;\n}\n",
               m->c_client, m->out->c_type);
    buf_printf(out, "\nstruct %s__closure {\n    %s_fn *done;\n    void *arg;\n};\n", m->c_client,
               m->c_client);
    buf_printf(out,
               "\nstatic void %s__done(void *arg, ProtobufCMessage *message,\n"
               "    const struct lode_error *error)\n{\n"
               "    struct %s__closure *c = arg;\n\n"
               "    c->done(c->arg, (%s *)message, error);\n    free(c);\n}\n\n",
               m->c_client, m->c_client, m->out->c_type);
    emit_unary_async_signature(m, out);
    buf_printf(out,
               "\n{\n    struct %s__closure *c = closure_new(sizeof(*c));\n\n"
               "    c->done = done;\n    c->arg = arg;\n"
               "    lode_call_unary_async(client, &%s__method, &request->base, opts,\n"
               "        %s__done, c);\n}\n",
               m->c_client, m->c_client, m->c_client);
}

static void define_stream_thunks(const struct model_method *m, struct buf *out)
{
    buf_printf(out,
               "\nstruct %s__closure {\n    struct %s_callbacks callbacks;\n    void *arg;\n};\n",
               m->c_client, m->c_client);
    buf_printf(out,
               "\nstatic void %s__on_message(void *arg, struct lode_stream *stream,\n"
               "    ProtobufCMessage *message)\n{\n"
               "    struct %s__closure *c = arg;\n\n"
               "    c->callbacks.on_message(c->arg, stream, (%s *)message);\n}\n",
               m->c_client, m->c_client, m->out->c_type);
    buf_printf(out,
               "\nstatic void %s__on_writable(void *arg, struct lode_stream *stream)\n{\n"
               "    struct %s__closure *c = arg;\n\n"
               "    if (c->callbacks.on_writable)\n"
               "        c->callbacks.on_writable(c->arg, stream);\n}\n",
               m->c_client, m->c_client);
    buf_printf(out,
               "\nstatic void %s__on_end(void *arg, struct lode_stream *stream,\n"
               "    const struct lode_error *error)\n{\n"
               "    struct %s__closure *c = arg;\n\n"
               "    c->callbacks.on_end(c->arg, stream, error);\n    free(c);\n}\n",
               m->c_client, m->c_client);
}

static void define_finish(const struct model_method *m, struct buf *out)
{
    buf_byte(out, '\n');
    emit_finish_signature(m, out);
    buf_printf(out,
               "\n{\n    ProtobufCMessage *answer = NULL;\n    ProtobufCMessage *more = NULL;\n"
               "    enum lode_status status;\n\n"
               "    status = lode_stream_send_end(stream, error);\n"
               "    if (status != LODE_OK && status != LODE_END)\n        return status;\n"
               "    status = lode_stream_receive(stream, &answer, error);\n"
               "    if (status == LODE_OK)\n"
               "        status = lode_stream_receive(stream, &more, error);\n"
               "    lode_message_free(more);\n"
               "    if (status == LODE_END && answer) {\n"
               "        *ret_answer = (%s *)answer;\n        return LODE_OK;\n    }\n"
               "    lode_message_free(answer);\n"
               "    if (status == LODE_OK || status == LODE_END) {\n"
               "        if (error) {\n"
               "            *error = (struct lode_error){.status = LODE_INTERNAL};\n"
               "            snprintf(error->message, sizeof(error->message),\n"
               "                \"the server sent %%s\", more ? \"more than one answer\" : \"no "
               "answer\");\n"
               "        }\n        return LODE_INTERNAL;\n    }\n"
               "    return status;\n}\n",
               m->out->c_type);
}

static void define_stream(const struct model_method *m, struct buf *out)
{
    emit_open_signature(m, out);
    buf_printf(out,
               "\n{\n    return lode_stream_open(client, &%s__method, %s, opts,\n"
               "        ret_stream, error);\n}\n",
               m->c_client, request_argument(m));
    define_stream_thunks(m, out);
    buf_byte(out, '\n');
    emit_open_async_signature(m, out);
    buf_printf(out,
               "\n{\n    static const struct lode_stream_callbacks thunks = {\n"
               "        .on_message = %s__on_message,\n"
               "        .on_writable = %s__on_writable,\n"
               "        .on_end = %s__on_end,\n    };\n"
               "    struct %s__closure *c = closure_new(sizeof(*c));\n\n"
               "    c->callbacks = *callbacks;\n    c->arg = arg;\n"
               "    return lode_stream_open_async(client, &%s__method, %s, opts,\n"
               "        &thunks, c);\n}\n",
               m->c_client, m->c_client, m->c_client, m->c_client, m->c_client,
               request_argument(m));
    if (m->proto->client_streaming && !m->proto->server_streaming)
        define_finish(m, out);
}

void emit_client_c(const struct model_file *file, struct buf *out)
{
    size_t i;
    size_t j;

    emit_head(file, out);
    buf_printf(out, "#include \"%s.client.h\"\n\n#include <stdio.h>\n#include <stdlib.h>\n",
               file->stem);
    buf_str(out, "\nstatic inline void *closure_new(size_t n)\n{\n    void *c = malloc(n);\n\n"
                 "    if (!c)\n        abort();\n    return c;\n}\n");
    for (i = 0; i < file->n_services; i++) {
        for (j = 0; j < file->services[i].n_methods; j++) {
            const struct model_method *m = &file->services[i].methods[j];

            define_method(m, out);
            if (m->proto->client_streaming || m->proto->server_streaming)
                define_stream(m, out);
            else
                define_unary(m, out);
        }
    }
}
