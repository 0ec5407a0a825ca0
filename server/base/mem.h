/* SPDX-License-Identifier: MIT */
/*
 * mem.h -- heap memory that is there or the program ends.
 *
 * For Lode's own small allocations only: a size that came from outside is
 * bounded first, and refused with an error, before it gets here.
 *
 * Ownership  What x*() returns belongs to the caller, to be given to xfree().
 * Threads    Any.
 * Errors     None: out of memory logs and aborts.
 */
#pragma once

#include "base/bytes.h"

void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);
char *xstrndup(const void *p, size_t n); /* NUL-terminated copy */
void *xmemdup(const void *p, size_t n);
void xfree(void *p); /* NULL is fine */
/* Large pieces go back to the system when they are freed. Once, before there are threads. */
void mem_setup(void);
/* So do small ones, now: behind work that took far more than what comes next. */
void mem_trim(void);
