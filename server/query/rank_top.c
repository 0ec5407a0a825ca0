/* SPDX-License-Identifier: MIT */
/*
 * rank_top.c -- the best rows so far, and how rows are compared.
 *
 * Below the limit a list; from then on a heap with the worst row at its root,
 * which a newcomer must beat rule by rule: sort values are read only of rows
 * that are not out by the rules before. Equal rows: the document that was first.
 */
#include "base/mem.h"
#include "query/rank_int.h"

void rank_top__init(struct rank_top *t, const struct rank_rules *rules, struct reader *reader,
                    size_t limit)
{
    *t = (struct rank_top){.rules = rules, .reader = reader, .limit = limit};
    t->fresh = xcalloc(rules->n_sorts + 1, sizeof(*t->fresh));
}

void rank_top__done(struct rank_top *t)
{
    xfree(t->at);
    xfree(t->keys);
    xfree(t->fresh);
    *t = (struct rank_top){0};
}

static struct sort_key *keys_of(const struct rank_top *t, uint32_t slot)
{
    return t->keys + (size_t)slot * t->rules->n_sorts;
}

static int compare(const struct rank_top *t, const struct rank_entry *a, const struct rank_entry *b)
{
    for (size_t i = 0; i < t->rules->n_steps; i++) {
        const struct rank_step *step = &t->rules->steps[i];
        int c;

        if (step->mask)
            c = ((a->cost & step->mask) > (b->cost & step->mask)) -
                ((a->cost & step->mask) < (b->cost & step->mask));
        else
            c = sort__compare(&t->rules->sorts[step->sort], &keys_of(t, a->slot)[step->sort],
                              &keys_of(t, b->slot)[step->sort]);
        if (c != 0)
            return c;
    }
    return (a->doc > b->doc) - (a->doc < b->doc);
}

static void sink(struct rank_top *t, size_t i, size_t n)
{
    struct rank_entry moving = t->at[i];

    for (;;) {
        size_t child = i * 2 + 1;

        if (child >= n)
            break;
        if (child + 1 < n && compare(t, &t->at[child + 1], &t->at[child]) > 0)
            child++;
        if (compare(t, &t->at[child], &moving) <= 0)
            break;
        t->at[i] = t->at[child];
        i = child;
    }
    t->at[i] = moving;
}

static void make_heap(struct rank_top *t)
{
    for (size_t i = t->n / 2; i-- > 0;)
        sink(t, i, t->n);
}

void rank_top__sort(struct rank_top *t)
{
    if (t->n < 2)
        return;
    make_heap(t);
    for (size_t last = t->n - 1; last > 0; last--) {
        struct rank_entry worst = t->at[0];

        t->at[0] = t->at[last];
        sink(t, 0, last);
        t->at[last] = worst;
    }
}

bool rank_top__is_out(const struct rank_top *t, uint64_t cost)
{
    uint64_t mask;

    if (t->n < t->limit)
        return false;
    if (t->limit == 0)
        return true;
    mask = t->rules->n_steps > 0 ? t->rules->steps[0].mask : 0;
    return (cost & mask) > (t->at[0].cost & mask);
}

bool rank_top__is_tie(const struct rank_top *t, uint64_t cost)
{
    uint64_t mask;

    if (t->n < t->limit || t->limit == 0 || t->rules->n_steps > 1)
        return false;
    if (t->rules->n_steps == 0)
        return true;
    mask = t->rules->steps[0].mask;
    return mask != 0 && (cost & mask) == (t->at[0].cost & mask);
}

static enum rc read_key(struct rank_top *t, size_t sort, uint32_t row, bool skipped,
                        struct err *err)
{
    if (skipped) {
        t->fresh[sort] = (struct sort_key){.group = SORT_NONE};
        return RC_OK;
    }
    return sort__key(&t->rules->sorts[sort], row, &t->fresh[sort], err);
}

/* Compares with the worst row, reading keys as they are needed; *ret_read: how many were. */
static enum rc beats_worst(struct rank_top *t, const struct rank_entry *e, size_t *ret_read,
                           bool *ret_beats, struct err *err)
{
    const struct rank_entry *worst = &t->at[0];

    *ret_read = 0;
    for (size_t i = 0; i < t->rules->n_steps; i++) {
        const struct rank_step *step = &t->rules->steps[i];
        int c;

        if (step->mask) {
            c = ((e->cost & step->mask) > (worst->cost & step->mask)) -
                ((e->cost & step->mask) < (worst->cost & step->mask));
        } else {
            enum rc rc = read_key(t, step->sort, e->row, e->skipped, err);

            if (rc != RC_OK)
                return rc;
            *ret_read = step->sort + 1;
            c = sort__compare(&t->rules->sorts[step->sort], &t->fresh[step->sort],
                              &keys_of(t, worst->slot)[step->sort]);
        }
        if (c != 0) {
            *ret_beats = c < 0;
            return RC_OK;
        }
    }
    *ret_beats = e->doc < worst->doc;
    return RC_OK;
}

static void grow(struct rank_top *t)
{
    if (t->n < t->cap)
        return;
    t->cap = t->cap ? t->cap * 2 : 64;
    t->at = xrealloc(t->at, t->cap * sizeof(*t->at));
    if (t->rules->n_sorts > 0)
        t->keys = xrealloc(t->keys, t->cap * t->rules->n_sorts * sizeof(*t->keys));
}

enum rc rank_top__offer(struct rank_top *t, uint32_t row, uint64_t cost, bool skipped,
                        struct err *err)
{
    struct rank_entry e = {
        .cost = cost, .row = row, .doc = reader_doc_of(t->reader, row), .skipped = skipped};
    bool full = t->n >= t->limit, beats = true;
    size_t n_read = 0;
    enum rc rc = RC_OK;

    if (t->limit == 0)
        return RC_OK;
    if (full)
        rc = beats_worst(t, &e, &n_read, &beats, err);
    if (rc != RC_OK || !beats)
        return rc;
    for (size_t i = n_read; rc == RC_OK && i < t->rules->n_sorts; i++)
        rc = read_key(t, i, row, skipped, err);
    if (rc != RC_OK)
        return rc;
    if (full) {
        e.slot = t->at[0].slot;
    } else {
        grow(t);
        e.slot = (uint32_t)t->n;
    }
    if (t->rules->n_sorts > 0)
        memcpy(keys_of(t, e.slot), t->fresh, t->rules->n_sorts * sizeof(*t->fresh));
    if (full) {
        t->at[0] = e;
        sink(t, 0, t->n);
    } else {
        t->at[t->n++] = e;
        if (t->n == t->limit)
            make_heap(t);
    }
    return RC_OK;
}

enum rc rank_top__sieve(struct rank_top *t, uint32_t tile, struct tile *rows, struct err *err)
{
    if (t->n < t->limit || t->limit == 0 || t->rules->n_steps == 0 || t->rules->steps[0].mask)
        return RC_OK;
    return sort__keep(&t->rules->sorts[0], tile, &keys_of(t, t->at[0].slot)[0], rows, err);
}
