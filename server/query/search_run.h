/* SPDX-License-Identifier: MIT */
/* search_run.h -- one search that is under way: what single and federated ones share. */
#pragma once

#include "query/query_int.h"

struct search_run {
    struct search search;
    struct graph graph;
    struct filter *filter;
};
/* Opens the index, checks the request and reads the query. Close it even after a failure. */
enum rc search__open(struct catalog_view *view, uint32_t index_id, const struct query_spec *spec,
                     const struct query_stop *stop, struct arena *arena, struct search_run *run,
                     struct err *err) MUST_CHECK;
void search__close(struct search_run *run);
/* offset and limit, or page and hits_per_page, cut at max_total. */
void search__window(const struct query_spec *spec, uint32_t max_total, struct rank_opts *ret_opts);
