/* SPDX-License-Identifier: MIT */
/*
 * clock.h -- the only place that asks for the time.
 *
 * Threads    Any. clock_fake_*() is for tests and affects the process.
 * Units      Nanoseconds. Wall time counts from 1970-01-01 UTC.
 */
#pragma once

#include "base/bytes.h"

enum { CLOCK_RFC3339_MAX = 40, CLOCK_ISO_DURATION_MAX = 48, CLOCK_UID_MAX = 24 };

#define NS_PER_MS 1000000LL
#define NS_PER_S 1000000000LL

int64_t clock_mono_ns(void); /* never goes back */
int64_t clock_wall_ns(void);
int64_t clock_cpu_ns(void); /* CPU time of the process */

/* "2024-08-08T17:05:55.791772Z": sub-second digits as needed, up to 9. Returns dst. */
char *clock_format_rfc3339(char dst[CLOCK_RFC3339_MAX], int64_t wall_ns);

/* RFC 3339 with any offset. False when it is not a valid date-time. */
bool clock_parse_rfc3339(struct bytes text, int64_t *ret_wall_ns);

/* "2024-08-08" only, midnight UTC. */
bool clock_parse_date(struct bytes text, int64_t *ret_wall_ns);

/* "PT0.031245S", "P1DT3.500S": http-api.md, section 0. ns >= 0. Returns dst. */
char *clock_format_iso_duration(char dst[CLOCK_ISO_DURATION_MAX], int64_t ns);

/* "20200929-114144097": UTC, milliseconds; the form of dump uids. Returns dst. */
char *clock_format_uid(char dst[CLOCK_UID_MAX], int64_t wall_ns);

/* From here on both clocks stand still until moved (tests). */
void clock_fake_set(int64_t wall_ns);
void clock_fake_advance(int64_t ns);
void clock_fake_off(void);
