/* SPDX-License-Identifier: MIT */
/*
 * format_found.c -- _matchesPosition of a document: fields by name, each with its matches in the
 * order of the document.
 */
#include "query/format_int.h"

#include "base/mem.h"

#include <stdlib.h>

/* One match. */
struct found {
    size_t path, n_path;       /* in paths */
    size_t indices, n_indices; /* in indices */
    uint32_t start, length;
    size_t order;
};

struct format_found {
    struct format_marks *marks;        /* borrowed, as the next */
    const struct field_set *displayed; /* all others are hidden */
    struct found *at;
    size_t n, cap;
    struct buf paths;  /* of found */
    uint32_t *indices; /* of found */
    size_t n_indices, cap_indices;
    struct buf path;
    uint32_t here[JSON_DEPTH_MAX]; /* where the walk is in arrays */
    size_t depth;
};

struct format_found *format_found__new(struct format_marks *marks,
                                       const struct field_set *displayed)
{
    struct format_found *f = xcalloc(1, sizeof *f);

    f->marks = marks;
    f->displayed = displayed;
    buf_init(&f->paths, BUF_NO_LIMIT);
    buf_init(&f->path, BUF_NO_LIMIT);
    return f;
}

void format_found__free(struct format_found *f)
{
    if (!f)
        return;
    buf_done(&f->paths);
    buf_done(&f->path);
    xfree(f->at);
    xfree(f->indices);
    xfree(f);
}

static void add_found(struct format_found *f, struct bytes path, const struct format_match *match)
{
    struct found *x;

    if (f->n == f->cap) {
        f->cap = f->cap ? 2 * f->cap : 64;
        f->at = xrealloc(f->at, f->cap * sizeof *f->at);
    }
    if (f->cap_indices - f->n_indices < f->depth) {
        f->cap_indices = 2 * f->cap_indices + JSON_DEPTH_MAX;
        f->indices = xrealloc(f->indices, f->cap_indices * sizeof *f->indices);
    }
    x = &f->at[f->n];
    *x = (struct found){.path = f->paths.n,
                        .n_path = path.n,
                        .indices = f->n_indices,
                        .n_indices = f->depth,
                        .start = match->start,
                        .length = match->end - match->start,
                        .order = f->n};
    if (f->n > 0 && x[-1].n_path == path.n && memcmp(f->paths.p + x[-1].path, path.p, path.n) == 0)
        x->path = x[-1].path;
    else
        (void)buf_bytes(&f->paths, path);
    if (f->depth > 0)
        memcpy(f->indices + f->n_indices, f->here, f->depth * sizeof f->here[0]);
    f->n_indices += f->depth;
    f->n++;
}

/* Matches of all displayed values under the path. */
static void find_matches(struct format_found *f, struct json_value v, bool shown)
{
    const struct format_match *matches;
    size_t path_n = f->path.n, n, i;
    struct json_iter it;

    switch (json_type(v)) {
    case JSON_NULL:
    case JSON_BOOL:
        break;
    case JSON_NUMBER:
    case JSON_STRING:
        if (!shown)
            break;
        n = format_marks__matches(f->marks, v, &matches);
        for (i = 0; i < n; i++)
            add_found(f, buf_view(&f->path), &matches[i]);
        break;
    case JSON_ARRAY:
        f->depth++;
        for (json_iter_init(&it, v); json_iter_next(&it);) {
            f->here[f->depth - 1] = (uint32_t)it.index;
            find_matches(f, it.value, shown);
        }
        f->depth--;
        break;
    case JSON_OBJECT:
        for (json_iter_init(&it, v); json_iter_next(&it);) {
            enum field_cover cover;

            if (path_n > 0)
                (void)buf_byte(&f->path, '.');
            else if (bytes_eq(it.key, B("_vectors")))
                continue;
            (void)buf_bytes(&f->path, it.key);
            cover = shown ? FIELD_ALL : field_set__covers(f->displayed, buf_view(&f->path));
            if (cover != FIELD_NONE)
                find_matches(f, it.value, cover == FIELD_ALL);
            buf_cut(&f->path, path_n);
        }
        break;
    }
}

static struct bytes path_of(const struct format_found *f, const struct found *x)
{
    return bytes_of(f->paths.p + x->path, x->n_path);
}

struct sorted {
    struct bytes path;
    const struct found *found;
};

static int by_path(const void *a, const void *b)
{
    const struct sorted *x = a, *y = b;
    int c = bytes_cmp(x->path, y->path);

    return c ? c : (x->found->order > y->found->order) - (x->found->order < y->found->order);
}

static void put_found(const struct format_found *f, const struct found *x, struct json_writer *w)
{
    size_t i;

    json_begin_object(w);
    json_key(w, "start");
    json_put_u64(w, x->start);
    json_key(w, "length");
    json_put_u64(w, x->length);
    if (x->n_indices > 0) {
        json_key(w, "indices");
        json_begin_array(w);
        for (i = 0; i < x->n_indices; i++)
            json_put_u64(w, f->indices[x->indices + i]);
        json_end_array(w);
    }
    json_end_object(w);
}

void format_found__put(struct format_found *f, struct json_value document, struct json_writer *w)
{
    struct sorted *sorted;
    size_t i;

    f->n = f->n_indices = f->depth = 0;
    buf_clear(&f->paths);
    buf_clear(&f->path);
    if (!format_marks__none(f->marks))
        find_matches(f, document, f->displayed->all);
    sorted = xcalloc(f->n + 1, sizeof *sorted);
    for (i = 0; i < f->n; i++)
        sorted[i] = (struct sorted){path_of(f, &f->at[i]), &f->at[i]};
    qsort(sorted, f->n, sizeof *sorted, by_path);
    json_begin_object(w);
    for (i = 0; i < f->n; i++) {
        bool first = i == 0 || !bytes_eq(sorted[i].path, sorted[i - 1].path);

        if (first && i > 0)
            json_end_array(w);
        if (first) {
            json_put_key(w, sorted[i].path);
            json_begin_array(w);
        }
        put_found(f, sorted[i].found, w);
    }
    if (f->n > 0)
        json_end_array(w);
    json_end_object(w);
    xfree(sorted);
}
