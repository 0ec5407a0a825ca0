/* SPDX-License-Identifier: MIT */
/*
 * dump_forge.h -- dumps with any content and right checksums, for hostile trials.
 *
 *     forge_begin(&f);
 *     forge_section(&f, kind, uid); forge_frame(&f, content); ...
 *     forge_totals(&f);         counts what stands there; then change what you like
 *     forge_finish(&f);         f.file is the dump, with all checksums right
 *     forge_done(&f);
 *
 * Header only: unit tests and the fuzz target include it.
 */
#pragma once

#include "base/assert.h"
#include "base/mem.h"
#include "dump/dump_int.h"

enum { FORGE_SECTIONS = 64 };

struct forge {
    struct buf file;
    struct frame_encoder *encoder;
    Lode__Dump__V1__Section sections[FORGE_SECTIONS];
    Lode__Dump__V1__Section *list[FORGE_SECTIONS];
    char *uids[FORGE_SECTIONS]; /* owned */
    uint64_t tasks, queued;
    Lode__Dump__V1__Manifest m;
    struct dump__trailer trailer; /* forge_finish() fills what is zero */
};

static inline void forge_begin(struct forge *f)
{
    *f = (struct forge){.encoder = frame_encoder_new(1)};
    buf_init(&f->file, BUF_NO_LIMIT);
    lode__dump__v1__manifest__init(&f->m);
    f->m.sections = f->list;
}

static inline void forge_done(struct forge *f)
{
    size_t i;

    for (i = 0; i < FORGE_SECTIONS; i++)
        xfree(f->uids[i]);
    buf_done(&f->file);
    frame_encoder_free(f->encoder);
}

static inline void forge_section(struct forge *f, uint32_t kind, const char *uid)
{
    size_t i = f->m.n_sections++;
    Lode__Dump__V1__Section *s = &f->sections[i];

    ASSERT(i < FORGE_SECTIONS);
    lode__dump__v1__section__init(s);
    f->list[i] = s;
    f->uids[i] = xstrdup(uid);
    s->kind = (Lode__Dump__V1__SectionKind)kind;
    s->index_uid = f->uids[i];
    s->offset = f->file.n;
}

/* How many records content begins with; queued tasks are told by their status as they stand. */
static inline uint64_t forge_count(struct forge *f, struct bytes content)
{
    struct arena *arena = arena_new(1 << 20);
    const Lode__Dump__V1__Record *msg;
    struct record r;
    uint64_t n = 0;
    enum rc rc;

    for (; record_next(&content, &r, &rc, NULL); n++) {
        if (r.kind == LODE__DUMP__V1__RECORD__KIND_TASK) {
            f->tasks++;
            if (record_unpack(&r, arena, &msg, NULL) == RC_OK)
                f->queued += dump__is_queued(msg->task);
        }
    }
    arena_free(arena);
    return n;
}

/* Bytes as they are, as part of the section. */
static inline void forge_raw(struct forge *f, struct bytes frame)
{
    Lode__Dump__V1__Section *s = &f->sections[f->m.n_sections - 1];

    s->crc32c = crc32c(s->crc32c, frame);
    s->compressed_bytes += frame.n;
    s->frames++;
    (void)buf_bytes(&f->file, frame);
}

static inline void forge_frame(struct forge *f, struct bytes content)
{
    Lode__Dump__V1__Section *s = &f->sections[f->m.n_sections - 1];
    struct buf frame;
    enum rc rc;

    buf_init(&frame, BUF_NO_LIMIT);
    rc = frame_encode(f->encoder, content, &frame, NULL);
    ASSERT(rc == RC_OK);
    s->content_bytes += content.n;
    s->records += forge_count(f, content);
    forge_raw(f, buf_view(&frame));
    buf_done(&frame);
}

static inline void forge_record(struct forge *f, const Lode__Dump__V1__Record *record)
{
    struct buf content;
    enum rc rc;

    buf_init(&content, BUF_NO_LIMIT);
    rc = record_put(&content, record, NULL);
    ASSERT(rc == RC_OK);
    forge_frame(f, buf_view(&content));
    buf_done(&content);
}

static inline void forge_header(struct forge *f, uint32_t version, uint64_t features,
                                const char *writer)
{
    Lode__Dump__V1__Header header;
    Lode__Dump__V1__Record record = LODE__DUMP__V1__RECORD__INIT;
    char *name = xstrdup(writer);

    lode__dump__v1__header__init(&header);
    header.format_version = version;
    header.required_features = features;
    header.writer_version = name;
    record.kind_case = LODE__DUMP__V1__RECORD__KIND_HEADER;
    record.header = &header;
    forge_section(f, LODE__DUMP__V1__SECTION_KIND__SECTION_KIND_HEADER, "");
    forge_record(f, &record);
    xfree(name);
}

static inline void forge_totals(struct forge *f)
{
    size_t i;

    for (i = 0; i < f->m.n_sections; i++) {
        const Lode__Dump__V1__Section *s = f->list[i];

        f->m.records += s->records;
        f->m.frames += s->frames;
        if (s->kind == LODE__DUMP__V1__SECTION_KIND__SECTION_KIND_INDEX)
            f->m.indexes++;
        if (s->kind == LODE__DUMP__V1__SECTION_KIND__SECTION_KIND_DOCUMENTS)
            f->m.documents += s->records;
        if (s->kind == LODE__DUMP__V1__SECTION_KIND__SECTION_KIND_KEYS)
            f->m.keys += s->records;
    }
    f->m.tasks = f->tasks;
    f->m.queued_tasks = f->queued;
}

/* The trailer alone, behind whatever f.file holds. */
static inline void forge_trailer(struct forge *f)
{
    uint8_t bytes[DUMP_TRAILER_SIZE];

    if (f->trailer.version == 0)
        f->trailer.version = DUMP_FORMAT_VERSION;
    sha256_once(buf_view(&f->file), f->trailer.sha256);
    dump__trailer_encode(&f->trailer, bytes);
    (void)buf_append(&f->file, bytes, sizeof bytes);
}

/* content: of the manifest's frame. */
static inline void forge_manifest(struct forge *f, struct bytes content)
{
    size_t at = f->file.n;
    enum rc rc;

    rc = frame_encode(f->encoder, content, &f->file, NULL);
    ASSERT(rc == RC_OK);
    f->trailer.manifest_offset = at;
    f->trailer.manifest_bytes = f->file.n - at;
    f->trailer.manifest_crc32c = crc32c(0, bytes_of(f->file.p + at, f->file.n - at));
}

static inline void forge_finish(struct forge *f)
{
    Lode__Dump__V1__Record record = LODE__DUMP__V1__RECORD__INIT;
    struct buf content;
    enum rc rc;

    record.kind_case = LODE__DUMP__V1__RECORD__KIND_MANIFEST;
    record.manifest = &f->m;
    buf_init(&content, BUF_NO_LIMIT);
    rc = record_put(&content, &record, NULL);
    ASSERT(rc == RC_OK);
    forge_manifest(f, buf_view(&content));
    buf_done(&content);
    forge_trailer(f);
}
