/* SPDX-License-Identifier: MIT */
/*
 * pb_unpack.c -- wire bytes to messages in an arena, and back.
 *
 * protobuf-c allocates through us, so that what a message grows to is bounded:
 * the arena's refusal comes back from protobuf-c as an ordinary failure. Its
 * frees do nothing; the arena frees all at once.
 */
#include "pb_int.h"

#include "base/assert.h"

struct source {
    struct arena *arena;
    bool refused;
};

static void *allocate(void *arg, size_t n)
{
    struct source *source = arg;
    void *p = arena_alloc(source->arena, n);

    if (!p)
        source->refused = true;
    return p;
}

static void release(void *arg UNUSED, void *p UNUSED)
{
}

size_t pb_arena_limit(size_t wire_bytes)
{
    const size_t most = (size_t)64 * 1024 * 1024;
    const size_t least = (size_t)64 * 1024;

    return wire_bytes > (most - least) / 32 ? most : 32 * wire_bytes + least;
}

enum rc pb_unpack(struct arena *arena, const ProtobufCMessageDescriptor *desc, struct bytes wire,
                  ProtobufCMessage **ret_msg, struct err *err)
{
    struct source source = {arena, false};
    ProtobufCAllocator allocator = {allocate, release, &source};
    ProtobufCMessage *msg;
    enum rc rc;

    rc = pb_check(desc, wire, err);
    if (rc != RC_OK)
        return rc;
    msg = protobuf_c_message_unpack(desc, &allocator, wire.n, wire.p);
    if (!msg && source.refused)
        return pb__out_of_room(arena, err);
    if (!msg)
        return err_set(err, RC_INVALID, "bad_request",
                       "The %s message is malformed: a field does not have its declared type",
                       desc->name);
    *ret_msg = msg;
    return RC_OK;
}

enum rc pb_pack(const ProtobufCMessage *msg, struct buf *out, struct err *err)
{
    size_t n = protobuf_c_message_get_packed_size(msg);
    size_t packed;

    if (n > out->limit - out->n || !buf_reserve(out, n)) {
        out->full = true;
        return err_set(err, RC_TOO_LARGE, "payload_too_large",
                       "The %s message takes %zu bytes, over the limit of %zu",
                       msg->descriptor->name, n, out->limit);
    }
    if (n == 0)
        return RC_OK;
    packed = protobuf_c_message_pack(msg, out->p + out->n);
    ASSERT(packed == n);
    out->n += n;
    return RC_OK;
}

ProtobufCMessage *pb_new(struct arena *arena, const ProtobufCMessageDescriptor *desc)
{
    ProtobufCMessage *msg = arena_zalloc(arena, desc->sizeof_message);

    if (msg)
        desc->message_init(msg);
    return msg;
}

enum rc pb__out_of_room(const struct arena *arena, struct err *err)
{
    return err_set(err, RC_TOO_LARGE, "payload_too_large",
                   "The message needs more than the %zu bytes of memory allowed for it",
                   arena_limit(arena));
}
