/* SPDX-License-Identifier: MIT */
/* test_status.c -- the error table and what clients are told. */
#include "rpc/status.h"

#include "support/suite.h"

#include <string.h>

static const struct {
    const char *word;
    int http;
} table[] = {
#define ERROR_WORD(word, http, type) {#word, http},
#include "rpc/errors.def"
#undef ERROR_WORD
};

static struct arena *arena;

static void setup(void)
{
    arena = arena_new(1 << 20);
}

static void teardown(void)
{
    arena_free(arena);
    CU_ASSERT_EQUAL(arena_live_count(), 0);
}

static struct rpc_status status_of(enum rc rc, const char *word, const char *msg)
{
    struct rpc_status status;
    struct err err;

    memset(&status, 0xa5, sizeof status);
    (void)err_set(&err, rc, word, "%s", msg);
    rpc_status_from_err(arena, &err, &status);
    return status;
}

static void the_table_is_sorted_and_every_word_is_found(void)
{
    size_t i;

    CU_ASSERT(sizeof table / sizeof table[0] >= 179);
    for (i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (i > 0)
            CU_ASSERT(strcmp(table[i - 1].word, table[i].word) < 0);
        CU_ASSERT_EQUAL(rpc_word_http_status(table[i].word), table[i].http);
    }
}

static void words_have_their_status_and_type(void)
{
    CU_ASSERT_EQUAL(rpc_word_http_status("index_not_found"), 404);
    CU_ASSERT_STRING_EQUAL(rpc_word_type("index_not_found"), "invalid_request");
    CU_ASSERT_EQUAL(rpc_word_http_status("missing_authorization_header"), 401);
    CU_ASSERT_STRING_EQUAL(rpc_word_type("missing_authorization_header"), "auth");
    CU_ASSERT_EQUAL(rpc_word_http_status("too_many_search_requests"), 503);
    CU_ASSERT_STRING_EQUAL(rpc_word_type("too_many_search_requests"), "system");
    CU_ASSERT_EQUAL(rpc_word_http_status("io_error"), 422);
    CU_ASSERT_EQUAL(rpc_word_http_status("unretrievable_document"), 400);
    CU_ASSERT_STRING_EQUAL(rpc_word_type("unretrievable_document"), "internal");
    CU_ASSERT_EQUAL(rpc_word_http_status("no_such_word"), 500);
    CU_ASSERT_STRING_EQUAL(rpc_word_type("no_such_word"), "internal");
    CU_ASSERT_EQUAL(rpc_word_http_status(NULL), 500);
}

static void every_rc_has_a_grpc_status(void)
{
    static const int want[] = {0, 3, 5, 6, 7, 8, 8, 14, 1, 4, 12, 14, 8, 15, 13};
    int rc;

    CU_ASSERT_EQUAL(sizeof want / sizeof want[0], RC_INTERNAL + 1);
    for (rc = RC_OK; rc <= RC_INTERNAL; rc++)
        CU_ASSERT_EQUAL(rpc_grpc_status((enum rc)rc), want[rc]);
}

static void status_names_are_those_of_grpc(void)
{
    CU_ASSERT_STRING_EQUAL(rpc_grpc_status_name(0), "OK");
    CU_ASSERT_STRING_EQUAL(rpc_grpc_status_name(5), "NOT_FOUND");
    CU_ASSERT_STRING_EQUAL(rpc_grpc_status_name(16), "UNAUTHENTICATED");
    CU_ASSERT_STRING_EQUAL(rpc_grpc_status_name(17), "UNKNOWN");
    CU_ASSERT_STRING_EQUAL(rpc_grpc_status_name(-1), "UNKNOWN");
}

static void a_word_gives_code_type_and_link(void)
{
    struct rpc_status s = status_of(RC_NOT_FOUND, "index_not_found", "Index `m` not found.");

    CU_ASSERT_EQUAL(s.grpc_status, 5);
    CU_ASSERT_EQUAL(s.http_status, 404);
    CU_ASSERT_STRING_EQUAL(s.code, "index_not_found");
    CU_ASSERT_STRING_EQUAL(s.link, "https://docs.meilisearch.com/errors#index_not_found");
    CU_ASSERT_STRING_EQUAL(s.err.msg, "Index `m` not found.");
    CU_ASSERT_EQUAL(arena_used(arena), 0); /* known links are constants: no arena is touched */
}

static void an_unknown_word_is_still_told(void)
{
    struct rpc_status s = status_of(RC_INVALID, "brand_new_word", "x");

    CU_ASSERT_EQUAL(s.http_status, 500);
    CU_ASSERT_STRING_EQUAL(s.link, "https://docs.meilisearch.com/errors#brand_new_word");
    arena_set_limit(arena, arena_used(arena));
    s = status_of(RC_INVALID, "brand_new_word", "x");
    CU_ASSERT_PTR_NOT_NULL(s.link);
}

static void missing_credentials_are_unauthenticated(void)
{
    CU_ASSERT_EQUAL(status_of(RC_DENIED, "missing_authorization_header", "x").grpc_status, 16);
    CU_ASSERT_EQUAL(status_of(RC_DENIED, "missing_master_key", "x").grpc_status, 16);
    CU_ASSERT_EQUAL(status_of(RC_DENIED, "invalid_api_key", "x").grpc_status, 7);
}

static void failures_without_a_word_are_internal_or_bad_request(void)
{
    struct rpc_status s = status_of(RC_INTERNAL, NULL, "x");

    CU_ASSERT_STRING_EQUAL(s.code, "internal");
    CU_ASSERT_STRING_EQUAL(s.type, "internal");
    CU_ASSERT_EQUAL(s.http_status, 500);
    CU_ASSERT_PTR_NULL(s.err.word);
    CU_ASSERT_STRING_EQUAL(status_of(RC_IO, NULL, "x").code, "internal");
    CU_ASSERT_STRING_EQUAL(status_of(RC_CORRUPT, NULL, "x").code, "internal");
    s = status_of(RC_BUSY, NULL, "x");
    CU_ASSERT_STRING_EQUAL(s.code, "bad_request");
    CU_ASSERT_EQUAL(s.http_status, 503);
    CU_ASSERT_EQUAL(status_of(RC_DEADLINE, NULL, "x").http_status, 504);
    CU_ASSERT_EQUAL(status_of(RC_NO_SPACE, NULL, "x").http_status, 422);
}

static void success_has_no_words(void)
{
    struct err err = {.rc = RC_OK};
    struct rpc_status s;

    rpc_status_from_err(NULL, &err, &s);
    CU_ASSERT_EQUAL(s.grpc_status, 0);
    CU_ASSERT_EQUAL(s.http_status, 200);
    CU_ASSERT_STRING_EQUAL(s.code, "");
}

static void json_has_four_keys_in_order(void)
{
    struct rpc_status s = status_of(RC_NOT_FOUND, "index_not_found", "Index `a\"b` not found.");
    struct buf out;

    buf_init(&out, 4096);
    rpc_status_to_json(&s, &out);
    CU_ASSERT_STRING_EQUAL(
        buf_cstr(&out), "{\"message\":\"Index `a\\\"b` not found.\",\"code\":\"index_not_found\","
                        "\"type\":\"invalid_request\","
                        "\"link\":\"https://docs.meilisearch.com/errors#index_not_found\"}");
    buf_done(&out);
}

SUITE(status, setup, teardown, TEST(the_table_is_sorted_and_every_word_is_found),
      TEST(words_have_their_status_and_type), TEST(every_rc_has_a_grpc_status),
      TEST(status_names_are_those_of_grpc), TEST(a_word_gives_code_type_and_link),
      TEST(an_unknown_word_is_still_told), TEST(missing_credentials_are_unauthenticated),
      TEST(failures_without_a_word_are_internal_or_bad_request), TEST(success_has_no_words),
      TEST(json_has_four_keys_in_order));
