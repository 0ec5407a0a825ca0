/* SPDX-License-Identifier: MIT */
/*
 * reflection.c -- grpc.reflection.v1.ServerReflection, and the same as v1alpha.
 *
 * Both versions have the same bytes on the wire; the work is done on v1's
 * messages, and a v1alpha call goes there and back through its bytes.
 *
 * Which files there are follows from the registered services: theirs and all
 * they import. The list is made again when services were added.
 */
#include "base/assert.h"
#include "base/mem.h"
#include "grpc/descriptor.h"
#include "grpc/grpc_int.h"
#include "grpc/reflection/v1/reflection_service.rpc.h"
#include "grpc/reflection/v1alpha/reflection_service.rpc.h"
#include "pb/pb.h"

typedef Grpc__Reflection__V1__ServerReflectionRequest request_msg;
typedef Grpc__Reflection__V1__ServerReflectionResponse response_msg;

#define ANSWER(kind) GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##kind
#define ASKED(kind) GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##kind

enum { FILES_MAX = 256 };

struct files {
    const struct pb_file *items[FILES_MAX];
    size_t n;
};

struct grpc__reflection {
    struct grpc__reflection__v1__server_reflection__handlers handlers;
    struct grpc__reflection__v1alpha__server_reflection__handlers alpha;
    struct rpc_server *rpc;
    struct files all;
    size_t n_services; /* when `all` was made */
};

/* ---- files ------------------------------------------------------------------------- */

/* Adds file and its imports, each once, imports behind the file that needs them. */
static void add_closure(struct files *files, const struct pb_file *file)
{
    const struct pb_file *const *import;
    size_t i;

    for (i = 0; i < files->n; i++)
        if (files->items[i] == file)
            return;
    ASSERT(files->n < FILES_MAX);
    files->items[files->n++] = file;
    for (import = file->imports; import && *import; import++)
        add_closure(files, *import);
}

static const struct files *all_files(struct grpc__reflection *r)
{
    size_t i;

    if (r->n_services == rpc_server_n_services(r->rpc))
        return &r->all;
    r->n_services = rpc_server_n_services(r->rpc);
    r->all.n = 0;
    for (i = 0; i < r->n_services; i++)
        add_closure(&r->all, rpc_server_service(r->rpc, i)->file);
    return &r->all;
}

static const struct pb_file *file_by_name(struct grpc__reflection *r, const char *name)
{
    const struct files *all = all_files(r);
    size_t i;

    for (i = 0; i < all->n; i++)
        if (strcmp(all->items[i]->name, name) == 0)
            return all->items[i];
    return NULL;
}

static const struct pb_file *file_by_symbol(struct grpc__reflection *r, const char *symbol)
{
    const struct files *all = all_files(r);
    size_t i;

    for (i = 0; i < all->n; i++)
        if (grpc__descriptor_declares(all->items[i], bytes_str(symbol)))
            return all->items[i];
    return NULL;
}

static const struct pb_file *file_by_extension(struct grpc__reflection *r, const char *extendee,
                                               int32_t number)
{
    const struct files *all = all_files(r);
    struct bytes extends;
    int32_t found;
    size_t i, nth;

    for (i = 0; i < all->n; i++)
        for (nth = 0; grpc__descriptor_extension(all->items[i], nth, &extends, &found); nth++)
            if (found == number && bytes_eq(extends, bytes_str(extendee)))
                return all->items[i];
    return NULL;
}

/* ---- answers: all in `arena`; NULL past its limit ---------------------------------------- */

static bool answer_error(struct arena *arena, response_msg *answer, int code, const char *text)
{
    Grpc__Reflection__V1__ErrorResponse *error = arena_alloc(arena, sizeof *error);

    if (!error)
        return false;
    grpc__reflection__v1__error_response__init(error);
    error->error_code = code;
    error->error_message = (char *)(uintptr_t)text; /* packing only reads */
    answer->message_response_case = ANSWER(ERROR_RESPONSE);
    answer->error_response = error;
    return true;
}

static bool answer_file(struct arena *arena, response_msg *answer, const struct pb_file *file)
{
    Grpc__Reflection__V1__FileDescriptorResponse *body;
    struct files files = {.n = 0};
    size_t i;

    if (!file)
        return answer_error(arena, answer, rpc_grpc_status(RC_NOT_FOUND), "not found");
    add_closure(&files, file);
    body = arena_alloc(arena, sizeof *body);
    if (!body)
        return false;
    grpc__reflection__v1__file_descriptor_response__init(body);
    body->file_descriptor_proto = arena_alloc(arena, files.n * sizeof(ProtobufCBinaryData));
    if (!body->file_descriptor_proto)
        return false;
    body->n_file_descriptor_proto = files.n;
    for (i = 0; i < files.n; i++) {
        body->file_descriptor_proto[i].len = files.items[i]->n_descriptor;
        body->file_descriptor_proto[i].data = (uint8_t *)(uintptr_t)files.items[i]->descriptor;
    }
    answer->message_response_case = ANSWER(FILE_DESCRIPTOR_RESPONSE);
    answer->file_descriptor_response = body;
    return true;
}

static bool answer_services(struct grpc__reflection *r, struct arena *arena, response_msg *answer)
{
    size_t n = rpc_server_n_services(r->rpc);
    Grpc__Reflection__V1__ListServiceResponse *body = arena_alloc(arena, sizeof *body);
    Grpc__Reflection__V1__ServiceResponse *names = arena_alloc(arena, n * sizeof *names);
    size_t i;

    if (!body || !names)
        return false;
    grpc__reflection__v1__list_service_response__init(body);
    body->service = arena_alloc(arena, n * sizeof *body->service);
    if (!body->service)
        return false;
    body->n_service = n;
    for (i = 0; i < n; i++) {
        grpc__reflection__v1__service_response__init(&names[i]);
        names[i].name = (char *)(uintptr_t)rpc_server_service(r->rpc, i)->name;
        body->service[i] = &names[i];
    }
    answer->message_response_case = ANSWER(LIST_SERVICES_RESPONSE);
    answer->list_services_response = body;
    return true;
}

/* The numbers of every extension of a type; the type must be one that is known here. */
static bool answer_numbers(struct grpc__reflection *r, struct arena *arena, response_msg *answer,
                           char *type)
{
    const struct files *all = all_files(r);
    Grpc__Reflection__V1__ExtensionNumberResponse *body = arena_alloc(arena, sizeof *body);
    int32_t numbers[FILES_MAX], number;
    struct bytes extends;
    size_t i, nth, n = 0;

    if (!file_by_symbol(r, type))
        return answer_error(arena, answer, rpc_grpc_status(RC_NOT_FOUND), "not found");
    for (i = 0; i < all->n; i++)
        for (nth = 0; grpc__descriptor_extension(all->items[i], nth, &extends, &number); nth++)
            if (n < FILES_MAX && bytes_eq(extends, bytes_str(type)))
                numbers[n++] = number;
    if (!body)
        return false;
    grpc__reflection__v1__extension_number_response__init(body);
    body->base_type_name = type;
    body->extension_number = arena_alloc(arena, n * sizeof *numbers);
    if (!body->extension_number)
        return false;
    memcpy(body->extension_number, numbers, n * sizeof *numbers);
    body->n_extension_number = n;
    answer->message_response_case = ANSWER(ALL_EXTENSION_NUMBERS_RESPONSE);
    answer->all_extension_numbers_response = body;
    return true;
}

static bool make_answer(struct grpc__reflection *r, struct arena *arena, const request_msg *request,
                        response_msg *answer)
{
    switch ((int)request->message_request_case) { /* not the enum: protobuf-c pads it */
    case ASKED(FILE_BY_FILENAME):
        return answer_file(arena, answer, file_by_name(r, request->file_by_filename));
    case ASKED(FILE_CONTAINING_SYMBOL):
        return answer_file(arena, answer, file_by_symbol(r, request->file_containing_symbol));
    case ASKED(FILE_CONTAINING_EXTENSION):
        return answer_file(arena, answer,
                           file_by_extension(r, request->file_containing_extension->containing_type,
                                             request->file_containing_extension->extension_number));
    case ASKED(ALL_EXTENSION_NUMBERS_OF_TYPE):
        return answer_numbers(r, arena, answer, request->all_extension_numbers_of_type);
    case ASKED(LIST_SERVICES):
        return answer_services(r, arena, answer);
    default:
        return answer_error(arena, answer, rpc_grpc_status(RC_INVALID), "nothing was asked");
    }
}

/* ---- the stream ---------------------------------------------------------------------- */

/* msg as a message of another type with the same bytes. */
static ProtobufCMessage *recast(struct arena *arena, const ProtobufCMessage *msg,
                                const ProtobufCMessageDescriptor *to)
{
    ProtobufCMessage *copy = NULL;
    struct buf bytes;
    struct err err;

    if (msg->descriptor == to)
        return (ProtobufCMessage *)(uintptr_t)msg;
    buf_init(&bytes, PB_MAX_MESSAGE);
    if (pb_pack(msg, &bytes, &err) != RC_OK ||
        pb_unpack(arena, to, buf_view(&bytes), &copy, &err) != RC_OK)
        copy = NULL;
    buf_done(&bytes);
    return copy;
}

static bool on_message(struct rpc_call *call, const ProtobufCMessage *msg, void *arg)
{
    struct grpc__reflection *r = arg;
    struct arena *arena = rpc_call_scratch(call);
    response_msg answer;
    ProtobufCMessage *request, *sent = NULL;

    grpc__reflection__v1__server_reflection_response__init(&answer);
    arena_set_limit(arena, pb_arena_limit(PB_MAX_MESSAGE)); /* answers are larger than questions */
    request = recast(arena, msg, &grpc__reflection__v1__server_reflection_request__descriptor);
    if (request) {
        answer.valid_host = ((request_msg *)request)->host;
        answer.original_request = (request_msg *)request;
        if (make_answer(r, arena, (request_msg *)request, &answer))
            sent = recast(arena, &answer.base, rpc_call_method(call)->out->desc);
    }
    if (sent)
        (void)rpc_call_send(call, sent);
    else
        rpc_call_fail_status(call, rpc_grpc_status(RC_TOO_LARGE), "the answer is too large");
    return true;
}

static void on_end(struct rpc_call *call, void *arg)
{
    (void)arg;
    rpc_call_finish(call);
}

static const struct rpc_stream_ops stream_ops = {.on_message = on_message, .on_end = on_end};

static void info(struct rpc_call *call, const request_msg *request, void *arg)
{
    (void)request; /* a stream in */
    rpc_call_set_stream(call, &stream_ops, arg);
}

static void info_alpha(struct rpc_call *call,
                       const Grpc__Reflection__V1alpha__ServerReflectionRequest *request, void *arg)
{
    (void)request;
    rpc_call_set_stream(call, &stream_ops, arg);
}

struct grpc__reflection *grpc__reflection_new(struct rpc_server *rpc)
{
    struct grpc__reflection *r = xcalloc(1, sizeof *r);

    r->rpc = rpc;
    r->handlers.server_reflection_info = info;
    r->alpha.server_reflection_info = info_alpha;
    rpc_server_add(rpc, &grpc__reflection__v1__server_reflection__service, &r->handlers, r);
    rpc_server_add(rpc, &grpc__reflection__v1alpha__server_reflection__service, &r->alpha, r);
    return r;
}

void grpc__reflection_free(struct grpc__reflection *r)
{
    xfree(r);
}

/* Calls that live as long as their client does: a drain does not wait for them. */
bool grpc__is_background(const struct rpc_method *method)
{
    return method->service == &grpc__reflection__v1__server_reflection__service ||
           method->service == &grpc__reflection__v1alpha__server_reflection__service ||
           strcmp(method->path, "/grpc.health.v1.Health/Watch") == 0;
}
