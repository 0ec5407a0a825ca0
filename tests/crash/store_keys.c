/* SPDX-License-Identifier: MIT */
/*
 * store_keys.c -- prints what keys a store that nobody has open holds: kind, number, how many.
 *
 * usage: store_keys <directory of the store>
 */
#include "index/keys.h"
#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>

/* Keys of one kind and number stand side by side. */
static enum rc walk(struct store_view *view, struct err *err)
{
    struct store_cursor *c = NULL;
    uint8_t head[KEY_HEAD] = {0};
    size_t n = 0;
    enum rc rc;

    rc = store_cursor_open(view, (struct bytes){0}, true, &c, err);
    if (rc != RC_OK)
        return rc;
    for (store_cursor_first(c); store_cursor_valid(c); store_cursor_next(c)) {
        struct bytes key = store_cursor_key(c);

        if (key.n < KEY_HEAD)
            continue;
        if (n > 0 && memcmp(head, key.p, KEY_HEAD) != 0) {
            (void)printf("%c %" PRIu32 " %zu\n", head[0], get_u32be(head + 1), n);
            n = 0;
        }
        memcpy(head, key.p, KEY_HEAD);
        n++;
    }
    if (n > 0)
        (void)printf("%c %" PRIu32 " %zu\n", head[0], get_u32be(head + 1), n);
    rc = store_cursor_end(c, err);
    store_cursor_close(c);
    return rc;
}

int main(int argc, char **argv)
{
    struct store_view *view = NULL;
    struct store *store = NULL;
    struct err err = {0};
    enum rc rc;

    if (argc != 2)
        return 2;
    rc = store_open(argv[1], NULL, &store, &err);
    if (rc == RC_OK)
        rc = store_view_open(store, &view, &err);
    if (rc == RC_OK)
        rc = walk(view, &err);
    store_view_close(view);
    store_close(store);
    if (rc != RC_OK)
        (void)fprintf(stderr, "store_keys: %s\n", err.msg);
    return rc == RC_OK ? 0 : 1;
}
