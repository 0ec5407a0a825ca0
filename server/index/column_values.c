/* SPDX-License-Identifier: MIT */
/*
 * column_values.c -- the distinct values of a part: numbers, then texts.
 *
 * Numbers  a byte e. Up to 9: all are whole numbers k over 10^e; a zigzag varint
 *          of the first k, a byte: bits of a packed number, and for each k, less
 *          the first, packed. 255: the same of their bits, taken so that they rise
 *          as the numbers do, eight bytes each
 * Texts    in groups of 16. A byte: bits of a packed place, and packed for each
 *          group the place where it begins behind this; then the texts
 * A text   varint of the bytes shared with the text before, 0 for the first of a
 *          group; varint of the further bytes times 4 and what the original is;
 *          these bytes; for an original of its own a varint of its length and it
 *
 * (1) Values rise strictly.
 * (2) k / 10^e is the number to the last bit: it was tried when it was written.
 * (3) -0 is 0; there are no infinities.
 *
 * A number, and a text of a known beginning, are found by halving in the bytes as
 * they are; only who wants all values has them decoded (column_values()).
 *
 * Why not text as it is: titles and names are mostly their folded form with
 * capitals, and neighbours share beginnings; this halves them.
 */
#include "index/column_int.h"

#include "base/assert.h"
#include "base/mem.h"

#include <math.h>

enum { SCALES = 10, NUMBERS_AS_BITS = 255 };
enum { GROUP = 16 };
enum { ORIGINAL_SAME, ORIGINAL_FIRST, ORIGINAL_WORDS, ORIGINAL_OWN };

#define WHOLE_MAX 9007199254740992.0 /* 2^53: every whole number up to it is a double */

static const double scales[SCALES] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

int column_compare(const struct column_value *a, const struct column_value *b)
{
    if (a->is_number != b->is_number)
        return a->is_number ? -1 : 1;
    if (a->is_number)
        return (a->number > b->number) - (a->number < b->number);
    return bytes_cmp(a->text, b->text);
}

/* ---- numbers ----------------------------------------------------------------------------- */

static bool to_whole(double v, unsigned scale, int64_t *ret)
{
    double k = v * scales[scale];
    int64_t whole;

    if (!(k >= -WHOLE_MAX && k <= WHOLE_MAX))
        return false;
    whole = (int64_t)(k < 0 ? k - 0.5 : k + 0.5);
    *ret = whole;
    return (double)whole / scales[scale] == v; /* (2) */
}

/* The smallest scale that fits all, or SCALES. A scale that one number needs may be too much for
 * the size of another, so all are tried once more with the last one. */
static unsigned scale_of(const struct column_value *values, size_t n)
{
    unsigned scale = 0;
    int64_t whole;
    size_t i;

    for (i = 0; i < n; i++)
        while (scale < SCALES && !to_whole(values[i].number, scale, &whole))
            scale++;
    for (i = 0; scale < SCALES && i < n; i++)
        if (!to_whole(values[i].number, scale, &whole))
            return SCALES;
    return scale;
}

/* Bits that rise as the numbers do. */
static uint64_t to_bits(double v)
{
    uint64_t bits;

    memcpy(&bits, &v, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static double from_bits(uint64_t bits)
{
    double v;

    bits = bits >> 63 ? bits & ~(UINT64_C(1) << 63) : ~bits;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static uint64_t zigzag(int64_t v)
{
    return (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0);
}

void column__put_numbers(const struct column_value *values, size_t n, struct buf *out)
{
    unsigned scale = scale_of(values, n);
    struct packer packed = {.out = out};
    int64_t lowest = 0, whole = 0;
    uint8_t bits[8];
    size_t i;

    if (!n)
        return;
    if (scale == SCALES) {
        (void)buf_byte(out, NUMBERS_AS_BITS);
        for (i = 0; i < n; i++) {
            put_u64le(bits, to_bits(values[i].number));
            (void)buf_append(out, bits, sizeof bits);
        }
        return;
    }
    (void)buf_byte(out, (uint8_t)scale);
    (void)to_whole(values[0].number, scale, &lowest);
    (void)to_whole(values[n - 1].number, scale, &whole);
    packed.width = column__width((uint64_t)(whole - lowest));
    (void)buf_varint(out, zigzag(lowest));
    (void)buf_byte(out, (uint8_t)packed.width);
    for (i = 0; i < n; i++) {
        (void)to_whole(values[i].number, scale, &whole);
        packer__add(&packed, (uint64_t)(whole - lowest));
    }
    packer__done(&packed);
}

bool column__take_numbers(struct bytes *v, struct column_part *p)
{
    uint64_t lowest;

    if (p->n_numbers == 0)
        return true;
    if (v->n == 0 || (v->p[0] >= SCALES && v->p[0] != NUMBERS_AS_BITS))
        return false;
    p->scale = v->p[0];
    *v = bytes_of(v->p + 1, v->n - 1);
    if (p->scale == NUMBERS_AS_BITS) {
        p->numbers = (struct packed){v->p, 0};
        if (v->n / 8 < p->n_numbers)
            return false;
        *v = bytes_of(v->p + p->n_numbers * 8, v->n - p->n_numbers * 8);
        return true;
    }
    if (!column__take(v, zigzag(-(INT64_C(1) << 53)) + 1, &lowest) || v->n == 0)
        return false;
    p->lowest = (int64_t)(lowest >> 1) ^ -(int64_t)(lowest & 1);
    *v = bytes_of(v->p + 1, v->n - 1);
    return column__take_packed(v, p->n_numbers, v->p[-1], &p->numbers);
}

double column_number(const struct column_part *p, uint32_t place)
{
    if (p->scale == NUMBERS_AS_BITS)
        return from_bits(get_u64le(p->numbers.at + (size_t)place * 8));
    return (double)(p->lowest + (int64_t)packed_at(p->numbers, place)) / scales[p->scale];
}

bool column_first_number(const struct column_part *p, uint32_t row, double *ret)
{
    uint32_t at = column_start(p, row), place;

    if (at == column_start(p, row + 1))
        return false;
    place = column_place(p, at);
    if (place >= p->n_numbers)
        return false;
    *ret = column_number(p, place);
    return true;
}

uint32_t column_seek_number(const struct column_part *p, double v, bool behind)
{
    uint32_t from = 0, to = p->n_numbers;

    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        double at = column_number(p, middle);

        if (at < v || (behind && at <= v))
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* All of them; false: they are no rising numbers. */
static bool decode_numbers(const struct column_part *p, struct column_value *values)
{
    const double most = p->scale == NUMBERS_AS_BITS ? 1.7976931348623157e308 : WHOLE_MAX;
    uint32_t i;

    for (i = 0; i < p->n_numbers; i++) {
        double v = column_number(p, i);

        values[i] = (struct column_value){.is_number = true, .number = v};
        if (!(v >= -most && v <= most) || (v == 0 && signbit(v)) ||
            (i && !(v > values[i - 1].number)))
            return false; /* (1), (3) */
    }
    return true;
}

/* ---- texts ------------------------------------------------------------------------------- */

/* The text with the capitals that its kind of original has. */
static void put_capitals(uint8_t *to, struct bytes text, unsigned kind)
{
    bool start = true;
    size_t i;

    for (i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];

        to[i] = start && c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
        start = kind == ORIGINAL_WORDS && (c == ' ' || c == '-');
    }
}

static unsigned original_kind(const struct column_value *v)
{
    uint8_t made[COLUMN_TEXT_MAX];
    unsigned kind;

    if (bytes_eq(v->text, v->original))
        return ORIGINAL_SAME;
    if (v->text.n != v->original.n)
        return ORIGINAL_OWN;
    for (kind = ORIGINAL_FIRST; kind < ORIGINAL_OWN; kind++) {
        put_capitals(made, v->text, kind);
        if (memcmp(made, v->original.p, v->text.n) == 0)
            return kind;
    }
    return ORIGINAL_OWN;
}

struct bytes column_cut(struct bytes text)
{
    size_t n = text.n;

    if (n > COLUMN_TEXT_MAX)
        for (n = COLUMN_TEXT_MAX; n && (text.p[n] & 0xC0) == 0x80;)
            n--;
    return bytes_of(text.p, n);
}

size_t column__text_bytes(const struct column_value *values, size_t n)
{
    size_t i, bytes = 0;

    for (i = 0; i < n; i++) {
        bytes += values[i].text.n;
        if (!bytes_eq(values[i].text, values[i].original))
            bytes += values[i].original.n;
    }
    return bytes;
}

static void put_text(const struct column_value *v, size_t shared, struct buf *out)
{
    unsigned kind = original_kind(v);

    ASSERT(v->text.n && v->text.n <= COLUMN_TEXT_MAX && v->original.n <= COLUMN_TEXT_MAX);
    (void)buf_varint(out, shared);
    (void)buf_varint(out, (v->text.n - shared) * 4 + kind);
    (void)buf_append(out, v->text.p + shared, v->text.n - shared);
    if (kind != ORIGINAL_OWN)
        return;
    (void)buf_varint(out, v->original.n);
    (void)buf_bytes(out, v->original);
}

void column__put_texts(const struct column_value *values, size_t n, struct buf *out)
{
    struct packer groups = {.out = out};
    size_t *at, i, shared;
    struct buf texts;

    if (!n)
        return;
    at = xmalloc((n / GROUP + 1) * sizeof *at);
    buf_init(&texts, BUF_NO_LIMIT);
    for (i = 0; i < n; i++) {
        shared = 0;
        if (i % GROUP == 0)
            at[i / GROUP] = texts.n;
        else
            while (shared < values[i - 1].text.n &&
                   values[i - 1].text.p[shared] == values[i].text.p[shared])
                shared++; /* ends within the text: it is larger than the one before (1) */
        put_text(&values[i], shared, &texts);
    }
    groups.width = column__width(at[(n - 1) / GROUP]);
    (void)buf_byte(out, (uint8_t)groups.width);
    for (i = 0; i < n; i += GROUP)
        packer__add(&groups, at[i / GROUP]);
    packer__done(&groups);
    (void)buf_bytes(out, buf_view(&texts));
    buf_done(&texts);
    xfree(at);
}

bool column__take_texts(struct bytes *v, struct column_part *p)
{
    uint32_t n = p->n_values - p->n_numbers;

    if (n == 0)
        return v->n == 0;
    if (v->n == 0)
        return false;
    *v = bytes_of(v->p + 1, v->n - 1);
    if (!column__take_packed(v, (n + GROUP - 1) / GROUP, v->p[-1], &p->groups))
        return false;
    p->texts = *v;
    return true;
}

/* A text as it is stored; the bytes of both are borrowed from there. */
struct stored_text {
    size_t shared;
    struct bytes more, own;
    unsigned kind;
};

/* Takes the i-th text, behind one of n_last bytes. */
static bool take_stored(struct bytes *v, size_t i, size_t n_last, struct stored_text *ret)
{
    uint64_t shared, more, own = 0;

    if (!column__take(v, i % GROUP ? n_last : 0, &shared) ||
        !column__take(v, (COLUMN_TEXT_MAX - shared) * 4 + 3, &more))
        return false;
    ret->shared = (size_t)shared;
    ret->kind = more % 4;
    more /= 4;
    if (more == 0 || more > v->n)
        return false;
    ret->more = bytes_of(v->p, (size_t)more);
    *v = bytes_of(v->p + more, v->n - (size_t)more);
    if (ret->kind == ORIGINAL_OWN && (!column__take(v, COLUMN_TEXT_MAX, &own) || own == 0))
        return false;
    if (own > v->n)
        return false;
    ret->own = bytes_of(v->p, (size_t)own);
    *v = bytes_of(v->p + own, v->n - (size_t)own);
    return true;
}

/* ---- finding a text ---------------------------------------------------------------------- */

static bool is_before(struct bytes text, struct bytes v, enum column_seek how)
{
    int order = bytes_cmp(text, v);

    return order < 0 || (how == SEEK_BEHIND && order == 0) ||
           (how == SEEK_BEHIND_PREFIX && bytes_starts(text, v));
}

/* How many texts of the group from the i-th on are before v; *is_v: the next one is v, if it is of
 * the group. */
static bool count_before(const struct column_part *p, uint32_t i, struct bytes v,
                         enum column_seek how, uint32_t *ret_n, bool *is_v)
{
    uint32_t n = p->n_values - p->n_numbers - i, k;
    size_t at = (size_t)packed_at(p->groups, i / GROUP), n_text = 0;
    uint8_t text[COLUMN_TEXT_MAX];
    struct stored_text s;
    struct bytes rest;

    if (at > p->texts.n)
        return false;
    rest = bytes_of(p->texts.p + at, p->texts.n - at);
    for (k = 0; k < GROUP && k < n; k++) {
        if (!take_stored(&rest, i + k, n_text, &s))
            return false;
        memcpy(text + s.shared, s.more.p, s.more.n);
        n_text = s.shared + s.more.n;
        if (!is_before(bytes_of(text, n_text), v, how)) {
            *is_v = bytes_eq(bytes_of(text, n_text), v);
            break;
        }
    }
    *ret_n = k;
    return true;
}

/* *ret_is_v: the text at *ret_place is v. */
static enum rc seek_text(const struct column_part *p, struct bytes v, enum column_seek how,
                         uint32_t *ret_place, bool *ret_is_v, struct err *err)
{
    uint32_t n = p->n_values - p->n_numbers, from = 0, to = (n + GROUP - 1) / GROUP, before = 0;

    *ret_is_v = false;
    while (from < to) { /* the first group that does not begin before v */
        uint32_t middle = from + (to - from) / 2;
        size_t at = (size_t)packed_at(p->groups, middle);
        struct stored_text s;
        struct bytes rest;

        if (at > p->texts.n)
            return column_part__damaged(p, err);
        rest = bytes_of(p->texts.p + at, p->texts.n - at);
        if (!take_stored(&rest, 0, 0, &s))
            return column_part__damaged(p, err);
        if (is_before(s.more, v, how)) {
            from = middle + 1;
            continue;
        }
        to = middle;
        *ret_is_v = bytes_eq(s.more, v);
    }
    if (from > 0 && !count_before(p, (from - 1) * GROUP, v, how, &before, ret_is_v))
        return column_part__damaged(p, err);
    *ret_place = p->n_numbers + (from > 0 ? (from - 1) * GROUP + before : 0);
    return RC_OK;
}

enum rc column_seek_text(const struct column_part *p, struct bytes v, enum column_seek how,
                         uint32_t *ret_place, struct err *err)
{
    bool is_v;

    return seek_text(p, v, how, ret_place, &is_v, err);
}

enum rc column_find_text(const struct column_part *p, struct bytes v, uint32_t *ret_place,
                         bool *ret_found, struct err *err)
{
    return seek_text(p, v, SEEK_FROM, ret_place, ret_found, err);
}

/* ---- all values -------------------------------------------------------------------------- */

static bool is_tail(const uint8_t *p, size_t n)
{
    while (n-- > 0)
        if ((*p++ & 0xC0) != 0x80)
            return false;
    return true;
}

static bool is_ascii(struct bytes b)
{
    uint64_t all = 0, eight;
    size_t i;

    for (i = 0; i + 8 <= b.n; i += 8) {
        memcpy(&eight, b.p + i, sizeof eight);
        all |= eight;
    }
    for (; i < b.n; i++)
        all |= b.p[i];
    return (all & UINT64_C(0x8080808080808080)) == 0;
}

/* Answers carry these texts as they are, so damage must not get so far. */
static bool is_utf8(struct bytes b)
{
    size_t i, n;

    if (is_ascii(b))
        return true;
    for (i = 0; i < b.n; i += n) {
        uint8_t c = b.p[i];

        n = c < 0x80 ? 1 : c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0;
        if (n == 0 || n > b.n - i || !is_tail(b.p + i + 1, n - 1))
            return false;
        if ((c == 0xE0 && b.p[i + 1] < 0xA0) || (c == 0xED && b.p[i + 1] > 0x9F) ||
            (c == 0xF0 && b.p[i + 1] < 0x90) || (c == 0xF4 && b.p[i + 1] > 0x8F))
            return false;
    }
    return true;
}

/* What is left of the room that texts are decoded into. */
struct room {
    uint8_t *at;
    size_t left;
};

/* The next n bytes of it; NULL: there is too little. */
static uint8_t *take_room(struct room *room, size_t n)
{
    uint8_t *at = room->at;

    if (n > room->left)
        return NULL;
    room->at += n;
    room->left -= n;
    return at;
}

/* What documents have for the text. */
static bool decode_original(const struct stored_text *s, struct room *room,
                            struct column_value *value)
{
    struct bytes text = value->text;
    uint8_t *at;

    value->original = text;
    if (s->kind == ORIGINAL_SAME)
        return true;
    at = take_room(room, s->kind == ORIGINAL_OWN ? s->own.n : text.n);
    if (!at)
        return false;
    if (s->kind == ORIGINAL_OWN) {
        memcpy(at, s->own.p, s->own.n);
        value->original = bytes_of(at, s->own.n);
        return is_utf8(value->original);
    }
    put_capitals(at, text, s->kind);
    value->original = bytes_of(at, text.n);
    return !bytes_eq(text, value->original);
}

/* last: the text before; empty: there is none. */
static bool decode_text(const struct stored_text *s, struct bytes last, struct room *room,
                        struct column_value *value)
{
    uint8_t *at = take_room(room, s->shared + s->more.n);

    if (!at)
        return false;
    if (s->shared)
        memcpy(at, last.p, s->shared);
    memcpy(at + s->shared, s->more.p, s->more.n);
    *value = (struct column_value){.text = bytes_of(at, s->shared + s->more.n)};
    return bytes_cmp(last, value->text) < 0 && is_utf8(value->text) && /* (1) */
           decode_original(s, room, value);
}

static bool decode_texts(const struct column_part *p, struct column_value *values, uint8_t *text)
{
    struct room room = {text, p->text_bytes};
    struct bytes rest = p->texts, last = {0};
    uint32_t n = p->n_values - p->n_numbers, i;
    struct stored_text s;

    for (i = 0; i < n; i++) {
        if (i % GROUP == 0 && packed_at(p->groups, i / GROUP) != p->texts.n - rest.n)
            return false;
        if (!take_stored(&rest, i, last.n, &s) || !decode_text(&s, last, &room, &values[i]))
            return false;
        last = values[i].text;
    }
    return room.left == 0 && (n == 0 || rest.n == 0);
}

enum rc column_values(struct column_part *p, const struct column_value **ret_values,
                      struct err *err)
{
    size_t n = (p->n_values + (size_t)1) * sizeof(struct column_value);
    struct column_value *values;

    *ret_values = p->values;
    if (p->values)
        return RC_OK;
    values = xmalloc(n + p->text_bytes);
    if (!decode_numbers(p, values) ||
        !decode_texts(p, values + p->n_numbers, (uint8_t *)values + n)) {
        xfree(values);
        return column_part__damaged(p, err);
    }
    *ret_values = p->values = values;
    return RC_OK;
}
