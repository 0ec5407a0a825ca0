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

    rule->part_first = UINT32_MAX;
    if (!rule->geo)
        return open_column(r, rule->field, &rule->column, err);
    rc = open_column(r, B("_geo.lat"), &rule->column, err);
    if (rc != RC_OK)
        return rc;
    return open_column(r, B("_geo.lng"), &rule->column_lng, err);
}

/* Texts sort behind numbers. */
static bool has_texts(const struct column_part *part)
{
    return part && part->n_values > 0 && !part->values[part->n_values - 1].is_number;
}

static enum rc find_part(struct sort_rule *rule, uint32_t row, struct err *err)
{
    uint32_t first = row / PART_ROWS * PART_ROWS;
    enum rc rc = RC_OK;

    if (rule->texts && rule->part_first == first)
        return RC_OK; /* others may have passed by since */
    rule->part = rule->part_lng = NULL;
    rule->part_first = UINT32_MAX;
    if (rule->column)
        rc = (rule->texts ? column_part_of : column_part_now)(rule->column, row, &rule->part, err);
    if (rc == RC_OK && rule->column_lng)
        rc = column_part_now(rule->column_lng, row, &rule->part_lng, err);
    if (rc == RC_OK && !rule->geo && !rule->texts && has_texts(rule->part)) {
        rule->texts = true;
        rc = column_part_of(rule->column, row, &rule->part, err);
    }
    if (rc == RC_OK)
        rule->part_first = first;
    return rc;
}

/* The first number of a row. */
static bool number_of(const struct column_part *part, uint32_t row, double *ret)
{
    uint32_t i = row % PART_ROWS;

    if (!part || part->starts[i] == part->starts[i + 1])
        return false;
    *ret = part->values[part->places[part->starts[i]]].number;
    return part->values[part->places[part->starts[i]]].is_number;
}

enum rc sort__point(struct sort_rule *rule, uint32_t row, bool *ret_has, double *ret_lat,
                    double *ret_lng, struct err *err)
{
    enum rc rc = find_part(rule, row, err);

    if (rc != RC_OK)
        return rc;
    *ret_has = number_of(rule->part, row, ret_lat) && number_of(rule->part_lng, row, ret_lng);
    return RC_OK;
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

static bool is_value(const struct column_value *v)
{
    return v->is_number || v->text.n > 0;
}

/* The value that stands for a row, or NULL. places: rising, numbers first. */
static const struct column_value *choose(const struct column_part *part, const uint32_t *places,
                                         uint32_t n, bool descending)
{
    const struct column_value *best = NULL;

    for (uint32_t i = 0; i < n; i++) {
        const struct column_value *v = &part->values[places[i]];

        if (!is_value(v))
            continue;
        if (!descending)
            return v;
        if (best && best->is_number && !v->is_number)
            break; /* numbers come first here too */
        best = v;
    }
    return best;
}

enum rc sort__key(struct sort_rule *rule, uint32_t row, struct sort_key *ret_key, struct err *err)
{
    const struct column_value *v = NULL;
    uint32_t i = row % PART_ROWS;
    enum rc rc;

    if (rule->geo)
        return geo_key(rule, row, ret_key, err);
    rc = find_part(rule, row, err);
    if (rc != RC_OK)
        return rc;
    if (rule->part)
        v = choose(rule->part, rule->part->places + rule->part->starts[i],
                   rule->part->starts[i + 1] - rule->part->starts[i], rule->descending);
    *ret_key = (struct sort_key){.group = SORT_NONE};
    if (v)
        *ret_key = (struct sort_key){v->is_number ? SORT_NUMBER : SORT_TEXT,
                                     v->is_number ? v->number : 0, v->is_number ? NULL : v};
    return RC_OK;
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
