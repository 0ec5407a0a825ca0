/* SPDX-License-Identifier: MIT */
/*
 * dump_manifest.c -- what a manifest may say, and how its sections are called.
 *
 * (1) The sections tile the file from 0 to the manifest: no byte is nobody's.
 * (2) Order: header, { index, documents? }*, keys?, tasks?
 * (3) Every number of a section is possible for its bytes, and the totals are
 *     the sums.
 *
 * Whether the sections hold what is said here, the walk finds out.
 */
#include "base/mem.h"
#include "dump/dump_int.h"

#include <lode/v1/common.pb-c.h>
#include <stdlib.h>

enum { SMALLEST_FRAME = 10 };

#define KIND(name) LODE__DUMP__V1__SECTION_KIND__SECTION_KIND_##name

static const char *kind_name(Lode__Dump__V1__SectionKind kind)
{
    switch ((int)kind) {
    case KIND(HEADER):
        return "header";
    case KIND(INDEX):
        return "index";
    case KIND(DOCUMENTS):
        return "documents";
    case KIND(KEYS):
        return "keys";
    case KIND(TASKS):
        return "tasks";
    default:
        return "unknown";
    }
}

enum rc dump__at_section(struct err *err, enum rc rc, const Lode__Dump__V1__Section *section,
                         size_t number, uint64_t offset)
{
    const char *uid = section->index_uid ? section->index_uid : "";

    if (err)
        (void)err_prefix(err, "section %zu (%s%s%s%s), offset %llu: ", number,
                         kind_name(section->kind), *uid ? " of '" : "", uid, *uid ? "'" : "",
                         (unsigned long long)offset);
    return rc;
}

bool dump__kind_fits(Lode__Dump__V1__SectionKind section, uint32_t record_kind)
{
    switch ((int)section) {
    case KIND(HEADER):
        return record_kind == LODE__DUMP__V1__RECORD__KIND_HEADER;
    case KIND(INDEX):
        return record_kind == LODE__DUMP__V1__RECORD__KIND_INDEX ||
               record_kind == LODE__DUMP__V1__RECORD__KIND_SETTINGS;
    case KIND(DOCUMENTS):
        return record_kind == LODE__DUMP__V1__RECORD__KIND_DOCUMENT;
    case KIND(KEYS):
        return record_kind == LODE__DUMP__V1__RECORD__KIND_KEY;
    case KIND(TASKS):
        return record_kind == LODE__DUMP__V1__RECORD__KIND_TASK ||
               record_kind == LODE__DUMP__V1__RECORD__KIND_TASK_DOCUMENT ||
               record_kind == LODE__DUMP__V1__RECORD__KIND_INSTANCE;
    default:
        return false;
    }
}

bool dump__is_queued(const Lode__Dump__V1__Task *task)
{
    return task->status == LODE__V1__TASK_STATUS__TASK_STATUS_ENQUEUED ||
           task->status == LODE__V1__TASK_STATUS__TASK_STATUS_PROCESSING;
}

/* May a section of this kind follow one of that kind? before: 0 at the start. */
static bool may_follow(int before, int kind)
{
    switch (kind) {
    case KIND(HEADER):
        return before == 0;
    case KIND(INDEX):
        return before == KIND(HEADER) || before == KIND(INDEX) || before == KIND(DOCUMENTS);
    case KIND(DOCUMENTS):
        return before == KIND(INDEX);
    case KIND(KEYS):
        return before == KIND(HEADER) || before == KIND(INDEX) || before == KIND(DOCUMENTS);
    case KIND(TASKS):
        return before != 0 && before != KIND(TASKS);
    default:
        return false;
    }
}

static bool belongs_to_index(int kind)
{
    return kind == KIND(INDEX) || kind == KIND(DOCUMENTS);
}

/* One section alone, and against the one before it. */
static const char *section_flaw(const Lode__Dump__V1__Section *s,
                                const Lode__Dump__V1__Section *before, uint64_t at)
{
    size_t n_uid = strlen(s->index_uid);

    if (!may_follow(before ? (int)before->kind : 0, (int)s->kind))
        return "it stands where it must not";
    if (s->offset != at)
        return "it does not begin where the one before it ends";
    if (belongs_to_index((int)s->kind) ? n_uid == 0 || n_uid > DUMP__UID_MAX : n_uid != 0)
        return "its index uid is missing, too long or out of place";
    if (s->kind == KIND(DOCUMENTS) && strcmp(s->index_uid, before->index_uid) != 0)
        return "its documents are of another index than the one before it";
    if (s->frames == 0 || s->frames > s->compressed_bytes / SMALLEST_FRAME)
        return "it cannot have so many frames";
    if (s->records < s->frames || s->content_bytes / 2 < s->records)
        return "it cannot have so many records";
    if (s->content_bytes / s->frames > RECORD_FRAME_MAX)
        return "it cannot have so much content";
    if (s->kind == KIND(HEADER) && (s->frames != 1 || s->records != 1))
        return "a header is one record";
    if (s->kind == KIND(INDEX) && (s->frames != 1 || s->records != 2))
        return "an index is two records in one frame";
    return NULL;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The uid that two INDEX sections have, or NULL. */
static const char *find_double(const Lode__Dump__V1__Manifest *m)
{
    const char **uids = xcalloc(m->n_sections, sizeof *uids), *found = NULL;
    size_t i, n = 0;

    for (i = 0; i < m->n_sections; i++)
        if (m->sections[i]->kind == KIND(INDEX))
            uids[n++] = m->sections[i]->index_uid;
    qsort(uids, n, sizeof *uids, compare_texts);
    for (i = 1; i < n && !found; i++)
        if (strcmp(uids[i - 1], uids[i]) == 0)
            found = uids[i];
    xfree(uids);
    return found;
}

static enum rc check_totals(const Lode__Dump__V1__Manifest *m, struct err *err)
{
    uint64_t documents = 0, indexes = 0, records = 0, frames = 0, keys = 0;
    size_t i;

    for (i = 0; i < m->n_sections; i++) {
        const Lode__Dump__V1__Section *s = m->sections[i];

        records += s->records;
        frames += s->frames;
        indexes += s->kind == KIND(INDEX);
        documents += s->kind == KIND(DOCUMENTS) ? s->records : 0;
        keys += s->kind == KIND(KEYS) ? s->records : 0;
    }
    if (m->records != records || m->frames != frames || m->indexes != indexes ||
        m->documents != documents || m->keys != keys || m->queued_tasks > m->tasks)
        return err_set(err, RC_CORRUPT, NULL,
                       "the manifest's totals are not the sums of its sections");
    return RC_OK;
}

enum rc dump__manifest_check(const Lode__Dump__V1__Manifest *m, uint64_t manifest_offset,
                             struct err *err)
{
    const Lode__Dump__V1__Section *before = NULL;
    const char *flaw;
    uint64_t at = 0;
    size_t i;

    for (i = 0; i < m->n_sections; i++) {
        const Lode__Dump__V1__Section *s = m->sections[i];

        flaw = section_flaw(s, before, at);
        if (!flaw && s->compressed_bytes > manifest_offset - at)
            flaw = "it passes the manifest";
        if (flaw) {
            (void)err_set(err, RC_CORRUPT, NULL, "the manifest says that %s", flaw);
            return dump__at_section(err, RC_CORRUPT, s, i, s->offset);
        }
        at += s->compressed_bytes;
        before = s;
    }
    if (at != manifest_offset || at == 0)
        return err_set(err, RC_CORRUPT, NULL,
                       "the manifest's sections end at offset %llu, but it stands at %llu",
                       (unsigned long long)at, (unsigned long long)manifest_offset);
    flaw = find_double(m);
    if (flaw)
        return err_set(err, RC_CORRUPT, NULL, "the index '%s' is in the dump twice", flaw);
    return check_totals(m, err);
}
