/* SPDX-License-Identifier: MIT */
/*
 * cli_task.c -- waiting for a write to be done.
 *
 * The server streams a task's changes until its end. A broken stream is
 * opened again: the task goes on without us, and a server that restarts
 * finishes it.
 */
#include "cli.h"

#include <google/protobuf/duration.pb-c.h>
#include <lode/v1/common.meta.h>
#include <lode/v1/tasks.meta.h>
#include <lode/v1/tasks_service.client.h>
#include <stdio.h>

enum { RETRIES = 10, RETRY_MS = 10000 };

static const char *enum_name(const struct pb_enum_meta *meta, int value)
{
    unsigned i;

    for (i = 0; i < meta->desc->n_values; i++)
        if (meta->desc->values[i].value == value && meta->json_names[i])
            return meta->json_names[i];
    return "unknown";
}

const char *cli_task_type(Lode__V1__TaskType type)
{
    return enum_name(&lode__v1__task_type__meta, (int)type);
}

const char *cli_task_status(Lode__V1__TaskStatus status)
{
    return enum_name(&lode__v1__task_status__meta, (int)status);
}

static bool has_ended(const Lode__V1__Task *task)
{
    return task->status == LODE__V1__TASK_STATUS__TASK_STATUS_SUCCEEDED ||
           task->status == LODE__V1__TASK_STATUS__TASK_STATUS_FAILED ||
           task->status == LODE__V1__TASK_STATUS__TASK_STATUS_CANCELED;
}

static void show(struct cli_progress *progress, const Lode__V1__Task *task)
{
    const Lode__V1__TaskProgress *p = task->progress;
    char extra[128];

    if (p) {
        snprintf(extra, sizeof(extra), "task %llu", (unsigned long long)task->uid);
        if (p->total_to_index)
            cli_progress_step(progress, p->indexed, p->total_to_index, extra);
        else
            cli_progress_step(progress, p->documents, p->total_documents, extra);
    }
}

/* Follows the task once; LODE_END with *ret_task NULL when the stream ended too early. */
static enum lode_status follow(struct cli *cli, const Lode__V1__GetTaskRequest *request,
                               struct cli_progress *progress, Lode__V1__Task **ret_task)
{
    const struct lode_call_opts opts = cli_stream(cli);
    struct lode_stream *stream = NULL;
    Lode__V1__Task *task = NULL;
    enum lode_status status;

    status = lode_v1_tasks_watch_open(cli->client, request, &opts, &stream, &cli->error);
    while (status == LODE_OK) {
        status = lode_v1_tasks_watch_receive(stream, &task, &cli->error);
        if (status != LODE_OK)
            break;
        if (has_ended(task)) {
            *ret_task = task;
            break;
        }
        show(progress, task);
        lode_message_free(task);
    }
    lode_stream_close(stream);
    return status;
}

int cli_task_wait(struct cli *cli, uint64_t uid, Lode__V1__Task **ret_task)
{
    const struct lode_call_opts again = {.timeout_ms = RETRY_MS, .wait_for_ready = true};
    Lode__V1__GetTaskRequest request = LODE__V1__GET_TASK_REQUEST__INIT;
    struct cli_progress progress;
    enum lode_status status;
    char text[CLI_TEXT];
    int tries;

    snprintf(text, sizeof(text), "%llu", (unsigned long long)uid);
    request.task_uid = text;
    *ret_task = NULL;
    cli_progress_begin(&progress, cli, "working", "documents");
    for (tries = 0; tries < RETRIES; tries++) {
        status = follow(cli, &request, &progress, ret_task);
        if (*ret_task || (status != LODE_UNAVAILABLE && status != LODE_END))
            break;
        status = lode_v1_tasks_get(cli->client, &request, &again, ret_task, &cli->error);
        if (status != LODE_OK || has_ended(*ret_task))
            break;
        lode_message_free(*ret_task);
        *ret_task = NULL;
    }
    cli_progress_end(&progress);
    if (*ret_task)
        return CLI_OK;
    if (cli->error.status == LODE_OK)
        return cli_say_error(cli, CLI_UNREACHABLE, "the server stopped reporting on task %s", text);
    cli_failed(cli);
    cli_hint("the task goes on without this command: lode task wait %s", text);
    return cli_exit_of(cli->error.status);
}

static double duration_of(const Lode__V1__Task *task)
{
    return task->duration ? (double)task->duration->seconds + (double)task->duration->nanos / 1e9
                          : 0;
}

/* What the task did, in words; "" when its type has nothing to count. */
static char *outcome(char *dst, size_t cap, const Lode__V1__Task *task)
{
    const Lode__V1__TaskDetails *d = task->details;
    char n[2 * CLI_TEXT];

    dst[0] = '\0';
    if (!d)
        return dst;
    if (d->kind_case == LODE__V1__TASK_DETAILS__KIND_DOCUMENT_ADDITION)
        snprintf(dst, cap, ", %s indexed",
                 cli_count(n, d->document_addition->indexed_documents, "document"));
    else if (d->kind_case == LODE__V1__TASK_DETAILS__KIND_DOCUMENT_DELETION)
        snprintf(dst, cap, ", %s deleted",
                 cli_count(n, d->document_deletion->deleted_documents, "document"));
    else if (d->kind_case == LODE__V1__TASK_DETAILS__KIND_DOCUMENT_CLEAR)
        snprintf(dst, cap, ", %s deleted",
                 cli_count(n, d->document_clear->deleted_documents, "document"));
    else if (d->kind_case == LODE__V1__TASK_DETAILS__KIND_INDEX_DELETION)
        snprintf(dst, cap, ", %s deleted",
                 cli_count(n, d->index_deletion->deleted_documents, "document"));
    else if (d->kind_case == LODE__V1__TASK_DETAILS__KIND_TASK_CANCELATION)
        snprintf(dst, cap, ", %s canceled",
                 cli_count(n, d->task_cancelation->canceled_tasks, "task"));
    else if (d->kind_case == LODE__V1__TASK_DETAILS__KIND_TASK_DELETION)
        snprintf(dst, cap, ", %s deleted", cli_count(n, d->task_deletion->deleted_tasks, "task"));
    return dst;
}

int cli_task_report(struct cli *cli, const Lode__V1__Task *task)
{
    bool good = task->status == LODE__V1__TASK_STATUS__TASK_STATUS_SUCCEEDED;
    char counted[96];
    char took[CLI_TEXT];

    if (cli->json && cli_print_message(cli, &task->base, &lode__v1__task__meta) != CLI_OK)
        return CLI_DAMAGED;
    if (good) {
        if (!cli->json && !cli->quiet)
            printf("task %llu (%s) %ssucceeded%s%s, %s\n", (unsigned long long)task->uid,
                   cli_task_type(task->type), cli_colour_on(cli->colour_out, CLI_GOOD),
                   cli_colour_off(cli->colour_out), outcome(counted, sizeof(counted), task),
                   cli_seconds(took, duration_of(task)));
        return CLI_OK;
    }
    if (task->error)
        return cli_say_error(cli, CLI_REFUSED, "task %llu (%s) failed: %s (%s)",
                             (unsigned long long)task->uid, cli_task_type(task->type),
                             task->error->message, task->error->code);
    return cli_say_error(cli, CLI_REFUSED, "task %llu (%s) was %s", (unsigned long long)task->uid,
                         cli_task_type(task->type), cli_task_status(task->status));
}

int cli_task_finish(struct cli *cli, const struct cli_args *args, Lode__V1__TaskSummary *summary)
{
    uint64_t uid = summary->task_uid;
    Lode__V1__Task *task = NULL;
    int code = CLI_OK;

    if (cli_args_has(args, "no-wait")) {
        if (cli->json)
            code = cli_print_message(cli, &summary->base, &lode__v1__task_summary__meta);
        else
            printf("%llu\n", (unsigned long long)uid);
        lode_message_free(summary);
        return code;
    }
    lode_message_free(summary);
    code = cli_task_wait(cli, uid, &task);
    if (code == CLI_OK)
        code = cli_task_report(cli, task);
    lode_message_free(task);
    return code;
}
