/* SPDX-License-Identifier: MIT */
/* test_record.c -- records survive the way to bytes and back, and foreign bytes are refused. */
#include "base/mem.h"
#include "record/record.h"
#include "support/suite.h"

#include <stdio.h>

static struct buf out;
static struct arena *arena;
static struct err err;

static void setup(void)
{
    buf_init(&out, BUF_NO_LIMIT);
    arena = arena_new(1 << 20);
    err = (struct err){0};
}

static void teardown(void)
{
    buf_done(&out);
    arena_free(arena);
    arena = NULL;
}

static void a_document_comes_back_as_it_went(void)
{
    struct bytes rest;
    struct record r;
    enum rc rc;

    CU_ASSERT(record_put_document(&out, B("{\"id\":1}"), false));
    CU_ASSERT(record_put_document(&out, B(""), false));
    CU_ASSERT(record_put_document(&out, B("{\"id\":2}"), true));
    rest = buf_view(&out);
    CU_ASSERT_FATAL(record_next(&rest, &r, &rc, &err));
    CU_ASSERT_EQUAL(r.kind, LODE__DUMP__V1__RECORD__KIND_DOCUMENT);
    CU_ASSERT(bytes_eq(r.document, B("{\"id\":1}")));
    CU_ASSERT_FATAL(record_next(&rest, &r, &rc, &err));
    CU_ASSERT_EQUAL(r.document.n, 0);
    CU_ASSERT_FATAL(record_next(&rest, &r, &rc, &err));
    CU_ASSERT_EQUAL(r.kind, LODE__DUMP__V1__RECORD__KIND_TASK_DOCUMENT);
    CU_ASSERT(bytes_eq(r.document, B("{\"id\":2}")));
    CU_ASSERT_FALSE(record_next(&rest, &r, &rc, &err));
    CU_ASSERT_EQUAL(rc, RC_OK);
}

/* Written by hand or by protobuf-c, a document record is the same bytes. */
static void a_document_is_what_protobuf_makes_of_it(void)
{
    static const size_t sizes[] = {0, 1, 100, 125, 126, 127, 128, 16380, 16383, 16384, 70000};
    uint8_t *json = xcalloc(1, 70000);
    size_t i;

    memset(json, 'x', 70000);
    for (i = 0; i < ARRAY_LEN(sizes); i++) {
        Lode__Dump__V1__Record msg = LODE__DUMP__V1__RECORD__INIT;
        size_t n_hand;

        buf_clear(&out);
        CU_ASSERT(record_put_document(&out, bytes_of(json, sizes[i]), false));
        n_hand = out.n;
        CU_ASSERT_EQUAL(n_hand, record_document_size(sizes[i]));
        msg.kind_case = LODE__DUMP__V1__RECORD__KIND_DOCUMENT;
        msg.document = (ProtobufCBinaryData){sizes[i], json};
        CU_ASSERT_EQUAL(record_put(&out, &msg, &err), RC_OK);
        CU_ASSERT(bytes_eq(bytes_of(out.p, n_hand), bytes_of(out.p + n_hand, out.n - n_hand)));
    }
    xfree(json);
}

static void put_key(const char *name)
{
    Lode__Dump__V1__Record msg = LODE__DUMP__V1__RECORD__INIT;
    Lode__Dump__V1__Key key;
    char copy[64];

    lode__dump__v1__key__init(&key);
    (void)snprintf(copy, sizeof copy, "%s", name);
    key.name = copy;
    key.has_name = true;
    msg.kind_case = LODE__DUMP__V1__RECORD__KIND_KEY;
    msg.key = &key;
    CU_ASSERT_EQUAL_FATAL(record_put(&out, &msg, &err), RC_OK);
}

static void other_records_come_back_as_messages(void)
{
    const Lode__Dump__V1__Record *msg = NULL;
    struct bytes rest;
    struct record r;
    enum rc rc;

    put_key("search key");
    rest = buf_view(&out);
    CU_ASSERT_FATAL(record_next(&rest, &r, &rc, &err));
    CU_ASSERT_EQUAL(r.kind, LODE__DUMP__V1__RECORD__KIND_KEY);
    CU_ASSERT_EQUAL_FATAL(record_unpack(&r, arena, &msg, &err), RC_OK);
    CU_ASSERT_STRING_EQUAL(msg->key->name, "search key");
    CU_ASSERT_EQUAL(rest.n, 0);
}

static void a_record_cut_anywhere_is_refused(void)
{
    size_t n;

    put_key("k");
    for (n = 1; n < out.n; n++) {
        struct bytes rest = bytes_of(out.p, n);
        struct record r;
        enum rc rc;

        CU_ASSERT_FALSE(record_next(&rest, &r, &rc, &err));
        CU_ASSERT_EQUAL(rc, RC_CORRUPT);
    }
}

static enum rc rc_of(struct bytes bytes)
{
    struct record r;
    enum rc rc;

    (void)record_next(&bytes, &r, &rc, &err);
    return rc;
}

static void foreign_bytes_are_refused(void)
{
    CU_ASSERT_EQUAL(rc_of(B("\x02\x22\x00")), RC_OK);
    CU_ASSERT_EQUAL(rc_of(B("\x00")), RC_CORRUPT);                 /* no field at all */
    CU_ASSERT_EQUAL(rc_of(B("\x02\x02\x00")), RC_CORRUPT);         /* field 0 */
    CU_ASSERT_EQUAL(rc_of(B("\x02\x52\x00")), RC_CORRUPT);         /* field 10 */
    CU_ASSERT_EQUAL(rc_of(B("\x02\x20\x00")), RC_CORRUPT);         /* document as a varint */
    CU_ASSERT_EQUAL(rc_of(B("\x04\x22\x00\x22\x00")), RC_CORRUPT); /* two fields */
    CU_ASSERT_EQUAL(rc_of(B("\x03\x22\x00\x00")), RC_CORRUPT);     /* a byte behind the field */
    CU_ASSERT_EQUAL(rc_of(B("\x03\x22\x02\x00")), RC_CORRUPT);     /* the field passes the end */
    CU_ASSERT_EQUAL(rc_of(B("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")), RC_CORRUPT);
    CU_ASSERT_EQUAL(rc_of(B("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")), RC_CORRUPT);
}

static void a_message_that_protobuf_refuses_is_corrupt(void)
{
    const Lode__Dump__V1__Record *msg = NULL;
    struct bytes rest = B("\x05\x2a\x03\x12\x01\xff"); /* a key whose name is no UTF-8 */
    struct record r;
    enum rc rc;

    CU_ASSERT_FATAL(record_next(&rest, &r, &rc, &err));
    CU_ASSERT_EQUAL(record_unpack(&r, arena, &msg, &err), RC_CORRUPT);
    CU_ASSERT_EQUAL(err.rc, RC_CORRUPT);
    CU_ASSERT_PTR_NULL(msg);
}

/* 2 bytes on the wire are 24 in memory and more: the arena's limit ends that. */
static void unpacking_is_bounded_in_memory(void)
{
    const Lode__Dump__V1__Record *msg = NULL;
    enum { N = 100000 };
    struct bytes rest;
    struct record r;
    enum rc rc;
    int i;

    (void)buf_varint(&out, 2 * N + 4);
    (void)buf_byte(&out, 8 << 3 | 2); /* a manifest of empty sections */
    (void)buf_varint(&out, 2 * N);
    for (i = 0; i < N; i++)
        (void)buf_bytes(&out, B("\x0a\x00"));
    rest = buf_view(&out);
    CU_ASSERT_FATAL(record_next(&rest, &r, &rc, &err));
    CU_ASSERT_EQUAL(record_unpack(&r, arena, &msg, &err), RC_TOO_LARGE);
    arena_set_limit(arena, record_arena_limit(r.wire.n));
    rc = record_unpack(&r, arena, &msg, &err);
    CU_ASSERT(rc == RC_OK || rc == RC_TOO_LARGE);
    CU_ASSERT(arena_used(arena) <= record_arena_limit(r.wire.n));
}

static void what_is_over_a_limit_is_not_written(void)
{
    uint8_t *json = xmalloc(RECORD_DOCUMENT_MAX + 1);
    struct buf small;

    memset(json, ' ', RECORD_DOCUMENT_MAX + 1);
    CU_ASSERT(record_put_document(&out, bytes_of(json, RECORD_DOCUMENT_MAX), false));
    CU_ASSERT_EQUAL(rc_of(buf_view(&out)), RC_OK);
    CU_ASSERT(out.n <= RECORD_FRAME_MAX);
    CU_ASSERT_FALSE(record_put_document(&out, bytes_of(json, RECORD_DOCUMENT_MAX + 1), false));
    buf_init(&small, 10);
    CU_ASSERT(record_put_document(&small, B("1234"), false));
    CU_ASSERT_FALSE(record_put_document(&small, B("1234"), false));
    CU_ASSERT_EQUAL(small.n, 7);
    buf_done(&small);
    xfree(json);
}

SUITE(record, setup, teardown, TEST(a_document_comes_back_as_it_went),
      TEST(a_document_is_what_protobuf_makes_of_it), TEST(other_records_come_back_as_messages),
      TEST(a_record_cut_anywhere_is_refused), TEST(foreign_bytes_are_refused),
      TEST(a_message_that_protobuf_refuses_is_corrupt), TEST(unpacking_is_bounded_in_memory),
      TEST(what_is_over_a_limit_is_not_written));
