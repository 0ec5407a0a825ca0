/* SPDX-License-Identifier: MIT */
/* store_fixture.h -- one store in a directory of its own, fresh for each test. */
#pragma once

#include "base/err.h"
#include "base/fault.h"
#include "store/store.h"
#include "support/suite.h"

struct fixture {
    char *dir;  /* the test's own directory */
    char *path; /* of the store, below dir */
    struct store_opts opts;
    struct store *store;
    struct store_view *view;
    struct store_cursor *cursor;
    struct store_batch *batch;
    struct err err;
};

extern struct fixture fx;

void fixture_setup(void);    /* opens fx.store, with a small write buffer */
void fixture_teardown(void); /* closes what is open, clears faults, removes the files */
void fixture_close(void);
void fixture_reopen(void);
enum rc fixture_put(const char *key, const char *value); /* one commit */
enum rc fixture_del(const char *key);
void fixture_compact(const char *from, const char *to); /* "": without a bound */
uint64_t fixture_epoch(void);                           /* how often the store has reopened */
/* The value of key in a view of its own, "" when absent; good until the next call. */
const char *fixture_get(const char *key);
void fixture_view(void);
void fixture_cursor(const char *prefix); /* over fx.view, which it opens if need be */
/* All keys of the cursor from where it stands, joined by spaces. */
const char *fixture_rest(void);
