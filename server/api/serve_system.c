/* SPDX-License-Identifier: MIT */
/* serve_system.c -- lode.v1.System: health, version, sizes and counts. */
#include "api/api_int.h"

#include "base/fs.h"
#include "index/index.h"
#include "rpc/server.h"

#include <lode/v1/system_service.rpc.h>
#include <stdio.h>

#ifndef LODE_COMMIT_SHA
#define LODE_COMMIT_SHA "unknown"
#endif
#ifndef LODE_COMMIT_DATE
#define LODE_COMMIT_DATE "unknown"
#endif

static void health(struct rpc_call *call, const Lode__V1__HealthRequest *request, void *arg)
{
    Lode__V1__HealthResponse answer = LODE__V1__HEALTH_RESPONSE__INIT;
    char available[] = "available";

    (void)request;
    (void)arg;
    answer.status = available;
    rpc_call_reply(call, &answer.base);
}

static void version(struct rpc_call *call, const Lode__V1__VersionRequest *request, void *arg)
{
    Lode__V1__VersionResponse answer = LODE__V1__VERSION_RESPONSE__INIT;
    char sha[] = LODE_COMMIT_SHA, date[] = LODE_COMMIT_DATE, number[] = LODE_VERSION;

    (void)request;
    (void)arg;
    answer.commit_sha = sha;
    answer.commit_date = date;
    answer.pkg_version = number;
    rpc_call_reply(call, &answer.base);
}

/* ---- stats --------------------------------------------------------------------------- */

static Lode__V1__Size *make_size(struct arena *arena, uint64_t bytes, Lode__V1__SizeFormat format)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    Lode__V1__Size *size = API_NEW(arena, Lode__V1__Size, lode__v1__size);
    double value = (double)bytes;
    size_t unit = 0;

    if (format != LODE__V1__SIZE_FORMAT__SIZE_FORMAT_HUMAN) {
        size->kind_case = LODE__V1__SIZE__KIND_BYTES;
        size->bytes = bytes;
        return size;
    }
    while (value >= 1024 && unit + 1 < ARRAY_LEN(units)) {
        value /= 1024;
        unit++;
    }
    size->kind_case = LODE__V1__SIZE__KIND_TEXT;
    size->text = unit ? arena_printf(arena, "%.2f %s", value, units[unit])
                      : arena_printf(arena, "%llu B", (unsigned long long)bytes);
    return size;
}

struct field_gather {
    struct arena *arena;
    Lode__V1__IndexStats *stats;
    size_t cap;
};

static void gather_field(void *arg, struct bytes name, uint64_t count)
{
    struct field_gather *g = arg;
    Lode__V1__IndexStats__FieldDistributionEntry *entry =
        API_NEW(g->arena, Lode__V1__IndexStats__FieldDistributionEntry,
                lode__v1__index_stats__field_distribution_entry);

    entry->key = arena_strndup(g->arena, name.p, name.n);
    entry->value = count;
    if (g->stats->n_field_distribution == g->cap) {
        void *grown;

        g->cap = g->cap ? g->cap * 2 : 16;
        grown = api_alloc(g->arena, g->cap * sizeof(entry));
        if (g->stats->n_field_distribution)
            memcpy(grown, g->stats->field_distribution,
                   g->stats->n_field_distribution * sizeof(entry));
        g->stats->field_distribution = grown;
    }
    g->stats->field_distribution[g->stats->n_field_distribution++] = entry;
}

static void add_internal_size(struct arena *arena, Lode__V1__InternalSizes *sizes, const char *name,
                              Lode__V1__Size *size)
{
    Lode__V1__InternalSizes__EntriesEntry *entry = API_NEW(
        arena, Lode__V1__InternalSizes__EntriesEntry, lode__v1__internal_sizes__entries_entry);

    entry->key = arena_strdup(arena, name);
    entry->value = size;
    sizes->entries[sizes->n_entries++] = entry;
}

static Lode__V1__InternalSizes *internal_sizes(struct arena *arena, const struct index_info *info,
                                               Lode__V1__SizeFormat format)
{
    Lode__V1__InternalSizes *sizes =
        API_NEW(arena, Lode__V1__InternalSizes, lode__v1__internal_sizes);

    sizes->entries = api_alloc(arena, 2 * sizeof(*sizes->entries));
    add_internal_size(arena, sizes, "documents", make_size(arena, info->stored_bytes, format));
    add_internal_size(arena, sizes, "search", make_size(arena, info->search_bytes, format));
    return sizes;
}

struct stats_wish {
    Lode__V1__SizeFormat format;
    bool internal;
};

static enum rc make_index_stats(struct api_job *job, struct catalog_view *view,
                                const struct index_info *info, struct stats_wish wish,
                                Lode__V1__IndexStats **ret_stats, struct err *err)
{
    Lode__V1__IndexStats *stats = API_NEW(job->arena, Lode__V1__IndexStats, lode__v1__index_stats);
    struct field_gather gather = {job->arena, stats, 0};
    uint64_t average = info->n_documents ? info->document_bytes / info->n_documents : 0;
    enum rc rc;

    rc = catalog_view_field_counts(view, info->id, gather_field, &gather, err);
    if (rc != RC_OK)
        return rc;
    stats->number_of_documents = info->n_documents;
    stats->raw_document_db_size = make_size(job->arena, info->stored_bytes, wish.format);
    stats->avg_document_size = make_size(job->arena, average, wish.format);
    stats->index_size = make_size(job->arena, info->stored_bytes + info->search_bytes, wish.format);
    stats->used_index_size = stats->index_size;
    stats->is_indexing = task_index_busy(job->api->opts.tasks, info->uid);
    if (wish.internal)
        stats->internal_database_sizes = internal_sizes(job->arena, info, wish.format);
    *ret_stats = stats;
    return RC_OK;
}

static enum rc work_stats(struct api_job *job, struct err *err)
{
    const Lode__V1__StatsRequest *request = (const void *)job->request;
    struct stats_wish wish = {request->size_format, request->show_internal_database_sizes};
    Lode__V1__StatsResponse *answer;
    struct catalog_view *view = NULL;
    int64_t newest_ns = 0;
    uint64_t used = 0;
    size_t i;
    enum rc rc;

    rc = catalog_view_open(job->api->opts.catalog, &view, err);
    if (rc != RC_OK)
        return rc;
    arena_set_limit(job->arena, BUF_NO_LIMIT);
    answer = API_NEW(job->arena, Lode__V1__StatsResponse, lode__v1__stats_response);
    answer->indexes =
        api_alloc(job->arena, (catalog_view_count(view) + 1) * sizeof(*answer->indexes));
    for (i = 0; i < catalog_view_count(view) && rc == RC_OK; i++) {
        struct index_info info = catalog_view_at(view, i);
        Lode__V1__StatsResponse__IndexesEntry *entry =
            API_NEW(job->arena, Lode__V1__StatsResponse__IndexesEntry,
                    lode__v1__stats_response__indexes_entry);

        entry->key = arena_strdup(job->arena, info.uid);
        rc = make_index_stats(job, view, &info, wish, &entry->value, err);
        answer->indexes[answer->n_indexes++] = entry;
        used += info.stored_bytes + info.search_bytes;
        if (info.updated_ns > newest_ns)
            newest_ns = info.updated_ns;
    }
    catalog_view_close(view);
    if (rc != RC_OK)
        return rc;
    answer->database_size =
        make_size(job->arena, fs_tree_bytes(job->api->opts.db_path), wish.format);
    answer->used_database_size = make_size(job->arena, used, wish.format);
    if (newest_ns)
        answer->last_update = api_timestamp(job->arena, newest_ns);
    job->answer = &answer->base;
    return RC_OK;
}

static enum rc work_index_stats(struct api_job *job, struct err *err)
{
    const Lode__V1__IndexStatsRequest *request = (const void *)job->request;
    struct stats_wish wish = {request->size_format, request->show_internal_database_sizes};
    Lode__V1__IndexStats *stats = NULL;
    struct catalog_view *view = NULL;
    struct index_info info;
    enum rc rc;

    rc = catalog_view_open(job->api->opts.catalog, &view, err);
    if (rc != RC_OK)
        return rc;
    arena_set_limit(job->arena, BUF_NO_LIMIT);
    rc = catalog_view_find(view, bytes_str(request->index_uid), &info, err);
    if (rc == RC_OK)
        rc = make_index_stats(job, view, &info, wish, &stats, err);
    catalog_view_close(view);
    if (rc == RC_OK)
        job->answer = &stats->base;
    return rc;
}

static void stats(struct rpc_call *call, const Lode__V1__StatsRequest *request, void *arg)
{
    api_defer(arg, call, &request->base, work_stats);
}

static void index_stats(struct rpc_call *call, const Lode__V1__IndexStatsRequest *request,
                        void *arg)
{
    if (api_uid_ok(call, request->index_uid, ""))
        api_defer(arg, call, &request->base, work_index_stats);
}

void serve_system_register(struct api *api, struct rpc_server *server)
{
    static const struct lode__v1__system__handlers handlers = {
        .health = health,
        .version = version,
        .stats = stats,
        .index_stats = index_stats,
        .get_experimental_features = features_get,
        .update_experimental_features = features_update,
    };

    rpc_server_add(server, &lode__v1__system__service, &handlers, api);
}
