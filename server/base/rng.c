/* SPDX-License-Identifier: MIT */
/* rng.c -- see rng.h. */
#include "base/rng.h"

#include "base/assert.h"
#include "base/clock.h"

#include <errno.h>
#include <sys/random.h>

__extension__ typedef unsigned __int128 u128;

static uint64_t rotate_left(uint64_t v, int by)
{
    return v << by | v >> (64 - by);
}

/* splitmix64 spreads a small seed over the whole state, which must not be all zero. */
void rng_init(struct rng *r, uint64_t seed)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(r->s); i++) {
        uint64_t z = seed += 0x9E3779B97F4A7C15u;

        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
        z = (z ^ z >> 27) * 0x94D049BB133111EBu;
        r->s[i] = z ^ z >> 31;
    }
}

uint64_t rng_next(struct rng *r)
{
    uint64_t *s = r->s;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

/*
 * The high half of next * n is nearly even; throwing away the low halves under
 * 2^64 mod n makes it exactly even (Lemire, 2019).
 */
uint64_t rng_below(struct rng *r, uint64_t n)
{
    uint64_t reject;
    u128 wide;

    ASSERT(n > 0);
    reject = (0 - n) % n;
    do {
        wide = (u128)rng_next(r) * n;
    } while ((uint64_t)wide < reject);
    return (uint64_t)(wide >> 64);
}

double rng_unit(struct rng *r)
{
    return (double)(rng_next(r) >> 11) * 0x1p-53;
}

void rng_fill(struct rng *r, void *p, size_t n)
{
    uint8_t *to = p;

    while (n > 0) {
        uint64_t v = rng_next(r);
        size_t k = n < sizeof v ? n : sizeof v;

        memcpy(to, &v, k);
        to += k;
        n -= k;
    }
}

void rng_secret(void *p, size_t n)
{
    uint8_t *to = p;

    while (n > 0) {
        ssize_t got = getrandom(to, n, 0);

        if (got < 0) {
            ASSERT(errno == EINTR);
            continue;
        }
        to += got;
        n -= (size_t)got;
    }
}

static char *format_uuid(char dst[UUID_TEXT], uint8_t id[16], uint8_t version)
{
    static const char hex[] = "0123456789abcdef";
    char *to = dst;
    size_t i;

    id[6] = (uint8_t)((id[6] & 0x0F) | version << 4);
    id[8] = (uint8_t)((id[8] & 0x3F) | 0x80);
    for (i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        *to++ = hex[id[i] >> 4];
        *to++ = hex[id[i] & 15];
    }
    *to = '\0';
    return dst;
}

char *rng_uuid4(char dst[UUID_TEXT])
{
    uint8_t id[16];

    rng_secret(id, sizeof id);
    return format_uuid(dst, id, 4);
}

char *rng_uuid7(char dst[UUID_TEXT])
{
    uint64_t ms = (uint64_t)(clock_wall_ns() / NS_PER_MS);
    uint8_t id[16];

    rng_secret(id, sizeof id);
    put_u32be(id, (uint32_t)(ms >> 16));
    id[4] = (uint8_t)(ms >> 8);
    id[5] = (uint8_t)ms;
    return format_uuid(dst, id, 7);
}
