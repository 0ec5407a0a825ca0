/* SPDX-License-Identifier: MIT */
/*
 * filter_tile.c -- a tree on a tile of rows.
 *
 * Every node narrows a set of rows: it gets those that are still in question and
 * gives back those of them that match. So AND hands on less and less and stops at
 * nothing, OR asks each child only about what no other has taken, and what nobody
 * asks about costs nothing.
 */
#include "query/filter_int.h"
#include "query/tile_set.h"

static enum rc eval(struct filter *f, const struct filter_node *n, uint32_t tile, unsigned level,
                    const struct tile *in, struct tile *out, struct err *err);

static enum rc eval_condition(struct filter *f, const struct filter_node *n, uint32_t tile,
                              const struct tile *in, struct tile *out, struct err *err)
{
    enum rc rc = search__stopped(f->search, err); /* a filter may have many thousands of these */
    uint32_t at;

    for (at = 0; rc == RC_OK && at < TILE_ROWS; at += PART_ROWS) {
        const uint64_t *asked = in->bits + at / 64;
        uint64_t *found = out->bits + at / 64;

        if (n->op == FILTER_NONE || !bits_any(asked, PART_WORDS)) {
            memset(found, 0, PART_WORDS * sizeof *found);
            continue;
        }
        rc = filter__match_part(f, n, tile * TILE_ROWS + at, asked, found, err);
    }
    return rc;
}

static enum rc eval_and(struct filter *f, const struct filter_node *n, uint32_t tile,
                        unsigned level, const struct tile *in, struct tile *out, struct err *err)
{
    const struct filter_node *child = n->child;
    enum rc rc = eval(f, child, tile, level + 1, in, out, err);

    for (child = child->next; rc == RC_OK && child; child = child->next) {
        if (!tile__any(out))
            break;
        rc = eval(f, child, tile, level + 1, out, out, err);
    }
    return rc;
}

/* scratch: what no child has taken so far, and what one has. */
static enum rc eval_or(struct filter *f, const struct filter_node *n, uint32_t tile, unsigned level,
                       struct tile *scratch, const struct tile *in, struct tile *out,
                       struct err *err)
{
    const struct filter_node *child;
    struct tile *left = &scratch[0], *taken = &scratch[1];
    enum rc rc;

    *left = *in; /* in may be out */
    memset(out, 0, sizeof *out);
    for (child = n->child; child; child = child->next) {
        if (!tile__any(left))
            break;
        rc = eval(f, child, tile, level + 1, left, taken, err);
        if (rc != RC_OK)
            return rc;
        tile__or(out, taken);
        tile__and_not(left, taken);
    }
    return RC_OK;
}

static enum rc eval(struct filter *f, const struct filter_node *n, uint32_t tile, unsigned level,
                    const struct tile *in, struct tile *out, struct err *err)
{
    struct tile *scratch;
    enum rc rc;

    if (n->op == FILTER_AND)
        return eval_and(f, n, tile, level, in, out, err);
    if (n->op != FILTER_OR && n->op != FILTER_NOT)
        return eval_condition(f, n, tile, in, out, err);
    if (!f->scratch[level]) {
        f->scratch[level] = arena_alloc(f->search->arena, 2 * sizeof *scratch);
        if (!f->scratch[level])
            return err_set(err, RC_TOO_LARGE, NULL, "the filter needs too much memory");
    }
    scratch = f->scratch[level];
    if (n->op == FILTER_OR)
        return eval_or(f, n, tile, level, scratch, in, out, err);
    rc = eval(f, n->child, tile, level + 1, in, &scratch[0], err);
    if (rc != RC_OK)
        return rc;
    if (out != in)
        *out = *in;
    tile__and_not(out, &scratch[0]);
    return RC_OK;
}

enum rc filter__tile(struct filter *f, uint32_t tile, const struct tile *live, struct tile *out,
                     struct err *err)
{
    return eval(f, f->root, tile, 0, live, out, err);
}
