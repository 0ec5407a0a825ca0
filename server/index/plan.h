/* SPDX-License-Identifier: MIT */
/*
 * plan.h -- an index's settings as the code wants them: compiled once, shared.
 *
 * Ownership  plan_new() gives one share; plan_ref()/plan_unref(). All it points
 *            to lives as long as it. It is shared by snapshots and searches,
 *            which outlive each other in any order.
 * Threads    Immutable: any number.
 * Errors     RC_CORRUPT for settings that settings_check() would have refused.
 */
#pragma once

#include "base/bytes.h"
#include "base/err.h"

struct text_rules;

enum rule_kind {
    RULE_WORDS,
    RULE_TYPO,
    RULE_PROXIMITY,
    RULE_ATTRIBUTE, /* legacy: attributeRank, then wordPosition */
    RULE_ATTRIBUTE_RANK,
    RULE_WORD_POSITION,
    RULE_SORT,
    RULE_EXACTNESS,
    RULE_ASC, /* custom, of a field */
    RULE_DESC,
};

struct plan_rule {
    enum rule_kind kind;
    struct bytes field; /* RULE_ASC, RULE_DESC */
};

/* One entry of filterableAttributes; a plain name allows all. */
struct plan_filterable {
    struct bytes pattern; /* "a", "a.*", "*_id", "*"; a plain one covers a.b too */
    bool plain;           /* written as a string: covers sub-fields, no "*" inside */
    bool facet_search, equality, comparison;
    unsigned rule; /* its place in filterableAttributes; a rule may have several patterns */
};

/* One synonym: what is typed, and what it may stand for; all folded and cut by the tokenizer. */
struct plan_synonym {
    const struct bytes *key; /* words of the key */
    size_t n_key;
    const struct bytes *words; /* of the value; n == 0: holds the place of a stop word */
    size_t n_words;
};

struct plan_facet_sort {
    struct bytes field; /* or "*" */
    bool by_count;
};

struct plan {
    struct text_rules *text;        /* owned */
    bool searchable_all;            /* ["*"]: every field, all of the same rank */
    const struct bytes *searchable; /* in order of weight */
    size_t n_searchable;
    bool displayed_all;
    const struct bytes *displayed;
    size_t n_displayed;
    const struct plan_filterable *filterable;
    size_t n_filterable;
    const struct bytes *sortable;
    size_t n_sortable;
    const struct plan_rule *rules; /* as set, without repeats */
    size_t n_rules;
    struct bytes distinct;               /* n == 0: none */
    const struct plan_synonym *synonyms; /* sorted by key */
    size_t n_synonyms;
    bool typo_enabled, typo_numbers; /* typo_numbers: words of digits may be typo targets */
    unsigned one_typo, two_typos;    /* characters from which they are allowed */
    const struct bytes *typo_words;  /* folded: disableOnWords, sorted */
    size_t n_typo_words;
    const struct bytes *typo_fields; /* disableOnAttributes */
    size_t n_typo_fields;
    uint32_t max_facet_values, max_total_hits, cutoff_ms;
    const struct plan_facet_sort *facet_sort;
    size_t n_facet_sort;
    bool facet_search, prefix_search, by_attribute; /* by_attribute: proximityPrecision */
};

enum rc plan_new(struct bytes settings, struct plan **ret_plan, struct err *err) MUST_CHECK;
struct plan *plan_ref(struct plan *p);
void plan_unref(struct plan *p); /* NULL is fine */

/* "*" is one of the names. */
bool plan_has_star(const struct bytes *names, size_t n);
/* a covers a and a.b, not ab. */
bool plan_covers(struct bytes entry, struct bytes field);
/* "*", "a*", "*a", "*a*", or the very name. */
bool plan_pattern_matches(struct bytes pattern, struct bytes field);
/* First entry of searchableAttributes that covers the field (0 with ["*"]); -1: not searched. */
int plan_field_rank(const struct plan *p, struct bytes field);
/* The first entry that covers the field, or NULL: not filterable. */
const struct plan_filterable *plan_filterable_of(const struct plan *p, struct bytes field);
bool plan_is_sortable(const struct plan *p, struct bytes field);
bool plan_is_displayed(const struct plan *p, struct bytes field);
bool plan_facet_by_count(const struct plan *p, struct bytes field);
/* Whether rows of the field are kept in a column: filter, sort, facets, distinct, custom rules. */
bool plan_wants_column(const struct plan *p, struct bytes field);
/*
 * What must be made anew when settings change from a to b. Columns are compared
 * one by one by plan_wants_column().
 */
bool plan_same_words(const struct plan *a, const struct plan *b);
