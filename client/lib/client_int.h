/* SPDX-License-Identifier: MIT */
/*
 * client_int.h -- what the files of the client library share.
 *
 * One mutex guards a client and all that hangs on it: its connections and its
 * calls. The loop thread holds it while it moves bytes and lets go only to
 * poll and to run callbacks.
 *
 *   client_loop.c      the thread: poll, timers, what a pass does
 *   client_channel.c   IDLE, CONNECTING, READY, TRANSIENT_FAILURE; which call goes where
 *   client_target.c    target text to addresses
 *   client_conn.c      one socket
 *   client_session.c   HTTP/2 on one socket: nghttp2 and nothing else knows it
 *   client_call.c      one call from open to status
 *   client_response.c  the answer's header blocks and body, as they arrive
 *   client_stream.c    the blocking functions
 *   client_async.c     the callback functions
 *   client_message.c   message to frame and back, gzip
 *   client_metadata.c  names, values, base64
 *   client_status.c    codes, mapping tables, status details
 */
#pragma once

#include "lode/client.h"

#include "base/buf.h"
#include "base/bytes.h"
#include "base/rng.h"
#include "base/thread.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

struct client_conn;
struct nghttp2_session;

enum {
    CLIENT_STREAM_WINDOW = 1 << 20, /* bytes a stream may run ahead of its reader */
    CLIENT_CONN_WINDOW = 4 << 20,   /* given back on arrival; only a round trip's worth */
    CLIENT_SEND_HIGH = 64 * 1024,   /* a queue this full makes a sender wait */
    CLIENT_SEND_LOW = 16 * 1024,    /* and this empty lets it go on */
    CLIENT_GIVE_BACK = 128 * 1024,  /* taken bytes gathered before the loop is woken for them */
    CLIENT_REPLAY_MAX = 256 * 1024, /* sent bytes kept for a transparent retry */
    CLIENT_HEADERS_MAX = 64 * 1024, /* one header block: names, values, 32 a field */
    CLIENT_FIELDS_MAX = 256,        /* fields of one header block */
    CLIENT_METADATA_MAX = 8000,     /* metadata we send, counted the same way */
    CLIENT_BODY_TEXT = 1024,        /* of a foreign answer's body, for the error text */
    CLIENT_MAX_MESSAGE = 4 * 1024 * 1024,
    CLIENT_MAX_ADDRS = 16,
    CLIENT_COMPRESS_MIN = 1024, /* smaller messages go plain */
};

/* ---- timers (client_timer.c) ------------------------------------------------------------ */

struct client_timer {
    int64_t at;  /* clock_mono_ns() */
    size_t slot; /* 1 + place in the heap, 0 when not started */
    void (*fire)(void *arg);
    void *arg;
};

struct client_timers {
    struct client_timer **heap; /* owned; the timers are not */
    size_t n, cap;
};

void client__timer_start(struct client_timers *ts, struct client_timer *t, int64_t at);
void client__timer_stop(struct client_timers *ts, struct client_timer *t);
int64_t client__timers_next(const struct client_timers *ts); /* INT64_MAX: none */
void client__timers_fire(struct client_timers *ts, int64_t now);
void client__timers_done(struct client_timers *ts);

/* ---- targets ---------------------------------------------------------------------------- */

struct client_addr {
    socklen_t n;
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un un;
    } u;
};

struct client_target {
    char *text;            /* owned; as the caller wrote it, for error texts */
    char *host;            /* owned; NULL for unix: */
    char *port;            /* owned */
    char *authority;       /* owned; the ":authority" header */
    struct client_addr un; /* for unix: */
};

bool client__target_parse(const char *text, struct client_target *ret, struct lode_error *error);
void client__target_done(struct client_target *t);
/* Blocking unless numeric_only. 0 or an EAI_ code. */
int client__target_resolve(const struct client_target *t, bool numeric_only,
                           struct client_addr addrs[CLIENT_MAX_ADDRS], size_t *ret_n);

/* ---- messages --------------------------------------------------------------------------- */

/* One framed message on its way out, or one message as it came in. */
struct client_piece {
    struct client_piece *next;
    size_t n;   /* bytes in p */
    size_t off; /* bytes of p already handed on */
    size_t cap;
    size_t wire; /* incoming: bytes it took of the window */
    bool compressed;
    uint8_t p[];
};

struct client_pieces {
    struct client_piece *first, *last;
    size_t n;     /* pieces */
    size_t bytes; /* not yet handed on */
};

void client__pieces_push(struct client_pieces *q, struct client_piece *piece);
struct client_piece *client__pieces_pop(struct client_pieces *q);
void client__pieces_clear(struct client_pieces *q);

enum client_coding { CLIENT_IDENTITY, CLIENT_GZIP, CLIENT_DEFLATE, CLIENT_UNKNOWN_CODING };
enum client_coding client__coding_of(struct bytes name);

/* Packs and frames; NULL with *error for a message over 4 GiB or of the wrong type. */
struct client_piece *client__message_frame(const ProtobufCMessage *message, bool compress,
                                           struct lode_error *error);
/* The message of a piece; LODE_OK, LODE_INTERNAL or LODE_RESOURCE_EXHAUSTED. */
enum lode_status client__message_open(const struct client_piece *piece, enum client_coding coding,
                                      size_t max_message, const ProtobufCMessageDescriptor *desc,
                                      ProtobufCMessage **ret_message, struct lode_error *error);

/* ---- metadata --------------------------------------------------------------------------- */

struct client_field {
    char *name;     /* owned */
    uint8_t *value; /* owned; decoded; a NUL behind it */
    size_t n;
};

struct client_fields {
    struct client_field *v; /* owned */
    size_t n, cap;
};

const struct client_field *client__fields_get(const struct client_fields *f, const char *name);
void client__fields_done(struct client_fields *f);
/* A received field into f: "-bin" values are split and decoded. False: broken base64. */
bool client__fields_receive(struct client_fields *f, struct bytes name, struct bytes value);
/* The caller's metadata into f as it goes on the wire. */
enum lode_status client__fields_send(struct client_fields *f, const struct lode_metadata *metadata,
                                     size_t n, struct lode_error *error);
bool client__base64_decode(struct bytes text, struct buf *out); /* padding optional */
void client__base64_encode(struct bytes data, struct buf *out); /* no padding */
/* "5S", "300m": the finest unit that fits 8 digits, rounded up, never 0. */
void client__timeout_format(char dst[16], int64_t ns);

/* ---- status ----------------------------------------------------------------------------- */

enum lode_status client__error(struct lode_error *error, enum lode_status status, const char *fmt,
                               ...) __attribute__((format(printf, 3, 4)));
void client__error_clear(struct lode_error *error);
enum lode_status client__status_of_http(int http_status);
enum lode_status client__status_of_reset(uint32_t http2_code);
/* Decimal grpc-status; a number out of range is LODE_UNKNOWN, so is no number. */
enum lode_status client__status_parse(struct bytes text);
/* Percent-decoding that never fails; broken sequences stay. Cut at a whole character. */
void client__percent_decode(struct bytes text, char *dst, size_t cap);
/* A serialized google.rpc.Status: takes ErrorInfo's code, and its message if *error has none. */
void client__details_read(struct bytes status, struct lode_error *error);
void client__text_copy(char *dst, size_t cap, struct bytes text); /* UTF-8 repaired, cut whole */

/* ---- calls ------------------------------------------------------------------------------ */

enum client_call_state {
    CALL_WAITING, /* for a connection, or for room on it */
    CALL_RUNNING, /* has an HTTP/2 stream */
    CALL_ENDED,   /* error says how; messages may still wait for their reader */
};

/* What has been read of the answer. */
struct client_response {
    struct client_fields block; /* the header block being read */
    size_t block_bytes, block_fields;
    int http_status;
    bool block_broken; /* a value that must fail the call */
    bool grpc;         /* content-type says so */
    bool headers;      /* Response-Headers are complete */
    bool trailers;     /* and so are the trailers */
    bool has_status;
    enum lode_status status;
    char message[1024];
    struct buf details;
    char content_type[64];
    char coding_name[32];
    enum client_coding coding;
    struct buf body; /* start of a foreign answer */
    uint8_t prefix[5];
    size_t n_prefix;
    size_t want;                  /* length of the message being read */
    struct client_piece *partial; /* owned; the message being read, NULL between messages */
};

struct lode_stream {
    uint32_t magic;
    struct lode_client *client;
    const struct lode_method *method;
    enum client_call_state state;

    /* what was asked */
    struct client_fields metadata; /* as it goes on the wire */
    bool wait_for_ready, compress;
    int64_t timeout_ms;
    int64_t deadline; /* INT64_MAX: none */
    struct client_timer timer;

    /* on a connection */
    struct client_conn *conn;
    int32_t stream_id;
    bool on_wire;   /* HEADERS left the session: a retry counts */
    bool deferred;  /* nghttp2 waits for client__session_resume() */
    bool sent_end;  /* END_STREAM was handed to nghttp2 */
    bool committed; /* an answer has begun or too much was sent: no retry any more */
    unsigned retries;

    /* towards the server */
    struct client_pieces out;    /* owned */
    struct client_pieces replay; /* owned; sent, kept until committed */
    bool end_wanted;             /* send_end was called */

    /* from the server */
    struct client_response in;
    struct client_pieces queue;    /* owned; whole messages nobody took yet */
    struct client_fields initial;  /* owned; complete when in.headers */
    struct client_fields trailing; /* owned; complete when in.trailers */
    size_t n_received;
    size_t owed;      /* bytes that arrived and were not given back to the window */
    size_t give_back; /* of these, taken by the reader */

    struct lode_error error; /* when ended */

    /* The application's hold; the client's ends with state CALL_ENDED and no place in `ready`. */
    bool held_by_app;

    struct cond changed; /* blocking: anything a waiter may wait for */

    bool async;
    bool told_end;
    bool want_writable; /* a send_async() said false */
    bool in_ready;      /* on client->ready */
    struct lode_stream_callbacks callbacks;
    void *arg;

    struct lode_stream *prev, *next;           /* client->calls */
    struct lode_stream *wait_prev, *wait_next; /* client->waiting, in order */
    struct lode_stream *next_ready;
};

enum { CALL_MAGIC = 0x63616c6c };

/* No lock: packing and compressing a big request takes a while. NULL: none, or *error says why. */
struct client_piece *client__call_frame(const struct lode_method *method,
                                        const ProtobufCMessage *request,
                                        const struct lode_call_opts *opts,
                                        struct lode_error *error);

/*
 * Lock held for all of these. They may be called from any thread: what they
 * ask of the session goes out with the loop's next pass.
 */

/*
 * Never NULL: a call that cannot start has ended already. request: what
 * client__call_frame() gave, taken; frame_error: what it said.
 */
struct lode_stream *client__call_new(struct lode_client *client, const struct lode_method *method,
                                     const struct lode_call_opts *opts,
                                     struct client_piece *request,
                                     const struct lode_error *frame_error);
void client__call_start(struct lode_stream *call); /* into the waiting line, unless ended */
/* Ends a call unless it has ended; the text is cut to fit. */
void client__call_end(struct lode_stream *call, enum lode_status status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void client__call_end_with(struct lode_stream *call, const struct lode_error *error);
/* The stream is gone. refused: the server promises that it did nothing with it. */
void client__call_retry_or_end(struct lode_stream *call, bool refused, const char *why);
void client__call_let_go(struct lode_stream *call); /* the application's hold */
void client__call_free_if_done(struct lode_stream *call);
/* The next message its reader may have, or NULL. The caller frees it. */
struct client_piece *client__call_take(struct lode_stream *call);
bool client__call_send_ready(const struct lode_stream *call);
void client__call_send(struct lode_stream *call, struct client_piece *piece);
void client__call_send_end(struct lode_stream *call);
void client__call_changed(struct lode_stream *call); /* tells waiters, or lines up callbacks */
void client__call_commit(struct lode_stream *call);
/* Bytes for the session; 0 and no end: nothing now. */
size_t client__call_fill(struct lode_stream *call, uint8_t *p, size_t n, bool *ret_end);
/* Gives the window back what may be given back. */
void client__call_give_back(struct lode_stream *call);

/* ---- the answer (client_response.c) ------------------------------------------------------ */

void client__response_reset(struct client_response *in);
void client__response_done(struct client_response *in);
/* False: the block is over its limit and the call was ended. */
bool client__response_field(struct lode_stream *call, struct bytes name, struct bytes value);
void client__response_block_end(struct lode_stream *call, bool end_stream);
void client__response_data(struct lode_stream *call, struct bytes data);
void client__response_end(struct lode_stream *call); /* END_STREAM */

/* ---- connections ------------------------------------------------------------------------ */

enum client_conn_state {
    CONN_SOCKET,   /* connect() is under way */
    CONN_SETTINGS, /* waiting for the server's SETTINGS */
    CONN_OPEN,
    CONN_DRAINING, /* GOAWAY seen: no new streams */
    CONN_CLOSED,   /* to be freed at the end of the pass */
};

struct client_conn {
    struct lode_client *client;
    enum client_conn_state state;
    int fd; /* -1: none (tests and the fuzz target) */
    struct nghttp2_session *session;
    struct buf out; /* bytes for the socket */
    size_t out_off;
    bool flush;         /* the session may have something to send */
    unsigned n_streams; /* open in the session, ours or forgotten */
    bool used;          /* a call was put on it */
    bool answered;      /* and got a response */
    bool too_many_pings;
    int64_t last_byte; /* when something arrived */
    bool ping_waiting;
    struct client_timer keepalive;
    struct client_conn *next;
};

struct client_conn *client__conn_new(struct lode_client *client, int fd);
/* Starts connecting to addr. False: failed at once, errno says why. */
bool client__conn_connect(struct client_conn *conn, const struct client_addr *addr);
short client__conn_events(const struct client_conn *conn);
void client__conn_ready(struct client_conn *conn, short revents);
void client__conn_receive(struct client_conn *conn, struct bytes data);
void client__conn_flush(struct client_conn *conn);
/* Ends every call on it; the struct lives on until the end of the pass. */
void client__conn_close(struct client_conn *conn, const char *why);
void client__conn_free(struct client_conn *conn);
void client__conn_keepalive(struct client_conn *conn); /* (re)arms the timer */

bool client__session_open(struct client_conn *conn);
void client__session_close(struct client_conn *conn);
bool client__session_receive(struct client_conn *conn, struct bytes data);
/* Appends what the session has to say to conn->out; false: fatal. */
bool client__session_produce(struct client_conn *conn);
bool client__session_submit(struct client_conn *conn, struct lode_stream *call);
bool client__session_has_room(const struct client_conn *conn);
void client__session_reset(struct client_conn *conn, int32_t stream_id, bool cancel);
void client__session_forget(struct client_conn *conn, int32_t stream_id);
void client__session_resume(struct client_conn *conn, int32_t stream_id);
void client__session_consume(struct client_conn *conn, int32_t stream_id, size_t n);
void client__session_ping(struct client_conn *conn);
bool client__session_finished(const struct client_conn *conn);

/* ---- the channel and its loop ------------------------------------------------------------ */

enum client_state {
    CHANNEL_IDLE,
    CHANNEL_CONNECTING,
    CHANNEL_READY,
    CHANNEL_FAILURE, /* backing off */
    CHANNEL_SHUTDOWN,
};

/* Figures that tests turn down. */
struct client_tuning {
    unsigned backoff_first_ms, backoff_max_ms;       /* 1 s, 120 s */
    unsigned keepalive_min_ms, keepalive_timeout_ms; /* 10 s, 20 s */
};

struct lode_client {
    struct mutex lock;
    struct thread thread;
    bool running; /* the loop thread is thread */
    int wake_fd;
    bool woken;
    bool shutdown;
    unsigned n_refs; /* the owner, and one for each stream the application holds */

    struct client_target target;
    char *api_key;    /* owned: "Bearer ...", or NULL */
    char *user_agent; /* owned */
    unsigned connect_ms;
    size_t max_message;
    unsigned keepalive_ms;
    struct client_tuning tuning;
    struct rng rng;

    enum client_state state;
    struct lode_error failure; /* why the last attempt failed */
    double backoff_ms;
    unsigned fruitless;        /* connections in a row that answered no call */
    struct client_timer timer; /* backoff, or the attempt's limit */

    struct thread resolver;
    bool resolving, resolved; /* the thread runs; it has an answer */
    int resolve_code;
    struct client_addr addrs[CLIENT_MAX_ADDRS];
    size_t n_addrs, next_addr;

    struct client_conn *conn;  /* the one new calls use, or NULL */
    struct client_conn *conns; /* all, owned */
    struct client_timers timers;

    struct lode_stream *calls;
    struct lode_stream *waiting, *waiting_last;
    struct lode_stream *ready, *ready_last;
};

extern const struct client_tuning client__default_tuning;

enum lode_status client__open(const char *target, const struct lode_client_opts *opts,
                              const struct client_tuning *tuning, bool with_thread,
                              struct lode_client **ret_client, struct lode_error *error);
void client__unref(struct lode_client *client); /* lock held; frees or unlocks */
void client__wake(struct lode_client *client);
bool client__on_loop(const struct lode_client *client);
void client__callbacks_run(struct lode_client *client); /* lets the lock go around each */

void client__waiting_add(struct lode_stream *call);
void client__waiting_remove(struct lode_stream *call);
void client__channel_step(struct lode_client *client);
bool client__channel_settled(const struct lode_client *client);
void client__channel_connect(struct lode_client *client);
void client__channel_ready(struct client_conn *conn); /* SETTINGS are here */
void client__channel_goaway(struct client_conn *conn);
void client__channel_lost(struct client_conn *conn, const char *why);
void client__channel_shutdown(struct lode_client *client);
