/* SPDX-License-Identifier: MIT */
/* store_fixture.c -- see store_fixture.h. */
#include "store_fixture.h"

#include "base/buf.h"
#include "base/mem.h"
#include "store/store_int.h"
#include "support/tempdir.h"

#include <stdio.h>

struct fixture fx;

static struct buf text;

void fixture_reopen(void)
{
    CU_ASSERT_EQUAL_FATAL(store_open(fx.path, &fx.opts, &fx.store, &fx.err), RC_OK);
}

void fixture_setup(void)
{
    fx = (struct fixture){.opts = {.write_buffer = 64 << 10, .reopen_wait_ms = 1}};
    fx.dir = tempdir_make();
    fx.path = xmalloc(strlen(fx.dir) + 16);
    (void)snprintf(fx.path, strlen(fx.dir) + 16, "%s/store", fx.dir);
    fx.batch = store_batch_new();
    buf_init(&text, BUF_NO_LIMIT);
    fixture_reopen();
}

void fixture_close(void)
{
    store_cursor_close(fx.cursor);
    fx.cursor = NULL;
    store_view_close(fx.view);
    fx.view = NULL;
    store_close(fx.store);
    fx.store = NULL;
}

void fixture_teardown(void)
{
    fault_clear();
    fixture_close();
    store_batch_free(fx.batch);
    buf_done(&text);
    tempdir_remove(fx.dir);
    xfree(fx.path);
}

enum rc fixture_put(const char *key, const char *value)
{
    store_batch_clear(fx.batch);
    store_batch_put(fx.batch, bytes_str(key), bytes_str(value));
    return store_commit(fx.store, fx.batch, &fx.err);
}

enum rc fixture_del(const char *key)
{
    store_batch_clear(fx.batch);
    store_batch_del(fx.batch, bytes_str(key));
    return store_commit(fx.store, fx.batch, &fx.err);
}

void fixture_compact(const char *from, const char *to)
{
    size_t n = strlen(from), m = strlen(to);

    leveldb_compact_range(fx.store->db, n ? from : NULL, n, m ? to : NULL, m);
}

uint64_t fixture_epoch(void)
{
    uint64_t epoch;

    mutex_lock(&fx.store->lock);
    epoch = fx.store->epoch;
    mutex_unlock(&fx.store->lock);
    return epoch;
}

const char *fixture_get(const char *key)
{
    struct store_view *view = NULL;
    struct bytes value = {0};
    enum rc rc;

    buf_clear(&text);
    CU_ASSERT_EQUAL_FATAL(store_view_open(fx.store, &view, &fx.err), RC_OK);
    rc = store_view_get(view, bytes_str(key), &value, &fx.err);
    CU_ASSERT(rc == RC_OK || rc == RC_NOT_FOUND);
    (void)buf_bytes(&text, value);
    store_view_close(view);
    return buf_cstr(&text);
}

void fixture_view(void)
{
    CU_ASSERT_EQUAL_FATAL(store_view_open(fx.store, &fx.view, &fx.err), RC_OK);
}

void fixture_cursor(const char *prefix)
{
    if (!fx.view)
        fixture_view();
    store_cursor_close(fx.cursor);
    fx.cursor = NULL;
    CU_ASSERT_EQUAL_FATAL(store_cursor_open(fx.view, bytes_str(prefix), false, &fx.cursor, &fx.err),
                          RC_OK);
}

const char *fixture_rest(void)
{
    buf_clear(&text);
    for (; store_cursor_valid(fx.cursor); store_cursor_next(fx.cursor)) {
        if (text.n > 0)
            (void)buf_byte(&text, ' ');
        (void)buf_bytes(&text, store_cursor_key(fx.cursor));
    }
    CU_ASSERT_EQUAL(store_cursor_end(fx.cursor, &fx.err), RC_OK);
    return buf_cstr(&text);
}
