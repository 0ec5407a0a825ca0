/* SPDX-License-Identifier: MIT */
/*
 * fuzz_record.c -- foreign bytes as a frame, as records, as messages.
 *
 * The first byte picks the way in: 0 the rest is a frame as it stands; 1 the
 * rest is content, which is framed first, so that every input reaches the
 * records behind the frame's checksum.
 *
 * Held: measuring and decoding agree, what is decoded encodes and decodes to
 * the same, every record lies within its frame, an unpacked message packs into
 * a record that unpacks.
 */
#include "base/assert.h"
#include "record/record.h"

enum { MAX_CONTENT = 1 << 20, ARENA_BYTES = 4 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct frame_encoder *enc;
static struct frame_decoder *dec;
static struct arena *arena;

static void check_message(const struct record *r)
{
    const Lode__Dump__V1__Record *msg = NULL, *again = NULL;
    struct record r2;
    struct bytes rest;
    struct buf out;
    struct err err;
    enum rc rc;

    if (record_unpack(r, arena, &msg, &err) != RC_OK)
        return;
#ifdef LODE_PLANTED_BUG
    if (msg->kind_case == LODE__DUMP__V1__RECORD__KIND_KEY && msg->key->created_unix_ns % 2)
        NEVER("planted bug");
#endif
    buf_init(&out, 8 * MAX_CONTENT);
    if (record_put(&out, msg, &err) == RC_OK) {
        rest = buf_view(&out);
        ASSERT(record_next(&rest, &r2, &rc, &err));
        ASSERT(r2.kind == r->kind && rest.n == 0);
        rc = record_unpack(&r2, arena, &again, &err);
        ASSERT(rc == RC_OK || rc == RC_TOO_LARGE);
    }
    buf_done(&out);
}

static void check_records(struct bytes content)
{
    struct bytes rest = content;
    struct record r;
    struct err err;
    enum rc rc;

    while (record_next(&rest, &r, &rc, &err)) {
        ASSERT(r.wire.p >= content.p && r.wire.p + r.wire.n <= content.p + content.n);
        ASSERT(r.document.n == 0 || r.document.p + r.document.n == r.wire.p + r.wire.n);
        if (!r.document.p)
            check_message(&r);
        arena_reset(arena);
    }
    ASSERT(rc == RC_OK ? rest.n == 0 : rc == RC_CORRUPT || rc == RC_TOO_LARGE);
}

static void check_frame(struct bytes frame)
{
    struct bytes content;
    uint64_t declared = 0;
    size_t n = 0;
    struct buf out;
    struct err err;
    enum rc rc;

    rc = frame_measure(frame, &n, &declared, &err);
    ASSERT(rc == RC_OK || rc == RC_NOT_FOUND || rc == RC_CORRUPT || rc == RC_INVALID);
    if (rc != RC_OK) {
        ASSERT(frame_decode(dec, frame, MAX_CONTENT, &content, &err) == RC_CORRUPT);
        return;
    }
    ASSERT(n <= frame.n);
    if (frame_decode(dec, bytes_of(frame.p, n), MAX_CONTENT, &content, &err) != RC_OK)
        return;
    ASSERT(content.n == declared);
    buf_init(&out, BUF_NO_LIMIT);
    ASSERT(frame_encode(enc, content, &out, &err) == RC_OK);
    check_records(content);
    ASSERT(frame_decode(dec, buf_view(&out), declared, &content, &err) == RC_OK);
    ASSERT(content.n == declared);
    buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct buf out;
    struct err err;

    if (!enc) {
        enc = frame_encoder_new(1);
        dec = frame_decoder_new();
        arena = arena_new(ARENA_BYTES);
    }
    if (n == 0 || n > MAX_CONTENT)
        return 0;
    if (data[0] % 2 == 0) {
        check_frame(bytes_of(data + 1, n - 1));
        return 0;
    }
    buf_init(&out, BUF_NO_LIMIT);
    ASSERT(frame_encode(enc, bytes_of(data + 1, n - 1), &out, &err) == RC_OK);
    check_frame(buf_view(&out));
    buf_done(&out);
    return 0;
}
