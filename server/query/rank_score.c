/* SPDX-License-Identifier: MIT */
/*
 * rank_score.c -- what a row cost, as a score between 0 and 1 and its parts.
 *
 * Every rule gives a rank r of m, 1 the worst. Rules merge like digits: after
 * (R, M) comes ((R - 1) * m + r, M * m). Sort rules add nothing.
 */
#include "query/rank_int.h"
#include "json/json_write.h"

struct rank_of {
    uint64_t rank, max;
};

static struct rank_of merge(struct rank_of a, struct rank_of b)
{
    return (struct rank_of){(a.rank - 1) * b.max + b.rank, a.max * b.max};
}

/* How much of each rule there can be, for a row of this level. */
struct scale {
    unsigned level, n_terms, kept;
    struct rank_maxima max;
};

static struct scale scale_of(const struct rank *r, const struct rank_entry *e)
{
    struct scale s = {.level = rank__cost_of(&r->rules, COST_WORDS, e->cost),
                      .n_terms = (unsigned)r->graph->n_terms};

    s.kept = s.n_terms - (unsigned)__builtin_popcount(r->match->dropped[s.level]);
    s.max = rank__maxima(r->match, s.level, r->ngrams_used[s.level]);
    return s;
}

/* A path may cost more than the dearest of single terms would, if n-grams come in. */
static struct rank_of of_max(unsigned cost, unsigned max)
{
    unsigned capped = cost < max ? cost : max;

    return (struct rank_of){(uint64_t)max - capped + 1, (uint64_t)max + 1};
}

static struct rank_of rank_of(const struct rank *r, const struct rank_entry *e,
                              const struct scale *s, enum cost which)
{
    unsigned cost = rank__cost_of(&r->rules, which, e->cost);

    switch (which) {
    case COST_WORDS:
        return (struct rank_of){s->kept, s->n_terms};
    case COST_TYPO:
        return of_max(cost, s->max.typo);
    case COST_PROXIMITY:
        return of_max(cost, s->max.proximity);
    case COST_ATTRIBUTE:
        return of_max(cost, s->max.attribute);
    case COST_POSITION:
        return of_max(cost, s->max.position);
    case COST_EXACT_ATTRIBUTE:
        return of_max(cost, 2);
    case COST_EXACT_WORDS:
        return of_max(cost, s->kept);
    case N_COSTS:
        break;
    }
    NEVER("a cost that is none");
}

double rank__score(const struct rank *r, const struct rank_entry *e)
{
    struct rank_of score = {1, 1};
    struct scale s;

    if (r->rules.n_order == 0)
        return 1;
    s = scale_of(r, e);
    for (size_t i = 0; i < r->rules.n_order; i++) {
        if (e->skipped && r->rules.order[i] != COST_WORDS) {
            score = merge(score, (struct rank_of){0, 1});
            break;
        }
        score = merge(score, rank_of(r, e, &s, r->rules.order[i]));
    }
    return (double)score.rank / (double)score.max;
}

static void set_rank(struct score_part *part, struct rank_of rank)
{
    part->rank = (uint32_t)rank.rank;
    part->max = (uint32_t)rank.max;
}

static void fill_text(const struct rank *r, const struct rank_entry *e, const struct scale *s,
                      struct score_part *part)
{
    struct rank_of first, second;

    switch (part->kind) {
    case RULE_WORDS:
        part->a = s->kept;
        part->b = s->n_terms;
        set_rank(part, rank_of(r, e, s, COST_WORDS));
        break;
    case RULE_TYPO:
        part->a = rank__cost_of(&r->rules, COST_TYPO, e->cost);
        part->b = s->max.typo;
        set_rank(part, rank_of(r, e, s, COST_TYPO));
        break;
    case RULE_PROXIMITY:
        set_rank(part, rank_of(r, e, s, COST_PROXIMITY));
        break;
    case RULE_ATTRIBUTE_RANK:
        set_rank(part, rank_of(r, e, s, COST_ATTRIBUTE));
        break;
    case RULE_WORD_POSITION:
        set_rank(part, rank_of(r, e, s, COST_POSITION));
        break;
    case RULE_ATTRIBUTE:
        first = rank_of(r, e, s, COST_ATTRIBUTE);
        second = rank_of(r, e, s, COST_POSITION);
        part->first_score = (double)first.rank / (double)first.max;
        part->second_score = (double)second.rank / (double)second.max;
        set_rank(part, merge(first, second));
        break;
    case RULE_EXACTNESS:
        part->match_type = (uint8_t)(3 - rank__cost_of(&r->rules, COST_EXACT_ATTRIBUTE, e->cost));
        part->a = s->kept - rank__cost_of(&r->rules, COST_EXACT_WORDS, e->cost);
        part->b = s->kept;
        set_rank(part,
                 merge(rank_of(r, e, s, COST_EXACT_ATTRIBUTE), rank_of(r, e, s, COST_EXACT_WORDS)));
        break;
    case RULE_SORT:
    case RULE_ASC:
    case RULE_DESC:
        NEVER("a sort rule is no text rule");
    }
}

static enum rc set_value(struct rank *r, const struct buf *json, struct score_part *part,
                         struct err *err)
{
    part->value = arena_dup(r->search->arena, buf_view(json));
    if (!part->value.p)
        return err_set(err, RC_TOO_LARGE, NULL, "the search takes too much memory");
    return RC_OK;
}

/* What federated searches compare by. */
static enum rc keep_number(struct rank *r, double number, struct score_part *part, struct err *err)
{
    struct column_value *v = arena_zalloc(r->search->arena, sizeof(*v));

    if (!v)
        return err_set(err, RC_TOO_LARGE, NULL, "the search takes too much memory");
    v->is_number = true;
    v->number = number;
    part->sorted_by = v;
    return RC_OK;
}

static enum rc fill_sort(struct rank *r, const struct rank_entry *e, size_t sort,
                         struct score_part *part, struct err *err)
{
    struct sort_rule *rule = &r->rules.sorts[sort];
    const struct sort_key *key = &r->top.keys[(size_t)e->slot * r->rules.n_sorts + sort];
    struct json_writer w;
    struct buf json;
    double lat, lng;
    bool has = false;
    enum rc rc = RC_OK;

    part->field = rule->text;
    part->sorts = true;
    part->descending = rule->descending;
    buf_init(&json, BUF_NO_LIMIT);
    json_writer_init(&w, &json);
    if (rule->geo)
        rc = sort__point(rule, e->row, &has, &lat, &lng, err);
    if (has) {
        part->distance = geo__distance(rule->lat, rule->lng, lat, lng);
        json_begin_object(&w);
        json_key(&w, "lat");
        json_put_double(&w, lat);
        json_key(&w, "lng");
        json_put_double(&w, lng);
        json_end_object(&w);
    } else if (key->group == SORT_NUMBER && !rule->geo) {
        rc = keep_number(r, key->number, part, err);
        json_put_double(&w, key->number);
    } else if (key->value) {
        part->sorted_by = key->value;
        json_put_string(&w, key->value->original);
    } else {
        json_put_null(&w);
    }
    if (rc == RC_OK)
        rc = set_value(r, &json, part, err);
    buf_done(&json);
    return rc;
}

enum rc rank__parts(struct rank *r, const struct rank_entry *e, struct ranked *ret_ranked,
                    struct err *err)
{
    struct score_part *parts =
        arena_zalloc(r->search->arena, (r->rules.n_rules + 1) * sizeof(*parts));
    struct scale s = {0};
    size_t n = 0;

    if (!parts)
        return err_set(err, RC_TOO_LARGE, NULL, "the search takes too much memory");
    if (r->rules.n_order > 0)
        s = scale_of(r, e);
    for (size_t i = 0; i < r->rules.n_rules; i++) {
        const struct rank_rule *rule = &r->rules.rules[i];
        struct score_part *part = &parts[n++];
        enum rc rc;

        part->kind = rule->kind;
        part->distance = -1;
        if (e->skipped && rule->kind != RULE_WORDS) {
            part->skipped = true;
            part->max = 1;
            break;
        }
        if (rule->kind != RULE_SORT && rule->kind != RULE_ASC && rule->kind != RULE_DESC) {
            fill_text(r, e, &s, part);
            continue;
        }
        rc = fill_sort(r, e, rule->sort, part, err);
        if (rc != RC_OK)
            return rc;
    }
    ret_ranked->row = e->row;
    ret_ranked->doc = e->doc;
    ret_ranked->score = rank__score(r, e);
    ret_ranked->parts = parts;
    ret_ranked->n_parts = n;
    return RC_OK;
}
