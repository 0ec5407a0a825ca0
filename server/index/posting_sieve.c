/* SPDX-License-Identifier: MIT */
/*
 * posting_sieve.c -- rows that cannot have a word where it is wanted, told by a first look.
 *
 * What a row has first is a code whose size tells the field: codes from some
 * number on begin in a later field than is wanted. Of a common word that is most
 * rows, and eight bytes of them are passed over at a time: the top bits say where
 * rows begin, one addition which of the bytes are too large. Only the others are
 * looked at.
 */
#include "index/posting_list.h"

#define ONES 0x0101010101010101u

struct sieve {
    const struct chunk_view *c;
    const uint16_t *rows; /* of the chunk */
    const struct tile *only;
    uint32_t last_field, last_position;
    uint64_t add; /* lifts to 128 and above what is too large */
    struct tile *keep;
};

/* Whether the row at `at` has its first occurrence early enough, and any one near enough. */
static bool look(const struct sieve *s, const uint8_t *at, bool *ret_damaged)
{
    struct occurrence now = chunk_before(s->c->base);

    at = chunk_occurrence(at, s->c->end, &now);
    if (!at || now.field > s->last_field) {
        *ret_damaged = !at;
        return false;
    }
    while (now.position > s->last_position && !(at[-1] & CODE_LAST)) {
        at = chunk_occurrence(at, s->c->end, &now);
        if (!at) {
            *ret_damaged = true;
            return false;
        }
    }
    return now.position <= s->last_position;
}

/* Looks at the chunk's row number n, which is at `at`; false: the chunk is damaged. */
static bool take(const struct sieve *s, size_t n, const uint8_t *at)
{
    bool damaged = false;
    uint32_t row;

    if (n >= s->c->count)
        return false;
    row = s->rows[n];
    if ((s->only->bits[row / 64] >> row % 64 & 1) && look(s, at, &damaged))
        s->keep->bits[row / 64] |= 1ull << row % 64;
    return !damaged;
}

/* Goes over the occurrences of a chunk; false: it is damaged. */
static bool pass(const struct sieve *s, const uint8_t *at)
{
    const uint8_t *end = s->c->end;
    uint64_t begins = 0x80; /* the top bit of a byte that begins a row; here of the next byte */
    size_t n = 0;           /* rows that began before */

    for (; end - at >= 8; at += 8) {
        uint64_t w = get_u64le(at), starts = (w & CHUNK_TOPS) << 8 | begins, hits;

        hits = starts & ~((w & ~CHUNK_TOPS) + s->add);
        for (; hits; hits &= hits - 1) {
            uint64_t bit = hits & -hits;

            if (!take(s, n + chunk_count_tops(starts & (bit - 1)), at + __builtin_ctzll(bit) / 8))
                return false;
        }
        n += chunk_count_tops(starts);
        begins = w >> 63 << 7;
    }
    for (; at < end; at++) {
        bool large = ((*at & 0x7fu) + (uint8_t)s->add) >= 0x80;

        if (begins && !large && !take(s, n, at))
            return false;
        n += begins >> 7;
        begins = *at & CODE_LAST;
    }
    return begins && n == s->c->count;
}

/* Codes that say that a row begins behind last_field. */
static uint64_t too_large(const struct chunk_view *c, uint32_t last_field)
{
    uint32_t code = 0;

    if (last_field >= c->base)
        code = last_field - c->base > 2 ? CODE_LAST : CODE_STEP * (last_field - c->base + 1);
    return ONES * (CODE_LAST - code);
}

static void list_rows(const struct tile *bits, uint16_t *list)
{
    size_t i, n = 0;
    uint64_t w;

    for (i = 0; i < TILE_WORDS; i++)
        for (w = bits->bits[i]; w; w &= w - 1)
            list[n++] = (uint16_t)(64 * i + (size_t)__builtin_ctzll(w));
}

static enum rc sieve_from(struct postings *p, const struct posting_list *l, struct sieve *s,
                          struct err *err)
{
    struct chunk_rows *rows;
    struct chunk_view c;
    const uint8_t *at;
    uint32_t last = 0;
    size_t i;
    enum rc rc;

    s->c = &c;
    for (i = 0; posting_list__chunk(l, p->tile, i, &c, &rc, err); i++) {
        at = postings__read_rows(p->reader, &c, &last);
        rows = p->reader->chunk_rows;
        if (at && c.dense)
            list_rows(&rows->bits, rows->list);
        s->rows = rows->list;
        s->add = too_large(&c, s->last_field);
        if (!at || !c.occurs || !pass(s, at))
            return posting_chunk__damaged(err);
    }
    return rc;
}

enum rc postings_sieve(struct postings *p, uint32_t tile, const struct tile *only,
                       uint32_t last_field, uint32_t last_position, struct tile *keep,
                       struct err *err)
{
    struct sieve s = {
        .only = only, .last_field = last_field, .last_position = last_position, .keep = keep};
    enum rc rc = postings__come_to(p, tile, err);
    size_t i;

    for (i = 0; rc == RC_OK && i < p->n_lists; i++)
        rc = sieve_from(p, &p->lists[i], &s, err);
    return rc;
}
