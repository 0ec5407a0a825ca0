/* SPDX-License-Identifier: MIT */
/*
 * serve_task_watch.c -- Tasks.Watch: a task each time it changes, until its end.
 */
#include "api/api_int.h"

#include <stdatomic.h>

/*
 * Changes are announced by the queue's threads, many a second; each is fetched
 * on a worker, one at a time, and only the latest state is sent.
 */
struct watcher {
    struct api *api;
    struct rpc_call *call;
    struct rpc_ticket *ticket;
    struct task_watch *watch;
    struct arena *arena; /* of one fetch */
    uint64_t uid;
    bool fetching, again, over;
    Lode__V1__Task *task;
    enum rc rc;
    struct err err;
    atomic_bool announced; /* a post is under way: one is enough */
};

static void watch_fetch(struct watcher *w);

static void watch_end(struct watcher *w)
{
    struct rpc_ticket *ticket = w->ticket;

    w->over = true;
    if (w->fetching || !ticket)
        return;
    task_watch_free(w->watch);
    w->watch = NULL;
    w->ticket = NULL;
    rpc_ticket_drop(ticket);
}

static void watch_fetched(struct rpc_call *call, void *arg)
{
    struct watcher *w = arg;

    w->fetching = false;
    if (!w->over && w->rc != RC_OK) {
        rpc_call_fail(call, &w->err);
        w->over = true;
    } else if (!w->over) {
        (void)rpc_call_send(call, &w->task->base);
        if (w->task->finished_at) {
            rpc_call_finish(call);
            w->over = true;
        }
    }
    arena_free(w->arena);
    w->arena = NULL;
    if (w->over)
        watch_end(w);
    else if (w->again)
        watch_fetch(w);
}

static void watch_work(void *arg) /* on a worker */
{
    struct watcher *w = arg;

    w->arena = arena_new(API_ANSWER_MAX);
    w->rc = tasks_fetch(w->api, w->arena, w->uid, &w->task, &w->err);
}

static void watch_fetch(struct watcher *w)
{
    w->fetching = true;
    w->again = false;
    rpc_call_defer(w->call, watch_work, watch_fetched, w);
}

static void watch_changed(struct rpc_call *call, void *arg)
{
    struct watcher *w = arg;

    (void)call;
    atomic_store(&w->announced, false);
    if (w->over)
        return;
    /* A peer that does not read gets the state of when it reads again. */
    if (w->fetching || rpc_call_send_queued(w->call) > RPC_SEND_HIGH)
        w->again = true;
    else
        watch_fetch(w);
}

static void watch_announce(void *arg, uint64_t task_uid) /* on the queue's threads */
{
    struct watcher *w = arg;

    (void)task_uid;
    if (!atomic_exchange(&w->announced, true))
        rpc_ticket_post(w->ticket, watch_changed, w);
}

static void watch_cancelled(struct rpc_call *call, void *arg)
{
    (void)call;
    watch_end(arg);
}

static void watch_writable(struct rpc_call *call, void *arg)
{
    struct watcher *w = arg;

    (void)call;
    if (w->again && !w->fetching && !w->over)
        watch_fetch(w);
}

void tasks_watch(struct rpc_call *call, const Lode__V1__GetTaskRequest *request, void *arg)
{
    static const struct rpc_call_ops ops = {.on_cancel = watch_cancelled,
                                            .on_writable = watch_writable};
    struct api *api = arg;
    struct watcher *w;
    uint64_t uid;

    if (!api_read_uid(call, request->task_uid, "Task", "invalid_task_uids", &uid))
        return;
    arena_set_limit(rpc_call_arena(call), API_ANSWER_MAX);
    w = api_alloc(rpc_call_arena(call), sizeof *w);
    memset(w, 0, sizeof *w);
    w->api = api;
    w->call = call;
    w->uid = uid;
    w->ticket = rpc_ticket_new(call);
    rpc_call_set_ops(call, &ops, w);
    w->watch = task_watch_new(api->opts.tasks, uid, watch_announce, w);
    watch_fetch(w);
}
