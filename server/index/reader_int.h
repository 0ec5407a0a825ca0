/* SPDX-License-Identifier: MIT */
/*
 * reader_int.h -- the inside of a reader, for the files that read words and columns.
 *
 *   reader.c          opening and closing, rows, documents, fields
 *   vocab*.c          reader_words(), word_cursor_*()
 *   posting_*.c       postings and occurrences
 *   column_read.c     columns and their parts
 */
#pragma once

#include "index/search_int.h"

#include <stdatomic.h>

struct reader {
    struct catalog_view *view;         /* borrowed */
    const struct index_state *state;   /* of the view's snapshot */
    const struct search_state *search; /* the state's; never NULL */
    struct column *columns;            /* owned: those opened so far, linked by column_read.c */
    struct store_cursor *lists[3];     /* owned: by kind of posting, shared by posting_list.c */
    struct chunk_rows *chunk_rows;     /* owned: scratch of posting_read.c, or NULL */
};

/* The store below; a reader is used by one thread at a time, and so is its view. */
struct store_view *reader__store(struct reader *r);

/* column_read.c: frees all columns that were opened; called by reader_close(). */
void reader__close_columns(struct reader *r);
/* posting_list.c: the same for its cursors. */
void reader__close_lists(struct reader *r);

/* ---- search_state.c ---------------------------------------------------------------------- */

/* Nothing is indexed yet: no numbers, no rows, an empty vocabulary. Takes a share of plan. */
struct search_state *search_state__new(struct plan *plan);
struct search_state *search_state__ref(struct search_state *s);
void search_state__unref(struct search_state *s); /* NULL is fine */
/* The same content, to be changed before anybody else sees it. */
struct search_state *search_state__copy(const struct search_state *s);
/* Replaces the names of columns or fields by copies; columns are sorted. */
void search_state__set_names(struct search_state *s, const struct column_ref *columns,
                             size_t n_columns, const struct bytes *fields, size_t n_fields);
/* The column's number in *ret_number; false: there is none. */
bool search_state__column(const struct search_state *s, struct bytes name, uint32_t *ret_number);
/* The value of 'I': all but what rows, vocabulary and plan hold. */
void search_state__encode(const struct search_state *s, struct buf *out);
/* Reads the value of 'I', the rows (next_row: the index's next document number) and the words. */
enum rc search_state__load(struct store_view *view, uint32_t index_id, uint32_t next_row,
                           struct bytes settings, struct search_state **ret_state,
                           struct err *err) MUST_CHECK;
