/* SPDX-License-Identifier: MIT */
/*
 * document_merge.c -- the members of one document laid over another's.
 *
 * Both documents may have many thousands of members and come from outside, so
 * names are looked up in a sorted list, never by walking it for each.
 */
#include "index/index_int.h"

#include "base/mem.h"

#include <stdlib.h>

struct member {
    struct bytes key;
    struct bytes key_raw, raw; /* as they stand in the text */
    size_t place;
    bool used;
};

static int by_key(const void *a, const void *b)
{
    const struct member *x = a, *y = b;

    return bytes_cmp(x->key, y->key);
}

static int by_place(const void *a, const void *b)
{
    const struct member *x = a, *y = b;

    return (x->place > y->place) - (x->place < y->place);
}

static void put_member(struct buf *out, bool *comma, struct bytes key_raw, struct bytes raw)
{
    if (*comma)
        (void)buf_byte(out, ',');
    *comma = true;
    (void)buf_bytes(out, key_raw);
    (void)buf_byte(out, ':');
    (void)buf_bytes(out, raw);
}

void document__merge(struct json_value base, struct json_value patch, struct buf *out)
{
    size_t n = json_count(patch), i = 0;
    struct member *members = xmalloc((n ? n : 1) * sizeof *members), *m, wanted;
    struct json_iter it;
    bool comma = false;

    for (json_iter_init(&it, patch); json_iter_next(&it); i++)
        members[i] = (struct member){
            .key = it.key, .key_raw = json_raw(it.key_at), .raw = json_raw(it.value), .place = i};
    qsort(members, n, sizeof *members, by_key);
    (void)buf_byte(out, '{');
    for (json_iter_init(&it, base); json_iter_next(&it);) {
        wanted = (struct member){.key = it.key};
        m = n ? bsearch(&wanted, members, n, sizeof *members, by_key) : NULL;
        if (m)
            m->used = true;
        put_member(out, &comma, json_raw(it.key_at), m ? m->raw : json_raw(it.value));
    }
    qsort(members, n, sizeof *members, by_place);
    for (i = 0; i < n; i++)
        if (!members[i].used)
            put_member(out, &comma, members[i].key_raw, members[i].raw);
    (void)buf_byte(out, '}');
    xfree(members);
}
