/* SPDX-License-Identifier: MIT */
/*
 * index.h -- what is stored: the catalog of indexes, their settings and documents.
 *
 * Reads go through a view: one frozen moment of all indexes. Changes are
 * gathered in a change (one at a time, the writer's) and end up in a store
 * batch, which the caller commits together with the tasks' new status.
 *
 * Ownership  catalog_open() .. catalog_close(). Views and changes are closed
 *            by who opened them. Strings and bytes borrowed from a view are
 *            good until the view's next call, unless said otherwise.
 * Threads    Views: any thread, one at a time each. Changes: the writer thread.
 * Errors     Words are the public ones ("index_not_found", "document_not_found",
 *            "invalid_document_id", ...).
 * Units      Bytes; wall times in ns.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct store;
struct store_batch;
struct pool;
struct catalog;
struct catalog_view;
struct change;
struct json_parser;

enum {
    INDEX_UID_MAX = 400,   /* bytes of an index uid */
    DOCUMENT_ID_MAX = 511, /* bytes of a document id */
    DOCUMENT_FIELDS_MAX = 65535,
};

/* What is known of one index; all borrowed from the view or change it came from. */
struct index_info {
    uint32_t id; /* internal, never reused */
    const char *uid;
    const char *primary_key; /* NULL while not known */
    int64_t created_ns;
    int64_t updated_ns;
    uint64_t n_documents;
    uint64_t document_bytes; /* JSON bytes of all documents */
    uint64_t stored_bytes;   /* compressed bytes of its blocks */
    uint64_t search_bytes;   /* of its words and columns, about */
};

/* pool: compresses blocks in parallel; may be NULL. */
enum rc catalog_open(struct store *store, struct pool *pool, struct catalog **ret_catalog,
                     struct err *err) MUST_CHECK;
void catalog_close(struct catalog *catalog);
/* Whether deleted things are left, which every change sweeps a piece of, even one of nothing. */
bool catalog_has_trash(struct catalog *catalog);
/*
 * Gives back what a piece of the swept took, in room and in the time of searches; false
 * when none is left. Some tenths of a second: for when there is nothing else to do. Of the
 * thread that changes, with no change under way.
 */
bool catalog_merge_swept(struct catalog *catalog);
/* Loads again what the store really holds (after a failed commit). */
enum rc catalog_reload(struct catalog *catalog, struct err *err) MUST_CHECK;

/* RC_INVALID, word invalid_index_uid, the public text. */
enum rc index_uid_check(struct bytes uid, struct err *err) MUST_CHECK;
/* "Document identifier `...` is invalid. ..." (invalid_document_id). */
bool document_id_valid(struct bytes id);
/* Replaces *out with the id of a stored document, as text. */
enum rc document_id_of(struct json_parser *parser, struct bytes json, struct bytes primary_key,
                       struct buf *out, struct err *err) MUST_CHECK;

/* ---- reading ------------------------------------------------------------------------- */

enum rc catalog_view_open(struct catalog *catalog, struct catalog_view **ret_view,
                          struct err *err) MUST_CHECK;
void catalog_view_close(struct catalog_view *view); /* NULL is fine */
size_t catalog_view_count(const struct catalog_view *view);
/* i-th index in byte order of uids. */
struct index_info catalog_view_at(const struct catalog_view *view, size_t i);
/* RC_NOT_FOUND, index_not_found: "Index `x` not found." */
enum rc catalog_view_find(const struct catalog_view *view, struct bytes uid,
                          struct index_info *ret_info, struct err *err) MUST_CHECK;
/* Every member, one JSON object in the order of the defaults. Good as long as the view. */
struct bytes catalog_view_settings(const struct catalog_view *view, uint32_t index_id);
/* Calls each for every field, sorted by name: in how many documents it is. */
enum rc catalog_view_field_counts(struct catalog_view *view, uint32_t index_id,
                                  void (*each)(void *arg, struct bytes name, uint64_t count),
                                  void *arg, struct err *err) MUST_CHECK;
/* The store's view below, for rooms that keep their own keys (task). */
struct store_view *catalog_view_store(struct catalog_view *view);

/* RC_NOT_FOUND, document_not_found. Replaces *out with the document's JSON. */
enum rc document_get(struct catalog_view *view, uint32_t index_id, struct bytes id, struct buf *out,
                     struct err *err) MUST_CHECK;

/*
 * Calls each for documents offset, offset+1, ... in insertion order until limit
 * or a non-OK return. Cheap to skip: whole blocks are passed by their counts.
 */
typedef enum rc document_each_fn(void *arg, struct bytes json, struct err *err);
enum rc document_each(struct catalog_view *view, uint32_t index_id, uint64_t offset, uint64_t limit,
                      document_each_fn *each, void *arg, struct err *err) MUST_CHECK;
/* Those of ids that exist, in insertion order; *ret_total: how many exist. */
enum rc document_each_of(struct catalog_view *view, uint32_t index_id, const struct bytes *ids,
                         size_t n_ids, uint64_t offset, uint64_t limit, document_each_fn *each,
                         void *arg, uint64_t *ret_total, struct err *err) MUST_CHECK;

/*
 * The blocks of an index, as they are stored: finished frames of document
 * records in document order, for a dump. each gets the frame (borrowed for the
 * call), and how many documents it holds.
 */
typedef enum rc block_each_fn(void *arg, struct bytes frame, uint32_t n_documents, struct err *err);
enum rc block_each(struct catalog_view *view, uint32_t index_id, block_each_fn *each, void *arg,
                   struct err *err) MUST_CHECK;

/*
 * Hash of all logical content (uids, keys, times excluded, settings, documents
 * in order): the same before and after dump and import, or crash and reopen.
 */
enum rc catalog_view_digest(struct catalog_view *view, uint8_t digest[32],
                            struct err *err) MUST_CHECK;

/* ---- changing ------------------------------------------------------------------------ */

/*
 * Begins a change over the newest committed state. Several tasks may use one
 * change: each between change_mark() and either change_keep() or
 * change_rollback(), so that a failed task leaves nothing behind.
 */
enum rc change_begin(struct catalog *catalog, struct change **ret_change,
                     struct err *err) MUST_CHECK;
/*
 * Changes of settings may take many commits before the last; all they write is
 * invisible until then. By default they are committed at once.
 */
struct change_steps {
    void *arg;
    enum rc (*commit)(void *arg, const struct store_batch *batch, struct err *err);
    enum rc (*check)(void *arg, struct err *err); /* fails to stop; called some times a second */
    /* When documents are indexed anew: at the beginning, and some times a second. */
    void (*tell)(void *arg, uint64_t n_done, uint64_t n_documents);
};
void change_set_steps(struct change *c, const struct change_steps *steps); /* copied */
void change_mark(struct change *c);
void change_keep(struct change *c);
void change_rollback(struct change *c);
/* Bytes gathered so far, to bound a batch. */
size_t change_bytes(const struct change *c);
/*
 * Writes all that was kept into batch (blocks are encoded now), and deletes a
 * bounded piece of what deleted indexes left behind; with nothing of either the
 * batch stays as it is. After the caller's store_commit(): change_committed()
 * makes it the newest state of the catalog, change_abandon() forgets it (if the
 * outcome is unknown, the store will tell). Both free the change. It lets its
 * view of the store go, so that a store that must reopen waits for no change.
 */
enum rc change_finish(struct change *c, struct store_batch *batch, struct err *err) MUST_CHECK;
void change_committed(struct change *c);
void change_abandon(struct change *c); /* NULL is fine */

/*
 * n_documents counts what the change did so far; the two sums of bytes are
 * those of the committed state.
 */
enum rc change_find(struct change *c, struct bytes uid, struct index_info *ret_info,
                    struct err *err) MUST_CHECK;
/* RC_EXISTS, index_already_exists. primary_key may be empty. */
enum rc change_create_index(struct change *c, struct bytes uid, struct bytes primary_key,
                            int64_t now_ns, uint32_t *ret_id, struct err *err) MUST_CHECK;
/* *ret_documents: how many it held. */
enum rc change_delete_index(struct change *c, struct bytes uid, uint64_t *ret_documents,
                            struct err *err) MUST_CHECK;
/* Renames and/or sets the primary key; empty bytes: leave. */
enum rc change_update_index(struct change *c, struct bytes uid, struct bytes new_uid,
                            struct bytes primary_key, int64_t now_ns, struct err *err) MUST_CHECK;
/* Exchanges two; rename: b must not exist and a becomes b. */
enum rc change_swap(struct change *c, struct bytes a, struct bytes b, bool rename,
                    struct err *err) MUST_CHECK;

/* Applies a JSON object of changed members (null resets), checked by settings_check() before. */
enum rc change_settings(struct change *c, uint32_t index_id, struct bytes patch, int64_t now_ns,
                        struct err *err) MUST_CHECK;

struct document_opts {
    bool replace;             /* whole documents; else lay top-level members over stored ones */
    bool skip_creation;       /* only documents that exist */
    struct bytes primary_key; /* asked for; empty: none */
};

/*
 * Pass 1 of adding: checks or infers the primary key from the first document.
 * Then change_document() per document. Both have the public task errors
 * (missing_document_id, index_primary_key_..., with or without the "Index `x`: "
 * prefix as http-errors.md section 6 says).
 */
enum rc change_documents_begin(struct change *c, uint32_t index_id,
                               const struct document_opts *opts, struct bytes first_document,
                               int64_t now_ns, struct err *err) MUST_CHECK;
enum rc change_document(struct change *c, uint32_t index_id, struct bytes json,
                        const struct document_opts *opts, struct err *err) MUST_CHECK;
/* True in *ret_deleted if it was there. */
enum rc change_delete_document(struct change *c, uint32_t index_id, struct bytes id, int64_t now_ns,
                               bool *ret_deleted, struct err *err) MUST_CHECK;
enum rc change_delete_all(struct change *c, uint32_t index_id, int64_t now_ns,
                          uint64_t *ret_deleted, struct err *err) MUST_CHECK;

/*
 * Whether a change of settings makes sense: shapes, ranking rules, typo sizes.
 * patch: a JSON object of members as sent; on a sub-route with the one member,
 * whose own name is then left out of places in texts ("at `[0]`").
 */
enum rc settings_check(struct bytes patch, bool sub_route, struct err *err) MUST_CHECK;
struct bytes settings_defaults(void); /* JSON, static */
/* The value of one member of a complete settings object. */
enum rc settings_member(struct bytes settings, const char *name, struct bytes *ret_value,
                        struct err *err) MUST_CHECK;

/* ---- import ---------------------------------------------------------------------------- */

/*
 * Fast filling of an empty, bulk-opened store from whole blocks: frames are
 * stored as they are, and decoded (given as content too) only to learn the ids.
 * Call in order: load_begin, { load_index, load_block*, load_index_end }*,
 * load_end. Memory stays bounded (ids are sorted in runs).
 */
struct loader;
enum rc loader_open(struct store *store, struct loader **ret_loader, struct err *err) MUST_CHECK;
enum rc loader_index(struct loader *l, struct bytes uid, struct bytes primary_key,
                     int64_t created_ns, int64_t updated_ns, struct bytes settings,
                     struct err *err) MUST_CHECK;
/*
 * Words and columns of an index are made when its last block has come, in
 * loader_index_end(), which calls fn some times a second: documents indexed.
 */
typedef void loader_progress_fn(void *arg, uint64_t n_indexed);
void loader_on_progress(struct loader *l, loader_progress_fn *fn, void *arg);
/* frame is stored; content is its decoded document records. */
enum rc loader_block(struct loader *l, struct bytes frame, struct bytes content,
                     struct err *err) MUST_CHECK;
enum rc loader_index_end(struct loader *l, uint64_t *ret_documents, struct err *err) MUST_CHECK;
enum rc loader_end(struct loader *l, struct err *err) MUST_CHECK;
void loader_close(struct loader *l);
