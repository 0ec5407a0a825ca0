/* SPDX-License-Identifier: MIT */
/* cmd_settings.c -- lode settings: how an index searches. */
#include "cli.h"

#include "base/mem.h"
#include "pb/pb.h"
#include "json/json.h"

#include <ctype.h>
#include <lode/v1/settings.meta.h>
#include <lode/v1/settings_service.client.h>
#include <stdio.h>

enum { NAME_MAX_BYTES = 64 };

/* "stop-words" and "stop_words" are stopWords too. */
static void camel(char dst[NAME_MAX_BYTES], const char *name)
{
    size_t n = 0;

    for (; *name && n + 1 < NAME_MAX_BYTES; name++) {
        if ((*name == '-' || *name == '_') && name[1]) {
            name++;
            dst[n++] = (char)toupper((unsigned char)*name);
        } else {
            dst[n++] = *name;
        }
    }
    dst[n] = '\0';
}

/* The setting's name as the server knows it, or CLI_USAGE with the nearest one named. */
static int setting_name(struct cli *cli, const char *given, char dst[NAME_MAX_BYTES])
{
    const struct pb_message_meta *meta = &lode__v1__settings__meta;
    const char *names[64];
    const char *near;
    size_t n = 0;
    unsigned i;

    camel(dst, given);
    for (i = 0; i < meta->desc->n_fields && n < ARRAY_LEN(names); i++) {
        if (meta->fields[i].flags & PB_FIELD_HIDDEN)
            continue;
        if (strcmp(meta->fields[i].json_name, dst) == 0)
            return CLI_OK;
        names[n++] = meta->fields[i].json_name;
    }
    near = pb_did_you_mean(bytes_str(dst), names, n);
    cli_say_error(cli, CLI_USAGE, "there is no setting \"%s\"%s%s%s", given,
                  near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    cli_hint("lode settings get INDEX shows all of them");
    return CLI_USAGE;
}

/* Connects, for one setting of INDEX [NAME] or all of them. */
static int connect_for(struct cli *cli, const struct cli_args *args, char name[NAME_MAX_BYTES])
{
    int code = args->n_words == 2 ? setting_name(cli, args->words[1], name) : CLI_OK;

    return code == CLI_OK ? cli_connect(cli) : code;
}

static int get_one(struct cli *cli, const char *index, const char *name)
{
    Lode__V1__GetSettingRequest request = LODE__V1__GET_SETTING_REQUEST__INIT;
    const struct lode_call_opts opts = cli_call(cli);
    Lode__V1__GetSettingResponse *answer = NULL;

    request.index_uid = cli_text(index);
    request.name = cli_text(name);
    if (lode_v1_settings_service_get_one(cli->client, &request, &opts, &answer, &cli->error) !=
        LODE_OK)
        return cli_failed(cli);
    cli_print_json(cli, bytes_of(answer->value.data, answer->value.len));
    lode_message_free(answer);
    return CLI_OK;
}

static int run_get(struct cli *cli, const struct cli_args *args)
{
    Lode__V1__GetSettingsRequest request = LODE__V1__GET_SETTINGS_REQUEST__INIT;
    const struct lode_call_opts opts = cli_call(cli);
    Lode__V1__Settings *answer = NULL;
    char name[NAME_MAX_BYTES];
    struct err err;
    struct buf json;
    int code = connect_for(cli, args, name);

    if (code != CLI_OK)
        return code;
    if (args->n_words == 2)
        return get_one(cli, args->words[0], name);
    request.index_uid = cli_text(args->words[0]);
    if (lode_v1_settings_service_get(cli->client, &request, &opts, &answer, &cli->error) != LODE_OK)
        return cli_failed(cli);
    buf_init(&json, BUF_NO_LIMIT);
    if (pb_to_json(&answer->base, &lode__v1__settings__meta, &json, &err) == RC_OK)
        code = cli_print_json(cli, buf_view(&json));
    else
        code = cli_say_error(cli, CLI_DAMAGED, "the settings cannot be shown as JSON: %s", err.msg);
    buf_done(&json);
    lode_message_free(answer);
    return code;
}

static int set_one(struct cli *cli, const struct cli_args *args, struct bytes json)
{
    Lode__V1__UpdateSettingRequest request = LODE__V1__UPDATE_SETTING_REQUEST__INIT;
    const struct lode_call_opts opts = cli_call(cli);
    Lode__V1__TaskSummary *answer = NULL;
    char name[NAME_MAX_BYTES];
    int code = setting_name(cli, args->words[1], name);

    if (code == CLI_OK)
        code = cli_connect(cli);
    if (code != CLI_OK)
        return code;
    request.index_uid = cli_text(args->words[0]);
    request.name = name;
    request.value = (ProtobufCBinaryData){json.n, (uint8_t *)(uintptr_t)json.p};
    if (lode_v1_settings_service_update_one(cli->client, &request, &opts, &answer, &cli->error) !=
        LODE_OK)
        return cli_failed(cli);
    return cli_task_finish(cli, args, answer);
}

static int set_all(struct cli *cli, const struct cli_args *args, struct json_value root)
{
    Lode__V1__UpdateSettingsRequest request = LODE__V1__UPDATE_SETTINGS_REQUEST__INIT;
    Lode__V1__Settings settings = LODE__V1__SETTINGS__INIT;
    const struct pb_json_opts json_opts = {.at = ""};
    const struct lode_call_opts opts = cli_call(cli);
    struct arena *arena = arena_new(16 << 20);
    Lode__V1__TaskSummary *answer = NULL;
    struct err err;
    int code;

    if (pb_from_json(arena, &lode__v1__settings__meta, &root, &json_opts, &settings.base, &err) !=
        RC_OK) {
        arena_free(arena);
        return cli_say_error(cli, CLI_USAGE, "%s", err.msg);
    }
    code = cli_connect(cli);
    if (code == CLI_OK) {
        request.index_uid = cli_text(args->words[0]);
        request.settings = &settings;
        if (lode_v1_settings_service_update(cli->client, &request, &opts, &answer, &cli->error) !=
            LODE_OK)
            code = cli_failed(cli);
        else
            code = cli_task_finish(cli, args, answer);
    }
    arena_free(arena);
    return code;
}

static int run_set(struct cli *cli, const struct cli_args *args)
{
    struct json_parser *parser = json_parser_new();
    char text_of_error[JSON_ERROR_TEXT_MAX];
    struct json_error error;
    struct json_value root;
    struct buf json;
    int code;

    buf_init(&json, CLI_VALUE_MAX);
    code = cli_read_value(cli, args->words[args->n_words - 1], &json);
    if (code == CLI_OK && json_parse(parser, buf_view(&json), NULL, &root, &error) != RC_OK) {
        code = cli_say_error(cli, CLI_USAGE, "the value is not JSON: %s",
                             json_error_text(text_of_error, &error));
        cli_hint("a text needs its quotes too: '\"byWord\"'");
    }
    if (code == CLI_OK)
        code = args->n_words == 3 ? set_one(cli, args, buf_view(&json)) : set_all(cli, args, root);
    buf_done(&json);
    json_parser_free(parser);
    return code;
}

static int run_reset(struct cli *cli, const struct cli_args *args)
{
    Lode__V1__ResetSettingsRequest all = LODE__V1__RESET_SETTINGS_REQUEST__INIT;
    Lode__V1__ResetSettingRequest one = LODE__V1__RESET_SETTING_REQUEST__INIT;
    const struct lode_call_opts opts = cli_call(cli);
    Lode__V1__TaskSummary *answer = NULL;
    char name[NAME_MAX_BYTES];
    enum lode_status status;
    int code = connect_for(cli, args, name);

    if (code != CLI_OK)
        return code;
    all.index_uid = one.index_uid = cli_text(args->words[0]);
    one.name = name;
    if (args->n_words == 2)
        status = lode_v1_settings_service_reset_one(cli->client, &one, &opts, &answer, &cli->error);
    else
        status = lode_v1_settings_service_reset(cli->client, &all, &opts, &answer, &cli->error);
    return status == LODE_OK ? cli_task_finish(cli, args, answer) : cli_failed(cli);
}

static const struct cli_option write_options[] = {CLI_WAIT_OPTIONS, {0}};

const struct cli_command cmd_settings[] = {
    {"settings get", "INDEX [NAME]", 1, 2, "an index's settings, or one of them",
     "Examples:\n"
     "  lode settings get movies\n"
     "  lode settings get movies stop-words\n",
     NULL, run_get},
    {"settings set", "INDEX [NAME] JSON|@FILE|-", 2, 3, "change settings",
     "Without NAME the value is an object of settings; those it does not name stay as they are,\n"
     "null sets one back to its default. \"-\" reads standard input.\n\n"
     "Examples:\n"
     "  lode settings set movies stop-words '[\"the\",\"a\"]'\n"
     "  lode settings set movies '{\"sortableAttributes\":[\"year\"],\"synonyms\":null}'\n"
     "  lode settings set movies @settings.json\n",
     write_options, run_set},
    {"settings reset", "INDEX [NAME]", 1, 2, "set all settings, or one, back to the default",
     "Examples:\n"
     "  lode settings reset movies\n"
     "  lode settings reset movies synonyms\n",
     write_options, run_reset},
    {0},
};
