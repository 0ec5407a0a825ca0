/* SPDX-License-Identifier: MIT */
/*
 * pb_time.c -- google.protobuf.Timestamp and Duration, as nanoseconds and text.
 *
 * Both messages are {int64 seconds = 1; int32 nanos = 2}. Lode keeps time in 64
 * bits of nanoseconds (the years 1678 to 2261); what lies outside is cut to the
 * nearest of these.
 */
#include "pb_int.h"

#include "base/clock.h"

enum { SECONDS = 0, NANOS = 1 };

int64_t pb__time_ns(const ProtobufCMessage *msg)
{
    const ProtobufCFieldDescriptor *fields = msg->descriptor->fields;
    int64_t seconds = *(const int64_t *)pb__peek(msg, fields[SECONDS].offset);
    int32_t nanos = *(const int32_t *)pb__peek(msg, fields[NANOS].offset);
    int64_t ns;

    if (__builtin_mul_overflow(seconds, NS_PER_S, &ns) || __builtin_add_overflow(ns, nanos, &ns))
        return seconds < 0 ? INT64_MIN : INT64_MAX;
    return ns;
}

void pb__time_set(ProtobufCMessage *msg, int64_t ns)
{
    const ProtobufCFieldDescriptor *fields = msg->descriptor->fields;
    int64_t seconds = ns / NS_PER_S;
    int64_t nanos = ns % NS_PER_S;

    if (nanos < 0) { /* a Timestamp's nanos count forward, before 1970 too */
        seconds--;
        nanos += NS_PER_S;
    }
    *(int64_t *)pb__at(msg, fields[SECONDS].offset) = seconds;
    *(int32_t *)pb__at(msg, fields[NANOS].offset) = (int32_t)nanos;
}

ProtobufCMessage *pb__time_new(struct arena *arena, const ProtobufCMessageDescriptor *desc,
                               int64_t ns)
{
    ProtobufCMessage *msg = pb_new(arena, desc);

    if (msg)
        pb__time_set(msg, ns);
    return msg;
}

static bool take(struct bytes *text, char c)
{
    if (text->n == 0 || text->p[0] != (uint8_t)c)
        return false;
    text->p++;
    text->n--;
    return true;
}

/* Digits, at least one; false on overflow. */
static bool take_number(struct bytes *text, int64_t *ret_v, size_t *ret_digits)
{
    int64_t v = 0;
    size_t n = 0;

    while (n < text->n && text->p[n] >= '0' && text->p[n] <= '9') {
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, text->p[n] - '0', &v))
            return false;
        n++;
    }
    text->p += n;
    text->n -= n;
    *ret_v = v;
    *ret_digits = n;
    return n > 0;
}

static bool add_scaled(int64_t *sum, int64_t v, int64_t scale)
{
    return !__builtin_mul_overflow(v, scale, &v) && !__builtin_add_overflow(*sum, v, sum);
}

/* P[nD]T n[.fff] S */
bool pb__parse_duration(struct bytes text, int64_t *ret_ns)
{
    int64_t ns = 0;
    int64_t v;
    size_t digits;

    if (!take(&text, 'P'))
        return false;
    if (text.n > 0 && text.p[0] != 'T') {
        if (!take_number(&text, &v, &digits) || !take(&text, 'D') ||
            !add_scaled(&ns, v, 86400 * NS_PER_S))
            return false;
    }
    if (!take(&text, 'T') || !take_number(&text, &v, &digits) || !add_scaled(&ns, v, NS_PER_S))
        return false;
    if (take(&text, '.')) {
        if (!take_number(&text, &v, &digits) || digits > 9)
            return false;
        for (; digits < 9; digits++)
            v *= 10;
        if (!add_scaled(&ns, v, 1))
            return false;
    }
    if (!take(&text, 'S') || text.n != 0)
        return false;
    *ret_ns = ns;
    return true;
}

bool pb__parse_time(struct bytes text, uint32_t flags, int64_t *ret_ns)
{
    if (clock_parse_rfc3339(text, ret_ns))
        return true;
    if (!(flags & (PB_FIELD_DATE_BEFORE | PB_FIELD_DATE_AFTER)) || !clock_parse_date(text, ret_ns))
        return false;
    if (flags & PB_FIELD_DATE_AFTER) /* "after a day" begins when that day is over */
        *ret_ns += 86400 * NS_PER_S;
    return true;
}
