/* SPDX-License-Identifier: MIT */
/*
 * cli_print.c -- results on stdout, remarks on stderr, tables, sizes, times.
 *
 * What came from a server is shown with control characters taken out: a
 * document or an index name must not drive somebody's terminal.
 */
#include "cli.h"

#include "base/clock.h"
#include "base/mem.h"
#include "pb/pb.h"
#include "json/json.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <stdarg.h>
#include <stdio.h>

char *cli_clean(char *dst, size_t cap, const char *text)
{
    size_t n = 0;

    for (; *text && n + 1 < cap; text++) {
        unsigned char c = (unsigned char)*text;

        dst[n++] = (char)(c < 0x20 || c == 0x7f ? '?' : c);
    }
    dst[n] = '\0';
    return dst;
}

const char *cli_colour_on(bool wanted, enum cli_colour colour)
{
    static const char *const codes[] = {"", "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[2m"};

    return wanted ? codes[colour] : "";
}

const char *cli_colour_off(bool wanted)
{
    return wanted ? "\x1b[0m" : "";
}

int cli_say_error(struct cli *cli, int code, const char *fmt, ...)
{
    char text[ERR_MSG_MAX + 512];
    char clean[sizeof(text)];
    char *line = text, *next;
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    fprintf(stderr, "%slode:%s ", cli_colour_on(cli->colour_err, CLI_BAD),
            cli_colour_off(cli->colour_err));
    for (; line; line = next) { /* the server's hints and excerpts stand on lines of their own */
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        fprintf(stderr, "%s%s\n", line == text ? "" : "      ",
                cli_clean(clean, sizeof(clean), line));
    }
    return code;
}

int cli_say_err(struct cli *cli, const struct err *err)
{
    return cli_say_error(cli, err->rc == RC_CORRUPT ? CLI_DAMAGED : CLI_REFUSED, "%s", err->msg);
}

void cli_hint(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fputs("hint: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
}

void cli_note(const struct cli *cli, const char *fmt, ...)
{
    va_list args;

    if (cli->quiet)
        return;
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
}

/* ---- JSON ---------------------------------------------------------------------------- */

int cli_print_message(struct cli *cli, const ProtobufCMessage *msg,
                      const struct pb_message_meta *meta)
{
    struct buf json;
    struct err err;
    enum rc rc;

    buf_init(&json, BUF_NO_LIMIT);
    rc = pb_to_json(msg, meta, &json, &err);
    if (rc == RC_OK) {
        buf_byte(&json, '\n');
        fwrite(json.p, 1, json.n, stdout);
        fflush(stdout); /* a watcher's reader sees each line when it happens */
    }
    buf_done(&json);
    return rc == RC_OK
               ? CLI_OK
               : cli_say_error(cli, CLI_DAMAGED, "the answer cannot be shown as JSON: %s", err.msg);
}

static void indent(struct buf *out, unsigned depth)
{
    buf_byte(out, '\n');
    while (depth--)
        buf_str(out, "  ");
}

static void pretty(struct json_value v, unsigned depth, struct buf *out)
{
    bool object = json_type(v) == JSON_OBJECT;
    struct json_iter it;

    if ((!object && json_type(v) != JSON_ARRAY) || json_count(v) == 0) {
        json_compact_value(v, out);
        return;
    }
    buf_byte(out, object ? '{' : '[');
    for (json_iter_init(&it, v); json_iter_next(&it);) {
        if (it.index > 0)
            buf_byte(out, ',');
        indent(out, depth + 1);
        if (object) {
            buf_bytes(out, json_raw(it.key_at));
            buf_str(out, ": ");
        }
        pretty(it.value, depth + 1, out); /* the reader's depth limit bounds this */
    }
    indent(out, depth);
    buf_byte(out, object ? '}' : ']');
}

int cli_print_json(struct cli *cli, struct bytes json)
{
    struct json_parser *parser = json_parser_new();
    struct json_error error;
    struct json_value root;
    struct buf out;
    enum rc rc;

    buf_init(&out, BUF_NO_LIMIT);
    rc = cli->json ? RC_INVALID : json_parse(parser, json, NULL, &root, &error);
    if (rc == RC_OK)
        pretty(root, 0, &out);
    else
        buf_bytes(&out, json); /* what the server holds is shown, readable or not */
    buf_byte(&out, '\n');
    fwrite(out.p, 1, out.n, stdout);
    buf_done(&out);
    json_parser_free(parser);
    return CLI_OK;
}

/* ---- amounts ------------------------------------------------------------------------- */

char *cli_bytes(char dst[CLI_TEXT], uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double v = (double)bytes;
    size_t i = 0;

    while (v >= 1024 && i + 1 < ARRAY_LEN(units)) {
        v /= 1024;
        i++;
    }
    snprintf(dst, CLI_TEXT, i == 0 || v >= 100 ? "%.0f %s" : "%.1f %s", v, units[i]);
    return dst;
}

char *cli_seconds(char dst[CLI_TEXT], double seconds)
{
    uint64_t whole = seconds < 0 ? 0 : seconds < 1e9 ? (uint64_t)seconds : 1000000000;

    if (seconds < 0.1)
        snprintf(dst, CLI_TEXT, "%.1f ms", seconds > 0 ? seconds * 1e3 : 0);
    else if (whole < 10)
        snprintf(dst, CLI_TEXT, "%.2f s", seconds);
    else if (whole < 120)
        snprintf(dst, CLI_TEXT, "%llu s", (unsigned long long)whole);
    else if (whole < 7200)
        snprintf(dst, CLI_TEXT, "%llu min %llu s", (unsigned long long)(whole / 60),
                 (unsigned long long)(whole % 60));
    else
        snprintf(dst, CLI_TEXT, "%llu h %llu min", (unsigned long long)(whole / 3600),
                 (unsigned long long)(whole / 60 % 60));
    return dst;
}

char *cli_number(char dst[CLI_TEXT], uint64_t v)
{
    char digits[CLI_TEXT];
    size_t n = (size_t)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)v);
    size_t to = 0;
    size_t i;

    for (i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            dst[to++] = ',';
        dst[to++] = digits[i];
    }
    dst[to] = '\0';
    return dst;
}

char *cli_count(char dst[CLI_TEXT + CLI_TEXT], uint64_t n, const char *noun)
{
    char digits[CLI_TEXT];

    snprintf(dst, CLI_TEXT + CLI_TEXT, "%s %s%s", cli_number(digits, n), noun, n == 1 ? "" : "s");
    return dst;
}

char *cli_time(char dst[CLI_TEXT + 8], const Google__Protobuf__Timestamp *t)
{
    char text[CLOCK_RFC3339_MAX];

    dst[0] = '\0';
    if (t && t->seconds > -62135596800 && t->seconds < 9223372036)
        snprintf(dst, CLI_TEXT + 8, "%s", clock_format_rfc3339(text, t->seconds * NS_PER_S));
    return dst;
}

/* ---- tables -------------------------------------------------------------------------- */

enum { COLUMNS_MAX = 16 };

struct cli_table {
    size_t n_columns, n_rows;
    bool right[COLUMNS_MAX];
    size_t width[COLUMNS_MAX];
    char **cells; /* owned, n_columns * n_rows, the heads first */
};

static size_t width_of(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80; /* characters, not bytes */
    return n;
}

struct cli_table *cli_table_new(const char *heads)
{
    struct cli_table *t = xcalloc(1, sizeof(*t));
    const char *cells[COLUMNS_MAX];
    char text[COLUMNS_MAX][CLI_TEXT];

    while (*heads && t->n_columns < COLUMNS_MAX) {
        size_t n;

        t->right[t->n_columns] = *heads == '>';
        heads += *heads == '>';
        n = strcspn(heads, "|");
        snprintf(text[t->n_columns], CLI_TEXT, "%.*s", (int)n, heads);
        cells[t->n_columns] = text[t->n_columns];
        t->n_columns++;
        heads += n + (heads[n] == '|');
    }
    cli_table_row(t, cells);
    return t;
}

void cli_table_row(struct cli_table *t, const char *const *cells)
{
    size_t i;

    t->cells = xrealloc(t->cells, (t->n_rows + 1) * t->n_columns * sizeof(char *));
    for (i = 0; i < t->n_columns; i++) {
        char clean[512];
        char *cell = xstrdup(cli_clean(clean, sizeof(clean), cells[i] ? cells[i] : ""));

        t->cells[t->n_rows * t->n_columns + i] = cell;
        if (width_of(cell) > t->width[i])
            t->width[i] = width_of(cell);
    }
    t->n_rows++;
}

static enum cli_colour colour_of(const char *cell)
{
    static const struct {
        const char *word;
        enum cli_colour colour;
    } words[] = {{"succeeded", CLI_GOOD}, {"done", CLI_GOOD},       {"failed", CLI_BAD},
                 {"canceled", CLI_DIM},   {"processing", CLI_BUSY}, {"in_progress", CLI_BUSY},
                 {"enqueued", CLI_DIM}};
    size_t i;

    for (i = 0; i < ARRAY_LEN(words); i++)
        if (strcmp(cell, words[i].word) == 0)
            return words[i].colour;
    return CLI_PLAIN;
}

/* Cells behind the last one that says something are not padded for. */
static size_t cells_of(const struct cli_table *t, size_t row)
{
    size_t n = t->n_columns;

    while (n > 1 && t->cells[row * t->n_columns + n - 1][0] == '\0')
        n--;
    return n;
}

static void print_cell(struct cli *cli, const struct cli_table *t, size_t row, size_t i, bool last)
{
    const char *cell = t->cells[row * t->n_columns + i];
    size_t pad = t->width[i] - width_of(cell);
    enum cli_colour colour = row == 0 ? CLI_DIM : colour_of(cell);
    bool coloured = cli->colour_out && colour != CLI_PLAIN;

    if (i > 0)
        fputs("  ", stdout);
    if (t->right[i])
        printf("%*s", (int)pad, "");
    printf("%s%s%s", cli_colour_on(coloured, colour), cell, cli_colour_off(coloured));
    if (!t->right[i] && !last)
        printf("%*s", (int)pad, "");
}

void cli_table_print(struct cli *cli, struct cli_table *t)
{
    size_t row;
    size_t i;

    for (row = 0; row < t->n_rows; row++) {
        size_t n = cells_of(t, row);

        for (i = 0; i < n; i++)
            print_cell(cli, t, row, i, i + 1 == n);
        putchar('\n');
    }
    for (i = 0; i < t->n_rows * t->n_columns; i++)
        xfree(t->cells[i]);
    xfree(t->cells);
    xfree(t);
}
