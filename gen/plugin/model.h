/* SPDX-License-Identifier: MIT */
/*
 * model.h -- a CodeGeneratorRequest as the printers want to see it.
 *
 * Files, messages, enums and services with their C names, with Lode's options
 * decoded and with type names resolved to pointers. Read only once it is built.
 *
 * Ownership  Everything lives in the arena given to model_load().
 * Errors     RC_INVALID when the request does not decode or a type is missing.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include "google/protobuf/compiler/plugin.pb-c.h"
#include "google/protobuf/descriptor.pb-c.h"
#include "lode/options.pb-c.h"

struct model_file;
struct model_message;

struct model_enum_value {
    const char *name;
    int32_t number;
    const char *json_name; /* NULL for the zero "unspecified" value */
    bool output_only;
};

struct model_enum {
    const struct model_file *file;
    const Google__Protobuf__EnumDescriptorProto *proto;
    const char *full_name;           /* "lode.v1.TaskStatus" */
    const char *c_lower;             /* "lode__v1__task_status" */
    struct model_enum_value *values; /* by number, as protobuf-c sorts them */
    size_t n_values;
    bool any_output_only;
};

struct model_field {
    const Google__Protobuf__FieldDescriptorProto *proto;
    const Lode__FieldRule *rule; /* never NULL */
    const char *json_name;
    const struct model_message *message; /* of a message field, else NULL */
    const struct model_enum *enumeration;
    bool repeated;
    bool is_map;
};

struct model_message {
    const struct model_file *file;
    const Google__Protobuf__DescriptorProto *proto;
    const Lode__MessageRule *rule; /* never NULL */
    const char *full_name;         /* "lode.v1.TaskSummary" */
    const char *c_lower;           /* "lode__v1__task_summary" */
    const char *c_type;            /* "Lode__V1__TaskSummary" */
    struct model_field *fields;    /* by number, as protobuf-c sorts them */
    size_t n_fields;
    bool is_map_entry;
    int lint_color; /* of the search for recursion */
};

struct model_service;

struct model_method {
    const Google__Protobuf__MethodDescriptorProto *proto;
    const Lode__MethodRule *rule; /* never NULL */
    const struct model_service *service;
    const struct model_message *in;
    const struct model_message *out;
    const char *c_name;   /* "list_batches" */
    const char *c_prefix; /* "lode__v1__tasks__list_batches" */
    const char *c_client; /* "lode_v1_tasks_list_batches" */
    const Lode__HttpRule **routes;
    size_t n_routes;
};

struct model_service {
    const struct model_file *file;
    const Google__Protobuf__ServiceDescriptorProto *proto;
    const char *full_name; /* "lode.v1.Tasks" */
    const char *c_lower;   /* "lode__v1__tasks" */
    struct model_method *methods;
    size_t n_methods;
};

struct model_file {
    const Google__Protobuf__FileDescriptorProto *proto;
    const char *path;  /* "lode/v1/tasks.proto" */
    const char *stem;  /* "lode/v1/tasks" */
    const char *ident; /* "lode_v1_tasks_proto" */
    bool generate;     /* asked for by protoc */
    bool foreign;      /* google.protobuf: not ours to lint */
    const struct model_file **imports;
    size_t n_imports;
    struct model_message *messages; /* nested ones behind their parents */
    size_t n_messages;
    struct model_enum *enums;
    size_t n_enums;
    struct model_service *services;
    size_t n_services;
};

struct model {
    struct arena *arena;
    const Google__Protobuf__Compiler__CodeGeneratorRequest *request;
    struct model_file *files; /* imports before those who import them */
    size_t n_files;
};

enum rc model_load(struct arena *arena, struct bytes request, struct model **ret_model,
                   struct err *err) MUST_CHECK;

/* NULL if there is none. */
const struct model_file *model_find_file(const struct model *model, const char *path);
const struct model_field *model_find_field(const struct model_message *message, const char *name);

/* The HTTP verb of a rule and its path; NULL verb when not exactly one is given. */
const char *model_route_verb(const Lode__HttpRule *rule, const char **ret_pattern);
