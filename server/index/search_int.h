/* SPDX-License-Identifier: MIT */
/*
 * search_int.h -- the writing side of words and columns, and what a snapshot keeps of them.
 *
 * Every list of words, every column and every set of rows has a number of its
 * own from the counter of bodies. Making one anew is: take a number, mark it as
 * trash, write under it in as many commits as it takes (nobody sees it), then in
 * one commit name it in the index's state, take the mark off and mark the old
 * one. A kill in between leaves trash, which sweeping removes.
 */
#pragma once

#include "index/index_int.h"
#include "index/reader.h"

struct store_batch;

/* ---- leaves.c: what a document has, flat ------------------------------------------------- */

struct leaf_visitor {
    void *arg;
    /*
     * A string, number, boolean or null under path (its array elements one by
     * one, objects flattened: dogs[].name is dogs.name). Strings are unescaped.
     */
    void (*value)(void *arg, struct bytes path, struct json_value v);
    /*
     * A member: once per document and path that has it, before its values. v is
     * what it is itself; of members of objects in an array, which are one value
     * of many, it is that array.
     */
    void (*member)(void *arg, struct bytes path, struct json_value v);
};
/* Either function may be NULL. `path` is a scratch buffer. _vectors is passed over. */
void leaves__walk(struct json_value document, struct buf *path, const struct leaf_visitor *visitor);

/* ---- vocab.c: all words of an index, sorted, in memory ------------------------------------ */

/* Immutable and shared: snapshots and readers hold shares. Sorted and front-coded. */
struct vocab;
struct vocab *vocab__new(void); /* empty */
struct vocab *vocab__ref(struct vocab *v);
void vocab__unref(struct vocab *v);         /* NULL is fine */
size_t vocab__count(const struct vocab *v); /* for tests and benches, as the next */
size_t vocab__bytes(const struct vocab *v);
/*
 * v and the sorted words: a new share (cheap: a small part that is merged into
 * the large one now and then). *ret_new, if not NULL: those that v had not, as
 * indexes into words, n_new of them; xfree() it.
 */
struct vocab *vocab__add(const struct vocab *v, const struct bytes *words, size_t n,
                         uint32_t **ret_new, size_t *ret_n_new);
/* Reads the KEY_WORD keys of words number `words`. */
enum rc vocab__load(struct store_view *view, uint32_t words, struct vocab **ret_vocab,
                    struct err *err) MUST_CHECK;

/* ---- search_fields.c: numbers of searched fields, shared by builders that run side by side -- */

struct search_fields;
struct search_fields *search_fields__new(const struct bytes *names, size_t n);
void search_fields__free(struct search_fields *f);
uint32_t search_fields__number(struct search_fields *f, struct bytes name); /* adds; any thread */
size_t search_fields__count(struct search_fields *f);
struct bytes search_fields__name(struct search_fields *f, size_t i);

/* ---- posting_build.c: documents into postings ---------------------------------------------- */

/* All words of the rows of one tile, or of a part of it. One thread at a time. */
struct posting_builder;
struct posting_builder *posting_builder__new(const struct plan *plan, struct search_fields *fields);
void posting_builder__free(struct posting_builder *b);
/* Rows rise, all of one tile between flushes. */
void posting_builder__add(struct posting_builder *b, uint32_t row, struct json_value document);
size_t posting_builder__bytes(const struct posting_builder *b); /* memory, about */
/*
 * Gives one chunk per list, sorted by key, and the words, sorted (borrowed until
 * the next call on b); the builder is empty then. put may be called with any
 * number of chunks and fails to stop.
 */
typedef enum rc chunk_put_fn(void *arg, enum posting_kind kind, struct bytes key,
                             uint32_t first_row, struct bytes chunk, struct err *err);
enum rc posting_builder__flush(struct posting_builder *b, chunk_put_fn *put, void *arg,
                               const struct bytes **ret_words, size_t *ret_n_words,
                               struct err *err) MUST_CHECK;

/* posting_chunk.c: joins chunks of one list and tile (rising, not overlapping) into one. */
enum rc posting_chunk__join(const struct bytes *chunks, const uint32_t *first_rows, size_t n,
                            struct buf *out, struct err *err) MUST_CHECK;

/*
 * posting_write.c: chunks of a commit. Small chunks of a word that come again and
 * again are joined with what the tile has (counted in memory, per words number),
 * so that a word has few chunks however small the batches are.
 */
struct crumbs; /* counters; owned by the catalog's writer, any may be forgotten */
struct crumbs *crumbs__new(void);
void crumbs__free(struct crumbs *c);
/* Flushes b under words number `words` into batch; KEY_WORD entries of words that vocab has not.
 * *ret_vocab: a new share. view: the committed state. */
enum rc posting_write__batch(struct posting_builder *b, uint32_t words, const struct vocab *vocab,
                             struct crumbs *crumbs, struct store_view *view,
                             struct store_batch *batch, struct vocab **ret_vocab,
                             struct err *err) MUST_CHECK;

/* ---- column_*.c: documents into column parts ----------------------------------------------- */

/* One column and what it is called. */
struct column_ref {
    struct bytes name;
    uint32_t number;
};

/* Gathers the values of many fields for a range of rows. One thread at a time. */
struct column_builder;
/* only: fields to gather, NULL: all that plan_wants_column(). */
struct column_builder *column_builder__new(const struct plan *plan, const struct bytes *only,
                                           size_t n_only);
void column_builder__free(struct column_builder *b);
/* Rows rise between flushes. */
void column_builder__add(struct column_builder *b, uint32_t row, struct json_value document);
size_t column_builder__bytes(const struct column_builder *b);
/*
 * Gives the parts so far, encoded, per field (rising rows within a field); the
 * builder is empty then. A part covers rows [first, first + PART_ROWS).
 */
typedef enum rc part_put_fn(void *arg, struct bytes field, uint32_t first_row, struct bytes part,
                            struct err *err);
enum rc column_builder__flush(struct column_builder *b, part_put_fn *put, void *arg,
                              struct err *err) MUST_CHECK;
/* Rows of `more` over those of `base` (both encoded parts of the same rows). Appends. */
enum rc column_part__merge(struct bytes base, struct bytes more, struct buf *out,
                           struct err *err) MUST_CHECK;
/*
 * Memory that parts are opened in again and again; column_part__close(part) at
 * the end. Any bytes may come: whatever is asked of a part that opens is harmless.
 */
struct column_room {
    struct column_part *part; /* owned, n bytes; RC_OK: the part */
    size_t n;
};
enum rc column_part__open(struct bytes value, uint32_t first_row, struct column_room *room,
                          struct err *err) MUST_CHECK;
void column_part__close(struct column_part *p); /* NULL is fine */

/* ---- rows.c: which rows are live, and which documents they are ------------------------------ */

/*
 * Immutable, shared by snapshots, in tiles that are shared too: a commit copies
 * the tiles it touches. A row is its document's number, unless the document was
 * replaced: then both directions are kept. Persisted: KEY_ROW_DEAD per tile
 * (gaps of dead rows below next_row), KEY_ROW_DOC per moved row.
 */
struct rows;
struct rows *rows__new(void);
struct rows *rows__ref(struct rows *r);
void rows__unref(struct rows *r);          /* NULL is fine */
uint32_t rows__next(const struct rows *r); /* rows so far, dead ones too */
uint64_t rows__n_live(const struct rows *r);
uint64_t rows__n_dead(const struct rows *r);
bool rows__is_live(const struct rows *r, uint32_t row);
void rows__live(const struct rows *r, uint32_t tile, struct tile *out);
uint32_t rows__doc_of(const struct rows *r, uint32_t row);
/* Keeps those of *rows whose document is before `doc`. */
void rows__keep_older(const struct rows *r, uint32_t tile, uint32_t doc, struct tile *rows);
uint32_t rows__row_of(const struct rows *r, uint32_t doc); /* a live document's row */

/* One commit's changes over `base`. */
struct rows_edit;
struct rows_edit *rows_edit__new(const struct rows *base);
void rows_edit__free(struct rows_edit *e);
void rows_edit__kill(struct rows_edit *e, uint32_t row);              /* row dies */
void rows_edit__add(struct rows_edit *e, uint32_t row, uint32_t doc); /* row >= next, rising */
/* Numbers below next were given out: those that got no row (and never will) are dead. */
void rows_edit__reach(struct rows_edit *e, uint32_t next);
/* The share behind the commit; writes what changed under number `rows`. */
struct rows *rows_edit__finish(struct rows_edit *e, uint32_t rows, struct store_batch *batch);
enum rc rows__load(struct store_view *view, uint32_t rows, uint32_t next_row,
                   struct rows **ret_rows, struct err *err) MUST_CHECK;

/* ---- search_state.c: what a snapshot keeps of one index -------------------------------------- */

/* Immutable once a snapshot holds it; shared by snapshots that did not change it. */
struct search_state {
    atomic_uint refs;
    uint32_t words, rows_number; /* numbers; 0: none yet */
    uint64_t dead_built; /* dead rows when all was last built anew: gaps of document numbers */
    struct rows *rows;   /* share */
    struct vocab *vocab; /* share */
    struct plan *plan;   /* share */
    struct search_names *names;       /* share: of the next four; commits mostly add none */
    const struct column_ref *columns; /* sorted by name */
    size_t n_columns;
    const struct bytes *fields; /* names of searched fields by number */
    size_t n_fields;
    uint64_t bytes, column_bytes; /* of all lists, of all columns, about: for stats */
};
