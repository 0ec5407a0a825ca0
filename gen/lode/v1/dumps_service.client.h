/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/dumps_service.proto; do not edit, see gen/README.md. */
#pragma once

#include <lode/client.h>

#include "lode/v1/dumps.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* lode.v1.Dumps/Create: one request, one answer. */
LODE_API enum lode_status lode_v1_dumps_create(struct lode_client *client,
    const Lode__V1__CreateDumpRequest *request,
    const struct lode_call_opts *opts, Lode__V1__CreateDumpResponse **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_dumps_create_fn(void *arg, Lode__V1__CreateDumpResponse *answer,
    const struct lode_error *error);
LODE_API void lode_v1_dumps_create_async(struct lode_client *client,
    const Lode__V1__CreateDumpRequest *request,
    const struct lode_call_opts *opts, lode_v1_dumps_create_fn *done, void *arg);

/* lode.v1.Dumps/GetStatus: one request, one answer. */
LODE_API enum lode_status lode_v1_dumps_get_status(struct lode_client *client,
    const Lode__V1__GetDumpStatusRequest *request,
    const struct lode_call_opts *opts, Lode__V1__DumpStatus **ret_answer,
    struct lode_error *error);
/* answer: NULL on failure; yours to lode_message_free(). Exactly one callback. */
typedef void lode_v1_dumps_get_status_fn(void *arg, Lode__V1__DumpStatus *answer,
    const struct lode_error *error);
LODE_API void lode_v1_dumps_get_status_async(struct lode_client *client,
    const Lode__V1__GetDumpStatusRequest *request,
    const struct lode_call_opts *opts, lode_v1_dumps_get_status_fn *done, void *arg);

/* lode.v1.Dumps/Watch: messages out. */
LODE_API enum lode_status lode_v1_dumps_watch_open(struct lode_client *client,
    const Lode__V1__GetDumpStatusRequest *request,
    const struct lode_call_opts *opts, struct lode_stream **ret_stream,
    struct lode_error *error);
static inline enum lode_status lode_v1_dumps_watch_receive(struct lode_stream *stream,
    Lode__V1__DumpProgress **ret_message, struct lode_error *error)
{
    ProtobufCMessage *message = NULL;
    enum lode_status status = lode_stream_receive(stream, &message, error);

    if (status == LODE_OK)
        *ret_message = (Lode__V1__DumpProgress *)message;
    return status;
}
/* As struct lode_stream_callbacks. */
struct lode_v1_dumps_watch_callbacks {
    void (*on_message)(void *arg, struct lode_stream *stream,
        Lode__V1__DumpProgress *message);
    void (*on_writable)(void *arg, struct lode_stream *stream); /* may be NULL */
    void (*on_end)(void *arg, struct lode_stream *stream,
        const struct lode_error *error);
};
LODE_API struct lode_stream *lode_v1_dumps_watch_open_async(struct lode_client *client,
    const Lode__V1__GetDumpStatusRequest *request,
    const struct lode_call_opts *opts,
    const struct lode_v1_dumps_watch_callbacks *callbacks, void *arg);

/* lode.v1.Dumps/Download: messages out. */
LODE_API enum lode_status lode_v1_dumps_download_open(struct lode_client *client,
    const Lode__V1__DownloadDumpRequest *request,
    const struct lode_call_opts *opts, struct lode_stream **ret_stream,
    struct lode_error *error);
static inline enum lode_status lode_v1_dumps_download_receive(struct lode_stream *stream,
    Lode__V1__DownloadDumpResponse **ret_message, struct lode_error *error)
{
    ProtobufCMessage *message = NULL;
    enum lode_status status = lode_stream_receive(stream, &message, error);

    if (status == LODE_OK)
        *ret_message = (Lode__V1__DownloadDumpResponse *)message;
    return status;
}
/* As struct lode_stream_callbacks. */
struct lode_v1_dumps_download_callbacks {
    void (*on_message)(void *arg, struct lode_stream *stream,
        Lode__V1__DownloadDumpResponse *message);
    void (*on_writable)(void *arg, struct lode_stream *stream); /* may be NULL */
    void (*on_end)(void *arg, struct lode_stream *stream,
        const struct lode_error *error);
};
LODE_API struct lode_stream *lode_v1_dumps_download_open_async(struct lode_client *client,
    const Lode__V1__DownloadDumpRequest *request,
    const struct lode_call_opts *opts,
    const struct lode_v1_dumps_download_callbacks *callbacks, void *arg);

#ifdef __cplusplus
}
#endif
