/* SPDX-License-Identifier: MIT */
/*
 * facet_int.h -- counted values of a field.
 *
 *   facet_count.c    rows -> values and how often, part by part, merged
 *   facet.c          facetDistribution and facetStats
 *   facet_search.c   values that begin like what is typed
 */
#pragma once

#include "query/query_int.h"

struct facet_entry {
    const struct column_value *value; /* borrowed from its column */
    uint64_t count;
};

/* Sorted as dictionaries are: numbers rising, then texts bytewise. */
struct facet_list {
    struct facet_entry *at; /* owned: facet_list__done() */
    size_t n;
};
void facet_list__done(struct facet_list *l);

struct facet_opts {
    size_t keep_numbers, keep_texts; /* so many of the smallest are enough; 0: all */
    bool no_numbers;                 /* leave them out */
};
/* What the candidates have. Numbers are looked at for *ret_min and *ret_max even if not kept. */
struct facet_counted {
    struct facet_list list;
    bool has_numbers;
    double min, max;
};
enum rc facet__count(const struct search *s, struct column *column, struct tile *const *candidates,
                     const struct facet_opts *opts, struct facet_counted *ret,
                     struct err *err) MUST_CHECK;
/* Puts greater counts first; equal ones stay in the order of values. Numbers stay before texts. */
void facet_list__sort_by_count(struct facet_list *l);
