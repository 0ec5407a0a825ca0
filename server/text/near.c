/* SPDX-License-Identifier: MIT */
/*
 * near.c -- edit distance that is fed a character at a time.
 *
 * The table of optimal string alignment, a row a character pushed, of which only
 * the diagonal band of 2 * max + 1 cells can hold distances up to max. All rows
 * are kept, so going back is to forget the last ones. A distance over max is
 * max + 1, whatever it is.
 *
 * Cell k of row i is the distance of the first i characters pushed to the first
 * i + k - max of the word.
 */
#include "text/text.h"

#include "base/assert.h"
#include "base/mem.h"
#include "text/text_int.h"

enum { MAX_TYPOS = 2, BAND = 2 * MAX_TYPOS + 1 };

struct row {
    uint32_t character; /* the last one of this row */
    uint8_t cells[BAND];
    uint8_t best;  /* smallest distance to the whole word, of this row and those before */
    bool possible; /* something that begins so may be near enough */
};

struct near {
    unsigned max;
    size_t n_word; /* characters */
    size_t n_rows; /* rows there is room for; behind them nothing is near */
    size_t depth;
    uint32_t *word;
    struct row rows[];
};

/* Distance of this row to the whole word, if it is in the band. */
static unsigned at_end(const struct near *n, size_t i)
{
    size_t k = n->n_word + n->max;

    if (k < i || k - i > 2 * n->max)
        return n->max + 1;
    return n->rows[i].cells[k - i];
}

static uint8_t capped(const struct near *n, unsigned distance)
{
    return (uint8_t)(distance > n->max ? n->max + 1 : distance);
}

struct near *near_new(struct bytes word, unsigned max)
{
    size_t n_word = text_chars(word), n_rows = n_word + max + 2, i, at = 0;
    struct near *n;

    ASSERT(max <= MAX_TYPOS);
    n = xcalloc(1, sizeof *n + n_rows * sizeof n->rows[0] + n_word * sizeof n->word[0]);
    n->max = max;
    n->n_word = n_word;
    n->n_rows = n_rows;
    n->word = (uint32_t *)(void *)(n->rows + n_rows);
    for (i = 0; i < n_word; i++) {
        size_t len = text__decode(word.p + at, word.p + word.n, &n->word[i]);

        ASSERT(len > 0);
        at += len;
    }
    for (i = 0; i <= 2 * (size_t)max; i++) {
        bool in_word = i >= max && i - max <= n_word;

        n->rows[0].cells[i] = in_word ? capped(n, (unsigned)(i - max)) : (uint8_t)(max + 1);
    }
    n->rows[0].best = capped(n, (unsigned)(n_word > max ? max + 1 : n_word));
    n->rows[0].possible = true;
    return n;
}

void near_free(struct near *n)
{
    xfree(n);
}

/* Cell k of row i, which stands for the first j characters of the word. */
static unsigned cell(const struct near *n, size_t i, size_t k, size_t j)
{
    const struct row *row = &n->rows[i], *up = row - 1;
    unsigned d = n->max + 1, t;

    if (k < 2 * (size_t)n->max && up->cells[k + 1] + 1U < d)
        d = up->cells[k + 1] + 1U;
    if (k > 0 && row->cells[k - 1] + 1U < d)
        d = row->cells[k - 1] + 1U;
    if (j == 0)
        return d;
    t = up->cells[k] + (unsigned)(n->word[j - 1] != row->character);
    if (t < d)
        d = t;
    if (i > 1 && j > 1 && n->word[j - 1] == up->character && n->word[j - 2] == row->character &&
        up[-1].cells[k] + 1U < d)
        d = up[-1].cells[k] + 1U;
    return d;
}

bool near_push(struct near *n, uint32_t character)
{
    size_t i = ++n->depth, k;
    struct row *row;

    if (i >= n->n_rows)
        return false;
    row = &n->rows[i];
    row->character = character;
    row->possible = false;
    for (k = 0; k <= 2 * (size_t)n->max; k++) {
        size_t j = i + k - n->max;
        bool in_word = i + k >= n->max && j <= n->n_word;

        row->cells[k] = in_word ? (uint8_t)cell(n, i, k, j) : (uint8_t)(n->max + 1);
        row->possible = row->possible || row->cells[k] <= n->max;
    }
    row->best = row[-1].best;
    if (at_end(n, i) < row->best)
        row->best = (uint8_t)at_end(n, i);
    return row->possible;
}

void near_cut(struct near *n, size_t depth)
{
    ASSERT(depth <= n->depth);
    n->depth = depth;
}

size_t near_depth(const struct near *n)
{
    return n->depth;
}

unsigned near_distance(const struct near *n)
{
    return n->depth < n->n_rows ? at_end(n, n->depth) : n->max + 1;
}

unsigned near_prefix_distance(const struct near *n)
{
    return n->rows[n->depth < n->n_rows ? n->depth : n->n_rows - 1].best;
}
