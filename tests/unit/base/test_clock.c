/* SPDX-License-Identifier: MIT */
/* test_clock.c -- dates, durations and uids as the API writes them. */
#include "base/attr.h"
#include "base/clock.h"
#include "base/rng.h"
#include "support/suite.h"

#include <stdio.h>
#include <time.h>

static void teardown(void)
{
    clock_fake_off();
}

static void check_format(int64_t ns, const char *want)
{
    char dst[CLOCK_RFC3339_MAX];
    int64_t back = 0;

    CU_ASSERT_STRING_EQUAL(clock_format_rfc3339(dst, ns), want);
    CU_ASSERT(clock_parse_rfc3339(bytes_str(dst), &back));
    CU_ASSERT_EQUAL(back, ns);
}

static void dates_have_as_many_digits_as_they_need(void)
{
    check_format(0, "1970-01-01T00:00:00Z");
    check_format(1, "1970-01-01T00:00:00.000000001Z");
    check_format(500000000, "1970-01-01T00:00:00.5Z");
    check_format(1723136755791772000, "2024-08-08T17:05:55.791772Z");
    check_format(951782400 * NS_PER_S, "2000-02-29T00:00:00Z");
    check_format(-1, "1969-12-31T23:59:59.999999999Z");
    check_format(-86400 * NS_PER_S, "1969-12-31T00:00:00Z");
    check_format(INT64_MAX, "2262-04-11T23:47:16.854775807Z");
    check_format(INT64_MIN, "1677-09-21T00:12:43.145224192Z");
}

static void every_day_agrees_with_the_c_library(void)
{
    int64_t day;
    int wrong = 0;

    for (day = -106000; day < 106000; day++) {
        char dst[CLOCK_RFC3339_MAX], want[CLOCK_RFC3339_MAX];
        time_t t = (time_t)day * 86400;
        struct tm tm;

        CU_ASSERT_PTR_NOT_NULL_FATAL(gmtime_r(&t, &tm));
        (void)strftime(want, sizeof want, "%Y-%m-%dT%H:%M:%SZ", &tm);
        if (strcmp(clock_format_rfc3339(dst, day * 86400 * NS_PER_S), want) != 0)
            wrong++;
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void random_moments_round_trip(void)
{
    struct rng r;
    int i;

    rng_init(&r, suite_seed());
    for (i = 0; i < 20000; i++) {
        int64_t ns = (int64_t)rng_next(&r), back = 0;
        char dst[CLOCK_RFC3339_MAX];

        if (!clock_parse_rfc3339(bytes_str(clock_format_rfc3339(dst, ns)), &back) || back != ns) {
            CU_FAIL("does not round-trip");
            printf("%s is not %lld\n", dst, (long long)ns);
        }
    }
}

static void offsets_and_lower_case_are_read(void)
{
    static const struct {
        const char *text, *utc;
    } cases[] = {
        {"2024-08-08T19:05:55+02:00", "2024-08-08T17:05:55Z"},
        {"2024-08-08T17:05:55-00:00", "2024-08-08T17:05:55Z"},
        {"2024-02-29T23:30:00-05:45", "2024-03-01T05:15:00Z"},
        {"2023-12-31T23:59:59-23:59", "2024-01-01T23:58:59Z"},
        {"2024-01-01T00:00:00+23:59", "2023-12-31T00:01:00Z"},
        {"2024-08-08t17:05:55z", "2024-08-08T17:05:55Z"},
        {"2024-08-08T17:05:55.000Z", "2024-08-08T17:05:55Z"},
        {"2024-08-08T17:05:55.1234567899Z", "2024-08-08T17:05:55.123456789Z"},
        {"2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999999999Z"},
        {"2017-01-01T00:59:60+01:00", "2016-12-31T23:59:59.999999999Z"},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        char dst[CLOCK_RFC3339_MAX];
        int64_t ns = 0;

        CU_ASSERT(clock_parse_rfc3339(bytes_str(cases[i].text), &ns));
        CU_ASSERT_STRING_EQUAL(clock_format_rfc3339(dst, ns), cases[i].utc);
    }
}

static void what_is_no_date_time_is_refused(void)
{
    static const char *const bad[] = {
        "",
        "2024",
        "2024-08-08",
        "2024-08-08T17:05:55",
        "2024-08-08 17:05:55Z",
        "2024-8-08T17:05:55Z",
        "2024-08-8T17:05:55Z",
        "24-08-08T17:05:55Z",
        "2024-13-01T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2024-01-00T00:00:00Z",
        "2024-01-32T00:00:00Z",
        "2024-04-31T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2024-02-30T00:00:00Z",
        "2024-08-08T24:00:00Z",
        "2024-08-08T17:60:00Z",
        "2024-08-08T17:05:61Z",
        "2024-08-08T17:05:60Z",
        "2016-12-30T23:59:60Z",
        "2024-08-08T17:05:55.Z",
        "2024-08-08T17:05:55,5Z",
        "2024-08-08T17:05Z",
        "2024-08-08T17:05:55ZZ",
        "2024-08-08T17:05:55+2:00",
        "2024-08-08T17:05:55+0200",
        "2024-08-08T17:05:55+24:00",
        "2024-08-08T17:05:55+01:60",
        "2024-08-08T17:05:55 Z",
        " 2024-08-08T17:05:55Z",
        "+2024-08-08T17:05:55Z",
        "-024-08-08T17:05:55Z",
        "2024/08/08T17:05:55Z",
        "2024-08-08T17-05-55Z",
        "2024-08-08T17:05:55\342\210\22201:00",
        "1677-09-21T00:12:43.145224191Z",
        "2262-04-11T23:47:16.854775808Z",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(bad); i++) {
        int64_t ns = 77;

        bool taken = clock_parse_rfc3339(bytes_str(bad[i]), &ns);

        CU_ASSERT_FALSE(taken);
        if (taken)
            printf("accepted: bad[%zu]\n", i);
        CU_ASSERT_EQUAL(ns, 77);
    }
}

static void every_truncation_of_a_date_time_is_refused(void)
{
    static const char text[] = "2024-08-08T17:05:55.791772+02:00";
    int64_t ns;
    size_t n;

    for (n = 0; n < sizeof text - 1; n++)
        CU_ASSERT_FALSE(clock_parse_rfc3339(bytes_of(text, n), &ns));
    CU_ASSERT(clock_parse_rfc3339(bytes_of(text, n), &ns));
}

static void plain_dates_are_midnight(void)
{
    int64_t ns = 0;

    CU_ASSERT(clock_parse_date(B("2024-08-08"), &ns));
    CU_ASSERT_EQUAL(ns, 1723075200 * NS_PER_S);
    CU_ASSERT(clock_parse_date(B("2000-02-29"), &ns));
    CU_ASSERT_FALSE(clock_parse_date(B("1900-02-29"), &ns));
    CU_ASSERT_FALSE(clock_parse_date(B("2024-08-08T"), &ns));
    CU_ASSERT_FALSE(clock_parse_date(B("2024-08-0"), &ns));
    CU_ASSERT_FALSE(clock_parse_date(B("9999-01-01"), &ns));
}

static void durations_are_written_as_the_reference_says(void)
{
    static const struct {
        int64_t ns;
        const char *want;
    } cases[] = {
        {0, "PT0S"},
        {1, "PT0.000000001S"},
        {1000, "PT0.000001S"},
        {31245000, "PT0.031245S"},
        {500000000, "PT0.500S"},
        {59 * NS_PER_S, "PT59S"},
        {3600 * NS_PER_S, "PT3600S"}, /* never folded into hours */
        {86399 * NS_PER_S + 999999999, "PT86399.999999999S"},
        {86400 * NS_PER_S, "P1DT0S"},
        {86403 * NS_PER_S + 500000000, "P1DT3.500S"},
        {INT64_MAX, "P106751DT85636.854775807S"},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        char dst[CLOCK_ISO_DURATION_MAX];

        CU_ASSERT_STRING_EQUAL(clock_format_iso_duration(dst, cases[i].ns), cases[i].want);
    }
}

static void a_uid_is_the_moment_in_milliseconds(void)
{
    char dst[CLOCK_UID_MAX];
    int64_t ns = 0;

    CU_ASSERT(clock_parse_rfc3339(B("2020-09-29T11:41:44.097999Z"), &ns));
    CU_ASSERT_STRING_EQUAL(clock_format_uid(dst, ns), "20200929-114144097");
}

static void the_fake_clock_stands_still(void)
{
    clock_fake_set(1000);
    CU_ASSERT_EQUAL(clock_wall_ns(), 1000);
    CU_ASSERT_EQUAL(clock_mono_ns(), 1000);
    clock_fake_advance(5);
    CU_ASSERT_EQUAL(clock_wall_ns(), 1005);
    clock_fake_off();
    CU_ASSERT(clock_wall_ns() > 1600000000 * NS_PER_S);
}

static void real_time_goes_forward(void)
{
    int64_t a = clock_mono_ns(), b = clock_mono_ns();

    CU_ASSERT(b >= a);
    CU_ASSERT(clock_cpu_ns() > 0);
}

SUITE(clock, NULL, teardown, TEST(dates_have_as_many_digits_as_they_need),
      TEST(every_day_agrees_with_the_c_library), TEST(random_moments_round_trip),
      TEST(offsets_and_lower_case_are_read), TEST(what_is_no_date_time_is_refused),
      TEST(every_truncation_of_a_date_time_is_refused), TEST(plain_dates_are_midnight),
      TEST(durations_are_written_as_the_reference_says), TEST(a_uid_is_the_moment_in_milliseconds),
      TEST(the_fake_clock_stands_still), TEST(real_time_goes_forward));
