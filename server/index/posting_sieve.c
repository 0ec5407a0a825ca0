/* SPDX-License-Identifier: MIT */
/* posting_sieve.c -- rows that cannot have a word where it is wanted, told by a first look. */
#include "index/posting_list.h"

enum sight { SIGHT_DROP, SIGHT_KEEP, SIGHT_LOOK };
struct sieve {
    const struct chunk_view *c;
    uint32_t last_field, last_position;
    uint8_t sight[128]; /* what the first code of a row says about it */
};

static void sieve_init(struct sieve *s)
{
    uint32_t code;

    for (code = 0; code < ARRAY_LEN(s->sight); code++) {
        uint32_t place = code % CODE_STEP;

        if (code < CODE_FIELD && s->c->base + code / CODE_STEP > s->last_field)
            s->sight[code] = SIGHT_DROP;
        else if (code < CODE_FIELD && place < CODE_DIRECT && place <= s->last_position)
            s->sight[code] = SIGHT_KEEP;
        else
            s->sight[code] = SIGHT_LOOK;
    }
}

/* Behind the row at `at`, whose first code does not tell; NULL: damaged. */
static const uint8_t *look_closer(const struct sieve *s, const uint8_t *at, bool *ret_keep)
{
    struct occurrence now = chunk_before(s->c->base);
    bool first = true, early = false;

    *ret_keep = false;
    do {
        at = chunk_occurrence(at, s->c->end, &now);
        if (!at)
            return NULL;
        early = early || (first && now.field <= s->last_field);
        first = false;
        *ret_keep = *ret_keep || (early && now.position <= s->last_position);
    } while (!(at[-1] & CODE_LAST));
    return at;
}

/* Behind the row at `at`; NULL: damaged. Most rows are short: their end is in eight bytes. */
static const uint8_t *pass_one(const uint8_t *at, const uint8_t *end)
{
    uint64_t tops = end - at < 8 ? 0 : get_u64le(at) & 0x8080808080808080u;

    return tops ? at + __builtin_ctzll(tops) / 8 + 1 : posting_chunk__skip(at, end, 1);
}

/* Behind the row at `at`; NULL: damaged. */
static const uint8_t *sieve_row(const struct sieve *s, const uint8_t *at, bool *ret_keep)
{
    enum sight sight;

    if (at == s->c->end)
        return NULL;
    sight = s->sight[*at & 0x7f];
    *ret_keep = sight == SIGHT_KEEP;
    return sight == SIGHT_LOOK ? look_closer(s, at, ret_keep) : pass_one(at, s->c->end);
}

static const uint8_t *sieve_list(const struct sieve *s, const uint8_t *at, const uint16_t *rows,
                                 const struct tile *only, struct tile *keep)
{
    size_t i, done = 0;
    bool is = false;

    for (i = 0; at && i < s->c->count; i++) {
        uint64_t bit = 1ull << rows[i] % 64;

        if (!(only->bits[rows[i] / 64] & bit))
            continue;
        at = posting_chunk__skip(at, s->c->end, i - done);
        at = at ? sieve_row(s, at, &is) : NULL;
        keep->bits[rows[i] / 64] |= is ? bit : 0;
        done = i + 1;
    }
    return at;
}

/* tile: the chunk's rows alone. */
static const uint8_t *sieve_bits(const struct sieve *s, const uint8_t *at, const struct tile *tile,
                                 const struct tile *only, uint32_t last, struct tile *keep)
{
    bool is = false;
    size_t i;

    for (i = s->c->first / 64; at && i <= last / 64; i++) {
        uint64_t has = tile->bits[i], asked = has & only->bits[i], kept = 0;

        if (!asked) {
            at = posting_chunk__skip(at, s->c->end, (size_t)__builtin_popcountll(has));
            continue;
        }
        for (; at && has; has &= has - 1) {
            at = sieve_row(s, at, &is);
            kept |= is ? has & -has : 0;
        }
        keep->bits[i] |= kept & asked;
    }
    return at;
}

static enum rc sieve_from(struct postings *p, const struct posting_list *l, struct sieve *s,
                          const struct tile *only, struct tile *keep, struct err *err)
{
    const struct chunk_rows *rows;
    struct chunk_view c;
    const uint8_t *at;
    uint32_t last = 0;
    size_t i;
    enum rc rc;

    s->c = &c;
    for (i = 0; posting_list__chunk(l, p->tile, i, &c, &rc, err); i++) {
        at = postings__read_rows(p->reader, &c, &last);
        rows = p->reader->chunk_rows;
        sieve_init(s);
        if (!at || !c.occurs ||
            !(c.dense ? sieve_bits(s, at, &rows->bits, only, last, keep)
                      : sieve_list(s, at, rows->list, only, keep)))
            return posting_chunk__damaged(err);
    }
    return rc;
}

enum rc postings_sieve(struct postings *p, uint32_t tile, const struct tile *only,
                       uint32_t last_field, uint32_t last_position, struct tile *keep,
                       struct err *err)
{
    struct sieve s = {NULL, last_field, last_position, {0}};
    enum rc rc = postings__come_to(p, tile, err);
    size_t i;

    for (i = 0; rc == RC_OK && i < p->n_lists; i++)
        rc = sieve_from(p, &p->lists[i], &s, only, keep, err);
    return rc;
}
