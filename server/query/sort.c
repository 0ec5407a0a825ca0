/* SPDX-License-Identifier: MIT */
/*
 * sort.c -- values that rows are sorted by.
 *
 * Numbers come before texts whichever way the rule goes, and rows without a
 * value (missing, null, empty text, an object) come last. Of several values the
 * smallest counts going up, the greatest of the first group going down. Geo
 * distances are whole metres, so that what is within one metre can be equal.
 *
 * Numbers are in the key and their parts pass by; texts are borrowed from parts
 * that stay as long as the reader.
 */
#include <math.h>

#include "query/rank_int.h"

static enum rc open_column(struct reader *r, struct bytes field, struct column **ret_column,
                           struct err *err)
{
    enum rc rc = reader_column(r, field, ret_column, err);

    if (rc != RC_NOT_FOUND)
        return rc;
    *ret_column = NULL;
    return RC_OK;
}

enum rc sort__open(struct reader *r, struct sort_rule *rule, struct err *err)
{
    enum rc rc;

    if (!rule->geo)
        return open_column(r, rule->field, &rule->column, err);
    rc = open_column(r, B("_geo.lat"), &rule->column, err);
    if (rc != RC_OK)
        return rc;
    return open_column(r, B("_geo.lng"), &rule->column_lng, err);
}

enum rc sort__point(struct sort_rule *rule, uint32_t row, bool *ret_has, double *ret_lat,
                    double *ret_lng, struct err *err)
{
    struct column_part *lats = NULL, *lngs = NULL;
    uint32_t i = row % PART_ROWS;
    enum rc rc = RC_OK;

    if (rule->column && rule->column_lng)
        rc = column_part_now(rule->column, row, &lats, err);
    if (rc == RC_OK && lats)
        rc = column_part_now(rule->column_lng, row, &lngs, err);
    *ret_has = rc == RC_OK && lngs && column_first_number(lats, i, ret_lat) &&
               column_first_number(lngs, i, ret_lng);
    return rc;
}

static enum rc geo_key(struct sort_rule *rule, uint32_t row, struct sort_key *ret_key,
                       struct err *err)
{
    double lat, lng;
    bool has;
    enum rc rc = sort__point(rule, row, &has, &lat, &lng, err);

    if (rc != RC_OK)
        return rc;
    *ret_key = (struct sort_key){.group = SORT_NONE};
    if (has) {
        ret_key->group = SORT_NUMBER;
        ret_key->number = floor(geo__distance(rule->lat, rule->lng, lat, lng));
    }
    return RC_OK;
}

/* Of places that rise, numbers first: the one that stands for a row with [from, to). */
static uint32_t choose(const struct column_part *part, uint32_t from, uint32_t to, bool descending)
{
    if (!descending)
        return column_place(part, from);
    while (to > from + 1 && column_place(part, to - 1) >= part->n_numbers &&
           column_place(part, from) < part->n_numbers)
        to--; /* numbers come first here too */
    return column_place(part, to - 1);
}

enum rc sort__key(struct sort_rule *rule, uint32_t row, struct sort_key *ret_key, struct err *err)
{
    const struct column_value *values;
    struct column_part *part = NULL;
    uint32_t i = row % PART_ROWS, from, to, place;
    enum rc rc = RC_OK;

    if (rule->geo)
        return geo_key(rule, row, ret_key, err);
    *ret_key = (struct sort_key){.group = SORT_NONE};
    if (rule->column)
        rc = (rule->texts ? column_part_of : column_part_now)(rule->column, row, &part, err);
    if (rc != RC_OK || !part)
        return rc;
    from = column_start(part, i);
    to = column_start(part, i + 1);
    if (from == to)
        return RC_OK;
    place = choose(part, from, to, rule->descending);
    if (place < part->n_numbers) {
        *ret_key = (struct sort_key){SORT_NUMBER, column_number(part, place), NULL};
        return RC_OK;
    }
    rule->texts = true;
    rc = column_part_of(rule->column, row, &part, err);
    if (rc == RC_OK)
        rc = column_values(part, &values, err);
    if (rc == RC_OK)
        *ret_key = (struct sort_key){SORT_TEXT, 0, &values[place]};
    return rc;
}

/* ---- many rows at once ----------------------------------------------------------------------- */

/* Places of values that are not worse than a key: those within [from, to), or all others. */
struct kept {
    uint32_t from, to;
    bool within;
};

static enum rc find_kept(const struct sort_rule *rule, const struct column_part *part,
                         const struct sort_key *worst, struct kept *ret, struct err *err)
{
    enum column_seek how = rule->descending ? SEEK_FROM : SEEK_BEHIND;
    uint32_t cut;
    enum rc rc = RC_OK;

    if (worst->group == SORT_NUMBER)
        cut = column_seek_number(part, worst->number, !rule->descending);
    else
        rc = column_seek_text(part, worst->value->text, how, &cut, err);
    if (rc != RC_OK)
        return rc;
    if (!rule->descending)
        *ret = (struct kept){0, cut, true}; /* numbers, then texts, as they rise */
    else if (worst->group == SORT_NUMBER)
        *ret = (struct kept){cut, part->n_numbers, true};
    else
        *ret = (struct kept){part->n_numbers, cut, false};
    return RC_OK;
}

static bool is_kept(const struct kept *k, uint32_t place)
{
    return (place - k->from < k->to - k->from) == k->within;
}

/* Those of `left`, of the 64 rows from `row` on. */
static uint64_t keep_rows(const struct sort_rule *rule, const struct column_part *part,
                          uint32_t row, uint64_t left, const struct kept *k)
{
    uint32_t places[64], i, from, to;
    uint64_t kept = 0;

    if (column_one_each(part, row)) {
        column_places(part, column_start(part, row), 64, places);
        for (i = 0; i < 64; i++)
            kept |= (uint64_t)is_kept(k, places[i]) << i;
        return left & kept;
    }
    for (; left; left &= left - 1) {
        i = row + (uint32_t)__builtin_ctzll(left);
        from = column_start(part, i);
        to = column_start(part, i + 1);
        if (from < to && is_kept(k, choose(part, from, to, rule->descending)))
            kept |= left & (0 - left);
    }
    return kept;
}

/* Geo: row by row. */
static enum rc keep_near(struct sort_rule *rule, uint32_t tile, const struct sort_key *worst,
                         struct tile *rows, struct err *err)
{
    for (uint32_t i = tile__next(rows, 0); i < TILE_ROWS; i = tile__next(rows, i + 1)) {
        struct sort_key key;
        enum rc rc = geo_key(rule, tile * TILE_ROWS + i, &key, err);

        if (rc != RC_OK)
            return rc;
        if (sort__compare(rule, &key, worst) > 0)
            tile__unset(rows, i);
    }
    return RC_OK;
}

/* rows: PART_WORDS words, of the part from `first` on. */
static enum rc keep_part(const struct sort_rule *rule, uint32_t first, const struct sort_key *worst,
                         uint64_t *rows, struct err *err)
{
    struct column_part *part;
    struct kept kept;
    enum rc rc = column_part_now(rule->column, first, &part, err);

    if (rc == RC_OK && part)
        rc = find_kept(rule, part, worst, &kept, err);
    if (rc != RC_OK)
        return rc;
    for (uint32_t w = 0; w < PART_WORDS; w++)
        if (rows[w])
            rows[w] = part ? keep_rows(rule, part, w * 64, rows[w], &kept) : 0;
    return RC_OK;
}

enum rc sort__keep(struct sort_rule *rule, uint32_t tile, const struct sort_key *worst,
                   struct tile *rows, struct err *err)
{
    uint32_t i = tile__next(rows, 0);

    if (worst->group == SORT_NONE)
        return RC_OK;
    if (rule->geo)
        return keep_near(rule, tile, worst, rows, err);
    while (i < TILE_ROWS) {
        uint32_t at = i / PART_ROWS * PART_ROWS;
        enum rc rc = keep_part(rule, tile * TILE_ROWS + at, worst, rows->bits + at / 64, err);

        if (rc != RC_OK)
            return rc;
        i = tile__next(rows, at + PART_ROWS);
    }
    return RC_OK;
}

/* ---- comparing ---------------------------------------------------------------------------------
 */

int sort__compare(const struct sort_rule *rule, const struct sort_key *a, const struct sort_key *b)
{
    int c = 0;

    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    switch (a->group) {
    case SORT_NUMBER:
        c = (a->number > b->number) - (a->number < b->number);
        break;
    case SORT_TEXT:
        c = a->value == b->value ? 0 : bytes_cmp(a->value->text, b->value->text);
        break;
    case SORT_NONE:
        break;
    }
    return rule->descending ? -c : c;
}
