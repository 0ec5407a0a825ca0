/* SPDX-License-Identifier: MIT */
/*
 * emit_rpc.c -- the server side of one file of services: handler structs,
 * method tables, routes.
 *
 * Data over code: dispatch, routing and transcoding walk the tables. The only
 * functions printed are the thunks that call a handler with its own types.
 */
#include "emit.h"

static const char *shape_of(const struct model_method *m)
{
    if (m->proto->client_streaming)
        return m->proto->server_streaming ? "RPC_BIDI_STREAM" : "RPC_CLIENT_STREAM";
    return m->proto->server_streaming ? "RPC_SERVER_STREAM" : "RPC_UNARY";
}

static const char *note_of(const struct model_method *m)
{
    if (m->proto->client_streaming)
        return m->proto->server_streaming ? " /* messages both ways; request is NULL */"
                                          : " /* messages in; request is NULL */";
    return m->proto->server_streaming ? " /* messages out */" : "";
}

static void emit_upper(struct buf *out, const char *text)
{
    for (; *text; text++)
        buf_byte(out, (uint8_t)(*text >= 'a' && *text <= 'z' ? *text - 'a' + 'A' : *text));
}

static void emit_service_declarations(const struct model_service *s, struct buf *out)
{
    size_t i;

    buf_printf(out, "\n/* %s: a slot a method; arg is the service's own. */\n", s->full_name);
    buf_printf(out, "struct %s__handlers {\n", s->c_lower);
    for (i = 0; i < s->n_methods; i++)
        buf_printf(out, "    void (*%s)(struct rpc_call *call, const %s *request, void *arg);%s\n",
                   s->methods[i].c_name, s->methods[i].in->c_type, note_of(&s->methods[i]));
    buf_str(out, "};\n\n/* Places in the service's methods. */\nenum {\n");
    for (i = 0; i < s->n_methods; i++) {
        buf_str(out, "    ");
        emit_upper(out, s->methods[i].c_prefix);
        buf_printf(out, " = %zu,\n", i);
    }
    buf_printf(out, "};\n\nextern const struct rpc_service %s__service;\n", s->c_lower);
}

void emit_rpc_h(const struct model_file *file, struct buf *out)
{
    size_t i;

    emit_head(file, out);
    buf_str(out, "#pragma once\n\n");
    emit_message_includes(file, ".meta.h", out);
    buf_str(out, "#include \"rpc/method.h\"\n");
    for (i = 0; i < file->n_services; i++)
        emit_service_declarations(&file->services[i], out);
    buf_printf(out, "\nextern const struct pb_file %s__file;\n", file->ident);
}

static void emit_invoke(const struct model_method *m, struct buf *out)
{
    buf_printf(out,
               "\nstatic bool %s__invoke(const void *handlers, struct rpc_call *call,\n"
               "    const ProtobufCMessage *request, void *arg)\n{\n"
               "    const struct %s__handlers *h = handlers;\n\n"
               "    if (!h->%s)\n        return false;\n"
               "    h->%s(call, (const %s *)request, arg);\n    return true;\n}\n",
               m->c_prefix, m->service->c_lower, m->c_name, m->c_name, m->in->c_type);
}

/* An array of strings for one route; not printed when empty, "no_strings" stands for it. */
static void emit_strings(const struct model_method *m, size_t route, const char *what, char **list,
                         size_t n, struct buf *out)
{
    size_t i;

    if (n == 0)
        return;
    buf_printf(out, "\nstatic const char *const %s__%s%zu[] = {", m->c_prefix, what, route);
    for (i = 0; i < n; i++) {
        emit_string(out, list[i]);
        buf_str(out, ", ");
    }
    buf_str(out, "0};\n");
}

static void emit_member(struct buf *out, const char *member, const char *text)
{
    buf_printf(out, "        .%s = ", member);
    emit_string(out, text);
    buf_str(out, ",\n");
}

static void emit_list(struct buf *out, const char *member, const struct model_method *m,
                      size_t route, const char *what, size_t n)
{
    if (n == 0)
        buf_printf(out, "        .%s = no_strings,\n", member);
    else
        buf_printf(out, "        .%s = %s__%s%zu,\n", member, m->c_prefix, what, route);
}

static void emit_routes(const struct model_method *m, struct buf *out)
{
    size_t i;

    for (i = 0; i < m->n_routes; i++) {
        const Lode__HttpRule *r = m->routes[i];

        emit_strings(m, i, "types", r->content_types, r->n_content_types, out);
        emit_strings(m, i, "set", r->set, r->n_set, out);
    }
    if (m->n_routes == 0)
        return;
    buf_printf(out, "\nstatic const struct rpc_route %s__routes[] = {\n", m->c_prefix);
    for (i = 0; i < m->n_routes; i++) {
        const Lode__HttpRule *r = m->routes[i];
        const char *pattern = "";
        const char *verb = model_route_verb(r, &pattern);

        buf_str(out, "    {\n");
        emit_member(out, "verb", verb ? verb : "");
        emit_member(out, "pattern", pattern);
        emit_member(out, "body", r->body);
        emit_member(out, "response_body", r->response_body);
        buf_printf(out, "        .status = %u,\n", r->status ? r->status : 200);
        emit_member(out, "body_stream", r->body_stream);
        emit_member(out, "content_type_field", r->content_type_field);
        emit_list(out, "content_types", m, i, "types", r->n_content_types);
        emit_list(out, "set", m, i, "set", r->n_set);
        buf_printf(out, "        .ignore_query = %s,\n", r->ignore_query ? "true" : "false");
        buf_printf(out, "        .ignore_unknown = %s,\n", r->ignore_unknown ? "true" : "false");
        emit_member(out, "body_error", *r->body_error ? r->body_error : "bad_request");
        buf_str(out, "    },\n");
    }
    buf_str(out, "};\n");
}

static void emit_method(const struct model_method *m, struct buf *out)
{
    buf_str(out, "    {\n");
    emit_member(out, "name", m->proto->name);
    buf_printf(out, "        .path = \"/%s/%s\",\n", m->service->full_name, m->proto->name);
    buf_printf(out, "        .shape = %s,\n", shape_of(m));
    buf_printf(out, "        .in = &%s__meta,\n", m->in->c_lower);
    buf_printf(out, "        .out = &%s__meta,\n", m->out->c_lower);
    if (m->n_routes)
        buf_printf(out, "        .routes = %s__routes,\n", m->c_prefix);
    buf_printf(out, "        .n_routes = %zu,\n", m->n_routes);
    buf_printf(out, "        .on_loop = %s,\n", m->rule->on_loop ? "true" : "false");
    emit_member(out, "action", m->rule->action);
    emit_member(out, "index_field", m->rule->index_field);
    buf_printf(out, "        .invoke = %s__invoke,\n", m->c_prefix);
    buf_printf(out, "        .service = &%s__service,\n    },\n", m->service->c_lower);
}

static void emit_service(const struct model_service *s, struct buf *out)
{
    size_t i;

    for (i = 0; i < s->n_methods; i++) {
        emit_invoke(&s->methods[i], out);
        emit_routes(&s->methods[i], out);
    }
    buf_printf(out, "\nstatic const struct rpc_method %s__methods[] = {\n", s->c_lower);
    for (i = 0; i < s->n_methods; i++)
        emit_method(&s->methods[i], out);
    buf_printf(out, "};\n\nconst struct rpc_service %s__service = {\n", s->c_lower);
    buf_printf(out, "    .name = \"%s\",\n    .methods = %s__methods,\n", s->full_name, s->c_lower);
    buf_printf(out, "    .n_methods = %zu,\n    .file = &%s__file,\n};\n", s->n_methods,
               s->file->ident);
}

static bool any_route(const struct model_file *file)
{
    size_t i;
    size_t j;

    for (i = 0; i < file->n_services; i++)
        for (j = 0; j < file->services[i].n_methods; j++)
            if (file->services[i].methods[j].n_routes > 0)
                return true;
    return false;
}

void emit_rpc_c(const struct model *model, const struct model_file *file, struct buf *out)
{
    size_t i;

    emit_head(file, out);
    buf_printf(out, "#include \"%s.rpc.h\"\n\n", file->stem);
    for (i = 0; i < file->n_imports; i++)
        buf_printf(out, "#include \"%s%s\"\n", file->imports[i]->stem,
                   emit_header_suffix(file->imports[i]));
    if (any_route(file))
        buf_str(out, "\nstatic const char *const no_strings[] = {0};\n");
    for (i = 0; i < file->n_services; i++)
        emit_service(&file->services[i], out);
    emit_file_object(model, file, out);
}
