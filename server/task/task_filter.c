/* SPDX-License-Identifier: MIT */
/*
 * task_filter.c -- does a task match what somebody asked for?
 *
 * Lists combine with AND, their elements with OR, an empty list restricts
 * nothing. Dates are strict on both sides, and a task without the date asked
 * about does not match. An index uid that ends in '*' stands for all that begin
 * so (for keys bound to patterns).
 */
#include "base/mem.h"
#include "task/task_int.h"

#include <stdlib.h>

struct list {
    uint64_t *values; /* owned, sorted */
    size_t n;
    bool any; /* restricts nothing */
};

struct range {
    int64_t after, before; /* 0: open */
};

struct task__filter {
    const struct task__table *table; /* borrowed */
    struct list uids, batch_uids, canceled_by;
    struct list indexes;      /* names */
    unsigned types, statuses; /* bits; 0: any */
    struct range enqueued, started, finished;
    const char **patterns; /* owned array of borrowed texts that end in '*' */
    size_t n_patterns;
    bool all;
};

int task__cmp_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static struct list list_of(const uint64_t *values, size_t n)
{
    struct list list = {.any = n == 0};

    if (n == 0)
        return list;
    list.values = xmemdup(values, n * sizeof *values);
    list.n = n;
    qsort(list.values, n, sizeof *values, task__cmp_u64);
    return list;
}

static bool list_has(const struct list *list, uint64_t value)
{
    return list->any ||
           (list->n > 0 && bsearch(&value, list->values, list->n, sizeof value, task__cmp_u64));
}

static unsigned bits_of(const uint32_t *values, size_t n)
{
    unsigned bits = 0;
    size_t i;

    for (i = 0; i < n; i++)
        bits |= 1u << (values[i] < 31 ? values[i] : 31);
    return bits;
}

static void take_indexes(struct task__filter *f, const Lode__Dump__V1__TaskFilter *filter)
{
    size_t i;

    f->indexes.any = filter->n_index_uids == 0;
    if (f->indexes.any)
        return;
    f->indexes.values = xmalloc(filter->n_index_uids * sizeof(uint64_t));
    f->patterns = xmalloc(filter->n_index_uids * sizeof *f->patterns);
    for (i = 0; i < filter->n_index_uids; i++) {
        const char *uid = filter->index_uids[i];
        size_t n = strlen(uid);
        uint32_t name = task__names_find(&f->table->names, uid);

        if (n > 0 && uid[n - 1] == '*')
            f->patterns[f->n_patterns++] = uid;
        else if (name != TASK__NO_NAME)
            f->indexes.values[f->indexes.n++] = name;
    }
    if (f->indexes.n)
        qsort(f->indexes.values, f->indexes.n, sizeof(uint64_t), task__cmp_u64);
}

struct task__filter *task__filter_new(const struct task__table *t,
                                      const Lode__Dump__V1__TaskFilter *filter)
{
    struct task__filter *f = xcalloc(1, sizeof *f);

    f->table = t;
    if (!filter) {
        f->uids.any = f->batch_uids.any = f->canceled_by.any = f->indexes.any = f->all = true;
        return f;
    }
    f->uids = list_of(filter->uids, filter->n_uids);
    f->batch_uids = list_of(filter->batch_uids, filter->n_batch_uids);
    f->canceled_by = list_of(filter->canceled_by, filter->n_canceled_by);
    f->types = bits_of(filter->types, filter->n_types);
    f->statuses = bits_of(filter->statuses, filter->n_statuses);
    take_indexes(f, filter);
    f->enqueued = (struct range){filter->after_enqueued_ns, filter->before_enqueued_ns};
    f->started = (struct range){filter->after_started_ns, filter->before_started_ns};
    f->finished = (struct range){filter->after_finished_ns, filter->before_finished_ns};
    f->all = f->uids.any && f->batch_uids.any && f->canceled_by.any && f->indexes.any &&
             !f->types && !f->statuses && !f->enqueued.after && !f->enqueued.before &&
             !f->started.after && !f->started.before && !f->finished.after && !f->finished.before;
    return f;
}

void task__filter_free(struct task__filter *f)
{
    if (!f)
        return;
    xfree(f->uids.values);
    xfree(f->batch_uids.values);
    xfree(f->canceled_by.values);
    xfree(f->indexes.values);
    xfree(f->patterns);
    xfree(f);
}

bool task__filter_all(const struct task__filter *f)
{
    return f->all;
}

static bool within(struct range r, int64_t ns)
{
    if (!r.after && !r.before)
        return true;
    return ns != 0 && (!r.after || ns > r.after) && (!r.before || ns < r.before);
}

static bool index_matches(const struct task__filter *f, const struct task__fact *fact)
{
    const char *uid;
    size_t i;

    if (f->indexes.any)
        return true;
    if (fact->index == TASK__NO_NAME)
        return false;
    if (list_has(&f->indexes, fact->index))
        return true;
    uid = task__names_text(&f->table->names, fact->index);
    for (i = 0; i < f->n_patterns; i++)
        if (strncmp(uid, f->patterns[i], strlen(f->patterns[i]) - 1) == 0)
            return true;
    return false;
}

bool task__filter_match(const struct task__filter *f, const struct task__fact *fact)
{
    if (fact->status == TASK__DELETED)
        return false;
    if (f->all)
        return true;
    return list_has(&f->uids, fact->uid) && (!f->types || f->types >> fact->type & 1) &&
           (!f->statuses || f->statuses >> fact->status & 1) && index_matches(f, fact) &&
           (f->batch_uids.any || (fact->has_batch && list_has(&f->batch_uids, fact->batch_uid))) &&
           (f->canceled_by.any ||
            (fact->was_canceled && list_has(&f->canceled_by, fact->canceled_by))) &&
           within(f->enqueued, fact->enqueued_ns) && within(f->started, fact->started_ns) &&
           within(f->finished, fact->finished_ns);
}
