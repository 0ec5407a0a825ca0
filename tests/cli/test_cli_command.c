/* SPDX-License-Identifier: MIT */
/* test_cli_command.c -- which command a line means, and that every one explains itself. */
#include "support/suite.h"

#include "cli_main.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct cli cli;
static struct cli_args args;
static const struct cli_command *command;
static int saved_out = -1, saved_err = -1;

/* What the command line would say goes to /dev/null. */
static void setup(void)
{
    int null = open("/dev/null", O_WRONLY);

    cli = (struct cli){.server = "default", .timeout_ms = -1};
    args = (struct cli_args){0};
    fflush(stdout);
    saved_out = dup(STDOUT_FILENO);
    saved_err = dup(STDERR_FILENO);
    (void)dup2(null, STDOUT_FILENO);
    (void)dup2(null, STDERR_FILENO);
    close(null);
}

static void teardown(void)
{
    fflush(stdout);
    (void)dup2(saved_out, STDOUT_FILENO);
    (void)dup2(saved_err, STDERR_FILENO);
    close(saved_out);
    close(saved_err);
    cli_args_done(&args);
}

static int read_line(int argc, const char *const *argv)
{
    cli_args_done(&args);
    return cli_read_command(&cli, argc, (char **)(uintptr_t)argv, &args, &command);
}

#define READ(...)                                                                                  \
    read_line((int)ARRAY_LEN(((const char *[]){"lode", __VA_ARGS__})),                             \
              (const char *[]){"lode", __VA_ARGS__})

static void commands_of_one_and_two_words_are_found(void)
{
    CU_ASSERT_EQUAL(READ("health"), CLI_OK);
    CU_ASSERT_STRING_EQUAL_FATAL(command->name, "health");
    CU_ASSERT_EQUAL(READ("index", "create", "movies", "--primary-key", "id"), CLI_OK);
    CU_ASSERT_STRING_EQUAL_FATAL(command->name, "index create");
    CU_ASSERT_EQUAL(args.n_words, 1);
    CU_ASSERT_STRING_EQUAL(args.words[0], "movies");
    CU_ASSERT_EQUAL(args.n_given, 1);
}

static void global_options_stand_anywhere(void)
{
    CU_ASSERT_EQUAL(
        READ("--json", "-s", "h:1", "index", "--quiet", "list", "--timeout", "2", "-k", "key"),
        CLI_OK);
    CU_ASSERT_STRING_EQUAL_FATAL(command->name, "index list");
    CU_ASSERT_TRUE(cli.json && cli.quiet);
    CU_ASSERT_STRING_EQUAL(cli.server, "h:1");
    CU_ASSERT_STRING_EQUAL(cli.api_key, "key");
    CU_ASSERT_EQUAL(cli.timeout_ms, 2000);
    CU_ASSERT_EQUAL(args.n_given, 0); /* none of the command's own */
}

static void wrong_lines_are_usage_errors(void)
{
    CU_ASSERT_EQUAL(READ("helth"), CLI_USAGE);
    CU_ASSERT_EQUAL(READ("index", "lst"), CLI_USAGE);
    CU_ASSERT_EQUAL(READ("index"), CLI_USAGE);
    CU_ASSERT_EQUAL(READ("--json"), CLI_USAGE);
    CU_ASSERT_EQUAL(READ(""), CLI_USAGE);
    CU_ASSERT_EQUAL(READ("index", "get"), CLI_USAGE);
    CU_ASSERT_EQUAL(READ("index", "get", "a", "b"), CLI_USAGE);
    CU_ASSERT_EQUAL(READ("--limit", "3", "task", "list"),
                    CLI_USAGE); /* its own option before its name */
    CU_ASSERT_EQUAL(READ("health", "--timeout", "soon"), CLI_USAGE);
    CU_ASSERT_PTR_NULL(command);
}

static void help_and_version_need_no_more(void)
{
    CU_ASSERT_EQUAL(READ("--help"), CLI_OK);
    CU_ASSERT_PTR_NULL(command);
    CU_ASSERT_EQUAL(READ("index", "get", "--help"), CLI_OK); /* without the word it needs */
    CU_ASSERT_PTR_NULL(command);
    CU_ASSERT_EQUAL(READ("index", "-h"), CLI_OK);
    CU_ASSERT_EQUAL(READ("--version"), CLI_OK);
    CU_ASSERT_PTR_NULL(command);
}

static void every_command_explains_itself_with_an_example(void)
{
    const struct cli_command *c;
    size_t i;

    for (i = 0; cli_commands[i]; i++) {
        for (c = cli_commands[i]; c->name; c++) {
            char example[64];

            snprintf(example, sizeof(example), "lode %s", c->name);
            CU_ASSERT_PTR_NOT_NULL_FATAL(c->summary);
            CU_ASSERT_PTR_NOT_NULL_FATAL(c->more);
            CU_ASSERT_PTR_NOT_NULL(strstr(c->more, "Example"));
            CU_ASSERT_PTR_NOT_NULL(strstr(c->more, example));
            CU_ASSERT_PTR_NOT_NULL(c->run);
            CU_ASSERT_TRUE(c->min_words <= c->max_words);
            CU_ASSERT_TRUE(cli_show_help(&cli, c->name));
        }
    }
    CU_ASSERT_TRUE(cli_show_help(&cli, "index"));
    CU_ASSERT_FALSE(cli_show_help(&cli, "inde"));
    CU_ASSERT_FALSE(cli_show_help(&cli, ""));
}

static void statuses_have_exit_codes(void)
{
    CU_ASSERT_EQUAL(cli_exit_of(LODE_OK), 0);
    CU_ASSERT_EQUAL(cli_exit_of(LODE_NOT_FOUND), 1);
    CU_ASSERT_EQUAL(cli_exit_of(LODE_UNAUTHENTICATED), 1);
    CU_ASSERT_EQUAL(cli_exit_of(LODE_UNAVAILABLE), 3);
    CU_ASSERT_EQUAL(cli_exit_of(LODE_DEADLINE_EXCEEDED), 3);
    CU_ASSERT_EQUAL(cli_exit_of(LODE_DATA_LOSS), 4);
}

SUITE(command, setup, teardown, TEST(commands_of_one_and_two_words_are_found),
      TEST(global_options_stand_anywhere), TEST(wrong_lines_are_usage_errors),
      TEST(help_and_version_need_no_more), TEST(every_command_explains_itself_with_an_example),
      TEST(statuses_have_exit_codes));
