/* SPDX-License-Identifier: MIT */
/*
 * health.c -- grpc.health.v1.Health: "" is the whole server, and every
 * registered service has the same state.
 *
 * A Watch gets a message per change, and when it reads slowly only the latest.
 */
#include "base/assert.h"
#include "base/mem.h"
#include "grpc/grpc_int.h"
#include "grpc/health/v1/health_service.rpc.h"

typedef Grpc__Health__V1__HealthCheckResponse__ServingStatus serving_status;

#define STATUS_SERVING GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
#define STATUS_NOT_SERVING GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING
#define STATUS_UNKNOWN GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN

enum { LIST_MAX = 100 };

struct watch { /* in its call's arena */
    struct grpc__health *health;
    struct rpc_call *call;
    struct watch *prev, *next;
    bool known;
    bool full; /* the peer reads slowly: on_writable comes */
    serving_status told;
};

struct grpc__health {
    struct grpc__health__v1__health__handlers handlers;
    struct rpc_server *rpc;
    struct watch *watches;
    bool serving;
    bool for_good; /* the state will not change again */
};

static bool is_known(const struct grpc__health *h, const char *service)
{
    size_t i;

    if (!*service)
        return true;
    for (i = 0; i < rpc_server_n_services(h->rpc); i++)
        if (strcmp(rpc_server_service(h->rpc, i)->name, service) == 0)
            return true;
    return false;
}

static serving_status state_of(const struct grpc__health *h)
{
    return h->serving ? STATUS_SERVING : STATUS_NOT_SERVING;
}

static void check(struct rpc_call *call, const Grpc__Health__V1__HealthCheckRequest *request,
                  void *arg)
{
    Grpc__Health__V1__HealthCheckResponse answer = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;
    const struct grpc__health *h = arg;

    if (!is_known(h, request->service)) {
        rpc_call_fail_status(call, rpc_grpc_status(RC_NOT_FOUND), "unknown service");
        return;
    }
    answer.status = state_of(h);
    rpc_call_reply(call, &answer.base);
}

static void list(struct rpc_call *call, const Grpc__Health__V1__HealthListRequest *request,
                 void *arg)
{
    const struct grpc__health *h = arg;
    size_t n = rpc_server_n_services(h->rpc) + 1;
    Grpc__Health__V1__HealthListResponse answer = GRPC__HEALTH__V1__HEALTH_LIST_RESPONSE__INIT;
    Grpc__Health__V1__HealthListResponse__StatusesEntry entries[LIST_MAX];
    Grpc__Health__V1__HealthListResponse__StatusesEntry *places[LIST_MAX];
    Grpc__Health__V1__HealthCheckResponse state = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;
    size_t i;

    (void)request;
    if (n > LIST_MAX) {
        rpc_call_fail_status(call, rpc_grpc_status(RC_TOO_MANY), "too many services to list");
        return;
    }
    state.status = state_of(h);
    for (i = 0; i < n; i++) {
        const char *name = i ? rpc_server_service(h->rpc, i - 1)->name : "";

        grpc__health__v1__health_list_response__statuses_entry__init(&entries[i]);
        entries[i].key = (char *)(uintptr_t)name; /* packing only reads */
        entries[i].value = &state;
        places[i] = &entries[i];
    }
    answer.n_statuses = n;
    answer.statuses = places;
    rpc_call_reply(call, &answer.base);
}

/* ---- watching ---------------------------------------------------------------------- */

static void tell(struct watch *w, bool first)
{
    Grpc__Health__V1__HealthCheckResponse answer = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;

    answer.status = w->known ? state_of(w->health) : STATUS_UNKNOWN;
    if (w->full || (!first && answer.status == w->told))
        return;
    w->told = answer.status;
    w->full = !rpc_call_send(w->call, &answer.base);
}

static void watch_writable(struct rpc_call *call, void *arg)
{
    struct watch *w = arg;

    (void)call;
    w->full = false;
    tell(w, false);
}

static void watch_done(void *arg)
{
    struct watch *w = arg;

    if (w->prev)
        w->prev->next = w->next;
    else
        w->health->watches = w->next;
    if (w->next)
        w->next->prev = w->prev;
}

static void watch(struct rpc_call *call, const Grpc__Health__V1__HealthCheckRequest *request,
                  void *arg)
{
    static const struct rpc_call_ops ops = {.on_writable = watch_writable, .on_done = watch_done};
    struct watch *w = arena_zalloc(rpc_call_arena(call), sizeof *w);
    struct grpc__health *h = arg;

    if (!w) {
        rpc_call_fail_status(call, rpc_grpc_status(RC_TOO_LARGE), "the call holds too much");
        return;
    }
    w->health = h;
    w->call = call;
    w->known = is_known(h, request->service);
    w->next = h->watches;
    if (w->next)
        w->next->prev = w;
    h->watches = w;
    rpc_call_set_ops(call, &ops, w);
    tell(w, true);
}

/* ---- the room's side ----------------------------------------------------------------- */

struct grpc__health *grpc__health_new(struct rpc_server *rpc)
{
    struct grpc__health *h = xcalloc(1, sizeof *h);

    h->rpc = rpc;
    h->serving = true;
    h->handlers =
        (struct grpc__health__v1__health__handlers){.check = check, .list = list, .watch = watch};
    rpc_server_add(rpc, &grpc__health__v1__health__service, &h->handlers, h);
    return h;
}

void grpc__health_free(struct grpc__health *h)
{
    ASSERT(!h || !h->watches);
    xfree(h);
}

void grpc__health_set(struct grpc__health *h, bool serving, bool for_good)
{
    struct watch *w;

    if (h->for_good)
        return;
    h->serving = serving;
    h->for_good = for_good;
    for (w = h->watches; w; w = w->next)
        if (!rpc_call_finished(w->call))
            tell(w, false);
}
