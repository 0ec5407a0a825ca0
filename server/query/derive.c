/* SPDX-License-Identifier: MIT */
/*
 * derive.c -- which words of the index stand for a term, and at what cost.
 *
 *   0 typos  the word itself; words that begin with a prefix; synonyms
 *   1 typo   words within one; the term split into two neighbours
 *   2 typos  words within two
 *
 * An n-gram costs as many typos as it has terms before any of these: 2 or 3
 * (edge.base_typos). It may have a typo less than its length allows for every
 * term but the first.
 *
 * Words are gathered in scratch buffers, bounded by the limits of graph_int.h, and
 * laid into the arena in one go when it is known how much there is.
 */
#include "query/graph_int.h"

#include "base/mem.h"
#include "text/text.h"

/* One derivation while it is gathered: its words are the next n_words of `words`. */
struct gathered {
    uint32_t n_words;
    enum posting_kind kind;
    uint8_t typos;
    bool exact, original;
};
struct gathered_word {
    uint32_t at; /* in text */
    uint32_t n;
    uint32_t offset;
};
struct gather {
    const struct graph_input *in;
    const struct edge *edge;
    struct buf text;
    struct buf words;             /* struct gathered_word */
    struct buf derivations;       /* struct gathered */
    unsigned one_typo, two_typos; /* how many so far */
};

static void add(struct gather *g, const struct gathered *d)
{
    (void)buf_append(&g->derivations, d, sizeof *d);
}

static void add_word(struct gather *g, struct bytes word, uint32_t offset)
{
    struct gathered_word w = {(uint32_t)g->text.n, (uint32_t)word.n, offset};

    (void)buf_append(&g->words, &w, sizeof w);
    (void)buf_bytes(&g->text, word);
}

static void add_one(struct gather *g, struct bytes word, uint8_t typos, bool original)
{
    add_word(g, word, 0);
    add(g, &(struct gathered){1, POSTING_WORD, typos, false, original});
}

/* Copies what has exactly so many typos behind what is there; derivations rise by typos. */
static size_t lay(const struct gather *g, unsigned typos, const uint8_t *text,
                  struct phrase_word *words, struct derivation *out, size_t n_out)
{
    const struct gathered *d = (const void *)g->derivations.p;
    const struct gathered_word *w = (const void *)g->words.p;
    size_t i, j, n = g->derivations.n / sizeof *d, at = 0;

    for (i = 0; i < n; at += d[i].n_words, i++) {
        if (d[i].typos != typos)
            continue;
        for (j = at; j < at + d[i].n_words; j++)
            words[j] = (struct phrase_word){bytes_of(text + w[j].at, w[j].n), w[j].offset};
        out[n_out++] = (struct derivation){.words = words + at,
                                           .n_words = d[i].n_words,
                                           .kind = d[i].kind,
                                           .typos = d[i].typos,
                                           .exact = d[i].exact,
                                           .original = d[i].original};
    }
    return n_out;
}

/* Everything into the arena. */
static enum rc settle(const struct gather *g, struct edge *e, struct err *err)
{
    size_t n = g->derivations.n / sizeof(struct gathered), n_out = 0;
    size_t n_words = g->words.n / sizeof(struct gathered_word);
    struct derivation *out;
    struct phrase_word *words;
    uint8_t *text;
    unsigned typos;

    e->derivations = NULL;
    e->n_derivations = 0;
    if (n == 0)
        return RC_OK;
    out = arena_alloc(g->in->arena, n * sizeof *out);
    words = arena_alloc(g->in->arena, n_words * sizeof *words);
    text = arena_alloc(g->in->arena, g->text.n ? g->text.n : 1);
    if (!out || !words || !text)
        return graph__no_memory(err);
    if (g->text.n)
        memcpy(text, g->text.p, g->text.n);
    for (typos = 0; typos <= 2; typos++)
        n_out = lay(g, typos, text, words, out, n_out);
    e->derivations = out;
    e->n_derivations = n_out;
    return RC_OK;
}

static void gather_init(struct gather *g, const struct graph_input *in, const struct edge *e)
{
    *g = (struct gather){.in = in, .edge = e};
    buf_init(&g->text, BUF_NO_LIMIT); /* all three: limits of graph_int.h */
    buf_init(&g->words, BUF_NO_LIMIT);
    buf_init(&g->derivations, BUF_NO_LIMIT);
}

static void gather_done(struct gather *g)
{
    buf_done(&g->text);
    buf_done(&g->words);
    buf_done(&g->derivations);
}

bool derive__has_word(const struct graph_input *in, struct bytes word)
{
    struct word_cursor c;

    in->source->words(in->source->arg, &c);
    return word.n > 0 && word_cursor_seek(&c, word) && bytes_eq(c.word, word);
}

/* ---- no typos ------------------------------------------------------------------------------- */

static void derive_exact(struct gather *g, bool ngram)
{
    if (!derive__has_word(g->in, g->edge->word))
        return;
    add_word(g, g->edge->word, 0);
    add(g, &(struct gathered){1, POSTING_WORD, 0, !ngram, !ngram});
}

/* Words that begin with the term and are longer: one derivation, however many they are. */
static void derive_prefix(struct gather *g, bool ngram)
{
    struct bytes prefix = g->edge->word;
    struct word_cursor c;
    bool more;

    g->in->source->words(g->in->source->arg, &c);
    more = word_cursor_seek(&c, prefix);
    if (more && c.word.n == prefix.n)
        more = word_cursor_next(&c);
    if (!more || !bytes_starts(c.word, prefix))
        return;
    add_word(g, prefix, 0);
    add(g, &(struct gathered){1, POSTING_PREFIX, 0, false, !ngram});
}

static int compare_key(const struct plan_synonym *s, const struct bytes *words, size_t n)
{
    size_t i;
    int c;

    for (i = 0; i < n && i < s->n_key; i++) {
        c = bytes_cmp(s->key[i], words[i]);
        if (c)
            return c;
    }
    return (s->n_key > n) - (s->n_key < n);
}

/* A value all of whose words are in the index. */
static void add_synonym(struct gather *g, const struct plan_synonym *s)
{
    uint32_t n = 0;
    size_t i;

    for (i = 0; i < s->n_words; i++)
        if (s->words[i].n && !derive__has_word(g->in, s->words[i]))
            return;
    for (i = 0; i < s->n_words; i++) {
        if (s->words[i].n == 0)
            continue; /* holds a place */
        add_word(g, s->words[i], (uint32_t)i);
        n++;
    }
    if (n)
        add(g, &(struct gathered){n, POSTING_WORD, 0, false, true});
}

static void derive_synonyms(struct gather *g, const struct bytes *words, size_t n_words)
{
    const struct plan *plan = g->in->plan;
    size_t lo = 0, hi = plan->n_synonyms, n = 0, n_values = 0, i;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (compare_key(&plan->synonyms[mid], words, n_words) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (i = lo; i < plan->n_synonyms && n < DERIVE_SYNONYMS_MAX; i++, n++) {
        const struct plan_synonym *s = &plan->synonyms[i];

        if (compare_key(s, words, n_words) != 0)
            return;
        if (n_values + s->n_words > DERIVE_SYNONYM_WORDS_MAX)
            continue;
        n_values += s->n_words;
        add_synonym(g, s);
    }
}

/* ---- typos ---------------------------------------------------------------------------------- */

static bool found_near(void *arg, struct bytes word, unsigned typos)
{
    struct gather *g = arg;

    add_one(g, word, (uint8_t)typos, false);
    if (typos == 1)
        return ++g->one_typo < DERIVE_ONE_TYPO_MAX;
    return ++g->two_typos < DERIVE_TWO_TYPOS_MAX;
}

/* Whether a split at byte `at` parts the terms of an n-gram: that is what they were before. */
static bool is_joint(const struct bytes *words, size_t n_words, size_t at)
{
    size_t i, n = 0;

    for (i = 0; i + 1 < n_words; i++) {
        n += words[i].n;
        if (n == at)
            return true;
    }
    return false;
}

/*
 * Places where both halves are words. One alone need not be counted: that its
 * halves stand side by side is seen when rows are matched.
 */
static enum rc derive_split(struct gather *g, const struct bytes *words, size_t n_words,
                            struct err *err)
{
    struct bytes word = g->edge->word;
    size_t places[DERIVE_SPLITS_MAX], n = 0, i, best = 0;
    uint64_t rows, most = 0;
    enum rc rc;

    for (i = 1; i < word.n && n < DERIVE_SPLITS_MAX; i++) {
        if ((word.p[i] & 0xC0) == 0x80 || is_joint(words, n_words, i))
            continue;
        if (derive__has_word(g->in, bytes_of(word.p, i)) &&
            derive__has_word(g->in, bytes_of(word.p + i, word.n - i)))
            places[n++] = i;
    }
    for (i = 0; n > 1 && i < n; i++) {
        rc = g->in->source->side_by_side(g->in->source->arg, bytes_of(word.p, places[i]),
                                         bytes_of(word.p + places[i], word.n - places[i]), &rows,
                                         err);
        if (rc != RC_OK)
            return rc;
        if (rows > most) {
            most = rows;
            best = i;
        }
    }
    if (n == 0 || (n > 1 && most == 0))
        return RC_OK;
    add_word(g, bytes_of(word.p, places[best]), 0);
    add_word(g, bytes_of(word.p + places[best], word.n - places[best]), 1);
    add(g, &(struct gathered){2, POSTING_WORD, 1, false, false});
    return RC_OK;
}

unsigned derive__allowance(const struct plan *plan, struct bytes word)
{
    size_t lo = 0, hi = plan->n_typo_words, chars;

    if (!plan->typo_enabled)
        return 0;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = bytes_cmp(plan->typo_words[mid], word);

        if (c == 0)
            return 0;
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    chars = text_chars(word);
    return chars < plan->one_typo ? 0 : chars < plan->two_typos ? 1 : 2;
}

/* ---- doors ---------------------------------------------------------------------------------- */

enum rc derive__word(const struct graph_input *in, struct edge *e, const struct bytes *words,
                     size_t n_words, struct err *err)
{
    unsigned allowance = derive__allowance(in->plan, e->word);
    bool ngram = n_words > 1;
    struct gather g;
    enum rc rc;

    if (ngram)
        allowance = allowance > n_words - 1 ? allowance - (unsigned)(n_words - 1) : 0;
    e->allowance = (uint8_t)allowance;
    e->max_typos = (uint8_t)(e->base_typos + (allowance ? allowance : 1)); /* 1: may be split */
    gather_init(&g, in, e);
    derive_exact(&g, ngram);
    if (e->prefix)
        derive_prefix(&g, ngram);
    derive_synonyms(&g, words, n_words);
    if (allowance)
        derive__near(in, e->word, allowance, e->prefix, found_near, &g);
    rc = derive_split(&g, words, n_words, err);
    if (rc == RC_OK)
        rc = settle(&g, e, err);
    gather_done(&g);
    return rc;
}

enum rc derive__phrase(const struct graph_input *in, struct edge *e,
                       const struct phrase_word *words, size_t n_words, struct err *err)
{
    struct derivation *d;
    size_t i;

    for (i = 0; i < n_words; i++)
        if (!derive__has_word(in, words[i].word))
            return RC_OK; /* stays, and matches nothing */
    d = arena_alloc(in->arena, sizeof *d);
    if (!d)
        return graph__no_memory(err);
    *d = (struct derivation){
        .words = words, .n_words = n_words, .kind = POSTING_WORD, .exact = true, .original = true};
    e->derivations = d;
    e->n_derivations = 1;
    return RC_OK;
}
