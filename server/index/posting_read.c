/* SPDX-License-Identifier: MIT */
/*
 * posting_read.c -- lists of postings for searches: a tile's rows, and occurrences.
 *
 * Opening reads the list's chunks through a cursor that all lists of the reader
 * share, and which steps rather than seeks when the next list is near: queries
 * open many rare words that are neighbours. A list that takes at most HEAD_BYTES
 * is in memory then. A larger one keeps what was read, in whole tiles, and reads
 * on through a cursor of its own when tiles beyond are asked for; memory holds
 * one tile of it.
 *
 * (1) chunks are of whole tiles, rising; those before `next` were passed over.
 * (2) While more is true, chunks from the key `resume` on are in the store only.
 */
#include "index/posting_int.h"

#include "base/assert.h"
#include "base/mem.h"
#include "index/keys.h"
#include "index/reader_int.h"
#include "store/store.h"
#include "text/text.h"

enum {
    HEAD_BYTES = 16384,
    STEPS_MAX = 8, /* keys that are stepped over rather than sought: a seek costs so many */
};

struct chunk_ref {
    uint32_t row;
    size_t at, n; /* in text */
};

/* The rows of one chunk: bits of a dense one, a list of others. Shared by all lists of a reader. */
struct chunk_rows {
    struct tile bits;
    uint16_t list[TILE_ROWS];
};

struct postings {
    struct reader *reader;
    struct key list;
    size_t n_list;
    struct buf text;
    struct chunk_ref *chunks; /* owned (1) */
    size_t n, cap, next;
    bool more; /* (2) */
    uint32_t resume;
    struct store_cursor *cursor; /* owned, or NULL */
    struct posting *found;       /* owned; of the last postings_of() */
    size_t n_found, found_cap;
    uint32_t tile; /* asked last */
};

/* ---- chunks from the store --------------------------------------------------------------- */

void reader__close_lists(struct reader *r)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(r->lists); i++)
        store_cursor_close(r->lists[i]);
    xfree(r->chunk_rows);
}

/* To the first key >= key; stepping when it is near. */
static void move_to(struct store_cursor *c, struct bytes key)
{
    int i;

    if (store_cursor_valid(c) && bytes_cmp(store_cursor_key(c), key) <= 0)
        for (i = 0; i < STEPS_MAX && store_cursor_valid(c); i++) {
            if (bytes_cmp(store_cursor_key(c), key) >= 0)
                return;
            store_cursor_next(c);
        }
    if (!store_cursor_valid(c) || bytes_cmp(store_cursor_key(c), key) != 0)
        store_cursor_seek(c, key);
}

/* The row of the list's chunk that the cursor is on; false: it is behind the list. */
static bool on_list(const struct postings *p, struct store_cursor *c, uint32_t *ret_row)
{
    struct bytes key;

    if (!store_cursor_valid(c))
        return false;
    key = store_cursor_key(c);
    if (key.n != p->n_list + 4 || memcmp(key.p, p->list.p, p->n_list) != 0)
        return false;
    *ret_row = get_u32be(key.p + p->n_list);
    return true;
}

static void keep_chunk(struct postings *p, uint32_t row, struct bytes chunk)
{
    p->chunks = index__grow(p->chunks, sizeof *p->chunks, p->n + 1, &p->cap);
    p->chunks[p->n++] = (struct chunk_ref){row, p->text.n, chunk.n};
    (void)buf_bytes(&p->text, chunk);
}

/* Drops the tile of `row` from the end: only whole tiles are kept. */
static void drop_tile(struct postings *p, uint32_t row)
{
    while (p->n && p->chunks[p->n - 1].row / TILE_ROWS == row / TILE_ROWS) {
        p->n--;
        p->resume = p->chunks[p->n].row;
        buf_cut(&p->text, p->chunks[p->n].at);
    }
}

static enum rc read_head(struct postings *p, struct store_cursor *c, struct err *err)
{
    uint32_t row;

    move_to(c, posting_key__row(&p->list, p->n_list, 0));
    for (; on_list(p, c, &row); store_cursor_next(c)) {
        struct bytes chunk = store_cursor_value(c);

        if (p->text.n + chunk.n > HEAD_BYTES) {
            p->more = true;
            p->resume = row;
            drop_tile(p, row);
            break;
        }
        keep_chunk(p, row, chunk);
    }
    return store_cursor_end(c, err);
}

/* Replaces the chunks by those of the tile, from the store. */
static enum rc read_tile(struct postings *p, uint32_t tile, struct err *err)
{
    uint32_t row = 0;
    enum rc rc;

    p->n = 0;
    p->next = 0;
    buf_clear(&p->text);
    if (p->resume / TILE_ROWS > tile)
        return RC_OK;
    if (!p->cursor) {
        rc = store_cursor_open(reader__store(p->reader), bytes_of(p->list.p, p->n_list), false,
                               &p->cursor, err);
        if (rc != RC_OK)
            return rc;
    }
    if (p->resume / TILE_ROWS < tile)
        p->resume = tile * TILE_ROWS;
    move_to(p->cursor, posting_key__row(&p->list, p->n_list, p->resume));
    for (; on_list(p, p->cursor, &row); store_cursor_next(p->cursor)) {
        if (row / TILE_ROWS > tile)
            break;
        keep_chunk(p, row, store_cursor_value(p->cursor));
    }
    p->more = store_cursor_valid(p->cursor);
    p->resume = row;
    return store_cursor_end(p->cursor, err);
}

/* Makes chunks[next..] begin with those of the tile, if the list has it. */
static enum rc come_to(struct postings *p, uint32_t tile, struct err *err)
{
    ASSERT(tile >= p->tile && tile <= UINT32_MAX / TILE_ROWS);
    p->tile = tile;
    while (p->next < p->n && p->chunks[p->next].row / TILE_ROWS < tile)
        p->next++;
    return p->next < p->n || !p->more ? RC_OK : read_tile(p, tile, err);
}

/* The i-th chunk of the tile; false: there are no more. */
static bool chunk_at(const struct postings *p, size_t i, struct chunk_view *ret, enum rc *ret_rc,
                     struct err *err)
{
    const struct chunk_ref *c = &p->chunks[p->next + i];

    *ret_rc = RC_OK;
    if (p->next + i >= p->n || c->row / TILE_ROWS != p->tile)
        return false;
    *ret_rc = posting_chunk__open(bytes_of(p->text.p + c->at, c->n), c->row, ret, err);
    return *ret_rc == RC_OK;
}

enum rc postings_open(struct reader *r, enum posting_kind kind, struct bytes key,
                      struct postings **ret_postings, struct err *err)
{
    struct postings *p;
    struct bytes list;
    enum rc rc;

    if (r->search->words == 0 || key.n == 0 || key.n > TEXT_WORD_MAX)
        return RC_NOT_FOUND;
    p = xcalloc(1, sizeof *p);
    p->reader = r;
    list = posting_key__list(&p->list, kind, r->search->words, key);
    p->n_list = list.n;
    buf_init(&p->text, BUF_NO_LIMIT);
    rc = RC_OK;
    if (!r->lists[kind])
        rc = store_cursor_open(reader__store(r), bytes_of(list.p, KEY_HEAD), false, &r->lists[kind],
                               err);
    if (rc == RC_OK)
        rc = read_head(p, r->lists[kind], err);
    if (rc == RC_OK && p->n == 0 && !p->more)
        rc = RC_NOT_FOUND;
    if (rc == RC_OK)
        *ret_postings = p;
    else
        postings_close(p);
    return rc;
}

void postings_close(struct postings *p)
{
    if (!p)
        return;
    store_cursor_close(p->cursor);
    buf_done(&p->text);
    xfree(p->chunks);
    xfree(p->found);
    xfree(p);
}

/* ---- rows and occurrences ------------------------------------------------------------------ */

enum rc postings_rows(struct postings *p, uint32_t tile, struct tile *rows, struct err *err)
{
    struct chunk_view c;
    uint32_t last;
    size_t i;
    enum rc rc;

    rc = come_to(p, tile, err);
    if (rc != RC_OK)
        return rc;
    for (i = 0; chunk_at(p, i, &c, &rc, err); i++)
        if (!posting_chunk__rows(&c, rows, &last))
            return posting_chunk__damaged(err);
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

/* Reads the chunk's rows; where its occurrences begin, or NULL: damaged. */
static const uint8_t *read_rows(struct reader *r, const struct chunk_view *c, uint32_t *ret_last)
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

            if (!gather(g, ordinal + (size_t)__builtin_popcountll(has & below),
                        (uint32_t)(64 * i) + (uint32_t)__builtin_ctzll(w)))
                return false;
        }
        ordinal += (size_t)__builtin_popcountll(has);
    }
    return true;
}

enum rc postings_of(struct postings *p, uint32_t tile, const struct tile *only,
                    const struct posting **ret_postings, size_t *ret_n, struct err *err)
{
    size_t i, n_fields = reader_n_fields(p->reader);
    const struct chunk_rows *rows;
    struct chunk_view c;
    uint32_t last = 0;
    enum rc rc;

    rc = come_to(p, tile, err);
    if (rc != RC_OK)
        return rc;
    p->n_found = 0;
    for (i = 0; chunk_at(p, i, &c, &rc, err); i++) {
        struct gathering g = {.p = p, .c = &c, .n_fields = n_fields};

        if (i > 0 && c.first <= last) /* rows must rise over all chunks */
            return posting_chunk__damaged(err);
        g.at = read_rows(p->reader, &c, &last);
        rows = p->reader->chunk_rows;
        if (!g.at || !(c.dense ? gather_bits(&g, &rows->bits, only, last)
                               : gather_list(&g, rows->list, only)))
            return posting_chunk__damaged(err);
    }
    if (rc == RC_OK) {
        *ret_postings = p->found;
        *ret_n = p->n_found;
    }
    return rc;
}

/* ---- a first look --------------------------------------------------------------------------- */

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

enum rc postings_sieve(struct postings *p, uint32_t tile, const struct tile *only,
                       uint32_t last_field, uint32_t last_position, struct tile *keep,
                       struct err *err)
{
    struct chunk_view c;
    struct sieve s = {&c, last_field, last_position, {0}};
    uint32_t last = 0;
    size_t i;
    enum rc rc;

    rc = come_to(p, tile, err);
    if (rc != RC_OK)
        return rc;
    for (i = 0; chunk_at(p, i, &c, &rc, err); i++) {
        const uint8_t *at = read_rows(p->reader, &c, &last);
        const struct chunk_rows *rows = p->reader->chunk_rows;

        sieve_init(&s);
        if (!at || !c.occurs ||
            !(c.dense ? sieve_bits(&s, at, &rows->bits, only, last, keep)
                      : sieve_list(&s, at, rows->list, only, keep)))
            return posting_chunk__damaged(err);
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
