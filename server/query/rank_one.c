/* SPDX-License-Identifier: MIT */
/*
 * rank_one.c -- rows that a single edge decides: queries of one word, or what is left of longer
 * ones.
 *
 * There is no path to look for and no neighbour to be near to, so that a place
 * is looked at once and forgotten. Rows that have the very word come first: the
 * others cannot be exact, and once the list is full of rows that are as good as
 * they could be, they need no look at all.
 */
#include "base/mem.h"
#include "query/rank_int.h"

/* The best of a row's places, for one class of words. */
struct best {
    uint32_t attribute; /* UINT32_MAX: it has none */
    uint8_t step;
    uint8_t exact; /* 0, 1, 2 as COST_EXACT_ATTRIBUTE */
};

struct rank_one {
    struct best best[MATCH_CLASSES][RANK_BATCH];
    uint16_t list[RANK_BATCH]; /* rows of the batch */
    uint16_t index[TILE_ROWS]; /* row -> place in the list; only those of the batch are set */
    struct tile batch;
};

void rank_one__free(struct rank_one *one)
{
    xfree(one);
}

size_t rank__batch(const struct tile *rows, uint32_t *next, size_t max, struct tile *batch,
                   uint16_t *list)
{
    size_t n = 0;
    uint32_t i;

    memset(batch, 0, sizeof(*batch));
    for (i = tile__next(rows, *next); i < TILE_ROWS && n < max; i = tile__next(rows, i + 1)) {
        tile__set(batch, i);
        list[n++] = (uint16_t)i;
    }
    *next = i;
    return n;
}

/* What all rows of a class cost alike. */
static uint64_t cost_of_class(const struct rank *r, const struct rank_group *group,
                              const struct match_edge *e, enum match_class class, unsigned n)
{
    const struct rank_rules *rules = &r->rules;

    return rank__cost(rules, COST_WORDS, group->level) +
           rank__cost(rules, COST_TYPO, e->edge->base_typos + match__class_typos(class)) +
           rank__cost(rules, COST_PROXIMITY, n - 1) +
           rank__cost(rules, COST_EXACT_WORDS, class == CLASS_EXACT && e->n_terms == 1 ? 0 : n);
}

/* Takes a place into account. whole: exactAttribute is asked for, and the words are the query's. */
static enum rc look_at(struct rank *r, const struct match_edge *e, uint32_t row,
                       struct occurrence o, bool whole, struct best *best, struct err *err)
{
    uint32_t rank = r->match->fields.rank[o.field];
    unsigned step = rank__step(o.position, e->edge->position);

    if (rank < best->attribute)
        best->attribute = rank;
    if (step < best->step)
        best->step = (uint8_t)step;
    if (whole && best->exact > 0 && o.position == e->edge->position) {
        bool is;
        enum rc rc = rank_exact__is_whole(r->exact, row, o.field, &is, err);

        if (rc != RC_OK)
            return rc;
        best->exact = is ? 0 : 1;
    }
    return RC_OK;
}

/* One list of words: the quick way, without a detour over places. */
static enum rc gather_word(struct rank *r, const struct rank_group *group,
                           const struct match_edge *e, struct match_source *src, bool whole,
                           struct err *err)
{
    struct best *best = r->one->best[src->class];
    const struct match_fields *fields = &r->match->fields;
    const struct posting *found;
    size_t n;
    enum rc rc = postings_of(src->lists[0], group->tile, &r->one->batch, &found, &n, err);

    for (size_t i = 0; rc == RC_OK && i < n; i++) {
        struct best *b = &best[r->one->index[found[i].row]];
        struct occurrence_iter it;
        struct occurrence o;
        uint32_t field = UINT32_MAX;
        bool passed = false;

        occurrences_of(&found[i], &it);
        while (rc == RC_OK && occurrences_next(&it, &o)) {
            if (o.field != field) {
                field = o.field;
                passed = field >= fields->n || (fields->flags[field] & src->need) != src->need;
            }
            if (passed)
                continue;
            passed = o.position >= e->edge->position; /* those behind it are only further away */
            rc = look_at(r, e, group->tile * TILE_ROWS + found[i].row, o, whole, b, err);
            if (!whole && b->attribute == 0 && b->step == 0)
                break;
        }
    }
    return rc;
}

struct place_sink {
    struct rank *r;
    const struct rank_group *group;
    const struct match_edge *e;
    struct best *best;
    bool whole;
    enum rc rc;
    struct err *err;
};

static void take_places(void *arg, uint32_t row, const uint64_t *places, size_t n)
{
    struct place_sink *sink = arg;

    for (size_t i = 0; sink->rc == RC_OK && i < n; i++) {
        struct occurrence o = {(uint32_t)(places[i] >> PLACE_FIELD_SHIFT),
                               (uint32_t)(places[i] & PLACE_POSITION_MASK)};

        sink->rc = look_at(sink->r, sink->e, sink->group->tile * TILE_ROWS + row, o, sink->whole,
                           &sink->best[sink->r->one->index[row]], sink->err);
    }
}

static enum rc gather(struct rank *r, const struct rank_group *group, const struct match_edge *e,
                      struct err *err)
{
    enum rc rc = RC_OK;

    for (size_t i = 0; rc == RC_OK && i < e->n_sources; i++) {
        struct match_source *src = &e->sources[i];
        bool whole = r->rules.has[COST_EXACT_ATTRIBUTE] && group->level == 0 &&
                     src->class == CLASS_EXACT && e->n_terms == 1;

        if (src->gone || !e->any_of[src->class])
            continue;
        if (src->d->n_words == 1 && src->lead == 0) {
            rc = gather_word(r, group, e, src, whole, err);
        } else {
            struct place_sink sink = {r, group, e, r->one->best[src->class], whole, RC_OK, err};

            rc = match__visit(r->match, src, group->tile, &r->one->batch, take_places, &sink, err);
            if (rc == RC_OK)
                rc = sink.rc;
        }
    }
    return rc;
}

static enum rc offer_batch(struct rank *r, const struct rank_group *group,
                           const struct match_edge *e, size_t n, struct err *err)
{
    unsigned kept = match__kept(r->match, group->level, e);
    uint64_t fixed[MATCH_CLASSES];

    for (unsigned c = 0; c < MATCH_CLASSES; c++)
        fixed[c] = cost_of_class(r, group, e, c, kept);
    for (size_t i = 0; i < n; i++) {
        /* whichever word is the cheapest: a field can be the query all the same */
        unsigned exact = e->any_of[CLASS_EXACT] ? r->one->best[CLASS_EXACT][i].exact : 2;
        uint64_t cost = UINT64_MAX;
        enum rc rc;

        for (unsigned c = 0; c < MATCH_CLASSES; c++) {
            const struct best *b = &r->one->best[c][i];
            uint64_t one;

            if (!e->any_of[c] || b->attribute == UINT32_MAX)
                continue;
            one = fixed[c] + rank__cost(&r->rules, COST_ATTRIBUTE, (uint64_t)b->attribute * kept) +
                  rank__cost(&r->rules, COST_POSITION, (uint64_t)b->step * kept) +
                  rank__cost(&r->rules, COST_EXACT_ATTRIBUTE, exact);
            cost = one < cost ? one : cost;
        }
        if (cost == UINT64_MAX || rank_top__is_out(&r->top, cost))
            continue;
        rc = rank_top__offer(&r->top, group->tile * TILE_ROWS + r->one->list[i], cost, false, err);
        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}

/* Once no row of a group can be better than the worst that is in, only older documents matter. */
static void keep_older(const struct rank *r, const struct rank_group *group, struct tile *rows)
{
    uint32_t worst = r->top.at[0].doc, first = group->tile * TILE_ROWS;

    for (uint32_t i = tile__next(rows, 0); i < TILE_ROWS; i = tile__next(rows, i + 1)) {
        if (reader_doc_of(r->search->reader, first + i) > worst)
            tile__unset(rows, i);
    }
}

static enum rc rank_rows(struct rank *r, const struct rank_group *group, struct match_edge *e,
                         struct tile *rows, struct err *err)
{
    uint64_t worst = UINT64_MAX;
    uint32_t next = 0;
    size_t max = 0;

    for (;;) {
        bool go_on;
        size_t n;
        enum rc rc = rank__go_on(r, &go_on, err);

        if (rc != RC_OK || !go_on)
            return rc;
        if (rank_top__is_out(&r->top, group->cost))
            return RC_OK;
        if (rank_top__is_tie(&r->top, group->cost))
            keep_older(r, group, rows);
        rc = rank_sieve__rows(r, group, &worst, rows, err);
        if (rc != RC_OK)
            return rc;
        max = rank__next_batch(max);
        n = rank__batch(rows, &next, max, &r->one->batch, r->one->list);
        if (n == 0)
            return RC_OK;
        for (size_t i = 0; i < n; i++)
            r->one->index[r->one->list[i]] = (uint16_t)i;
        for (unsigned c = 0; c < MATCH_CLASSES; c++) {
            for (size_t i = 0; e->any_of[c] && i < n; i++)
                r->one->best[c][i] = (struct best){UINT32_MAX, STEP_MAX, 2};
        }
        rc = gather(r, group, e, err);
        if (rc == RC_OK)
            rc = offer_batch(r, group, e, n, err);
        if (rc != RC_OK)
            return rc;
        tile__and_not(group->rows, &r->one->batch);
    }
}

enum rc rank_one__group(struct rank *r, const struct rank_group *group, struct match_edge *edge,
                        struct err *err)
{
    struct tile with = *group->rows, without = *group->rows;
    struct rank_group rest = *group;
    enum rc rc;

    if (!r->one)
        r->one = xcalloc(1, sizeof(*r->one));
    tile__and(&with, &edge->rows[CLASS_EXACT]);
    tile__and_not(&without, &edge->rows[CLASS_EXACT]);
    rest.cost += rank__cost(&r->rules, COST_EXACT_ATTRIBUTE, 2) +
                 rank__cost(&r->rules, COST_EXACT_WORDS, match__kept(r->match, group->level, edge));
    rc = rank_rows(r, group, edge, &with, err);
    if (rc == RC_OK)
        rc = rank_rows(r, &rest, edge, &without, err);
    return rc;
}
