/* SPDX-License-Identifier: MIT */
/*
 * column_values.c -- the distinct values of a part: numbers, then texts.
 *
 * Numbers  a byte e. Up to 9: all are whole numbers k over 10^e; a zigzag varint
 *          of the first k, then varints of the distances, less one. 255: the same
 *          of their bits, taken so that they rise as the numbers do (no zigzag)
 * Texts    each: varint of the bytes shared with the text before; varint of the
 *          further bytes times 4 and what the original is; these bytes; and for
 *          an original of its own a varint of its length and its bytes
 *
 * (1) Values rise strictly. A text shares all it can with the one before, so the
 *     first byte behind tells that it rises.
 * (2) k / 10^e is the number to the last bit: it was tried when it was written.
 * (3) -0 is 0; there are no infinities.
 *
 * Why not text as it is: titles and names are mostly their folded form with
 * capitals, and neighbours share beginnings; this halves them.
 */
#include "index/column_int.h"

#include "base/assert.h"

enum { SCALES = 10, NUMBERS_AS_BITS = 255 };
enum { ORIGINAL_SAME, ORIGINAL_FIRST, ORIGINAL_WORDS, ORIGINAL_OWN };

#define WHOLE_MAX 9007199254740992.0 /* 2^53: every whole number up to it is a double */

static const double scales[SCALES] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

int column__compare(const struct column_value *a, const struct column_value *b)
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

void column__put_numbers(const struct column_value *values, size_t n, struct buf *out)
{
    unsigned scale = scale_of(values, n);
    uint64_t last = 0, now;
    int64_t whole = 0;
    size_t i;

    (void)buf_byte(out, scale < SCALES ? (uint8_t)scale : NUMBERS_AS_BITS);
    for (i = 0; i < n; i++, last = now) {
        if (scale < SCALES) {
            (void)to_whole(values[i].number, scale, &whole);
            now = (uint64_t)whole;
        } else {
            now = to_bits(values[i].number);
        }
        if (i)
            (void)buf_varint(out, now - last - 1);
        else if (scale < SCALES)
            (void)buf_varint(out, now << 1 ^ (whole < 0 ? UINT64_MAX : 0));
        else
            (void)buf_varint(out, now);
    }
}

static bool take_whole(struct bytes *v, unsigned scale, struct column_value *values, size_t n)
{
    const uint64_t max = UINT64_C(1) << 53;
    uint64_t step;
    int64_t whole = 0;
    size_t i;

    for (i = 0; i < n; i++) {
        if (!column__take(v, 2 * max + 1, &step))
            return false;
        if (i == 0)
            whole = (int64_t)(step >> 1) ^ -(int64_t)(step & 1);
        else
            whole += (int64_t)step + 1;
        if (whole > (int64_t)max || whole < -(int64_t)max)
            return false;
        values[i] =
            (struct column_value){.is_number = true, .number = (double)whole / scales[scale]};
        if (i && !(values[i].number > values[i - 1].number))
            return false; /* (1): two wholes near 2^53 can be one number */
    }
    return true;
}

static bool take_bits(struct bytes *v, struct column_value *values, size_t n)
{
    const uint64_t lowest = to_bits(-1.7976931348623157e308);
    const uint64_t highest = to_bits(1.7976931348623157e308);
    uint64_t bits = 0, step;
    size_t i;

    for (i = 0; i < n; i++) {
        if (!column__take(v, highest, &step) || step >= highest - bits + (i == 0))
            return false;
        bits += step + (i != 0);
        if (bits < lowest || bits == to_bits(0.0) - 1)
            return false; /* (3) */
        values[i] = (struct column_value){.is_number = true, .number = from_bits(bits)};
    }
    return true;
}

bool column__take_numbers(struct bytes *v, struct column_value *values, size_t n)
{
    unsigned scale;

    if (v->n == 0)
        return false;
    scale = v->p[0];
    *v = bytes_of(v->p + 1, v->n - 1);
    if (scale == NUMBERS_AS_BITS)
        return take_bits(v, values, n);
    return scale < SCALES && take_whole(v, scale, values, n);
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

void column__put_texts(const struct column_value *values, size_t n, struct buf *out)
{
    struct bytes last = {0}, text;
    size_t i, shared;

    for (i = 0; i < n; i++, last = text) {
        unsigned kind = original_kind(&values[i]);

        text = values[i].text;
        ASSERT(text.n && text.n <= COLUMN_TEXT_MAX && values[i].original.n <= COLUMN_TEXT_MAX);
        for (shared = 0; shared < last.n && last.p[shared] == text.p[shared];)
            shared++; /* ends within text: it is larger than last (1) */
        (void)buf_varint(out, shared);
        (void)buf_varint(out, (text.n - shared) * 4 + kind);
        (void)buf_append(out, text.p + shared, text.n - shared);
        if (kind != ORIGINAL_OWN)
            continue;
        (void)buf_varint(out, values[i].original.n);
        (void)buf_bytes(out, values[i].original);
    }
}

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

static bool take_own(struct bytes *v, struct room *room, struct bytes *ret)
{
    uint64_t n;

    if (!column__take(v, COLUMN_TEXT_MAX, &n) || n == 0 || n > v->n || n > room->left)
        return false;
    memcpy(room->at, v->p, n);
    *ret = bytes_of(room->at, n);
    room->at += n;
    room->left -= n;
    *v = bytes_of(v->p + n, v->n - n);
    return is_utf8(*ret);
}

/* An original that is like the text but for capitals. */
static bool make_original(struct room *room, unsigned kind, struct column_value *value)
{
    size_t n = value->text.n;

    value->original = value->text;
    if (kind == ORIGINAL_SAME)
        return true;
    if (n > room->left)
        return false;
    put_capitals(room->at, value->text, kind);
    value->original = bytes_of(room->at, n);
    room->at += n;
    room->left -= n;
    return !bytes_eq(value->text, value->original);
}

static bool take_text(struct bytes *v, struct bytes last, struct room *room,
                      struct column_value *value)
{
    uint64_t shared, more;
    unsigned kind;

    if (!column__take(v, last.n, &shared) ||
        !column__take(v, (COLUMN_TEXT_MAX - shared) * 4 + 3, &more))
        return false;
    kind = more % 4;
    more /= 4;
    if (more == 0 || more > v->n || shared + more > room->left)
        return false;
    if (shared < last.n && v->p[0] <= last.p[shared])
        return false; /* (1) */
    if (shared)
        memcpy(room->at, last.p, shared);
    memcpy(room->at + shared, v->p, more);
    *v = bytes_of(v->p + more, v->n - more);
    *value = (struct column_value){.text = bytes_of(room->at, shared + more)};
    room->at += shared + more;
    room->left -= shared + more;
    if (!is_utf8(value->text))
        return false;
    if (kind == ORIGINAL_OWN)
        return take_own(v, room, &value->original);
    return make_original(room, kind, value);
}

bool column__take_texts(struct bytes *v, struct column_value *values, size_t n, uint8_t *room,
                        size_t n_room)
{
    struct room left = {room, n_room};
    struct bytes last = {0};
    size_t i;

    for (i = 0; i < n; i++) {
        if (!take_text(v, last, &left, &values[i]))
            return false;
        last = values[i].text;
    }
    return left.left == 0;
}
