/* SPDX-License-Identifier: MIT */
/*
 * text_class.c -- what a character is: of which script, of a word or a separator.
 *
 * Separators are the Unicode categories of punctuation, of mathematical symbols
 * and of spaces, with the exceptions below; the library knows the categories.
 * It does not know scripts: those are ranges here, which need be no finer than
 * a cut between two letters, as digits, symbols and marks belong to all scripts.
 *
 * The table of the first 65,536 characters is made once, in about two
 * milliseconds. The rest is rare, and asked for singly.
 */
#include "text/text_int.h"

#include "base/attr.h"
#include "base/thread.h"

#include <utf8proc.h>

struct range {
    uint32_t first, last;
    enum script script;
};

/* Sorted. */
static const struct range scripts[] = {
    {0x0041, 0x005A, SCRIPT_LATIN},      {0x0061, 0x007A, SCRIPT_LATIN},
    {0x00AA, 0x00AA, SCRIPT_LATIN},      {0x00BA, 0x00BA, SCRIPT_LATIN},
    {0x00C0, 0x02B8, SCRIPT_LATIN},      {0x0370, 0x03FF, SCRIPT_GREEK},
    {0x0400, 0x052F, SCRIPT_CYRILLIC},   {0x0530, 0x058F, SCRIPT_ARMENIAN},
    {0x0590, 0x05FF, SCRIPT_HEBREW},     {0x0600, 0x06FF, SCRIPT_ARABIC},
    {0x0750, 0x077F, SCRIPT_ARABIC},     {0x0860, 0x08FF, SCRIPT_ARABIC},
    {0x0900, 0x097F, SCRIPT_DEVANAGARI}, {0x0980, 0x09FF, SCRIPT_BENGALI},
    {0x0A00, 0x0A7F, SCRIPT_GURMUKHI},   {0x0A80, 0x0AFF, SCRIPT_GUJARATI},
    {0x0B00, 0x0B7F, SCRIPT_ORIYA},      {0x0B80, 0x0BFF, SCRIPT_TAMIL},
    {0x0C00, 0x0C7F, SCRIPT_TELUGU},     {0x0C80, 0x0CFF, SCRIPT_KANNADA},
    {0x0D00, 0x0D7F, SCRIPT_MALAYALAM},  {0x0D80, 0x0DFF, SCRIPT_SINHALA},
    {0x0E00, 0x0E7F, SCRIPT_THAI},       {0x0E80, 0x0EFF, SCRIPT_LAO},
    {0x0F00, 0x0FFF, SCRIPT_TIBETAN},    {0x1000, 0x109F, SCRIPT_MYANMAR},
    {0x10A0, 0x10FF, SCRIPT_GEORGIAN},   {0x1100, 0x11FF, SCRIPT_HANGUL},
    {0x1200, 0x139F, SCRIPT_ETHIOPIC},   {0x1780, 0x17FF, SCRIPT_KHMER},
    {0x1C80, 0x1C8F, SCRIPT_CYRILLIC},   {0x1C90, 0x1CBF, SCRIPT_GEORGIAN},
    {0x1D00, 0x1D25, SCRIPT_LATIN},      {0x1D2C, 0x1D5C, SCRIPT_LATIN},
    {0x1D62, 0x1D65, SCRIPT_LATIN},      {0x1D6B, 0x1DBE, SCRIPT_LATIN},
    {0x1E00, 0x1EFF, SCRIPT_LATIN},      {0x1F00, 0x1FFF, SCRIPT_GREEK},
    {0x2071, 0x2071, SCRIPT_LATIN},      {0x207F, 0x207F, SCRIPT_LATIN},
    {0x2090, 0x209C, SCRIPT_LATIN},      {0x212A, 0x212B, SCRIPT_LATIN},
    {0x2C60, 0x2C7F, SCRIPT_LATIN},      {0x2D00, 0x2D2F, SCRIPT_GEORGIAN},
    {0x2D80, 0x2DDF, SCRIPT_ETHIOPIC},   {0x2DE0, 0x2DFF, SCRIPT_CYRILLIC},
    {0x2E80, 0x2FDF, SCRIPT_CJ},         {0x3005, 0x3007, SCRIPT_CJ},
    {0x3021, 0x3029, SCRIPT_CJ},         {0x3031, 0x3035, SCRIPT_CJ},
    {0x3038, 0x303C, SCRIPT_CJ},         {0x3041, 0x3096, SCRIPT_CJ},
    {0x309D, 0x309F, SCRIPT_CJ},         {0x30A1, 0x312F, SCRIPT_CJ},
    {0x3130, 0x318F, SCRIPT_HANGUL},     {0x31A0, 0x31FF, SCRIPT_CJ},
    {0x3400, 0x4DBF, SCRIPT_CJ},         {0x4E00, 0x9FFF, SCRIPT_CJ},
    {0xA640, 0xA69F, SCRIPT_CYRILLIC},   {0xA722, 0xA7FF, SCRIPT_LATIN},
    {0xA960, 0xA97F, SCRIPT_HANGUL},     {0xAB30, 0xAB6F, SCRIPT_LATIN},
    {0xAC00, 0xD7FF, SCRIPT_HANGUL},     {0xF900, 0xFAFF, SCRIPT_CJ},
    {0xFB00, 0xFB06, SCRIPT_LATIN},      {0xFB13, 0xFB17, SCRIPT_ARMENIAN},
    {0xFB1D, 0xFB4F, SCRIPT_HEBREW},     {0xFB50, 0xFDFF, SCRIPT_ARABIC},
    {0xFE70, 0xFEFC, SCRIPT_ARABIC},     {0xFF21, 0xFF3A, SCRIPT_LATIN},
    {0xFF41, 0xFF5A, SCRIPT_LATIN},      {0xFF66, 0xFF9F, SCRIPT_CJ},
    {0xFFA0, 0xFFDC, SCRIPT_HANGUL},     {0x1B000, 0x1B16F, SCRIPT_CJ},
    {0x20000, 0x3FFFF, SCRIPT_CJ},
};

/* Ends of sentences and of their parts. ". " and ", " are in text_rules.c. Sorted. */
static const uint16_t hard[] = {
    0x0000, '!',    ';',    '?',    0x00A1, 0x00A7, 0x00B6, 0x00BF, 0x037E, 0x055C,
    0x055E, 0x0589, 0x060C, 0x061B, 0x061F, 0x06D4, 0x0964, 0x0965, 0x0F0D, 0x0F0E,
    0x0F0F, 0x0F10, 0x0F11, 0x0F12, 0x0F14, 0x1362, 0x1363, 0x1364, 0x1365, 0x1366,
    0x1367, 0x1368, 0x17D4, 0x17D5, 0x2026, 0x203C, 0x203D, 0x2047, 0x2048, 0x2049,
    0x3001, 0x3002, 0xFF01, 0xFF0C, 0xFF0E, 0xFF1A, 0xFF1B, 0xFF1F, 0xFF61, 0xFF64,
};

bool text__category_in(uint32_t c, uint32_t set)
{
    return set >> utf8proc_category((utf8proc_int32_t)c) & 1;
}

static uint8_t table[BMP];
static struct once made = ONCE_INIT;

static enum script script_of(uint32_t c)
{
    size_t low = 0, high = ARRAY_LEN(scripts);

    while (low < high) {
        size_t mid = (low + high) / 2;

        if (c < scripts[mid].first)
            high = mid;
        else if (c > scripts[mid].last)
            low = mid + 1;
        else
            return scripts[mid].script;
    }
    return SCRIPT_ANY;
}

static bool is_hard(uint32_t c)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(hard) && hard[i] <= c; i++)
        if (hard[i] == c)
            return true;
    return false;
}

/* Accents that stand alone fold to a space and a mark; a word with a space in it is none. */
static bool folds_to_space(uint32_t c)
{
    utf8proc_int32_t d[32];
    utf8proc_ssize_t n;

    /* Those of neither category are Arabic marks as they look alone. */
    if (!text__category_in(c, CATEGORY(SK) | CATEGORY(LM)) && (c < 0xFB50 || c > 0xFEFC))
        return false;
    n = utf8proc_decompose_char((utf8proc_int32_t)c, d, (utf8proc_ssize_t)ARRAY_LEN(d),
                                UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, NULL);
    return n > 0 && d[0] == ' ';
}

static bool is_soft(uint32_t c)
{
    static const uint32_t punctuation = CATEGORY(PC) | CATEGORY(PD) | CATEGORY(PE) | CATEGORY(PF) |
                                        CATEGORY(PI) | CATEGORY(PO) | CATEGORY(PS);
    static const uint32_t spaces = CATEGORY(ZL) | CATEGORY(ZP) | CATEGORY(ZS);

    if (text__category_in(c, punctuation | spaces))
        return true;
    if (text__category_in(c, CATEGORY(SM))) /* + is one; these are part of words, as $ and ^ */
        return c != '<' && c != '=' && c != '>' && c != '|' && c != '~';
    if (text__category_in(c, CATEGORY(CC)))
        return (c >= '\t' && c <= '\r') || c == 0x85;
    /* The space of no width that Khmer and Thai texts have between words is a format character. */
    return c == '`' || c == 0x200B || folds_to_space(c);
}

/* Format characters that are seen: Arabic signs around numbers. */
static bool is_visible_format(uint32_t c)
{
    return (c >= 0x600 && c <= 0x605) || c == 0x6DD || c == 0x70F || c == 0x8E2;
}

static uint8_t class_of(uint32_t c)
{
    static const uint32_t letters =
        CATEGORY(LU) | CATEGORY(LL) | CATEGORY(LT) | CATEGORY(LM) | CATEGORY(LO) | CATEGORY(NL);
    enum class_kind kind = CLASS_WORD;
    enum script script = SCRIPT_ANY;

    if (is_hard(c))
        return CLASS_HARD;
    if (is_soft(c))
        return CLASS_SOFT;
    if (text__category_in(c, CATEGORY(MN) | CATEGORY(MC) | CATEGORY(ME)))
        kind = CLASS_MARK;
    else if (text__category_in(c, CATEGORY(CC)))
        kind = CLASS_DROP;
    else if (text__category_in(c, CATEGORY(CF)) && !is_visible_format(c))
        kind = CLASS_DROP;
    else if (text__category_in(c, letters))
        script = script_of(c);
    return (uint8_t)((unsigned)kind | (unsigned)script << 3);
}

static void make_table(void)
{
    uint32_t c;

    for (c = 0; c < BMP; c++)
        table[c] = class_of(c);
}

const uint8_t *text__classes(void)
{
    once_run(&made, make_table);
    return table;
}

uint8_t text__class_rare(uint32_t c)
{
    return class_of(c);
}
