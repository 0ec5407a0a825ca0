/* SPDX-License-Identifier: MIT */
/*
 * change_int.h -- the inside of a change: drafts of indexes, pending documents.
 *
 * A draft is an index as the change would have it. What is asked of its
 * documents is kept as operations in the order they came; slots say, per
 * document id, which operation is the last. Nothing of it is written before
 * change_finish().
 */
#pragma once

#include "index/index_int.h"

struct store_batch;
struct search_feed;

#define NO_OP UINT32_MAX  /* no operation */
#define NO_DOC UINT32_MAX /* no number of a document */

enum { BLOCK_LARGE = RECORD_DOCUMENT_MAX / 2 /* a document in it may be near its limit */ };

enum op_kind {
    OP_PUT,   /* the whole document */
    OP_MERGE, /* members to lay over the stored document */
    OP_DELETE,
};

struct op {
    const uint8_t *json; /* in the slab */
    uint32_t n;
    uint32_t slot;
    uint32_t prev;  /* the slot's operation before, or NO_OP */
    uint32_t birth; /* the operation since which the document is there: its place in the order */
    uint32_t shape; /* its fields (of OP_MERGE: of the members laid over) */
    enum op_kind kind;
    bool fresh; /* the stored document was deleted before it */
};

enum base_state { BASE_UNKNOWN, BASE_ABSENT, BASE_PRESENT };

/* One document id. */
struct slot {
    const uint8_t *id; /* in the slab */
    uint32_t n_id;
    uint32_t hash;
    uint32_t last; /* operation, or NO_OP */
    enum base_state base;
    struct document_entry entry; /* of BASE_PRESENT: what is stored */
};

/* A set of fields that documents have; most documents of a batch share one. */
struct shape {
    uint32_t at, n; /* in pending.shape_ids */
    uint64_t hash;  /* of the names */
};

struct pending {
    struct pending *below;          /* what was pending before all documents were deleted */
    const struct index_state *base; /* where documents are stored; NULL: none are */
    struct slot *slots;
    size_t n_slots, slots_cap;
    uint32_t *table; /* open addressing over slots, number + 1 */
    size_t table_cap;
    struct op *ops;
    size_t n_ops, ops_cap;
    size_t n_resolved; /* slots below this were looked up, unless rolled back */
    int64_t n_more;    /* documents more than stored, over all slots that were looked up */
    struct slab slab;
    struct fields fields; /* the base's names first, in its order */
    struct shape *shapes;
    size_t n_shapes, shapes_cap;
    uint32_t *shape_ids;
    size_t n_shape_ids, shape_ids_cap;
    uint32_t *shape_table;
    size_t shape_table_cap;
    struct field_walk walk;
};

struct pending_mark {
    size_t n_slots, n_ops, n_fields, n_shapes, n_shape_ids;
    struct slab_mark slab, field_text;
};

struct pending *pending__new(const struct index_state *base);
void pending__free(struct pending *p); /* and those below */
struct pending_mark pending__mark(const struct pending *p);
void pending__rollback(struct pending *p, const struct pending_mark *mark);
size_t pending__bytes(const struct pending *p);
/* The slot of id, made if it is not there. */
uint32_t pending__slot(struct pending *p, struct bytes id);
/* Whether there is a document now; its base must be known if it has no operation. */
bool pending__live(const struct pending *p, const struct slot *s);
/* entry: of what is stored; NULL: nothing is. */
void pending__set_base(struct pending *p, uint32_t slot, const struct document_entry *entry);
/* Adds an operation; json is copied. */
void pending__push(struct pending *p, uint32_t slot, enum op_kind kind, struct bytes json,
                   uint32_t shape);
/* The number of the set of fields in p->walk. */
uint32_t pending__shape(struct pending *p);

static inline struct bytes slot_id(const struct slot *s)
{
    return bytes_of(s->id, s->n_id);
}

static inline struct bytes op_json(const struct op *o)
{
    return bytes_of(o->json, o->n);
}

enum geo_use { GEO_UNKNOWN, GEO_UNUSED, GEO_USED };

/* The part of a draft that a rollback brings back. Strings are in the change's arena. */
struct draft_meta {
    const char *uid;
    const char *primary_key; /* NULL while not known */
    struct bytes settings;
    int64_t created_ns, updated_ns;
    uint32_t body;
    enum geo_use geo;     /* of the settings */
    struct pending *docs; /* owned by the draft; NULL: nothing asked */
    bool changed;
};

struct draft {
    uint32_t id;
    struct index_state *base; /* as committed, borrowed; NULL: made by this change */
    struct draft_meta m;
    uint64_t touched;            /* mark since which it has an undo */
    struct search_state *search; /* share; what the commit brings, made by change_finish() */
    struct index_state *renewed; /* share, or NULL: base as change__renew() stored it anew */
};

struct undo {
    struct draft *draft;
    struct draft_meta m;
    struct pending_mark docs; /* of m.docs, if there is one */
};

struct change {
    struct catalog *catalog;
    struct catalog_view *view; /* owned: the committed state it stands on */
    struct arena *arena;       /* strings */
    struct json_parser *json;  /* owned, as the next two */
    struct json_parser *json_two;
    struct buf merged;
    struct draft *base_drafts; /* owned: one per committed index */
    struct draft **made;       /* owned: those made by this change, owned too */
    size_t n_made, made_cap;
    struct draft **table; /* owned: the indexes there are now, by uid */
    size_t n_table, table_cap;
    struct draft *recent;       /* the one change__get() found last */
    struct draft **saved_table; /* owned: as it was at the mark; NULL: not touched since */
    size_t n_saved;
    struct undo *undos; /* owned */
    size_t n_undos, undos_cap;
    uint64_t mark; /* rises with every change_mark() */
    bool marked;
    uint32_t next_index, next_body;
    struct change_steps steps;
    uint32_t *reserved; /* owned: numbers that are marked as trash, to build under */
    size_t n_reserved, n_taken, reserved_cap;
    struct snapshot
        *next; /* after change_finish(): what the commit brings; the catalog's if staged */
    bool staged;
};

/* change.c */
struct draft *change__find(const struct change *c, struct bytes uid); /* or NULL */
struct draft *change__get(struct change *c, uint32_t index_id);       /* or NULL */
/* Says that the draft is about to change. */
void change__touch(struct change *c, struct draft *d);
/* Says that the table of indexes is about to change. */
void change__touch_table(struct change *c);
void change__sort_table(struct change *c);
/* Where the draft's documents are stored; NULL: it has no stored documents. */
const struct index_state *change__stored(const struct draft *d);
struct pending *change__docs(struct draft *d);
/* Gives up the documents: a new, empty body. */
void change__new_body(struct change *c, struct draft *d);

/* change_resolve.c: which of the ids are stored */
enum rc change__resolve(struct change *c, struct pending *p, struct err *err) MUST_CHECK;
enum rc change__resolve_one(struct change *c, struct pending *p, uint32_t slot,
                            struct err *err) MUST_CHECK;
enum rc change__count(struct change *c, struct draft *d, uint64_t *ret_n,
                      struct err *err) MUST_CHECK;
/* Slot numbers in byte order of their ids; xfree() it. */
uint32_t *change__sorted_slots(struct pending *p, size_t from, size_t *ret_n);

/* change_write.c: pending documents into blocks and ids */
enum rc change__write_documents(struct change *c, const struct draft *d, struct index_state *next,
                                uint32_t version, struct store_batch *batch,
                                struct err *err) MUST_CHECK;

/* change_blocks.c */

/* What becomes of a stored document. */
struct edit {
    uint32_t row; /* of the version that is stored */
    uint32_t doc;
    uint32_t op; /* OP_PUT, OP_MERGE; NO_OP: the document goes */
    uint32_t slot;
    /* what follows is known of OP_MERGE only behind block_job__look() */
    uint32_t n;       /* bytes of the new version */
    uint64_t mark;    /* its document_mark() */
    uint64_t laid_at; /* of OP_MERGE: where in the job it is */
    bool same;        /* the new version is the stored one */
};
struct block_plan {
    struct change *change;
    struct pending *docs;
    struct index_state *next;    /* next->dir is filled, counts and next_doc are changed */
    const struct directory *old; /* borrowed from the base; may be empty */
    const struct rows *rows;     /* borrowed: those that old goes with */
    uint32_t version;
    struct store_batch *batch;
    struct edit *edits; /* rising by row */
    size_t n_edits;
    const uint32_t *new_ops; /* operations whose documents are new, in order */
    size_t n_new;
    struct search_feed *feed; /* takes what documents there are and which go, in order */
    struct mutex lock;        /* guards field_delta while jobs run */
    int64_t *field_delta;     /* per number in docs->fields */
};
enum rc change__write_blocks(struct block_plan *plan, struct err *err) MUST_CHECK;

/* change_worn.c: rows that are documents again, and blocks without anything dead */

/* Whether the next commit with documents is to begin with it. */
bool change__is_worn(const struct change *c, const struct search_state *s);
/*
 * Gives next fresh rows and drops its columns' names; *ret_state, a share, is the
 * stored state over such rows, with blocks of its own. Takes many commits.
 */
enum rc change__renew(struct change *c, const struct index_state *stored, struct search_state *next,
                      struct store_batch *batch, struct index_state **ret_state,
                      struct err *err) MUST_CHECK;

/* change_search.c: words, columns and rows */

/* A number nobody has; what a kill leaves under it will be swept. May take a commit. */
enum rc change__number(struct change *c, uint32_t *ret_number, struct err *err) MUST_CHECK;
/* Commits what nobody can see yet. */
enum rc change__step(struct change *c, const struct store_batch *batch, struct err *err) MUST_CHECK;
/* Stands on the newest state, which has the same indexes. */
enum rc change__refresh(struct change *c, struct err *err) MUST_CHECK;

/* Sets d->search to what is to be fed with the draft's documents; may take many commits. */
enum rc change__search_begin(struct change *c, struct draft *d, struct store_batch *batch,
                             struct err *err) MUST_CHECK;
/* Numbers of was that now (or NULL) does not name become trash; cap: of next->trash. */
bool change__give_up(struct snapshot *next, const struct index_state *was,
                     const struct index_state *now, struct store_batch *batch, size_t *cap);
void change__keep_reserved(struct change *c, struct snapshot *next, struct store_batch *batch);
void change__put_meta(const struct snapshot *next, struct store_batch *batch);

/* change_sweep.c: what is left of bodies that were given up */
enum rc change__sweep(struct change *c, struct snapshot *next, struct store_batch *batch,
                      struct err *err) MUST_CHECK;
