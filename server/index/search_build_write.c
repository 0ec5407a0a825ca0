/* SPDX-License-Identifier: MIT */
/*
 * search_build_write.c -- the committing side of a build.
 *
 * Chunks come with their keys and are committed as they are. Words are added
 * to the vocabulary, and those that it had not get a key; columns get their
 * numbers as they are met.
 */
#include "index/search_build_int.h"

#include "base/clock.h"
#include "base/mem.h"
#include "store/store.h"

#include <stdlib.h>

enum { BATCH_BYTES = 4 << 20 };

#define TICK_NS (100 * NS_PER_MS)

struct writing {
    struct build_run *run;
    struct store_batch *batch; /* words and parts that are not committed yet */
    struct vocab *vocab;
    struct fields names; /* of the columns that are made; their places are those of columns */
    uint32_t *numbers;
    size_t numbers_cap;
    uint64_t bytes, column_bytes;
    int64_t tick_ns;
};

static enum rc commit(struct writing *w, const struct store_batch *batch, struct err *err)
{
    const struct search_host *host = w->run->build->host;

    return host->commit(host->arg, batch, err);
}

static enum rc commit_over(struct writing *w, size_t bytes, struct err *err)
{
    enum rc rc;

    if (store_batch_bytes(w->batch) <= bytes)
        return RC_OK;
    rc = commit(w, w->batch, err);
    store_batch_clear(w->batch);
    return rc;
}

/* What a worker packed is well-formed: it never was outside. */
static struct bytes unpack(struct bytes *rest)
{
    uint64_t length = 0;
    size_t n = get_varint(*rest, &length);
    struct bytes piece = bytes_of(rest->p + n, (size_t)length);

    *rest = bytes_of(piece.p + piece.n, rest->n - n - piece.n);
    return piece;
}

static enum rc write_words(struct writing *w, struct bytes rest, struct err *err)
{
    struct bytes *words = NULL;
    uint32_t *fresh = NULL;
    size_t n = 0, cap = 0, n_fresh = 0, i;
    struct vocab *vocab;
    struct key key;
    enum rc rc = RC_OK;

    while (rest.n) {
        words = index__grow(words, sizeof *words, n + 1, &cap);
        words[n++] = unpack(&rest);
    }
    vocab = vocab__add(w->vocab, words, n, &fresh, &n_fresh);
    vocab__unref(w->vocab);
    w->vocab = vocab;
    for (i = 0; rc == RC_OK && i < n_fresh; i++) {
        store_batch_put(w->batch, key_named(&key, KEY_WORD, w->run->words, words[fresh[i]]),
                        (struct bytes){0});
        w->bytes += key.n;
        rc = commit_over(w, BATCH_BYTES, err);
    }
    xfree(fresh);
    xfree(words);
    return rc;
}

static enum rc number_of(struct writing *w, struct bytes field, uint32_t *ret_number,
                         struct err *err)
{
    const struct search_host *host = w->run->build->host;
    uint32_t place = fields__find(&w->names, field);
    enum rc rc = RC_OK;

    if (place == FIELD_NONE) {
        place = fields__add(&w->names, field);
        w->numbers = index__grow(w->numbers, sizeof *w->numbers, w->names.n, &w->numbers_cap);
        rc = host->number(host->arg, &w->numbers[place], err);
    }
    *ret_number = w->numbers[place];
    return rc;
}

static enum rc write_parts(struct writing *w, struct bytes rest, struct err *err)
{
    enum rc rc = RC_OK;

    while (rc == RC_OK && rest.n) {
        struct bytes field = unpack(&rest), part;
        uint32_t first = get_u32be(rest.p), number = 0;
        struct key key;

        rest = bytes_of(rest.p + 4, rest.n - 4);
        part = unpack(&rest);
        rc = number_of(w, field, &number, err);
        if (rc != RC_OK)
            break;
        store_batch_put(w->batch, key_numbered(&key, KEY_COLUMN, number, first), part);
        w->column_bytes += part.n;
        rc = commit_over(w, BATCH_BYTES, err);
    }
    return rc;
}

static enum rc write_built(struct writing *w, const struct built *b, struct err *err)
{
    switch (b->kind) {
    case BUILT_CHUNKS:
        w->bytes += store_batch_bytes(b->batch);
        return commit(w, b->batch, err);
    case BUILT_WORDS:
        return write_words(w, buf_view(&b->data), err);
    case BUILT_PARTS:
        break;
    }
    return write_parts(w, buf_view(&b->data), err);
}

/* The next piece; NULL: the workers have ended, or it is time to tell (*ret_end says which). */
static struct built *take(struct build_run *r, int64_t until, bool *ret_end)
{
    struct built *b;

    mutex_lock(&r->lock);
    while (!r->first && r->n_working > 0 && !r->stop &&
           cond_wait_until(&r->changed, &r->lock, until))
        ;
    *ret_end = r->stop || (!r->first && r->n_working == 0);
    b = r->stop ? NULL : r->first;
    if (b) {
        r->first = b->next;
        if (!r->first)
            r->last = &r->first;
    }
    mutex_unlock(&r->lock);
    return b;
}

static enum rc tell(struct writing *w, bool force, struct err *err)
{
    const struct search_host *host = w->run->build->host;
    int64_t now = clock_mono_ns();

    if (!force && now < w->tick_ns)
        return RC_OK;
    w->tick_ns = now + TICK_NS;
    return host->tell(host->arg, atomic_load_explicit(&w->run->done, memory_order_relaxed), err);
}

static enum rc write_all(struct writing *w, struct err *err)
{
    struct build_run *r = w->run;
    bool end = false;
    enum rc rc = RC_OK;

    while (rc == RC_OK && !end) {
        struct built *b = take(r, w->tick_ns, &end);

        if (b) {
            rc = write_built(w, b, err);
            mutex_lock(&r->lock);
            r->waiting -= b->bytes; /* only now: memory is what is bounded */
            cond_broadcast(&r->changed);
            mutex_unlock(&r->lock);
            built__free(b);
        }
        if (rc == RC_OK)
            rc = tell(w, false, err);
    }
    if (rc != RC_OK)
        build__fail(r, rc, err);
    return rc;
}

/* All is built and committed, but for what waits in the batch. */
static enum rc conclude(struct writing *w, struct err *err)
{
    struct build_run *r = w->run;
    struct search_state *next = r->build->next;
    struct column_ref *columns;
    size_t i;
    enum rc rc;

    rc = commit_over(w, 0, err);
    if (rc == RC_OK)
        rc = tell(w, true, err);
    if (rc != RC_OK)
        return rc;
    next->column_bytes += w->column_bytes;
    if (r->build->words) {
        next->bytes = w->bytes;
        next->words = r->words;
        vocab__unref(next->vocab);
        next->vocab = vocab__ref(w->vocab);
        search_state__set_names(next, next->columns, next->n_columns, NULL, 0);
        search_state__set_fields(next, r->fields);
    }
    columns = xmalloc((w->names.n ? w->names.n : 1) * sizeof *columns);
    for (i = 0; i < w->names.n; i++)
        columns[i] = (struct column_ref){w->names.names[i], w->numbers[i]};
    search_state__add_columns(next, columns, w->names.n);
    xfree(columns);
    return RC_OK;
}

static void drop_waiting(struct build_run *r)
{
    while (r->first) {
        struct built *next = r->first->next;

        built__free(r->first);
        r->first = next;
    }
}

enum rc search_build__run(const struct search_build *b, struct err *err)
{
    struct build_run *r = xcalloc(1, sizeof *r);
    struct writing w = {.run = r, .batch = store_batch_new(), .vocab = vocab__new()};
    enum rc rc = RC_OK;

    r->build = b;
    r->last = &r->first;
    r->fields = search_fields__new(NULL, 0);
    mutex_init(&r->lock);
    cond_init(&r->changed);
    if (b->words)
        rc = b->host->number(b->host->arg, &r->words, err);
    if (rc == RC_OK) {
        build__start(r);
        rc = write_all(&w, err);
        build__join(r);
    }
    if (rc == RC_OK && r->rc != RC_OK) {
        if (err)
            *err = r->err;
        rc = r->rc;
    }
    if (rc == RC_OK)
        rc = conclude(&w, err);
    drop_waiting(r);
    vocab__unref(w.vocab);
    store_batch_free(w.batch);
    fields__done(&w.names);
    xfree(w.numbers);
    search_fields__free(r->fields);
    cond_done(&r->changed);
    mutex_done(&r->lock);
    xfree(r);
    mem_trim();
    return rc;
}
