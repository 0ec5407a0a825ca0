/* SPDX-License-Identifier: MIT */
/*
 * corpus.h -- a small index in a fresh directory, and searches that stop before hits are written.
 *
 *     corpus_make("{\"searchableAttributes\":[\"title\"]}", documents);
 *     corpus_search(&spec);          query read, corpus.ranking filled
 *     corpus_order()                 "2 0 1": document numbers, best first
 */
#pragma once

#include "query/rank_int.h"
#include "query/search_run.h"
#include "store/store.h"
#include "support/suite.h"

struct corpus {
    char *dir;
    struct store *store;
    struct catalog *catalog;
    struct catalog_view *view;
    struct arena *arena;
    uint32_t index_id;
    bool made;
    const struct query_stop *stop; /* of searches opened from now on; may be NULL */
    struct search_run run;         /* open from corpus_search() on */
    struct ranking ranking;
    struct err err;
};
extern struct corpus corpus;

void corpus_setup(void);
void corpus_teardown(void);
/* JSON texts, the last NULL; settings as of a patch. Replaces what was there. */
void corpus_make(const char *settings, const char *const *documents);
/* More documents; those with an id that is there are replaced. */
void corpus_add(const char *const *documents);
/* Opens the search only: what is wrong with the spec is in corpus.err. */
enum rc corpus_open(const struct query_spec *spec);
void corpus_search(const struct query_spec *spec);
void corpus_search_with(const struct query_spec *spec, const struct rank_opts *opts);
/* The same of a query with the defaults. */
void corpus_ask(const char *q);
const char *corpus_order(void);
/* The part of the i-th hit's score, or NULL. */
const struct score_part *corpus_part(size_t i, enum rule_kind kind);
