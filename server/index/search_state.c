/* SPDX-License-Identifier: MIT */
/*
 * search_state.c -- which rows, words and columns an index has at one moment.
 *
 *   key    'I' index id(4)
 *   value  u8 format (2; 1: other words and columns); varints: words number,
 *          rows number, dead rows when all was built, bytes; varint fields, each
 *          varint length and name, by number; varint columns, each varint length
 *          and name, varint number, sorted by name
 *
 * An index that nothing was indexed for yet has no such key. The plan is made
 * from the settings, rows and vocabulary from their own keys.
 */
#include "index/search_build.h"

#include "base/mem.h"
#include "store/store.h"

#include <stdlib.h>

enum { SEARCH_FORMAT = 2, SEARCH_NUMBERS = 5 };

/* Immutable; one allocation: the columns, the fields, the bytes of their names. */
struct search_names {
    atomic_uint refs;
    struct column_ref columns[];
};

static void names_unref(struct search_names *names)
{
    if (names && atomic_fetch_sub_explicit(&names->refs, 1, memory_order_acq_rel) == 1)
        xfree(names);
}

static struct search_state *make(struct plan *plan)
{
    struct search_state *s = xcalloc(1, sizeof *s);

    atomic_init(&s->refs, 1);
    s->plan = plan;
    return s;
}

struct search_state *search_state__new(struct plan *plan)
{
    struct search_state *s = make(plan_ref(plan));

    s->rows = rows__new();
    s->vocab = vocab__new();
    search_state__set_names(s, NULL, 0, NULL, 0);
    return s;
}

struct search_state *search_state__ref(struct search_state *s)
{
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

void search_state__unref(struct search_state *s)
{
    if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
        return;
    rows__unref(s->rows);
    vocab__unref(s->vocab);
    plan_unref(s->plan);
    names_unref(s->names);
    xfree(s);
}

struct search_state *search_state__copy(const struct search_state *s)
{
    struct search_state *copy = make(plan_ref(s->plan));

    copy->words = s->words;
    copy->rows_number = s->rows_number;
    copy->dead_built = s->dead_built;
    copy->bytes = s->bytes;
    copy->column_bytes = s->column_bytes;
    copy->rows = rows__ref(s->rows);
    copy->vocab = vocab__ref(s->vocab);
    atomic_fetch_add_explicit(&s->names->refs, 1, memory_order_relaxed);
    copy->names = s->names;
    copy->columns = s->columns;
    copy->n_columns = s->n_columns;
    copy->fields = s->fields;
    copy->n_fields = s->n_fields;
    return copy;
}

static int by_name(const void *a, const void *b)
{
    const struct column_ref *x = a, *y = b;

    return bytes_cmp(x->name, y->name);
}

static struct bytes move_to(uint8_t **at, struct bytes name)
{
    struct bytes copy = {*at, name.n};

    if (name.n)
        memcpy(*at, name.p, name.n);
    *at += name.n;
    return copy;
}

void search_state__set_names(struct search_state *s, const struct column_ref *columns,
                             size_t n_columns, const struct bytes *fields, size_t n_fields)
{
    struct search_names *names;
    struct bytes *own_fields;
    size_t bytes = 0, i;
    uint8_t *at;

    for (i = 0; i < n_columns; i++)
        bytes += columns[i].name.n;
    for (i = 0; i < n_fields; i++)
        bytes += fields[i].n;
    names =
        xmalloc(sizeof *names + n_columns * sizeof *columns + n_fields * sizeof *fields + bytes);
    atomic_init(&names->refs, 1);
    own_fields = (struct bytes *)(void *)(names->columns + n_columns);
    at = (uint8_t *)(own_fields + n_fields);
    for (i = 0; i < n_columns; i++)
        names->columns[i] = (struct column_ref){move_to(&at, columns[i].name), columns[i].number};
    for (i = 0; i < n_fields; i++)
        own_fields[i] = move_to(&at, fields[i]);
    if (n_columns)
        qsort(names->columns, n_columns, sizeof *columns, by_name);
    names_unref(s->names); /* only now: what was given may be the state's own */
    s->names = names;
    s->columns = names->columns;
    s->n_columns = n_columns;
    s->fields = own_fields;
    s->n_fields = n_fields;
}

bool search_state__column(const struct search_state *s, struct bytes name, uint32_t *ret_number)
{
    size_t lo = 0, hi = s->n_columns;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int order = bytes_cmp(s->columns[mid].name, name);

        if (order == 0) {
            *ret_number = s->columns[mid].number;
            return true;
        }
        if (order < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return false;
}

void search_state__encode(const struct search_state *s, struct buf *out)
{
    size_t i;

    (void)buf_byte(out, SEARCH_FORMAT);
    (void)buf_varint(out, s->words);
    (void)buf_varint(out, s->rows_number);
    (void)buf_varint(out, s->dead_built);
    (void)buf_varint(out, s->bytes);
    (void)buf_varint(out, s->column_bytes);
    (void)buf_varint(out, s->n_fields);
    for (i = 0; i < s->n_fields; i++) {
        (void)buf_varint(out, s->fields[i].n);
        (void)buf_bytes(out, s->fields[i]);
    }
    (void)buf_varint(out, s->n_columns);
    for (i = 0; i < s->n_columns; i++) {
        (void)buf_varint(out, s->columns[i].name.n);
        (void)buf_bytes(out, s->columns[i].name);
        (void)buf_varint(out, s->columns[i].number);
    }
}

/* ---- reading ------------------------------------------------------------------------- */

static enum rc damaged(struct err *err)
{
    return err_set(err, RC_CORRUPT, NULL, "the entry of an index's words and columns is damaged");
}

static bool take_varint(struct bytes *b, uint64_t max, uint64_t *ret_v)
{
    size_t n = get_varint(*b, ret_v);

    *b = bytes_of(b->p + n, b->n - n);
    return n > 0 && *ret_v <= max;
}

static bool take_name(struct bytes *b, struct bytes *ret_name)
{
    uint64_t n;

    if (!take_varint(b, b->n, &n) || n > b->n)
        return false;
    *ret_name = bytes_of(b->p, (size_t)n);
    *b = bytes_of(b->p + n, b->n - (size_t)n);
    return true;
}

static enum rc decode_names(struct bytes value, struct search_state *s, struct err *err)
{
    struct column_ref *columns = NULL;
    struct bytes *fields = NULL;
    uint64_t n_fields, n_columns = 0, number, i;
    enum rc rc = RC_OK;

    /* Every name takes a byte at least, so that a damaged count asks for no more than is there. */
    if (!take_varint(&value, value.n, &n_fields))
        return damaged(err);
    fields = xcalloc(n_fields ? (size_t)n_fields : 1, sizeof *fields);
    for (i = 0; rc == RC_OK && i < n_fields; i++)
        if (!take_name(&value, &fields[i]))
            rc = damaged(err);
    if (rc == RC_OK && !take_varint(&value, value.n, &n_columns))
        rc = damaged(err);
    if (rc != RC_OK)
        goto out;
    columns = xcalloc(n_columns ? (size_t)n_columns : 1, sizeof *columns);
    for (i = 0; rc == RC_OK && i < n_columns; i++) {
        if (!take_name(&value, &columns[i].name) || !take_varint(&value, UINT32_MAX, &number) ||
            (i > 0 && bytes_cmp(columns[i - 1].name, columns[i].name) >= 0))
            rc = damaged(err);
        columns[i].number = (uint32_t)number;
    }
    if (rc == RC_OK && value.n)
        rc = damaged(err);
    if (rc == RC_OK)
        search_state__set_names(s, columns, (size_t)n_columns, fields, (size_t)n_fields);

out:
    xfree(columns);
    xfree(fields);
    return rc;
}

static enum rc decode(struct bytes value, struct search_state *s, struct err *err)
{
    const uint64_t most[SEARCH_NUMBERS] = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT64_MAX,
                                           UINT64_MAX};
    uint64_t numbers[SEARCH_NUMBERS];
    size_t i;

    if (value.n == 0 || value.p[0] != SEARCH_FORMAT)
        return damaged(err);
    value = bytes_of(value.p + 1, value.n - 1);
    for (i = 0; i < SEARCH_NUMBERS; i++)
        if (!take_varint(&value, most[i], &numbers[i]))
            return damaged(err);
    s->words = (uint32_t)numbers[0];
    s->rows_number = (uint32_t)numbers[1];
    s->dead_built = numbers[2];
    s->bytes = numbers[3];
    s->column_bytes = numbers[4];
    return decode_names(value, s, err);
}

enum rc search_state__load(struct store_view *view, uint32_t index_id, uint32_t next_row,
                           struct bytes settings, struct search_state **ret_state, struct err *err)
{
    struct search_state *s;
    struct plan *plan = NULL;
    struct bytes value;
    struct key key;
    enum rc rc;

    rc = plan_new(settings, &plan, err);
    if (rc != RC_OK)
        return rc;
    rc = store_view_get(view, key_head(&key, KEY_SEARCH, index_id), &value, err);
    if (rc == RC_NOT_FOUND) {
        *ret_state = search_state__new(plan);
        plan_unref(plan);
        return next_row == 0 ? RC_OK : damaged(err);
    }
    s = make(plan);
    if (rc == RC_OK)
        rc = decode(value, s, err);
    if (rc == RC_OK)
        rc = rows__load(view, s->rows_number, next_row, &s->rows, err);
    if (rc == RC_OK)
        rc = vocab__load(view, s->words, &s->vocab, err);
    *ret_state = s; /* the caller's in any case: it is freed with the index state */
    return rc;
}

/* ---- changing, before anybody else sees it --------------------------------------------- */

void search_state__add_columns(struct search_state *s, const struct column_ref *more, size_t n)
{
    size_t all = s->n_columns + n;
    struct column_ref *columns;

    if (!n)
        return;
    columns = xmalloc(all * sizeof *columns);
    if (s->n_columns)
        memcpy(columns, s->columns, s->n_columns * sizeof *columns);
    memcpy(columns + s->n_columns, more, n * sizeof *columns);
    search_state__set_names(s, columns, all, s->fields, s->n_fields);
    xfree(columns);
}

void search_state__set_fields(struct search_state *s, struct search_fields *fields)
{
    size_t n = search_fields__count(fields), i;
    struct bytes *names;

    if (n == s->n_fields) /* numbers are never taken back */
        return;
    names = xmalloc(n * sizeof *names);
    for (i = 0; i < n; i++)
        names[i] = search_fields__name(fields, i);
    search_state__set_names(s, s->columns, s->n_columns, names, n);
    xfree(names);
}
