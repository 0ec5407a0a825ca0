/* SPDX-License-Identifier: MIT */
/*
 * hash.c -- see hash.h.
 *
 * CRC-32C runs on the CPU's instruction where there is one (checked once, at
 * run time: the package must also start on older machines), else on eight
 * tables of 256 words, eight bytes a step. The instruction has its result after
 * three cycles but can begin every cycle, so three lanes of a long text run side
 * by side. Sums are linear: a lane's is carried over the lanes behind it as if
 * these were zeros, which is a look-up by its four bytes.
 */
#include "base/hash.h"

#include "base/assert.h"
#include "base/attr.h"
#include "base/base_int.h"
#include "base/mem.h"
#include "base/thread.h"

#include <openssl/evp.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#define HAVE_CRC_INSTRUCTION 1
#else
#define HAVE_CRC_INSTRUCTION 0
#endif

__extension__ typedef unsigned __int128 u128;

#define CRC32C_POLYNOMIAL 0x82F63B78u /* 0x1EDC6F41 with its bits reversed */

enum { CRC_LANE = 512 }; /* bytes; blocks of the store are a few lanes long */

static uint32_t crc_table[8][256];
static uint32_t crc_carry[4][256]; /* what a lane of zeros makes of a byte of the sum */
static struct once crc_table_once = ONCE_INIT;

static void fill_crc_tables(void)
{
    uint32_t i, k, c;

    for (i = 0; i < 256; i++) {
        c = i;
        for (k = 0; k < 8; k++)
            c = c & 1 ? c >> 1 ^ CRC32C_POLYNOMIAL : c >> 1;
        crc_table[0][i] = c;
    }
    for (i = 0; i < 256; i++)
        for (k = 1; k < 8; k++)
            crc_table[k][i] = crc_table[k - 1][i] >> 8 ^ crc_table[0][crc_table[k - 1][i] & 255];
    for (k = 0; k < 4; k++)
        for (i = 0; i < 256; i++) {
            uint32_t n;

            c = i << 8 * k;
            for (n = 0; n < CRC_LANE; n++)
                c = c >> 8 ^ crc_table[0][c & 255];
            crc_carry[k][i] = c;
        }
}

uint32_t hash__crc32c_soft(uint32_t crc, struct bytes b)
{
    const uint8_t *p = b.p;
    size_t n = b.n;
    uint32_t c = ~crc;

    once_run(&crc_table_once, fill_crc_tables);
    for (; n >= 8; p += 8, n -= 8) {
        uint32_t lo = get_u32le(p) ^ c, hi = get_u32le(p + 4);

        c = crc_table[7][lo & 255] ^ crc_table[6][lo >> 8 & 255] ^ crc_table[5][lo >> 16 & 255] ^
            crc_table[4][lo >> 24] ^ crc_table[3][hi & 255] ^ crc_table[2][hi >> 8 & 255] ^
            crc_table[1][hi >> 16 & 255] ^ crc_table[0][hi >> 24];
    }
    for (; n > 0; p++, n--)
        c = c >> 8 ^ crc_table[0][(c ^ *p) & 255];
    return ~c;
}

#if HAVE_CRC_INSTRUCTION
static uint64_t carry(uint64_t c)
{
    return crc_carry[0][c & 255] ^ crc_carry[1][c >> 8 & 255] ^ crc_carry[2][c >> 16 & 255] ^
           crc_carry[3][c >> 24];
}

/* Three lanes from p on; what is behind them is asked for ahead, for it is seldom in a cache. */
__attribute__((target("sse4.2"))) static uint64_t add_lanes(uint64_t c, const uint8_t *p)
{
    uint64_t second = 0, third = 0;
    size_t i;

    for (i = 0; i < 3 * CRC_LANE; i += 64)
        __builtin_prefetch((const void *)((uintptr_t)p + 3 * CRC_LANE + i));
    for (i = 0; i < CRC_LANE; i += 8) {
        c = _mm_crc32_u64(c, get_u64le(p + i));
        second = _mm_crc32_u64(second, get_u64le(p + CRC_LANE + i));
        third = _mm_crc32_u64(third, get_u64le(p + 2 * CRC_LANE + i));
    }
    return carry(carry(c) ^ second) ^ third;
}

__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t crc, struct bytes b)
{
    const uint8_t *p = b.p;
    size_t n = b.n;
    uint64_t c = ~crc & 0xFFFFFFFFu;

    if (n >= 3 * CRC_LANE)
        once_run(&crc_table_once, fill_crc_tables);
    for (; n >= 3 * CRC_LANE; p += 3 * CRC_LANE, n -= 3 * CRC_LANE)
        c = add_lanes(c, p);
    for (; n >= 8; p += 8, n -= 8)
        c = _mm_crc32_u64(c, get_u64le(p));
    for (; n > 0; p++, n--)
        c = _mm_crc32_u8((uint32_t)c, *p);
    return ~(uint32_t)c;
}
#endif

uint32_t crc32c(uint32_t crc, struct bytes b)
{
#if HAVE_CRC_INSTRUCTION
    if (__builtin_cpu_supports("sse4.2"))
        return crc32c_sse42(crc, b);
#endif
    return hash__crc32c_soft(crc, b);
}

/* Both halves of the 128-bit product folded together: every input bit reaches every output bit. */
static uint64_t fold_multiply(uint64_t a, uint64_t b)
{
    u128 wide = (u128)a * b;

    return (uint64_t)wide ^ (uint64_t)(wide >> 64);
}

/* Words of odd, well mixed bits (the golden ratio's, and two of splitmix64). */
#define MIX_A 0x9E3779B97F4A7C15u
#define MIX_B 0xBF58476D1CE4E5B9u
#define MIX_C 0x94D049BB133111EBu

uint64_t hash64(struct bytes b, uint64_t seed)
{
    uint64_t h = seed ^ fold_multiply(seed ^ MIX_A, MIX_B);
    const uint8_t *p = b.p;
    size_t n = b.n;
    uint8_t tail[16] = {0};

    for (; n > 16; p += 16, n -= 16)
        h = fold_multiply(get_u64le(p) ^ MIX_B, get_u64le(p + 8) ^ h);
    if (n)
        memcpy(tail, p, n);
    h = fold_multiply(get_u64le(tail) ^ MIX_B, get_u64le(tail + 8) ^ h);
    return fold_multiply(h ^ MIX_C, (uint64_t)b.n ^ MIX_A);
}

struct sha256 {
    EVP_MD_CTX *ctx; /* owned */
};

/* libcrypto fails here only without memory or without its own default provider. */
struct sha256 *sha256_new(void)
{
    struct sha256 *h = xcalloc(1, sizeof *h);

    h->ctx = EVP_MD_CTX_new();
    ASSERT(h->ctx);
    ASSERT(EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) == 1);
    return h;
}

void sha256_update(struct sha256 *h, struct bytes b)
{
    if (b.n)
        ASSERT(EVP_DigestUpdate(h->ctx, b.p, b.n) == 1);
}

void sha256_peek(const struct sha256 *h, uint8_t digest[SHA256_SIZE])
{
    EVP_MD_CTX *copy = EVP_MD_CTX_new();
    unsigned n = 0;

    ASSERT(copy);
    ASSERT(EVP_MD_CTX_copy_ex(copy, h->ctx) == 1);
    ASSERT(EVP_DigestFinal_ex(copy, digest, &n) == 1);
    ASSERT(n == SHA256_SIZE);
    EVP_MD_CTX_free(copy);
}

void sha256_free(struct sha256 *h)
{
    if (!h)
        return;
    EVP_MD_CTX_free(h->ctx);
    xfree(h);
}

void sha256_once(struct bytes b, uint8_t digest[SHA256_SIZE])
{
    struct sha256 *h = sha256_new();

    sha256_update(h, b);
    sha256_peek(h, digest);
    sha256_free(h);
}

char *sha256_hex(char dst[SHA256_HEX], const uint8_t digest[SHA256_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    size_t i;

    for (i = 0; i < SHA256_SIZE; i++) {
        dst[2 * i] = hex[digest[i] >> 4];
        dst[2 * i + 1] = hex[digest[i] & 15];
    }
    dst[2 * i] = '\0';
    return dst;
}
