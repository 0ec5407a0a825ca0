/* SPDX-License-Identifier: MIT */
/*
 * http_int.h -- what the files of the gateway share about a connection and its request.
 *
 * A connection has at most one request at a time; what a client sends ahead waits
 * in the net room. A request moves one way:
 *
 *   HEAD --> BODY --> RUNNING --> (answer written) --> DRAIN --> done
 *
 * An answer may come at any time, also while the body arrives or inside a call into
 * rpc. The ops of the door only note it (`answered`, reply); http_conn.c alone
 * writes it and moves on, so no request ends under a function that still uses it.
 */
#pragma once

#include "base/buf.h"
#include "http/http.h"
#include "http/http_encoding.h"
#include "http/http_reader.h"
#include "http/http_route.h"
#include "rpc/call.h"
#include "rpc/status.h"
#include "json/json.h"

enum {
    HTTP_DECODE_SIZE = 64 * 1024,        /* decoded bytes handed on at once */
    HTTP_WINDOW = 16,                    /* body messages a handler may owe us */
    HTTP_DRAIN_MAX = 256 * 1024,         /* of an unwanted body; beyond, the connection closes */
    HTTP_SPARE_REQUESTS = 256,           /* kept for reuse */
    HTTP_SPARE_BUF = 64 * 1024,          /* larger buffers are not kept */
    HTTP_COPY_MAX = 16 * 1024,           /* longer answers are handed over, not copied */
    HTTP_COMPRESS_MIN = 1024,            /* shorter answers are not worth encoding */
    HTTP_COMPRESS_MAX = 8 * 1024 * 1024, /* longer ones would hold up the loop */
    HTTP_RATE_WINDOW_S = 10,
    HTTP_GRACE_MS = 50, /* to answer a client that shut its sending side, or is gone */
    HTTP_JSON_MAX_VALUES = 4 * 1024 * 1024,
    HTTP_JSON_KEEP = 1024 * 1024, /* a parser that saw a longer text is not kept */
};

#define HTTP_CONN_MAGIC 0x68636e6eU

enum http_phase {
    REQ_HEAD,
    REQ_BODY,
    REQ_RUNNING, /* all is read; the answer is awaited */
    REQ_DRAIN,   /* answered; the rest of the body is thrown away */
};

/* What becomes of the body. */
enum http_body_use {
    BODY_DROP,   /* the route takes none, but clients send one */
    BODY_JSON,   /* gathered, then parsed */
    BODY_STREAM, /* handed on piece by piece */
};

struct http_request {
    struct http_request *next_spare;
    struct http_conn *conn; /* borrowed */
    struct http_reader reader;
    struct buf body;  /* BODY_JSON, decoded */
    struct buf reply; /* the JSON of the answer */
    enum http_phase phase;
    enum http_body_use use;
    struct http_match match;
    struct rpc_call *call;        /* NULL: none, or let go */
    ProtobufCMessage *msg;        /* being built, in the call's arena */
    struct http_decoder *decoder; /* owned; NULL: the body comes as it is */
    bool decoder_full;            /* it may have more without more input */
    bool access_known;            /* access was asked and granted */
    uint64_t n_body;              /* decoded bytes so far */
    size_t n_owed;                /* messages the handler has not consumed */
    size_t n_drained;
    int status;               /* of the answer */
    const char *content_type; /* of the answer; NULL: no body */
    enum http_verb verb;
    bool answered;   /* status and reply are final */
    bool must_close; /* whatever the client wants */
    bool continued;  /* the client needs no "100 Continue", or got it */
    bool preflight;
    bool timed; /* conn->limit is this phase's */
};

struct http_conn {
    uint32_t magic;
    struct http_gateway *gateway; /* borrowed */
    struct net_conn *net;         /* borrowed */
    struct http_request *req;     /* owned; NULL between requests */
    struct net_timer *timer;      /* armed for at most `limit` */
    int64_t timer_at;
    int64_t limit;      /* when the present phase is over; INT64_MAX: never */
    uint64_t rate_base; /* body bytes when the rate window began */
    uint64_t n_raw;     /* body bytes read of this request */
    bool paused;
    bool waits_for_output; /* paused until the client takes its answers */
    bool eof;
    bool draining; /* the server shuts down */
    bool closing;  /* net_conn_close() was called */
    bool pumping;  /* a frame of http__pump() is on the stack */
};

struct http_gateway {
    struct rpc_server *server;  /* borrowed */
    struct http_opts opts;      /* filled in */
    struct http_router *router; /* owned, as all below */
    struct http_request *spare;
    size_t n_spare;
    size_t n_requests;
    struct json_parser *parser;
    struct http_encoder *encoder;
    struct buf head;    /* of the answer being written */
    struct buf encoded; /* and its body, when it is encoded */
    uint8_t *decoded;   /* HTTP_DECODE_SIZE bytes */
    int64_t date_second;
    char date[HTTP_DATE_MAX];
};

/* http_gateway.c */
struct http_request *http__request_take(struct http_gateway *gw, struct http_conn *conn);
void http__request_give(struct http_gateway *gw, struct http_request *req);
const char *http__date(struct http_gateway *gw);

/* http_conn.c */
extern const struct net_protocol http__protocol;
/* Something changed outside of the input (an answer, consumed messages): look again soon. */
void http__conn_wake(struct http_conn *conn);

/* http_request.c: from the head to a message. */
void http__request_begin(struct http_request *req);
/* Gives the message, which is complete, to the handler. */
void http__request_run(struct http_request *req);
/* The status is the answer, with its error object. */
void http__answer_status(struct http_request *req, const struct rpc_status *status);
/* Answers with an error, unless there is an answer; the call is let go when it is written. */
void http__fail(struct http_request *req, const struct err *err);
/* The same with an HTTP status that no error word has (framing). */
void http__fail_status(struct http_request *req, int status, const char *why);

/* http_body.c: the body's bytes. */
/* Looks at Content-Encoding and Content-Length; may answer. */
void http__body_begin(struct http_request *req);
/* Takes what it can of *in. True: something changed, look again; false: it waits. */
bool http__body_step(struct http_request *req, struct bytes *in);
/* No more can be taken before the handler consumes some. */
bool http__body_is_blocked(const struct http_request *req);

/* http_reply.c */
extern const struct rpc_door_ops http__door_ops;
/* Writes the answer to the connection. */
void http__reply_write(struct http_request *req, bool keep_alive);
