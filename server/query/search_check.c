/* SPDX-License-Identifier: MIT */
/* search_check.c -- sort, distinct and attributesToSearchOn against the settings. */
#include "query/search_check.h"

#include "base/mem.h"
#include "query/rank_int.h"

#include <stdlib.h>

static int by_name(const void *a, const void *b)
{
    return bytes_cmp(*(const struct bytes *)a, *(const struct bytes *)b);
}

const char *search_check__names(const struct search *s, const struct bytes *names, size_t n)
{
    struct bytes *shown = xcalloc(n + 1, sizeof(*shown));
    struct buf text;
    size_t n_shown = 0;
    const char *copy;

    for (size_t i = 0; i < n; i++) {
        if (plan_is_displayed(s->plan, names[i]))
            shown[n_shown++] = names[i];
    }
    qsort(shown, n_shown, sizeof(*shown), by_name);
    buf_init(&text, ERR_MSG_MAX);
    for (size_t i = 0; i < n_shown; i++) {
        buf_str(&text, i > 0 ? ", " : "");
        buf_bytes(&text, shown[i]);
    }
    if (n_shown < n)
        buf_str(&text, n_shown > 0 ? ", <..hidden-attributes>" : "<..hidden-attributes>");
    copy = arena_strndup(s->arena, text.p, text.n);
    buf_done(&text);
    xfree(shown);
    return copy ? copy : "";
}

static enum rc check_distinct(const struct search *s, struct err *err)
{
    static const char *const word = "invalid_search_distinct";
    struct bytes field = s->spec->distinct;
    const struct plan_filterable *entry;
    struct bytes *patterns;
    const char *list;

    if (field.n == 0)
        return RC_OK;
    entry = plan_filterable_of(s->plan, field);
    if (entry && (entry->equality || entry->comparison))
        return RC_OK;
    if (entry) {
        unsigned rule = entry->rule;

        return err_set(err, RC_INVALID, word,
                       "Attribute `%.*s` is not filterable and thus, cannot be used as distinct "
                       "attribute. Note: this attribute matches rule #%u in filterableAttributes, "
                       "but this rule does not enable filtering.\nHint: enable filtering in rule "
                       "#%u by adding appropriate filter features.\nHint: prepend another rule "
                       "matching %.*s with filter features before rule #%u",
                       BYTES_ARG(field), rule, rule, BYTES_ARG(field), rule);
    }
    if (s->plan->n_filterable == 0)
        return err_set(err, RC_INVALID, word,
                       "Attribute `%.*s` is not filterable and thus, cannot be used as distinct "
                       "attribute. This index does not have configured filterable attributes.",
                       BYTES_ARG(field));
    patterns = xcalloc(s->plan->n_filterable, sizeof(*patterns));
    for (size_t i = 0; i < s->plan->n_filterable; i++)
        patterns[i] = s->plan->filterable[i].pattern;
    list = search_check__names(s, patterns, s->plan->n_filterable);
    xfree(patterns);
    return err_set(err, RC_INVALID, word,
                   "Attribute `%.*s` is not filterable and thus, cannot be used as distinct "
                   "attribute. Available filterable attributes patterns are: `%s`.",
                   BYTES_ARG(field), list);
}

/* A pattern may match nothing; a name must be, or be within, a searchable attribute. */
static bool may_search_on(const struct search *s, struct bytes name)
{
    if (name.n > 0 && (name.p[0] == '*' || name.p[name.n - 1] == '*'))
        return true;
    if (plan_field_rank(s->plan, name) >= 0)
        return true;
    for (uint32_t i = 0; i < reader_n_fields(s->reader);
         i++) { /* an object with searched members */
        struct bytes field = reader_field_name(s->reader, i);

        if (plan_covers(name, field) && plan_field_rank(s->plan, field) >= 0)
            return true;
    }
    return false;
}

static enum rc check_search_on(const struct search *s, struct err *err)
{
    const struct names *on = &s->spec->search_on;

    if (!on->given || s->plan->searchable_all)
        return RC_OK;
    for (size_t i = 0; i < on->n; i++) {
        if (may_search_on(s, on->at[i]))
            continue;
        return err_set(err, RC_INVALID, "invalid_search_attributes_to_search_on",
                       "Attribute `%.*s` is not searchable. Available searchable attributes are: "
                       "`%s`.",
                       BYTES_ARG(on->at[i]),
                       search_check__names(s, s->plan->searchable, s->plan->n_searchable));
    }
    return RC_OK;
}

enum rc search_check__spec(const struct search *s, bool *ret_plain, struct err *err)
{
    enum rc rc = sort__check(s, "invalid_search_sort", ret_plain, err);

    if (rc == RC_OK)
        rc = check_distinct(s, err);
    if (rc == RC_OK)
        rc = check_search_on(s, err);
    return rc;
}
