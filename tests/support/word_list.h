/* SPDX-License-Identifier: MIT */
/*
 * word_list.h -- an index of nothing but words, to read queries over.
 *
 * The vocabulary is the real one. What is asked of postings comes from tables:
 * rows of a word as bits of one number, and pairs of neighbours.
 */
#pragma once

#include "base/assert.h"
#include "base/mem.h"
#include "index/search_int.h"
#include "query/graph_int.h"
#include "text/text.h"

#include <stdlib.h>

struct word_rows {
    const char *word;
    uint64_t rows; /* bits */
};
struct word_pair {
    const char *a, *b;
    uint64_t n;
};
struct word_list {
    struct vocab *vocab;
    struct plan plan;
    struct arena *arena;
    const struct word_rows *rows; /* ends with a NULL word; NULL: none */
    const struct word_pair *pairs;
    unsigned asked; /* calls of side_by_side */
    struct graph_source source;
};

static inline int word_list_cmp(const void *a, const void *b)
{
    const struct bytes *x = a, *y = b;

    return bytes_cmp(*x, *y);
}

static inline void word_list_words(void *arg, struct word_cursor *c)
{
    const struct word_list *l = arg;

    memset(c, 0, sizeof *c);
    c->vocab = l->vocab;
}

static inline enum rc word_list_beside(void *arg, struct bytes a, struct bytes b, uint64_t *ret_n,
                                       struct err *err)
{
    struct word_list *l = arg;
    const struct word_pair *p;

    (void)err;
    l->asked++;
    *ret_n = 0;
    for (p = l->pairs; p && p->a; p++)
        if (bytes_eq(bytes_str(p->a), a) && bytes_eq(bytes_str(p->b), b))
            *ret_n = p->n;
    return RC_OK;
}

static inline enum rc word_list_count(void *arg, const struct derivation *const *derivations,
                                      size_t n, uint64_t *ret_n, struct err *err)
{
    const struct word_list *l = arg;
    const struct word_rows *r;
    uint64_t any = 0;
    size_t i, j;

    (void)err;
    for (i = 0; i < n; i++) {
        uint64_t all = UINT64_MAX;

        for (j = 0; j < derivations[i]->n_words; j++) {
            uint64_t has = 0;

            for (r = l->rows; r && r->word; r++)
                if (bytes_eq(bytes_str(r->word), derivations[i]->words[j].word))
                    has = r->rows;
            all &= has;
        }
        any |= all;
    }
    *ret_n = (uint64_t)__builtin_popcountll(any);
    return RC_OK;
}

/* Sorts words in place and drops repeats. */
static inline void word_list_fill(struct word_list *l, struct bytes *words, size_t n)
{
    struct vocab *old = l->vocab;
    size_t i, m = 0;

    qsort(words, n, sizeof *words, word_list_cmp);
    for (i = 0; i < n; i++)
        if (m == 0 || !bytes_eq(words[m - 1], words[i]))
            words[m++] = words[i];
    l->vocab = vocab__add(old, words, m, NULL, NULL);
    vocab__unref(old);
}

/* Words with spaces between them. */
static inline void word_list_text(struct word_list *l, const char *text)
{
    struct bytes words[256];
    size_t n = 0;

    while (*text) {
        size_t len = strcspn(text, " ");

        ASSERT(n < sizeof words / sizeof words[0]);
        if (len)
            words[n++] = bytes_of(text, len);
        text += len + (text[len] == ' ');
    }
    word_list_fill(l, words, n);
}

static inline void word_list_open(struct word_list *l, const struct text_opts *opts)
{
    *l = (struct word_list){.vocab = vocab__new(), .arena = arena_new((size_t)64 << 20)};
    l->plan.text = text_rules_new(opts);
    l->plan.typo_enabled = l->plan.typo_numbers = l->plan.prefix_search = true;
    l->plan.one_typo = 5;
    l->plan.two_typos = 9;
    l->source = (struct graph_source){.arg = l,
                                      .words = word_list_words,
                                      .side_by_side = word_list_beside,
                                      .count = word_list_count};
}

static inline void word_list_close(struct word_list *l)
{
    vocab__unref(l->vocab);
    text_rules_free(l->plan.text);
    arena_free(l->arena);
    *l = (struct word_list){0};
}

static inline struct graph_input word_list_input(const struct word_list *l, struct bytes q,
                                                 enum match_strategy strategy)
{
    return (struct graph_input){
        .plan = &l->plan, .q = q, .strategy = strategy, .arena = l->arena, .source = &l->source};
}
