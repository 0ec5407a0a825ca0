/* SPDX-License-Identifier: MIT */
/*
 * cmd_search.c -- lode search: find documents and show where they match.
 *
 * The server is asked to mark matches with two control characters, which become a
 * terminal's bold and underline, or nothing. All other control characters of an
 * answer are shown as "?", so a document that has these two can at most print bold.
 */
#include "cli.h"

#include "base/mem.h"
#include "json/json.h"

#include <lode/v1/search.meta.h>
#include <lode/v1/search_service.client.h>
#include <stdio.h>

enum { SHOWN_WORDS = 30, NAME_WIDTH_MAX = 24, NUMBER_WIDTH = 8, LIST_LEAST = 20 };

struct screen {
    const struct cli *cli;
    struct cli_marks marks;
    size_t width; /* 0: lines are as long as they are */
    bool full;
    struct buf value;
};

/* ---- the request ------------------------------------------------------------------------ */

static char *text(const char *s)
{
    return (
        char *)(uintptr_t)s; /* protobuf-c's fields have no const; nothing writes through them */
}

/* "a,b" to a list in the arena; commas within brackets belong to their element. */
static char **split(struct arena *arena, const char *list, size_t *ret_n)
{
    char *copy = arena_strdup(arena, list), *p, *start = copy;
    char **v = arena_alloc(arena, (strlen(list) + 1) * sizeof(*v));
    size_t n = 0;
    int depth = 0;

    for (p = copy; *p; p++) {
        depth += *p == '(' ? 1 : *p == ')' ? -1 : 0;
        if (*p != ',' || depth > 0)
            continue;
        *p = '\0';
        v[n++] = start;
        start = p + 1;
    }
    v[n++] = start;
    *ret_n = n;
    return v;
}

static Lode__V1__StringList *list_of(struct arena *arena, const char *value)
{
    Lode__V1__StringList *list = arena_zalloc(arena, sizeof(*list));

    lode__v1__string_list__init(list);
    list->values = split(arena, value, &list->n_values);
    return list;
}

static bool read_strategy(const char *word, Lode__V1__MatchingStrategy *ret, struct buf *why)
{
    if (strcmp(word, "last") == 0)
        *ret = LODE__V1__MATCHING_STRATEGY__MATCHING_STRATEGY_LAST;
    else if (strcmp(word, "all") == 0)
        *ret = LODE__V1__MATCHING_STRATEGY__MATCHING_STRATEGY_ALL;
    else if (strcmp(word, "frequency") == 0)
        *ret = LODE__V1__MATCHING_STRATEGY__MATCHING_STRATEGY_FREQUENCY;
    else
        buf_printf(why, "\"--matching %s\" is none of last, all, frequency", word);
    return why->n == 0;
}

static void read_lists(struct arena *arena, const struct cli_args *args, Lode__V1__SearchRequest *r)
{
    const char *fields = cli_args_get(args, "fields");
    const char *on = cli_args_get(args, "on");
    const char *sort = cli_args_get(args, "sort");
    const char *facets = cli_args_get(args, "facets");
    const char *filter = cli_args_get(args, "filter");

    if (fields)
        r->attributes_to_retrieve = list_of(arena, fields);
    if (on)
        r->attributes_to_search_on = list_of(arena, on);
    if (sort)
        r->sort = split(arena, sort, &r->n_sort);
    if (facets)
        r->facets = split(arena, facets, &r->n_facets);
    if (filter) {
        r->filter_given_case = LODE__V1__SEARCH_REQUEST__FILTER_GIVEN_FILTER;
        r->filter.data = (uint8_t *)text(filter);
        r->filter.len = strlen(filter);
    }
}

/* What only the shown form of an answer needs. */
static void ask_for_marks(struct arena *arena, const struct cli_args *args,
                          Lode__V1__SearchRequest *r)
{
    static const char on[] = {CLI_MARK_ON, 0}, off[] = {CLI_MARK_OFF, 0};

    r->attributes_to_highlight = list_of(arena, "*");
    r->pre_tag_given_case = LODE__V1__SEARCH_REQUEST__PRE_TAG_GIVEN_HIGHLIGHT_PRE_TAG;
    r->highlight_pre_tag = text(on);
    r->post_tag_given_case = LODE__V1__SEARCH_REQUEST__POST_TAG_GIVEN_HIGHLIGHT_POST_TAG;
    r->highlight_post_tag = text(off);
    if (cli_args_has(args, "full"))
        return;
    r->attributes_to_crop = list_of(arena, "*");
    r->crop_length_given_case = LODE__V1__SEARCH_REQUEST__CROP_LENGTH_GIVEN_CROP_LENGTH;
    r->crop_length = SHOWN_WORDS;
}

static bool read_request(struct arena *arena, const struct cli *cli, const struct cli_args *args,
                         Lode__V1__SearchRequest *r, struct buf *why)
{
    const char *strategy = cli_args_get(args, "matching");
    const char *distinct = cli_args_get(args, "distinct");
    uint64_t limit = 10, offset = 0;

    if (!cli_args_number(args, "limit", 0, UINT32_MAX, &limit, why) ||
        !cli_args_number(args, "offset", 0, UINT32_MAX, &offset, why) ||
        (strategy && !read_strategy(strategy, &r->matching_strategy, why)))
        return false;
    r->index_uid = text(args->words[0]);
    if (args->n_words > 1) {
        r->query_case = LODE__V1__SEARCH_REQUEST__QUERY_Q;
        r->q = text(args->words[1]);
    }
    r->limit_given_case = LODE__V1__SEARCH_REQUEST__LIMIT_GIVEN_LIMIT;
    r->limit = limit;
    r->offset_given_case = LODE__V1__SEARCH_REQUEST__OFFSET_GIVEN_OFFSET;
    r->offset = offset;
    if (distinct) {
        r->distinct_given_case = LODE__V1__SEARCH_REQUEST__DISTINCT_GIVEN_DISTINCT;
        r->distinct = text(distinct);
    }
    r->show_ranking_score = cli_args_has(args, "score");
    read_lists(arena, args, r);
    if (!cli->json)
        ask_for_marks(arena, args, r);
    return true;
}

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

static int print_answer(struct cli *cli, const struct cli_args *args,
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

static int run_search(struct cli *cli, const struct cli_args *args)
{
    Lode__V1__SearchRequest request;
    const struct lode_call_opts opts = cli_call(cli);
    struct arena *arena = arena_new(BUF_NO_LIMIT);
    Lode__V1__SearchResponse *answer = NULL;
    struct buf why;
    int code = CLI_OK;

    buf_init(&why, 1024);
    lode__v1__search_request__init(&request);
    if (!read_request(arena, cli, args, &request, &why))
        code = cli_say_error(cli, CLI_USAGE, "%s", buf_cstr(&why));
    if (code == CLI_OK)
        code = cli_connect(cli);
    if (code == CLI_OK &&
        lode_v1_search_find(cli->client, &request, &opts, &answer, &cli->error) != LODE_OK)
        code = cli_failed(cli);
    if (code == CLI_OK)
        code = print_answer(cli, args, answer);
    lode_message_free(answer);
    buf_done(&why);
    arena_free(arena);
    return code;
}

static const struct cli_option options[] = {
    {"filter", 'f', "TEXT", "only documents for which it holds: 'year > 1990 AND genre = drama'"},
    {"sort", 0, "LIST", "order: price:asc,title:desc or '_geoPoint(48.8,2.3):asc'"},
    {"facets", 0, "LIST", "count the values of these attributes among all hits; * for all"},
    {"limit", 'n', "N", "at most so many hits (10)"},
    {"offset", 0, "N", "leave out the first hits (0)"},
    {"fields", 0, "LIST", "members to show; else all that are displayed"},
    {"on", 0, "LIST", "search these attributes only"},
    {"matching", 0, "HOW", "last: words at the end may be missing; all; frequency"},
    {"distinct", 0, "NAME", "one hit for each value of this attribute"},
    {"score", 0, NULL, "show each hit's ranking score"},
    {"full", 0, NULL, "show long texts and lists whole, not what is around the matches"},
    {"color", 0, NULL, "mark matches even when the output is no terminal"},
    {0},
};

const struct cli_command cmd_search[] = {
    {
        .name = "search",
        .words = "INDEX [QUERY]",
        .min_words = 1,
        .max_words = 2,
        .summary = "find documents",
        .more = "A QUERY is one word on the command line, so quote it. \"...\" inside of it is a\n"
                "phrase, -word leaves out documents that have the word. Without a QUERY all\n"
                "documents are hits. What --filter, --facets and --distinct name must be in the\n"
                "setting filterableAttributes, what --sort names in sortableAttributes.\n\n"
                "Examples:\n"
                "  lode search movies 'dark knigt'\n"
                "  lode search movies '\"dark knight\" -rises' --fields title,year --score\n"
                "  lode search movies --filter 'year > 1990' --sort year:desc --facets genre\n"
                "  lode search movies knight --json | jq .hits[0]\n",
        .options = options,
        .run = run_search,
    },
    {0},
};
