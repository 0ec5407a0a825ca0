/* SPDX-License-Identifier: MIT */
/*
 * query.h -- a request to ranked hits; what the two doors and the CLI's server side call.
 *
 * A search reads one moment: the catalog view it is given. It works through the
 * rows in tiles, so that its memory does not grow with the index, and asks
 * between tiles whether to stop.
 *
 * Ownership  All that a result points to is in the arena that was given.
 * Threads    Any; one search at a time a view.
 * Errors     RC_INVALID with the public words (invalid_search_filter, ...) and
 *            texts; RC_CANCELLED from stop(); RC_CORRUPT, RC_IO.
 * Units      Milliseconds where it says so.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "index/index.h"
#include "json/json.h"

struct names {
    const struct bytes *at;
    size_t n;
    bool given; /* null and absent: false */
};

enum match_strategy { MATCH_LAST, MATCH_ALL, MATCH_FREQUENCY };

/* One search, as asked for; query_spec_init() gives the defaults. Borrowed as long as it runs. */
struct query_spec {
    struct bytes q; /* empty: placeholder */
    bool by_page;   /* page and hits_per_page count, not offset and limit */
    uint64_t offset, limit, page, hits_per_page;
    struct names retrieve;        /* not given: "*" */
    struct names crop, highlight; /* "title", "overview:20", "*" */
    uint32_t crop_length;
    struct bytes crop_marker, pre_tag, post_tag;
    bool show_matches;
    struct bytes filter;   /* JSON: string, or array of strings and arrays; empty: none */
    struct names sort;     /* "price:asc", "_geoPoint(48.8,2.3):desc" */
    struct bytes distinct; /* n == 0: the setting's */
    struct names facets;
    enum match_strategy strategy;
    struct names search_on;
    bool has_threshold;
    double threshold;
    bool retrieve_vectors, show_score, show_details;
    bool contains_filter;  /* the experimental feature: CONTAINS may be used */
    int64_t call_begun_ns; /* on clock_mono_ns(), of the call it is a part of: no search of a call
                              ranks on after CALL_CUTOFFS cut-offs of its index. 0: no part */
};
enum { CALL_CUTOFFS = 4 };
void query_spec_init(struct query_spec *spec);

/* How a search is told to stop early. Asked between tiles, and inside of large ones. */
struct query_stop {
    bool (*cancelled)(void *arg); /* true: RC_CANCELLED; NULL: never */
    void *arg;
};

struct query_result {
    struct bytes *hits; /* JSON objects, "_" members included */
    size_t n_hits;
    uint64_t total;      /* estimated, or exact with by_page */
    struct bytes facets; /* facetDistribution, JSON object; n == 0: not asked for */
    struct bytes stats;  /* facetStats */
    bool degraded;       /* the time budget ended before ranking did */
};

enum rc query_search(struct catalog_view *view, uint32_t index_id, const struct query_spec *spec,
                     const struct query_stop *stop, struct arena *arena,
                     struct query_result *ret_result, struct err *err) MUST_CHECK;

/* ---- federated ---------------------------------------------------------------------------- */

struct federated_query {
    uint32_t index_id;
    struct bytes index_uid;
    struct query_spec spec; /* no offset, limit, page, facets of its own */
    double weight;
    size_t position; /* in the request */
};
struct federation {
    uint64_t offset, limit, page, hits_per_page;
    bool by_page;
    const struct bytes *facet_indexes; /* facetsByIndex: per index ... */
    const struct names *facets;        /* ... its facets */
    size_t n_facet_indexes;
    bool merge_facets;
    uint32_t max_values_per_facet; /* of merged facets; 0: 100 */
    struct bytes distinct;
};
struct federated_result {
    struct query_result merged;   /* hits have "_federation"; facets and stats when merged */
    struct bytes facets_by_index; /* JSON object; n == 0: not asked for */
};
enum rc query_federated(struct catalog_view *view, const struct federated_query *queries, size_t n,
                        const struct federation *federation, const struct query_stop *stop,
                        struct arena *arena, struct federated_result *ret_result,
                        struct err *err) MUST_CHECK;

/* ---- facet search ---------------------------------------------------------------------------- */

struct facet_query {
    struct bytes facet;
    struct bytes query; /* may be empty */
    bool has_query;
    bool exhaustive_count;
    struct query_spec spec; /* q, filter, strategy, search_on, threshold narrow the candidates */
};
/* *ret_hits: JSON array of {"value":...,"count":...}. */
enum rc query_facets(struct catalog_view *view, uint32_t index_id, const struct facet_query *facet,
                     const struct query_stop *stop, struct arena *arena, struct bytes *ret_hits,
                     struct err *err) MUST_CHECK;

/* May these be counted in the index? RC_INVALID as a search that asks for them would say it. */
enum rc query_check_facets(struct catalog_view *view, uint32_t index_id, struct names facets,
                           struct arena *arena, struct err *err) MUST_CHECK;

/* ---- documents by filter, for the documents routes and tasks --------------------------------- */

struct documents_query {
    struct bytes filter; /* JSON as in a search; empty: all */
    struct names sort;   /* none: in the order of first insertion */
    uint64_t offset, limit;
    bool contains_filter;          /* as in a search */
    const struct query_stop *stop; /* may be NULL; each() stops where nothing is chosen */
};
/*
 * Calls each for the documents that match, in their order. The words of errors are
 * those of documents routes: invalid_document_filter, invalid_document_sort.
 */
enum rc query_documents(struct catalog_view *view, uint32_t index_id,
                        const struct documents_query *query, document_each_fn *each, void *arg,
                        uint64_t *ret_total, struct err *err) MUST_CHECK;
/*
 * Appends an object of those members of a document that are named (dotted names
 * and "*" allowed), in its order.
 */
enum rc query_pick_members(struct bytes document, const struct bytes *names, size_t n,
                           struct buf *out, struct err *err) MUST_CHECK;
/*
 * Checks a filter without an index (syntax, features), as routes do before they make a
 * task: what was taken then may use all it uses when the task runs.
 */
enum rc query_check_filter(struct bytes filter, bool contains_filter, const char *word,
                           struct err *err) MUST_CHECK;
