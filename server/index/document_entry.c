/* SPDX-License-Identifier: MIT */
/*
 * document_entry.c -- what is said of a document under its id.
 *
 *   key    'e' body(4) id
 *   value  u32be number; u64le mark; varint length of its JSON
 *
 * The mark is 40 bits of a hash of the names of its fields, then 24 bits of a
 * checksum of its JSON. With the length it says what a replacement must know of
 * the version it replaces, so that the block with that version stays unread:
 * equal names leave the counts of fields as they are, and another checksum is
 * another document. (An equal checksum proves nothing: then the bytes are compared.)
 */
#include "index/index_int.h"

#include "base/hash.h"

enum { ENTRY_FIXED = 12 };

struct bytes document_entry__put(uint8_t out[DOCUMENT_ENTRY_MAX], const struct document_entry *e)
{
    put_u32be(out, e->doc);
    put_u64le(out + 4, e->mark);
    return bytes_of(out, ENTRY_FIXED + put_varint(out + ENTRY_FIXED, e->n));
}

enum rc document_entry__read(struct bytes value, struct document_entry *ret_entry, struct err *err)
{
    uint64_t n;

    if (value.n <= ENTRY_FIXED ||
        get_varint(bytes_of(value.p + ENTRY_FIXED, value.n - ENTRY_FIXED), &n) !=
            value.n - ENTRY_FIXED ||
        n > RECORD_DOCUMENT_MAX)
        return err_set(err, RC_CORRUPT, NULL, "the entry of a document id is malformed");
    *ret_entry = (struct document_entry){get_u32be(value.p), (uint32_t)n, get_u64le(value.p + 4)};
    return RC_OK;
}

uint64_t document_mark(uint64_t names, struct bytes json)
{
    return names << DOCUMENT_MARK_SUM_BITS |
           (crc32c(0, json) & ((1u << DOCUMENT_MARK_SUM_BITS) - 1));
}

uint64_t fields__hash(const struct fields *f, const uint32_t *ids, size_t n)
{
    uint64_t sum = 0;
    size_t i;

    for (i = 0; i < n; i++)
        sum += f->hashes[ids[i]];
    return sum ^ sum >> 32;
}
