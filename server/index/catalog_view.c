/* SPDX-License-Identifier: MIT */
/*
 * catalog_view.c -- one frozen moment: a view of the store and the snapshot that fits it.
 *
 * How the two are brought together while a commit is under way: top of catalog.c.
 */
#include "index/index_int.h"

#include "base/mem.h"
#include "store/store.h"

/* The snapshot of the store's sequence seq as a share, or NULL. Lock held. */
static struct snapshot *fitting(const struct catalog *catalog, uint64_t seq)
{
    if (catalog->current->seq == seq)
        return snapshot__ref(catalog->current);
    if (catalog->staged && catalog->staged->seq == seq)
        return snapshot__ref(catalog->staged);
    return NULL;
}

/* One try; *ret_snapshot stays NULL when the catalog moved on meanwhile. */
static enum rc try_open(struct catalog *catalog, struct store_view **ret_view,
                        struct snapshot **ret_snapshot, struct err *err)
{
    uint64_t turn, seq;
    bool settled;
    enum rc rc;

    mutex_lock(&catalog->lock);
    turn = catalog->turn;
    settled = !catalog->staged;
    mutex_unlock(&catalog->lock);
    rc = store_view_open(catalog->store, ret_view, err);
    if (rc != RC_OK)
        return rc;
    mutex_lock(&catalog->lock);
    if (settled && catalog->turn == turn)
        *ret_snapshot = snapshot__ref(catalog->current);
    mutex_unlock(&catalog->lock);
    if (*ret_snapshot)
        return RC_OK;
    rc = snapshot__stored_seq(*ret_view, &seq, err);
    if (rc != RC_OK)
        return rc;
    mutex_lock(&catalog->lock);
    *ret_snapshot = fitting(catalog, seq);
    mutex_unlock(&catalog->lock);
    return RC_OK;
}

enum rc catalog_view_open(struct catalog *catalog, struct catalog_view **ret_view, struct err *err)
{
    enum { TRIES = 1000 };
    struct store_view *store_view = NULL;
    struct snapshot *snapshot = NULL;
    struct catalog_view *view;
    int i;

    for (i = 0; i < TRIES; i++) {
        enum rc rc = try_open(catalog, &store_view, &snapshot, err);

        if (rc == RC_OK && snapshot)
            break;
        store_view_close(store_view);
        store_view = NULL;
        if (rc != RC_OK)
            return rc;
    }
    if (!snapshot)
        return err_set(err, RC_INTERNAL, NULL,
                       "the catalog is not at the state of its store; reload it");
    view = xcalloc(1, sizeof *view);
    *view = (struct catalog_view){catalog, snapshot, store_view};
    *ret_view = view;
    return RC_OK;
}

void catalog_view_close(struct catalog_view *view)
{
    if (!view)
        return;
    store_view_close(view->store_view);
    snapshot__unref(view->snapshot);
    xfree(view);
}

size_t catalog_view_count(const struct catalog_view *view)
{
    return view->snapshot->n;
}

struct index_info catalog_view_at(const struct catalog_view *view, size_t i)
{
    return index_state__info(view->snapshot->by_uid[i]);
}

enum rc catalog_view_find(const struct catalog_view *view, struct bytes uid,
                          struct index_info *ret_info, struct err *err)
{
    const struct index_state *s = snapshot__find(view->snapshot, uid);

    if (!s)
        return index__not_found(uid, err);
    *ret_info = index_state__info(s);
    return RC_OK;
}

enum rc view__state(const struct catalog_view *view, uint32_t index_id,
                    struct index_state **ret_state, struct err *err)
{
    *ret_state = snapshot__get(view->snapshot, index_id);
    if (*ret_state)
        return RC_OK;
    return err_set(err, RC_INTERNAL, NULL, "index %u is not of this view", index_id);
}

struct bytes catalog_view_settings(const struct catalog_view *view, uint32_t index_id)
{
    const struct index_state *s = snapshot__get(view->snapshot, index_id);

    return s ? s->settings : settings_defaults();
}

enum rc catalog_view_field_counts(struct catalog_view *view, uint32_t index_id,
                                  void (*each)(void *arg, struct bytes name, uint64_t count),
                                  void *arg, struct err *err)
{
    struct index_state *s;
    size_t i;
    enum rc rc;

    rc = view__state(view, index_id, &s, err);
    if (rc != RC_OK)
        return rc;
    for (i = 0; i < s->n_fields; i++)
        each(arg, s->fields[i].name, s->fields[i].count);
    return RC_OK;
}

struct store_view *catalog_view_store(struct catalog_view *view)
{
    return view->store_view;
}
