/* SPDX-License-Identifier: MIT */
/*
 * column_tail.c -- small commits: the newest rows of a column beside its last part.
 *
 * A commit of one document would read and write whole parts, one a column. So the
 * newest rows of the part that an index's last row is in are kept apart, as a
 * part of few rows, until they are many.
 *
 * Key    'c' column(4) first row + 1(4): the tail of the part from first row on
 * Value  as a part: column_part.c
 *
 * (1) Only the part of the last row has a tail: a commit that goes on to the next
 *     part lays all tails over their parts. So a search looks for one tail a column.
 * (2) Rows of a tail are not in the part below: rows are written once.
 */
#include "index/column_int.h"

#include "store/store.h"

enum { TAIL_ROWS = 256 }; /* more are not kept apart */

static void tail_key(struct key *k, uint32_t number, uint32_t first)
{
    key_numbered(k, KEY_COLUMN, number, first + 1);
}

/* Lays `more` over *value. */
static enum rc lay_over(struct buf *value, struct bytes more, struct err *err)
{
    struct buf merged;
    enum rc rc;

    buf_init(&merged, BUF_NO_LIMIT);
    rc = column_part__merge(buf_view(value), more, &merged, err);
    buf_done(value);
    *value = merged;
    return rc;
}

enum rc column_tail__read(struct store_view *view, uint32_t number, uint32_t first,
                          struct buf *value, struct err *err)
{
    struct bytes stored;
    struct key key;
    bool some;
    enum rc rc;

    buf_clear(value);
    rc = store_view_get(view, key_numbered(&key, KEY_COLUMN, number, first), &stored, err);
    some = rc == RC_OK;
    if (some)
        (void)buf_bytes(value, stored);
    if (!some && rc != RC_NOT_FOUND)
        return rc;
    tail_key(&key, number, first);
    rc = store_view_get(view, key_bytes(&key), &stored, err);
    if (rc == RC_NOT_FOUND)
        return some ? RC_OK : rc;
    if (rc != RC_OK)
        return rc;
    if (some)
        return lay_over(value, stored, err);
    (void)buf_bytes(value, stored);
    return RC_OK;
}

/* Puts the rows into the part, with its tail if it has one. */
static enum rc put_whole(const struct column_put *put, uint32_t number, uint32_t first,
                         struct bytes more, struct err *err)
{
    struct bytes stored;
    struct buf value;
    struct key key;
    enum rc rc;

    buf_init(&value, BUF_NO_LIMIT);
    key_numbered(&key, KEY_COLUMN, number, first);
    rc = store_view_get(put->view, key_bytes(&key), &stored, err);
    if (rc == RC_OK) {
        *put->bytes -= (int64_t)stored.n;
        rc = column_part__merge(stored, more, &value, err);
    } else if (rc == RC_NOT_FOUND) {
        (void)buf_bytes(&value, more);
        rc = RC_OK;
    }
    if (rc == RC_OK) {
        *put->bytes += (int64_t)value.n;
        store_batch_put(put->batch, key_bytes(&key), buf_view(&value));
    }
    buf_done(&value);
    return rc;
}

/* Replaces *value with the tail, which has `more` over it; it may be empty. */
static enum rc take_tail(const struct column_put *put, const struct key *key, struct bytes more,
                         struct buf *value, bool *ret_had, struct err *err)
{
    struct bytes stored;
    enum rc rc = store_view_get(put->view, key_bytes(key), &stored, err);

    *ret_had = rc == RC_OK;
    if (rc == RC_NOT_FOUND) {
        (void)buf_bytes(value, more);
        return RC_OK;
    }
    if (rc != RC_OK)
        return rc;
    *put->bytes -= (int64_t)stored.n;
    (void)buf_bytes(value, stored);
    return more.n ? lay_over(value, more, err) : RC_OK;
}

enum rc column_tail__put(const struct column_put *put, uint32_t number, uint32_t first,
                         struct bytes more, struct err *err)
{
    bool had = false;
    struct buf value;
    struct key key;
    enum rc rc;

    buf_init(&value, BUF_NO_LIMIT);
    tail_key(&key, number, first);
    rc = take_tail(put, &key, more, &value, &had, err);
    if (rc == RC_OK && value.n) {
        if (first == put->last && column_part__rows(buf_view(&value)) < TAIL_ROWS) {
            *put->bytes += (int64_t)value.n;
            store_batch_put(put->batch, key_bytes(&key), buf_view(&value));
        } else {
            rc = put_whole(put, number, first, buf_view(&value), err);
            if (rc == RC_OK && had)
                store_batch_del(put->batch, key_bytes(&key));
        }
    }
    buf_done(&value);
    return rc;
}
