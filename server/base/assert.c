/* SPDX-License-Identifier: MIT */
/*
 * assert.c -- the last words of a program that broke a promise.
 *
 * Only calls that need no heap: the heap may be what is broken.
 */
#include "base/assert.h"

#include "base/base_int.h"

#include <execinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef LODE_VERSION
#define LODE_VERSION "unknown"
#endif

NO_RETURN void assert_fail(const char *file, int line, const char *what)
{
    enum { MAX_FRAMES = 64 };
    void *frames[MAX_FRAMES];
    char text[512];
    int n;

    n = snprintf(text, sizeof text, "lode %s: %s:%d: broken promise: %s (trace=%s)\n", LODE_VERSION,
                 file, line, what, log__trace());
    if (n > 0) {
        size_t len = (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
        ssize_t written = write(STDERR_FILENO, text, len);

        (void)written; /* nobody is left to be told */
    }
    n = backtrace(frames, MAX_FRAMES);
    backtrace_symbols_fd(frames, n, STDERR_FILENO);
    abort();
}
