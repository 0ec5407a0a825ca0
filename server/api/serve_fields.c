/* SPDX-License-Identifier: MIT */
/* serve_fields.c -- lode.v1.Indexes.ListFields: fields of documents, and what settings make of
 * them. */
#include "api/api_int.h"

#include "index/index.h"
#include "index/plan.h"
#include "json/json.h"

#include <lode/v1/indexes_service.rpc.h>

enum { DEFAULT_LIMIT = 20 };

struct listing {
    struct arena *arena;
    const Lode__V1__FieldsFilter *filter; /* may be NULL */
    const struct plan *plan;
    struct json_value localized; /* the setting: an array, or null */
    uint64_t offset, limit, total;
    Lode__V1__ListFieldsResponse *answer;
    size_t cap;
};

/* ---- one field ------------------------------------------------------------------------- */

/* The first custom rule of the field; NULL: none. */
static const struct plan_rule *rule_of(const struct plan *plan, struct bytes name)
{
    size_t i;

    for (i = 0; i < plan->n_rules; i++)
        if ((plan->rules[i].kind == RULE_ASC || plan->rules[i].kind == RULE_DESC) &&
            bytes_eq(plan->rules[i].field, name))
            return &plan->rules[i];
    return NULL;
}

static Lode__V1__FieldUse *use(const struct listing *l, bool enabled)
{
    Lode__V1__FieldUse *u = API_NEW(l->arena, Lode__V1__FieldUse, lode__v1__field_use);

    u->enabled = enabled;
    return u;
}

static Lode__V1__FieldRankingRule *ranking_rule(const struct listing *l, struct bytes name)
{
    Lode__V1__FieldRankingRule *r =
        API_NEW(l->arena, Lode__V1__FieldRankingRule, lode__v1__field_ranking_rule);
    const struct plan_rule *rule = rule_of(l->plan, name);

    if (rule) {
        r->enabled = true;
        r->direction_case = LODE__V1__FIELD_RANKING_RULE__DIRECTION_ORDER;
        r->order = arena_strdup(l->arena, rule->kind == RULE_ASC ? "asc" : "desc");
    }
    return r;
}

static Lode__V1__FieldFilterable *filterable(const struct listing *l, struct bytes name)
{
    Lode__V1__FieldFilterable *f =
        API_NEW(l->arena, Lode__V1__FieldFilterable, lode__v1__field_filterable);
    const struct plan_filterable *rule = plan_filterable_of(l->plan, name);

    f->sort_by = plan_facet_by_count(l->plan, name) ? LODE__V1__FACET_ORDER__FACET_ORDER_COUNT
                                                    : LODE__V1__FACET_ORDER__FACET_ORDER_ALPHA;
    if (rule) {
        f->facet_search = rule->facet_search && l->plan->facet_search;
        f->equality = rule->equality;
        f->comparison = rule->comparison;
        f->enabled = rule->equality || rule->comparison || rule->facet_search;
    }
    return f;
}

static bool any_pattern(struct json_value rule, struct bytes name)
{
    struct json_value patterns;
    struct json_iter it;

    if (!json_get(rule, B("attributePatterns"), &patterns) || json_type(patterns) != JSON_ARRAY)
        return false;
    for (json_iter_init(&it, patterns); json_iter_next(&it);)
        if (json_type(it.value) == JSON_STRING && plan_pattern_matches(json_string(it.value), name))
            return true;
    return false;
}

/* Those of the first rule that is for the field. */
static Lode__V1__FieldLocalized *localized(const struct listing *l, struct bytes name)
{
    Lode__V1__FieldLocalized *f =
        API_NEW(l->arena, Lode__V1__FieldLocalized, lode__v1__field_localized);
    struct json_value locales;
    struct json_iter rules, it;

    if (json_type(l->localized) != JSON_ARRAY)
        return f;
    for (json_iter_init(&rules, l->localized); json_iter_next(&rules);) {
        if (!any_pattern(rules.value, name) || !json_get(rules.value, B("locales"), &locales) ||
            json_type(locales) != JSON_ARRAY)
            continue;
        f->locales = api_alloc(l->arena, (json_count(locales) + 1) * sizeof *f->locales);
        for (json_iter_init(&it, locales); json_iter_next(&it);) {
            struct bytes text = json_string(it.value);

            f->locales[f->n_locales++] = arena_strndup(l->arena, text.p, text.n);
        }
        break;
    }
    return f;
}

static Lode__V1__Field *make_field(const struct listing *l, struct bytes name)
{
    Lode__V1__Field *f = API_NEW(l->arena, Lode__V1__Field, lode__v1__field);

    f->name = arena_strndup(l->arena, name.p, name.n);
    f->displayed = use(l, plan_is_displayed(l->plan, name));
    f->searchable = use(l, plan_field_rank(l->plan, name) >= 0);
    f->sortable = use(l, plan_is_sortable(l->plan, name));
    f->distinct = use(l, bytes_eq(l->plan->distinct, name));
    f->ranking_rule = ranking_rule(l, name);
    f->filterable = filterable(l, name);
    f->localized = localized(l, name);
    return f;
}

/* ---- which ------------------------------------------------------------------------------- */

static bool has_pattern(const Lode__V1__StringList *patterns, struct bytes name)
{
    size_t i;

    for (i = 0; i < patterns->n_values; i++)
        if (plan_pattern_matches(bytes_str(patterns->values[i]), name))
            return true;
    return false;
}

/* Nothing asked for, or the very same. */
static bool fits(bool given, bool wanted, bool is)
{
    return !given || wanted == is;
}

static bool is_wanted(const Lode__V1__FieldsFilter *filter, const Lode__V1__Field *f)
{
    if (!filter)
        return true;
    return fits(filter->displayed_given_case, filter->displayed, f->displayed->enabled) &&
           fits(filter->searchable_given_case, filter->searchable, f->searchable->enabled) &&
           fits(filter->sortable_given_case, filter->sortable, f->sortable->enabled) &&
           fits(filter->distinct_given_case, filter->distinct, f->distinct->enabled) &&
           fits(filter->ranking_rule_given_case, filter->ranking_rule, f->ranking_rule->enabled) &&
           fits(filter->filterable_given_case, filter->filterable, f->filterable->enabled);
}

static void list_field(void *arg, struct bytes name, uint64_t count)
{
    struct listing *l = arg;
    Lode__V1__ListFieldsResponse *answer = l->answer;
    Lode__V1__Field *f;

    if (count == 0 || (l->filter && l->filter->attribute_patterns &&
                       !has_pattern(l->filter->attribute_patterns, name)))
        return;
    f = make_field(l, name);
    if (!is_wanted(l->filter, f) || l->total++ < l->offset || answer->n_results >= l->limit)
        return;
    if (answer->n_results == l->cap) {
        void *grown;

        l->cap = l->cap ? 2 * l->cap : 32;
        grown = api_alloc(l->arena, l->cap * sizeof(*answer->results));
        if (answer->n_results)
            memcpy(grown, answer->results, answer->n_results * sizeof(*answer->results));
        answer->results = grown;
    }
    answer->results[answer->n_results++] = f;
}

/* ---- the call ---------------------------------------------------------------------------- */

static enum rc list_all(struct listing *l, struct catalog_view *view, uint32_t index_id,
                        struct err *err)
{
    struct bytes settings = catalog_view_settings(view, index_id), value = {0};
    struct json_parser *parser = json_parser_new();
    struct plan *plan = NULL;
    enum rc rc;

    rc = plan_new(settings, &plan, err);
    if (rc == RC_OK)
        rc = settings_member(settings, "localizedAttributes", &value, err);
    if (rc == RC_OK && json_parse(parser, value, NULL, &l->localized, NULL) != RC_OK)
        rc = err_set(err, RC_CORRUPT, NULL, "stored settings hold what is no JSON");
    l->plan = plan;
    if (rc == RC_OK)
        rc = catalog_view_field_counts(view, index_id, list_field, l, err);
    plan_unref(plan);
    json_parser_free(parser);
    return rc;
}

static enum rc work_list(struct api_job *job, struct err *err)
{
    const Lode__V1__ListFieldsRequest *request = (const void *)job->request;
    struct listing l = {.arena = job->arena, .filter = request->filter, .limit = DEFAULT_LIMIT};
    struct catalog_view *view = NULL;
    struct index_info info;
    enum rc rc;

    arena_set_limit(job->arena, BUF_NO_LIMIT); /* bounded by the fields there are */
    l.answer = API_NEW(job->arena, Lode__V1__ListFieldsResponse, lode__v1__list_fields_response);
    if (request->offset_given_case == LODE__V1__LIST_FIELDS_REQUEST__OFFSET_GIVEN_OFFSET)
        l.offset = request->offset;
    if (request->limit_given_case == LODE__V1__LIST_FIELDS_REQUEST__LIMIT_GIVEN_LIMIT)
        l.limit = request->limit;
    rc = catalog_view_open(job->api->opts.catalog, &view, err);
    if (rc == RC_OK)
        rc = catalog_view_find(view, bytes_str(request->index_uid), &info, err);
    if (rc == RC_OK)
        rc = list_all(&l, view, info.id, err);
    catalog_view_close(view);
    if (rc != RC_OK)
        return rc;
    l.answer->offset = (uint32_t)l.offset;
    l.answer->limit = (uint32_t)l.limit;
    l.answer->total = (uint32_t)l.total;
    job->answer = &l.answer->base;
    return RC_OK;
}

void fields_list(struct rpc_call *call, const Lode__V1__ListFieldsRequest *request, void *arg)
{
    if (api_uid_ok(call, request->index_uid, ""))
        api_defer(arg, call, &request->base, work_list);
}
