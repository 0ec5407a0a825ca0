/* SPDX-License-Identifier: MIT */
/*
 * filter_match.c -- one condition on one part of a column.
 *
 * A part has a dictionary: numbers rising, then texts bytewise. A condition is
 * put to the dictionary, not to the rows: what it matches there are one or two
 * runs of values (found by halving), or single ones. Then every row asks only
 * whether the numbers of its values are among them.
 */
#include "query/filter_int.h"

/* Values [from, to) of a part. */
struct run {
    uint32_t from, to;
};

/* What of the dictionary matches. */
struct matches {
    struct run numbers, texts;
    bool single; /* hits[] of the filter has it, value by value */
};

/* ---- the dictionary -------------------------------------------------------------------------- */

static uint32_t count_numbers(const struct column_part *p)
{
    uint32_t from = 0, to = p->n_values;

    while (from < to) {
        uint32_t middle = from + (to - from) / 2;

        if (p->values[middle].is_number)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* First number >= v, or > v with `behind`. */
static uint32_t seek_number(const struct column_part *p, uint32_t n_numbers, double v, bool behind)
{
    uint32_t from = 0, to = n_numbers;

    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        double at = p->values[middle].number;

        if (at < v || (behind && at <= v))
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* First text >= v, or > v with `behind`. */
static uint32_t seek_text(const struct column_part *p, uint32_t n_numbers, struct bytes v,
                          bool behind)
{
    uint32_t from = n_numbers, to = p->n_values;

    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        int order = bytes_cmp(p->values[middle].text, v);

        if (order < 0 || (behind && order == 0))
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* First text that neither begins with v nor sorts before it. */
static uint32_t seek_behind_prefix(const struct column_part *p, uint32_t from, struct bytes v)
{
    uint32_t to = p->n_values;

    while (from < to) {
        uint32_t middle = from + (to - from) / 2;

        if (bytes_starts(p->values[middle].text, v))
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* "low <= value <= high", each end open or closed, or missing (NULL). */
struct limits {
    const struct filter_wanted *low, *high;
    bool low_open, high_open;
};

static void find_between(const struct column_part *p, uint32_t n_numbers, const struct limits *l,
                         struct matches *m)
{
    bool number = (!l->low || l->low->is_number) && (!l->high || l->high->is_number);

    if (number) {
        m->numbers.from = l->low ? seek_number(p, n_numbers, l->low->number, l->low_open) : 0;
        m->numbers.to =
            l->high ? seek_number(p, n_numbers, l->high->number, !l->high_open) : n_numbers;
    }
    m->texts.from = l->low ? seek_text(p, n_numbers, l->low->text, l->low_open) : n_numbers;
    m->texts.to = l->high ? seek_text(p, n_numbers, l->high->text, !l->high_open) : p->n_values;
    if (m->numbers.to < m->numbers.from) /* 5 TO 3 */
        m->numbers.to = m->numbers.from;
    if (m->texts.to < m->texts.from)
        m->texts.to = m->texts.from;
}

/* Room for a yes or no per value, all no. */
static enum rc clear_hits(struct filter *f, uint32_t n, struct err *err)
{
    if (n > f->n_hits || !f->hits) { /* a part of empty members has no values */
        f->hits = arena_alloc(f->arena, n ? n : 1);
        f->n_hits = f->hits ? n : 0;
        if (!f->hits)
            return err_set(err, RC_TOO_LARGE, NULL, "the filter needs too much memory");
    }
    memset(f->hits, 0, n);
    return RC_OK;
}

/* Few wanted values are looked up; many are walked beside the dictionary. */
static void find_listed(struct filter *f, const struct filter_node *n, const struct column_part *p,
                        uint32_t n_numbers)
{
    uint32_t at = 0;
    size_t i;

    for (i = 0; i < n->n_numbers; i++) {
        if (n->n_numbers < 64)
            at = seek_number(p, n_numbers, n->numbers[i], false);
        while (at < n_numbers && p->values[at].number < n->numbers[i])
            at++;
        if (at < n_numbers && p->values[at].number <= n->numbers[i])
            f->hits[at] = 1;
    }
    at = n_numbers;
    for (i = 0; i < n->n_texts; i++) {
        int order = -1;

        if (n->n_texts < 64)
            at = seek_text(p, n_numbers, n->texts[i], false);
        while (at < p->n_values && (order = bytes_cmp(p->values[at].text, n->texts[i])) < 0)
            at++;
        if (at < p->n_values && order == 0)
            f->hits[at] = 1;
    }
}

static bool contains(struct bytes text, struct bytes part)
{
    const uint8_t *at = text.p, *end = text.p + text.n;

    if (part.n == 0)
        return true;
    while ((size_t)(end - at) >= part.n) {
        at = memchr(at, part.p[0], (size_t)(end - at) - part.n + 1);
        if (!at)
            return false;
        if (memcmp(at, part.p, part.n) == 0)
            return true;
        at++;
    }
    return false;
}

static void find_texts(struct filter *f, const struct filter_node *n, const struct column_part *p,
                       uint32_t n_numbers)
{
    uint32_t i;

    for (i = n_numbers; i < p->n_values; i++)
        f->hits[i] = contains(p->values[i].text, n->wanted->text);
}

/* The ends that a comparison sets. */
static struct limits limits_of(const struct filter_node *n)
{
    const struct filter_wanted *w = n->wanted;
    bool low = n->op == FILTER_GREATER || n->op == FILTER_GREATER_EQUAL;
    bool high = n->op == FILTER_LESS || n->op == FILTER_LESS_EQUAL;

    return (struct limits){
        .low = high ? NULL : w,
        .high = low                  ? NULL
                : n->op == FILTER_TO ? w + 1
                                     : w,
        .low_open = n->op == FILTER_GREATER,
        .high_open = n->op == FILTER_LESS,
    };
}

static enum rc find(struct filter *f, const struct filter_node *n, const struct column_part *p,
                    struct matches *m, struct err *err)
{
    uint32_t n_numbers = count_numbers(p);
    struct limits limits;
    enum rc rc;

    *m = (struct matches){0};
    if (n->op == FILTER_STARTS) {
        m->texts.from = seek_text(p, n_numbers, n->wanted->text, false);
        m->texts.to = seek_behind_prefix(p, m->texts.from, n->wanted->text);
        return RC_OK;
    }
    if (n->op == FILTER_IN || n->op == FILTER_CONTAINS) {
        rc = clear_hits(f, p->n_values, err);
        if (rc != RC_OK)
            return rc;
        m->single = true;
        (n->op == FILTER_IN ? find_listed : find_texts)(f, n, p, n_numbers);
        return RC_OK;
    }
    limits = limits_of(n);
    find_between(p, n_numbers, &limits, m);
    return RC_OK;
}

/* ---- rows ------------------------------------------------------------------------------------ */

bool filter__one_each(const struct column_part *part, size_t word)
{
    const uint32_t *starts = part->starts + word * 64;
    uint32_t first = starts[0], wrong = starts[64] ^ (first + 64), i;

    for (i = 0; i < 64; i++)
        wrong |= starts[i] ^ (first + i);
    return wrong == 0;
}

/* Rows of `in` that have a value within the run. */
static void map_run(const struct column_part *p, struct run run, const uint64_t *in, uint64_t *out)
{
    uint32_t width = run.to - run.from;
    size_t w, i;

    for (w = 0; w < PART_WORDS; w++) {
        const uint32_t *starts = p->starts + w * 64;
        uint64_t left = in[w], found = 0;

        if (left && filter__one_each(p, w)) {
            const uint32_t *places = p->places + starts[0];

            for (i = 0; i < 64; i++)
                found |= (uint64_t)(places[i] - run.from < width) << i;
            out[w] = left & found;
            continue;
        }
        for (; left; left &= left - 1) {
            size_t row = (size_t)__builtin_ctzll(left);
            uint32_t at;

            for (at = starts[row]; at < starts[row + 1]; at++) {
                if (p->places[at] - run.from < width) {
                    found |= (uint64_t)1 << row;
                    break;
                }
            }
        }
        out[w] = found;
    }
}

/* Rows of `in` that have a value with a yes. */
static void map_hits(const struct column_part *p, const uint8_t *hits, const uint64_t *in,
                     uint64_t *out)
{
    size_t w, i;

    for (w = 0; w < PART_WORDS; w++) {
        const uint32_t *starts = p->starts + w * 64;
        uint64_t left = in[w], found = 0;

        if (left && filter__one_each(p, w)) {
            const uint32_t *places = p->places + starts[0];

            for (i = 0; i < 64; i++)
                found |= (uint64_t)hits[places[i]] << i;
            out[w] = left & found;
            continue;
        }
        for (; left; left &= left - 1) {
            size_t row = (size_t)__builtin_ctzll(left);
            uint32_t at;

            for (at = starts[row]; at < starts[row + 1] && !hits[p->places[at]]; at++)
                continue;
            if (at < starts[row + 1])
                found |= (uint64_t)1 << row;
        }
        out[w] = found;
    }
}

static enum rc map_matches(struct filter *f, const struct column_part *p, const struct matches *m,
                           const uint64_t *in, uint64_t *out, struct err *err)
{
    bool numbers = m->numbers.from < m->numbers.to, texts = m->texts.from < m->texts.to;
    enum rc rc;

    if (!m->single && !numbers && !texts) {
        memset(out, 0, PART_WORDS * sizeof *out);
        return RC_OK;
    }
    if (!m->single && numbers != texts) {
        map_run(p, numbers ? m->numbers : m->texts, in, out);
        return RC_OK;
    }
    if (!m->single) {
        rc = clear_hits(f, p->n_values, err);
        if (rc != RC_OK)
            return rc;
        memset(f->hits + m->numbers.from, 1, m->numbers.to - m->numbers.from);
        memset(f->hits + m->texts.from, 1, m->texts.to - m->texts.from);
    }
    map_hits(p, f->hits, in, out);
    return RC_OK;
}

static void mask(const uint64_t *in, const uint64_t *bits, uint64_t *out)
{
    size_t w;

    for (w = 0; w < PART_WORDS; w++)
        out[w] = in[w] & bits[w];
}

/* A row's first number in a part; false: it has none. */
static bool number_of(const struct column_part *p, size_t row, double *ret)
{
    const struct column_value *v;

    if (p->starts[row] == p->starts[row + 1])
        return false;
    v = &p->values[p->places[p->starts[row]]];
    *ret = v->number;
    return v->is_number;
}

static enum rc match_geo(const struct filter_node *n, uint32_t first_row,
                         const struct column_part *lats, const uint64_t *in, uint64_t *out,
                         struct err *err)
{
    const struct column_part *lngs;
    const double *box = n->box;
    size_t w;
    enum rc rc;

    rc = column_part_now(n->lng, first_row, &lngs, err);
    if (rc != RC_OK)
        return rc;
    for (w = 0; w < PART_WORDS; w++) {
        uint64_t left = lngs ? in[w] : 0, found = 0;

        for (; left; left &= left - 1) {
            size_t bit = (size_t)__builtin_ctzll(left), row = w * 64 + bit;
            double lat, lng;

            if (!number_of(lats, row, &lat) || !number_of(lngs, row, &lng))
                continue;
            if (n->op == FILTER_GEO_BOX ? geo__in_box(box[0], box[1], box[2], box[3], lat, lng)
                                        : geo__in_circle(&n->circle, lat, lng))
                found |= (uint64_t)1 << bit;
        }
        out[w] = found;
    }
    return RC_OK;
}

enum rc filter__match_part(struct filter *f, const struct filter_node *n, uint32_t first_row,
                           const uint64_t *in, uint64_t *out, struct err *err)
{
    const struct column_part *part;
    struct matches m;
    enum rc rc;

    rc = column_part_now(n->column, first_row, &part, err);
    if (rc != RC_OK)
        return rc;
    if (!part) {
        memset(out, 0, PART_WORDS * sizeof *out);
        return RC_OK;
    }
    if (n->op == FILTER_EXISTS || n->op == FILTER_NULL || n->op == FILTER_EMPTY) {
        mask(in,
             n->op == FILTER_EXISTS ? part->exists
             : n->op == FILTER_NULL ? part->is_null
                                    : part->is_empty,
             out);
        return RC_OK;
    }
    if (n->op == FILTER_GEO_RADIUS || n->op == FILTER_GEO_BOX)
        return match_geo(n, first_row, part, in, out, err);
    rc = find(f, n, part, &m, err);
    return rc == RC_OK ? map_matches(f, part, &m, in, out, err) : rc;
}
