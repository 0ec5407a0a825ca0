/* SPDX-License-Identifier: MIT */
/*
 * row_docs.h -- rows seen from the documents: in their order, which is that of first insertion.
 *
 * A document's number is its first row. A replaced document has a later row and
 * keeps its number, so documents in order are not rows in order.
 */
#pragma once

#include "index/search_int.h"

/* All documents there are, rising by number. Borrows the rows. */
struct doc_iter {
    const struct rows *rows;
    uint64_t at;   /* numbers below were looked at, in words of 64 */
    uint64_t mask; /* those of the word before `at` that are still to come */
};

void doc_iter__init(struct doc_iter *it, const struct rows *rows, uint32_t from);
bool doc_iter__next(struct doc_iter *it, uint32_t *ret_doc);
/* Passes over n documents. */
void doc_iter__skip(struct doc_iter *it, uint64_t n);

/* Whether there is a document of this number. */
bool rows__has_doc(const struct rows *r, uint32_t doc);
/* The number behind that of the last document. */
uint32_t rows__docs_end(const struct rows *r);
/* How many rows in [from, to) are live. */
uint32_t rows__live_between(const struct rows *r, uint64_t from, uint64_t to);
/* True if all live rows in [from, to) are first rows, and no document in there has another. */
bool rows__unmoved(const struct rows *r, uint64_t from, uint64_t to);
