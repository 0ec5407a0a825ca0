/* SPDX-License-Identifier: MIT */
/* fixture.h -- a store and a catalog in a fresh directory, with shorthands that assert. */
#pragma once

#include "base/pool.h"
#include "index/index_int.h"
#include "index/reader.h"
#include "store/store.h"
#include "support/suite.h"

struct fixture {
    char *dir;
    struct store *store;
    struct catalog *catalog;
    struct pool *pool;
    struct err err;
};

extern struct fixture fx;

void fixture_setup(void);    /* opens */
void fixture_teardown(void); /* closes, asserts that no view and no arena is left, removes */
void fixture_close(void);
void fixture_open(void);
void fixture_reopen(void);

/* A change that is committed, or abandoned when the function below says so. */
struct change *fixture_begin(void);
void fixture_commit(struct change *c);

uint32_t fixture_create(const char *uid, const char *primary_key);
/* Adds documents (JSON texts, ending with NULL) in one change and commits. */
void fixture_add(const char *uid, const char *const *documents, bool replace);
void fixture_add_one(struct change *c, uint32_t index_id, const char *json, bool replace);
/* The document, or "" if it is not there; good until the next call. */
const char *fixture_get(const char *uid, const char *id);
/* All documents in order, with a newline behind each. */
const char *fixture_all(const char *uid);
/* "a=1 b=2" */
const char *fixture_fields(const char *uid);
struct index_info fixture_info(const char *uid);
void fixture_digest(uint8_t digest[32]);
/* Of what can be found in an index, whatever its documents are numbered. */
void fixture_search_digest(const char *uid, uint8_t digest[32]);
/* Lays a patch over the index's settings and commits. */
void fixture_settings(const char *uid, const char *patch);
/* Number of keys in the store that start with the byte. */
size_t fixture_keys(uint8_t kind);
/* Sizes agree, blocks do not overlap, cache and store say the same. */
void fixture_check(void);

#define OK(call) CU_ASSERT_EQUAL_FATAL((call), RC_OK)
#define FAILS(call, want_rc, want_word, want_msg)                                                  \
    do {                                                                                           \
        CU_ASSERT_EQUAL((call), (want_rc));                                                        \
        CU_ASSERT_EQUAL(fx.err.rc, (want_rc));                                                     \
        CU_ASSERT_STRING_EQUAL(fx.err.word ? fx.err.word : "", want_word);                         \
        CU_ASSERT_STRING_EQUAL(fx.err.msg, want_msg);                                              \
    } while (0)
