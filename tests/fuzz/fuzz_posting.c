/* SPDX-License-Identifier: MIT */
/*
 * fuzz_posting.c -- foreign bytes as chunks of postings, and as places to be encoded.
 *
 * The first byte picks the way in: even, the second byte is the length of a first
 * chunk and the rest a second one, which are read and joined; odd, every five
 * bytes are a place further on, so that all well-formed chunks are reached too.
 *
 * Held: nothing is read outside the chunk, rows rise within the tile, what the
 * check of a row passes is walked to the same end, a joined chunk holds the rows
 * and occurrences of its parts, encoding and decoding agree.
 */
#include "base/assert.h"
#include "base/mem.h"
#include "index/posting_int.h"
#include "text/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct seen {
    uint64_t rows, occurrences, sum;
};

static void walk_row(const struct chunk_view *c, uint32_t row, const uint8_t *at,
                     const uint8_t *end, struct seen *seen)
{
    struct posting p = {(uint16_t)row, (uint16_t)c->base, at};
    struct occurrence_iter it;
    struct occurrence o;
    uint32_t in_row = 0;

    for (occurrences_of(&p, &it); occurrences_next(&it, &o); in_row++) {
        ASSERT(o.field < SEARCH_FIELDS_MAX && o.position <= TEXT_POSITION_MAX && it.at <= end);
        seen->occurrences++;
        seen->sum += (uint64_t)(row + 1) * (o.field * 131 + o.position + 1);
    }
    ASSERT(it.at == end && in_row > 0);
}

/* False: the chunk is damaged. */
static bool walk(struct bytes chunk, uint32_t first_row, struct seen *seen)
{
    struct tile *tile = xcalloc(1, sizeof *tile);
    struct chunk_view c;
    const uint8_t *at = NULL, *end;
    uint32_t last = 0, row;

    if (posting_chunk__open(chunk, first_row, &c, NULL) == RC_OK)
        at = posting_chunk__rows(&c, tile, &last);
    if (at)
        ASSERT(last >= c.first && last < TILE_ROWS && at <= c.end && c.count > 0);
    for (row = at ? c.first : 0; at && row <= last; row++) {
        if (!(tile->bits[row / 64] >> row % 64 & 1))
            continue;
        seen->rows++;
        if (!c.occurs)
            continue;
        end = posting_chunk__check_row(at, c.end, c.base, SEARCH_FIELDS_MAX);
        if (end) {
            ASSERT(posting_chunk__skip(at, c.end, 1) == end);
            walk_row(&c, row, at, end, seen);
        }
        at = end;
    }
    xfree(tile);
    return at && at == c.end;
}

/* The inputs as they are in memory: what is behind them is not theirs. */
static struct bytes copy_of(struct bytes b)
{
    return bytes_of(b.n ? xmemdup(b.p, b.n) : xmalloc(1), b.n);
}

static void check_chunks(struct bytes first, struct bytes second)
{
    struct bytes parts[2] = {copy_of(first), copy_of(second)};
    const uint32_t rows[2] = {7, 4000};
    struct seen a = {0}, b = {0};
    struct chunk_view c;
    bool ok = walk(parts[0], rows[0], &a), both = walk(parts[1], rows[1], &a) && ok;
    struct buf out;

    buf_init(&out, BUF_NO_LIMIT);
    if (posting_chunk__join(parts, rows, 2, &out, NULL) == RC_OK) {
        ASSERT(both && walk(buf_view(&out), rows[0], &b));
        ASSERT(posting_chunk__open(buf_view(&out), rows[0], &c, NULL) == RC_OK);
        ASSERT(a.rows == b.rows && a.rows == c.count);
#ifdef LODE_PLANTED_BUG
        if (a.rows >= 4 && a.occurrences == a.rows + 1)
            NEVER("planted bug");
#endif
    }
    buf_clear(&out);
    ASSERT((posting_chunk__join(parts, rows, 1, &out, NULL) == RC_OK) == ok);
    buf_done(&out);
    xfree((void *)(uintptr_t)parts[0].p);
    xfree((void *)(uintptr_t)parts[1].p);
}

static void check_places(struct bytes b)
{
    struct place *places = xmalloc((b.n / 5 + 1) * sizeof *places);
    uint32_t row = 0, field = 0, position = 0;
    struct seen seen = {0}, want = {0};
    struct buf out;
    size_t n = 0;

    for (; b.n >= 5; b.p += 5, b.n -= 5) {
        uint32_t rows = b.p[0] >> 4 ? (uint32_t)b.p[0] >> 5 : 0, fields = b.p[1] >> 5;

        if (n == 0 || rows) {
            row += rows << (b.p[0] & 7);
            field = b.p[1];
            position = (uint32_t)b.p[2] << 8 | b.p[3];
        } else {
            field += fields ? fields << (b.p[1] & 15) : 0;
            position = fields ? b.p[2] : position + 1 + ((uint32_t)b.p[2] >> 4 << (b.p[3] & 15));
        }
        if (row >= TILE_ROWS || field >= SEARCH_FIELDS_MAX || position > TEXT_POSITION_MAX)
            break;
        want.rows += n == 0 || places[n - 1].row != row;
        want.sum += (uint64_t)(row + 1) * (field * 131 + position + 1);
        places[n++] = (struct place){(uint16_t)row, (uint16_t)field, (uint16_t)position};
    }
    buf_init(&out, BUF_NO_LIMIT);
    if (n) {
        posting_chunk__encode(places, n, true, &out);
        ASSERT(walk(buf_view(&out), places[0].row, &seen));
        ASSERT(seen.rows == want.rows && seen.occurrences == n && seen.sum == want.sum);
    }
    buf_done(&out);
    xfree(places);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    size_t first;

    if (n < 2)
        return 0;
    if (data[0] % 2) {
        check_places(bytes_of(data + 1, n - 1));
        return 0;
    }
    first = data[1] < n - 2 ? data[1] : n - 2;
    check_chunks(bytes_of(data + 2, first), bytes_of(data + 2 + first, n - 2 - first));
    return 0;
}
