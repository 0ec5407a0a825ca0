/* SPDX-License-Identifier: MIT */
/*
 * log.c -- see log.h.
 *
 * A line is built on the stack and leaves by one write(2), so lines of several
 * threads and processes do not mix. Control characters that reach the tail
 * become spaces: a value must not be able to start a line of its own.
 */
#include "base/log.h"

#include "base/assert.h"
#include "base/base_int.h"
#include "base/clock.h"
#include "base/thread.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 8192, MAX_ROOMS = 32, ROOM_NAME_MAX = 16, TRACE_MAX = 64 };

static const char *const level_names[] = {"error", "warn", "info", "debug", "off"};

struct levels {
    int all;
    size_t n_rooms;
    struct {
        char name[ROOM_NAME_MAX];
        int level;
    } rooms[MAX_ROOMS];
};

static struct mutex lock = {PTHREAD_MUTEX_INITIALIZER};
static struct levels levels = {.all = LOG_INFO}; /* guarded by lock */
static atomic_int loudest = LOG_INFO; /* of all in levels; asked first, without the lock */
static _Thread_local char trace_id[TRACE_MAX];

/* As a threshold "off" lets nothing pass, so it stands below LOG_ERROR. */
static bool parse_level(const char *s, size_t n, int *ret_threshold)
{
    int i;

    for (i = LOG_ERROR; i <= LOG_OFF; i++) {
        if (strlen(level_names[i]) == n && memcmp(level_names[i], s, n) == 0) {
            *ret_threshold = i == LOG_OFF ? -1 : i;
            return true;
        }
    }
    return false;
}

static bool parse_part(const char *s, size_t n, struct levels *to)
{
    const char *equals = memchr(s, '=', n);
    size_t name_n;
    int level;

    if (!equals)
        return parse_level(s, n, &to->all);
    name_n = (size_t)(equals - s);
    if (!parse_level(equals + 1, n - name_n - 1, &level))
        return false;
    if (name_n == 0 || name_n >= ROOM_NAME_MAX || to->n_rooms == MAX_ROOMS)
        return false;
    memcpy(to->rooms[to->n_rooms].name, s, name_n);
    to->rooms[to->n_rooms].name[name_n] = '\0';
    to->rooms[to->n_rooms].level = level;
    to->n_rooms++;
    return true;
}

enum rc log_configure(const char *spec, struct err *err)
{
    struct levels fresh = {.all = LOG_INFO};
    const char *s = spec;
    int max;
    size_t i;

    for (;;) {
        size_t n = strcspn(s, ",");

        if (!parse_part(s, n, &fresh))
            return err_set(err, RC_INVALID, NULL,
                           "log level '%.*s' is not of the form level or room=level; the levels "
                           "are error, warn, info, debug, off",
                           (int)n, s);
        if (s[n] == '\0')
            break;
        s += n + 1;
    }
    max = fresh.all;
    for (i = 0; i < fresh.n_rooms; i++)
        max = fresh.rooms[i].level > max ? fresh.rooms[i].level : max;
    mutex_lock(&lock);
    levels = fresh;
    atomic_store(&loudest, max);
    mutex_unlock(&lock);
    return RC_OK;
}

bool log_enabled(enum log_level level, const char *room)
{
    int threshold;
    size_t i;

    if ((int)level > atomic_load_explicit(&loudest, memory_order_relaxed))
        return false;
    mutex_lock(&lock);
    threshold = levels.all;
    for (i = 0; i < levels.n_rooms; i++)
        if (strcmp(levels.rooms[i].name, room) == 0)
            threshold = levels.rooms[i].level;
    mutex_unlock(&lock);
    return (int)level <= threshold;
}

static size_t put_time(char *dst, size_t cap)
{
    struct clock_civil c;
    int n;

    clock__civil(clock_wall_ns(), &c);
    n = snprintf(dst, cap, "t=%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", c.year, c.month, c.day, c.hour,
                 c.minute, c.second, c.ns / 1000000);
    return n > 0 ? (size_t)n : 0;
}

/* Bytes that snprintf(dst, cap) really left in dst. */
static size_t kept(int n, size_t cap)
{
    if (n < 0)
        return 0;
    return (size_t)n < cap ? (size_t)n : cap - 1;
}

static void write_line(const char *line, size_t n)
{
    while (n > 0) {
        ssize_t got = write(STDERR_FILENO, line, n);

        if (got <= 0)
            return; /* nowhere left to say so */
        line += got;
        n -= (size_t)got;
    }
}

void log_event(enum log_level level, const char *room, const char *msg, const char *fmt, ...)
{
    char line[LINE_MAX_BYTES], quoted[1024];
    size_t cap = sizeof line - 1, n, tail; /* one byte is the newline's */
    va_list ap;

    ASSERT(level < LOG_OFF);
    if (!log_enabled(level, room))
        return;
    n = put_time(line, cap);
    n += kept(snprintf(line + n, cap - n, " lvl=%s room=%s", level_names[level], room), cap - n);
    if (trace_id[0])
        n += kept(snprintf(line + n, cap - n, " trace=%s", trace_id), cap - n);
    (void)log_quote(quoted, sizeof quoted, msg);
    n += kept(snprintf(line + n, cap - n, quoted[0] == '"' ? " msg=%s" : " msg=\"%s\"", quoted),
              cap - n);
    if (fmt && *fmt) {
        line[n++] = ' ';
        tail = n;
        va_start(ap, fmt);
        n += kept(vsnprintf(line + n, cap - n, fmt, ap), cap - n);
        va_end(ap);
        for (; tail < n; tail++)
            if ((unsigned char)line[tail] < 0x20 || line[tail] == 0x7F)
                line[tail] = ' ';
    }
    line[n++] = '\n';
    write_line(line, n);
}

void log_set_trace(const char *trace)
{
    (void)snprintf(trace_id, sizeof trace_id, "%s", trace ? trace : "");
}

const char *log__trace(void)
{
    return trace_id;
}

static bool is_plain(const char *value)
{
    const char *p;

    for (p = value; *p; p++)
        if ((unsigned char)*p <= 0x20 || *p == 0x7F || *p == '"' || *p == '\\' || *p == '=')
            return false;
    return p != value;
}

const char *log_quote(char *dst, size_t cap, const char *value)
{
    const char *p;
    size_t n = 0;

    ASSERT(cap >= 3);
    if (is_plain(value)) {
        (void)snprintf(dst, cap, "%s", value);
        return dst;
    }
    dst[n++] = '"';
    for (p = value; *p; p++) {
        unsigned char c = (unsigned char)*p;
        char escaped[8];
        size_t k;

        if (c == '"' || c == '\\')
            (void)snprintf(escaped, sizeof escaped, "\\%c", c);
        else if (c == '\n')
            (void)snprintf(escaped, sizeof escaped, "\\n");
        else if (c < 0x20 || c == 0x7F)
            (void)snprintf(escaped, sizeof escaped, "\\x%02x", c);
        else
            (void)snprintf(escaped, sizeof escaped, "%c", c);
        k = strlen(escaped);
        if (n + k + 2 > cap) /* the closing quote and the NUL */
            break;
        memcpy(dst + n, escaped, k);
        n += k;
    }
    dst[n++] = '"';
    dst[n] = '\0';
    return dst;
}
