/* SPDX-License-Identifier: MIT */
/* posting_read.c -- lists of postings for searches: a tile's rows, and occurrences. */
#include "index/posting_list.h"

#include "base/assert.h"
#include "base/bits.h"
#include "base/mem.h"
#include "text/text.h"

struct posting_list *postings__add_list(struct postings *p)
{
    p->lists = index__grow(p->lists, sizeof *p->lists, p->n_lists + 1, &p->lists_cap);
    return &p->lists[p->n_lists++];
}

/* One list of any kind. */
static enum rc open_one(struct postings *p, enum posting_kind kind, struct bytes key,
                        struct err *err)
{
    struct posting_list *l = postings__add_list(p);
    struct store_cursor *c = NULL;
    enum rc rc;

    posting_list__init(l);
    l->n_key = posting_key__list(&l->key, kind, p->reader->search->words, key).n;
    rc = posting_list__cursor(p->reader, kind, &c, err);
    return rc == RC_OK ? posting_list__find(l, c, err) : rc;
}

enum rc postings_open(struct reader *r, enum posting_kind kind, struct bytes key,
                      struct postings **ret_postings, struct err *err)
{
    struct postings *p;
    enum rc rc;

    if (r->search->words == 0 || key.n == 0 || key.n > TEXT_WORD_MAX)
        return RC_NOT_FOUND;
    p = xcalloc(1, sizeof *p);
    p->reader = r;
    rc = kind == POSTING_PREFIX ? postings__open_beginning(p, key, err)
                                : open_one(p, kind, key, err);
    if (rc == RC_OK && (p->n_lists == 0 || (p->lists[0].n == 0 && !p->lists[0].more)))
        rc = RC_NOT_FOUND;
    if (rc == RC_OK)
        *ret_postings = p;
    else
        postings_close(p);
    return rc;
}

void postings_close(struct postings *p)
{
    size_t i;

    if (!p)
        return;
    for (i = 0; i < p->n_lists; i++)
        posting_list__done(&p->lists[i]);
    xfree(p->lists);
    xfree(p->found);
    xfree(p);
}

enum rc postings__come_to(struct postings *p, uint32_t tile, struct err *err)
{
    enum rc rc = RC_OK;
    size_t i;

    ASSERT(tile >= p->tile && tile <= UINT32_MAX / TILE_ROWS);
    p->tile = tile;
    for (i = 0; rc == RC_OK && i < p->n_lists; i++)
        rc = posting_list__come_to(&p->lists[i], p->reader, tile, err);
    return rc;
}

/* ---- rows and occurrences ------------------------------------------------------------------ */

static enum rc rows_of(const struct posting_list *l, uint32_t tile, struct tile *rows,
                       struct err *err)
{
    struct chunk_view c;
    uint32_t last;
    size_t i;
    enum rc rc;

    for (i = 0; posting_list__chunk(l, tile, i, &c, &rc, err); i++)
        if (!posting_chunk__rows(&c, rows, &last))
            return posting_chunk__damaged(err);
    return rc;
}

enum rc postings_in(struct postings *p, uint32_t tile, bool *ret_in, struct err *err)
{
    enum rc rc = postings__come_to(p, tile, err);
    size_t i;

    *ret_in = false;
    for (i = 0; rc == RC_OK && i < p->n_lists; i++) {
        const struct posting_list *l = &p->lists[i];

        *ret_in = *ret_in || (l->next < l->n && l->chunks[l->next].row / TILE_ROWS == tile);
    }
    return rc;
}

enum rc postings_rows(struct postings *p, uint32_t tile, struct tile *rows, struct err *err)
{
    enum rc rc = postings__come_to(p, tile, err);
    size_t i;

    for (i = 0; rc == RC_OK && i < p->n_lists; i++)
        rc = rows_of(&p->lists[i], tile, rows, err);
    return rc;
}

/* A chunk whose wanted rows are being gathered. */
struct gathering {
    struct postings *p;
    const struct chunk_view *c;
    const uint8_t *at; /* occurrences of the chunk's row number `done` */
    size_t done, n_fields;
};

/* Notes the posting of the chunk's ordinal-th row. */
static bool gather(struct gathering *g, size_t ordinal, uint32_t row)
{
    struct postings *p = g->p;
    struct posting *f;

    if (p->n_found == p->found_cap)
        p->found = index__grow(p->found, sizeof *p->found, p->n_found + 1, &p->found_cap);
    f = &p->found[p->n_found++];
    *f = (struct posting){(uint16_t)row, (uint16_t)g->c->base, NULL};
    if (!g->c->occurs)
        return true;
    if (ordinal > g->done)
        g->at = posting_chunk__skip(g->at, g->c->end, ordinal - g->done);
    f->at = g->at;
    if (g->at)
        g->at = posting_chunk__check_row(g->at, g->c->end, g->c->base, g->n_fields);
    g->done = ordinal + 1;
    return g->at != NULL;
}

const uint8_t *postings__read_rows(struct reader *r, const struct chunk_view *c, uint32_t *ret_last)
{
    const uint8_t *at;

    if (!r->chunk_rows)
        r->chunk_rows = xmalloc(sizeof *r->chunk_rows);
    if (c->dense) {
        memset(&r->chunk_rows->bits, 0, sizeof r->chunk_rows->bits);
        return posting_chunk__rows(c, &r->chunk_rows->bits, ret_last);
    }
    at = posting_chunk__list(c, r->chunk_rows->list);
    *ret_last = at ? r->chunk_rows->list[c->count - 1] : 0;
    return at;
}

static bool gather_list(struct gathering *g, const uint16_t *rows, const struct tile *only)
{
    size_t i;

    for (i = 0; i < g->c->count; i++)
        if ((only->bits[rows[i] / 64] >> rows[i] % 64 & 1) && !gather(g, i, rows[i]))
            return false;
    return true;
}

/* tile: the chunk's rows alone. */
static bool gather_bits(struct gathering *g, const struct tile *tile, const struct tile *only,
                        uint32_t last)
{
    size_t ordinal = 0, i;

    for (i = g->c->first / 64; i <= last / 64; i++) {
        uint64_t has = tile->bits[i], w = has & only->bits[i];

        for (; w; w &= w - 1) {
            uint64_t below = (w & -w) - 1;

            if (!gather(g, ordinal + bits_count_word(has & below),
                        (uint32_t)(64 * i) + (uint32_t)__builtin_ctzll(w)))
                return false;
        }
        ordinal += bits_count_word(has);
    }
    return true;
}

static enum rc gather_from(struct postings *p, const struct posting_list *l,
                           const struct tile *only, struct err *err)
{
    size_t i, n_fields = reader_n_fields(p->reader);
    const struct chunk_rows *rows;
    struct chunk_view c;
    uint32_t last = 0;
    enum rc rc;

    for (i = 0; posting_list__chunk(l, p->tile, i, &c, &rc, err); i++) {
        const struct chunk_ref *now = &l->chunks[l->next + i];
        struct gathering g = {.p = p, .c = &c, .n_fields = n_fields};

        if (i > 0 && now->list == now[-1].list && c.first <= last) /* rows of a list must rise */
            return posting_chunk__damaged(err);
        g.at = postings__read_rows(p->reader, &c, &last);
        rows = p->reader->chunk_rows;
        if (!g.at || !(c.dense ? gather_bits(&g, &rows->bits, only, last)
                               : gather_list(&g, rows->list, only)))
            return posting_chunk__damaged(err);
    }
    return rc;
}

enum rc postings_of(struct postings *p, uint32_t tile, const struct tile *only,
                    const struct posting **ret_postings, size_t *ret_n, struct err *err)
{
    enum rc rc = postings__come_to(p, tile, err);
    size_t i;

    p->n_found = 0;
    for (i = 0; rc == RC_OK && i < p->n_lists; i++)
        rc = gather_from(p, &p->lists[i], only, err);
    if (rc == RC_OK) {
        *ret_postings = p->found;
        *ret_n = p->n_found;
    }
    return rc;
}

void occurrences_of(const struct posting *p, struct occurrence_iter *it)
{
    *it = (struct occurrence_iter){p->at, chunk_before(p->first_field), p->at == NULL};
}

bool occurrences_next(struct occurrence_iter *it, struct occurrence *ret)
{
    if (it->last)
        return false;
    /* The row was checked when it was handed out, so no code runs over this end. */
    it->at = chunk_occurrence(it->at, it->at + 16, &it->now);
    it->last = it->at[-1] & CODE_LAST;
    *ret = it->now;
    return true;
}
