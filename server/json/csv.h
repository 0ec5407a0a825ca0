/* SPDX-License-Identifier: MIT */
/*
 * csv.h -- rows of CSV that arrive in pieces to JSON documents.
 *
 * The first row names the fields. "price:number", "active:boolean" and
 * "name:string" set a column's type; the last colon counts, and what is no type
 * belongs to the name. An empty cell is null. Quoting as in RFC 4180: a quoted
 * cell may hold delimiters, newlines and doubled quotes. Blank lines are passed
 * over. Rows end with LF, CR LF or CR.
 *
 * Ownership  csv_new() .. csv_free(). A callback's bytes are good until it returns.
 * Threads    One at a time.
 * Errors     RC_INVALID with the sentence of http-errors (without the words "The
 *            `csv` payload provided is malformed: "), RC_TOO_LARGE (a row over
 *            max_row_bytes), RC_CANCELLED (the callback returned false). After a
 *            failure every later call fails in the same way.
 */
#pragma once

#include "base/bytes.h"
#include "base/err.h"

struct csv;

struct csv_opts {
    char delimiter;       /* one ASCII character, not a quote, CR or LF; 0 means ',' */
    size_t max_row_bytes; /* text of one row; 0 means 64 MiB */
};

/* One row as the text of a compact JSON object. False ends the conversion. */
typedef bool csv_fn(void *arg, struct bytes document);

struct csv *csv_new(const struct csv_opts *opts, csv_fn *fn, void *arg); /* opts may be NULL */
void csv_free(struct csv *csv);
enum rc csv_feed(struct csv *csv, struct bytes piece, struct err *err) MUST_CHECK;
enum rc csv_end(struct csv *csv, struct err *err) MUST_CHECK;
