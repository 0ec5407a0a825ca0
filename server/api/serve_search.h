/* SPDX-License-Identifier: MIT */
/* serve_search.h -- what the files of the Search service share. */
#pragma once

#include "api/api_int.h"
#include "query/query.h"

#include <lode/v1/search.meta.h>

/*
 * The fields of a search, with defaults for what is absent, and what features allow.
 * Borrows from the request and the call's arena.
 */
enum rc search_read_spec(struct api_job *job, const Lode__V1__SearchRequest *request,
                         struct query_spec *ret_spec, struct err *err) MUST_CHECK;
/* A filter as a client sends it (JSON, or a bare text) to JSON. */
enum rc search_read_filter(struct arena *arena, struct bytes sent, const char *word,
                           struct bytes *ret_json, struct err *err) MUST_CHECK;
/* "offset", "limit", "page" and "hitsPerPage" of a request: which two count, and their values. */
void search_read_window(bool has_page, uint64_t page, bool has_hits, uint64_t hits_per_page,
                        struct query_spec *spec);

/* ---- what is refused --------------------------------------------------------------------- */

/*
 * Are the values of a search (or of what shares its fields) within their bounds? Else the
 * call has failed; inside: ".queries[1]" or "".
 */
bool search_values_ok(struct rpc_call *call, const char *inside, const ProtobufCMessage *request);
/* Members that the API has and this server cannot serve: RC_INVALID when one is used. */
enum rc search_check_lacks(const Lode__V1__SearchRequest *request, struct err *err) MUST_CHECK;
enum rc search_refuse_lack(const char *member, const char *word, const char *why, struct err *err);
#define SEARCH_NO_NETWORK "this server is one by itself"
#define SEARCH_NOT_PERSONAL "this server does not personalize searches"

/* ---- running ------------------------------------------------------------------------- */

/* Is there room for one more search? Else the call has failed with too_many_search_requests. */
bool search_enter(struct api *api, struct rpc_call *call);
/* As api_defer(), for a call that search_enter() let in. */
void search_defer(struct api *api, struct rpc_call *call, const ProtobufCMessage *request,
                  api_work_fn *work);
/* Tells a search when its caller has gone. */
struct query_stop search_stop(struct rpc_call *call);

/* One search and its answer, over an open view; shared by Find and FindMany. */
enum rc search_answer(struct api_job *job, struct catalog_view *view,
                      const Lode__V1__SearchRequest *request, Lode__V1__SearchResponse **ret_answer,
                      struct err *err) MUST_CHECK;

/* ---- pieces of answers ------------------------------------------------------------------ */

ProtobufCBinaryData search_bytes(struct bytes b); /* borrows */
ProtobufCBinaryData *search_hits(struct arena *arena, const struct query_result *result);
uint64_t search_pages(uint64_t total, uint64_t hits_per_page);
char *search_uid(struct arena *arena); /* a fresh UUID v7 */
/* JSON of performanceDetails: how long the call waited for a worker and was worked on. */
struct bytes search_performance(struct arena *arena, int64_t wait_ns, int64_t work_ns);

void search_find_many(struct rpc_call *call, const Lode__V1__MultiSearchRequest *request,
                      void *arg);
void search_find_facets(struct rpc_call *call, const Lode__V1__FacetSearchRequest *request,
                        void *arg);
