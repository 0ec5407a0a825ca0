/* SPDX-License-Identifier: MIT */
/*
 * text.h -- bytes to words: the same cuts and foldings for documents and queries.
 *
 * A text is cut into tokens that cover it without holes: words (folded: NFKD,
 * lower case, marks removed), stop words, and separators, soft ones and hard
 * ones. Positions count words: 1 further across soft separators, 8 across a
 * hard one. Scripts without spaces are cut as this room's README says.
 *
 * Ownership  text_rules are immutable once made and may be shared; a tokenizer
 *            borrows them. A token borrows from its text or its tokenizer.
 * Threads    Rules: any number. A tokenizer: one at a time.
 * Errors     None: any bytes are cut somehow; what is no UTF-8 separates.
 * Units      Bytes, and characters where it says so.
 */
#pragma once

#include "base/buf.h"
#include "base/bytes.h"

enum {
    TEXT_WORD_MAX = 250,       /* bytes of a folded word; longer ones are no words */
    TEXT_POSITION_MAX = 65535, /* words behind it are not indexed */
    TEXT_GAP_HARD = 8,         /* positions from a word to the next across a hard separator, */
                               /* and from the last word of a value to the next value's first */
};

/* The settings that decide how texts are cut; NULL lists are empty. */
struct text_opts {
    const struct bytes *separators; /* added to the default ones, soft */
    size_t n_separators;
    const struct bytes *non_separators; /* taken from them */
    size_t n_non_separators;
    const struct bytes *dictionary; /* never cut */
    size_t n_dictionary;
    const struct bytes *stop_words; /* compared after NFKD, before lower case */
    size_t n_stop_words;
};

struct text_rules;
struct text_rules *text_rules_new(const struct text_opts *opts); /* copies; NULL: defaults */
void text_rules_free(struct text_rules *rules);                  /* NULL is fine */

enum token_kind {
    TOKEN_WORD,
    TOKEN_STOP, /* takes a position, is not indexed */
    TOKEN_SOFT,
    TOKEN_HARD,
    TOKEN_LONG, /* a word over TEXT_WORD_MAX: takes a position, is not indexed */
};

struct token {
    enum token_kind kind;
    struct bytes word;   /* folded; of separators the bytes themselves */
    uint32_t start, end; /* its bytes in the text; bigrams of one run overlap */
    uint32_t position;   /* of words, stop words and long ones */
    bool tail; /* of a run of bigrams: its last character once more, on its own, so that every */
               /* character begins some word. Documents index it; queries pass it over */
    bool lone; /* a run of one character; in queries the beginning of a bigram, as a prefix */
};

struct tokenizer;
struct tokenizer *tokenizer_new(const struct text_rules *rules);
void tokenizer_free(struct tokenizer *t);
/* Begins a text, which must stay; its first word is at first_position. */
void tokenizer_start(struct tokenizer *t, struct bytes text, uint32_t first_position);
/* False at the end. The token's word is good until the next call. */
bool tokenizer_next(struct tokenizer *t, struct token *ret_token);
/*
 * Where the next value of the same field begins: TEXT_GAP_HARD behind the last
 * word, or first_position again when there was none.
 */
uint32_t tokenizer_next_value(const struct tokenizer *t);

/*
 * Folds one word or phrase without cutting it: NFKD, lower case, marks removed.
 * Appends; what is no UTF-8 becomes U+FFFD, here and below.
 */
void text_fold(struct bytes text, struct buf *out);
/* NFKD of the trimmed text, lower case, marks kept: what filters, sorts and facets compare. */
void text_facet_fold(struct bytes text, struct buf *out);
/* Only numeric characters and ASCII punctuation (typo tolerance's disableOnNumbers). */
bool text_is_numeric(struct bytes word);
/* A letter or a number of any script, or a mark that belongs to letters. */
bool text_is_alphanumeric(uint32_t character);
/* Characters of valid UTF-8. */
size_t text_chars(struct bytes text);
/* Bytes of the first n characters (all, if it has fewer). */
size_t text_chars_bytes(struct bytes text, size_t n);

/*
 * near -- is a word within so many typos of another? An insertion, a deletion,
 * an exchange, and a swap of neighbours count one each (optimal string
 * alignment). Fed a character at a time, so that a walk over sorted words keeps
 * what they share: near_push() down, near_cut() back up.
 */
struct near;
struct near *near_new(struct bytes word, unsigned max);
void near_free(struct near *n);
/*
 * Appends a character; false: nothing that begins so is near enough, and
 * near_prefix_distance() of all that begins so stays what it is now.
 */
bool near_push(struct near *n, uint32_t character);
void near_cut(struct near *n, size_t depth); /* keeps the first depth characters */
/* Distance of all that was pushed; max + 1 if it is more than max. */
unsigned near_distance(const struct near *n);
/* Smallest distance of any beginning of what was pushed (for prefix terms). */
unsigned near_prefix_distance(const struct near *n);
