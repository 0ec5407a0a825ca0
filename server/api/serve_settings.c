/* SPDX-License-Identifier: MIT */
/*
 * serve_settings.c -- lode.v1.SettingsService: how an index searches.
 *
 * A change travels inwards as one JSON object of the members that change (null
 * resets), whatever route or door it came by; that object is also what the
 * task shows in its details.
 */
#include "api/api_int.h"

#include "base/mem.h"
#include "index/index.h"
#include "rpc/server.h"
#include "json/json.h"

#include <lode/v1/settings_service.rpc.h>
#include <stdio.h>

enum { SETTINGS_MAX = 64 << 20 }; /* bytes of one settings object */

/* ---- reading ------------------------------------------------------------------------- */

/* The stored settings of an index, copied into the arena. */
static enum rc read_settings(struct api_job *job, const char *uid, struct bytes *ret_json,
                             struct err *err)
{
    struct catalog_view *view = NULL;
    struct index_info info;
    enum rc rc;

    rc = catalog_view_open(job->api->opts.catalog, &view, err);
    if (rc == RC_OK)
        rc = catalog_view_find(view, bytes_str(uid), &info, err);
    arena_set_limit(job->arena, BUF_NO_LIMIT); /* bounded by what is stored */
    if (rc == RC_OK)
        *ret_json = arena_dup(job->arena, catalog_view_settings(view, info.id));
    catalog_view_close(view);
    return rc;
}

static enum rc work_get(struct api_job *job, struct err *err)
{
    const Lode__V1__GetSettingsRequest *request = (const void *)job->request;
    const struct json_limits limits = {.max_bytes = SETTINGS_MAX};
    struct pb_json_opts opts = {.error_word = "internal", .at = ""};
    struct json_parser *parser = NULL;
    struct json_error json_err;
    struct json_value root;
    Lode__V1__Settings *answer;
    struct bytes json;
    enum rc rc;

    rc = read_settings(job, request->index_uid, &json, err);
    if (rc != RC_OK)
        return rc;
    parser = json_parser_new();
    answer = API_NEW(job->arena, Lode__V1__Settings, lode__v1__settings);
    rc = json_parse(parser, json, &limits, &root, &json_err);
    if (rc != RC_OK)
        rc = err_set(err, RC_CORRUPT, NULL, "The stored settings of index `%s` cannot be read.",
                     request->index_uid);
    else
        rc = pb_from_json(job->arena, &lode__v1__settings__meta, &root, &opts, &answer->base, err);
    json_parser_free(parser);
    if (rc != RC_OK)
        return rc;
    answer->n_reset = 0; /* null members of an answer are values, not wishes */
    job->answer = &answer->base;
    return RC_OK;
}

static enum rc work_get_one(struct api_job *job, struct err *err)
{
    const Lode__V1__GetSettingRequest *request = (const void *)job->request;
    Lode__V1__GetSettingResponse *answer;
    struct bytes json, value;
    enum rc rc;

    rc = read_settings(job, request->index_uid, &json, err);
    if (rc == RC_OK)
        rc = settings_member(json, request->name, &value, err);
    if (rc != RC_OK)
        return rc;
    answer = API_NEW(job->arena, Lode__V1__GetSettingResponse, lode__v1__get_setting_response);
    answer->value.data = (uint8_t *)(uintptr_t)value.p; /* inside json, the arena's */
    answer->value.len = value.n;
    job->answer = &answer->base;
    return RC_OK;
}

static void get(struct rpc_call *call, const Lode__V1__GetSettingsRequest *request, void *arg)
{
    if (api_uid_ok(call, request->index_uid, ""))
        api_defer(arg, call, &request->base, work_get);
}

/* The proto field of a setting by its JSON name, or the call has failed. */
static const struct pb_field_meta *find_setting(struct rpc_call *call, const char *name,
                                                const char **ret_field)
{
    const struct pb_message_meta *meta = &lode__v1__settings__meta;
    unsigned i;

    for (i = 0; i < meta->desc->n_fields; i++) {
        if (meta->fields[i].flags & PB_FIELD_HIDDEN || strcmp(meta->fields[i].json_name, name) != 0)
            continue;
        *ret_field = meta->desc->fields[i].name;
        return &meta->fields[i];
    }
    api_refuse(call, "bad_request", "There is no setting `%s`.", name);
    return NULL;
}

static void get_one(struct rpc_call *call, const Lode__V1__GetSettingRequest *request, void *arg)
{
    const char *field;

    if (api_uid_ok(call, request->index_uid, "") && find_setting(call, request->name, &field))
        api_defer(arg, call, &request->base, work_get_one);
}

/* ---- changing ------------------------------------------------------------------------ */

static void submit_patch(struct api *api, struct rpc_call *call, const char *index_uid,
                         struct bytes patch)
{
    task_record task = LODE__DUMP__V1__TASK__INIT;
    struct bytes copy;

    arena_set_limit(rpc_call_arena(call), API_ANSWER_MAX);
    copy = arena_dup(rpc_call_arena(call), patch);
    task.type = TASK_SETTINGS_UPDATE;
    task.index_uid = (char *)(uintptr_t)index_uid; /* protobuf-c's strings are not const */
    task.settings_change.data = (uint8_t *)(uintptr_t)copy.p;
    task.settings_change.len = copy.n;
    api_submit(api, call, &task, NULL);
}

/*
 * Details show a reset of these two as what they become; all other members
 * that are set back show null.
 */
static void spell_out_resets(Lode__V1__Settings *change, struct arena *arena)
{
    size_t i, kept = 0;

    for (i = 0; i < change->n_reset; i++) {
        Lode__V1__StringList **list = NULL;

        if (strcmp(change->reset[i], "displayedAttributes") == 0)
            list = &change->displayed_attributes;
        else if (strcmp(change->reset[i], "searchableAttributes") == 0)
            list = &change->searchable_attributes;
        if (!list) {
            change->reset[kept++] = change->reset[i];
            continue;
        }
        *list = API_NEW(arena, Lode__V1__StringList, lode__v1__string_list);
        (*list)->n_values = 1;
        (*list)->values = api_alloc(arena, sizeof(char *));
        (*list)->values[0] = arena_strdup(arena, "*");
    }
    change->n_reset = kept;
}

static void submit_change(struct api *api, struct rpc_call *call, const char *index_uid,
                          Lode__V1__Settings *change, bool sub_route)
{
    struct buf patch;
    struct err err;
    enum rc rc;

    spell_out_resets(change, rpc_call_arena(call));
    buf_init(&patch, SETTINGS_MAX);
    rc = pb_change_to_json(&change->base, &lode__v1__settings__meta, &patch, &err);
    if (rc == RC_OK)
        rc = settings_check(buf_view(&patch), sub_route, &err);
    if (rc == RC_OK)
        submit_patch(api, call, index_uid, buf_view(&patch));
    else
        rpc_call_fail(call, &err);
    buf_done(&patch);
}

static void update(struct rpc_call *call, const Lode__V1__UpdateSettingsRequest *request, void *arg)
{
    Lode__V1__Settings nothing = LODE__V1__SETTINGS__INIT;

    if (!api_uid_ok(call, request->index_uid, ""))
        return;
    arena_set_limit(rpc_call_arena(call), API_ANSWER_MAX);
    submit_change(arg, call, request->index_uid, request->settings ? request->settings : &nothing,
                  false);
}

static void reset(struct rpc_call *call, const Lode__V1__ResetSettingsRequest *request, void *arg)
{
    const struct pb_message_meta *meta = &lode__v1__settings__meta;
    struct arena *arena = rpc_call_arena(call);
    Lode__V1__Settings change = LODE__V1__SETTINGS__INIT;
    unsigned i;

    if (!api_uid_ok(call, request->index_uid, ""))
        return;
    arena_set_limit(arena, API_ANSWER_MAX);
    change.reset = api_alloc(arena, meta->desc->n_fields * sizeof(char *));
    for (i = 0; i < meta->desc->n_fields; i++)
        if (!(meta->fields[i].flags & PB_FIELD_HIDDEN))
            change.reset[change.n_reset++] = arena_strdup(arena, meta->fields[i].json_name);
    submit_change(arg, call, request->index_uid, &change, false);
}

static void set_back(Lode__V1__Settings *change, char **name)
{
    change->n_reset = 1;
    change->reset = name;
}

static void update_one(struct rpc_call *call, const Lode__V1__UpdateSettingRequest *request,
                       void *arg)
{
    const struct json_limits limits = {.max_bytes = SETTINGS_MAX};
    Lode__V1__Settings change = LODE__V1__SETTINGS__INIT;
    struct arena *arena = rpc_call_arena(call);
    struct pb_json_opts opts = {.at = ""};
    const struct pb_field_meta *setting;
    struct json_parser *parser;
    struct json_error json_err;
    struct json_value value;
    char text[JSON_ERROR_TEXT_MAX];
    const char *field = NULL;
    char *name = request->name;
    struct err err;
    enum rc rc;

    if (!api_uid_ok(call, request->index_uid, ""))
        return;
    setting = find_setting(call, request->name, &field);
    if (!setting)
        return;
    arena_set_limit(arena, API_ANSWER_MAX);
    parser = json_parser_new();
    opts.error_word = setting->error;
    rc = json_parse(parser, bytes_of(request->value.data, request->value.len), &limits, &value,
                    &json_err);
    if (rc != RC_OK)
        rc = err_set(&err, RC_INVALID, "malformed_payload",
                     "The json payload provided is malformed. `%s`.",
                     json_error_text(text, &json_err));
    else if (json_type(value) == JSON_NULL)
        set_back(&change, &name);
    else
        rc = pb_field_from_json(arena, &lode__v1__settings__meta, field, &value, &opts,
                                &change.base, &err);
    json_parser_free(parser);
    if (rc == RC_OK)
        submit_change(arg, call, request->index_uid, &change, true);
    else
        rpc_call_fail(call, &err);
}

static void reset_one(struct rpc_call *call, const Lode__V1__ResetSettingRequest *request,
                      void *arg)
{
    Lode__V1__Settings change = LODE__V1__SETTINGS__INIT;
    char *name = request->name;
    const char *field;

    if (!api_uid_ok(call, request->index_uid, "") || !find_setting(call, request->name, &field))
        return;
    arena_set_limit(rpc_call_arena(call), API_ANSWER_MAX);
    set_back(&change, &name);
    submit_change(arg, call, request->index_uid, &change, true);
}

void serve_settings_register(struct api *api, struct rpc_server *server)
{
    static const struct lode__v1__settings_service__handlers handlers = {
        .get = get,
        .update = update,
        .reset = reset,
        .get_one = get_one,
        .update_one = update_one,
        .reset_one = reset_one,
    };

    rpc_server_add(server, &lode__v1__settings_service__service, &handlers, api);
}
