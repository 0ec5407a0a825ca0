/* SPDX-License-Identifier: MIT */
/*
 * plan_synonyms.c -- synonyms as the tokenizer sees them: words, folded, sorted by key.
 *
 * Keys that fold to the same words are one key, with the values of all in the
 * order of the settings. A key or a value without words stands for nothing, and
 * so does a value that is its key. Stop words between others hold a place in a
 * value, as they do in documents; there they are words without a letter.
 */
#include "index/plan_int.h"

#include "base/mem.h"
#include "index/index_int.h"

#include <stdlib.h>

struct phrase {
    const struct bytes *words;
    size_t n;
};

/* One key and one value, and their place in the settings. */
struct pair {
    struct plan_synonym synonym;
    size_t place;
};

struct folding {
    struct plan_own *own;
    struct tokenizer *tokenizer;
    struct bytes *words; /* owned: of the phrase in hand */
    size_t words_cap;
    struct pair *pairs; /* owned */
    size_t n, cap;
};

static void add_word(struct folding *f, size_t *n, struct bytes word)
{
    f->words = index__grow(f->words, sizeof *f->words, *n + 1, &f->words_cap);
    f->words[(*n)++] = word;
}

static struct phrase fold(struct folding *f, struct bytes text, bool hold_places)
{
    struct token t;
    struct bytes *words;
    size_t n = 0, stops = 0;

    tokenizer_start(f->tokenizer, text, 0);
    while (tokenizer_next(f->tokenizer, &t)) {
        stops += hold_places && n > 0 && t.kind == TOKEN_STOP;
        if (t.kind != TOKEN_WORD)
            continue;
        for (; stops > 0; stops--)
            add_word(f, &n, (struct bytes){0});
        add_word(f, &n, plan__keep(f->own, t.word));
    }
    words = plan__alloc(f->own, sizeof *words, n);
    if (n)
        memcpy(words, f->words, n * sizeof *words);
    return (struct phrase){words, n};
}

static int compare_words(const struct bytes *a, size_t n_a, const struct bytes *b, size_t n_b)
{
    size_t i;

    for (i = 0; i < n_a && i < n_b; i++) {
        int c = bytes_cmp(a[i], b[i]);

        if (c)
            return c;
    }
    return (n_a > n_b) - (n_a < n_b);
}

static int by_key(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    int c = compare_words(x->synonym.key, x->synonym.n_key, y->synonym.key, y->synonym.n_key);

    return c ? c : (x->place > y->place) - (x->place < y->place);
}

static void add_pair(struct folding *f, struct phrase key, struct phrase value)
{
    if (key.n == 0 || value.n == 0 || compare_words(key.words, key.n, value.words, value.n) == 0)
        return;
    f->pairs = index__grow(f->pairs, sizeof *f->pairs, f->n + 1, &f->cap);
    f->pairs[f->n] = (struct pair){{key.words, key.n, value.words, value.n}, f->n};
    f->n++;
}

/* Whether one of the pairs of the same key, which begin at from, has the value already. */
static bool has_value(const struct plan_synonym *from, const struct plan_synonym *to,
                      const struct plan_synonym *s)
{
    for (; from < to; from++)
        if (compare_words(from->words, from->n_words, s->words, s->n_words) == 0)
            return true;
    return false;
}

static void finish(struct folding *f)
{
    struct plan_synonym *out = plan__alloc(f->own, sizeof *out, f->n), *key = out, *at = out;
    size_t i;

    if (f->n)
        qsort(f->pairs, f->n, sizeof *f->pairs, by_key);
    for (i = 0; i < f->n; i++) {
        const struct plan_synonym *s = &f->pairs[i].synonym;

        if (at > out && compare_words(key->key, key->n_key, s->key, s->n_key) != 0)
            key = at;
        if (!has_value(key, at, s))
            *at++ = *s;
    }
    f->own->plan.synonyms = out;
    f->own->plan.n_synonyms = (size_t)(at - out);
}

enum rc plan__read_synonyms(struct plan_reading *x)
{
    struct folding f = {.own = x->own, .tokenizer = tokenizer_new(x->own->plan.text)};
    struct json_value map = plan__member(x, "synonyms");
    struct json_iter it;
    enum rc rc;

    rc = json_type(map) == JSON_OBJECT ? RC_OK : plan__bad(x, "synonyms");
    for (json_iter_init(&it, map); rc == RC_OK && json_iter_next(&it);) {
        const struct bytes *values;
        struct phrase key = fold(&f, it.key, false);
        size_t i, n;

        rc = plan__strings(x, it.value, "synonyms", &values, &n);
        for (i = 0; rc == RC_OK && i < n; i++)
            add_pair(&f, key, fold(&f, values[i], true));
    }
    if (rc == RC_OK)
        finish(&f);
    tokenizer_free(f.tokenizer);
    xfree(f.words);
    xfree(f.pairs);
    return rc;
}
