/* SPDX-License-Identifier: MIT */
/*
 * graph_int.h -- what the files that read a query share, and no one else needs.
 *
 *   parse.c        text -> terms, phrases, negatives
 *   derive.c       an edge -> all words and runs of words that stand for it
 *   derive_near.c  a word -> words of the vocabulary within its typos
 *   graph.c        terms -> edges, order of dropping, marks
 *   graph_index.c  graph__make(): the same over a reader
 *
 * What needs an index stands in struct graph_source, so that reading a query can
 * be tried over a list of words alone, with no store below.
 *
 * Ownership  Results are in the arena. Scratch memory is freed before a call returns.
 * Errors     RC_TOO_LARGE: the arena is full. And what the source gives.
 */
#pragma once

#include "query/query_int.h"

enum {
    PARSE_TOKENS_MAX = 1000, /* tokens of a query that are looked at */

    DERIVE_ONE_TYPO_MAX = 150, /* words, in word order */
    DERIVE_TWO_TYPOS_MAX = 50,
    DERIVE_SYNONYMS_MAX = 50, /* phrases of a term ... */
    DERIVE_SYNONYM_WORDS_MAX = 100,
    DERIVE_FIRST_LETTERS_MAX = 256, /* first letters tried in place of that of a 2-typo term */
    DERIVE_SPLITS_MAX = 12,         /* places to split a term at that are counted */
};

/* ---- what an index is asked ---------------------------------------------------------------- */

struct graph_source {
    void *arg;
    /* A cursor on the vocabulary; seek next. */
    void (*words)(void *arg, struct word_cursor *ret_cursor);
    /* Rows that have b right behind a, about: for choosing between splits. Bounded work. */
    enum rc (*side_by_side)(void *arg, struct bytes a, struct bytes b, uint64_t *ret_n,
                            struct err *err);
    /* Live rows that have any of the derivations. */
    enum rc (*count)(void *arg, const struct derivation *const *derivations, size_t n,
                     uint64_t *ret_n, struct err *err);
};

/* All that making a graph needs. */
struct graph_input {
    const struct plan *plan;
    struct bytes q;
    enum match_strategy strategy;
    struct arena *arena;
    const struct graph_source *source;
};

/* graph.c: graph__make() over any source. */
enum rc graph__build(const struct graph_input *in, struct graph *ret_graph,
                     struct err *err) MUST_CHECK;

/* RC_TOO_LARGE: the arena has no room for what a query may stand for. */
enum rc graph__no_memory(struct err *err);

/* ---- parse.c -------------------------------------------------------------------------------- */

struct parsed_term {
    bool phrase, prefix;
    uint32_t position;               /* of its first word in the query */
    struct bytes word;               /* folded; of phrases empty */
    const struct phrase_word *words; /* of phrases; n >= 1 */
    size_t n_words;
};
/* A word or phrase that must not be there. */
struct parsed_negative {
    const struct phrase_word *words;
    size_t n_words;
};
struct parsed {
    struct parsed_term terms[QUERY_TERMS_MAX];
    size_t n_terms;
    const struct parsed_negative *negatives;
    size_t n_negatives;
};
enum rc parse__query(const struct plan *plan, struct bytes q, struct arena *arena,
                     struct parsed *ret_parsed, struct err *err) MUST_CHECK;

/* ---- derive.c ------------------------------------------------------------------------------- */

/*
 * Fills what an edge stands for, and its allowance and max_typos. e->word, phrase,
 * prefix and base_typos are set; words: those of its terms (more than one: n-gram).
 */
enum rc derive__word(const struct graph_input *in, struct edge *e, const struct bytes *words,
                     size_t n_words, struct err *err) MUST_CHECK;
enum rc derive__phrase(const struct graph_input *in, struct edge *e,
                       const struct phrase_word *words, size_t n_words, struct err *err) MUST_CHECK;
/* Typos that a folded word may have: 0, 1 or 2. */
unsigned derive__allowance(const struct plan *plan, struct bytes word);
bool derive__has_word(const struct graph_input *in, struct bytes word);

/* ---- derive_near.c -------------------------------------------------------------------------- */

/* Gets words in no promised order but rising per typos; false: no more of so many typos. */
typedef bool near_found_fn(void *arg, struct bytes word, unsigned typos);
/*
 * Words of the vocabulary with 1 .. max (1 or 2) typos; prefix: words some
 * beginning of which has so many, and that do not begin with `word` itself. With
 * max 1 the first character must be the same; with max 2 another one costs 2 and
 * leaves room for nothing else.
 */
void derive__near(const struct graph_input *in, struct bytes word, unsigned max, bool prefix,
                  near_found_fn *found, void *arg);
