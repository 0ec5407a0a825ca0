/* SPDX-License-Identifier: MIT */
/* csv_value.c -- what the text of a typed cell means: as Rust's trim() and parse() have it. */
#include "json/csv_value.h"

#include "base/attr.h"
#include "json/json_write.h"

#include <math.h>

/* The white space of Unicode at the front of b, in bytes; 0 if there is none. */
static size_t space_len(struct bytes b)
{
    static const char *const wide[] = {
        "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\xA8",
        "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80",
    };
    size_t i;

    if (b.n && (b.p[0] == ' ' || (b.p[0] >= '\t' && b.p[0] <= '\r')))
        return 1;
    if (!b.n || b.p[0] < 0xC2)
        return 0;
    for (i = 0; i < ARRAY_LEN(wide); i++)
        if (bytes_starts(b, bytes_str(wide[i])))
            return strlen(wide[i]);
    if (bytes_starts(b, B("\xE2\x80")) && b.n >= 3 && b.p[2] <= 0x8A) /* U+2000 to U+200A */
        return 3;
    return 0;
}

struct bytes csv__trim(struct bytes b)
{
    size_t n, i, end = 0;

    for (n = space_len(b); n; n = space_len(b))
        b = bytes_of(b.p + n, b.n - n);
    for (i = 0; i < b.n; i += n ? n : 1) {
        n = space_len(bytes_of(b.p + i, b.n - i));
        if (!n)
            end = i + 1;
    }
    return bytes_of(b.p, end);
}

static size_t count_digits(struct bytes b, size_t from)
{
    size_t i = from;

    while (i < b.n && b.p[i] >= '0' && b.p[i] <= '9')
        i++;
    return i - from;
}

static bool is_word(struct bytes b, const char *word)
{
    size_t i;

    for (i = 0; i < b.n && word[i]; i++)
        if ((b.p[i] | 0x20) != (uint8_t)word[i])
            return false;
    return i == b.n && !word[i];
}

/*
 * A number as Rust reads f64: "1.", ".5" and "+1" too, and the words for no
 * number and infinity, which JSON can only say as null.
 */
bool csv__parse_float(struct bytes b, double *ret)
{
    size_t i = b.n && (b.p[0] == '+' || b.p[0] == '-'), digits;
    struct bytes rest = bytes_of(b.p + i, b.n - i);

    if (is_word(rest, "inf") || is_word(rest, "infinity") || is_word(rest, "nan")) {
        *ret = (double)NAN;
        return true;
    }
    digits = count_digits(b, i);
    i += digits;
    if (i < b.n && b.p[i] == '.') {
        size_t fraction = count_digits(b, i + 1);

        i += fraction + 1;
        digits += fraction;
    }
    if (!digits)
        return false;
    if (i < b.n && (b.p[i] | 0x20) == 'e') {
        i++;
        i += i < b.n && (b.p[i] == '+' || b.p[i] == '-');
        digits = count_digits(b, i);
        if (!digits)
            return false;
        i += digits;
    }
    if (i != b.n)
        return false;
    if (!json_parse_double(b, ret))
        *ret = (double)NAN; /* too large: infinity */
    return true;
}

/* Digits with a sign, as Rust reads i64. */
bool csv__parse_integer(struct bytes b, int64_t *ret)
{
    size_t i = 1;

    if (b.n > 1 && b.p[0] == '+' && b.p[1] != '-')
        b = bytes_of(b.p + 1, b.n - 1);
    if (json_parse_i64(b, ret))
        return true;
    if (b.n < 2 || b.p[0] != '-' || count_digits(b, 1) != b.n - 1)
        return false;
    *ret = 0;
    while (i < b.n && b.p[i] == '0')
        i++;
    return i == b.n; /* -0, -000: an integer here, unlike in JSON */
}

/* Quoted as Rust's {:?} does, into the message of a failure. */
void csv__quote_debug(struct buf *out, struct bytes b)
{
    size_t i;

    (void)buf_byte(out, '"');
    for (i = 0; i < b.n; i++) {
        uint8_t c = b.p[i];

        if (c == '"' || c == '\\')
            (void)buf_printf(out, "\\%c", c);
        else if (c == '\n' || c == '\r' || c == '\t')
            (void)buf_str(out, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
        else if (c < 0x20 || c == 0x7F)
            (void)buf_printf(out, "\\u{%x}", c);
        else
            (void)buf_byte(out, c);
    }
    (void)buf_byte(out, '"');
}
