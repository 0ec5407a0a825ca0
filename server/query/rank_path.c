/* SPDX-License-Identifier: MIT */
/*
 * rank_path.c -- the cheapest way through the query graph, row by row.
 *
 * A state is an edge and how well its words were hit (match_class). Its own
 * cost is a sum that knows no neighbour: typos, best field, best place in the
 * text, exactness; between two states stands their proximity. All costs are in
 * one number with the first rule highest, so that one pass over the states from
 * left to right (the smallest sum over all that lead to it) finds the path that
 * is best rule by rule. Then exactAttribute, which no path changes, is added if
 * the row is still good enough.
 */
#include "base/mem.h"
#include "query/rank_int.h"

enum { STATES_MAX = (3 * QUERY_TERMS_MAX) * MATCH_CLASSES };
#define NO_RUN UINT32_MAX
#define NO_PATH UINT64_MAX

/* The places that one derivation has in one row. */
struct run {
    uint32_t next; /* run of the same row and edge; NO_RUN */
    uint32_t first, n;
    uint32_t span;
    enum match_class class;
};

/* What a batch has of one edge. */
struct edge_runs {
    struct match_edge *edge;
    unsigned kept;                 /* terms of it that are not dropped */
    uint64_t fixed[MATCH_CLASSES]; /* what a class costs wherever its words are */
    uint32_t head[RANK_BATCH];     /* by row of the batch */
};

struct state {
    const struct match_edge *edge;
    enum match_class class;
    uint32_t head; /* first run of the edge; those of the class count */
    uint64_t cost; /* of the cheapest path to its end */
};

struct rank_paths {
    struct edge_runs *edges[3 * QUERY_TERMS_MAX]; /* owned, made as needed */
    size_t n_edges;
    struct run *runs; /* owned */
    size_t n_runs, cap_runs;
    struct places places;
    struct state states[STATES_MAX];
    size_t n_states;
    /* while gathering */
    const struct rank_batch *batch; /* borrowed, as the next two */
    struct edge_runs *into;
    const struct match_source *source;
};

void rank_path__free(struct rank_paths *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < 3 * QUERY_TERMS_MAX; i++)
        xfree(p->edges[i]);
    xfree(p->runs);
    xfree(p->places.at);
    xfree(p);
}

static void take_run(void *arg, uint32_t row, const uint64_t *places, size_t n)
{
    struct rank_paths *p = arg;
    uint32_t *head = &p->into->head[p->batch->index[row]];

    if (p->n_runs == p->cap_runs) {
        p->cap_runs = p->cap_runs ? p->cap_runs * 2 : 1024;
        p->runs = xrealloc(p->runs, p->cap_runs * sizeof(*p->runs));
    }
    p->runs[p->n_runs] = (struct run){.next = *head,
                                      .first = (uint32_t)p->places.n,
                                      .n = (uint32_t)n,
                                      .span = p->source->span,
                                      .class = p->source->class};
    *head = (uint32_t)p->n_runs++;
    for (size_t i = 0; i < n; i++)
        places__add(&p->places, places[i]);
}

static bool leads_through(const struct rank_group *group, const struct match_edge *e)
{
    for (unsigned c = 0; c < MATCH_CLASSES; c++) {
        if (rank_group__takes(group, e, c) && tile__meets(&e->rows[c], group->rows))
            return true;
    }
    return false;
}

static void set_edge(const struct rank *r, unsigned level, struct edge_runs *runs,
                     struct match_edge *e)
{
    runs->edge = e;
    runs->kept = match__kept(r->match, level, e);
    for (unsigned c = 0; c < MATCH_CLASSES; c++)
        runs->fixed[c] = rank__cost_of_class(&r->rules, e, c, runs->kept);
}

/* The edges that the cheapest paths of the group may lead through. */
static void choose_edges(struct rank *r, const struct rank_group *group)
{
    struct rank_paths *p = r->paths;

    p->n_edges = 0;
    for (size_t i = 0; i < r->graph->n_edges; i++) {
        struct match_edge *e = &r->match->edges[i];

        if (!e->any || !match__usable(r->match, group->level, e) || !leads_through(group, e))
            continue;
        if (!p->edges[p->n_edges])
            p->edges[p->n_edges] = xmalloc(sizeof(struct edge_runs));
        set_edge(r, group->level, p->edges[p->n_edges++], e);
    }
}

static enum rc gather(struct rank *r, const struct rank_group *group, struct err *err)
{
    struct rank_paths *p = r->paths;

    p->batch = r->batch;
    p->n_runs = 0;
    p->places.n = 0;
    for (size_t i = 0; i < p->n_edges; i++) {
        struct match_edge *e = p->edges[i]->edge;

        p->into = p->edges[i];
        for (size_t j = 0; j < r->batch->n; j++)
            p->into->head[j] = NO_RUN;
        for (size_t j = 0; j < e->n_sources; j++) {
            enum rc rc;

            if (e->sources[j].gone || !rank_group__takes(group, e, e->sources[j].class))
                continue;
            p->source = &e->sources[j];
            rc = match__visit(r->match, &e->sources[j], group->tile, &r->batch->rows, take_run, p,
                              err);
            if (rc != RC_OK)
                return rc;
        }
    }
    return RC_OK;
}

/* What a state costs by itself: the best field and the best place of its runs. */
static uint64_t own_cost(const struct rank *r, const struct edge_runs *e, const struct state *s)
{
    const struct rank_paths *p = r->paths;
    uint32_t attribute = UINT32_MAX;
    unsigned step = STEP_MAX;

    for (uint32_t i = s->head; i != NO_RUN; i = p->runs[i].next) {
        const struct run *run = &p->runs[i];

        if (run->class != s->class)
            continue;
        for (uint32_t j = run->first; j < run->first + run->n; j++) {
            uint64_t place = p->places.at[j];
            uint32_t rank = r->match->fields.rank[place >> PLACE_FIELD_SHIFT];
            unsigned one =
                rank__step((uint32_t)(place & PLACE_POSITION_MASK), s->edge->edge->position);

            attribute = rank < attribute ? rank : attribute;
            step = one < step ? one : step;
        }
    }
    return e->fixed[s->class] +
           rank__cost(&r->rules, COST_ATTRIBUTE, (uint64_t)attribute * e->kept) +
           rank__cost(&r->rules, COST_POSITION, (uint64_t)step * e->kept);
}

static unsigned near_cost(const struct rank *r, const struct state *left, const struct state *right)
{
    const struct rank_paths *p = r->paths;
    unsigned best = FAR_COST;

    for (uint32_t i = left->head; i != NO_RUN && best > 0; i = p->runs[i].next) {
        const struct run *a = &p->runs[i];

        for (uint32_t j = right->head; a->class == left->class && j != NO_RUN && best > 0;
             j = p->runs[j].next) {
            const struct run *b = &p->runs[j];
            unsigned cost;

            if (b->class != right->class)
                continue;
            cost = rank__near(p->places.at + a->first, a->n, a->span, p->places.at + b->first, b->n,
                              r->search->plan->by_attribute);
            best = cost < best ? cost : best;
        }
    }
    return best;
}

/* From one state on to the next: how near they are, if the query has them side by side. */
static uint64_t joint_cost(const struct rank *r, const struct state *left,
                           const struct state *right)
{
    if (!r->rules.has[COST_PROXIMITY] || left->edge->end + 1 != right->edge->edge->position)
        return 0;
    return rank__cost(&r->rules, COST_PROXIMITY, near_cost(r, left, right));
}

static uint64_t cheapest_to(const struct rank *r, unsigned level, const struct state *s)
{
    const struct rank_paths *p = r->paths;
    uint64_t best = match__free(r->match, level, 0, s->edge->edge->from) ? 0 : NO_PATH;

    for (size_t i = 0; i < p->n_states; i++) {
        const struct state *before = &p->states[i];
        uint64_t cost;

        if (before->cost >= best ||
            !match__free(r->match, level, before->edge->edge->to, s->edge->edge->from))
            continue;
        cost = before->cost + joint_cost(r, before, s);
        best = cost < best ? cost : best;
    }
    return best;
}

/* Edges come sorted by where they begin, so that all that leads to a state is there before it. */
static uint64_t cheapest_path(struct rank *r, unsigned level, size_t row)
{
    struct rank_paths *p = r->paths;
    uint64_t best = NO_PATH;

    p->n_states = 0;
    for (size_t i = 0; i < p->n_edges; i++) {
        uint32_t head = p->edges[i]->head[row];
        unsigned classes = 0;

        for (uint32_t j = head; j != NO_RUN; j = p->runs[j].next)
            classes |= 1u << p->runs[j].class;
        for (unsigned c = 0; c < MATCH_CLASSES; c++) {
            struct state s = {p->edges[i]->edge, c, head, NO_PATH};

            if (!(classes >> c & 1))
                continue;
            s.cost = cheapest_to(r, level, &s);
            if (s.cost == NO_PATH)
                continue;
            s.cost += own_cost(r, p->edges[i], &s);
            p->states[p->n_states++] = s;
            if (s.cost < best &&
                match__free(r->match, level, s.edge->edge->to, (unsigned)r->graph->n_terms))
                best = s.cost;
        }
    }
    return best;
}

/* Is the very word of the edge there, where the query has it, in this field? */
static bool stands_in_field(const struct rank_paths *p, const struct edge_runs *e, size_t row,
                            uint64_t field)
{
    uint64_t wanted = field << PLACE_FIELD_SHIFT | e->edge->edge->position;

    for (uint32_t i = e->head[row]; i != NO_RUN; i = p->runs[i].next) {
        const struct run *run = &p->runs[i];

        for (uint32_t j = run->first; run->class == CLASS_EXACT && j < run->first + run->n; j++) {
            if (p->places.at[j] == wanted)
                return true;
        }
    }
    return false;
}

/* All terms in one field, each at its place; n-grams are no terms. */
static bool field_begins(const struct rank *r, size_t row, uint64_t field)
{
    const struct rank_paths *p = r->paths;
    size_t n = 0;

    for (size_t i = 0; i < p->n_edges; i++) {
        if (p->edges[i]->edge->n_terms > 1)
            continue;
        if (!stands_in_field(p, p->edges[i], row, field))
            return false;
        n++;
    }
    return n == r->graph->n_terms;
}

static enum rc exact_attribute(struct rank *r, const struct rank_group *group, size_t row,
                               unsigned *ret_cost, struct err *err)
{
    const struct rank_paths *p = r->paths;
    const struct edge_runs *first = p->edges[0];
    uint32_t number = group->tile * TILE_ROWS + r->batch->list[row];

    *ret_cost = 2;
    if (group->level > 0)
        return RC_OK;
    for (uint32_t i = first->head[row]; i != NO_RUN; i = p->runs[i].next) {
        const struct run *run = &p->runs[i];

        for (uint32_t j = run->first; run->class == CLASS_EXACT && j < run->first + run->n; j++) {
            uint64_t place = p->places.at[j];
            bool whole;
            enum rc rc;

            if ((place & PLACE_POSITION_MASK) != first->edge->edge->position ||
                !field_begins(r, row, place >> PLACE_FIELD_SHIFT))
                continue;
            rc = rank_exact__is_whole(r->exact, number, (uint32_t)(place >> PLACE_FIELD_SHIFT),
                                      &whole, err);
            if (rc != RC_OK)
                return rc;
            *ret_cost = whole ? 0 : *ret_cost < 1 ? 0 : 1;
        }
    }
    return RC_OK;
}

static enum rc offer_batch(struct rank *r, const struct rank_group *group, struct err *err)
{
    for (size_t i = 0; i < r->batch->n; i++) {
        uint64_t cost = cheapest_path(r, group->level, i);
        unsigned exact = 0;
        enum rc rc = RC_OK;

        if (cost == NO_PATH)
            continue;
        cost += rank__cost(&r->rules, COST_WORDS, group->level);
        if (rank_top__is_out(&r->top, cost))
            continue;
        if (r->rules.has[COST_EXACT_ATTRIBUTE])
            rc = exact_attribute(r, group, i, &exact, err);
        cost += rank__cost(&r->rules, COST_EXACT_ATTRIBUTE, exact);
        if (rc == RC_OK && !rank_top__is_out(&r->top, cost))
            rc = rank_top__offer(&r->top, group->tile * TILE_ROWS + r->batch->list[i], cost, false,
                                 err);
        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}

static enum rc look_at_batch(struct rank *r, const struct rank_group *group,
                             const struct match_edge *edge, struct err *err)
{
    enum rc rc = gather(r, group, err);

    (void)edge; /* all of them */
    return rc == RC_OK ? offer_batch(r, group, err) : rc;
}

enum rc rank_path__group(struct rank *r, const struct rank_group *group, struct err *err)
{
    struct tile rows;

    if (!r->paths)
        r->paths = xcalloc(1, sizeof(*r->paths));
    choose_edges(r, group);
    if (r->paths->n_edges == 1)
        return rank_one__group(r, group, r->paths->edges[0]->edge, err);
    rows = *group->rows;
    return rank_batch__each(r, group, &rows, look_at_batch, NULL, err);
}
