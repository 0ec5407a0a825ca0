/* SPDX-License-Identifier: MIT */
/*
 * derive_near.c -- words of the vocabulary that are a typo or two away.
 *
 * The walk goes over the sorted words that share the first character and keeps a
 * `near` at what the last two words share. Where that says dead, all words with
 * the beginning are passed over.
 *
 * Words that begin otherwise may only be one edit away in all, and that edit is
 * at the first character. So there is no walk: what the rest must be is known,
 * and every first character of the vocabulary is tried with it.
 *
 * In the walk a path is bytes, a `near` counts characters: ends[d] is where
 * character d of the path ends.
 */
#include "query/graph_int.h"

#include "base/assert.h"
#include "text/text.h"

enum {
    ROUNDS_MAX = 100000, /* stops of one walk, where millions of words begin alike */
    PATTERNS_MAX = 4,
};

struct walk {
    struct near *near;
    struct word_cursor cursor;
    struct bytes word;  /* typed */
    struct bytes first; /* its first character */
    unsigned max;
    bool prefix;
    bool numbers; /* numeric words are targets too */
    bool open[3]; /* more of so many typos are wanted */
    near_found_fn *found;
    void *arg;
    uint8_t path[TEXT_WORD_MAX]; /* what is pushed, as bytes */
    size_t ends[TEXT_WORD_MAX];
    size_t depth;
};

/* The character at the start of valid UTF-8; *ret_n its bytes. A broken one is a byte. */
static uint32_t char_at(struct bytes s, size_t *ret_n)
{
    uint8_t b = s.p[0];
    size_t n = b < 0xC0 ? 1 : b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4, i;
    uint32_t c;

    if (n > s.n)
        n = s.n;
    c = n == 1 ? b : (uint32_t)b & (0x7Fu >> n);
    for (i = 1; i < n; i++)
        c = c << 6 | (s.p[i] & 0x3Fu);
    *ret_n = n;
    return c;
}

static struct bytes first_char(struct bytes s)
{
    size_t n = 0;

    if (s.n)
        (void)char_at(s, &n);
    return bytes_of(s.p, n);
}

static bool wanted(const struct walk *w)
{
    return w->open[1] || (w->max == 2 && w->open[2]);
}

static void report(struct walk *w, struct bytes word, unsigned typos)
{
    if (w->open[typos] && (w->numbers || !text_is_numeric(word)))
        w->open[typos] = w->found(w->arg, word, typos);
}

/* Keeps of the path what the word has too. */
static void cut_to(struct walk *w, struct bytes word)
{
    size_t n = w->depth ? w->ends[w->depth - 1] : 0, same = 0;

    while (same < n && same < word.n && w->path[same] == word.p[same])
        same++;
    while (w->depth > 0 && w->ends[w->depth - 1] > same)
        w->depth--;
    near_cut(w->near, w->depth);
}

/* Pushes the rest of the word; false: it died, and its beginning that did is the path. */
static bool push_rest(struct walk *w, struct bytes word)
{
    size_t at = w->depth ? w->ends[w->depth - 1] : 0, n;

    while (at < word.n) {
        uint32_t c = char_at(bytes_of(word.p + at, word.n - at), &n);
        bool alive;

        if (at + n > TEXT_WORD_MAX) /* no word that a document can have */
            return true;
        alive = near_push(w->near, c);
        memcpy(w->path + at, word.p + at, n);
        at += n;
        w->ends[w->depth++] = at;
        if (!alive)
            return false;
    }
    return true;
}

/* Words of which some beginning is near: a dead one's is known, and the same for all it begins. */
static bool visit_prefix(struct walk *w, struct word_cursor *c)
{
    bool alive = push_rest(w, c->word);
    unsigned d = near_prefix_distance(w->near);
    size_t n;

    if (d == 0)
        return word_cursor_pass(c, w->word.n);
    if (d <= w->max)
        report(w, c->word, d);
    if (alive)
        return word_cursor_next(c);
    n = w->ends[w->depth - 1];
    if (d > w->max || !w->open[d])
        return word_cursor_pass(c, n);
    while (word_cursor_next(c)) {
        if (!bytes_starts(c->word, bytes_of(w->path, n)))
            return true;
        report(w, c->word, d);
        if (!w->open[d])
            return word_cursor_pass(c, n);
    }
    return false;
}

static bool visit_whole(struct walk *w, struct word_cursor *c)
{
    unsigned d;

    if (!push_rest(w, c->word))
        return word_cursor_pass(c, w->ends[w->depth - 1]);
    d = near_distance(w->near);
    if (d >= 1 && d <= w->max)
        report(w, c->word, d);
    return word_cursor_next(c);
}

/* Words with the same first character, in order. */
static void walk_own_letter(struct walk *w)
{
    struct word_cursor *c = &w->cursor;
    bool more = word_cursor_seek(c, w->first);
    size_t rounds;

    for (rounds = 0; more && rounds < ROUNDS_MAX; rounds++) {
        if (!bytes_starts(c->word, w->first) || !wanted(w))
            return;
        cut_to(w, c->word);
        more = w->prefix ? visit_prefix(w, c) : visit_whole(w, c);
    }
}

/* ---- other first letters -------------------------------------------------------------------- */

struct pattern {
    uint8_t p[TEXT_WORD_MAX + 8];
    size_t n;
};

static void add_pattern(struct pattern *patterns, size_t *n, struct bytes a, struct bytes b,
                        struct bytes c)
{
    struct pattern *at = &patterns[*n], swap;
    size_t i;

    if (a.n + b.n + c.n > TEXT_WORD_MAX)
        return; /* longer than any word */
    memcpy(at->p, a.p, a.n);
    if (b.n)
        memcpy(at->p + a.n, b.p, b.n);
    if (c.n)
        memcpy(at->p + a.n + b.n, c.p, c.n);
    at->n = a.n + b.n + c.n;
    for (i = (*n)++; i > 0; i--) { /* at most four: kept sorted by insertion */
        if (bytes_cmp(bytes_of(patterns[i - 1].p, patterns[i - 1].n),
                      bytes_of(patterns[i].p, patterns[i].n)) <= 0)
            break;
        swap = patterns[i];
        patterns[i] = patterns[i - 1];
        patterns[i - 1] = swap;
    }
}

/* What words that begin with x and are one edit from the term must be, or begin with; sorted. */
static size_t patterns_of(const struct walk *w, struct bytes x, struct pattern *patterns)
{
    struct bytes rest = bytes_of(w->word.p + w->first.n, w->word.n - w->first.n);
    struct bytes second = first_char(rest);
    size_t n = 0;

    add_pattern(patterns, &n, x, rest, (struct bytes){0});    /* exchanged */
    add_pattern(patterns, &n, x, w->word, (struct bytes){0}); /* inserted */
    if (bytes_eq(x, second)) {
        add_pattern(patterns, &n, rest, (struct bytes){0}, (struct bytes){0}); /* left out */
        add_pattern(patterns, &n, second, w->first,
                    bytes_of(rest.p + second.n, rest.n - second.n)); /* swapped */
    }
    return n;
}

static void try_pattern(struct walk *w, struct bytes pattern)
{
    struct word_cursor *c = &w->cursor;
    bool more = word_cursor_seek(c, pattern);

    while (more && w->open[2] &&
           (w->prefix ? bytes_starts(c->word, pattern) : bytes_eq(c->word, pattern))) {
        report(w, c->word, 2);
        more = word_cursor_next(c);
    }
}

static void try_letter(struct walk *w, struct bytes x)
{
    struct pattern patterns[PATTERNS_MAX];
    size_t i, n = patterns_of(w, x, patterns), last = SIZE_MAX;

    for (i = 0; i < n && w->open[2]; i++) {
        struct bytes p = bytes_of(patterns[i].p, patterns[i].n);

        /* The same again, or words that a shorter one has already begun. */
        if (last != SIZE_MAX) {
            struct bytes before = bytes_of(patterns[last].p, patterns[last].n);

            if (w->prefix ? bytes_starts(p, before) : bytes_eq(p, before))
                continue;
        }
        last = i;
        try_pattern(w, p);
    }
}

/* First characters from `from` on (n == 0: the very first), up to `to` (n == 0: the end). */
static void try_letters(struct walk *w, struct bytes from, struct bytes to, unsigned *left)
{
    struct word_cursor *c = &w->cursor;
    uint8_t letter[8];
    bool more = word_cursor_seek(c, from);
    struct bytes x;

    for (; more && *left > 0 && w->open[2]; (*left)--) {
        x = first_char(c->word);
        if (to.n && bytes_cmp(x, to) >= 0)
            return;
        memcpy(letter, x.p, x.n);
        x = bytes_of(letter, x.n);
        try_letter(w, x);
        letter[x.n - 1]++; /* the last byte of a character is never 0xFF */
        more = word_cursor_seek(c, x);
    }
}

void derive__near(const struct graph_input *in, struct bytes word, unsigned max, bool prefix,
                  near_found_fn *found, void *arg)
{
    struct walk w = {.word = word,
                     .first = first_char(word),
                     .max = max,
                     .prefix = prefix,
                     .numbers = in->plan->typo_numbers,
                     .open = {false, true, true},
                     .found = found,
                     .arg = arg};
    unsigned letters = DERIVE_FIRST_LETTERS_MAX;
    uint8_t after[8];

    ASSERT(max == 1 || max == 2);
    if (word.n == 0 || word.n > TEXT_WORD_MAX)
        return;
    w.near = near_new(word, max);
    in->source->words(in->source->arg, &w.cursor);
    if (max == 2)
        try_letters(&w, (struct bytes){0}, w.first, &letters);
    walk_own_letter(&w);
    if (max == 2) {
        memcpy(after, w.first.p, w.first.n);
        after[w.first.n - 1]++;
        try_letters(&w, bytes_of(after, w.first.n), (struct bytes){0}, &letters);
    }
    near_free(w.near);
}
