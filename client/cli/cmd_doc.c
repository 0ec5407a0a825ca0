/* SPDX-License-Identifier: MIT */
/* cmd_doc.c -- lode doc: documents, one or many. Adding them is in doc_add.c. */
#include "cmd_doc.h"

#include "base/mem.h"

#include <lode/v1/documents.meta.h>
#include <lode/v1/documents_service.client.h>
#include <stdio.h>

static int run_get(struct cli *cli, const struct cli_args *args)
{
    Lode__V1__GetDocumentRequest request = LODE__V1__GET_DOCUMENT_REQUEST__INIT;
    const struct lode_call_opts opts = cli_call(cli);
    const char *fields = cli_args_get(args, "fields");
    struct arena *arena = arena_new(1 << 20);
    Lode__V1__GetDocumentResponse *answer = NULL;
    int code = cli_connect(cli);

    request.index_uid = cli_text(args->words[0]);
    request.document_id = cli_text(args->words[1]);
    if (fields)
        request.fields = cli_split(arena, fields, &request.n_fields);
    if (code == CLI_OK &&
        lode_v1_documents_get(cli->client, &request, &opts, &answer, &cli->error) != LODE_OK)
        code = cli_failed(cli);
    arena_free(arena);
    if (code != CLI_OK)
        return code;
    code = cli_print_json(cli, bytes_of(answer->document.data, answer->document.len));
    lode_message_free(answer);
    return code;
}

static int run_list(struct cli *cli, const struct cli_args *args)
{
    Lode__V1__ListDocumentsRequest request = LODE__V1__LIST_DOCUMENTS_REQUEST__INIT;
    const struct lode_call_opts opts = cli_call(cli);
    const char *fields = cli_args_get(args, "fields");
    struct arena *arena = arena_new(1 << 20);
    Lode__V1__ListDocumentsResponse *answer = NULL;
    uint32_t offset = 0;
    uint32_t limit = 20;
    size_t i;
    int code = cli_window(cli, args, &offset, &limit);

    request.index_uid = cli_text(args->words[0]);
    request.offset_given_case = LODE__V1__LIST_DOCUMENTS_REQUEST__OFFSET_GIVEN_OFFSET;
    request.offset = offset;
    request.limit_given_case = LODE__V1__LIST_DOCUMENTS_REQUEST__LIMIT_GIVEN_LIMIT;
    request.limit = limit;
    if (fields)
        request.fields = cli_split(arena, fields, &request.n_fields);
    if (code == CLI_OK)
        code = cli_connect(cli);
    if (code == CLI_OK &&
        lode_v1_documents_list(cli->client, &request, &opts, &answer, &cli->error) != LODE_OK)
        code = cli_failed(cli);
    arena_free(arena);
    if (code != CLI_OK)
        return code;
    for (i = 0; i < answer->n_results; i++) { /* NDJSON: what doc add reads */
        fwrite(answer->results[i].data, 1, answer->results[i].len, stdout);
        putchar('\n');
    }
    if (offset + answer->n_results < answer->total)
        cli_note(cli, "%zu of %u documents; --offset and --limit show more", answer->n_results,
                 answer->total);
    lode_message_free(answer);
    return CLI_OK;
}

static int run_delete(struct cli *cli, const struct cli_args *args)
{
    Lode__V1__DeleteAllDocumentsRequest all = LODE__V1__DELETE_ALL_DOCUMENTS_REQUEST__INIT;
    Lode__V1__DeleteDocumentsRequest some = LODE__V1__DELETE_DOCUMENTS_REQUEST__INIT;
    const struct lode_call_opts opts = cli_call(cli);
    bool everything = cli_args_has(args, "all");
    Lode__V1__TaskSummary *answer = NULL;
    enum lode_status status;
    size_t i;
    int code;

    if (everything != (args->n_words == 1))
        return cli_say_error(cli, CLI_USAGE, "%s",
                             everything ? "--all stands alone: no ids with it"
                                        : "which documents? give ids, or --all");
    code = cli_connect(cli);
    if (code != CLI_OK)
        return code;
    all.index_uid = some.index_uid = cli_text(args->words[0]);
    if (everything) {
        status = lode_v1_documents_delete_all(cli->client, &all, &opts, &answer, &cli->error);
    } else {
        some.n_ids = args->n_words - 1;
        some.ids = xcalloc(some.n_ids, sizeof(char *));
        for (i = 0; i < some.n_ids; i++)
            some.ids[i] = cli_text(args->words[i + 1]);
        status = lode_v1_documents_delete_batch(cli->client, &some, &opts, &answer, &cli->error);
        xfree(some.ids);
    }
    return status == LODE_OK ? cli_task_finish(cli, args, answer) : cli_failed(cli);
}

static const struct cli_option add_options[] = {
    {"format", 'f', "FORMAT", "json, ndjson or csv; else the file's name tells"},
    {"primary-key", 0, "NAME",
     "the member that holds a document's id; else the first documents tell"},
    {"update", 0, NULL, "lay members over stored documents instead of replacing them"},
    {"csv-delimiter", 0, "CHAR", "what stands between cells (,)"},
    {"batch", 0, "BYTES", "cut NDJSON into tasks of about this size (64MiB)"},
    CLI_WAIT_OPTIONS,
    {0},
};
static const struct cli_option get_options[] = {
    {"fields", 0, "A,B", "these members only"},
    {0},
};
static const struct cli_option list_options[] = {
    {"offset", 0, "N", "leave out the first N"},
    {"limit", 0, "N", "show at most N (20)"},
    {"fields", 0, "A,B", "these members only"},
    {0},
};
static const struct cli_option delete_options[] = {
    {"all", 0, NULL, "every document; settings stay"},
    CLI_WAIT_OPTIONS,
    {0},
};

const struct cli_command cmd_doc[] = {
    {"doc add", "INDEX [FILE|-]", 1, 2, "add documents from a file or standard input",
     "A document with the id of a stored one takes its place. Documents are sent as the\n"
     "file is read; files of any size need little memory. Ends with 1 when a task failed.\n\n"
     "Examples:\n"
     "  lode doc add movies movies.json\n"
     "  lode doc add movies prices.csv --update --csv-delimiter ';'\n"
     "  zstdcat movies.ndjson.zst | lode doc add movies - --format ndjson\n",
     add_options, cli_doc_add},
    {"doc get", "INDEX ID", 2, 2, "one document",
     "Examples:\n  lode doc get movies 25\n  lode doc get movies 25 --fields title,year\n",
     get_options, run_get},
    {"doc list", "INDEX", 1, 1, "documents, one a line",
     "The lines are NDJSON, as doc add reads them.\n\n"
     "Examples:\n  lode doc list movies --limit 100 --fields id,title\n",
     list_options, run_list},
    {"doc delete", "INDEX [ID...]", 1, UINT32_MAX, "delete documents by id, or all",
     "Examples:\n  lode doc delete movies 25 26\n  lode doc delete movies --all\n", delete_options,
     run_delete},
    {0},
};
