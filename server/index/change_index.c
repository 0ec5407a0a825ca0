/* SPDX-License-Identifier: MIT */
/*
 * change_index.c -- making, naming, exchanging and deleting indexes; settings.
 *
 * An index keeps its id when it is renamed or swapped: uids move between
 * drafts, documents and settings do not move at all.
 */
#include "index/change_int.h"
#include "index/search_int.h"

#include "base/assert.h"
#include "base/mem.h"

static enum rc primary_key_exists(const struct draft *d, struct err *err)
{
    return err_set(err, RC_INVALID, "index_primary_key_already_exists",
                   "Index `%s`: Index already has a primary key: `%s`.", d->m.uid,
                   d->m.primary_key);
}

static const char *text_of(struct change *c, struct bytes b)
{
    return arena_strndup(c->arena, b.p, b.n);
}

static enum rc info_of(struct change *c, struct draft *d, struct index_info *ret_info,
                       struct err *err)
{
    const struct index_state *stored = change__stored(d);
    uint64_t n;
    enum rc rc;

    rc = change__count(c, d, &n, err);
    if (rc != RC_OK)
        return rc;
    *ret_info = (struct index_info){
        .id = d->id,
        .uid = d->m.uid,
        .primary_key = d->m.primary_key,
        .created_ns = d->m.created_ns,
        .updated_ns = d->m.updated_ns,
        .n_documents = n,
        .document_bytes = stored ? stored->document_bytes : 0,
        .stored_bytes = stored ? stored->stored_bytes : 0,
        .search_bytes = stored ? stored->search->bytes + stored->search->column_bytes : 0};
    return RC_OK;
}

enum rc change_find(struct change *c, struct bytes uid, struct index_info *ret_info,
                    struct err *err)
{
    struct draft *d = change__find(c, uid);

    return d ? info_of(c, d, ret_info, err) : index__not_found(uid, err);
}

enum rc change_create_index(struct change *c, struct bytes uid, struct bytes primary_key,
                            int64_t now_ns, uint32_t *ret_id, struct err *err)
{
    struct draft *d;
    enum rc rc;

    rc = index_uid_check(uid, err);
    if (rc != RC_OK)
        return rc;
    if (change__find(c, uid))
        return err_set(err, RC_EXISTS, "index_already_exists", "Index `%.*s` already exists.",
                       BYTES_ARG(uid));
    d = xcalloc(1, sizeof *d);
    d->id = c->next_index++;
    d->m = (struct draft_meta){.uid = text_of(c, uid),
                               .primary_key = primary_key.n ? text_of(c, primary_key) : NULL,
                               .settings = settings_defaults(),
                               .created_ns = now_ns,
                               .updated_ns = now_ns,
                               .body = c->next_body++,
                               .changed = true};
    c->made = index__grow(c->made, sizeof(struct draft *), c->n_made + 1, &c->made_cap);
    c->made[c->n_made++] = d;
    change__touch_table(c);
    c->table = index__grow(c->table, sizeof(struct draft *), c->n_table + 1, &c->table_cap);
    c->table[c->n_table++] = d;
    change__sort_table(c);
    *ret_id = d->id;
    return RC_OK;
}

enum rc change_delete_index(struct change *c, struct bytes uid, uint64_t *ret_documents,
                            struct err *err)
{
    struct draft *d = change__find(c, uid);
    size_t i;
    enum rc rc;

    if (!d)
        return index__not_found(uid, err);
    rc = change__count(c, d, ret_documents, err);
    if (rc != RC_OK)
        return rc;
    change__touch_table(c);
    for (i = 0; c->table[i] != d; i++)
        ;
    memmove(&c->table[i], &c->table[i + 1], (c->n_table - i - 1) * sizeof(struct draft *));
    c->n_table--;
    return RC_OK;
}

static enum rc check_update(struct change *c, struct draft *d, struct bytes new_uid,
                            struct bytes primary_key, struct err *err)
{
    uint64_t n;
    enum rc rc;

    if (new_uid.n) {
        rc = index_uid_check(new_uid, err);
        if (rc != RC_OK)
            return rc;
        if (!bytes_eq(new_uid, bytes_str(d->m.uid)) && change__find(c, new_uid))
            return err_set(err, RC_EXISTS, "index_already_exists",
                           "Cannot rename `%s` to `%.*s` as the index already exists. Hint: You "
                           "can remove `%.*s` first and then do your remove.",
                           d->m.uid, BYTES_ARG(new_uid), BYTES_ARG(new_uid));
    }
    if (!primary_key.n || !d->m.primary_key || bytes_eq(primary_key, bytes_str(d->m.primary_key)))
        return RC_OK;
    rc = change__count(c, d, &n, err);
    if (rc != RC_OK)
        return rc;
    return n ? primary_key_exists(d, err) : RC_OK;
}

enum rc change_update_index(struct change *c, struct bytes uid, struct bytes new_uid,
                            struct bytes primary_key, int64_t now_ns, struct err *err)
{
    struct draft *d = change__find(c, uid);
    enum rc rc;

    if (!d)
        return index__not_found(uid, err);
    rc = check_update(c, d, new_uid, primary_key, err);
    if (rc != RC_OK)
        return rc;
    change__touch(c, d);
    d->m.updated_ns = now_ns;
    if (primary_key.n)
        d->m.primary_key = text_of(c, primary_key);
    if (new_uid.n) {
        change__touch_table(c);
        d->m.uid = text_of(c, new_uid);
        change__sort_table(c);
    }
    return RC_OK;
}

static enum rc check_swap(struct bytes a, bool has_a, struct bytes b, bool has_b, bool rename,
                          struct err *err)
{
    if (!has_a && !has_b && !rename)
        return err_set(err, RC_NOT_FOUND, "index_not_found", "Indexes `%.*s`, `%.*s` not found.",
                       BYTES_ARG(a), BYTES_ARG(b));
    if (!has_a || (!has_b && !rename))
        return index__not_found(has_a ? b : a, err);
    if (has_b && rename)
        return err_set(err, RC_EXISTS, "index_already_exists",
                       "The following indexes are being renamed but cannot because their new name "
                       "conflicts with an already existing index: `%.*s`. Renaming doesn't "
                       "overwrite the other index name.",
                       BYTES_ARG(b));
    return RC_OK;
}

enum rc change_swap(struct change *c, struct bytes a, struct bytes b, bool rename, struct err *err)
{
    struct draft *x = change__find(c, a), *y = change__find(c, b);
    const char *uid;
    enum rc rc;

    rc = check_swap(a, x != NULL, b, y != NULL, rename, err);
    if (rc == RC_OK && rename)
        rc = index_uid_check(b, err);
    if (rc != RC_OK)
        return rc;
    ASSERT(x && (y || rename)); /* check_swap() said so */
    change__touch_table(c);
    change__touch(c, x);
    if (rename) {
        x->m.uid = text_of(c, b);
    } else {
        change__touch(c, y);
        uid = x->m.uid;
        x->m.uid = y->m.uid;
        y->m.uid = uid;
    }
    change__sort_table(c);
    return RC_OK;
}

static enum rc get(struct change *c, uint32_t index_id, struct draft **ret_draft, struct err *err)
{
    *ret_draft = change__get(c, index_id);
    if (*ret_draft)
        return RC_OK;
    return err_set(err, RC_INTERNAL, NULL, "index %u is not of this change", index_id);
}

enum rc change_settings(struct change *c, uint32_t index_id, struct bytes patch, int64_t now_ns,
                        struct err *err)
{
    struct draft *d;
    struct buf out;
    enum rc rc;

    rc = get(c, index_id, &d, err);
    if (rc != RC_OK)
        return rc;
    buf_init(&out, BUF_NO_LIMIT);
    rc = settings__apply(d->m.settings, patch, &out, err);
    if (rc == RC_OK) {
        change__touch(c, d);
        d->m.settings = arena_dup(c->arena, buf_view(&out));
        d->m.geo = GEO_UNKNOWN;
        d->m.updated_ns = now_ns;
    } else if (rc == RC_INVALID && err) {
        (void)err_prefix(err, "Index `%s`: ", d->m.uid);
    }
    buf_done(&out);
    return rc;
}

/* ---- documents as a whole ------------------------------------------------------------ */

/* The key that is asked for, or else what the first document suggests. */
static enum rc choose_key(struct change *c, struct draft *d, struct bytes asked,
                          struct bytes first_document, struct bytes *ret_key, struct err *err)
{
    struct json_value doc;
    struct json_error at;

    if (d->m.primary_key) {
        if (asked.n && !bytes_eq(asked, bytes_str(d->m.primary_key)))
            return primary_key_exists(d, err);
        *ret_key = (struct bytes){0};
        return RC_OK;
    }
    *ret_key = asked;
    if (asked.n)
        return RC_OK;
    if (first_document.n == 0)
        return document__no_key(err);
    if (json_parse(c->json, first_document, &index__json_limits, &doc, &at) != RC_OK ||
        json_type(doc) != JSON_OBJECT)
        return err_set(err, RC_INVALID, "malformed_payload", "a document is not a JSON object");
    return document__infer_key(doc, ret_key, err);
}

enum rc change_documents_begin(struct change *c, uint32_t index_id,
                               const struct document_opts *opts, struct bytes first_document,
                               int64_t now_ns, struct err *err)
{
    struct bytes key = {0};
    struct draft *d;
    enum rc rc;

    rc = get(c, index_id, &d, err);
    if (rc != RC_OK)
        return rc;
    rc = choose_key(c, d, opts->primary_key, first_document, &key, err);
    if (rc != RC_OK)
        return rc;
    change__touch(c, d);
    d->m.updated_ns = now_ns;
    if (key.n)
        d->m.primary_key = text_of(c, key);
    return RC_OK;
}

enum rc change_delete_all(struct change *c, uint32_t index_id, int64_t now_ns,
                          uint64_t *ret_deleted, struct err *err)
{
    struct draft *d;
    enum rc rc;

    rc = get(c, index_id, &d, err);
    if (rc != RC_OK)
        return rc;
    rc = change__count(c, d, ret_deleted, err);
    if (rc != RC_OK)
        return rc;
    change__touch(c, d);
    d->m.updated_ns = now_ns;
    if (*ret_deleted || d->m.docs)
        change__new_body(c, d);
    return RC_OK;
}
