/* SPDX-License-Identifier: MIT */
/*
 * cli_main.c -- from a command line to a command.
 *
 * A command's name is one or two words ("health", "index list"). Options that
 * belong to it may stand only behind its name, global ones anywhere.
 */
#include "cli_main.h"

#include "base/mem.h"
#include "pb/pb.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const struct cli_option cli_global_options[] = {
    {"server", 's', "HOST:PORT", "the server (LODE_SERVER, or 127.0.0.1:7700); unix:PATH too"},
    {"api-key", 'k', "KEY", "key to show (LODE_API_KEY)"},
    {"timeout", 't', "SECONDS",
     "longest wait for an answer (30), or for a whole watch, 0: for ever"},
    {"json", 'j', NULL, "print answers as JSON, one message a line"},
    {"quiet", 'q', NULL, "print results and errors only"},
    {"version", 'V', NULL, "print the version of this program"},
    {0},
};

const struct cli_command *const cli_commands[] = {
    cmd_health,   cmd_version, cmd_stats, cmd_index, cmd_doc, cmd_search,
    cmd_settings, cmd_task,    cmd_dump,  cmd_help,  NULL,
};

static bool begins_with_word(const char *name, const char *word)
{
    size_t n = strlen(word);

    return strncmp(name, word, n) == 0 && (name[n] == ' ' || name[n] == '\0');
}

static const struct cli_command *find_group(const char *word)
{
    size_t i;

    for (i = 0; cli_commands[i]; i++)
        if (*word && begins_with_word(cli_commands[i]->name, word))
            return cli_commands[i];
    return NULL;
}

static const struct cli_command *find_command(const struct cli_command *group, const char *sub)
{
    for (; group->name; group++) {
        const char *space = strchr(group->name, ' ');

        if (space && strcmp(space + 1, sub) == 0)
            return group;
    }
    return NULL;
}

static int usage(struct cli *cli, struct buf *why, const char *help_on)
{
    int code = cli_say_error(cli, CLI_USAGE, "%s", buf_cstr(why));

    cli_hint("lode help%s%s", *help_on ? " " : "", help_on);
    return code;
}

static void unknown_name(struct buf *why, const char *kind, const char *given,
                         const char *const *names, size_t n)
{
    const char *near = pb_did_you_mean(bytes_str(given), names, n);

    buf_printf(why, "unknown %s \"%s\"", kind, given);
    if (near)
        buf_printf(why, ": did you mean \"%s\"?", near);
}

/* The group or command a word names; false with *why. */
static bool resolve(const char *word, const struct cli_command **group,
                    const struct cli_command **command, struct buf *why)
{
    const char *names[64];
    char firsts[64][CLI_TEXT];
    const struct cli_command *c;
    size_t n = 0;
    size_t i;

    if (!*group) {
        *group = find_group(word);
        if (*group && !strchr((*group)->name, ' '))
            *command = *group;
        if (*group)
            return true;
        for (i = 0; cli_commands[i] && n < ARRAY_LEN(names); i++, n++) {
            snprintf(firsts[n], CLI_TEXT, "%.*s", (int)strcspn(cli_commands[i]->name, " "),
                     cli_commands[i]->name);
            names[n] = firsts[n];
        }
        unknown_name(why, "command", word, names, n);
        return false;
    }
    *command = find_command(*group, word);
    if (*command)
        return true;
    for (c = *group; c->name && n < ARRAY_LEN(names); c++)
        names[n++] = strchr(c->name, ' ') + 1;
    snprintf(firsts[0], CLI_TEXT, "%.*s command", (int)strcspn((*group)->name, " "),
             (*group)->name);
    unknown_name(why, firsts[0], word, names, n);
    return false;
}

static int check_words(struct cli *cli, const struct cli_command *command,
                       const struct cli_args *args, struct buf *why)
{
    if (args->n_words >= command->min_words && args->n_words <= command->max_words)
        return CLI_OK;
    if (args->n_words > command->max_words)
        buf_printf(why, "\"%s\" is one word too many", args->words[command->max_words]);
    else
        buf_printf(why, "something is missing: lode %s %s", command->name, command->words);
    return usage(cli, why, command->name);
}

static int take_globals(struct cli *cli, const struct cli_args *args)
{
    const char *server = cli_args_get(args, "server");
    const char *key = cli_args_get(args, "api-key");
    const char *timeout = cli_args_get(args, "timeout");

    if (server)
        cli->server = server;
    if (key)
        cli->api_key = key;
    cli->json = cli_args_has(args, "json");
    cli->quiet = cli_args_has(args, "quiet");
    if (timeout && !cli_parse_duration(timeout, &cli->timeout_ms))
        return cli_say_error(cli, CLI_USAGE, "\"--timeout %s\" is not a time in seconds", timeout);
    return CLI_OK;
}

/* Options of a command's own, so that a command can tell "none given". */
static void drop_globals(struct cli_args *args)
{
    size_t kept = 0;
    size_t i;

    for (i = 0; i < args->n_given; i++) {
        const struct cli_option *g = cli_global_options;

        while (g->name && g != args->given[i].option)
            g++;
        if (!g->name)
            args->given[kept++] = args->given[i];
    }
    args->n_given = kept;
}

/* The first word of the group's name; "" for NULL. */
static void group_name(const struct cli_command *group, char dst[CLI_TEXT])
{
    dst[0] = '\0';
    if (group)
        snprintf(dst, CLI_TEXT, "%.*s", (int)strcspn(group->name, " "), group->name);
}

int cli_read_command(struct cli *cli, int argc, char **argv, struct cli_args *args,
                     const struct cli_command **ret_command)
{
    const struct cli_command *group = NULL;
    const struct cli_command *command = NULL;
    enum cli_token token;
    struct cli_parser p;
    char word[CLI_TEXT];
    struct buf why;
    int code = CLI_OK;

    *ret_command = NULL;
    buf_init(&why, 4096);
    cli_parser_init(&p, argc, argv);
    do {
        token =
            cli_parser_next(&p, cli_global_options, command ? command->options : NULL, args, &why);
        if (token == CLI_TOKEN_WORD && !command) {
            if (!resolve(args->words[--args->n_words], &group, &command, &why))
                token = CLI_TOKEN_BAD;
        }
    } while (token != CLI_TOKEN_END && token != CLI_TOKEN_BAD);
    if (token == CLI_TOKEN_BAD) {
        code = usage(cli, &why, command ? command->name : "");
    } else if (args->help) {
        group_name(group, word);
        cli_show_help(cli, command ? command->name : group ? word : NULL);
    } else if (cli_args_has(args, "version")) {
        printf("lode %s\n", LODE_VERSION);
    } else if (!command) {
        group_name(group, word);
        buf_printf(&why, "which %s%scommand?", word, *word ? " " : "");
        code = usage(cli, &why, word);
    } else {
        code = check_words(cli, command, args, &why);
        if (code == CLI_OK)
            code = take_globals(cli, args);
        drop_globals(args);
        *ret_command = code == CLI_OK ? command : NULL;
    }
    buf_done(&why);
    return code;
}

static bool wants_colour(int fd)
{
    const char *no = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    return isatty(fd) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

int cli_main(int argc, char **argv)
{
    const char *server = getenv("LODE_SERVER");
    struct cli cli = {
        .server = server && *server ? server : "127.0.0.1:7700",
        .api_key = getenv("LODE_API_KEY"),
        .timeout_ms = -1,
        .colour_out = wants_colour(STDOUT_FILENO),
        .colour_err = wants_colour(STDERR_FILENO),
        .terminal_err = isatty(STDERR_FILENO),
    };
    const struct cli_command *command = NULL;
    struct cli_args args = {0};
    int code;

    code = cli_read_command(&cli, argc, argv, &args, &command);
    if (command)
        code = command->run(&cli, &args);
    lode_client_close(cli.client);
    cli_args_done(&args);
    if (fflush(stdout) != 0 ||
        ferror(stdout)) /* a full disk behind a pipe must not look like success */
        code = code == CLI_OK ? cli_say_error(&cli, CLI_REFUSED, "the output cannot be written")
                              : code;
    return code;
}
