/* SPDX-License-Identifier: MIT */
/*
 * fuzz_pb_unpack.c -- wire bytes against the pre-scan and protobuf-c.
 *
 * The first byte picks the type. What unpacks must pack, and what was packed
 * must unpack to the same bytes again; memory stays within the arena's limit.
 */
#include "pb_types.h"

#include "base/assert.h"

#ifdef LODE_PLANTED_BUG
/* Deep enough: a task whose details swap an index with an upper case name. */
static void planted_bug(const ProtobufCMessage *msg)
{
    const Lode__V1__Task *task = (const Lode__V1__Task *)msg;
    const Lode__V1__IndexSwapDetails *swap;

    if (msg->descriptor != &lode__v1__task__descriptor || !task->details ||
        task->details->kind_case != LODE__V1__TASK_DETAILS__KIND_INDEX_SWAP)
        return;
    swap = task->details->index_swap;
    if (swap && swap->n_swaps > 0 && swap->swaps[0]->n_indexes > 0 &&
        swap->swaps[0]->indexes[0][0] >= 'A' && swap->swaps[0]->indexes[0][0] <= 'Z')
        NEVER("planted bug");
}
#endif

static void check_round_trip(struct arena *arena, const ProtobufCMessage *msg)
{
    ProtobufCMessage *again = NULL;
    struct buf first;
    struct buf second;
    struct err err;
    enum rc rc;

    buf_init(&first, BUF_NO_LIMIT);
    buf_init(&second, BUF_NO_LIMIT);
    rc = pb_pack(msg, &first, &err);
    ASSERT(rc == RC_OK);
    rc = pb_unpack(arena, msg->descriptor, buf_view(&first), &again, &err);
    ASSERT(rc == RC_OK || rc == RC_TOO_LARGE);
    if (rc == RC_OK) {
        rc = pb_pack(again, &second, &err);
        ASSERT(rc == RC_OK && bytes_eq(buf_view(&first), buf_view(&second)));
    }
    buf_done(&second);
    buf_done(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct pb_message_meta *meta;
    ProtobufCMessage *msg = NULL;
    struct arena *arena;
    struct err err;
    struct buf json;
    enum rc rc;

    if (size == 0)
        return 0;
    meta = pb_type_of(data[0]);
    arena = arena_new(pb_arena_limit(size));
    rc = pb_unpack(arena, meta->desc, bytes_of(data + 1, size - 1), &msg, &err);
    ASSERT(arena_used(arena) <= arena_limit(arena));
    if (rc == RC_OK) {
#ifdef LODE_PLANTED_BUG
        planted_bug(msg);
#endif
        buf_init(&json, 1024 * 1024);
        rc = pb_to_json(msg, meta, &json, &err);
        ASSERT(rc == RC_OK || rc == RC_TOO_LARGE);
        buf_done(&json);
        check_round_trip(arena, msg);
    } else {
        ASSERT(rc == RC_INVALID || rc == RC_TOO_LARGE);
        ASSERT(err.word && err.msg[0]);
    }
    arena_free(arena);
    return 0;
}
