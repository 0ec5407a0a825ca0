/* SPDX-License-Identifier: MIT */
/*
 * method.h -- the constant tables of services, methods and routes.
 *
 * Printed by Lode's protoc plugin; dispatch, routing, transcoding, reflection
 * and the client walk them. Plain data, no functions with state.
 */
#pragma once

#include "pb/meta.h"

enum rpc_shape {
    RPC_UNARY,         /* one request, one answer */
    RPC_SERVER_STREAM, /* one request, many answers */
    RPC_CLIENT_STREAM, /* many requests, one answer */
    RPC_BIDI_STREAM,   /* many and many */
};

/* One HTTP binding; strings are never NULL unless said. */
struct rpc_route {
    const char *verb;                 /* "GET" */
    const char *pattern;              /* "/indexes/{index_uid}/documents" */
    const char *body;                 /* "", "*" or a field's proto name */
    const char *response_body;        /* "" or a field's proto name */
    uint16_t status;                  /* of success */
    const char *body_stream;          /* "" or the bytes field that the body fills */
    const char *content_type_field;   /* "" or a string field */
    const char *const *content_types; /* ends with NULL */
    const char *const *set;           /* "field=value", ends with NULL */
    bool ignore_query;
    bool ignore_unknown;
    const char *body_error; /* error word of the body's top level */
};

struct rpc_call;

/*
 * Calls the handler of one method out of a service's handler struct, typed.
 * False: the slot is NULL, nothing was called.
 */
typedef bool rpc_invoke_fn(const void *handlers, struct rpc_call *call,
                           const ProtobufCMessage *request, void *service_arg);

struct rpc_method {
    const char *name; /* "Create" */
    const char *path; /* "/lode.v1.Indexes/Create" */
    enum rpc_shape shape;
    const struct pb_message_meta *in;
    const struct pb_message_meta *out;
    const struct rpc_route *routes; /* n_routes of them */
    uint16_t n_routes;
    bool on_loop;            /* bounded and never touches the disk */
    const char *action;      /* key action, "" for none */
    const char *index_field; /* proto name, "" for none */
    rpc_invoke_fn *invoke;
    const struct rpc_service *service;
};

struct rpc_service {
    const char *name; /* "lode.v1.Indexes" */
    const struct rpc_method *methods;
    uint16_t n_methods;
    const struct pb_file *file;
};
