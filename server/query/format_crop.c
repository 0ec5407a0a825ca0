/* SPDX-License-Identifier: MIT */
/*
 * format_crop.c -- which words of a text are shown: those around its best matches.
 *
 * Intervals are as many matches in a row as fit into the window. The best one has
 * the most terms of the query, then the least distance from match to match, then
 * the most neighbours in the query's order; of equals the first. The window then
 * grows on both sides, and prefers to grow over words and soft separators to
 * growing into another sentence.
 *
 * Only the first MATCHES_MAX matches are looked at: intervals overlap, so that a
 * long text of nothing but matches would take its square in time.
 */
#include "query/format_int.h"

enum { MATCHES_MAX = 4096, GAP_MAX = 7 };

struct worth {
    unsigned terms, ordered;
    uint64_t distance;
};

static struct worth worth_of(const struct format_match *at, size_t n)
{
    struct worth w = {0};
    unsigned terms = 0;
    size_t i;

    for (i = 0; i < n; i++) {
        terms |= at[i].terms;
        w.distance += at[i].last - at[i].first;
        if (i == 0)
            continue;
        w.distance +=
            at[i].first - at[i - 1].last < GAP_MAX ? at[i].first - at[i - 1].last : GAP_MAX;
        if (at[i].terms && at[i - 1].terms)
            w.ordered += __builtin_ctz(at[i].terms) > 31 - __builtin_clz(at[i - 1].terms);
    }
    w.terms = (unsigned)__builtin_popcount(terms);
    return w;
}

static bool is_better(struct worth a, struct worth b)
{
    if (a.terms != b.terms)
        return a.terms > b.terms;
    if (a.distance != b.distance)
        return a.distance < b.distance;
    return a.ordered > b.ordered;
}

struct interval {
    size_t first, last; /* matches */
};

static struct interval best_interval(const struct format_view *v, uint32_t n_words)
{
    size_t n = v->n_matches < MATCHES_MAX ? v->n_matches : MATCHES_MAX, i;
    struct interval now = {0, 0}, best = {0, 0};
    struct worth best_worth = {0}, w;
    bool any = false;

    for (i = 1; i <= n; i++) {
        if (i < n && v->matches[i].last - v->matches[now.first].first < n_words) {
            now.last = i;
            continue;
        }
        w = worth_of(v->matches + now.first, now.last - now.first + 1);
        if (!any || is_better(w, best_worth)) {
            best = now;
            best_worth = w;
            any = true;
        }
        while (i < n && now.first < i &&
               v->matches[i].last - v->matches[now.first].first >= n_words)
            now.first++;
        now.last = i;
    }
    return best;
}

/* Tokens [from, to) of the window, and how many words it may still take. */
struct window {
    const struct format_view *view;
    size_t from, to;
    uint32_t left;
};

static void take_left(struct window *w)
{
    w->left -= w->view->tokens[--w->from].word;
}

static void take_right(struct window *w)
{
    w->left -= w->view->tokens[w->to++].word;
}

static void grow(struct window *w)
{
    const struct format_token *left, *right;

    while (w->left > 0 && (w->from > 0 || w->to < w->view->n_tokens)) {
        if (w->to == w->view->n_tokens) {
            take_left(w);
            continue;
        }
        if (w->from == 0) {
            take_right(w);
            continue;
        }
        left = &w->view->tokens[w->from - 1];
        right = &w->view->tokens[w->to];
        if (left->word) {
            take_left(w);
            if (right->word && w->left > 0)
                take_right(w);
        } else if (right->word) {
            take_right(w);
        } else if (left->hard == right->hard) {
            take_left(w);
            if (w->left > 1) /* lest the window ends with a separator */
                take_right(w);
        } else if (left->hard) {
            take_right(w);
        } else {
            take_left(w);
        }
    }
}

/* The token that is word number `word`. */
static size_t token_of(const struct format_view *v, uint32_t word)
{
    size_t low = 0, high = v->n_tokens;

    while (low < high) { /* the first with more than `word` words before or in it */
        size_t mid = (low + high) / 2;

        if (v->tokens[mid].words + v->tokens[mid].word > word)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

void format_crop__window(const struct format_view *v, uint32_t n_words, size_t *ret_start,
                         size_t *ret_end)
{
    struct window w = {.view = v, .left = n_words};

    if (v->n_matches > 0) {
        struct interval best = best_interval(v, n_words);
        uint32_t first = v->matches[best.first].first, last = v->matches[best.last].last;

        if (last - first >= n_words) /* a phrase that is too long */
            last = first + n_words - 1;
        w.from = token_of(v, first);
        w.to = token_of(v, last) + 1;
        w.left = n_words - (last - first + 1);
    }
    grow(&w);
    *ret_start = v->tokens[w.from].start;
    *ret_end = v->tokens[w.to].start;
}
