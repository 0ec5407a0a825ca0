/* SPDX-License-Identifier: MIT */
/*
 * block_job.c -- one piece of writing blocks: inflate, look, compress.
 *
 * Jobs of a wave run on several threads. They read the change, which stands
 * still meanwhile, and write nothing but themselves, their edits and, under the
 * plan's lock, the counts of fields.
 */
#include "index/block_job.h"
#include "index/search_int.h"

#include "base/mem.h"

void block_job__done(struct block_job *j)
{
    buf_done(&j->old);
    buf_done(&j->content);
    buf_done(&j->laid);
    buf_done(&j->value);
    xfree(j->ids);
    *j = (struct block_job){0};
}

bool block_job__is_worn(uint32_t count, uint32_t n_live)
{
    return n_live <= count / 2;
}

void block_job__add(struct block_job *j, uint32_t row, struct bytes json)
{
    j->content.limit = BUF_NO_LIMIT;
    if (j->n == 0)
        (void)buf_reserve(&j->content, RECORD_BLOCK_TARGET);
    (void)record_put_document(&j->content, json, false);
    j->ids = index__grow(j->ids, sizeof *j->ids, j->n + 1, &j->ids_cap);
    j->ids[j->n++] = row;
}

/* ---- what edits do to the old documents ---------------------------------------------- */

/* Adds or takes away the fields that a walk found. */
static void count(struct block_plan *plan, const uint32_t *ids, size_t n, int sign)
{
    size_t i;

    mutex_lock(&plan->lock);
    for (i = 0; i < n; i++)
        plan->field_delta[ids[i]] += sign;
    mutex_unlock(&plan->lock);
}

static void count_document(struct block_plan *plan, struct codec *codec, struct json_value doc,
                           int sign)
{
    /* It adds no names, so all jobs may read them at once. */
    fields__walk(&plan->docs->fields, false, doc, &codec->walk);
    count(plan, codec->walk.ids, codec->walk.n, sign);
}

static enum rc parse_old(struct block_job *j, struct codec *codec, struct bytes old,
                         struct json_value *ret_value)
{
    struct json_error at;

    if (json_parse(codec->json, old, &index__json_limits, ret_value, &at) == RC_OK &&
        json_type(*ret_value) == JSON_OBJECT)
        return RC_OK;
    return err_set(&j->err, RC_CORRUPT, NULL, "a stored document is not a JSON object");
}

static enum rc look_delete(struct block_plan *plan, struct block_job *j, struct codec *codec,
                           struct bytes old)
{
    struct json_value was;
    enum rc rc = parse_old(j, codec, old, &was);

    if (rc == RC_OK)
        count_document(plan, codec, was, -1);
    return rc;
}

static enum rc look_put(struct block_plan *plan, struct block_job *j, struct codec *codec,
                        struct edit *e, struct bytes old)
{
    const struct pending *p = plan->docs;
    const struct op *o = &p->ops[e->op];
    const struct shape *shape = &p->shapes[o->shape];
    struct json_value was;
    enum rc rc;

    if (bytes_eq(old, op_json(o))) {
        e->same = true;
        return RC_OK;
    }
    if (document_same_names(e->mark, p->slots[e->slot].entry.mark))
        return RC_OK;
    rc = parse_old(j, codec, old, &was);
    if (rc != RC_OK)
        return rc;
    count_document(plan, codec, was, -1);
    if (shape->n)
        count(plan, p->shape_ids + shape->at, shape->n, 1);
    return RC_OK;
}

static enum rc look_merge(struct block_plan *plan, struct block_job *j, struct codec *codec,
                          struct edit *e, struct bytes old)
{
    struct json_value was, laid;
    struct json_error at;
    struct bytes now;
    enum rc rc;

    rc = parse_old(j, codec, old, &was);
    if (rc != RC_OK)
        return rc;
    if (json_parse(codec->json_two, op_json(&plan->docs->ops[e->op]), &index__json_limits, &laid,
                   &at) != RC_OK)
        return err_set(&j->err, RC_INTERNAL, NULL, "members to lay over do not parse");
    buf_clear(&codec->merged);
    document__merge(was, laid, &codec->merged);
    now = buf_view(&codec->merged);
    if (bytes_eq(old, now)) {
        e->same = true;
        return RC_OK;
    }
    if (json_parse(codec->json_two, now, &index__json_limits, &laid, &at) != RC_OK)
        return err_set(&j->err, RC_INTERNAL, NULL, "a merged document does not parse");
    count_document(plan, codec, was, -1);
    count_document(plan, codec, laid, 1);
    e->mark = document_mark(fields__hash(&plan->docs->fields, codec->walk.ids, codec->walk.n), now);
    e->n = (uint32_t)now.n;
    e->laid_at = j->laid.n;
    j->laid.limit = BUF_NO_LIMIT;
    (void)buf_bytes(&j->laid, now);
    return RC_OK;
}

static enum rc look_at(struct block_plan *plan, struct block_job *j, struct codec *codec,
                       struct edit *e, struct bytes old)
{
    if (e->op == NO_OP)
        return look_delete(plan, j, codec, old);
    if (plan->docs->ops[e->op].kind == OP_PUT)
        return look_put(plan, j, codec, e, old);
    return look_merge(plan, j, codec, e, old);
}

/* The documents that are live, and stay so. */
static void gather(struct block_plan *plan, struct block_job *j, const struct block_docs *docs)
{
    const struct edit *e = plan->edits + j->edit, *end = e + j->n_edits;
    size_t i;

    for (i = 0; i < docs->n; i++) {
        if (e < end && e->row == docs->ids[i]) {
            if (e++->same)
                block_job__add(j, docs->ids[i], block_docs__json(docs, i));
        } else if (rows__is_live(plan->rows, docs->ids[i])) {
            block_job__add(j, docs->ids[i], block_docs__json(docs, i));
        }
    }
}

static enum rc look(struct block_plan *plan, struct block_job *j, struct codec *codec)
{
    const struct dir_entry *was = &plan->old->at[j->lo];
    struct block_docs *docs = &codec->docs;
    uint32_t n_live = j->n_live;
    size_t i;
    enum rc rc;

    rc = block__inflate(codec->decoder, buf_view(&j->old), was->first, was->count, docs, &j->err);
    for (i = 0; rc == RC_OK && i < j->n_edits; i++) {
        struct edit *e = &plan->edits[j->edit + i];
        size_t place = block__place(docs->ids, docs->n, e->row);

        if (place == docs->n)
            return err_set(&j->err, RC_CORRUPT, NULL, "a document is not in its block");
        rc = look_at(plan, j, codec, e, block_docs__json(docs, place));
        n_live -= e->same ? 0 : 1;
    }
    if (rc != RC_OK)
        return rc;
    j->rewrite = block_job__is_worn(was->count, n_live);
    if (j->rewrite || j->reopen)
        gather(plan, j, docs);
    return RC_OK;
}

void block_job__look(struct block_plan *plan, struct block_job *j)
{
    struct codec *codec;

    if (!j->look)
        return;
    codec = codec__take(plan->change->catalog);
    j->rc = look(plan, j, codec);
    codec__give(plan->change->catalog, codec);
}

/* ---- writing --------------------------------------------------------------------------- */

void block_job__encode(struct block_plan *plan, struct block_job *j)
{
    struct codec *codec;
    size_t head;

    if (j->n == 0)
        return;
    codec = codec__take(plan->change->catalog);
    buf_init(&j->value, BUF_NO_LIMIT);
    block__head_put(&j->value, j->ids, j->n);
    head = j->value.n;
    j->rc = frame_encode(codec->encoder, buf_view(&j->content), &j->value, &j->err);
    j->frame = j->value.n - head;
    codec__give(plan->change->catalog, codec);
}

/* The documents of more go behind those of job. */
static void append_job(struct block_job *j, const struct block_job *more)
{
    if (!more->n)
        return;
    j->content.limit = BUF_NO_LIMIT;
    (void)buf_bytes(&j->content, buf_view(&more->content));
    j->ids = index__grow(j->ids, sizeof *j->ids, j->n + more->n, &j->ids_cap);
    memcpy(j->ids + j->n, more->ids, more->n * sizeof *j->ids);
    j->n += more->n;
}

void block_job__join(struct block_job *prev, struct block_job *job)
{
    append_job(prev, job);
    prev->lo = job->lo < prev->lo ? job->lo : prev->lo;
    prev->hi = job->hi > prev->hi ? job->hi : prev->hi;
    prev->old_frame += job->old_frame;
    block_job__done(job);
}
