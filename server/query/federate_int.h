/* SPDX-License-Identifier: MIT */
/*
 * federate_int.h -- several searches whose lists become one.
 *
 *   federate.c          runs the searches, takes hits off their lists, writes them
 *   federate_order.c    which of two hits comes first
 *   federate_facets.c   facets of the indexes, apart or merged
 */
#pragma once

#include "query/rank_int.h"
#include "query/search_run.h"

struct federated_list {
    const struct federated_query *query;
    struct query_spec spec; /* the query's, with what the federation asks for */
    struct search_run run;
    struct ranking ranking;
    struct hit_maker *maker;
    size_t next;             /* of ranking.at */
    struct column *distinct; /* of the federation's distinct; NULL: none */
};

struct federate {
    struct catalog_view *view;
    const struct federation *federation;
    struct arena *arena;
    struct federated_list *lists; /* owned, by position in the request */
    size_t n_lists;
};

/* < 0: a comes first. Ties are the caller's to break. */
int federate__compare(const struct ranked *a, double weight_a, const struct ranked *b,
                      double weight_b);
/* Two lists sorted in opposite directions at the same place cannot be merged. */
enum rc federate__check_order(const struct federate *f, struct err *err) MUST_CHECK;

/*
 * The candidates of all searches of an index; per tile, in the arena. *ret_n: how
 * many. *ret_list: one of its searches; NULL: it has none.
 */
enum rc federate__candidates(const struct federate *f, struct bytes uid,
                             const struct federated_list **ret_list,
                             struct tile *const **ret_candidates, uint64_t *ret_n,
                             struct err *err) MUST_CHECK;
enum rc federate__facets(const struct federate *f, struct federated_result *ret_result,
                         struct err *err) MUST_CHECK;
