/* SPDX-License-Identifier: MIT */
/* test_coding.c -- messages compressed and back, bounded, and nothing kept in between. */
#include "grpc/coding.h"

#include "base/mem.h"
#include "base/rng.h"
#include "support/suite.h"

#include <string.h>

static struct grpc_codec *codec;
static struct buf packed, plain;
static struct err err;

static void setup(void)
{
    codec = grpc_codec_new();
    buf_init(&packed, 1 << 26);
    buf_init(&plain, 1 << 20);
}

static void teardown(void)
{
    grpc_codec_free(codec);
    buf_done(&packed);
    buf_done(&plain);
}

static void limit_plain(size_t limit)
{
    buf_done(&plain);
    buf_init(&plain, limit);
}

static void both_codings_come_back_in_any_order(void)
{
    uint8_t *data = xmalloc(1 << 18);
    struct rng rng;
    int i;

    rng_init(&rng, suite_seed());
    for (i = 0; i < 60; i++) {
        enum grpc_coding coding = rng_below(&rng, 2) ? GRPC_GZIP : GRPC_DEFLATE;
        size_t n = rng_below(&rng, i < 50 ? 5000 : 1 << 18);

        if (i % 2)
            rng_fill(&rng, data, n);
        else
            memset(data, 'z', n);
        buf_clear(&packed);
        buf_clear(&plain);
        CU_ASSERT_EQUAL(grpc_codec_deflate(codec, coding, bytes_of(data, n), &packed, &err), RC_OK);
        CU_ASSERT_EQUAL(grpc_codec_inflate(codec, coding, buf_view(&packed), &plain, &err), RC_OK);
        CU_ASSERT(bytes_eq(buf_view(&plain), bytes_of(data, n)));
    }
    xfree(data);
}

static void the_formats_are_gzip_and_zlib(void)
{
    CU_ASSERT_EQUAL(grpc_codec_deflate(codec, GRPC_GZIP, B("x"), &packed, &err), RC_OK);
    CU_ASSERT(packed.p[0] == 0x1f && packed.p[1] == 0x8b);
    CU_ASSERT_EQUAL(grpc_codec_inflate(codec, GRPC_DEFLATE, buf_view(&packed), &plain, &err),
                    RC_CORRUPT);
    buf_clear(&packed);
    CU_ASSERT_EQUAL(grpc_codec_deflate(codec, GRPC_DEFLATE, B("x"), &packed, &err), RC_OK);
    CU_ASSERT((packed.p[0] & 15) == 8 && (packed.p[0] * 256 + packed.p[1]) % 31 == 0);
}

static void the_limit_is_exact(void)
{
    static const uint8_t zeros[100001];

    CU_ASSERT_EQUAL(grpc_codec_deflate(codec, GRPC_GZIP, bytes_of(zeros, 100000), &packed, &err),
                    RC_OK);
    limit_plain(100000);
    CU_ASSERT_EQUAL(grpc_codec_inflate(codec, GRPC_GZIP, buf_view(&packed), &plain, &err), RC_OK);
    CU_ASSERT_EQUAL(plain.n, 100000);
    limit_plain(99999);
    CU_ASSERT_EQUAL(grpc_codec_inflate(codec, GRPC_GZIP, buf_view(&packed), &plain, &err),
                    RC_TOO_LARGE);
    limit_plain(1);
    CU_ASSERT_EQUAL(grpc_codec_inflate(codec, GRPC_GZIP, buf_view(&packed), &plain, &err),
                    RC_TOO_LARGE);
    CU_ASSERT(plain.cap <= 4096);
}

static void a_bomb_is_stopped_early(void)
{
    size_t n = (size_t)1 << 25;
    uint8_t *zeros = xcalloc(1, n);

    CU_ASSERT_EQUAL(grpc_codec_deflate(codec, GRPC_GZIP, bytes_of(zeros, n), &packed, &err), RC_OK);
    xfree(zeros);
    CU_ASSERT(packed.n < n / 100);
    CU_ASSERT_EQUAL(grpc_codec_inflate(codec, GRPC_GZIP, buf_view(&packed), &plain, &err),
                    RC_TOO_LARGE);
    CU_ASSERT(plain.cap <= 2 * plain.limit);
}

static void damage_is_found_and_the_codec_goes_on(void)
{
    struct buf good;
    size_t i;

    buf_init(&good, 1000);
    CU_ASSERT_EQUAL(grpc_codec_deflate(codec, GRPC_GZIP, B("a message, a message"), &good, &err),
                    RC_OK);
    for (i = 0; i < good.n; i++) { /* cut short */
        buf_clear(&plain);
        CU_ASSERT_EQUAL(grpc_codec_inflate(codec, GRPC_GZIP, bytes_of(good.p, i), &plain, &err),
                        RC_CORRUPT);
    }
    for (i = 0; i < good.n; i++) { /* one bit turned; header bytes 3 to 9 may say what they like */
        enum rc rc;

        if (i >= 3 && i <= 9)
            continue;
        buf_clear(&plain);
        good.p[i] ^= 0x10;
        rc = grpc_codec_inflate(codec, GRPC_GZIP, buf_view(&good), &plain, &err);
        CU_ASSERT_NOT_EQUAL(rc, RC_OK);
        good.p[i] ^= 0x10;
    }
    buf_clear(&plain);
    buf_byte(&good, 'x');
    CU_ASSERT_EQUAL(grpc_codec_inflate(codec, GRPC_GZIP, buf_view(&good), &plain, &err),
                    RC_CORRUPT);
    buf_cut(&good, good.n - 1);
    buf_clear(&plain);
    CU_ASSERT_EQUAL(grpc_codec_inflate(codec, GRPC_GZIP, buf_view(&good), &plain, &err), RC_OK);
    CU_ASSERT(bytes_eq(buf_view(&plain), B("a message, a message")));
    buf_done(&good);
}

SUITE(coding, setup, teardown, TEST(both_codings_come_back_in_any_order),
      TEST(the_formats_are_gzip_and_zlib), TEST(the_limit_is_exact), TEST(a_bomb_is_stopped_early),
      TEST(damage_is_found_and_the_codec_goes_on));
