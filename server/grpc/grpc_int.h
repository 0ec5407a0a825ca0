/* SPDX-License-Identifier: MIT */
/*
 * grpc_int.h -- one connection (session) and its streams, inside the room.
 *
 *   session.c   bytes in, bytes out, nghttp2's callbacks
 *   stream.c    streams' memory
 *   request.c   headers and messages in, to a call
 *   response.c  what a call sends, to frames
 *   fields.c    header and trailer blocks as flat bytes
 *   guard.c     what a peer does too often
 *   tick.c      what takes too long; draining
 *   door.c      the server, and the sessions' place on the loop
 *
 * A session knows no socket: it writes through struct grpc__io. Tests and the
 * fuzzer give it another.
 */
#pragma once

#include "base/rng.h"
#include "grpc/coding.h"
#include "grpc/grpc.h"
#include "grpc/grpc_frame.h"
#include "rpc/status.h"

#include <nghttp2/nghttp2.h>

enum {
    GRPC_SESSION_MAGIC = 0x67737373,
    GRPC_STREAM_MAGIC = 0x67737472,
    GRPC_OUT_HIGH = 256 * 1024,     /* bytes waiting for the socket: make no more frames */
    GRPC_TRAILER_LIMIT = 8000,      /* C-core drops a block over 8 KiB and the status with it */
    GRPC_DETAILS_LIMIT = 4096,      /* of grpc-status-details-bin, as sent */
    GRPC_FIELDS_MAX = 250,          /* fields of a block we send: 8000 / 32 */
    GRPC_METADATA_MAX = 256,        /* of a request, after binary values are split */
    GRPC_STREAM_KEEP = 32 * 1024,   /* and each of a spare stream's */
    GRPC_SCRATCH_KEEP = 256 * 1024, /* memory a shared buffer may keep between uses */
};

/* Where a session's bytes go. */
struct grpc__io {
    void (*write)(void *arg, struct bytes b);
    size_t (*queued)(void *arg);
    void (*want_flush)(void *arg); /* call grpc__session_flush() soon */
    void (*pause)(void *arg, bool on);
    void (*close)(void *arg); /* after what was written */
    void (*abort)(void *arg);
};

struct grpc__bucket {
    int64_t filled_ns;
    int64_t tokens_milli; /* thousandths, so that slow rates add up */
};

/* Header fields as flat bytes; see fields.c. */
struct grpc__fields {
    struct buf bytes;
    size_t n;
    size_t wire; /* name + value + 32 each */
};

/* Where a stream's request stands. */
enum grpc__head_fault {
    GRPC_HEAD_OK,
    GRPC_HEAD_BAD_TIMEOUT,
    GRPC_HEAD_BAD_BINARY,
    GRPC_HEAD_TWO_HOSTS,
};

struct grpc__field_at { /* one metadata field, places in `text` */
    uint32_t name, n_name, value, n_value;
};

struct grpc__head {
    struct buf text;
    struct grpc__field_at *items; /* owned */
    size_t n_items, cap;
    size_t bytes, n_fields; /* for the limits; all fields */
    const struct rpc_method *method;
    int64_t timeout_ns; /* -1: none */
    enum grpc__head_fault fault;
    enum grpc_coding coding;
    unsigned accept; /* bits */
    bool over_limit, is_post, has_type, suffix, has_host;
    char coding_name[24]; /* as sent, for the error text */
};

struct grpc__stream {
    uint32_t magic;
    int32_t id;
    struct grpc__session *session;
    struct grpc__stream *prev, *next; /* of the session; next also in the spare list */
    struct grpc__stream *next_writable;
    struct rpc_call *call; /* NULL before it begins and once it has ended */

    struct grpc__head head;
    struct grpc_frame_parser parser;
    struct grpc_frame held;  /* a unary request, until the end of input */
    size_t held_bytes;       /* of the parser, counted in the session */
    size_t open_bytes;       /* of the message that is not whole yet, with its prefix ... */
    size_t early_bytes;      /* ... and of those, given back to the window already */
    size_t n_unconsumed;     /* messages the handler has not taken ... */
    size_t unconsumed_bytes; /* ... and their bytes, still owed to the window */
    uint64_t body_bytes;

    struct buf out;               /* framed messages */
    size_t out_at;                /* sent so far */
    struct grpc__fields trailers; /* empty: a plain OK */
    int64_t opened_ns, progress_ns;
    enum grpc_coding out_coding;

    bool head_done;
    bool has_held;
    bool counted_background; /* health and reflection do not hold a drain */
    bool remote_closed;
    bool submitted; /* headers are with nghttp2 */
    bool ended;     /* nothing comes from the call any more; trailers follow the queue */
    bool reset;     /* we sent RST_STREAM */
    bool deferred;  /* nghttp2 waits for nghttp2_session_resume_data() */
    bool writable_listed, was_high;
};

enum grpc__drain { GRPC_DRAIN_NONE, GRPC_DRAIN_NOTICE, GRPC_DRAIN_FINAL };

struct grpc__session {
    uint32_t magic;
    struct grpc_server *server;
    const struct grpc__io *io;
    void *io_arg;
    nghttp2_session *h2; /* owned */
    struct grpc__session *prev, *next;
    struct grpc__stream *streams; /* owned */
    struct grpc__stream *writable;
    size_t n_streams, n_background;
    size_t held_bytes;
    char peer[64];

    int64_t opened_ns, heard_ns, idle_since_ns;
    int64_t head_since_ns; /* a header block is open; 0: none */
    int64_t age_limit_ns;
    int64_t ping_sent_ns;  /* keepalive; 0: none under way */
    int64_t sent_ns;       /* the last DATA of any stream */
    int64_t came_since_ns; /* request bytes of all streams ... */
    uint64_t came_bytes;   /* ... since then ... */
    bool came_slowly;      /* ... and whether the time before that was slow */

    struct grpc__bucket own_resets, empties;
    int64_t ping_valid_ns;
    unsigned ping_strikes;
    unsigned head_strikes;

    enum grpc__drain drain;
    int64_t drain_since_ns;
    bool closing; /* GOAWAY and no more: input is ignored */
    bool flush_asked, blocked, closed;
};

struct grpc__health;
struct grpc__reflection;

struct grpc_server {
    struct grpc_server_opts opts;
    struct rpc_server *rpc; /* borrowed */
    struct net_protocol protocol;
    nghttp2_session_callbacks *callbacks; /* owned, as what follows */
    nghttp2_option *option;
    struct grpc_codec *codec;
    struct grpc__health *health;
    struct grpc__reflection *reflection;
    struct buf plain;           /* a message decompressed, while it is delivered */
    struct buf packed;          /* a message packed, before it is compressed */
    struct grpc__fields fields; /* a block, while it is submitted */
    struct rng rng;             /* jitter */
    struct grpc__session *sessions;
    size_t n_sessions;
    struct grpc__stream *spare;
    size_t n_spare;
    size_t held_bytes;     /* of all sessions */
    struct net_loop *loop; /* of the tick; NULL until the first connection */
    struct net_timer *tick;
};

/* session.c */
void grpc__session_setup(struct grpc_server *server); /* callbacks and options */
struct grpc__session *grpc__session_new(struct grpc_server *server, const struct grpc__io *io,
                                        void *io_arg, const char *peer);
void grpc__session_free(struct grpc__session *ss); /* cancels its calls */
void grpc__session_receive(struct grpc__session *ss, struct bytes data);
void grpc__session_flush(struct grpc__session *ss);
void grpc__session_want_flush(struct grpc__session *ss);
/* GOAWAY with a reason, then no more; for peers that misbehave. */
void grpc__session_kick(struct grpc__session *ss, uint32_t code, const char *reason);

/* stream.c */
struct grpc__stream *grpc__stream_open(struct grpc__session *ss, int32_t id);
void grpc__stream_close(struct grpc__stream *st); /* cancels its call, frees it */
void grpc__stream_reset(struct grpc__stream *st, uint32_t code);
void grpc__stream_free_spares(struct grpc_server *server);

/* request.c */
void grpc__head_clear(struct grpc__head *head);
int grpc__request_field(struct grpc__stream *st, struct bytes name, struct bytes value);
void grpc__request_begin(struct grpc__stream *st);
void grpc__request_data(struct grpc__stream *st, struct bytes data);
void grpc__request_end(struct grpc__stream *st);
void grpc__request_release(struct grpc__stream *st); /* its input is not needed any more */
void grpc__request_consume(struct grpc__stream *st, size_t n_bytes);

/* response.c */
extern const struct rpc_door_ops grpc__door_ops;
void grpc__response_plain(struct grpc__stream *st, const char *http_status); /* not gRPC at all */
void grpc__response_bad_request(struct grpc__stream *st, const char *text);
/* Ends the stream by the door's own judgement; the call hears a cancel. */
void grpc__stream_fail(struct grpc__stream *st, int grpc_status, const char *text);
void grpc__stream_let_go(struct grpc__stream *st);
ssize_t grpc__response_read(nghttp2_session *h2, int32_t id, uint8_t *dst, size_t length,
                            uint32_t *flags, nghttp2_data_source *source, void *user);
void grpc__response_sent(struct grpc__stream *st, size_t n);
void grpc__response_writable(struct grpc__stream *st);

static inline size_t grpc__stream_queued(const struct grpc__stream *st)
{
    return st->out.n - st->out_at;
}

/* fields.c */
void grpc__fields_init(struct grpc__fields *f);
void grpc__fields_done(struct grpc__fields *f);
void grpc__fields_clear(struct grpc__fields *f);
/* As base64 if the name wants it. Fields that do not fit are left out; returns how many. */
size_t grpc__fields_add_metadata(struct grpc__fields *f, const struct rpc_metadata *items,
                                 size_t n);
size_t grpc__fields_nv(const struct grpc__fields *f, nghttp2_nv *nv, size_t max);
void grpc__fields_status(struct grpc__fields *f, int grpc_status, struct bytes text,
                         const struct rpc_status *detail);

/* guard.c */
bool grpc__bucket_take(struct grpc__bucket *b, const struct grpc_rate *rate, int64_t now_ns);
void grpc__guard_ping(struct grpc__session *ss);
void grpc__guard_sent(struct grpc__session *ss); /* HEADERS or DATA went out */
void grpc__guard_empty(struct grpc__session *ss);
void grpc__guard_own_reset(struct grpc__session *ss, uint32_t code);
void grpc__guard_head(struct grpc__session *ss, unsigned weight);

/* tick.c */
void grpc__session_tick(struct grpc__session *ss, int64_t now_ns);
void grpc__session_drain(struct grpc__session *ss, const char *reason);
void grpc__session_ping_ack(struct grpc__session *ss, const uint8_t payload[8]);
void grpc__session_drain_step(struct grpc__session *ss, int64_t now_ns);

/* health.c, reflection.c */
struct grpc__health *grpc__health_new(struct rpc_server *rpc);
void grpc__health_free(struct grpc__health *h);
void grpc__health_set(struct grpc__health *h, bool serving, bool for_good);
struct grpc__reflection *grpc__reflection_new(struct rpc_server *rpc);
void grpc__reflection_free(struct grpc__reflection *r);
bool grpc__is_background(const struct rpc_method *method);
