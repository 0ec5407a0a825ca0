/* SPDX-License-Identifier: MIT */
/*
 * change_documents.c -- one document asked for, or asked to go.
 *
 * Adding looks nothing up: whether an id is stored is asked for all of them at
 * the end. Three cases cannot wait: deleting (its answer says whether the
 * document was there), skipping what does not exist, and members laid over a
 * document that together may pass the size limit, because only now can the
 * task still fail alone.
 */
#include "index/change_int.h"
#include "index/row_docs.h"

#include "base/mem.h"

/* Members up to this size over a document of a block that is not large pass no limit. */
enum { MERGE_LATER = 1 << 20 };

struct adding {
    struct change *c;
    struct draft *d;
    struct pending *p;
    const struct document_opts *opts;
    struct bytes json;
    struct json_value doc;
    uint32_t slot;
};

static enum rc too_large(struct err *err)
{
    return err_set(err, RC_TOO_LARGE, "payload_too_large",
                   "A document is larger than %d MiB, which is the most that one may be.",
                   RECORD_DOCUMENT_MAX >> 20);
}

/* Numbers the fields of a document. They stay numbered until the task is rolled back. */
static enum rc number_fields(struct pending *p, const struct draft *d, struct json_value doc,
                             uint32_t *ret_shape, struct err *err)
{
    fields__walk(&p->fields, true, doc, &p->walk);
    if (p->fields.n > DOCUMENT_FIELDS_MAX)
        return err_set(err, RC_INVALID, "max_fields_limit_exceeded",
                       "Index `%s`: A document cannot contain more than 65,535 fields.", d->m.uid);
    *ret_shape = pending__shape(p);
    return RC_OK;
}

/* Lays a->json over `below` and pushes the outcome. */
static enum rc push_merged(struct adding *a, struct bytes below, enum op_kind kind, struct err *err)
{
    struct json_value base;
    struct json_error at;
    uint32_t shape = 0;
    enum rc rc;

    rc = json_parse(a->c->json_two, below, &index__json_limits, &base, &at);
    if (rc != RC_OK || json_type(base) != JSON_OBJECT)
        return err_set(err, RC_CORRUPT, NULL, "a stored document is not a JSON object");
    buf_clear(&a->c->merged);
    document__merge(base, a->doc, &a->c->merged);
    if (a->c->merged.n > RECORD_DOCUMENT_MAX)
        return too_large(err);
    rc = json_parse(a->c->json_two, buf_view(&a->c->merged), &index__json_limits, &base, &at);
    if (rc != RC_OK)
        return err_set(err, RC_INTERNAL, NULL, "a merged document does not parse");
    rc = number_fields(a->p, a->d, base, &shape, err);
    if (rc == RC_OK)
        pending__push(a->p, a->slot, kind, buf_view(&a->c->merged), shape);
    return rc;
}

/* Whether a stored document may be near the limit. */
static bool has_large(const struct pending *p)
{
    return p->base && p->base->dir.largest > BLOCK_LARGE;
}

static enum rc push_merge(struct adding *a, struct err *err)
{
    const struct slot *s = &a->p->slots[a->slot];
    const struct op *last = s->last == NO_OP ? NULL : &a->p->ops[s->last];
    struct bytes below;
    struct buf stored;
    uint32_t shape = 0;
    enum rc rc;

    if (last && last->kind == OP_PUT)
        return push_merged(a, op_json(last), OP_PUT, err);
    if (!last && a->json.n <= MERGE_LATER && !has_large(a->p)) {
        rc = number_fields(a->p, a->d, a->doc, &shape, err);
        if (rc == RC_OK)
            pending__push(a->p, a->slot, OP_MERGE, a->json, shape);
        return rc;
    }
    if (last && last->kind == OP_MERGE && last->n + a->json.n <= MERGE_LATER)
        return push_merged(a, op_json(last), OP_MERGE, err);

    /* Deleted before, or too large to be laid over later: the whole document, now. */
    rc = change__resolve_one(a->c, a->p, a->slot, err);
    if (rc != RC_OK)
        return rc;
    buf_init(&stored, BUF_NO_LIMIT);
    (void)buf_str(&stored, "{}");
    if ((!last || last->kind == OP_MERGE) && s->base == BASE_PRESENT)
        rc = view__document(a->c->view, a->p->base, s->entry.doc, &stored, err);
    if (rc == RC_OK && last && last->kind == OP_MERGE) {
        struct adding before = *a;
        struct json_error at;

        /* What was laid over it earlier comes first. */
        before.json = op_json(last);
        rc = json_parse(a->c->json, before.json, &index__json_limits, &before.doc, &at);
        if (rc == RC_OK)
            rc = push_merged(&before, buf_view(&stored), OP_PUT, err);
        if (rc == RC_OK)
            rc = json_parse(a->c->json, a->json, &index__json_limits, &a->doc, &at);
        if (rc == RC_OK) {
            below = op_json(&a->p->ops[a->p->slots[a->slot].last]);
            rc = push_merged(a, below, OP_PUT, err);
        }
    } else if (rc == RC_OK) {
        rc = push_merged(a, buf_view(&stored), OP_PUT, err);
    }
    buf_done(&stored);
    return rc;
}

static enum rc push_put(struct adding *a, struct err *err)
{
    uint32_t shape = 0;
    enum rc rc;

    rc = number_fields(a->p, a->d, a->doc, &shape, err);
    if (rc == RC_OK)
        pending__push(a->p, a->slot, OP_PUT, a->json, shape);
    return rc;
}

/* A place is judged where it is said: laid over another document it replaces that one's whole. */
static enum rc check_geo(struct adding *a, struct bytes id, struct err *err)
{
    enum rc rc;

    if (a->d->m.geo == GEO_UNKNOWN)
        a->d->m.geo = settings__use_geo(a->d->m.settings) ? GEO_USED : GEO_UNUSED;
    if (a->d->m.geo == GEO_UNUSED)
        return RC_OK;
    rc = document__check_geo(a->doc, id, a->c->json_two, err);
    if (rc != RC_OK && err)
        (void)err_prefix(err, "Index `%s`: ", a->d->m.uid);
    return rc;
}

static enum rc prepare(struct adding *a, uint32_t index_id, struct bytes *ret_id, struct err *err)
{
    struct json_error at;
    enum rc rc;

    a->d = change__get(a->c, index_id);
    if (!a->d || !a->d->m.primary_key)
        return err_set(err, RC_INTERNAL, NULL, "documents were not begun");
    if (a->json.n > RECORD_DOCUMENT_MAX)
        return too_large(err);
    if (json_parse(a->c->json, a->json, &index__json_limits, &a->doc, &at) != RC_OK ||
        json_type(a->doc) != JSON_OBJECT)
        return err_set(err, RC_INVALID, "malformed_payload", "a document is not a JSON object");
    rc = document__id(a->doc, bytes_str(a->d->m.primary_key), ret_id, err);
    return rc == RC_OK ? check_geo(a, *ret_id, err) : rc;
}

/*
 * Rows have 32 bits, and so have places in a change. Dead rows behind the last document's
 * number are given out again when the index is stored anew, with which this change begins if
 * there are many: they do not count.
 */
static enum rc check_room(const struct adding *a, struct err *err)
{
    const struct index_state *s = a->p->base;
    uint64_t next = s ? s->next_doc : 0;

    if (next + a->p->n_ops >= UINT32_MAX - 1 && s && change__is_worn(a->c, s->search))
        next = rows__docs_end(s->search->rows);
    if (next + a->p->n_ops >= UINT32_MAX - 1)
        return err_set(err, RC_TOO_MANY, NULL, "Index `%s` has no document numbers left.",
                       a->d->m.uid);
    if (a->p->slab.bytes + a->json.n > (size_t)3 << 30)
        return err_set(err, RC_TOO_LARGE, "payload_too_large",
                       "Index `%s`: one change may hold at most 3 GiB of documents.", a->d->m.uid);
    return RC_OK;
}

enum rc change_document(struct change *c, uint32_t index_id, struct bytes json,
                        const struct document_opts *opts, struct err *err)
{
    struct adding a = {.c = c, .opts = opts, .json = json};
    struct bytes id = {0};
    enum rc rc;

    rc = prepare(&a, index_id, &id, err);
    if (rc != RC_OK)
        return rc;
    change__touch(c, a.d);
    a.p = change__docs(a.d);
    rc = check_room(&a, err);
    if (rc != RC_OK)
        return rc;
    a.slot = pending__slot(a.p, id);
    if (opts->skip_creation) {
        rc = change__resolve_one(c, a.p, a.slot, err);
        if (rc != RC_OK || !pending__live(a.p, &a.p->slots[a.slot]))
            return rc;
    }
    return opts->replace ? push_put(&a, err) : push_merge(&a, err);
}

enum rc change_delete_document(struct change *c, uint32_t index_id, struct bytes id, int64_t now_ns,
                               bool *ret_deleted, struct err *err)
{
    struct draft *d = change__get(c, index_id);
    struct pending *p;
    uint32_t slot;
    enum rc rc;

    if (!d)
        return err_set(err, RC_INTERNAL, NULL, "index %u is not of this change", index_id);
    change__touch(c, d);
    d->m.updated_ns = now_ns;
    *ret_deleted = false;
    if (!document_id_valid(id))
        return RC_OK;
    p = change__docs(d);
    slot = pending__slot(p, id);
    rc = change__resolve_one(c, p, slot, err);
    if (rc != RC_OK || !pending__live(p, &p->slots[slot]))
        return rc;
    pending__push(p, slot, OP_DELETE, (struct bytes){0}, 0);
    *ret_deleted = true;
    return RC_OK;
}
