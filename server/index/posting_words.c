/* SPDX-License-Identifier: MIT */
/*
 * posting_words.c -- the words of a builder: numbers as they come, sorted at the end.
 *
 * A cell holds the word's first eight bytes, so that most look-ups touch one
 * cache line: words have no NUL, so below eight bytes these are the whole word.
 * Hashes are seeded secretly: words come from outside.
 */
#include "index/posting_int.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"

#include <stdlib.h>

struct word_cell {
    uint64_t head; /* first bytes, zeros behind them */
    uint32_t hash;
    uint32_t word; /* number + 1; 0: empty */
};

enum { CELLS_FIRST = 256 };

__extension__ typedef unsigned __int128 u128;

static uint64_t head_of(struct bytes word)
{
    uint64_t v = 0;

    if (word.n >= 8)
        return get_u64le(word.p);
    if (word.n >= 4) /* two reads that overlap agree where they do */
        return get_u32le(word.p) | (uint64_t)get_u32le(word.p + word.n - 4) << (8 * (word.n - 4));
    if (word.n > 0)
        v = word.p[0];
    if (word.n > 1)
        v |= (uint64_t)word.p[1] << 8;
    if (word.n > 2)
        v |= (uint64_t)word.p[2] << 16;
    return v;
}

static uint32_t hash_of(const struct posting_words *w, struct bytes word, uint64_t head)
{
    uint64_t tail = word.n > 16  ? hash64(word, w->seed[1])
                    : word.n > 8 ? get_u64le(word.p + word.n - 8) ^ w->seed[1]
                                 : w->seed[1];
    u128 m = (u128)(head ^ w->seed[0]) * (tail + word.n);

    return (uint32_t)((uint64_t)m ^ (uint64_t)(m >> 64));
}

void posting_words__init(struct posting_words *w)
{
    memset(w, 0, sizeof *w);
    rng_secret(w->seed, sizeof w->seed);
    w->seed[1] |= 1ull << 63; /* never zero, whatever length is added */
    w->n_cells = CELLS_FIRST;
    w->cells = xcalloc(w->n_cells, sizeof *w->cells);
}

void posting_words__done(struct posting_words *w)
{
    xfree(w->at);
    xfree(w->cells);
    slab__done(&w->text);
}

void posting_words__clear(struct posting_words *w)
{
    if (w->n * 16 < w->n_cells && w->n_cells > CELLS_FIRST) { /* do not wipe much for little */
        xfree(w->cells);
        w->n_cells = CELLS_FIRST;
        w->cells = xcalloc(w->n_cells, sizeof *w->cells);
    } else {
        memset(w->cells, 0, w->n_cells * sizeof *w->cells);
    }
    w->n = 0;
    slab__done(&w->text);
    memset(&w->text, 0, sizeof w->text);
}

size_t posting_words__bytes(const struct posting_words *w)
{
    return w->cap * sizeof *w->at + w->n_cells * sizeof *w->cells + w->text.bytes;
}

static void grow(struct posting_words *w)
{
    struct word_cell *old = w->cells;
    size_t i, j, n = w->n_cells;

    w->n_cells *= 2;
    w->cells = xcalloc(w->n_cells, sizeof *w->cells);
    for (i = 0; i < n; i++) {
        if (!old[i].word)
            continue;
        j = old[i].hash & (w->n_cells - 1);
        while (w->cells[j].word)
            j = (j + 1) & (w->n_cells - 1);
        w->cells[j] = old[i];
    }
    xfree(old);
}

static bool is_word(const struct posting_words *w, uint32_t number, struct bytes word)
{
    const struct posting_word *at = &w->at[number];

    return at->n == word.n && memcmp(at->p, word.p, word.n) == 0;
}

uint32_t posting_words__add(struct posting_words *w, struct bytes word, bool *ret_new)
{
    uint64_t head = head_of(word);
    uint32_t hash = hash_of(w, word, head);
    size_t mask = w->n_cells - 1, i = hash & mask;
    struct word_cell *c;

    for (c = &w->cells[i]; c->word; i = (i + 1) & mask, c = &w->cells[i]) {
        if (c->head != head || c->hash != hash)
            continue;
        if (word.n < 8 || is_word(w, c->word - 1, word)) {
            *ret_new = false;
            return c->word - 1;
        }
    }
    ASSERT(w->n < UINT32_MAX - 1);
    *c = (struct word_cell){head, hash, (uint32_t)w->n + 1};
    w->at = index__grow(w->at, sizeof *w->at, w->n + 1, &w->cap);
    w->at[w->n] =
        (struct posting_word){slab__dup(&w->text, word).p, (uint32_t)word.n, NO_BEGINNING};
    *ret_new = true;
    if (++w->n * 8 > w->n_cells * 5)
        grow(w);
    return (uint32_t)w->n - 1;
}

struct sort_item {
    uint64_t head; /* first bytes, big-endian: compares as they do */
    uint32_t word;
};

static int compare_items(const void *a, const void *b, void *arg)
{
    const struct sort_item *x = a, *y = b;
    const struct posting_words *w = arg;

    if (x->head != y->head)
        return x->head < y->head ? -1 : 1;
    return bytes_cmp(bytes_of(w->at[x->word].p, w->at[x->word].n),
                     bytes_of(w->at[y->word].p, w->at[y->word].n));
}

uint32_t *posting_words__sorted(const struct posting_words *w)
{
    struct sort_item *items = xmalloc((w->n + 1) * sizeof *items);
    uint32_t *order = xmalloc((w->n + 1) * sizeof *order);
    size_t i;

    for (i = 0; i < w->n; i++) {
        uint64_t head = head_of(bytes_of(w->at[i].p, w->at[i].n));

        items[i] = (struct sort_item){__builtin_bswap64(head), (uint32_t)i};
    }
    qsort_r(items, w->n, sizeof *items, compare_items, (void *)(uintptr_t)w);
    for (i = 0; i < w->n; i++)
        order[i] = items[i].word;
    xfree(items);
    return order;
}
