/* SPDX-License-Identifier: MIT */
/*
 * parse.c -- the text of a query to terms, phrases and negatives.
 *
 * One pass over the tokens that documents are cut into as well. Positions are the
 * tokenizer's, so a query counts like the text it was copied from: a hard
 * separator leads 8 further, those before the first word count for nothing.
 *
 * (1) At most PARSE_TOKENS_MAX tokens are looked at and QUERY_TERMS_MAX terms are
 *     made, however long the text is; negatives are not terms.
 * (2) Only a term that the text ends with is a prefix. The last stop word is kept
 *     if it may be one, because who types "the" may be on the way to "theory".
 */
#include "query/graph_int.h"

#include "base/mem.h"
#include "text/text.h"

struct parser {
    struct arena *arena;
    struct parsed *out;
    struct parsed_negative *negatives; /* xmalloc: PARSE_TOKENS_MAX */
    struct phrase_word *phrase;        /* xmalloc: PARSE_TOKENS_MAX; words so far */
    size_t n_phrase;
    uint32_t phrase_position; /* of its first word */
    bool in_phrase;
    bool negative;          /* a "-" stands before what comes */
    bool after_space;       /* the token before ended with white space, or there was none */
    bool last_is_term;      /* the last token made the last term */
    struct bytes last_stop; /* the last token was this stop word; p NULL: it was none */
    uint32_t last_stop_position;
    bool no_memory;
};

static struct bytes keep(struct parser *p, struct bytes word)
{
    struct bytes copy = arena_dup(p->arena, word);

    if (!copy.p)
        p->no_memory = true;
    return copy;
}

static struct parsed_term *add_term(struct parser *p, uint32_t position)
{
    struct parsed_term *t = &p->out->terms[p->out->n_terms++];

    *t = (struct parsed_term){.position = position};
    return t;
}

static const struct phrase_word *keep_words(struct parser *p, const struct phrase_word *words,
                                            size_t n)
{
    struct phrase_word *copy = arena_alloc(p->arena, n * sizeof *copy);

    if (copy)
        memcpy(copy, words, n * sizeof *copy);
    else
        p->no_memory = true;
    return copy;
}

static void add_negative(struct parser *p, const struct phrase_word *words, size_t n)
{
    p->negatives[p->out->n_negatives++] = (struct parsed_negative){keep_words(p, words, n), n};
}

/* A phrase is over; one of nothing but stop words vanishes. */
static void end_phrase(struct parser *p)
{
    struct parsed_term *t;

    p->in_phrase = false;
    if (p->n_phrase == 0)
        return;
    if (p->negative) {
        add_negative(p, p->phrase, p->n_phrase);
    } else if (p->out->n_terms < QUERY_TERMS_MAX) {
        t = add_term(p, p->phrase_position);
        t->phrase = true;
        t->words = keep_words(p, p->phrase, p->n_phrase);
        t->n_words = p->n_phrase;
    }
    p->n_phrase = 0;
}

/* Stop words and words that are too long hold their place: positions go on past them. */
static void word_in_phrase(struct parser *p, const struct token *token)
{
    if (token->kind != TOKEN_WORD)
        return;
    if (p->n_phrase == 0)
        p->phrase_position = token->position;
    p->phrase[p->n_phrase++] = (struct phrase_word){.word = keep(p, token->word),
                                                    .offset = token->position - p->phrase_position};
}

static void take_word(struct parser *p, const struct token *token)
{
    struct parsed_term *t;

    p->after_space = false;
    if (p->in_phrase) {
        word_in_phrase(p, token);
        return;
    }
    if (token->kind == TOKEN_WORD && p->negative) {
        add_negative(p, &(struct phrase_word){.word = keep(p, token->word)}, 1);
    } else if (token->kind == TOKEN_WORD) {
        t = add_term(p, token->position);
        t->word = keep(p, token->word);
        p->last_is_term = true;
    } else if (token->kind == TOKEN_STOP && !p->negative) {
        p->last_stop = keep(p, token->word);
        p->last_stop_position = token->position;
    }
    p->negative = false;
}

/* White space of Unicode at the end; the tokenizer lets nothing but valid UTF-8 through as one. */
static bool ends_with_space(struct bytes s)
{
    uint8_t last = s.n ? s.p[s.n - 1] : 0;

    if (last == ' ' || (last >= '\t' && last <= '\r'))
        return true;
    if (s.n >= 2 && s.p[s.n - 2] == 0xC2)
        return last == 0xA0 || last == 0x85; /* no-break space, next line */
    if (s.n < 3)
        return false;
    switch (s.p[s.n - 3] << 16 | s.p[s.n - 2] << 8 | last) {
    case 0xE19A80: /* U+1680 */
    case 0xE280A8: /* U+2028, U+2029: ends of lines and paragraphs */
    case 0xE280A9:
    case 0xE280AF: /* U+202F */
    case 0xE2819F: /* U+205F */
    case 0xE38080: /* U+3000 */
        return true;
    default: /* U+2000 .. U+200A */
        return s.p[s.n - 3] == 0xE2 && s.p[s.n - 2] == 0x80 && last >= 0x80 && last <= 0x8A;
    }
}

static void take_separator(struct parser *p, const struct token *token)
{
    bool space_before = p->after_space, opened = false;
    size_t i;

    p->after_space = ends_with_space(token->word);
    if (p->in_phrase && token->kind == TOKEN_HARD) {
        end_phrase(p); /* a minus before the quote stays in force for the next part */
        p->in_phrase = true;
        opened = true;
    }
    for (i = 0; i < token->word.n; i++) { /* "". is one token for some separatorTokens */
        if (token->word.p[i] != '"')
            continue;
        if (p->in_phrase) {
            end_phrase(p);
            p->negative = false;
        } else {
            p->in_phrase = true;
        }
        opened = p->in_phrase;
    }
    if (p->in_phrase || opened)
        return;
    p->negative = bytes_eq(token->word, B("-")) && space_before;
}

static void take_tokens(struct parser *p, struct tokenizer *tokenizer)
{
    struct token token;
    size_t n;

    for (n = 0; tokenizer_next(tokenizer, &token); n++) {
        p->last_is_term = false; /* something follows it */
        p->last_stop = (struct bytes){0};
        if (n == PARSE_TOKENS_MAX || p->out->n_terms == QUERY_TERMS_MAX || p->no_memory)
            return;
        if (token.kind == TOKEN_SOFT || token.kind == TOKEN_HARD)
            take_separator(p, &token);
        else if (token.word.n > 0 || token.kind == TOKEN_LONG)
            take_word(p, &token);
    }
}

static void finish(struct parser *p, const struct plan *plan)
{
    struct parsed *out = p->out;
    struct parsed_negative *negatives;
    struct parsed_term *t;

    if (p->in_phrase)
        end_phrase(p);
    if (p->last_stop.p && plan->prefix_search && out->n_terms < QUERY_TERMS_MAX) {
        t = add_term(p, p->last_stop_position);
        t->word = p->last_stop;
        t->prefix = true;
    }
    if (p->last_is_term)
        out->terms[out->n_terms - 1].prefix = plan->prefix_search;
    if (out->n_negatives == 0)
        return;
    negatives = arena_alloc(p->arena, out->n_negatives * sizeof *negatives);
    if (negatives)
        memcpy(negatives, p->negatives, out->n_negatives * sizeof *negatives);
    else
        p->no_memory = true;
    out->negatives = negatives;
}

enum rc parse__query(const struct plan *plan, struct bytes q, struct arena *arena,
                     struct parsed *ret_parsed, struct err *err)
{
    struct parsed out = {.n_terms = 0};
    struct parser p = {.arena = arena, .out = &out, .after_space = true};
    struct tokenizer *tokenizer = tokenizer_new(plan->text);

    p.negatives = xcalloc(PARSE_TOKENS_MAX + 1, sizeof *p.negatives);
    p.phrase = xcalloc(PARSE_TOKENS_MAX + 1, sizeof *p.phrase);
    tokenizer_start(tokenizer, q, 0);
    take_tokens(&p, tokenizer);
    finish(&p, plan);
    tokenizer_free(tokenizer);
    xfree(p.phrase);
    xfree(p.negatives);
    if (p.no_memory)
        return graph__no_memory(err);
    *ret_parsed = out;
    return RC_OK;
}
