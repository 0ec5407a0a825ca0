/* SPDX-License-Identifier: MIT */
/*
 * posting_world.h -- documents in, commit by commit, through the builder and the writer of
 * postings; a reader of what is stored.
 */
#pragma once

#include "fixture.h"

#include "index/posting_int.h"
#include "index/reader_int.h"

enum { WORDS_NUMBER = 5, WORLD_FIELDS = 4 };

struct posting_world {
    struct search_fields *fields; /* world_fields, and those that come to be */
    struct store_batch *batch;    /* empty between flushes */
    struct reader *reader;        /* since world_look() */
};

extern struct posting_world pw;
extern const char *const world_fields[WORLD_FIELDS];

void world_setup(void);
void world_teardown(void);

/* From here on with these settings (JSON). */
void world_settings(const char *json);
void world_add(uint32_t row, const char *json);
/* Commits what was added. */
void world_flush(void);
/* Reads what is committed now. */
void world_look(void);
