/* SPDX-License-Identifier: MIT */
/*
 * pb_hint.c -- "did you mean": the accepted name nearest to a wrong one.
 *
 * Damerau-Levenshtein distance in its unrestricted form (letters between two
 * swapped ones may change), as the error texts we follow use it. Names are
 * short: anything longer than the longest candidate and its budget is far by
 * length alone.
 */
#include "pb_int.h"

enum { MOST = 64 }; /* code points of a name worth comparing */

static size_t budget_for(size_t n_bytes)
{
    if (n_bytes <= 3)
        return 0;
    if (n_bytes <= 7)
        return 1;
    if (n_bytes <= 12)
        return 2;
    if (n_bytes <= 17)
        return 3;
    return n_bytes <= 24 ? 4 : 5;
}

/* Code points of valid UTF-8 (else: bytes of it); MOST + 1 if there are more than MOST. */
static size_t decode(struct bytes text, uint32_t *points)
{
    size_t n = 0;
    size_t i = 0;

    while (i < text.n) {
        uint32_t c = text.p[i++];

        if (n == MOST)
            return MOST + 1;
        while (c >= 0xc0 && i < text.n && (text.p[i] & 0xc0) == 0x80)
            c = c << 8 | text.p[i++]; /* a name for the sequence; its value does not matter */
        points[n++] = c;
    }
    return n;
}

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;

    return m < c ? m : c;
}

/* Last place before `end` where c stands, counted from 1; 0 if nowhere. */
static size_t last_place(const uint32_t *points, size_t end, uint32_t c)
{
    while (end > 0 && points[end - 1] != c)
        end--;
    return end;
}

static size_t distance(const uint32_t *a, size_t n, const uint32_t *b, size_t m)
{
    size_t d[MOST + 1][MOST + 1];
    size_t i;
    size_t j;

    for (i = 0; i <= n; i++)
        d[i][0] = i;
    for (j = 0; j <= m; j++)
        d[0][j] = j;
    for (i = 1; i <= n; i++) {
        size_t same = 0; /* last j of this row where the letters were equal */

        for (j = 1; j <= m; j++) {
            size_t i1 = last_place(a, i - 1, b[j - 1]);
            size_t j1 = same;
            size_t cost = a[i - 1] != b[j - 1];

            if (!cost)
                same = j;
            d[i][j] = min3(d[i - 1][j - 1] + cost, d[i][j - 1] + 1, d[i - 1][j] + 1);
            if (i1 > 0 && j1 > 0) {
                size_t swap = d[i1 - 1][j1 - 1] + (i - i1 - 1) + 1 + (j - j1 - 1);

                if (swap < d[i][j])
                    d[i][j] = swap;
            }
        }
    }
    return d[n][m];
}

const char *pb_did_you_mean(struct bytes got, const char *const *candidates, size_t n)
{
    size_t budget = budget_for(got.n);
    size_t best = budget + 1;
    const char *found = NULL;
    uint32_t a[MOST];
    uint32_t b[MOST];
    size_t n_a = decode(got, a);
    size_t i;

    if (budget == 0 || n_a > MOST)
        return NULL;
    for (i = 0; i < n; i++) {
        size_t n_b = decode(bytes_str(candidates[i]), b);
        size_t d;

        if (n_b > MOST || (n_a > n_b ? n_a - n_b : n_b - n_a) > budget)
            continue;
        d = distance(a, n_a, b, n_b);
        if (d < best) {
            best = d;
            found = candidates[i];
        }
    }
    return found;
}
