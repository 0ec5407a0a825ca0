/* SPDX-License-Identifier: MIT */
/*
 * net_world.h -- a loop, a listener and blocking clients in one thread.
 *
 * The loop is turned by hand (net__loop_pass), so tests need no threads and no
 * sleeps. The protocol of the listener writes down what happens to it and does
 * what the test told it to.
 */
#pragma once

#include "base/buf.h"
#include "net/net_int.h"

/* What a connection of the test protocol does and saw. */
struct net_probe {
    struct net_conn *conn;
    struct buf seen;  /* bytes used, in order */
    struct buf log;   /* "open data eof drain close:peer " */
    size_t leave;     /* on_data leaves this many bytes unused */
    size_t max_shown; /* largest on_data */
    size_t at_a_time; /* not 0: on_data uses this many and pauses; on_flush resumes */
    bool echo;
    bool abort_on_data;
    bool close_on_data;
    bool pause_on_data;
    unsigned n_data;
    unsigned n_flush;
    unsigned n_drained;
    bool in_callback;
    bool closed_inside; /* on_close came from inside a call of ours */
};

struct net_world {
    struct net_loop *loop;
    struct net_listener *listener;
    struct net_probe probes[8]; /* in the order of on_open */
    size_t n_probes;
    struct err err;
    int fds[8]; /* clients; -1 when closed */
    size_t n_fds;
};

extern struct net_world world;
extern const struct net_protocol world_protocol;        /* takes everything at once */
extern const struct net_protocol world_eof_protocol;    /* has on_eof and on_drain_begin */
extern const struct net_protocol world_hello_protocol;  /* first bytes "HELLO" */
extern const struct net_protocol world_number_protocol; /* first byte a digit */

void world_setup(void);
void world_teardown(void);
/* Listens on 127.0.0.1:0 with the given protocols and limits. */
void world_listen(const struct net_listener_opts *opts);
void world_listen_plain(const struct net_protocol *protocol);
int world_client(void); /* a connected blocking socket; closed by teardown */
void world_hang_up(int fd);
void world_say(int fd, const char *text);
/* Turns the loop until done() says so; false when it never does. */
bool world_until(bool (*done)(void));
void world_turn(unsigned passes);
/* Reads until n bytes or the end of the stream, turning the loop; returns the count. */
size_t world_hear(int fd, char *dst, size_t n);
bool world_at_end(int fd); /* the peer shut the stream (clean end, no reset) */
