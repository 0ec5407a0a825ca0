/* SPDX-License-Identifier: MIT */
/* test_store_error.c -- every error text of LevelDB 1.23 means what store_error.c says. */
#include "base/mem.h"
#include "store/store_int.h"
#include "support/suite.h"

#include <string.h>

static void each_prefix_has_its_meaning(void)
{
    static const struct {
        const char *text;
        enum rc rc;
    } cases[] = {
        {"NotFound: /d/000012.ldb: No such file or directory", RC_NOT_FOUND},
        {"Corruption: block checksum mismatch", RC_CORRUPT},
        {"Corruption: 1 missing files; e.g.: /d/000005.ldb", RC_CORRUPT},
        {"Not implemented: x", RC_INTERNAL},
        {"Invalid argument: /d: does not exist (create_if_missing is false)", RC_INVALID},
        {"IO error: /d/000003.log: Input/output error", RC_IO},
        {"IO error: /d/000003.log: No space left on device", RC_NO_SPACE},
        {"IO error: /d/000003.log: Disk quota exceeded", RC_NO_SPACE},
        {"IO error: lock /d/LOCK: already held by process", RC_BUSY},
        {"IO error: lock /d/LOCK: Resource temporarily unavailable", RC_BUSY},
        {"IO error: /d/LOCK: Permission denied", RC_IO},
        {"Something new: x", RC_IO},
        {"", RC_IO},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        if (store__classify(cases[i].text) != cases[i].rc)
            printf("%s -> %s\n", cases[i].text, rc_name(store__classify(cases[i].text)));
        CU_ASSERT_EQUAL(store__classify(cases[i].text), cases[i].rc);
    }
}

/* A file called "No space left on device" in the middle of a text is no full disk. */
static void only_the_tail_says_that_the_disk_is_full(void)
{
    CU_ASSERT_FALSE(
        store__text_is_no_space("IO error: No space left on device: Input/output error"));
    CU_ASSERT(store__text_is_no_space("IO error: x: No space left on device"));
}

static void an_error_keeps_the_text_and_says_what_was_done(void)
{
    struct err err = {0};

    CU_ASSERT_EQUAL(store__fail(&err, strdup("IO error: f: No space left on device"), "cannot x"),
                    RC_NO_SPACE);
    CU_ASSERT_STRING_EQUAL(err.msg, "cannot x: IO error: f: No space left on device");
    CU_ASSERT_STRING_EQUAL(err.word, "no_space_left_on_device");
    CU_ASSERT_EQUAL(store__fail(NULL, strdup("Corruption: x"), "cannot x"), RC_CORRUPT);
}

SUITE(store_error, NULL, NULL, TEST(each_prefix_has_its_meaning),
      TEST(only_the_tail_says_that_the_disk_is_full),
      TEST(an_error_keeps_the_text_and_says_what_was_done));
