/* SPDX-License-Identifier: MIT */
/* serve_dumps.c -- lode.v1.Dumps: the whole server as one file, at any moment. */
#include "api/api_int.h"

#include "backup/backup.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "rpc/server.h"

#include <lode/v1/dumps_service.rpc.h>

enum { DOWNLOAD_CHUNK = 1 << 20 }; /* well below the 4 MiB that stock clients take */

/* ---- create and status --------------------------------------------------------------- */

static enum rc work_create(struct api_job *job, struct err *err)
{
    const Lode__V1__CreateDumpRequest *request = (const void *)job->request;
    Lode__V1__CreateDumpResponse *answer;
    struct backup_status status;
    enum rc rc;

    rc = backup_create(job->api->opts.backup, request->recompress_level, &status, err);
    if (rc != RC_OK)
        return rc;
    answer = API_NEW(job->arena, Lode__V1__CreateDumpResponse, lode__v1__create_dump_response);
    answer->uid = arena_strdup(job->arena, status.uid);
    answer->status = LODE__V1__DUMP_STATE__DUMP_STATE_IN_PROGRESS;
    answer->started_at = api_timestamp(job->arena, status.started_ns);
    answer->task_uid = status.task_uid;
    answer->type = LODE__V1__TASK_TYPE__TASK_TYPE_DUMP_CREATION;
    answer->enqueued_at = api_timestamp(job->arena, status.enqueued_ns);
    job->answer = &answer->base;
    return RC_OK;
}

static void create(struct rpc_call *call, const Lode__V1__CreateDumpRequest *request, void *arg)
{
    if (request->recompress_level < 0 || request->recompress_level > 19)
        api_refuse(call, "bad_request", "`recompressLevel` must lie between 0 and 19, %d does not.",
                   request->recompress_level);
    else
        api_defer(arg, call, &request->base, work_create);
}

static Lode__V1__DumpState dump_state(enum backup_state state)
{
    switch (state) {
    case BACKUP_IN_PROGRESS:
        return LODE__V1__DUMP_STATE__DUMP_STATE_IN_PROGRESS;
    case BACKUP_DONE:
        return LODE__V1__DUMP_STATE__DUMP_STATE_DONE;
    case BACKUP_FAILED:
        return LODE__V1__DUMP_STATE__DUMP_STATE_FAILED;
    }
    return LODE__V1__DUMP_STATE__DUMP_STATE_UNSPECIFIED;
}

static void get_status(struct rpc_call *call, const Lode__V1__GetDumpStatusRequest *request,
                       void *arg)
{
    const struct api *api = arg;
    struct arena *arena = rpc_call_arena(call);
    struct backup_status status;
    Lode__V1__DumpStatus *answer;
    struct err err;
    enum rc rc;

    rc = backup_status(api->opts.backup, request->dump_uid, &status, &err); /* memory only */
    if (rc != RC_OK) {
        rpc_call_fail(call, &err);
        return;
    }
    arena_set_limit(arena, API_ANSWER_MAX);
    answer = API_NEW(arena, Lode__V1__DumpStatus, lode__v1__dump_status);
    answer->uid = arena_strdup(arena, status.uid);
    answer->status = dump_state(status.state);
    if (status.state == BACKUP_FAILED) {
        answer->failure_case = LODE__V1__DUMP_STATUS__FAILURE_ERROR;
        answer->error = arena_strdup(arena, status.error);
    }
    answer->started_at = api_timestamp(arena, status.started_ns);
    if (status.state != BACKUP_IN_PROGRESS)
        answer->finished_at = api_timestamp(arena, status.finished_ns);
    rpc_call_reply(call, &answer->base);
}

/* ---- watch --------------------------------------------------------------------------- */

struct dump_watcher {
    struct rpc_ticket *ticket;
    struct backup_watch *watch;
    bool over;
};

/* One announced status on its way from the dump thread to the loop. */
struct announcement {
    struct dump_watcher *watcher;
    struct backup_status status;
};

static void stop_watching(struct dump_watcher *w)
{
    struct rpc_ticket *ticket = w->ticket;

    w->over = true;
    if (!ticket)
        return;
    backup_watch_free(w->watch);
    w->watch = NULL;
    w->ticket = NULL;
    rpc_ticket_drop(ticket);
}

static void send_progress(struct rpc_call *call, void *arg)
{
    struct announcement *a = arg;
    struct dump_watcher *w = a->watcher;
    struct backup_status status = a->status;
    Lode__V1__DumpProgress progress = LODE__V1__DUMP_PROGRESS__INIT;
    bool ended = status.state != BACKUP_IN_PROGRESS;

    xfree(a);
    /* A peer that does not read misses steps, but not the end. */
    if (w->over || (!ended && rpc_call_send_queued(call) > RPC_SEND_HIGH))
        return;
    progress.status = dump_state(status.state);
    progress.documents = status.documents;
    progress.total_documents = status.total_documents;
    progress.written_bytes = status.written_bytes;
    progress.verified_bytes = status.verified_bytes;
    progress.barrier_wait_ms = (double)status.barrier_wait_ns / (double)NS_PER_MS;
    progress.barrier_held_ms = (double)status.barrier_held_ns / (double)NS_PER_MS;
    (void)rpc_call_send(call, &progress.base);
    if (ended) {
        rpc_call_finish(call);
        stop_watching(w);
    }
}

static void announce(void *arg, const struct backup_status *status) /* on the dump thread */
{
    struct dump_watcher *w = arg;
    struct announcement *a = xmalloc(sizeof *a);

    a->watcher = w;
    a->status = *status;
    rpc_ticket_post(w->ticket, send_progress, a);
}

static void watch_cancelled(struct rpc_call *call, void *arg)
{
    (void)call;
    stop_watching(arg);
}

static void watch(struct rpc_call *call, const Lode__V1__GetDumpStatusRequest *request, void *arg)
{
    static const struct rpc_call_ops ops = {.on_cancel = watch_cancelled};
    const struct api *api = arg;
    struct dump_watcher *w;
    struct err err;
    enum rc rc;

    arena_set_limit(rpc_call_arena(call), API_ANSWER_MAX);
    w = api_alloc(rpc_call_arena(call), sizeof *w);
    memset(w, 0, sizeof *w);
    w->ticket = rpc_ticket_new(call);
    rpc_call_set_ops(call, &ops, w);
    rc = backup_watch_new(api->opts.backup, request->dump_uid, announce, w, &w->watch, &err);
    if (rc != RC_OK) {
        rpc_call_fail(call, &err);
        stop_watching(w);
    }
}

/* ---- download ----------------------------------------------------------------------------------
 */

/* One chunk is read on a worker while the one before it is on its way. */
struct download {
    struct api *api;
    struct rpc_call *call;
    char uid[DUMP_UID_MAX];
    int fd; /* -1 until opened */
    uint64_t total, at;
    uint8_t *chunk; /* DOWNLOAD_CHUNK bytes */
    size_t n_chunk;
    bool reading, first_sent;
    enum rc rc;
    struct err err;
};

static void download_more(struct download *d);

static void download_read(void *arg) /* on a worker */
{
    struct download *d = arg;

    d->rc = RC_OK;
    d->n_chunk = 0;
    if (d->fd < 0)
        d->rc = backup_open_file(d->api->opts.backup, d->uid, &d->fd, &d->total, &d->err);
    if (d->rc == RC_OK && d->at > d->total)
        d->rc = err_set(&d->err, RC_INVALID, "bad_request",
                        "The offset %llu is behind the end of the dump (%llu bytes).",
                        (unsigned long long)d->at, (unsigned long long)d->total);
    if (d->rc == RC_OK)
        d->rc = fs_pread(d->fd, d->chunk, DOWNLOAD_CHUNK, d->at, &d->n_chunk, &d->err);
}

static void download_send(struct rpc_call *call, void *arg)
{
    Lode__V1__DownloadDumpResponse message = LODE__V1__DOWNLOAD_DUMP_RESPONSE__INIT;
    struct download *d = arg;

    d->reading = false;
    if (rpc_call_cancelled(call))
        return;
    if (d->rc != RC_OK) {
        rpc_call_fail(call, &d->err);
        return;
    }
    message.total_bytes = d->first_sent ? 0 : d->total;
    message.chunk.data = d->chunk;
    message.chunk.len = d->n_chunk;
    d->first_sent = true;
    d->at += d->n_chunk;
    if (d->n_chunk == 0 && d->at < d->total) {
        (void)err_set(&d->err, RC_CORRUPT, NULL, "The dump `%s` was cut while it was downloaded.",
                      d->uid);
        rpc_call_fail(call, &d->err);
    } else if (d->at >= d->total) {
        (void)rpc_call_send(call, &message.base);
        rpc_call_finish(call);
    } else if (rpc_call_send(call, &message.base)) {
        download_more(d);
    }
}

static void download_more(struct download *d)
{
    if (d->reading)
        return;
    d->reading = true;
    rpc_call_defer(d->call, download_read, download_send, d);
}

static void download_writable(struct rpc_call *call, void *arg)
{
    struct download *d = arg;

    if (!rpc_call_finished(call) && d->at < d->total)
        download_more(d);
}

static void download_done(void *arg)
{
    struct download *d = arg;

    fs_close(d->fd);
    xfree(d->chunk);
    xfree(d);
}

static void download(struct rpc_call *call, const Lode__V1__DownloadDumpRequest *request, void *arg)
{
    static const struct rpc_call_ops ops = {.on_writable = download_writable,
                                            .on_done = download_done};
    struct download *d;
    struct err err;

    if (strlen(request->dump_uid) >= DUMP_UID_MAX) { /* no uid is that long */
        (void)err_set(&err, RC_NOT_FOUND, "dump_not_found", "Dump `%.100s` not found.",
                      request->dump_uid);
        rpc_call_fail(call, &err);
        return;
    }
    d = xcalloc(1, sizeof *d);
    d->api = arg;
    d->call = call;
    memcpy(d->uid, request->dump_uid, strlen(request->dump_uid) + 1);
    d->fd = -1;
    d->at = request->offset;
    d->chunk = xmalloc(DOWNLOAD_CHUNK);
    rpc_call_set_ops(call, &ops, d);
    download_more(d);
}

void serve_dumps_register(struct api *api, struct rpc_server *server)
{
    static const struct lode__v1__dumps__handlers handlers = {
        .create = create,
        .get_status = get_status,
        .watch = watch,
        .download = download,
    };

    rpc_server_add(server, &lode__v1__dumps__service, &handlers, api);
}
