/* SPDX-License-Identifier: MIT */
/*
 * loader_ids.c -- the ids of an import, in runs of bounded size.
 *
 * Ids come in the order of the documents and are wanted in their own order:
 * LevelDB takes sorted keys without ever writing a file again. Up to
 * ID_RUNS_BYTES (some two million ids) all runs are merged in one go; beyond,
 * in several, and then the ids are counted at the end, because an id in two
 * merges would overwrite itself in silence.
 */
#include "index/loader_int.h"

#include "base/mem.h"
#include "store/store.h"

#include <stdlib.h>

struct id_run *id_run__new(void)
{
    struct id_run *run = xcalloc(1, sizeof *run);

    buf_init(&run->text, BUF_NO_LIMIT);
    return run;
}

void id_run__free_all(struct id_run *runs)
{
    while (runs) {
        struct id_run *next = runs->next;

        buf_done(&runs->text);
        xfree(runs->entries);
        xfree(runs);
        runs = next;
    }
}

void id_run__add(struct id_run *run, struct bytes id, const struct document_entry *to)
{
    uint8_t head[8] = {0};

    memcpy(head, id.p, id.n < sizeof head ? id.n : sizeof head);
    run->entries = index__grow(run->entries, sizeof *run->entries, run->n + 1, &run->cap);
    run->entries[run->n++] = (struct id_entry){
        .head = get_u64be(head), .at = (uint32_t)run->text.n, .n = (uint32_t)id.n, .to = *to};
    (void)buf_bytes(&run->text, id);
}

size_t id_run__bytes(const struct id_run *run)
{
    return run->text.n + run->n * sizeof *run->entries;
}

static struct bytes id_of(const struct id_run *run, const struct id_entry *e)
{
    return bytes_of(run->text.p + e->at, e->n);
}

static int by_id(const void *a, const void *b, void *arg)
{
    const struct id_entry *x = a, *y = b;
    const struct id_run *run = arg;

    if (x->head != y->head)
        return x->head < y->head ? -1 : 1;
    return bytes_cmp(id_of(run, x), id_of(run, y));
}

void id_run__sort(struct id_run *run)
{
    size_t i;

    for (i = 1; i < run->n; i++)
        if (by_id(&run->entries[i - 1], &run->entries[i], run) > 0)
            break;
    if (i < run->n)
        qsort_r(run->entries, run->n, sizeof *run->entries, by_id, run);
}

/* The run with the smallest id that is not written; NULL at the end. There are few runs. */
static struct id_run *smallest(struct id_run *runs)
{
    struct id_run *best = NULL, *run;

    for (run = runs; run; run = run->next) {
        const struct id_entry *e = run->entries + run->taken, *b;

        if (run->taken == run->n)
            continue;
        b = best ? best->entries + best->taken : NULL;
        if (!b || e->head < b->head ||
            (e->head == b->head && bytes_cmp(id_of(run, e), id_of(best, b)) < 0))
            best = run;
    }
    return best;
}

enum rc id_run__write_all(struct id_run *runs, struct store *store, struct store_batch *batch,
                          uint32_t body, struct err *err)
{
    struct bytes before = {0};
    struct id_run *run;
    struct key key;
    enum rc rc;

    for (run = smallest(runs); run; run = smallest(runs)) {
        const struct id_entry *e = &run->entries[run->taken++];
        struct bytes id = id_of(run, e);
        uint8_t value[DOCUMENT_ENTRY_MAX];

        if (before.n && bytes_eq(id, before))
            return err_set(err, RC_CORRUPT, NULL, "document id `%.*s` comes twice", BYTES_ARG(id));
        before = id;
        store_batch_put(batch, key_named(&key, KEY_DOCUMENT_ID, body, id),
                        document_entry__put(value, &e->to));
        if (store_batch_bytes(batch) < LOAD_BATCH_BYTES)
            continue;
        rc = store_commit(store, batch, err);
        if (rc != RC_OK)
            return rc;
        store_batch_clear(batch);
    }
    return RC_OK;
}

enum rc id_run__check_count(struct store *store, uint32_t body, uint64_t n, struct err *err)
{
    struct store_view *view = NULL;
    struct store_cursor *c = NULL;
    struct key prefix;
    enum rc rc;

    rc = store_view_open(store, &view, err);
    if (rc != RC_OK)
        return rc;
    rc = store_cursor_open(view, key_head(&prefix, KEY_DOCUMENT_ID, body), true, &c, err);
    if (rc != RC_OK)
        goto out;
    for (store_cursor_first(c); n > 0 && store_cursor_valid(c); store_cursor_next(c))
        n--;
    rc = store_cursor_end(c, err);
    if (rc == RC_OK && n > 0)
        rc = err_set(err, RC_CORRUPT, NULL, "%llu document ids come twice", (unsigned long long)n);

out:
    store_cursor_close(c);
    store_view_close(view);
    return rc;
}
