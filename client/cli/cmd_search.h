/* SPDX-License-Identifier: MIT */
/*
 * cmd_search.h -- what the two files of lode search share.
 */
#pragma once

#include "cli.h"

#include <lode/v1/search.pb-c.h>

/*
 * Prints `answer` as `args` ask for it (--json, --full, --color). The request must have
 * had its matches marked with CLI_MARK_ON and CLI_MARK_OFF. Returns an exit code.
 */
int search_print(struct cli *cli, const struct cli_args *args,
                 const Lode__V1__SearchResponse *answer);
