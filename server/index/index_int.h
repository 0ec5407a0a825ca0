/* SPDX-License-Identifier: MIT */
/*
 * index_int.h -- what files of the index room share with each other and their tests.
 *
 * Bottom up: slab and fields (bytes and names of a writer), block (documents in
 * a frame), index_state and snapshot (what is known of all indexes at one
 * moment), document_cache and open_blocks (what was read lately), catalog (the
 * newest snapshot, the caches, the codecs).
 */
#pragma once

#include "base/thread.h"
#include "index/index.h"
#include "index/keys.h"
#include "record/record.h"
#include "json/json.h"

#include <stdatomic.h>

struct store_view;
struct search_state;
struct crumbs;

/* Documents were parsed when they were accepted; nothing narrower may refuse them later. */
extern const struct json_limits index__json_limits;

/* Makes room for at least n items of *p; keeps *cap. */
void *index__grow(void *p, size_t item, size_t n, size_t *cap);

/* ---- slab.c: bytes that are given back in the order they came, newest first ---------- */

struct slab_chunk;
struct slab {
    struct slab_chunk *top; /* owned, newest first */
    size_t bytes;           /* in use */
};
struct slab_mark {
    struct slab_chunk *top;
    size_t used, bytes;
};

struct bytes slab__dup(struct slab *s, struct bytes b);
struct slab_mark slab__mark(const struct slab *s);
void slab__rewind(struct slab *s, struct slab_mark mark);
void slab__done(struct slab *s);

/* ---- field_names.c: names of fields, numbered ---------------------------------------- */

#define FIELD_NONE UINT32_MAX /* no number of a field */

/* Numbers rise from 0 in the order of arrival and are given back newest first. */
struct fields {
    struct bytes *names; /* owned array; the bytes are in text */
    size_t n, cap;
    uint64_t *hashes; /* owned; of the names */
    size_t hashes_cap;
    uint32_t *table; /* owned; open addressing, number + 1 */
    size_t table_cap;
    struct slab text;
};

/* The fields of one document, each once. Owns its arrays; zero is ready to use. */
struct field_walk {
    uint32_t *ids;
    size_t n, cap;
    uint32_t *path_ids; /* of the last document, in visiting order: what to expect now */
    size_t n_path, path_cap;
    uint32_t *stamps; /* by number: the walk that saw it last */
    size_t stamps_cap;
    uint32_t stamp;
    struct buf path;
};

void fields__done(struct fields *f);
uint32_t fields__find(const struct fields *f, struct bytes name);
uint32_t fields__add(struct fields *f, struct bytes name);
void fields__cut(struct fields *f, size_t n, struct slab_mark text);
/*
 * Fills walk->ids with the numbers of all fields of a document: its members'
 * names, and those of objects inside as "a.b". Names over KEY_NAME_MAX bytes
 * are not counted. add: unknown names get a number, else they are passed over.
 */
void fields__walk(struct fields *f, bool add, struct json_value document, struct field_walk *walk);
void field_walk__done(struct field_walk *walk);
/* Of a set of fields, whatever they are numbered and in whatever order they come. Stored. */
uint64_t fields__hash(const struct fields *f, const uint32_t *ids, size_t n);

/* ---- document_entry.c: what is said of a document under its id ------------------------ */

enum { DOCUMENT_ENTRY_MAX = 12 + VARINT_MAX, DOCUMENT_MARK_SUM_BITS = 24 };

struct document_entry {
    uint32_t doc;  /* its number */
    uint32_t n;    /* bytes of its JSON */
    uint64_t mark; /* document_mark() */
};

struct bytes document_entry__put(uint8_t out[DOCUMENT_ENTRY_MAX], const struct document_entry *e);
enum rc document_entry__read(struct bytes value, struct document_entry *ret_entry,
                             struct err *err) MUST_CHECK;
/* names: fields__hash() of the document's fields. */
uint64_t document_mark(uint64_t names, struct bytes json);
static inline bool document_same_names(uint64_t mark_a, uint64_t mark_b)
{
    return (mark_a ^ mark_b) >> DOCUMENT_MARK_SUM_BITS == 0;
}

/* ---- document_id.c ------------------------------------------------------------------- */

/* The id as text; borrowed from the parsed document. Errors: missing or invalid id. */
enum rc document__id(struct json_value document, struct bytes primary_key, struct bytes *ret_id,
                     struct err *err) MUST_CHECK;
/* The one top-level name that ends in "id". Borrowed from the parsed document. */
enum rc document__infer_key(struct json_value document, struct bytes *ret_name,
                            struct err *err) MUST_CHECK;
enum rc document__no_key(struct err *err);
/* Lays the members of patch over base: base's order, then what is new. */
void document__merge(struct json_value base, struct json_value patch, struct buf *out);

/* document_geo.c: RC_INVALID, invalid_document_geo_field; parser is a spare one. */
enum rc document__check_geo(struct json_value document, struct bytes id, struct json_parser *parser,
                            struct err *err) MUST_CHECK;
bool settings__use_geo(struct bytes settings);

/* ---- block.c: documents of one body in a frame --------------------------------------- */

enum {
    BLOCK_SPLIT = 2 * RECORD_BLOCK_TARGET, /* an imported block over this is split */
    BLOCK_SMALL = RECORD_BLOCK_TARGET / 2, /* one that shrank below looks for a neighbour */
};

struct block_span {
    uint32_t at, n; /* a document's JSON inside the content */
};

/* An inflated block. */
struct block_docs {
    struct bytes content;     /* document records; borrowed, or `inflated` */
    struct buf inflated;      /* owned: what was decoded last */
    struct block_span *spans; /* owned */
    uint32_t *ids;            /* owned; rising */
    size_t n, spans_cap, ids_cap;
};

struct block_head {
    uint32_t count;
    struct bytes gaps; /* varints: distance of each id but the first, less one; empty: no gaps */
    struct bytes frame;
};

void block__head_put_dense(struct buf *out, size_t n); /* ids without gaps */
void block__head_put(struct buf *out, const uint32_t *ids, size_t n);
enum rc block__head_read(struct bytes value, struct block_head *ret_head,
                         struct err *err) MUST_CHECK;
/* The spans of all documents in content, which must hold nothing but document records. */
enum rc block__spans(struct bytes content, struct block_docs *docs, struct err *err) MUST_CHECK;
/* Decodes the value of the block at first, which must hold count documents. */
enum rc block__inflate(struct frame_decoder *decoder, struct bytes value, uint32_t first,
                       uint32_t count, struct block_docs *docs, struct err *err) MUST_CHECK;
void block_docs__done(struct block_docs *docs);
static inline struct bytes block_docs__json(const struct block_docs *docs, size_t i)
{
    return bytes_of(docs->content.p + docs->spans[i].at, docs->spans[i].n);
}
/* Place of doc among the rising ids, or n. */
size_t block__place(const uint32_t *ids, size_t n, uint32_t doc);

/* ---- directory: the blocks of a body, in memory -------------------------------------- */

struct dir_entry {
    uint32_t first;   /* row of its first document: the block's key */
    uint32_t version; /* changes when the block is written again: see open_blocks.c */
    uint32_t count;
    uint32_t bytes; /* content: records, not compressed */
};
struct directory {
    struct dir_entry *at; /* owned; rising by first */
    size_t n, cap;
    uint32_t largest; /* no block has more bytes */
};

void directory__push(struct directory *d, struct dir_entry e);
void directory__push_all(struct directory *d, const struct directory *from, size_t lo, size_t hi);
/* The block that would hold row: the last one whose first is not above it; n if there is none. */
size_t directory__find(const struct directory *d, uint32_t row);
/* The rows [*ret_from, *ret_to) that no other block than the i-th can hold. */
void directory__span(const struct directory *d, size_t i, uint64_t *ret_from, uint64_t *ret_to);

/* ---- index_state.c, snapshot.c: one moment ------------------------------------------- */

struct field_count {
    struct bytes name;
    uint64_t count;
};

/* One index at one moment; never changed once a snapshot holds it. */
struct index_state {
    atomic_uint refs; /* snapshots that hold it: a commit changes few of many indexes */
    uint32_t id, body;
    uint32_t blocks;   /* number of its blocks and their directory; 0: none yet */
    uint32_t next_doc; /* the next document's, or version's: its row */
    char *uid;         /* owned */
    char *primary_key; /* owned, or NULL */
    int64_t created_ns, updated_ns;
    uint64_t n_documents, document_bytes;
    uint64_t n_versions, stored_bytes; /* in blocks, with those that are dead */
    uint8_t *settings_text;            /* owned */
    struct bytes settings;             /* all of it */
    struct directory dir;
    struct field_count *fields; /* owned; sorted by name */
    size_t n_fields;
    uint8_t *field_text;         /* owned: the names */
    struct search_state *search; /* share: its rows, words and columns */
};

/* All indexes at one moment; never changed. */
struct snapshot {
    atomic_uint refs; /* the catalog and open views: a view outlives the next commit */
    uint64_t seq;     /* rises with every commit of a change */
    uint32_t next_index, next_body;
    struct index_state **by_uid; /* owned arrays of shares */
    struct index_state **by_id;
    size_t n;
    uint32_t *trash; /* owned: bodies to be swept */
    size_t n_trash;
};

struct index_state *index_state__new(void); /* one share, all else zero */
struct index_state *index_state__ref(struct index_state *s);
void index_state__unref(struct index_state *s);
/* RC_CORRUPT: "index `uid` is damaged: what". */
enum rc index_state__damaged(const struct index_state *s, const char *what, struct err *err);
/* block.c: fetches and inflates the i-th block of s; docs->n is 0 after a failure. */
enum rc block__read(struct store_view *view, const struct index_state *s, size_t i,
                    struct frame_decoder *decoder, struct block_docs *docs,
                    struct err *err) MUST_CHECK;
/* The JSON of a row that must be there. */
enum rc block_docs__row(const struct index_state *s, const struct block_docs *docs, uint32_t row,
                        struct bytes *ret_json, struct err *err) MUST_CHECK;
void index_state__encode(const struct index_state *s, struct buf *out);
enum rc index_state__decode(struct bytes value, struct index_state *s, struct err *err) MUST_CHECK;
struct index_info index_state__info(const struct index_state *s);
/* Takes copies of the n counts that are not zero, sorting them. */
void index_state__set_fields(struct index_state *s, const struct field_count *counts, size_t n);

/* Takes the shares in states (n of them, any order). */
struct snapshot *snapshot__new(struct index_state **states, size_t n);
struct snapshot *snapshot__ref(struct snapshot *s);
void snapshot__unref(struct snapshot *s);
struct index_state *snapshot__find(const struct snapshot *s, struct bytes uid); /* or NULL */
struct index_state *snapshot__get(const struct snapshot *s, uint32_t index_id); /* or NULL */
enum rc index__not_found(struct bytes uid, struct err *err);

/* The value of 'm'. */
void meta__encode(const struct snapshot *s, struct buf *out);
/* Reads all that a snapshot holds. */
enum rc snapshot__load(struct store_view *view, struct snapshot **ret_snapshot,
                       struct err *err) MUST_CHECK;
/* The sequence that the view's store is at; 0 for an empty store. */
enum rc snapshot__stored_seq(struct store_view *view, uint64_t *ret_seq,
                             struct err *err) MUST_CHECK;

/* ---- document_cache.c: documents that were read lately ------------------------------- */

struct document_cache;
struct document_cache *document_cache__new(size_t max_bytes); /* for all of it */
void document_cache__free(struct document_cache *cache);
void document_cache__clear(struct document_cache *cache);
size_t document_cache__bytes(struct document_cache *cache); /* in use */
/* Replaces *out with the JSON of a row, if it is there. */
bool document_cache__get(struct document_cache *cache, uint32_t blocks, uint32_t row,
                         struct buf *out);
void document_cache__put(struct document_cache *cache, uint32_t blocks, uint32_t row,
                         struct bytes json);

/* ---- open_blocks.c: blocks that were inflated lately --------------------------------- */

struct block_key {
    uint32_t blocks, first, version;
};
struct open_block {
    struct block_key key;
    struct block_docs docs; /* n is 0: to be inflated */
};
struct open_blocks;
struct catalog_view;

struct open_blocks *open_blocks__new(size_t max_bytes); /* for those that nobody has */
void open_blocks__free(struct open_blocks *o);
void open_blocks__clear(struct open_blocks *o);
size_t open_blocks__bytes(struct open_blocks *o);
/* The block, or room for it; the caller's alone until he gives it back. */
struct open_block *open_blocks__take(struct open_blocks *o, struct block_key key);
void open_blocks__give(struct open_blocks *o, struct open_block *b); /* NULL is fine */
/*
 * The JSON of a row, good until *held is given back or the next call with it.
 * *held: NULL, or the block of the last call, which is changed for another if
 * need be; to be given back also behind a failure.
 */
enum rc open_blocks__row(struct open_blocks *o, struct catalog_view *view,
                         const struct index_state *s, uint32_t row, struct open_block **held,
                         struct bytes *ret_json, struct err *err) MUST_CHECK;

/* ---- catalog.c: the newest snapshot -------------------------------------------------- */

enum {
    CATALOG_DOCUMENTS_BYTES = 16 << 20, /* documents that were read lately */
    CATALOG_BLOCKS_BYTES = 2 << 20,     /* inflated blocks, beside those in use */
    CATALOG_CODECS_KEPT = 16,
    CATALOG_WORN_ROWS = 10000,  /* dead rows that are worth storing an index anew */
    CODEC_KEPT_BYTES = 1 << 20, /* one that met a larger block holds too much memory to be kept */
};

/* Tools that are dear to make; taken for a piece of work and given back. */
struct codec {
    struct codec *next;
    struct frame_decoder *decoder; /* owned, as all here */
    struct frame_encoder *encoder;
    struct frame_encoder *quick; /* of RECORD_QUICK_LEVEL */
    struct json_parser *json, *json_two;
    struct field_walk walk;
    struct block_docs docs;
    struct buf merged;
};

struct catalog {
    struct store *store;              /* borrowed */
    struct pool *pool;                /* borrowed; may be NULL */
    struct document_cache *documents; /* owned, as the next two */
    struct open_blocks *blocks;
    struct crumbs *crumbs; /* the writer's, as the next two */
    struct swept *swept;   /* owned: change_sweep.c */
    size_t n_swept, swept_cap;
    uint32_t worn_rows; /* CATALOG_WORN_ROWS; tests lower it */
    struct mutex lock;  /* guards what follows */
    uint64_t turn;      /* rises with every change of the next three */
    struct snapshot *current;
    struct snapshot *staged; /* given to a commit whose outcome is not known yet, or NULL */
    struct codec *codecs;
    size_t n_codecs;
};

struct codec *codec__take(struct catalog *catalog);
void codec__give(struct catalog *catalog, struct codec *codec);

/* The commit that will bring s is about to be made; takes the share. */
void catalog__stage(struct catalog *catalog, struct snapshot *s);
/* The staged snapshot is what the store holds. */
void catalog__landed(struct catalog *catalog);
/* Finds out what became of a staged snapshot nobody told about. */
enum rc catalog__settle(struct catalog *catalog, struct err *err) MUST_CHECK;

struct catalog_view {
    struct catalog *catalog;       /* borrowed */
    struct snapshot *snapshot;     /* share */
    struct store_view *store_view; /* owned */
};

/* RC_INTERNAL for an id that is not of the view. */
enum rc view__state(const struct catalog_view *view, uint32_t index_id,
                    struct index_state **ret_state, struct err *err) MUST_CHECK;
/* RC_NOT_FOUND leaves *err alone. */
enum rc view__entry(struct catalog_view *view, uint32_t body, struct bytes id,
                    struct document_entry *ret_entry, struct err *err) MUST_CHECK;
/* Replaces *out with the JSON of a row that is live. */
enum rc view__version(struct catalog_view *view, const struct index_state *s, uint32_t row,
                      struct buf *out, struct err *err) MUST_CHECK;
/* The same of the document of that number; RC_CORRUPT if there is none. */
enum rc view__document(struct catalog_view *view, const struct index_state *s, uint32_t doc,
                       struct buf *out, struct err *err) MUST_CHECK;

/* ---- settings.c ---------------------------------------------------------------------- */

/*
 * Lays patch over the complete settings base and appends the complete result.
 * RC_INVALID only for what settings_check() cannot see: sizes of typos that
 * clash with stored ones.
 */
enum rc settings__apply(struct bytes base, struct bytes patch, struct buf *out,
                        struct err *err) MUST_CHECK;
