/* SPDX-License-Identifier: MIT */
/* pb_fixture.h -- an arena, an error and a JSON text or two, fresh for each test. */
#pragma once

#include "pb/pb.h"
#include "support/suite.h"
#include "json/json.h"

#include "lode/v1/common.meta.h"
#include "lode/v1/documents.meta.h"
#include "lode/v1/dumps.meta.h"
#include "lode/v1/indexes.meta.h"
#include "lode/v1/keys.meta.h"
#include "lode/v1/search.meta.h"
#include "lode/v1/settings.meta.h"
#include "lode/v1/system.meta.h"
#include "lode/v1/tasks.meta.h"

struct pb_fixture {
    struct arena *arena;
    struct json_parser *parser;
    struct buf out;
    struct err err;
    ProtobufCMessage *msg; /* of the last reading */
};

extern struct pb_fixture fx;

void pb_setup(void);
void pb_teardown(void);

/* Reads JSON text into a fresh message with its defaults, as the gateway does. */
enum rc pb_read(const struct pb_message_meta *meta, const char *json,
                const struct pb_json_opts *opts);
enum rc pb_read_field(const struct pb_message_meta *meta, const char *field, const char *json);
/* Reads "a=b&c=d" (nothing percent-decoded). */
enum rc pb_read_query(const struct pb_message_meta *meta, const char *query,
                      const char *const *taken);
/* The JSON of a message; "" on failure. */
const char *pb_json(const void *msg, const struct pb_message_meta *meta);

/* The last call failed with this word and this sentence. */
#define ASSERT_REFUSED(call, want_word, want_msg)                                                  \
    do {                                                                                           \
        CU_ASSERT_EQUAL(call, RC_INVALID);                                                         \
        pb_assert_text(fx.err.word, want_word, __LINE__);                                          \
        pb_assert_text(fx.err.msg, want_msg, __LINE__);                                            \
    } while (0)

#define ASSERT_TEXT(got, want) pb_assert_text(got, want, __LINE__)

void pb_assert_text(const char *got, const char *want, int line);
