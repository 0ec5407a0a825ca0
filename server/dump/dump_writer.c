/* SPDX-License-Identifier: MIT */
/*
 * dump_writer.c -- a dump file from its first frame to its name.
 *
 *   header frame, { index frame, blocks }*, keys frames, task frames,
 *   manifest frame, trailer                        (README.md has the bytes)
 *
 * Finished frames pass through as they are (or through dump_gather.c); all other
 * records are collected into frames here. dump_output.c gets them to the file.
 *
 * (1) The first failure sticks: every later call answers it, and close drops the
 *     file, which had no name.
 * (2) An index gives as many documents as its record says: what LevelDB passed
 *     over in silence is missed here at the latest.
 * (3) The name is given only after: all pieces decoded, SHA-256 taken, trailer
 *     written, the finished file opened as a reader would, fsync.
 */
#include "base/assert.h"
#include "base/fault.h"
#include "base/mem.h"
#include "dump/dump_int.h"

#include <lode/dump/v1/dump_descriptor_set.h>

enum {
    META_FRAME = 256 << 10, /* content bytes of frames of keys and tasks */
};

#define KIND(name) LODE__DUMP__V1__SECTION_KIND__SECTION_KIND_##name
#define RECORD(name) LODE__DUMP__V1__RECORD__KIND_##name

struct dump_writer {
    struct fs_dir *dir;     /* borrowed */
    struct fs_draft *draft; /* owned, as the next four */
    struct dump__output *output;
    struct dump__gather *gather; /* NULL unless recompressing */
    struct frame_encoder *encoder;
    struct buf meta; /* records of the next frame made here */
    struct dump_writer_opts opts;
    uint64_t n_meta;
    Lode__Dump__V1__Manifest totals;
    uint64_t documents_expected; /* of the index being written */
    uint64_t documents_written;

    enum rc rc; /* of the first failure */
    struct err err;
    bool published;
};

/* Keeps the first failure and gives it back. */
static enum rc fail(struct dump_writer *w, enum rc rc, const struct err *why, struct err *err)
{
    if (w->rc == RC_OK) {
        w->rc = rc;
        w->err = *why;
    }
    if (err)
        *err = w->err;
    return w->rc;
}

static Lode__Dump__V1__Section *section(struct dump_writer *w)
{
    return dump__output_section(w->output);
}

/* ---- records to frames ------------------------------------------------------------------- */

static enum rc append_content(struct dump_writer *w, struct bytes content, uint64_t n_records,
                              struct err *err)
{
    struct buf frame;
    enum rc rc;

    buf_init(&frame, DUMP__FRAME_BYTES_MAX);
    rc = frame_encode(w->encoder, content, &frame, err);
    if (rc == RC_OK)
        rc = dump__output_append(w->output, buf_view(&frame), content.n, n_records, err);
    buf_done(&frame);
    return rc;
}

static enum rc flush_meta(struct dump_writer *w, struct err *err)
{
    enum rc rc;

    if (w->n_meta == 0)
        return RC_OK;
    rc = append_content(w, buf_view(&w->meta), w->n_meta, err);
    buf_clear(&w->meta);
    w->n_meta = 0;
    return rc;
}

static enum rc put_meta(struct dump_writer *w, const Lode__Dump__V1__Record *record,
                        struct err *err)
{
    size_t n = lode__dump__v1__record__get_packed_size(record) + VARINT_MAX;
    enum rc rc = RC_OK;

    if (w->meta.n + n > META_FRAME) /* one big record may fill a frame alone */
        rc = flush_meta(w, err);
    if (rc == RC_OK)
        rc = record_put(&w->meta, record, err);
    if (rc == RC_OK)
        w->n_meta++;
    return rc;
}

/* ---- sections ------------------------------------------------------------------------ */

static bool is_in(struct dump_writer *w, Lode__Dump__V1__SectionKind kind)
{
    return section(w) && section(w)->kind == kind;
}

/* Ends the running section; the caller begins the next. */
static enum rc end_section(struct dump_writer *w, struct err *err)
{
    const Lode__Dump__V1__Section *s;
    enum rc rc;

    rc = flush_meta(w, err);
    if (rc == RC_OK && w->gather)
        rc = dump__gather_flush(w->gather, err);
    if (rc != RC_OK)
        return rc;
    s = section(w);
    if ((is_in(w, KIND(INDEX)) || is_in(w, KIND(DOCUMENTS))) &&
        w->documents_written != w->documents_expected)
        return err_set(err, RC_CORRUPT, NULL,
                       "the index '%s' should hold %llu documents, but %llu came out of the "
                       "database",
                       s->index_uid, (unsigned long long)w->documents_expected,
                       (unsigned long long)w->documents_written);
    return RC_OK;
}

/* Makes `kind` the running section; the order of calls is the caller's promise. */
static enum rc enter(struct dump_writer *w, Lode__Dump__V1__SectionKind kind, struct err *err)
{
    enum rc rc;

    if (is_in(w, kind))
        return RC_OK;
    ASSERT(!w->published && section(w)->kind < kind);
    rc = end_section(w, err);
    if (rc == RC_OK)
        dump__output_begin(w->output, kind, "");
    return rc;
}

static enum rc write_header(struct dump_writer *w, struct err *err)
{
    Lode__Dump__V1__Header header;
    Lode__Dump__V1__Record record = LODE__DUMP__V1__RECORD__INIT;
    char writer[] = "lode " LODE_VERSION;
    enum rc rc;

    lode__dump__v1__header__init(&header);
    header.format_version = DUMP_FORMAT_VERSION;
    header.required_features = w->opts.required_features;
    header.writer_version = writer;
    header.dump_uid = xstrndup(w->opts.dump_uid.p, w->opts.dump_uid.n);
    header.instance_uid = xstrndup(w->opts.instance_uid.p, w->opts.instance_uid.n);
    header.created_unix_ns = w->opts.created_ns;
    header.descriptor_set.len = lode_dump_v1_dump_proto__descriptor_set_size;
    /* protobuf-c has no const bytes; packing only reads them. */
    header.descriptor_set.data = xmemdup(lode_dump_v1_dump_proto__descriptor_set,
                                         lode_dump_v1_dump_proto__descriptor_set_size);
    record.kind_case = RECORD(HEADER);
    record.header = &header;
    dump__output_begin(w->output, KIND(HEADER), "");
    rc = put_meta(w, &record, err);
    xfree(header.dump_uid);
    xfree(header.instance_uid);
    xfree(header.descriptor_set.data);
    return rc;
}

static enum rc emit_gathered(void *arg, struct bytes frame, uint32_t n_documents, struct err *err)
{
    struct dump_writer *w = arg;
    uint64_t content = 0;
    size_t n;
    enum rc rc;

    rc = frame_measure(frame, &n, &content, err);
    if (rc == RC_OK)
        rc = dump__output_append(w->output, frame, content, n_documents, err);
    return rc;
}

enum rc dump_writer_open(struct fs_dir *dir, const struct dump_writer_opts *opts,
                         struct dump_writer **ret_writer, struct err *err)
{
    struct dump_writer *w = xcalloc(1, sizeof *w);
    int level = opts->recompress_level;
    enum rc rc;

    w->dir = dir;
    w->opts = *opts;
    lode__dump__v1__manifest__init(&w->totals);
    buf_init(&w->meta, RECORD_FRAME_MAX);
    rc = fs_draft_open(dir, &w->draft, err);
    if (rc != RC_OK)
        goto out;
    w->output = dump__output_new(fs_draft_fd(w->draft), &w->opts);
    w->encoder = frame_encoder_new(level ? level : RECORD_FRAME_LEVEL);
    if (level)
        w->gather = dump__gather_new(level, dump__threads(), emit_gathered, w);
    rc = write_header(w, err);
    if (rc != RC_OK)
        goto out;
    *ret_writer = w;
    w = NULL;

out:
    dump_writer_close(w);
    return rc;
}

void dump_writer_close(struct dump_writer *w)
{
    if (!w)
        return;
    dump__gather_free(w->gather);
    dump__output_free(w->output);
    frame_encoder_free(w->encoder);
    fs_draft_close(w->draft);
    buf_done(&w->meta);
    xfree(w);
}

struct fs_draft *dump__writer_draft(struct dump_writer *w)
{
    return w->draft;
}

/* ---- what callers put in -----------------------------------------------------------------------
 */

static enum rc put_index(struct dump_writer *w, const Lode__Dump__V1__Index *index,
                         struct bytes settings, struct err *err)
{
    Lode__Dump__V1__Record record = LODE__DUMP__V1__RECORD__INIT;
    Lode__Dump__V1__Settings message = LODE__DUMP__V1__SETTINGS__INIT;
    Lode__Dump__V1__Index copy = *index;
    enum rc rc;

    rc = end_section(w, err);
    if (rc != RC_OK)
        return rc;
    dump__output_begin(w->output, KIND(INDEX), index->uid);
    w->totals.indexes++;
    w->documents_expected = index->documents;
    w->documents_written = 0;
    record.kind_case = RECORD(INDEX);
    record.index = &copy;
    rc = record_put(&w->meta, &record, err);
    if (rc != RC_OK)
        return rc;
    w->n_meta++;
    record.kind_case = RECORD(SETTINGS);
    record.settings = &message;
    message.json.len = settings.n;
    message.json.data = xmemdup(settings.p, settings.n);
    rc = record_put(&w->meta, &record, err);
    xfree(message.json.data);
    if (rc != RC_OK)
        return rc;
    w->n_meta++;
    return flush_meta(w, err); /* both in one frame */
}

enum rc dump_writer_index(struct dump_writer *w, const Lode__Dump__V1__Index *index,
                          struct bytes settings, struct err *err)
{
    struct err why;
    enum rc rc = w->rc;

    ASSERT(!w->published && section(w)->kind <= KIND(DOCUMENTS));
    if (rc == RC_OK)
        rc = put_index(w, index, settings, &why);
    return rc == RC_OK ? RC_OK : fail(w, rc, &why, err);
}

static enum rc put_block(struct dump_writer *w, struct bytes frame, uint32_t n_documents,
                         struct err *err)
{
    uint64_t content = 0;
    size_t n = 0;
    enum rc rc;

    rc = frame_measure(frame, &n, &content, err);
    if (rc == RC_OK && n != frame.n)
        rc = err_set(err, RC_CORRUPT, NULL, "bytes stand behind a frame");
    if (rc != RC_OK) {
        if (rc == RC_NOT_FOUND)
            rc = err_set(err, RC_CORRUPT, NULL, "a frame is cut");
        (void)err_prefix(err, "a stored block of '%s' is damaged: ", section(w)->index_uid);
        return rc;
    }
    if (is_in(w, KIND(INDEX)))
        dump__output_begin(w->output, KIND(DOCUMENTS), section(w)->index_uid);
    ASSERT(is_in(w, KIND(DOCUMENTS)));
    w->documents_written += n_documents;
    w->totals.documents += n_documents;
    if (w->opts.progress)
        atomic_store(&w->opts.progress->documents, w->totals.documents);
    if (w->gather)
        return dump__gather_add(w->gather, frame, content, n_documents, err);
    return dump__output_append(w->output, frame, content, n_documents, err);
}

enum rc dump_writer_block(struct dump_writer *w, struct bytes frame, uint32_t n_documents,
                          struct err *err)
{
    struct err why;
    enum rc rc = w->rc;

    if (rc == RC_OK)
        rc = put_block(w, frame, n_documents, &why);
    return rc == RC_OK ? RC_OK : fail(w, rc, &why, err);
}

static enum rc put_record(struct dump_writer *w, Lode__Dump__V1__SectionKind kind,
                          const Lode__Dump__V1__Record *record, struct err *err)
{
    struct err why;
    enum rc rc = w->rc;

    if (rc == RC_OK)
        rc = enter(w, kind, &why);
    if (rc == RC_OK)
        rc = put_meta(w, record, &why);
    return rc == RC_OK ? RC_OK : fail(w, rc, &why, err);
}

enum rc dump_writer_key(struct dump_writer *w, const Lode__Dump__V1__Key *key, struct err *err)
{
    Lode__Dump__V1__Record record = LODE__DUMP__V1__RECORD__INIT;
    Lode__Dump__V1__Key copy = *key;

    record.kind_case = RECORD(KEY);
    record.key = &copy;
    w->totals.keys++;
    return put_record(w, KIND(KEYS), &record, err);
}

enum rc dump_writer_task(struct dump_writer *w, const Lode__Dump__V1__Task *task, struct err *err)
{
    Lode__Dump__V1__Record record = LODE__DUMP__V1__RECORD__INIT;
    Lode__Dump__V1__Task copy = *task;

    record.kind_case = RECORD(TASK);
    record.task = &copy;
    w->totals.tasks++;
    w->totals.queued_tasks += dump__is_queued(task);
    return put_record(w, KIND(TASKS), &record, err);
}

enum rc dump_writer_instance(struct dump_writer *w, const Lode__Dump__V1__Instance *instance,
                             struct err *err)
{
    Lode__Dump__V1__Record record = LODE__DUMP__V1__RECORD__INIT;
    Lode__Dump__V1__Instance copy = *instance;

    record.kind_case = RECORD(INSTANCE);
    record.instance = &copy;
    return put_record(w, KIND(TASKS), &record, err);
}

enum rc dump_writer_task_payload(struct dump_writer *w, struct bytes frame, uint32_t n_documents,
                                 struct err *err)
{
    uint64_t content = 0;
    size_t n = 0;
    struct err why;
    enum rc rc = w->rc;

    ASSERT(rc != RC_OK || (is_in(w, KIND(TASKS)) && w->totals.tasks > 0));
    if (rc == RC_OK)
        rc = flush_meta(w, &why); /* the task stands before its payload */
    if (rc == RC_OK) {
        rc = frame_measure(frame, &n, &content, &why);
        if (rc == RC_NOT_FOUND || (rc == RC_OK && n != frame.n))
            rc = err_set(&why, RC_CORRUPT, NULL, "a queued task's payload is damaged");
    }
    if (rc == RC_OK)
        rc = dump__output_append(w->output, frame, content, n_documents, &why);
    return rc == RC_OK ? RC_OK : fail(w, rc, &why, err);
}

/* ---- the end ------------------------------------------------------------------------- */

/* The manifest's frame to the file; it is no section, the trailer covers it. */
static enum rc write_manifest(struct dump_writer *w, struct dump__trailer *t, struct err *err)
{
    Lode__Dump__V1__Record record = LODE__DUMP__V1__RECORD__INIT;
    struct buf frame;
    enum rc rc;

    w->totals.n_sections = w->output->n_sections;
    w->totals.sections = w->output->sections;
    w->totals.records = w->output->n_records;
    w->totals.frames = w->output->n_frames;
    record.kind_case = RECORD(MANIFEST);
    record.manifest = &w->totals;
    buf_init(&frame, DUMP__FRAME_BYTES_MAX);
    rc = record_put(&w->meta, &record, err);
    if (rc == RC_OK)
        rc = frame_encode(w->encoder, buf_view(&w->meta), &frame, err);
    if (rc == RC_OK)
        rc = fs_write(fs_draft_fd(w->draft), buf_view(&frame), err);
    t->version = DUMP_FORMAT_VERSION;
    t->manifest_offset = w->output->n_bytes;
    t->manifest_bytes = frame.n;
    t->manifest_crc32c = crc32c(0, buf_view(&frame));
    w->output->n_bytes += frame.n;
    buf_done(&frame);
    return rc;
}

static enum rc write_end(struct dump_writer *w, struct err *err)
{
    uint8_t bytes[DUMP_TRAILER_SIZE];
    struct dump__trailer t = {0};
    enum rc rc;

    rc = end_section(w, err);
    if (rc == RC_OK)
        rc = dump__output_flush(w->output, err);
    if (rc == RC_OK)
        rc = write_manifest(w, &t, err);
    if (rc != RC_OK)
        return rc;
    dump__hasher_grow(w->output->hasher, w->output->n_bytes);
    rc = dump__hasher_wait(w->output->hasher, t.sha256, err);
    if (rc != RC_OK)
        return rc;
    dump__trailer_encode(&t, bytes);
    rc = fs_write(fs_draft_fd(w->draft), bytes_of(bytes, sizeof bytes), err);
    w->output->n_bytes += sizeof bytes;
    if (w->opts.progress)
        atomic_store(&w->opts.progress->bytes, w->output->n_bytes);
    return rc;
}

/* The file as a reader would find it: header, manifest, trailer. */
static enum rc open_once(struct dump_writer *w, struct err *err)
{
    struct dump_reader *r = NULL;
    enum rc rc;

    rc = dump__reader_open_fd(fs_draft_fd(w->draft), "the new dump", &r, err);
    if (rc == RC_OK && r->n_bytes != w->output->n_bytes)
        rc = err_set(err, RC_CORRUPT, NULL, "the new dump has %llu bytes, %llu were written",
                     (unsigned long long)r->n_bytes, (unsigned long long)w->output->n_bytes);
    dump_reader_close(r);
    return rc;
}

static enum rc publish(struct dump_writer *w, const char *name, struct err *err)
{
    enum rc rc;

    rc = write_end(w, err);
    if (rc == RC_OK)
        rc = fs_sync(fs_draft_fd(w->draft), err); /* while the checkers are at the last pieces */
    if (rc == RC_OK)
        rc = dump__output_wait(w->output, err);
    if (rc == RC_OK)
        rc = open_once(w, err);
    if (rc == RC_OK && dump__output_stopped(w->output))
        rc = err_set(err, RC_CANCELLED, NULL, "the dump was stopped");
    if (rc == RC_OK)
        rc = fault_rc(FAULT(DUMP_BEFORE_NAME), err);
    if (rc == RC_OK)
        rc = fs_draft_publish(w->draft, name, err);
    if (rc != RC_OK)
        return rc;
    rc = fault_rc(FAULT(DUMP_AFTER_NAME), err);
    if (rc == RC_OK)
        return RC_OK;
    if (fs_unlink(w->dir, name, NULL) != RC_OK) /* it will be called failed: it must not be there */
        (void)err_prefix(err, "'%s' could not be taken back: ", name);
    return rc;
}

enum rc dump_writer_publish(struct dump_writer *w, const char *name, struct err *err)
{
    struct err why;
    enum rc rc = w->rc;

    ASSERT(!w->published);
    if (rc == RC_OK)
        rc = publish(w, name, &why);
    if (rc != RC_OK)
        return fail(w, rc, &why, err);
    w->published = true;
    return RC_OK;
}
