/* SPDX-License-Identifier: MIT */
/* test_client_status.c -- the mapping tables, message texts and status details. */
#include "support/suite.h"

#include "client_int.h"

#include <string.h>

static void http_statuses_map_as_grpc_says(void)
{
    static const struct {
        int http;
        enum lode_status status;
    } rows[] = {
        {400, LODE_INTERNAL},      {401, LODE_UNAUTHENTICATED}, {403, LODE_PERMISSION_DENIED},
        {404, LODE_UNIMPLEMENTED}, {429, LODE_UNAVAILABLE},     {431, LODE_INTERNAL},
        {502, LODE_UNAVAILABLE},   {503, LODE_UNAVAILABLE},     {504, LODE_UNAVAILABLE},
        {200, LODE_UNKNOWN},       {500, LODE_UNKNOWN},         {302, LODE_UNKNOWN},
        {0, LODE_UNKNOWN}};
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        CU_ASSERT_EQUAL(client__status_of_http(rows[i].http), rows[i].status);
}

static void resets_map_as_grpc_says(void)
{
    uint32_t code;

    for (code = 0; code < 20; code++) {
        enum lode_status want = code == 7    ? LODE_UNAVAILABLE
                                : code == 8  ? LODE_CANCELLED
                                : code == 11 ? LODE_RESOURCE_EXHAUSTED
                                : code == 12 ? LODE_PERMISSION_DENIED
                                             : LODE_INTERNAL;

        CU_ASSERT_EQUAL(client__status_of_reset(code), want);
    }
    CU_ASSERT_EQUAL(client__status_of_reset(UINT32_MAX), LODE_INTERNAL);
}

static void a_status_that_is_no_code_is_unknown(void)
{
    CU_ASSERT_EQUAL(client__status_parse(B("0")), LODE_OK);
    CU_ASSERT_EQUAL(client__status_parse(B("5")), LODE_NOT_FOUND);
    CU_ASSERT_EQUAL(client__status_parse(B("16")), LODE_UNAUTHENTICATED);
    CU_ASSERT_EQUAL(client__status_parse(B("17")), LODE_UNKNOWN);
    CU_ASSERT_EQUAL(client__status_parse(B("-1")), LODE_UNKNOWN);
    CU_ASSERT_EQUAL(client__status_parse(B("")), LODE_UNKNOWN);
    CU_ASSERT_EQUAL(client__status_parse(B("00000000000000000000")), LODE_UNKNOWN);
    CU_ASSERT_EQUAL(client__status_parse(B("x")), LODE_UNKNOWN);
}

static void every_status_has_its_name(void)
{
    int status;

    for (status = LODE_OK; status <= LODE_UNAUTHENTICATED; status++)
        CU_ASSERT_TRUE(status == LODE_UNKNOWN ||
                       strcmp(lode_status_name((enum lode_status)status), "UNKNOWN") != 0);
    CU_ASSERT_STRING_EQUAL(lode_status_name(LODE_END), "END");
    CU_ASSERT_STRING_EQUAL(lode_status_name((enum lode_status)99), "UNKNOWN");
}

static void messages_are_percent_decoded_and_never_refused(void)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"plain", "plain"},
        {"a%20b%0Ac", "a b\nc"},
        {"%E2%98%BA", "\xe2\x98\xba"},
        {"100%", "100%"},
        {"%4", "%4"},
        {"%zz%41", "%zzA"},
        {"%ff", "\xef\xbf\xbd"},                               /* not UTF-8: replaced */
        {"%E2%98", "\xef\xbf\xbd\xef\xbf\xbd"},                /* cut character */
        {"%ED%A0%80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* a surrogate */
    };
    char text[64];
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        client__percent_decode(bytes_str(rows[i].in), text, sizeof(text));
        CU_ASSERT_STRING_EQUAL(text, rows[i].out);
    }
}

static void texts_are_cut_at_a_whole_character(void)
{
    char text[6];

    client__text_copy(text, sizeof(text), B("abc\xe2\x98\xba"));
    CU_ASSERT_STRING_EQUAL(text, "abc");
    client__text_copy(text, sizeof(text), B("ab\xe2\x98\xba"));
    CU_ASSERT_STRING_EQUAL(text, "ab\xe2\x98\xba");
    client__text_copy(text, sizeof(text), B("ab\0cd"));
    CU_ASSERT_STRING_EQUAL(text, "ab");
}

/* google.rpc.Status{5, "m", [Any{lode.v1.ErrorInfo{message:"text", code:"word"}}]} */
static const char details[] = "\x08\x05\x12\x01m\x1a\x37"
                              "\x0a\x25type.googleapis.com/lode.v1.ErrorInfo"
                              "\x12\x0e"
                              "\x0a\x04text\x12\x04word\x1a\x00";

static void details_give_the_error_word(void)
{
    struct lode_error error = {0};

    client__details_read(bytes_of(details, sizeof(details) - 1), &error);
    CU_ASSERT_STRING_EQUAL(error.code, "word");
    CU_ASSERT_STRING_EQUAL(error.message, "text"); /* only because there was none */
    memcpy(error.message, "kept", 5);
    client__details_read(bytes_of(details, sizeof(details) - 1), &error);
    CU_ASSERT_STRING_EQUAL(error.message, "kept");
}

static void damaged_details_are_left_alone(void)
{
    size_t n;

    for (n = 0; n + 1 < sizeof(details);
         n++) { /* every cut; a copy, so that ASan sees an overrun */
        struct lode_error error = {0};
        struct buf cut;

        buf_init(&cut, 256);
        buf_append(&cut, details, n);
        client__details_read(buf_view(&cut), &error);
        CU_ASSERT_STRING_EQUAL(error.code, "");
        buf_done(&cut);
    }
}

SUITE(status, NULL, NULL, TEST(http_statuses_map_as_grpc_says), TEST(resets_map_as_grpc_says),
      TEST(a_status_that_is_no_code_is_unknown), TEST(every_status_has_its_name),
      TEST(messages_are_percent_decoded_and_never_refused),
      TEST(texts_are_cut_at_a_whole_character), TEST(details_give_the_error_word),
      TEST(damaged_details_are_left_alone));
