/* SPDX-License-Identifier: MIT */
/*
 * cmd_search.c -- lode search: find documents. search_print.c shows the answer.
 */
#include "cmd_search.h"
#include "cli.h"

#include <lode/v1/search_service.client.h>
#include <string.h>

enum { SHOWN_WORDS = 30 };

static Lode__V1__StringList *list_of(struct arena *arena, const char *value)
{
    Lode__V1__StringList *list = arena_zalloc(arena, sizeof(*list));

    lode__v1__string_list__init(list);
    list->values = cli_split(arena, value, &list->n_values);
    return list;
}

static bool read_strategy(const char *word, Lode__V1__MatchingStrategy *ret)
{
    if (strcmp(word, "last") == 0)
        *ret = LODE__V1__MATCHING_STRATEGY__MATCHING_STRATEGY_LAST;
    else if (strcmp(word, "all") == 0)
        *ret = LODE__V1__MATCHING_STRATEGY__MATCHING_STRATEGY_ALL;
    else if (strcmp(word, "frequency") == 0)
        *ret = LODE__V1__MATCHING_STRATEGY__MATCHING_STRATEGY_FREQUENCY;
    else
        return false;
    return true;
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
        r->sort = cli_split(arena, sort, &r->n_sort);
    if (facets)
        r->facets = cli_split(arena, facets, &r->n_facets);
    if (filter) {
        r->filter_given_case = LODE__V1__SEARCH_REQUEST__FILTER_GIVEN_FILTER;
        r->filter.data = (uint8_t *)cli_text(filter);
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
    r->highlight_pre_tag = cli_text(on);
    r->post_tag_given_case = LODE__V1__SEARCH_REQUEST__POST_TAG_GIVEN_HIGHLIGHT_POST_TAG;
    r->highlight_post_tag = cli_text(off);
    if (cli_args_has(args, "full"))
        return;
    r->attributes_to_crop = list_of(arena, "*");
    r->crop_length_given_case = LODE__V1__SEARCH_REQUEST__CROP_LENGTH_GIVEN_CROP_LENGTH;
    r->crop_length = SHOWN_WORDS;
}

static int read_request(struct arena *arena, struct cli *cli, const struct cli_args *args,
                        Lode__V1__SearchRequest *r)
{
    const char *strategy = cli_args_get(args, "matching");
    const char *distinct = cli_args_get(args, "distinct");
    uint32_t limit = 10, offset = 0;
    int code = cli_window(cli, args, &offset, &limit);

    if (code == CLI_OK && strategy && !read_strategy(strategy, &r->matching_strategy))
        code = cli_say_error(cli, CLI_USAGE, "\"--matching %s\" is none of last, all, frequency",
                             strategy);
    if (code != CLI_OK)
        return code;
    r->index_uid = cli_text(args->words[0]);
    if (args->n_words > 1) {
        r->query_case = LODE__V1__SEARCH_REQUEST__QUERY_Q;
        r->q = cli_text(args->words[1]);
    }
    r->limit_given_case = LODE__V1__SEARCH_REQUEST__LIMIT_GIVEN_LIMIT;
    r->limit = limit;
    r->offset_given_case = LODE__V1__SEARCH_REQUEST__OFFSET_GIVEN_OFFSET;
    r->offset = offset;
    if (distinct) {
        r->distinct_given_case = LODE__V1__SEARCH_REQUEST__DISTINCT_GIVEN_DISTINCT;
        r->distinct = cli_text(distinct);
    }
    r->show_ranking_score = cli_args_has(args, "score");
    read_lists(arena, args, r);
    if (!cli->json)
        ask_for_marks(arena, args, r);
    return CLI_OK;
}

static int run_search(struct cli *cli, const struct cli_args *args)
{
    Lode__V1__SearchRequest request;
    const struct lode_call_opts opts = cli_call(cli);
    struct arena *arena = arena_new(BUF_NO_LIMIT);
    Lode__V1__SearchResponse *answer = NULL;
    int code;

    lode__v1__search_request__init(&request);
    code = read_request(arena, cli, args, &request);
    if (code == CLI_OK)
        code = cli_connect(cli);
    if (code == CLI_OK &&
        lode_v1_search_find(cli->client, &request, &opts, &answer, &cli->error) != LODE_OK)
        code = cli_failed(cli);
    if (code == CLI_OK)
        code = search_print(cli, args, answer);
    lode_message_free(answer);
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
