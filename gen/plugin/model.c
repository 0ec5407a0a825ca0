/* SPDX-License-Identifier: MIT */
/*
 * model.c -- reads a CodeGeneratorRequest into the model.
 *
 * Lode's options are extensions, which protobuf-c does not know: they arrive as
 * unknown fields of the options messages, with the length varint in front of
 * the bytes. An option set piece by piece ((lode.field).a = 1, (lode.field).b =
 * 2) arrives as several such fields; laid end to end they are one message.
 */
#include "model.h"

#include "base/assert.h"
#include "names.h"

#include <stdlib.h>

enum {
    TAG_METHOD = 51001,
    TAG_FIELD = 51002,
    TAG_MESSAGE = 51003,
    TAG_ENUM_VALUE = 51004,
};

static void *allocate(void *arg, size_t n)
{
    return arena_alloc(arg, n);
}

static void release(void *arg UNUSED, void *p UNUSED)
{
}

/* The message of option `tag`, or an empty one when it is not set; NULL when it does not decode. */
static const void *unpack_rule(struct arena *arena, const ProtobufCMessage *options, uint32_t tag,
                               const ProtobufCMessageDescriptor *desc)
{
    ProtobufCAllocator allocator = {allocate, release, arena};
    size_t room = 1;
    uint8_t *joined;
    size_t n = 0;
    size_t i;

    for (i = 0; options && i < options->n_unknown_fields; i++)
        room += options->unknown_fields[i].len;
    joined = arena_alloc(arena, room);
    for (i = 0; options && i < options->n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *field = &options->unknown_fields[i];
        uint64_t length;
        size_t skip;

        if (field->tag != tag || field->wire_type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
            continue;
        skip = get_varint(bytes_of(field->data, field->len), &length);
        if (skip == 0 || length != field->len - skip)
            return NULL;
        memcpy(joined + n, field->data + skip, field->len - skip);
        n += field->len - skip;
    }
    return protobuf_c_message_unpack(desc, &allocator, n, joined);
}

static const void *find_in(const struct model_file *file, const char *full_name, bool want_enum)
{
    size_t i;

    for (i = 0; want_enum && i < file->n_enums; i++)
        if (strcmp(file->enums[i].full_name, full_name) == 0)
            return &file->enums[i];
    for (i = 0; !want_enum && i < file->n_messages; i++)
        if (strcmp(file->messages[i].full_name, full_name) == 0)
            return &file->messages[i];
    return NULL;
}

/* type_name as protoc resolves it: ".lode.v1.TaskStatus" */
static const void *find_type(const struct model *model, const char *type_name, bool want_enum)
{
    size_t i;

    for (i = 0; type_name && type_name[0] == '.' && i < model->n_files; i++) {
        const void *found = find_in(&model->files[i], type_name + 1, want_enum);

        if (found)
            return found;
    }
    return NULL;
}

static int compare_values(const void *a, const void *b)
{
    const struct model_enum_value *x = a;
    const struct model_enum_value *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

static int compare_fields(const void *a, const void *b)
{
    const struct model_field *x = a;
    const struct model_field *y = b;

    return (x->proto->number > y->proto->number) - (x->proto->number < y->proto->number);
}

static const char *value_json_name(struct arena *arena, const struct model_enum *e,
                                   const Google__Protobuf__EnumValueDescriptorProto *value)
{
    const char *prefix = name_upper(arena, name_snake(arena, e->proto->name));
    size_t n = strlen(prefix);
    const char *rest = value->name;

    if (strncmp(rest, prefix, n) == 0 && rest[n] == '_')
        rest += n + 1;
    if (value->number == 0 && strcmp(rest, "UNSPECIFIED") == 0)
        return NULL;
    return name_lower_camel(arena, rest);
}

static enum rc load_enum(struct model *model, const struct model_file *file, const char *scope,
                         const Google__Protobuf__EnumDescriptorProto *proto, struct model_enum *e,
                         struct err *err)
{
    struct arena *arena = model->arena;
    size_t i;

    e->file = file;
    e->proto = proto;
    e->full_name = *scope ? arena_printf(arena, "%s.%s", scope, proto->name) : proto->name;
    e->c_lower = name_lower(arena, e->full_name);
    e->n_values = proto->n_value;
    e->values = arena_zalloc(arena, (proto->n_value + 1) * sizeof(*e->values));
    for (i = 0; i < proto->n_value; i++) {
        const Lode__EnumValueRule *rule;

        rule = unpack_rule(arena, (const ProtobufCMessage *)proto->value[i]->options,
                           TAG_ENUM_VALUE, &lode__enum_value_rule__descriptor);
        if (!rule)
            return err_set(err, RC_INVALID, NULL, "%s: the options of %s do not decode", file->path,
                           proto->value[i]->name);
        e->values[i].name = proto->value[i]->name;
        e->values[i].number = proto->value[i]->number;
        e->values[i].output_only = rule->output_only;
        e->any_output_only = e->any_output_only || rule->output_only;
        e->values[i].json_name =
            *rule->json_name ? rule->json_name : value_json_name(arena, e, proto->value[i]);
    }
    qsort(e->values, e->n_values, sizeof(*e->values), compare_values);
    return RC_OK;
}

static void count_nested(const Google__Protobuf__DescriptorProto *proto, struct model_file *file)
{
    size_t i;

    file->n_messages++;
    file->n_enums += proto->n_enum_type;
    for (i = 0; i < proto->n_nested_type; i++)
        count_nested(proto->nested_type[i], file);
}

/* Adds the message, then what is nested in it; fields come later, when all types are known. */
static enum rc load_message(struct model *model, struct model_file *file, const char *scope,
                            const Google__Protobuf__DescriptorProto *proto, struct err *err)
{
    struct arena *arena = model->arena;
    struct model_message *m = &file->messages[file->n_messages++];
    enum rc rc;
    size_t i;

    m->file = file;
    m->proto = proto;
    m->full_name = *scope ? arena_printf(arena, "%s.%s", scope, proto->name) : proto->name;
    m->c_lower = name_lower(arena, m->full_name);
    m->c_type = name_type(arena, m->full_name);
    m->is_map_entry = proto->options && proto->options->map_entry;
    m->rule = unpack_rule(arena, (const ProtobufCMessage *)proto->options, TAG_MESSAGE,
                          &lode__message_rule__descriptor);
    if (!m->rule)
        return err_set(err, RC_INVALID, NULL, "%s: the options of %s do not decode", file->path,
                       m->full_name);
    for (i = 0; i < proto->n_enum_type; i++) {
        rc = load_enum(model, file, m->full_name, proto->enum_type[i],
                       &file->enums[file->n_enums++], err);
        if (rc != RC_OK)
            return rc;
    }
    for (i = 0; i < proto->n_nested_type; i++) {
        rc = load_message(model, file, m->full_name, proto->nested_type[i], err);
        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}

static enum rc load_types(struct model *model, struct model_file *file, struct err *err)
{
    const Google__Protobuf__FileDescriptorProto *proto = file->proto;
    const char *package = proto->package ? proto->package : "";
    enum rc rc;
    size_t i;

    for (i = 0; i < proto->n_message_type; i++)
        count_nested(proto->message_type[i], file);
    file->n_enums += proto->n_enum_type;
    file->messages = arena_zalloc(model->arena, (file->n_messages + 1) * sizeof(*file->messages));
    file->enums = arena_zalloc(model->arena, (file->n_enums + 1) * sizeof(*file->enums));
    file->n_messages = 0;
    file->n_enums = 0;
    for (i = 0; i < proto->n_enum_type; i++) {
        rc = load_enum(model, file, package, proto->enum_type[i], &file->enums[file->n_enums++],
                       err);
        if (rc != RC_OK)
            return rc;
    }
    for (i = 0; i < proto->n_message_type; i++) {
        rc = load_message(model, file, package, proto->message_type[i], err);
        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}

static enum rc load_fields(struct model *model, struct model_message *m, struct err *err)
{
    size_t i;

    m->n_fields = m->proto->n_field;
    m->fields = arena_zalloc(model->arena, (m->n_fields + 1) * sizeof(*m->fields));
    for (i = 0; i < m->n_fields; i++) {
        const Google__Protobuf__FieldDescriptorProto *proto = m->proto->field[i];
        struct model_field *f = &m->fields[i];
        bool is_enum = proto->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_ENUM;
        bool is_message =
            proto->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_MESSAGE;

        f->proto = proto;
        f->repeated =
            proto->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
        f->rule = unpack_rule(model->arena, (const ProtobufCMessage *)proto->options, TAG_FIELD,
                              &lode__field_rule__descriptor);
        if (is_enum)
            f->enumeration = find_type(model, proto->type_name, true);
        if (is_message)
            f->message = find_type(model, proto->type_name, false);
        if (!f->rule || (is_enum && !f->enumeration) || (is_message && !f->message))
            return err_set(err, RC_INVALID, NULL, "%s: field %s.%s does not decode", m->file->path,
                           m->full_name, proto->name);
        f->is_map = f->repeated && f->message && f->message->is_map_entry;
        f->json_name = *f->rule->json_name ? f->rule->json_name : proto->json_name;
        if (!f->json_name)
            f->json_name = name_lower_camel(model->arena, proto->name);
    }
    qsort(m->fields, m->n_fields, sizeof(*m->fields), compare_fields);
    return RC_OK;
}

static enum rc load_method(struct model *model, struct model_service *s, const char *client_prefix,
                           struct model_method *m, struct err *err)
{
    struct arena *arena = model->arena;
    size_t i;

    m->service = s;
    m->rule = unpack_rule(arena, (const ProtobufCMessage *)m->proto->options, TAG_METHOD,
                          &lode__method_rule__descriptor);
    m->in = find_type(model, m->proto->input_type, false);
    m->out = find_type(model, m->proto->output_type, false);
    if (!m->rule || !m->in || !m->out)
        return err_set(err, RC_INVALID, NULL, "%s: method %s.%s does not decode", s->file->path,
                       s->full_name, m->proto->name);
    m->c_name = name_snake(arena, m->proto->name);
    m->c_prefix = arena_printf(arena, "%s__%s", s->c_lower, m->c_name);
    m->c_client = arena_printf(arena, "%s_%s", client_prefix, m->c_name);
    m->routes = arena_zalloc(arena, (m->rule->n_more_http + 1) * sizeof(*m->routes));
    if (m->rule->http)
        m->routes[m->n_routes++] = m->rule->http;
    for (i = 0; i < m->rule->n_more_http; i++)
        m->routes[m->n_routes++] = m->rule->more_http[i];
    return RC_OK;
}

static enum rc load_services(struct model *model, struct model_file *file, struct err *err)
{
    const Google__Protobuf__FileDescriptorProto *proto = file->proto;
    const char *package = proto->package ? proto->package : "";
    const char *dot = *package ? "." : "";
    size_t i;
    size_t j;

    file->n_services = proto->n_service;
    file->services = arena_zalloc(model->arena, (proto->n_service + 1) * sizeof(*file->services));
    for (i = 0; i < proto->n_service; i++) {
        struct model_service *s = &file->services[i];
        const char *client_prefix;

        s->file = file;
        s->proto = proto->service[i];
        s->full_name = arena_printf(model->arena, "%s%s%s", package, dot, s->proto->name);
        s->c_lower = name_lower(model->arena, s->full_name);
        client_prefix = arena_printf(model->arena, "%s%s%s", name_ident(model->arena, package),
                                     *package ? "_" : "", name_snake(model->arena, s->proto->name));
        s->n_methods = s->proto->n_method;
        s->methods = arena_zalloc(model->arena, (s->n_methods + 1) * sizeof(*s->methods));
        for (j = 0; j < s->n_methods; j++) {
            enum rc rc;

            s->methods[j].proto = s->proto->method[j];
            rc = load_method(model, s, client_prefix, &s->methods[j], err);
            if (rc != RC_OK)
                return rc;
        }
    }
    return RC_OK;
}

static enum rc load_file(struct model *model, struct model_file *file, struct err *err)
{
    const Google__Protobuf__FileDescriptorProto *proto = file->proto;
    struct arena *arena = model->arena;
    size_t n_path = strlen(proto->name);
    size_t i;

    file->path = proto->name;
    if (n_path > 6 && strcmp(proto->name + n_path - 6, ".proto") == 0)
        n_path -= 6;
    file->stem = arena_strndup(arena, proto->name, n_path);
    file->ident = name_ident(arena, proto->name);
    file->foreign = proto->package && strncmp(proto->package, "google.protobuf", 15) == 0;
    for (i = 0; i < model->request->n_file_to_generate; i++)
        if (strcmp(model->request->file_to_generate[i], proto->name) == 0)
            file->generate = true;
    file->n_imports = proto->n_dependency;
    file->imports = arena_zalloc(arena, (proto->n_dependency + 1) * sizeof(*file->imports));
    for (i = 0; i < proto->n_dependency; i++) {
        file->imports[i] = model_find_file(model, proto->dependency[i]);
        if (!file->imports[i])
            return err_set(err, RC_INVALID, NULL, "%s: its import %s was not sent", file->path,
                           proto->dependency[i]);
    }
    return load_types(model, file, err);
}

enum rc model_load(struct arena *arena, struct bytes request, struct model **ret_model,
                   struct err *err)
{
    ProtobufCAllocator allocator = {allocate, release, arena};
    struct model *model = arena_zalloc(arena, sizeof(*model));
    enum rc rc;
    size_t i;
    size_t j;

    model->arena = arena;
    model->request = google__protobuf__compiler__code_generator_request__unpack(
        &allocator, request.n, request.p);
    if (!model->request)
        return err_set(err, RC_INVALID, NULL, "standard input is not a CodeGeneratorRequest");
    model->files = arena_zalloc(arena, (model->request->n_proto_file + 1) * sizeof(*model->files));
    for (i = 0; i < model->request->n_proto_file; i++) {
        model->files[i].proto = model->request->proto_file[i];
        rc = load_file(model, &model->files[i], err);
        if (rc != RC_OK)
            return rc;
        model->n_files++; /* protoc sends imports first */
    }
    for (i = 0; i < model->n_files; i++) {
        for (j = 0; j < model->files[i].n_messages; j++) {
            rc = load_fields(model, &model->files[i].messages[j], err);
            if (rc != RC_OK)
                return rc;
        }
        rc = load_services(model, &model->files[i], err);
        if (rc != RC_OK)
            return rc;
    }
    *ret_model = model;
    return RC_OK;
}

const struct model_file *model_find_file(const struct model *model, const char *path)
{
    size_t i;

    for (i = 0; i < model->n_files; i++)
        if (strcmp(model->files[i].path, path) == 0)
            return &model->files[i];
    return NULL;
}

const struct model_field *model_find_field(const struct model_message *message, const char *name)
{
    size_t i;

    for (i = 0; i < message->n_fields; i++)
        if (strcmp(message->fields[i].proto->name, name) == 0)
            return &message->fields[i];
    return NULL;
}

const char *model_route_verb(const Lode__HttpRule *rule, const char **ret_pattern)
{
    const char *const verbs[] = {"GET", "PUT", "POST", "DELETE", "PATCH"};
    const char *const patterns[] = {rule->get, rule->put, rule->post, rule->delete_, rule->patch};
    const char *verb = NULL;
    size_t n = 0;
    size_t i;

    for (i = 0; i < ARRAY_LEN(verbs); i++) {
        if (!*patterns[i])
            continue;
        verb = verbs[i];
        *ret_pattern = patterns[i];
        n++;
    }
    return n == 1 ? verb : NULL;
}
