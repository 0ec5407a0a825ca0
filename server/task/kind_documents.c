/* SPDX-License-Identifier: MIT */
/*
 * kind_documents.c -- what additions and deletions of documents do.
 *
 * An addition makes its index if it is missing; should it fail, the rollback
 * takes the index away again with all the rest.
 *
 * A deletion by filter finds its documents in the committed state, so nothing of
 * its batch may stand before it: such a task is alone in its batch (task_writer.c).
 */
#include "index/index.h"
#include "query/query.h"
#include "task/task_int.h"
#include "json/json.h"

#include <string.h>

enum rc task__need_index(struct task__run *run, const task_record *task, uint32_t *ret_id,
                         struct err *err)
{
    struct bytes uid = bytes_str(task->index_uid);
    struct index_info info;
    enum rc rc = change_find(run->change, uid, &info, err);

    if (rc == RC_OK)
        *ret_id = info.id;
    else if (rc == RC_NOT_FOUND)
        rc = change_create_index(run->change, uid, (struct bytes){0}, run->now_ns, ret_id, err);
    return rc;
}

struct addition {
    struct task__run *run;
    const task_record *task;
    struct document_opts opts;
    uint32_t index_id;
    uint64_t n_done;
    bool begun;
};

static enum rc begin(struct addition *a, struct bytes first, struct err *err)
{
    a->begun = true;
    return change_documents_begin(a->run->change, a->index_id, &a->opts, first, a->run->now_ns,
                                  err);
}

static enum rc add(struct addition *a, struct bytes json, struct err *err)
{
    enum rc rc = RC_OK;

    if (!a->begun)
        rc = begin(a, json, err);
    if (rc == RC_OK)
        rc = change_document(a->run->change, a->index_id, json, &a->opts, err);
    if (rc == RC_OK)
        rc = task__run_step(a->run, json.n, err);
    a->n_done++;
    return rc;
}

static enum rc add_content(struct addition *a, struct bytes content, uint32_t n_documents,
                           struct err *err)
{
    struct record record;
    enum rc rc = RC_OK;
    uint32_t n = 0;

    while (rc == RC_OK && record_next(&content, &record, &rc, err)) {
        if (record.kind != LODE__DUMP__V1__RECORD__KIND_TASK_DOCUMENT)
            return err_set(err, RC_CORRUPT, NULL, "a payload holds what is no document");
        rc = add(a, record.document, err);
        n++;
    }
    if (rc == RC_OK && n != n_documents)
        rc = err_set(err, RC_CORRUPT, NULL, "a frame of a payload holds %u documents, not %u", n,
                     n_documents);
    return rc;
}

/* All documents of the payload, in order. */
static enum rc add_all(struct addition *a, struct err *err)
{
    struct frame_decoder *decoder = frame_decoder_new();
    struct task__payload_reader *reader = NULL;
    struct bytes frame = {0}, content = {0};
    uint32_t n_documents = 0;
    bool more = false;
    enum rc rc;

    rc = task__payload_open(a->run->q->dir, a->task, &reader, err);
    if (rc != RC_OK)
        goto out;
    for (;;) {
        rc = task__payload_next(reader, &frame, &n_documents, &more, err);
        if (rc != RC_OK || !more)
            break;
        rc = frame_decode(decoder, frame, RECORD_FRAME_MAX, &content, err);
        if (rc == RC_TOO_LARGE) /* of our own making: the frame is damaged, not the task wrong */
            err->rc = rc = RC_CORRUPT;
        if (rc == RC_OK)
            rc = add_content(a, content, n_documents, err);
        if (rc != RC_OK)
            break;
    }

out:
    task__payload_close(reader);
    frame_decoder_free(decoder);
    return rc;
}

enum rc task__run_addition(struct task__run *run, task_record *task, struct err *err)
{
    struct addition a = {.run = run, .task = task};
    enum rc rc;

    a.opts.replace = task->replace;
    a.opts.skip_creation = task->skip_creation;
    if (task->has_primary_key)
        a.opts.primary_key = bytes_str(task->primary_key);
    rc = task__need_index(run, task, &a.index_id, err);
    if (rc == RC_OK)
        rc = add_all(&a, err);
    if (rc == RC_OK && !a.begun) /* no document at all: the primary key is still looked at */
        rc = begin(&a, (struct bytes){0}, err);
    if (rc == RC_OK && a.n_done != task->received_documents)
        rc = err_set(err, RC_CORRUPT, NULL, "a payload holds %llu documents, not %llu",
                     (unsigned long long)a.n_done, (unsigned long long)task->received_documents);
    if (rc == RC_OK)
        task->done_documents = a.n_done;
    return rc;
}

/* ---- deletions by filter --------------------------------------------------------------- */

/* Ids of what matches, each with a zero byte behind it: no id has one. */
struct matches {
    struct task__run *run;
    struct json_parser *parser;
    struct bytes primary_key;
    struct buf id, all;
};

static enum rc note_match(void *arg, struct bytes json, struct err *err)
{
    struct matches *m = arg;
    enum rc rc = document_id_of(m->parser, json, m->primary_key, &m->id, err);

    if (rc != RC_OK)
        return task__machine(rc, err);
    buf_bytes(&m->all, buf_view(&m->id));
    buf_byte(&m->all, 0);
    return task__run_step(m->run, 0, err);
}

static enum rc find_matches(struct matches *m, const task_record *task, struct err *err)
{
    /* Features were asked for when the task was taken. */
    struct documents_query query = {.limit = UINT64_MAX, .contains_filter = true};
    struct catalog_view *view = NULL;
    struct index_info info;
    uint64_t total = 0;
    enum rc rc;

    rc = catalog_view_open(m->run->q->opts.catalog, &view, err);
    if (rc == RC_OK)
        rc = catalog_view_find(view, bytes_str(task->index_uid), &info, err);
    if (rc == RC_OK) {
        m->primary_key = bytes_str(info.primary_key ? info.primary_key : "");
        query.filter = bytes_str(task->filter->original);
        rc = query_documents(view, info.id, &query, note_match, m, &total, err);
    }
    catalog_view_close(view);
    if (rc == RC_INVALID && strncmp(err->msg, "Index `", 7) != 0)
        (void)err_prefix(err, "Index `%s`: ", task->index_uid);
    return rc;
}

static enum rc delete_matches(struct task__run *run, const task_record *task, uint32_t index_id,
                              uint64_t *n_deleted, struct err *err)
{
    struct matches m = {.run = run, .parser = json_parser_new()};
    struct bytes rest;
    enum rc rc;

    buf_init(&m.id, DOCUMENT_ID_MAX + 1);
    buf_init(&m.all, BUF_NO_LIMIT);
    rc = find_matches(&m, task, err);
    rest = buf_view(&m.all);
    while (rc == RC_OK && rest.n > 0) {
        struct bytes id = bytes_str((const char *)rest.p);
        bool deleted = false;

        rc = change_delete_document(run->change, index_id, id, run->now_ns, &deleted, err);
        *n_deleted += deleted;
        rest = bytes_of(rest.p + id.n + 1, rest.n - id.n - 1);
        if (rc == RC_OK)
            rc = task__run_step(run, 0, err);
    }
    buf_done(&m.all);
    buf_done(&m.id);
    json_parser_free(m.parser);
    return rc;
}

enum rc task__run_deletion(struct task__run *run, task_record *task, struct err *err)
{
    struct index_info info;
    uint64_t n_deleted = 0;
    enum rc rc;
    size_t i;

    rc = change_find(run->change, bytes_str(task->index_uid), &info, err);
    if (rc == RC_OK && task->all_documents)
        rc = change_delete_all(run->change, info.id, run->now_ns, &n_deleted, err);
    else if (rc == RC_OK && task->filter)
        rc = delete_matches(run, task, info.id, &n_deleted, err);
    for (i = 0; rc == RC_OK && i < task->n_ids; i++) {
        bool deleted = false;

        rc = change_delete_document(run->change, info.id, bytes_str(task->ids[i]), run->now_ns,
                                    &deleted, err);
        n_deleted += deleted;
        if (rc == RC_OK)
            rc = task__run_step(run, 0, err);
    }
    if (rc == RC_OK)
        task->done_documents = n_deleted;
    return rc;
}
