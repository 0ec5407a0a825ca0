/* SPDX-License-Identifier: MIT */
/* cmd_index.c -- lode index: named collections of documents. */
#include "cli.h"

#include "base/mem.h"

#include <lode/v1/indexes.meta.h>
#include <lode/v1/indexes_service.client.h>
#include <stdio.h>

/* protobuf-c's fields have no const; nothing writes through them. */
static void index_row(struct cli_table *table, const Lode__V1__Index *index)
{
    bool has_key = index->key_case == LODE__V1__INDEX__KEY_PRIMARY_KEY;
    char created[CLI_TEXT + 8];
    char updated[CLI_TEXT + 8];
    const char *cells[] = {index->uid, has_key ? index->primary_key : "-",
                           cli_time(created, index->created_at),
                           cli_time(updated, index->updated_at)};

    cli_table_row(table, cells);
}

static int run_list(struct cli *cli, const struct cli_args *args)
{
    Lode__V1__ListIndexesRequest request = LODE__V1__LIST_INDEXES_REQUEST__INIT;
    const struct lode_call_opts opts = cli_call(cli);
    Lode__V1__ListIndexesResponse *answer = NULL;
    struct cli_table *table;
    uint32_t offset = 0;
    uint32_t limit = 1000;
    size_t i;
    int code = cli_window(cli, args, &offset, &limit);

    if (code == CLI_OK)
        code = cli_connect(cli);
    if (code != CLI_OK)
        return code;
    request.offset = offset;
    request.limit = limit;
    if (lode_v1_indexes_list(cli->client, &request, &opts, &answer, &cli->error) != LODE_OK)
        return cli_failed(cli);
    if (cli->json) {
        code = cli_print_message(cli, &answer->base, &lode__v1__list_indexes_response__meta);
    } else {
        table = cli_table_new("INDEX|PRIMARY KEY|CREATED|UPDATED");
        for (i = 0; i < answer->n_results; i++)
            index_row(table, answer->results[i]);
        cli_table_print(cli, table);
        if (answer->n_results + offset < answer->total)
            cli_note(cli, "%zu of %u indexes; --offset shows more", answer->n_results,
                     answer->total);
    }
    lode_message_free(answer);
    return code;
}

static int run_get(struct cli *cli, const struct cli_args *args)
{
    Lode__V1__GetIndexRequest request = LODE__V1__GET_INDEX_REQUEST__INIT;
    const struct lode_call_opts opts = cli_call(cli);
    Lode__V1__Index *answer = NULL;
    struct cli_table *table;
    int code = cli_connect(cli);

    if (code != CLI_OK)
        return code;
    request.index_uid = cli_text(args->words[0]);
    if (lode_v1_indexes_get(cli->client, &request, &opts, &answer, &cli->error) != LODE_OK)
        return cli_failed(cli);
    if (cli->json) {
        code = cli_print_message(cli, &answer->base, &lode__v1__index__meta);
    } else {
        table = cli_table_new("INDEX|PRIMARY KEY|CREATED|UPDATED");
        index_row(table, answer);
        cli_table_print(cli, table);
    }
    lode_message_free(answer);
    return code;
}

static int run_create(struct cli *cli, const struct cli_args *args)
{
    Lode__V1__CreateIndexRequest request = LODE__V1__CREATE_INDEX_REQUEST__INIT;
    const struct lode_call_opts opts = cli_call(cli);
    const char *key = cli_args_get(args, "primary-key");
    Lode__V1__TaskSummary *answer = NULL;
    int code = cli_connect(cli);

    if (code != CLI_OK)
        return code;
    request.uid = cli_text(args->words[0]);
    if (key) {
        request.key_case = LODE__V1__CREATE_INDEX_REQUEST__KEY_PRIMARY_KEY;
        request.primary_key = cli_text(key);
    }
    if (lode_v1_indexes_create(cli->client, &request, &opts, &answer, &cli->error) != LODE_OK)
        return cli_failed(cli);
    return cli_task_finish(cli, args, answer);
}

static int run_update(struct cli *cli, const struct cli_args *args)
{
    Lode__V1__UpdateIndexRequest request = LODE__V1__UPDATE_INDEX_REQUEST__INIT;
    const struct lode_call_opts opts = cli_call(cli);
    const char *key = cli_args_get(args, "primary-key");
    const char *uid = cli_args_get(args, "rename");
    Lode__V1__TaskSummary *answer = NULL;
    int code;

    if (!key && !uid)
        return cli_say_error(cli, CLI_USAGE, "nothing to update: give --primary-key or --rename");
    code = cli_connect(cli);
    if (code != CLI_OK)
        return code;
    request.index_uid = cli_text(args->words[0]);
    if (key) {
        request.key_case = LODE__V1__UPDATE_INDEX_REQUEST__KEY_PRIMARY_KEY;
        request.primary_key = cli_text(key);
    }
    if (uid) {
        request.new_name_case = LODE__V1__UPDATE_INDEX_REQUEST__NEW_NAME_UID;
        request.uid = cli_text(uid);
    }
    if (lode_v1_indexes_update(cli->client, &request, &opts, &answer, &cli->error) != LODE_OK)
        return cli_failed(cli);
    return cli_task_finish(cli, args, answer);
}

static int run_delete(struct cli *cli, const struct cli_args *args)
{
    Lode__V1__DeleteIndexRequest request = LODE__V1__DELETE_INDEX_REQUEST__INIT;
    const struct lode_call_opts opts = cli_call(cli);
    int worst = CLI_OK;
    size_t i;

    for (i = 0; i < args->n_words; i++) {
        Lode__V1__TaskSummary *answer = NULL;
        int code = cli_connect(cli);

        if (code != CLI_OK)
            return code;
        request.index_uid = cli_text(args->words[i]);
        if (lode_v1_indexes_delete(cli->client, &request, &opts, &answer, &cli->error) != LODE_OK)
            code = cli_failed(cli);
        else
            code = cli_task_finish(cli, args, answer);
        worst = code > worst ? code : worst;
    }
    return worst;
}

static int run_swap(struct cli *cli, const struct cli_args *args)
{
    Lode__V1__SwapIndexesRequest request = LODE__V1__SWAP_INDEXES_REQUEST__INIT;
    const struct lode_call_opts opts = cli_call(cli);
    size_t n = args->n_words / 2;
    Lode__V1__TaskSummary *answer = NULL;
    enum lode_status status = LODE_OK;
    Lode__V1__IndexSwap *swaps;
    Lode__V1__IndexSwap **list;
    char **names;
    size_t i;
    int code;

    if (args->n_words % 2)
        return cli_say_error(cli, CLI_USAGE, "indexes are swapped in pairs: A B [C D]...");
    code = cli_connect(cli);
    if (code != CLI_OK)
        return code;
    swaps = xcalloc(n, sizeof(*swaps));
    list = xcalloc(n, sizeof(*list));
    names = xcalloc(2 * n, sizeof(*names));
    for (i = 0; i < n; i++) {
        lode__v1__index_swap__init(&swaps[i]);
        names[2 * i] = cli_text(args->words[2 * i]);
        names[2 * i + 1] = cli_text(args->words[2 * i + 1]);
        swaps[i].indexes = names + 2 * i;
        swaps[i].n_indexes = 2;
        swaps[i].rename = cli_args_has(args, "rename");
        list[i] = &swaps[i];
    }
    request.swaps = list;
    request.n_swaps = n;
    status = lode_v1_indexes_swap(cli->client, &request, &opts, &answer, &cli->error);
    xfree(swaps);
    xfree(list);
    xfree(names);
    return status == LODE_OK ? cli_task_finish(cli, args, answer) : cli_failed(cli);
}

static const struct cli_option list_options[] = {
    {"offset", 0, "N", "leave out the first N"},
    {"limit", 0, "N", "show at most N (1000)"},
    {0},
};
static const struct cli_option create_options[] = {
    {"primary-key", 0, "NAME",
     "the member that holds a document's id; else the first documents tell"},
    CLI_WAIT_OPTIONS,
    {0},
};
static const struct cli_option update_options[] = {
    {"primary-key", 0, "NAME",
     "the member that holds a document's id; only while the index is empty"},
    {"rename", 0, "UID", "give the index another name"},
    CLI_WAIT_OPTIONS,
    {0},
};
static const struct cli_option delete_options[] = {CLI_WAIT_OPTIONS, {0}};
static const struct cli_option swap_options[] = {
    {"rename", 0, NULL, "rename A to B, which must not exist"},
    CLI_WAIT_OPTIONS,
    {0},
};

const struct cli_command cmd_index[] = {
    {"index list", "", 0, 0, "the indexes",
     "Examples:\n  lode index list\n  lode index list --json\n", list_options, run_list},
    {"index get", "INDEX", 1, 1, "one index", "Examples:\n  lode index get movies\n", NULL,
     run_get},
    {"index create", "INDEX", 1, 1, "make an index",
     "Adding documents makes an index too.\n\n"
     "Examples:\n"
     "  lode index create movies\n"
     "  lode index create movies --primary-key isbn\n",
     create_options, run_create},
    {"index update", "INDEX", 1, 1, "change an index's primary key or name",
     "Examples:\n"
     "  lode index update movies --primary-key id\n"
     "  lode index update movies --rename films\n",
     update_options, run_update},
    {"index delete", "INDEX...", 1, UINT32_MAX, "delete indexes with all their documents",
     "Examples:\n  lode index delete movies films\n", delete_options, run_delete},
    {"index swap", "A B [C D]...", 2, UINT32_MAX,
     "exchange the contents of pairs of indexes, all or none",
     "A new version of an index can be filled aside and put in place in one step.\n\n"
     "Examples:\n"
     "  lode index swap movies movies_new\n",
     swap_options, run_swap},
    {0},
};
