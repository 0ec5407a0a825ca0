/* SPDX-License-Identifier: MIT */
/* geo_int.h -- circles, boxes and numbers, for filters and facets. */
#pragma once

#include "query/query_int.h"

/* All that is not farther from a place than so many metres, with the box around it. */
struct geo_circle {
    double lat, lng, metres;
    double lat_reach, lng_reach; /* degrees */
};
void geo__circle_init(struct geo_circle *c, double lat, double lng, double metres);
bool geo__in_circle(const struct geo_circle *c, double lat, double lng);
/* right < left: across the antimeridian. */
bool geo__in_box(double top, double right, double bottom, double left, double lat, double lng);

/* The same meridian within [-180, 180). */
double geo__wrap_longitude(double lng);

enum { NUMBER_TEXT_MAX = 352 }; /* "-", 309 digits; or "-0.", 323 zeros and 17 digits */
/* Shortest decimal text without an exponent: "10", "1.5", "100000000000000000000000". Its length.
 */
size_t number__text(char dst[NUMBER_TEXT_MAX], double v);
enum { GEO_WRONG_MAX = 2 * NUMBER_TEXT_MAX + 160 };
/* Whether it is none; then *text says so. */
bool geo__wrong_latitude(double lat, char text[GEO_WRONG_MAX]);
bool geo__wrong_longitude(double lng, char text[GEO_WRONG_MAX]);
const char *geo__number_text(struct arena *arena, double v);
