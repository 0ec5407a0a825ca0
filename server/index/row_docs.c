/* SPDX-License-Identifier: MIT */
/* row_docs.c -- documents in the order of their numbers; see row_docs.h. */
#include "index/row_docs.h"

#include "index/rows_int.h"

static const struct rows_tile *tile_of(const struct rows *r, uint64_t number)
{
    return number < r->next ? r->tiles[number / TILE_ROWS] : NULL;
}

/* Which of the 64 numbers from `first` (a multiple of 64) on are documents. */
static uint64_t docs_of(const struct rows *r, uint64_t first)
{
    const struct rows_tile *t = tile_of(r, first);
    const struct rows_piece *docs, *rows;
    uint64_t live, mask = 0;
    uint32_t i;

    if (!t)
        return 0;
    docs = t->docs[first % TILE_ROWS / PART_ROWS];
    rows = t->rows[first % TILE_ROWS / PART_ROWS];
    live = t->live[first % TILE_ROWS / 64];
    if (!docs && !rows)
        return live;
    for (i = 0; i < 64; i++) {
        uint32_t number = (uint32_t)first + i, row = rows ? rows->to[number % PART_ROWS] : number;
        bool is;

        if (row == number)
            is = (live >> i & 1) && (!docs || docs->to[number % PART_ROWS] == number);
        else
            is = rows__is_live(r, row);
        mask |= (uint64_t)is << i;
    }
    return mask;
}

void doc_iter__init(struct doc_iter *it, const struct rows *rows, uint32_t from)
{
    uint64_t first = from / 64 * 64;

    it->rows = rows;
    it->mask = docs_of(rows, first) & UINT64_MAX << from % 64;
    it->at = first + 64;
}

/* Makes mask not empty; false at the end. */
static bool fill(struct doc_iter *it)
{
    while (!it->mask) {
        if (it->at >= it->rows->next)
            return false;
        it->mask = docs_of(it->rows, it->at);
        it->at += 64;
    }
    return true;
}

bool doc_iter__next(struct doc_iter *it, uint32_t *ret_doc)
{
    if (!fill(it))
        return false;
    *ret_doc = (uint32_t)(it->at - 64) + (uint32_t)__builtin_ctzll(it->mask);
    it->mask &= it->mask - 1;
    return true;
}

void doc_iter__skip(struct doc_iter *it, uint64_t n)
{
    while (n > 0 && fill(it)) {
        unsigned here = (unsigned)__builtin_popcountll(it->mask);

        if (here <= n) {
            n -= here;
            it->mask = 0;
            continue;
        }
        for (; n > 0; n--)
            it->mask &= it->mask - 1;
    }
}

bool rows__has_doc(const struct rows *r, uint32_t doc)
{
    return docs_of(r, doc / 64 * 64) >> doc % 64 & 1;
}

uint32_t rows__docs_end(const struct rows *r)
{
    uint64_t first = ((uint64_t)r->next + 63) / 64 * 64, mask = 0;

    while (!mask && first > 0)
        mask = docs_of(r, first -= 64);
    return mask ? (uint32_t)(first + 64 - (unsigned)__builtin_clzll(mask)) : 0;
}

/* The bits of the word at `first` that are in [from, to). */
static uint64_t within(uint64_t first, uint64_t from, uint64_t to)
{
    uint64_t mask = UINT64_MAX;

    if (from > first)
        mask &= UINT64_MAX << (from - first);
    if (to < first + 64)
        mask &= UINT64_MAX >> (first + 64 - to);
    return mask;
}

uint32_t rows__live_between(const struct rows *r, uint64_t from, uint64_t to)
{
    uint64_t end = to < r->next ? to : r->next, first;
    uint32_t n = 0;

    for (first = from / 64 * 64; from < end && first < end; first += 64) {
        const struct rows_tile *t = tile_of(r, first);

        if (t)
            n += (uint32_t)__builtin_popcountll(t->live[first % TILE_ROWS / 64] &
                                                within(first, from, end));
    }
    return n;
}

bool rows__unmoved(const struct rows *r, uint64_t from, uint64_t to)
{
    uint64_t end = to < r->next ? to : r->next, first;

    for (first = from / 64 * 64; from < end && first < end; first += 64) {
        const struct rows_tile *t = tile_of(r, first);
        uint64_t in = within(first, from, end);
        const struct rows_piece *docs, *rows;
        uint32_t i;

        if (!t)
            continue;
        docs = t->docs[first % TILE_ROWS / PART_ROWS];
        rows = t->rows[first % TILE_ROWS / PART_ROWS];
        for (i = 0; (docs || rows) && i < 64; i++) {
            uint32_t number = (uint32_t)first + i;

            if (!(in >> i & 1))
                continue;
            if (docs && docs->to[number % PART_ROWS] != number &&
                (t->live[number % TILE_ROWS / 64] >> number % 64 & 1))
                return false;
            if (rows && rows->to[number % PART_ROWS] != number &&
                rows__is_live(r, rows->to[number % PART_ROWS]))
                return false;
        }
    }
    return true;
}
