/* SPDX-License-Identifier: MIT */
/*
 * clock.c -- see clock.h.
 *
 * Calendar arithmetic is done here, in the proleptic Gregorian calendar: the C
 * library's breaks down time in a zone and a locale, and Lode has neither.
 */
#include "base/clock.h"

#include "base/assert.h"
#include "base/base_int.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

enum { S_PER_DAY = 86400 };

static atomic_bool fake_on;
static atomic_llong fake_ns;

static int64_t read_clock(clockid_t id)
{
    struct timespec t;

    ASSERT(clock_gettime(id, &t) == 0);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

int64_t clock_mono_ns(void)
{
    return atomic_load(&fake_on) ? atomic_load(&fake_ns) : read_clock(CLOCK_MONOTONIC);
}

int64_t clock_wall_ns(void)
{
    return atomic_load(&fake_on) ? atomic_load(&fake_ns) : read_clock(CLOCK_REALTIME);
}

int64_t clock_cpu_ns(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

void clock_fake_set(int64_t wall_ns)
{
    atomic_store(&fake_ns, wall_ns);
    atomic_store(&fake_on, true);
}

void clock_fake_advance(int64_t ns)
{
    ASSERT(atomic_load(&fake_on));
    atomic_fetch_add(&fake_ns, ns);
}

void clock_fake_off(void)
{
    atomic_store(&fake_on, false);
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/*
 * Years are counted from March: the leap day then is the last of its year, and
 * (153 m + 2) / 5 gives the days before month m of the repeating 31-30 pattern.
 */
static int64_t days_of_date(int year, int month, int day)
{
    int64_t y = year - (month <= 2);
    int64_t era = floor_div(y, 400), year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468; /* 0000-03-01 to 1970-01-01 */
}

static void date_of_days(int64_t days, struct clock_civil *c)
{
    int64_t z = days + 719468, era = floor_div(z, 146097), day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t m = (5 * day_of_year + 2) / 153;

    c->day = (int)(day_of_year - (153 * m + 2) / 5 + 1);
    c->month = (int)(m < 10 ? m + 3 : m - 9);
    c->year = (int)(year_of_era + era * 400 + (c->month <= 2));
}

void clock__civil(int64_t wall_ns, struct clock_civil *ret_civil)
{
    int64_t s = floor_div(wall_ns, NS_PER_S), days = floor_div(s, S_PER_DAY);
    int in_day = (int)(s - days * S_PER_DAY);

    date_of_days(days, ret_civil);
    ret_civil->hour = in_day / 3600;
    ret_civil->minute = in_day / 60 % 60;
    ret_civil->second = in_day % 60;
    ret_civil->ns = (int)(wall_ns % NS_PER_S) + (wall_ns % NS_PER_S < 0 ? (int)NS_PER_S : 0);
}

char *clock_format_rfc3339(char dst[CLOCK_RFC3339_MAX], int64_t wall_ns)
{
    struct clock_civil c;
    char fraction[16] = "";

    clock__civil(wall_ns, &c);
    if (c.ns) {
        int n = snprintf(fraction, sizeof fraction, ".%09d", c.ns);

        while (n > 0 && fraction[n - 1] == '0')
            fraction[--n] = '\0';
    }
    (void)snprintf(dst, CLOCK_RFC3339_MAX, "%04d-%02d-%02dT%02d:%02d:%02d%sZ", c.year, c.month,
                   c.day, c.hour, c.minute, c.second, fraction);
    return dst;
}

char *clock_format_iso_duration(char dst[CLOCK_ISO_DURATION_MAX], int64_t ns)
{
    int64_t s, days;
    char day_part[24] = "", fraction[16] = "";
    int rest;

    ASSERT(ns >= 0);
    s = ns / NS_PER_S;
    days = s / S_PER_DAY;
    rest = (int)(ns % NS_PER_S);
    if (days)
        (void)snprintf(day_part, sizeof day_part, "%lldD", (long long)days);
    if (rest % 1000)
        (void)snprintf(fraction, sizeof fraction, ".%09d", rest);
    else if (rest % 1000000)
        (void)snprintf(fraction, sizeof fraction, ".%06d", rest / 1000);
    else if (rest)
        (void)snprintf(fraction, sizeof fraction, ".%03d", rest / 1000000);
    (void)snprintf(dst, CLOCK_ISO_DURATION_MAX, "P%sT%d%sS", day_part, (int)(s % S_PER_DAY),
                   fraction);
    return dst;
}

char *clock_format_uid(char dst[CLOCK_UID_MAX], int64_t wall_ns)
{
    struct clock_civil c;

    clock__civil(wall_ns, &c);
    (void)snprintf(dst, CLOCK_UID_MAX, "%04u%02u%02u-%02u%02u%02u%03u", (unsigned)c.year % 10000,
                   (unsigned)c.month % 100, (unsigned)c.day % 100, (unsigned)c.hour % 100,
                   (unsigned)c.minute % 100, (unsigned)c.second % 100,
                   (unsigned)(c.ns / 1000000) % 1000);
    return dst;
}

/* Takes exactly n digits off the front of *b; -1 if there are none. */
static int take_digits(struct bytes *b, size_t n)
{
    int v = 0;
    size_t i;

    if (b->n < n)
        return -1;
    for (i = 0; i < n; i++) {
        if (b->p[i] < '0' || b->p[i] > '9')
            return -1;
        v = v * 10 + (b->p[i] - '0');
    }
    *b = bytes_of(b->p + n, b->n - n);
    return v;
}

static bool take_char(struct bytes *b, char want)
{
    if (b->n == 0 || (b->p[0] | (want >= 'a' ? 0x20 : 0)) != want)
        return false;
    *b = bytes_of(b->p + 1, b->n - 1);
    return true;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year));
}

static bool take_date(struct bytes *b, struct clock_civil *c)
{
    c->year = take_digits(b, 4);
    if (c->year < 0 || !take_char(b, '-'))
        return false;
    c->month = take_digits(b, 2);
    if (c->month < 1 || c->month > 12 || !take_char(b, '-'))
        return false;
    c->day = take_digits(b, 2);
    return c->day >= 1 && c->day <= days_in_month(c->year, c->month);
}

/* Second 60 passes here; the caller decides whether a leap second may stand there. */
static bool take_time(struct bytes *b, struct clock_civil *c)
{
    c->hour = take_digits(b, 2);
    if (c->hour < 0 || c->hour > 23 || !take_char(b, ':'))
        return false;
    c->minute = take_digits(b, 2);
    if (c->minute < 0 || c->minute > 59 || !take_char(b, ':'))
        return false;
    c->second = take_digits(b, 2);
    if (c->second < 0 || c->second > 60)
        return false;
    c->ns = 0;
    if (take_char(b, '.')) {
        int unit = 100000000, n = 0, d;

        for (d = take_digits(b, 1); d >= 0; d = take_digits(b, 1), n++) {
            c->ns += d * unit; /* digits after the ninth count for nothing */
            unit /= 10;
        }
        return n > 0;
    }
    return true;
}

static bool take_offset(struct bytes *b, int *ret_s)
{
    int sign, h, m;

    if (take_char(b, 'z')) {
        *ret_s = 0;
        return true;
    }
    if (take_char(b, '+'))
        sign = 1;
    else if (take_char(b, '-'))
        sign = -1;
    else
        return false;
    h = take_digits(b, 2);
    if (h < 0 || h > 23 || !take_char(b, ':'))
        return false;
    m = take_digits(b, 2);
    if (m < 0 || m > 59)
        return false;
    *ret_s = sign * (h * 3600 + m * 60);
    return true;
}

/* False outside what 64 bits of nanoseconds can say (1677 to 2262). */
static bool join_ns(int64_t s, int ns, int64_t *ret_wall_ns)
{
    int64_t v;

    if (s < 0) { /* so that the first product cannot overflow on the earliest second */
        s++;
        ns -= (int)NS_PER_S;
    }
    if (__builtin_mul_overflow(s, (int64_t)NS_PER_S, &v))
        return false;
    if (__builtin_add_overflow(v, (int64_t)ns, &v))
        return false;
    *ret_wall_ns = v;
    return true;
}

/* A leap second can only be the last second of a month in UTC; it reads as the end of :59. */
static bool settle_leap_second(int64_t *s, int *ns)
{
    struct clock_civil c;
    int64_t last = *s - 1;
    int64_t days = floor_div(last, S_PER_DAY);

    if (last - days * S_PER_DAY != S_PER_DAY - 1)
        return false;
    date_of_days(days, &c);
    if (c.day != days_in_month(c.year, c.month))
        return false;
    *s = last;
    *ns = (int)NS_PER_S - 1;
    return true;
}

bool clock_parse_rfc3339(struct bytes text, int64_t *ret_wall_ns)
{
    struct clock_civil c = {0};
    int offset_s = 0;
    int64_t s;

    if (!take_date(&text, &c) || !take_char(&text, 't') || !take_time(&text, &c) ||
        !take_offset(&text, &offset_s) || text.n != 0)
        return false;
    s = days_of_date(c.year, c.month, c.day) * S_PER_DAY + (int64_t)c.hour * 3600 +
        (int64_t)c.minute * 60 + c.second - offset_s;
    if (c.second == 60 && !settle_leap_second(&s, &c.ns))
        return false;
    return join_ns(s, c.ns, ret_wall_ns);
}

bool clock_parse_date(struct bytes text, int64_t *ret_wall_ns)
{
    struct clock_civil c = {0};

    if (!take_date(&text, &c) || text.n != 0)
        return false;
    return join_ns(days_of_date(c.year, c.month, c.day) * S_PER_DAY, 0, ret_wall_ns);
}
