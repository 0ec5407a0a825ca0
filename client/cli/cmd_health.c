/* SPDX-License-Identifier: MIT */
/* cmd_health.c -- lode health: is a server there? */
#include "cli.h"

#include <lode/v1/system.meta.h>
#include <lode/v1/system_service.client.h>
#include <stdio.h>

static int run_health(struct cli *cli, const struct cli_args *args)
{
    Lode__V1__HealthRequest request = LODE__V1__HEALTH_REQUEST__INIT;
    Lode__V1__HealthResponse *answer = NULL;
    const char *wait = cli_args_get(args, "wait");
    struct lode_call_opts opts = cli_call(cli);
    char clean[64];
    int code;

    if (wait && !cli_parse_duration(wait, &opts.timeout_ms))
        return cli_say_error(cli, CLI_USAGE, "\"--wait %s\" is not a time in seconds", wait);
    opts.wait_for_ready = wait != NULL;
    code = cli_connect(cli);
    if (code != CLI_OK)
        return code;
    if (lode_v1_system_health(cli->client, &request, &opts, &answer, &cli->error) != LODE_OK)
        return cli_failed(cli);
    if (cli->json)
        code = cli_print_message(cli, &answer->base, &lode__v1__health_response__meta);
    else if (!cli->quiet)
        printf("%s\n", cli_clean(clean, sizeof(clean), answer->status));
    lode_message_free(answer);
    return code;
}

static const struct cli_option health_options[] = {
    {"wait", 0, "SECONDS", "keep trying until a server answers, at most this long"},
    {0},
};

const struct cli_command cmd_health[] = {
    {
        .name = "health",
        .words = "",
        .summary = "ask whether the server is there",
        .more = "Ends with 0 when the server answers, with 3 when it cannot be reached.\n\n"
                "Examples:\n"
                "  lode health\n"
                "  lode health --wait 30          # in a start script, before the first request\n",
        .options = health_options,
        .run = run_health,
    },
    {0},
};
