/* SPDX-License-Identifier: MIT */
/*
 * change_blocks.c -- writes blocks again: those touched, and those for new documents.
 *
 * The blocks that hold edited documents, in their order, and then the new
 * documents make a list of jobs. Jobs are done in waves of bounded size: the
 * writer fetches the old values, the pool inflates, rebuilds and compresses,
 * the writer joins what became too small with a neighbour and puts all into
 * the batch. So a change of many scattered documents holds a few megabytes of
 * blocks at a time, not all of them.
 *
 * (1) A touched block is inflated once, and every frame that the batch gets is
 *     new: no block holds a document that was deleted or replaced.
 * (2) New documents first fill the last block up to the target; many small
 *     commits leave the same blocks as one large.
 * (3) Old blocks [lo, hi) of a job and of those before it are dealt with; those
 *     in between keep their directory entries as they are.
 */
#include "index/block_job.h"
#include "index/search_build.h"

#include "base/mem.h"
#include "base/pool.h"
#include "store/store.h"

enum { WAVE_JOBS = 256, WAVE_BYTES = 16 << 20 };

struct wave {
    struct block_plan *plan;
    struct block_job *jobs;
    size_t n, bytes;
    size_t done;       /* old blocks below this have their successors in next->dir */
    size_t edit, born; /* planned so far */
    bool filled;       /* new documents went to the last old block */
};

static void run_job(void *arg, size_t i)
{
    struct wave *w = arg;

    block_job__run(w->plan, &w->jobs[i]);
}

static enum rc run_jobs(struct wave *w, struct err *err)
{
    struct pool *pool = w->plan->change->catalog->pool;
    bool all_coded = true;
    size_t i;

    for (i = 0; i < w->n; i++)
        all_coded = all_coded && w->jobs[i].coded;
    if (all_coded)
        return RC_OK;
    if (pool)
        pool_each(pool, w->n, run_job, w);
    for (i = 0; !pool && i < w->n; i++)
        run_job(w, i);
    for (i = 0; i < w->n; i++) {
        if (w->jobs[i].rc == RC_OK)
            continue;
        if (err)
            *err = w->jobs[i].err;
        return w->jobs[i].rc;
    }
    return RC_OK;
}

static enum rc fetch(struct wave *w, struct block_job *j, struct err *err)
{
    struct block_plan *plan = w->plan;
    struct block_head head;
    struct bytes value;
    struct key key;
    enum rc rc;

    rc = store_view_get(plan->change->view->store_view,
                        key_numbered(&key, KEY_BLOCK, plan->next->body, plan->old->at[j->lo].first),
                        &value, err);
    if (rc == RC_NOT_FOUND)
        return err_set(err, RC_CORRUPT, NULL, "index `%s` is damaged: a block is missing",
                       plan->next->uid);
    if (rc == RC_OK)
        rc = block__head_read(value, &head, err);
    if (rc != RC_OK)
        return rc;
    buf_init(&j->old, BUF_NO_LIMIT);
    (void)buf_bytes(&j->old, value);
    j->old_frame = head.frame.n;
    w->bytes += plan->old->at[j->lo].bytes;
    return RC_OK;
}

static size_t size_of_new(const struct block_plan *plan, size_t i)
{
    return record_document_size(plan->docs->ops[plan->new_ops[i]].n);
}

/* Gives j new documents as long as its content stays within the target. */
static void plan_born(struct wave *w, struct block_job *j, size_t used)
{
    struct block_plan *plan = w->plan;

    j->born = w->born;
    j->born_doc = plan->next->next_doc + (uint32_t)w->born;
    while (w->born < plan->n_new) {
        size_t size = size_of_new(plan, w->born);

        if (used && used + size > RECORD_BLOCK_TARGET)
            break;
        used += size;
        w->bytes += size;
        w->born++;
    }
    j->n_born = w->born - j->born;
}

/* The last old block has room for the first new document. */
static bool last_is_open(const struct block_plan *plan)
{
    size_t n = plan->old->n;

    return n > 0 && plan->n_new > 0 &&
           plan->old->at[n - 1].bytes + size_of_new(plan, 0) <= RECORD_BLOCK_TARGET;
}

static enum rc plan_job(struct wave *w, struct block_job *j, struct err *err)
{
    struct block_plan *plan = w->plan;
    size_t n = plan->old->n;

    *j = (struct block_job){.lo = n, .hi = n};
    if (w->edit < plan->n_edits) {
        j->lo = directory__find(plan->old, plan->edits[w->edit].doc);
        if (j->lo == n)
            return err_set(err, RC_CORRUPT, NULL, "index `%s` is damaged: a document has no block",
                           plan->next->uid);
        j->hi = j->lo + 1;
        j->edit = w->edit;
        while (w->edit < plan->n_edits &&
               (j->hi == n || plan->edits[w->edit].doc < plan->old->at[j->hi].first))
            w->edit++;
        j->n_edits = w->edit - j->edit;
    } else if (!w->filled && last_is_open(plan)) {
        j->lo = n - 1;
        j->hi = n;
    }
    if (j->lo < n && j->hi == n)
        w->filled = true;
    if (j->hi == n && (j->lo == n || last_is_open(plan)))
        plan_born(w, j, j->lo < n ? plan->old->at[j->lo].bytes : 0);
    return j->lo < n ? fetch(w, j, err) : RC_OK;
}

/* Joins j with an old block beside it that nobody touches. */
static enum rc join_old(struct wave *w, struct block_job *j, size_t i, struct err *err)
{
    struct codec *codec;
    struct block_job side = {.lo = i, .hi = i + 1}, left;
    enum rc rc;

    if (w->plan->old->at[i].bytes + j->content.n > RECORD_BLOCK_TARGET)
        return RC_OK;
    rc = fetch(w, &side, err);
    if (rc == RC_OK) {
        codec = codec__take(w->plan->change->catalog);
        rc = block_job__rebuild(w->plan, &side, codec);
        if (rc != RC_OK && err)
            *err = side.err;
        codec__give(w->plan->change->catalog, codec);
    }
    if (rc != RC_OK) {
        block_job__done(&side);
        return rc;
    }
    if (i >= j->hi) {
        block_job__join(j, &side);
        return RC_OK;
    }
    left = side;
    block_job__join(&left, j);
    *j = left;
    return RC_OK;
}

/* Joins j with old neighbours that nobody touches, between floor and ceiling. */
static enum rc join_beside(struct wave *w, struct block_job *j, size_t floor, size_t ceiling,
                           struct err *err)
{
    enum rc rc = RC_OK;

    if (j->small && j->n && j->lo > floor)
        rc = join_old(w, j, j->lo - 1, err);
    if (rc == RC_OK && j->small && j->n && j->hi < ceiling)
        rc = join_old(w, j, j->hi, err);
    return rc;
}

static enum rc join_small(struct wave *w, struct err *err)
{
    struct block_plan *plan = w->plan;
    bool last_wave = w->edit == plan->n_edits && w->born == plan->n_new;
    struct block_job *prev = NULL;
    size_t floor = w->done, i;
    enum rc rc = RC_OK;

    for (i = 0; rc == RC_OK && i < w->n; i++) {
        struct block_job *j = &w->jobs[i];
        size_t ceiling = i + 1 < w->n ? w->jobs[i + 1].lo : last_wave ? plan->old->n : j->hi;

        if (prev && prev->hi == j->lo) {
            if (j->n == 0) {
                block_job__absorb(prev, j);
                continue;
            }
            if (prev->n == 0) {
                block_job__absorb(j, prev);
                prev = NULL;
            } else if ((prev->small || j->small) &&
                       prev->content.n + j->content.n <= RECORD_BLOCK_TARGET) {
                block_job__join(prev, j);
                continue;
            }
        }
        if (prev)
            floor = prev->hi;
        rc = join_beside(w, j, floor, ceiling, err);
        prev = j;
    }
    return rc;
}

static void keep_old(struct wave *w, size_t end)
{
    for (; w->done < end; w->done++)
        directory__push(&w->plan->next->dir, w->plan->old->at[w->done]);
}

static void put_piece(struct block_plan *plan, const struct block_piece *piece)
{
    uint8_t counts[2 * VARINT_MAX];
    struct key key;
    size_t n;

    store_batch_put(plan->batch,
                    key_numbered(&key, KEY_BLOCK, plan->next->body, piece->entry.first),
                    buf_view(&piece->value));
    n = put_varint(counts, piece->entry.count);
    n += put_varint(counts + n, piece->entry.bytes);
    store_batch_put(plan->batch,
                    key_numbered(&key, KEY_DIRECTORY, plan->next->body, piece->entry.first),
                    bytes_of(counts, n));
    directory__push(&plan->next->dir, piece->entry);
    plan->next->stored_bytes += piece->frame;
}

static bool has_first(const struct block_job *j, uint32_t first)
{
    size_t i;

    for (i = 0; i < j->n_pieces; i++)
        if (j->pieces[i].entry.first == first)
            return true;
    return false;
}

static void emit(struct wave *w, struct block_job *j)
{
    struct block_plan *plan = w->plan;
    struct key key;
    size_t i;

    keep_old(w, j->lo);
    for (i = j->lo; i < j->hi; i++) {
        uint32_t first = plan->old->at[i].first;

        if (has_first(j, first))
            continue;
        store_batch_del(plan->batch, key_numbered(&key, KEY_BLOCK, plan->next->body, first));
        store_batch_del(plan->batch, key_numbered(&key, KEY_DIRECTORY, plan->next->body, first));
    }
    w->done = j->hi;
    for (i = 0; i < j->n_pieces; i++)
        put_piece(plan, &j->pieces[i]);
    plan->next->stored_bytes -= j->old_frame;
    plan->next->document_bytes = (uint64_t)((int64_t)plan->next->document_bytes + j->json_delta);
}

/* Every version of a document that comes or goes, in the order of the new rows. */
static enum rc feed_job(struct block_plan *plan, const struct block_job *j, struct err *err)
{
    size_t laid = 0, at = 0, i;
    enum rc rc = RC_OK;

    for (i = j->edit; rc == RC_OK && i < j->edit + j->n_edits; i++) {
        const struct edit *e = &plan->edits[i];

        search_feed__kill(plan->feed, e->doc);
        if (e->op == NO_OP)
            continue;
        if (plan->docs->ops[e->op].kind == OP_PUT) {
            rc = search_feed__add(plan->feed, e->row, e->doc, op_json(&plan->docs->ops[e->op]),
                                  false, err);
            continue;
        }
        rc = search_feed__add(plan->feed, e->row, e->doc,
                              bytes_of(j->laid.p + at, j->laid_ends[laid] - at), true, err);
        at = j->laid_ends[laid++];
    }
    for (i = 0; rc == RC_OK && i < j->n_born; i++) {
        const struct op *o = &plan->docs->ops[plan->new_ops[j->born + i]];
        uint32_t doc = j->born_doc + (uint32_t)i;

        rc = search_feed__add(plan->feed, doc, doc, op_json(o), false, err);
    }
    return rc;
}

static enum rc run_wave(struct wave *w, struct err *err)
{
    size_t i;
    enum rc rc;

    rc = run_jobs(w, err);
    for (i = 0; rc == RC_OK && i < w->n; i++)
        rc = feed_job(w->plan, &w->jobs[i], err);
    if (rc == RC_OK)
        rc = join_small(w, err);
    if (rc == RC_OK)
        rc = run_jobs(w, err);
    for (i = 0; rc == RC_OK && i < w->n; i++)
        if (w->jobs[i].hi > w->jobs[i].lo || w->jobs[i].n_pieces)
            emit(w, &w->jobs[i]);
    return rc;
}

enum rc change__write_blocks(struct block_plan *plan, struct err *err)
{
    size_t most = plan->n_edits + plan->n_new, i;
    struct wave w = {.plan = plan};
    enum rc rc = RC_OK;

    mutex_init(&plan->lock);
    if (most > WAVE_JOBS)
        most = WAVE_JOBS;
    w.jobs = xcalloc(most ? most : 1, sizeof *w.jobs);
    while (rc == RC_OK && (w.edit < plan->n_edits || w.born < plan->n_new)) {
        w.n = w.bytes = 0;
        while (rc == RC_OK && w.n < most && w.bytes < WAVE_BYTES &&
               (w.edit < plan->n_edits || w.born < plan->n_new))
            rc = plan_job(&w, &w.jobs[w.n++], err);
        if (rc == RC_OK)
            rc = run_wave(&w, err);
        for (i = 0; i < w.n; i++)
            block_job__done(&w.jobs[i]);
    }
    if (rc == RC_OK)
        keep_old(&w, plan->old->n);
    xfree(w.jobs);
    mutex_done(&plan->lock);
    return rc;
}
