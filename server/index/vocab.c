/* SPDX-License-Identifier: MIT */
/*
 * vocab.c -- all words of an index: a large run, and a small one of the latest.
 *
 * A commit's words go into the small run, which is written anew for that; when
 * it has grown it is merged into the large one. Both are shared, so snapshots
 * cost nothing. Words are never taken out: one that no document has any more
 * has an empty list, and a clean-up makes all anew.
 */
#include "index/vocab_int.h"

#include "base/mem.h"
#include "index/reader_int.h"
#include "store/store.h"

enum { DELTA_MAX = 4096 }; /* copying it costs as much as the merges it saves, about */

static struct vocab *vocab_of(struct run *base, struct run *delta)
{
    struct vocab *v = xcalloc(1, sizeof *v);

    atomic_init(&v->refs, 1);
    v->base = base;
    v->delta = delta;
    return v;
}

static struct run *empty_run(void)
{
    struct run_writer w;

    run_writer__init(&w);
    return run_writer__finish(&w);
}

struct vocab *vocab__new(void)
{
    return vocab_of(empty_run(), empty_run());
}

struct vocab *vocab__ref(struct vocab *v)
{
    atomic_fetch_add(&v->refs, 1);
    return v;
}

void vocab__unref(struct vocab *v)
{
    if (!v || atomic_fetch_sub(&v->refs, 1) > 1)
        return;
    run__unref(v->base);
    run__unref(v->delta);
    xfree(v);
}

size_t vocab__count(const struct vocab *v)
{
    return v->base->count + v->delta->count;
}

static size_t run_bytes(const struct run *r)
{
    return sizeof *r + r->n + r->n_groups * sizeof *r->groups;
}

size_t vocab__bytes(const struct vocab *v)
{
    return sizeof *v + run_bytes(v->base) + run_bytes(v->delta);
}

/* base and all of delta and the n words, which are in neither. */
static struct run *merge_all(const struct vocab *v, const struct bytes *words, size_t n)
{
    struct run *delta = run__merge(v->delta, words, n), *base;
    struct bytes *all = xmalloc((delta->count + 1) * sizeof *all);
    struct slab texts = {0};
    uint8_t text[256];
    struct run_cursor c = {delta, 0, text, 0};
    size_t i = 0;

    while (run_cursor__next(&c))
        all[i++] = slab__dup(&texts, bytes_of(text, c.n));
    base = run__merge(v->base, all, i);
    slab__done(&texts);
    xfree(all);
    run__unref(delta);
    return base;
}

struct vocab *vocab__add(const struct vocab *v, const struct bytes *words, size_t n,
                         uint32_t **ret_new, size_t *ret_n_new)
{
    struct bytes *fresh = xmalloc((n + 1) * sizeof *fresh);
    uint32_t *at = xmalloc((n + 1) * sizeof *at);
    size_t i, n_fresh = 0, groups[2] = {0, 0};
    uint8_t texts[2][256];
    struct run_cursor base = {v->base, 0, texts[0], 0}, delta = {v->delta, 0, texts[1], 0};
    struct vocab *result;

    for (i = 0; i < n; i++) {
        if (run_cursor__meet(&base, &groups[0], words[i]) ||
            run_cursor__meet(&delta, &groups[1], words[i]))
            continue;
        at[n_fresh] = (uint32_t)i;
        fresh[n_fresh++] = words[i];
    }
    if (n_fresh == 0)
        result = vocab_of(run__ref(v->base), run__ref(v->delta));
    else if (v->delta->count + n_fresh <= DELTA_MAX)
        result = vocab_of(run__ref(v->base), run__merge(v->delta, fresh, n_fresh));
    else
        result = vocab_of(merge_all(v, fresh, n_fresh), empty_run());
    xfree(fresh);
    if (ret_new) {
        *ret_new = at;
        *ret_n_new = n_fresh;
    } else {
        xfree(at);
    }
    return result;
}

/* ---- loading --------------------------------------------------------------------------- */

static enum rc read_words(struct store_cursor *c, struct run_writer *w, struct err *err)
{
    for (store_cursor_first(c); store_cursor_valid(c); store_cursor_next(c)) {
        struct bytes key = store_cursor_key(c);

        if (key.n <= KEY_HEAD || key.n > KEY_HEAD + TEXT_WORD_MAX)
            return err_set(err, RC_CORRUPT, NULL, "a word of the vocabulary has %zu bytes",
                           key.n - KEY_HEAD);
        run_writer__add(w, bytes_of(key.p + KEY_HEAD, key.n - KEY_HEAD));
    }
    return store_cursor_end(c, err);
}

enum rc vocab__load(struct store_view *view, uint32_t words, struct vocab **ret_vocab,
                    struct err *err)
{
    struct store_cursor *cursor = NULL;
    struct run_writer w;
    struct key k;
    enum rc rc;

    rc = store_cursor_open(view, key_head(&k, KEY_WORD, words), true, &cursor, err);
    if (rc != RC_OK)
        return rc;
    run_writer__init(&w);
    rc = read_words(cursor, &w, err);
    if (rc == RC_OK)
        *ret_vocab = vocab_of(run_writer__finish(&w), empty_run());
    else
        run_writer__done(&w);
    store_cursor_close(cursor);
    return rc;
}
