/* SPDX-License-Identifier: MIT */
/* rows_int.h -- what rows.c and rows_store.c share. */
#pragma once

#include "index/search_int.h"

enum { TILE_PIECES = TILE_ROWS / PART_ROWS };

struct rows_piece {
    atomic_uint refs;
    uint32_t to[PART_ROWS];
};

struct rows_tile {
    atomic_uint refs;
    uint32_t n_live;
    uint64_t live[TILE_WORDS];
    struct rows_piece *docs[TILE_PIECES]; /* shares, or NULL: none of its rows has moved */
    struct rows_piece *rows[TILE_PIECES]; /* the same for documents */
};

struct rows {
    atomic_uint refs; /* snapshots and readers, which end in any order */
    uint32_t next, n_tiles;
    uint64_t n_live;
    struct rows_tile **tiles; /* owned array of shares; NULL: nothing live, nothing moved */
    size_t cap;
};

struct rows_edit {
    struct rows *rows; /* owned: how it will be */
    bool *touched;     /* owned: tiles with new dead rows */
    size_t touched_cap;
    uint32_t *moved; /* owned: rows that are not their document's number, rising */
    size_t n_moved, moved_cap;
};

/* The tile, made or copied so that it may be changed. */
struct rows_tile *rows__own_tile(struct rows *r, uint32_t tile);
/* Notes that row is doc; live: that doc is row. */
void rows__move(struct rows *r, uint32_t row, uint32_t doc, bool live);
