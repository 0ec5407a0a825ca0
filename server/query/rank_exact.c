/* SPDX-License-Identifier: MIT */
/*
 * rank_exact.c -- exactAttribute: fields that have just as many words as the query.
 *
 * That a field begins with the query is seen from the places of its words; that
 * nothing follows, from the lists of rows by their fields' number of words.
 * Fields of more than FIELD_WORDS_MAX words are never whole.
 */
#include "base/mem.h"
#include "query/rank_int.h"

enum { WHOLE_FIELDS_MAX = 64 }; /* more are not asked one by one */

struct length {
    struct postings *list; /* owned; NULL: no row has the field at that length */
    bool opened;
    uint32_t tile; /* of `rows`; UINT32_MAX: none yet */
    struct tile rows;
};

struct rank_exact {
    struct match *m;
    uint32_t words;     /* of the query, phrases by their words */
    struct length **at; /* by field */
    uint32_t n_fields;
};

struct rank_exact *rank_exact__new(struct match *m)
{
    struct rank_exact *x = xcalloc(1, sizeof(*x));

    x->m = m;
    x->n_fields = m->fields.n;
    x->at = xcalloc((size_t)x->n_fields + 1, sizeof(struct length *));
    for (size_t i = 0; i < m->graph->n_edges; i++) {
        const struct edge *e = m->edges[i].edge;

        if (e->to - e->from != 1)
            continue;
        x->words += e->phrase && e->n_derivations > 0 ? (uint32_t)e->derivations[0].n_words : 1;
    }
    return x;
}

void rank_exact__free(struct rank_exact *x)
{
    if (!x)
        return;
    for (uint32_t i = 0; i < x->n_fields; i++) {
        if (x->at[i])
            postings_close(x->at[i]->list);
        xfree(x->at[i]);
    }
    xfree(x->at);
    xfree(x);
}

static enum rc open_length(struct rank_exact *x, uint32_t field, struct err *err)
{
    struct length *l = x->at[field];
    uint8_t key[3];
    enum rc rc;

    if (!l) {
        l = x->at[field] = xcalloc(1, sizeof(*l));
        l->tile = UINT32_MAX;
    }
    if (l->opened)
        return RC_OK;
    rc = postings_open(x->m->search->reader, POSTING_LENGTH,
                       posting_length_key(key, field, x->words), &l->list, err);
    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    l->opened = true;
    return RC_OK;
}

/* Reads the rows of the tile that have the field at that length; NULL: there are none. */
static enum rc rows_of(struct rank_exact *x, uint32_t field, uint32_t tile,
                       const struct tile **ret_rows, struct err *err)
{
    struct length *l;
    enum rc rc = open_length(x, field, err);

    if (rc != RC_OK)
        return rc;
    l = x->at[field];
    *ret_rows = l->list ? &l->rows : NULL;
    if (!l->list || l->tile == tile)
        return RC_OK;
    memset(&l->rows, 0, sizeof(l->rows));
    rc = postings_rows(l->list, tile, &l->rows, err);
    if (rc == RC_OK)
        l->tile = tile;
    return rc;
}

static bool is_counted(const struct rank_exact *x)
{
    return x->words > 0 && x->words <= FIELD_WORDS_MAX;
}

enum rc rank_exact__is_whole(struct rank_exact *x, uint32_t row, uint32_t field, bool *ret_is,
                             struct err *err)
{
    const struct tile *rows = NULL;
    enum rc rc = RC_OK;

    if (field < x->n_fields && is_counted(x))
        rc = rows_of(x, field, row / TILE_ROWS, &rows, err);
    if (rc == RC_OK)
        *ret_is = rows && tile__has(rows, row);
    return rc;
}

enum rc rank_exact__keep_whole(struct rank_exact *x, uint32_t tile, struct tile *rows,
                               struct err *err)
{
    struct tile whole = {{0}};

    if (x->n_fields > WHOLE_FIELDS_MAX)
        return RC_OK;
    for (uint32_t i = 0; i < x->n_fields && is_counted(x); i++) {
        const struct tile *some = NULL;
        enum rc rc = rows_of(x, i, tile, &some, err);

        if (rc != RC_OK)
            return rc;
        if (some)
            tile__or(&whole, some);
    }
    tile__and(rows, &whole);
    return RC_OK;
}
