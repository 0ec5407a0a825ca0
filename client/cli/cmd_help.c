/* SPDX-License-Identifier: MIT */
/* cmd_help.c -- lode help: the commands' own tables, as text. */
#include "cli_main.h"

#include <stdio.h>

static void print_options(const struct cli_option *options)
{
    for (; options && options->name; options++) {
        char left[64];
        char letter[8] = "   ";

        if (options->letter)
            snprintf(letter, sizeof(letter), "-%c,", options->letter);
        snprintf(left, sizeof(left), "%s --%s%s%s", letter, options->name,
                 options->value ? " " : "", options->value ? options->value : "");
        printf("  %-28s %s\n", left, options->help);
    }
}

static void print_group(const struct cli_command *c)
{
    for (; c->name; c++) {
        char left[64];

        snprintf(left, sizeof(left), "%s %s", c->name, c->words);
        printf("  %-40s %s\n", left, c->summary);
    }
}

static void print_program(void)
{
    size_t i;

    puts("lode -- the command line of a Lode server\n\n"
         "usage: lode [options] COMMAND [words and options of the command]\n\n"
         "Commands:");
    for (i = 0; cli_commands[i]; i++)
        print_group(cli_commands[i]);
    puts("\nOptions, anywhere on the line:");
    print_options(cli_global_options);
    puts("  -h, --help                   about a command, or this text\n\n"
         "Writes wait for their task and fail with it, unless --no-wait is given.\n"
         "Ends with 0 when all went well, 1 when the server or a task refused, 2 when the command\n"
         "line is wrong, 3 when no server answers in time, 4 when data are damaged.");
}

static void print_command(const struct cli_command *c)
{
    printf("lode %s -- %s\n\nusage: lode %s%s%s%s\n", c->name, c->summary, c->name,
           *c->words ? " " : "", c->words, c->options ? " [options]" : "");
    if (c->options) {
        puts("\nOptions:");
        print_options(c->options);
    }
    printf("\n%s\nOptions for every command: lode help\n", c->more);
}

bool cli_show_help(struct cli *cli, const char *name)
{
    size_t n = name ? strlen(name) : 0;
    const struct cli_command *c;
    size_t i;

    (void)cli;
    if (!name) {
        print_program();
        return true;
    }
    for (i = 0; cli_commands[i]; i++) {
        for (c = cli_commands[i]; c->name; c++) {
            if (strcmp(c->name, name) == 0) {
                print_command(c);
                return true;
            }
        }
        if (strncmp(cli_commands[i]->name, name, n) == 0 && cli_commands[i]->name[n] == ' ') {
            printf("lode %s COMMAND\n\nCommands:\n", name);
            print_group(cli_commands[i]);
            printf("\nMore on one: lode help %s COMMAND\n", name);
            return true;
        }
    }
    return false;
}

static int run_help(struct cli *cli, const struct cli_args *args)
{
    char name[128] = "";

    if (args->n_words)
        snprintf(name, sizeof(name), "%s%s%s", args->words[0], args->n_words > 1 ? " " : "",
                 args->n_words > 1 ? args->words[1] : "");
    if (cli_show_help(cli, args->n_words ? name : NULL))
        return CLI_OK;
    cli_say_error(cli, CLI_USAGE, "there is no command \"%s\"", name);
    cli_hint("lode help lists the commands");
    return CLI_USAGE;
}

const struct cli_command cmd_help[] = {
    {"help", "[COMMAND]", 0, 2, "about a command, with examples",
     "Examples:\n  lode help\n  lode help dump create\n", NULL, run_help},
    {0},
};
