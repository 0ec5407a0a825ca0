/* SPDX-License-Identifier: MIT */
/*
 * filter_int.h -- an expression between its text and its rows.
 *
 *   filter_text.c    what is wrong, and where in the filter
 *   filter_value.c   names, values, keywords
 *   filter_parse.c   the grammar: text -> tree
 *   filter.c         strings and arrays of JSON -> one tree; the door
 *   filter_check.c   may this index be asked that?
 *   filter_bind.c    fields -> columns, values -> numbers and folded texts
 *   filter_match.c   one condition on one part of a column
 *   filter_tile.c    the tree on a tile
 *
 * Everything is in the arena of the search.
 */
#pragma once

#include "query/geo_int.h"

enum {
    FILTER_DEPTH_MAX = 150, /* parentheses and NOTs inside each other */
    /* of the tree: a pair of parentheses may hold OR, AND and NOT; arrays of JSON put two around */
    FILTER_LEVELS_MAX = 3 * (FILTER_DEPTH_MAX + 1) + 2,
};

enum filter_op {
    FILTER_AND,
    FILTER_OR,
    FILTER_NOT,
    FILTER_EQUAL,
    FILTER_NOT_EQUAL, /* until it is bound: NOT, unless nobody knows the field */
    FILTER_GREATER,
    FILTER_GREATER_EQUAL,
    FILTER_LESS,
    FILTER_LESS_EQUAL,
    FILTER_TO,
    FILTER_IN,
    FILTER_EXISTS,
    FILTER_NULL,
    FILTER_EMPTY,
    FILTER_CONTAINS,
    FILTER_STARTS,
    FILTER_GEO_RADIUS,  /* values: lat, lng, metres */
    FILTER_GEO_BOX,     /* values: top, right, bottom, left */
    FILTER_GEO_POLYGON, /* parsed only: needs _geojson, which is never filterable */
    FILTER_NONE,        /* bound: a field that no document ever had */
};

/* A name or a value, as written and as meant. */
struct filter_token {
    struct bytes raw;    /* within source, without quotes */
    struct bytes text;   /* escapes resolved */
    struct bytes source; /* the whole string it stands in */
};

/* What a value of a condition means to a column. */
struct filter_wanted {
    bool is_number;
    double number;
    struct bytes text; /* folded, cut as columns cut */
};

struct filter_node {
    enum filter_op op;
    struct filter_node *child, *next; /* AND, OR: two or more children; NOT: one */
    struct filter_token field;        /* geo: the operator's name */
    struct filter_token keyword;      /* CONTAINS */
    struct filter_token *values;
    size_t n_values;
    /* bound */
    unsigned cost;
    struct column *column, *lng; /* geo: latitudes and longitudes */
    struct filter_wanted *wanted;
    double *numbers; /* IN: sorted */
    size_t n_numbers;
    struct bytes *texts; /* IN: sorted */
    size_t n_texts;
    struct geo_circle circle;
    double box[4]; /* top, right, bottom, left */
};

struct filter {
    const struct search *search;
    struct filter_node *root;
    struct tile *scratch[FILTER_LEVELS_MAX]; /* two tiles a level of the tree, made when met */
    uint8_t *hits;                           /* per value of a part: does it match? */
    size_t n_hits;
};

/* ---- filter_text.c: errors ------------------------------------------------------------------ */

/* Where a filter is being read, and what its errors are called. */
struct filter_reading {
    struct arena *arena;
    struct bytes source;
    const uint8_t *at; /* within source */
    const char *word;
    struct err *err;
};
/* RC_INVALID: "{diagnostic}\n{column}:{end} {source}". */
enum rc filter__fail(const struct filter_reading *p, struct bytes fragment, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* The same for a token of a finished tree. */
enum rc filter__fail_at(const struct filter_token *token, const char *word, struct err *err,
                        const char *fmt, ...) PRINTF_LIKE(4, 5);
/* text for a diagnostic: line breaks, quotes and backslashes escaped. */
const char *filter__quote(struct arena *arena, struct bytes text);
/* The arena's limit was met. */
enum rc filter__too_large(const char *word, struct err *err);

/* ---- filter_value.c: names, values, keywords --------------------------------------------------
 */

enum filter_scan {
    SCAN_OK,
    SCAN_NONE,    /* nothing here is a value */
    SCAN_KEYWORD, /* a reserved word stands here */
    SCAN_FAILED,  /* *err is filled: nothing else can make sense of it */
};
struct bytes filter__rest(const struct filter_reading *p);
void filter__skip_space(struct filter_reading *p);
bool filter__accept(struct filter_reading *p, const char *symbol);
/* A keyword that ends where a word would. */
bool filter__accept_word(struct filter_reading *p, const char *keyword);
bool filter__starts(const struct filter_reading *p, const char *text);
/* Passes over a value, and over spaces in front; stays where it is if there is none. */
enum filter_scan filter__scan_value(struct filter_reading *p, struct filter_token *ret_token);
/* The same where there must be one; *ret_code is RC_OK or an error. */
enum rc filter__take_value(struct filter_reading *p, struct filter_token *ret_token) MUST_CHECK;
enum rc filter__fail_keyword(struct filter_reading *p) MUST_CHECK;

/* ---- filter_parse.c ---------------------------------------------------------------------------
 */

/* *ret_node NULL: a blank string. source must stay. */
enum rc filter__parse(struct arena *arena, struct bytes source, const char *word,
                      struct filter_node **ret_node, struct err *err) MUST_CHECK;

/* ---- filter_check.c -----------------------------------------------------------------------------
 */

enum rc filter__check(const struct search *s, const struct filter_node *root, const char *word,
                      struct err *err) MUST_CHECK;
/* Fails for the first CONTAINS, for where it is not switched on. */
enum rc filter__check_contains(const struct filter_node *root, struct err *err) MUST_CHECK;

/* ---- filter_bind.c ------------------------------------------------------------------------------
 */

enum rc filter__bind(const struct search *s, struct filter_node *node, const char *word,
                     struct err *err) MUST_CHECK;
/* Decimal text, "inf" and "nan" too, as filters count as numbers; false: none. */
bool filter__number(struct bytes text, double *ret);

/* ---- filter_match.c -----------------------------------------------------------------------------
 */

/*
 * Replaces the PART_WORDS words of *out with those rows of `in` (at least one)
 * whose part of the column meets the condition. out may be in.
 */
enum rc filter__match_part(struct filter *f, const struct filter_node *n, uint32_t first_row,
                           const uint64_t *in, uint64_t *out, struct err *err) MUST_CHECK;
