/* SPDX-License-Identifier: MIT */
/*
 * rank_cost.c -- what the text rules cost, and how dear they can be.
 *
 *   rule            cost, lower first                             dearest
 *   words           steps of dropped terms                        steps
 *   typo            typos of words, base of n-grams               of paths: allowances, see below
 *   proximity       min(distance, 4) - 1 of neighbours, joints    3 a pair of neighbours
 *   attributeRank   rank of the field a term is in                (searchable - 1) a term
 *   wordPosition    step(|position - position in the query|)      10 a term
 *   exactAttribute  0 whole field, 1 its beginning, 2 neither     2
 *   exactWords      terms that are not there as typed             terms
 */
#include "query/rank_int.h"

/* The steps of wordPosition. */
#define X2(v) v, v
#define X4(v) X2(v), X2(v)
#define X8(v) X4(v), X4(v)
#define X16(v) X8(v), X8(v)
#define X32(v) X16(v), X16(v)
#define X64(v) X32(v), X32(v)
#define X128(v) X64(v), X64(v)
#define X256(v) X128(v), X128(v)
const uint8_t rank__steps[STEP_TABLE] = {
    0,                         /* 0 */
    1,                         /* 1 */
    X2(2),   2,                /* 2 - 4 */
    X2(3),   3,                /* 5 - 7 */
    X4(4),                     /* 8 - 11 */
    X4(5),   5,                /* 12 - 16 */
    X8(6),                     /* 17 - 24 */
    X32(7),  X8(7),            /* 25 - 64 */
    X128(8), X64(8),           /* 65 - 256 */
    X256(9), X256(9), X256(9), /* 257 - 1024 */
};

/* Bits a cost has; a sum over a path of QUERY_TERMS_MAX terms fits. */
static const uint8_t cost_bits[N_COSTS] = {
    [COST_WORDS] = 4,           /* 0..10 */
    [COST_TYPO] = 6,            /* 2 a term, less in n-grams */
    [COST_PROXIMITY] = 6,       /* 3 a pair */
    [COST_ATTRIBUTE] = 20,      /* 65,535 a term */
    [COST_POSITION] = 7,        /* 10 a term */
    [COST_EXACT_ATTRIBUTE] = 2, /* 0..2 */
    [COST_EXACT_WORDS] = 4,     /* 0..10 */
};

unsigned rank__cost_bits(enum cost which)
{
    return cost_bits[which];
}

unsigned rank__cost_of(const struct rank_rules *r, enum cost which, uint64_t cost)
{
    if (!r->has[which])
        return 0;
    return (unsigned)(cost >> r->shift[which] & (((uint64_t)1 << cost_bits[which]) - 1));
}

uint64_t rank__cost_unknown(const struct rank_rules *r, unsigned level)
{
    uint64_t cost = rank__cost(r, COST_WORDS, level);

    for (size_t i = 0; i < r->n_order; i++) {
        if (r->order[i] != COST_WORDS)
            cost |= rank__cost(r, r->order[i], ((uint64_t)1 << cost_bits[r->order[i]]) - 1);
    }
    return cost;
}

uint64_t rank__cost_of_class(const struct rank_rules *r, const struct match_edge *e,
                             enum match_class class, unsigned kept)
{
    return rank__cost(r, COST_TYPO, e->edge->base_typos + match__class_typos(class)) +
           rank__cost(r, COST_PROXIMITY, kept - 1) +
           rank__cost(r, COST_EXACT_WORDS, class == CLASS_EXACT && e->n_terms == 1 ? 0 : kept);
}

static bool share_field(const uint64_t *left, size_t n_left, const uint64_t *right, size_t n_right)
{
    size_t i = 0, j = 0;

    while (i < n_left && j < n_right) {
        uint64_t a = left[i] >> PLACE_FIELD_SHIFT, b = right[j] >> PLACE_FIELD_SHIFT;

        if (a == b)
            return true;
        if (a < b)
            i++;
        else
            j++;
    }
    return false;
}

/*
 * Distances count from the last word on the left to the first on the right; a
 * word that stands before what it should follow is one further away.
 */
unsigned rank__near(const uint64_t *left, size_t n_left, uint32_t span, const uint64_t *right,
                    size_t n_right, bool by_attribute)
{
    uint64_t best = NEAR_MAX;
    size_t i = 0;

    if (by_attribute)
        return share_field(left, n_left, right, n_right) ? 0 : FAR_COST;
    for (size_t j = 0; j < n_right && best > 1; j++) {
        uint64_t place = right[j];

        while (i < n_left && left[i] + span < place)
            i++;
        if (i > 0 && place - (left[i - 1] + span) < best)
            best = place - (left[i - 1] + span);
        for (size_t k = i; k < n_left; k++) { /* the same place is no neighbour of itself */
            uint64_t back = left[k] + span - place;

            if (back > 0) {
                best = back + 1 < best ? back + 1 : best;
                break;
            }
        }
    }
    return (unsigned)best - 1;
}

/* The dearest path; n-grams count if some row of the level has them. */
static unsigned max_typos(const struct match *m, unsigned level, uint32_t ngrams_used)
{
    unsigned dearest[QUERY_TERMS_MAX + 1] = {0};
    size_t n = m->graph->n_terms;

    for (unsigned node = 0; node < n; node++) {
        if (match__free(m, level, node, node + 1) && dearest[node + 1] < dearest[node])
            dearest[node + 1] = dearest[node];
        for (size_t i = 0; i < m->graph->n_edges; i++) {
            const struct match_edge *e = &m->edges[i];
            unsigned sum = dearest[node] + e->edge->max_typos;

            if (e->edge->from != node || !match__usable(m, level, e))
                continue;
            if (e->n_terms > 1 && !(ngrams_used >> i & 1))
                continue;
            if (sum > dearest[e->edge->to])
                dearest[e->edge->to] = sum;
        }
    }
    return dearest[n];
}

struct rank_maxima rank__maxima(const struct match *m, unsigned level, uint32_t ngrams_used)
{
    const struct match_edge *last = NULL;
    struct rank_maxima max = {0};
    unsigned kept = 0;
    size_t n_searchable = m->search->plan->searchable_all ? 1 : m->search->plan->n_searchable;

    for (size_t i = 0; i < m->graph->n_edges; i++) {
        const struct match_edge *e = &m->edges[i];

        if (e->n_terms > 1 || !match__usable(m, level, e))
            continue;
        kept++;
        if (last && last->edge->to == e->edge->from && last->end + 1 == e->edge->position)
            max.proximity += FAR_COST;
        last = e;
    }
    max.typo = max_typos(m, level, ngrams_used);
    max.attribute = n_searchable > 0 ? (unsigned)(n_searchable - 1) * kept : 0;
    max.position = STEP_MAX * kept;
    return max;
}
