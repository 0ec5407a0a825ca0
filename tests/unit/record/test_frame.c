/* SPDX-License-Identifier: MIT */
/* test_frame.c -- frames are exactly what they say, or refused. libzstd is the oracle. */
#include "base/mem.h"
#include "base/rng.h"
#include "record/record.h"
#include "support/suite.h"

#include <stdio.h>
#include <zstd.h>

static struct frame_encoder *enc;
static struct frame_decoder *dec;
static struct buf content, frame;
static struct err err;
static struct rng rng;

static void setup(void)
{
    enc = frame_encoder_new(RECORD_FRAME_LEVEL);
    dec = frame_decoder_new();
    buf_init(&content, BUF_NO_LIMIT);
    buf_init(&frame, BUF_NO_LIMIT);
    err = (struct err){0};
    rng_init(&rng, suite_seed());
}

static void teardown(void)
{
    frame_encoder_free(enc);
    frame_decoder_free(dec);
    buf_done(&content);
    buf_done(&frame);
}

/* Text that compresses about as documents do, with stretches that do not compress at all. */
static void fill(size_t n)
{
    buf_clear(&content);
    while (content.n < n) {
        uint64_t r = rng_next(&rng);

        if (r % 97 == 0)
            (void)buf_append(&content, &r, sizeof r);
        else
            (void)buf_printf(&content, "{\"id\":%u,\"word\":\"%x\"}", (unsigned)(r & 0xffff),
                             (unsigned)(r >> 40 & 0xff));
    }
    buf_cut(&content, n);
}

static void encode(void)
{
    buf_clear(&frame);
    CU_ASSERT_EQUAL_FATAL(frame_encode(enc, buf_view(&content), &frame, &err), RC_OK);
}

static enum rc decode(struct bytes bytes)
{
    struct bytes got = {0};
    enum rc rc = frame_decode(dec, bytes, RECORD_FRAME_MAX, &got, &err);

    if (rc == RC_OK)
        CU_ASSERT(bytes_eq(got, buf_view(&content)));
    return rc;
}

static void frames_of_all_sizes_come_back(void)
{
    static const size_t sizes[] = {0,     1,     2,      255,    256,    257,    65535,  65536,
                                   65791, 65792, 131071, 131072, 131073, 300000, 9 << 20};
    size_t i, n;
    uint64_t declared;

    for (i = 0; i < ARRAY_LEN(sizes); i++) {
        fill(sizes[i]);
        encode();
        CU_ASSERT_EQUAL(frame_measure(buf_view(&frame), &n, &declared, &err), RC_OK);
        CU_ASSERT_EQUAL(n, frame.n);
        CU_ASSERT_EQUAL(declared, sizes[i]);
        CU_ASSERT_EQUAL(n, ZSTD_findFrameCompressedSize(frame.p, frame.n));
        CU_ASSERT_EQUAL(decode(buf_view(&frame)), RC_OK);
    }
}

static void every_level_gives_frames_that_are_accepted(void)
{
    int level;

    fill(200000);
    while (content.n < 9 << 20) /* over the largest window, yet quick at level 19 */
        CU_ASSERT_FATAL(buf_reserve(&content, content.n) &&
                        buf_append(&content, content.p, content.n));
    for (level = 1; level <= 19; level += 3) {
        frame_encoder_free(enc);
        enc = frame_encoder_new(level);
        encode();
        CU_ASSERT_EQUAL(decode(buf_view(&frame)), RC_OK);
    }
}

static void no_flipped_bit_gives_other_content(void)
{
    size_t bit, n_accepted = 0;

    fill(3000);
    encode();
    for (bit = 0; bit < 8 * frame.n; bit++) {
        enum rc rc;

        frame.p[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        rc = decode(buf_view(&frame));
        CU_ASSERT(rc == RC_CORRUPT || rc == RC_TOO_LARGE || rc == RC_OK); /* decode() compares */
        n_accepted += rc == RC_OK;
        frame.p[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    }
    /* Matches that point to the same bytes elsewhere, padding; a dump's SHA-256 covers these. */
    CU_ASSERT(n_accepted < 8 * frame.n / 50);
    CU_ASSERT_EQUAL(decode(buf_view(&frame)), RC_OK);
}

static void a_frame_is_decoded_behind_what_is_there(void)
{
    struct buf out, small;

    buf_init(&out, BUF_NO_LIMIT);
    buf_init(&small, 2999);
    fill(3000);
    encode();
    (void)buf_str(&out, "before");
    CU_ASSERT_EQUAL(frame_decode_to(dec, buf_view(&frame), 3000, &out, &err), RC_OK);
    CU_ASSERT_EQUAL_FATAL(out.n, strlen("before") + content.n);
    CU_ASSERT(bytes_eq(bytes_of(out.p, 6), B("before")));
    CU_ASSERT(bytes_eq(bytes_of(out.p + 6, out.n - 6), buf_view(&content)));
    CU_ASSERT_EQUAL(frame_decode_to(dec, buf_view(&frame), 2999, &out, &err), RC_TOO_LARGE);
    CU_ASSERT_EQUAL(frame_decode_to(dec, buf_view(&frame), 3000, &small, &err), RC_TOO_LARGE);
    frame.p[frame.n / 2] ^= 1;
    CU_ASSERT_EQUAL(frame_decode_to(dec, buf_view(&frame), 3000, &out, &err), RC_CORRUPT);
    CU_ASSERT_EQUAL(out.n, strlen("before") + content.n); /* nothing of what failed */
    buf_done(&out);
    buf_done(&small);
}

static void every_cut_is_refused_and_measured_as_incomplete(void)
{
    uint64_t declared;
    size_t n, len;

    fill(3000);
    encode();
    for (len = 0; len < frame.n; len++) {
        uint8_t *exact = xmemdup(frame.p, len); /* so that ASan sees a read behind the end */

        CU_ASSERT_EQUAL(frame_measure(bytes_of(exact, len), &n, &declared, &err), RC_NOT_FOUND);
        CU_ASSERT_EQUAL(decode(bytes_of(exact, len)), RC_CORRUPT);
        xfree(exact);
    }
}

static void bytes_behind_a_frame_are_refused(void)
{
    size_t n = 0;
    uint64_t declared;

    fill(100);
    encode();
    n = frame.n;
    (void)buf_byte(&frame, 0);
    CU_ASSERT_EQUAL(decode(buf_view(&frame)), RC_CORRUPT);
    CU_ASSERT_EQUAL(frame_measure(buf_view(&frame), &n, &declared, &err), RC_OK);
    CU_ASSERT_EQUAL(n, frame.n - 1);
    buf_cut(&frame, n);
    (void)buf_append(&frame, frame.p, n); /* libzstd alone would decode both */
    CU_ASSERT_EQUAL(decode(buf_view(&frame)), RC_CORRUPT);
}

/* Encodes with libzstd as a stranger would. */
static void encode_foreign(bool checksum, bool size, int window_log, int long_mode)
{
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    ZSTD_inBuffer in = {content.p, content.n, 0};
    ZSTD_outBuffer to;

    (void)ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, checksum);
    (void)ZSTD_CCtx_setParameter(zstd, ZSTD_c_contentSizeFlag, size);
    if (window_log)
        (void)ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, window_log);
    (void)ZSTD_CCtx_setParameter(zstd, ZSTD_c_enableLongDistanceMatching, long_mode);
    if (size)
        (void)ZSTD_CCtx_setPledgedSrcSize(zstd, content.n);
    buf_clear(&frame);
    CU_ASSERT_FATAL(buf_reserve(&frame, ZSTD_compressBound(content.n) + 64));
    to = (ZSTD_outBuffer){frame.p, frame.cap, 0};
    CU_ASSERT_EQUAL_FATAL(ZSTD_compressStream2(zstd, &to, &in, ZSTD_e_end), 0);
    frame.n = to.pos;
    (void)ZSTD_freeCCtx(zstd);
}

static void frames_without_their_safeguards_are_refused(void)
{

    fill(5000);
    encode_foreign(true, true, 0, 0);
    CU_ASSERT_EQUAL(decode(buf_view(&frame)), RC_OK);
    encode_foreign(false, true, 0, 0);
    CU_ASSERT_EQUAL(decode(buf_view(&frame)), RC_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "checksum"));
    encode_foreign(true, false, 0, 0);
    CU_ASSERT_EQUAL(decode(buf_view(&frame)), RC_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "content size"));
    fill(17 << 20);
    encode_foreign(true, true, 24, 0);
    CU_ASSERT_EQUAL(decode(buf_view(&frame)), RC_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "window"));
}

static void other_starts_are_told_apart(void)
{
    size_t n;
    uint64_t c;

    CU_ASSERT_EQUAL(frame_measure(B("\x50\x2a\x4d\x18\x04\0\0\0abcd"), &n, &c, &err), RC_INVALID);
    CU_ASSERT_EQUAL(frame_measure(B("\x5f\x2a\x4d\x18\x04\0\0\0abcd"), &n, &c, &err), RC_INVALID);
    CU_ASSERT_EQUAL(frame_measure(B("\x1f\x8b\x08\0\0\0\0\0\0\0"), &n, &c, &err), RC_CORRUPT);
    CU_ASSERT_EQUAL(frame_measure(B("\x28\xb5\x2f\xfd\x2c"), &n, &c, &err), RC_CORRUPT);
    CU_ASSERT_EQUAL(frame_measure(B("\x28\xb5\x2f\xfd\x34"), &n, &c, &err), RC_CORRUPT);
    CU_ASSERT_EQUAL(frame_measure(B("\x28\xb5\x2f\xfd\x25"), &n, &c, &err), RC_CORRUPT);
}

/* 64 MiB of one byte are 8 KiB of frame: no more is decoded than the caller allows. */
static void a_bomb_is_refused_before_it_is_decoded(void)
{
    struct bytes got = {0};

    CU_ASSERT_FATAL(buf_reserve(&content, 64 << 20));
    memset(content.p, 0, 64 << 20);
    content.n = 64 << 20;
    encode();
    CU_ASSERT(frame.n < 16384);
    CU_ASSERT_EQUAL(frame_decode(dec, buf_view(&frame), (64 << 20) - 1, &got, &err), RC_TOO_LARGE);
    CU_ASSERT_EQUAL(frame_decode(dec, buf_view(&frame), 64 << 20, &got, &err), RC_OK);
}

/* A frame of 13 bytes that says it is 60 MiB long makes nobody allocate 60 MiB. */
static void a_claim_larger_than_the_blocks_is_refused(void)
{
    static const uint8_t liar[] = {0x28, 0xb5, 0x2f, 0xfd, 0x84, 0x58, 0, 0, 0xc0,
                                   0x03, 0x09, 0,    0,    'x',  0,    0, 0, 0};
    struct bytes got = {0};

    CU_ASSERT_EQUAL(frame_decode(dec, bytes_of(liar, sizeof liar), RECORD_FRAME_MAX, &got, &err),
                    RC_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "claims"));
}

/* On random damage, measure and libzstd agree on the length of what both accept. */
static void measuring_agrees_with_libzstd_on_damaged_frames(void)
{
    unsigned round, n_same = 0;

    fill(200000);
    encode();
    for (round = 0; round < 3000; round++) {
        size_t at = (size_t)rng_below(&rng, frame.n), n, theirs;
        uint8_t old = frame.p[at];
        uint64_t declared;

        frame.p[at] = (uint8_t)rng_next(&rng);
        if (frame_measure(buf_view(&frame), &n, &declared, &err) == RC_OK) {
            theirs = ZSTD_findFrameCompressedSize(frame.p, frame.n);
            CU_ASSERT_EQUAL(n, theirs);
            CU_ASSERT_EQUAL(declared, ZSTD_getFrameContentSize(frame.p, frame.n));
            n_same++;
        }
        frame.p[at] = old;
    }
    CU_ASSERT(n_same > 1000);
}

static void what_is_over_the_limit_is_not_encoded(void)
{
    CU_ASSERT_FATAL(buf_reserve(&content, RECORD_FRAME_MAX + 1));
    memset(content.p, 'x', RECORD_FRAME_MAX + 1);
    content.n = RECORD_FRAME_MAX + 1;
    CU_ASSERT_EQUAL(frame_encode(enc, buf_view(&content), &frame, &err), RC_TOO_LARGE);
    content.n = RECORD_FRAME_MAX;
    CU_ASSERT_EQUAL(frame_encode(enc, buf_view(&content), &frame, &err), RC_OK);
    CU_ASSERT_EQUAL(decode(buf_view(&frame)), RC_OK);
}

SUITE(frame, setup, teardown, TEST(frames_of_all_sizes_come_back),
      TEST(every_level_gives_frames_that_are_accepted), TEST(no_flipped_bit_gives_other_content),
      TEST(a_frame_is_decoded_behind_what_is_there),
      TEST(every_cut_is_refused_and_measured_as_incomplete), TEST(bytes_behind_a_frame_are_refused),
      TEST(frames_without_their_safeguards_are_refused), TEST(other_starts_are_told_apart),
      TEST(a_bomb_is_refused_before_it_is_decoded), TEST(a_claim_larger_than_the_blocks_is_refused),
      TEST(measuring_agrees_with_libzstd_on_damaged_frames),
      TEST(what_is_over_the_limit_is_not_encoded));
