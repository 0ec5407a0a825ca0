/* SPDX-License-Identifier: MIT */
/*
 * catalog_load.c -- a snapshot out of the store, when a catalog is opened.
 *
 *   key    'm'
 *   value  u8 format (1), u64le sequence, u32le next index id, u32le next body
 *
 * Everything but the documents is held in memory; of a million documents that
 * is about 300 KB. What two places say twice must agree, else RC_CORRUPT: an
 * index whose blocks are not all there must not be served as if it were whole.
 */
#include "index/reader_int.h"

#include "base/mem.h"
#include "store/store.h"

enum { META_FORMAT = 1, META_SIZE = 17 };

void meta__encode(const struct snapshot *s, struct buf *out)
{
    uint8_t p[META_SIZE];

    p[0] = META_FORMAT;
    put_u64le(p + 1, s->seq);
    put_u32le(p + 9, s->next_index);
    put_u32le(p + 13, s->next_body);
    (void)buf_append(out, p, sizeof p);
}

static enum rc read_meta(struct store_view *view, uint64_t *ret_seq, uint32_t *ret_next_index,
                         uint32_t *ret_next_body, struct err *err)
{
    const uint8_t kind = KEY_META;
    struct bytes value;
    enum rc rc;

    *ret_seq = 0;
    *ret_next_index = *ret_next_body = 0;
    rc = store_view_get(view, bytes_of(&kind, 1), &value, err);
    if (rc == RC_NOT_FOUND)
        return RC_OK;
    if (rc != RC_OK)
        return rc;
    if (value.n != META_SIZE || value.p[0] != META_FORMAT)
        return err_set(err, RC_CORRUPT, NULL, "the database has an unknown format");
    *ret_seq = get_u64le(value.p + 1);
    *ret_next_index = get_u32le(value.p + 9);
    *ret_next_body = get_u32le(value.p + 13);
    return RC_OK;
}

enum rc snapshot__stored_seq(struct store_view *view, uint64_t *ret_seq, struct err *err)
{
    uint32_t next_index, next_body;

    return read_meta(view, ret_seq, &next_index, &next_body, err);
}

typedef enum rc entry_fn(void *arg, struct bytes key, struct bytes value, struct err *err);

/* Calls each for every key that starts with prefix. */
static enum rc each_entry(struct store_view *view, struct bytes prefix, entry_fn *each, void *arg,
                          struct err *err)
{
    struct store_cursor *c = NULL;
    enum rc rc;

    rc = store_cursor_open(view, prefix, true, &c, err);
    if (rc != RC_OK)
        return rc;
    for (store_cursor_first(c); rc == RC_OK && store_cursor_valid(c); store_cursor_next(c)) {
        struct bytes key = store_cursor_key(c);

        rc = each(arg, bytes_of(key.p + prefix.n, key.n - prefix.n), store_cursor_value(c), err);
    }
    if (rc == RC_OK)
        rc = store_cursor_end(c, err);
    store_cursor_close(c);
    return rc;
}

struct loading {
    struct store_view *view;
    struct index_state **states; /* owned array of shares */
    size_t n, cap;
    uint32_t *trash; /* owned */
    size_t n_trash, trash_cap;
    /* of the index being loaded */
    struct index_state *state; /* borrowed from states */
    uint64_t n_versions;
    struct field_count *fields; /* owned; names in text */
    size_t n_fields, fields_cap;
    struct slab text;
    uint32_t version;
};

static enum rc corrupt(struct loading *l, struct err *err, const char *what)
{
    return index_state__damaged(l->state, what, err);
}

static enum rc load_directory(void *arg, struct bytes key, struct bytes value, struct err *err)
{
    struct loading *l = arg;
    uint64_t count, bytes;
    size_t n = get_varint(value, &count), m;

    m = n ? get_varint(bytes_of(value.p + n, value.n - n), &bytes) : 0;
    if (key.n != 4 || m == 0 || count == 0 || count > UINT32_MAX || bytes > UINT32_MAX)
        return corrupt(l, err, "a directory entry is malformed");
    directory__push(&l->state->dir, (struct dir_entry){.first = get_u32be(key.p),
                                                       .version = l->version,
                                                       .count = (uint32_t)count,
                                                       .bytes = (uint32_t)bytes});
    l->n_versions += count;
    return RC_OK;
}

static enum rc load_field(void *arg, struct bytes key, struct bytes value, struct err *err)
{
    struct loading *l = arg;
    uint64_t count;

    if (get_varint(value, &count) == 0)
        return corrupt(l, err, "a field count is malformed");
    l->fields = index__grow(l->fields, sizeof *l->fields, l->n_fields + 1, &l->fields_cap);
    l->fields[l->n_fields++] = (struct field_count){slab__dup(&l->text, key), count};
    return RC_OK;
}

static enum rc load_body(struct loading *l, struct err *err)
{
    struct index_state *s = l->state;
    struct key key;
    struct bytes settings;
    enum rc rc;

    rc = store_view_get(l->view, key_head(&key, KEY_SETTINGS, s->id), &settings, err);
    if (rc == RC_NOT_FOUND)
        return corrupt(l, err, "it has no settings");
    if (rc != RC_OK)
        return rc;
    s->settings_text = xmemdup(settings.p, settings.n);
    s->settings = bytes_of(s->settings_text, settings.n);
    l->n_versions = 0;
    rc = each_entry(l->view, key_head(&key, KEY_DIRECTORY, s->blocks), load_directory, l, err);
    if (rc != RC_OK)
        return rc;
    if (l->n_versions != s->n_versions)
        return corrupt(l, err, "its blocks hold another number of documents than it says");
    l->n_fields = 0;
    rc = each_entry(l->view, key_head(&key, KEY_FIELD, s->body), load_field, l, err);
    if (rc == RC_OK)
        index_state__set_fields(s, l->fields, l->n_fields);
    slab__done(&l->text);
    if (rc == RC_OK)
        rc = search_state__load(l->view, s->id, s->next_doc, s->settings, &s->search, err);
    if (rc == RC_OK && rows__n_live(s->search->rows) != s->n_documents)
        rc = corrupt(l, err, "it has another number of rows than of documents");
    return rc;
}

static enum rc load_index(void *arg, struct bytes key, struct bytes value, struct err *err)
{
    struct loading *l = arg;
    struct index_state *s = index_state__new();

    l->states = index__grow(l->states, sizeof(struct index_state *), l->n + 1, &l->cap);
    l->states[l->n++] = s;
    if (key.n != 4)
        return err_set(err, RC_CORRUPT, NULL, "an index entry has a malformed key");
    s->id = get_u32be(key.p);
    return index_state__decode(value, s, err);
}

static enum rc load_trash(void *arg, struct bytes key, struct bytes value, struct err *err)
{
    struct loading *l = arg;

    (void)value;
    if (key.n != 4)
        return err_set(err, RC_CORRUPT, NULL, "an entry of what is to be swept is malformed");
    l->trash = index__grow(l->trash, sizeof *l->trash, l->n_trash + 1, &l->trash_cap);
    l->trash[l->n_trash++] = get_u32be(key.p);
    return RC_OK;
}

static enum rc load_all(struct loading *l, struct err *err)
{
    const uint8_t index = KEY_INDEX, trash = KEY_TRASH;
    size_t i;
    enum rc rc;

    rc = each_entry(l->view, bytes_of(&index, 1), load_index, l, err);
    if (rc != RC_OK)
        return rc;
    for (i = 0; i < l->n && rc == RC_OK; i++) {
        l->state = l->states[i];
        rc = load_body(l, err);
    }
    if (rc != RC_OK)
        return rc;
    return each_entry(l->view, bytes_of(&trash, 1), load_trash, l, err);
}

enum rc snapshot__load(struct store_view *view, struct snapshot **ret_snapshot, struct err *err)
{
    struct loading l = {.view = view};
    struct snapshot *s;
    uint32_t next_index, next_body;
    uint64_t seq;
    size_t i;
    enum rc rc;

    rc = read_meta(view, &seq, &next_index, &next_body, err);
    if (rc != RC_OK)
        return rc;
    l.version = (uint32_t)seq;
    rc = load_all(&l, err);
    if (rc != RC_OK)
        goto out;
    s = snapshot__new(l.states, l.n);
    l.n = 0;
    s->seq = seq;
    s->next_index = next_index;
    s->next_body = next_body;
    s->trash = l.trash;
    s->n_trash = l.n_trash;
    l.trash = NULL;
    *ret_snapshot = s;

out:
    for (i = 0; i < l.n; i++)
        index_state__unref(l.states[i]);
    xfree(l.states);
    xfree(l.trash);
    xfree(l.fields);
    slab__done(&l.text);
    return rc;
}
