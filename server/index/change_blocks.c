/* SPDX-License-Identifier: MIT */
/*
 * change_blocks.c -- the blocks of a change: new ones, and old ones that are worn.
 *
 * Every version of a document that the change brings goes behind all others,
 * under a new row, be it of a new document or a stored one. What it replaces,
 * and what is deleted, is dead where it lies, and its block is left alone until
 * half of it is dead: then it is written again without, or dropped.
 *
 * Old blocks that somebody must look into (how: block_job.c) are jobs, done in
 * waves of bounded size: the writer fetches the old values, the pool inflates
 * and looks, the writer gives rows to what is new and joins what became too
 * small with a neighbour, the pool compresses, the writer puts all into the
 * batch. So a change of many scattered documents holds a few megabytes of
 * blocks at a time, not all of them.
 *
 * (1) A block is inflated only if an edit must know the old document: to delete
 *     it or lay members over it, to count its fields if they may be others, or
 *     to compare it if it may be the same; or if the block is worn.
 * (2) New versions are joined with the last old blocks as long as those are not
 *     much larger than what comes. So small commits write a document some times
 *     again, not a whole block for each; the sizes of what they leave at the end
 *     double from block to block, until a block is full.
 * (3) Old blocks below w.done have their successors in next->dir; between jobs
 *     they keep their entries as they are. New blocks follow behind all.
 */
#include "index/block_job.h"
#include "index/row_docs.h"
#include "index/search_build.h"

#include "base/mem.h"
#include "base/pool.h"
#include "store/store.h"

enum { WAVE_JOBS = 256, WAVE_BYTES = 16 << 20 };

struct wave {
    struct block_plan *plan;
    struct block_job *jobs; /* owned: old blocks; behind the look, those that are rewritten */
    size_t n, jobs_cap, bytes;
    size_t done;             /* see (3) */
    size_t last;             /* old blocks from here on are joined with what is new (2) */
    struct block_job open;   /* new documents, behind those of these blocks */
    struct block_job *fresh; /* owned: new blocks that are full */
    size_t n_fresh, fresh_cap;
    struct directory behind; /* new blocks that are in the batch */
    size_t n_versions;       /* new ones so far */
    bool worn;               /* old blocks from `last` on are to be written again in any case */
};

/* ---- on all cores ------------------------------------------------------------------------ */

static void look_job(void *arg, size_t i)
{
    struct wave *w = arg;

    block_job__look(w->plan, &w->jobs[i]);
}

/* Full new blocks; unless nothing new has come, and what was opened may stay as it is. */
static size_t n_ready(const struct wave *w)
{
    return w->n_versions || w->worn ? w->n_fresh : 0;
}

static struct block_job *encoded(struct wave *w, size_t i)
{
    return i < w->n ? &w->jobs[i] : &w->fresh[i - w->n];
}

static void encode_job(void *arg, size_t i)
{
    struct wave *w = arg;

    block_job__encode(w->plan, encoded(w, i));
}

static enum rc failed(const struct block_job *j, struct err *err)
{
    if (j->rc != RC_OK && err)
        *err = j->err;
    return j->rc;
}

static void each_job(struct wave *w, size_t n, pool_each_fn *fn)
{
    struct pool *pool = w->plan->change->catalog->pool;
    size_t i;

    if (pool && n > 1)
        pool_each(pool, n, fn, w);
    for (i = 0; (!pool || n == 1) && i < n; i++)
        fn(w, i);
}

static enum rc look_all(struct wave *w, struct err *err)
{
    size_t i, n = 0;
    enum rc rc = RC_OK;

    for (i = 0; i < w->n; i++)
        n += w->jobs[i].look;
    if (n)
        each_job(w, w->n, look_job);
    for (i = 0; rc == RC_OK && i < w->n; i++)
        rc = failed(&w->jobs[i], err);
    return rc;
}

static enum rc encode_all(struct wave *w, struct err *err)
{
    size_t n = w->n + n_ready(w), i;
    enum rc rc = RC_OK;

    each_job(w, n, encode_job);
    for (i = 0; rc == RC_OK && i < n; i++)
        rc = failed(encoded(w, i), err);
    return rc;
}

/* ---- planning ---------------------------------------------------------------------------- */

static enum rc fetch(struct wave *w, struct block_job *j, struct err *err)
{
    struct block_plan *plan = w->plan;
    struct block_head head;
    struct bytes value;
    struct key key;
    enum rc rc;

    rc = store_view_get(
        plan->change->view->store_view,
        key_numbered(&key, KEY_BLOCK, plan->next->blocks, plan->old->at[j->lo].first), &value, err);
    if (rc == RC_NOT_FOUND)
        return index_state__damaged(plan->next, "a block is missing", err);
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

/* Whether the edit must see the document that is stored (1). */
static bool must_see(const struct pending *p, const struct edit *e)
{
    const struct document_entry *was = &p->slots[e->slot].entry;

    return e->op == NO_OP || p->ops[e->op].kind == OP_MERGE ||
           !document_same_names(e->mark, was->mark) || (e->mark == was->mark && e->n == was->n);
}

/* The edits [from, to) are of the i-th old block. */
static enum rc plan_job(struct wave *w, size_t i, size_t from, size_t to, bool reopen,
                        struct err *err)
{
    struct block_plan *plan = w->plan;
    uint64_t first, end;
    struct block_job *j;
    size_t k;

    w->jobs = index__grow(w->jobs, sizeof *w->jobs, w->n + 1, &w->jobs_cap);
    j = &w->jobs[w->n++];
    *j = (struct block_job){
        .lo = i, .hi = i + 1, .edit = from, .n_edits = to - from, .reopen = reopen, .look = reopen};
    directory__span(plan->old, i, &first, &end);
    j->n_live = rows__live_between(plan->rows, first, end);
    if (j->n_live < j->n_edits || plan->old->at[i].count < j->n_live)
        return index_state__damaged(plan->next, "a document is not in its block", err);
    for (k = from; k < to; k++) {
        j->look = j->look || must_see(plan->docs, &plan->edits[k]);
        w->bytes += plan->edits[k].n;
    }
    if (!j->look && block_job__is_worn(plan->old->at[i].count, j->n_live - (uint32_t)j->n_edits)) {
        j->rewrite = true;
        j->look = j->n_live > j->n_edits; /* else all of it is dead: nothing to see */
    }
    return j->look || j->rewrite ? fetch(w, j, err) : RC_OK;
}

static enum rc plan_next(struct wave *w, size_t *edit, size_t n_edits, struct err *err)
{
    struct block_plan *plan = w->plan;
    size_t from = *edit, i = directory__find(plan->old, plan->edits[from].row);

    if (i == plan->old->n)
        return index_state__damaged(plan->next, "a document has no block", err);
    while (*edit < n_edits &&
           (i + 1 == plan->old->n || plan->edits[*edit].row < plan->old->at[i + 1].first))
        ++*edit;
    return plan_job(w, i, from, *edit, false, err);
}

/* ---- new versions ------------------------------------------------------------------------ */

static void close_open(struct wave *w)
{
    if (!w->open.n)
        return;
    w->fresh = index__grow(w->fresh, sizeof *w->fresh, w->n_fresh + 1, &w->fresh_cap);
    w->fresh[w->n_fresh++] = w->open;
    w->open = (struct block_job){0};
}

static void add_open(struct wave *w, uint32_t row, struct bytes json)
{
    if (w->open.n && w->open.content.n + record_document_size(json.n) > RECORD_BLOCK_TARGET)
        close_open(w);
    block_job__add(&w->open, row, json);
}

/* Gives the version its row and its place. */
static enum rc add_version(struct wave *w, uint32_t doc, struct bytes json, bool copy,
                           struct err *err)
{
    uint32_t row = w->plan->next->next_doc++;

    add_open(w, row, json);
    w->bytes += json.n;
    w->n_versions++;
    return search_feed__add(w->plan->feed, row, doc == NO_DOC ? row : doc, json, copy, err);
}

/* What the job's edits leave, in their order. */
static enum rc settle(struct wave *w, struct block_job *j, struct err *err)
{
    struct block_plan *plan = w->plan;
    enum rc rc = RC_OK;
    size_t i;

    for (i = j->edit; rc == RC_OK && i < j->edit + j->n_edits; i++) {
        const struct edit *e = &plan->edits[i];
        bool put = e->op != NO_OP && plan->docs->ops[e->op].kind == OP_PUT;

        if (e->same)
            continue;
        search_feed__kill(plan->feed, e->doc);
        plan->next->document_bytes -= plan->docs->slots[e->slot].entry.n;
        if (e->op == NO_OP)
            continue;
        plan->next->document_bytes += e->n;
        rc = add_version(w, e->doc,
                         put ? op_json(&plan->docs->ops[e->op])
                             : bytes_of(j->laid.p + e->laid_at, e->n),
                         !put, err);
    }
    return rc;
}

/* ---- blocks that are small now ------------------------------------------------------------- */

static bool is_small(const struct block_job *j)
{
    return j->content.n < BLOCK_SMALL;
}

/* Joins j with an old block beside it that is not written again. */
static enum rc join_old(struct wave *w, struct block_job *j, size_t i, struct err *err)
{
    struct block_job side = {.lo = i, .hi = i + 1, .look = true, .reopen = true}, left;
    enum rc rc;

    if (w->plan->old->at[i].bytes + j->content.n > RECORD_BLOCK_TARGET)
        return RC_OK;
    rc = fetch(w, &side, err);
    if (rc == RC_OK) {
        block_job__look(w->plan, &side);
        rc = failed(&side, err);
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

/* The jobs are those that are written again, and neighbours only if their blocks are. */
static enum rc join_small(struct wave *w, bool last_wave, struct err *err)
{
    struct block_job *prev = NULL;
    size_t floor = w->done, i;
    enum rc rc = RC_OK;

    for (i = 0; rc == RC_OK && i < w->n; i++) {
        struct block_job *j = &w->jobs[i];
        size_t ceiling = i + 1 < w->n ? w->jobs[i + 1].lo : last_wave ? w->last : j->hi;

        if (prev && prev->hi == j->lo &&
            (!prev->n || !j->n ||
             ((is_small(prev) || is_small(j)) &&
              prev->content.n + j->content.n <= RECORD_BLOCK_TARGET))) {
            block_job__join(prev, j);
            j = prev;
        } else if (prev) {
            floor = prev->hi;
        }
        if (j->n && is_small(j) && j->lo > floor)
            rc = join_old(w, j, j->lo - 1, err);
        if (rc == RC_OK && j->n && is_small(j) && j->hi < ceiling)
            rc = join_old(w, j, j->hi, err);
        prev = j;
    }
    return rc;
}

/* ---- into the batch -------------------------------------------------------------------------- */

static void keep_old(struct wave *w, size_t end)
{
    directory__push_all(&w->plan->next->dir, w->plan->old, w->done, end);
    w->done = end > w->done ? end : w->done;
}

static struct dir_entry put_block(struct block_plan *plan, const struct block_job *j)
{
    struct dir_entry entry = {.first = j->ids[0],
                              .version = plan->version,
                              .count = (uint32_t)j->n,
                              .bytes = (uint32_t)j->content.n};
    uint8_t counts[2 * VARINT_MAX];
    struct key key;
    size_t n;

    store_batch_put(plan->batch, key_numbered(&key, KEY_BLOCK, plan->next->blocks, entry.first),
                    buf_view(&j->value));
    n = put_varint(counts, entry.count);
    n += put_varint(counts + n, entry.bytes);
    store_batch_put(plan->batch, key_numbered(&key, KEY_DIRECTORY, plan->next->blocks, entry.first),
                    bytes_of(counts, n));
    plan->next->stored_bytes += j->frame;
    plan->next->n_versions += entry.count;
    return entry;
}

/* The i-th old block goes, unless one that begins with the same row takes its place. */
static void drop_old(struct block_plan *plan, size_t i, const struct block_job *by)
{
    uint32_t first = plan->old->at[i].first;
    struct key key;

    plan->next->n_versions -= plan->old->at[i].count;
    if (by->n && by->ids[0] == first)
        return;
    store_batch_del(plan->batch, key_numbered(&key, KEY_BLOCK, plan->next->blocks, first));
    store_batch_del(plan->batch, key_numbered(&key, KEY_DIRECTORY, plan->next->blocks, first));
}

static void emit(struct wave *w, const struct block_job *j)
{
    size_t i;

    if (j->lo == j->hi)
        return; /* joined */
    keep_old(w, j->lo);
    for (i = j->lo; i < j->hi; i++)
        drop_old(w->plan, i, j);
    w->done = j->hi;
    w->plan->next->stored_bytes -= j->old_frame;
    if (j->n)
        directory__push(&w->plan->next->dir, put_block(w->plan, j));
}

static void emit_all(struct wave *w)
{
    size_t i, old;

    for (i = 0; i < w->n; i++)
        emit(w, &w->jobs[i]);
    for (i = 0; i < n_ready(w); i++) {
        struct block_job *j = &w->fresh[i];

        for (old = j->lo; old < j->hi; old++) /* what were the last blocks */
            drop_old(w->plan, old, j);
        w->plan->next->stored_bytes -= j->old_frame;
        directory__push(&w->behind, put_block(w->plan, j));
    }
}

static void end_wave(struct wave *w)
{
    size_t i;

    for (i = 0; i < w->n; i++)
        block_job__done(&w->jobs[i]);
    for (i = 0; i < n_ready(w); i++)
        block_job__done(&w->fresh[i]);
    if (n_ready(w))
        w->n_fresh = 0;
    w->n = w->bytes = 0;
}

/* ---- waves --------------------------------------------------------------------------------- */

/* Of the jobs only those stay that are written again. */
static void keep_rewritten(struct wave *w)
{
    size_t kept = 0, i;

    for (i = 0; i < w->n; i++)
        if (w->jobs[i].rewrite)
            w->jobs[kept++] = w->jobs[i];
        else
            block_job__done(&w->jobs[i]);
    w->n = kept;
}

static enum rc run_wave(struct wave *w, bool last_wave, struct err *err)
{
    enum rc rc;
    size_t i;

    rc = look_all(w, err);
    for (i = 0; rc == RC_OK && i < w->n; i++)
        rc = settle(w, &w->jobs[i], err);
    if (rc == RC_OK) {
        keep_rewritten(w);
        rc = join_small(w, last_wave, err);
    }
    if (rc == RC_OK)
        rc = encode_all(w, err);
    if (rc == RC_OK)
        emit_all(w);
    end_wave(w);
    return rc;
}

/* Bytes of the new versions, about; *ret_first: of the first of them. */
static size_t size_of_new(const struct block_plan *plan, size_t *ret_first)
{
    size_t n = 0, i;

    *ret_first = 0;
    for (i = 0; i < plan->n_edits + plan->n_new && n <= RECORD_BLOCK_TARGET; i++) {
        uint32_t op = i < plan->n_edits ? plan->edits[i].op : plan->new_ops[i - plan->n_edits];

        if (op == NO_OP)
            continue;
        n += record_document_size(plan->docs->ops[op].n);
        *ret_first = *ret_first ? *ret_first : n;
    }
    return n;
}

/* The first of the old blocks that are joined with what is new (2). */
static size_t first_to_join(const struct block_plan *plan)
{
    enum { LARGER = 2 };
    size_t i = plan->old->n, room, size = size_of_new(plan, &room);

    for (; size > 0 && i > 0; i--) {
        const struct dir_entry *e = &plan->old->at[i - 1];

        if (e->bytes > LARGER * size || e->bytes + room > RECORD_BLOCK_TARGET)
            break;
        size += e->bytes;
        room = e->bytes / e->count;
    }
    return i;
}

/* What is live of a last block goes behind what is open. */
static enum rc open_behind(struct wave *w, const struct block_job *j, struct err *err)
{
    struct bytes rest = buf_view(&j->content);
    struct record record;
    enum rc rc = RC_OK;
    size_t i = 0;

    if (w->open.lo == w->open.hi)
        w->open.lo = j->lo;
    w->open.hi = j->hi;
    w->open.old_frame += j->old_frame;
    w->worn = w->worn || j->rewrite;
    while (record_next(&rest, &record, &rc, err))
        add_open(w, j->ids[i++], record.document);
    return rc;
}

/* Reads the last old blocks, to go on behind them. *n_edits: of how many others there are. */
static enum rc reopen_last(struct wave *w, size_t *n_edits, struct err *err)
{
    struct block_plan *plan = w->plan;
    size_t from = plan->n_edits, to, i;
    enum rc rc = RC_OK;

    w->last = first_to_join(plan);
    while (from > 0 && w->last < plan->old->n &&
           plan->edits[from - 1].row >= plan->old->at[w->last].first)
        from--;
    *n_edits = from;
    for (i = w->last; rc == RC_OK && i < plan->old->n; i++, from = to) {
        for (to = from; to < plan->n_edits; to++)
            if (i + 1 < plan->old->n && plan->edits[to].row >= plan->old->at[i + 1].first)
                break;
        rc = plan_job(w, i, from, to, true, err);
    }
    if (rc == RC_OK)
        rc = look_all(w, err);
    for (i = 0; rc == RC_OK && i < w->n; i++)
        rc = open_behind(w, &w->jobs[i], err);
    for (i = 0; rc == RC_OK && i < w->n; i++)
        rc = settle(w, &w->jobs[i], err);
    for (i = 0; i < w->n; i++)
        block_job__done(&w->jobs[i]);
    w->n = 0;
    return rc;
}

static enum rc add_new(struct wave *w, struct err *err)
{
    struct block_plan *plan = w->plan;
    enum rc rc = RC_OK;
    size_t i;

    for (i = 0; rc == RC_OK && i < plan->n_new; i++) {
        const struct op *o = &plan->docs->ops[plan->new_ops[i]];

        plan->next->document_bytes += o->n;
        rc = add_version(w, NO_DOC, op_json(o), false, err);
        if (rc == RC_OK && w->bytes >= WAVE_BYTES)
            rc = run_wave(w, true, err);
    }
    return rc;
}

/* The open block, and all directory entries that are left. */
static enum rc conclude(struct wave *w, struct err *err)
{
    struct block_plan *plan = w->plan;
    enum rc rc = RC_OK;

    if (!w->n_versions && !w->worn)
        w->last = plan->old->n; /* nothing came that was not there: all stays as it is */
    else if (w->open.n)
        close_open(w);
    else
        emit(w, &w->open); /* all of it is dead */
    if (n_ready(w))
        rc = run_wave(w, true, err);
    if (rc != RC_OK)
        return rc;
    keep_old(w, w->last);
    directory__push_all(&plan->next->dir, &w->behind, 0, w->behind.n);
    return RC_OK;
}

enum rc change__write_blocks(struct block_plan *plan, struct err *err)
{
    struct wave w = {.plan = plan};
    size_t edit = 0, n_edits = 0;
    enum rc rc;

    mutex_init(&plan->lock);
    rc = reopen_last(&w, &n_edits, err);
    while (rc == RC_OK && edit < n_edits) {
        while (rc == RC_OK && w.n < WAVE_JOBS && w.bytes < WAVE_BYTES && edit < n_edits)
            rc = plan_next(&w, &edit, n_edits, err);
        if (rc == RC_OK)
            rc = run_wave(&w, edit == n_edits, err);
    }
    if (rc == RC_OK)
        rc = add_new(&w, err);
    if (rc == RC_OK)
        rc = conclude(&w, err);
    w.worn = true;
    end_wave(&w);
    block_job__done(&w.open);
    xfree(w.jobs);
    xfree(w.fresh);
    xfree(w.behind.at);
    mutex_done(&plan->lock);
    return rc;
}
