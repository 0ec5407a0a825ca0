/* SPDX-License-Identifier: MIT */
/* json_scan.h -- walking over the inside of strings, 16 bytes at a time where there is SSE2. */
#pragma once

#include "json/json_int.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Bytes of the UTF-8 character at p, 0 if it is none: overlong, surrogate, cut off, too big. */
static inline size_t json__utf8_len(const uint8_t *p, const uint8_t *end)
{
    size_t left = (size_t)(end - p);

    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xC2 || left < 2 || (p[1] & 0xC0) != 0x80)
        return 0;
    if (p[0] < 0xE0)
        return 2;
    if (left < 3 || (p[2] & 0xC0) != 0x80)
        return 0;
    if (p[0] < 0xF0) {
        if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F))
            return 0;
        return 3;
    }
    if (left < 4 || (p[3] & 0xC0) != 0x80 || p[0] > 0xF4)
        return 0;
    if ((p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F))
        return 0;
    return 4;
}

/* The first byte that is '"', '\\' or a control character, or end. */
static inline const uint8_t *json__skip_string(const uint8_t *p, const uint8_t *end)
{
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
    const __m128i last_control = _mm_set1_epi8(0x1F);

    for (; end - p >= 16; p += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, backslash));
        int mask;

        hit = _mm_or_si128(hit, _mm_cmpeq_epi8(_mm_min_epu8(v, last_control), v));
        mask = _mm_movemask_epi8(hit);
        if (mask)
            return p + __builtin_ctz((unsigned)mask);
    }
#endif
    while (p < end && *p != '"' && *p != '\\' && *p >= 0x20)
        p++;
    return p;
}

/* Like json__skip_string(), and stops at bytes over 0x7F too. */
static inline const uint8_t *json__skip_ascii(const uint8_t *p, const uint8_t *end)
{
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
    const __m128i space = _mm_set1_epi8(0x20);

    for (; end - p >= 16; p += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, backslash));
        int mask;

        /* As signed bytes both control characters and those over 0x7F are under the space. */
        hit = _mm_or_si128(hit, _mm_cmplt_epi8(v, space));
        mask = _mm_movemask_epi8(hit);
        if (mask)
            return p + __builtin_ctz((unsigned)mask);
    }
#endif
    while (p < end && *p != '"' && *p != '\\' && *p >= 0x20 && *p < 0x80)
        p++;
    return p;
}

/*
 * Walks to the next quote, backslash or control character, checking UTF-8 on
 * the way; *bad is set when that is broken. Then the
 * walk goes on to the closing quote without checking, see json_parse.c (4).
 */
static inline const uint8_t *json__skip_text(const uint8_t *p, const uint8_t *end, bool *bad)
{
    for (;;) {
        p = json__skip_ascii(p, end);
        if (p == end || *p < 0x80)
            return p;
        do {
            size_t n = json__utf8_len(p, end);

            if (n == 0) {
                *bad = true;
                return json__skip_string(p, end);
            }
            p += n;
        } while (p < end && *p >= 0x80);
    }
}
