/* SPDX-License-Identifier: MIT */
/*
 * posting_chunk.c -- rows that have a word, and where, as bytes; the format is in posting_int.h.
 *
 * Damage is found where it matters: heads when a chunk is opened, rows whenever
 * they are read (it costs nothing there), occurrences of a row before they are
 * handed out. So the loops over occurrences, which run most often, check nothing.
 *
 * Pure functions. Not here: keys (posting_keys.c) and which chunks there are.
 */
#include "index/posting_int.h"

#include "base/assert.h"
#include "base/bits.h"
#include "base/mem.h"
#include "text/text.h"

enum rc posting_chunk__damaged(struct err *err)
{
    return err_set(err, RC_CORRUPT, NULL, "a chunk of postings is damaged");
}

/* ---- encoding -------------------------------------------------------------------------- */

static uint8_t *put_21(uint8_t *p, uint32_t v)
{
    *p++ = (uint8_t)(v >> 14 & 0x7f);
    *p++ = (uint8_t)(v >> 7 & 0x7f);
    *p++ = (uint8_t)(v & 0x7f);
    return p;
}

static uint8_t *put_code(uint8_t *p, uint32_t step, uint32_t place)
{
    uint32_t lead = step * CODE_STEP;

    if (step > 2) {
        *p++ = CODE_FIELD;
        if (step - 3 < 0x7f) {
            *p++ = (uint8_t)(step - 3);
        } else {
            *p++ = 0x7f;
            p = put_21(p, step - 3);
        }
        lead = 0;
    }
    if (place < CODE_DIRECT) {
        *p++ = (uint8_t)(lead + place);
    } else if (place < CODE_DIRECT + 128 * (CODE_FAR - CODE_DIRECT)) {
        place -= CODE_DIRECT;
        *p++ = (uint8_t)(lead + CODE_DIRECT + place / 128);
        *p++ = (uint8_t)(place % 128);
    } else {
        *p++ = (uint8_t)(lead + CODE_FAR);
        p = put_21(p, place);
    }
    return p;
}

enum { CODE_MAX = 9 }; /* bytes of the longest code */

static uint8_t *put_occurrences(uint8_t *p, const struct place *places, size_t n, uint32_t base)
{
    struct occurrence before = chunk_before(base);
    uint32_t step, from;
    size_t i;

    for (i = 0; i < n; i++) {
        if (i == 0 || places[i].row != places[i - 1].row) {
            if (i > 0)
                p[-1] |= CODE_LAST;
            before = chunk_before(base);
        } else if (places[i].field == before.field && places[i].position == before.position) {
            continue;
        }
        step = places[i].field - before.field;
        from = step ? UINT32_MAX : before.position;
        p = put_code(p, step, places[i].position - from - 1);
        before = (struct occurrence){places[i].field, places[i].position};
    }
    p[-1] |= CODE_LAST;
    return p;
}

static uint8_t *put_rows(uint8_t *p, const struct place *places, size_t n, bool dense)
{
    size_t i;

    if (dense) {
        memset(p, 0, DENSE_BYTES);
        for (i = 0; i < n; i++)
            p[places[i].row / 8] |= (uint8_t)(1u << places[i].row % 8);
        return p + DENSE_BYTES;
    }
    for (i = 1; i < n; i++)
        if (places[i].row != places[i - 1].row)
            p += put_varint(p, (uint64_t)places[i].row - places[i - 1].row - 1);
    return p;
}

void posting_chunk__encode(const struct place *places, size_t n, bool occurs, struct buf *out)
{
    uint32_t base = places[0].field, head = occurs ? CHUNK_OCCURS : 0;
    size_t i, count = 1;
    bool reserved;
    uint8_t *p;

    for (i = 1; i < n; i++) {
        ASSERT_SLOW(places[i].row >= places[i - 1].row);
        if (places[i].row == places[i - 1].row)
            continue;
        count++;
        if (places[i].field < base)
            base = places[i].field;
    }
    if (!occurs)
        base = 0;
    reserved = buf_reserve(out, 2 * VARINT_MAX + 1 + n * CODE_MAX +
                                    (count >= DENSE_ROWS ? DENSE_BYTES : 3 * count));
    ASSERT(reserved);
    p = out->p + out->n;
    head |= count == 1 ? CHUNK_SINGLE : count >= DENSE_ROWS ? CHUNK_DENSE : 0;
    *p++ = (uint8_t)(head | (base < CHUNK_BASE_LONG ? base : CHUNK_BASE_LONG) << CHUNK_BASE_SHIFT);
    if (base >= CHUNK_BASE_LONG)
        p += put_varint(p, base);
    if (count > 1) {
        p += put_varint(p, count);
        p = put_rows(p, places, n, count >= DENSE_ROWS);
    }
    if (occurs)
        p = put_occurrences(p, places, n, base);
    out->n = (size_t)(p - out->p);
}

/* ---- decoding -------------------------------------------------------------------------- */

/* Reads a varint of at most max at *p. */
static bool read_number(const uint8_t **p, const uint8_t *end, uint64_t max, uint32_t *ret)
{
    uint64_t v = 0;
    size_t n = get_varint(bytes_of(*p, (size_t)(end - *p)), &v);

    if (n == 0 || v > max)
        return false;
    *p += n;
    *ret = (uint32_t)v;
    return true;
}

enum rc posting_chunk__open(struct bytes chunk, uint32_t first_row, struct chunk_view *ret,
                            struct err *err)
{
    const uint8_t *p = chunk.p, *end = chunk.p + chunk.n;
    struct chunk_view c = {.first = first_row % TILE_ROWS, .count = 1, .end = end};
    uint32_t head;

    if (chunk.n == 0)
        return posting_chunk__damaged(err);
    head = *p++;
    c.occurs = head & CHUNK_OCCURS;
    c.dense = head & CHUNK_DENSE;
    c.base = head >> CHUNK_BASE_SHIFT;
    if (c.base == CHUNK_BASE_LONG && !read_number(&p, end, SEARCH_FIELDS_MAX, &c.base))
        return posting_chunk__damaged(err);
    if (!(head & CHUNK_SINGLE) && !read_number(&p, end, TILE_ROWS - c.first, &c.count))
        return posting_chunk__damaged(err);
    if (c.count == 0 || (c.dense && c.count < DENSE_ROWS) ||
        (c.dense && (size_t)(end - p) < DENSE_BYTES) ||
        (!c.dense && (size_t)(end - p) < c.count - 1))
        return posting_chunk__damaged(err);
    c.rows = p;
    *ret = c;
    return RC_OK;
}

static const uint8_t *dense_rows(const struct chunk_view *c, struct tile *bits, uint32_t *ret_last)
{
    uint64_t words[TILE_WORDS];
    size_t i, first = 0, last = TILE_WORDS - 1;

    for (i = 0; i < TILE_WORDS; i++)
        words[i] = get_u64le(c->rows + 8 * i);
    if (bits_count(words, TILE_WORDS) != c->count) /* which is not 0 */
        return NULL;
    for (i = 0; i < TILE_WORDS; i++)
        bits->bits[i] |= words[i];
    while (!words[first])
        first++;
    while (!words[last])
        last--;
    if (64 * first + (size_t)__builtin_ctzll(words[first]) != c->first)
        return NULL;
    *ret_last = (uint32_t)(64 * last + 63 - (size_t)__builtin_clzll(words[last]));
    return c->rows + DENSE_BYTES;
}

const uint8_t *posting_chunk__rows(const struct chunk_view *c, struct tile *bits,
                                   uint32_t *ret_last)
{
    const uint8_t *p = c->rows;
    uint32_t row = c->first, gap = 0, left;

    if (c->dense)
        return dense_rows(c, bits, ret_last);
    bits->bits[row / 64] |= 1ull << row % 64;
    for (left = c->count - 1; left; left--) {
        p = chunk_gap(p, c->end, &gap);
        if (!p || gap >= TILE_ROWS - row)
            return NULL;
        row += gap;
        bits->bits[row / 64] |= 1ull << row % 64;
    }
    *ret_last = row;
    return p;
}

const uint8_t *posting_chunk__list(const struct chunk_view *c, uint16_t *rows)
{
    const uint8_t *p = c->rows;
    uint32_t row = c->first, gap = 0, i;

    rows[0] = (uint16_t)row;
    for (i = 1; i < c->count; i++) {
        p = chunk_gap(p, c->end, &gap);
        if (!p || gap >= TILE_ROWS - row)
            return NULL;
        row += gap;
        rows[i] = (uint16_t)row;
    }
    return p;
}

/* Three bytes of 7 bits behind a byte that was not the last. */
static const uint8_t *get_21(const uint8_t *at, const uint8_t *end, uint32_t *ret)
{
    if (end - at < 3 || ((at[-1] | at[0] | at[1]) & CODE_LAST))
        return NULL;
    *ret = (uint32_t)at[0] << 14 | (uint32_t)at[1] << 7 | (at[2] & 0x7fu);
    return at + 3;
}

const uint8_t *posting_chunk__long(const uint8_t *at, const uint8_t *end, uint32_t v,
                                   struct occurrence *now)
{
    uint32_t step = v / CODE_STEP, place = v % CODE_STEP, more = 0;

    if (v >= CODE_FIELD) {
        if (v > CODE_FIELD || at == end || (at[-1] & CODE_LAST))
            return NULL;
        more = *at++ & 0x7f;
        if (more == 0x7f)
            at = get_21(at, end, &more);
        if (!at || at == end || (at[-1] & CODE_LAST))
            return NULL;
        step = more + 3;
        place = *at++ & 0x7f;
        if (place > CODE_FAR)
            return NULL;
    }
    if (place == CODE_FAR) {
        at = get_21(at, end, &place);
        if (!at)
            return NULL;
    } else if (place >= CODE_DIRECT) {
        if (at == end || (at[-1] & CODE_LAST))
            return NULL;
        place = CODE_DIRECT + (place - CODE_DIRECT) * 128 + (*at++ & 0x7f);
    }
    now->field += step;
    now->position = (step ? UINT32_MAX : now->position) + 1 + place;
    return at;
}

/*
 * Goes over a row of codes of one or two bytes, without branches on what they
 * are: in running text these cannot be foretold. NULL: look more closely.
 */
static const uint8_t *pass_row(const uint8_t *at, const uint8_t *end, uint32_t base,
                               size_t n_fields)
{
    /* So many codes of two bytes cannot go past TEXT_POSITION_MAX. */
    enum { MOST = TEXT_POSITION_MAX / (CODE_DIRECT + 128 * (CODE_FAR - CODE_DIRECT)) };
    uint32_t left, code, step, place, two, field = base;

    for (left = MOST; left && end - at >= 2; left--) {
        code = at[0] & 0x7f;
        step = (uint32_t)(code >= CODE_STEP) + (uint32_t)(code >= 2 * CODE_STEP);
        place = code - step * CODE_STEP;
        two = place >= CODE_DIRECT;
        if (place >= CODE_FAR || (two & (uint32_t)at[0] >> 7))
            return NULL;
        field += step;
        at += 1 + two;
        if (at[-1] & CODE_LAST)
            return field < n_fields ? at : NULL;
    }
    return NULL;
}

const uint8_t *posting_chunk__check_row(const uint8_t *at, const uint8_t *end, uint32_t base,
                                        size_t n_fields)
{
    const uint8_t *passed = pass_row(at, end, base, n_fields);
    struct occurrence now = chunk_before(base);

    if (passed)
        return passed;
    do {
        at = chunk_occurrence(at, end, &now);
        if (!at || now.field >= n_fields || now.position > TEXT_POSITION_MAX)
            return NULL;
    } while (!(at[-1] & CODE_LAST));
    return at;
}

const uint8_t *posting_chunk__skip(const uint8_t *at, const uint8_t *end, size_t n)
{
    for (; n && end - at >= 8; at += 8) {
        uint64_t tops = get_u64le(at) & CHUNK_TOPS;
        size_t ended = chunk_count_tops(tops);

        if (ended >= n) {
            for (; n > 1; n--)
                tops &= tops - 1;
            return at + __builtin_ctzll(tops) / 8 + 1;
        }
        n -= ended;
    }
    for (; n; at++) {
        if (at == end)
            return NULL;
        n -= *at >> 7;
    }
    return at;
}

/* ---- joining --------------------------------------------------------------------------- */

struct joining {
    struct place *places; /* owned */
    size_t n, cap;
};

static void push(struct joining *j, uint32_t row, struct occurrence o)
{
    j->places = index__grow(j->places, sizeof *j->places, j->n + 1, &j->cap);
    j->places[j->n++] = (struct place){(uint16_t)row, (uint16_t)o.field, (uint16_t)o.position};
}

/* Appends the places of one row; behind its occurrences, or NULL. */
static const uint8_t *push_row(struct joining *j, const struct chunk_view *c, uint32_t row,
                               const uint8_t *at)
{
    struct occurrence now = chunk_before(c->base);
    const uint8_t *end;

    if (!c->occurs) {
        push(j, row, (struct occurrence){0, 0});
        return at;
    }
    end = posting_chunk__check_row(at, c->end, c->base, SEARCH_FIELDS_MAX);
    while (end && at != end) {
        at = chunk_occurrence(at, end, &now);
        push(j, row, now);
    }
    return end;
}

static enum rc push_chunk(struct joining *j, const struct chunk_view *c, struct tile *tile,
                          struct err *err)
{
    uint32_t last = 0, i, row;
    const uint8_t *at;

    memset(tile, 0, sizeof *tile);
    at = posting_chunk__rows(c, tile, &last);
    if (j->n && j->places[j->n - 1].row >= c->first)
        at = NULL;
    for (i = c->first / 64; at && i <= last / 64; i++) {
        uint64_t w = tile->bits[i];

        for (; at && w; w &= w - 1) {
            row = 64 * i + (uint32_t)__builtin_ctzll(w);
            at = push_row(j, c, row, at);
        }
    }
    return at == c->end ? RC_OK : posting_chunk__damaged(err);
}

enum rc posting_chunk__join(const struct bytes *chunks, const uint32_t *first_rows, size_t n,
                            struct buf *out, struct err *err)
{
    struct tile *tile = xmalloc(sizeof *tile);
    struct joining j = {0};
    struct chunk_view c;
    bool occurs = false;
    enum rc rc = RC_OK;
    size_t i;

    ASSERT(n > 0);
    for (i = 0; i < n && rc == RC_OK; i++) {
        rc = posting_chunk__open(chunks[i], first_rows[i], &c, err);
        if (rc == RC_OK && i > 0 &&
            (c.occurs != occurs || first_rows[i] / TILE_ROWS != first_rows[0] / TILE_ROWS))
            rc = posting_chunk__damaged(err);
        if (rc != RC_OK)
            break;
        occurs = c.occurs;
        rc = push_chunk(&j, &c, tile, err);
    }
    if (rc == RC_OK)
        posting_chunk__encode(j.places, j.n, occurs, out);
    xfree(j.places);
    xfree(tile);
    return rc;
}
