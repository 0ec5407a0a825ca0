/* SPDX-License-Identifier: MIT */
/*
 * reader_digest.c -- one hash of what searches can find, for tests.
 *
 * For every live document: its text, its words with fields and positions, the
 * beginnings and lengths that are kept beside them, and the values of its
 * columns. Numbers of rows, documents and fields, and their order, are left out:
 * they tell how an index came to be, not what is in it. So are dead rows, words
 * that only they have, and the spelling a column shows of equal values.
 *
 * Hashes of a document's pieces are added up, so that lists can be walked as
 * they are stored; a row needs 16 bytes.
 */
#include "index/column_int.h"
#include "index/posting_int.h"
#include "index/reader_int.h"

#include "base/hash.h"
#include "base/mem.h"

struct sum {
    uint64_t a, b;
};

struct digesting {
    struct reader *r;
    struct sum *rows; /* owned: per row */
    struct tile live, found;
    uint64_t *fields; /* owned: hashes of names */
};

/* What kind of thing was found, so that no two kinds read alike. */
enum what { IN_ROWS = 1, AT_PLACE, MEMBER, VALUE };

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * 0x9E3779B97F4A7C15u;
    return h ^ h >> 32;
}

static uint64_t hash_of(struct bytes b)
{
    uint64_t h = 0xCBF29CE484222325u;
    size_t i;

    for (i = 0; i < b.n; i++)
        h = (h ^ b.p[i]) * 0x100000001B3u;
    return mix(h, b.n);
}

static void add(struct digesting *d, uint32_t row, enum what what, uint64_t one, uint64_t two)
{
    uint64_t h = mix(mix(mix(0, (uint64_t)what), one), two);

    d->rows[row].a += h;
    d->rows[row].b += mix(h, 0xD1B54A32D192ED03u);
}

/* ---- words ----------------------------------------------------------------------------- */

static enum rc add_places(struct digesting *d, struct postings *p, uint32_t tile, uint64_t list,
                          struct err *err)
{
    const struct posting *at = NULL;
    struct occurrence_iter it;
    struct occurrence o;
    size_t n = 0, i;
    enum rc rc;

    rc = postings_of(p, tile, &d->live, &at, &n, err);
    for (i = 0; rc == RC_OK && i < n; i++) {
        occurrences_of(&at[i], &it);
        while (occurrences_next(&it, &o)) {
            if (o.field >= reader_n_fields(d->r))
                return err_set(err, RC_CORRUPT, NULL, "a word is in a field that has no name");
            add(d, tile * TILE_ROWS + at[i].row, AT_PLACE, list,
                mix(d->fields[o.field], o.position));
        }
    }
    return rc;
}

/* One list; name: what it is called whatever numbers it is kept under. */
static enum rc add_list(struct digesting *d, enum posting_kind kind, struct bytes key,
                        uint64_t name, struct err *err)
{
    uint64_t list = mix((uint64_t)kind + 1, name);
    struct postings *p = NULL;
    uint32_t tile, bit;
    enum rc rc;

    rc = postings_open(d->r, kind, key, &p, err);
    if (rc != RC_OK)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    for (tile = 0; rc == RC_OK && tile < reader_n_tiles(d->r); tile++) {
        (void)reader_live(d->r, tile, &d->live);
        memset(&d->found, 0, sizeof d->found);
        rc = postings_rows(p, tile, &d->found, err);
        for (bit = 0; rc == RC_OK && bit < TILE_ROWS; bit++)
            if (d->found.bits[bit / 64] & d->live.bits[bit / 64] & (uint64_t)1 << bit % 64)
                add(d, tile * TILE_ROWS + bit, IN_ROWS, list, 0);
        if (rc == RC_OK && kind != POSTING_LENGTH)
            rc = add_places(d, p, tile, list, err);
    }
    postings_close(p);
    return rc;
}

static enum rc add_words(struct digesting *d, struct err *err)
{
    struct word_cursor c;
    struct buf before;
    enum rc rc = RC_OK;

    buf_init(&before, BUF_NO_LIMIT);
    reader_words(d->r, &c);
    while (rc == RC_OK && word_cursor_next(&c)) {
        struct bytes start = bytes_of(c.word.p, posting_beginning(c.word));

        rc = add_list(d, POSTING_WORD, c.word, hash_of(c.word), err);
        if (rc != RC_OK || start.n == c.word.n || bytes_eq(start, buf_view(&before)))
            continue;
        buf_clear(&before);
        (void)buf_bytes(&before, start);
        rc = add_list(d, POSTING_PREFIX, start, hash_of(start), err);
    }
    buf_done(&before);
    return rc;
}

static enum rc add_lengths(struct digesting *d, struct err *err)
{
    uint32_t field, n;
    uint8_t key[3];
    enum rc rc = RC_OK;

    for (field = 0; field < reader_n_fields(d->r); field++)
        for (n = 1; rc == RC_OK && n <= FIELD_WORDS_MAX; n++)
            rc = add_list(d, POSTING_LENGTH, posting_length_key(key, field, n),
                          mix(d->fields[field], n), err);
    return rc;
}

/* ---- columns --------------------------------------------------------------------------- */

static uint64_t hash_of_value(const struct column_value *v)
{
    uint64_t bits;

    if (!v->is_number)
        return hash_of(v->text);
    memcpy(&bits, &v->number, sizeof bits);
    return mix(1, bits);
}

static bool bit_of(const uint64_t *bits, uint32_t i)
{
    return bits[i / 64] >> i % 64 & 1;
}

static enum rc add_column(struct digesting *d, struct bytes name, struct err *err)
{
    uint32_t n_rows = rows__next(d->r->search->rows), row, i, p;
    const struct column_value *values = NULL;
    struct column_part *part = NULL;
    uint64_t column = hash_of(name);
    struct column *c = NULL;
    enum rc rc;

    rc = reader_column(d->r, name, &c, err);
    for (row = 0; rc == RC_OK && row < n_rows; row++) {
        i = row % PART_ROWS;
        if (i == 0)
            rc = column_part_of(c, row, &part, err);
        if (rc == RC_OK && part && i == 0)
            rc = column_part__check(part, err);
        if (rc == RC_OK && part && i == 0)
            rc = column_values(part, &values, err);
        if (rc != RC_OK || !part || !rows__is_live(d->r->search->rows, row))
            continue;
        if (bit_of(part->exists, i))
            add(d, row, MEMBER, column,
                (uint64_t)bit_of(part->is_null, i) << 1 | bit_of(part->is_empty, i));
        for (p = column_start(part, i); p < column_start(part, i + 1); p++)
            add(d, row, VALUE, column, hash_of_value(&values[column_place(part, p)]));
    }
    return rc;
}

/* ---- all ------------------------------------------------------------------------------- */

static enum rc conclude(struct digesting *d, uint8_t digest[32], struct err *err)
{
    uint32_t n_rows = rows__next(d->r->search->rows), row;
    struct sha256 *h = sha256_new();
    struct sum all = {0};
    struct buf json;
    uint8_t text[24];
    enum rc rc = RC_OK;

    buf_init(&json, BUF_NO_LIMIT);
    for (row = 0; rc == RC_OK && row < n_rows; row++) {
        if (!rows__is_live(d->r->search->rows, row))
            continue;
        rc = reader_document(d->r, row, &json, err);
        all.a += mix(mix(hash_of(buf_view(&json)), d->rows[row].a), 1);
        all.b += mix(mix(hash_of(buf_view(&json)), d->rows[row].b), 2);
    }
    put_u64le(text, reader_n_live(d->r));
    put_u64le(text + 8, all.a);
    put_u64le(text + 16, all.b);
    sha256_update(h, bytes_of(text, sizeof text));
    sha256_peek(h, digest);
    sha256_free(h);
    buf_done(&json);
    return rc;
}

enum rc reader_digest(struct reader *r, uint8_t digest[32], struct err *err)
{
    size_t n_rows = rows__next(r->search->rows), n_fields = reader_n_fields(r), i;
    struct digesting *d = xcalloc(1, sizeof *d);
    enum rc rc;

    d->r = r;
    d->rows = xcalloc(n_rows ? n_rows : 1, sizeof *d->rows);
    d->fields = xcalloc(n_fields ? n_fields : 1, sizeof *d->fields);
    for (i = 0; i < n_fields; i++)
        d->fields[i] = hash_of(reader_field_name(r, (uint32_t)i));
    rc = add_words(d, err);
    if (rc == RC_OK)
        rc = add_lengths(d, err);
    for (i = 0; rc == RC_OK && i < reader_n_columns(r); i++)
        rc = add_column(d, reader_column_name(r, i), err);
    if (rc == RC_OK)
        rc = conclude(d, digest, err);
    xfree(d->rows);
    xfree(d->fields);
    xfree(d);
    return rc;
}
