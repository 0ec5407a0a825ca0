/* SPDX-License-Identifier: MIT */
/* test_hash.c -- published vectors for checksums and digests; random numbers keep their promises.
 */
#include "base/attr.h"
#include "base/base_int.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"
#include "support/suite.h"

#include <stdlib.h>

static void check_crc(struct bytes b, uint32_t want)
{
    CU_ASSERT_EQUAL(crc32c(0, b), want);
    CU_ASSERT_EQUAL(hash__crc32c_soft(0, b), want);
}

static void crc32c_matches_rfc_3720(void)
{
    uint8_t p[48];
    size_t i;

    check_crc(B(""), 0);
    check_crc(B("123456789"), 0xE3069283u);
    memset(p, 0, 32);
    check_crc(bytes_of(p, 32), 0x8A9136AAu);
    memset(p, 0xFF, 32);
    check_crc(bytes_of(p, 32), 0x62A8AB43u);
    for (i = 0; i < 32; i++)
        p[i] = (uint8_t)i;
    check_crc(bytes_of(p, 32), 0x46DD794Eu);
    for (i = 0; i < 32; i++)
        p[i] = (uint8_t)(31 - i);
    check_crc(bytes_of(p, 32), 0x113FDB5Cu);
    memset(p, 0, sizeof p);
    p[0] = 0x01; /* the iSCSI SCSI Read (10) command */
    p[1] = 0xC0;
    p[16] = 0x14;
    p[22] = 0x04;
    p[27] = 0x14;
    p[31] = 0x18;
    p[32] = 0x28;
    p[40] = 0x02;
    check_crc(bytes_of(p, 48), 0xD9963A56u);
}

static void check_forms(struct bytes b, size_t cut)
{
    struct bytes head = bytes_of(b.p, cut), tail = bytes_of(b.p + cut, b.n - cut);
    uint32_t whole = crc32c(0, b);

    CU_ASSERT_EQUAL(hash__crc32c_soft(0, b), whole);
    CU_ASSERT_EQUAL(crc32c(crc32c(0, head), tail), whole);
    CU_ASSERT_EQUAL(hash__crc32c_soft(hash__crc32c_soft(0, head), tail), whole);
}

static void both_crc_forms_agree_and_can_be_continued(void)
{
    uint8_t p[10000];
    struct rng r;
    size_t n;

    rng_init(&r, suite_seed());
    rng_fill(&r, p, sizeof p);
    for (n = 0; n < 300; n++)
        check_forms(bytes_of(p, n), (size_t)rng_below(&r, n + 1));
    for (n = 0; n < 300; n++) { /* long ones go another way */
        size_t from = (size_t)rng_below(&r, 64), len = (size_t)rng_below(&r, sizeof p - from);

        check_forms(bytes_of(p + from, len), (size_t)rng_below(&r, len + 1));
    }
}

static void check_sha(struct bytes b, const char *want)
{
    uint8_t digest[SHA256_SIZE];
    char hex[SHA256_HEX];

    sha256_once(b, digest);
    CU_ASSERT_STRING_EQUAL(sha256_hex(hex, digest), want);
}

static void sha256_matches_fips_180(void)
{
    const size_t million = 1000000;
    uint8_t *p = xmalloc(million);

    check_sha(B(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check_sha(B("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check_sha(B("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    memset(p, 'a', million);
    check_sha(bytes_of(p, million),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    xfree(p);
}

static void peeking_does_not_disturb_a_digest(void)
{
    struct sha256 *h = sha256_new();
    uint8_t digest[SHA256_SIZE];
    char hex[SHA256_HEX];

    sha256_update(h, B("a"));
    sha256_peek(h, digest);
    sha256_update(h, B(""));
    sha256_update(h, B("bc"));
    sha256_peek(h, digest);
    CU_ASSERT_STRING_EQUAL(sha256_hex(hex, digest),
                           "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256_free(h);
    sha256_free(NULL);
}

/* Changing any one bit of input or seed changes about half of the 64 bits. */
static void hash64_spreads_every_bit(void)
{
    uint8_t p[40];
    struct rng r;
    size_t n, bit;
    int least = 64;

    rng_init(&r, suite_seed());
    for (n = 1; n <= sizeof p; n++) {
        uint64_t seed = rng_next(&r), h;

        rng_fill(&r, p, n);
        h = hash64(bytes_of(p, n), seed);
        CU_ASSERT_EQUAL(hash64(bytes_of(p, n), seed), h);
        CU_ASSERT_NOT_EQUAL(hash64(bytes_of(p, n), seed ^ 1), h);
        for (bit = 0; bit < 8 * n; bit++) {
            int differ;

            p[bit / 8] ^= (uint8_t)(1 << bit % 8);
            differ = __builtin_popcountll(h ^ hash64(bytes_of(p, n), seed));
            least = differ < least ? differ : least;
            p[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
    CU_ASSERT(least >= 8); /* 64 coins: under 8 heads in 10^4 throws has odds of 10^-6 */
}

static void hash64_tells_lengths_of_zeros_apart(void)
{
    static const uint8_t zeros[64];
    size_t i, j;

    for (i = 0; i <= sizeof zeros; i++)
        for (j = 0; j < i; j++)
            CU_ASSERT_NOT_EQUAL(hash64(bytes_of(zeros, i), 0), hash64(bytes_of(zeros, j), 0));
}

/* From the authors' reference program, state 1, 2, 3, 4. */
static void the_generator_is_xoshiro256(void)
{
    static const uint64_t want[] = {11520, 0, 1509978240, 1215971899390074240};
    struct rng r = {{1, 2, 3, 4}};
    size_t i;

    for (i = 0; i < ARRAY_LEN(want); i++)
        CU_ASSERT_EQUAL(rng_next(&r), want[i]);
}

static void seeded_numbers_repeat_and_stay_in_range(void)
{
    struct rng a, b;
    int counts[7] = {0}, i;

    rng_init(&a, suite_seed());
    rng_init(&b, suite_seed());
    for (i = 0; i < 70000; i++) {
        uint64_t v = rng_below(&a, 7);
        double u = rng_unit(&b);

        CU_ASSERT_FATAL(v < 7);
        CU_ASSERT(u >= 0 && u < 1);
        counts[v]++;
    }
    for (i = 0; i < 7; i++)
        CU_ASSERT(abs(counts[i] - 10000) < 600); /* six standard deviations */
    CU_ASSERT_EQUAL(rng_below(&a, 1), 0);
    CU_ASSERT(rng_below(&a, UINT64_MAX) < UINT64_MAX);
}

static void uuids_have_their_form_and_version(void)
{
    char a[UUID_TEXT], b[UUID_TEXT];
    size_t i;

    (void)rng_uuid4(a);
    (void)rng_uuid4(b);
    CU_ASSERT_STRING_NOT_EQUAL(a, b);
    CU_ASSERT_EQUAL(strlen(a), 36);
    CU_ASSERT_EQUAL(a[14], '4');
    CU_ASSERT_PTR_NOT_NULL(strchr("89ab", a[19]));
    for (i = 0; i < 36; i++)
        CU_ASSERT(i == 8 || i == 13 || i == 18 || i == 23
                      ? a[i] == '-'
                      : strchr("0123456789abcdef", a[i]) != NULL);
}

static void version_7_sorts_by_wall_time(void)
{
    char a[UUID_TEXT], b[UUID_TEXT];
    int64_t ns = 0;

    CU_ASSERT(clock_parse_rfc3339(B("2022-02-22T19:22:22Z"), &ns));
    clock_fake_set(ns);
    (void)rng_uuid7(a);
    CU_ASSERT(strncmp(a, "017f22e2-79b0-7", 15) == 0); /* the example of RFC 9562 */
    clock_fake_advance(NS_PER_MS);
    (void)rng_uuid7(b);
    clock_fake_off();
    CU_ASSERT(strcmp(a, b) < 0);
}

SUITE(hash, NULL, NULL, TEST(crc32c_matches_rfc_3720),
      TEST(both_crc_forms_agree_and_can_be_continued), TEST(sha256_matches_fips_180),
      TEST(peeking_does_not_disturb_a_digest), TEST(hash64_spreads_every_bit),
      TEST(hash64_tells_lengths_of_zeros_apart), TEST(the_generator_is_xoshiro256),
      TEST(seeded_numbers_repeat_and_stay_in_range), TEST(uuids_have_their_form_and_version),
      TEST(version_7_sorts_by_wall_time));
