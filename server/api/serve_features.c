/* SPDX-License-Identifier: MIT */
/* serve_features.c -- lode.v1.System: experimental features, told and switched. */
#include "api/api_int.h"

#include <lode/v1/system_service.rpc.h>

/* The feature, its field, and what says that the field was given. */
#define FEATURES(X)                                                                                \
    X(METRICS, metrics, metrics_given_case)                                                        \
    X(LOGS_ROUTE, logs_route, logs_route_given_case)                                               \
    X(EDIT_DOCUMENTS_BY_FUNCTION, edit_documents_by_function, edit_documents_given_case)           \
    X(CONTAINS_FILTER, contains_filter, contains_filter_given_case)                                \
    X(DYNAMIC_SEARCH_RULES, dynamic_search_rules, dynamic_search_rules_given_case)                 \
    X(NETWORK, network, network_given_case)                                                        \
    X(GET_TASK_DOCUMENTS_ROUTE, get_task_documents_route, get_task_given_case)                     \
    X(TASK_QUEUE_COMPACTION_ROUTE, task_queue_compaction_route, task_queue_given_case)             \
    X(COMPOSITE_EMBEDDERS, composite_embedders, composite_embedders_given_case)                    \
    X(CHAT_COMPLETIONS, chat_completions, chat_completions_given_case)                             \
    X(MULTIMODAL, multimodal, multimodal_given_case)                                               \
    X(FOREIGN_KEYS, foreign_keys, foreign_keys_given_case)                                         \
    X(DISABLE_DOCUMENTS_FETCH_QUEUE, disable_documents_fetch_queue, disable_given_case)            \
    X(LEGACY_SEARCH, legacy_search, legacy_search_given_case)                                      \
    X(RENDER_ROUTE, render_route, render_route_given_case)

#define COUNT_ONE(name, field, given) +1
_Static_assert(0 FEATURES(COUNT_ONE) == FEATURE_COUNT, "every feature has its field");

static void put_features(feature_set on, Lode__V1__ExperimentalFeatures *answer)
{
#define PUT(name, field, given) answer->field = (on & feature_bit(FEATURE_##name)) != 0;
    FEATURES(PUT)
#undef PUT
}

void features_get(struct rpc_call *call, const Lode__V1__GetExperimentalFeaturesRequest *request,
                  void *arg)
{
    Lode__V1__ExperimentalFeatures answer = LODE__V1__EXPERIMENTAL_FEATURES__INIT;
    struct api *api = arg;

    (void)request;
    put_features(features_on(api->opts.features), &answer);
    rpc_call_reply(call, &answer.base);
}

static enum rc work_update(struct api_job *job, struct err *err)
{
    const Lode__V1__UpdateExperimentalFeaturesRequest *request = (const void *)job->request;
    feature_set which = 0, wanted = 0, on = 0;
    Lode__V1__ExperimentalFeatures *answer;
    enum rc rc;

#define READ(name, field, given)                                                                   \
    if (request->given) {                                                                          \
        which |= feature_bit(FEATURE_##name);                                                      \
        wanted |= request->field ? feature_bit(FEATURE_##name) : 0;                                \
    }
    FEATURES(READ)
#undef READ
    rc = features_change(job->api->opts.features, which, wanted, &on, err);
    if (rc != RC_OK)
        return rc;
    answer = API_NEW(job->arena, Lode__V1__ExperimentalFeatures, lode__v1__experimental_features);
    put_features(on, answer);
    job->answer = &answer->base;
    return RC_OK;
}

void features_update(struct rpc_call *call,
                     const Lode__V1__UpdateExperimentalFeaturesRequest *request, void *arg)
{
    api_defer(arg, call, &request->base, work_update);
}
