/* SPDX-License-Identifier: MIT */
/*
 * federate_order.c -- which of two hits of different searches comes first.
 *
 * Rules are compared group by group: text rules that follow each other are one
 * group, whose value is their merged score times the query's weight; a sort rule
 * is a group with its value. Where one has a score and the other a value, the
 * one with more groups left wins, or else the greater weighted score.
 */
#include <math.h>

#include "query/federate_int.h"

#define SCORE_EPSILON 2.2e-16

struct group {
    bool sorts;
    double score;                  /* weighted */
    const struct score_part *part; /* sorts */
};

/* Takes the next group off the parts from *at on; false: none is left. */
static bool next_group(const struct ranked *r, double weight, size_t *at, struct group *ret)
{
    double rank = 1, max = 1;

    if (*at >= r->n_parts)
        return false;
    if (r->parts[*at].sorts) {
        *ret = (struct group){.sorts = true, .part = &r->parts[(*at)++]};
        return true;
    }
    for (; *at < r->n_parts && !r->parts[*at].sorts; (*at)++) {
        const struct score_part *p = &r->parts[*at];

        rank = (rank - 1) * p->max + p->rank;
        max *= p->max;
    }
    *ret = (struct group){.score = rank / max * weight};
    return true;
}

static size_t count_groups(const struct ranked *r, size_t at)
{
    struct group g;
    size_t n = 0;

    while (next_group(r, 1, &at, &g))
        n++;
    return n;
}

/* Rows without a value come last in both directions. */
static int compare_values(const struct score_part *a, const struct score_part *b)
{
    const struct column_value *x = a->sorted_by, *y = b->sorted_by;
    int c = 0;

    if (a->distance >= 0 || b->distance >= 0) {
        if (a->distance < 0 || b->distance < 0)
            return a->distance < 0 ? 1 : -1;
        c = (floor(a->distance) > floor(b->distance)) - (floor(a->distance) < floor(b->distance));
        return a->descending ? -c : c;
    }
    if (!x || !y)
        return (x == NULL) - (y == NULL);
    if (x->is_number != y->is_number)
        return x->is_number ? -1 : 1;
    if (x->is_number)
        c = (x->number > y->number) - (x->number < y->number);
    else
        c = bytes_cmp(x->text, y->text);
    return a->descending ? -c : c;
}

static int compare_scores(double a, double b)
{
    if (fabs(a - b) <= SCORE_EPSILON)
        return 0;
    return a > b ? -1 : 1;
}

int federate__compare(const struct ranked *a, double weight_a, const struct ranked *b,
                      double weight_b)
{
    size_t i = 0, j = 0;

    for (;;) {
        size_t before_i = i, before_j = j, left_a, left_b;
        struct group x, y;
        bool has_x = next_group(a, weight_a, &i, &x), has_y = next_group(b, weight_b, &j, &y);
        int c;

        if (!has_x || !has_y)
            return has_x != has_y ? (has_x ? -1 : 1)
                                  : compare_scores(a->score * weight_a, b->score * weight_b);
        if (x.sorts != y.sorts) {
            left_a = count_groups(a, before_i);
            left_b = count_groups(b, before_j);
            return left_a != left_b ? (left_a > left_b ? -1 : 1)
                                    : compare_scores(a->score * weight_a, b->score * weight_b);
        }
        c = x.sorts ? compare_values(x.part, y.part) : compare_scores(x.score, y.score);
        if (c != 0)
            return c;
    }
}

/* The sort rules of a list; text rules count as one place. */
static size_t sort_places(const struct rank_rules *rules, const struct sort_rule **ret)
{
    size_t n = 0;
    bool text = false;

    for (size_t i = 0; i < rules->n_steps; i++) {
        if (rules->steps[i].mask == 0)
            ret[n++] = &rules->sorts[rules->steps[i].sort];
        else if (!text)
            ret[n++] = NULL;
        text = rules->steps[i].mask != 0;
    }
    return n;
}

enum { PLACES_MAX = 64 }; /* sort rules that are compared; more of them are not looked at */

static enum rc check_pair(const struct federate *f, const struct rank_rules *rules, size_t i,
                          size_t j, struct err *err)
{
    const struct sort_rule *a[PLACES_MAX], *b[PLACES_MAX];
    size_t n_a, n_b;

    if (rules[i].n_steps > PLACES_MAX || rules[j].n_steps > PLACES_MAX)
        return RC_OK;
    n_a = sort_places(&rules[i], a);
    n_b = sort_places(&rules[j], b);
    for (size_t k = 0; k < n_a && k < n_b && a[k] && b[k]; k++) {
        if (a[k]->descending == b[k]->descending && a[k]->geo == b[k]->geo)
            continue;
        return err_set(err, RC_INVALID, "invalid_multi_search_query_ranking_rules",
                       "The results of queries #%zu and #%zu are incompatible: \n  1. "
                       "`queries[%zu]` sorts by `%.*s`\n  2. `queries[%zu]` sorts by `%.*s`",
                       f->lists[i].query->position, f->lists[j].query->position,
                       f->lists[i].query->position, BYTES_ARG(a[k]->text),
                       f->lists[j].query->position, BYTES_ARG(b[k]->text));
    }
    return RC_OK;
}

enum rc federate__check_order(const struct federate *f, struct err *err)
{
    struct rank_rules *rules = arena_zalloc(f->arena, (f->n_lists + 1) * sizeof(*rules));
    enum rc rc = RC_OK;

    if (!rules)
        return err_set(err, RC_TOO_LARGE, NULL, "the search takes too much memory");
    for (size_t i = 0; rc == RC_OK && i < f->n_lists; i++)
        rc = rank_rules__make(&f->lists[i].run.search, f->lists[i].run.graph.n_terms == 0,
                              &rules[i], err);
    for (size_t i = 1; rc == RC_OK && i < f->n_lists; i++)
        rc = check_pair(f, rules, 0, i, err);
    return rc;
}
