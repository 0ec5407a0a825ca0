/* SPDX-License-Identifier: MIT */
/* test_header_value.c -- a header's value to words. */
#include "rpc/header_value.h"

#include "support/suite.h"

static void setup(void)
{
}

static void teardown(void)
{
}

static void blanks_and_tabs_around_a_value_do_not_count(void)
{
    CU_ASSERT(bytes_eq(rpc_header_trim(B(" \t a b\t ")), B("a b")));
    CU_ASSERT(bytes_eq(rpc_header_trim(B("a")), B("a")));
    CU_ASSERT_EQUAL(rpc_header_trim(B(" \t ")).n, 0);
    CU_ASSERT_EQUAL(rpc_header_trim(B("")).n, 0);
    CU_ASSERT(bytes_eq(rpc_header_trim(B("\na\r")), B("\na\r")));
}

static void words_are_compared_without_case(void)
{
    CU_ASSERT(rpc_header_is(B("Keep-Alive"), "keep-alive"));
    CU_ASSERT(rpc_header_is(B(""), ""));
    CU_ASSERT_FALSE(rpc_header_is(B("close "), "close"));
    CU_ASSERT_FALSE(rpc_header_is(B("clos"), "close"));
    CU_ASSERT_FALSE(rpc_header_is(B("@[\xC5"), "`{\xE5")); /* letters only */
}

static void a_list_is_cut_at_commas(void)
{
    static const char *const words[] = {"gzip", "", "zstd;q=0.5", "br"};
    struct bytes list = B("gzip,\t , zstd;q=0.5 ,br"), word;
    size_t i;

    for (i = 0; i < sizeof words / sizeof *words; i++) {
        CU_ASSERT_FATAL(rpc_header_next(&list, &word));
        CU_ASSERT(bytes_eq(word, bytes_str(words[i])));
    }
    CU_ASSERT_FALSE(rpc_header_next(&list, &word));
    list = B("a,");
    CU_ASSERT(rpc_header_next(&list, &word));
    CU_ASSERT_FALSE(rpc_header_next(&list, &word)); /* nothing is behind the last comma */
}

SUITE(header_value, setup, teardown, TEST(blanks_and_tabs_around_a_value_do_not_count),
      TEST(words_are_compared_without_case), TEST(a_list_is_cut_at_commas));
