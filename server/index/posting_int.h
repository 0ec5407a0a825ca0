/* SPDX-License-Identifier: MIT */
/*
 * posting_int.h -- chunks of postings as the builder, the writer and the reader share them.
 *
 * A chunk is what one list has in one tile, or a part of it. Its first row is in
 * its key; the chunk itself is
 *
 *   head          1 byte: CHUNK_OCCURS, CHUNK_SINGLE, CHUNK_DENSE; its upper 5 bits are the base
 *                 field, 31: a varint of it follows
 *   count         varint of the rows; not with CHUNK_SINGLE, which has one
 *   rows          varints: distance of each row but the first to the one before, less one;
 *                 with CHUNK_DENSE the 8,192 bytes of the tile's bits instead
 *   occurrences   only with CHUNK_OCCURS: those of each row, one row behind the other
 *
 * Occurrences are codes of one byte or more, of which only the last byte of a
 * row has its top bit set: rows are passed over eight bytes at a time by counting
 * top bits, and no row needs a length. The first 7 bits of a code are
 * 42 * step + place:
 *
 *   step    0..2: the field is so much above the one before (the base field at
 *           first); 126 stands for step 3 and more: step - 3 follows in one byte, or as
 *           127 and three bytes of 7 bits, then a byte of the place alone
 *   place   0..33; 34..40: one more byte, 34 + 128 * (place - 34) + it; 41: three more of 7 bits
 *
 * where place is the position in a field that was entered, else the distance to
 * the position before, less one.
 *
 * (1) Rows rise strictly; occurrences of a row rise by field, then position.
 * (2) A chunk of DENSE_ROWS rows or more is dense, others never: bits are smaller then.
 */
#pragma once

#include "index/search_int.h"

enum {
    CHUNK_OCCURS = 1,
    CHUNK_SINGLE = 2,
    CHUNK_DENSE = 4,
    CHUNK_BASE_SHIFT = 3,
    CHUNK_BASE_LONG = 31,
    DENSE_ROWS = TILE_ROWS / 8,
    DENSE_BYTES = TILE_ROWS / 8,
    SEARCH_FIELDS_MAX = 65535, /* fields behind them are not searched */
    CODE_STEP = 42,
    CODE_DIRECT = 34,
    CODE_FAR = 41,
    CODE_FIELD = 126,
    CODE_LAST = 0x80,
};

/* One occurrence; row within its tile. */
struct place {
    uint16_t row, field, position;
};

/* Appends the chunk of n >= 1 places, sorted by row, field and position; equal ones count once. */
void posting_chunk__encode(const struct place *places, size_t n, bool occurs, struct buf *out);

/* A chunk's parts; borrowed. */
struct chunk_view {
    uint32_t first, count; /* first row within the tile */
    uint32_t base;
    bool occurs, dense;
    const uint8_t *rows, *end;
};
/* Checks the head alone. */
enum rc posting_chunk__open(struct bytes chunk, uint32_t first_row, struct chunk_view *ret,
                            struct err *err) MUST_CHECK;
/* ORs the rows into bits; where they end and the last of them; NULL: damaged. */
const uint8_t *posting_chunk__rows(const struct chunk_view *c, struct tile *bits,
                                   uint32_t *ret_last);
/* The same as c->count numbers; of chunks that are not dense. */
const uint8_t *posting_chunk__list(const struct chunk_view *c, uint16_t *rows);
enum rc posting_chunk__damaged(struct err *err);

/* The next distance of rows, or NULL: damaged. */
static inline const uint8_t *chunk_gap(const uint8_t *p, const uint8_t *end, uint32_t *ret_gap)
{
    uint32_t v;

    if (p == end)
        return NULL;
    v = *p++;
    if (v >= 0x80) {
        if (p == end)
            return NULL;
        v = (v & 0x7f) | (uint32_t)*p << 7;
        if (*p++ >= 0x80) {
            if (p == end || *p > 3)
                return NULL;
            v = (v & 0x3fff) | (uint32_t)*p++ << 14;
        }
    }
    *ret_gap = v + 1;
    return p;
}

/* A code of more than one byte, whose first 7 bits are v; at is behind that byte. */
const uint8_t *posting_chunk__long(const uint8_t *at, const uint8_t *end, uint32_t v,
                                   struct occurrence *now);

/* Eight bytes of occurrences at once: the top bits, each of which ends a row, and how many. */
#define CHUNK_TOPS 0x8080808080808080u
static inline size_t chunk_count_tops(uint64_t tops)
{
    return (size_t)((tops >> 7) * 0x0101010101010101u >> 56);
}

/* What stands before the first occurrence of a row. */
static inline struct occurrence chunk_before(uint32_t base)
{
    return (struct occurrence){base, UINT32_MAX};
}

/*
 * Goes from *now to the next occurrence; behind it, or NULL: damaged. at[-1] has
 * CODE_LAST then if it was the row's last. Fields and positions are not checked.
 */
static inline const uint8_t *chunk_occurrence(const uint8_t *at, const uint8_t *end,
                                              struct occurrence *now)
{
    uint32_t v, step;

    if (at == end)
        return NULL;
    v = *at & 0x7f;
    at++;
    step = (uint32_t)(v >= CODE_STEP) + (uint32_t)(v >= 2 * CODE_STEP);
    if (v - step * CODE_STEP >= CODE_DIRECT)
        return posting_chunk__long(at, end, v, now);
    now->field += step;
    now->position = (step ? UINT32_MAX : now->position) + 1 + (v - step * CODE_STEP);
    return at;
}

/* Behind the row that begins at `at`, all of it checked; NULL: damaged. */
const uint8_t *posting_chunk__check_row(const uint8_t *at, const uint8_t *end, uint32_t base,
                                        size_t n_fields);
/* Behind n rows, or NULL: there are not so many. */
const uint8_t *posting_chunk__skip(const uint8_t *at, const uint8_t *end, size_t n);

/* ---- posting_words.c: words of a builder, numbered as they come ----------------------------- */

#define NO_BEGINNING UINT32_MAX /* the word is no longer than that */
struct posting_word {
    const uint8_t *p; /* in text */
    uint32_t n;
    uint32_t beginning; /* number of the one that it is listed under, or NO_BEGINNING */
};
struct word_cell;
struct posting_words {
    struct posting_word *at; /* owned */
    size_t n, cap;
    struct word_cell *cells; /* owned; open addressing */
    size_t n_cells;
    struct slab text;
    uint64_t seed[2]; /* secret: words come from outside */
};
void posting_words__init(struct posting_words *w);
void posting_words__done(struct posting_words *w);
void posting_words__clear(struct posting_words *w);
size_t posting_words__bytes(const struct posting_words *w);
/* The word's number; *ret_new: it is one that was not there. */
uint32_t posting_words__add(struct posting_words *w, struct bytes word, bool *ret_new);
/* The numbers of all words in the order of their bytes; xfree() it. */
uint32_t *posting_words__sorted(const struct posting_words *w);

/* ---- posting_keys.c: keys of lists ------------------------------------------------------------
 */

/*
 * Bytes of the beginning of a word that has a list of its own, of all words that are
 * longer: two characters, or one that takes three bytes, which says as much as two
 * letters do. A word that is no longer than that is not in it.
 */
size_t posting_beginning(struct bytes word);

/* The key up to the row, which is the common beginning of all chunks of a list. */
struct bytes posting_key__list(struct key *k, enum posting_kind kind, uint32_t words,
                               struct bytes list);
/* Lays the row behind the list's key; key bytes. */
struct bytes posting_key__row(struct key *k, size_t n_list, uint32_t row);

/* ---- posting_build.c's inside, which posting_flush.c empties -----------------------------------
 */

/* Documents one after the other; what each has is log[end of the one before, end). */
struct builder_row {
    size_t end;
    uint32_t row;
};
struct builder_length {
    uint32_t list; /* field * FIELD_WORDS_MAX + words - 1 */
    uint16_t row;
};
struct builder_field { /* of the document at hand */
    uint64_t stamp;
    uint32_t next;   /* position of the next value's first word */
    uint32_t words;  /* positions taken */
    uint32_t values; /* that had words */
};
struct path_cell;
struct posting_builder {
    const struct plan *plan; /* borrowed, as the next */
    struct search_fields *fields;
    struct tokenizer *tokenizer;
    struct buf path;

    struct path_cell *paths; /* owned: numbers of the fields met */
    size_t n_paths, paths_cap;
    struct slab path_text;
    struct builder_field *field_docs; /* by number */
    size_t field_docs_cap;
    uint64_t stamp;
    uint32_t *touched; /* fields of the document at hand */
    size_t n_touched, touched_cap;

    struct posting_words words, beginnings;
    uint64_t *log; /* field << 48 | position << 32 | word; sorted within a document */
    size_t n_log, log_cap;
    uint32_t last_field;
    bool unsorted; /* the document at hand went back to an earlier field */
    struct builder_row *rows;
    size_t n_rows, rows_cap;
    struct builder_length *lengths;
    size_t n_lengths, lengths_cap;
    struct bytes *sorted; /* owned: the words in order, lent to the caller of the last flush */
    bool flushed;         /* nothing was added since; words are still those of before */
};
/* Takes back what the last flush lent. */
void posting_builder__renew(struct posting_builder *b);
