/* SPDX-License-Identifier: MIT */
/*
 * hit_score.c -- _rankingScoreDetails: what every rule made of a hit, in their order.
 *
 * The value a hit was sorted by is not shown if its field is not displayed.
 */
#include "query/format_int.h"

#include <math.h>

static void put_score(struct json_writer *w, double score)
{
    json_key(w, "score");
    json_put_double(w, score);
}

static void put_pair(struct json_writer *w, const char *a, const char *b,
                     const struct score_part *p)
{
    json_key(w, a);
    json_put_u64(w, p->a);
    json_key(w, b);
    json_put_u64(w, p->b);
}

static void put_exactness(struct json_writer *w, const struct score_part *p, double score)
{
    static const char *const types[] = {"noExactMatch", "matchesStart", "exactMatch"};
    unsigned type = p->match_type >= 1 && p->match_type <= 3 ? p->match_type : 1U;

    json_key(w, "matchType");
    json_str(w, types[type - 1]);
    if (type > 1) { /* how many words were exact says nothing then */
        put_score(w, (double)type / 3.0);
        return;
    }
    put_pair(w, "matchingWords", "maxMatchingWords", p);
    put_score(w, score);
}

static const char *rule_name(enum rule_kind kind)
{
    switch (kind) {
    case RULE_WORDS:
        return "words";
    case RULE_TYPO:
        return "typo";
    case RULE_PROXIMITY:
        return "proximity";
    case RULE_ATTRIBUTE:
        return "attribute";
    case RULE_ATTRIBUTE_RANK:
        return "attributeRank";
    case RULE_WORD_POSITION:
        return "wordPosition";
    case RULE_EXACTNESS:
        return "exactness";
    case RULE_SORT:
    case RULE_ASC:
    case RULE_DESC:
        break;
    }
    return NULL; /* goes by its field */
}

static void put_text_rule(struct json_writer *w, const struct score_part *p)
{
    double score = p->max ? (double)p->rank / (double)p->max : 1.0;

    if (p->kind == RULE_EXACTNESS) {
        put_exactness(w, p, score);
        return;
    }
    if (p->kind == RULE_WORDS)
        put_pair(w, "matchingWords", "maxMatchingWords", p);
    if (p->kind == RULE_TYPO)
        put_pair(w, "typoCount", "maxTypoCount", p);
    if (p->kind == RULE_ATTRIBUTE) {
        json_key(w, "attributeRankingOrderScore");
        json_put_double(w, p->first_score);
        json_key(w, "queryWordDistanceScore");
        json_put_double(w, p->second_score);
    }
    put_score(w, score);
}

static bool is_hidden(const struct plan *plan, struct bytes rule)
{
    size_t n = rule.n;

    if (bytes_starts(rule, B("_geoPoint")))
        return false;
    while (n > 0 && rule.p[n - 1] != ':')
        n--;
    return !plan_is_displayed(plan, bytes_of(rule.p, n ? n - 1 : rule.n));
}

static void put_sort(struct json_writer *w, const struct plan *plan, const struct score_part *p,
                     size_t order)
{
    bool hidden = is_hidden(plan, p->field);
    struct buf name;

    buf_init(&name, BUF_NO_LIMIT);
    if (hidden)
        (void)buf_printf(&name, "<hidden-rule-%zu>", order);
    else
        (void)buf_bytes(&name, p->field);
    json_put_key(w, buf_view(&name));
    buf_done(&name);
    json_begin_object(w);
    json_key(w, "order");
    json_put_u64(w, order);
    json_key(w, "value");
    if (hidden)
        json_str(w, "<hidden>");
    else if (p->value.n > 0)
        json_put_raw(w, p->value);
    else
        json_put_null(w);
    if (!hidden && p->distance >= 0) {
        json_key(w, "distance");
        json_put_u64(w, (uint64_t)llround(p->distance));
    }
    json_end_object(w);
}

void hit_score__details(const struct plan *plan, const struct ranked *r, struct json_writer *w)
{
    size_t i;

    json_key(w, "_rankingScoreDetails");
    json_begin_object(w);
    for (i = 0; i < r->n_parts; i++) {
        const struct score_part *p = &r->parts[i];
        const char *name = rule_name(p->kind);

        if (!name && !p->skipped) {
            put_sort(w, plan, p, i);
            continue;
        }
        json_key(w, p->skipped ? "skipped" : name);
        json_begin_object(w);
        json_key(w, "order");
        json_put_u64(w, i);
        if (p->skipped)
            put_score(w, 0);
        else
            put_text_rule(w, p);
        json_end_object(w);
        if (p->skipped) /* and so is all behind it */
            break;
    }
    json_end_object(w);
}
