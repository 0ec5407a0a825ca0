/* SPDX-License-Identifier: MIT */
/* test_frame.c -- messages come out the same wherever the bytes are cut. */
#include "grpc/grpc_frame.h"

#include "base/rng.h"
#include "support/suite.h"

#include <string.h>

enum { MAX = 64 };

static struct grpc_frame_parser parser;
static struct buf seen; /* "flag length body" of each message, flattened */

static void setup(void)
{
    grpc_frame_init(&parser, MAX);
    buf_init(&seen, 1 << 20);
}

static void teardown(void)
{
    grpc_frame_done(&parser);
    buf_done(&seen);
}

static enum rc feed(struct bytes in)
{
    struct grpc_frame frame;
    struct err err;
    bool whole;

    while (in.n) {
        enum rc rc = grpc_frame_next(&parser, &in, &frame, &whole, &err);

        if (rc != RC_OK)
            return rc;
        if (!whole)
            break;
        buf_printf(&seen, "%d %zu %.*s|", frame.compressed, frame.body.n, BYTES_ARG(frame.body));
    }
    CU_ASSERT_EQUAL(in.n, 0);
    return RC_OK;
}

/* Four messages: plain, empty, compressed, as large as allowed. */
static struct bytes sample(void)
{
    static uint8_t bytes[4 * GRPC_PREFIX + 3 + 2 + MAX];
    size_t n = 0;

    grpc_frame_put_prefix(bytes, false, 3);
    memcpy(bytes + 5, "abc", 3);
    n = 8;
    grpc_frame_put_prefix(bytes + n, false, 0);
    n += 5;
    grpc_frame_put_prefix(bytes + n, true, 2);
    memcpy(bytes + n + 5, "zz", 2);
    n += 7;
    grpc_frame_put_prefix(bytes + n, false, MAX);
    memset(bytes + n + 5, 'm', MAX);
    return bytes_of(bytes, n + 5 + MAX);
}

static const char want[] =
    "0 3 abc|0 0 |1 2 zz|0 64 mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm|";

static void the_prefix_is_flag_and_length(void)
{
    CU_ASSERT(bytes_eq(bytes_of(sample().p, 8), bytes_of("\0\0\0\0\3abc", 8)));
}

static void every_two_cuts_give_the_same(void)
{
    struct bytes all = sample();
    size_t i, j;

    for (i = 0; i <= all.n; i++) {
        for (j = i; j <= all.n; j++) {
            buf_clear(&seen);
            CU_ASSERT_EQUAL(feed(bytes_of(all.p, i)), RC_OK);
            CU_ASSERT_EQUAL(feed(bytes_of(all.p + i, j - i)), RC_OK);
            CU_ASSERT_EQUAL(feed(bytes_of(all.p + j, all.n - j)), RC_OK);
            CU_ASSERT_FALSE(grpc_frame_is_open(&parser));
            if (strcmp(buf_cstr(&seen), want) != 0)
                CU_FAIL_FATAL("cut differently, read differently");
        }
    }
}

static void single_bytes_and_copies_give_the_same(void)
{
    struct bytes all = sample();
    size_t i;

    parser.always_copy = true;
    for (i = 0; i < all.n; i++)
        CU_ASSERT_EQUAL(feed(bytes_of(all.p + i, 1)), RC_OK);
    CU_ASSERT_STRING_EQUAL(buf_cstr(&seen), want);
    buf_clear(&seen);
    CU_ASSERT_EQUAL(feed(all), RC_OK);
    CU_ASSERT_STRING_EQUAL(buf_cstr(&seen), want);
}

static void a_whole_message_in_the_input_is_not_copied(void)
{
    struct bytes all = sample(), in = all;
    struct grpc_frame frame;
    struct err err;
    bool whole;

    CU_ASSERT_EQUAL(grpc_frame_next(&parser, &in, &frame, &whole, &err), RC_OK);
    CU_ASSERT(whole && frame.body.p == all.p + GRPC_PREFIX);
    parser.always_copy = true;
    in = all;
    CU_ASSERT_EQUAL(grpc_frame_next(&parser, &in, &frame, &whole, &err), RC_OK);
    CU_ASSERT(whole && frame.body.p == parser.body.p);
}

static void an_open_message_is_known(void)
{
    struct bytes all = sample();
    size_t i;

    for (i = 1; i < 8; i++) {
        grpc_frame_done(&parser);
        grpc_frame_init(&parser, MAX);
        CU_ASSERT_EQUAL(feed(bytes_of(all.p, i)), RC_OK);
        CU_ASSERT(grpc_frame_is_open(&parser));
    }
}

static void only_flags_0_and_1_are_taken(void)
{
    unsigned flag;

    for (flag = 2; flag < 256; flag++) {
        uint8_t bytes[GRPC_PREFIX] = {(uint8_t)flag};

        CU_ASSERT_EQUAL(feed(bytes_of(bytes, sizeof bytes)), RC_CORRUPT);
        grpc_frame_done(&parser);
        grpc_frame_init(&parser, MAX);
    }
}

static void the_limit_holds_at_the_prefix(void)
{
    uint8_t bytes[GRPC_PREFIX];

    grpc_frame_put_prefix(bytes, false, MAX + 1);
    CU_ASSERT_EQUAL(feed(bytes_of(bytes, 4)), RC_OK);
    CU_ASSERT_EQUAL(feed(bytes_of(bytes + 4, 1)), RC_TOO_LARGE);
    CU_ASSERT_EQUAL(parser.body.cap, 0);
    grpc_frame_done(&parser);
    grpc_frame_init(&parser, MAX);
    grpc_frame_put_prefix(bytes, true, UINT32_MAX);
    CU_ASSERT_EQUAL(feed(bytes_of(bytes, 5)), RC_TOO_LARGE);
}

static void memory_follows_what_arrives(void)
{
    uint8_t bytes[GRPC_PREFIX];

    grpc_frame_done(&parser);
    grpc_frame_init(&parser, 4 * 1024 * 1024);
    grpc_frame_put_prefix(bytes, false, 4 * 1024 * 1024);
    CU_ASSERT_EQUAL(feed(bytes_of(bytes, 5)), RC_OK);
    CU_ASSERT_EQUAL(feed(B("x")), RC_OK);
    CU_ASSERT(parser.body.cap < 4096);
}

static void random_cuts_of_random_messages(void)
{
    struct rng rng;
    int round;

    rng_init(&rng, suite_seed());
    for (round = 0; round < 200; round++) {
        struct buf all, expect;
        size_t at = 0, i, n_messages = rng_below(&rng, 20);

        buf_init(&all, 1 << 16);
        buf_init(&expect, 1 << 16);
        for (i = 0; i < n_messages; i++) {
            size_t n = rng_below(&rng, MAX + 1);
            bool flag = rng_below(&rng, 2);
            uint8_t prefix[GRPC_PREFIX], body[MAX];

            memset(body, 'a' + (int)(i % 26), n);
            grpc_frame_put_prefix(prefix, flag, (uint32_t)n);
            buf_append(&all, prefix, sizeof prefix);
            buf_append(&all, body, n);
            buf_printf(&expect, "%d %zu %.*s|", flag, n, (int)n, (const char *)body);
        }
        buf_clear(&seen);
        while (at < all.n) {
            size_t n = 1 + rng_below(&rng, 40);

            if (n > all.n - at)
                n = all.n - at;
            CU_ASSERT_EQUAL(feed(bytes_of(all.p + at, n)), RC_OK);
            at += n;
        }
        CU_ASSERT_STRING_EQUAL(buf_cstr(&seen), buf_cstr(&expect));
        buf_done(&all);
        buf_done(&expect);
    }
}

SUITE(frame, setup, teardown, TEST(the_prefix_is_flag_and_length),
      TEST(every_two_cuts_give_the_same), TEST(single_bytes_and_copies_give_the_same),
      TEST(a_whole_message_in_the_input_is_not_copied), TEST(an_open_message_is_known),
      TEST(only_flags_0_and_1_are_taken), TEST(the_limit_holds_at_the_prefix),
      TEST(memory_follows_what_arrives), TEST(random_cuts_of_random_messages));
