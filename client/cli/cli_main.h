/* SPDX-License-Identifier: MIT */
/* cli_main.h -- the program without its main(), for tests. */
#pragma once

#include "cli.h"

int cli_main(int argc, char **argv);
/*
 * Reads a command line: which command, its words and options. CLI_OK with
 * *ret_command NULL when help was asked for and shown, or --version.
 */
int cli_read_command(struct cli *cli, int argc, char **argv, struct cli_args *args,
                     const struct cli_command **ret_command);
/* Help for a command, for all of a group ("index"), or with NULL for the program. False: no such
 * name. */
bool cli_show_help(struct cli *cli, const char *name);
