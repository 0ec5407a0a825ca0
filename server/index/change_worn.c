/* SPDX-License-Identifier: MIT */
/*
 * change_worn.c -- an index with many dead rows, stored anew: rows are documents again.
 *
 * Blocks are written in the order of the documents under a number of their own,
 * in commits that nobody sees; words and columns are then built from them
 * (change_search.c), and the change's own commit names all of it at once. A
 * kill before it leaves trash. The price, one pass over all documents, comes
 * when at least half as many versions have died as documents are there.
 */
#include "index/block_walk.h"
#include "index/change_int.h"
#include "index/reader_int.h"
#include "index/row_docs.h"

#include "base/mem.h"
#include "store/store.h"

enum {
    WORN_SHARE = 2, /* live rows are at most so many times the dead ones */
    STEP_BYTES = 4 << 20,
};

bool change__is_worn(const struct change *c, const struct search_state *s)
{
    uint64_t dead = rows__n_dead(s->rows) - s->dead_built;

    return dead >= c->catalog->worn_rows && rows__n_live(s->rows) <= WORN_SHARE * dead;
}

/* Every document's row is its number. */
static enum rc renew_rows(struct change *c, struct search_state *s, struct store_batch *batch,
                          struct err *err)
{
    struct rows *none = rows__new(), *fresh;
    struct rows_edit *edit = rows_edit__new(none);
    struct doc_iter it;
    uint32_t doc;
    enum rc rc;

    doc_iter__init(&it, s->rows, 0);
    while (doc_iter__next(&it, &doc))
        rows_edit__add(edit, doc, doc);
    rc = change__number(c, &s->rows_number, err);
    if (rc == RC_OK) {
        fresh = rows_edit__finish(edit, s->rows_number, batch);
        rows__unref(s->rows);
        s->rows = fresh;
        s->dead_built = rows__n_dead(s->rows);
        s->bytes = s->column_bytes = 0;
        search_state__set_names(s, NULL, 0, s->fields, s->n_fields);
    }
    rows_edit__free(edit);
    rows__unref(none);
    return rc;
}

struct renewing {
    struct change *change;
    struct index_state *state;
    struct store_batch *batch;
};

static enum rc store_block(void *arg, const struct walked_block *b, struct err *err)
{
    struct renewing *r = arg;
    uint8_t counts[2 * VARINT_MAX];
    struct key key;
    size_t n;
    enum rc rc;

    store_batch_put(r->batch, key_numbered(&key, KEY_BLOCK, r->state->blocks, b->entry.first),
                    b->value);
    n = put_varint(counts, b->entry.count);
    n += put_varint(counts + n, b->entry.bytes);
    store_batch_put(r->batch, key_numbered(&key, KEY_DIRECTORY, r->state->blocks, b->entry.first),
                    bytes_of(counts, n));
    directory__push(&r->state->dir, b->entry);
    r->state->stored_bytes += b->frame.n;
    r->state->n_versions += b->entry.count;
    if (store_batch_bytes(r->batch) < STEP_BYTES)
        return RC_OK;
    rc = change__step(r->change, r->batch, err);
    store_batch_clear(r->batch);
    if (rc == RC_OK && r->change->steps.check)
        rc = r->change->steps.check(r->change->steps.arg, err);
    return rc;
}

/* state, which has no blocks yet, gets those of stored. */
static enum rc renew_blocks(struct change *c, const struct index_state *stored,
                            struct index_state *state, struct err *err)
{
    struct renewing r = {c, state, store_batch_new()};
    enum rc rc;

    rc = change__number(c, &state->blocks, err);
    if (rc == RC_OK)
        rc = block_walk__run(c->view, stored, false, store_block, &r, err);
    if (rc == RC_OK)
        rc = change__step(c, r.batch, err);
    if (rc == RC_OK)
        rc = change__refresh(c, err); /* the rest of the change reads what was written */
    store_batch_free(r.batch);
    return rc;
}

enum rc change__renew(struct change *c, const struct index_state *stored, struct search_state *next,
                      struct store_batch *batch, struct index_state **ret_state, struct err *err)
{
    struct index_state *s = index_state__new();
    enum rc rc;

    *ret_state = s;
    s->id = stored->id;
    s->body = stored->body;
    s->uid = xstrdup(stored->uid);
    s->n_documents = stored->n_documents;
    s->document_bytes = stored->document_bytes;
    index_state__set_fields(s, stored->fields, stored->n_fields);
    rc = renew_blocks(c, stored, s, err);
    return rc == RC_OK ? renew_rows(c, next, batch, err) : rc;
}
