/* SPDX-License-Identifier: MIT */
/*
 * record.h -- records, and frames of them: the byte format used three times
 * (blocks in the database, payloads in the queue, dumps).
 *
 *   record   varint length, then one lode.dump.v1.Record
 *   frame    one independent zstd frame, content size and checksum flags on,
 *            holding whole records
 *
 * Document records are read and written by hand (a tag, a length, the JSON);
 * all others go through protobuf-c.
 *
 * Ownership  Encoders and decoders are reused between frames; new .. free.
 *            Records read point into the caller's content bytes.
 * Threads    One at a time per object.
 * Errors     RC_CORRUPT for bytes that do not mean what they should (foreign,
 *            flipped, cut), RC_TOO_LARGE for a frame or record over a limit.
 * Units      Bytes.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include <lode/dump/v1/dump.pb-c.h>

enum {
    RECORD_BLOCK_TARGET = 20 * 1024, /* content bytes at which a block is full (README: measured) */
    RECORD_DOCUMENT_MAX = 64 << 20,  /* one document */
    RECORD_META_MAX = 64 << 20,      /* any other record */
    RECORD_FRAME_MAX = RECORD_DOCUMENT_MAX + 64, /* content of one frame */
    RECORD_FRAME_LEVEL = 3,                      /* zstd level of blocks, */
    RECORD_QUICK_LEVEL = 1,                      /* and of those that no database will hold */
};

/* ---- records ------------------------------------------------------------------------ */

/* Appends one document record. task: a queued task's (task_document), else an index's. */
bool record_put_document(struct buf *out, struct bytes json, bool task);
/* Length in bytes that record_put_document() adds for a document of n bytes. */
size_t record_document_size(size_t n);
enum rc record_put(struct buf *out, const Lode__Dump__V1__Record *record,
                   struct err *err) MUST_CHECK;

struct record {
    uint32_t kind;         /* LODE__DUMP__V1__RECORD__KIND_... */
    struct bytes document; /* of the two document kinds: the JSON */
    struct bytes wire;     /* the Record message; unpack with record_unpack() */
};

/*
 * Takes the next record off *rest. False at the clean end of the bytes.
 * RC_CORRUPT in *ret_rc (and *err) for a cut or foreign record.
 */
bool record_next(struct bytes *rest, struct record *ret_record, enum rc *ret_rc, struct err *err);
/* Byte limit for an arena that record_unpack() fills from this many bytes. */
size_t record_arena_limit(size_t wire_bytes);
enum rc record_unpack(const struct record *record, struct arena *arena,
                      const Lode__Dump__V1__Record **ret_msg, struct err *err) MUST_CHECK;

/* ---- frames ------------------------------------------------------------------------- */

struct frame_encoder;
struct frame_decoder;

struct frame_encoder *frame_encoder_new(int level); /* 1..19 */
void frame_encoder_free(struct frame_encoder *e);
/* Appends one frame holding content. */
enum rc frame_encode(struct frame_encoder *e, struct bytes content, struct buf *out,
                     struct err *err) MUST_CHECK;

struct frame_decoder *frame_decoder_new(void);
void frame_decoder_free(struct frame_decoder *d);
/*
 * Decodes exactly one frame that fills `frame` (no bytes behind it), at most
 * max_content bytes. *ret_content is borrowed: good until the next call.
 */
enum rc frame_decode(struct frame_decoder *d, struct bytes frame, size_t max_content,
                     struct bytes *ret_content, struct err *err) MUST_CHECK;
/* The same into a buffer of the caller's, behind what is there. */
enum rc frame_decode_to(struct frame_decoder *d, struct bytes frame, size_t max_content,
                        struct buf *out, struct err *err) MUST_CHECK;

/*
 * Looks at the head of a frame at the start of `bytes`: compressed length (when
 * enough bytes are there to tell; else RC_NOT_FOUND, *err untouched) and declared content
 * size. RC_CORRUPT: no zstd frame, no content size or checksum flag, a
 * dictionary, window over 8 MiB, more content declared than the blocks can
 * give. A skippable frame is RC_INVALID. Nothing is decoded.
 */
enum rc frame_measure(struct bytes bytes, size_t *ret_frame, uint64_t *ret_content,
                      struct err *err) MUST_CHECK;
