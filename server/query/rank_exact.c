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

enum rc rank_exact__is_whole(struct rank_exact *x, uint32_t row, uint32_t field, bool *ret_is,
                             struct err *err)
{
    struct length *l;
    enum rc rc;

    *ret_is = false;
    if (field >= x->n_fields || x->words == 0 || x->words > FIELD_WORDS_MAX)
        return RC_OK;
    rc = open_length(x, field, err);
    if (rc != RC_OK)
        return rc;
    l = x->at[field];
    if (!l->list)
        return RC_OK;
    if (l->tile != row / TILE_ROWS) {
        memset(&l->rows, 0, sizeof(l->rows));
        rc = postings_rows(l->list, row / TILE_ROWS, &l->rows, err);
        if (rc != RC_OK)
            return rc;
        l->tile = row / TILE_ROWS;
    }
    *ret_is = tile__has(&l->rows, row);
    return RC_OK;
}
