/* SPDX-License-Identifier: MIT */
/*
 * hash.h -- checksums and digests.
 *
 * CRC-32C (Castagnoli, RFC 3720) with the SSE4.2 instruction where there is
 * one; SHA-256 by OpenSSL; a fast 64-bit hash for tables (the index room stores
 * it, so it stays as it is).
 *
 * Ownership  sha256_new() .. sha256_free().
 * Threads    One at a time per object.
 */
#pragma once

#include "base/bytes.h"

enum { SHA256_SIZE = 32, SHA256_HEX = 65 };

uint32_t crc32c(uint32_t crc, struct bytes b); /* start with 0 */
uint64_t hash64(struct bytes b, uint64_t seed);

struct sha256;
struct sha256 *sha256_new(void);
void sha256_update(struct sha256 *h, struct bytes b);
/* Digest of all so far; the object goes on (copy of the state). */
void sha256_peek(const struct sha256 *h, uint8_t digest[SHA256_SIZE]);
void sha256_free(struct sha256 *h);
void sha256_once(struct bytes b, uint8_t digest[SHA256_SIZE]);
char *sha256_hex(char dst[SHA256_HEX], const uint8_t digest[SHA256_SIZE]);
