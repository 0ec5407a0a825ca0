/* SPDX-License-Identifier: MIT */
/*
 * csv_cells.c -- see csv_cells.h.
 *
 * As lenient as the reader that clients know: a quote inside an unquoted cell
 * is text, text behind a closing quote is appended, a quote that is still open
 * at the end of the text is closed there. A row ends at LF, CR LF or CR; rows
 * with nothing in them are passed over.
 */
#include "json/csv_cells.h"

#include "base/mem.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

void csv_cells_init(struct csv_cells *c, uint8_t delimiter, size_t max_row_bytes)
{
    *c = (struct csv_cells){.delimiter = delimiter, .max_row_bytes = max_row_bytes, .at = {1, 0}};
    buf_init(&c->text, BUF_NO_LIMIT); /* held by max_row_bytes */
}

void csv_cells_done(struct csv_cells *c)
{
    buf_done(&c->text);
    xfree(c->ends);
    c->ends = NULL;
}

static void begin_row(struct csv_cells *c)
{
    buf_clear(&c->text);
    c->n_cells = 0;
    c->row = c->at;
    c->state = CSV_CELL;
}

static void end_cell(struct csv_cells *c)
{
    c->state = CSV_CELL;
    if (c->n_cells++ >= CSV_CELLS_MAX)
        return;
    if (c->n_cells > c->cap_cells) {
        c->cap_cells = c->cap_cells ? c->cap_cells * 2 : 32;
        c->ends = xrealloc(c->ends, c->cap_cells * sizeof *c->ends);
    }
    c->ends[c->n_cells - 1] = c->text.n;
}

/* Bytes at the front of b before the first `stop`, LF or CR. */
static size_t count_until(struct bytes b, uint8_t stop)
{
    size_t i = 0;

#if defined(__SSE2__)
    const __m128i stops = _mm_set1_epi8((char)stop), lf = _mm_set1_epi8('\n'),
                  cr = _mm_set1_epi8('\r');

    for (; b.n - i >= 16; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(b.p + i));
        __m128i line = _mm_or_si128(_mm_cmpeq_epi8(v, lf), _mm_cmpeq_epi8(v, cr));
        int mask = _mm_movemask_epi8(_mm_or_si128(line, _mm_cmpeq_epi8(v, stops)));

        if (mask)
            return i + (size_t)__builtin_ctz((unsigned)mask);
    }
#endif
    while (i < b.n && b.p[i] != stop && b.p[i] != '\n' && b.p[i] != '\r')
        i++;
    return i;
}

/* One byte that has a meaning of its own. True when it completes a row. */
static bool step_special(struct csv_cells *c, uint8_t byte)
{
    if (c->state == CSV_QUOTED) {
        if (byte == '"')
            c->state = CSV_QUOTE;
        else
            (void)buf_byte(&c->text, byte);
        return false;
    }
    if (byte == c->delimiter) {
        end_cell(c);
        return false;
    }
    if (byte == '\n' || byte == '\r') {
        end_cell(c);
        c->state = CSV_ROW;
        return true;
    }
    if (c->state == CSV_CELL && byte == '"') {
        c->state = CSV_QUOTED;
        return false;
    }
    /* Behind a closing quote: a second one is a quote, anything else goes on unquoted. */
    c->state = c->state == CSV_QUOTE && byte == '"' ? CSV_QUOTED : CSV_PLAIN;
    (void)buf_byte(&c->text, byte);
    return false;
}

/* A byte order mark may stand in front of all; what only looked like one is text of the first cell.
 */
static bool pass_bom(struct csv_cells *c, uint8_t byte)
{
    static const uint8_t bom[3] = {0xEF, 0xBB, 0xBF};

    if (byte == bom[c->n_bom]) {
        c->n_bom++;
        return true;
    }
    if (c->n_bom) {
        begin_row(c);
        c->state = CSV_PLAIN;
        (void)buf_append(&c->text, bom, c->n_bom);
        c->at.byte = c->n_bom;
    }
    c->n_bom = 3;
    return false;
}

/* The next bytes of *piece, at least one. True when they complete a row. */
static bool step(struct csv_cells *c, struct bytes *piece)
{
    uint8_t byte = piece->p[0];
    bool ends_line = byte == '\r' || (byte == '\n' && c->last != '\r'), complete = false;
    size_t n = 0;

    if (c->state == CSV_ROW && byte != '\n' && byte != '\r')
        begin_row(c);
    if (c->state == CSV_PLAIN || c->state == CSV_QUOTED)
        n = count_until(*piece, c->state == CSV_QUOTED ? '"' : c->delimiter);
    if (n) {
        (void)buf_append(&c->text, piece->p, n);
    } else {
        n = 1;
        c->at.line += ends_line;
        if (c->state != CSV_ROW) /* else a blank line, or the LF of CR LF */
            complete = step_special(c, byte);
    }
    c->at.byte += n;
    c->last = piece->p[n - 1];
    *piece = bytes_of(piece->p + n, piece->n - n);
    return complete;
}

enum csv_found csv_cells_step(struct csv_cells *c, struct bytes *piece)
{
    while (piece->n) {
        bool complete;

        if (c->n_bom < 3 && pass_bom(c, piece->p[0])) {
            *piece = bytes_of(piece->p + 1, piece->n - 1);
            continue;
        }
        complete = step(c, piece);
        if ((complete || c->state != CSV_ROW) && c->at.byte - c->row.byte > c->max_row_bytes)
            return CSV_ROW_TOO_LARGE;
        if (complete)
            return CSV_FOUND_ROW;
    }
    return CSV_MORE;
}

bool csv_cells_end(struct csv_cells *c)
{
    if (c->n_bom < 3)
        (void)pass_bom(c, 0);
    if (c->state == CSV_ROW)
        return false;
    end_cell(c);
    c->state = CSV_ROW;
    return true;
}

struct bytes csv_cells_get(const struct csv_cells *c, size_t i)
{
    size_t from = i ? c->ends[i - 1] : 0;

    /* No byte of text has come yet: there is no block to point into. */
    return c->ends[i] == from ? bytes_of("", 0) : bytes_of(c->text.p + from, c->ends[i] - from);
}
