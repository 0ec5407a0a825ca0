/* SPDX-License-Identifier: MIT */
/*
 * dump_walk.c -- everything in a dump, in file order, verified on the way.
 *
 * Frames are taken off the window (dump_window.c), decoded, and their records
 * shown to the visitor.
 *
 * A verification is the same walk without a visitor, in which the documents,
 * nearly all of a dump, are only measured here and decoded by dump_check.c on
 * other threads.
 *
 * (1) A section's frames end exactly where it ends; its counts and its CRC-32C
 *     are those of the manifest.
 * (2) What the records say of each other holds: an index has as many documents
 *     as it says, payloads follow a task, nothing stands twice.
 */
#include "base/assert.h"
#include "base/mem.h"
#include "dump/dump_int.h"

#define KIND(name) LODE__DUMP__V1__SECTION_KIND__SECTION_KIND_##name
#define RECORD(name) LODE__DUMP__V1__RECORD__KIND_##name

struct walk {
    struct dump_reader *r;
    const struct dump_visitor *visitor;
    struct dump_progress *progress; /* may be NULL */
    struct arena *arena;            /* owned: the record being shown */

    struct dump__checker *checker; /* NULL: documents are decoded here */
    atomic_uint_fast64_t *counts;  /* owned; per section, by the checker */

    struct dump__window window;

    const Lode__Dump__V1__Section *section;
    size_t number;                           /* of section */
    uint64_t n_records, n_frames, n_content; /* of the section so far */
    uint32_t crc;

    uint64_t index_documents; /* what the last index record promised */
    uint64_t n_tasks, n_queued;
    bool seen_instance;
    bool from_visitor; /* the failure is the visitor's: no place in front of it */
};

/* ---- records ------------------------------------------------------------------------------------
 */

static enum rc corrupt(struct err *err, const char *why)
{
    return err_set(err, RC_CORRUPT, NULL, "%s", why);
}

static enum rc visited(struct walk *w, enum rc rc)
{
    w->from_visitor = rc != RC_OK;
    return rc;
}

static enum rc unpack(struct walk *w, const struct record *record,
                      const Lode__Dump__V1__Record **ret_msg, struct err *err)
{
    arena_reset(w->arena);
    arena_set_limit(w->arena, record_arena_limit(record->wire.n));
    return record_unpack(record, w->arena, ret_msg, err);
}

/* Content that holds document records and nothing else; how many goes to *ret_n. */
static enum rc count_documents(struct bytes content, uint32_t kind, uint32_t *ret_n,
                               struct err *err)
{
    struct record record;
    uint32_t n = 0;
    enum rc rc;

    for (; record_next(&content, &record, &rc, err); n++)
        if (record.kind != kind)
            return corrupt(err, "among documents stands another record");
    if (rc == RC_OK && n == 0)
        return corrupt(err, "a frame holds no record");
    *ret_n = n;
    return rc;
}

static enum rc show_block(struct walk *w, struct bytes frame, struct bytes content, struct err *err)
{
    uint32_t n;
    enum rc rc;

    rc = count_documents(content, RECORD(DOCUMENT), &n, err);
    if (rc != RC_OK)
        return rc;
    w->n_records += n;
    if (w->progress)
        atomic_fetch_add(&w->progress->documents, n);
    if (!w->visitor->block)
        return RC_OK;
    return visited(w, w->visitor->block(w->visitor->arg, frame, content, n, err));
}

static enum rc show_payload(struct walk *w, struct bytes frame, struct bytes content,
                            struct err *err)
{
    uint32_t n;
    enum rc rc;

    if (w->n_tasks == 0)
        return corrupt(err, "a payload stands before any task");
    rc = count_documents(content, RECORD(TASK_DOCUMENT), &n, err);
    if (rc != RC_OK)
        return rc;
    w->n_records += n;
    if (!w->visitor->task_payload)
        return RC_OK;
    return visited(w, w->visitor->task_payload(w->visitor->arg, frame, content, n, err));
}

/* The index record, and the settings record behind it. */
static enum rc show_index(struct walk *w, struct bytes content, struct err *err)
{
    const Lode__Dump__V1__Record *index = NULL, *settings = NULL;
    struct record first, second;
    enum rc rc;

    if (!record_next(&content, &first, &rc, err) || !record_next(&content, &second, &rc, err))
        return rc == RC_OK ? corrupt(err, "index or settings record is missing") : rc;
    if (first.kind != RECORD(INDEX) || second.kind != RECORD(SETTINGS) || content.n > 0)
        return corrupt(err, "these are not an index and its settings");
    arena_reset(w->arena);
    arena_set_limit(w->arena, record_arena_limit(first.wire.n) + record_arena_limit(second.wire.n));
    rc = record_unpack(&first, w->arena, &index, err);
    if (rc == RC_OK)
        rc = record_unpack(&second, w->arena, &settings, err);
    if (rc != RC_OK)
        return rc;
    if (strcmp(index->index->uid, w->section->index_uid) != 0)
        return err_set(err, RC_CORRUPT, NULL, "this is the index '%s'", index->index->uid);
    w->n_records += 2;
    w->index_documents = index->index->documents;
    if (!w->visitor->index)
        return RC_OK;
    return visited(
        w, w->visitor->index(w->visitor->arg, index->index,
                             bytes_of(settings->settings->json.data, settings->settings->json.len),
                             err));
}

/* One record of the keys or tasks section. */
static enum rc show_record(struct walk *w, const struct record *record, struct err *err)
{
    const struct dump_visitor *v = w->visitor;
    const Lode__Dump__V1__Record *msg = NULL;
    enum rc rc;

    if (!dump__kind_fits(w->section->kind, record->kind) || record->kind == RECORD(TASK_DOCUMENT))
        return err_set(err, RC_CORRUPT, NULL, "a record of kind %u does not belong here",
                       record->kind);
    rc = unpack(w, record, &msg, err);
    if (rc != RC_OK)
        return rc;
    if (record->kind == RECORD(KEY))
        return v->key ? visited(w, v->key(v->arg, msg->key, err)) : RC_OK;
    if (record->kind == RECORD(TASK)) {
        w->n_tasks++;
        w->n_queued += dump__is_queued(msg->task);
        return v->task ? visited(w, v->task(v->arg, msg->task, err)) : RC_OK;
    }
    if (w->seen_instance)
        return corrupt(err, "a second instance record");
    w->seen_instance = true;
    return v->instance ? visited(w, v->instance(v->arg, msg->instance, err)) : RC_OK;
}

static enum rc show_records(struct walk *w, struct bytes frame, struct bytes content,
                            struct err *err)
{
    struct bytes rest = content;
    struct record record;
    bool any = false;
    enum rc rc;

    while (record_next(&rest, &record, &rc, err)) {
        if (!any && record.kind == RECORD(TASK_DOCUMENT) && w->section->kind == KIND(TASKS))
            return show_payload(w, frame, content, err);
        any = true;
        w->n_records++;
        rc = show_record(w, &record, err);
        if (rc != RC_OK)
            return rc;
    }
    return rc == RC_OK && !any ? corrupt(err, "a frame holds no record") : rc;
}

static enum rc show_frame(struct walk *w, struct bytes frame, struct err *err)
{
    struct bytes content;
    enum rc rc;

    rc = frame_decode(w->r->decoder, frame, RECORD_FRAME_MAX, &content, err);
    if (rc != RC_OK)
        return rc;
    w->n_content += content.n;
    if (w->section->kind == KIND(DOCUMENTS))
        return show_block(w, frame, content, err);
    if (w->section->kind == KIND(INDEX))
        return show_index(w, content, err);
    if (w->section->kind == KIND(HEADER)) { /* dump_reader_open() has read it */
        w->n_records++;
        return RC_OK;
    }
    return show_records(w, frame, content, err);
}

/* ---- sections ------------------------------------------------------------------------ */

/* Adds the frame to the piece, which goes to the checkers when it is big enough. */
static enum rc defer_frame(struct walk *w, struct dump__piece *p, struct bytes frame,
                           uint64_t content, bool last)
{
    if (p->n == 0)
        *p = (struct dump__piece){.offset = w->window.at - frame.n,
                                  .section = w->number,
                                  .kind = w->section->kind,
                                  .crc_before = w->crc,
                                  .count = &w->counts[w->number]};
    p->n += frame.n;
    p->frames++;
    p->content += content;
    p->crc_after = crc32c(w->crc, frame);
    w->n_content += content;
    if (p->n < DUMP__PIECE && !last)
        return RC_OK;
    (void)dump__checker_add(w->checker, p); /* a failure is found at the end */
    p->n = 0;
    p->frames = 0;
    p->content = 0;
    return RC_OK;
}

static enum rc end_section(struct walk *w, bool deferred, struct err *err)
{
    const Lode__Dump__V1__Section *s = w->section;

    if (w->crc != s->crc32c)
        return corrupt(err, "the section's checksum is wrong");
    if (w->n_frames != s->frames || w->n_content != s->content_bytes ||
        (!deferred && w->n_records != s->records))
        return err_set(err, RC_CORRUPT, NULL,
                       "%llu records in %llu frames were found, the manifest says %llu in %llu",
                       (unsigned long long)w->n_records, (unsigned long long)w->n_frames,
                       (unsigned long long)s->records, (unsigned long long)s->frames);
    return RC_OK;
}

/* After the last section of an index: are all documents there? */
static enum rc end_index(struct walk *w, struct err *err)
{
    const Lode__Dump__V1__Manifest *m = w->r->info.manifest;
    const Lode__Dump__V1__Section *s = w->section;
    uint64_t documents = s->kind == KIND(DOCUMENTS) ? s->records : 0;

    if (s->kind != KIND(INDEX) && s->kind != KIND(DOCUMENTS))
        return RC_OK;
    if (s->kind == KIND(INDEX) && w->number + 1 < m->n_sections &&
        m->sections[w->number + 1]->kind == KIND(DOCUMENTS))
        return RC_OK;
    if (documents != w->index_documents)
        return err_set(err, RC_CORRUPT, NULL, "the index should have %llu documents, not %llu",
                       (unsigned long long)w->index_documents, (unsigned long long)documents);
    if (!w->visitor->index_end)
        return RC_OK;
    return visited(w, w->visitor->index_end(w->visitor->arg, err));
}

static enum rc walk_section(struct walk *w, uint64_t *ret_at, struct err *err)
{
    uint64_t end = w->section->offset + w->section->compressed_bytes;
    bool deferred = w->checker && w->section->kind == KIND(DOCUMENTS);
    struct dump__piece piece = {0};
    enum rc rc;

    w->n_records = w->n_frames = w->n_content = 0;
    w->crc = 0;
    *ret_at = w->window.at;
    while (w->window.at < end) {
        struct bytes frame;
        uint64_t content;

        *ret_at = w->window.at;
        rc = dump__window_frame(&w->window, end, &frame, &content, err);
        if (rc == RC_OK)
            rc = deferred ? defer_frame(w, &piece, frame, content, w->window.at == end)
                          : show_frame(w, frame, err);
        if (rc != RC_OK)
            return rc;
        w->crc = crc32c(w->crc, frame);
        w->n_frames++;
        if (w->progress)
            atomic_store(&w->progress->bytes, w->window.at);
    }
    *ret_at = w->section->offset;
    rc = end_section(w, deferred, err);
    return rc == RC_OK ? end_index(w, err) : rc;
}

static enum rc walk_sections(struct walk *w, struct err *err)
{
    const Lode__Dump__V1__Manifest *m = w->r->info.manifest;
    uint64_t at;
    enum rc rc;

    for (w->number = 0; w->number < m->n_sections; w->number++) {
        w->section = m->sections[w->number];
        rc = walk_section(w, &at, err);
        if (rc != RC_OK && w->from_visitor)
            return rc;
        if (rc != RC_OK)
            return dump__at_section(err, rc, w->section, w->number, at);
    }
    if (w->n_tasks != m->tasks || w->n_queued != m->queued_tasks)
        return err_set(err, RC_CORRUPT, NULL,
                       "%llu tasks, %llu of them queued, were found; the manifest says %llu and "
                       "%llu",
                       (unsigned long long)w->n_tasks, (unsigned long long)w->n_queued,
                       (unsigned long long)m->tasks, (unsigned long long)m->queued_tasks);
    return RC_OK;
}

/* The manifest's own bytes are the last under the SHA-256. */
static enum rc check_sha(struct walk *w, struct err *err)
{
    uint8_t digest[SHA256_SIZE];
    enum rc rc;

    ASSERT(w->window.at == w->r->trailer.manifest_offset);
    rc = dump__window_finish(&w->window, w->r->n_bytes - DUMP_TRAILER_SIZE, digest, err);
    if (rc != RC_OK)
        return rc;
    if (memcmp(digest, w->r->trailer.sha256, sizeof digest) != 0)
        return corrupt(err, "the SHA-256 of the file is not the one in its trailer");
    if (w->progress)
        atomic_store(&w->progress->bytes, w->r->n_bytes);
    return RC_OK;
}

static enum rc check_deferred(struct walk *w, struct err *err)
{
    const Lode__Dump__V1__Manifest *m = w->r->info.manifest;
    struct dump__piece bad = {0};
    size_t i;
    enum rc rc;

    rc = dump__checker_wait(w->checker, NULL, NULL, &bad, err);
    if (rc != RC_OK)
        return dump__at_section(err, rc, m->sections[bad.section], bad.section, bad.offset);
    for (i = 0; i < m->n_sections; i++) {
        const Lode__Dump__V1__Section *s = m->sections[i];
        uint64_t n = atomic_load(&w->counts[i]);

        if (s->kind != KIND(DOCUMENTS) || n == s->records)
            continue;
        (void)err_set(err, RC_CORRUPT, NULL, "%llu records were found, the manifest says %llu",
                      (unsigned long long)n, (unsigned long long)s->records);
        return dump__at_section(err, RC_CORRUPT, s, i, s->offset);
    }
    return RC_OK;
}

static enum rc run(struct walk *w, struct err *err)
{
    struct err why = {0};
    enum rc rc;

    w->arena = arena_new(0);
    dump__window_init(&w->window, w->r->fd, w->r->trailer.manifest_offset);
    rc = walk_sections(w, &why);
    if (rc == RC_OK && w->checker)
        rc = check_deferred(w, &why);
    if (rc == RC_OK)
        rc = check_sha(w, &why);
    if (rc != RC_OK && !w->from_visitor)
        (void)err_prefix(&why, "'%s': ", w->r->name);
    if (rc != RC_OK && err)
        *err = why;
    dump__window_done(&w->window);
    arena_free(w->arena);
    return rc;
}

enum rc dump_reader_walk(struct dump_reader *r, const struct dump_visitor *visitor, struct err *err)
{
    struct walk w = {.r = r, .visitor = visitor, .progress = visitor->progress};

    return run(&w, err);
}

enum rc dump_reader_verify(struct dump_reader *r, unsigned threads, struct dump_progress *progress,
                           struct err *err)
{
    static const struct dump_visitor nobody = {0};
    struct walk w = {.r = r, .visitor = &nobody, .progress = progress};
    enum rc rc;

    w.counts = xcalloc(r->info.manifest->n_sections, sizeof *w.counts);
    w.checker = dump__checker_new(r->fd, threads ? threads : dump__threads(), progress);
    rc = run(&w, err);
    dump__checker_free(w.checker);
    xfree(w.counts);
    return rc;
}
