/* SPDX-License-Identifier: MIT */
/*
 * fake_door.h -- a door without a wire, and handlers that do as they are told.
 *
 * Everything that happens to a call is written into one text, event by event,
 * so that a test compares the order: "initial message:0 finish:0 done".
 */
#pragma once

#include "base/clock.h"
#include "rpc/server.h"
#include "support/fake_executor.h"
#include "testing_service.rpc.h"

enum { FAKE_LOG_MAX = 4096 };

struct fixture;

struct fixture {
    struct fake_executor ex;
    struct rpc_server *server;
    struct rpc_call *call;
    char log[FAKE_LOG_MAX]; /* events, joined by blanks */
    size_t queued;          /* what the door says is queued; each message adds its size */
    bool let_go_at_finish;
    bool let_go_at_initial;
    /* What the handler does; NULL: nothing (the call stays open). */
    void (*act)(struct fixture *fx, struct rpc_call *call);
    bool take_later;        /* on_message says "not consumed" */
    enum rc access;         /* what the access function says */
    struct rpc_status last; /* of finish */
    char trace[RPC_TRACE_MAX];
};

extern struct fixture fx;

void fake_setup(void);
void fake_setup_limited(size_t max_calls);
void fake_teardown(void); /* asserts that no call, arena, timer or job is left */

void fake_log(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* Does the log say this? It is emptied. Prints both when not. */
bool fake_was(const char *want);

/* Starts a call of a method by its number in the test service; -1 ms: no deadline. */
struct rpc_call *fake_start(unsigned method, int64_t timeout_ms);
void fake_send_simple(struct rpc_call *call,
                      int32_t response_size);                  /* one SimpleRequest as bytes */
void fake_send_input(struct rpc_call *call, const char *body); /* one stream message as bytes */

/* Acts. */
void act_reply(struct fixture *f, struct rpc_call *call);
void act_fail(struct fixture *f, struct rpc_call *call);
void act_defer(struct fixture *f, struct rpc_call *call);
void send_answer(struct rpc_call *call, bool finish); /* of UnaryCall */
