/* SPDX-License-Identifier: MIT */
/*
 * filter_match.c -- one condition on one part of a column.
 *
 * A part has a dictionary: numbers rising, then texts bytewise. A condition is
 * put to the dictionary, not to the rows: what it matches there are one or two
 * runs of values (found by halving), or single ones. Then every row that is in
 * question asks only whether the places of its values are among them.
 */
#include "query/filter_int.h"

#include "base/bits.h"

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

/* "low <= value <= high", each end open or closed, or missing (NULL). */
struct limits {
    const struct filter_wanted *low, *high;
    bool low_open, high_open;
};

static enum rc find_between(const struct column_part *p, const struct limits *l, struct matches *m,
                            struct err *err)
{
    bool number = (!l->low || l->low->is_number) && (!l->high || l->high->is_number);
    enum rc rc = RC_OK;

    if (number) {
        m->numbers.from = l->low ? column_seek_number(p, l->low->number, l->low_open) : 0;
        m->numbers.to =
            l->high ? column_seek_number(p, l->high->number, !l->high_open) : p->n_numbers;
    }
    m->texts = (struct run){p->n_numbers, p->n_values};
    if (l->low)
        rc = column_seek_text(p, l->low->text, l->low_open ? SEEK_BEHIND : SEEK_FROM,
                              &m->texts.from, err);
    if (rc == RC_OK && l->high)
        rc = column_seek_text(p, l->high->text, l->high_open ? SEEK_FROM : SEEK_BEHIND,
                              &m->texts.to, err);
    if (m->numbers.to < m->numbers.from) /* 5 TO 3 */
        m->numbers.to = m->numbers.from;
    if (m->texts.to < m->texts.from)
        m->texts.to = m->texts.from;
    return rc;
}

static struct run find_number(const struct column_part *p, double v)
{
    uint32_t at = column_seek_number(p, v, false);
    bool found = at < p->n_numbers && column_number(p, at) <= v;

    return (struct run){at, at + found};
}

static enum rc find_equal(const struct column_part *p, const struct filter_wanted *w,
                          struct matches *m, struct err *err)
{
    bool found = false;
    enum rc rc;

    if (w->is_number)
        m->numbers = find_number(p, w->number);
    rc = column_find_text(p, w->text, &m->texts.from, &found, err);
    m->texts.to = m->texts.from + (rc == RC_OK && found);
    return rc;
}

/* Room for a yes or no per value, all no. */
static enum rc clear_hits(struct filter *f, uint32_t n, struct err *err)
{
    if (n > f->n_hits || !f->hits) { /* a part of empty members has no values */
        f->hits = arena_alloc(f->search->arena, n ? n : 1);
        f->n_hits = f->hits ? n : 0;
        if (!f->hits)
            return err_set(err, RC_TOO_LARGE, NULL, "the filter needs too much memory");
    }
    memset(f->hits, 0, n);
    return RC_OK;
}

/* Few wanted texts are looked up; many are walked beside the dictionary. */
static enum rc find_listed_texts(struct filter *f, const struct filter_node *n,
                                 struct column_part *p, struct err *err)
{
    const struct column_value *values;
    uint32_t at = p->n_numbers;
    bool found = false;
    enum rc rc = RC_OK;
    size_t i;

    for (i = 0; rc == RC_OK && n->n_texts < 64 && i < n->n_texts; i++) {
        rc = column_find_text(p, n->texts[i], &at, &found, err);
        if (rc == RC_OK && found)
            f->hits[at] = 1;
    }
    if (n->n_texts < 64)
        return rc;
    rc = column_values(p, &values, err);
    for (i = 0; rc == RC_OK && i < n->n_texts; i++) {
        int order = -1;

        while (at < p->n_values && (order = bytes_cmp(values[at].text, n->texts[i])) < 0)
            at++;
        if (at < p->n_values && order == 0)
            f->hits[at] = 1;
    }
    return rc;
}

static enum rc find_listed(struct filter *f, const struct filter_node *n, struct column_part *p,
                           struct err *err)
{
    size_t i;

    for (i = 0; i < n->n_numbers; i++) {
        struct run at = find_number(p, n->numbers[i]);

        if (at.from < at.to)
            f->hits[at.from] = 1;
    }
    return n->n_texts ? find_listed_texts(f, n, p, err) : RC_OK;
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

static enum rc find_containing(struct filter *f, const struct filter_node *n, struct column_part *p,
                               struct err *err)
{
    const struct column_value *values;
    uint32_t i;
    enum rc rc;

    if (p->n_numbers == p->n_values)
        return RC_OK;
    rc = column_values(p, &values, err);
    for (i = p->n_numbers; rc == RC_OK && i < p->n_values; i++)
        f->hits[i] = contains(values[i].text, n->wanted->text);
    return rc;
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

static enum rc find(struct filter *f, const struct filter_node *n, struct column_part *p,
                    struct matches *m, struct err *err)
{
    struct limits limits;
    enum rc rc;

    *m = (struct matches){0};
    if (n->op == FILTER_EQUAL)
        return find_equal(p, n->wanted, m, err);
    if (n->op == FILTER_STARTS) {
        rc = column_seek_text(p, n->wanted->text, SEEK_FROM, &m->texts.from, err);
        return rc == RC_OK
                   ? column_seek_text(p, n->wanted->text, SEEK_BEHIND_PREFIX, &m->texts.to, err)
                   : rc;
    }
    if (n->op == FILTER_IN || n->op == FILTER_CONTAINS) {
        m->single = true;
        rc = clear_hits(f, p->n_values, err);
        if (rc != RC_OK)
            return rc;
        return (n->op == FILTER_IN ? find_listed : find_containing)(f, n, p, err);
    }
    limits = limits_of(n);
    return find_between(p, &limits, m, err);
}

/* ---- rows ------------------------------------------------------------------------------------ */

enum { DENSE = 16 }; /* of 64 rows: from so many on all are looked at, which takes no branches */

/* Whether a place is in the run, or has a yes if there is no run (hits). */
static inline bool is_hit(uint32_t place, struct run run, const uint8_t *hits)
{
    return hits ? hits[place] : place - run.from < run.to - run.from;
}

/* 64 rows that have one value each. */
static inline uint64_t map_dense(const struct column_part *p, uint32_t first, struct run run,
                                 const uint8_t *hits)
{
    uint32_t places[64], i;
    uint64_t found = 0;

    column_places(p, first, 64, places);
    for (i = 0; i < 64; i++)
        found |= (uint64_t)is_hit(places[i], run, hits) << i;
    return found;
}

/* Those rows of `left`, of the 64 from `row` on, that have a hit. */
static inline uint64_t map_word(const struct column_part *p, uint32_t row, uint64_t left,
                                struct run run, const uint8_t *hits)
{
    uint64_t found = 0;
    uint32_t at, end;

    if (bits_count_word(left) >= DENSE && column_one_each(p, row))
        return left & map_dense(p, column_start(p, row), run, hits);
    for (; left; left &= left - 1) {
        uint32_t i = row + (uint32_t)__builtin_ctzll(left);

        end = column_start(p, i + 1);
        for (at = column_start(p, i); at < end; at++) {
            if (is_hit(column_place(p, at), run, hits)) {
                found |= left & (0 - left);
                break;
            }
        }
    }
    return found;
}

static enum rc map_matches(struct filter *f, const struct column_part *p, const struct matches *m,
                           const uint64_t *in, uint64_t *out, struct err *err)
{
    bool numbers = m->numbers.from < m->numbers.to, texts = m->texts.from < m->texts.to;
    uint32_t w;
    enum rc rc;

    if (!m->single && numbers && texts) { /* two runs */
        rc = clear_hits(f, p->n_values, err);
        if (rc != RC_OK)
            return rc;
        memset(f->hits + m->numbers.from, 1, m->numbers.to - m->numbers.from);
        memset(f->hits + m->texts.from, 1, m->texts.to - m->texts.from);
    }
    for (w = 0; w < PART_WORDS; w++) {
        if (in[w] == 0 || !(m->single || numbers || texts))
            out[w] = 0;
        else if (m->single || (numbers && texts))
            out[w] = map_word(p, w * 64, in[w], (struct run){0}, f->hits);
        else
            out[w] = map_word(p, w * 64, in[w], numbers ? m->numbers : m->texts, NULL);
    }
    return RC_OK;
}

static void mask(const uint64_t *in, const uint64_t *bits, uint64_t *out)
{
    size_t w;

    for (w = 0; w < PART_WORDS; w++)
        out[w] = in[w] & bits[w];
}

static enum rc match_geo(const struct filter_node *n, uint32_t first_row, struct column_part *lats,
                         const uint64_t *in, uint64_t *out, struct err *err)
{
    struct column_part *lngs;
    const double *box = n->box;
    uint32_t w;
    enum rc rc;

    rc = column_part_now(n->lng, first_row, &lngs, err);
    if (rc != RC_OK)
        return rc;
    for (w = 0; w < PART_WORDS; w++) {
        uint64_t left = lngs ? in[w] : 0, found = 0;

        for (; left; left &= left - 1) {
            uint32_t bit = (uint32_t)__builtin_ctzll(left), row = w * 64 + bit;
            double lat, lng;

            if (!column_first_number(lats, row, &lat) || !column_first_number(lngs, row, &lng))
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
    struct column_part *part;
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
