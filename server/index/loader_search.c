/* SPDX-License-Identifier: MIT */
/*
 * loader_search.c -- words and columns of an index that was just loaded.
 *
 * The documents are in the store by now; they are built from there with all
 * cores, as the settings say. Nothing needs to be marked on the way: a load that
 * does not end is thrown away as a whole.
 */
#include "index/loader_int.h"
#include "index/search_build.h"

#include "base/mem.h"
#include "store/store.h"

void loader_on_progress(struct loader *l, loader_progress_fn *fn, void *arg)
{
    l->progress = fn;
    l->progress_arg = arg;
}

static enum rc host_number(void *arg, uint32_t *ret_number, struct err *err)
{
    struct loader *l = arg;

    (void)err;
    *ret_number = l->next_number++;
    return RC_OK;
}

static enum rc host_commit(void *arg, const struct store_batch *batch, struct err *err)
{
    struct loader *l = arg;

    return store_commit(l->store, batch, err);
}

static enum rc host_tell(void *arg, uint64_t done, struct err *err)
{
    struct loader *l = arg;

    (void)err;
    if (l->progress)
        l->progress(l->progress_arg, l->n_indexed + done);
    return RC_OK;
}

static enum rc build(struct loader *l, struct search_state *next, struct err *err)
{
    const struct search_host host = {l, host_number, host_commit, host_tell};
    struct search_build build = {.store = l->store,
                                 .state = l->state,
                                 .host = &host,
                                 .next = next,
                                 .words = true,
                                 .columns = true};
    struct rows *none = rows__new();
    struct rows_edit *edit = rows_edit__new(none);
    uint32_t doc;
    enum rc rc;

    for (doc = 0; doc < l->state->next_doc; doc++)
        rows_edit__add(edit, doc, doc);
    rows__unref(next->rows);
    next->rows_number = l->next_number++;
    next->rows = rows_edit__finish(edit, next->rows_number, l->batch);
    rows_edit__free(edit);
    rows__unref(none);
    build.rows = next->rows;
    rc = search_build__run(&build, err);
    l->n_indexed += l->state->next_doc;
    return rc;
}

enum rc loader__search(struct loader *l, struct err *err)
{
    struct search_state *next;
    struct plan *plan = NULL;
    struct key key;
    enum rc rc;

    rc = plan_new(l->state->settings, &plan, err);
    if (rc != RC_OK)
        return rc;
    next = search_state__new(plan);
    plan_unref(plan);
    l->state->search = next; /* freed with it */
    if (l->state->next_doc == 0)
        return RC_OK;
    rc = build(l, next, err);
    if (rc != RC_OK)
        return rc;
    buf_clear(&l->value);
    search_state__encode(next, &l->value);
    store_batch_put(l->batch, key_head(&key, KEY_SEARCH, l->state->id), buf_view(&l->value));
    return RC_OK;
}
