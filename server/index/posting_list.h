/* SPDX-License-Identifier: MIT */
/*
 * posting_list.h -- what the files that read postings share.
 *
 *   posting_list.c       one list: its chunks out of the store, tile by tile
 *   posting_beginning.c  the lists that make up all words of a beginning
 *   posting_read.c       lists together: rows, and where they have it
 *   posting_sieve.c      a first look at where
 *
 * (1) Chunks are of whole tiles, rising by tile; those before `next` were passed over.
 * (2) While more is true, chunks from the row `resume` on are in the store only.
 * (3) Small lists are gathered in one, which is wholly in memory: within a tile its
 *     chunks are list by list, rising within each.
 */
#pragma once

#include "index/posting_int.h"
#include "index/reader_int.h"

struct chunk_ref {
    size_t at; /* in text */
    uint32_t n;
    uint32_t row;
    uint32_t list; /* which of the gathered ones */
};

struct posting_list {
    struct key key; /* up to the row; n_key bytes of it */
    size_t n_key;
    struct buf text;
    struct chunk_ref *chunks; /* owned (1) */
    size_t n, cap, next;
    bool more; /* (2) */
    uint32_t resume;
    struct store_cursor *cursor; /* owned, or NULL */
};

struct postings {
    struct reader *reader;
    struct posting_list *lists; /* owned */
    size_t n_lists, lists_cap;
    struct posting *found; /* owned; of the last postings_of() */
    size_t n_found, found_cap;
    uint32_t tile; /* asked last */
};

/* The rows of one chunk: bits of a dense one, a list of others. Shared by all lists of a reader. */
struct chunk_rows {
    struct tile bits;
    uint16_t list[TILE_ROWS];
};

/* ---- posting_list.c ---------------------------------------------------------------------- */

void posting_list__init(struct posting_list *l);
void posting_list__done(struct posting_list *l);
/* The reader's own cursor over all lists of a kind. */
enum rc posting_list__cursor(struct reader *r, enum posting_kind kind,
                             struct store_cursor **ret_cursor, struct err *err) MUST_CHECK;
/* To the first key >= key; stepping when it is near. */
void posting_list__move(struct store_cursor *c, struct bytes key);
/* To where the list begins, and reads it as the next one does. */
enum rc posting_list__find(struct posting_list *l, struct store_cursor *c,
                           struct err *err) MUST_CHECK;
/*
 * Reads the list whose key is set and at whose first chunk, or behind it, the
 * cursor is: all of it if it is small, so that more is false, else some tiles. No
 * chunks and no more: there is no such list.
 */
enum rc posting_list__read(struct posting_list *l, struct store_cursor *c,
                           struct err *err) MUST_CHECK;
/* Appends small's chunks to those of l, as list number `list`. */
void posting_list__gather(struct posting_list *l, const struct posting_list *small, uint32_t list);
/* Behind the last one gathered: brings their chunks in the order of (3). */
void posting_list__settle(struct posting_list *l);
/* Makes chunks[next..] begin with those of the tile, if the list has it. */
enum rc posting_list__come_to(struct posting_list *l, struct reader *r, uint32_t tile,
                              struct err *err) MUST_CHECK;

/* The i-th chunk of the tile that the list came to; false: there are no more, or *ret_rc tells. */
static inline bool posting_list__chunk(const struct posting_list *l, uint32_t tile, size_t i,
                                       struct chunk_view *ret, enum rc *ret_rc, struct err *err)
{
    const struct chunk_ref *c = &l->chunks[l->next + i];

    *ret_rc = RC_OK;
    if (l->next + i >= l->n || c->row / TILE_ROWS != tile)
        return false;
    *ret_rc = posting_chunk__open(bytes_of(l->text.p + c->at, c->n), c->row, ret, err);
    return *ret_rc == RC_OK;
}

/* ---- posting_beginning.c, posting_read.c ----------------------------------------------------- */

/* Adds the lists of all words that begin so and are longer. */
enum rc postings__open_beginning(struct postings *p, struct bytes beginning,
                                 struct err *err) MUST_CHECK;
struct posting_list *postings__add_list(struct postings *p);
/* Comes to the tile with all lists. */
enum rc postings__come_to(struct postings *p, uint32_t tile, struct err *err) MUST_CHECK;
/* Reads a chunk's rows into r->chunk_rows; where its occurrences begin, or NULL: damaged. */
const uint8_t *postings__read_rows(struct reader *r, const struct chunk_view *c,
                                   uint32_t *ret_last);
