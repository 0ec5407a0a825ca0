/* SPDX-License-Identifier: MIT */
/*
 * csv_cells.h -- RFC 4180: bytes to rows of cells. Private to the json room.
 *
 * Ownership  csv_cells_init() .. csv_cells_done(); a row is good until the next step.
 */
#pragma once

#include "base/buf.h"
#include "base/bytes.h"

enum { CSV_CELLS_MAX = 65535 };

enum csv_state { CSV_ROW, CSV_CELL, CSV_PLAIN, CSV_QUOTED, CSV_QUOTE };

/* A place in the text, as the csv errors of clients count it. */
struct csv_place {
    uint64_t line; /* from 1 */
    uint64_t byte;
};

struct csv_cells {
    uint8_t delimiter;
    size_t max_row_bytes;
    enum csv_state state;
    uint8_t last;    /* the byte before: a LF behind a CR is no line of its own */
    unsigned n_bom;  /* bytes of a byte order mark at the very start; 3 when that is over */
    struct buf text; /* the cells of the row, one behind the other */
    size_t *ends;    /* owned: where each cell ends in text */
    size_t n_cells;  /* of the row, also those over CSV_CELLS_MAX, which are not kept */
    size_t cap_cells;
    struct csv_place at, row; /* now; where the row began */
};

enum csv_found { CSV_MORE, CSV_FOUND_ROW, CSV_ROW_TOO_LARGE };

void csv_cells_init(struct csv_cells *c, uint8_t delimiter, size_t max_row_bytes);
void csv_cells_done(struct csv_cells *c);
/* Takes bytes from the front of *piece until a row is complete or none are left. */
enum csv_found csv_cells_step(struct csv_cells *c, struct bytes *piece);
/* Whether the end of the text completes a row. */
bool csv_cells_end(struct csv_cells *c);
/* The i-th cell of the complete row. */
struct bytes csv_cells_get(const struct csv_cells *c, size_t i);
