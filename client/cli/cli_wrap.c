/* SPDX-License-Identifier: MIT */
/*
 * cli_wrap.c -- text in a column of the terminal, with marks that take no room.
 *
 * A mark never spans a line's end: it is switched off before and on again after, so
 * the space at the left stays unmarked.
 */
#include "cli.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { NARROWEST = 20 }; /* columns of text below which wrapping only makes it worse */

size_t cli_width(void)
{
    struct winsize size;

    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col;
}

struct line {
    const struct cli_marks *marks;
    size_t indent, room, used;
    bool marked;
};

static bool is_mark(uint8_t c)
{
    return c == CLI_MARK_ON || c == CLI_MARK_OFF;
}

/* Characters of the word at `at`, and where it ends. */
static size_t measure(struct bytes text, size_t at, size_t *ret_end)
{
    size_t n = 0;

    for (; at < text.n && text.p[at] != ' '; at++)
        n += !is_mark(text.p[at]) && (text.p[at] & 0xc0) != 0x80;
    *ret_end = at;
    return n;
}

static void break_line(struct line *l)
{
    printf("%s\n%*s%s", l->marked ? l->marks->off : "", (int)l->indent, "",
           l->marked ? l->marks->on : "");
    l->used = 0;
}

static void put_word(struct line *l, struct bytes word)
{
    size_t i;

    for (i = 0; i < word.n; i++) {
        if (is_mark(word.p[i])) {
            l->marked = word.p[i] == CLI_MARK_ON;
            fputs(l->marked ? l->marks->on : l->marks->off, stdout);
            continue;
        }
        if ((word.p[i] & 0xc0) != 0x80 && ++l->used > l->room && l->room > 0) {
            break_line(l); /* a word longer than a line */
            l->used = 1;
        }
        putchar(word.p[i]);
    }
}

void cli_put_wrapped(struct bytes text, size_t indent, size_t width, const struct cli_marks *marks)
{
    struct line l = {.marks = marks, .indent = indent};
    size_t at = 0, end, n, spaces = 0;

    if (width >= indent + NARROWEST)
        l.room = width - indent;
    while (at < text.n) {
        n = measure(text, at, &end);
        if (l.room > 0 && l.used > 0 && l.used + spaces + n > l.room) {
            break_line(&l); /* instead of the spaces */
        } else {
            printf("%*s", (int)spaces, "");
            l.used += spaces;
        }
        put_word(&l, bytes_of(text.p + at, end - at));
        for (at = end; at < text.n && text.p[at] == ' '; at++)
            ;
        spaces = at - end;
    }
    if (l.marked)
        fputs(marks->off, stdout);
}
