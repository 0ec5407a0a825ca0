/* SPDX-License-Identifier: MIT */
/*
 * format_marks.c -- a text to tokens, and which parts of it the query matched.
 *
 * Words are asked of graph__marks_word(). Runs of words (phrases, synonyms of
 * several words, splits) are followed here: every run that a word begins is
 * open until its next word is not where it should be.
 *
 * Most words of a text are none of the query's. A bit per pair of first bytes
 * tells that before anything is looked up; what a word that did match stands
 * for in the query is kept, as it comes again and again.
 *
 * What was found is kept for the rest of the document: who asks for the matches of
 * a value behind the one who viewed it need not have it cut again.
 *
 * At most OPEN_MAX runs are open at a time: a phrase of one word a thousand times
 * over a text of nothing but it would take its square in time.
 */
#include "query/format_int.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>

enum {
    OPEN_MAX = 64,
    KNOWN_SLOTS = 512, /* a power of two */
    PREFIX_BYTES_MAX = 1024,
    MATCHES_FIRST = 64,
};

/* Words that must follow each other. */
struct sequence {
    const struct phrase_word *words;
    size_t n;
    uint16_t terms;
};

struct open_run {
    const struct sequence *sequence;
    size_t next;
    uint32_t position, start, first;
};

/* A word that matched, and the terms it stands for. */
struct known {
    uint16_t n, terms;
    uint8_t word[TEXT_WORD_MAX];
};

/* A value of the document that was viewed: its place there, and its matches. */
struct viewed {
    size_t offset, first, n;
};

struct format_marks {
    const struct graph *graph; /* borrowed */
    struct tokenizer *tokenizer;
    struct sequence *sequences;
    size_t n_sequences;
    struct format_token *tokens;
    size_t n_tokens, cap_tokens;
    struct format_match *matches; /* of all values of the document so far */
    size_t n_matches, cap_matches;
    struct viewed *viewed; /* rising */
    size_t n_viewed, cap_viewed, next_viewed;
    struct open_run open[OPEN_MAX];
    size_t n_open;
    struct buf folded;
    uint64_t firsts[65536 / 64]; /* pairs of bytes that words of the query begin with */
    uint32_t place[KNOWN_SLOTS]; /* in known + 1; 0: free */
    struct known *known;
    size_t n_known;
};

static uint16_t terms_of(const struct edge *e)
{
    return (uint16_t)((1U << e->to) - (1U << e->from));
}

static unsigned first_pair(struct bytes word)
{
    return word.n ? (unsigned)word.p[0] << 8 | (word.n > 1 ? word.p[1] : 0U) : 0;
}

static void add_first(struct format_marks *m, struct bytes word, bool prefix)
{
    unsigned pair = first_pair(word), last = pair;

    if (prefix && word.n < 2) {
        pair = word.n ? pair : 0;
        last = word.n ? pair | 0xFF : 0xFFFF;
    }
    for (; pair <= last; pair++)
        m->firsts[pair / 64] |= 1ULL << (pair % 64);
}

static void add_derivation(struct format_marks *m, const struct edge *e, const struct derivation *d)
{
    if (d->n_words == 0)
        return;
    add_first(m, d->words[0].word, d->kind == POSTING_PREFIX);
    if (d->n_words > 1 || e->phrase)
        m->sequences[m->n_sequences++] =
            (struct sequence){.words = d->words, .n = d->n_words, .terms = terms_of(e)};
}

struct format_marks *format_marks__new(const struct graph *g, const struct text_rules *rules)
{
    struct format_marks *m = xcalloc(1, sizeof *m);
    size_t i, j, n = 0;

    m->graph = g;
    m->tokenizer = tokenizer_new(rules);
    buf_init(&m->folded, BUF_NO_LIMIT);
    m->cap_matches = MATCHES_FIRST; /* never NULL: all views point into it, also those of none */
    m->matches = xmalloc(m->cap_matches * sizeof *m->matches);
    for (i = 0; i < g->n_edges; i++)
        for (j = 0; j < g->edges[i].n_derivations; j++)
            n += g->edges[i].phrase || g->edges[i].derivations[j].n_words > 1;
    m->sequences = xcalloc(n + 1, sizeof *m->sequences);
    for (i = 0; i < g->n_edges; i++) {
        const struct edge *e = &g->edges[i];

        if (e->prefix)
            add_first(m, e->word, true);
        for (j = 0; j < e->n_derivations; j++)
            add_derivation(m, e, &e->derivations[j]);
    }
    return m;
}

void format_marks__free(struct format_marks *m)
{
    if (!m)
        return;
    tokenizer_free(m->tokenizer);
    buf_done(&m->folded);
    xfree(m->sequences);
    xfree(m->tokens);
    xfree(m->matches);
    xfree(m->viewed);
    xfree(m->known);
    xfree(m);
}

bool format_marks__none(const struct format_marks *m)
{
    return m->graph->n_edges == 0;
}

/* ---- what a word stands for ---------------------------------------------------------------------
 */

static uint16_t find_terms(const struct graph *g, struct bytes word)
{
    uint16_t terms = 0;
    size_t i, j;

    for (i = 0; i < g->n_edges; i++) {
        const struct edge *e = &g->edges[i];
        bool matches = e->prefix && bytes_starts(word, e->word);

        for (j = 0; !e->phrase && !matches && j < e->n_derivations; j++)
            matches =
                e->derivations[j].n_words == 1 && bytes_eq(e->derivations[j].words[0].word, word);
        if (matches)
            terms = (uint16_t)(terms | terms_of(e));
    }
    return terms;
}

/* find_terms(), which is slow, once a word; beyond half full nothing more is kept. */
static uint16_t terms_of_word(struct format_marks *m, struct bytes word)
{
    size_t slot = hash64(word, 0) % KNOWN_SLOTS;
    struct known *k;

    for (; m->place[slot]; slot = (slot + 1) % KNOWN_SLOTS) {
        k = &m->known[m->place[slot] - 1];
        if (bytes_eq(bytes_of(k->word, k->n), word))
            return k->terms;
    }
    if (m->n_known == KNOWN_SLOTS / 2)
        return find_terms(m->graph, word);
    if (m->n_known % 16 == 0)
        m->known = xrealloc(m->known, (m->n_known + 16) * sizeof *m->known);
    k = &m->known[m->n_known++];
    k->n = (uint16_t)word.n;
    memcpy(k->word, word.p, word.n);
    k->terms = find_terms(m->graph, word);
    m->place[slot] = (uint32_t)m->n_known;
    return k->terms;
}

static size_t folded_chars(struct format_marks *m, struct bytes raw)
{
    buf_clear(&m->folded);
    text_fold(raw, &m->folded);
    return text_chars(buf_view(&m->folded));
}

/*
 * Bytes of the token that fold to its first `chars` characters, with the marks
 * that stand behind them. A character may fold to several: then it goes whole.
 */
static size_t prefix_bytes(struct format_marks *m, struct bytes token, size_t chars)
{
    size_t i, n;

    if (token.n > PREFIX_BYTES_MAX) /* mostly characters that fold to nothing */
        return token.n;
    for (i = 0; i < token.n && i <= chars && token.p[i] < 0x80 && token.p[i] > 0x20; i++)
        ;
    if (i > chars || i == token.n) /* ASCII, up to one behind the prefix */
        return chars < token.n ? chars : token.n;
    for (n = 0; n < token.n; n = i) {
        i = n + text_chars_bytes(bytes_of(token.p + n, token.n - n), 1);
        if (folded_chars(m, bytes_of(token.p, n)) >= chars &&
            folded_chars(m, bytes_of(token.p, i)) > chars)
            break;
    }
    return n;
}

/* ---- a text -------------------------------------------------------------------------------------
 */

static void add_match(struct format_marks *m, struct format_match match)
{
    if (m->n_matches == m->cap_matches) {
        m->cap_matches *= 2;
        m->matches = xrealloc(m->matches, m->cap_matches * sizeof *m->matches);
    }
    m->matches[m->n_matches++] = match;
}

static void add_token(struct format_marks *m, struct format_token token)
{
    if (m->n_tokens == m->cap_tokens) {
        m->cap_tokens = m->cap_tokens ? 2 * m->cap_tokens : 256;
        m->tokens = xrealloc(m->tokens, m->cap_tokens * sizeof *m->tokens);
    }
    m->tokens[m->n_tokens++] = token;
}

/* One step of an open run; false: it is over. */
static bool follow(struct format_marks *m, struct open_run *run, const struct token *t,
                   uint32_t word)
{
    const struct sequence *s = run->sequence;
    uint32_t expected = run->position + s->words[run->next].offset;

    if (t->position < expected) /* a stop word between */
        return true;
    if (t->position > expected || t->kind != TOKEN_WORD ||
        !bytes_eq(t->word, s->words[run->next].word))
        return false;
    if (++run->next < s->n)
        return true;
    add_match(m, (struct format_match){run->start, t->end, run->first, word, s->terms});
    return false;
}

static void follow_runs(struct format_marks *m, const struct token *t, uint32_t word)
{
    size_t i, n = 0;

    for (i = 0; i < m->n_open; i++)
        if (follow(m, &m->open[i], t, word))
            m->open[n++] = m->open[i];
    m->n_open = n;
}

static void begin_runs(struct format_marks *m, const struct token *t, uint32_t word)
{
    size_t i;

    for (i = 0; i < m->n_sequences; i++) {
        const struct sequence *s = &m->sequences[i];

        if (!bytes_eq(s->words[0].word, t->word))
            continue;
        if (s->n == 1)
            add_match(m, (struct format_match){t->start, t->end, word, word, s->terms});
        else if (m->n_open < OPEN_MAX)
            m->open[m->n_open++] = (struct open_run){.sequence = s,
                                                     .next = 1,
                                                     .position = t->position - s->words[0].offset,
                                                     .start = t->start,
                                                     .first = word};
    }
}

static void match_word(struct format_marks *m, struct bytes text, const struct token *t,
                       uint32_t word)
{
    unsigned pair = first_pair(t->word);
    size_t chars, n = t->end - t->start;

    if (m->n_open)
        follow_runs(m, t, word);
    if (t->kind != TOKEN_WORD || !(m->firsts[pair / 64] >> (pair % 64) & 1))
        return;
    begin_runs(m, t, word);
    if (!graph__marks_word(m->graph, t->word, &chars))
        return;
    if (chars)
        n = prefix_bytes(m, bytes_of(text.p + t->start, n), chars);
    add_match(m, (struct format_match){t->start, t->start + (uint32_t)n, word, word,
                                       terms_of_word(m, t->word)});
}

static int by_start(const void *a, const void *b)
{
    const struct format_match *x = a, *y = b;

    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return (x->end < y->end) - (x->end > y->end);
}

/* Matches from the i-th on that share bytes become one: words of a phrase, pairs of a run. */
static void join_matches(struct format_marks *m, size_t first)
{
    struct format_match *at = m->matches + first;
    size_t i, n = 0, n_all = m->n_matches - first;

    if (n_all == 0)
        return;
    qsort(at, n_all, sizeof *at, by_start);
    for (i = 1; i < n_all; i++) {
        if (at[i].start >= at[n].end) {
            at[++n] = at[i];
            continue;
        }
        at[n].terms |= at[i].terms;
        if (at[i].end > at[n].end)
            at[n].end = at[i].end;
        if (at[i].last > at[n].last)
            at[n].last = at[i].last;
    }
    m->n_matches = first + n + 1;
}

/* Cuts the text, and appends its matches; returns the first of them. */
static size_t cut(struct format_marks *m, struct bytes text)
{
    bool none = format_marks__none(m);
    size_t first = m->n_matches;
    uint32_t words = 0;
    struct token t;

    m->n_tokens = m->n_open = 0;
    tokenizer_start(m->tokenizer, text, 0);
    while (tokenizer_next(m->tokenizer, &t)) {
        bool word = t.kind != TOKEN_SOFT && t.kind != TOKEN_HARD;

        add_token(m, (struct format_token){t.start, words, word, t.kind == TOKEN_HARD});
        if (!word)
            continue;
        if (!none)
            match_word(m, text, &t, words);
        words++;
    }
    add_token(m, (struct format_token){(uint32_t)text.n, words, false, false});
    join_matches(m, first);
    return first;
}

/* ---- the values of a document -------------------------------------------------------------------
 */

static struct bytes text_of(struct json_value v)
{
    return json_type(v) == JSON_NUMBER ? json_raw(v) : json_string(v);
}

void format_marks__begin(struct format_marks *m)
{
    m->n_matches = m->n_viewed = m->next_viewed = 0;
}

void format_marks__view(struct format_marks *m, struct json_value v, struct format_view *ret_view)
{
    struct bytes text = text_of(v);
    size_t first = cut(m, text), n = m->n_matches - first;

    if (m->n_viewed == m->cap_viewed) {
        m->cap_viewed = m->cap_viewed ? 2 * m->cap_viewed : 32;
        m->viewed = xrealloc(m->viewed, m->cap_viewed * sizeof *m->viewed);
    }
    m->viewed[m->n_viewed++] = (struct viewed){json_offset(v), first, n};
    *ret_view = (struct format_view){text, m->tokens, m->n_tokens - 1, m->matches + first, n};
}

size_t format_marks__matches(struct format_marks *m, struct json_value v,
                             const struct format_match **ret_matches)
{
    size_t offset = json_offset(v), first;

    while (m->next_viewed < m->n_viewed && m->viewed[m->next_viewed].offset < offset)
        m->next_viewed++;
    if (m->next_viewed < m->n_viewed && m->viewed[m->next_viewed].offset == offset) {
        *ret_matches = m->matches + m->viewed[m->next_viewed].first;
        return m->viewed[m->next_viewed].n;
    }
    first = cut(m, text_of(v));
    *ret_matches = m->matches + first;
    return m->n_matches - first;
}
