/* SPDX-License-Identifier: MIT */
/*
 * text_fold.c -- one spelling for many: compatibility forms, case, marks.
 *
 * Characters are folded one by one, so that a tokenizer need not keep more than
 * the word in hand. What goes over characters is the order of the marks behind
 * a letter, which NFKD settles: place() moves a mark back over later ones, at
 * most PLACE_MAX of them (real texts have three), lest a text of nothing but
 * marks takes its square in time.
 *
 * Final sigma is an ordinary one: lower case of a capital cannot know where the
 * word ends, and would not find the other.
 */
#include "text/text_int.h"

#include "base/attr.h"
#include "base/thread.h"

#include <utf8proc.h>

enum { PLACE_MAX = 32 };

/* FOLD_WORD of characters that become one character whatever is around; 0: fold_slowly(). */
static uint16_t singles[BMP];
static const uint8_t *classes; /* text__classes() */
static struct once made = ONCE_INIT;

static size_t encode(uint8_t p[4], uint32_t c)
{
    return (size_t)utf8proc_encode_char((utf8proc_int32_t)c, p);
}

static uint8_t combining_class(uint32_t c)
{
    return (uint8_t)utf8proc_get_property((utf8proc_int32_t)c)->combining_class;
}

static void put(struct fold *f, uint32_t c)
{
    if (f->over || f->cap - f->n < 4) {
        f->over = true;
        return;
    }
    if (c < 0x80)
        f->p[f->n++] = (uint8_t)c;
    else
        f->n += encode(f->p + f->n, c);
}

/* Puts a mark before the marks that belong behind it. */
static void place(struct fold *f, uint32_t mark)
{
    uint8_t rank = combining_class(mark), bytes[4];
    size_t at = f->n, n, steps;

    if (f->over || f->cap - f->n < 4) {
        f->over = true;
        return;
    }
    for (steps = 0; rank && at > 0 && steps < PLACE_MAX; steps++) {
        size_t before = at - 1;
        uint32_t c;

        while (before > 0 && (f->p[before] & 0xC0) == 0x80)
            before--;
        if (f->p[before] < 0x80 || text__decode(f->p + before, f->p + at, &c) == 0 ||
            combining_class(c) <= rank)
            break;
        at = before;
    }
    n = encode(bytes, mark);
    memmove(f->p + at + n, f->p + at, f->n - at);
    memcpy(f->p + at, bytes, n);
    f->n += n;
}

static uint32_t lower(uint32_t c)
{
    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? c + 32 : c;
    if (c == 0x3C2)
        return 0x3C3; /* final sigma */
    return (uint32_t)utf8proc_tolower((utf8proc_int32_t)c);
}

static void put_word(struct fold *f, uint32_t c)
{
    switch (c) {
    case 0x2018:
    case 0x2019:
    case 0x201B: /* quotes, where the settings make them part of words */
        put(f, '\'');
        break;
    case 0x00E6:
        put(f, 'a');
        put(f, 'e');
        break;
    case 0x0153:
        put(f, 'o');
        put(f, 'e');
        break;
    default:
        put(f, c);
        break;
    }
}

/* One character of a decomposition. */
static void fold_part(struct fold *f, uint32_t c)
{
    uint8_t class = text__class(classes, c);

    if (CLASS_KIND(class) == CLASS_DROP && f->mode != FOLD_FACET)
        return;
    if (CLASS_KIND(class) == CLASS_MARK) {
        if (f->mode == FOLD_WORD && text__drops_marks(f->base) &&
            text__category_in(c, CATEGORY(MN)))
            return;
        place(f, c);
        return;
    }
    f->base = CLASS_SCRIPT(class);
    switch (f->mode) {
    case FOLD_WORD:
        put_word(f, lower(c));
        break;
    case FOLD_STOP:
        put(f, c);
        break;
    case FOLD_FACET:
        put(f, lower(c));
        break;
    }
}

static void fold_slowly(struct fold *f, uint32_t c)
{
    utf8proc_int32_t parts[32]; /* 18 is the longest: U+FDFA */
    utf8proc_ssize_t i, n;

    n = utf8proc_decompose_char((utf8proc_int32_t)c, parts, (utf8proc_ssize_t)ARRAY_LEN(parts),
                                UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, NULL);
    if (n <= 0 || n > (utf8proc_ssize_t)ARRAY_LEN(parts)) { /* not assigned */
        fold_part(f, c);
        return;
    }
    for (i = 0; i < n; i++)
        fold_part(f, (uint32_t)parts[i]);
}

static void make_singles(void)
{
    uint8_t text[FOLD_CHAR_MAX];
    uint32_t c, one;

    classes = text__classes();
    for (c = 1; c < BMP; c++) {
        struct fold f = {.mode = FOLD_WORD, .p = text, .cap = sizeof text};

        if ((c >= 0xD800 && c < 0xE000) || CLASS_KIND(classes[c]) == CLASS_MARK)
            continue;
        if (c >= 0xAC00 && c <= 0xD7A3) /* Hangul syllables are several letters */
            continue;
        if (c >= 0x3400 && c <= 0x9FFF) { /* ideographs are what they are */
            singles[c] = (uint16_t)c;
            continue;
        }
        fold_slowly(&f, c);
        if (!f.over && f.n > 0 && text__decode(text, text + f.n, &one) == f.n && one < BMP &&
            f.base == CLASS_SCRIPT(classes[c]))
            singles[c] = (uint16_t)one;
    }
}

void text__fold_char(struct fold *f, uint32_t c)
{
    if (f->mode == FOLD_WORD && c < BMP && singles[c]) {
        f->base = CLASS_SCRIPT(classes[c]);
        put(f, singles[c]);
        return;
    }
    fold_slowly(f, c);
}

void text__fold_ready(void)
{
    once_run(&made, make_singles);
}

/* ---- whole texts ---------------------------------------------------------------------------- */

static void fold_text(struct bytes text, enum fold_mode mode, struct buf *out)
{
    const uint8_t *p = text.p, *end = text.p + text.n;
    struct fold f = {.mode = mode};
    size_t start = out->n;

    text__fold_ready();
    while (p < end) {
        uint32_t c;
        size_t n;

        if (*p >= 0x20 && *p < 0x7F) { /* most texts are this all along */
            const uint8_t *from = p;
            size_t i;

            while (p < end && *p >= 0x20 && *p < 0x7F)
                p++;
            n = (size_t)(p - from);
            if (!buf_append(out, from, n))
                return;
            if (mode != FOLD_STOP)
                for (i = out->n - n; i < out->n; i++)
                    out->p[i] = (uint8_t)lower(out->p[i]);
            f.base = CLASS_SCRIPT(classes[p[-1]]);
            continue;
        }
        n = text__decode(p, end, &c);
        if (n == 0)
            c = 0xFFFD;
        p += n ? n : 1;
        if (!buf_reserve(out, FOLD_CHAR_MAX))
            return;
        f.p = out->p + start;
        f.n = out->n - start;
        f.cap = f.n + FOLD_CHAR_MAX;
        text__fold_char(&f, c);
        out->n = start + f.n;
    }
}

void text_fold(struct bytes text, struct buf *out)
{
    fold_text(text, FOLD_WORD, out);
}

void text__fold_stop(struct bytes text, struct buf *out)
{
    fold_text(text, FOLD_STOP, out);
}

static bool is_space(uint32_t c)
{
    if ((c >= '\t' && c <= '\r') || c == ' ' || c == 0x85)
        return true;
    return c >= 0x80 && text__category_in(c, CATEGORY(ZS) | CATEGORY(ZL) | CATEGORY(ZP));
}

static struct bytes trim(struct bytes text)
{
    uint32_t c = 0; /* gcc 12 does not see that n says whether it is set */
    size_t n;

    while (text.n > 0) {
        n = text__decode(text.p, text.p + text.n, &c);
        if (n == 0 || !is_space(c))
            break;
        text.p += n;
        text.n -= n;
    }
    while (text.n > 0) {
        size_t at = text.n - 1;

        while (at > 0 && text.n - at < 4 && (text.p[at] & 0xC0) == 0x80)
            at--;
        n = text__decode(text.p + at, text.p + text.n, &c);
        if (n != text.n - at || !is_space(c))
            break;
        text.n = at;
    }
    return text;
}

void text_facet_fold(struct bytes text, struct buf *out)
{
    fold_text(trim(text), FOLD_FACET, out);
}

bool text_is_numeric(struct bytes word)
{
    const uint8_t *p = word.p, *end = word.p + word.n;

    while (p < end) {
        uint32_t c;
        size_t n = text__decode(p, end, &c);

        if (n == 0)
            return false;
        p += n;
        if (c < 0x80) {
            if (c <= 0x20 || c == 0x7F || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
                return false;
            continue;
        }
        if (!text__category_in(c, CATEGORY(ND) | CATEGORY(NL) | CATEGORY(NO)))
            return false;
    }
    return word.n > 0;
}
