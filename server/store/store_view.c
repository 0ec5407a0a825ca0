/* SPDX-License-Identifier: MIT */
/*
 * store_view.c -- frozen views and the cursors over them.
 *
 * LevelDB iterators know no bounds, so a cursor keeps its prefix and looks at
 * each key it lands on. An iterator that meets a damaged block goes on
 * behind it and keeps the error to itself until asked, which is what
 * store_cursor_end() does.
 */
#include "base/assert.h"
#include "base/fault.h"
#include "base/mem.h"
#include "store/store_int.h"

struct store_view {
    struct store *store;                /* borrowed */
    leveldb_t *db;                      /* borrowed: stays while the view is open */
    const leveldb_snapshot_t *snapshot; /* owned */
    leveldb_readoptions_t *options;     /* owned */
    char *value; /* owned by LevelDB's allocator: what store_view_get() gave last */
    size_t n_cursors;
};

struct store_cursor {
    struct store_view *view;  /* borrowed */
    leveldb_iterator_t *iter; /* owned */
    uint8_t *prefix;          /* owned */
    size_t n_prefix;
    struct bytes key; /* where it stands; borrowed from iter */
    bool valid;
    char *fault; /* owned: an injected error; sticky, as LevelDB's own */
};

enum rc store_view_open(struct store *store, struct store_view **ret_view, struct err *err)
{
    struct store_view *view;
    enum rc rc;
    int e = FAULT(STORE_READ);

    if (e)
        return store__fail(err, store__fault_text(e), "cannot read the database");
    mutex_lock(&store->lock);
    rc = store__enter(store, err);
    if (rc != RC_OK) {
        mutex_unlock(&store->lock);
        return rc;
    }
    store->n_views++;
    view = xcalloc(1, sizeof *view);
    view->store = store;
    view->db = store->db;
    mutex_unlock(&store->lock);
    view->snapshot = leveldb_create_snapshot(view->db);
    view->options = leveldb_readoptions_create();
    leveldb_readoptions_set_verify_checksums(view->options, 1);
    leveldb_readoptions_set_snapshot(view->options, view->snapshot);
    *ret_view = view;
    return RC_OK;
}

void store_view_close(struct store_view *view)
{
    struct store *store;

    if (!view)
        return;
    ASSERT(view->n_cursors == 0);
    store = view->store;
    leveldb_free(view->value);
    leveldb_readoptions_destroy(view->options);
    leveldb_release_snapshot(view->db, view->snapshot);
    xfree(view);
    mutex_lock(&store->lock);
    store->n_views--;
    store__leave(store);
    mutex_unlock(&store->lock);
}

enum rc store_view_get(struct store_view *view, struct bytes key, struct bytes *ret_val,
                       struct err *err)
{
    char *text = NULL;
    size_t n = 0;
    int e = FAULT(STORE_READ);

    leveldb_free(view->value);
    view->value = NULL;
    if (e)
        text = store__fault_text(e);
    else
        view->value = leveldb_get(view->db, view->options, (const char *)key.p, key.n, &n, &text);
    if (text)
        return store__fail(err, text, "cannot read the database");
    if (!view->value)
        return RC_NOT_FOUND;
    *ret_val = bytes_of(view->value, n);
    return RC_OK;
}

/* ---- cursors ------------------------------------------------------------------------- */

enum rc store_cursor_open(struct store_view *view, struct bytes prefix, bool sequential,
                          struct store_cursor **ret_cursor, struct err *err)
{
    struct store_cursor *c;
    int e = FAULT(STORE_READ);

    if (e)
        return store__fail(err, store__fault_text(e), "cannot read the database");
    c = xcalloc(1, sizeof *c);
    c->view = view;
    c->prefix = xmemdup(prefix.p, prefix.n);
    c->n_prefix = prefix.n;
    /* The iterator copies the options. Tables are memory-mapped: the kernel reads ahead. */
    leveldb_readoptions_set_fill_cache(view->options, !sequential);
    c->iter = leveldb_create_iterator(view->db, view->options);
    leveldb_readoptions_set_fill_cache(view->options, 1);
    view->n_cursors++;
    *ret_cursor = c;
    return RC_OK;
}

void store_cursor_close(struct store_cursor *c)
{
    if (!c)
        return;
    leveldb_iter_destroy(c->iter);
    c->view->n_cursors--;
    leveldb_free(c->fault);
    xfree(c->prefix);
    xfree(c);
}

/* True when the cursor must not move: an injected error has struck. */
static bool is_struck(struct store_cursor *c)
{
    int e = c->fault ? 0 : FAULT(STORE_READ);

    if (e)
        c->fault = store__fault_text(e);
    if (c->fault)
        c->valid = false;
    return c->fault != NULL;
}

/* Looks at where the iterator stands. */
static void look(struct store_cursor *c)
{
    const char *p;
    size_t n;

    c->valid = leveldb_iter_valid(c->iter);
    if (!c->valid)
        return;
    p = leveldb_iter_key(c->iter, &n);
    c->key = bytes_of(p, n);
    c->valid = bytes_starts(c->key, bytes_of(c->prefix, c->n_prefix));
}

static void seek(struct store_cursor *c, struct bytes key)
{
    leveldb_iter_seek(c->iter, (const char *)key.p, key.n);
}

void store_cursor_first(struct store_cursor *c)
{
    if (is_struck(c))
        return;
    seek(c, bytes_of(c->prefix, c->n_prefix));
    look(c);
}

void store_cursor_seek(struct store_cursor *c, struct bytes key)
{
    struct bytes prefix = bytes_of(c->prefix, c->n_prefix);

    if (is_struck(c))
        return;
    seek(c, bytes_cmp(key, prefix) < 0 ? prefix : key);
    look(c);
}

void store_cursor_next(struct store_cursor *c)
{
    ASSERT(c->valid);
    if (is_struck(c))
        return;
    leveldb_iter_next(c->iter);
    look(c);
}

bool store_cursor_valid(const struct store_cursor *c)
{
    return c->valid;
}

struct bytes store_cursor_key(const struct store_cursor *c)
{
    ASSERT(c->valid);
    return c->key;
}

struct bytes store_cursor_value(const struct store_cursor *c)
{
    const char *p;
    size_t n;

    ASSERT(c->valid);
    p = leveldb_iter_value(c->iter, &n);
    return bytes_of(p, n);
}

enum rc store_cursor_end(struct store_cursor *c, struct err *err)
{
    char *text = NULL;

    if (c->fault)
        return store__fail(err, strdup(c->fault), "cannot read the database");
    leveldb_iter_get_error(c->iter, &text);
    if (text)
        return store__fail(err, text, "cannot read the database");
    return RC_OK;
}
