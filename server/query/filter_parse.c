/* SPDX-License-Identifier: MIT */
/*
 * filter_parse.c -- the grammar of filters: text to a tree.
 *
 *   or         and ("OR" and)*
 *   and        not ("AND" not)*
 *   not        "NOT"* primary
 *   primary    "(" or ")" | geo | field condition
 *
 * One look ahead decides everything, so an error is where reading stopped; only
 * what is no condition at all is blamed as a whole, from its first character.
 */
#include "query/filter_int.h"

#include "base/attr.h"

static enum rc parse_or(struct filter_reading *p, unsigned depth, struct filter_node **ret);

static struct filter_node *node_new(struct filter_reading *p, enum filter_op op)
{
    struct filter_node *n = arena_zalloc(p->arena, sizeof *n);

    if (n)
        n->op = op;
    else
        (void)filter__too_large(p->word, p->err);
    return n;
}

static enum rc negate(struct filter_reading *p, struct filter_node **node)
{
    struct filter_node *outer;

    if ((*node)->op == FILTER_NOT) { /* NOT a NOT IN [...] */
        *node = (*node)->child;
        return RC_OK;
    }
    outer = node_new(p, FILTER_NOT);
    if (!outer)
        return RC_TOO_LARGE;
    outer->child = *node;
    *node = outer;
    return RC_OK;
}

static enum rc fail_primary(struct filter_reading *p, const uint8_t *from)
{
    struct bytes rest;
    bool nothing;

    p->at = from;
    filter__skip_space(p);
    rest = filter__rest(p);
    nothing = rest.n == 0;
    return filter__fail(
        p, rest,
        "Was expecting an operation `=`, `!=`, `>=`, `>`, `<=`, `<`, `IN`, `NOT IN`, `TO`, "
        "`EXISTS`, `NOT EXISTS`, `IS NULL`, `IS NOT NULL`, `IS EMPTY`, `IS NOT EMPTY`, "
        "`CONTAINS`, `NOT CONTAINS`, `STARTS WITH`, `NOT STARTS WITH`, `_geoRadius`, "
        "`_geoBoundingBox` or `_geoPolygon` %s%s%s",
        nothing ? "but instead got nothing." : "at `", nothing ? "" : filter__quote(p->arena, rest),
        nothing ? "" : "`.");
}

/* Values are gathered in a list that doubles; what it leaves behind is the arena's. */
static enum rc add_value(struct filter_reading *p, struct filter_node *n,
                         const struct filter_token *token)
{
    if (n->n_values == 0 || (n->n_values >= 4 && (n->n_values & (n->n_values - 1)) == 0)) {
        size_t room = n->n_values ? 2 * n->n_values : 4;
        struct filter_token *more = arena_alloc(p->arena, room * sizeof *more);

        if (!more)
            return filter__too_large(p->word, p->err);
        if (n->n_values)
            memcpy(more, n->values, n->n_values * sizeof *more);
        n->values = more;
    }
    n->values[n->n_values++] = *token;
    return RC_OK;
}

static enum rc take_into(struct filter_reading *p, struct filter_node *n)
{
    struct filter_token token;
    enum rc rc = filter__take_value(p, &token);

    return rc == RC_OK ? add_value(p, n, &token) : rc;
}

/* ---- geo ---------------------------------------------------------------------------------- */

/* "(a, b, c)", "[a, b]": all values between the two signs. False: it does not look like that. */
static bool geo_list(struct filter_reading *p, struct filter_node *n, const char *open,
                     const char *close)
{
    if (!filter__accept(p, open))
        return false;
    for (;;) {
        struct filter_token token;

        if (filter__scan_value(p, &token) != SCAN_OK || add_value(p, n, &token) != RC_OK)
            return false;
        if (filter__accept(p, close))
            return true;
        if (!filter__accept(p, ","))
            return false;
    }
}

static enum rc parse_geo_radius(struct filter_reading *p, struct filter_node *n)
{
    struct bytes whole = filter__rest(p);

    p->at += n->field.raw.n;
    if (!geo_list(p, n, "(", ")"))
        return filter__fail(p, whole,
                            "The `_geoRadius` filter must be in the form: `_geoRadius(latitude, "
                            "longitude, radius, optionalResolution)`.");
    if (n->n_values < 3 || n->n_values > 4)
        return filter__fail(
            p, whole, "Was expecting 3 or 4 arguments for `_geoRadius`, but instead found %zu.",
            n->n_values);
    return RC_OK;
}

static enum rc parse_geo_box(struct filter_reading *p, struct filter_node *n)
{
    struct bytes whole = filter__rest(p);

    p->at += n->field.raw.n;
    if (!filter__accept(p, "(") || !geo_list(p, n, "[", "]") || n->n_values != 2 ||
        !filter__accept(p, ",") || !geo_list(p, n, "[", "]") || n->n_values != 4 ||
        !filter__accept(p, ")"))
        return filter__fail(p, whole,
                            "The `_geoBoundingBox` filter expects two pairs of arguments: "
                            "`_geoBoundingBox([latitude, longitude], [latitude, longitude])`.");
    return RC_OK;
}

static enum rc parse_geo_polygon(struct filter_reading *p, struct filter_node *n)
{
    struct bytes whole = filter__rest(p);
    bool more = true, good;

    p->at += n->field.raw.n;
    good = filter__accept(p, "(");
    while (good && more) {
        good = geo_list(p, n, "[", "]") && n->n_values % 2 == 0;
        more = good && filter__accept(p, ",");
    }
    if (!good || !filter__accept(p, ")"))
        return filter__fail(p, whole,
                            "The `_geoPolygon` filter doesn't match the expected format: "
                            "`_geoPolygon([latitude, longitude], [latitude, longitude])`.");
    return RC_OK;
}

/* *ret NULL: none of them begins here. */
static enum rc parse_geo(struct filter_reading *p, struct filter_node **ret)
{
    static const struct {
        const char *name;
        enum filter_op op;
        enum rc (*parse)(struct filter_reading *p, struct filter_node *n);
    } kinds[] = {
        {"_geoRadius", FILTER_GEO_RADIUS, parse_geo_radius},
        {"_geoBoundingBox", FILTER_GEO_BOX, parse_geo_box},
        {"_geoPolygon", FILTER_GEO_POLYGON, parse_geo_polygon},
    };
    size_t i;

    *ret = NULL;
    for (i = 0; i < ARRAY_LEN(kinds); i++) {
        if (!filter__starts(p, kinds[i].name))
            continue;
        *ret = node_new(p, kinds[i].op);
        if (!*ret)
            return RC_TOO_LARGE;
        (*ret)->field.source = p->source;
        (*ret)->field.raw = (*ret)->field.text = bytes_of(p->at, strlen(kinds[i].name));
        return kinds[i].parse(p, *ret);
    }
    return RC_OK;
}

/* ---- conditions ---------------------------------------------------------------------------- */

static enum rc parse_in(struct filter_reading *p, struct filter_node *n)
{
    n->op = FILTER_IN;
    filter__skip_space(p);
    if (!filter__accept(p, "["))
        return filter__fail(p, filter__rest(p), "Expected `[` after `IN` keyword.");
    for (;;) {
        struct filter_token token;
        enum filter_scan scan = filter__scan_value(p, &token);

        if (scan == SCAN_FAILED)
            return RC_INVALID;
        if (scan != SCAN_OK)
            break;
        if (add_value(p, n, &token) != RC_OK)
            return RC_TOO_LARGE;
        if (!filter__accept(p, ","))
            break;
    }
    if (filter__accept(p, "]"))
        return RC_OK;
    filter__skip_space(p);
    if (filter__rest(p).n == 0)
        return filter__fail(p, filter__rest(p),
                            "Expected matching `]` after the list of field names given to `IN[`");
    return filter__fail(p, filter__rest(p),
                        "Expected only comma-separated field names inside `IN[..]` but instead "
                        "found `%s`.",
                        filter__quote(p->arena, filter__rest(p)));
}

static enum rc parse_contains(struct filter_reading *p, struct filter_node *n)
{
    n->op = FILTER_CONTAINS;
    n->keyword.source = p->source;
    n->keyword.raw = n->keyword.text = bytes_of(p->at - strlen("CONTAINS"), strlen("CONTAINS"));
    return take_into(p, n);
}

/* What may stand behind NOT too: IN, EXISTS, CONTAINS, STARTS WITH. *ret_none: none of them. */
static enum rc parse_deniable(struct filter_reading *p, struct filter_node *n, bool *ret_none)
{
    *ret_none = false;
    if (filter__accept_word(p, "IN"))
        return parse_in(p, n);
    if (filter__accept_word(p, "EXISTS")) {
        n->op = FILTER_EXISTS;
        return RC_OK;
    }
    if (filter__accept_word(p, "CONTAINS"))
        return parse_contains(p, n);
    if (filter__accept_word(p, "STARTS") && filter__accept_word(p, "WITH")) {
        n->op = FILTER_STARTS;
        return take_into(p, n);
    }
    *ret_none = true;
    return RC_OK;
}

static bool accept_comparison(struct filter_reading *p, struct filter_node *n)
{
    static const struct {
        const char *symbol;
        enum filter_op op;
    } symbols[] = {
        {"<=", FILTER_LESS_EQUAL}, {">=", FILTER_GREATER_EQUAL}, {"!=", FILTER_NOT_EQUAL},
        {"<", FILTER_LESS},        {">", FILTER_GREATER},        {"=", FILTER_EQUAL},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(symbols); i++) {
        if (filter__accept(p, symbols[i].symbol)) {
            n->op = symbols[i].op;
            return true;
        }
    }
    return false;
}

/* Behind a field. *ret_none: no condition; *ret_denied: the tree is its contrary. */
static enum rc parse_condition(struct filter_reading *p, struct filter_node *n, bool *ret_none,
                               bool *ret_denied)
{
    struct filter_token from;
    enum filter_scan scan;
    enum rc rc;

    *ret_none = *ret_denied = false;
    if (accept_comparison(p, n))
        return take_into(p, n);
    if (filter__accept_word(p, "IS")) {
        *ret_denied = filter__accept_word(p, "NOT");
        n->op = filter__accept_word(p, "NULL") ? FILTER_NULL : FILTER_EMPTY;
        *ret_none = n->op == FILTER_EMPTY && !filter__accept_word(p, "EMPTY");
        return RC_OK;
    }
    *ret_denied = filter__accept_word(p, "NOT");
    rc = parse_deniable(p, n, ret_none);
    if (rc != RC_OK || !*ret_none || *ret_denied)
        return rc;
    scan = filter__scan_value(p, &from);
    if (scan == SCAN_FAILED)
        return RC_INVALID;
    if (scan != SCAN_OK || !filter__accept_word(p, "TO"))
        return RC_OK;
    *ret_none = false;
    n->op = FILTER_TO;
    rc = add_value(p, n, &from);
    return rc == RC_OK ? take_into(p, n) : rc;
}

static enum rc parse_group(struct filter_reading *p, unsigned depth, struct filter_node **ret)
{
    struct bytes whole = filter__rest(p);
    enum rc rc;

    p->at++;
    rc = parse_or(p, depth + 1, ret);
    if (rc == RC_OK && !filter__accept(p, ")"))
        rc = filter__fail(p, whole,
                          "Expression `%s` is missing the following closing delimiter: `)`.",
                          filter__quote(p->arena, whole));
    return rc;
}

static enum rc parse_primary(struct filter_reading *p, unsigned depth, struct filter_node **ret)
{
    const uint8_t *from;
    struct filter_node *n;
    enum filter_scan scan;
    bool none, denied;
    enum rc rc;

    filter__skip_space(p);
    from = p->at;
    if (depth > FILTER_DEPTH_MAX)
        return filter__fail(p, filter__rest(p),
                            "The filter exceeded the maximum depth limit. Try rewriting the filter "
                            "so that it contains fewer nested conditions.");
    if (filter__starts(p, "("))
        return parse_group(p, depth, ret);
    rc = parse_geo(p, ret);
    if (rc != RC_OK || *ret)
        return rc;
    n = node_new(p, FILTER_NONE);
    if (!n)
        return RC_TOO_LARGE;
    scan = filter__scan_value(p, &n->field);
    if (scan == SCAN_FAILED)
        return RC_INVALID;
    if (scan == SCAN_KEYWORD)
        return filter__fail_keyword(p);
    if (scan == SCAN_NONE)
        return fail_primary(p, from);
    rc = parse_condition(p, n, &none, &denied);
    if (rc != RC_OK)
        return rc;
    if (none)
        return fail_primary(p, from);
    *ret = n;
    return denied ? negate(p, ret) : RC_OK;
}

static enum rc parse_not(struct filter_reading *p, unsigned depth, struct filter_node **ret)
{
    bool denied = false;
    enum rc rc;

    for (; depth <= FILTER_DEPTH_MAX && filter__accept_word(p, "NOT"); depth++)
        denied = !denied;
    rc = parse_primary(p, depth, ret);
    return rc == RC_OK && denied ? negate(p, ret) : rc;
}

/* One or more of what `parse` reads, with the keyword between them. */
static enum rc
parse_list(struct filter_reading *p, unsigned depth, const char *keyword, enum filter_op op,
           enum rc (*parse)(struct filter_reading *p, unsigned depth, struct filter_node **ret),
           struct filter_node **ret)
{
    struct filter_node *first, **tail = &first, *list;
    enum rc rc;

    do {
        rc = parse(p, depth, tail);
        if (rc != RC_OK)
            return rc;
        tail = &(*tail)->next;
    } while (filter__accept_word(p, keyword));
    *ret = first;
    if (!first->next)
        return RC_OK;
    list = node_new(p, op);
    if (!list)
        return RC_TOO_LARGE;
    list->child = first;
    *ret = list;
    return RC_OK;
}

static enum rc parse_and(struct filter_reading *p, unsigned depth, struct filter_node **ret)
{
    return parse_list(p, depth, "AND", FILTER_AND, parse_not, ret);
}

static enum rc parse_or(struct filter_reading *p, unsigned depth, struct filter_node **ret)
{
    return parse_list(p, depth, "OR", FILTER_OR, parse_and, ret);
}

enum rc filter__parse(struct arena *arena, struct bytes source, const char *word,
                      struct filter_node **ret_node, struct err *err)
{
    struct filter_reading p = {
        .arena = arena, .source = source, .at = source.p, .word = word, .err = err};
    enum rc rc;

    *ret_node = NULL;
    filter__skip_space(&p);
    if (filter__rest(&p).n == 0)
        return RC_OK;
    rc = parse_or(&p, 0, ret_node);
    if (rc != RC_OK)
        return rc;
    filter__skip_space(&p);
    if (filter__rest(&p).n)
        return filter__fail(&p, filter__rest(&p),
                            "Found unexpected characters at the end of the filter: `%s`. You "
                            "probably forgot an `OR` or an `AND` rule.",
                            filter__quote(arena, filter__rest(&p)));
    return RC_OK;
}
