/* SPDX-License-Identifier: MIT */
/*
 * doc_add.c -- lode doc add: a file to tasks, as it is read.
 *
 * A file is one task; NDJSON over the batch size is cut at line ends into
 * several, each waited for only after all are sent: the server indexes one
 * while the next is on its way. Sending waits when the server is slower than
 * the file.
 */
#include "cmd_doc.h"

#include "base/fs.h"
#include "base/mem.h"

#include <lode/v1/documents.pb-c.h>
#include <lode/v1/documents_service.client.h>
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

enum { CHUNK = 256 * 1024 };

struct upload {
    struct cli *cli;
    const struct cli_args *args;
    const char *content_type, *name; /* name: for texts */
    int fd;
    uint64_t size;  /* 0: not known */
    uint64_t batch; /* UINT64_MAX: never cut */
    bool update;
    struct cli_progress progress;
    uint64_t read, sent;        /* bytes of the file; bytes of the running task */
    struct lode_stream *stream; /* of the running task, NULL between tasks */
    uint64_t *uids;             /* owned */
    size_t n_uids;
};

const char *cli_content_type(const char *format, const char *file)
{
    static const struct {
        const char *name, *type;
    } types[] = {{"json", "application/json"},
                 {"ndjson", "application/x-ndjson"},
                 {"jsonl", "application/x-ndjson"},
                 {"csv", "text/csv"},
                 {"tsv", "text/csv"}};
    const char *dot = strrchr(file, '.');
    const char *key = format ? format : dot && !strchr(dot, '/') ? dot + 1 : "";
    size_t i;

    for (i = 0; i < ARRAY_LEN(types); i++)
        if (strcasecmp(types[i].name, key) == 0)
            return types[i].type;
    return NULL;
}

size_t cli_cut(struct bytes piece, uint64_t sent, uint64_t batch, bool *ret_end)
{
    const uint8_t *line;

    *ret_end = false;
    if (batch == UINT64_MAX || sent + piece.n <= batch)
        return piece.n;
    line = sent < batch ? memrchr(piece.p, '\n', (size_t)(batch - sent)) : NULL;
    if (!line) /* no line ends in time: the task grows by what is left of this one */
        line = memchr(piece.p, '\n', piece.n);
    if (!line)
        return piece.n;
    *ret_end = true;
    return (size_t)(line - piece.p) + 1;
}

static enum lode_status send_message(struct upload *u, const Lode__V1__AddDocumentsRequest *message)
{
    return u->update ? lode_v1_documents_update_send(u->stream, message, &u->cli->error)
                     : lode_v1_documents_add_send(u->stream, message, &u->cli->error);
}

/* Opens a task's stream and says what will come. */
static enum lode_status begin(struct upload *u)
{
    Lode__V1__AddDocumentsRequest first = LODE__V1__ADD_DOCUMENTS_REQUEST__INIT;
    const struct lode_call_opts opts = cli_stream(u->cli);
    const char *key = cli_args_get(u->args, "primary-key");
    const char *delimiter = cli_args_get(u->args, "csv-delimiter");
    struct cli *cli = u->cli;
    enum lode_status status;

    /* protobuf-c's fields have no const; nothing writes through them. */
    first.index_uid = (char *)(uintptr_t)u->args->words[0];
    first.content_type = (char *)(uintptr_t)u->content_type;
    if (key) {
        first.key_case = LODE__V1__ADD_DOCUMENTS_REQUEST__KEY_PRIMARY_KEY;
        first.primary_key = (char *)(uintptr_t)key;
    }
    if (delimiter) {
        first.delimiter_case = LODE__V1__ADD_DOCUMENTS_REQUEST__DELIMITER_CSV_DELIMITER;
        first.csv_delimiter = (char *)(uintptr_t)delimiter;
    }
    if (u->size && u->size - u->read <= u->batch)
        first.total_bytes = u->size;
    status = u->update ? lode_v1_documents_update_open(cli->client, &opts, &u->stream, &cli->error)
                       : lode_v1_documents_add_open(cli->client, &opts, &u->stream, &cli->error);
    u->sent = 0;
    return status == LODE_OK ? send_message(u, &first) : status;
}

/* Ends the running task; its uid is kept for the wait. */
static int finish(struct upload *u)
{
    Lode__V1__TaskSummary *answer = NULL;
    struct cli *cli = u->cli;
    enum lode_status status;

    status = u->update ? lode_v1_documents_update_finish(u->stream, &answer, &cli->error)
                       : lode_v1_documents_add_finish(u->stream, &answer, &cli->error);
    lode_stream_close(u->stream);
    u->stream = NULL;
    if (status != LODE_OK) {
        cli_progress_end(&u->progress);
        return cli_failed(cli);
    }
    u->uids = xrealloc(u->uids, (u->n_uids + 1) * sizeof(*u->uids));
    u->uids[u->n_uids++] = answer->task_uid;
    if (cli_args_has(u->args, "no-wait"))
        printf("%llu\n", (unsigned long long)answer->task_uid);
    lode_message_free(answer);
    return CLI_OK;
}

static int send_piece(struct upload *u, struct bytes piece)
{
    Lode__V1__AddDocumentsRequest message = LODE__V1__ADD_DOCUMENTS_REQUEST__INIT;
    enum lode_status status = LODE_OK;

    if (!u->stream)
        status = begin(u);
    if (status == LODE_OK) {
        message.chunk = (ProtobufCBinaryData){piece.n, (uint8_t *)(uintptr_t)piece.p};
        status = send_message(u, &message);
        u->sent += piece.n;
    }
    if (status == LODE_OK)
        return CLI_OK;
    if (status == LODE_END) { /* the server has heard enough: its status says why */
        int code = finish(u);

        return code != CLI_OK
                   ? code
                   : cli_say_error(u->cli, CLI_REFUSED, "the server ended the upload early");
    }
    cli_progress_end(&u->progress);
    return cli_failed(u->cli);
}

/* The bytes of one read, over as many tasks as they touch. */
static int send_bytes(struct upload *u, struct bytes bytes)
{
    int code = CLI_OK;

    while (bytes.n && code == CLI_OK) {
        bool end = false;
        size_t n;

        while (!u->stream && u->n_uids && bytes.n &&
               (*bytes.p == '\n' || *bytes.p == '\r' || *bytes.p == ' '))
            bytes = bytes_of(bytes.p + 1, bytes.n - 1); /* an empty rest is no task */
        if (bytes.n == 0)
            break;
        n = cli_cut(bytes, u->stream ? u->sent : 0, u->batch, &end);
        code = send_piece(u, bytes_of(bytes.p, n));
        if (code == CLI_OK && end)
            code = finish(u);
        bytes = bytes_of(bytes.p + n, bytes.n - n);
    }
    return code;
}

static int send_all(struct upload *u)
{
    uint8_t *block = xmalloc(CHUNK);
    int code = CLI_OK;
    size_t n = 0;

    cli_progress_begin(&u->progress, u->cli, "sending", NULL);
    do {
        struct err err;

        if (fs_read(u->fd, block, CHUNK, &n, &err) != RC_OK) {
            cli_progress_end(&u->progress);
            code = cli_say_error(u->cli, CLI_REFUSED, "cannot read %s: %s", u->name, err.msg);
            break;
        }
        code = send_bytes(u, bytes_of(block, n));
        u->read += n;
        cli_progress_step(&u->progress, u->read, u->size, "");
    } while (n == CHUNK && code == CLI_OK);
    if (code == CLI_OK && !u->stream && u->n_uids == 0)
        code = send_piece(u, bytes_of("", 0)); /* an empty payload: the server says what that is */
    if (code == CLI_OK && u->stream)
        code = finish(u);
    cli_progress_end(&u->progress);
    lode_stream_close(u->stream); /* cancelled: a part of a file is no task */
    u->stream = NULL;
    xfree(block);
    return code;
}

static int wait_all(struct upload *u)
{
    int worst = CLI_OK;
    size_t i;

    for (i = 0; i < u->n_uids; i++) {
        Lode__V1__Task *task = NULL;
        int code = cli_task_wait(u->cli, u->uids[i], &task);

        if (code == CLI_OK)
            code = cli_task_report(u->cli, task);
        lode_message_free(task);
        worst = code > worst ? code : worst;
    }
    return worst;
}

static int take_input(struct upload *u)
{
    const char *file = u->args->n_words > 1 ? u->args->words[1] : "-";
    const char *format = cli_args_get(u->args, "format");
    struct cli *cli = u->cli;
    struct err err;

    u->content_type = cli_content_type(format, file);
    if (!u->content_type)
        return cli_say_error(cli, CLI_USAGE,
                             format ? "unknown format \"%s\": json, ndjson or csv"
                                    : "what is in %s? --format json, ndjson or csv tells",
                             format         ? format
                             : *file == '-' ? "standard input"
                                            : file);
    u->name = strcmp(file, "-") == 0 ? "standard input" : file;
    if (strcmp(file, "-") == 0) {
        u->fd = STDIN_FILENO;
        return CLI_OK;
    }
    if (fs_open_path(file, &u->fd, &err) != RC_OK || fs_size(u->fd, &u->size, &err) != RC_OK)
        return cli_say_error(cli, CLI_USAGE, "%s", err.msg);
    return CLI_OK;
}

int cli_doc_add(struct cli *cli, const struct cli_args *args)
{
    struct upload u = {.cli = cli, .args = args, .fd = -1, .batch = 64 << 20};
    const char *batch = cli_args_get(args, "batch");
    int code;
    int end;

    u.update = cli_args_has(args, "update");
    if (batch && (!cli_parse_bytes(batch, &u.batch) || u.batch == 0))
        return cli_say_error(cli, CLI_USAGE, "\"--batch %s\" is not a size such as 64MiB", batch);
    code = take_input(&u);
    if (code == CLI_OK && strcmp(u.content_type, "application/x-ndjson") != 0)
        u.batch = UINT64_MAX; /* only lines can be cut without reading them */
    if (code == CLI_OK)
        code = cli_connect(cli);
    if (code == CLI_OK)
        code = send_all(&u);
    if (!cli_args_has(args, "no-wait")) { /* what was accepted before a failure is reported too */
        end = wait_all(&u);
        code = code == CLI_OK ? end : code;
    }
    if (u.fd > STDIN_FILENO)
        fs_close(u.fd);
    xfree(u.uids);
    return code;
}
