/* SPDX-License-Identifier: MIT */
/*
 * match.c -- which rows of a tile have what an edge of the graph asks for.
 *
 * A derivation of one word that may be in any field is its list of rows. All
 * others (phrases, splits, synonyms of several words, words that count in some
 * fields only) are looked at occurrence by occurrence, here and not while
 * ranking, so that sets of rows are exact and totals are too.
 */
#include "base/mem.h"
#include "query/rank_int.h"

void places__add(struct places *p, uint64_t place)
{
    if (p->n == p->cap) {
        p->cap = p->cap ? p->cap * 2 : 64;
        p->at = xrealloc(p->at, p->cap * sizeof(*p->at));
    }
    p->at[p->n++] = place;
}

static enum match_class class_of(const struct derivation *d)
{
    switch (d->typos) {
    case 0:
        return d->exact ? CLASS_EXACT : CLASS_ZERO;
    case 1:
        return CLASS_ONE;
    default:
        return CLASS_TWO;
    }
}

static enum rc open_source(struct match *m, const struct derivation *d, struct match_source *src,
                           struct err *err)
{
    src->d = d;
    src->class = class_of(d);
    src->need = d->original ? FIELD_SEARCHED : FIELD_SEARCHED | FIELD_TYPOS;
    src->check = !m->fields.all || (!d->original && !m->fields.typos_in_all);
    src->gone = d->n_words == 0;
    if (src->gone)
        return RC_OK;
    src->lead = d->words[0].offset;
    src->span = d->words[d->n_words - 1].offset;
    src->lists = xcalloc(d->n_words, sizeof(struct postings *));
    src->found = xcalloc(d->n_words, sizeof(*src->found));
    src->n_found = xcalloc(d->n_words, sizeof(size_t));
    src->next_found = xcalloc(d->n_words, sizeof(size_t));
    for (size_t i = 0; i < d->n_words; i++) {
        enum rc rc =
            postings_open(m->search->reader, d->kind, d->words[i].word, &src->lists[i], err);

        if (rc == RC_NOT_FOUND) {
            src->gone = true;
            return RC_OK;
        }
        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}

static void close_source(struct match_source *src)
{
    for (size_t i = 0; src->lists && i < src->d->n_words; i++)
        postings_close(src->lists[i]);
    xfree(src->lists);
    xfree(src->found);
    xfree(src->n_found);
    xfree(src->next_found);
}

/* Query position of the last word of an edge. */
static uint32_t end_of(const struct edge *e)
{
    if (e->phrase && e->n_derivations > 0 && e->derivations[0].n_words > 0)
        return e->position + e->derivations[0].words[e->derivations[0].n_words - 1].offset;
    return e->position + (uint32_t)(e->to - e->from) - 1;
}

static enum rc open_edge(struct match *m, const struct edge *e, struct match_edge *me,
                         struct err *err)
{
    me->edge = e;
    me->n_terms = (unsigned)(e->to - e->from);
    me->end = end_of(e);
    me->sources = xcalloc(e->n_derivations ? e->n_derivations : 1, sizeof(*me->sources));
    for (size_t i = 0; i < e->n_derivations; i++) {
        enum rc rc;

        me->n_sources = i + 1;
        rc = open_source(m, &e->derivations[i], &me->sources[i], err);
        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}

static enum rc open_all(struct match *m, struct err *err)
{
    const struct graph *g = m->graph;
    enum rc rc = match__fields(m->search, &m->fields, err);

    for (size_t i = 0; rc == RC_OK && i < g->n_edges; i++)
        rc = open_edge(m, &g->edges[i], &m->edges[i], err);
    for (size_t i = 0; rc == RC_OK && i < g->n_negatives; i++)
        rc = open_source(m, &g->negatives[i], &m->negatives[i], err);
    return rc;
}

/* Terms of the same step are dropped together. */
static void lay_levels(struct match *m)
{
    const struct graph *g = m->graph;

    for (size_t i = 0; i < g->n_droppable; i++) {
        if (i == 0 || g->drop_step[i] != g->drop_step[i - 1]) {
            m->max_level++;
            m->dropped[m->max_level] = m->dropped[m->max_level - 1];
        }
        m->dropped[m->max_level] |= (uint16_t)(1u << g->drop_order[i]);
    }
}

enum rc match__open(const struct search *s, const struct graph *g, struct match **ret_match,
                    struct err *err)
{
    struct match *m = xcalloc(1, sizeof(*m));
    enum rc rc;

    m->search = s;
    m->graph = g;
    m->edges = xmalloc((g->n_edges + 1) * sizeof(*m->edges)); /* sets are written when read */
    for (size_t i = 0; i < g->n_edges; i++)
        memset(&m->edges[i], 0, offsetof(struct match_edge, rows));
    m->nodes = xmalloc((g->n_terms + 1) * sizeof(*m->nodes));
    m->negatives = xcalloc(g->n_negatives ? g->n_negatives : 1, sizeof(*m->negatives));
    lay_levels(m);
    rc = open_all(m, err);
    if (rc != RC_OK) {
        match__close(m);
        return rc;
    }
    *ret_match = m;
    return RC_OK;
}

void match__close(struct match *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->graph->n_edges; i++) {
        for (size_t j = 0; j < m->edges[i].n_sources; j++)
            close_source(&m->edges[i].sources[j]);
        xfree(m->edges[i].sources);
    }
    for (size_t i = 0; i < m->graph->n_negatives; i++) {
        if (m->negatives[i].d)
            close_source(&m->negatives[i]);
    }
    xfree(m->edges);
    xfree(m->negatives);
    xfree(m->nodes);
    xfree(m->typos);
    xfree(m->places.at);
    xfree(m->other.at);
    xfree(m);
}

static void mark_row(void *arg, uint32_t row, const uint64_t *places, size_t n)
{
    struct tile *rows = arg;

    (void)places;
    (void)n;
    tile__set(rows, row);
}

/* ORs the rows that have the source, which is in the tile, into *out; those outside of universe may
 * be among them. */
static enum rc source_rows(struct match *m, struct match_source *src, uint32_t tile,
                           const struct tile *universe, struct tile *out, struct err *err)
{
    struct tile with = *universe;
    enum rc rc;

    if (src->d->n_words == 1 && !src->check)
        return postings_rows(src->lists[0], tile, out, err);
    for (size_t i = 0; i < src->d->n_words; i++) {
        memset(&m->scratch, 0, sizeof(m->scratch));
        rc = postings_rows(src->lists[i], tile, &m->scratch, err);
        if (rc != RC_OK)
            return rc;
        if (!tile__narrow(&with, &m->scratch))
            return RC_OK;
    }
    return match__visit(m, src, tile, &with, mark_row, out, err);
}

/* Whether the tile has all words of a source: most lists are in few tiles. */
static enum rc is_in_tile(const struct match_source *src, uint32_t tile, bool *ret_in,
                          struct err *err)
{
    enum rc rc = RC_OK;

    *ret_in = !src->gone;
    for (size_t i = 0; rc == RC_OK && *ret_in && i < src->d->n_words; i++)
        rc = postings_in(src->lists[i], tile, ret_in, err);
    return rc;
}

static enum rc edge_rows(struct match *m, struct match_edge *e, uint32_t tile, struct err *err)
{
    e->any = false;
    memset(e->any_of, 0, sizeof(e->any_of));
    for (size_t i = 0; i < e->n_sources; i++) {
        struct match_source *src = &e->sources[i];
        struct tile *rows = &e->rows[src->class];
        bool in;
        enum rc rc = is_in_tile(src, tile, &in, err);

        if (rc == RC_OK && in) {
            if (!e->any_of[src->class])
                memset(rows, 0, sizeof(*rows));
            e->any_of[src->class] = true;
            rc = source_rows(m, src, tile, &m->base, rows, err);
        }
        if (rc != RC_OK)
            return rc;
    }
    for (unsigned c = 0; c < MATCH_CLASSES; c++) {
        if (!e->any_of[c])
            continue;
        e->any_of[c] = tile__narrow(&e->rows[c], &m->base);
        if (!e->any_of[c])
            continue;
        if (e->any)
            tile__or(&e->all, &e->rows[c]);
        else
            e->all = e->rows[c];
        e->any = true;
    }
    m->any = m->any || e->any;
    return RC_OK;
}

enum rc match__tile(struct match *m, uint32_t tile, const struct tile *universe, struct err *err)
{
    m->base = *universe;
    m->any = false;
    for (size_t i = 0; i < m->graph->n_negatives; i++) {
        struct tile out;
        bool in;
        enum rc rc = is_in_tile(&m->negatives[i], tile, &in, err);

        if (rc == RC_OK && in) {
            memset(&out, 0, sizeof(out));
            rc = source_rows(m, &m->negatives[i], tile, &m->base, &out, err);
            tile__and_not(&m->base, &out);
        }
        if (rc != RC_OK)
            return rc;
    }
    for (size_t i = 0; i < m->graph->n_edges; i++) {
        enum rc rc = edge_rows(m, &m->edges[i], tile, err);

        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}
