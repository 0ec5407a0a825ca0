/* SPDX-License-Identifier: MIT */
/*
 * net_int.h -- what the files of the net room share.
 *
 * A pass of the loop: events (reads, writes, accepts), then posted work, then
 * due timers, then the connections that were touched on the way ("pending"):
 * they get on_flush, their output goes out, dead ones are reaped. on_close is
 * therefore never called from inside a net_conn_* function.
 */
#pragma once

#include "base/buf.h"
#include "base/thread.h"
#include "net/net.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

enum {
    NET_READ_SIZE = 128 * 1024, /* one recv */
    NET_KEPT_MAX = 1024 * 1024, /* bytes a protocol may leave unused */
    NET_CHUNK_SIZE = 16 * 1024, /* one copied piece of output, with its header */
    NET_SPARE_CHUNKS = 64,      /* kept by the loop for reuse */
    NET_IOV_MAX = 64,           /* pieces handed to one sendmsg */
    NET_LINGER_MS = 1000,       /* how long input is dropped after a close */
    NET_ACCEPT_BURST = 64,      /* connections taken per readable event */
    NET_ACCEPT_PAUSE_MS = 100,  /* after the process ran out of descriptors */
    NET_FLUSH_ROUNDS = 8,       /* refills of the output per visit */
    NET_PEER_MAX = 64,          /* text of a peer's address */
    NET_ADDR_MAX = 128,         /* text of a listener's address */
};

#define NET_CONN_MAGIC 0x6e63306eU

/* ---- output ------------------------------------------------------------------ */

struct net_chunk {
    struct net_chunk *next;
    const uint8_t *p;     /* first byte not sent */
    size_t n;             /* bytes not sent */
    size_t room;          /* bytes that still fit behind them; 0 for a reference */
    void (*done)(void *); /* of a reference */
    void *arg;
    uint8_t bytes[];
};

struct net_out {
    struct net_chunk *head; /* owned */
    struct net_chunk *tail;
    size_t queued;
};

/* Chunks ready for reuse; the loop's. */
struct net_spare {
    struct net_chunk *head;
    size_t n;
};

void net__out_copy(struct net_out *out, struct net_spare *spare, struct bytes b);
void net__out_ref(struct net_out *out, struct bytes b, void (*done)(void *), void *arg);
size_t net__out_iov(const struct net_out *out, struct iovec *iov, size_t max, size_t *ret_bytes);
void net__out_sent(struct net_out *out, struct net_spare *spare, size_t n);
void net__out_drop(struct net_out *out, struct net_spare *spare);
void net__spare_free(struct net_spare *spare);

/* ---- timers ------------------------------------------------------------------ */

struct net_timers {
    struct net_timer **heap; /* owned; the earliest first */
    size_t n;
    size_t cap;
    uint64_t last_seq;
    struct net_timer *spare; /* freed ones, linked */
};

struct net_timer *net__timer_add(struct net_timers *t, int64_t at, void (*fn)(void *), void *arg);
void net__timer_remove(struct net_timers *t, struct net_timer *timer);
int64_t net__timers_next(const struct net_timers *t); /* INT64_MAX if none */
void net__timers_run(struct net_timers *t, int64_t now);
void net__timers_free(struct net_timers *t);

/* ---- peers ------------------------------------------------------------------- */

/* How many connections each remote address has. */
struct net_peers;
struct net_peer_key {
    uint8_t addr[16]; /* IPv4 mapped into IPv6; zero for local sockets */
};

struct net_peers *net__peers_new(void);
void net__peers_free(struct net_peers *peers);
/* False, and nothing counted, when the address already has max. */
bool net__peers_enter(struct net_peers *peers, const struct net_peer_key *key, unsigned max);
void net__peers_leave(struct net_peers *peers, const struct net_peer_key *key);

/* ---- addresses --------------------------------------------------------------- */

union net_sockaddr {
    struct sockaddr sa;
    struct sockaddr_storage storage;
    struct sockaddr_un un;
};

struct net_addr {
    union net_sockaddr u;
    socklen_t n;
};

/* "host:port", "[v6]:port" or "unix:/path". RC_INVALID when it is none of them. */
enum rc net__addr_parse(const char *text, struct net_addr *ret_addr, struct err *err) MUST_CHECK;
void net__addr_format(const struct net_addr *addr, char *dst, size_t cap);
struct net_peer_key net__addr_key(const struct net_addr *addr);

/* ---- connections ------------------------------------------------------------- */

enum net_conn_state {
    CONN_CONNECTING, /* net_connect() waits */
    CONN_SNIFFING,   /* no protocol has claimed the first bytes yet */
    CONN_OPEN,
    CONN_CLOSING,   /* the rest of the output goes out */
    CONN_LINGERING, /* output shut; input is read and dropped */
    CONN_DEAD,      /* waits to be reaped */
};

struct net_conn {
    uint32_t magic;
    int fd;
    struct net_loop *loop;         /* borrowed */
    struct net_listener *listener; /* borrowed; NULL for outgoing ones */
    struct net_conn *prev;         /* in the listener's or the loop's list */
    struct net_conn *next;
    struct net_conn *next_pending;
    const struct net_protocol *protocol; /* borrowed; NULL while sniffing */
    void *state;                         /* the protocol's */
    struct event ev_read;
    struct event ev_write;
    struct buf kept; /* arrived, shown, not used yet */
    struct net_out out;
    struct net_timer *timer; /* one for all limits, checked when it fires */
    int64_t timer_at;
    int64_t out_progress; /* the output queue last moved */
    int64_t state_limit;  /* first bytes, connect or linger; INT64_MAX: none */
    int64_t stall_ns;
    enum net_conn_state conn_state;
    enum net_close_reason reason;
    bool reading; /* ev_read is added */
    bool writing; /* ev_write is added */
    bool paused;
    bool eof;
    bool want_flush;
    bool replay;    /* show kept again */
    bool was_above; /* output passed NET_CONN_OUT_LOW since the last on_drained */
    bool pending;
    bool opened;   /* on_open was called */
    bool blocked;  /* the socket is full: wait for ev_write */
    bool visiting; /* net__conn_service() will follow: no need for the pending list */
    struct net_peer_key peer_key;
    char peer[NET_PEER_MAX];
};

struct net_conn *net__conn_new(struct net_loop *loop, struct net_listener *listener, int fd,
                               const struct net_addr *peer);
/* An accepted connection begins. */
void net__conn_start(struct net_conn *c);
/* Ends it now; on_close follows at the end of the pass. */
void net__conn_die(struct net_conn *c, enum net_close_reason reason);
/* Gives the connection to a protocol. */
void net__conn_adopt(struct net_conn *c, const struct net_protocol *protocol);
void net__conn_drain(struct net_conn *c);
void net__conn_touch(struct net_conn *c); /* puts it on the pending list */
void net__conn_arm(struct net_conn *c, int64_t at);
/* on_flush, then send; again while there is room and something to say. */
void net__conn_service(struct net_conn *c);
/* What the pending list does for it; frees a dead one. */
void net__conn_visit(struct net_conn *c);
void net__conn_set_reading(struct net_conn *c, bool on);
void net__conn_set_writing(struct net_conn *c, bool on);
void net__conn_replay(struct net_conn *c);
/* The socket of a CONNECTING connection became writable. */
void net__connect_done(struct net_conn *c);

/* ---- loop and listeners ------------------------------------------------------ */

struct net_post_item {
    void (*fn)(void *);
    void *arg;
};

struct net_posts {
    struct net_post_item *items; /* owned */
    size_t n;
    size_t cap;
};

struct net_signal {
    struct net_signal *next;
    struct event *ev; /* owned */
    void (*fn)(void *arg, int signo);
    void *arg;
};

struct net_loop {
    struct event_base *base;
    struct event *ev_wake;  /* the eventfd */
    struct event *ev_timer; /* the earliest of timers */
    int wake_fd;
    int64_t timer_armed; /* what ev_timer is set to; INT64_MAX: nothing */
    struct net_timers timers;
    struct mutex lock; /* over posts, thread, running */
    struct net_posts posts;
    pthread_t thread;
    bool running;
    atomic_bool stop;
    struct net_posts taken; /* loop thread only: what is being run */
    struct net_conn *pending;
    struct net_conn *pending_tail;
    struct net_conn *outgoing; /* connections of net_connect() */
    struct net_listener *listeners;
    struct net_signal *signals;
    struct net_spare spare;
    uint8_t *in; /* NET_READ_SIZE bytes that all connections read into */
};

/* One pass; wait: until something happens. */
void net__loop_pass(struct net_loop *loop, bool wait);

struct net_listener {
    struct net_loop *loop; /* borrowed */
    struct net_listener *prev;
    struct net_listener *next;
    struct net_listener_opts opts;  /* limits filled in */
    struct net_protocol *protocols; /* owned copy */
    struct net_conn *conns;
    size_t n_conns;
    struct net_peers *peers; /* owned */
    struct event *ev_accept; /* owned */
    struct net_timer *pause; /* accepting rests until then */
    int fd;                  /* -1 once draining */
    bool full;               /* max_conns reached: not accepting */
    bool draining;
    bool closed;       /* freed with its last connection */
    char *unlink_path; /* owned; of a unix socket */
    char addr[NET_ADDR_MAX];
};

/* A connection of l is gone. May free l. */
void net__listener_leave(struct net_listener *l, struct net_conn *c);
