/* SPDX-License-Identifier: MIT */
/*
 * reader.h -- the search side of one index at one moment: rows, words, columns.
 *
 * A row is one version of a document: replacing a document takes its old row
 * out of the live set and gives it a new row, so nothing that was written about
 * a row is ever changed. Rows are numbers of 32 bits; 65,536 of them are a tile,
 * the piece in which searches work: sets of rows are bits of a tile, and memory
 * does not grow with the index.
 *
 *   rows      live sets, and which document a row is
 *   words     the vocabulary in byte order; postings: word -> rows, and where
 *   columns   field -> row -> values, in parts of 4,096 rows
 *
 * Ownership  A reader borrows its view and is closed before it. Postings and
 *            columns are closed before their reader.
 * Threads    One at a time a reader.
 * Errors     RC_CORRUPT, RC_IO.
 */
#pragma once

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "index/index.h"
#include "index/plan.h"

enum {
    TILE_ROWS = 65536,
    TILE_WORDS = TILE_ROWS / 64,
    PART_ROWS = 4096,
    PART_WORDS = PART_ROWS / 64,
    COLUMN_TEXT_MAX = 468,   /* bytes of a folded value; the rest is cut off */
    PREFIX_WORDS_MAX = 5000, /* of a beginning's words so many are looked at, in word order */
    FIELD_WORDS_MAX = 30, /* fields of up to so many words have postings by their number of words */
};

/* Rows of one tile; bit row % TILE_ROWS. */
struct tile {
    uint64_t bits[TILE_WORDS];
};

struct reader;
enum rc reader_open(struct catalog_view *view, uint32_t index_id, struct reader **ret_reader,
                    struct err *err) MUST_CHECK;
void reader_close(struct reader *r); /* NULL is fine */
const struct plan *reader_plan(const struct reader *r);

/* ---- rows ---------------------------------------------------------------------------- */

uint32_t reader_n_tiles(const struct reader *r);
/* Copies the live rows of a tile; false: there are none. */
bool reader_live(const struct reader *r, uint32_t tile, struct tile *out);
uint64_t reader_n_live(const struct reader *r);
/* The document's number: its place in the order of first insertion. row is or was live. */
uint32_t reader_doc_of(const struct reader *r, uint32_t row);
/* Keeps those rows of the tile whose document is before `doc`. */
void reader_keep_older(const struct reader *r, uint32_t tile, uint32_t doc, struct tile *rows);
/* Replaces *out with the JSON of a live row's document. */
enum rc reader_document(struct reader *r, uint32_t row, struct buf *out,
                        struct err *err) MUST_CHECK;

/* ---- fields that have words ------------------------------------------------------------ */

/* Searched fields get numbers as they are first met; names live as long as the reader. */
uint32_t reader_n_fields(const struct reader *r);
struct bytes reader_field_name(const struct reader *r, uint32_t field);

/* ---- words ----------------------------------------------------------------------------- */

/* A place in the vocabulary, which is in memory. Words that no live document has may be in it. */
struct word_cursor {
    struct bytes word; /* good until the cursor moves; n == 0: at the end */
    const struct vocab *vocab;
    size_t place, delta_place; /* private */
    uint8_t text[2][256];
};
void reader_words(const struct reader *r, struct word_cursor *c); /* before the first: seek next */
bool word_cursor_seek(struct word_cursor *c, struct bytes word);  /* first word >= word */
bool word_cursor_next(struct word_cursor *c);
/* From a word to the first one that does not begin with its first n bytes, n > 0; quicker. */
bool word_cursor_pass(struct word_cursor *c, size_t n);

enum posting_kind {
    POSTING_WORD,   /* key: a word */
    POSTING_PREFIX, /* key: a beginning; stands for all words that begin so and are longer */
    POSTING_LENGTH, /* key: posting_length_key(): fields with exactly so many words; no occurrences
                     */
};
/* Key of POSTING_LENGTH, 3 bytes. words: 1..FIELD_WORDS_MAX. */
struct bytes posting_length_key(uint8_t key[3], uint32_t field, uint32_t words);

/*
 * Postings of a word, or of all words of a beginning. What they take is read into
 * memory in pieces as tiles are asked for, in rising order of tiles.
 */
struct postings;
/* RC_NOT_FOUND: no row ever had it; *err is not touched then. */
enum rc postings_open(struct reader *r, enum posting_kind kind, struct bytes key,
                      struct postings **ret_postings, struct err *err) MUST_CHECK;
void postings_close(struct postings *p); /* NULL is fine */
/* Whether it has rows in the tile (dead ones too). Tiles rise from call to call. */
enum rc postings_in(struct postings *p, uint32_t tile, bool *ret_in, struct err *err) MUST_CHECK;
/* ORs its rows of the tile into *rows (dead rows too). Tiles rise from call to call. */
enum rc postings_rows(struct postings *p, uint32_t tile, struct tile *rows,
                      struct err *err) MUST_CHECK;

/* Where one row has the word. */
struct posting {
    uint16_t row;         /* within the tile */
    uint16_t first_field; /* private, as the next: for occurrences_of() */
    const uint8_t *at;
};
/*
 * The postings of the rows in `only`; borrowed until the next call on p. They rise,
 * but those of a beginning only from row to row of one word after the other.
 * Tiles rise from call to call; the tile last asked of postings_rows() may be
 * asked for.
 */
enum rc postings_of(struct postings *p, uint32_t tile, const struct tile *only,
                    const struct posting **ret_postings, size_t *ret_n, struct err *err) MUST_CHECK;

/*
 * ORs into *keep those of `only` that may have the word at or before last_position
 * of a field, and no later than in last_field at first. A first look, many times
 * faster than postings_of(); some that are kept do not. Tiles as in postings_of().
 */
enum rc postings_sieve(struct postings *p, uint32_t tile, const struct tile *only,
                       uint32_t last_field, uint32_t last_position, struct tile *keep,
                       struct err *err) MUST_CHECK;

/* Occurrences of one posting, rising by field, then position. */
struct occurrence {
    uint32_t field;
    uint32_t position;
};
struct occurrence_iter {
    const uint8_t *at;
    struct occurrence now; /* private until next() */
    bool last;
};
void occurrences_of(const struct posting *p, struct occurrence_iter *it);
bool occurrences_next(struct occurrence_iter *it, struct occurrence *ret);

/* ---- columns --------------------------------------------------------------------------- */

struct column_value {
    bool is_number;
    double number;
    struct bytes text;     /* folded (text_facet_fold), at most COLUMN_TEXT_MAX bytes */
    struct bytes original; /* as one of the documents has it */
};

/* Numbers, then texts bytewise. */
int column_compare(const struct column_value *a, const struct column_value *b);
/* As much of a folded text as columns keep: at most COLUMN_TEXT_MAX bytes, whole characters. */
struct bytes column_cut(struct bytes text);

/* Numbers of `width` bits side by side; eight bytes behind the last can be read. */
enum { PACKED_WIDTH_MAX = 57 };
struct packed {
    const uint8_t *at;
    unsigned width;
};
static inline uint64_t packed_at(struct packed p, size_t i)
{
    size_t bit = i * p.width;

    return get_u64le(p.at + bit / 8) >> bit % 8 & ((UINT64_C(1) << p.width) - 1);
}

/* Where the places of rows begin: of each 64th row, and of those behind it once one is asked for.
 */
struct column_starts {
    uint64_t known; /* a bit for 64 rows: they are asked for */
    uint32_t at[PART_ROWS + 1];
    /* private: column_part.c */
    uint64_t valued[PART_WORDS];
    uint16_t before[PART_WORDS];
    struct packed counts;
};

/*
 * The values of up to PART_ROWS rows from `first` on, as they are stored: what
 * is asked for is looked up in the bytes. Arrays stand for all their elements.
 */
struct column_part {
    uint32_t first;     /* row; a multiple of PART_ROWS */
    uint32_t n_values;  /* distinct; numbers rising, then texts bytewise */
    uint32_t n_numbers; /* of them */
    uint32_t n_places;
    struct column_starts *starts; /* NULL: the first n_places rows have one each */
    struct packed places;         /* into the values, rising within a row */
    uint64_t exists[PART_WORDS];  /* rows that have the member, even null or empty */
    uint64_t is_null[PART_WORDS];
    uint64_t is_empty[PART_WORDS]; /* "", [] or {} */
    /* private: the dictionary, column_values.c */
    struct packed numbers, groups;
    int64_t lowest;
    uint8_t scale;
    struct bytes texts;
    size_t text_bytes;
    struct column_value *values; /* owned; NULL: not decoded yet */
};

/* Private: those of 64 rows. */
void column_starts_add(struct column_starts *s, uint32_t word);
/* A row has the places [start of the row, start of the next). row: within the part, 0..PART_ROWS */
static inline uint32_t column_start(const struct column_part *p, uint32_t row)
{
    if (!p->starts)
        return row < p->n_places ? row : p->n_places;
    if (row % 64 && !(p->starts->known >> row / 64 & 1))
        column_starts_add(p->starts, row / 64);
    return p->starts->at[row];
}
/* Which value; a damaged one is the last, so that nothing is read behind it. */
static inline uint32_t column_place(const struct column_part *p, uint32_t i)
{
    uint32_t place = (uint32_t)packed_at(p->places, i);

    return place < p->n_values ? place : p->n_values - 1;
}
/* Whether each of the 64 rows from there on has one. */
bool column_one_each(const struct column_part *p, uint32_t row);
/* n of them at once. */
void column_places(const struct column_part *p, uint32_t first, uint32_t n, uint32_t *ret);
/* place < n_numbers */
double column_number(const struct column_part *p, uint32_t place);
/* The row's first value; false: it has none, or no number. */
bool column_first_number(const struct column_part *p, uint32_t row, double *ret);
/* First number >= v, or > v with `behind`; n_numbers: none. */
uint32_t column_seek_number(const struct column_part *p, double v, bool behind);
enum column_seek {
    SEEK_FROM,          /* first text >= v */
    SEEK_BEHIND,        /* first text > v */
    SEEK_BEHIND_PREFIX, /* first text > v that does not begin with v */
};
enum rc column_seek_text(const struct column_part *p, struct bytes v, enum column_seek how,
                         uint32_t *ret_place, struct err *err) MUST_CHECK;
/* The text that is v; if it is not found *ret_place is where it would be. */
enum rc column_find_text(const struct column_part *p, struct bytes v, uint32_t *ret_place,
                         bool *ret_found, struct err *err) MUST_CHECK;
/* All values, decoded once; they stay as long as the part. */
enum rc column_values(struct column_part *p, const struct column_value **ret_values,
                      struct err *err) MUST_CHECK;

struct column;
/* Names of all columns, sorted: reader_column_name(r, 0..n-1). Leaf paths ("a.b") and paths of
 * objects, which have only exists, null and empty. "_geo.lat" and "_geo.lng" for _geo. */
size_t reader_n_columns(const struct reader *r);
struct bytes reader_column_name(const struct reader *r, size_t i);
/* RC_NOT_FOUND: no such column; *err is not touched then. The reader owns it; the same again. */
enum rc reader_column(struct reader *r, struct bytes field, struct column **ret_column,
                      struct err *err) MUST_CHECK;
/*
 * The part that holds row; NULL in *ret_part: none of its rows has the member.
 * Good as long as the reader: values may be kept as borrowed.
 */
enum rc column_part_of(struct column *c, uint32_t row, struct column_part **ret_part,
                       struct err *err) MUST_CHECK;

/*
 * The same, good only until the part of another tile is asked for here: for those
 * who pass over all rows and keep nothing. Memory holds one tile of the column.
 */
enum rc column_part_now(struct column *c, uint32_t row, struct column_part **ret_part,
                        struct err *err) MUST_CHECK;

/* For tests: a hash of all that can be found, whatever way the index came to be (reader_digest.c).
 */
enum rc reader_digest(struct reader *r, uint8_t digest[32], struct err *err) MUST_CHECK;
