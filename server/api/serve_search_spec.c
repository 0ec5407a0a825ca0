/* SPDX-License-Identifier: MIT */
/*
 * serve_search_spec.c -- what a client asks for, as the query room takes it.
 *
 * Both doors end here, so a default is given twice: the gateway fills it in from the
 * .proto, and what gRPC leaves absent keeps that of query_spec_init().
 */
#include "api/serve_search.h"

#include "json/json.h"
#include "json/json_write.h"

/* Numbers that mean "all there is": what adds two of them must not wrap. */
static uint64_t bounded(uint64_t v)
{
    return v < UINT32_MAX ? v : UINT32_MAX;
}

static struct names names_of(struct arena *arena, char *const *values, size_t n)
{
    struct bytes *at = api_alloc(arena, (n + 1) * sizeof *at);
    size_t i;

    for (i = 0; i < n; i++)
        at[i] = bytes_str(values[i]);
    return (struct names){at, n, true};
}

static struct names listed(struct arena *arena, const Lode__V1__StringList *list)
{
    return list ? names_of(arena, list->values, list->n_values) : (struct names){0};
}

/* A repeated field cannot be told from an absent one, and need not be. */
static struct names repeated(struct arena *arena, char *const *values, size_t n)
{
    return n ? names_of(arena, values, n) : (struct names){0};
}

enum rc search_read_filter(struct arena *arena, struct bytes sent, const char *word,
                           struct bytes *ret_json, struct err *err)
{
    struct json_parser *parser = json_parser_new();
    struct json_value root;
    struct buf quoted;
    enum rc rc = RC_OK;

    buf_init(&quoted, 6 * sent.n + 2);
    *ret_json = sent;
    if (json_parse(parser, sent, NULL, &root, NULL) != RC_OK) { /* through gRPC: a bare text */
        json_quote(&quoted, sent);
        *ret_json = arena_dup(arena, buf_view(&quoted));
        if (!ret_json->p)
            rc = err_set(err, RC_TOO_LARGE, word, "The filter is too long.");
        else if (json_parse(parser, *ret_json, NULL, &root, NULL) != RC_OK)
            rc = err_set(err, RC_INVALID, word, "The filter is not valid UTF-8 text.");
    }
    buf_done(&quoted);
    json_parser_free(parser);
    return rc;
}

void search_read_window(bool has_page, uint64_t page, bool has_hits, uint64_t hits_per_page,
                        struct query_spec *spec)
{
    spec->by_page = has_page || has_hits;
    if (has_page)
        spec->page = bounded(page);
    if (has_hits)
        spec->hits_per_page = bounded(hits_per_page);
}

static enum match_strategy strategy_of(Lode__V1__MatchingStrategy s)
{
    if (s == LODE__V1__MATCHING_STRATEGY__MATCHING_STRATEGY_ALL)
        return MATCH_ALL;
    if (s == LODE__V1__MATCHING_STRATEGY__MATCHING_STRATEGY_FREQUENCY)
        return MATCH_FREQUENCY;
    return MATCH_LAST;
}

static void read_fields(struct arena *arena, const Lode__V1__SearchRequest *r,
                        struct query_spec *spec)
{
    spec->retrieve = listed(arena, r->attributes_to_retrieve);
    spec->crop = listed(arena, r->attributes_to_crop);
    spec->highlight = listed(arena, r->attributes_to_highlight);
    spec->search_on = listed(arena, r->attributes_to_search_on);
    spec->sort = repeated(arena, r->sort, r->n_sort);
    spec->facets = repeated(arena, r->facets, r->n_facets);
    if (r->crop_length_given_case == LODE__V1__SEARCH_REQUEST__CROP_LENGTH_GIVEN_CROP_LENGTH)
        spec->crop_length = (uint32_t)bounded(r->crop_length);
    if (r->crop_marker_given_case == LODE__V1__SEARCH_REQUEST__CROP_MARKER_GIVEN_CROP_MARKER)
        spec->crop_marker = bytes_str(r->crop_marker);
    if (r->pre_tag_given_case == LODE__V1__SEARCH_REQUEST__PRE_TAG_GIVEN_HIGHLIGHT_PRE_TAG)
        spec->pre_tag = bytes_str(r->highlight_pre_tag);
    if (r->post_tag_given_case == LODE__V1__SEARCH_REQUEST__POST_TAG_GIVEN_HIGHLIGHT_POST_TAG)
        spec->post_tag = bytes_str(r->highlight_post_tag);
    spec->show_matches = r->show_matches_position;
    spec->retrieve_vectors = r->retrieve_vectors;
    spec->show_score = r->show_ranking_score;
    spec->show_details = r->show_ranking_score_details;
}

enum rc search_read_spec(struct api_job *job, const Lode__V1__SearchRequest *r,
                         struct query_spec *spec, struct err *err)
{
    enum rc rc = search_check_lacks(r, err);

    query_spec_init(spec);
    spec->call_begun_ns = job->run_ns;
    spec->contains_filter = api_has_feature(job->api, FEATURE_CONTAINS_FILTER);
    if (r->query_case == LODE__V1__SEARCH_REQUEST__QUERY_Q)
        spec->q = bytes_str(r->q);
    if (r->offset_given_case == LODE__V1__SEARCH_REQUEST__OFFSET_GIVEN_OFFSET)
        spec->offset = bounded(r->offset);
    if (r->limit_given_case == LODE__V1__SEARCH_REQUEST__LIMIT_GIVEN_LIMIT)
        spec->limit = bounded(r->limit);
    search_read_window(r->page_given_case == LODE__V1__SEARCH_REQUEST__PAGE_GIVEN_PAGE, r->page,
                       r->hits_given_case == LODE__V1__SEARCH_REQUEST__HITS_GIVEN_HITS_PER_PAGE,
                       r->hits_per_page, spec);
    read_fields(job->arena, r, spec);
    spec->strategy = strategy_of(r->matching_strategy);
    if (r->distinct_given_case == LODE__V1__SEARCH_REQUEST__DISTINCT_GIVEN_DISTINCT)
        spec->distinct = bytes_str(r->distinct);
    if (r->threshold_case == LODE__V1__SEARCH_REQUEST__THRESHOLD_RANKING_SCORE_THRESHOLD) {
        spec->has_threshold = true;
        spec->threshold = r->ranking_score_threshold;
    }
    if (rc == RC_OK && r->filter_given_case == LODE__V1__SEARCH_REQUEST__FILTER_GIVEN_FILTER)
        rc = search_read_filter(job->arena, bytes_of(r->filter.data, r->filter.len),
                                "invalid_search_filter", &spec->filter, err);
    return rc;
}
