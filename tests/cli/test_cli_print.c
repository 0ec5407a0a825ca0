/* SPDX-License-Identifier: MIT */
/* test_cli_print.c -- amounts in words, and untrusted text. */
#include "support/suite.h"

#include "cli.h"

static void amounts_read_well(void)
{
    char text[2 * CLI_TEXT];

    CU_ASSERT_STRING_EQUAL(cli_bytes(text, 0), "0 B");
    CU_ASSERT_STRING_EQUAL(cli_bytes(text, 1023), "1023 B");
    CU_ASSERT_STRING_EQUAL(cli_bytes(text, 1536), "1.5 KiB");
    CU_ASSERT_STRING_EQUAL(cli_bytes(text, 500 << 20), "500 MiB");
    CU_ASSERT_STRING_EQUAL(cli_bytes(text, UINT64_MAX), "16.0 EiB");
    CU_ASSERT_STRING_EQUAL(cli_number(text, 0), "0");
    CU_ASSERT_STRING_EQUAL(cli_number(text, 999), "999");
    CU_ASSERT_STRING_EQUAL(cli_number(text, 1000), "1,000");
    CU_ASSERT_STRING_EQUAL(cli_number(text, UINT64_MAX), "18,446,744,073,709,551,615");
    CU_ASSERT_STRING_EQUAL(cli_count(text, 1, "document"), "1 document");
    CU_ASSERT_STRING_EQUAL(cli_count(text, 2000, "document"), "2,000 documents");
}

static void times_read_well(void)
{
    char text[CLI_TEXT];

    CU_ASSERT_STRING_EQUAL(cli_seconds(text, -1), "0.0 ms");
    CU_ASSERT_STRING_EQUAL(cli_seconds(text, 0.0123), "12.3 ms");
    CU_ASSERT_STRING_EQUAL(cli_seconds(text, 1.234), "1.23 s");
    CU_ASSERT_STRING_EQUAL(cli_seconds(text, 61), "61 s");
    CU_ASSERT_STRING_EQUAL(cli_seconds(text, 185), "3 min 5 s");
    CU_ASSERT_STRING_EQUAL(cli_seconds(text, 7261), "2 h 1 min");
    CU_ASSERT_STRING_EQUAL(cli_seconds(text, 1e300), "277777 h 46 min");
}

static void control_characters_are_hidden(void)
{
    char text[12];

    CU_ASSERT_STRING_EQUAL(cli_clean(text, sizeof(text), "a\x1b[2J\tb\x7f"), "a?[2J?b?");
    CU_ASSERT_STRING_EQUAL(cli_clean(text, sizeof(text), "a text that is long"), "a text that");
}

static void tasks_have_the_names_of_the_api(void)
{
    CU_ASSERT_STRING_EQUAL(
        cli_task_type(LODE__V1__TASK_TYPE__TASK_TYPE_DOCUMENT_ADDITION_OR_UPDATE),
        "documentAdditionOrUpdate");
    CU_ASSERT_STRING_EQUAL(cli_task_status(LODE__V1__TASK_STATUS__TASK_STATUS_SUCCEEDED),
                           "succeeded");
    CU_ASSERT_STRING_EQUAL(cli_task_status((Lode__V1__TaskStatus)99), "unknown");
}

SUITE(print, NULL, NULL, TEST(amounts_read_well), TEST(times_read_well),
      TEST(control_characters_are_hidden), TEST(tasks_have_the_names_of_the_api));
