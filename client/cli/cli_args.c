/* SPDX-License-Identifier: MIT */
/* cli_args.c -- see cli_args.h. Pure but for the caller's structs. */
#include "cli_args.h"

#include "base/mem.h"
#include "pb/pb.h"
#include "json/json_write.h"

#include <math.h>

void cli_parser_init(struct cli_parser *p, int argc, char **argv)
{
    *p = (struct cli_parser){.argc = argc, .argv = argv, .at = 1};
}

static const struct cli_option *find(const struct cli_option *table, const char *name, size_t n,
                                     char letter)
{
    for (; table && table->name; table++) {
        if (letter && table->letter == letter)
            return table;
        if (!letter && strlen(table->name) == n && memcmp(table->name, name, n) == 0)
            return table;
    }
    return NULL;
}

static size_t collect(const struct cli_option *table, const char **names, size_t n, size_t max)
{
    for (; table && table->name && n < max; table++)
        names[n++] = table->name;
    return n;
}

static enum cli_token unknown(const struct cli_option *global, const struct cli_option *own,
                              const char *text, size_t n, struct buf *why)
{
    const char *names[2 * CLI_GIVEN_MAX];
    size_t n_names = collect(own, names, 0, CLI_GIVEN_MAX);
    const char *near;

    n_names = collect(global, names, n_names, ARRAY_LEN(names));
    near = pb_did_you_mean(bytes_of(text, n), names, n_names);
    buf_printf(why, "unknown option \"--%.*s\"", (int)n, text);
    if (near)
        buf_printf(why, ": did you mean \"--%s\"?", near);
    return CLI_TOKEN_BAD;
}

static enum cli_token add(struct cli_parser *p, struct cli_args *args,
                          const struct cli_option *option, const char *value, struct buf *why)
{
    if (!option->value && value) {
        buf_printf(why, "option \"--%s\" takes no value", option->name);
        return CLI_TOKEN_BAD;
    }
    if (option->value && !value) {
        if (p->at >= p->argc) {
            buf_printf(why, "option \"--%s\" needs a value (%s)", option->name, option->value);
            return CLI_TOKEN_BAD;
        }
        value = p->argv[p->at++];
    }
    if (args->n_given == CLI_GIVEN_MAX) {
        buf_printf(why, "more than %d options", CLI_GIVEN_MAX);
        return CLI_TOKEN_BAD;
    }
    args->given[args->n_given].option = option;
    args->given[args->n_given++].value = value ? value : "";
    return CLI_TOKEN_OPTION;
}

static enum cli_token add_word(struct cli_args *args, const char *word)
{
    args->words = xrealloc(args->words, (args->n_words + 1) * sizeof(*args->words));
    args->words[args->n_words++] = word;
    return CLI_TOKEN_WORD;
}

static enum cli_token long_option(struct cli_parser *p, const struct cli_option *global,
                                  const struct cli_option *own, const char *text,
                                  struct cli_args *args, struct buf *why)
{
    const char *equals = strchr(text, '=');
    size_t n = equals ? (size_t)(equals - text) : strlen(text);
    const struct cli_option *option = find(own, text, n, 0);

    if (n == 4 && memcmp(text, "help", 4) == 0) {
        args->help = true;
        return CLI_TOKEN_HELP;
    }
    if (!option)
        option = find(global, text, n, 0);
    if (!option)
        return unknown(global, own, text, n, why);
    return add(p, args, option, equals ? equals + 1 : NULL, why);
}

enum cli_token cli_parser_next(struct cli_parser *p, const struct cli_option *global,
                               const struct cli_option *own, struct cli_args *args, struct buf *why)
{
    const struct cli_option *option;
    const char *text;

    if (p->at >= p->argc)
        return CLI_TOKEN_END;
    text = p->argv[p->at++];
    if (p->words_only || text[0] != '-' || text[1] == '\0')
        return add_word(args, text);
    if (strcmp(text, "--") == 0) {
        p->words_only = true;
        return cli_parser_next(p, global, own, args, why);
    }
    if (text[1] == '-')
        return long_option(p, global, own, text + 2, args, why);
    if (strcmp(text, "-h") == 0) {
        args->help = true;
        return CLI_TOKEN_HELP;
    }
    option = find(own, NULL, 0, text[1]);
    if (!option)
        option = find(global, NULL, 0, text[1]);
    if (!option) {
        buf_printf(why, "unknown option \"-%c\"", text[1]);
        return CLI_TOKEN_BAD;
    }
    return add(p, args, option, text[2] ? text + 2 : NULL, why);
}

void cli_args_done(struct cli_args *args)
{
    xfree(args->words);
    *args = (struct cli_args){0};
}

const char *cli_args_get(const struct cli_args *args, const char *name)
{
    size_t i;

    for (i = args->n_given; i > 0; i--)
        if (strcmp(args->given[i - 1].option->name, name) == 0)
            return args->given[i - 1].value;
    return NULL;
}

bool cli_parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
    uint64_t v;

    if (!json_parse_u64(bytes_str(text), &v) || v < min || v > max)
        return false;
    *ret = v;
    return true;
}

bool cli_args_number(const struct cli_args *args, const char *name, uint64_t min, uint64_t max,
                     uint64_t *ret, struct buf *why)
{
    const char *text = cli_args_get(args, name);

    if (!text || cli_parse_number(text, min, max, ret))
        return true;
    buf_printf(why, "\"--%s %s\" is not a whole number from %llu to %llu", name, text,
               (unsigned long long)min, (unsigned long long)max);
    return false;
}

/* A plain decimal and the unit behind it; false without digits. */
static bool split_unit(const char *text, double *ret_v, const char **ret_unit)
{
    size_t n = strspn(text, "0123456789.");

    if (n == 0 || n > 20 || text[0] == '.' || text[n - 1] == '.')
        return false;
    *ret_unit = text + n;
    return json_parse_double(bytes_of(text, n), ret_v) &&
           memchr(text, '.', n) == strrchr(text, '.');
}

struct unit {
    const char *name;
    double factor;
};

static bool scaled(const char *text, const struct unit *units, size_t n, double max, double *ret)
{
    const char *unit;
    double v;
    size_t i;

    if (!split_unit(text, &v, &unit))
        return false;
    for (i = 0; i < n; i++) {
        if (strcasecmp(unit, units[i].name) != 0)
            continue;
        *ret = v * units[i].factor;
        return *ret <= max;
    }
    return false;
}

bool cli_parse_duration(const char *text, int64_t *ret_ms)
{
    static const struct unit units[] = {{"", 1e3},     {"s", 1e3},    {"ms", 1},   {"m", 60e3},
                                        {"min", 60e3}, {"h", 3600e3}, {"sec", 1e3}};
    double ms;

    if (!scaled(text, units, ARRAY_LEN(units), 1e12, &ms))
        return false;
    *ret_ms = (int64_t)ceil(ms);
    return true;
}

bool cli_parse_bytes(const char *text, uint64_t *ret)
{
    static const double k = 1024;
    const struct unit units[] = {{"", 1},          {"b", 1},           {"k", k},       {"kib", k},
                                 {"kb", 1e3},      {"m", k * k},       {"mib", k * k}, {"mb", 1e6},
                                 {"g", k * k * k}, {"gib", k * k * k}, {"gb", 1e9}};
    double v;

    if (!scaled(text, units, ARRAY_LEN(units), 1e15, &v))
        return false;
    *ret = (uint64_t)v;
    return true;
}
