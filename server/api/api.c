/* SPDX-License-Identifier: MIT */
/*
 * api.c -- what every service does the same way: defer work, submit a task.
 *
 * Loop thread, except run_job() and accepted(), which say so.
 */
#include "api/api_int.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "index/index.h"
#include "rpc/server.h"

#include <stdarg.h>
#include <stdio.h>

struct api *api_new(const struct api_opts *opts)
{
    struct api *api = xcalloc(1, sizeof *api);

    api->opts = *opts;
    return api;
}

void api_free(struct api *api)
{
    xfree(api);
}

void api_register(struct api *api, struct rpc_server *server)
{
    serve_system_register(api, server);
    serve_indexes_register(api, server);
    serve_documents_register(api, server);
    serve_search_register(api, server);
    serve_settings_register(api, server);
    serve_tasks_register(api, server);
    serve_dumps_register(api, server);
}

bool api_has_feature(const struct api *api, enum feature f)
{
    return features_on(api->opts.features) & feature_bit(f);
}

void api_refuse(struct rpc_call *call, const char *word, const char *fmt, ...)
{
    struct err err;
    char text[ERR_MSG_MAX];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    (void)err_set(&err, RC_INVALID, word, "%s", text);
    rpc_call_fail(call, &err);
}

bool api_uid_ok(struct rpc_call *call, const char *uid, const char *prefix)
{
    struct err err;

    if (index_uid_check(bytes_str(uid), &err) == RC_OK)
        return true;
    if (prefix[0])
        (void)err_prefix(&err, "%s", prefix);
    rpc_call_fail(call, &err);
    return false;
}

/* ---- deferred work ------------------------------------------------------------------- */

static void run_job(void *arg) /* on a worker */
{
    struct api_job *job = arg;

    job->run_ns = clock_mono_ns();
    if (rpc_call_cancelled(job->call))
        job->rc = err_set(&job->err, RC_CANCELLED, NULL, "The call was cancelled.");
    else
        job->rc = job->work(job, &job->err);
    if (job->rc == RC_CANCELLED)
        log_event(LOG_DEBUG, "api", "left undone: the caller has gone", "method=%s",
                  rpc_call_method(job->call)->path);
}

static void finish_job(struct rpc_call *call, void *arg)
{
    struct api_job *job = arg;

    if (job->leave)
        job->leave(job);
    if (job->rc != RC_OK)
        rpc_call_fail(call, &job->err);
    else
        rpc_call_reply(call, job->answer);
}

void api_defer(struct api *api, struct rpc_call *call, const ProtobufCMessage *request,
               api_work_fn *work)
{
    api_defer_then(api, call, request, work, NULL);
}

void api_defer_then(struct api *api, struct rpc_call *call, const ProtobufCMessage *request,
                    api_work_fn *work, void (*leave)(struct api_job *job))
{
    struct arena *arena = rpc_call_arena(call);
    struct api_job *job;

    arena_set_limit(arena, API_ANSWER_MAX);
    job = api_alloc(arena, sizeof *job);
    job->api = api;
    job->call = call;
    job->arena = arena;
    job->request = request;
    job->answer = NULL;
    job->work = work;
    job->leave = leave;
    job->begun_ns = clock_mono_ns();
    job->rc = RC_OK;
    rpc_call_defer(call, run_job, finish_job, job);
}

/* ---- submitting tasks ----------------------------------------------------------------- */

/* What the log thread leaves for the loop; the summary itself is made there. */
struct submission {
    struct rpc_ticket *ticket;
    task_record task; /* strings in the call's arena */
    enum rc rc;
    struct err err;
};

static void answer_submission(struct rpc_call *call, void *arg)
{
    struct submission *s = arg;

    if (s->rc != RC_OK)
        rpc_call_fail(call, &s->err);
    else
        rpc_call_reply(call, &api_task_summary(rpc_call_arena(call), &s->task)->base);
    rpc_ticket_drop(s->ticket);
}

/* On the log thread: copies what it needs and goes. */
static void accepted(void *arg, enum rc rc, const task_record *task, const struct err *err)
{
    struct submission *s = arg;

    s->rc = rc;
    if (rc == RC_OK) {
        s->task.uid = task->uid;
        s->task.status = task->status;
        s->task.enqueued_unix_ns = task->enqueued_unix_ns;
    } else {
        s->err = *err;
    }
    rpc_ticket_post(s->ticket, answer_submission, s);
}

void api_submit(struct api *api, struct rpc_call *call, const task_record *task,
                struct payload *payload)
{
    struct submission *s;

    arena_set_limit(rpc_call_arena(call), API_ANSWER_MAX);
    s = api_alloc(rpc_call_arena(call), sizeof *s);
    s->ticket = rpc_ticket_new(call);
    s->task = *task;
    task_submit(api->opts.tasks, task, payload, accepted, s);
}
