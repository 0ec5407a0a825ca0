/* SPDX-License-Identifier: MIT */
/*
 * change_sweep.c -- deletes what is left of bodies, words, columns and rows that were given up.
 *
 * At most SWEEP_KEYS a commit: a small index is gone with the commit that
 * deletes it, a large one some commits later. Nobody can see it any more in
 * between, dumps neither, because nothing names its number.
 *
 * To LevelDB deleted keys are keys until it writes their table anew, which it does
 * late where nothing new comes in, and numbers are not used again. Until then they
 * take room, and whoever seeks behind the last key of a number steps over all
 * that were deleted there. So ranges that were swept are kept until the writer
 * has nothing else to do, and are merged then, the oldest first: most of the searches that
 * still saw them are over by that time.
 */
#include "index/change_int.h"

#include "base/mem.h"
#include "store/store.h"

enum {
    SWEEP_KEYS = 50000,
    SWEEP_KEYS_TIGHT = 2000, /* on a disk that is nearly full deletions need room first, too */
    MERGE_KEYS = 500,        /* fewer are stepped over in no time */
    SWEPT_MAX = 4096,        /* ranges; of more, under a load that never ends, LevelDB takes care */
    SWEPT_KEY = 32,          /* bytes of a key that say where to merge */
};

/* Keys of one kind and number that a commit deleted, up to the cut of the names. */
struct swept {
    uint8_t first[SWEPT_KEY], last[SWEPT_KEY];
    uint8_t n_first, n_last;
};

static uint8_t keep_head(uint8_t *head, struct bytes key)
{
    size_t n = key.n < SWEPT_KEY ? key.n : SWEPT_KEY;

    memcpy(head, key.p, n);
    return (uint8_t)n;
}

static void keep_range(struct catalog *catalog, const struct swept *range)
{
    if (catalog->n_swept == SWEPT_MAX)
        return;
    catalog->swept = index__grow(catalog->swept, sizeof *catalog->swept, catalog->n_swept + 1,
                                 &catalog->swept_cap);
    catalog->swept[catalog->n_swept++] = *range;
}

bool catalog_merge_swept(struct catalog *catalog)
{
    struct swept range;

    if (catalog->n_swept == 0)
        return false;
    range = catalog->swept[0];
    memmove(catalog->swept, catalog->swept + 1, --catalog->n_swept * sizeof range);
    store_merge(catalog->store, bytes_of(range.first, range.n_first),
                bytes_of(range.last, range.n_last));
    return catalog->n_swept > 0;
}

/* Deletes keys of one kind; *left is what may still be deleted in this commit. */
static enum rc sweep_kind(struct change *c, enum key_kind kind, uint32_t body, size_t *left,
                          struct store_batch *batch, struct err *err)
{
    struct store_cursor *cursor = NULL;
    struct swept range = {.n_first = 0};
    struct key prefix;
    size_t n = 0;
    enum rc rc;

    rc = store_cursor_open(c->view->store_view, key_head(&prefix, kind, body), true, &cursor, err);
    if (rc != RC_OK)
        return rc;
    for (store_cursor_first(cursor); *left > 0 && store_cursor_valid(cursor);
         store_cursor_next(cursor), --*left) {
        struct bytes key = store_cursor_key(cursor);

        if (n++ == 0)
            range.n_first = keep_head(range.first, key);
        range.n_last = keep_head(range.last, key);
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
    if (n >= MERGE_KEYS)
        keep_range(c->catalog, &range);
    if (n >= MERGE_KEYS && kind == KEY_DIRECTORY) {
        range.first[0] = range.last[0] = KEY_BLOCK;
        keep_range(c->catalog, &range);
    }
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
