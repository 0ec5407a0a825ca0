/* SPDX-License-Identifier: MIT */
/*
 * rank_int.h -- what matching and ranking share; no other file of the room looks in here.
 *
 *   match*.c       which rows of a tile have which edge of the graph, and where
 *   rank_rules.c   ranking rules and sort -> the layout of a cost, and the order of steps
 *   rank_cost.c    the costs of the rules, and their maxima
 *   rank_one.c     rows that one edge decides (one word): no path to look for
 *   rank_path.c    all others: the cheapest path through the graph
 *   rank_batch.c   rows of both, some at a time
 *   rank_bound.c   rows of both that cannot get in whatever their places are
 *   rank_sieve.c   rows of both that a first look tells to be out
 *   rank_exact.c   exactAttribute
 *   rank_top.c     the best rows so far
 *   rank_score.c   costs -> scores and their parts
 *   rank.c         tile by tile through all that
 */
#pragma once

#include "base/assert.h"
#include "query/query_int.h"
#include "query/tile_set.h"

/* ---- match.c: edges -> rows -------------------------------------------------------------- */

/* How well the words of an edge were hit; what a path costs depends on nothing finer. */
enum match_class {
    CLASS_EXACT,  /* the very word */
    CLASS_ZERO,   /* no typo, but not the word: what it begins, synonyms */
    CLASS_ONE,    /* one typo, or split in two */
    CLASS_TWO,    /* two typos */
    MATCH_CLASSES /* how many */
};
static inline unsigned match__class_typos(unsigned class)
{
    return class < CLASS_ONE ? 0 : class - 1;
}

/* A place in a document: field << PLACE_FIELD_SHIFT | position. Fields are never near each other.
 */
enum { PLACE_FIELD_SHIFT = 17 };
#define PLACE_POSITION_MASK (((uint64_t)1 << PLACE_FIELD_SHIFT) - 1)

struct places {
    uint64_t *at; /* owned */
    size_t n, cap;
};
void places__add(struct places *p, uint64_t place);

/* Which fields count. */
enum { FIELD_SEARCHED = 1, FIELD_TYPOS = 2 };
struct match_fields {
    uint32_t n;
    const uint32_t *rank;
    const uint8_t *flags;   /* of FIELD_ bits */
    bool all, typos_in_all; /* no field lacks FIELD_SEARCHED; FIELD_TYPOS */
};

/* A derivation and its open lists, a list a word. */
struct match_source {
    const struct derivation *d;
    struct postings **lists;      /* owned */
    const struct posting **found; /* scratch of match__visit(), per word */
    size_t *n_found, *next_found;
    uint32_t lead; /* stop words of a phrase before its first listed word */
    uint32_t span; /* positions from its first to its last word */
    enum match_class class;
    uint8_t need; /* FIELD_ bits that a field must have */
    bool check;   /* some fields lack them */
    bool gone;    /* a word of it is in no row */
};

struct match_edge {
    const struct edge *edge;
    struct match_source *sources;
    size_t n_sources;
    unsigned n_terms;
    uint32_t end; /* query position of its last word */
    bool any;     /* in the tile match__tile() was called for, as all that follows */
    bool any_of[MATCH_CLASSES];
    /* Sets from here on: not even empty where there are none. */
    struct tile rows[MATCH_CLASSES]; /* of those it has any of */
    struct tile all;                 /* only if it has any */
};

enum { MATCH_TYPO_SETS = 4 };

struct match {
    const struct search *search;
    const struct graph *graph;
    struct match_fields fields;
    struct match_edge *edges; /* owned, graph->n_edges of them */
    struct match_source *negatives;
    bool any;           /* some edge has rows in the tile */
    struct tile base;   /* rows that may match: live, filtered, no negative */
    struct tile *nodes; /* owned, as the next: scratch of match__reach(), graph->n_terms + 1 */
    struct tile (*typos)[QUERY_TERMS_MAX + 1]; /* [total][node], see match__reach_typos() */
    struct tile scratch;
    struct places places, other;           /* scratch */
    uint16_t dropped[QUERY_TERMS_MAX + 1]; /* bit per term, by level */
    unsigned max_level;
};

enum rc match__open(const struct search *s, const struct graph *g, struct match **ret_match,
                    struct err *err) MUST_CHECK;
void match__close(struct match *m); /* NULL is fine */
enum rc match__fields(const struct search *s, struct match_fields *ret_fields,
                      struct err *err) MUST_CHECK;
/* Reads what edges have in a tile; rows outside of universe need not be told. Tiles rise. */
enum rc match__tile(struct match *m, uint32_t tile, const struct tile *universe,
                    struct err *err) MUST_CHECK;
/* Terms [from, to) are all dropped at a level, or there are none. */
bool match__free(const struct match *m, unsigned level, unsigned from, unsigned to);
/* An edge may be used until all of its terms are dropped. */
bool match__usable(const struct match *m, unsigned level, const struct match_edge *e);
/* How many terms of an edge are not dropped: more than none, if it is usable. */
unsigned match__kept(const struct match *m, unsigned level, const struct match_edge *e);
/* Rows that some path leads through when `level` terms are dropped. */
void match__reach(struct match *m, unsigned level, struct tile *out);
/*
 * Those that one does with exactly so many typos. Call with total = 0, 1, ... up
 * to MATCH_TYPO_SETS - 1 for the same level and tile.
 */
void match__reach_typos(struct match *m, unsigned level, unsigned total, struct tile *out);

/*
 * Calls visit for each row of `only` that has the source, rising, with its places
 * (of the first word, stop words before it counted), which are borrowed.
 */
typedef void match_visit_fn(void *arg, uint32_t row, const uint64_t *places, size_t n);
enum rc match__visit(struct match *m, struct match_source *src, uint32_t tile,
                     const struct tile *only, match_visit_fn *visit, void *arg,
                     struct err *err) MUST_CHECK;

/* ---- sort.c: values to sort by ------------------------------------------------------------- */

struct sort_rule {
    bool geo, descending;
    enum rule_kind kind; /* RULE_SORT, or RULE_ASC, RULE_DESC of the settings */
    struct bytes field;  /* without ":asc" */
    struct bytes text;   /* as written: "price:asc" */
    double lat, lng;
    struct column *column;     /* NULL: no row has it; of geo: the latitude */
    struct column *column_lng; /* geo */
    bool texts;                /* the column has some: parts must stay */
};

/* Numbers, then texts, then rows without a value; within a group as the rule says. */
enum sort_group { SORT_NUMBER, SORT_TEXT, SORT_NONE };
struct sort_key {
    enum sort_group group;
    double number;                    /* geo: whole metres */
    const struct column_value *value; /* of texts */
};

/* "field:asc"; *ret_geo is false for the settings' rules, which know no points. */
enum rc sort__parse(struct bytes text, const char *word, struct sort_rule *ret_rule,
                    struct err *err) MUST_CHECK;
/* Syntax, the `sort` rule, sortable attributes; *ret_syntax: the text itself was wrong. */
enum rc sort__check(const struct search *s, const char *word, bool *ret_syntax,
                    struct err *err) MUST_CHECK;
enum rc sort__open(struct reader *r, struct sort_rule *rule, struct err *err) MUST_CHECK;
enum rc sort__key(struct sort_rule *rule, uint32_t row, struct sort_key *ret_key,
                  struct err *err) MUST_CHECK;
int sort__compare(const struct sort_rule *rule, const struct sort_key *a, const struct sort_key *b);
/* Takes out of *rows those that are worse than a row with that key. Faster than key by key. */
enum rc sort__keep(struct sort_rule *rule, uint32_t tile, const struct sort_key *worst,
                   struct tile *rows, struct err *err) MUST_CHECK;
/* The row's own place, for details. False: it has none. */
enum rc sort__point(struct sort_rule *rule, uint32_t row, bool *ret_has, double *ret_lat,
                    double *ret_lng, struct err *err) MUST_CHECK;

/* ---- rank_rules.c, rank_cost.c: what a row costs ------------------------------------------- */

/*
 * A row's cost is one number: the costs of all text rules side by side, the
 * first rule in the highest bits. Costs of a path are sums, none outgrows its
 * bits, so the smallest sum is the path that is best on the first rule, then on
 * the second, and so on.
 */
enum cost {
    COST_WORDS,           /* steps of terms dropped: the level */
    COST_TYPO,            /* typos of all derivations */
    COST_PROXIMITY,       /* (distance - 1) of neighbours, and joints of n-grams */
    COST_ATTRIBUTE,       /* ranks of fields */
    COST_POSITION,        /* steps away from the place in the query */
    COST_EXACT_ATTRIBUTE, /* 0 whole field, 1 its beginning, 2 neither */
    COST_EXACT_WORDS,     /* terms that are not there as typed */
    N_COSTS
};

/* One step of a comparison: some bits of the cost, or a sort rule. */
struct rank_step {
    uint64_t mask; /* 0: a sort rule */
    size_t sort;
};
/* One rule as it is shown in the details of a score. */
struct rank_rule {
    enum rule_kind kind;
    size_t sort; /* RULE_SORT, RULE_ASC, RULE_DESC: which one */
};
struct rank_rules {
    bool has[N_COSTS];
    uint8_t shift[N_COSTS];
    enum cost order[N_COSTS]; /* those it has */
    size_t n_order;
    struct rank_step *steps;
    size_t n_steps;
    struct rank_rule *rules;
    size_t n_rules;
    struct sort_rule *sorts;
    size_t n_sorts;
};
enum rc rank_rules__make(const struct search *s, bool placeholder, struct rank_rules *ret_rules,
                         struct err *err) MUST_CHECK;

static inline uint64_t rank__cost(const struct rank_rules *r, enum cost which, uint64_t value)
{
    return r->has[which] ? value << r->shift[which] : 0;
}
/* What an edge costs by words of a class, wherever they are; kept: its terms that are not dropped.
 */
uint64_t rank__cost_of_class(const struct rank_rules *r, const struct match_edge *e,
                             enum match_class class, unsigned kept);
unsigned rank__cost_bits(enum cost which);
unsigned rank__cost_of(const struct rank_rules *r, enum cost which, uint64_t cost);
/* All bits below the words rule: of rows that were not looked at in time. */
uint64_t rank__cost_unknown(const struct rank_rules *r, unsigned level);

enum { NEAR_MAX = 4, FAR_COST = NEAR_MAX - 1, STEP_MAX = 10, STEP_TABLE = 1025 };
extern const uint8_t rank__steps[STEP_TABLE];
/* The wordPosition rule: how far a word is from where the query has it. */
static inline unsigned rank__step(uint32_t at, uint32_t expected)
{
    uint32_t d = at > expected ? at - expected : expected - at;

    return d < STEP_TABLE ? rank__steps[d] : STEP_MAX;
}
/* The proximity rule for two lists of places: min(distance, 4) - 1. */
unsigned rank__near(const uint64_t *left, size_t n_left, uint32_t span, const uint64_t *right,
                    size_t n_right, bool by_attribute);

/* The dearest each rule can be at a level. */
struct rank_maxima {
    unsigned typo, proximity, attribute, position;
};
struct rank_maxima rank__maxima(const struct match *m, unsigned level, uint32_t ngrams_used);

/* ---- rank_top.c: the best rows -------------------------------------------------------------- */

struct rank_entry {
    uint64_t cost;
    uint32_t row, doc;
    uint32_t slot; /* of its sort keys */
    bool skipped;
};
struct rank_top {
    const struct rank_rules *rules; /* borrowed */
    struct reader *reader;
    struct rank_entry *at; /* owned; a heap once it is full, the worst first */
    size_t n, cap, limit;
    struct sort_key *keys; /* owned, rules->n_sorts per slot */
    struct sort_key *fresh;
};
void rank_top__init(struct rank_top *t, const struct rank_rules *rules, struct reader *reader,
                    size_t limit);
void rank_top__done(struct rank_top *t);
/* No row that costs this much or more can get in. */
bool rank_top__is_out(const struct rank_top *t, uint64_t cost);
/* Nor can one, unless its document came before the worst one's. */
bool rank_top__is_tie(const struct rank_top *t, uint64_t cost);
/* Looks at one rule after the other until the row is out or in. */
enum rc rank_top__offer(struct rank_top *t, uint32_t row, uint64_t cost, bool skipped,
                        struct err *err) MUST_CHECK;
/* Drops the rows that are worse by a sort rule that comes first. */
enum rc rank_top__sieve(struct rank_top *t, uint32_t tile, struct tile *rows,
                        struct err *err) MUST_CHECK;
void rank_top__sort(struct rank_top *t); /* best first; nothing is offered any more */

/* ---- rank_exact.c ---------------------------------------------------------------------------- */

struct rank_exact;
struct rank_exact *rank_exact__new(struct match *m);
void rank_exact__free(struct rank_exact *x); /* NULL is fine */
/* The field has as many words as the query. Tiles rise. */
enum rc rank_exact__is_whole(struct rank_exact *x, uint32_t row, uint32_t field, bool *ret_is,
                             struct err *err) MUST_CHECK;
/* Takes out of *rows those that have no such field; not all, if the index has very many fields. */
enum rc rank_exact__keep_whole(struct rank_exact *x, uint32_t tile, struct tile *rows,
                               struct err *err) MUST_CHECK;

/* ---- rank_one.c, rank_path.c: rows -> costs ---------------------------------------------------
 */

enum { RANK_BATCH = 4096 }; /* rows whose places are in memory at a time */

/* Rows of a tile that are looked at together. */
struct rank_batch {
    struct tile rows;
    size_t n;
    uint16_t list[RANK_BATCH]; /* the same rows, rising */
    uint16_t index[TILE_ROWS]; /* row -> place in the list; only those of the batch are set */
};
struct rank_paths; /* memory of rank_path.c */
struct rank_one;   /* memory of rank_one.c */

struct rank {
    const struct search *search;
    const struct graph *graph;
    struct filter *filter;
    const struct rank_opts *opts;
    struct rank_rules rules;
    struct match *match;
    struct rank_exact *exact;
    struct rank_batch *batch;
    struct rank_paths *paths;
    struct rank_one *one;
    struct rank_top top;
    uint32_t ngrams_used[QUERY_TERMS_MAX + 1]; /* bit per edge, by level */
    struct tile **candidates;                  /* per tile */
    uint32_t n_tiles;
    uint64_t least; /* that a row of any tile costs */
    uint64_t n_candidates;
    bool degraded;
    struct distinct *distinct;      /* NULL: none */
    struct column *distinct_column; /* NULL: no row has the field */
};

/*
 * The rows of a group: of one level, and of one number of typos if that rule comes
 * next; those that may be as typed, or those that are not.
 */
struct rank_group {
    uint32_t tile;
    struct tile *rows; /* those that were looked at are taken out */
    unsigned level;
    unsigned typos; /* no cheapest path of theirs has more; ANY_TYPOS: it may */
    uint64_t cost;  /* none of them costs less */
};
#define ANY_TYPOS UINT32_MAX
/* Whether a cheapest path of the group may lead through the edge by words of that class. */
static inline bool rank_group__takes(const struct rank_group *group, const struct match_edge *e,
                                     enum match_class class)
{
    return e->any_of[class] && e->edge->base_typos + match__class_typos(class) <= group->typos;
}
/* Looks at the rows of r->batch, and offers them. */
typedef enum rc rank_look_fn(struct rank *r, const struct rank_group *group,
                             const struct match_edge *edge, struct err *err);
/* Calls look with those of *rows, some of the group's, that may get in. */
enum rc rank_batch__each(struct rank *r, const struct rank_group *group, struct tile *rows,
                         rank_look_fn *look, const struct match_edge *edge,
                         struct err *err) MUST_CHECK;
enum rc rank_one__group(struct rank *r, const struct rank_group *group,
                        const struct match_edge *edge, struct err *err) MUST_CHECK;
enum rc rank_path__group(struct rank *r, const struct rank_group *group,
                         struct err *err) MUST_CHECK;
void rank_one__free(struct rank_one *one);
void rank_path__free(struct rank_paths *paths);
/* Ranks the rows of the group that may have all terms as typed, then those that do not. */
enum rc rank_bound__group(struct rank *r, const struct rank_group *group,
                          struct err *err) MUST_CHECK;
/* The least that a row of any tile costs. */
uint64_t rank_bound__least(const struct rank *r);
/* Takes out of *rows, none of which costs less than `cost`, what cannot get in. */
enum rc rank_bound__rows(struct rank *r, uint32_t tile, uint64_t cost, struct tile *rows,
                         struct err *err) MUST_CHECK;
/*
 * The same by places, once the list is full and its worst row is worse or better
 * than *worst, which begins as UINT64_MAX.
 */
enum rc rank_sieve__rows(struct rank *r, const struct rank_group *group, uint64_t *worst,
                         struct tile *rows, struct err *err) MUST_CHECK;
/* Those of *rows that are likely to be good, if there are many and the list is not full yet. */
enum rc rank_sieve__promising(struct rank *r, const struct rank_group *group,
                              const struct tile *rows, struct tile *ret_some,
                              struct err *err) MUST_CHECK;
/* Sets r->degraded when the budget is over. Asked every few thousand rows. */
enum rc rank__go_on(struct rank *r, bool *ret_go_on, struct err *err) MUST_CHECK;

/* ---- rank_score.c, distinct.c -----------------------------------------------------------------
 */

double rank__score(const struct rank *r, const struct rank_entry *e);
enum rc rank__parts(struct rank *r, const struct rank_entry *e, struct ranked *ret_ranked,
                    struct err *err) MUST_CHECK;

struct distinct;
struct distinct *distinct__new(void);
void distinct__free(struct distinct *d); /* NULL is fine */
/* The column of a field; NULL in *ret_column: no row has it, so that all are kept. */
enum rc distinct__column(struct reader *r, struct bytes field, struct column **ret_column,
                         struct err *err) MUST_CHECK;
/*
 * False in *ret_keep: a row that was kept has one of its values. Values are
 * borrowed from the column, whose reader stays open as long as d.
 */
enum rc distinct__keep(struct distinct *d, struct column *column, uint32_t row, bool *ret_keep,
                       struct err *err) MUST_CHECK;
/* Forgets all rows. */
void distinct__clear(struct distinct *d);
/* The spec's field, or the setting's; n == 0: none. */
struct bytes distinct__field(const struct search *s);
