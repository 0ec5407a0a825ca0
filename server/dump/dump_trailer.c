/* SPDX-License-Identifier: MIT */
/*
 * dump_trailer.c -- the last 128 bytes of a dump.
 *
 *   at  size
 *    0   4   0x184D2A50: to zstd a skippable frame ...
 *    4   4   120: ... of this size
 *    8   8   "LODEDUMP"
 *   16   4   format version
 *   20   4   CRC-32C of the manifest frame
 *   24   8   offset of the manifest frame
 *   32   8   its bytes; it ends where the trailer begins
 *   40  32   SHA-256 of all before the trailer
 *   72  52   zero
 *  124   4   CRC-32C of the 124 bytes before
 *
 * All numbers little-endian. A later version keeps magic, version and its own
 * CRC-32C where they are, so that this one can say what it met.
 */
#include "base/assert.h"
#include "dump/dump_int.h"

enum {
    AT_SIZE = 4,
    AT_MAGIC = 8,
    AT_VERSION = 16,
    AT_MANIFEST_CRC = 20,
    AT_OFFSET = 24,
    AT_BYTES = 32,
    AT_SHA = 40,
    AT_ZERO = 72,
    AT_CRC = 124,
    ZSTD_SKIPPABLE = 0x184D2A50,
};

static const char magic[] = "LODEDUMP";

void dump__trailer_encode(const struct dump__trailer *t, uint8_t out[DUMP_TRAILER_SIZE])
{
    memset(out, 0, DUMP_TRAILER_SIZE);
    put_u32le(out, ZSTD_SKIPPABLE);
    put_u32le(out + AT_SIZE, DUMP_TRAILER_SIZE - AT_MAGIC);
    memcpy(out + AT_MAGIC, magic, 8);
    put_u32le(out + AT_VERSION, t->version);
    put_u32le(out + AT_MANIFEST_CRC, t->manifest_crc32c);
    put_u64le(out + AT_OFFSET, t->manifest_offset);
    put_u64le(out + AT_BYTES, t->manifest_bytes);
    memcpy(out + AT_SHA, t->sha256, SHA256_SIZE);
    put_u32le(out + AT_CRC, crc32c(0, bytes_of(out, AT_CRC)));
}

static bool all_zero(const uint8_t *p, size_t n)
{
    while (n > 0 && *p == 0) {
        p++;
        n--;
    }
    return n == 0;
}

enum rc dump__trailer_decode(const uint8_t in[DUMP_TRAILER_SIZE], struct dump__trailer *ret_trailer,
                             struct err *err)
{
    struct dump__trailer t;
    enum rc rc;

    if (get_u32le(in) != ZSTD_SKIPPABLE ||
        get_u32le(in + AT_SIZE) != DUMP_TRAILER_SIZE - AT_MAGIC ||
        memcmp(in + AT_MAGIC, magic, 8) != 0)
        return err_set(err, RC_CORRUPT, NULL, "the trailer is missing");
    if (get_u32le(in + AT_CRC) != crc32c(0, bytes_of(in, AT_CRC)))
        return err_set(err, RC_CORRUPT, NULL, "the trailer's checksum is wrong");
    t.version = get_u32le(in + AT_VERSION);
    rc = dump__check_version(t.version, 0, NULL, err);
    if (rc != RC_OK)
        return rc;
    if (!all_zero(in + AT_ZERO, AT_CRC - AT_ZERO))
        return err_set(err, RC_CORRUPT, NULL, "the trailer's unused bytes are not zero");
    t.manifest_crc32c = get_u32le(in + AT_MANIFEST_CRC);
    t.manifest_offset = get_u64le(in + AT_OFFSET);
    t.manifest_bytes = get_u64le(in + AT_BYTES);
    memcpy(t.sha256, in + AT_SHA, SHA256_SIZE);
    *ret_trailer = t;
    return RC_OK;
}

/* Required features that this version knows. */
static const uint64_t known_features = DUMP_NEEDS_FILTERED_DELETIONS;

enum rc dump__check_version(uint32_t version, uint64_t features, const char *writer,
                            struct err *err)
{
    unsigned bit;

    if (version == 0)
        return err_set(err, RC_CORRUPT, NULL, "the format version is 0");
    if (version > DUMP_FORMAT_VERSION)
        return err_set(err, RC_INVALID, "dump_version",
                       "the dump has format version %u%s%s; lode %s reads versions up to %d",
                       version, writer ? ", written by " : "", writer ? writer : "", LODE_VERSION,
                       DUMP_FORMAT_VERSION);
    for (bit = 0; bit < 64; bit++)
        if ((features & ~known_features) >> bit & 1)
            return err_set(err, RC_INVALID, "dump_version",
                           "the dump requires feature bit %u, which lode %s does not know; it was "
                           "written by %s",
                           bit, LODE_VERSION, writer ? writer : "an unknown program");
    return RC_OK;
}
