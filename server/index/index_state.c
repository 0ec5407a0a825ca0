/* SPDX-License-Identifier: MIT */
/*
 * index_state.c -- what is known of one index at one moment.
 *
 *   key    'i' index id(4)
 *   value  u8 format (2); varint length and bytes of the uid; varint length + 1
 *          and bytes of the primary key (0: none); u64le created, updated (ns);
 *          varints: body, blocks, next row, documents, document
 *          bytes, versions in blocks, stored bytes
 */
#include "index/reader_int.h"

#include "base/assert.h"
#include "base/mem.h"

#include <stdlib.h>

enum { STATE_FORMAT = 2, STATE_NUMBERS = 7 };

struct index_state *index_state__new(void)
{
    struct index_state *s = xcalloc(1, sizeof *s);

    atomic_init(&s->refs, 1);
    return s;
}

struct index_state *index_state__ref(struct index_state *s)
{
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

enum rc index_state__damaged(const struct index_state *s, const char *what, struct err *err)
{
    return err_set(err, RC_CORRUPT, NULL, "index `%s` is damaged: %s", s->uid, what);
}

void index_state__unref(struct index_state *s)
{
    if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
        return;
    xfree(s->uid);
    xfree(s->primary_key);
    xfree(s->settings_text);
    xfree(s->dir.at);
    xfree(s->fields);
    xfree(s->field_text);
    search_state__unref(s->search);
    xfree(s);
}

struct index_info index_state__info(const struct index_state *s)
{
    return (struct index_info){.id = s->id,
                               .uid = s->uid,
                               .primary_key = s->primary_key,
                               .created_ns = s->created_ns,
                               .updated_ns = s->updated_ns,
                               .n_documents = s->n_documents,
                               .document_bytes = s->document_bytes,
                               .stored_bytes = s->stored_bytes,
                               .search_bytes = s->search->bytes + s->search->column_bytes};
}

void index_state__encode(const struct index_state *s, struct buf *out)
{
    const uint64_t numbers[STATE_NUMBERS] = {s->body,        s->blocks,         s->next_doc,
                                             s->n_documents, s->document_bytes, s->n_versions,
                                             s->stored_bytes};
    uint8_t times[16];
    size_t i;

    (void)buf_byte(out, STATE_FORMAT);
    (void)buf_varint(out, strlen(s->uid));
    (void)buf_str(out, s->uid);
    (void)buf_varint(out, s->primary_key ? strlen(s->primary_key) + 1 : 0);
    (void)buf_str(out, s->primary_key ? s->primary_key : "");
    put_u64le(times, (uint64_t)s->created_ns);
    put_u64le(times + 8, (uint64_t)s->updated_ns);
    (void)buf_append(out, times, sizeof times);
    for (i = 0; i < STATE_NUMBERS; i++)
        (void)buf_varint(out, numbers[i]);
}

static bool take_varint(struct bytes *b, uint64_t *ret_v)
{
    size_t n = get_varint(*b, ret_v);

    *b = bytes_of(b->p + n, b->n - n);
    return n > 0;
}

static bool take(struct bytes *b, uint64_t n, struct bytes *ret_piece)
{
    if (n > b->n)
        return false;
    *ret_piece = bytes_of(b->p, (size_t)n);
    *b = bytes_of(b->p + n, b->n - (size_t)n);
    return true;
}

enum rc index_state__decode(struct bytes value, struct index_state *s, struct err *err)
{
    struct bytes uid, key = {0}, times;
    uint64_t n_uid, n_key, numbers[STATE_NUMBERS];
    size_t i;

    if (value.n == 0 || value.p[0] != STATE_FORMAT)
        return err_set(err, RC_CORRUPT, NULL, "an index entry has an unknown format");
    value = bytes_of(value.p + 1, value.n - 1);
    if (!take_varint(&value, &n_uid) || !take(&value, n_uid, &uid) ||
        !take_varint(&value, &n_key) || !take(&value, n_key ? n_key - 1 : 0, &key) ||
        !take(&value, 16, &times))
        return err_set(err, RC_CORRUPT, NULL, "an index entry is cut off");
    for (i = 0; i < STATE_NUMBERS; i++)
        if (!take_varint(&value, &numbers[i]))
            return err_set(err, RC_CORRUPT, NULL, "an index entry is cut off");
    if (numbers[0] > UINT32_MAX || numbers[1] > UINT32_MAX || numbers[2] > UINT32_MAX)
        return err_set(err, RC_CORRUPT, NULL, "an index entry has numbers out of range");
    s->uid = xstrndup(uid.p, uid.n);
    s->primary_key = n_key ? xstrndup(key.p, key.n) : NULL;
    s->created_ns = (int64_t)get_u64le(times.p);
    s->updated_ns = (int64_t)get_u64le(times.p + 8);
    s->body = (uint32_t)numbers[0];
    s->blocks = (uint32_t)numbers[1];
    s->next_doc = (uint32_t)numbers[2];
    s->n_documents = numbers[3];
    s->document_bytes = numbers[4];
    s->n_versions = numbers[5];
    s->stored_bytes = numbers[6];
    return RC_OK;
}

static int by_name(const void *a, const void *b)
{
    const struct field_count *x = a, *y = b;

    return bytes_cmp(x->name, y->name);
}

void index_state__set_fields(struct index_state *s, const struct field_count *counts, size_t n)
{
    size_t i, bytes = 0, kept = 0;
    uint8_t *text;

    for (i = 0; i < n; i++)
        bytes += counts[i].count ? counts[i].name.n : 0;
    xfree(s->fields);
    xfree(s->field_text);
    s->fields = xmalloc((n ? n : 1) * sizeof *s->fields);
    s->field_text = text = xmalloc(bytes ? bytes : 1);
    for (i = 0; i < n; i++) {
        if (!counts[i].count)
            continue;
        if (counts[i].name.n)
            memcpy(text, counts[i].name.p, counts[i].name.n);
        s->fields[kept++] = (struct field_count){bytes_of(text, counts[i].name.n), counts[i].count};
        text += counts[i].name.n;
    }
    s->n_fields = kept;
    qsort(s->fields, kept, sizeof *s->fields, by_name);
}
