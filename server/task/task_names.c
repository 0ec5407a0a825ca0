/* SPDX-License-Identifier: MIT */
/*
 * task_names.c -- index uids as small numbers, so that a fact stays small and
 * exact comparisons cheap.
 *
 * A chained hash table over an array; numbers of names that nobody uses any more
 * are given out again. Under the queue's lock.
 */
#include "base/assert.h"
#include "base/hash.h"
#include "base/mem.h"
#include "task/task_int.h"

struct task__name {
    char *uid; /* owned; NULL: on the free list */
    uint32_t refs;
    uint32_t next; /* in its bucket, or on the free list */
};

static uint32_t bucket_of(const struct task__names *names, const char *uid)
{
    return (uint32_t)hash64(bytes_str(uid), 0) & (names->n_buckets - 1);
}

void task__names_init(struct task__names *names)
{
    uint32_t i;

    *names = (struct task__names){.free_list = TASK__NO_NAME, .n_buckets = 64};
    names->buckets = xcalloc(names->n_buckets, sizeof *names->buckets);
    for (i = 0; i < names->n_buckets; i++)
        names->buckets[i] = TASK__NO_NAME;
}

void task__names_done(struct task__names *names)
{
    uint32_t i;

    for (i = 0; i < names->n; i++)
        xfree(names->names[i].uid);
    xfree(names->names);
    xfree(names->buckets);
}

uint32_t task__names_find(const struct task__names *names, const char *uid)
{
    uint32_t i = names->buckets[bucket_of(names, uid)];

    while (i != TASK__NO_NAME && strcmp(names->names[i].uid, uid) != 0)
        i = names->names[i].next;
    return i;
}

static void rehash(struct task__names *names)
{
    uint32_t i, b;

    names->n_buckets *= 2;
    names->buckets = xrealloc(names->buckets, names->n_buckets * sizeof *names->buckets);
    for (b = 0; b < names->n_buckets; b++)
        names->buckets[b] = TASK__NO_NAME;
    for (i = 0; i < names->n; i++) {
        if (!names->names[i].uid)
            continue;
        b = bucket_of(names, names->names[i].uid);
        names->names[i].next = names->buckets[b];
        names->buckets[b] = i;
    }
}

static uint32_t new_slot(struct task__names *names)
{
    uint32_t i = names->free_list;

    if (i != TASK__NO_NAME) {
        names->free_list = names->names[i].next;
        return i;
    }
    ASSERT(names->n < TASK__NO_NAME - 1);
    if (names->n == names->cap) {
        names->cap = names->cap ? 2 * names->cap : 16;
        names->names = xrealloc(names->names, names->cap * sizeof *names->names);
    }
    return names->n++;
}

uint32_t task__names_take(struct task__names *names, const char *uid)
{
    uint32_t i, b;

    if (!uid || !*uid)
        return TASK__NO_NAME;
    i = task__names_find(names, uid);
    if (i != TASK__NO_NAME) {
        names->names[i].refs++;
        return i;
    }
    i = new_slot(names);
    names->names[i] = (struct task__name){xstrdup(uid), 1, TASK__NO_NAME};
    if (names->n > names->n_buckets) {
        rehash(names);
        return i;
    }
    b = bucket_of(names, uid);
    names->names[i].next = names->buckets[b];
    names->buckets[b] = i;
    return i;
}

void task__names_drop(struct task__names *names, uint32_t name)
{
    uint32_t *at;

    if (name == TASK__NO_NAME)
        return;
    ASSERT(name < names->n && names->names[name].refs > 0);
    if (--names->names[name].refs > 0)
        return;
    at = &names->buckets[bucket_of(names, names->names[name].uid)];
    while (*at != name)
        at = &names->names[*at].next;
    *at = names->names[name].next;
    xfree(names->names[name].uid);
    names->names[name] = (struct task__name){NULL, 0, names->free_list};
    names->free_list = name;
}

const char *task__names_text(const struct task__names *names, uint32_t name)
{
    return name == TASK__NO_NAME ? "" : names->names[name].uid;
}
