/* SPDX-License-Identifier: MIT */
/*
 * frame_measure.c -- where a zstd frame ends, found without decoding it.
 *
 * Read by hand from the zstd format (RFC 8878), because libzstd's own header
 * reader is not part of its stable interface and because we want less than it
 * allows:
 *
 *   magic(4) = 28 B5 2F FD
 *   descriptor(1)   bits 7-6 size of the content size, 5 single segment,
 *                   4 unused, 3 reserved, 2 checksum, 1-0 dictionary id
 *   window(1)       absent in a single segment, where the content is the window
 *   content size(1, 2, 4 or 8)
 *   blocks          3 bytes: last, type(2), size(21); then their bytes
 *   checksum(4)
 *
 * Required: checksum and content size present; refused: dictionaries, unused
 * and reserved bits, windows over WINDOW_MAX, and a content size larger than
 * the blocks could ever give (so a bomb must at least be as long as it claims:
 * 4 bytes for 128 KiB).
 */
#include "record/record.h"

enum {
    WINDOW_MAX = 8 << 20,
    BLOCK_MAX = 128 << 10, /* bytes a block may decode to, and be long */
    BLOCK_HEAD = 3,
    CHECKSUM = 4,
    HEAD_MIN = 5,
};

#define FRAME_MAGIC 0xFD2FB528U
#define SKIPPABLE_MAGIC 0x184D2A50U /* and the 15 numbers behind it */

enum block_type { BLOCK_RAW, BLOCK_RLE, BLOCK_COMPRESSED, BLOCK_RESERVED };

struct head {
    size_t n; /* its length in bytes */
    uint64_t content;
    uint64_t window;
};

static enum rc corrupt(struct err *err, const char *why)
{
    return err_set(err, RC_CORRUPT, NULL, "a frame %s", why);
}

static enum rc check_magic(const uint8_t *p, struct err *err)
{
    uint32_t magic = get_u32le(p);

    if (magic == FRAME_MAGIC)
        return RC_OK;
    if ((magic & 0xFFFFFFF0U) == SKIPPABLE_MAGIC)
        return err_set(err, RC_INVALID, NULL, "a skippable frame stands where records should");
    return corrupt(err, "does not start as zstd frames do");
}

static enum rc check_descriptor(uint8_t d, struct err *err)
{
    if (d & 0x18)
        return corrupt(err, "uses bits that have no meaning");
    if (!(d & 0x04))
        return corrupt(err, "has no checksum");
    if (d & 0x03)
        return corrupt(err, "needs a dictionary");
    if (!(d & 0xE0))
        return corrupt(err, "does not say its content size");
    return RC_OK;
}

static uint64_t read_window(uint8_t d)
{
    uint64_t base = 1ULL << (10 + (d >> 3));

    return base + base / 8 * (d & 7);
}

static uint64_t read_content(const uint8_t *p, size_t n)
{
    if (n == 1)
        return p[0];
    if (n == 2)
        return (uint64_t)p[0] + ((uint64_t)p[1] << 8) + 256;
    return n == 4 ? get_u32le(p) : get_u64le(p);
}

/* RC_NOT_FOUND: more bytes are needed to tell. */
static enum rc read_head(struct bytes b, struct head *ret_head, struct err *err)
{
    bool single;
    size_t n_content, at = HEAD_MIN;
    enum rc rc;

    if (b.n < HEAD_MIN)
        return RC_NOT_FOUND;
    rc = check_magic(b.p, err);
    if (rc == RC_OK)
        rc = check_descriptor(b.p[4], err);
    if (rc != RC_OK)
        return rc;
    single = b.p[4] & 0x20;
    n_content = b.p[4] >> 6 == 0 ? 1 : (size_t)1 << (b.p[4] >> 6);
    if (b.n < at + !single + n_content)
        return RC_NOT_FOUND;
    if (!single)
        ret_head->window = read_window(b.p[at++]);
    ret_head->content = read_content(b.p + at, n_content);
    if (single)
        ret_head->window = ret_head->content;
    ret_head->n = at + n_content;
    if (ret_head->window > WINDOW_MAX)
        return err_set(err, RC_CORRUPT, NULL, "a frame needs a window of %llu bytes, over %d",
                       (unsigned long long)ret_head->window, WINDOW_MAX);
    return RC_OK;
}

/* Steps over the blocks from *at on; *ret_most is what they could decode to. */
static enum rc walk_blocks(struct bytes b, uint64_t window, size_t *at, uint64_t *ret_most,
                           struct err *err)
{
    uint64_t block_max = window < BLOCK_MAX ? window : BLOCK_MAX, most = 0;
    bool last = false;

    while (!last) {
        uint32_t head, size;
        enum block_type type;

        if (b.n - *at < BLOCK_HEAD)
            return RC_NOT_FOUND;
        head = (uint32_t)b.p[*at] | (uint32_t)b.p[*at + 1] << 8 | (uint32_t)b.p[*at + 2] << 16;
        last = head & 1;
        type = (enum block_type)(head >> 1 & 3);
        size = head >> 3;
        if (type == BLOCK_RESERVED || size > block_max)
            return corrupt(err, "has a block that cannot be");
        most += type == BLOCK_COMPRESSED ? block_max : size;
        if (type == BLOCK_RLE)
            size = 1;
        *at += BLOCK_HEAD;
        if (b.n - *at < size)
            return RC_NOT_FOUND;
        *at += size;
    }
    *ret_most = most;
    return RC_OK;
}

enum rc frame_measure(struct bytes bytes, size_t *ret_frame, uint64_t *ret_content, struct err *err)
{
    struct head head;
    uint64_t most = 0;
    size_t at;
    enum rc rc;

    rc = read_head(bytes, &head, err);
    if (rc != RC_OK)
        return rc;
    at = head.n;
    rc = walk_blocks(bytes, head.window, &at, &most, err);
    if (rc != RC_OK)
        return rc;
    if (head.content > most)
        return corrupt(err, "claims more content than its blocks can hold");
    if (bytes.n - at < CHECKSUM)
        return RC_NOT_FOUND;
    *ret_frame = at + CHECKSUM;
    *ret_content = head.content;
    return RC_OK;
}
