/* SPDX-License-Identifier: MIT */
/*
 * gateway_world.h -- the gateway over a loopback socket, in front of handlers that remember.
 *
 * The product's own method tables, with handlers of the test: each writes down
 * what it got and answers, or keeps the call until the test answers. One thread
 * turns the loop; deferred work runs when the test says so.
 */
#pragma once

#include "base/buf.h"
#include "http/http_int.h"
#include "net/net_int.h"

#include <lode/v1/documents_service.rpc.h>
#include <lode/v1/indexes_service.rpc.h>
#include <lode/v1/keys_service.rpc.h>
#include <lode/v1/settings_service.rpc.h>
#include <lode/v1/system_service.rpc.h>
#include <lode/v1/tasks_service.rpc.h>

/* One answer. */
struct answer {
    int status;
    char head[4096]; /* status line and headers, NUL-terminated */
    struct buf body;
};

struct gateway_world {
    struct net_loop *loop;
    struct net_listener *listener;
    struct rpc_server *server;
    struct http_gateway *gateway;
    struct err err;
    int fds[4];
    size_t n_fds;
    struct answer answer; /* the last one heard */

    struct buf log; /* what handlers saw */
    bool hold;      /* handlers keep the call in `held` and do not answer */
    struct rpc_call *held;
    unsigned n_calls; /* handlers run */
    unsigned n_cancelled;
    const char *document; /* what Documents.Get answers; NULL: document_not_found */
    size_t document_n;
    struct buf uploaded; /* chunks of Documents.Add */
    unsigned n_chunks;
    unsigned n_owed;   /* chunks not consumed yet */
    bool slow;         /* Documents.Add consumes nothing by itself */
    bool reject_first; /* Documents.Add fails at its first message */
    bool ended;
    const char *needed_key; /* access: this bearer token only; NULL: all */
    unsigned n_access;
    char seen_index[64]; /* what the access check could see */
};

extern struct gateway_world gw;

void gateway_setup(void);
void gateway_teardown(void);
/* Starts anew with these options. */
void gateway_restart(const struct http_opts *opts);
int gateway_client(void);
void gateway_hang_up(int fd);
void gateway_turn(unsigned passes);
void gateway_say(int fd, const char *text);
void gateway_say_bytes(int fd, struct bytes b); /* turning the loop while the socket is full */

/* The handler owes: gives everything back until all has come. */
void gateway_consume_all(void);
bool gateway_log_is(const char *want); /* what handlers saw */

/* Hears gw.answer and returns its status; no_body: to HEAD. -1: the connection ended before it. */
int gateway_hear(int fd, bool no_body);
bool gateway_ended(int fd);  /* the server has closed its side */
bool gateway_silent(int fd); /* nothing has come, and nothing comes */

/* Of gw.answer. */
bool answer_has(const char *header_line);
bool answer_body_has(const char *want); /* prints the body if not */
