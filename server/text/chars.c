/* SPDX-License-Identifier: MIT */
/* chars.c -- counting the characters of valid UTF-8. */
#include "text/text.h"

static bool begins(uint8_t byte)
{
    return (byte & 0xC0) != 0x80;
}

size_t text_chars(struct bytes text)
{
    size_t i, n = 0;

    for (i = 0; i < text.n; i++)
        n += begins(text.p[i]);
    return n;
}

size_t text_chars_bytes(struct bytes text, size_t n)
{
    size_t i;

    for (i = 0; i < text.n; i++)
        if (begins(text.p[i]) && n-- == 0)
            return i;
    return text.n;
}
