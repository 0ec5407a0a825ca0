/* SPDX-License-Identifier: MIT */
/*
 * json_number.c -- numbers to text and back, exactly.
 *
 * Reading: up to 19 digits and a power of ten up to 22 are one multiplication
 * or division of two exact doubles, which rounds once and so correctly. The
 * rest is strtod's, in the C locale whatever the process has set.
 *
 * Writing: a double of 15 digits reads back from them, so 15, 16 and 17 digits
 * are tried in this order and zeros at the end dropped. Two kinds need more
 * care. Subnormal numbers have fewer digits than 15: all counts are tried. At a
 * power of two the gap below is half the gap above, so the nearest 16 digits
 * may read back as the lower neighbour while one more in the last place would
 * not: that one is tried too.
 */
#include "json/json_write.h"

#include "base/assert.h"
#include "base/mem.h"
#include "base/thread.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static locale_t c_locale;
static struct once c_locale_once = ONCE_INIT;

static void make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    ASSERT(c_locale);
}

static double convert(const char *text)
{
    once_run(&c_locale_once, make_c_locale);
    return strtod_l(text, NULL, c_locale);
}

static bool convert_bytes(struct bytes text, double *ret)
{
    char small[128], *s = text.n < sizeof small ? small : xmalloc(text.n + 1);
    double v;

    if (text.n)
        memcpy(s, text.p, text.n);
    s[text.n] = '\0';
    v = convert(s);
    if (s != small)
        xfree(s);
    if (!isfinite(v))
        return false;
    *ret = v;
    return true;
}

struct decimal {
    uint64_t digits;
    int exponent; /* of ten */
    bool negative;
};

static const uint8_t *take_digits(const uint8_t *p, const uint8_t *end, uint64_t *v, int *n)
{
    for (; p < end && (uint8_t)(*p - '0') <= 9; p++, (*n)++) {
        if (*n >= 19)
            return NULL;
        *v = *v * 10 + (uint64_t)(*p - '0');
        *n -= *v == 0; /* zeros in front are free */
    }
    return p;
}

/* False where the digits do not fit; the slow way then decides. */
static bool read_decimal(struct bytes text, struct decimal *d)
{
    const uint8_t *p = text.p, *end = text.n ? text.p + text.n : text.p, *point;
    uint64_t e = 0;
    int n = 0, n_e = 0;
    bool minus;

    *d = (struct decimal){0};
    if (p < end && (*p == '-' || *p == '+'))
        d->negative = *p++ == '-';
    p = take_digits(p, end, &d->digits, &n);
    if (p && p < end && *p == '.') {
        point = ++p;
        p = take_digits(p, end, &d->digits, &n);
        if (p && p - point > 400)
            return false;
        d->exponent = p ? -(int)(p - point) : 0;
    }
    if (p && p < end && (*p | 0x20) == 'e') {
        p++;
        minus = p < end && *p == '-';
        p += p < end && (*p == '-' || *p == '+');
        p = take_digits(p, end, &e, &n_e);
        if (!p || e > 400)
            return false;
        d->exponent += minus ? -(int)e : (int)e;
    }
    return p == end;
}

bool json_parse_double(struct bytes text, double *ret)
{
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    struct decimal d;
    double v;

    if (!read_decimal(text, &d) || d.digits > (uint64_t)1 << 53 || d.exponent < -22 ||
        d.exponent > 22)
        return convert_bytes(text, ret);
    v = (double)d.digits;
    v = d.exponent < 0 ? v / tens[-d.exponent] : v * tens[d.exponent];
    *ret = d.negative ? -v : v;
    return true;
}

bool json_parse_u64(struct bytes text, uint64_t *ret)
{
    uint64_t v = 0;
    size_t i;

    for (i = 0; i < text.n; i++) {
        uint8_t digit = (uint8_t)(text.p[i] - '0');

        if (digit > 9 || __builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, digit, &v))
            return false;
    }
    if (text.n)
        *ret = v;
    return text.n > 0;
}

bool json_parse_i64(struct bytes text, int64_t *ret)
{
    bool negative = text.n > 0 && text.p[0] == '-';
    uint64_t v;

    if (negative)
        text = bytes_of(text.p + 1, text.n - 1);
    if (!json_parse_u64(text, &v))
        return false;
    if (v > (uint64_t)INT64_MAX + negative || (negative && v == 0)) /* -0 is a double */
        return false;
    *ret = negative ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

enum { DIGITS_MAX = 17 };

/* v = 0.d1d2d3... times ten to the power of point; no zero at the end. */
struct shortest {
    char digits[DIGITS_MAX + 1];
    int n;
    int point;
};

static bool reads_back(const struct shortest *s, double v)
{
    char text[48];

    (void)snprintf(text, sizeof text, ".%se%d", s->digits, s->point);
    return convert(text) == v;
}

/* v > 0 rounded to n digits. The decimal point is whatever the locale has, so only digits count. */
static void round_to(struct shortest *s, double v, int n)
{
    char text[48];
    const char *p;

    (void)snprintf(text, sizeof text, "%.*e", n - 1, v);
    s->n = 0;
    for (p = text; *p && *p != 'e'; p++)
        if (*p >= '0' && *p <= '9' && s->n < DIGITS_MAX)
            s->digits[s->n++] = *p;
    s->point = (*p ? (int)strtol(p + 1, NULL, 10) : 0) + 1;
    s->digits[s->n] = '\0';
}

/* One more in the last place. */
static void step_up(struct shortest *s)
{
    int i = s->n - 1;

    while (i >= 0 && s->digits[i] == '9')
        s->digits[i--] = '0';
    if (i >= 0) {
        s->digits[i]++;
        return;
    }
    s->digits[0] = '1'; /* 999 became 000: it is 1000, of which the last zero goes */
    s->point++;
}

static void find_shortest(struct shortest *s, double v)
{
    int exponent;
    bool power_of_two = frexp(v, &exponent) == 0.5;
    int n = v < DBL_MIN ? 1 : 15;

    for (;; n++) {
        round_to(s, v, n);
        if (n == DIGITS_MAX || reads_back(s, v))
            break;
        if (power_of_two) {
            step_up(s);
            if (reads_back(s, v))
                break;
        }
    }
    while (s->n > 1 && s->digits[s->n - 1] == '0')
        s->n--;
    s->digits[s->n] = '\0';
}

/* The layout of Rust's ryu: plain between 1e-5 and 1e16, with an exponent outside. */
static void lay_out(char *to, size_t cap, const struct shortest *s)
{
    static const char zeros[] = "0000000000000000";

    if (s->n <= s->point && s->point <= 16)
        (void)snprintf(to, cap, "%s%.*s.0", s->digits, s->point - s->n, zeros);
    else if (0 < s->point && s->point <= 16)
        (void)snprintf(to, cap, "%.*s.%s", s->point, s->digits, s->digits + s->point);
    else if (-5 < s->point && s->point <= 0)
        (void)snprintf(to, cap, "0.%.*s%s", -s->point, zeros, s->digits);
    else if (s->n == 1)
        (void)snprintf(to, cap, "%se%d", s->digits, s->point - 1);
    else
        (void)snprintf(to, cap, "%c.%se%d", s->digits[0], s->digits + 1, s->point - 1);
}

char *json_format_double(char dst[JSON_DOUBLE_MAX], double v)
{
    struct shortest s;
    char *to = dst;

    ASSERT(isfinite(v));
    if (signbit(v))
        *to++ = '-';
    if (v == 0) {
        memcpy(to, "0.0", 4);
        return dst;
    }
    find_shortest(&s, fabs(v));
    lay_out(to, JSON_DOUBLE_MAX - 1, &s);
    return dst;
}
