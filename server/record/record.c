/* SPDX-License-Identifier: MIT */
/*
 * record.c -- records in and out of bytes.
 *
 *   record    varint length of the message, then the message
 *   message   one field of lode.dump.v1.Record and nothing else:
 *             varint tag (field << 3 | 2), varint length, that many bytes
 *
 * (1) A message is exactly one length-delimited field that fills it. protobuf
 *     would allow more (unknown fields, the field twice); nothing writes that,
 *     and refusing it leaves a foreign byte nowhere to hide.
 * (2) Only field numbers of this version are known. A later version that adds
 *     one says so in the dump header, which is read first.
 *
 * Documents are most of all bytes and never see protobuf-c.
 */
#include "record/record.h"

#include "base/assert.h"
#include "pb/pb.h"

enum {
    WIRE_BYTES = 2, /* protobuf's wire type of length-delimited fields */
    KIND_MAX = LODE__DUMP__V1__RECORD__KIND_INSTANCE,
};

static size_t varint_size(uint64_t v)
{
    size_t n = 1;

    while (v >= 0x80) {
        v >>= 7;
        n++;
    }
    return n;
}

size_t record_document_size(size_t n)
{
    size_t message = 1 + varint_size(n) + n;

    return varint_size(message) + message;
}

bool record_put_document(struct buf *out, struct bytes json, bool task)
{
    uint32_t kind =
        task ? LODE__DUMP__V1__RECORD__KIND_TASK_DOCUMENT : LODE__DUMP__V1__RECORD__KIND_DOCUMENT;
    uint8_t head[2 * VARINT_MAX + 1];
    size_t n;

    if (json.n > RECORD_DOCUMENT_MAX)
        return false;
    n = put_varint(head, 1 + varint_size(json.n) + json.n);
    head[n++] = (uint8_t)(kind << 3 | WIRE_BYTES);
    n += put_varint(head + n, json.n);
    return buf_reserve(out, n + json.n) && buf_append(out, head, n) && buf_bytes(out, json);
}

enum rc record_put(struct buf *out, const Lode__Dump__V1__Record *record, struct err *err)
{
    size_t at = out->n, n = lode__dump__v1__record__get_packed_size(record);
    enum rc rc;

    ASSERT(record->kind_case != LODE__DUMP__V1__RECORD__KIND__NOT_SET);
    if (n > RECORD_META_MAX)
        return err_set(err, RC_TOO_LARGE, NULL, "a record takes %zu bytes, the limit is %d", n,
                       RECORD_META_MAX);
    if (!buf_varint(out, n))
        return err_set(err, RC_TOO_LARGE, NULL, "a record does not fit into %zu bytes", out->limit);
    rc = pb_pack(&record->base, out, err);
    if (rc != RC_OK)
        buf_cut(out, at);
    return rc;
}

static enum rc corrupt(struct err *err, const char *why)
{
    return err_set(err, RC_CORRUPT, NULL, "a record %s", why);
}

/* Takes the field that message consists of apart. */
static enum rc parse_message(struct bytes message, struct record *ret_record, struct err *err)
{
    uint64_t tag, n;
    size_t n_tag, n_len, limit;

    n_tag = get_varint(message, &tag);
    if (n_tag == 0)
        return corrupt(err, "has no kind");
    if ((tag & 7) != WIRE_BYTES || tag >> 3 == 0 || tag >> 3 > KIND_MAX)
        return err_set(err, RC_CORRUPT, NULL, "a record is of unknown kind %llu",
                       (unsigned long long)(tag >> 3));
    n_len = get_varint(bytes_of(message.p + n_tag, message.n - n_tag), &n);
    if (n_len == 0 || n != message.n - n_tag - n_len)
        return corrupt(err, "is not filled by its one field");
    ret_record->kind = (uint32_t)(tag >> 3);
    ret_record->wire = message;
    ret_record->document = bytes_of(NULL, 0);
    limit = RECORD_META_MAX;
    if (ret_record->kind == LODE__DUMP__V1__RECORD__KIND_DOCUMENT ||
        ret_record->kind == LODE__DUMP__V1__RECORD__KIND_TASK_DOCUMENT) {
        ret_record->document = bytes_of(message.p + n_tag + n_len, (size_t)n);
        limit = RECORD_DOCUMENT_MAX;
    }
    if (n > limit)
        return err_set(err, RC_TOO_LARGE, NULL, "a record takes %llu bytes, the limit is %zu",
                       (unsigned long long)n, limit);
    return RC_OK;
}

bool record_next(struct bytes *rest, struct record *ret_record, enum rc *ret_rc, struct err *err)
{
    uint64_t n;
    size_t n_len;

    *ret_rc = RC_OK;
    if (rest->n == 0)
        return false;
    n_len = get_varint(*rest, &n);
    if (n_len == 0 || n > rest->n - n_len) {
        *ret_rc = corrupt(err, "is cut short");
        return false;
    }
    *ret_rc = parse_message(bytes_of(rest->p + n_len, (size_t)n), ret_record, err);
    if (*ret_rc != RC_OK)
        return false;
    *rest = bytes_of(rest->p + n_len + n, rest->n - n_len - (size_t)n);
    return true;
}

size_t record_arena_limit(size_t wire_bytes)
{
    return wire_bytes + pb_arena_limit(wire_bytes);
}

enum rc record_unpack(const struct record *record, struct arena *arena,
                      const Lode__Dump__V1__Record **ret_msg, struct err *err)
{
    ProtobufCMessage *msg = NULL;
    const Lode__Dump__V1__Record *out;
    enum rc rc;

    rc = pb_unpack(arena, &lode__dump__v1__record__descriptor, record->wire, &msg, err);
    if (rc == RC_INVALID) {
        if (err) {
            err->rc = RC_CORRUPT; /* not a caller's mistake: bytes of ours or of a file */
            err->word = NULL;
        }
        return RC_CORRUPT;
    }
    if (rc != RC_OK)
        return rc;
    out = (const Lode__Dump__V1__Record *)msg;
    if ((uint32_t)out->kind_case != record->kind)
        return corrupt(err, "is of another kind than its tag says");
    *ret_msg = out;
    return RC_OK;
}
