/* SPDX-License-Identifier: MIT */
/* cmd_version.c -- lode version: of this program and of the server. */
#include "cli.h"

#include <lode/v1/system.meta.h>
#include <lode/v1/system_service.client.h>
#include <stdio.h>

static int run_version(struct cli *cli, const struct cli_args *args)
{
    Lode__V1__VersionRequest request = LODE__V1__VERSION_REQUEST__INIT;
    Lode__V1__VersionResponse *answer = NULL;
    const struct lode_call_opts opts = cli_call(cli);
    char clean[256];
    int code;

    (void)args;
    code = cli_connect(cli);
    if (code != CLI_OK)
        return code;
    if (lode_v1_system_version(cli->client, &request, &opts, &answer, &cli->error) != LODE_OK)
        return cli_failed(cli);
    if (cli->json) {
        code = cli_print_message(cli, &answer->base, &lode__v1__version_response__meta);
    } else {
        printf("lode    %s\n", LODE_VERSION);
        printf("server  %s", cli_clean(clean, sizeof(clean), answer->pkg_version));
        printf("  (%s", cli_clean(clean, sizeof(clean), answer->commit_sha));
        printf(", %s)\n", cli_clean(clean, sizeof(clean), answer->commit_date));
    }
    lode_message_free(answer);
    return code;
}

const struct cli_command cmd_version[] = {
    {
        .name = "version",
        .words = "",
        .summary = "the versions of this program and of the server",
        .more = "\"lode --version\" names this program's alone, without a server.\n\n"
                "Examples:\n"
                "  lode version\n"
                "  lode version --json\n",
        .run = run_version,
    },
    {0},
};
