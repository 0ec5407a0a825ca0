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
 * j = i + k - max of the word. Cells are computed without asking whether j is in
 * the word: before it all is `over`, and behind it the word goes on with PAD, which
 * no character equals. Cells of a row behind j do not reach back to it, and are
 * never less than that of the whole word, so they do no harm.
 */
#include "text/text.h"

#include "base/assert.h"
#include "base/mem.h"
#include "text/text_int.h"

enum { MAX_TYPOS = 2, CELLS = 2 * MAX_TYPOS + 3 };

#define PAD UINT32_MAX
#define NONE (UINT32_MAX - 1) /* the character of rows before the first */

struct row {
    uint32_t character;   /* the last one of this row */
    uint8_t cells[CELLS]; /* cell k at k + 1; `over` on both sides */
    uint8_t best;         /* smallest distance to the whole word, of this row and those before */
};

struct near {
    unsigned max;
    uint8_t over;  /* max + 1 */
    size_t n_word; /* characters */
    size_t n_rows; /* rows there is room for; behind them nothing is near */
    size_t depth;
    uint32_t *word;    /* character j of it, from 1, at word[j + MAX_TYPOS] */
    struct row rows[]; /* row i at i + 1: there is one before the first */
};

static struct row *row_at(struct near *n, size_t i)
{
    return &n->rows[i + 1];
}

/* Distance of row i to the whole word, if it is in the band. */
static uint8_t at_end(const struct near *n, size_t i)
{
    size_t k = n->n_word + n->max;

    if (k < i || k - i > 2 * (size_t)n->max)
        return n->over;
    return n->rows[i + 1].cells[k - i + 1];
}

static void read_word(struct near *n, struct bytes word)
{
    size_t i, at = 0;

    for (i = 0; i < n->n_word + 4 * MAX_TYPOS + 4; i++)
        n->word[i] = PAD;
    for (i = 1; i <= n->n_word; i++) {
        size_t len = text__decode(word.p + at, word.p + word.n, &n->word[i + MAX_TYPOS]);

        ASSERT(len > 0);
        at += len;
    }
}

struct near *near_new(struct bytes word, unsigned max)
{
    size_t n_word = text_chars(word), n_rows = n_word + max + 2, k;
    size_t room = (n_rows + 1) * sizeof(struct row);
    struct row *first;
    struct near *n;

    ASSERT(max <= MAX_TYPOS);
    n = xcalloc(1, sizeof *n + room + (n_word + 4 * MAX_TYPOS + 4) * sizeof n->word[0]);
    n->max = max;
    n->over = (uint8_t)(max + 1);
    n->n_word = n_word;
    n->n_rows = n_rows;
    n->word = (uint32_t *)(void *)(n->rows + n_rows + 1);
    read_word(n, word);
    first = row_at(n, 0);
    memset(n->rows[0].cells, n->over, CELLS);
    memset(first->cells, n->over, CELLS);
    n->rows[0].character = first->character = NONE;
    for (k = max; k <= 2 * (size_t)max; k++)
        first->cells[k + 1] = (uint8_t)(k - max);
    first->best = at_end(n, 0);
    return n;
}

void near_free(struct near *n)
{
    xfree(n);
}

static uint8_t less(uint8_t a, uint8_t b)
{
    return a < b ? a : b;
}

bool near_push(struct near *n, uint32_t character)
{
    size_t i = ++n->depth, k;
    const uint32_t *word;
    struct row *row, *up;
    uint8_t left = n->over, least = n->over;

    if (i >= n->n_rows)
        return false;
    row = row_at(n, i);
    up = row - 1;
    row->character = character;
    row->cells[0] = row->cells[2 * n->max + 2] = n->over;
    word = n->word + i - n->max + MAX_TYPOS - 1; /* word[k + 1] is character j */
    for (k = 0; k <= 2 * (size_t)n->max; k++) {
        uint8_t d = less(left, up->cells[k + 2]);

        d = (uint8_t)(d + 1);
        d = less(d, (uint8_t)(up->cells[k + 1] + (word[k + 1] != character)));
        if (word[k + 1] == up->character && word[k] == character)
            d = less(d, (uint8_t)(up[-1].cells[k + 1] + 1));
        d = less(d, n->over);
        row->cells[k + 1] = left = d;
        least = less(least, d);
    }
    row->best = less(up->best, at_end(n, i));
    return least <= n->max;
}

void near_cut(struct near *n, size_t depth)
{
    ASSERT(depth <= n->depth);
    n->depth = depth;
}

unsigned near_distance(const struct near *n)
{
    return n->depth < n->n_rows ? at_end(n, n->depth) : n->over;
}

unsigned near_prefix_distance(const struct near *n)
{
    return n->rows[n->depth < n->n_rows ? n->depth + 1 : n->n_rows].best;
}
