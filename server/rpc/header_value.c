/* SPDX-License-Identifier: MIT */
/* header_value.c -- see header_value.h. */
#include "rpc/header_value.h"

struct bytes rpc_header_trim(struct bytes value)
{
    while (value.n > 0 && (value.p[0] == ' ' || value.p[0] == '\t'))
        value = bytes_of(value.p + 1, value.n - 1);
    while (value.n > 0 && (value.p[value.n - 1] == ' ' || value.p[value.n - 1] == '\t'))
        value.n--;
    return value;
}

bool rpc_header_is(struct bytes word, const char *lower)
{
    size_t i;

    if (word.n != strlen(lower))
        return false;
    for (i = 0; i < word.n; i++) {
        uint8_t c = word.p[i];

        if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != (uint8_t)lower[i])
            return false;
    }
    return true;
}

bool rpc_header_next(struct bytes *list, struct bytes *ret_word)
{
    const uint8_t *comma;
    size_t n;

    if (list->n == 0)
        return false;
    comma = memchr(list->p, ',', list->n);
    n = comma ? (size_t)(comma - list->p) : list->n;
    *ret_word = rpc_header_trim(bytes_of(list->p, n));
    n += comma ? 1 : 0;
    *list = bytes_of(list->p + n, list->n - n);
    return true;
}
