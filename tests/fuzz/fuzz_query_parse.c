/* SPDX-License-Identifier: MIT */
/*
 * fuzz_query_parse.c -- any bytes as a query, over a small vocabulary.
 *
 * The first byte chooses the strategy and settings, the rest is the query.
 * Checked: what ranking counts on. Edges are sorted and lead forward, every
 * derivation has words of the index (or a beginning of some), typos rise and keep
 * to the allowance, limits hold, each term is dropped at most once and a phrase
 * never, and memory is bounded whatever the query.
 */
#include "support/word_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char vocabulary[] =
    "a an apple apples apply b bat batman batmans book boot c cafe d dark darker knight knights "
    "night note notebook notebooks of on one p prim prime primes prince princes princess print "
    "pr\xC3\xB8ve return returned returns s sun sunflower sunflowers flower flow er the theory "
    "\xE6\x9D\xB1\xE4\xBA\xAC 12345 12346 new york nyc z";

static void check_derivation(const struct graph_input *in, const struct edge *e,
                             const struct derivation *d)
{
    size_t i;

    ASSERT(d->n_words >= 1 && d->typos <= 2);
    for (i = 0; i < d->n_words; i++) {
        ASSERT(d->words[i].word.n > 0 && d->words[i].word.n <= TEXT_WORD_MAX);
        ASSERT(i == 0 ? d->words[i].offset == 0 : d->words[i].offset > d->words[i - 1].offset);
        ASSERT(d->kind == POSTING_PREFIX || derive__has_word(in, d->words[i].word));
    }
    if (!e)
        return;
    ASSERT(d->typos <= e->allowance || (d->typos == 1 && d->n_words == 2));
    ASSERT(!d->exact || (d->typos == 0 && d->original));
    ASSERT(d->kind == POSTING_WORD || (e->prefix && bytes_eq(d->words[0].word, e->word)));
}

static void check_edge(const struct graph_input *in, const struct graph *g, const struct edge *e)
{
    unsigned joined = (unsigned)(e->to - e->from);
    size_t i;

    ASSERT(e->from < e->to && e->to <= g->n_terms && joined <= 3);
    ASSERT(e->base_typos == (joined > 1 ? joined : 0));
    ASSERT(e->phrase ? e->word.n == 0 : e->word.n > 0 && e->word.n <= TEXT_WORD_MAX);
    ASSERT(joined == 1 ? g->mandatory[e->from] == e->phrase : !e->phrase && e->n_derivations > 0);
    ASSERT(e == g->edges || e[-1].from < e->from || (e[-1].from == e->from && e[-1].to < e->to));
    for (i = 0; i < e->n_derivations; i++) {
        check_derivation(in, e, &e->derivations[i]);
        ASSERT(i == 0 || e->derivations[i - 1].typos <= e->derivations[i].typos);
    }
}

static void check_order(const struct graph *g)
{
    unsigned seen = 0;
    size_t i;

    ASSERT(g->n_droppable <= g->n_terms);
    for (i = 0; i < g->n_droppable; i++) {
        unsigned bit = 1u << g->drop_order[i];

        ASSERT(g->drop_order[i] < g->n_terms && !(seen & bit) && !g->mandatory[g->drop_order[i]]);
        ASSERT(i == 0 ? g->drop_step[0] == 0
                      : g->drop_step[i] == g->drop_step[i - 1] ||
                            g->drop_step[i] == g->drop_step[i - 1] + 1);
        seen |= bit;
    }
}

static void check(const struct graph_input *in, const struct graph *g)
{
    size_t i, chars, terms = 0;

    ASSERT(g->n_terms <= QUERY_TERMS_MAX);
    for (i = 0; i < g->n_edges; i++) {
        check_edge(in, g, &g->edges[i]);
        terms += g->edges[i].to == g->edges[i].from + 1;
        (void)graph__marks_word(g, g->edges[i].word, &chars);
    }
    ASSERT(terms == g->n_terms); /* every term has an edge, whatever stands for it */
    for (i = 0; i < g->n_negatives; i++)
        check_derivation(in, NULL, &g->negatives[i]);
    check_order(g);
}

#ifdef LODE_PLANTED_BUG
/* Only a query that was understood takes something away and has a phrase of words of the index. */
static void planted(const struct graph *g)
{
    size_t i;

    for (i = 0; i < g->n_edges; i++)
        if (g->n_negatives > 0 && g->edges[i].phrase && g->edges[i].n_derivations > 0 &&
            g->edges[i].derivations[0].n_words > 1)
            NEVER("planted bug");
}
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const struct bytes stop[] = {{(const uint8_t *)"of", 2}, {(const uint8_t *)"the", 3}};
    static const struct bytes nyc = {(const uint8_t *)"nyc", 3};
    static const struct bytes york[] = {{(const uint8_t *)"new", 3}, {(const uint8_t *)"york", 4}};
    static const struct plan_synonym synonyms[] = {{york, 2, &nyc, 1}, {&nyc, 1, york, 2}};
    struct word_list list;
    struct graph graph;
    struct graph_input in;
    struct err err;

    if (n == 0)
        return 0;
    word_list_open(&list, &(struct text_opts){.stop_words = stop, .n_stop_words = 2});
    word_list_text(&list, vocabulary);
    list.plan.synonyms = synonyms;
    list.plan.n_synonyms = 2;
    list.plan.prefix_search = !(data[0] & 4);
    list.plan.typo_enabled = !(data[0] & 8);
    list.plan.typo_numbers = !(data[0] & 16);
    in = word_list_input(&list, bytes_of(data + 1, n - 1), (enum match_strategy)(data[0] % 3));
    ASSERT(graph__build(&in, &graph, &err) == RC_OK);
    check(&in, &graph);
    ASSERT(arena_used(list.arena) < 1000000);
#ifdef LODE_PLANTED_BUG
    planted(&graph);
#endif
    word_list_close(&list);
    return 0;
}
