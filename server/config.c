/* SPDX-License-Identifier: MIT */
/*
 * config.c -- one table of options, and the three loops that walk it.
 *
 * Not here: what an option means; main.c hands each room the few it needs.
 */
#include "config.h"

#include "base/assert.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum type { TEXT, FLAG, NUMBER, SIZE, CHOICE };

struct option {
    const char *flag;  /* without "--" */
    const char *alias; /* other spelling, or NULL */
    const char *meili; /* fallback variable, or NULL */
    enum type type;
    size_t offset;
    const char *standard; /* default, as it would be typed */
    uint64_t min, max;
    const char *choices; /* "a|b" */
    const char *what;    /* name of the value in --help */
    const char *help;
};

#define AT(member) offsetof(struct config, member)

static const struct option options[] = {
    {"db-path", NULL, "MEILI_DB_PATH", TEXT, AT(db_path), "data.lode", 1, 0, NULL, "DIR",
     "directory of the database, made when missing"},
    {"http-addr", NULL, "MEILI_HTTP_ADDR", TEXT, AT(http_addr), "127.0.0.1:7700", 1, 0, NULL,
     "HOST:PORT", "where HTTP and gRPC are served, on one port"},
    {"dumps-dir", "dump-dir", "MEILI_DUMP_DIR", TEXT, AT(dumps_dir), "dumps/", 1, 0, NULL, "DIR",
     "where dumps are written, made when missing"},
    {"import-dump", NULL, "MEILI_IMPORT_DUMP", TEXT, AT(import_dump), "", 1, 0, NULL, "FILE",
     "make the database from this dump, then listen; may stay in a start script for ever"},
    {"ignore-missing-dump", NULL, "MEILI_IGNORE_MISSING_DUMP", FLAG, AT(ignore_missing_dump),
     "false", 0, 0, NULL, NULL, "with --import-dump: no such file is no error"},
    {"ignore-dump-if-db-exists", NULL, "MEILI_IGNORE_DUMP_IF_DB_EXISTS", FLAG,
     AT(ignore_dump_if_db_exists), "false", 0, 0, NULL, NULL,
     "with --import-dump: an existing database is kept and used"},
    {"dump-barrier", NULL, NULL, CHOICE, AT(dump_barrier), "full", 0, 0, "full|read", "WHEN",
     "tasks wait until the dump is done (full) or until its data has been read (read)"},
    {"env", NULL, "MEILI_ENV", CHOICE, AT(env), "development", 0, 0, "development|production",
     "NAME", "production wants a master key of at least 16 bytes"},
    {"master-key", NULL, "MEILI_MASTER_KEY", TEXT, AT(master_key), "", 1, 0, NULL, "KEY",
     "kept for API keys, which this version does not check yet"},
    {"log-level", "log", "MEILI_LOG_LEVEL", TEXT, AT(log_level), "info", 1, 0, NULL, "LEVELS",
     "error, warn, info, debug or off, also per room: info,store=debug"},
    {"http-payload-size-limit", NULL, "MEILI_HTTP_PAYLOAD_SIZE_LIMIT", SIZE, AT(payload_limit),
     "100 MB", 1024, 1ULL << 40, NULL, "SIZE",
     "largest payload of one request, after decompression"},
    {"threads", NULL, "MEILI_MAX_INDEXING_THREADS", NUMBER, AT(threads), "0", 0, 1024, NULL, "N",
     "worker threads; 0 is one a core"},
    {"max-connections", NULL, NULL, NUMBER, AT(max_connections), "10000", 1, 1000000, NULL, "N",
     "open connections; beyond, new ones wait"},
    {"search-queue-size", NULL, "MEILI_EXPERIMENTAL_SEARCH_QUEUE_SIZE", NUMBER,
     AT(search_queue_size), "1000", 1, 1000000, NULL, "N",
     "searches waiting and running at once; beyond, they are refused"},
    {"max-queued-tasks", NULL, NULL, NUMBER, AT(max_queued_tasks), "1000000", 1, 100000000, NULL,
     "N", "unfinished tasks; beyond, writes are refused"},
    {"free-space-floor", NULL, NULL, SIZE, AT(free_space_floor), "512 MiB", 0, 1ULL << 50, NULL,
     "SIZE", "writes are refused when the disk has less free than this"},
    {"drain-ms", NULL, NULL, NUMBER, AT(drain_ms), "10000", 0, 3600000, NULL, "MS",
     "how long running calls may take to end after SIGTERM"},
    {"reflection", NULL, NULL, FLAG, AT(reflection), "true", 0, 0, NULL, NULL,
     "serve gRPC reflection, so that tools can list what there is"},
    {"fault", NULL, NULL, TEXT, AT(fault), "", 1, 0, NULL, "POINT=ACTION[@N][+]",
     "make something go wrong, for tests; see --list-faults"},
};

/* Variables of Lode's other programs and scripts: not ours, and no mistake either. */
static const char *const other_variables[] = {
    "LODE_SERVER",     "LODE_API_KEY",      "LODE_SEED",       "LODE_FAIL_AT",  "LODE_GDB",
    "LODE_BUILD_ONLY", "LODE_FUZZ_SECONDS", "LODE_TEST_CACHE", "LODE_TEST_SLOW"};

static void variable_name(const char *flag, char dst[64])
{
    size_t n = 5;

    memcpy(dst, "LODE_", 5);
    for (; *flag && n < 63; flag++)
        dst[n++] = (char)(*flag == '-' ? '_' : toupper((unsigned char)*flag));
    dst[n] = '\0';
}

/* Levenshtein distance of two short names; anything long is far away. */
static size_t distance(const char *a, const char *b)
{
    size_t row[65], n = strlen(a), m = strlen(b), i, j;

    if (n > 64 || m > 64)
        return 64;
    for (j = 0; j <= m; j++)
        row[j] = j;
    for (i = 1; i <= n; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (j = 1; j <= m; j++) {
            size_t up = row[j], best = diagonal + (a[i - 1] != b[j - 1]);

            if (up + 1 < best)
                best = up + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = up;
            row[j] = best;
        }
    }
    return row[m];
}

/* The option whose flag (or variable) is nearest to name; the text lands in dst. */
static const char *nearest(const char *name, bool variables, char dst[64])
{
    size_t best = SIZE_MAX, i;

    dst[0] = '\0';
    for (i = 0; i < ARRAY_LEN(options); i++) {
        char candidate[64];
        size_t d;

        if (variables)
            variable_name(options[i].flag, candidate);
        else
            memcpy(candidate, options[i].flag, strlen(options[i].flag) + 1);
        d = distance(name, candidate);
        if (d < best) {
            best = d;
            memcpy(dst, candidate, sizeof candidate);
        }
    }
    return dst;
}

static bool parse_number(const char *text, uint64_t *ret)
{
    char *end = NULL;

    if (!isdigit((unsigned char)*text))
        return false;
    errno = 0;
    *ret = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

/* "104857600", "100 MB", "100MiB", "1gb": decimal units, and binary ones with an i. */
static bool parse_size(const char *text, uint64_t *ret)
{
    static const char prefixes[] = "kmgt";
    uint64_t value, unit = 1;
    char *end = NULL;
    const char *p;

    if (!isdigit((unsigned char)*text))
        return false;
    errno = 0;
    value = strtoull(text, &end, 10);
    if (errno != 0)
        return false;
    while (*end == ' ')
        end++;
    p = *end ? strchr(prefixes, tolower((unsigned char)*end)) : NULL;
    if (p) {
        size_t power = (size_t)(p - prefixes) + 1;
        uint64_t base = tolower((unsigned char)end[1]) == 'i' ? 1024 : 1000;

        while (power--)
            unit *= base;
        end += base == 1024 ? 2 : 1;
    }
    if (tolower((unsigned char)*end) == 'b')
        end++;
    if (*end != '\0' || value > UINT64_MAX / unit)
        return false;
    *ret = value * unit;
    return true;
}

static bool is_choice(const char *choices, const char *value)
{
    size_t n = strlen(value);

    while (choices) {
        size_t len = strcspn(choices, "|");

        if (len == n && strncmp(choices, value, n) == 0)
            return true;
        choices = choices[len] ? choices + len + 1 : NULL;
    }
    return false;
}

/* name is what the user typed, for the sentence. */
static enum rc store_value(struct config *config, const struct option *o, const char *name,
                           const char *value, struct err *err)
{
    void *at = (char *)config + o->offset;
    uint64_t number = 0;

    switch (o->type) {
    case TEXT:
        if (strlen(value) < o->min)
            return err_set(err, RC_INVALID, NULL, "%s needs a value: %s %s", name, name, o->what);
        *(const char **)at = value;
        return RC_OK;
    case CHOICE:
        if (!is_choice(o->choices, value))
            return err_set(err, RC_INVALID, NULL, "%s takes %s, not `%s`", name, o->choices, value);
        *(const char **)at = value;
        return RC_OK;
    case FLAG:
        if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
            return err_set(err, RC_INVALID, NULL, "%s takes true or false, not `%s`", name, value);
        *(bool *)at = strcmp(value, "true") == 0;
        return RC_OK;
    case NUMBER:
        if (!parse_number(value, &number))
            return err_set(err, RC_INVALID, NULL, "%s takes a number, not `%s`", name, value);
        break;
    case SIZE:
        if (!parse_size(value, &number))
            return err_set(err, RC_INVALID, NULL,
                           "%s takes a size such as `100 MB` or `64MiB`, not `%s`", name, value);
        break;
    }
    if (number < o->min || number > o->max)
        return err_set(err, RC_INVALID, NULL, "%s must lie between %llu and %llu, `%s` does not",
                       name, (unsigned long long)o->min, (unsigned long long)o->max, value);
    *(uint64_t *)at = number;
    return RC_OK;
}

static const struct option *find_flag(const char *name, size_t n)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(options); i++) {
        const struct option *o = &options[i];

        if ((strlen(o->flag) == n && strncmp(o->flag, name, n) == 0) ||
            (o->alias && strlen(o->alias) == n && strncmp(o->alias, name, n) == 0))
            return o;
    }
    return NULL;
}

static enum rc read_environment(char **environment, struct config *config, struct err *err)
{
    char variable[64];
    size_t i, k;
    enum rc rc;

    for (i = 0; i < ARRAY_LEN(options); i++) {
        const struct option *o = &options[i];
        const char *value = NULL, *name = NULL;

        variable_name(o->flag, variable);
        for (k = 0; environment[k]; k++) {
            size_t n = strcspn(environment[k], "=");

            if (strlen(variable) == n && strncmp(environment[k], variable, n) == 0) {
                value = environment[k] + n + 1;
                name = variable;
                break;
            }
            if (o->meili && strlen(o->meili) == n && strncmp(environment[k], o->meili, n) == 0) {
                value = environment[k] + n + 1;
                name = o->meili;
            }
        }
        if (!value)
            continue;
        rc = store_value(config, o, name, value, err);
        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}

/* A LODE_ variable that nobody reads is a typing mistake, and those bite later. */
static enum rc refuse_unknown_variables(char **environment, struct err *err)
{
    char variable[64], guess[64];
    size_t i, k;

    for (k = 0; environment[k]; k++) {
        size_t n = strcspn(environment[k], "=");
        char name[64];
        bool known = false;

        if (strncmp(environment[k], "LODE_", 5) != 0 || n >= sizeof name)
            continue;
        memcpy(name, environment[k], n);
        name[n] = '\0';
        for (i = 0; i < ARRAY_LEN(options) && !known; i++) {
            variable_name(options[i].flag, variable);
            known = strcmp(variable, name) == 0;
        }
        for (i = 0; i < ARRAY_LEN(other_variables) && !known; i++)
            known = strcmp(other_variables[i], name) == 0;
        if (!known)
            return err_set(err, RC_INVALID, NULL, "the variable %s is not known; did you mean %s?",
                           name, nearest(name, true, guess));
    }
    return RC_OK;
}

/* One argument (and its value, which may be the next one). *i moves over what was used. */
static enum rc read_flag(int argc, char **argv, int *i, struct config *config, struct err *err)
{
    const char *arg = argv[*i];
    const char *name, *equals, *value;
    const struct option *o;
    char shown[80], guess[64];
    size_t n;

    if (strncmp(arg, "--", 2) != 0 || !arg[2])
        return err_set(err, RC_INVALID, NULL,
                       "`%s` is no option; options begin with --, see --help", arg);
    name = arg + 2;
    equals = strchr(name, '=');
    n = equals ? (size_t)(equals - name) : strlen(name);
    o = n < 64 ? find_flag(name, n) : NULL;
    if (!o) {
        char typed[64];

        (void)snprintf(typed, sizeof typed, "%.*s", (int)(n < 63 ? n : 63), name);
        return err_set(err, RC_INVALID, NULL, "the option --%s is not known; did you mean --%s?",
                       typed, nearest(typed, false, guess));
    }
    (void)snprintf(shown, sizeof shown, "--%.*s", (int)n, name);
    value = equals ? equals + 1 : NULL;
    if (!value && o->type == FLAG) {
        value = "true";
        if (*i + 1 < argc &&
            (strcmp(argv[*i + 1], "true") == 0 || strcmp(argv[*i + 1], "false") == 0))
            value = argv[++*i];
    }
    if (!value) {
        if (*i + 1 >= argc || strncmp(argv[*i + 1], "--", 2) == 0)
            return err_set(err, RC_INVALID, NULL, "%s needs a value: %s %s", shown, shown, o->what);
        value = argv[++*i];
    }
    return store_value(config, o, shown, value, err);
}

static enum rc check_together(const struct config *config, struct err *err)
{
    if (strcmp(config->env, "production") == 0 && strlen(config->master_key) < 16)
        return err_set(
            err, RC_INVALID, NULL,
            "--env production needs a --master-key of at least 16 bytes, this one has %zu",
            strlen(config->master_key));
    return RC_OK;
}

enum rc config_read(int argc, char **argv, char **environment, struct config *ret_config,
                    enum config_action *ret_action, struct err *err)
{
    struct config config;
    enum rc rc;
    size_t k;
    int i;

    memset(&config, 0, sizeof config);
    for (k = 0; k < ARRAY_LEN(options); k++) {
        const struct option *o = &options[k];

        if (o->type == TEXT) /* an empty default is fine, an empty value is not */
            *(const char **)(void *)((char *)&config + o->offset) = o->standard;
        else
            ASSERT(store_value(&config, o, o->flag, o->standard, NULL) == RC_OK);
    }
    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            *ret_action = CONFIG_HELP;
        else if (strcmp(argv[i], "--version") == 0 || strcmp(argv[i], "-V") == 0)
            *ret_action = CONFIG_VERSION;
        else if (strcmp(argv[i], "--list-faults") == 0)
            *ret_action = CONFIG_LIST_FAULTS;
        else
            continue;
        *ret_config = config;
        return RC_OK;
    }
    rc = refuse_unknown_variables(environment, err);
    if (rc != RC_OK)
        return rc;
    rc = read_environment(environment, &config, err);
    if (rc != RC_OK)
        return rc;
    for (i = 1; i < argc; i++) {
        rc = read_flag(argc, argv, &i, &config, err);
        if (rc != RC_OK)
            return rc;
    }
    rc = check_together(&config, err);
    if (rc != RC_OK)
        return rc;
    *ret_config = config;
    *ret_action = CONFIG_RUN;
    return RC_OK;
}

void config_help(struct buf *out)
{
    char variable[64];
    size_t i;

    buf_str(out, "lode-server -- a search server whose data is never trapped\n\n"
                 "usage: lode-server [--option value]...\n\n"
                 "Each option can also be given as a variable; a flag wins over LODE_*, that over "
                 "MEILI_*.\n\n");
    for (i = 0; i < ARRAY_LEN(options); i++) {
        const struct option *o = &options[i];

        variable_name(o->flag, variable);
        buf_printf(out, "  --%s%s%s\n", o->flag, o->what ? " " : "", o->what ? o->what : "");
        buf_printf(out, "      %s\n      ", o->help);
        if (o->alias)
            buf_printf(out, "also --%s; ", o->alias);
        buf_str(out, variable);
        if (o->meili)
            buf_printf(out, " or %s", o->meili);
        if (o->type == CHOICE)
            buf_printf(out, "; one of %s", o->choices);
        buf_printf(out, "; default %s\n", o->standard[0] ? o->standard : "none");
    }
    buf_str(out,
            "  --list-faults\n      print the fault points\n"
            "  --version\n      print the version\n"
            "  --help\n      print this\n\n"
            "example: lode-server --db-path data.lode --dumps-dir dumps --import-dump last.dump\n");
}
