/* SPDX-License-Identifier: MIT */
/*
 * search_build.h -- documents into words, columns and rows: a commit's, or all of an index.
 *
 * Feeding takes the documents of one commit and writes into its batch.
 * Building reads all documents of an index out of the store with threads of its
 * own, and writes in many commits under numbers that nothing names yet.
 */
#pragma once

#include "index/reader_int.h"

struct pool;
struct store;

/* Whoever a build is made for; called from one thread, that of search_build__run(). */
struct search_host {
    void *arg;
    /* A number that was never used; what a kill leaves under it will be swept. */
    enum rc (*number)(void *arg, uint32_t *ret_number, struct err *err);
    enum rc (*commit)(void *arg, const struct store_batch *batch, struct err *err);
    /* Some times a second: documents done. Fails to stop. */
    enum rc (*tell)(void *arg, uint64_t done, struct err *err);
};

struct search_build {
    struct store *store;             /* borrowed, as all here */
    const struct index_state *state; /* whose committed documents are read */
    const struct rows *rows;         /* their rows */
    const struct search_host *host;
    struct search_state *next; /* its plan is used; what is built is put into it */
    bool words;                /* build words anew */
    bool columns;              /* build those columns that next has not */
    unsigned n_threads;        /* 0: one a core */
};

/* On failure next is not to be used. */
enum rc search_build__run(const struct search_build *b, struct err *err) MUST_CHECK;

/* ---- search_feed.c: the documents of one commit ------------------------------------------ */

struct search_feed_opts {
    struct pool *pool; /* or NULL */
    struct crumbs *crumbs;
    struct store_view *view; /* the committed state */
    struct store_batch *batch;
    uint32_t *next_number;     /* numbers taken count as used when the batch is committed */
    struct search_state *next; /* what is committed; changed in search_feed__finish() */
};
struct search_feed;
struct search_feed *search_feed__new(const struct search_feed_opts *opts);
void search_feed__free(struct search_feed *f); /* NULL is fine */
/* The document's row dies. */
void search_feed__kill(struct search_feed *f, uint32_t doc);
/* A new version of a document; rows rise. json stays as it is until the end, unless copied. */
enum rc search_feed__add(struct search_feed *f, uint32_t row, uint32_t doc, struct bytes json,
                         bool copy, struct err *err) MUST_CHECK;
/* next is what the commit brings. */
enum rc search_feed__finish(struct search_feed *f, struct err *err) MUST_CHECK;

/* ---- shared ---------------------------------------------------------------------------- */

/* Adds a column to those of s, which must not have it. */
void search_state__add_columns(struct search_state *s, const struct column_ref *more, size_t n);
void search_state__set_fields(struct search_state *s, struct search_fields *fields);
