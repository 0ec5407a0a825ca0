/* SPDX-License-Identifier: MIT */
/* test_pb_unpack.c -- what reaches protobuf-c, what does not, and what it may cost. */
#include "pb_fixture.h"

#include "base/rng.h"
#include "google/protobuf/descriptor.meta.h"

#include <stdio.h>

static enum rc unpack(const struct pb_message_meta *meta, const void *p, size_t n)
{
    return pb_unpack(fx.arena, meta->desc, bytes_of(p, n), &fx.msg, &fx.err);
}

#define UNPACK(meta, literal) unpack(&(meta), literal, sizeof(literal) - 1)

static void a_packed_message_comes_back(void)
{
    Lode__V1__CreateKeyRequest key = LODE__V1__CREATE_KEY_REQUEST__INIT;
    const Lode__V1__CreateKeyRequest *back;
    char *actions[] = {(char[]){"search"}, (char[]){"documents.*"}};

    key.description_given_case = LODE__V1__CREATE_KEY_REQUEST__DESCRIPTION_GIVEN_DESCRIPTION;
    key.description = (char[]){"für Ölgötzen \xf0\x9f\xa6\x86"};
    key.actions = actions;
    key.n_actions = 2;
    CU_ASSERT_EQUAL_FATAL(pb_pack(&key.base, &fx.out, &fx.err), RC_OK);
    CU_ASSERT_EQUAL_FATAL(unpack(&lode__v1__create_key_request__meta, fx.out.p, fx.out.n), RC_OK);
    back = (const Lode__V1__CreateKeyRequest *)fx.msg;
    CU_ASSERT_STRING_EQUAL(back->description, key.description);
    CU_ASSERT_EQUAL_FATAL(back->n_actions, 2);
    CU_ASSERT_STRING_EQUAL(back->actions[1], "documents.*");
}

static void no_bytes_are_a_message_of_zeros(void)
{
    CU_ASSERT_EQUAL_FATAL(unpack(&lode__v1__search_request__meta, NULL, 0), RC_OK);
    CU_ASSERT_STRING_EQUAL(((const Lode__V1__SearchRequest *)fx.msg)->index_uid, "");
}

static void text_that_is_not_utf8_is_refused(void)
{
    static const char *const bad[] = {
        "\x80",             /* a continuation alone */
        "\xc0\x80",         /* overlong */
        "\xe0\x9f\xbf",     /* overlong */
        "\xf0\x8f\xbf\xbf", /* overlong */
        "\xed\xa0\x80",     /* a surrogate */
        "\xf4\x90\x80\x80", /* past U+10FFFF */
        "\xf8\x88\x80\x80", /* five bytes long */
        "\xc3",             /* cut */
        "\xe2\x82",         /* cut */
        "12345678\xff",     /* behind a fast word */
    };
    uint8_t wire[32] = {0x0a};
    size_t i;

    for (i = 0; i < ARRAY_LEN(bad); i++) {
        size_t n = strlen(bad[i]);

        wire[1] = (uint8_t)n;
        memcpy(wire + 2, bad[i], n);
        ASSERT_REFUSED(unpack(&lode__v1__get_index_request__meta, wire, n + 2), "bad_request",
                       "The lode.v1.GetIndexRequest message is malformed: field `index_uid` is "
                       "not UTF-8 text without NUL");
    }
    CU_ASSERT_EQUAL(UNPACK(lode__v1__get_index_request__meta, "\x0a\x0c\xf4\x8f\xbf\xbf\xed\x9f\xbf"
                                                              "\xc2\x80\xe0\xa0\x80"),
                    RC_OK);
}

static void a_nul_in_text_is_refused_and_in_bytes_is_not(void)
{
    CU_ASSERT_EQUAL(UNPACK(lode__v1__get_index_request__meta, "\x0a\x03"
                                                              "a\0b"),
                    RC_INVALID);
    CU_ASSERT_EQUAL_FATAL(UNPACK(lode__v1__get_document_response__meta, "\x0a\x03"
                                                                        "a\0b"),
                          RC_OK);
    CU_ASSERT_EQUAL(((const Lode__V1__GetDocumentResponse *)fx.msg)->document.len, 3);
}

static void text_is_checked_in_nested_and_repeated_messages(void)
{
    /* Task.details.index_update.primary_key */
    CU_ASSERT_EQUAL(UNPACK(lode__v1__task__meta, "\x3a\x05\x32\x03\x0a\x01\xff"), RC_INVALID);
    CU_ASSERT_EQUAL(UNPACK(lode__v1__task__meta, "\x3a\x05\x32\x03\x0a\x01k"), RC_OK);
    /* IndexSwap.indexes, second element */
    CU_ASSERT_EQUAL(UNPACK(lode__v1__index_swap__meta, "\x0a\x01k\x0a\x01\xff"), RC_INVALID);
    /* the key of a map entry */
    CU_ASSERT_EQUAL(UNPACK(lode__v1__synonyms__meta, "\x0a\x03\x0a\x01\xff"), RC_INVALID);
}

static void damaged_wire_is_refused(void)
{
    static const struct {
        const char *wire;
        size_t n;
        const char *why;
    } cases[] = {
        {"\x0a\x05"
         "abc",
         5, "cut short"},
        {"\x0a", 1, "bad length"},
        {"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, "cut short"},
        {"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11, "bad length"},
        {"\x02\x01x", 3, "bad tag"},                                        /* field 0 */
        {"\xff\xff\xff\xff\xff\x0f", 6, "bad tag"},                         /* a tag of six bytes */
        {"\x80", 1, "bad tag"},                                             /* cut */
        {"\x10\xff", 2, "bad varint"},                                      /* cut */
        {"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11, "bad varint"}, /* 65 bits */
        {"\x29\x01\x02\x03", 4, "cut short"},                               /* fixed64 */
        {"\x2d\x01\x02\x03", 4, "cut short"},                               /* fixed32 */
        {"\x0b\x0c", 2, "groups are not supported"},
        {"\x0c", 1, "groups are not supported"},
        {"\x0e", 1, "groups are not supported"}, /* wire type 6 */
    };
    char want[256];
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        (void)snprintf(want, sizeof(want), "The lode.v1.GetIndexRequest message is malformed: %s",
                       cases[i].why);
        ASSERT_REFUSED(unpack(&lode__v1__get_index_request__meta, cases[i].wire, cases[i].n),
                       "bad_request", want);
    }
}

static void a_nested_length_may_not_leave_its_message(void)
{
    /* details says 4 bytes, the message inside it says 9 */
    CU_ASSERT_EQUAL(UNPACK(lode__v1__task__meta, "\x3a\x04\x32\x09\x0a\x01kkkkkkkk"), RC_INVALID);
}

static void a_field_of_another_type_is_refused(void)
{
    CU_ASSERT_EQUAL(UNPACK(lode__v1__get_index_request__meta, "\x08\x01"), RC_INVALID);
    ASSERT_TEXT(fx.err.msg, "The lode.v1.GetIndexRequest message is malformed: a field does not "
                            "have its declared type");
}

static void unknown_fields_are_let_through(void)
{
    CU_ASSERT_EQUAL_FATAL(UNPACK(lode__v1__get_index_request__meta, "\x0a\x01k\x9a\x06\x01\xff"),
                          RC_OK);
    CU_ASSERT_STRING_EQUAL(((const Lode__V1__GetIndexRequest *)fx.msg)->index_uid, "k");
}

/* DescriptorProto.nested_type (3) nests without end: the one recursive type at hand. */
static size_t nest(uint8_t *wire, size_t size, unsigned levels)
{
    size_t at = size;
    unsigned i;

    for (i = 0; i < levels; i++) {
        uint8_t length[VARINT_MAX];
        size_t n = put_varint(length, size - at);

        at -= n;
        memcpy(wire + at, length, n);
        wire[--at] = 0x1a;
    }
    return at;
}

static void nesting_stops_at_the_limit(void)
{
    static uint8_t wire[200000];
    size_t at = nest(wire, sizeof(wire), PB_MAX_DEPTH - 1);

    CU_ASSERT_EQUAL(pb_check(google__protobuf__descriptor_proto__meta.desc,
                             bytes_of(wire + at, sizeof(wire) - at), &fx.err),
                    RC_OK);
    at = nest(wire, sizeof(wire), PB_MAX_DEPTH);
    ASSERT_REFUSED(unpack(&google__protobuf__descriptor_proto__meta, wire + at, sizeof(wire) - at),
                   "bad_request",
                   "The google.protobuf.DescriptorProto message is malformed: messages nest too "
                   "deep");
    at = nest(wire, sizeof(wire), 40000); /* would end the stack inside protobuf-c */
    CU_ASSERT_EQUAL(unpack(&google__protobuf__descriptor_proto__meta, wire + at, sizeof(wire) - at),
                    RC_INVALID);
}

static void amplification_stops_at_the_arena_limit(void)
{
    static uint8_t wire[400000];
    size_t i;

    for (i = 0; i < sizeof(wire); i += 2) { /* empty elements of ListTasksResponse.results */
        wire[i] = 0x0a;
        wire[i + 1] = 0x00;
    }
    CU_ASSERT_EQUAL(unpack(&lode__v1__list_tasks_response__meta, wire, sizeof(wire)), RC_TOO_LARGE);
    ASSERT_TEXT(fx.err.word, "payload_too_large");
    ASSERT_TEXT(fx.err.msg,
                "The message needs more than the 1048576 bytes of memory allowed for it");
    CU_ASSERT(arena_used(fx.arena) <= 1024 * 1024);
}

static void every_refusal_of_memory_is_a_clean_failure(void)
{
    Lode__V1__IndexSwap swap = LODE__V1__INDEX_SWAP__INIT;
    Lode__V1__IndexSwap *swaps[] = {&swap, &swap, &swap};
    Lode__V1__SwapIndexesRequest request = LODE__V1__SWAP_INDEXES_REQUEST__INIT;
    char *names[] = {(char[]){"a"}, (char[]){"b"}};
    enum rc rc = RC_TOO_LARGE;
    size_t limit;

    swap.indexes = names;
    swap.n_indexes = 2;
    request.swaps = swaps;
    request.n_swaps = 3;
    CU_ASSERT_EQUAL_FATAL(pb_pack(&request.base, &fx.out, &fx.err), RC_OK);
    for (limit = 0; rc == RC_TOO_LARGE; limit += 16) {
        struct arena *small = arena_new(limit);

        rc = pb_unpack(small, request.base.descriptor, buf_view(&fx.out), &fx.msg, &fx.err);
        arena_free(small);
        CU_ASSERT_FATAL(limit < 65536);
    }
    CU_ASSERT_EQUAL(rc, RC_OK);
}

static void packing_respects_the_limit_of_the_buffer(void)
{
    Lode__V1__GetIndexRequest request = LODE__V1__GET_INDEX_REQUEST__INIT;
    struct buf small;

    request.index_uid = (char[]){"abcdefghij"}; /* 12 bytes packed */
    buf_init(&small, 13);
    buf_byte(&small, 'x');
    CU_ASSERT_EQUAL(pb_pack(&request.base, &small, &fx.err), RC_OK);
    CU_ASSERT_EQUAL(small.n, 13);
    CU_ASSERT_EQUAL(pb_pack(&request.base, &small, &fx.err), RC_TOO_LARGE);
    CU_ASSERT_EQUAL(small.n, 13);
    CU_ASSERT(!buf_ok(&small));
    buf_done(&small);
}

static void arena_limits_grow_with_the_wire_up_to_64_mib(void)
{
    CU_ASSERT_EQUAL(pb_arena_limit(0), 64u * 1024);
    CU_ASSERT_EQUAL(pb_arena_limit(1000), 64u * 1024 + 32000);
    CU_ASSERT_EQUAL(pb_arena_limit(4u * 1024 * 1024), 64u * 1024 * 1024);
    CU_ASSERT_EQUAL(pb_arena_limit(SIZE_MAX), 64u * 1024 * 1024);
}

/* Whatever the damage: what gets through is text, so it makes JSON that reads. */
static void random_damage_never_passes_bad_text(void)
{
    static const char good[] = "\x0a\x05movie\x12\x03zw\xc3\x22\x06search\x22\x01*"
                               "\x2a\x03\xe2\x80\xa6\x32\x04null";
    struct rng rng;
    int passed = 0;
    int i;

    rng_init(&rng, suite_seed());
    for (i = 0; i < 20000; i++) {
        uint8_t wire[sizeof(good) - 1];
        size_t n = sizeof(wire);
        struct json_value root;

        memcpy(wire, good, sizeof(wire));
        wire[11] = 'o'; /* good again; then two blows */
        wire[rng_below(&rng, n)] = (uint8_t)rng_next(&rng);
        wire[rng_below(&rng, n)] = (uint8_t)rng_next(&rng);
        n -= rng_below(&rng, 3);
        if (unpack(&lode__v1__create_key_request__meta, wire, n) == RC_OK) {
            const char *json = pb_json(fx.msg, &lode__v1__create_key_request__meta);

            passed++;
            CU_ASSERT_EQUAL(json_parse(fx.parser, bytes_str(json), NULL, &root, NULL), RC_OK);
        }
        arena_reset(fx.arena);
    }
    CU_ASSERT(passed > 100 && passed < 19000);
}

SUITE(pb_unpack, pb_setup, pb_teardown, TEST(a_packed_message_comes_back),
      TEST(no_bytes_are_a_message_of_zeros), TEST(text_that_is_not_utf8_is_refused),
      TEST(a_nul_in_text_is_refused_and_in_bytes_is_not),
      TEST(text_is_checked_in_nested_and_repeated_messages), TEST(damaged_wire_is_refused),
      TEST(a_nested_length_may_not_leave_its_message), TEST(a_field_of_another_type_is_refused),
      TEST(unknown_fields_are_let_through), TEST(nesting_stops_at_the_limit),
      TEST(amplification_stops_at_the_arena_limit),
      TEST(every_refusal_of_memory_is_a_clean_failure),
      TEST(packing_respects_the_limit_of_the_buffer),
      TEST(arena_limits_grow_with_the_wire_up_to_64_mib),
      TEST(random_damage_never_passes_bad_text));
