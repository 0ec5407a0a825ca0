/* SPDX-License-Identifier: MIT */
/*
 * pair.h -- a session of the server and a client of nghttp2, joined by two
 * buffers; no socket, no loop, and time stands still until a test moves it.
 */
#pragma once

#include "grpc/grpc_int.h"
#include "support/fake_executor.h"

#include "testing_service.rpc.h"

enum { PAIR_STREAMS = 64 };

struct pair_answer {
    struct buf headers; /* "name: value\n" of every field of every block */
    struct buf data;
    bool closed;
    uint32_t code; /* when closed */
};

struct pair {
    struct fake_executor ex;
    struct rpc_server *rpc;
    struct grpc_server *grpc;
    struct grpc__session *ss;
    nghttp2_session *client;
    struct buf wire; /* from the server, not yet read by the client */
    size_t stuck;    /* bytes that the socket's queue pretends to hold beside */
    bool flush_wanted, paused, closed, aborted;
    struct pair_answer answers[PAIR_STREAMS]; /* by stream id / 2 */
    unsigned n_pings, n_goaways;
    uint32_t goaway_code;
    char goaway_text[64];
    bool deaf; /* the client takes nothing from the wire */
    /* the handlers */
    struct rpc_call *held; /* the last call that was not answered */
    size_t n_got, n_cancelled, n_writable;
    bool take_later;
};

extern struct pair pair;

void pair_setup(void);
/* window: of each stream towards the client, opened by the test alone; -1: opened as it reads. */
void pair_setup_with(const struct grpc_server_opts *opts, int32_t window);
void pair_teardown(void); /* asserts that nothing is left */

/* Moves bytes both ways until nothing moves. */
void pair_run(void);
/* Advances the clock and ticks the session. */
void pair_tick(int64_t ms);

/* Sends a request: one framed message, or raw bytes of the body; end: closes the stream's half. */
int32_t pair_open(const char *method, struct bytes body, bool end);
void pair_more(int32_t id, struct bytes body, bool end);
void pair_reset(int32_t id);

struct pair_answer *pair_answer(int32_t id);
/* The value of a field, in a static buffer; NULL if there is none. */
const char *pair_field(int32_t id, const char *name);

/* A framed SimpleRequest; response_size rules what the handler does, see pair.c. */
struct bytes pair_request(int32_t response_size);
enum {
    PAIR_FAIL = -1,         /* index_not_found */
    PAIR_FAIL_LONG = -2,    /* with 2,000 bytes of text */
    PAIR_HOLD = -3,         /* no answer: pair.held */
    PAIR_BIG_TRAILERS = -4, /* 20 KiB of trailing metadata */
};
