/* SPDX-License-Identifier: MIT */
/*
 * cli_args.h -- a command line to words and options.
 *
 *   --name value  --name=value  --flag  -x value  -xvalue  --
 *
 * Options may stand anywhere; behind "--" all are words, and "-" is a word.
 *
 * Ownership  Everything points into argv.
 * Errors     A sentence in *why (without "lode: ").
 */
#pragma once

#include "base/buf.h"

struct cli_option {
    const char *name;  /* "limit" */
    char letter;       /* 'o', 0 for none */
    const char *value; /* what the value is called; NULL: a flag */
    const char *help;
};

enum { CLI_GIVEN_MAX = 64 };

struct cli_args {
    const char **words; /* owned array */
    size_t n_words;
    struct {
        const struct cli_option *option;
        const char *value; /* "" for a flag */
    } given[CLI_GIVEN_MAX];
    size_t n_given;
    bool help; /* --help or -h */
};

struct cli_parser {
    int argc;
    char **argv;
    int at;
    bool words_only; /* "--" was seen */
};

enum cli_token { CLI_TOKEN_END, CLI_TOKEN_WORD, CLI_TOKEN_OPTION, CLI_TOKEN_HELP, CLI_TOKEN_BAD };

void cli_parser_init(struct cli_parser *p, int argc, char **argv);
/* The next piece; options are looked up in both tables (each may be NULL). */
enum cli_token cli_parser_next(struct cli_parser *p, const struct cli_option *global,
                               const struct cli_option *own, struct cli_args *args,
                               struct buf *why);

void cli_args_done(struct cli_args *args);
/* The value given last; "" for a flag, NULL when not given. */
const char *cli_args_get(const struct cli_args *args, const char *name);
static inline bool cli_args_has(const struct cli_args *args, const char *name)
{
    return cli_args_get(args, name) != NULL;
}
/* A whole number within bounds; *ret stays when the option was not given. */
bool cli_args_number(const struct cli_args *args, const char *name, uint64_t min, uint64_t max,
                     uint64_t *ret, struct buf *why);
bool cli_parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret);
/* "1.5", "90s", "500ms", "2m": milliseconds. */
bool cli_parse_duration(const char *text, int64_t *ret_ms);
/* "64M", "1000", "1.5GiB": bytes. */
bool cli_parse_bytes(const char *text, uint64_t *ret);
