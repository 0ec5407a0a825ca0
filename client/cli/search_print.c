/* SPDX-License-Identifier: MIT */
/*
 * search_print.c -- an answer to a search as a person reads it: hits, facets, a line.
 *
 * The server marks matches with two control characters, which become a terminal's bold
 * and underline, or nothing. All other control characters of an answer are shown as "?",
 * so a document that has these two can at most print bold.
 */
#include "cli.h"
#include "cmd_search.h"

#include "base/mem.h"
#include "json/json.h"

#include <lode/v1/search.meta.h>
#include <stdio.h>

enum { NAME_WIDTH_MAX = 24, NUMBER_WIDTH = 8, LIST_LEAST = 20 };

struct screen {
    const struct cli *cli;
    struct cli_marks marks;
    size_t width; /* 0: lines are as long as they are */
    bool full;
    struct buf value;
};

/* ---- one hit ------------------------------------------------------------------------------ */

/* Control characters but marks do not get to a terminal. */
static void add_text(struct buf *out, struct bytes t)
{
    size_t i;

    for (i = 0; i < t.n; i++) {
        bool control =
            (t.p[i] < 0x20 || t.p[i] == 0x7f) && t.p[i] != CLI_MARK_ON && t.p[i] != CLI_MARK_OFF;

        if (control)
            (void)buf_byte(out, t.p[i] == '\n' || t.p[i] == '\t' ? ' ' : '?');
        else
            (void)buf_byte(out, t.p[i]);
    }
}

static void add_value(struct buf *out, struct json_value v)
{
    bool object = json_type(v) == JSON_OBJECT;
    struct json_iter it;

    if (json_type(v) == JSON_STRING) {
        add_text(out, json_string(v));
        return;
    }
    if (!object && json_type(v) != JSON_ARRAY) {
        add_text(out, json_raw(v));
        return;
    }
    buf_str(out, object ? "{" : "");
    for (json_iter_init(&it, v); json_iter_next(&it);) {
        buf_str(out, it.index ? ", " : "");
        if (object) {
            add_text(out, it.key);
            buf_str(out, ": ");
        }
        add_value(out, it.value); /* the reader's depth limit bounds this */
    }
    buf_str(out, object ? "}" : "");
}

/* A list or an object on one line: what is too long for it ends with "...". */
static struct bytes cut_list(struct bytes text, size_t room)
{
    size_t i, n = 0;

    for (i = 0; i < text.n; i++) {
        bool mark = text.p[i] == CLI_MARK_ON || text.p[i] == CLI_MARK_OFF;

        if (!mark && (text.p[i] & 0xc0) != 0x80 && ++n > room)
            return bytes_of(text.p, i);
    }
    return text;
}

static void put_value(struct screen *s, struct json_value v, size_t indent)
{
    bool list = json_type(v) == JSON_ARRAY || json_type(v) == JSON_OBJECT;
    size_t room = s->width > indent + LIST_LEAST ? s->width - indent : LIST_LEAST;
    struct bytes text, part;

    buf_clear(&s->value);
    add_value(&s->value, v);
    part = text = buf_view(&s->value);
    if (list && !s->full && s->width > 0) {
        part = cut_list(text, room);
        if (part.n < text.n)
            part = cut_list(text, room - 3);
    }
    cli_put_wrapped(part, indent, s->width, &s->marks);
    fputs(part.n < text.n ? "...\n" : "\n", stdout);
}

static void put_name(struct screen *s, struct bytes name, size_t width)
{
    bool dim = s->cli->colour_out;

    buf_clear(&s->value);
    add_text(&s->value, name);
    fputs(cli_colour_on(dim, CLI_DIM), stdout);
    cli_put_wrapped(buf_view(&s->value), 0, 0, &s->marks);
    printf("%s%*s  ", cli_colour_off(dim), name.n < width ? (int)(width - name.n) : 0, "");
}

static bool is_added(struct bytes key)
{
    return bytes_eq(key, B("_formatted")) || bytes_eq(key, B("_rankingScore"));
}

static size_t name_width(struct json_value hit)
{
    struct json_iter it;
    size_t width = 0;

    for (json_iter_init(&it, hit); json_iter_next(&it);)
        if (!is_added(it.key) && it.key.n > width)
            width = it.key.n < NAME_WIDTH_MAX ? it.key.n : NAME_WIDTH_MAX;
    return width;
}

static void put_hit(struct screen *s, struct json_value hit, uint64_t number)
{
    bool dim = s->cli->colour_out;
    size_t width = name_width(hit), shown = 0;
    struct json_value formatted, score;
    struct json_iter it;

    for (json_iter_init(&it, hit); json_iter_next(&it);) {
        struct json_value value = it.value;

        if (is_added(it.key))
            continue;
        if (json_get(hit, B("_formatted"), &formatted))
            (void)json_get(formatted, it.key, &value);
        if (shown++)
            printf("%*s", NUMBER_WIDTH, "");
        else
            printf("%*llu  ", NUMBER_WIDTH - 2, (unsigned long long)number);
        put_name(s, it.key, width);
        put_value(s, value, NUMBER_WIDTH + (it.key.n > width ? it.key.n : width) + 2);
    }
    if (shown == 0)
        printf("%*llu  (no members asked for)\n", NUMBER_WIDTH - 2, (unsigned long long)number);
    if (json_get(hit, B("_rankingScore"), &score)) {
        struct bytes raw = json_raw(score);

        printf("%*s%sscore %.*s%s\n", NUMBER_WIDTH, "", cli_colour_on(dim, CLI_DIM), (int)raw.n,
               raw.p, cli_colour_off(dim));
    }
}

/* ---- the answer --------------------------------------------------------------------------- */

static int unreadable(struct cli *cli)
{
    return cli_say_error(cli, CLI_DAMAGED, "the answer holds what is no JSON");
}

static int put_hits(struct cli *cli, struct screen *s, const Lode__V1__SearchResponse *answer)
{
    struct json_parser *parser = json_parser_new();
    struct json_value hit;
    int code = CLI_OK;
    size_t i;

    for (i = 0; code == CLI_OK && i < answer->n_hits; i++) {
        if (json_parse(parser, bytes_of(answer->hits[i].data, answer->hits[i].len), NULL, &hit,
                       NULL) != RC_OK) {
            code = unreadable(cli);
            continue;
        }
        put_hit(s, hit, answer->offset + i + 1);
        putchar('\n');
    }
    json_parser_free(parser);
    return code;
}

static void facet_rows(struct cli_table *table, struct bytes facet, struct json_value values)
{
    struct json_iter it;

    for (json_iter_init(&it, values); json_iter_next(&it);) {
        char *name = xstrndup((const char *)facet.p, facet.n);
        char *value = xstrndup((const char *)it.key.p, it.key.n);
        char number[CLI_TEXT];
        uint64_t count = 0;
        const char *cells[] = {it.index ? "" : name, value, number};

        (void)json_as_u64(it.value, &count);
        (void)cli_number(number, count);
        cli_table_row(table, cells);
        xfree(value);
        xfree(name);
    }
}

static int put_facets(struct cli *cli, const Lode__V1__SearchResponse *answer)
{
    struct json_parser *parser;
    struct json_value root;
    struct cli_table *table;
    struct json_iter it;
    int code = CLI_OK;

    if (answer->distribution_case != LODE__V1__SEARCH_RESPONSE__DISTRIBUTION_FACET_DISTRIBUTION)
        return CLI_OK;
    parser = json_parser_new();
    if (json_parse(parser,
                   bytes_of(answer->facet_distribution.data, answer->facet_distribution.len), NULL,
                   &root, NULL) == RC_OK) {
        table = cli_table_new("FACET|VALUE|>HITS");
        for (json_iter_init(&it, root); json_iter_next(&it);)
            facet_rows(table, it.key, it.value);
        cli_table_print(cli, table);
        putchar('\n');
    } else {
        code = unreadable(cli);
    }
    json_parser_free(parser);
    return code;
}

static void put_summary(const struct cli *cli, const Lode__V1__SearchResponse *answer)
{
    char total[CLI_TEXT], count[2 * CLI_TEXT];

    if (cli->quiet)
        return;
    if (answer->estimated_total_hits == 0)
        printf("no hits, %llu ms\n", (unsigned long long)answer->processing_time_ms);
    else if (answer->n_hits == answer->estimated_total_hits)
        printf("%s, %llu ms\n", cli_count(count, answer->n_hits, "hit"),
               (unsigned long long)answer->processing_time_ms);
    else
        printf("%zu of about %s hits, %llu ms; --offset and --limit show more\n", answer->n_hits,
               cli_number(total, answer->estimated_total_hits),
               (unsigned long long)answer->processing_time_ms);
}

int search_print(struct cli *cli, const struct cli_args *args,
                 const Lode__V1__SearchResponse *answer)
{
    bool marks = cli->colour_out || cli_args_has(args, "color");
    struct screen screen = {.cli = cli,
                            .marks = {marks ? "\x1b[1;4m" : "", marks ? "\x1b[0m" : ""},
                            .width = cli_width(),
                            .full = cli_args_has(args, "full")};
    int code;

    if (cli->json)
        return cli_print_message(cli, &answer->base, &lode__v1__search_response__meta);
    buf_init(&screen.value, BUF_NO_LIMIT);
    code = put_hits(cli, &screen, answer);
    buf_done(&screen.value);
    if (code == CLI_OK)
        code = put_facets(cli, answer);
    if (code == CLI_OK)
        put_summary(cli, answer);
    return code;
}
