/* SPDX-License-Identifier: MIT */
/*
 * change_sweep.c -- deletes what is left of bodies, words, columns and rows that were given up.
 *
 * At most SWEEP_KEYS a commit: a small index is gone with the commit that
 * deletes it, a large one some commits later. Nobody can see it any more in
 * between, dumps neither, because nothing names its number.
 */
#include "index/change_int.h"

#include "base/mem.h"
#include "store/store.h"

enum {
    SWEEP_KEYS = 50000,
    SWEEP_KEYS_TIGHT = 2000, /* on a disk that is nearly full deletions need room first, too */
};

/* Deletes keys of one kind; *left is what may still be deleted in this commit. */
static enum rc sweep_kind(struct change *c, enum key_kind kind, uint32_t body, size_t *left,
                          struct store_batch *batch, struct err *err)
{
    struct store_cursor *cursor = NULL;
    struct key prefix;
    enum rc rc;

    rc = store_cursor_open(c->view->store_view, key_head(&prefix, kind, body), true, &cursor, err);
    if (rc != RC_OK)
        return rc;
    for (store_cursor_first(cursor); *left > 0 && store_cursor_valid(cursor);
         store_cursor_next(cursor), --*left) {
        struct bytes key = store_cursor_key(cursor);

        store_batch_del(batch, key);
        if (kind == KEY_DIRECTORY && key.n == KEY_NUMBERED) {
            struct key block;

            /* Walking the blocks themselves would read every frame. */
            store_batch_del(batch,
                            key_numbered(&block, KEY_BLOCK, body, get_u32be(key.p + KEY_HEAD)));
        }
    }
    rc = store_cursor_end(cursor, err);
    store_cursor_close(cursor);
    return rc;
}

enum rc change__sweep(struct change *c, struct snapshot *next, struct store_batch *batch,
                      struct err *err)
{
    static const enum key_kind kinds[] = {
        KEY_DIRECTORY,      KEY_DOCUMENT_ID,    KEY_FIELD,  KEY_POSTING,  KEY_WORD,
        KEY_POSTING_PREFIX, KEY_POSTING_LENGTH, KEY_COLUMN, KEY_ROW_DEAD, KEY_ROW_DOC};
    size_t left = store_is_tight(c->catalog->store) ? SWEEP_KEYS_TIGHT : SWEEP_KEYS;
    size_t kept = 0, i, k;
    struct key key;

    for (i = 0; i < next->n_trash; i++) {
        for (k = 0; left > 0 && k < ARRAY_LEN(kinds); k++) {
            enum rc rc = sweep_kind(c, kinds[k], next->trash[i], &left, batch, err);

            if (rc != RC_OK)
                return rc;
        }
        if (left > 0)
            store_batch_del(batch, key_head(&key, KEY_TRASH, next->trash[i]));
        else
            next->trash[kept++] = next->trash[i];
    }
    next->n_trash = kept;
    return RC_OK;
}
