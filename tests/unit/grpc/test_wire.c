/* SPDX-License-Identifier: MIT */
/* test_wire.c -- timeouts, status texts, base64, codings and content types. */
#include "grpc/wire.h"

#include "base/rng.h"
#include "support/suite.h"

#include <string.h>

static struct buf out;

static void setup(void)
{
    buf_init(&out, 1 << 20);
}

static void teardown(void)
{
    buf_done(&out);
}

/* ---- timeouts ---------------------------------------------------------------------- */

static int64_t timeout_of(const char *text)
{
    int64_t ns = -1;

    return grpc_timeout_parse(bytes_str(text), &ns) ? ns : -1;
}

static void timeouts_of_every_unit(void)
{
    CU_ASSERT_EQUAL(timeout_of("1n"), 1);
    CU_ASSERT_EQUAL(timeout_of("1u"), 1000);
    CU_ASSERT_EQUAL(timeout_of("300m"), 300000000);
    CU_ASSERT_EQUAL(timeout_of("5S"), 5000000000);
    CU_ASSERT_EQUAL(timeout_of("2M"), 120000000000);
    CU_ASSERT_EQUAL(timeout_of("1H"), 3600000000000);
    CU_ASSERT_EQUAL(timeout_of("00000000S"), 0);
    CU_ASSERT_EQUAL(timeout_of("99999999n"), 99999999);
    CU_ASSERT_EQUAL(timeout_of("99999999H"), INT64_MAX);
    CU_ASSERT_EQUAL(timeout_of("2562047H"), 2562047 * 3600000000000);
    CU_ASSERT_EQUAL(timeout_of("2562048H"), INT64_MAX);
}

static void malformed_timeouts_are_refused(void)
{
    static const char *const bad[] = {"",    "5",    "S",          "5s",  "5h",
                                      "-5S", "+5S",  "5.0S",       " 5S", "5 S",
                                      "5S ", "0x5S", "123456789S", "5SS", "S5"};
    int64_t ns = 42;
    size_t i;

    for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CU_ASSERT_FALSE(grpc_timeout_parse(bytes_str(bad[i]), &ns));
    CU_ASSERT_FALSE(grpc_timeout_parse(bytes_of("5\0S", 3), &ns));
    CU_ASSERT_EQUAL(ns, 42);
}

static void timeouts_are_written_in_the_finest_unit_that_fits(void)
{
    char text[GRPC_TIMEOUT_TEXT];

    CU_ASSERT_STRING_EQUAL(grpc_timeout_format(text, 1), "1n");
    CU_ASSERT_STRING_EQUAL(grpc_timeout_format(text, 0), "1n");
    CU_ASSERT_STRING_EQUAL(grpc_timeout_format(text, -5), "1n");
    CU_ASSERT_STRING_EQUAL(grpc_timeout_format(text, 99999999), "99999999n");
    CU_ASSERT_STRING_EQUAL(grpc_timeout_format(text, 100000000), "100000u");
    CU_ASSERT_STRING_EQUAL(grpc_timeout_format(text, 100000001), "100001u"); /* rounded up */
    CU_ASSERT_STRING_EQUAL(grpc_timeout_format(text, 5000000000), "5000000u");
    CU_ASSERT_STRING_EQUAL(grpc_timeout_format(text, INT64_MAX), "2562048H");
}

static void timeouts_come_back_never_shorter(void)
{
    char text[GRPC_TIMEOUT_TEXT];
    struct rng rng;
    int i;

    rng_init(&rng, suite_seed());
    for (i = 0; i < 100000; i++) {
        int64_t ns = (int64_t)(rng_next(&rng) >> (1 + rng_below(&rng, 63)));
        int64_t back;

        (void)grpc_timeout_format(text, ns);
        CU_ASSERT_FATAL(grpc_timeout_parse(bytes_str(text), &back));
        if (back < ns || (ns > 0 && back - ns > ns / 10000 + 1))
            CU_FAIL_FATAL("a timeout changed on the way");
    }
}

/* ---- status texts ------------------------------------------------------------------- */

static const char *encoded(struct bytes text, size_t max)
{
    buf_clear(&out);
    grpc_percent_encode(&out, text, max);
    return buf_cstr(&out);
}

static const char *decoded(const char *text)
{
    buf_clear(&out);
    grpc_percent_decode(&out, bytes_str(text));
    return buf_cstr(&out);
}

static void texts_are_percent_encoded(void)
{
    CU_ASSERT_STRING_EQUAL(encoded(B("plain ~text!"), 100), "plain ~text!");
    CU_ASSERT_STRING_EQUAL(encoded(B("100%"), 100), "100%25");
    CU_ASSERT_STRING_EQUAL(encoded(B("\t\r\n\x7f"), 100), "%09%0D%0A%7F");
    CU_ASSERT_STRING_EQUAL(encoded(B("\xe2\x98\xba"), 100), "%E2%98%BA");
    CU_ASSERT_STRING_EQUAL(encoded(bytes_of("a\0b", 3), 100), "a%00b");
}

static void broken_utf8_becomes_the_replacement_character(void)
{
    static const char *const bad[] = {
        "\xff",
        "\xc3",
        "\xc0\xaf",
        "\xe0\x80\x80",
        "\xed\xa0\x80",
        "\xf4\x90\x80\x80",
        "\xf0\x80\x80\x80",
        "\x80",
        "\xe2\x98",
    };
    size_t i;

    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *text = encoded(bytes_str(bad[i]), 1000);

        CU_ASSERT_EQUAL(strncmp(text, "%EF%BF%BD", 9), 0);
    }
    CU_ASSERT_STRING_EQUAL(encoded(B("a\xff"
                                     "b"),
                                   100),
                           "a%EF%BF%BDb");
}

static void texts_are_cut_at_whole_characters(void)
{
    CU_ASSERT_STRING_EQUAL(encoded(B("abc\xe2\x98\xba"), 12), "abc%E2%98%BA");
    CU_ASSERT_STRING_EQUAL(encoded(B("abc\xe2\x98\xba"), 11), "abc");
    CU_ASSERT_STRING_EQUAL(encoded(B("a%b"), 3), "a");
    CU_ASSERT_STRING_EQUAL(encoded(B("a"), 0), "");
}

static void decoding_never_fails(void)
{
    CU_ASSERT_STRING_EQUAL(decoded("100%25"), "100%");
    CU_ASSERT_STRING_EQUAL(decoded("%e2%98%BA"), "\xe2\x98\xba");
    CU_ASSERT_STRING_EQUAL(decoded("%"), "%");
    CU_ASSERT_STRING_EQUAL(decoded("%2"), "%2");
    CU_ASSERT_STRING_EQUAL(decoded("%zz%41%4"), "%zzA%4");
    CU_ASSERT_STRING_EQUAL(decoded("%%41"), "%A");
}

static void texts_come_back(void)
{
    static const char text[] =
        "\t\ntest with whitespace\r\nand Unicode BMP \xe2\x98\xba and non-BMP "
        "\xf0\x9f\x98\x88\t\n";
    struct buf back;

    buf_init(&back, 1000);
    (void)encoded(B(text), 1000);
    grpc_percent_decode(&back, buf_view(&out));
    CU_ASSERT_STRING_EQUAL(buf_cstr(&back), text);
    buf_done(&back);
}

/* ---- base64 -------------------------------------------------------------------------- */

static void base64_is_written_without_padding(void)
{
    static const struct {
        const char *plain, *text;
    } pairs[] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff", "+/8"}};
    size_t i;

    for (i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        buf_clear(&out);
        grpc_base64_encode(&out, bytes_str(pairs[i].plain));
        CU_ASSERT_STRING_EQUAL(buf_cstr(&out), pairs[i].text);
    }
}

static bool decodes(const char *text, const char *plain)
{
    uint8_t dst[64];
    size_t n;

    return grpc_base64_decode(bytes_str(text), dst, &n) &&
           bytes_eq(bytes_of(dst, n), bytes_str(plain));
}

static void base64_is_read_with_and_without_padding(void)
{
    static const char *const bad[] = {"A",     "AAAAA", "A===", "=",  "====",  "AA=A", "AA==A",
                                      "Zg===", "Z g",   "-_",   "*A", "Zg=\n", "AAA=="};
    uint8_t dst[64];
    size_t i, n;

    CU_ASSERT(decodes("Zg==", "f"));
    CU_ASSERT(decodes("Zg", "f"));
    CU_ASSERT(decodes("Zm8=", "fo"));
    CU_ASSERT(decodes("Zm8", "fo"));
    CU_ASSERT(decodes("Zm9vYmFy", "foobar"));
    CU_ASSERT(decodes("", ""));
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CU_ASSERT_FALSE(grpc_base64_decode(bytes_str(bad[i]), dst, &n));
}

static void base64_comes_back(void)
{
    uint8_t plain[200], back[GRPC_BASE64_ROOM(270)];
    struct rng rng;
    size_t n, n_back;

    rng_init(&rng, suite_seed());
    for (n = 0; n < sizeof plain; n++) {
        rng_fill(&rng, plain, n);
        buf_clear(&out);
        grpc_base64_encode(&out, bytes_of(plain, n));
        CU_ASSERT(grpc_base64_decode(buf_view(&out), back, &n_back));
        CU_ASSERT(bytes_eq(bytes_of(plain, n), bytes_of(back, n_back)));
        CU_ASSERT(n_back <= GRPC_BASE64_ROOM(out.n));
    }
}

/* ---- names --------------------------------------------------------------------------- */

static void codings_are_known_by_name(void)
{
    CU_ASSERT_EQUAL(grpc_coding_of(B("identity")), GRPC_IDENTITY);
    CU_ASSERT_EQUAL(grpc_coding_of(B("gzip")), GRPC_GZIP);
    CU_ASSERT_EQUAL(grpc_coding_of(B("deflate")), GRPC_DEFLATE);
    CU_ASSERT_EQUAL(grpc_coding_of(B("GZIP")), GRPC_CODING_UNKNOWN);
    CU_ASSERT_EQUAL(grpc_coding_of(B("")), GRPC_CODING_UNKNOWN);
    CU_ASSERT_STRING_EQUAL(grpc_coding_name(GRPC_DEFLATE), "deflate");
}

static void accept_lists_have_optional_blanks(void)
{
    unsigned identity = 1U << GRPC_IDENTITY, gzip = 1U << GRPC_GZIP, deflate = 1U << GRPC_DEFLATE;

    CU_ASSERT_EQUAL(grpc_accept_parse(B("identity, deflate, gzip")), identity | gzip | deflate);
    CU_ASSERT_EQUAL(grpc_accept_parse(B("identity,deflate,gzip")), identity | gzip | deflate);
    CU_ASSERT_EQUAL(grpc_accept_parse(B("gzip")), identity | gzip);
    CU_ASSERT_EQUAL(grpc_accept_parse(B(",, br ,\tdeflate\t,")), identity | deflate);
    CU_ASSERT_EQUAL(grpc_accept_parse(B("")), identity);
    CU_ASSERT_EQUAL(grpc_accept_parse(B("gzipx,xgzip")), identity);
}

static void content_types_are_exact(void)
{
    static const char *const good[] = {"application/grpc", "application/grpc;charset=utf-8",
                                       "application/grpc ; x", "application/grpc+proto;x"};
    static const char *const bad[] = {"",
                                      "application/grp",
                                      "application/grpcx",
                                      "application/grpc-web",
                                      "application/grpc-web+proto",
                                      "application/grpc+json",
                                      "application/grpc+protox",
                                      "application/grpc+",
                                      "application/json",
                                      "xapplication/grpc"};
    bool suffix;
    size_t i;

    for (i = 0; i < sizeof good / sizeof good[0]; i++)
        CU_ASSERT(grpc_content_type(bytes_str(good[i]), &suffix));
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CU_ASSERT_FALSE(grpc_content_type(bytes_str(bad[i]), &suffix));
    CU_ASSERT(grpc_content_type(B("application/grpc+proto"), &suffix) && suffix);
    CU_ASSERT(grpc_content_type(B("application/grpc"), &suffix) && !suffix);
}

static void binary_names_end_in_bin(void)
{
    CU_ASSERT(grpc_is_binary_name(B("x-bin")));
    CU_ASSERT(grpc_is_binary_name(B("-bin")));
    CU_ASSERT_FALSE(grpc_is_binary_name(B("bin")));
    CU_ASSERT_FALSE(grpc_is_binary_name(B("x-bin2")));
}

SUITE(wire, setup, teardown, TEST(timeouts_of_every_unit), TEST(malformed_timeouts_are_refused),
      TEST(timeouts_are_written_in_the_finest_unit_that_fits),
      TEST(timeouts_come_back_never_shorter), TEST(texts_are_percent_encoded),
      TEST(broken_utf8_becomes_the_replacement_character), TEST(texts_are_cut_at_whole_characters),
      TEST(decoding_never_fails), TEST(texts_come_back), TEST(base64_is_written_without_padding),
      TEST(base64_is_read_with_and_without_padding), TEST(base64_comes_back),
      TEST(codings_are_known_by_name), TEST(accept_lists_have_optional_blanks),
      TEST(content_types_are_exact), TEST(binary_names_end_in_bin));
