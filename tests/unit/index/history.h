/* SPDX-License-Identifier: MIT */
/* history.h -- an index that documents come to and go from, and the same made in one go. */
#pragma once

#include "base/rng.h"
#include "fixture.h"

extern struct rng history_rng;

void history_setup(void); /* the fixture, and the seed */
/* n documents with random ids below `ids`, new ones or over what is there, in one change. */
void history_add(const char *uid, int ids, int n, bool replace);
void history_delete(const char *uid, int ids, int n);
/* Makes index `to` of the documents and settings of `from` in one change. */
void history_copy(const char *from, const char *to);
void history_drop(const char *uid);
/* Whether what can be found is what is found in a copy. */
bool history_is_one_go(const char *uid);
/* What the current snapshot has; good until the next commit. */
const struct search_state *history_search(const char *uid);
/* Commits nothing new until all that was given up is swept. */
void history_sweep(void);
/* All keys of words, columns and rows. */
size_t history_keys(void);
