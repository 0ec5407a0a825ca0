/* SPDX-License-Identifier: MIT */
/*
 * api_message.c -- stored records to answer messages.
 *
 * Messages are made in an arena whose limit has been lifted: their size is
 * bounded by that of the records they show. Any thread.
 */
#include "api/api_int.h"

#include "base/assert.h"
#include "base/clock.h"
#include "rpc/status.h"

#include <string.h>

ProtobufCMessage *api_new_message(struct arena *arena, const ProtobufCMessageDescriptor *desc)
{
    ProtobufCMessage *msg = pb_new(arena, desc);

    ASSERT(msg);
    return msg;
}

void *api_alloc(struct arena *arena, size_t n)
{
    void *p = arena_alloc(arena, n);

    ASSERT(p);
    return p;
}

const char *api_enum_name(const struct pb_enum_meta *meta, int number)
{
    unsigned i;

    for (i = 0; i < meta->desc->n_values; i++)
        if (meta->desc->values[i].value == number && meta->json_names[i])
            return meta->json_names[i];
    return "";
}

Google__Protobuf__Timestamp *api_timestamp(struct arena *arena, int64_t wall_ns)
{
    Google__Protobuf__Timestamp *t =
        API_NEW(arena, Google__Protobuf__Timestamp, google__protobuf__timestamp);

    t->seconds = wall_ns / NS_PER_S;
    t->nanos = (int32_t)(wall_ns % NS_PER_S);
    if (t->nanos < 0) {
        t->nanos += (int32_t)NS_PER_S;
        t->seconds--;
    }
    return t;
}

int64_t api_timestamp_ns(const Google__Protobuf__Timestamp *t)
{
    const int64_t limit = INT64_MAX / NS_PER_S - 1;

    if (!t)
        return 0;
    if (t->seconds > limit)
        return INT64_MAX;
    if (t->seconds < -limit)
        return INT64_MIN;
    return t->seconds * NS_PER_S + t->nanos;
}

Google__Protobuf__Duration *api_duration(struct arena *arena, int64_t ns)
{
    Google__Protobuf__Duration *d =
        API_NEW(arena, Google__Protobuf__Duration, google__protobuf__duration);

    d->seconds = ns / NS_PER_S;
    d->nanos = (int32_t)(ns % NS_PER_S);
    return d;
}

Lode__V1__TaskSummary *api_task_summary(struct arena *arena, const task_record *task)
{
    Lode__V1__TaskSummary *s = API_NEW(arena, Lode__V1__TaskSummary, lode__v1__task_summary);

    s->task_uid = task->uid;
    s->status = (Lode__V1__TaskStatus)task->status;
    s->type = (Lode__V1__TaskType)task->type;
    s->enqueued_at = api_timestamp(arena, task->enqueued_unix_ns);
    if (task->index_uid[0]) {
        s->index_case = LODE__V1__TASK_SUMMARY__INDEX_INDEX_UID;
        s->index_uid = task->index_uid;
    }
    if (task->has_metadata) {
        s->metadata_case = LODE__V1__TASK_SUMMARY__METADATA_CUSTOM_METADATA;
        s->custom_metadata = task->custom_metadata;
    }
    return s;
}

Lode__V1__TaskProgress *api_task_progress(struct arena *arena, const struct task_progress *progress)
{
    Lode__V1__TaskProgress *p = API_NEW(arena, Lode__V1__TaskProgress, lode__v1__task_progress);

    p->documents = progress->documents;
    p->total_documents = progress->total_documents;
    p->bytes = progress->bytes;
    p->total_bytes = progress->total_bytes;
    p->indexed = progress->indexed;
    p->total_to_index = progress->total_to_index;
    return p;
}

/* ---- details by type -------------------------------------------------------------------- */

static void addition_details(struct arena *arena, const task_record *task, bool ended,
                             Lode__V1__TaskDetails *d)
{
    Lode__V1__DocumentAdditionDetails *m =
        API_NEW(arena, Lode__V1__DocumentAdditionDetails, lode__v1__document_addition_details);

    m->received_documents = task->received_documents;
    if (ended) {
        m->indexed_case = LODE__V1__DOCUMENT_ADDITION_DETAILS__INDEXED_INDEXED_DOCUMENTS;
        m->indexed_documents = task->done_documents;
    }
    d->kind_case = LODE__V1__TASK_DETAILS__KIND_DOCUMENT_ADDITION;
    d->document_addition = m;
}

static void deletion_details(struct arena *arena, const task_record *task, bool ended,
                             Lode__V1__TaskDetails *d)
{
    if (task->all_documents) {
        Lode__V1__DocumentClearDetails *m =
            API_NEW(arena, Lode__V1__DocumentClearDetails, lode__v1__document_clear_details);

        if (ended) {
            m->deleted_case = LODE__V1__DOCUMENT_CLEAR_DETAILS__DELETED_DELETED_DOCUMENTS;
            m->deleted_documents = task->done_documents;
        }
        d->kind_case = LODE__V1__TASK_DETAILS__KIND_DOCUMENT_CLEAR;
        d->document_clear = m;
    } else {
        Lode__V1__DocumentDeletionDetails *m =
            API_NEW(arena, Lode__V1__DocumentDeletionDetails, lode__v1__document_deletion_details);

        m->provided_ids = task->received_documents; /* the ids themselves are not kept */
        if (ended) {
            m->deleted_case = LODE__V1__DOCUMENT_DELETION_DETAILS__DELETED_DELETED_DOCUMENTS;
            m->deleted_documents = task->done_documents;
        }
        if (task->filter) {
            m->filter_case = LODE__V1__DOCUMENT_DELETION_DETAILS__FILTER_ORIGINAL_FILTER;
            m->original_filter = task->filter->original;
        }
        d->kind_case = LODE__V1__TASK_DETAILS__KIND_DOCUMENT_DELETION;
        d->document_deletion = m;
    }
}

static void settings_details(struct arena *arena, const task_record *task, Lode__V1__TaskDetails *d)
{
    Lode__V1__SettingsUpdateDetails *m =
        API_NEW(arena, Lode__V1__SettingsUpdateDetails, lode__v1__settings_update_details);

    m->n_changes = 1;
    m->changes = api_alloc(arena, sizeof *m->changes);
    m->changes[0] = task->settings_change;
    d->kind_case = LODE__V1__TASK_DETAILS__KIND_SETTINGS_UPDATE;
    d->settings_update = m;
}

static void index_creation_details(struct arena *arena, const task_record *task,
                                   Lode__V1__TaskDetails *d)
{
    Lode__V1__IndexCreationDetails *m =
        API_NEW(arena, Lode__V1__IndexCreationDetails, lode__v1__index_creation_details);

    if (task->has_primary_key) {
        m->key_case = LODE__V1__INDEX_CREATION_DETAILS__KEY_PRIMARY_KEY;
        m->primary_key = task->primary_key;
    }
    d->kind_case = LODE__V1__TASK_DETAILS__KIND_INDEX_CREATION;
    d->index_creation = m;
}

static void index_update_details(struct arena *arena, const task_record *task,
                                 Lode__V1__TaskDetails *d)
{
    Lode__V1__IndexUpdateDetails *m =
        API_NEW(arena, Lode__V1__IndexUpdateDetails, lode__v1__index_update_details);

    if (task->has_primary_key) {
        m->key_case = LODE__V1__INDEX_UPDATE_DETAILS__KEY_PRIMARY_KEY;
        m->primary_key = task->primary_key;
    }
    if (task->new_uid[0]) {
        m->old_uid_case = LODE__V1__INDEX_UPDATE_DETAILS__OLD_UID_OLD_INDEX_UID;
        m->old_index_uid = task->index_uid;
        m->new_uid_case = LODE__V1__INDEX_UPDATE_DETAILS__NEW_UID_NEW_INDEX_UID;
        m->new_index_uid = task->new_uid;
    }
    d->kind_case = LODE__V1__TASK_DETAILS__KIND_INDEX_UPDATE;
    d->index_update = m;
}

static void index_deletion_details(struct arena *arena, const task_record *task, bool ended,
                                   Lode__V1__TaskDetails *d)
{
    Lode__V1__IndexDeletionDetails *m =
        API_NEW(arena, Lode__V1__IndexDeletionDetails, lode__v1__index_deletion_details);

    if (ended) {
        m->deleted_case = LODE__V1__INDEX_DELETION_DETAILS__DELETED_DELETED_DOCUMENTS;
        m->deleted_documents = task->done_documents;
    }
    d->kind_case = LODE__V1__TASK_DETAILS__KIND_INDEX_DELETION;
    d->index_deletion = m;
}

static void swap_details(struct arena *arena, const task_record *task, Lode__V1__TaskDetails *d)
{
    Lode__V1__IndexSwapDetails *m =
        API_NEW(arena, Lode__V1__IndexSwapDetails, lode__v1__index_swap_details);
    size_t i;

    m->n_swaps = task->n_swap_a;
    m->swaps = api_alloc(arena, sizeof(*m->swaps) * (m->n_swaps + 1));
    for (i = 0; i < m->n_swaps; i++) {
        Lode__V1__IndexSwap *swap = API_NEW(arena, Lode__V1__IndexSwap, lode__v1__index_swap);

        swap->n_indexes = 2;
        swap->indexes = api_alloc(arena, 2 * sizeof(char *));
        swap->indexes[0] = task->swap_a[i];
        swap->indexes[1] = task->swap_b[i];
        swap->rename = i < task->n_swap_rename && task->swap_rename[i];
        m->swaps[i] = swap;
    }
    d->kind_case = LODE__V1__TASK_DETAILS__KIND_INDEX_SWAP;
    d->index_swap = m;
}

static void cancelation_details(struct arena *arena, const task_record *task, bool ended,
                                Lode__V1__TaskDetails *d)
{
    Lode__V1__TaskCancelationDetails *m =
        API_NEW(arena, Lode__V1__TaskCancelationDetails, lode__v1__task_cancelation_details);

    m->matched_tasks = task->matched_tasks;
    if (task->filter)
        m->original_filter = task->filter->original;
    if (ended) {
        m->canceled_case = LODE__V1__TASK_CANCELATION_DETAILS__CANCELED_CANCELED_TASKS;
        m->canceled_tasks = task->done_tasks;
    }
    d->kind_case = LODE__V1__TASK_DETAILS__KIND_TASK_CANCELATION;
    d->task_cancelation = m;
}

static void task_deletion_details(struct arena *arena, const task_record *task, bool ended,
                                  Lode__V1__TaskDetails *d)
{
    Lode__V1__TaskDeletionDetails *m =
        API_NEW(arena, Lode__V1__TaskDeletionDetails, lode__v1__task_deletion_details);

    m->matched_tasks = task->matched_tasks;
    if (task->filter)
        m->original_filter = task->filter->original;
    if (ended) {
        m->deleted_case = LODE__V1__TASK_DELETION_DETAILS__DELETED_DELETED_TASKS;
        m->deleted_tasks = task->done_tasks;
    }
    d->kind_case = LODE__V1__TASK_DETAILS__KIND_TASK_DELETION;
    d->task_deletion = m;
}

static void dump_details(struct arena *arena, const task_record *task, bool ended,
                         Lode__V1__TaskDetails *d)
{
    Lode__V1__DumpCreationDetails *m =
        API_NEW(arena, Lode__V1__DumpCreationDetails, lode__v1__dump_creation_details);

    if (ended) {
        m->dump_case = LODE__V1__DUMP_CREATION_DETAILS__DUMP_DUMP_UID;
        m->dump_uid = task->dump_uid;
        m->wait_case = LODE__V1__DUMP_CREATION_DETAILS__WAIT_BARRIER_WAIT_MS;
        m->barrier_wait_ms = (double)task->barrier_wait_ns / (double)NS_PER_MS;
        m->held_case = LODE__V1__DUMP_CREATION_DETAILS__HELD_BARRIER_HELD_MS;
        m->barrier_held_ms = (double)task->barrier_held_ns / (double)NS_PER_MS;
    }
    d->kind_case = LODE__V1__TASK_DETAILS__KIND_DUMP_CREATION;
    d->dump_creation = m;
}

Lode__V1__TaskDetails *api_task_details(struct arena *arena, const task_record *task)
{
    Lode__V1__TaskDetails *d = API_NEW(arena, Lode__V1__TaskDetails, lode__v1__task_details);
    bool ended = task->status != TASK_ENQUEUED && task->status != TASK_PROCESSING;

    switch ((enum task_type)task->type) {
    case TASK_DOCUMENT_ADDITION:
        addition_details(arena, task, ended, d);
        break;
    case TASK_DOCUMENT_DELETION:
        deletion_details(arena, task, ended, d);
        break;
    case TASK_SETTINGS_UPDATE:
        settings_details(arena, task, d);
        break;
    case TASK_INDEX_CREATION:
        index_creation_details(arena, task, d);
        break;
    case TASK_INDEX_UPDATE:
        index_update_details(arena, task, d);
        break;
    case TASK_INDEX_DELETION:
        index_deletion_details(arena, task, ended, d);
        break;
    case TASK_INDEX_SWAP:
        swap_details(arena, task, d);
        break;
    case TASK_TASK_CANCELATION:
        cancelation_details(arena, task, ended, d);
        break;
    case TASK_TASK_DELETION:
        task_deletion_details(arena, task, ended, d);
        break;
    case TASK_DUMP_CREATION:
        dump_details(arena, task, ended, d);
        break;
    }
    return d->kind_case == LODE__V1__TASK_DETAILS__KIND__NOT_SET ? NULL : d;
}

static Lode__V1__ErrorInfo *task_error(struct arena *arena, const task_record *task)
{
    Lode__V1__ErrorInfo *e = API_NEW(arena, Lode__V1__ErrorInfo, lode__v1__error_info);

    e->message = task->error_message;
    e->code = task->error_word;
    e->type = arena_strdup(arena, rpc_word_type(task->error_word));
    e->link = arena_printf(arena, "%s%s", RPC_ERROR_LINK, task->error_word);
    return e;
}

Lode__V1__Task *api_task(struct arena *arena, const task_record *task,
                         const struct task_progress *progress)
{
    Lode__V1__Task *t = API_NEW(arena, Lode__V1__Task, lode__v1__task);

    t->uid = task->uid;
    t->status = (Lode__V1__TaskStatus)task->status;
    t->type = (Lode__V1__TaskType)task->type;
    if (task->has_batch) {
        t->batch_case = LODE__V1__TASK__BATCH_BATCH_UID;
        t->batch_uid = task->batch_uid;
    }
    if (task->index_uid[0]) {
        t->index_case = LODE__V1__TASK__INDEX_INDEX_UID;
        t->index_uid = task->index_uid;
    }
    if (task->was_canceled) {
        t->cancel_case = LODE__V1__TASK__CANCEL_CANCELED_BY;
        t->canceled_by = task->canceled_by;
    }
    t->details = api_task_details(arena, task);
    if (task->status == TASK_FAILED)
        t->error = task_error(arena, task);
    t->enqueued_at = api_timestamp(arena, task->enqueued_unix_ns);
    if (task->started_unix_ns)
        t->started_at = api_timestamp(arena, task->started_unix_ns);
    if (task->finished_unix_ns) {
        t->finished_at = api_timestamp(arena, task->finished_unix_ns);
        if (task->started_unix_ns && task->finished_unix_ns >= task->started_unix_ns)
            t->duration = api_duration(arena, task->finished_unix_ns - task->started_unix_ns);
    }
    if (task->has_metadata) {
        t->metadata_case = LODE__V1__TASK__METADATA_CUSTOM_METADATA;
        t->custom_metadata = task->custom_metadata;
    }
    if (progress && task->status == TASK_PROCESSING)
        t->progress = api_task_progress(arena, progress);
    return t;
}
