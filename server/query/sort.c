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
