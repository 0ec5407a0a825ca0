/* SPDX-License-Identifier: MIT */
/*
 * field_names.c -- names of fields, numbered, and the fields of a document.
 *
 * Documents of a batch mostly have the same members in the same order, so a
 * walk first compares each name with the one that stood at this place in the
 * document before; the table is asked only when that fails.
 *
 * (1) Names leave in the reverse order of their coming, so a cell of the table
 *     can simply be emptied: nobody who came later probed past it.
 */
#include "index/index_int.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/mem.h"

void fields__done(struct fields *f)
{
    xfree(f->names);
    xfree(f->hashes);
    xfree(f->table);
    slab__done(&f->text);
    *f = (struct fields){0};
}

/* The cell of name: with its number + 1, or 0 and empty. */
static size_t cell_of(const struct fields *f, struct bytes name)
{
    size_t mask = f->table_cap - 1, i = (size_t)hash64(name, 0) & mask;

    while (f->table[i] && !bytes_eq(f->names[f->table[i] - 1], name))
        i = (i + 1) & mask;
    return i;
}

uint32_t fields__find(const struct fields *f, struct bytes name)
{
    return f->n ? f->table[cell_of(f, name)] - 1 : FIELD_NONE;
}

static void grow_table(struct fields *f)
{
    size_t i;

    f->table_cap = f->table_cap ? f->table_cap * 2 : 64;
    xfree(f->table);
    f->table = xcalloc(f->table_cap, sizeof *f->table);
    for (i = 0; i < f->n; i++)
        f->table[cell_of(f, f->names[i])] = (uint32_t)i + 1;
}

uint32_t fields__add(struct fields *f, struct bytes name)
{
    size_t cell;

    if (f->n * 2 >= f->table_cap)
        grow_table(f);
    cell = cell_of(f, name);
    if (f->table[cell])
        return f->table[cell] - 1;
    f->names = index__grow(f->names, sizeof *f->names, f->n + 1, &f->cap);
    f->names[f->n] = slab__dup(&f->text, name);
    f->hashes = index__grow(f->hashes, sizeof *f->hashes, f->n + 1, &f->hashes_cap);
    f->hashes[f->n] = hash64(name, 0);
    f->table[cell] = (uint32_t)++f->n;
    return (uint32_t)f->n - 1;
}

void fields__cut(struct fields *f, size_t n, struct slab_mark text)
{
    while (f->n > n) {
        f->table[cell_of(f, f->names[f->n - 1])] = 0;
        f->n--;
    }
    slab__rewind(&f->text, text);
}

void field_walk__done(struct field_walk *walk)
{
    xfree(walk->ids);
    xfree(walk->path_ids);
    xfree(walk->stamps);
    buf_done(&walk->path);
    *walk = (struct field_walk){0};
}

struct walking {
    struct fields *f;
    struct field_walk *w;
    bool add;
    size_t place; /* how many names were seen */
};

static uint32_t number_of(struct walking *x, struct bytes name)
{
    struct field_walk *w = x->w;
    uint32_t id = FIELD_NONE;

    if (x->place < w->n_path) {
        uint32_t guess = w->path_ids[x->place];

        if (guess < x->f->n && bytes_eq(x->f->names[guess], name))
            id = guess;
    }
    if (id == FIELD_NONE)
        id = x->add ? fields__add(x->f, name) : fields__find(x->f, name);
    w->path_ids = index__grow(w->path_ids, sizeof *w->path_ids, x->place + 1, &w->path_cap);
    w->path_ids[x->place++] = id;
    if (w->n_path < x->place)
        w->n_path = x->place;
    return id;
}

static void see(struct walking *x, struct bytes name)
{
    struct field_walk *w = x->w;
    uint32_t id;

    if (name.n > KEY_NAME_MAX)
        return;
    id = number_of(x, name);
    if (id == FIELD_NONE)
        return;
    if (id >= w->stamps_cap) {
        size_t old = w->stamps_cap;

        w->stamps = index__grow(w->stamps, sizeof *w->stamps, (size_t)id + 1, &w->stamps_cap);
        memset(w->stamps + old, 0, (w->stamps_cap - old) * sizeof *w->stamps);
    }
    if (w->stamps[id] == w->stamp)
        return;
    w->stamps[id] = w->stamp;
    w->ids = index__grow(w->ids, sizeof *w->ids, w->n + 1, &w->cap);
    w->ids[w->n++] = id;
}

static bool is_container(struct json_value v)
{
    enum json_type type = json_type(v);

    return type == JSON_OBJECT || type == JSON_ARRAY;
}

/* Depth is bounded by index__json_limits. The path so far is in w->path. */
static void walk_inside(struct walking *x, struct json_value v)
{
    struct buf *path = &x->w->path;
    size_t n = path->n;
    struct json_iter it;

    for (json_iter_init(&it, v); json_iter_next(&it);) {
        if (!it.object) {
            if (is_container(it.value))
                walk_inside(x, it.value);
            continue;
        }
        /* A name that is too long hides what is inside it, however deep. */
        if (n + 1 + it.key.n > KEY_NAME_MAX)
            continue;
        (void)buf_byte(path, '.');
        (void)buf_bytes(path, it.key);
        see(x, buf_view(path));
        if (is_container(it.value))
            walk_inside(x, it.value);
        buf_cut(path, n);
    }
}

void fields__walk(struct fields *f, bool add, struct json_value document, struct field_walk *walk)
{
    struct walking x = {.f = f, .w = walk, .add = add};
    struct json_iter it;

    walk->n = 0;
    if (++walk->stamp == 0) {
        if (walk->stamps_cap)
            memset(walk->stamps, 0, walk->stamps_cap * sizeof *walk->stamps);
        walk->stamp = 1;
    }
    walk->path.limit = BUF_NO_LIMIT;
    for (json_iter_init(&it, document); json_iter_next(&it);) {
        see(&x, it.key);
        if (!is_container(it.value) || it.key.n > KEY_NAME_MAX)
            continue;
        buf_clear(&walk->path);
        (void)buf_bytes(&walk->path, it.key);
        walk_inside(&x, it.value);
    }
}
