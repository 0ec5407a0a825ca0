/* SPDX-License-Identifier: MIT */
/*
 * change_renew.c -- indexes that an earlier version wrote, as a catalog opens.
 *
 * Their words lack lists that searches rely on, and their columns are other bytes.
 * A change that does nothing else is made for those indexes: it builds both anew,
 * as any change of them would.
 */
#include "index/change_int.h"
#include "index/search_int.h"

#include "base/log.h"
#include "store/store.h"

static enum rc commit(struct change *c, struct store *store, struct err *err)
{
    struct store_batch *batch = store_batch_new();
    enum rc rc = change_finish(c, batch, err);

    if (rc == RC_OK)
        rc = store_commit(store, batch, err);
    store_batch_free(batch);
    return rc;
}

enum rc change__renew_old(struct catalog *catalog, struct err *err)
{
    struct change *c = NULL;
    bool some = false;
    size_t i;
    enum rc rc;

    rc = change_begin(catalog, &c, err);
    if (rc != RC_OK)
        return rc;
    for (i = 0; i < c->n_table; i++) {
        struct draft *d = c->table[i];

        if (!d->base->search->old)
            continue;
        log_event(LOG_INFO, "index", "an earlier version indexed this", "index=%s", d->m.uid);
        change__touch(c, d);
        some = true;
    }
    if (some)
        rc = commit(c, catalog->store, err);
    if (rc == RC_OK && some)
        change_committed(c);
    else
        change_abandon(c);
    return rc;
}
