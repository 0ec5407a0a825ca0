/* SPDX-License-Identifier: MIT */
/*
 * query_int.h -- what the files of the query room share.
 *
 *   parse.c     text of the query -> terms, phrases, negatives
 *   derive*.c   terms -> words of the vocabulary that may stand for them
 *   graph.c     both -> struct graph: every way to read the query
 *   match.c     graph + tile -> which rows, and where
 *   rank*.c     rows -> costs, rule by rule; the best ones, their scores
 *   sort.c, distinct.c, geo.c, filter*.c, facet*.c
 *   hit.c, format*.c   rows -> JSON
 *   search.c    the order of all that
 */
#pragma once

#include "base/arena.h"
#include "index/reader.h"
#include "query/query.h"

struct tokenizer;

/* What a search works with; everything it makes is in the arena. */
struct search {
    struct reader *reader; /* borrowed */
    const struct plan *plan;
    const struct query_spec *spec;
    const struct query_stop *stop;
    struct arena *arena;
    struct bytes index_uid; /* for "Index `x`: " in front of what is wrong; n == 0: without */
    int64_t budget_ns;      /* on clock_mono_ns(): ranking stops refining here */
};
/* RC_CANCELLED when the caller has gone. */
enum rc search__stopped(const struct search *s, struct err *err);

/* ---- graph: every way to read the query ----------------------------------------------------- */

enum { QUERY_TERMS_MAX = 10 };

/* A word within a phrase; offset: positions behind the phrase's first word. */
struct phrase_word {
    struct bytes word;
    uint32_t offset;
};

/* Words of the index that stand for an edge: one word, or several that must be adjacent. */
struct derivation {
    const struct phrase_word *words;
    size_t n_words;
    enum posting_kind kind; /* POSTING_PREFIX: words[0] is what longer words begin with */
    uint8_t typos;          /* what it adds to the typo rule, without the edge's own */
    bool exact;             /* the very word that was typed */
    bool original;          /* it or its prefix: allowed in fields of disableOnAttributes */
};

/* Terms [from, to) read as one: a term, a phrase, or two or three terms written together. */
struct edge {
    uint8_t from, to;
    bool phrase;
    bool prefix;
    uint8_t base_typos;                   /* 0; of n-grams the number of their terms: 2 or 3 */
    uint8_t allowance;                    /* typos allowed; of n-grams 1 less for every joint */
    uint8_t max_typos;                    /* the most it can cost, base_typos too; phrases: 0 */
    uint32_t position;                    /* of its first word in the query */
    struct bytes word;                    /* folded, as typed; phrases: empty */
    const struct derivation *derivations; /* rising typos */
    size_t n_derivations;
};

struct graph_mark; /* graph.c */

struct graph {
    size_t n_terms;           /* nodes 0 .. n_terms; 0: placeholder */
    const struct edge *edges; /* sorted by from, then to; terms, phrases, n-grams */
    size_t n_edges;
    bool mandatory[QUERY_TERMS_MAX];     /* phrases: never dropped */
    uint8_t drop_order[QUERY_TERMS_MAX]; /* terms as they are dropped, first one first */
    uint8_t drop_step[QUERY_TERMS_MAX];  /* of each of them, from 0: equal ones go together */
    size_t n_droppable;                  /* of them; MATCH_ALL: 0 */
    const struct derivation *negatives;  /* rows that have one are out */
    size_t n_negatives;
    unsigned max_typos; /* of all terms; an n-gram that matches may cost more (edge.max_typos) */
    const struct graph_mark *marks; /* for graph__marks_word() */
    size_t n_marks;
};

/*
 * parse.c + derive.c + graph.c. MATCH_FREQUENCY asks postings for counts. A term
 * without derivations stays, with none.
 */
enum rc graph__make(const struct search *s, struct graph *ret_graph, struct err *err) MUST_CHECK;

/*
 * Whether a word of a text is one that some edge stands for (phrases and other
 * runs of words: not here). *ret_prefix_chars: how many of its first characters
 * were typed, of prefix terms; 0: all of it.
 */
bool graph__marks_word(const struct graph *g, struct bytes word, size_t *ret_prefix_chars);

/* ---- filters -----------------------------------------------------------------------------------
 */

struct filter; /* a checked expression, ready to be asked tile by tile */
/* json: as in a request; *ret_filter NULL: no filter. word: of errors; words differ by route. */
enum rc filter__new(const struct search *s, struct bytes json, const char *word,
                    struct filter **ret_filter, struct err *err) MUST_CHECK;
/* Replaces *out with the rows of the tile that match; live rows only if `live` is theirs. */
enum rc filter__tile(struct filter *f, uint32_t tile, const struct tile *live, struct tile *out,
                     struct err *err) MUST_CHECK;

/* ---- what ranking hands on
 * ----------------------------------------------------------------------- */

/* One rule's part of a score: rank of max; sort rules have a value instead. */
struct score_part {
    enum rule_kind kind;
    uint32_t rank, max;
    uint32_t a, b;      /* matchingWords/max, typoCount/max, exact words/max: for the details */
    uint8_t match_type; /* exactness: 3 exactMatch, 2 matchesStart, 1 noExactMatch */
    bool skipped;       /* the time budget was over */
    double first_score, second_score; /* legacy attribute: of attributeRank and of wordPosition */
    struct bytes field;               /* of sorts: as written in the request, "price:asc" */
    struct bytes value;               /* JSON of what was sorted by */
    const struct column_value *sorted_by; /* the same as it is compared; NULL: none, or geo */
    bool descending;
    bool sorts;      /* field, value, ... count; else rank and max */
    double distance; /* geo, metres; < 0: none */
};
struct ranked {
    uint32_t row, doc;
    double score; /* 0..1 */
    const struct score_part *parts;
    size_t n_parts;
};
struct ranking {
    struct ranked *at; /* the window asked for, best first */
    size_t n;
    uint64_t
        n_candidates; /* after filter, query, threshold; with distinct: distinct ones (by_page) */
    struct tile *const *candidates; /* per tile, NULL: none; only if `keep_candidates` */
    bool degraded;
};
struct rank_opts {
    uint64_t offset, limit; /* the window, already cut at maxTotalHits */
    uint64_t count_max;     /* more candidates need not be counted; 0: all are */
    bool exact_total;       /* by_page: distinct and threshold over all candidates */
    bool keep_candidates;   /* for facets */
    bool details;           /* fill parts of the scores */
};
/* search: graph, filter, rules, sort, distinct -> the window. */
enum rc rank__run(const struct search *s, const struct graph *g, struct filter *f,
                  const struct rank_opts *opts, struct ranking *ret_ranking,
                  struct err *err) MUST_CHECK;

/* ---- facets
 * ---------------------------------------------------------------------------------------- */

/* Counts over candidates: JSON of facetDistribution and facetStats. */
enum rc facets__count(const struct search *s, struct tile *const *candidates,
                      struct bytes *ret_distribution, struct bytes *ret_stats,
                      struct err *err) MUST_CHECK;

/* ---- hits
 * -------------------------------------------------------------------------------------------- */

/* Makes hits of one search; keeps what they share (fields asked for, marks). */
struct hit_maker;
enum rc hit_maker__new(const struct search *s, const struct graph *g, struct hit_maker **ret_maker,
                       struct err *err) MUST_CHECK;
void hit_maker__free(struct hit_maker *m); /* NULL is fine */
/* Appends the hit's JSON: members asked for, _formatted, _matchesPosition, _geoDistance,
 * _rankingScore, _rankingScoreDetails, then `more` (members of JSON, as of _federation; may be
 * empty). */
enum rc hit_maker__hit(struct hit_maker *m, const struct ranked *r, struct bytes more,
                       struct buf *out, struct err *err) MUST_CHECK;

/* ---- geo.c
 * --------------------------------------------------------------------------------------------- */

/* Great-circle metres. */
double geo__distance(double lat_a, double lng_a, double lat_b, double lng_b);
/* "_geoPoint(48.8, 2.3)"; false: it is none. */
bool geo__parse_point(struct bytes text, double *ret_lat, double *ret_lng);
