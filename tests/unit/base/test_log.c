/* SPDX-License-Identifier: MIT */
/* test_log.c -- levels, the form of a line, and that a value cannot forge one. */
#include "base/clock.h"
#include "base/log.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int saved_stderr = -1;
static FILE *caught;
static char text[20000];

static void setup(void)
{
    caught = tmpfile();
    CU_ASSERT_PTR_NOT_NULL_FATAL(caught);
    saved_stderr = dup(2);
    (void)dup2(fileno(caught), 2);
}

/* What came out on stderr since setup(). */
static const char *read_caught(void)
{
    size_t n;

    rewind(caught);
    n = fread(text, 1, sizeof text - 1, caught);
    text[n] = '\0';
    return text;
}

static void teardown(void)
{
    struct err err;

    clock_fake_off();
    log_set_trace("");
    (void)dup2(saved_stderr, 2);
    (void)close(saved_stderr);
    (void)fclose(caught);
    CU_ASSERT_EQUAL(log_configure("info", &err), RC_OK);
}

static void a_line_has_the_documented_form(void)
{
    int64_t ns = 0;

    CU_ASSERT(clock_parse_rfc3339(B("2026-11-22T10:00:00.123999Z"), &ns));
    clock_fake_set(ns);
    log_set_trace("4bf9");
    log_event(LOG_WARN, "store", "slow compaction", "ms=%d", 12);
    CU_ASSERT_STRING_EQUAL(read_caught(), "t=2026-11-22T10:00:00.123Z lvl=warn room=store "
                                          "trace=4bf9 msg=\"slow compaction\" ms=12\n");
}

static void levels_hold_per_room(void)
{
    struct err err;

    CU_ASSERT_EQUAL(log_configure("warn,store=debug,grpc=off", &err), RC_OK);
    CU_ASSERT(log_enabled(LOG_DEBUG, "store"));
    CU_ASSERT(log_enabled(LOG_WARN, "task"));
    CU_ASSERT_FALSE(log_enabled(LOG_INFO, "task"));
    CU_ASSERT_FALSE(log_enabled(LOG_ERROR, "grpc"));
    CU_ASSERT_EQUAL(log_configure("off", &err), RC_OK);
    CU_ASSERT_FALSE(log_enabled(LOG_ERROR, "store"));
    log_event(LOG_ERROR, "store", "unheard", "x=1");
    CU_ASSERT_STRING_EQUAL(read_caught(), "");
}

static void a_wrong_level_is_named_and_changes_nothing(void)
{
    static const char *const bad[] = {"",       "loud",   "info,",          "info,store",
                                      "store=", "=debug", "info,store=loud"};
    struct err err;
    size_t i;

    for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CU_ASSERT_EQUAL(log_configure(bad[i], &err), RC_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "'store=loud'"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "debug"));
    CU_ASSERT_FALSE(log_enabled(LOG_DEBUG, "store"));
    CU_ASSERT(log_enabled(LOG_INFO, "store"));
}

static void a_value_cannot_start_a_line_of_its_own(void)
{
    const char *out;
    char q[64];

    log_event(LOG_INFO, "http", "a\nb", "path=%s", "x\nt=forged\x7f");
    out = read_caught();
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "msg=\"a\\nb\" path=x t=forged \n"));
    CU_ASSERT_PTR_EQUAL(strchr(out, '\n'), out + strlen(out) - 1);
    CU_ASSERT_STRING_EQUAL(log_quote(q, sizeof q, "plain-1.2/x"), "plain-1.2/x");
    CU_ASSERT_STRING_EQUAL(log_quote(q, sizeof q, ""), "\"\"");
    CU_ASSERT_STRING_EQUAL(log_quote(q, sizeof q, "a \"b\"\\\n\x01"),
                           "\"a \\\"b\\\"\\\\\\n\\x01\"");
    CU_ASSERT_STRING_EQUAL(log_quote(q, 8, "a b c d e f"), "\"a b c\"");
}

static void a_long_line_is_cut_and_still_ends(void)
{
    static char big[30000];
    const char *out;

    memset(big, 'x', sizeof big - 1);
    log_event(LOG_INFO, "http", "big", "v=%s", big);
    log_event(LOG_INFO, "http", "next", "%s", "");
    out = read_caught();
    CU_ASSERT_EQUAL(strcspn(out, "\n"), 8190);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "\nt="));
}

SUITE(log, setup, teardown, TEST(a_line_has_the_documented_form), TEST(levels_hold_per_room),
      TEST(a_wrong_level_is_named_and_changes_nothing),
      TEST(a_value_cannot_start_a_line_of_its_own), TEST(a_long_line_is_cut_and_still_ends));
