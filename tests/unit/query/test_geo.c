/* SPDX-License-Identifier: MIT */
/* test_geo.c -- places, and the texts of numbers. */
#include "base/mem.h"
#include "base/rng.h"
#include "query/geo_int.h"
#include "support/suite.h"

#include <math.h>
#include <stdlib.h>

static void distances_are_those_of_the_great_circle(void)
{
    CU_ASSERT_DOUBLE_EQUAL(geo__distance(0, 0, 0, 0), 0, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(geo__distance(0, 0, 0, 180), 3.14159265358979 * 6371008.8, 1);
    CU_ASSERT_DOUBLE_EQUAL(geo__distance(90, 10, -90, 99), 3.14159265358979 * 6371008.8, 1);
    CU_ASSERT_DOUBLE_EQUAL(geo__distance(0, 179.5, 0, -179.5), 111195.08, 1);
    CU_ASSERT_DOUBLE_EQUAL(geo__distance(48.8566, 2.3522, 51.5074, -0.1278), 343557, 500);
    CU_ASSERT_DOUBLE_EQUAL(geo__distance(45, 7, 45, 7.00001), 0.786, 0.01);
}

static void a_circle_is_what_its_distance_says(void)
{
    struct geo_circle c;
    struct rng r;
    unsigned i, j, inside = 0;

    rng_init(&r, suite_seed());
    for (i = 0; i < 200; i++) {
        double lat = rng_unit(&r) * 180 - 90, lng = rng_unit(&r) * 360 - 180;

        geo__circle_init(&c, lat, lng, pow(10, rng_unit(&r) * 8));
        for (j = 0; j < 200; j++) {
            double near = pow(10, -rng_unit(&r) * 4);
            double at_lat = fmax(-90, fmin(90, lat + (rng_unit(&r) - .5) * 180 * near));
            double at_lng = geo__wrap_longitude(lng + (rng_unit(&r) - .5) * 360 * near);
            bool want = geo__distance(lat, lng, at_lat, at_lng) <= c.metres;

            inside += want;
            CU_ASSERT_EQUAL(geo__in_circle(&c, at_lat, at_lng), want);
        }
    }
    CU_ASSERT(inside > 1000 && inside < 39000);
}

static void boxes_may_lie_across_the_antimeridian(void)
{
    CU_ASSERT(geo__in_box(10, 20, -10, -20, 0, 0));
    CU_ASSERT(geo__in_box(10, 20, -10, -20, 10, 20));
    CU_ASSERT(!geo__in_box(10, 20, -10, -20, 10.1, 0));
    CU_ASSERT(!geo__in_box(10, 20, -10, -20, 0, 21));
    CU_ASSERT(geo__in_box(10, -170, -10, 170, 0, 175));
    CU_ASSERT(geo__in_box(10, -170, -10, 170, 0, -175));
    CU_ASSERT(!geo__in_box(10, -170, -10, 170, 0, 0));
}

static void longitudes_are_wrapped(void)
{
    CU_ASSERT_DOUBLE_EQUAL(geo__wrap_longitude(181), -179, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(geo__wrap_longitude(-181), 179, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(geo__wrap_longitude(720.5), 0.5, 1e-9);
}

static void points_are_read(void)
{
    static const char *const bad[] = {"_geoPoint",        "_geoPoint()",     "_geoPoint(1)",
                                      "_geoPoint(1,2",    "_geoPoint(1,2)x", "_geoPoint(a,2)",
                                      "_geoPoint(1,2,3)", "geoPoint(1,2)",   "_geoPoint(nan,1)",
                                      "_geoPoint(0x1,1)", "_geoPoint(,)",    ""};
    double lat = 0, lng = 0;

    CU_ASSERT(geo__parse_point(B("_geoPoint(48.8, -2.3)"), &lat, &lng));
    CU_ASSERT(lat == 48.8 && lng == -2.3);
    CU_ASSERT(geo__parse_point(B("_geoPoint ( 1e1 ,+2. ) "), &lat, &lng));
    CU_ASSERT(lat == 10 && lng == 2);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CU_ASSERT(!geo__parse_point(bytes_str(bad[i]), &lat, &lng));
    CU_ASSERT(lat == 10 && lng == 2);
}

static void numbers_are_written_without_exponents(void)
{
    static const struct {
        double v;
        const char *want;
    } table[] = {
        {0, "0"},           {-0.0, "-0"},
        {1, "1"},           {10, "10"},
        {1.5, "1.5"},       {-0.05, "-0.05"},
        {0.1, "0.1"},       {1e21, "1000000000000000000000"},
        {123456, "123456"}, {1.25e-7, "0.000000125"},
        {100.5, "100.5"},   {1e15, "1000000000000000"},
    };
    char text[NUMBER_TEXT_MAX];
    struct rng r;

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        CU_ASSERT_EQUAL(number__text(text, table[i].v), strlen(table[i].want));
        CU_ASSERT_STRING_EQUAL(text, table[i].want);
    }
    rng_init(&r, suite_seed());
    for (int i = 0; i < 2000; i++) {
        uint64_t bits = rng_next(&r);
        double v;

        memcpy(&v, &bits, sizeof v);
        if (!isfinite(v))
            continue;
        CU_ASSERT(number__text(text, v) < NUMBER_TEXT_MAX);
        CU_ASSERT_PTR_NULL(strpbrk(text, "eE"));
        CU_ASSERT(strtod(text, NULL) == v);
    }
}

SUITE(geo, NULL, NULL, TEST(distances_are_those_of_the_great_circle),
      TEST(a_circle_is_what_its_distance_says), TEST(boxes_may_lie_across_the_antimeridian),
      TEST(longitudes_are_wrapped), TEST(points_are_read),
      TEST(numbers_are_written_without_exponents));
