/* SPDX-License-Identifier: MIT */
/* cli_progress.c -- how far something is, how fast, and how long it will take. */
#include "cli.h"

#include "base/clock.h"

#include <stdio.h>

enum { BAR = 24 };

static const int64_t redraw_ns = 100 * NS_PER_MS;
static const int64_t line_ns = 10 * NS_PER_S; /* without a terminal */

void cli_progress_begin(struct cli_progress *p, const struct cli *cli, const char *verb,
                        const char *unit)
{
    *p = (struct cli_progress){.cli = cli, .verb = verb, .unit = unit, .bytes = unit == NULL};
    p->started = p->drawn = clock_mono_ns();
}

static char *amount(const struct cli_progress *p, char dst[CLI_TEXT], uint64_t v)
{
    return p->bytes ? cli_bytes(dst, v) : cli_number(dst, v);
}

static void draw_bar(uint64_t done, uint64_t total)
{
    unsigned full = done >= total ? BAR : (unsigned)((double)done / (double)total * BAR);
    unsigned i;

    fputs(" [", stderr);
    for (i = 0; i < BAR; i++)
        fputc(i < full ? '=' : i == full ? '>' : ' ', stderr);
    fprintf(stderr, "] %3u %%",
            done >= total ? 100 : (unsigned)((double)done / (double)total * 100));
}

static void draw(struct cli_progress *p, uint64_t done, uint64_t total, const char *extra)
{
    double seconds = (double)(p->drawn - p->started) / (double)NS_PER_S;
    double rate = seconds > 0 ? (double)done / seconds : 0;
    char a[CLI_TEXT];
    char b[CLI_TEXT];

    fputs(p->verb, stderr);
    if (total && p->cli->terminal_err)
        draw_bar(done, total);
    fprintf(stderr, "  %s", amount(p, a, done));
    if (total)
        fprintf(stderr, " of %s", amount(p, a, total));
    if (!p->bytes)
        fprintf(stderr, " %s", p->unit);
    if (rate >= 1)
        fprintf(stderr, "  %s/s", amount(p, a, (uint64_t)rate));
    if (total > done && rate > 0 && seconds > 1)
        fprintf(stderr, "  %s left", cli_seconds(b, (double)(total - done) / rate));
    if (extra && *extra)
        fprintf(stderr, "  %s", extra);
}

void cli_progress_step(struct cli_progress *p, uint64_t done, uint64_t total, const char *extra)
{
    int64_t now = clock_mono_ns();

    if (p->cli->quiet || now - p->drawn < (p->cli->terminal_err ? redraw_ns : line_ns))
        return;
    p->drawn = now;
    if (p->cli->terminal_err)
        fputs("\r\x1b[K", stderr);
    draw(p, done, total, extra);
    if (!p->cli->terminal_err)
        fputc('\n', stderr);
    fflush(stderr);
    p->shown = true;
}

void cli_progress_end(struct cli_progress *p)
{
    if (p->shown && p->cli->terminal_err)
        fputs("\r\x1b[K", stderr);
    p->shown = false;
}
