/* SPDX-License-Identifier: MIT */
/* test_buf.c -- growing bytes keep their limit, and the codings of bytes.h round-trip. */
#include "base/buf.h"
#include "base/bytes.h"
#include "base/mem.h"
#include "base/rng.h"
#include "support/suite.h"

static struct buf b;

static void setup(void)
{
    buf_init(&b, BUF_NO_LIMIT);
}

static void teardown(void)
{
    buf_done(&b);
}

static void append_past_the_limit_is_refused_and_sticks(void)
{
    buf_init(&b, 10);
    CU_ASSERT(buf_str(&b, "1234567890"));
    CU_ASSERT(buf_ok(&b));
    CU_ASSERT_FALSE(buf_byte(&b, 'x'));
    CU_ASSERT_FALSE(buf_ok(&b));
    CU_ASSERT(bytes_eq(buf_view(&b), B("1234567890")));
}

static void a_smaller_append_after_a_refused_one_is_refused_too(void)
{
    buf_init(&b, 4);
    CU_ASSERT_FALSE(buf_str(&b, "12345"));
    CU_ASSERT_FALSE(buf_str(&b, "1"));
    CU_ASSERT_EQUAL(b.n, 0);
    buf_clear(&b);
    CU_ASSERT(buf_str(&b, "1"));
}

static void the_limit_holds_for_every_kind_of_append(void)
{
    buf_init(&b, 3);
    CU_ASSERT_FALSE(buf_printf(&b, "%d", 1234));
    buf_clear(&b);
    CU_ASSERT(buf_printf(&b, "%d", 123));
    buf_clear(&b);
    CU_ASSERT_FALSE(buf_varint(&b, UINT64_MAX));
    buf_clear(&b);
    CU_ASSERT_FALSE(buf_reserve(&b, SIZE_MAX));
    buf_clear(&b);
    CU_ASSERT_FALSE(buf_bytes(&b, B("abcd")));
    CU_ASSERT_EQUAL(b.n, 0);
}

static void a_size_that_would_wrap_is_refused(void)
{
    CU_ASSERT(buf_str(&b, "abc"));
    CU_ASSERT_FALSE(buf_reserve(&b, SIZE_MAX - 1));
    CU_ASSERT(bytes_eq(buf_view(&b), B("abc")));
}

static void printf_fills_a_limit_to_the_last_byte(void)
{
    buf_init(&b, 100);
    CU_ASSERT(buf_printf(&b, "%050d", 1));
    CU_ASSERT(buf_printf(&b, "%050d", 2));
    CU_ASSERT_EQUAL(b.n, 100);
    CU_ASSERT_FALSE(buf_printf(&b, "x"));
    CU_ASSERT_EQUAL(strlen(buf_cstr(&b)), 100);
}

static void cut_drop_and_take(void)
{
    uint8_t *p;
    size_t n = 0;

    CU_ASSERT(buf_str(&b, "hello world"));
    buf_cut(&b, 7);
    buf_drop(&b, 2);
    CU_ASSERT(bytes_eq(buf_view(&b), B("llo w")));
    CU_ASSERT_STRING_EQUAL(buf_cstr(&b), "llo w");
    p = buf_take(&b, &n);
    CU_ASSERT_EQUAL(n, 5);
    CU_ASSERT(memcmp(p, "llo w", 5) == 0);
    xfree(p);
    CU_ASSERT_EQUAL(b.n, 0);
    CU_ASSERT(buf_str(&b, "again"));
}

static void an_empty_buffer_has_an_empty_string(void)
{
    uint8_t *p;

    CU_ASSERT_STRING_EQUAL(buf_cstr(&b), "");
    buf_done(&b);
    p = buf_take(&b, NULL);
    CU_ASSERT_PTR_NOT_NULL(p);
    xfree(p);
}

static void many_appends_keep_every_byte(void)
{
    struct rng r;
    size_t i, n = 0;

    rng_init(&r, suite_seed());
    for (i = 0; i < 5000; i++) {
        uint8_t piece[64];
        size_t k = (size_t)rng_below(&r, sizeof piece), j;

        for (j = 0; j < k; j++)
            piece[j] = (uint8_t)((n + j) * 31);
        CU_ASSERT_FATAL(buf_append(&b, piece, k));
        n += k;
    }
    CU_ASSERT_EQUAL_FATAL(b.n, n);
    for (i = 0; i < n; i++)
        if (b.p[i] != (uint8_t)(i * 31))
            break;
    CU_ASSERT_EQUAL(i, n);
}

static void check_varint(uint64_t v, size_t want_n)
{
    uint8_t p[VARINT_MAX];
    uint64_t back = ~v;
    size_t n = put_varint(p, v), i;

    CU_ASSERT_EQUAL(n, want_n);
    CU_ASSERT_EQUAL(get_varint(bytes_of(p, n), &back), n);
    CU_ASSERT_EQUAL(back, v);
    for (i = 0; i < n; i++) /* every truncation is told from a number */
        CU_ASSERT_EQUAL(get_varint(bytes_of(p, i), &back), 0);
}

static void varints_round_trip_at_their_edges(void)
{
    unsigned bits;

    check_varint(0, 1);
    for (bits = 1; bits < 64; bits++) {
        check_varint(((uint64_t)1 << bits) - 1, (bits + 6) / 7);
        check_varint((uint64_t)1 << bits, bits / 7 + 1);
    }
    check_varint(UINT64_MAX, 10);
}

static void a_varint_over_64_bits_is_refused(void)
{
    static const uint8_t two_in_tenth[] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                           0xFF, 0xFF, 0xFF, 0xFF, 0x02};
    static const uint8_t eleven[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                                     0x80, 0x80, 0x80, 0x80, 0x01};
    static const uint8_t overlong_zero[] = {0x80, 0x00};
    uint64_t v = 7;

    CU_ASSERT_EQUAL(get_varint(bytes_of(two_in_tenth, sizeof two_in_tenth), &v), 0);
    CU_ASSERT_EQUAL(get_varint(bytes_of(eleven, sizeof eleven), &v), 0);
    CU_ASSERT_EQUAL(v, 7);
    CU_ASSERT_EQUAL(get_varint(bytes_of(overlong_zero, 2), &v), 2); /* protobuf allows it */
    CU_ASSERT_EQUAL(v, 0);
}

static void fixed_words_have_their_byte_order(void)
{
    uint8_t p[8];

    put_u32be(p, 0x01020304u);
    CU_ASSERT(memcmp(p, "\1\2\3\4", 4) == 0);
    CU_ASSERT_EQUAL(get_u32be(p), 0x01020304u);
    put_u64be(p, 0x0102030405060708u);
    CU_ASSERT(memcmp(p, "\1\2\3\4\5\6\7\10", 8) == 0);
    CU_ASSERT_EQUAL(get_u64be(p), 0x0102030405060708u);
    put_u32le(p, 0xFFFEFDFCu);
    CU_ASSERT(memcmp(p, "\xFC\xFD\xFE\xFF", 4) == 0);
    CU_ASSERT_EQUAL(get_u32le(p), 0xFFFEFDFCu);
    put_u64le(p, 0x8000000000000001u);
    CU_ASSERT_EQUAL(p[0], 1);
    CU_ASSERT_EQUAL(p[7], 0x80);
    CU_ASSERT_EQUAL(get_u64le(p), 0x8000000000000001u);
}

static void bytes_sort_as_memcmp_with_prefixes_first(void)
{
    CU_ASSERT(bytes_cmp(B("a"), B("b")) < 0);
    CU_ASSERT(bytes_cmp(B("a"), B("ab")) < 0);
    CU_ASSERT(bytes_cmp(B("\xFF"), B("a")) > 0);
    CU_ASSERT_EQUAL(bytes_cmp(B(""), (struct bytes){0}), 0);
    CU_ASSERT(bytes_starts(B("abc"), B("ab")));
    CU_ASSERT(bytes_starts(B(""), B("")));
    CU_ASSERT_FALSE(bytes_starts(B("a"), B("ab")));
}

SUITE(buf, setup, teardown, TEST(append_past_the_limit_is_refused_and_sticks),
      TEST(a_smaller_append_after_a_refused_one_is_refused_too),
      TEST(the_limit_holds_for_every_kind_of_append), TEST(a_size_that_would_wrap_is_refused),
      TEST(printf_fills_a_limit_to_the_last_byte), TEST(cut_drop_and_take),
      TEST(an_empty_buffer_has_an_empty_string), TEST(many_appends_keep_every_byte),
      TEST(varints_round_trip_at_their_edges), TEST(a_varint_over_64_bits_is_refused),
      TEST(fixed_words_have_their_byte_order), TEST(bytes_sort_as_memcmp_with_prefixes_first));
