/* SPDX-License-Identifier: MIT */
/*
 * server.c -- which methods there are, and which calls are alive.
 *
 * Methods stand in an open-addressed table by the hash of their path. Ended
 * calls are kept, with the first chunk of their arena, for the next ones; not
 * in sanitizer builds, where a freed call must look freed.
 *
 * Loop thread only.
 */
#include "rpc/server.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"
#include "pb/pb.h"
#include "rpc/rpc_int.h"

enum {
    DEFAULT_MAX_CALLS = 10000,
    DEFAULT_MAX_ARENA = 256 * 1024 * 1024,
    TABLE_MIN = 64,
    TRACEPARENT_MIN = 55, /* 00-<32>-<16>-<2> */
    TRACE_DIGITS = RPC_TRACE_MAX - 1,
    SPARE_MAX = 512,
};

struct registered {
    const struct rpc_service *service;
    struct rpc__target target;
};

struct rpc_server {
    struct rpc_server_opts opts;
    struct rng rng;
    struct registered *services; /* owned */
    size_t n_services;
    const struct rpc_method **table; /* owned; NULL: empty slot */
    size_t n_slots;                  /* a power of two, at most half used */
    size_t n_methods;
    struct rpc_call *live;  /* newest first */
    struct rpc_call *spare; /* by next */
    size_t n_live, n_spare, n_counted;
};

struct rpc_server *rpc_server_new(const struct rpc_server_opts *opts)
{
    struct rpc_server *server = xcalloc(1, sizeof *server);
    uint64_t seed;

    ASSERT(opts->executor.run && opts->executor.post);
    ASSERT(opts->executor.timer && opts->executor.cancel_timer);
    server->opts = *opts;
    if (!server->opts.max_calls)
        server->opts.max_calls = DEFAULT_MAX_CALLS;
    if (!server->opts.max_message)
        server->opts.max_message = PB_MAX_MESSAGE;
    if (!server->opts.max_arena)
        server->opts.max_arena = DEFAULT_MAX_ARENA;
    rng_secret(&seed, sizeof seed);
    rng_init(&server->rng, seed);
    server->n_slots = TABLE_MIN;
    server->table = xcalloc(server->n_slots, sizeof *server->table);
    return server;
}

void rpc_server_free(struct rpc_server *server)
{
    if (!server)
        return;
    ASSERT(!server->live && server->n_counted == 0);
    while (server->spare) {
        struct rpc_call *call = server->spare;

        server->spare = call->next;
        arena_free(call->arena);
        xfree(call);
    }
    xfree(server->services);
    xfree(server->table);
    xfree(server);
}

/* ---- methods ----------------------------------------------------------------------- */

/* The slot of path, or the empty one where it would stand. */
static size_t slot_of(const struct rpc_server *server, struct bytes path)
{
    size_t mask = server->n_slots - 1;
    size_t i = (size_t)hash64(path, 0) & mask;

    while (server->table[i] && !bytes_eq(bytes_str(server->table[i]->path), path))
        i = (i + 1) & mask;
    return i;
}

static void grow_table(struct rpc_server *server)
{
    const struct rpc_method **old = server->table;
    size_t n_old = server->n_slots;
    size_t i;

    server->n_slots *= 2;
    server->table = xcalloc(server->n_slots, sizeof *server->table);
    for (i = 0; i < n_old; i++)
        if (old[i])
            server->table[slot_of(server, bytes_str(old[i]->path))] = old[i];
    xfree(old);
}

void rpc_server_add(struct rpc_server *server, const struct rpc_service *service,
                    const void *handlers, void *service_arg)
{
    struct registered *entry;
    size_t i;

    server->services =
        xrealloc(server->services, (server->n_services + 1) * sizeof *server->services);
    entry = &server->services[server->n_services++];
    entry->service = service;
    entry->target = (struct rpc__target){.handlers = handlers, .service_arg = service_arg};
    for (i = 0; i < service->n_methods; i++) {
        size_t slot;

        if (2 * (server->n_methods + 1) > server->n_slots)
            grow_table(server);
        slot = slot_of(server, bytes_str(service->methods[i].path));
        ASSERT(!server->table[slot]); /* a service is registered once */
        server->table[slot] = &service->methods[i];
        server->n_methods++;
    }
}

const struct rpc_method *rpc_server_find(const struct rpc_server *server, struct bytes path)
{
    return server->table[slot_of(server, path)];
}

bool rpc__server_target(const struct rpc_server *server, const struct rpc_method *method,
                        struct rpc__target *ret_target)
{
    size_t i;

    for (i = 0; i < server->n_services; i++) {
        if (server->services[i].service == method->service) {
            *ret_target = server->services[i].target;
            return true;
        }
    }
    return false;
}

size_t rpc_server_n_services(const struct rpc_server *server)
{
    return server->n_services;
}

const struct rpc_service *rpc_server_service(const struct rpc_server *server, size_t i)
{
    ASSERT(i < server->n_services);
    return server->services[i].service;
}

const struct rpc_server_opts *rpc_server_opts(const struct rpc_server *server)
{
    return &server->opts;
}

/* ---- calls ------------------------------------------------------------------------- */

/* Whether an ended call may serve again. */
static bool may_keep(const struct rpc_server *server)
{
#ifdef LODE_SANITIZED
    (void)server;
    return false;
#else
    return server->n_spare < SPARE_MAX;
#endif
}

struct rpc_call *rpc__server_take_call(struct rpc_server *server)
{
    struct rpc_call *call = server->spare;
    struct arena *arena;

    if (call) {
        server->spare = call->next;
        server->n_spare--;
        arena = call->arena;
        memset(call, 0, sizeof *call);
    } else {
        call = xcalloc(1, sizeof *call);
        arena = arena_new(RPC_METADATA_LIMIT);
    }
    call->magic = RPC_CALL_MAGIC;
    call->arena = arena;
    call->server = server;
    call->next = server->live;
    if (call->next)
        call->next->prev = call;
    server->live = call;
    server->n_live++;
    return call;
}

void rpc__server_give_call(struct rpc_server *server, struct rpc_call *call)
{
    if (call->prev)
        call->prev->next = call->next;
    else
        server->live = call->next;
    if (call->next)
        call->next->prev = call->prev;
    server->n_live--;
    if (call->counted)
        server->n_counted--;
    arena_free(call->scratch);
    call->magic = 0;
    if (may_keep(server)) {
        arena_reset(call->arena);
        arena_set_limit(call->arena, RPC_METADATA_LIMIT);
        call->next = server->spare;
        server->spare = call;
        server->n_spare++;
        return;
    }
    arena_free(call->arena);
    xfree(call);
}

bool rpc__server_is_full(const struct rpc_server *server)
{
    return server->n_counted >= server->opts.max_calls;
}

void rpc__server_count(struct rpc_server *server)
{
    server->n_counted++;
}

size_t rpc_server_live_calls(const struct rpc_server *server)
{
    return server->n_live;
}

void rpc_server_cancel_all(struct rpc_server *server)
{
    struct rpc_call *call, *next;

    /* Entered first, so that none goes while the list is walked. */
    for (call = server->live; call; call = call->next)
        rpc__call_enter(call);
    for (call = server->live; call; call = call->next)
        rpc__call_abort(call, RC_BUSY, "The server is shutting down.");
    for (call = server->live; call; call = next) {
        next = call->next;
        (void)rpc__call_leave(call);
    }
}

void rpc_server_describe_calls(const struct rpc_server *server, struct buf *out)
{
    const struct rpc_call *call;
    int64_t now = clock_mono_ns();

    for (call = server->live; call; call = call->next) {
        const char *stage = "open";

        if (call->finished)
            stage = call->holds ? "cancelled, work still runs" : "flushing";
        else if (call->working)
            stage = "working";
        buf_printf(out, "method=%s trace=%s age_ms=%lld stage=\"%s\" peer=%s\n", call->method->path,
                   call->trace, (long long)((now - call->started_ns) / NS_PER_MS), stage,
                   call->peer);
    }
}

/* ---- trace ids --------------------------------------------------------------------- */

static bool is_hex_digit(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* The trace id of "00-<32 hex>-<16 hex>-<2 hex>" (W3C Trace Context); all zeros is none. */
static bool parse_traceparent(struct bytes text, char dst[RPC_TRACE_MAX])
{
    bool any = false;
    size_t i;

    if (text.n < TRACEPARENT_MIN || !is_hex_digit(text.p[0]) || !is_hex_digit(text.p[1]) ||
        text.p[2] != '-' || text.p[3 + TRACE_DIGITS] != '-')
        return false;
    if (text.p[0] == 'f' && text.p[1] == 'f') /* the one version that never is */
        return false;
    for (i = 0; i < TRACE_DIGITS; i++) {
        uint8_t c = text.p[3 + i];

        if (!is_hex_digit(c))
            return false;
        any |= c != '0';
        dst[i] = (char)c;
    }
    dst[TRACE_DIGITS] = '\0';
    return any;
}

void rpc__server_trace(struct rpc_server *server, struct bytes traceparent, char dst[RPC_TRACE_MAX])
{
    static const char digits[] = "0123456789abcdef";
    uint64_t bits = 0;
    size_t i;

    if (parse_traceparent(traceparent, dst))
        return;
    for (i = 0; i < TRACE_DIGITS; i++) {
        if (i % 16 == 0)
            bits = rng_next(&server->rng);
        dst[i] = digits[bits & 15];
        bits >>= 4;
    }
    dst[TRACE_DIGITS] = '\0';
}
