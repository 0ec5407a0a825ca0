/* SPDX-License-Identifier: MIT */
/*
 * vocab_cursor.c -- a walk over the words of both runs in one order.
 *
 * Each run's next word lies in its own text of the cursor, with its length in
 * the last byte; 0 there: the run is at its end, or not yet begun (the cursor
 * knows which: its word has no address before the first).
 */
#include "index/vocab_int.h"

#include "base/assert.h"
#include "index/reader_int.h"

enum { AT_N = 255 }; /* of text: the word's length; words have at most TEXT_WORD_MAX bytes */

static struct run_cursor load(struct word_cursor *c, int i)
{
    return (struct run_cursor){i ? c->vocab->delta : c->vocab->base, i ? c->delta_place : c->place,
                               c->text[i], c->text[i][AT_N]};
}

static void save(struct word_cursor *c, int i, const struct run_cursor *r)
{
    c->text[i][AT_N] = (uint8_t)r->n;
    *(i ? &c->delta_place : &c->place) = r->next;
}

static struct bytes pending(const struct word_cursor *c, int i)
{
    return bytes_of(c->text[i], c->text[i][AT_N]);
}

/* Stands on the smaller of the two; false: both runs are at their ends. */
static bool choose(struct word_cursor *c)
{
    struct bytes a = pending(c, 0), b = pending(c, 1);

    c->word = a.n && (!b.n || bytes_cmp(a, b) < 0) ? a : b;
    return c->word.n > 0;
}

void reader_words(const struct reader *r, struct word_cursor *c)
{
    memset(c, 0, sizeof *c);
    c->vocab = r->search->vocab;
}

bool word_cursor_seek(struct word_cursor *c, struct bytes word)
{
    int i;

    for (i = 0; i < 2; i++) {
        struct run_cursor r = load(c, i);

        (void)run_cursor__seek(&r, word);
        save(c, i, &r);
    }
    return choose(c);
}

bool word_cursor_next(struct word_cursor *c)
{
    bool from_delta = c->word.p == c->text[1];
    struct run_cursor r;

    if (!c->word.p)
        return word_cursor_seek(c, B("")); /* before the first */
    if (!c->word.n)
        return false;
    r = load(c, from_delta);
    (void)run_cursor__next(&r);
    save(c, from_delta, &r);
    return choose(c);
}

bool word_cursor_pass(struct word_cursor *c, size_t n)
{
    uint8_t begin[TEXT_WORD_MAX];
    int i;

    ASSERT(n > 0 && n <= c->word.n);
    memcpy(begin, c->word.p, n);
    for (i = 0; i < 2; i++) {
        struct run_cursor r = load(c, i);

        if (!bytes_starts(pending(c, i), bytes_of(begin, n)))
            continue;
        (void)run_cursor__pass(&r, n);
        save(c, i, &r);
    }
    return choose(c);
}
