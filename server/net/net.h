/* SPDX-License-Identifier: MIT */
/*
 * net.h -- the loop: listeners, connections, timers, waking it from a thread.
 *
 * One thread runs the loop and is the only one to touch a connection. Bytes
 * that arrive are shown to the protocol of the connection; the first bytes
 * decide which protocol that is. Clear text uses plain sockets (one recv, one
 * send a batch: half the system calls of a bufferevent); TLS will come behind
 * the same door.
 *
 * Ownership  net_loop_new() .. net_loop_free() after the loop has stopped.
 *            Connections belong to the loop; a protocol's state belongs to the
 *            protocol and goes in on_close.
 * Threads    Loop thread, except net_post(), net_stop(): any.
 * Units      Bytes; milliseconds where a name says so; deadlines in
 *            clock_mono_ns().
 */
#pragma once

#include "base/bytes.h"
#include "base/err.h"

struct net_loop;
struct net_listener;
struct net_conn;
struct net_timer;

/* Also ignores SIGPIPE and raises the limit of open files to the hard one. */
struct net_loop *net_loop_new(void);
/* Runs what is still posted, closes what is still open (their on_close comes), drops timers. */
void net_loop_free(struct net_loop *loop);
void net_run(struct net_loop *loop); /* until net_stop() */
void net_stop(struct net_loop *loop);
/* Runs what is posted and due, without waiting, until nothing is left: to take a stopped loop down.
 * NULL is fine. */
void net_run_pending(struct net_loop *loop);
/* Runs fn(arg) on the loop, in the order posted. Any thread; also the loop itself (runs later). */
void net_post(struct net_loop *loop, void (*fn)(void *), void *arg);
/* Calls fn(arg, signo) on the loop. */
void net_on_signal(struct net_loop *loop, int signo, void (*fn)(void *arg, int signo), void *arg);

/* One-shot. Cheap by the thousand: a heap and one event. */
struct net_timer *net_timer_start(struct net_loop *loop, int64_t mono_ns, void (*fn)(void *),
                                  void *arg);
void net_timer_cancel(struct net_loop *loop,
                      struct net_timer *timer); /* NULL is fine; not after it ran */

enum { NET_CONN_OUT_LOW = 64 * 1024 };

enum net_match { NET_MATCH_NO, NET_MATCH_MORE, NET_MATCH_YES };

enum net_close_reason {
    NET_CLOSE_PEER,    /* end of input or reset */
    NET_CLOSE_LOCAL,   /* net_conn_close() */
    NET_CLOSE_TIMEOUT, /* first-bytes or write-stall timeout */
    NET_CLOSE_ERROR,   /* the socket failed */
    NET_CLOSE_SHUTDOWN,
};

/*
 * What a listener hands its connections to; the first that matches takes them.
 * Only on_open and on_data must be there; no match takes every connection at once,
 * before its first byte. on_close is never called from inside a net_conn_* call.
 */
struct net_protocol {
    const char *name;
    enum net_match (*match)(struct bytes first);
    /* A new connection: returns the protocol's state for it (on_* get it). */
    void *(*on_open)(void *protocol_arg, struct net_conn *conn);
    /*
     * Bytes arrived. Returns how many were used; the rest is kept and shown
     * again with what follows (so a protocol that buffers for itself uses all).
     */
    size_t (*on_data)(void *state, struct bytes data);
    /* Called after each batch of on_data and posts that touched the connection: write now. */
    void (*on_flush)(void *state);
    /* The output queue fell below NET_CONN_OUT_LOW after it had reached it. May be NULL. */
    void (*on_drained)(void *state);
    void (*on_eof)(void *state); /* peer shut its side; NULL: close at once */
    void (*on_close)(void *state, enum net_close_reason reason); /* free the state */
    void (*on_drain_begin)(void *state); /* server is shutting down: finish politely */
    void *protocol_arg;
};

struct net_listener_opts {
    const char *addr; /* "127.0.0.1:7700", "[::1]:7700", "unix:/run/lode.sock"; port 0 for any */
    const struct net_protocol *protocols; /* copied */
    size_t n_protocols;
    unsigned max_conns;          /* 0: 10,000; beyond, accepting waits */
    unsigned max_conns_per_peer; /* 0: 512; beyond, closed at once */
    unsigned first_bytes_ms;     /* 0: 10,000 */
    unsigned write_stall_ms;     /* 0: 60,000: output waits and the peer takes nothing */
};

/* RC_BUSY: the address is taken. RC_INVALID: it is no address. */
enum rc net_listen(struct net_loop *loop, const struct net_listener_opts *opts,
                   struct net_listener **ret_listener, struct err *err) MUST_CHECK;
const char *net_listener_addr(const struct net_listener *l); /* with the real port */
/* Stops accepting and tells every connection on_drain_begin (or closes those without one). */
void net_listener_drain(struct net_listener *l);
size_t net_listener_n_conns(const struct net_listener *l);
/* Closes all connections (on_close follows in this pass or in net_loop_free()) and the listener. */
void net_listener_close(struct net_listener *l);

/*
 * An outgoing connection of one fixed protocol (the client library, tests).
 * on_open comes when connected; when that fails on_open comes too, and right
 * after it on_close with NET_CLOSE_ERROR or NET_CLOSE_TIMEOUT. timeout_ms 0:
 * the kernel's. protocol is borrowed until then.
 */
enum rc net_connect(struct net_loop *loop, const char *addr, const struct net_protocol *protocol,
                    unsigned timeout_ms, struct err *err) MUST_CHECK;

const char *net_conn_peer(const struct net_conn *c);
struct net_loop *net_conn_loop(const struct net_conn *c);
/* Queues bytes (copied) and sends what the socket takes at the end of the batch. */
void net_conn_write(struct net_conn *c, struct bytes b);
/* Queues without a copy; done(arg) when sent or dropped. */
void net_conn_write_ref(struct net_conn *c, struct bytes b, void (*done)(void *), void *arg);
size_t net_conn_out_queued(const struct net_conn *c);
/* Asks for one on_flush at the end of this loop pass (after a post touched the connection). */
void net_conn_want_flush(struct net_conn *c);
/*
 * Back-pressure inwards: no more reads until resumed. Resuming shows what on_data
 * left unused again, without waiting for more; leaving over 1 MiB ends the connection.
 */
void net_conn_pause(struct net_conn *c);
void net_conn_resume(struct net_conn *c);
/* Sends what is queued, shuts the output, reads and drops up to 1 s of input, closes. */
void net_conn_close(struct net_conn *c);
void net_conn_abort(struct net_conn *c); /* at once */
