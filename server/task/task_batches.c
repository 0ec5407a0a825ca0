/* SPDX-License-Identifier: MIT */
/*
 * task_batches.c -- the tasks of batches.
 *
 * A batch has no record of its own: it is the tasks that carry its uid. It matches
 * if one of its tasks does, and is then given whole.
 */
#include "base/mem.h"
#include "task/task_int.h"

#include <stdlib.h>

/* The uids of all batches that have a matching task, sorted, each once. */
static uint64_t *matching_batches(const struct task__table *t, const struct task__filter *f,
                                  size_t *ret_n)
{
    uint64_t *uids = NULL;
    size_t i, n = 0, cap = 0, unique = 0;

    for (i = 0; i < t->n; i++) {
        const struct task__fact *fact = &t->facts[i];

        if (!fact->has_batch || !task__filter_match(f, fact))
            continue;
        if (n > 0 && uids[n - 1] == fact->batch_uid)
            continue;
        if (n == cap) {
            cap = cap ? 2 * cap : 64;
            uids = xrealloc(uids, cap * sizeof *uids);
        }
        uids[n++] = fact->batch_uid;
    }
    if (n > 0)
        qsort(uids, n, sizeof *uids, task__cmp_u64);
    for (i = 0; i < n; i++)
        if (unique == 0 || uids[unique - 1] != uids[i])
            uids[unique++] = uids[i];
    *ret_n = unique;
    return uids;
}

/* Cuts the wanted page out of uids; in the order of the answer at its front. */
static size_t page(const struct task_list_opts *opts, uint64_t *uids, size_t n,
                   struct task_list *list)
{
    uint64_t *wanted = n ? xmalloc(n * sizeof *uids) : NULL;
    size_t k, n_wanted = 0;

    list->total = n;
    for (k = 0; k < n; k++) {
        uint64_t uid = uids[opts->reverse ? k : n - 1 - k];

        if (opts->has_from && (opts->reverse ? uid < opts->from : uid > opts->from))
            continue;
        if (n_wanted == opts->limit) {
            list->has_next = true;
            list->next = uid;
            break;
        }
        wanted[n_wanted++] = uid;
    }
    if (n_wanted)
        memcpy(uids, wanted, n_wanted * sizeof *uids);
    xfree(wanted);
    return n_wanted;
}

static int by_batch(const void *a, const void *b)
{
    const struct task__fact *x = a, *y = b;
    int c = (x->batch_uid > y->batch_uid) - (x->batch_uid < y->batch_uid);

    return c ? c : (x->uid > y->uid) - (x->uid < y->uid);
}

/* Sorts by batch, the tasks of each by uid; newest batch first unless `rising`. */
static void arrange(struct task__found *found, bool rising)
{
    struct task__fact *sorted;
    size_t end, start, n = 0;

    if (found->n == 0)
        return;
    qsort(found->facts, found->n, sizeof *found->facts, by_batch);
    if (rising)
        return;
    sorted = xmalloc(found->n * sizeof *sorted);
    for (end = found->n; end > 0; end = start) {
        start = end - 1;
        while (start > 0 && found->facts[start - 1].batch_uid == found->facts[end - 1].batch_uid)
            start--;
        memcpy(&sorted[n], &found->facts[start], (end - start) * sizeof *sorted);
        n += end - start;
    }
    xfree(found->facts);
    found->facts = sorted;
    found->cap = found->n;
}

/* Under the lock. */
static void gather(struct task_queue *q, const struct task_list_opts *opts,
                   struct task__found *found, struct task_list *list)
{
    const struct task__table *t = &q->table;
    struct task__filter *f = task__filter_new(t, opts->filter);
    uint64_t *uids;
    size_t i, n = 0;

    uids = matching_batches(t, f, &n);
    task__filter_free(f);
    n = page(opts, uids, n, list);
    if (n > 0) {
        qsort(uids, n, sizeof *uids, task__cmp_u64);
        for (i = 0; i < t->n; i++) {
            const struct task__fact *fact = &t->facts[i];

            if (fact->has_batch && fact->status != TASK__DELETED &&
                bsearch(&fact->batch_uid, uids, n, sizeof *uids, task__cmp_u64))
                task__found_add(found, fact);
        }
    }
    xfree(uids);
}

enum rc task_list_batches(struct task_queue *q, const struct task_list_opts *opts,
                          struct arena *arena, struct task_list *ret_list, struct err *err)
{
    struct task_list list = {0};
    struct task__found found = {0};
    enum rc rc;

    mutex_lock(&q->lock);
    gather(q, opts, &found, &list);
    mutex_unlock(&q->lock);
    arrange(&found, opts->reverse);
    rc = task__found_read(q, &found, arena, &list, err);
    if (rc == RC_OK)
        *ret_list = list;
    task__found_done(&found);
    return rc;
}
