/* SPDX-License-Identifier: MIT */
/*
 * dump.h -- the dump file: sections of frames, a manifest, a trailer.
 *
 *   header frame, { index frame, blocks }*, keys frame, task frames,
 *   manifest frame, trailer (zstd skippable frame of DUMP_TRAILER_SIZE bytes)
 *
 * A file gets its name only when it is whole, synced, and decoded once.
 *
 * Ownership  new/open .. close; closing an unfinished writer leaves no file.
 * Threads    One at a time per object. What writers and verifications hash, pack and
 *            decode is long work (base/spare.h) on threads of their own.
 * Errors     RC_CORRUPT names section, offset and reason. RC_INVALID,
 *            word dump_version: a newer format or an unknown required feature,
 *            by name.
 * Units      Bytes from the start of the file.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/fs.h"
#include "record/record.h"

#include <stdatomic.h>

enum {
    DUMP_FORMAT_VERSION = 1,
    DUMP_TRAILER_SIZE = 128,
};

/* Counters another thread may read at any time. */
struct dump_progress {
    atomic_uint_fast64_t documents;
    atomic_uint_fast64_t bytes;    /* compressed, written or read */
    atomic_uint_fast64_t verified; /* of these decoded again (writer) */
};

/* ---- writing --------------------------------------------------------------------------- */

struct dump_writer;

/* Bits of Header.required_features: a reader that does not know one refuses the dump. */
enum {
    DUMP_NEEDS_FILTERED_DELETIONS = 1 << 0, /* a queued deletion of documents has a filter */
};

struct dump_writer_opts {
    struct bytes dump_uid;
    struct bytes instance_uid;
    int64_t created_ns;
    uint64_t required_features;
    int recompress_level; /* 0: frames are copied as they are; else bigger frames at this zstd level
                           */
    struct dump_progress *progress; /* borrowed; may be NULL */
    bool (*stop)(
        void *arg); /* asked now and then; true ends the work with RC_CANCELLED; may be NULL */
    void *stop_arg;
};

enum rc dump_writer_open(struct fs_dir *dir, const struct dump_writer_opts *opts,
                         struct dump_writer **ret_writer, struct err *err) MUST_CHECK;
/* Begins an index: its record and settings. Its blocks follow. */
enum rc dump_writer_index(struct dump_writer *w, const Lode__Dump__V1__Index *index,
                          struct bytes settings, struct err *err) MUST_CHECK;
/* One finished frame of n document records. */
enum rc dump_writer_block(struct dump_writer *w, struct bytes frame, uint32_t n_documents,
                          struct err *err) MUST_CHECK;
enum rc dump_writer_key(struct dump_writer *w, const Lode__Dump__V1__Key *key,
                        struct err *err) MUST_CHECK;
enum rc dump_writer_task(struct dump_writer *w, const Lode__Dump__V1__Task *task,
                         struct err *err) MUST_CHECK;
/* Payload frames (task_document records) of the queued task written last. */
enum rc dump_writer_task_payload(struct dump_writer *w, struct bytes frame, uint32_t n_documents,
                                 struct err *err) MUST_CHECK;
enum rc dump_writer_instance(struct dump_writer *w, const Lode__Dump__V1__Instance *instance,
                             struct err *err) MUST_CHECK;
/*
 * Manifest and trailer, waits for the decoding of all that was written, fsync,
 * name (RC_EXISTS if taken), fsync of the directory.
 */
enum rc dump_writer_publish(struct dump_writer *w, const char *name, struct err *err) MUST_CHECK;
void dump_writer_close(struct dump_writer *w); /* NULL is fine */

/* ---- reading --------------------------------------------------------------------------- */

struct dump_reader;

struct dump_info {
    uint32_t format_version;
    const char *writer_version;
    const char *dump_uid;
    const char *instance_uid;
    int64_t created_ns;
    uint64_t required_features;
    uint64_t file_bytes;
    uint8_t sha256[32]; /* of all before the trailer, as the trailer says */
    const Lode__Dump__V1__Manifest *manifest;
};

/* Trailer, header and manifest only: a cut or foreign file is refused in milliseconds. */
enum rc dump_reader_open(const char *path, struct dump_reader **ret_reader,
                         struct err *err) MUST_CHECK;
void dump_reader_close(struct dump_reader *r);
const struct dump_info *dump_reader_info(const struct dump_reader *r); /* borrowed */

/*
 * Shows everything in file order; NULL members are not called. Verified while
 * going: section checksums, frame checksums, counts, and at the end the
 * SHA-256. So what callers did with the pieces counts only if the walk
 * returned RC_OK.
 */
struct dump_visitor {
    enum rc (*index)(void *arg, const Lode__Dump__V1__Index *index, struct bytes settings,
                     struct err *err);
    /* frame as in the file, content decoded; document records only. */
    enum rc (*block)(void *arg, struct bytes frame, struct bytes content, uint32_t n_documents,
                     struct err *err);
    enum rc (*index_end)(void *arg, struct err *err);
    enum rc (*key)(void *arg, const Lode__Dump__V1__Key *key, struct err *err);
    enum rc (*task)(void *arg, const Lode__Dump__V1__Task *task, struct err *err);
    enum rc (*task_payload)(void *arg, struct bytes frame, struct bytes content,
                            uint32_t n_documents, struct err *err);
    enum rc (*instance)(void *arg, const Lode__Dump__V1__Instance *instance, struct err *err);
    void *arg;
    struct dump_progress *progress; /* may be NULL */
};

enum rc dump_reader_walk(struct dump_reader *r, const struct dump_visitor *visitor,
                         struct err *err) MUST_CHECK;
/* A walk that looks at everything, on `threads` threads (0: all cores), at disk speed. */
enum rc dump_reader_verify(struct dump_reader *r, unsigned threads, struct dump_progress *progress,
                           struct err *err) MUST_CHECK;
