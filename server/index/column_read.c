/* SPDX-License-Identifier: MIT */
/*
 * column_read.c -- the columns of a reader: parts are read when they are first asked for.
 *
 * What was read stays until the reader is closed, because answers borrow from
 * it; but who asks for parts of now gets them in rooms that are used again.
 */
#include "index/column_int.h"
#include "index/reader_int.h"

#include "base/mem.h"
#include "store/store.h"

struct column {
    struct column *next;
    struct reader *reader; /* borrowed */
    struct bytes name;     /* owned */
    uint32_t number;
    uint32_t n_parts;            /* of all rows there are */
    struct column_part **parts;  /* owned; NULL: not there, if it was asked for */
    bool *asked;                 /* owned */
    struct store_cursor *cursor; /* owned, or NULL */
    uint32_t cursor_part;        /* for which it was moved last */
    struct {
        struct column_room room; /* owned */
        uint32_t number;         /* of the part that was looked for last, from 1; 0: none yet */
        bool there;
    } now[TILE_ROWS / PART_ROWS];
    uint32_t last_now; /* the same of all of them */
};

size_t reader_n_columns(const struct reader *r)
{
    return r->search->n_columns;
}

struct bytes reader_column_name(const struct reader *r, size_t i)
{
    return r->search->columns[i].name;
}

enum rc reader_column(struct reader *r, struct bytes field, struct column **ret_column,
                      struct err *err)
{
    uint32_t number, n = rows__next(r->search->rows);
    struct column *c;

    (void)err; /* parts are read later */
    for (c = r->columns; c; c = c->next) {
        if (bytes_eq(c->name, field)) {
            *ret_column = c;
            return RC_OK;
        }
    }
    if (!search_state__column(r->search, field, &number))
        return RC_NOT_FOUND;
    c = xcalloc(1, sizeof *c);
    c->next = r->columns;
    c->reader = r;
    c->name = bytes_of(xmemdup(field.n ? field.p : (const uint8_t *)"", field.n), field.n);
    c->number = number;
    c->n_parts = n / PART_ROWS + (n % PART_ROWS != 0);
    c->parts = xcalloc((size_t)c->n_parts + 1, sizeof(struct column_part *));
    c->asked = xcalloc((size_t)c->n_parts + 1, sizeof *c->asked);
    r->columns = c;
    *ret_column = c;
    return RC_OK;
}

static void column_free(struct column *c)
{
    uint32_t i;

    for (i = 0; i < c->n_parts; i++)
        column_part__close(c->parts[i]);
    for (i = 0; i < ARRAY_LEN(c->now); i++)
        column_part__close(c->now[i].room.part);
    store_cursor_close(c->cursor);
    xfree(c->parts);
    xfree(c->asked);
    xfree((void *)(uintptr_t)c->name.p);
    xfree(c);
}

void reader__close_columns(struct reader *r)
{
    while (r->columns) {
        struct column *c = r->columns;

        r->columns = c->next;
        column_free(c);
    }
}

/* The i-th part into the room; RC_NOT_FOUND: it is not there. */
static enum rc load(struct column *c, uint32_t i, struct column_room *room, struct err *err)
{
    struct store_view *view = reader__store(c->reader);
    struct bytes value;
    struct buf tailed;
    struct key k;
    enum rc rc;

    if (i + 1 < c->n_parts) {
        key_numbered(&k, KEY_COLUMN, c->number, i * PART_ROWS);
        rc = store_view_get(view, key_bytes(&k), &value, err);
        return rc == RC_OK ? column_part__open(value, i * PART_ROWS, room, err) : rc;
    }
    buf_init(&tailed, BUF_NO_LIMIT);
    rc = column_tail__read(view, c->number, i * PART_ROWS, &tailed, err);
    if (rc == RC_OK)
        rc = column_part__open(buf_view(&tailed), i * PART_ROWS, room, err);
    buf_done(&tailed);
    return rc;
}

static bool is_before(const struct store_cursor *c, struct bytes key)
{
    return store_cursor_valid(c) && bytes_cmp(store_cursor_key(c), key) < 0;
}

/*
 * The same for the part behind the one that was asked for last: by a cursor, which
 * is there already and need not copy it. It stands on the first key that is not
 * before the part that it was asked for.
 */
static enum rc load_next(struct column *c, uint32_t i, struct column_room *room, struct err *err)
{
    bool near = c->cursor && c->cursor_part + 1 == i;
    struct bytes key;
    struct key k;
    enum rc rc;

    if (!c->cursor) {
        key = key_head(&k, KEY_COLUMN, c->number);
        rc = store_cursor_open(reader__store(c->reader), key, false, &c->cursor, err);
        if (rc != RC_OK)
            return rc;
    }
    key = key_numbered(&k, KEY_COLUMN, c->number, i * PART_ROWS);
    if (near && is_before(c->cursor, key))
        store_cursor_next(c->cursor);
    if (!near || is_before(c->cursor, key))
        store_cursor_seek(c->cursor, key);
    c->cursor_part = i;
    rc = store_cursor_end(c->cursor, err);
    if (rc != RC_OK)
        return rc;
    if (!store_cursor_valid(c->cursor) || !bytes_eq(store_cursor_key(c->cursor), key))
        return RC_NOT_FOUND;
    return column_part__open(store_cursor_value(c->cursor), i * PART_ROWS, room, err);
}

enum rc column_part_of(struct column *c, uint32_t row, struct column_part **ret_part,
                       struct err *err)
{
    struct column_room room = {0};
    uint32_t i = row / PART_ROWS;
    enum rc rc;

    *ret_part = NULL;
    if (i >= c->n_parts)
        return RC_OK;
    if (!c->asked[i]) {
        rc = load(c, i, &room, err);
        if (rc == RC_OK) {
            c->parts[i] = room.part;
        } else {
            column_part__close(room.part);
            if (rc != RC_NOT_FOUND)
                return rc;
        }
        c->asked[i] = true;
    }
    *ret_part = c->parts[i];
    return RC_OK;
}

enum rc column_part_now(struct column *c, uint32_t row, struct column_part **ret_part,
                        struct err *err)
{
    uint32_t i = row / PART_ROWS, slot = i % ARRAY_LEN(c->now);
    bool in_turn;
    enum rc rc;

    if (i >= c->n_parts || c->asked[i])
        return column_part_of(c, row, ret_part, err);
    *ret_part = NULL;
    if (c->now[slot].number != i + 1) {
        c->now[slot].number = 0;
        in_turn = i + 1 < c->n_parts && c->last_now == i; /* the last part of all has a tail */
        c->last_now = i + 1;
        rc = (in_turn ? load_next : load)(c, i, &c->now[slot].room, err);
        if (rc != RC_OK && rc != RC_NOT_FOUND)
            return rc;
        c->now[slot].there = rc == RC_OK;
        c->now[slot].number = i + 1;
    }
    if (c->now[slot].there)
        *ret_part = c->now[slot].room.part;
    return RC_OK;
}
