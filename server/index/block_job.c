/* SPDX-License-Identifier: MIT */
/*
 * block_job.c -- one piece of writing blocks again: inflate, edit, compress.
 *
 * Jobs of a wave run on several threads. They read the change, which stands
 * still meanwhile, and write nothing but themselves and, under the plan's lock,
 * the counts of fields.
 */
#include "index/block_job.h"

#include "base/mem.h"

void block_job__done(struct block_job *j)
{
    size_t i;

    for (i = 0; i < j->n_pieces; i++)
        buf_done(&j->pieces[i].value);
    xfree(j->pieces);
    xfree(j->ids);
    xfree(j->ends);
    buf_done(&j->old);
    buf_done(&j->content);
    buf_done(&j->laid);
    xfree(j->laid_ends);
    *j = (struct block_job){0};
}

static void add_document(struct block_job *j, uint32_t doc, struct bytes json)
{
    (void)record_put_document(&j->content, json, false);
    j->ids = index__grow(j->ids, sizeof *j->ids, j->n + 1, &j->ids_cap);
    j->ends = index__grow(j->ends, sizeof *j->ends, j->n + 1, &j->ends_cap);
    j->ids[j->n] = doc;
    j->ends[j->n++] = (uint32_t)j->content.n;
}

/* Adds or takes away the fields of a document, which must parse. */
static void count(struct block_plan *plan, struct codec *codec, struct json_value doc, int sign)
{
    size_t i;

    /* It adds no names, so all jobs may read them at once. */
    fields__walk(&plan->docs->fields, false, doc, &codec->walk);
    mutex_lock(&plan->lock);
    for (i = 0; i < codec->walk.n; i++)
        plan->field_delta[codec->walk.ids[i]] += sign;
    mutex_unlock(&plan->lock);
}

static enum rc edit_document(struct block_plan *plan, struct block_job *j, struct codec *codec,
                             const struct edit *edit, struct bytes old)
{
    const struct op *o = edit->op == NO_OP ? NULL : &plan->docs->ops[edit->op];
    struct json_value was, laid;
    struct json_error at;
    struct bytes now;

    if (json_parse(codec->json, old, &index__json_limits, &was, &at) != RC_OK ||
        json_type(was) != JSON_OBJECT)
        return err_set(&j->err, RC_CORRUPT, NULL, "a stored document is not a JSON object");
    count(plan, codec, was, -1);
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
        count(plan, codec, laid, 1);
        (void)buf_bytes(&j->laid, now);
        j->laid_ends = index__grow(j->laid_ends, sizeof *j->laid_ends, j->n_laid + 1, &j->laid_cap);
        j->laid_ends[j->n_laid++] = j->laid.n;
    }
    j->json_delta += (int64_t)now.n;
    add_document(j, edit->doc, now);
    return RC_OK;
}

static enum rc rebuild_old(struct block_plan *plan, struct block_job *j, struct codec *codec)
{
    const struct dir_entry *was = &plan->old->at[j->lo];
    const struct edit *edit = plan->edits + j->edit, *end = edit + j->n_edits;
    struct block_docs *docs = &codec->docs;
    size_t i;
    enum rc rc;

    rc = block__inflate(codec->decoder, buf_view(&j->old), was->first, was->count, docs, &j->err);
    for (i = 0; rc == RC_OK && i < docs->n; i++) {
        struct bytes json = bytes_of(docs->content.p + docs->spans[i].at, docs->spans[i].n);

        if (edit == end || edit->doc != docs->ids[i])
            add_document(j, docs->ids[i], json);
        else
            rc = edit_document(plan, j, codec, edit++, json);
    }
    if (rc == RC_OK && edit != end)
        rc = err_set(&j->err, RC_CORRUPT, NULL, "a document is not in its block");
    j->small = j->content.n < BLOCK_SMALL && j->content.n < was->bytes;
    return rc;
}

static enum rc encode_piece(struct block_plan *plan, struct block_job *j, struct codec *codec,
                            size_t from, size_t to)
{
    size_t start = from ? j->ends[from - 1] : 0, head;
    struct bytes content = bytes_of(j->content.p + start, j->ends[to - 1] - start);
    struct block_piece *piece;
    enum rc rc;

    j->pieces = index__grow(j->pieces, sizeof *j->pieces, j->n_pieces + 1, &j->pieces_cap);
    piece = &j->pieces[j->n_pieces++];
    buf_init(&piece->value, BUF_NO_LIMIT);
    piece->entry = (struct dir_entry){.first = j->ids[from],
                                      .version = plan->version,
                                      .count = (uint32_t)(to - from),
                                      .bytes = (uint32_t)content.n};
    block__head_put(&piece->value, j->ids + from, to - from);
    head = piece->value.n;
    rc = frame_encode(codec->encoder, content, &piece->value, &j->err);
    piece->frame = piece->value.n - head;
    return rc;
}

static enum rc encode(struct block_plan *plan, struct block_job *j, struct codec *codec)
{
    size_t from, to;
    enum rc rc = RC_OK;

    j->coded = true;
    if (j->n == 0)
        return RC_OK;
    if (j->content.n <= BLOCK_SPLIT)
        return encode_piece(plan, j, codec, 0, j->n);
    for (from = 0; rc == RC_OK && from < j->n; from = to) {
        size_t start = from ? j->ends[from - 1] : 0;

        for (to = from + 1; to < j->n && j->ends[to] - start <= RECORD_BLOCK_TARGET; to++)
            ;
        rc = encode_piece(plan, j, codec, from, to);
    }
    return rc;
}

enum rc block_job__rebuild(struct block_plan *plan, struct block_job *j, struct codec *codec)
{
    enum rc rc = RC_OK;
    size_t i;

    j->built = true;
    buf_init(&j->content, BUF_NO_LIMIT);
    buf_init(&j->laid, BUF_NO_LIMIT);
    if (j->hi > j->lo)
        rc = rebuild_old(plan, j, codec);
    if (rc != RC_OK)
        return rc;
    (void)buf_reserve(&j->content, RECORD_BLOCK_TARGET);
    for (i = 0; i < j->n_born; i++) {
        struct bytes json = op_json(&plan->docs->ops[plan->new_ops[j->born + i]]);

        add_document(j, j->born_doc + (uint32_t)i, json);
        j->json_delta += (int64_t)json.n;
    }
    j->small = j->small && j->n_born == 0;
    return RC_OK;
}

void block_job__run(struct block_plan *plan, struct block_job *j)
{
    struct codec *codec;

    if (j->coded)
        return;
    codec = codec__take(plan->change->catalog);
    if (!j->built)
        j->rc = block_job__rebuild(plan, j, codec);
    else
        j->small = false; /* the second time: joined, or nobody to join with */
    if (j->rc == RC_OK && !j->small)
        j->rc = encode(plan, j, codec);
    codec__give(plan->change->catalog, codec);
}

void block_job__join(struct block_job *prev, struct block_job *job)
{
    uint32_t shift = (uint32_t)prev->content.n;
    size_t i;

    (void)buf_bytes(&prev->content, buf_view(&job->content));
    for (i = 0; i < job->n; i++) {
        prev->ids = index__grow(prev->ids, sizeof *prev->ids, prev->n + 1, &prev->ids_cap);
        prev->ends = index__grow(prev->ends, sizeof *prev->ends, prev->n + 1, &prev->ends_cap);
        prev->ids[prev->n] = job->ids[i];
        prev->ends[prev->n++] = shift + job->ends[i];
    }
    for (i = 0; i < prev->n_pieces; i++)
        buf_done(&prev->pieces[i].value);
    prev->n_pieces = 0;
    prev->coded = false;
    prev->hi = job->hi;
    prev->json_delta += job->json_delta;
    prev->old_frame += job->old_frame;
    prev->small = prev->content.n < BLOCK_SMALL;
    block_job__done(job);
    job->coded = true;
}

void block_job__absorb(struct block_job *j, struct block_job *empty)
{
    if (empty->lo < j->lo)
        j->lo = empty->lo;
    if (empty->hi > j->hi)
        j->hi = empty->hi;
    j->json_delta += empty->json_delta;
    j->old_frame += empty->old_frame;
    block_job__done(empty);
    empty->coded = true;
}
