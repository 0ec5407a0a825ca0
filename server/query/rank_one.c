/* SPDX-License-Identifier: MIT */
/*
 * rank_one.c -- rows that a single edge decides: queries of one word, or what is left of longer
 * ones.
 *
 * There is no path to look for and no neighbour to be near to, so that a place
 * is looked at once and forgotten.
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
    struct best best[MATCH_CLASSES]
                    [RANK_BATCH]; /* by row of the batch; of classes that are there */
};

void rank_one__free(struct rank_one *one)
{
    xfree(one);
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
    enum rc rc = postings_of(src->lists[0], group->tile, &r->batch->rows, &found, &n, err);

    for (size_t i = 0; rc == RC_OK && i < n; i++) {
        struct best *b = &best[r->batch->index[found[i].row]];
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
                           &sink->best[sink->r->batch->index[row]], sink->err);
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

        if (src->gone || !rank_group__takes(group, e, src->class))
            continue;
        if (src->d->n_words == 1 && src->lead == 0) {
            rc = gather_word(r, group, e, src, whole, err);
        } else {
            struct place_sink sink = {r, group, e, r->one->best[src->class], whole, RC_OK, err};

            rc = match__visit(r->match, src, group->tile, &r->batch->rows, take_places, &sink, err);
            if (rc == RC_OK)
                rc = sink.rc;
        }
    }
    return rc;
}

static enum rc offer_batch(struct rank *r, const struct rank_group *group,
                           const struct match_edge *e, struct err *err)
{
    unsigned kept = match__kept(r->match, group->level, e);
    uint64_t fixed[MATCH_CLASSES];

    for (unsigned c = 0; c < MATCH_CLASSES; c++)
        fixed[c] = rank__cost(&r->rules, COST_WORDS, group->level) +
                   rank__cost_of_class(&r->rules, e, c, kept);
    for (size_t i = 0; i < r->batch->n; i++) {
        /* whichever word is the cheapest: a field can be the query all the same */
        unsigned exact = e->any_of[CLASS_EXACT] ? r->one->best[CLASS_EXACT][i].exact : 2;
        uint64_t cost = UINT64_MAX;
        enum rc rc;

        for (unsigned c = 0; c < MATCH_CLASSES; c++) {
            const struct best *b = &r->one->best[c][i];
            uint64_t one;

            if (!rank_group__takes(group, e, c) || b->attribute == UINT32_MAX)
                continue;
            one = fixed[c] + rank__cost(&r->rules, COST_ATTRIBUTE, (uint64_t)b->attribute * kept) +
                  rank__cost(&r->rules, COST_POSITION, (uint64_t)b->step * kept) +
                  rank__cost(&r->rules, COST_EXACT_ATTRIBUTE, exact);
            cost = one < cost ? one : cost;
        }
        if (cost == UINT64_MAX || rank_top__is_out(&r->top, cost))
            continue;
        rc =
            rank_top__offer(&r->top, group->tile * TILE_ROWS + r->batch->list[i], cost, false, err);
        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}

static enum rc look_at_batch(struct rank *r, const struct rank_group *group,
                             const struct match_edge *e, struct err *err)
{
    enum rc rc;

    for (unsigned c = 0; c < MATCH_CLASSES; c++) {
        for (size_t i = 0; rank_group__takes(group, e, c) && i < r->batch->n; i++)
            r->one->best[c][i] = (struct best){UINT32_MAX, STEP_MAX, 2};
    }
    rc = gather(r, group, e, err);
    return rc == RC_OK ? offer_batch(r, group, e, err) : rc;
}

enum rc rank_one__group(struct rank *r, const struct rank_group *group,
                        const struct match_edge *edge, struct err *err)
{
    struct tile rows = *group->rows;

    if (!r->one)
        r->one = xmalloc(sizeof(*r->one));
    return rank_batch__each(r, group, &rows, look_at_batch, edge, err);
}
