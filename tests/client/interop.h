/* SPDX-License-Identifier: MIT */
/*
 * interop.h -- what the cases of interop_client share.
 *
 * A case is a function that uses the client library as a stranger would and
 * says with CHECK what it must see; the first CHECK that fails ends the case.
 */
#pragma once

#include <lode/client.h>
#include <stdbool.h>
#include <stdint.h>

#include "testing_service.client.h"

struct interop {
    const char *target;
    struct lode_client *client;
    struct lode_error error;
    struct lode_stream *stream; /* closed after the case */
};

struct interop_case {
    const char *name;
    bool (*run)(struct interop *t);
};

extern const struct interop_case interop_standard[];
extern const struct interop_case interop_behaviour[];
extern const struct interop_case interop_negative[];

bool check_failed(const char *file, int line, const char *what, const struct interop *t);

#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond))                                                                               \
            return check_failed(__FILE__, __LINE__, #cond, t);                                     \
    } while (0)

/* A payload of n zero bytes; n is at most 16 MiB. */
Grpc__Testing__Payload payload_of(size_t n);

typedef Grpc__Testing__SimpleRequest simple_request;
typedef Grpc__Testing__SimpleResponse simple_response;
typedef Grpc__Testing__StreamingOutputCallRequest output_request;
typedef Grpc__Testing__StreamingOutputCallResponse output_response;

/* UnaryCall asking for n bytes; the status, the answer's size in *ret_n. */
enum lode_status unary(struct interop *t, int32_t n, const struct lode_call_opts *opts,
                       size_t *ret_n);
/* Sends one request for `ask` bytes (-1: none) carrying `send` bytes on a duplex stream. */
enum lode_status duplex_send(struct interop *t, int32_t ask, size_t send);
enum lode_status duplex_receive(struct interop *t, size_t *ret_n);
/* Reads until the stream says how it ended. */
enum lode_status drain(struct lode_stream *stream, size_t *ret_messages, struct lode_error *error);
int64_t now_ms(void);
