/* SPDX-License-Identifier: MIT */
/* mem.c -- see mem.h. The one file that calls malloc. */
#include "base/mem.h"

#include "base/assert.h"

#include <malloc.h>
#include <stdlib.h>

static void *check_got(void *p)
{
    if (!p)
        NEVER("out of memory");
    return p;
}

/* Size 0 asks for one byte: the result must be a pointer that differs from NULL. */
void *xmalloc(size_t n)
{
    return check_got(malloc(n ? n : 1));
}

void *xcalloc(size_t n, size_t size)
{
    return check_got(n && size ? calloc(n, size) : calloc(1, 1));
}

void *xrealloc(void *p, size_t n)
{
    return check_got(realloc(p, n ? n : 1));
}

char *xstrdup(const char *s)
{
    return xstrndup(s, strlen(s));
}

char *xstrndup(const void *p, size_t n)
{
    char *s = xmalloc(n + 1);

    if (n)
        memcpy(s, p, n);
    s[n] = '\0';
    return s;
}

void *xmemdup(const void *p, size_t n)
{
    void *copy = xmalloc(n);

    if (n)
        memcpy(copy, p, n);
    return copy;
}

void xfree(void *p)
{
    free(p);
}

/*
 * Left alone, glibc takes the first large piece that is freed for a sign of more
 * to come: from then on it keeps pieces of up to 32 MB in its heaps, and up to
 * 64 MB free at the end of each. Behind an import of a million documents that
 * was 67 MB, of which 8 were in use.
 */
void mem_setup(void)
{
    enum { LARGE = 4 << 20 };

    (void)mallopt(M_MMAP_THRESHOLD, LARGE);
    (void)mallopt(M_TRIM_THRESHOLD, LARGE);
}

void mem_trim(void)
{
    (void)malloc_trim(0);
}
