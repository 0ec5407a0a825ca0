/* SPDX-License-Identifier: MIT */
/* reader.c -- one index at one moment, for searches: its rows, documents and fields. */
#include "index/reader_int.h"

#include "base/bits.h"
#include "base/mem.h"

enum rc reader_open(struct catalog_view *view, uint32_t index_id, struct reader **ret_reader,
                    struct err *err)
{
    struct index_state *state;
    struct reader *r;
    enum rc rc;

    rc = view__state(view, index_id, &state, err);
    if (rc != RC_OK)
        return rc;
    r = xcalloc(1, sizeof *r);
    r->view = view;
    r->state = state;
    r->search = state->search;
    *ret_reader = r;
    return RC_OK;
}

void reader_close(struct reader *r)
{
    if (!r)
        return;
    reader__close_columns(r);
    reader__close_lists(r);
    xfree(r);
}

struct store_view *reader__store(struct reader *r)
{
    return r->view->store_view;
}

const struct plan *reader_plan(const struct reader *r)
{
    return r->search->plan;
}

/* ---- rows ---------------------------------------------------------------------------- */

uint32_t reader_n_tiles(const struct reader *r)
{
    uint32_t next = rows__next(r->search->rows);

    return next / TILE_ROWS + (next % TILE_ROWS != 0);
}

bool reader_live(const struct reader *r, uint32_t tile, struct tile *out)
{
    rows__live(r->search->rows, tile, out);
    return bits_any(out->bits, TILE_WORDS);
}

uint64_t reader_n_live(const struct reader *r)
{
    return rows__n_live(r->search->rows);
}

uint32_t reader_doc_of(const struct reader *r, uint32_t row)
{
    return rows__doc_of(r->search->rows, row);
}

void reader_keep_older(const struct reader *r, uint32_t tile, uint32_t doc, struct tile *rows)
{
    rows__keep_older(r->search->rows, tile, doc, rows);
}

enum rc reader_document(struct reader *r, uint32_t row, struct buf *out, struct err *err)
{
    return view__version(r->view, r->state, row, out, err);
}

/* ---- fields that have words ------------------------------------------------------------ */

uint32_t reader_n_fields(const struct reader *r)
{
    return (uint32_t)r->search->n_fields;
}

struct bytes reader_field_name(const struct reader *r, uint32_t field)
{
    return field < r->search->n_fields ? r->search->fields[field] : (struct bytes){0};
}
