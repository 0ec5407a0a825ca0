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
#include "index/change_int.h"

#include "base/mem.h"
#include "base/pool.h"
#include "store/store.h"

enum { WAVE_JOBS = 256, WAVE_BYTES = 16 << 20 };

/* A block as it will be stored. */
struct piece {
    struct buf value;
    struct dir_entry entry;
    size_t frame; /* bytes of it that are the frame */
};

struct job {
    size_t lo, hi;  /* old blocks it takes the place of; lo == hi: none */
    struct buf old; /* value of the old block, as stored */
    size_t old_frame;
    size_t edit, n_edits; /* of the plan's edits */
    size_t born, n_born;  /* of the plan's new documents */
    uint32_t born_doc;    /* doc id of the first of them */
    struct buf content;   /* rebuilt: records, */
    uint32_t *ids, *ends; /* and where each ends */
    size_t n, ids_cap, ends_cap;
    bool small; /* shrank so far that it looks for a neighbour */
    int64_t json_delta;
    struct piece *pieces;
    size_t n_pieces, pieces_cap;
    bool built, coded;
    enum rc rc;
    struct err err;
};

struct wave {
    struct block_plan *plan;
    struct mutex lock; /* guards plan->field_delta while jobs run */
    struct job *jobs;
    size_t n, bytes;
    size_t done;       /* old blocks below this have their successors in next->dir */
    size_t edit, born; /* planned so far */
    bool filled;       /* new documents went to the last old block */
};

static void job_done(struct job *j)
{
    size_t i;

    for (i = 0; i < j->n_pieces; i++)
        buf_done(&j->pieces[i].value);
    xfree(j->pieces);
    xfree(j->ids);
    xfree(j->ends);
    buf_done(&j->old);
    buf_done(&j->content);
    *j = (struct job){0};
}

/* ---- on any thread: one job ---------------------------------------------------------- */

static void add_document(struct job *j, uint32_t doc, struct bytes json)
{
    (void)record_put_document(&j->content, json, false);
    j->ids = index__grow(j->ids, sizeof *j->ids, j->n + 1, &j->ids_cap);
    j->ends = index__grow(j->ends, sizeof *j->ends, j->n + 1, &j->ends_cap);
    j->ids[j->n] = doc;
    j->ends[j->n++] = (uint32_t)j->content.n;
}

/* Adds or takes away the fields of a document, which must parse. */
static void count(struct wave *w, struct codec *codec, struct json_value doc, int sign)
{
    struct fields *fields = (struct fields *)(uintptr_t)&w->plan->docs->fields;
    size_t i;

    fields__walk(fields, false, doc, &codec->walk); /* adds nothing, so it only reads fields */
    mutex_lock(&w->lock);
    for (i = 0; i < codec->walk.n; i++)
        w->plan->field_delta[codec->walk.ids[i]] += sign;
    mutex_unlock(&w->lock);
}

static enum rc edit_document(struct wave *w, struct job *j, struct codec *codec,
                             const struct edit *edit, struct bytes old)
{
    const struct op *o = edit->op == NO_OP ? NULL : &w->plan->docs->ops[edit->op];
    struct json_value was, laid;
    struct json_error at;
    struct bytes now;

    if (json_parse(codec->json, old, &index__json_limits, &was, &at) != RC_OK ||
        json_type(was) != JSON_OBJECT)
        return err_set(&j->err, RC_CORRUPT, NULL, "a stored document is not a JSON object");
    count(w, codec, was, -1);
    j->json_delta -= (int64_t)old.n;
    if (!o)
        return RC_OK;
    now = op_json(o);
    if (o->kind == OP_MERGE) {
        if (json_parse(codec->json_two, now, &index__json_limits, &laid, &at) != RC_OK)
            return err_set(&j->err, RC_INTERNAL, NULL, "members to lay over do not parse");
        buf_clear(&codec->merged);
        document__merge(was, laid, &codec->merged);
        now = buf_view(&codec->merged);
        if (json_parse(codec->json_two, now, &index__json_limits, &laid, &at) != RC_OK)
            return err_set(&j->err, RC_INTERNAL, NULL, "a merged document does not parse");
        count(w, codec, laid, 1);
    }
    j->json_delta += (int64_t)now.n;
    add_document(j, edit->doc, now);
    return RC_OK;
}

static enum rc rebuild_old(struct wave *w, struct job *j, struct codec *codec)
{
    const struct dir_entry *was = &w->plan->old->at[j->lo];
    const struct edit *edit = w->plan->edits + j->edit, *end = edit + j->n_edits;
    struct block_docs *docs = &codec->docs;
    size_t i;
    enum rc rc;

    rc = block__inflate(codec->decoder, buf_view(&j->old), was->first, was->count, docs, &j->err);
    for (i = 0; rc == RC_OK && i < docs->n; i++) {
        struct bytes json = bytes_of(docs->content.p + docs->spans[i].at, docs->spans[i].n);

        if (edit == end || edit->doc != docs->ids[i])
            add_document(j, docs->ids[i], json);
        else
            rc = edit_document(w, j, codec, edit++, json);
    }
    if (rc == RC_OK && edit != end)
        rc = err_set(&j->err, RC_CORRUPT, NULL, "a document is not in its block");
    j->small = j->content.n < BLOCK_SMALL && j->content.n < was->bytes;
    return rc;
}

static enum rc encode_piece(struct wave *w, struct job *j, struct codec *codec, size_t from,
                            size_t to)
{
    size_t start = from ? j->ends[from - 1] : 0, head;
    struct bytes content = bytes_of(j->content.p + start, j->ends[to - 1] - start);
    struct piece *piece;
    enum rc rc;

    j->pieces = index__grow(j->pieces, sizeof *j->pieces, j->n_pieces + 1, &j->pieces_cap);
    piece = &j->pieces[j->n_pieces++];
    buf_init(&piece->value, BUF_NO_LIMIT);
    piece->entry = (struct dir_entry){.first = j->ids[from],
                                      .version = w->plan->version,
                                      .count = (uint32_t)(to - from),
                                      .bytes = (uint32_t)content.n};
    block__head_put(&piece->value, j->ids + from, to - from);
    head = piece->value.n;
    rc = frame_encode(codec->encoder, content, &piece->value, &j->err);
    piece->frame = piece->value.n - head;
    return rc;
}

static enum rc encode(struct wave *w, struct job *j, struct codec *codec)
{
    size_t from, to;
    enum rc rc = RC_OK;

    j->coded = true;
    if (j->n == 0)
        return RC_OK;
    if (j->content.n <= BLOCK_SPLIT)
        return encode_piece(w, j, codec, 0, j->n);
    for (from = 0; rc == RC_OK && from < j->n; from = to) {
        size_t start = from ? j->ends[from - 1] : 0;

        for (to = from + 1; to < j->n && j->ends[to] - start <= RECORD_BLOCK_TARGET; to++)
            ;
        rc = encode_piece(w, j, codec, from, to);
    }
    return rc;
}

static enum rc rebuild(struct wave *w, struct job *j, struct codec *codec)
{
    enum rc rc = RC_OK;
    size_t i;

    j->built = true;
    buf_init(&j->content, BUF_NO_LIMIT);
    if (j->hi > j->lo)
        rc = rebuild_old(w, j, codec);
    if (rc != RC_OK)
        return rc;
    (void)buf_reserve(&j->content, RECORD_BLOCK_TARGET);
    for (i = 0; i < j->n_born; i++) {
        struct bytes json = op_json(&w->plan->docs->ops[w->plan->new_ops[j->born + i]]);

        add_document(j, j->born_doc + (uint32_t)i, json);
        j->json_delta += (int64_t)json.n;
    }
    j->small = j->small && j->n_born == 0;
    return RC_OK;
}

static void run_job(void *arg, size_t i)
{
    struct wave *w = arg;
    struct job *j = &w->jobs[i];
    struct codec *codec;

    if (j->coded)
        return;
    codec = codec__take(w->plan->change->catalog);
    if (!j->built)
        j->rc = rebuild(w, j, codec);
    else
        j->small = false; /* the second time: joined, or nobody to join with */
    if (j->rc == RC_OK && !j->small)
        j->rc = encode(w, j, codec);
    codec__give(w->plan->change->catalog, codec);
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

/* ---- on the writer's thread ---------------------------------------------------------- */

static enum rc fetch(struct wave *w, struct job *j, struct err *err)
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
static void plan_born(struct wave *w, struct job *j, size_t used)
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

static enum rc plan_job(struct wave *w, struct job *j, struct err *err)
{
    struct block_plan *plan = w->plan;
    size_t n = plan->old->n;

    *j = (struct job){.lo = n, .hi = n};
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

/* j's documents go behind those of prev, and j is empty then. */
static void join(struct job *prev, struct job *j)
{
    uint32_t shift = (uint32_t)prev->content.n;
    size_t i;

    (void)buf_bytes(&prev->content, buf_view(&j->content));
    for (i = 0; i < j->n; i++) {
        prev->ids = index__grow(prev->ids, sizeof *prev->ids, prev->n + 1, &prev->ids_cap);
        prev->ends = index__grow(prev->ends, sizeof *prev->ends, prev->n + 1, &prev->ends_cap);
        prev->ids[prev->n] = j->ids[i];
        prev->ends[prev->n++] = shift + j->ends[i];
    }
    for (i = 0; i < prev->n_pieces; i++)
        buf_done(&prev->pieces[i].value);
    prev->n_pieces = 0;
    prev->coded = false;
    prev->hi = j->hi;
    prev->json_delta += j->json_delta;
    prev->old_frame += j->old_frame;
    prev->small = prev->content.n < BLOCK_SMALL;
    job_done(j);
    j->coded = true;
}

/* Joins j with an old block beside it that nobody touches. */
static enum rc join_old(struct wave *w, struct job *j, size_t i, struct err *err)
{
    struct codec *codec;
    struct job side = {.lo = i, .hi = i + 1}, left;
    enum rc rc;

    if (w->plan->old->at[i].bytes + j->content.n > RECORD_BLOCK_TARGET)
        return RC_OK;
    rc = fetch(w, &side, err);
    if (rc == RC_OK) {
        codec = codec__take(w->plan->change->catalog);
        rc = rebuild(w, &side, codec);
        if (rc != RC_OK && err)
            *err = side.err;
        codec__give(w->plan->change->catalog, codec);
    }
    if (rc != RC_OK) {
        job_done(&side);
        return rc;
    }
    if (i >= j->hi) {
        join(j, &side);
        return RC_OK;
    }
    left = side;
    join(&left, j);
    *j = left;
    return RC_OK;
}

/* The old blocks of an emptied job go with those of its neighbour. */
static void absorb(struct job *j, struct job *empty)
{
    if (empty->lo < j->lo)
        j->lo = empty->lo;
    if (empty->hi > j->hi)
        j->hi = empty->hi;
    j->json_delta += empty->json_delta;
    j->old_frame += empty->old_frame;
    job_done(empty);
    empty->coded = true;
}

/* Joins j with old neighbours that nobody touches, between floor and ceiling. */
static enum rc join_beside(struct wave *w, struct job *j, size_t floor, size_t ceiling,
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
    struct job *prev = NULL;
    size_t floor = w->done, i;
    enum rc rc = RC_OK;

    for (i = 0; rc == RC_OK && i < w->n; i++) {
        struct job *j = &w->jobs[i];
        size_t ceiling = i + 1 < w->n ? w->jobs[i + 1].lo : last_wave ? plan->old->n : j->hi;

        if (prev && prev->hi == j->lo) {
            if (j->n == 0) {
                absorb(prev, j);
                continue;
            }
            if (prev->n == 0) {
                absorb(j, prev);
                prev = NULL;
            } else if ((prev->small || j->small) &&
                       prev->content.n + j->content.n <= RECORD_BLOCK_TARGET) {
                join(prev, j);
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

static void put_piece(struct block_plan *plan, const struct piece *piece)
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

static bool has_first(const struct job *j, uint32_t first)
{
    size_t i;

    for (i = 0; i < j->n_pieces; i++)
        if (j->pieces[i].entry.first == first)
            return true;
    return false;
}

static void emit(struct wave *w, struct job *j)
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

static enum rc run_wave(struct wave *w, struct err *err)
{
    size_t i;
    enum rc rc;

    rc = run_jobs(w, err);
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

    mutex_init(&w.lock);
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
            job_done(&w.jobs[i]);
    }
    if (rc == RC_OK)
        keep_old(&w, plan->old->n);
    xfree(w.jobs);
    mutex_done(&w.lock);
    return rc;
}
