/* SPDX-License-Identifier: MIT */
/*
 * cmd_task.c -- lode task: the queue of changes and its history.
 *
 * Filters are handed to the same reader of query parameters that the HTTP
 * gateway uses, so they mean and refuse the same.
 */
#include "cli.h"

#include "pb/pb.h"

#include <google/protobuf/duration.pb-c.h>
#include <lode/v1/tasks.meta.h>
#include <lode/v1/tasks_service.client.h>
#include <stdio.h>

/* Option names and the query parameters they are. */
static const struct {
    const char *option;
    const char *parameter;
} filters[] = {
    {"limit", "limit"},
    {"from", "from"},
    {"reverse", "reverse"},
    {"uid", "uids"},
    {"batch", "batchUids"},
    {"canceled-by", "canceledBy"},
    {"type", "types"},
    {"status", "statuses"},
    {"index", "indexUids"},
    {"enqueued-after", "afterEnqueuedAt"},
    {"enqueued-before", "beforeEnqueuedAt"},
    {"started-after", "afterStartedAt"},
    {"started-before", "beforeStartedAt"},
    {"finished-after", "afterFinishedAt"},
    {"finished-before", "beforeFinishedAt"},
};

/* clang-format off */
#define FILTER_OPTIONS \
    {"uid", 0, "UIDS", "these tasks only (comma list, as all lists here)"}, \
    {"index", 0, "INDEXES", "tasks of these indexes"}, \
    {"status", 0, "STATUSES", "enqueued, processing, succeeded, failed, canceled"}, \
    {"type", 0, "TYPES", "documentAdditionOrUpdate, settingsUpdate, ..."}, \
    {"batch", 0, "UIDS", "tasks of these batches"}, \
    {"canceled-by", 0, "UIDS", "tasks that these cancelations ended"}, \
    {"enqueued-after", 0, "TIME", "RFC 3339, or YYYY-MM-DD for the day's end"}, \
    {"enqueued-before", 0, "TIME", "the same, or for the day's beginning"}, \
    {"started-after", 0, "TIME", "of tasks that have begun"}, \
    {"started-before", 0, "TIME", "of tasks that have begun"}, \
    {"finished-after", 0, "TIME", "of tasks that have ended"}, \
    {"finished-before", 0, "TIME", "of tasks that have ended"}
/* clang-format on */

static int fill(struct cli *cli, const struct cli_args *args, const char *uids, struct arena *arena,
                const struct pb_message_meta *meta, ProtobufCMessage *request)
{
    struct pb_param params[ARRAY_LEN(filters) + 1];
    struct err err;
    size_t n = 0;
    size_t i;

    for (i = 0; i < ARRAY_LEN(filters); i++) {
        const char *value = cli_args_get(args, filters[i].option);

        if (value && strcmp(filters[i].option, "reverse") == 0)
            value = "true";
        if (value)
            params[n++] = (struct pb_param){bytes_str(filters[i].parameter), bytes_str(value)};
    }
    if (uids && *uids)
        params[n++] = (struct pb_param){B("uids"), bytes_str(uids)};
    if (pb_from_query(arena, meta, params, n, NULL, request, &err) != RC_OK)
        return cli_say_error(cli, CLI_USAGE, "%s", err.msg);
    return CLI_OK;
}

static const char *duration_text(const Lode__V1__Task *task, char dst[CLI_TEXT])
{
    if (!task->duration)
        return "";
    return cli_seconds(dst, (double)task->duration->seconds + (double)task->duration->nanos / 1e9);
}

static void task_row(struct cli_table *table, const Lode__V1__Task *task)
{
    char uid[CLI_TEXT];
    char enqueued[CLI_TEXT + 8];
    char took[CLI_TEXT];
    const char *cells[] = {uid,
                           cli_task_status(task->status),
                           cli_task_type(task->type),
                           task->index_case == LODE__V1__TASK__INDEX_INDEX_UID ? task->index_uid
                                                                               : "-",
                           cli_time(enqueued, task->enqueued_at),
                           duration_text(task, took),
                           task->error ? task->error->message : ""};

    snprintf(uid, sizeof(uid), "%llu", (unsigned long long)task->uid);
    cli_table_row(table, cells);
}

static const char table_heads[] = ">UID|STATUS|TYPE|INDEX|ENQUEUED|>TOOK|ERROR";

static int run_list(struct cli *cli, const struct cli_args *args)
{
    Lode__V1__ListTasksRequest request = LODE__V1__LIST_TASKS_REQUEST__INIT;
    const struct lode_call_opts opts = cli_call(cli);
    struct arena *arena = arena_new(1 << 20);
    Lode__V1__ListTasksResponse *answer = NULL;
    struct cli_table *table;
    size_t i;
    int code;

    code = fill(cli, args, NULL, arena, &lode__v1__list_tasks_request__meta, &request.base);
    if (code == CLI_OK)
        code = cli_connect(cli);
    if (code == CLI_OK &&
        lode_v1_tasks_list(cli->client, &request, &opts, &answer, &cli->error) != LODE_OK)
        code = cli_failed(cli);
    arena_free(arena);
    if (code != CLI_OK)
        return code;
    if (cli->json) {
        code = cli_print_message(cli, &answer->base, &lode__v1__list_tasks_response__meta);
    } else {
        table = cli_table_new(table_heads);
        for (i = 0; i < answer->n_results; i++)
            task_row(table, answer->results[i]);
        cli_table_print(cli, table);
        if (answer->following_case == LODE__V1__LIST_TASKS_RESPONSE__FOLLOWING_NEXT)
            cli_note(cli, "%zu of %llu tasks; --from %llu shows more", answer->n_results,
                     (unsigned long long)answer->total, (unsigned long long)answer->next);
    }
    lode_message_free(answer);
    return code;
}

static int run_get(struct cli *cli, const struct cli_args *args)
{
    Lode__V1__GetTaskRequest request = LODE__V1__GET_TASK_REQUEST__INIT;
    const struct lode_call_opts opts = cli_call(cli);
    Lode__V1__Task *task = NULL;
    struct err err;
    struct buf json;
    int code = cli_connect(cli);

    if (code != CLI_OK)
        return code;
    request.task_uid = (char *)(uintptr_t)args->words[0]; /* protobuf-c has no const */
    if (lode_v1_tasks_get(cli->client, &request, &opts, &task, &cli->error) != LODE_OK)
        return cli_failed(cli);
    buf_init(&json, BUF_NO_LIMIT);
    if (pb_to_json(&task->base, &lode__v1__task__meta, &json, &err) == RC_OK)
        code = cli_print_json(cli, buf_view(&json));
    else
        code = cli_say_error(cli, CLI_DAMAGED, "the task cannot be shown as JSON: %s", err.msg);
    buf_done(&json);
    lode_message_free(task);
    return code;
}

static int parse_uid(struct cli *cli, const char *text, uint64_t *ret)
{
    if (cli_parse_number(text, 0, UINT64_MAX, ret))
        return CLI_OK;
    return cli_say_error(cli, CLI_USAGE, "\"%s\" is not a task's uid", text);
}

static int run_wait(struct cli *cli, const struct cli_args *args)
{
    int worst = CLI_OK;
    size_t i;

    for (i = 0; i < args->n_words; i++) {
        Lode__V1__Task *task = NULL;
        uint64_t uid = 0;
        int code = parse_uid(cli, args->words[i], &uid);

        if (code == CLI_OK)
            code = cli_connect(cli);
        if (code == CLI_OK)
            code = cli_task_wait(cli, uid, &task);
        if (code == CLI_OK)
            code = cli_task_report(cli, task);
        lode_message_free(task);
        worst = code > worst ? code : worst;
    }
    return worst;
}

static void print_step(struct cli *cli, const Lode__V1__Task *task)
{
    enum cli_colour colour = task->status == LODE__V1__TASK_STATUS__TASK_STATUS_SUCCEEDED ? CLI_GOOD
                             : task->status == LODE__V1__TASK_STATUS__TASK_STATUS_FAILED  ? CLI_BAD
                                                                                         : CLI_BUSY;
    char done[CLI_TEXT];
    char total[CLI_TEXT];

    printf("%s%s%s", cli_colour_on(cli->colour_out, colour), cli_task_status(task->status),
           cli_colour_off(cli->colour_out));
    if (task->progress && task->progress->total_documents)
        printf("  %s of %s documents", cli_number(done, task->progress->documents),
               cli_number(total, task->progress->total_documents));
    if (task->duration)
        printf("  %s", duration_text(task, done));
    putchar('\n');
    fflush(stdout);
}

static int run_watch(struct cli *cli, const struct cli_args *args)
{
    Lode__V1__GetTaskRequest request = LODE__V1__GET_TASK_REQUEST__INIT;
    const struct lode_call_opts opts = cli_stream(cli);
    struct lode_stream *stream = NULL;
    Lode__V1__Task *task = NULL;
    enum lode_status status;
    int code = cli_connect(cli);

    if (code != CLI_OK)
        return code;
    request.task_uid = (char *)(uintptr_t)args->words[0]; /* protobuf-c has no const */
    status = lode_v1_tasks_watch_open(cli->client, &request, &opts, &stream, &cli->error);
    while (status == LODE_OK) {
        status = lode_v1_tasks_watch_receive(stream, &task, &cli->error);
        if (status != LODE_OK)
            break;
        code = CLI_OK;
        if (cli->json)
            code = cli_print_message(cli, &task->base, &lode__v1__task__meta);
        else
            print_step(cli, task);
        if (task->status == LODE__V1__TASK_STATUS__TASK_STATUS_FAILED ||
            task->status == LODE__V1__TASK_STATUS__TASK_STATUS_CANCELED)
            code = CLI_REFUSED;
        if (task->error)
            cli_say_error(cli, CLI_REFUSED, "%s (%s)", task->error->message, task->error->code);
        lode_message_free(task);
    }
    lode_stream_close(stream);
    return status == LODE_END ? code : cli_failed(cli);
}

/* Words as one comma list. */
static void join(const struct cli_args *args, struct buf *out)
{
    size_t i;

    for (i = 0; i < args->n_words; i++)
        buf_printf(out, "%s%s", i ? "," : "", args->words[i]);
}

static int run_select(struct cli *cli, const struct cli_args *args, bool cancel)
{
    Lode__V1__SelectTasksRequest request = LODE__V1__SELECT_TASKS_REQUEST__INIT;
    const struct lode_call_opts opts = cli_call(cli);
    struct arena *arena = arena_new(1 << 20);
    Lode__V1__TaskSummary *answer = NULL;
    enum lode_status status = LODE_OK;
    struct buf uids;
    int code;

    buf_init(&uids, 1 << 20);
    join(args, &uids);
    request.any = cli_args_has(args, "all");
    code = fill(cli, args, buf_cstr(&uids), arena, &lode__v1__select_tasks_request__meta,
                &request.base);
    if (code == CLI_OK && args->n_words == 0 &&
        args->n_given == (size_t)cli_args_has(args, "no-wait"))
        code = cli_say_error(cli, CLI_USAGE, "which tasks? give uids, a filter, or --all");
    if (code == CLI_OK)
        code = cli_connect(cli);
    if (code == CLI_OK) {
        status = cancel ? lode_v1_tasks_cancel(cli->client, &request, &opts, &answer, &cli->error)
                        : lode_v1_tasks_delete(cli->client, &request, &opts, &answer, &cli->error);
        code = status == LODE_OK ? cli_task_finish(cli, args, answer) : cli_failed(cli);
    }
    buf_done(&uids);
    arena_free(arena);
    return code;
}

static int run_cancel(struct cli *cli, const struct cli_args *args)
{
    return run_select(cli, args, true);
}

static int run_delete(struct cli *cli, const struct cli_args *args)
{
    return run_select(cli, args, false);
}

static const struct cli_option list_options[] = {
    {"limit", 0, "N", "show at most N (20)"},
    {"from", 0, "UID", "begin at this uid, going down"},
    {"reverse", 0, NULL, "oldest first"},
    FILTER_OPTIONS,
    {0},
};
static const struct cli_option select_options[] = {
    {"all", 0, NULL, "every task, whatever the other filters leave open"},
    FILTER_OPTIONS,
    CLI_WAIT_OPTIONS,
    {0},
};

const struct cli_command cmd_task[] = {
    {"task list", "", 0, 0, "tasks, newest first",
     "Filters combine: a task is shown when all of them fit.\n\n"
     "Examples:\n"
     "  lode task list --status failed --limit 5\n"
     "  lode task list --index movies --enqueued-after 2026-01-01\n",
     list_options, run_list},
    {"task get", "UID", 1, 1, "all about one task", "Examples:\n  lode task get 12\n", NULL,
     run_get},
    {"task wait", "UID...", 1, UINT32_MAX, "wait until tasks have ended",
     "Ends with 1 when one of them failed.\n\n"
     "Examples:\n"
     "  uid=$(lode index create movies --no-wait) && lode task wait $uid\n",
     NULL, run_wait},
    {"task watch", "UID", 1, 1, "show a task's changes until its end",
     "Examples:\n  lode task watch 12\n  lode task watch 12 --json     # one object a line\n", NULL,
     run_watch},
    {"task cancel", "[UID...]", 0, UINT32_MAX, "end tasks that wait or run",
     "What a task has committed already is not undone.\n\n"
     "Examples:\n"
     "  lode task cancel 12 13\n"
     "  lode task cancel --index movies --status enqueued\n",
     select_options, run_cancel},
    {"task delete", "[UID...]", 0, UINT32_MAX, "forget finished tasks",
     "Examples:\n  lode task delete --finished-before 2026-01-01\n  lode task delete --all\n",
     select_options, run_delete},
    {0},
};
