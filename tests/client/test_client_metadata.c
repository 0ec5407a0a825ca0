/* SPDX-License-Identifier: MIT */
/* test_client_metadata.c -- names, values, base64, timeouts. */
#include "support/suite.h"

#include "base/clock.h"
#include "client_int.h"

#include <string.h>

static struct client_fields fields;
static struct lode_error error;

static void teardown(void)
{
    client__fields_done(&fields);
}

static void base64_goes_round_for_every_length(void)
{
    struct rng rng;
    size_t n;

    rng_init(&rng, suite_seed());
    for (n = 0; n < 100; n++) {
        uint8_t data[100];
        struct buf coded;
        struct buf plain;

        rng_fill(&rng, data, n);
        buf_init(&coded, 1000);
        buf_init(&plain, 1000);
        client__base64_encode(bytes_of(data, n), &coded);
        CU_ASSERT_EQUAL(coded.n, (n * 4 + 2) / 3);
        CU_ASSERT_TRUE(client__base64_decode(buf_view(&coded), &plain));
        CU_ASSERT_TRUE(bytes_eq(buf_view(&plain), bytes_of(data, n)));
        while (coded.n % 4) /* and with the padding that others send */
            buf_byte(&coded, '=');
        buf_clear(&plain);
        CU_ASSERT_TRUE(client__base64_decode(buf_view(&coded), &plain));
        CU_ASSERT_TRUE(bytes_eq(buf_view(&plain), bytes_of(data, n)));
        buf_done(&coded);
        buf_done(&plain);
    }
}

static void broken_base64_is_refused(void)
{
    static const char *const broken[] = {
        "a", "aaaaa", "a=", "aa=", "====", "a*aa", "aa-_", "aa==aa", "aaa=="};
    size_t i;

    for (i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
        struct buf plain;

        buf_init(&plain, 100);
        CU_ASSERT_FALSE(client__base64_decode(bytes_str(broken[i]), &plain));
        buf_done(&plain);
    }
    CU_ASSERT_FALSE(client__fields_receive(&fields, B("x-bin"), B("qw,!,qw")));
}

static void lists_of_bytes_are_split(void)
{
    CU_ASSERT_TRUE(client__fields_receive(&fields, B("x-bin"), B("YQ,YmI=,")));
    CU_ASSERT_EQUAL_FATAL(fields.n, 3);
    CU_ASSERT_EQUAL(fields.v[0].n, 1);
    CU_ASSERT_STRING_EQUAL((char *)fields.v[1].value, "bb");
    CU_ASSERT_EQUAL(fields.v[2].n, 0);
    CU_ASSERT_TRUE(client__fields_receive(&fields, B("x-text"), B("a,b")));
    CU_ASSERT_STRING_EQUAL((char *)client__fields_get(&fields, "x-text")->value, "a,b");
    CU_ASSERT_PTR_NULL(client__fields_get(&fields, "x-other"));
}

static enum lode_status send_one(const char *name, const char *value, size_t n)
{
    const struct lode_metadata metadata = {name, value, n};

    client__fields_done(&fields);
    return client__fields_send(&fields, &metadata, 1, &error);
}

static void only_good_metadata_is_sent(void)
{
    static const char *const names[] = {
        "",     "Upper",      "with space", ":path",       "grpc-timeout", "te", "content-type",
        "host", "user-agent", "connection", "caf\xc3\xa9", "a\nb"};
    static char big[CLIENT_METADATA_MAX];
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(*names); i++)
        CU_ASSERT_EQUAL(send_one(names[i], "v", 1), LODE_INVALID_ARGUMENT);
    CU_ASSERT_EQUAL(send_one("x", "a\r\nb: c", 7), LODE_INVALID_ARGUMENT);
    CU_ASSERT_EQUAL(send_one("x", "\xc3\xa9", 2), LODE_INVALID_ARGUMENT);
    CU_ASSERT_EQUAL(send_one("x-1_2.3", "  two blanks  ", 14), LODE_OK);
    CU_ASSERT_STRING_EQUAL((char *)fields.v[0].value, "two blanks");
    CU_ASSERT_EQUAL(send_one("x-bin", "\r\n\0", 3), LODE_OK);
    CU_ASSERT_STRING_EQUAL((char *)fields.v[0].value, "DQoA");
    memset(big, 'x', sizeof(big));
    CU_ASSERT_EQUAL(send_one("x", big, sizeof(big) - 33), LODE_OK);
    CU_ASSERT_EQUAL(send_one("x", big, sizeof(big) - 32), LODE_RESOURCE_EXHAUSTED);
}

static void timeouts_take_the_finest_unit_and_round_up(void)
{
    static const struct {
        int64_t ns;
        const char *text;
    } rows[] = {{0, "1n"},
                {-5, "1n"},
                {1, "1n"},
                {99999999, "99999999n"},
                {100000000, "100000u"},
                {100000001, "100001u"},
                {5 * NS_PER_S, "5000000u"},
                {100 * NS_PER_S, "100000m"},
                {99999999 * NS_PER_MS, "99999999m"},
                {99999999 * NS_PER_MS + 1, "100000S"},
                {INT64_MAX, "2562048H"}}; /* 292 years: minutes would have nine digits */
    char text[16];
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        client__timeout_format(text, rows[i].ns);
        CU_ASSERT_STRING_EQUAL(text, rows[i].text);
    }
}

SUITE(metadata, NULL, teardown, TEST(base64_goes_round_for_every_length),
      TEST(broken_base64_is_refused), TEST(lists_of_bytes_are_split),
      TEST(only_good_metadata_is_sent), TEST(timeouts_take_the_finest_unit_and_round_up));
