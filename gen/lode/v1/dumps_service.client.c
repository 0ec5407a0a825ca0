/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/dumps_service.proto; do not edit, see gen/README.md. */
#include "lode/v1/dumps_service.client.h"

#include <stdio.h>
#include <stdlib.h>

static inline void *closure_new(size_t n)
{
    void *c = malloc(n);

    if (!c)
        abort();
    return c;
}

static const struct lode_method lode_v1_dumps_create__method = {
    .path = "/lode.v1.Dumps/Create",
    .in = &lode__v1__create_dump_request__descriptor,
    .out = &lode__v1__create_dump_response__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_dumps_create(struct lode_client *client,
    const Lode__V1__CreateDumpRequest *request,
    const struct lode_call_opts *opts, Lode__V1__CreateDumpResponse **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_dumps_create__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__CreateDumpResponse *)answer;
    return status;
}

struct lode_v1_dumps_create__closure {
    lode_v1_dumps_create_fn *done;
    void *arg;
};

static void lode_v1_dumps_create__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_dumps_create__closure *c = arg;

    c->done(c->arg, (Lode__V1__CreateDumpResponse *)message, error);
    free(c);
}

void lode_v1_dumps_create_async(struct lode_client *client,
    const Lode__V1__CreateDumpRequest *request,
    const struct lode_call_opts *opts, lode_v1_dumps_create_fn *done, void *arg)
{
    struct lode_v1_dumps_create__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_dumps_create__method, &request->base, opts,
        lode_v1_dumps_create__done, c);
}

static const struct lode_method lode_v1_dumps_get_status__method = {
    .path = "/lode.v1.Dumps/GetStatus",
    .in = &lode__v1__get_dump_status_request__descriptor,
    .out = &lode__v1__dump_status__descriptor,
    .client_streams = false,
    .server_streams = false,
};

enum lode_status lode_v1_dumps_get_status(struct lode_client *client,
    const Lode__V1__GetDumpStatusRequest *request,
    const struct lode_call_opts *opts, Lode__V1__DumpStatus **ret_answer,
    struct lode_error *error)
{
    ProtobufCMessage *answer = NULL;
    enum lode_status status;

    status = lode_call_unary(client, &lode_v1_dumps_get_status__method, &request->base, opts, &answer,
        error);
    if (status == LODE_OK)
        *ret_answer = (Lode__V1__DumpStatus *)answer;
    return status;
}

struct lode_v1_dumps_get_status__closure {
    lode_v1_dumps_get_status_fn *done;
    void *arg;
};

static void lode_v1_dumps_get_status__done(void *arg, ProtobufCMessage *message,
    const struct lode_error *error)
{
    struct lode_v1_dumps_get_status__closure *c = arg;

    c->done(c->arg, (Lode__V1__DumpStatus *)message, error);
    free(c);
}

void lode_v1_dumps_get_status_async(struct lode_client *client,
    const Lode__V1__GetDumpStatusRequest *request,
    const struct lode_call_opts *opts, lode_v1_dumps_get_status_fn *done, void *arg)
{
    struct lode_v1_dumps_get_status__closure *c = closure_new(sizeof(*c));

    c->done = done;
    c->arg = arg;
    lode_call_unary_async(client, &lode_v1_dumps_get_status__method, &request->base, opts,
        lode_v1_dumps_get_status__done, c);
}

static const struct lode_method lode_v1_dumps_watch__method = {
    .path = "/lode.v1.Dumps/Watch",
    .in = &lode__v1__get_dump_status_request__descriptor,
    .out = &lode__v1__dump_progress__descriptor,
    .client_streams = false,
    .server_streams = true,
};

enum lode_status lode_v1_dumps_watch_open(struct lode_client *client,
    const Lode__V1__GetDumpStatusRequest *request,
    const struct lode_call_opts *opts, struct lode_stream **ret_stream,
    struct lode_error *error)
{
    return lode_stream_open(client, &lode_v1_dumps_watch__method, &request->base, opts,
        ret_stream, error);
}

struct lode_v1_dumps_watch__closure {
    struct lode_v1_dumps_watch_callbacks callbacks;
    void *arg;
};

static void lode_v1_dumps_watch__on_message(void *arg, struct lode_stream *stream,
    ProtobufCMessage *message)
{
    struct lode_v1_dumps_watch__closure *c = arg;

    c->callbacks.on_message(c->arg, stream, (Lode__V1__DumpProgress *)message);
}

static void lode_v1_dumps_watch__on_writable(void *arg, struct lode_stream *stream)
{
    struct lode_v1_dumps_watch__closure *c = arg;

    if (c->callbacks.on_writable)
        c->callbacks.on_writable(c->arg, stream);
}

static void lode_v1_dumps_watch__on_end(void *arg, struct lode_stream *stream,
    const struct lode_error *error)
{
    struct lode_v1_dumps_watch__closure *c = arg;

    c->callbacks.on_end(c->arg, stream, error);
    free(c);
}

struct lode_stream *lode_v1_dumps_watch_open_async(struct lode_client *client,
    const Lode__V1__GetDumpStatusRequest *request,
    const struct lode_call_opts *opts,
    const struct lode_v1_dumps_watch_callbacks *callbacks, void *arg)
{
    static const struct lode_stream_callbacks thunks = {
        .on_message = lode_v1_dumps_watch__on_message,
        .on_writable = lode_v1_dumps_watch__on_writable,
        .on_end = lode_v1_dumps_watch__on_end,
    };
    struct lode_v1_dumps_watch__closure *c = closure_new(sizeof(*c));

    c->callbacks = *callbacks;
    c->arg = arg;
    return lode_stream_open_async(client, &lode_v1_dumps_watch__method, &request->base, opts,
        &thunks, c);
}

static const struct lode_method lode_v1_dumps_download__method = {
    .path = "/lode.v1.Dumps/Download",
    .in = &lode__v1__download_dump_request__descriptor,
    .out = &lode__v1__download_dump_response__descriptor,
    .client_streams = false,
    .server_streams = true,
};

enum lode_status lode_v1_dumps_download_open(struct lode_client *client,
    const Lode__V1__DownloadDumpRequest *request,
    const struct lode_call_opts *opts, struct lode_stream **ret_stream,
    struct lode_error *error)
{
    return lode_stream_open(client, &lode_v1_dumps_download__method, &request->base, opts,
        ret_stream, error);
}

struct lode_v1_dumps_download__closure {
    struct lode_v1_dumps_download_callbacks callbacks;
    void *arg;
};

static void lode_v1_dumps_download__on_message(void *arg, struct lode_stream *stream,
    ProtobufCMessage *message)
{
    struct lode_v1_dumps_download__closure *c = arg;

    c->callbacks.on_message(c->arg, stream, (Lode__V1__DownloadDumpResponse *)message);
}

static void lode_v1_dumps_download__on_writable(void *arg, struct lode_stream *stream)
{
    struct lode_v1_dumps_download__closure *c = arg;

    if (c->callbacks.on_writable)
        c->callbacks.on_writable(c->arg, stream);
}

static void lode_v1_dumps_download__on_end(void *arg, struct lode_stream *stream,
    const struct lode_error *error)
{
    struct lode_v1_dumps_download__closure *c = arg;

    c->callbacks.on_end(c->arg, stream, error);
    free(c);
}

struct lode_stream *lode_v1_dumps_download_open_async(struct lode_client *client,
    const Lode__V1__DownloadDumpRequest *request,
    const struct lode_call_opts *opts,
    const struct lode_v1_dumps_download_callbacks *callbacks, void *arg)
{
    static const struct lode_stream_callbacks thunks = {
        .on_message = lode_v1_dumps_download__on_message,
        .on_writable = lode_v1_dumps_download__on_writable,
        .on_end = lode_v1_dumps_download__on_end,
    };
    struct lode_v1_dumps_download__closure *c = closure_new(sizeof(*c));

    c->callbacks = *callbacks;
    c->arg = arg;
    return lode_stream_open_async(client, &lode_v1_dumps_download__method, &request->base, opts,
        &thunks, c);
}
