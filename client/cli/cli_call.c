/* SPDX-License-Identifier: MIT */
/* cli_call.c -- the connection to the server, and what its refusals mean to a shell. */
#include "cli.h"

#include "base/fs.h"
#include "base/mem.h"

#include <stdio.h>
#include <unistd.h>

int cli_connect(struct cli *cli)
{
    const struct lode_client_opts opts = {
        .api_key = cli->api_key,
        .user_agent = "lode-cli/" LODE_VERSION,
        .max_message = 64 << 20, /* a page of large documents */
        .keepalive_ms = 30000,   /* a watch on a dead server must end */
    };

    if (cli->client)
        return CLI_OK;
    if (lode_client_open(cli->server, &opts, &cli->client, &cli->error) == LODE_OK)
        return CLI_OK;
    return cli_say_error(cli, CLI_USAGE, "%s", cli->error.message);
}

struct lode_call_opts cli_call(const struct cli *cli)
{
    return (struct lode_call_opts){.timeout_ms =
                                       cli->timeout_ms >= 0 ? cli->timeout_ms : CLI_CALL_MS};
}

struct lode_call_opts cli_stream(const struct cli *cli)
{
    return (struct lode_call_opts){.timeout_ms = cli->timeout_ms >= 0 ? cli->timeout_ms : 0};
}

char **cli_split(struct arena *arena, const char *list, size_t *ret_n)
{
    char *copy = arena_strdup(arena, list), *p, *start = copy;
    char **v = arena_alloc(arena, (strlen(list) + 1) * sizeof(*v));
    size_t n = 0;
    int depth = 0;

    for (p = copy; *p; p++) {
        depth += *p == '(' ? 1 : *p == ')' ? -1 : 0;
        if (*p != ',' || depth > 0)
            continue;
        *p = '\0';
        v[n++] = start;
        start = p + 1;
    }
    v[n++] = start;
    *ret_n = n;
    return v;
}

int cli_window(struct cli *cli, const struct cli_args *args, uint32_t *offset, uint32_t *limit)
{
    uint64_t from = *offset, most = *limit;
    struct buf why;
    int code = CLI_OK;

    buf_init(&why, 1024);
    if (!cli_args_number(args, "offset", 0, UINT32_MAX, &from, &why) ||
        !cli_args_number(args, "limit", 0, UINT32_MAX, &most, &why))
        code = cli_say_error(cli, CLI_USAGE, "%s", buf_cstr(&why));
    buf_done(&why);
    *offset = (uint32_t)from;
    *limit = (uint32_t)most;
    return code;
}

int cli_exit_of(enum lode_status status)
{
    if (status == LODE_OK)
        return CLI_OK;
    if (status == LODE_UNAVAILABLE || status == LODE_DEADLINE_EXCEEDED || status == LODE_CANCELLED)
        return CLI_UNREACHABLE;
    return status == LODE_DATA_LOSS ? CLI_DAMAGED : CLI_REFUSED;
}

int cli_failed(struct cli *cli)
{
    const struct lode_error *error = &cli->error;
    int code = cli_exit_of(error->status);
    size_t n = strcspn(error->message, "\n");

    if (error->code[0])
        cli_say_error(cli, code, "%.*s (%s)%s", (int)n, error->message, error->code,
                      error->message + n);
    else
        cli_say_error(cli, code, "%s", error->message);
    if (error->status == LODE_UNAVAILABLE)
        cli_hint("is a server running at %s? --server or LODE_SERVER names another one",
                 cli->server);
    else if (error->status == LODE_DEADLINE_EXCEEDED)
        cli_hint("--timeout gives it longer");
    else if (error->status == LODE_UNAUTHENTICATED || error->status == LODE_PERMISSION_DENIED)
        cli_hint("--api-key or LODE_API_KEY gives a key");
    else if (error->status == LODE_UNIMPLEMENTED)
        cli_hint("the server at %s is older than this command, or no Lode server", cli->server);
    return code;
}

static int read_all(struct cli *cli, int fd, const char *name, struct buf *out)
{
    struct err err;
    size_t n = 0;

    do {
        uint8_t block[65536];

        if (fs_read(fd, block, sizeof(block), &n, &err) != RC_OK)
            return cli_say_error(cli, CLI_REFUSED, "cannot read %s: %s", name, err.msg);
        if (!buf_append(out, block, n))
            return cli_say_error(cli, CLI_USAGE, "%s is over %zu bytes", name, out->limit);
    } while (n > 0);
    return CLI_OK;
}

int cli_read_value(struct cli *cli, const char *text, struct buf *out)
{
    struct err err;
    int code;
    int fd;

    if (strcmp(text, "-") == 0)
        return read_all(cli, STDIN_FILENO, "standard input", out);
    if (text[0] != '@') {
        buf_str(out, text);
        return buf_ok(out) ? CLI_OK : cli_say_error(cli, CLI_USAGE, "the value is too long");
    }
    if (fs_open_path(text + 1, &fd, &err) != RC_OK)
        return cli_say_error(cli, CLI_USAGE, "%s", err.msg);
    code = read_all(cli, fd, text + 1, out);
    fs_close(fd);
    return code;
}
