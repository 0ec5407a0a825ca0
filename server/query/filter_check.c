/* SPDX-License-Identifier: MIT */
/*
 * filter_check.c -- may this index be asked that?
 *
 * First CONTAINS, which must be switched on; then every field, wherever it
 * stands, must be filterable; then what a rule of filterableAttributes allows
 * for it, and whether places are on the earth. The first that is wrong is told.
 */
#include "query/filter_int.h"

#include "base/buf.h"

#include <math.h>
#include <stdlib.h>

struct checking {
    const struct search *s;
    const char *word;
    struct err *err;
};

typedef enum rc check_fn(const struct checking *x, const struct filter_node *n);

/* Calls check for every condition, in the order of the text, until one fails. */
static enum rc each(const struct checking *x, const struct filter_node *n, check_fn *check)
{
    const struct filter_node *child;
    enum rc rc = RC_OK;

    if (n->op != FILTER_AND && n->op != FILTER_OR && n->op != FILTER_NOT)
        return check(x, n);
    for (child = n->child; child && rc == RC_OK; child = child->next)
        rc = each(x, child, check);
    return rc;
}

static bool is_geo(const struct filter_node *n)
{
    return n->op == FILTER_GEO_RADIUS || n->op == FILTER_GEO_BOX || n->op == FILTER_GEO_POLYGON;
}

static enum rc check_contains(const struct checking *x, const struct filter_node *n)
{
    if (n->op != FILTER_CONTAINS)
        return RC_OK;
    return filter__fail_at(&n->keyword, "feature_not_enabled", x->err,
                           "Using `CONTAINS` in a filter requires enabling the `contains filter` "
                           "experimental feature. See "
                           "https://github.com/orgs/meilisearch/discussions/763");
}

enum rc filter__check_contains(const struct filter_node *root, struct err *err)
{
    const struct checking x = {.err = err};

    return each(&x, root, check_contains);
}

/* ---- fields ------------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    return bytes_cmp(*(const struct bytes *)a, *(const struct bytes *)b);
}

/* "`a`, `b`": patterns of what may be filtered, sorted, each once; "" for none. */
static const char *available(const struct search *s)
{
    const struct plan *plan = s->plan;
    struct bytes *names = arena_alloc(s->arena, (plan->n_filterable + 1) * sizeof *names);
    const char *text;
    struct buf out;
    size_t n = 0, i;

    if (!names)
        return "";
    for (i = 0; i < plan->n_filterable; i++)
        if (plan->filterable[i].equality || plan->filterable[i].comparison)
            names[n++] = plan->filterable[i].pattern;
    qsort(names, n, sizeof *names, by_text);
    buf_init(&out, ERR_MSG_MAX);
    for (i = 0; i < n; i++)
        if (i == 0 || !bytes_eq(names[i], names[i - 1]))
            buf_printf(&out, "%s`%.*s`", i ? ", " : "", BYTES_ARG(names[i]));
    text = arena_strndup(s->arena, out.p, out.n);
    buf_done(&out);
    return text ? text : "";
}

static enum rc check_field(const struct checking *x, const struct filter_node *n)
{
    struct bytes field = n->field.text, shown = field;
    const struct filter_token *place = &n->field;
    const struct plan_filterable *rule;
    const char *names;

    if (is_geo(n)) {
        field = n->op == FILTER_GEO_POLYGON ? B("_geojson") : B("_geo");
        shown = n->op == FILTER_GEO_POLYGON ? field : B("_geo/_geojson");
        place = &n->values[0];
    }
    rule = plan_filterable_of(x->s->plan, field);
    if (rule && (rule->equality || rule->comparison) && n->op != FILTER_GEO_POLYGON)
        return RC_OK;
    names = available(x->s);
    if (!*names)
        return filter__fail_at(place, x->word, x->err,
                               "Attribute `%.*s` is not filterable. This index does not have "
                               "configured filterable attributes.",
                               BYTES_ARG(shown));
    return filter__fail_at(place, x->word, x->err,
                           "Attribute `%.*s` is not filterable. Available filterable attribute "
                           "patterns are: %s.",
                           BYTES_ARG(shown), names);
}

/* ---- operators ---------------------------------------------------------------------------- */

static bool needs_comparison(enum filter_op op)
{
    return op == FILTER_GREATER || op == FILTER_GREATER_EQUAL || op == FILTER_LESS ||
           op == FILTER_LESS_EQUAL || op == FILTER_TO;
}

static bool needs_equality(enum filter_op op)
{
    return op == FILTER_EQUAL || op == FILTER_NOT_EQUAL || op == FILTER_IN ||
           op == FILTER_CONTAINS || op == FILTER_STARTS;
}

static const char *name_of(enum filter_op op)
{
    switch (op) {
    case FILTER_EQUAL:
        return "=";
    case FILTER_NOT_EQUAL:
        return "!=";
    case FILTER_GREATER:
        return ">";
    case FILTER_GREATER_EQUAL:
        return ">=";
    case FILTER_LESS:
        return "<";
    case FILTER_LESS_EQUAL:
        return "<=";
    case FILTER_TO:
        return "TO";
    case FILTER_IN:
        return "IN";
    case FILTER_CONTAINS:
        return "CONTAINS";
    case FILTER_STARTS:
        return "STARTS WITH";
    case FILTER_AND:
    case FILTER_OR:
    case FILTER_NOT:
    case FILTER_EXISTS:
    case FILTER_NULL:
    case FILTER_EMPTY:
    case FILTER_GEO_RADIUS:
    case FILTER_GEO_BOX:
    case FILTER_GEO_POLYGON:
    case FILTER_NONE:
        break;
    }
    return "?"; /* always allowed, so never told */
}

static enum rc check_operator(const struct checking *x, const struct filter_node *n)
{
    struct bytes field = n->field.text;
    const struct plan_filterable *rule;
    const char *missing;

    if (is_geo(n))
        return RC_OK;
    rule = plan_filterable_of(x->s->plan, field);
    if ((!needs_comparison(n->op) || rule->comparison) &&
        (!needs_equality(n->op) || rule->equality))
        return RC_OK;
    missing = needs_comparison(n->op) ? "comparison" : "equality";
    return filter__fail_at(
        &n->field, x->word, x->err,
        "Filter operator `%s` is not allowed for the attribute `%.*s`.\n"
        "  - Note: allowed operators: OR, AND, NOT, %s%sIS EMPTY, IS NULL, EXISTS.\n"
        "  - Note: field `%.*s` matched rule #%u in `filterableAttributes`\n"
        "  - Hint: enable %s in rule #%u by modifying the features.filter object\n"
        "  - Hint: prepend another rule matching `%.*s` with appropriate filter features before "
        "rule #%u",
        name_of(n->op), BYTES_ARG(field), rule->equality ? "=, !=, IN, " : "",
        rule->comparison ? "<, >, <=, >=, TO, " : "", BYTES_ARG(field), rule->rule, missing,
        rule->rule, BYTES_ARG(field), rule->rule);
}

/* ---- places ------------------------------------------------------------------------------- */

static enum rc check_number(const struct checking *x, const struct filter_token *t, double *ret)
{
    if (!filter__number(t->text, ret))
        return filter__fail_at(t, x->word, x->err,
                               t->text.n ? "invalid float literal"
                                         : "cannot parse float from empty string");
    if (!isfinite(*ret))
        return filter__fail_at(t, x->word, x->err, "Non finite floats are not supported");
    return RC_OK;
}

static enum rc check_latitude(const struct checking *x, const struct filter_token *t, double *ret)
{
    enum rc rc = check_number(x, t, ret);
    char wrong[GEO_WRONG_MAX];

    if (rc == RC_OK && geo__wrong_latitude(*ret, wrong))
        rc = filter__fail_at(t, x->word, x->err, "%s", wrong);
    return rc;
}

static enum rc check_longitude(const struct checking *x, const struct filter_token *t, double *ret)
{
    enum rc rc = check_number(x, t, ret);
    char wrong[GEO_WRONG_MAX];

    if (rc == RC_OK && geo__wrong_longitude(*ret, wrong))
        rc = filter__fail_at(t, x->word, x->err, "%s", wrong);
    return rc;
}

static enum rc check_geo(const struct checking *x, const struct filter_node *n)
{
    double top, right, bottom, left, metres;
    enum rc rc;

    if (n->op != FILTER_GEO_RADIUS && n->op != FILTER_GEO_BOX)
        return RC_OK;
    rc = check_latitude(x, &n->values[0], &top);
    if (rc == RC_OK)
        rc = check_longitude(x, &n->values[1], &right);
    if (rc == RC_OK && n->op == FILTER_GEO_RADIUS)
        return check_number(x, &n->values[2], &metres);
    if (rc == RC_OK)
        rc = check_latitude(x, &n->values[2], &bottom);
    if (rc == RC_OK)
        rc = check_longitude(x, &n->values[3], &left);
    if (rc == RC_OK && top < bottom)
        rc = filter__fail_at(&n->values[3], x->word, x->err,
                             "The top latitude `%s` is below the bottom latitude `%s`.",
                             geo__number_text(x->s->arena, top),
                             geo__number_text(x->s->arena, bottom));
    return rc;
}

enum rc filter__check(const struct search *s, const struct filter_node *root, const char *word,
                      struct err *err)
{
    const struct checking x = {.s = s, .word = word, .err = err};
    enum rc rc = RC_OK;

    if (!s->spec->contains_filter)
        rc = filter__check_contains(root, err);
    if (rc != RC_OK)
        return rc;
    rc = each(&x, root, check_field);
    if (rc == RC_OK)
        rc = each(&x, root, check_operator);
    if (rc == RC_OK)
        rc = each(&x, root, check_geo);
    if (rc != RC_OK && s->index_uid.n)
        (void)err_prefix(err, "Index `%.*s`: ", BYTES_ARG(s->index_uid));
    return rc;
}
