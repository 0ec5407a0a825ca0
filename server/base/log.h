/* SPDX-License-Identifier: MIT */
/*
 * log.h -- one line per event, key=value, to stderr.
 *
 *   t=2026-11-22T10:00:00.123Z lvl=warn room=store trace=4bf9 msg="slow" ms=12
 *
 * Rooms below api return errors and log only at debug; the edge logs once.
 *
 * Threads    Any; a line is written whole.
 */
#pragma once

#include "base/attr.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_OFF };

/*
 * Sets the levels from text such as "info" or "info,store=debug,grpc=off".
 * RC_INVALID names the part that is wrong and the levels there are.
 */
enum rc log_configure(const char *spec, struct err *err) MUST_CHECK;

bool log_enabled(enum log_level level, const char *room);

/* fmt makes the tail of the line and should itself read as key=value pairs. */
void log_event(enum log_level level, const char *room, const char *msg, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

/* The trace id that log lines of this thread carry; "" for none. */
void log_set_trace(const char *trace);

/* Formats a value for fmt above: quotes and escapes what needs it. Returns dst. */
const char *log_quote(char *dst, size_t cap, const char *value);
