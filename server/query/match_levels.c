/* SPDX-License-Identifier: MIT */
/*
 * match_levels.c -- paths through the graph, for all rows of a tile at once.
 *
 * At level k the terms of the first k steps of the drop order need not match. An
 * n-gram stays until all of its terms are dropped, as in the engine whose answers
 * are the measure; so what a level reaches, the next one reaches too.
 */
#include "base/mem.h"
#include "query/rank_int.h"

static unsigned terms_mask(unsigned from, unsigned to)
{
    return (1u << to) - (1u << from);
}

bool match__free(const struct match *m, unsigned level, unsigned from, unsigned to)
{
    unsigned terms;

    if (from > to)
        return false;
    terms = terms_mask(from, to);
    return (m->dropped[level] & terms) == terms;
}

unsigned match__kept(const struct match *m, unsigned level, const struct match_edge *e)
{
    unsigned terms = terms_mask(e->edge->from, e->edge->to);

    return (unsigned)__builtin_popcount(terms & ~(unsigned)m->dropped[level]);
}

bool match__usable(const struct match *m, unsigned level, const struct match_edge *e)
{
    return !match__free(m, level, e->edge->from, e->edge->to);
}

void match__reach(struct match *m, unsigned level, struct tile *out)
{
    size_t n = m->graph->n_terms;

    m->nodes[0] = m->base;
    memset(m->nodes + 1, 0, sizeof(struct tile) * n);
    for (unsigned node = 0; node < n; node++) {
        if (match__free(m, level, node, node + 1))
            tile__or(&m->nodes[node + 1], &m->nodes[node]);
        for (size_t i = 0; i < m->graph->n_edges; i++) {
            struct match_edge *e = &m->edges[i];

            if (e->edge->from == node && e->any && match__usable(m, level, e))
                tile__or_and(&m->nodes[e->edge->to], &m->nodes[node], &e->all);
        }
    }
    *out = m->nodes[n];
}

/* ORs into the edge's end what it reaches with exactly `total` typos from its start. */
static void follow(struct match *m, const struct match_edge *e, unsigned total)
{
    for (unsigned c = 0; c < MATCH_CLASSES; c++) {
        unsigned typos = e->edge->base_typos + match__class_typos(c);

        if (e->any_of[c] && typos <= total)
            tile__or_and(&m->typos[total][e->edge->to], &m->typos[total - typos][e->edge->from],
                         &e->rows[c]);
    }
}

void match__reach_typos(struct match *m, unsigned level, unsigned total, struct tile *out)
{
    size_t n = m->graph->n_terms;

    ASSERT(total < MATCH_TYPO_SETS);
    if (!m->typos)
        m->typos = xmalloc(MATCH_TYPO_SETS * sizeof(*m->typos));
    memset(m->typos[total], 0, sizeof(struct tile) * (n + 1));
    if (total == 0)
        m->typos[0][0] = m->base;
    for (unsigned node = 0; node < n; node++) {
        if (match__free(m, level, node, node + 1))
            tile__or(&m->typos[total][node + 1], &m->typos[total][node]);
        for (size_t i = 0; i < m->graph->n_edges; i++) {
            const struct match_edge *e = &m->edges[i];

            if (e->edge->from == node && e->any && match__usable(m, level, e))
                follow(m, e, total);
        }
    }
    *out = m->typos[total][n];
}
