/* SPDX-License-Identifier: MIT */
/* text_int.h -- what files of the text room share: classes of characters, and folding. */
#pragma once

#include "text/text.h"

#include <utf8proc.h>

/* ---- text_class.c: what a character is ----------------------------------------------------- */

enum class_kind {
    CLASS_WORD,
    CLASS_MARK, /* combining; belongs to what is before it, whatever the script */
    CLASS_DROP, /* control and format characters: part of words, but not of their folding */
    CLASS_SOFT, /* from here on: separators */
    CLASS_HARD,
};

/* As far as cutting and folding care. */
enum script {
    SCRIPT_ANY, /* digits, symbols: go with every script, and never cut */
    SCRIPT_LATIN,
    SCRIPT_GREEK,
    SCRIPT_HEBREW,
    SCRIPT_ARABIC,
    SCRIPT_THAI, /* up to here marks are removed */
    SCRIPT_LAO,
    SCRIPT_KHMER,
    SCRIPT_CJ, /* Han and Kana: Japanese mixes them in one word */
    SCRIPT_HANGUL,
    SCRIPT_CYRILLIC, /* from here on: words with spaces between, marks kept */
    SCRIPT_ARMENIAN,
    SCRIPT_DEVANAGARI,
    SCRIPT_BENGALI,
    SCRIPT_GURMUKHI,
    SCRIPT_GUJARATI,
    SCRIPT_ORIYA,
    SCRIPT_TAMIL,
    SCRIPT_TELUGU,
    SCRIPT_KANNADA,
    SCRIPT_MALAYALAM,
    SCRIPT_SINHALA,
    SCRIPT_TIBETAN,
    SCRIPT_MYANMAR,
    SCRIPT_GEORGIAN,
    SCRIPT_ETHIOPIC,
};

/* kind in the low 3 bits, script above. */
#define CLASS_KIND(c) ((enum class_kind)((c)&7U))
#define CLASS_SCRIPT(c) ((enum script)((c) >> 3))

enum { BMP = 0x10000 };

/* Classes of U+0000 .. U+FFFF, made when first asked for. */
const uint8_t *text__classes(void);
uint8_t text__class_rare(uint32_t c); /* of the others */

static inline uint8_t text__class(const uint8_t *classes, uint32_t c)
{
    return c < BMP ? classes[c] : text__class_rare(c);
}

/* Cut into overlapping pairs of characters. */
static inline bool text__is_run(enum script s)
{
    return s >= SCRIPT_THAI && s <= SCRIPT_HANGUL;
}

static inline bool text__drops_marks(enum script s)
{
    return s <= SCRIPT_THAI;
}

/* Whether the character is of one of the Unicode categories. */
#define CATEGORY(name) (1U << UTF8PROC_CATEGORY_##name)
bool text__category_in(uint32_t c, uint32_t set);

/* Bytes of the character at p (p < end), 0 if it is no UTF-8. */
static inline size_t text__decode(const uint8_t *p, const uint8_t *end, uint32_t *ret_c)
{
    size_t left = (size_t)(end - p);
    uint32_t c = p[0];

    if (c < 0x80) {
        *ret_c = c;
        return 1;
    }
    if (c < 0xC2 || left < 2 || (p[1] & 0xC0) != 0x80)
        return 0;
    if (c < 0xE0) {
        *ret_c = (c & 0x1FU) << 6 | (p[1] & 0x3FU);
        return 2;
    }
    if (left < 3 || (p[2] & 0xC0) != 0x80)
        return 0;
    if (c < 0xF0) {
        c = (c & 0x0FU) << 12 | (p[1] & 0x3FU) << 6 | (p[2] & 0x3FU);
        *ret_c = c;
        return c < 0x800 || (c >= 0xD800 && c < 0xE000) ? 0 : 3;
    }
    if (left < 4 || (p[3] & 0xC0) != 0x80 || c > 0xF4)
        return 0;
    c = (c & 0x07U) << 18 | (p[1] & 0x3FU) << 12 | (p[2] & 0x3FU) << 6 | (p[3] & 0x3FU);
    *ret_c = c;
    return c < 0x10000 || c > 0x10FFFF ? 0 : 4;
}

/* ---- text_fold.c: one spelling for many ----------------------------------------------------- */

enum fold_mode {
    FOLD_WORD,  /* NFKD, no controls, lower case, marks removed, Latin ligatures opened */
    FOLD_STOP,  /* NFKD, no controls: what stop words are compared by */
    FOLD_FACET, /* NFKD, lower case */
};

enum { FOLD_CHAR_MAX = 128 }; /* bytes one character may fold to */

/* Folds characters into memory of the caller. */
struct fold {
    enum fold_mode mode;
    uint8_t *p;
    size_t n, cap;
    bool over;        /* something did not fit; what is there is of no use */
    enum script base; /* of the last character that is no mark */
};

void text__fold_char(struct fold *f, uint32_t c);
void text__fold_ready(void); /* before text__fold_char() is called */
void text__fold_stop(struct bytes text, struct buf *out);

/* ---- text_rules.c: what the settings change -------------------------------------------------- */

enum special_kind { SPECIAL_SOFT, SPECIAL_HARD, SPECIAL_WORD };

/* A string that is a token by itself: a separator of several characters, or of the dictionary. */
struct special {
    struct bytes text;
    enum special_kind kind;
    uint32_t shorter; /* the longest other one that this begins with: its index + 1; 0: none */
};

struct text_rules {
    uint8_t ascii[256];     /* folding of bytes that are all of a character of a word; 0: look */
    const uint8_t *classes; /* of the first 65,536 characters: the common table, or `own` */
    uint8_t *own;
    struct special *specials; /* sorted */
    size_t n_specials;
    bool leads[256];     /* bytes that specials begin with */
    bool ends[128];      /* ASCII separators no special begins with: words end there */
    struct bytes *stops; /* open hash table of n_stop_slots, a power of two, NULL: none */
    size_t n_stop_slots;
    bool stop_leads[256];
    struct buf text; /* that of specials and stops */
};

/* The longest special at p (which must be a lead), or NULL. words: those of the dictionary too. */
const struct special *text__special_at(const struct text_rules *r, const uint8_t *p,
                                       const uint8_t *end, bool words);
/* nfkd: as FOLD_STOP gives it. */
bool text__is_stop(const struct text_rules *r, struct bytes nfkd);
