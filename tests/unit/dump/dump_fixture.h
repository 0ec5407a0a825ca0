/* SPDX-License-Identifier: MIT */
/* dump_fixture.h -- small dumps to write, read and damage. */
#pragma once

#include "base/fault.h"
#include "dump/dump_int.h"
#include "support/suite.h"

struct sample {
    unsigned n_indexes;
    unsigned n_documents; /* of each index; 0: none, so no documents section */
    unsigned n_keys;
    unsigned n_tasks; /* every third is queued and has a payload */
    size_t block;     /* content bytes of a block; 0: 400 */
    const char *salt; /* makes the contents of two dumps differ; NULL: "" */
    size_t big;       /* bytes of one more document in the first index; 0: none */
};

struct fixture {
    char *path; /* of the directory */
    struct fs_dir *dir;
    struct dump_writer_opts opts;
    struct dump_writer *writer;
    struct buf file; /* bytes of a dump */
    struct err err;
};

extern struct fixture fx;

void fixture_setup(void);
void fixture_teardown(void);

/* Writes the sample's content into a new writer; RC_OK, or the first failure. */
enum rc fixture_pour(const struct sample *sample);
/* fixture_pour(), publishes as name, closes. */
enum rc fixture_dump(const struct sample *sample, const char *name);
/* fixture_dump() into fx.file; asserts that it works, leaves no file behind. */
void fixture_make(const struct sample *sample);
unsigned fixture_n_files(void); /* entries of the directory, hidden ones too */

int fixture_file(struct bytes bytes); /* a file of memory; goes to fs_close() */
enum rc fixture_read_file(int fd, uint64_t *ret_digest);
/* Opens bytes as a dump and walks all of it; *ret_digest (may be NULL) is of all that was shown. */
enum rc fixture_read(struct bytes bytes, uint64_t *ret_digest);
/* The same through dump_reader_verify(). */
enum rc fixture_verify(struct bytes bytes, unsigned threads);
/* What the sample's walk should show. */
uint64_t fixture_expected(const struct sample *sample);

/* One frame holding content, appended to out. */
void fixture_frame(struct bytes content, struct buf *out);
