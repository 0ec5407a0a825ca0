/* SPDX-License-Identifier: MIT */
/* test_http_encoding.c -- content codings: whole, in pieces, damaged, cut, and as bombs. */
#include "base/mem.h"
#include "base/rng.h"
#include "http/http_encoding.h"
#include "support/suite.h"

#include <zlib.h>
#include <zstd.h>

enum { TEXT_MAX = 300000, PACKED_MAX = 400000, BOMB = 64 << 20 };

static uint8_t text[TEXT_MAX];
static struct buf packed;
static struct buf plain;
static struct http_decoder *decoder;
static struct http_encoder *encoder;
static struct err err;

static void setup(void)
{
    struct rng rng;
    size_t i;

    rng_init(&rng, 7);
    for (i = 0; i < TEXT_MAX; i++)
        text[i] = (uint8_t) "abcdefgh"[rng_below(&rng, 8)];
    buf_init(&packed, BUF_NO_LIMIT);
    buf_init(&plain, BUF_NO_LIMIT);
    encoder = http_encoder_new();
    decoder = NULL;
}

static void teardown(void)
{
    http_decoder_free(decoder);
    http_encoder_free(encoder);
    buf_done(&packed);
    buf_done(&plain);
}

/* window: 31 gzip, 15 zlib, -15 raw. */
static void deflate_to(struct buf *out, struct bytes in, int window)
{
    z_stream z = {0};

    CU_ASSERT_EQUAL_FATAL(deflateInit2(&z, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
    buf_reserve(out, in.n + 4096);
    z.next_in = (Bytef *)(uintptr_t)in.p;
    z.avail_in = (uInt)in.n;
    z.next_out = out->p + out->n;
    z.avail_out = (uInt)(in.n + 4096);
    CU_ASSERT_EQUAL(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->n += z.total_out;
    deflateEnd(&z);
}

static void zstd_to(struct buf *out, struct bytes in)
{
    size_t n = ZSTD_compressBound(in.n);

    buf_reserve(out, n);
    out->n += ZSTD_compress(out->p + out->n, n, in.p, in.n, 3);
}

static void pack(enum http_coding coding, struct bytes in)
{
    buf_clear(&packed);
    if (coding == HTTP_ZSTD)
        zstd_to(&packed, in);
    else
        deflate_to(&packed, in, coding == HTTP_GZIP ? 31 : 15);
}

/* Decodes all of packed, `step` bytes in and `room` bytes out at a time. */
static enum rc unpack(enum http_coding coding, struct bytes in, size_t step, size_t room)
{
    uint8_t *out = xmalloc(room);
    enum rc rc = RC_OK;
    size_t n;

    http_decoder_free(decoder);
    decoder = http_decoder_new(coding);
    buf_clear(&plain);
    while (in.n > 0 && rc == RC_OK) {
        struct bytes part = bytes_of(in.p, in.n < step ? in.n : step);

        in = bytes_of(in.p + part.n, in.n - part.n);
        do {
            rc = http_decoder_run(decoder, &part, out, room, &n, &err);
            if (rc == RC_OK)
                buf_append(&plain, out, n);
        } while (rc == RC_OK && (n == room || part.n > 0));
    }
    xfree(out);
    return rc == RC_OK ? http_decoder_end(decoder, &err) : rc;
}

static const enum http_coding all[] = {HTTP_GZIP, HTTP_DEFLATE, HTTP_ZSTD};

static void every_coding_comes_back_however_it_is_cut(void)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(all); i++) {
        pack(all[i], bytes_of(text, TEXT_MAX));
        CU_ASSERT_EQUAL(unpack(all[i], buf_view(&packed), SIZE_MAX, 65536), RC_OK);
        CU_ASSERT(bytes_eq(buf_view(&plain), bytes_of(text, TEXT_MAX)));
        CU_ASSERT_EQUAL(unpack(all[i], buf_view(&packed), 777, 333), RC_OK);
        CU_ASSERT(bytes_eq(buf_view(&plain), bytes_of(text, TEXT_MAX)));
        pack(all[i], bytes_of(text, 1000));
        CU_ASSERT_EQUAL(unpack(all[i], buf_view(&packed), 1, 1), RC_OK);
        CU_ASSERT(bytes_eq(buf_view(&plain), bytes_of(text, 1000)));
        pack(all[i], bytes_of(text, 0));
        CU_ASSERT_EQUAL(unpack(all[i], buf_view(&packed), 1, 64), RC_OK);
        CU_ASSERT_EQUAL(plain.n, 0);
    }
}

static void several_members_or_frames_are_one_payload(void)
{
    deflate_to(&packed, bytes_of(text, 500), 31);
    deflate_to(&packed, bytes_of(text + 500, 500), 31);
    CU_ASSERT_EQUAL(unpack(HTTP_GZIP, buf_view(&packed), 3, 100), RC_OK);
    CU_ASSERT(bytes_eq(buf_view(&plain), bytes_of(text, 1000)));
    buf_clear(&packed);
    zstd_to(&packed, bytes_of(text, 500));
    zstd_to(&packed, bytes_of(text + 500, 500));
    CU_ASSERT_EQUAL(unpack(HTTP_ZSTD, buf_view(&packed), 3, 100), RC_OK);
    CU_ASSERT(bytes_eq(buf_view(&plain), bytes_of(text, 1000)));
}

static void raw_deflate_passes_for_deflate(void)
{
    deflate_to(&packed, bytes_of(text, 5000), -15);
    CU_ASSERT_EQUAL(unpack(HTTP_DEFLATE, buf_view(&packed), 1, 100), RC_OK);
    CU_ASSERT(bytes_eq(buf_view(&plain), bytes_of(text, 5000)));
}

static void what_follows_the_end_is_refused(void)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(all); i++) {
        pack(all[i], bytes_of(text, 1000));
        buf_str(&packed, "more");
        CU_ASSERT_EQUAL(unpack(all[i], buf_view(&packed), SIZE_MAX, 65536), RC_INVALID);
        CU_ASSERT_STRING_EQUAL(err.word, "bad_request");
    }
}

static void a_cut_payload_is_refused_at_every_length(void)
{
    size_t i, n;

    for (i = 0; i < ARRAY_LEN(all); i++) {
        pack(all[i], bytes_of(text, 300));
        for (n = 1; n < packed.n; n++)
            CU_ASSERT_EQUAL(unpack(all[i], bytes_of(packed.p, n), SIZE_MAX, 4096), RC_INVALID);
    }
}

static void damage_never_passes_unseen_in_gzip(void)
{
    struct rng rng;
    int round;

    rng_init(&rng, suite_seed());
    for (round = 0; round < 3000; round++) {
        enum http_coding coding = all[rng_below(&rng, ARRAY_LEN(all))];
        bool same;

        pack(coding, bytes_of(text, 500));
        packed.p[rng_below(&rng, packed.n)] ^= (uint8_t)(1U << rng_below(&rng, 8));
        /* Only gzip and zlib carry checksums (and a few header bits mean nothing). */
        if (unpack(coding, buf_view(&packed), 1 + (size_t)rng_below(&rng, 50), 64) != RC_OK)
            continue;
        same = bytes_eq(buf_view(&plain), bytes_of(text, 500));
        CU_ASSERT(same || coding == HTTP_ZSTD);
    }
}

static void a_bomb_is_stopped_early(void)
{
    static uint8_t zeros[BOMB];
    size_t i;

    for (i = 0; i < ARRAY_LEN(all); i++) {
        pack(all[i], bytes_of(zeros, BOMB));
        CU_ASSERT_EQUAL(unpack(all[i], buf_view(&packed), SIZE_MAX, 65536), RC_TOO_LARGE);
        CU_ASSERT_STRING_EQUAL(err.word, "payload_too_large");
        CU_ASSERT(plain.n <= 16 << 20);
    }
    /* Below the free amount any ratio is fine. */
    pack(HTTP_GZIP, bytes_of(zeros, HTTP_RATIO_FREE));
    CU_ASSERT_EQUAL(unpack(HTTP_GZIP, buf_view(&packed), SIZE_MAX, 65536), RC_OK);
}

static void a_window_over_eight_mebibytes_is_refused(void)
{
    static uint8_t many[9 << 20];
    ZSTD_CCtx *c = ZSTD_createCCtx();
    struct rng rng;
    size_t n;

    rng_init(&rng, 1);
    rng_fill(&rng, many, sizeof(many));
    ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, 24);
    buf_reserve(&packed, ZSTD_compressBound(sizeof(many)));
    n = ZSTD_compress2(c, packed.p, ZSTD_compressBound(sizeof(many)), many, sizeof(many));
    ZSTD_freeCCtx(c);
    CU_ASSERT_EQUAL(unpack(HTTP_ZSTD, bytes_of(packed.p, n), SIZE_MAX, 65536), RC_INVALID);
}

static void codings_are_known_by_name(void)
{
    enum http_coding coding;

    CU_ASSERT_EQUAL(http_coding_parse(B("GZIP"), &coding, &err), RC_OK);
    CU_ASSERT_EQUAL(coding, HTTP_GZIP);
    CU_ASSERT_EQUAL(http_coding_parse(B(" zstd "), &coding, &err), RC_OK);
    CU_ASSERT_EQUAL(coding, HTTP_ZSTD);
    CU_ASSERT_EQUAL(http_coding_parse(B("deflate"), &coding, &err), RC_OK);
    CU_ASSERT_EQUAL(coding, HTTP_DEFLATE);
    CU_ASSERT_EQUAL(http_coding_parse(B("identity"), &coding, &err), RC_OK);
    CU_ASSERT_EQUAL(coding, HTTP_IDENTITY);
    CU_ASSERT_EQUAL(http_coding_parse(B("br"), &coding, &err), RC_INVALID);
    CU_ASSERT_EQUAL(http_coding_parse(B("gzip, zstd"), &coding, &err), RC_INVALID);
    CU_ASSERT_EQUAL(http_coding_parse(B(""), &coding, &err), RC_INVALID);
}

static void the_client_chooses_the_answers_coding(void)
{
    static const struct {
        const char *accept;
        enum http_coding want;
    } cases[] = {
        {"", HTTP_IDENTITY},
        {"gzip", HTTP_GZIP},
        {"GZip , br", HTTP_GZIP},
        {"zstd", HTTP_ZSTD},
        {"gzip, deflate, br, zstd", HTTP_ZSTD},
        {"gzip;q=1.0, zstd;q=0.5", HTTP_GZIP},
        {"gzip;q=0.5, zstd;q=0.50", HTTP_ZSTD},
        {"gzip;q=0", HTTP_IDENTITY},
        {"gzip;q=0.000", HTTP_IDENTITY},
        {"gzip ; q=0.001", HTTP_GZIP},
        {"*", HTTP_ZSTD},
        {"*;q=0", HTTP_IDENTITY},
        {"zstd;q=0, *", HTTP_GZIP},
        {"br, deflate", HTTP_IDENTITY},
        {"identity", HTTP_IDENTITY},
        {"gzip;x=1", HTTP_IDENTITY},
        {"gzip;", HTTP_IDENTITY},
        {",,gzip,,", HTTP_GZIP},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++)
        CU_ASSERT_EQUAL(http_accept_coding(bytes_str(cases[i].accept)), cases[i].want);
}

static void answers_come_back_and_never_grow(void)
{
    static const enum http_coding two[] = {HTTP_GZIP, HTTP_ZSTD};
    struct rng rng;
    uint8_t noise[5000];
    size_t i, k;

    rng_init(&rng, suite_seed());
    rng_fill(&rng, noise, sizeof(noise));
    for (i = 0; i < ARRAY_LEN(two); i++) {
        for (k = 0; k < 3; k++) { /* the same encoder again and again */
            buf_clear(&packed);
            buf_str(&packed, "kept");
            CU_ASSERT(http_encode(encoder, two[i], bytes_of(text, 10000 * (k + 1)), &packed));
            CU_ASSERT_EQUAL(unpack(two[i], bytes_of(packed.p + 4, packed.n - 4), SIZE_MAX, 65536),
                            RC_OK);
            CU_ASSERT(bytes_eq(buf_view(&plain), bytes_of(text, 10000 * (k + 1))));
        }
        CU_ASSERT_FALSE(http_encode(encoder, two[i], bytes_of(noise, sizeof(noise)), &plain));
        CU_ASSERT_FALSE(http_encode(encoder, two[i], bytes_of(noise, 0), &plain));
    }
}

SUITE(http_encoding, setup, teardown, TEST(every_coding_comes_back_however_it_is_cut),
      TEST(several_members_or_frames_are_one_payload), TEST(raw_deflate_passes_for_deflate),
      TEST(what_follows_the_end_is_refused), TEST(a_cut_payload_is_refused_at_every_length),
      TEST(damage_never_passes_unseen_in_gzip), TEST(a_bomb_is_stopped_early),
      TEST(a_window_over_eight_mebibytes_is_refused), TEST(codings_are_known_by_name),
      TEST(the_client_chooses_the_answers_coding), TEST(answers_come_back_and_never_grow));
