/* SPDX-License-Identifier: MIT */
/*
 * work.c -- how a call leaves the loop and comes back.
 *
 * A hold keeps the call: one for deferred work, one for each open ticket and one
 * for each of its posts that has not run. Holds are counted on the loop; a post
 * from another thread counts itself on its ticket, with an atomic, and the
 * ticket's own hold stays until those are gone.
 */
#include "base/assert.h"
#include "base/log.h"
#include "base/mem.h"
#include "rpc/rpc_int.h"

/* ---- deferred work ------------------------------------------------------------------ */

static void come_back(void *job)
{
    struct rpc_call *call = job;

    rpc__call_enter(call);
    call->working = false; /* done() may defer again */
    log_set_trace(call->trace);
    call->work.done(call, call->work.arg);
    log_set_trace("");
    call->holds--;
    (void)rpc__call_leave(call);
}

static void on_worker(void *job)
{
    struct rpc_call *call = job;
    const struct rpc_executor *ex = &rpc_server_opts(call->server)->executor;

    log_set_trace(call->trace);
    call->work.work(call->work.arg);
    log_set_trace("");
    ex->post(ex->arg, come_back, call);
}

void rpc_call_defer(struct rpc_call *call, rpc_work_fn *work, rpc_done_fn *done, void *arg)
{
    const struct rpc_executor *ex = &rpc_server_opts(call->server)->executor;

    MAGIC_CHECK(call, RPC_CALL_MAGIC);
    ASSERT(!call->working); /* one at a time: the arena has one user */
    call->working = true;
    call->holds++;
    call->work = (struct rpc_work){.work = work, .done = done, .arg = arg};
    ex->run(ex->arg, on_worker, call);
}

/* ---- tickets ------------------------------------------------------------------------ */

struct rpc_ticket {
    uint32_t magic;
    struct rpc_call *call;
    atomic_size_t n_posts; /* not run yet */
    bool dropped;          /* loop thread */
};

struct ticket_post {
    struct rpc_ticket *ticket;
    rpc_done_fn *fn;
    void *arg;
};

struct rpc_ticket *rpc_ticket_new(struct rpc_call *call)
{
    struct rpc_ticket *ticket = xcalloc(1, sizeof *ticket);

    MAGIC_CHECK(call, RPC_CALL_MAGIC);
    ticket->magic = RPC_TICKET_MAGIC;
    ticket->call = call;
    call->holds++;
    return ticket;
}

/* Frees a ticket that nobody can post to and whose posts have all run. */
static void release_ticket(struct rpc_ticket *ticket)
{
    struct rpc_call *call = ticket->call;

    if (!ticket->dropped || atomic_load_explicit(&ticket->n_posts, memory_order_acquire) > 0)
        return;
    ticket->magic = 0;
    xfree(ticket);
    call->holds--;
}

static void run_post(void *job)
{
    struct ticket_post post = *(struct ticket_post *)job;
    struct rpc_call *call = post.ticket->call;

    MAGIC_CHECK(post.ticket, RPC_TICKET_MAGIC);
    xfree(job);
    rpc__call_enter(call);
    log_set_trace(call->trace);
    post.fn(call, post.arg);
    log_set_trace("");
    atomic_fetch_sub_explicit(&post.ticket->n_posts, 1, memory_order_acq_rel);
    release_ticket(post.ticket);
    (void)rpc__call_leave(call);
}

void rpc_ticket_post(struct rpc_ticket *ticket, rpc_done_fn *fn, void *arg)
{
    const struct rpc_executor *ex = &rpc_server_opts(ticket->call->server)->executor;
    struct ticket_post *post = xmalloc(sizeof *post);

    MAGIC_CHECK(ticket, RPC_TICKET_MAGIC);
    *post = (struct ticket_post){.ticket = ticket, .fn = fn, .arg = arg};
    atomic_fetch_add_explicit(&ticket->n_posts, 1, memory_order_acq_rel);
    ex->post(ex->arg, run_post, post);
}

void rpc_ticket_drop(struct rpc_ticket *ticket)
{
    struct rpc_call *call;

    if (!ticket)
        return;
    MAGIC_CHECK(ticket, RPC_TICKET_MAGIC);
    ASSERT(!ticket->dropped);
    call = ticket->call;
    rpc__call_enter(call);
    ticket->dropped = true;
    release_ticket(ticket);
    (void)rpc__call_leave(call);
}
