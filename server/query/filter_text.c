/* SPDX-License-Identifier: MIT */
/*
 * filter_text.c -- what is wrong with a filter, and where.
 *
 * A message is one line of diagnosis, then "{column}:{end} {the whole filter}",
 * columns in characters from 1. The diagnosis must stay one line whatever it
 * quotes, so what it quotes is escaped; the filter itself is shown as it is.
 */
#include "query/filter_int.h"

#include "text/text.h"

#include <stdarg.h>
#include <stdio.h>

enum { DIAGNOSTIC_MAX = 1024 };

static enum rc fail(struct err *err, const char *word, struct bytes source, struct bytes fragment,
                    const char *fmt, va_list args) __attribute__((format(printf, 5, 0)));

static enum rc fail(struct err *err, const char *word, struct bytes source, struct bytes fragment,
                    const char *fmt, va_list args)
{
    struct bytes before = bytes_of(source.p, (size_t)(fragment.p - source.p));
    size_t column = 1 + text_chars(before);
    char text[DIAGNOSTIC_MAX];

    (void)vsnprintf(text, sizeof text, fmt, args);
    return err_set(err, RC_INVALID, word, "%s\n%zu:%zu %.*s", text, column,
                   column + text_chars(fragment), BYTES_ARG(source));
}

enum rc filter__fail(const struct filter_reading *p, struct bytes fragment, const char *fmt, ...)
{
    va_list args;
    enum rc rc;

    va_start(args, fmt);
    rc = fail(p->err, p->word, p->source, fragment, fmt, args);
    va_end(args);
    return rc;
}

enum rc filter__fail_at(const struct filter_token *token, const char *word, struct err *err,
                        const char *fmt, ...)
{
    va_list args;
    enum rc rc;

    va_start(args, fmt);
    rc = fail(err, word, token->source, token->raw, fmt, args);
    va_end(args);
    return rc;
}

enum rc filter__too_large(const char *word, struct err *err)
{
    return err_set(err, RC_TOO_LARGE, word, "The filter needs too much memory.");
}

const char *filter__quote(struct arena *arena, struct bytes text)
{
    size_t longest = 6 * text.n + 1, n = 0, i; /* \u{1f} */
    char *out = arena_alloc(arena, longest);

    if (!out)
        return "";
    for (i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];

        if (c == '\'' || c == '"' || c == '\\' || c == '\n' || c == '\r' || c == '\t' || c == 0) {
            out[n++] = '\\';
            out[n++] = (char)(c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : c ? c : '0');
        } else if (c < 0x20 || c == 0x7f) {
            n += (size_t)snprintf(out + n, longest - n, "\\u{%x}", c);
        } else {
            out[n++] = (char)c;
        }
    }
    out[n] = 0;
    return out;
}
