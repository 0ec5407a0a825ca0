/* SPDX-License-Identifier: MIT */
/*
 * match_places.c -- where rows have a derivation: one word, or several in a row.
 *
 * The places of a phrase are those of its first word at which all others stand
 * where they should, in the same field.
 */
#include "query/rank_int.h"

/* Appends the places of one word in one row; only those in fields that count. */
static void read_places(const struct match *m, const struct posting *p, uint8_t need,
                        struct places *out)
{
    struct occurrence_iter it;
    struct occurrence o;

    occurrences_of(p, &it);
    while (occurrences_next(&it, &o)) {
        if (o.field < m->fields.n && (m->fields.flags[o.field] & need) == need)
            places__add(out, (uint64_t)o.field << PLACE_FIELD_SHIFT | o.position);
    }
}

static enum rc visit_word(struct match *m, struct match_source *src, uint32_t tile,
                          const struct tile *only, match_visit_fn *visit, void *arg,
                          struct err *err)
{
    const struct posting *found;
    size_t n;
    enum rc rc = postings_of(src->lists[0], tile, only, &found, &n, err);

    if (rc != RC_OK)
        return rc;
    for (size_t i = 0; i < n; i++) {
        m->places.n = 0;
        read_places(m, &found[i], src->need, &m->places);
        if (m->places.n > 0)
            visit(arg, found[i].row, m->places.at, m->places.n);
    }
    return RC_OK;
}

/* Keeps those of `starts` that have a place of `other` so many positions behind. */
static void keep_followed(struct places *starts, const struct places *other, uint32_t distance)
{
    size_t kept = 0, j = 0;

    for (size_t i = 0; i < starts->n; i++) {
        uint64_t wanted = starts->at[i] + distance;

        while (j < other->n && other->at[j] < wanted)
            j++;
        if (j < other->n && other->at[j] == wanted)
            starts->at[kept++] = starts->at[i];
    }
    starts->n = kept;
}

/* Moves word i's cursor to the row; false: it has none there. */
static bool find_row(struct match_source *src, size_t i, uint16_t row)
{
    while (src->next_found[i] < src->n_found[i] && src->found[i][src->next_found[i]].row < row)
        src->next_found[i]++;
    return src->next_found[i] < src->n_found[i] && src->found[i][src->next_found[i]].row == row;
}

/* Stop words at the beginning of a phrase take positions, too. */
static void drop_lead(struct places *places, uint32_t lead)
{
    size_t kept = 0;

    for (size_t i = 0; i < places->n; i++) {
        if ((places->at[i] & PLACE_POSITION_MASK) >= lead)
            places->at[kept++] = places->at[i] - lead;
    }
    places->n = kept;
}

static void read_phrase(struct match *m, struct match_source *src, uint16_t row)
{
    const struct derivation *d = src->d;

    m->places.n = 0;
    for (size_t i = 0; i < d->n_words; i++) {
        if (!find_row(src, i, row)) {
            m->places.n = 0;
            return;
        }
        if (i == 0) {
            read_places(m, &src->found[0][src->next_found[0]], src->need, &m->places);
        } else {
            m->other.n = 0;
            read_places(m, &src->found[i][src->next_found[i]], src->need, &m->other);
            keep_followed(&m->places, &m->other, d->words[i].offset - src->lead);
        }
        if (m->places.n == 0)
            return;
    }
    drop_lead(&m->places, src->lead);
}

enum rc match__visit(struct match *m, struct match_source *src, uint32_t tile,
                     const struct tile *only, match_visit_fn *visit, void *arg, struct err *err)
{
    if (src->gone)
        return RC_OK;
    if (src->d->n_words == 1 && src->lead == 0)
        return visit_word(m, src, tile, only, visit, arg, err);
    for (size_t i = 0; i < src->d->n_words; i++) {
        enum rc rc = postings_of(src->lists[i], tile, only, &src->found[i], &src->n_found[i], err);

        if (rc != RC_OK)
            return rc;
        src->next_found[i] = 0;
    }
    for (size_t i = 0; i < src->n_found[0]; i++) {
        uint16_t row = src->found[0][i].row;

        read_phrase(m, src, row);
        if (m->places.n > 0)
            visit(arg, row, m->places.at, m->places.n);
    }
    return RC_OK;
}
