/* SPDX-License-Identifier: MIT */
/*
 * graph_index.c -- graph__make(): what reading a query asks, asked of a reader.
 *
 * Two questions need postings. How often two words stand side by side is only
 * asked to choose between splits, so SPLIT_ROWS rows that have both are looked at
 * and the rest of the index is taken to be like them. How many rows a term has is
 * only asked by the strategy `frequency`, and is exact for terms of up to
 * COUNT_MAX derivations; those beyond are not looked at, which leaves a term with
 * so many of them a frequent one.
 */
#include "query/graph_int.h"

#include "base/mem.h"
#include "query/tile_set.h"

enum {
    SPLIT_ROWS = 1024,
    COUNT_MAX = 512,
};

static void source_words(void *arg, struct word_cursor *ret_cursor)
{
    const struct search *s = *(const struct search **)arg;

    reader_words(s->reader, ret_cursor);
}

/* A word's postings, NULL if it has none. */
static enum rc open_postings(const struct search *s, enum posting_kind kind, struct bytes word,
                             struct postings **ret_postings, struct err *err)
{
    enum rc rc = postings_open(s->reader, kind, word, ret_postings, err);

    if (rc != RC_NOT_FOUND)
        return rc;
    *ret_postings = NULL;
    return RC_OK;
}

/* Keeps of *rows those that p has. */
static enum rc narrow(struct postings *p, uint32_t tile, struct tile *rows, struct tile *scratch,
                      struct err *err)
{
    enum rc rc;

    memset(scratch, 0, sizeof *scratch);
    rc = postings_rows(p, tile, scratch, err);
    if (rc == RC_OK)
        tile__and(rows, scratch);
    return rc;
}

/* ---- side by side --------------------------------------------------------------------------- */

static bool is_behind(const struct posting *a, const struct posting *b)
{
    struct occurrence_iter ia, ib;
    struct occurrence x, y;
    bool more;

    occurrences_of(a, &ia);
    occurrences_of(b, &ib);
    more = occurrences_next(&ib, &y);
    while (more && occurrences_next(&ia, &x)) {
        while (more && (y.field < x.field || (y.field == x.field && y.position < x.position + 1)))
            more = occurrences_next(&ib, &y);
        if (more && y.field == x.field && y.position == x.position + 1)
            return true;
    }
    return false;
}

/* Keeps the first n rows. */
static void keep_first(struct tile *t, uint32_t n)
{
    size_t i;

    for (i = 0; i < TILE_WORDS; i++) {
        uint64_t bits = t->bits[i], kept = 0;

        for (; bits && n > 0; n--) {
            kept |= bits & (~bits + 1);
            bits &= bits - 1;
        }
        t->bits[i] = kept;
    }
}

struct beside {
    const struct search *s;
    struct postings *a, *b;
    uint32_t left;  /* rows that may still be looked at */
    uint64_t found; /* of those looked at */
    uint64_t seen;  /* rows of the index up to the last one looked at */
    struct tile rows, scratch;
};

static enum rc beside_tile(struct beside *w, uint32_t tile, struct err *err)
{
    const struct posting *a = NULL, *b = NULL;
    size_t n_a = 0, n_b = 0, i;
    uint32_t both;
    enum rc rc;

    (void)reader_live(w->s->reader, tile, &w->rows);
    rc = narrow(w->a, tile, &w->rows, &w->scratch, err);
    if (rc == RC_OK)
        rc = narrow(w->b, tile, &w->rows, &w->scratch, err);
    if (rc != RC_OK)
        return rc;
    both = (uint32_t)tile__count(&w->rows);
    w->seen = ((uint64_t)tile + 1) * TILE_ROWS;
    if (both == 0)
        return RC_OK;
    if (both > w->left)
        keep_first(&w->rows, w->left);
    rc = postings_of(w->a, tile, &w->rows, &a, &n_a, err);
    if (rc == RC_OK)
        rc = postings_of(w->b, tile, &w->rows, &b, &n_b, err);
    if (rc != RC_OK)
        return rc;
    if (n_a != n_b)
        return err_set(err, RC_CORRUPT, NULL, "two lists of words disagree about their rows");
    for (i = 0; i < n_a; i++)
        w->found += is_behind(&a[i], &b[i]);
    if (both >= w->left && n_a > 0)
        w->seen = (uint64_t)tile * TILE_ROWS + a[n_a - 1].row + 1;
    w->left -= both < w->left ? both : w->left;
    return RC_OK;
}

static enum rc source_side_by_side(void *arg, struct bytes a, struct bytes b, uint64_t *ret_n,
                                   struct err *err)
{
    const struct search *s = *(const struct search **)arg;
    uint32_t tile, n_tiles = reader_n_tiles(s->reader);
    struct beside *w = xcalloc(1, sizeof *w);
    enum rc rc;

    *w = (struct beside){.s = s, .left = SPLIT_ROWS};
    rc = open_postings(s, POSTING_WORD, a, &w->a, err);
    if (rc == RC_OK)
        rc = open_postings(s, POSTING_WORD, b, &w->b, err);
    for (tile = 0; rc == RC_OK && w->a && w->b && w->left > 0 && tile < n_tiles; tile++) {
        rc = search__stopped(s, err);
        if (rc == RC_OK)
            rc = beside_tile(w, tile, err);
    }
    if (rc == RC_OK)
        *ret_n = w->left > 0 || w->seen == 0 ? w->found : w->found * n_tiles * TILE_ROWS / w->seen;
    postings_close(w->b);
    postings_close(w->a);
    xfree(w);
    return rc;
}

/* ---- how many rows -------------------------------------------------------------------------- */

struct counting {
    const struct search *s;
    struct postings **at;         /* of all words, derivation by derivation */
    const struct posting **found; /* scratch of keep_runs(), room for n_words of one */
    struct tile live, any, all, scratch;
};

static bool has_place(const struct posting *p, uint32_t field, uint32_t position)
{
    struct occurrence_iter it;
    struct occurrence o;

    occurrences_of(p, &it);
    while (occurrences_next(&it, &o))
        if (o.field == field && o.position == position)
            return true;
    return false;
}

/* Whether the i-th rows of all words have them where they belong, one behind the other. */
static bool is_run(const struct counting *c, const struct derivation *d, size_t i)
{
    struct occurrence_iter it;
    struct occurrence o;
    size_t j;

    occurrences_of(&c->found[0][i], &it);
    while (occurrences_next(&it, &o)) {
        for (j = 1; j < d->n_words; j++)
            if (!has_place(&c->found[j][i], o.field,
                           o.position + d->words[j].offset - d->words[0].offset))
                break;
        if (j == d->n_words)
            return true;
    }
    return false;
}

/* Keeps of c->all, which has rows with all words, those in which they stand in a run. */
static enum rc keep_runs(struct counting *c, const struct derivation *d, struct postings **lists,
                         uint32_t tile, struct err *err)
{
    size_t i, n = 0, n_first = 0;
    enum rc rc;

    c->scratch = c->all;
    for (i = 0; i < d->n_words; i++) {
        rc = postings_of(lists[i], tile, &c->scratch, &c->found[i], &n, err);
        if (rc != RC_OK)
            return rc;
        if (i > 0 && n != n_first)
            return err_set(err, RC_CORRUPT, NULL, "two lists of words disagree about their rows");
        n_first = n;
    }
    for (i = 0; i < n; i++) {
        uint16_t row = c->found[0][i].row;

        if (!is_run(c, d, i))
            tile__unset(&c->all, row);
    }
    return RC_OK;
}

/* Rows of the tile that have any of the derivations. */
static enum rc count_tile(struct counting *c, const struct derivation *const *derivations, size_t n,
                          uint32_t tile, struct err *err)
{
    struct postings **p = c->at;
    size_t i, j;
    enum rc rc;

    memset(&c->any, 0, sizeof c->any);
    for (i = 0; i < n; i++) {
        c->all = c->live;
        for (j = 0; j < derivations[i]->n_words; j++, p++) {
            if (!*p) {
                memset(&c->all, 0, sizeof c->all);
                continue;
            }
            rc = narrow(*p, tile, &c->all, &c->scratch, err);
            if (rc != RC_OK)
                return rc;
        }
        if (derivations[i]->n_words > 1 && tile__any(&c->all)) {
            rc = keep_runs(c, derivations[i], p - derivations[i]->n_words, tile, err);
            if (rc != RC_OK)
                return rc;
        }
        tile__or(&c->any, &c->all);
    }
    return RC_OK;
}

static enum rc count_tiles(struct counting *c, const struct derivation *const *derivations,
                           size_t n, uint64_t *ret_n, struct err *err)
{
    uint32_t tile, n_tiles = reader_n_tiles(c->s->reader);
    uint64_t rows = 0;
    enum rc rc = RC_OK;

    for (tile = 0; tile < n_tiles; tile++) {
        rc = search__stopped(c->s, err);
        if (rc != RC_OK)
            return rc;
        if (!reader_live(c->s->reader, tile, &c->live))
            continue;
        rc = count_tile(c, derivations, n, tile, err);
        if (rc != RC_OK)
            return rc;
        rows += tile__count(&c->any);
    }
    *ret_n = rows;
    return RC_OK;
}

static enum rc source_count(void *arg, const struct derivation *const *derivations, size_t n,
                            uint64_t *ret_n, struct err *err)
{
    struct counting *c = xcalloc(1, sizeof *c);
    size_t i, j, n_words = 0, longest = 0, at = 0;
    enum rc rc = RC_OK;

    c->s = *(const struct search **)arg;
    n = n < COUNT_MAX ? n : COUNT_MAX;
    for (i = 0; i < n; i++) {
        n_words += derivations[i]->n_words;
        longest = derivations[i]->n_words > longest ? derivations[i]->n_words : longest;
    }
    c->at = xcalloc(n_words + 1, sizeof(*c->at));
    c->found = xcalloc(longest + 1, sizeof(*c->found));
    for (i = 0; i < n; i++)
        for (j = 0; rc == RC_OK && j < derivations[i]->n_words; j++)
            rc = open_postings(c->s, derivations[i]->kind, derivations[i]->words[j].word,
                               &c->at[at++], err);
    if (rc == RC_OK)
        rc = count_tiles(c, derivations, n, ret_n, err);
    for (i = 0; i < n_words; i++)
        postings_close(c->at[i]);
    xfree((void *)c->found);
    xfree((void *)c->at);
    xfree(c);
    return rc;
}

enum rc graph__make(const struct search *s, struct graph *ret_graph, struct err *err)
{
    const struct graph_source source = {.arg = &s,
                                        .words = source_words,
                                        .side_by_side = source_side_by_side,
                                        .count = source_count};
    const struct graph_input in = {.plan = s->plan,
                                   .q = s->spec->q,
                                   .strategy = s->spec->strategy,
                                   .arena = s->arena,
                                   .source = &source};

    return graph__build(&in, ret_graph, err);
}
