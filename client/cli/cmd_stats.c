/* SPDX-License-Identifier: MIT */
/* cmd_stats.c -- lode stats: how much is in the server, or in one index. */
#include "cli.h"

#include <lode/v1/system.meta.h>
#include <lode/v1/system_service.client.h>
#include <stdio.h>

static uint64_t size_of(const Lode__V1__Size *size)
{
    return size && size->kind_case == LODE__V1__SIZE__KIND_BYTES ? size->bytes : 0;
}

static void index_row(struct cli_table *table, const char *uid, const Lode__V1__IndexStats *stats)
{
    char documents[CLI_TEXT];
    char raw[CLI_TEXT];
    char whole[CLI_TEXT];
    char average[CLI_TEXT];
    const char *cells[] = {uid,
                           cli_number(documents, stats->number_of_documents),
                           cli_bytes(raw, size_of(stats->raw_document_db_size)),
                           cli_bytes(whole, size_of(stats->index_size)),
                           cli_bytes(average, size_of(stats->avg_document_size)),
                           stats->is_indexing ? "indexing" : ""};

    cli_table_row(table, cells);
}

static int print_index(struct cli *cli, const char *uid, const Lode__V1__IndexStats *stats)
{
    struct cli_table *table = cli_table_new("INDEX|>DOCUMENTS|>STORED|>IN ALL|>AVERAGE|STATE");
    size_t i;

    index_row(table, uid, stats);
    cli_table_print(cli, table);
    if (stats->n_field_distribution == 0)
        return CLI_OK;
    putchar('\n');
    table = cli_table_new("FIELD|>DOCUMENTS");
    for (i = 0; i < stats->n_field_distribution; i++) {
        char n[CLI_TEXT];
        const char *cells[] = {stats->field_distribution[i]->key,
                               cli_number(n, stats->field_distribution[i]->value)};

        cli_table_row(table, cells);
    }
    cli_table_print(cli, table);
    return CLI_OK;
}

static int print_all(struct cli *cli, const Lode__V1__StatsResponse *stats)
{
    char size[CLI_TEXT];
    char when[CLI_TEXT + 8];
    struct cli_table *table;
    size_t i;

    printf("database     %s\n", cli_bytes(size, size_of(stats->database_size)));
    printf("last update  %s\n", stats->last_update ? cli_time(when, stats->last_update) : "never");
    if (stats->n_indexes == 0)
        return CLI_OK;
    putchar('\n');
    table = cli_table_new("INDEX|>DOCUMENTS|>STORED|>IN ALL|>AVERAGE|STATE");
    for (i = 0; i < stats->n_indexes; i++)
        if (stats->indexes[i]->value)
            index_row(table, stats->indexes[i]->key, stats->indexes[i]->value);
    cli_table_print(cli, table);
    return CLI_OK;
}

static int index_stats(struct cli *cli, const char *uid)
{
    Lode__V1__IndexStatsRequest request = LODE__V1__INDEX_STATS_REQUEST__INIT;
    const struct lode_call_opts opts = cli_call(cli);
    Lode__V1__IndexStats *answer = NULL;
    int code;

    request.index_uid = (char *)(uintptr_t)uid; /* protobuf-c has no const */
    if (lode_v1_system_index_stats(cli->client, &request, &opts, &answer, &cli->error) != LODE_OK)
        return cli_failed(cli);
    code = cli->json ? cli_print_message(cli, &answer->base, &lode__v1__index_stats__meta)
                     : print_index(cli, uid, answer);
    lode_message_free(answer);
    return code;
}

static int run_stats(struct cli *cli, const struct cli_args *args)
{
    Lode__V1__StatsRequest request = LODE__V1__STATS_REQUEST__INIT;
    const struct lode_call_opts opts = cli_call(cli);
    Lode__V1__StatsResponse *answer = NULL;
    int code;

    code = cli_connect(cli);
    if (code != CLI_OK)
        return code;
    if (args->n_words == 1)
        return index_stats(cli, args->words[0]);
    if (lode_v1_system_stats(cli->client, &request, &opts, &answer, &cli->error) != LODE_OK)
        return cli_failed(cli);
    code = cli->json ? cli_print_message(cli, &answer->base, &lode__v1__stats_response__meta)
                     : print_all(cli, answer);
    lode_message_free(answer);
    return code;
}

const struct cli_command cmd_stats[] = {
    {
        .name = "stats",
        .words = "[INDEX]",
        .max_words = 1,
        .summary = "how much the server or one index holds",
        .more = "Examples:\n"
                "  lode stats\n"
                "  lode stats movies --json\n",
        .run = run_stats,
    },
    {0},
};
