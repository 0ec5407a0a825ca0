/* SPDX-License-Identifier: MIT */
/* cmd_dump.c -- lode dump: the whole server as one file. */
#include "cli.h"

#include <lode/v1/dumps.meta.h>
#include <lode/v1/dumps_service.client.h>
#include <stdio.h>

static const char *state_name(Lode__V1__DumpState state)
{
    switch (state) {
    case LODE__V1__DUMP_STATE__DUMP_STATE_IN_PROGRESS:
        return "in_progress";
    case LODE__V1__DUMP_STATE__DUMP_STATE_DONE:
        return "done";
    case LODE__V1__DUMP_STATE__DUMP_STATE_FAILED:
        return "failed";
    case LODE__V1__DUMP_STATE__DUMP_STATE_UNSPECIFIED:
    case _LODE__V1__DUMP_STATE_IS_INT_SIZE:
        break;
    }
    return "unknown";
}

/* Says why the dump failed. */
static int say_failure(struct cli *cli, const Lode__V1__DumpStatus *status)
{
    bool known = status->failure_case == LODE__V1__DUMP_STATUS__FAILURE_ERROR;

    return cli_say_error(cli, CLI_REFUSED, "dump %s failed: %s", status->uid,
                         known ? status->error : "no reason was given");
}

/* The exit code of a dump whose watch has ended in `state`; a failure is said. */
static int state_code(struct cli *cli, const char *uid, Lode__V1__DumpState state)
{
    Lode__V1__GetDumpStatusRequest request = LODE__V1__GET_DUMP_STATUS_REQUEST__INIT;
    const struct lode_call_opts opts = cli_call(cli);
    Lode__V1__DumpStatus *answer = NULL;

    if (state == LODE__V1__DUMP_STATE__DUMP_STATE_DONE)
        return CLI_OK;
    if (state != LODE__V1__DUMP_STATE__DUMP_STATE_FAILED)
        return cli_say_error(cli, CLI_UNREACHABLE, "the server stopped reporting on dump %s", uid);
    request.dump_uid = cli_text(uid);
    if (lode_v1_dumps_get_status(cli->client, &request, &opts, &answer, &cli->error) != LODE_OK)
        return cli_failed(cli);
    say_failure(cli, answer);
    lode_message_free(answer);
    return CLI_REFUSED;
}

static void say_end(struct cli *cli, const char *uid, const Lode__V1__DumpProgress *p)
{
    char documents[2 * CLI_TEXT];
    char bytes[CLI_TEXT];

    if (cli->quiet || p->status != LODE__V1__DUMP_STATE__DUMP_STATE_DONE)
        return;
    printf("dump %s %sdone%s, %s, %s, writes held for %.0f ms\n", uid,
           cli_colour_on(cli->colour_out, CLI_GOOD), cli_colour_off(cli->colour_out),
           cli_count(documents, p->documents, "document"), cli_bytes(bytes, p->written_bytes),
           p->barrier_held_ms);
}

static void step(struct cli *cli, struct cli_progress *progress, const Lode__V1__DumpProgress *p)
{
    char extra[2 * CLI_TEXT];
    char bytes[CLI_TEXT];

    (void)cli;
    snprintf(extra, sizeof(extra), "%s", cli_bytes(bytes, p->written_bytes));
    cli_progress_step(progress, p->documents, p->total_documents, extra);
}

static void print_step(const Lode__V1__DumpProgress *p)
{
    char documents[CLI_TEXT];
    char total[CLI_TEXT];
    char written[CLI_TEXT];
    char verified[CLI_TEXT];

    printf("%s  %s of %s documents  %s written  %s verified\n", state_name(p->status),
           cli_number(documents, p->documents), cli_number(total, p->total_documents),
           cli_bytes(written, p->written_bytes), cli_bytes(verified, p->verified_bytes));
    fflush(stdout);
}

/* Follows a dump to its end; each step is printed, or drawn as one line of progress. */
static int follow(struct cli *cli, const char *uid, bool print_each)
{
    Lode__V1__GetDumpStatusRequest request = LODE__V1__GET_DUMP_STATUS_REQUEST__INIT;
    const struct lode_call_opts opts = cli_stream(cli);
    struct lode_stream *stream = NULL;
    Lode__V1__DumpProgress *last = NULL;
    Lode__V1__DumpProgress *now = NULL;
    struct cli_progress progress;
    enum lode_status status;
    int code = CLI_OK;

    request.dump_uid = cli_text(uid);
    cli_progress_begin(&progress, cli, "dumping", "documents");
    status = lode_v1_dumps_watch_open(cli->client, &request, &opts, &stream, &cli->error);
    while (status == LODE_OK) {
        status = lode_v1_dumps_watch_receive(stream, &now, &cli->error);
        if (status != LODE_OK)
            break;
        lode_message_free(last);
        last = now;
        if (print_each && cli->json)
            code = cli_print_message(cli, &last->base, &lode__v1__dump_progress__meta);
        else if (print_each)
            print_step(last);
        else
            step(cli, &progress, last);
    }
    lode_stream_close(stream);
    cli_progress_end(&progress);
    if (status != LODE_END) {
        code = cli_failed(cli);
    } else if (last) {
        if (cli->json && !print_each)
            code = cli_print_message(cli, &last->base, &lode__v1__dump_progress__meta);
        else if (!print_each)
            say_end(cli, uid, last);
        code = code == CLI_OK ? state_code(cli, uid, last->status) : code;
    } else {
        code = cli_say_error(cli, CLI_DAMAGED, "the server said nothing about dump %s", uid);
    }
    lode_message_free(last);
    return code;
}

static int create(struct cli *cli, const struct cli_args *args, uint64_t level)
{
    Lode__V1__CreateDumpRequest request = LODE__V1__CREATE_DUMP_REQUEST__INIT;
    const struct lode_call_opts opts = cli_call(cli);
    const char *output = cli_args_get(args, "output");
    Lode__V1__CreateDumpResponse *answer = NULL;
    int code;

    request.recompress_level = (int32_t)level;
    if (lode_v1_dumps_create(cli->client, &request, &opts, &answer, &cli->error) != LODE_OK)
        return cli_failed(cli);
    if (cli_args_has(args, "no-wait")) {
        code = CLI_OK;
        if (cli->json)
            code = cli_print_message(cli, &answer->base, &lode__v1__create_dump_response__meta);
        else
            printf("%s\n", answer->uid);
    } else {
        code = follow(cli, answer->uid, false);
        if (code == CLI_UNREACHABLE)
            cli_hint("the dump goes on without this command: lode dump status %s", answer->uid);
        if (code == CLI_OK && output)
            code = cli_dump_download(cli, answer->uid, output);
    }
    lode_message_free(answer);
    return code;
}

static int run_create(struct cli *cli, const struct cli_args *args)
{
    uint64_t level = 0;
    struct buf why;
    int code = CLI_OK;

    buf_init(&why, 1024);
    if (!cli_args_number(args, "recompress", 1, 19, &level, &why))
        code = cli_say_error(cli, CLI_USAGE, "%s", buf_cstr(&why));
    else if (cli_args_has(args, "no-wait") &&
             (cli_args_has(args, "output") || cli_args_has(args, "wait")))
        code = cli_say_error(cli, CLI_USAGE, "--no-wait goes with neither --wait nor --output");
    buf_done(&why);
    if (code == CLI_OK)
        code = cli_connect(cli);
    return code == CLI_OK ? create(cli, args, level) : code;
}

static int run_status(struct cli *cli, const struct cli_args *args)
{
    Lode__V1__GetDumpStatusRequest request = LODE__V1__GET_DUMP_STATUS_REQUEST__INIT;
    const struct lode_call_opts opts = cli_call(cli);
    Lode__V1__DumpStatus *answer = NULL;
    char started[CLI_TEXT + 8];
    char finished[CLI_TEXT + 8];
    int code = cli_connect(cli);

    if (code != CLI_OK)
        return code;
    request.dump_uid = cli_text(args->words[0]);
    if (lode_v1_dumps_get_status(cli->client, &request, &opts, &answer, &cli->error) != LODE_OK)
        return cli_failed(cli);
    if (cli->json) {
        code = cli_print_message(cli, &answer->base, &lode__v1__dump_status__meta);
    } else {
        const char *cells[] = {answer->uid, state_name(answer->status),
                               cli_time(started, answer->started_at),
                               cli_time(finished, answer->finished_at)};
        struct cli_table *table = cli_table_new("DUMP|STATUS|STARTED|FINISHED");

        cli_table_row(table, cells);
        cli_table_print(cli, table);
    }
    if (answer->status == LODE__V1__DUMP_STATE__DUMP_STATE_FAILED)
        code = say_failure(cli, answer);
    lode_message_free(answer);
    return code;
}

static int run_watch(struct cli *cli, const struct cli_args *args)
{
    int code = cli_connect(cli);

    return code == CLI_OK ? follow(cli, args->words[0], true) : code;
}

static int run_download(struct cli *cli, const struct cli_args *args)
{
    const char *output = cli_args_get(args, "output");
    int code = cli_connect(cli);

    return code == CLI_OK ? cli_dump_download(cli, args->words[0], output ? output : ".") : code;
}

static int run_verify(struct cli *cli, const struct cli_args *args)
{
    int worst = CLI_OK;
    size_t i;

    for (i = 0; i < args->n_words; i++) {
        int code = cli_dump_verify(cli, args->words[i]);

        worst = code > worst ? code : worst;
    }
    return worst;
}

static int run_inspect(struct cli *cli, const struct cli_args *args)
{
    return cli_dump_inspect(cli, args->words[0]);
}

static int run_cat(struct cli *cli, const struct cli_args *args)
{
    return cli_dump_cat(cli, args->words[0], cli_args_get(args, "index"));
}

static const struct cli_option create_options[] = {
    {"wait", 0, NULL, "wait for its end (that is what happens anyway)"},
    {"no-wait", 0, NULL, "print the dump's uid and do not wait"},
    {"recompress", 0, "LEVEL", "bigger zstd frames at this level (1-19): smaller, and slower"},
    {"output", 'o', "FILE", "download it when it is done"},
    {0},
};
static const struct cli_option download_options[] = {
    {"output", 'o', "FILE", "file or directory (./UID.dump)"},
    {0},
};
static const struct cli_option cat_options[] = {
    {"index", 0, "UID", "the documents of this index only"},
    {0},
};

const struct cli_command cmd_dump[] = {
    {"dump create", "", 0, 0, "put everything into one file on the server",
     "Searches go on meanwhile; writes are accepted and applied afterwards.\n\n"
     "Examples:\n"
     "  lode dump create\n"
     "  lode dump create -o backups/          # and fetch it\n"
     "  lode dump create --recompress 19\n",
     create_options, run_create},
    {"dump status", "UID", 1, 1, "how a dump of this server's run is doing",
     "Examples:\n  lode dump status 20200929-114144097\n", NULL, run_status},
    {"dump watch", "UID", 1, 1, "show a dump's progress until its end",
     "Examples:\n  lode dump watch 20200929-114144097 --json     # one object a line\n", NULL,
     run_watch},
    {"dump download", "UID", 1, 1, "fetch a finished dump, whole and verified",
     "A broken download goes on where it stopped; the file gets its name when it is verified.\n\n"
     "Examples:\n  lode dump download 20200929-114144097 -o lode.dump\n",
     download_options, run_download},
    {"dump verify", "FILE...", 1, UINT32_MAX, "check every byte of dump files; needs no server",
     "Ends with 4 when one is damaged.\n\nExamples:\n  lode dump verify *.dump\n", NULL,
     run_verify},
    {"dump inspect", "FILE", 1, 1, "what is in a dump file; needs no server",
     "Reads the file's end only: fast for any size, no check of its documents.\n\n"
     "Examples:\n  lode dump inspect lode.dump\n",
     NULL, run_inspect},
    {"dump cat", "FILE", 1, 1, "a dump file's documents, one a line; needs no server",
     "Examples:\n"
     "  lode dump cat lode.dump --index movies > movies.ndjson\n"
     "  lode dump cat lode.dump | wc -l\n",
     cat_options, run_cat},
    {0},
};
