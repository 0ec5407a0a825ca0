/* SPDX-License-Identifier: MIT */
/*
 * dump_int.h -- what the files of the dump room share with each other and their tests.
 *
 *   dump_writer --> dump_gather (only when recompressing)
 *        |--------> dump_check   decodes what was written, on threads
 *        |--------> dump_hash    SHA-256 of what was written, on a thread
 *   dump_reader --> dump_walk --> dump_window, dump_check (verify only)
 *   all         --> dump_trailer, dump_manifest: the byte layout and its rules
 */
#pragma once

#include "base/arena.h"
#include "base/hash.h"
#include "base/thread.h"
#include "dump/dump.h"

enum {
    DUMP__PIECE = 1 << 20,            /* bytes written, read and checked at a time */
    DUMP__FRAME_BYTES_MAX = 66 << 20, /* a frame of RECORD_FRAME_MAX that did not compress */
    DUMP__HEADER_MAX = 1 << 20,       /* content bytes */
    DUMP__UID_MAX = 512,              /* bytes of an index uid */
};

/* True: give up. Asked now and then. */
typedef bool dump__stop_fn(void *arg);

/* ---- dump_trailer.c ------------------------------------------------------------------ */

struct dump__trailer {
    uint32_t version;
    uint32_t manifest_crc32c; /* over the manifest's frame */
    uint64_t manifest_offset;
    uint64_t manifest_bytes;
    uint8_t sha256[SHA256_SIZE]; /* of all before the trailer */
};

void dump__trailer_encode(const struct dump__trailer *t, uint8_t out[DUMP_TRAILER_SIZE]);
/* RC_CORRUPT; RC_INVALID dump_version: whole, but newer than this Lode. */
enum rc dump__trailer_decode(const uint8_t in[DUMP_TRAILER_SIZE], struct dump__trailer *ret_trailer,
                             struct err *err) MUST_CHECK;
/* A newer format or unknown feature bits are refused by name. */
enum rc dump__check_version(uint32_t version, uint64_t features, const char *writer,
                            struct err *err) MUST_CHECK;

/* ---- dump_manifest.c ----------------------------------------------------------------- */

/* Puts "section 3 (documents of 'movies'), offset 77: " in front of *err (which may be NULL). */
enum rc dump__at_section(struct err *err, enum rc rc, const Lode__Dump__V1__Section *section,
                         size_t number, uint64_t offset);
/* Sections tile [0, manifest_offset), stand in order, and add up to the totals. */
enum rc dump__manifest_check(const Lode__Dump__V1__Manifest *m, uint64_t manifest_offset,
                             struct err *err) MUST_CHECK;
/* May records of this kind stand in sections of that kind? */
bool dump__kind_fits(Lode__Dump__V1__SectionKind section, uint32_t record_kind);
/* Not finished when the dump was made: the manifest counts these. */
bool dump__is_queued(const Lode__Dump__V1__Task *task);

/* ---- dump_check.c -------------------------------------------------------------------- */

/* A run of whole frames of one section, as it must be found in the file. */
struct dump__piece {
    uint64_t offset;
    size_t n;
    size_t section; /* for who reports the failure */
    Lode__Dump__V1__SectionKind kind;
    uint32_t crc_before, crc_after; /* the section's CRC-32C up to and behind the piece */
    uint64_t frames, content;
    uint64_t records;            /* ignored when count is given */
    atomic_uint_fast64_t *count; /* borrowed; records found are added here */
};

struct dump__checker;
struct dump__checker *dump__checker_new(int fd, unsigned n_threads, struct dump_progress *progress);
void dump__checker_free(struct dump__checker *c); /* drops what is not checked yet */
/* Waits while too many are waiting. False when a piece has failed: ask dump__checker_wait(). */
bool dump__checker_add(struct dump__checker *c, const struct dump__piece *piece);
/*
 * Waits for all pieces; RC_CANCELLED when stop (asked now and then) says so.
 * On failure *ret_piece is the first piece, in file order, known to be bad.
 */
enum rc dump__checker_wait(struct dump__checker *c, dump__stop_fn *stop, void *arg,
                           struct dump__piece *ret_piece, struct err *err) MUST_CHECK;

/* ---- dump_hash.c --------------------------------------------------------------------- */

struct dump__hasher;
struct dump__hasher *dump__hasher_new(int fd);
void dump__hasher_free(struct dump__hasher *h);
void dump__hasher_grow(struct dump__hasher *h, uint64_t n_bytes); /* the file has so many now */
enum rc dump__hasher_wait(struct dump__hasher *h, uint8_t digest[SHA256_SIZE],
                          struct err *err) MUST_CHECK;

/* ---- dump_gather.c ------------------------------------------------------------------- */

/* Frames of documents in, bigger frames out, in the same order, packed on threads. */
typedef enum rc dump__emit_fn(void *arg, struct bytes frame, uint32_t n_documents, struct err *err);
struct dump__gather;
struct dump__gather *dump__gather_new(int level, unsigned n_threads, dump__emit_fn *emit,
                                      void *arg);
void dump__gather_free(struct dump__gather *g);
enum rc dump__gather_add(struct dump__gather *g, struct bytes frame, uint64_t content,
                         uint32_t n_documents, struct err *err) MUST_CHECK;
enum rc dump__gather_flush(struct dump__gather *g, struct err *err) MUST_CHECK;

/* ---- dump_output.c ------------------------------------------------------------------- */

struct dump__output {
    int fd;                              /* borrowed */
    const struct dump_writer_opts *opts; /* borrowed */
    struct dump__checker *checker;       /* owned, as all that follow */
    struct dump__hasher *hasher;
    struct buf out;    /* frames not yet written */
    struct buf pieces; /* struct dump__piece[]: what out holds */
    uint64_t n_bytes;  /* of the file, out included */
    uint64_t n_records, n_frames;
    Lode__Dump__V1__Section **sections;
    size_t n_sections, cap_sections;
};

struct dump__output *dump__output_new(int fd, const struct dump_writer_opts *opts);
void dump__output_free(struct dump__output *o); /* ends the threads: before the file is closed */
void dump__output_begin(struct dump__output *o, Lode__Dump__V1__SectionKind kind, const char *uid);
Lode__Dump__V1__Section *dump__output_section(struct dump__output *o); /* the running one */
/* One frame of the running section. */
enum rc dump__output_append(struct dump__output *o, struct bytes frame, uint64_t content,
                            uint64_t n_records, struct err *err) MUST_CHECK;
/* Writes the buffer out and gives its pieces to the checkers. */
enum rc dump__output_flush(struct dump__output *o, struct err *err) MUST_CHECK;
/* Waits until all that was flushed is checked. */
enum rc dump__output_wait(struct dump__output *o, struct err *err) MUST_CHECK;
bool dump__output_stopped(const struct dump__output *o);
unsigned dump__threads(void); /* how many threads are worth it for decoding or packing */

/* ---- dump_writer.c ------------------------------------------------------------------- */

struct fs_draft *dump__writer_draft(struct dump_writer *w); /* for tests: the file with no name */

/* ---- dump_window.c ------------------------------------------------------------------------- */

struct dump__window {
    int fd;               /* borrowed */
    uint64_t limit;       /* where frames of sections end: the manifest's offset */
    uint64_t at;          /* offset in the file of the next byte to be taken */
    uint8_t *p;           /* owned */
    size_t cap, from, to; /* p[from..to) is read and not yet taken */
    struct sha256 *sha;   /* owned; of all that was read */
};

void dump__window_init(struct dump__window *w, int fd, uint64_t limit);
void dump__window_done(struct dump__window *w);
/* The next frame, which must end at `end` at the latest; borrowed until the next call. */
enum rc dump__window_frame(struct dump__window *w, uint64_t end, struct bytes *ret_frame,
                           uint64_t *ret_content, struct err *err) MUST_CHECK;
/* Reads on to `end` without looking, then gives the SHA-256 of all before it. */
enum rc dump__window_finish(struct dump__window *w, uint64_t end, uint8_t digest[SHA256_SIZE],
                            struct err *err) MUST_CHECK;

/* ---- dump_reader.c ------------------------------------------------------------------- */

struct dump_reader {
    int fd;
    bool owns_fd;
    char *name; /* owned: how errors call the file */
    uint64_t n_bytes;
    struct dump__trailer trailer;
    struct arena *arena; /* owned: header and manifest */
    struct frame_decoder *decoder;
    struct dump_info info;
};

/* From an open file, which must stay open; name is for texts. */
enum rc dump__reader_open_fd(int fd, const char *name, struct dump_reader **ret_reader,
                             struct err *err) MUST_CHECK;
