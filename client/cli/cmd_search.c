/* SPDX-License-Identifier: MIT */
/*
 * cmd_search.c -- lode search: find documents. search_print.c shows the answer.
 */
#include "cmd_search.h"
#include "cli.h"

#include <lode/v1/search_service.client.h>
#include <string.h>

enum { SHOWN_WORDS = 30 };

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
        code = search_print(cli, args, answer);
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
