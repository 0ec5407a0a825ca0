/* SPDX-License-Identifier: MIT */
/*
 * graph.c -- every way to read a query, as edges between the gaps of its terms.
 *
 * Node i is the gap before term i. An edge from i to i + 1 is the term itself; to
 * i + 2 and i + 3 it is terms written together, which only words that stand next
 * to each other can be. A path from 0 to n_terms is one reading. N-grams that no
 * word of the index stands for are left out; terms stay, because they count.
 *
 * The order of dropping: `last` drops from the end and keeps the first term,
 * `frequency` drops what most rows have and keeps what fewest have. A term that
 * matches nothing goes first of all: kept, it would leave nothing to find. With a
 * phrase, which is never dropped, all others may go.
 */
#include "query/graph_int.h"

#include "base/mem.h"
#include "text/text.h"

#include <stdlib.h>

enum {
    NGRAM_MAX = 3,
    EDGES_MAX = QUERY_TERMS_MAX * NGRAM_MAX,
};

/* A word that is marked in texts; prefix_chars as graph__marks_word() gives it. */
struct graph_mark {
    struct bytes word;
    size_t prefix_chars;
};

enum rc graph__no_memory(struct err *err)
{
    return err_set(err, RC_TOO_LARGE, NULL,
                   "the search has no memory left for what the query may stand for");
}

/* ---- edges ---------------------------------------------------------------------------------- */

static enum rc make_term(const struct graph_input *in, const struct parsed *parsed, size_t i,
                         struct edge *e, struct err *err)
{
    const struct parsed_term *t = &parsed->terms[i];

    *e = (struct edge){.from = (uint8_t)i,
                       .to = (uint8_t)(i + 1),
                       .phrase = t->phrase,
                       .prefix = t->prefix,
                       .position = t->position,
                       .word = t->word};
    if (t->phrase)
        return derive__phrase(in, e, t->words, t->n_words, err);
    return derive__word(in, e, &t->word, 1, err);
}

/* Whether the n terms from i on can be one word: neighbours, none of them a phrase. */
static bool may_join(const struct parsed *parsed, size_t i, size_t n)
{
    size_t j, bytes = 0;

    if (i + n > parsed->n_terms)
        return false;
    for (j = i; j < i + n; j++) {
        const struct parsed_term *t = &parsed->terms[j];

        bytes += t->word.n;
        if (t->phrase || (j > i && t->position != parsed->terms[j - 1].position + 1))
            return false;
    }
    return bytes <= TEXT_WORD_MAX;
}

/* n terms from i on as one word. *ret_any: something stands for it. */
static enum rc make_ngram(const struct graph_input *in, const struct parsed *parsed, size_t i,
                          size_t n, struct edge *e, struct err *err)
{
    struct bytes words[NGRAM_MAX];
    uint8_t *joined;
    size_t j, bytes = 0;

    for (j = 0; j < n; j++) {
        words[j] = parsed->terms[i + j].word;
        bytes += words[j].n;
    }
    joined = arena_alloc(in->arena, bytes);
    if (!joined)
        return graph__no_memory(err);
    for (j = 0, bytes = 0; j < n; bytes += words[j].n, j++)
        memcpy(joined + bytes, words[j].p, words[j].n);
    *e = (struct edge){.from = (uint8_t)i,
                       .to = (uint8_t)(i + n),
                       .prefix = parsed->terms[i + n - 1].prefix,
                       .base_typos = (uint8_t)n,
                       .position = parsed->terms[i].position,
                       .word = bytes_of(joined, bytes)};
    return derive__word(in, e, words, n, err);
}

static enum rc make_edges(const struct graph_input *in, const struct parsed *parsed,
                          struct graph *g, struct err *err)
{
    struct edge *edges = arena_alloc(in->arena, EDGES_MAX * sizeof *edges);
    size_t i, n, n_edges = 0;
    enum rc rc;

    if (!edges)
        return graph__no_memory(err);
    for (i = 0; i < parsed->n_terms; i++) {
        g->mandatory[i] = parsed->terms[i].phrase;
        rc = make_term(in, parsed, i, &edges[n_edges], err);
        if (rc != RC_OK)
            return rc;
        g->max_typos += edges[n_edges++].max_typos;
        for (n = 2; n <= NGRAM_MAX && may_join(parsed, i, n); n++) {
            rc = make_ngram(in, parsed, i, n, &edges[n_edges], err);
            if (rc != RC_OK)
                return rc;
            n_edges += edges[n_edges].n_derivations > 0;
        }
    }
    g->n_terms = parsed->n_terms;
    g->edges = edges;
    g->n_edges = n_edges;
    return RC_OK;
}

/* ---- negatives ------------------------------------------------------------------------------ */

/* Those all of whose words are in the index; no others can take a row away. */
static enum rc make_negatives(const struct graph_input *in, const struct parsed *parsed,
                              struct graph *g, struct err *err)
{
    struct derivation *out;
    size_t i, j, n = 0;

    if (parsed->n_negatives == 0)
        return RC_OK;
    out = arena_alloc(in->arena, parsed->n_negatives * sizeof *out);
    if (!out)
        return graph__no_memory(err);
    for (i = 0; i < parsed->n_negatives; i++) {
        const struct parsed_negative *p = &parsed->negatives[i];

        for (j = 0; j < p->n_words && derive__has_word(in, p->words[j].word);)
            j++;
        if (j == p->n_words)
            out[n++] = (struct derivation){.words = p->words,
                                           .n_words = p->n_words,
                                           .kind = POSTING_WORD,
                                           .exact = true,
                                           .original = true};
    }
    g->negatives = out;
    g->n_negatives = n;
    return RC_OK;
}

/* ---- order of dropping ---------------------------------------------------------------------- */

static bool has_phrase(const struct graph *g)
{
    size_t i;

    for (i = 0; i < g->n_terms; i++)
        if (g->mandatory[i])
            return true;
    return false;
}

static void drop_last_first(struct graph *g)
{
    size_t i = g->n_terms, keep = has_phrase(g) ? 0 : 1;

    while (i > keep)
        if (!g->mandatory[--i]) {
            g->drop_step[g->n_droppable] = (uint8_t)g->n_droppable;
            g->drop_order[g->n_droppable++] = (uint8_t)i;
        }
}

/* Live rows that some reading of the term is in, n-grams with it too; UINT64_MAX: none. */
static enum rc count_term(const struct graph_input *in, const struct graph *g, size_t term,
                          uint64_t *ret_n, struct err *err)
{
    const struct derivation **all;
    size_t i, j, n = 0;
    enum rc rc = RC_OK;

    *ret_n = 0;
    for (i = 0; i < g->n_edges; i++)
        if (g->edges[i].from <= term && term < g->edges[i].to)
            n += g->edges[i].n_derivations;
    if (n > 0) {
        all = xcalloc(n, sizeof(*all));
        for (i = 0, n = 0; i < g->n_edges; i++)
            for (j = 0;
                 g->edges[i].from <= term && term < g->edges[i].to && j < g->edges[i].n_derivations;
                 j++)
                all[n++] = &g->edges[i].derivations[j];
        rc = in->source->count(in->source->arg, all, n, ret_n, err);
        xfree((void *)all);
    }
    if (rc == RC_OK && *ret_n == 0)
        *ret_n = UINT64_MAX;
    return rc;
}

static enum rc drop_frequent_first(const struct graph_input *in, struct graph *g, struct err *err)
{
    uint64_t counts[QUERY_TERMS_MAX] = {0};
    uint8_t *order = g->drop_order, step = 0;
    size_t i, j, n = 0;
    enum rc rc;

    for (i = 0; i < g->n_terms; i++) {
        if (g->mandatory[i])
            continue;
        rc = count_term(in, g, i, &counts[i], err);
        if (rc != RC_OK)
            return rc;
        for (j = n++; j > 0 && counts[order[j - 1]] < counts[i]; j--)
            order[j] = order[j - 1];
        order[j] = (uint8_t)i;
    }
    if (!has_phrase(g)) /* the rarest stay, however many there are of them */
        for (i = n; n > 0 && counts[order[n - 1]] == counts[order[i - 1]];)
            n--;
    for (i = 0; i < n; i++) {
        step = (uint8_t)(step + (i > 0 && counts[order[i]] != counts[order[i - 1]]));
        g->drop_step[i] = step;
    }
    g->n_droppable = n;
    return RC_OK;
}

/* ---- marks ---------------------------------------------------------------------------------- */

static int by_word(const void *a, const void *b)
{
    const struct graph_mark *x = a, *y = b;
    int c = bytes_cmp(x->word, y->word);

    /* Whole words before beginnings: the first of equals is the one found. */
    return c ? c : (x->prefix_chars > y->prefix_chars) - (x->prefix_chars < y->prefix_chars);
}

/* Words that begin with a prefix term need no mark of their own: that can be seen. */
static bool needs_mark(const struct edge *e, const struct derivation *d)
{
    return d->n_words == 1 && d->kind == POSTING_WORD && !e->phrase &&
           !(e->prefix && d->typos == 0 && bytes_starts(d->words[0].word, e->word));
}

static enum rc make_marks(const struct graph_input *in, struct graph *g, struct err *err)
{
    struct graph_mark *marks;
    size_t i, j, n = 0;

    for (i = 0; i < g->n_edges; i++)
        for (j = 0; j < g->edges[i].n_derivations; j++)
            n += needs_mark(&g->edges[i], &g->edges[i].derivations[j]);
    if (n == 0)
        return RC_OK;
    marks = arena_alloc(in->arena, n * sizeof *marks);
    if (!marks)
        return graph__no_memory(err);
    for (i = 0, n = 0; i < g->n_edges; i++) {
        const struct edge *e = &g->edges[i];

        for (j = 0; j < e->n_derivations; j++)
            if (needs_mark(e, &e->derivations[j]))
                marks[n++] = (struct graph_mark){
                    .word = e->derivations[j].words[0].word,
                    .prefix_chars = e->prefix && e->derivations[j].typos ? text_chars(e->word) : 0};
    }
    qsort(marks, n, sizeof *marks, by_word);
    g->marks = marks;
    g->n_marks = n;
    return RC_OK;
}

static const struct graph_mark *find_mark(const struct graph *g, struct bytes word)
{
    size_t lo = 0, hi = g->n_marks;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (bytes_cmp(g->marks[mid].word, word) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < g->n_marks && bytes_eq(g->marks[lo].word, word) ? &g->marks[lo] : NULL;
}

bool graph__marks_word(const struct graph *g, struct bytes word, size_t *ret_prefix_chars)
{
    const struct graph_mark *mark = find_mark(g, word);
    size_t i, chars = 0;

    if (mark && mark->prefix_chars == 0) {
        *ret_prefix_chars = 0;
        return true;
    }
    for (i = 0; i < g->n_edges && chars == 0; i++)
        if (g->edges[i].prefix && bytes_starts(word, g->edges[i].word))
            chars = text_chars(g->edges[i].word);
    if (chars == 0 && mark)
        chars = mark->prefix_chars;
    if (chars == 0)
        return false;
    *ret_prefix_chars = chars < text_chars(word) ? chars : 0;
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------ */

enum rc graph__build(const struct graph_input *in, struct graph *ret_graph, struct err *err)
{
    struct graph g = {.n_terms = 0};
    struct parsed *parsed = arena_alloc(in->arena, sizeof *parsed);
    enum rc rc;

    if (!parsed)
        return graph__no_memory(err);
    rc = parse__query(in->plan, in->q, in->arena, parsed, err);
    if (rc == RC_OK)
        rc = make_edges(in, parsed, &g, err);
    if (rc == RC_OK)
        rc = make_negatives(in, parsed, &g, err);
    if (rc == RC_OK && in->strategy == MATCH_LAST)
        drop_last_first(&g);
    if (rc == RC_OK && in->strategy == MATCH_FREQUENCY)
        rc = drop_frequent_first(in, &g, err);
    if (rc == RC_OK)
        rc = make_marks(in, &g, err);
    if (rc == RC_OK)
        *ret_graph = g;
    return rc;
}
