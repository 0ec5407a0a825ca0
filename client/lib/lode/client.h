/* SPDX-License-Identifier: MIT */
/*
 * client.h -- calling a Lode server (or any gRPC server) from C.
 *
 *     struct lode_client *client;
 *     struct lode_error error;
 *     Lode__V1__VersionResponse *version;
 *
 *     if (lode_client_open("127.0.0.1:7700", NULL, &client, &error) != LODE_OK) ...
 *     if (lode_v1_system_version(client, &request, NULL, &version, &error) != LODE_OK) ...
 *     lode_message_free(version);
 *     lode_client_close(client);
 *
 * The typed functions are generated from the .proto files into
 * lode/v1/<name>_service.client.h; this header is what they stand on.
 *
 * Ownership  Answers belong to the caller: lode_message_free(). Requests are
 *            packed before a call returns and never kept.
 * Threads    A client may be used from any thread at once; it runs one loop
 *            thread of its own. A stream belongs to one thread at a time
 *            (one sender and one receiver may differ). Callbacks run on the
 *            loop thread and must not block or call blocking functions.
 * Errors     Functions return a gRPC status (LODE_OK is 0) and fill *error,
 *            which may be NULL.
 * Units      Milliseconds, bytes.
 */
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define LODE_API __attribute__((visibility("default")))
#else
#define LODE_API
#endif

/* gRPC status codes. */
enum lode_status {
    LODE_OK = 0,
    LODE_CANCELLED = 1,
    LODE_UNKNOWN = 2,
    LODE_INVALID_ARGUMENT = 3,
    LODE_DEADLINE_EXCEEDED = 4,
    LODE_NOT_FOUND = 5,
    LODE_ALREADY_EXISTS = 6,
    LODE_PERMISSION_DENIED = 7,
    LODE_RESOURCE_EXHAUSTED = 8,
    LODE_FAILED_PRECONDITION = 9,
    LODE_ABORTED = 10,
    LODE_OUT_OF_RANGE = 11,
    LODE_UNIMPLEMENTED = 12,
    LODE_INTERNAL = 13,
    LODE_UNAVAILABLE = 14,
    LODE_DATA_LOSS = 15,
    LODE_UNAUTHENTICATED = 16,
    LODE_END = -1 /* lode_stream_receive(): no more messages, the call ended well */
};

struct lode_error {
    enum lode_status status;
    char code[64];      /* Lode's error word ("index_not_found"), "" if the server sent none */
    char message[1024]; /* one sentence, cut if longer */
};

struct lode_metadata {
    const char *name; /* lower case; "-bin" for bytes */
    const void *value;
    size_t length;
};

struct lode_client_opts {
    const char *api_key;    /* sent as "authorization: Bearer"; NULL for none */
    const char *user_agent; /* put in front of the library's own; NULL for none */
    unsigned connect_ms;    /* 0: 20,000 */
    size_t max_message;     /* largest answer; 0: 4 MiB */
    unsigned keepalive_ms;  /* ping after this long without a byte; 0: never */
};

struct lode_call_opts {
    int64_t timeout_ms;  /* 0: none */
    bool wait_for_ready; /* wait through connection failures, to the deadline */
    bool compress;       /* gzip request messages over 1 KiB */
    const struct lode_metadata *metadata;
    size_t n_metadata;
};

struct lode_client;
struct lode_stream;

/* target: "host:port", "[v6]:port", "ipv4:...", "dns:///host:port", "unix:path". Connects in the
 * background. */
LODE_API enum lode_status lode_client_open(const char *target, const struct lode_client_opts *opts,
                                           struct lode_client **ret_client,
                                           struct lode_error *error);
/* Cancels what runs, waits for callbacks, frees. NULL is fine. Not from a callback. */
LODE_API void lode_client_close(struct lode_client *client);

LODE_API void lode_message_free(void *message);                 /* an answer; NULL is fine */
LODE_API const char *lode_status_name(enum lode_status status); /* "NOT_FOUND" */
LODE_API const char *lode_version(void);

/* ---- what generated stubs call --------------------------------------------------------- */

struct lode_method {
    const char *path; /* "/lode.v1.Indexes/Create" */
    const ProtobufCMessageDescriptor *in;
    const ProtobufCMessageDescriptor *out;
    bool client_streams;
    bool server_streams;
};

LODE_API enum lode_status lode_call_unary(struct lode_client *client,
                                          const struct lode_method *method,
                                          const ProtobufCMessage *request,
                                          const struct lode_call_opts *opts,
                                          ProtobufCMessage **ret_answer, struct lode_error *error);

/* message: NULL on failure; the callback's to lode_message_free(). Exactly one callback. */
typedef void lode_unary_fn(void *arg, ProtobufCMessage *message, const struct lode_error *error);
LODE_API void lode_call_unary_async(struct lode_client *client, const struct lode_method *method,
                                    const ProtobufCMessage *request,
                                    const struct lode_call_opts *opts, lode_unary_fn *done,
                                    void *arg);

/* Blocking streams of all shapes. request: the one message of a server stream, else NULL. */
LODE_API enum lode_status
lode_stream_open(struct lode_client *client, const struct lode_method *method,
                 const ProtobufCMessage *request, const struct lode_call_opts *opts,
                 struct lode_stream **ret_stream, struct lode_error *error);
/* Waits while the server takes no more. LODE_END: the server has ended the call; receive says how.
 */
LODE_API enum lode_status lode_stream_send(struct lode_stream *stream,
                                           const ProtobufCMessage *message,
                                           struct lode_error *error);
LODE_API enum lode_status lode_stream_send_end(struct lode_stream *stream,
                                               struct lode_error *error);
/* Waits for the next message; LODE_END after the last one of a call that ended well. */
LODE_API enum lode_status lode_stream_receive(struct lode_stream *stream,
                                              ProtobufCMessage **ret_message,
                                              struct lode_error *error);
LODE_API void lode_stream_cancel(struct lode_stream *stream); /* any thread */
LODE_API void
lode_stream_close(struct lode_stream *stream); /* cancels if it still runs; NULL is fine */

/* Metadata the server sent; NULL until its headers (trailers) are here. Borrowed from the stream.
 */
LODE_API const void *lode_stream_initial_metadata(struct lode_stream *stream, const char *name,
                                                  size_t *ret_length);
LODE_API const void *lode_stream_trailing_metadata(struct lode_stream *stream, const char *name,
                                                   size_t *ret_length);

/* Callback streams of all shapes. All run on the loop thread. */
struct lode_stream_callbacks {
    void (*on_message)(void *arg, struct lode_stream *stream,
                       ProtobufCMessage *message);              /* yours to free */
    void (*on_writable)(void *arg, struct lode_stream *stream); /* may be NULL */
    void (*on_end)(void *arg, struct lode_stream *stream,
                   const struct lode_error
                       *error); /* status LODE_OK: ended well; the stream is freed after it */
};
/* request as in lode_stream_open(). The stream is valid until on_end has returned. */
LODE_API struct lode_stream *
lode_stream_open_async(struct lode_client *client, const struct lode_method *method,
                       const ProtobufCMessage *request, const struct lode_call_opts *opts,
                       const struct lode_stream_callbacks *callbacks, void *arg);
/* False: enough is queued, wait for on_writable (the message was taken). Any thread. */
LODE_API bool lode_stream_send_async(struct lode_stream *stream, const ProtobufCMessage *message);
LODE_API void lode_stream_send_end_async(struct lode_stream *stream);

#ifdef __cplusplus
}
#endif
