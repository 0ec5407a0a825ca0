/* SPDX-License-Identifier: MIT */
/*
 * geo.c -- places on the earth, taken for a ball: distances, points as text.
 *
 * Distances are those of the haversine formula, which stays exact for near
 * places where the law of cosines does not.
 */
#include "query/geo_int.h"

#include "query/filter_int.h"
#include "json/json_write.h"

#include <math.h>
#include <stdio.h>

static const double earth_metres = 6371008.8; /* mean radius, IUGG */
static const double radians = 0.017453292519943295;

double geo__distance(double lat_a, double lng_a, double lat_b, double lng_b)
{
    double a = sin((lat_b - lat_a) * radians / 2), b = sin((lng_b - lng_a) * radians / 2);
    double h = a * a + cos(lat_a * radians) * cos(lat_b * radians) * b * b;

    return 2 * earth_metres * asin(fmin(1, sqrt(h)));
}

void geo__circle_init(struct geo_circle *c, double lat, double lng, double metres)
{
    double angle = metres / earth_metres, spread;

    *c = (struct geo_circle){.lat = lat, .lng = lng, .metres = metres};
    c->lat_reach = angle / radians * (1 + 1e-9) + 1e-9;
    /* Beyond a pole, or around half of the earth, there is no narrower box. */
    spread = sin(fmin(angle, 1.5)) / cos(lat * radians);
    c->lng_reach = angle >= 1.5 || fabs(lat) + c->lat_reach >= 90 || spread >= 1
                       ? 360
                       : asin(spread) / radians * (1 + 1e-9) + 1e-9;
}

bool geo__in_circle(const struct geo_circle *c, double lat, double lng)
{
    double away = fabs(lng - c->lng);

    if (away > 180)
        away = 360 - away;
    /* The box is cheap, and few places of many are in it. */
    return fabs(lat - c->lat) <= c->lat_reach && away <= c->lng_reach &&
           geo__distance(c->lat, c->lng, lat, lng) <= c->metres;
}

bool geo__in_box(double top, double right, double bottom, double left, double lat, double lng)
{
    if (lat > top || lat < bottom)
        return false;
    if (right < left) /* across the antimeridian */
        return lng >= left || lng <= right;
    return lng >= left && lng <= right;
}

double geo__wrap_longitude(double lng)
{
    double turn = fmod(lng + 180, 360);

    return (turn < 0 ? turn + 360 : turn) - 180;
}

/* Passes over spaces. */
static struct bytes skip_space(struct bytes b)
{
    while (b.n && (*b.p == ' ' || (*b.p >= 9 && *b.p <= 13)))
        b = bytes_of(b.p + 1, b.n - 1);
    return b;
}

/* A number up to the sign `end`, which is passed over too. */
static bool take_number(struct bytes *b, uint8_t end, double *ret)
{
    const uint8_t *at;
    struct bytes text;

    *b = skip_space(*b);
    at = b->n ? memchr(b->p, end, b->n) : NULL;
    if (!at)
        return false;
    text = bytes_of(b->p, (size_t)(at - b->p));
    while (text.n && skip_space(bytes_of(text.p + text.n - 1, 1)).n == 0)
        text.n--;
    *b = bytes_of(at + 1, b->n - (size_t)(at - b->p) - 1);
    return filter__number(text, ret) && isfinite(*ret);
}

bool geo__parse_point(struct bytes text, double *ret_lat, double *ret_lng)
{
    struct bytes name = B("_geoPoint"), rest = text;
    double lat, lng;

    if (!bytes_starts(text, name))
        return false;
    rest = skip_space(bytes_of(text.p + name.n, text.n - name.n));
    if (rest.n == 0 || *rest.p != '(')
        return false;
    rest = bytes_of(rest.p + 1, rest.n - 1);
    if (!take_number(&rest, ',', &lat) || !take_number(&rest, ')', &lng) || skip_space(rest).n)
        return false;
    *ret_lat = lat;
    *ret_lng = lng;
    return true;
}

/* ---- numbers as text ------------------------------------------------------------------------- */

size_t number__text(char dst[NUMBER_TEXT_MAX], double v)
{
    char short_form[JSON_DOUBLE_MAX], digits[JSON_DOUBLE_MAX];
    const char *p = json_format_double(short_form, v);
    size_t n_digits = 0, n = 0;
    int point = 0, exponent = 0, i;
    bool fraction = false;

    if (*p == '-')
        dst[n++] = *p++;
    for (; (*p >= '0' && *p <= '9') || *p == '.'; p++) {
        if (*p == '.') {
            fraction = true;
            continue;
        }
        if (n_digits || *p != '0')
            digits[n_digits++] = *p;
        else if (fraction)
            point--; /* a zero behind the point, before the first digit */
        if (!fraction && n_digits)
            point++;
    }
    if (*p == 'e' || *p == 'E') {
        bool down = *++p == '-';

        for (p += *p == '-' || *p == '+'; *p >= '0' && *p <= '9'; p++)
            exponent = exponent * 10 + (*p - '0');
        point += down ? -exponent : exponent;
    }
    while (n_digits && digits[n_digits - 1] == '0')
        n_digits--;
    if (n_digits == 0 || point <= 0)
        dst[n++] = '0';
    for (i = 0; i < point && n_digits; i++)
        dst[n++] = (size_t)i < n_digits ? digits[i] : '0';
    if (n_digits && (int)n_digits > point)
        dst[n++] = '.';
    for (i = point; i < 0 && n_digits; i++)
        dst[n++] = '0';
    for (i = point > 0 ? point : 0; i < (int)n_digits; i++)
        dst[n++] = digits[i];
    dst[n] = 0;
    return n;
}

const char *geo__number_text(struct arena *arena, double v)
{
    char text[NUMBER_TEXT_MAX];
    const char *copy;

    copy = arena_strndup(arena, text, number__text(text, v));
    return copy ? copy : "";
}

/* ---- what is wrong ------------------------------------------------------------------------------
 */

bool geo__wrong_latitude(double lat, char text[GEO_WRONG_MAX])
{
    char number[NUMBER_TEXT_MAX];

    if (lat >= -90 && lat <= 90)
        return false;
    (void)number__text(number, lat);
    (void)snprintf(text, GEO_WRONG_MAX,
                   "Bad latitude `%s`. Latitude must be contained between -90 and 90 degrees.",
                   number);
    return true;
}

bool geo__wrong_longitude(double lng, char text[GEO_WRONG_MAX])
{
    char number[NUMBER_TEXT_MAX], better[NUMBER_TEXT_MAX];

    if (lng >= -180 && lng <= 180)
        return false;
    (void)number__text(number, lng);
    (void)number__text(better, geo__wrap_longitude(lng));
    (void)snprintf(text, GEO_WRONG_MAX,
                   "Bad longitude `%s`. Longitude must be contained between -180 and 180 degrees. "
                   "Hint: try using `%s` instead.",
                   number, better);
    return true;
}
